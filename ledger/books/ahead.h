/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole journal, read ahead of whoever goes through it: hashes and forms of the entries to come
 * are looked at by other threads, as many as there are processors for. Of a short journal, or where
 * there is one processor, all is done by the caller's. Memory stays the same however long it is. */
#ifndef SUBANK_LEDGER_BOOKS_AHEAD_H
#define SUBANK_LEDGER_BOOKS_AHEAD_H

#include "ledger/books/journal.h"

/* What stands in the journal, and what of it is right. Valid while [each] is in it. */
struct ahead {
	struct slice key, value; /* as stored */
	bool whole; /* a key of 8 bytes, a value that has room for a hash; else no more is known */
	bool fits; /* its hash, behind the entry before it as it is stored */
	int rc; /* of decoding it; only with SB_OK has [event] anything */
	struct event event; /* its seq is that of the key */
};

/* Calls [each] for one after the other, in this thread, until it returns other than 0, as
 * store_each() does. */
typedef int ahead_each(const struct ahead *entry, void *ctx, struct sb_error *err);
int ahead_walk(struct store_txn *txn, const unsigned char bank[BANK_ID_SIZE], ahead_each *each,
	       void *ctx, struct sb_error *err);

/* The same for who wants no damage: SB_ECORRUPT when the chain does not hold from the first entry
 * to the last, which is [head]. [each] is called for nothing but what fits its hash. */
int ahead_prove(struct store_txn *txn, const unsigned char bank[BANK_ID_SIZE],
		const struct head *head, journal_each *each, void *ctx, struct sb_error *err);

#endif
