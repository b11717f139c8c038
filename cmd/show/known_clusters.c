/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/show/known_clusters.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/frame/options.h"
#include "ledger/base/nearest.h"

struct asking {
	const struct env *env;
	const struct settings *asked;
};

static int add_cluster(const char ***known, size_t *count, const char *name, struct sb_error *err)
{
	const char **grown;

	for (size_t i = 0; i < *count; i++) {
		if (strcmp((*known)[i], name) == 0)
			return SB_OK;
	}
	grown = reallocarray(*known, *count + 2, sizeof(*grown));
	if (!grown)
		return sb_error_nomem(err);
	*known = grown;
	grown[(*count)++] = name;
	grown[*count] = NULL;
	return SB_OK;
}

int clusters_known(const struct env *env, struct books *books, const char ***ret,
		   struct sb_error *err)
{
	size_t accounts, count = 0;
	const char **known = calloc(1, sizeof(*known));
	int rc = known ? books_load_all(books, &accounts, err) : sb_error_nomem(err);

	for (size_t i = 0; i < env->settings.cluster_count && !rc; i++)
		rc = add_cluster(&known, &count, env->settings.clusters[i], err);
	for (size_t i = 0; !rc && i < accounts; i++) {
		const struct account *account = books_at(books, i);

		for (size_t j = 0; j < account->meter_count && !rc; j++)
			rc = add_cluster(&known, &count, account->meters[j].cluster, err);
	}
	if (rc)
		free(known);
	else
		*ret = known;
	return rc;
}

static int check_clusters(struct books *books, void *ctx, struct sb_error *err)
{
	const struct asking *asking = ctx;
	const struct settings *asked = asking->asked;
	const char **known;
	int rc = clusters_known(asking->env, books, &known, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < asked->cluster_count && !rc; i++) {
		const char **at = known;

		while (*at && strcmp(*at, asked->clusters[i]) != 0)
			at++;
		if (!*at)
			rc = nearest_error("neither the settings nor the books know a cluster",
					   asked->clusters[i], known, err);
	}
	free(known);
	return rc;
}

int clusters_option(struct env *env, struct settings *ret, struct sb_error *err)
{
	struct asking asking = {env, ret};
	const char *list = option(env, "clusters");
	int rc = list ? settings_set_clusters(ret, list, err) : SB_OK;

	return rc || !list ? rc : bank_read(env->bank, env->os.now(), check_clusters, &asking, err);
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
