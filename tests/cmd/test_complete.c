/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shell completion, and the completeness of the tables that help, manual and completion come from:
 * a verb or option without a text fails here. */
#include <wordexp.h>

#include "cmd/frame/argument.h"
#include "cmd/frame/command.h"
#include "cmd/frame/options.h"
#include "tests/drive.h"

#include <sys/stat.h>

/* Whether the last verb offered [word]. */
static bool offered(const char *word)
{
	size_t len = strlen(word);

	for (const char *line = out; *line; line += strcspn(line, "\n") + 1) {
		if (strncmp(line, word, len) == 0 && (line[len] == '\t' || line[len] == '\n'))
			return true;
	}
	return false;
}

#define OFFERS(word, ...)                                                                          \
	do {                                                                                       \
		GIVES(0, "", NULL, "complete", "--", __VA_ARGS__);                                 \
		ck_assert_msg(offered(word), "'%s' is not in: %s", word, out);                     \
	} while (0)
#define OFFERS_NOTHING(...) GIVES(0, NULL, NULL, "complete", "--", __VA_ARGS__)
#define OFFERS_ONLY(text, ...)                                                                     \
	do {                                                                                       \
		GIVES(0, "", NULL, "complete", "--", __VA_ARGS__);                                 \
		ck_assert_str_eq(out, text);                                                       \
	} while (0)

START_TEST(every_verb_and_every_option_is_offered)
{
	size_t verbs = 0;

	for (size_t i = 0; commands[i]; i++) {
		const struct option_spec *options[OPTIONS_MAX];
		size_t count = options_of(commands[i], options);

		if (commands[i]->flags & CMD_HIDDEN)
			continue;
		OFFERS(commands[i]->name, "");
		OFFERS(commands[i]->name, commands[i]->name);
		OFFERS(commands[i]->name, "help", "");
		for (size_t j = 0; j < count; j++) {
			char name[64];

			(void)snprintf(name, sizeof(name), "--%s", options[j]->name);
			OFFERS(name, commands[i]->name, "-");
			OFFERS(name, commands[i]->name, name);
		}
		verbs++;
	}
	ck_assert_uint_ge(verbs, 25);
}
END_TEST

/* Checks that all placeholders in [text] have a meaning. */
static void check_words(const char *verb, const char *text)
{
	const char *word;
	size_t len;

	while ((len = argument_word(&text, &word)) > 0)
		ck_assert_msg(!argument_is_value(word) || argument_find(word, len),
			      "%s: cmd/frame/argument.c does not say what %.*s is", verb, (int)len,
			      word);
}

static void check_ascii(const char *verb, const char *text)
{
	for (; *text; text++)
		ck_assert_msg(*text == '\n' || (*text >= ' ' && *text <= '~'), "%s: %s", verb,
			      text);
}

START_TEST(every_verb_has_the_texts_of_help_and_manual)
{
	for (size_t i = 0; commands[i]; i++) {
		const struct command *command = commands[i];
		const struct option_spec *options[OPTIONS_MAX];
		size_t count = options_of(command, options);

		ck_assert_msg(command->details && command->details[0], "%s: no details",
			      command->name);
		check_ascii(command->name, command->summary);
		check_ascii(command->name, command->details);
		ck_assert_msg(!strstr(command->details, "\n\n"), "%s: an empty paragraph",
			      command->name);
		for (const char *line = command->details; line;) {
			size_t len = strcspn(line, "\n");

			ck_assert_msg(strncmp(line, "- ", 2) != 0 || memmem(line, len, ": ", 2),
				      "%s: an item without a colon: %s", command->name, line);
			line = line[len] ? line + len + 1 : NULL;
		}
		check_words(command->name, command->arguments);
		for (size_t j = 0; j < count; j++) {
			check_ascii(command->name, options[j]->help);
			if (options[j]->argument)
				check_words(command->name, options[j]->argument);
			for (size_t k = 0; k < j; k++) {
				ck_assert_str_ne(options[j]->name, options[k]->name);
				ck_assert_msg(!options[j]->letter ||
						      options[j]->letter != options[k]->letter,
					      "%s has two options -%c", command->name,
					      options[j]->letter);
			}
		}
	}
}
END_TEST

/* A call for each table. */
static const char *const tables[][5] = {
	{"balance"},
	{"balance", "--lots"},
	{"balance", "--forecast"},
	{"statement", "bio"},
	{"statement", "bio", "--entries"},
	{"statement", "bio", "--by", "user"},
	{"usage", "bio"},
	{"terms"},
	{"journal"},
	{"doctor"},
	{"import", "--append", "--dry-run", "-"},
	{"reconcile"},
	{"reconcile", "--jobs"},
	{"request"},
	{"refund", "--state=FAILED", "--since=now-1day", "--note=x", "--dry-run"},
};

/* The help of a verb names the columns of --format. */
START_TEST(help_lists_every_column)
{
	char folder[96], text[128];

	(void)snprintf(folder, sizeof(folder), "%s/64030", test_folder);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	(void)snprintf(text, sizeof(text), "clusters: [dev]\nrequests: %s\n", test_folder);
	set_settings(text);
	(void)fake_account("dev", "bio");
	answers = "- {ref: a, deposit: bio, su: 1}\n";
	DONE("opened", "open", "bio", "10");
	for (size_t i = 0; commands[i]; i++) {
		bool tried = !(commands[i]->flags & CMD_LIST);

		for (size_t j = 0; j < COUNT(tables); j++)
			tried = tried || strcmp(commands[i]->name, tables[j][0]) == 0;
		ck_assert_msg(tried, "say above what makes %s print its tables", commands[i]->name);
	}
	for (size_t i = 0; i < COUNT(tables); i++) {
		const char *const *args = tables[i];
		const char *details = command_find(args[0])->details;
		char *header, *rest, *name;

		drive((const char *const[]){args[0], "--csv", args[1], args[2], args[3], args[4],
					    NULL});
		rest = header = strndup(out, strcspn(out, "\r\n"));
		ck_assert_msg(strchr(header, ','), "%s %s: %s%s", args[0], args[1], out, err);
		while ((name = strsep(&rest, ","))) {
			char *unit = strstr(name, "_seconds");

			if (unit)
				*unit = '\0';
			name[strcspn(name + 1, "\"") + 1] = '\0';
			ck_assert_msg(strcasestr(details, name + 1), "help %s: no column %s",
				      args[0], name + 1);
		}
		free(header);
	}
}
END_TEST

START_TEST(see_also_names_verbs)
{
	for (size_t i = 0; commands[i]; i++) {
		char *list = strdup(commands[i]->see_also ? commands[i]->see_also : ""),
		     *rest = list, *word;

		while ((word = strsep(&rest, " ")))
			ck_assert_msg(!*word || command_find(word), "%s: see_also '%s'",
				      commands[i]->name, word);
		free(list);
	}
}
END_TEST

/* Returns the verb of a command line "subank ...". Its options must exist and, if it is [whole],
 * its arguments must be complete. */
static const struct command *check_line(const char *line, bool whole)
{
	const char *values[OPTIONS_MAX] = {NULL};
	const struct command *command;
	wordexp_t words;
	int at = 1, count, rest;

	ck_assert_msg(wordexp(line, &words, WRDE_NOCMD) == 0, "%s", line);
	count = (int)words.we_wordc;
	ck_assert_msg(strcmp(words.we_wordv[0], "subank") == 0, "%s", line);
	/* Options may precede the verb. */
	while (at < count && !command_find(words.we_wordv[at]))
		at++;
	ck_assert_msg(at < count, "no verb: %s", line);
	command = command_find(words.we_wordv[at]);
	ck_assert_msg(options_read(command, count - at, words.we_wordv + at, values, &rest,
				   &error) == SB_OK,
		      "%s: %s", line, error.text);
	rest = count - at - rest;
	ck_assert_msg(!whole || (rest >= command->min_args &&
				 (command->max_args < 0 || rest <= command->max_args)),
		      "%s: %d arguments", line, rest);
	wordfree(&words);
	return command;
}

START_TEST(every_example_can_be_typed)
{
	for (size_t i = 0; commands[i]; i++) {
		const struct example *example = commands[i]->examples;
		bool own = false;

		ck_assert_msg(example && example->line, "%s: no examples", commands[i]->name);
		for (; example->line; example++)
			own = check_line(example->line, true) == commands[i] || own;
		ck_assert_msg(own, "no example of %s has it", commands[i]->name);
	}
}
END_TEST

/* A command in `backquotes` may leave arguments out. */
START_TEST(commands_in_texts_exist)
{
	size_t count = 0;

	for (size_t i = 0; commands[i]; i++) {
		const char *text = commands[i]->details;

		while ((text = strstr(text, "`subank "))) {
			char line[256];

			/* It may also leave out the value of an option. */
			(void)snprintf(line, sizeof(line), "%.*s x", (int)strcspn(text + 1, "`"),
				       text + 1);
			(void)check_line(line, false);
			text++;
			count++;
		}
	}
	ck_assert_uint_ge(count, 10);
}
END_TEST

/* Commands on lines of their own; a # begins a comment, and a > is for the shell. */
START_TEST(commands_of_the_readme_can_be_typed)
{
	static const char *const before[] = {"sudo -u slurm ", "sudo ", "$ "};
	const char *source = getenv("srcdir");
	char name[512], *text, *rest, *line;
	size_t len, count = 0;

	(void)snprintf(name, sizeof(name), "%s/README.md", source ? source : ".");
	rest = text = util_read_file(name, &len);
	while ((line = strsep(&rest, "\n"))) {
		char *end = strstr(line, " #"), *date;

		if (strncmp(line, "    ", 4) != 0)
			continue;
		line += 4;
		for (size_t i = 0; i < COUNT(before); i++) {
			if (strncmp(line, before[i], strlen(before[i])) == 0) {
				line += strlen(before[i]);
				break;
			}
		}
		if (strncmp(line, "subank ", 7) != 0)
			continue;
		if (end)
			*end = '\0';
		end = strstr(line, " >");
		if (end)
			*end = '\0';
		if ((date = strstr(line, "$(date +%F)")))
			memset(date, 'x', strlen("$(date +%F)"));
		(void)check_line(line, true);
		count++;
	}
	free(text);
	ck_assert_uint_ge(count, 30);
}
END_TEST

START_TEST(words_of_options_and_arguments_are_offered)
{
	OFFERS_ONLY("csv\n", "export", "--format", "c");
	OFFERS_ONLY("--format=csv\n", "export", "--format=c");
	OFFERS_ONLY(":files\n", "export", "");
	OFFERS_ONLY(":folders\n", "backup", "/tm");
	OFFERS_ONLY(":folders\n", "balance", "-b", "");
	OFFERS_ONLY(":folders\n", "-b", "");
	OFFERS_ONLY(":files\n", "--config=");
	OFFERS_ONLY("deposit,charge\n", "journal", "--kind", "deposit,ch");
	OFFERS_ONLY("limit\n", "terms", "x", "--enforce", "l");
	OFFERS_ONLY("all\n", "withdraw", "bio", "");
	OFFERS_ONLY("all\n", "refund", "4711", "");
	OFFERS_NOTHING("deposit", "bio", "");
	OFFERS_NOTHING("deposit", "bio", "1", "");
	OFFERS_NOTHING("deposit", "bio", "1", "--note", "");
	OFFERS_NOTHING("nosuch", "");
	OFFERS_NOTHING("nosuch", "de");
	OFFERS_NOTHING("xyz");
	OFFERS_NOTHING("complete", "--nosuch");
}
END_TEST

START_TEST(accounts_and_clusters_come_from_the_bank)
{
	(void)fake_account("dev", "bio");
	(void)fake_account("dev", "chem");
	DONE("opened", "open", "bio", "10");
	DONE("opened", "open", "chem", "10");
	OFFERS_ONLY("bio\nchem\n", "deposit", "");
	OFFERS_ONLY("bio\n", "deposit", "--note", "chem", "b");
	OFFERS_ONLY("chem\n", "transfer", "bio", "ch");
	OFFERS_ONLY("chem\n", "transfer", "bio", "");
	OFFERS_ONLY("chem\n", "balance", "bio", "");
	OFFERS_NOTHING("nosuch", "transfer", "bio", "");
	OFFERS_ONLY("bio,bio\nbio,chem\n", "balance", "-A", "bio,");
	OFFERS_ONLY("month,partition\n", "usage", "--by", "month,p");
	OFFERS_ONLY("--accounts=bio,chem\n", "balance", "--accounts=bio,c");
	OFFERS_ONLY("dev\n", "check", "-M", "");
	OFFERS_ONLY("bio\n", "-b", bank_folder, "deposit", "b");
	OFFERS_NOTHING("-b", "/nowhere", "deposit", "b");
	OFFERS_NOTHING("deposit", "b", "--bank=/nowhere", "-A");
}
END_TEST

START_TEST(without_a_bank_it_is_silent)
{
	ck_assert_int_eq(setenv("SUBANK_BANK", "/nowhere", 1), 0);
	OFFERS_NOTHING("deposit", "");
	set_settings("nonsense");
	OFFERS_NOTHING("deposit", "");
	OFFERS_NOTHING("check", "-M", "");
	OFFERS("deposit", "dep");
}
END_TEST

START_TEST(help_does_not_list_it)
{
	DONE("Verbs:", "help");
	ck_assert_ptr_null(strstr(out, "complete"));
	GIVES(2, NULL, "there is no verb 'complet'", "complet");
	ck_assert_ptr_null(strstr(err, "'complete'"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("complete");
	TCase *tcase = tcase_create("complete");

	tcase_add_checked_fixture(tcase, drive_setup, drive_teardown);
	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_test(tcase, every_verb_and_every_option_is_offered);
	tcase_add_test(tcase, every_verb_has_the_texts_of_help_and_manual);
	tcase_add_test(tcase, help_lists_every_column);
	tcase_add_test(tcase, see_also_names_verbs);
	tcase_add_test(tcase, every_example_can_be_typed);
	tcase_add_test(tcase, commands_in_texts_exist);
	tcase_add_test(tcase, commands_of_the_readme_can_be_typed);
	tcase_add_test(tcase, words_of_options_and_arguments_are_offered);
	tcase_add_test(tcase, accounts_and_clusters_come_from_the_bank);
	tcase_add_test(tcase, without_a_bank_it_is_silent);
	tcase_add_test(tcase, help_does_not_list_it);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
