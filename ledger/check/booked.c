/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/check/booked.h"

#include <string.h>

#include "ledger/base/amount.h"
#include "ledger/base/minmax.h"
#include "ledger/base/when.h"
#include "ledger/books/entries.h"
#include "ledger/check/check.h"
#include "ledger/check/jobs.h"

struct sum {
	struct booked *booked;
	int64_t begin; /* when counting began; -1: not yet */
	int64_t last; /* the last change of the books so far */
	int64_t same_second; /* charged by RawUsage in the second after the period. Jobs count in
				whole seconds, so the meter may be switched at the start of that
				second */
	int64_t moved; /* when an account last moved into or out of this one's subtree */
	int64_t before_since, before_until; /* the last changes at or before the edges */
	int64_t baselines; /* how often counting restarted in the period, also after moves */
};

/* Notes that the books contain the use up to [time]. */
static void note_time(struct sum *sum, int64_t time)
{
	sum->last = time;
	if (time <= sum->booked->since)
		sum->before_since = time;
	if (time <= sum->booked->until)
		sum->before_until = time;
}

static bool is_within(const struct booked *booked, int64_t time)
{
	return time > booked->since && (time <= booked->until || booked->to_end);
}

/* True if counting goes on from what a move left: all use before it is charged. */
static bool is_by_move(const struct sum *sum, const struct event *event)
{
	return sum->moved == event->time && strcmp(event->reason, REASON_WENT_DOWN) != 0;
}

static void add_baseline(struct sum *sum, const struct event *event)
{
	struct booked *booked = sum->booked;

	/* Counting from zero charges all earlier use, too. */
	if (sum->begin < 0) {
		sum->begin = strcmp(event->reason, REASON_FROM_ZERO) == 0 ? 0 : event->time;
		if (booked->since < sum->begin)
			booked->since = sum->begin;
	} else if (is_within(booked, event->time)) {
		sum->baselines++;
		if (!is_by_move(sum, event) && booked->restarts++ == 0)
			booked->lost_since = sum->last;
		if (!is_by_move(sum, event))
			booked->lost_until = event->time;
	}
	note_time(sum, event->time);
}

/* The switch itself made the books agree with Slurm's record, so use before a switch to RawUsage is
 * left out. */
static void add_switch(struct sum *sum, const struct event *event)
{
	struct booked *booked = sum->booked;

	booked->jobs_since = event->meter == METER_JOBS ? event->since : 0;
	if (event->meter == METER_JOBS && event->since <= booked->until &&
	    amount_add(booked->amount, sum->same_second, &booked->amount))
		sum->same_second = 0;
	if (event->meter == METER_RAWUSAGE && event->since >= booked->since) {
		booked->since = event->since;
		booked->since_begins = true;
		booked->amount = 0;
		booked->restarts = 0;
		sum->baselines = 0;
		booked->lost_since = booked->lost_until = 0;
	}
	note_time(sum, event->since);
}

static int add_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	const struct event *event = entry->event;
	struct sum *sum = ctx;
	struct booked *booked = sum->booked;
	bool less = event->kind == EVENT_RECONCILE && event->use == USE_LESS;

	if (!event->cluster || strcmp(event->cluster, booked->cluster) != 0)
		return SB_OK;
	if (event->kind == EVENT_BASELINE)
		add_baseline(sum, event);
	if (event->kind == EVENT_CHARGE)
		note_time(sum, event->until);
	if (event->kind == EVENT_MOVE)
		sum->moved = event->time;
	if (event->kind == EVENT_METER)
		add_switch(sum, event);
	if (event->kind == EVENT_CHARGE && !is_within(booked, event->until) &&
	    event->until > booked->until && event->until - booked->until < WHEN_SECOND)
		(void)amount_add(sum->same_second, event->amount, &sum->same_second);
	if ((!event_is_charge(event) && event->kind != EVENT_RECONCILE) ||
	    !is_within(booked, event->until))
		return SB_OK;
	return (less ? amount_sub : amount_add)(booked->amount, event->amount, &booked->amount)
		       ? SB_OK
		       : sb_error_set(err, SB_EOVERFLOW,
				      "the charges of account '%s' add up past what int64 holds",
				      booked->account);
}

/* Finds when the account was read last on the cluster. A reading may be lost; the meter is not. */
static int last_read(struct books *books, const struct account *account, const char *cluster,
		     int64_t *ret, struct sb_error *err)
{
	const struct meter *meter = account_meter(account, cluster);
	struct reading reading;
	int rc = books_reading(books, cluster, account->name, &reading, err);

	*ret = meter ? meter->time : 0;
	if (!rc && meter && meter->jobs)
		*ret = reading.settled;
	else if (!rc)
		*ret = int64_max(*ret, reading.time);
	return rc == SB_ENOTFOUND ? SB_OK : rc;
}

/* Whether the next look-back (jobs.h) may charge jobs that are on Slurm's record already. */
static int read_lacks(struct books *books, const struct account *account, const char *cluster,
		      bool *ret, struct sb_error *err)
{
	struct jobs_to_read jobs;
	int64_t looked_back;

	TRY(books_looked_back(books, cluster, &looked_back, err));
	TRY(jobs_to_read(books, account, cluster, looked_back, &jobs, err));
	*ret = jobs.back.since != INT64_MAX && looked_back < jobs.settled;
	return SB_OK;
}

/* Whether the purse counts SU, of the account or of a user. */
static bool counts_billing(const char *purse)
{
	char resource[RESOURCE_SIZE];

	return strcmp(resource_base(resource, purse_resource(purse)), RESOURCE_BILLING) == 0;
}

/* Slurm cuts the use of a TRES to whole minutes, once for each row, so readings between two
 * restarts of counting show up to a minute more or less than the use. A switch to jobs is exact: it
 * charges what the readings lack. */
static int64_t cut_of(const struct sum *sum)
{
	const struct booked *booked = sum->booked;
	bool by_jobs = booked->jobs_since && booked->jobs_since <= booked->until &&
		       (booked->since_begins || booked->jobs_since <= booked->since);

	return counts_billing(booked->account) || booked->to_end || by_jobs
		       ? 0
		       : 60 * (1 + sum->baselines);
}

int booked_read(struct books *books, struct booked *booked, struct sb_error *err)
{
	const char *const accounts[] = {booked->account};
	const struct entry_range range = {.accounts = accounts, .account_count = 1};
	struct sum sum = {.booked = booked, .begin = -1, .moved = -1};
	const struct account *account;
	const struct event *charge;
	int64_t read = booked->until;

	booked->amount = booked->lost_since = booked->lost_until = booked->jobs_since = 0;
	booked->restarts = 0;
	booked->since_begins = false;
	TRY(books_account(books, booked->account, &account, err));
	booked->lacks = false;
	if (!booked->to_end) {
		TRY(last_read(books, account, booked->cluster, &read, err));
		TRY(read_lacks(books, account, booked->cluster, &booked->lacks, err));
	}
	booked->until = int64_min(booked->until, read);
	TRY(entries_each(books, &range, add_entry, &sum, NULL, err));
	for (size_t i = 0; (charge = books_deferred(books, booked->account, i)); i++) {
		if (!charge->seq)
			TRY(add_entry(&(struct entry){.event = charge}, &sum, err));
	}
	booked->since_age = booked->since - sum.before_since;
	booked->until_age = booked->until == read ? 0 : booked->until - sum.before_until;
	if (booked->since <= sum.begin) {
		booked->since = sum.begin;
		booked->since_age = 0;
		booked->since_begins = true;
	}
	if (sum.begin < 0)
		booked->until = booked->since;
	booked->cut = cut_of(&sum);
	return SB_OK;
}
