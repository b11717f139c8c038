/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/frame/options.h"

#include <assert.h>
#include <ctype.h>
#include <getopt.h>
#include <string.h>

#include "ledger/base/nearest.h"

/* The options of every verb; they may also precede it. */
static const struct option_spec common[] = {
	{"bank", 'b', "DIR", "the bank's folder (or $SUBANK_BANK, or the settings)"},
	{"config", 'c', "FILE", "the settings (" DEFAULT_SETTINGS ")"},
	{"seconds", 0, NULL, "print billing-seconds instead of SU (1 SU is 3600)"},
	{"quiet", 'Q', NULL, "print errors only"},
	{"verbose", 'v', NULL, "print the commands of Slurm that are run"},
	{"help", 'h', NULL, "print this help"},
	{"version", 'V', NULL, "print the versions of subank and LMDB"},
	{NULL, 0, NULL, NULL},
};

static const struct option_spec recording[] = {
	{"ref", 0, "REF", "a name for the request: a retry records nothing"},
	{"note", 0, "TEXT", "why, for the journal"},
	{"no-apply", 0, NULL, "leave Slurm to the next check"},
	{NULL, 0, NULL, NULL},
};

static const struct option_spec listing[] = {
	{"accounts", 'A', "ACCOUNTS", "these accounts, separated by commas"},
	{"noheader", 'n', NULL, "leave out the header"},
	{"parsable2", 'P', NULL, "columns separated by '|', which in a text becomes '/'"},
	{"parsable", 'p', NULL, "the same with a '|' at the end"},
	{"format", 'o', "COLUMNS", "these columns, separated by commas"},
	{"json", 0, NULL, "print JSON"},
	{"csv", 0, NULL, "print CSV: all columns, amounts in billing-seconds"},
	{"unit", 0, "UNIT", "of amounts in JSON and CSV: seconds (default) or su"},
	{"color", 0, "WHEN", "colours: auto (on a terminal), always, never"},
	{NULL, 0, NULL, NULL},
};

static const struct option_spec sorting[] = {
	{"sort", 0, "COLUMNS", "sort by these columns; -COLUMN: the largest first"},
	{NULL, 0, NULL, NULL},
};

static const struct option_spec slurm[] = {
	{"clusters", 'M', "CLUSTERS", "these clusters instead of those in the settings"},
	{NULL, 0, NULL, NULL},
};

static const struct option_spec asking[] = {
	{"immediate", 'i', NULL, "do not ask"},
	{NULL, 0, NULL, NULL},
};

/* The groups: a verb with one of the flags has the options. */
static const struct {
	unsigned flags;
	const struct option_spec *options;
} groups[] = {
	{CMD_RECORD, recording},	 {CMD_LIST, listing}, {CMD_SORT, sorting},
	{CMD_SLURM | CMD_RECORD, slurm}, {CMD_ASK, asking},
};

static size_t add_table(const struct option_spec *table, size_t count,
			const struct option_spec *ret[OPTIONS_MAX])
{
	for (; table && table->name; table++) {
		assert(count < OPTIONS_MAX);
		ret[count++] = table;
	}
	return count;
}

size_t options_of(const struct command *command, const struct option_spec *ret[OPTIONS_MAX])
{
	size_t count = 0;

	if (command)
		count = add_table(command->options, count, ret);
	for (size_t i = 0; command && i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (command->flags & groups[i].flags)
			count = add_table(groups[i].options, count, ret);
	}
	return add_table(common, count, ret);
}

/* Returns the index of an option, or the number of options if the command does not have it. */
static size_t find_option(const struct command *command, const char *name, size_t *ret_count)
{
	const struct option_spec *options[OPTIONS_MAX];
	size_t i = 0;

	*ret_count = options_of(command, options);
	while (i < *ret_count && strcmp(options[i]->name, name) != 0)
		i++;
	return i;
}

size_t option_place(const struct command *command, const char *name)
{
	size_t count, i = find_option(command, name, &count);

	assert(i < count);
	return i;
}

const char *option_if_known(const struct env *env, const char *name)
{
	size_t count, i = find_option(env->command, name, &count);

	return i < count ? option(env, name) : NULL;
}

/* getopt gives this and the index for a long option, a letter for a short one. */
enum { LONG = 256 };

/* Makes getopt's tables from ours. */
static void make_tables(const struct option_spec *const options[], size_t count, bool stop,
			struct option longs[OPTIONS_MAX + 1], char shorts[2 * OPTIONS_MAX + 3])
{
	char *s = shorts;

	if (stop)
		*s++ = '+';
	*s++ = ':';
	for (size_t i = 0; i < count; i++) {
		bool takes = options[i]->argument;

		longs[i] = (struct option){.name = options[i]->name,
					   .has_arg = takes ? required_argument : no_argument,
					   .val = (int)(LONG + i)};
		if (options[i]->letter) {
			*s++ = options[i]->letter;
			if (takes)
				*s++ = ':';
		}
	}
	longs[count] = (struct option){0};
	*s = '\0';
}

static int unknown(const struct option_spec *const options[], size_t count, const char *given,
		   struct sb_error *err)
{
	const char *names[OPTIONS_MAX + 1] = {NULL};
	const char *close;
	char name[64];

	if (given[0] == '-' && isdigit((unsigned char)given[1]))
		return sb_error_set(err, SB_EINVAL,
				    "there is no option '%s': amounts are positive, and `subank "
				    "withdraw` takes SU out",
				    given);
	for (size_t i = 0; i < count; i++)
		names[i] = options[i]->name;
	(void)snprintf(name, sizeof(name), "%s", given);
	name[strcspn(name, "=")] = '\0';
	close = strncmp(name, "--", 2) == 0 ? nearest(name + 2, names) : NULL;
	return sb_error_set(err, SB_EINVAL, "there is no option '%s'%s%s%s", name,
			    close ? ": did you mean '--" : "; --help lists them",
			    close ? close : "", close ? "'?" : "");
}

/* The error that getopt found. optopt is a letter, LONG and the index of a long option whose value
 * is wrong, or 0 for an unknown long one. */
static int getopt_error(const struct option_spec *const options[], size_t count, int found,
			const char *given, struct sb_error *err)
{
	char letter[3] = {'-', (char)optopt};

	if (optopt >= LONG)
		return sb_error_set(err, SB_EINVAL, "option '--%s' %s",
				    options[optopt - LONG]->name,
				    found == '?' ? "takes no value" : "needs a value");
	if (found == '?')
		return unknown(options, count, optopt ? letter : given, err);
	return sb_error_set(err, SB_EINVAL, "option '%s' needs a value", letter);
}

/* Whether the long option was written in full. */
static bool in_full(const char *given, const char *name)
{
	size_t len = strlen(name);

	return strncmp(given, "--", 2) == 0 && strncmp(given + 2, name, len) == 0 &&
	       (given[2 + len] == '\0' || given[2 + len] == '=');
}

char option_letter(const struct command *command, const struct option_spec *spec)
{
	return command && command->flags & CMD_RAW && spec->argument ? '\0' : spec->letter;
}

/* Returns the index of the option that [word] names, or [count]. */
static size_t find_raw(const struct command *command, const struct option_spec *const options[],
		       size_t count, const char *word)
{
	size_t i = 0;

	while (i < count && !in_full(word, options[i]->name) &&
	       !(word[0] == '-' && word[1] && word[1] == option_letter(command, options[i]) &&
		 !word[2]))
		i++;
	return i;
}

/* Reads the options of a verb with CMD_RAW. */
static int read_raw(const struct command *command, int argc, char *argv[],
		    const char *values[OPTIONS_MAX], int *ret_count, struct sb_error *err)
{
	const struct option_spec *options[OPTIONS_MAX];
	const size_t count = options_of(command, options);
	int at;

	for (at = 1; at < argc; at++) {
		const size_t place = find_raw(command, options, count, argv[at]);
		const char *equals = strchr(argv[at], '=');

		if (place == count)
			break;
		if (!options[place]->argument && equals)
			return sb_error_set(err, SB_EINVAL, "option '--%s' takes no value",
					    options[place]->name);
		if (options[place]->argument && !equals && at + 1 == argc)
			return sb_error_set(err, SB_EINVAL, "option '--%s' needs a value",
					    options[place]->name);
		values[place] = !options[place]->argument ? "" : equals ? equals + 1 : argv[++at];
	}
	*ret_count = at;
	return SB_OK;
}

int options_read(const struct command *command, int argc, char *argv[],
		 const char *values[OPTIONS_MAX], int *ret_count, struct sb_error *err)
{
	const struct option_spec *options[OPTIONS_MAX];
	struct option longs[OPTIONS_MAX + 1];
	char shorts[2 * OPTIONS_MAX + 3];
	size_t count = options_of(command, options);
	int found;

	if (command && command->flags & CMD_RAW)
		return read_raw(command, argc, argv, values, ret_count, err);
	make_tables(options, count, !command, longs, shorts);
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((found = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const char *given = argv[optind - 1];
		size_t place = 0;

		if (found == '?' || found == ':')
			return getopt_error(options, count, found, given, err);
		while (found != (int)(LONG + place) && found != options[place]->letter)
			place++;
		/* The value may be an argument of its own. */
		if (optarg == given && optind >= 2)
			given = argv[optind - 2];
		if (found >= LONG && !in_full(given, options[place]->name))
			return unknown(options, count, given, err);
		values[place] = optarg ? optarg : "";
	}
	*ret_count = optind;
	return SB_OK;
}

void options_help(FILE *out, const struct command *command)
{
	const struct option_spec *options[OPTIONS_MAX];
	size_t count = options_of(command, options);

	for (size_t i = 0; i < count; i++) {
		const struct option_spec *spec = options[i];
		char letter[] = "   ", left[64];

		if (option_letter(command, spec))
			(void)snprintf(letter, sizeof(letter), "-%c,", spec->letter);
		(void)snprintf(left, sizeof(left), "%s --%s%s%s", letter, spec->name,
			       spec->argument ? " " : "", spec->argument ? spec->argument : "");
		fprintf(out, "  %-24s %s\n", left, spec->help);
	}
}

const char *option(const struct env *env, const char *name)
{
	return env->values[option_place(env->command, name)];
}

bool prints_for_people(const struct env *env)
{
	return !option(env, "json") && !option(env, "csv") && !option(env, "parsable") &&
	       !option(env, "parsable2");
}
