/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/checkup.h"
#include "cmd/command.h"
#include "cmd/selection.h"

static int run(struct env *env, int argc, const char *const argv[])
{
	struct checkup checkup = {.dry_run = option(env, "dry-run"),
				  .clock_ok = option(env, "clock-ok"),
				  .put_right = option(env, "put-right")};
	struct selection selection;
	int status = selection_read(env, argc, argv, &selection);

	if (status != EXIT_DONE)
		return status;
	checkup.accounts = selection.list;
	checkup.account_count = selection.count;
	status = checkup_run(env, &checkup);
	selection_release(&selection);
	return status;
}

static const struct option_spec options[] = {
	{"accounts", 'A', "LIST", "these accounts, with commas between them"},
	{"dry-run", 0, NULL, "say what would be done and do nothing"},
	{"put-right", 0, NULL, "set limits again that somebody changed by hand"},
	{"clock-ok", 0, NULL, "the clock is right, the last check was long ago"},
	{NULL, 0, NULL, NULL},
};

const struct command cmd_check = {
	.name = "check",
	.arguments = "[ACCOUNT...]",
	.summary = "charge what was used, hold who has spent it, release who may run",
	.details =
		"The main job, for cron or a timer, as often as every minute. Reads from Slurm\n"
		"what each account used, charges the difference to the last reading, holds\n"
		"accounts that have nothing left (their jobs no longer start, those that run go\n"
		"on) and releases those that have. Lets what is left of an ended window expire,\n"
		"and says once what crossed a threshold or ends soon. Run again with nothing new,\n"
		"it does nothing. At last it runs the settings' notify command, if there is\n"
		"one, for each crossing, end, hold and release.\n"
		"Exit status 3: a cluster did not answer, or something needs a look.",
	.max_args = -1,
	.flags = CMD_WRITE | CMD_SLURM,
	.options = options,
	.run = run,
};
