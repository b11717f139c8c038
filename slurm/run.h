/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a program and keeps its answer, or hands it on line by line. The only place of subank that
 * starts programs: an argv, never a shell. */
#ifndef SUBANK_SLURM_RUN_H
#define SUBANK_SLURM_RUN_H

#include <stddef.h>

#include "ledger/base/error.h"

/* Bytes of stdout that are read; a program that writes more has failed. */
enum { RUN_OUTPUT_MAX = 256 << 20 };
/* Bytes of one line, where lines are handed on; a program that writes a longer one has failed. */
enum { RUN_LINE_MAX = 1 << 20 };
/* Bytes of stdin that a program is given at most. */
enum { RUN_INPUT_MAX = 1 << 20 };

struct run_result {
	char *out; /* stdout, with a NUL after it; owned by the result */
	size_t out_len; /* bytes in [out], the NUL not counted */
	int status; /* exit status 0..255, or 128 + signal */
	char err_line[256]; /* first line of stderr that is not blank, without its newline, cut if
			       longer; "" if none */
};

/* Runs argv[0] (looked up in PATH if it holds no slash) with stdin empty, both pipes read together,
 * in a process group of its own. Its environment is LC_ALL=C and what Slurm's commands need of the
 * caller's: HOME, USER, LOGNAME, PATH, LD_LIBRARY_PATH, TMPDIR, TZ, SLURM_CONF, SLURM_CONF_SERVER,
 * SLURM_JWT and SLURM_SACK_KEY, _JWKS and _SOCKET. Nothing else is passed on, since any other
 * variable may filter or reshape an answer (SQUEUE_USERS, SLURM_TIME_FORMAT …).
 *
 * [deadline_ms] counts from the call; when it passes, the whole group is killed and reaped. SIGINT,
 * SIGTERM and SIGHUP that arrive meanwhile kill the group too, and then act on the caller as they
 * would have: it ends, or its handler runs and SB_EFAILED is returned. Those that the caller
 * ignores or has blocked change nothing. For one thread at a time: the signal mask and the action
 * of SIGCHLD are changed meanwhile.
 *
 * When the program has ended, what it left running in its group is killed. Something that left the
 * group and still holds a pipe open is not waited for once the pipes were silent for half a second.
 *
 * Returns 0 when the program ran and ended, whatever its status: the caller judges [ret->status].
 * On failure returns SB_EMISSING, SB_ETIMEOUT, SB_EFAILED (too much output, or a signal)
 * or SB_ESYSTEM and leaves [ret] as it was. The caller calls run_result_release(). */
int run_program(const char *const argv[], int deadline_ms, struct run_result *ret,
		struct sb_error *err);

/* The same for a program that is none of Slurm's, with the caller's whole environment but for
 * LC_ALL, which is C, and with [len] bytes at [input] on its stdin, which is a file: a program that
 * does not read it blocks nobody. */
int run_program_with(const char *const argv[], const void *input, size_t len, int deadline_ms,
		     struct run_result *ret, struct sb_error *err);

/* Gets a line of [len] bytes without its newline; a NUL stands behind it. It may change the bytes,
 * which are gone when it returns. Anything but 0 ends the run: the program is killed, and that is
 * what run_lines() returns. */
typedef int run_line(char *line, size_t len, void *ctx, struct sb_error *err);

/* The same as run_program(), but stdout goes to [each] line by line while the program runs and is
 * not kept: [ret->out] is NULL. [env] are "NAME=value" for the program, NULL after the last; they
 * replace what it would be given. An answer that does not end in a newline, with status 0, is cut
 * off: SB_EFORMAT. Lines that were handed on before a failure stay handed on. */
int run_lines(const char *const argv[], const char *const env[], int deadline_ms, run_line *each,
	      void *ctx, struct run_result *ret, struct sb_error *err);

/* NULL and a zeroed result are allowed. */
void run_result_release(struct run_result *result);

#endif
