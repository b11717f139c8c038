/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records what became of the jobs that were to move. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/check/queueing.h"

#define REASON_NOT_MOVED "Slurm did not change it"
#define REASON_RUNS "it has started"
#define REASON_LIMIT "Slurm did not change its time limit"

static int compare_failures(const void *key, const void *item)
{
	const struct queue_failure *x = key, *y = item;

	if (x->move != y->move)
		return x->move > y->move ? 1 : -1;
	return job_id_compare(x->id, y->id);
}

static const char *failure_of(const struct queue *queue, size_t move, struct job_id id)
{
	const struct queue_failure key = {.move = move, .id = id};
	const struct queue_failure *found =
		array_find(queue->failures, queue->failure_count, &key, compare_failures);

	return found && *found->reason ? found->reason : REASON_NOT_MOVED;
}

/* Adds a job of the move to the list that its fate puts it in, and reports it. */
static int judge_outcome(const struct queue_planning *planning, size_t at, struct job_id id,
			 struct queue_lists *lists, char refused[JOB_IDS_MAX + 1], char reason[256])
{
	const struct queue_move *move = &planning->queue->moves[at];
	const struct queue_batch *batch = &move->batch;
	const struct queue_unit unit = queue_find_unit(planning->cluster, id);
	enum fate fate = queue_fate(planning->cluster, batch, &unit);
	const char *why;

	switch (fate) {
	case FATE_DONE:
		return queue_found_job(
			planning, batch->action == QUEUE_AWAY ? QUEUE_FOUND_AWAY : QUEUE_FOUND_BACK,
			move->account, batch, id, "");
	case FATE_GONE:
		(void)job_ids_add(lists->gone, id);
		return SB_OK;
	case FATE_LEFT:
		(void)job_ids_add(batch->action == QUEUE_AWAY ? lists->left : lists->gone, id);
		return queue_found_job(planning, QUEUE_FOUND_USER, move->account, batch, id,
				       REASON_USER);
	case FATE_RUNS:
	case FATE_LIMIT:
	case FATE_WAITS:
		break;
	}
	why = fate == FATE_RUNS	   ? REASON_RUNS
	      : fate == FATE_LIMIT ? REASON_LIMIT
				   : failure_of(planning->queue, at, id);
	(void)job_ids_add(refused, id);
	if (!*reason)
		(void)snprintf(reason, 256, "%s", why);
	/* It is reported once. */
	return fate == FATE_RUNS || batch->refused > 0
		       ? SB_OK
		       : queue_found_job(planning, QUEUE_FOUND_REFUSED, move->account, batch, id,
					 why);
}

static int record_move(const struct queue_planning *planning, size_t at, struct queue_lists *lists)
{
	const struct queue_move *move = &planning->queue->moves[at];
	const struct account *account;
	char reason[256] = "", refused[JOB_IDS_MAX + 1] = "";
	bool under_way = false;

	TRY(books_account(planning->books, move->account, &account, planning->err));
	*lists = (struct queue_lists){.outcome = OUTCOME_LEFT};
	for (size_t i = 0; i < account->queue_job_count; i++) {
		const struct queue_job *job = &account->queue_jobs[i];

		if (job->batch != move->batch.seq)
			continue;
		if (job->state != QUEUE_UNDER_WAY) {
			if (!planning->cluster->incomplete &&
			    queue_find_unit(planning->cluster, job->id).count == 0)
				(void)job_ids_add(lists->gone, job->id);
			continue;
		}
		under_way = true;
		TRY(judge_outcome(planning, at, job->id, lists, refused, reason));
	}
	/* One entry has one outcome: the next check finds again what users moved. */
	if (*refused) {
		memcpy(lists->left, refused, sizeof(refused));
		lists->outcome = OUTCOME_FAILED;
	} else if (*lists->left) {
		(void)snprintf(reason, sizeof(reason), "%s", REASON_USER);
	}
	return under_way ? queue_append_outcome(planning, move->account, move->batch.seq, lists,
						reason)
			 : SB_OK;
}

int queue_record(struct books *books, void *ctx, struct sb_error *err)
{
	struct queue *queue = ctx;
	struct queue_lists *lists = malloc(sizeof(*lists));
	int rc = lists ? SB_OK : sb_error_nomem(err);

	queue->finding_count = 0;
	queue->began = books_head(books)->seq;
	for (size_t i = 0; i < queue->move_count && !rc; i++) {
		const struct queue_planning planning =
			queue_plan_on(queue, books, queue->moves[i].cluster, err);

		if (planning.cluster->read)
			rc = record_move(&planning, i, lists);
	}
	free(lists);
	queue->head = *books_head(books);
	return rc;
}

/* ---- a cluster that is gone ---- */

static int forget_batch(struct books *books, const struct account *account, uint64_t seq,
			size_t *count, struct sb_error *err)
{
	char gone[JOB_IDS_MAX + 1] = "";
	struct event event = {.kind = EVENT_QUEUED,
			      .account = account->name,
			      .answers = seq,
			      .gone = gone,
			      .reason = "the cluster was let go"};

	for (size_t i = 0; i < account->queue_job_count; i++) {
		if (account->queue_jobs[i].batch != seq)
			continue;
		(void)job_ids_add(gone, account->queue_jobs[i].id);
		(*count)++;
	}
	return books_append(books, &event, err);
}

int queue_forget(struct books *books, const char *cluster, size_t *ret, struct sb_error *err)
{
	size_t count;

	*ret = 0;
	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < count; i++) {
		const struct account *account = books_at(books, i);

		/* Backward, since a batch leaves the list. */
		for (size_t j = account->queue_batch_count; j-- > 0;) {
			const struct queue_batch *batch = &account->queue_batches[j];

			if (strcmp(batch->cluster, cluster) == 0)
				TRY(forget_batch(books, account, batch->seq, ret, err));
		}
	}
	return SB_OK;
}
