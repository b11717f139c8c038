/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The journal: entries numbered from 1 without gaps, each bound to the one before by its hash:
 *
 *     SHA-256("subank:v1" NUL, bank id, u64 sequence number, hash before, u32 length, stored bytes)
 *
 * where the hash before entry 1 is 32 zero bytes and the bank id is 16 random bytes, so entries
 * cannot be moved between banks. The hash is stored in front of the entry. LMDB has no checksums:
 * this chain finds a flipped bit. There is no update and no delete. */
#pragma once

#include "ledger/account/event.h"
#include "ledger/store/store.h"

enum {
	HASH_SIZE = 32,
	HASH_TEXT_SIZE = 2 * HASH_SIZE + 1,
	BANK_ID_SIZE = 16,
	BANK_ID_TEXT_SIZE = 2 * BANK_ID_SIZE + 1,
	HASH_SHORT = 16, /* hex digits on a receipt, and the fewest that verify --head accepts */
};

/* The newest entry; all zero for an empty journal. */
struct head {
	uint64_t seq;
	unsigned char hash[HASH_SIZE];
	int64_t time; /* microseconds, UTC */
};

/* Convert bytes to lower-case hex digits and back. hex_parse() accepts exactly 2 * [size]
 * digits. */
char *hex_format(char *to, const unsigned char *bytes, size_t size);
bool hex_parse(const char *text, unsigned char *to, size_t size);

/* Hashes the entry after [head] whose stored form is [len] bytes at [stored]. */
void journal_hash(const unsigned char bank[BANK_ID_SIZE], const struct head *head,
		  const void *stored, size_t len, unsigned char ret[HASH_SIZE]);

/* Writes [event], whose seq is head->seq + 1, and moves [head] to it. [room] holds its bytes and
 * can be used again. */
int journal_add(struct store_txn *txn, const unsigned char bank[BANK_ID_SIZE], struct head *head,
		const struct event *event, struct bytes *room, struct sb_error *err);

/* An entry with its stored bytes. */
struct entry {
	const struct event *event;
	const unsigned char *hash; /* HASH_SIZE bytes */
	const void *stored;
	size_t len;
};

/* Reads one entry into [event], to which [ret] then points. Its texts are valid until the next
 * write in the transaction. SB_ENOTFOUND with a text. */
int journal_read(struct store_txn *txn, uint64_t seq, struct event *event, struct entry *ret,
		 struct sb_error *err);

/* The same for the event and, unless [ret_hash] is NULL, its hash. */
int journal_get(struct store_txn *txn, uint64_t seq, struct event *ret,
		unsigned char ret_hash[HASH_SIZE], struct sb_error *err);

/* Calls [each] for the entries from [from] on or, [backward], from it down (0: the last), as
 * store_each() does. */
typedef int journal_item(const struct entry *entry, void *ctx, struct sb_error *err);
int journal_each(struct store_txn *txn, uint64_t from, bool backward, journal_item *each, void *ctx,
		 struct sb_error *err);
