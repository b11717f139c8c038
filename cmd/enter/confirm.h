/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions before a change that the user may not want. */
#pragma once

#include "cmd/frame/env.h"

/* Asks on the terminal. Returns whether the answer is yes; false without a terminal. */
bool ask(struct env *env, const char *question);

/* Returns EXIT_DONE with --immediate, or when the answer on the terminal is yes; else, with a
 * message, EXIT_REFUSED. The command must be CMD_ASK. */
int confirm(struct env *env, const char *question);
