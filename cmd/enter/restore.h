/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A whole ledger from its YAML form, into an empty bank or over another. */
#ifndef SUBANK_CMD_ENTER_RESTORE_H
#define SUBANK_CMD_ENTER_RESTORE_H

#include <stdio.h>

#include "cmd/frame/env.h"

/* Restores [file], named [name] in messages; over another bank with --replace. Asks, with the
 * options of import. Returns the exit status. */
int restore(struct env *env, FILE *file, const char *name);

#endif
