/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/check/job_meter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/check/known_qos.h"
#include "cmd/check/left_out.h"
#include "cmd/check/recorded.h"
#include "cmd/frame/messages.h"
#include "cmd/show/progress.h"
#include "cmd/show/rights_text.h"
#include "ledger/base/when.h"
#include "ledger/books/correct.h"
#include "ledger/books/left_jobs.h"
#include "ledger/check/jobs.h"
#include "slurm/squeue.h"

/* What sacct is asked for at a time, and what is committed together: once for most checks. */
#define SLICE (JOBS_OVERLAP + WHEN_DAY)

/* How far the clocks of slurmctld's machine and this one may be apart, seconds. */
enum { CLOCKS_APART = 10 };

/* Jobs whose rows could not be read are asked for so often, once they are further behind. */
#define TRY_AGAIN (60 * 60 * WHEN_SECOND)

/* More than Slurm is old. */
enum { SLICES_MAX = 4000 };

struct metered {
	struct env *env;
	const struct checkup *checkup;
	const struct observation *observation;
	struct tree shown, kept; /* how accounts hang together now, and did at the last check; */
	struct tree tree; /* both: those that are gone have jobs, too */
	struct qos_list qos;
	struct partitions partitions; /* for their weights */
	enum billing_rule billing;
	char **unknown; /* QOS of jobs of which no factor is known, once each */
	size_t unknown_count;
	struct foreseen_uses *dry; /* NULL: charges and switches are entered */
	bool made; /* entries stand */
	/* Found in the books: */
	int64_t from; /* jobs that ended before are charged; INT64_MAX: no account is by jobs, */
	int64_t until; /* those that end later are not; INT64_MAX: an account is by jobs */
	int64_t gap; /* or, when this is not 0, the clock is not trusted */
	struct record switching; /* the accounts to switch */
	enum metering *to; /* by line */
	bool *runs; /* by line: whether it had a job at that time */
	struct known_jobs known;
	/* Of the slice: */
	int64_t slice; /* its begin, seconds, */
	int64_t next; /* and that of the one behind it; INT64_MAX: there is none */
	struct finished_job *jobs;
	size_t job_count, job_room;
	/* Of all slices: */
	size_t rows; /* that could be read */
	struct left_out unread; /* those that could not, */
	struct left_jobs left; /* and the jobs among them, with those that other checks left out */
	bool left_changed; /* the books do not have the list so */
	bool hold; /* there are some that are not in the list */
	bool silent; /* sacct did not answer */
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
	left_jobs_release(&metered->left);
	free(metered->jobs);
	free(metered->to);
	free(metered->runs);
	record_release(&metered->switching);
	for (size_t i = 0; i < metered->unknown_count; i++)
		free(metered->unknown[i]);
	free(metered->unknown);
	qos_list_release(&metered->qos);
	partitions_release(&metered->partitions);
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
	enum metering *tos = reallocarray(metered->to, record->count + 1, sizeof(*tos));
	struct booked *booked;

	if (tos)
		metered->to = tos;
	booked = tos ? record_add(record, account) : NULL;
	if (!booked)
		return sb_error_nomem(err);
	tos[record->count - 1] = to;
	booked->to_end = true;
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
	const struct rules rules = settings_rules(&metered->env->settings);
	const struct checkup *checkup = metered->checkup;
	const char *cluster = metered->observation->cluster;
	const struct account *named;
	size_t count;
	int rc = books_load_all(books, &count, err);

	metered->from = INT64_MAX;
	metered->until = 0;
	record_clear(&metered->switching);
	/* One that the bank lacks is refused before anything is entered. */
	for (size_t i = 0; !rc && i < checkup->account_count; i++)
		rc = books_account(books, checkup->accounts[i], &named, err);
	if (!rc)
		rc = read_tree(books, metered, err);
	left_jobs_release(&metered->left);
	if (!rc)
		rc = books_left_jobs(books, cluster, &metered->left, err);
	if (!rc)
		rc = check_clock_gap(books, checkup->clock_ok, &metered->gap, err);
	/* The plan says so. */
	for (size_t i = 0; !rc && !metered->gap && i < count; i++) {
		const struct account *account = books_at(books, i);
		const struct meter *meter = account_meter(account, cluster);
		enum metering to = metering_of(account, &rules);
		int64_t since, until;

		if (!meter || !is_meant(checkup, account->name))
			continue;
		rc = jobs_to_read(books, account, cluster, &since, &until, err);
		if (!rc && since < metered->from)
			metered->from = since;
		if (!rc && since < INT64_MAX && until > metered->until)
			metered->until = until;
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

/* False: no memory. */
static bool note_unknown(struct metered *metered, const char *qos)
{
	char **grown;

	for (size_t i = 0; i < metered->unknown_count; i++) {
		if (strcmp(metered->unknown[i], qos) == 0)
			return true;
	}
	grown = reallocarray(metered->unknown, metered->unknown_count + 1, sizeof(*grown));
	if (grown)
		metered->unknown = grown;
	if (!grown || !(grown[metered->unknown_count] = strdup(qos)))
		return false;
	metered->unknown_count++;
	return true;
}

/* The job's place among those that were left out; NULL: it was not. */
static struct left_job *find_left(const struct metered *metered, const struct sacct_job *job)
{
	struct left_job *left = left_jobs_find(&metered->left, job->id, job->submit);

	/* Numbers recur. */
	return left && (left->submit >= 0 || job->end < 0 || job->end >= left->since) ? left : NULL;
}

/* Names a row that cannot be read, and remembers its job. One that has not ended comes again. */
static int leave_out(const struct sacct_odd *odd, void *ctx, struct sb_error *err)
{
	struct metered *metered = ctx;
	struct left_job job = {
		.id = odd->id, .submit = odd->submit, .since = metered->slice, .odd = true};
	struct left_job *known = left_jobs_find(&metered->left, odd->id, odd->submit);
	struct sb_error why;
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
	rc = odd->id < 0 ? SB_EREFUSED : left_jobs_add(&metered->left, &job, &why);
	if (rc == SB_EREFUSED)
		metered->hold = true;
	else if (rc)
		return sb_error_set(err, SB_ESYSTEM, "%s", why.text);
	else
		metered->left_changed = true;
	return SB_OK;
}

/* Whether nobody can say below which account the job's account is. sshare shows a name with
 * newlines in several lines, and one of those may look like a row of its own; the name then lacks
 * it. */
static bool is_unplaced(const struct metered *metered, const struct sacct_job *job)
{
	return strchr(job->account, '\n') && !tree_parent(&metered->tree, job->account);
}

static int keep_job(const struct sacct_job *job, void *ctx, struct sb_error *err)
{
	struct metered *metered = ctx;
	int64_t factor = tariff_charged(&metered->env->settings.tariff, &metered->qos, job);
	int64_t excess = tariff_excess(&metered->partitions, metered->billing, job);
	struct left_job *left = find_left(metered, job);
	struct finished_job *to;
	bool free = job->start < 0 || (job->end >= 0 && job->elapsed == 0) ||
		    (job->billing == 0 && excess == 0) || factor == 0;

	metered->rows++;
	if (!free && is_unplaced(metered, job))
		return leave_out(&(struct sacct_odd){.field = "Account",
						     .value = "not in sshare's answer",
						     .job = true,
						     .id = job->id,
						     .submit = job->submit,
						     .account = job->account,
						     .ended = job->end >= 0},
				 ctx, err);
	if (left)
		left->read = true;
	if (free)
		return SB_OK;
	/* The slice that it ended in has it, too, and nothing is entered by which it is known. */
	if (metered->dry && job->end >= metered->next)
		return SB_OK;
	if (tariff_factor(&metered->qos, job->qos) < 0 && !note_unknown(metered, job->qos))
		return sb_error_set(err, SB_ESYSTEM, "out of memory for QOS");
	if (metered->job_count == metered->job_room) {
		size_t room = metered->job_room ? 2 * metered->job_room : 256;
		struct finished_job *grown = reallocarray(metered->jobs, room, sizeof(*grown));

		if (!grown)
			return sb_error_set(err, SB_ESYSTEM, "out of memory for jobs");
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
				    .excess = excess,
				    .limit = job->limit,
				    .factor = factor};
	if (!copy_texts(to, job))
		return sb_error_set(err, SB_ESYSTEM, "out of memory for jobs");
	metered->job_count++;
	return SB_OK;
}

/* The same two where jobs that were left out are asked for: others are nothing to it. */
static int keep_left_job(const struct sacct_job *job, void *ctx, struct sb_error *err)
{
	return find_left(ctx, job) ? keep_job(job, ctx, err) : SB_OK;
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

/* Takes out jobs that slurmctld does not know: they would be in flight for ever, and more of it at
 * each check, until their account is held. It is asked when a job has run for longer than it may,
 * or may run for ever. Returns EXIT_DONE or EXIT_PART. */
static int leave_out_runaway(struct metered *metered)
{
	struct env *env = metered->env;
	const char *cluster = metered->observation->cluster;
	struct slurm_config config;
	struct known_jobs known;
	struct sb_error err;
	bool doubtful = false;
	size_t kept = 0, count = metered->job_count;
	int status;

	for (size_t i = 0; i < count && !doubtful; i++) {
		const struct finished_job *job = &metered->jobs[i];

		doubtful = job->end < 0 && (job->limit < 0 || job->elapsed > job->limit);
	}
	if (!doubtful)
		return EXIT_DONE;
	/* A job that squeue hides has not run away. */
	if (scontrol_read_config(&env->slurm, cluster, &config, &err) ||
	    rights_check_squeue(env, &config, &err) ||
	    squeue_read(&env->slurm, cluster, &known, &err)) {
		warning(env, "jobs on cluster '%s' count as running that may not: %s", cluster,
			err.text);
		return EXIT_DONE;
	}
	status = left_out_warn_squeue(env, cluster, &known);
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
		report(env,
		       "%zu %s without an end on %s: slurmctld does not know %s, and %s not in "
		       "flight "
		       "(subank doctor)",
		       count - kept, count - kept == 1 ? "job" : "jobs", cluster,
		       count - kept == 1 ? "it" : "them", count - kept == 1 ? "it is" : "they are");
	return status;
}

struct charging {
	struct job_charges charges;
	const struct left_jobs *left; /* to be kept with them; NULL: it is so */
	bool dry;
};

static int charge(struct books *books, void *ctx, struct sb_error *err)
{
	struct charging *charging = ctx;
	int rc = jobs_charge(books, &charging->charges, err);

	if (!rc && charging->left)
		rc = books_set_left_jobs(books, charging->charges.cluster, charging->left, err);
	return !rc && charging->dry ? STORE_ABORT : rc;
}

/* Without memory the dry run tells of fewer holds, and says so. */
static void foresee(struct metered *metered, const char *account, int64_t amount)
{
	struct foreseen_uses *uses = metered->dry;
	struct foreseen *grown;
	struct sb_error err;

	if (!uses || amount <= 0)
		return;
	grown = reallocarray(uses->list, uses->count + 1, sizeof(*grown));
	if (!grown) {
		sb_error_nomem(&err);
		(void)fail(metered->env, &err);
		return;
	}
	uses->list = grown;
	(void)snprintf(grown[uses->count].account, sizeof(grown->account), "%s", account);
	grown[uses->count++].amount = amount;
}

static void say_sums(struct metered *metered, const struct job_charges *charges)
{
	struct env *env = metered->env;
	const struct rules rules = settings_rules(&env->settings);
	char amount[QUANTITY_SIZE];

	for (size_t i = 0; i < charges->sum_count; i++) {
		const struct job_sum *sum = &charges->sums[i];

		foresee(metered, sum->account, sum->amount);
		foresee(metered, sum->account, jobs_spent(&sum->flight, &rules));
		if (sum->jobs == 0)
			continue;
		report(env, "%s: %scharged %s for %zu %s on %s", sum->account,
		       metered->dry ? "would be " : "", quantity(env, amount, sum->amount),
		       sum->jobs, sum->jobs == 1 ? "job" : "jobs", charges->cluster);
	}
	if (charges->refused > 0)
		warning(env,
			"%zu jobs on %s come to more than money holds and are not charged: see "
			"what sacct has of them",
			charges->refused, charges->cluster);
}

/* With [hold] the accounts are not charged up to [settled] behind it. */
static int charge_slice(struct metered *metered, int64_t settled, bool hold, bool runs)
{
	struct env *env = metered->env;
	struct charging charging = {
		.charges = {.cluster = metered->observation->cluster,
			    .list = metered->jobs,
			    .count = metered->job_count,
			    .tree = &metered->tree,
			    .observation = metered->observation,
			    .before = &metered->kept,
			    .now = &metered->shown,
			    .only = metered->checkup->accounts,
			    .only_count = metered->checkup->account_count,
			    .running = runs,
			    .settled = settled,
			    .hold = hold},
		.left = metered->left_changed ? &metered->left : NULL,
		.dry = metered->dry,
	};
	struct sb_error err;
	int status = EXIT_DONE;

	if (bank_write(env->bank, env->os.now(), charge, &charging, &err)) {
		status = fail(env, &err);
	} else {
		metered->left_changed = metered->left_changed && metered->dry;
		metered->made |= !metered->dry && charging.charges.sum_count > 0;
		say_sums(metered, &charging.charges);
		if (charging.charges.refused > 0)
			status = EXIT_PART;
	}
	free(charging.charges.sums);
	return status;
}

/* Asks once more, by number, for jobs that were left out and are further behind than what this
 * check has read. Only they are taken: what else is so far behind was decided at its time. */
static int charge_left_jobs(struct metered *metered)
{
	const struct observation *observation = metered->observation;
	struct left_jobs *left = &metered->left;
	struct sacct_window window = {.until = observation->time / WHEN_SECOND + 1};
	int64_t *ids;
	struct sb_error err;
	int code = SB_OK;

	/* The clock may have been put back. */
	if (left->tried <= observation->time && observation->time - left->tried < TRY_AGAIN)
		return EXIT_DONE;
	ids = calloc(left->count + 1, sizeof(*ids));
	for (size_t i = 0; ids && i < left->count; i++) {
		if (!left->list[i].odd && !left->list[i].read)
			ids[window.id_count++] = left->list[i].id;
	}
	window.ids = ids;
	metered->next = INT64_MAX;
	forget_jobs(metered);
	if (!ids)
		code = sb_error_set(&err, SB_ESYSTEM, "out of memory");
	else if (window.id_count > 0)
		code = sacct_read(&metered->env->slurm, observation->cluster, &window,
				  keep_left_job, leave_out_again, metered, &err);
	free(ids);
	if (code != SB_OK) {
		warning(metered->env, "jobs left out on cluster '%s' are asked for later: %s",
			observation->cluster, err.text);
		return EXIT_PART;
	}
	if (window.id_count == 0)
		return EXIT_DONE;
	left->tried = observation->time;
	metered->left_changed = true;
	return charge_slice(metered, observation->time, true, false);
}

static int keep_left(struct books *books, void *ctx, struct sb_error *err)
{
	const struct metered *metered = ctx;

	return books_set_left_jobs(books, metered->observation->cluster, &metered->left, err);
}

/* Forgets those that could be read now, and those that are no longer on record: they were asked for
 * at this moment, and sacct showed others. */
static int forget_left_jobs(struct metered *metered)
{
	struct env *env = metered->env;
	struct left_jobs *left = &metered->left;
	bool asked = left->tried == metered->observation->time && metered->rows > 0;
	struct sb_error err;
	bool changed = false;

	for (size_t i = left->count; i-- > 0;) {
		struct left_job *job = &left->list[i];

		if (job->odd || (!job->read && !asked))
			continue;
		if (!job->read)
			warning(env,
				"job %" PRId64 " of account %s, whose row on cluster '%s' could "
				"not be read, is no "
				"longer on Slurm's record: it was not charged",
				job->id, *job->account ? job->account : "(not known)",
				metered->observation->cluster);
		left_jobs_remove(left, job);
		changed = true;
	}
	if (!changed || metered->dry)
		return EXIT_DONE;
	return bank_write(env->bank, env->os.now(), keep_left, metered, &err) ? fail(env, &err)
									      : EXIT_DONE;
}

/* Where no account is metered by jobs, nobody asks for them any more. */
static int forget_all_left_jobs(struct metered *metered)
{
	struct env *env = metered->env;
	struct sb_error err;

	if (metered->left.count == 0 || metered->gap || metered->dry ||
	    metered->checkup->account_count > 0)
		return EXIT_DONE;
	metered->left.count = 0;
	return bank_write(env->bank, env->os.now(), keep_left, metered, &err) ? fail(env, &err)
									      : EXIT_DONE;
}

/* Reads and charges slice by slice up to the moment of the observation. [again]: it has just been
 * done, and what runs is known. */
static int charge_slices(struct metered *metered, bool again)
{
	struct env *env = metered->env;
	const struct observation *observation = metered->observation;
	int64_t first = metered->from, until = observation->time;
	const bool past = metered->until < until; /* only jobs from before a switch are charged */
	struct progress progress;
	struct sb_error err;
	int status = EXIT_DONE, one;

	if (past)
		until = metered->until;
	/* Counted from zero there is no first day. */
	if (first < until - SLICES_MAX * SLICE)
		first = until - SLICES_MAX * SLICE;
	progress_begin(&progress, env, (uint64_t)((until - first) / SLICE + 1));
	for (int64_t since = first; since < until; since += SLICE) {
		int64_t end = until - since > SLICE ? since + SLICE : until;
		bool last = end == until, runs = last && !past && !again;
		/* A job ends in the second that sacct says, and one that ends in this one may not
		 * be there yet. */
		const struct sacct_window window = {.since = since / WHEN_SECOND,
						    .until = end / WHEN_SECOND + 1};
		int code;

		progress_step(&progress, (uint64_t)((since - first) / SLICE));
		forget_jobs(metered);
		metered->slice = window.since;
		metered->next = last ? INT64_MAX : end / WHEN_SECOND;
		code = sacct_read(&env->slurm, observation->cluster, &window, keep_job, leave_out,
				  metered, &err);
		progress_end(&progress);
		if (code != SB_OK) {
			warning(env, "the jobs on cluster '%s' are charged later: %s",
				observation->cluster, err.text);
			metered->silent = true;
			return EXIT_PART;
		}
		if (runs && leave_out_runaway(metered) != EXIT_DONE)
			status = EXIT_PART;
		one = charge_slice(metered, last ? observation->time : end, metered->hold, runs);
		if (one != EXIT_DONE && one != EXIT_PART)
			return one;
		if (one != EXIT_DONE)
			status = one;
	}
	return status;
}

static int charge_jobs(struct metered *metered)
{
	struct env *env = metered->env;
	const char *cluster = metered->observation->cluster;
	int status = charge_slices(metered, false), again = EXIT_DONE;

	/* A check of some accounts charges no jobs of others. */
	if (!metered->silent && metered->checkup->account_count == 0 && metered->left.count > 0 &&
	    (status == EXIT_DONE || status == EXIT_PART)) {
		again = charge_left_jobs(metered);
		if (again == EXIT_DONE || again == EXIT_PART) {
			int forgot = forget_left_jobs(metered);

			again = forgot == EXIT_DONE ? again : forgot;
		}
	}
	if (left_out_warn(env, cluster, &metered->unread,
			  "each to be charged when it can be read") != EXIT_DONE &&
	    status == EXIT_DONE)
		status = EXIT_PART;
	return again == EXIT_DONE ? status : again;
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
	if (row && row->odd_usage && metered->to[at] != METER_JOBS)
		return sb_error_set(
			err, SB_EREFUSED,
			"its usage cannot be read, from which counting would go on: the "
			"next check that can read it switches the meter");
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
		  : jobs_switch(books,
				&(struct meter_switch){.account = booked->account,
						       .cluster = booked->cluster,
						       .meter = metered->to[at],
						       .since = booked->until,
						       .now = row ? row->usage : 0},
				err);
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

/* Notes that jobs of the account run, for those to be switched that they count for. NULL: of any.
 */
static void note_running(struct metered *metered, const char *name)
{
	const struct record *record = &metered->switching;

	for (size_t i = 0; i < record->count; i++) {
		const char *account = record->lines[i].booked.account;

		metered->runs[i] = metered->runs[i] || !name || strcmp(account, name) == 0 ||
				   tree_above(&metered->tree, account, name);
	}
}

static int note_run(const struct sacct_job *job, void *ctx, struct sb_error *err)
{
	struct metered *metered = ctx;

	(void)err;
	if (job->start >= 0 && (job->end >= 0 || known_jobs_have(&metered->known, job->id)))
		note_running(metered, job->account);
	return SB_OK;
}

/* A job whose row cannot be read may run. */
static int note_odd_run(const struct sacct_odd *odd, void *ctx, struct sb_error *err)
{
	(void)err;
	if (odd->job)
		note_running(ctx, odd->account);
	return SB_OK;
}

/* Finds the accounts that had a job when RawUsage was read, or shortly before or since. Slurm moves
 * RawUsage every PriorityCalcPeriod and does not say when it did last: only where nothing runs it
 * is known what RawUsage is of which second. */
static int find_running(struct metered *metered, struct sb_error *err)
{
	struct env *env = metered->env;
	const struct observation *observation = metered->observation;
	const struct record *record = &metered->switching;
	const struct sacct_window window = {.since = observation->time / WHEN_SECOND - CLOCKS_APART,
					    .until = env->os.now() / WHEN_SECOND + CLOCKS_APART};
	bool *runs = calloc(record->count, sizeof(*runs));
	int code;

	free(metered->runs);
	metered->runs = runs;
	if (!runs)
		return sb_error_set(err, SB_ESYSTEM, "out of memory");
	/* slurmdbd may not have heard of a job yet. */
	for (size_t i = 0; i < record->count; i++) {
		const struct observed *row =
			observation_find(observation, record->lines[i].booked.account);

		runs[i] = row && (row->running > 0 || row->odd_room);
	}
	code = squeue_read(&env->slurm, observation->cluster, &metered->known, err);
	if (code != SB_OK)
		return code;
	code = sacct_read(&env->slurm, observation->cluster, &window, note_run, note_odd_run,
			  metered, err);
	known_jobs_release(&metered->known);
	return code;
}

/* Takes the accounts out that have to wait until none of their jobs runs: RawUsage is to go on
 * where the jobs ended. */
static int leave_out_running(struct metered *metered, struct sb_error *err)
{
	struct record *record = &metered->switching;
	bool wanted = false;
	size_t kept = 0;
	int code;

	for (size_t i = 0; i < record->count; i++)
		wanted = wanted || metered->to[i] == METER_RAWUSAGE;
	code = wanted ? find_running(metered, err) : SB_OK;
	for (size_t i = 0; i < record->count && code == SB_OK; i++) {
		struct recorded *line = &record->lines[i];

		if (metered->to[i] == METER_RAWUSAGE && metered->runs[i]) {
			report(metered->env,
			       "%s: stays metered by jobs on %s until a check finds none of its "
			       "jobs "
			       "running",
			       line->booked.account, line->booked.cluster);
			free(line->moves);
			continue;
		}
		metered->to[kept] = metered->to[i];
		record->lines[kept++] = *line;
	}
	if (code == SB_OK)
		record->count = kept;
	return code;
}

static int switch_meters(struct metered *metered)
{
	struct env *env = metered->env;
	struct record *record = &metered->switching;
	const char *cluster = metered->observation->cluster;
	struct sb_error why;
	bool back = false;
	int status = EXIT_DONE, code;

	(void)snprintf(record->cluster, sizeof(record->cluster), "%s", cluster);
	record->tree = metered->tree;
	code = leave_out_running(metered, &why);
	if (code == SB_OK && record->count > 0)
		code = record_read(env, &metered->qos, false, NULL, NULL, record, &why);
	record->tree = (struct tree){0};
	/* A job that sacct has shown since it was asked for jobs is to get its entry, and no other:
	 * the books have changed then, and its account waits. */
	for (size_t i = 0; i < record->count; i++)
		back = back || metered->to[i] == METER_RAWUSAGE;
	if (code == SB_OK && back && !metered->dry)
		status = charge_slices(metered, true);
	if (metered->silent || (status != EXIT_DONE && status != EXIT_PART))
		return status;
	if (code != SB_OK) {
		warning(env, "meters on cluster '%s' are switched later: %s", cluster, why.text);
		return EXIT_PART;
	}
	if (left_out_warn(env, cluster, &record->left, "so that their accounts wait") != EXIT_DONE)
		status = EXIT_PART;
	/* One that has to wait keeps no other waiting. */
	for (size_t i = 0; i < record->count; i++) {
		struct one_switch one = {.metered = metered, .at = i};
		const char *account = record->lines[i].booked.account;
		size_t left = record->lines[i].left_out;
		struct sb_error err;

		if (left == 0)
			left = left_jobs_of(&metered->left, &metered->tree, account, INT64_MAX);
		if (left > 0) {
			warning(env,
				"%s: the meter on %s is not switched: %zu of its jobs cannot be "
				"read",
				account, cluster, left);
			status = EXIT_PART;
			continue;
		}
		if (bank_write(env->bank, env->os.now(), switch_one, &one, &err)) {
			warning(env, "%s: the meter on %s is not switched: %s",
				record->lines[i].booked.account, cluster, err.text);
			status = EXIT_PART;
			continue;
		}
		metered->made |= !metered->dry;
		report(env, "%s: %s by %s on %s from now on", record->lines[i].booked.account,
		       metered->dry ? "would be metered" : "is metered",
		       event_word(FIELD_AT_METER, (uint8_t)metered->to[i]), cluster);
	}
	return status;
}

/* ---- the whole ---- */

/* Reads what Slurm weighs jobs by. */
static int read_tariff(struct metered *metered, struct sb_error *err)
{
	const struct slurm *slurm = &metered->env->slurm;
	const char *cluster = metered->observation->cluster;
	int code = known_qos_read(metered->env, &metered->qos, err);

	return code == SB_OK ? scontrol_read_partitions(slurm, cluster, &metered->partitions, err)
			     : code;
}

/* Keeps the factors for when their QOS are gone, and says once of which none is known. */
static int keep_factors(struct metered *metered)
{
	struct env *env = metered->env;
	bool *news = calloc(metered->unknown_count + 1, sizeof(*news));
	struct sb_error err;
	int status;

	if (!news) {
		sb_error_nomem(&err);
		return fail(env, &err);
	}
	status = known_qos_keep(env, &metered->qos, metered->unknown, metered->unknown_count,
				metered->dry, news);
	for (size_t i = 0; i < metered->unknown_count; i++) {
		if (!news[i] || (status != EXIT_DONE && status != EXIT_PART))
			continue;
		warning(env,
			"jobs on %s ran in QOS '%s', whose UsageFactor Slurm does not tell any "
			"more: they are charged by 1, unless the settings give a factor for it",
			metered->observation->cluster, metered->unknown[i]);
		status = EXIT_PART;
	}
	free(news);
	return status;
}

static int meter_cluster(struct metered *metered)
{
	struct env *env = metered->env;
	struct sb_error err;
	struct sb_error why;
	int status = EXIT_DONE, kept = EXIT_DONE, switched;

	if (observation_tree(metered->observation, &metered->shown, &err) ||
	    bank_read(env->bank, env->os.now(), look, metered, &err))
		return fail(env, &err);
	if (metered->from == INT64_MAX && metered->switching.count == 0)
		return forget_all_left_jobs(metered);
	/* Jobs that slurmdbd hides look like none: nothing is settled, and no meter goes over to
	 * them. */
	if (rights_check_sacct(env, &why) || read_tariff(metered, &why)) {
		warning(env,
			metered->from != INT64_MAX
				? "the jobs on cluster '%s' are charged later: %s"
				: "meters on cluster '%s' are switched later: %s",
			metered->observation->cluster, why.text);
		return EXIT_PART;
	}
	if (metered->from != INT64_MAX)
		status = charge_jobs(metered);
	if (!metered->silent && (status == EXIT_DONE || status == EXIT_PART))
		kept = keep_factors(metered);
	if (kept != EXIT_DONE && kept != EXIT_PART)
		return kept;
	if (kept != EXIT_DONE && status == EXIT_DONE)
		status = kept;
	if (metered->switching.count == 0 || metered->silent ||
	    (status != EXIT_DONE && status != EXIT_PART))
		return status;
	/* The books have moved. */
	if (bank_read(env->bank, env->os.now(), look, metered, &err))
		return fail(env, &err);
	switched = switch_meters(metered);
	return switched == EXIT_DONE ? status : switched;
}

int job_meter_run(struct env *env, const struct checkup *checkup, const struct clusters *clusters,
		  struct foreseen_uses *dry, bool *made)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < clusters->count; i++) {
		struct metered metered = {.env = env,
					  .checkup = checkup,
					  .observation = &clusters->list[i],
					  .billing = clusters->answers[i].billing,
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
