/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a verb is given. Everything that reaches outside (clock, Slurm, streams) is handed in, so
 * that tests drive verbs in their own process with a clock and a Slurm of their own. */
#ifndef SUBANK_CMD_FRAME_ENV_H
#define SUBANK_CMD_FRAME_ENV_H

#include <stdbool.h>
#include <stdio.h>

#include "cmd/frame/settings.h"
#include "cmd/frame/this_machine.h"
#include "ledger/books/books.h"
#include "slurm/slurm.h"

enum { DEFAULT_WIDTH = 80 };

/* Exit statuses; exit_statuses[] has what people are told of them. */
enum {
	EXIT_DONE = 0, /* a repeated --ref too */
	EXIT_REFUSED = 1, /* refused or failed; nothing was changed */
	EXIT_USAGE = 2, /* a malformed command line, amount, name or time */
	EXIT_PART = 3, /* done in part, or problems were found */
	EXIT_UNKNOWN = 4, /* the disk failed while committing */
	EXIT_UNTOLD = 5, /* done, and what it printed was lost: not to be run again */
	EXIT_SIGNAL = 128, /* never returned: what shells add the number of a signal to */
};

struct batch;
struct command;

/* What the operating system provides: streams, the clock, other programs. main() fills it in, and
 * so do tests with their own. */
struct os {
	FILE *in;
	FILE *out;
	FILE *err;
	bool in_is_terminal;
	bool out_is_terminal;
	int out_width; /* columns of the terminal; 0: DEFAULT_WIDTH */
	bool err_is_terminal;
	int64_t (*now)(void); /* microseconds, UTC */
	/* run_program() */
	int (*run)(const char *const argv[], int deadline_ms, struct run_result *ret,
		   struct sb_error *err);
	/* run_lines(), for long answers. */
	int (*lines)(const char *const argv[], const char *const env[], int deadline_ms,
		     const struct line_sink *sink, struct run_result *ret, struct sb_error *err);
	/* run_program_with(), for the notify command. */
	int (*run_with)(const char *const argv[], const void *input, size_t len, int deadline_ms,
			struct run_result *ret, struct sb_error *err);
	/* Logs a message of a verb that writes, escaped, with a priority of syslog(3); NULL: there
	 * is no log. */
	void (*log)(int priority, const char *text);
	/* this_machine() */
	const struct this_machine *(*here)(void);
	/* name_of_user(); NULL: users have no names */
	const char *(*user_name)(uint32_t uid);
};

/* What the user must know if the output is lost. */
struct result {
	int out_errno; /* why flush_out() could not write; 0: it could */
	struct entered entered; /* the entries that the verb has recorded */
	uint64_t receipt_seq; /* the entry that the receipt is about, */
	char receipt[1024]; /* and its text: "entry 12 was recorded (…)"; "": there is none */
	const char *stands; /* what was done that is no entry; NULL: nothing */
};

/* One run of the program. */
struct env {
	struct os os;

	/* Filled in by cmd/subank.c before the verb runs. */
	const struct command *command;
	const char **values; /* of the options of [command], NULL where not given */
	struct settings settings;
	struct slurm slurm;
	struct store_options store;
	struct bank *bank; /* open as the command's flags ask */
	bool quiet;
	bool seconds; /* amounts in billing-seconds instead of SU */
	char doing[64]; /* "subank deposit" */

	/* Filled in by the verb. */
	struct result result;
	struct batch *batch; /* the batch that the verb's entry belongs to (batch.h); NULL: none */
	const char *where; /* "file:line:column: " in front of its messages; NULL: nothing */
};

/* Writes out the result so far, and keeps why that failed. */
void flush_out(struct env *env);

#endif
