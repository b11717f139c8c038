/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages: what happened, to what, and what to do. All of them are escaped, and wrapped where a
 * terminal shows them; those of verbs that write also go to the log. */
#ifndef SUBANK_CMD_FRAME_MESSAGES_H
#define SUBANK_CMD_FRAME_MESSAGES_H

#include "cmd/frame/env.h"

/* Prints an error to the standard error. Returns the exit status for its code. */
int fail(struct env *env, const struct sb_error *err);

/* Prints an error of the command line and the verb's usage. Returns EXIT_USAGE. */
int usage(struct env *env, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints a line to the standard error, unless --quiet. */
void note(struct env *env, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints a line about something that is wrong to the standard error, also with --quiet. */
void warning(struct env *env, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints a line of the result to the standard output, unless --quiet. Beside rows for programs it
 * goes to the standard error. */
void report(struct env *env, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints a warning when the standard output has failed: does not flush it. */
void message_last(struct env *env, const char *text);

/* Prints a command of Slurm that is about to run; [ctx] is the struct env. For slurm->trace. */
void message_trace(const char *line, void *ctx);

/* An amount as the user wants it, with its unit: "12.34 SU" or "44424s". Returns [buf]. */
enum { QUANTITY_SIZE = 48 };
const char *quantity(const struct env *env, char buf[QUANTITY_SIZE], int64_t amount);

#endif
