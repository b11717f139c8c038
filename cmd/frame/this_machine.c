/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/frame/this_machine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ledger/base/number.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"

/* What getpwnam_r() writes of a user. */
enum { PASSWD_SIZE = 4096, PASSWD_SIZE_MAX = 1 << 20 };

/* Reads the first line of a small file, without the newline; "" when there is none. */
static void read_line(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, to, size - 1) : -1;

	to[len > 0 ? len : 0] = '\0';
	to[strcspn(to, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

/* Returns the login uid, which sudo does not change; proc(5): 4294967295 is none. */
static uint32_t login_uid(void)
{
	char text[32];
	int64_t uid;

	read_line("/proc/self/loginuid", text, sizeof(text));
	return number_parse(text, 0, UINT32_MAX, &uid) ? (uint32_t)uid : LOGIN_NONE;
}

/* Finds the user who ran sudo if there is no login uid: in a container or a session without PAM.
 * The variable is only a hint, since any user can set it; the uid is recorded beside it. */
static void find_sudo(struct this_machine *ret)
{
	const char *name = getenv("SUDO_USER");

	if (ret->author.login == LOGIN_NONE && name && strlen(name) < sizeof(ret->sudo) &&
	    text_ok(name))
		(void)snprintf(ret->sudo, sizeof(ret->sudo), "%s", name);
	ret->author.sudo = ret->sudo;
}

static void find_out(struct this_machine *ret)
{
	const struct passwd *passwd = getpwuid(getuid());
	char id[64];

	*ret = (struct this_machine){.author = {.uid = (uint32_t)getuid(), .login = login_uid()}};
	if (passwd && text_ok(passwd->pw_name))
		(void)snprintf(ret->user, sizeof(ret->user), "%s", passwd->pw_name);
	if (gethostname(ret->host, sizeof(ret->host) - 1) != 0 || !text_ok(ret->host))
		ret->host[0] = '\0';
	find_sudo(ret);
	ret->author.user = ret->user;
	ret->author.host = ret->host;
	read_line("/etc/machine-id", id, sizeof(id));
	(void)snprintf(ret->machine, sizeof(ret->machine), "%s/%s", text_ok(id) ? id : "",
		       ret->host);
}

const struct this_machine *this_machine(void)
{
	static struct this_machine here;

	if (!here.author.user)
		find_out(&here);
	return &here;
}

const char *name_of_user(uint32_t uid)
{
	static struct known {
		struct known *next;
		uint32_t uid;
		char name[256]; /* "": it has none */
	} * known;
	const struct passwd *passwd;
	struct known *at = known;

	while (at && at->uid != uid)
		at = at->next;
	if (!at) {
		at = calloc(1, sizeof(*at));
		if (!at)
			return NULL;
		passwd = getpwuid(uid);
		if (passwd && text_ok(passwd->pw_name))
			(void)snprintf(at->name, sizeof(at->name), "%s", passwd->pw_name);
		at->uid = uid;
		at->next = known;
		known = at;
	}
	return *at->name ? at->name : NULL;
}

enum uid_found uid_of_user(const char *name, uint32_t *ret)
{
	struct passwd passwd, *found = NULL;
	size_t size = PASSWD_SIZE;
	char *buffer = malloc(size);
	int rc = ENOMEM;

	while (buffer && (rc = getpwnam_r(name, &passwd, buffer, size, &found)) == ERANGE &&
	       size < PASSWD_SIZE_MAX) {
		free(buffer);
		buffer = malloc(size *= 2);
	}
	free(buffer);
	if (rc != 0)
		return UID_UNKNOWN;
	if (found)
		*ret = passwd.pw_uid;
	return found ? UID_FOUND : UID_ABSENT;
}

const char *place_of(const char *machine, const char *folder, char to[PLACE_SIZE])
{
	char *path = realpath(folder, NULL);

	(void)snprintf(to, PLACE_SIZE, "%s:%s", machine, path ? path : folder);
	free(path);
	return to;
}

int64_t system_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * WHEN_SECOND + now.tv_nsec / 1000;
}

/* Adds the name of a group, if it has one that fits and is not there yet. */
static size_t add_group(gid_t gid, char names[][NAME_SIZE], size_t count)
{
	const struct group *group = getgrgid(gid);

	if (!group || strlen(group->gr_name) >= NAME_SIZE)
		return count;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], group->gr_name) == 0)
			return count;
	}
	(void)snprintf(names[count], NAME_SIZE, "%s", group->gr_name);
	return count + 1;
}

size_t names_of_groups(char names[][NAME_SIZE], size_t max)
{
	enum { GIDS_MAX = 1024 };
	gid_t gids[GIDS_MAX];
	const int gid_count = getgroups(GIDS_MAX, gids);
	size_t count = 0;

	if (max > 0)
		count = add_group(getgid(), names, count);
	for (int i = 0; i < gid_count && count < max; i++)
		count = add_group(gids[i], names, count);
	return count;
}
