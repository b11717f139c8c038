/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/coordinators.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/base/array.h"
#include "slurm/error.h"

static int by_user(const void *a, const void *b)
{
	const struct coordinator *left = a, *right = b;
	int order = strcmp(left->user, right->user);

	return order ? order : strcmp(left->account, right->account);
}

/* Adds a row "ann,bob|physics". */
static int add_row(struct coordinators *list, char *line, struct sb_error *err)
{
	char *users = strsep(&line, "|"), *user;

	/* The line continues a name, or the account has no coordinator. */
	if (!line)
		return SB_OK;
	while ((user = strsep(&users, ","))) {
		struct coordinator *added;

		if (!*user)
			continue;
		added = array_add(list->list, list->count);
		if (!added)
			return slurm_error_nomem(err);
		*added = (struct coordinator){user, line};
	}
	return SB_OK;
}

static int read_rows(struct coordinators *list, struct sb_error *err)
{
	char *rest = list->text, *line = strsep(&rest, "\n");

	/* The column of coordinators is called "Coord Accounts" (22.05.8). */
	if (!line || strncasecmp(line, "coord", 5) != 0 || !strchr(line, '|') ||
	    strcasecmp(strchr(line, '|'), "|account") != 0)
		return slurm_error(err, SB_EFORMAT,
				   "sacctmgr: its answer about coordinators does not begin with "
				   "the names of its columns" SLURM_OWN);
	while ((line = strsep(&rest, "\n")))
		TRY(add_row(list, line, err));
	array_unique(list->list, list->count, by_user);
	return SB_OK;
}

/* Finds a line such as "DisableCoordDBD        = yes", which older versions do not print. */
static int read_config(const struct slurm *slurm, bool *ret, struct sb_error *err)
{
	static const char key[] = "DisableCoordDBD";
	const char *const argv[] = {slurm->sacctmgr, "show", "config", NULL};
	struct run_result answer;
	const char *at;

	TRY(slurm_ask(slurm, argv, &answer, err));
	at = answer.out ? strstr(answer.out, key) : NULL;
	if (at)
		at += strlen(key) + strspn(at + strlen(key), " =");
	*ret = at && (strncasecmp(at, "yes", 3) == 0 || *at == '1');
	run_result_release(&answer);
	return SB_OK;
}

int coordinators_read(const struct slurm *slurm, struct coordinators *ret, struct sb_error *err)
{
	const char *const argv[] = {slurm->sacctmgr,
				    "-P",
				    "show",
				    "account",
				    "withcoord",
				    "format=Coordinators,Account",
				    NULL};
	struct coordinators list = {0};
	struct run_result answer;
	int rc;

	TRY(slurm_ask(slurm, argv, &answer, err));
	list.text = answer.out;
	answer.out = NULL;
	run_result_release(&answer);
	rc = read_rows(&list, err);
	if (!rc && list.count > 0)
		rc = read_config(slurm, &list.disabled, err);
	if (rc)
		coordinators_release(&list);
	else
		*ret = list;
	return rc;
}

void coordinators_release(struct coordinators *coordinators)
{
	free(coordinators->list);
	free(coordinators->text);
	*coordinators = (struct coordinators){0};
}
