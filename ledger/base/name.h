/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that the bank can have: 1 to 255 bytes of a-z, 0-9 and _ . - @ % /, of which the first is a
 * letter, a digit, '_' or '.'. A cluster's are without @ % /. Slurm keeps names in lower case, so
 * upper case is folded.
 *
 * Slurm itself takes nearly any bytes for an account. The others are refused here, since a comma, a
 * quote, '=' and '[' mean something to sacctmgr (22.05.8: "a[1-3]" are three accounts), blanks,
 * bars and newlines to who reads its answers, '+' at the end that a table cut the name, the rest to
 * shells, and since MySQL may take a letter with
 * an accent, and a name with a blank behind it, for another account's. slurm_name_ok() is the same
 * for a command line. */
#ifndef SUBANK_LEDGER_BASE_NAME_H
#define SUBANK_LEDGER_BASE_NAME_H

#include <stdbool.h>

#include "ledger/base/error.h"

enum { NAME_SIZE = 256 }; /* the longest name and its NUL */

/* Writes the folded name to [ret]; [what] ("account", "cluster", "to") is what it names, and is
 * said in the message. SB_EINVAL. */
int name_fold(const char *what, const char *text, char ret[NAME_SIZE], struct sb_error *err);

/* Whether [text] is a name of an account as the books keep it, already in lower case: what
 * name_fold() takes and leaves as it is. name_check() says what is wrong with one of [what]:
 * SB_EINVAL. */
bool name_ok(const char *text);
int name_check(const char *what, const char *text, struct sb_error *err);

#endif
