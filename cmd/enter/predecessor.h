/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Import of the JSON dump of slurm_su_bank_python3, {"count": N, "results": [{"id": 1,
 * "account": "a", "su_limit_hrs": 10000, "date": "2022-04-08", ...}], "meta": {}}, as its
 * datafreeze writes it; the dumps of its relatives lack some of the fields. Limits count from
 * RawUsage zero; -1 means unlimited. */
#pragma once

#include <stdio.h>

#include "cmd/frame/env.h"

/* Prints a verdict for each row and opens the accounts, by the options of import. env->bank is open
 * for writing. Returns the exit status: EXIT_PART when rows were left out. */
int predecessor_import(struct env *env, FILE *file, const char *name);
