/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/books/left_jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/books/books_inside.h"

enum { KEY_SIZE = NAME_SIZE + 16 };

static struct slice key_of(char to[KEY_SIZE], const char *cluster)
{
	int len = snprintf(to, KEY_SIZE, "left_jobs/%.255s", cluster);

	return (struct slice){to, (size_t)len};
}

void left_jobs_release(struct left_jobs *left)
{
	free(left->list);
	*left = (struct left_jobs){0};
}

/* Places a job after all jobs that are not greater; no two compare as equal. */
static int order(const void *key, const void *item)
{
	const struct left_job *job = key, *other = item;
	bool greater = other->id > job->id || (other->id == job->id && other->submit > job->submit);

	return greater ? -1 : 1;
}

static size_t place_of(const struct left_jobs *left, int64_t id, int64_t submit)
{
	const struct left_job job = {.id = id, .submit = submit};
	size_t at;

	(void)array_search(left->list, left->count, &job, order, &at);
	return at;
}

struct left_job *left_jobs_find(const struct left_jobs *left, int64_t id, int64_t submit)
{
	/* A job without a submit time comes before all others of its id. */
	for (size_t at = place_of(left, id, submit); at > 0 && left->list[at - 1].id == id; at--) {
		struct left_job *job = &left->list[at - 1];

		if (job->submit == submit || job->submit < 0)
			return job;
	}
	return NULL;
}

int left_jobs_add(struct left_jobs *left, const struct left_job *job, struct sb_error *err)
{
	struct left_job *to;

	if (left->count == LEFT_JOBS_MAX)
		return sb_error_set(err, SB_EREFUSED, "more than %d jobs are left out",
				    LEFT_JOBS_MAX);
	to = array_insert(left->list, left->count, place_of(left, job->id, job->submit));
	if (!to)
		return sb_error_nomem(err);
	*to = *job;
	return SB_OK;
}

void left_jobs_remove(struct left_jobs *left, struct left_job *job)
{
	size_t at = (size_t)(job - left->list);

	left->count--;
	memmove(job, job + 1, (left->count - at) * sizeof(*left->list));
}

size_t left_jobs_of(const struct left_jobs *left, const struct tree *tree, const char *account,
		    int64_t until)
{
	size_t count = 0;

	for (size_t i = 0; i < left->count; i++) {
		const char *of = left->list[i].account;
		bool its = strcmp(of, account) == 0 || !tree_parent(tree, of) ||
			   tree_above(tree, account, of);

		count += its && left->list[i].since < until;
	}
	return count;
}

/* Stored as i64 tried, then i64 id, i64 submit, i64 since and text account for each. */
int books_left_jobs(struct books *books, const char *cluster, struct left_jobs *ret,
		    struct sb_error *err)
{
	struct left_jobs left = {0};
	struct slice value;
	struct reader from;
	char key[KEY_SIZE];
	int rc = store_get(books_txn(books), STORE_META, key_of(key, cluster), &value, err);

	*ret = left;
	if (rc)
		return rc == SB_ENOTFOUND ? SB_OK : rc;
	from = reader_on(value.data, value.len);
	left.tried = read_i64(&from);
	while (!rc && !from.failed && !reader_done(&from)) {
		struct left_job job = {.id = read_i64(&from)};

		job.submit = read_i64(&from);
		job.since = read_i64(&from);
		(void)snprintf(job.account, sizeof(job.account), "%s",
			       read_text(&from, NAME_SIZE - 1));
		if (!from.failed)
			rc = left_jobs_add(&left, &job, err);
	}
	if (!rc && from.failed)
		rc = sb_error_set(err, SB_ECORRUPT,
				  "the list of jobs left out on '%s' is malformed: run `subank "
				  "verify`",
				  cluster);
	if (rc)
		left_jobs_release(&left);
	else
		*ret = left;
	return rc;
}

int books_set_left_jobs(struct books *books, const char *cluster, const struct left_jobs *left,
			struct sb_error *err)
{
	struct bytes value = {0};
	char key[KEY_SIZE];

	bytes_put_i64(&value, left->tried);
	for (size_t i = 0; i < left->count; i++) {
		const struct left_job *job = &left->list[i];

		bytes_put_i64(&value, job->id);
		bytes_put_i64(&value, job->submit);
		bytes_put_i64(&value, job->since);
		bytes_put_text(&value, job->account);
	}
	return books_set_bytes(books, STORE_META, key_of(key, cluster), &value, err);
}
