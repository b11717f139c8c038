/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening and closing, and the locks around that. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "ledger/base/lock.h"
#include "ledger/store/inside.h"
#include "ledger/store/watch.h"

#define DEFAULT_MAP_SIZE ((size_t)1 << 30)

static void on_assert(MDB_env *env, const char *text)
{
	(void)env;
	store_damaged(text);
}

/* LMDB's own page on file systems: locks and maps are not coherent there. Numbers from the
 * kernel's magic.h and the file systems' sources. */
static const char *network_file_system(long type)
{
	static const struct {
		long type;
		const char *name;
	} known[] = {
		{0x6969, "NFS"},	{0x0BD00BD0, "Lustre"}, {0x47504653, "GPFS"},
		{0xFF534D42, "CIFS"},	{0xFE534D42, "SMB"},	{0x01021997, "9P"},
		{0x19830326, "BeeGFS"}, {0x00C36400, "CephFS"}, {0x5346414F, "AFS"},
		{0x65735546, "FUSE"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].type == type)
			return known[i].name;
	}
	return NULL;
}

int store_open_folder(const struct store_options *options, int *ret, struct sb_error *err)
{
	int fd = open(options->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *network;
	struct statfs fs;
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return sb_error_set(err, SB_ENOTFOUND,
				    "there is no bank in %s: make one with `subank init`, or name "
				    "another folder with --bank",
				    options->folder);
	if (fd < 0)
		return sb_error_path(err, "open the bank's folder", options->folder);
	if (fstat(fd, &st) != 0 || fstatfs(fd, &fs) != 0) {
		sb_error_path(err, "look at the bank's folder", options->folder);
		goto fail;
	}
	if (st.st_mode & S_IWOTH) {
		sb_error_set(err, SB_EREFUSED,
			     "everybody can write in the bank's folder %s: run chmod o-rwx on it",
			     options->folder);
		goto fail;
	}
	network = network_file_system((long)fs.f_type);
	if (network) {
		sb_error_set(err, SB_EREFUSED,
			     "the bank's folder %s is on %s, where LMDB loses data: put it on a "
			     "local disk",
			     options->folder, network);
		goto fail;
	}
	*ret = fd;
	return SB_OK;
fail:
	close(fd);
	return err ? (int)err->code : SB_ESYSTEM;
}

int store_lock(struct store *store, const char *name, bool exclusive, const char *what, int *ret,
	       struct sb_error *err)
{
	return lock_take(&(struct lock_request){.folder = store->folder,
						.name = name,
						.shared = !exclusive,
						.wait_ms = store->options.wait_ms,
						.doing = store->options.doing,
						.what = what},
			 ret, err);
}

/* Another process may make the map larger at any time; a damaged file says so for ever. */
int store_begin(struct store *store, unsigned flags, MDB_txn **ret, struct sb_error *err)
{
	int rc = MDB_MAP_RESIZED;

	for (int attempt = 0; rc == MDB_MAP_RESIZED && attempt < MAX_ATTEMPTS; attempt++) {
		if (attempt > 0 && mdb_env_set_mapsize(store->env, 0))
			break;
		rc = mdb_txn_begin(store->env, NULL, flags, ret);
	}
	return rc ? store_error(err, rc, "begin to read the books") : SB_OK;
}

static int open_tables(struct store *store, struct sb_error *err)
{
	bool create = store->building;
	MDB_txn *txn;
	int rc = store_begin(store, create ? 0 : MDB_RDONLY, &txn, err);

	if (rc)
		return rc;
	for (int i = 0; i < STORE_TABLE_COUNT && !rc; i++)
		rc = WATCHED(STEP_TICKS, mdb_dbi_open(txn, store_table_name((enum store_table)i),
						      create ? MDB_CREATE : 0, &store->dbis[i]));
	if (rc) {
		mdb_txn_abort(txn);
		if (rc == MDB_NOTFOUND)
			return sb_error_set(err, SB_ECORRUPT,
					    "%s/books holds no bank's tables: restore an export "
					    "or a backup",
					    store->options.folder);
		return store_error(err, rc, "open the tables of the books");
	}
	rc = mdb_txn_commit(txn);
	return rc ? store_error(err, rc, "open the tables of the books") : SB_OK;
}

/* The first of the files of an environment that this process may not use, or NULL. */
static const char *forbidden(const struct store *store)
{
	static const char *const files[] = {BOOKS, BOOKS "/data.mdb", BOOKS "/lock.mdb"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int mode = i == 1 && store->mode == STORE_READ ? R_OK : R_OK | W_OK;

		if (faccessat(store->folder, files[i], mode, AT_EACCESS) != 0 && errno == EACCES)
			return files[i];
	}
	return NULL;
}

/* LMDB makes lock.mdb a file with nothing behind it, and writes to it through the map: on a full
 * disk that is a SIGBUS. It follows a link to anywhere, and what root makes is root's. So it is
 * made here, under open.lock, and while this process has these books not open: closing a file takes
 * away LMDB's lock on it. */
static int make_room_for_locks(const struct store *store, struct sb_error *err)
{
	/* As LMDB works it out: 64 bytes for each reader, and two times that much. */
	const off_t size = (MAX_READERS + 2) * 64;
	const char *name = store->building ? BUILDING "/lock.mdb" : BOOKS "/lock.mdb";
	struct stat st;
	int fd, rc = SB_OK;

	if (fstatat(store->folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (!S_ISREG(st.st_mode))
			return sb_error_set(err, SB_EREFUSED,
					    "%s/%s is not a regular file: remove it while nobody "
					    "uses the bank",
					    store->options.folder, name);
		if (st.st_size >= size && st.st_blocks * 512 >= size)
			return SB_OK;
	}
	fd = lock_open(store->folder, name);
	/* LMDB finds the same, and says it, or does without. */
	if (fd < 0)
		return errno == ELOOP ? store_cannot(store, "open", name, err) : SB_OK;
	if (fallocate(fd, 0, 0, size) != 0 && (errno == ENOSPC || errno == EDQUOT))
		rc = store_error(err, errno, "open the books");
	(void)close(fd);
	return rc;
}

static int set_up_env(struct store *store, struct sb_error *err)
{
	int rc = mdb_env_create(&store->env);

	if (rc) {
		store->env = NULL;
		return store_error(err, rc, "set up LMDB");
	}
	(void)mdb_env_set_assert(store->env, on_assert);
	store_watch();
	(void)mdb_env_set_maxdbs(store->env, STORE_TABLE_COUNT);
	(void)mdb_env_set_maxreaders(store->env, MAX_READERS);
	/* An existing store says its size itself: a smaller one of ours would shrink the map. */
	if (store->building)
		(void)mdb_env_set_mapsize(store->env, store->options.map_size
							      ? store->options.map_size
							      : DEFAULT_MAP_SIZE);
	return SB_OK;
}

/* Under open.lock; see the top of store.h. */
static int open_locked(struct store *store, const char *path, struct sb_error *err)
{
	unsigned flags = store->mode == STORE_READ ? MDB_RDONLY : 0;
	const char *file;
	int dead, rc = make_room_for_locks(store, err);

	if (!rc)
		rc = set_up_env(store, err);
	if (rc)
		return rc;
	rc = mdb_env_open(store->env, path, flags, 0640);
	if (rc) {
		file = rc == EACCES ? forbidden(store) : NULL;
		rc = file ? store_cannot(store, "open", file, err)
			  : store_error(err, rc, "open the books");
		mdb_env_close(store->env);
		store->env = NULL;
		return rc;
	}
	/* A reader that was killed would keep old pages from being used again. Under the lock:
	 * whoever is stopped in there has a mutex that all others need. */
	if (store->mode == STORE_WRITE)
		(void)mdb_reader_check(store->env, &dead);
	return SB_OK;
}

int store_open_env(struct store *store, struct sb_error *err)
{
	char path[4096];
	int lock = -1;
	int rc = store_check_library(err);

	if (rc)
		return rc;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", store->options.folder,
			     store->building ? BUILDING : BOOKS) >= sizeof(path))
		return sb_error_set(err, SB_EINVAL, "the name of the bank's folder is too long");
	rc = store_lock(store, "open.lock", true, "the bank", &lock, err);
	if (rc)
		return rc;
	rc = open_locked(store, path, err);
	lock_drop(lock);
	if (!rc && !store->building)
		rc = store_check_opened(store, err);
	return rc ? rc : open_tables(store, err);
}

void store_close_env(struct store *store)
{
	int lock = -1;

	if (!store->env)
		return;
	/* Past the deadline it is closed all the same: the process is about to end anyway. */
	(void)store_lock(store, "open.lock", true, "the bank", &lock, NULL);
	mdb_env_close(store->env);
	store->env = NULL;
	lock_drop(lock);
}

struct store *store_new(const struct store_options *options, enum store_mode mode)
{
	struct store *store = calloc(1, sizeof(*store));

	if (store) {
		store->options = *options;
		store->mode = mode;
		store->folder = store->use_lock = store->build_lock = -1;
	}
	return store;
}

/* [use]: also takes use.lock. */
static int open_books(const struct store_options *options, enum store_mode mode, bool use,
		      struct store **ret, struct sb_error *err)
{
	struct store *store = store_new(options, mode);
	int rc;

	if (!store)
		return sb_error_nomem(err);
	rc = store_open_folder(options, &store->folder, err);
	if (!rc)
		rc = store_check_data_file(store, err);
	if (!rc && use)
		rc = store_lock(store, "use.lock", false, "the bank", &store->use_lock, err);
	if (!rc)
		rc = store_open_env(store, err);
	if (rc)
		store_close(store);
	else
		*ret = store;
	return rc;
}

int store_open(const struct store_options *options, enum store_mode mode, struct store **ret,
	       struct sb_error *err)
{
	return open_books(options, mode, true, ret, err);
}

int store_open_old(struct store *store, struct store **ret, struct sb_error *err)
{
	/* use.lock is ours already. */
	return open_books(&store->options, STORE_READ, false, ret, err);
}

void store_close(struct store *store)
{
	if (!store)
		return;
	store_close_env(store);
	if (store->building && store->build_lock >= 0)
		store_remove_built(store->folder);
	leftover_done(&store->leftover);
	lock_drop(store->use_lock);
	lock_drop(store->build_lock);
	if (store->folder >= 0)
		close(store->folder);
	free(store);
}

int store_folder(const struct store *store)
{
	return store->folder;
}
