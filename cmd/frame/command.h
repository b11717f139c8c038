/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of verbs. A verb is one file, cmd/verbs/NAME.c, with one struct command, and one line
 * in Makefile.am. Its parser, help, manual page and shell completion are made from the struct. */
#pragma once

#include <stdio.h>

#include "cmd/frame/env.h"

struct option_spec {
	const char *name; /* without the dashes; NULL ends a table */
	char letter; /* 0: none */
	const char *argument; /* a placeholder for its value (argument.h); NULL: it has no value */
	const char *help;
};

/* What the frame does for a verb, and the groups of options that the verb has. */
enum command_flags {
	CMD_READ = 1 << 0, /* opens the bank for reading */
	CMD_WRITE = 1 << 1, /* opens the bank for writing */
	CMD_RECORD = 1 << 2, /* records entries: --ref --note --no-apply -M */
	CMD_LIST = 1 << 3, /* prints a table: -n -P -p -o -A --json */
	CMD_SLURM = 1 << 4, /* runs Slurm's commands: -M */
	CMD_ASK = 1 << 5, /* asks before it acts: -i */
	CMD_BARE = 1 << 6, /* needs neither settings nor bank */
	CMD_CHANGES = 1 << 7, /* opens the bank itself, for writing */
	CMD_BARE_WITH_FILE = 1 << 8, /* needs neither settings nor bank if it has an argument */
	CMD_HIDDEN = 1 << 9, /* for programs: help does not list it */
	CMD_MAKES_SETTINGS = 1 << 10, /* the file of --config need not exist */
	CMD_PUBLISHED = 1 << 11, /* shows the published balances to users who cannot open the bank;
				    env->bank is then NULL */
	CMD_PUBLISHES = 1 << 12, /* publishes balances itself, and logs its results */
	CMD_SORT = 1 << 13, /* can sort its table: --sort */
	CMD_RAW = 1 << 14, /* its options precede its arguments, and the first word that is none of
			      them is an argument even if it begins with '-' */
	CMD_MAY_READ = 1 << 15, /* opens the bank for reading if this user can; otherwise env->bank
				   is NULL */
	CMD_PUBLISHED_OWN = 1 << 16, /* the same as CMD_PUBLISHED, under `publish: own` alone */
};

struct example {
	const char *line; /* "subank deposit ..."; NULL ends a table */
	const char *what; /* its purpose; NULL: obvious */
};

struct command {
	const char *name;
	const char *arguments; /* "ACCOUNT SU" (argument.h) */
	const char *synopsis; /* of [arguments], where these are hard to read; NULL: they are not */
	const char *summary; /* one line, no full stop */
	const char *details; /* paragraphs (prose.h) */
	const char *problems; /* the meaning of exit status 3, no full stop; NULL: it does not
				 occur, or has the meaning that all verbs with CMD_RECORD share */
	const struct example *examples;
	const char *see_also; /* other verbs, separated by spaces; NULL: none */
	int min_args;
	int max_args; /* -1: any number */
	unsigned flags;
	const struct option_spec *options; /* its own; NULL: none */
	bool (*only_reads)(
		const struct env *env); /* with CMD_WRITE: returns true if the options ask for no
					   change; NULL: the verb always changes something */
	bool (*without_bank)(
		const struct env *env); /* with CMD_READ: returns true if the options ask for
					   nothing in the bank, and env->bank is then NULL; NULL:
					   the verb always needs the bank */
	int (*run)(struct env *env, int argc, const char *const argv[]); /* exit status */
};

/* Returns how people read the arguments. */
static inline const char *command_synopsis(const struct command *command)
{
	return command->synopsis ? command->synopsis : command->arguments;
}

enum { MAX_VERBS = 64 };
extern const struct command *const commands[]; /* in the order of the help; NULL after the last */

/* Returns the meaning of exit status 3; NULL if it does not occur. */
const char *command_problems(const struct command *command);

struct exit_status {
	int status;
	const char *meaning; /* NULL after the last */
};
extern const struct exit_status exit_statuses[];

/* Returns NULL when there is no such verb. */
const struct command *command_find(const char *name);

/* Returns the verb that a mistyped [name] may mean; NULL when none is close. */
const char *command_nearest(const char *name);
