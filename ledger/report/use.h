/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose use a period's charges were: by user, partition, month ... What gives use back (a refund, a
 * reversal) counts with the job that it is about. Of what RawUsage counted, and of what was
 * reconciled, nobody knows whose it was: each is a group of its own. */
#ifndef SUBANK_LEDGER_REPORT_USE_H
#define SUBANK_LEDGER_REPORT_USE_H

#include "ledger/books/books.h"

enum use_by {
	USE_BY_NOTHING = 0,
	USE_BY_JOB, /* each run is one; they are not kept but walked through: use_each_job() */
	USE_BY_USER,
	USE_BY_ACCOUNT, /* of Slurm: those below the bank's */
	USE_BY_PARTITION,
	USE_BY_QOS,
	USE_BY_MONTH, /* in which the entry was made, local time: all use has one */
	USE_BY_END,
};

struct use_group {
	char *name; /* in brackets when it is no user's, no partition's ... */
	uint64_t jobs; /* charged in the period */
	uint64_t entries;
	int64_t amount; /* billing-seconds, what was given back taken off: may be negative */
};

/* What was given back of a job. */
struct use_answer {
	uint64_t job; /* its entry */
	uint64_t entries;
	int64_t amount; /* signed as in a group */
};

/* Of one account in one period. Begin with a zeroed struct and [by]; use_release() it. */
struct use {
	enum use_by by; /* in */
	/* out */
	struct use_group *groups; /* those with most first, months in their order; those in
				     brackets behind the others */
	size_t count;
	struct use_answer *answers; /* by job alone: by number. No more is kept of jobs */
	size_t answer_count;
	int64_t jobs_amount; /* by job alone: of all, and what was given back */
	int64_t amount; /* in all */
};

/* "user"; NULL for USE_BY_NOTHING and past the last. */
const char *use_by_word(enum use_by by);

/* What the use that an entry is about was charged by: the entry itself or, of a refund, a reversal
 * of one or of a charge, the charge, which is read into [held], an initialised event. *ret is NULL
 * when the entry is about no use. */
int use_charge(struct books *books, const struct event *event, struct event *held,
	       const struct event **ret, struct sb_error *err);

/* Counts an entry that moved [amount] (signed) if it is about use, and says whether it is. */
int use_add(struct books *books, struct use *use, const struct event *event, int64_t amount,
	    bool *ret, struct sb_error *err);
/* After the last: puts the groups into their order, and adds up. */
int use_finish(struct use *use, struct sb_error *err);

/* Called for each job: what it came to, and whether it was charged in the period or before. */
typedef int use_job_fn(const struct event *job, uint64_t entries, int64_t amount, bool within,
		       void *ctx, struct sb_error *err);

/* Walks through the jobs of [account] in [since, until), which [use] was made of in the same
 * transaction: those charged before first, of which something was given back. SB_ECORRUPT: they add
 * up to another sum. */
int use_each_job(struct books *books, const char *account, int64_t since, int64_t until,
		 const struct use *use, use_job_fn *each, void *ctx, struct sb_error *err);

void use_release(struct use *use);

#endif
