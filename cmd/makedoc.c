/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints a page of the manual, or the example of the settings, from the tables of the program:
 * `makedoc subank-deposit.1`. Run by make, not installed. A text that a table lacks fails the
 * build. subank.7, the page of the concepts, is written by hand. */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/check/metrics.h"
#include "cmd/frame/argument.h"
#include "cmd/frame/command.h"
#include "cmd/frame/options.h"
#include "cmd/frame/prose.h"
#include "cmd/frame/settings_example.h"
#include "cmd/mail/template.h"
#include "cmd/subank.h"
#include "ledger/account/event.h"

static void missing(const char *what, const char *of)
{
	fprintf(stderr, "makedoc: %s '%s' is missing\n", what, of);
	exit(EXIT_FAILURE);
}

/* ---- parts of pages ---- */

/* Puts a word to be typed: roff must not typeset its hyphens. */
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

/* Begins an item of a list, with its name in bold. */
static void item(const char *name)
{
	printf(".TP\n\\fB");
	put_name(name);
	printf("\\fR\n");
}

/* Begins an item that is a placeholder. */
static void print_argument(const struct argument *argument)
{
	printf(".TP\n\\fI%s\\fR\n", argument->name);
	prose_roff_line(stdout, argument->meaning);
}

static void described(const char *name, const char *text)
{
	item(name);
	prose_roff_line(stdout, text);
}

static void print_options(const struct command *command)
{
	const struct option_spec *options[OPTIONS_MAX];
	const size_t count = options_of(command, options);

	for (size_t i = 0; i < count; i++) {
		const struct option_spec *option = options[i];
		const char letter = option_letter(command, option);

		printf(".TP\n\\fB");
		if (letter)
			printf("\\-%c\\fR, \\fB", letter);
		printf("\\-\\-");
		put_name(option->name);
		printf("\\fR%s%s%s\n", option->argument ? " \\fI" : "",
		       option->argument ? option->argument : "", option->argument ? "\\fR" : "");
		prose_roff_line(stdout, option->help);
	}
}

/* Whether [text] has the placeholder. Fails the build for a placeholder without a meaning. */
static bool has_argument(const char *text, const struct argument *argument)
{
	bool found = false;
	const char *word;
	size_t len;

	while (text && (len = argument_word(&text, &word)) > 0) {
		const struct argument *named = argument_find(word, len);

		if (!named && argument_is_value(word))
			missing("in cmd/frame/argument.c, the word", word);
		found = found || (argument_is_value(word) && named == argument);
	}
	return found;
}

/* Prints the meaning of each placeholder of a verb. */
static void print_arguments(const struct command *command)
{
	const struct option_spec *options[OPTIONS_MAX];
	const size_t count = options_of(command, options);
	const struct argument *argument;

	for (size_t i = 0; (argument = argument_at(i)); i++) {
		bool used = has_argument(command->arguments, argument);

		for (size_t j = 0; j < count; j++)
			used = has_argument(options[j]->argument, argument) || used;
		if (used)
			print_argument(argument);
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

static const char about_templates[] =
	"A template begins with a line `Subject: ...` and a blank line. Words in braces are "
	"replaced "
	"by their values; `{{` is a brace. A line with a word that has no value is left out. A "
	"word "
	"that the mail does not have is an error that names file and line, and the mail is not "
	"sent. "
	"Lines that follow each other are one paragraph, which is filled to 72 columns; a line "
	"that "
	"begins with a blank or with `--` is kept as it is, and `- ` begins an item of a list. "
	"Templates are in UTF-8. Text from outside, such as a note, can change neither the header "
	"of "
	"a mail nor its layout.\n"
	"The templates are:";

/* Prints the templates of mail and the words in them, from their tables. */
static void print_templates(void)
{
	printf(".SH TEMPLATES\n");
	prose_roff(stdout, about_templates);
	for (int kind = 0; kind < MAIL_KINDS; kind++)
		described(mail_template_file((enum mail_kind)kind),
			  mail_template_use((enum mail_kind)kind));
	printf(".PP\nThe words, and the templates that have them:\n");
	for (size_t i = 0; i < MAIL_WORDS; i++) {
		const struct mail_word_spec *word = &mail_words[i];
		const char *before = " (";
		char name[64], text[1024];
		size_t len = (size_t)snprintf(text, sizeof(text), "%s", word->meaning);

		for (int kind = 0; kind < MAIL_KINDS; kind++) {
			const char *file = mail_template_file((enum mail_kind)kind);

			if (!(word->kinds & (1U << kind)))
				continue;
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s", before,
						(int)strcspn(file, "."), file);
			before = ", ";
		}
		(void)snprintf(text + len, sizeof(text) - len, ")%s",
			       word->optional ? "; it may have no value" : "");
		(void)snprintf(name, sizeof(name), "{%s}", word->name);
		described(name, text);
	}
}

/* ---- pages ---- */

static void page_of_verb(const char *verb)
{
	const struct command *command = command_find(verb);
	char name[64], *also, *rest, *word;

	if (!command)
		missing("the verb", verb);
	if (!command->details || !command->examples || !command->examples->line)
		missing("a text (details, examples) of", verb);
	(void)snprintf(name, sizeof(name), "subank-%s", verb);
	title(name, 1, command->summary);
	printf(".SH SYNOPSIS\n.B subank %s\n[\\fIOPTIONS\\fR] %s\n.SH DESCRIPTION\n", verb,
	       command_synopsis(command));
	prose_roff(stdout, command->details);
	if (strcmp(verb, "mail") == 0)
		print_templates();
	printf(".SH OPTIONS\n");
	print_options(command);
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
	"of service units (SU: billing-weighted CPU hours). Slurm measures use but keeps no "
	"books; subank keeps them. Every deposit, charge and hold is an entry in a journal that "
	"only grows. A project that has spent its allowance is held in Slurm, so that its jobs no "
	"longer start, and is released as soon as it is paid up.\n"
	"There is no daemon: administrators run subank as the user who owns the books, mostly "
	"slurm, and a timer runs `subank check`. `subank doctor` shows what remains to be set up. "
	"subank(7) explains the concepts.\n"
	"Results go to the standard output, messages to the standard error. If that is neither a "
	"terminal nor kept by systemd, the messages of verbs that change something, and the "
	"results of a check, also go to syslog (facility daemon).\n"
	"Times are local. Amounts are SU, cut to two decimals and never rounded (a charge or debt "
	"of less than 0.01 SU is -0.01). With --seconds, and in JSON under names that end in "
	"`_seconds`, they are whole billing-seconds, as in the books. A budget of another resource "
	"than SU has a unit of its own, such as GPU-hours; its amounts are in that unit or, where "
	"others are billing-seconds, in seconds of the resource.";

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
	prose_roff(
		stdout,
		"`journal --json` prints one object a line, the others print an array; `quote`, "
		"which "
		"has only --json, prints one object. In JSON "
		"and CSV amounts are whole billing-seconds under names that end in `_seconds`, "
		"times are RFC 3339, and all columns are printed unless -o chooses some. The "
		"available amount of an unlimited account is null (empty in CSV), and its column "
		"`unlimited` is true (yes); with -P the amount is `unlimited`. Where rows can be "
		"of other resources than SU (`subank open --resource`), JSON and CSV also have "
		"`resource` and `unit` (such as GPU-hours), and amounts are seconds of that "
		"resource (of mem, MiB-seconds). With --unit su, JSON and CSV have decimals "
		"instead, "
		"under names that end in `_su` or, where rows can be of other resources, under the "
		"column's own name and in the row's `unit`. They are cut to four decimals, which "
		"differ for each billing-second, so their sum may be smaller in the last ones than "
		"that of the books. In JSON they are strings, since many programs read other "
		"numbers as floating point. `journal --json` has seconds alone. With -P these "
		"columns are printed only if -o has "
		"them.\n"
		"`balance`, `usage` and `terms` have --sort. It takes columns, shown or not, "
		"separated by commas: `--sort State,-Percent` sorts by State, and rows of the same "
		"State by Percent, the largest first. Numbers and times are sorted by value (where "
		"a table shows an age, the oldest comes first), texts by their bytes. Rows without "
		"a value come last, also with `-`.\n"
		"After a failure nothing is printed, neither a header nor []. Rows of -P, --csv "
		"and `journal --json` that were printed before the failure are valid.\n"
		"The other verbs have none of these forms. The results of `check` and `verify` "
		"are in their exit status, and the changes of a check are in the journal. "
		"`export` writes the whole ledger, also for other programs.");
}

static void page_of_program(void)
{
	const struct argument *argument;

	title("subank", 1,
	      "the bank of a Slurm cluster: what accounts may use, and what they used");
	printf(".SH SYNOPSIS\n.B subank\n\\fIVERB\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n"
	       ".SH DESCRIPTION\n");
	prose_roff(stdout, about);
	printf(".SH VERBS\nEach has a page of its own, such as\n");
	reference("subank-deposit", 1, ".");
	for (size_t i = 0; commands[i]; i++) {
		if (commands[i]->flags & CMD_HIDDEN)
			continue;
		printf(".TP 12\n.B %s\n", commands[i]->name);
		prose_roff_line(stdout, commands[i]->summary);
	}
	printf(".SH \"OPTIONS OF EVERY VERB\"\nThey may also precede the verb.\n");
	print_options(NULL);
	printf(".SH VALUES\n");
	for (size_t i = 0; (argument = argument_at(i)); i++)
		print_argument(argument);
	print_forms();
	print_statuses(NULL);
	printf(".SH ENVIRONMENT\n");
	described("SUBANK_BANK", "the bank's folder; --bank overrides it");
	described("NO_COLOR", "no colours if it is set and not empty; --color overrides it");
	described("TMPDIR", "where `subank verify FILE` builds a bank to prove the file");
	described("HOME, LD_LIBRARY_PATH, LOGNAME, PATH, SLURM_CONF, SLURM_CONF_SERVER, SLURM_JWT, "
		  "SLURM_SACK_JWKS, SLURM_SACK_KEY, SLURM_SACK_SOCKET, TMPDIR, TZ, USER",
		  "passed on to Slurm's commands, with LC_ALL=C and SLURM_BITSTR_LEN=0. No other "
		  "variable is, so that "
		  "SQUEUE_USERS, SACCT_FORMAT or SLURM_CLUSTERS cannot change their answers; a "
		  "program that the settings name instead of one sets the other variables that it "
		  "needs");
	printf(".SH FILES\n");
	described(DEFAULT_SETTINGS, "the settings, subank.yaml(5); not required");
	described(DEFAULT_BANK,
		  "the bank, unless the settings name another folder; do not copy its "
		  "files while it is in use: subank-backup(1)");
	printf(".SH \"SEE ALSO\"\n");
	reference("subank", 7, ",");
	reference("subank.yaml", 5, ",");
	reference("subank-journal", 5, ",");
	reference("sshare", 1, ",");
	reference("sacctmgr", 1, "");
}

static void metrics_and_ondemand(void)
{
	const struct metric_text *metric;
	char name[128];

	printf(".SH METRICS\n");
	prose_roff(
		stdout,
		"With metrics_file, every check and every entry writes what Prometheus can read "
		"through the textfile collector of node_exporter. The name of the file must end "
		"with .prom. The easiest setup is `metrics_file: " DEFAULT_PUBLIC
		"/subank.prom` and a link to it in the collector's folder, on Debian:\n"
		"  ln -s " DEFAULT_PUBLIC "/subank.prom /var/lib/prometheus/node-exporter/\n"
		"The folder of the file must be one that only root or the owner of the bank can "
		"write, as for publish_file, and that node_exporter can enter. The file has mode "
		"0644: all users of this machine can read it, and everybody who can ask Prometheus "
		"sees the names and balances of all accounts, whatever `publish` says.\n"
		"The label account is an account of the bank, and resource what its amounts are "
		"of: "
		"`billing` for SU, or the resource of a budget. Amounts are seconds of the "
		"resource: 3600 billing-seconds are an SU. Shares of users have no metrics.\n"
		"Samples have no time of their own: a file that is no longer written shows its "
		"last "
		"values for ever. The alert SubankCheckLate in the examples notices that. A bank "
		"that was restored may have lower counters; Prometheus takes that for a reset.\n"
		"The folder " DEFAULT_MONITORING
		" has examples: alerts (`subank.rules.yml`, to be named under rule_files in "
		"prometheus.yml), and a dashboard for Grafana (`subank.dashboard.json`, to be "
		"imported).");
	printf("The metrics are:\n");
	for (size_t i = 0; (metric = metrics_text(i)); i++) {
		(void)snprintf(name, sizeof(name), "%s%s%s%s", metric->name,
			       *metric->labels ? "{" : "", metric->labels,
			       *metric->labels ? "}" : "");
		printf(".TP\n");
		prose_roff_line(stdout, name);
		printf("%s: ", metric->type);
		prose_roff_line(stdout, metric->help);
	}
	printf(".SH \"OPEN ONDEMAND\"\n");
	prose_roff(
		stdout,
		"With ondemand_file, every check and every entry writes the balances that the "
		"dashboard of Open OnDemand warns about. Name the file in "
		"/etc/ood/config/apps/dashboard/env, on the machine of the dashboard:\n"
		"  OOD_BALANCE_PATH=" DEFAULT_PUBLIC "/ondemand.json\n"
		"  OOD_BALANCE_THRESHOLD=10\n"
		"A user sees a warning for each of his accounts whose value is not above the "
		"threshold. He has a row for each account of the bank that is the first to pay for "
		"his jobs; checks ask slurmdbd once an hour whose accounts are whose, as for "
		"`publish: own`. The value is what is available, in SU, rounded down. With "
		"`ondemand: days` it is how many days that lasts, at the rate of the last 30 days, "
		"or until the window ends. Accounts without a limit have no row, and budgets of "
		"other resources have none: the dashboard has one unit.\n"
		"The rules for the folder are those of metrics_file. The file has mode 0644, "
		"because the dashboard reads it as the user who has logged in: all users can read "
		"the balances of all others in it.");
}

static void page_of_settings(void)
{
	const struct settings_key *key;

	title("subank.yaml", 5, "the settings of subank");
	printf(".SH DESCRIPTION\n");
	prose_roff(
		stdout,
		"No settings are required. `" DEFAULT_SETTINGS
		"`, or the file that --config names, may have the "
		"following, as YAML. Any other key is an error, reported with file and line. The "
		"file is refused if everybody can write it, or if it belongs to neither root nor "
		"the user who runs subank: it names programs that are run.");
	printf(".SH SETTINGS\nEach name is followed by its default, or by an example if it has "
	       "none.\n");
	for (size_t i = 0; (key = settings_key(i)); i++) {
		printf(".TP\n\\fB%s\\fR: ", key->name);
		prose_roff_line(stdout, key->example);
		prose_roff_line(stdout, key->about);
	}
	printf(".SH \"WHAT USERS SEE\"\n");
	prose_roff(
		stdout,
		"Users must be able to enter the folder of publish_file, and only root or the "
		"owner of the bank may be able to write it: anybody else who can put files there "
		"could bring back an older one.\n"
		"`publish: own` shows each user his own accounts, and these in detail: `subank "
		"balance` with --lots, --forecast and --users, `subank why`, and `subank usage` of "
		"the last 92 days. A user is in an account of the bank if he has an association in "
		"it, or in an account of Slurm below it that the bank does not have, on a cluster "
		"of the bank: one of clusters or, if they are left out, the local one. He sees its "
		"use by user, that of accounts below it "
		"that have budgets of their own as `(accounts below)`, its shares "
		"and, where `why` names entries, their notes and authors. Of "
		"accounts above it he learns the names, of all others nothing. Checks ask "
		"slurmdbd once an hour who is where, so a user who has left an account sees it for "
		"an hour at most. The rates of --forecast are an hour old at most. The bank's "
		"owner must be able to see all associations "
		"(`PrivateData` in slurmdbd.conf).\n"
		"publish_file itself then has no account. Beside it, in the folder publish_file.d, "
		"each user has a folder of his own, which a POSIX access control list lets him "
		"alone enter, with links to the files of his accounts. Others see when a user's "
		"folder changed (`stat`), and so about when his accounts did. ext4, XFS and tmpfs "
		"have "
		"such lists, NFS 4 has not. On a tmpfs, as below " DEFAULT_PUBLIC
		", the files are written fastest. If you stop using `publish: own`, remove that "
		"folder: it stays as it is.\n"
		"`publish: group` gives the file to the group of its folder. The tmpfiles.d file "
		"of subank makes " DEFAULT_PUBLIC
		" at boot, with the group slurm. For another group copy that "
		"file to /etc/tmpfiles.d/subank.conf, which replaces it, name the group there (`d "
		"" DEFAULT_PUBLIC
		" 0750 slurm GROUP -`), run `systemd-tmpfiles --create`, and make the user "
		"slurm a member of the group: only members can give files to it.\n"
		"The timer's check can write only " DEFAULT_BANK ", " DEFAULT_PUBLIC
		" and /var/spool. If the settings name "
		"other folders, such as one on a file system that machines share, add them with "
		"`systemctl edit subank-check.service`: a line `[Service]`, and below it "
		"`ReadWritePaths=/shared/subank`.");
	metrics_and_ondemand();
	printf(".SH \"REQUESTS OF MANAGERS\"\n");
	prose_roff(
		stdout,
		"With `requests: /var/spool/subank/requests`, managers of accounts (`subank terms "
		"ACCOUNT --manager`) can ask for transfers and shares with `subank request`. The "
		"tmpfiles.d file of subank makes that folder; any other must belong to the owner "
		"of the bank, with mode 0711, on a file system with POSIX access control lists "
		"(ext4, XFS and tmpfs have them, NFS 4 has not) that is not emptied at boot. Where "
		"users work on other machines, it must be on a file system that the machines "
		"share, and they need the same settings. `subank doctor` inspects it.\n"
		"Each whole check makes a folder for each manager there, named after the uid. Only "
		"that user and the bank's owner can enter it. A request in it is one file of mode "
		"0644; the owner of the file is the identity of the manager. Files of others, with "
		"several names, above 4096 bytes, and anything that is no file are refused. A "
		"check takes requests last, when use is charged and limits are set: up to 100 of "
		"each user, 5 of them for shares, and it stops after a minute. The rest waits for "
		"the next one, and so do requests about accounts whose use it could not read on "
		"one of their clusters, and those of a user whose folder has more than 1000 files. "
		"A folder is closed to its user with the first check after the user manages no "
		"account, and removed once it is empty. The check writes an answer into the same "
		"folder, `ID.answer`, "
		"keeps the newest 100 for 30 days, and removes the request. The ref of the entry "
		"is `request:UID:ID`, so no request is recorded twice.\n"
		"Only accounts are compared with the tree of Slurm that the last check has read. "
		"A coordinator of several accounts can move accounts between them: make nobody "
		"a manager of one of these who should not have the money of the others.");
	printf(".SH FILES\n");
	described(DEFAULT_SETTINGS, "the settings");
	described(DEFAULT_MONITORING, "examples for Prometheus and Grafana");
	described(DEFAULT_EXAMPLE, "all settings, commented out, to begin with");
	printf(".SH \"SEE ALSO\"\n");
	reference("subank", 1, ",");
	reference("subank", 7, ",");
	reference("subank-submit", 7, "");
}

/* The meanings of the fields of entries. */
static const char *const field_meanings[FIELD_COUNT_ALL] = {
	[FIELD_AT_TIME] = "when the entry was made",
	[FIELD_AT_UID] = "the uid that subank ran as",
	[FIELD_AT_USER] = "the name of that user at the time",
	[FIELD_AT_LOGIN] = "the uid that had logged in (under sudo everybody is slurm); left out "
			   "without a login",
	[FIELD_AT_HOST] = "the machine that subank ran on",
	[FIELD_AT_REF] = "the name of the request, which makes a retry harmless",
	[FIELD_AT_REQUEST] = "the request; only with a ref",
	[FIELD_AT_NOTE] = "why, in the words of the user",
	[FIELD_AT_SUDO] =
		"without a login, the user who ran sudo, from SUDO_USER, which anybody may set",
	[FIELD_AT_ACCOUNT] = "the account of the bank",
	[FIELD_AT_TO] = "the account that received it, or took over",
	[FIELD_AT_ANY_TO] = "of a transfer that is reversed: the account that had received it",
	[FIELD_AT_CLUSTER] = "the cluster",
	[FIELD_AT_RESOURCE] = "the resource of the amounts: `billing` for SU, else the TRES or "
			      "other resource of the budget",
	[FIELD_AT_SLURM_ACCOUNT] = "the account in Slurm that has the limit, ran the job, or moved",
	[FIELD_AT_FIELD] = "the limit, such as GrpTRESMins",
	[FIELD_AT_TRES] = "the TRES of the limit, if it has one",
	[FIELD_AT_AMOUNT] = "how much; the kind gives the direction",
	[FIELD_AT_BEFORE] = "the cluster's reading before; left out in the first baseline",
	[FIELD_AT_NOW] = "the cluster's reading now",
	[FIELD_AT_SINCE] = "the use was at this time or later",
	[FIELD_AT_USED_UNTIL] = "and before this one",
	[FIELD_AT_UNTIL] = "when it ends without another entry",
	[FIELD_AT_LATE_SINCE] = "of debt for late use: the use was at this time or later, and is "
				"paid from windows of then, also ended ones",
	[FIELD_AT_LATE_UNTIL] = "and before this one",
	[FIELD_AT_START] = "when it becomes usable",
	[FIELD_AT_NEW_START] = "of money that needed a new window: when it becomes usable",
	[FIELD_AT_END] = "when it stops being usable",
	[FIELD_AT_LEVEL] = "the percentage that was crossed",
	[FIELD_AT_USED] = "how much had been used",
	[FIELD_AT_ALLOCATED] = "of how much",
	[FIELD_AT_DEBT] = "how much of the amount became debt, or paid debt; of a rename or merge, "
			  "the debt that is taken over",
	[FIELD_AT_FOUND] =
		"the value found in Slurm, in Slurm's unit; left out when there was none",
	[FIELD_AT_SET] = "the value to set; left out when the limit is to be cleared",
	[FIELD_AT_ANSWERS] = "the entry that this one is about",
	[FIELD_AT_CAUSE] = "why",
	[FIELD_AT_ACTION] = "whether the bank's value is set, or the earlier value restored",
	[FIELD_AT_OUTCOME] =
		"done; failed, and to be tried again; or left as somebody else had set it",
	[FIELD_AT_REVERSES] = "the kind of the entry that is reversed",
	[FIELD_AT_PARTS] = "the lots that it changed, and how much of each",
	[FIELD_AT_REASON] = "why, in words",
	[FIELD_AT_ALLOWANCE] = "whether the account has an allowance or is unlimited",
	[FIELD_AT_CREDIT] = "how far below zero the balance may go",
	[FIELD_AT_ENFORCEMENT] =
		"what happens when the allowance is spent; site: as in the settings",
	[FIELD_AT_THRESHOLDS] = "percentages to report, or none; left out: as in the settings",
	[FIELD_AT_USE] = "whether more or less was used than the books had",
	[FIELD_AT_METER] = "how use is charged; site: as in the settings",
	[FIELD_AT_MOVE] = "whether `slurm_account` moved below the account or away from it",
	[FIELD_AT_JOB] = "the job, as Slurm prints it: 12, 12_3, 12+1",
	[FIELD_AT_JOB_ID] = "its number in Slurm, which can recur",
	[FIELD_AT_DB_INDEX] =
		"the number of its row in slurmdbd, 64 bits; a string in JSON; 0: unknown",
	[FIELD_AT_SUBMIT] = "when it was submitted; each run of a requeued job has its own time",
	[FIELD_AT_ELAPSED] = "the seconds that it ran, without suspensions",
	[FIELD_AT_FACTOR] = "the UsageFactor of its QOS times the site's factors, in millionths",
	[FIELD_AT_JOB_USER] = "its user",
	[FIELD_AT_PARTITION] = "its partition",
	[FIELD_AT_QOS] = "its QOS",
	[FIELD_AT_STATE] = "how it ended, in Slurm's word",
	[FIELD_AT_EXCESS] =
		"what fractional weights add to the billing in alloc_tres, in units of 10^-12",
	[FIELD_AT_RESERVATION] = "its reservation, where the settings have factors of reservations",
	[FIELD_AT_ROUND_SECONDS] = "its run time was rounded up to a multiple of this many seconds",
	[FIELD_AT_MIN_CHARGE] = "the least that a job cost, by the settings at that time",
	[FIELD_AT_ALLOC_TRES] = "its resources, as in sacct's AllocTRES",
	[FIELD_AT_QUOTA] = "the deposit of each period",
	[FIELD_AT_EVERY] = "the period of the quota",
	[FIELD_AT_FIRST_START] = "when the first period of the quota begins",
	[FIELD_AT_CARRY] = "for how many periods after its own a quota can be spent",
	[FIELD_AT_FORGIVE_BELOW] = "debt of this much or less is forgiven at a new period",
	[FIELD_AT_SHARE] = "the share of a user who never had one",
	[FIELD_AT_PERIOD] = "if the deposit is a quota: the end of its period",
	[FIELD_AT_QUEUE_ACTION] = "whether the jobs go to the scavenger QOS or return from it",
	[FIELD_AT_TO_QOS] = "the QOS that the jobs get",
	[FIELD_AT_TIME_LIMIT] = "the time limit that each of these jobs has at its user's wish, in "
				"minutes; left out: none. They get it along with the QOS",
	[FIELD_AT_JOBS] = "Slurm's numbers of the jobs: `12,15+0`; an array has that of its first "
			  "task",
	[FIELD_AT_LEFT] = "of those jobs, the ones that are left alone from now on: Slurm did not "
			  "move them, or their user did",
	[FIELD_AT_GONE] = "of those jobs, the ones that no longer wait, or no longer have to move",
	[FIELD_AT_CONTACTS] = "the addresses that get mail about the account, with commas between",
	[FIELD_AT_MANAGERS] = "the users who manage it, with commas between",
	[FIELD_AT_REST] = "the money that is taken over: what is left of the lots",
};

static const char *const kind_meanings[EVENT_KIND_END] = {
	[EVENT_OPEN] = "an account is opened, or opened again",
	[EVENT_CLOSE] = "an account is closed: it is held and takes no deposits",
	[EVENT_TERMS] = "replaces all terms of an account",
	[EVENT_BASELINE] = "the reading that counting on a cluster starts from; charges nothing",
	[EVENT_DEPOSIT] = "adds money: a lot with the number of the entry",
	[EVENT_WITHDRAW] = "removes money",
	[EVENT_TRANSFER] = "moves money to another account; it keeps its windows",
	[EVENT_CHARGE] = "the use on a cluster from `since` to `until`: `now` less `before`",
	[EVENT_REFUND] = "gives back a charge or a part of it",
	[EVENT_REVERSE] = "undoes an entry that moved money",
	[EVENT_ADJUST] = "`subank set` made the allocation smaller than what was left",
	[EVENT_EXPIRE] = "removes what was left of a window that ended",
	[EVENT_THRESHOLD] = "a percentage of use was reached; `used` includes running jobs",
	[EVENT_NOTICE] = "a window with money left ends soon",
	[EVENT_HOLD] = "jobs no longer start",
	[EVENT_RELEASE] = "a cause of a hold ends, or is suspended until a time",
	[EVENT_LEVER] = "a limit in Slurm is about to be changed",
	[EVENT_APPLIED] = "the outcome of that change",
	[EVENT_NOTIFIED] = "the notify command was run for an entry",
	[EVENT_CHARGE_JOB] = "the use of a job that has ended: one entry for each account "
			     "that it counts for, and one for each of their budgets of a "
			     "resource in `alloc_tres`; all of a job are recorded together",
	[EVENT_METER] = "from `since` on, use on a cluster is charged in another way",
	[EVENT_MOVE] = "another account moved below it in Slurm, or away: jobs that ended by "
		       "`since` count "
		       "at its old place; an account that takes others along has an entry for each",
	[EVENT_RECONCILE] = "`subank reconcile` recorded the difference to Slurm's record of jobs",
	[EVENT_FEE] = "`subank charge` charged something that Slurm does not measure",
	[EVENT_FORGIVE] = "debt that was left at the start of a period is forgiven",
	[EVENT_QUEUE] = "queued jobs are about to be moved from `qos` to `to_qos`: away, to the "
			"scavenger QOS, or back to the one they had",
	[EVENT_QUEUED] =
		"the outcome of that: jobs in neither list were moved. If it failed, Slurm "
		"refused those in `left`, and a check tries again an hour later. Later entries "
		"for the same one tell of jobs that have started or ended, or that their "
		"user moved",
	[EVENT_PEOPLE] = "replaces the contacts and managers of an account",
	[EVENT_RENAME] = "another name takes over the account with its money, debt and terms; "
			 "the former name is closed",
	[EVENT_MERGE] = "another account takes over the money and the debt of the account, which "
			"is closed; further entries do the same for what it is charged or given "
			"back afterwards",
};

static const char *const forms[] = {
	[FIELD_NAME] = "name",
	[FIELD_PURSE] = "name",
	[FIELD_TEXT] = "text",
	[FIELD_AMOUNT] = "billing-seconds",
	[FIELD_COUNT] = "billing-seconds",
	[FIELD_READING] = "billing-seconds",
	[FIELD_TIME] = "time",
	[FIELD_UNTIL] = "time",
	[FIELD_END] = "time",
	[FIELD_LIMIT] = "number",
	[FIELD_PERCENT] = "number",
	[FIELD_NUMBER] = "number",
	[FIELD_UNSIGNED] = "number",
	[FIELD_ENTRY] = "number",
	[FIELD_UID] = "number",
	[FIELD_WORD] = "word",
	[FIELD_PARTS] = "list",
};

static void print_field(enum event_field at)
{
	const struct field_spec *field = &event_fields[at];
	const char *const *word = field->words;

	if (!field_meanings[at])
		missing("in cmd/makedoc.c, the meaning of the field", field->name);
	item(field->name);
	printf("%s; ", forms[field->type]);
	for (; word && *word; word++)
		printf("%s%s", *word, word[1] ? ", " : ": ");
	prose_roff_line(stdout, field_meanings[at]);
}

static const char journal_form[] =
	"`subank export` writes the whole journal in this format and `subank import` reads it "
	"back, with any version of LMDB, on any machine. It is YAML in UTF-8: a header, then one "
	"entry a line. Exporting, importing and exporting again gives the same bytes.\n"
	"    subank: 1\n"
	"    bank: \"0f3c...\"\n"
	"    unit: \"billing-seconds\"\n"
	"    count: 2\n"
	"    head: \"9a1e...\"\n"
	"    journal:\n"
	"    - {entry: 1, kind: open, time: \"2026-11-22T17:00:05.123456Z\", ...}\n"
	"- subank: the version of the format\n"
	"- bank: the bank's id, 32 hexadecimal digits\n"
	"- unit: the unit of amounts of SU; 3600 billing-seconds are one SU. Amounts of "
	"ACCOUNT:RESOURCE, a budget of another resource, are seconds of that resource\n"
	"- count: the number of entries\n"
	"- head: the hash of the last entry; 64 zeros if there is none\n"
	"Numbers and words are plain, texts and times are in double quotes. Times are UTC with "
	"six decimals. A field with the default value (an empty text, no end) is left out. "
	"Anchors, aliases, tags, unknown keys and repeated keys are refused, with file, line and "
	"column.\n"
	"Each entry has `entry`, its number from 1 without gaps; `kind`; the fields below; and "
	"`hash`, the SHA-256 that chains it: over the bank's id, the number, the previous hash "
	"and the stored bytes, as ledger/books/journal.h in the source defines it. `subank verify "
	"FILE` checks all of them.\n"
	"`subank journal --json` prints the same fields as JSON, one object a line. The names of "
	"amounts then end in `_seconds`, and `db_index` is a string, since it can exceed the "
	"whole numbers that many readers of JSON keep exactly. `actor` is added: who made the "
	"entry, as in the table. So are, for a budget of another resource than SU, `resource` and "
	"`unit`, such as GPU-hours.\n"
	"Amounts are always positive: the kind gives the sign. `parts` lists where an entry took "
	"money from, or brought it to, as {lot: N, amount: N}; a lot is named by the entry that "
	"made it and, where a transfer made several, also by `index`.";

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
