/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plot of use a day, stacked by user or partition, and its table; and the small one of the
 * index. */
#pragma once

#include "cmd/report/collect.h"
#include "cmd/report/html.h"
#include "ledger/report/use.h"

enum {
	BARS_DAYS = 60, /* that a plot shows: the last ones of the period */
	TREND_DAYS = 30, /* that the small one shows */
	SERIES_MAX = 6, /* the largest users; the others are one more */
};

/* Draws the use of the last days by [by], USE_BY_USER or USE_BY_PARTITION. [id] as in
 * plot_begin(). */
int day_bars_put(struct html *html, const struct report *report, const struct purse_data *data,
		 enum use_by by, const char *id, struct sb_error *err);

/* Draws use a day of the last days as a small picture without labels, for readers who have its
 * meaning from a text beside it. */
void trend_put(struct html *html, const struct report *report, const struct purse_data *data);
