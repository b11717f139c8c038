/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/request_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/array.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"

enum { ANSWERS_MAX = 100 /* the newest ones of a user are kept */ };

int request_box_open(const struct user_folders *boxes, uint32_t uid)
{
	char name[16];

	(void)snprintf(name, sizeof(name), "%" PRIu32, uid);
	return openat(boxes->users, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int cannot(const char *what, const char *name, struct sb_error *err)
{
	return sb_error_set(err, SB_ESYSTEM, "cannot %s %s: %s", what, name, sb_errno(errno));
}

static const char *answer_name(char to[ANSWER_NAME_SIZE], const char *id)
{
	(void)snprintf(to, ANSWER_NAME_SIZE, "%s" ANSWER_SUFFIX, id);
	return to;
}

static int print_answer(int fd, json_t *object, int64_t now)
{
	const struct timespec time = {.tv_sec = now / WHEN_SECOND,
				      .tv_nsec = now % WHEN_SECOND * 1000};
	FILE *to = fdopen(fd, "w");
	int rc;

	if (!to) {
		close(fd);
		return -1;
	}
	rc = json_dumpf(object, to, JSON_INDENT(1)) != 0 || fputc('\n', to) == EOF ||
	     fflush(to) != 0 || futimens(fd, (struct timespec[]){time, time}) != 0 ||
	     fsync(fd) != 0;
	return fclose(to) != 0 || rc ? -1 : 0;
}

/* SB_EREFUSED if a folder of the user is in the way. */
static int cannot_answer(const char *what, const char *name, struct sb_error *err)
{
	bool in_the_way = errno == EEXIST || errno == EISDIR || errno == ENOTEMPTY;
	int rc = cannot(what, name, err);

	return in_the_way ? sb_error_set(err, SB_EREFUSED, "%s is in the way", name) : rc;
}

/* Writes the answer beside its name, and renames it. Only the user can enter the box. */
static int write_answer(const struct user_folders *boxes, int box, const char *id, json_t *object,
			int64_t now, struct sb_error *err)
{
	char name[ANSWER_NAME_SIZE], beside[ANSWER_NAME_SIZE + 8];
	int fd, rc = SB_OK;

	(void)snprintf(beside, sizeof(beside), ".%s.new", answer_name(name, id));
	(void)unlinkat(box, beside, 0);
	fd = openat(box, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return cannot_answer("write", name, err);
	/* The next check may run as the bank's owner, and this one as root. */
	if (fchmod(fd, 0644) != 0 ||
	    (geteuid() != boxes->owner && fchown(fd, boxes->owner, (gid_t)-1) != 0)) {
		rc = cannot("write", name, err);
		close(fd);
	} else if (print_answer(fd, object, now) != 0) {
		rc = cannot("write", name, err);
	} else if (renameat(box, beside, box, name) != 0) {
		rc = cannot_answer("rename to", name, err);
	}
	if (rc)
		(void)unlinkat(box, beside, 0);
	return rc;
}

int request_answer(const struct user_folders *boxes, int box, const char *id,
		   const struct request_answer *answer, int64_t now, struct sb_error *err)
{
	char time[WHEN_TEXT_SIZE], escaped[sizeof(answer->text)];
	json_t *object = json_pack("{si ss ss ss ss}", "subank", 1, "request", answer->request,
				   "time", when_format_exact(time, now), "state", answer->state,
				   /* It may be cut within a character. */
				   "answer", text_escape(escaped, sizeof(escaped), answer->text));
	int rc;

	if (object && answer->entry &&
	    json_object_set_new(object, "entry", json_integer((json_int_t)answer->entry))) {
		json_decref(object);
		object = NULL;
	}
	rc = object ? write_answer(boxes, box, id, object, now, err) : sb_error_nomem(err);
	json_decref(object);
	return rc;
}

int request_remove(int box, const char *id, const struct stat *read, struct sb_error *err)
{
	struct stat st;

	if (fstatat(box, id, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? SB_OK : cannot("inspect", id, err);
	if (st.st_ino != read->st_ino || st.st_dev != read->st_dev)
		return SB_OK;
	return unlinkat(box, id, 0) == 0 || errno == ENOENT ? SB_OK : cannot("remove", id, err);
}

bool request_is_answered(const struct user_folders *boxes, int box, const char *id)
{
	char name[ANSWER_NAME_SIZE];
	struct stat st;

	return fstatat(box, answer_name(name, id), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) && st.st_uid == boxes->owner;
}

struct old_answer {
	int64_t time;
	char name[ANSWER_NAME_SIZE];
};

static int newest_first(const void *a, const void *b)
{
	const struct old_answer *left = a, *right = b;

	return (left->time < right->time) - (left->time > right->time);
}

static int oldest_first(const void *a, const void *b)
{
	const struct request_waiting *left = a, *right = b;

	return left->time != right->time ? (left->time > right->time) - (left->time < right->time)
					 : strcmp(left->id, right->id);
}

static int64_t time_of(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * WHEN_SECOND + st->st_mtim.tv_nsec / 1000;
}

struct box {
	int fd;
	uint32_t uid;
	int64_t now;
	struct request_waiting *waiting;
	size_t waiting_count;
	struct old_answer *answers;
	size_t answer_count;
	bool full; /* it has more names than are read */
};

/* The user can set any time; one ahead would never be old. */
static bool is_older(const struct box *box, int64_t time, int64_t age)
{
	return box->now - time > age || time - box->now > WHEN_DAY;
}

static int add_file(struct box *box, const char *name, struct sb_error *err)
{
	struct stat st;

	if (fstatat(box->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return SB_OK;
	if (request_is_id(name) && !S_ISDIR(st.st_mode)) {
		struct request_waiting *added = array_add(box->waiting, box->waiting_count);

		if (!added)
			return sb_error_nomem(err);
		added->uid = box->uid;
		added->time = time_of(&st);
		(void)snprintf(added->id, sizeof(added->id), "%.32s", name);
	} else if (request_is_answer(name) && !S_ISDIR(st.st_mode)) {
		struct old_answer *added = array_add(box->answers, box->answer_count);

		if (!added)
			return sb_error_nomem(err);
		added->time = time_of(&st);
		(void)snprintf(added->name, sizeof(added->name), "%.32s" ANSWER_SUFFIX, name);
	} else if (is_older(box, time_of(&st), WHEN_DAY)) {
		/* A file that was never finished, or something else; a folder if it is empty. */
		(void)unlinkat(box->fd, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
	}
	return SB_OK;
}

static int read_files(struct box *box, struct sb_error *err)
{
	int fd = openat(box->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = SB_OK;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return cannot("read", "a folder of requests", err);
	}
	for (int i = 0; i < REQUESTS_SCANNED && !rc && (entry = readdir(dir)); i++) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			rc = add_file(box, entry->d_name, err);
	}
	box->full = !rc && readdir(dir);
	closedir(dir);
	return rc;
}

static void remove_old_answers(struct box *box)
{
	array_sort(box->answers, box->answer_count, newest_first);
	for (size_t i = 0; i < box->answer_count; i++) {
		if (i >= ANSWERS_MAX || is_older(box, box->answers[i].time, ANSWER_DAYS * WHEN_DAY))
			(void)unlinkat(box->fd, box->answers[i].name, 0);
	}
}

int request_box_read(const struct user_folders *boxes, uint32_t uid, int64_t now,
		     struct request_waiting **ret, size_t *ret_count, struct sb_error *err)
{
	struct box box = {.fd = request_box_open(boxes, uid), .uid = uid, .now = now};
	int rc;

	if (box.fd < 0)
		return cannot("open", "a folder of requests", err);
	rc = read_files(&box, err);
	if (!rc)
		remove_old_answers(&box);
	close(box.fd);
	if (!rc) {
		array_sort(box.waiting, box.waiting_count, oldest_first);
		*ret = box.waiting;
		*ret_count = box.full ? 0 : box.waiting_count;
	} else {
		free(box.waiting);
	}
	free(box.answers);
	return rc;
}
