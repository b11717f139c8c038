/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "slurm/sacct.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "ledger/base/comma.h"
#include "ledger/base/number.h"
#include "slurm/table.h"

/* sacct takes smaller numbers behind "uts" for no time at all (measured on 22.05.8). */
enum { TIME_MIN = 1000000 };

/* Seconds: the end of the year 9999. */
#define TIME_MAX INT64_C(253402300799)

/* Bytes of "a,b,c", NUL included; Linux allows 128 KiB for one argument. */
enum { LIST_MAX = 100 << 10 };

enum { DELIMITER_SIZE = 10, COLUMNS_SIZE = 256 }; /* bytes, NUL included */

/* Bytes of a row in several lines: slurmdbd's names have at most 255. */
enum { ROW_MAX = 16 << 10 };

enum column {
	CLUSTER,
	JOB_ID_RAW,
	JOB_ID,
	DB_INDEX,
	ACCOUNT,
	USER,
	PARTITION,
	QOS,
	STATE,
	SUBMIT,
	START,
	END,
	ELAPSED_RAW,
	SUSPENDED,
	ALLOC_TRES,
	TIMELIMIT_RAW,
	NCOLUMNS,
};

static const char *const names[NCOLUMNS] = {
	[CLUSTER] = "Cluster",
	[JOB_ID_RAW] = "JobIDRaw",
	[JOB_ID] = "JobID",
	[DB_INDEX] = "DBIndex",
	[ACCOUNT] = "Account",
	[USER] = "User",
	[PARTITION] = "Partition",
	[QOS] = "QOS",
	[STATE] = "State",
	[SUBMIT] = "Submit",
	[START] = "Start",
	[END] = "End",
	[ELAPSED_RAW] = "ElapsedRaw",
	[SUSPENDED] = "Suspended",
	[ALLOC_TRES] = "AllocTRES",
	[TIMELIMIT_RAW] = "TimelimitRaw",
};

/* An item's number, in [len] bytes; memory has an M behind it, billing has not. */
static bool tres_number(const char *name, const char *text, size_t len, int64_t *ret)
{
	bool unit = len > 0 && text[len - 1] == 'M' && strcasecmp(name, "billing") != 0;

	return number_slice(text, len - unit, 0, INT64_MAX, ret);
}

int sacct_tres(const char *list, const char *name, int64_t *ret, struct sb_error *err)
{
	size_t asked_len = strlen(name), len;
	int64_t value = -1;
	const char *item;

	for (const char *rest = list; comma_next(&rest, &item, &len);) {
		size_t name_len = strcspn(item, "=,");

		if (name_len == asked_len && strncasecmp(item, name, name_len) == 0 &&
		    (value >= 0 || name_len == len ||
		     !tres_number(name, item + name_len + 1, len - name_len - 1, &value)))
			return sb_error_set(err, SB_EFORMAT,
					    "\"%.200s\" has not one number of %s: see sacct -o "
					    "AllocTRES",
					    list, name);
	}
	*ret = value;
	return SB_OK;
}

struct reading {
	const char *cluster;
	sacct_each *each;
	sacct_left_out *odd;
	void *ctx;
	char delimiter[DELIMITER_SIZE];
	bool header_seen;
	size_t line;
	/* A row of which more lines are to come: a name in it has a newline. */
	char *begun;
	size_t begun_len;
	size_t begun_line;
};

/* The answer as a whole is not to be trusted. */
static int malformed(const struct reading *reading, const char *what, const char *found,
		     struct sb_error *err)
{
	return sb_error_set(err, SB_EFORMAT,
			    "sacct: line %zu of its answer for cluster %s has \"%.100s\" for "
			    "%s: see whether this is Slurm's own command",
			    reading->line, reading->cluster, found, what);
}

static bool is_word(const char *text, const char *const words[])
{
	for (size_t i = 0; words[i]; i++) {
		if (strcmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

/* What is printed instead of a time when there is none. */
static bool is_no_time(const char *text)
{
	static const char *const no_time[] = {"None", "Unknown", NULL};

	return is_word(text, no_time);
}

/* Seconds: a time, or how long something took. */
static bool read_seconds(const char *text, int64_t *ret)
{
	return number_parse(text, 0, TIME_MAX, ret);
}

/* -1 when there is none. */
static bool read_time(const char *text, int64_t *ret)
{
	if (!is_no_time(text))
		return read_seconds(text, ret);
	*ret = -1;
	return true;
}

/* "1-02:03:04", with the days left out when there are none. */
static bool read_length(const char *text, int64_t *ret)
{
	size_t len = strcspn(text, "-");
	const char *clock = text[len] ? text + len + 1 : text;
	int64_t days = 0, hours, minutes, seconds;

	if ((text[len] && !number_slice(text, len, 0, TIME_MAX / 86400, &days)) ||
	    strlen(clock) != 8 || clock[2] != ':' || clock[5] != ':' ||
	    !number_slice(clock, 2, 0, 23, &hours) ||
	    !number_slice(clock + 3, 2, 0, 59, &minutes) ||
	    !number_slice(clock + 6, 2, 0, 59, &seconds))
		return false;
	*ret = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
	return true;
}

/* Minutes, 32 bits of them in Slurm. What is not understood is no limit that is known: the job is
 * charged all the same. */
static int64_t read_limit(const char *text)
{
	int64_t minutes;

	return number_parse(text, 0, UINT32_MAX, &minutes) ? minutes * 60 : -1;
}

/* What a resized job used before is in its row before. */
static void clip_resized(struct sacct_job *job)
{
	int64_t since = job->submit, before;

	if (job->start < 0 || job->start >= since)
		return;
	if (job->end >= 0 && job->end < since)
		since = job->end;
	before = since - job->start;
	job->start = since;
	job->elapsed = job->elapsed > before ? job->elapsed - before : 0;
	if (job->limit > 0)
		job->limit = job->limit > before ? job->limit - before : 0;
}

/* Fills in [job]. Returns the column that cannot be read; NCOLUMNS: there is none. */
static enum column read_cells(char *const cells[NCOLUMNS], struct sacct_job *job)
{
	char *by = strstr(cells[STATE], " by ");
	int64_t billing;

	*job = (struct sacct_job){.cluster = cells[CLUSTER],
				  .name = *cells[JOB_ID] ? cells[JOB_ID] : cells[JOB_ID_RAW],
				  .account = cells[ACCOUNT],
				  .user = cells[USER],
				  .partition = cells[PARTITION],
				  .qos = cells[QOS],
				  .state = cells[STATE],
				  .tres = cells[ALLOC_TRES],
				  .limit = read_limit(cells[TIMELIMIT_RAW])};
	/* "CANCELLED by 1000" */
	if (by)
		*by = '\0';
	if (!number_unsigned(cells[DB_INDEX], strlen(cells[DB_INDEX]), &job->index))
		job->index = 0;
	if (!number_parse(cells[JOB_ID_RAW], 0, INT64_MAX, &job->id))
		return JOB_ID_RAW;
	if (!read_seconds(cells[SUBMIT], &job->submit))
		return SUBMIT;
	if (!read_time(cells[START], &job->start))
		return START;
	if (!read_time(cells[END], &job->end))
		return END;
	/* More than there was: then one of the times is wrong. */
	if (!read_seconds(cells[ELAPSED_RAW], &job->elapsed) ||
	    (job->start >= 0 && job->end >= 0 && job->elapsed > 0 &&
	     job->elapsed > job->end - job->start))
		return ELAPSED_RAW;
	if (!read_length(cells[SUSPENDED], &job->suspended))
		return SUSPENDED;
	if (sacct_tres(job->tres, "billing", &billing, NULL))
		return ALLOC_TRES;
	job->billing = billing > 0 ? billing : 0;
	clip_resized(job);
	return NCOLUMNS;
}

/* Leaves out a job of which one field cannot be read. */
static int leave_out(const struct reading *reading, size_t line, char *const cells[NCOLUMNS],
		     enum column column, struct sb_error *err)
{
	struct sacct_odd odd = {.line = line,
				.field = names[column],
				.value = cells[column],
				.job = true,
				.account = cells[ACCOUNT],
				.id = -1,
				.submit = -1,
				.ended = !is_no_time(cells[END])};

	(void)number_parse(cells[JOB_ID_RAW], 0, INT64_MAX, &odd.id);
	(void)read_seconds(cells[SUBMIT], &odd.submit);
	return reading->odd(&odd, reading->ctx, err);
}

/* Whether the line begins with the cluster: no name can, since the delimiter stands behind it. */
static bool begins_row(const struct reading *reading, const char *line)
{
	size_t len = strlen(reading->cluster);

	return strncmp(line, reading->cluster, len) == 0 &&
	       strncmp(line + len, reading->delimiter, strlen(reading->delimiter)) == 0;
}

/* Leaves out what has too few or too many fields; of too many all behind the last are in it. */
static int leave_out_row(const struct reading *reading, size_t line, const char *text,
			 struct sb_error *err)
{
	size_t ahead = strlen(reading->cluster) + strlen(reading->delimiter);
	struct sacct_odd odd = {.line = line,
				.field = "a row",
				.value = text,
				.job = begins_row(reading, text),
				.id = -1,
				.submit = -1,
				.ended = true};

	if (odd.job)
		(void)number_prefix(text + ahead, 0, INT64_MAX, &odd.id);
	return reading->odd(&odd, reading->ctx, err);
}

static int read_row(const struct reading *reading, size_t line, char *const cells[NCOLUMNS],
		    struct sb_error *err)
{
	struct sacct_job job;
	enum column column;

	if (strcmp(cells[CLUSTER], reading->cluster) != 0)
		return malformed(reading, "Cluster", cells[CLUSTER], err);
	column = read_cells(cells, &job);
	return column == NCOLUMNS ? reading->each(&job, reading->ctx, err)
				  : leave_out(reading, line, cells, column, err);
}

/* Splits a whole row in place. Returns how many fields there are; a row that has fewer or more
 * stays as it is. */
static size_t split(const struct reading *reading, char *row, char *cells[NCOLUMNS])
{
	size_t len = strlen(reading->delimiter), count = 0;

	for (char *at = row; at; at = strstr(at, reading->delimiter)) {
		at += count > 0 ? len : 0;
		if (count < NCOLUMNS)
			cells[count] = at;
		count++;
	}
	for (size_t i = 1; i < NCOLUMNS && count == NCOLUMNS; i++)
		cells[i][-(ptrdiff_t)len] = '\0';
	return count;
}

/* Joins a line to what has begun. */
static int join(struct reading *reading, const char *line, size_t len, struct sb_error *err)
{
	char *grown;

	if (!reading->begun)
		reading->begun_line = reading->line;
	if (reading->begun_len + len > ROW_MAX)
		return malformed(reading, "a row", reading->begun, err);
	grown = realloc(reading->begun, reading->begun_len + len + 2);
	if (!grown)
		return sb_error_set(err, SB_ESYSTEM, "sacct: out of memory for a row");
	if (reading->begun)
		grown[reading->begun_len++] = '\n';
	memcpy(grown + reading->begun_len, line, len + 1);
	reading->begun = grown;
	reading->begun_len += len;
	return SB_OK;
}

static void forget_begun(struct reading *reading)
{
	free(reading->begun);
	reading->begun = NULL;
	reading->begun_len = 0;
}

/* A row, if all of it is there. */
static int read_text(struct reading *reading, char *text, size_t len, size_t line,
		     struct sb_error *err)
{
	char *cells[NCOLUMNS];
	size_t count = split(reading, text, cells);
	int code;

	if (count < NCOLUMNS)
		return text == reading->begun ? SB_OK : join(reading, text, len, err);
	code = count == NCOLUMNS ? read_row(reading, line, cells, err)
				 : leave_out_row(reading, line, text, err);
	forget_begun(reading);
	return code;
}

/* "Cluster", the delimiter, "JobIDRaw" … */
static bool is_header(const struct reading *reading, const char *line)
{
	size_t len = strlen(reading->delimiter);

	for (size_t i = 0; i < NCOLUMNS; i++) {
		size_t name = strlen(names[i]);

		if (strncasecmp(line, names[i], name) != 0)
			return false;
		line += name;
		if (i + 1 < NCOLUMNS && strncmp(line, reading->delimiter, len) != 0)
			return false;
		line += i + 1 < NCOLUMNS ? len : 0;
	}
	return !*line;
}

static int read_line(char *line, size_t len, void *ctx, struct sb_error *err)
{
	struct reading *reading = ctx;
	int code = SB_OK;

	reading->line++;
	if (strlen(line) != len)
		return malformed(reading, "a line", "a NUL byte", err);
	if (!reading->header_seen) {
		reading->header_seen = true;
		return is_header(reading, line) ? SB_OK
						: malformed(reading, "its header", line, err);
	}
	if (!reading->begun)
		return read_text(reading, line, len, reading->line, err);
	if (begins_row(reading, line)) {
		code = leave_out_row(reading, reading->begun_line, reading->begun, err);
		forget_begun(reading);
		return code ? code : read_text(reading, line, len, reading->line, err);
	}
	code = join(reading, line, len, err);
	return code ? code
		    : read_text(reading, reading->begun, reading->begun_len, reading->begun_line,
				err);
}

/* "a,b,c". NULL, with SB_OK, when all are meant; free() it. */
static int join_accounts(const struct sacct_window *window, char **ret, struct sb_error *err)
{
	size_t size = 0, len = 0;
	char *list;

	*ret = NULL;
	for (size_t i = 0; i < window->account_count; i++) {
		const char *account = window->accounts[i];

		if (!slurm_name_ok(account))
			return sb_error_set(err, SB_EINVAL,
					    "\"%.255s\" cannot be an account's name here: use "
					    "a-z, 0-9 and _ . - @ %% /",
					    account ? account : "");
		size += strlen(account) + 1;
	}
	if (size == 0 || size > LIST_MAX)
		return SB_OK;
	list = malloc(size);
	if (!list)
		return sb_error_set(err, SB_ESYSTEM, "sacct: not started: out of memory");
	for (size_t i = 0; i < window->account_count; i++)
		len += (size_t)snprintf(list + len, size - len, "%s%s", i ? "," : "",
					window->accounts[i]);
	*ret = list;
	return SB_OK;
}

/* The same of numbers. */
static int join_ids(const struct sacct_window *window, char **ret, struct sb_error *err)
{
	enum { ID_SIZE = 24 };
	size_t size = window->id_count * ID_SIZE, len = 0;
	char *list;

	*ret = NULL;
	if (size == 0 || size > LIST_MAX)
		return SB_OK;
	list = malloc(size);
	if (!list)
		return sb_error_set(err, SB_ESYSTEM, "sacct: not started: out of memory");
	for (size_t i = 0; i < window->id_count; i++)
		len += (size_t)snprintf(list + len, size - len, "%s%" PRId64, i ? "," : "",
					window->ids[i]);
	*ret = list;
	return SB_OK;
}

/* What no name holds, since nobody knew it when he gave one. Without what a shell or a format would
 * change: sites have wrappers around sacct. */
static int make_delimiter(char to[DELIMITER_SIZE], struct sb_error *err)
{
	uint32_t chance;

	if (getrandom(&chance, sizeof(chance), 0) != (ssize_t)sizeof(chance))
		return sb_error_set(err, SB_ESYSTEM,
				    "sacct: not started: cannot get random bytes: %s",
				    strerror(errno));
	(void)snprintf(to, DELIMITER_SIZE, "@%08" PRIx32, chance);
	return SB_OK;
}

static void join_names(char to[COLUMNS_SIZE])
{
	size_t len = 0;

	for (size_t i = 0; i < NCOLUMNS; i++)
		len += (size_t)snprintf(to + len, COLUMNS_SIZE - len, "%s%s", i ? "," : "",
					names[i]);
}

static int ask(const struct slurm *slurm, const struct sacct_window *window,
	       struct reading *reading, const char *accounts, const char *ids, struct sb_error *err)
{
	static const char *const env[] = {"SLURM_TIME_FORMAT=%s", "TZ=UTC0", NULL};
	char since[32], until[32], columns[COLUMNS_SIZE];
	const char *argv[24] = {slurm->sacct,  "-D",
				"-X",	       "-a",
				"-P",	       "--noconvert",
				"--delimiter", reading->delimiter,
				"-M",	       reading->cluster,
				"-S",	       since,
				"-E",	       until,
				"-o",	       columns};
	size_t count = 16;

	(void)snprintf(since, sizeof(since), "uts%" PRId64,
		       window->since > TIME_MIN ? window->since : TIME_MIN);
	(void)snprintf(until, sizeof(until), "uts%" PRId64, window->until);
	join_names(columns);
	if (accounts) {
		argv[count++] = "-A";
		argv[count++] = accounts;
	}
	if (ids) {
		argv[count++] = "-j";
		argv[count++] = ids;
	}
	return slurm_ask_lines(slurm, argv, env, read_line, reading, err);
}

int sacct_read(const struct slurm *slurm, const char *cluster, const struct sacct_window *window,
	       sacct_each *each, sacct_left_out *odd, void *ctx, struct sb_error *err)
{
	struct reading reading = {.cluster = cluster, .each = each, .odd = odd, .ctx = ctx};
	char *accounts = NULL, *ids = NULL;
	int code = slurm_check_cluster(cluster, err);

	if (code == SB_OK)
		code = make_delimiter(reading.delimiter, err);
	if (code == SB_OK)
		code = join_accounts(window, &accounts, err);
	if (code == SB_OK)
		code = join_ids(window, &ids, err);
	if (code == SB_OK)
		code = ask(slurm, window, &reading, accounts, ids, err);
	free(accounts);
	free(ids);
	if (code == SB_OK && !reading.header_seen)
		code = sb_error_set(err, SB_EFORMAT,
				    "sacct: its answer for cluster %s is empty, not even column "
				    "names: see whether slurmdbd answers",
				    cluster);
	if (code == SB_OK && reading.begun)
		code = malformed(&reading, "its last row", reading.begun, err);
	forget_begun(&reading);
	return code;
}
