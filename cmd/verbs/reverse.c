/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/correction.h"
#include "cmd/verbs/verb.h"

static int run(struct env *env, int argc, const char *const argv[])
{
	struct correction correction = {.refund = false};

	(void)argc;
	return correction_post(env, &correction, argv[0], "all");
}

const struct command cmd_reverse = {
	.name = "reverse",
	.arguments = "ENTRY",
	.summary = "take back an entry that moved money",
	.details =
		"Works for a deposit, withdraw, transfer, charge, refund, expire or an entry of "
		"`subank set`, as a whole and once; --note with the reason is required. The entry "
		"stays, and another one reverses it.\n"
		"Money of a deposit or transfer that was spent since becomes debt; what was "
		"withdrawn or transferred on must be reversed first. Money that returns to a "
		"window that has ended needs a new one: --end (and --start). A transfer can be "
		"reversed until its windows end. A reversal cannot be reversed: make the entry "
		"again.",
	.examples = EXAMPLES(
		{"subank reverse 12 --note \"was meant for chemistry\"", "take entry 12 back"}),
	.see_also = "refund journal",
	.min_args = 1,
	.max_args = 1,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM,
	.options = correction_options,
	.run = run,
};
