/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transactions: reads what the callback needs, runs it, and writes what follows from its
 * entries. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ledger/base/when.h"
#include "ledger/books/books_inside.h"

enum { BOOKS_FORMAT = 1 };

/* How far the clock may be behind the newest entry: NTP corrects so much in one step. */
#define CLOCK_SLACK (60 * WHEN_SECOND)

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

static int set_meta(struct store_txn *txn, const char *name, size_t size, const void *value,
		    struct sb_error *err)
{
	return store_set(txn, STORE_META, text_slice(name), (struct slice){value, size}, err);
}

static int load_meta(struct books *books, struct sb_error *err)
{
	unsigned char format[4], head[8 + HASH_SIZE + 8];

	TRY(get_meta(books->txn, "format", sizeof(format), format, err));
	if (format[0] || format[1] || format[2] || format[3] != BOOKS_FORMAT)
		return sb_error_set(err, SB_ECORRUPT,
				    "the bank has a format that this subank does not know: use a "
				    "newer one, or export and import with the one that made it");
	TRY(get_meta(books->txn, "id", BANK_ID_SIZE, books->bank, err));
	TRY(get_meta(books->txn, "head", sizeof(head), head, err));
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
	return set_meta(books->txn, "head", sizeof(head), head, err);
}

int books_failed(const struct books *books, struct sb_error *err)
{
	if (err && books->failed.code)
		*err = books->failed;
	return books->failed.code;
}

int books_wrote(struct books *books, int rc, bool blocks, const struct sb_error *why,
		struct sb_error *err)
{
	if (!rc)
		return SB_OK;
	/* An error that blocks replaces one that does not: SB_EFULL must reach the store. */
	if (!books->blocked && (blocks || !books->failed.code)) {
		books->failed = *why;
		books->failed.code = (enum sb_err)rc;
		books->blocked = blocks;
	}
	if (err)
		*err = *why;
	return rc;
}

int books_set(struct books *books, enum store_table table, struct slice key, struct slice value,
	      struct sb_error *err)
{
	struct sb_error why = {0};

	TRY(books_may_write(books, err));
	return books_wrote(books, store_set(books->txn, table, key, value, &why), true, &why, err);
}

int books_set_bytes(struct books *books, enum store_table table, struct slice key,
		    struct bytes *value, struct sb_error *err)
{
	struct sb_error why = {0};
	int rc = value->failed ? books_wrote(books, sb_error_nomem(&why), true, &why, err)
			       : books_set(books, table, key,
					   (struct slice){value->data, value->len}, err);

	bytes_release(value);
	return rc;
}

int books_set_id(struct books *books, const unsigned char bank[BANK_ID_SIZE], struct sb_error *err)
{
	memcpy(books->bank, bank, BANK_ID_SIZE);
	return books_set(books, STORE_META, text_slice("id"), (struct slice){bank, BANK_ID_SIZE},
			 err);
}

struct transaction {
	struct bank *bank;
	int64_t now;
	books_fn *fn;
	void *ctx;
	bool write;
	uint64_t before, last; /* out: the newest entry before [fn] and after it */
};

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

	return set_meta(txn, "states", sizeof(version), version, err);
}

static int follow_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	return books_follow(ctx, entry->event, entry->hash, err);
}

/* Rebuilds states that another version of subank stored: for this transaction and, when it writes,
 * for good. */
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
	rc = journal_each(books->txn, 0, false, follow_entry, &replayed, err);
	books->accounts = replayed.accounts;
	books->count = replayed.count;
	books->complete = true;
	if (!rc && write)
		rc = store_clear(books->txn, STORE_ACCOUNTS, err);
	/* The replay left them all dirty. They are stored before they are settled to now, since a
	 * state depends on the entries alone. */
	if (!rc && write)
		rc = save_states(books, err);
	if (!rc && write)
		rc = save_states_version(books->txn, err);
	for (size_t i = 0; i < books->count; i++) {
		books->accounts[i].dirty = false;
		if (!rc)
			rc = account_settle(books->accounts[i].account, books->time, err);
	}
	return rc;
}

bool books_states_current(const struct books *books)
{
	return !books->complete;
}

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

/* Writes what is derived from the entries, unless one of the callback's writes failed. */
static int complete(struct books *books, struct sb_error *err)
{
	TRY(books_failed(books, err));
	TRY(books_index(books, err));
	TRY(books_store_resources(books, err));
	TRY(save_states(books, err));
	return save_head(books, err);
}

static int run_on(struct books *books, struct transaction *transaction, struct sb_error *err)
{
	TRY(load_meta(books, err));
	transaction->before = books->head.seq;
	TRY(set_time(books, transaction, err));
	TRY(refresh_states(books, transaction->write, err));
	TRY(transaction->fn(books, transaction->ctx, err));
	return transaction->write ? complete(books, err) : SB_OK;
}

static int run(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	struct transaction *transaction = ctx;
	struct books books = {.txn = txn,
			      .author = &transaction->bank->author,
			      .replay = transaction->bank->building};
	int rc = run_on(&books, transaction, err);

	/* STORE_ABORT leaves no entry and is not an error. */
	transaction->last = rc ? transaction->before : books.head.seq;
	books_release(&books);
	return rc;
}

int bank_write(struct bank *bank, int64_t now, books_fn *fn, void *ctx, struct sb_error *err)
{
	struct transaction transaction = {
		.bank = bank, .now = now, .fn = fn, .ctx = ctx, .write = true};
	struct new_entries *entries = &bank->new_entries;

	TRY(store_write(bank->store, run, &transaction, err));
	if (entries->first && transaction.last > transaction.before)
		entries->more = true;
	else if (transaction.last > transaction.before)
		*entries = (struct new_entries){transaction.before + 1, transaction.last, false};
	return SB_OK;
}

struct new_entries bank_new_entries(const struct bank *bank)
{
	return bank->new_entries;
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
	books_release(books);
	free(books);
}

int books_init(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	static const unsigned char format[4] = {0, 0, 0, BOOKS_FORMAT};
	static const unsigned char head[8 + HASH_SIZE + 8];
	unsigned char id[BANK_ID_SIZE];

	(void)ctx;
	if (getrandom(id, sizeof(id), 0) != (ssize_t)sizeof(id))
		return sb_error_set(err, SB_ESYSTEM, "cannot get random bytes: %s",
				    sb_errno(errno));
	TRY(set_meta(txn, "format", sizeof(format), format, err));
	TRY(set_meta(txn, "id", sizeof(id), id, err));
	TRY(set_meta(txn, "head", sizeof(head), head, err));
	return save_states_version(txn, err);
}

void books_omit_deferred(struct books *books)
{
	books->omit_deferred = true;
}
