/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/enter/money.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/enter/batch.h"
#include "cmd/enter/confirm.h"
#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/show/account_text.h"
#include "cmd/show/window_text.h"
#include "ledger/account/policy.h"
#include "ledger/base/amount.h"
#include "ledger/base/when.h"

int check_deposit(const struct account *account, struct sb_error *err)
{
	if (account->open)
		return SB_OK;
	return sb_error_set(err, SB_EREFUSED,
			    "account '%s' is closed and takes no deposits: `subank open %s` opens "
			    "it again",
			    account->name, account->name);
}

int append_deposit(struct posting *posting, struct books *books, int64_t amount,
		   const struct window *window, bool stamped, struct sb_error *err)
{
	struct event event = {.kind = EVENT_DEPOSIT,
			      .account = posting->account,
			      .resource = RESOURCE_BILLING,
			      .amount = amount};
	char text[QUANTITY_SIZE], phrase[WINDOW_PHRASE_SIZE];
	size_t len = strlen(posting->done);
	const struct account *account;
	int rc = books_account(books, posting->account, &account, err);

	if (!rc)
		rc = window_set(posting->env, window, books, &event, err);
	if (rc)
		return rc;
	/* What starts later pays then. */
	if (event.start <= books_time(books))
		event.debt = plan_debt(account, amount);
	(void)snprintf(posting->done + len, sizeof(posting->done) - len, "%s%s",
		       quantity(posting->env, text, amount),
		       window_receipt(phrase, &event, books_time(books)));
	if (stamped)
		stamp(posting, &event);
	return books_append(books, &event, err);
}

int amount_confirm(struct posting *posting, const char *text, int64_t amount)
{
	struct env *env = posting->env;
	const int64_t most = env->settings.confirm_above;
	bool above = most && amount > most;
	char question[3 * QUANTITY_SIZE + 64], have[QUANTITY_SIZE], limit[QUANTITY_SIZE];

	if (env->batch) {
		env->batch->above += above && !env->batch->books;
		return EXIT_DONE;
	}
	if ((!above && !(env->os.in_is_terminal && amount_is_grouped(text))) ||
	    post_entered(posting))
		return EXIT_DONE;
	quantity(env, have, amount);
	if (above)
		(void)snprintf(question, sizeof(question),
			       "%s is more than %s (confirm_above in the settings)", have,
			       quantity(env, limit, most));
	else
		(void)snprintf(question, sizeof(question),
			       "'%.16s' is %s: a point is no separator of thousands", text, have);
	if (!option(env, "immediate"))
		warning(env, "%s", question);
	return confirm(env, "Is that amount right?");
}

/* Refuses when all there is starts later. */
static int refuse_waiting(const struct env *env, const struct account *account,
			  struct sb_error *err)
{
	const struct waiting waiting = account_waiting(account);
	char text[QUANTITY_SIZE], start[WHEN_TEXT_SIZE];

	if (waiting.amount == 0)
		return SB_OK;
	return sb_error_set(err, SB_EREFUSED,
			    "account '%s' has nothing to take yet: %s start at %s%s; `subank "
			    "balance --lots %s` shows them",
			    account->name, quantity(env, text, waiting.amount),
			    when_format_short(start, waiting.start),
			    waiting.several ? " or later" : "", account->name);
}

int take_plan(struct posting *posting, const struct account *account, struct event *event,
	      const char *done, struct sb_error *err)
{
	const struct take *take = posting->ctx;
	char text[QUANTITY_SIZE];
	int64_t rest;
	int rc = account_rest(account, &rest, err);

	event->amount = take->all ? rest : take->amount;
	event->part_count = 0;
	if (!rc && rest == 0)
		rc = refuse_waiting(posting->env, account, err);
	if (!rc && event->amount == 0)
		rc = sb_error_set(err, SB_EREFUSED, "account '%s' has nothing to take",
				  account->name);
	if (!rc)
		rc = plan_take(account, event, err);
	quantity(posting->env, text, event->amount);
	(void)snprintf(posting->done, sizeof(posting->done), "%s %s%s%s", done, text,
		       take->to ? " to " : "", take->to ? take->to : "");
	return rc;
}

int take_post(struct posting *posting, const char *to, const char *amount)
{
	struct take take = {.all = strcmp(amount, "all") == 0, .to = to};
	struct env *env = posting->env;
	struct sb_error err;

	if (!take.all && amount_parse(amount, &take.amount, &err))
		return fail(env, &err);
	posting->ctx = &take;
	if (take.all)
		(void)snprintf(posting->request, sizeof(posting->request), "%s %s%s%s all",
			       env->command->name, posting->account, to ? " " : "", to ? to : "");
	else
		(void)snprintf(posting->request, sizeof(posting->request), "%s %s%s%s %" PRId64 "s",
			       env->command->name, posting->account, to ? " " : "", to ? to : "",
			       take.amount);
	if (!take.all) {
		int status = amount_confirm(posting, amount, take.amount);

		if (status != EXIT_DONE)
			return status;
	}
	return post(posting);
}
