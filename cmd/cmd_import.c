/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cmd/command.h"
#include "ledger/import.h"

static int run(struct env *env, int argc, const char *const argv[])
{
	bool from_file = strcmp(argv[0], "-") != 0;
	FILE *file = from_file ? fopen(argv[0], "re") : env->in;
	char hash[HASH_TEXT_SIZE];
	struct sb_error err;
	struct head head;
	int rc;

	(void)argc;
	if (file)
		rc = import_yaml(&env->store, file, from_file ? argv[0] : "(standard input)", &head,
				 &err);
	else
		rc = sb_error_set(&err, SB_ENOTFOUND, "cannot read %s: %s", argv[0],
				  strerror(errno));
	if (file && from_file)
		fclose(file);
	if (rc)
		return fail(env, &err);
	say(env, "restored %" PRIu64 " entries in %s; head %" PRIu64 ":%.*s", head.seq,
	    env->store.folder, head.seq, HASH_SHORT, hex_format(hash, head.hash, HASH_SIZE));
	note(env, "the bank does not command Slurm yet: `subank adopt` lets it, after a look at "
		  "what Slurm has");
	return EXIT_DONE;
}

const struct command cmd_import = {
	.name = "import",
	.arguments = "FILE",
	.summary = "restore a ledger from its YAML form",
	.details =
		"Into an empty bank, or where there is none yet. The file is checked whole before\n"
		"anything changes: its form, every hash, every rule, and the head. - is the\n"
		"standard input. The bank changes nothing in Slurm before `subank adopt`.",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
