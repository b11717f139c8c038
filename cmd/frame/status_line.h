/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line on the terminal that shows what is running. Each line replaces the one before; a
 * message, a line of the result or a table removes it. */
#pragma once

#include "cmd/frame/env.h"

enum { STATUS_LINE_SIZE = 512 };

/* Shows [text], cut to the width of the terminal. The standard error must be a terminal. */
void status_line(struct env *env, const char *text);

/* Shows "check: asks alpha ...", a step without a measure of its progress. Shows nothing if the
 * standard error is no terminal, or with --quiet. */
void stage(struct env *env, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Removes the line. */
void stage_end(struct env *env);
