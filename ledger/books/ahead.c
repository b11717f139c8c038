/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/books/ahead.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCH = 64, /* entries that one thread takes at a time */
	RING = 16, /* batches; a full ring waits for the oldest batch */
	THREADS_MAX =
		7, /* more would decode entries faster than the caller's thread applies them */
};

struct slot {
	struct ahead entry;
	const unsigned char *before; /* the hash of the entry before */
};

struct batch {
	struct slot slots[BATCH];
	size_t count;
	bool done;
};

/* Batches are filled, taken and used in order; the three numbers only grow. The threads read LMDB's
 * map, which stays while the transaction is open, and never call LMDB. */
struct reading_ahead {
	const unsigned char *bank;
	ahead_item *each;
	void *ctx;
	struct batch *ring;
	const unsigned char *last; /* the hash of the last entry that was read */
	int result; /* of [each] */
	size_t used; /* by the caller; the lock protects the members below */
	pthread_mutex_t lock;
	pthread_cond_t filling, working; /* signalled when a batch is filled, or done */
	size_t filled;
	size_t taken;
	bool over;
	pthread_t threads[THREADS_MAX];
	size_t thread_count;
	bool started;
};

static struct batch *at(struct reading_ahead *ahead, size_t number)
{
	return &ahead->ring[number % RING];
}

static void inspect(const struct reading_ahead *ahead, struct slot *slot)
{
	struct ahead *entry = &slot->entry;
	const unsigned char *bytes = entry->value.data;
	unsigned char hash[HASH_SIZE];
	struct head head;

	entry->whole = entry->key.len == 8 && entry->value.len >= HASH_SIZE;
	if (!entry->whole)
		return;
	head.seq = u64_load(entry->key.data) - 1;
	memcpy(head.hash, slot->before, HASH_SIZE);
	journal_hash(ahead->bank, &head, bytes + HASH_SIZE, entry->value.len - HASH_SIZE, hash);
	entry->fits = memcmp(hash, bytes, HASH_SIZE) == 0;
	entry->rc =
		event_decode(bytes + HASH_SIZE, entry->value.len - HASH_SIZE, &entry->event, NULL);
	entry->event.seq = head.seq + 1;
}

/* Takes the next batch. Releases the lock meanwhile. */
static void work(struct reading_ahead *ahead)
{
	struct batch *batch = at(ahead, ahead->taken++);

	(void)pthread_mutex_unlock(&ahead->lock);
	for (size_t i = 0; i < batch->count; i++)
		inspect(ahead, &batch->slots[i]);
	(void)pthread_mutex_lock(&ahead->lock);
	batch->done = true;
	(void)pthread_cond_signal(&ahead->working);
}

static void *run(void *ctx)
{
	struct reading_ahead *ahead = ctx;

	(void)pthread_mutex_lock(&ahead->lock);
	while (!ahead->over) {
		if (ahead->taken < ahead->filled)
			work(ahead);
		else
			(void)pthread_cond_wait(&ahead->filling, &ahead->lock);
	}
	(void)pthread_mutex_unlock(&ahead->lock);
	return NULL;
}

/* Starts a thread for each other processor. They block all signals, which the caller's thread
 * handles, except those that their own faults raise. */
static void start_threads(struct reading_ahead *ahead)
{
	static const int own[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGABRT};
	cpu_set_t cpus;
	sigset_t all, before;
	size_t most = 0;

	ahead->started = true;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		most = (size_t)CPU_COUNT(&cpus) - 1;
	if (most > THREADS_MAX)
		most = THREADS_MAX;
	(void)sigfillset(&all);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		(void)sigdelset(&all, own[i]);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	while (ahead->thread_count < most &&
	       pthread_create(&ahead->threads[ahead->thread_count], NULL, run, ahead) == 0)
		ahead->thread_count++;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void end_threads(struct reading_ahead *ahead)
{
	(void)pthread_mutex_lock(&ahead->lock);
	ahead->over = true;
	(void)pthread_cond_broadcast(&ahead->filling);
	(void)pthread_mutex_unlock(&ahead->lock);
	for (size_t i = 0; i < ahead->thread_count; i++)
		(void)pthread_join(ahead->threads[i], NULL);
}

/* Calls [each] for the oldest batch. Works on batches until that one is done. */
static int use_batch(struct reading_ahead *ahead, struct sb_error *err)
{
	struct batch *batch = at(ahead, ahead->used++);

	(void)pthread_mutex_lock(&ahead->lock);
	while (!batch->done) {
		if (ahead->taken < ahead->filled)
			work(ahead);
		else
			(void)pthread_cond_wait(&ahead->working, &ahead->lock);
	}
	(void)pthread_mutex_unlock(&ahead->lock);
	for (size_t i = 0; i < batch->count && !ahead->result; i++)
		ahead->result = ahead->each(&batch->slots[i].entry, ahead->ctx, err);
	batch->count = 0;
	batch->done = false;
	return ahead->result;
}

static int hand_over(struct reading_ahead *ahead, struct sb_error *err)
{
	(void)pthread_mutex_lock(&ahead->lock);
	ahead->filled++;
	(void)pthread_cond_signal(&ahead->filling);
	(void)pthread_mutex_unlock(&ahead->lock);
	if (ahead->filled - ahead->used < RING)
		return SB_OK;
	if (!ahead->started)
		start_threads(ahead);
	return use_batch(ahead, err);
}

static int fill(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	struct reading_ahead *ahead = ctx;
	struct batch *batch = at(ahead, ahead->filled);
	struct slot *slot = &batch->slots[batch->count++];

	slot->entry.key = key;
	slot->entry.value = value;
	slot->before = ahead->last;
	if (key.len == 8 && value.len >= HASH_SIZE)
		ahead->last = value.data;
	return batch->count < BATCH ? SB_OK : hand_over(ahead, err);
}

static void release(struct reading_ahead *ahead)
{
	for (size_t i = 0; i < RING; i++) {
		for (size_t j = 0; j < BATCH; j++)
			event_release(&ahead->ring[i].slots[j].entry.event);
	}
	free(ahead->ring);
}

int ahead_each(struct store_txn *txn, const unsigned char bank[BANK_ID_SIZE], ahead_item *each,
	       void *ctx, struct sb_error *err)
{
	static const unsigned char no_hash[HASH_SIZE];
	struct reading_ahead ahead = {.bank = bank,
				      .each = each,
				      .ctx = ctx,
				      .last = no_hash,
				      .lock = PTHREAD_MUTEX_INITIALIZER,
				      .filling = PTHREAD_COND_INITIALIZER,
				      .working = PTHREAD_COND_INITIALIZER};
	int rc;

	ahead.ring = calloc(RING, sizeof(*ahead.ring));
	if (!ahead.ring)
		return sb_error_nomem(err);
	rc = store_each(txn, STORE_JOURNAL, (struct slice){0}, false, fill, &ahead, err);
	if (!rc && !ahead.result && at(&ahead, ahead.filled)->count > 0)
		rc = hand_over(&ahead, err);
	while (!rc && !ahead.result && ahead.used < ahead.filled)
		rc = use_batch(&ahead, err);
	end_threads(&ahead);
	release(&ahead);
	return rc == STORE_ABORT ? SB_OK : rc;
}

struct proof {
	struct head head; /* of the entries so far */
	journal_item *each;
	void *ctx;
};

static int broken(uint64_t seq, const char *what, struct sb_error *err)
{
	return sb_error_set(err, SB_ECORRUPT,
			    "the books are damaged: entry %" PRIu64 " %s; run `subank verify`, and "
			    "keep all copies of the books",
			    seq, what);
}

static int prove_entry(const struct ahead *ahead, void *ctx, struct sb_error *err)
{
	struct proof *proof = ctx;
	const unsigned char *bytes = ahead->value.data;
	struct entry entry = {.event = &ahead->event,
			      .hash = bytes,
			      .stored = bytes + HASH_SIZE,
			      .len = ahead->value.len - HASH_SIZE};

	proof->head.seq++;
	if (!ahead->whole || ahead->event.seq != proof->head.seq || !ahead->fits)
		return broken(proof->head.seq, "is missing or does not fit its hash", err);
	if (ahead->rc == SB_ESYSTEM)
		return sb_error_nomem(err);
	if (ahead->rc)
		return broken(proof->head.seq, "has a form that this subank does not know", err);
	memcpy(proof->head.hash, bytes, HASH_SIZE);
	return proof->each(&entry, proof->ctx, err);
}

int ahead_prove(struct store_txn *txn, const unsigned char bank[BANK_ID_SIZE],
		const struct head *head, journal_item *each, void *ctx, struct sb_error *err)
{
	struct proof proof = {.each = each, .ctx = ctx};
	int rc = ahead_each(txn, bank, prove_entry, &proof, err);

	if (!rc &&
	    (proof.head.seq != head->seq || memcmp(proof.head.hash, head->hash, HASH_SIZE) != 0))
		rc = broken(proof.head.seq, "is not the last one that was made", err);
	return rc;
}
