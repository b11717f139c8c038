/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of verbs. A verb is one file cmd_NAME.c with one struct command in it, and its line in
 * Makefile.am. Its parser, its help, its page of the manual and what shells complete come from that
 * struct. */
#ifndef SUBANK_CMD_FRAME_COMMAND_H
#define SUBANK_CMD_FRAME_COMMAND_H

#include <stdio.h>

#include "cmd/frame/env.h"

struct option_spec {
	const char *name; /* without the dashes; NULL ends a table */
	char letter; /* 0: none */
	const char *argument; /* what stands for its value (argument.h); NULL: takes none */
	const char *help;
};

/* What the frame provides, and which groups of options the verb has. */
enum command_flags {
	CMD_READ = 1 << 0, /* the bank, open for reading */
	CMD_WRITE = 1 << 1, /* the bank, open for writing */
	CMD_RECORD = 1 << 2, /* makes entries: --ref --note --no-apply -M */
	CMD_LIST = 1 << 3, /* prints a table: -n -P -p -o -A --json */
	CMD_SLURM = 1 << 4, /* asks Slurm: -M */
	CMD_ASK = 1 << 5, /* asks before it acts: -i */
	CMD_BARE = 1 << 6, /* works without settings and bank */
	CMD_CHANGES = 1 << 7, /* opens the bank itself, and writes */
	CMD_BARE_WITH_FILE = 1 << 8, /* without settings and bank when it is given an argument */
	CMD_HIDDEN = 1 << 9, /* for programs, not for people: no help names it */
	CMD_MAKES_SETTINGS = 1 << 10, /* the file of --config need not be there */
	CMD_PUBLISHED = 1 << 11, /* whoever may not look into the bank sees what it publishes: the
				    bank is then NULL */
	CMD_PUBLISHES = 1 << 12, /* publishes by itself, and says what it did also to the log */
};

struct example {
	const char *line; /* "subank deposit ..."; NULL ends a table */
	const char *what; /* what it is for; NULL: that is plain */
};

struct command {
	const char *name;
	const char *arguments; /* "ACCOUNT SU" (argument.h) */
	const char *summary; /* one line, no full stop */
	const char *details; /* paragraphs (prose.h) */
	const char *problems; /* what exit status 3 means, no full stop; NULL: it does not occur, or
				 is what CMD_RECORD means by it */
	const struct example *examples;
	const char *see_also; /* other verbs, with spaces between them; NULL: none */
	int min_args;
	int max_args; /* -1: any number */
	unsigned flags;
	const struct option_spec *options; /* its own; NULL: none */
	int (*run)(struct env *env, int argc, const char *const argv[]); /* exit status */
};

enum { MAX_VERBS = 64 };
extern const struct command *const commands[]; /* in the order of the help; NULL after the last */

/* What exit status 3 of the verb means; NULL: it does not occur. */
const char *command_problems(const struct command *command);

struct exit_status {
	int status;
	const char *meaning; /* NULL after the last */
};
extern const struct exit_status exit_statuses[];

/* NULL when there is none. */
const struct command *command_find(const char *name);

/* "did you mean": the verb closest to [name], or NULL when none is close. */
const char *command_nearest(const char *name);

#endif
