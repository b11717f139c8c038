/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/check/jobs.h"

#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/amount.h"
#include "ledger/base/array.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"
#include "ledger/books/entries.h"
#include "ledger/check/moves.h"

enum { FACTOR_ONE = 1000000 };

/* What is asked by a job's ref is told by the ref alone. */
static const char job_request[] = "job";

bool job_amount(const struct finished_job *job, int64_t since, int64_t *ret)
{
	int64_t before = since > job->start ? since - job->start : 0;
	int64_t ran = before < job->elapsed ? job->elapsed - before : 0;
	__int128 excess = (__int128)job->excess * ran;
	__int128 amount = (__int128)job->billing * ran + excess / EVENT_EXCESS_ONE;

	/* Before it is multiplied once more. */
	if (amount > INT64_MAX)
		return false;
	/* Millionths of the whole, and what parts of one come to beside them. */
	amount *= job->factor;
	excess = excess % EVENT_EXCESS_ONE * job->factor + amount % FACTOR_ONE * EVENT_EXCESS_ONE;
	amount = amount / FACTOR_ONE + excess / ((__int128)FACTOR_ONE * EVENT_EXCESS_ONE);
	if (amount > INT64_MAX)
		return false;
	*ret = (int64_t)amount;
	return true;
}

/* The first [count] bytes of a text's SHA-256, as hexadecimal digits. Returns [to]. */
static const char *hash_text(char to[HASH_TEXT_SIZE], const char *text, size_t count)
{
	unsigned char digest[HASH_SIZE];
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, strlen(text), (const uint8_t *)text);
	sha256_digest(&ctx, sizeof(digest), digest);
	return hex_format(to, digest, count);
}

enum { JOB_PREFIX_SIZE = NAME_SIZE + 64, WHOLE_REF_SIZE = JOB_PREFIX_SIZE + NAME_SIZE };

/* What the refs of all entries of the job begin with, whatever the names. Returns [to]. */
static const char *job_prefix(char to[JOB_PREFIX_SIZE], const char *cluster,
			      const struct finished_job *job)
{
	char hash[HASH_TEXT_SIZE];
	int len = snprintf(to, JOB_PREFIX_SIZE, "job:%s/%" PRId64 "/%" PRId64 "/", cluster, job->id,
			   job->submit);

	if (len + 1 + 2 * HASH_SIZE > EVENT_REF_MAX)
		(void)snprintf(to, JOB_PREFIX_SIZE, "job:%s/", hash_text(hash, to, HASH_SIZE / 2));
	return to;
}

void job_ref(char to[EVENT_REF_MAX + 1], const char *cluster, const struct finished_job *job,
	     const char *account)
{
	char prefix[JOB_PREFIX_SIZE], whole[WHOLE_REF_SIZE], hash[HASH_TEXT_SIZE];
	int len = snprintf(whole, sizeof(whole), "job:%s/%" PRId64 "/%" PRId64 "/%s", cluster,
			   job->id, job->submit, account);

	if (len <= EVENT_REF_MAX)
		memcpy(to, whole, (size_t)len + 1);
	else
		(void)snprintf(to, EVENT_REF_MAX + 1, "%s#%s", job_prefix(prefix, cluster, job),
			       hash_text(hash, whole, HASH_SIZE));
}

/* The ref that a job with long names had before its prefix stood in it; "" for others. */
static void old_job_ref(char to[EVENT_REF_MAX + 1], const char *cluster,
			const struct finished_job *job, const char *account)
{
	char whole[WHOLE_REF_SIZE], hash[HASH_TEXT_SIZE];
	int len = snprintf(whole, sizeof(whole), "job:%s/%" PRId64 "/%" PRId64 "/%s", cluster,
			   job->id, job->submit, account);

	to[0] = '\0';
	if (len > EVENT_REF_MAX)
		(void)snprintf(to, EVENT_REF_MAX + 1, "job:%s", hash_text(hash, whole, HASH_SIZE));
}

/* The job's entry for the account; 0: it has none. */
static int find_entry(struct books *books, const char *cluster, const struct finished_job *job,
		      const char *account, const char *ref, uint64_t *ret, struct sb_error *err)
{
	char old[EVENT_REF_MAX + 1];
	int rc = entries_with_ref(books, ref, ret, err);

	if (rc || *ret)
		return rc;
	old_job_ref(old, cluster, job, account);
	return entries_with_ref(books, old, ret, err);
}

struct likeness {
	const char *prefix;
	size_t len;
	uint64_t seq;
};

static int look_at_ref(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	struct likeness *likeness = ctx;

	(void)err;
	if (key.len > likeness->len && memcmp(key.data, likeness->prefix, likeness->len) == 0 &&
	    value.len == 8)
		likeness->seq = u64_load(value.data);
	return STORE_ABORT;
}

/* When the job was charged to any account; 0: it was not. */
static int when_charged(struct books *books, const char *cluster, const struct finished_job *job,
			int64_t *ret, struct sb_error *err)
{
	char prefix[JOB_PREFIX_SIZE];
	struct likeness likeness = {.prefix = job_prefix(prefix, cluster, job)};
	struct event event = {0};
	int rc;

	*ret = 0;
	likeness.len = strlen(prefix);
	rc = store_each(books_txn(books), STORE_REFS, (struct slice){prefix, likeness.len}, false,
			look_at_ref, &likeness, err);
	if (rc || !likeness.seq)
		return rc;
	rc = journal_get(books_txn(books), likeness.seq, &event, NULL, err);
	if (!rc)
		*ret = event.time;
	event_release(&event);
	return rc;
}

/* A text of Slurm's that an entry can hold. */
static const char *clean(const char *text, size_t most)
{
	return strlen(text) <= most && text_ok(text) ? text : "?";
}

static int by_account(const void *key, const void *item)
{
	const struct job_sum *sum = item;

	return strcmp(key, sum->account);
}

/* The account's sum, a new one if there is none. NULL: out of memory. */
static struct job_sum *make_sum(struct job_charges *charges, const char *account)
{
	struct job_sum *sum;
	size_t at;

	if (array_search(charges->sums, charges->sum_count, account, by_account, &at))
		return &charges->sums[at];
	sum = array_insert(charges->sums, charges->sum_count, at);
	if (sum)
		(void)snprintf(sum->account, sizeof(sum->account), "%s", account);
	return sum;
}

static int append_job(struct books *books, struct job_charges *charges,
		      const struct account *account, int64_t counted,
		      const struct finished_job *job, int64_t amount, const char *ref,
		      struct sb_error *err)
{
	struct job_sum *sum = make_sum(charges, account->name);
	int64_t start = job->start * WHEN_SECOND;
	char whose[NAME_SIZE]; /* any bytes in Slurm */
	struct event event = {.kind = EVENT_CHARGE_JOB,
			      .ref = ref,
			      .request = job_request,
			      .account = account->name,
			      .cluster = charges->cluster,
			      .resource = RESOURCE_BILLING,
			      .amount = amount,
			      .since = start > counted ? start : counted,
			      .until = job->end * WHEN_SECOND,
			      .job = clean(job->name, 255),
			      .job_id = job->id,
			      .db_index = job->db_index,
			      .submit = job->submit * WHEN_SECOND,
			      .elapsed = job->elapsed,
			      .factor = job->factor,
			      .excess = job->excess,
			      .slurm_account =
				      text_escape(whose, sizeof(whose), job->slurm_account),
			      .job_user = clean(job->user, 255),
			      .partition = clean(job->partition, 255),
			      .qos = clean(job->qos, 255),
			      .state = clean(job->state, 64),
			      .alloc_tres = clean(job->alloc_tres, 1024)};
	int rc = sum ? plan_charge(account, &event, err) : sb_error_nomem(err);

	if (!rc)
		rc = books_append(books, &event, err);
	if (!rc) {
		sum->jobs++;
		if (!amount_add(sum->amount, amount, &sum->amount))
			sum->amount = INT64_MAX;
	}
	event_release(&event);
	return rc;
}

/* Whether debt and lots stay within money whatever the charge falls on: one job that says nonsense
 * must not keep all others from being charged. */
static bool fits(const struct account *account, int64_t amount)
{
	__int128 sum = (__int128)account->debt + account->credit + amount;

	for (size_t i = 0; i < account->lot_count; i++)
		sum += account->lots[i].amount;
	return sum <= INT64_MAX;
}

static int64_t sum_of(int64_t a, int64_t b)
{
	return amount_add(a, b, &a) ? a : INT64_MAX;
}

/* The whole of its time limit counts, also what of it was over when it began to count by jobs was
 * charged before. */
static int64_t committed_to(const struct finished_job *job, int64_t since, int64_t used)
{
	struct finished_job whole = *job;
	int64_t amount;

	if (job->limit > job->elapsed)
		whole.elapsed = job->limit;
	return !job_amount(&whole, since, &amount) ? INT64_MAX : amount > used ? amount : used;
}

static int add_flight(struct job_charges *charges, const struct account *account,
		      const struct meter *meter, const struct finished_job *job, int64_t used,
		      struct sb_error *err)
{
	struct job_sum *sum = make_sum(charges, account->name);
	struct in_flight *flight;
	int64_t start = job->start * WHEN_SECOND;

	if (start < meter->jobs_since)
		start = meter->jobs_since;
	if (!sum)
		return sb_error_nomem(err);
	flight = &sum->flight;
	flight->used = sum_of(flight->used, used);
	flight->committed =
		sum_of(flight->committed, committed_to(job, meter->jobs_since / WHEN_SECOND, used));
	flight->endless += job->limit < 0;
	if (!flight->since || start < flight->since)
		flight->since = start;
	return SB_OK;
}

/* A job that is being charged. */
struct charging {
	const struct finished_job *job;
	bool looked; /* whether [charged] is known */
	int64_t charged; /* when the job was charged by an earlier check; 0: it was not */
};

/* Whether the account came above the job's after the job was charged, for a job goes to all its
 * accounts at once. An account that was metered by RawUsage then, until [begun], still gets its
 * share. */
static int came_later(struct books *books, const struct job_charges *charges, int64_t begun,
		      struct charging *charging, bool *ret, struct sb_error *err)
{
	int rc = SB_OK;

	if (!charging->looked)
		rc = when_charged(books, charges->cluster, charging->job, &charging->charged, err);
	charging->looked = true;
	*ret = charging->charged > begun;
	return rc;
}

/* What it used from [counted] on is. */
static int charge_account(struct books *books, struct job_charges *charges,
			  const struct account *account, const struct meter *meter, int64_t counted,
			  struct charging *charging, struct sb_error *err)
{
	const struct finished_job *job = charging->job;
	char ref[EVENT_REF_MAX + 1];
	bool late = false;
	uint64_t seq;
	int64_t amount, begun = meter->jobs && counted == meter->jobs_since ? meter->time : counted;
	int rc;

	if (!job_amount(job, counted / WHEN_SECOND, &amount) || !fits(account, amount)) {
		charges->refused++;
		return SB_OK;
	}
	if (job->end < 0)
		return add_flight(charges, account, meter, job, amount, err);
	if (amount == 0)
		return SB_OK;
	if (job->end > books_time(books) / WHEN_SECOND) {
		charges->left++;
		return SB_OK;
	}
	job_ref(ref, charges->cluster, job, account->name);
	rc = find_entry(books, charges->cluster, job, account->name, ref, &seq, err);
	if (!rc && !seq)
		rc = came_later(books, charges, begun, charging, &late, err);
	if (rc || seq || late)
		return rc;
	return append_job(books, charges, account, counted, job, amount, ref, err);
}

static bool is_meant(const struct job_charges *charges, const char *account)
{
	for (size_t i = 0; i < charges->only_count; i++) {
		if (strcmp(charges->only[i], account) == 0)
			return true;
	}
	return charges->only_count == 0;
}

/* Whether the job is one of accounts that are meant, or of one below. */
static bool is_of_meant(const struct job_charges *charges, const struct finished_job *job)
{
	const char *name = job->slurm_account;

	for (size_t i = 0; name && *name && i <= charges->tree->count; i++) {
		if (is_meant(charges, name))
			return true;
		name = tree_parent(charges->tree, name);
	}
	return false;
}

/* Charges the job to the account if the account is metered by jobs and the job counts for it. */
static int charge_if_counted(struct books *books, struct job_charges *charges,
			     const struct account *account, struct charging *charging,
			     struct sb_error *err)
{
	const struct meter *meter = account_meter(account, charges->cluster);
	const struct finished_job *job = charging->job;
	int64_t time = job->end < 0 ? INT64_MAX : job->end * WHEN_SECOND, counted;

	return meter && meter_by_jobs(meter, time, &counted) &&
			       moves_counted(account->moves, account->move_count, account->name,
					     charges->cluster, charges->tree, job->slurm_account,
					     time)
		       ? charge_account(books, charges, account, meter, counted, charging, err)
		       : SB_OK;
}

/* Charges the job to its account and to those above it that the bank has, as they hung together
 * when it ended: all at once. */
static int charge_job(struct books *books, struct job_charges *charges,
		      const struct finished_job *job, struct sb_error *err)
{
	struct charging charging = {.job = job};
	const char *name = job->slurm_account;
	int rc = SB_OK;

	if (!is_of_meant(charges, job))
		return SB_OK;
	for (size_t i = 0; name && *name && i <= charges->tree->count && !rc; i++) {
		const struct account *account;

		rc = books_find(books, name, &account, err);
		if (rc == SB_ENOTFOUND)
			rc = SB_OK;
		else if (!rc)
			rc = charge_if_counted(books, charges, account, &charging, err);
		name = tree_parent(charges->tree, name);
	}
	/* Those that it counted for then and that are not above it any more. */
	for (size_t i = 0; i < charges->left_count && !rc; i++) {
		const struct account *account = charges->left_by[i];

		if (!tree_above(charges->tree, account->name, job->slurm_account))
			rc = charge_if_counted(books, charges, account, &charging, err);
	}
	return rc;
}

int jobs_to_read(struct books *books, const struct account *account, const char *cluster,
		 int64_t *ret_since, int64_t *ret_until, struct sb_error *err)
{
	const struct meter *meter = account_meter(account, cluster);
	struct reading reading = {0};
	int64_t since, first;
	int rc = SB_OK;

	*ret_since = *ret_until = INT64_MAX;
	if (!meter || (!meter->jobs && !meter->were_until))
		return SB_OK;
	rc = books_reading(books, cluster, account->name, &reading, err);
	if (rc && rc != SB_ENOTFOUND)
		return rc;
	/* A switch settles what was before it, and a reading may be lost. */
	since = (reading.settled > meter->were_until ? reading.settled : meter->were_until) -
		JOBS_OVERLAP;
	first = since < meter->were_until ? meter->were_since : meter->jobs_since;
	if (since < first)
		since = first;
	if (!meter->jobs && since >= meter->were_until)
		return SB_OK;
	*ret_since = since;
	if (!meter->jobs)
		*ret_until = meter->were_until;
	return SB_OK;
}

/* The account's reading; where none is kept, what the meter says. */
static int get_reading(struct books *books, const char *cluster, const struct account *account,
		       struct reading *ret, struct sb_error *err)
{
	const struct meter *meter = account_meter(account, cluster);
	int rc = books_reading(books, cluster, account->name, ret, err);

	if (rc != SB_ENOTFOUND)
		return rc;
	*ret = (struct reading){.usage = meter->reading, .time = meter->time, .running = -1};
	return SB_OK;
}

/* [flight] is left as it was when it is NULL; on [hold] up to when jobs are charged is, too. */
static int set_settled(struct books *books, const char *cluster, const struct account *account,
		       int64_t settled, bool hold, const struct in_flight *flight,
		       struct sb_error *err)
{
	const struct meter *meter = account_meter(account, cluster);
	struct reading reading;
	int rc;

	if (!meter || (!meter->jobs && !meter->were_until))
		return SB_OK;
	rc = get_reading(books, cluster, account, &reading, err);
	/* Nothing is to be read any more. */
	if (!rc && !meter->jobs && reading.settled - JOBS_OVERLAP >= meter->were_until)
		return SB_OK;
	if (rc || reading.settled > settled)
		return rc;
	if (!hold)
		reading.settled = settled;
	if (flight && meter->jobs) {
		reading.flight = *flight;
		reading.flight.time = settled;
	}
	return books_set_reading(books, cluster, account->name, &reading, err);
}

static const struct in_flight *flight_of(const struct job_charges *charges, const char *account)
{
	static const struct in_flight none = {0};
	const struct job_sum *sum =
		array_find(charges->sums, charges->sum_count, account, by_account);

	return sum ? &sum->flight : &none;
}

int jobs_in_flight(struct books *books, const struct account *account, struct in_flight *ret,
		   struct sb_error *err)
{
	struct in_flight sum = {0};
	bool first = true;

	for (size_t i = 0; i < account->meter_count; i++) {
		struct reading reading = {0};
		const struct in_flight *flight = &reading.flight;
		int rc;

		if (!account->meters[i].jobs)
			continue;
		rc = books_reading(books, account->meters[i].cluster, account->name, &reading, err);
		if (rc && rc != SB_ENOTFOUND)
			return rc;
		sum.used = sum_of(sum.used, flight->used);
		sum.committed = sum_of(sum.committed, flight->committed);
		sum.endless += flight->endless;
		if (flight->since && (!sum.since || flight->since < sum.since))
			sum.since = flight->since;
		if (first || flight->time < sum.time)
			sum.time = flight->time;
		first = false;
	}
	*ret = sum;
	return SB_OK;
}

int jobs_forget_flight(struct books *books, const char *cluster, const char *account,
		       struct sb_error *err)
{
	struct reading reading;
	int rc = books_reading(books, cluster, account, &reading, err);

	if (rc || !reading.flight.since)
		return rc == SB_ENOTFOUND ? SB_OK : rc;
	reading.flight = (struct in_flight){.time = reading.flight.time};
	return books_set_reading(books, cluster, account, &reading, err);
}

int64_t jobs_spent(const struct in_flight *flight, const struct rules *rules)
{
	return rules->committed ? flight->committed : flight->used;
}

/* Finds the accounts that others went from. */
static int find_left(struct books *books, struct job_charges *charges, size_t count,
		     struct sb_error *err)
{
	charges->left_by = calloc(count + 1, sizeof(*charges->left_by));
	charges->left_count = 0;
	if (!charges->left_by)
		return sb_error_nomem(err);
	for (size_t i = 0; i < count; i++) {
		if (moves_any_went(books_at(books, i), charges->cluster))
			charges->left_by[charges->left_count++] = books_at(books, i);
	}
	return SB_OK;
}

int jobs_charge(struct books *books, void *ctx, struct sb_error *err)
{
	struct job_charges *charges = ctx;
	size_t count;
	int rc = books_load_all(books, &count, err);

	free(charges->sums);
	charges->sums = NULL;
	charges->sum_count = charges->left = charges->refused = 0;
	if (!rc && charges->observation)
		rc = moves_record(books, charges->observation, charges->before, charges->now, true,
				  err);
	if (!rc)
		rc = find_left(books, charges, count, err);
	for (size_t i = 0; i < charges->count && !rc; i++)
		rc = charge_job(books, charges, &charges->list[i], err);
	free(charges->left_by);
	charges->left_by = NULL;
	for (size_t i = 0; !rc && i < count; i++) {
		const struct account *account = books_at(books, i);

		if (is_meant(charges, account->name))
			rc = set_settled(
				books, charges->cluster, account, charges->settled, charges->hold,
				charges->running ? flight_of(charges, account->name) : NULL, err);
	}
	return rc;
}

int jobs_switch(struct books *books, const char *name, const char *cluster, enum metering to,
		int64_t since, int64_t now, struct sb_error *err)
{
	const struct account *account;
	const struct meter *meter;
	struct reading reading;
	struct event event = {.kind = EVENT_METER,
			      .account = name,
			      .cluster = cluster,
			      .resource = RESOURCE_BILLING,
			      .meter = (uint8_t)to,
			      .since = since};
	int rc = books_account(books, name, &account, err);

	if (rc)
		return rc;
	meter = account_meter(account, cluster);
	if (!meter || meter->jobs == (to == METER_JOBS))
		return SB_OK;
	event.before = meter->reading;
	event.now = to == METER_JOBS ? meter->reading : now;
	rc = books_append(books, &event, err);
	if (rc || to != METER_JOBS)
		return rc;
	rc = get_reading(books, cluster, account, &reading, err);
	reading.settled = since;
	reading.flight = (struct in_flight){.time = since};
	return rc ? rc : books_set_reading(books, cluster, name, &reading, err);
}
