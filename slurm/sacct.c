/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/sacct.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "ledger/base/number.h"
#include "ledger/base/tres.h"
#include "slurm/error.h"

/* sacct takes a smaller number behind "uts" for no time (measured on 22.05.8). */
enum { TIME_MIN = 1000000 };

/* The end of the year 9999, in seconds. */
#define TIME_MAX INT64_C(253402300799)

/* Bytes of "a,b,c", NUL included; Linux allows 128 KiB for one argument. */
enum { LIST_MAX = 100 << 10 };

/* Bytes, NUL included. A delimiter has this length always. */
enum { DELIMITER_SIZE = 10, COLUMNS_SIZE = 512 };

enum { DELIMITER_FIRST = '@' };

/* Bytes of a row of several lines: names in slurmdbd have at most 255. */
enum { ROW_MAX = 16 << 10 };

/* The columns of the answer, in its order. */
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
	RESERVATION_ID, /* only if the window has reservations */
	TIMELIMIT_RAW,
	NCOLUMNS
};

static const char *const names[NCOLUMNS] = {
	"Cluster",    "JobIDRaw",  "JobID",	"DBIndex",	 "Account",	"User",
	"Partition",  "QOS",	   "State",	"Submit",	 "Start",	"End",
	"ElapsedRaw", "Suspended", "AllocTRES", "ReservationId", "TimelimitRaw"};

int sacct_tres(const char *list, const char *name, int64_t *ret, struct sb_error *err)
{
	return tres_count(list, name, ret)
		       ? SB_OK
		       : slurm_error(err, SB_EFORMAT, "\"%.200s\" does not have one number of %s",
				     list, name);
}

struct answer {
	const char *cluster;
	const struct sacct_sink *sink;
	const struct reservations *reservations; /* NULL: the answer has no column ReservationId */
	char delimiter[DELIMITER_SIZE];
	bool header_seen;
	size_t line;
	size_t row_line; /* in which the row begins */
	/* A row whose other lines are still to come: a name in it has a newline. */
	char *begun;
	size_t begun_len;
};

/* Refuses the whole answer. */
static int malformed(const struct answer *answer, const char *what, const char *found,
		     struct sb_error *err)
{
	return slurm_error(err, SB_EFORMAT,
			   "sacct: line %zu of cluster %s has \"%.100s\" for %s" SLURM_OWN,
			   answer->line, answer->cluster, found, what);
}

/* Whether sacct prints the word instead of a time that does not exist. */
static bool is_no_time(const char *text)
{
	return strcmp(text, "None") == 0 || strcmp(text, "Unknown") == 0;
}

/* Reads a time or a duration, in seconds. */
static bool read_seconds(const char *text, int64_t *ret)
{
	return number_parse(text, 0, TIME_MAX, ret);
}

/* Reads a time; -1 when there is none. */
static bool read_time(const char *text, int64_t *ret)
{
	if (!is_no_time(text))
		return read_seconds(text, ret);
	*ret = -1;
	return true;
}

/* Reads minutes, which have 32 bits in Slurm. Anything else is an unknown limit: the job is charged
 * all the same. */
static int64_t read_limit(const char *text)
{
	int64_t minutes;

	return number_parse(text, 0, UINT32_MAX, &minutes) ? minutes * 60 : -1;
}

/* Removes from a row of a resized job what its previous row has. */
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

/* Finds the name of the job's reservation. A job that has not started needs none. Returns false
 * for an id that cannot be read. */
static bool read_reservation(const struct reservations *reservations, const char *text,
			     struct sacct_job *job)
{
	int64_t id = 0;

	if (*text && !number_parse(text, 0, INT64_MAX, &id))
		return false;
	if (id > 0 && job->start >= 0)
		job->reservation = reservations_name(reservations, id, job->start);
	return true;
}

/* Fills in [job]. Returns the column that cannot be read, or NCOLUMNS. */
static enum column read_cells(const struct answer *answer, char *const cells[NCOLUMNS],
			      struct sacct_job *job)
{
	char *by = strchr(cells[STATE], ' ');
	int64_t billing;

	*job = (struct sacct_job){.cluster = cells[CLUSTER],
				  .name = *cells[JOB_ID] ? cells[JOB_ID] : cells[JOB_ID_RAW],
				  .account = cells[ACCOUNT],
				  .user = cells[USER],
				  .partition = cells[PARTITION],
				  .qos = cells[QOS],
				  .state = cells[STATE],
				  .tres = cells[ALLOC_TRES],
				  .reservation = "",
				  .reservation_id = cells[RESERVATION_ID],
				  .limit = read_limit(cells[TIMELIMIT_RAW])};
	/* "CANCELLED by 1000" */
	by = by ? strstr(by, " by ") : NULL;
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
	/* A job that ran for longer than from start to end has a wrong time. */
	if (!read_seconds(cells[ELAPSED_RAW], &job->elapsed) ||
	    (job->start >= 0 && job->end >= 0 && job->elapsed > 0 &&
	     job->elapsed > job->end - job->start))
		return ELAPSED_RAW;
	if (!slurm_duration(cells[SUSPENDED], &job->suspended))
		return SUSPENDED;
	if (sacct_tres(job->tres, "billing", &billing, NULL))
		return ALLOC_TRES;
	if (answer->reservations &&
	    !read_reservation(answer->reservations, cells[RESERVATION_ID], job))
		return RESERVATION_ID;
	job->billing = billing > 0 ? billing : 0;
	clip_resized(job);
	return NCOLUMNS;
}

/* Leaves out a job with a field that cannot be read. */
static int leave_out(const struct answer *answer, char *const cells[NCOLUMNS], enum column column,
		     struct sb_error *err)
{
	struct sacct_odd odd = {.line = answer->row_line,
				.field = names[column],
				.value = cells[column],
				.job = true,
				.account = cells[ACCOUNT],
				.id = -1,
				.submit = -1,
				.ended = !is_no_time(cells[END])};

	(void)number_parse(cells[JOB_ID_RAW], 0, INT64_MAX, &odd.id);
	(void)read_seconds(cells[SUBMIT], &odd.submit);
	return answer->sink->left_out(&odd, answer->sink->ctx, err);
}

/* Whether the line begins with the cluster and the delimiter, which no name can hold. */
static bool begins_row(const struct answer *answer, const char *line)
{
	size_t len = strlen(answer->cluster);

	return strncmp(line, answer->cluster, len) == 0 &&
	       strncmp(line + len, answer->delimiter, strlen(answer->delimiter)) == 0;
}

/* Leaves out a row with too few or too many fields. */
static int leave_out_row(const struct answer *answer, const char *text, struct sb_error *err)
{
	size_t ahead = strlen(answer->cluster) + strlen(answer->delimiter);
	struct sacct_odd odd = {.line = answer->row_line,
				.field = "a row",
				.value = text,
				.job = begins_row(answer, text),
				.id = -1,
				.submit = -1,
				.ended = true};

	if (odd.job)
		(void)number_prefix(text + ahead, 0, INT64_MAX, &odd.id);
	return answer->sink->left_out(&odd, answer->sink->ctx, err);
}

static int read_row(const struct answer *answer, char *const cells[NCOLUMNS], struct sb_error *err)
{
	struct sacct_job job;
	enum column column;

	if (strcmp(cells[CLUSTER], answer->cluster) != 0)
		return malformed(answer, "Cluster", cells[CLUSTER], err);
	column = read_cells(answer, cells, &job);
	if (column != NCOLUMNS)
		return leave_out(answer, cells, column, err);
	return answer->sink->each(&job, answer->sink->ctx, err);
}

static size_t column_count(const struct answer *answer)
{
	return answer->reservations ? NCOLUMNS : NCOLUMNS - 1;
}

/* Finds the next delimiter in [len] bytes; NULL: there is none. */
static char *find_delimiter(const struct answer *answer, char *text, size_t len)
{
	const size_t size = sizeof(answer->delimiter) - 1;
	char *end = text + len;

	for (char *at = text; (at = memchr(at, DELIMITER_FIRST, (size_t)(end - at))); at++) {
		if ((size_t)(end - at) >= size && memcmp(at, answer->delimiter, size) == 0)
			return at;
	}
	return NULL;
}

/* Splits a row of [len] bytes in place; a field that was not asked for becomes "". Returns the
 * number of fields, including those not asked for. If that is not NCOLUMNS, the row is not
 * changed. */
static size_t split(const struct answer *answer, char *row, size_t len, char *cells[NCOLUMNS])
{
	const size_t size = sizeof(answer->delimiter) - 1, wanted = column_count(answer);
	char *at = row, *next;
	size_t count = 0;

	do {
		next = find_delimiter(answer, at, (size_t)(row + len - at));
		if (count < wanted)
			cells[count] = at;
		count++;
		at = next ? next + size : at;
	} while (next);
	for (size_t i = 1; i < wanted && count == wanted; i++)
		cells[i][-(ptrdiff_t)size] = '\0';
	if (count == wanted && !answer->reservations) {
		cells[TIMELIMIT_RAW] = cells[RESERVATION_ID];
		cells[RESERVATION_ID] = cells[TIMELIMIT_RAW] + strlen(cells[TIMELIMIT_RAW]);
	}
	return count + NCOLUMNS - wanted;
}

/* Appends a line to the row that has begun. */
static int join(struct answer *answer, const char *line, size_t len, struct sb_error *err)
{
	char *grown;

	if (answer->begun_len + len > ROW_MAX)
		return malformed(answer, "a row", answer->begun, err);
	grown = realloc(answer->begun, answer->begun_len + len + 2);
	if (!grown)
		return slurm_error_nomem(err);
	if (answer->begun)
		grown[answer->begun_len++] = '\n';
	memcpy(grown + answer->begun_len, line, len + 1);
	answer->begun = grown;
	answer->begun_len += len;
	return SB_OK;
}

static void forget_begun(struct answer *answer)
{
	free(answer->begun);
	answer->begun = NULL;
	answer->begun_len = 0;
}

/* Reads a row, or keeps it as begun if it has too few fields. */
static int read_text(struct answer *answer, char *text, size_t len, struct sb_error *err)
{
	char *cells[NCOLUMNS];
	size_t count = split(answer, text, len, cells);
	int code;

	if (count < NCOLUMNS)
		return text == answer->begun ? SB_OK : join(answer, text, len, err);
	code = count == NCOLUMNS ? read_row(answer, cells, err) : leave_out_row(answer, text, err);
	forget_begun(answer);
	return code;
}

/* Joins the names of the columns that are asked for. */
static void join_names(const struct answer *answer, const char *separator, char to[COLUMNS_SIZE])
{
	size_t len = 0;

	for (size_t i = 0; i < NCOLUMNS; i++) {
		if (i != RESERVATION_ID || answer->reservations)
			len += (size_t)snprintf(to + len, COLUMNS_SIZE - len, "%s%s",
						i ? separator : "", names[i]);
	}
}

static int read_line(char *line, size_t len, void *ctx, struct sb_error *err)
{
	struct answer *answer = ctx;
	char header[COLUMNS_SIZE];
	int code;

	answer->line++;
	if (strlen(line) != len)
		return malformed(answer, "a line", "a NUL byte", err);
	if (!answer->header_seen) {
		answer->header_seen = true;
		join_names(answer, answer->delimiter, header);
		return strcasecmp(line, header) == 0 ? SB_OK
						     : malformed(answer, "its header", line, err);
	}
	if (answer->begun && !begins_row(answer, line)) {
		TRY(join(answer, line, len, err));
		return read_text(answer, answer->begun, answer->begun_len, err);
	}
	if (answer->begun) {
		code = leave_out_row(answer, answer->begun, err);
		forget_begun(answer);
		TRY(code);
	}
	answer->row_line = answer->line;
	return read_text(answer, line, len, err);
}

/* Joins the accounts, or with [ids] the ids, with commas in [size] bytes. *ret is NULL without any
 * and when they would not fit a command line. The caller frees it. */
static int join_list(const struct sacct_window *window, bool ids, size_t size, char **ret,
		     struct sb_error *err)
{
	size_t count = ids ? window->id_count : window->account_count, len = 0;

	*ret = NULL;
	if (size == 0 || size > LIST_MAX)
		return SB_OK;
	*ret = malloc(size);
	if (!*ret)
		return slurm_error_nomem(err);
	for (size_t i = 0; i < count; i++) {
		const char *comma = i ? "," : "";
		int n = ids ? snprintf(*ret + len, size - len, "%s%" PRId64, comma, window->ids[i])
			    : snprintf(*ret + len, size - len, "%s%s", comma, window->accounts[i]);

		len += (size_t)n;
	}
	return SB_OK;
}

/* Makes a delimiter that no name holds, since it was unknown when the name was chosen. It has no
 * byte that a shell or a format would change: sites have wrappers around sacct. */
static int make_delimiter(char to[DELIMITER_SIZE], struct sb_error *err)
{
	uint32_t random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return slurm_error(err, SB_ESYSTEM, "sacct: not started: no random bytes: %s",
				   sb_errno(errno));
	(void)snprintf(to, DELIMITER_SIZE, "%c%08" PRIx32, DELIMITER_FIRST, random);
	return SB_OK;
}

static int run_sacct(const struct slurm *slurm, const struct sacct_window *window,
		     const char *accounts, const char *ids, struct answer *answer,
		     struct sb_error *err)
{
	static const char *const env[] = {"SLURM_TIME_FORMAT=%s", "TZ=UTC0", NULL};
	char since[32], until[32], columns[COLUMNS_SIZE];
	const char *argv[24] = {slurm->sacct,  "-D",
				"-X",	       "-a",
				"-P",	       "--noconvert",
				"--delimiter", answer->delimiter,
				"-M",	       answer->cluster,
				"-S",	       since,
				"-E",	       until,
				"-o",	       columns};
	size_t count = 16;
	const struct line_sink sink = {read_line, answer};

	(void)snprintf(since, sizeof(since), "uts%" PRId64,
		       window->since > TIME_MIN ? window->since : TIME_MIN);
	(void)snprintf(until, sizeof(until), "uts%" PRId64, window->until);
	join_names(answer, ",", columns);
	if (accounts) {
		argv[count++] = "-A";
		argv[count++] = accounts;
	}
	if (ids) {
		argv[count++] = "-j";
		argv[count++] = ids;
	}
	return slurm_ask_lines(slurm, argv, env, &sink, err);
}

static int read_answer(const struct slurm *slurm, const struct sacct_window *window,
		       struct answer *answer, struct sb_error *err)
{
	enum { ID_SIZE = 24 };
	char *accounts = NULL, *ids = NULL;
	size_t size = 0;
	int code;

	TRY(slurm_check_accounts(window->accounts, window->account_count, err));
	for (size_t i = 0; i < window->account_count; i++)
		size += strlen(window->accounts[i]) + 1;
	TRY(make_delimiter(answer->delimiter, err));
	TRY(join_list(window, false, size, &accounts, err));
	code = join_list(window, true, window->id_count * ID_SIZE, &ids, err);
	if (code == SB_OK)
		code = run_sacct(slurm, window, accounts, ids, answer, err);
	free(accounts);
	free(ids);
	TRY(code);
	if (!answer->header_seen)
		return slurm_error(err, SB_EFORMAT,
				   "sacct: its answer for %s is empty, not even column names",
				   answer->cluster);
	return answer->begun ? malformed(answer, "its last row", answer->begun, err) : SB_OK;
}

int sacct_read(const struct slurm *slurm, const char *cluster, const struct sacct_window *window,
	       const struct sacct_sink *sink, struct sb_error *err)
{
	struct answer answer = {
		.cluster = cluster, .sink = sink, .reservations = window->reservations};
	int code;

	TRY(slurm_check_cluster(cluster, err));
	code = read_answer(slurm, window, &answer, err);
	forget_begun(&answer);
	return code;
}
