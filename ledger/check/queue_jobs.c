/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The records of a job, and the tasks that change them in Slurm. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/check/queueing.h"

static int compare_rows(const void *a, const void *b)
{
	const struct queued_row *x = a, *y = b;
	int order = job_id_compare(x->id, y->id);

	/* The record of the waiting tasks, which a number names, comes first. */
	return order ? order : strcmp(x->record, y->record);
}

void queue_sort_rows(struct queued_row *rows, size_t count)
{
	array_sort(rows, count, compare_rows);
}

struct queue_unit queue_next_unit(const struct queue_cluster *cluster, size_t at)
{
	struct queue_unit unit = {cluster->rows[at].id, &cluster->rows[at], 0};

	while (at + unit.count < cluster->row_count &&
	       job_id_compare(unit.rows[unit.count].id, unit.id) == 0)
		unit.count++;
	return unit;
}

static int by_id(const void *key, const void *item)
{
	const struct job_id *id = key;

	return job_id_compare(*id, ((const struct queued_row *)item)->id);
}

/* Returns the records of a job; none if it has ended. */
struct queue_unit queue_find_unit(const struct queue_cluster *cluster, struct job_id id)
{
	size_t at;

	if (!array_search(cluster->rows, cluster->row_count, &id, by_id, &at))
		return (struct queue_unit){.id = id};
	while (at > 0 && job_id_compare(cluster->rows[at - 1].id, id) == 0)
		at--;
	return queue_next_unit(cluster, at);
}

/* Returns the first record that waits, in that QOS if it is not NULL; NULL without one. */
const struct queued_row *queue_waiting(const struct queue_unit *unit, const char *qos)
{
	for (size_t i = 0; i < unit->count; i++) {
		if (unit->rows[i].pending && (!qos || strcmp(unit->rows[i].qos, qos) == 0))
			return &unit->rows[i];
	}
	return NULL;
}

bool queue_has_qos(const struct queue_unit *unit, const char *qos)
{
	for (size_t i = 0; i < unit->count; i++) {
		if (strcmp(unit->rows[i].qos, qos) == 0)
			return true;
	}
	return false;
}

/* Whether all records that wait have the same QOS, time limit and account. */
bool queue_is_uniform(const struct queue_unit *unit)
{
	const struct queued_row *first = queue_waiting(unit, NULL);

	for (size_t i = 0; i < unit->count; i++) {
		const struct queued_row *row = &unit->rows[i];

		if (row->pending &&
		    (strcmp(row->qos, first->qos) != 0 || row->limit != first->limit ||
		     strcmp(row->account, first->account) != 0))
			return false;
	}
	return true;
}

/* ---- what became of a job that was to move ---- */

enum fate queue_fate(const struct queue_cluster *cluster, const struct queue_batch *batch,
		     const struct queue_unit *unit)
{
	bool away = batch->action == QUEUE_AWAY;
	const struct queued_row *there = queue_waiting(unit, batch->to_qos);

	if (unit->count == 0 && cluster->incomplete)
		return FATE_DONE; /* so that a job that is away stays in the list */
	if (queue_waiting(unit, batch->qos))
		return FATE_WAITS;
	if (there)
		return away || batch->time_limit < 0 || there->limit == batch->time_limit
			       ? FATE_DONE
			       : FATE_LIMIT;
	if (queue_waiting(unit, NULL))
		return FATE_LEFT;
	/* One that has started in the scavenger QOS is away, and may be queued again. */
	if (queue_has_qos(unit, away ? batch->to_qos : batch->qos))
		return away ? FATE_DONE : FATE_RUNS;
	return FATE_GONE;
}

/* ---- tasks ---- */

/* Returns the time limit to set along with the QOS. Since Slurm 25.05.6 a change of the QOS
 * replaces it. A limit that was none is set only if there is one now: squeue shows the same for a
 * job that asked for none and one that asked for "unlimited". */
static int64_t limit_to_set(const struct queue_batch *batch, const struct queued_row *row)
{
	if (batch->time_limit >= 0)
		return batch->time_limit;
	return batch->action == QUEUE_BACK && row->limit >= 0 ? QUEUE_LIMIT_NONE : QUEUE_LIMIT_KEEP;
}

int queue_begin_move(const struct queue_planning *planning, const char *account,
		     const struct queue_batch *batch)
{
	struct queue *queue = planning->queue;
	struct queue_move *move = array_add(queue->moves, queue->move_count);

	if (!move)
		return sb_error_nomem(planning->err);
	move->cluster = planning->at;
	move->batch = *batch;
	(void)snprintf(move->account, sizeof(move->account), "%s", account);
	return SB_OK;
}

/* Adds a task; without a record for all of the job. */
static int add_task(const struct queue_planning *planning, size_t move, struct job_id id,
		    const char *record, int64_t limit)
{
	struct queue *queue = planning->queue;
	struct queue_task *task = array_add(queue->tasks, queue->task_count);

	if (!task)
		return sb_error_nomem(planning->err);
	task->move = move;
	task->id = id;
	task->limit = limit;
	task->record = record;
	(void)job_id_text(task->number, id);
	return SB_OK;
}

const char *queue_task_name(const struct queue_task *task)
{
	return task->record ? task->record : task->number;
}

/* Whether each record that waits in the QOS has a name. */
static bool all_named(const struct queue_unit *unit, const char *qos)
{
	for (size_t i = 0; i < unit->count; i++) {
		const struct queued_row *row = &unit->rows[i];

		if (row->pending && strcmp(row->qos, qos) == 0 && !*row->record)
			return false;
	}
	return true;
}

/* Adds a task for each record that has to change, by its name. The job's number stands for a record
 * without a name if all its other records are to change too. */
int queue_add_tasks(const struct queue_planning *planning, size_t move,
		    const struct queue_unit *unit)
{
	const struct queue *queue = planning->queue;
	const struct queue_batch *batch = &queue->moves[move].batch;
	const struct queued_row *row = queue_waiting(unit, batch->qos);

	if (!row || (queue_is_uniform(unit) && !all_named(unit, batch->qos)))
		return add_task(planning, move, unit->id, NULL,
				row ? limit_to_set(batch, row) : batch->time_limit);
	for (size_t i = 0; i < unit->count; i++) {
		row = &unit->rows[i];
		/* Adding a task does not move the batch. */
		if (row->pending && strcmp(row->qos, batch->qos) == 0 && *row->record)
			TRY(add_task(planning, move, unit->id, row->record,
				     limit_to_set(batch, row)));
	}
	return SB_OK;
}

static int add_again(struct queue *queue, const struct queue_task *task, struct sb_error *err)
{
	const size_t at = queue->moves[task->move].cluster;
	const struct queue_planning planning = queue_plan_on(queue, NULL, at, err);
	const struct queue_unit unit = queue_find_unit(planning.cluster, task->id);
	enum fate fate = queue_fate(planning.cluster, &queue->moves[task->move].batch, &unit);

	return planning.cluster->read && (fate == FATE_WAITS || fate == FATE_LIMIT)
		       ? queue_add_tasks(&planning, task->move, &unit)
		       : SB_OK;
}

int queue_drop_done(struct queue *queue, struct sb_error *err)
{
	struct queue_task *tasks = queue->tasks;
	size_t count = queue->task_count;
	int rc = SB_OK;

	queue->tasks = NULL;
	queue->task_count = 0;
	for (size_t i = 0; i < count && !rc; i++) {
		/* A job has its tasks one after another. */
		if (i == 0 || tasks[i - 1].move != tasks[i].move ||
		    job_id_compare(tasks[i - 1].id, tasks[i].id) != 0)
			rc = add_again(queue, &tasks[i], err);
	}
	free(tasks);
	return rc;
}
