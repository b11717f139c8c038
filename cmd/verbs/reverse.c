/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/enter/correction.h"
#include "cmd/frame/command.h"

static int run(struct env *env, int argc, const char *const argv[])
{
	struct correction correction = {.refund = false};

	(void)argc;
	return correction_post(env, &correction, argv[0], "all");
}

static const struct example examples[] = {
	{"subank reverse 12 --note \"was meant for chemistry\"", "take back entry 12"},
	{NULL, NULL},
};

const struct command cmd_reverse = {
	.name = "reverse",
	.arguments = "ENTRY",
	.summary = "take back an entry that moved money",
	.details = "For a deposit, withdraw, transfer, charge, refund, expire or what `subank "
		   "set` entered, whole and once; --note says why and is needed. The entry "
		   "stays, and another one answers it.\n"
		   "What a deposit or transfer brought and was spent since becomes debt; what was "
		   "withdrawn or transferred on must be reversed first. Money that comes back to "
		   "a window that has ended needs a new one: --end (and --start). A transfer can "
		   "be reversed until its windows end. A reversal is not reversed: make the "
		   "entry anew.",
	.examples = examples,
	.see_also = "refund journal",
	.min_args = 1,
	.max_args = 1,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM,
	.options = correction_options,
	.run = run,
};
