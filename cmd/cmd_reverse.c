/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/command.h"
#include "cmd/correction.h"

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
		"For a deposit, withdraw, transfer, charge, refund, expire or what `set` entered,\n"
		"whole and once; --note says why and is needed. The entry stays, and another one\n"
		"answers it. What a deposit or transfer brought and was spent since becomes debt;\n"
		"what was withdrawn or transferred on must be reversed first. Money that comes\n"
		"back to a window that has ended needs a new one: --end (and --start). A reversal\n"
		"is not reversed: make the entry anew.",
	.min_args = 1,
	.max_args = 1,
	.flags = CMD_WRITE | CMD_ENTER | CMD_SLURM,
	.options = correction_options,
	.run = run,
};
