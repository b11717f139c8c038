/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/report/balance_days.h"

#include "ledger/base/array.h"
#include "ledger/base/minmax.h"
#include "ledger/base/when.h"

static int64_t clamp(__int128 sum)
{
	if (sum > INT64_MAX)
		return INT64_MAX;
	return sum < -INT64_MAX ? -INT64_MAX : (int64_t)sum;
}

/* What is available at a time to which no entry leads. A lot that starts pays debt, which changes
 * nothing here. */
static int64_t available_at(const struct account *account, int64_t time)
{
	__int128 sum = (__int128)account->credit - account->debt;

	for (size_t i = 0; i < account->lot_count; i++) {
		if (lot_active(&account->lots[i], time))
			sum += account->lots[i].rest;
	}
	return clamp(sum);
}

int64_t balance_even(const struct account *account, int64_t time, bool *ret_paced)
{
	__int128 sum = account->credit;

	*ret_paced = false;
	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];

		if (!lot_active(lot, time))
			continue;
		if (lot->end == WHEN_NEVER) {
			sum += lot->amount;
			continue;
		}
		*ret_paced = true;
		/* In seconds: an amount times microseconds may be past 128 bits in a sum. */
		sum += (__int128)lot->amount * ((lot->end - time) / WHEN_SECOND) /
		       int64_max((lot->end - lot->start) / WHEN_SECOND, 1);
	}
	return clamp(sum);
}

static int add_day(struct balance_days *days, int64_t time, struct sb_error *err)
{
	/* A window that ends with the day was active in it. */
	const int64_t last = time - 1;
	struct balance_day *day = array_add(days->list, days->count);

	if (!day)
		return sb_error_nomem(err);
	day->time = time;
	day->available = available_at(days->state, last);
	day->even = balance_even(days->state, last, &day->paced);
	if (!day->paced)
		day->even = day->available;
	return SB_OK;
}

/* Adds the days that end up to [time]. */
static int add_days(struct balance_days *days, int64_t time, struct sb_error *err)
{
	while (days->state) {
		if (days->day_end <= days->time &&
		    !when_add_days(when_day(days->time), 1, &days->day_end))
			break;
		if (days->day_end > time)
			break;
		TRY(add_day(days, days->day_end, err));
		days->time = days->day_end;
	}
	return SB_OK;
}

int balance_days_follow(const struct account *account, void *ctx, struct sb_error *err)
{
	struct balance_days *days = ctx;
	struct account *state;

	/* The account was not opened yet. */
	if (account->seq == 0)
		return SB_OK;
	if (days->state)
		TRY(add_days(days, account->time, err));
	else
		days->time = int64_max(account->time, days->since);
	state = account_copy(account);
	if (!state)
		return sb_error_nomem(err);
	account_free(days->state);
	days->state = state;
	return SB_OK;
}

int balance_days_finish(struct balance_days *days, int64_t time, struct sb_error *err)
{
	if (!days->state)
		return SB_OK;
	TRY(add_days(days, time, err));
	return days->time < time ? add_day(days, time, err) : SB_OK;
}

void balance_days_release(struct balance_days *days)
{
	account_free(days->state);
	free(days->list);
	*days = (struct balance_days){0};
}
