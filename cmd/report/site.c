/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/report/site.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cmd/check/public_file.h"
#include "cmd/report/file_name.h"
#include "cmd/report/frame.h"
#include "ledger/base/array.h"

static const char index_name[] = "index.html";
static const char all_folder[] = "ALL";

static int cannot(const struct site *site, const char *what, const char *name, struct sb_error *err)
{
	return sb_error_set(err, SB_ESYSTEM, "cannot %s %s/%s: %s", what, site->path, name,
			    sb_errno(errno));
}

/* Refuses a link that another user made, as anyone can in /tmp. */
static int check_link(const char *path, struct sb_error *err)
{
	char *name = strdup(path);
	struct stat st;
	int rc;

	if (!name)
		return sb_error_nomem(err);
	/* With a '/' at the end lstat() would follow the link. */
	for (size_t len = strlen(name); len > 1 && name[len - 1] == '/';)
		name[--len] = '\0';
	rc = lstat(name, &st);
	free(name);
	if (rc != 0)
		return sb_error_path(err, "read", path);
	if (!S_ISLNK(st.st_mode) || st.st_uid == 0 || st.st_uid == geteuid())
		return SB_OK;
	return sb_error_set(err, SB_EREFUSED,
			    "%s is a link of user %ju, who can point it elsewhere: name a folder",
			    path, (uintmax_t)st.st_uid);
}

int site_open(const char *path, enum site_access access, struct site *ret, struct sb_error *err)
{
	*ret = (struct site){.path = path, .access = access, .fd = -1};
	ret->made = mkdir(path, 0750) == 0;
	if (!ret->made && errno != EEXIST)
		return sb_error_path(err, "make the folder", path);
	TRY(check_link(path, err));
	ret->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Members of the groups pass through it to the folders of their accounts. */
	if (ret->fd < 0 || (ret->made && access == SITE_GROUPS && fchmod(ret->fd, 0711) != 0) ||
	    fstat(ret->fd, &ret->st) != 0)
		return sb_error_path(err, "open the folder", path);
	if (ret->st.st_mode & (S_IWGRP | S_IWOTH))
		return sb_error_set(err, SB_EREFUSED,
				    "others can write into the folder %s and put other pages "
				    "there: run chmod go-w on it, or name another folder",
				    path);
	if (ret->st.st_uid != 0 && ret->st.st_uid != geteuid())
		return sb_error_set(err, SB_EREFUSED,
				    "the folder %s belongs to user %ju, who can put other pages "
				    "there: run this as that user (sudo -u), or name a folder of "
				    "the user who runs this",
				    path, (uintmax_t)ret->st.st_uid);
	/* The kernel releases it when the folder is closed. */
	if (flock(ret->fd, LOCK_EX | LOCK_NB) == 0)
		return SB_OK;
	if (errno != EWOULDBLOCK)
		return sb_error_path(err, "lock the folder", path);
	return sb_error_set(err, SB_EBUSY,
			    "another report is being written to %s: try again when it is done",
			    path);
}

/* Whether there is a file of that name, and a report wrote it. */
enum found { FOUND_NOTHING, FOUND_OURS, FOUND_OTHER };

static enum found look(int folder, const char *name)
{
	char text[sizeof(PAGE_MARK) - 1];
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	enum found found = FOUND_OTHER;

	if (fd < 0)
		return errno == ENOENT ? FOUND_NOTHING : FOUND_OTHER;
	if (read(fd, text, sizeof(text)) == (ssize_t)sizeof(text) &&
	    memcmp(text, PAGE_MARK, sizeof(text)) == 0)
		found = FOUND_OURS;
	close(fd);
	return found;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int keep(struct site *site, const char *name, struct sb_error *err)
{
	char *copy = strdup(name), **added;
	size_t at;

	if (!copy)
		return sb_error_nomem(err);
	if (array_search(site->written, site->written_count, &copy, by_name, &at)) {
		free(copy);
		return SB_OK;
	}
	added = array_insert(site->written, site->written_count, at);
	if (!added) {
		free(copy);
		return sb_error_nomem(err);
	}
	*added = copy;
	return SB_OK;
}

static int print_page(FILE *to, const void *ctx)
{
	const struct html *page = ctx;

	return fwrite(page->bytes.data, 1, page->bytes.len, to) == page->bytes.len ? 0 : -1;
}

/* Writes a page into a folder of that status. [shown] names the page in messages. */
static int write_page(struct site *site, int folder, const struct stat *st, const char *name,
		      const char *shown, const struct html *page, struct sb_error *err)
{
	const struct public_file file = {.path = site->path,
					 .failure = "the report is not whole",
					 .mode = st->st_mode & S_IRGRP ? 0640 : 0600,
					 .uid = (uid_t)-1,
					 .folder_group = true};

	if (page->bytes.failed)
		return sb_error_nomem(err);
	if (look(folder, name) == FOUND_OTHER)
		return sb_error_set(err, SB_EREFUSED,
				    "%s/%s is no page of a report, so it is not replaced: name "
				    "an empty folder",
				    site->path, shown);
	TRY(public_file_write(&file, folder, st, name, print_page, page, err));
	site->pages++;
	return SB_OK;
}

/* Gives the folder to the group. While the group changes, only the owner can enter. */
static int set_access(int fd, gid_t group, mode_t mode)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -1;
	if (st.st_gid == group && (st.st_mode & 07777) == mode)
		return 0;
	return fchmod(fd, 0700) != 0 || (st.st_gid != group && fchown(fd, (uid_t)-1, group) != 0) ||
			       fchmod(fd, mode) != 0
		       ? -1
		       : 0;
}

/* Opens the folder of an account. [account]: NULL for that of all accounts, which with groups only
 * the owner can enter. */
static int open_folder(struct site *site, const char *name, const char *account,
		       struct sb_error *err)
{
	const struct group *group = NULL;
	gid_t gid = site->st.st_gid;
	mode_t mode = 0750;
	int fd;

	if (mkdirat(site->fd, name, 0700) != 0 && errno != EEXIST)
		return cannot(site, "make the folder", name, err);
	fd = openat(site->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return cannot(site, "open the folder", name, err);
	if (site->access == SITE_GROUPS && account)
		group = getgrnam(account);
	if (group)
		gid = group->gr_gid;
	else if (site->access == SITE_GROUPS)
		mode = 0700;
	if (set_access(fd, gid, mode) == 0) {
		site->alone += mode == 0700 && account;
		return fd;
	}
	if (errno == EPERM)
		sb_error_set(
			err, SB_EREFUSED,
			"user %ju cannot give the folder %s/%s to group %ju: make him a member "
			"of that group",
			(uintmax_t)geteuid(), site->path, name, (uintmax_t)gid);
	else
		(void)cannot(site, "change the group of", name, err);
	close(fd);
	return err->code;
}

static int write_in_folder(struct site *site, const char *name, const char *account,
			   const struct html *page, struct sb_error *err)
{
	char shown[PAGE_NAME_SIZE + sizeof(index_name)];
	struct stat st;
	int fd, rc;

	TRY(keep(site, name, err));
	fd = open_folder(site, name, account, err);
	if (fd < 0)
		return fd;
	(void)snprintf(shown, sizeof(shown), "%s/%s", name, index_name);
	rc = fstat(fd, &st) != 0 ? cannot(site, "read", name, err)
				 : write_page(site, fd, &st, index_name, shown, page, err);
	close(fd);
	return rc;
}

static int write_flat(struct site *site, const char *name, const struct html *page,
		      struct sb_error *err)
{
	TRY(keep(site, name, err));
	return write_page(site, site->fd, &site->st, name, name, page, err);
}

int site_write_account(struct site *site, const char *account, const struct html *page,
		       struct sb_error *err)
{
	char name[PAGE_NAME_SIZE], file[PAGE_NAME_SIZE + 8];

	page_name(name, account);
	if (site->access != SITE_FLAT)
		return write_in_folder(site, name, account, page, err);
	(void)snprintf(file, sizeof(file), "%s.html", name);
	return write_flat(site, file, page, err);
}

int site_write_index(struct site *site, const struct html *page, struct sb_error *err)
{
	if (site->access != SITE_FLAT)
		return write_in_folder(site, all_folder, NULL, page, err);
	return write_flat(site, index_name, page, err);
}

static bool remove_page(int folder, const char *name)
{
	return look(folder, name) == FOUND_OURS && unlinkat(folder, name, 0) == 0;
}

/* Removes a page, or a folder with nothing but a page. Returns whether a page was removed. */
static bool remove_other(const struct site *site, const char *name)
{
	int fd = openat(site->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool removed;

	if (fd < 0)
		return remove_page(site->fd, name);
	removed = remove_page(fd, index_name);
	if (removed)
		(void)unlinkat(site->fd, name, AT_REMOVEDIR);
	close(fd);
	return removed;
}

int site_remove_others(struct site *site, struct sb_error *err)
{
	int fd = openat(site->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return cannot(site, "list", ".", err);
	}
	while ((entry = readdir(folder))) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		    !array_find(site->written, site->written_count, &name, by_name))
			site->removed += remove_other(site, name);
	}
	closedir(folder);
	return SB_OK;
}

void site_discard(struct site *site)
{
	/* One that has pages stays. */
	if (site->made)
		(void)rmdir(site->path);
}

void site_close(struct site *site)
{
	if (site->fd >= 0)
		close(site->fd);
	for (size_t i = 0; i < site->written_count; i++)
		free(site->written[i]);
	free(site->written);
	site->written = NULL;
	site->written_count = 0;
	site->fd = -1;
}

const char *site_before(const struct site *site)
{
	return site->access == SITE_FLAT ? "" : "../";
}

const char *site_after(const struct site *site)
{
	return site->access == SITE_FLAT ? ".html" : "/index.html";
}
