/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How to reach Slurm: where its commands are, how long they may take, and what runs them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "slurm/run.h"

/* The advice at the end of a message about an answer that Slurm would not give. */
#define SLURM_OWN ": check that this is Slurm's own command"

struct slurm {
	/* Names to find in PATH, or paths. */
	const char *sshare;
	const char *sacctmgr;
	const char *scontrol;
	const char *sacct;
	const char *squeue;
	int deadline_ms; /* for each command */
	/* run_program() and run_lines(), or a test's replacement with the same contract. */
	int (*run)(const char *const argv[], int deadline_ms, struct run_result *ret,
		   struct sb_error *err);
	int (*lines)(const char *const argv[], const char *const env[], int deadline_ms,
		     const struct line_sink *sink, struct run_result *ret, struct sb_error *err);
	/* Called with each command before it runs, for --verbose; may be NULL. */
	void (*trace)(const char *line, void *ctx);
	void *trace_ctx;
};

/* Whether [name] names exactly one account in a Slurm command line: 1 to 255 bytes of a-z, 0-9 and
 * _ . - @ % /, of which the first is a letter, a digit, '_' or '.'. Measured on 22.05.8 with
 * `sacctmgr modify account where account=NAME` and `sacct -A NAME`: "a,b" and "a[1-3]" are lists
 * there, and quotes and a leading '=' are dropped. */
bool slurm_name_ok(const char *name);

/* Whether [qos] names the QOS of a job in a command line, or several with commas between them, from
 * which newer versions of Slurm choose. */
bool slurm_qos_ok(const char *qos);

/* Checks all names by slurm_name_ok(); NULL is not one. Returns SB_EINVAL for the first that fails.
 */
int slurm_check_accounts(const char *const names[], size_t count, struct sb_error *err);

/* Checks that [name], which may be NULL, can name a cluster in a command line: as an account, but
 * without @ % /. Returns SB_EINVAL if not. */
int slurm_check_cluster(const char *name, struct sb_error *err);

/* Checks that [name] can name one user in a command line, rather than a list or an option. Users
 * from directories have '@', '\\' and '$' in their names. "" is allowed: it stands for no user.
 * Returns SB_EINVAL if not. */
enum { SLURM_USER_MAX = 255 }; /* bytes */
int slurm_check_user(const char *name, struct sb_error *err);

/* Reads a duration such as "1-02:03:04" or "02:03:04" in seconds. Returns false for anything else.
 */
bool slurm_duration(const char *text, int64_t *ret);

/* Runs [argv] through [slurm]. Fails as run_program() does, and with SB_EFAILED when the status is
 * not 0; the text then has the command and the first line of stderr, or of stdout if stderr is
 * blank. On success the caller calls run_result_release(). */
int slurm_ask(const struct slurm *slurm, const char *const argv[], struct run_result *ret,
	      struct sb_error *err);

/* Runs [argv] in the same way for a long answer, which goes to [sink] as with run_lines(). */
int slurm_ask_lines(const struct slurm *slurm, const char *const argv[], const char *const env[],
		    const struct line_sink *sink, struct sb_error *err);
