/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs programs and keeps what they print, or passes it on line by line. Only this part of subank
 * starts programs: always from an argv, never through a shell. */
#pragma once

#include <stddef.h>

#include "ledger/base/error.h"

/* Limits in bytes. A program that prints more than the first two is killed (SB_EFAILED). */
enum {
	RUN_OUTPUT_MAX = 256 << 20, /* stdout that is kept */
	RUN_LINE_MAX = 1 << 20, /* a line that is passed on */
	RUN_INPUT_MAX = 1 << 20, /* stdin */
};

struct run_result {
	char *out; /* stdout, with a NUL after it; owned by the result */
	size_t out_len; /* bytes in [out], without that NUL */
	int status; /* exit status 0..255, or 128 + signal */
	char err_line[256]; /* first line of stderr that is not blank, cut if longer; or "" */
};

/* Runs argv[0] (found in PATH unless it holds a slash) with empty stdin, in its own process group.
 * It gets LC_ALL=C, SLURM_BITSTR_LEN=0 (squeue cuts lists of tasks otherwise) and only these
 * variables of the caller: HOME, USER, LOGNAME, PATH, LD_LIBRARY_PATH, TMPDIR, TZ, SLURM_CONF,
 * SLURM_CONF_SERVER, SLURM_JWT and SLURM_SACK_KEY, _JWKS and _SOCKET. Others may filter or reshape
 * an answer (SQUEUE_USERS, SLURM_TIME_FORMAT …).
 *
 * [deadline_ms] counts from the call; after it the whole group is killed and reaped. SIGINT,
 * SIGTERM and SIGHUP kill the group too, and then act on the caller as usual: it ends, or its
 * handler runs and SB_EFAILED is returned. Signals that the caller ignores or blocks have no
 * effect. Not thread-safe: it changes the signal mask and the action of SIGCHLD meanwhile.
 *
 * When the program ends, the rest of its group is killed. If a process that left the group holds a
 * pipe open, the call returns once the pipes have been silent for half a second.
 *
 * Returns 0 when the program ran and ended: the caller checks [ret->status] and calls
 * run_result_release(). Otherwise returns SB_EMISSING, SB_ETIMEOUT, SB_EFAILED (too much output, or
 * a signal) or SB_ESYSTEM, and leaves [ret] unchanged. */
int run_program(const char *const argv[], int deadline_ms, struct run_result *ret,
		struct sb_error *err);

/* Runs a program that is not Slurm's in the same way, with the caller's whole environment except
 * for LC_ALL=C, and with [len] bytes at [input] as its stdin. They are in a file, so a program that
 * does not read them blocks nothing. */
int run_program_with(const char *const argv[], const void *input, size_t len, int deadline_ms,
		     struct run_result *ret, struct sb_error *err);

/* Receives a line of [len] bytes, with a NUL instead of its newline. It may change these bytes,
 * which are valid during the call. run_lines() kills the program at a value other than 0, and
 * returns that. */
typedef int run_line(char *line, size_t len, void *ctx, struct sb_error *err);
struct line_sink {
	run_line *each;
	void *ctx;
};

/* Runs a program as run_program() does, but passes its stdout to [sink] while it runs; [ret->out]
 * is NULL. [env] has "NAME=value" strings, with NULL after the last, that override its environment.
 * SB_EFORMAT when the status is 0 and the last line has no newline. Lines that were passed on
 * before a failure are not taken back. */
int run_lines(const char *const argv[], const char *const env[], int deadline_ms,
	      const struct line_sink *sink, struct run_result *ret, struct sb_error *err);

/* Frees what [result] owns and zeroes it. NULL and a zeroed one are allowed. */
void run_result_release(struct run_result *result);
