/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <time.h>

#include "cmd/frame/status_line.h"
#include "cmd/show/head_text.h"
#include "cmd/show/progress.h"
#include "cmd/verbs/verb.h"
#include "ledger/base/when.h"
#include "ledger/files/backup.h"

/* Names the backup by UTC, so that names sort in the order in which they were made. */
static int name_backup(char *to, size_t size, const char *dir, int64_t now, struct sb_error *err)
{
	time_t seconds = (time_t)(now / WHEN_SECOND);
	char stamp[32];
	struct tm tm;

	(void)strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&seconds, &tm));
	if ((size_t)snprintf(to, size, "%s/subank-%s", dir, stamp) >= size)
		return sb_error_set(err, SB_EINVAL, "the name of the folder is too long");
	return SB_OK;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	const char *dir = argc > 0 ? argv[0] : env->settings.backup;
	struct store_options to = env->store;
	char folder[4096 - 8], head[HEAD_TEXT_SIZE];
	struct progress progress;
	const struct steps steps = {progress_at, &progress};
	struct verify verify;
	struct sb_error err;
	int rc;

	if (!dir || !*dir)
		return usage(env, "backup needs a folder: name DIR, or set `backup: DIR`");
	rc = name_backup(folder, sizeof(folder), dir, env->os.now(), &err);
	to.folder = folder;
	stage(env, "copies the books");
	progress_begin(&progress, env, 0);
	if (!rc)
		rc = bank_backup(env->bank, &to, &steps, &verify, &err);
	progress_end(&progress);
	if (rc)
		return fail(env, &err);
	env->result.done = "the backup was made";
	report(env, "wrote %" PRIu64 " entries to %s; head %s", verify.entries, folder,
	       head_text(head, &verify.head));
	return EXIT_DONE;
}

const struct command cmd_backup = {
	.name = "backup",
	.arguments = "[DIR]",
	.summary = "copy the bank while it is in use",
	.details =
		"Makes a folder in DIR, with date and time (UTC) in its name, and verifies the "
		"copy in it. It overwrites and removes nothing; a folder that ends in `.new` was "
		"interrupted, or is being made. The default for DIR is `backup` in the settings. "
		"DIR must be on a local disk.\n"
		"A copy is a bank of its own, for --bank; it does not command Slurm before `subank "
		"adopt`. To put it back, copy its folder `books` into the bank's folder. `subank "
		"export` makes the other form, which does not depend on LMDB's version or on the "
		"machine.",
	.examples = EXAMPLES({"subank backup", "to the folder that the settings name"},
			     {"subank backup " DEFAULT_COPIES, NULL}),
	.see_also = "export import adopt",
	.max_args = 1,
	.flags = CMD_READ,
	.run = run,
};
