/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/correction.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/enter/money.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/show/window_text.h"
#include "ledger/base/amount.h"
#include "ledger/base/number.h"
#include "ledger/books/renames.h"

const struct option_spec correction_options[] = {
	NEW_WINDOW_OPTIONS,
	{NULL, 0, NULL, NULL},
};

int64_t percent_of_charge(const struct event *charge, int percent)
{
	return (int64_t)((__int128)charge->amount * percent / 100);
}

static int find_amount(const struct correction *correction, const struct env *env,
		       struct books *books, const struct event *charge, int64_t *ret,
		       struct sb_error *err)
{
	char have[QUANTITY_SIZE], want[QUANTITY_SIZE];
	int64_t left, amount = correction->amount;

	TRY(correct_left(books, charge, &left, err));
	if (correction->percent)
		amount = percent_of_charge(charge, correction->percent);
	else if (!amount)
		amount = left;
	if (amount == 0)
		return sb_error_set(
			err, SB_EREFUSED, "%d%% of entry %" PRIu64 " is less than one %s",
			correction->percent, charge->seq, purse_unit(charge->account).second);
	if (amount > left)
		return sb_error_set(err, SB_EREFUSED,
				    "only %s of entry %" PRIu64 " can still be refunded, not %s: "
				    "leave the amount out for all of it",
				    quantity(env, have, charge->account, left), charge->seq,
				    quantity(env, want, charge->account, amount));
	*ret = amount;
	return SB_OK;
}

static int append_reverse(struct posting *posting, struct books *books,
			  const struct event *answered, struct event *event, struct sb_error *err)
{
	const struct correction *correction = posting->ctx;
	char amount[QUANTITY_SIZE], phrase[WINDOW_PHRASE_SIZE];
	struct new_window window;

	TRY(window_new(posting->env, &correction->window, books, &window, err));
	TRY(plan_reverse(books, answered, &window, event, err));
	TRY(post_append(posting, books, event, err));
	done_add(posting, "reversed entry %" PRIu64 " (%s of %s)%s", correction->seq,
		 event_word(FIELD_AT_REVERSES, event->reverses),
		 quantity(posting->env, amount, posting->account, event->amount),
		 new_window_receipt(phrase, event));
	return SB_OK;
}

/* Appends the refund that was asked for, unless all of it is for the account that took over the
 * charge's debt; with [ret_taken] NULL the one for that account, whose amount is set. */
static int append_refund(struct posting *posting, struct books *books, const struct event *charge,
			 struct event *event, struct taken_debt *ret_taken, struct sb_error *err)
{
	const struct correction *correction = posting->ctx;
	/* It is the only entry if the receipt is of its account. */
	const int number = ret_taken || strcmp(posting->account, event->account) == 0 ? 1 : 2;
	char amount[QUANTITY_SIZE], phrase[WINDOW_PHRASE_SIZE];
	struct new_window window;

	TRY(window_new(posting->env, &correction->window, books, &window, err));
	if (ret_taken)
		TRY(find_amount(correction, posting->env, books, charge, &event->amount, err));
	TRY(plan_refund(books, charge, &window, event, ret_taken, err));
	if (event->amount == 0)
		return SB_OK;
	TRY(post_append_numbered(posting, books, number, event, err));
	done_add(posting, "%s%s of entry %" PRIu64 "%s%s%s", number == 1 ? "refunded " : ", and ",
		 quantity(posting->env, amount, event->account, event->amount), charge->seq,
		 number == 1 ? "" : " to ", number == 1 ? "" : event->account,
		 new_window_receipt(phrase, event));
	return SB_OK;
}

static int append_refunds(struct posting *posting, struct books *books, const struct event *charge,
			  struct event *event, struct sb_error *err)
{
	struct taken_debt taken;
	struct event further = {.kind = EVENT_REFUND,
				.account = taken.by,
				.answers = charge->seq,
				.end = WHEN_NEVER};
	int rc;

	TRY(append_refund(posting, books, charge, event, &taken, err));
	if (taken.amount == 0)
		return SB_OK;
	memcpy(event->amount > 0 ? posting->receiver : posting->account, taken.by, NAME_SIZE);
	further.resource = purse_resource(taken.by);
	further.amount = taken.amount;
	rc = append_refund(posting, books, charge, &further, NULL, err);
	event_release(&further);
	return rc;
}

/* Finds account and receiver of the entry under their present names. */
static int find_accounts(struct books *books, void *ctx, struct sb_error *err)
{
	struct posting *posting = ctx;
	const struct correction *correction = posting->ctx;
	struct event event = {0};
	const char *receiver;
	int rc = journal_get(books_txn(books), correction->seq, &event, NULL, err);

	posting->receiver[0] = '\0';
	if (!rc)
		rc = books_renamed(books, event.account, event.seq, posting->account, err);
	receiver = rc ? NULL : event_receiver(&event);
	if (receiver)
		rc = books_renamed(books, receiver, event.seq, posting->receiver, err);
	event_release(&event);
	return rc;
}

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct correction *correction = posting->ctx;
	struct event answered = {0};
	struct event event = {.kind = correction->refund ? EVENT_REFUND : EVENT_REVERSE,
			      .answers = correction->seq,
			      .end = WHEN_NEVER};
	char account[NAME_SIZE];
	/* Again: a rename may have come first. */
	int rc = find_accounts(books, posting, err);

	memcpy(account, posting->account, NAME_SIZE);
	event.account = account;
	event.to = *posting->receiver ? posting->receiver : NULL;
	event.resource = purse_resource(account);
	if (!rc)
		rc = correct_read(books, correction->seq, correction->refund, &answered, err);
	if (!rc)
		rc = correction->refund ? append_refunds(posting, books, &answered, &event, err)
					: append_reverse(posting, books, &answered, &event, err);
	event_release(&event);
	event_release(&answered);
	return rc;
}

int correction_post(struct env *env, struct correction *correction, const char *entry,
		    const char *how)
{
	struct posting posting = {
		.env = env, .plan = plan, .ctx = correction, .entries = correction->refund ? 2 : 0};
	const char *why = option(env, "note");
	char amount[32];
	struct sb_error err;
	int64_t number;
	int status;

	if (!number_parse(entry, 1, INT64_MAX, &number))
		return usage(env, "'%s' is not the number of an entry: `subank journal` shows them",
			     entry);
	correction->seq = (uint64_t)number;
	if (!why || !*why)
		return usage(env, "%s needs --note with the reason", env->command->name);
	status = window_read(env, &correction->window);
	if (status != EXIT_DONE)
		return status;
	if (bank_read(env->bank, env->os.now(), find_accounts, &posting, &err))
		return fail(env, &err);
	if (correction->text) {
		if (amount_read(&posting, correction->text, false, &correction->amount, &err))
			return fail(env, &err);
		(void)snprintf(amount, sizeof(amount), "%" PRId64 "s", correction->amount);
		how = amount;
	}
	request_add(&posting, "%s %" PRIu64 " %s", env->command->name, correction->seq, how);
	window_request(&correction->window, &posting);
	return post(&posting);
}
