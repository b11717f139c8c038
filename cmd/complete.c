/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Completes a command line for shells: prints "WORD<tab>DESCRIPTION" for each word that could be at
 * the cursor, or ":files" or ":folders", which shells list themselves. Prints no errors and changes
 * nothing. The scripts of the shells are in cmd/shell/. */
#include <stdlib.h>
#include <string.h>

#include "cmd/frame/argument.h"
#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/show/known_clusters.h"
#include "cmd/subank.h"
#include "ledger/account/event.h"

struct line {
	struct env *env;
	const struct command *command; /* NULL: the line has no verb yet */
	const char *bank, *config; /* of the line; NULL: the default */
	int arguments; /* their number before the cursor; -1: the line's verb does not exist */
	const char **given; /* these arguments */
	bool fresh; /* do not offer the given arguments again */
	const char *last; /* the word at the cursor, as far as it was typed */
	const char *kept; /* the part of it that stays: "--format=", "bio," */
	size_t kept_len;
	const char *part; /* the part to complete */
};

static void offer(const struct line *line, const char *word, const char *what)
{
	if (strncmp(word, line->part, strlen(line->part)) != 0)
		return;
	for (int i = 0; line->fresh && i < line->arguments; i++) {
		if (strcmp(line->given[i], word) == 0)
			return;
	}
	fprintf(line->env->os.out, "%.*s%s%s%s\n", (int)line->kept_len, line->kept, word,
		what ? "\t" : "", what ? what : "");
}

/* Offers each word of [text]. */
static void offer_each(const struct line *line, const char *text)
{
	char *copy = strdup(text), *rest = copy, *word;

	while (copy && (word = strsep(&rest, " \n"))) {
		if (*word)
			offer(line, word, NULL);
	}
	free(copy);
}

/* Programs are not run: a user who pressed a key does not wait for Slurm. */
static int refuse_run(const char *const argv[], int deadline_ms, struct run_result *ret,
		      struct sb_error *err)
{
	(void)argv;
	(void)deadline_ms;
	(void)ret;
	return sb_error_set(err, SB_EMISSING, "not run");
}

static int refuse_lines(const char *const argv[], const char *const env[], int deadline_ms,
			const struct line_sink *sink, struct run_result *ret, struct sb_error *err)
{
	(void)env;
	(void)sink;
	return refuse_run(argv, deadline_ms, ret, err);
}

static int refuse_run_with(const char *const argv[], const void *input, size_t len, int deadline_ms,
			   struct run_result *ret, struct sb_error *err)
{
	(void)input;
	(void)len;
	return refuse_run(argv, deadline_ms, ret, err);
}

/* Runs a verb that reads the bank, and offers the words that it prints. */
static void offer_from_bank(const struct line *line, const char *const verb[])
{
	enum { WORDS_MAX = 12 };
	const char *argv[WORDS_MAX + 1] = {"subank"};
	struct env inner = *line->env;
	char *text = NULL;
	size_t len, count = 1;

	if (line->bank) {
		argv[count++] = "--bank";
		argv[count++] = line->bank;
	}
	if (line->config) {
		argv[count++] = "--config";
		argv[count++] = line->config;
	}
	while (*verb)
		argv[count++] = *verb++;
	inner.os.out = open_memstream(&text, &len);
	inner.os.err = fopen("/dev/null", "we");
	inner.os.log = NULL;
	inner.os.run = refuse_run;
	inner.os.lines = refuse_lines;
	inner.os.run_with = refuse_run_with;
	if (inner.os.out && inner.os.err) {
		/* getopt permutes the words but does not write to them. */
		(void)subank(&inner, (int)count, (char **)(uintptr_t)argv);
		offer_each(line, text);
	}
	if (inner.os.out)
		(void)fclose(inner.os.out);
	if (inner.os.err)
		(void)fclose(inner.os.err);
	free(text);
}

static void offer_verbs(const struct line *line)
{
	for (size_t i = 0; commands[i]; i++) {
		if (!(commands[i]->flags & CMD_HIDDEN))
			offer(line, commands[i]->name, commands[i]->summary);
	}
}

static void offer_values(struct line *line, const struct argument *argument)
{
	static const char *const accounts[] = {
		"balance", "-nP", "-o", "Account", "--resource", RESOURCE_BILLING, NULL};
	static const char *const clusters[] = {"complete", NULL};
	static const char *const resources[] = {"complete", "--resources", NULL};
	const char *comma = argument->list ? strrchr(line->part, ',') : NULL;

	if (comma) {
		line->kept_len = (size_t)(comma + 1 - line->kept);
		line->part = comma + 1;
	}
	switch (argument->from) {
	case FROM_NOWHERE:
		break;
	case FROM_WORDS:
		offer_each(line, argument->words);
		break;
	case FROM_KINDS:
		for (int kind = 1; kind < EVENT_KIND_END; kind++) {
			if (event_kinds[kind].name)
				offer(line, event_kinds[kind].name, NULL);
		}
		break;
	case FROM_VERBS:
		offer_verbs(line);
		break;
	case FROM_ACCOUNTS:
		offer_from_bank(line, accounts);
		break;
	case FROM_CLUSTERS:
		offer_from_bank(line, clusters);
		break;
	case FROM_RESOURCES:
		offer_each(line, argument->words);
		offer_from_bank(line, resources);
		break;
	case FROM_FILES:
		fprintf(line->env->os.out, ":files\n");
		break;
	case FROM_FOLDERS:
		fprintf(line->env->os.out, ":folders\n");
		break;
	}
}

/* Offers the values that an argument in a table, such as "SU|all", may have. */
static void offer_any(struct line *line, const char *text, size_t len)
{
	char copy[64];
	const char *rest = copy, *word;
	size_t word_len;

	(void)snprintf(copy, sizeof(copy), "%.*s", (int)len, text);
	while ((word_len = argument_word(&rest, &word)) > 0) {
		const struct argument *argument = argument_find(word, word_len);

		if (argument)
			offer_values(line, argument);
		else if (!argument_is_value(word))
			offer_each(line, strndupa(word, word_len));
	}
}

/* Offers the argument at the cursor, from a text such as "ACCOUNT [SU]"; "ACCOUNT..." repeats. */
static void offer_argument(struct line *line)
{
	const char *at = line->command->arguments;
	size_t len = strcspn(at, " ");

	for (int i = 0; i < line->arguments; i++) {
		if (at[len]) {
			at += len + 1;
			len = strcspn(at, " ");
		} else if (!strstr(at, "...")) {
			return;
		}
	}
	line->fresh = true;
	offer_any(line, at, len);
}

static void offer_options(const struct line *line)
{
	const struct option_spec *options[OPTIONS_MAX];
	size_t count = options_of(line->command, options);
	char text[64];

	for (size_t i = 0; i < count; i++) {
		(void)snprintf(text, sizeof(text), "--%s", options[i]->name);
		offer(line, text, options[i]->help);
	}
}

/* Returns the option [word] if its value is the next word; else NULL. */
static const struct option_spec *waiting_option(const struct command *command, const char *word)
{
	const struct option_spec *options[OPTIONS_MAX];
	size_t count = options_of(command, options), len = strlen(word);

	if (len < 2 || word[0] != '-')
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (!options[i]->argument)
			continue;
		if (word[1] == '-' ? strcmp(word + 2, options[i]->name) == 0
				   : option_letter(command, options[i]) &&
					     word[len - 1] == options[i]->letter)
			return options[i];
	}
	return NULL;
}

/* Returns the option of a [word] "--name=value"; else NULL. */
static const struct option_spec *given_option(const struct command *command, const char *word)
{
	const char *equals = strchr(word, '=');

	return strncmp(word, "--", 2) == 0 && equals
		       ? waiting_option(command, strndupa(word, (size_t)(equals - word)))
		       : NULL;
}

static void keep_value(struct line *line, const struct option_spec *option, const char *value)
{
	if (strcmp(option->name, "bank") == 0)
		line->bank = value;
	if (strcmp(option->name, "config") == 0)
		line->config = value;
}

/* Reads the words before the cursor, and ignores errors in them. Returns the option whose value is
 * at the cursor, or NULL. */
static const struct option_spec *read_words(struct line *line, int count, const char *const words[])
{
	const struct option_spec *waiting = NULL, *given;

	for (int i = 0; i < count; i++) {
		if (waiting) {
			keep_value(line, waiting, words[i]);
			waiting = NULL;
		} else if ((given = given_option(line->command, words[i]))) {
			keep_value(line, given, strchr(words[i], '=') + 1);
		} else if (words[i][0] == '-' && words[i][1]) {
			waiting = waiting_option(line->command, words[i]);
		} else if (!line->command && line->arguments == 0) {
			line->command = command_find(words[i]);
			if (!line->command)
				line->arguments = -1;
		} else if (line->command) {
			line->given[line->arguments++] = words[i];
		}
	}
	return waiting;
}

static int complete_line(struct env *env, int argc, const char *const argv[])
{
	struct line line = {.env = env,
			    .bank = option(env, "bank"),
			    .config = option(env, "config"),
			    .given = calloc((size_t)argc, sizeof(*line.given)),
			    .last = argv[argc - 1]};
	const struct option_spec *waiting, *given;

	if (!line.given)
		return EXIT_DONE;
	waiting = read_words(&line, argc - 1, argv);
	given = given_option(line.command, line.last);
	line.kept = line.part = line.last;
	if (waiting) {
		offer_any(&line, waiting->argument, strlen(waiting->argument));
	} else if (given) {
		line.part = strchr(line.last, '=') + 1;
		line.kept_len = (size_t)(line.part - line.kept);
		offer_any(&line, given->argument, strlen(given->argument));
	} else if (line.last[0] == '-') {
		offer_options(&line);
	} else if (line.command) {
		offer_argument(&line);
	} else if (line.arguments == 0) {
		offer_verbs(&line);
	}
	free(line.given);
	return EXIT_DONE;
}

static int print_clusters(struct books *books, void *ctx, struct sb_error *err)
{
	const struct env *env = ctx;
	const char **known;
	int rc = clusters_known(env, books, &known, err);

	if (rc)
		return rc;
	for (const char **at = known; *at; at++)
		fprintf(env->os.out, "%s\n", *at);
	free(known);
	return SB_OK;
}

/* Whether the list of words, separated by spaces, has the word. */
static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; (at = strstr(at, word)); at += len) {
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	}
	return false;
}

/* Prints the resources of the bank, except those that completion always offers. */
static int print_resources(struct books *books, void *ctx, struct sb_error *err)
{
	const struct argument *argument = argument_find("TRES", strlen("TRES"));
	const struct env *env = ctx;
	struct resources resources;

	TRY(books_resources(books, &resources, err));
	for (size_t i = 0; i < resources.count; i++) {
		if (!has_word(argument->words, resources.list[i]) &&
		    !resource_user(resources.list[i]))
			fprintf(env->os.out, "%s\n", resources.list[i]);
	}
	resources_release(&resources);
	return SB_OK;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct sb_error err;

	if (argc > 0)
		return complete_line(env, argc, argv);
	if (bank_read(env->bank, env->os.now(),
		      option(env, "resources") ? print_resources : print_clusters, env, &err))
		return fail(env, &err);
	return EXIT_DONE;
}

static const struct example examples[] = {
	{"subank complete -- deposit \"\"", "what may follow deposit: accounts"},
	{NULL, NULL},
};

static const struct option_spec options_of_complete[] = {
	{"resources", 0, NULL, "print resources instead of clusters"},
	{NULL, 0, NULL, NULL},
};

const struct command cmd_complete = {
	.name = "complete",
	.arguments = "[TEXT...]",
	.summary = "complete a command line, for shells",
	.details = "TEXT is each word after `subank`; the last one is to be completed. Without "
		   "TEXT it prints the clusters of the settings and the bank or, with "
		   "--resources, resources that accounts have budgets of, except common ones.",
	.examples = examples,
	.max_args = -1,
	.options = options_of_complete,
	.flags = CMD_HIDDEN | CMD_READ | CMD_BARE_WITH_FILE,
	.run = run,
};
