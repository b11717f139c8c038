/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/balance_published.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "cmd/show/balance_row.h"
#include "cmd/show/published.h"
#include "ledger/base/nearest.h"
#include "ledger/base/when.h"
#include "slurm/assoc.h"

struct listing {
	struct env *env;
	struct published published;
	const char *resource; /* only purses of it (--resource); "": of any */
	bool *chosen; /* by place in published.list */
	size_t chosen_count;
	size_t missing; /* names of no account */
	bool tree, total; /* print a tree; a row of totals */
	int64_t min_percent; /* --min-percent; negative: show all accounts */
};

/* Chooses the rows of an account and of its purses, which follow it; with --resource only those of
 * that resource. */
static void choose_purses(struct listing *listing, const struct published_account *account)
{
	const struct published *published = &listing->published;

	for (size_t i = (size_t)(account - published->list);
	     i < published->count && purse_is_of(published->list[i].row.name, account->row.name);
	     i++) {
		bool wanted =
			!*listing->resource ||
			strcmp(purse_resource(published->list[i].row.name), listing->resource) == 0;

		listing->chosen_count += wanted && !listing->chosen[i];
		listing->chosen[i] = listing->chosen[i] || wanted;
	}
}

/* Chooses one purse, or an account and, with [above], the accounts above it. Returns whether it is
 * published. */
static bool choose(struct listing *listing, const char *name, bool above)
{
	const struct published_account *found = published_find(&listing->published, name);

	if (found && !purse_is_account(name)) {
		bool *chosen = &listing->chosen[found - listing->published.list];

		listing->chosen_count += !*chosen;
		*chosen = true;
		return true;
	}
	for (size_t step = 0; found && step <= listing->published.count; step++) {
		choose_purses(listing, found);
		if (!above || !*found->above)
			return true;
		found = published_find(&listing->published, found->above);
	}
	return found;
}

/* Chooses an account of the user or, if the bank does not have it, the account above it. */
static void choose_own(struct listing *listing, const char *name)
{
	const struct published *published = &listing->published;
	char key[NAME_SIZE];

	if (choose(listing, name, true))
		return;
	published_key(key, name);
	for (size_t i = 0; i < published->inside_count; i++) {
		if (strcmp(published->inside[i].account, key) == 0)
			(void)choose(listing, published->inside[i].above, true);
	}
}

static void choose_all(struct listing *listing)
{
	for (size_t i = 0; i < listing->published.count; i++) {
		if (purse_is_account(listing->published.list[i].row.name))
			choose_purses(listing, &listing->published.list[i]);
	}
}

static int unknown(const struct published *published, const char *name, struct sb_error *err)
{
	size_t distance = NEAREST_NONE;
	const char *close = NULL;
	char account[NAME_SIZE];

	if (!purse_is_account(name) && published_find(published, purse_account(account, name)))
		return sb_error_set(err, SB_ENOTFOUND, "account '%s' has no budget of %s", account,
				    purse_resource(name));
	for (size_t i = 0; i < published->count; i++) {
		if (purse_is_account(published->list[i].row.name) &&
		    nearer(name, published->list[i].row.name, &distance))
			close = published->list[i].row.name;
	}
	return sb_error_set(err, SB_ENOTFOUND,
			    "there is no account '%s' among those that the bank publishes%s%s%s",
			    name, close ? ": did you mean '" : "", close ? close : "",
			    close ? "'?" : "");
}

/* Reports names of no account. Fails when all are. */
static int choose_named(struct listing *listing, const struct selection *selection,
			struct sb_error *err)
{
	for (size_t i = 0; i < selection->count; i++) {
		int rc;

		if (choose(listing, selection->list[i], false))
			continue;
		rc = unknown(&listing->published, selection->list[i], err);
		if (++listing->missing == selection->count)
			return rc;
		(void)fail(listing->env, err);
	}
	return SB_OK;
}

static void choose_mine(struct listing *listing)
{
	const char *user = listing->env->os.here()->author.user;
	struct env *env = listing->env;
	struct sb_error why;
	struct assocs assocs = {0};

	if (assocs_read(&env->slurm, user, &assocs, &why)) {
		note(env, "Slurm did not report your accounts (%s): all are shown", why.text);
		choose_all(listing);
		return;
	}
	for (size_t i = 0; i < assocs.count; i++)
		choose_own(listing, assocs.rows[i].account);
	if (assocs.count == 0)
		note(env, "user %s has no account in Slurm: name the accounts that you want to see",
		     user);
	else if (listing->chosen_count == 0 && *listing->resource)
		note(env, "none of the accounts of %s in Slurm has a budget of %s", user,
		     listing->resource);
	else if (listing->chosen_count == 0)
		note(env,
		     "none of the accounts of %s in Slurm is in the bank: name the accounts that "
		     "you want to see",
		     user);
	assocs_release(&assocs);
}

static bool is_chosen(const struct listing *listing, const struct published_account *account)
{
	return account && listing->chosen[account - listing->published.list];
}

/* Returns the nearest account above that is also shown; for a purse, the nearest purse of the same
 * resource; "" for none. */
static const char *above_of(const struct listing *listing, const struct published_account *account)
{
	const struct published *published = &listing->published;
	const char *resource = purse_resource(account->row.name);
	char name[NAME_SIZE];

	for (size_t step = 0; *account->above && step <= published->count; step++) {
		const struct published_account *found = NULL;

		if (purse_name(account->above, resource, name, NULL) == SB_OK)
			found = published_find(published, name);
		if (is_chosen(listing, found))
			return found->row.name;
		account = published_find(published, account->above);
		if (!account)
			break;
	}
	return "";
}

/* Returns the name of the row below which the tree shows this one: a purse is below its account. */
static const char *parent_of(const struct listing *listing, const struct published_account *account,
			     const char *above)
{
	const struct published_account *owner = NULL;
	char name[NAME_SIZE];

	if (!purse_is_account(account->row.name))
		owner = published_find(&listing->published, purse_account(name, account->row.name));
	return is_chosen(listing, owner) ? owner->row.name : above;
}

static int add_rows(struct listing *listing, struct output *output, struct sb_error *err)
{
	const struct published *published = &listing->published;
	const int64_t now = listing->env->os.now();
	struct sums sums = {0};
	bool all_running = true;

	for (size_t i = 0; i < published->count; i++) {
		const struct balance_row *row = &published->list[i].row;
		const char *above, *parent = "";

		if (!listing->chosen[i])
			continue;
		above = above_of(listing, &published->list[i]);
		if (listing->tree)
			parent = parent_of(listing, &published->list[i], above);
		if (listing->total && !*above && balance_total_has(row->name, listing->resource))
			TRY(sums_add(&sums, &row->sums, err));
		all_running = all_running && row->has_running;
		balance_row_print(listing->env, output, row, parent, now);
	}
	if (listing->total)
		balance_total_print(output, &sums, listing->resource, all_running);
	return SB_OK;
}

/* Removes the accounts that have used less than --min-percent. */
static void leave_out(struct listing *listing, struct output *output)
{
	for (size_t i = 0; i < listing->published.count; i++) {
		const struct sums *sums = &listing->published.list[i].row.sums;

		if (!listing->chosen[i] ||
		    balance_reaches(sums->used, sums->allocated, listing->min_percent))
			continue;
		listing->chosen[i] = false;
		output_if_empty(output, BALANCE_NONE_REACHES);
	}
}

static int print(struct listing *listing, const struct column *columns, struct sb_error *err)
{
	struct output *output;
	int rc;

	TRY(output_new(listing->env, columns, BALANCE_COLUMNS, &output, err));
	leave_out(listing, output);
	for (size_t i = 0; i < listing->published.count; i++) {
		if (listing->chosen[i] && !purse_is_su(listing->published.list[i].row.name))
			output_show_units(output);
	}
	rc = add_rows(listing, output, err);
	if (!rc)
		return output_finish(output, err);
	output_fail(output);
	(void)output_finish(output, NULL);
	return rc;
}

static int list_published(struct listing *listing, const struct selection *selection,
			  const struct column *columns, struct sb_error *err)
{
	struct env *env = listing->env;
	struct published *published = &listing->published;
	char age[WHEN_TEXT_SIZE];

	TRY(published_read(env->settings.publish_file, env->settings.bank, published, err));
	listing->chosen = calloc(published->count + 1, sizeof(*listing->chosen));
	if (!listing->chosen)
		return sb_error_nomem(err);
	if (selection->count > 0)
		TRY(choose_named(listing, selection, err));
	else
		choose_mine(listing);
	note(env, "as the bank published it %s ago",
	     when_format_age(age, env->os.now() - published->time));
	return print(listing, columns, err);
}

int balance_published(struct env *env, const struct selection *selection,
		      const struct column *columns, bool tree, bool total, int64_t min_percent)
{
	struct listing listing = {.env = env,
				  .resource = selection->resource,
				  .tree = tree,
				  .total = total,
				  .min_percent = min_percent};
	struct sb_error err;
	int rc = list_published(&listing, selection, columns, &err);

	free(listing.chosen);
	published_release(&listing.published);
	if (rc)
		return fail(env, &err);
	return listing.missing > 0 ? EXIT_REFUSED : EXIT_DONE;
}
