/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/books/journal.h"

#include <inttypes.h>
#include <nettle/sha2.h>
#include <string.h>

static const char chain_tag[] = "subank:v1"; /* hashed with its NUL */
static const char digits[] = "0123456789abcdef";

char *hex_format(char *to, const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		to[2 * i] = digits[bytes[i] >> 4];
		to[2 * i + 1] = digits[bytes[i] & 15];
	}
	to[2 * size] = '\0';
	return to;
}

static int hex_digit(char c)
{
	const char *digit = c ? strchr(digits, c) : NULL;

	return digit ? (int)(digit - digits) : -1;
}

bool hex_parse(const char *text, unsigned char *to, size_t size)
{
	if (strlen(text) != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

void journal_hash(const unsigned char bank[BANK_ID_SIZE], const struct head *head,
		  const void *stored, size_t len, unsigned char ret[HASH_SIZE])
{
	/* Hashed before the stored bytes. */
	unsigned char before[sizeof(chain_tag) + BANK_ID_SIZE + 8 + HASH_SIZE + 4];
	unsigned char *to = before, number[8];
	struct sha256_ctx sha;

	memcpy(to, chain_tag, sizeof(chain_tag));
	to += sizeof(chain_tag);
	memcpy(to, bank, BANK_ID_SIZE);
	to += BANK_ID_SIZE;
	u64_store(to, head->seq + 1);
	to += 8;
	memcpy(to, head->hash, HASH_SIZE);
	u64_store(number, len);
	memcpy(to + HASH_SIZE, number + 4, 4);
	sha256_init(&sha);
	sha256_update(&sha, sizeof(before), before);
	sha256_update(&sha, len, stored);
	sha256_digest(&sha, HASH_SIZE, ret);
}

int journal_add(struct store_txn *txn, const unsigned char bank[BANK_ID_SIZE], struct head *head,
		const struct event *event, struct bytes *room, struct sb_error *err)
{
	static const unsigned char no_hash[HASH_SIZE];
	unsigned char key[8], hash[HASH_SIZE];

	bytes_clear(room);
	bytes_put(room, no_hash, HASH_SIZE);
	TRY(event_encode(event, room, err));
	journal_hash(bank, head, room->data + HASH_SIZE, room->len - HASH_SIZE, hash);
	memcpy(room->data, hash, HASH_SIZE);
	u64_store(key, event->seq);
	TRY(store_add(txn, STORE_JOURNAL, (struct slice){key, sizeof(key)},
		      (struct slice){room->data, room->len}, err));
	head->seq = event->seq;
	head->time = event->time;
	memcpy(head->hash, hash, HASH_SIZE);
	return SB_OK;
}

/* Splits a stored value and decodes it. */
static int read_entry(struct slice key, struct slice value, struct event *event, struct entry *ret,
		      struct sb_error *err)
{
	const unsigned char *bytes = value.data;
	uint64_t seq;
	int rc;

	if (key.len != 8)
		return sb_error_set(err, SB_ECORRUPT,
				    "the journal has a key of %zu bytes instead of 8", key.len);
	seq = u64_load(key.data);
	if (value.len < HASH_SIZE)
		return sb_error_set(err, SB_ECORRUPT, "entry %" PRIu64 " has only %zu bytes", seq,
				    value.len);
	rc = event_decode(bytes + HASH_SIZE, value.len - HASH_SIZE, event, err);
	if (rc) {
		sb_error_prefix(err, "entry %" PRIu64, seq);
		return rc;
	}
	event->seq = seq;
	*ret = (struct entry){.event = event,
			      .hash = bytes,
			      .stored = bytes + HASH_SIZE,
			      .len = value.len - HASH_SIZE};
	return SB_OK;
}

int journal_read(struct store_txn *txn, uint64_t seq, struct event *event, struct entry *ret,
		 struct sb_error *err)
{
	unsigned char key[8];
	struct slice at = {key, sizeof(key)}, value;
	int rc;

	u64_store(key, seq);
	rc = store_get(txn, STORE_JOURNAL, at, &value, err);
	if (rc == SB_ENOTFOUND)
		return sb_error_set(err, SB_ENOTFOUND,
				    "there is no entry %" PRIu64 ": `subank journal` shows them",
				    seq);
	return rc ? rc : read_entry(at, value, event, ret, err);
}

int journal_get(struct store_txn *txn, uint64_t seq, struct event *ret,
		unsigned char ret_hash[HASH_SIZE], struct sb_error *err)
{
	struct entry entry = {0};

	TRY(journal_read(txn, seq, ret, &entry, err));
	if (ret_hash)
		memcpy(ret_hash, entry.hash, HASH_SIZE);
	return SB_OK;
}

struct iteration {
	journal_item *each;
	void *ctx;
	struct event event;
};

static int visit(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	struct iteration *iteration = ctx;
	struct entry entry;

	TRY(read_entry(key, value, &iteration->event, &entry, err));
	return iteration->each(&entry, iteration->ctx, err);
}

int journal_each(struct store_txn *txn, uint64_t from, bool backward, journal_item *each, void *ctx,
		 struct sb_error *err)
{
	struct iteration iteration = {.each = each, .ctx = ctx};
	unsigned char key[8];
	int rc;

	u64_store(key, from);
	rc = store_each(txn, STORE_JOURNAL, (struct slice){key, from ? sizeof(key) : 0}, backward,
			visit, &iteration, err);
	event_release(&iteration.event);
	return rc;
}
