/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/enter/correction.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/show/window_text.h"
#include "ledger/base/amount.h"
#include "ledger/base/number.h"

const struct option_spec correction_options[] = {
	NEW_WINDOW_OPTIONS,
	{NULL, 0, NULL, NULL},
};

/* How much is refunded. */
static int work_out(const struct correction *correction, const struct env *env, struct books *books,
		    const struct event *charge, int64_t *ret, struct sb_error *err)
{
	char have[QUANTITY_SIZE], want[QUANTITY_SIZE];
	int64_t left, amount = correction->amount;
	int rc = correct_left(books, charge, &left, err);

	if (rc)
		return rc;
	if (correction->percent)
		amount = (int64_t)((__int128)charge->amount * correction->percent / 100);
	else if (!amount)
		amount = left;
	if (amount == 0)
		return sb_error_set(err, SB_EREFUSED,
				    "%d%% of entry %" PRIu64 " is less than a billing-second",
				    correction->percent, charge->seq);
	if (amount > left)
		return sb_error_set(err, SB_EREFUSED,
				    "of entry %" PRIu64 " %s can still be refunded, less than %s: "
				    "leave the amount out for all of it",
				    charge->seq, quantity(env, have, left),
				    quantity(env, want, amount));
	*ret = amount;
	return SB_OK;
}

static int plan_answer(struct posting *posting, struct books *books, const struct event *answered,
		       struct event *event, struct sb_error *err)
{
	const struct correction *correction = posting->ctx;
	struct new_window window = {.given = window_given(&correction->window)};
	struct event dates = {0};
	int rc = SB_OK;

	if (window.given) {
		rc = window_set(posting->env, &correction->window, books, &dates, err);
		window.start = dates.start;
		window.end = dates.end;
	}
	if (rc)
		return rc;
	if (!correction->refund)
		return plan_reverse(books, answered, &window, event, err);
	rc = work_out(correction, posting->env, books, answered, &event->amount, err);
	return rc ? rc : plan_refund(books, answered, &window, event, err);
}

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct correction *correction = posting->ctx;
	struct event answered = {0};
	struct event event = {.kind = correction->refund ? EVENT_REFUND : EVENT_REVERSE,
			      .account = posting->account,
			      .to = posting->receiver,
			      .answers = correction->seq,
			      .resource = RESOURCE_BILLING,
			      .end = WHEN_NEVER};
	char amount[QUANTITY_SIZE], phrase[WINDOW_PHRASE_SIZE];
	int rc = correct_read(books, correction->seq, correction->refund, &answered, err);

	if (!rc)
		rc = plan_answer(posting, books, &answered, &event, err);
	if (!rc) {
		stamp(posting, &event);
		rc = books_append(books, &event, err);
	}
	if (rc)
		goto out;
	quantity(posting->env, amount, event.amount);
	new_window_receipt(phrase, &event);
	if (correction->refund)
		(void)snprintf(posting->done, sizeof(posting->done),
			       "refunded %s of entry %" PRIu64 "%s", amount, correction->seq,
			       phrase);
	else
		(void)snprintf(posting->done, sizeof(posting->done),
			       "reversed entry %" PRIu64 " (%s of %s)%s", correction->seq,
			       event_word(FIELD_AT_REVERSES, event.reverses), amount, phrase);
out:
	event_release(&event);
	event_release(&answered);
	return rc;
}

struct finding_accounts {
	uint64_t seq;
	char account[NAME_SIZE], receiver[NAME_SIZE];
};

/* Entries do not change, so what is found here is still so when the answer is entered. */
static int find_accounts(struct books *books, void *ctx, struct sb_error *err)
{
	struct finding_accounts *found = ctx;
	struct event event = {0};
	const char *receiver;
	int rc = journal_get(books_txn(books), found->seq, &event, NULL, err);

	if (!rc) {
		receiver = event_receiver(&event);
		(void)snprintf(found->account, NAME_SIZE, "%s", event.account);
		(void)snprintf(found->receiver, NAME_SIZE, "%s", receiver ? receiver : "");
	}
	event_release(&event);
	return rc;
}

int correction_post(struct env *env, struct correction *correction, const char *seq,
		    const char *how)
{
	struct posting posting = {.env = env, .plan = plan, .ctx = correction};
	struct finding_accounts found = {0};
	const char *why = option(env, "note");
	struct sb_error err;
	int64_t number;
	int status;

	if (!number_parse(seq, 1, INT64_MAX, &number))
		return usage(env, "'%s' is not the number of an entry: `subank journal` shows them",
			     seq);
	found.seq = (uint64_t)number;
	if (!why || !*why)
		return usage(env, "%s needs --note: say why", env->command->name);
	status = window_read(env, &correction->window);
	if (status != EXIT_DONE)
		return status;
	if (bank_read(env->bank, env->os.now(), find_accounts, &found, &err))
		return fail(env, &err);
	correction->seq = found.seq;
	posting.account = found.account;
	posting.receiver = *found.receiver ? found.receiver : NULL;
	(void)snprintf(posting.request, sizeof(posting.request), "%s %" PRIu64 " %s",
		       env->command->name, found.seq, how);
	window_request(&correction->window, posting.request);
	return post(&posting);
}
