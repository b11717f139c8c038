/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/balance_published.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "cmd/show/balance_row.h"
#include "cmd/show/published_own.h"
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
	const struct balance_options *options;
	bool users; /* show the shares of users that were not named, too */
	bool own; /* all that is published is the user's own */
};

/* Whether a row that was not named itself is shown when its account is. */
static bool is_wanted(const struct listing *listing, const char *purse)
{
	char resource[RESOURCE_SIZE];

	return (listing->users || !purse_user(purse)) &&
	       (!*listing->resource ||
		strcmp(resource_base(resource, purse_resource(purse)), listing->resource) == 0);
}

/* Chooses the rows of an account and of its purses, which follow it; with --resource only those of
 * that resource. */
static void choose_purses(struct listing *listing, const struct published_account *account)
{
	const struct published *published = &listing->published;

	for (size_t i = (size_t)(account - published->list);
	     i < published->count && purse_is_of(published->list[i].row.name, account->row.name);
	     i++) {
		bool wanted = is_wanted(listing, published->list[i].row.name);

		listing->chosen_count += wanted && !listing->chosen[i];
		listing->chosen[i] = listing->chosen[i] || wanted;
	}
}

static void choose_row(struct listing *listing, const struct published_account *row)
{
	bool *chosen = &listing->chosen[row - listing->published.list];

	listing->chosen_count += !*chosen;
	*chosen = true;
}

/* Chooses the shares of a purse. */
static void choose_shares(struct listing *listing, const char *purse)
{
	char account[NAME_SIZE], resource[RESOURCE_SIZE];

	purse_account(account, purse);
	for (size_t i = 0; i < listing->published.count; i++) {
		const char *name = listing->published.list[i].row.name;

		if (purse_user(name) && purse_is_of(name, account) &&
		    strcmp(resource_base(resource, purse_resource(name)), purse_resource(purse)) ==
			    0)
			choose_row(listing, &listing->published.list[i]);
	}
}

/* Chooses one purse, or an account and, with [above], the accounts above it. Returns whether it is
 * published. */
static bool choose(struct listing *listing, const char *name, bool above)
{
	const struct published_account *found = published_find(&listing->published, name);

	if (found && !purse_is_account(name)) {
		choose_row(listing, found);
		if (listing->users)
			choose_shares(listing, name);
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

static int unknown(const struct listing *listing, const char *name, struct sb_error *err)
{
	const struct published *published = &listing->published;
	const struct published_account *none;
	size_t distance = NEAREST_NONE;
	const char *close = NULL;
	char account[NAME_SIZE];

	if (listing->own)
		return published_own_find(published, name, &none, err);
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
		rc = unknown(listing, selection->list[i], err);
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

/* Returns the account above one that is above another; "" for none. Of an account that is not
 * published for this user, only the name is. */
static const char *next_above(const struct published *published, const char *name)
{
	const struct published_account *account = published_find(published, name);

	if (account)
		return account->above;
	for (size_t i = 0; i < published->inside_count; i++) {
		if (strcmp(published->inside[i].account, name) == 0)
			return published->inside[i].above;
	}
	return "";
}

/* Returns the nearest account above that is also shown; for a purse, the nearest purse of the same
 * resource; "" for none. */
static const char *above_of(const struct listing *listing, const struct published_account *account)
{
	const struct published *published = &listing->published;
	const char *resource = purse_resource(account->row.name), *above = account->above;
	char name[NAME_SIZE];

	for (size_t step = 0; *above && step <= published->count + published->inside_count;
	     step++) {
		const struct published_account *found = NULL;

		if (purse_name(above, resource, name, NULL) == SB_OK)
			found = published_find(published, name);
		if (is_chosen(listing, found))
			return found->row.name;
		above = next_above(published, above);
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

static int malformed(const struct published_account *account, struct sb_error *err)
{
	return sb_error_set(err, SB_EFORMAT,
			    "what is published of '%s' is malformed: the next check that writes it "
			    "replaces it",
			    account->row.name);
}

static int add_forecast(const struct listing *listing, struct output *output,
			const struct published_account *account, struct sb_error *err)
{
	const int64_t now = listing->env->os.now();
	struct forecast forecast;

	if (!published_forecast(account, now, &forecast))
		return malformed(account, err);
	balance_forecast_print(listing->env, output, &forecast, now);
	return SB_OK;
}

static int add_lots(const struct listing *listing, struct output *output, struct sb_error *err)
{
	const struct published *published = &listing->published;

	for (size_t i = 0; i < published->count; i++) {
		const struct published_account *account = &published->list[i];
		struct lot *lots;
		size_t count;

		if (!listing->chosen[i])
			continue;
		if (!published_lots(account, &lots, &count))
			return malformed(account, err);
		balance_lots_print(output, account->row.name, lots, count, listing->env->os.now());
		free(lots);
	}
	return SB_OK;
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
		if (listing->options->tree)
			parent = parent_of(listing, &published->list[i], above);
		if (listing->options->total && !*above &&
		    balance_total_has(row->name, listing->resource))
			TRY(sums_add(&sums, &row->sums, err));
		all_running = all_running && row->has_running;
		balance_row_print(listing->env, output, row, parent, now);
		if (listing->options->forecast)
			TRY(add_forecast(listing, output, &published->list[i], err));
	}
	if (listing->options->total)
		balance_total_print(output, &sums, listing->resource, all_running);
	return SB_OK;
}

/* Removes the accounts that have used less than --min-percent. */
static void leave_out(struct listing *listing, struct output *output)
{
	for (size_t i = 0; i < listing->published.count; i++) {
		const struct sums *sums = &listing->published.list[i].row.sums;

		if (!listing->chosen[i] ||
		    balance_reaches(sums->used, sums->allocated, listing->options->min_percent))
			continue;
		listing->chosen[i] = false;
		output_if_empty(output, BALANCE_NONE_REACHES);
	}
}

static int print(struct listing *listing, const struct column *columns, struct sb_error *err)
{
	struct output *output;
	int rc;

	if (listing->options->lots)
		TRY(output_new(listing->env, lot_columns, LOT_COLUMNS, &output, err));
	else
		TRY(output_new(listing->env, columns,
			       listing->options->forecast ? BALANCE_COLUMNS_ALL : BALANCE_COLUMNS,
			       &output, err));
	leave_out(listing, output);
	for (size_t i = 0; i < listing->published.count; i++) {
		if (listing->chosen[i] && !purse_is_su(listing->published.list[i].row.name))
			output_show_units(output);
	}
	rc = listing->options->lots ? add_lots(listing, output, err)
				    : add_rows(listing, output, err);
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

	if (listing->own)
		TRY(published_own_read(env, published, err));
	else
		TRY(published_read(env->settings.publish_file, env->settings.bank, published, err));
	listing->chosen = calloc(published->count + 1, sizeof(*listing->chosen));
	if (!listing->chosen)
		return sb_error_nomem(err);
	if (selection->count > 0)
		TRY(choose_named(listing, selection, err));
	else if (listing->own)
		choose_all(listing);
	else
		choose_mine(listing);
	note(env, "as the bank published it %s ago",
	     when_format_age(age, env->os.now() - published->time));
	return print(listing, columns, err);
}

int balance_published(struct env *env, const struct selection *selection,
		      const struct column *columns, const struct balance_options *options)
{
	struct listing listing = {.env = env,
				  .resource = selection->resource,
				  .options = options,
				  .users = selection->users,
				  .own = published_is_own(env)};
	struct sb_error err;
	int rc = list_published(&listing, selection, columns, &err);

	free(listing.chosen);
	published_release(&listing.published);
	if (rc)
		return fail(env, &err);
	return listing.missing > 0 ? EXIT_REFUSED : EXIT_DONE;
}
