/* SPDX-License-Identifier: GPL-3.0-or-later */
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
#include "ledger/check/funds.h"
#include "ledger/check/quota.h"

int check_owner(struct books *books, const char *purse, struct sb_error *err)
{
	const struct account *owner;
	char name[NAME_SIZE];

	TRY(books_account(books, purse_account(name, purse), &owner, err));
	return check_deposit(owner, err);
}

int refuse_closed(const struct account *account, struct sb_error *err)
{
	if (*account->successor)
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' was renamed or merged: name '%s', which took it "
				    "over",
				    account->name, account->successor);
	return sb_error_set(
		err, SB_EREFUSED,
		"account '%s' is closed and takes no deposits: `subank open %s` opens it "
		"again",
		account->name, account->name);
}

int check_deposit(const struct account *account, struct sb_error *err)
{
	return account->open ? SB_OK : refuse_closed(account, err);
}

int append_deposit(struct posting *posting, struct books *books, const struct deposit *deposit,
		   bool request, struct sb_error *err)
{
	struct event event = {.kind = EVENT_DEPOSIT,
			      .account = posting->account,
			      .resource = purse_resource(posting->account),
			      .amount = deposit->amount};
	char text[QUANTITY_SIZE], phrase[WINDOW_PHRASE_SIZE];
	const struct account *account;

	if (!purse_is_account(posting->account))
		TRY(check_owner(books, posting->account, err));
	TRY(books_account(books, posting->account, &account, err));
	TRY(window_set(posting->env, &deposit->window, books, &event, err));
	/* Money that starts later pays debt when it starts. */
	if (event.start <= books_time(books))
		event.debt = plan_debt(account, event.amount);
	done_add(posting, "%s%s", quantity(posting->env, text, posting->account, event.amount),
		 window_receipt(phrase, &event, books_time(books)));
	return request ? post_append(posting, books, &event, err)
		       : books_append(books, &event, err);
}

int amount_read(const struct posting *posting, const char *text, bool zero, int64_t *ret,
		struct sb_error *err)
{
	const struct unit unit = purse_unit(posting->account);

	return zero ? amount_parse_zero_in(text, &unit, ret, err)
		    : amount_parse_in(text, &unit, ret, err);
}

enum { ABOVE_SIZE = 3 * QUANTITY_SIZE + 64 };

/* Returns whether the amount is above confirm_above, and writes that down. */
static bool is_above(const struct posting *posting, int64_t amount, char to[ABOVE_SIZE])
{
	const struct env *env = posting->env;
	const struct unit unit = purse_unit(posting->account);
	/* confirm_above is in SU: the same number of the purse's units. */
	const __int128 most = (__int128)env->settings.confirm_above * (unit.size / unit_su.size);
	char have[QUANTITY_SIZE], limit[QUANTITY_SIZE];

	if (!most || amount <= most)
		return false;
	(void)snprintf(to, ABOVE_SIZE, "%s is more than %s (confirm_above in the settings)",
		       quantity(env, have, posting->account, amount),
		       quantity(env, limit, posting->account, (int64_t)most));
	return true;
}

int amount_check_requested(const struct posting *posting, int64_t amount, struct sb_error *err)
{
	char above[ABOVE_SIZE];

	if (!posting->env->requested || !is_above(posting, amount, above))
		return SB_OK;
	return sb_error_set(err, SB_EREFUSED,
			    "%s; nobody can confirm that here: ask the administrators of the bank",
			    above);
}

int amount_confirm(struct posting *posting, const char *text, int64_t amount)
{
	struct env *env = posting->env;
	char question[ABOVE_SIZE], have[QUANTITY_SIZE];
	bool above = is_above(posting, amount, question);

	if (env->requested)
		return EXIT_DONE;
	if (env->batch) {
		env->batch->above += above && !env->batch->books;
		return EXIT_DONE;
	}
	if ((!above && !(env->os.in_is_terminal && amount_is_grouped(text))) ||
	    post_recorded(posting))
		return EXIT_DONE;
	if (!above)
		(void)snprintf(question, sizeof(question),
			       "'%.16s' is %s: a point is no separator of thousands", text,
			       quantity(env, have, posting->account, amount));
	if (!option(env, "immediate"))
		warning(env, "%s", question);
	return confirm(env, "Is that amount right?");
}

int renew_first(struct posting *posting, struct books *books, const char *purse,
		struct sb_error *err)
{
	char text[QUANTITY_SIZE];
	struct env *env = posting->env;
	struct renewal renewal;

	if (env->batch)
		TRY(batch_touch(env->batch, purse, err));
	TRY(quota_renew_first(books, purse, &renewal, err));
	if (renewal.forgiven)
		done_add(posting, "forgave debt of %s, ",
			 quantity(env, text, purse, renewal.forgiven));
	if (renewal.seq)
		done_add(posting, "deposited the quota of %s, ",
			 quantity(env, text, purse, renewal.amount));
	return SB_OK;
}

int renew_all_first(struct posting *posting, struct books *books, const char *account,
		    struct sb_error *err)
{
	struct purses purses;
	int rc = SB_OK;

	TRY(renew_first(posting, books, account, err));
	TRY(books_purses(books, account, &purses, err));
	for (size_t i = 0; i < purses.count && !rc; i++)
		rc = renew_first(posting, books, purses.list[i]->name, err);
	purses_release(&purses);
	return rc;
}

/* Refuses if all the account has starts later. */
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
			    account->name, quantity(env, text, account->name, waiting.amount),
			    when_format_short(start, waiting.start),
			    waiting.several ? " or later" : "", account->name);
}

/* Limits what a manager's request takes to what is available, so that running jobs are not left
 * without money. */
static int limit_requested(const struct posting *posting, struct books *books,
			   const struct account *account, int64_t *amount, struct sb_error *err)
{
	const struct take *take = posting->ctx;
	const struct env *env = posting->env;
	const struct rules rules = settings_rules(&env->settings);
	char available[QUANTITY_SIZE], spent[QUANTITY_SIZE], running[QUANTITY_SIZE + 32] = "";
	struct funds funds;

	TRY(funds_of(books, account, &rules, &funds, err));
	if (take->all && funds.available > 0 && *amount > funds.available)
		*amount = funds.available;
	if (funds.spent > 0)
		(void)snprintf(running, sizeof(running), " (running jobs count for %s)",
			       quantity(env, spent, account->name, funds.spent));
	if (*amount > funds.available)
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' has only %s available%s: a request can take no "
				    "more than that",
				    account->name,
				    quantity(env, available, account->name, funds.available),
				    running);
	return amount_check_requested(posting, *amount, err);
}

/* Fills in amount and parts of the event. */
static int plan_amount(const struct posting *posting, struct books *books,
		       const struct account *account, struct event *event, struct sb_error *err)
{
	const struct take *take = posting->ctx;
	int64_t rest;

	TRY(account_rest(account, &rest, err));
	event->amount = take->all ? rest : take->amount;
	if (rest == 0)
		TRY(refuse_waiting(posting->env, account, err));
	if (event->amount == 0)
		return sb_error_set(err, SB_EREFUSED, "account '%s' has nothing to take",
				    account->name);
	if (posting->env->requested)
		TRY(limit_requested(posting, books, account, &event->amount, err));
	return plan_take(account, event, err);
}

int append_take(struct posting *posting, struct books *books, const struct account *from,
		const struct account *to, struct sb_error *err)
{
	struct event event = {.kind = to ? EVENT_TRANSFER : EVENT_WITHDRAW,
			      .account = posting->account,
			      .to = to ? posting->receiver : NULL,
			      .resource = purse_resource(posting->account)};
	char text[QUANTITY_SIZE];
	int rc = plan_amount(posting, books, from, &event, err);

	if (rc == SB_EREFUSED && posting->env->batch)
		posting->env->batch->column = "su";
	if (!rc && to)
		event.debt = plan_debt(to, event.amount);
	if (!rc)
		rc = post_append(posting, books, &event, err);
	done_add(posting, "%s %s%s%s", to ? "transferred" : "withdrew",
		 quantity(posting->env, text, posting->account, event.amount), to ? " to " : "",
		 posting->receiver);
	event_release(&event);
	return rc;
}

int take_post(struct posting *posting, const char *amount)
{
	struct take take = {.all = strcmp(amount, "all") == 0};
	struct sb_error err;
	int status;

	posting->ctx = &take;
	if (*posting->receiver)
		request_add(posting, " %s", posting->receiver);
	if (take.all) {
		request_add(posting, " all");
		return post(posting);
	}
	if (amount_read(posting, amount, false, &take.amount, &err))
		return fail(posting->env, &err);
	request_add(posting, " %" PRId64 "s", take.amount);
	status = amount_confirm(posting, amount, take.amount);
	return status == EXIT_DONE ? post(posting) : status;
}
