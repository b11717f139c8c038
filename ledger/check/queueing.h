/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of queue.h share. queue.c finds the accounts and runs the plan, queue_jobs.c knows
 * the records of jobs, queue_away.c settles those that are away, queue_move.c records new moves,
 * queue_outcome.c their outcomes. */
#pragma once

#include "ledger/check/queue.h"

#define REASON_LATER "a later check tries again"
#define REASON_USER "its user gave it another QOS"

/* What is being planned: one cluster. */
struct queue_planning {
	struct queue *queue;
	struct books *books;
	struct sb_error *err;
	size_t at; /* index of the cluster */
	struct queue_cluster *cluster;
};

static inline struct queue_planning queue_plan_on(struct queue *queue, struct books *books,
						  size_t at, struct sb_error *err)
{
	return (struct queue_planning){queue, books, err, at, &queue->clusters[at]};
}

/* The accounts of the bank at and above an account in Slurm. */
struct queue_place {
	const struct account *nearest; /* NULL: the bank has none */
	bool held, scavenging, stopped;
	bool concerned; /* one of them is scavenging or has jobs away on the cluster */
};
int queue_find_place(const struct queue_planning *planning, const char *slurm_account,
		     struct queue_place *ret);

/* Whether a job there is to be away. */
static inline bool queue_wants_away(const struct queue *queue, const struct queue_place *place)
{
	return queue->enabled && place->scavenging && !place->stopped;
}

/* Whether the check covers the account or one above it: only then does it move the account's
 * jobs. */
bool queue_covers(const struct queue_planning *planning, const char *name);
/* Whether the account has jobs in its list that are on the cluster. */
bool queue_has_jobs_on(const struct account *account, const char *cluster);

/* Counts one job in the finding of its kind, batch and reason. */
int queue_found_job(const struct queue_planning *planning, enum queue_found kind,
		    const char *account, const struct queue_batch *batch, struct job_id id,
		    const char *reason);

/* All records of one job. */
struct queue_unit {
	struct job_id id;
	const struct queued_row *rows;
	size_t count;
};

/* Returns the records of the job whose first is row [at]. */
struct queue_unit queue_next_unit(const struct queue_cluster *cluster, size_t at);
/* Returns the records of a job; none if it has ended. */
struct queue_unit queue_find_unit(const struct queue_cluster *cluster, struct job_id id);
/* Returns the first record that waits, in that QOS if it is not NULL; NULL without one. */
const struct queued_row *queue_waiting(const struct queue_unit *unit, const char *qos);
/* Whether any record is in that QOS. */
bool queue_has_qos(const struct queue_unit *unit, const char *qos);
/* Whether all records that wait have the same QOS, time limit and account. */
bool queue_is_uniform(const struct queue_unit *unit);

/* What became of a job that was to move. */
enum fate {
	FATE_DONE, /* it has moved */
	FATE_WAITS, /* it still has to */
	FATE_GONE, /* it does not wait any more */
	FATE_LEFT, /* its user gave it a QOS that is neither of the two */
	FATE_LIMIT, /* it has moved, but has not got its time limit */
	FATE_RUNS, /* it was to return and has started; it may be queued again */
};
enum fate queue_fate(const struct queue_cluster *cluster, const struct queue_batch *batch,
		     const struct queue_unit *unit);

/* Adds the batch to the moves that are to be carried out. */
int queue_begin_move(const struct queue_planning *planning, const char *account,
		     const struct queue_batch *batch);
/* Adds the tasks for a job of the move with that index. */
int queue_add_tasks(const struct queue_planning *planning, size_t move,
		    const struct queue_unit *unit);

/* Records what became of the account's jobs on the cluster, and moves back those that may
 * return. */
int queue_settle_account(const struct queue_planning *planning, const struct account *account);

/* What a `queued` entry has. */
struct queue_lists {
	char left[JOB_IDS_MAX + 1], gone[JOB_IDS_MAX + 1];
	uint8_t outcome; /* OUTCOME_LEFT or, where a later check tries again, OUTCOME_FAILED */
	bool under_way, retry;
	bool later; /* some wait for another try */
};
int queue_append_outcome(const struct queue_planning *planning, const char *account, uint64_t batch,
			 const struct queue_lists *lists, const char *reason);

/* A job that is to move. */
struct queue_move_job {
	const struct account *account;
	struct queue_unit unit;
	const char *qos, *to_qos; /* from and to */
	int64_t limit; /* that of the batch */
	const char *why_not; /* it cannot; NULL: it can */
};

struct queue_move_jobs {
	struct queue_move_job *list;
	size_t count;
	enum queue_action action;
};

int queue_add_move(const struct queue_planning *planning, struct queue_move_jobs *jobs,
		   struct queue_move_job job);
/* Records the moves, one entry for jobs of an account with the same QOS and time limit, and adds
 * the tasks. Sorts the jobs. */
int queue_move_all(const struct queue_planning *planning, struct queue_move_jobs *jobs);
/* Moves the jobs that are to be away and are not. */
int queue_move_away(const struct queue_planning *planning);
