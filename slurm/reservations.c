/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/reservations.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/base/number.h"
#include "slurm/error.h"

static const char header[] = "ID|TimeStart|Name";

struct reading {
	struct reservations list;
	const char *cluster;
	size_t line;
};

static int malformed(const struct reading *reading, const char *line, struct sb_error *err)
{
	return slurm_error(err, SB_EFORMAT,
			   "sacctmgr: line %zu of the reservations of cluster %s is "
			   "\"%.100s\"" SLURM_OWN,
			   reading->line, reading->cluster, line);
}

/* Reads the number before the next bar of *rest and moves *rest behind the bar. */
static bool take_number(const char **rest, int64_t *ret)
{
	size_t len = strcspn(*rest, "|");

	if (!(*rest)[len] || !number_slice(*rest, len, 0, INT64_MAX, ret))
		return false;
	*rest += len + 1;
	return true;
}

/* Appends a line that continues the last name, which contains a newline. */
static int join(struct reading *reading, const char *line, struct sb_error *err)
{
	struct reservation *last = &reading->list.list[reading->list.count - 1];
	char *whole;

	if (asprintf(&whole, "%s\n%s", last->name, line) < 0)
		return slurm_error_nomem(err);
	free(last->name);
	last->name = whole;
	return SB_OK;
}

static int read_line(char *line, size_t len, void *ctx, struct sb_error *err)
{
	struct reading *reading = ctx;
	struct reservation row, *added;
	const char *rest = line;

	if (reading->line++ == 0)
		return strcasecmp(line, header) == 0 ? SB_OK : malformed(reading, line, err);
	if (strlen(line) != len)
		return malformed(reading, line, err);
	if (!take_number(&rest, &row.id))
		return reading->list.count > 0 ? join(reading, line, err)
					       : malformed(reading, line, err);
	if (!take_number(&rest, &row.start))
		return malformed(reading, line, err);
	row.name = strdup(rest);
	added = row.name ? array_add(reading->list.list, reading->list.count) : NULL;
	if (!added) {
		free(row.name);
		return slurm_error_nomem(err);
	}
	*added = row;
	return SB_OK;
}

int reservations_read(const struct slurm *slurm, const char *cluster, struct reservations *ret,
		      struct sb_error *err)
{
	static const char *const env[] = {"SLURM_TIME_FORMAT=%s", "TZ=UTC0", NULL};
	struct reading reading = {.cluster = cluster};
	const struct line_sink sink = {read_line, &reading};
	char of[300];
	const char *const argv[] = {slurm->sacctmgr, "-P", "show", "reservation", of,
				    /* Without a start sacctmgr shows only active reservations. */
				    "start=1970-02-01", "format=ID,TimeStart,Name", NULL};
	int code;

	TRY(slurm_check_cluster(cluster, err));
	(void)snprintf(of, sizeof(of), "cluster=%s", cluster);
	code = slurm_ask_lines(slurm, argv, env, &sink, err);
	if (code == SB_OK && reading.line == 0)
		code = slurm_error(
			err, SB_EFORMAT,
			"sacctmgr: its answer about the reservations of %s is empty, not "
			"even column names",
			cluster);
	if (code == SB_OK)
		*ret = reading.list;
	else
		reservations_release(&reading.list);
	return code;
}

const char *reservations_name(const struct reservations *reservations, int64_t id, int64_t start)
{
	const struct reservation *best = NULL;

	/* Take the newest that had begun by then; if none had, because clocks differ, the oldest.
	 */
	for (size_t i = 0; i < reservations->count; i++) {
		const struct reservation *row = &reservations->list[i];
		bool begun = row->start <= start, had = best && best->start <= start;

		if (row->id == id && (!best || (begun && !had) ||
				      (begun == had && (row->start > best->start) == begun)))
			best = row;
	}
	return best ? best->name : NULL;
}

void reservations_release(struct reservations *reservations)
{
	for (size_t i = 0; i < reservations->count; i++)
		free(reservations->list[i].name);
	free(reservations->list);
	*reservations = (struct reservations){0};
}
