/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/check/queueing.h"

/* ---- clusters and rows ---- */

/* Whether the place of every account is known. */
static bool tree_known(const struct observation *observation)
{
	for (size_t i = 0; i < observation->count; i++) {
		if (!observation->rows[i].parent)
			return false;
	}
	return true;
}

int queue_new(const struct observation *observations, size_t count, struct queue *ret,
	      struct sb_error *err)
{
	*ret = (struct queue){.clusters = calloc(count + 1, sizeof(*ret->clusters))};
	if (!ret->clusters)
		return sb_error_nomem(err);
	for (size_t i = 0; i < count; i++) {
		struct queue_cluster *cluster = &ret->clusters[ret->cluster_count];

		if (!observations[i].answered || !tree_known(&observations[i]))
			continue;
		cluster->observation = &observations[i];
		ret->cluster_count++;
		TRY(observation_tree(&observations[i], &cluster->tree, err));
	}
	return SB_OK;
}

void queue_release(struct queue *queue)
{
	for (size_t i = 0; i < queue->cluster_count; i++) {
		tree_release(&queue->clusters[i].tree);
		free(queue->clusters[i].asks);
	}
	free(queue->clusters);
	free(queue->moves);
	free(queue->tasks);
	free(queue->findings);
	*queue = (struct queue){0};
}

/* ---- places ---- */

static bool is_only(const struct queue *queue, const char *account)
{
	for (size_t i = 0; i < queue->only_count; i++) {
		if (purse_is_of(queue->only[i], account))
			return true;
	}
	return queue->only_count == 0;
}

/* Whether this account's own state requires its jobs to be away. */
static bool moves_jobs(const struct queue *queue, const struct account *account)
{
	return queue->enabled && is_scavenging(account, queue->rules);
}

bool queue_has_jobs_on(const struct account *account, const char *cluster)
{
	for (size_t i = 0; i < account->queue_batch_count; i++) {
		if (strcmp(account->queue_batches[i].cluster, cluster) == 0)
			return true;
	}
	return false;
}

static void look_at(const struct queue_planning *planning, const struct account *account,
		    struct queue_place *place)
{
	const struct queue *queue = planning->queue;

	if (!place->nearest)
		place->nearest = account;
	if (account_held(account)) {
		place->held = true;
		if (is_scavenging(account, queue->rules))
			place->scavenging = true;
		else
			place->stopped = true;
	}
	place->concerned = place->concerned || moves_jobs(queue, account) ||
			   queue_has_jobs_on(account, planning->cluster->observation->cluster);
}

int queue_find_place(const struct queue_planning *planning, const char *slurm_account,
		     struct queue_place *ret)
{
	const struct tree *tree = &planning->cluster->tree;
	struct queue_place place = {0};
	const char *name = slurm_account;

	/* A tree has no more levels than accounts. */
	for (size_t i = 0; name && *name && i <= tree->count; i++) {
		const struct account *account;
		int rc = books_find(planning->books, name, &account, planning->err);

		if (!rc)
			look_at(planning, account, &place);
		else if (rc != SB_ENOTFOUND)
			return rc;
		name = tree_parent(tree, name);
	}
	*ret = place;
	return SB_OK;
}

/* ---- the scope ---- */

/* Whether the check covers the account or one above it: only then does it move the account's
 * jobs. */
bool queue_covers(const struct queue_planning *planning, const char *name)
{
	const struct tree *tree = &planning->cluster->tree;

	for (size_t i = 0; name && *name && i <= tree->count; i++) {
		if (is_only(planning->queue, name))
			return true;
		name = tree_parent(tree, name);
	}
	return false;
}

static int scope_cluster(const struct queue_planning *planning)
{
	struct queue_cluster *cluster = planning->cluster;
	const struct tree *tree = &cluster->tree;

	bool concerned = false;

	cluster->ask_count = 0;
	for (size_t i = 0; i < tree->count && !concerned; i++) {
		const char *name = tree->list[i].account;
		struct queue_place place;

		if (!queue_covers(planning, name) || name_check("account", name, NULL))
			continue;
		TRY(queue_find_place(planning, name, &place));
		concerned = place.concerned;
	}
	for (size_t i = 0; i < tree->count && concerned; i++) {
		const char *name = tree->list[i].account, **ask;

		/* Names that a bank cannot have may be anything. */
		if (name_check("account", name, NULL))
			continue;
		ask = array_add(cluster->asks, cluster->ask_count);
		if (!ask)
			return sb_error_nomem(planning->err);
		*ask = name;
	}
	return SB_OK;
}

int queue_scope(struct books *books, void *ctx, struct sb_error *err)
{
	struct queue *queue = ctx;

	if (queue->dry)
		TRY(check_plan(books, queue->dry, err));
	for (size_t i = 0; i < queue->cluster_count; i++) {
		const struct queue_planning planning = queue_plan_on(queue, books, i, err);

		TRY(scope_cluster(&planning));
	}
	return queue->dry ? STORE_ABORT : SB_OK;
}

/* ---- findings ---- */

/* Adds the number to a list of them for people, which ends in "..." once it is full. */
static void add_number(char list[128], struct job_id id)
{
	char text[JOB_ID_SIZE];
	size_t len = strlen(list);

	if (len > 100) {
		if (list[len - 1] != '.')
			(void)snprintf(list + len, 128 - len, " ...");
		return;
	}
	(void)snprintf(list + len, 128 - len, "%s%s", len ? "," : "", job_id_text(text, id));
}

/* Counts one job in the finding of its kind, batch and reason. */
int queue_found_job(const struct queue_planning *planning, enum queue_found kind,
		    const char *account, const struct queue_batch *batch, struct job_id id,
		    const char *reason)
{
	struct queue *queue = planning->queue;
	const char *cluster = planning->cluster->observation->cluster;
	struct queue_finding *finding = NULL;

	for (size_t i = 0; i < queue->finding_count && !finding; i++) {
		struct queue_finding *other = &queue->findings[i];

		if (other->kind == kind && strcmp(other->account, account) == 0 &&
		    strcmp(other->cluster, cluster) == 0 && strcmp(other->qos, batch->qos) == 0 &&
		    strcmp(other->to_qos, batch->to_qos) == 0 && strcmp(other->reason, reason) == 0)
			finding = other;
	}
	if (!finding) {
		finding = array_add(queue->findings, queue->finding_count);
		if (!finding)
			return sb_error_nomem(planning->err);
		finding->kind = kind;
		(void)snprintf(finding->account, sizeof(finding->account), "%s", account);
		(void)snprintf(finding->cluster, sizeof(finding->cluster), "%s", cluster);
		(void)snprintf(finding->qos, sizeof(finding->qos), "%s", batch->qos);
		(void)snprintf(finding->to_qos, sizeof(finding->to_qos), "%s", batch->to_qos);
		(void)snprintf(finding->reason, sizeof(finding->reason), "%s", reason);
	}
	finding->jobs++;
	add_number(finding->list, id);
	return SB_OK;
}

/* ---- the plan ---- */

/* Settles the accounts of the check, and those below them, that have jobs away on the cluster. */
static int settle_accounts(const struct queue_planning *planning)
{
	const struct queue *queue = planning->queue;
	const char *cluster = planning->cluster->observation->cluster;
	const struct tree *tree = &planning->cluster->tree;
	size_t count = tree->count;
	bool whole = queue->only_count == 0;

	/* An account that left the cluster has no jobs there any more. */
	if (whole)
		TRY(books_load_all(planning->books, &count, planning->err));
	for (size_t i = 0; i < count; i++) {
		const struct account *account;
		int rc = SB_OK;

		if (whole)
			account = books_at(planning->books, i);
		else if (!queue_covers(planning, tree->list[i].account))
			continue;
		else
			rc = books_find(planning->books, tree->list[i].account, &account,
					planning->err);
		if (rc == SB_ENOTFOUND)
			continue;
		TRY(rc);
		if (queue_has_jobs_on(account, cluster))
			TRY(queue_settle_account(planning, account));
	}
	return SB_OK;
}

int queue_plan(struct books *books, void *ctx, struct sb_error *err)
{
	struct queue *queue = ctx;

	queue->move_count = queue->task_count = queue->finding_count = 0;
	if (queue->dry)
		TRY(check_plan(books, queue->dry, err));
	queue->began = books_head(books)->seq;
	for (size_t i = 0; i < queue->cluster_count; i++) {
		const struct queue_planning planning = queue_plan_on(queue, books, i, err);

		if (!planning.cluster->read)
			continue;
		TRY(settle_accounts(&planning));
		TRY(queue_move_away(&planning));
	}
	queue->head = *books_head(books);
	return queue->dry ? STORE_ABORT : SB_OK;
}
