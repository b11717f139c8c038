/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/show/selection.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int add(struct selection *selection, const char *text, struct sb_error *err)
{
	char name[NAME_SIZE];
	char(*grown)[NAME_SIZE];
	int rc = name_fold("account", text, name, err);

	if (rc)
		return rc;
	grown = reallocarray(selection->names, selection->count + 1, sizeof(*grown));
	if (!grown)
		return sb_error_nomem(err);
	selection->names = grown;
	memcpy(grown[selection->count++], name, sizeof(name));
	return SB_OK;
}

static int add_list(struct selection *selection, const char *list, struct sb_error *err)
{
	char *copy = strdup(list), *rest = copy, *name;
	int rc = copy ? SB_OK : sb_error_nomem(err);

	while (!rc && (name = strsep(&rest, ",")))
		rc = add(selection, name, err);
	free(copy);
	return rc;
}

static int sort(struct selection *selection, struct sb_error *err)
{
	size_t kept = 0;

	if (selection->count == 0)
		return SB_OK;
	qsort(selection->names, selection->count, sizeof(*selection->names), by_name);
	for (size_t i = 0; i < selection->count; i++) {
		if (i == 0 || strcmp(selection->names[i], selection->names[kept - 1]) != 0)
			memmove(selection->names[kept++], selection->names[i], NAME_SIZE);
	}
	selection->count = kept;
	selection->list = calloc(kept, sizeof(*selection->list));
	if (!selection->list)
		return sb_error_nomem(err);
	for (size_t i = 0; i < kept; i++)
		selection->list[i] = selection->names[i];
	return SB_OK;
}

int selection_read(struct env *env, int argc, const char *const argv[], struct selection *ret)
{
	struct selection selection = {0};
	const char *list = option(env, "accounts");
	struct sb_error err;
	int rc = SB_OK;

	for (int i = 0; i < argc && !rc; i++)
		rc = add(&selection, argv[i], &err);
	if (!rc && list)
		rc = add_list(&selection, list, &err);
	if (!rc)
		rc = sort(&selection, &err);
	if (rc) {
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
	/* The list points to the names in their order. */
	selection->count = kept;
	return SB_OK;
}

bool selection_has(const struct selection *selection, const char *name)
{
	return selection->count == 0 || bsearch(name, selection->names, selection->count,
						sizeof(*selection->names), by_name);
}

void selection_release(struct selection *selection)
{
	free(selection->list);
	free(selection->names);
	*selection = (struct selection){0};
}
