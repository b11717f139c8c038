/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/verify_slurm.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/check/clusters.h"
#include "cmd/frame/messages.h"
#include "cmd/show/known_clusters.h"
#include "ledger/base/array.h"

/* A limit that Slurm should show. */
struct expected {
	char account[NAME_SIZE]; /* in the bank */
	struct lever lever;
};

/* All of them, by cluster; copied, since no transaction is open while Slurm is asked. */
struct expectations {
	const struct settings *asked;
	struct expected *list;
	size_t count;
};

static int by_cluster(const void *a, const void *b)
{
	const struct expected *x = a, *y = b;
	int order = strcmp(x->lever.cluster, y->lever.cluster);

	return order ? order : strcmp(x->account, y->account);
}

static int read_levers(struct books *books, void *ctx, struct sb_error *err)
{
	struct expectations *all = ctx;
	size_t count;

	TRY(books_load_all(books, &count, err));
	all->count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct account *account = books_at(books, i);

		for (size_t j = 0; j < account->lever_count; j++) {
			struct expected *expected;

			if (!clusters_chosen(all->asked, account->levers[j].cluster))
				continue;
			expected = array_add(all->list, all->count);
			if (!expected)
				return sb_error_nomem(err);
			memcpy(expected->account, account->name, NAME_SIZE);
			expected->lever = account->levers[j];
		}
	}
	array_sort(all->list, all->count, by_cluster);
	return SB_OK;
}

/* Reads the clusters of the levers, and the limits that sshare does not show. Returns EXIT_DONE, or
 * another status after a warning that something cannot be compared. */
static int observe(struct env *env, const struct expectations *all, struct clusters *clusters)
{
	struct env asking = *env;
	char **names = calloc(all->count, sizeof(*names));
	struct want *wants = calloc(all->count, sizeof(*wants));
	size_t named = 0, wanted = 0;
	struct sb_error err;
	int status;

	for (size_t i = 0; names && wants && i < all->count; i++) {
		struct lever *lever = &all->list[i].lever;

		if (named == 0 || strcmp(names[named - 1], lever->cluster) != 0)
			names[named++] = lever->cluster;
		if (strcmp(lever->field, LIMIT_SHOWN) == 0)
			continue;
		memcpy(wants[wanted].account, lever->slurm_account, NAME_SIZE);
		memcpy(wants[wanted++].cluster, lever->cluster, NAME_SIZE);
	}
	/* Levers may be on clusters that the settings no longer name. */
	asking.settings.clusters = names;
	asking.settings.cluster_count = named;
	if (names && wants) {
		status = clusters_observe(&asking, OBSERVE_USE, clusters);
		if (clusters_read_limits(&asking, clusters, wants, wanted) != EXIT_DONE)
			status = EXIT_PART;
	} else {
		sb_error_nomem(&err);
		status = fail(env, &err);
	}
	free(names);
	free(wants);
	return status;
}

/* Writes the lever's progress to [to], as text behind its value. Returns [to]. */
static const char *progress(const struct lever *lever, char to[320])
{
	if (lever->tried && lever->outcome == OUTCOME_FAILED)
		(void)snprintf(to, 320, " (%scould not be set: %s)",
			       lever->restoring ? "to be put back; " : "", lever->reason);
	else
		(void)snprintf(to, 320, "%s",
			       lever->restoring ? " (to be put back)"
			       : lever->tried	? ""
						: " (not carried out yet)");
	return to;
}

/* Whether Slurm shows another limit than the books; then warns. */
static bool differs(struct env *env, const struct expected *expected,
		    const struct observation *cluster)
{
	const struct lever *lever = &expected->lever;
	const struct observed *row = observation_find(cluster, lever->slurm_account);
	char limit[LEVER_NAME_SIZE], is[LIMIT_TEXT_SIZE], should[LIMIT_TEXT_SIZE], text[320];
	int64_t value;

	lever_name(limit, lever->field, lever->tres);
	limit_text(should, lever->set);
	if (!row) {
		warning(env, "%s: %s does not show the account, whose %s should be %s%s",
			expected->account, lever->cluster, limit, should, progress(lever, text));
		return true;
	}
	if (!observed_has(row, lever->tres) ||
	    !observed_limit(row, lever->field, lever->tres, &value) || value == lever->set)
		return false;
	warning(env, "%s: %s on %s is %s, by the books %s%s", expected->account, limit,
		lever->cluster, limit_text(is, value), should, progress(lever, text));
	return true;
}

/* Compares all of them. Returns EXIT_DONE, or another status after a warning. */
static int compare(struct env *env, const struct expectations *all)
{
	struct clusters clusters = {0};
	int status = observe(env, all, &clusters);
	const char *silent = "";

	for (size_t i = 0; i < all->count; i++) {
		const char *name = all->list[i].lever.cluster;
		const struct observation *cluster = clusters_find(&clusters, name);
		bool answered = cluster && cluster->answered;

		if (answered && !differs(env, &all->list[i], cluster))
			continue;
		status = EXIT_PART;
		if (answered || strcmp(silent, name) == 0)
			continue;
		warning(env, "the limits on cluster '%s' were not compared", name);
		silent = name;
	}
	if (clusters.odd > 0 && status == EXIT_DONE)
		status = EXIT_PART;
	clusters_release(&clusters);
	return status;
}

int verify_slurm(struct env *env, const struct settings *asked)
{
	struct expectations all = {.asked = asked};
	struct sb_error err;
	int status = EXIT_DONE;

	if (bank_read(env->bank, env->os.now(), read_levers, &all, &err))
		status = fail(env, &err);
	else if (all.count > 0)
		status = compare(env, &all);
	if (status == EXIT_DONE)
		report(env, "Slurm matches the books: limits %zu", all.count);
	free(all.list);
	return status;
}
