/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names in the bank: 1 to 255 bytes of a-z, 0-9 and _ . - @ % /, of which the first is a letter, a
 * digit, '_' or '.'. The name of a cluster has none of @ % /. Upper case is folded, since Slurm
 * stores names in lower case.
 *
 * Slurm accepts nearly any byte in the name of an account. The bank refuses the others:
 *
 * - For sacctmgr a comma, a quote, '=' and '[' are syntax: "a[1-3]" is three accounts (22.05.8).
 * - Blanks, bars and newlines mislead programs that parse its output, where a '+' at the end marks
 *   a truncated name.
 * - The rest has a meaning for shells, and MySQL may confuse names that differ in an accent or a
 *   trailing blank.
 *
 * slurm_name_ok() is the same rule, for command lines. */
#pragma once

#include <stdbool.h>

#include "ledger/base/error.h"

enum { NAME_SIZE = 256 }; /* the longest name and its NUL */

/* Folds and checks a name, and writes it to [ret]. [what] ("account", "to" …) is its role, for the
 * message; "cluster" selects the rule for clusters. SB_EINVAL. */
int name_fold(const char *what, const char *text, char ret[NAME_SIZE], struct sb_error *err);

/* Returns whether [text] is an account's name in lower case, as the books store it. */
bool name_ok(const char *text);
/* The same for the name of a cluster. */
bool cluster_name_ok(const char *text);
/* Checks a name as name_fold() does, and that it is in lower case. SB_EINVAL. */
int name_check(const char *what, const char *text, struct sb_error *err);
