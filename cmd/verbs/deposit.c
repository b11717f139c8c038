/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/slices.h"
#include "cmd/verbs/verb.h"

struct request {
	struct deposit deposit;
	struct slices slices;
};

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct request *request = posting->ctx;
	const struct account *account;

	TRY(books_account(books, posting->account, &account, err));
	TRY(check_deposit(account, err));
	done_add(posting, "deposited ");
	return request->slices.count
		       ? append_slices(posting, books, &request->deposit, &request->slices, err)
		       : append_deposit(posting, books, &request->deposit, true, err);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct request request;
	struct deposit *deposit = &request.deposit;
	struct posting posting = {.env = env, .plan = plan, .ctx = &request};
	struct sb_error err;
	int status = posting_begin(&posting, argv[0]);

	(void)argc;
	if (status == EXIT_DONE)
		status = window_read(env, &deposit->window);
	if (status == EXIT_DONE)
		status = slices_read(env, deposit, &request.slices);
	if (status != EXIT_DONE)
		return status;
	if (amount_read(&posting, argv[1], false, &deposit->amount, &err))
		return fail(env, &err);
	request_add(&posting, " %" PRId64 "s", deposit->amount);
	window_request(&deposit->window, &posting);
	slices_request(&request.slices, &posting);
	posting.entries = (int)request.slices.count;
	status = amount_confirm(&posting, argv[1], deposit->amount);
	return status == EXIT_DONE ? post(&posting) : status;
}

const struct command cmd_deposit = {
	.name = "deposit",
	.arguments = "ACCOUNT SU",
	.summary = "put SU into an account",
	.details =
		"Debt is paid first. An account that was held because its allowance was spent is "
		"released at once.\n"
		"The SU can be used from --start until --end; a date means its first moment, so "
		"with `--end 2028-01-01` the last day is 31 December 2027. Money that ends first "
		"is spent first. What is left at the end expires. The default end is the settings' "
		"project_days, or never.\n"
		"subank asks you to confirm an amount above the settings' confirm_above and, on a "
		"terminal, one like 10.000, which is ten SU; --immediate confirms.\n"
		"A script that may be interrupted gives each request a name with --ref, and runs "
		"it again until it succeeds: the deposit is recorded once.\n"
		"The receipt ends with the head of the journal. Keep it: `subank verify --head` "
		"proves with it that nobody has rewritten the books.\n"
		"--slices divides the SU into equal parts, one for each period: 12000 SU in 12 "
		"slices, --every month, are 1000 SU a month. A slice can be spent in its period, "
		"with --carry N also in the N after it, with --borrow N also in the N before it, "
		"but not before the first one starts. The first period begins at --start, or is "
		"the present day, week (from Monday), "
		"month, quarter or year. Periods follow the local calendar: from 31 January, the "
		"next months begin on the last day of February and on 31 March. All slices are "
		"recorded, or none; with --ref R, those after the first have the refs R#2, R#3 and "
		"so on.",
	.examples = EXAMPLES(
		{"subank deposit physics 500 --note \"extension, ticket 4711\"", "from now on"},
		{"subank deposit physics 5000 --start 2027-07-01 --end now+400days", "for a time"},
		{"subank deposit physics 12000 --slices 12 --every month --start 2027-01-01",
		 "1000 SU a month"},
		{"subank deposit physics 500 --ref ticket-4711",
		 "recorded once, however often it runs"}),
	.see_also = "withdraw transfer set import",
	.min_args = 2,
	.max_args = 2,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM | CMD_ASK,
	.options = OPTIONS(WINDOW_OPTIONS, SLICE_OPTIONS, RESOURCE_OPTION),
	.run = run,
};
