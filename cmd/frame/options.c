/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/frame/options.h"

#include <assert.h>
#include <ctype.h>
#include <getopt.h>
#include <string.h>

#include "ledger/base/nearest.h"

/* What every verb understands, also in front of it. */
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

static const struct option_spec entering[] = {
	{"ref", 0, "REF", "a name for the request: run twice, it is entered once"},
	{"note", 0, "TEXT", "why, for the journal"},
	{"no-apply", 0, NULL, "leave Slurm to the next check"},
	{NULL, 0, NULL, NULL},
};

static const struct option_spec listing[] = {
	{"accounts", 'A', "ACCOUNTS", "these accounts, with commas between them"},
	{"noheader", 'n', NULL, "leave out the header"},
	{"parsable2", 'P', NULL, "columns separated by '|', which in a text becomes '/'"},
	{"parsable", 'p', NULL, "the same with a '|' at the end"},
	{"format", 'o', "COLUMNS", "these columns, with commas between them"},
	{"json", 0, NULL, "print JSON"},
	{"csv", 0, NULL, "print CSV: all columns, amounts in billing-seconds"},
	{"color", 0, "WHEN", "colours: auto (on a terminal), always, never"},
	{NULL, 0, NULL, NULL},
};

static const struct option_spec asking_slurm[] = {
	{"clusters", 'M', "CLUSTERS", "these clusters instead of those in the settings"},
	{NULL, 0, NULL, NULL},
};

static const struct option_spec asking[] = {
	{"immediate", 'i', NULL, "do not ask"},
	{NULL, 0, NULL, NULL},
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
	unsigned flags = command ? command->flags : 0;
	size_t count = command ? add_table(command->options, 0, ret) : 0;

	if (flags & CMD_RECORD)
		count = add_table(entering, count, ret);
	if (flags & CMD_LIST)
		count = add_table(listing, count, ret);
	if (flags & (CMD_SLURM | CMD_RECORD))
		count = add_table(asking_slurm, count, ret);
	if (flags & CMD_ASK)
		count = add_table(asking, count, ret);
	return add_table(common, count, ret);
}

size_t option_place(const struct command *command, const char *name)
{
	const struct option_spec *options[OPTIONS_MAX];
	size_t count = options_of(command, options), i = 0;

	while (i < count && strcmp(options[i]->name, name) != 0)
		i++;
	assert(i < count);
	return i;
}

/* getopt's tables from ours. Long options give 256 + place. */
static void make_tables(const struct option_spec *const options[], size_t count, bool leading,
			struct option longs[OPTIONS_MAX + 1], char shorts[2 * OPTIONS_MAX + 3])
{
	char *s = shorts;

	if (leading)
		*s++ = '+';
	*s++ = ':';
	for (size_t i = 0; i < count; i++) {
		bool takes = options[i]->argument;

		longs[i] = (struct option){.name = options[i]->name,
					   .has_arg = takes ? required_argument : no_argument,
					   .val = (int)(256 + i)};
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
	const char *names[OPTIONS_MAX + 1];
	const char *close;
	char name[64];
	size_t len;

	if (given[0] == '-' && isdigit((unsigned char)given[1]))
		return sb_error_set(err, SB_EINVAL,
				    "there is no option '%s': amounts are positive, and `subank "
				    "withdraw` takes SU out",
				    given);
	for (size_t i = 0; i < count; i++)
		names[i] = options[i]->name;
	names[count] = NULL;
	len = strcspn(given, "=");
	(void)snprintf(name, sizeof(name), "%.*s", (int)(len < 63 ? len : 63), given);
	close = strncmp(name, "--", 2) == 0 ? nearest(name + 2, names) : NULL;
	return sb_error_set(err, SB_EINVAL, "there is no option '%s'%s%s%s", name,
			    close ? ": did you mean '--" : "; --help lists them",
			    close ? close : "", close ? "'?" : "");
}

/* Whether the long option was written in full. */
static bool in_full(const char *given, const char *name)
{
	size_t len = strlen(name);

	return strncmp(given, "--", 2) == 0 && strncmp(given + 2, name, len) == 0 &&
	       (given[2 + len] == '\0' || given[2 + len] == '=');
}

int options_read(const struct command *command, bool leading, int argc, char *argv[],
		 const char *values[OPTIONS_MAX], int *ret_count, struct sb_error *err)
{
	const struct option_spec *options[OPTIONS_MAX];
	struct option longs[OPTIONS_MAX + 1];
	char shorts[2 * OPTIONS_MAX + 3], letter[3] = "-?";
	size_t count = options_of(command, options);
	int found;

	make_tables(options, count, leading, longs, shorts);
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((found = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const char *given = argv[optind - 1];
		size_t place;

		if (found == '?' || found == ':') {
			/* optopt is a letter, or the val of a long option that is there, or 0. */
			if (optopt >= 256)
				return sb_error_set(err, SB_EINVAL, "option '--%s' %s",
						    options[optopt - 256]->name,
						    found == '?' ? "takes no value"
								 : "needs a value");
			letter[1] = (char)optopt;
			if (found == '?')
				return unknown(options, count, optopt ? letter : given, err);
			return sb_error_set(err, SB_EINVAL, "option '%s' needs a value", letter);
		}
		for (place = 0; place < count; place++) {
			if (found == (int)(256 + place) || found == options[place]->letter)
				break;
		}
		if (found >= 256) {
			/* The value may be an argument of its own. */
			if (optarg == given && optind >= 2)
				given = argv[optind - 2];
			if (!in_full(given, options[place]->name))
				return unknown(options, count, given, err);
		}
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
		char left[64];

		(void)snprintf(left, sizeof(left), "%c%c%s --%s%s%s", spec->letter ? '-' : ' ',
			       spec->letter ? spec->letter : ' ', spec->letter ? "," : " ",
			       spec->name, spec->argument ? " " : "",
			       spec->argument ? spec->argument : "");
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
