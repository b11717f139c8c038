/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The check's part in the books: charges what clusters say was used, decides on holds and works out
 * which limits Slurm must get. Knows Slurm only as what cmd/ observed. */
#ifndef SUBANK_LEDGER_CHECK_H
#define SUBANK_LEDGER_CHECK_H

#include "ledger/books.h"
#include "ledger/policy.h"

/* One account as a cluster shows it. */
struct observed {
	const char *account;
	const char *parent;
	int64_t usage; /* billing-seconds since Slurm counts */
	int64_t limit; /* the lever's present value in Slurm; -1: none */
};

/* One cluster at one time. */
struct observation {
	const char *cluster;
	bool answered; /* false: [rows] says nothing; never taken for no use */
	int64_t time; /* microseconds, UTC: when it was asked */
	const struct observed *rows; /* by account */
	size_t count;
};

const struct observed *observation_find(const struct observation *observation, const char *account);

/* What a check did or found, for people. */
enum finding_kind {
	FOUND_CHARGE, /* amount, before, now */
	FOUND_BASELINE, /* counting starts: now */
	FOUND_WENT_DOWN, /* before, now: nothing charged. A problem. */
	FOUND_VANISHED, /* the cluster no longer shows it: before. A problem. */
	FOUND_HOLD, /* for funds; amount is what is available */
	FOUND_GRACE, /* nothing is left, but it may run for a time all the same: amount */
	FOUND_RELEASE, /* likewise */
	FOUND_NO_MONEY, /* it has used something, and nothing was ever put in: now */
	FOUND_SPENT, /* it would be held if the rules were `hold`: amount */
	FOUND_DRIFT, /* a lever was changed by hand: before is ours, now is Slurm's. A problem. */
	FOUND_LEFT, /* a value to restore had been changed by hand: now */
	FOUND_UNSETTLED, /* Slurm must change, but the cluster did not answer. A problem. */
	FOUND_UNLISTED, /* likewise, but nobody asks that cluster any more. A problem. */
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
	int64_t amount, before, now;
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

struct check {
	/* in */
	const struct observation *observations;
	size_t observation_count;
	const struct rules *rules;
	const char *const *only; /* these accounts alone; none: all */
	size_t only_count;
	bool clock_ok; /* trust the clock although the last check was long ago */
	/* out; check_release() frees */
	struct finding *findings;
	size_t finding_count, finding_size;
	struct task *tasks;
	size_t task_count, task_size;
	struct head head; /* after what was appended */
	bool dates_wait; /* likewise, where only some accounts were to be checked: what time brings
			    was left to a later check */
	int64_t clock_gap; /* how long ago the last check was, if that is too long to trust the
			      clock: nothing was done; else 0 */
	int problems; /* findings that are one */
};

/* Adds a finding, with these names in it (NULL: none). */
int check_found(struct check *check, struct finding finding, const char *account,
		const char *cluster, struct sb_error *err);

/* Appends what is due to [books]; a second run with the same observations appends nothing. A
 * books_fn: [ctx] is a struct check, whose output it fills anew each time it runs. */
int check_plan(struct books *books, void *ctx, struct sb_error *err);

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
int check_enter_outcomes(struct books *books, void *ctx, struct sb_error *err);

/* Enters where counting starts for a new account: the cluster's present use, or 0 with [from_zero].
 * Clusters that did not answer get theirs at a later check. */
int check_enter_baselines(struct books *books, const char *account,
			  const struct observation *observations, size_t count, bool from_zero,
			  struct sb_error *err);

/* Enters a limit that Slurm shows already as a hold of the bank's own, in force: what the site had
 * before is not known and taken for none. */
int check_adopt_lever(struct books *books, const char *account, const char *cluster,
		      const struct rules *rules, const char *note, struct sb_error *err);

/* Enters that a lever in force is not what Slurm shows, so that the next check sets it again. */
int check_lose_lever(struct books *books, const char *account, const struct lever *lever,
		     struct sb_error *err);

void check_release(struct check *check);

#endif
