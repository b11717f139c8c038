/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the whole journal with read-ahead: other threads, as many as there are processors to spare,
 * hash and decode the entries to come. For a short journal or on one processor, the calling thread
 * does everything. Memory use does not depend on the length of the journal. */
#pragma once

#include "ledger/books/journal.h"

/* A row of the journal and the results of checking it. Valid during the callback. */
struct ahead {
	struct slice key, value; /* as stored */
	bool whole; /* the key has 8 bytes and the value room for a hash; if false, ignore the rest
		     */
	bool fits; /* the hash fits the entry and the stored hash before it */
	int rc; /* of decoding; [event] is valid only with SB_OK */
	struct event event; /* its seq is the key's */
};

/* Calls [each] for every row in order, in this thread, as store_each() does. */
typedef int ahead_item(const struct ahead *entry, void *ctx, struct sb_error *err);
int ahead_each(struct store_txn *txn, const unsigned char bank[BANK_ID_SIZE], ahead_item *each,
	       void *ctx, struct sb_error *err);

/* The same for callers that cannot use a damaged journal: SB_ECORRUPT unless the chain holds from
 * the first entry to [head], the last. [each] gets only entries that fit their hash. */
int ahead_prove(struct store_txn *txn, const unsigned char bank[BANK_ID_SIZE],
		const struct head *head, journal_item *each, void *ctx, struct sb_error *err);
