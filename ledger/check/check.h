/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan of a check: charges the use that clusters report, decides on holds and works out which
 * limits Slurm must get. It knows of Slurm only what cmd/ observed. */
#pragma once

#include "ledger/account/policy.h"
#include "ledger/base/steps.h"
#include "ledger/books/books.h"
#include "ledger/books/tree.h"

/* The field that every observation has. Others are requested account by account. */
#define LIMIT_SHOWN "GrpTRESMins"
/* Stands for the lowest of a user's limits of LIMIT_SHOWN, where they differ between partitions;
 * under LIMIT_SHOWN itself is the highest. */
#define LIMIT_LOWEST "GrpTRESMins:lowest"

/* An account, or a purse, as a cluster shows it. */
struct observed {
	const char *account;
	const char *resource; /* of a purse; NULL: the account's own */
	const char *parent; /* "" for the uppermost; NULL: unknown now */
	int64_t usage; /* RawUsage, billing-seconds; for a purse, the use of its TRES in seconds,
			  which Slurm shows in whole minutes */
	/* Parts of the row that could not be read and must not be used: */
	bool odd_usage; /* [usage], which is 0 */
	bool odd_limits; /* any of [limits] */
	bool odd_room; /* [minutes] or [running] */
	int64_t minutes; /* the usage, in whole minutes of the billing TRES or the purse's TRES, of
			    the counter that Slurm compares limits with; -1: unknown */
	int64_t running; /* what running jobs may still use, whole minutes; -1: unknown */
	const struct limit *limits; /* those that are set; and those that hold shares in the
				       account, "cpu~alice", of each user who is there */
	size_t limit_count;
	bool all_limits; /* [limits] has those of all fields, not only of LIMIT_SHOWN */
};

/* One cluster at one time. */
struct observation {
	const char *cluster;
	bool answered; /* false: there are no rows, which must not be taken for no use */
	int64_t time; /* of the request; microseconds, UTC */
	bool decays; /* usage decays on this cluster: no charge is based on it */
	int64_t share; /* the cluster's weight when a balance is dealt out under `limit` */
	const struct observed *rows; /* by account */
	size_t count;
	/* Rows for the resources of the bank's purses that the cluster shows: the same resources
	 * for each account, sorted by account, then resource. Those of users are "billing~alice":
	 * of users with shares and, where a purse has a default share of the resource, of all.
	 * They have no limits of their own: those are in [rows]. */
	const struct observed *purses;
	size_t purse_count;
	/* The resources that the bank's purses had when the cluster was asked. It was asked about
	 * the users of the shares among them. */
	const char (*asked)[RESOURCE_SIZE];
	size_t asked_count;
	/* The resources of which it was asked about all users. */
	const char (*all_of)[RESOURCE_SIZE];
	size_t all_count;
};

/* Returns the row of [account], or NULL, also when [account] is NULL. */
const struct observed *observation_find(const struct observation *observation, const char *account);

/* Returns the row with an account's use of a resource, or NULL; for "billing" it is the account's
 * own row. The account's name may be any that Slurm allows. */
const struct observed *observation_use(const struct observation *observation, const char *account,
				       const char *resource);
/* The same for a purse of the bank, by its name. Returns NULL if [purse] is NULL. */
const struct observed *observation_purse(const struct observation *observation, const char *purse);
/* Returns the rows of users' use of the purse's resource, by user, and their number. */
const struct observed *observation_users(const struct observation *observation, const char *purse,
					 size_t *ret_count);

/* Makes the tree of the cluster's accounts. Its names are borrowed from [observation]. The caller
 * calls tree_release(). */
int observation_tree(const struct observation *observation, struct tree *ret, struct sb_error *err);

/* Gives the value of a limit; -1 if it is not set. Returns false if it is unknown: the field was
 * not requested, or the row could not be read. */
bool observed_limit(const struct observed *row, const char *field, const char *tres, int64_t *ret);

/* The same, but of a user whose limits differ between partitions it gives the lowest. */
bool observed_lowest(const struct observed *row, const char *field, const char *tres, int64_t *ret);

/* Returns whether the cluster has what a limit of [tres] is of: the user of a share in the account.
 * True for a limit of the account. */
bool observed_has(const struct observed *row, const char *tres);

/* What a check did or found. Those marked ! are problems. */
enum finding_kind {
	FOUND_CHARGE, /* amount, before, now; the charge may be deferred */
	FOUND_BASELINE, /* counting starts: now */
	FOUND_WENT_DOWN, /* ! before, now: nothing charged */
	FOUND_MOVED, /* ! before, now: account [other] came or went */
	FOUND_VANISHED, /* ! the cluster no longer shows the account: before */
	FOUND_HOLD, /* for funds; amount is what is available */
	FOUND_SCAVENGE, /* the same, and jobs in the scavenger QOS still start */
	FOUND_OVERRUN, /* they no longer do, since use has reached stop_at: [before] used of [now]
			  allocated */
	FOUND_OVERRUN_ENDED, /* they start again */
	FOUND_HOLD_MONEYLESS, /* the same, at the first use of an account that never had money */
	FOUND_GRACE, /* nothing is left, but a grace still lets it run jobs: amount */
	FOUND_RELEASE, /* amount */
	FOUND_STAYS_HELD, /* released for funds, and held for another cause: amount */
	FOUND_NO_MONEY, /* use without any money ever, which the rules allow: now */
	FOUND_SPENT, /* nothing is left; under `hold` the account would be held: amount */
	FOUND_DRIFT, /* ! a lever was changed by hand: before is ours, now is Slurm's */
	FOUND_PUT_RIGHT, /* the same, and the lever is set again */
	FOUND_LEFT, /* a value to restore had been changed by hand: now */
	FOUND_UNSETTLED, /* ! Slurm must change, but the cluster did not answer */
	FOUND_UNLISTED, /* ! Slurm must change, but the cluster is not observed any more */
	FOUND_ODD_NAME, /* account [other] has a name that no bank can have; reported once */
	FOUND_ODD_USAGE, /* ! its use could not be read: before is the last reading */
	FOUND_ODD_LIMITS, /* ! its limits could not be read, and one must change */
	FOUND_EXPIRED, /* a window ended at [before]; [amount] was left and expired */
	FOUND_THRESHOLD, /* [amount] percent crossed: used [before] of [now] */
	FOUND_NOTICE, /* a window ends at [before], with [amount] left */
	FOUND_QUOTA, /* a quota of [amount] was deposited, usable until [before] */
	FOUND_FORGIVEN, /* debt of [amount] was forgiven at a new period */
	FOUND_NO_QUOTA, /* ! a quota of [amount] is due, but the balance would be past int64 */
	FOUND_TAKEN_OVER, /* account [other], into which it was renamed or merged, took over
			     [amount] that was left and debt of [before] */
	FOUND_NOT_TAKEN_OVER, /* ! it cannot: its balance would be past int64, or too many lots are
				 left */
	FOUND_SHARE, /* a user who never had one got the share [other] of [amount] */
	FOUND_OVERFLOW, /* ! a charge is past int64: before, now */
};

struct finding {
	enum finding_kind kind;
	uint64_t seq; /* its entry, or 0 */
	char account[NAME_SIZE];
	char cluster[NAME_SIZE]; /* "": none */
	char other[NAME_SIZE]; /* another account or a purse, or "" */
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

/* Use by jobs that a dry run found but did not record. */
struct foreseen {
	char account[NAME_SIZE];
	int64_t amount; /* billing-seconds, of ended jobs or what running ones count for
			   (jobs_spent()) */
};

struct check {
	/* in */
	const struct observation *observations;
	size_t observation_count;
	const struct rules *rules;
	const char *const *only; /* the accounts to check, with their successors; none: all */
	size_t only_count;
	bool all_clusters; /* [observations] has every cluster that the site still has */
	bool settling; /* entries of [only] were just recorded: plan even if the clock is not
			  trusted */
	bool clock_ok; /* trust the clock although the last check was long ago */
	bool inspect; /* request all limits, also of levers in force */
	const struct steps *steps; /* called after each account; NULL: none */
	const struct foreseen *foreseen; /* for a dry run; may have an account several times */
	size_t foreseen_count;
	int project_days; /* how long a share lasts that is opened without money in the account; 0:
			     for ever */
	bool shut; /* set caps to 0, so that no job starts */
	/* out; check_release() frees */
	struct finding *findings;
	size_t finding_count;
	struct task *tasks;
	size_t task_count;
	struct want *wants; /* plan again once these are known */
	size_t want_count;
	bool again; /* there is more to do: plan again once the tasks were read back */
	bool queues; /* an account that was planned is scavenging or has queued jobs away: queue.h
		      */
	struct head head; /* after the last append */
	bool doubtful; /* clock not trusted while settling: no holds placed, nothing expired */
	int64_t clock_gap; /* not 0: what check_clock_gap() gave; nothing was done */
	int problems; /* how many findings are problems */

	/* private */
	struct move *moves;
	size_t move_count;
	bool inspects; /* [inspect], or an inspection is due */
	size_t opened; /* shares */
	bool first; /* there was no check of all accounts before */
};

/* Appends what is due to [books]; a second run with the same observations appends nothing. A
 * books_fn: [ctx] is a struct check. Each run fills its output anew. */
int check_plan(struct books *books, void *ctx, struct sb_error *err);

/* Gives the microseconds since the last check of all accounts if they are too many to trust the
 * clock, else 0. After an entry made by a clock that is ahead, the right time is too early for any
 * other entry. */
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

/* Stores the tree of each cluster that answered and has no stored tree yet. So the first whole
 * check notices an account that has moved since, and charges its use only once. */
int check_keep_trees(struct books *books, const struct observation *observations, size_t count,
		     struct sb_error *err);

/* The reasons of baselines that booked_read() knows. After REASON_FROM_ZERO all use is charged. */
#define REASON_WENT_DOWN "the reading went down"
#define REASON_FROM_ZERO "opened, use from before counts"

/* Records where counting starts for a new account: the cluster's present use, or 0 with
 * [from_zero]. Stores the trees as check_keep_trees() does. For a cluster that did not answer, a
 * later check records it. */
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

/* Records where counting continues: at 0 for the account and those below it; for those above it, at
 * their use less the account's. */
int check_record_reset(struct books *books, const struct check_reset *reset, struct sb_error *err);

/* Records a limit that Slurm already has as a lever in force. The value to restore later is the one
 * in the books, or none. */
int check_adopt_lever(struct books *books, const char *account, const char *cluster,
		      const struct limit *limit, const char *note, struct sb_error *err);

/* Records that the bank leaves its limits on a cluster that is gone as they are. Gives their
 * number. */
int check_forget_levers(struct books *books, const char *cluster, size_t *ret_count,
			struct sb_error *err);

/* Records that Slurm does not show a lever that is in force in the books. The next check sets it
 * again. */
int check_lose_lever(struct books *books, const char *account, const struct lever *lever,
		     struct sb_error *err);

void check_release(struct check *check);
