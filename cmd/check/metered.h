/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of job_meter.h share: job_charge.c reads and charges jobs, job_left.c remembers
 * those that cannot be charged yet, job_switch.c switches meters, job_meter.c does the rest. */
#pragma once

#include "cmd/check/job_meter.h"
#include "cmd/check/recorded.h"
#include "ledger/books/left_jobs.h"
#include "ledger/check/jobs.h"

/* One cluster. */
struct metered {
	struct env *env;
	const struct checkup *checkup;
	const struct observation *observation;
	struct tree shown, kept; /* how accounts are nested now, and were at the last check */
	struct tree tree; /* both, since accounts that are gone have jobs too */
	struct qos_list qos;
	struct partitions partitions; /* for their weights */
	enum billing_rule billing;
	char **unknown; /* QOS of jobs without a known factor, once each */
	size_t unknown_count;
	struct foreseen_uses *dry; /* NULL: charges and switches are recorded */
	bool made; /* entries were recorded */
	/* Found in the books: */
	int64_t from; /* jobs that ended before are charged; INT64_MAX: no account is by jobs */
	int64_t until; /* jobs that end later are not charged; INT64_MAX: an account is by jobs */
	int64_t gap; /* not 0: the clock is not trusted */
	struct record switching; /* the accounts to switch */
	enum metering *to; /* by line */
	/* Of the slice: */
	int64_t slice; /* its begin, seconds */
	int64_t next; /* the begin of the next one; INT64_MAX: there is none */
	struct finished_job *jobs;
	size_t job_count;
	/* Of all slices: */
	size_t rows; /* readable ones */
	struct left_out unread; /* the others */
	struct left_jobs left; /* the jobs among them, and those that earlier checks left out */
	bool left_changed; /* the books have another list */
	bool hold; /* some of them are not in the list */
	bool silent; /* sacct did not answer */
};

/* Reads and charges slice by slice up to the moment of the observation. [again]: this was just
 * done, so the running jobs are known. Returns an exit status. */
int metered_charge_slices(struct metered *metered, bool again);
/* Charges [jobs], of which the accounts are settled up to [settled] unless [hold]. [runs]: they
 * include all running jobs. Returns an exit status. */
int metered_charge(struct metered *metered, int64_t settled, bool hold, bool runs);
void metered_forget_jobs(struct metered *metered);

/* sacct_each and sacct_left_out of a slice; [ctx] is the struct metered. The first adds a job to
 * [jobs] unless it is free. The second counts a row that cannot be read, and remembers its job
 * unless that runs: then later rows show it again. */
int metered_add_job(const struct sacct_job *job, void *ctx, struct sb_error *err);
int metered_leave_out(const struct sacct_odd *odd, void *ctx, struct sb_error *err);

/* Finds the job among those that were left out, or returns NULL. */
struct left_job *metered_find_left(const struct metered *metered, const struct sacct_job *job);
/* Charges jobs that were left out and can be read now, and forgets those and the ones that Slurm no
 * longer has. Returns an exit status. */
int metered_retry_left(struct metered *metered);
/* Forgets all of them, once no account is metered by jobs. Returns an exit status. */
int metered_forget_left(struct metered *metered);

/* Switches the meters of [switching]. Returns an exit status. */
int metered_switch(struct metered *metered);
