/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/squeue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/base/number.h"
#include "slurm/error.h"
#include "slurm/table.h"

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* Refuses the answer of another cluster, by the lines that -M adds. */
static int check_cluster(const char *answer, const char *cluster, struct sb_error *err)
{
	static const char prefix[] = "CLUSTER: ";
	size_t number = 1, ahead = strlen(prefix), len;

	for (const char *line = answer; *line; line += len + (line[len] == '\n'), number++) {
		len = strcspn(line, "\n");
		if (strncmp(line, prefix, ahead) == 0 &&
		    (len - ahead != strlen(cluster) ||
		     memcmp(line + ahead, cluster, len - ahead) != 0))
			return slurm_error(err, SB_EFORMAT,
					   "squeue: line %zu of cluster %s has \"%.*s\"" SLURM_OWN,
					   number, cluster, (int)(len < 100 ? len : 100), line);
	}
	return SB_OK;
}

static int take_ids(const struct table *table, struct known_jobs *known, struct sb_error *err)
{
	known->ids = calloc(table->rows + 1, sizeof(*known->ids));
	if (!known->ids)
		return slurm_error_nomem(err);
	for (size_t i = 0; i < table->rows; i++) {
		const char *text = table_cell(table, i, 0);
		size_t len;

		text += strspn(text, " \t");
		for (len = strlen(text); len > 0 && strchr(" \t\r", text[len - 1]); len--)
			;
		if (number_slice(text, len, 0, INT64_MAX, &known->ids[known->count]))
			known->count++;
		else if (known->odd++ == 0)
			(void)snprintf(known->first_odd, sizeof(known->first_odd),
				       "line %zu: JOBID is \"%.100s\"", table->lines[i].line, text);
	}
	array_sort(known->ids, known->count, compare);
	return SB_OK;
}

int squeue_read(const struct slurm *slurm, const char *cluster, struct known_jobs *ret,
		struct sb_error *err)
{
	static const char *const columns[] = {"JOBID"};
	static const struct table_form form = {"squeue", columns, 1, NULL};
	const char *const argv[] = {slurm->squeue, "-a", "-t", "all", "-M",
				    cluster,	   "-o", "%A", NULL};
	struct known_jobs known = {0};
	struct run_result answer = {0};
	struct table table = {0};
	int code;

	TRY(slurm_check_cluster(cluster, err));
	TRY(slurm_ask(slurm, argv, &answer, err));
	code = check_cluster(answer.out, cluster, err);
	if (code == SB_OK)
		code = table_parse(&form, answer.out, answer.out_len, &table, err);
	run_result_release(&answer);
	TRY(code);
	code = take_ids(&table, &known, err);
	table_release(&table);
	if (code == SB_OK)
		*ret = known;
	return code;
}

bool known_jobs_have(const struct known_jobs *known, int64_t id)
{
	return known->odd > 0 || array_find(known->ids, known->count, &id, compare);
}

void known_jobs_release(struct known_jobs *known)
{
	free(known->ids);
	*known = (struct known_jobs){0};
}
