/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moving in from slurm_su_bank_python3: its JSON dump, {"count": N, "results": [{"id": 1,
 * "account": "a", "su_limit_hrs": 10000, "date": "2022-04-08", ...}], "meta": {}}, as datafreeze
 * writes it; those of its relatives lack some of the fields. Limits count from RawUsage zero; -1 is
 * none. */
#ifndef SUBANK_CMD_ENTER_PREDECESSOR_H
#define SUBANK_CMD_ENTER_PREDECESSOR_H

#include <stdio.h>

#include "cmd/frame/env.h"

/* Shows what is taken of each row, and why not, and opens the accounts, with the options of import.
 * env->bank is open for writing. Returns the exit status: EXIT_PART when rows were left out. */
int predecessor_import(struct env *env, FILE *file, const char *name);

#endif
