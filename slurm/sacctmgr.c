/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "slurm/sacctmgr.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
		       struct slurm_error *err)
{
	int code = slurm_check_cluster(cluster, err);

	if (code != SLURM_OK)
		return code;
	for (size_t i = 0; i < count; i++) {
		if (!slurm_name_ok(accounts[i]))
			return slurm_error_set(err, SLURM_ENAME,
					       "\"%.255s\" cannot be an account's name: use a-z, "
					       "0-9, _ . -, at most 255 of them and no '-' in "
					       "front; nothing was changed",
					       accounts[i] ? accounts[i] : "");
	}
	return SLURM_OK;
}

static int check_limit(const char *field, const char *tres, int64_t value, struct slurm_error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	if (!only_of(field, letters))
		return slurm_error_set(err, SLURM_ENAME,
				       "\"%.100s\" is not a field of limits such as GrpTRESMins: "
				       "correct the lever in the settings",
				       field ? field : "");
	if (limit_without_tres(field)) {
		if (!tres || tres[0])
			return slurm_error_set(err, SLURM_ENAME,
					       "%s has no TRES, and \"%.100s\" was given: correct "
					       "the lever in the settings",
					       field, tres ? tres : "");
		if (value > INT32_MAX)
			return slurm_error_set(err, SLURM_ENAME,
					       "%" PRId64 " cannot be a limit of %s: Slurm keeps "
					       "at most %" PRId32,
					       value, field, INT32_MAX);
	} else if (!only_of(tres, "abcdefghijklmnopqrstuvwxyz0123456789/_:.-")) {
		return slurm_error_set(err, SLURM_ENAME,
				       "\"%.100s\" is not a TRES such as cpu or gres/gpu: correct "
				       "the lever in the settings",
				       tres ? tres : "");
	}
	if (value < -1)
		return slurm_error_set(err, SLURM_ENAME,
				       "%" PRId64 " cannot be a limit of %s: Slurm takes 0 or "
				       "more, or -1 for none",
				       value, tres[0] ? tres : field);
	return SLURM_OK;
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
static struct where *where_cluster(const char *cluster, struct slurm_error *err)
{
	struct where *where = malloc(sizeof(*where));

	if (where)
		(void)snprintf(where->cluster, sizeof(where->cluster), "cluster=%s", cluster);
	else
		slurm_error_set(err, SLURM_ESYSTEM, "sacctmgr: not started: out of memory");
	return where;
}

static int modify_accounts(const struct slurm *slurm, const char *cluster,
			   const char *const accounts[], size_t count, const char *setting,
			   struct slurm_error *err)
{
	struct where *where = where_cluster(cluster, err);
	int code = where ? SLURM_OK : SLURM_ESYSTEM;

	for (size_t i = 0; i < count && code == SLURM_OK;) {
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
		       struct slurm_error *err)
{
	char *setting;
	int code;

	code = check_names(cluster, accounts, count, err);
	if (code == SLURM_OK)
		code = check_limit(field, tres, value, err);
	/* With no account there must be no call: "account=" alone means all of them. */
	if (code != SLURM_OK || count == 0)
		return code;
	if (asprintf(&setting, "%s%s%s=%" PRId64, field, tres[0] ? "=" : "", tres, value) < 0)
		return slurm_error_set(err, SLURM_ESYSTEM, "sacctmgr: not started: out of memory");
	code = modify_accounts(slurm, cluster, accounts, count, setting, err);
	free(setting);
	return code;
}

int sacctmgr_reset_usage(const struct slurm *slurm, const char *cluster, const char *account,
			 struct slurm_error *err)
{
	int code = check_names(cluster, &account, 1, err);

	if (code != SLURM_OK)
		return code;
	return modify_accounts(slurm, cluster, &account, 1, "RawUsage=0", err);
}

/* Reads a limit of jobs, which is empty when there is none. */
static int read_jobs(const struct table *table, size_t row, size_t column, const char *of,
		     int64_t *ret, struct slurm_error *err)
{
	const char *cell = table_cell(table, row, column);

	*ret = -1;
	if (cell[0] == '\0' || whole_number(cell, strlen(cell), ret))
		return SLURM_OK;
	return slurm_error_set(err, SLURM_EFORM,
			       "sacctmgr: a limit of jobs of %.255s is \"%.100s\", not a whole "
			       "number: nothing was read",
			       of, cell);
}

enum assoc_column {
	ASSOC_CLUSTER,
	ASSOC_ACCOUNT,
	ASSOC_USER,
	ASSOC_TRES_MINS,
	ASSOC_TRES_RUN_MINS,
	ASSOC_JOBS,
	ASSOC_SUBMIT_JOBS,
	ASSOC_COLUMNS,
};

/* GrpSubmitJobs is the only one that has another name in the header than it is asked by. */
static const char *const assoc_columns[] = {
	"Cluster", "Account", "User", "GrpTRESMins", "GrpTRESRunMins", "GrpJobs", "GrpSubmit",
};

static int compare_limits(const void *a, const void *b)
{
	const struct account_limits *x = a, *y = b;

	return strcmp(x->account, y->account);
}

/* Appends the rows of one answer, and takes over its text. */
static int add_limits(struct limits *limits, struct table *table, const char *cluster,
		      struct slurm_error *err)
{
	struct account_limits *rows;
	char **texts;

	rows = reallocarray(limits->rows, limits->count + table->rows + 1, sizeof(*rows));
	if (rows)
		limits->rows = rows;
	texts = reallocarray(limits->texts, limits->text_count + 1, sizeof(*texts));
	if (texts)
		limits->texts = texts;
	if (!rows || !texts)
		return slurm_error_set(err, SLURM_ESYSTEM, "sacctmgr: out of memory for limits");

	for (size_t i = 0; i < table->rows; i++) {
		struct account_limits *row = &rows[limits->count];
		const char *of = table_cell(table, i, ASSOC_CLUSTER);
		int code;

		if (strcmp(of, cluster) != 0)
			return slurm_error_set(err, SLURM_EFORM,
					       "sacctmgr: asked for cluster %s, its answer has "
					       "rows of \"%.255s\": nothing was read",
					       cluster, of);
		if (table_cell(table, i, ASSOC_USER)[0] != '\0')
			continue;
		row->account = table_cell(table, i, ASSOC_ACCOUNT);
		row->grp_tres_mins = table_cell(table, i, ASSOC_TRES_MINS);
		row->grp_tres_run_mins = table_cell(table, i, ASSOC_TRES_RUN_MINS);
		code = read_jobs(table, i, ASSOC_JOBS, row->account, &row->grp_jobs, err);
		if (code == SLURM_OK)
			code = read_jobs(table, i, ASSOC_SUBMIT_JOBS, row->account,
					 &row->grp_submit_jobs, err);
		if (code != SLURM_OK)
			return code;
		limits->count++;
	}
	texts[limits->text_count++] = table->text;
	table->text = NULL;
	return SLURM_OK;
}

int sacctmgr_read_limits(const struct slurm *slurm, const char *cluster,
			 const char *const accounts[], size_t count, struct limits *ret,
			 struct slurm_error *err)
{
	struct limits limits = {0};
	struct where *where;
	int code;

	code = check_names(cluster, accounts, count, err);
	if (code != SLURM_OK)
		return code;
	where = where_cluster(cluster, err);
	if (!where)
		return SLURM_ESYSTEM;

	for (size_t i = 0; i < count && code == SLURM_OK;) {
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
			"format=Cluster,Account,User,GrpTRESMins,GrpTRESRunMins,GrpJobs,"
			"GrpSubmitJobs",
			NULL,
		};
		code = table_ask(slurm, "sacctmgr", argv, assoc_columns, ASSOC_COLUMNS, &table,
				 err);
		if (code == SLURM_OK)
			code = add_limits(&limits, &table, cluster, err);
		table_release(&table);
	}
	free(where);

	/* After a failure the texts of the last rows are gone. */
	if (code == SLURM_OK && limits.count > 0)
		qsort(limits.rows, limits.count, sizeof(*limits.rows), compare_limits);
	for (size_t i = 1; i < limits.count && code == SLURM_OK; i++) {
		if (compare_limits(&limits.rows[i - 1], &limits.rows[i]) == 0)
			code = slurm_error_set(err, SLURM_EFORM,
					       "sacctmgr: account %.255s is twice in the answer "
					       "for cluster %s: it cannot be told which limits it "
					       "has, nothing was read",
					       limits.rows[i].account, cluster);
	}
	if (code == SLURM_OK)
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
	memset(limits, 0, sizeof(*limits));
}

enum qos_column {
	QOS_NAME,
	QOS_TRES_MINS,
	QOS_TRES_RUN_MINS,
	QOS_JOBS,
	QOS_SUBMIT_JOBS,
	QOS_USAGE_FACTOR,
	QOS_COLUMNS,
};

static const char *const qos_columns[] = {
	"Name", "GrpTRESMins", "GrpTRESRunMins", "GrpJobs", "GrpSubmit", "UsageFactor",
};

int sacctmgr_read_qos(const struct slurm *slurm, struct qos_list *ret, struct slurm_error *err)
{
	const char *const argv[] = {
		slurm->sacctmgr,
		"-P",
		"show",
		"qos",
		"format=Name,GrpTRESMins,GrpTRESRunMins,GrpJobs,GrpSubmitJobs,UsageFactor",
		NULL,
	};
	struct qos_list list = {0};
	struct table table = {0};
	int code;

	code = table_ask(slurm, "sacctmgr", argv, qos_columns, QOS_COLUMNS, &table, err);
	if (code != SLURM_OK)
		return code;
	list.rows = calloc(table.rows + 1, sizeof(*list.rows));
	if (!list.rows)
		code = slurm_error_set(err, SLURM_ESYSTEM, "sacctmgr: out of memory for QOS");
	for (; code == SLURM_OK && list.count < table.rows; list.count++) {
		size_t i = list.count;
		struct qos *row = &list.rows[i];

		row->name = table_cell(&table, i, QOS_NAME);
		row->grp_tres_mins = table_cell(&table, i, QOS_TRES_MINS);
		row->grp_tres_run_mins = table_cell(&table, i, QOS_TRES_RUN_MINS);
		row->usage_factor = table_cell(&table, i, QOS_USAGE_FACTOR);
		code = read_jobs(&table, i, QOS_JOBS, row->name, &row->grp_jobs, err);
		if (code == SLURM_OK)
			code = read_jobs(&table, i, QOS_SUBMIT_JOBS, row->name,
					 &row->grp_submit_jobs, err);
	}
	if (code == SLURM_OK) {
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
		 struct slurm_error *err)
{
	size_t len = strlen(name) + 1, factor_len = strlen(usage_factor) + 1;
	struct qos *rows;
	char **added, *text;

	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->rows[i].name, name) == 0)
			return SLURM_OK;
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
		return slurm_error_set(err, SLURM_ESYSTEM, "out of memory for QOS");
	}
	memcpy(text, name, len);
	memcpy(text + len, usage_factor, factor_len);
	added[list->added_count++] = text;
	rows[list->count++] = (struct qos){.name = text,
					   .grp_tres_mins = "",
					   .grp_tres_run_mins = "",
					   .grp_jobs = -1,
					   .grp_submit_jobs = -1,
					   .usage_factor = text + len};
	return SLURM_OK;
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
	memset(list, 0, sizeof(*list));
}
