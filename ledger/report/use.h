/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups the charges of a period by user, partition, month ... or by two of them. Refunds and
 * reversals count with the job that they answer. Nobody knows which users are behind RawUsage and
 * reconciliations: each of the two is a group of its own. */
#pragma once

#include "ledger/books/books.h"

enum use_by {
	USE_BY_NOTHING = 0,
	USE_BY_JOB, /* one group for each run of a job. They are not kept in memory: use_each_job()
		       reads them */
	USE_BY_USER,
	USE_BY_ACCOUNT, /* of Slurm: those below the bank's */
	USE_BY_PARTITION,
	USE_BY_QOS,
	USE_BY_MONTH, /* of the entry or of the job's end, in local time; also for use whose user is
			 not known */
	USE_BY_END,
};

/* What jobs were allocated, times the seconds that they ran. Refunds do not change it. */
struct use_hours {
	enum {
		HOURS_NONE, /* there is no job */
		HOURS_KNOWN,
		HOURS_UNKNOWN, /* what a job was allocated cannot be read, or a number is past what
				  int64 holds */
	} state;
	int64_t cpu, gpu; /* CPU-seconds, GPU-seconds; only if HOURS_KNOWN */
};

enum { USE_DIMENSIONS = 2 };

struct use_group {
	char *names[USE_DIMENSIONS]; /* in brackets when it is not that of a user, partition ...;
					the second is NULL without use->then */
	uint64_t jobs; /* charged in the period */
	uint64_t entries;
	int64_t amount; /* billing-seconds less refunds: may be negative */
	struct use_hours hours; /* of all those jobs */
	int64_t rank[USE_DIMENSIONS]; /* private: by which groups are sorted */
};

/* The refunds and reversals of a job. */
struct use_answer {
	uint64_t job; /* its entry */
	uint64_t entries;
	int64_t amount; /* signed as in a group */
};

/* The use of one account in one period. Begin with a zeroed struct and the four that are in;
 * use_release() it. */
struct use {
	enum use_by by; /* in */
	enum use_by then; /* in: groups are of pairs of [by] and this; USE_BY_NOTHING: of [by].
			     Neither is USE_BY_JOB then */
	bool by_end; /* in: the month of a job, and of its refunds, is that of its end, not of the
			entry */
	bool once; /* in: leaves out use that counts under another name: the one that the account
		      had at the end of the period. For lists of several accounts */
	/* set by statement_make(), from the statement; the text is borrowed */
	const char *account;
	int64_t since, until;
	uint64_t last; /* the bank's last entry before [until] */
	/* out */
	struct use_group *groups; /* the largest first, months by date, those in brackets last; in
				     each group of [by] those of [then] in the same way */
	size_t count;
	struct use_answer *answers; /* USE_BY_JOB only: by number */
	size_t answer_count;
	int64_t jobs_amount; /* USE_BY_JOB only: total charged minus refunds */
	int64_t amount; /* the total */
};

/* "user"; NULL for USE_BY_NOTHING and past the last. */
const char *use_by_word(enum use_by by);

/* Finds the charge that an entry is about. For a charge or a reconciliation, it is the entry
 * itself. For a refund, or a reversal of a charge or refund, the charge is read into [held], an
 * initialised event. *ret is NULL if the entry is not about use. */
int use_charge(struct books *books, const struct event *event, struct event *held,
	       const struct event **ret, struct sb_error *err);

/* Computes the CPU-hours and GPU-hours of a job from its entry. GPUs that Slurm does not track, by
 * `gres/gpu` or its types in AccountingStorageTRES, are 0. */
struct use_hours use_job_hours(const struct event *job);
/* Adds hours. Unknown ones make the sum unknown, and so does one that is too large, which is no
 * error: what Slurm says of jobs must not hide what was charged. */
void use_add_hours(struct use_hours *to, const struct use_hours *added);

/* Returns the name of the group, other than by job and month, to which an entry about [charge]
 * belongs. It may point into [charge]. */
const char *use_group_name(enum use_by by, const struct event *charge);
/* Adds jobs, entries, amount and hours of [added] to the group of these names. */
int use_add_group(struct use *use, const char *const names[USE_DIMENSIONS],
		  const struct use_group *added, struct sb_error *err);

/* Whether an entry that was made under the name [account] counts here: see use->once. */
int use_counts(struct books *books, const struct use *use, const struct event *event,
	       const char *account, bool *ret, struct sb_error *err);

/* Adds an entry that moved [amount] (signed). *ret is false if the entry is not about use. */
int use_add(struct books *books, struct use *use, const struct event *event, int64_t amount,
	    bool *ret, struct sb_error *err);
/* After the last entry: sorts the groups and adds them up. */
int use_finish(struct use *use, struct sb_error *err);

/* Called for each job with its amount, and whether it was charged to the account in the period, not
 * before or to another account whose debt this one took over. */
typedef int use_job_fn(const struct event *job, uint64_t entries, int64_t amount, bool within,
		       void *ctx, struct sb_error *err);

/* Calls [each] for the jobs of [use], which was made in the same transaction: first those that have
 * answers in the period but were not charged to the account in it. SB_ECORRUPT: the jobs add up to
 * another sum. */
int use_each_job(struct books *books, const struct use *use, use_job_fn *each, void *ctx,
		 struct sb_error *err);

/* Frees the output. Keeps what is in. */
void use_release(struct use *use);
