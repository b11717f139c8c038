/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "cmd/enter/money.h"
#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "ledger/account/policy.h"

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct take *take = posting->ctx;
	struct event event = {.kind = EVENT_TRANSFER,
			      .account = posting->account,
			      .to = take->to,
			      .resource = RESOURCE_BILLING};
	const struct account *from, *to;
	int rc = books_account(books, posting->account, &from, err);

	if (!rc)
		rc = books_account(books, take->to, &to, err);
	if (!rc && !to->open)
		rc = sb_error_set(err, SB_EREFUSED,
				  "account '%s' is closed and takes no money: `subank open %s` "
				  "opens it again",
				  take->to, take->to);
	if (!rc)
		rc = take_plan(posting, from, &event, "transferred", err);
	if (!rc) {
		event.debt = plan_debt(to, event.amount);
		stamp(posting, &event);
		rc = books_append(books, &event, err);
	}
	event_release(&event);
	return rc;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct posting posting = {.env = env, .plan = plan};
	char from[NAME_SIZE], to[NAME_SIZE];
	int status = read_account(env, argv[0], from);

	(void)argc;
	if (status == EXIT_DONE)
		status = read_account(env, argv[1], to);
	if (status != EXIT_DONE)
		return status;
	if (strcmp(from, to) == 0)
		return usage(env, "'%s' cannot be transferred to itself: name two accounts", from);
	posting.account = from;
	posting.receiver = to;
	return take_post(&posting, to, argv[2]);
}

static const struct example examples[] = {
	{"subank transfer physics chemistry 250", NULL},
	{"subank transfer physics chemistry all", "what is left"},
	{NULL, NULL},
};

const struct command cmd_transfer = {
	.name = "transfer",
	.arguments = "FROM TO SU|all",
	.summary = "move SU from one account to another",
	.details = "One entry for both accounts. What is moved keeps its window; what ends first "
		   "goes first.",
	.examples = examples,
	.see_also = "deposit withdraw reverse",
	.min_args = 3,
	.max_args = 3,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM | CMD_ASK,
	.run = run,
};
