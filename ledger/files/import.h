/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the YAML form of a bank (export.h) back into a bank. */
#ifndef SUBANK_LEDGER_FILES_IMPORT_H
#define SUBANK_LEDGER_FILES_IMPORT_H

#include <stdio.h>

#include "ledger/base/steps.h"
#include "ledger/books/books.h"

/* Builds the bank of options->folder from [file], named [name] in messages: beside, in batches,
 * every entry checked as verify does, and put in place only when all of it is right. Any error
 * changes nothing, and [steps] is told of each entry that is read or proved; what the file is to
 * blame for is SB_EFORMAT with file, line and column. A bank that has entries is SB_EREFUSED
 * without [replacing] (books.h); with it, STORE_ABORT when it was not agreed to. The bank then
 * commands no Slurm until a machine is adopted. */
int import_yaml(const struct store_options *options, FILE *file, const char *name,
		struct replacing *replacing, const struct steps *steps, struct head *ret_head,
		struct sb_error *err);

#endif
