/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/check/left_out.h"
#include "cmd/doctor/doctor.h"
#include "cmd/show/output.h"
#include "ledger/base/when.h"
#include "ledger/books/left_jobs.h"
#include "slurm/sacct.h"
#include "slurm/squeue.h"

struct look {
	struct known_jobs known; /* to slurmctld, when it was asked: */
	int64_t asked; /* seconds */
	char **lost; /* names of jobs that it does not know */
	size_t lost_count;
	struct left_out unread; /* rows that cannot be read */
};

static int look_at_job(const struct sacct_job *job, void *ctx, struct sb_error *err)
{
	struct look *look = ctx;
	char **grown;

	if (job->start < 0 || job->end >= 0 || job->start >= look->asked ||
	    known_jobs_have(&look->known, job->id))
		return SB_OK;
	grown = reallocarray(look->lost, look->lost_count + 1, sizeof(*grown));
	if (grown)
		look->lost = grown;
	if (!grown || asprintf(&grown[look->lost_count], "%s/%s", job->cluster, job->name) < 0)
		return sb_error_set(err, SB_ESYSTEM, "out of memory for jobs");
	look->lost_count++;
	return SB_OK;
}

static int leave_out(const struct sacct_odd *odd, void *ctx, struct sb_error *err)
{
	struct look *look = ctx;

	(void)err;
	left_out_add(&look->unread, odd);
	return SB_OK;
}

struct remembered {
	const char *cluster;
	struct left_jobs left;
};

static int read_left(struct books *books, void *ctx, struct sb_error *err)
{
	struct remembered *remembered = ctx;

	left_jobs_release(&remembered->left);
	return books_left_jobs(books, remembered->cluster, &remembered->left, err);
}

/* Rows that cannot be read now, and jobs that are not charged because theirs could not. */
static void tell_left_out(struct env *env, const char *cluster, const struct left_out *unread,
			  struct diagnosis *diagnosis)
{
	static const char check
		[] = "jobs left out",
	   advice[] =
		   "their rows cannot be read, and each is charged once when its can: see `sacct "
		   "-D "
		   "-j` for them; a field that a newer Slurm prints otherwise is a bug of subank's";
	struct remembered remembered = {.cluster = cluster};
	struct left_jobs *left = &remembered.left;
	char rows[LEFT_OUT_TEXT_SIZE], text[NAMES_TEXT_SIZE], ids[LEFT_OUT_NAMED][24];
	const char *names[LEFT_OUT_NAMED];
	struct sb_error err;
	size_t named = 0;

	if (env->bank && bank_read(env->bank, env->os.now(), read_left, &remembered, &err)) {
		diagnose(diagnosis, VERDICT_BAD, check, cluster, err.text, "not read");
		return;
	}
	if (unread->count > 0)
		diagnose(diagnosis, VERDICT_BAD, check, cluster, advice, "%zu in a day: %s",
			 unread->count, left_out_text(rows, unread));
	for (; named < left->count && named < LEFT_OUT_NAMED; named++) {
		(void)snprintf(ids[named], sizeof(ids[0]), "%" PRId64, left->list[named].id);
		names[named] = ids[named];
	}
	if (left->count > 0)
		diagnose(diagnosis, VERDICT_BAD, check, cluster, advice,
			 "%zu not charged yet: %s%s", left->count, output_names(text, names, named),
			 left->count > named ? " …" : "");
	if (unread->count + left->count == 0)
		diagnose(diagnosis, VERDICT_OK, check, cluster, NULL, "none");
	left_jobs_release(left);
}

/* What squeue cannot tell of. */
static void tell_runaway(const char *cluster, const struct look *look, struct diagnosis *diagnosis)
{
	static const char check[] = "runaway jobs";

	if (look->known.odd > 0)
		diagnose(diagnosis, VERDICT_BAD, check, cluster,
			 "lines of squeue cannot be read, so that no job is taken for runaway: see "
			 "`squeue -a -t all -o %A`",
			 "%zu lines: %s", look->known.odd, look->known.first_odd);
	else if (look->lost_count == 0)
		diagnose(diagnosis, VERDICT_OK, check, cluster, NULL, "none");
	else
		diagnose_names(diagnosis, VERDICT_WARN, check, cluster,
			       "slurmdbd has no end of them, slurmctld does not know them, and "
			       "nobody is charged for them: sacctmgr show runawayjobs mends that",
			       (const char *const *)look->lost, look->lost_count);
}

void doctor_jobs(struct env *env, const char *cluster, struct diagnosis *diagnosis)
{
	struct look look = {.asked = env->os.now() / WHEN_SECOND};
	/* The last day: a check reads jobs that ended, too. */
	const struct sacct_window window = {.since = look.asked - WHEN_DAY / WHEN_SECOND,
					    .until = look.asked + 1};
	struct sb_error err;
	int code = squeue_read(&env->slurm, cluster, &look.known, &err);

	if (code == SB_OK)
		code = sacct_read(&env->slurm, cluster, &window,
				  &(struct sacct_sink){look_at_job, leave_out, &look}, &err);
	if (code != SB_OK)
		diagnose(diagnosis, VERDICT_BAD, "runaway jobs", cluster, err.text, "not read");
	else
		tell_runaway(cluster, &look, diagnosis);
	if (code == SB_OK)
		tell_left_out(env, cluster, &look.unread, diagnosis);
	for (size_t i = 0; i < look.lost_count; i++)
		free(look.lost[i]);
	free(look.lost);
	known_jobs_release(&look.known);
}
