/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The index of accounts: which entries each has. A key names an account and an entry, the value
 * those behind it, as far as one transaction made them: of 10,000 charges few keys remain. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/books/books_inside.h"

/* Entries under one key: LMDB gives a value of more than 2,000 bytes pages of its own. */
enum { TOGETHER_MAX = 128 };

size_t books_index_key(unsigned char to[INDEX_KEY_SIZE], const char *account, uint64_t seq)
{
	size_t len = strlen(account) + 1;

	memcpy(to, account, len);
	u64_store(to + len, seq);
	return len + 8;
}

int books_index_later(struct books *books, struct loaded *loaded, uint64_t seq,
		      struct sb_error *err)
{
	if (loaded->unindexed_count == loaded->unindexed_size) {
		size_t size = loaded->unindexed_size ? 2 * loaded->unindexed_size : 4;
		uint64_t *grown = reallocarray(loaded->unindexed, size, sizeof(*grown));

		if (!grown)
			return sb_error_nomem(err);
		loaded->unindexed = grown;
		loaded->unindexed_size = size;
	}
	loaded->unindexed[loaded->unindexed_count++] = seq;
	books->unindexed = true;
	return SB_OK;
}

/* Writes up to TOGETHER_MAX entries of the account, from [first] among those that wait. */
static int write_together(struct books *books, const struct loaded *loaded, size_t first,
			  struct sb_error *err)
{
	unsigned char key[INDEX_KEY_SIZE];
	size_t len = books_index_key(key, loaded->account->name, loaded->unindexed[first]);
	size_t end = loaded->unindexed_count - first > TOGETHER_MAX ? first + TOGETHER_MAX
								    : loaded->unindexed_count;

	bytes_clear(&books->stored);
	for (size_t i = first + 1; i < end; i++)
		bytes_put_u64(&books->stored, loaded->unindexed[i]);
	if (books->stored.failed)
		return sb_error_nomem(err);
	return store_add(books->txn, STORE_BY_ACCOUNT, (struct slice){key, len},
			 (struct slice){books->stored.data, books->stored.len}, err);
}

int books_index(struct books *books, struct sb_error *err)
{
	for (size_t i = 0; books->unindexed && i < books->count; i++) {
		struct loaded *loaded = &books->accounts[i];

		for (size_t j = 0; j < loaded->unindexed_count; j += TOGETHER_MAX) {
			int rc = write_together(books, loaded, j, err);

			if (rc)
				return rc;
		}
		loaded->unindexed_count = 0;
	}
	books->unindexed = false;
	return SB_OK;
}

struct look {
	struct index_place *place;
	uint64_t from;
	bool backward;
};

/* Looks for the entry under the key that the walk came to. */
static int look_under(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	const struct look *look = ctx;
	struct index_place *place = look->place;
	size_t len = strlen(place->account) + 1;
	size_t count = 1 + value.len / 8, low = 0, high = count;
	const unsigned char *first = (const unsigned char *)key.data + len, *behind = value.data;

	if (key.len != len + 8 || memcmp(key.data, place->account, len) != 0)
		return STORE_ABORT;
	if (value.len % 8)
		return sb_error_set(err, SB_ECORRUPT,
				    "the index of account '%s' is malformed: run `subank verify`",
				    place->account);
	/* [low] becomes the first that is at [from] or behind it, or, backward, behind it. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint64_t seq = u64_load(middle ? behind + 8 * (middle - 1) : first);

		if (look->backward ? seq <= look->from : seq < look->from)
			low = middle + 1;
		else
			high = middle;
	}
	if (look->backward)
		low--;
	if (low < count) {
		place->seq = u64_load(low ? behind + 8 * (low - 1) : first);
		place->more = low + 1 < count;
	}
	return STORE_ABORT;
}

/* Looks under the last key at [from] or before it, or the first one at it or behind. */
static int look_at(struct books *books, struct look *look, bool before, struct sb_error *err)
{
	unsigned char key[INDEX_KEY_SIZE];
	size_t len = books_index_key(key, look->place->account, look->from);

	return store_each(books->txn, STORE_BY_ACCOUNT, (struct slice){key, len}, before,
			  look_under, look, err);
}

int books_index_move(struct books *books, struct index_place *place, uint64_t from, bool backward,
		     struct sb_error *err)
{
	struct look look = {.place = place, .from = from, .backward = backward};
	bool before = backward || !place->seq || place->more;
	int rc = books_index(books, err);

	place->seq = 0;
	if (!rc && before)
		rc = look_at(books, &look, true, err);
	if (!rc && !backward && !place->seq)
		rc = look_at(books, &look, false, err);
	return rc;
}
