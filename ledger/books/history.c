/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/books/history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/books/entries.h"
#include "ledger/books/renames.h"

struct history {
	struct books *books;
	uint64_t seq; /* the last entry applied */
	struct books *all; /* NULL: of one account */
	struct account **accounts; /* that account, those of its former names, then those that gave
				      it money */
	const char **names; /* of them */
	struct account **sorted; /* the same accounts, by name */
	size_t sorted_count;
	struct tenures tenures; /* the names of that account */
	size_t count;
	uint64_t last;
	const struct steps *steps;
	history_each *each;
	void *ctx;
};

int64_t account_net(const struct account *account)
{
	int64_t sum = -account->debt;

	/* The sum fits: account_apply() checks that after each entry. */
	for (size_t i = 0; i < account->lot_count; i++)
		sum += account->lots[i].rest;
	return sum;
}

static int by_name(const void *key, const void *item)
{
	const struct account *const *account = item;

	return strcmp(key, (*account)->name);
}

static struct account *find(const struct history *history, const char *name)
{
	struct account **found = array_find(history->sorted, history->sorted_count, name, by_name);

	return found ? *found : NULL;
}

static int add_account(struct history *history, const char *name, struct sb_error *err)
{
	size_t name_count = history->count, at;
	struct account **added, **sorted, *account;
	const char **added_name;

	if (array_search(history->sorted, history->sorted_count, name, by_name, &at))
		return SB_OK;
	account = account_new(name);
	added_name = account ? array_add(history->names, name_count) : NULL;
	added = added_name ? array_add(history->accounts, history->count) : NULL;
	if (!added) {
		account_free(account);
		return sb_error_nomem(err);
	}
	*added = account;
	*added_name = account->name;
	sorted = array_insert(history->sorted, history->sorted_count, at);
	if (!sorted)
		return sb_error_nomem(err);
	*sorted = account;
	return SB_OK;
}

/* Returns the account under the name that it has after entry [seq]. */
static struct account *subject(const struct history *history, uint64_t seq)
{
	const struct tenures *tenures = &history->tenures;
	size_t at = 0;

	while (at + 1 < tenures->count && tenures->list[at + 1].from <= seq)
		at++;
	return find(history, tenures->list[at].name);
}

/* A transfer, a rename or a merge changes the giver in the same way whatever the receiver is. A
 * reversal depends on both. */
static bool needs_giver_alone(const struct event *event)
{
	return event->kind == EVENT_TRANSFER || event_is_succession(event);
}

static int find_partner(const struct entry *entry, void *ctx, struct sb_error *err)
{
	const struct event *event = entry->event;
	const char *second = event_receiver(event);
	struct history *history = ctx;

	steps_at(history->steps, event->seq, history->last);
	if (!second)
		return SB_OK;
	TRY(add_account(history, event->account, err));
	return needs_giver_alone(event) ? SB_OK : add_account(history, second, err);
}

int history_new(struct books *books, const char *account, uint64_t last, const struct steps *steps,
		struct history **ret, struct sb_error *err)
{
	struct history *history = calloc(1, sizeof(*history));
	int rc = SB_OK;

	if (!history)
		return sb_error_nomem(err);
	history->books = books;
	history->last = last;
	history->steps = steps;
	if (account) {
		rc = add_account(history, account, err);
		if (!rc)
			rc = books_tenures(books, account, &history->tenures, err);
		for (size_t i = 0; i < history->tenures.count && !rc; i++)
			rc = add_account(history, history->tenures.list[i].name, err);
	} else {
		history->all = books_new(books_id(books));
		rc = history->all ? SB_OK : sb_error_nomem(err);
	}
	/* The loop itself adds accounts to the list. */
	for (size_t i = 0; i < history->count && last > 0 && !rc; i++) {
		const char *name = history->names[i];
		struct entry_range range = {.accounts = &name, .account_count = 1, .to = last};

		rc = entries_each(books, &range, find_partner, history, NULL, err);
	}
	if (rc)
		history_free(history);
	else
		*ret = history;
	return rc;
}

void history_free(struct history *history)
{
	if (!history)
		return;
	for (size_t i = 0; i < history->count; i++)
		account_free(history->accounts[i]);
	books_free(history->all);
	tenures_release(&history->tenures);
	free(history->accounts);
	free(history->sorted);
	free(history->names);
	free(history);
}

/* Creates a temporary receiver to which the rules allow the entry. */
static struct account *new_receiver(const struct event *event)
{
	struct account *account = account_new(event->to);

	if (!account || event->kind == EVENT_RENAME)
		return account;
	account->open = true;
	account->debt = event->debt;
	account->charged = event->debt;
	return account;
}

static int apply(struct history *history, const struct event *event, struct sb_error *err)
{
	struct account *from = find(history, event->account), *to = NULL, *other = NULL;
	const char *second = event_receiver(event);
	int rc;

	if (second) {
		to = find(history, second);
		if (!to && needs_giver_alone(event)) {
			to = other = new_receiver(event);
			if (!to)
				return sb_error_nomem(err);
		}
	}
	rc = from && (to || !second)
		     ? account_apply(from, to, event, err)
		     : sb_error_set(
			       err, SB_ECORRUPT,
			       "the index of account '%s' names an entry of others: run `subank "
			       "verify`",
			       history->names[0]);
	account_free(other);
	if (rc)
		sb_error_prefix(err, "entry %" PRIu64, event->seq);
	return rc;
}

static int follow_one(const struct entry *entry, void *ctx, struct sb_error *err)
{
	const struct event *event = entry->event;
	struct history *history = ctx;
	const struct account *account = subject(history, event->seq);
	const char *second = event_receiver(event);
	int64_t before = account_net(subject(history, event->seq - 1));
	int rc = apply(history, event, err);

	steps_at(history->steps, event->seq, history->last);
	if (rc || !history->each ||
	    (strcmp(event->account, account->name) != 0 &&
	     (!second || strcmp(second, account->name) != 0)))
		return rc;
	return history->each(entry, before, account, history->ctx, err);
}

static int follow_all(const struct entry *entry, void *ctx, struct sb_error *err)
{
	const struct history *history = ctx;

	steps_at(history->steps, entry->event->seq, history->last);
	return books_follow(history->all, entry->event, entry->hash, err);
}

int history_advance(struct history *history, uint64_t seq, history_each *each, void *ctx,
		    struct sb_error *err)
{
	struct entry_range range = {.accounts = history->names,
				    .account_count = history->count,
				    .from = history->seq + 1,
				    .to = seq < history->last ? seq : history->last};

	if (range.to < range.from)
		return SB_OK;
	history->each = each;
	history->ctx = ctx;
	TRY(entries_each(history->books, &range, history->all ? follow_all : follow_one, history,
			 NULL, err));
	history->seq = range.to;
	return SB_OK;
}

int history_count(struct history *history, size_t *ret, struct sb_error *err)
{
	if (history->all)
		return books_load_all(history->all, ret, err);
	*ret = subject(history, history->seq)->seq > 0;
	return SB_OK;
}

const char *history_name(const struct history *history, size_t index)
{
	return history->all ? books_at(history->all, index)->name
			    : subject(history, history->seq)->name;
}

int history_account(const struct history *history, size_t index, int64_t time, struct account **ret,
		    struct sb_error *err)
{
	struct account *copy = account_copy(history->all ? books_at(history->all, index)
							 : subject(history, history->seq));

	if (!copy)
		return sb_error_nomem(err);
	if (account_settle(copy, time, err)) {
		account_free(copy);
		return SB_ESYSTEM;
	}
	*ret = copy;
	return SB_OK;
}
