/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of verbs. A verb is one file cmd_NAME.c with one struct command in it, and one line in
 * commands.c; its help and its parser come from that struct. */
#ifndef SUBANK_CMD_COMMAND_H
#define SUBANK_CMD_COMMAND_H

#include <stdio.h>

#include "cmd/env.h"

struct option_spec {
	const char *name; /* without the dashes; NULL ends a table */
	char letter; /* 0: none */
	const char *argument; /* what stands for its value in the help; NULL: takes none */
	const char *help;
};

/* What the frame provides, and which groups of options the verb has. */
enum command_flags {
	CMD_READ = 1 << 0, /* the bank, open for reading */
	CMD_WRITE = 1 << 1, /* the bank, open for writing */
	CMD_ENTER = 1 << 2, /* makes entries: --ref --note --no-apply -M */
	CMD_LIST = 1 << 3, /* prints a table: -n -P -p -o -A --json */
	CMD_SLURM = 1 << 4, /* asks Slurm: -M */
	CMD_ASK = 1 << 5, /* asks before it acts: -i */
	CMD_BARE = 1 << 6, /* works without settings and bank */
	CMD_CHANGES = 1 << 7, /* opens the bank itself, and writes */
	CMD_BARE_WITH_FILE = 1 << 8, /* without settings and bank when it is given an argument */
};

struct command {
	const char *name;
	const char *arguments; /* "ACCOUNT SU", for the help */
	const char *summary; /* one line, no full stop */
	const char *details; /* paragraphs for --help */
	int min_args;
	int max_args; /* -1: any number */
	unsigned flags;
	const struct option_spec *options; /* its own; NULL: none */
	int (*run)(struct env *env, int argc, const char *const argv[]); /* exit status */
};

extern const struct command *const commands[]; /* NULL after the last */

/* NULL when there is none. */
const struct command *command_find(const char *name);

/* "did you mean": the verb closest to [name], or NULL when none is close. */
const char *command_nearest(const char *name);

/* The help of one verb, or of the program. */
void command_help(FILE *out, const struct command *command);
void program_help(FILE *out);

/* Runs the program: parses [argv] and runs the verb that it names. Flushes env->out and says so if
 * that failed. Returns the exit status. */
int subank(struct env *env, int argc, char *argv[]);

#endif
