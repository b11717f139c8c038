/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/money.h"
#include "cmd/verbs/verb.h"

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct account *from, *to;

	TRY(books_account(books, posting->account, &from, err));
	if (!purse_is_account(posting->receiver))
		TRY(check_owner(books, posting->receiver, err));
	TRY(books_account(books, posting->receiver, &to, err));
	if (!to->open)
		return refuse_closed(to, err);
	return append_take(posting, books, from, to, err);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct posting posting = {.env = env, .plan = plan};
	int status = posting_begin(&posting, argv[0]);

	(void)argc;
	if (status == EXIT_DONE)
		status = read_purse(env, argv[1], posting.receiver);
	if (status != EXIT_DONE)
		return status;
	if (strcmp(posting.account, posting.receiver) == 0)
		return usage(env, "'%s' cannot be transferred to itself: name two accounts",
			     posting.account);
	return take_post(&posting, argv[2]);
}

const struct command cmd_transfer = {
	.name = "transfer",
	.arguments = "FROM TO SU|all",
	.summary = "move SU from one account to another",
	.details =
		"One entry for both accounts. The money keeps its window; money that ends first is "
		"moved first.",
	.examples = EXAMPLES({"subank transfer physics chemistry 250", NULL},
			     {"subank transfer physics chemistry all", "all that is left"}),
	.see_also = "deposit withdraw reverse",
	.min_args = 3,
	.max_args = 3,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM | CMD_ASK,
	.options = OPTIONS(RESOURCE_OPTION),
	.run = run,
};
