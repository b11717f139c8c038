/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names in the bank: 1 to 255 bytes of a-z, 0-9 and _ . - @ % /; the first is a letter, a digit,
 * '_' or
 * '.'. A cluster's name has none of @ % /. Slurm keeps names in lower case, so upper case is
 * folded.
 *
 * Slurm accepts nearly any bytes for an account. Others are refused here since a comma, a quote,
 * '=' and '[' have a meaning for sacctmgr (22.05.8: "a[1-3]" are three accounts); blanks, bars and
 * newlines for programs that parse its output, where a '+' at the end marks a truncated name; the
 * rest for shells; and since MySQL may confuse names that differ in an accent or a trailing blank.
 * slurm_name_ok() is the same for a command line. */
#pragma once

#include <stdbool.h>

#include "ledger/base/error.h"

enum { NAME_SIZE = 256 }; /* the longest name and its NUL */

/* Folds and checks a name, and writes it to [ret]. [what] ("account", "cluster", "to") is its role,
 * for the message. SB_EINVAL. */
int name_fold(const char *what, const char *text, char ret[NAME_SIZE], struct sb_error *err);

/* Returns whether [text] is an account's name in lower case, as the books store it. */
bool name_ok(const char *text);
/* Checks the same for a name of [what], and says what is wrong. SB_EINVAL. */
int name_check(const char *what, const char *text, struct sb_error *err);
