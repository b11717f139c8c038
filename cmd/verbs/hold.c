/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/hand.h"
#include "cmd/verbs/verb.h"

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct hand *hand = posting->ctx;
	struct event event = {.kind = EVENT_HOLD,
			      .account = posting->account,
			      .cause = CAUSE_HAND,
			      .until = hand->until};
	const struct account *account;

	TRY(books_account(books, posting->account, &account, err));
	TRY(hand_check(hand, books, err));
	if (account_has_cause(account, CAUSE_HAND) && account->hand_until == hand->until)
		return sb_error_set(err, SB_EREFUSED, "account '%s' is held by hand already",
				    posting->account);
	done_add(posting, "held by hand%s", hand->phrase);
	return post_append(posting, books, &event, err);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct posting posting = {.env = env, .plan = plan};

	(void)argc;
	return hand_post(&posting, argv[0]);
}

const struct command cmd_hold = {
	.name = "hold",
	.arguments = "ACCOUNT",
	.summary = "keep an account's jobs from starting, by hand",
	.details =
		"Running jobs go on; queued ones wait, with the usual lever for the reason "
		"AssocGrpCPUMinutesLimit in squeue. The hold lasts, whatever is deposited, until "
		"`subank release` or the time given with --until.",
	.examples = EXAMPLES(
		{"subank hold physics --until now+2days --note \"misuse, asked them\"", NULL}),
	.see_also = "release why",
	.min_args = 1,
	.max_args = 1,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM,
	.options = hand_options,
	.run = run,
};
