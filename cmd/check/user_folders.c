/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/user_folders.h"

#include <acl/libacl.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/acl.h>
#include <unistd.h>

#include "ledger/base/number.h"

#define LINK ".link" /* a link on its way into a user's folder */

enum {
	PLACE_SIZE_MAX = USER_FILE_SIZE + 16,
	/* Sticky: the user can remove his own files there and no others. */
	BOX_MODE = 01700,
};

static const char *suffix_of(const struct user_folders *folders)
{
	return folders->boxes ? "" : USER_FOLDERS_SUFFIX;
}

static int cannot(const struct user_folders *folders, const char *what, const char *name,
		  struct sb_error *err)
{
	return sb_error_set(err, SB_ESYSTEM, "%s: cannot %s %s in the folder %s%s: %s",
			    folders->file.failure, what, name, folders->file.path,
			    suffix_of(folders), sb_errno(errno));
}

static int no_lists(const struct public_file *file, struct sb_error *err)
{
	return sb_error_set(
		err, SB_EREFUSED,
		"%s: the file system of %s has no POSIX access control lists, by which "
		"each user is let into a folder of his own: mount it with them, or name "
		"a file on another file system, such as a tmpfs, as %s",
		file->failure, file->path, file->setting);
}

static bool is_unsupported(int error)
{
	return error == EOPNOTSUPP || error == ENOTSUP || error == ENOSYS;
}

/* Refuses a folder that another user has made, and sets its mode. */
static int check_folder(const struct user_folders *folders, int fd, const char *name, mode_t mode,
			struct sb_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return cannot(folders, "inspect", name, err);
	if (st.st_uid != 0 && st.st_uid != folders->file.bank_owner)
		return sb_error_set(err, SB_EREFUSED,
				    "%s: %s in the folder %s%s belongs to user %ju: remove that "
				    "folder",
				    folders->file.failure, name, folders->file.path,
				    suffix_of(folders), (uintmax_t)st.st_uid);
	if ((st.st_mode & 07777) != mode && fchmod(fd, mode) != 0)
		return cannot(folders, "change the mode of", name, err);
	return SB_OK;
}

/* Opens a folder in [at], and makes it if it is missing. Returns its descriptor, or -1. */
static int open_folder(const struct user_folders *folders, int at, const char *name, mode_t mode,
		       struct sb_error *err)
{
	const char *shown = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	bool made = mkdirat(at, name, 0700) == 0;
	int fd, rc = SB_OK;

	if (!made && errno != EEXIST) {
		(void)cannot(folders, "make", shown, err);
		return -1;
	}
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		(void)cannot(folders, "open", shown, err);
		return -1;
	}
	/* root makes them for the bank's owner, who may run the next check. */
	if (made && geteuid() != folders->owner && fchown(fd, folders->owner, (gid_t)-1) != 0)
		rc = cannot(folders, "give away", shown, err);
	if (!rc)
		rc = check_folder(folders, fd, shown, mode, err);
	if (!rc)
		return fd;
	close(fd);
	return -1;
}

/* Opens FILE.d in the folder of FILE. */
static int open_top(struct user_folders *folders, int folder, struct sb_error *err)
{
	char name[NAME_MAX + 1];
	int size = snprintf(name, sizeof(name), "%s" USER_FOLDERS_SUFFIX,
			    strrchr(folders->file.path, '/') + 1);

	if (size < 0 || (size_t)size >= sizeof(name))
		return sb_error_set(err, SB_EINVAL, "%s: the name of %s is too long: shorten %s",
				    folders->file.failure, folders->file.path,
				    folders->file.setting);
	folders->top = open_folder(folders, folder, name, 0711, err);
	return folders->top < 0 ? err->code : SB_OK;
}

int user_folders_open(const struct public_file *common, struct user_folders *ret,
		      struct sb_error *err)
{
	int folder, rc;

	*ret = (struct user_folders){.file = *common, .top = -1, .accounts = -1, .users = -1};
	folder = public_folder_open(common, &ret->st, err);
	if (folder < 0)
		return err->code;
	ret->owner = geteuid() == 0 ? ret->st.st_uid : geteuid();
	ret->file.mode = 0644;
	ret->file.uid = ret->owner;
	ret->file.folder_group = false;
	rc = open_top(ret, folder, err);
	close(folder);
	TRY(rc);
	ret->accounts = open_folder(ret, ret->top, "accounts", 0700, err);
	if (ret->accounts < 0)
		return err->code;
	ret->users = open_folder(ret, ret->top, "users", 0711, err);
	if (ret->users < 0)
		return err->code;
	return fstat(ret->accounts, &ret->st) == 0 ? SB_OK
						   : cannot(ret, "inspect", "accounts", err);
}

/* Refuses a folder whose file system has no access control lists. */
static int check_lists(const struct public_file *file, int fd, struct sb_error *err)
{
	acl_t list = acl_get_fd(fd);

	if (!list && is_unsupported(errno))
		return no_lists(file, err);
	if (list)
		(void)acl_free(list);
	return SB_OK;
}

int user_boxes_open(const struct public_file *common, struct user_folders *ret,
		    struct sb_error *err)
{
	*ret = (struct user_folders){
		.file = *common, .boxes = true, .top = -1, .accounts = -1, .users = -1};
	ret->users = public_folder_open(common, &ret->st, err);
	if (ret->users < 0)
		return err->code;
	ret->owner = geteuid() == 0 ? ret->st.st_uid : geteuid();
	if (check_lists(common, ret->users, err) == SB_OK)
		return SB_OK;
	user_folders_close(ret);
	return err->code;
}

void user_folders_close(struct user_folders *folders)
{
	if (folders->users >= 0)
		close(folders->users);
	if (folders->accounts >= 0)
		close(folders->accounts);
	if (folders->top >= 0)
		close(folders->top);
	folders->top = folders->accounts = folders->users = -1;
}

int user_folders_write(const struct user_folders *folders, const char *name, public_contents *print,
		       const void *ctx, struct sb_error *err)
{
	return public_file_write(&folders->file, folders->accounts, &folders->st, name, print, ctx,
				 err);
}

int user_folders_remove(const struct user_folders *folders, const char *name, struct sb_error *err)
{
	if (unlinkat(folders->accounts, name, 0) == 0 || errno == ENOENT)
		return SB_OK;
	return cannot(folders, "remove", name, err);
}

int64_t user_folders_readers(const struct user_folders *folders, const char *name)
{
	struct stat st;

	if (fstatat(folders->accounts, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
		return -1;
	return (int64_t)st.st_nlink - 1;
}

/* Makes the list that lets the user in. NULL: memory ran out. */
static acl_t list_for(const struct user_folders *folders, uint32_t uid)
{
	const char *rights = folders->boxes ? "rwx" : "r-x";
	char text[96];

	(void)snprintf(text, sizeof(text), "u::rwx,u:%" PRIu32 ":%s,g::---,m::%s,o::---", uid,
		       rights, rights);
	return acl_from_text(text);
}

static int set_list(const struct user_folders *folders, int fd, uint32_t uid, const char *name,
		    struct sb_error *err)
{
	acl_t list = list_for(folders, uid);
	int rc = SB_OK;

	if (!list)
		return cannot(folders, "make an access control list for", name, err);
	if (acl_set_fd(fd, list) != 0)
		rc = is_unsupported(errno) ? no_lists(&folders->file, err)
					   : cannot(folders, "let the user in to", name, err);
	(void)acl_free(list);
	return rc;
}

int user_folders_let_in(const struct user_folders *folders, uint32_t uid, struct sb_error *err)
{
	char name[16];
	int fd, rc;

	(void)snprintf(name, sizeof(name), "%" PRIu32, uid);
	fd = open_folder(folders, folders->users, name, folders->boxes ? BOX_MODE : 0700, err);
	if (fd < 0)
		return err->code;
	rc = set_list(folders, fd, uid, name, err);
	close(fd);
	return rc;
}

static int open_box(const struct user_folders *boxes, uint32_t uid)
{
	char name[16];

	(void)snprintf(name, sizeof(name), "%" PRIu32, uid);
	return openat(boxes->users, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Whether the folder has the list for this user, and no other. */
static bool has_list(const struct user_folders *folders, int fd, uint32_t uid)
{
	acl_t list = acl_get_fd(fd), wanted = list_for(folders, uid);
	bool same = list && wanted && acl_cmp(list, wanted) == 0;

	if (list)
		(void)acl_free(list);
	if (wanted)
		(void)acl_free(wanted);
	return same;
}

bool user_box_is_ready(const struct user_folders *boxes, uint32_t uid)
{
	int fd = open_box(boxes, uid);
	struct stat st;
	bool ready;

	if (fd < 0)
		return false;
	/* With an access control list, the group's bits are its mask. */
	ready = fstat(fd, &st) == 0 && (st.st_mode & 05777) == (BOX_MODE | 0070) &&
		(st.st_uid == 0 || st.st_uid == boxes->file.bank_owner) && has_list(boxes, fd, uid);
	close(fd);
	return ready;
}

int user_box_shut(const struct user_folders *boxes, uint32_t uid, struct sb_error *err)
{
	int fd = open_box(boxes, uid), rc = SB_OK;
	char name[16];

	(void)snprintf(name, sizeof(name), "%" PRIu32, uid);
	/* This empties the mask of the list. */
	if (fd < 0 || fchmod(fd, BOX_MODE) != 0)
		rc = cannot(boxes, "shut", name, err);
	if (fd >= 0)
		close(fd);
	return rc;
}

static const char *place_in(char to[PLACE_SIZE_MAX], uint32_t uid, const char *name)
{
	(void)snprintf(to, PLACE_SIZE_MAX, "%" PRIu32 "/%s", uid, name);
	return to;
}

/* Makes the link in accounts/. A link that a killed run has left there may be to another file. */
static int make_link(const struct user_folders *folders, const char *name, struct sb_error *err)
{
	int at = folders->accounts;

	if (linkat(at, name, at, LINK, 0) == 0 ||
	    (errno == EEXIST && unlinkat(at, LINK, 0) == 0 && linkat(at, name, at, LINK, 0) == 0))
		return SB_OK;
	return cannot(folders, "link", name, err);
}

int user_folders_give(const struct user_folders *folders, uint32_t uid, const char *name,
		      struct sb_error *err)
{
	char place[PLACE_SIZE_MAX];

	place_in(place, uid, name);
	TRY(make_link(folders, name, err));
	if (renameat(folders->accounts, LINK, folders->users, place) == 0)
		return SB_OK;
	if (errno != ENOENT)
		return cannot(folders, "rename to", place, err);
	TRY(user_folders_let_in(folders, uid, err));
	return renameat(folders->accounts, LINK, folders->users, place) == 0
		       ? SB_OK
		       : cannot(folders, "rename to", place, err);
}

int user_folders_settle(const struct user_folders *folders, struct sb_error *err)
{
	/* A rename to a link of the same file leaves both. */
	return user_folders_remove(folders, LINK, err);
}

int user_folders_take(const struct user_folders *folders, uint32_t uid, const char *name,
		      struct sb_error *err)
{
	char place[PLACE_SIZE_MAX];

	place_in(place, uid, name);
	if (unlinkat(folders->users, place, 0) != 0 && errno != ENOENT)
		return cannot(folders, "remove", place, err);
	(void)snprintf(place, sizeof(place), "%" PRIu32, uid);
	(void)unlinkat(folders->users, place, AT_REMOVEDIR);
	return SB_OK;
}

/* Opens a folder for readdir(). NULL: it fails. */
static DIR *read_folder(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

struct sweep {
	const struct user_folders *folders;
	user_folders_keep *keep;
	const void *ctx;
};

static int sweep_user(const struct sweep *sweep, const char *user, struct sb_error *err)
{
	const struct user_folders *folders = sweep->folders;
	DIR *dir = read_folder(folders->users, user);
	int64_t uid = 0;
	bool is_uid = number_parse(user, 0, UINT32_MAX, &uid);
	struct dirent *entry;
	int rc = SB_OK;

	if (!dir)
		return cannot(folders, "read", user, err);
	while (!rc && (entry = readdir(dir))) {
		if (is_dots(entry->d_name) ||
		    (is_uid && sweep->keep((uint32_t)uid, entry->d_name, sweep->ctx)))
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) != 0 && errno != ENOENT)
			rc = cannot(folders, "remove", entry->d_name, err);
	}
	closedir(dir);
	(void)unlinkat(folders->users, user, AT_REMOVEDIR);
	return rc;
}

int user_folders_sweep(const struct user_folders *folders, user_folders_keep *keep, const void *ctx,
		       struct sb_error *err)
{
	const struct sweep sweep = {folders, keep, ctx};
	DIR *dir = read_folder(folders->users, ".");
	struct dirent *entry;
	int rc = SB_OK;

	if (!dir)
		return cannot(folders, "read", "users", err);
	while (!rc && (entry = readdir(dir))) {
		if (!is_dots(entry->d_name))
			rc = sweep_user(&sweep, entry->d_name, err);
	}
	closedir(dir);
	return rc;
}

/* Tests without a change. */
static int try_to_read(const struct public_file *common, struct sb_error *err)
{
	struct stat st;
	int folder = public_folder_open(common, &st, err), rc;

	if (folder < 0)
		return err->code;
	rc = check_lists(common, folder, err);
	close(folder);
	return rc;
}

/* A test leaves nothing behind. Folders that are in use are not empty. */
static void remove_empty(const struct user_folders *folders)
{
	char *path = NULL;

	(void)unlinkat(folders->top, "accounts", AT_REMOVEDIR);
	(void)unlinkat(folders->top, "users", AT_REMOVEDIR);
	if (asprintf(&path, "%s" USER_FOLDERS_SUFFIX, folders->file.path) >= 0)
		(void)rmdir(path);
	free(path);
}

int user_folders_try(const struct public_file *common, bool write, struct sb_error *err)
{
	struct user_folders folders;
	int fd, rc;

	TRY(try_to_read(common, err));
	if (!write)
		return SB_OK;
	rc = user_folders_open(common, &folders, err);
	if (!rc) {
		/* No user has a folder of this name. */
		fd = open_folder(&folders, folders.accounts, ".test", 0700, err);
		rc = fd < 0 ? err->code : set_list(&folders, fd, 0, ".test", err);
		if (fd >= 0)
			close(fd);
		(void)unlinkat(folders.accounts, ".test", AT_REMOVEDIR);
		remove_empty(&folders);
	}
	user_folders_close(&folders);
	return rc;
}
