/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs whose rows cannot be read: remembered, and charged once they can be. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/check/metered.h"
#include "cmd/frame/messages.h"

/* Jobs further back than the slices are asked for again this often. */
#define TRY_AGAIN (60 * 60 * WHEN_SECOND)

struct left_job *metered_find_left(const struct metered *metered, const struct sacct_job *job)
{
	struct left_job *left = left_jobs_find(&metered->left, job->id, job->submit);

	/* Slurm reuses job numbers. */
	return left && (left->submit >= 0 || job->end < 0 || job->end >= left->since) ? left : NULL;
}

int metered_leave_out(const struct sacct_odd *odd, void *ctx, struct sb_error *err)
{
	struct metered *metered = ctx;
	struct left_job job = {
		.id = odd->id, .submit = odd->submit, .since = metered->slice, .odd = true};
	struct left_job *known = left_jobs_find(&metered->left, odd->id, odd->submit);
	int rc;

	left_out_add(&metered->unread, odd);
	if (!odd->job || !odd->ended)
		return SB_OK;
	if (known) {
		known->odd = true;
		return SB_OK;
	}
	if (odd->account && strlen(odd->account) < sizeof(job.account))
		memcpy(job.account, odd->account, strlen(odd->account));
	rc = odd->id < 0 ? SB_EREFUSED : left_jobs_add(&metered->left, &job, err);
	if (rc && rc != SB_EREFUSED)
		return rc;
	metered->hold = metered->hold || rc;
	metered->left_changed = metered->left_changed || !rc;
	return SB_OK;
}

static int add_left_job(const struct sacct_job *job, void *ctx, struct sb_error *err)
{
	return metered_find_left(ctx, job) ? metered_add_job(job, ctx, err) : SB_OK;
}

static int leave_out_again(const struct sacct_odd *odd, void *ctx, struct sb_error *err)
{
	struct metered *metered = ctx;
	bool named = false;

	(void)err;
	for (size_t i = 0; i < metered->left.count; i++) {
		struct left_job *job = &metered->left.list[i];

		if (odd->id != job->id ||
		    (odd->submit >= 0 && job->submit >= 0 && odd->submit != job->submit))
			continue;
		if (!named)
			left_out_add(&metered->unread, odd);
		job->odd = named = true;
	}
	return SB_OK;
}

/* Asks by number for the left-out jobs that the slices did not show, and charges them. Ignores
 * other jobs with these numbers: earlier checks have dealt with them. */
static int charge_left(struct metered *metered)
{
	const struct observation *observation = metered->observation;
	struct left_jobs *left = &metered->left;
	struct sacct_window window = {.until = observation->time / WHEN_SECOND + 1,
				      .reservations = metered_reservations(metered)};
	int64_t *ids;
	struct sb_error err;
	int rc = SB_OK;

	/* The clock may have been put back. */
	if (left->tried <= observation->time && observation->time - left->tried < TRY_AGAIN)
		return EXIT_DONE;
	window.ids = ids = calloc(left->count + 1, sizeof(*ids));
	for (size_t i = 0; ids && i < left->count; i++) {
		if (!left->list[i].odd && !left->list[i].read)
			ids[window.id_count++] = left->list[i].id;
	}
	metered->next = INT64_MAX;
	metered_forget_jobs(metered);
	if (!ids)
		rc = sb_error_nomem(&err);
	else if (window.id_count > 0)
		rc = sacct_read(&metered->env->slurm, observation->cluster, &window,
				&(struct sacct_sink){add_left_job, leave_out_again, metered}, &err);
	free(ids);
	if (rc) {
		warning(metered->env, "jobs left out on cluster '%s' are asked for later: %s",
			observation->cluster, err.text);
		return EXIT_PART;
	}
	if (window.id_count == 0)
		return EXIT_DONE;
	left->tried = observation->time;
	metered->left_changed = true;
	return metered_charge(metered, observation->time, true, false);
}

static int keep_left(struct books *books, void *ctx, struct sb_error *err)
{
	const struct metered *metered = ctx;

	return books_set_left_jobs(books, metered->observation->cluster, &metered->left, err);
}

static int write_left(struct metered *metered)
{
	struct env *env = metered->env;
	struct sb_error err;

	if (bank_write(env->bank, env->os.now(), keep_left, metered, &err))
		return fail(env, &err);
	return EXIT_DONE;
}

/* Forgets the jobs that could be read now, and those that are gone: sacct was just asked for them
 * and did not show them, although it showed other jobs. */
static int forget_charged(struct metered *metered)
{
	struct left_jobs *left = &metered->left;
	bool asked = left->tried == metered->observation->time && metered->rows > 0;
	bool changed = false;

	for (size_t i = left->count; i-- > 0;) {
		struct left_job *job = &left->list[i];

		if (job->odd || (!job->read && !asked))
			continue;
		if (!job->read)
			warning(metered->env,
				"job %" PRId64 " of account %s, whose row on cluster '%s' could "
				"not be read, is no longer on Slurm's record: it was not charged",
				job->id, *job->account ? job->account : "(not known)",
				metered->observation->cluster);
		left_jobs_remove(left, job);
		changed = true;
	}
	return changed && !metered->dry ? write_left(metered) : EXIT_DONE;
}

int metered_retry_left(struct metered *metered)
{
	int status;

	/* A check of some accounts charges no jobs of others. */
	if (metered->checkup->account_count > 0 || metered->left.count == 0)
		return EXIT_DONE;
	status = charge_left(metered);
	/* If late, a job of the list that was read may be without its charge. */
	if (status_goes_on(status) && !metered->late) {
		int forgot = forget_charged(metered);

		status = forgot == EXIT_DONE ? status : forgot;
	}
	return status;
}

int metered_forget_left(struct metered *metered)
{
	if (metered->left.count == 0 || metered->gap || metered->dry ||
	    metered->checkup->account_count > 0)
		return EXIT_DONE;
	metered->left.count = 0;
	return write_left(metered);
}
