/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies the books while others write. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/store/inside.h"

/* Removes the locks of a copy, and with [data] also the data. */
static void remove_from_copy(int folder, bool data)
{
	static const char *const locks[] = {"open.lock", "use.lock", "write.lock", "build.lock",
					    BOOKS "/lock.mdb"};

	for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++)
		(void)unlinkat(folder, locks[i], 0);
	if (!data)
		return;
	store_remove_built(folder);
	(void)unlinkat(folder, BOOKS "/data.mdb", 0);
	(void)unlinkat(folder, BOOKS, AT_REMOVEDIR);
}

void store_copy_remove(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	remove_from_copy(fd, true);
	close(fd);
	(void)rmdir(folder);
}

/* Copies the books to data.mdb in [folder]. The caller closes *fd, the folder, and *data, also
 * after an error. */
static int copy_to(struct store *store, const char *folder, int *fd, int *data,
		   struct sb_error *err)
{
	*fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (*fd < 0 || mkdirat(*fd, BOOKS, 0750) != 0)
		return sb_error_path(err, "copy the books to", folder);
	*data = openat(*fd, BOOKS "/data.mdb", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (*data < 0)
		return sb_error_path(err, "copy the books to", folder);
	/* A compacting copy does not take the writers' mutex, and leaves out free pages. */
	TRY(store_result(err, mdb_env_copyfd2(store->env, *data, MDB_CP_COMPACT),
			 "copy the books"));
	if (fsync(*data) != 0 || store_own_at(store, *fd, BOOKS "/data.mdb", 0640) != 0 ||
	    store_own_at(store, *fd, BOOKS, 0750) != 0 ||
	    store_own_at(store, *fd, ".", 0750) != 0 || store_sync_at(*fd, BOOKS) != 0 ||
	    store_sync_at(*fd, ".") != 0)
		return sb_error_path(err, "copy the books to", folder);
	return SB_OK;
}

int store_copy(struct store *store, const char *folder, struct leftover *leftover,
	       struct sb_error *err)
{
	int fd = -1, data = -1, rc;

	if (leftover_mkdir(leftover, folder, 0750, store_copy_remove) != 0) {
		if (errno == EEXIST)
			return sb_error_set(err, SB_EREFUSED,
					    "%s exists: another backup is running, or was cut off; "
					    "in that case remove it",
					    folder);
		return sb_error_path(err, "make", folder);
	}
	rc = copy_to(store, folder, &fd, &data, err);
	if (data >= 0)
		close(data);
	if (fd >= 0)
		close(fd);
	if (rc)
		store_copy_remove(folder);
	return rc;
}

static int install_copy(int fd, const char *folder, const char *name, struct sb_error *err)
{
	remove_from_copy(fd, false);
	if (store_sync_at(fd, BOOKS "/data.mdb") != 0 || store_sync_at(fd, BOOKS) != 0 ||
	    store_sync_at(fd, ".") != 0)
		return sb_error_path(err, "write to the disk", folder);
	if (renameat2(AT_FDCWD, folder, AT_FDCWD, name, RENAME_NOREPLACE) != 0) {
		if (errno != EEXIST)
			return sb_error_path(err, "make", name);
		return sb_error_set(err, SB_EREFUSED, "%s is there already: it is left as it is",
				    name);
	}
	if (store_sync_at(fd, "..") != 0)
		return sb_error_path(err, "write to the disk the folder of", name);
	return SB_OK;
}

int store_copy_install(const char *folder, const char *name, struct sb_error *err)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int rc;

	if (fd < 0)
		return sb_error_path(err, "open", folder);
	rc = install_copy(fd, folder, name, err);
	close(fd);
	return rc;
}
