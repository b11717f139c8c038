/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/standings.h"

#include <string.h>

#include "cmd/show/published_own.h"
#include "ledger/base/array.h"

enum { LEVELS_MAX = 64 }; /* of accounts inside accounts */

static int add(struct standings *standings, const struct balance_row *row, struct sb_error *err)
{
	struct standing *standing = array_add(standings->list, standings->count);

	if (!standing)
		return sb_error_nomem(err);
	standing->row = *row;
	return SB_OK;
}

/* Whether the purse pays for jobs of the user in the account: its own, or a share of the user. */
static bool pays(const char *user, const char *purse, const char *account)
{
	const char *sharer = purse_user(purse);

	return purse_is_of(purse, account) && (!sharer || strcasecmp(sharer, user) == 0);
}

/* ---- the published balances ---- */

/* Finds the account that contains [name]: itself, or the one above it. */
static const struct published_account *find_published(const struct published *published,
						      const char *name)
{
	const struct published_account *found = published_find(published, name);
	char key[NAME_SIZE];

	published_key(key, name);
	for (size_t i = 0; !found && i < published->inside_count; i++) {
		if (strcmp(published->inside[i].account, key) == 0)
			found = published_find(published, published->inside[i].above);
	}
	return found;
}

/* Adds an account and its purses, which follow it. */
static int add_published(struct standings *standings, const struct published *published,
			 const struct published_account *account, const char *user,
			 struct sb_error *err)
{
	const struct published_account *end = published->list + published->count;

	for (const struct published_account *at = account;
	     at < end && purse_is_of(at->row.name, account->row.name); at++) {
		if (pays(user, at->row.name, account->row.name))
			TRY(add(standings, &at->row, err));
	}
	return SB_OK;
}

/* Adds an account and those above it. */
static int add_chain(struct standings *standings, const struct published *published,
		     const struct published_account *account, const char *user,
		     struct sb_error *err)
{
	/* Clusters may disagree, and so make a circle. */
	for (size_t level = 0; account && level < LEVELS_MAX; level++) {
		const char *above = account->above;

		TRY(add_published(standings, published, account, user, err));
		account = *above ? published_find(published, above) : NULL;
		standings->no_above = *above && !account;
	}
	return SB_OK;
}

static int read_published(const struct env *env, const char *name, const char *user,
			  struct standings *standings, struct sb_error *err)
{
	const bool own = published_is_own(env);
	const struct published_account *account;
	struct published published;
	int rc = SB_OK;

	if (own)
		TRY(published_own_read(env, &published, err));
	else
		TRY(published_read(env->settings.publish_file, env->settings.bank, &published,
				   err));
	standings->published = published.time;
	standings->no_shares = !own;
	/* [inside] of a user's own files may name accounts that are not his. */
	account = own ? published_find(&published, name) : find_published(&published, name);
	if (!account && (own || published.own))
		rc = sb_error_set(err, SB_ENOTFOUND, "account '%s' is not published for you", name);
	else
		rc = add_chain(standings, &published, account, user, err);
	published_release(&published);
	return rc;
}

/* ---- the bank ---- */

struct books_reading {
	struct env *env;
	const char *name, *user;
	struct standings *standings;
	char account[NAME_SIZE]; /* the account of the bank that the jobs belong to; "": none */
};

static int find_inside(const char *account, const char *above, void *ctx, struct sb_error *err)
{
	struct books_reading *reading = ctx;

	(void)err;
	if (strcmp(account, reading->name) == 0)
		(void)snprintf(reading->account, NAME_SIZE, "%s", above);
	return SB_OK;
}

static int add_purses(struct books_reading *reading, struct books *books, struct nesting *nesting,
		      const char *account, struct sb_error *err)
{
	size_t count;

	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < count; i++) {
		const struct account *purse = books_at(books, i);
		struct balance_row row;

		if (!pays(reading->user, purse->name, account))
			continue;
		TRY(balance_row_make(reading->env, books, purse, nesting, &row, err));
		TRY(add(reading->standings, &row, err));
	}
	return SB_OK;
}

static int add_all(struct books_reading *reading, struct books *books, struct nesting *nesting,
		   struct sb_error *err)
{
	const struct account *account;
	char above[NAME_SIZE];
	int rc = books_find(books, reading->name, &account, err);

	reading->account[0] = '\0';
	if (rc == SB_OK)
		(void)snprintf(reading->account, NAME_SIZE, "%s", reading->name);
	else if (rc == SB_ENOTFOUND)
		rc = nesting_each_inside(nesting, books, find_inside, reading, err);
	for (size_t level = 0; !rc && *reading->account && level < LEVELS_MAX; level++) {
		TRY(add_purses(reading, books, nesting, reading->account, err));
		TRY(books_account(books, reading->account, &account, err));
		rc = nesting_above(nesting, books, account, above, err);
		memcpy(reading->account, above, NAME_SIZE);
	}
	return rc;
}

static int read_books(struct books *books, void *ctx, struct sb_error *err)
{
	struct books_reading *reading = ctx;
	struct nesting nesting = {0};
	int rc;

	reading->standings->count = 0;
	rc = add_all(reading, books, &nesting, err);
	nesting_release(&nesting);
	return rc;
}

int standings_read(struct env *env, const char *name, const char *user, struct standings *ret,
		   struct sb_error *err)
{
	struct standings standings = {0};
	struct books_reading reading = {
		.env = env, .name = name, .user = user, .standings = &standings};
	int rc = env->bank ? bank_read(env->bank, env->os.now(), read_books, &reading, err)
			   : read_published(env, name, user, &standings, err);

	if (rc)
		standings_release(&standings);
	else
		*ret = standings;
	return rc;
}

void standings_release(struct standings *standings)
{
	free(standings->list);
	*standings = (struct standings){0};
}
