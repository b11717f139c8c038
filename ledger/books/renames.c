/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/books/renames.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/books/entries.h"

/* Copies the names of a rename. */
static int read_rename(struct books *books, uint64_t seq, char from[NAME_SIZE], char to[NAME_SIZE],
		       struct sb_error *err)
{
	struct event event = {0};
	int rc = journal_get(books_txn(books), seq, &event, NULL, err);

	if (!rc && event.kind != EVENT_RENAME)
		rc = sb_error_set(err, SB_ECORRUPT,
				  "entry %" PRIu64 " is no rename, but the state of an account "
				  "says so: run `subank verify`",
				  seq);
	if (!rc) {
		(void)snprintf(from, NAME_SIZE, "%s", event.account);
		(void)snprintf(to, NAME_SIZE, "%s", event.to);
	}
	event_release(&event);
	return rc;
}

/* Finds the newest rename before entry [end] that gave its account the name, and the name before;
 * 0: none. */
static int find_former(struct books *books, const char *name, uint64_t end, uint64_t *ret,
		       char former[NAME_SIZE], struct sb_error *err)
{
	const struct account *account;
	char from[NAME_SIZE], to[NAME_SIZE];
	int rc = books_find(books, name, &account, err);

	*ret = 0;
	if (rc)
		return rc == SB_ENOTFOUND ? SB_OK : rc;
	for (size_t i = account->rename_count; i-- > 0;) {
		if (account->renames[i] >= end)
			continue;
		TRY(read_rename(books, account->renames[i], from, to, err));
		if (strcmp(to, name) != 0)
			continue;
		*ret = account->renames[i];
		memcpy(former, from, NAME_SIZE);
		return SB_OK;
	}
	return SB_OK;
}

static int find_tenures(struct books *books, const char *account, struct tenures *tenures,
			struct sb_error *err)
{
	char name[NAME_SIZE], former[NAME_SIZE];
	uint64_t end = UINT64_MAX, from;

	(void)snprintf(name, sizeof(name), "%s", account);
	do {
		struct tenure *added;

		TRY(find_former(books, name, end, &from, former, err));
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

/* Finds the first rename after entry [seq] and up to entry [last] that took the name from its
 * account; 0: none. */
static int find_next(struct books *books, const char *name, uint64_t seq, uint64_t last,
		     uint64_t *ret, char next[NAME_SIZE], struct sb_error *err)
{
	const struct account *account;
	char from[NAME_SIZE], to[NAME_SIZE];
	int rc = books_find(books, name, &account, err);

	*ret = 0;
	if (rc)
		return rc == SB_ENOTFOUND ? SB_OK : rc;
	for (size_t i = 0; i < account->rename_count && account->renames[i] <= last; i++) {
		if (account->renames[i] <= seq)
			continue;
		TRY(read_rename(books, account->renames[i], from, to, err));
		if (strcmp(from, name) != 0)
			continue;
		*ret = account->renames[i];
		memcpy(next, to, NAME_SIZE);
		return SB_OK;
	}
	return SB_OK;
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

	/* Names are used once, so each successor took over later than the one before it: only
	 * damaged states can form a circle. */
	while (*account->successor) {
		if (steps++ > books_head(books)->seq)
			return sb_error_set(err, SB_ECORRUPT,
					    "accounts are said to have taken over each other: run "
					    "`subank verify`");
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
