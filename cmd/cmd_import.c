/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/output.h"
#include "cmd/round.h"
#include "cmd/selection.h"
#include "ledger/import.h"

/* ---- the whole ledger ---- */

static int restore(struct env *env, FILE *file, const char *name)
{
	char hash[HASH_TEXT_SIZE];
	struct sb_error err;
	struct head head;

	if (import_yaml(&env->store, file, name, &head, &err))
		return fail(env, &err);
	say(env, "restored %" PRIu64 " entries in %s; head %" PRIu64 ":%.*s", head.seq,
	    env->store.folder, head.seq, HASH_SHORT, hex_format(hash, head.hash, HASH_SIZE));
	note(env, "the bank does not command Slurm yet: `subank adopt` lets it, after a look at "
		  "what Slurm has");
	return EXIT_DONE;
}

/* ---- many requests ---- */

enum { COLUMN_ACCOUNT, COLUMN_BEFORE, COLUMN_AFTER, COLUMNS };

static const struct column columns[] = {
	[COLUMN_ACCOUNT] = {"Account", false, true},
	[COLUMN_BEFORE] = {"Before", true, true},
	[COLUMN_AFTER] = {"After", true, true},
};

/* What would change, by account. */
static int show(struct env *env, const struct batch *batch)
{
	struct output *output = NULL;
	struct selection selection;
	struct sb_error err;
	int status = selection_read(env, 0, NULL, &selection);
	int rc;

	if (status != EXIT_DONE)
		return status;
	rc = output_new(env, columns, COLUMNS, &output, &err);
	for (size_t i = 0; !rc && i < batch->touched_count; i++) {
		const struct touched *touched = batch->touched[i];

		if (selection.count && !selection_has(&selection, touched->name))
			continue;
		output_row(output);
		output_text(output, COLUMN_ACCOUNT, touched->name);
		if (touched->existed)
			output_amount(output, COLUMN_BEFORE, touched->before);
		output_amount(output, COLUMN_AFTER, touched->after);
	}
	if (!rc)
		rc = output_finish(output, &err);
	selection_release(&selection);
	return rc ? fail(env, &err) : EXIT_DONE;
}

static void print_receipt(struct env *env, const struct batch *batch)
{
	char hash[HASH_TEXT_SIZE];

	say(env,
	    "entered %zu of %zu requests, %zu were in the books already; head %" PRIu64 ":%.*s",
	    batch->entered, batch->count, batch->skipped, batch->head.seq, HASH_SHORT,
	    hex_format(hash, batch->head.hash, HASH_SIZE));
	fflush(env->out);
}

/* Opens the bank and runs what was read. */
static int run_batch(struct env *env, struct batch *batch)
{
	struct sb_error err;
	int status;

	batch->dry = option(env, "dry-run");
	if (bank_open(&env->store, STORE_WRITE, &env->author, &env->bank, &err))
		return fail(env, &err);
	status = batch_run(env, batch);
	if (status != EXIT_DONE)
		return status;
	if (batch->dry) {
		status = show(env, batch);
		note(env, "dry run: nothing was entered; %zu of %zu requests would be",
		     batch->entered, batch->count);
		return status;
	}
	print_receipt(env, batch);
	return batch_apply(env, batch);
}

static int append(struct env *env, FILE *file, const char *name)
{
	struct batch batch = {.name = name};
	struct sb_error err;
	int status = round_read(file, &batch, &err) ? fail(env, &err) : run_batch(env, &batch);

	batch_release(&batch);
	return status;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	bool from_file = argc > 0 && strcmp(argv[0], "-") != 0;
	const char *name = from_file ? argv[0] : "(standard input)";
	bool appends = option(env, "append");
	struct sb_error err;
	FILE *file;
	int status;

	if (option(env, "template")) {
		fputs(round_template, env->out);
		return EXIT_DONE;
	}
	if (argc == 0)
		return usage(env, "import needs FILE");
	if (!appends && option(env, "dry-run"))
		return usage(env, "--dry-run goes with --append");
	file = from_file ? fopen(argv[0], "re") : env->in;
	if (!file) {
		sb_error_set(&err, SB_ENOTFOUND, "cannot read %s: %s", name, strerror(errno));
		return fail(env, &err);
	}
	status = appends ? append(env, file, name) : restore(env, file, name);
	if (from_file)
		fclose(file);
	return status;
}

static const struct option_spec options[] = {
	{"append", 0, NULL, "enter a list of requests into the bank"},
	{"template", 0, NULL, "print such a list with comments, to begin with"},
	{"dry-run", 0, NULL, "show what would change, by account, and change nothing"},
	{"no-apply", 0, NULL, "leave Slurm to the next check"},
	{NULL, 0, NULL, NULL},
};

const struct command cmd_import = {
	.name = "import",
	.arguments = "FILE",
	.summary = "restore a ledger from its YAML form, or enter a list of requests",
	.details =
		"Into an empty bank, or where there is none yet. The file is checked whole before\n"
		"anything changes: its form, every hash, every rule, and the head. - is the\n"
		"standard input. The bank changes nothing in Slurm before `subank adopt`.\n"
		"\n"
		"With --append, FILE is a list of deposits, withdrawals, transfers, terms and new\n"
		"accounts, written by hand: --template prints one. All of it is entered at once,\n"
		"or nothing. Each has a ref: what is in the books already is skipped, so the same\n"
		"file can be run again; the same ref with another request refuses the file.",
	.max_args = 1,
	.flags = CMD_CHANGES | CMD_SLURM | CMD_LIST,
	.options = options,
	.run = run,
};
