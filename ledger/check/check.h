/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan of a check: charges the use that clusters report, decides on holds and works out which
 * limits Slurm must get. Knows Slurm only as what cmd/ observed. */
#pragma once

#include "ledger/account/policy.h"
#include "ledger/base/steps.h"
#include "ledger/books/books.h"
#include "ledger/books/tree.h"

/* The field that every observation has; others are requested for each account. */
#define LIMIT_SHOWN "GrpTRESMins"

/* One account as a cluster shows it. */
struct observed {
	const char *account;
	const char *parent; /* "" for the uppermost; NULL: unknown now */
	int64_t usage; /* billing-seconds since Slurm counts */
	/* Parts of the row that could not be read and must not be used: */
	bool odd_usage; /* [usage], which is 0 */
	bool odd_limits; /* any of [limits] */
	bool odd_room; /* [minutes] or [running] */
	int64_t minutes; /* the usage by the counter that limits are compared with, in whole minutes
			    of the billing TRES; -1: unknown */
	int64_t running; /* what running jobs may still use, whole minutes; -1: unknown */
	const struct limit *limits; /* those that are set */
	size_t limit_count;
	bool all_limits; /* [limits] has those of all fields, not only of LIMIT_SHOWN */
};

/* One cluster at one time. */
struct observation {
	const char *cluster;
	bool answered; /* false: there are no rows; never taken for no use */
	int64_t time; /* of the request; microseconds, UTC */
	bool decays; /* its usage shrinks by itself: nothing is charged by it */
	int64_t share; /* the cluster's weight when a balance is dealt out under `limit` */
	const struct observed *rows; /* by account */
	size_t count;
};

/* Returns the row of [account], or NULL, also when [account] is NULL. */
const struct observed *observation_find(const struct observation *observation, const char *account);

/* Makes the tree of the cluster's accounts. Borrows the names. The caller calls tree_release(). */
int observation_tree(const struct observation *observation, struct tree *ret, struct sb_error *err);

/* Gives the value of a limit; -1 if it is not set. Returns false if it is unknown: the field was
 * not requested, or the row could not be read. */
bool observed_limit(const struct observed *row, const char *field, const char *tres, int64_t *ret);

/* What a check did or found. Those marked ! are problems. */
enum finding_kind {
	FOUND_CHARGE, /* amount, before, now; the charge may be deferred */
	FOUND_BASELINE, /* counting starts: now */
	FOUND_WENT_DOWN, /* ! before, now: nothing charged */
	FOUND_MOVED, /* ! before, now: account [other] came or went */
	FOUND_VANISHED, /* ! the cluster no longer shows the account: before */
	FOUND_HOLD, /* for funds; amount is what is available */
	FOUND_HOLD_MONEYLESS, /* the same, at the first use of an account that never had money */
	FOUND_GRACE, /* nothing is left, but a grace keeps it running: amount */
	FOUND_RELEASE, /* amount */
	FOUND_STAYS_HELD, /* released for funds, and held for another cause: amount */
	FOUND_NO_MONEY, /* used without ever having money, as the rules allow: now */
	FOUND_SPENT, /* it would be held if the rules were `hold`: amount */
	FOUND_DRIFT, /* ! a lever was changed by hand: before is ours, now is Slurm's */
	FOUND_PUT_RIGHT, /* the same, and the lever is set again */
	FOUND_LEFT, /* a value to restore had been changed by hand: now */
	FOUND_UNSETTLED, /* ! Slurm must change, but the cluster did not answer */
	FOUND_UNLISTED, /* ! Slurm must change, but the cluster is not observed any more */
	FOUND_ODD_NAME, /* no bank can have the name of account [other]; reported once */
	FOUND_ODD_USAGE, /* ! its use could not be read: before is the last reading */
	FOUND_ODD_LIMITS, /* ! its limits could not be read, and one must change */
	FOUND_EXPIRED, /* a window ended at [before]; [amount] was left and expired */
	FOUND_THRESHOLD, /* [amount] percent crossed: used [before] of [now] */
	FOUND_NOTICE, /* a window ends at [before], with [amount] left */
	FOUND_OVERFLOW, /* ! a charge is past int64: before, now */
};

struct finding {
	enum finding_kind kind;
	uint64_t seq; /* its entry, or 0 */
	char account[NAME_SIZE];
	char cluster[NAME_SIZE]; /* "": none */
	char other[NAME_SIZE]; /* another account, or "" */
	char lever[LEVER_NAME_SIZE]; /* the limit, or "" */
	int64_t amount, before, now;
	bool unlimited; /* the account is never held for funds */
};

/* An account whose limits on a cluster the plan needs. */
struct want {
	char account[NAME_SIZE];
	char cluster[NAME_SIZE];
};

/* A limit to set in Slurm, after the commit. */
struct task {
	uint64_t lever; /* its entry */
	char account[NAME_SIZE]; /* in the bank */
	char cluster[NAME_SIZE];
	char slurm_account[NAME_SIZE];
	char field[65], tres[65];
	int64_t value;
};

/* Use by jobs that a dry run found and did not record. */
struct foreseen {
	char account[NAME_SIZE];
	int64_t amount; /* billing-seconds, with that of jobs in flight as far as holds go by it */
};

struct check {
	/* in */
	const struct observation *observations;
	size_t observation_count;
	const struct rules *rules;
	const char *const *only; /* the accounts to check; none: all */
	size_t only_count;
	bool all_clusters; /* [observations] has every cluster that the site still has */
	bool settling; /* [only] had an entry just now: settle it even by a clock not trusted */
	bool clock_ok; /* trust the clock although the last check was long ago */
	bool inspect; /* request all limits, also of levers in force */
	const struct steps *steps; /* called after each account; NULL: none */
	const struct foreseen *foreseen; /* for a dry run; may have an account several times */
	size_t foreseen_count;
	bool shut; /* set limits that follow the balance to 0: no job starts under them */
	/* out; check_release() frees */
	struct finding *findings;
	size_t finding_count;
	struct task *tasks;
	size_t task_count;
	struct want *wants; /* plan again once these are known */
	size_t want_count;
	bool again; /* plan again once the tasks were read back: there is more to do */
	struct head head; /* after the last append */
	bool doubtful; /* clock not trusted while settling: no holds placed, nothing expired */
	int64_t clock_gap; /* check_clock_gap(), and nothing was done; else 0 */
	int problems; /* how many findings are problems */

	/* private */
	struct move *moves;
	size_t move_count;
	bool inspects; /* [inspect], or an inspection is due */
	bool first; /* there was no check of all accounts before */
};

/* Appends what is due to [books]; a second run with the same observations appends nothing. A
 * books_fn: [ctx] is a struct check. Each run fills its output anew. */
int check_plan(struct books *books, void *ctx, struct sb_error *err);

/* Gives the microseconds since the last check of all accounts if that is too long to trust the
 * clock, else 0. An entry by a clock that is ahead bars every entry after it. */
int check_clock_gap(struct books *books, bool clock_ok, int64_t *ret_gap, struct sb_error *err);

/* The outcome of a task, read back. */
struct task_outcome {
	const struct task *task;
	enum outcome outcome;
	const char *reason; /* "" when done */
};
struct task_outcomes {
	const struct task_outcome *list;
	size_t count;
	struct head head; /* out */
};

/* Appends an `applied` entry for each outcome that differs from the last one of its lever. A
 * books_fn: [ctx] is a struct task_outcomes. */
int check_record_outcomes(struct books *books, void *ctx, struct sb_error *err);

/* Keeps the tree of each cluster that answered and has none yet. So the first whole check finds an
 * account that moved before it, and charges its use once. */
int check_keep_trees(struct books *books, const struct observation *observations, size_t count,
		     struct sb_error *err);

/* The reasons of baselines that booked_read() knows. After REASON_FROM_ZERO all use is charged. */
#define REASON_WENT_DOWN "the reading went down"
#define REASON_FROM_ZERO "opened, use from before counts"

/* Records where counting starts for a new account: the cluster's present use, or 0 with
 * [from_zero]. Keeps the trees. Clusters that did not answer get theirs at a later check. */
int check_record_baselines(struct books *books, const char *account,
			   const struct observation *observations, size_t count, bool from_zero,
			   struct sb_error *err);

/* A reset of an account's usage in Slurm, on one cluster. */
struct check_reset {
	const char *account;
	const char *const *names; /* accounts of the bank that it may change */
	size_t count;
	const struct observation *before; /* the last one before the reset, all of it charged */
	const struct observation *after;
	const char *reason, *note; /* of the entries */
};

/* Records where counting goes on: at 0 for the account and those below it, at what was not the
 * account's for those above it. */
int check_record_reset(struct books *books, const struct check_reset *reset, struct sb_error *err);

/* Records a limit that Slurm has already as a lever in force. The site's own value is the one that
 * the books know, or none. */
int check_adopt_lever(struct books *books, const char *account, const char *cluster,
		      const struct limit *limit, const char *note, struct sb_error *err);

/* Records that the limits on a cluster that is gone are left as they are. Gives their number. */
int check_forget_levers(struct books *books, const char *cluster, size_t *ret_count,
			struct sb_error *err);

/* Records that Slurm does not show a lever in force, so that the next check sets it again. */
int check_lose_lever(struct books *books, const char *account, const struct lever *lever,
		     struct sb_error *err);

void check_release(struct check *check);
