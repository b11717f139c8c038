/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/queue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/frame/messages.h"
#include "cmd/frame/status_line.h"
#include "ledger/base/array.h"
#include "ledger/base/text.h"
#include "ledger/check/queue.h"
#include "slurm/scontrol.h"
#include "slurm/squeue.h"

/* A job that Slurm did not change is asked for once more: slurmctld may have been too busy. */
enum { TRIES = 2 };

struct work {
	struct env *env;
	struct check *check;
	struct queue queue;
	struct queued_jobs *queued; /* by cluster */
	char (**records)[JOB_ID_SIZE]; /* by cluster: the numbers of its rows */
	struct queue_failure *failures;
	char (*reasons)[256]; /* by task */
	bool told; /* odd rows were reported */
	bool *dead; /* by cluster: scontrol did not run to its end */
	bool unsure; /* any is */
};

/* ---- rows ---- */

static void release_rows(struct work *work)
{
	for (size_t i = 0; i < work->queue.cluster_count; i++) {
		struct queue_cluster *cluster = &work->queue.clusters[i];

		queued_jobs_release(&work->queued[i]);
		free(cluster->rows);
		free(work->records[i]);
		work->records[i] = NULL;
		cluster->rows = NULL;
		cluster->row_count = 0;
		cluster->read = false;
	}
}

static void fill_row(const struct queued_job *job, char number[JOB_ID_SIZE], struct queued_row *row)
{
	int64_t id = job->part >= 0 ? job->first : job->array ? job->array : job->number;

	*row = (struct queued_row){.id = {(uint32_t)id, (uint16_t)(job->part + 1)},
				   .record = job->rest ? job->tasks : number,
				   .pending = job->pending,
				   .limit = job->limit,
				   .qos = job->qos,
				   .account = job->account};
	if (job->part >= 0)
		(void)job_id_text(number, row->id);
	else
		(void)snprintf(number, JOB_ID_SIZE, "%" PRId64, job->number);
}

/* Makes the rows of a cluster from squeue's. */
static int make_rows(struct work *work, size_t at, struct sb_error *err)
{
	const struct queued_jobs *queued = &work->queued[at];
	struct queue_cluster *cluster = &work->queue.clusters[at];
	struct queued_row *rows = calloc(queued->count + 1, sizeof(*rows));

	work->records[at] = calloc(queued->count + 1, JOB_ID_SIZE);
	cluster->rows = rows;
	if (!rows || !work->records[at])
		return sb_error_nomem(err);
	for (size_t i = 0; i < queued->count; i++)
		fill_row(&queued->list[i], work->records[at][i], &rows[i]);
	queue_sort_rows(rows, queued->count);
	cluster->row_count = queued->count;
	cluster->incomplete = queued->odd.count > 0;
	cluster->read = true;
	return SB_OK;
}

static void warn_odd(struct work *work, const char *cluster, const struct odd_rows *odd)
{
	char text[ODD_ROW_TEXT_SIZE];

	if (odd->count > 0 && !work->told)
		warning(work->env,
			"%s: %zu line%s of squeue cannot be used, and such jobs are not moved: %s",
			cluster, odd->count, odd->count == 1 ? "" : "s",
			odd_row_text(text, &odd->list[0]));
}

/* Reads the jobs of all clusters. One that does not answer is left to the next check. */
static int read_rows(struct work *work)
{
	struct env *env = work->env;
	int status = EXIT_DONE;

	release_rows(work);
	for (size_t i = 0; i < work->queue.cluster_count; i++) {
		const struct queue_cluster *cluster = &work->queue.clusters[i];
		const char *name = cluster->observation->cluster;
		struct sb_error err;

		if (cluster->ask_count > 0)
			stage(env, "reads queued jobs of %s", name);
		if (squeue_read_queued(&env->slurm, name, cluster->asks, cluster->ask_count,
				       &work->queued[i], &err) ||
		    make_rows(work, i, &err)) {
			warning(env, "%s: queued jobs are left as they are: %s", name, err.text);
			status = EXIT_PART;
			continue;
		}
		warn_odd(work, name, &work->queued[i].odd);
		if (work->queued[i].odd.count > 0)
			status = EXIT_PART;
	}
	work->told = true;
	return status;
}

/* ---- reports ---- */

static void report_finding(struct env *env, const struct queue_finding *finding, bool dry)
{
	const char *account = finding->account, *cluster = finding->cluster;
	const char *s = finding->jobs == 1 ? "" : "s";

	switch (finding->kind) {
	case QUEUE_FOUND_AWAY:
		report(env, "%s: %zu queued job%s on %s %s from QOS %s to %s", account,
		       finding->jobs, s, cluster, dry ? "would move" : "moved", finding->qos,
		       finding->to_qos);
		break;
	case QUEUE_FOUND_BACK:
		report(env, "%s: %zu queued job%s on %s %s to QOS %s", account, finding->jobs, s,
		       cluster, dry ? "would go back" : "went back", finding->to_qos);
		break;
	case QUEUE_FOUND_LEFT:
		warning(env,
			"%s: %zu queued job%s on %s could not be moved from QOS %s to %s, and from "
			"now on %s left alone (%s): %s",
			account, finding->jobs, s, cluster, finding->qos, finding->to_qos,
			finding->jobs == 1 ? "is" : "are", finding->list, finding->reason);
		break;
	case QUEUE_FOUND_REFUSED:
		warning(env,
			"%s: %zu queued job%s on %s could not be moved from QOS %s to %s, and "
			"checks try again every hour (%s): %s",
			account, finding->jobs, s, cluster, finding->qos, finding->to_qos,
			finding->list, finding->reason);
		break;
	case QUEUE_FOUND_LATER:
		report(env,
		       "%s: %zu more queued job%s on %s %s with the next checks: their time "
		       "limits are too many",
		       account, finding->jobs, s, cluster, finding->jobs == 1 ? "moves" : "move");
		break;
	case QUEUE_FOUND_USER:
		report(env,
		       "%s: %zu queued job%s on %s got another QOS from the user, and %s left "
		       "alone "
		       "(%s)",
		       account, finding->jobs, s, cluster, finding->jobs == 1 ? "is" : "are",
		       finding->list);
		break;
	case QUEUE_FOUND_OVER:
		warning(env,
			"%s: %zu more queued job%s on %s stay%s in their QOS: no more than %d of "
			"an account are moved",
			account, finding->jobs, s, cluster, finding->jobs == 1 ? "s" : "",
			QUEUE_JOBS_MAX);
		break;
	}
}

/* Returns EXIT_PART if any is a problem. */
static int report_all(const struct work *work)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < work->queue.finding_count; i++) {
		const struct queue_finding *finding = &work->queue.findings[i];

		report_finding(work->env, finding, work->queue.dry);
		if (finding->kind == QUEUE_FOUND_LEFT || finding->kind == QUEUE_FOUND_REFUSED ||
		    finding->kind == QUEUE_FOUND_OVER)
			status = EXIT_PART;
	}
	return status;
}

/* ---- scontrol ---- */

static const struct queue_move *move_of(const struct work *work, size_t task)
{
	return &work->queue.moves[work->queue.tasks[task].move];
}

/* Compares what one call sets. */
static int compare_calls(const struct work *work, size_t a, size_t b)
{
	const struct queue_move *x = move_of(work, a), *y = move_of(work, b);
	int64_t left = work->queue.tasks[a].limit, right = work->queue.tasks[b].limit;
	int order = (x->cluster > y->cluster) - (x->cluster < y->cluster);

	/* Returns come first: those jobs are paid for. */
	order = order ? order : y->batch.action - x->batch.action;
	order = order ? order : strcmp(x->batch.to_qos, y->batch.to_qos);
	return order ? order : (left > right) - (left < right);
}

struct by_call {
	const struct work *work;
	size_t task;
};

static int by_call(const void *a, const void *b)
{
	const struct by_call *x = a, *y = b;
	int order = compare_calls(x->work, x->task, y->task);

	return order ? order : (x->task > y->task) - (x->task < y->task);
}

/* Sets the QOS of [count] tasks in one go. */
static void move_jobs(struct work *work, const struct by_call *calls, size_t count,
		      const char **jobs)
{
	struct env *env = work->env;
	const struct queue_move *move = move_of(work, calls->task);
	const char *cluster = work->queue.clusters[move->cluster].observation->cluster;
	struct sb_error err;
	int code;

	/* Each further call would last until its deadline, too. */
	if (work->dead[move->cluster])
		return;
	for (size_t i = 0; i < count; i++)
		jobs[i] = queue_task_name(&work->queue.tasks[calls[i].task]);
	stage(env, "moves %zu queued job%s on %s to QOS %s", count, count == 1 ? "" : "s", cluster,
	      move->batch.to_qos);
	code = scontrol_move_jobs(&env->slurm, cluster, jobs, count, move->batch.to_qos,
				  work->queue.tasks[calls->task].limit, &err);
	if (code == SB_OK)
		return;
	/* If it did not run, nothing is known of these jobs. */
	if (code != SB_EFAILED) {
		work->unsure = work->dead[move->cluster] = true;
		warning(env, "%s: queued jobs could not be moved, the next check tries again: %s",
			cluster, err.text);
	}
	for (size_t i = 0; i < count; i++)
		text_escape(work->reasons[calls[i].task], 256, err.text);
}

static int carry_out_tasks(struct work *work)
{
	size_t count = work->queue.task_count;
	struct by_call *calls = calloc(count + 1, sizeof(*calls));
	const char **jobs = calloc(count + 1, sizeof(*jobs));
	struct sb_error err;
	int status = EXIT_DONE;

	if (!calls || !jobs) {
		sb_error_nomem(&err);
		status = fail(work->env, &err);
	}
	for (size_t i = 0; i < count && status == EXIT_DONE; i++) {
		calls[i] = (struct by_call){work, i};
		work->reasons[i][0] = '\0';
	}
	if (status == EXIT_DONE && count > 1)
		qsort(calls, count, sizeof(*calls), by_call);
	for (size_t i = 0, end; i < count && status == EXIT_DONE; i = end) {
		end = i + 1;
		while (end < count && compare_calls(work, calls[i].task, calls[end].task) == 0)
			end++;
		move_jobs(work, calls + i, end - i, jobs);
	}
	free(calls);
	free(jobs);
	return status;
}

/* Tells the queue why the remaining tasks failed. */
static void note_failures(struct work *work)
{
	struct queue *queue = &work->queue;

	queue->failure_count = 0;
	for (size_t i = 0; i < queue->task_count; i++) {
		const struct queue_task *task = &queue->tasks[i];
		struct queue_failure *failure = &work->failures[queue->failure_count];

		if (i > 0 && task[-1].move == task->move &&
		    job_id_compare(task[-1].id, task->id) == 0)
			continue;
		*failure = (struct queue_failure){task->move, task->id, work->reasons[i]};
		queue->failure_count++;
	}
	queue->failures = work->failures;
}

static int record(struct work *work)
{
	struct queue *queue = &work->queue;
	struct sb_error err;

	if (bank_write(work->env->bank, work->env->os.now(), queue_record, queue, &err))
		return fail(work->env, &err);
	if (work->check->head.seq == queue->began)
		work->check->head = queue->head;
	return report_all(work);
}

/* Carries out the tasks, twice where need be, and records the outcomes. */
static int carry_out(struct work *work)
{
	int status = EXIT_DONE, recorded;
	struct sb_error err;

	work->failures = calloc(work->queue.task_count + 1, sizeof(*work->failures));
	work->reasons = calloc(work->queue.task_count + 1, sizeof(*work->reasons));
	if (!work->failures || !work->reasons) {
		sb_error_nomem(&err);
		return fail(work->env, &err);
	}
	for (int try = 0; try < TRIES && work->queue.task_count > 0; try++) {
		status = carry_out_tasks(work);
		if (status != EXIT_DONE || work->unsure)
			return status == EXIT_DONE ? EXIT_PART : status;
		status = read_rows(work);
		if (try == TRIES - 1)
			note_failures(work);
		if (queue_drop_done(&work->queue, &err))
			return fail(work->env, &err);
	}
	if (status != EXIT_DONE && status != EXIT_PART)
		return status;
	recorded = record(work);
	return status == EXIT_DONE ? recorded : EXIT_PART;
}

/* ---- the whole ---- */

/* Runs a step of the ledger in a transaction, which a dry run does not commit. */
static int step(struct work *work, books_fn *fn)
{
	struct env *env = work->env;
	struct sb_error err;

	return bank_write(env->bank, env->os.now(), fn, &work->queue, &err) ? fail(env, &err)
									    : EXIT_DONE;
}

/* Whether there is nothing to read and nothing to record. */
static bool is_idle(const struct work *work)
{
	for (size_t i = 0; i < work->queue.cluster_count; i++) {
		if (work->queue.clusters[i].ask_count > 0)
			return false;
	}
	/* A whole check knows whether accounts that left their cluster have jobs away. */
	return work->queue.only_count > 0 || !work->check->queues;
}

static int plan_and_carry_out(struct work *work, bool *made)
{
	struct queue *queue = &work->queue;
	int status = step(work, queue_scope), read;

	if (status != EXIT_DONE || is_idle(work))
		return status;
	read = read_rows(work);
	status = step(work, queue_plan);
	if (status != EXIT_DONE)
		return status;
	if (!queue->dry && work->check->head.seq == queue->began)
		work->check->head = queue->head;
	*made = *made || (!queue->dry && queue->head.seq > queue->began);
	status = report_all(work);
	if (!queue->dry && queue->move_count > 0) {
		int done = carry_out(work);

		status = status == EXIT_DONE ? done : status;
	}
	return status == EXIT_DONE ? read : status;
}

int queue_run(struct env *env, struct check *check, bool dry, bool *made)
{
	struct work work = {.env = env, .check = check};
	struct sb_error err;
	int status = EXIT_DONE;

	if (check->only_count == 0 && !check->queues)
		return EXIT_DONE;
	if (queue_new(check->observations, check->observation_count, &work.queue, &err)) {
		queue_release(&work.queue);
		return fail(env, &err);
	}
	work.queue.rules = check->rules;
	work.queue.only = check->only;
	work.queue.only_count = check->only_count;
	work.queue.enabled = env->settings.move_queued;
	work.queue.dry = dry ? check : NULL;
	work.queued = calloc(work.queue.cluster_count + 1, sizeof(*work.queued));
	work.records = calloc(work.queue.cluster_count + 1, sizeof(*work.records));
	work.dead = calloc(work.queue.cluster_count + 1, sizeof(*work.dead));
	if (work.queued && work.records && work.dead) {
		status = plan_and_carry_out(&work, made);
		release_rows(&work);
	} else {
		sb_error_nomem(&err);
		status = fail(env, &err);
	}
	free(work.queued);
	free(work.records);
	free(work.dead);
	free(work.failures);
	free(work.reasons);
	queue_release(&work.queue);
	return status;
}
