/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/report/statement.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/amount.h"
#include "ledger/base/array.h"
#include "ledger/base/minmax.h"
#include "ledger/books/entries.h"
#include "ledger/books/history.h"
#include "ledger/books/renames.h"

/* In the order of a statement. [sign] 0: the entry may go either way; the states before and after
 * it show which. */
static const struct sort {
	enum event_kind kind;
	int sign;
	const char *name;
} sorts[] = {
	{EVENT_DEPOSIT, 1, "deposits"},
	{EVENT_TRANSFER, 1, "transfers in"},
	{EVENT_TRANSFER, -1, "transfers out"},
	{EVENT_WITHDRAW, -1, "withdrawals"},
	{EVENT_CHARGE, -1, "charges"},
	{EVENT_REFUND, 1, "refunds"},
	{EVENT_CHARGE_JOB, -1, "jobs"},
	{EVENT_FEE, -1, "fees"},
	{EVENT_RECONCILE, 0, "reconciled"},
	{EVENT_REVERSE, 0, "reversals"},
	{EVENT_ADJUST, 0, "adjustments"},
	{EVENT_EXPIRE, -1, "expired"},
	{EVENT_FORGIVE, 1, "debt forgiven"},
	{EVENT_RENAME, 0, "renamed"},
	{EVENT_MERGE, 0, "merged"},
};

enum { SORT_COUNT = sizeof(sorts) / sizeof(sorts[0]) };

const char *statement_sort(size_t sort)
{
	return sort < SORT_COUNT ? sorts[sort].name : NULL;
}

int balances_of(const struct account *account, struct balances *ret, struct sb_error *err)
{
	struct balances balances = {.balance = account_net(account),
				    .credit = account->credit,
				    .unlimited = account->unlimited};

	TRY(account_available(account, &balances.available, err));
	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];

		if (lot->start > account->time)
			balances.waiting += lot->rest;
		else if (lot->end <= account->time)
			balances.ended += lot->rest;
	}
	*ret = balances;
	return SB_OK;
}

static int by_sort(const void *key, const void *item)
{
	const struct statement_line *one = key, *other = item;

	if (one->sort != other->sort)
		return one->sort < other->sort ? -1 : 1;
	return strcmp(one->cluster, other->cluster);
}

/* The line of that sort and cluster, a new one if there is none. NULL: out of memory. */
static struct statement_line *find_line(struct statement *statement, size_t sort,
					const char *cluster)
{
	struct statement_line *line, key = {.sort = sort};
	size_t at;

	(void)snprintf(key.cluster, sizeof(key.cluster), "%s", cluster ? cluster : "");
	if (array_search(statement->lines, statement->count, &key, by_sort, &at))
		return &statement->lines[at];
	line = array_insert(statement->lines, statement->count, at);
	if (line)
		*line = key;
	return line;
}

static int damaged(const struct event *event, struct sb_error *err)
{
	return sb_error_set(err, SB_ECORRUPT,
			    "entry %" PRIu64 ", a %s, moves another amount than it says: the books "
			    "are damaged, run `subank verify`",
			    event->seq, event_kinds[event->kind].name);
}

/* Finds the sort of an entry that moved [amount]; SORT_COUNT when it is not about money. */
static int sort_of(const struct event *event, int64_t amount, size_t *ret, struct sb_error *err)
{
	int sign = (amount > 0) - (amount < 0);
	bool money = false;

	for (size_t i = 0; i < SORT_COUNT; i++) {
		if (sorts[i].kind != event->kind)
			continue;
		money = true;
		if (sorts[i].sign && (sorts[i].sign != sign || sign * amount != event->amount))
			continue;
		*ret = i;
		return SB_OK;
	}
	if (money || sign)
		return damaged(event, err);
	*ret = SORT_COUNT;
	return SB_OK;
}

/* Adds an entry to the invoice. An account that was renamed has statements under all its names: its
 * use is billed under the one that it had at the end of the period. */
static int bill(const struct statement *statement, const struct event *event, const char *account,
		int64_t amount, struct sb_error *err)
{
	char payer[NAME_SIZE];

	if (!statement->billed)
		return SB_OK;
	TRY(books_renamed_by(statement->books, account, event->seq, statement->last.seq, payer,
			     err));
	return strcmp(payer, statement->account) == 0
		       ? billed_add(statement->books, statement->billed, event, amount, err)
		       : SB_OK;
}

static int add_entry(const struct entry *entry, int64_t before, const struct account *account,
		     void *ctx, struct sb_error *err)
{
	struct statement *statement = ctx;
	struct statement_line *line;
	int64_t after = account_net(account), amount;
	size_t sort = SORT_COUNT;
	bool counts = false, used = false;

	if (!amount_sub(after, before, &amount))
		return damaged(entry->event, err);
	if (statement->state)
		TRY(statement->state(account, statement->ctx, err));
	TRY(sort_of(entry->event, amount, &sort, err));
	if (sort == SORT_COUNT)
		return SB_OK;
	TRY(bill(statement, entry->event, account->name, amount, err));
	if (statement->use)
		TRY(use_counts(statement->books, statement->use, entry->event, account->name,
			       &counts, err));
	if (counts)
		TRY(use_add(statement->books, statement->use, entry->event, amount, &used, err));
	if (used)
		return SB_OK;
	line = find_line(statement, sort, entry->event->cluster);
	if (!line)
		return sb_error_nomem(err);
	line->entries++;
	if (!amount_add(line->amount, amount, &line->amount))
		return sb_error_set(err, SB_EOVERFLOW,
				    "the %s of account '%s' in this period are past what int64 "
				    "holds: ask for a shorter one",
				    sorts[sort].name, account->name);
	return statement->each ? statement->each(entry, amount, after, statement->ctx, err) : SB_OK;
}

int statement_check(const struct statement *statement, struct sb_error *err)
{
	__int128 sum = statement->opening.balance;

	for (size_t i = 0; i < statement->count; i++)
		sum += statement->lines[i].amount;
	if (statement->use)
		sum -= statement->use->amount;
	if (sum == statement->closing.balance)
		return SB_OK;
	return sb_error_set(err, SB_ECORRUPT,
			    "the entries of account '%s' do not lead from its opening balance, "
			    "%" PRId64 "s, to its closing balance, %" PRId64 "s: the books are "
			    "damaged, run `subank verify`",
			    statement->account, statement->opening.balance,
			    statement->closing.balance);
}

/* Gives the balances at [time] and the number of the account's last entry. */
static int take_balances(const struct history *history, int64_t time, struct balances *ret,
			 uint64_t *ret_seq, struct sb_error *err)
{
	struct account *account;
	int rc;

	TRY(history_account(history, 0, time, &account, err));
	rc = balances_of(account, ret, err);
	*ret_seq = account->seq;
	account_free(account);
	return rc;
}

/* Passes on the state at the start of the period. */
static int give_opening(const struct statement *statement, const struct history *history,
			struct sb_error *err)
{
	struct account *account;
	int rc;

	TRY(history_account(history, 0, statement->since, &account, err));
	rc = statement->state(account, statement->ctx, err);
	account_free(account);
	return rc;
}

/* Compares the closing balance with the stored state, which was not made by this replay. If the
 * account was loaded before, the state has its deferred charges, which no entry has. */
static int compare_stored(const struct statement *statement, uint64_t seq, struct sb_error *err)
{
	const struct account *stored;
	int64_t deferred, since, net;

	TRY(books_account(statement->books, statement->account, &stored, err));
	books_deferred_sum(statement->books, stored, &deferred, &since);
	if (stored->seq == seq && amount_add(account_net(stored), deferred, &net) &&
	    net == statement->closing.balance)
		return SB_OK;
	return sb_error_set(err, SB_ECORRUPT,
			    "the stored state of account '%s' differs from its entries: the books "
			    "are damaged, run `subank verify`",
			    statement->account);
}

static int fill(struct statement *statement, struct history *history, uint64_t before,
		uint64_t last, struct sb_error *err)
{
	uint64_t seq;

	TRY(history_advance(history, before, NULL, NULL, err));
	TRY(take_balances(history, statement->since, &statement->opening, &seq, err));
	if (statement->state)
		TRY(give_opening(statement, history, err));
	TRY(history_advance(history, last, add_entry, statement, err));
	if (statement->use)
		TRY(use_finish(statement->use, err));
	TRY(take_balances(history, statement->time, &statement->closing, &seq, err));
	TRY(statement_check(statement, err));
	return statement->so_far || last == books_head(statement->books)->seq
		       ? compare_stored(statement, seq, err)
		       : SB_OK;
}

static int read_last(struct statement *statement, uint64_t seq, struct sb_error *err)
{
	struct event event = {0};
	struct head last = {.seq = seq};
	int rc = SB_OK;

	if (seq > 0)
		rc = journal_get(books_txn(statement->books), seq, &event, last.hash, err);
	last.time = event.time;
	if (!rc)
		statement->last = last;
	event_release(&event);
	return rc;
}

static int read_period(struct statement *statement, struct sb_error *err)
{
	struct books *books = statement->books;
	struct history *history;
	uint64_t before, last;
	int rc;

	TRY(entries_before(books, statement->since, &before, err));
	TRY(entries_before(books, statement->until, &last, err));
	TRY(read_last(statement, last, err));
	if (statement->use)
		statement->use->last = last;
	TRY(history_new(books, statement->account, last, statement->steps, &history, err));
	rc = fill(statement, history, before, last, err);
	history_free(history);
	return rc;
}

int statement_make(struct books *books, void *ctx, struct sb_error *err)
{
	struct statement *statement = ctx;
	const struct account *account;
	int rc;

	books_omit_deferred(books);
	TRY(books_account(books, statement->account, &account, err));
	statement_release(statement);
	statement->books = books;
	if (statement->use) {
		statement->use->account = statement->account;
		statement->use->since = statement->since;
		statement->use->until = statement->until;
	}
	if (statement->billed)
		*statement->billed = (struct billed){0};
	statement->head = *books_head(books);
	/* Entries to come have the newest entry's time or a later one, even if the clock is put
	 * back. */
	statement->so_far = statement->until > statement->head.time;
	statement->time = int64_min(statement->until, statement->head.time);
	if (statement->since > books_time(books))
		return sb_error_set(err, SB_EREFUSED, "the period has not begun");
	/* Nothing happened between the newest entry and now. */
	statement->time = int64_max(statement->time, statement->since);
	rc = read_period(statement, err);
	if (rc)
		statement_release(statement);
	return rc;
}

void statement_release(struct statement *statement)
{
	free(statement->lines);
	statement->lines = NULL;
	statement->count = 0;
	if (statement->use)
		use_release(statement->use);
}
