/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/sacctmgr.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/base/number.h"
#include "slurm/error.h"
#include "slurm/table.h"

/* Bytes of "account=a,b,…", NUL included. Linux allows 128 KiB for one argument; names are at most
 * 255 bytes long. */
enum { LIST_MAX = 100 << 10 };

static bool has_only(const char *text, const char *allowed)
{
	return text && text[0] && text[strspn(text, allowed)] == '\0';
}

bool limit_without_tres(const char *field)
{
	return field && (strcmp(field, "GrpJobs") == 0 || strcmp(field, "GrpSubmitJobs") == 0);
}

static int check_limit(const struct tres_limit *limit, struct sb_error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *field = limit->field ? limit->field : "", *tres = limit->tres;

	if (!has_only(field, letters))
		return slurm_error(err, SB_EINVAL,
				   "\"%.100s\" is not a field such as GrpTRESMins: correct the "
				   "lever in the settings",
				   field);
	if (limit_without_tres(field)) {
		if (!tres || tres[0])
			return slurm_error(err, SB_EINVAL,
					   "%s has no TRES: correct the lever in the settings",
					   field);
		if (limit->value > INT32_MAX)
			return slurm_error(err, SB_EINVAL,
					   "%" PRId64 " is no limit of %s: it is over %" PRId32,
					   limit->value, field, INT32_MAX);
	} else if (!has_only(tres, "abcdefghijklmnopqrstuvwxyz0123456789/_:.-@+")) {
		return slurm_error(err, SB_EINVAL,
				   "\"%.100s\" is not a TRES such as cpu or gres/gpu: correct "
				   "the lever in the settings",
				   tres ? tres : "");
	}
	if (limit->value < -1)
		return slurm_error(err, SB_EINVAL,
				   "%" PRId64 " is no limit of %s: use 0 or more, -1 for none",
				   limit->value, tres[0] ? tres : field);
	return SB_OK;
}

/* Arguments that name accounts of a cluster, or users in an account there, as many at a time as a
 * command line takes. */
struct where {
	const char *word; /* "account=" or "user=" */
	const char *const *names;
	size_t count;
	size_t next; /* the first name that was not in [list] yet */
	char list[LIST_MAX]; /* "account=a,b,…" */
	char cluster[sizeof("cluster=") + 255];
	char account[sizeof("account=") + 255]; /* of users; "": none */
};

/* Checks all names. The caller frees *ret. */
static int where_new(const char *cluster, const char *const accounts[], size_t count,
		     struct where **ret, struct sb_error *err)
{
	TRY(slurm_check_cluster(cluster, err));
	TRY(slurm_check_accounts(accounts, count, err));
	*ret = malloc(sizeof(**ret));
	if (!*ret)
		return slurm_error_nomem(err);
	(*ret)->word = "account=";
	(*ret)->names = accounts;
	(*ret)->count = count;
	(*ret)->next = 0;
	(*ret)->account[0] = '\0';
	(void)snprintf((*ret)->cluster, sizeof((*ret)->cluster), "cluster=%s", cluster);
	return SB_OK;
}

static int check_users(const char *const users[], size_t count, struct sb_error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (!slurm_name_ok(users[i]))
			return slurm_error(err, SB_EINVAL,
					   "\"%.255s\" is no user: use a-z 0-9 _ . - @ %% /",
					   users[i] ? users[i] : "");
	}
	return SB_OK;
}

/* The same for users in an account. Without the account, all accounts of the users would change. */
static int where_users(const char *cluster, const char *account, const char *const users[],
		       size_t count, struct where **ret, struct sb_error *err)
{
	TRY(check_users(users, count, err));
	TRY(where_new(cluster, &account, 1, ret, err));
	(*ret)->word = "user=";
	(*ret)->names = users;
	(*ret)->count = count;
	(void)snprintf((*ret)->account, sizeof((*ret)->account), "account=%s", account);
	return SB_OK;
}

/* Moves on to the next names. Returns false at the end: "account=" alone would mean all. */
static bool where_next(struct where *where)
{
	size_t len = strlen(where->word), first = where->next;
	char *list = where->list;

	memcpy(list, where->word, len);
	for (; where->next < where->count; where->next++) {
		size_t name_len = strlen(where->names[where->next]);
		bool more = where->next > first;

		if (len + more + name_len + 1 > LIST_MAX)
			break;
		if (more)
			list[len++] = ',';
		memcpy(list + len, where->names[where->next], name_len);
		len += name_len;
	}
	list[len] = '\0';
	return where->next > first;
}

static int modify(const struct slurm *slurm, struct where *where, const char *setting,
		  struct sb_error *err)
{
	bool users = *where->account;

	while (where_next(where)) {
		const char *const of_accounts[] = {
			slurm->sacctmgr, "-i",		 "modify", "account", "where",
			where->list,	 where->cluster, "set",	   setting,   NULL,
		};
		const char *const of_users[] = {
			slurm->sacctmgr, "-i",		 "modify", "user",  "where", where->list,
			where->account,	 where->cluster, "set",	   setting, NULL,
		};
		struct run_result answer = {0};

		TRY(slurm_ask(slurm, users ? of_users : of_accounts, &answer, err));
		run_result_release(&answer);
	}
	return SB_OK;
}

/* Sets the limit, and frees [where]. */
static int set_limit(const struct slurm *slurm, struct where *where, const struct tres_limit *limit,
		     struct sb_error *err)
{
	char *setting;
	int code;

	if (asprintf(&setting, "%s%s%s=%" PRId64, limit->field, limit->tres[0] ? "=" : "",
		     limit->tres, limit->value) >= 0) {
		code = modify(slurm, where, setting, err);
		free(setting);
	} else {
		code = slurm_error_nomem(err);
	}
	free(where);
	return code;
}

int sacctmgr_set_limit(const struct slurm *slurm, const char *cluster, const char *const accounts[],
		       size_t count, const struct tres_limit *limit, struct sb_error *err)
{
	struct where *where;

	TRY(check_limit(limit, err));
	TRY(where_new(cluster, accounts, count, &where, err));
	return set_limit(slurm, where, limit, err);
}

int sacctmgr_set_user_limit(const struct slurm *slurm, const char *cluster, const char *account,
			    const char *const users[], size_t count, const struct tres_limit *limit,
			    struct sb_error *err)
{
	struct where *where;

	TRY(check_limit(limit, err));
	TRY(where_users(cluster, account, users, count, &where, err));
	return set_limit(slurm, where, limit, err);
}

int sacctmgr_reset_usage(const struct slurm *slurm, const char *cluster, const char *account,
			 struct sb_error *err)
{
	struct where *where;
	int code;

	TRY(where_new(cluster, &account, 1, &where, err));
	code = modify(slurm, where, "RawUsage=0", err);
	free(where);
	return code;
}

/* A row, and where to report what cannot be read of it. */
struct row_reader {
	const struct table *table;
	size_t row;
	const char *const *columns;
	const char *name;
	struct odd_rows *odd;
};

/* Reads a limit of jobs; -1 when the cell is empty or not a number, which makes the row odd. */
static int read_jobs(const struct row_reader *reader, size_t column, int64_t *ret,
		     struct sb_error *err)
{
	const char *cell = table_cell(reader->table, reader->row, column);

	*ret = -1;
	if (cell[0] == '\0' || number_parse(cell, 0, INT64_MAX, ret))
		return SB_OK;
	return odd_rows_add(reader->odd, reader->table->lines[reader->row].line,
			    reader->columns[column], cell, reader->name, err);
}

enum assoc_column {
	ASSOC_CLUSTER,
	ASSOC_TRES_MINS,
	ASSOC_TRES_RUN_MINS,
	ASSOC_JOBS,
	ASSOC_SUBMIT_JOBS,
	ASSOC_USER,
	ASSOC_ACCOUNT,
	ASSOC_COLUMNS
};

/* The header has the names of the format, except that GrpSubmitJobs is printed as GrpSubmit. */
static const char *const assoc_columns[] = {
	"Cluster", "GrpTRESMins", "GrpTRESRunMins", "GrpJobs", "GrpSubmit", "User", "Account",
};

static int compare_limits(const void *a, const void *b)
{
	const struct account_limits *x = a, *y = b;

	return strcmp(x->account, y->account);
}

static int add_row(struct limits *limits, const struct table *table, size_t i, struct sb_error *err)
{
	struct account_limits *row = array_add(limits->rows, limits->count);
	struct row_reader reader = {.table = table,
				    .row = i,
				    .columns = assoc_columns,
				    .name = table_cell(table, i, ASSOC_ACCOUNT),
				    .odd = &limits->odd};
	char *text = limits->texts[limits->text_count - 1];
	size_t odd_before = limits->odd.count;

	if (!row)
		return slurm_error_nomem(err);
	row->account = reader.name;
	row->grp_tres_mins = table_cell(table, i, ASSOC_TRES_MINS);
	row->grp_tres_run_mins = table_cell(table, i, ASSOC_TRES_RUN_MINS);
	row->line = table->lines[i].line;
	TRY(read_jobs(&reader, ASSOC_JOBS, &row->grp_jobs, err));
	TRY(read_jobs(&reader, ASSOC_SUBMIT_JOBS, &row->grp_submit_jobs, err));
	/* No name with newlines is ever asked for: this row is something else. */
	if (table->lines[i].joined) {
		TRY(odd_rows_add(&limits->odd, row->line, assoc_columns[ASSOC_ACCOUNT],
				 row->account, "", err));
		text[row->account - text + (ptrdiff_t)strcspn(row->account, "\n")] = '\0';
	}
	row->odd = limits->odd.count > odd_before;
	return SB_OK;
}

/* Adds the rows of one answer, and takes its text. */
static int add_limits(struct limits *limits, struct table *table, struct sb_error *err)
{
	char **text = array_add(limits->texts, limits->text_count);

	if (!text)
		return slurm_error_nomem(err);
	*text = table->text;
	table->text = NULL;
	for (size_t i = 0; i < table->rows; i++) {
		if (table_cell(table, i, ASSOC_USER)[0] == '\0')
			TRY(add_row(limits, table, i, err));
	}
	return SB_OK;
}

/* The limits of an account that occurs twice are unknown. */
static int keep_one_each(struct limits *limits, struct sb_error *err)
{
	size_t kept = 0;

	array_sort(limits->rows, limits->count, compare_limits);
	for (size_t i = 0; i < limits->count; i++) {
		const struct account_limits *row = &limits->rows[i];

		if (kept == 0 || compare_limits(&limits->rows[kept - 1], row) != 0) {
			limits->rows[kept++] = *row;
			continue;
		}
		limits->rows[kept - 1].odd = true;
		TRY(odd_rows_add(&limits->odd, row->line, assoc_columns[ASSOC_ACCOUNT],
				 "there twice", row->account, err));
	}
	limits->count = kept;
	return SB_OK;
}

static int read_limits(const struct slurm *slurm, const char *cluster, struct where *where,
		       struct limits *limits, struct sb_error *err)
{
	static const char format[] =
		"format=Cluster,GrpTRESMins,GrpTRESRunMins,GrpJobs,GrpSubmitJobs,User,Account";
	const struct table_form form = {"sacctmgr", assoc_columns, ASSOC_COLUMNS, cluster};

	while (where_next(where)) {
		const char *const argv[] = {
			slurm->sacctmgr, "-P",	      "show", "assoc", "where",
			where->cluster,	 where->list, format, NULL,
		};
		struct table table = {0};
		int code;

		TRY(table_ask(slurm, &form, argv, &table, err));
		code = add_limits(limits, &table, err);
		table_release(&table);
		TRY(code);
	}
	return keep_one_each(limits, err);
}

int sacctmgr_read_limits(const struct slurm *slurm, const char *cluster,
			 const char *const accounts[], size_t count, struct limits *ret,
			 struct sb_error *err)
{
	struct limits limits = {0};
	struct where *where;
	int code;

	TRY(where_new(cluster, accounts, count, &where, err));
	code = read_limits(slurm, cluster, where, &limits, err);
	free(where);
	if (code == SB_OK)
		*ret = limits;
	else
		limits_release(&limits);
	return code;
}

const struct account_limits *limits_find(const struct limits *limits, const char *account)
{
	const struct account_limits key = {.account = account};

	return array_find(limits->rows, limits->count, &key, compare_limits);
}

static void release_texts(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

void limits_release(struct limits *limits)
{
	release_texts(limits->texts, limits->text_count);
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
	QOS_COLUMNS
};

static const char *const qos_columns[] = {
	"GrpTRESMins", "GrpTRESRunMins", "GrpJobs", "GrpSubmit", "UsageFactor", "Flags", "Name",
};

/* Takes the rows and the text of [table]. */
static int take_qos(struct table *table, struct qos_list *list, struct sb_error *err)
{
	list->text = table->text;
	table->text = NULL;
	for (size_t i = 0; i < table->rows; i++) {
		struct qos *row = array_add(list->rows, list->count);
		struct row_reader reader = {.table = table,
					    .row = i,
					    .columns = qos_columns,
					    .name = table_cell(table, i, QOS_NAME),
					    .odd = &list->odd};

		if (!row)
			return slurm_error_nomem(err);
		row->name = reader.name;
		row->grp_tres_mins = table_cell(table, i, QOS_TRES_MINS);
		row->grp_tres_run_mins = table_cell(table, i, QOS_TRES_RUN_MINS);
		row->usage_factor = table_cell(table, i, QOS_USAGE_FACTOR);
		row->flags = table_cell(table, i, QOS_FLAGS);
		TRY(read_jobs(&reader, QOS_JOBS, &row->grp_jobs, err));
		TRY(read_jobs(&reader, QOS_SUBMIT_JOBS, &row->grp_submit_jobs, err));
	}
	return SB_OK;
}

int sacctmgr_read_qos(const struct slurm *slurm, struct qos_list *ret, struct sb_error *err)
{
	static const char format[] =
		"format=GrpTRESMins,GrpTRESRunMins,GrpJobs,GrpSubmitJobs,UsageFactor,Flags,Name";
	static const struct table_form form = {"sacctmgr", qos_columns, QOS_COLUMNS, NULL};
	const char *const argv[] = {slurm->sacctmgr, "-P", "show", "qos", format, NULL};
	struct qos_list list = {0};
	struct table table = {0};
	int code;

	TRY(table_ask(slurm, &form, argv, &table, err));
	code = take_qos(&table, &list, err);
	table_release(&table);
	if (code == SB_OK)
		*ret = list;
	else
		qos_list_release(&list);
	return code;
}

int qos_list_add(struct qos_list *list, const char *name, const char *usage_factor,
		 struct sb_error *err)
{
	char **added, *text = NULL;
	struct qos *row;

	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->rows[i].name, name) == 0)
			return SB_OK;
	}
	added = array_add(list->added, list->added_count);
	if (!added || asprintf(&text, "%s%c%s", name, '\0', usage_factor) < 0)
		return slurm_error_nomem(err);
	*added = text;
	row = array_add(list->rows, list->count);
	if (!row)
		return slurm_error_nomem(err);
	*row = (struct qos){.name = text,
			    .grp_tres_mins = "",
			    .grp_tres_run_mins = "",
			    .grp_jobs = -1,
			    .grp_submit_jobs = -1,
			    .usage_factor = text + strlen(name) + 1,
			    .flags = ""};
	return SB_OK;
}

void qos_list_release(struct qos_list *list)
{
	release_texts(list->added, list->added_count);
	free(list->rows);
	free(list->text);
	odd_rows_release(&list->odd);
	memset(list, 0, sizeof(*list));
}
