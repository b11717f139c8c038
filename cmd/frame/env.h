/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The environment of a verb. Everything outside the process (clock, Slurm, streams) is passed in,
 * so that tests run verbs in their own process with a clock and a Slurm of their own. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "cmd/frame/settings.h"
#include "cmd/frame/this_machine.h"
#include "ledger/books/books.h"
#include "slurm/slurm.h"

enum { DEFAULT_WIDTH = 80 };

/* Exit statuses; exit_statuses[] has their meanings for people. */
enum {
	EXIT_DONE = 0, /* also for a repeated --ref */
	EXIT_REFUSED = 1, /* refused or failed; nothing was changed */
	EXIT_USAGE = 2, /* a malformed command line, amount, name or time */
	EXIT_PART = 3, /* done in part, or problems were found */
	EXIT_UNKNOWN = 4, /* the disk failed during a commit */
	EXIT_OUTPUT_LOST = 5, /* done, but the output is lost; do not run it again */
	EXIT_SIGNAL = 128, /* never returned: shells add the number of a signal to it */
};

struct batch;
struct command;

/* The operating system: streams, clock, other programs. Filled in by main() and by tests. */
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
	/* run_lines(), for long answers */
	int (*lines)(const char *const argv[], const char *const env[], int deadline_ms,
		     const struct line_sink *sink, struct run_result *ret, struct sb_error *err);
	/* run_program_with(), for the notify command */
	int (*run_with)(const char *const argv[], const void *input, size_t len, int deadline_ms,
			struct run_result *ret, struct sb_error *err);
	/* Logs an escaped message with a priority of syslog(3); NULL: there is no log */
	void (*log)(int priority, const char *text);
	/* this_machine() */
	const struct this_machine *(*here)(void);
	/* name_of_user(); NULL: users have no names */
	const char *(*user_name)(uint32_t uid);
	/* names_of_groups(); NULL: the caller is in no group */
	size_t (*groups)(char names[][NAME_SIZE], size_t max);
	/* uid_of_user(); NULL: users have no numbers */
	enum uid_found (*user_id)(const char *name, uint32_t *ret);
};

/* What the user must learn even if the output is lost. */
struct result {
	int out_errno; /* why flush_out() failed; 0: it did not */
	struct new_entries entered; /* the entries that the verb has recorded */
	uint64_t receipt_seq; /* the entry that the receipt is about */
	char receipt[1152]; /* "entry 12 was recorded (…)"; "": there is no receipt */
	enum sb_err error; /* of the last fail(); SB_OK: there was none */
	const char *done; /* an outcome that is no entry, as a sentence; NULL: none */
};

/* One run of the program. */
struct env {
	struct os os;

	/* Filled in by cmd/subank.c before the verb runs. */
	const struct command *command;
	const char **values; /* of the options of [command]; NULL where not given */
	struct settings settings;
	struct slurm slurm;
	struct store_options store;
	struct bank *bank; /* open as the flags of the command say */
	bool quiet;
	bool seconds; /* print billing-seconds instead of SU */
	char doing[64]; /* "subank deposit", which lock files show to processes that wait */

	/* Filled in by the verb. */
	struct result result;
	struct batch *batch; /* the batch that the entry is part of (batch.h); NULL: none */
	bool requested; /* the verb runs for a manager's request (cmd/enter/requests.h) */
	const char *where; /* the prefix of messages, "file:line:column: "; NULL: none */
};

/* Flushes the standard output. Keeps the first error in env->result. */
void flush_out(struct env *env);
