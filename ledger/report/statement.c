/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/report/statement.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/amount.h"
#include "ledger/base/when.h"
#include "ledger/books/entries.h"
#include "ledger/books/history.h"

/* In the order of a statement. [sign] 0: the entry may go either way, and the state tells which. */
static const struct sort {
	enum event_kind kind;
	int sign;
	const char *name;
} sorts[] = {
	{EVENT_DEPOSIT, 1, "deposits"},	       {EVENT_TRANSFER, 1, "transfers in"},
	{EVENT_TRANSFER, -1, "transfers out"}, {EVENT_WITHDRAW, -1, "withdrawals"},
	{EVENT_CHARGE, -1, "charges"},	       {EVENT_REFUND, 1, "refunds"},
	{EVENT_CHARGE_JOB, -1, "jobs"},	       {EVENT_RECONCILE, 0, "reconciled"},
	{EVENT_REVERSE, 0, "reversals"},       {EVENT_ADJUST, 0, "adjustments"},
	{EVENT_EXPIRE, -1, "expired"},
};

enum { SORT_COUNT = sizeof(sorts) / sizeof(sorts[0]) };

const char *statement_sort(size_t sort)
{
	return sort < SORT_COUNT ? sorts[sort].name : NULL;
}

int balances_of(const struct account *account, struct balances *ret, struct sb_error *err)
{
	struct balances standing = {.balance = account_net(account),
				    .credit = account->credit,
				    .unlimited = account->unlimited};
	int rc = account_available(account, &standing.available, err);

	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];

		if (lot->start > account->time)
			standing.waiting += lot->rest;
		else if (lot->end <= account->time)
			standing.ended += lot->rest;
	}
	if (!rc)
		*ret = standing;
	return rc;
}

/* A statement with the books that it is made of. */
struct making {
	struct statement *statement;
	struct books *books;
};

/* The line of that sort and cluster; a zeroed one is put in when there is none. */
static struct statement_line *find_line(struct statement *statement, size_t sort,
					const char *cluster)
{
	struct statement_line *lines = statement->lines;
	size_t i = 0;

	for (; i < statement->count; i++) {
		int order = strcmp(lines[i].cluster, cluster);

		if (lines[i].sort == sort && order == 0)
			return &lines[i];
		if (lines[i].sort > sort || (lines[i].sort == sort && order > 0))
			break;
	}
	lines = reallocarray(lines, statement->count + 1, sizeof(*lines));
	if (!lines)
		return NULL;
	statement->lines = lines;
	memmove(&lines[i + 1], &lines[i], (statement->count - i) * sizeof(*lines));
	lines[i] = (struct statement_line){.sort = sort};
	(void)snprintf(lines[i].cluster, sizeof(lines[i].cluster), "%s", cluster);
	statement->count++;
	return &lines[i];
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

static int add_entry(const struct entry *entry, int64_t before, const struct account *account,
		     void *ctx, struct sb_error *err)
{
	const struct making *making = ctx;
	struct statement *statement = making->statement;
	struct statement_line *line;
	int64_t after = account_net(account), amount;
	size_t sort = SORT_COUNT;
	bool used = false;
	int rc;

	if (!amount_sub(after, before, &amount))
		return damaged(entry->event, err);
	rc = sort_of(entry->event, amount, &sort, err);
	if (rc || sort == SORT_COUNT)
		return rc;
	if (statement->use)
		rc = use_add(making->books, statement->use, entry->event, amount, &used, err);
	if (rc || used)
		return rc;
	line = find_line(statement, sort, entry->event->cluster ? entry->event->cluster : "");
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

/* Takes the standing of the account at [time]. */
static int stand(const struct history *history, int64_t time, struct balances *standing,
		 struct account **ret, struct sb_error *err)
{
	struct account *account;
	int rc = history_account(history, 0, time, &account, err);

	if (rc)
		return rc;
	rc = balances_of(account, standing, err);
	if (!rc && ret)
		*ret = account;
	else
		account_free(account);
	return rc;
}

/* The stored state, which was not made from the same reading, must say the same. */
static int compare_stored(struct books *books, const struct account *account, struct sb_error *err)
{
	const struct account *stored;
	int rc = books_account(books, account->name, &stored, err);

	if (rc)
		return rc;
	if (stored->seq == account->seq && account_net(stored) == account_net(account))
		return SB_OK;
	return sb_error_set(err, SB_ECORRUPT,
			    "the stored state of account '%s' differs from its entries: the books "
			    "are damaged, run `subank verify`",
			    account->name);
}

static int fill(struct books *books, struct statement *statement, struct history *history,
		uint64_t before, uint64_t last, struct sb_error *err)
{
	struct making making = {.statement = statement, .books = books};
	struct account *account = NULL;
	int rc = history_advance(history, before, NULL, NULL, err);

	if (!rc)
		rc = stand(history, statement->since, &statement->opening, NULL, err);
	if (!rc)
		rc = history_advance(history, last, add_entry, &making, err);
	if (!rc && statement->use)
		rc = use_finish(statement->use, err);
	if (!rc)
		rc = stand(history, statement->time, &statement->closing, &account, err);
	if (!rc)
		rc = statement_check(statement, err);
	if (!rc && (statement->so_far || last == books_head(books)->seq))
		rc = compare_stored(books, account, err);
	account_free(account);
	return rc;
}

int statement_make(struct books *books, void *ctx, struct sb_error *err)
{
	struct statement *statement = ctx;
	struct history *history = NULL;
	const struct account *account;
	uint64_t before, last;
	int rc;

	books_omit_deferred(books);
	rc = books_account(books, statement->account, &account, err);
	if (rc)
		return rc;
	statement_release(statement);
	statement->head = *books_head(books);
	/* Whoever writes from now on does so at the newest entry's time or later; the clock may be
	 * put back. */
	statement->so_far = statement->until > statement->head.time;
	statement->time = statement->so_far ? statement->head.time : statement->until;
	if (statement->since > books_time(books))
		return sb_error_set(err, SB_EREFUSED, "the period has not begun");
	/* Between the newest entry and now nothing happened. */
	if (statement->time < statement->since)
		statement->time = statement->since;
	rc = entries_before(books, statement->since, &before, err);
	if (!rc)
		rc = entries_before(books, statement->until, &last, err);
	if (!rc)
		rc = history_new(books, statement->account, last, statement->steps, &history, err);
	if (!rc)
		rc = fill(books, statement, history, before, last, err);
	history_free(history);
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
