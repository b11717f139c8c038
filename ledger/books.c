/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/books.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ledger/answers.h"
#include "ledger/nearest.h"
#include "ledger/seen.h"
#include "ledger/when.h"

enum { BOOKS_FORMAT = 1 };

/* How far the clock may be behind the newest entry: what NTP corrects in one step. */
#define CLOCK_SLACK (60 * WHEN_SECOND)

struct bank {
	struct store *store;
	struct author author;
	bool building;
};

/* A charge that the state has and the journal has not; once it is entered it has a number. */
struct deferred {
	struct deferred *next;
	struct event charge;
	char cluster[NAME_SIZE];
};

struct loaded {
	struct account *account;
	struct deferred *deferred; /* the oldest first */
	bool taken_up; /* what was seen is in the state */
	bool dirty;
	uint64_t *unindexed; /* entries of this transaction that are not in its index yet */
	size_t unindexed_count;
	size_t unindexed_size;
};

struct books {
	struct store_txn *txn; /* NULL: in memory */
	const struct author *author;
	bool replay; /* entries bring their own times */
	bool complete; /* every account is loaded: the stored states are not to be looked at */
	bool as_entered; /* what was seen without an entry is left out */
	unsigned char bank[BANK_ID_SIZE];
	struct head head;
	int64_t time;
	struct loaded *accounts; /* by name */
	size_t count;
	size_t size;
	size_t found; /* where one was found, or belonged, last */
	bool unindexed; /* some of them have entries that are not in the index yet */
};

static struct slice text_slice(const char *text)
{
	return (struct slice){text, strlen(text)};
}

/* ---- meta ---- */

static int get_meta(struct store_txn *txn, const char *name, size_t size, void *ret,
		    struct sb_error *err)
{
	struct slice value;
	int rc = store_get(txn, STORE_META, text_slice(name), &value, err);

	if (rc == SB_ENOTFOUND || (!rc && value.len != size))
		return sb_error_set(err, SB_ECORRUPT,
				    "the bank's '%s' is missing or malformed: restore an export or "
				    "a backup",
				    name);
	if (!rc)
		memcpy(ret, value.data, size);
	return rc;
}

static int load_meta(struct books *books, struct sb_error *err)
{
	unsigned char format[4], head[8 + HASH_SIZE + 8];
	int rc = get_meta(books->txn, "format", sizeof(format), format, err);

	if (rc)
		return rc;
	if (format[0] || format[1] || format[2] || format[3] != BOOKS_FORMAT)
		return sb_error_set(err, SB_ECORRUPT,
				    "the bank has a format that this subank does not know: use a "
				    "newer one, or export and import with the one that made it");
	rc = get_meta(books->txn, "id", BANK_ID_SIZE, books->bank, err);
	if (!rc)
		rc = get_meta(books->txn, "head", sizeof(head), head, err);
	if (rc)
		return rc;
	books->head.seq = u64_load(head);
	memcpy(books->head.hash, head + 8, HASH_SIZE);
	books->head.time = (int64_t)u64_load(head + 8 + HASH_SIZE);
	return SB_OK;
}

static int save_head(struct books *books, struct sb_error *err)
{
	unsigned char head[8 + HASH_SIZE + 8];

	u64_store(head, books->head.seq);
	memcpy(head + 8, books->head.hash, HASH_SIZE);
	u64_store(head + 8 + HASH_SIZE, (uint64_t)books->head.time);
	return store_set(books->txn, STORE_META, text_slice("head"),
			 (struct slice){head, sizeof(head)}, err);
}

int books_set_id(struct books *books, const unsigned char bank[BANK_ID_SIZE], struct sb_error *err)
{
	memcpy(books->bank, bank, BANK_ID_SIZE);
	return store_set(books->txn, STORE_META, text_slice("id"),
			 (struct slice){bank, BANK_ID_SIZE}, err);
}

/* ---- accounts ---- */

/* The place of [name], or where it belongs. */
static size_t search(const struct books *books, const char *name, bool *ret_found)
{
	size_t low = 0, high = books->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(books->accounts[middle].account->name, name);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = false;
	return low;
}

/* The same, and first where the last one was found and behind it: an entry asks for an account
 * several times, and a check goes from each to the next. */
static size_t place(struct books *books, const char *name, bool *ret_found)
{
	for (size_t i = books->found; i < books->count && i < books->found + 2; i++) {
		if (strcmp(books->accounts[i].account->name, name) == 0) {
			*ret_found = true;
			return books->found = i;
		}
	}
	return books->found = search(books, name, ret_found);
}

/* Takes over [account]. */
static int insert(struct books *books, size_t at, struct account *account, struct sb_error *err)
{
	if (books->count == books->size) {
		size_t size = books->size ? 2 * books->size : 16;
		struct loaded *grown =
			reallocarray(books->accounts, size, sizeof(*books->accounts));

		if (!grown) {
			account_free(account);
			return sb_error_nomem(err);
		}
		books->accounts = grown;
		books->size = size;
	}
	memmove(&books->accounts[at + 1], &books->accounts[at],
		(books->count - at) * sizeof(*books->accounts));
	books->accounts[at] = (struct loaded){.account = account};
	books->count++;
	return SB_OK;
}

static int decode_state(const struct books *books, const char *name, struct slice value,
			struct account **ret, struct sb_error *err)
{
	struct account *account;
	int rc = account_decode(value.data, value.len, &account, err);

	if (rc) {
		sb_error_prefix(err, "account '%s'", name);
		return rc;
	}
	if (strcmp(account->name, name) != 0) {
		account_free(account);
		return sb_error_set(err, SB_ECORRUPT,
				    "the state of account '%s' names another account: run `subank "
				    "verify`",
				    name);
	}
	if (!books->replay)
		account_settle(account, books->time);
	*ret = account;
	return SB_OK;
}

/* Adds what was seen of the account's use and not entered. */
static int take_up(struct books *books, struct loaded *loaded, struct sb_error *err)
{
	if (loaded->taken_up || books->replay || books->as_entered)
		return SB_OK;
	loaded->taken_up = true;
	return seen_take_up(books, loaded->account, err);
}

/* Finds the account in the working set or the store. SB_ENOTFOUND without a text, and then *ret_at
 * is where it belongs. */
static int load(struct books *books, const char *name, size_t *ret_at, struct sb_error *err)
{
	struct account *account;
	struct slice value;
	bool found;
	int rc;

	*ret_at = place(books, name, &found);
	if (found)
		return take_up(books, &books->accounts[*ret_at], err);
	if (books->complete)
		return SB_ENOTFOUND;
	rc = store_get(books->txn, STORE_ACCOUNTS, text_slice(name), &value, err);
	if (!rc)
		rc = decode_state(books, name, value, &account, err);
	if (!rc)
		rc = insert(books, *ret_at, account, err);
	return rc ? rc : take_up(books, &books->accounts[*ret_at], err);
}

struct likeness {
	const char *name;
	char best[NAME_SIZE];
	size_t distance;
};

static int look_alike(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	struct likeness *likeness = ctx;
	char name[NAME_SIZE];

	(void)value;
	(void)err;
	if (key.len >= sizeof(name))
		return SB_OK;
	memcpy(name, key.data, key.len);
	name[key.len] = '\0';
	if (nearer(likeness->name, name, &likeness->distance))
		memcpy(likeness->best, name, sizeof(name));
	return SB_OK;
}

static int unknown_account(struct books *books, const char *name, struct sb_error *err)
{
	struct likeness likeness = {.name = name, .distance = NEAREST_NONE};

	if (!err)
		return SB_ENOTFOUND;
	if (store_walk(books->txn, STORE_ACCOUNTS, (struct slice){0}, false, look_alike, &likeness,
		       NULL) == SB_OK &&
	    *likeness.best)
		return sb_error_set(err, SB_ENOTFOUND,
				    "account '%s' is not in the bank: did you mean '%s'?", name,
				    likeness.best);
	return sb_error_set(err, SB_ENOTFOUND,
			    "account '%s' is not in the bank: `subank open %s` opens it", name,
			    name);
}

int books_find(struct books *books, const char *name, const struct account **ret,
	       struct sb_error *err)
{
	size_t at;
	int rc = load(books, name, &at, err);

	if (!rc)
		*ret = books->accounts[at].account;
	return rc;
}

int books_account(struct books *books, const char *name, const struct account **ret,
		  struct sb_error *err)
{
	int rc = books_find(books, name, ret, err);

	return rc == SB_ENOTFOUND ? unknown_account(books, name, err) : rc;
}

static int load_each(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	struct books *books = ctx;
	char name[NAME_SIZE];
	struct account *account;
	size_t at;
	bool found;
	int rc;

	if (key.len >= sizeof(name))
		return sb_error_set(err, SB_ECORRUPT, "an account's name is too long");
	memcpy(name, key.data, key.len);
	name[key.len] = '\0';
	at = place(books, name, &found);
	if (found)
		return SB_OK;
	rc = decode_state(books, name, value, &account, err);
	return rc ? rc : insert(books, at, account, err);
}

int books_load_all(struct books *books, size_t *ret_count, struct sb_error *err)
{
	int rc = SB_OK;

	if (!books->complete)
		rc = store_walk(books->txn, STORE_ACCOUNTS, (struct slice){0}, false, load_each,
				books, err);
	for (size_t i = 0; !rc && i < books->count; i++)
		rc = take_up(books, &books->accounts[i], err);
	if (!rc)
		*ret_count = books->count;
	return rc;
}

const struct account *books_at(const struct books *books, size_t index)
{
	return books->accounts[index].account;
}

/* ---- appending ---- */

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
	int rc = load(books, name, &at, err);

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
	int rc = load(books, event->account, &at, err);

	if (rc == SB_ENOTFOUND && event->kind == EVENT_OPEN) {
		struct account *account = account_new(event->account);

		rc = account ? insert(books, at, account, err) : sb_error_nomem(err);
	} else if (rc == SB_ENOTFOUND) {
		return unknown_account(books, event->account, err);
	}
	if (!rc && receiver) {
		rc = load(books, receiver, &to_at, err);
		if (rc == SB_ENOTFOUND)
			return unknown_account(books, receiver, err);
		/* Loading the receiver may have moved the other. */
		if (!rc)
			rc = load(books, event->account, &at, err);
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

static int store_entry(struct books *books, const struct event *event, struct sb_error *err)
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

static void stamp(const struct books *books, struct event *event)
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

	stamp(books, event);
	rc = event_check(event, err);
	if (!rc)
		rc = books_enter_deferred(books, event->account, err);
	if (!rc && event_receiver(event))
		rc = books_enter_deferred(books, event_receiver(event), err);
	if (rc)
		return rc;
	stamp(books, event);
	rc = apply(books, event, err);
	return rc ? rc : store_entry(books, event, err);
}

/* ---- charges that wait ---- */

/* Applies the charge. What fails leaves no defined state, so it is tried on a copy. */
static int apply_deferred(struct account *account, const struct event *charge, struct sb_error *err)
{
	struct account *copy = account_copy(account);
	uint64_t last = account->seq;
	int rc = copy ? account_apply(copy, NULL, charge, err) : sb_error_nomem(err);

	account_free(copy);
	if (!rc)
		rc = account_apply(account, NULL, charge, err);
	if (!rc)
		account->seq = last; /* its last entry is still that */
	return rc;
}

static struct deferred *new_deferred(struct loaded *loaded, const char *cluster)
{
	struct deferred **end = &loaded->deferred;

	while (*end)
		end = &(*end)->next;
	*end = calloc(1, sizeof(**end));
	if (*end)
		memcpy((*end)->cluster, cluster, strlen(cluster));
	return *end;
}

/* The one that the charge goes on from, if they can be one; else NULL. They stand where the first
 * does, and what becomes debt there is paid at once out of what those behind it have drawn. */
static struct deferred *find_joinable(const struct loaded *loaded, const struct event *charge)
{
	struct deferred *found = NULL;

	for (struct deferred *at = loaded->deferred; at; at = at->next) {
		if (at->charge.seq)
			continue;
		if (strcmp(at->cluster, charge->cluster) == 0)
			found = at;
		else if (charge->debt > 0 && at->charge.part_count > 0)
			found = NULL;
	}
	return found && found->charge.part_count + charge->part_count <= EVENT_PARTS_MAX ? found
											 : NULL;
}

/* Joins it to the one that it goes on from, or keeps it as one more. */
static int keep_deferred(struct loaded *loaded, struct event *charge, struct sb_error *err)
{
	struct deferred *deferred = find_joinable(loaded, charge);

	if (deferred)
		return event_join_charge(&deferred->charge, charge, err);
	deferred = new_deferred(loaded, charge->cluster);
	if (!deferred)
		return sb_error_nomem(err);
	deferred->charge = *charge;
	deferred->charge.seq = 0;
	deferred->charge.account = loaded->account->name;
	deferred->charge.cluster = deferred->cluster;
	charge->parts = NULL;
	charge->part_count = charge->part_size = 0;
	return SB_OK;
}

int books_defer(struct books *books, struct event *charge, struct sb_error *err)
{
	struct loaded *loaded;
	size_t at;
	int rc = load(books, charge->account, &at, err);

	if (rc)
		return rc;
	loaded = &books->accounts[at];
	stamp(books, charge);
	rc = event_check(charge, err);
	if (!rc)
		rc = apply_deferred(loaded->account, charge, err);
	if (!rc)
		rc = keep_deferred(loaded, charge, err);
	/* A state that is to be stored has nothing without an entry. */
	return rc || !loaded->dirty ? rc : books_enter_deferred(books, loaded->account->name, err);
}

const struct event *books_deferred(const struct books *books, const char *account, size_t index)
{
	const struct deferred *each = NULL;
	bool found;
	size_t at = search(books, account, &found);

	if (found)
		each = books->accounts[at].deferred;
	while (each && index-- > 0)
		each = each->next;
	return each ? &each->charge : NULL;
}

int books_enter_deferred(struct books *books, const char *account, struct sb_error *err)
{
	size_t at;
	int rc = load(books, account, &at, err);

	if (rc == SB_ENOTFOUND)
		return SB_OK;
	if (rc)
		return rc;
	for (struct deferred *each = books->accounts[at].deferred; each && !rc; each = each->next) {
		if (each->charge.seq)
			continue;
		stamp(books, &each->charge);
		rc = store_entry(books, &each->charge, err);
		books->accounts[at].account->seq = each->charge.seq;
		books->accounts[at].dirty = true;
	}
	return rc;
}

void books_as_entered(struct books *books)
{
	books->as_entered = true;
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
		rc = store_entry(books, event, err);
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

/* ---- transactions ---- */

struct transaction {
	struct bank *bank;
	int64_t now;
	books_fn *fn;
	void *ctx;
	bool write;
};

static void release(struct books *books)
{
	for (size_t i = 0; i < books->count; i++) {
		struct loaded *loaded = &books->accounts[i];

		while (loaded->deferred) {
			struct deferred *next = loaded->deferred->next;

			event_release(&loaded->deferred->charge);
			free(loaded->deferred);
			loaded->deferred = next;
		}
		account_free(loaded->account);
		free(loaded->unindexed);
	}
	free(books->accounts);
}

/* Stores the states that changed. */
static int save_states(struct books *books, struct sb_error *err)
{
	struct bytes state = {0};
	int rc = SB_OK;

	for (size_t i = 0; i < books->count && !rc; i++) {
		struct loaded *loaded = &books->accounts[i];

		if (!loaded->dirty)
			continue;
		loaded->dirty = false;
		bytes_clear(&state);
		rc = account_encode(loaded->account, &state, err);
		if (!rc)
			rc = store_set(books->txn, STORE_ACCOUNTS,
				       text_slice(loaded->account->name),
				       (struct slice){state.data, state.len}, err);
	}
	bytes_release(&state);
	return rc;
}

static int save_states_version(struct store_txn *txn, struct sb_error *err)
{
	static const unsigned char version[1] = {ACCOUNT_STATE_VERSION};

	return store_set(txn, STORE_META, text_slice("states"),
			 (struct slice){version, sizeof(version)}, err);
}

static int follow_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	return books_follow(ctx, entry->event, entry->hash, err);
}

/* States that another version of subank stored are made again from the journal: for this
 * transaction, and for good when it writes. */
static int refresh_states(struct books *books, bool write, struct sb_error *err)
{
	struct books replayed = {.complete = true, .replay = true};
	struct slice version;
	int rc = store_get(books->txn, STORE_META, text_slice("states"), &version, err);

	if (rc && rc != SB_ENOTFOUND)
		return rc;
	if (!rc && version.len == 1 &&
	    *(const unsigned char *)version.data == ACCOUNT_STATE_VERSION)
		return SB_OK;
	rc = journal_walk(books->txn, 0, false, follow_entry, &replayed, err);
	books->accounts = replayed.accounts;
	books->count = replayed.count;
	books->size = replayed.size;
	books->complete = true;
	if (!rc && write)
		rc = store_clear(books->txn, STORE_ACCOUNTS, err);
	/* Replaying left them all dirty. They are stored before they are settled to now: a state
	 * is what the entries make it. */
	if (!rc && write)
		rc = save_states(books, err);
	if (!rc && write)
		rc = save_states_version(books->txn, err);
	for (size_t i = 0; i < books->count; i++) {
		books->accounts[i].dirty = false;
		account_settle(books->accounts[i].account, books->time);
	}
	return rc;
}

bool books_states_current(const struct books *books)
{
	return !books->complete;
}

/* Sets the time of the transaction from the clock and the newest entry. */
static int set_time(struct books *books, const struct transaction *transaction,
		    struct sb_error *err)
{
	char clock[WHEN_TEXT_SIZE], newest[WHEN_TEXT_SIZE];

	books->time = transaction->now;
	if (transaction->now >= books->head.time)
		return SB_OK;
	books->time = books->head.time;
	if (!transaction->write || books->replay ||
	    books->head.time - transaction->now <= CLOCK_SLACK)
		return SB_OK;
	return sb_error_set(err, SB_EREFUSED,
			    "the clock says %s, but entry %" PRIu64 " was made at %s: set the "
			    "machine's clock right",
			    when_format_exact(clock, transaction->now), books->head.seq,
			    when_format_exact(newest, books->head.time));
}

static int run(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	const struct transaction *transaction = ctx;
	struct books books = {.txn = txn,
			      .author = &transaction->bank->author,
			      .replay = transaction->bank->building};
	int rc = load_meta(&books, err);

	if (!rc)
		rc = set_time(&books, transaction, err);
	if (!rc)
		rc = refresh_states(&books, transaction->write, err);
	if (!rc)
		rc = transaction->fn(&books, transaction->ctx, err);
	if (!rc && transaction->write)
		rc = books_index(&books, err);
	if (!rc && transaction->write)
		rc = save_states(&books, err);
	if (!rc && transaction->write)
		rc = save_head(&books, err);
	release(&books);
	return rc;
}

int bank_write(struct bank *bank, int64_t now, books_fn *fn, void *ctx, struct sb_error *err)
{
	struct transaction transaction = {
		.bank = bank, .now = now, .fn = fn, .ctx = ctx, .write = true};

	return store_write(bank->store, run, &transaction, err);
}

int bank_read(struct bank *bank, int64_t now, books_fn *fn, void *ctx, struct sb_error *err)
{
	struct transaction transaction = {.bank = bank, .now = now, .fn = fn, .ctx = ctx};

	return store_read(bank->store, run, &transaction, err);
}

int64_t books_time(const struct books *books)
{
	return books->time;
}

const struct head *books_head(const struct books *books)
{
	return &books->head;
}

const unsigned char *books_id(const struct books *books)
{
	return books->bank;
}

struct store_txn *books_txn(struct books *books)
{
	return books->txn;
}

struct books *books_new(const unsigned char bank[BANK_ID_SIZE])
{
	struct books *books = calloc(1, sizeof(*books));

	if (books) {
		memcpy(books->bank, bank, BANK_ID_SIZE);
		books->replay = true;
		books->complete = true;
	}
	return books;
}

void books_free(struct books *books)
{
	if (!books)
		return;
	release(books);
	free(books);
}

/* ---- banks ---- */

int bank_open(const struct store_options *options, enum store_mode mode,
	      const struct author *author, struct bank **ret, struct sb_error *err)
{
	struct bank *bank = calloc(1, sizeof(*bank));
	int rc;

	if (!bank)
		return sb_error_nomem(err);
	if (author)
		bank->author = *author;
	rc = store_open(options, mode, &bank->store, err);
	if (rc)
		free(bank);
	else
		*ret = bank;
	return rc;
}

void bank_close(struct bank *bank)
{
	if (!bank)
		return;
	store_close(bank->store);
	free(bank);
}

struct store *bank_store(struct bank *bank)
{
	return bank->store;
}

static int init_meta(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	static const unsigned char format[4] = {0, 0, 0, BOOKS_FORMAT};
	static const unsigned char head[8 + HASH_SIZE + 8];
	unsigned char id[BANK_ID_SIZE];
	int rc;

	(void)ctx;
	if (getrandom(id, sizeof(id), 0) != (ssize_t)sizeof(id))
		return sb_error_set(err, SB_ESYSTEM, "cannot get random bytes: %s",
				    sb_errno(errno));
	rc = store_set(txn, STORE_META, text_slice("format"),
		       (struct slice){format, sizeof(format)}, err);
	if (!rc)
		rc = store_set(txn, STORE_META, text_slice("id"), (struct slice){id, sizeof(id)},
			       err);
	if (!rc)
		rc = store_set(txn, STORE_META, text_slice("head"),
			       (struct slice){head, sizeof(head)}, err);
	return rc ? rc : save_states_version(txn, err);
}

static int refuse_entries(struct books *books, void *ctx, struct sb_error *err)
{
	if (books->head.seq == 0)
		return SB_OK;
	return sb_error_set(err, SB_EREFUSED,
			    "the bank in %s is not empty, it has %" PRIu64 " entries: nothing was "
			    "changed; `subank import` puts others in their place with --replace "
			    "and adds requests with --append; or name another folder",
			    (const char *)ctx, books->head.seq);
}

/* Whether the old books, if there are any, may go. Closes [old]; [rc] is that of opening it. */
static int check_old(const struct store_options *options, struct store *old, int rc, bool may_exist,
		     struct sb_error *err)
{
	struct bank bank = {.store = old};
	union {
		const char *in;
		void *out;
	} folder = {.in = options->folder};

	if (rc == SB_ENOTFOUND)
		return SB_OK;
	if (rc == SB_ECORRUPT)
		sb_error_prefix(err,
				"move %s/books away first, or use `subank import --replace` (the "
				"old books are damaged)",
				options->folder);
	if (rc)
		return rc;
	if (may_exist)
		rc = bank_read(&bank, WHEN_MAX, refuse_entries, folder.out, err);
	else
		rc = sb_error_set(err, SB_EREFUSED,
				  "there is a bank in %s already: nothing was changed",
				  options->folder);
	store_close(old);
	return rc;
}

/* Has the old books copied, unless they are damaged. */
static int keep_old(struct store *old, int rc, struct replacing *replacing, struct sb_error *err)
{
	struct bank bank = {.store = old};

	if (rc == SB_ENOTFOUND)
		return SB_OK;
	if (!rc) {
		rc = replacing->keep(&bank, replacing->ctx, err);
		store_close(old);
	}
	if (rc != SB_ECORRUPT)
		return rc;
	replacing->damaged = true;
	return SB_OK;
}

/* Puts the built books in place of the old ones, which nobody else is in. */
static int put_in_place(const struct store_options *options, struct store *built, bool may_exist,
			struct replacing *replacing, struct sb_error *err)
{
	struct store *old = NULL;
	int rc = store_enter(built, err);

	if (!rc && !(replacing && replacing->damaged)) {
		rc = store_open_old(built, &old, err);
		rc = replacing ? keep_old(old, rc, replacing, err)
			       : check_old(options, old, rc, may_exist, err);
	}
	if (!rc)
		return store_install(
			built, replacing && replacing->damaged ? replacing->aside : NULL, err);
	store_close(built);
	return rc;
}

static int build(const struct store_options *options, bool may_exist,
		 int (*fill)(struct bank *, void *, struct sb_error *), void *ctx,
		 struct replacing *replacing, struct sb_error *err)
{
	struct bank bank = {.building = true};
	struct store *old = NULL;
	int rc = store_build(options, &bank.store, err);

	if (rc)
		return rc;
	/* Sooner than after a long file. */
	if (!replacing) {
		rc = store_open(options, STORE_READ, &old, err);
		rc = check_old(options, old, rc, may_exist, err);
	}
	if (!rc)
		rc = store_write(bank.store, init_meta, NULL, err);
	if (!rc)
		rc = fill(&bank, ctx, err);
	if (!rc && replacing)
		rc = replacing->agree(&bank, replacing->ctx, err);
	if (!rc)
		return put_in_place(options, bank.store, may_exist, replacing, err);
	store_close(bank.store);
	return rc;
}

int bank_build(const struct store_options *options,
	       int (*fill)(struct bank *, void *, struct sb_error *), void *ctx,
	       struct replacing *replacing, struct sb_error *err)
{
	return build(options, true, fill, ctx, replacing, err);
}

static int adopt_machine(struct books *books, void *ctx, struct sb_error *err)
{
	return books_set_machine(books, ctx, err);
}

static int fill_machine(struct bank *bank, void *ctx, struct sb_error *err)
{
	return bank_write(bank, 0, adopt_machine, ctx, err);
}

int bank_create(const struct store_options *options, const char *machine, struct sb_error *err)
{
	union {
		const char *in;
		void *out;
	} name = {.in = machine};

	return build(options, false, fill_machine, name.out, NULL, err);
}
