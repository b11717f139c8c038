/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "slurm/squeue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/base/array.h"
#include "ledger/base/number.h"
#include "slurm/table.h"

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static size_t count_lines(const struct run_result *answer)
{
	size_t lines = 0;

	for (size_t i = 0; i < answer->out_len; i++)
		lines += answer->out[i] == '\n';
	return lines;
}

/* What -M puts in front of the cluster's name, above the others. */
static const char cluster_line[] = "CLUSTER: ";

static bool is_cluster_line(const char *line)
{
	return strncmp(line, cluster_line, strlen(cluster_line)) == 0;
}

static bool is_blank(const char *line)
{
	return line[strspn(line, " \t\r")] == '\0';
}

static void read_id(struct known_jobs *known, size_t line, char *text)
{
	size_t len;

	text += strspn(text, " \t");
	for (len = strlen(text); len > 0 && strchr(" \t\r", text[len - 1]); len--)
		;
	if (number_slice(text, len, 0, INT64_MAX, &known->ids[known->count])) {
		known->count++;
		return;
	}
	if (known->odd++ == 0)
		(void)snprintf(known->first_odd, sizeof(known->first_odd),
			       "line %zu: JOBID is \"%.100s\"", line, text);
}

static int read_ids(const struct run_result *answer, const char *cluster, struct known_jobs *known,
		    struct sb_error *err)
{
	bool header_seen = false;
	size_t line = 0;
	char *rest = answer->out, *text;

	if (answer->out_len > 0 && (memchr(answer->out, '\0', answer->out_len) ||
				    answer->out[answer->out_len - 1] != '\n'))
		return sb_error_set(err, SB_EFORMAT,
				    "squeue: its answer for cluster %s is cut off or has a NUL "
				    "byte: see whether this is Slurm's own command",
				    cluster);
	while (rest && (text = strsep(&rest, "\n")) && rest) {
		line++;
		if (is_cluster_line(text) && strcmp(text + strlen(cluster_line), cluster) != 0)
			return sb_error_set(err, SB_EFORMAT,
					    "squeue: line %zu of its answer for cluster %s has "
					    "\"%.100s\": see whether this is Slurm's own command",
					    line, cluster, text);
		if (is_cluster_line(text) || is_blank(text))
			continue;
		if (header_seen)
			read_id(known, line, text);
		else if (strcasecmp(text, "JOBID") != 0)
			return sb_error_set(err, SB_EFORMAT,
					    "squeue: line %zu of its answer for cluster %s "
					    "should name column JOBID but has \"%.100s\": see "
					    "whether this is Slurm's own command",
					    line, cluster, text);
		header_seen = true;
	}
	if (!header_seen)
		return sb_error_set(err, SB_EFORMAT,
				    "squeue: its answer for cluster %s is empty, not even "
				    "column names: see whether Slurm answers",
				    cluster);
	array_sort(known->ids, known->count, compare);
	return SB_OK;
}

int squeue_read(const struct slurm *slurm, const char *cluster, struct known_jobs *ret,
		struct sb_error *err)
{
	const char *const argv[] = {slurm->squeue, "-a", "-t", "all", "-M",
				    cluster,	   "-o", "%A", NULL};
	struct known_jobs known = {0};
	struct run_result answer = {0};
	int code;

	code = slurm_check_cluster(cluster, err);
	if (code == SB_OK)
		code = slurm_ask(slurm, argv, &answer, err);
	if (code != SB_OK)
		return code;
	known.ids = calloc(count_lines(&answer) + 1, sizeof(*known.ids));
	code = known.ids ? read_ids(&answer, cluster, &known, err)
			 : sb_error_set(err, SB_ESYSTEM, "out of memory");
	run_result_release(&answer);
	if (code == SB_OK)
		*ret = known;
	else
		known_jobs_release(&known);
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
