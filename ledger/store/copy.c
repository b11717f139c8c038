/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies of the books, while others write. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/store/inside.h"

/* The locks of a copy, and with [data] the data as well. */
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

/* Mode and owner, whatever the umask took and whoever runs it. */
static int set_up_copied(const struct store *store, int folder, const char *path, mode_t mode)
{
	struct stat st;

	if (fstat(store->folder, &st) != 0 || fchmodat(folder, path, mode, 0) != 0)
		return -1;
	return geteuid() == 0 ? fchownat(folder, path, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW)
			      : 0;
}

int store_copy(struct store *store, const char *folder, struct leftover *leftover,
	       struct sb_error *err)
{
	int fd = -1, data = -1, rc;

	if (leftover_mkdir(leftover, folder, 0750, store_copy_remove) != 0) {
		if (errno == EEXIST)
			return sb_error_set(err, SB_EREFUSED,
					    "%s is there: another backup is made now, or was cut "
					    "off; then remove it",
					    folder);
		return sb_error_path(err, "make", folder);
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || mkdirat(fd, BOOKS, 0750) != 0)
		goto failed;
	data = openat(fd, BOOKS "/data.mdb", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (data < 0)
		goto failed;
	/* Compacting needs no mutex of the writers, and leaves the free pages out. */
	rc = mdb_env_copyfd2(store->env, data, MDB_CP_COMPACT);
	if (rc) {
		store_error(err, rc, "copy the books");
		goto out;
	}
	if (fsync(data) != 0 || set_up_copied(store, fd, BOOKS "/data.mdb", 0640) != 0 ||
	    set_up_copied(store, fd, BOOKS, 0750) != 0 ||
	    set_up_copied(store, fd, ".", 0750) != 0 || store_sync_at(fd, BOOKS) != 0 ||
	    store_sync_at(fd, ".") != 0)
		goto failed;
	close(data);
	close(fd);
	return SB_OK;
failed:
	sb_error_path(err, "copy the books to", folder);
out:
	if (data >= 0)
		close(data);
	if (fd >= 0)
		close(fd);
	store_copy_remove(folder);
	return err ? (int)err->code : SB_ESYSTEM;
}

int store_copy_install(const char *folder, const char *name, struct sb_error *err)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int rc = SB_OK;

	if (fd < 0)
		return sb_error_path(err, "open", folder);
	remove_from_copy(fd, false);
	if (store_sync_at(fd, BOOKS "/data.mdb") != 0 || store_sync_at(fd, BOOKS) != 0 ||
	    store_sync_at(fd, ".") != 0)
		rc = sb_error_path(err, "write to the disk", folder);
	else if (renameat2(AT_FDCWD, folder, AT_FDCWD, name, RENAME_NOREPLACE) != 0)
		rc = errno == EEXIST
			     ? sb_error_set(err, SB_EREFUSED,
					    "%s is there already: it is left as it is", name)
			     : sb_error_path(err, "make", name);
	else if (store_sync_at(fd, "..") != 0)
		rc = sb_error_path(err, "write to the disk the folder of", name);
	close(fd);
	return rc;
}
