/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "slurm/assoc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slurm/table.h"

static int compare(const void *a, const void *b)
{
	const struct assoc *x = a, *y = b;
	int order = strcmp(x->account, y->account);

	return order ? order : strcmp(x->cluster, y->cluster);
}

int assocs_read(const struct slurm *slurm, const char *user, struct assocs *ret,
		struct sb_error *err)
{
	static const char *const columns[] = {"Cluster", "User", "Account"};
	char where[sizeof("user=") + SLURM_USER_MAX];
	const char *const argv[] = {slurm->sacctmgr,
				    "-P",
				    "show",
				    "assoc",
				    "where",
				    where,
				    "format=Cluster,User,Account",
				    NULL};
	struct assocs assocs = {0};
	struct table table = {0};
	int code;

	code = slurm_check_user(user, err);
	if (code != SB_OK)
		return code;
	(void)snprintf(where, sizeof(where), "user=%s", user);
	code = table_ask(slurm, "sacctmgr", argv, columns, 3, NULL, &table, err);
	if (code != SB_OK)
		return code;
	assocs.rows = calloc(table.rows + 1, sizeof(*assocs.rows));
	if (!assocs.rows)
		code = sb_error_set(err, SB_ESYSTEM, "sacctmgr: out of memory for associations");
	for (size_t i = 0; i < table.rows && code == SB_OK; i++) {
		const char *whose = table_cell(&table, i, 1);

		if (strcmp(whose, user) == 0)
			assocs.rows[assocs.count++] =
				(struct assoc){table_cell(&table, i, 0), table_cell(&table, i, 2)};
		else if (assocs.count == 0)
			code = sb_error_set(err, SB_EFORMAT,
					    "sacctmgr: asked for associations of \"%s\", its "
					    "answer has those of \"%.255s\": nothing was read",
					    user, whose);
	}
	if (code == SB_OK) {
		qsort(assocs.rows, assocs.count, sizeof(*assocs.rows), compare);
		assocs.text = table.text;
		table.text = NULL;
		*ret = assocs;
	} else {
		assocs_release(&assocs);
	}
	table_release(&table);
	return code;
}

void assocs_release(struct assocs *assocs)
{
	free(assocs->rows);
	free(assocs->text);
	memset(assocs, 0, sizeof(*assocs));
}
