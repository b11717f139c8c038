/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/check/recorded.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/frame/status_line.h"
#include "cmd/show/progress.h"
#include "cmd/show/rights_text.h"
#include "ledger/account/account.h"
#include "ledger/base/when.h"
#include "ledger/check/jobs.h"
#include "ledger/check/moves.h"
#include "slurm/squeue.h"

/* Seconds that sacct is asked for at a time, so that slurmdbd is not kept long. Where few jobs were
 * it is asked for twice as many the next time, up to a year or, where none were, without end: an
 * account counted from zero has no first day. */
enum { SLICE = 7 * 86400, SLICE_MAX = 365 * 86400, JOBS_FEW = 5000 };

struct record_reading {
	struct record *record;
	const struct qos_list *qos;
	const struct tariff *tariff;
	record_each *each;
	void *ctx;
	struct known_jobs known; /* to slurmctld, when it was asked: */
	int64_t asked; /* seconds */
	int64_t since, until; /* of the slice, seconds */
	bool oldest; /* nothing is read before the slice */
	size_t rows; /* that the slice had */
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

static int compare_line(const void *key, const void *line)
{
	return strcmp(key, ((const struct recorded *)line)->booked.account);
}

/* When the job ended, or until when it has run so far. */
static int64_t end_of(const struct sacct_job *job)
{
	return job->end >= 0 ? job->end : job->start + job->elapsed + job->suspended;
}

/* What of a job the books may have on the other side of the edge, [age] before which they moved
 * last: what RawUsage had not shown when it was read then, or the job used since. When a job ends
 * RawUsage gets all of it at once. */
static int64_t late(const struct record_reading *reading, const struct sacct_job *job, int64_t edge,
		    int64_t age)
{
	int64_t at = seconds(edge), read = seconds(edge - age);
	int64_t from = larger(job->start, read - reading->record->calc_period - 1);
	int64_t end = job->end >= 0 ? smaller(job->end, at) : at;

	return job->end >= 0 && job->end <= read ? 0 : larger(end - from, 0);
}

/* Whether the job counted for the line at that time, microseconds. */
static bool is_counted(const struct record *record, const struct recorded *line,
		       const struct sacct_job *job, int64_t time)
{
	const struct moves_place place = {line->moves, line->move_count, line->booked.account,
					  line->booked.cluster, &record->tree};

	return moves_counted(&place, job->account, time);
}

/* What RawUsage counted, or should have, within [since, until), seconds. Returns whether the job
 * ran then. */
static bool add_within(const struct record_reading *reading, const struct sacct_job *job,
		       int64_t factor, int64_t since, int64_t until, struct recorded *line,
		       int64_t *ret_used)
{
	const struct booked *booked = &line->booked;
	int64_t from = job->start > since ? job->start : since;
	int64_t ran = smaller(end_of(job), until) - from, used = smaller(ran, job->elapsed);
	int64_t excess = tariff_excess(&reading->record->partitions, reading->record->billing, job);
	__int128 rate = (__int128)job->billing * factor;
	bool at_begin = !booked->since_begins && since == seconds(booked->since);
	bool at_end = !booked->to_end && until == seconds(booked->until);

	if (since >= until)
		return false;
	line->edge += (rate + (__int128)excess * factor / EXCESS_ONE) *
		      ((at_begin ? late(reading, job, booked->since, booked->since_age) : 0) +
		       (at_end ? late(reading, job, booked->until, booked->until_age) : 0));
	if (ran <= 0)
		return false;
	line->used += rate * used;
	line->suspended += rate * (ran - used);
	line->weights += (__int128)excess * factor * ran / EXCESS_ONE;
	line->fraction = line->fraction || excess || factor % FACTOR_ONE;
	*ret_used += record_whole(rate * used);
	return true;
}

/* Notes how much of the job RawUsage may have had on the other side of the move. */
static void add_move(const struct record_reading *reading, const struct sacct_job *job,
		     int64_t factor, const struct moved *moved, struct recorded *line)
{
	int64_t excess = tariff_excess(&reading->record->partitions, reading->record->billing, job);
	__int128 rate = (__int128)job->billing * factor + (__int128)excess * factor / EXCESS_ONE;
	__int128 most = rate * late(reading, job, moved->since, 0);

	if (moved->came)
		line->came_late += most;
	else
		line->went_late += most;
	line->fraction = line->fraction || excess || factor % FACTOR_ONE;
}

/* Which second RawUsage had reached at a move only the books can tell: if that explains all that
 * differs, the use counts where they have it. */
static void settle_moves(struct recorded *line)
{
	__int128 more =
		(line->used + line->suspended + line->weights) / FACTOR_ONE - line->booked.amount;
	__int128 came = (line->came_late + FACTOR_ONE - 1) / FACTOR_ONE;
	__int128 went = (line->went_late + FACTOR_ONE - 1) / FACTOR_ONE;

	if (-came <= more && more <= went)
		line->used -= more * FACTOR_ONE;
}

/* The same up to [until] where the job counted for the line, which accounts that move change. */
static bool add_counted(const struct record_reading *reading, const struct sacct_job *job,
			int64_t factor, int64_t until, struct recorded *line, int64_t *ret_used)
{
	const struct record *record = reading->record;
	const struct booked *booked = &line->booked;
	int64_t from = seconds(booked->since);
	bool counts = is_counted(record, line, job, INT64_MIN), ran = false;

	for (size_t i = 0; i < line->move_count && from < until; i++) {
		const struct moved *moved = &line->moves[i];
		int64_t at = seconds(moved->since);

		if (!moves_is_about(moved, booked->cluster, job->account) || counts == moved->came)
			continue;
		if (counts)
			ran = add_within(reading, job, factor, from, smaller(at, until), line,
					 ret_used) ||
			      ran;
		if (at > seconds(booked->since) && at < until)
			add_move(reading, job, factor, moved, line);
		counts = moved->came;
		from = larger(from, at);
	}
	return (counts && add_within(reading, job, factor, from, until, line, ret_used)) || ran;
}

/* What the jobs that ended in the period come to, each by itself, and up to the end of a period
 * that is looked at to its end what those that run on have used so far. */
static bool add_by_jobs(const struct record_reading *reading, const struct sacct_job *job,
			struct recorded *line, int64_t *ret_used)
{
	const struct booked *booked = &line->booked;
	int64_t since = seconds(booked->since), until = seconds(booked->until);
	int64_t counted = seconds(booked->jobs_since), amount;
	struct finished_job finished = {
		.start = job->start,
		.end = end_of(job),
		.elapsed = job->elapsed,
		.billing = job->billing,
		.excess =
			tariff_excess(&reading->record->partitions, reading->record->billing, job),
		.factor = tariff_charged(reading->tariff, reading->qos, job)};

	if (job->end < 0 || job->end > until) {
		if (!booked->to_end)
			return false;
		finished.end = smaller(finished.end, until);
		finished.elapsed = smaller(finished.elapsed, finished.end - finished.start);
	}
	if (finished.end <= since ||
	    !is_counted(reading->record, line, job,
			job->end < 0 ? INT64_MAX : job->end * WHEN_SECOND) ||
	    !job_amount(&finished, counted, &amount) || amount == 0)
		return false;
	line->used += (__int128)amount * FACTOR_ONE;
	*ret_used += amount;
	return true;
}

static int add_to(const struct record_reading *reading, const struct sacct_job *job, int64_t factor,
		  struct recorded *line, struct sb_error *err)
{
	const struct booked *booked = &line->booked;
	int64_t until = seconds(booked->until), used = 0;
	bool counts;

	if (booked->jobs_since)
		until = smaller(until, seconds(booked->jobs_since));
	counts = add_counted(reading, job, factor, until, line, &used);
	if (booked->jobs_since)
		counts = add_by_jobs(reading, job, line, &used) || counts;
	if (!counts)
		return SB_OK;
	line->jobs++;
	return reading->each ? reading->each(job, (size_t)(line - reading->record->lines), used,
					     reading->ctx, err)
			     : SB_OK;
}

static int take_job(const struct sacct_job *job, void *ctx, struct sb_error *err)
{
	struct record_reading *reading = ctx;
	struct record *record = reading->record;
	const char *account = job->account;
	int64_t factor = tariff_factor(reading->qos, job->qos);
	int code = SB_OK;

	reading->rows++;
	/* A job is taken with the slice that it started in: sacct also has those that waited in a
	 * slice (22.05.8), or run on into it. */
	if (job->start < 0 || job->start >= reading->until ||
	    (!reading->oldest && job->start < reading->since))
		return SB_OK;
	/* Nobody knows when it ended. */
	if (job->end < 0 && job->start < reading->asked &&
	    !known_jobs_have(&reading->known, job->id)) {
		record->runaway++;
		return SB_OK;
	}
	if (factor < 0) {
		record->unknown_qos++;
		factor = FACTOR_ONE;
	}
	for (size_t i = 0; account && *account && i <= record->tree.count && code == 0; i++) {
		struct recorded *line = bsearch(account, record->lines, record->count,
						sizeof(*record->lines), compare_line);

		if (line)
			code = add_to(reading, job, factor, line, err);
		account = tree_parent(&record->tree, account);
	}
	for (size_t i = 0; record->moved && i < record->count && code == 0; i++) {
		struct recorded *line = &record->lines[i];

		if (line->move_count > 0 && strcmp(line->booked.account, job->account) != 0 &&
		    !tree_above(&record->tree, line->booked.account, job->account))
			code = add_to(reading, job, factor, line, err);
	}
	return code;
}

/* Whether the account is, or was, below that of the line. */
static bool is_below(const struct record *record, const struct recorded *line, const char *account)
{
	bool below = tree_above(&record->tree, line->booked.account, account);

	for (size_t i = 0; i < line->move_count && !below; i++)
		below = moves_is_about(&line->moves[i], line->booked.cluster, account);
	return below;
}

/* Whether a row is, or may be, of a job of the line's: where its account is not known, or stands
 * nowhere in the tree, it may be anybody's. */
static bool may_be_of(const struct record *record, const struct recorded *line, const char *account)
{
	if (!account)
		return true;
	/* It ran without an association. */
	if (!*account)
		return false;
	return strcmp(account, line->booked.account) == 0 || !tree_parent(&record->tree, account) ||
	       is_below(record, line, account);
}

/* A row that cannot be read counts with the slice that it was submitted in, if that can be. */
static int leave_out(const struct sacct_odd *odd, void *ctx, struct sb_error *err)
{
	const struct record_reading *reading = ctx;
	struct record *record = reading->record;
	size_t of = 0;

	(void)err;
	if (odd->submit >= reading->until ||
	    (odd->submit >= 0 && odd->submit < reading->since && !reading->oldest))
		return SB_OK;
	for (size_t i = 0; i < record->count; i++) {
		if (may_be_of(record, &record->lines[i], odd->account)) {
			record->lines[i].left_out++;
			of++;
		}
	}
	if (of > 0)
		left_out_add(&record->left, odd);
	return SB_OK;
}

/* The accounts of the lines and those that are, or were, below them. */
static int name_accounts(const struct record *record, const char ***ret, size_t *ret_count,
			 struct sb_error *err)
{
	const struct tree *tree = &record->tree;
	const char **names = calloc(record->count + tree->count + 1, sizeof(*names));
	size_t count = 0;

	if (!names)
		return sb_error_set(err, SB_ESYSTEM, "out of memory");
	for (size_t i = 0; i < record->count; i++)
		names[count++] = record->lines[i].booked.account;
	for (size_t i = 0; i < tree->count; i++) {
		bool below = false;

		for (size_t j = 0; j < record->count && !below; j++)
			below = is_below(record, &record->lines[j], tree->list[i].account);
		if (below && !bsearch(tree->list[i].account, record->lines, record->count,
				      sizeof(*record->lines), compare_line))
			names[count++] = tree->list[i].account;
	}
	/* A name that cannot be asked for: then it is asked for all. */
	for (size_t i = 0; i < count; i++) {
		if (!slurm_name_ok(names[i]))
			count = 0;
	}
	*ret = names;
	*ret_count = count;
	return SB_OK;
}

static int keep_slice(struct record *record, const struct sacct_window *slice, struct sb_error *err)
{
	struct record_slice *grown =
		reallocarray(record->slices, record->slice_count + 1, sizeof(*grown));

	if (!grown)
		return sb_error_set(err, SB_ESYSTEM, "out of memory");
	record->slices = grown;
	grown[record->slice_count++] = (struct record_slice){slice->since, slice->until};
	return SB_OK;
}

static void find_period(const struct record *record, struct sacct_window *window)
{
	*window = (struct sacct_window){.since = INT64_MAX};
	for (size_t i = 0; i < record->count; i++) {
		const struct booked *booked = &record->lines[i].booked;

		/* Those that ended shortly before count at the edge. */
		window->since = smaller(window->since, seconds(booked->since - booked->since_age));
		if (seconds(booked->until) > window->until)
			window->until = seconds(booked->until);
	}
}

static int read_slice(struct env *env, struct record_reading *reading,
		      const struct sacct_window *slice, struct sb_error *err)
{
	char from[WHEN_TEXT_SIZE];

	reading->since = slice->since;
	reading->until = slice->until;
	reading->rows = 0;
	stage(env, "asks %s for its jobs from %s on", reading->record->cluster,
	      when_format_short(from, slice->since * WHEN_SECOND));
	return sacct_read(&env->slurm, reading->record->cluster, slice, take_job, leave_out,
			  reading, err);
}

/* Reads the newest slice first, and notes where those begin that had jobs: there is no other way to
 * learn when the first job was. */
static int read_slices(struct env *env, struct record_reading *reading,
		       const struct sacct_window *whole, struct sb_error *err)
{
	struct record *record = reading->record;
	struct sacct_window slice = *whole;
	int64_t length = SLICE;
	int code = SB_OK;

	record->slice_count = 0;
	while (slice.until > whole->since && code == SB_OK) {
		slice.since = larger(slice.until - length, whole->since);
		reading->oldest = slice.since == whole->since;
		code = read_slice(env, reading, &slice, err);
		if (code == SB_OK && reading->rows > 0)
			code = keep_slice(record, &slice, err);
		if (reading->rows == 0 || (reading->rows <= JOBS_FEW && length < SLICE_MAX))
			length *= 2;
		else if (reading->rows > JOBS_FEW && length > SLICE)
			length /= 2;
		slice.until = slice.since;
	}
	return code;
}

/* Reads again what had jobs, the oldest first. */
static int read_again(struct env *env, struct record_reading *reading,
		      const struct sacct_window *whole, struct sb_error *err)
{
	const struct record *record = reading->record;
	struct sacct_window slice = *whole;
	int code = SB_OK;

	for (size_t i = record->slice_count; i-- > 0 && code == SB_OK;) {
		slice.since = record->slices[i].since;
		slice.until = record->slices[i].until;
		reading->oldest = slice.since == whole->since;
		code = read_slice(env, reading, &slice, err);
	}
	return code;
}

struct booked *record_add(struct record *record, const struct account *account)
{
	struct recorded *lines = reallocarray(record->lines, record->count + 1, sizeof(*lines));
	struct recorded *line;

	if (!lines)
		return NULL;
	record->lines = lines;
	line = &lines[record->count];
	*line = (struct recorded){.moves = calloc(account->move_count + 1, sizeof(*line->moves)),
				  .move_count = account->move_count};
	if (!line->moves)
		return NULL;
	if (account->move_count > 0)
		memcpy(line->moves, account->moves, account->move_count * sizeof(*line->moves));
	(void)snprintf(line->booked.account, sizeof(line->booked.account), "%s", account->name);
	record->count++;
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

int record_read(struct env *env, const struct qos_list *qos, bool all, record_each *each, void *ctx,
		struct record *record, struct sb_error *err)
{
	struct record_reading reading = {.record = record,
					 .qos = qos,
					 .tariff = &env->settings.tariff,
					 .asked = env->os.now() / WHEN_SECOND,
					 .each = each,
					 .ctx = ctx};
	struct slurm_config config;
	struct sacct_window window;
	const char **names = NULL;
	int code = scontrol_read_config(&env->slurm, record->cluster, &config, err);

	record->unknown_qos = record->runaway = 0;
	record->left = (struct left_out){0};
	record->moved = false;
	for (size_t i = 0; i < record->count; i++) {
		struct recorded *line = &record->lines[i];

		*line = (struct recorded){.booked = line->booked,
					  .moves = line->moves,
					  .move_count = line->move_count,
					  .waiting = line->waiting};
		record->moved = record->moved || line->move_count > 0;
	}
	if (code == SB_OK && !record->partitions.text)
		code = scontrol_read_partitions(&env->slurm, record->cluster, &record->partitions,
						err);
	/* Jobs that are hidden look like none, or like runaway ones. */
	if (code == SB_OK)
		code = rights_check_sacct(env, err);
	if (code == SB_OK)
		code = rights_check_squeue(env, &config, err);
	if (code == SB_OK)
		code = squeue_read(&env->slurm, record->cluster, &reading.known, err);
	if (code != SB_OK)
		return code;
	record->squeue_odd = reading.known.odd > 0;
	if (!each)
		(void)left_out_warn_squeue(env, record->cluster, &reading.known);
	record->calc_period = config.calc_period;
	record->billing = config.billing;
	find_period(record, &window);
	if (!all) {
		code = name_accounts(record, &names, &window.account_count, err);
		window.accounts = names;
	}
	if (code == SB_OK)
		code = (each ? read_again : read_slices)(env, &reading, &window, err);
	for (size_t i = 0; i < record->count && code == SB_OK; i++)
		settle_moves(&record->lines[i]);
	known_jobs_release(&reading.known);
	free(names);
	return code;
}

int64_t record_edge(const struct recorded *line)
{
	return account_sum((line->edge + FACTOR_ONE - 1) / FACTOR_ONE + line->fraction);
}

bool record_difference(const struct recorded *line, int64_t *ret, int64_t *ret_certain)
{
	__int128 all = (line->used + line->suspended + line->weights) / FACTOR_ONE;
	int64_t edge = record_edge(line);
	__int128 difference = all - line->booked.amount;

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
	tree_release(&record->tree);
	record_clear(record);
	free(record->slices);
	free(record->lines);
	*record = (struct record){0};
}
