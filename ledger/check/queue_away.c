/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The jobs that are away: completes moves without an outcome, records which jobs are gone, and
 * moves back those that may return. */
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/base/when.h"
#include "ledger/check/queueing.h"

#define REFUSED_PERIOD (3600 * WHEN_SECOND)
/* Jobs that start or end one by one are recorded together, this often at most. */
#define GONE_PERIOD (3600 * WHEN_SECOND)
/* So many are recorded at once: they take up room in the list. */
enum { GONE_MANY = QUEUE_JOBS_MAX / 10 };

/* What is planned for one of them. */
enum verdict {
	VERDICT_KEEP,
	VERDICT_DONE, /* the move that had no outcome yet has happened */
	VERDICT_RETRY, /* it has not: again */
	VERDICT_LATER, /* again, but not yet */
	VERDICT_GONE,
	VERDICT_LEFT,
	VERDICT_RETURN,
};

/* Decides about a job that still has to move: Slurm is asked again an hour after it refused. */
static enum verdict try_again(const struct queue_planning *planning,
			      const struct queue_batch *batch)
{
	bool waits =
		batch->refused > 0 && books_time(planning->books) - batch->refused < REFUSED_PERIOD;

	return waits ? VERDICT_LATER : VERDICT_RETRY;
}

static int judge_under_way(const struct queue_planning *planning, const struct queue_batch *batch,
			   const struct queue_unit *unit, enum verdict *ret)
{
	struct queue_place place = {0};

	switch (queue_fate(planning->cluster, batch, unit)) {
	case FATE_DONE:
		*ret = VERDICT_DONE;
		break;
	case FATE_GONE:
		*ret = VERDICT_GONE;
		break;
	case FATE_LEFT:
		*ret = VERDICT_LEFT;
		break;
	case FATE_LIMIT:
		*ret = try_again(planning, batch);
		break;
	case FATE_RUNS:
		*ret = VERDICT_LATER;
		break;
	case FATE_WAITS:
		TRY(queue_find_place(planning, queue_waiting(unit, batch->qos)->account, &place));
		/* A return that has begun is completed in any case; a new move may follow. */
		*ret = batch->action == QUEUE_BACK || queue_wants_away(planning->queue, &place)
			       ? try_again(planning, batch)
			       : VERDICT_GONE;
		break;
	}
	return SB_OK;
}

/* Whether a record that waits in that QOS is in an account that nothing holds. */
static int may_return(const struct queue_planning *planning, const struct queue_unit *unit,
		      const char *qos, bool *ret)
{
	*ret = false;
	for (size_t i = 0; i < unit->count && !*ret; i++) {
		const struct queued_row *row = &unit->rows[i];
		struct queue_place place;

		if (!row->pending || strcmp(row->qos, qos) != 0)
			continue;
		TRY(queue_find_place(planning, row->account, &place));
		*ret = !place.held;
	}
	return SB_OK;
}

static int judge(const struct queue_planning *planning, const struct account *account,
		 const struct queue_job *job, enum verdict *ret)
{
	const struct queue_batch *batch = account_queue_batch(account, job->batch);
	const struct queue_unit unit = queue_find_unit(planning->cluster, job->id);
	bool returns;

	*ret = VERDICT_KEEP;
	if (job->state == QUEUE_UNDER_WAY)
		return judge_under_way(planning, batch, &unit, ret);
	if (unit.count == 0) {
		*ret = planning->cluster->incomplete ? VERDICT_KEEP : VERDICT_GONE;
		return SB_OK;
	}
	if (job->state == QUEUE_LEFT)
		return SB_OK;
	TRY(may_return(planning, &unit, batch->to_qos, &returns));
	if (returns)
		*ret = VERDICT_RETURN;
	else if (queue_waiting(&unit, NULL) && !queue_waiting(&unit, batch->to_qos))
		*ret = VERDICT_LEFT;
	/* One that runs there may be queued again. */
	else if (!queue_has_qos(&unit, batch->to_qos))
		*ret = VERDICT_GONE;
	return SB_OK;
}

struct judged {
	struct queue_job job;
	enum verdict verdict;
};

struct judging {
	const struct account *account;
	struct judged *list;
	size_t count;
};

/* Judges the account's jobs on the cluster. The list is a copy: appending changes the account. */
static int judge_all(const struct queue_planning *planning, struct judging *judging)
{
	const struct account *account = judging->account;
	const char *cluster = planning->cluster->observation->cluster;

	judging->list = calloc(account->queue_job_count + 1, sizeof(*judging->list));
	if (!judging->list)
		return sb_error_nomem(planning->err);
	for (size_t i = 0; i < account->queue_job_count; i++) {
		const struct queue_job *job = &account->queue_jobs[i];
		struct judged *to = &judging->list[judging->count];

		if (strcmp(account_queue_batch(account, job->batch)->cluster, cluster) != 0)
			continue;
		to->job = *job;
		TRY(judge(planning, account, job, &to->verdict));
		judging->count++;
	}
	return SB_OK;
}

static size_t count_verdicts(const struct judging *judging, enum verdict verdict)
{
	size_t count = 0;

	for (size_t i = 0; i < judging->count; i++)
		count += judging->list[i].verdict == verdict;
	return count;
}

/* Whether jobs that are gone are recorded now: because others are recorded anyway, or none is left,
 * or they are many, or it is time. */
static bool gone_is_due(const struct queue_planning *planning, const struct judging *judging)
{
	const struct account *account = judging->account;
	int64_t now = books_time(planning->books);
	size_t gone = count_verdicts(judging, VERDICT_GONE);

	return gone == judging->count ||
	       gone + count_verdicts(judging, VERDICT_KEEP) +
			       count_verdicts(judging, VERDICT_LATER) <
		       judging->count ||
	       gone >= GONE_MANY || now - account->queue_time >= GONE_PERIOD;
}

static int read_lists(const struct queue_planning *planning, const struct judging *judging,
		      const struct queue_batch *batch, bool gone, struct queue_lists *lists)
{
	*lists = (struct queue_lists){.outcome = OUTCOME_LEFT};
	for (size_t i = 0; i < judging->count; i++) {
		const struct judged *judged = &judging->list[i];

		if (judged->job.batch != batch->seq)
			continue;
		if (judged->verdict == VERDICT_LATER) {
			lists->later = true;
			continue;
		}
		lists->under_way = lists->under_way || judged->job.state == QUEUE_UNDER_WAY;
		lists->retry = lists->retry || judged->verdict == VERDICT_RETRY;
		/* They are of the batch, so they fit. */
		if (judged->verdict == VERDICT_LEFT) {
			(void)job_ids_add(lists->left, judged->job.id);
			TRY(queue_found_job(planning, QUEUE_FOUND_USER, judging->account->name,
					    batch, judged->job.id, REASON_USER));
		}
		if (judged->verdict == VERDICT_GONE && (gone || lists->under_way))
			(void)job_ids_add(lists->gone, judged->job.id);
	}
	return SB_OK;
}

int queue_append_outcome(const struct queue_planning *planning, const char *account, uint64_t batch,
			 const struct queue_lists *lists, const char *reason)
{
	struct event event = {.kind = EVENT_QUEUED,
			      .account = account,
			      .answers = batch,
			      .outcome = *lists->left ? lists->outcome : OUTCOME_DONE,
			      .left = lists->left,
			      .gone = lists->gone,
			      .reason = reason};

	return books_append(planning->books, &event, planning->err);
}

/* Reports the jobs whose move, which had no outcome, turns out to have happened. */
static int report_done(const struct queue_planning *planning, const struct judging *judging,
		       const struct queue_batch *batch)
{
	enum queue_found kind = batch->action == QUEUE_AWAY ? QUEUE_FOUND_AWAY : QUEUE_FOUND_BACK;

	for (size_t i = 0; i < judging->count && !planning->queue->dry; i++) {
		const struct judged *judged = &judging->list[i];

		if (judged->job.batch == batch->seq && judged->verdict == VERDICT_DONE)
			TRY(queue_found_job(planning, kind, judging->account->name, batch,
					    judged->job.id, ""));
	}
	return SB_OK;
}

/* Records which jobs of a return are gone or back, without those that wait for another try. */
static int keep_later(const struct queue_planning *planning, const struct judging *judging,
		      const struct queue_batch *batch, struct queue_lists *lists)
{
	if (!lists->under_way && !*lists->gone)
		return SB_OK;
	TRY(report_done(planning, judging, batch));
	lists->left[0] = '\0';
	lists->outcome = OUTCOME_FAILED;
	for (size_t i = 0; i < judging->count; i++) {
		const struct judged *judged = &judging->list[i];

		if (judged->job.batch == batch->seq && judged->verdict == VERDICT_LATER)
			(void)job_ids_add(lists->left, judged->job.id);
	}
	return queue_append_outcome(planning, judging->account->name, batch->seq, lists,
				    REASON_LATER);
}

/* Records what became of a batch, or adds the tasks that complete it. */
static int settle_batch(const struct queue_planning *planning, const struct judging *judging,
			const struct queue_batch *batch, bool gone, struct queue_lists *lists)
{
	const char *account = judging->account->name;

	TRY(read_lists(planning, judging, batch, gone, lists));
	/* An entry would say that those moved. The next try records the others too. */
	if (lists->later && !lists->retry)
		return batch->action == QUEUE_BACK ? keep_later(planning, judging, batch, lists)
						   : SB_OK;
	if (!lists->retry) {
		if (!lists->under_way && !*lists->left && !*lists->gone)
			return SB_OK;
		TRY(report_done(planning, judging, batch));
		return queue_append_outcome(planning, account, batch->seq, lists,
					    *lists->left ? REASON_USER : "");
	}
	TRY(queue_begin_move(planning, account, batch));
	for (size_t i = 0; i < judging->count; i++) {
		const struct judged *judged = &judging->list[i];
		struct queue_unit unit;

		if (judged->job.batch != batch->seq || judged->verdict != VERDICT_RETRY)
			continue;
		unit = queue_find_unit(planning->cluster, judged->job.id);
		TRY(queue_add_tasks(planning, planning->queue->move_count - 1, &unit));
	}
	return SB_OK;
}

/* Settles all batches of the account on the cluster. */
static int settle_batches(const struct queue_planning *planning, const struct judging *judging)
{
	const struct account *account = judging->account;
	const char *cluster = planning->cluster->observation->cluster;
	size_t count = account->queue_batch_count;
	struct queue_batch *batches = calloc(count + 1, sizeof(*batches));
	struct queue_lists *lists = malloc(sizeof(*lists));
	bool gone = gone_is_due(planning, judging);
	int rc = batches && lists ? SB_OK : sb_error_nomem(planning->err);

	if (!rc && count > 0)
		memcpy(batches, account->queue_batches, count * sizeof(*batches));
	for (size_t i = 0; i < count && !rc; i++) {
		if (strcmp(batches[i].cluster, cluster) == 0)
			rc = settle_batch(planning, judging, &batches[i], gone, lists);
	}
	free(batches);
	free(lists);
	return rc;
}

/* Records the return of jobs whose QOS is that of [batches], copies of the account's. */
static int return_jobs(const struct queue_planning *planning, const struct judging *judging,
		       const struct queue_batch *batches, size_t count)
{
	struct queue_move_jobs jobs = {.action = QUEUE_BACK};
	int rc = SB_OK;

	for (size_t i = 0; i < judging->count && !rc; i++) {
		const struct judged *judged = &judging->list[i];
		const struct queue_batch *batch = batches;

		if (judged->verdict != VERDICT_RETURN)
			continue;
		while (batch < batches + count && batch->seq != judged->job.batch)
			batch++;
		rc = queue_add_move(
			planning, &jobs,
			(struct queue_move_job){
				.account = judging->account,
				.unit = queue_find_unit(planning->cluster, judged->job.id),
				.qos = batch->to_qos,
				.to_qos = batch->qos,
				.limit = batch->time_limit});
	}
	if (!rc)
		rc = queue_move_all(planning, &jobs);
	free(jobs.list);
	return rc;
}

/* Moves back the account's jobs that may return. */
static int return_all(const struct queue_planning *planning, const struct account *account)
{
	size_t count = account->queue_batch_count;
	struct queue_batch *batches = calloc(count + 1, sizeof(*batches));
	struct judging judging = {.account = account};
	int rc = batches ? judge_all(planning, &judging) : sb_error_nomem(planning->err);

	if (!rc && count > 0)
		memcpy(batches, account->queue_batches, count * sizeof(*batches));
	if (!rc)
		rc = return_jobs(planning, &judging, batches, count);
	free(batches);
	free(judging.list);
	return rc;
}

/* Records what became of the account's jobs on the cluster, and moves back those that may return,
 * also those whose move away was completed just now. */
int queue_settle_account(const struct queue_planning *planning, const struct account *account)
{
	struct judging judging = {.account = account};
	int rc = judge_all(planning, &judging);

	if (!rc)
		rc = settle_batches(planning, &judging);
	free(judging.list);
	return rc ? rc : return_all(planning, account);
}
