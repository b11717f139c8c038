/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queued jobs of spent accounts: plans which of them move to the scavenger QOS, and which return
 * from it. A job belongs to the nearest account of the bank at or above its account in Slurm. It is
 * to be away if an account of the bank there or further up is scavenging, and none is held in a way
 * that holds the scavenger QOS too. It is to return when none is held.
 *
 * The entry of a move is recorded before Slurm is asked, and its outcome after the jobs were read
 * again. A move without an outcome is completed by the next check. */
#pragma once

#include "ledger/check/check.h"

/* A record of a job that has not ended, as slurmctld has it. The waiting tasks of an array share
 * one, and others may have their own. */
struct queued_row {
	struct job_id id; /* of the job; of an array for all its tasks */
	const char *record; /* names this record alone, as scontrol takes it; "": nothing does.
			       Valid until the rows are read again */
	bool pending;
	int64_t limit; /* minutes; -1: none */
	const char *qos;
	const char *account; /* in Slurm */
};

/* A cluster whose jobs may have to move. */
struct queue_cluster {
	const struct observation *observation;
	struct tree tree;
	const char *
		*asks; /* out of queue_scope(): the accounts whose jobs must be read, sorted: all of
			  the cluster, since jobs and tasks can change their account; or none */
	size_t ask_count;
	bool read; /* in: they were read, and these are the records: */
	struct queued_row *rows; /* by id; queue_sort_rows() */
	size_t row_count;
	bool incomplete; /* some could not be parsed: a job without a record may still wait */
};

void queue_sort_rows(struct queued_row *rows, size_t count);

/* A `queue` entry that is to be carried out. */
struct queue_move {
	char account[NAME_SIZE]; /* in the bank */
	size_t cluster; /* index */
	struct queue_batch batch;
};

/* What to tell Slurm about one record. */
enum { QUEUE_LIMIT_KEEP = -1, QUEUE_LIMIT_NONE = -2 };
struct queue_task {
	size_t move; /* index */
	struct job_id id;
	const char *record; /* that of a row; NULL: all records, which [number] names */
	char number[JOB_ID_SIZE];
	int64_t limit; /* the time limit to set along with the QOS, minutes; or one of the above */
};

enum queue_found {
	QUEUE_FOUND_AWAY, /* [jobs] moved from [qos] to [to_qos], or in a dry run would */
	QUEUE_FOUND_BACK, /* the same, back to the QOS that they had */
	QUEUE_FOUND_LEFT, /* ! these are not moved, for [reason] */
	QUEUE_FOUND_REFUSED, /* ! Slurm refused, for [reason]; a later check tries again */
	QUEUE_FOUND_LATER, /* so many more move with the next checks */
	QUEUE_FOUND_USER, /* these got another QOS from their user, and are left alone */
	QUEUE_FOUND_OVER, /* ! so many more than QUEUE_JOBS_MAX would have to move */
};

struct queue_finding {
	enum queue_found kind;
	char account[NAME_SIZE];
	char cluster[NAME_SIZE];
	char qos[NAME_SIZE], to_qos[NAME_SIZE];
	size_t jobs;
	char list[128]; /* their numbers, cut if they are many */
	char reason[256];
};

/* Why Slurm did not move a job. */
struct queue_failure {
	size_t move; /* index */
	struct job_id id;
	const char *reason;
};

struct queue {
	/* in */
	const struct rules *rules;
	const char *const *only; /* the accounts of the check; none: all */
	size_t only_count;
	bool enabled; /* the setting: jobs move to the scavenger QOS. Jobs that are away return
			 anyway */
	struct check *dry; /* of a dry run: queue_scope() and queue_plan() plan it first, since
			      nothing of it was recorded; NULL: not a dry run */
	struct queue_cluster *clusters;
	size_t cluster_count;
	const struct queue_failure *failures; /* for queue_record(), sorted by move, then id */
	size_t failure_count;
	/* out; queue_release() frees */
	struct queue_move *moves;
	size_t move_count;
	struct queue_task *tasks; /* by move */
	size_t task_count;
	struct queue_finding *findings;
	size_t finding_count;
	uint64_t began; /* the newest entry before the transaction */
	struct head head; /* and after it */
};

/* Makes a queue of the clusters of [observations] that answered and whose tree is known. The caller
 * calls queue_release(), also after a failure. */
int queue_new(const struct observation *observations, size_t count, struct queue *ret,
	      struct sb_error *err);
void queue_release(struct queue *queue);

/* Finds the clusters whose jobs must be read: those where an account of the check is on a path with
 * one that is scavenging or has jobs away. None in most checks. A books_fn: [ctx] is a struct
 * queue. */
int queue_scope(struct books *books, void *ctx, struct sb_error *err);

/* Records which jobs are to move, and fills in the tasks. A books_fn that may run again. */
int queue_plan(struct books *books, void *ctx, struct sb_error *err);

/* Makes the tasks again from the rows, which were read again, without those that are done or no
 * longer possible. */
int queue_drop_done(struct queue *queue, struct sb_error *err);

/* Returns the name of the task for scontrol. */
const char *queue_task_name(const struct queue_task *task);

/* Records the outcomes of the moves from the rows, which were read again. The moves on a cluster
 * that was not read get none: the next check completes them. A books_fn: [ctx] is a struct
 * queue. */
int queue_record(struct books *books, void *ctx, struct sb_error *err);

/* Forgets the jobs that are away on a cluster that is gone, by an entry for each move. *ret is the
 * number of jobs. */
int queue_forget(struct books *books, const char *cluster, size_t *ret, struct sb_error *err);
