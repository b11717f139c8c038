/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/hand.h"
#include "cmd/verbs/verb.h"

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct hand *hand = posting->ctx;
	struct event event = {.kind = EVENT_RELEASE,
			      .account = posting->account,
			      .cause = CAUSE_HAND,
			      .until = hand->until};
	const struct account *account;
	unsigned others;
	bool closed;

	TRY(books_account(books, posting->account, &account, err));
	TRY(hand_check(hand, books, err));
	others = account->causes & ~(1u << CAUSE_HAND);
	closed = others & 1u << CAUSE_CLOSED;
	if (!account->causes)
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' is not held: `subank why %s` shows its state",
				    posting->account, posting->account);
	if (others && !hand->until && !account_has_cause(account, CAUSE_HAND))
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' is held because %s: to let it run for a time all "
				    "the same, add --until TIME",
				    posting->account,
				    closed ? "it is closed (`subank open` opens it again)"
					   : "its allowance is spent (a deposit ends that)");
	if (!others && hand->until)
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' is held by hand alone: release it without "
				    "--until",
				    posting->account);
	if (others && !hand->until)
		done_add(posting, "ended the hold by hand, but it is still held (%s)",
			 closed ? "closed" : "funds");
	else
		done_add(posting, "released%s", hand->phrase);
	return post_append(posting, books, &event, err);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct posting posting = {.env = env, .plan = plan};

	(void)argc;
	return hand_post(&posting, argv[0]);
}

const struct command cmd_release = {
	.name = "release",
	.arguments = "ACCOUNT",
	.summary = "end a hold by hand, or let a held account run for a time",
	.details =
		"An account that is held because its allowance is spent, or because it is closed, "
		"is released until the time given with --until and held again then. If it is also "
		"held by hand, that hold ends without --until, and the account stays held for the "
		"other reason.",
	.examples = EXAMPLES({"subank release physics", "end a hold by hand"},
			     {"subank release physics --until now+2days",
			      "let it run although nothing is left"}),
	.see_also = "hold deposit why",
	.min_args = 1,
	.max_args = 1,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM,
	.options = hand_options,
	.run = run,
};
