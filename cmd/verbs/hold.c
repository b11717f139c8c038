/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/enter/hand.h"
#include "cmd/frame/command.h"

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct hand *hand = posting->ctx;
	struct event event = {.kind = EVENT_HOLD,
			      .account = posting->account,
			      .cause = CAUSE_HAND,
			      .until = hand->until};
	const struct account *account;
	int rc = books_account(books, posting->account, &account, err);

	if (!rc)
		rc = hand_check(hand, books, err);
	if (rc)
		return rc;
	if (account_has_cause(account, CAUSE_HAND) && account->hand_until == hand->until)
		return sb_error_set(err, SB_EREFUSED, "account '%s' is held by hand already",
				    posting->account);
	(void)snprintf(posting->done, sizeof(posting->done), "held by hand%s", hand->phrase);
	stamp(posting, &event);
	return books_append(books, &event, err);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct posting posting = {.env = env, .plan = plan};

	(void)argc;
	return hand_post(&posting, argv[0]);
}

static const struct example examples[] = {
	{"subank hold physics --until now+2days --note \"misuse, asked them\"", NULL},
	{NULL, NULL},
};

const struct command cmd_hold = {
	.name = "hold",
	.arguments = "ACCOUNT",
	.summary = "keep an account's jobs from starting, by hand",
	.details = "Jobs that run go on; queued ones wait, with the usual lever for the reason "
		   "AssocGrpCPUMinutesLimit in squeue. It stays so, whatever is deposited, until "
		   "`subank "
		   "release` or the time given with --until.",
	.examples = examples,
	.see_also = "release why",
	.min_args = 1,
	.max_args = 1,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM,
	.options = hand_options,
	.run = run,
};
