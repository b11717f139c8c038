/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>

#include "cmd/enter/money.h"
#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "ledger/base/amount.h"

struct depositing {
	int64_t amount;
	struct window window;
};

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct depositing *depositing = posting->ctx;
	const struct account *account;
	int rc = books_account(books, posting->account, &account, err);

	if (!rc)
		rc = check_deposit(account, err);
	if (rc)
		return rc;
	(void)snprintf(posting->done, sizeof(posting->done), "deposited ");
	return append_deposit(posting, books, depositing->amount, &depositing->window, true, err);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct posting posting = {.env = env, .plan = plan};
	char name[NAME_SIZE];
	struct sb_error err;
	struct depositing depositing;
	int status = read_account(env, argv[0], name);

	(void)argc;
	if (status == EXIT_DONE)
		status = window_read(env, &depositing.window);
	if (status != EXIT_DONE)
		return status;
	if (amount_parse(argv[1], &depositing.amount, &err))
		return fail(env, &err);
	posting.account = name;
	posting.ctx = &depositing;
	(void)snprintf(posting.request, sizeof(posting.request), "deposit %s %" PRId64 "s", name,
		       depositing.amount);
	window_request(&depositing.window, posting.request);
	status = amount_confirm(&posting, argv[1], depositing.amount);
	return status == EXIT_DONE ? post(&posting) : status;
}

static const struct option_spec options[] = {
	WINDOW_OPTIONS,
	{NULL, 0, NULL, NULL},
};

static const struct example examples[] = {
	{"subank deposit physics 500 --note \"extension, ticket 4711\"", "from now on"},
	{"subank deposit physics 5000 --start 2027-07-01 --end now+400days", "for a time"},
	{"subank deposit physics 500 --ref ticket-4711", "once, however often it is run"},
	{NULL, NULL},
};

const struct command cmd_deposit = {
	.name = "deposit",
	.arguments = "ACCOUNT SU",
	.summary = "put SU into an account",
	.details = "Debt is paid first. An account that was held because its allowance was spent "
		   "is released at once.\n"
		   "The SU can be used from --start on and no longer at --end; a date is its "
		   "first moment, so with `--end 2028-01-01` the last day is 31 December 2027. "
		   "What ends first is spent first. What is left at the end expires. Without "
		   "--end it is the settings' project_days, or never.\n"
		   "An amount above the settings' confirm_above is asked for, and so is one like "
		   "10.000 on a terminal, which is ten SU; --immediate answers.\n"
		   "A script that may be interrupted gives each request a name with --ref, and "
		   "runs it again until it succeeds: it is entered once.\n"
		   "The receipt ends with the head of the journal. Keep it: `subank verify "
		   "--head` proves by it that nobody rewrote the books.",
	.examples = examples,
	.see_also = "withdraw transfer set import",
	.min_args = 2,
	.max_args = 2,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM | CMD_ASK,
	.options = options,
	.run = run,
};
