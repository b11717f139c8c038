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

struct name_reading {
	struct selection *selection;
	bool purses; /* names of purses are allowed, too */
};

/* Reads a name. With --resource an account's name stands for its purse of that resource. */
static int read_name(const struct name_reading *reading, const char *text, char ret[NAME_SIZE],
		     struct sb_error *err)
{
	const char *resource = reading->selection->resource;

	if (!reading->purses)
		return name_fold("account", text, ret, err);
	TRY(purse_fold(text, ret, err));
	if (!*resource || strcmp(purse_resource(ret), resource) == 0)
		return SB_OK;
	return purse_is_account(ret)
		       ? purse_name(text, resource, ret, err)
		       : sb_error_set(err, SB_EINVAL,
				      "'%.255s' names its resource itself: leave out --resource %s",
				      ret, resource);
}

static int add(void *ctx, const char *text, struct sb_error *err)
{
	const struct name_reading *reading = ctx;
	struct selection *selection = reading->selection;
	char name[NAME_SIZE], (*to)[NAME_SIZE];

	TRY(read_name(reading, text, name, err));
	to = array_add(selection->names, selection->count);
	if (!to)
		return sb_error_nomem(err);
	memcpy(*to, name, sizeof(name));
	return SB_OK;
}

static int read_names(int argc, const char *const argv[], const char *list,
		      struct name_reading *reading, struct sb_error *err)
{
	struct selection *selection = reading->selection;

	for (int i = 0; i < argc; i++)
		TRY(add(reading, argv[i], err));
	if (list)
		TRY(comma_each(list, add, reading, err));
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

int resource_option(const struct env *env, char ret[RESOURCE_SIZE], struct sb_error *err)
{
	const char *text = option_if_known(env, "resource");
	char purse[NAME_SIZE];

	ret[0] = '\0';
	if (!text)
		return SB_OK;
	TRY(purse_name("any", text, purse, err));
	(void)snprintf(ret, RESOURCE_SIZE, "%s", purse_resource(purse));
	return SB_OK;
}

int purse_argument(struct env *env, const char *text, char ret[NAME_SIZE])
{
	struct selection selection = {0};
	const struct name_reading reading = {&selection, true};
	struct sb_error err;

	if (resource_option(env, selection.resource, &err) || read_name(&reading, text, ret, &err))
		return fail(env, &err);
	return EXIT_DONE;
}

static int read_selection(struct env *env, int argc, const char *const argv[], bool purses,
			  struct selection *ret)
{
	struct selection selection = {0};
	struct name_reading reading = {&selection, purses};
	struct sb_error err;

	if ((purses && resource_option(env, selection.resource, &err)) ||
	    read_names(argc, argv, option_if_known(env, "accounts"), &reading, &err)) {
		selection_release(&selection);
		return fail(env, &err);
	}
	*ret = selection;
	return EXIT_DONE;
}

int selection_read(struct env *env, int argc, const char *const argv[], struct selection *ret)
{
	return read_selection(env, argc, argv, false, ret);
}

int selection_read_purses(struct env *env, int argc, const char *const argv[],
			  struct selection *ret)
{
	return read_selection(env, argc, argv, true, ret);
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

static int by_purse(const void *a, const void *b)
{
	const struct account *const *one = a, *const *other = b;

	return purse_order((*one)->name, (*other)->name);
}

static int add_purse(struct purses *purses, const struct account *account, struct sb_error *err)
{
	const struct account **added = array_add(purses->list, purses->count);

	if (!added)
		return sb_error_nomem(err);
	*added = account;
	return SB_OK;
}

/* Whether a purse that the user did not name is to be shown. */
static bool is_meant(const struct selection *selection, const char *purse)
{
	char resource[RESOURCE_SIZE];

	return (selection->users || !purse_user(purse)) &&
	       (!*selection->resource ||
		strcmp(resource_base(resource, purse_resource(purse)), selection->resource) == 0);
}

/* Lists the selected purses of all accounts. */
static int list_all(const struct selection *selection, struct books *books, struct purses *ret,
		    struct sb_error *err)
{
	const char *resource = selection->resource;
	size_t count;

	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < count; i++) {
		const struct account *account = books_at(books, i);

		if (is_meant(selection, account->name))
			TRY(add_purse(ret, account, err));
	}
	if (ret->count > 0 || !*resource || strcmp(resource, RESOURCE_BILLING) == 0)
		return SB_OK;
	return sb_error_set(err, SB_ENOTFOUND,
			    "no account has a budget of %s: `subank open ACCOUNT --resource %s` "
			    "starts one",
			    resource, resource);
}

/* Whether [share] is a user's share of [purse]. */
static bool is_share_of(const char *share, const char *purse)
{
	char resource[RESOURCE_SIZE];

	return purse_user(share) &&
	       strcmp(resource_base(resource, purse_resource(share)), purse_resource(purse)) == 0;
}

/* Lists the purses that one name stands for. */
static int list_name(const struct selection *selection, struct books *books, const char *name,
		     struct purses *ret, struct sb_error *err)
{
	const struct account *account;
	char owner[NAME_SIZE];
	struct purses more;
	int rc = SB_OK;

	TRY(books_account(books, name, &account, err));
	TRY(add_purse(ret, account, err));
	if (purse_user(name) || (!purse_is_account(name) && !selection->users) ||
	    (*selection->resource && !selection->users))
		return SB_OK;
	TRY(books_purses(books, purse_account(owner, name), &more, err));
	for (size_t i = 0; i < more.count && !rc; i++) {
		/* Of a purse that was named, its shares alone. */
		if (is_meant(selection, more.list[i]->name) &&
		    (purse_is_account(name) || is_share_of(more.list[i]->name, name)))
			rc = add_purse(ret, more.list[i], err);
	}
	purses_release(&more);
	return rc;
}

int selection_purses(const struct selection *selection, struct books *books, struct purses *ret,
		     struct sb_error *err)
{
	struct purses purses = {0};
	int rc = SB_OK;

	if (selection->count == 0)
		rc = list_all(selection, books, &purses, err);
	for (size_t i = 0; i < selection->count && !rc; i++)
		rc = list_name(selection, books, selection->list[i], &purses, err);
	if (rc) {
		purses_release(&purses);
		return rc;
	}
	if (selection->users || has_resources(&purses))
		array_unique(purses.list, purses.count, by_purse);
	*ret = purses;
	return SB_OK;
}

bool has_resources(const struct purses *purses)
{
	for (size_t i = 0; i < purses->count; i++) {
		if (!purse_is_su(purses->list[i]->name))
			return true;
	}
	return false;
}

int books_have_resources(struct books *books, bool *ret, struct sb_error *err)
{
	struct resources resources;

	TRY(books_resources(books, &resources, err));
	*ret = false;
	for (size_t i = 0; i < resources.count; i++)
		*ret = *ret || !resource_is_su(resources.list[i]);
	resources_release(&resources);
	return SB_OK;
}

static bool has_name(const struct selection *selection, const char *name)
{
	return array_find(selection->names, selection->count, name, by_name);
}

bool selection_has(const struct selection *selection, const char *name)
{
	char account[NAME_SIZE], resource[RESOURCE_SIZE], purse[NAME_SIZE];

	if (has_name(selection, name))
		return true;
	if (selection->count == 0 || !is_meant(selection, name))
		return is_meant(selection, name);
	/* As in list_name(). */
	if (purse_is_account(name) || (*selection->resource && !selection->users))
		return false;
	if (has_name(selection, purse_account(account, name)))
		return true;
	resource_base(resource, purse_resource(name));
	return purse_user(name) && !purse_name(account, resource, purse, NULL) &&
	       has_name(selection, purse);
}

void selection_release(struct selection *selection)
{
	free(selection->list);
	free(selection->names);
	*selection = (struct selection){0};
}
