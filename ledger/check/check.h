/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The check's part in the books: charges what clusters say was used, decides on holds and works out
 * which limits Slurm must get. Knows Slurm only as what cmd/ observed. */
#ifndef SUBANK_LEDGER_CHECK_CHECK_H
#define SUBANK_LEDGER_CHECK_CHECK_H

#include "ledger/account/policy.h"
#include "ledger/base/steps.h"
#include "ledger/books/books.h"
#include "ledger/books/tree.h"

/* The field that every observation shows; others have to be asked for, account by account. */
#define LIMIT_SHOWN "GrpTRESMins"

/* One account as a cluster shows it. */
struct observed {
	const char *account;
	const char *parent; /* "" for the uppermost; NULL: it cannot be told now */
	int64_t usage; /* billing-seconds since Slurm counts */
	/* What of the row cannot be read, so that nothing may be made of it: */
	bool odd_usage; /* [usage], which is 0 */
	bool odd_limits; /* any of [limits] */
	bool odd_room; /* [minutes] or [running] */
	int64_t minutes; /* the same by the counter that limits are compared with, in whole
			    minutes of the billing TRES; -1: not known */
	int64_t running; /* likewise what running jobs may still use by their time limits */
	const struct limit *limits; /* those that are set */
	size_t limit_count;
	bool all_limits; /* [limits] has those of all fields, not only of LIMIT_SHOWN */
};

/* One cluster at one time. */
struct observation {
	const char *cluster;
	bool answered; /* false: [rows] says nothing; never taken for no use */
	int64_t time; /* microseconds, UTC: when it was asked */
	bool decays; /* its usage shrinks by itself: nothing is charged by it */
	int64_t share; /* the cluster's weight when a balance is dealt out under `limit` */
	const struct observed *rows; /* by account */
	size_t count;
};

/* The row of [account], or NULL, also when [account] is NULL. */
const struct observed *observation_find(const struct observation *observation, const char *account);

/* How the cluster's accounts hang together; the names are the observation's. tree_release() it. */
int observation_tree(const struct observation *observation, struct tree *ret, struct sb_error *err);

/* The value of a limit, -1 if it is not set. False: that is not known, since the field was not
 * asked for or the row cannot be read. */
bool observed_limit(const struct observed *row, const char *field, const char *tres, int64_t *ret);

/* What a check did or found, for people. */
enum finding_kind {
	FOUND_CHARGE, /* amount, before, now; its entry may still come */
	FOUND_BASELINE, /* counting starts: now */
	FOUND_WENT_DOWN, /* before, now: nothing charged. A problem. */
	FOUND_MOVED, /* likewise before, now: the account [other] came or went. A problem. */
	FOUND_VANISHED, /* the cluster no longer shows it: before. A problem. */
	FOUND_HOLD, /* for funds; amount is what is available */
	FOUND_HOLD_MONEYLESS, /* likewise, at the first use of an account that never had money */
	FOUND_GRACE, /* nothing is left, but it may run for a time all the same: amount */
	FOUND_RELEASE, /* likewise */
	FOUND_STAYS_HELD, /* likewise, and there is another cause */
	FOUND_NO_MONEY, /* it has used something, nothing was ever put in, and the rules let it
			   run: now */
	FOUND_SPENT, /* it would be held if the rules were `hold`: amount */
	FOUND_DRIFT, /* a lever was changed by hand: before is ours, now is Slurm's. A problem. */
	FOUND_PUT_RIGHT, /* likewise, and it is set again: no problem any more */
	FOUND_LEFT, /* a value to restore had been changed by hand: now */
	FOUND_UNSETTLED, /* Slurm must change, but the cluster did not answer. A problem. */
	FOUND_UNLISTED, /* likewise, but nobody asks that cluster any more. A problem. */
	FOUND_ODD_NAME, /* [other] is an account whose name no bank can have; said once */
	FOUND_ODD_USAGE, /* its use cannot be read: before is what was read last. A problem. */
	FOUND_ODD_LIMITS, /* its limits cannot be read, and one must change. A problem. */
	FOUND_EXPIRED, /* a window ended at [before] with [amount] left, which is gone */
	FOUND_THRESHOLD, /* [amount] percent crossed: used [before] of [now] */
	FOUND_NOTICE, /* a window ends at [before], with [amount] left */
	FOUND_OVERFLOW, /* the use cannot be charged, it is past what money holds: before, now. A
			   problem. */
};

struct finding {
	enum finding_kind kind;
	uint64_t seq; /* its entry, or 0 */
	char account[NAME_SIZE];
	char cluster[NAME_SIZE]; /* "" when it is not about one */
	char other[NAME_SIZE]; /* another account, or "" */
	char lever[LEVER_NAME_SIZE]; /* the limit that it is about, or "" */
	int64_t amount, before, now;
	bool unlimited; /* the account is: what it has available bounds nobody */
};

/* An account whose limits have to be asked for on a cluster before it can be seen to. */
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

/* Use by jobs that a dry run found and did not enter. */
struct foreseen {
	char account[NAME_SIZE];
	int64_t amount; /* billing-seconds, also of jobs in flight as far as holds go by it */
};

struct check {
	/* in */
	const struct observation *observations;
	size_t observation_count;
	const struct rules *rules;
	const char *const *only; /* these accounts alone; none: all */
	size_t only_count;
	bool all_clusters; /* [observations] has every cluster that the site still has */
	bool settling; /* [only] had an entry just now: what that asks for is done even when the
			  clock is not to be trusted */
	bool clock_ok; /* trust the clock although the last check was long ago */
	bool inspect; /* at the limits of levers in force too that have to be asked for */
	const struct steps *steps; /* told behind each account; NULL: nobody */
	const struct foreseen *foreseen; /* for a dry run; perhaps several of an account */
	size_t foreseen_count;
	bool shut; /* limits that follow the balance are to be 0: no job starts under them */
	/* out; check_release() frees */
	struct finding *findings;
	size_t finding_count, finding_size;
	struct task *tasks;
	size_t task_count, task_size;
	struct want *wants; /* plan again when these are known */
	size_t want_count, want_size;
	bool again; /* plan again when the tasks were read back: there is more to do */
	struct head head; /* after what was appended */
	bool doubtful; /* likewise, where an entry was settled all the same: nobody is held, and
			  what time brings is left to a later check */
	int64_t clock_gap; /* how long ago the last check was, if that is too long to trust the
			      clock: nothing was done; else 0 */
	int problems; /* findings that are one */

	/* Its own: */
	struct move *moves;
	size_t move_count, move_size;
	bool look; /* levers in force are looked at even if that takes a call */
	bool first; /* there was no check of all accounts before */
};

/* Appends what is due to [books]; a second run with the same observations appends nothing. A
 * books_fn: [ctx] is a struct check, whose output it fills anew each time it runs. */
int check_plan(struct books *books, void *ctx, struct sb_error *err);

/* How long ago the last check of all accounts was, if that is too long to trust the clock; 0: it is
 * not. What is entered with a clock that is ahead bars every entry after it. */
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

/* Keeps the tree of each cluster that answered and has none yet: an account that moves before the
 * first whole check is noticed by it then, and takes no use along that is charged twice. */
int check_keep_trees(struct books *books, const struct observation *observations, size_t count,
		     struct sb_error *err);

/* The reason of a baseline at 0 for an account that had used something: all of it is charged. */
#define REASON_WENT_DOWN "the reading went down"
#define REASON_FROM_ZERO "opened, use from before counts"

/* Enters where counting starts for a new account: the cluster's present use, or 0 with [from_zero].
 * Clusters that did not answer get theirs at a later check; of the others the tree is kept. */
int check_record_baselines(struct books *books, const char *account,
			   const struct observation *observations, size_t count, bool from_zero,
			   struct sb_error *err);

/* Enters, after the usage of an account was reset in Slurm, where counting goes on: at 0 for the
 * account and those below it, at what was not the account's for those above it. [names] are
 * accounts of the bank; [before] is what the cluster showed last before the reset, all of it
 * charged, and [after] what it shows since. */
int check_record_reset(struct books *books, const char *account, const char *const *names,
		       size_t count, const struct observation *before,
		       const struct observation *after, const char *reason, const char *note,
		       struct sb_error *err);

/* Enters a limit that Slurm shows already as one of the bank's own, in force. What the site had
 * before is what the books know of it, or else taken for none. */
int check_adopt_lever(struct books *books, const char *account, const char *cluster,
		      const struct limit *aim, const char *note, struct sb_error *err);

/* Enters that the limits on a cluster that is no more are left as they are: the bank forgets them.
 * Writes how many there were. */
int check_forget_levers(struct books *books, const char *cluster, size_t *ret_count,
			struct sb_error *err);

/* Enters that a lever in force is not what Slurm shows, so that the next check sets it again. */
int check_lose_lever(struct books *books, const char *account, const struct lever *lever,
		     struct sb_error *err);

void check_release(struct check *check);

#endif
