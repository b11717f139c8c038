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

static int plan_answer(struct posting *posting, struct books *books, const struct event *answered,
		       struct event *event, struct sb_error *err)
{
	const struct correction *correction = posting->ctx;
	struct new_window window;

	TRY(window_new(posting->env, &correction->window, books, &window, err));
	if (!correction->refund)
		return plan_reverse(books, answered, &window, event, err);
	TRY(find_amount(correction, posting->env, books, answered, &event->amount, err));
	return plan_refund(books, answered, &window, event, err);
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
			      .account = posting->account,
			      .answers = correction->seq,
			      .end = WHEN_NEVER};
	char amount[QUANTITY_SIZE], phrase[WINDOW_PHRASE_SIZE];
	/* Again: a rename may have come first. */
	int rc = find_accounts(books, posting, err);

	event.to = *posting->receiver ? posting->receiver : NULL;
	event.resource = purse_resource(posting->account);
	if (!rc)
		rc = correct_read(books, correction->seq, correction->refund, &answered, err);
	if (!rc)
		rc = plan_answer(posting, books, &answered, &event, err);
	if (!rc)
		rc = post_append(posting, books, &event, err);
	quantity(posting->env, amount, posting->account, event.amount);
	if (!rc && correction->refund)
		done_add(posting, "refunded %s of entry %" PRIu64 "%s", amount, correction->seq,
			 new_window_receipt(phrase, &event));
	else if (!rc)
		done_add(posting, "reversed entry %" PRIu64 " (%s of %s)%s", correction->seq,
			 event_word(FIELD_AT_REVERSES, event.reverses), amount,
			 new_window_receipt(phrase, &event));
	event_release(&event);
	event_release(&answered);
	return rc;
}

int correction_post(struct env *env, struct correction *correction, const char *entry,
		    const char *how)
{
	struct posting posting = {.env = env, .plan = plan, .ctx = correction};
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
