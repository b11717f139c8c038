/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How Slurm is reached: where its commands are, how long they may take, and what runs them. */
#ifndef SUBANK_SLURM_SLURM_H
#define SUBANK_SLURM_SLURM_H

#include <stdbool.h>
#include <stdint.h>

#include "slurm/run.h"

struct slurm {
	const char *sshare; /* a name to look up in PATH or a path; the same for the next four */
	const char *sacctmgr;
	const char *scontrol;
	const char *sacct;
	const char *squeue;
	int deadline_ms; /* for each command */
	/* Runs a command; run_program() in the installed program. Tests put their own here. Same
	 * contract as run_program(). */
	int (*run)(const char *const argv[], int deadline_ms, struct run_result *ret,
		   struct sb_error *err);
	/* Runs a command whose answer is long; run_lines(). Same contract. */
	int (*lines)(const char *const argv[], const char *const env[], int deadline_ms,
		     run_line *each, void *ctx, struct run_result *ret, struct sb_error *err);
	/* Called with each command before it runs, if set: for --verbose. */
	void (*trace)(const char *line, void *ctx);
	void *trace_ctx;
};

/* Whether [name] may stand in a Slurm command line as an account, and means that one alone there: 1
 * to 255 bytes of a-z, 0-9 and _ . - @ % /, of which the first is a letter, a digit, '_' or '.'.
 * Measured on 22.05.8 with `sacctmgr modify account where account=NAME` and `sacct -A NAME`; "a,b"
 * and "a[1-3]" are lists there, and quotes and a '=' in front are dropped. */
bool slurm_name_ok(const char *name);

/* SB_EINVAL when it may not stand there as a cluster: the same without @ % /. */
int slurm_check_cluster(const char *name, struct sb_error *err);

/* SB_EINVAL when [name] may not stand there as a user, of at most so many bytes. A list of users
 * would be another question, and so would an option. Directories have users with '@', '\\' and '$'
 * in their names. "" may stand there: it names those without a user. */
enum { SLURM_USER_MAX = 255 };
int slurm_check_user(const char *name, struct sb_error *err);

/* Runs [argv] through [slurm] and also fails, with SB_EFAILED and the first line of stderr (of
 * stdout if stderr is blank) and the command in the text, when the status is not 0. On success the
 * caller calls run_result_release(). */
int slurm_ask(const struct slurm *slurm, const char *const argv[], struct run_result *ret,
	      struct sb_error *err);

/* The same for a long answer: each line of it goes to [each] as run_lines() says. */
int slurm_ask_lines(const struct slurm *slurm, const char *const argv[], const char *const env[],
		    run_line *each, void *ctx, struct sb_error *err);

#endif
