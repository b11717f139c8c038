/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/slices.h"

#include <inttypes.h>

#include "cmd/enter/every.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/show/account_text.h"
#include "cmd/show/window_text.h"
#include "ledger/account/policy.h"
#include "ledger/base/minmax.h"

/* Enough for each day of a year. */
enum { SLICES_MAX = 400 };

/* Returns what is wrong with the combination of options, or NULL. */
static const char *fault(const struct env *env, const struct slices *slices)
{
	bool others = option(env, "every") || option(env, "carry") || option(env, "borrow");

	if (!slices->count)
		return others ? "--every, --carry and --borrow need --slices N" : NULL;
	if (slices->every == EVERY_NONE)
		return "--slices needs --every: day, week, month, quarter or year";
	return option(env, "end") ? "--slices sets the end of each slice: leave out --end" : NULL;
}

static int read_options(const struct env *env, struct slices *slices, struct sb_error *err)
{
	TRY(count_option(env, "slices", 2, SLICES_MAX, &slices->count, err));
	TRY(every_option(env, &slices->every, err));
	TRY(count_option(env, "carry", 0, EVENT_CARRY_MAX, &slices->carry, err));
	return count_option(env, "borrow", 0, EVENT_CARRY_MAX, &slices->borrow, err);
}

int slices_read(struct env *env, struct deposit *deposit, struct slices *ret)
{
	struct slices slices = {0};
	const char *wrong;
	struct sb_error err;

	if (read_options(env, &slices, &err))
		return fail(env, &err);
	wrong = fault(env, &slices);
	if (wrong)
		return usage(env, "%s", wrong);
	if (slices.count && !deposit->window.start_text)
		deposit->window.start = period_start(slices.every, env->os.now());
	*ret = slices;
	return EXIT_DONE;
}

void slices_request(const struct slices *slices, struct posting *posting)
{
	if (slices->count)
		request_add(
			posting, " slices %" PRId64 " every %s carry %" PRId64 " borrow %" PRId64,
			slices->count, period_words[slices->every], slices->carry, slices->borrow);
}

/* Sets the window of a slice. With --borrow no slice starts before the first period. */
static int set_window(const struct deposit *deposit, const struct slices *slices, int64_t index,
		      int64_t now, struct event *event, struct sb_error *err)
{
	const int64_t first = deposit->window.start;
	char from[WHEN_TEXT_SIZE], to[WHEN_TEXT_SIZE];

	if (!period_edge(first, slices->every, int64_max(index - slices->borrow, 0),
			 &event->start) ||
	    !period_edge(first, slices->every, index + 1 + slices->carry, &event->end))
		return sb_error_set(err, SB_EINVAL,
				    "slice %" PRId64 " would end past the year 9999: take fewer "
				    "slices, or shorter periods",
				    index + 1);
	if (event->end <= event->start)
		return sb_error_set(err, SB_EINVAL,
				    "slice %" PRId64 " would have no time: the calendar here skips "
				    "the day from %s; use --carry 1",
				    index + 1, when_format_local(from, event->start));
	if (event->end <= now && !deposit->window.may_be_over)
		return sb_error_set(err, SB_EINVAL,
				    "slice %" PRId64 " would be over: it ends at %s; give a later "
				    "--start, and fewer slices",
				    index + 1, when_format_local(to, event->end));
	return SB_OK;
}

static int append_slice(struct posting *posting, struct books *books, int64_t number,
			struct event *event, struct sb_error *err)
{
	const struct account *account;

	TRY(books_account(books, posting->account, &account, err));
	if (event->start <= books_time(books) && event->end > books_time(books))
		event->debt = plan_debt(account, event->amount);
	return post_append_numbered(posting, books, (int)number, event, err);
}

int append_slices(struct posting *posting, struct books *books, const struct deposit *deposit,
		  const struct slices *slices, struct sb_error *err)
{
	char text[QUANTITY_SIZE], phrase[WINDOW_PHRASE_SIZE];
	struct event whole = {.amount = deposit->amount, .start = deposit->window.start};

	if (!purse_is_account(posting->account))
		TRY(check_owner(books, posting->account, err));
	if (deposit->amount < slices->count)
		return sb_error_set(err, SB_EINVAL,
				    "%s cannot be cut into %" PRId64 " slices of a second or more: "
				    "take fewer slices",
				    quantity(posting->env, text, posting->account, deposit->amount),
				    slices->count);
	for (int64_t i = 0; i < slices->count; i++) {
		struct event event = {.kind = EVENT_DEPOSIT,
				      .account = posting->account,
				      .resource = purse_resource(posting->account),
				      .amount = deposit->amount / slices->count +
						(i < deposit->amount % slices->count)};

		TRY(set_window(deposit, slices, i, books_time(books), &event, err));
		TRY(append_slice(posting, books, i + 1, &event, err));
		whole.end = event.end;
	}
	done_add(posting, "%s in %" PRId64 " slices, one a %s%s",
		 quantity(posting->env, text, posting->account, whole.amount), slices->count,
		 period_words[slices->every], window_receipt(phrase, &whole, books_time(books)));
	return SB_OK;
}
