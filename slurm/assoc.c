/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/assoc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "slurm/error.h"
#include "slurm/table.h"

static int compare(const void *a, const void *b)
{
	const struct assoc *x = a, *y = b;
	int order = strcmp(x->account, y->account);

	return order ? order : strcmp(x->cluster, y->cluster);
}

/* Takes the rows of [user], and the text of [table]. */
static int take_rows(struct table *table, const char *user, struct assocs *assocs,
		     struct sb_error *err)
{
	assocs->text = table->text;
	table->text = NULL;
	assocs->rows = calloc(table->rows + 1, sizeof(*assocs->rows));
	if (!assocs->rows)
		return slurm_error_nomem(err);
	for (size_t i = 0; i < table->rows; i++) {
		const char *owner = table_cell(table, i, 1);

		if (strcmp(owner, user) == 0)
			assocs->rows[assocs->count++] =
				(struct assoc){table_cell(table, i, 0), table_cell(table, i, 2)};
		else if (assocs->count == 0)
			return slurm_error(
				err, SB_EFORMAT,
				"sacctmgr: asked for associations of \"%s\", got \"%.255s\"", user,
				owner);
	}
	array_sort(assocs->rows, assocs->count, compare);
	return SB_OK;
}

int assocs_read(const struct slurm *slurm, const char *user, struct assocs *ret,
		struct sb_error *err)
{
	static const char *const columns[] = {"Cluster", "User", "Account"};
	static const struct table_form form = {"sacctmgr", columns, 3, NULL};
	static const char format[] = "format=Cluster,User,Account";
	char where[sizeof("user=") + SLURM_USER_MAX];
	const char *const argv[] = {slurm->sacctmgr, "-P",  "show", "assoc",
				    "where",	     where, format, NULL};
	struct assocs assocs = {0};
	struct table table = {0};
	int code;

	TRY(slurm_check_user(user, err));
	(void)snprintf(where, sizeof(where), "user=%s", user);
	TRY(table_ask(slurm, &form, argv, &table, err));
	code = take_rows(&table, user, &assocs, err);
	table_release(&table);
	if (code == SB_OK)
		*ret = assocs;
	else
		assocs_release(&assocs);
	return code;
}

void assocs_release(struct assocs *assocs)
{
	free(assocs->rows);
	free(assocs->text);
	memset(assocs, 0, sizeof(*assocs));
}
