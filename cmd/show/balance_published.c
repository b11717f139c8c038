/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

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
	bool *chosen; /* by place in published.list */
	size_t chosen_count;
};

/* Chooses an account and, with [above], the accounts above it. Returns whether it is published. */
static bool choose(struct listing *listing, const char *name, bool above)
{
	const struct published_account *found = published_find(&listing->published, name);

	for (size_t step = 0; found && step <= listing->published.count; step++) {
		bool *chosen = &listing->chosen[found - listing->published.list];

		listing->chosen_count += !*chosen;
		*chosen = true;
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
	for (size_t i = 0; i < listing->published.count; i++)
		listing->chosen[i] = true;
	listing->chosen_count = listing->published.count;
}

static int unknown(const struct published *published, const char *name, struct sb_error *err)
{
	size_t distance = NEAREST_NONE;
	const char *close = NULL;

	for (size_t i = 0; i < published->count; i++) {
		if (nearer(name, published->list[i].row.name, &distance))
			close = published->list[i].row.name;
	}
	return sb_error_set(err, SB_ENOTFOUND,
			    "there is no account '%s' among those that the bank publishes%s%s%s",
			    name, close ? ": did you mean '" : "", close ? close : "",
			    close ? "'?" : "");
}

/* Reports names of no account. Fails when all are. */
static int choose_named(struct listing *listing, const struct selection *selection,
			size_t *ret_missing, struct sb_error *err)
{
	size_t missing = 0;

	for (size_t i = 0; i < selection->count; i++) {
		int rc;

		if (choose(listing, selection->list[i], false))
			continue;
		rc = unknown(&listing->published, selection->list[i], err);
		if (++missing == selection->count)
			return rc;
		(void)fail(listing->env, err);
	}
	*ret_missing = missing;
	return SB_OK;
}

static void choose_mine(struct listing *listing)
{
	const char *user = listing->env->os.here()->author.user;
	struct env *env = listing->env;
	struct sb_error why;
	struct assocs assocs = {0};

	if (assocs_read(&env->slurm, user, &assocs, &why)) {
		note(env, "Slurm did not answer which accounts are yours (%s): all are shown",
		     why.text);
		choose_all(listing);
		return;
	}
	for (size_t i = 0; i < assocs.count; i++)
		choose_own(listing, assocs.rows[i].account);
	if (assocs.count == 0)
		note(env, "Slurm has %s in no account: name those that you want to see", user);
	else if (listing->chosen_count == 0)
		note(env,
		     "none of the accounts that Slurm has %s in is in the bank: name those "
		     "that you want to see",
		     user);
	assocs_release(&assocs);
}

/* Returns the nearest account above that is also shown; "" for none. */
static const char *parent_of(const struct listing *listing, const struct published_account *account)
{
	for (size_t step = 0; *account->above && step <= listing->published.count; step++) {
		const struct published_account *above =
			published_find(&listing->published, account->above);

		if (!above || listing->chosen[above - listing->published.list])
			return above ? above->row.name : "";
		account = above;
	}
	return "";
}

static int print(struct listing *listing, const struct column *columns, bool tree, bool total,
		 struct sb_error *err)
{
	const struct published *published = &listing->published;
	struct output *output;
	struct sums sums = {0};
	bool all_running = true;
	int64_t now = listing->env->os.now();
	int rc = output_new(listing->env, columns, BALANCE_COLUMNS, &output, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < published->count && !rc; i++) {
		const struct published_account *account = &published->list[i];
		const char *parent = parent_of(listing, account);

		if (!listing->chosen[i])
			continue;
		if (total && !*parent)
			rc = sums_add(&sums, &account->row.sums, err);
		all_running = all_running && account->row.has_running;
		balance_row_print(listing->env, output, &account->row, tree ? parent : "", now);
	}
	if (total && !rc)
		balance_total_print(output, &sums, all_running);
	if (rc)
		output_fail(output);
	return output_finish(output, rc ? NULL : err) ? (rc ? rc : err->code) : rc;
}

int balance_published(struct env *env, const struct selection *selection,
		      const struct column *columns, bool tree, bool total)
{
	struct listing listing = {.env = env};
	char age[WHEN_TEXT_SIZE];
	struct sb_error err;
	size_t missing = 0;
	int rc = published_read(env->settings.publish_file, env->settings.bank, &listing.published,
				&err);

	if (!rc) {
		listing.chosen = calloc(listing.published.count + 1, sizeof(*listing.chosen));
		rc = listing.chosen ? SB_OK : sb_error_nomem(&err);
	}
	if (!rc && selection->count > 0)
		rc = choose_named(&listing, selection, &missing, &err);
	else if (!rc)
		choose_mine(&listing);
	if (!rc)
		note(env, "as the bank published it %s ago",
		     when_format_age(age, env->os.now() - listing.published.time));
	if (!rc)
		rc = print(&listing, columns, tree, total, &err);
	free(listing.chosen);
	published_release(&listing.published);
	if (rc)
		return fail(env, &err);
	return missing > 0 ? EXIT_REFUSED : EXIT_DONE;
}
