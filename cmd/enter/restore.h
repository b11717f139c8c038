/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Restores a whole ledger from YAML, into an empty bank or over another. */
#pragma once

#include <stdio.h>

#include "cmd/frame/env.h"

/* Restores [file], named [name] in messages, by the options of import; over another bank with
 * --replace, which asks first. Returns the exit status. */
int restore(struct env *env, FILE *file, const char *name);
