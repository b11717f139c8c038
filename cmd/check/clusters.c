/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/clusters.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/check/fitness.h"
#include "cmd/check/in_use.h"
#include "cmd/check/user_rows.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/status_line.h"
#include "cmd/show/output.h"
#include "cmd/show/progress.h"
#include "cmd/show/rights_text.h"
#include "ledger/base/array.h"
#include "slurm/sacctmgr.h"

const struct observation *clusters_find(const struct clusters *clusters, const char *name)
{
	for (size_t i = 0; i < clusters->count; i++) {
		if (strcmp(clusters->names[i], name) == 0)
			return &clusters->list[i];
	}
	return NULL;
}

bool clusters_odd_usage(const struct clusters *clusters, const char *purse)
{
	for (size_t i = 0; i < clusters->count; i++) {
		const struct observed *row = observation_purse(&clusters->list[i], purse);

		if (row && row->odd_usage)
			return true;
	}
	return false;
}

const char *clusters_refusal(const struct clusters *clusters, const char *name, const char *field)
{
	const struct observation *found = clusters_find(clusters, name);
	const struct cluster_answer *answer;

	if (!found)
		return NULL;
	answer = &clusters->answers[found - clusters->list];
	return fitness_limits(answer->limits, answer->safe, lever_kills(field));
}

static int find_resources(struct books *books, void *ctx, struct sb_error *err)
{
	struct clusters *clusters = ctx;

	resources_release(&clusters->resources);
	resources_release(&clusters->default_shares);
	TRY(books_resources(books, &clusters->resources, err));
	return books_default_shares(books, &clusters->default_shares, err);
}

int clusters_name(struct env *env, struct clusters *ret, struct sb_error *err)
{
	const struct settings *settings = &env->settings;
	size_t count = settings->cluster_count ? settings->cluster_count : 1;

	*ret = (struct clusters){.count = count,
				 .names = calloc(count, sizeof(*ret->names)),
				 .list = calloc(count, sizeof(*ret->list)),
				 .answers = calloc(count, sizeof(*ret->answers))};
	if (!ret->names || !ret->list || !ret->answers)
		return sb_error_nomem(err);
	if (env->bank)
		TRY(bank_read(env->bank, env->os.now(), find_resources, ret, err));
	for (size_t i = 0; i < settings->cluster_count; i++)
		(void)snprintf(ret->names[i], NAME_SIZE, "%s", settings->clusters[i]);
	if (settings->cluster_count == 0) {
		ret->silent = 1;
		TRY(scontrol_read_config(&env->slurm, NULL, &ret->local, err));
		ret->silent = 0;
		TRY(name_fold("cluster", ret->local.cluster, ret->names[0], err));
	}
	for (size_t i = 0; i < count; i++) {
		ret->list[i].cluster = ret->names[i];
		ret->list[i].share = settings_share(settings, ret->names[i]);
	}
	return SB_OK;
}

/* ---- limits of accounts ---- */

/* The limits that one answer shows, with room for all of them. */
struct limit_block {
	struct limit_block *next;
	struct limit *limits;
	struct tres *names; /* that the limits point to */
	size_t count;
};

static struct limit_block *new_block(struct limit_block **list, size_t room, struct sb_error *err)
{
	struct limit_block *block = calloc(1, sizeof(*block));

	if (block) {
		block->next = *list;
		*list = block;
		block->limits = calloc(room + 1, sizeof(*block->limits));
		block->names = calloc(room + 1, sizeof(*block->names));
		if (block->limits && block->names)
			return block;
	}
	sb_error_nomem(err);
	return NULL;
}

static void release_blocks(struct limit_block *list)
{
	while (list) {
		struct limit_block *next = list->next;

		free(list->limits);
		free(list->names);
		free(list);
		list = next;
	}
}

static size_t count_items(const char *list)
{
	size_t count = *list != '\0';

	for (; *list; list++)
		count += *list == ',';
	return count;
}

static void put_limit(struct limit_block *block, const char *field, const char *tres, int64_t value)
{
	struct tres *name = &block->names[block->count];

	(void)snprintf(name->name, sizeof(name->name), "%s", tres);
	/* Slurm keeps the case of licenses and types of GRES; levers are in lower case. */
	for (char *c = name->name; *c; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	}
	block->limits[block->count++] =
		(struct limit){.field = field, .tres = name->name, .value = value};
}

static void add_limit(struct limit_block *block, const char *field, const char *tres, int64_t value)
{
	if (value >= 0)
		put_limit(block, field, tres, value);
}

/* Adds the limits of a list such as "cpu=0,gres/gpu=7". */
static int add_limits(struct limit_block *block, const char *field, const char *list,
		      struct sb_error *err)
{
	struct tres tres;
	size_t at = 0;
	int more;

	while ((more = tres_next(list, &at, &tres, err)) == 1)
		add_limit(block, field, tres.name, tres.value);
	return more;
}

enum { ODD_REPORTED_MAX = 5 };

/* Warns about the first rows of [program]'s answer that are left out, and counts the others. */
static void report_odd_rows(struct env *env, const char *cluster, const char *program,
			    const struct odd_rows *rows)
{
	char text[ODD_ROW_TEXT_SIZE];

	for (size_t i = 0; i < rows->count && i < ODD_REPORTED_MAX; i++)
		warning(env, "cluster '%s': %s, %s: it is left out until it can be read", cluster,
			program, odd_row_text(text, &rows->list[i]));
	if (rows->count > ODD_REPORTED_MAX)
		warning(env, "cluster '%s': %s: %zu more like these are left out (subank doctor)",
			cluster, program, rows->count - ODD_REPORTED_MAX);
}

/* Adds the limits that hold the shares of a user. */
static void add_user_limits(struct limit_block *block, const struct user_rows *rows,
			    const struct user_resources *resources)
{
	const size_t first = block->count;
	size_t count;
	const struct user_resource *own = user_resources_of(resources, rows->list->user, &count);

	for (size_t i = 0; i < count; i++) {
		char lever[RESOURCE_SIZE];
		bool there = false;
		int64_t highest, lowest;

		if (!user_rows_limit(rows, own[i].resource, lever, &highest, &lowest))
			continue;
		for (size_t j = first; j < block->count; j++)
			there = there || strcmp(block->limits[j].tres, lever) == 0;
		if (there)
			continue;
		put_limit(block, LIMIT_SHOWN, lever, highest);
		if (lowest != highest)
			put_limit(block, LIMIT_LOWEST, lever, lowest);
	}
}

/* Makes observations of sshare's rows. */
static int take_rows(struct cluster_answer *answer, struct observation *to, struct sb_error *err)
{
	const struct shares *shares = &answer->shares;
	const struct user_resources *resources = &answer->of_users;
	struct limit_block *block;
	size_t room = 2 * user_purses_most(shares, resources), user = 0;

	for (size_t i = 0; i < shares->count; i++)
		room += count_items(shares->rows[i].grp_tres_mins);
	answer->rows = calloc(shares->count + 1, sizeof(*answer->rows));
	if (!answer->rows)
		return sb_error_nomem(err);
	block = new_block(&answer->blocks, room, err);
	if (!block)
		return SB_ESYSTEM;
	for (size_t i = 0; i < shares->count; i++) {
		const struct share *share = &shares->rows[i];
		size_t first = block->count;

		if (!share->odd_limits && add_limits(block, LIMIT_SHOWN, share->grp_tres_mins, err))
			return SB_EFORMAT;
		while (user < shares->user_count) {
			const struct user_rows rows = user_rows_at(shares, user);
			int order = strcmp(rows.list->account, share->account);

			if (order > 0)
				break;
			if (order == 0)
				add_user_limits(block, &rows, resources);
			user += rows.count;
		}
		answer->rows[i] =
			(struct observed){.account = share->account,
					  .parent = share->parent,
					  .usage = share->odd_usage ? 0 : share->raw_usage,
					  .odd_usage = share->odd_usage,
					  .odd_limits = share->odd_limits,
					  .odd_room = share->odd_room,
					  .minutes = share->minutes,
					  .running = share->running,
					  .limits = block->limits + first,
					  .limit_count = block->count - first};
	}
	to->rows = answer->rows;
	to->count = shares->count;
	return SB_OK;
}

/* ---- use by resource ---- */

static size_t find_resource(const struct resources *resources, const char *tres)
{
	size_t at = 0;

	while (at < resources->count && strcasecmp(resources->list[at], tres) != 0)
		at++;
	return at;
}

/* Reads the minutes of each resource from a list that sshare prints; -1 for a resource that is not
 * in it. Returns false if the list is malformed. */
static bool read_minutes(const struct resources *resources, const char *list, int64_t *minutes)
{
	struct tres tres;
	size_t at = 0;
	int more;

	for (size_t i = 0; i < resources->count; i++)
		minutes[i] = -1;
	while ((more = tres_next(list, &at, &tres, NULL)) == 1) {
		size_t found = find_resource(resources, tres.name);

		if (found == resources->count)
			continue;
		if (minutes[found] >= 0)
			return false;
		minutes[found] = tres.value;
	}
	return more == 0;
}

/* Adds a row for each resource of one account. Resources, and so the rows, are sorted by name. */
static void add_uses(const struct resources *resources, const struct share *share, int64_t *used,
		     int64_t *running, struct observed **to)
{
	bool odd_use = !read_minutes(resources, share->grp_tres_raw, used);
	bool odd_room = !read_minutes(resources, share->tres_run_mins, running);

	for (size_t i = 0; i < resources->count; i++) {
		bool odd = odd_use || share->odd_usage || used[i] < 0 || used[i] > INT64_MAX / 60;

		*(*to)++ = (struct observed){.account = share->account,
					     .resource = resources->list[i],
					     .parent = share->parent,
					     .usage = odd ? 0 : used[i] * 60,
					     .odd_usage = odd,
					     .odd_limits = share->odd_limits,
					     .odd_room = odd_room || odd,
					     .minutes = odd ? -1 : used[i],
					     .running = odd_room ? -1 : running[i]};
	}
}

/* Removes the rows of resources that the cluster does not count. Root's row, which nobody can
 * forge, lists all that it counts; if that row cannot be read, all rows stay. Returns how many are
 * left. */
static size_t keep_counted(struct observed *purses, size_t count, const struct resources *resources,
			   const struct shares *shares, int64_t *minutes)
{
	const struct share *root = shares_find(shares, "root");
	size_t kept = 0;

	if (!root || root->odd_usage || !read_minutes(resources, root->grp_tres_raw, minutes))
		return count;
	for (size_t i = 0; i < count; i++) {
		if (minutes[i % resources->count] >= 0)
			purses[kept++] = purses[i];
	}
	return kept;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int add_resource(struct resources *to, const char *resource, struct sb_error *err)
{
	char(*added)[RESOURCE_SIZE] = array_add(to->list, to->count);

	if (!added)
		return sb_error_nomem(err);
	memcpy(*added, resource, strlen(resource) + 1);
	return SB_OK;
}

/* Copies the resources that are not of shares of users. */
static int find_resources_of_accounts(const struct resources *resources, struct resources *ret,
				      struct sb_error *err)
{
	for (size_t i = 0; i < resources->count; i++) {
		if (!resource_user(resources->list[i]))
			TRY(add_resource(ret, resources->list[i], err));
	}
	return SB_OK;
}

/* Finds all resources that the cluster counts: root's row has every TRES. */
static int find_every_resource(const struct shares *shares, struct resources *ret,
			       struct sb_error *err)
{
	const struct share *root = shares_find(shares, "root");
	char purse[NAME_SIZE];
	struct tres tres;
	size_t at = 0;

	while (root && tres_next(root->grp_tres_raw, &at, &tres, NULL) == 1) {
		if (purse_name("a", tres.name, purse, NULL) || purse_is_account(purse))
			continue;
		TRY(add_resource(ret, purse_resource(purse), err));
	}
	array_sort(ret->list, ret->count, by_name);
	return SB_OK;
}

static int by_purse(const void *a, const void *b)
{
	const struct observed *x = a, *y = b;
	int order = strcmp(x->account, y->account);

	return order ? order : strcmp(x->resource, y->resource);
}

/* Makes rows of the use by resource, and of users. */
static int take_uses(struct cluster_answer *answer, struct observation *to, struct sb_error *err)
{
	const struct user_resources *of_users = &answer->of_users;
	const struct shares *shares = &answer->shares;
	const struct resources *resources = &answer->resources;
	int64_t *minutes = calloc(2 * resources->count + 1, sizeof(*minutes));
	struct observed *next;

	answer->purses =
		calloc(shares->count * resources->count + user_purses_most(shares, of_users) + 1,
		       sizeof(*answer->purses));
	next = answer->purses;
	if (!minutes || !next) {
		free(minutes);
		return sb_error_nomem(err);
	}
	for (size_t i = 0; i < shares->count; i++)
		add_uses(resources, &shares->rows[i], minutes, minutes + resources->count, &next);
	to->purse_count = keep_counted(answer->purses, (size_t)(next - answer->purses), resources,
				       shares, minutes);
	free(minutes);
	to->purse_count += user_purses_make(shares, of_users, answer->purses + to->purse_count);
	if (shares->user_count > 0)
		array_sort(answer->purses, to->purse_count, by_purse);
	to->purses = answer->purses;
	return SB_OK;
}

struct limit_reading {
	struct cluster_answer *answer;
	const struct observation *observation;
	const char **accounts; /* to ask for, each once */
	size_t count;
	struct limits limits; /* what slurmdbd answered */
};

/* Joins the limits of [row] that sshare showed and those of the other fields that slurmdbd has. */
static int join_limits(struct limit_block *block, struct observed *row,
		       const struct account_limits *more, struct limits *limits,
		       struct sb_error *err)
{
	size_t first = block->count;

	/* slurmdbd was asked for this account alone, which no other name can forge. */
	if (row->odd_limits)
		row->odd_limits = add_limits(block, LIMIT_SHOWN, more->grp_tres_mins, err) != 0;
	for (size_t i = 0; i < row->limit_count; i++) {
		const struct limit *limit = &row->limits[i];

		if (strcmp(limit->field, LIMIT_SHOWN) == 0 ||
		    strcmp(limit->field, LIMIT_LOWEST) == 0)
			put_limit(block, limit->field, limit->tres, limit->value);
	}
	row->odd_limits = row->odd_limits || more->odd;
	if (add_limits(block, "GrpTRESRunMins", more->grp_tres_run_mins, err)) {
		row->odd_limits = true;
		if (odd_rows_add(&limits->odd, more->line, "GrpTRESRunMins",
				 more->grp_tres_run_mins, more->account, err))
			return SB_ESYSTEM;
	}
	add_limit(block, "GrpJobs", "", more->grp_jobs);
	add_limit(block, "GrpSubmitJobs", "", more->grp_submit_jobs);
	row->limits = block->limits + first;
	row->limit_count = block->count - first;
	row->all_limits = true;
	return SB_OK;
}

/* Puts the limits that slurmdbd has into the rows. An account that it does not show keeps what
 * sshare showed: hidden limits are not the same as none. */
static int take_limits(struct limit_reading *reading, struct sb_error *err)
{
	struct limits *limits = &reading->limits;
	const char *lacks = NULL;
	struct limit_block *block;
	size_t room = 0;

	for (size_t i = 0; i < limits->count; i++)
		room += count_items(limits->rows[i].grp_tres_mins) +
			count_items(limits->rows[i].grp_tres_run_mins) + 2;
	for (size_t i = 0; i < reading->count; i++)
		room += observation_find(reading->observation, reading->accounts[i])->limit_count;
	block = new_block(&reading->answer->blocks, room, err);
	if (!block)
		return SB_ESYSTEM;
	for (size_t i = 0; i < reading->count; i++) {
		const char *account = reading->accounts[i];
		const struct observed *row = observation_find(reading->observation, account);
		const struct account_limits *more = limits_find(limits, account);

		if (more)
			TRY(join_limits(block, &reading->answer->rows[row - reading->answer->rows],
					more, limits, err));
		else
			lacks = account;
	}
	return lacks ? sb_error_set(err, SB_EFORMAT,
				    "sshare shows account '%.255s' there, slurmdbd does not: run "
				    "`subank doctor`",
				    lacks)
		     : SB_OK;
}

static int read_limits(struct env *env, struct clusters *clusters, size_t at,
		       const struct want *wants, size_t count)
{
	const char *name = clusters->names[at];
	struct limit_reading reading = {.answer = &clusters->answers[at],
					.observation = &clusters->list[at],
					.accounts = calloc(count + 1, sizeof(*reading.accounts))};
	struct sb_error err;
	int rc;

	stage(env, "asks %s for limits", name);
	if (reading.accounts) {
		for (size_t i = 0; i < count; i++) {
			if (strcmp(wants[i].cluster, name) == 0 &&
			    observation_find(reading.observation, wants[i].account))
				reading.accounts[reading.count++] = wants[i].account;
		}
		reading.count = names_once(reading.accounts, reading.count);
		rc = sacctmgr_read_limits(&env->slurm, name, reading.accounts, reading.count,
					  &reading.limits, &err);
		if (!rc)
			rc = take_limits(&reading, &err);
	} else {
		rc = sb_error_nomem(&err);
	}
	if (rc)
		warning(env, "the limits on cluster '%s' cannot be read: %s", name, err.text);
	else
		report_odd_rows(env, name, "sacctmgr", &reading.limits.odd);
	clusters->odd += reading.limits.odd.count;
	limits_release(&reading.limits);
	free(reading.accounts);
	return rc ? EXIT_PART : EXIT_DONE;
}

int clusters_read_limits(struct env *env, struct clusters *clusters, const struct want *wants,
			 size_t count)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < clusters->count && count > 0; i++) {
		if (clusters->list[i].answered &&
		    read_limits(env, clusters, i, wants, count) != EXIT_DONE)
			status = EXIT_PART;
	}
	return status;
}

/* ---- clusters ---- */

/* Whether any account is charged by RawUsage, or may be. */
static bool charges_by_usage(struct env *env)
{
	struct in_use in_use = {0};
	struct sb_error err;
	bool rawusage = in_use_find(env, &in_use, &err) || in_use.rawusage;

	in_use_release(&in_use);
	return rawusage;
}

/* Why the cluster is left alone; NULL when it is not. */
static const char *distrust(struct env *env, const struct slurm_config *config, bool levers,
			    char text[FITNESS_TEXT_SIZE])
{
	const struct settings *settings = &env->settings;
	bool kills = settings->enforcement == ENFORCE_LIMIT || lever_kills(settings->lever.field);
	const char *reason = fitness_usage(config, !config->decays || charges_by_usage(env), text);

	if (!reason && levers && settings->enforcement >= ENFORCE_HOLD)
		reason = fitness_limits(config->limits, config->safe, kills);
	return reason;
}

int clusters_read_config(struct env *env, struct clusters *clusters, size_t at,
			 struct slurm_config *ret, struct sb_error *err)
{
	struct cluster_answer *answer = &clusters->answers[at];

	if (*clusters->local.cluster)
		*ret = clusters->local;
	else
		TRY(scontrol_read_config(&env->slurm, clusters->names[at], ret, err));
	clusters->list[at].decays = ret->decays;
	answer->limits = ret->limits;
	answer->safe = ret->safe;
	answer->billing = ret->billing;
	answer->slurm_user = ret->slurm_user;
	return SB_OK;
}

/* Finds the users who have shares. The caller frees *ret. */
static int find_users(const struct resources *resources, const char ***ret, size_t *ret_count,
		      struct sb_error *err)
{
	const char **users = calloc(resources->count + 1, sizeof(*users));
	size_t count = 0;

	if (!users)
		return sb_error_nomem(err);
	for (size_t i = 0; i < resources->count; i++) {
		const char *user = resource_user(resources->list[i]);

		if (user)
			users[count++] = user;
	}
	*ret_count = names_once(users, count);
	*ret = users;
	return SB_OK;
}

int clusters_read_use(struct env *env, struct clusters *clusters, size_t at, struct sb_error *err)
{
	struct cluster_answer *answer = &clusters->answers[at];
	const struct resources *all = &clusters->resources;
	const char **users = NULL;
	size_t count = 0;
	int rc;

	if (clusters->default_shares.count > 0) {
		rc = sshare_read_all_users(&env->slurm, clusters->names[at], &answer->shares, err);
	} else {
		TRY(find_users(all, &users, &count, err));
		rc = sshare_read_users(&env->slurm, clusters->names[at], users, count,
				       &answer->shares, err);
		free(users);
	}
	TRY(rc);
	TRY(user_resources_find(&answer->shares, all, &clusters->default_shares, &answer->of_users,
				err));
	TRY(take_rows(answer, &clusters->list[at], err));
	TRY(clusters->every_resource ? find_every_resource(&answer->shares, &answer->resources, err)
				     : find_resources_of_accounts(all, &answer->resources, err));
	if (answer->resources.count + answer->of_users.count > 0)
		TRY(take_uses(answer, &clusters->list[at], err));
	clusters->list[at].answered = true;
	return SB_OK;
}

static void observe(struct env *env, enum observing observing, struct clusters *clusters, size_t at)
{
	const char *name = clusters->names[at], *reason;
	const struct odd_rows *odd = &clusters->answers[at].shares.odd;
	const bool for_use = observing == OBSERVE_USE || observing == OBSERVE_EVERYTHING;
	struct slurm_config config;
	char text[FITNESS_TEXT_SIZE];
	struct sb_error err;
	int rc;

	stage(env, "asks %s what was used", name);
	clusters->list[at].time = env->os.now();
	clusters->list[at].asked = (const char(*)[RESOURCE_SIZE])clusters->resources.list;
	clusters->list[at].asked_count = clusters->resources.count;
	clusters->list[at].all_of = (const char(*)[RESOURCE_SIZE])clusters->default_shares.list;
	clusters->list[at].all_count = clusters->default_shares.count;
	rc = clusters_read_config(env, clusters, at, &config, &err);
	if (!rc) {
		reason = distrust(env, &config, !for_use, text);
		if (!reason && rights_check_sshare(env, &config, &err))
			reason = err.text;
		if (reason) {
			if (observing != OBSERVE_AGAIN)
				warning(env, "cluster '%s' is left alone: %s", name, reason);
			clusters->refused++;
			clusters->silent++;
			return;
		}
		rc = clusters_read_use(env, clusters, at, &err);
	}
	if (rc) {
		clusters->silent++;
		if (observing != OBSERVE_AGAIN)
			warning(env,
				"cluster '%s' does not answer, its accounts keep their readings: "
				"%s",
				name, err.text);
	} else if (for_use || observing == OBSERVE_ALL) {
		clusters->odd += odd->count;
		report_odd_rows(env, name, "sshare", odd);
	}
}

int clusters_observe(struct env *env, enum observing observing, struct clusters *ret)
{
	return clusters_observe_share(env, observing, NULL, ret);
}

int clusters_observe_share(struct env *env, enum observing observing, const char *share,
			   struct clusters *ret)
{
	struct clusters clusters;
	struct sb_error err;
	int status = EXIT_DONE;

	if (clusters_name(env, &clusters, &err)) {
		status = clusters.silent ? EXIT_PART : fail(env, &err);
		if (clusters.silent)
			warning(env, "the local cluster does not answer: %s", err.text);
	}
	if (status == EXIT_DONE && share && add_resource(&clusters.resources, share, &err))
		status = fail(env, &err);
	clusters.every_resource = observing == OBSERVE_EVERYTHING;
	for (size_t i = 0; i < clusters.count && status == EXIT_DONE; i++)
		observe(env, observing, &clusters, i);
	if (clusters.refused > 0 && clusters.refused == clusters.count)
		status = EXIT_REFUSED;
	if (status == EXIT_DONE)
		*ret = clusters;
	else
		clusters_release(&clusters);
	return status;
}

void clusters_release(struct clusters *clusters)
{
	for (size_t i = 0; clusters->answers && i < clusters->count; i++) {
		shares_release(&clusters->answers[i].shares);
		release_blocks(clusters->answers[i].blocks);
		free(clusters->answers[i].rows);
		free(clusters->answers[i].purses);
		resources_release(&clusters->answers[i].resources);
		user_resources_release(&clusters->answers[i].of_users);
	}
	resources_release(&clusters->resources);
	resources_release(&clusters->default_shares);
	free(clusters->answers);
	free(clusters->list);
	free(clusters->names);
	*clusters = (struct clusters){0};
}
