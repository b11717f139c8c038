/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `rename` and `merge` share: one account takes over another and its purses. */
#pragma once

#include "cmd/frame/env.h"

/* Runs the verb for the account argv[0], which argv[1] takes over: under a name that is free or,
 * with [merge], as the open account that it is. Returns the exit status. */
int takeover_post(struct env *env, const char *const argv[], bool merge);
