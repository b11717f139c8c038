/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/takeover.h"
#include "cmd/verbs/verb.h"

static int run(struct env *env, int argc, const char *const argv[])
{
	(void)argc;
	if (option(env, "from-zero") && option(env, "later"))
		return usage(env, "--from-zero and --later exclude each other: --from-zero needs "
				  "the present use");
	return takeover_post(env, argv, false);
}

const struct command cmd_rename = {
	.name = "rename",
	.arguments = "ACCOUNT NEWNAME",
	.summary = "keep the books of an account under another name",
	.details =
		"Slurm does not rename accounts: create NEWNAME beside ACCOUNT there, with its "
		"users (`sacctmgr add account`, `sacctmgr add user`), and then rename it here. "
		"NEWNAME takes over everything that the books have of ACCOUNT: money with its "
		"windows, debt, budgets and shares, terms, holds, contacts and managers. Its "
		"statement, usage and forecast go on from those of ACCOUNT. Entries keep the name "
		"that they were made with: `subank journal ACCOUNT NEWNAME` shows all of them.\n"
		"ACCOUNT is closed, and Slurm starts no more jobs of it. What its jobs still use "
		"is charged to it, and the next check has NEWNAME take over the debt; a job that "
		"waits can be moved (`scontrol update JobId=... Account=NEWNAME`). Accounts below "
		"ACCOUNT in Slurm are held with it: move them (`sacctmgr modify account NAME set "
		"parent=NEWNAME`). The next check reports how much use moved with them, and exits "
		"with 3; that use is not charged again. Delete ACCOUNT from Slurm once it has no "
		"jobs and is no user's default (`sacctmgr modify user NAME set "
		"DefaultAccount=NEWNAME`).\n"
		"Jobs of ACCOUNT that still run are in flight for NEWNAME. A window does not "
		"expire "
		"until they were charged, and pays for what they used in it.\n"
		"What NEWNAME used in Slurm before is not charged, unless --from-zero is given. A "
		"former name cannot be used again: it is not clear whose its late jobs would be.",
	.examples = EXAMPLES(
		{"subank rename phys physics --note \"new name of the department\"", NULL},
		{"subank rename phys physics --from-zero", "its jobs so far count as well"}),
	.see_also = "merge open close",
	.min_args = 2,
	.max_args = 2,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM,
	.options =
		OPTIONS({"from-zero", 0, NULL, "also charge what NEWNAME used before"},
			{"later", 0, NULL, "rename it although Slurm lacks NEWNAME or is silent"}),
	.run = run,
};
