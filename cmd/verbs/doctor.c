/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/doctor/doctor.h"
#include "cmd/verbs/verb.h"

static int run(struct env *env, int argc, const char *const argv[])
{
	struct diagnosis diagnosis = {.env = env};
	struct sb_error err = {0};
	int status;

	(void)argc;
	(void)argv;
	if (option(env, "accounts"))
		return usage(env, "doctor examines everything: leave --accounts out");
	/* Opened here, not by the frame, because a missing bank is a finding. */
	if (bank_open(&env->store, STORE_READ, NULL, &env->bank, &err))
		env->bank = NULL;
	doctor_bank(&diagnosis, &err);
	doctor_slurm(&diagnosis);
	status = diagnosis_print(&diagnosis);
	diagnosis_release(&diagnosis);
	return status;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.arguments = "",
	.summary = "find mistakes in the setup, here and in Slurm",
	.details =
		"Examines Slurm's settings, partitions and QOS, whatever lets jobs start although "
		"their account is held, the scavenger QOS of `enforcement: scavenge` (with the "
		"sacctmgr line that makes or mends it), what Slurm hides from the user who runs "
		"doctor, the "
		"accounts of both sides, jobs that slurmdbd believes running and slurmctld does "
		"not know, the bank's folder, the clock, the age of the last check and, on slurmctld's "
		"machine, the script for the check at submission (job_submit.lua in the folder of "
		"SLURM_CONF, or in /etc/slurm). It changes "
		"nothing, works before there is a bank, and ends with a list of what is left to "
		"do.\n"
		"--test acts, as the user who owns the bank: it runs the notify command once, with "
		"a message of the kind `test` that has `entry` 0 and names no account, and writes, "
		"renames and removes a file in the folders of publish_file, submit_file, "
		"metrics_file and ondemand_file; under `publish: own` it also lets a user into a "
		"folder there. Notices of entries "
		"are still sent.\n"
		"Verdicts:\n"
		"- ok: as it should be; on a terminal only with --verbose\n"
		"- info: good to know\n"
		"- warn: works, but a promise is weaker, or it will not work for long\n"
		"- bad: does not work, or not safely\n"
		"Columns: Check, Where, Verdict, Found, and Advice (with -P, --json or -o).",
	.problems = "something is bad",
	.examples = EXAMPLES(
		{"subank doctor", "before the first account, and when something is odd"},
		{"subank doctor --test", "once notify, publish or submission is in the settings"}),
	.see_also = "check verify init",
	.options = OPTIONS(
		{"test", 0, NULL, "also test notify and the files that are published"}),
	.flags = CMD_LIST | CMD_SLURM,
	.run = run,
};
