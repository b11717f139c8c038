/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `subank balance --warn` for login shells: a line for each of the caller's accounts that is low,
 * spent or held. Reads only the published balances, and runs no command. */
#pragma once

#include "cmd/frame/env.h"

/* Prints the lines for [names], which may be none: then for the caller's accounts. Prints nothing
 * if nothing is published, it is older than a day, or it cannot be read, so that no login fails.
 * Returns EXIT_DONE. */
int balance_warn(struct env *env, int count, const char *const names[]);
