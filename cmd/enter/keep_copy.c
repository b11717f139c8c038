/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/keep_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ledger/base/leftover.h"
#include "ledger/base/when.h"
#include "ledger/files/export.h"

enum { SAME_SECOND_MAX = 100 }; /* copies made within one second */

const char *time_stamp(char to[STAMP_SIZE], int64_t when)
{
	time_t seconds = (time_t)(when / WHEN_SECOND);
	struct tm tm;

	to[0] = '\0';
	if (gmtime_r(&seconds, &tm))
		(void)strftime(to, STAMP_SIZE, "%Y-%m-%dT%H%M%SZ", &tm);
	return to;
}

static int export_copy(struct books *books, void *ctx, struct sb_error *err)
{
	return export_yaml(books, &(struct export_to){.file = ctx}, err);
}

/* Syncs the folder above, so that the new folder survives a crash: the books are removed next, and
 * only the copy in it is left. A parent that we may not read was not made by us. */
static int sync_above(int folder)
{
	int fd = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd >= 0 ? fsync(fd) : errno == EACCES ? 0 : -1;

	if (fd >= 0)
		close(fd);
	return rc;
}

/* Opens the folder of copies, which it makes if needed. One in the bank's folder gets the bank's
 * owner. */
static int open_folder(const struct env *env, char path[COPY_PATH_SIZE], int *ret,
		       struct sb_error *err)
{
	const char *named = env->settings.backup;
	struct stat st;
	int fd;

	if (snprintf(path, COPY_PATH_SIZE, "%s%s", named ? named : env->store.folder,
		     named ? "" : "/backup") >= COPY_PATH_SIZE - 128)
		return sb_error_set(err, SB_EINVAL, "the name of the backup folder is too long");
	if (mkdir(path, 0750) == 0) {
		if (!named && geteuid() == 0 && stat(env->store.folder, &st) == 0 &&
		    chown(path, st.st_uid, st.st_gid) != 0)
			return sb_error_path(err, "set up the folder", path);
	} else if (errno != EEXIST) {
		return sb_error_path(err, "make the folder", path);
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return sb_error_path(err, "open the folder", path);
	if (sync_above(fd) != 0) {
		sb_error_path(err, "write to the disk the folder of", path);
		close(fd);
		return SB_ESYSTEM;
	}
	*ret = fd;
	return SB_OK;
}

/* Renames [beside] to a name that no file has. */
static int name_copy(int folder, const char *beside, const char *stamp, char name[64],
		     struct sb_error *err)
{
	for (int i = 1; i <= SAME_SECOND_MAX; i++) {
		if (i == 1)
			(void)snprintf(name, 64, "subank-%s.yaml", stamp);
		else
			(void)snprintf(name, 64, "subank-%s-%d.yaml", stamp, i);
		if (renameat2(folder, beside, folder, name, RENAME_NOREPLACE) == 0)
			return fsync(folder) == 0 ? SB_OK
						  : sb_error_path(err, "keep the copy", name);
		if (errno != EEXIST)
			break;
	}
	return sb_error_path(err, "name the copy", name);
}

/* Writes the export into the open file and closes it. */
static int write_copy(FILE *file, struct bank *bank, int64_t now, const char *path,
		      struct sb_error *err)
{
	int rc = bank_read(bank, now, export_copy, file, err);

	if (!rc && (fflush(file) != 0 || fsync(fileno(file)) != 0))
		rc = sb_error_path(err, "write into", path);
	if (fclose(file) != 0 && !rc)
		rc = sb_error_path(err, "write into", path);
	return rc;
}

int keep_copy(struct env *env, struct bank *bank, char ret_path[COPY_PATH_SIZE],
	      struct sb_error *err)
{
	char path[COPY_PATH_SIZE], whole[COPY_PATH_SIZE + 64], stamp[STAMP_SIZE], beside[64],
		name[64];
	struct leftover leftover;
	int64_t now = env->os.now();
	int folder = -1, fd, rc = open_folder(env, path, &folder, err);
	FILE *file;

	if (rc)
		return rc;
	(void)snprintf(beside, sizeof(beside), ".subank-copy-%ld", (long)getpid());
	(void)snprintf(whole, sizeof(whole), "%s/%s", path, beside);
	leftover_add(&leftover, whole, leftover_unlink);
	(void)unlinkat(folder, beside, 0); /* of a process that was killed */
	fd = openat(folder, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file) {
		rc = write_copy(file, bank, now, path, err);
	} else {
		rc = sb_error_path(err, "write into", path);
		if (fd >= 0)
			close(fd);
	}
	if (!rc)
		rc = name_copy(folder, beside, time_stamp(stamp, now), name, err);
	if (rc)
		(void)unlinkat(folder, beside, 0);
	leftover_done(&leftover);
	if (!rc)
		(void)snprintf(ret_path, COPY_PATH_SIZE, "%.*s/%s", COPY_PATH_SIZE - 70, path,
			       name);
	close(folder);
	return rc;
}
