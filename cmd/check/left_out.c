/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/left_out.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/frame/messages.h"
#include "cmd/show/rights_text.h"

void left_out_add(struct left_out *left, const struct sacct_odd *odd)
{
	char line[32] = "", job[32] = "", account[80] = "";

	if (left->count++ >= LEFT_OUT_NAMED)
		return;
	if (odd->line > 0)
		(void)snprintf(line, sizeof(line), "line %zu: ", odd->line);
	if (odd->id >= 0)
		(void)snprintf(job, sizeof(job), " of job %" PRId64, odd->id);
	if (odd->account)
		(void)snprintf(account, sizeof(account), " of account %.60s", odd->account);
	(void)snprintf(left->first[left->count - 1], sizeof(left->first[0]),
		       "%s%s%s%s is \"%.60s\"", line, odd->field, job, account, odd->value);
}

const char *left_out_text(char to[LEFT_OUT_TEXT_SIZE], const struct left_out *left)
{
	size_t named = left->count < LEFT_OUT_NAMED ? left->count : LEFT_OUT_NAMED, len = 0;

	to[0] = '\0';
	for (size_t i = 0; i < named; i++)
		len += (size_t)snprintf(to + len, LEFT_OUT_TEXT_SIZE - len, "%s%s", i ? "; " : "",
					left->first[i]);
	if (left->count > named)
		(void)snprintf(to + len, LEFT_OUT_TEXT_SIZE - len, "; and %zu more",
			       left->count - named);
	return to;
}

int left_out_warn(struct env *env, const char *cluster, const struct left_out *left,
		  const char *what)
{
	char text[LEFT_OUT_TEXT_SIZE];

	if (left->count == 0)
		return EXIT_DONE;
	warning(env, "sacct on cluster '%s': %zu %s cannot be read and %s left out, %s: %s",
		cluster, left->count, left->count == 1 ? "row" : "rows",
		left->count == 1 ? "is" : "are", what, left_out_text(text, left));
	return EXIT_PART;
}

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

int reservations_warn(struct env *env, const char *cluster, const struct reservations *reservations)
{
	const struct odd_rows *odd = &reservations->odd;
	char text[ODD_ROW_TEXT_SIZE];

	if (odd->count == 0)
		return EXIT_DONE;
	warning(env,
		"sacctmgr on cluster '%s': %zu %s of reservations cannot be read; jobs of these "
		"reservations are left out: %s",
		cluster, odd->count, odd->count == 1 ? "row" : "rows",
		odd_row_text(text, &odd->list[0]));
	return EXIT_PART;
}
