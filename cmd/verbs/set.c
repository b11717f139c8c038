/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/money.h"
#include "cmd/verbs/verb.h"
#include "ledger/account/policy.h"
#include "ledger/books/correct.h"

struct allocation {
	const char *account;
	struct deposit to; /* the new allocation, and the window of money to add */
	bool same; /* the account has this allocation already */
};

/* Lowers the allocation by [by]: takes out what is left and, if that is not enough, also what was
 * spent. */
static int lower(struct posting *posting, struct books *books, const struct account *account,
		 int64_t by, struct sb_error *err)
{
	const struct allocation *allocation = posting->ctx;
	struct event event = {.account = account->name,
			      .resource = purse_resource(posting->account),
			      .amount = by};
	char reason[QUANTITY_SIZE + 16], text[QUANTITY_SIZE];
	int64_t rest;
	int rc;

	TRY(account_rest(account, &rest, err));
	if (window_given(&allocation->to.window))
		return sb_error_set(err, SB_EINVAL,
				    "a lower allocation has no window: leave --start and --end "
				    "out");
	event.kind = by > rest ? EVENT_ADJUST : EVENT_WITHDRAW;
	if (by > rest) {
		(void)snprintf(reason, sizeof(reason), "set to %" PRId64 "s",
			       allocation->to.amount);
		event.reason = reason;
		rc = plan_adjust(account, &event, err);
	} else {
		rc = plan_take(account, &event, err);
	}
	if (!rc)
		rc = post_append(posting, books, &event, err);
	done_add(posting, "took out %s", quantity(posting->env, text, posting->account, by));
	if (event.debt)
		done_add(posting, ", %s of it was used",
			 quantity(posting->env, text, posting->account, event.debt));
	event_release(&event);
	return rc;
}

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct allocation *allocation = posting->ctx;
	struct deposit more = allocation->to;
	const struct account *account;
	char amount[QUANTITY_SIZE];
	int64_t allocated;

	TRY(books_account(books, posting->account, &account, err));
	TRY(account_allocated(account, &allocated, err));
	more.amount = allocation->to.amount - allocated;
	quantity(posting->env, amount, posting->account, allocation->to.amount);
	done_add(posting, "set to %s: ", amount);
	if (more.amount < 0)
		return lower(posting, books, account, -more.amount, err);
	if (more.amount == 0 && window_given(&more.window))
		return sb_error_set(err, SB_EINVAL,
				    "account '%s' is allocated %s already, and the windows of its "
				    "money cannot be changed: leave --start and --end out, or use "
				    "`subank deposit %s` for more with this window",
				    posting->account, amount, posting->account);
	if (more.amount == 0)
		return sb_error_set(err, SB_EREFUSED, "account '%s' is allocated %s already",
				    posting->account, amount);
	if (more.window.start_text && more.window.start > books_time(books))
		return sb_error_set(err, SB_EINVAL,
				    "money that starts later is not allocated yet: use `subank "
				    "deposit %s` with this --start",
				    posting->account);
	TRY(check_deposit(account, err));
	done_add(posting, "deposited ");
	return append_deposit(posting, books, &more, true, err);
}

static int compare(struct books *books, void *ctx, struct sb_error *err)
{
	struct allocation *allocation = ctx;
	const struct account *account;
	int64_t allocated;

	TRY(books_account(books, allocation->account, &account, err));
	TRY(account_allocated(account, &allocated, err));
	allocation->same = allocated == allocation->to.amount;
	return SB_OK;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct allocation allocation = {0};
	struct posting posting = {.env = env, .plan = plan, .ctx = &allocation};
	struct window *window = &allocation.to.window;
	char text[QUANTITY_SIZE];
	struct sb_error err;
	int status = posting_begin(&posting, argv[0]);

	(void)argc;
	if (status == EXIT_DONE)
		status = window_read(env, window);
	if (status != EXIT_DONE)
		return status;
	if (amount_read(&posting, argv[1], true, &allocation.to.amount, &err))
		return fail(env, &err);
	allocation.account = posting.account;
	request_add(&posting, " %" PRId64 "s", allocation.to.amount);
	window_request(window, &posting);
	if (!post_recorded(&posting)) {
		if (bank_read(env->bank, env->os.now(), compare, &allocation, &err))
			return fail(env, &err);
		if (allocation.same && !window_given(window)) {
			report(env, "%s is allocated %s already: nothing was recorded",
			       posting.account,
			       quantity(env, text, posting.account, allocation.to.amount));
			return EXIT_DONE;
		}
	}
	status = amount_confirm(&posting, argv[1], allocation.to.amount);
	return status == EXIT_DONE ? post(&posting) : status;
}

const struct command cmd_set = {
	.name = "set",
	.arguments = "ACCOUNT SU",
	.summary = "set an account's allocation",
	.details =
		"Records the difference to the present allocation: a deposit if the new one is "
		"larger, with --start and --end as for `subank deposit`; else a withdrawal. What "
		"was used stays used, and windows do not change. An allocation below what was used "
		"is allowed, even 0: the account is then in debt, and the next check holds it.",
	.examples =
		EXAMPLES({"subank set physics 5000", "allocate 5000 SU, whatever it was before"}),
	.see_also = "deposit withdraw terms",
	.min_args = 2,
	.max_args = 2,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM | CMD_ASK,
	.options = OPTIONS(WINDOW_OPTIONS, RESOURCE_OPTION),
	.run = run,
};
