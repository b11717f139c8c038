/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "slurm/squeue.h"

#include <stdlib.h>
#include <string.h>

#include "slurm/table.h"

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static int read_ids(const struct table *table, struct known_jobs *ret, struct slurm_error *err)
{
	*ret = (struct known_jobs){.ids = calloc(table->rows + 1, sizeof(*ret->ids))};
	if (!ret->ids)
		return slurm_error_set(err, SLURM_ESYSTEM, "out of memory");
	for (; ret->count < table->rows; ret->count++) {
		const char *id = table_cell(table, ret->count, 0);

		if (!whole_number(id, strlen(id), &ret->ids[ret->count])) {
			known_jobs_release(ret);
			return slurm_error_set(err, SLURM_EFORM,
					       "squeue: \"%.200s\" is no job's number", id);
		}
	}
	qsort(ret->ids, ret->count, sizeof(*ret->ids), compare);
	return SLURM_OK;
}

int squeue_read(const struct slurm *slurm, const char *cluster, struct known_jobs *ret,
		struct slurm_error *err)
{
	static const char *const columns[] = {"JOBID"};
	const char *const argv[] = {slurm->squeue, "-a", "-t", "all", "-M",
				    cluster,	   "-o", "%A", NULL};
	struct table table;
	int code;

	code = slurm_check_cluster(cluster, err);
	if (code != SLURM_OK)
		return code;
	code = table_ask(slurm, "squeue", argv, columns, 1, NULL, &table, err);
	if (code != SLURM_OK)
		return code;
	code = read_ids(&table, ret, err);
	table_release(&table);
	return code;
}

bool known_jobs_have(const struct known_jobs *known, int64_t id)
{
	return bsearch(&id, known->ids, known->count, sizeof(*known->ids), compare);
}

void known_jobs_release(struct known_jobs *known)
{
	free(known->ids);
	*known = (struct known_jobs){0};
}
