/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/public_file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int public_bank_owner(const struct env *env, uid_t *ret, struct sb_error *err)
{
	struct stat st;

	if (fstat(store_folder(bank_store(env->bank)), &st) != 0)
		return sb_error_path(err, "inspect", env->store.folder);
	*ret = st.st_uid;
	return SB_OK;
}

static int cannot(const struct public_file *file, const char *what, const char *path,
		  struct sb_error *err)
{
	/* The check's service can write only where its unit permits it. */
	if (errno == EROFS)
		return sb_error_set(err, SB_ESYSTEM,
				    "%s: cannot %s %s: %s: name its folder as ReadWritePaths= with "
				    "`systemctl edit subank-check.service`, if that runs the check",
				    file->failure, what, path, strerror(EROFS));
	return sb_error_set(err, SB_ESYSTEM, "%s: cannot %s %s: %s", file->failure, what, path,
			    sb_errno(errno));
}

/* Refuses a folder that another user can change: he could put an older file back. */
static int check_folder(const struct public_file *file, const char *folder, const struct stat *st,
			struct sb_error *err)
{
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return sb_error_set(err, SB_EREFUSED,
				    "%s: others can write the folder %s and so put another file "
				    "there: run chmod go-w on it, or name another file as %s",
				    file->failure, folder, file->setting);
	if (st->st_uid != 0 && st->st_uid != file->bank_owner)
		return sb_error_set(err, SB_EREFUSED,
				    "%s: the folder %s belongs to user %ju, who can put another "
				    "file there: give it to the bank's owner with chown, or name "
				    "another file as %s",
				    file->failure, folder, (uintmax_t)st->st_uid, file->setting);
	return SB_OK;
}

int public_folder_open(const struct public_file *file, struct stat *ret, struct sb_error *err)
{
	const char *path = file->path;
	char *folder = strndup(path, (size_t)(strrchr(path, '/') - path + 1));
	int rc, fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0 || fstat(fd, ret) != 0)
		rc = cannot(file, "open the folder", folder ? folder : path, err);
	else
		rc = check_folder(file, folder, ret, err);
	if (rc && fd >= 0) {
		close(fd);
		fd = -1;
	}
	free(folder);
	return fd;
}

static int set_owner(const struct public_file *file, int fd, const struct stat *st,
		     const char *name, struct sb_error *err)
{
	if (file->folder_group && fchown(fd, (uid_t)-1, st->st_gid) != 0)
		return sb_error_set(
			err, SB_EREFUSED,
			"%s: user %ju cannot give its folder's group %ju to %s: make him a "
			"member of that group",
			file->failure, (uintmax_t)geteuid(), (uintmax_t)st->st_gid, name);
	if (file->uid != (uid_t)-1 && file->uid != geteuid() &&
	    fchown(fd, file->uid, (gid_t)-1) != 0)
		return sb_error_set(err, SB_EREFUSED,
				    "%s: user %ju cannot give %s to user %ju, who has to read it: "
				    "let root or that user run subank",
				    file->failure, (uintmax_t)geteuid(), name,
				    (uintmax_t)file->uid);
	return SB_OK;
}

int public_file_write(const struct public_file *file, int folder, const struct stat *st,
		      const char *name, public_contents *print, const void *ctx,
		      struct sb_error *err)
{
	char beside[NAME_MAX + 1];
	int fd, rc;
	FILE *to;

	(void)snprintf(beside, sizeof(beside), ".%.240s.new", name);
	(void)unlinkat(folder, beside, 0);
	fd = openat(folder, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	to = fd < 0 ? NULL : fdopen(fd, "w");
	if (!to) {
		rc = cannot(file, "write", name, err);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	rc = set_owner(file, fd, st, name, err);
	if (!rc && (fchmod(fd, file->mode) != 0 || print(to, ctx) != 0))
		rc = cannot(file, "write", name, err);
	if (fclose(to) != 0 && !rc)
		rc = cannot(file, "write", name, err);
	if (!rc && renameat(folder, beside, folder, name) != 0)
		rc = cannot(file, "rename to", name, err);
	if (rc)
		(void)unlinkat(folder, beside, 0);
	return rc;
}

int public_file_replace(const struct public_file *file, public_contents *print, const void *ctx,
			struct sb_error *err)
{
	struct stat st;
	int rc, folder = public_folder_open(file, &st, err);

	if (folder < 0)
		return err->code;
	rc = public_file_write(file, folder, &st, strrchr(file->path, '/') + 1, print, ctx, err);
	close(folder);
	return rc;
}

int public_file_text(FILE *to, const void *text)
{
	return fputs(text, to) == EOF;
}

int public_file_json(FILE *to, const void *document)
{
	return json_dumpf(document, to, JSON_INDENT(1)) != 0 || fputc('\n', to) == EOF;
}

/* Writes and renames a file beside the one that is published, and removes it. */
static int try_to_write(const struct public_file *file, int folder, const struct stat *st,
			struct sb_error *err)
{
	char name[NAME_MAX + 1];

	(void)snprintf(name, sizeof(name), ".%.230s.test", strrchr(file->path, '/') + 1);
	TRY(public_file_write(file, folder, st, name, public_file_text, "a test of subank\n", err));
	return unlinkat(folder, name, 0) == 0 ? SB_OK : cannot(file, "remove", name, err);
}

int public_file_try(const struct public_file *file, bool write, struct sb_error *err)
{
	struct stat st;
	int folder = public_folder_open(file, &st, err), rc = SB_OK;

	if (folder < 0)
		return err->code;
	if (write)
		rc = try_to_write(file, folder, &st, err);
	else if (faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) != 0)
		rc = cannot(file, "write into the folder of", file->path, err);
	close(folder);
	return rc;
}
