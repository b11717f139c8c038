/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Periods of the calendar: ends of months, leap years, daylight saving, a day that is missing. */
#include <time.h>

#include "ledger/base/period.h"
#include "tests/util.h"

static void in_zone(const char *zone)
{
	ck_assert_int_eq(setenv("TZ", zone, 1), 0);
	tzset();
}

static void setup(void)
{
	in_zone("UTC");
}

static int64_t at(const char *text)
{
	int64_t when;

	OK(when_parse(text, T0, &when, &error));
	return when;
}

/* Period [n] from [first] on begins at [expected], and is the one that this moment is in. */
static void check_edge(int line, const char *first, enum every every, int64_t n,
		       const char *expected)
{
	char text[WHEN_TEXT_SIZE];
	int64_t edge;

	ck_assert_msg(period_edge(at(first), every, n, &edge), "line %d: there is no edge", line);
	ck_assert_msg(edge == at(expected), "line %d: it is %s, not %s", line,
		      when_format_offset(text, edge), expected);
	ck_assert_int_eq(period_at(at(first), every, edge), n < 0 ? 0 : n);
	if (n > 0)
		ck_assert_int_eq(period_at(at(first), every, edge - 1), n - 1);
}

#define EDGE(...) check_edge(__LINE__, __VA_ARGS__)

#define START(every, when, expected) ck_assert_int_eq(period_start(every, at(when)), at(expected))

START_TEST(there_is_no_edge_past_the_calendar)
{
	int64_t edge;

	ck_assert(!period_edge(at("9999-11-01"), EVERY_MONTH, 2, &edge));
	ck_assert(!period_edge(at("2027-01-01"), EVERY_YEAR, INT64_MAX, &edge));
	ck_assert(!period_edge(at("2027-01-01"), EVERY_DAY, INT64_MIN, &edge));
	ck_assert(!period_edge(at("1970-01-02"), EVERY_DAY, -2, &edge));
	ck_assert_int_eq(period_at(at("9999-11-01"), EVERY_MONTH, WHEN_MAX), 1);
}
END_TEST

START_TEST(before_the_first_period_is_number_0)
{
	ck_assert_int_eq(period_at(at("2027-01-01"), EVERY_MONTH, at("2026-01-01")), 0);
	ck_assert_int_eq(period_at(at("2027-01-01"), EVERY_DAY, 0), 0);
}
END_TEST

START_TEST(the_end_of_a_month_stays_the_end)
{
	EDGE("2027-01-31", EVERY_MONTH, 0, "2027-01-31");
	EDGE("2027-01-31", EVERY_MONTH, 1, "2027-02-28");
	EDGE("2027-01-31", EVERY_MONTH, 2, "2027-03-31");
	EDGE("2027-01-31", EVERY_MONTH, 3, "2027-04-30");
	EDGE("2027-01-31", EVERY_MONTH, 13, "2028-02-29");
	EDGE("2027-01-31", EVERY_MONTH, 11, "2027-12-31");
	EDGE("2027-11-30T17:30:05", EVERY_QUARTER, 1, "2028-02-29T17:30:05");
	EDGE("2027-11-30T17:30:05", EVERY_QUARTER, 2, "2028-05-30T17:30:05");
	EDGE("2027-11-30", EVERY_QUARTER, 5, "2029-02-28");
	EDGE("2027-03-15", EVERY_MONTH, -1, "2027-02-15");
}
END_TEST

START_TEST(a_leap_day_comes_every_four_years)
{
	EDGE("2028-02-29", EVERY_YEAR, 1, "2029-02-28");
	EDGE("2028-02-29", EVERY_YEAR, 4, "2032-02-29");
	EDGE("2028-02-29", EVERY_YEAR, 72, "2100-02-28");
	EDGE("2028-02-28", EVERY_DAY, 1, "2028-02-29");
	EDGE("2028-02-28", EVERY_DAY, 2, "2028-03-01");
	EDGE("2027-12-27", EVERY_WEEK, 10, "2028-03-06");
}
END_TEST

START_TEST(daylight_saving_moves_no_midnight)
{
	int64_t first, next;

	in_zone("Europe/Berlin");
	EDGE("2027-03-01", EVERY_MONTH, 1, "2027-04-01T00:00:00+02:00");
	EDGE("2027-10-01", EVERY_MONTH, 1, "2027-11-01T00:00:00+01:00");
	EDGE("2027-01-01", EVERY_WEEK, 20, "2027-05-21T00:00:00+02:00");
	/* A day of 23 hours, and one of 25. */
	EDGE("2027-03-27", EVERY_DAY, 1, "2027-03-28");
	EDGE("2027-03-27", EVERY_DAY, 2, "2027-03-29");
	ck_assert(period_edge(at("2027-03-27"), EVERY_DAY, 1, &first));
	ck_assert(period_edge(at("2027-03-27"), EVERY_DAY, 2, &next));
	ck_assert_int_eq(next - first, 23 * HOUR);
	ck_assert(period_edge(at("2027-10-30"), EVERY_DAY, 1, &first));
	ck_assert(period_edge(at("2027-10-30"), EVERY_DAY, 2, &next));
	ck_assert_int_eq(next - first, 25 * HOUR);
	/* 02:30 is skipped in March and comes twice in October: then it is the first one. */
	EDGE("2027-03-27T02:30", EVERY_DAY, 2, "2027-03-29T02:30");
	EDGE("2027-02-28T02:30", EVERY_MONTH, 2, "2027-04-28T02:30");
	EDGE("2027-09-30T02:30", EVERY_MONTH, 1, "2027-10-30T02:30");
	EDGE("2027-10-30T02:30", EVERY_DAY, 1, "2027-10-31T02:30:00+02:00");
}
END_TEST

/* In Paraguay summer began at midnight: the first of October 2017 began at one o'clock. */
/* Clocks go back from 3:00 to 2:00: 2:59:59 comes at 0:59:59 UTC and again at 1:59:59. */
START_TEST(the_first_period_begins_when_it_was_told_to)
{
	const int64_t first = INT64_C(1824947999) * WHEN_SECOND;
	int64_t edge;

	in_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	ck_assert(period_edge(first, EVERY_MONTH, 0, &edge));
	ck_assert_int_eq(edge, first);
	ck_assert_int_eq(period_at(first, EVERY_MONTH, first), 0);
}
END_TEST

START_TEST(a_day_without_midnight_begins_later_and_the_next_does_not)
{
	in_zone("America/Asuncion");
	EDGE("2017-09-30", EVERY_DAY, 1, "2017-10-01T01:00");
	EDGE("2017-09-01", EVERY_MONTH, 1, "2017-10-01T01:00");
	EDGE("2017-10-01", EVERY_MONTH, 1, "2017-11-01");
	START(EVERY_QUARTER, "2017-11-22T17:00", "2017-10-01T01:00");
}
END_TEST

/* Samoa went from 29 to 31 December 2011: a day without time. */
START_TEST(a_day_that_is_missing_is_an_empty_period)
{
	int64_t first, missing, next, before = 0;

	in_zone("Pacific/Apia");
	first = at("2011-12-28");
	EDGE("2011-12-28", EVERY_DAY, 1, "2011-12-29");
	ck_assert(period_edge(first, EVERY_DAY, 2, &missing));
	ck_assert(period_edge(first, EVERY_DAY, 3, &next));
	ck_assert_int_eq(missing, at("2011-12-31"));
	ck_assert_int_eq(next, missing);
	ck_assert_int_eq(period_at(first, EVERY_DAY, next), 3);
	ck_assert_int_eq(period_at(first, EVERY_DAY, next - 1), 1);
	EDGE("2011-12-28", EVERY_DAY, 4, "2012-01-01");
	EDGE("2011-11-30", EVERY_MONTH, 1, "2011-12-31");
	EDGE("2011-11-30", EVERY_MONTH, 2, "2012-01-30");
	EDGE("2011-11-30T12:00", EVERY_MONTH, 1, "2011-12-31");
	for (int n = 0; n < 40; n++) {
		ck_assert(period_edge(at("2011-12-10T02:30"), EVERY_DAY, n, &next));
		ck_assert_int_ge(next, before);
		before = next;
	}
}
END_TEST

START_TEST(every_moment_is_in_one_period)
{
	static const char *const zones[] = {"UTC", "Europe/Berlin", "America/New_York",
					    "Pacific/Apia", "Australia/Lord_Howe"};
	uint64_t random = util_seed();

	for (int i = 0; i < 2000; i++) {
		int64_t first, when, start, end, n;
		enum every every = (enum every)(1 + util_below(&random, EVERY_COUNT - 1));

		in_zone(zones[util_below(&random, COUNT(zones))]);
		first = at("1990-01-01") + util_below(&random, INT64_C(9000)) * WHEN_DAY / 3;
		when = first + util_below(&random, INT64_C(9000) * WHEN_DAY);
		n = period_at(first, every, when);
		ck_assert(period_edge(first, every, n, &start));
		ck_assert(period_edge(first, every, n + 1, &end));
		ck_assert_int_le(start, when);
		ck_assert_int_lt(when, end);
	}
}
END_TEST

START_TEST(the_present_period_is_that_of_the_calendar)
{
	in_zone("Europe/Berlin");
	START(EVERY_DAY, "2027-03-28T17:00", "2027-03-28");
	START(EVERY_WEEK, "2027-03-28T17:00", "2027-03-22"); /* a Sunday */
	START(EVERY_WEEK, "2027-03-29T00:00", "2027-03-29");
	START(EVERY_MONTH, "2027-03-31T17:00", "2027-03-01");
	START(EVERY_MONTH, "2027-03-01", "2027-03-01");
	START(EVERY_QUARTER, "2027-03-31T17:00", "2027-01-01");
	START(EVERY_QUARTER, "2027-12-31T23:59:59", "2027-10-01");
	START(EVERY_QUARTER, "2027-05-31T02:30", "2027-04-01");
	START(EVERY_YEAR, "2028-02-29T02:30", "2028-01-01");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("period");
	TCase *tcase = tcase_create("period");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, there_is_no_edge_past_the_calendar);
	tcase_add_test(tcase, before_the_first_period_is_number_0);
	tcase_add_test(tcase, the_end_of_a_month_stays_the_end);
	tcase_add_test(tcase, a_leap_day_comes_every_four_years);
	tcase_add_test(tcase, daylight_saving_moves_no_midnight);
	tcase_add_test(tcase, the_first_period_begins_when_it_was_told_to);
	tcase_add_test(tcase, a_day_without_midnight_begins_later_and_the_next_does_not);
	tcase_add_test(tcase, a_day_that_is_missing_is_an_empty_period);
	tcase_add_test(tcase, every_moment_is_in_one_period);
	tcase_add_test(tcase, the_present_period_is_that_of_the_calendar);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
