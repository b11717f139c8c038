/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Proves an export (export.h) without its bank. */
#ifndef SUBANK_LEDGER_FILES_VERIFY_FILE_H
#define SUBANK_LEDGER_FILES_VERIFY_FILE_H

#include <stdio.h>

#include "ledger/books/verify.h"

/* Builds a bank from [file], named [name] in messages, as import does, and verifies that: form,
 * every hash, every rule, the head. It stands in a folder of its own in $TMPDIR or /tmp, which
 * needs as much room as a bank and is removed, also when a signal ends the process. What the file
 * is to blame for is SB_EFORMAT, with its line; old heads that do not hold are told to
 * verify->found. */
int verify_file(FILE *file, const char *name, struct verify *verify, struct sb_error *err);

#endif
