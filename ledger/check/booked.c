/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/check/booked.h"

#include <string.h>

#include "ledger/base/amount.h"
#include "ledger/base/when.h"
#include "ledger/books/entries.h"
#include "ledger/check/check.h"

struct adding {
	struct booked *booked;
	int64_t begin; /* when counting began; -1: not yet */
	int64_t last; /* when the books last moved so far */
	int64_t same_second; /* charged by RawUsage in the second behind the period, at whose begin
				the meter may have been switched: jobs count in whole seconds */
	int64_t moved; /* when an account came below this one or went, last */
	int64_t before_since, before_until; /* likewise, at or before the edges */
};

/* Use of which the books learned at [time]. */
static void see(struct adding *adding, int64_t time)
{
	adding->last = time;
	if (time <= adding->booked->since)
		adding->before_since = time;
	if (time <= adding->booked->until)
		adding->before_until = time;
}

static bool is_within(const struct booked *booked, int64_t time)
{
	return time > booked->since && (time <= booked->until || booked->to_end);
}

/* Whether counting goes on from what a move left: all use before it is charged. */
static bool is_by_move(const struct adding *adding, const struct event *event)
{
	return adding->moved == event->time && strcmp(event->reason, REASON_WENT_DOWN) != 0;
}

static void add_baseline(struct adding *adding, const struct event *event)
{
	struct booked *booked = adding->booked;

	/* Counted from zero, all use from before is charged too. */
	if (adding->begin < 0) {
		adding->begin = strcmp(event->reason, REASON_FROM_ZERO) == 0 ? 0 : event->time;
		if (booked->since < adding->begin)
			booked->since = adding->begin;
	} else if (is_within(booked, event->time) && !is_by_move(adding, event)) {
		if (booked->restarts++ == 0)
			booked->lost_since = adding->last;
		booked->lost_until = event->time;
	}
	see(adding, event->time);
}

/* Everything up to a switch was made to agree with Slurm's record, so what was before one to
 * RawUsage is left alone. */
static void switch_meter(struct adding *adding, const struct event *event)
{
	struct booked *booked = adding->booked;

	booked->jobs_since = event->meter == METER_JOBS ? event->since : 0;
	if (event->meter == METER_JOBS && event->since <= booked->until &&
	    amount_add(booked->amount, adding->same_second, &booked->amount))
		adding->same_second = 0;
	if (event->meter == METER_RAWUSAGE && event->since >= booked->since) {
		booked->since = event->since;
		booked->since_begins = true;
		booked->amount = 0;
		booked->restarts = 0;
		booked->lost_since = booked->lost_until = 0;
	}
	see(adding, event->since);
}

static int add_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	const struct event *event = entry->event;
	struct adding *adding = ctx;
	struct booked *booked = adding->booked;
	bool less = event->kind == EVENT_RECONCILE && event->use == USE_LESS;

	if (!event->cluster || strcmp(event->cluster, booked->cluster) != 0)
		return SB_OK;
	if (event->kind == EVENT_BASELINE)
		add_baseline(adding, event);
	if (event->kind == EVENT_CHARGE)
		see(adding, event->until);
	if (event->kind == EVENT_MOVE)
		adding->moved = event->time;
	if (event->kind == EVENT_METER)
		switch_meter(adding, event);
	if (event->kind == EVENT_CHARGE && !is_within(booked, event->until) &&
	    event->until > booked->until && event->until - booked->until < WHEN_SECOND)
		(void)amount_add(adding->same_second, event->amount, &adding->same_second);
	if ((!event_is_charge(event) && event->kind != EVENT_RECONCILE) ||
	    !is_within(booked, event->until))
		return SB_OK;
	return (less ? amount_sub : amount_add)(booked->amount, event->amount, &booked->amount)
		       ? SB_OK
		       : sb_error_set(err, SB_EOVERFLOW,
				      "the charges of account '%s' add up past what int64 holds",
				      booked->account);
}

/* When the account was read last on the cluster; readings may be lost, the meter is not. */
static int last_read(struct books *books, const struct account *account, const char *cluster,
		     int64_t *ret, struct sb_error *err)
{
	const struct meter *meter = account_meter(account, cluster);
	struct reading reading;
	int rc = books_reading(books, cluster, account->name, &reading, err);

	*ret = meter ? meter->time : 0;
	if (!rc && meter && meter->jobs)
		*ret = reading.settled;
	else if (!rc && reading.time > *ret)
		*ret = reading.time;
	return rc == SB_ENOTFOUND ? SB_OK : rc;
}

int booked_read(struct books *books, struct booked *booked, struct sb_error *err)
{
	const char *const accounts[] = {booked->account};
	const struct entry_range range = {.accounts = accounts, .account_count = 1};
	struct adding adding = {.booked = booked, .begin = -1, .moved = -1};
	const struct account *account;
	const struct event *charge;
	int64_t read = 0;
	int rc = books_account(books, booked->account, &account, err);

	booked->amount = booked->lost_since = booked->lost_until = 0;
	booked->restarts = 0;
	booked->jobs_since = 0;
	booked->since_begins = false;
	if (!rc)
		rc = last_read(books, account, booked->cluster, &read, err);
	if (booked->to_end)
		read = booked->until;
	if (booked->until > read)
		booked->until = read;
	if (!rc)
		rc = entries_each(books, &range, add_entry, &adding, NULL, err);
	for (size_t i = 0; !rc && (charge = books_deferred(books, booked->account, i)); i++) {
		if (!charge->seq)
			rc = add_entry(&(struct entry){.event = charge}, &adding, err);
	}
	if (rc)
		return rc;
	booked->since_age = booked->since - adding.before_since;
	booked->until_age = booked->until == read ? 0 : booked->until - adding.before_until;
	if (booked->since <= adding.begin) {
		booked->since = adding.begin;
		booked->since_age = 0;
		booked->since_begins = true;
	}
	if (adding.begin < 0)
		booked->until = booked->since;
	return SB_OK;
}
