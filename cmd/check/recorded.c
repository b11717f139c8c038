/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/recorded.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/check/job_price.h"
#include "cmd/frame/status_line.h"
#include "cmd/show/rights_text.h"
#include "ledger/base/array.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"
#include "ledger/check/jobs.h"
#include "ledger/check/moves.h"

/* Seconds that sacct is asked for at a time, so that slurmdbd is not kept busy for long. Where jobs
 * were few, the next slice is twice as long, up to a year; where there were none, without a bound:
 * an account counted from zero has no first day. */
enum { SLICE = 7 * 86400, SLICE_MAX = 365 * 86400, JOBS_FEW = 5000 };

struct record_reading {
	struct env *env;
	const struct record_request *request;
	struct record *record;
	struct known_jobs known; /* to slurmctld */
	int64_t asked; /* when it was asked; seconds */
	int64_t since, until; /* of the slice, seconds */
	bool oldest; /* no slice comes before this one */
	size_t rows; /* that the slice had */
	/* The job that is being added: */
	const struct sacct_job *job;
	int64_t factor; /* UsageFactor */
	bool odd; /* the job is among those left out */
	/* of the line that the job is being added to: */
	int64_t count; /* its billing, or its count of the purse's TRES */
	int64_t excess; /* tariff_excess() of billing */
	int64_t used; /* what it used in the period */
};

int64_t record_whole(__int128 parts)
{
	return account_sum(parts / FACTOR_ONE);
}

static int64_t seconds(int64_t when)
{
	return when / WHEN_SECOND;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Returns all use that Slurm has on record, in whole seconds of the resource. */
static __int128 sum_of(const struct recorded *line)
{
	return (line->used + line->suspended + line->weights) / FACTOR_ONE;
}

static int compare_line(const void *key, const void *line)
{
	return strcmp(key, ((const struct recorded *)line)->booked.account);
}

static struct recorded *find_line(const struct record *record, const char *account)
{
	return array_find(record->lines, record->count, account, compare_line);
}

/* When the job ended, or until when it has run so far. */
static int64_t end_of(const struct sacct_job *job)
{
	return job->end >= 0 ? job->end : job->start + job->elapsed + job->suspended;
}

/* How many seconds of the job may be booked on the far side of the edge. RawUsage was last read
 * [age] before the edge: it may have lacked a PriorityCalcPeriod of use then, and the books have
 * none of the use since. RawUsage gets all use of a job as soon as the job ends. */
static int64_t late(const struct record_reading *reading, int64_t edge, int64_t age)
{
	const struct sacct_job *job = reading->job;
	int64_t at = seconds(edge), read = seconds(edge - age);
	int64_t from = larger(job->start, read - reading->record->calc_period - 1);
	int64_t end = job->end >= 0 ? smaller(job->end, at) : at;

	return job->end >= 0 && job->end <= read ? 0 : larger(end - from, 0);
}

/* What RawUsage counts of the job each second, in parts. */
static __int128 rate_of(const struct record_reading *reading)
{
	return (__int128)reading->count * reading->factor +
	       (__int128)reading->excess * reading->factor / EXCESS_ONE;
}

static bool has_fraction(const struct record_reading *reading)
{
	return reading->excess || reading->factor % FACTOR_ONE;
}

/* Whether the job counted for the line at that time, microseconds. */
static bool is_counted(const struct record_reading *reading, const struct recorded *line,
		       int64_t time)
{
	const struct moves_place place = {line->moves, line->move_count, line->owner,
					  line->booked.cluster, &reading->record->tree};

	return moves_counted(&place, reading->job->account, time);
}

/* Adds what RawUsage counted, or should have, within [since, until), seconds. Returns whether the
 * job ran then. */
static bool add_within(struct record_reading *reading, struct recorded *line, int64_t since,
		       int64_t until)
{
	const struct booked *booked = &line->booked;
	const struct sacct_job *job = reading->job;
	int64_t ran = smaller(end_of(job), until) - larger(job->start, since);
	int64_t used = smaller(ran, job->elapsed), edge = 0;
	__int128 rate = (__int128)reading->count * reading->factor;

	if (since >= until)
		return false;
	if (!booked->since_begins && since == seconds(booked->since))
		edge += late(reading, booked->since, booked->since_age);
	if (!booked->to_end && until == seconds(booked->until))
		edge += late(reading, booked->until, booked->until_age);
	line->edge += rate_of(reading) * edge;
	if (ran <= 0)
		return false;
	line->used += rate * used;
	line->suspended += rate * (ran - used);
	line->weights += (__int128)reading->excess * reading->factor * ran / EXCESS_ONE;
	line->fraction = line->fraction || has_fraction(reading);
	reading->used += record_whole(rate * used);
	return true;
}

/* Adds how much of the job RawUsage may have had on the other side of the move. */
static void add_move(const struct record_reading *reading, const struct moved *moved,
		     struct recorded *line)
{
	__int128 most = rate_of(reading) * late(reading, moved->since, 0);

	if (moved->came)
		line->came_late += most;
	else
		line->went_late += most;
	line->fraction = line->fraction || has_fraction(reading);
}

/* Only the books show which second RawUsage had reached at a move: if that explains the whole
 * difference, the use counts where they have it. */
static void settle_moves(struct recorded *line)
{
	__int128 more = sum_of(line) - line->booked.amount;
	__int128 came = (line->came_late + FACTOR_ONE - 1) / FACTOR_ONE;
	__int128 went = (line->went_late + FACTOR_ONE - 1) / FACTOR_ONE;

	if (-came <= more && more <= went)
		line->used -= more * FACTOR_ONE;
}

/* add_within() up to [until], while the job counted for the line: moves of accounts change that. */
static bool add_counted(struct record_reading *reading, struct recorded *line, int64_t until)
{
	const struct booked *booked = &line->booked;
	int64_t from = seconds(booked->since);
	bool counts = is_counted(reading, line, INT64_MIN), ran = false;

	for (size_t i = 0; i < line->move_count && from < until; i++) {
		const struct moved *moved = &line->moves[i];
		int64_t at = seconds(moved->since);

		if (counts == moved->came ||
		    !moves_is_about(moved, booked->cluster, reading->job->account))
			continue;
		if (counts)
			ran = add_within(reading, line, from, smaller(at, until)) || ran;
		if (at > seconds(booked->since) && at < until)
			add_move(reading, moved, line);
		counts = moved->came;
		from = larger(from, at);
	}
	return (counts && add_within(reading, line, from, until)) || ran;
}

/* Whether the line is of SU: of an account, or of a user's share of one. */
static bool counts_billing(const struct recorded *line)
{
	char resource[RESOURCE_SIZE];

	resource_base(resource, purse_resource(line->booked.account));
	return strcmp(resource, RESOURCE_BILLING) == 0;
}

static void leave_out_of(struct record *record, struct recorded *line, const struct sacct_odd *odd,
			 bool *named)
{
	line->left_out++;
	if (!*named)
		left_out_add(&record->left, odd);
	*named = true;
}

/* Leaves the job out of the line. */
static void leave_out_job(struct record_reading *reading, struct recorded *line, const char *field,
			  const char *value)
{
	const struct sacct_odd odd = sacct_odd_job(reading->job, field, value);

	leave_out_of(reading->record, line, &odd, &reading->odd);
}

/* Adds the job as a whole if it ended in the period; in a period that lasts until now also what a
 * running job has used so far. Leaves out a job whose price is not known. Returns whether it did.
 */
static bool add_by_jobs(struct record_reading *reading, struct recorded *line)
{
	const struct booked *booked = &line->booked;
	const struct sacct_job *job = reading->job;
	int64_t since = seconds(booked->since), until = seconds(booked->until), amount;
	struct finished_job finished = job_priced(&reading->env->settings.tariff,
						  reading->request->qos, reading->excess, job);

	if (!counts_billing(line))
		finished = job_for_purse(&finished, reading->count);
	finished.end = end_of(job);
	if (job->end < 0 || job->end > until) {
		if (!booked->to_end)
			return false;
		finished.end = smaller(finished.end, until);
		finished.elapsed = smaller(finished.elapsed, finished.end - finished.start);
	}
	if (finished.end <= since ||
	    !is_counted(reading, line, job->end < 0 ? INT64_MAX : job->end * WHEN_SECOND) ||
	    !job_amount(&finished, seconds(booked->jobs_since), &amount) || amount == 0)
		return false;
	/* slurmdbd may have purged its reservation. */
	if (!job->reservation) {
		leave_out_job(reading, line, "ReservationId", job->reservation_id);
		return false;
	}
	line->used += (__int128)amount * FACTOR_ONE;
	reading->used += amount;
	return true;
}

/* Finds the number by which the line's purse counts the job. Returns false if the job does not
 * count for it; a job whose number cannot be read is left out. */
static bool find_count(struct record_reading *reading, struct recorded *line)
{
	const struct sacct_job *job = reading->job;
	struct record *record = reading->record;
	const char *user = purse_user(line->booked.account);
	char resource[RESOURCE_SIZE];

	reading->count = job->billing;
	reading->excess = 0;
	/* A share has only jobs of its user in the account itself. */
	if (user && (strcasecmp(user, job->user) != 0 || strcmp(line->owner, job->account) != 0))
		return false;
	if (counts_billing(line)) {
		reading->excess = tariff_excess(&record->partitions, record->billing, job);
		return true;
	}
	resource_base(resource, purse_resource(line->booked.account));
	if (sacct_tres(job->tres, resource, &reading->count, NULL)) {
		leave_out_job(reading, line, "AllocTRES", job->tres);
		return false;
	}
	return reading->count > 0;
}

static int add_to(struct record_reading *reading, struct recorded *line, struct sb_error *err)
{
	const struct record_request *request = reading->request;
	const struct booked *booked = &line->booked;
	int64_t until = seconds(booked->until);
	bool counts;

	reading->used = 0;
	if (!find_count(reading, line))
		return SB_OK;
	if (booked->jobs_since)
		until = smaller(until, seconds(booked->jobs_since));
	counts = add_counted(reading, line, until);
	if (booked->jobs_since)
		counts = add_by_jobs(reading, line) || counts;
	if (!counts)
		return SB_OK;
	line->jobs++;
	return request->each ? request->each(reading->job, (size_t)(line - reading->record->lines),
					     reading->used, request->ctx, err)
			     : SB_OK;
}

/* Adds the job to the lines of an account of Slurm: its own and those of its purses. */
static int add_to_account(struct record_reading *reading, const char *account, struct sb_error *err)
{
	const struct record *record = reading->record;
	/* In Slurm an account may have the name of a purse. */
	struct recorded *line = purse_is_account(account) ? find_line(record, account) : NULL;
	char first[NAME_SIZE + 1];
	size_t at;

	if (line)
		TRY(add_to(reading, line, err));
	if (!record->purses || !purse_is_account(account))
		return SB_OK;
	(void)snprintf(first, sizeof(first), "%s:", account);
	(void)array_search(record->lines, record->count, first, compare_line, &at);
	for (; at < record->count && strcmp(record->lines[at].owner, account) == 0; at++)
		TRY(add_to(reading, &record->lines[at], err));
	return SB_OK;
}

static int take_job(const struct sacct_job *job, void *ctx, struct sb_error *err)
{
	struct record_reading *reading = ctx;
	struct record *record = reading->record;
	const char *account = job->account;

	reading->rows++;
	/* A job belongs to the slice that it started in: sacct also has jobs that waited in a slice
	 * (22.05.8), or run on into it. */
	if (job->start < 0 || job->start >= reading->until ||
	    (!reading->oldest && job->start < reading->since))
		return SB_OK;
	if (runaway_is(job, &reading->known, reading->asked)) {
		record->runaway++;
		return SB_OK;
	}
	reading->job = job;
	reading->odd = false;
	reading->factor = tariff_factor(reading->request->qos, job->qos);
	if (reading->factor < 0) {
		record->unknown_qos++;
		reading->factor = FACTOR_ONE;
	}
	for (size_t i = 0; account && *account && i <= record->tree.count; i++) {
		TRY(add_to_account(reading, account, err));
		account = tree_parent(&record->tree, account);
	}
	for (size_t i = 0; record->moved && i < record->count; i++) {
		struct recorded *line = &record->lines[i];

		if (line->move_count > 0 && strcmp(line->owner, job->account) != 0 &&
		    !tree_above(&record->tree, line->owner, job->account))
			TRY(add_to(reading, line, err));
	}
	return SB_OK;
}

/* Whether the account is, or was, below that of the line. */
static bool is_below(const struct record *record, const struct recorded *line, const char *account)
{
	bool below = tree_above(&record->tree, line->owner, account);

	for (size_t i = 0; i < line->move_count && !below; i++)
		below = moves_is_about(&line->moves[i], line->booked.cluster, account);
	return below;
}

/* Whether a row is, or may be, of a job of the line. It may be any account's where its account is
 * not known or not in the tree. */
static bool may_be_of(const struct record *record, const struct recorded *line, const char *account)
{
	if (!account)
		return true;
	/* It ran without an association. */
	if (!*account)
		return false;
	return strcmp(account, line->owner) == 0 || !tree_parent(&record->tree, account) ||
	       is_below(record, line, account);
}

/* A row that cannot be read counts with the slice that it was submitted in, if that can be read. */
static int leave_out(const struct sacct_odd *odd, void *ctx, struct sb_error *err)
{
	const struct record_reading *reading = ctx;
	struct record *record = reading->record;
	bool named = false;

	(void)err;
	if (odd->submit >= reading->until ||
	    (odd->submit >= 0 && odd->submit < reading->since && !reading->oldest))
		return SB_OK;
	for (size_t i = 0; i < record->count; i++) {
		if (may_be_of(record, &record->lines[i], odd->account))
			leave_out_of(record, &record->lines[i], odd, &named);
	}
	return SB_OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool have_name(const char *const *names, size_t count, const char *name)
{
	return array_find(names, count, &name, by_name);
}

/* Lists the accounts that moved, as entries name them. */
static int list_movers(const struct record *record, const char ***ret, size_t *ret_count,
		       struct sb_error *err)
{
	const char **movers;
	size_t count = 0;

	for (size_t i = 0; i < record->count; i++)
		count += record->lines[i].move_count;
	movers = calloc(count + 1, sizeof(*movers));
	if (!movers)
		return sb_error_nomem(err);
	count = 0;
	for (size_t i = 0; i < record->count; i++) {
		const struct recorded *line = &record->lines[i];

		for (size_t j = 0; j < line->move_count; j++) {
			if (strcmp(line->moves[j].cluster, line->booked.cluster) == 0)
				movers[count++] = line->moves[j].mover;
		}
	}
	array_unique(movers, count, by_name);
	*ret = movers;
	*ret_count = count;
	return SB_OK;
}

/* Whether one of the accounts above is among the names. */
static bool is_below_any(const struct tree *tree, const char *account, const char *const *names,
			 size_t count)
{
	const char *at = tree_parent(tree, account);
	bool found = false;

	/* The limit ends a cycle. */
	for (size_t i = 0; at && *at && i < tree->count && !found; i++) {
		found = have_name(names, count, at);
		at = tree_parent(tree, at);
	}
	return found;
}

/* Names the accounts of the lines and those that are, or were, below them. If sacct cannot be asked
 * for one of these names, names none, so that it is asked for all accounts. */
static int name_accounts(const struct record *record, const char ***ret, size_t *ret_count,
			 struct sb_error *err)
{
	const struct tree *tree = &record->tree;
	const char **names = calloc(record->count + tree->count + 1, sizeof(*names));
	const char **movers = NULL;
	size_t count = record->count, owners, mover_count = 0;

	if (!names || list_movers(record, &movers, &mover_count, err)) {
		free(names);
		return sb_error_nomem(err);
	}
	for (size_t i = 0; i < count; i++)
		names[i] = record->lines[i].owner;
	array_unique(names, count, by_name);
	owners = count;
	for (size_t i = 0; i < tree->count; i++) {
		const char *account = tree->list[i].account;
		char text[NAME_SIZE];

		if (!have_name(names, owners, account) &&
		    (is_below_any(tree, account, names, owners) ||
		     have_name(movers, mover_count, text_escape(text, sizeof(text), account))))
			names[count++] = account;
	}
	free(movers);
	for (size_t i = 0; i < count; i++) {
		if (!slurm_name_ok(names[i]))
			count = 0;
	}
	*ret = names;
	*ret_count = count;
	return SB_OK;
}

/* Whether prices depend on reservations. */
static bool is_reserved(const struct record_reading *reading)
{
	return reading->env->settings.tariff.reservations.count > 0;
}

static void find_period(const struct record_reading *reading, struct sacct_window *window)
{
	const struct record *record = reading->record;

	*window = (struct sacct_window){.since = INT64_MAX,
					.reservations = is_reserved(reading) ? &record->reservations
									     : NULL};
	for (size_t i = 0; i < record->count; i++) {
		const struct booked *booked = &record->lines[i].booked;

		/* Jobs that ended shortly before count at the edge. */
		window->since = smaller(window->since, seconds(booked->since - booked->since_age));
		window->until = larger(window->until, seconds(booked->until));
	}
}

static int read_slice(struct record_reading *reading, const struct sacct_window *slice, bool oldest,
		      struct sb_error *err)
{
	struct env *env = reading->env;
	const char *cluster = reading->record->cluster;
	char from[WHEN_TEXT_SIZE];

	reading->since = slice->since;
	reading->until = slice->until;
	reading->oldest = oldest;
	reading->rows = 0;
	stage(env, "asks %s for its jobs from %s on", cluster,
	      when_format_short(from, slice->since * WHEN_SECOND));
	return sacct_read(&env->slurm, cluster, slice,
			  &(struct sacct_sink){take_job, leave_out, reading}, err);
}

/* Reads slices, the newest first, since it is not known when the first job ran. Notes those with
 * jobs. */
static int read_slices(struct record_reading *reading, const struct sacct_window *whole,
		       struct sb_error *err)
{
	struct record *record = reading->record;
	struct sacct_window slice = *whole;
	int64_t length = SLICE;

	record->slice_count = 0;
	while (slice.until > whole->since) {
		slice.since = larger(slice.until - length, whole->since);
		TRY(read_slice(reading, &slice, slice.since == whole->since, err));
		if (reading->rows > 0) {
			struct record_slice *kept = array_add(record->slices, record->slice_count);

			if (!kept)
				return sb_error_nomem(err);
			*kept = (struct record_slice){slice.since, slice.until};
		}
		if (reading->rows == 0 || (reading->rows <= JOBS_FEW && length < SLICE_MAX))
			length *= 2;
		else if (reading->rows > JOBS_FEW && length > SLICE)
			length /= 2;
		slice.until = slice.since;
	}
	return SB_OK;
}

/* Reads the slices that had jobs again, the oldest first. */
static int read_again(struct record_reading *reading, const struct sacct_window *whole,
		      struct sb_error *err)
{
	const struct record *record = reading->record;
	struct sacct_window slice = *whole;

	for (size_t i = record->slice_count; i-- > 0;) {
		slice.since = record->slices[i].since;
		slice.until = record->slices[i].until;
		TRY(read_slice(reading, &slice, slice.since == whole->since, err));
	}
	return SB_OK;
}

struct booked *record_add(struct record *record, const struct account *account,
			  const struct account *owner)
{
	size_t count = owner->move_count;
	struct moved *moves = calloc(count + 1, sizeof(*moves));
	struct recorded *line = moves ? array_add(record->lines, record->count) : NULL;

	if (!line) {
		free(moves);
		return NULL;
	}
	if (count > 0)
		memcpy(moves, owner->moves, count * sizeof(*moves));
	line->moves = moves;
	line->move_count = count;
	(void)snprintf(line->booked.account, sizeof(line->booked.account), "%s", account->name);
	(void)snprintf(line->owner, sizeof(line->owner), "%s", owner->name);
	return &line->booked;
}

void record_drop(struct record *record)
{
	free(record->lines[--record->count].moves);
}

void record_clear(struct record *record)
{
	while (record->count > 0)
		record_drop(record);
}

static void reset_sums(struct record *record)
{
	record->unknown_qos = record->runaway = 0;
	record->left = (struct left_out){0};
	record->moved = record->purses = false;
	for (size_t i = 0; i < record->count; i++) {
		struct recorded *line = &record->lines[i];
		const struct recorded before = *line;

		*line = (struct recorded){.booked = before.booked,
					  .moves = before.moves,
					  .move_count = before.move_count,
					  .waiting = before.waiting};
		memcpy(line->owner, before.owner, sizeof(line->owner));
		record->purses = record->purses || !purse_is_account(line->booked.account);
		record->moved = record->moved || line->move_count > 0;
	}
}

/* Reads what is needed to read jobs. */
static int prepare(struct record_reading *reading, struct sb_error *err)
{
	struct env *env = reading->env;
	struct record *record = reading->record;
	struct slurm_config config;

	TRY(scontrol_read_config(&env->slurm, record->cluster, &config, err));
	if (!record->partitions.text)
		TRY(scontrol_read_partitions(&env->slurm, record->cluster, &record->partitions,
					     err));
	if (is_reserved(reading) && record->reservations.count == 0) {
		reservations_release(&record->reservations);
		TRY(reservations_read(&env->slurm, record->cluster, &record->reservations, err));
	}
	/* Hidden jobs look like none. */
	TRY(rights_check_sacct(env, err));
	TRY(runaway_read(env, &config, record->cluster, &reading->known, err));
	record->calc_period = config.calc_period;
	record->billing = config.billing;
	record->squeue_odd = reading->known.odd > 0;
	if (!reading->request->each)
		(void)runaway_warn(env, record->cluster, &reading->known);
	return SB_OK;
}

int record_read(struct env *env, const struct record_request *request, struct record *record,
		struct sb_error *err)
{
	struct record_reading reading = {.env = env,
					 .request = request,
					 .record = record,
					 .asked = env->os.now() / WHEN_SECOND};
	struct sacct_window window;
	const char **names = NULL;
	int rc = SB_OK;

	reset_sums(record);
	TRY(prepare(&reading, err));
	find_period(&reading, &window);
	if (!request->all) {
		rc = name_accounts(record, &names, &window.account_count, err);
		window.accounts = names;
	}
	if (!rc)
		rc = (request->each ? read_again : read_slices)(&reading, &window, err);
	for (size_t i = 0; i < record->count && !rc; i++)
		settle_moves(&record->lines[i]);
	known_jobs_release(&reading.known);
	free(names);
	return rc;
}

int64_t record_edge(const struct recorded *line)
{
	return account_sum((line->edge + FACTOR_ONE - 1) / FACTOR_ONE + line->fraction +
			   line->booked.cut);
}

bool record_difference(const struct recorded *line, int64_t *ret, int64_t *ret_certain)
{
	__int128 difference = sum_of(line) - line->booked.amount;
	int64_t edge = record_edge(line);

	if (difference > INT64_MAX || difference < -(__int128)INT64_MAX)
		return false;
	*ret = (int64_t)difference;
	*ret_certain = difference > edge    ? (int64_t)(difference - edge)
		       : difference < -edge ? (int64_t)(difference + edge)
					    : 0;
	return true;
}

void record_release(struct record *record)
{
	partitions_release(&record->partitions);
	reservations_release(&record->reservations);
	tree_release(&record->tree);
	record_clear(record);
	free(record->slices);
	free(record->lines);
	*record = (struct record){0};
}
