/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/books/ahead.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCH = 64, /* entries that one thread takes at a time */
	RING = 16, /* batches; who reads on waits for the first of them */
	THREADS_MAX = 7, /* beside the caller's, who applies entries no faster */
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

/* Batches are filled, taken and used in their order; each number only grows. The threads read what
 * LMDB has mapped, for the transaction stays open, and never call it. */
struct walk {
	const unsigned char *bank;
	ahead_each *each;
	void *ctx;
	struct batch *ring;
	const unsigned char *last; /* the hash of the entry that was read last */
	int result; /* of [each] */
	size_t used; /* by the caller; what follows is under the lock */
	pthread_mutex_t lock;
	pthread_cond_t filling, working; /* somebody filled a batch, or was done with one */
	size_t filled;
	size_t taken;
	bool over;
	pthread_t threads[THREADS_MAX];
	size_t thread_count;
	bool started;
};

static struct batch *at(struct walk *walk, size_t number)
{
	return &walk->ring[number % RING];
}

static void look_at(const struct walk *walk, struct slot *slot)
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
	journal_hash(walk->bank, &head, bytes + HASH_SIZE, entry->value.len - HASH_SIZE, hash);
	entry->fits = memcmp(hash, bytes, HASH_SIZE) == 0;
	entry->rc =
		event_decode(bytes + HASH_SIZE, entry->value.len - HASH_SIZE, &entry->event, NULL);
	entry->event.seq = head.seq + 1;
}

/* Takes the next batch that nobody has, and gives the lock away while it is looked at. */
static void work(struct walk *walk)
{
	struct batch *batch = at(walk, walk->taken++);

	(void)pthread_mutex_unlock(&walk->lock);
	for (size_t i = 0; i < batch->count; i++)
		look_at(walk, &batch->slots[i]);
	(void)pthread_mutex_lock(&walk->lock);
	batch->done = true;
	(void)pthread_cond_signal(&walk->working);
}

static void *run(void *ctx)
{
	struct walk *walk = ctx;

	(void)pthread_mutex_lock(&walk->lock);
	while (!walk->over) {
		if (walk->taken < walk->filled)
			work(walk);
		else
			(void)pthread_cond_wait(&walk->filling, &walk->lock);
	}
	(void)pthread_mutex_unlock(&walk->lock);
	return NULL;
}

/* As many as there are. Signals are for the caller's thread, but for those of its own faults. */
static void start_threads(struct walk *walk)
{
	static const int own[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGABRT};
	cpu_set_t cpus;
	sigset_t all, before;
	size_t most = 0;

	walk->started = true;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		most = (size_t)CPU_COUNT(&cpus) - 1;
	if (most > THREADS_MAX)
		most = THREADS_MAX;
	(void)sigfillset(&all);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		(void)sigdelset(&all, own[i]);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	while (walk->thread_count < most &&
	       pthread_create(&walk->threads[walk->thread_count], NULL, run, walk) == 0)
		walk->thread_count++;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void end_threads(struct walk *walk)
{
	(void)pthread_mutex_lock(&walk->lock);
	walk->over = true;
	(void)pthread_cond_broadcast(&walk->filling);
	(void)pthread_mutex_unlock(&walk->lock);
	for (size_t i = 0; i < walk->thread_count; i++)
		(void)pthread_join(walk->threads[i], NULL);
}

/* Gives the caller the first batch. While it is not done he helps. */
static int use_batch(struct walk *walk, struct sb_error *err)
{
	struct batch *batch = at(walk, walk->used++);

	(void)pthread_mutex_lock(&walk->lock);
	while (!batch->done) {
		if (walk->taken < walk->filled)
			work(walk);
		else
			(void)pthread_cond_wait(&walk->working, &walk->lock);
	}
	(void)pthread_mutex_unlock(&walk->lock);
	for (size_t i = 0; i < batch->count && !walk->result; i++)
		walk->result = walk->each(&batch->slots[i].entry, walk->ctx, err);
	batch->count = 0;
	batch->done = false;
	return walk->result;
}

static int hand_over(struct walk *walk, struct sb_error *err)
{
	(void)pthread_mutex_lock(&walk->lock);
	walk->filled++;
	(void)pthread_cond_signal(&walk->filling);
	(void)pthread_mutex_unlock(&walk->lock);
	if (walk->filled - walk->used < RING)
		return SB_OK;
	if (!walk->started)
		start_threads(walk);
	return use_batch(walk, err);
}

static int fill(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	struct walk *walk = ctx;
	struct batch *batch = at(walk, walk->filled);
	struct slot *slot = &batch->slots[batch->count++];

	slot->entry.key = key;
	slot->entry.value = value;
	slot->before = walk->last;
	if (key.len == 8 && value.len >= HASH_SIZE)
		walk->last = value.data;
	return batch->count < BATCH ? SB_OK : hand_over(walk, err);
}

static void release(struct walk *walk)
{
	for (size_t i = 0; i < RING; i++) {
		for (size_t j = 0; j < BATCH; j++)
			event_release(&walk->ring[i].slots[j].entry.event);
	}
	free(walk->ring);
}

int ahead_walk(struct store_txn *txn, const unsigned char bank[BANK_ID_SIZE], ahead_each *each,
	       void *ctx, struct sb_error *err)
{
	static const unsigned char no_hash[HASH_SIZE];
	struct walk walk = {.bank = bank,
			    .each = each,
			    .ctx = ctx,
			    .last = no_hash,
			    .lock = PTHREAD_MUTEX_INITIALIZER,
			    .filling = PTHREAD_COND_INITIALIZER,
			    .working = PTHREAD_COND_INITIALIZER};
	int rc;

	walk.ring = calloc(RING, sizeof(*walk.ring));
	if (!walk.ring)
		return sb_error_nomem(err);
	rc = store_each(txn, STORE_JOURNAL, (struct slice){0}, false, fill, &walk, err);
	if (!rc && !walk.result && at(&walk, walk.filled)->count > 0)
		rc = hand_over(&walk, err);
	while (!rc && !walk.result && walk.used < walk.filled)
		rc = use_batch(&walk, err);
	end_threads(&walk);
	release(&walk);
	return rc == STORE_ABORT ? SB_OK : rc;
}

struct proof {
	struct head head; /* of the entries so far */
	journal_each *each;
	void *ctx;
};

static int broken(uint64_t seq, const char *what, struct sb_error *err)
{
	return sb_error_set(err, SB_ECORRUPT,
			    "the books are damaged: entry %" PRIu64 " %s; run `subank verify`, and "
			    "keep the copies that there are",
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
		const struct head *head, journal_each *each, void *ctx, struct sb_error *err)
{
	struct proof proof = {.each = each, .ctx = ctx};
	int rc = ahead_walk(txn, bank, prove_entry, &proof, err);

	if (!rc &&
	    (proof.head.seq != head->seq || memcmp(proof.head.hash, head->hash, HASH_SIZE) != 0))
		rc = broken(proof.head.seq, "is not the last one that was made", err);
	return rc;
}
