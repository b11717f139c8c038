/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/job_meter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/progress.h"
#include "cmd/recorded.h"
#include "cmd/rights_text.h"
#include "ledger/correct.h"
#include "ledger/jobs.h"
#include "ledger/when.h"
#include "slurm/squeue.h"

/* slurmctld keeps what it cannot tell slurmdbd, and tells it later: so far behind what was settled
 * jobs are read once more. */
#define OVERLAP (2 * WHEN_DAY)

/* What sacct is asked for at a time, and what is committed together: once for most checks. */
#define SLICE (OVERLAP + WHEN_DAY)

/* More than Slurm is old. */
enum { SLICES_MAX = 4000 };

struct metered {
	struct env *env;
	const struct checkup *checkup;
	const struct observation *observation;
	struct tree shown, kept; /* how accounts hang together now, and did at the last check; */
	struct tree tree; /* both: those that are gone have jobs, too */
	struct qos_list qos;
	bool dry;
	bool made; /* entries stand */
	/* Found in the books: */
	int64_t from; /* jobs that ended before are charged; INT64_MAX: no account is by jobs */
	struct record switching; /* the accounts to switch */
	enum metering *to; /* by line */
	/* Of the slice: */
	struct finished_job *jobs;
	size_t job_count, job_room;
	size_t odd; /* jobs of accounts whose names no bank can have */
};

static void free_texts(struct finished_job *job)
{
	union {
		const char *in;
		void *out;
	} text = {.in = job->name};

	free(text.out);
}

static void forget_jobs(struct metered *metered)
{
	for (size_t i = 0; i < metered->job_count; i++)
		free_texts(&metered->jobs[i]);
	metered->job_count = 0;
}

static void release(struct metered *metered)
{
	forget_jobs(metered);
	free(metered->jobs);
	free(metered->to);
	record_release(&metered->switching);
	qos_list_release(&metered->qos);
	tree_release(&metered->tree);
	tree_release(&metered->kept);
	tree_release(&metered->shown);
}

/* ---- what is to be done ---- */

static bool is_meant(const struct checkup *checkup, const char *account)
{
	for (size_t i = 0; i < checkup->account_count; i++) {
		if (strcmp(checkup->accounts[i], account) == 0)
			return true;
	}
	return checkup->account_count == 0;
}

static int add_switch(struct metered *metered, struct books *books, const struct account *account,
		      enum metering to, struct sb_error *err)
{
	struct record *record = &metered->switching;
	struct recorded *lines = reallocarray(record->lines, record->count + 1, sizeof(*lines));
	enum metering *tos = reallocarray(metered->to, record->count + 1, sizeof(*tos));
	struct booked *booked;

	if (lines)
		record->lines = lines;
	if (tos)
		metered->to = tos;
	if (!lines || !tos)
		return sb_error_nomem(err);
	tos[record->count] = to;
	lines[record->count] = (struct recorded){.booked.to_end = true};
	booked = &lines[record->count++].booked;
	(void)snprintf(booked->account, sizeof(booked->account), "%s", account->name);
	(void)snprintf(booked->cluster, sizeof(booked->cluster), "%s",
		       metered->observation->cluster);
	booked->until = metered->observation->time - metered->observation->time % WHEN_SECOND;
	return booked_read(books, booked, err);
}

static int read_tree(struct books *books, struct metered *metered, struct sb_error *err)
{
	int rc;

	tree_release(&metered->tree);
	tree_release(&metered->kept);
	rc = books_tree(books, metered->observation->cluster, &metered->kept, err);
	return rc ? rc : tree_join(&metered->shown, &metered->kept, &metered->tree, err);
}

static int look(struct books *books, void *ctx, struct sb_error *err)
{
	struct metered *metered = ctx;
	const struct rules rules = rules_of(metered->env);
	const struct checkup *checkup = metered->checkup;
	const char *cluster = metered->observation->cluster;
	const struct account *named;
	size_t count;
	int64_t gap;
	int rc = books_load_all(books, &count, err);

	metered->from = INT64_MAX;
	metered->switching.count = 0;
	/* One that the bank lacks is refused before anything is entered. */
	for (size_t i = 0; !rc && i < checkup->account_count; i++)
		rc = books_account(books, checkup->accounts[i], &named, err);
	if (!rc)
		rc = read_tree(books, metered, err);
	if (!rc)
		rc = check_clock_gap(books, checkup->clock_ok, &gap, err);
	/* The plan says so. */
	for (size_t i = 0; !rc && !gap && i < count; i++) {
		const struct account *account = books_at(books, i);
		const struct meter *meter = account_meter(account, cluster);
		enum metering to = metering_of(account, &rules);
		int64_t settled;

		if (!meter || !is_meant(checkup, account->name))
			continue;
		if (meter->jobs) {
			rc = jobs_settled(books, cluster, account->name, &settled, err);
			settled = settled > meter->jobs_since + OVERLAP ? settled - OVERLAP
									: meter->jobs_since;
			if (settled < metered->from)
				metered->from = settled;
		}
		if (!rc && meter->jobs != (to == METER_JOBS))
			rc = add_switch(metered, books, account, to, err);
	}
	return rc;
}

/* ---- jobs ---- */

/* Copies the texts of a job into one block, which its name begins. */
static bool copy_texts(struct finished_job *to, const struct sacct_job *job)
{
	const char *const from[] = {job->name, job->account, job->user, job->partition,
				    job->qos,  job->state,   job->tres};
	const char **const places[] = {&to->name,      &to->slurm_account, &to->user,
				       &to->partition, &to->qos,	   &to->state,
				       &to->alloc_tres};
	size_t size = 0;
	char *block, *at;

	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++)
		size += strlen(from[i]) + 1;
	block = at = malloc(size);
	for (size_t i = 0; block && i < sizeof(from) / sizeof(from[0]); i++) {
		size_t len = strlen(from[i]) + 1;

		memcpy(at, from[i], len);
		*places[i] = at;
		at += len;
	}
	return block;
}

static int keep_job(const struct sacct_job *job, void *ctx, struct slurm_error *err)
{
	struct metered *metered = ctx;
	int64_t factor = tariff_charged(&metered->env->settings.tariff, &metered->qos, job);
	struct finished_job *to;

	if (job->start < 0 || (job->end >= 0 && job->elapsed == 0) || job->billing == 0 ||
	    factor == 0)
		return SLURM_OK;
	if (!slurm_name_ok(job->account)) {
		metered->odd++;
		return SLURM_OK;
	}
	if (metered->job_count == metered->job_room) {
		size_t room = metered->job_room ? 2 * metered->job_room : 256;
		struct finished_job *grown = reallocarray(metered->jobs, room, sizeof(*grown));

		if (!grown)
			return slurm_error_set(err, SLURM_ESYSTEM, "out of memory for jobs");
		metered->jobs = grown;
		metered->job_room = room;
	}
	to = &metered->jobs[metered->job_count];
	*to = (struct finished_job){.id = job->id,
				    .db_index = job->index,
				    .submit = job->submit,
				    .start = job->start,
				    .end = job->end,
				    .elapsed = job->elapsed,
				    .billing = job->billing,
				    .limit = job->limit,
				    .factor = factor};
	if (!copy_texts(to, job))
		return slurm_error_set(err, SLURM_ESYSTEM, "out of memory for jobs");
	metered->job_count++;
	return SLURM_OK;
}

/* Takes out jobs that slurmctld does not know: they would be in flight for ever, and more of it at
 * each check, until their account is held. It is asked when a job has run for longer than it may,
 * or may run for ever. */
static void leave_out_runaway(struct metered *metered)
{
	struct env *env = metered->env;
	const char *cluster = metered->observation->cluster;
	struct slurm_config config;
	struct known_jobs known;
	struct slurm_error err;
	bool doubtful = false;
	size_t kept = 0, count = metered->job_count;

	for (size_t i = 0; i < count && !doubtful; i++) {
		const struct finished_job *job = &metered->jobs[i];

		doubtful = job->end < 0 && (job->limit < 0 || job->elapsed > job->limit);
	}
	if (!doubtful)
		return;
	/* A job that squeue hides has not run away. */
	if (scontrol_read_config(&env->slurm, cluster, &config, &err) ||
	    rights_check_squeue(env, &config, &err) ||
	    squeue_read(&env->slurm, cluster, &known, &err)) {
		warning(env, "jobs on cluster '%s' count as running that may not: %s", cluster,
			err.text);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct finished_job *job = &metered->jobs[i];

		if (job->end >= 0 || known_jobs_have(&known, job->id))
			metered->jobs[kept++] = *job;
		else
			free_texts(job);
	}
	metered->job_count = kept;
	known_jobs_release(&known);
	if (kept < count)
		say(env,
		    "%zu %s without an end on %s: slurmctld does not know %s, and %s not in flight "
		    "(subank doctor)",
		    count - kept, count - kept == 1 ? "job" : "jobs", cluster,
		    count - kept == 1 ? "it" : "them", count - kept == 1 ? "it is" : "they are");
}

struct charging {
	struct job_charges charges;
	bool dry;
};

static int charge(struct books *books, void *ctx, struct sb_error *err)
{
	struct charging *charging = ctx;
	int rc = jobs_charge(books, &charging->charges, err);

	return !rc && charging->dry ? STORE_ABORT : rc;
}

static void say_sums(struct metered *metered, const struct job_charges *charges)
{
	struct env *env = metered->env;
	char amount[QUANTITY_SIZE];

	for (size_t i = 0; i < charges->sum_count; i++) {
		const struct job_sum *sum = &charges->sums[i];

		if (sum->jobs == 0)
			continue;
		say(env, "%s: %scharged %s for %zu %s on %s", sum->account,
		    metered->dry ? "would be " : "", quantity(env, amount, sum->amount), sum->jobs,
		    sum->jobs == 1 ? "job" : "jobs", charges->cluster);
	}
	if (charges->refused > 0)
		warning(env,
			"%zu jobs on %s come to more than money holds and are not charged: see "
			"what sacct has of them",
			charges->refused, charges->cluster);
}

static int charge_slice(struct metered *metered, int64_t settled, bool last)
{
	struct env *env = metered->env;
	struct charging charging = {
		.charges = {.cluster = metered->observation->cluster,
			    .list = metered->jobs,
			    .count = metered->job_count,
			    .tree = &metered->tree,
			    .only = metered->checkup->accounts,
			    .only_count = metered->checkup->account_count,
			    .running = last,
			    .settled = settled},
		.dry = metered->dry,
	};
	struct sb_error err;
	int status = EXIT_DONE;

	if (bank_write(env->bank, env->now(), charge, &charging, &err)) {
		status = fail(env, &err);
	} else {
		metered->made |= !metered->dry && charging.charges.sum_count > 0;
		say_sums(metered, &charging.charges);
		if (charging.charges.refused > 0)
			status = EXIT_PART;
	}
	free(charging.charges.sums);
	return status;
}

/* Reads and charges slice by slice up to the moment of the observation. */
static int charge_jobs(struct metered *metered)
{
	struct env *env = metered->env;
	const struct observation *observation = metered->observation;
	int64_t first = metered->from, until = observation->time;
	struct progress progress;
	struct slurm_error err;
	int status = EXIT_DONE;

	/* Counted from zero there is no first day. */
	if (first < until - SLICES_MAX * SLICE)
		first = until - SLICES_MAX * SLICE;
	progress_begin(&progress, env, (uint64_t)((until - first) / SLICE + 1));
	for (int64_t since = first; since < until && status == EXIT_DONE; since += SLICE) {
		int64_t end = until - since > SLICE ? since + SLICE : until;
		/* A job ends in the second that sacct says, and one that ends in this one may not
		 * be there yet. */
		const struct sacct_window window = {.since = since / WHEN_SECOND,
						    .until = end / WHEN_SECOND + 1};
		int code;

		progress_step(&progress, (uint64_t)((since - first) / SLICE));
		forget_jobs(metered);
		code = sacct_read(&env->slurm, observation->cluster, &window, keep_job, metered,
				  &err);
		progress_end(&progress);
		if (code != SLURM_OK) {
			warning(env, "the jobs on cluster '%s' are charged later: %s",
				observation->cluster, err.text);
			return EXIT_PART;
		}
		if (end == until)
			leave_out_runaway(metered);
		status = charge_slice(metered, end, end == until);
	}
	if (metered->odd > 0)
		warning(env, "%zu jobs on %s ran in accounts that no bank can have", metered->odd,
			observation->cluster);
	return status;
}

/* ---- switching ---- */

/* Enters what is missing up to the switch, and the switch. */
static int switch_account(struct books *books, const struct metered *metered, size_t at,
			  struct sb_error *err)
{
	const struct recorded *line = &metered->switching.lines[at];
	const struct booked *booked = &line->booked;
	const struct observed *row = observation_find(metered->observation, booked->account);
	const struct new_window none = {0};
	struct booked again = *booked;
	struct event event = {.kind = EVENT_RECONCILE,
			      .account = booked->account,
			      .cluster = booked->cluster,
			      .resource = RESOURCE_BILLING,
			      .since = booked->since,
			      .until = booked->until,
			      .end = WHEN_NEVER,
			      .reason = "the meter is switched"};
	int64_t difference, certain;
	int rc = booked_read(books, &again, err);

	if (rc)
		return rc;
	if (again.amount != booked->amount || !record_difference(line, &difference, &certain))
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' changed meanwhile: the next check switches its "
				    "meter",
				    booked->account);
	event.use = certain > 0 ? USE_MORE : USE_LESS;
	event.amount = certain > 0 ? certain : -certain;
	if (certain)
		rc = plan_reconcile(books, &none, &event, err);
	if (!rc && certain)
		rc = books_append(books, &event, err);
	event_release(&event);
	return rc ? rc
		  : jobs_switch(books, booked->account, booked->cluster, metered->to[at],
				booked->until, row ? row->usage : 0, err);
}

struct one_switch {
	const struct metered *metered;
	size_t at;
};

static int switch_one(struct books *books, void *ctx, struct sb_error *err)
{
	const struct one_switch *one = ctx;
	int rc = switch_account(books, one->metered, one->at, err);

	return !rc && one->metered->dry ? STORE_ABORT : rc;
}

static int switch_meters(struct metered *metered)
{
	struct env *env = metered->env;
	struct record *record = &metered->switching;
	const char *cluster = metered->observation->cluster;
	struct slurm_error why;
	int status = EXIT_DONE, code;

	(void)snprintf(record->cluster, sizeof(record->cluster), "%s", cluster);
	record->tree = metered->tree;
	code = record_read(env, &metered->qos, false, NULL, NULL, record, &why);
	record->tree = (struct tree){0};
	if (code != SLURM_OK) {
		warning(env, "meters on cluster '%s' are switched later: %s", cluster, why.text);
		return EXIT_PART;
	}
	/* One that has to wait keeps no other waiting. */
	for (size_t i = 0; i < record->count; i++) {
		struct one_switch one = {.metered = metered, .at = i};
		struct sb_error err;

		if (bank_write(env->bank, env->now(), switch_one, &one, &err)) {
			warning(env, "%s: the meter on %s is not switched: %s",
				record->lines[i].booked.account, cluster, err.text);
			status = EXIT_PART;
			continue;
		}
		metered->made |= !metered->dry;
		say(env, "%s: %s by %s on %s from now on", record->lines[i].booked.account,
		    metered->dry ? "would be metered" : "is metered",
		    event_word(FIELD_AT_METER, (uint8_t)metered->to[i]), cluster);
	}
	return status;
}

/* ---- the whole ---- */

static int meter_cluster(struct metered *metered)
{
	struct env *env = metered->env;
	struct sb_error err;
	struct slurm_error why;
	int status = EXIT_DONE, switched;

	if (observation_tree(metered->observation, &metered->shown, &err) ||
	    bank_read(env->bank, env->now(), look, metered, &err))
		return fail(env, &err);
	if (metered->from == INT64_MAX && metered->switching.count == 0)
		return EXIT_DONE;
	/* Jobs that slurmdbd hides look like none: nothing is settled, and no meter goes over to
	 * them. */
	if (rights_check_sacct(env, &why) || sacctmgr_read_qos(&env->slurm, &metered->qos, &why)) {
		warning(env,
			metered->from != INT64_MAX
				? "the jobs on cluster '%s' are charged later: %s"
				: "meters on cluster '%s' are switched later: %s",
			metered->observation->cluster, why.text);
		return EXIT_PART;
	}
	if (metered->from != INT64_MAX)
		status = charge_jobs(metered);
	if (metered->switching.count == 0 || status != EXIT_DONE)
		return status;
	/* The books have moved. */
	if (bank_read(env->bank, env->now(), look, metered, &err))
		return fail(env, &err);
	switched = switch_meters(metered);
	return switched == EXIT_DONE ? status : switched;
}

int job_meter_run(struct env *env, const struct checkup *checkup, const struct clusters *clusters,
		  bool dry, bool *made)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < clusters->count; i++) {
		struct metered metered = {.env = env,
					  .checkup = checkup,
					  .observation = &clusters->list[i],
					  .dry = dry};
		int one = clusters->list[i].answered ? meter_cluster(&metered) : EXIT_DONE;

		*made |= metered.made;
		release(&metered);
		if (one == EXIT_REFUSED || one == EXIT_UNKNOWN)
			return one;
		if (one != EXIT_DONE)
			status = one;
	}
	return status;
}
