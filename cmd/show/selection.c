/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/selection.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "ledger/base/array.h"
#include "ledger/base/comma.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int add(void *ctx, const char *text, struct sb_error *err)
{
	struct selection *selection = ctx;
	char name[NAME_SIZE], (*to)[NAME_SIZE];

	TRY(name_fold("account", text, name, err));
	to = array_add(selection->names, selection->count);
	if (!to)
		return sb_error_nomem(err);
	memcpy(*to, name, sizeof(name));
	return SB_OK;
}

static int read_names(int argc, const char *const argv[], const char *list,
		      struct selection *selection, struct sb_error *err)
{
	for (int i = 0; i < argc; i++)
		TRY(add(selection, argv[i], err));
	if (list)
		TRY(comma_each(list, add, selection, err));
	if (selection->count == 0)
		return SB_OK;
	array_unique(selection->names, selection->count, by_name);
	selection->list = calloc(selection->count, sizeof(*selection->list));
	if (!selection->list)
		return sb_error_nomem(err);
	for (size_t i = 0; i < selection->count; i++)
		selection->list[i] = selection->names[i];
	return SB_OK;
}

int selection_read(struct env *env, int argc, const char *const argv[], struct selection *ret)
{
	struct selection selection = {0};
	struct sb_error err;

	if (read_names(argc, argv, option(env, "accounts"), &selection, &err)) {
		selection_release(&selection);
		return fail(env, &err);
	}
	*ret = selection;
	return EXIT_DONE;
}

int selection_find(struct selection *selection, struct env *env, struct books *books,
		   struct sb_error *err)
{
	const struct account *account;
	size_t kept = 0;

	for (size_t i = 0; i < selection->count; i++) {
		int rc = books_account(books, selection->list[i], &account, err);

		if (rc && (rc != SB_ENOTFOUND || (kept == 0 && i + 1 == selection->count)))
			return rc;
		if (rc) {
			selection->missing++;
			(void)fail(env, err);
			continue;
		}
		memmove(selection->names[kept++], selection->names[i], NAME_SIZE);
	}
	/* list[i] points to names[i], so it needs no change. */
	selection->count = kept;
	return SB_OK;
}

bool selection_has(const struct selection *selection, const char *name)
{
	return selection->count == 0 ||
	       array_find(selection->names, selection->count, name, by_name);
}

void selection_release(struct selection *selection)
{
	free(selection->list);
	free(selection->names);
	*selection = (struct selection){0};
}
