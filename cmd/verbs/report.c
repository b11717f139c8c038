/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/report/report.h"

#include "cmd/show/head_text.h"
#include "cmd/show/period.h"
#include "cmd/show/statements.h"
#include "cmd/verbs/verb.h"

enum { MONTHS = 12 };

static int read_access(struct env *env, enum site_access *ret)
{
	bool folders = option(env, "by-account"), groups = option(env, "unix-groups");

	if (groups && !folders)
		return usage(env, "--unix-groups is about the folders of --by-account: add it");
	*ret = groups ? SITE_GROUPS : folders ? SITE_FOLDERS : SITE_FLAT;
	return EXIT_DONE;
}

static void print_result(struct env *env, const struct report_options *options,
			 const struct report_result *result)
{
	char head[HEAD_TEXT_SIZE];

	if (result->alone > 0)
		note(env,
		     "%zu account%s no Unix group of the same name: only the owner of %s can read "
		     "%s",
		     result->alone, result->alone == 1 ? " has" : "s have", options->folder,
		     result->alone == 1 ? "its page" : "their pages");
	if (result->barred)
		note(env,
		     "%s has no permission x for others, so only its owner and its group can read "
		     "the pages: run chmod o+x on it",
		     options->folder);
	if (result->removed > 0)
		report(env, "removed %zu page%s of an earlier report", result->removed,
		       result->removed == 1 ? "" : "s");
	report(env, "wrote %zu page%s to %s%s%s", result->pages, result->pages == 1 ? "" : "s",
	       options->folder, result->head.seq ? "; head " : "",
	       result->head.seq ? head_text(head, &result->head) : "");
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct selection selection;
	struct report_options options = {.folder = option(env, "output"), .selection = &selection};
	struct report_result result;
	struct sb_error err;
	int status, rc;

	if (!options.folder || !*options.folder)
		return usage(env, "name the folder for the pages: -o DIR");
	if (env->seconds)
		return usage(env, "pages have no --seconds: their amounts are in SU, and have the "
				  "exact seconds in the markup");
	status = read_access(env, &options.access);
	if (status == EXIT_DONE)
		status = selection_read(env, argc, argv, &selection);
	if (status != EXIT_DONE)
		return status;
	rc = period_read_months(env, MONTHS, &options.since, &options.until, &err);
	if (!rc)
		rc = report_make(env, &options, &result, &err);
	status = selection.missing > 0 ? EXIT_PART : EXIT_DONE;
	selection_release(&selection);
	if (rc)
		return statement_failed(env, &err);
	env->result.done = "the pages were written";
	print_result(env, &options, &result);
	return status;
}

const struct command cmd_report = {
	.name = "report",
	.arguments = "[ACCOUNT...]",
	.synopsis = "[ACCOUNT...] -o DIR",
	.summary = "write balances and use as web pages",
	.details =
		"Writes a page of all accounts, which can be sorted and filtered in the browser, "
		"and a page for each: what is available day by day beside even use of its windows, "
		"with a forecast; use a day by user and partition; its budgets; its holds and "
		"why; windows; and the statement of the period. Each page names the head of the "
		"books, and how to verify it. The default period is the last twelve months, the "
		"default accounts are all of the bank. Users' shares are left out.\n"
		"Pages are files: no server program is needed, and they load nothing. Each is "
		"replaced as a whole, and all are of the same head. A report of all accounts "
		"removes pages of an earlier one that it does not have; a report of named accounts "
		"leaves them, and its list has the named ones alone. A file that no report wrote "
		"is neither replaced nor removed. DIR is made with mode 0750 if there is none. It "
		"must belong to the user who runs this, or to root, as must a link to it, and "
		"nobody else may write into it. One report at a time can write to it. Pages have "
		"mode 0640 and the group of DIR: give DIR the group of the web server.\n"
		"Without --by-account all pages are in DIR: index.html and ACCOUNT.html. In names "
		"of "
		"files X and two hexadecimal digits stand for a byte that is no letter, digit, "
		"'-', "
		"'_' or '.'.\n"
		"With --by-account the page of an account is DIR/ACCOUNT/index.html, and that of "
		"all accounts DIR/ALL/index.html, so that the web server can decide by folder who "
		"reads which, as in subank(7). --unix-groups gives each folder to the Unix group "
		"with the account's name, for files that users read themselves; where there is no "
		"such group, only the owner can read it, as he alone can DIR/ALL. DIR is then made "
		"with mode 0711; one that exists needs permission x for others.\n"
		"subank-report.timer writes a report every hour once it is enabled.",
	.problems = "some of the named accounts are not in the bank; the others have pages",
	.examples = EXAMPLES(
		{"subank report -o /var/lib/subank-report", "all accounts"},
		{"subank report physics -o ~/physics --since 2026-10-01", "of one account"},
		{"subank report -o /srv/www/subank --by-account", "a folder for each account"}),
	.see_also = "balance statement usage why verify",
	.max_args = -1,
	.flags = CMD_READ,
	.options = OPTIONS(
		{"output", 'o', "DIR", "the folder for the pages"},
		{"by-account", 0, NULL, "make a folder for each account"},
		{"unix-groups", 0, NULL, "with --by-account: for the Unix group of its name"},
		{"since", 0, "TIME", "start of the period (eleven months before its end)"},
		{"until", 0, "TIME", "end of the period (the end of this month)"}),
	.run = run,
};
