/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/report/day_bars.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/report/plot.h"
#include "ledger/base/minmax.h"
#include "ledger/base/when.h"

enum { TREND_WIDTH = 90, TREND_HEIGHT = 24 };

/* The use of the days, by series: the largest groups in order, then all others. */
struct bars {
	const struct use *use; /* the groups of these days, the largest first */
	enum use_by by;
	size_t series; /* of the groups that have their own */
	bool others;
	int64_t since, until;
	int first; /* the days, as 20261122 */
	int days[BARS_DAYS];
	int64_t amounts[BARS_DAYS][SERIES_MAX + 1];
	int count;
};

static int64_t add(int64_t a, int64_t b)
{
	int64_t sum;

	if (amount_add(a, b, &sum))
		return sum;
	return a > 0 ? INT64_MAX : -INT64_MAX;
}

/* Returns the day that is so many days before. */
static int day_before(int day, int days)
{
	struct tm tm = {.tm_year = day / 10000 - 1900,
			.tm_mon = day / 100 % 100 - 1,
			.tm_mday = day % 100 - days};

	/* The calendar alone, without a time zone, which would be slow. */
	(void)timegm(&tm);
	return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

/* Fills in up to [most] days that end with [until]. Returns their number. */
static int list_days(int64_t since, int64_t until, int most, int days[], int64_t *ret_since)
{
	int last = use_day_of(until - 1), first = use_day_of(since), count = most;

	while (count > 1 && day_before(last, count - 1) < first)
		count--;
	for (int i = 0; i < count; i++)
		days[i] = day_before(last, count - 1 - i);
	return when_add_days(when_day(until - 1), 1 - count, ret_since) ? count : 0;
}

static int day_at(const int days[], int count, int day)
{
	for (int i = 0; i < count; i++) {
		if (days[i] == day)
			return i;
	}
	return -1;
}

static size_t series_of(const struct bars *bars, const char *name)
{
	for (size_t i = 0; i < bars->series; i++) {
		if (strcmp(bars->use->groups[i].names[0], name) == 0)
			return i;
	}
	return bars->series;
}

static void add_up(struct bars *bars, const struct use_days *days)
{
	for (size_t i = 0; i < days->count; i++) {
		const struct use_day *day = &days->list[i];
		int at = day_at(bars->days, bars->count, day->day);
		size_t series = series_of(bars, day->names[bars->by - USE_BY_USER]);

		if (at < 0)
			continue;
		bars->amounts[at][series] = add(bars->amounts[at][series], day->amount);
		bars->others = bars->others || series == bars->series;
	}
}

/* The sum of a day's use above (or below) zero. */
static int64_t day_sum(const struct bars *bars, int day, bool below)
{
	int64_t sum = 0;

	for (size_t i = 0; i <= bars->series; i++) {
		if ((bars->amounts[day][i] < 0) == below)
			sum = add(sum, bars->amounts[day][i]);
	}
	return sum;
}

static const char *series_name(const struct bars *bars, size_t series)
{
	return series < bars->series ? bars->use->groups[series].names[0] : "all others";
}

/* Draws the parts of a series as one path. */
static void put_series(struct html *html, const struct bars *bars, const struct scale *scale,
		       size_t series)
{
	int width = PLOT_WIDTH / bars->count, gap = width / 6;

	html_numbers(html, "<path class=\"s%d\" d=\"",
		     series < bars->series ? (int)series : SERIES_MAX);
	for (int day = 0; day < bars->count; day++) {
		int64_t amount = bars->amounts[day][series], from = 0;
		int top, bottom, x = (int)((int64_t)PLOT_WIDTH * day / bars->count);

		for (size_t i = 0; i < series; i++) {
			if ((bars->amounts[day][i] < 0) == (amount < 0))
				from = add(from, bars->amounts[day][i]);
		}
		top = scale_y(scale, add(from, amount));
		bottom = scale_y(scale, from);
		if (amount != 0 && top != bottom)
			html_numbers(html, "M%d %dH%dV%dH%dZ", x + gap, bottom, x + width - gap,
				     top, x + gap);
	}
	html_put(html, "\"/>");
}

static void put_legend(struct html *html, const struct bars *bars)
{
	html_put(html, "<p class=\"legend\">");
	for (size_t i = 0; i < bars->series + bars->others; i++) {
		html_numbers(
			html,
			"<span><svg class=\"key box\" aria-hidden=\"true\"><path class=\"s%d\" "
			"d=\"M0 0H12V12H0Z\"/></svg> ",
			i < bars->series ? (int)i : SERIES_MAX);
		html_wrap(html, "<bdi>", series_name(bars, i), "</bdi></span> ");
	}
	html_put(html, "</p>");
}

static void put_table(struct html *html, const struct bars *bars, const struct unit *unit)
{
	html_wrap(html,
		  "<details><summary>As a table</summary><div class=\"scroll\" tabindex=\"0\" "
		  "role=\"region\" aria-label=\"Table of use a day by ",
		  use_by_word(bars->by), "\"><table><thead><tr><th scope=\"col\">Day</th>");
	for (size_t i = 0; i < bars->series + bars->others; i++)
		html_wrap(html, "<th scope=\"col\"><bdi>", series_name(bars, i), "</bdi></th>");
	html_put(html, "</tr></thead><tbody>");
	for (int day = 0; day < bars->count; day++) {
		int date = bars->days[day];

		if (day_sum(bars, day, false) == 0 && day_sum(bars, day, true) == 0)
			continue;
		html_numbers(html, "<tr><th scope=\"row\" class=\"day\">%d-%d%d-%d%d</th>",
			     date / 10000, date / 1000 % 10, date / 100 % 10, date / 10 % 10,
			     date % 10);
		for (size_t i = 0; i < bars->series + bars->others; i++) {
			html_put(html, "<td>");
			if (bars->amounts[day][i] != 0)
				html_amount(html, bars->amounts[day][i], unit);
			html_put(html, "</td>");
		}
		html_put(html, "</tr>");
	}
	html_put(html, "</tbody></table></div></details>");
}

static void draw(struct html *html, const struct report *report, const struct purse_data *data,
		 const struct bars *bars, const char *id)
{
	struct scale scale;
	int64_t low = 0, high = 0;
	char title[64];

	for (int day = 0; day < bars->count; day++) {
		low = int64_min(low, day_sum(bars, day, true));
		high = int64_max(high, day_sum(bars, day, false));
	}
	scale = scale_make(low, high, &data->unit);
	(void)snprintf(title, sizeof(title), "Use a day by %s", use_by_word(bars->by));
	html_put(html, "<figure>");
	put_legend(html, bars);
	plot_begin(html, id, title, "The table has the numbers.", &scale);
	for (size_t i = 0; i < bars->series + bars->others; i++)
		put_series(html, bars, &scale, i);
	plot_end(html, &scale, &data->unit, bars->since, bars->until, report->now);
	put_table(html, bars, &data->unit);
	html_put(html, "</figure>");
}

int day_bars_put(struct html *html, const struct report *report, const struct purse_data *data,
		 enum use_by by, const char *id, struct sb_error *err)
{
	int64_t until = int64_min(report->until, report->now + 1), end;
	struct bars *bars = calloc(1, sizeof(*bars));
	struct use use = {.by = by};
	int rc;

	if (!bars)
		return sb_error_nomem(err);
	bars->by = by;
	bars->use = &use;
	bars->count = list_days(report->since, until, BARS_DAYS, bars->days, &bars->since);
	bars->until = until;
	if (when_add_days(when_day(until - 1), 1, &end))
		bars->until = end;
	rc = bars->count == 0
		     ? SB_OK
		     : use_days_sum(&data->use, bars->days[0], use_day_of(bars->until), &use, err);
	if (!rc && use.count > 0) {
		bars->series = use.count < SERIES_MAX ? use.count : SERIES_MAX;
		add_up(bars, &data->use);
		draw(html, report, data, bars, id);
	} else if (!rc) {
		html_put(html, "<p>Nothing was charged in these days.</p>");
	}
	use_release(&use);
	free(bars);
	return rc;
}

void trend_put(struct html *html, const struct report *report, const struct purse_data *data)
{
	int64_t sums[TREND_DAYS] = {0}, most = 1, since;
	int days[TREND_DAYS], count = list_days(0, report->now + 1, TREND_DAYS, days, &since);

	for (size_t i = 0; i < data->use.count; i++) {
		int at = day_at(days, count, data->use.list[i].day);

		if (at >= 0)
			sums[at] = add(sums[at], data->use.list[i].amount);
	}
	for (int i = 0; i < count; i++)
		most = int64_max(most, sums[i]);
	html_numbers(html,
		     "<svg class=\"trend\" aria-hidden=\"true\" viewBox=\"0 0 %d %d\"><path d=\"",
		     TREND_WIDTH, TREND_HEIGHT);
	for (int i = 0; i < count; i++) {
		int height = (int)((__int128)int64_max(sums[i], 0) * TREND_HEIGHT / most);

		if (sums[i] > 0)
			html_numbers(html, "M%d %dv%dh2v%dz", i * TREND_WIDTH / TREND_DAYS,
				     TREND_HEIGHT, height > 1 ? -height : -1,
				     height > 1 ? height : 1);
	}
	html_put(html, "\"/></svg>");
}
