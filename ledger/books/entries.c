/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/books/entries.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Counts the entries made before [time] by a binary search, since entries are in the order of time.
 * Adds the number of entries that it reads to *read. */
static int count_before(struct books *books, int64_t time, uint64_t *ret, uint64_t *read,
			struct sb_error *err)
{
	uint64_t low = 0, high = books_head(books)->seq;
	struct event event = {0};
	int rc = SB_OK;

	/* Most callers want the newest entry. */
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
	if (rc)
		return rc == SB_ENOTFOUND ? SB_OK : rc;
	if (value.len != 8)
		return sb_error_set(err, SB_ECORRUPT, "the index of ref '%s' is malformed", ref);
	*ret = u64_load(value.data);
	return SB_OK;
}

struct iteration {
	journal_item *each;
	void *ctx;
	uint64_t low, high;
	uint64_t read;
};

/* The accounts with entries left, as a heap: the one with the nearest entry is the first. */
struct heap {
	struct index_place *places;
	size_t count;
	bool backward;
};

static bool is_nearer(const struct heap *heap, size_t a, size_t b)
{
	uint64_t left = heap->places[a].seq, right = heap->places[b].seq;

	return heap->backward ? left > right : left < right;
}

/* Puts the place at [at] below those that are nearer. */
static void sink(struct heap *heap, size_t at)
{
	for (size_t below; (below = 2 * at + 1) < heap->count; at = below) {
		struct index_place moved = heap->places[at];

		if (below + 1 < heap->count && is_nearer(heap, below + 1, below))
			below++;
		if (!is_nearer(heap, below, at))
			break;
		heap->places[at] = heap->places[below];
		heap->places[below] = moved;
	}
}

static bool is_within(const struct iteration *run, const struct index_place *place)
{
	return place->seq && place->seq >= run->low && place->seq <= run->high;
}

static int visit(struct books *books, struct iteration *run, uint64_t seq, struct event *event,
		 struct sb_error *err)
{
	struct entry entry;
	int rc = journal_read(books_txn(books), seq, event, &entry, err);

	run->read++;
	if (rc == SB_ENOTFOUND)
		return sb_error_set(err, SB_ECORRUPT,
				    "the index of accounts names entry %" PRIu64
				    ", which is not there: run `subank verify`",
				    seq);
	return rc ? rc : run->each(&entry, run->ctx, err);
}

/* Moves the first account, and others that have the same entry, to their next entries. */
static int leave(struct books *books, const struct iteration *run, struct heap *heap, uint64_t seq,
		 struct sb_error *err)
{
	struct index_place *first = heap->places;

	while (heap->count > 0 && first->seq == seq) {
		TRY(books_index_move(books, first, heap->backward ? seq - 1 : seq + 1,
				     heap->backward, err));
		if (!is_within(run, first))
			*first = heap->places[--heap->count];
		sink(heap, 0);
	}
	return SB_OK;
}

static int visit_all(struct books *books, const struct entry_range *range, struct iteration *run,
		     struct index_place *places, struct event *event, struct sb_error *err)
{
	struct heap heap = {.places = places, .backward = range->backward};

	for (size_t i = 0; i < range->account_count; i++) {
		struct index_place *place = &places[heap.count];

		*place = (struct index_place){.account = range->accounts[i]};
		TRY(books_index_move(books, place, range->backward ? run->high : run->low,
				     range->backward, err));
		heap.count += is_within(run, place);
	}
	for (size_t i = heap.count / 2; i-- > 0;)
		sink(&heap, i);
	while (heap.count > 0) {
		uint64_t seq = places[0].seq;

		TRY(visit(books, run, seq, event, err));
		TRY(leave(books, run, &heap, seq, err));
	}
	return SB_OK;
}

static int visit_accounts(struct books *books, const struct entry_range *range,
			  struct iteration *run, struct sb_error *err)
{
	struct index_place *places = calloc(range->account_count, sizeof(*places));
	struct event event = {0};
	int rc = places ? visit_all(books, range, run, places, &event, err) : sb_error_nomem(err);

	event_release(&event);
	free(places);
	return rc == STORE_ABORT ? SB_OK : rc;
}

static int visit_any(const struct entry *entry, void *ctx, struct sb_error *err)
{
	struct iteration *run = ctx;

	run->read++;
	if (entry->event->seq < run->low || entry->event->seq > run->high)
		return STORE_ABORT;
	return run->each(entry, run->ctx, err);
}

static int visit_range(struct books *books, const struct entry_range *range, struct iteration *run,
		       struct sb_error *err)
{
	uint64_t before = 0;

	if (range->since)
		TRY(count_before(books, range->since, &before, &run->read, err));
	run->low = before + 1;
	if (range->until)
		TRY(count_before(books, range->until, &run->high, &run->read, err));
	if (range->from > run->low)
		run->low = range->from;
	if (range->to && range->to < run->high)
		run->high = range->to;
	if (run->low > run->high)
		return SB_OK;
	if (range->account_count)
		return visit_accounts(books, range, run, err);
	return journal_each(books_txn(books), range->backward ? run->high : run->low,
			    range->backward, visit_any, run, err);
}

int entries_each(struct books *books, const struct entry_range *range, journal_item *each,
		 void *ctx, uint64_t *ret_read, struct sb_error *err)
{
	struct iteration run = {.each = each, .ctx = ctx, .high = books_head(books)->seq};
	int rc = visit_range(books, range, &run, err);

	if (ret_read)
		*ret_read = run.read;
	return rc;
}
