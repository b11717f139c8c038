/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charges by job: what slurmdbd has on record of jobs that ended becomes one entry for each and for
 * each account whose budget it falls into, once, however often it is read. */
#ifndef SUBANK_LEDGER_CHECK_JOBS_H
#define SUBANK_LEDGER_CHECK_JOBS_H

#include "ledger/account/policy.h"
#include "ledger/base/when.h"
#include "ledger/books/books.h"
#include "ledger/books/tree.h"
#include "ledger/check/check.h"

/* One run of a job. Times are seconds since 1970 UTC. */
struct finished_job {
	const char *name; /* as people write it */
	int64_t id; /* of which no two have the same [submit] on a cluster */
	uint64_t db_index;
	const char *slurm_account;
	const char *user, *partition, *qos, *state, *alloc_tres;
	int64_t submit, start;
	int64_t end; /* -1: it runs, and nothing is charged yet */
	int64_t elapsed; /* seconds that it ran */
	int64_t billing;
	int64_t excess; /* what the whole number of [billing] leaves out, in EVENT_EXCESS_ONE */
	int64_t factor; /* what it is charged by, in millionths: UsageFactor and the site's */
	int64_t limit; /* seconds that it may run; -1: no limit */
};

/* What it comes to from [since] (seconds) on: billing, with its excess, x seconds x factor, cut to
 * whole billing-seconds. Nobody knows when a job was suspended: it is taken to have run until
 * [since], so that before and behind it no more is counted than it ran in all. False: past int64.
 */
bool job_amount(const struct finished_job *job, int64_t since, int64_t *ret);

struct job_charges {
	/* in */
	const char *cluster;
	const struct finished_job *list;
	size_t count;
	const struct tree *tree; /* how the cluster's accounts, and those that are gone, hang
				    together */
	/* What moved since the last check is entered first. NULL: nothing did. */
	const struct observation *observation;
	const struct tree *before, *now; /* as that check and this one saw them */
	const char *const *only; /* jobs of these accounts and of those below them alone; none:
				    of all that are metered by jobs */
	size_t only_count;
	bool running; /* the list has all jobs that run: what they used so far is in flight */
	int64_t settled; /* microseconds: jobs that ended before are all in the list or were before
			  */
	bool hold; /* they are not, for a row could not be read: the next check reads from as far
		      back as this one */
	/* out; the caller frees [sums] */
	struct job_sum {
		char account[NAME_SIZE];
		int64_t amount; /* billing-seconds */
		size_t jobs;
		struct in_flight flight; /* of jobs that run */
	} * sums; /* by account, each that got an entry or was looked at */
	size_t sum_count;
	size_t left; /* jobs that end later than the clock of the books: the next check has them */
	size_t refused; /* jobs that come to more than money holds */
	/* Its own: */
	const struct account **left_by; /* accounts of the bank that others went from */
	size_t left_count;
};

/* Charges what was not charged before, to the account of each job and those that were above it when
 * the job ended, as far as checks saw: an account that came above later is not charged. A books_fn:
 * [ctx] is a struct job_charges, whose output it fills anew each time it runs. */
int jobs_charge(struct books *books, void *ctx, struct sb_error *err);

/* The ref of a job's entry for an account: "job:CLUSTER/ID/SUBMIT/ACCOUNT". Where that is too long,
 * '#' and the SHA-256 of the whole stand for the account and, if need be, half of the SHA-256 of
 * what is before the account for that. */
void job_ref(char to[EVENT_REF_MAX + 1], const char *cluster, const struct finished_job *job,
	     const char *account);

/* slurmctld keeps what it cannot tell slurmdbd, and tells it later: so far behind what was settled
 * jobs are read once more, microseconds. */
#define JOBS_OVERLAP (2 * WHEN_DAY)

/* Of which time the jobs of an account have to be read, microseconds: those that ended in [since,
 * until]. Where it is metered by jobs [until] is INT64_MAX. Where it was so before, it is when that
 * ended, and jobs are read as much behind it as otherwise; then both are INT64_MAX: none are. */
int jobs_to_read(struct books *books, const struct account *account, const char *cluster,
		 int64_t *ret_since, int64_t *ret_until, struct sb_error *err);

/* What jobs of the account that ran at the last check stand for, on all clusters; its time is that
 * of the cluster seen longest ago. Nothing where it is metered by RawUsage, which has what they
 * used. */
int jobs_in_flight(struct books *books, const struct account *account, struct in_flight *ret,
		   struct sb_error *err);

/* Forgets what was seen to run on a cluster, whose jobs nobody reads any more. */
int jobs_forget_flight(struct books *books, const char *cluster, const char *account,
		       struct sb_error *err);

/* How much of it the rules take for spent. */
int64_t jobs_spent(const struct in_flight *flight, const struct rules *rules);

/* Switches what use of an account is charged by on a cluster, from [since] on (microseconds, whole
 * seconds). [now] is where RawUsage goes on counting. */
int jobs_switch(struct books *books, const char *account, const char *cluster, enum metering to,
		int64_t since, int64_t now, struct sb_error *err);

#endif
