/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints a page of the manual, or the example of the settings, from the tables of the program:
 * `makedoc subank-deposit.1`. Run by make; it is not installed. What is missing in a table ends the
 * build. The page of the ideas, subank.7, is written by hand. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/frame/argument.h"
#include "cmd/frame/command.h"
#include "cmd/frame/options.h"
#include "cmd/frame/prose.h"
#include "cmd/frame/settings_example.h"
#include "cmd/subank.h"
#include "ledger/account/event.h"

static void missing(const char *what, const char *of)
{
	fprintf(stderr, "makedoc: %s '%s' is missing\n", what, of);
	exit(EXIT_FAILURE);
}

/* ---- parts of pages ---- */

/* What is typed as it stands: its hyphens are not to be typeset. */
static void put_name(const char *name)
{
	for (; *name; name++)
		printf(*name == '-' ? "\\-" : "%c", *name);
}

static void title(const char *name, int section, const char *summary)
{
	printf(".\\\" Made by makedoc from the tables of the program.\n.TH \"");
	for (const char *c = name; *c; c++)
		putchar(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	printf("\" %d \"%s\" \"subank %s\" \"%s\"\n", section, DOCUMENTED, PACKAGE_VERSION,
	       section == 1 ? "Commands" : "Files");
	printf(".SH NAME\n");
	put_name(name);
	printf(" \\- ");
	prose_roff_line(stdout, summary);
}

/* A row of a list: its name in bold. */
static void item(const char *name)
{
	printf(".TP\n\\fB");
	put_name(name);
	printf("\\fR\n");
}

static void print_options(const struct option_spec *const options[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct option_spec *option = options[i];

		printf(".TP\n\\fB");
		if (option->letter)
			printf("\\-%c\\fR, \\fB", option->letter);
		printf("\\-\\-");
		put_name(option->name);
		printf("\\fR%s%s%s\n", option->argument ? " \\fI" : "",
		       option->argument ? option->argument : "", option->argument ? "\\fR" : "");
		prose_roff_line(stdout, option->help);
	}
}

/* The meaning of each word in the tables' texts, once. */
static void print_arguments(const struct command *command)
{
	const struct option_spec *options[OPTIONS_MAX];
	const size_t count = options_of(command, options);
	const struct argument *argument;

	for (size_t i = 0; (argument = argument_at(i)); i++) {
		bool used = false;

		for (size_t j = 0; j <= count; j++) {
			const char *text = j < count ? options[j]->argument : command->arguments,
				   *word;
			size_t len;

			while (text && (len = argument_word(&text, &word)) > 0) {
				if (!argument_is_value(word))
					continue;
				if (!argument_find(word, len))
					missing("in cmd/frame/argument.c, the word", word);
				used = used || argument_find(word, len) == argument;
			}
		}
		if (!used)
			continue;
		printf(".TP\n\\fI%s\\fR\n", argument->name);
		prose_roff_line(stdout, argument->meaning);
	}
}

static void print_examples(const struct example *example)
{
	printf(".SH EXAMPLES\n");
	for (; example->line; example++) {
		char line[256];

		if (example->what)
			prose_roff_line(stdout, example->what);
		(void)snprintf(line, sizeof(line), "    %s", example->line);
		prose_roff(stdout, line);
		if (example[1].line)
			printf(".PP\n");
	}
}

static void print_statuses(const char *problems)
{
	printf(".SH \"EXIT STATUS\"\n");
	for (const struct exit_status *row = exit_statuses; row->meaning; row++) {
		printf(".TP 4\n.B %d\n", row->status);
		prose_roff_line(stdout,
				row->status == EXIT_PART && problems ? problems : row->meaning);
	}
}

static void reference(const char *name, int section, const char *behind)
{
	printf(".BR ");
	put_name(name);
	printf(" (%d)%s\n", section, behind);
}

static void verb_reference(const char *verb, const char *behind)
{
	char name[64];

	if (!command_find(verb))
		missing("the verb", verb);
	(void)snprintf(name, sizeof(name), "subank-%s", verb);
	reference(name, 1, behind);
}

/* ---- pages ---- */

static void page_of_verb(const char *verb)
{
	const struct command *command = command_find(verb);
	const struct option_spec *options[OPTIONS_MAX];
	const size_t count = options_of(command, options);
	char name[64], *also, *rest, *word;

	if (!command)
		missing("the verb", verb);
	if (!command->details || !command->examples || !command->examples->line)
		missing("something to say (details, examples) of", verb);
	(void)snprintf(name, sizeof(name), "subank-%s", verb);
	title(name, 1, command->summary);
	printf(".SH SYNOPSIS\n.B subank %s\n[\\fIOPTIONS\\fR] %s\n.SH DESCRIPTION\n", verb,
	       command->arguments);
	prose_roff(stdout, command->details);
	printf(".SH OPTIONS\n");
	print_options(options, count);
	printf(".SH VALUES\n");
	print_arguments(command);
	print_statuses(command_problems(command));
	print_examples(command->examples);
	printf(".SH \"SEE ALSO\"\n");
	reference("subank", 1, ",");
	rest = also = strdup(command->see_also ? command->see_also : "");
	while (also && (word = strsep(&rest, " "))) {
		if (*word)
			verb_reference(word, ",");
	}
	free(also);
	reference("subank", 7, "");
}

static const char about[] =
	"subank is the bank of HPC clusters run by Slurm. A site gives each project an allowance "
	"of "
	"service units (SU: billing-weighted CPU hours). Slurm measures use but keeps no books; "
	"subank "
	"keeps them. Every deposit, charge and hold is an entry in a journal that only grows. A "
	"project that has spent its allowance is held in Slurm, so that its jobs no longer start, "
	"and "
	"is released as soon as it is paid up.\n"
	"There is no daemon: administrators run it as the user who owns the books, mostly slurm, "
	"and a "
	"timer runs `subank check`. `subank doctor` says what is left to set up. subank(7) has the "
	"ideas behind it.\n"
	"Results go to the standard output, everything else to the standard error. Where that is "
	"no "
	"terminal and systemd does not keep it, messages of verbs that change something, and what "
	"a "
	"check did, go to syslog too (facility daemon).\n"
	"Times are local. Amounts are SU, cut to two decimals and never rounded (a charge or debt "
	"of less than 0.01 SU is -0.01); with --seconds, and "
	"in JSON under names that end in `_seconds`, they are whole billing-seconds, as the books "
	"have "
	"them.";

static void print_forms(void)
{
	char lists[512] = "";
	size_t len = 0;

	for (size_t i = 0; commands[i] && len < sizeof(lists); i++) {
		if (commands[i]->flags & CMD_LIST)
			len += (size_t)snprintf(lists + len, sizeof(lists) - len, "%s`%s`",
						len ? ", " : "", commands[i]->name);
	}
	assert(len < sizeof(lists));
	printf(".SH \"FORMS FOR PROGRAMS\"\nVerbs that list have \\-P, \\-n, \\-o, \\-\\-json and "
	       "\\-\\-csv:\n");
	prose_roff_line(stdout, lists);
	printf(".PP\n");
	prose_roff(stdout,
		   "`journal --json` prints one object a line, the others an array. In JSON and "
		   "CSV amounts are whole billing-seconds under names that end in `_seconds`, "
		   "times are RFC 3339, and every column is there unless -o chooses. What an "
		   "unlimited account has available is null (empty in CSV), and `unlimited` true "
		   "(yes); with -P it is `unlimited`.\n"
		   "After a failure nothing is printed, no header and no []; rows of -P, --csv and "
		   "`journal --json` that were printed before it are valid.\n"
		   "The other verbs are no lists and have none of these. What `check` and `verify` "
		   "found is in their status, and what a check did is in the journal. `export` "
		   "writes the whole ledger, for other programs too.");
}

static void page_of_program(void)
{
	const struct option_spec *options[OPTIONS_MAX];
	const struct argument *argument;
	const size_t count = options_of(NULL, options);

	title("subank", 1,
	      "the bank of a Slurm cluster: what accounts may use, and what they used");
	printf(".SH SYNOPSIS\n.B subank\n\\fIVERB\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n"
	       ".SH DESCRIPTION\n");
	prose_roff(stdout, about);
	printf(".SH VERBS\nEach has a page of its own, as\n");
	reference("subank-deposit", 1, ".");
	for (size_t i = 0; commands[i]; i++) {
		if (commands[i]->flags & CMD_HIDDEN)
			continue;
		printf(".TP 12\n.B %s\n", commands[i]->name);
		prose_roff_line(stdout, commands[i]->summary);
	}
	printf(".SH \"OPTIONS OF EVERY VERB\"\nThey may also stand in front of the verb.\n");
	print_options(options, count);
	printf(".SH VALUES\n");
	for (size_t i = 0; (argument = argument_at(i)); i++) {
		printf(".TP\n\\fI%s\\fR\n", argument->name);
		prose_roff_line(stdout, argument->meaning);
	}
	print_forms();
	print_statuses(NULL);
	printf(".SH ENVIRONMENT\n");
	item("SUBANK_BANK");
	prose_roff_line(stdout, "the bank's folder, unless --bank is given");
	item("NO_COLOR");
	prose_roff_line(stdout, "if it is set and not empty, no colours, unless --color says so");
	item("TMPDIR");
	prose_roff_line(stdout, "where `subank verify FILE` builds a bank to prove the file");
	item("HOME, LD_LIBRARY_PATH, LOGNAME, PATH, SLURM_CONF, SLURM_CONF_SERVER, SLURM_JWT, "
	     "SLURM_SACK_JWKS, SLURM_SACK_KEY, SLURM_SACK_SOCKET, TMPDIR, TZ, USER");
	prose_roff_line(stdout,
			"handed on to Slurm's commands, with LC_ALL=C. Nothing else is, so that no "
			"SQUEUE_USERS, SACCT_FORMAT or SLURM_CLUSTERS changes what they answer; a "
			"program that the settings name in place of one sets what else it needs");
	printf(".SH FILES\n");
	item(DEFAULT_SETTINGS);
	prose_roff_line(stdout, "the settings, subank.yaml(5); none are needed");
	item(DEFAULT_BANK);
	prose_roff_line(stdout, "the bank, unless the settings say another folder; do not copy its "
				"files while it is in use: subank-backup(1)");
	printf(".SH \"SEE ALSO\"\n");
	reference("subank", 7, ",");
	reference("subank.yaml", 5, ",");
	reference("subank-journal", 5, ",");
	reference("sshare", 1, ",");
	reference("sacctmgr", 1, "");
}

static void page_of_settings(void)
{
	const struct settings_key *key;

	title("subank.yaml", 5, "the settings of subank");
	printf(".SH DESCRIPTION\n");
	prose_roff(
		stdout,
		"None are needed. `" DEFAULT_SETTINGS
		"`, or the file named by --config, may hold the following, as YAML. "
		"Anything else in it is an error, with file and line. So is a file that everybody "
		"can write, or that belongs to neither root nor who runs subank: it names "
		"programs that are run.");
	printf(".SH SETTINGS\nBehind each name stands its default, or an example where it has "
	       "none.\n");
	for (size_t i = 0; (key = settings_key(i)); i++) {
		printf(".TP\n\\fB%s\\fR: ", key->name);
		prose_roff_line(stdout, key->example);
		prose_roff_line(stdout, key->about);
	}
	printf(".SH \"WHAT USERS SEE\"\n");
	prose_roff(
		stdout,
		"The folder of publish_file must be one that users can enter, and that only root "
		"or the owner of the bank can write: whoever else can put files there could bring "
		"an older one back.\n"
		"`publish: group` gives the file to the group of its folder. " DEFAULT_PUBLIC
		" is made "
		"at "
		"boot as the tmpfiles.d file of subank says, with the group slurm. For another "
		"group "
		"copy that file to /etc/tmpfiles.d/subank.conf, where it replaces the other, name "
		"the group there (`d " DEFAULT_PUBLIC
		" 0750 slurm GROUP -`), run `systemd-tmpfiles "
		"--create`, and make the user slurm a member of the group: only members can give "
		"files to it.\n"
		"The check that the timer starts can write " DEFAULT_BANK ", " DEFAULT_PUBLIC
		" and "
		"/var/spool alone. Where the settings name other folders, such as one on a file "
		"system that machines share, add them with `systemctl edit subank-check.service`: "
		"a line `[Service]`, and below it `ReadWritePaths=/shared/subank`.");
	printf(".SH FILES\n");
	item(DEFAULT_SETTINGS);
	prose_roff_line(stdout, "the settings");
	item(DEFAULT_EXAMPLE);
	prose_roff_line(stdout, "all of them, commented out, to begin with");
	printf(".SH \"SEE ALSO\"\n");
	reference("subank", 1, ",");
	reference("subank", 7, "");
}

/* What the fields of entries say. */
static const char *const field_meanings[FIELD_COUNT_ALL] = {
	[FIELD_AT_TIME] = "when the entry was made",
	[FIELD_AT_UID] = "who ran subank",
	[FIELD_AT_USER] = "the name of that user then",
	[FIELD_AT_LOGIN] =
		"who had logged in (under sudo everyone is slurm); left out without a login",
	[FIELD_AT_HOST] = "on which machine",
	[FIELD_AT_REF] = "the name that the request was given, which makes a retry harmless",
	[FIELD_AT_REQUEST] = "what was asked; stands where there is a ref",
	[FIELD_AT_NOTE] = "why, as it was given",
	[FIELD_AT_SUDO] = "without a login, who ran sudo, as SUDO_USER says, which anybody may set",
	[FIELD_AT_ACCOUNT] = "the account of the bank",
	[FIELD_AT_TO] = "the account that received it",
	[FIELD_AT_ANY_TO] = "of a transfer that is reversed: the account that had received it",
	[FIELD_AT_CLUSTER] = "the cluster",
	[FIELD_AT_RESOURCE] = "what is counted; so far `billing`",
	[FIELD_AT_SLURM_ACCOUNT] =
		"the account in Slurm: whose limit it is, whose job it was, or which moved",
	[FIELD_AT_FIELD] = "the limit: GrpTRESMins and so on",
	[FIELD_AT_TRES] = "the TRES of the limit, if it has one",
	[FIELD_AT_AMOUNT] = "how much; the kind says in which direction",
	[FIELD_AT_BEFORE] = "the cluster's reading before; left out in the first baseline",
	[FIELD_AT_NOW] = "the cluster's reading now",
	[FIELD_AT_SINCE] = "the use was at this time or later",
	[FIELD_AT_USED_UNTIL] = "and before this one",
	[FIELD_AT_UNTIL] = "when it ends by itself",
	[FIELD_AT_START] = "from when on it can be used",
	[FIELD_AT_NEW_START] = "of money that needed a new window: from when on it can be used",
	[FIELD_AT_END] = "from when on it can no longer be used",
	[FIELD_AT_LEVEL] = "the percentage that was crossed",
	[FIELD_AT_USED] = "how much was used then",
	[FIELD_AT_ALLOCATED] = "of how much",
	[FIELD_AT_DEBT] = "how much of the amount became debt, or paid debt",
	[FIELD_AT_FOUND] =
		"the value found in Slurm, in Slurm's unit; left out when there was none",
	[FIELD_AT_SET] = "the value to set; left out when the limit is to be cleared",
	[FIELD_AT_ANSWERS] = "the entry that this one answers",
	[FIELD_AT_CAUSE] = "why",
	[FIELD_AT_ACTION] = "whether our value is set, or what was found before comes back",
	[FIELD_AT_OUTCOME] = "done; failed, to be tried again; or left as somebody else had set it",
	[FIELD_AT_REVERSES] = "the kind of the entry that is answered",
	[FIELD_AT_PARTS] = "which lots it touched, and how much of each",
	[FIELD_AT_REASON] = "why, in words",
	[FIELD_AT_ALLOWANCE] = "whether the allowance counts",
	[FIELD_AT_CREDIT] = "how far below zero the balance may go",
	[FIELD_AT_ENFORCEMENT] = "what a spent allowance comes to; site: as the settings say",
	[FIELD_AT_THRESHOLDS] = "percentages to tell of, or none; left out: as the settings say",
	[FIELD_AT_USE] = "whether more or less was used than the books had",
	[FIELD_AT_METER] = "what use is charged by; site: as the settings say",
	[FIELD_AT_MOVE] = "whether `slurm_account` came below the account or went from there",
	[FIELD_AT_JOB] = "the job, as people write it: 12, 12_3, 12+1",
	[FIELD_AT_JOB_ID] = "Slurm's number of it, which recurs",
	[FIELD_AT_DB_INDEX] =
		"the number of its row in slurmdbd, of 64 bits; a string in JSON; 0: not known",
	[FIELD_AT_SUBMIT] = "when it was submitted; a requeued job has another time for each run",
	[FIELD_AT_ELAPSED] = "seconds that it ran, suspensions left out",
	[FIELD_AT_FACTOR] = "the UsageFactor of its QOS, in millionths",
	[FIELD_AT_JOB_USER] = "whose it was",
	[FIELD_AT_PARTITION] = "its partition",
	[FIELD_AT_QOS] = "its QOS",
	[FIELD_AT_STATE] = "how it ended, in Slurm's word",
	[FIELD_AT_EXCESS] =
		"what fractional weights add to the billing in alloc_tres; 10^12 is one",
	[FIELD_AT_ALLOC_TRES] = "what it had, as sacct's AllocTRES",
};

static const char *const kind_meanings[EVENT_KIND_END] = {
	[EVENT_OPEN] = "an account begins, or begins again",
	[EVENT_CLOSE] = "an account ends: it is held and takes no deposits",
	[EVENT_TERMS] = "all that is agreed with an account, anew",
	[EVENT_BASELINE] = "where counting on a cluster starts; charges nothing",
	[EVENT_DEPOSIT] = "money comes in: a lot that is named by the entry's number",
	[EVENT_WITHDRAW] = "money is taken out",
	[EVENT_TRANSFER] = "money moves to another account and keeps its windows",
	[EVENT_CHARGE] = "what was used on a cluster from `since` to `until`: `now` "
			 "less `before`",
	[EVENT_REFUND] = "a charge, or a part of it, is given back",
	[EVENT_REVERSE] = "an entry that moved money is taken back",
	[EVENT_ADJUST] = "`subank set` made the allocation smaller than what is left",
	[EVENT_EXPIRE] = "what was left of a window that ended",
	[EVENT_THRESHOLD] =
		"a percentage used was crossed; `used` has what running jobs count for, too",
	[EVENT_NOTICE] = "a window with something left ends soon",
	[EVENT_HOLD] = "jobs no longer start",
	[EVENT_RELEASE] = "a cause of hold ends, or is put aside until a time",
	[EVENT_LEVER] = "a limit in Slurm is about to be changed",
	[EVENT_APPLIED] = "what became of that",
	[EVENT_NOTIFIED] = "the notify command was run for an entry",
	[EVENT_CHARGE_JOB] = "what a job used that has ended",
	[EVENT_METER] = "use on a cluster is charged in another way from `since` on",
	[EVENT_MOVE] =
		"another account came below it in Slurm, or went: jobs that ended by `since` "
		"count where it was before; one that takes others along has an entry for each",
	[EVENT_RECONCILE] = "`subank reconcile` entered use that Slurm has another record of",
};

static const char *form_of(enum field_type type)
{
	switch (type) {
	case FIELD_NAME:
		return "name";
	case FIELD_TEXT:
		return "text";
	case FIELD_AMOUNT:
	case FIELD_COUNT:
	case FIELD_READING:
		return "billing-seconds";
	case FIELD_TIME:
	case FIELD_UNTIL:
	case FIELD_END:
		return "time";
	case FIELD_LIMIT:
	case FIELD_PERCENT:
	case FIELD_NUMBER:
	case FIELD_UNSIGNED:
	case FIELD_ENTRY:
	case FIELD_UID:
		return "number";
	case FIELD_WORD:
		return "word";
	case FIELD_PARTS:
		return "list";
	}
	return NULL;
}

static void print_field(enum event_field at)
{
	const struct field_spec *field = &event_fields[at];
	const char *const *word = field->words;

	if (!field_meanings[at])
		missing("in cmd/makedoc.c, the meaning of the field", field->name);
	item(field->name);
	printf("%s; ", form_of(field->type));
	for (; word && *word; word++)
		printf("%s%s", *word, word[1] ? ", " : ": ");
	prose_roff_line(stdout, field_meanings[at]);
}

static const char journal_form[] =
	"`subank export` writes the whole journal in this form and `subank import` reads it back, "
	"with "
	"any version of LMDB, on any machine. It is YAML in UTF-8: a header, then one entry a "
	"line. "
	"Export, import and export again give the same bytes.\n"
	"    subank: 1\n"
	"    bank: \"0f3c...\"\n"
	"    unit: \"billing-seconds\"\n"
	"    count: 2\n"
	"    head: \"9a1e...\"\n"
	"    journal:\n"
	"    - {entry: 1, kind: open, time: \"2026-11-22T17:00:05.123456Z\", ...}\n"
	"- subank: the version of this form\n"
	"- bank: the bank's id, 32 hexadecimal digits\n"
	"- unit: the unit of all amounts; 3600 billing-seconds are one SU\n"
	"- count: how many entries there are\n"
	"- head: the hash of the last one; 64 zeros if there is none\n"
	"Numbers and words stand plain, texts and times in double quotes. Times are UTC with six "
	"decimals. A field that says nothing (an empty text, no end) is left out. Anchors, "
	"aliases, "
	"tags, keys that are not known or stand twice are refused, with file, line and column.\n"
	"Each entry has `entry`, its number from 1 without gaps; `kind`; the fields below; and "
	"`hash`, "
	"the SHA-256 that chains it: over the bank's id, the number, the hash before and the "
	"stored "
	"bytes, as ledger/books/journal.h in the source has it. `subank verify FILE` proves all of "
	"them.\n"
	"`subank journal --json` prints the same fields as JSON, one object a line; amounts then "
	"have "
	"`_seconds` behind their names, and `db_index`, which is past what many readers of JSON "
	"take for a "
	"whole number, is a string. `actor` is added: who made it, as the table has it.\n"
	"Amounts are always positive: the kind gives the sign. Where an entry took money from, or "
	"brought it to, stands in `parts`, a list of {lot: N, amount: N}; a lot is named by the "
	"entry "
	"that made it and, where a transfer made several, by `index` too.";

static void page_of_journal(void)
{
	title("subank-journal", 5, "the journal of subank as a YAML file");
	printf(".SH DESCRIPTION\n");
	prose_roff(stdout, journal_form);
	printf(".SH \"FIELDS OF EVERY ENTRY\"\n");
	for (size_t i = 0; i < FIELD_ENVELOPE_COUNT; i++)
		print_field((enum event_field)i);
	printf(".SH \"KINDS\"\n");
	for (int i = 1; i < EVENT_KIND_END; i++) {
		const struct kind_spec *kind = &event_kinds[i];

		if (!kind->name)
			continue;
		if (!kind_meanings[i])
			missing("in cmd/makedoc.c, the meaning of the kind", kind->name);
		printf(".SS %s\n", kind->name);
		prose_roff_line(stdout, kind_meanings[i]);
		for (size_t j = 0; j < kind->count; j++)
			print_field((enum event_field)kind->fields[j]);
	}
	printf(".SH \"SEE ALSO\"\n");
	verb_reference("export", ",");
	verb_reference("import", ",");
	verb_reference("verify", ",");
	verb_reference("journal", ",");
	reference("subank", 7, "");
}

int main(int argc, char *argv[])
{
	const char *page = argc == 2 ? argv[1] : "";
	char verb[32];
	int end = 0;

	if (strcmp(page, "subank.1") == 0) {
		page_of_program();
	} else if (strcmp(page, "subank.yaml.5") == 0) {
		page_of_settings();
	} else if (strcmp(page, "subank-journal.5") == 0) {
		page_of_journal();
	} else if (strcmp(page, "subank.yaml") == 0) {
		settings_example(stdout, NULL, 0);
	} else if (sscanf(page, "subank-%31[a-z].1%n", verb, &end) == 1 && !page[end]) {
		page_of_verb(verb);
	} else {
		fprintf(stderr, "makedoc: there is no page '%s'\n", page);
		return EXIT_FAILURE;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "makedoc: %s: %s\n", page, strerror(errno));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
