/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/doctor.h"
#include "ledger/when.h"
#include "slurm/sacct.h"
#include "slurm/squeue.h"

struct look {
	struct known_jobs known; /* to slurmctld, when it was asked: */
	int64_t asked; /* seconds */
	char **lost; /* names of jobs that it does not know */
	size_t lost_count;
};

static int look_at_job(const struct sacct_job *job, void *ctx, struct slurm_error *err)
{
	struct look *look = ctx;
	char **grown;

	if (job->start < 0 || job->end >= 0 || job->start >= look->asked ||
	    known_jobs_have(&look->known, job->id))
		return SLURM_OK;
	grown = reallocarray(look->lost, look->lost_count + 1, sizeof(*grown));
	if (grown)
		look->lost = grown;
	if (!grown || asprintf(&grown[look->lost_count], "%s/%s", job->cluster, job->name) < 0)
		return slurm_error_set(err, SLURM_ESYSTEM, "out of memory for jobs");
	look->lost_count++;
	return SLURM_OK;
}

void doctor_jobs(struct env *env, const char *cluster, struct diagnosis *diagnosis)
{
	static const char check[] = "runaway jobs";
	struct look look = {.asked = env->now() / WHEN_SECOND};
	const struct sacct_window window = {.since = look.asked, .until = look.asked + 1};
	struct slurm_error err;
	int code = squeue_read(&env->slurm, cluster, &look.known, &err);

	if (code == SLURM_OK)
		code = sacct_read(&env->slurm, cluster, &window, look_at_job, &look, &err);
	if (code != SLURM_OK)
		diagnose(diagnosis, VERDICT_BAD, check, cluster, err.text, "not read");
	else if (look.lost_count == 0)
		diagnose(diagnosis, VERDICT_OK, check, cluster, NULL, "none");
	else
		diagnose_names(diagnosis, VERDICT_WARN, check, cluster,
			       "slurmdbd has no end of them, slurmctld does not know them, and "
			       "nobody is charged for them: sacctmgr show runawayjobs mends that",
			       (const char *const *)look.lost, look.lost_count);
	for (size_t i = 0; i < look.lost_count; i++)
		free(look.lost[i]);
	free(look.lost);
	known_jobs_release(&look.known);
}
