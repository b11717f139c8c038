/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "slurm/sacct.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "slurm/table.h"

/* sacct takes smaller numbers behind "uts" for no time at all (measured on 22.05.8). */
enum { TIME_MIN = 1000000 };

/* Bytes of "a,b,c", NUL included; Linux allows 128 KiB for one argument. */
enum { LIST_MAX = 100 << 10 };

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

static const char header[] = "Cluster|JobIDRaw|JobID|DBIndex|Account|User|Partition|QOS|State|"
			     "Submit|Start|End|ElapsedRaw|Suspended|AllocTRES|TimelimitRaw";
static const char columns[] = "Cluster,JobIDRaw,JobID,DBIndex,Account,User,Partition,QOS,State,"
			      "Submit,Start,End,ElapsedRaw,Suspended,AllocTRES,TimelimitRaw";

int sacct_tres(const char *list, const char *name, int64_t *ret, struct slurm_error *err)
{
	bool found = false;
	int64_t value = -1;

	for (const char *item = list; *item;) {
		size_t len = strcspn(item, ","), name_len = strcspn(item, "=,");
		const char *number = item + name_len + 1;
		size_t digits = name_len < len ? strspn(number, "0123456789") : 0;
		size_t unit = name_len < len ? len - name_len - 1 - digits : 0;
		bool asked = strlen(name) == name_len && strncasecmp(item, name, name_len) == 0;
		int64_t n = -1;

		if (name_len == 0 || digits == 0 || unit > 1 || (asked && found) ||
		    (item[len] == ',' && !item[len + 1]))
			return slurm_error_set(err, SLURM_EFORM,
					       "\"%.200s\" is not a list such as "
					       "billing=1,cpu=1,mem=100M: see sacct -o AllocTRES",
					       list);
		if (asked && whole_number(number, digits, &n) &&
		    (unit == 0 || number[digits] == 'M'))
			value = n;
		found = found || asked;
		item += len + (item[len] == ',');
	}
	*ret = value;
	return SLURM_OK;
}

struct reading {
	const char *cluster;
	sacct_each *each;
	void *ctx;
	bool header_seen;
	size_t line;
};

static int malformed(const struct reading *reading, const char *what, const char *found,
		     struct slurm_error *err)
{
	return slurm_error_set(err, SLURM_EFORM,
			       "sacct: line %zu of its answer for cluster %s has \"%.100s\" for "
			       "%s: see whether this is Slurm's own command",
			       reading->line, reading->cluster, found, what);
}

/* A whole number; -1 for one of the [words] that Slurm prints instead, if any are given. */
static int read_number(const struct reading *reading, const char *what, const char *text,
		       const char *const words[], int64_t *ret, struct slurm_error *err)
{
	for (size_t i = 0; words && words[i]; i++) {
		if (strcmp(text, words[i]) == 0) {
			*ret = -1;
			return SLURM_OK;
		}
	}
	return whole_number(text, strlen(text), ret) ? SLURM_OK
						     : malformed(reading, what, text, err);
}

/* "1-02:03:04", with the days left out when there are none. */
static int read_length(const struct reading *reading, const char *what, const char *text,
		       int64_t *ret, struct slurm_error *err)
{
	size_t len = strcspn(text, "-");
	const char *clock = text[len] ? text + len + 1 : text;
	int64_t days = 0, hours, minutes, seconds;

	if ((text[len] && (!whole_number(text, len, &days) || days > INT32_MAX)) ||
	    strlen(clock) != 8 || clock[2] != ':' || clock[5] != ':' ||
	    !whole_number(clock, 2, &hours) || !whole_number(clock + 3, 2, &minutes) ||
	    !whole_number(clock + 6, 2, &seconds) || hours > 23 || minutes > 59 || seconds > 59)
		return malformed(reading, what, text, err);
	*ret = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
	return SLURM_OK;
}

/* "CANCELLED by 1000" is cut to its word. */
static int read_state(const struct reading *reading, char *text, struct slurm_error *err)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

	if (len == 0 || (text[len] && strncmp(text + len, " by ", 4) != 0))
		return malformed(reading, "State", text, err);
	text[len] = '\0';
	return SLURM_OK;
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

static int read_row(const struct reading *reading, char *cells[NCOLUMNS], struct slurm_error *err)
{
	static const char *const no_time[] = {"None", "Unknown", NULL};
	static const char *const no_limit[] = {"UNLIMITED", "Partition_Limit", NULL};
	struct sacct_job job = {.cluster = cells[CLUSTER],
				.name = cells[JOB_ID],
				.account = cells[ACCOUNT],
				.user = cells[USER],
				.partition = cells[PARTITION],
				.qos = cells[QOS],
				.state = cells[STATE],
				.tres = cells[ALLOC_TRES]};
	int64_t billing;

	if (strcmp(cells[CLUSTER], reading->cluster) != 0)
		return malformed(reading, "Cluster", cells[CLUSTER], err);
	if (!*job.name)
		return malformed(reading, "JobID", "", err);
	if (read_number(reading, "JobIDRaw", cells[JOB_ID_RAW], NULL, &job.id, err) ||
	    read_number(reading, "DBIndex", cells[DB_INDEX], NULL, &job.index, err) ||
	    read_number(reading, "Submit", cells[SUBMIT], NULL, &job.submit, err) ||
	    read_number(reading, "Start", cells[START], no_time, &job.start, err) ||
	    read_number(reading, "End", cells[END], no_time, &job.end, err) ||
	    read_number(reading, "ElapsedRaw", cells[ELAPSED_RAW], NULL, &job.elapsed, err) ||
	    read_length(reading, "Suspended", cells[SUSPENDED], &job.suspended, err) ||
	    read_number(reading, "TimelimitRaw", cells[TIMELIMIT_RAW], no_limit, &job.limit, err) ||
	    read_state(reading, cells[STATE], err))
		return SLURM_EFORM;
	/* Minutes, 32 bits of them in Slurm. */
	if (job.limit > UINT32_MAX)
		return malformed(reading, "TimelimitRaw", cells[TIMELIMIT_RAW], err);
	if (job.limit > 0)
		job.limit *= 60;
	if (sacct_tres(job.tres, "billing", &billing, NULL))
		return malformed(reading, "AllocTRES", job.tres, err);
	job.billing = billing > 0 ? billing : 0;
	clip_resized(&job);
	return reading->each(&job, reading->ctx, err);
}

static int read_line(char *line, size_t len, void *ctx, struct slurm_error *err)
{
	struct reading *reading = ctx;
	char *cells[NCOLUMNS];
	size_t count;

	reading->line++;
	if (strlen(line) != len)
		return malformed(reading, "a line", "a NUL byte", err);
	if (!reading->header_seen) {
		reading->header_seen = true;
		return strcasecmp(line, header) == 0 ? SLURM_OK
						     : malformed(reading, "its header", line, err);
	}
	count = table_split(line, cells, NCOLUMNS);
	if (count != NCOLUMNS)
		return slurm_error_set(err, SLURM_EFORM,
				       "sacct: line %zu of its answer for cluster %s has %zu "
				       "fields instead of %d: see whether a name holds a '|'",
				       reading->line, reading->cluster, count, NCOLUMNS);
	return read_row(reading, cells, err);
}

/* "a,b,c". NULL, with SLURM_OK, when all are meant; free() it. */
static int join_accounts(const struct sacct_window *window, char **ret, struct slurm_error *err)
{
	size_t size = 0, len = 0;
	char *list;

	*ret = NULL;
	for (size_t i = 0; i < window->account_count; i++) {
		const char *account = window->accounts[i];

		if (!slurm_name_ok(account))
			return slurm_error_set(err, SLURM_ENAME,
					       "\"%.255s\" cannot be an account's name here: use "
					       "a-z, 0-9 and _ . - @ %% /",
					       account ? account : "");
		size += strlen(account) + 1;
	}
	if (size == 0 || size > LIST_MAX)
		return SLURM_OK;
	list = malloc(size);
	if (!list)
		return slurm_error_set(err, SLURM_ESYSTEM, "sacct: not started: out of memory");
	for (size_t i = 0; i < window->account_count; i++)
		len += (size_t)snprintf(list + len, size - len, "%s%s", i ? "," : "",
					window->accounts[i]);
	*ret = list;
	return SLURM_OK;
}

int sacct_read(const struct slurm *slurm, const char *cluster, const struct sacct_window *window,
	       sacct_each *each, void *ctx, struct slurm_error *err)
{
	static const char *const env[] = {"SLURM_TIME_FORMAT=%s", "TZ=UTC0", NULL};
	struct reading reading = {.cluster = cluster, .each = each, .ctx = ctx};
	char since[32], until[32], *accounts;
	int code;

	code = slurm_check_cluster(cluster, err);
	if (code != SLURM_OK)
		return code;
	code = join_accounts(window, &accounts, err);
	if (code != SLURM_OK)
		return code;
	(void)snprintf(since, sizeof(since), "uts%" PRId64,
		       window->since > TIME_MIN ? window->since : TIME_MIN);
	(void)snprintf(until, sizeof(until), "uts%" PRId64, window->until);

	const char *const argv[] = {
		slurm->sacct,  "-D",  "-X",    "-a",	"-P",
		"--noconvert", "-M",  cluster, "-S",	since,
		"-E",	       until, "-o",    columns, accounts ? "-A" : NULL,
		accounts,      NULL,
	};
	code = slurm_ask_lines(slurm, argv, env, read_line, &reading, err);
	free(accounts);
	if (code == SLURM_OK && !reading.header_seen)
		code = slurm_error_set(err, SLURM_EFORM,
				       "sacct: its answer for cluster %s is empty, not even column "
				       "names: see whether slurmdbd answers",
				       cluster);
	return code;
}
