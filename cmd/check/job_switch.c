/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Switches accounts from one meter to the other. */
#include <stdlib.h>
#include <string.h>

#include "cmd/check/metered.h"
#include "cmd/frame/messages.h"
#include "ledger/books/correct.h"
#include "ledger/check/quota.h"
#include "slurm/squeue.h"

/* How far the clocks of slurmctld's machine and this one may differ, seconds. */
enum { CLOCKS_APART = 10 };

/* Corrects the charges up to the switch by what Slurm has on record. */
static int reconcile(struct books *books, const struct recorded *line, struct renewal *renewal,
		     struct sb_error *err)
{
	const struct booked *booked = &line->booked;
	const struct new_window none = {0};
	struct booked again = *booked;
	struct event event = {.kind = EVENT_RECONCILE,
			      .account = booked->account,
			      .cluster = booked->cluster,
			      .resource = purse_resource(booked->account),
			      .since = booked->since,
			      .until = booked->until,
			      .end = WHEN_NEVER,
			      .reason = "the meter is switched"};
	const struct account *account;
	int64_t difference, certain;
	int rc;

	*renewal = (struct renewal){0};
	TRY(booked_read(books, &again, err));
	if (again.amount != booked->amount || !record_difference(line, &difference, &certain))
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' changed meanwhile: the next check switches its "
				    "meter",
				    booked->account);
	if (certain == 0)
		return SB_OK;
	TRY(books_account(books, booked->account, &account, err));
	TRY(quota_renew(books, account, renewal, err));
	event.use = certain > 0 ? USE_MORE : USE_LESS;
	event.amount = certain > 0 ? certain : -certain;
	rc = plan_reconcile(books, &none, &event, err);
	if (!rc)
		rc = books_append(books, &event, err);
	event_release(&event);
	return rc;
}

struct one_switch {
	const struct metered *metered;
	size_t at;
	struct renewal renewal;
};

static int switch_one(struct books *books, void *ctx, struct sb_error *err)
{
	struct one_switch *one = ctx;
	const struct metered *metered = one->metered;
	const struct recorded *line = &metered->switching.lines[one->at];
	const struct booked *booked = &line->booked;
	const struct observed *row = observation_purse(metered->observation, booked->account);
	enum metering to = metered->to[one->at];

	if (row && row->odd_usage && to != METER_JOBS)
		return sb_error_set(
			err, SB_EREFUSED,
			"its usage cannot be read, from which counting would go on: the next check "
			"that can read it switches the meter");
	TRY(reconcile(books, line, &one->renewal, err));
	TRY(jobs_switch(books,
			&(struct meter_switch){.account = booked->account,
					       .cluster = booked->cluster,
					       .meter = to,
					       .since = booked->until,
					       .now = row ? row->usage : 0},
			err));
	return metered->dry ? STORE_ABORT : SB_OK;
}

/* Switches the account of line [at], or reports why it waits. */
static int try_switch(struct metered *metered, size_t at)
{
	struct env *env = metered->env;
	struct one_switch one = {.metered = metered, .at = at};
	const struct recorded *line = &metered->switching.lines[at];
	const char *account = line->booked.account, *cluster = metered->observation->cluster;
	size_t left = line->left_out;
	struct sb_error err;

	if (left == 0)
		left = left_jobs_of(&metered->left, &metered->tree, line->owner, INT64_MAX);
	if (left > 0) {
		warning(env, "%s: the meter on %s is not switched: %zu of its jobs cannot be read",
			account, cluster, left);
		return EXIT_PART;
	}
	if (bank_write(env->bank, env->os.now(), switch_one, &one, &err)) {
		warning(env, "%s: the meter on %s is not switched: %s", account, cluster, err.text);
		return EXIT_PART;
	}
	metered->made |= !metered->dry;
	metered_report_quota(metered, account, &one.renewal);
	report(env, "%s: %s by %s on %s from now on", account,
	       metered->dry ? "would be metered" : "is metered",
	       event_word(FIELD_AT_METER, (uint8_t)metered->to[at]), cluster);
	return EXIT_DONE;
}

struct running {
	const struct metered *metered;
	struct known_jobs known; /* to slurmctld */
	bool *runs; /* by line of [switching]: a job of it runs */
};

/* Notes that a job of the account runs, for the lines that it counts for; NULL: for all. */
static void note_running(struct running *running, const char *name)
{
	const struct record *record = &running->metered->switching;

	for (size_t i = 0; i < record->count; i++) {
		const char *account = record->lines[i].owner;

		running->runs[i] = running->runs[i] || !name || strcmp(account, name) == 0 ||
				   tree_above(&running->metered->tree, account, name);
	}
}

static int note_job(const struct sacct_job *job, void *ctx, struct sb_error *err)
{
	struct running *running = ctx;

	(void)err;
	if (job->start >= 0 && (job->end >= 0 || known_jobs_have(&running->known, job->id)))
		note_running(running, job->account);
	return SB_OK;
}

/* A job whose row cannot be read may run. */
static int note_odd(const struct sacct_odd *odd, void *ctx, struct sb_error *err)
{
	(void)err;
	if (odd->job)
		note_running(ctx, odd->account);
	return SB_OK;
}

/* Finds the accounts that had a job when RawUsage was read, shortly before or since. Slurm updates
 * RawUsage every PriorityCalcPeriod, and does not show when: its value belongs to a known second
 * only where nothing runs. */
static int find_running(struct running *running, struct sb_error *err)
{
	const struct metered *metered = running->metered;
	struct env *env = metered->env;
	const struct observation *observation = metered->observation;
	const struct record *record = &metered->switching;
	const struct sacct_window window = {.since = observation->time / WHEN_SECOND - CLOCKS_APART,
					    .until = env->os.now() / WHEN_SECOND + CLOCKS_APART};
	int rc;

	/* slurmdbd may not know of a job yet. */
	for (size_t i = 0; i < record->count; i++) {
		const struct recorded *line = &record->lines[i];
		const struct observed *rows[] = {
			observation_find(observation, line->owner),
			observation_purse(observation, line->booked.account)};

		for (size_t j = 0; j < 2 && !running->runs[i]; j++)
			running->runs[i] = rows[j] && (rows[j]->running > 0 || rows[j]->odd_room);
	}
	TRY(squeue_read(&env->slurm, observation->cluster, &running->known, err));
	rc = sacct_read(&env->slurm, observation->cluster, &window,
			&(struct sacct_sink){note_job, note_odd, running}, err);
	known_jobs_release(&running->known);
	return rc;
}

static bool any_to_rawusage(const struct metered *metered)
{
	for (size_t i = 0; i < metered->switching.count; i++) {
		if (metered->to[i] == METER_RAWUSAGE)
			return true;
	}
	return false;
}

/* Removes the accounts that have to wait until none of their jobs runs: RawUsage is to continue
 * where the jobs ended. */
static int drop_running(struct metered *metered, struct sb_error *err)
{
	struct record *record = &metered->switching;
	struct running running = {.metered = metered};
	size_t kept = 0;
	int rc;

	if (!any_to_rawusage(metered))
		return SB_OK;
	running.runs = calloc(record->count, sizeof(*running.runs));
	rc = running.runs ? find_running(&running, err) : sb_error_nomem(err);
	for (size_t i = 0; i < record->count && !rc; i++) {
		struct recorded *line = &record->lines[i];

		if (metered->to[i] == METER_RAWUSAGE && running.runs[i]) {
			report(metered->env,
			       "%s: stays metered by jobs on %s until a check finds none of its "
			       "jobs running",
			       line->booked.account, line->booked.cluster);
			free(line->moves);
			continue;
		}
		metered->to[kept] = metered->to[i];
		record->lines[kept++] = *line;
	}
	if (!rc)
		record->count = kept;
	free(running.runs);
	return rc;
}

int metered_switch(struct metered *metered)
{
	struct env *env = metered->env;
	struct record *record = &metered->switching;
	const char *cluster = metered->observation->cluster;
	struct sb_error why;
	int status = EXIT_DONE, rc;

	(void)snprintf(record->cluster, sizeof(record->cluster), "%s", cluster);
	record->tree = metered->tree;
	rc = drop_running(metered, &why);
	if (!rc && record->count > 0)
		rc = record_read(env, &(struct record_request){.qos = &metered->qos}, record, &why);
	record->tree = (struct tree){0};
	/* A job may have appeared in sacct since the slices were read. It gets an entry, by which
	 * the books no longer match the record: its account waits for the next check. */
	if (!rc && any_to_rawusage(metered) && !metered->dry)
		status = metered_charge_slices(metered, true);
	if (metered->silent || !status_goes_on(status))
		return status;
	if (rc) {
		warning(env, "meters on cluster '%s' are switched later: %s", cluster, why.text);
		return EXIT_PART;
	}
	status = status_join(
		status, left_out_warn(env, cluster, &record->left, "so that their accounts wait"));
	/* One failed switch must not block the rest. */
	for (size_t i = 0; i < record->count; i++)
		status = status_join(status, try_switch(metered, i));
	return status;
}
