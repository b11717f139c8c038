/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/user_assoc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/comma.h"
#include "slurm/error.h"
#include "slurm/table.h"

static int take_rows(struct table *table, const char *user, struct user_assocs *to,
		     struct sb_error *err)
{
	to->text = table->text;
	table->text = NULL;
	to->rows = calloc(table->rows + 1, sizeof(*to->rows));
	if (!to->rows)
		return slurm_error_nomem(err);
	for (size_t i = 0; i < table->rows; i++) {
		if (strcmp(table_cell(table, i, 0), user) != 0)
			continue;
		to->rows[to->count++] = (struct user_assoc){
			.cluster = table_cell(table, i, 1),
			.partition = table_cell(table, i, 2),
			.qos = table_cell(table, i, 3),
			.default_qos = table_cell(table, i, 4),
			.default_account = table_cell(table, i, 5),
			.account = table_cell(table, i, 6),
		};
	}
	return SB_OK;
}

int user_assocs_read(const struct slurm *slurm, const char *user, struct user_assocs *ret,
		     struct sb_error *err)
{
	static const char *const columns[] = {"User",	 "Cluster",  "Partition", "QOS",
					      "Def QOS", "Def Acct", "Account"};
	static const struct table_form form = {"sacctmgr", columns, 7, NULL};
	static const char format[] =
		"format=User,Cluster,Partition,QOS,DefaultQOS,DefaultAccount,Account";
	char where[sizeof("name=") + SLURM_USER_MAX];
	const char *const argv[] = {slurm->sacctmgr, "-P",	  "show", "user", "where",
				    where,	     "withassoc", format, NULL};
	struct user_assocs user_assocs = {0};
	struct table table = {0};
	int code;

	TRY(slurm_check_user(user, err));
	(void)snprintf(where, sizeof(where), "name=%s", user);
	TRY(table_ask(slurm, &form, argv, &table, err));
	code = take_rows(&table, user, &user_assocs, err);
	table_release(&table);
	if (code == SB_OK)
		*ret = user_assocs;
	else
		user_assocs_release(&user_assocs);
	return code;
}

const char *user_assoc_qos(char to[USER_ASSOC_QOS_SIZE], const struct user_assoc *user_assoc)
{
	static const char normal[] = "normal";
	const char *name = user_assoc->default_qos, *item;
	size_t len;

	for (const char *rest = user_assoc->qos; !*name && comma_next(&rest, &item, &len);) {
		if (len == strlen(normal) && strncmp(item, normal, len) == 0)
			name = normal;
	}
	if (!*name)
		name = user_assoc->qos;
	(void)snprintf(to, USER_ASSOC_QOS_SIZE, "%.*s", (int)strcspn(name, ","), name);
	return to;
}

void user_assocs_release(struct user_assocs *user_assocs)
{
	free(user_assocs->rows);
	free(user_assocs->text);
	*user_assocs = (struct user_assocs){0};
}
