/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/enter/money.h"
#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "ledger/account/policy.h"
#include "ledger/base/amount.h"
#include "ledger/books/correct.h"

struct setting {
	int64_t amount;
	const char *account;
	bool same; /* it is so already */
	struct window window;
};

/* Takes out what is too much: of what is left, or, if that is not enough, also of what was spent.
 */
static int lower(struct posting *posting, struct books *books, const struct account *account,
		 int64_t by, struct sb_error *err)
{
	const struct setting *setting = posting->ctx;
	struct event event = {.account = account->name, .resource = RESOURCE_BILLING, .amount = by};
	char reason[QUANTITY_SIZE + 16], amount[QUANTITY_SIZE], debt[QUANTITY_SIZE];
	size_t len = strlen(posting->done);
	int64_t rest;
	int rc = account_rest(account, &rest, err);

	if (!rc && window_given(&setting->window))
		rc = sb_error_set(err, SB_EINVAL,
				  "the allocation falls, and no window comes with that: leave "
				  "--start and --end out");
	if (rc)
		return rc;
	event.kind = by > rest ? EVENT_ADJUST : EVENT_WITHDRAW;
	if (by > rest) {
		(void)snprintf(reason, sizeof(reason), "set to %" PRId64 "s", setting->amount);
		event.reason = reason;
		rc = plan_adjust(account, &event, err);
	} else {
		rc = plan_take(account, &event, err);
	}
	stamp(posting, &event);
	if (!rc)
		rc = books_append(books, &event, err);
	(void)snprintf(posting->done + len, sizeof(posting->done) - len, "took out %s%s%s%s",
		       quantity(posting->env, amount, by), event.debt ? ", " : "",
		       event.debt ? quantity(posting->env, debt, event.debt) : "",
		       event.debt ? " of it was used" : "");
	event_release(&event);
	return rc;
}

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct setting *setting = posting->ctx;
	char amount[QUANTITY_SIZE];
	const struct account *account;
	size_t len;
	int64_t allocated;
	int rc = books_account(books, posting->account, &account, err);

	if (!rc)
		rc = account_allocated(account, &allocated, err);
	if (rc)
		return rc;
	quantity(posting->env, amount, setting->amount);
	(void)snprintf(posting->done, sizeof(posting->done), "set to %s: ", amount);
	if (allocated > setting->amount)
		return lower(posting, books, account, allocated - setting->amount, err);
	if (allocated == setting->amount && window_given(&setting->window))
		return sb_error_set(err, SB_EINVAL,
				    "account '%s' is allocated %s already, and the window of what "
				    "is there is not changed: leave --start and --end out, or use "
				    "`subank deposit %s` for more with this window",
				    posting->account, amount, posting->account);
	if (allocated == setting->amount)
		return sb_error_set(err, SB_EREFUSED, "account '%s' is allocated %s already",
				    posting->account, amount);
	if (setting->window.start_text && setting->window.start > books_time(books))
		return sb_error_set(err, SB_EINVAL,
				    "what starts later is not allocated yet: use `subank deposit "
				    "%s` with this --start",
				    posting->account);
	rc = check_deposit(account, err);
	if (rc)
		return rc;
	len = strlen(posting->done);
	(void)snprintf(posting->done + len, sizeof(posting->done) - len, "deposited ");
	return append_deposit(posting, books, setting->amount - allocated, &setting->window, true,
			      err);
}

static int look(struct books *books, void *ctx, struct sb_error *err)
{
	struct setting *setting = ctx;
	const struct account *account;
	int64_t allocated;
	int rc = books_account(books, setting->account, &account, err);

	if (!rc)
		rc = account_allocated(account, &allocated, err);
	setting->same = !rc && allocated == setting->amount;
	return rc;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct posting posting = {.env = env, .plan = plan};
	char name[NAME_SIZE], text[QUANTITY_SIZE];
	struct setting setting = {.account = name};
	struct sb_error err;
	int status = read_account(env, argv[0], name);

	(void)argc;
	if (status == EXIT_DONE)
		status = window_read(env, &setting.window);
	if (status != EXIT_DONE)
		return status;
	if (amount_parse_zero(argv[1], &setting.amount, &err))
		return fail(env, &err);
	posting.account = name;
	posting.ctx = &setting;
	(void)snprintf(posting.request, sizeof(posting.request), "set %s %" PRId64 "s", name,
		       setting.amount);
	window_request(&setting.window, posting.request);
	if (!post_entered(&posting)) {
		if (bank_read(env->bank, env->os.now(), look, &setting, &err))
			return fail(env, &err);
		if (setting.same && !window_given(&setting.window)) {
			report(env, "%s is allocated %s already: nothing was entered", name,
			       quantity(env, text, setting.amount));
			return EXIT_DONE;
		}
	}
	status = amount_confirm(&posting, argv[1], setting.amount);
	return status == EXIT_DONE ? post(&posting) : status;
}

static const struct option_spec options[] = {
	WINDOW_OPTIONS,
	{NULL, 0, NULL, NULL},
};

static const struct example examples[] = {
	{"subank set physics 5000", "5000 SU are allocated, whatever it was"},
	{NULL, NULL},
};

const struct command cmd_set = {
	.name = "set",
	.arguments = "ACCOUNT SU",
	.summary = "make the allocation of an account so much",
	.details = "Enters the difference to what is allocated now: a deposit if that is less, "
		   "with --start and --end as for `subank deposit`; else a withdrawal. What "
		   "was used stays used, and dates stay as they are. Less than was used is "
		   "allowed, also 0: the account is then in debt, and the next check holds it.",
	.examples = examples,
	.see_also = "deposit withdraw terms",
	.min_args = 2,
	.max_args = 2,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM | CMD_ASK,
	.options = options,
	.run = run,
};
