/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was available at the end of each local day of a period, beside what would have been if each
 * window's money had been used evenly. */
#pragma once

#include "ledger/account/account.h"

struct balance_day {
	int64_t time; /* the end of the day, or of the period in it */
	int64_t available; /* seconds of the resource, by entries alone */
	int64_t even; /* of the windows of that time; [available] where [paced] is false */
	bool paced; /* a window with an end was active */
};

struct balance_days {
	int64_t since, until; /* in: the period */
	struct balance_day *list; /* balance_days_release() frees it */
	size_t count;
	/* private: the state after the last entry, and up to when its days are in the list */
	struct account *state;
	int64_t time;
	int64_t day_end; /* of the day of [time]: the calendar is slow */
};

/* A statement_state: [ctx] is a struct balance_days. */
int balance_days_follow(const struct account *account, void *ctx, struct sb_error *err);
/* Adds the days up to [time], which is in the period. */
int balance_days_finish(struct balance_days *days, int64_t time, struct sb_error *err);

/* What the money of the windows that are active at [time] would come to at that time if it was used
 * evenly; money without an end counts in full, and credit too. *ret_paced: see above. The result is
 * at most INT64_MAX. */
int64_t balance_even(const struct account *account, int64_t time, bool *ret_paced);

void balance_days_release(struct balance_days *days);
