/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/publish_own.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/check/checkup.h"
#include "cmd/check/own_marks.h"
#include "cmd/check/own_rows.h"
#include "cmd/check/own_use.h"
#include "cmd/check/publish_row.h"
#include "cmd/show/published.h"
#include "ledger/base/array.h"
#include "ledger/base/when.h"

#define STATE "state"
#define CHANGING "changing"

enum { LEVELS_MAX = 64 };

/* ---- rows ---- */

static int by_purse(const void *a, const void *b)
{
	const struct purse_row *x = a, *y = b;

	return purse_order(x->purse->name, y->purse->name);
}

static int make_rows(struct own *own, struct books *books, struct sb_error *err)
{
	size_t count;

	TRY(books_load_all(books, &count, err));
	own->rows = calloc(count + 1, sizeof(*own->rows));
	if (!own->rows)
		return sb_error_nomem(err);
	for (size_t i = 0; i < count; i++)
		own->rows[i].purse = books_at(books, i);
	own->row_count = count;
	array_sort(own->rows, count, by_purse);
	for (size_t i = 0; i < count; i++) {
		struct balance_row *row = &own->rows[i].row;

		TRY(balance_row_make(own->env, books, own->rows[i].purse, &own->nesting, row, err));
		if (row->read > own->read)
			own->read = row->read;
		if (row->seen > own->seen)
			own->seen = row->seen;
	}
	for (size_t i = 0; i < count; i++)
		TRY(own_row_make(own, books, &own->rows[i], err));
	return SB_OK;
}

static int compare_account(const void *name, const void *account)
{
	return purse_order(name, ((const struct own_account *)account)->name);
}

static struct own_account *find_account(const struct own *own, const char *name)
{
	return array_find(own->accounts, own->account_count, name, compare_account);
}

/* Lists the accounts above, the nearest first. */
static int add_chain(struct own *own, struct books *books, const struct account *account,
		     json_t *chain, struct sb_error *err)
{
	char above[NAME_SIZE];

	/* Clusters may disagree, and so make a circle. */
	for (int level = 0; level < LEVELS_MAX; level++) {
		TRY(nesting_above(&own->nesting, books, account, above, err));
		if (!*above)
			break;
		if (json_array_append_new(chain, json_string(above)))
			return sb_error_nomem(err);
		TRY(books_account(books, above, &account, err));
	}
	return SB_OK;
}

/* Tells the accounts above that this one, whose use is its own, is below them. */
static void count_below(const struct own *own, const struct own_account *account)
{
	const json_t *above;
	size_t i;

	json_array_foreach(account->chain, i, above)
	{
		struct own_account *found = find_account(own, json_string_value(above));

		if (found)
			found->below = published_hash(found->below, account->name);
	}
}

/* Groups the rows by account. */
static int make_accounts(struct own *own, struct books *books, struct sb_error *err)
{
	struct own_account *account = NULL;
	char owner[NAME_SIZE];

	for (size_t i = 0; i < own->row_count; i++) {
		const char *name = own->rows[i].purse->name;

		if (!account || !purse_is_of(name, account->name)) {
			/* The state of an account may be missing only in damaged books. */
			if (!purse_is_account(name))
				return sb_error_set(err, SB_ECORRUPT,
						    "the books have no account '%s' for its budget",
						    purse_account(owner, name));
			account = array_add(own->accounts, own->account_count);
			if (!account)
				return sb_error_nomem(err);
			account->name = name;
			account->first = i;
			published_file_key(account->key, name);
		}
		account->end = i + 1;
	}
	for (size_t i = 0; i < own->account_count; i++) {
		account = &own->accounts[i];
		account->below = PUBLISHED_HASH;
		account->chain = json_array();
		TRY(add_chain(own, books, own->rows[account->first].purse, account->chain, err));
	}
	for (size_t i = 0; i < own->account_count; i++)
		count_below(own, &own->accounts[i]);
	for (size_t i = 0; i < own->account_count; i++)
		own_mark_account(own, &own->accounts[i]);
	return SB_OK;
}

/* Both lists are sorted by account, but not in the same order. */
static int by_reader(const void *name, const void *reader)
{
	return strcmp(name, ((const struct reader_of *)reader)->account);
}

static void find_readers(const struct own *own, struct own_account *account)
{
	const struct readers *readers = &own->readers;
	size_t at;

	if (!array_search(readers->list, readers->count, account->name, by_reader, &at))
		return;
	account->first_reader = at;
	while (account->first_reader > 0 &&
	       by_reader(account->name, &readers->list[account->first_reader - 1]) == 0)
		account->first_reader--;
	account->end_reader = at + 1;
	while (account->end_reader < readers->count &&
	       by_reader(account->name, &readers->list[account->end_reader]) == 0)
		account->end_reader++;
}

/* ---- files ---- */

/* When a file that was just written replaces another, ext4 waits until its data are on their way to
 * the disk, unless blocks are allocated to them already: that takes milliseconds a file. */
static int print_compact(FILE *to, const void *document)
{
	char *text = json_dumps(document, JSON_COMPACT);
	int rc;

	if (!text)
		return -1;
	(void)fallocate(fileno(to), 0, 0, (off_t)strlen(text) + 1);
	rc = fprintf(to, "%s\n", text) < 0;
	free(text);
	return rc;
}

/* Returns what the state has about an account; NULL: nothing. */
static const json_t *kept_account(const struct own *own, const char *name)
{
	return json_object_get(json_object_get(own->state, "accounts"), name);
}

static bool is_kept(const struct own *own, const struct own_account *account, size_t file)
{
	const json_t *kept = kept_account(own, account->name);
	const char *mark = json_string_value(json_array_get(json_object_get(kept, "marks"), file));
	char name[USER_FILE_SIZE];

	/* Links that somebody has added or removed are put right as well. */
	return mark && strcmp(mark, account->marks[file]) == 0 &&
	       user_folders_readers(&own->folders, own_file_name(name, account->key, file)) ==
		       (int64_t)json_array_size(json_object_get(kept, "users"));
}

/* ---- the books ---- */

/* Forgets what a transaction has found: it may run again. */
static void forget(struct own *own)
{
	for (size_t i = 0; i < own->account_count; i++) {
		for (size_t file = 0; file < FILES; file++)
			json_decref(own->accounts[i].documents[file]);
		json_decref(own->accounts[i].chain);
	}
	for (size_t i = 0; i < own->row_count; i++)
		json_decref(own->rows[i].json);
	free(own->accounts);
	free(own->rows);
	free(own->readers.list);
	nesting_release(&own->nesting);
	(void)json_array_clear(own->names);
	own->accounts = NULL;
	own->rows = NULL;
	own->readers = (struct readers){0};
	own->account_count = own->row_count = 0;
	own->read = own->seen = 0;
}

static int may_publish(struct books *books, void *ctx, struct sb_error *err)
{
	struct own *own = ctx;

	return checkup_may_command(own->env, books, &own->granted, err);
}

static int collect(struct books *books, void *ctx, struct sb_error *err)
{
	struct own *own = ctx;
	const struct membership membership = {own->state, &own->env->settings};

	forget(own);
	hex_format(own->bank, books_id(books), BANK_ID_SIZE);
	own->now = books_time(books);
	own->settings = own_hash_settings(&own->env->settings);
	TRY(make_rows(own, books, err));
	TRY(make_accounts(own, books, err));
	TRY(membership_find(&membership, books, &own->nesting, &own->readers, err));
	for (size_t i = 0; i < own->account_count; i++) {
		struct own_account *account = &own->accounts[i];

		find_readers(own, account);
		for (size_t file = 0; file < FILES; file++)
			account->changed[file] = own->fresh || !is_kept(own, account, file);
		if (account->changed[FILE_ROWS])
			TRY(own_rows_document(own, books, account, err));
		if (account->changed[FILE_USE])
			TRY(own_use_document(own, books, account, err));
		/* The name is borrowed from the books. */
		if (json_array_append_new(own->names, json_string(account->name)))
			return sb_error_nomem(err);
	}
	return SB_OK;
}

/* ---- the folders ---- */

static int compare_uid(const void *uid, const void *reader)
{
	uint32_t one = *(const uint32_t *)uid, other = ((const struct reader_of *)reader)->uid;

	return (one > other) - (one < other);
}

static bool may_read(const struct own *own, const struct own_account *account, uint32_t uid)
{
	size_t count = account->end_reader - account->first_reader;

	return count > 0 && array_find(own->readers.list + account->first_reader, count, &uid,
				       compare_uid);
}

/* A sweep searches the accounts by the names of their files. */
struct wanted {
	const struct own *own;
	const struct own_account **by_key;
};

static int compare_keys(const void *a, const void *b)
{
	return strcmp((*(const struct own_account *const *)a)->key,
		      (*(const struct own_account *const *)b)->key);
}

static int compare_key(const void *key, const void *account)
{
	return strcmp(key, (*(const struct own_account *const *)account)->key);
}

/* user_folders_keep: whether a link belongs into a user's folder. */
static bool is_wanted(uint32_t uid, const char *name, const void *ctx)
{
	const struct wanted *wanted = ctx;
	const struct own_account **found;
	char key[USER_FILE_SIZE];
	char *suffix;

	(void)snprintf(key, sizeof(key), "%.*s", USER_FILE_SIZE - 1, name);
	suffix = strrchr(key, '.');
	if (!suffix || (strcmp(suffix, PUBLISHED_ROWS) != 0 && strcmp(suffix, PUBLISHED_USE) != 0))
		return false;
	*suffix = '\0';
	found = array_find(wanted->by_key, wanted->own->account_count, key, compare_key);
	return found && may_read(wanted->own, *found, uid);
}

static int sweep(const struct own *own, struct sb_error *err)
{
	struct wanted wanted = {own, calloc(own->account_count + 1, sizeof(*wanted.by_key))};
	int rc;

	if (!wanted.by_key)
		return sb_error_nomem(err);
	for (size_t i = 0; i < own->account_count; i++)
		wanted.by_key[i] = &own->accounts[i];
	array_sort(wanted.by_key, own->account_count, compare_keys);
	rc = user_folders_sweep(&own->folders, is_wanted, &wanted, err);
	free(wanted.by_key);
	return rc;
}

static bool was_reader(const json_t *users, uint32_t uid)
{
	const json_t *user;
	size_t i;

	json_array_foreach(users, i, user)
	{
		if (json_integer_value(user) == uid)
			return true;
	}
	return false;
}

/* Whether the users are those of the last run; both lists are sorted. */
static bool same_readers(const struct own *own, const struct own_account *account)
{
	const json_t *users = json_object_get(kept_account(own, account->name), "users");
	size_t count = account->end_reader - account->first_reader;

	if (json_array_size(users) != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (json_integer_value(json_array_get(users, i)) !=
		    own->readers.list[account->first_reader + i].uid)
			return false;
	}
	return true;
}

/* Takes the links of an account from the users who may no longer read it. */
static int take_links(const struct own *own, const char *name, const struct own_account *account,
		      const json_t *users, struct sb_error *err)
{
	char key[PUBLISHED_KEY_SIZE], file[USER_FILE_SIZE];
	const json_t *user;
	size_t i;

	published_file_key(key, name);
	json_array_foreach(users, i, user)
	{
		uint32_t uid = (uint32_t)json_integer_value(user);

		if (account && may_read(own, account, uid))
			continue;
		for (size_t j = 0; j < FILES; j++)
			TRY(user_folders_take(&own->folders, uid, own_file_name(file, key, j),
					      err));
	}
	return SB_OK;
}

/* Takes all that users may no longer read, before anything new is written. */
static int take_all(struct own *own, struct sb_error *err)
{
	const char *name;
	json_t *kept;
	char key[PUBLISHED_KEY_SIZE], file[USER_FILE_SIZE];

	if (own->fresh)
		TRY(sweep(own, err));
	json_object_foreach(json_object_get(own->state, "accounts"), name, kept)
	{
		const struct own_account *account = find_account(own, name);

		if (!account || !same_readers(own, account))
			TRY(take_links(own, name, account, json_object_get(kept, "users"), err));
		published_file_key(key, name);
		for (size_t i = 0; i < FILES && !account; i++)
			TRY(user_folders_remove(&own->folders, own_file_name(file, key, i), err));
	}
	return SB_OK;
}

/* Writes the files of an account that have changed, and gives them to its users. */
static int give(const struct own *own, const struct own_account *account, struct sb_error *err)
{
	const json_t *users = json_object_get(kept_account(own, account->name), "users");
	const bool same = same_readers(own, account);
	char name[USER_FILE_SIZE];

	for (size_t file = 0; file < FILES; file++) {
		own_file_name(name, account->key, file);
		if (account->changed[file])
			TRY(user_folders_write(&own->folders, name, print_compact,
					       account->documents[file], err));
		for (size_t i = account->first_reader; i < account->end_reader; i++) {
			uint32_t uid = own->readers.list[i].uid;

			if (own->fresh && file == 0)
				TRY(user_folders_let_in(&own->folders, uid, err));
			if (account->changed[file] || (!same && !was_reader(users, uid)))
				TRY(user_folders_give(&own->folders, uid, name, err));
		}
	}
	return SB_OK;
}

/* Whether any file or link has to change. */
static bool has_news(const struct own *own)
{
	if (own->fresh ||
	    json_object_size(json_object_get(own->state, "accounts")) != own->account_count)
		return true;
	for (size_t i = 0; i < own->account_count; i++) {
		const struct own_account *account = &own->accounts[i];

		if (account->changed[FILE_ROWS] || account->changed[FILE_USE] ||
		    !same_readers(own, account))
			return true;
	}
	return false;
}

/* Makes "accounts" of the state. NULL: memory ran out. */
static json_t *accounts_json(const struct own *own)
{
	json_t *all = json_object();

	for (size_t i = 0; all && i < own->account_count; i++) {
		const struct own_account *account = &own->accounts[i];
		json_t *users = json_array(), *object;

		for (size_t j = account->first_reader; j < account->end_reader; j++)
			(void)json_array_append_new(users, json_integer(own->readers.list[j].uid));
		object = json_pack("{s[ss] so}", "marks", account->marks[FILE_ROWS],
				   account->marks[FILE_USE], "users", users);
		if (json_object_set_new(all, account->name, object)) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

static int save_state(struct own *own, struct sb_error *err)
{
	if (json_object_set_new(own->state, "accounts", accounts_json(own)) ||
	    json_object_set_new(own->state, "form", json_integer(PUBLISHED_FORM)))
		return sb_error_nomem(err);
	return user_folders_write(&own->folders, STATE, print_compact, own->state, err);
}

static int print_nothing(FILE *to, const void *ctx)
{
	(void)to;
	(void)ctx;
	return 0;
}

static int change_all(struct own *own, struct sb_error *err)
{
	/* First, since that needs no room on the disk. A run that ends in between is repeated: the
	 * state still has the users of before. */
	TRY(take_all(own, err));
	TRY(user_folders_write(&own->folders, CHANGING, print_nothing, NULL, err));
	for (size_t i = 0; i < own->account_count; i++)
		TRY(give(own, &own->accounts[i], err));
	TRY(user_folders_settle(&own->folders, err));
	TRY(save_state(own, err));
	return user_folders_remove(&own->folders, CHANGING, err);
}

/* Reads the state, and finds whether it can be relied on. */
static int load_state(struct own *own, struct sb_error *err)
{
	json_t *form;

	own->state = own_load(&own->folders, STATE);
	form = json_object_get(own->state, "form");
	own->fresh = !form || json_integer_value(form) != PUBLISHED_FORM ||
		     user_folders_readers(&own->folders, CHANGING) >= 0;
	if (form && json_integer_value(form) == PUBLISHED_FORM)
		return SB_OK;
	json_decref(own->state);
	own->state = json_object();
	return own->state ? SB_OK : sb_error_nomem(err);
}

static json_t *common_json(const struct own *own)
{
	char time[WHEN_TEXT_SIZE];

	return json_pack("{si ss so so sb so so}", "subank", PUBLISHED_FORM, "time",
			 when_format_exact(time, own->env->os.now()), "accounts", json_array(),
			 "inside", json_object(), "own", 1, "read", publish_time(own->read), "seen",
			 publish_time(own->seen));
}

static int publish_all(struct own *own, json_t *members, json_t **ret_common, struct sb_error *err)
{
	if (members && json_object_update(own->state, members))
		return sb_error_nomem(err);
	TRY(bank_read(own->env->bank, own->env->os.now(), collect, own, err));
	for (size_t i = 0; i < own->account_count; i++)
		own->accounts[i].name = json_string_value(json_array_get(own->names, i));
	if (has_news(own))
		TRY(change_all(own, err));
	else if (members)
		TRY(save_state(own, err));
	*ret_common = common_json(own);
	return *ret_common ? SB_OK : sb_error_nomem(err);
}

static void own_release(struct own *own)
{
	forget(own);
	json_decref(own->state);
	json_decref(own->names);
	user_folders_close(&own->folders);
}

/* Opens the folders and reads the state, unless this is a copy of the bank. The caller calls
 * own_release(), also after an error. */
static int own_open(struct own *own, const struct public_file *common, struct sb_error *err)
{
	own->names = json_array();
	own->folders = (struct user_folders){.top = -1, .accounts = -1, .users = -1};
	TRY(bank_read(own->env->bank, own->env->os.now(), may_publish, own, err));
	if (!own->granted)
		return SB_OK;
	TRY(user_folders_open(common, &own->folders, err));
	return load_state(own, err);
}

int publish_own_ask(struct env *env, const struct public_file *common, json_t **ret,
		    struct sb_error *err)
{
	struct own own = {.env = env};
	/* publish_own() reports folders that cannot be used. */
	bool open = own_open(&own, common, err) == SB_OK && own.granted;
	int rc = SB_OK;

	*ret = NULL;
	if (open && (own.fresh || membership_is_due(env, own.state))) {
		rc = membership_read(env, own.state, err);
		/* The rest of the state may change until it is used. */
		(void)json_object_del(own.state, "accounts");
		if (!rc)
			*ret = json_incref(own.state);
	}
	own_release(&own);
	return rc;
}

int publish_own(struct env *env, const struct public_file *common, json_t *members,
		json_t **ret_common, struct sb_error *err)
{
	struct own own = {.env = env};
	int rc = own_open(&own, common, err);

	*ret_common = NULL;
	if (!rc && own.granted)
		rc = publish_all(&own, members, ret_common, err);
	own_release(&own);
	return rc;
}
