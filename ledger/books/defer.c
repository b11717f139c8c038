/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charges that wait: the state has them, the journal not yet. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/books/books_inside.h"

/* Applies the charge to a copy: a charge that fails leaves the account in no defined state. */
static int try_charge(const struct account *account, const struct event *charge,
		      struct sb_error *err)
{
	struct account *copy = account_copy(account);
	int rc = copy ? account_apply(copy, NULL, charge, err) : sb_error_nomem(err);

	account_free(copy);
	return rc;
}

static struct deferred *new_deferred(struct loaded *loaded, const char *cluster)
{
	struct deferred **end = &loaded->deferred;

	while (*end)
		end = &(*end)->next;
	*end = calloc(1, sizeof(**end));
	if (*end)
		memcpy((*end)->cluster, cluster, strlen(cluster));
	return *end;
}

/* The one that the charge goes on from, if they can be one; else NULL. They stand where the first
 * does, and what becomes debt there is paid at once out of what those behind it have drawn. */
static struct deferred *find_joinable(const struct loaded *loaded, const struct event *charge)
{
	struct deferred *found = NULL;

	for (struct deferred *at = loaded->deferred; at; at = at->next) {
		if (at->charge.seq)
			continue;
		if (strcmp(at->cluster, charge->cluster) == 0)
			found = at;
		else if (charge->debt > 0 && at->charge.part_count > 0)
			found = NULL;
	}
	return found && found->charge.part_count + charge->part_count <= EVENT_PARTS_MAX ? found
											 : NULL;
}

/* Joins it to the one that it goes on from, or keeps it as one more. */
static int keep_deferred(struct loaded *loaded, struct event *charge, struct sb_error *err)
{
	struct deferred *deferred = find_joinable(loaded, charge);

	if (deferred)
		return event_join_charge(&deferred->charge, charge, err);
	deferred = new_deferred(loaded, charge->cluster);
	if (!deferred)
		return sb_error_nomem(err);
	deferred->charge = *charge;
	deferred->charge.seq = 0;
	deferred->charge.account = loaded->account->name;
	deferred->charge.cluster = deferred->cluster;
	charge->parts = NULL;
	charge->part_count = charge->part_size = 0;
	return SB_OK;
}

/* Applies a charge that was tried. */
static int defer(struct books *books, struct loaded *loaded, struct event *charge,
		 struct sb_error *err)
{
	uint64_t last = loaded->account->seq;

	TRY(account_apply(loaded->account, NULL, charge, err));
	loaded->account->seq = last;
	TRY(keep_deferred(loaded, charge, err));
	/* A state that is to be stored has nothing without an entry. */
	return loaded->dirty ? books_enter_waiting(books, loaded, err) : SB_OK;
}

int books_defer(struct books *books, struct event *charge, struct sb_error *err)
{
	struct sb_error why = {0};
	struct loaded *loaded;
	size_t at;

	TRY(books_may_write(books, err));
	TRY(books_load(books, charge->account, &at, err));
	loaded = &books->accounts[at];
	books_stamp(books, charge);
	TRY(event_check(charge, err));
	TRY(try_charge(loaded->account, charge, err));
	return books_wrote(books, defer(books, loaded, charge, &why), true, &why, err);
}

const struct event *books_deferred(const struct books *books, const char *account, size_t index)
{
	const struct deferred *each = NULL;
	bool found;
	size_t at = books_search(books, account, &found);

	if (found)
		each = books->accounts[at].deferred;
	while (each && index-- > 0)
		each = each->next;
	return each ? &each->charge : NULL;
}

int books_enter_waiting(struct books *books, struct loaded *loaded, struct sb_error *err)
{
	int rc = SB_OK;

	for (struct deferred *each = loaded->deferred; each && !rc; each = each->next) {
		if (each->charge.seq)
			continue;
		books_stamp(books, &each->charge);
		rc = books_store_entry(books, loaded, NULL, &each->charge, err);
		loaded->account->seq = each->charge.seq;
		loaded->dirty = true;
	}
	return rc;
}

int books_enter_deferred(struct books *books, const char *account, struct sb_error *err)
{
	struct sb_error why = {0};
	size_t at;
	int rc;

	TRY(books_may_write(books, err));
	rc = books_load(books, account, &at, &why);
	if (rc == SB_ENOTFOUND)
		return SB_OK;
	if (!rc)
		rc = books_enter_waiting(books, &books->accounts[at], &why);
	return books_wrote(books, rc, true, &why, err);
}
