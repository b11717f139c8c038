/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>

#include "cmd/check/left_out.h"
#include "cmd/doctor/doctor.h"
#include "cmd/show/output.h"
#include "ledger/base/when.h"
#include "ledger/books/left_jobs.h"

struct scan {
	struct diagnosis *rows;
	struct known_jobs known; /* to slurmctld */
	int64_t asked; /* when it was asked; seconds */
	struct names lost; /* runaway jobs */
	struct left_out unread; /* rows that cannot be read */
	const char *cluster;
	struct left_jobs left; /* jobs that the bank has left out */
};

static int inspect_job(const struct sacct_job *job, void *ctx, struct sb_error *err)
{
	struct scan *scan = ctx;
	char name[512];

	(void)err;
	if (!runaway_is(job, &scan->known, scan->asked))
		return SB_OK;
	(void)snprintf(name, sizeof(name), "%s/%s", job->cluster, job->name);
	names_add(scan->rows, &scan->lost, name);
	return SB_OK;
}

static int leave_out(const struct sacct_odd *odd, void *ctx, struct sb_error *err)
{
	struct scan *scan = ctx;

	(void)err;
	left_out_add(&scan->unread, odd);
	return SB_OK;
}

static int read_left(struct books *books, void *ctx, struct sb_error *err)
{
	struct scan *scan = ctx;

	left_jobs_release(&scan->left);
	return books_left_jobs(books, scan->cluster, &scan->left, err);
}

/* Reports rows that cannot be read now, and jobs that are not charged because theirs could not. */
static void report_left_out(struct scan *scan)
{
	static const char check[] = "jobs left out",
			  advice[] =
				  "their rows cannot be read: each is charged once when it can be. "
				  "Inspect them with `sacct -D -j`; a field that a newer Slurm "
				  "prints in another form is a bug of subank's";
	struct diagnosis *rows = scan->rows;
	struct env *env = rows->env;
	struct left_jobs *left = &scan->left;
	const struct left_out *unread = &scan->unread;
	char list[LEFT_OUT_TEXT_SIZE], text[NAMES_TEXT_SIZE], ids[LEFT_OUT_NAMED][24];
	const char *names[LEFT_OUT_NAMED];
	struct sb_error err;
	size_t named = 0;

	if (env->bank && bank_read(env->bank, env->os.now(), read_left, scan, &err)) {
		diagnose_unread(rows, check, &err);
		return;
	}
	if (unread->count > 0)
		diagnose(rows, VERDICT_BAD, check, advice, "%zu in a day: %s", unread->count,
			 left_out_text(list, unread));
	for (; named < left->count && named < LEFT_OUT_NAMED; named++) {
		(void)snprintf(ids[named], sizeof(ids[0]), "%" PRId64, left->list[named].id);
		names[named] = ids[named];
	}
	if (left->count > 0)
		diagnose(rows, VERDICT_BAD, check, advice, "%zu not charged yet: %s%s", left->count,
			 output_names(text, names, named), left->count > named ? " …" : "");
	if (unread->count + left->count == 0)
		diagnose(rows, VERDICT_OK, check, NULL, "none");
	left_jobs_release(left);
}

static void report_runaway(struct scan *scan)
{
	static const char check[] = "runaway jobs";
	struct diagnosis *rows = scan->rows;
	const struct known_jobs *known = &scan->known;

	if (known->odd > 0)
		diagnose(rows, VERDICT_BAD, check,
			 "lines of squeue cannot be read, so that no job is taken for runaway: "
			 "see `squeue -a -t all -o %A`",
			 "%zu lines: %s", known->odd, known->first_odd);
	else if (scan->lost.count == 0)
		diagnose(rows, VERDICT_OK, check, NULL, "none");
	else
		diagnose_names(rows, VERDICT_WARN, check,
			       "slurmdbd has no end of them, slurmctld does not know them, and "
			       "nobody is charged for them: sacctmgr show runawayjobs fixes that",
			       &scan->lost);
}

void doctor_jobs(struct diagnosis *rows, const char *cluster)
{
	struct env *env = rows->env;
	struct scan scan = {.rows = rows, .asked = env->os.now() / WHEN_SECOND, .cluster = cluster};
	/* The last day: a check reads jobs that ended, too. */
	const struct sacct_window window = {.since = scan.asked - WHEN_DAY / WHEN_SECOND,
					    .until = scan.asked + 1};
	struct sb_error err;

	rows->where = cluster;
	if (squeue_read(&env->slurm, cluster, &scan.known, &err) ||
	    sacct_read(&env->slurm, cluster, &window,
		       &(struct sacct_sink){inspect_job, leave_out, &scan}, &err)) {
		diagnose_unread(rows, "runaway jobs", &err);
	} else {
		report_runaway(&scan);
		report_left_out(&scan);
	}
	names_release(&scan.lost);
	known_jobs_release(&scan.known);
}
