/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs the program. */
#ifndef SUBANK_CMD_SUBANK_H
#define SUBANK_CMD_SUBANK_H

#include "cmd/frame/env.h"

/* Parses [argv] and runs the verb that it names. Flushes the standard output and reports if that
 * failed. Returns the exit status. */
int subank(struct env *env, int argc, char *argv[]);

#endif
