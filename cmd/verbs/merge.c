/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/takeover.h"
#include "cmd/verbs/verb.h"

static int run(struct env *env, int argc, const char *const argv[])
{
	(void)argc;
	return takeover_post(env, argv, true);
}

const struct command cmd_merge = {
	.name = "merge",
	.arguments = "ACCOUNT INTO",
	.summary = "give all that an account has to another one, and close it",
	.details =
		"INTO takes over the money of ACCOUNT with its windows, its debt, its budgets and "
		"its shares, and keeps its own terms. ACCOUNT is closed, and its entries, "
		"statements and usage stay under its name.\n"
		"A budget that INTO lacks comes with its terms, and then limits the jobs of INTO, "
		"too. A quota that either account is due is deposited first.\n"
		"What jobs of ACCOUNT still use is charged to it, and is in flight for INTO until "
		"then. The next check has INTO take over that debt, paid from its windows of the "
		"time of the use, and what ACCOUNT is refunded. Move its users and the jobs that "
		"wait to INTO in Slurm. A merge cannot be reversed, and ACCOUNT cannot be opened "
		"again.\n"
		"Neither account may be below the other in Slurm.",
	.examples = EXAMPLES({"subank merge optics physics", "physics gets what optics has"}),
	.see_also = "rename transfer close",
	.min_args = 2,
	.max_args = 2,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM,
	.options = OPTIONS({"later", 0, NULL, "merge it although Slurm does not answer"}),
	.run = run,
};
