/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Proves an export (export.h) without its bank. */
#pragma once

#include <stdio.h>

#include "ledger/books/verify.h"

/* Builds a bank from [file], as import_yaml() does, and verifies that: form, every hash, every rule
 * and the head. [name] is for messages. The bank is in its own folder in $TMPDIR or /tmp, which
 * needs as much room as a bank and is removed, also when a signal ends the process. Returns
 * SB_EFORMAT, with the line, for faults of the file; reports old heads that are not in it to
 * verify->found. */
int verify_file(FILE *file, const char *name, struct verify *verify, struct sb_error *err);

/* For verify->found: keeps the first problem in [ctx], a struct sb_error that starts zeroed. */
void verify_keep_first(const char *text, void *ctx);
