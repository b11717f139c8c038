/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies a bank while others write to it. */
#pragma once

#include "ledger/books/verify.h"

/* Copies the books as they are now to the folder to->folder, which must not exist. Makes the copy
 * beside it, with ".new" after its name and mode 0750, syncs it, proves it by verify_books() and
 * renames it. SB_EREFUSED when the folder ".new" exists: another process may be using it. The copy
 * does not command Slurm, even if it replaces the bank. Fills in [ret] with what was proved, and
 * reports each proved entry to [steps]. Removes the copy after an error. */
int bank_backup(struct bank *bank, const struct store_options *to, const struct steps *steps,
		struct verify *ret, struct sb_error *err);
