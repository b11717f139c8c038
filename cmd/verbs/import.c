/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "cmd/enter/predecessor.h"
#include "cmd/enter/restore.h"
#include "cmd/enter/round.h"
#include "cmd/enter/sheet.h"
#include "cmd/show/head_text.h"
#include "cmd/verbs/verb.h"

static void print_receipt(struct env *env, const struct batch *batch)
{
	char head[HEAD_TEXT_SIZE];

	char skipped[64] = "";

	if (batch->skipped > 0)
		(void)snprintf(skipped, sizeof(skipped), ", %zu were in the books already",
			       batch->skipped);
	report(env, "recorded %zu of %zu requests%s; head %s", batch->recorded, batch->count,
	       skipped, head_text(head, &batch->head));
	flush_out(env);
}

/* Whether the list is CSV: by the option, or the end of its name. */
static bool is_csv(const struct env *env, const char *name)
{
	size_t len = strlen(name);

	return option(env, "from-csv") || (len > 4 && strcasecmp(name + len - 4, ".csv") == 0);
}

static int append(struct env *env, FILE *file, const char *name)
{
	struct batch batch = {.name = name,
			      .dry = option(env, "dry-run"),
			      .is_table = is_csv(env, name),
			      .verb = option(env, "verb")};
	struct sb_error err;
	int rc = round_read(env, file, &batch, &err), status;

	if (rc)
		batch_report(env, &batch);
	status = rc ? fail(env, &err) : batch_run(env, &batch);
	/* As for a malformed command. */
	if (rc == SB_EFORMAT)
		status = EXIT_USAGE;
	if (status == EXIT_DONE && batch.dry) {
		status = changes_print(env, &batch.changes);
		note(env, "dry run: nothing was recorded; %zu of %zu requests would be",
		     batch.recorded, batch.count);
	} else if (status == EXIT_DONE) {
		print_receipt(env, &batch);
		status = batch_apply(env, &batch);
	}
	batch_release(&batch);
	return status;
}

/* Imports into the bank as it is. */
static int add_to_bank(struct env *env, FILE *file, const char *name)
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
		fputs(option(env, "from-csv") ? sheet_template : round_template, env->os.out);
		return EXIT_DONE;
	}
	if (argc == 0)
		return usage(env, "import needs FILE");
	if (appends + moves + replaces > 1)
		return usage(env, "--append, --replace and --predecessor exclude each other");
	if (!moves && option(env, "project-days"))
		return usage(env, "--project-days goes with --predecessor");
	if (!appends && (option(env, "from-csv") || option(env, "verb")))
		return usage(env, "--from-csv and --verb go with --append");
	if (appends && option(env, "verb") && !is_csv(env, name))
		return usage(env, "--verb is for CSV: name the verb in each entry of a list");
	if (option(env, "accounts") && (moves || !option(env, "dry-run")))
		return usage(env, "all of FILE is recorded: leave --accounts out");
	file = from_file ? fopen(argv[0], "re") : env->os.in;
	if (!file) {
		sb_error_set(&err, SB_ENOTFOUND, "cannot read %s: %s", name, sb_errno(errno));
		return fail(env, &err);
	}
	status = appends || moves ? add_to_bank(env, file, name) : restore(env, file, name);
	if (from_file)
		fclose(file);
	return status;
}

const struct command cmd_import = {
	.name = "import",
	.arguments = "FILE",
	.summary = "restore a ledger from YAML, or record a list of requests",
	.details =
		"Restores into an empty bank, or where there is none yet. The whole file is "
		"checked before anything changes: its form, every hash, every rule, and the head. "
		"`-` is the standard input. The bank changes nothing in Slurm before `subank "
		"adopt`.\n"
		"With --replace, restores over a bank that has entries and that may be used until "
		"the moment of the change: an export of it is kept in the folder `backup` of the "
		"settings (or in the bank's folder). Damaged books are moved aside there. subank "
		"asks first, or needs --immediate. --dry-run shows the balances of both. If the "
		"old books are so damaged that no program can open them, use --damaged instead.\n"
		"With --append, FILE is a list of deposits, withdrawals, transfers, terms, holds "
		"and new accounts, written by hand: --template prints one. All of it is recorded "
		"at once, or nothing. Each request has a ref: requests that are in the books "
		"already are "
		"skipped, so the same file can be run again; the same ref with another request "
		"refuses the file. All mistakes are reported at once, in the order of the lines; "
		"the "
		"exit status is 2 if a request is malformed, and 1 if only the books or Slurm "
		"refuse "
		"one.\n"
		"An entry names one of open, deposit, withdraw, transfer, charge, set, terms, "
		"hold, release and close, and has the options of that verb. A `set` to what the "
		"account is allocated already is refused: without an entry it would change "
		"something if the file is run again later.\n"
		"    - {ref: 2027-geo, open: geology, su: 5000, end: 2028-01-01}\n"
		"    - {ref: 2027-move, transfer: chemistry, to: biology, su: all}\n"
		"    - {ref: 2027-terms, terms: physics, credit: 100, enforce: limit}\n"
		"A list may also be CSV from a spreadsheet, if its name ends in .csv or --from-csv "
		"is given. The first row names the columns: ref, verb, account and, in any order, "
		"those of su, to, start, end, until, note and other options that the rows need; "
		"an empty cell is left out. A column with the name # or one like `# remark` is a "
		"remark. Errors of a spreadsheet such as #REF! are refused, and so are refs that "
		"it may change because they are a number or a date to it (007, 3-2027): begin a "
		"ref with a letter. "
		"--verb deposit makes the column verb unnecessary. The separator is a comma, a "
		"semicolon or a tab, the text UTF-8. Amounts have a decimal point and no "
		"thousands separator: 10,50 is refused, and so is 10.000, which may be ten "
		"thousand; times are written as 2027-01-01. A row with more cells than the header "
		"row is refused, and so are digits alone in a note or remark right after an "
		"amount: "
		"they may be the rest of 10,50. Messages name row and column, one for each wrong "
		"cell. "
		"`--template --from-csv` prints an example.\n"
		"    ref,verb,account,su,end\n"
		"    2027-geo,open,geology,5000,2028-01-01\n"
		"With --predecessor, FILE is the JSON dump of slurm_su_bank_python3. Each row "
		"opens an account with su_limit_hrs SU from its date on; -1 makes it unlimited. "
		"Earlier use counts: the next check charges it. A table shows the verdict on each "
		"row. Rows for accounts that Slurm does not have, or that are open, are left out; "
		"a row that makes no sense, or two for one account, refuse the file. The holds of "
		"that program in Slurm become the bank's, to be released, by `subank adopt "
		"--bank-holds`.\n"
		"Columns of --dry-run: Account, Before, After (available; `unlimited`), Waiting "
		"(money that starts later, after the import), with --format also Unlimited; of "
		"--predecessor: Line, Account, Limit, Start, Used, Result, NextCheck and Reason.",
	.problems = "rows were left out, or Slurm could not be updated; the next check will retry",
	.examples = EXAMPLES(
		{"subank import /backup/subank-2026-11-22.yaml", "restore"},
		{"subank import --append --dry-run round.yaml", "balances before and after"},
		{"subank import --append round.yaml", "an allocation round"},
		{"subank import --append round.csv", "the same, from a spreadsheet"},
		{"subank import --predecessor --dry-run dump.json", "the verdict on each row"}),
	.see_also = "export adopt verify",
	.max_args = 1,
	.flags = CMD_CHANGES | CMD_SLURM | CMD_LIST | CMD_ASK,
	.options = OPTIONS(
		{"replace", 0, NULL, "restore over another bank, of which a copy is kept"},
		{"damaged", 0, NULL, "the same, but do not read the old books"},
		{"append", 0, NULL, "record a list of requests in the bank"},
		{"predecessor", 0, NULL, "open the accounts of a dump of slurm_su_bank_python3"},
		{"project-days", 0, "DAYS", "how long its SU can be used (default: for ever)"},
		{"from-csv", 0, NULL, "the list is CSV, whatever its name ends with"},
		{"verb", 0, "VERB", "of all rows of CSV without the column verb"},
		{"template", 0, NULL, "print an example of such a list, with comments"},
		{"dry-run", 0, NULL, "show what would change, by account"},
		{"no-apply", 0, NULL, "leave Slurm to the next check"}),
	.run = run,
};
