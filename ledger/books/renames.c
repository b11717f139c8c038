/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/books/renames.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/books/entries.h"

/* Names are used once, so each account was taken over later than those before it: only damaged
 * states can form a circle. */
static int circle(struct sb_error *err)
{
	return sb_error_set(err, SB_ECORRUPT,
			    "accounts are said to have taken over each other: run `subank "
			    "verify`");
}

/* Copies the names in a rename or merge. */
static int read_names(struct books *books, uint64_t seq, enum event_kind kind, char from[NAME_SIZE],
		      char to[NAME_SIZE], struct sb_error *err)
{
	struct event event = {0};
	int rc = journal_get(books_txn(books), seq, &event, NULL, err);

	if (!rc && event.kind != kind)
		rc = sb_error_set(err, SB_ECORRUPT,
				  "entry %" PRIu64 " is no %s, but the state of an account says "
				  "so: run `subank verify`",
				  seq, event_kinds[kind].name);
	if (!rc) {
		(void)snprintf(from, NAME_SIZE, "%s", event.account);
		(void)snprintf(to, NAME_SIZE, "%s", event.to);
	}
	event_release(&event);
	return rc;
}

/* Finds the rename that gave its account the name, and the name before; 0: none. */
static int find_former(struct books *books, const char *name, uint64_t *ret, char former[NAME_SIZE],
		       struct sb_error *err)
{
	const struct account *account;
	char to[NAME_SIZE];
	int rc = books_find(books, name, &account, err);

	*ret = 0;
	if (rc)
		return rc == SB_ENOTFOUND ? SB_OK : rc;
	*ret = account->renamed_from;
	return *ret ? read_names(books, *ret, EVENT_RENAME, former, to, err) : SB_OK;
}

static int find_tenures(struct books *books, const char *account, struct tenures *tenures,
			struct sb_error *err)
{
	char name[NAME_SIZE], former[NAME_SIZE];
	uint64_t end = UINT64_MAX, from;

	(void)snprintf(name, sizeof(name), "%s", account);
	do {
		struct tenure *added;

		TRY(find_former(books, name, &from, former, err));
		if (from >= end)
			return circle(err);
		added = array_insert(tenures->list, tenures->count, 0);
		if (!added)
			return sb_error_nomem(err);
		*added = (struct tenure){.from = from, .to = end == UINT64_MAX ? end : end - 1};
		memcpy(added->name, name, sizeof(name));
		memcpy(name, former, sizeof(name));
		end = from;
	} while (from > 0);
	return SB_OK;
}

int books_tenures(struct books *books, const char *account, struct tenures *ret,
		  struct sb_error *err)
{
	struct tenures tenures = {0};
	int rc = find_tenures(books, account, &tenures, err);

	if (rc)
		tenures_release(&tenures);
	else
		*ret = tenures;
	return rc;
}

void tenures_release(struct tenures *tenures)
{
	free(tenures->list);
	*tenures = (struct tenures){0};
}

/* Finds the rename after entry [seq] and up to entry [last] that took the name from its account; 0:
 * none. */
static int find_next(struct books *books, const char *name, uint64_t seq, uint64_t last,
		     uint64_t *ret, char next[NAME_SIZE], struct sb_error *err)
{
	const struct account *account;
	char from[NAME_SIZE];
	int rc = books_find(books, name, &account, err);

	*ret = 0;
	if (rc)
		return rc == SB_ENOTFOUND ? SB_OK : rc;
	if (account->renamed_to <= seq || account->renamed_to > last)
		return SB_OK;
	*ret = account->renamed_to;
	return read_names(books, *ret, EVENT_RENAME, from, next, err);
}

int books_renamed_by(struct books *books, const char *account, uint64_t seq, uint64_t last,
		     char ret[NAME_SIZE], struct sb_error *err)
{
	char name[NAME_SIZE];

	(void)snprintf(name, sizeof(name), "%s", account);
	do {
		char next[NAME_SIZE];

		TRY(find_next(books, name, seq, last, &seq, next, err));
		if (seq > 0)
			memcpy(name, next, sizeof(name));
	} while (seq > 0);
	memcpy(ret, name, sizeof(name));
	return SB_OK;
}

int books_renamed(struct books *books, const char *account, uint64_t seq, char ret[NAME_SIZE],
		  struct sb_error *err)
{
	return books_renamed_by(books, account, seq, UINT64_MAX, ret, err);
}

/* Finds the last of the accounts that took over [account], directly or through others; [account]
 * itself if none did. */
static int find_last(struct books *books, const struct account *account, const struct account **ret,
		     struct sb_error *err)
{
	uint64_t steps = 0;

	while (*account->successor) {
		if (steps++ > books_head(books)->seq)
			return circle(err);
		TRY(books_account(books, account->successor, &account, err));
	}
	*ret = account;
	return SB_OK;
}

int books_successor(struct books *books, const struct account *account, char ret[NAME_SIZE],
		    struct sb_error *err)
{
	ret[0] = '\0';
	TRY(find_last(books, account, &account, err));
	if (account->open)
		memcpy(ret, account->name, NAME_SIZE);
	return SB_OK;
}

/* Adds the account that the entry gave to another. */
static int add_former(struct books *books, uint64_t seq, enum event_kind kind,
		      struct purses *formers, struct sb_error *err)
{
	char from[NAME_SIZE], to[NAME_SIZE];
	const struct account *account, **added;

	TRY(read_names(books, seq, kind, from, to, err));
	TRY(books_account(books, from, &account, err));
	added = array_add(formers->list, formers->count);
	if (!added)
		return sb_error_nomem(err);
	*added = account;
	return formers->count > books_head(books)->seq ? circle(err) : SB_OK;
}

static int add_formers(struct books *books, const struct account *account, struct purses *formers,
		       struct sb_error *err)
{
	if (account->renamed_from)
		TRY(add_former(books, account->renamed_from, EVENT_RENAME, formers, err));
	for (size_t i = 0; i < account->merge_count; i++)
		TRY(add_former(books, account->merges[i], EVENT_MERGE, formers, err));
	return SB_OK;
}

int books_formers(struct books *books, const struct account *account, struct purses *ret,
		  struct sb_error *err)
{
	struct purses formers = {0};
	int rc = *account->successor ? SB_OK : add_formers(books, account, &formers, err);

	/* The loop itself adds accounts to the list. */
	for (size_t i = 0; i < formers.count && !rc; i++)
		rc = add_formers(books, formers.list[i], &formers, err);
	if (rc)
		purses_release(&formers);
	else
		*ret = formers;
	return rc;
}

struct passing {
	journal_item *each;
	void *ctx;
	bool stopped;
};

static int pass(const struct entry *entry, void *ctx, struct sb_error *err)
{
	struct passing *passing = ctx;
	int rc = passing->each(entry, passing->ctx, err);

	passing->stopped = rc == STORE_ABORT;
	return rc;
}

int tenures_each(struct books *books, const char *account, const struct entry_range *range,
		 journal_item *each, void *ctx, uint64_t *ret_read, struct sb_error *err)
{
	struct passing passing = {.each = each, .ctx = ctx};
	struct tenures tenures;
	uint64_t read, sum = 0;
	int rc;

	TRY(books_tenures(books, account, &tenures, err));
	rc = SB_OK;
	for (size_t i = 0; i < tenures.count && !rc && !passing.stopped; i++) {
		const struct tenure *tenure =
			&tenures.list[range->backward ? tenures.count - 1 - i : i];
		const char *name = tenure->name;
		struct entry_range part = *range;

		part.accounts = &name;
		part.account_count = 1;
		if (tenure->from > part.from)
			part.from = tenure->from;
		if (tenure->to != UINT64_MAX && (!part.to || tenure->to < part.to))
			part.to = tenure->to;
		if (part.to && part.from > part.to)
			continue;
		rc = entries_each(books, &part, pass, &passing, &read, err);
		sum += read;
	}
	tenures_release(&tenures);
	if (ret_read)
		*ret_read = sum;
	return rc;
}
