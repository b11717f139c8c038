/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/user_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/base/amount.h"
#include "ledger/base/array.h"

/* Slurm keeps the case of a GRES's type; a purse's resource is in lower case. Gives -1 if the list
 * does not have the resource. Returns false if it is malformed. */
static bool read_value(const char *list, const char *resource, int64_t *ret)
{
	struct tres tres;
	size_t at = 0, found = 0;
	int more;

	*ret = -1;
	while ((more = tres_next(list, &at, &tres, NULL)) == 1) {
		if (strcasecmp(tres.name, resource) != 0)
			continue;
		*ret = tres.value;
		found++;
	}
	return more == 0 && found <= 1;
}

struct user_rows user_rows_at(const struct shares *shares, size_t at)
{
	struct user_rows rows = {&shares->users[at], 1};

	while (at + rows.count < shares->user_count &&
	       strcmp(rows.list->account, rows.list[rows.count].account) == 0 &&
	       strcmp(rows.list->user, rows.list[rows.count].user) == 0)
		rows.count++;
	return rows;
}

/* Returns whether a limit is lower than another; -1 is none. */
static bool is_lower(int64_t a, int64_t b)
{
	return a >= 0 && (b < 0 || a < b);
}

/* Finds the highest and the lowest of the user's limits, since partitions may differ: a missing
 * hold must be noticed, and one that is left over too. */
static void find_limits(const struct user_rows *rows, const char *tres, int64_t *highest,
			int64_t *lowest)
{
	*highest = 0;
	*lowest = -1;
	for (size_t i = 0; i < rows->count; i++) {
		int64_t value;

		if (rows->list[i].odd || !read_value(rows->list[i].grp_tres_mins, tres, &value)) {
			*highest = *lowest = LIMIT_UNKNOWN;
			return;
		}
		if (is_lower(*highest, value))
			*highest = value;
		if (is_lower(value, *lowest))
			*lowest = value;
	}
}

static int by_user(const void *a, const void *b)
{
	const struct user_resource *x = a, *y = b;
	int order = strcmp(x->user, y->user);

	return order ? order : strcmp(x->resource, y->resource);
}

static int add_user_resource(struct user_resources *to, const char *resource, struct sb_error *err)
{
	struct user_resource *added = array_add(to->list, to->count);

	if (!added)
		return sb_error_nomem(err);
	*added = (struct user_resource){resource_user(resource), resource};
	return SB_OK;
}

static int by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* Makes the resources of one user. */
static int make_resources(const char *user, const struct resources *defaults, struct resources *to,
			  struct sb_error *err)
{
	for (size_t i = 0; i < defaults->count; i++) {
		char purse[NAME_SIZE], (*added)[RESOURCE_SIZE];

		if (share_name("a", defaults->list[i], user, purse, NULL))
			continue;
		added = array_add(to->list, to->count);
		if (!added)
			return sb_error_nomem(err);
		(void)snprintf(*added, RESOURCE_SIZE, "%s", purse_resource(purse));
	}
	return SB_OK;
}

/* Makes those of all users of the cluster, each once. */
static int make_all(const struct shares *shares, const struct resources *defaults,
		    struct resources *to, struct sb_error *err)
{
	const char **users = calloc(shares->user_count + 1, sizeof(*users));
	size_t count = shares->user_count;
	int rc = SB_OK;

	if (!users)
		return sb_error_nomem(err);
	for (size_t i = 0; i < count; i++)
		users[i] = shares->users[i].user;
	array_unique(users, count, by_name);
	for (size_t i = 0; i < count && !rc; i++)
		rc = make_resources(users[i], defaults, to, err);
	free(users);
	return rc;
}

int user_resources_find(const struct shares *shares, const struct resources *used,
			const struct resources *defaults, struct user_resources *ret,
			struct sb_error *err)
{
	if (defaults->count > 0)
		TRY(make_all(shares, defaults, &ret->made, err));
	for (size_t i = 0; i < used->count; i++) {
		if (resource_user(used->list[i]))
			TRY(add_user_resource(ret, used->list[i], err));
	}
	for (size_t i = 0; i < ret->made.count; i++)
		TRY(add_user_resource(ret, ret->made.list[i], err));
	array_unique(ret->list, ret->count, by_user);
	return SB_OK;
}

const struct user_resource *user_resources_of(const struct user_resources *resources,
					      const char *user, size_t *ret_count)
{
	const struct user_resource key = {user, ""};
	size_t at, count = 0;

	(void)array_search(resources->list, resources->count, &key, by_user, &at);
	while (at + count < resources->count && strcmp(resources->list[at + count].user, user) == 0)
		count++;
	*ret_count = count;
	return resources->list + at;
}

void user_resources_release(struct user_resources *resources)
{
	free(resources->list);
	resources_release(&resources->made);
	*resources = (struct user_resources){0};
}

size_t user_purses_most(const struct shares *shares, const struct user_resources *resources)
{
	size_t sum = 0, count;

	for (size_t i = 0; i < shares->user_count; i++) {
		(void)user_resources_of(resources, shares->users[i].user, &count);
		sum += count;
	}
	return sum;
}

/* Adds the minutes of one row. Returns false if one of them is unknown or they are too many. */
static bool add_minutes(const char *list, const char *resource, int64_t *sum)
{
	int64_t minutes;

	if (!read_value(list, resource, &minutes))
		return false;
	/* The cluster does not count the resource. */
	if (minutes < 0)
		return true;
	return amount_add(*sum < 0 ? 0 : *sum, minutes, sum);
}

/* Makes the row of a share. Returns false if the cluster does not count its resource. */
static bool make_user_purse(const struct user_rows *rows, const char *resource,
			    struct observed *ret)
{
	struct observed row = {
		.account = rows->list->account, .resource = resource, .minutes = -1, .running = -1};
	char base[RESOURCE_SIZE];
	int64_t seconds = 0;
	bool billing = strcmp(resource_base(base, resource), RESOURCE_BILLING) == 0;

	for (size_t i = 0; i < rows->count; i++) {
		const struct user_share *from = &rows->list[i];

		row.odd_usage = row.odd_usage || from->odd ||
				!add_minutes(from->grp_tres_raw, base, &row.minutes) ||
				!amount_add(seconds, from->raw_usage, &seconds);
		row.odd_room = row.odd_room || from->odd ||
			       !add_minutes(from->tres_run_mins, base, &row.running);
	}
	if (!billing && !row.odd_usage && row.minutes < 0)
		return false;
	row.odd_usage = row.odd_usage || (!billing && row.minutes > INT64_MAX / 60);
	row.odd_room = row.odd_room || row.odd_usage;
	if (!row.odd_usage)
		row.usage = billing ? seconds : row.minutes * 60;
	if (row.odd_usage)
		row.minutes = -1;
	if (row.odd_room)
		row.running = -1;
	*ret = row;
	return true;
}

size_t user_purses_make(const struct shares *shares, const struct user_resources *resources,
			struct observed *to)
{
	size_t count = 0;

	for (size_t i = 0; i < shares->user_count;) {
		const struct user_rows rows = user_rows_at(shares, i);
		size_t own_count;
		const struct user_resource *own =
			user_resources_of(resources, rows.list->user, &own_count);

		for (size_t j = 0; j < own_count; j++)
			count += make_user_purse(&rows, own[j].resource, &to[count]);
		i += rows.count;
	}
	return count;
}

bool user_rows_limit(const struct user_rows *rows, const char *resource, char lever[RESOURCE_SIZE],
		     int64_t *highest, int64_t *lowest)
{
	char tres[RESOURCE_SIZE];

	if (!resource_lever(resource, lever))
		return false;
	find_limits(rows, resource_base(tres, lever), highest, lowest);
	return true;
}
