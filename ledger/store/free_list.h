/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of free pages. LMDB trusts this list and overwrites the pages on it. */
#ifndef SUBANK_LEDGER_STORE_FREE_LIST_H
#define SUBANK_LEDGER_STORE_FREE_LIST_H

#include <stddef.h>

#include "ledger/base/error.h"

enum free_list {
	FREE_SOUND, /* no cycle, records in order, every page in the file and listed once */
	FREE_DAMAGED,
	FREE_GONE, /* a later transaction overwrote its root, or is doing so */
};

/* Checks the list in the file [fd] after transaction [id], which the caller reads. Does not find a
 * page that is free and also in use: that needs store_check_pages().
 *
 * Pages that a transaction allocates and gives up again are never written. Where they are the last
 * ones, the file is short, and every missing page must be free. This reads the file without LMDB,
 * which would read past the end. */
int store_check_free_list(int fd, size_t page_size, size_t id, enum free_list *ret,
			  struct sb_error *err);

#endif
