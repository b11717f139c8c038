/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/enter/money.h"
#include "cmd/frame/command.h"

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	struct event event = {
		.kind = EVENT_WITHDRAW, .account = posting->account, .resource = RESOURCE_BILLING};
	const struct account *account;
	int rc = books_account(books, posting->account, &account, err);

	if (!rc)
		rc = take_plan(posting, account, &event, "withdrew", err);
	if (!rc) {
		stamp(posting, &event);
		rc = books_append(books, &event, err);
	}
	event_release(&event);
	return rc;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct posting posting = {.env = env, .plan = plan};
	char name[NAME_SIZE];
	int status = read_account(env, argv[0], name);

	(void)argc;
	if (status != EXIT_DONE)
		return status;
	posting.account = name;
	return take_post(&posting, NULL, argv[1]);
}

static const struct example examples[] = {
	{"subank withdraw physics 100", NULL},
	{"subank withdraw physics all --note \"project ended\"", "what is left"},
	{NULL, NULL},
};

const struct command cmd_withdraw = {
	.name = "withdraw",
	.arguments = "ACCOUNT SU|all",
	.summary = "take SU out of an account",
	.details = "Takes from what was put in and not spent, what ends first, first. More than "
		   "there is, is refused; `all` takes what there is.",
	.examples = examples,
	.see_also = "deposit transfer reverse",
	.min_args = 2,
	.max_args = 2,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM | CMD_ASK,
	.run = run,
};
