/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/known_clusters.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/frame/options.h"
#include "ledger/base/array.h"
#include "ledger/base/nearest.h"

struct clusters {
	const char **list;
	size_t count;
};

static int add_cluster(struct clusters *known, const char *name, struct sb_error *err)
{
	const char **to;

	for (size_t i = 0; i < known->count; i++) {
		if (strcmp(known->list[i], name) == 0)
			return SB_OK;
	}
	to = array_add(known->list, known->count);
	if (!to)
		return sb_error_nomem(err);
	*to = name;
	return SB_OK;
}

static int find_clusters(const struct settings *settings, struct books *books,
			 struct clusters *known, struct sb_error *err)
{
	size_t accounts;

	TRY(books_load_all(books, &accounts, err));
	for (size_t i = 0; i < settings->cluster_count; i++)
		TRY(add_cluster(known, settings->clusters[i], err));
	for (size_t i = 0; i < accounts; i++) {
		const struct account *account = books_at(books, i);

		for (size_t j = 0; j < account->meter_count; j++)
			TRY(add_cluster(known, account->meters[j].cluster, err));
	}
	return array_add(known->list, known->count) ? SB_OK : sb_error_nomem(err);
}

int clusters_known(const struct env *env, struct books *books, const char ***ret,
		   struct sb_error *err)
{
	struct clusters known = {0};
	int rc = find_clusters(&env->settings, books, &known, err);

	if (rc)
		free(known.list);
	else
		*ret = known.list;
	return rc;
}

struct choice {
	const struct env *env;
	const struct settings *chosen;
};

static int check_clusters(struct books *books, void *ctx, struct sb_error *err)
{
	const struct choice *choice = ctx;
	const struct settings *chosen = choice->chosen;
	const char **known;
	int rc = clusters_known(choice->env, books, &known, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < chosen->cluster_count && !rc; i++) {
		const char **at = known;

		while (*at && strcmp(*at, chosen->clusters[i]) != 0)
			at++;
		if (!*at)
			rc = nearest_error("neither the settings nor the books know a cluster",
					   chosen->clusters[i], known, err);
	}
	free(known);
	return rc;
}

int clusters_option(struct env *env, struct settings *ret, struct sb_error *err)
{
	struct choice choice = {env, ret};
	const char *list = option(env, "clusters");

	if (!list)
		return SB_OK;
	TRY(settings_set_clusters(ret, list, err));
	return bank_read(env->bank, env->os.now(), check_clusters, &choice, err);
}

bool clusters_chosen(const struct settings *chosen, const char *cluster)
{
	if (chosen->cluster_count == 0)
		return true;
	for (size_t i = 0; cluster && i < chosen->cluster_count; i++) {
		if (strcmp(cluster, chosen->clusters[i]) == 0)
			return true;
	}
	return false;
}
