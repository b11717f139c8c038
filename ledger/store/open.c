/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens and closes the environment, with the locks around that. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "ledger/base/lock.h"
#include "ledger/base/network.h"
#include "ledger/store/inside.h"

#define DEFAULT_MAP_SIZE ((size_t)1 << 30)

static void on_assert(MDB_env *env, const char *text)
{
	(void)env;
	store_damaged(text);
}

static int check_folder(int fd, const char *path, struct sb_error *err)
{
	const char *network;
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) != 0 || fstatfs(fd, &fs) != 0)
		return sb_error_path(err, "read the bank's folder", path);
	if (st.st_mode & S_IWOTH)
		return sb_error_set(
			err, SB_EREFUSED,
			"everybody can write in the bank's folder %s: run chmod o-rwx on it", path);
	network = network_file_system((long)fs.f_type);
	if (network)
		return sb_error_set(err, SB_EREFUSED,
				    "the bank's folder %s is on %s, where LMDB loses data: put it "
				    "on a local disk",
				    path, network);
	return SB_OK;
}

int store_open_folder(const struct store_options *options, int *ret, struct sb_error *err)
{
	int fd = open(options->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd < 0 && errno == ENOENT)
		return store_no_bank(options, err);
	if (fd < 0)
		return sb_error_path(err, "open the bank's folder", options->folder);
	rc = check_folder(fd, options->folder, err);
	if (rc)
		close(fd);
	else
		*ret = fd;
	return rc;
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

/* Tries again when another process has enlarged the map, but not forever: a damaged file may claim
 * that each time. */
int store_begin(struct store *store, unsigned flags, MDB_txn **ret, struct sb_error *err)
{
	int rc = MDB_MAP_RESIZED;

	for (int attempt = 0; rc == MDB_MAP_RESIZED && attempt < MAX_ATTEMPTS; attempt++) {
		if (attempt > 0 && mdb_env_set_mapsize(store->env, 0))
			break;
		rc = mdb_txn_begin(store->env, NULL, flags, ret);
	}
	return store_result(err, rc, "begin to read the books");
}

static int open_tables(struct store *store, struct sb_error *err)
{
	bool create = store->building;
	MDB_txn *txn;
	int rc = SB_OK;

	TRY(store_begin(store, create ? 0 : MDB_RDONLY, &txn, err));
	for (int i = 0; i < STORE_TABLE_COUNT && !rc; i++)
		rc = WATCHED(STEP_TICKS, mdb_dbi_open(txn, store_table_name((enum store_table)i),
						      create ? MDB_CREATE : 0, &store->dbis[i]));
	if (rc)
		mdb_txn_abort(txn);
	if (rc == MDB_NOTFOUND)
		return sb_error_set(err, SB_ECORRUPT,
				    "%s/books has no tables of a bank: restore an export or a "
				    "backup",
				    store->options.folder);
	if (!rc)
		rc = mdb_txn_commit(txn);
	return store_result(err, rc, "open the tables of the books");
}

/* Returns the first file of an environment that this process has no permission for, or NULL. */
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

/* Creates and allocates lock.mdb before LMDB does. LMDB would leave the file sparse and write to it
 * through a map, which causes SIGBUS on a full disk; it would follow a symbolic link, and root
 * would own the file that root creates. Call under open.lock, and never while this process has
 * these books open: closing the file would release LMDB's lock on it. */
static int allocate_lock_file(const struct store *store, struct sb_error *err)
{
	/* LMDB's formula: 64 bytes for each reader, and 128 more. */
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
	/* LMDB reports other failures itself, or can do without this. */
	if (fd < 0)
		return errno == ELOOP ? store_cannot(store, "open", name, err) : SB_OK;
	if (fallocate(fd, 0, 0, size) != 0 && (errno == ENOSPC || errno == EDQUOT))
		rc = store_result(err, errno, "open the books");
	(void)close(fd);
	return rc;
}

static int set_up_env(struct store *store, struct sb_error *err)
{
	size_t size = store->options.map_size ? store->options.map_size : DEFAULT_MAP_SIZE;
	int rc = mdb_env_create(&store->env);

	if (rc) {
		store->env = NULL;
		return store_result(err, rc, "set up LMDB");
	}
	(void)mdb_env_set_assert(store->env, on_assert);
	store_watch();
	(void)mdb_env_set_maxdbs(store->env, STORE_TABLE_COUNT);
	(void)mdb_env_set_maxreaders(store->env, MAX_READERS);
	/* The file of an existing store has its size. A smaller one set here would shrink it. */
	if (store->building)
		(void)mdb_env_set_mapsize(store->env, size);
	return SB_OK;
}

/* Call under open.lock; store.h says why. */
static int open_locked(struct store *store, const char *path, struct sb_error *err)
{
	unsigned flags = store->mode == STORE_READ ? MDB_RDONLY : 0;
	const char *file;
	int dead, rc;

	TRY(allocate_lock_file(store, err));
	TRY(set_up_env(store, err));
	rc = mdb_env_open(store->env, path, flags, 0640);
	if (rc) {
		file = rc == EACCES ? forbidden(store) : NULL;
		rc = file ? store_cannot(store, "open", file, err)
			  : store_result(err, rc, "open the books");
		mdb_env_close(store->env);
		store->env = NULL;
		return rc;
	}
	/* Removes killed readers, which would keep old pages from being reused. Under open.lock,
	 * since a process that is stopped in this call holds a mutex that all others need. */
	if (store->mode == STORE_WRITE)
		(void)mdb_reader_check(store->env, &dead);
	return SB_OK;
}

int store_open_env(struct store *store, struct sb_error *err)
{
	char path[4096];
	int lock = -1, rc;

	TRY(store_check_library(err));
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", store->options.folder,
			     store->building ? BUILDING : BOOKS) >= sizeof(path))
		return sb_error_set(err, SB_EINVAL, "the name of the bank's folder is too long");
	TRY(store_lock(store, "open.lock", true, "the bank", &lock, err));
	rc = open_locked(store, path, err);
	lock_drop(lock);
	TRY(rc);
	if (!store->building)
		TRY(store_check_opened(store, err));
	return open_tables(store, err);
}

void store_close_env(struct store *store)
{
	int lock = -1;

	if (!store->env)
		return;
	/* If the lock is still taken at the deadline, closes without it: the process is about to
	 * end. */
	(void)store_lock(store, "open.lock", true, "the bank", &lock, NULL);
	mdb_env_close(store->env);
	store->env = NULL;
	lock_drop(lock);
}

int store_start(const struct store_options *options, enum store_mode mode, store_opener *opener,
		struct store **ret, struct sb_error *err)
{
	struct store *store = calloc(1, sizeof(*store));
	int rc;

	if (!store)
		return sb_error_nomem(err);
	store->options = *options;
	store->mode = mode;
	store->folder = store->use_lock = store->build_lock = -1;
	rc = opener(store, err);
	if (rc)
		store_close(store);
	else
		*ret = store;
	return rc;
}

static int open_files(struct store *store, struct sb_error *err)
{
	TRY(store_open_folder(&store->options, &store->folder, err));
	return store_check_data_file(store, err);
}

static int open_books(struct store *store, struct sb_error *err)
{
	TRY(open_files(store, err));
	TRY(store_lock(store, "use.lock", false, "the bank", &store->use_lock, err));
	return store_open_env(store, err);
}

int store_open(const struct store_options *options, enum store_mode mode, struct store **ret,
	       struct sb_error *err)
{
	return store_start(options, mode, open_books, ret, err);
}

/* The caller holds use.lock. */
static int open_old_books(struct store *store, struct sb_error *err)
{
	TRY(open_files(store, err));
	return store_open_env(store, err);
}

int store_open_old(struct store *store, struct store **ret, struct sb_error *err)
{
	return store_start(&store->options, STORE_READ, open_old_books, ret, err);
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
