/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records which jobs move. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/check/queueing.h"

#define REASON_MIXED "its tasks have different QOS, time limits or accounts"

/* The most entries for an account in one check. Each needs a call of scontrol, and a user may give
 * each of his jobs a time limit of its own. The next checks move the others. */
enum { BATCHES_MAX = 500 };

static int compare_batches(const struct queue_move_job *x, const struct queue_move_job *y)
{
	int order = strcmp(x->account->name, y->account->name);

	order = order ? order : (x->why_not != NULL) - (y->why_not != NULL);
	order = order ? order : strcmp(x->qos, y->qos);
	order = order ? order : strcmp(x->to_qos, y->to_qos);
	return order ? order : (x->limit > y->limit) - (x->limit < y->limit);
}

static int compare_moves(const void *a, const void *b)
{
	const struct queue_move_job *x = a, *y = b;
	int order = compare_batches(x, y);

	return order ? order : job_id_compare(x->unit.id, y->unit.id);
}

/* Appends the entry for as many of the jobs as fit in one. Returns how many in *ret. SB_EINVAL: the
 * books do not take it, and nothing was changed. */
static int append_batch(const struct queue_planning *planning, const struct queue_move_jobs *jobs,
			size_t first, size_t end, struct queue_batch *batch, size_t *ret)
{
	const struct queue_move_job *job = &jobs->list[first];
	char list[JOB_IDS_MAX + 1] = "";
	struct event event = {.kind = EVENT_QUEUE,
			      .account = job->account->name,
			      .cluster = planning->cluster->observation->cluster,
			      .action = (uint8_t)jobs->action,
			      .qos = job->qos,
			      .to_qos = job->to_qos,
			      .time_limit = job->limit,
			      .jobs = list};
	size_t at = first;

	while (at < end && job_ids_add(list, jobs->list[at].unit.id))
		at++;
	*ret = at - first;
	TRY(books_check_entry(planning->books, &event, planning->err));
	TRY(books_append(planning->books, &event, planning->err));
	*batch = (struct queue_batch){
		.seq = event.seq, .time_limit = job->limit, .action = (uint8_t)jobs->action};
	(void)snprintf(batch->qos, sizeof(batch->qos), "%s", job->qos);
	(void)snprintf(batch->to_qos, sizeof(batch->to_qos), "%s", job->to_qos);
	return SB_OK;
}

/* Reports that the books do not take the entry for these jobs. The others move all the same. */
static int skip_batch(const struct queue_planning *planning, const struct queue_move_job *jobs,
		      size_t count)
{
	char reason[256];
	struct queue_batch batch = {0};

	(void)snprintf(reason, sizeof(reason), "%.255s", planning->err->text);
	(void)snprintf(batch.qos, sizeof(batch.qos), "%s", jobs->qos);
	(void)snprintf(batch.to_qos, sizeof(batch.to_qos), "%s", jobs->to_qos);
	for (size_t i = 0; i < count; i++)
		TRY(queue_found_job(planning, QUEUE_FOUND_LEFT, jobs->account->name, &batch,
				    jobs[i].unit.id, reason));
	return SB_OK;
}

/* Records and reports that none of the jobs of the batch can move. */
static int leave_batch(const struct queue_planning *planning, const struct queue_move_job *jobs,
		       size_t count, const struct queue_batch *batch)
{
	struct queue_lists *lists = calloc(1, sizeof(*lists));
	int rc = lists ? SB_OK : sb_error_nomem(planning->err);

	if (lists)
		lists->outcome = OUTCOME_LEFT;
	for (size_t i = 0; i < count && !rc; i++) {
		(void)job_ids_add(lists->left, jobs[i].unit.id);
		rc = queue_found_job(planning, QUEUE_FOUND_LEFT, jobs->account->name, batch,
				     jobs[i].unit.id, jobs->why_not);
	}
	if (!rc)
		rc = queue_append_outcome(planning, jobs->account->name, batch->seq, lists,
					  jobs->why_not);
	free(lists);
	return rc;
}

static int move_batch(const struct queue_planning *planning, const struct queue_move_jobs *jobs,
		      size_t first, size_t end, size_t *ret)
{
	const struct queue_move_job *list = &jobs->list[first];
	struct queue_batch batch;
	int rc = append_batch(planning, jobs, first, end, &batch, ret);

	if (rc == SB_EINVAL)
		return skip_batch(planning, list, *ret);
	TRY(rc);
	if (list->why_not)
		return leave_batch(planning, list, *ret, &batch);
	TRY(queue_begin_move(planning, list->account->name, &batch));
	for (size_t i = 0; i < *ret; i++) {
		TRY(queue_add_tasks(planning, planning->queue->move_count - 1, &list[i].unit));
		if (planning->queue->dry)
			TRY(queue_found_job(planning,
					    jobs->action == QUEUE_AWAY ? QUEUE_FOUND_AWAY
								       : QUEUE_FOUND_BACK,
					    list->account->name, &batch, list[i].unit.id, ""));
	}
	return SB_OK;
}

/* Records the moves, one entry for jobs of an account with the same QOS and time limit. */
int queue_move_all(const struct queue_planning *planning, struct queue_move_jobs *jobs)
{
	const struct account *account = NULL;
	size_t batches = 0;

	array_sort(jobs->list, jobs->count, compare_moves);
	for (size_t first = 0, end, done; first < jobs->count; first += done) {
		const struct queue_move_job *job = &jobs->list[first];

		if (job->account != account) {
			account = job->account;
			batches = 0;
		}
		if (batches++ >= BATCHES_MAX) {
			TRY(queue_found_job(planning, QUEUE_FOUND_LATER, account->name,
					    &(struct queue_batch){0}, job->unit.id, ""));
			done = 1;
			continue;
		}
		end = first + 1;
		while (end < jobs->count &&
		       compare_batches(&jobs->list[first], &jobs->list[end]) == 0)
			end++;
		TRY(move_batch(planning, jobs, first, end, &done));
	}
	return SB_OK;
}

int queue_add_move(const struct queue_planning *planning, struct queue_move_jobs *jobs,
		   struct queue_move_job job)
{
	struct queue_move_job *to = array_add(jobs->list, jobs->count);

	if (!to)
		return sb_error_nomem(planning->err);
	*to = job;
	return SB_OK;
}

/* Whether an account of the bank at or above [name] has the job in its list. */
static int is_listed(const struct queue_planning *planning, const char *name, struct job_id id,
		     bool *ret)
{
	const struct tree *tree = &planning->cluster->tree;

	*ret = false;
	for (size_t i = 0; name && *name && i <= tree->count && !*ret; i++) {
		const struct account *account;
		int rc = books_find(planning->books, name, &account, planning->err);

		if (!rc)
			*ret = account_queue_job(account, planning->cluster->observation->cluster,
						 id);
		else if (rc != SB_ENOTFOUND)
			return rc;
		name = tree_parent(tree, name);
	}
	return SB_OK;
}

/* Returns the first record that waits in another QOS; NULL without one. */
static const struct queued_row *first_outside(const struct queue_unit *unit, const char *qos)
{
	for (size_t i = 0; i < unit->count; i++) {
		const struct queued_row *row = &unit->rows[i];

		if (row->pending && (!qos || strcmp(row->qos, qos) != 0))
			return row;
	}
	return NULL;
}

static int consider_unit(const struct queue_planning *planning, const struct queue_unit *unit,
			 struct queue_move_jobs *jobs)
{
	const char *scavenger = planning->queue->rules->scavenger;
	const struct queued_row *row = first_outside(unit, scavenger);
	struct queue_place place;
	bool listed;

	if (!row || !queue_covers(planning, row->account))
		return SB_OK;
	TRY(queue_find_place(planning, row->account, &place));
	if (!queue_wants_away(planning->queue, &place) || !place.nearest)
		return SB_OK;
	TRY(is_listed(planning, row->account, unit->id, &listed));
	if (listed)
		return SB_OK;
	return queue_add_move(
		planning, jobs,
		(struct queue_move_job){.account = place.nearest,
					.unit = *unit,
					.qos = row->qos,
					.to_qos = scavenger,
					.limit = row->limit,
					.why_not = queue_is_uniform(unit) ? NULL : REASON_MIXED});
}

/* Leaves out the jobs that are too many for their account, and reports how many. */
static int cut_moves(const struct queue_planning *planning, struct queue_move_jobs *jobs)
{
	const struct account *account = NULL;
	size_t kept = 0, room = 0;

	array_sort(jobs->list, jobs->count, compare_moves);
	for (size_t i = 0; i < jobs->count; i++) {
		const struct queue_move_job *job = &jobs->list[i];

		if (job->account != account) {
			account = job->account;
			room = QUEUE_JOBS_MAX - account->queue_job_count;
		}
		if (room > 0) {
			room--;
			jobs->list[kept++] = *job;
			continue;
		}
		TRY(queue_found_job(planning, QUEUE_FOUND_OVER, account->name,
				    &(struct queue_batch){0}, job->unit.id, ""));
	}
	jobs->count = kept;
	return SB_OK;
}

int queue_move_away(const struct queue_planning *planning)
{
	const struct queue_cluster *cluster = planning->cluster;
	struct queue_move_jobs jobs = {.action = QUEUE_AWAY};
	int rc = SB_OK;

	for (size_t at = 0; at < cluster->row_count && !rc;) {
		const struct queue_unit unit = queue_next_unit(cluster, at);

		rc = consider_unit(planning, &unit, &jobs);
		at += unit.count;
	}
	if (!rc)
		rc = cut_moves(planning, &jobs);
	if (!rc)
		rc = queue_move_all(planning, &jobs);
	free(jobs.list);
	return rc;
}
