/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/enter/hand.h"
#include "cmd/frame/command.h"

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct hand *hand = posting->ctx;
	struct event event = {.kind = EVENT_RELEASE,
			      .account = posting->account,
			      .cause = CAUSE_HAND,
			      .until = hand->until};
	const struct account *account;
	unsigned others;
	int rc = books_account(books, posting->account, &account, err);

	if (!rc)
		rc = hand_check(hand, books, err);
	if (rc)
		return rc;
	others = account->causes & ~(1u << CAUSE_HAND);
	if (!account->causes)
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' is not held: `subank why %s` says how it is",
				    posting->account, posting->account);
	if (others && !hand->until && !account_has_cause(account, CAUSE_HAND))
		return sb_error_set(
			err, SB_EREFUSED,
			"account '%s' is held because %s: to let it run for a time all the same, "
			"say until when with --until",
			posting->account,
			others & 1u << CAUSE_CLOSED
				? "it is closed (`subank open` opens it again)"
				: "its allowance is spent (a deposit ends that)");
	if (!others && hand->until)
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' is held by hand alone: release it without "
				    "--until",
				    posting->account);
	if (others && !hand->until)
		(void)snprintf(posting->done, sizeof(posting->done),
			       "ended the hold by hand, but it is still held (%s)",
			       others & 1u << CAUSE_CLOSED ? "closed" : "funds");
	else
		(void)snprintf(posting->done, sizeof(posting->done), "released%s", hand->phrase);
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
	{"subank release physics", "ends a hold by hand"},
	{"subank release physics --until now+2days", "lets it run although nothing is left"},
	{NULL, NULL},
};

const struct command cmd_release = {
	.name = "release",
	.arguments = "ACCOUNT",
	.summary = "end a hold by hand, or let a held account run for a time",
	.details =
		"An account that is held because its allowance is spent, or because it is "
		"closed, is released until the time given with --until and held again then. A hold "
		"by hand beside that ends without --until, and the account stays held.",
	.examples = examples,
	.see_also = "hold deposit why",
	.min_args = 1,
	.max_args = 1,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM,
	.options = hand_options,
	.run = run,
};
