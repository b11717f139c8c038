/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of entries about queued jobs, and the list of those jobs in the account's state. */
#include <string.h>

#include "ledger/account/applying.h"
#include "ledger/base/array.h"

int queue_job_compare(const void *a, const void *b)
{
	const struct queue_job *x = a, *y = b;
	int order = job_id_compare(x->id, y->id);

	return order ? order : (x->batch > y->batch) - (x->batch < y->batch);
}

static int by_seq(const void *key, const void *item)
{
	const uint64_t *seq = key;
	const struct queue_batch *batch = item;

	return (*seq > batch->seq) - (*seq < batch->seq);
}

static struct queue_batch *find_batch(const struct account *account, uint64_t seq)
{
	size_t at;

	return array_search(account->queue_batches, account->queue_batch_count, &seq, by_seq, &at)
		       ? &account->queue_batches[at]
		       : NULL;
}

const struct queue_batch *account_queue_batch(const struct account *account, uint64_t seq)
{
	return find_batch(account, seq);
}

/* Two clusters may have jobs of the same number. */
static struct queue_job *find_job(const struct account *account, const char *cluster,
				  struct job_id id)
{
	const struct queue_job key = {.id = id};
	size_t at;

	(void)array_search(account->queue_jobs, account->queue_job_count, &key, queue_job_compare,
			   &at);
	for (; at < account->queue_job_count; at++) {
		struct queue_job *job = &account->queue_jobs[at];

		if (job_id_compare(job->id, id) != 0)
			break;
		if (strcmp(account_queue_batch(account, job->batch)->cluster, cluster) == 0)
			return job;
	}
	return NULL;
}

const struct queue_job *account_queue_job(const struct account *account, const char *cluster,
					  struct job_id id)
{
	return find_job(account, cluster, id);
}

/* Removes the batches of which no job is left. */
static void drop_empty(struct account *account)
{
	size_t kept = 0;

	for (size_t i = 0; i < account->queue_batch_count; i++)
		account->queue_batches[i].jobs = 0;
	for (size_t i = 0; i < account->queue_job_count; i++)
		find_batch(account, account->queue_jobs[i].batch)->jobs++;
	for (size_t i = 0; i < account->queue_batch_count; i++) {
		if (account->queue_batches[i].jobs > 0)
			account->queue_batches[kept++] = account->queue_batches[i];
	}
	account->queue_batch_count = kept;
}

static int add_job(struct account *account, const struct event *event, struct job_id id,
		   struct sb_error *err)
{
	const struct queue_job new = {.id = id, .state = QUEUE_UNDER_WAY, .batch = event->seq};
	struct queue_job *job;
	size_t at;

	if (find_job(account, event->cluster, id))
		return rule_broken(event, err, "a job was moved before");
	if (account->queue_job_count >= QUEUE_JOBS_MAX)
		return rule_broken(event, err, "too many jobs are away");
	(void)array_search(account->queue_jobs, account->queue_job_count, &new, queue_job_compare,
			   &at);
	job = array_insert(account->queue_jobs, account->queue_job_count, at);
	if (!job)
		return sb_error_nomem(err);
	*job = new;
	return SB_OK;
}

static int return_job(struct account *account, const struct event *event, struct job_id id,
		      struct sb_error *err)
{
	struct queue_job *job = find_job(account, event->cluster, id);
	const struct queue_batch *batch = job ? account_queue_batch(account, job->batch) : NULL;

	if (!job || job->state != QUEUE_MOVED || batch->action != QUEUE_AWAY)
		return rule_broken(event, err, "a job is not away");
	if (strcmp(batch->qos, event->to_qos) != 0 || strcmp(batch->to_qos, event->qos) != 0 ||
	    batch->time_limit != event->time_limit)
		return rule_broken(event, err, "a job had another QOS or time limit");
	job->batch = event->seq;
	job->state = QUEUE_UNDER_WAY;
	return SB_OK;
}

int apply_queue(struct account *account, const struct event *event, struct sb_error *err)
{
	struct queue_batch *batch = array_add(account->queue_batches, account->queue_batch_count);
	struct job_id id;

	if (!batch)
		return sb_error_nomem(err);
	if (account->queue_job_count == 0)
		account->queue_time = event->time;
	batch->seq = event->seq;
	batch->action = event->action;
	batch->time_limit = event->time_limit;
	account_copy_text(batch->cluster, sizeof(batch->cluster), event->cluster);
	account_copy_text(batch->qos, sizeof(batch->qos), event->qos);
	account_copy_text(batch->to_qos, sizeof(batch->to_qos), event->to_qos);
	for (const char *rest = event->jobs; job_ids_next(&rest, &id);)
		TRY(event->action == QUEUE_AWAY ? add_job(account, event, id, err)
						: return_job(account, event, id, err));
	/* A job that returns has left the batch in which it went away. */
	if (event->action == QUEUE_BACK) {
		array_sort(account->queue_jobs, account->queue_job_count, queue_job_compare);
		drop_empty(account);
	}
	return SB_OK;
}

/* Returns the state of a job of the batch after an outcome that does not remove it. */
static uint8_t state_after(const struct queue_job *job, bool left, uint8_t outcome)
{
	if (left && outcome == OUTCOME_FAILED && job->state == QUEUE_UNDER_WAY)
		return QUEUE_UNDER_WAY;
	if (left)
		return QUEUE_LEFT;
	return job->state == QUEUE_UNDER_WAY ? QUEUE_MOVED : job->state;
}

int apply_queued(struct account *account, const struct event *event, struct sb_error *err)
{
	struct queue_batch *batch = find_batch(account, event->answers);
	const char *left_alone = event->left ? event->left : "";
	const char *not_waiting = event->gone ? event->gone : "";
	size_t kept = 0, named = 0;

	if (!batch)
		return rule_broken(event, err, "it answers no entry whose jobs are away");
	for (size_t i = 0; i < account->queue_job_count; i++) {
		struct queue_job job = account->queue_jobs[i];
		bool back = batch->action == QUEUE_BACK && job.state == QUEUE_UNDER_WAY;

		if (job.batch == batch->seq) {
			bool gone = job_ids_have(not_waiting, job.id);
			bool left = job_ids_have(left_alone, job.id);

			if (gone && left)
				return rule_broken(event, err, "a job is in both lists");
			named += gone || left;
			if (gone || (back && !left))
				continue;
			job.state = state_after(&job, left, event->outcome);
		}
		account->queue_jobs[kept++] = job;
	}
	if (named != job_ids_count(left_alone) + job_ids_count(not_waiting))
		return rule_broken(event, err, "it names a job that is not of that entry");
	account->queue_job_count = kept;
	if (*left_alone && event->outcome == OUTCOME_FAILED)
		batch->refused = event->time;
	drop_empty(account);
	if (*not_waiting)
		account->queue_time = event->time;
	return SB_OK;
}
