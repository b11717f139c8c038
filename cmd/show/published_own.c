/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/published_own.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/array.h"
#include "ledger/base/nearest.h"
#include "ledger/base/when.h"

uint64_t published_hash(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return (hash ^ 0xff) * UINT64_C(1099511628211);
}

static bool is_plain(const char *text, size_t at)
{
	unsigned char c = (unsigned char)text[at];

	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
	       c == '@' || (c == '.' && at > 0);
}

const char *published_file_key(char to[PUBLISHED_KEY_SIZE], const char *account)
{
	enum { CUT = PUBLISHED_KEY_MAX - 20 };
	size_t len = 0;

	for (size_t i = 0; account[i]; i++) {
		if (len >= CUT) {
			(void)snprintf(to + len, PUBLISHED_KEY_SIZE - len, "~%016" PRIx64,
				       published_hash(PUBLISHED_HASH, account));
			return to;
		}
		if (is_plain(account, i))
			to[len++] = account[i];
		else
			len += (size_t)snprintf(to + len, PUBLISHED_KEY_SIZE - len, "%%%02x",
						(unsigned char)account[i]);
	}
	to[len] = '\0';
	return to;
}

bool published_is_own(const struct env *env)
{
	return env->settings.publish == PUBLISH_OWN;
}

static int no_accounts(const struct env *env, struct sb_error *err)
{
	return sb_error_set(err, SB_ENOTFOUND,
			    "the bank publishes no account for user %s: he is in none of its "
			    "accounts in Slurm, or was put there since the last hour's check",
			    env->os.here()->author.user);
}

/* Opens the user's folder. Returns its descriptor, or -1. */
static int open_mine(const struct env *env, struct sb_error *err)
{
	const char *file = env->settings.publish_file;
	size_t size = strlen(file) + sizeof(PUBLISHED_FOLDER "/users/4294967295");
	char *path = malloc(size);
	int fd;

	if (!path) {
		sb_error_nomem(err);
		return -1;
	}
	(void)snprintf(path, size, "%s" PUBLISHED_FOLDER "/users/%" PRIu32, file,
		       env->os.here()->author.uid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == EACCES))
		(void)no_accounts(env, err);
	else if (fd < 0)
		(void)sb_error_path(err, "open the folder", path);
	free(path);
	return fd;
}

static int malformed(const char *name, struct sb_error *err)
{
	return sb_error_set(err, SB_EFORMAT,
			    "the published file %s is malformed: the next check that writes it "
			    "replaces it",
			    name);
}

static int load_mine(const struct env *env, int folder, const char *name, json_t **ret,
		     struct sb_error *err)
{
	return published_load(folder, name, name, env->settings.bank, ret, err);
}

/* Replaces "read": true by the time that it stands for. */
static bool set_time(json_t *row, const char *key, int64_t time)
{
	char text[WHEN_TEXT_SIZE];

	return !json_is_true(json_object_get(row, key)) ||
	       json_object_set_new(row, key,
				   time ? json_string(when_format_exact(text, time))
					: json_null()) == 0;
}

/* Adds the accounts above an account, whose own rows may not be published for this user. */
static bool add_chain(struct published *published, const char *account, const json_t *chain)
{
	const json_t *item;
	size_t i;

	json_array_foreach(chain, i, item)
	{
		const char *above = json_string_value(item);
		struct inside *added = array_add(published->inside, published->inside_count);

		if (!added || !above || !name_ok(above))
			return false;
		(void)snprintf(added->account, sizeof(added->account), "%s", account);
		(void)snprintf(added->above, sizeof(added->above), "%s", above);
		account = above;
	}
	return true;
}

static bool add_rows(struct published *published, json_t *document)
{
	json_t *purses = json_object_get(document, "purses"), *purse;
	const char *account = json_string_value(json_object_get(document, "account"));
	size_t i;

	if (!account || !json_is_array(purses))
		return false;
	json_array_foreach(purses, i, purse)
	{
		struct published_account *added = array_add(published->list, published->count);

		if (!added || !set_time(purse, "read", published->read) ||
		    !set_time(purse, "seen", published->seen) || !published_row(purse, added) ||
		    !purse_is_of(added->row.name, account))
			return false;
		added->details = purse;
	}
	return add_chain(published, account, json_object_get(document, "chain"));
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), end = strlen(suffix);

	return *name != '.' && len > end && strcmp(name + len - end, suffix) == 0;
}

static int add_file(const struct env *env, int folder, const char *name,
		    struct published *published, struct sb_error *err)
{
	json_t *document;
	int rc = load_mine(env, folder, name, &document, err);

	/* A check has just removed it. */
	if (rc == SB_ENOTFOUND)
		return SB_OK;
	TRY(rc);
	if (json_array_append_new(published->documents, document))
		return sb_error_nomem(err);
	return add_rows(published, document) ? SB_OK : malformed(name, err);
}

static int add_files(const struct env *env, struct published *published, struct sb_error *err)
{
	int fd = open_mine(env, err), rc = SB_OK;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (fd < 0)
		return err->code;
	if (!dir) {
		close(fd);
		return sb_error_nomem(err);
	}
	while (!rc && (entry = readdir(dir))) {
		if (has_suffix(entry->d_name, PUBLISHED_ROWS))
			rc = add_file(env, dirfd(dir), entry->d_name, published, err);
	}
	closedir(dir);
	if (!rc && published->count == 0)
		rc = no_accounts(env, err);
	return rc;
}

int published_own_read(const struct env *env, struct published *ret, struct sb_error *err)
{
	struct published published;
	int rc;

	TRY(published_read(env->settings.publish_file, env->settings.bank, &published, err));
	published.documents = json_array();
	rc = published.documents ? add_files(env, &published, err) : sb_error_nomem(err);
	if (rc) {
		published_release(&published);
		return rc;
	}
	published_sort(&published);
	*ret = published;
	return SB_OK;
}

int published_own_find(const struct published *published, const char *name,
		       const struct published_account **ret, struct sb_error *err)
{
	size_t distance = NEAREST_NONE;
	const char *close = NULL;
	char account[NAME_SIZE];

	*ret = published_find(published, name);
	if (*ret)
		return SB_OK;
	purse_account(account, name);
	if (!purse_is_account(name) && published_find(published, account) && purse_user(name))
		return sb_error_set(err, SB_ENOTFOUND, "user '%s' has no share of account '%s'",
				    purse_user(name), account);
	if (!purse_is_account(name) && published_find(published, account))
		return sb_error_set(err, SB_ENOTFOUND, "account '%s' has no budget of %s", account,
				    purse_resource(name));
	for (size_t i = 0; i < published->count; i++) {
		if (purse_is_account(published->list[i].row.name) &&
		    nearer(account, published->list[i].row.name, &distance))
			close = published->list[i].row.name;
	}
	return sb_error_set(err, SB_ENOTFOUND,
			    "account '%s' is not among those that the bank publishes for you: you "
			    "are not in it, or it does not exist%s%s%s",
			    account, close ? "; did you mean '" : "", close ? close : "",
			    close ? "'?" : "");
}

bool published_lots(const struct published_account *account, struct lot **ret, size_t *ret_count)
{
	json_t *list = json_object_get(account->details, "lots"), *item;
	struct lot *lots = calloc(json_array_size(list) + 1, sizeof(*lots));
	size_t i;

	if (!json_is_array(list) || !lots) {
		free(lots);
		return false;
	}
	json_array_foreach(list, i, item)
	{
		json_int_t seq, start, end, amount, rest;

		if (json_unpack(item, "[I I I I I]", &seq, &start, &end, &amount, &rest)) {
			free(lots);
			return false;
		}
		lots[i] = (struct lot){.seq = (uint64_t)seq,
				       .start = start,
				       .end = end,
				       .amount = amount,
				       .rest = rest};
	}
	*ret = lots;
	*ret_count = json_array_size(list);
	return true;
}

bool published_forecast(const struct published_account *account, int64_t now, struct forecast *ret)
{
	json_t *object = json_object_get(account->details, "forecast");
	json_int_t week, month, lasts, unused;
	int spent;

	if (json_unpack(object, "{sI sI sI sI sb}", "week", &week, "month", &month, "lasts", &lasts,
			"unused", &unused, "spent", &spent))
		return false;
	*ret = (struct forecast){
		.week = week, .month = month, .lasts = spent ? now : lasts, .unused = unused};
	return true;
}

const char *published_why(const struct published_account *account, bool seconds)
{
	return json_string_value(json_object_get(json_object_get(account->details, "why"),
						 seconds ? "lines_seconds" : "lines"));
}

enum { CPU_NONE = -1, CPU_UNKNOWN = -2 };

void published_hours(const struct use_hours *hours, json_int_t *ret_cpu, json_int_t *ret_gpu)
{
	bool known = hours->state == HOURS_KNOWN;

	*ret_gpu = known ? hours->gpu : 0;
	*ret_cpu = known ? hours->cpu : hours->state == HOURS_UNKNOWN ? CPU_UNKNOWN : CPU_NONE;
}

/* Reads the hours of a day. Returns false if there are none: an earlier version wrote it. */
static bool read_hours(const json_t *day, struct use_hours *ret)
{
	const json_t *cpu = json_array_get(day, 8), *gpu = json_array_get(day, 9);

	if (!json_is_integer(cpu) || !json_is_integer(gpu))
		return false;
	*ret = (struct use_hours){.cpu = json_integer_value(cpu), .gpu = json_integer_value(gpu)};
	if (ret->cpu >= 0 && ret->gpu >= 0)
		ret->state = HOURS_KNOWN;
	else if (ret->cpu == CPU_UNKNOWN)
		ret->state = HOURS_UNKNOWN;
	return true;
}

bool published_use(const json_t *purse, struct use_days *ret)
{
	json_t *list = json_object_get(purse, "use"), *item;
	size_t i;

	if (!json_is_array(list) || !json_is_integer(json_object_get(purse, "from")))
		return false;
	ret->from = (int)json_integer_value(json_object_get(purse, "from"));
	json_array_foreach(list, i, item)
	{
		const char *user, *account, *partition, *qos;
		json_int_t jobs, entries, amount;
		struct use_day day = {0};

		if (json_unpack(item, "[i s s s s I I I]", &day.day, &user, &account, &partition,
				&qos, &jobs, &entries, &amount))
			return false;
		day.names[0] = (char *)(uintptr_t)user;
		day.names[1] = (char *)(uintptr_t)account;
		day.names[2] = (char *)(uintptr_t)partition;
		day.names[3] = (char *)(uintptr_t)qos;
		day.jobs = (uint64_t)jobs;
		day.entries = (uint64_t)entries;
		day.amount = amount;
		ret->without_hours = !read_hours(item, &day.hours) || ret->without_hours;
		if (use_days_add(ret, &day, NULL))
			return false;
	}
	return true;
}

static const json_t *find_use(const json_t *document, const char *purse)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(document, "purses"), i, item)
	{
		const char *name = json_string_value(json_object_get(item, "account"));

		if (name && strcmp(name, purse) == 0)
			return item;
	}
	return NULL;
}

int published_own_use(const struct env *env, const char *purse, struct use_days *ret,
		      struct sb_error *err)
{
	char account[NAME_SIZE], key[PUBLISHED_KEY_SIZE], name[PUBLISHED_KEY_SIZE + 8];
	struct use_days days = {0};
	int fd = open_mine(env, err), rc;
	const json_t *use;
	json_t *document;

	if (fd < 0)
		return err->code;
	(void)snprintf(name, sizeof(name), "%s" PUBLISHED_USE,
		       published_file_key(key, purse_account(account, purse)));
	rc = load_mine(env, fd, name, &document, err);
	close(fd);
	TRY(rc);
	use = find_use(document, purse);
	if (!use)
		rc = sb_error_set(err, SB_ENOTFOUND, "the use of '%s' is not published", purse);
	else if (!published_use(use, &days))
		rc = malformed(name, err);
	json_decref(document);
	if (rc)
		use_days_release(&days);
	else
		*ret = days;
	return rc;
}
