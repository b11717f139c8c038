/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages: what happened, to what, and what to do. All are escaped, and wrapped at the width of a
 * terminal. Those of verbs that write also go to the log. */
#pragma once

#include "cmd/frame/env.h"

/* Prints an error to the standard error. Returns the exit status for its code. */
int fail(struct env *env, const struct sb_error *err);

/* Prints an error of the command line and the verb's usage. Returns EXIT_USAGE. */
int usage(struct env *env, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints information to the standard error, unless --quiet. */
void note(struct env *env, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints a problem to the standard error, also with --quiet. */
void warning(struct env *env, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints a line of the result to the standard output, unless --quiet. If the standard output has
 * rows for programs (JSON, CSV, -P), the line goes to the standard error. */
void report(struct env *env, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints a warning after the standard output has failed, without flushing it. */
void message_last(struct env *env, const char *text);

/* Prints a command of Slurm that is about to run; [ctx] is the struct env. For slurm->trace. */
void message_trace(const char *line, void *ctx);

/* Formats an amount of a purse in the unit that the user wants: "12.34 SU" or "44424s", "3.00
 * GPU-hours" or "10800 GPU-seconds". [purse] NULL: of SU. Returns [buf]. */
enum { QUANTITY_SIZE = 128 };
const char *quantity(const struct env *env, char buf[QUANTITY_SIZE], const char *purse,
		     int64_t amount);
