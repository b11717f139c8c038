/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "slurm/sacctmgr.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/number.h"
#include "slurm/table.h"

/* Bytes of "account=a,b,…", NUL included. Linux allows 128 KiB for one argument; a long name fits
 * hundreds of times. */
enum { LIST_MAX = 100 << 10 };

static bool only_of(const char *text, const char *allowed)
{
	return text && text[0] && text[strspn(text, allowed)] == '\0';
}

bool limit_without_tres(const char *field)
{
	return field && (strcmp(field, "GrpJobs") == 0 || strcmp(field, "GrpSubmitJobs") == 0);
}

static int check_names(const char *cluster, const char *const accounts[], size_t count,
		       struct sb_error *err)
{
	int code = slurm_check_cluster(cluster, err);

	if (code != SB_OK)
		return code;
	for (size_t i = 0; i < count; i++) {
		if (!slurm_name_ok(accounts[i]))
			return sb_error_set(err, SB_EINVAL,
					    "\"%.255s\" cannot be an account's name here: use "
					    "a-z, 0-9 and _ . - @ %% /, at most 255 of them, "
					    "with one of a-z, 0-9, _ . in front; nothing was "
					    "changed",
					    accounts[i] ? accounts[i] : "");
	}
	return SB_OK;
}

static int check_limit(const char *field, const char *tres, int64_t value, struct sb_error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	if (!only_of(field, letters))
		return sb_error_set(err, SB_EINVAL,
				    "\"%.100s\" is not a field of limits such as GrpTRESMins: "
				    "correct the lever in the settings",
				    field ? field : "");
	if (limit_without_tres(field)) {
		if (!tres || tres[0])
			return sb_error_set(err, SB_EINVAL,
					    "%s has no TRES, and \"%.100s\" was given: correct "
					    "the lever in the settings",
					    field, tres ? tres : "");
		if (value > INT32_MAX)
			return sb_error_set(err, SB_EINVAL,
					    "%" PRId64 " cannot be a limit of %s: Slurm keeps "
					    "at most %" PRId32,
					    value, field, INT32_MAX);
	} else if (!only_of(tres, "abcdefghijklmnopqrstuvwxyz0123456789/_:.-")) {
		return sb_error_set(err, SB_EINVAL,
				    "\"%.100s\" is not a TRES such as cpu or gres/gpu: correct "
				    "the lever in the settings",
				    tres ? tres : "");
	}
	if (value < -1)
		return sb_error_set(err, SB_EINVAL,
				    "%" PRId64 " cannot be a limit of %s: Slurm takes 0 or "
				    "more, or -1 for none",
				    value, tres[0] ? tres : field);
	return SB_OK;
}

/* The two arguments that say which accounts are meant. */
struct where {
	char accounts[LIST_MAX]; /* "account=a,b,…" */
	char cluster[sizeof("cluster=") + 255];
};

/* Fills [where] with as many of the accounts from [from] on as fit. Returns the number of the first
 * that did not. */
static size_t where_accounts(struct where *where, const char *const accounts[], size_t count,
			     size_t from)
{
	char *list = where->accounts;
	size_t len = strlen("account="), i = from;

	memcpy(list, "account=", len);
	for (; i < count; i++) {
		size_t name_len = strlen(accounts[i]);

		if (len + (i > from) + name_len + 1 > LIST_MAX)
			break;
		if (i > from)
			list[len++] = ',';
		memcpy(list + len, accounts[i], name_len);
		len += name_len;
	}
	list[len] = '\0';
	return i;
}

/* NULL when memory ran out. */
static struct where *where_cluster(const char *cluster, struct sb_error *err)
{
	struct where *where = malloc(sizeof(*where));

	if (where)
		(void)snprintf(where->cluster, sizeof(where->cluster), "cluster=%s", cluster);
	else
		sb_error_set(err, SB_ESYSTEM, "sacctmgr: not started: out of memory");
	return where;
}

static int modify_accounts(const struct slurm *slurm, const char *cluster,
			   const char *const accounts[], size_t count, const char *setting,
			   struct sb_error *err)
{
	struct where *where = where_cluster(cluster, err);
	int code = where ? SB_OK : SB_ESYSTEM;

	for (size_t i = 0; i < count && code == SB_OK;) {
		struct run_result answer = {0};

		i = where_accounts(where, accounts, count, i);

		const char *const argv[] = {
			slurm->sacctmgr, "-i",		 "modify", "account", "where",
			where->accounts, where->cluster, "set",	   setting,   NULL,
		};
		code = slurm_ask(slurm, argv, &answer, err);
		run_result_release(&answer);
	}
	free(where);
	return code;
}

int sacctmgr_set_limit(const struct slurm *slurm, const char *cluster, const char *const accounts[],
		       size_t count, const char *field, const char *tres, int64_t value,
		       struct sb_error *err)
{
	char *setting;
	int code;

	code = check_names(cluster, accounts, count, err);
	if (code == SB_OK)
		code = check_limit(field, tres, value, err);
	/* With no account there must be no call: "account=" alone means all of them. */
	if (code != SB_OK || count == 0)
		return code;
	if (asprintf(&setting, "%s%s%s=%" PRId64, field, tres[0] ? "=" : "", tres, value) < 0)
		return sb_error_set(err, SB_ESYSTEM, "sacctmgr: not started: out of memory");
	code = modify_accounts(slurm, cluster, accounts, count, setting, err);
	free(setting);
	return code;
}

int sacctmgr_reset_usage(const struct slurm *slurm, const char *cluster, const char *account,
			 struct sb_error *err)
{
	int code = check_names(cluster, &account, 1, err);

	if (code != SB_OK)
		return code;
	return modify_accounts(slurm, cluster, &account, 1, "RawUsage=0", err);
}

/* Reads a limit of jobs, which is empty when there is none. Returns whether it can be read; what
 * cannot be, of row [of], is added to [odd]. */
static bool read_jobs(const struct table *table, size_t row, size_t column,
		      const char *const columns[], const char *of, int64_t *ret,
		      struct odd_rows *odd, bool *failed)
{
	const char *cell = table_cell(table, row, column);

	*ret = -1;
	if (cell[0] == '\0' || number_parse(cell, 0, INT64_MAX, ret))
		return true;
	*failed = *failed || odd_rows_add(odd, table->lines[row].line, columns[column], cell, of,
					  NULL) != SB_OK;
	return false;
}

enum assoc_column {
	ASSOC_CLUSTER,
	ASSOC_TRES_MINS,
	ASSOC_TRES_RUN_MINS,
	ASSOC_JOBS,
	ASSOC_SUBMIT_JOBS,
	ASSOC_USER,
	ASSOC_ACCOUNT,
	ASSOC_COLUMNS,
};

/* GrpSubmitJobs is the only one that has another name in the header than it is asked by. */
static const char *const assoc_columns[] = {
	"Cluster", "GrpTRESMins", "GrpTRESRunMins", "GrpJobs", "GrpSubmit", "User", "Account",
};

static int compare_limits(const void *a, const void *b)
{
	const struct account_limits *x = a, *y = b;

	return strcmp(x->account, y->account);
}

/* Appends the rows of one answer, and takes over its text. */
static int add_limits(struct limits *limits, struct table *table, struct sb_error *err)
{
	struct account_limits *rows;
	bool failed = false;
	char **texts;

	rows = reallocarray(limits->rows, limits->count + table->rows + 1, sizeof(*rows));
	if (rows)
		limits->rows = rows;
	texts = reallocarray(limits->texts, limits->text_count + 1, sizeof(*texts));
	if (texts)
		limits->texts = texts;
	if (!rows || !texts)
		return sb_error_set(err, SB_ESYSTEM, "sacctmgr: out of memory for limits");

	for (size_t i = 0; i < table->rows; i++) {
		struct account_limits *row = &rows[limits->count];

		if (table_cell(table, i, ASSOC_USER)[0] != '\0')
			continue;
		*row = (struct account_limits){
			.account = table_cell(table, i, ASSOC_ACCOUNT),
			.grp_tres_mins = table_cell(table, i, ASSOC_TRES_MINS),
			.grp_tres_run_mins = table_cell(table, i, ASSOC_TRES_RUN_MINS),
			.line = table->lines[i].line};
		row->odd = !read_jobs(table, i, ASSOC_JOBS, assoc_columns, row->account,
				      &row->grp_jobs, &limits->odd, &failed);
		if (!read_jobs(table, i, ASSOC_SUBMIT_JOBS, assoc_columns, row->account,
			       &row->grp_submit_jobs, &limits->odd, &failed))
			row->odd = true;
		/* Accounts with such names are not asked for: it is something else. */
		if (table->lines[i].joined) {
			failed = failed ||
				 odd_rows_add(&limits->odd, row->line, assoc_columns[ASSOC_ACCOUNT],
					      row->account, "", NULL) != SB_OK;
			table->text[(size_t)(row->account - table->text) +
				    strcspn(row->account, "\n")] = '\0';
			row->odd = true;
		}
		limits->count++;
	}
	if (failed)
		return sb_error_set(err, SB_ESYSTEM, "sacctmgr: out of memory for limits");
	texts[limits->text_count++] = table->text;
	table->text = NULL;
	return SB_OK;
}

/* Of an account that is there twice it cannot be told which limits it has. */
static int keep_one_each(struct limits *limits, struct sb_error *err)
{
	size_t kept = 0;
	int code = SB_OK;

	for (size_t i = 0; i < limits->count && code == SB_OK; i++) {
		const struct account_limits *row = &limits->rows[i];

		if (kept == 0 || compare_limits(&limits->rows[kept - 1], row) != 0) {
			limits->rows[kept++] = *row;
			continue;
		}
		limits->rows[kept - 1].odd = true;
		code = odd_rows_add(&limits->odd, row->line, assoc_columns[ASSOC_ACCOUNT],
				    "there twice", row->account, err);
	}
	limits->count = kept;
	return code;
}

int sacctmgr_read_limits(const struct slurm *slurm, const char *cluster,
			 const char *const accounts[], size_t count, struct limits *ret,
			 struct sb_error *err)
{
	struct limits limits = {0};
	struct where *where;
	int code;

	code = check_names(cluster, accounts, count, err);
	if (code != SB_OK)
		return code;
	where = where_cluster(cluster, err);
	if (!where)
		return SB_ESYSTEM;

	for (size_t i = 0; i < count && code == SB_OK;) {
		struct table table = {0};

		i = where_accounts(where, accounts, count, i);

		const char *const argv[] = {
			slurm->sacctmgr,
			"-P",
			"show",
			"assoc",
			"where",
			where->cluster,
			where->accounts,
			"format=Cluster,GrpTRESMins,GrpTRESRunMins,GrpJobs,GrpSubmitJobs,User,"
			"Account",
			NULL,
		};
		code = table_ask(slurm, "sacctmgr", argv, assoc_columns, ASSOC_COLUMNS, cluster,
				 &table, err);
		if (code == SB_OK)
			code = add_limits(&limits, &table, err);
		table_release(&table);
	}
	free(where);

	/* After a failure the texts of the last rows are gone. */
	if (code == SB_OK && limits.count > 0)
		qsort(limits.rows, limits.count, sizeof(*limits.rows), compare_limits);
	if (code == SB_OK)
		code = keep_one_each(&limits, err);
	if (code == SB_OK)
		*ret = limits;
	else
		limits_release(&limits);
	return code;
}

const struct account_limits *limits_find(const struct limits *limits, const char *account)
{
	const struct account_limits key = {.account = account};

	if (limits->count == 0)
		return NULL;
	return bsearch(&key, limits->rows, limits->count, sizeof(*limits->rows), compare_limits);
}

void limits_release(struct limits *limits)
{
	if (!limits)
		return;
	for (size_t i = 0; i < limits->text_count; i++)
		free(limits->texts[i]);
	free(limits->texts);
	free(limits->rows);
	odd_rows_release(&limits->odd);
	memset(limits, 0, sizeof(*limits));
}

enum qos_column {
	QOS_TRES_MINS,
	QOS_TRES_RUN_MINS,
	QOS_JOBS,
	QOS_SUBMIT_JOBS,
	QOS_USAGE_FACTOR,
	QOS_FLAGS,
	QOS_NAME,
	QOS_COLUMNS,
};

static const char *const qos_columns[] = {
	"GrpTRESMins", "GrpTRESRunMins", "GrpJobs", "GrpSubmit", "UsageFactor", "Flags", "Name",
};

int sacctmgr_read_qos(const struct slurm *slurm, struct qos_list *ret, struct sb_error *err)
{
	const char *const argv[] = {
		slurm->sacctmgr,
		"-P",
		"show",
		"qos",
		"format=GrpTRESMins,GrpTRESRunMins,GrpJobs,GrpSubmitJobs,UsageFactor,Flags,Name",
		NULL,
	};
	struct qos_list list = {0};
	struct table table = {0};
	bool failed = false;
	int code;

	code = table_ask(slurm, "sacctmgr", argv, qos_columns, QOS_COLUMNS, NULL, &table, err);
	if (code != SB_OK)
		return code;
	list.rows = calloc(table.rows + 1, sizeof(*list.rows));
	if (!list.rows)
		code = sb_error_set(err, SB_ESYSTEM, "sacctmgr: out of memory for QOS");
	for (; code == SB_OK && list.count < table.rows; list.count++) {
		size_t i = list.count;
		struct qos *row = &list.rows[i];

		row->name = table_cell(&table, i, QOS_NAME);
		row->grp_tres_mins = table_cell(&table, i, QOS_TRES_MINS);
		row->grp_tres_run_mins = table_cell(&table, i, QOS_TRES_RUN_MINS);
		row->usage_factor = table_cell(&table, i, QOS_USAGE_FACTOR);
		row->flags = table_cell(&table, i, QOS_FLAGS);
		(void)read_jobs(&table, i, QOS_JOBS, qos_columns, row->name, &row->grp_jobs,
				&list.odd, &failed);
		(void)read_jobs(&table, i, QOS_SUBMIT_JOBS, qos_columns, row->name,
				&row->grp_submit_jobs, &list.odd, &failed);
	}
	if (failed)
		code = sb_error_set(err, SB_ESYSTEM, "sacctmgr: out of memory for QOS");
	if (code == SB_OK) {
		list.text = table.text;
		table.text = NULL;
		*ret = list;
	} else {
		qos_list_release(&list);
	}
	table_release(&table);
	return code;
}

int qos_list_add(struct qos_list *list, const char *name, const char *usage_factor,
		 struct sb_error *err)
{
	size_t len = strlen(name) + 1, factor_len = strlen(usage_factor) + 1;
	struct qos *rows;
	char **added, *text;

	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->rows[i].name, name) == 0)
			return SB_OK;
	}
	rows = reallocarray(list->rows, list->count + 1, sizeof(*rows));
	if (rows)
		list->rows = rows;
	added = reallocarray(list->added, list->added_count + 1, sizeof(*added));
	if (added)
		list->added = added;
	text = malloc(len + factor_len);
	if (!rows || !added || !text) {
		free(text);
		return sb_error_set(err, SB_ESYSTEM, "out of memory for QOS");
	}
	memcpy(text, name, len);
	memcpy(text + len, usage_factor, factor_len);
	added[list->added_count++] = text;
	rows[list->count++] = (struct qos){.name = text,
					   .grp_tres_mins = "",
					   .grp_tres_run_mins = "",
					   .grp_jobs = -1,
					   .grp_submit_jobs = -1,
					   .usage_factor = text + len,
					   .flags = ""};
	return SB_OK;
}

void qos_list_release(struct qos_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->added_count; i++)
		free(list->added[i]);
	free(list->added);
	free(list->rows);
	free(list->text);
	odd_rows_release(&list->odd);
	memset(list, 0, sizeof(*list));
}
