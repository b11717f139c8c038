/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/published.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/base/array.h"
#include "ledger/base/when.h"

enum { SIZE_MAX_MIB = 64 };

/* Whether a file of [uid] can be trusted to be from the bank. */
static bool trusted(uid_t uid, const char *bank_folder)
{
	const struct passwd *slurm = getpwnam("slurm");
	struct stat st;

	return uid == 0 || (slurm && slurm->pw_uid == uid) ||
	       (stat(bank_folder, &st) == 0 && st.st_uid == uid);
}

static int check_file(int fd, const char *path, const char *bank_folder, struct sb_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return sb_error_set(err, SB_EREFUSED, "the published balances %s are not a file",
				    path);
	if (!trusted(st.st_uid, bank_folder))
		return sb_error_set(err, SB_EREFUSED,
				    "the published balances %s are not from the bank: their owner "
				    "is neither root nor slurm nor the owner of %s",
				    path, bank_folder);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return sb_error_set(err, SB_EREFUSED,
				    "the published balances %s cannot be trusted: other users than "
				    "the bank's owner can write them",
				    path);
	if (st.st_size > SIZE_MAX_MIB * (off_t)(1 << 20))
		return sb_error_set(err, SB_EFORMAT,
				    "the published balances %s are larger than %d MiB", path,
				    SIZE_MAX_MIB);
	return SB_OK;
}

/* Copies the name of an account or purse or, with [none], "". Returns whether it is valid. */
static bool copy_name(const char *text, bool none, char ret[NAME_SIZE])
{
	if (!(none && !*text) && !purse_ok(text))
		return false;
	(void)snprintf(ret, NAME_SIZE, "%s", text);
	return true;
}

/* Reads a time; null is 0. */
static bool read_time(json_t *value, int64_t *ret)
{
	*ret = 0;
	return json_is_null(value) ||
	       (json_is_string(value) &&
		when_parse_exact(json_string_value(value), ret, NULL) == SB_OK);
}

bool published_row(json_t *object, struct published_account *ret)
{
	struct balance_row *row = &ret->row;
	struct sums *sums = &row->sums;
	const char *name, *state, *causes, *lever, *blocker, *above;
	json_int_t allocated, used, available, charged, debt, waiting;
	json_int_t in_flight = 0, committed = 0, settled = INT64_MIN, endless = 0, unentered = 0;
	json_t *read, *seen = NULL;
	int unlimited = 0;

	if (json_unpack(object,
			"{ss ss ss ss ss ss sI sI sI sI sI sI so s?I s?I s?I s?I s?o s?I s?b}",
			"account", &name, "state", &state, "causes", &causes, "lever", &lever,
			"blocked_by", &blocker, "above", &above, "allocated_seconds", &allocated,
			"used_seconds", &used, "available_seconds", &available, "charged_seconds",
			&charged, "debt_seconds", &debt, "waiting_seconds", &waiting, "read", &read,
			"in_flight_seconds", &in_flight, "committed_seconds", &committed,
			"settled_seconds", &settled, "no_limit", &endless, "seen", &seen,
			"unentered_seconds", &unentered, "unlimited", &unlimited) ||
	    !copy_name(name, false, row->name) || !copy_name(blocker, true, row->blocker) ||
	    !copy_name(above, true, ret->above))
		return false;
	*sums = (struct sums){.allocated = allocated,
			      .used = used,
			      .available = available,
			      .charged = charged,
			      .debt = debt,
			      .waiting = waiting,
			      .in_flight = in_flight,
			      .committed = committed,
			      .settled = settled == INT64_MIN ? available : settled,
			      .unlimited = unlimited};
	/* Older banks did not write this. */
	row->has_running = seen;
	row->unread = json_is_null(read) && json_object_get(object, "unmetered");
	row->endless = endless;
	row->unentered = unentered;
	(void)snprintf(row->state, sizeof(row->state), "%s", state);
	(void)snprintf(row->causes, sizeof(row->causes), "%s", causes);
	(void)snprintf(row->lever, sizeof(row->lever), "%s", lever);
	return read_time(read, &row->read) && (!seen || read_time(seen, &row->seen));
}

static int by_name(const void *a, const void *b)
{
	const struct published_account *x = a, *y = b;

	return purse_order(x->row.name, y->row.name);
}

static int compare_name(const void *name, const void *account)
{
	return purse_order(name, ((const struct published_account *)account)->row.name);
}

void published_sort(struct published *published)
{
	array_sort(published->list, published->count, by_name);
}

const struct published_account *published_find(const struct published *published, const char *name)
{
	return array_find(published->list, published->count, name, compare_name);
}

void published_release(struct published *published)
{
	free(published->list);
	free(published->inside);
	json_decref(published->documents);
	*published = (struct published){0};
}

/* Reads a map from accounts to the account above each. With [odd], the names are keys of accounts
 * that no bank can have. */
static bool read_inside(json_t *map, bool odd, struct published *ret)
{
	const char *name;
	json_t *value;

	json_object_foreach(map, name, value)
	{
		struct inside *to = &ret->inside[ret->inside_count++];

		if (!json_is_string(value) || strlen(name) >= sizeof(to->account) ||
		    (!odd && name_check("account", name, NULL)) ||
		    !copy_name(json_string_value(value), false, to->above))
			return false;
		(void)snprintf(to->account, sizeof(to->account), "%s", name);
	}
	return true;
}

/* Appends a list of accounts or purses to ret->list, which has room. */
static bool read_list(json_t *list, struct published *ret)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!published_row(json_array_get(list, i), &ret->list[ret->count]))
			return false;
		ret->count++;
	}
	return true;
}

static bool read_document(json_t *document, struct published *ret)
{
	json_t *list, *inside, *odd, *purses;
	const char *time;

	if (json_unpack(document, "{ss so so}", "time", &time, "accounts", &list, "inside",
			&inside) ||
	    when_parse_exact(time, &ret->time, NULL) || !json_is_array(list) ||
	    !json_is_object(inside))
		return false;
	/* These are missing unless each user has files of his own. */
	ret->own = json_is_true(json_object_get(document, "own"));
	if (ret->own && (!read_time(json_object_get(document, "read"), &ret->read) ||
			 !read_time(json_object_get(document, "seen"), &ret->seen)))
		return false;
	/* Older banks did not write these. */
	odd = json_object_get(document, "inside_odd");
	purses = json_object_get(document, "purses");
	if ((odd && !json_is_object(odd)) || (purses && !json_is_array(purses)))
		return false;
	ret->list = calloc(json_array_size(list) + json_array_size(purses) + 1, sizeof(*ret->list));
	ret->inside =
		calloc(json_object_size(inside) + json_object_size(odd) + 1, sizeof(*ret->inside));
	if (!ret->list || !ret->inside)
		return false;
	if (!read_list(list, ret) || !read_list(purses, ret))
		return false;
	published_sort(ret);
	return read_inside(inside, false, ret) && read_inside(odd, true, ret);
}

static int malformed(const char *path, struct sb_error *err)
{
	return sb_error_set(err, SB_EFORMAT,
			    "the published balances %s are malformed: the next check replaces them",
			    path);
}

static int check_form(int64_t form, const char *path, struct sb_error *err)
{
	if (form <= PUBLISHED_FORM)
		return SB_OK;
	return sb_error_set(err, SB_EFORMAT,
			    "the published balances %s are from a newer subank (form %d; this "
			    "one reads %d): update subank here",
			    path, (int)form, PUBLISHED_FORM);
}

static int parse_text(const struct published_text *text, json_t **ret, struct sb_error *err)
{
	json_error_t why;
	json_t *document = json_loadb(text->bytes, text->len, JSON_REJECT_DUPLICATES, &why), *form;
	int rc;

	if (!document)
		return sb_error_set(err, SB_EFORMAT,
				    "the published balances %s are no valid JSON (line %d: %s): "
				    "the next check replaces them",
				    text->path, why.line, why.text);
	form = json_object_get(document, "subank");
	rc = json_is_integer(form) ? check_form(json_integer_value(form), text->path, err)
				   : malformed(text->path, err);
	if (rc)
		json_decref(document);
	else
		*ret = document;
	return rc;
}

/* Reads the file that is open. */
static int fill_text(int fd, struct published_text *ret, struct sb_error *err)
{
	struct stat st;
	size_t len = 0;
	ssize_t got;
	char *bytes;

	if (fstat(fd, &st) != 0)
		return sb_error_path(err, "inspect", ret->path);
	bytes = malloc((size_t)st.st_size + 1);
	if (!bytes)
		return sb_error_nomem(err);
	while (len < (size_t)st.st_size &&
	       (got = read(fd, bytes + len, (size_t)st.st_size - len)) > 0)
		len += (size_t)got;
	bytes[len] = '\0';
	ret->bytes = bytes;
	ret->len = len;
	return SB_OK;
}

/* Reads the file [name] in the open folder [at]; [path] is for messages. */
static int read_open_text(int at, const char *name, const char *path, const char *bank_folder,
			  struct published_text *ret, struct sb_error *err)
{
	struct published_text text = {.path = path};
	/* O_NONBLOCK: opening a pipe must not wait for a writer. */
	int fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), rc;

	if (fd < 0)
		return sb_error_set(
			err, errno == ENOENT || errno == ENOTDIR ? SB_ENOTFOUND : SB_EREFUSED,
			"cannot read the published balances %s: %s", path, sb_errno(errno));
	rc = check_file(fd, path, bank_folder, err);
	if (!rc)
		rc = fill_text(fd, &text, err);
	close(fd);
	if (!rc)
		*ret = text;
	return rc;
}

int published_read_text(const char *path, const char *bank_folder, struct published_text *ret,
			struct sb_error *err)
{
	return read_open_text(AT_FDCWD, path, path, bank_folder, ret, err);
}

int published_load(int at, const char *name, const char *path, const char *bank_folder,
		   json_t **ret, struct sb_error *err)
{
	struct published_text text;
	int rc;

	TRY(read_open_text(at, name, path, bank_folder, &text, err));
	rc = parse_text(&text, ret, err);
	free(text.bytes);
	return rc;
}

int published_read(const char *path, const char *bank_folder, struct published *ret,
		   struct sb_error *err)
{
	struct published published = {0};
	json_t *document;
	int rc = SB_OK;

	TRY(published_load(AT_FDCWD, path, path, bank_folder, &document, err));
	if (!read_document(document, &published))
		rc = malformed(path, err);
	json_decref(document);
	if (rc)
		published_release(&published);
	else
		*ret = published;
	return rc;
}

/* Parses the object that has the key at [at], and adds its row. */
static int read_object(const struct published_text *text, const char *at, struct published *ret,
		       struct sb_error *err)
{
	const char *begin = at;
	struct published_account *account;
	json_t *object;
	bool good;

	while (begin > text->bytes && *begin != '{')
		begin--;
	object = json_loadb(begin, text->len - (size_t)(begin - text->bytes),
			    JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, NULL);
	account = array_add(ret->list, ret->count);
	if (!account) {
		json_decref(object);
		return sb_error_nomem(err);
	}
	good = object && published_row(object, account);
	json_decref(object);
	return good ? SB_OK : malformed(text->path, err);
}

static int by_account(const void *key, const void *item)
{
	return strcmp(key, item);
}

/* Whether the purse whose name begins at [at] and ends at a quote belongs to one of the
 * accounts. */
static bool is_wanted(const char *at, const char accounts[][NAME_SIZE], size_t count)
{
	const size_t len = strcspn(at, "\":");
	char account[NAME_SIZE];

	if (len >= sizeof(account))
		return false;
	(void)snprintf(account, sizeof(account), "%.*s", (int)len, at);
	return array_find(accounts, count, account, by_account);
}

/* Reads the time of the publication from the text. */
static bool find_time(const struct published_text *text, int64_t *ret)
{
	static const char key[] = "\"time\": \"";
	const char *at = strstr(text->bytes, key);
	char time[WHEN_TEXT_SIZE];

	if (!at)
		return false;
	at += strlen(key);
	(void)snprintf(time, sizeof(time), "%.*s", WHEN_TEXT_SIZE - 1, at);
	time[strcspn(time, "\"")] = '\0';
	return when_parse_exact(time, ret, NULL) == SB_OK;
}

int published_read_some(const struct published_text *text, const char accounts[][NAME_SIZE],
			size_t count, struct published *ret, struct sb_error *err)
{
	/* As publish.c prints them. Names have no character that JSON would escape. */
	static const char form_key[] = "\"subank\": ", key[] = "\"account\": \"";
	const char *form = strstr(text->bytes, form_key);
	struct published published = {0};
	int rc;

	rc = form ? check_form(strtoll(form + strlen(form_key), NULL, 10), text->path, err)
		  : malformed(text->path, err);
	if (!rc && !find_time(text, &published.time))
		rc = malformed(text->path, err);
	for (const char *at = text->bytes; !rc && count > 0 && (at = strstr(at, key));
	     at += strlen(key)) {
		if (is_wanted(at + strlen(key), accounts, count))
			rc = read_object(text, at, &published, err);
	}
	published_sort(&published);
	if (rc)
		published_release(&published);
	else
		*ret = published;
	return rc;
}
