/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/check/jobs.h"

#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/base/amount.h"
#include "ledger/base/array.h"
#include "ledger/base/minmax.h"
#include "ledger/base/number.h"
#include "ledger/base/text.h"
#include "ledger/base/tres.h"
#include "ledger/books/entries.h"
#include "ledger/books/renames.h"
#include "ledger/check/checking.h"
#include "ledger/check/moves.h"

enum { FACTOR_ONE = 1000000 };

/* The request of all job entries: the ref alone identifies them. */
static const char job_request[] = "job";

/* Works out the cost of [ran] seconds of the job, without the minimum. */
static bool cost(const struct finished_job *job, __int128 ran, int64_t *ret)
{
	__int128 excess = (__int128)job->excess * ran;
	__int128 amount = (__int128)job->billing * ran + excess / EVENT_EXCESS_ONE;

	/* Check now: the next multiplication could overflow. */
	if (amount > INT64_MAX)
		return false;
	/* Multiply the whole number and the excess apart; carry the remainder of the first into the
	 * second. */
	amount *= job->factor;
	excess = excess % EVENT_EXCESS_ONE * job->factor + amount % FACTOR_ONE * EVENT_EXCESS_ONE;
	amount = amount / FACTOR_ONE + excess / ((__int128)FACTOR_ONE * EVENT_EXCESS_ONE);
	if (amount > INT64_MAX)
		return false;
	*ret = (int64_t)amount;
	return true;
}

bool job_amount(const struct finished_job *job, int64_t since, int64_t *ret)
{
	int64_t before = since > job->start ? since - job->start : 0;
	int64_t round = job->round_seconds > 0 ? job->round_seconds : 1;
	__int128 whole = ((__int128)job->elapsed + round - 1) / round * round;
	bool is_free = job->factor == 0 || (job->billing == 0 && job->excess == 0);
	int64_t amount, price;

	if (before >= job->elapsed || is_free) {
		*ret = 0;
		return true;
	}
	if (!cost(job, whole - before, &amount) || !cost(job, whole, &price) ||
	    (price < job->min_charge && !amount_add(amount, job->min_charge - price, &amount)))
		return false;
	*ret = amount;
	return true;
}

struct finished_job job_for_purse(const struct finished_job *job, int64_t count)
{
	struct finished_job part = *job;

	part.billing = count;
	part.excess = part.min_charge = 0;
	return part;
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

enum { WHOLE_REF_SIZE = 2 * NAME_SIZE + 64 };

/* Appends a text. Returns the place of its NUL. */
static char *put_text(char *to, const char *text)
{
	size_t len = strlen(text);

	memcpy(to, text, len + 1);
	return to + len;
}

/* The ref without a limit of length. Returns its length. Without snprintf(), which takes longer
 * than all the rest of a job that is charged already. */
static size_t whole_ref(char to[WHOLE_REF_SIZE], const char *cluster,
			const struct finished_job *job, const char *account)
{
	char *at = put_text(put_text(put_text(to, "job:"), cluster), "/");

	at = put_text(number_print(at, job->id), "/");
	at = put_text(number_print(at, job->submit), "/");
	return (size_t)(put_text(at, account) - to);
}

/* Writes what the refs of all entries of the job begin with, however long the names: less than
 * EVENT_REF_MAX bytes. Returns whether it has names, not a hash of them. */
static bool job_prefix(char to[WHOLE_REF_SIZE], const char *cluster, const struct finished_job *job)
{
	char hash[HASH_TEXT_SIZE];
	bool fits = whole_ref(to, cluster, job, "") + 1 + 2 * HASH_SIZE <= EVENT_REF_MAX;

	if (!fits)
		(void)snprintf(to, WHOLE_REF_SIZE, "job:%s/", hash_text(hash, to, HASH_SIZE / 2));
	return fits;
}

void job_ref(char to[EVENT_REF_MAX + 1], const char *cluster, const struct finished_job *job,
	     const char *account)
{
	char prefix[WHOLE_REF_SIZE], whole[WHOLE_REF_SIZE], hash[HASH_TEXT_SIZE];
	size_t len = whole_ref(whole, cluster, job, account);

	if (len <= EVENT_REF_MAX) {
		memcpy(to, whole, len + 1);
		return;
	}
	(void)job_prefix(prefix, cluster, job);
	(void)put_text(put_text(put_text(to, prefix), "#"), hash_text(hash, whole, HASH_SIZE));
}

/* One job being charged to one account after another, and to its purses. */
struct charging {
	struct books *books;
	struct job_charges *charges;
	struct sb_error *err;
	/* Its [billing] is the job's or, for a purse, the count of the purse's TRES. */
	const struct finished_job *job;
	char prefix[EVENT_REF_MAX + 1]; /* job_prefix() */
	size_t prefix_len; /* 0: not made yet */
	bool named; /* the prefix has the names, not a hash of them */
	bool known; /* the next two were looked up */
	uint64_t first; /* the first entry of the job, of whatever account, before this check; 0:
			   it has none */
	char first_ref[EVENT_REF_MAX + 1];
	const struct account *account; /* the account or purse being charged */
	const struct meter *meter; /* its meter on the job's cluster */
	int64_t counted; /* since when the job counts for it, microseconds */
};

static void make_prefix(struct charging *charging)
{
	char prefix[WHOLE_REF_SIZE];

	if (charging->prefix_len > 0)
		return;
	charging->named = job_prefix(prefix, charging->charges->cluster, charging->job);
	charging->prefix_len = (size_t)(put_text(charging->prefix, prefix) - charging->prefix);
}

/* Writes the ref of the job's entry for the account. Returns whether it is the prefix and the
 * account; if not, the names are long, and the entry may have another ref. */
static bool make_ref(struct charging *charging, char to[EVENT_REF_MAX + 1])
{
	const char *account = charging->account->name;

	make_prefix(charging);
	if (charging->named && charging->prefix_len + strlen(account) <= EVENT_REF_MAX) {
		(void)put_text(put_text(to, charging->prefix), account);
		return true;
	}
	job_ref(to, charging->charges->cluster, charging->job, account);
	return false;
}

/* Gets the first ref with the prefix that the search began at. */
static int get_first(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	struct charging *charging = ctx;
	size_t len = charging->prefix_len;

	(void)err;
	if (key.len > len && key.len <= EVENT_REF_MAX &&
	    memcmp(key.data, charging->prefix, len) == 0 && value.len == 8) {
		charging->first = u64_load(value.data);
		memcpy(charging->first_ref, key.data, key.len);
		charging->first_ref[key.len] = '\0';
	}
	return STORE_ABORT;
}

/* Fills in charging->first, once for a job. */
static int find_first(struct charging *charging)
{
	if (charging->known)
		return SB_OK;
	TRY(store_each(books_txn(charging->books), STORE_REFS,
		       (struct slice){charging->prefix, charging->prefix_len}, false, get_first,
		       charging, charging->err));
	charging->known = true;
	return SB_OK;
}

/* Writes the ref of the job's entry for the account, and finds that entry; 0: it has none. Of most
 * jobs one search is enough: either no ref has the prefix or the first one is that of the
 * account. */
static int find_entry(struct charging *charging, char ref[EVENT_REF_MAX + 1], uint64_t *ret)
{
	char text[WHOLE_REF_SIZE], hash[HASH_TEXT_SIZE], old[EVENT_REF_MAX + 1];
	bool simple = make_ref(charging, ref);

	*ret = 0;
	TRY(find_first(charging));
	if (charging->first && strcmp(charging->first_ref, ref) == 0)
		*ret = charging->first;
	else if (charging->first || !simple)
		TRY(entries_with_ref(charging->books, ref, ret, charging->err));
	if (*ret || simple)
		return SB_OK;
	/* Earlier versions hashed the whole of a long ref, without the job's prefix. */
	(void)whole_ref(text, charging->charges->cluster, charging->job, charging->account->name);
	(void)snprintf(old, sizeof(old), "job:%s", hash_text(hash, text, HASH_SIZE));
	return entries_with_ref(charging->books, old, ret, charging->err);
}

/* Gives when an earlier check charged the job; 0: none did. Call it after find_entry(). */
static int charged_at(struct charging *charging, int64_t *ret)
{
	struct event event = {0};

	*ret = 0;
	if (!charging->first)
		return SB_OK;
	TRY(journal_get(books_txn(charging->books), charging->first, &event, NULL, charging->err));
	*ret = event.time;
	event_release(&event);
	return SB_OK;
}

/* A text of Slurm's, or "?" for one that no entry can hold. */
static const char *clean(const char *text, size_t most)
{
	size_t len = strlen(text);

	return len <= most && (text_plain(text, len) == len || text_ok(text)) ? text : "?";
}

static int by_account(const void *key, const void *item)
{
	const struct job_sum *sum = item;

	return strcmp(key, sum->account);
}

/* The account's sum, a new one if there is none. NULL: out of memory. */
static struct job_sum *make_sum(const struct charging *charging)
{
	struct job_charges *charges = charging->charges;
	const char *account = charging->account->name;
	struct job_sum *sum;
	size_t at;

	if (array_search(charges->sums, charges->sum_count, account, by_account, &at))
		return &charges->sums[at];
	sum = array_insert(charges->sums, charges->sum_count, at);
	if (sum)
		(void)snprintf(sum->account, sizeof(sum->account), "%s", account);
	else
		sb_error_nomem(charging->err);
	return sum;
}

static int64_t sum_of(int64_t a, int64_t b)
{
	return amount_add(a, b, &a) ? a : INT64_MAX;
}

/* True if debt and lots stay within int64 whichever of them the charge falls on. One job with
 * absurd numbers must not keep all others from being charged. */
static bool fits(const struct account *account, int64_t amount)
{
	__int128 sum = (__int128)account->debt + account->credit + amount;

	for (size_t i = 0; i < account->lot_count; i++)
		sum += account->lots[i].amount;
	return sum <= INT64_MAX;
}

static int append_job(const struct charging *charging, int64_t amount, const char *ref)
{
	const struct finished_job *job = charging->job;
	struct job_sum *sum = make_sum(charging);
	char slurm_account[NAME_SIZE]; /* any bytes in Slurm */
	struct event event = {.kind = EVENT_CHARGE_JOB,
			      .ref = ref,
			      .request = job_request,
			      .account = charging->account->name,
			      .cluster = charging->charges->cluster,
			      .resource = purse_resource(charging->account->name),
			      .amount = amount,
			      .since = int64_max(job->start * WHEN_SECOND, charging->counted),
			      .until = job->end * WHEN_SECOND,
			      .job = clean(job->name, 255),
			      .job_id = job->id,
			      .db_index = job->db_index,
			      .submit = job->submit * WHEN_SECOND,
			      .elapsed = job->elapsed,
			      .factor = job->factor,
			      .excess = job->excess,
			      .reservation = job->reservation ? clean(job->reservation, 255) : "",
			      .round_seconds = job->round_seconds,
			      .min_charge = job->min_charge,
			      .slurm_account = text_escape(slurm_account, sizeof(slurm_account),
							   job->slurm_account),
			      .job_user = clean(job->user, 255),
			      .partition = clean(job->partition, 255),
			      .qos = clean(job->qos, 255),
			      .state = clean(job->state, 64),
			      .alloc_tres = clean(job->alloc_tres, 1024)};
	struct renewal renewal = {0};
	int rc = sum ? quota_renew(charging->books, charging->account, &renewal, charging->err)
		     : SB_ESYSTEM;

	if (!rc && !fits(charging->account, amount)) {
		charging->charges->refused++;
		return SB_OK;
	}
	if (!rc)
		rc = plan_charge(charging->account, &event, charging->err);
	if (!rc)
		rc = books_append(charging->books, &event, charging->err);
	if (!rc) {
		sum->jobs++;
		if (renewal.seq)
			sum->renewal = renewal;
		sum->amount = sum_of(sum->amount, amount);
	}
	event_release(&event);
	return rc;
}

/* Returns what the job uses from [since] on if it runs to its time limit, at least [used]. A part
 * of the limit that was over by [since] was charged before. */
static int64_t committed_to(const struct finished_job *job, int64_t since, int64_t used)
{
	struct finished_job whole = *job;
	int64_t amount;

	if (job->limit > job->elapsed)
		whole.elapsed = job->limit;
	return job_amount(&whole, since, &amount) ? int64_max(amount, used) : INT64_MAX;
}

static int add_flight(const struct charging *charging, int64_t used)
{
	const struct finished_job *job = charging->job;
	int64_t counted = charging->meter->jobs_since;
	int64_t start = int64_max(job->start * WHEN_SECOND, counted);
	struct job_sum *sum = make_sum(charging);
	struct in_flight *flight;

	if (!sum)
		return SB_ESYSTEM;
	flight = &sum->flight;
	flight->used = sum_of(flight->used, used);
	flight->committed =
		sum_of(flight->committed, committed_to(job, counted / WHEN_SECOND, used));
	flight->endless += job->limit < 0;
	if (!flight->since || start < flight->since)
		flight->since = start;
	return SB_OK;
}

/* Charges the account or purse for the job's use from charging->counted on. */
static int charge_metered(struct charging *charging)
{
	const struct finished_job *job = charging->job;
	const struct meter *meter = charging->meter;
	int64_t amount, charged, counted = charging->counted;
	/* The time up to which the account was charged by RawUsage, if it was. */
	int64_t begun = meter->jobs && counted == meter->jobs_since ? meter->time : counted;
	char ref[EVENT_REF_MAX + 1];
	uint64_t seq;

	if (!job_amount(job, counted / WHEN_SECOND, &amount) || !fits(charging->account, amount)) {
		charging->charges->refused++;
		return SB_OK;
	}
	if (job->end < 0)
		return add_flight(charging, amount);
	if (amount == 0)
		return SB_OK;
	if (job->end > books_time(charging->books) / WHEN_SECOND) {
		charging->charges->left++;
		return SB_OK;
	}
	TRY(find_entry(charging, ref, &seq));
	if (seq)
		return SB_OK;
	/* A job is charged to all its accounts at once: one that became an ancestor after that is
	 * not charged, unless it was charged by RawUsage then. */
	TRY(charged_at(charging, &charged));
	return charged > begun ? SB_OK : append_job(charging, amount, ref);
}

/* True if the account, or one of its purses, is among those to charge. */
static bool is_meant(const struct job_charges *charges, const char *account)
{
	for (size_t i = 0; i < charges->only_count; i++) {
		if (purse_is_of(charges->only[i], account))
			return true;
	}
	return charges->only_count == 0;
}

/* Charges the job to an account or purse that is metered by jobs. */
static int charge_purse(struct charging *charging, const struct account *purse)
{
	const struct finished_job *job = charging->job;
	int64_t time = job->end < 0 ? INT64_MAX : job->end * WHEN_SECOND;

	charging->account = purse;
	charging->meter = account_meter(purse, charging->charges->cluster);
	return charging->meter && meter_by_jobs(charging->meter, time, &charging->counted)
		       ? charge_metered(charging)
		       : SB_OK;
}

static int by_purse(const void *key, const void *item)
{
	const struct account *const *purse = item;

	return strcmp(key, (*purse)->name);
}

/* Makes the job's part for a purse: the count of its resource instead of the billing. Returns false
 * if the purse is of another resource, or the share of another user. A share has only jobs of the
 * account itself, like the user's row in Slurm. */
static bool make_part(const struct finished_job *whole, const struct account *account,
		      const struct account *purse, struct finished_job *ret)
{
	const char *user = purse_user(purse->name);
	char resource[RESOURCE_SIZE];
	int64_t count;

	*ret = *whole;
	if (user && (strcasecmp(user, whole->user) != 0 ||
		     strcmp(whole->slurm_account, account->name) != 0))
		return false;
	resource_base(resource, purse_resource(purse->name));
	if (strcmp(resource, RESOURCE_BILLING) == 0)
		return true;
	if (!tres_count(whole->alloc_tres, resource, &count) || count <= 0)
		return false;
	*ret = job_for_purse(whole, count);
	return true;
}

/* Charges the job to each purse of the account whose resource it was allocated. */
static int charge_purses(struct charging *charging, const struct account *account)
{
	const struct job_charges *charges = charging->charges;
	const struct finished_job *whole = charging->job;
	char first[NAME_SIZE + 1];
	size_t i;
	int rc = SB_OK;

	if (charges->purse_count == 0)
		return SB_OK;
	(void)snprintf(first, sizeof(first), "%s:", account->name);
	(void)array_search(charges->purses, charges->purse_count, first, by_purse, &i);
	for (; i < charges->purse_count && !rc; i++) {
		const struct account *purse = charges->purses[i];
		struct finished_job part;

		if (!purse_is_of(purse->name, account->name))
			break;
		if (!make_part(whole, account, purse, &part))
			continue;
		charging->job = &part;
		rc = charge_purse(charging, purse);
	}
	charging->job = whole;
	return rc;
}

/* Charges the job to the account and its purses if it counts for the account, which is one of its
 * lineage: without moves it does. */
static int charge_if_counted(struct charging *charging, const struct account *account)
{
	const struct job_charges *charges = charging->charges;
	const struct finished_job *job = charging->job;
	const struct moves_place place = {account->moves, account->move_count, account->name,
					  charges->cluster, charges->tree};
	int64_t time = job->end < 0 ? INT64_MAX : job->end * WHEN_SECOND;

	if (account->move_count > 0 && !moves_counted(&place, job->slurm_account, time))
		return SB_OK;
	TRY(charge_purse(charging, account));
	return charge_purses(charging, account);
}

/* Whether the job's number of each resource in the books can be read. */
static bool are_readable(const struct job_charges *charges, const struct finished_job *job)
{
	char resource[RESOURCE_SIZE];
	int64_t count;

	for (size_t i = 0; i < charges->resources.count; i++) {
		resource_base(resource, charges->resources.list[i]);
		/* The job has its billing apart. */
		if (strcmp(resource, RESOURCE_BILLING) != 0 &&
		    !tres_count(job->alloc_tres, resource, &count))
			return false;
	}
	return true;
}

/* An account of Slurm that has jobs, and the accounts that these may count for. */
struct lineage {
	const char *slurm_account; /* in the list of jobs */
	bool meant; /* it, or one above it, is to be charged */
	const struct account **list; /* it and those above it that the bank has, then those that
					are no longer above it */
	size_t count;
};

static int by_slurm_account(const void *key, const void *item)
{
	const struct lineage *lineage = item;

	return strcmp(key, lineage->slurm_account);
}

static int add_to_lineage(struct lineage *lineage, const struct account *account,
			  struct sb_error *err)
{
	const struct account **added;

	for (size_t i = 0; i < lineage->count; i++) {
		if (lineage->list[i] == account)
			return SB_OK;
	}
	added = array_add(lineage->list, lineage->count);
	if (!added)
		return sb_error_nomem(err);
	*added = account;
	return SB_OK;
}

/* Fills in the rest of a lineage that has its account. */
static int fill_lineage(struct books *books, const struct job_charges *charges,
			struct lineage *lineage, struct sb_error *err)
{
	const struct tree *tree = charges->tree;
	const char *name = lineage->slurm_account;

	for (size_t i = 0; name && *name && i <= tree->count; i++) {
		const struct account *account;
		/* In Slurm an account may have the name of a purse. */
		int rc = purse_is_account(name) ? books_find(books, name, &account, err)
						: SB_ENOTFOUND;

		lineage->meant = lineage->meant || is_meant(charges, name);
		if (!rc)
			rc = add_to_lineage(lineage, account, err);
		if (rc && rc != SB_ENOTFOUND)
			return rc;
		name = tree_parent(tree, name);
	}
	for (size_t i = 0; i < charges->former_count; i++) {
		const struct account *former = charges->former[i];

		if (!tree_above(tree, former->name, lineage->slurm_account))
			TRY(add_to_lineage(lineage, former, err));
	}
	return SB_OK;
}

/* Gives the index of the account's lineage, worked out once for all its jobs. */
static int find_lineage(struct books *books, struct job_charges *charges, const char *account,
			size_t *ret, struct sb_error *err)
{
	struct lineage *lineage;
	size_t at;

	if (!array_search(charges->lineages, charges->lineage_count, account, by_slurm_account,
			  &at)) {
		lineage = array_insert(charges->lineages, charges->lineage_count, at);
		if (!lineage)
			return sb_error_nomem(err);
		lineage->slurm_account = account;
		TRY(fill_lineage(books, charges, lineage, err));
	}
	*ret = at;
	return SB_OK;
}

/* Charges the job to its account and the ancestors that the bank has, as they were when it ended,
 * and to their purses: all at once. */
static int charge_job(struct books *books, struct job_charges *charges,
		      const struct finished_job *job, struct sb_error *err)
{
	struct charging charging = {.books = books, .charges = charges, .err = err, .job = job};
	const struct lineage *lineage;
	size_t at = 0;

	TRY(find_lineage(books, charges, job->slurm_account, &at, err));
	lineage = &charges->lineages[at];
	if (!lineage->meant)
		return SB_OK;
	/* Once a job has an entry for one purse it counts as charged, and the others would never be
	 * charged. */
	if (!are_readable(charges, job)) {
		charges->unread++;
		return SB_OK;
	}
	for (size_t i = 0; i < lineage->count; i++)
		TRY(charge_if_counted(&charging, lineage->list[i]));
	return SB_OK;
}

/* The range of the account's jobs that ended after [from], or after a switch before that. */
static struct jobs_range range_from(const struct meter *meter, int64_t from)
{
	/* Whether jobs of the earlier time when the account was metered by jobs may still be
	 * charged. */
	bool late = meter->were_until != 0 && from < meter->were_until;

	if (!meter->jobs && !late)
		return (struct jobs_range){INT64_MAX, INT64_MAX};
	return (struct jobs_range){
		.since = int64_max(from, late ? meter->were_since : meter->jobs_since),
		.until = meter->jobs ? INT64_MAX : meter->were_until};
}

int jobs_to_read(struct books *books, const struct account *account, const char *cluster,
		 int64_t looked_back, struct jobs_to_read *ret, struct sb_error *err)
{
	const struct meter *meter = account_meter(account, cluster);
	const struct jobs_range none = {INT64_MAX, INT64_MAX};
	struct reading reading;
	int64_t back;

	*ret = (struct jobs_to_read){.back = none, .recent = none};
	if (!meter || (!meter->jobs && !meter->were_until))
		return SB_OK;
	TRY(check_reading(books, account, cluster, &reading, err));
	/* Of what slurmdbd got since the last look-back, later checks have read only the newest.
	 * That was less than so long before the settled time. */
	back = looked_back ? int64_min(reading.settled, looked_back)
			   : reading.settled - JOBS_LOOK_EVERY;
	/* A switch settles what was before it, and a reading may be lost. */
	ret->back = range_from(meter, int64_max(back, meter->were_until) - JOBS_OVERLAP);
	ret->recent = range_from(meter, int64_max(reading.settled, meter->were_until) -
						(reading.settled ? JOBS_RECENT : JOBS_OVERLAP));
	ret->settled = reading.settled;
	return SB_OK;
}

/* Stores the time up to which the account's jobs are charged, and what it has in flight. */
static int set_settled(struct books *books, const struct job_charges *charges,
		       const struct account *account, struct sb_error *err)
{
	const struct meter *meter = account_meter(account, charges->cluster);
	const struct job_sum *sum;
	struct reading reading;

	if (!meter || (!meter->jobs && !meter->were_until))
		return SB_OK;
	TRY(check_reading(books, account, charges->cluster, &reading, err));
	/* After a switch to RawUsage jobs are read up to the end of the overlap. */
	if (reading.settled > charges->settled ||
	    (!meter->jobs && reading.settled - JOBS_OVERLAP >= meter->were_until))
		return SB_OK;
	if (!charges->hold && charges->unread == 0)
		reading.settled = charges->settled;
	if (charges->running && meter->jobs) {
		sum = array_find(charges->sums, charges->sum_count, account->name, by_account);
		reading.flight = sum ? sum->flight : (struct in_flight){0};
		reading.flight.time = charges->settled;
	}
	return books_set_reading(books, charges->cluster, account->name, &reading, err);
}

static void sum_flight(const struct in_flight *flight, struct in_flight *sum)
{
	sum->used = sum_of(sum->used, flight->used);
	sum->committed = sum_of(sum->committed, flight->committed);
	sum->endless += flight->endless;
	if (flight->since && (!sum->since || flight->since < sum->since))
		sum->since = flight->since;
	sum->time = int64_min(sum->time, flight->time);
}

static int add_own_flight(struct books *books, const struct account *account, struct in_flight *sum,
			  struct sb_error *err)
{
	for (size_t i = 0; i < account->meter_count; i++) {
		const struct meter *meter = &account->meters[i];
		struct reading reading;

		if (!meter->jobs)
			continue;
		TRY(check_reading(books, account, meter->cluster, &reading, err));
		sum_flight(&reading.flight, sum);
	}
	return SB_OK;
}

/* Whether jobs of [former] count for [account] on the cluster as those of any account below it. */
static int counts_already(struct books *books, const struct account *account,
			  const struct account *former, const char *cluster, bool *ret,
			  struct sb_error *err)
{
	char above[NAME_SIZE], below[NAME_SIZE];
	struct kept_tree *kept;

	TRY(books_kept_tree(books, cluster, &kept, err));
	*ret = tree_above(&kept->tree, purse_account(above, account->name),
			  purse_account(below, former->name));
	return SB_OK;
}

/* Adds what an account has in flight under a former name, or that of an account merged into it. */
static int add_former_flight(struct books *books, const struct account *account,
			     const struct account *former, struct in_flight *sum,
			     struct sb_error *err)
{
	for (size_t i = 0; i < former->meter_count; i++) {
		const struct meter *meter = &former->meters[i];
		struct reading reading;
		bool already;

		if (!meter->jobs)
			continue;
		TRY(check_reading(books, former, meter->cluster, &reading, err));
		if (!reading.flight.since)
			continue;
		TRY(counts_already(books, account, former, meter->cluster, &already, err));
		if (!already)
			sum_flight(&reading.flight, sum);
	}
	return SB_OK;
}

int jobs_in_flight(struct books *books, const struct account *account, struct in_flight *ret,
		   struct sb_error *err)
{
	struct in_flight sum = {.time = INT64_MAX};
	struct purses formers = {0};
	int rc = SB_OK;

	if (!*account->successor)
		TRY(add_own_flight(books, account, &sum, err));
	TRY(books_formers(books, account, &formers, err));
	for (size_t i = 0; i < formers.count && !rc; i++)
		rc = add_former_flight(books, account, formers.list[i], &sum, err);
	purses_release(&formers);
	if (sum.time == INT64_MAX)
		sum.time = 0;
	*ret = sum;
	return rc;
}

int64_t jobs_spent(const struct in_flight *flight, const struct rules *rules)
{
	return rules->committed ? flight->committed : flight->used;
}

/* Stores when the jobs that slurmdbd got late were all read. What could not be charged now may be
 * older than what the next check would read otherwise. */
static int set_looked_back(struct books *books, const struct job_charges *charges,
			   struct sb_error *err)
{
	int64_t time = charges->unread > 0 ? 0 : charges->looked_back, kept;

	TRY(books_looked_back(books, charges->cluster, &kept, err));
	return time == kept ? SB_OK : books_set_looked_back(books, charges->cluster, time, err);
}

static int charge_jobs(struct books *books, struct job_charges *charges, struct sb_error *err)
{
	size_t count;

	TRY(books_load_all(books, &count, err));
	if (charges->observation)
		TRY(moves_record(books, charges->observation, charges->before, charges->now, true,
				 err));
	TRY(books_resources(books, &charges->resources, err));
	for (size_t i = 0; i < count; i++) {
		const struct account *account = books_at(books, i), **added;

		if (!purse_is_account(account->name))
			added = array_add(charges->purses, charges->purse_count);
		else if (moves_any_went(account, charges->cluster))
			added = array_add(charges->former, charges->former_count);
		else
			continue;
		if (!added)
			return sb_error_nomem(err);
		*added = account;
	}
	for (size_t i = 0; i < charges->count; i++)
		TRY(charge_job(books, charges, &charges->list[i], err));
	for (size_t i = 0; i < count; i++) {
		char account[NAME_SIZE];

		if (is_meant(charges, purse_account(account, books_at(books, i)->name)))
			TRY(set_settled(books, charges, books_at(books, i), err));
	}
	return set_looked_back(books, charges, err);
}

int jobs_charge(struct books *books, void *ctx, struct sb_error *err)
{
	struct job_charges *charges = ctx;
	int rc;

	free(charges->sums);
	charges->sums = NULL;
	charges->sum_count = charges->left = charges->refused = charges->unread = 0;
	rc = charge_jobs(books, charges, err);
	resources_release(&charges->resources);
	for (size_t i = 0; i < charges->lineage_count; i++)
		free(charges->lineages[i].list);
	free(charges->lineages);
	free(charges->purses);
	free(charges->former);
	charges->lineages = NULL;
	charges->purses = charges->former = NULL;
	charges->purse_count = charges->former_count = charges->lineage_count = 0;
	return rc;
}

int jobs_switch(struct books *books, const struct meter_switch *to, struct sb_error *err)
{
	const struct account *account;
	const struct meter *meter;
	struct reading reading;
	struct event event = {.kind = EVENT_METER,
			      .account = to->account,
			      .cluster = to->cluster,
			      .resource = purse_resource(to->account),
			      .meter = (uint8_t)to->meter,
			      .since = to->since};

	TRY(books_account(books, to->account, &account, err));
	meter = account_meter(account, to->cluster);
	if (!meter || meter->jobs == (to->meter == METER_JOBS))
		return SB_OK;
	event.before = meter->reading;
	event.now = to->meter == METER_JOBS ? meter->reading : to->now;
	TRY(books_append(books, &event, err));
	TRY(books_set_looked_back(books, to->cluster, 0, err));
	if (to->meter != METER_JOBS)
		return SB_OK;
	TRY(check_reading(books, account, to->cluster, &reading, err));
	reading.settled = to->since;
	reading.flight = (struct in_flight){.time = to->since};
	return books_set_reading(books, to->cluster, to->account, &reading, err);
}
