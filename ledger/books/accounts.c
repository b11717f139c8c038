/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The accounts that a transaction has loaded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/base/nearest.h"
#include "ledger/books/books_inside.h"

static int by_name(const void *key, const void *item)
{
	const struct loaded *loaded = item;

	return strcmp(key, loaded->account->name);
}

size_t books_search(const struct books *books, const char *name, bool *ret_found)
{
	size_t at;

	*ret_found = array_search(books->accounts, books->count, name, by_name, &at);
	return at;
}

/* The same, but tries the place of the last search and the next one first: an entry searches for
 * its account several times, and a check takes the accounts in order. */
static size_t place(struct books *books, const char *name, bool *ret_found)
{
	for (size_t i = books->found; i < books->count && i < books->found + 2; i++) {
		if (strcmp(books->accounts[i].account->name, name) == 0) {
			*ret_found = true;
			return books->found = i;
		}
	}
	return books->found = books_search(books, name, ret_found);
}

int books_insert(struct books *books, size_t at, struct account *account, struct sb_error *err)
{
	struct loaded *loaded = array_insert(books->accounts, books->count, at);

	if (!loaded) {
		account_free(account);
		return sb_error_nomem(err);
	}
	loaded->account = account;
	return SB_OK;
}

static int decode_state(const struct books *books, const char *name, struct slice value,
			struct account **ret, struct sb_error *err)
{
	struct account *account;
	int rc = account_decode(value.data, value.len, &account, err);

	if (rc) {
		sb_error_prefix(err, "account '%s'", name);
		return rc;
	}
	if (strcmp(account->name, name) != 0) {
		account_free(account);
		return sb_error_set(err, SB_ECORRUPT,
				    "the state of account '%s' names another account: run `subank "
				    "verify`",
				    name);
	}
	if (!books->replay && account_settle(account, books->time, err)) {
		account_free(account);
		return SB_ESYSTEM;
	}
	*ret = account;
	return SB_OK;
}

static int restore(struct books *books, struct loaded *loaded, struct sb_error *err)
{
	if (loaded->restored || books->replay || books->omit_deferred)
		return SB_OK;
	loaded->restored = true;
	return books_restore_deferred(books, loaded->account, err);
}

int books_load(struct books *books, const char *name, size_t *ret_at, struct sb_error *err)
{
	struct account *account;
	struct slice value;
	bool found;

	*ret_at = place(books, name, &found);
	if (!found && (books->complete || books->loaded_all))
		return SB_ENOTFOUND;
	if (!found) {
		TRY(store_get(books->txn, STORE_ACCOUNTS, text_slice(name), &value, err));
		TRY(decode_state(books, name, value, &account, err));
		TRY(books_insert(books, *ret_at, account, err));
	}
	return restore(books, &books->accounts[*ret_at], err);
}

struct likeness {
	const char *name;
	char best[NAME_SIZE];
	size_t distance;
};

static int compare_name(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	struct likeness *likeness = ctx;
	char name[NAME_SIZE];

	(void)value;
	(void)err;
	if (key.len >= sizeof(name))
		return SB_OK;
	memcpy(name, key.data, key.len);
	name[key.len] = '\0';
	if (!purse_is_account(name))
		return SB_OK;
	if (nearer(likeness->name, name, &likeness->distance))
		memcpy(likeness->best, name, sizeof(name));
	return SB_OK;
}

int books_unknown_account(struct books *books, const char *name, struct sb_error *err)
{
	struct likeness likeness = {.name = name, .distance = NEAREST_NONE};

	char account[NAME_SIZE], resource[RESOURCE_SIZE];
	const struct account *owner;

	if (!err)
		return SB_ENOTFOUND;
	purse_account(account, name);
	if (purse_user(name) && books_find(books, account, &owner, NULL) == SB_OK)
		return sb_error_set(err, SB_ENOTFOUND,
				    "user '%s' has no share of %s in account '%s': `subank share` "
				    "gives one",
				    purse_user(name), resource_base(resource, purse_resource(name)),
				    account);
	if (!purse_is_account(name) && books_find(books, account, &owner, NULL) == SB_OK)
		return sb_error_set(err, SB_ENOTFOUND,
				    "account '%s' has no budget of %s: `subank open %s --resource "
				    "%s` starts one",
				    account, purse_resource(name), account, purse_resource(name));
	name = likeness.name = account;
	if (store_each(books->txn, STORE_ACCOUNTS, (struct slice){0}, false, compare_name,
		       &likeness, NULL) == SB_OK &&
	    *likeness.best)
		return sb_error_set(err, SB_ENOTFOUND,
				    "account '%s' is not in the bank: did you mean '%s'? `subank "
				    "open %s` opens it if Slurm has it",
				    name, likeness.best, name);
	return sb_error_set(
		err, SB_ENOTFOUND,
		"account '%s' is not in the bank: `subank open %s` opens it if Slurm has it", name,
		name);
}

int books_find(struct books *books, const char *name, const struct account **ret,
	       struct sb_error *err)
{
	size_t at;

	TRY(books_load(books, name, &at, err));
	*ret = books->accounts[at].account;
	return SB_OK;
}

int books_account(struct books *books, const char *name, const struct account **ret,
		  struct sb_error *err)
{
	int rc = books_find(books, name, ret, err);

	return rc == SB_ENOTFOUND ? books_unknown_account(books, name, err) : rc;
}

static int load_each(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	struct books *books = ctx;
	char name[NAME_SIZE];
	struct account *account;
	size_t at;
	bool found;

	if (key.len >= sizeof(name))
		return sb_error_set(err, SB_ECORRUPT, "an account's name is too long");
	memcpy(name, key.data, key.len);
	name[key.len] = '\0';
	at = place(books, name, &found);
	if (found)
		return SB_OK;
	TRY(decode_state(books, name, value, &account, err));
	return books_insert(books, at, account, err);
}

int books_load_all(struct books *books, size_t *ret_count, struct sb_error *err)
{
	if (!books->complete && !books->loaded_all)
		TRY(store_each(books->txn, STORE_ACCOUNTS, (struct slice){0}, false, load_each,
			       books, err));
	books->loaded_all = true;
	for (size_t i = 0; i < books->count; i++)
		TRY(restore(books, &books->accounts[i], err));
	*ret_count = books->count;
	return SB_OK;
}

struct purse_load {
	struct books *books;
	const char *first; /* the account's name and a colon, which sorts before its purses */
};

static int load_purse(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	struct purse_load *load = ctx;

	if (key.len < strlen(load->first) ||
	    memcmp(key.data, load->first, strlen(load->first)) != 0)
		return STORE_ABORT;
	return load_each(key, value, load->books, err);
}

int books_purses(struct books *books, const char *account, struct purses *ret, struct sb_error *err)
{
	char first[NAME_SIZE + 1];
	struct purse_load load = {books, first};
	struct resources resources;
	const struct account **added;
	bool found;
	size_t at;
	int rc = SB_OK;

	*ret = (struct purses){0};
	if (books->no_purses)
		return SB_OK;
	if (!books->has_purses) {
		TRY(books_resources(books, &resources, err));
		books->no_purses = resources.count == 0;
		books->has_purses = !books->no_purses;
		resources_release(&resources);
		if (books->no_purses)
			return SB_OK;
	}
	(void)snprintf(first, sizeof(first), "%s:", account);
	if (!books->complete && !books->loaded_all)
		TRY(store_each(books->txn, STORE_ACCOUNTS, text_slice(first), false, load_purse,
			       &load, err));
	for (at = books_search(books, first, &found);
	     !rc && at < books->count && purse_is_of(books->accounts[at].account->name, account);
	     at++) {
		added = array_add(ret->list, ret->count);
		if (added)
			*added = books->accounts[at].account;
		rc = added ? restore(books, &books->accounts[at], err) : sb_error_nomem(err);
	}
	if (rc)
		purses_release(ret);
	return rc;
}

void purses_release(struct purses *purses)
{
	free(purses->list);
	*purses = (struct purses){0};
}

const struct account *books_at(const struct books *books, size_t index)
{
	return books->accounts[index].account;
}

void books_keep_tallies(struct books *books, uint64_t key)
{
	books->tally_key = key;
}

const struct tally *books_tally(const struct books *books, size_t index)
{
	return &books->accounts[index].tally;
}

void books_release(struct books *books)
{
	for (size_t i = 0; i < books->count; i++) {
		struct loaded *loaded = &books->accounts[i];

		while (loaded->deferred) {
			struct deferred *next = loaded->deferred->next;

			event_release(&loaded->deferred->charge);
			free(loaded->deferred);
			loaded->deferred = next;
		}
		account_free(loaded->account);
		free(loaded->unindexed);
	}
	free(books->accounts);
	books_drop_trees(books);
	resources_release(&books->new_resources);
	resources_release(&books->new_default_shares);
	bytes_release(&books->stored);
}
