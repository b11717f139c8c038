/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What plots share. A plot is an SVG that is as wide as the page: its lines are in a box of
 * PLOT_WIDTH x PLOT_HEIGHT, which the browser stretches, and its labels are at percentages, so that
 * they keep their size. All coordinates are whole numbers. */
#pragma once

#include "cmd/report/html.h"

enum { PLOT_WIDTH = 10000, PLOT_HEIGHT = 1000, PLOT_TICKS = 6 };

/* Amounts from [low] to [high], with lines at whole steps. */
struct scale {
	int64_t low, high; /* low <= 0 < high; multiples of [step] */
	int64_t step;
};

/* Makes a scale that shows zero and both amounts, in steps of 1, 2 or 5 times a power of ten of the
 * unit's hundredth. */
struct scale scale_make(int64_t low, int64_t high, const struct unit *unit);

/* Returns the height of an amount, 0 at the top; an amount outside is at the edge. */
int scale_y(const struct scale *scale, int64_t amount);

/* Returns where [at] is between [since] and [until]; outside it is at the edge. */
int plot_x(int64_t at, int64_t since, int64_t until);

/* Writes an amount for an axis: "0", "2.5k", "1.5M". Returns [to]. */
enum { TICK_SIZE = 48 };
const char *tick_text(char to[TICK_SIZE], int64_t amount, const struct unit *unit);

/* Begins a plot: [id] is a constant that no other plot of the page has, [title] and
 * [text] describe it. Draws the lines of the scale. What follows is drawn into the box, up to
 * plot_end().
 */
void plot_begin(struct html *html, const char *id, const char *title, const char *text,
		const struct scale *scale);
/* Ends the box and the plot, and draws the labels: amounts, the dates of [since, until), today. */
void plot_end(struct html *html, const struct scale *scale, const struct unit *unit, int64_t since,
	      int64_t until, int64_t now);
