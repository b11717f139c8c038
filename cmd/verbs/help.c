/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/frame/help.h"
#include "cmd/verbs/verb.h"

static int run(struct env *env, int argc, const char *const argv[])
{
	const struct command *command;
	const char *close;

	if (argc == 0) {
		program_help(env->os.out);
		return EXIT_DONE;
	}
	command = command_find(argv[0]);
	if (!command) {
		close = command_nearest(argv[0]);
		return usage(env, "there is no verb '%s'%s%s%s", argv[0],
			     close ? ": did you mean '" : "; `subank help` lists them",
			     close ? close : "", close ? "'?" : "");
	}
	command_help(env->os.out, command);
	return EXIT_DONE;
}

const struct command cmd_help = {
	.name = "help",
	.arguments = "[VERB]",
	.summary = "explain a verb",
	.details = "Without VERB, lists the verbs. subank(1) and a page for each verb, such as "
		   "subank-deposit(1), have the same text with more around it.",
	.examples = EXAMPLES({"subank help deposit", NULL}),
	.max_args = 1,
	.flags = CMD_BARE,
	.run = run,
};
