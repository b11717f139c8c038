/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/books/answers.h"

#include <inttypes.h>
#include <string.h>

#include "ledger/base/amount.h"
#include "ledger/books/renames.h"

void books_answer_key(unsigned char to[16], const struct event *event)
{
	u64_store(to, event->answers);
	u64_store(to + 8, event->seq);
}

/* Calls [each] for the rows of the index from the first answer to entry [seq] on. */
static int each_from(struct books *books, uint64_t seq, store_item *each, void *ctx,
		     struct sb_error *err)
{
	unsigned char from[16];

	u64_store(from, seq);
	u64_store(from + 8, 0);
	return store_each(books_txn(books), STORE_ANSWERS, (struct slice){from, sizeof(from)},
			  false, each, ctx, err);
}

static int take_first(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	uint64_t *seq = ctx;

	(void)value;
	(void)err;
	*seq = key.len == 16 ? u64_load(key.data) : 0;
	return STORE_ABORT;
}

/* Finds whether an answer was reversed. A refund can be answered by nothing else. */
static int is_reversed(struct books *books, uint64_t seq, bool *ret, struct sb_error *err)
{
	uint64_t first = 0;

	TRY(each_from(books, seq, take_first, &first, err));
	*ret = first == seq;
	return SB_OK;
}

struct answers {
	struct books *books;
	uint64_t seq;
	books_each_answer *each;
	void *ctx;
};

static int visit_answer(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	const unsigned char *numbers = key.data;
	struct answers *answers = ctx;
	uint64_t answering;
	bool reversed;

	if (key.len != 16 || value.len != 8)
		return sb_error_set(err, SB_ECORRUPT, "the index of answers is malformed");
	if (u64_load(numbers) != answers->seq)
		return STORE_ABORT;
	answering = u64_load(numbers + 8);
	TRY(is_reversed(answers->books, answering, &reversed, err));
	if (reversed)
		return SB_OK;
	return answers->each(answering, (int64_t)u64_load(value.data), answers->ctx, err);
}

int books_answers(struct books *books, uint64_t seq, books_each_answer *each, void *ctx,
		  struct sb_error *err)
{
	struct answers answers = {.books = books, .seq = seq, .each = each, .ctx = ctx};

	return each_from(books, seq, visit_answer, &answers, err);
}

struct answered {
	int64_t amount;
	uint64_t first;
};

static int add_answer(uint64_t answering, int64_t amount, void *ctx, struct sb_error *err)
{
	struct answered *answered = ctx;

	if (!answered->first)
		answered->first = answering;
	if (!amount_add(answered->amount, amount, &answered->amount))
		return sb_error_set(err, SB_ECORRUPT, "the answers add up past int64");
	return SB_OK;
}

int books_answered(struct books *books, uint64_t seq, int64_t *ret_amount, uint64_t *ret_first,
		   struct sb_error *err)
{
	struct answered answered = {0};

	TRY(books_answers(books, seq, add_answer, &answered, err));
	*ret_amount = answered.amount;
	*ret_first = answered.first;
	return SB_OK;
}

/* Whether [name], which an answer names, is [answered], which its entry names, or the account that
 * took it over under another name. */
static int is_same(struct books *books, uint64_t seq, const char *answered, const char *name,
		   bool *ret, struct sb_error *err)
{
	char now[NAME_SIZE];

	*ret = strcmp(answered, name) == 0;
	if (*ret || !*answered || !*name)
		return SB_OK;
	TRY(books_renamed(books, answered, seq, now, err));
	*ret = strcmp(now, name) == 0;
	return SB_OK;
}

/* Whether a refund's account has the debt of the charge's, which it took over. */
static int has_debt_of(struct books *books, const struct event *charge, const struct event *refund,
		       bool *ret, struct sb_error *err)
{
	char now[NAME_SIZE], successor[NAME_SIZE];
	const struct account *account;

	TRY(books_renamed(books, charge->account, charge->seq, now, err));
	TRY(books_account(books, now, &account, err));
	TRY(books_successor(books, account, successor, err));
	*ret = strcmp(successor, refund->account) == 0;
	return SB_OK;
}

/* Checks that the answer fits its entry and the earlier answers. */
static int check_answer(struct books *books, const struct event *event,
			const struct event *answered, struct sb_error *err)
{
	const char *to = event_receiver(event), *other = event_receiver(answered);
	enum event_kind kind = event->kind == EVENT_REFUND ? EVENT_CHARGE : event_reversed(event);
	bool fits = kind == EVENT_CHARGE ? event_is_charge(answered) : answered->kind == kind;
	bool same, same_to;
	int64_t before;
	uint64_t first;

	TRY(books_answered(books, event->answers, &before, &first, err));
	TRY(is_same(books, event->answers, answered->account, event->account, &same, err));
	if (!same && event->kind == EVENT_REFUND)
		TRY(has_debt_of(books, answered, event, &same, err));
	TRY(is_same(books, event->answers, other ? other : "", to ? to : "", &same_to, err));
	if (fits && same && same_to &&
	    (event->kind == EVENT_REFUND ? event->amount <= answered->amount - before
					 : event->amount == answered->amount && !first))
		return SB_OK;
	return sb_error_set(err, SB_ECORRUPT,
			    "%s of account '%s' breaks a rule: it does not fit entry %" PRIu64,
			    event_kinds[event->kind].name, event->account, event->answers);
}

int answers_index(struct books *books, const struct event *event, struct sb_error *err)
{
	struct event answered = {0};
	unsigned char key[16], amount[8];
	int rc = journal_get(books_txn(books), event->answers, &answered, NULL, err);

	if (rc == SB_ENOTFOUND && err)
		err->code = SB_ECORRUPT;
	if (!rc)
		rc = check_answer(books, event, &answered, err);
	event_release(&answered);
	if (rc)
		return rc == SB_ENOTFOUND ? SB_ECORRUPT : rc;
	books_answer_key(key, event);
	u64_store(amount, (uint64_t)event->amount);
	return store_add(books_txn(books), STORE_ANSWERS, (struct slice){key, sizeof(key)},
			 (struct slice){amount, sizeof(amount)}, err);
}
