/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a bank keeps beside its books, outside the chain and the export: readings, the time of the
 * last check, the machine that commands Slurm, entries still to be notified, and sent statements.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/books/books_inside.h"

static const struct slice machine_key = {"machine", 7}, last_check_key = {"last_check", 10},
			  last_limits_key = {"last_look", 9}, pending_key = {"notify", 6},
			  factors_key = {"factors", 7}, resources_key = {"resources", 9},
			  default_shares_key = {"default_shares", 14}, submit_key = {"submit", 6},
			  submit_users_key = {"submit_users", 12}, outcome_key = {"outcome", 7};

enum {
	FACTOR_NAME_MAX = 1023, /* more than Slurm's database takes for a name */
	KEY_MAX = 511, /* LMDB's limit */
};

/* Reads a value; one that is not there is empty. */
static int get(struct books *books, enum store_table table, struct slice key, struct slice *ret,
	       struct sb_error *err)
{
	int rc = store_get(books_txn(books), table, key, ret, err);

	if (rc != SB_ENOTFOUND)
		return rc;
	*ret = text_slice("");
	return SB_OK;
}

int books_machine(struct books *books, char *to, size_t size, struct sb_error *err)
{
	struct slice value;

	TRY(get(books, STORE_META, machine_key, &value, err));
	if (value.len >= size)
		return sb_error_set(err, SB_ECORRUPT, "the bank's 'machine' is too long");
	if (value.len > 0)
		memcpy(to, value.data, value.len);
	to[value.len] = '\0';
	return SB_OK;
}

int books_set_machine(struct books *books, const char *machine, struct sb_error *err)
{
	return books_set(books, STORE_META, machine_key, text_slice(machine), err);
}

static int get_resources(struct books *books, struct slice key, struct resources *ret,
			 struct sb_error *err)
{
	struct resources resources = {0};
	struct slice value;
	struct reader from;

	*ret = resources;
	if (!books->txn)
		return SB_OK;
	TRY(books_store_resources(books, err));
	TRY(get(books, STORE_META, key, &value, err));
	from = reader_on(value.data, value.len);
	while (from.at < from.end && !from.failed) {
		const char *text = read_text(&from, RESOURCE_SIZE - 1);
		char(*added)[RESOURCE_SIZE] = array_add(resources.list, resources.count);

		if (!added) {
			resources_release(&resources);
			return sb_error_nomem(err);
		}
		memcpy(*added, text, strlen(text) + 1);
	}
	*ret = resources;
	return SB_OK;
}

int books_resources(struct books *books, struct resources *ret, struct sb_error *err)
{
	return get_resources(books, resources_key, ret, err);
}

int books_default_shares(struct books *books, struct resources *ret, struct sb_error *err)
{
	return get_resources(books, default_shares_key, ret, err);
}

void resources_release(struct resources *resources)
{
	free(resources->list);
	*resources = (struct resources){0};
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int add(struct resources *to, const char *resource, struct sb_error *err)
{
	char(*added)[RESOURCE_SIZE];

	/* Mostly a list gets the same resource again and again. */
	if (to->count > 0 && strcmp(to->list[to->count - 1], resource) == 0)
		return SB_OK;
	added = array_add(to->list, to->count);
	if (!added)
		return sb_error_nomem(err);
	memcpy(*added, resource, strlen(resource) + 1);
	return SB_OK;
}

int books_add_resource(struct books *books, const char *resource, struct sb_error *err)
{
	books->no_purses = false;
	return add(&books->new_resources, resource, err);
}

int books_add_default_share(struct books *books, const char *resource, struct sb_error *err)
{
	return add(&books->new_default_shares, resource, err);
}

static int write_resources(struct books *books, struct slice key, const struct resources *resources,
			   struct sb_error *err)
{
	struct bytes value = {0};

	for (size_t i = 0; i < resources->count; i++)
		bytes_put_text(&value, resources->list[i]);
	return books_set_bytes(books, STORE_META, key, &value, err);
}

/* Stores the list with [added], which is emptied. */
static int store_added(struct books *books, struct slice key, struct resources *added,
		       struct sb_error *err)
{
	struct resources more = *added, all;
	size_t before;
	int rc = SB_OK;

	if (more.count == 0)
		return SB_OK;
	*added = (struct resources){0};
	rc = get_resources(books, key, &all, err);
	before = all.count;
	for (size_t i = 0; i < more.count && !rc; i++)
		rc = add(&all, more.list[i], err);
	if (!rc)
		array_unique(all.list, all.count, by_text);
	if (!rc && all.count > before)
		rc = write_resources(books, key, &all, err);
	resources_release(&more);
	resources_release(&all);
	return rc;
}

int books_store_resources(struct books *books, struct sb_error *err)
{
	TRY(store_added(books, resources_key, &books->new_resources, err));
	return store_added(books, default_shares_key, &books->new_default_shares, err);
}

static bool has_budget(const struct account *purse)
{
	return !purse_is_account(purse->name);
}

static bool has_default_share(const struct account *purse)
{
	return purse->share > 0;
}

/* Lists the resources of the purses that [is_among] picks. */
static int find_resources(struct books *books, bool (*is_among)(const struct account *purse),
			  struct resources *ret, struct sb_error *err)
{
	struct resources resources = {0};
	size_t count;

	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < count; i++) {
		const char *purse = books_at(books, i)->name;
		char(*added)[RESOURCE_SIZE];

		if (!is_among(books_at(books, i)))
			continue;
		added = array_add(resources.list, resources.count);
		if (!added) {
			resources_release(&resources);
			return sb_error_nomem(err);
		}
		memcpy(*added, purse_resource(purse), strlen(purse_resource(purse)) + 1);
	}
	array_unique(resources.list, resources.count, by_text);
	*ret = resources;
	return SB_OK;
}

int books_used_resources(struct books *books, struct resources *ret, struct sb_error *err)
{
	return find_resources(books, has_budget, ret, err);
}

int books_used_default_shares(struct books *books, struct resources *ret, struct sb_error *err)
{
	return find_resources(books, has_default_share, ret, err);
}

bool resources_have(const struct resources *resources, const char *name)
{
	return array_find(resources->list, resources->count, name, by_text);
}

void resources_sort(struct resources *resources)
{
	array_sort(resources->list, resources->count, by_text);
}

bool resources_same(const struct resources *a, const struct resources *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; i < a->count && same; i++)
		same = strcmp(a->list[i], b->list[i]) == 0;
	return same;
}

static int mend(struct books *books, struct slice key,
		bool (*is_among)(const struct account *purse), struct sb_error *err)
{
	struct resources used, listed;
	int rc;

	TRY(find_resources(books, is_among, &used, err));
	rc = get_resources(books, key, &listed, err);
	if (rc) {
		resources_release(&used);
		return rc;
	}
	if (!resources_same(&listed, &used))
		rc = write_resources(books, key, &used, err);
	resources_release(&listed);
	resources_release(&used);
	return rc;
}

int books_mend_resources(struct books *books, struct sb_error *err)
{
	TRY(mend(books, resources_key, has_budget, err));
	return mend(books, default_shares_key, has_default_share, err);
}

static int get_time(struct books *books, struct slice key, int64_t *ret, struct sb_error *err)
{
	struct slice value;

	TRY(get(books, STORE_META, key, &value, err));
	*ret = value.len == 8 ? (int64_t)u64_load(value.data) : 0;
	return SB_OK;
}

static int set_time(struct books *books, struct slice key, int64_t time, struct sb_error *err)
{
	unsigned char value[8];

	u64_store(value, (uint64_t)time);
	return books_set(books, STORE_META, key, (struct slice){value, sizeof(value)}, err);
}

int books_last_check(struct books *books, int64_t *ret, struct sb_error *err)
{
	return get_time(books, last_check_key, ret, err);
}

int books_set_last_check(struct books *books, int64_t time, struct sb_error *err)
{
	return set_time(books, last_check_key, time, err);
}

int books_last_limits(struct books *books, int64_t *ret, struct sb_error *err)
{
	return get_time(books, last_limits_key, ret, err);
}

int books_set_last_limits(struct books *books, int64_t time, struct sb_error *err)
{
	return set_time(books, last_limits_key, time, err);
}

/* Returns the key of an account's statement. */
static struct slice statement_key(const char *account, char to[NAME_SIZE + 16])
{
	int len = snprintf(to, NAME_SIZE + 16, "statement:%s", account);

	return (struct slice){to, (size_t)len};
}

int books_statement_sent(struct books *books, const char *account, int64_t *ret,
			 struct sb_error *err)
{
	char key[NAME_SIZE + 16];

	return get_time(books, statement_key(account, key), ret, err);
}

int books_set_statement_sent(struct books *books, const char *account, int64_t until,
			     struct sb_error *err)
{
	char key[NAME_SIZE + 16];

	return set_time(books, statement_key(account, key), until, err);
}

int books_submit_facts(struct books *books, struct submit_facts *ret, struct sb_error *err)
{
	struct submit_facts facts;
	struct slice value;
	struct reader from;

	TRY(get(books, STORE_META, submit_key, &value, err));
	from = reader_on(value.data, value.len);
	facts.billing = read_u8(&from);
	facts.slurm_user = read_i64(&from);
	facts.time = read_i64(&from);
	if (!reader_done(&from))
		return SB_ENOTFOUND; /* it may be lost */
	*ret = facts;
	return SB_OK;
}

int books_set_submit_facts(struct books *books, const struct submit_facts *facts,
			   struct sb_error *err)
{
	struct bytes value = {0};

	bytes_put_u8(&value, facts->billing);
	bytes_put_i64(&value, facts->slurm_user);
	bytes_put_i64(&value, facts->time);
	return books_set_bytes(books, STORE_META, submit_key, &value, err);
}

int books_check_outcome(struct books *books, struct check_outcome *ret, struct sb_error *err)
{
	struct check_outcome outcome;
	struct slice value;
	struct reader from;

	TRY(get(books, STORE_META, outcome_key, &value, err));
	from = reader_on(value.data, value.len);
	outcome.time = read_i64(&from);
	outcome.done = read_i64(&from);
	outcome.clean = read_i64(&from);
	outcome.silent = read_i64(&from);
	outcome.odd = read_i64(&from);
	outcome.status = read_u8(&from);
	*ret = reader_done(&from) ? outcome : (struct check_outcome){0};
	return SB_OK;
}

int books_set_check_outcome(struct books *books, const struct check_outcome *outcome,
			    struct sb_error *err)
{
	struct bytes value = {0};

	bytes_put_i64(&value, outcome->time);
	bytes_put_i64(&value, outcome->done);
	bytes_put_i64(&value, outcome->clean);
	bytes_put_i64(&value, outcome->silent);
	bytes_put_i64(&value, outcome->odd);
	bytes_put_u8(&value, outcome->status);
	return books_set_bytes(books, STORE_META, outcome_key, &value, err);
}

int books_submit_users(struct books *books, struct slice *ret, struct sb_error *err)
{
	return get(books, STORE_META, submit_users_key, ret, err);
}

int books_set_submit_users(struct books *books, const char *text, struct sb_error *err)
{
	return books_set(books, STORE_META, submit_users_key, text_slice(text), err);
}

static int reading_key(const char *cluster, const char *account, unsigned char to[KEY_MAX],
		       struct slice *ret, struct sb_error *err)
{
	size_t cluster_len = strlen(cluster) + 1, account_len = strlen(account);

	if (cluster_len + account_len > KEY_MAX)
		return sb_error_set(err, SB_EINVAL,
				    "the names of cluster '%s' and account '%s' are too long "
				    "together",
				    cluster, account);
	memcpy(to, cluster, cluster_len);
	memcpy(to + cluster_len, account, account_len);
	*ret = (struct slice){to, cluster_len + account_len};
	return SB_OK;
}

static int get_reading(struct books *books, const char *cluster, const char *account,
		       struct slice *ret, struct sb_error *err)
{
	unsigned char raw[KEY_MAX];
	struct slice key;

	TRY(reading_key(cluster, account, raw, &key, err));
	return get(books, STORE_READINGS, key, ret, err);
}

/* Releases [value]. */
static int set_reading(struct books *books, const char *cluster, const char *account,
		       struct bytes *value, struct sb_error *err)
{
	unsigned char raw[KEY_MAX];
	struct sb_error why = {0};
	struct slice key;
	int rc = reading_key(cluster, account, raw, &key, &why);

	if (!rc)
		return books_set_bytes(books, STORE_READINGS, key, value, err);
	bytes_release(value);
	return books_wrote(books, rc, true, &why, err);
}

int books_reading(struct books *books, const char *cluster, const char *account,
		  struct reading *ret, struct sb_error *err)
{
	struct reading reading;
	struct slice value;
	struct reader from;

	TRY(get_reading(books, cluster, account, &value, err));
	from = reader_on(value.data, value.len);
	reading.usage = read_i64(&from);
	reading.time = read_i64(&from);
	reading.running = read_i64(&from);
	reading.vanished = read_u8(&from);
	reading.flight.used = read_i64(&from);
	reading.flight.committed = read_i64(&from);
	reading.flight.endless = read_i64(&from);
	reading.flight.since = read_i64(&from);
	reading.flight.time = read_i64(&from);
	reading.settled = read_i64(&from);
	reading.since = read_i64(&from);
	if (!reader_done(&from))
		return SB_ENOTFOUND; /* a reading may be lost */
	*ret = reading;
	return SB_OK;
}

int books_set_reading(struct books *books, const char *cluster, const char *account,
		      const struct reading *reading, struct sb_error *err)
{
	struct bytes value = {0};

	bytes_put_i64(&value, reading->usage);
	bytes_put_i64(&value, reading->time);
	bytes_put_i64(&value, reading->running);
	bytes_put_u8(&value, reading->vanished);
	bytes_put_i64(&value, reading->flight.used);
	bytes_put_i64(&value, reading->flight.committed);
	bytes_put_i64(&value, reading->flight.endless);
	bytes_put_i64(&value, reading->flight.since);
	bytes_put_i64(&value, reading->flight.time);
	bytes_put_i64(&value, reading->settled);
	bytes_put_i64(&value, reading->since);
	return set_reading(books, cluster, account, &value, err);
}

/* In the place of an account's name, and none: names have no blanks. */
static const char looked_back_key[] = "looked back";

int books_looked_back(struct books *books, const char *cluster, int64_t *ret, struct sb_error *err)
{
	struct slice value;
	struct reader from;
	int64_t time;

	TRY(get_reading(books, cluster, looked_back_key, &value, err));
	from = reader_on(value.data, value.len);
	time = read_i64(&from);
	*ret = reader_done(&from) ? time : 0;
	return SB_OK;
}

int books_set_looked_back(struct books *books, const char *cluster, int64_t time,
			  struct sb_error *err)
{
	struct bytes value = {0};

	bytes_put_i64(&value, time);
	return set_reading(books, cluster, looked_back_key, &value, err);
}

/* Stored under the account's name and no cluster. */
int books_reached(struct books *books, const char *account, int64_t *ret, struct sb_error *err)
{
	struct slice value;
	struct reader from;
	int64_t level;

	TRY(get_reading(books, "", account, &value, err));
	from = reader_on(value.data, value.len);
	level = read_i64(&from);
	*ret = reader_done(&from) ? level : 0;
	return SB_OK;
}

int books_set_reached(struct books *books, const char *account, int64_t level, struct sb_error *err)
{
	struct bytes value = {0};

	bytes_put_i64(&value, level);
	return set_reading(books, "", account, &value, err);
}

/* Stored under the cluster's name and no account. */
int books_tree(struct books *books, const char *cluster, struct tree *ret, struct sb_error *err)
{
	struct slice value;

	TRY(get_reading(books, cluster, "", &value, err));
	return tree_decode(value, ret, err);
}

int books_kept_tree(struct books *books, const char *cluster, struct kept_tree **ret,
		    struct sb_error *err)
{
	struct kept_tree *tree, **added;
	int rc;

	for (size_t i = 0; i < books->tree_count; i++) {
		if (strcmp(books->trees[i]->cluster, cluster) == 0) {
			*ret = books->trees[i];
			return SB_OK;
		}
	}
	tree = calloc(1, sizeof(*tree));
	added = tree ? array_add(books->trees, books->tree_count) : NULL;
	if (!added) {
		free(tree);
		return sb_error_nomem(err);
	}
	*added = tree;
	(void)snprintf(tree->cluster, sizeof(tree->cluster), "%s", cluster);
	rc = books_tree(books, cluster, &tree->tree, err);
	if (rc) {
		free(tree);
		books->tree_count--;
		return rc;
	}
	*ret = tree;
	return SB_OK;
}

void books_drop_trees(struct books *books)
{
	for (size_t i = 0; i < books->tree_count; i++) {
		tree_release(&books->trees[i]->tree);
		tree_release(&books->trees[i]->changed);
		free(books->trees[i]);
	}
	free(books->trees);
	books->trees = NULL;
	books->tree_count = 0;
}

int books_set_tree(struct books *books, const char *cluster, const struct tree *tree,
		   struct sb_error *err)
{
	struct bytes value = {0};

	books_drop_trees(books);
	tree_encode(tree, &value);
	return set_reading(books, cluster, "", &value, err);
}

static bool is_among(const char *name, char *const *list, size_t count)
{
	bool found = count == 0;

	for (size_t i = 0; i < count && !found; i++)
		found = strcmp(list[i], name) == 0;
	return found;
}

int books_read_time(struct books *books, const struct account *account, char *const *clusters,
		    size_t count, int64_t *ret, const char **ret_cluster, struct sb_error *err)
{
	const char *cluster = "";
	bool has_it = false; /* [cluster] has the account */
	int64_t oldest = 0;

	for (size_t i = 0; i < account->meter_count; i++) {
		const struct meter *meter = &account->meters[i];
		int64_t time = meter->jobs ? meter->jobs_since : meter->time;
		struct reading reading;
		bool has;
		int rc;

		if (!is_among(meter->cluster, clusters, count))
			continue;
		rc = books_reading(books, meter->cluster, account->name, &reading, err);
		if (rc && rc != SB_ENOTFOUND)
			return rc;
		if (!rc && (meter->jobs ? reading.settled : reading.time) > time)
			time = meter->jobs ? reading.settled : reading.time;
		has = rc || !reading.vanished;
		if (!*cluster || (has && !has_it) || (has == has_it && time < oldest)) {
			oldest = time;
			cluster = meter->cluster;
			has_it = has;
		}
	}
	*ret = oldest;
	*ret_cluster = cluster;
	return SB_OK;
}

int factor_list_add(struct factor_list *factors, const char *name, int64_t factor,
		    struct sb_error *err)
{
	char *copy = strdup(name);
	struct kept_factor *added = copy ? array_add(factors->list, factors->count) : NULL;

	if (!added) {
		free(copy);
		return sb_error_nomem(err);
	}
	*added = (struct kept_factor){.name = copy, .factor = factor};
	return SB_OK;
}

void factor_list_release(struct factor_list *factors)
{
	for (size_t i = 0; i < factors->count; i++)
		free(factors->list[i].name);
	free(factors->list);
	*factors = (struct factor_list){0};
}

/* Stored as a text and an i64 for each. */
int books_factors(struct books *books, struct factor_list *ret, struct sb_error *err)
{
	struct factor_list factors = {0};
	struct slice value;
	struct reader from;
	int rc = SB_OK;

	TRY(get(books, STORE_META, factors_key, &value, err));
	from = reader_on(value.data, value.len);
	while (from.at < from.end && !from.failed && !rc) {
		const char *name = read_text(&from, FACTOR_NAME_MAX);
		int64_t factor = read_i64(&from);

		if (!from.failed && factor >= -1)
			rc = factor_list_add(&factors, name, factor, err);
	}
	if (rc)
		factor_list_release(&factors);
	else
		*ret = factors;
	return rc;
}

int books_set_factors(struct books *books, const struct factor_list *factors, struct sb_error *err)
{
	struct bytes value = {0};

	for (size_t i = 0; i < factors->count; i++) {
		if (strlen(factors->list[i].name) > FACTOR_NAME_MAX)
			continue;
		bytes_put_text(&value, factors->list[i].name);
		bytes_put_i64(&value, factors->list[i].factor);
	}
	return books_set_bytes(books, STORE_META, factors_key, &value, err);
}

/* Stored as u64 cursor, then u64 seq and u8 failed for each; no bytes at all when not started. */
int books_pending(struct books *books, struct pending_list *ret, struct sb_error *err)
{
	struct pending_list pending = {0};
	struct slice value;
	struct reader from;

	TRY(get(books, STORE_META, pending_key, &value, err));
	*ret = pending;
	if (value.len < 8)
		return SB_OK;
	from = reader_on(value.data, value.len);
	pending.started = true;
	pending.cursor = read_u64(&from);
	pending.list = calloc((value.len - 8) / 9 + 1, sizeof(*pending.list));
	if (!pending.list)
		return sb_error_nomem(err);
	for (; pending.count < (value.len - 8) / 9; pending.count++) {
		pending.list[pending.count].seq = read_u64(&from);
		pending.list[pending.count].failed = read_u8(&from);
	}
	*ret = pending;
	return SB_OK;
}

int books_set_pending(struct books *books, const struct pending_list *pending, struct sb_error *err)
{
	struct bytes value = {0};

	if (pending->started)
		bytes_put_u64(&value, pending->cursor);
	for (size_t i = 0; pending->started && i < pending->count; i++) {
		bytes_put_u64(&value, pending->list[i].seq);
		bytes_put_u8(&value, pending->list[i].failed);
	}
	return books_set_bytes(books, STORE_META, pending_key, &value, err);
}
