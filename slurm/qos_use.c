/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/qos_use.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "slurm/error.h"
#include "slurm/scontrol.h"
#include "slurm/table.h"

/* ---- what bounds its jobs ---- */

/* The name last, since it may hold bars. */
static const char *const bound_columns[] = {
	"MaxWall",     "MaxTRES", "MaxTRESMins", "MaxTRESPU", "MaxJobsPU",
	"MaxSubmitPU", "GrpTRES", "GrpWall",	 "Name",
};
enum { BOUND_NAME = sizeof(bound_columns) / sizeof(bound_columns[0]) - 1 };

static void write_bounds(const struct table *table, size_t row, char to[QOS_BOUNDS_SIZE])
{
	size_t len = 0;

	to[0] = '\0';
	for (size_t i = 0; i < BOUND_NAME && len < QOS_BOUNDS_SIZE; i++) {
		const char *cell = table_cell(table, row, i);

		if (*cell)
			len += (size_t)snprintf(to + len, QOS_BOUNDS_SIZE - len, "%s%s=%s",
						len ? ", " : "", bound_columns[i], cell);
	}
}

int qos_read_bounds(const struct slurm *slurm, const char *qos, char to[QOS_BOUNDS_SIZE],
		    struct sb_error *err)
{
	static const char format[] = "format=MaxWall,MaxTRES,MaxTRESMins,MaxTRESPU,MaxJobsPU,"
				     "MaxSubmitPU,GrpTRES,GrpWall,Name";
	static const struct table_form form = {"sacctmgr", bound_columns, BOUND_NAME + 1, NULL};
	char where[sizeof("name=") + 255];
	const char *const argv[] = {slurm->sacctmgr, "-P",  "show", "qos",
				    "where",	     where, format, NULL};
	struct table table = {0};
	int code;

	TRY(slurm_check_accounts(&qos, 1, err));
	(void)snprintf(where, sizeof(where), "name=%s", qos);
	TRY(table_ask(slurm, &form, argv, &table, err));
	code = slurm_error(err, SB_ENOTFOUND, "sacctmgr: there is no QOS %s", qos);
	for (size_t i = 0; code && i < table.rows; i++) {
		if (strcmp(table_cell(&table, i, BOUND_NAME), qos) == 0) {
			write_bounds(&table, i, to);
			code = SB_OK;
		}
	}
	table_release(&table);
	return code;
}

/* ---- who lacks it ---- */

enum { LIST_CLUSTER, LIST_QOS, LIST_USER, LIST_ACCOUNT, LIST_COLUMNS };

static const char *const list_columns[] = {"Cluster", "QOS", "User", "Account"};

/* Bytes of "account=a,b,…": Linux allows 128 KiB for one argument. */
enum { LIST_MAX = 100 << 10 };

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_lacking(const void *a, const void *b)
{
	const struct lacking *x = a, *y = b;
	int order = strcmp(x->account, y->account);

	return order ? order : strcmp(x->user, y->user);
}

/* The names of one call, sorted. */
struct asked {
	const char **names;
	size_t count;
};

/* Adds the rows that lack the QOS, and takes the text of the answer. */
static int add_lacking(struct lackings *lackings, struct table *table, const struct asked *asked,
		       const char *qos, struct sb_error *err)
{
	char **text = array_add(lackings->texts, lackings->text_count);

	if (!text)
		return slurm_error_nomem(err);
	*text = table->text;
	table->text = NULL;
	for (size_t i = 0; i < table->rows; i++) {
		const char *account = table_cell(table, i, LIST_ACCOUNT);
		const char *user = table_cell(table, i, LIST_USER);
		struct lacking *row;

		/* A name with newlines is none of these. */
		if (!bsearch(&account, asked->names, asked->count, sizeof(account), compare_names))
			continue;
		lackings->accounts += !*user;
		if (list_has(table_cell(table, i, LIST_QOS), qos))
			continue;
		row = array_add(lackings->rows, lackings->count);
		if (!row)
			return slurm_error_nomem(err);
		*row = (struct lacking){account, user};
	}
	return SB_OK;
}

static int ask_lacking(const struct slurm *slurm, const char *cluster, const char *qos,
		       const struct asked *asked, struct lackings *lackings, struct sb_error *err)
{
	const struct table_form form = {"sacctmgr", list_columns, LIST_COLUMNS, cluster};
	static const char format[] = "format=Cluster,QOS,User,Account";
	char where[sizeof("cluster=") + 255], *list = NULL;
	const char *const options[] = {slurm->sacctmgr, "-P", "show", "assoc", "where"};
	const char *argv[9] = {0};
	struct table table = {0};
	size_t size;
	FILE *to = open_memstream(&list, &size);
	int code;

	if (!to)
		return slurm_error_nomem(err);
	for (size_t i = 0; i < asked->count; i++)
		fprintf(to, "%s%s", i ? "," : "account=", asked->names[i]);
	if (fclose(to) != 0) {
		free(list);
		return slurm_error_nomem(err);
	}
	(void)snprintf(where, sizeof(where), "cluster=%s", cluster);
	memcpy(argv, options, sizeof(options));
	argv[5] = where;
	argv[6] = list;
	argv[7] = format;
	code = table_ask(slurm, &form, argv, &table, err);
	free(list);
	TRY(code);
	code = add_lacking(lackings, &table, asked, qos, err);
	table_release(&table);
	return code;
}

static int read_lacking(const struct slurm *slurm, const char *cluster, const char *qos,
			const struct asked *all, struct lackings *lackings, struct sb_error *err)
{
	for (size_t from = 0, to; from < all->count; from = to) {
		size_t len = sizeof("account=");

		for (to = from; to < all->count; to++) {
			len += strlen(all->names[to]) + 1;
			if (len > LIST_MAX)
				break;
		}
		TRY(ask_lacking(slurm, cluster, qos, &(struct asked){all->names + from, to - from},
				lackings, err));
	}
	/* A user has an association for each partition. */
	array_unique(lackings->rows, lackings->count, compare_lacking);
	return SB_OK;
}

int qos_read_lacking(const struct slurm *slurm, const char *cluster, const char *qos,
		     const char *const accounts[], size_t count, struct lackings *ret,
		     struct sb_error *err)
{
	struct lackings lackings = {0};
	struct asked all = {.count = count};
	int code;

	TRY(slurm_check_cluster(cluster, err));
	TRY(slurm_check_accounts(accounts, count, err));
	TRY(slurm_check_accounts(&qos, 1, err));
	all.names = calloc(count + 1, sizeof(*all.names));
	if (!all.names)
		return slurm_error_nomem(err);
	for (size_t i = 0; i < count; i++)
		all.names[i] = accounts[i];
	array_sort(all.names, count, compare_names);
	code = read_lacking(slurm, cluster, qos, &all, &lackings, err);
	free(all.names);
	if (code == SB_OK)
		*ret = lackings;
	else
		lackings_release(&lackings);
	return code;
}

void lackings_release(struct lackings *lackings)
{
	for (size_t i = 0; i < lackings->text_count; i++)
		free(lackings->texts[i]);
	free(lackings->texts);
	free(lackings->rows);
	memset(lackings, 0, sizeof(*lackings));
}
