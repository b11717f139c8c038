/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/report/forecast.h"

#include "ledger/base/amount.h"
#include "ledger/base/minmax.h"
#include "ledger/base/when.h"
#include "ledger/books/entries.h"
#include "ledger/books/renames.h"
#include "ledger/check/quota.h"

enum { WEEK = 7, MONTH = 30 };

/* The forecast spends this many quotas to come one by one, and more while windows of other money
 * have not ended, up to QUOTAS_MOST. Later ones count by their average, over whole leap cycles of
 * 48 months. */
enum { QUOTAS_CYCLE = 48, QUOTAS_AHEAD = 2 * QUOTAS_CYCLE, QUOTAS_MOST = 84 * QUOTAS_CYCLE };

struct rates {
	int64_t now;
	int64_t opened;
	__int128 week, month;
};

/* Returns the part of a charge that falls into the last [days]. */
static int64_t share(const struct rates *rates, const struct event *charge, int days)
{
	int64_t since = int64_max(charge->since, rates->now - days * WHEN_DAY);
	int64_t until = int64_min(charge->until, rates->now);

	if (until <= since)
		return 0;
	return (int64_t)((__int128)charge->amount * (until - since) /
			 (charge->until - charge->since));
}

static int add_use(const struct entry *entry, void *ctx, struct sb_error *err)
{
	const struct event *event = entry->event;
	struct rates *rates = ctx;
	int sign = event->kind == EVENT_RECONCILE && event->use == USE_LESS ? -1 : 1;

	(void)err;
	if (event_is_charge(event) || event->kind == EVENT_RECONCILE) {
		rates->week += sign * share(rates, event, WEEK);
		rates->month += sign * share(rates, event, MONTH);
	}
	return SB_OK;
}

static int take_time(const struct entry *entry, void *ctx, struct sb_error *err)
{
	(void)err;
	*(int64_t *)ctx = entry->event->time;
	return STORE_ABORT;
}

/* The average over [days] or over those since the account was opened, at least one. */
static int64_t per_day(__int128 sum, const struct rates *rates, int days)
{
	int64_t length = int64_min(rates->now - rates->opened, days * WHEN_DAY);
	/* A reconciliation may give back use that was charged longer ago. */
	__int128 rate = sum > 0 ? sum * WHEN_DAY / int64_max(length, WHEN_DAY) : 0;

	return rate > INT64_MAX ? INT64_MAX : (int64_t)rate;
}

/* The next moment at which a lot with money starts or ends; WHEN_NEVER if there is none. */
static int64_t next_change(const struct account *account)
{
	int64_t next = WHEN_NEVER;

	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];

		if (lot->rest == 0)
			continue;
		if (lot->start > account->time && lot->start < next)
			next = lot->start;
		if (lot->end > account->time && lot->end < next)
			next = lot->end;
	}
	return next;
}

static void spend(struct account *account, int64_t amount)
{
	for (size_t i = 0; i < account->lot_count && amount > 0; i++) {
		struct lot *lot = &account->lots[i];
		int64_t part = int64_min(lot->rest, amount);

		if (!lot_active(lot, account->time))
			continue;
		lot->rest -= part;
		amount -= part;
	}
	/* What no lot covers is debt. */
	account->debt += amount;
}

/* Moves on to [time]. Adds to [unused] what is left of windows that end then, except those of
 * quotas to come. SB_EOVERFLOW. */
static int end_lots(struct account *account, int64_t time, int64_t *unused, struct sb_error *err)
{
	bool fits = true;

	TRY(account_settle(account, time, err));
	for (size_t i = 0; i < account->lot_count; i++) {
		struct lot *lot = &account->lots[i];

		if (lot->end != time)
			continue;
		fits = fits && (!lot->seq || amount_add(*unused, lot->rest, unused));
		lot->rest = 0;
	}
	return fits ? SB_OK
		    : sb_error_set(err, SB_EOVERFLOW,
				   "what account '%s' leaves unused is past what int64 holds",
				   account->name);
}

/* Finds the next quota. One that is due already comes now. Returns false if none comes. */
static bool find_quota(const struct account *account, struct next_quota *ret)
{
	if (!quota_next(account, ret))
		return false;
	ret->start = int64_max(ret->start, account->time);
	return true;
}

/* Adds the quota to [account], a copy, and pays its debt from it. A check deposits no quota that
 * would take the account past int64; then nothing is added. */
static int add_quota(struct account *account, const struct next_quota *quota, struct sb_error *err)
{
	const struct lot lot = {.start = quota->start,
				.end = quota->end,
				.amount = account->quota.amount,
				.rest = account->quota.amount};

	account->quota.granted = quota->period;
	if (!quota_fits(account))
		return SB_OK;
	TRY(account_add_lot(account, lot, err));
	return account_settle(account, account->time, err);
}

/* Returns when [available] is used up at [rate] a day. */
static __int128 used_up(const struct account *account, int64_t available, int64_t rate)
{
	return account->time + ((__int128)available * WHEN_DAY + rate - 1) / rate;
}

/* Returns whether money other than quotas starts or ends at a time to come. */
static bool has_windows(const struct account *account)
{
	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];

		if (lot->seq && lot->rest > 0 &&
		    (lot->start > account->time || lot->end < WHEN_NEVER))
			return true;
	}
	return false;
}

/* The quotas that were spent one by one. */
struct spent_quotas {
	int count;
	int64_t first; /* the end of the first one's period */
};

/* Returns whether the next quotas may be replaced by their average. */
static bool enough(const struct spent_quotas *quotas, const struct account *account)
{
	const int whole = quotas->count - 1;

	return whole >= QUOTAS_AHEAD && whole % QUOTAS_CYCLE == 0 &&
	       (whole >= QUOTAS_MOST || !has_windows(account));
}

/* Returns what is used a day beyond the average of the quotas; 0 if they are enough. */
static int64_t rate_beyond(const struct spent_quotas *quotas, const struct account *account,
			   int64_t rate)
{
	__int128 sum = (__int128)account->quota.amount * (quotas->count - 1);
	__int128 average = sum * WHEN_DAY / (account->quota.granted - quotas->first);

	return average < rate ? rate - (int64_t)average : 0;
}

static int simulate(struct account *account, int64_t rate, struct forecast *ret,
		    struct sb_error *err)
{
	int64_t available, next, lasts = 0, unused = 0;
	struct spent_quotas quotas = {0};
	bool ends = !account->unlimited, averaged = false;

	for (;;) {
		struct next_quota quota;
		bool comes = !averaged && find_quota(account, &quota);
		__int128 used;

		if (comes && quota.start <= account->time) {
			averaged = enough(&quotas, account);
			if (averaged) {
				rate = rate_beyond(&quotas, account, rate);
				ends = ends && rate > 0;
				continue;
			}
			TRY(add_quota(account, &quota, err));
			if (quotas.count++ == 0)
				quotas.first = quota.period;
			continue;
		}

		TRY(account_available(account, &available, err));
		if (available <= 0 && !lasts && ends)
			lasts = account->time;
		next = next_change(account);
		if (comes)
			next = int64_min(next, quota.start);
		if (next == WHEN_NEVER)
			break;
		used = available > 0 ? (__int128)rate * (next - account->time) / WHEN_DAY : 0;
		if (used >= available && available > 0) {
			if (!lasts && ends)
				lasts = (int64_t)used_up(account, available, rate);
			used = available;
		}
		spend(account, (int64_t)used);
		TRY(end_lots(account, next, &unused, err));
	}
	if (!lasts && ends && rate > 0) {
		__int128 end = used_up(account, available, rate);

		lasts = end > WHEN_MAX ? 0 : (int64_t)end;
	}
	ret->lasts = lasts;
	ret->unused = unused;
	return SB_OK;
}

int forecast_spend(const struct account *account, struct forecast *forecast, struct sb_error *err)
{
	struct account *copy = account_copy(account);
	int rc;

	if (!copy)
		return sb_error_nomem(err);
	/* Windows that have ended are not spent, and are not unused either. */
	for (size_t i = 0; i < copy->lot_count; i++) {
		if (copy->lots[i].end <= copy->time)
			copy->lots[i].rest = 0;
	}
	spend(copy, forecast->spent);
	rc = simulate(copy, forecast->month, forecast, err);
	account_free(copy);
	return rc;
}

int forecast_make(struct books *books, const struct account *account, uint64_t last, int64_t spent,
		  struct forecast *ret, struct sb_error *err)
{
	struct rates rates = {.now = account->time, .opened = account->time};
	const char *name = account->name;
	const struct entry_range all = {0};
	struct entry_range recent = all;
	const struct event *charge;

	/* A charge is recorded after its use has ended. */
	recent.to = last;
	recent.since = int64_max(rates.now - MONTH * WHEN_DAY, 0);
	recent.backward = true;
	TRY(tenures_each(books, name, &all, take_time, &rates.opened, NULL, err));
	if (last > 0)
		TRY(tenures_each(books, name, &recent, add_use, &rates, NULL, err));
	for (size_t i = 0; (charge = books_deferred(books, name, i)); i++) {
		if (!charge->seq)
			TRY(add_use(&(struct entry){.event = charge}, &rates, err));
	}
	*ret = (struct forecast){.week = per_day(rates.week, &rates, WEEK),
				 .month = per_day(rates.month, &rates, MONTH),
				 .spent = spent};
	return forecast_spend(account, ret, err);
}

int64_t forecast_lasts(const struct forecast *forecast, int64_t now)
{
	if (forecast->lasts - now > 31 * WHEN_DAY)
		return when_day(forecast->lasts);
	return forecast->lasts - forecast->lasts % WHEN_MINUTE;
}
