/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/check/clusters.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/check/fitness.h"
#include "cmd/check/in_use.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/status_line.h"
#include "cmd/show/output.h"
#include "cmd/show/progress.h"
#include "cmd/show/rights_text.h"
#include "slurm/sacctmgr.h"

const char *clusters_refusal(const struct clusters *clusters, const char *cluster,
			     const char *field)
{
	for (size_t i = 0; i < clusters->count; i++) {
		if (strcmp(clusters->names[i], cluster) == 0)
			return fitness_limits(clusters->answers[i].limits,
					      clusters->answers[i].safe, lever_kills(field));
	}
	return NULL;
}

/* Names the clusters to ask. */
static int name_clusters(struct env *env, struct clusters *clusters)
{
	const struct settings *settings = &env->settings;
	struct slurm_config *local = &clusters->local;
	struct sb_error slurm_err;
	struct sb_error err;

	clusters->count = settings->cluster_count ? settings->cluster_count : 1;
	clusters->names = calloc(clusters->count, sizeof(*clusters->names));
	clusters->list = calloc(clusters->count, sizeof(*clusters->list));
	clusters->answers = calloc(clusters->count, sizeof(*clusters->answers));
	if (!clusters->names || !clusters->list || !clusters->answers) {
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

/* ---- limits of accounts ---- */

/* The limits that one answer shows, with room for all; they are freed together. */
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
	sb_error_set(err, SB_ESYSTEM, "out of memory");
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

static size_t items(const char *list)
{
	size_t count = *list != '\0';

	for (; *list; list++)
		count += *list == ',';
	return count;
}

static void add_limit(struct limit_block *block, const char *field, const char *tres, int64_t value)
{
	if (value < 0)
		return;
	(void)snprintf(block->names[block->count].name, sizeof(block->names->name), "%s", tres);
	block->limits[block->count] = (struct limit){
		.field = field, .tres = block->names[block->count].name, .value = value};
	block->count++;
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

enum { ODD_SAID_MAX = 5 };

/* Says which rows of [program]'s answer are left out: each of the first ones, and how many more. */
static void odd_rows_say(struct env *env, const char *cluster, const char *program,
			 const struct odd_rows *rows)
{
	char text[ODD_ROW_TEXT_SIZE];

	for (size_t i = 0; i < rows->count && i < ODD_SAID_MAX; i++)
		warning(env, "cluster '%s': %s, %s: it is left out until it can be read", cluster,
			program, odd_row_text(text, &rows->list[i]));
	if (rows->count > ODD_SAID_MAX)
		warning(env, "cluster '%s': %s: %zu more like these are left out (subank doctor)",
			cluster, program, rows->count - ODD_SAID_MAX);
}

/* Makes observations of sshare's rows. */
static int take_rows(struct cluster_answer *answer, struct observation *observation,
		     struct sb_error *err)
{
	const struct shares *shares = &answer->shares;
	struct limit_block *block;
	size_t room = 0;

	for (size_t i = 0; i < shares->count; i++)
		room += items(shares->rows[i].grp_tres_mins);
	answer->rows = calloc(shares->count + 1, sizeof(*answer->rows));
	if (!answer->rows)
		return sb_error_set(err, SB_ESYSTEM, "out of memory");
	block = new_block(&answer->blocks, room, err);
	for (size_t i = 0; block && i < shares->count; i++) {
		const struct share *share = &shares->rows[i];
		struct observed *row = &answer->rows[i];
		size_t first = block->count;

		if (!share->odd_limits && add_limits(block, LIMIT_SHOWN, share->grp_tres_mins, err))
			return SB_EFORMAT;
		*row = (struct observed){.account = share->account,
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
	if (!block)
		return SB_ESYSTEM;
	observation->rows = answer->rows;
	observation->count = shares->count;
	return SB_OK;
}

/* Puts what slurmdbd has of the other fields beside what sshare showed. An account that it does not
 * have stays as it is, and the last such is written to [lacks]: hidden, its limits are not none. */
static int take_limits(struct cluster_answer *answer, const struct observation *observation,
		       const char *const *accounts, size_t count, struct limits *limits,
		       const char **lacks, struct sb_error *err)
{
	struct limit_block *block;
	size_t room = 0;

	for (size_t i = 0; i < limits->count; i++)
		room += items(limits->rows[i].grp_tres_mins) +
			items(limits->rows[i].grp_tres_run_mins) + 2;
	for (size_t i = 0; i < count; i++)
		room += observation_find(observation, accounts[i])->limit_count;
	block = new_block(&answer->blocks, room, err);
	for (size_t i = 0; block && i < count; i++) {
		struct observed *row =
			&answer->rows[observation_find(observation, accounts[i]) - answer->rows];
		const struct account_limits *more = limits_find(limits, accounts[i]);
		size_t first = block->count;

		if (!more) {
			*lacks = accounts[i];
			continue;
		}
		/* slurmdbd was asked for this account alone, which no other name can forge. */
		if (row->odd_limits)
			row->odd_limits =
				add_limits(block, LIMIT_SHOWN, more->grp_tres_mins, err) != 0;
		for (size_t j = 0; j < row->limit_count; j++) {
			if (strcmp(row->limits[j].field, LIMIT_SHOWN) == 0)
				add_limit(block, LIMIT_SHOWN, row->limits[j].tres,
					  row->limits[j].value);
		}
		if (more->odd)
			row->odd_limits = true;
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
	}
	return block ? SB_OK : SB_ESYSTEM;
}

static int look(struct env *env, struct clusters *clusters, size_t at, const struct want *wants,
		size_t count)
{
	struct limits limits = {0};
	struct sb_error err;
	const char **accounts = calloc(count + 1, sizeof(*accounts)), *lacks = NULL;
	size_t named = 0;
	int code = SB_OK;

	if (!accounts)
		code = sb_error_set(&err, SB_ESYSTEM, "out of memory");
	for (size_t i = 0; accounts && i < count; i++) {
		if (strcmp(wants[i].cluster, clusters->names[at]) == 0 &&
		    observation_find(&clusters->list[at], wants[i].account))
			accounts[named++] = wants[i].account;
	}
	named = accounts ? names_once(accounts, named) : 0;
	stage(env, "asks %s for limits", clusters->names[at]);
	if (code == SB_OK)
		code = sacctmgr_read_limits(&env->slurm, clusters->names[at], accounts, named,
					    &limits, &err);
	if (code == SB_OK)
		code = take_limits(&clusters->answers[at], &clusters->list[at], accounts, named,
				   &limits, &lacks, &err);
	if (code == SB_OK && lacks)
		code = sb_error_set(&err, SB_EFORMAT,
				    "sshare shows account '%.255s' there, slurmdbd does not: "
				    "run `subank doctor`",
				    lacks);
	if (code != SB_OK)
		warning(env, "the limits on cluster '%s' cannot be read: %s", clusters->names[at],
			err.text);
	else
		odd_rows_say(env, clusters->names[at], "sacctmgr", &limits.odd);
	clusters->odd += limits.odd.count;
	limits_release(&limits);
	free(accounts);
	return code == SB_OK ? EXIT_DONE : EXIT_PART;
}

int clusters_look(struct env *env, struct clusters *clusters, const struct want *wants,
		  size_t count)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < clusters->count && count > 0; i++) {
		if (clusters->list[i].answered && look(env, clusters, i, wants, count) != EXIT_DONE)
			status = EXIT_PART;
	}
	return status;
}

/* ---- clusters ---- */

/* Whether anything is charged by RawUsage; what cannot be known is. */
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

static void observe(struct env *env, enum observing observing, struct clusters *clusters, size_t at)
{
	struct observation *observation = &clusters->list[at];
	struct cluster_answer *answer = &clusters->answers[at];
	const char *name = clusters->names[at], *reason;
	struct slurm_config config = clusters->local;
	char text[FITNESS_TEXT_SIZE];
	struct sb_error err;

	stage(env, "asks %s what was used", name);
	observation->cluster = name;
	observation->time = env->os.now();
	observation->share = settings_share(&env->settings, name);
	if (*config.cluster || scontrol_read_config(&env->slurm, name, &config, &err) == 0) {
		observation->decays = config.decays;
		answer->limits = config.limits;
		answer->safe = config.safe;
		answer->billing = config.billing;
		reason = distrust(env, &config, observing != OBSERVE_USE, text);
		if (!reason && rights_check_sshare(env, &config, &err))
			reason = err.text;
		if (reason) {
			if (observing != OBSERVE_AGAIN)
				warning(env, "cluster '%s' is left alone: %s", name, reason);
			clusters->refused++;
			clusters->silent++;
			return;
		}
		if (sshare_read(&env->slurm, name, &answer->shares, &err) == 0 &&
		    take_rows(answer, observation, &err) == SB_OK) {
			observation->answered = true;
			if (observing == OBSERVE_USE || observing == OBSERVE_ALL) {
				clusters->odd += answer->shares.odd.count;
				odd_rows_say(env, name, "sshare", &answer->shares.odd);
			}
			return;
		}
	}
	clusters->silent++;
	if (observing != OBSERVE_AGAIN)
		warning(env, "cluster '%s' does not answer, its accounts keep their readings: %s",
			name, err.text);
}

int clusters_observe(struct env *env, enum observing observing, struct clusters *ret)
{
	struct clusters clusters = {0};
	int status = name_clusters(env, &clusters);

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
	}
	free(clusters->answers);
	free(clusters->list);
	free(clusters->names);
	*clusters = (struct clusters){0};
}
