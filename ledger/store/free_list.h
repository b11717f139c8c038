/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of free pages, which LMDB believes: what stands in it is written over. */
#ifndef SUBANK_LEDGER_STORE_FREE_LIST_H
#define SUBANK_LEDGER_STORE_FREE_LIST_H

#include <stddef.h>

#include "ledger/base/error.h"

enum free_list {
	FREE_WHOLE, /* no circle, the records in their order, each page one of the file, and there
		       once */
	FREE_DAMAGED,
	FREE_GONE, /* its root was written over, by the next transaction but one, or is being so */
};

/* Looks at the list in the file [fd] after transaction [id], which the caller reads. A page that is
 * free there and in use elsewhere is not found, since only a look at all pages
 * (store_check_pages()) would.
 *
 * LMDB does not write a page that was given up in the transaction that made it, so when such pages
 * are the last the file ends before them: all that it lacks must be free. LMDB is not asked, since
 * it would read past the end. */
int store_look_at_free(int fd, size_t page_size, size_t id, enum free_list *ret,
		       struct sb_error *err);

#endif
