/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Entries: new ones, and those that are played again. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/answers.h"
#include "ledger/books_inside.h"

size_t books_index_key(unsigned char to[INDEX_KEY_SIZE], const char *account, uint64_t seq)
{
	size_t len = strlen(account) + 1;

	memcpy(to, account, len);
	u64_store(to + len, seq);
	return len + 8;
}

static int index_account(struct books *books, const char *name, uint64_t seq, struct sb_error *err)
{
	struct loaded *loaded;
	size_t at;
	int rc = books_load(books, name, &at, err);

	if (rc)
		return rc;
	loaded = &books->accounts[at];
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

int books_index(struct books *books, struct sb_error *err)
{
	for (size_t i = 0; books->unindexed && i < books->count; i++) {
		struct loaded *loaded = &books->accounts[i];

		for (size_t j = 0; j < loaded->unindexed_count; j++) {
			unsigned char key[INDEX_KEY_SIZE];
			size_t len =
				books_index_key(key, loaded->account->name, loaded->unindexed[j]);
			int rc = store_add(books->txn, STORE_BY_ACCOUNT, (struct slice){key, len},
					   (struct slice){0}, err);

			if (rc)
				return rc;
		}
		loaded->unindexed_count = 0;
	}
	books->unindexed = false;
	return SB_OK;
}

static int index_ref(struct books *books, const struct event *event, struct sb_error *err)
{
	unsigned char seq[8];

	u64_store(seq, event->seq);
	return store_add(books->txn, STORE_REFS, text_slice(event->ref),
			 (struct slice){seq, sizeof(seq)}, err);
}

/* Applies a checked event to the accounts that it names. */
static int apply(struct books *books, const struct event *event, struct sb_error *err)
{
	const char *receiver = event_receiver(event);
	struct loaded *from, *to = NULL;
	size_t at, to_at;
	int rc = books_load(books, event->account, &at, err);

	if (rc == SB_ENOTFOUND && event->kind == EVENT_OPEN) {
		struct account *account = account_new(event->account);

		rc = account ? books_insert(books, at, account, err) : sb_error_nomem(err);
	} else if (rc == SB_ENOTFOUND) {
		return books_unknown_account(books, event->account, err);
	}
	if (!rc && receiver) {
		rc = books_load(books, receiver, &to_at, err);
		if (rc == SB_ENOTFOUND)
			return books_unknown_account(books, receiver, err);
		/* Loading the receiver may have moved the other. */
		if (!rc)
			rc = books_load(books, event->account, &at, err);
		if (!rc)
			to = &books->accounts[to_at];
	}
	if (rc)
		return rc;
	from = &books->accounts[at];
	rc = account_apply(from->account, to ? to->account : NULL, event, err);
	from->dirty = true;
	if (to)
		to->dirty = true;
	return rc;
}

int books_store_entry(struct books *books, const struct event *event, struct sb_error *err)
{
	const char *receiver = event_receiver(event);
	int rc = journal_add(books->txn, books->bank, &books->head, event, err);

	if (!rc)
		rc = index_account(books, event->account, event->seq, err);
	if (!rc && receiver)
		rc = index_account(books, receiver, event->seq, err);
	if (!rc && (event->kind == EVENT_REFUND || event->kind == EVENT_REVERSE))
		rc = answers_index(books, event, err);
	if (!rc && event->ref && *event->ref)
		rc = index_ref(books, event, err);
	return rc;
}

void books_stamp(const struct books *books, struct event *event)
{
	event->seq = books->head.seq + 1;
	event->time = books->time;
	event->uid = books->author->uid;
	event->login = books->author->login;
	event->user = books->author->user;
	event->host = books->author->host;
}

int books_append(struct books *books, struct event *event, struct sb_error *err)
{
	int rc;

	books_stamp(books, event);
	rc = event_check(event, err);
	if (!rc)
		rc = books_enter_deferred(books, event->account, err);
	if (!rc && event_receiver(event))
		rc = books_enter_deferred(books, event_receiver(event), err);
	if (rc)
		return rc;
	books_stamp(books, event);
	rc = apply(books, event, err);
	return rc ? rc : books_store_entry(books, event, err);
}
/* Checks number and time and applies. */
static int follow(struct books *books, const struct event *event, struct sb_error *err)
{
	int rc;

	if (event->seq != books->head.seq + 1)
		return sb_error_set(err, SB_ECORRUPT,
				    "entry %" PRIu64 " stands where entry %" PRIu64 " belongs",
				    event->seq, books->head.seq + 1);
	if (event->time < books->head.time)
		return sb_error_set(err, SB_ECORRUPT,
				    "entry %" PRIu64 " is older than the one before it",
				    event->seq);
	rc = apply(books, event, err);
	if (rc)
		sb_error_prefix(err, "entry %" PRIu64, event->seq);
	return rc;
}

int books_follow(struct books *books, const struct event *event, const unsigned char *hash,
		 struct sb_error *err)
{
	int rc = follow(books, event, err);

	if (rc)
		return rc;
	books->head.seq = event->seq;
	books->head.time = event->time;
	memcpy(books->head.hash, hash, HASH_SIZE);
	return SB_OK;
}

int books_replay(struct books *books, const struct event *event, const unsigned char *hash,
		 struct sb_error *err)
{
	char expected[HASH_TEXT_SIZE];
	int rc = follow(books, event, err);

	if (!rc)
		rc = books_store_entry(books, event, err);
	if (rc || memcmp(books->head.hash, hash, HASH_SIZE) == 0)
		return rc;
	return sb_error_set(err, SB_ECORRUPT,
			    "entry %" PRIu64 " was changed: its hash should be %s", event->seq,
			    hex_format(expected, books->head.hash, HASH_SIZE));
}

int books_find_ref(struct books *books, const char *ref, const char *request, uint64_t *ret_seq,
		   struct sb_error *err)
{
	struct event event = {0};
	struct slice value;
	uint64_t seq;
	int rc = store_get(books->txn, STORE_REFS, text_slice(ref), &value, err);

	if (rc)
		return rc;
	if (value.len != 8)
		return sb_error_set(err, SB_ECORRUPT, "the index of ref '%s' is malformed", ref);
	seq = u64_load(value.data);
	rc = journal_get(books->txn, seq, &event, NULL, err);
	if (!rc && strcmp(event.request, request) != 0)
		rc = sb_error_set(err, SB_EREFUSED,
				  "ref '%s' is taken by entry %" PRIu64 ", which was another "
				  "request: '%s'; use another ref",
				  ref, seq, event.request);
	if (!rc)
		*ret_seq = seq;
	event_release(&event);
	return rc;
}
