/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/reservations.h"

#include <inttypes.h>
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
	bool left_out; /* the last row was; further lines of its name go with it */
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

static int leave_out(struct reading *reading, const char *field, const char *value,
		     struct sb_error *err)
{
	reading->left_out = true;
	return odd_rows_add(&reading->list.odd, reading->line, field, value, "", err);
}

/* Appends a line that continues the last name, which contains a newline. */
static int join(struct reading *reading, const char *line, struct sb_error *err)
{
	struct reservation *last;
	char *whole;

	if (reading->left_out)
		return SB_OK;
	last = &reading->list.list[reading->list.count - 1];
	if (asprintf(&whole, "%s\n%s", last->name, line) < 0)
		return slurm_error_nomem(err);
	free(last->name);
	last->name = whole;
	return SB_OK;
}

static int read_line(char *line, size_t len, void *ctx, struct sb_error *err)
{
	struct reading *reading = ctx;
	struct reservation row = {.line = reading->line + 1}, *added;
	const char *rest = line;

	if (reading->line++ == 0)
		return strcasecmp(line, header) == 0 ? SB_OK : malformed(reading, line, err);
	if (strlen(line) != len)
		return leave_out(reading, "a row", "a NUL byte", err);
	if (!take_number(&rest, &row.id))
		return reading->left_out || reading->list.count > 0
			       ? join(reading, line, err)
			       : leave_out(reading, "a row", line, err);
	if (!take_number(&rest, &row.start))
		return leave_out(reading, "a row", line, err);
	reading->left_out = false;
	row.name = strdup(rest);
	added = row.name ? array_add(reading->list.list, reading->list.count) : NULL;
	if (!added) {
		free(row.name);
		return slurm_error_nomem(err);
	}
	*added = row;
	return SB_OK;
}

/* Orders by id and start. */
static int by_time(const void *a, const void *b)
{
	const struct reservation *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

static int by_line(const void *a, const void *b)
{
	const struct reservation *x = a, *y = b;
	int order = by_time(a, b);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* Returns the first of rows [first] to [end), all of one id, that has another name than its
 * neighbour at the same time; [end]: none has. */
static size_t find_second_name(const struct reservation *list, size_t first, size_t end)
{
	for (size_t i = first + 1; i < end; i++) {
		if (list[i].start == list[i - 1].start &&
		    strcmp(list[i].name, list[i - 1].name) != 0)
			return i;
	}
	return end;
}

/* Sorts the list and removes the ids that have two names at one time. */
static int sort(struct reservations *reservations, struct sb_error *err)
{
	struct reservation *list = reservations->list;
	size_t count = reservations->count, kept = 0, end;
	char value[64];
	int code = SB_OK;

	array_sort(list, count, by_line);
	for (size_t first = 0; first < count; first = end) {
		size_t second;

		for (end = first + 1; end < count && list[end].id == list[first].id;)
			end++;
		second = find_second_name(list, first, end);
		if (second < end && code == SB_OK) {
			(void)snprintf(value, sizeof(value), "%" PRId64 ", with two names at once",
				       list[first].id);
			code = odd_rows_add(&reservations->odd, list[second].line, "ID", value, "",
					    err);
		}
		for (size_t i = first; i < end; i++) {
			if (second < end)
				free(list[i].name);
			else
				list[kept++] = list[i];
		}
	}
	reservations->count = kept;
	return code;
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
		code = sort(&reading.list, err);
	if (code == SB_OK)
		*ret = reading.list;
	else
		reservations_release(&reading.list);
	return code;
}

const char *reservations_name(const struct reservations *reservations, int64_t id, int64_t start)
{
	const struct reservation *list = reservations->list;
	const struct reservation key = {.id = id, .start = start};
	size_t at;

	if (array_search(list, reservations->count, &key, by_time, &at))
		return list[at].name;
	/* Take the newest that had begun by then; if none had, because clocks differ, the oldest.
	 */
	if (at > 0 && list[at - 1].id == id)
		return list[at - 1].name;
	return at < reservations->count && list[at].id == id ? list[at].name : NULL;
}

void reservations_release(struct reservations *reservations)
{
	for (size_t i = 0; i < reservations->count; i++)
		free(reservations->list[i].name);
	free(reservations->list);
	odd_rows_release(&reservations->odd);
	*reservations = (struct reservations){0};
}
