/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/clusters.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/fitness.h"

/* Names the clusters to ask. */
static int name_clusters(struct env *env, struct clusters *clusters)
{
	const struct settings *settings = &env->settings;
	struct slurm_config *local = &clusters->local;
	struct slurm_error slurm_err;
	struct sb_error err;

	clusters->count = settings->cluster_count ? settings->cluster_count : 1;
	clusters->names = calloc(clusters->count, sizeof(*clusters->names));
	clusters->list = calloc(clusters->count, sizeof(*clusters->list));
	clusters->shares = calloc(clusters->count, sizeof(*clusters->shares));
	clusters->rows = calloc(clusters->count, sizeof(*clusters->rows));
	clusters->no_levers = calloc(clusters->count, sizeof(*clusters->no_levers));
	if (!clusters->no_levers || !clusters->names || !clusters->list || !clusters->shares ||
	    !clusters->rows) {
		sb_error_nomem(&err);
		return fail(env, &err);
	}
	for (size_t i = 0; i < settings->cluster_count; i++)
		(void)snprintf(clusters->names[i], NAME_SIZE, "%s", settings->clusters[i]);
	if (settings->cluster_count > 0)
		return EXIT_DONE;
	if (scontrol_read_config(&env->slurm, NULL, local, &slurm_err)) {
		warning(env, "the local cluster does not answer: %s", slurm_err.text);
		return EXIT_PART;
	}
	if (name_fold("cluster", local->cluster, clusters->names[0], &err))
		return fail(env, &err);
	return EXIT_DONE;
}

/* Makes observations of sshare's rows; false with a text when a limit cannot be read. */
static bool take_rows(struct clusters *clusters, size_t at, struct slurm_error *err)
{
	const struct shares *shares = &clusters->shares[at];
	struct observed *rows = calloc(shares->count, sizeof(*rows));

	clusters->rows[at] = rows;
	if (!rows) {
		slurm_error_set(err, SLURM_ESYSTEM, "out of memory");
		return false;
	}
	for (size_t i = 0; i < shares->count; i++) {
		const struct share *share = &shares->rows[i];

		rows[i] = (struct observed){.account = share->account,
					    .parent = share->parent,
					    .usage = share->raw_usage};
		if (tres_value(share->grp_tres_mins, LEVER_TRES, &rows[i].limit, err))
			return false;
	}
	clusters->list[at].rows = rows;
	clusters->list[at].count = shares->count;
	return true;
}

static void observe(struct env *env, bool levers, struct clusters *clusters, size_t at)
{
	struct observation *observation = &clusters->list[at];
	const char *name = clusters->names[at], *reason;
	struct slurm_config config = clusters->local;
	char text[FITNESS_TEXT_SIZE];
	struct slurm_error err;

	observation->cluster = name;
	observation->time = env->now();
	if (*config.cluster || scontrol_read_config(&env->slurm, name, &config, &err) == 0) {
		clusters->no_levers[at] = fitness_limits(config.limits, config.safe, true);
		reason = fitness_usage(&config, text);
		if (!reason && levers)
			reason = clusters->no_levers[at];
		if (reason) {
			warning(env, "cluster '%s' is left alone: %s", name, reason);
			clusters->refused++;
			clusters->silent++;
			return;
		}
		if (sshare_read(&env->slurm, name, &clusters->shares[at], &err) == 0 &&
		    take_rows(clusters, at, &err)) {
			observation->answered = true;
			return;
		}
	}
	clusters->silent++;
	warning(env, "cluster '%s' does not answer, its accounts keep their readings: %s", name,
		err.text);
}

int clusters_observe(struct env *env, bool levers, struct clusters *ret)
{
	struct clusters clusters = {0};
	int status = name_clusters(env, &clusters);

	for (size_t i = 0; i < clusters.count && status == EXIT_DONE; i++)
		observe(env, levers, &clusters, i);
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
	for (size_t i = 0; i < clusters->count; i++) {
		if (clusters->shares)
			shares_release(&clusters->shares[i]);
		if (clusters->rows)
			free(clusters->rows[i]);
	}
	free(clusters->no_levers);
	free(clusters->rows);
	free(clusters->shares);
	free(clusters->list);
	free(clusters->names);
	*clusters = (struct clusters){0};
}
