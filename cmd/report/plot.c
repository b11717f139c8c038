/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/report/plot.h"

#include <stdio.h>
#include <string.h>

#include "ledger/base/minmax.h"
#include "ledger/base/when.h"

enum { DATES = 4, HUNDREDTHS = 100 };

/* Returns [amount] in steps, away from zero. */
static int64_t steps_to(int64_t amount, int64_t step)
{
	int64_t steps = amount / step;

	if (steps * step != amount)
		steps += amount > 0 ? 1 : -1;
	return steps;
}

/* Steps do not pass this, so that no multiple of them leaves int64. */
#define AMOUNT_MOST (INT64_MAX / 4)

struct scale scale_make(int64_t low, int64_t high, const struct unit *unit)
{
	static const int factors[] = {1, 2, 5};
	const int64_t least = unit->size / HUNDREDTHS;
	struct scale scale = {.low = int64_max(int64_min(low, 0), -AMOUNT_MOST),
			      .high = int64_min(int64_max(high, 0), AMOUNT_MOST)};
	int64_t power = least;

	if (scale.low == 0 && scale.high == 0)
		scale.high = unit->size;
	for (int i = 0;; i++) {
		scale.step = power * factors[i % 3];
		if (steps_to(scale.high, scale.step) - steps_to(scale.low, scale.step) <=
		    PLOT_TICKS - 1)
			break;
		if (i % 3 == 2)
			power *= 10;
	}
	scale.low = steps_to(scale.low, scale.step) * scale.step;
	scale.high = steps_to(scale.high, scale.step) * scale.step;
	return scale;
}

int scale_y(const struct scale *scale, int64_t amount)
{
	__int128 below;

	amount = int64_max(scale->low, int64_min(amount, scale->high));
	below = (__int128)scale->high - amount;
	return (int)(below * PLOT_HEIGHT / ((__int128)scale->high - scale->low));
}

int plot_x(int64_t at, int64_t since, int64_t until)
{
	if (at <= since)
		return 0;
	if (at >= until)
		return PLOT_WIDTH;
	return (int)((__int128)(at - since) * PLOT_WIDTH / (until - since));
}

const char *tick_text(char to[TICK_SIZE], int64_t amount, const struct unit *unit)
{
	static const struct {
		int64_t units;
		const char *letter;
	} brief[] = {{INT64_C(1000000000000), "T"}, {1000000000, "G"}, {1000000, "M"}, {1000, "k"}};
	char text[AMOUNT_GROUPED_SIZE];
	char *end;
	int64_t size = unit->size, units = amount / size;
	const char *letter = "";

	for (size_t i = 0; i < sizeof(brief) / sizeof(brief[0]); i++) {
		if (units < brief[i].units && units > -brief[i].units)
			continue;
		size *= brief[i].units;
		letter = brief[i].letter;
		break;
	}
	amount_grouped(text, amount, &(struct unit){.size = size});
	end = strchr(text, '.');
	if (end) {
		char *last = end + strlen(end) - 1;

		while (last > end && *last == '0')
			*last-- = '\0';
		if (last == end)
			*end = '\0';
	}
	(void)snprintf(to, TICK_SIZE, "%.40s%s", text, letter);
	return to;
}

void plot_begin(struct html *html, const char *id, const char *title, const char *text,
		const struct scale *scale)
{
	html_put(html, "<svg class=\"plot\" role=\"img\" aria-labelledby=\"");
	html_put(html, id);
	html_put(html, "\"><title id=\"");
	html_put(html, id);
	html_wrap(html, "\">", title, ". ");
	html_wrap(html, "", text, "</title>");
	html_numbers(html,
		     "<svg x=\"0\" y=\"14\" width=\"100%%\" height=\"210\" viewBox=\"0 0 %d %d\" "
		     "preserveAspectRatio=\"none\">",
		     PLOT_WIDTH, PLOT_HEIGHT);
	for (int64_t at = scale->low; at <= scale->high; at += scale->step) {
		html_put(html, at == 0 ? "<path class=\"zero\"" : "<path class=\"grid\"");
		html_numbers(html, " d=\"M0 %dH%d\"/>", scale_y(scale, at), PLOT_WIDTH);
	}
}

static void put_percent(struct html *html, const char *name, int x)
{
	html_put(html, name);
	html_numbers(html, "=\"%d.%d%d%%\"", x / 100, x / 10 % 10, x % 10);
}

static void put_date(struct html *html, int64_t at, int x, const char *anchor)
{
	char when[WHEN_TEXT_SIZE];

	when_format_local(when, at);
	when[strcspn(when, "T")] = '\0';
	html_put(html, "<text class=\"date\" y=\"244\"");
	put_percent(html, " x", x);
	html_put(html, " text-anchor=\"");
	html_put(html, anchor);
	html_wrap(html, "\">", when, "</text>");
}

void plot_end(struct html *html, const struct scale *scale, const struct unit *unit, int64_t since,
	      int64_t until, int64_t now)
{
	char tick[TICK_SIZE];

	html_put(html, "</svg><g aria-hidden=\"true\">");
	for (int64_t at = scale->low; at <= scale->high; at += scale->step) {
		html_numbers(html, "<text class=\"tick\" x=\"-6\" y=\"%d\"",
			     14 + scale_y(scale, at) * 210 / PLOT_HEIGHT + 4);
		html_wrap(html, " text-anchor=\"end\">", tick_text(tick, at, unit), "</text>");
	}
	html_wrap(html, "<text class=\"tick\" x=\"-58\" y=\"2\">", unit->name, "</text>");
	for (int i = 0; i < DATES; i++) {
		int64_t at = since + (until - since) / (DATES - 1) * i;

		/* The last one is the last day. */
		if (i == DATES - 1)
			at = until - 1;
		html_put(html, i == 1 || i == 2 ? "<g class=\"wide\">" : "<g>");
		put_date(html, at, plot_x(at, since, until) + (i == DATES - 1),
			 i == 0		  ? "start"
			 : i == DATES - 1 ? "end"
					  : "middle");
		html_put(html, "</g>");
	}
	if (now > since && now < until) {
		int x = plot_x(now, since, until);

		html_put(html, "<line class=\"now\" y1=\"14\" y2=\"224\"");
		put_percent(html, " x1", x);
		put_percent(html, " x2", x);
		html_put(html, "/><text class=\"today\" y=\"10\"");
		put_percent(html, " x", x);
		html_put(html, x > PLOT_WIDTH * 9 / 10 ? " text-anchor=\"end\""
			       : x < PLOT_WIDTH / 10   ? " text-anchor=\"start\""
						       : " text-anchor=\"middle\"");
		html_put(html, ">today</text>");
	}
	html_put(html, "</g></svg>");
}
