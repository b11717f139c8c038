/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/doctor/doctor.h"
#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"

static int run(struct env *env, int argc, const char *const argv[])
{
	struct diagnosis diagnosis = {.env = env};
	struct sb_error err = {0};
	int status;

	(void)argc;
	(void)argv;
	if (option(env, "accounts"))
		return usage(env, "doctor looks at everything: leave --accounts out");
	/* Not by the frame: that there is no bank is a finding. */
	if (bank_open(&env->store, STORE_READ, NULL, &env->bank, &err))
		env->bank = NULL;
	doctor_bank(&diagnosis, &err);
	doctor_slurm(&diagnosis);
	status = diagnosis_print(&diagnosis);
	diagnosis_release(&diagnosis);
	return status;
}

static const struct option_spec options[] = {
	{"test", 0, NULL, "also test the settings notify and publish_file"},
	{NULL, 0, NULL, NULL},
};

static const struct example examples[] = {
	{"subank doctor", "before the first account, and when something is odd"},
	{"subank doctor --test", "once notify or publish is in the settings"},
	{NULL, NULL},
};

const struct command cmd_doctor = {
	.name = "doctor",
	.arguments = "",
	.summary = "look for what is set up wrongly, here and in Slurm",
	.details =
		"Looks at Slurm's settings, partitions and QOS, at what lets jobs start although "
		"their account is held, at what Slurm hides from the user who runs it, at the "
		"accounts of both sides, at jobs that slurmdbd takes for running and slurmctld "
		"does not know, at the "
		"bank's folder, the clock and the age of the last check, and changes nothing. "
		"Works before there is a bank. Ends with what is left to do.\n"
		"--test does something, as the user who owns the bank: it runs the notify "
		"command once, with a message of the kind `test` that has `entry` 0 and names "
		"no account, and writes, renames and removes a file in the folder of "
		"publish_file. Notices of entries are sent all the same.\n"
		"Verdicts:\n"
		"- ok: as it should be; on a terminal only with --verbose\n"
		"- info: good to know\n"
		"- warn: works, but a promise is weaker or it will not work for long\n"
		"- bad: does not work, or not safely\n"
		"Columns: Check, Where, Verdict, Found, and Advice (with -P, --json or "
		"-o).",
	.problems = "something is bad",
	.examples = examples,
	.see_also = "check verify init",
	.max_args = 0,
	.options = options,
	.flags = CMD_LIST | CMD_SLURM,
	.run = run,
};
