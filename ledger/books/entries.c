/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/books/entries.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Entries are in the order of time, so half of them are put aside with each look. */
static int count_before(struct books *books, int64_t time, uint64_t *ret, uint64_t *read,
			struct sb_error *err)
{
	uint64_t low = 0, high = books_head(books)->seq;
	struct event event = {0};
	int rc = SB_OK;

	/* The newest is the one asked for most. */
	if (high > 0 && books_head(books)->time < time)
		low = high;
	while (low < high && !rc) {
		uint64_t middle = low + (high - low) / 2 + 1;

		rc = journal_get(books_txn(books), middle, &event, NULL, err);
		++*read;
		if (!rc && event.time < time)
			low = middle;
		else
			high = middle - 1;
	}
	event_release(&event);
	if (!rc)
		*ret = low;
	return rc;
}

int entries_before(struct books *books, int64_t time, uint64_t *ret, struct sb_error *err)
{
	uint64_t read = 0;

	return count_before(books, time, ret, &read, err);
}

int entries_with_ref(struct books *books, const char *ref, uint64_t *ret, struct sb_error *err)
{
	struct slice value;
	int rc;

	*ret = 0;
	if (!*ref)
		return SB_OK;
	rc = store_get(books_txn(books), STORE_REFS, (struct slice){ref, strlen(ref)}, &value, err);
	if (rc == SB_ENOTFOUND)
		return SB_OK;
	if (!rc && value.len != 8)
		return sb_error_set(err, SB_ECORRUPT, "the index of ref '%s' is malformed", ref);
	if (!rc)
		*ret = u64_load(value.data);
	return rc;
}

struct walk {
	journal_item *each;
	void *ctx;
	uint64_t low, high;
	uint64_t read;
};

/* The next of all the places; 0 when they are at their ends. */
static uint64_t next_seq(const struct index_place *places, size_t count, const struct walk *walk,
			 bool backward)
{
	uint64_t best = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t seq = places[i].seq;

		if (seq < walk->low || seq > walk->high)
			continue;
		if (!best || (backward ? seq > best : seq < best))
			best = seq;
	}
	return best;
}

static int visit(struct books *books, struct walk *walk, uint64_t seq, struct event *event,
		 struct sb_error *err)
{
	struct entry entry;
	int rc = journal_read(books_txn(books), seq, event, &entry, err);

	walk->read++;
	if (rc == SB_ENOTFOUND)
		return sb_error_set(err, SB_ECORRUPT,
				    "the index of accounts names entry %" PRIu64
				    ", which is not there: run `subank verify`",
				    seq);
	return rc ? rc : walk->each(&entry, walk->ctx, err);
}

static int walk_accounts(struct books *books, const struct entry_range *range, struct walk *walk,
			 struct sb_error *err)
{
	struct index_place *places = calloc(range->account_count, sizeof(*places));
	uint64_t seq = range->backward ? walk->high : walk->low;
	struct event event = {0};
	int rc = places ? SB_OK : sb_error_nomem(err);

	for (size_t i = 0; i < range->account_count && !rc; i++) {
		places[i].account = range->accounts[i];
		rc = books_index_move(books, &places[i], seq, range->backward, err);
	}
	while (!rc && (seq = next_seq(places, range->account_count, walk, range->backward))) {
		rc = visit(books, walk, seq, &event, err);
		for (size_t i = 0; i < range->account_count && !rc; i++) {
			if (places[i].seq == seq)
				rc = books_index_move(books, &places[i],
						      range->backward ? seq - 1 : seq + 1,
						      range->backward, err);
		}
	}
	event_release(&event);
	free(places);
	return rc == STORE_ABORT ? SB_OK : rc;
}

static int walk_one(const struct entry *entry, void *ctx, struct sb_error *err)
{
	struct walk *walk = ctx;

	walk->read++;
	if (entry->event->seq < walk->low || entry->event->seq > walk->high)
		return STORE_ABORT;
	return walk->each(entry, walk->ctx, err);
}

int entries_each(struct books *books, const struct entry_range *range, journal_item *each,
		 void *ctx, uint64_t *ret_read, struct sb_error *err)
{
	struct walk walk = {.each = each, .ctx = ctx, .low = 1, .high = books_head(books)->seq};
	uint64_t seq;
	int rc = SB_OK;

	if (range->since) {
		rc = count_before(books, range->since, &seq, &walk.read, err);
		if (!rc)
			walk.low = seq + 1;
	}
	if (!rc && range->until) {
		rc = count_before(books, range->until, &seq, &walk.read, err);
		if (!rc)
			walk.high = seq;
	}
	if (range->from > walk.low)
		walk.low = range->from;
	if (range->to && range->to < walk.high)
		walk.high = range->to;
	if (!rc && walk.low <= walk.high)
		rc = range->account_count ? walk_accounts(books, range, &walk, err)
					  : journal_each(books_txn(books),
							 range->backward ? walk.high : walk.low,
							 range->backward, walk_one, &walk, err);
	if (ret_read)
		*ret_read = walk.read;
	return rc;
}
