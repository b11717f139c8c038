/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A copy of a bank while others write in it. */
#ifndef SUBANK_LEDGER_FILES_BACKUP_H
#define SUBANK_LEDGER_FILES_BACKUP_H

#include "ledger/books/verify.h"

/* Copies the books as they are now into the folder to->folder, which must not be there yet: it is
 * made beside (".new" behind its name; a leftover is SB_EREFUSED, it may be somebody's at work),
 * mode 0750, written to the disk, proved whole as verify_books() does, and renamed. The copy is a
 * bank that commands no Slurm, not even if it is put where the bank was. Fills [ret] with what was
 * proved. [steps] is told of each entry that is
 * proved. After an error nothing is left. */
int bank_backup(struct bank *bank, const struct store_options *to, const struct steps *steps,
		struct verify *ret, struct sb_error *err);

#endif
