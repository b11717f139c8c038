/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The index of each account's entries. A key has an account and an entry, its value the account's
 * next entries of the same transaction: 10,000 charges take few keys. */
#include <string.h>

#include "ledger/base/array.h"
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
	uint64_t *added = array_add(loaded->unindexed, loaded->unindexed_count);

	if (!added)
		return sb_error_nomem(err);
	*added = seq;
	books->unindexed = true;
	return SB_OK;
}

/* Writes up to TOGETHER_MAX of the account's unindexed entries, from [first] on. */
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

static int write_all(struct books *books, struct sb_error *err)
{
	for (size_t i = 0; i < books->count; i++) {
		struct loaded *loaded = &books->accounts[i];

		for (size_t j = 0; j < loaded->unindexed_count; j += TOGETHER_MAX)
			TRY(write_together(books, loaded, j, err));
		loaded->unindexed_count = 0;
	}
	books->unindexed = false;
	return SB_OK;
}

int books_index(struct books *books, struct sb_error *err)
{
	struct sb_error why = {0};

	if (!books->unindexed)
		return SB_OK;
	TRY(books_may_write(books, err));
	return books_wrote(books, write_all(books, &why), true, &why, err);
}

struct search {
	struct index_place *place;
	uint64_t from;
	bool backward;
};

/* Searches the entries of one key: the first is in the key itself, the others are in the value. */
static int search_key(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	const struct search *search = ctx;
	struct index_place *place = search->place;
	size_t len = strlen(place->account) + 1;
	size_t count = 1 + value.len / 8, low = 0, high = count;
	const unsigned char *first = (const unsigned char *)key.data + len, *others = value.data;

	if (key.len != len + 8 || memcmp(key.data, place->account, len) != 0)
		return STORE_ABORT;
	if (value.len % 8)
		return sb_error_set(err, SB_ECORRUPT,
				    "the index of account '%s' is malformed: run `subank verify`",
				    place->account);
	/* [low] ends at the first entry at or after [from]; backward, at the first one after
	 * [from]. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint64_t seq = u64_load(middle ? others + 8 * (middle - 1) : first);

		if (search->backward ? seq <= search->from : seq < search->from)
			low = middle + 1;
		else
			high = middle;
	}
	if (search->backward)
		low--;
	if (low < count) {
		place->seq = u64_load(low ? others + 8 * (low - 1) : first);
		place->more = low + 1 < count;
	}
	return STORE_ABORT;
}

/* Searches the last key at or before [from] or, without [before], the first key at or after it. */
static int search_near(struct books *books, struct search *search, bool before,
		       struct sb_error *err)
{
	unsigned char key[INDEX_KEY_SIZE];
	size_t len = books_index_key(key, search->place->account, search->from);

	return store_each(books->txn, STORE_BY_ACCOUNT, (struct slice){key, len}, before,
			  search_key, search, err);
}

int books_index_move(struct books *books, struct index_place *place, uint64_t from, bool backward,
		     struct sb_error *err)
{
	struct search search = {.place = place, .from = from, .backward = backward};
	bool before = backward || !place->seq || place->more;

	place->seq = 0;
	TRY(books_index(books, err));
	if (before)
		TRY(search_near(books, &search, true, err));
	if (!backward && !place->seq)
		TRY(search_near(books, &search, false, err));
	return SB_OK;
}
