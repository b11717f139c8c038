/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/check/runaway.h"

#include "cmd/frame/messages.h"
#include "cmd/show/rights_text.h"

int runaway_read(struct env *env, const struct slurm_config *config, const char *cluster,
		 struct known_jobs *ret, struct sb_error *err)
{
	TRY(rights_check_squeue(env, config, err));
	return squeue_read(&env->slurm, cluster, ret, err);
}

bool runaway_is(const struct sacct_job *job, const struct known_jobs *known, int64_t asked)
{
	return job->start >= 0 && job->end < 0 && job->start < asked &&
	       !known_jobs_have(known, job->id);
}

int runaway_warn(struct env *env, const char *cluster, const struct known_jobs *known)
{
	if (known->odd == 0)
		return EXIT_DONE;
	warning(env,
		"squeue on cluster '%s': %zu %s cannot be read, so that no job there is taken for "
		"runaway: %s",
		cluster, known->odd, known->odd == 1 ? "line" : "lines", known->first_odd);
	return EXIT_PART;
}
