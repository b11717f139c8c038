/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs transactions on the newest state, with one writer at a time, and reports the outcome of each
 * commit. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "ledger/base/bytes.h"
#include "ledger/base/lock.h"
#include "ledger/store/inside.h"

static const struct slice newest_key = {STORE_NEWEST, sizeof(STORE_NEWEST) - 1};

static volatile sig_atomic_t commit_begun;

bool store_may_have_written(void)
{
	return commit_begun;
}

/* Checks that the snapshot is that of transaction [newest] or a later one. */
static int check_newest(struct store_txn *txn, uint64_t newest, struct sb_error *err)
{
	struct slice value;
	int rc = store_get(txn, STORE_META, newest_key, &value, err);

	/* Missing before the first write. */
	if (rc == SB_ENOTFOUND)
		return SB_OK;
	if (rc || (value.len == 8 && u64_load(value.data) >= newest))
		return rc;
	return sb_error_set(
		err, SB_ECORRUPT,
		"the data file is damaged: it leads to an old state of the books" RESTORE);
}

static int set_newest(struct store_txn *txn, struct sb_error *err)
{
	unsigned char number[8];

	u64_store(number, mdb_txn_id(txn->mdb));
	return store_set(txn, STORE_META, newest_key, (struct slice){number, sizeof(number)}, err);
}

/* Enlarges the map to [size] bytes; 0 adopts the size that another process set. */
static int resize(struct store *store, size_t size, const char *what, struct sb_error *err)
{
	int rc = mdb_env_set_mapsize(store->env, size);

	/* Without a map LMDB would crash. */
	if (rc)
		store_close_env(store);
	return store_result(err, rc, what);
}

/* Begins a transaction on the newest snapshot. *ret stays NULL if the snapshot was not the newest
 * or the map had changed: the caller tries again. */
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
		return resize(store, 0, "adopt the larger map", err);
	case MDB_READERS_FULL:
		rc = mdb_reader_check(store->env, &dead);
		if (!rc && dead > 0)
			return SB_OK;
		return sb_error_set(err, SB_EBUSY, "%d processes are reading the books: try again",
				    MAX_READERS);
	default:
		return store_result(err, rc, "begin a transaction");
	}
	if (write ? mdb_txn_id(txn) != info.me_last_txnid + 1
		  : mdb_txn_id(txn) < info.me_last_txnid) {
		mdb_txn_abort(txn);
		store_close_env(store);
		return store_open_env(store, err);
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
	MDB_envinfo info = {0};

	(void)mdb_env_info(store->env, &info); /* fails only without an environment */
	return resize(store, info.me_mapsize * 2, "make the map of the books larger", err);
}

/* Returns whether the write of a root has failed: LMDB begins no transaction after that. */
static bool root_write_failed(struct store *store)
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
	case MDB_NOTFOUND: /* a record of free pages that LMDB had just read */
		rc = MDB_CORRUPTED;
		/* fall through */
	case MDB_CORRUPTED:
	case MDB_CURSOR_FULL:
	case MDB_PAGE_NOTFOUND:
	case MDB_MAP_FULL:
	case ENOMEM:
		/* LMDB returns these before it writes anything. */
		return store_result(err, rc, "commit");
	case ENOSPC:
	case EDQUOT:
		/* Some file systems need room to overwrite a page. There the disk may have become
		 * full at the write of the root, which is the commit itself. */
		if (!root_write_failed(store))
			return store_result(err, rc, "commit");
		/* fall through */
	default:
		return sb_error_set(err, SB_EUNKNOWN,
				    "the disk failed while committing (%s): whether it was done is "
				    "not known; run `subank journal` to find out, or run it again "
				    "with the same --ref",
				    mdb_strerror(rc));
	}
}

static int attempt_write(struct store *store, store_fn *fn, void *ctx, struct sb_error *err)
{
	for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
		struct store_txn txn = {.store = store};
		int rc;

		TRY(begin(store, true, &txn.mdb, err));
		if (!txn.mdb)
			continue;
		rc = fn(&txn, ctx, err);
		if (rc == SB_OK)
			rc = set_newest(&txn, err);
		if (rc == SB_OK)
			rc = commit(store, txn.mdb, err);
		else
			mdb_txn_abort(txn.mdb);
		if (rc != SB_EFULL)
			return rc == STORE_ABORT ? SB_OK : rc;
		TRY(grow(store, err));
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
	if (!store->building)
		TRY(store_lock(store, "write.lock", true, "the books", &lock, err));
	store_hold_signals(&before);
	rc = attempt_write(store, fn, ctx, err);
	lock_drop(lock);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* A commit is in the data file before LMDB updates its shared transaction number. Until the disk
 * has flushed the commit, every snapshot seems old. 64 attempts take more than a second. */
static void pause_after(int attempt)
{
	struct timespec pause = {.tv_nsec = (attempt < 25 ? attempt : 25) * 1000000L};

	(void)nanosleep(&pause, NULL);
}

/* Begins a write, which makes LMDB correct its shared number. If a writer was killed after it wrote
 * the meta page of its commit and before it updated that number, every snapshot is old for as long
 * as any process has the books open. */
static int correct_number(struct store *store, struct sb_error *err)
{
	MDB_txn *txn;
	int rc;

	store_close_env(store);
	store->mode = STORE_WRITE;
	rc = store_open_env(store, err);
	store->mode = STORE_READ;
	TRY(rc);
	TRY(store_result(err, mdb_txn_begin(store->env, NULL, 0, &txn), "begin a transaction"));
	mdb_txn_abort(txn);
	return SB_OK;
}

/* A writer is mid-commit, on a slow disk or stopped: waits for it, or reports who holds the lock.
 */
static int begin_after_the_writer(struct store *store, MDB_txn **ret, struct sb_error *err)
{
	int lock = -1, rc;

	TRY(store_lock(store, "write.lock", true, "the books", &lock, err));
	rc = begin(store, false, ret, err);
	if (!rc && !*ret && store->mode == STORE_READ)
		rc = correct_number(store, err);
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
	int rc;

	TRY(begin(store, false, &txn.mdb, err));
	for (int attempt = 1; !txn.mdb && attempt < MAX_ATTEMPTS; attempt++) {
		pause_after(attempt);
		TRY(begin(store, false, &txn.mdb, err));
	}
	if (!txn.mdb)
		TRY(begin_after_the_writer(store, &txn.mdb, err));
	rc = fn(&txn, ctx, err);
	mdb_txn_abort(txn.mdb);
	return rc == STORE_ABORT ? SB_OK : rc;
}
