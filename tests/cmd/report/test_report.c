/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of a report: escaping, plots, names of files. */
#include <inttypes.h>
#include <signal.h>

#include "cmd/report/burndown.h"
#include "cmd/report/day_bars.h"
#include "cmd/report/file_name.h"
#include "cmd/report/frame.h"
#include "cmd/report/plot.h"
#include "ledger/base/when.h"
#include "tests/util.h"

#define SU AMOUNT_PER_SU
#define MOST INT64_C(1000000000000000)

static struct html html;
static char *shown;

static void setup(void)
{
	html = (struct html){0};
	shown = NULL;
	ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
}

static void teardown(void)
{
	html_release(&html);
	free(shown);
}

/* What was written so far. */
static const char *page(void)
{
	free(shown);
	ck_assert(!html.bytes.failed);
	shown = strndup((const char *)html.bytes.data, html.bytes.len);
	ck_assert_ptr_nonnull(shown);
	return shown;
}

#define TEXT_IS(text, expected)                                                                    \
	do {                                                                                       \
		html_release(&html);                                                               \
		html_text(&html, "<" text ">");                                                    \
		ck_assert_str_eq(page(), "&lt;" expected "&gt;");                                  \
	} while (0)

START_TEST(text_from_outside_is_no_markup)
{
	TEXT_IS("script>alert(1)</script", "script&gt;alert(1)&lt;/script");
	TEXT_IS("\"' onerror=x &amp;", "&quot;&#39; onerror=x &amp;amp;");
	TEXT_IS("a\x01\x7f\n\tb", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
				  "b");
	/* Not UTF-8: a stray byte, an overlong '<', a cut character. */
	TEXT_IS("\xff\xc0\xbc\xe2\x82",
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	/* U+202E turns the line around. */
	TEXT_IS("\xe2\x80\xaegpj", "\xef\xbf\xbdgpj");
	TEXT_IS("Zürich €", "Zürich €");
}
END_TEST

START_TEST(a_format_takes_no_text)
{
	html_numbers(&html, "<p>%s", "x");
}
END_TEST

static const char *grouped(int64_t amount)
{
	static char text[AMOUNT_GROUPED_SIZE];

	return amount_grouped(text, amount, &unit_su);
}

START_TEST(amounts_are_exact)
{
	ck_assert_str_eq(grouped(0), "0.00");
	ck_assert_str_eq(grouped(1), "<0.01");
	ck_assert_str_eq(grouped(-1), "-0.01");
	ck_assert_str_eq(grouped(999 * SU), "999.00");
	ck_assert_str_eq(grouped(1000 * SU), "1,000.00");
	ck_assert_str_eq(grouped(-1234567 * INT64_C(3600) - 1800), "-1,234,567.50");
	ck_assert_str_eq(grouped(INT64_MAX), "2,562,047,788,015,215.50");
	html_amount(&html, INT64_MAX, &unit_su);
	ck_assert_str_eq(page(), "<data value=\"9223372036854775807\">2,562,047,788,015,215.50"
				 "</data>");
}
END_TEST

static void scale_is(int64_t low, int64_t high, int64_t expected_low, int64_t expected_high,
		     int64_t step)
{
	struct scale scale = scale_make(low, high, &unit_su);

	ck_assert_int_eq(scale.low, expected_low);
	ck_assert_int_eq(scale.high, expected_high);
	ck_assert_int_eq(scale.step, step);
	ck_assert_int_eq(scale_y(&scale, scale.high), 0);
	ck_assert_int_eq(scale_y(&scale, scale.low), PLOT_HEIGHT);
	ck_assert_int_eq(scale_y(&scale, INT64_MAX), 0);
	ck_assert_int_eq(scale_y(&scale, INT64_MIN), PLOT_HEIGHT);
}

START_TEST(scales_fit_any_amount)
{
	struct scale scale;

	scale_is(0, 0, 0, SU, SU / 5);
	scale_is(0, 1, 0, 36, 36);
	scale_is(-1, 0, -36, 0, 36);
	scale_is(0, 100 * SU, 0, 100 * SU, 20 * SU);
	scale_is(-30 * SU, 100 * SU, -50 * SU, 100 * SU, 50 * SU);
	scale_is(0, MOST, 0, INT64_C(300000000000) * SU, INT64_C(100000000000) * SU);
	scale = scale_make(INT64_MIN, INT64_MAX, &unit_su);
	ck_assert_int_lt(scale.low, 0);
	ck_assert_int_gt(scale.high, 0);
}
END_TEST

static const char *tick(int64_t units)
{
	static char text[TICK_SIZE];

	return tick_text(text, units * SU, &unit_su);
}

START_TEST(axes_have_short_amounts)
{
	char text[TICK_SIZE];

	ck_assert_str_eq(tick(0), "0");
	ck_assert_str_eq(tick(2500), "2.5k");
	ck_assert_str_eq(tick(-50000), "-50k");
	ck_assert_str_eq(tick(1500000), "1.5M");
	ck_assert_str_eq(tick(INT64_C(2000000000000)), "2T");
	ck_assert_str_eq(tick_text(text, SU / 2, &unit_su), "0.5");
}
END_TEST

static const char *named(const char *account)
{
	static char name[PAGE_NAME_SIZE];

	return page_name(name, account);
}

START_TEST(names_of_files_stay_in_the_folder)
{
	char longest[NAME_SIZE], other[PAGE_NAME_SIZE];

	ck_assert_str_eq(named("physics"), "physics");
	ck_assert_str_eq(named("a-b_c.d"), "a-b_c.d");
	ck_assert_str_eq(named(".."), "X2e.");
	ck_assert_str_eq(named("../x"), "X2e.X2fx");
	ck_assert_str_eq(named("a@b%2f"), "aX40bX252f");
	ck_assert_str_eq(named("index"), "X69ndex");
	/* Too long: cut, and still different. */
	memset(longest, '%', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	memcpy(other, named(longest), sizeof(other));
	ck_assert_uint_lt(strlen(other), PAGE_NAME_SIZE);
	longest[sizeof(longest) - 2] = 'a';
	ck_assert_str_ne(named(longest), other);
	for (size_t len = 1; len < sizeof(longest); len++) {
		memset(longest, len % 2 ? 'a' : '/', len);
		longest[len] = '\0';
		ck_assert_uint_eq(strspn(named(longest), "aX2f-0123456789bcde"),
				  strlen(named(longest)));
		ck_assert_uint_lt(strlen(named(longest)), PAGE_NAME_SIZE);
	}
}
END_TEST

/* An account that was opened at T0 with a window of ten days. */
static struct account *account_with(int64_t amount, int64_t rest, int64_t debt)
{
	struct account *account = account_new("bio");

	ck_assert_ptr_nonnull(account);
	account->seq = 2;
	account->time = T0;
	account->debt = debt;
	if (amount > 0)
		OK(account_add_lot(account,
				   (struct lot){.seq = 2,
						.start = T0,
						.end = T0 + 10 * WHEN_DAY,
						.amount = amount,
						.rest = rest},
				   &error));
	return account;
}

/* Draws the account five days later; [days] has its days. */
static void draw(struct account *account, struct balance_days *days)
{
	const struct report report = {
		.since = T0 - WHEN_DAY, .until = T0 + 30 * WHEN_DAY, .now = T0 + 5 * WHEN_DAY};
	struct purse_data data = {.purse = account, .unit = unit_su};

	days->since = report.since;
	days->until = report.until;
	OK(balance_days_follow(account, days, &error));
	OK(balance_days_finish(days, report.now, &error));
	data.days = *days;
	data.row.sums.available = days->list[days->count - 1].available;
	html_release(&html);
	burndown_put(&html, &report, &data);
}

START_TEST(balances_by_day)
{
	struct account *account = account_with(100 * SU, 80 * SU, 0);
	struct balance_days days = {0};

	draw(account, &days);
	ck_assert_uint_eq(days.count, 6);
	ck_assert_int_eq(days.list[0].available, 80 * SU);
	ck_assert(days.list[0].paced);
	ck_assert_int_lt(days.list[0].even, 100 * SU);
	ck_assert_int_eq(days.list[5].time, T0 + 5 * WHEN_DAY);
	ck_assert_int_eq(days.list[5].even, 50 * SU);
	ck_assert_ptr_nonnull(strstr(page(), "class=\"even\""));
	balance_days_release(&days);
	account_free(account);
}
END_TEST

START_TEST(plots_of_odd_accounts)
{
	static const struct {
		int64_t amount, rest, debt;
	} odd[] = {{0, 0, 0}, {1, 1, 0}, {0, 0, 5 * SU}, {MOST, MOST, 0}, {SU, 0, MOST}};

	for (size_t i = 0; i < COUNT(odd); i++) {
		struct account *account = account_with(odd[i].amount, odd[i].rest, odd[i].debt);
		struct balance_days days = {0};

		draw(account, &days);
		ck_assert_ptr_nonnull(strstr(page(), "</figure>"));
		ck_assert_ptr_null(strstr(shown, "nan"));
		/* Coordinates are whole, and in the box. */
		for (const char *at = shown; (at = strstr(at, " d=\"M")); at++)
			ck_assert_uint_eq(strspn(at + 4, "MHVLZ 0123456789"),
					  strcspn(at + 4, "\""));
		balance_days_release(&days);
		account_free(account);
	}
}
END_TEST

START_TEST(an_account_that_was_not_open_has_no_plot)
{
	const struct report report = {.since = T0, .until = T0 + WHEN_DAY, .now = T0};

	burndown_put(&html, &report, &(struct purse_data){.unit = unit_su});
	ck_assert_str_eq(page(), "<p>The account was not opened in this period.</p>");
}
END_TEST

START_TEST(pages_allow_their_own_blocks_alone)
{
	page_begin(&html, "<title>", NULL);
	ck_assert_ptr_nonnull(strstr(page(), "default-src 'none'"));
	ck_assert_ptr_null(strstr(shown, "script-src"));
	ck_assert_ptr_null(strstr(shown, "unsafe"));
	ck_assert_ptr_nonnull(strstr(shown, "<title>&lt;title&gt;</title>"));
	ck_assert_int_eq(strncmp(shown, PAGE_MARK, strlen(PAGE_MARK)), 0);
	html_release(&html);
	/* sha256 of "" in base64. */
	page_begin(&html, "x", "");
	ck_assert_ptr_nonnull(
		strstr(page(), "script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report");
	TCase *tcase = tcase_create("report");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, text_from_outside_is_no_markup);
	tcase_add_test_raise_signal(tcase, a_format_takes_no_text, SIGABRT);
	tcase_add_test(tcase, amounts_are_exact);
	tcase_add_test(tcase, scales_fit_any_amount);
	tcase_add_test(tcase, axes_have_short_amounts);
	tcase_add_test(tcase, names_of_files_stay_in_the_folder);
	tcase_add_test(tcase, balances_by_day);
	tcase_add_test(tcase, plots_of_odd_accounts);
	tcase_add_test(tcase, an_account_that_was_not_open_has_no_plot);
	tcase_add_test(tcase, pages_allow_their_own_blocks_alone);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
