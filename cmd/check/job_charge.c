/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads jobs slice by slice and charges them. */
#include <stdlib.h>
#include <string.h>

#include "cmd/check/job_price.h"
#include "cmd/check/metered.h"
#include "cmd/frame/messages.h"
#include "cmd/show/progress.h"
#include "ledger/base/array.h"

/* The time that one call of sacct and one transaction cover. Most checks need one slice. */
#define SLICE (JOBS_OVERLAP + WHEN_DAY)

/* More time than Slurm has existed. */
enum { SLICES_MAX = 4000 };

static void free_texts(struct finished_job *job)
{
	union {
		const char *in;
		void *out;
	} text = {.in = job->name};

	free(text.out);
}

void metered_forget_jobs(struct metered *metered)
{
	for (size_t i = 0; i < metered->job_count; i++)
		free_texts(&metered->jobs[i]);
	metered->job_count = 0;
}

/* Copies the texts of a job into one block, which its name begins. */
static bool copy_texts(struct finished_job *to, const struct sacct_job *job)
{
	const char *const from[] = {job->name, job->account, job->user, job->partition,
				    job->qos,  job->state,   job->tres, job->reservation};
	const char **const places[] = {&to->name,	&to->slurm_account, &to->user,
				       &to->partition,	&to->qos,	    &to->state,
				       &to->alloc_tres, &to->reservation};
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

/* False: memory ran out. */
static bool note_unknown(struct metered *metered, const char *qos)
{
	char **name, *copy;

	for (size_t i = 0; i < metered->unknown_count; i++) {
		if (strcmp(metered->unknown[i], qos) == 0)
			return true;
	}
	copy = strdup(qos);
	name = copy ? array_add(metered->unknown, metered->unknown_count) : NULL;
	if (name)
		*name = copy;
	else
		free(copy);
	return name;
}

/* Whether the place of the job's account is unknown. sshare shows a name with newlines in several
 * lines, and one of those may look like a row of its own; the name is then missing. */
static bool is_unplaced(const struct metered *metered, const struct sacct_job *job)
{
	return strchr(job->account, '\n') && !tree_parent(&metered->tree, job->account);
}

/* Leaves out a job, ended or running, whose row cannot be used. */
static int leave_out_job(struct metered *metered, const struct sacct_job *job, const char *field,
			 const char *value, struct sb_error *err)
{
	const struct sacct_odd odd = sacct_odd_job(job, field, value);

	return metered_leave_out(&odd, metered, err);
}

/* Finds whether the job was allocated a resource of any purse. Returns false if one of the numbers
 * cannot be read. */
static bool find_resources(const struct metered *metered, const struct sacct_job *job, bool *ret)
{
	char resource[RESOURCE_SIZE];
	int64_t count;

	*ret = false;
	for (size_t i = 0; i < metered->resources.count; i++) {
		resource_base(resource, metered->resources.list[i]);
		/* The job has its billing apart. */
		if (strcmp(resource, RESOURCE_BILLING) == 0)
			continue;
		if (sacct_tres(job->tres, resource, &count, NULL))
			return false;
		*ret = *ret || count > 0;
	}
	return true;
}

int metered_add_job(const struct sacct_job *job, void *ctx, struct sb_error *err)
{
	struct metered *metered = ctx;
	struct finished_job priced =
		job_priced(&metered->env->settings.tariff, &metered->qos,
			   tariff_excess(&metered->partitions, metered->billing, job), job);
	struct left_job *left = metered_find_left(metered, job);
	struct finished_job *to;
	bool free = job->start < 0 || (job->end >= 0 && job->elapsed == 0) || priced.factor == 0;
	bool resources;

	metered->rows++;
	/* A job is charged to all purses in one transaction, so it has to wait until each of its
	 * numbers can be read. */
	if (!free && !find_resources(metered, job, &resources))
		return leave_out_job(metered, job, "AllocTRES", job->tres, err);
	free = free || (job->billing == 0 && priced.excess == 0 && !resources);
	if (!free && !job->reservation)
		return leave_out_job(metered, job, "ReservationId", job->reservation_id, err);
	if (!free && is_unplaced(metered, job))
		return leave_out_job(metered, job, "Account", "not in sshare's answer", err);
	if (left)
		left->read = true;
	/* The next slice shows this job too. A dry run records no charge, so the job would be
	 * counted twice: it counts in the last slice that shows it. */
	if (free || (metered->dry && job->end >= metered->next))
		return SB_OK;
	if (tariff_factor(&metered->qos, job->qos) < 0 && !note_unknown(metered, job->qos))
		return sb_error_nomem(err);
	to = array_add(metered->jobs, metered->job_count);
	if (!to)
		return sb_error_nomem(err);
	*to = priced;
	to->id = job->id;
	to->db_index = job->index;
	to->submit = job->submit;
	return copy_texts(to, job) ? SB_OK : sb_error_nomem(err);
}

/* Whether a job has run for longer than it may, or may run for ever. */
static bool any_overdue(const struct metered *metered)
{
	for (size_t i = 0; i < metered->job_count; i++) {
		const struct finished_job *job = &metered->jobs[i];

		if (job->end < 0 && (job->limit < 0 || job->elapsed > job->limit))
			return true;
	}
	return false;
}

/* Removes the jobs that slurmctld does not know: they would be in flight for ever, with more use at
 * each check, until their account is held. Asks slurmctld only when a job is overdue. Returns
 * EXIT_DONE or EXIT_PART. */
static int drop_runaway(struct metered *metered)
{
	struct env *env = metered->env;
	const char *cluster = metered->observation->cluster;
	struct slurm_config config;
	struct known_jobs known;
	struct sb_error err;
	size_t kept = 0, count = metered->job_count;
	int status;

	if (!any_overdue(metered))
		return EXIT_DONE;
	if (scontrol_read_config(&env->slurm, cluster, &config, &err) ||
	    runaway_read(env, &config, cluster, &known, &err)) {
		warning(env, "jobs on cluster '%s' that may have ended count as running: %s",
			cluster, err.text);
		return EXIT_DONE;
	}
	status = runaway_warn(env, cluster, &known);
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
		       "flight (subank doctor)",
		       count - kept, count - kept == 1 ? "job" : "jobs", cluster,
		       count - kept == 1 ? "it" : "them", count - kept == 1 ? "it is" : "they are");
	return status;
}

struct charging {
	struct job_charges charges;
	const struct left_jobs *left; /* to be kept with the charges; NULL: unchanged */
	bool dry;
};

static int charge(struct books *books, void *ctx, struct sb_error *err)
{
	struct charging *charging = ctx;

	TRY(jobs_charge(books, &charging->charges, err));
	if (charging->left)
		TRY(books_set_left_jobs(books, charging->charges.cluster, charging->left, err));
	return charging->dry ? STORE_ABORT : SB_OK;
}

/* Without memory the dry run reports fewer holds, and the error. */
static void foresee(struct metered *metered, const char *account, int64_t amount)
{
	struct foreseen *foreseen;
	struct sb_error err;

	if (!metered->dry || amount <= 0)
		return;
	foreseen = array_add(metered->dry->list, metered->dry->count);
	if (!foreseen) {
		sb_error_nomem(&err);
		(void)fail(metered->env, &err);
		return;
	}
	(void)snprintf(foreseen->account, sizeof(foreseen->account), "%s", account);
	foreseen->amount = amount;
}

void metered_report_quota(struct metered *metered, const char *account,
			  const struct renewal *renewal)
{
	struct env *env = metered->env;
	char amount[QUANTITY_SIZE];

	/* In a dry run the plan reports it. */
	if (renewal->seq && !metered->dry)
		report(env, "%s: the quota of a new period, %s, was deposited%s", account,
		       quantity(env, amount, account, renewal->amount),
		       renewal->forgiven ? ", and debt was forgiven" : "");
}

static void report_sums(struct metered *metered, const struct job_charges *charges)
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
		metered_report_quota(metered, sum->account, &sum->renewal);
		report(env, "%s: %scharged %s for %zu %s on %s", sum->account,
		       metered->dry ? "would be " : "",
		       quantity(env, amount, sum->account, sum->amount), sum->jobs,
		       sum->jobs == 1 ? "job" : "jobs", charges->cluster);
	}
	if (charges->refused > 0)
		warning(env,
			"%zu jobs on %s cost more than an amount can hold and are not charged: "
			"inspect them with sacct",
			charges->refused, charges->cluster);
	if (charges->unread > 0)
		warning(env,
			"%zu %s on %s for the next check: a budget was opened meanwhile, and its "
			"resource in AllocTRES cannot be read",
			charges->unread, charges->unread == 1 ? "job waits" : "jobs wait",
			charges->cluster);
}

/* When the last look-back was, once the jobs up to [settled] are charged; 0: the next check looks
 * back. */
static int64_t look_of(const struct metered *metered, int64_t settled)
{
	if (metered->ahead || metered->hold)
		return 0;
	return metered->back && metered->checkup->account_count == 0 &&
			       settled == metered->observation->time
		       ? settled
		       : metered->looked_back;
}

static int read_look(struct books *books, void *ctx, struct sb_error *err)
{
	struct metered *metered = ctx;

	return books_looked_back(books, metered->observation->cluster, &metered->looked_back, err);
}

static int forget_look(struct books *books, void *ctx, struct sb_error *err)
{
	const struct metered *metered = ctx;

	return books_set_looked_back(books, metered->observation->cluster, 0, err);
}

int metered_look_again(struct metered *metered)
{
	struct env *env = metered->env;
	struct sb_error err;
	int rc;

	if (metered->dry)
		return EXIT_DONE;
	rc = bank_read(env->bank, env->os.now(), read_look, metered, &err);
	if (!rc && metered->looked_back)
		rc = bank_write(env->bank, env->os.now(), forget_look, metered, &err);
	return rc ? fail(env, &err) : EXIT_DONE;
}

int metered_charge(struct metered *metered, int64_t settled, bool hold, bool runs)
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
			    .looked_back = look_of(metered, settled),
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
		report_sums(metered, &charging.charges);
		metered->late |= charging.charges.unread > 0;
		metered->hold |= metered->late;
		if (charging.charges.refused > 0 || charging.charges.unread > 0)
			status = EXIT_PART;
	}
	free(charging.charges.sums);
	return status;
}

const struct reservations *metered_reservations(const struct metered *metered)
{
	return metered->env->settings.tariff.reservations.count > 0 ? &metered->reservations : NULL;
}

int metered_charge_slices(struct metered *metered, bool again)
{
	struct env *env = metered->env;
	const struct observation *observation = metered->observation;
	int64_t first = metered->from, until = observation->time;
	const bool past = metered->until < until; /* only jobs from before a switch are charged */
	struct progress progress;
	struct sb_error err;
	int status = EXIT_DONE;

	if (past)
		until = metered->until;
	/* An account that counts from zero has no first day. */
	if (first < until - SLICES_MAX * SLICE)
		first = until - SLICES_MAX * SLICE;
	progress_begin(&progress, env, (uint64_t)((until - first) / SLICE + 1));
	for (int64_t since = first; since < until; since += SLICE) {
		int64_t end = until - since > SLICE ? since + SLICE : until;
		bool last = end == until, runs = last && !past && !again;
		/* A job ends in the second that sacct prints, and one that ends in this second may
		 * not be there yet. */
		const struct sacct_window window = {.since = since / WHEN_SECOND,
						    .until = end / WHEN_SECOND + 1,
						    .reservations = metered_reservations(metered)};
		int rc, one;

		progress_step(&progress, (uint64_t)((since - first) / SLICE));
		metered_forget_jobs(metered);
		metered->slice = window.since;
		metered->next = last ? INT64_MAX : end / WHEN_SECOND;
		rc = sacct_read(&env->slurm, observation->cluster, &window,
				&(struct sacct_sink){metered_add_job, metered_leave_out, metered},
				&err);
		progress_end(&progress);
		if (rc) {
			warning(env, "the jobs on cluster '%s' are charged later: %s",
				observation->cluster, err.text);
			metered->silent = true;
			return EXIT_PART;
		}
		if (runs)
			status = status_join(status, drop_runaway(metered));
		one = metered_charge(metered, last ? observation->time : end, metered->hold, runs);
		if (!status_goes_on(one))
			return one;
		status = status_join(status, one);
	}
	return status;
}
