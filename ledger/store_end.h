/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A data file that is shorter than its last page. LMDB does not write a page that was given up in
 * the transaction that made it, so when such pages are the last the file ends before them. */
#ifndef SUBANK_LEDGER_STORE_END_H
#define SUBANK_LEDGER_STORE_END_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger/error.h"

/* Whether all pages that the file [fd] lacks are free after transaction [id], which the caller
 * reads: then nobody follows it there. Not so, too, when its root was written over, by the next
 * transaction but one, or is being so. LMDB is not asked: it would read past the end. */
int store_end_is_free(int fd, size_t page_size, size_t id, bool *ret, struct sb_error *err);

#endif
