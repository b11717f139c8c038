/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of accounts and clusters: [a-z0-9_.-], not beginning with '-', 1 to 255 bytes. Slurm keeps
 * names in lower case, so upper case is folded; what else could mean something to a shell, to
 * sacctmgr or to a terminal is refused. */
#ifndef SUBANK_LEDGER_NAME_H
#define SUBANK_LEDGER_NAME_H

#include <stdbool.h>

#include "ledger/error.h"

enum { NAME_SIZE = 256 }; /* the longest name and its NUL */

/* Writes the folded name to [ret]; [what] ("account", "cluster") is for the message. SB_EINVAL. */
int name_fold(const char *what, const char *text, char ret[NAME_SIZE], struct sb_error *err);

/* Whether [text] is a name as the books keep it, already in lower case: what name_fold() takes and
 * leaves as it is. name_check() says what is wrong with it: SB_EINVAL. */
bool name_ok(const char *text);
int name_check(const char *what, const char *text, struct sb_error *err);

#endif
