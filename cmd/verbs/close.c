/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/money.h"
#include "cmd/verbs/verb.h"

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	struct event event = {.kind = EVENT_CLOSE, .account = posting->account};
	const struct account *account;

	TRY(books_account(books, posting->account, &account, err));
	if (!account->open)
		return sb_error_set(err, SB_EREFUSED, "account '%s' is closed already",
				    posting->account);
	/* What was due before the end is not lost: once closed, neither the account nor its purses
	 * get a quota. */
	TRY(renew_all_first(posting, books, posting->account, err));
	done_add(posting, "closed %s", posting->account);
	return post_append(posting, books, &event, err);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct posting posting = {.env = env, .plan = plan};
	int status = posting_begin(&posting, argv[0]);

	(void)argc;
	return status == EXIT_DONE ? post(&posting) : status;
}

const struct command cmd_close = {
	.name = "close",
	.arguments = "ACCOUNT",
	.summary = "end an account: it is held and takes no more deposits",
	.details =
		"A quota that is due is deposited first. A closed account and its budgets get no "
		"more. "
		"Running jobs go on and are charged. The rest of the account's money stays in it: "
		"`subank withdraw ACCOUNT all` or `subank transfer` moves it. `subank open` opens "
		"the account again.",
	.examples = EXAMPLES(
		{"subank close physics --note \"project ended\"", "its jobs no longer start"}),
	.see_also = "open withdraw transfer",
	.min_args = 1,
	.max_args = 1,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM,
	.options = OPTIONS(RESOURCE_OPTION),
	.run = run,
};
