/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/report/account_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/report/burndown.h"
#include "cmd/report/day_bars.h"
#include "cmd/report/frame.h"
#include "ledger/base/minmax.h"
#include "ledger/base/when.h"

static bool is_closed(const struct purse_data *data)
{
	return strcmp(data->row.state, "closed") == 0;
}

void lasts_put(struct html *html, const struct report *report, const struct purse_data *data)
{
	char when[WHEN_TEXT_SIZE];
	int64_t left = days_left(data, report->now);

	if (is_closed(data)) {
		html_put(html, "closed");
	} else if (left < 0) {
		html_put(html, data->row.sums.unlimited ? "unlimited" : "no end in sight");
	} else if (data->forecast.lasts <= report->now) {
		html_put(html, "<span class=\"warn\">spent</span>");
	} else {
		if (!when_format_last(when, data->forecast.lasts))
			when[strcspn(when, "T")] = '\0';
		html_text(html, when);
	}
}

/* Returns whether the end of a window ends the money, rather than use. */
static bool ends_with_window(const struct purse_data *data)
{
	for (size_t i = 0; i < data->purse->lot_count; i++) {
		if (data->purse->lots[i].end == data->forecast.lasts)
			return true;
	}
	return false;
}

static void put_left(struct html *html, const struct report *report, const struct purse_data *data)
{
	int64_t left = days_left(data, report->now);

	if (is_closed(data) || left < 0 || data->forecast.lasts <= report->now)
		return;
	html_numbers(html, left == 1 ? "%jd day left" : "%jd days left", (intmax_t)left);
	html_put(html, ends_with_window(data) ? ", then its window ends"
					      : ", at the rate of the last 30 days");
}

static void put_available(struct html *html, const struct purse_data *data)
{
	if (data->row.sums.unlimited)
		html_put(html, "unlimited");
	else
		html_amount(html, data->row.sums.available, &data->unit);
}

static void put_percent(struct html *html, const struct sums *sums)
{
	int64_t percent = amount_percent(sums->used, sums->allocated);

	if (percent < 0)
		html_put(html, "nothing allocated");
	else
		html_numbers(html, "%jd %% used", (intmax_t)percent);
}

/* Of what was used. A closed account whose money went to another one has none. */
static void put_used_of(struct html *html, const struct purse_data *data)
{
	const struct sums *sums = &data->row.sums;

	if (is_closed(data) && sums->allocated == 0)
		return;
	html_put(html, "<dd class=\"sub\">of ");
	html_amount(html, sums->allocated, &data->unit);
	html_put(html, ": ");
	put_percent(html, sums);
	html_put(html, "</dd><dd class=\"sub\">");
	bar_put(html, sums);
	html_put(html, "</dd>");
}

static void put_facts(struct html *html, const struct report *report, const struct purse_data *data)
{
	const struct sums *sums = &data->row.sums;

	html_put(html, "<dl class=\"facts\">\n<div><dt>Available, ");
	html_wrap(html, "", data->unit.name, "</dt><dd>");
	put_available(html, data);
	html_put(html, "</dd><dd class=\"sub\">");
	if (sums->in_flight > 0) {
		html_amount(html, sums->in_flight, &data->unit);
		html_put(html, " in running jobs");
	}
	html_put(html, "</dd></div>\n<div><dt>Used</dt><dd>");
	html_amount(html, sums->used, &data->unit);
	html_put(html, "</dd>");
	put_used_of(html, data);
	html_put(html, "</div>\n<div><dt>Use a day</dt><dd>");
	html_amount(html, data->forecast.month, &data->unit);
	html_put(html, "</dd><dd class=\"sub\">over 30 days; ");
	html_amount(html, data->forecast.week, &data->unit);
	html_put(html, " over 7</dd></div>\n<div><dt>Lasts until</dt><dd>");
	lasts_put(html, report, data);
	html_put(html, "</dd><dd class=\"sub\">");
	put_left(html, report, data);
	html_put(html, "</dd></div>\n</dl>\n");
}

/* The lines of `subank why`; those with blanks before them explain the first. */
static void put_why(struct html *html, const struct purse_data *data)
{
	const char *line = data->why, *end;
	char *text;

	html_put(html, "<ul class=\"why\">");
	for (; (end = strchr(line, '\n')); line = end + 1) {
		bool first = *line != ' ';

		text = strndup(line, (size_t)(end - line));
		if (!text) {
			html->bytes.failed = true;
			return;
		}
		html_wrap(html, first ? "<li class=\"first\">" : "<li>", text + strspn(text, " "),
			  "</li>");
		free(text);
	}
	html_put(html, "</ul>\n");
}

/* The use of the period by user or partition. */
static int put_use(struct html *html, const struct report *report, const struct purse_data *data,
		   enum use_by by, struct sb_error *err)
{
	struct use use = {.by = by};
	int64_t until = int64_min(report->until, report->now + 1), end = until;

	if (until > when_day(until) && !when_add_days(when_day(until), 1, &end))
		end = until;
	TRY(use_days_sum(&data->use, use_day_of(report->since), use_day_of(end), &use, err));
	html_put(html,
		 "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Use of the "
		 "period by ");
	html_wrap(html, "", use_by_word(by), "\"><table><thead><tr><th scope=\"col\">");
	html_put(html, by == USE_BY_USER ? "User" : "Partition");
	html_wrap(html, "</th><th scope=\"col\">Jobs</th><th scope=\"col\">Used, ", data->unit.name,
		  "</th><th scope=\"col\">Share</th></tr></thead><tbody>");
	for (size_t i = 0; i < use.count; i++) {
		const struct use_group *group = &use.groups[i];
		int64_t share = use.amount > 0 ? amount_percent(group->amount, use.amount) : 0;

		html_wrap(html, "<tr><th scope=\"row\" class=\"name\"><bdi>", group->names[0],
			  "</bdi></th>");
		html_numbers(html, "<td>%jd</td><td>", (intmax_t)group->jobs);
		html_amount(html, group->amount, &data->unit);
		html_numbers(html, "</td><td>%jd %%</td></tr>", (intmax_t)share);
	}
	html_put(html, "<tr class=\"sum\"><th scope=\"row\">all</th><td></td><td>");
	html_amount(html, use.amount, &data->unit);
	html_put(html, "</td><td></td></tr></tbody></table></div>\n");
	use_release(&use);
	return SB_OK;
}

static void put_day(struct html *html, int64_t time)
{
	char when[WHEN_TEXT_SIZE];

	html_text(html, when_format_short(when, time));
}

/* Whether the table of windows has the row. */
static bool is_shown(const struct report *report, const struct lot *lot)
{
	return lot->end > report->now || lot->rest != 0;
}

static void put_windows(struct html *html, const struct report *report,
			const struct purse_data *data)
{
	const struct account *purse = data->purse;
	char when[WHEN_TEXT_SIZE];
	bool any = false;

	for (size_t i = 0; i < purse->lot_count; i++)
		any = any || is_shown(report, &purse->lots[i]);
	if (!any) {
		html_put(html, "<p>There is no window now.</p>\n");
		return;
	}
	html_put(html,
		 "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Windows\">"
		 "<table><thead><tr><th scope=\"col\">From</th><th scope=\"col\" "
		 "class=\"left\">To</th>");
	html_wrap(html, "<th scope=\"col\">Amount, ", data->unit.name,
		  "</th><th scope=\"col\">Left</th></tr></thead><tbody>");
	for (size_t i = 0; i < purse->lot_count; i++) {
		const struct lot *lot = &purse->lots[i];

		if (!is_shown(report, lot))
			continue;
		html_put(html, "<tr><th scope=\"row\" class=\"day\">");
		put_day(html, lot->start);
		html_put(html, lot->start > report->now ? " (to come)" : "");
		html_put(html, "</th><td class=\"left\">");
		if (lot->end == WHEN_NEVER) {
			html_put(html, "no end");
		} else {
			(void)when_format_last(when, lot->end);
			html_text(html, when);
		}
		html_put(html, lot->end <= report->now ? " (ended)</td><td>" : "</td><td>");
		html_amount(html, lot->amount, &data->unit);
		html_put(html, "</td><td>");
		html_amount(html, lot->rest, &data->unit);
		html_put(html, "</td></tr>");
	}
	html_put(html, "</tbody></table></div>\n");
}

static void put_line(struct html *html, const char *item, const char *cluster, uint64_t entries,
		     int64_t amount, const struct unit *unit)
{
	html_wrap(html, entries ? "<tr><th scope=\"row\">" : "<tr class=\"sum\"><th scope=\"row\">",
		  item, "");
	if (*cluster)
		html_wrap(html, " (", cluster, ")");
	html_put(html, "</th><td>");
	if (entries)
		html_numbers(html, "%jd", (intmax_t)entries);
	html_put(html, "</td><td>");
	html_amount(html, amount, unit);
	html_put(html, "</td></tr>");
}

static void put_statement(struct html *html, const struct purse_data *data)
{
	const struct statement *statement = &data->statement;
	const struct balances *closing = &statement->closing;
	char from[WHEN_TEXT_SIZE], to[WHEN_TEXT_SIZE];

	html_wrap(html, "<p class=\"sub\">From ", when_format_offset(from, statement->since), "");
	html_wrap(html, " to ", when_format_offset(to, statement->until),
		  statement->so_far ? ", so far.</p>" : ".</p>");
	html_put(html, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		       "aria-label=\"Statement\"><table><thead><tr><th scope=\"col\">Item</th>"
		       "<th scope=\"col\">Entries</th><th scope=\"col\">Amount, ");
	html_wrap(html, "", data->unit.name, "</th></tr></thead><tbody>");
	put_line(html, "opening balance", "", 0, statement->opening.balance, &data->unit);
	for (size_t i = 0; i < statement->count; i++) {
		const struct statement_line *line = &statement->lines[i];

		put_line(html, statement_sort(line->sort), line->cluster, line->entries,
			 line->amount, &data->unit);
	}
	put_line(html, "closing balance", "", 0, closing->balance, &data->unit);
	html_put(html, "</tbody></table></div>\n");
}

static void put_movements(struct html *html, const struct purse_data *data)
{
	if (data->movement_count == 0)
		return;
	html_put(html, "<h3>Money in and out</h3>\n<div class=\"scroll\" tabindex=\"0\" "
		       "role=\"region\" aria-label=\"Money in and out\"><table><thead><tr>"
		       "<th scope=\"col\">Entry</th><th scope=\"col\" class=\"left\">Day</th>"
		       "<th scope=\"col\" class=\"left\">What</th><th scope=\"col\">Amount, ");
	html_wrap(html, "", data->unit.name,
		  "</th><th scope=\"col\">Balance</th><th scope=\"col\" class=\"left\">Note</th>"
		  "</tr></thead><tbody>");
	for (size_t i = data->movement_count; i-- > 0;) {
		const struct movement *movement = &data->movements[i];
		char when[WHEN_TEXT_SIZE];

		when_format_local(when, movement->time);
		when[strcspn(when, "T")] = '\0';
		html_numbers(html, "<tr><th scope=\"row\">%jd</th>", (intmax_t)movement->seq);
		html_wrap(html, "<td class=\"left\">", when, "</td>");
		html_wrap(html, "<td class=\"left\">", movement->kind, "</td><td>");
		html_amount(html, movement->amount, &data->unit);
		html_put(html, "</td><td>");
		html_amount(html, movement->balance, &data->unit);
		html_wrap(html, "</td><td class=\"note\"><bdi>", movement->note,
			  "</bdi></td></tr>");
	}
	html_put(html, "</tbody></table></div>\n");
}

static void put_budget(struct html *html, const struct report *report,
		       const struct purse_data *data)
{
	html_wrap(html, "<tr><th scope=\"row\" class=\"name\">", purse_resource(data->purse->name),
		  "<br>");
	state_put(html, data->row.state);
	html_put(html, "</th><td class=\"use\">");
	put_percent(html, &data->row.sums);
	bar_put(html, &data->row.sums);
	html_put(html, "</td><td>");
	put_available(html, data);
	html_wrap(html, " ", data->unit.name, "</td><td>");
	html_amount(html, data->row.sums.allocated, &data->unit);
	html_put(html, "</td><td>");
	html_amount(html, data->forecast.month, &data->unit);
	html_put(html, "</td><td>");
	lasts_put(html, report, data);
	html_put(html, "</td></tr>");
}

static void put_budgets(struct html *html, const struct report *report,
			const struct purse_data *list, size_t count)
{
	if (count == 0)
		return;
	html_put(html,
		 "<section aria-labelledby=\"h-budgets\">\n<h2 id=\"h-budgets\">Budgets of other "
		 "resources</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		 "aria-label=\"Budgets\"><table><thead><tr><th scope=\"col\">Resource</th>"
		 "<th scope=\"col\">Used</th><th scope=\"col\">Available</th>"
		 "<th scope=\"col\">Allocated</th><th scope=\"col\">Use a day</th>"
		 "<th scope=\"col\">Lasts until</th></tr></thead><tbody>");
	for (size_t i = 0; i < count; i++)
		put_budget(html, report, &list[i]);
	html_put(html, "</tbody></table></div>\n");
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i].row.state, "open") != 0)
			put_why(html, &list[i]);
	}
	html_put(html, "</section>\n");
}

static int put_days(struct html *html, const struct report *report, const struct purse_data *data,
		    struct sb_error *err)
{
	html_put(html, "<section class=\"long\" aria-labelledby=\"h-days\">\n<h2 "
		       "id=\"h-days\">Use a day</h2>\n<h3>By user</h3>\n");
	TRY(day_bars_put(html, report, data, USE_BY_USER, "users", err));
	html_put(html, "<h3>By partition</h3>\n");
	TRY(day_bars_put(html, report, data, USE_BY_PARTITION, "partitions", err));
	html_put(html, "</section>\n<section class=\"long\" aria-labelledby=\"h-who\">\n<h2 "
		       "id=\"h-who\">Who used it</h2>\n");
	TRY(put_use(html, report, data, USE_BY_USER, err));
	TRY(put_use(html, report, data, USE_BY_PARTITION, err));
	html_put(html, "</section>\n");
	return SB_OK;
}

int account_page(struct html *html, const struct report *report, const struct purse_data *list,
		 size_t count, const char *back, struct sb_error *err)
{
	const struct purse_data *data = &list[0];
	char when[WHEN_TEXT_SIZE];

	page_begin(html, data->purse->name, NULL);
	if (back) {
		html_put(html, "<nav><a href=\"");
		html_put(html, back);
		html_put(html, "\">All accounts</a></nav>\n");
	}
	html_wrap(html, "<main>\n<div class=\"top\"><h1>", data->purse->name, "</h1>");
	state_put(html, data->row.state);
	html_wrap(html, "</div>\n<p class=\"sub\">As of ", when_format_local(when, report->now),
		  "</p>\n");
	put_facts(html, report, data);
	html_put(html,
		 "<section aria-labelledby=\"h-why\">\n<h2 id=\"h-why\">State, and why</h2>\n");
	put_why(html, data);
	html_put(html, "</section>\n<section class=\"long\" aria-labelledby=\"h-burn\">\n<h2 "
		       "id=\"h-burn\">What is available</h2>\n");
	if (data->row.sums.unlimited)
		html_put(html, "<p>The account is unlimited: no use holds it.</p>\n");
	else
		burndown_put(html, report, data);
	html_put(html, "</section>\n");
	TRY(put_days(html, report, data, err));
	put_budgets(html, report, list + 1, count - 1);
	html_put(html, "<section class=\"long\" aria-labelledby=\"h-lots\">\n<h2 "
		       "id=\"h-lots\">Windows</h2>\n");
	put_windows(html, report, data);
	html_put(html, "</section>\n<section class=\"long\" aria-labelledby=\"h-state\">\n<h2 "
		       "id=\"h-state\">Statement</h2>\n");
	put_statement(html, data);
	put_movements(html, data);
	html_put(html, "</section>\n</main>\n");
	page_end(html, report, NULL);
	return SB_OK;
}
