/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of free pages, which LMDB believes: what stands in it is written over. */
#ifndef SUBANK_LEDGER_STORE_FREE_H
#define SUBANK_LEDGER_STORE_FREE_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger/error.h"

/* Whether the list is in order in the file [fd] after transaction [id], which the caller reads: no
 * circle, the records in their order, each page one of the file and there once. A page that is free there and in use elsewhere
 * is not found, since only a look at all pages (store_check_pages()) would.
 *
 * LMDB does not write a page that was given up in the transaction that made it, so when such pages
 * are the last the file ends before them: all that it lacks must be free. LMDB is not asked, since
 * it would read past the end. Not in order, too, is the list when its root was written over, by the
 * next transaction but one, or is being so. */
int store_free_is_whole(int fd, size_t page_size, size_t id, bool *ret, struct sb_error *err);

#endif
