/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charges by job. A job that has ended according to slurmdbd becomes one entry for each account
 * whose budget it falls into, and one for each purse of these accounts whose resource it was
 * allocated (AllocTRES), all in one transaction and however often it is read. */
#pragma once

#include "ledger/account/policy.h"
#include "ledger/base/when.h"
#include "ledger/books/books.h"
#include "ledger/books/tree.h"
#include "ledger/check/check.h"
#include "ledger/check/quota.h"

/* One run of a job. Times are seconds since 1970 UTC. */
struct finished_job {
	const char *name; /* as people write it */
	int64_t id; /* unique on a cluster together with [submit] */
	uint64_t db_index;
	const char *slurm_account;
	const char *user, *partition, *qos, *state, *alloc_tres;
	int64_t submit, start;
	int64_t end; /* -1: the job runs and is not charged yet */
	int64_t elapsed; /* seconds that it ran */
	int64_t billing; /* for a purse: the count of its TRES */
	int64_t excess; /* the fraction of the billing, in EVENT_EXCESS_ONE */
	int64_t factor; /* UsageFactor times the site's factor, in millionths */
	int64_t limit; /* seconds that it may run; -1: no limit */
	const char *reservation; /* "": none, or the settings have no factors of reservations */
	int64_t round_seconds; /* [elapsed] is rounded up to a multiple of this; 0: it is not */
	int64_t min_charge; /* the least that it costs unless it is free; 0: no such limit */
};

/* Works out a job's charge from [since] (seconds) on: (billing + excess) x seconds x factor, cut to
 * whole billing-seconds; for a purse, count x seconds x factor. Slurm does not record when a job
 * was suspended, so the job is assumed to have run without pause until [since]. The parts before
 * and after [since] together are no more than the whole run. Rounding and minimum apply to the
 * whole run; what they add is charged to the part from [since] on. Returns false if the amount is
 * past int64. */
bool job_amount(const struct finished_job *job, int64_t since, int64_t *ret);

/* Returns the job as a purse of another resource charges it; the job was allocated [count] of the
 * resource. Excess and minimum are left out, since they are of SU. */
struct finished_job job_for_purse(const struct finished_job *job, int64_t count);

struct job_charges {
	/* in */
	const char *cluster;
	const struct finished_job *list;
	size_t count;
	const struct tree *tree; /* the cluster's accounts, with those that are gone */
	/* What moved since the last check is recorded first. NULL: nothing did. */
	const struct observation *observation;
	const struct tree *before, *now; /* at that check and at this one */
	const char *const *only; /* the accounts to charge, with those below them; none: all */
	size_t only_count;
	bool running; /* the list has all running jobs: what they used is in flight */
	int64_t settled; /* microseconds: each job that ended before this is in this list or an
			    earlier one */
	int64_t looked_back; /* for books_set_looked_back(), if all in the list can be charged */
	bool hold; /* a row could not be read: the next check reads from as far back as this one; so
		      it does if jobs are [unread] */
	/* out; the caller frees [sums] */
	struct job_sum {
		char account[NAME_SIZE]; /* an account or a purse */
		int64_t amount; /* in seconds of the resource */
		size_t jobs;
		struct in_flight flight; /* of running jobs */
		struct renewal renewal; /* the quotas that were deposited before its first job was
					   charged */
	} * sums; /* by account: those that got an entry or have running jobs */
	size_t sum_count;
	size_t left; /* jobs that end after the time of the books, left to the next check */
	size_t refused; /* charges past int64 */
	size_t unread; /* jobs without a charge: their AllocTRES cannot be read */
	/* private */
	struct resources resources;
	const struct account **purses; /* the purses of all accounts, sorted, so that those of an
					  account are together */
	size_t purse_count;
	const struct account **former; /* accounts of the bank whose subtree others left */
	size_t former_count;
	struct lineage *lineages; /* by account of Slurm */
	size_t lineage_count;
};

/* Charges jobs that are not charged yet, each to its account and the ancestors that checks found
 * above it when it ended, and to the purses of all these. A job already charged went to its
 * ancestors at that time; later ancestors are not charged. A books_fn: [ctx] is a struct
 * job_charges. Each run fills its output anew. */
int jobs_charge(struct books *books, void *ctx, struct sb_error *err);

/* Writes the ref of a job's entry for an account or purse: "job:CLUSTER/ID/SUBMIT/ACCOUNT". In a
 * ref that would be too long '#' and the SHA-256 of the whole replace the account. If that is still
 * too long, half of the SHA-256 of the part before the account replaces that part. */
void job_ref(char to[EVENT_REF_MAX + 1], const char *cluster, const struct finished_job *job,
	     const char *account);

/* slurmctld keeps what it cannot send to slurmdbd and sends it later. So jobs are read again, all
 * times in microseconds: by every check those that ended up to JOBS_RECENT before the settled time,
 * and in a look-back, every JOBS_LOOK_EVERY, those that slurmdbd got since the last look-back and
 * that ended up to JOBS_OVERLAP before they reached it. */
#define JOBS_OVERLAP (2 * WHEN_DAY)
#define JOBS_RECENT (10 * 60 * WHEN_SECOND)
#define JOBS_LOOK_EVERY (60 * 60 * WHEN_SECOND)

/* The jobs that ended in [since, until], microseconds; both INT64_MAX: none. */
struct jobs_range {
	int64_t since, until;
};

/* Which jobs of an account a check reads. The range ends with INT64_MAX while the account is
 * metered by jobs, and after a switch to RawUsage with the switch: the jobs before it are read
 * until JOBS_OVERLAP later. */
struct jobs_to_read {
	struct jobs_range back; /* in a look-back */
	struct jobs_range recent; /* otherwise */
	int64_t settled; /* see struct reading */
};

/* [looked_back] is books_looked_back() of the cluster. */
int jobs_to_read(struct books *books, const struct account *account, const char *cluster,
		 int64_t looked_back, struct jobs_to_read *ret, struct sb_error *err);

/* Adds up what the account's jobs had in flight at the last check, on all clusters. Its time is
 * that of the cluster read longest ago. A cluster metered by RawUsage adds nothing: RawUsage
 * includes what running jobs used. Jobs of former names, and of accounts merged into it, count for
 * the account that took them over, and no longer for their own. */
int jobs_in_flight(struct books *books, const struct account *account, struct in_flight *ret,
		   struct sb_error *err);

/* Returns how much of [flight] the rules count as spent. */
int64_t jobs_spent(const struct in_flight *flight, const struct rules *rules);

/* A switch of the meter of an account, or a purse, on a cluster. */
struct meter_switch {
	const char *account;
	const char *cluster;
	enum metering meter; /* the new one */
	int64_t since; /* microseconds, whole seconds: use from then on is charged by it */
	int64_t now; /* the reading at which RawUsage goes on, for a switch to it */
};

/* Records the switch, after which the next check looks back. Does nothing if the account already
 * has that meter there, or none. */
int jobs_switch(struct books *books, const struct meter_switch *to, struct sb_error *err);
