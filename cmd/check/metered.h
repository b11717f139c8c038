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
	struct reservations
		reservations; /* read only if the settings have factors of reservations */
	enum billing_rule billing;
	struct resources resources; /* of the bank's purses */
	char **unknown; /* QOS of jobs without a known factor, once each */
	size_t unknown_count;
	struct foreseen_uses *dry; /* NULL: charges and switches are recorded */
	bool made; /* entries were recorded */
	/* Found in the books: */
	int64_t from; /* jobs that ended earlier are not read; INT64_MAX: there are none to charge
		       */
	int64_t until; /* jobs that end later are not charged; INT64_MAX: some account is by jobs */
	bool back; /* this check looks back (JOBS_LOOK_EVERY) */
	bool ahead; /* the books are settled to a later time: the clock was put back */
	int64_t looked_back; /* as in the books */
	int64_t gap; /* not 0: the clock is not trusted */
	struct record switching; /* the accounts to switch */
	enum metering *to; /* the meter to switch to; by line of [switching] */
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
	bool hold; /* the list cannot keep one of them, so the settled time must not advance */
	bool late; /* a purse was opened meanwhile, and for it a job cannot be read: it has no
		      charge */
	bool silent; /* sacct did not answer */
};

/* Reads and charges jobs, slice by slice, up to the moment of the observation. [again]: a call just
 * before has found the running jobs. Returns an exit status. */
int metered_charge_slices(struct metered *metered, bool again);
/* Charges [jobs] and, unless [hold], records that all jobs up to [settled] are charged. [runs]:
 * they include all running jobs. Returns an exit status. */
int metered_charge(struct metered *metered, int64_t settled, bool hold, bool runs);
/* Reports the quota that was deposited before a charge, if any. Call it outside the transaction. */
void metered_report_quota(struct metered *metered, const char *account,
			  const struct renewal *renewal);
void metered_forget_jobs(struct metered *metered);
/* Returns the reservations for struct sacct_window, or NULL if no price depends on them. */
const struct reservations *metered_reservations(const struct metered *metered);

/* The callbacks sacct_each and sacct_left_out of a slice; [ctx] is the struct metered. The first
 * adds a job to [jobs] unless it is free. The second counts a row that cannot be read and remembers
 * its job; a job that still runs need not be remembered, since later rows show it again. */
int metered_add_job(const struct sacct_job *job, void *ctx, struct sb_error *err);
int metered_leave_out(const struct sacct_odd *odd, void *ctx, struct sb_error *err);

/* Has the next check look back, if the books have it otherwise. Returns an exit status. */
int metered_look_again(struct metered *metered);

/* Finds the job among those that were left out, or returns NULL. */
struct left_job *metered_find_left(const struct metered *metered, const struct sacct_job *job);
/* Charges the left-out jobs that can be read now. Forgets these, and those that Slurm no longer
 * has. Returns an exit status. */
int metered_retry_left(struct metered *metered);
/* Forgets all left-out jobs, once no account is metered by jobs. Returns an exit status. */
int metered_forget_left(struct metered *metered);

/* Switches the meters of [switching]. Returns an exit status. */
int metered_switch(struct metered *metered);
