/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cmd/enter/predecessor.h"
#include "cmd/enter/restore.h"
#include "cmd/enter/round.h"
#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"

static void print_receipt(struct env *env, const struct batch *batch)
{
	char hash[HASH_TEXT_SIZE];

	report(env,
	       "entered %zu of %zu requests, %zu were in the books already; head %" PRIu64 ":%.*s",
	       batch->entered, batch->count, batch->skipped, batch->head.seq, HASH_SHORT,
	       hex_format(hash, batch->head.hash, HASH_SIZE));
	flush_out(env);
}

static int append(struct env *env, FILE *file, const char *name)
{
	struct batch batch = {.name = name, .dry = option(env, "dry-run")};
	struct sb_error err;
	int rc = round_read(env, file, &batch, &err), status;

	if (rc)
		status = fail(env, &err);
	else
		status = batch_run(env, &batch);
	/* As a malformed command is. */
	if (rc == SB_EFORMAT)
		status = EXIT_USAGE;
	if (status == EXIT_DONE && batch.dry) {
		status = changes_print(env, &batch.changes);
		note(env, "dry run: nothing was entered; %zu of %zu requests would be",
		     batch.entered, batch.count);
	} else if (status == EXIT_DONE) {
		print_receipt(env, &batch);
		status = batch_apply(env, &batch);
	}
	batch_release(&batch);
	return status;
}

/* Into the bank as it is. */
static int enter(struct env *env, FILE *file, const char *name)
{
	struct sb_error err;

	if (bank_open(&env->store, STORE_WRITE, &env->os.here()->author, &env->bank, &err))
		return fail(env, &err);
	return option(env, "append") ? append(env, file, name)
				     : predecessor_import(env, file, name);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	bool from_file = argc > 0 && strcmp(argv[0], "-") != 0;
	const char *name = from_file ? argv[0] : "(standard input)";
	bool replaces = option(env, "replace") || option(env, "damaged");
	bool appends = option(env, "append"), moves = option(env, "predecessor");
	struct sb_error err;
	FILE *file;
	int status;

	if (option(env, "template")) {
		fputs(round_template, env->os.out);
		return EXIT_DONE;
	}
	if (argc == 0)
		return usage(env, "import needs FILE");
	if (appends + moves + replaces > 1)
		return usage(env, "--append, --replace and --predecessor exclude each other");
	if (!moves && option(env, "project-days"))
		return usage(env, "--project-days goes with --predecessor");
	if (option(env, "accounts") && (moves || !option(env, "dry-run")))
		return usage(env, "all of FILE is entered: leave --accounts out");
	file = from_file ? fopen(argv[0], "re") : env->os.in;
	if (!file) {
		sb_error_set(&err, SB_ENOTFOUND, "cannot read %s: %s", name, sb_errno(errno));
		return fail(env, &err);
	}
	status = appends || moves ? enter(env, file, name) : restore(env, file, name);
	if (from_file)
		fclose(file);
	return status;
}

static const struct option_spec options[] = {
	{"replace", 0, NULL, "restore over another bank, of which a copy is kept"},
	{"damaged", 0, NULL, "the same, without a look at the old books"},
	{"append", 0, NULL, "enter a list of requests into the bank"},
	{"predecessor", 0, NULL, "open the accounts of a dump of slurm_su_bank_python3"},
	{"project-days", 0, "DAYS", "how long its SU can be used; else for ever"},
	{"template", 0, NULL, "print such a list with comments, to begin with"},
	{"dry-run", 0, NULL, "show what would change, by account"},
	{"no-apply", 0, NULL, "leave Slurm to the next check"},
	{NULL, 0, NULL, NULL},
};

static const struct example examples[] = {
	{"subank import /backup/subank-2026-11-22.yaml", "restore"},
	{"subank import --append --dry-run round.yaml", "balances before and after"},
	{"subank import --append round.yaml", "an allocation round"},
	{"subank import --predecessor --dry-run dump.json", "what becomes of each row"},
	{NULL, NULL},
};

const struct command cmd_import = {
	.name = "import",
	.arguments = "FILE",
	.summary = "restore a ledger from its YAML form, or enter a list of requests",
	.details = "Into an empty bank, or where there is none yet. The file is checked whole "
		   "before anything changes: its form, every hash, every rule, and the head. `-` "
		   "is the standard input. The bank changes nothing in Slurm before `subank "
		   "adopt`.\n"
		   "With --replace, over a bank that has entries, which go on being made until "
		   "the moment of the change: an export of them is kept in the folder `backup` of "
		   "the settings (or in the bank's folder). Damaged books are moved aside there. "
		   "It asks first, or needs --immediate. --dry-run shows the balances of "
		   "both. If they are so damaged that no program can open them, use --damaged "
		   "instead.\n"
		   "With --append, FILE is a list of deposits, withdrawals, transfers, terms "
		   "and new accounts, written by hand: --template prints one. All of it is "
		   "entered at once, or nothing. Each has a ref: what is in the books already is "
		   "skipped, so the same file can be run again; the same ref with another request "
		   "refuses the file. Whatever is wrong with any entry is said at once, with its "
		   "line; the exit status is 2 where one is malformed, and 1 where all that is "
		   "wrong is what the books or Slurm have.\n"
		   "    - {ref: 2027-geo, open: geology, su: 5000, end: 2028-01-01}\n"
		   "    - {ref: 2027-move, transfer: chemistry, to: biology, su: all}\n"
		   "    - {ref: 2027-terms, terms: physics, credit: 100, enforce: limit}\n"
		   "With --predecessor, FILE is the JSON dump of slurm_su_bank_python3. Each "
		   "row opens an account with su_limit_hrs SU from its date on; -1 makes it "
		   "unlimited. Use from before counts: the next check charges it. A table says "
		   "what becomes of each row. Rows for accounts that Slurm does not have, or that "
		   "are open, are left out; a row that makes no sense, or two for one account, "
		   "refuse the file. What that program holds in Slurm becomes the bank's, to be "
		   "released, by `subank adopt --bank-holds`.\n"
		   "Columns of --dry-run: Account, Before, After (available; `unlimited`), Waiting "
		   "(what is there after, and starts later), with --format also Unlimited; of "
		   "--predecessor: Line, Account, "
		   "Limit, Start, Used, Result, NextCheck and Reason.",
	.problems =
		"rows were left out, or Slurm could not be brought in step; the next check does it",
	.examples = examples,
	.see_also = "export adopt verify",
	.max_args = 1,
	.flags = CMD_CHANGES | CMD_SLURM | CMD_LIST | CMD_ASK,
	.options = options,
	.run = run,
};
