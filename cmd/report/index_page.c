/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/report/index_page.h"

#include <inttypes.h>

#include "cmd/report/account_page.h"
#include "cmd/report/day_bars.h"
#include "cmd/report/file_name.h"
#include "cmd/report/frame.h"
#include "cmd/report/style.h"
#include "ledger/base/when.h"

/* Begins a cell that is sorted by a number. */
static void begin_cell(struct html *html, const char *class, int64_t value, const char *label)
{
	html_put(html, "<td role=\"cell\" class=\"");
	html_put(html, class);
	html_numbers(html, "\" data-v=\"%jd\"><span class=\"label\" aria-hidden=\"true\">",
		     (intmax_t)value);
	html_wrap(html, "", label, "</span>");
}

static void put_used(struct html *html, const struct sums *sums)
{
	int64_t percent = amount_percent(sums->used, sums->allocated);

	begin_cell(html, "use", percent, "Used");
	if (percent < 0)
		html_put(html, "-");
	else
		html_numbers(html, "%jd %%", (intmax_t)percent);
	bar_put(html, sums);
	html_put(html, "</td>");
}

static void put_rate(struct html *html, const struct report *report, const struct purse_data *data)
{
	const struct forecast *forecast = &data->forecast;

	begin_cell(html, "rate", forecast->month, "Use a day");
	html_amount(html, forecast->month, &data->unit);
	html_put(html, " ");
	trend_put(html, report, data);
	/* The picture in words. */
	html_put(html, forecast->week > forecast->month	  ? "<span class=\"vh\"> rising</span>"
		       : forecast->week < forecast->month ? "<span class=\"vh\"> falling</span>"
							  : "<span class=\"vh\"> steady</span>");
	html_put(html, "</td>");
}

static void put_days_left(struct html *html, const struct report *report,
			  const struct purse_data *data)
{
	int64_t left = days_left(data, report->now);

	if (left < 0) {
		html_put(html, "<td role=\"cell\" data-v=\"\"><span class=\"label\" "
			       "aria-hidden=\"true\">Days left</span>");
		lasts_put(html, report, data);
	} else {
		begin_cell(html, "", left, "Days left");
		if (data->forecast.lasts > report->now)
			html_numbers(html, "%jd <span class=\"sub\">", (intmax_t)left);
		else
			html_put(html, "<span>");
		lasts_put(html, report, data);
		html_put(html, "</span>");
	}
	html_put(html, "</td>");
}

void index_row(struct html *html, const struct report *report, const struct purse_data *data,
	       const char *before, const char *after)
{
	const struct sums *sums = &data->row.sums;
	char page[PAGE_NAME_SIZE];

	html_put(html,
		 "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\" class=\"name\"><a href=\"");
	html_put(html, before);
	html_wrap(html, "", page_name(page, data->purse->name), after);
	html_wrap(html, "\">", data->purse->name,
		  "</a></th><td role=\"cell\" class=\"mark left\">");
	state_put(html, data->row.state);
	html_put(html, "</td>");
	put_used(html, sums);
	if (sums->unlimited) {
		html_put(html, "<td role=\"cell\" data-v=\"\"><span class=\"label\" "
			       "aria-hidden=\"true\">Available</span>unlimited</td>");
	} else {
		begin_cell(html, "", sums->available, "Available");
		html_amount(html, sums->available, &data->unit);
		html_put(html, "</td>");
	}
	begin_cell(html, "", sums->allocated, "Allocated");
	html_amount(html, sums->allocated, &data->unit);
	html_put(html, "</td>");
	put_rate(html, report, data);
	put_days_left(html, report, data);
	html_put(html, "</tr>\n");
}

void index_page(struct html *html, const struct report *report, const struct html *rows,
		size_t count)
{
	char when[WHEN_TEXT_SIZE];

	page_begin(html, "Accounts", index_script);
	html_wrap(html, "<main>\n<h1>Accounts</h1>\n<p class=\"sub\">As of ",
		  when_format_local(when, report->now), ". Amounts are in SU.</p>\n");
	html_put(html,
		 "<div class=\"tools\" hidden><label>Account<input id=\"name\" type=\"search\" "
		 "autocomplete=\"off\" spellcheck=\"false\"></label><label>State<select "
		 "id=\"state\"><option value=\"\">any</option></select></label><p id=\"count\" "
		 "role=\"status\"></p></div>\n<section class=\"long\">\n");
	if (count == 0)
		html_put(html, "<p>The bank has no accounts yet.</p>\n");
	html_put(html,
		 "<table role=\"table\" class=\"list\" aria-label=\"Accounts\"><thead "
		 "role=\"rowgroup\"><tr role=\"row\"><th role=\"columnheader\" scope=\"col\" "
		 "aria-sort=\"ascending\">Account</th><th role=\"columnheader\" scope=\"col\" "
		 "class=\"left\">State</th><th role=\"columnheader\" scope=\"col\" "
		 "data-first=\"down\">Used</th><th role=\"columnheader\" scope=\"col\">Available"
		 "</th><th role=\"columnheader\" scope=\"col\" data-first=\"down\">Allocated</th>"
		 "<th role=\"columnheader\" scope=\"col\" data-first=\"down\">Use a day</th>"
		 "<th role=\"columnheader\" scope=\"col\">Days left</th></tr></thead><tbody "
		 "role=\"rowgroup\">\n");
	html_append(html, rows);
	html_put(html, "</tbody></table>\n</section>\n</main>\n");
	page_end(html, report, index_script);
}
