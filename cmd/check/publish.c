/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/check/checkup.h"
#include "cmd/frame/messages.h"
#include "cmd/show/balance_row.h"
#include "cmd/show/published.h"
#include "ledger/base/lock.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"

struct publishing {
	struct env *env;
	json_t *document;
	bool granted; /* this is the bank, and not a copy of it */
};

static json_t *time_json(int64_t time)
{
	char text[WHEN_TEXT_SIZE];

	return time ? json_string(when_format_exact(text, time)) : json_null();
}

static json_t *row_json(const struct balance_row *row, const char *above)
{
	const struct sums *sums = &row->sums;

	return json_pack("{ss ss ss ss ss ss sI sI sI sI sI sI so sI sI sI sI so sI sb}", "account",
			 row->name, "state", row->state, "causes", row->causes, "lever", row->lever,
			 "blocked_by", row->blocker, "above", above, "allocated_seconds",
			 (json_int_t)sums->allocated, "used_seconds", (json_int_t)sums->used,
			 "available_seconds", (json_int_t)sums->available, "charged_seconds",
			 (json_int_t)sums->charged, "debt_seconds", (json_int_t)sums->debt,
			 "waiting_seconds", (json_int_t)sums->waiting, "read", time_json(row->read),
			 "in_flight_seconds", (json_int_t)sums->in_flight, "committed_seconds",
			 (json_int_t)sums->committed, "settled_seconds", (json_int_t)sums->settled,
			 "no_limit", (json_int_t)row->endless, "seen", time_json(row->seen),
			 "unentered_seconds", (json_int_t)row->unentered, "unlimited",
			 (int)sums->unlimited);
}

/* Adds the fields that only the row of a purse has, and returns [object]; for NULL returns NULL. */
static json_t *purse_json(json_t *object, const struct balance_row *row)
{
	const struct unit unit = purse_unit(row->name);

	if (!object ||
	    (json_object_set_new(object, "resource", json_string(purse_resource(row->name))) == 0 &&
	     json_object_set_new(object, "unit", json_string(unit.name)) == 0 &&
	     (!row->unread || json_object_set_new(object, "unmetered", json_true()) == 0)))
		return object;
	json_decref(object);
	return NULL;
}

static int add_accounts(struct publishing *publishing, struct books *books, struct nesting *nesting,
			json_t *list, json_t *purses, struct sb_error *err)
{
	size_t count;

	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < count; i++) {
		const struct account *account = books_at(books, i);
		struct balance_row row;
		bool is_account = purse_is_account(account->name);
		char above[NAME_SIZE];
		json_t *object;

		if (purse_user(account->name))
			continue;
		TRY(balance_row_make(publishing->env, books, account, nesting, &row, err));
		TRY(nesting_above(nesting, books, account, false, above, err));
		object = row_json(&row, above);
		if (!is_account)
			object = purse_json(object, &row);
		if (json_array_append_new(is_account ? list : purses, object))
			return sb_error_nomem(err);
	}
	return SB_OK;
}

const char *published_key(char to[NAME_SIZE], const char *name)
{
	return text_escape(to, NAME_SIZE, name);
}

struct insides {
	json_t *plain, *odd;
};

static int add_inside(const char *account, const char *above, void *ctx, struct sb_error *err)
{
	const struct insides *insides = ctx;
	char key[NAME_SIZE];

	return json_object_set_new(name_ok(account) ? insides->plain : insides->odd,
				   published_key(key, account), json_string(above))
		       ? sb_error_nomem(err)
		       : SB_OK;
}

static int collect(struct books *books, void *ctx, struct sb_error *err)
{
	struct publishing *publishing = ctx;
	char time[WHEN_TEXT_SIZE];
	struct insides insides = {json_object(), json_object()};
	json_t *list = json_array(), *purses = json_array();
	struct nesting nesting = {0};
	int rc = checkup_may_command(publishing->env, books, &publishing->granted, err);

	if (!rc && publishing->granted) {
		rc = add_accounts(publishing, books, &nesting, list, purses, err);
		if (!rc)
			rc = nesting_each_inside(&nesting, books, add_inside, &insides, err);
	}
	nesting_release(&nesting);
	/* Takes over the references, also on failure. */
	publishing->document = json_pack("{si ss so so}", "subank", PUBLISHED_FORM, "time",
					 when_format_exact(time, publishing->env->os.now()),
					 "accounts", list, "inside", insides.plain);
	if (!rc && (!publishing->document ||
		    (json_object_size(insides.odd) > 0 &&
		     json_object_set(publishing->document, "inside_odd", insides.odd)) ||
		    (json_array_size(purses) > 0 &&
		     json_object_set(publishing->document, "purses", purses))))
		rc = sb_error_nomem(err);
	json_decref(insides.odd);
	json_decref(purses);
	return rc;
}

static const char not_published[] = "the balances for users are not published";

static int cannot(const char *what, const char *path, struct sb_error *err)
{
	/* The check's service can write only where its unit permits it. */
	if (errno == EROFS)
		return sb_error_set(err, SB_ESYSTEM,
				    "%s: cannot %s %s: %s: name its folder as ReadWritePaths= with "
				    "`systemctl edit subank-check.service`, if that runs the check",
				    not_published, what, path, strerror(EROFS));
	return sb_error_set(err, SB_ESYSTEM, "%s: cannot %s %s: %s", not_published, what, path,
			    sb_errno(errno));
}

/* Refuses a folder that another user can change: he could put an older file back. */
static int check_folder(const char *folder, const struct stat *st, uid_t bank_owner,
			struct sb_error *err)
{
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return sb_error_set(err, SB_EREFUSED,
				    "%s: others can write the folder %s and so put another file "
				    "there: run chmod go-w on it, or name another file as "
				    "publish_file",
				    not_published, folder);
	if (st->st_uid != 0 && st->st_uid != bank_owner)
		return sb_error_set(err, SB_EREFUSED,
				    "%s: the folder %s belongs to user %ju, who can put another "
				    "file there: give it to the bank's owner with chown, or name "
				    "another file as publish_file",
				    not_published, folder, (uintmax_t)st->st_uid);
	return SB_OK;
}

/* Opens the folder of [path]. Returns its descriptor, which the caller closes, or -1. */
static int open_folder(const char *path, uid_t bank_owner, struct stat *ret, struct sb_error *err)
{
	char *folder = strndup(path, (size_t)(strrchr(path, '/') - path + 1));
	int rc, fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0 || fstat(fd, ret) != 0)
		rc = cannot("open the folder", folder ? folder : path, err);
	else
		rc = check_folder(folder, ret, bank_owner, err);
	if (rc && fd >= 0) {
		close(fd);
		fd = -1;
	}
	free(folder);
	return fd;
}

static int write_file(int folder, const char *name, const struct stat *st, const json_t *document,
		      bool to_all, struct sb_error *err)
{
	char beside[NAME_MAX + 1];
	int fd, rc = SB_OK;
	FILE *file;

	(void)snprintf(beside, sizeof(beside), ".%.240s.new", name);
	(void)unlinkat(folder, beside, 0);
	fd = openat(folder, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file) {
		rc = cannot("write", name, err);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	if (!to_all && fchown(fd, (uid_t)-1, st->st_gid) != 0)
		rc = sb_error_set(err, SB_EREFUSED,
				  "%s: user %ju cannot give its folder's group %ju to %s: make him "
				  "a member of that group",
				  not_published, (uintmax_t)geteuid(), (uintmax_t)st->st_gid, name);
	if (!rc && (fchmod(fd, to_all ? 0644 : 0640) != 0 ||
		    json_dumpf(document, file, JSON_INDENT(1)) != 0 || fputc('\n', file) == EOF))
		rc = cannot("write", name, err);
	/* Not synced: after a power loss the next check writes it again. */
	if (fclose(file) != 0 && !rc)
		rc = cannot("write", name, err);
	if (!rc && renameat(folder, beside, folder, name) != 0)
		rc = cannot("rename to", name, err);
	if (rc)
		(void)unlinkat(folder, beside, 0);
	return rc;
}

/* Collects and writes the balances. Call it with publish.lock, so that the newest books win. */
static int publish_locked(struct publishing *publishing, struct sb_error *err)
{
	struct env *env = publishing->env;
	const char *path = env->settings.publish_file;
	struct stat bank, st;
	int folder, rc;

	TRY(bank_read(env->bank, env->os.now(), collect, publishing, err));
	if (!publishing->granted)
		return SB_OK;
	if (fstat(store_folder(bank_store(env->bank)), &bank) != 0)
		return cannot("inspect", env->store.folder, err);
	folder = open_folder(path, bank.st_uid, &st, err);
	if (folder < 0)
		return err->code;
	rc = write_file(folder, strrchr(path, '/') + 1, &st, publishing->document,
			env->settings.publish == PUBLISH_ALL, err);
	close(folder);
	return rc;
}

/* Writes and renames a file beside the one that is published, and removes it. */
static int try_to_write(const struct env *env, int folder, const struct stat *st,
			struct sb_error *err)
{
	const char *path = env->settings.publish_file;
	json_t *document = json_pack("{ss}", "subank", "a test");
	char name[NAME_MAX + 1];
	int rc = document ? SB_OK : sb_error_nomem(err);

	(void)snprintf(name, sizeof(name), ".%.230s.test", strrchr(path, '/') + 1);
	if (!rc)
		rc = write_file(folder, name, st, document, env->settings.publish == PUBLISH_ALL,
				err);
	if (!rc && unlinkat(folder, name, 0) != 0)
		rc = cannot("remove", name, err);
	json_decref(document);
	return rc;
}

int publish_try(struct env *env, bool write, struct sb_error *err)
{
	const char *path = env->settings.publish_file;
	struct stat bank, st;
	int folder, rc = SB_OK;

	if (fstat(store_folder(bank_store(env->bank)), &bank) != 0)
		return cannot("inspect", env->store.folder, err);
	folder = open_folder(path, bank.st_uid, &st, err);
	if (folder < 0)
		return err->code;
	if (write)
		rc = try_to_write(env, folder, &st, err);
	else if (faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) != 0)
		rc = cannot("write into the folder of", path, err);
	close(folder);
	return rc;
}

int publish(struct env *env)
{
	struct publishing publishing = {.env = env};
	struct sb_error err;
	int lock = -1, rc;

	if (env->settings.publish == PUBLISH_NONE)
		return EXIT_DONE;
	rc = lock_take(&(struct lock_request){.folder = store_folder(bank_store(env->bank)),
					      .name = "publish.lock",
					      .wait_ms = env->store.wait_ms,
					      .doing = env->doing,
					      .what = "the published balances"},
		       &lock, &err);
	if (!rc)
		rc = publish_locked(&publishing, &err);
	lock_drop(lock);
	json_decref(publishing.document);
	if (!rc)
		return EXIT_DONE;
	warning(env, "%s", err.text);
	return EXIT_PART;
}
