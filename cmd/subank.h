/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run of the program. */
#pragma once

#include "cmd/frame/env.h"

/* Parses [argv] and runs the verb. Flushes the standard output, and reports output that is lost.
 * Returns the exit status. */
int subank(struct env *env, int argc, char *argv[]);
