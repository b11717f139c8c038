/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs that ended but are not charged, since their row of sacct could not be read. The list is kept
 * beside the books, so that each job is charged when its row can be read, however much later. If it
 * is lost, the time up to which jobs are charged is lost too, and all jobs are read again. */
#pragma once

#include "ledger/books/books.h"

enum { LEFT_JOBS_MAX = 1000 };

struct left_job {
	int64_t id; /* Slurm's number, which Slurm uses again */
	int64_t submit; /* seconds since 1970 UTC, like [since]; -1: unknown, so that any run
			   matches */
	int64_t since; /* the job ended then or later */
	char account[NAME_SIZE]; /* as Slurm has it; "": unknown */
	/* In this check only: */
	bool odd; /* its row could not be read */
	bool read; /* its row, or that of another run, could be read */
};

/* Zeroed, it is empty. left_jobs_release() frees it. */
struct left_jobs {
	int64_t tried; /* when their rows were last requested separately; microseconds */
	struct left_job *list; /* by id and submit */
	size_t count;
};

int books_left_jobs(struct books *books, const char *cluster, struct left_jobs *ret,
		    struct sb_error *err);
int books_set_left_jobs(struct books *books, const char *cluster, const struct left_jobs *left,
			struct sb_error *err);
void left_jobs_release(struct left_jobs *left);

/* Returns the job in the list, or NULL. */
struct left_job *left_jobs_find(const struct left_jobs *left, int64_t id, int64_t submit);

/* Adds a job that is not in the list. SB_EREFUSED if there are LEFT_JOBS_MAX. */
int left_jobs_add(struct left_jobs *left, const struct left_job *job, struct sb_error *err);

/* Removes a job that left_jobs_find() returned. */
void left_jobs_remove(struct left_jobs *left, struct left_job *job);

/* Counts the jobs that may have ended before [until], in seconds, and may belong to the account or
 * to one below it: their account does, is unknown or is not in the tree. */
size_t left_jobs_of(const struct left_jobs *left, const struct tree *tree, const char *account,
		    int64_t until);
