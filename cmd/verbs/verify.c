/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "cmd/check/verify_slurm.h"
#include "cmd/show/known_clusters.h"
#include "cmd/show/progress.h"
#include "cmd/verbs/verb.h"
#include "ledger/files/verify_file.h"

struct verifying {
	struct verify verify;
	struct progress progress;
	struct env *env;
};

static void print_problem(const char *text, void *ctx)
{
	struct verifying *verifying = ctx;

	progress_end(&verifying->progress);
	warning(verifying->env, "%s", text);
}

/* Returns SB_OK also with problems. */
static int verify_given(struct env *env, const char *path, struct verify *verify,
			struct sb_error *err)
{
	bool from_file = strcmp(path, "-") != 0;
	FILE *file = from_file ? fopen(path, "re") : env->os.in;
	struct sb_error why;
	int rc;

	if (!file)
		return sb_error_set(err, SB_ENOTFOUND, "cannot read %s: %s", path, sb_errno(errno));
	rc = verify_file(file, from_file ? path : "(standard input)", verify, &why);
	if (from_file)
		fclose(file);
	if (rc != SB_EFORMAT)
		return rc ? sb_error_set(err, why.code, "%s", why.text) : SB_OK;
	verify->found(why.text, verify->ctx);
	verify->problems++;
	return SB_OK;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct verifying verifying = {.verify = {.found = print_problem, .ctx = &verifying},
				      .env = env};
	const struct steps steps = {progress_at, &verifying.progress};
	struct verify *verify = &verifying.verify;
	const char *head = option(env, "head"), *path = argc > 0 ? argv[0] : NULL;
	struct old_head old;
	struct settings asked = {0};
	char hash[HASH_TEXT_SIZE];
	struct sb_error err;
	int status = EXIT_DONE;
	int rc;

	verify->steps = &steps;
	if (path && (option(env, "slurm") || option(env, "clusters")))
		return usage(env, "--slurm and --clusters are for the bank, not for a file");
	if (head) {
		if (old_head_parse(head, &old, &err))
			return fail(env, &err);
		verify->heads = &old;
		verify->head_count = 1;
	}
	rc = clusters_option(env, &asked, &err);
	if (!rc) {
		progress_begin(&verifying.progress, env, 0);
		rc = path ? verify_given(env, path, verify, &err)
			  : bank_read(env->bank, env->os.now(), verify_books, verify, &err);
		progress_end(&verifying.progress);
	}
	if (rc) {
		status = fail(env, &err);
	} else if (verify->problems && path) {
		warning(env,
			"%s is not what it should be: keep it, and restore from another export",
			path);
		status = EXIT_PART;
	} else if (verify->problems) {
		warning(env,
			"%d problem%s in %" PRIu64 " entries: keep a copy of the bank's folder and "
			"restore an export or a backup",
			verify->problems, verify->problems == 1 ? "" : "s", verify->entries);
		status = EXIT_PART;
	} else {
		report(env, "all is well: entries %" PRIu64 ", accounts %zu, head %" PRIu64 ":%s",
		       verify->entries, verify->accounts, verify->head.seq,
		       hex_format(hash, verify->head.hash, HASH_SIZE));
		if (option(env, "slurm"))
			status = verify_slurm(env, &asked);
	}
	settings_release(&asked);
	return status;
}

const struct command cmd_verify = {
	.name = "verify",
	.arguments = "[FILE]",
	.summary = "prove that the books, or an export, are whole",
	.details =
		"Checks every page of the data file, and replays the journal: no entry is missing, "
		"each hash continues the chain, every rule was kept, and balances and indexes "
		"follow from the entries. With --head, an old receipt must still be true: nobody "
		"has rewritten the journal since. With --slurm, Slurm must show every limit that "
		"the books say is set, or is to be restored.\n"
		"Only verify finds all damage, and backup, which verifies its copy in the same "
		"way. Exports refuse an entry that does not match its hash. Other commands check "
		"only the part of the books that they read, and may show what a failing disk made "
		"of it.\n"
		"With FILE, verifies an export instead of the bank, and needs no bank; `-` is the "
		"standard input. It needs as much room in $TMPDIR, or /tmp, as a bank.",
	.problems = "something is wrong",
	.examples =
		EXAMPLES({"subank verify", "are the books whole?"},
			 {"subank verify --head 12:8ce5c1f13d9c5f09", "is the receipt still true?"},
			 {"subank verify --slurm", "are the limits set?"},
			 {"subank verify /backup/subank-2026-11-22.yaml", "is the export good?"}),
	.see_also = "export doctor",
	.max_args = 1,
	.flags = CMD_READ | CMD_BARE_WITH_FILE,
	.options = OPTIONS(
		{"slurm", 0, NULL, "also compare the limits in Slurm with the books"},
		{"clusters", 'M', "CLUSTERS", "with --slurm, only the limits on these clusters"},
		{"head", 0, "SEQ:HASH", "this entry of an old receipt must be the same"}),
	.run = run,
};
