/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/known_clusters.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/nearest.h"

struct asking {
	const struct env *env;
	const struct settings *asked;
};

/* Clusters are known by the settings or because an account is metered there. */
static size_t list_clusters(const struct env *env, const struct books *books, size_t accounts,
			    const char **names)
{
	size_t count = 0;

	for (size_t i = 0; i < env->settings.cluster_count; i++)
		names[count++] = env->settings.clusters[i];
	for (size_t i = 0; i < accounts; i++) {
		const struct account *account = books_at(books, i);

		for (size_t j = 0; j < account->meter_count; j++)
			names[count++] = account->meters[j].cluster;
	}
	names[count] = NULL;
	return count;
}

static int check_clusters(struct books *books, void *ctx, struct sb_error *err)
{
	const struct asking *asking = ctx;
	const struct settings *asked = asking->asked;
	size_t accounts, most = asking->env->settings.cluster_count + 1, count;
	const char **names;
	int rc = books_load_all(books, &accounts, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < accounts; i++)
		most += books_at(books, i)->meter_count;
	names = calloc(most, sizeof(*names));
	if (!names)
		return sb_error_nomem(err);
	count = list_clusters(asking->env, books, accounts, names);
	for (size_t i = 0; i < asked->cluster_count && !rc; i++) {
		size_t j = 0;

		while (j < count && strcmp(names[j], asked->clusters[i]) != 0)
			j++;
		if (j == count)
			rc = nearest_error("neither the settings nor the books know a cluster",
					   asked->clusters[i], names, err);
	}
	free(names);
	return rc;
}

int clusters_asked(struct env *env, struct settings *ret, struct sb_error *err)
{
	struct asking asking = {env, ret};
	const char *list = option(env, "clusters");
	int rc = list ? settings_set_clusters(ret, list, err) : SB_OK;

	return rc || !list ? rc : bank_read(env->bank, env->now(), check_clusters, &asking, err);
}

bool clusters_chosen(const struct settings *asked, const char *cluster)
{
	if (asked->cluster_count == 0)
		return true;
	for (size_t i = 0; cluster && i < asked->cluster_count; i++) {
		if (strcmp(cluster, asked->clusters[i]) == 0)
			return true;
	}
	return false;
}
