/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What could stand where the cursor is, for shells. It prints "WORD<tab>WHAT IT IS" for each, or
 * ":files" or ":folders", which shells find better themselves. Says nothing where it knows nothing
 * and where there is no bank, and changes nothing. The shells' parts are in cmd/shell/. */
#include "config.h"

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
	const struct command *command; /* NULL: the verb is not there yet */
	const char *bank, *config; /* that the line is about; NULL: the usual */
	int arguments; /* that stand before the cursor */
	const char **given; /* those */
	bool fresh; /* none of those again */
	const char *last; /* the word at the cursor, as far as it was typed */
	const char *kept; /* what of it stays: "--format=", "bio," */
	size_t kept_len;
	const char *part; /* the rest */
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

/* Each line of [text], or each word. */
static void offer_each(const struct line *line, const char *text)
{
	char *copy = strdup(text), *rest = copy, *word;

	while (copy && (word = strsep(&rest, " \n"))) {
		if (*word)
			offer(line, word, NULL);
	}
	free(copy);
}

/* Nobody waits at a key for Slurm, or for any program. */
static int not_asked(struct sb_error *err)
{
	return sb_error_set(err, SB_EMISSING, "not asked");
}

static int ask_nobody(const char *const argv[], int deadline_ms, struct run_result *ret,
		      struct sb_error *err)
{
	(void)argv;
	(void)deadline_ms;
	(void)ret;
	return not_asked(err);
}

static int ask_nobody_lines(const char *const argv[], const char *const env[], int deadline_ms,
			    const struct line_sink *sink, struct run_result *ret,
			    struct sb_error *err)
{
	(void)argv;
	(void)env;
	(void)deadline_ms;
	(void)sink;
	(void)ret;
	return not_asked(err);
}

static int tell_nobody(const char *const argv[], const void *input, size_t len, int deadline_ms,
		       struct run_result *ret, struct sb_error *err)
{
	(void)argv;
	(void)input;
	(void)len;
	(void)deadline_ms;
	(void)ret;
	return not_asked(err);
}

/* Runs a verb of ours that reads the bank, in silence, and offers what it prints. */
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
	inner.os.run = ask_nobody;
	inner.os.lines = ask_nobody_lines;
	inner.os.run_with = tell_nobody;
	if (inner.os.out && inner.os.err) {
		/* getopt moves the words, and leaves them as they are. */
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
	static const char *const accounts[] = {"balance", "-nP", "-o", "Account", NULL};
	static const char *const clusters[] = {"complete", NULL};
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
	case FROM_FILES:
		fprintf(line->env->os.out, ":files\n");
		break;
	case FROM_FOLDERS:
		fprintf(line->env->os.out, ":folders\n");
		break;
	}
}

/* What a text of a table stands for: "SU|all". */
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
		else if (!argument_stands_for_value(word))
			offer_each(line, strndupa(word, word_len));
	}
}

/* "ACCOUNT [SU]": what stands at the place of the cursor; the last of "ACCOUNT..." stays. */
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

/* The option that [word] is, if its value comes as the next word; NULL otherwise. */
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
				   : options[i]->letter && word[len - 1] == options[i]->letter)
			return options[i];
	}
	return NULL;
}

/* The option that [word], "--name=value", gives a value; NULL otherwise. */
static const struct option_spec *given_option(const struct command *command, const char *word)
{
	const char *equals = strchr(word, '=');

	return strncmp(word, "--", 2) == 0 && equals
		       ? waiting_option(command, strndupa(word, (size_t)(equals - word)))
		       : NULL;
}

static void note_value(struct line *line, const struct option_spec *option, const char *value)
{
	if (strcmp(option->name, "bank") == 0)
		line->bank = value;
	if (strcmp(option->name, "config") == 0)
		line->config = value;
}

/* Reads the words before the cursor; what they say wrong is nothing to us. Returns the option whose
 * value stands at the cursor, or NULL. */
static const struct option_spec *read_words(struct line *line, int count, const char *const words[])
{
	const struct option_spec *waiting = NULL, *given;

	for (int i = 0; i < count; i++) {
		if (waiting) {
			note_value(line, waiting, words[i]);
			waiting = NULL;
		} else if ((given = given_option(line->command, words[i]))) {
			note_value(line, given, strchr(words[i], '=') + 1);
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

static int run(struct env *env, int argc, const char *const argv[])
{
	struct sb_error err;

	if (argc > 0)
		return complete_line(env, argc, argv);
	return bank_read(env->bank, env->os.now(), print_clusters, env, &err) ? fail(env, &err)
									      : EXIT_DONE;
}

static const struct example examples[] = {
	{"subank complete -- deposit \"\"", "what could stand behind deposit: accounts"},
	{NULL, NULL},
};

const struct command cmd_complete = {
	.name = "complete",
	.arguments = "[TEXT...]",
	.summary = "what could stand at the end of a command line, for shells",
	.details = "TEXT is each word behind `subank`, and the last one is the one to complete. "
		   "Without TEXT it names the clusters that the settings and the bank know.",
	.examples = examples,
	.max_args = -1,
	.flags = CMD_HIDDEN | CMD_READ | CMD_BARE_WITH_FILE,
	.run = run,
};
