/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Builds new books and puts them in place. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/store/inside.h"

void store_remove_built(int folder)
{
	(void)unlinkat(folder, BUILDING "/data.mdb", 0);
	(void)unlinkat(folder, BUILDING "/lock.mdb", 0);
	(void)unlinkat(folder, BUILDING, AT_REMOVEDIR);
}

static void remove_built_in(const char *path)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		return;
	store_remove_built(folder);
	close(folder);
}

static int open_built(struct store *store, struct sb_error *err)
{
	const char *folder = store->options.folder;

	store->building = true;
	/* chmod(), since the umask may have cleared bits. */
	if (mkdir(folder, 0750) == 0 ? chmod(folder, 0750) != 0 : errno != EEXIST)
		return sb_error_path(err, "make the bank's folder", folder);
	TRY(store_open_folder(&store->options, &store->folder, err));
	TRY(store_lock(store, "build.lock", true, "the new books", &store->build_lock, err));
	leftover_add(&store->leftover, folder, remove_built_in);
	store_remove_built(store->folder);
	if (mkdirat(store->folder, BUILDING, 0750) != 0)
		return sb_error_path(err, "make books.new in", folder);
	if (store_own_at(store, store->folder, BUILDING, 0750) != 0)
		return sb_error_path(err, "set up books.new in", folder);
	return store_open_env(store, err);
}

int store_build(const struct store_options *options, struct store **ret, struct sb_error *err)
{
	return store_start(options, STORE_WRITE, open_built, ret, err);
}

int store_sync_at(int folder, const char *path)
{
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int rc;

	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

int store_own_at(const struct store *store, int folder, const char *path, mode_t mode)
{
	struct stat st;

	if (fstat(store->folder, &st) != 0 || fchmodat(folder, path, mode, 0) != 0)
		return -1;
	if (geteuid() != 0)
		return 0;
	return fchownat(folder, path, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW);
}

/* Sets modes and owners of the new files, then syncs them: LMDB does not sync folders. */
static int settle_built(struct store *store, struct sb_error *err)
{
	static const char *const files[] = {BUILDING "/data.mdb", BUILDING "/lock.mdb"};

	for (size_t i = 0; i < 2; i++) {
		if (store_own_at(store, store->folder, files[i], 0640) != 0)
			return sb_error_path(err, "set up", files[i]);
	}
	if (store_sync_at(store->folder, files[0]) != 0 ||
	    store_sync_at(store->folder, BUILDING) != 0)
		return sb_error_path(err, "write to the disk in", store->options.folder);
	return SB_OK;
}

int store_take_over(struct store *store, struct sb_error *err)
{
	store_close_env(store);
	TRY(settle_built(store, err));
	return store_lock(store, "use.lock", true, "the bank", &store->use_lock, err);
}

/* Reports errno of a rename. With EIO, the rename may have taken effect. */
static int rename_error(const struct store *store, const char *what, struct sb_error *err)
{
	if (errno != EIO)
		return sb_error_path(err, what, store->options.folder);
	return sb_error_set(err, SB_EUNKNOWN,
			    "cannot %s %s: the disk failed, and whether it was done is not known: "
			    "run `subank journal` to find out, or run it again",
			    what, store->options.folder);
}

static int install(struct store *store, const char *aside, int above, struct sb_error *err)
{
	const int folder = store->folder;
	bool replaced = false;

	if (aside && renameat2(folder, BOOKS, folder, aside, RENAME_NOREPLACE) != 0 &&
	    errno != ENOENT)
		return rename_error(store, "move the old books aside in", err);
	if (renameat2(folder, BUILDING, folder, BOOKS, RENAME_NOREPLACE) != 0) {
		if (errno != EEXIST ||
		    renameat2(folder, BUILDING, folder, BOOKS, RENAME_EXCHANGE) != 0)
			return rename_error(store, "put the new books in place in", err);
		replaced = true;
	}
	store->building = false;
	if (fsync(folder) != 0 || (above >= 0 && fsync(above) != 0))
		return sb_error_set(err, SB_EUNKNOWN,
				    "the new books are in place in %s, but the disk failed to keep "
				    "that: %s",
				    store->options.folder, sb_errno(errno));
	store->building = replaced; /* books.new is the old books now */
	return SB_OK;
}

int store_install(struct store *store, const char *aside, struct sb_error *err)
{
	/* Opened before anything changes. A parent folder that we may not read is not ours to sync.
	 */
	int above = openat(store->folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	sigset_t before;
	int rc;

	store_hold_signals(&before);
	if (above < 0 && errno != EACCES)
		rc = sb_error_path(err, "open the folder above", store->options.folder);
	else
		rc = install(store, aside, above, err);
	if (above >= 0)
		(void)close(above);
	store_close(store);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
