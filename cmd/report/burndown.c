/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/report/burndown.h"

#include <stdio.h>

#include "cmd/report/plot.h"
#include "ledger/base/minmax.h"
#include "ledger/base/when.h"

enum {
	AHEAD_DAYS = 366, /* the most that the plot looks ahead */
	ROWS_DAILY = 45, /* a longer period has a row of the table each week */
	EVEN_POINTS = 48, /* of even use after now */
};

struct burndown {
	const struct purse_data *data;
	struct scale scale;
	int64_t since, until, now; /* of the plot */
	int64_t available; /* now, running jobs counted */
	bool paced; /* there is a line of even use */
	bool ahead; /* the plot shows what comes */
};

/* The end of what is shown: of the windows that are active now, not too far ahead. */
static int64_t plot_until(const struct report *report, const struct purse_data *data)
{
	const struct account *purse = data->purse;
	int64_t until = report->now + 30 * WHEN_DAY;

	if (report->until <= report->now)
		return report->until;
	for (size_t i = 0; i < purse->lot_count; i++) {
		const struct lot *lot = &purse->lots[i];

		if (lot_active(lot, report->now) && lot->end < WHEN_NEVER && lot->rest > 0)
			until = int64_max(until, lot->end);
	}
	return int64_min(until, report->now + AHEAD_DAYS * WHEN_DAY);
}

/* The line of the forecast ends when nothing is left, or with the plot. */
static int64_t forecast_until(const struct burndown *plot)
{
	int64_t lasts = plot->data->forecast.lasts;

	return lasts > plot->now && lasts < plot->until ? lasts : plot->until;
}

/* What is left at the rate of the forecast. */
static int64_t forecast_at(const struct burndown *plot, int64_t time)
{
	__int128 left = plot->available -
			(__int128)plot->data->forecast.month * (time - plot->now) / WHEN_DAY;

	return left > 0 ? (int64_t)left : 0;
}

static void find_scale(struct burndown *plot)
{
	const struct balance_days *days = &plot->data->days;
	int64_t low = int64_min(plot->available, 0), high = int64_max(plot->available, 0);

	for (size_t i = 0; i < days->count; i++) {
		const struct balance_day *day = &days->list[i];

		low = int64_min(low, day->available);
		high = int64_max(high, int64_max(day->available, day->even));
		plot->paced = plot->paced || day->paced;
	}
	for (int i = 0; plot->ahead && i <= EVEN_POINTS; i++) {
		bool paced;
		int64_t at = plot->now + (plot->until - 1 - plot->now) / EVEN_POINTS * i;

		high = int64_max(high, balance_even(plot->data->purse, at, &paced));
		plot->paced = plot->paced || paced;
	}
	plot->scale = scale_make(low, high, &plot->data->unit);
}

static void put_point(struct html *html, const struct burndown *plot, int64_t time, int64_t amount)
{
	html_numbers(html, " %d %d", plot_x(time, plot->since, plot->until),
		     scale_y(&plot->scale, amount));
}

static void put_available(struct html *html, const struct burndown *plot, const char *class,
			  bool area)
{
	const struct balance_days *days = &plot->data->days;
	int64_t first = days->list[0].time, last = days->list[days->count - 1].time;

	html_put(html, "<path class=\"");
	html_put(html, class);
	html_put(html, "\" d=\"M");
	if (area)
		put_point(html, plot, first, 0);
	for (size_t i = 0; i < days->count; i++) {
		if (i > 0 || area)
			html_put(html, "L");
		put_point(html, plot, days->list[i].time, days->list[i].available);
	}
	if (plot->ahead) {
		last = plot->now;
		html_put(html, "L");
		put_point(html, plot, last, plot->available);
	}
	if (area) {
		html_put(html, "L");
		put_point(html, plot, last, 0);
		html_put(html, "Z");
	}
	html_put(html, "\"/>");
}

/* Begins a new line where there was no window with an end. */
static void put_even_point(struct html *html, const struct burndown *plot, int64_t time,
			   int64_t even, bool paced, bool *drawing)
{
	if (paced) {
		html_put(html, *drawing ? "L" : "M");
		put_point(html, plot, time, even);
	}
	*drawing = paced;
}

static void put_even(struct html *html, const struct burndown *plot)
{
	const struct balance_days *days = &plot->data->days;
	bool drawing = false;

	if (!plot->paced)
		return;
	html_put(html, "<path class=\"even\" d=\"");
	for (size_t i = 0; i < days->count; i++)
		put_even_point(html, plot, days->list[i].time, days->list[i].even,
			       days->list[i].paced, &drawing);
	for (int i = 0; plot->ahead && i <= EVEN_POINTS; i++) {
		int64_t at = plot->now + (plot->until - 1 - plot->now) / EVEN_POINTS * i;
		bool paced;
		int64_t even = balance_even(plot->data->purse, at, &paced);

		put_even_point(html, plot, at, even, paced, &drawing);
	}
	html_put(html, "\"/>");
}

static void put_forecast(struct html *html, const struct burndown *plot)
{
	int64_t end = forecast_until(plot);

	if (!plot->ahead || plot->available <= 0)
		return;
	html_put(html, "<path class=\"ahead\" d=\"M");
	put_point(html, plot, plot->now, plot->available);
	html_put(html, "L");
	put_point(html, plot, end, forecast_at(plot, end));
	/* Windows that end take the rest with them. */
	if (end == plot->data->forecast.lasts) {
		html_put(html, "L");
		put_point(html, plot, end, 0);
	}
	html_put(html, "\"/>");
}

static void put_row(struct html *html, const struct burndown *plot, int64_t time, int64_t available,
		    int64_t even, bool paced)
{
	char when[WHEN_TEXT_SIZE];

	(void)when_format_last(when, time);
	html_wrap(html, "<tr><th scope=\"row\" class=\"day\">", when, "</th><td>");
	html_amount(html, available, &plot->data->unit);
	if (plot->paced) {
		html_put(html, "</td><td>");
		if (paced)
			html_amount(html, even, &plot->data->unit);
	}
	html_put(html, "</td></tr>");
}

static void put_table(struct html *html, const struct burndown *plot)
{
	const struct balance_days *days = &plot->data->days;
	size_t step = days->count > ROWS_DAILY ? 7 : 1;

	html_put(html, "<details><summary>As a table</summary><div class=\"scroll\" tabindex=\"0\" "
		       "role=\"region\" aria-label=\"Table of what was available\"><table>"
		       "<thead><tr><th scope=\"col\">End of</th><th scope=\"col\">Available, ");
	html_text(html, plot->data->unit.name);
	html_put(html, "</th>");
	if (plot->paced)
		html_put(html, "<th scope=\"col\">If used evenly</th>");
	html_put(html, "</tr></thead><tbody>");
	for (size_t i = (days->count - 1) % step; i < days->count; i += step) {
		const struct balance_day *day = &days->list[i];

		put_row(html, plot, day->time, day->available, day->even, day->paced);
	}
	html_put(html, "</tbody></table></div></details>");
}

static void put_legend(struct html *html, const struct burndown *plot)
{
	html_put(html, "<p class=\"legend\"><span><svg class=\"key\" aria-hidden=\"true\"><path "
		       "class=\"line\" d=\"M0 6H24\"/></svg> available</span>");
	if (plot->paced)
		html_put(html, " <span><svg class=\"key\" aria-hidden=\"true\"><path "
			       "class=\"even\" d=\"M0 6H24\"/></svg> if used evenly</span>");
	if (plot->ahead && plot->available > 0)
		html_put(html, " <span><svg class=\"key\" aria-hidden=\"true\"><path "
			       "class=\"ahead\" d=\"M0 6H24\"/></svg> forecast, at the rate of "
			       "30 days</span>");
	html_put(html, "</p>");
}

void burndown_put(struct html *html, const struct report *report, const struct purse_data *data)
{
	struct burndown plot = {.data = data,
				.now = report->now,
				.available = data->row.sums.available,
				.ahead = report->until > report->now};
	char from[AMOUNT_GROUPED_SIZE], to[AMOUNT_GROUPED_SIZE], text[256];

	if (data->days.count == 0) {
		html_put(html, "<p>The account was not opened in this period.</p>");
		return;
	}
	plot.until = plot_until(report, data);
	plot.since = int64_max(when_day(data->days.list[0].time - 1), report->since);
	find_scale(&plot);
	(void)snprintf(text, sizeof(text), "From %s to %s %s. The table has the numbers.",
		       amount_grouped(from, data->days.list[0].available, &data->unit),
		       amount_grouped(to,
				      plot.ahead ? plot.available
						 : data->days.list[data->days.count - 1].available,
				      &data->unit),
		       data->unit.name);
	html_put(html, "<figure>");
	put_legend(html, &plot);
	plot_begin(html, "burn", "What was available day by day", text, &plot.scale);
	put_available(html, &plot, "area", true);
	put_even(html, &plot);
	put_forecast(html, &plot);
	put_available(html, &plot, "line", false);
	plot_end(html, &plot.scale, &data->unit, plot.since, plot.until, plot.now);
	put_table(html, &plot);
	html_put(html, "</figure>");
}
