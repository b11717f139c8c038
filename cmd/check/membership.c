/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/membership.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/check/checkup.h"
#include "cmd/check/clusters.h"
#include "cmd/frame/messages.h"
#include "cmd/show/rights_text.h"
#include "ledger/base/array.h"
#include "ledger/base/when.h"
#include "slurm/members.h"

#define READ_EVERY (3600 * WHEN_SECOND)

/* Checks come a little early or late. */
#define READ_SLACK (60 * WHEN_SECOND)

static bool has_name(const json_t *list, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), text) == 0)
			return true;
	}
	return false;
}

/* Whether the answer is about the clusters of the settings. */
static bool is_of_settings(const json_t *kept, const struct settings *settings)
{
	const json_t *asked = json_object_get(kept, "clusters");

	if (settings->cluster_count == 0)
		return json_is_string(json_object_get(kept, "local"));
	for (size_t i = 0; i < settings->cluster_count; i++) {
		if (!has_name(asked, settings->clusters[i]))
			return false;
	}
	return true;
}

bool membership_is_due(const struct env *env, const json_t *kept)
{
	const json_t *read = json_object_get(kept, "read");
	int64_t age = env->os.now() - (int64_t)json_integer_value(read);

	return !json_is_integer(read) || age < 0 || age >= READ_EVERY - READ_SLACK ||
	       !is_of_settings(kept, &env->settings);
}

/* Whether a cluster of the answer is still one of the bank's. If the settings list none, the bank's
 * is the local one; an answer for listed clusters does not say which that is. */
static bool is_of_bank(const json_t *kept, const struct settings *settings, const char *cluster)
{
	const char *local = json_string_value(json_object_get(kept, "local"));

	if (settings->cluster_count == 0)
		return local && strcmp(local, cluster) == 0;
	for (size_t i = 0; i < settings->cluster_count; i++) {
		if (strcmp(settings->clusters[i], cluster) == 0)
			return true;
	}
	return false;
}

/* Returns the member [key] of an object, made by [make] if it is missing. NULL: no memory, or the
 * name cannot be in JSON. */
static json_t *member_of(json_t *object, const char *key, json_t *(*make)(void))
{
	json_t *found = json_object_get(object, key);

	if (found)
		return found;
	if (json_object_set_new(object, key, make()))
		return NULL;
	return json_object_get(object, key);
}

/* Makes "members" of the answer. A name that is no UTF-8 is left out: no user of this machine and
 * no account of a bank has one. */
static json_t *members_json(const struct members *members)
{
	json_t *all = json_object();

	for (size_t i = 0; all && i < members->count; i++) {
		const struct member *row = &members->rows[i];
		json_t *user = json_string(row->user), *cluster = NULL, *users = NULL;

		if (user)
			cluster = member_of(all, row->cluster, json_object);
		if (cluster)
			users = member_of(cluster, row->account, json_array);
		if (!users || json_array_append(users, user))
			users = NULL;
		json_decref(user);
	}
	return all;
}

/* Whether the UID that a user had belongs to another user now. Slurm changes the case of names. */
static bool is_of_another(const struct env *env, json_int_t uid, const char *user)
{
	const char *name = env->os.user_name ? env->os.user_name((uint32_t)uid) : NULL;

	return name && strcasecmp(name, user) != 0;
}

/* Finds a user's number; -1: there is none. While a directory does not answer, users keep the
 * number that they had. */
static json_t *find_uid(const struct env *env, const char *user, json_t *known)
{
	json_int_t before = json_is_integer(known) ? json_integer_value(known) : -1;
	enum uid_found found = UID_ABSENT;
	uint32_t uid = 0;

	if (env->os.user_id)
		found = env->os.user_id(user, &uid);
	if (found == UID_FOUND)
		return json_integer(uid);
	if (found == UID_UNKNOWN && before >= 0 && !is_of_another(env, before, user))
		return json_integer(before);
	return json_integer(-1);
}

/* Makes "uids" for all users. [known] has the numbers of before. */
static json_t *uids_json(const struct env *env, json_t *members, const json_t *known)
{
	json_t *uids = json_object(), *accounts, *users, *user;
	const char *cluster, *account;
	size_t i;

	json_object_foreach(members, cluster, accounts)
	{
		json_object_foreach(accounts, account, users)
		{
			json_array_foreach(users, i, user)
			{
				const char *name = json_string_value(user);

				if (json_object_get(uids, name))
					continue;
				if (json_object_set_new(
					    uids, name,
					    find_uid(env, name, json_object_get(known, name)))) {
					json_decref(uids);
					return NULL;
				}
			}
		}
	}
	return uids;
}

/* Looks all users up each time: a number may have a new owner. That may take long, with a directory
 * on another machine. */
static int keep_members(const struct env *env, json_t *kept, json_t *members, struct sb_error *err)
{
	json_t *uids = members ? uids_json(env, members, json_object_get(kept, "uids")) : NULL;

	if (uids && json_object_set(kept, "members", members) == 0 &&
	    json_object_set_new(kept, "uids", json_incref(uids)) == 0 &&
	    json_object_set_new(kept, "read", json_integer(env->os.now())) == 0) {
		json_decref(uids);
		return SB_OK;
	}
	json_decref(uids);
	return sb_error_nomem(err);
}

/* Keeps which clusters were asked. */
static int keep_clusters(const struct env *env, json_t *kept, const struct clusters *clusters,
			 struct sb_error *err)
{
	json_t *names = json_array();
	int rc;

	for (size_t i = 0; i < clusters->count; i++)
		(void)json_array_append_new(names, json_string(clusters->names[i]));
	rc = json_object_set_new(kept, "clusters", names);
	rc |= json_object_set_new(kept, "local",
				  env->settings.cluster_count == 0 ? json_string(clusters->names[0])
								   : json_null());
	return rc ? sb_error_nomem(err) : SB_OK;
}

static int read_members(const struct env *env, const struct clusters *clusters, struct members *ret,
			struct sb_error *err)
{
	char **names = calloc(clusters->count, sizeof(*names));
	int rc;

	if (!names)
		return sb_error_nomem(err);
	for (size_t i = 0; i < clusters->count; i++)
		names[i] = clusters->names[i];
	rc = members_read(&env->slurm, names, clusters->count, ret, err);
	free(names);
	return rc;
}

static int ask(struct env *env, json_t *kept, const struct clusters *clusters, struct sb_error *err)
{
	struct members members;
	char text[ODD_ROW_TEXT_SIZE];
	json_t *list;
	int rc;

	TRY(read_members(env, clusters, &members, err));
	for (size_t i = 0; i < members.odd.count; i++)
		warning(env, "sacctmgr: %s: nobody is let in by this association",
			odd_row_text(text, &members.odd.list[i]));
	list = members_json(&members);
	rc = keep_members(env, kept, list, err);
	if (!rc)
		rc = keep_clusters(env, kept, clusters, err);
	json_decref(list);
	members_release(&members);
	return rc;
}

int membership_read(struct env *env, json_t *kept, struct sb_error *err)
{
	struct clusters clusters;
	int rc;

	TRY(rights_check_assocs(env, err));
	rc = clusters_name(env, &clusters, err);
	if (!rc)
		rc = ask(env, kept, &clusters, err);
	clusters_release(&clusters);
	return rc;
}

static int by_account(const void *a, const void *b)
{
	const struct reader_of *x = a, *y = b;
	int order = strcmp(x->account, y->account);

	return order ? order : (x->uid > y->uid) - (x->uid < y->uid);
}

int membership_each(const struct membership *of, struct books *books, struct nesting *nesting,
		    membership_fn *each, void *ctx, struct sb_error *err)
{
	json_t *accounts, *users, *user;
	const char *cluster, *account;
	char payer[NAME_SIZE];
	size_t i;

	json_object_foreach(json_object_get(of->kept, "members"), cluster, accounts)
	{
		if (!is_of_bank(of->kept, of->settings, cluster))
			continue;
		json_object_foreach(accounts, account, users)
		{
			TRY(nesting_payer(nesting, books, cluster, account, payer, err));
			if (!*payer)
				continue;
			json_array_foreach(users, i, user)
				TRY(each(payer, json_string_value(user), ctx, err));
		}
	}
	return SB_OK;
}

struct finding_readers {
	const json_t *uids;
	struct readers readers;
};

static int add_reader(const char *account, const char *user, void *ctx, struct sb_error *err)
{
	struct finding_readers *finding = ctx;
	const json_t *uid = json_object_get(finding->uids, user);
	struct reader_of *added;

	if (!json_is_integer(uid) || json_integer_value(uid) < 0 ||
	    json_integer_value(uid) >= UINT32_MAX)
		return SB_OK;
	added = array_add(finding->readers.list, finding->readers.count);
	if (!added)
		return sb_error_nomem(err);
	added->uid = (uint32_t)json_integer_value(uid);
	(void)snprintf(added->account, sizeof(added->account), "%s", account);
	return SB_OK;
}

int membership_find(const struct membership *of, struct books *books, struct nesting *nesting,
		    struct readers *ret, struct sb_error *err)
{
	struct finding_readers finding = {.uids = json_object_get(of->kept, "uids")};
	struct readers *readers = &finding.readers;
	int rc = membership_each(of, books, nesting, add_reader, &finding, err);

	if (rc) {
		free(readers->list);
		return rc;
	}
	array_sort(readers->list, readers->count, by_account);
	array_unique(readers->list, readers->count, by_account);
	*ret = *readers;
	return SB_OK;
}

/* ---- the answer beside the books ---- */

int membership_load(struct books *books, json_t **ret, struct sb_error *err)
{
	struct slice text;

	TRY(books_submit_users(books, &text, err));
	*ret = text.len > 0 ? json_loadb(text.data, text.len, 0, NULL) : NULL;
	return SB_OK;
}

struct keeping {
	struct env *env;
	json_t *users;
	bool granted; /* this is the bank, and not a copy of it */
};

static int load_kept(struct books *books, void *ctx, struct sb_error *err)
{
	struct keeping *keeping = ctx;

	TRY(checkup_may_command(keeping->env, books, &keeping->granted, err));
	return keeping->granted ? membership_load(books, &keeping->users, err) : SB_OK;
}

static int keep_users(struct books *books, void *ctx, struct sb_error *err)
{
	return books_set_submit_users(books, ctx, err);
}

static int save_users(struct env *env, const json_t *users, struct sb_error *err)
{
	char *text = json_dumps(users, JSON_COMPACT);
	int rc = text ? bank_write(env->bank, env->os.now(), keep_users, text, err)
		      : sb_error_nomem(err);

	free(text);
	return rc;
}

int membership_ask(struct env *env, const json_t *answered, struct sb_error *err)
{
	struct keeping keeping = {.env = env};
	int rc = bank_read(env->bank, env->os.now(), load_kept, &keeping, err);

	if (!keeping.users)
		keeping.users = json_object();
	if (!rc && keeping.granted && answered)
		rc = save_users(env, answered, err);
	else if (!rc && keeping.granted && membership_is_due(env, keeping.users)) {
		rc = membership_read(env, keeping.users, err);
		if (!rc)
			rc = save_users(env, keeping.users, err);
	}
	json_decref(keeping.users);
	return rc;
}
