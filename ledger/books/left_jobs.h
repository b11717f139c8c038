/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs of a cluster that ended and are not charged, since their row on Slurm's record could not be
 * read: remembered beside the books, so that each is charged once its row can be read, however much
 * later. No part of the books: when the list is lost, so is how far jobs were charged, and all of
 * them are read again. */
#ifndef SUBANK_LEDGER_BOOKS_LEFT_JOBS_H
#define SUBANK_LEDGER_BOOKS_LEFT_JOBS_H

#include "ledger/books/books.h"

/* More are not remembered one by one. */
enum { LEFT_JOBS_MAX = 1000 };

struct left_job {
	int64_t id; /* Slurm's number, which recurs */
	int64_t submit; /* seconds since 1970 UTC, as the next; -1: not known, any run of it is
			   meant */
	int64_t since; /* it ended then or later */
	char account[NAME_SIZE]; /* whose it was, as Slurm has it; "": not known */
	/* Of this check alone: */
	bool odd; /* its row could not be read */
	bool read; /* it could, or that of another run of it */
};

/* Zeroed, it is empty. left_jobs_release() frees it. */
struct left_jobs {
	int64_t tried; /* when their rows were asked for last beside others; microseconds */
	struct left_job *list; /* by id and submit */
	size_t count;
};

int books_left_jobs(struct books *books, const char *cluster, struct left_jobs *ret,
		    struct sb_error *err);
int books_set_left_jobs(struct books *books, const char *cluster, const struct left_jobs *left,
			struct sb_error *err);
void left_jobs_release(struct left_jobs *left);

/* The job's place in the list; NULL: it is not in there. */
struct left_job *left_jobs_find(const struct left_jobs *left, int64_t id, int64_t submit);

/* Adds a job that is not there yet. SB_EREFUSED: there are LEFT_JOBS_MAX. */
int left_jobs_add(struct left_jobs *left, const struct left_job *job, struct sb_error *err);

/* Removes what left_jobs_find() found. */
void left_jobs_remove(struct left_jobs *left, struct left_job *job);

/* How many of them are the account's, or of one below it, or may be (theirs is not known, or not in
 * the tree), and may have ended before [until], seconds. */
size_t left_jobs_of(const struct left_jobs *left, const struct tree *tree, const char *account,
		    int64_t until);

#endif
