/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prices, costs and the numbers of invoices. */
#include "ledger/report/invoice.h"

#include <time.h>

#include "ledger/report/price.h"
#include "tests/util.h"

enum { SU = AMOUNT_PER_SU };

START_TEST(malformed_prices_are_refused)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"", "is not a price"},
		{"0.02", "is not a price"},
		{"EUR", "is not a price"},
		{"0.02eur", "is not a price"},
		{"0.02EU", "is not a price"},
		{"0.02EURO", "is not a price"},
		{"0.02EUR ", "is not a price"},
		{" 0.02EUR", "is not a price"},
		{"0.02  EUR", "is not a price"},
		{"0.02\tEUR", "is not a price"},
		{"EUR0.02", "is not a price"},
		{"-1EUR", "is not a price"},
		{"+1EUR", "is not a price"},
		{"1e3EUR", "is not a price"},
		{"0x1EUR", "is not a price"},
		{".5EUR", "is not a price"},
		{"1.EUR", "is not a price"},
		{"0,02EUR", "is not a price"},
		{"1.0.0EUR", "is not a price"},
		{"0.02\xc3\x89UR", "is not a price"},
		{"nanEUR", "is not a price"},
		{"1JPY", "JPY is not divided into hundredths"},
		{"0.5 KRW", "KRW is not divided into hundredths"},
		{"1.500KWD", "KWD is not divided into hundredths"},
		{"1UYW", "UYW is not divided into hundredths"},
		{"0.0000001EUR", "more than six decimals"},
		{"0.1000000EUR", "more than six decimals"},
		{"0EUR", "is zero"},
		{"0.000000 EUR", "is zero"},
		{"9223372036854.775808EUR", "too large: at most 9223372036854.775807"},
		{"9223372036855EUR", "too large"},
		{"99999999999999999EUR", "too large"},
		{"99999999999999999999999999999999999999999EUR", "too large"},
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct price price = {7, "ABC"};

		FAILS(SB_EINVAL, bad[i].why, price_parse(bad[i].text, &price, &error));
		ck_assert_int_eq(price.millionths, 7);
		ck_assert_str_eq(price.currency, "ABC");
	}
}
END_TEST

START_TEST(prices_are_exact)
{
	static const struct {
		const char *text, *formatted;
		int64_t millionths;
	} good[] = {
		{"0.02EUR", "0.02", 20000},
		{"0.02 EUR", "0.02", 20000},
		{"1EUR", "1.00", 1000000},
		{"1.5EUR", "1.50", 1500000},
		{"007.1EUR", "7.10", 7100000},
		{"0.000001EUR", "0.000001", 1},
		{"0.100000EUR", "0.10", 100000},
		{"0.123EUR", "0.123", 123000},
		{"9223372036854.775807EUR", "9223372036854.775807", INT64_MAX},
	};

	for (size_t i = 0; i < COUNT(good); i++) {
		struct price price = {0};
		char text[PRICE_TEXT_SIZE];

		OK(price_parse(good[i].text, &price, &error));
		ck_assert_int_eq(price.millionths, good[i].millionths);
		ck_assert_str_eq(price.currency, "EUR");
		ck_assert_str_eq(price_format(text, &price), good[i].formatted);
	}
}
END_TEST

static int64_t cost(int64_t millionths, int64_t seconds, int64_t size)
{
	const struct price price = {millionths, "EUR"};
	int64_t cents = -1;

	ck_assert(price_cost(&price, seconds, size, &cents));
	return cents;
}

START_TEST(costs_are_rounded_once_half_a_cent_up)
{
	/* An SU is 10 cents: a cent is 360 seconds. */
	ck_assert_int_eq(cost(100000, 0, SU), 0);
	ck_assert_int_eq(cost(100000, 179, SU), 0);
	ck_assert_int_eq(cost(100000, 180, SU), 1);
	ck_assert_int_eq(cost(100000, 539, SU), 1);
	ck_assert_int_eq(cost(100000, 540, SU), 2);
	ck_assert_int_eq(cost(100000, -179, SU), 0);
	ck_assert_int_eq(cost(100000, -180, SU), -1);
	ck_assert_int_eq(cost(100000, -539, SU), -1);
	ck_assert_int_eq(cost(100000, -540, SU), -2);
	/* A third: 3 seconds at 0.01 for 9 of them. */
	ck_assert_int_eq(cost(10000, 3, 9), 0);
	ck_assert_int_eq(cost(10000, 6, 9), 1);
	/* The least price, to the second: half a cent is 5000 SU. */
	ck_assert_int_eq(cost(1, 5000 * SU - 1, SU), 0);
	ck_assert_int_eq(cost(1, 5000 * SU, SU), 1);
	/* A unit of memory is larger. */
	ck_assert_int_eq(cost(20000, 3600 * 1024, 3600 * 1024), 2);
	ck_assert_int_eq(cost(20000, INT64_C(1800) * 1024 - 1, 3600 * 1024), 1);
	/* Parts that would each be rounded to 0 count in the sum. */
	ck_assert_int_eq(cost(100000, 100 * 179, SU), 50);
}
END_TEST

START_TEST(costs_past_int64_are_refused)
{
	const struct price price = {INT64_MAX, "EUR"};
	int64_t cents = 7;

	ck_assert(!price_cost(&price, INT64_MAX, SU, &cents));
	ck_assert(!price_cost(&price, INT64_MIN, SU, &cents));
	ck_assert(!price_cost(&price, INT64_C(36000000) + 1, SU, &cents));
	ck_assert_int_eq(cents, 7);
	ck_assert_int_eq(cost(INT64_MAX, 36000000, SU), INT64_MAX);
	ck_assert_int_eq(cost(INT64_MAX, -36000000, SU), -INT64_MAX);
	ck_assert_int_eq(cost(36000000, INT64_MAX, SU), INT64_MAX);
	ck_assert_int_eq(cost(36000000, INT64_MIN, SU), INT64_MIN);
}
END_TEST

START_TEST(cents_are_formatted)
{
	char text[PRICE_TEXT_SIZE];

	ck_assert_str_eq(cents_format(text, 0), "0.00");
	ck_assert_str_eq(cents_format(text, 5), "0.05");
	ck_assert_str_eq(cents_format(text, -5), "-0.05");
	ck_assert_str_eq(cents_format(text, 1234), "12.34");
	ck_assert_str_eq(cents_format(text, INT64_MAX), "92233720368547758.07");
	ck_assert_str_eq(cents_format(text, INT64_MIN), "-92233720368547758.08");
}
END_TEST

static int64_t at(const char *text)
{
	int64_t when = 0;

	OK(when_parse(text, 0, &when, &error));
	return when;
}

static void number_is(const char *since, const char *until, const char *expected)
{
	char number[INVOICE_NUMBER_SIZE];

	ck_assert_str_eq(invoice_number(number, "bio", at(since), at(until), 47), expected);
}

START_TEST(numbers_name_account_period_and_entry)
{
	char longest[NAME_SIZE], number[INVOICE_NUMBER_SIZE];

	ck_assert_int_eq(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
	number_is("2026-10-01", "2026-11-01", "bio-2026-10+0200+0100-47");
	number_is("2026-01-01", "2027-01-01", "bio-2026+0100-47");
	number_is("2026-10-25", "2026-10-26", "bio-2026-10-25+0200+0100-47");
	number_is("2026-10-01", "2026-12-01", "bio-2026-10-01..2026-12-01+0200+0100-47");
	number_is("2026-10-01", "2026-10-31", "bio-2026-10-01..2026-10-31+0200+0100-47");
	number_is("2026-02-01", "2027-02-01", "bio-2026-02-01..2027-02-01+0100-47");
	/* One of the two hours of a night that has the same hour twice. */
	number_is("2026-10-25T00:30:00Z", "2026-10-26",
		  "bio-2026-10-25T00:30:00.000000Z..2026-10-25T23:00:00.000000Z-47");
	number_is("2026-10-25T01:30:00Z", "2026-10-26",
		  "bio-2026-10-25T01:30:00.000000Z..2026-10-25T23:00:00.000000Z-47");
	number_is("2026-12-01", "2027-01-01", "bio-2026-12+0100-47");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_uint_lt(strlen(invoice_number(number, longest, 1, WHEN_MAX, UINT64_MAX)),
			  sizeof(number) - 1);
	ck_assert_str_eq(number + strlen(number) - 21, "-18446744073709551615");
}
END_TEST

/* Months in several zones, of which some begin at the same moment. */
START_TEST(numbers_of_other_time_zones_differ)
{
	static const struct {
		const char *zone, *number;
	} zones[] = {
		{"UTC", "bio-2026-03-47"},
		{"XXX-1", "bio-2026-03+0100-47"},
		{"CET-1CEST,M3.5.0,M10.5.0/3", "bio-2026-03+0100+0200-47"},
		{"GMT0BST,M3.5.0/1,M10.5.0", "bio-2026-03+0000+0100-47"},
		{"XXX5", "bio-2026-03-0500-47"},
		{"XXX-5:45", "bio-2026-03+0545-47"},
		{"XXX0:30", "bio-2026-03-0030-47"},
		/* Of no civil zone. */
		{"XXX0:00:30", "bio-2026-03-01T00:00:30.000000Z..2026-04-01T00:00:30.000000Z-47"},
		{"XXX20", "bio-2026-03-01T20:00:00.000000Z..2026-04-01T20:00:00.000000Z-47"},
	};

	for (size_t i = 0; i < COUNT(zones); i++) {
		ck_assert_int_eq(setenv("TZ", zones[i].zone, 1), 0);
		tzset();
		number_is("2026-03-01", "2026-04-01", zones[i].number);
	}
	number_is("2026-03-01", "2026-03-03",
		  "bio-2026-03-01T20:00:00.000000Z..2026-03-03T20:00:00.000000Z-47");
	ck_assert_int_eq(setenv("TZ", "XXX5", 1), 0);
	tzset();
	number_is("2026-03-01", "2026-03-03", "bio-2026-03-01..2026-03-03-0500-47");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("invoice");
	TCase *tcase = tcase_create("invoice");

	tcase_add_test(tcase, malformed_prices_are_refused);
	tcase_add_test(tcase, prices_are_exact);
	tcase_add_test(tcase, costs_are_rounded_once_half_a_cent_up);
	tcase_add_test(tcase, costs_past_int64_are_refused);
	tcase_add_test(tcase, cents_are_formatted);
	tcase_add_test(tcase, numbers_name_account_period_and_entry);
	tcase_add_test(tcase, numbers_of_other_time_zones_differ);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
