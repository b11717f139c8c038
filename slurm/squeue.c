/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/squeue.h"

#include <inttypes.h>
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

/* ---- jobs of accounts ---- */

/* Bytes of an argument with names; Linux allows 128 KiB for one. */
enum { LIST_MAX = 100 << 10 };

enum queued_column {
	QUEUED_RECORD,
	QUEUED_ARRAY,
	QUEUED_TASK,
	QUEUED_NAME,
	QUEUED_STATE,
	QUEUED_LIMIT,
	QUEUED_QOS,
	QUEUED_ACCOUNT,
	QUEUED_COLUMNS
};

#define QUEUED_FORMAT "%A|%F|%K|%i|%t|%l|%q|%a"

static const char *const queued_columns[] = {
	"JOBID", "ARRAY_JOB_ID", "ARRAY_TASK_ID", "JOBID", "ST", "TIME_LIMIT", "QOS", "ACCOUNT",
};

/* Reads a time limit: "10:00", "2-00:30:00", "UNLIMITED". Slurm has whole minutes. */
static bool read_limit(const char *text, int64_t *ret)
{
	static const char *const none[] = {"UNLIMITED", "NOT_SET", "Partition_Limit"};
	int64_t days = 0, hours = 0, minutes;
	const char *dash = strchr(text, '-'), *end;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		if (strcmp(text, none[i]) == 0) {
			*ret = -1;
			return true;
		}
	}
	if (dash && !number_slice(text, (size_t)(dash - text), 0, INT32_MAX, &days))
		return false;
	end = number_prefix(dash ? dash + 1 : text, 0, INT32_MAX, &minutes);
	if (end && strlen(end) == 6 && *end == ':') {
		hours = minutes;
		end = number_prefix(end + 1, 0, 59, &minutes);
	} else if (dash) {
		return false;
	}
	if (!end || strcmp(end, ":00") != 0)
		return false;
	*ret = (days * 24 + hours) * 60 + minutes;
	return true;
}

/* Bytes of the name of some tasks, for which a command line has room. */
enum { TASKS_MAX = 64 << 10 };

/* Reads how the job is called: "12", "12_3", "12_[3-5%2]", "15+1". May shorten it. */
static bool read_name(char *name, struct queued_job *job)
{
	const char *end;
	int64_t part;
	size_t len;

	end = number_prefix(name, 1, UINT32_MAX, &job->first);
	job->part = -1;
	job->task = -1;
	if (end && *end == '_' && !number_parse(end + 1, 0, UINT32_MAX, &job->task))
		job->task = -1;
	if (end && *end == '+' && number_parse(end + 1, 0, UINT16_MAX - 1, &part))
		job->part = (int)part;
	else if (!end || (*end && *end != '_'))
		return false;
	if (!job->rest)
		return true;
	if (job->task >= 0) {
		job->tasks = name;
		return true;
	}
	/* scontrol does not take the number of tasks that may run at a time. */
	len = strcspn(name, "%]");
	if (len < TASKS_MAX && name[len] && name[strspn(name, "0123456789_[,-:%]")] == '\0') {
		name[len] = ']';
		name[len + 1] = '\0';
		job->tasks = name;
	}
	return true;
}

static int compare_text(const void *key, const void *item)
{
	return strcmp(key, *(const char *const *)item);
}

struct asked {
	const char *const *accounts;
	size_t count;
};

/* Returns the first column that cannot be used, or QUEUED_COLUMNS. */
static enum queued_column read_queued(const struct table *table, size_t row,
				      const struct asked *asked, struct queued_job *job)
{
	const char *cells[QUEUED_COLUMNS];

	for (size_t i = 0; i < QUEUED_COLUMNS; i++)
		cells[i] = table_cell(table, row, i);
	if (!number_parse(cells[QUEUED_RECORD], 1, UINT32_MAX, &job->number))
		return QUEUED_RECORD;
	if (!number_parse(cells[QUEUED_ARRAY], 1, UINT32_MAX, &job->array))
		return QUEUED_ARRAY;
	if (strcmp(cells[QUEUED_TASK], "N/A") == 0)
		job->array = 0;
	job->rest = job->array == job->number;
	job->tasks = "";
	/* The cell is in the table's own copy of the answer. */
	if (!read_name(table->text + (cells[QUEUED_NAME] - table->text), job))
		return QUEUED_NAME;
	/* The others wait as well: requeued and held, by the user or for their exit status, and
	 * held because their reservation is gone. */
	job->pending =
		strcmp(cells[QUEUED_STATE], "PD") == 0 || strcmp(cells[QUEUED_STATE], "RH") == 0 ||
		strcmp(cells[QUEUED_STATE], "SE") == 0 || strcmp(cells[QUEUED_STATE], "RD") == 0;
	if (!read_limit(cells[QUEUED_LIMIT], &job->limit))
		return QUEUED_LIMIT;
	if (!slurm_qos_ok(cells[QUEUED_QOS]))
		return QUEUED_QOS;
	if (table->lines[row].joined ||
	    !array_find(asked->accounts, asked->count, cells[QUEUED_ACCOUNT], compare_text))
		return QUEUED_ACCOUNT;
	job->qos = cells[QUEUED_QOS];
	job->account = cells[QUEUED_ACCOUNT];
	return QUEUED_COLUMNS;
}

/* Adds the rows of one answer, and takes its text. */
static int add_queued(struct queued_jobs *queued, struct table *table, const struct asked *asked,
		      struct sb_error *err)
{
	char **text = array_add(queued->texts, queued->text_count);

	if (!text)
		return slurm_error_nomem(err);
	for (size_t i = 0; i < table->rows; i++) {
		struct queued_job job = {0}, *to;
		enum queued_column wrong = read_queued(table, i, asked, &job);

		if (wrong != QUEUED_COLUMNS) {
			TRY(odd_rows_add(&queued->odd, table->lines[i].line, queued_columns[wrong],
					 table_cell(table, i, wrong),
					 table_cell(table, i, QUEUED_RECORD), err));
			continue;
		}
		to = array_add(queued->list, queued->count);
		if (!to)
			return slurm_error_nomem(err);
		*to = job;
	}
	*text = table->text;
	table->text = NULL;
	return SB_OK;
}

/* The options by which squeue shows the records of an array: in 26.05 the first is gone. */
#define SHOW_RECORDS "--array-unique"
#define SHOW_TASKS "-r"

static int ask_queued(const struct slurm *slurm, const char *cluster, const char *list,
		      const char *show, struct table *ret, struct sb_error *err)
{
	static const struct table_form form = {"squeue", queued_columns, QUEUED_COLUMNS, NULL};
	const char *const argv[] = {slurm->squeue, "-a", show, "-M",	      cluster,
				    "-A",	   list, "-o", QUEUED_FORMAT, NULL};
	struct run_result answer = {0};
	int code;

	TRY(slurm_ask(slurm, argv, &answer, err));
	code = check_cluster(answer.out, cluster, err);
	if (code == SB_OK)
		code = table_parse(&form, answer.out, answer.out_len, ret, err);
	run_result_release(&answer);
	return code;
}

/* Joins names with commas, as many as fit. Returns how many. */
static size_t join_names(char list[LIST_MAX], const char *const names[], size_t count)
{
	size_t len = 0, done = 0;

	for (; done < count; done++) {
		size_t more = strlen(names[done]);

		if (len + more + 2 > LIST_MAX)
			break;
		if (done > 0)
			list[len++] = ',';
		memcpy(list + len, names[done], more);
		len += more;
	}
	list[len] = '\0';
	return done;
}

static int by_record(const void *a, const void *b)
{
	const struct queued_job *x = a, *y = b;
	int order = (x->number > y->number) - (x->number < y->number);

	return order ? order : (x->task > y->task) - (x->task < y->task);
}

/* Whether the row is about one of the tasks that wait together in the array's own record. */
static bool is_of_rest(const struct queued_job *job)
{
	return job->array == job->number && job->pending && job->task >= 0;
}

/* Prints "3_[5-7,9]" for the tasks of [count] rows in their order. */
static void print_tasks(FILE *to, const struct queued_job *jobs, size_t count)
{
	fprintf(to, "%" PRId64 "_[", jobs->number);
	for (size_t i = 0, last; i < count; i = last + 1) {
		for (last = i; last + 1 < count && jobs[last + 1].task == jobs[last].task + 1;)
			last++;
		fprintf(to, "%s%" PRId64, i ? "," : "", jobs[i].task);
		if (last > i)
			fprintf(to, "-%" PRId64, jobs[last].task);
	}
	fputc(']', to);
}

/* Makes one row of those of [count] tasks that wait together: the first of them. */
static int join_rest(struct queued_jobs *queued, struct queued_job *jobs, size_t count,
		     struct sb_error *err)
{
	char **text = array_add(queued->texts, queued->text_count);
	size_t len;
	FILE *to = text ? open_memstream(text, &len) : NULL;

	if (!to)
		return slurm_error_nomem(err);
	print_tasks(to, jobs, count);
	if (fclose(to) != 0)
		return slurm_error_nomem(err);
	jobs->tasks = len < TASKS_MAX ? *text : "";
	jobs->task = -1;
	return SB_OK;
}

/* Joins rows of single tasks that are of one record. */
static int join_tasks(struct queued_jobs *queued, struct sb_error *err)
{
	size_t kept = 0;

	array_sort(queued->list, queued->count, by_record);
	for (size_t i = 0, end; i < queued->count; i = end) {
		struct queued_job *job = &queued->list[i];

		for (end = i + 1; end < queued->count && is_of_rest(job) &&
				  is_of_rest(&queued->list[end]) &&
				  queued->list[end].number == job->number;)
			end++;
		if (end > i + 1)
			TRY(join_rest(queued, job, end - i, err));
		queued->list[kept++] = *job;
	}
	queued->count = kept;
	return SB_OK;
}

static int read_all_queued(const struct slurm *slurm, const char *cluster,
			   const struct asked *asked, struct queued_jobs *queued,
			   struct sb_error *err)
{
	static const char each[] = SHOW_TASKS;
	const char *show = SHOW_RECORDS;
	char *list = malloc(LIST_MAX);
	int code = list ? SB_OK : slurm_error_nomem(err);

	for (size_t done = 0; done < asked->count && code == SB_OK;) {
		struct table table = {0};

		done += join_names(list, asked->accounts + done, asked->count - done);
		code = ask_queued(slurm, cluster, list, show, &table, err);
		if (code == SB_EFAILED && show != each && strstr(err->text, SHOW_RECORDS "'")) {
			show = each;
			code = ask_queued(slurm, cluster, list, show, &table, err);
		}
		if (code == SB_OK)
			code = add_queued(queued, &table, asked, err);
		table_release(&table);
	}
	free(list);
	return code == SB_OK && show == each ? join_tasks(queued, err) : code;
}

int squeue_read_queued(const struct slurm *slurm, const char *cluster, const char *const accounts[],
		       size_t count, struct queued_jobs *ret, struct sb_error *err)
{
	const struct asked asked = {accounts, count};
	struct queued_jobs queued = {0};
	int code;

	TRY(slurm_check_cluster(cluster, err));
	TRY(slurm_check_accounts(accounts, count, err));
	code = read_all_queued(slurm, cluster, &asked, &queued, err);
	if (code == SB_OK)
		*ret = queued;
	else
		queued_jobs_release(&queued);
	return code;
}

void queued_jobs_release(struct queued_jobs *queued)
{
	for (size_t i = 0; i < queued->text_count; i++)
		free(queued->texts[i]);
	free(queued->texts);
	free(queued->list);
	odd_rows_release(&queued->odd);
	*queued = (struct queued_jobs){0};
}

void known_jobs_release(struct known_jobs *known)
{
	free(known->ids);
	*known = (struct known_jobs){0};
}
