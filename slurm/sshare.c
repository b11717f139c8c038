/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "slurm/sshare.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "slurm/table.h"

enum column { CLUSTER, ACCOUNT, USER, RAW_USAGE, GRP_TRES_MINS, GRP_TRES_RAW, TRES_RUN_MINS };

static const char *const columns[] = {
	[CLUSTER] = "Cluster",
	[ACCOUNT] = "Account",
	[USER] = "User",
	[RAW_USAGE] = "RawUsage",
	[GRP_TRES_MINS] = "GrpTRESMins",
	[GRP_TRES_RAW] = "GrpTRESRaw",
	[TRES_RUN_MINS] = "TRESRunMins",
};
enum { NCOLUMNS = sizeof(columns) / sizeof(columns[0]) };

static int compare_shares(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	return strcmp(x->account, y->account);
}

/* Turns rows into shares. [path] has room for one account name a row: the accounts from the
 * uppermost down to the row before. */
static int read_rows(const struct table *table, const char *cluster, const char **path,
		     struct shares *shares, struct slurm_error *err)
{
	size_t path_len = 0;

	for (size_t i = 0; i < table->rows; i++) {
		const char *indented = table_cell(table, i, ACCOUNT);
		const char *usage = table_cell(table, i, RAW_USAGE);
		size_t depth = strspn(indented, " ");
		struct share share = {.account = indented + depth};

		if (strcmp(table_cell(table, i, CLUSTER), cluster) != 0)
			return slurm_error_set(err, SLURM_EFORM,
					       "sshare: asked for cluster %s, its answer has rows "
					       "of \"%.255s\": see whether the cluster's name in "
					       "the settings is right",
					       cluster, table_cell(table, i, CLUSTER));
		if (share.account[0] == '\0')
			return slurm_error_set(err, SLURM_EFORM,
					       "sshare: a row of cluster %s has no account: its "
					       "answer cannot be trusted, nothing was read",
					       cluster);
		if (table_cell(table, i, USER)[0] != '\0')
			continue;
		if (!whole_number(usage, strlen(usage), &share.raw_usage))
			return slurm_error_set(err, SLURM_EFORM,
					       "sshare: the RawUsage of account %.255s on cluster "
					       "%s is \"%.100s\", not a whole number of "
					       "billing-seconds: nothing was read",
					       share.account, cluster, usage);
		/* A parent stands above its children, so depth grows by one at a time. */
		if (depth > path_len)
			return slurm_error_set(
				err, SLURM_EFORM,
				"sshare: account %.255s on cluster %s is indented by "
				"%zu below a row at %zu, so its parent is unknown: "
				"run as a user who may see all accounts",
				share.account, cluster, depth, path_len);
		share.parent = depth > 0 ? path[depth - 1] : "";
		path[depth] = share.account;
		path_len = depth + 1;
		share.grp_tres_mins = table_cell(table, i, GRP_TRES_MINS);
		share.grp_tres_raw = table_cell(table, i, GRP_TRES_RAW);
		share.tres_run_mins = table_cell(table, i, TRES_RUN_MINS);
		shares->rows[shares->count++] = share;
	}
	if (shares->count == 0)
		return slurm_error_set(err, SLURM_EFORM,
				       "sshare: cluster %s is not in its answer: see whether its "
				       "slurmctld runs (scontrol -M %s ping)",
				       cluster, cluster);

	qsort(shares->rows, shares->count, sizeof(*shares->rows), compare_shares);
	for (size_t i = 1; i < shares->count; i++) {
		if (strcmp(shares->rows[i - 1].account, shares->rows[i].account) == 0)
			return slurm_error_set(err, SLURM_EFORM,
					       "sshare: account %.255s is twice in the answer of "
					       "cluster %s: it cannot be told what was used, "
					       "nothing was read",
					       shares->rows[i].account, cluster);
	}
	return SLURM_OK;
}

int sshare_read(const struct slurm *slurm, const char *cluster, struct shares *ret,
		struct slurm_error *err)
{
	struct table table = {0};
	struct shares shares = {0};
	const char **path = NULL;
	const char *const argv[] = {
		slurm->sshare, "-P",
		"-M",	       cluster,
		"-o",	       "Cluster,Account,User,RawUsage,GrpTRESMins,GrpTRESRaw,TRESRunMins",
		NULL,
	};
	int code;

	code = slurm_check_cluster(cluster, err);
	if (code != SLURM_OK)
		return code;
	code = table_ask(slurm, "sshare", argv, columns, NCOLUMNS, &table, err);
	if (code != SLURM_OK)
		return code;
	shares.rows = calloc(table.rows + 1, sizeof(*shares.rows));
	path = calloc(table.rows + 1, sizeof(*path));
	if (!shares.rows || !path) {
		code = slurm_error_set(err, SLURM_ESYSTEM,
				       "sshare: out of memory for the accounts of cluster %s",
				       cluster);
		goto cleanup;
	}
	code = read_rows(&table, cluster, path, &shares, err);
	if (code != SLURM_OK)
		goto cleanup;
	shares.text = table.text;
	table.text = NULL;
	*ret = shares;
	shares.rows = NULL;
	shares.text = NULL;

cleanup:
	free(path);
	shares_release(&shares);
	table_release(&table);
	return code;
}

const struct share *shares_find(const struct shares *shares, const char *account)
{
	const struct share key = {.account = account};

	if (shares->count == 0)
		return NULL;
	return bsearch(&key, shares->rows, shares->count, sizeof(*shares->rows), compare_shares);
}

void shares_release(struct shares *shares)
{
	if (!shares)
		return;
	free(shares->rows);
	free(shares->text);
	memset(shares, 0, sizeof(*shares));
}

int tres_next(const char *list, size_t *at, struct tres *ret, struct slurm_error *err)
{
	struct tres tres = {.value = -1};

	if (list[*at] == '\0')
		return 0;

	/* The comma goes with the item behind it, so that none may be the last. */
	const char *item = list + *at + (*at > 0 && list[*at] == ',');
	size_t len = strcspn(item, ",");
	const char *equals = memchr(item, '=', len);
	size_t name_len = equals ? (size_t)(equals - item) : 0;
	size_t digits = equals ? len - name_len - 1 : 0;

	if (name_len == 0 || name_len >= sizeof(tres.name) || digits == 0 ||
	    strspn(equals + 1, "0123456789") != digits)
		return slurm_error_set(err, SLURM_EFORM,
				       "\"%.200s\" is not a list of limits such as "
				       "cpu=0,gres/gpu=7: see sshare -o GrpTRESMins,GrpTRESRaw",
				       list);
	memcpy(tres.name, item, name_len);
	/* Slurm stores a negative limit as one near 2^64, and none is what it comes to. */
	(void)whole_number(equals + 1, digits, &tres.value);
	*at = (size_t)(item - list) + len;
	*ret = tres;
	return 1;
}

int tres_value(const char *list, const char *name, int64_t *ret, struct slurm_error *err)
{
	int64_t value = -1;
	bool found = false;
	struct tres tres;
	size_t at = 0;
	int code;

	while ((code = tres_next(list, &at, &tres, err)) > 0) {
		if (strcmp(tres.name, name) != 0)
			continue;
		if (found)
			return slurm_error_set(err, SLURM_EFORM,
					       "\"%.200s\" has %s twice: see sshare -o "
					       "GrpTRESMins,GrpTRESRaw",
					       list, name);
		value = tres.value;
		found = true;
	}
	if (code == 0)
		*ret = value;
	return code;
}
