/* SPDX-License-Identifier: GPL-3.0-or-later */
/* New books, and how they take their place. */
#include "config.h"

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

int store_build(const struct store_options *options, struct store **ret, struct sb_error *err)
{
	struct store *store = store_new(options, STORE_WRITE);
	struct stat st;
	int rc;

	if (!store)
		return sb_error_nomem(err);
	store->building = true;
	/* The umask may have taken more than it should. */
	if (mkdir(options->folder, 0750) == 0 ? chmod(options->folder, 0750) != 0
					      : errno != EEXIST) {
		rc = sb_error_path(err, "make the bank's folder", options->folder);
		goto fail;
	}
	rc = store_open_folder(options, &store->folder, err);
	if (rc)
		goto fail;
	rc = store_lock(store, "build.lock", true, "the new books", &store->build_lock, err);
	if (rc)
		goto fail;
	leftover_add(&store->leftover, store->options.folder, remove_built_in);
	store_remove_built(store->folder);
	if (mkdirat(store->folder, BUILDING, 0750) != 0) {
		rc = sb_error_path(err, "make books.new in", options->folder);
		goto fail;
	}
	/* The umask may have taken more than it should; root makes it for the folder's owner. */
	if (fstat(store->folder, &st) != 0 || fchmodat(store->folder, BUILDING, 0750, 0) != 0 ||
	    (geteuid() == 0 &&
	     fchownat(store->folder, BUILDING, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) != 0)) {
		rc = sb_error_path(err, "set up books.new in", options->folder);
		goto fail;
	}
	rc = store_open_env(store, err);
	if (rc)
		goto fail;
	*ret = store;
	return SB_OK;
fail:
	store_close(store);
	return rc;
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

/* Modes and owners of the built files, then everything to the disk: LMDB does not sync folders. */
static int settle_built(struct store *store, struct sb_error *err)
{
	static const char *const files[] = {BUILDING "/data.mdb", BUILDING "/lock.mdb"};
	struct stat st;

	if (fstat(store->folder, &st) != 0)
		return sb_error_path(err, "look at", store->options.folder);
	for (size_t i = 0; i < 2; i++) {
		if (fchmodat(store->folder, files[i], 0640, 0) != 0 ||
		    (geteuid() == 0 && fchownat(store->folder, files[i], st.st_uid, st.st_gid,
						AT_SYMLINK_NOFOLLOW) != 0))
			return sb_error_path(err, "set up", files[i]);
	}
	if (store_sync_at(store->folder, files[0]) != 0 ||
	    store_sync_at(store->folder, BUILDING) != 0)
		return sb_error_path(err, "write to the disk in", store->options.folder);
	return SB_OK;
}

int store_take_over(struct store *store, struct sb_error *err)
{
	int rc;

	store_close_env(store);
	rc = settle_built(store, err);
	return rc ? rc : store_lock(store, "use.lock", true, "the bank", &store->use_lock, err);
}

/* [what] failed. A disk that fails may have done it all the same. */
static int rename_error(const struct store *store, const char *what, struct sb_error *err)
{
	if (errno != EIO)
		return sb_error_path(err, what, store->options.folder);
	return sb_error_set(err, SB_EUNKNOWN,
			    "cannot %s %s: the disk failed, and whether it was done is not known: "
			    "look at `subank journal`, or run it again",
			    what, store->options.folder);
}

int store_install(struct store *store, const char *aside, struct sb_error *err)
{
	/* Opened before anything is changed. A folder above that we may not read was not made by
	 * us. */
	int above = openat(store->folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool replaced = false;
	sigset_t before;
	int rc = SB_OK;

	store_hold_signals(&before);
	if (above < 0 && errno != EACCES) {
		rc = sb_error_path(err, "open the folder above", store->options.folder);
		goto out;
	}
	if (aside && renameat2(store->folder, BOOKS, store->folder, aside, RENAME_NOREPLACE) != 0 &&
	    errno != ENOENT) {
		rc = rename_error(store, "move the old books aside in", err);
		goto out;
	}
	if (renameat2(store->folder, BUILDING, store->folder, BOOKS, RENAME_NOREPLACE) != 0) {
		if (errno != EEXIST || renameat2(store->folder, BUILDING, store->folder, BOOKS,
						 RENAME_EXCHANGE) != 0) {
			rc = rename_error(store, "put the new books in place in", err);
			goto out;
		}
		replaced = true;
	}
	store->building = false;
	if (fsync(store->folder) != 0 || (above >= 0 && fsync(above) != 0)) {
		rc = sb_error_set(err, SB_EUNKNOWN,
				  "the new books are in place in %s, but the disk failed to keep "
				  "that: %s",
				  store->options.folder, sb_errno(errno));
		goto out;
	}
	store->building = replaced; /* what stands there now are the old books */
out:
	if (above >= 0)
		(void)close(above);
	store_close(store);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
