/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/money.h"
#include "cmd/verbs/verb.h"

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct account *account;

	TRY(books_account(books, posting->account, &account, err));
	return append_take(posting, books, account, NULL, err);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct posting posting = {.env = env, .plan = plan};
	int status = posting_begin(&posting, argv[0]);

	(void)argc;
	return status == EXIT_DONE ? take_post(&posting, argv[1]) : status;
}

const struct command cmd_withdraw = {
	.name = "withdraw",
	.arguments = "ACCOUNT SU|all",
	.summary = "take SU out of an account",
	.details =
		"Takes from what was put in and not spent; money that ends first is taken first. "
		"An amount above that is refused; `all` takes everything.",
	.examples = EXAMPLES(
		{"subank withdraw physics 100", NULL},
		{"subank withdraw physics all --note \"project ended\"", "all that is left"}),
	.see_also = "deposit transfer reverse",
	.min_args = 2,
	.max_args = 2,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM | CMD_ASK,
	.options = OPTIONS(RESOURCE_OPTION),
	.run = run,
};
