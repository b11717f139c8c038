/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transactions: on the newest state, one writer at a time, and what became of a commit. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "ledger/base/bytes.h"
#include "ledger/base/lock.h"
#include "ledger/store/inside.h"
#include "ledger/store/watch.h"

static const struct slice newest_key = {STORE_NEWEST, sizeof(STORE_NEWEST) - 1};

static volatile sig_atomic_t commit_begun;

bool store_may_have_written(void)
{
	return commit_begun;
}

static int reopen(struct store *store, struct sb_error *err)
{
	store_close_env(store);
	return store_open_env(store, err);
}

/* Whether the snapshot is of the transaction that it says, or of one before it. */
static int check_newest(struct store_txn *txn, uint64_t newest, struct sb_error *err)
{
	struct slice value;
	int rc = store_get(txn, STORE_META, newest_key, &value, err);

	/* Not before the first write. */
	if (rc == SB_ENOTFOUND)
		return SB_OK;
	if (rc || (value.len == 8 && u64_load(value.data) >= newest))
		return rc;
	return sb_error_set(
		err, SB_ECORRUPT,
		"the data file is damaged: it leads to an older state of the books than "
		"the newest; restore an export or a backup");
}

static int set_newest(struct store_txn *txn, struct sb_error *err)
{
	unsigned char number[8];

	u64_store(number, mdb_txn_id(txn->mdb));
	return store_set(txn, STORE_META, newest_key, (struct slice){number, sizeof(number)}, err);
}

/* Begins a transaction on the newest snapshot, or says that it is another: *ret stays NULL and the
 * caller tries again. */
static int begin(struct store *store, bool write, MDB_txn **ret, struct sb_error *err)
{
	MDB_envinfo info;
	MDB_txn *txn;
	int dead;
	int rc = mdb_env_info(store->env, &info);

	if (!rc)
		rc = mdb_txn_begin(store->env, NULL, write ? 0 : MDB_RDONLY, &txn);
	switch (rc) {
	case 0:
		break;
	case MDB_MAP_RESIZED:
		/* Another process made it larger: take its size. */
		rc = mdb_env_set_mapsize(store->env, 0);
		if (!rc)
			return SB_OK;
		store_close_env(store); /* as in grow() */
		return store_error(err, rc, "adopt the larger map");
	case MDB_READERS_FULL:
		rc = mdb_reader_check(store->env, &dead);
		if (!rc && dead > 0)
			return SB_OK;
		return sb_error_set(err, SB_EBUSY, "%d processes are reading the books: try again",
				    MAX_READERS);
	default:
		return store_error(err, rc, "begin a transaction");
	}
	if (write ? mdb_txn_id(txn) != info.me_last_txnid + 1
		  : mdb_txn_id(txn) < info.me_last_txnid) {
		mdb_txn_abort(txn);
		return reopen(store, err);
	}
	rc = check_newest(&(struct store_txn){.store = store, .mdb = txn},
			  mdb_txn_id(txn) - (write ? 1 : 0), err);
	if (rc)
		mdb_txn_abort(txn);
	else
		*ret = txn;
	return rc;
}

static int grow(struct store *store, struct sb_error *err)
{
	MDB_envinfo info;
	int rc = mdb_env_info(store->env, &info);

	if (!rc)
		rc = mdb_env_set_mapsize(store->env, info.me_mapsize * 2);
	if (!rc)
		return SB_OK;
	/* LMDB has no map now and would crash. */
	store_close_env(store);
	return store_error(err, rc, "make the map of the books larger");
}

/* LMDB begins nothing any more once the write of a root has failed. */
static bool root_was_tried(struct store *store)
{
	MDB_txn *txn;

	if (mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn) != 0)
		return true;
	mdb_txn_abort(txn);
	return false;
}

static int commit(struct store *store, MDB_txn *txn, struct sb_error *err)
{
	int rc;

	commit_begun = 1;
	rc = WATCHED(COMMIT_TICKS, mdb_txn_commit(txn));
	switch (rc) {
	case 0:
		return SB_OK;
	case MDB_NOTFOUND: /* a record of free pages that it has just read */
		rc = MDB_CORRUPTED;
		/* fall through */
	case MDB_CORRUPTED:
	case MDB_CURSOR_FULL:
	case MDB_PAGE_NOTFOUND:
	case MDB_MAP_FULL:
	case ENOMEM:
		/* It comes before anything is written. */
		return store_error(err, rc, "commit");
	case ENOSPC:
	case EDQUOT:
		/* Where a page that is written again needs room, the disk may be full at the root,
		 * too: that is what makes the commit count. */
		if (!root_was_tried(store))
			return store_error(err, rc, "commit");
		/* fall through */
	default:
		return sb_error_set(err, SB_EUNKNOWN,
				    "the disk failed while committing (%s): whether it was done is "
				    "not known; look at `subank journal`, or run it again with the "
				    "same --ref",
				    mdb_strerror(rc));
	}
}

static int attempt_write(struct store *store, store_fn *fn, void *ctx, struct sb_error *err)
{
	for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
		struct store_txn txn = {.store = store};
		int rc = begin(store, true, &txn.mdb, err);

		if (rc)
			return rc;
		if (!txn.mdb)
			continue;
		rc = fn(&txn, ctx, err);
		if (rc == SB_OK)
			rc = set_newest(&txn, err);
		if (rc == SB_OK)
			rc = commit(store, txn.mdb, err);
		else
			mdb_txn_abort(txn.mdb);
		if (rc == SB_EFULL)
			rc = grow(store, err);
		else
			return rc == STORE_ABORT ? SB_OK : rc;
		if (rc)
			return rc;
	}
	return sb_error_set(err, SB_EBUSY,
			    "the books changed under every attempt to write: try again, and run "
			    "`subank verify` if that does not help");
}

void store_hold_signals(sigset_t *ret_before)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	sigset_t held;

	sigemptyset(&held);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&held, signals[i]);
	(void)sigprocmask(SIG_BLOCK, &held, ret_before);
}

int store_write(struct store *store, store_fn *fn, void *ctx, struct sb_error *err)
{
	sigset_t before;
	int lock = -1;
	int rc;

	assert(store->mode == STORE_WRITE);
	if (!store->building) {
		rc = store_lock(store, "write.lock", true, "the books", &lock, err);
		if (rc)
			return rc;
	}
	store_hold_signals(&before);
	rc = attempt_write(store, fn, ctx, err);
	lock_drop(lock);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* The data file shows a commit before LMDB counts it: until the disk has flushed it, every snapshot
 * looks old. 64 attempts come to more than a second. */
static void pause_after(int attempt)
{
	struct timespec pause = {.tv_nsec = (attempt < 25 ? attempt : 25) * 1000000L};

	(void)nanosleep(&pause, NULL);
}

/* A writer who was killed between the page that makes his commit count and the number that all
 * share leaves every snapshot old for as long as anybody has the books open. LMDB puts that right
 * at the next write, so one is begun. */
static int put_number_right(struct store *store, struct sb_error *err)
{
	MDB_txn *txn;
	int rc;

	store_close_env(store);
	store->mode = STORE_WRITE;
	rc = store_open_env(store, err);
	store->mode = STORE_READ;
	if (rc)
		return rc;
	rc = mdb_txn_begin(store->env, NULL, 0, &txn);
	if (rc)
		return store_error(err, rc, "begin a transaction");
	mdb_txn_abort(txn);
	return SB_OK;
}

/* A writer stands in the middle of his commit, on a slow disk or stopped: he is waited for, or said
 * who he is. */
static int begin_after_the_writer(struct store *store, MDB_txn **ret, struct sb_error *err)
{
	int lock = -1;
	int rc = store_lock(store, "write.lock", true, "the books", &lock, err);

	if (rc)
		return rc;
	rc = begin(store, false, ret, err);
	if (!rc && !*ret && store->mode == STORE_READ)
		rc = put_number_right(store, err);
	if (!rc && !*ret)
		rc = begin(store, false, ret, err);
	lock_drop(lock);
	if (!rc && !*ret)
		rc = sb_error_set(err, SB_EBUSY,
				  "the books changed under every attempt to read: try again");
	return rc;
}

int store_read(struct store *store, store_fn *fn, void *ctx, struct sb_error *err)
{
	struct store_txn txn = {.store = store};
	int rc = begin(store, false, &txn.mdb, err);

	for (int attempt = 1; !rc && !txn.mdb && attempt < MAX_ATTEMPTS; attempt++) {
		pause_after(attempt);
		rc = begin(store, false, &txn.mdb, err);
	}
	if (!rc && !txn.mdb)
		rc = begin_after_the_writer(store, &txn.mdb, err);
	if (rc)
		return rc;
	rc = fn(&txn, ctx, err);
	mdb_txn_abort(txn.mdb);
	return rc == STORE_ABORT ? SB_OK : rc;
}
