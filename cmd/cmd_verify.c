/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>

#include "cmd/command.h"
#include "cmd/verify_slurm.h"
#include "ledger/verify.h"

static void print_problem(const char *text, void *ctx)
{
	warning(ctx, "%s", text);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct verify verify = {.found = print_problem, .ctx = env};
	const char *head = option(env, "head");
	struct old_head old;
	char hash[HASH_TEXT_SIZE];
	struct sb_error err;

	(void)argc;
	(void)argv;
	if (head) {
		if (old_head_parse(head, &old, &err))
			return fail(env, &err);
		verify.heads = &old;
		verify.head_count = 1;
	}
	if (bank_read(env->bank, env->now(), verify_books, &verify, &err))
		return fail(env, &err);
	if (verify.problems) {
		warning(env,
			"%d problems in %" PRIu64 " entries: keep a copy of the bank's folder and "
			"restore an export or a backup",
			verify.problems, verify.entries);
		return EXIT_PART;
	}
	say(env, "all is well: entries %" PRIu64 ", accounts %zu, head %" PRIu64 ":%s",
	    verify.entries, verify.accounts, verify.head.seq,
	    hex_format(hash, verify.head.hash, HASH_SIZE));
	return option(env, "slurm") ? verify_slurm(env) : EXIT_DONE;
}

static const struct option_spec options[] = {
	{"slurm", 0, NULL, "also compare the limits in Slurm with the books"},
	{"head", 0, "SEQ:HASH", "this entry, from an old receipt, is the same"},
	{NULL, 0, NULL, NULL},
};

const struct command cmd_verify = {
	.name = "verify",
	.arguments = "",
	.summary = "prove that the books are whole",
	.details =
		"Replays the journal: no entry is missing, each one's hash continues the chain,\n"
		"every rule was kept, balances and indexes are what follows. With --head, an\n"
		"old receipt must still hold: nobody rewrote the journal since. With --slurm,\n"
		"every limit that the books say is set in Slurm, or is to be put back, is what\n"
		"Slurm shows.\n"
		"Exit status 3: something is wrong.",
	.max_args = 0,
	.flags = CMD_READ | CMD_SLURM,
	.options = options,
	.run = run,
};
