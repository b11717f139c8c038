/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <sys/stat.h>

#include "cmd/command.h"
#include "cmd/this_machine.h"

static int run(struct env *env, int argc, const char *const argv[])
{
	char place[PLACE_SIZE];
	struct sb_error err;

	(void)argc;
	(void)argv;
	/* Only a folder that is there has a full path. */
	if (mkdir(env->store.folder, 0750) == 0)
		(void)chmod(env->store.folder, 0750);
	if (bank_create(&env->store, place_of(env->machine, env->store.folder, place), &err))
		return fail(env, &err);
	say(env, "made an empty bank in %s", env->store.folder);
	note(env, "next: `subank open ACCOUNT SU` for each account, then `subank check` every few "
		  "minutes");
	return EXIT_DONE;
}

static const struct example examples[] = {
	{"subank init", "a bank in /var/lib/subank"},
	{"subank --bank /srv/bank init", "somewhere else"},
	{NULL, NULL},
};

const struct command cmd_init = {
	.name = "init",
	.arguments = "",
	.summary = "make a bank",
	.details = "Makes an empty bank in the folder that --bank, `$SUBANK_BANK` or the "
		   "settings name. Run it, and everything else, as the user who is to own the "
		   "books: usually slurm. The bank commands Slurm from this machine.",
	.examples = examples,
	.see_also = "open doctor adopt",
	.max_args = 0,
	.run = run,
};
