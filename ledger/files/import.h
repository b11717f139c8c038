/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the YAML form of a bank (export.h) back into a bank. */
#pragma once

#include <stdio.h>

#include "ledger/base/steps.h"
#include "ledger/books/books.h"

/* Where an import comes from. */
struct import_from {
	FILE *file;
	const char *name; /* in messages */
	const struct steps *steps; /* gets each entry that is read or proved; may be NULL */
};

/* Builds a new bank in batches beside that of options->folder, checks every entry as verify does,
 * and moves it into place when all is valid. If a bank with entries exists, returns SB_EREFUSED
 * without [replacing] (books.h); with it, STORE_ABORT when the caller did not agree. Returns
 * SB_EFORMAT, with file, line and column, for faults of the file. An error changes nothing. The new
 * bank does not command Slurm until a machine is adopted. */
int import_yaml(const struct store_options *options, const struct import_from *from,
		struct replacing *replacing, struct head *ret_head, struct sb_error *err);
