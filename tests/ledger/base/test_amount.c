/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Amounts, names, times and texts that people type. */
#include <inttypes.h>
#include <time.h>

#include "ledger/base/amount.h"
#include "ledger/base/name.h"
#include "ledger/base/text.h"
#include "tests/util.h"

START_TEST(malformed_amounts_are_refused)
{
	static const char *const bad[] = {
		"",
		" ",
		"0",
		"0s",
		"0.0",
		"00",
		"-1",
		"-0",
		"+1",
		" 1",
		"1 ",
		"1\n",
		"1,000",
		"1_000",
		"1e3",
		"1E3",
		"0x10",
		".5",
		"5.",
		".",
		"s",
		"-5s",
		"5S",
		"5 s",
		"5ss",
		"5s ",
		"1.5s",
		"1.s",
		"1..5",
		"1.5.5",
		"1.-5",
		"1.5e1",
		"inf",
		"nan",
		"all",
		"--1",
		"1;ls",
		"$1",
		"\xc2\xb2",
		"1\xc2\xa0",
		"0.0000000000000000000000000000",
		"1.5x",
		"1.0x",
		"1.x0",
		"\t1",
		"1/2",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t amount = 42;
		int rc = amount_parse(bad[i], &amount, &error);

		ck_assert_msg(rc == SB_EINVAL, "'%s' gave %d, %" PRId64, bad[i], rc, amount);
		ck_assert_msg(amount == 42, "'%s' wrote its result", bad[i]);
		ck_assert_msg(error.code == SB_EINVAL && error.text[0], "'%s' has no text", bad[i]);
	}
}
END_TEST

START_TEST(zero_is_read_in_every_spelling)
{
	static const char *const bad[] = {"", "-0", "+0", ".0", "0.", "0ss", "0.0s", "s", "0x0"};
	static const char *const zeros[] = {"0", "00", "0s", "00s", "0.0", "0.00", "00.000"};
	int64_t amount;

	for (size_t i = 0; i < COUNT(bad); i++) {
		amount = 42;
		FAILS(SB_EINVAL, "is not an amount", amount_parse_zero(bad[i], &amount, &error));
		ck_assert_int_eq(amount, 42);
	}
	FAILS(SB_EINVAL, "whole number", amount_parse_zero("0.0001", &amount, &error));
	for (size_t i = 0; i < COUNT(zeros); i++) {
		amount = 42;
		OK(amount_parse_zero(zeros[i], &amount, &error));
		ck_assert_int_eq(amount, 0);
		FAILS(SB_EINVAL, "is zero", amount_parse(zeros[i], &amount, &error));
	}
	OK(amount_parse_zero("0.5", &amount, &error));
	ck_assert_int_eq(amount, 1800);
}
END_TEST

START_TEST(fractions_of_a_billing_second_are_refused)
{
	static const char *const bad[] = {"0.0001",
					  "0.001",
					  "1.33333",
					  "0.99999",
					  "0.000277777777777777",
					  "0.00027777777777777777777777777777777",
					  "1.00000000000000000000000000000000000001",
					  "9999999999.000000000000000001"};

	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t amount;

		FAILS(SB_EINVAL, "whole number of billing-seconds",
		      amount_parse(bad[i], &amount, &error));
		FAILS(SB_EINVAL, bad[i], amount_parse(bad[i], &amount, &error));
	}
}
END_TEST

START_TEST(amounts_past_int64_are_refused)
{
	static const char *const bad[] = {
		"9223372036854775808s",
		"18446744073709551616s",
		"99999999999999999999999999999s",
		"2562047788015216",
		"2562047788015215.9",
		"9223372036854775807",
		"9223372036854775808",
		"99999999999999999999999999999",
		"99999999999999999999999999999.5",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t amount;

		FAILS(SB_EINVAL, "too large", amount_parse(bad[i], &amount, &error));
	}
}
END_TEST

START_TEST(amounts_are_read_exactly)
{
	static const struct {
		const char *text;
		int64_t amount;
	} good[] = {
		{"1", 3600},
		{"10000", 36000000},
		{"007", 7 * 3600},
		{"0.5", 1800},
		{"0.25", 900},
		{"0.01", 36},
		{"0.0025", 9},
		{"1.50", 5400},
		{"1.0", 3600},
		{"0.5000000000000000000000000000000000000000", 1800},
		{"3.00000000000000000000000000000000000000000", 3 * 3600},
		{"95s", 95},
		{"1s", 1},
		{"0095s", 95},
		{"9223372036854775807s", INT64_MAX},
		{"2562047788015215", INT64_C(2562047788015215) * 3600},
		/* INT64_MAX is 2562047788015215 * 3600 + 1807. */
		{"2562047788015215.5", INT64_C(2562047788015215) * 3600 + 1800},
	};

	for (size_t i = 0; i < COUNT(good); i++) {
		int64_t amount = -1;

		OK(amount_parse(good[i].text, &amount, &error));
		ck_assert_msg(amount == good[i].amount, "'%s' gave %" PRId64, good[i].text, amount);
	}
}
END_TEST

START_TEST(amounts_are_truncated)
{
	static const struct {
		int64_t amount;
		const char *text;
	} cases[] = {
		{0, "0.00"},
		{1, "<0.01"},
		{35, "<0.01"},
		{36, "0.01"},
		{71, "0.01"},
		{72, "0.02"},
		{3599, "0.99"},
		{3600, "1.00"},
		{7199, "1.99"},
		{36000000, "10000.00"},
		{-1, "-0.01"},
		{-35, "-0.01"},
		{-36, "-0.01"},
		{-1800, "-0.50"},
		{-3599, "-0.99"},
		{-3600, "-1.00"},
		{INT64_MAX, "2562047788015215.50"},
		{INT64_MIN, "-2562047788015215.50"},
	};
	char buf[AMOUNT_TEXT_SIZE];

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_str_eq(amount_format(buf, cases[i].amount, false), cases[i].text);
		(void)amount_format(buf, cases[i].amount, true);
		ck_assert_int_eq(strtoll(buf, NULL, 10), cases[i].amount);
	}
}
END_TEST

START_TEST(decimals_for_programs_tell_seconds_apart)
{
	static const struct {
		int64_t amount, size;
		const char *text;
	} cases[] = {
		{0, 3600, "0.0000"},
		{1, 3600, "0.0002"},
		{2, 3600, "0.0005"},
		{3599, 3600, "0.9997"},
		{3600, 3600, "1.0000"},
		{34874784, 3600, "9687.4400"},
		{-1, 3600, "-0.0002"},
		{-3599, 3600, "-0.9997"},
		{-5400, 3600, "-1.5000"},
		{1, 3686400, "0.0000"},
		{-1, 3686400, "-0.0001"},
		{INT64_MAX, 3600, "2562047788015215.5019"},
		{INT64_MIN, 3600, "-2562047788015215.5022"},
	};
	char buf[AMOUNT_TEXT_SIZE], before[AMOUNT_TEXT_SIZE] = "";

	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_str_eq(amount_format_decimal(buf, cases[i].amount, cases[i].size),
				 cases[i].text);
	for (int64_t amount = 0; amount < 7200; amount++) {
		ck_assert_str_ne(amount_format_decimal(buf, amount, 3600), before);
		memcpy(before, buf, sizeof(before));
	}
}
END_TEST

START_TEST(percent_is_truncated_and_clamped)
{
	static const struct {
		int64_t used, allocated, percent;
	} cases[] = {
		{0, 0, -1},
		{5, 0, -1},
		{5, -1, -1},
		{0, 100, 0},
		{1, 3, 33},
		{2, 3, 66},
		{99, 100, 99},
		{100, 100, 100},
		{999, 1000, 99},
		{250, 100, 250},
		{INT64_MAX, INT64_MAX, 100},
		{INT64_MAX, 1, INT64_MAX},
		{INT64_MAX, 100, INT64_MAX},
		{INT64_MIN, 1, INT64_MIN},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_int_eq(amount_percent(cases[i].used, cases[i].allocated),
				 cases[i].percent);
}
END_TEST

START_TEST(sums_past_int64_are_detected)
{
	int64_t sum = 7;

	ck_assert(!amount_add(INT64_MAX, 1, &sum));
	ck_assert(!amount_add(INT64_MIN, -1, &sum));
	ck_assert(!amount_sub(INT64_MIN, 1, &sum));
	ck_assert(!amount_sub(0, INT64_MIN, &sum));
	ck_assert_int_eq(sum, 7);
	ck_assert(amount_add(INT64_MAX, INT64_MIN, &sum));
	ck_assert_int_eq(sum, -1);
	ck_assert(amount_sub(-1, INT64_MAX, &sum));
	ck_assert_int_eq(sum, INT64_MIN);
}
END_TEST

START_TEST(names_with_a_meaning_elsewhere_are_refused)
{
	static const char *const bad[] = {
		"",
		";",
		"a;b",
		"x;cmd",
		"$(id)",
		"a$b",
		"a'b",
		"a\"b",
		"a,b",
		"a=b",
		"a b",
		" a",
		"a ",
		"a\nb",
		"a\n",
		"a\tb",
		"-",
		"-a",
		"--all",
		"/etc",
		"@a",
		"a+b",
		"a-name-that-was-cut+",
		"+a",
		"%a",
		"a=b",
		" a",
		"a ",
		"a\\b",
		"a|b",
		"a&b",
		"a*b",
		"a?b",
		"a[b]",
		"a<b",
		"a>b",
		"a`b`",
		"a#b",
		"a:b",
		"a~b",
		"a!b",
		"a^b",
		"a(b)",
		"a{b}",
		"\xc3\xa9",
		"na\xc3\xafve",
		"\xff",
		"a\x7f"
		"b",
		"a\x01"
		"b",
		"\xd0\xb0",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		char name[NAME_SIZE] = "before";

		ck_assert_msg(name_fold("account", bad[i], name, &error) == SB_EINVAL,
			      "'%s' was taken as '%s'", bad[i], name);
		ck_assert_str_eq(name, "before");
		ck_assert_ptr_nonnull(strstr(error.text, "account"));
		ck_assert_int_eq(name_check("account", bad[i], &error), SB_EINVAL);
	}
}
END_TEST

START_TEST(names_have_at_most_255_bytes)
{
	char text[300], name[NAME_SIZE];

	memset(text, 'A', sizeof(text));
	text[256] = '\0';
	FAILS(SB_EINVAL, "256 bytes", name_fold("account", text, name, &error));
	text[255] = '\0';
	OK(name_fold("account", text, name, &error));
	ck_assert_uint_eq(strlen(name), 255);
	ck_assert_uint_eq(strspn(name, "a"), 255);
}
END_TEST

/* Slurm lower-cases names: Test1 and test1 are one account. */
START_TEST(predecessor_31_upper_case_is_folded)
{
	static const char *const pairs[][2] = {
		{"Test1", "test1"},
		{"ABC.def_G-h", "abc.def_g-h"},
		{"a", "a"},
		{"0", "0"},
		{"_x", "_x"},
		{".x", ".x"},
		{"a-", "a-"},
		{"no", "no"},
		{"1e3", "1e3"},
		{"ZZ9.Plural-Z_Alpha", "zz9.plural-z_alpha"},
		{"HTC@Free", "htc@free"},
		{"a%c/D@", "a%c/d@"},
	};

	for (size_t i = 0; i < COUNT(pairs); i++) {
		char name[NAME_SIZE];
		bool folded = strcmp(pairs[i][0], pairs[i][1]) != 0;

		OK(name_fold("account", pairs[i][0], name, &error));
		ck_assert_str_eq(name, pairs[i][1]);
		ck_assert_int_eq(name_check("account", pairs[i][0], &error),
				 folded ? SB_EINVAL : SB_OK);
	}
}
END_TEST

static void set_zone(const char *zone)
{
	ck_assert_int_eq(setenv("TZ", zone, 1), 0);
	tzset();
}

START_TEST(malformed_times_are_refused)
{
	static const char *const bad[] = {
		"",
		" ",
		"2026",
		"2026-11",
		"2026-11-22T",
		"2026-11-22T17",
		"2026-11-22T17:",
		"2026-11-22T17:0",
		"2026-11-22T17:00:",
		"2026-11-22T17:00:5",
		"2026-11-22T17:00:05.5",
		"2026-11-22T24:00",
		"2026-11-22T23:60",
		"2026-11-22T23:59:60",
		"2026-11-22x",
		" 2026-11-22",
		"2026-11-22 ",
		"2026-1-22",
		"26-11-22",
		"+2026-11-22",
		"2026/11/22",
		"22.11.2026",
		"2026-00-10",
		"2026-13-10",
		"2026-11-00",
		"2026-11-31",
		"2026-02-30",
		"2026-02-29",
		"2100-02-29",
		"1969-12-31",
		"10000-01-01",
		"2026-11-22Z",
		"2026-11-22+01:00",
		"2026-11-22T17:00ZZ",
		"2026-11-22T17:00+",
		"2026-11-22T17:00+1",
		"2026-11-22T17:00+0",
		"2026-11-22T17:00+01:",
		"2026-11-22T17:00+01:6",
		"2026-11-22T17:00+01:60",
		"2026-11-22T17:00+15:00",
		"2026-11-22T17:00 UTC",
		"1970-01-01T00:00+00:01",
		"9999-12-31T23:59:59-00:01",
		"now ",
		" now",
		"nowadays",
		"Now",
		"now+",
		"now-",
		"now7days",
		"now+days",
		"now+ 7days",
		"now+7",
		"now+7s",
		"now+7d",
		"now+7dayss",
		"now+7day s",
		"now+7months",
		"now+7years",
		"now+7days ",
		"now++7days",
		"now+-7days",
		"now+7days+1day",
		"now+99999999999999999999days",
		"now+9223372036854775807weeks",
		"now+253402300799weeks",
		"now-100000weeks",
		"tomorrow",
		"yesterday",
		"0",
		"1700000000",
	};

	set_zone("UTC");
	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t when = 42;
		int rc = when_parse(bad[i], T0, &when, &error);

		ck_assert_msg(rc == SB_EINVAL && when == 42, "'%s' gave %d, %" PRId64, bad[i], rc,
			      when);
		ck_assert_ptr_nonnull(strstr(error.text, bad[i]));
	}
}
END_TEST

START_TEST(times_are_read_in_utc_and_with_offsets)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} good[] = {
		{"2026-11-22T17:00Z", 1795366800},
		{"2026-11-22T17:00:00Z", 1795366800},
		{"2026-11-22T17:00:05Z", 1795366805},
		{"2026-11-22T18:00+01:00", 1795366800},
		{"2026-11-22T18:00+0100", 1795366800},
		{"2026-11-22T11:30-05:30", 1795366800},
		{"2026-11-22T11:30-0530", 1795366800},
		{"2026-11-23T07:00+14:00", 1795366800},
		{"2026-11-22 17:00Z", 1795366800},
		{"2026-11-22T17:00", 1795366800},
		{"2026-11-22", 1795305600},
		{"2024-02-29", 1709164800},
		{"2000-02-29", 951782400},
		{"1970-01-01", 0},
		{"1970-01-01T00:00Z", 0},
		{"1970-01-01T01:00+01:00", 0},
		{"9999-12-31T23:59:59Z", 253402300799},
		{"9999-12-31T22:59:59-01:00", 253402300799},
		{"2038-01-19T03:14:08Z", 2147483648},
	};

	set_zone("UTC");
	for (size_t i = 0; i < COUNT(good); i++) {
		int64_t when = -1;

		OK(when_parse(good[i].text, T0, &when, &error));
		ck_assert_msg(when == good[i].seconds * WHEN_SECOND, "'%s' gave %" PRId64,
			      good[i].text, when);
	}
}
END_TEST

START_TEST(times_are_read_relative_to_now)
{
	static const struct {
		const char *text;
		int64_t distance;
	} good[] = {
		{"now", 0},
		{"now+0days", 0},
		{"now-1second", -WHEN_SECOND},
		{"now+1seconds", WHEN_SECOND},
		{"now+90seconds", 90 * WHEN_SECOND},
		{"now-1minute", -60 * WHEN_SECOND},
		{"now+2hours", 2 * HOUR},
		{"now-7days", -7 * WHEN_DAY},
		{"now+1day", WHEN_DAY},
		{"now+52weeks", 364 * WHEN_DAY},
	};
	int64_t when;

	for (size_t i = 0; i < COUNT(good); i++) {
		OK(when_parse(good[i].text, T0 + 123456, &when, &error));
		ck_assert_msg(when == T0 + 123456 + good[i].distance, "'%s' gave %" PRId64,
			      good[i].text, when);
	}
	/* The limits of the range. */
	OK(when_parse("now-1second", WHEN_SECOND, &when, &error));
	ck_assert_int_eq(when, 0);
	ck_assert_int_eq(when_parse("now-2seconds", WHEN_SECOND, &when, &error), SB_EINVAL);
	OK(when_parse("now+1second", WHEN_MAX - WHEN_SECOND, &when, &error));
	ck_assert_int_eq(when, WHEN_MAX);
	ck_assert_int_eq(when_parse("now+1second", WHEN_MAX, &when, &error), SB_EINVAL);
}
END_TEST

START_TEST(local_times_follow_daylight_saving)
{
	static const struct {
		const char *zone;
		const char *text;
		int64_t seconds; /* -1: refused */
	} cases[] = {
		/* The hour from 2 to 3 is skipped. */
		{"Europe/Berlin", "2026-03-29T01:59:59", 1774745999},
		{"Europe/Berlin", "2026-03-29T02:00", -1},
		{"Europe/Berlin", "2026-03-29T02:30", -1},
		{"Europe/Berlin", "2026-03-29T02:59:59", -1},
		{"Europe/Berlin", "2026-03-29T03:00", 1774746000},
		{"Europe/Berlin", "2026-03-29T02:30Z", 1774751400},
		{"Europe/Berlin", "2026-11-22", 1795302000},
		{"Europe/Berlin", "2026-07-01", 1782856800},
		{"America/New_York", "2026-03-08T02:30", -1},
		{"America/New_York", "2026-11-22T12:00", 1795366800},
		{"Asia/Kolkata", "2026-11-22T22:30", 1795366800},
		/* The hour from 2 to 3 comes twice: the first counts. */
		{"Europe/Berlin", "2027-10-31T02:30", 1824942600},
		{"Europe/Berlin", "2027-10-31T02:00", 1824940800},
		{"Europe/Berlin", "2027-10-31T03:00", 1824948000},
		/* A whole day is skipped. */
		{"Pacific/Apia", "2011-12-30", -1},
		{"Pacific/Apia", "2011-12-30T12:00", -1},
		/* Where midnight is skipped, the day begins at one o'clock. */
		{"America/Sao_Paulo", "2018-11-04", 1541300400},
		{"America/Sao_Paulo", "2018-11-04T00:30", -1},
		{"America/Havana", "2026-03-08", 1772946000},
		/* Where midnight comes twice, the day begins with the first. */
		{"America/Havana", "2026-11-01", 1793505600},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t when = -1;
		char path[128];
		FILE *file;
		int rc;

		(void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", cases[i].zone);
		file = fopen(path, "re");
		if (!file)
			continue; /* no tzdata here */
		(void)fclose(file);
		set_zone(cases[i].zone);
		rc = when_parse(cases[i].text, T0, &when, &error);
		ck_assert_msg(rc == (cases[i].seconds < 0 ? SB_EINVAL : SB_OK) &&
				      (rc || when == cases[i].seconds * WHEN_SECOND),
			      "%s %s gave %d, %" PRId64, cases[i].zone, cases[i].text, rc,
			      when / WHEN_SECOND);
	}
}
END_TEST

/* A zone given by its rule, which needs no tzdata. */
START_TEST(an_hour_that_daylight_saving_skips_is_refused)
{
	int64_t when;

	set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	FAILS(SB_EINVAL, "skip '2026-03-29T02:30'",
	      when_parse("2026-03-29T02:30", T0, &when, &error));
	FAILS(SB_EINVAL, "there is no day 2026-02-29: that month has 28 days",
	      when_parse("2026-02-29T02:30", T0, &when, &error));
	FAILS(SB_EINVAL, "not a time", when_parse("2026-03-29T02:30x", T0, &when, &error));
	OK(when_parse("2026-03-29T03:30", T0, &when, &error));
	ck_assert_int_eq(when, INT64_C(1774747800) * WHEN_SECOND);
	OK(when_parse("2026-07-01", T0, &when, &error));
	ck_assert_int_eq(when, INT64_C(1782856800) * WHEN_SECOND);
	/* Independent of earlier calls. */
	OK(when_parse("2027-10-31T02:30", T0, &when, &error));
	ck_assert_int_eq(when, INT64_C(1824942600) * WHEN_SECOND);
	OK(when_parse("2027-12-31", T0, &when, &error));
	OK(when_parse("2027-10-31T02:30", T0, &when, &error));
	ck_assert_int_eq(when, INT64_C(1824942600) * WHEN_SECOND);
}
END_TEST

START_TEST(a_day_that_does_not_exist_is_named)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"2027-02-30", "there is no day 2027-02-30: that month has 28 days"},
		{"2028-02-30", "there is no day 2028-02-30: that month has 29 days"},
		{"2027-04-31T12:00Z", "there is no day 2027-04-31: that month has 30 days"},
		{"2027-12-32", "there is no day 2027-12-32: that month has 31 days"},
		{"2027-01-00", "there is no day 2027-01-00: that month has 31 days"},
		{"2027-13-01", "there is no day 2027-13-01: months go from 01 to 12"},
		{"2027-00-01", "there is no day 2027-00-01: months go from 01 to 12"},
		{"1969-12-31", "too long ago: times begin with 1970"},
		{"2027-01-01T24:00", "no such time of day as in '2027-01-01T24:00'"},
		{"2027-01-01T23:60", "no such time of day"},
		{"2027-1-1", "'2027-1-1' is not a time"},
		{"30.02.2027", "'30.02.2027' is not a time"},
	};
	int64_t when;

	for (size_t i = 0; i < COUNT(cases); i++)
		FAILS(SB_EINVAL, cases[i].why, when_parse(cases[i].text, T0, &when, &error));
}
END_TEST

/* The end of a window is the first moment after it; people name the last day in it. */
START_TEST(the_end_of_a_window_is_named_by_its_last_day)
{
	static const struct {
		const char *zone, *end, *text;
		bool day;
	} cases[] = {
		{"UTC", "2028-01-01", "2027-12-31", true},
		{"UTC", "2028-03-01", "2028-02-29", true},
		{"UTC", "2028-01-01T00:01", "2028-01-01T00:01", false},
		{"UTC", "2027-12-31T23:59:59", "2027-12-31T23:59:59", false},
		{"CET-1CEST,M3.5.0,M10.5.0/3", "2027-03-28", "2027-03-27", true},
		{"CET-1CEST,M3.5.0,M10.5.0/3", "2027-03-28T01:00", "2027-03-28T01:00", false},
		{"CET-1CEST,M3.5.0,M10.5.0/3", "2027-11-01", "2027-10-31", true},
		/* The day begins at one o'clock. */
		{"XXX4YYY,M10.3.0/0,M3.4.0/0", "2027-10-17", "2027-10-16", true},
	};
	char buf[WHEN_TEXT_SIZE];
	int64_t when;

	for (size_t i = 0; i < COUNT(cases); i++) {
		set_zone(cases[i].zone);
		OK(when_parse(cases[i].end, T0, &when, &error));
		ck_assert_int_eq(when_format_last(buf, when), cases[i].day);
		ck_assert_str_eq(buf, cases[i].text);
	}
	OK(when_parse("2028-01-01", T0, &when, &error));
	ck_assert(!when_format_last(buf, when + 1));
}
END_TEST

START_TEST(the_format_of_files_is_exact)
{
	static const char *const bad[] = {
		"2026-11-22T17:00:05Z",		"2026-11-22T17:00:05.123456",
		"2026-11-22T17:00:05.12345Z",	"2026-11-22T17:00:05.1234567Z",
		"2026-11-22T17:00:05.123456z",	"2026-11-22 17:00:05.123456Z",
		"2026-11-22T17:00.123456Z",	"2026-02-30T17:00:05.123456Z",
		"2026-11-22T24:00:00.000000Z",	"2026-11-22T17:00:60.000000Z",
		"1969-12-31T23:59:59.999999Z",	"2026-11-22T17:00:05.123456+00:00",
		" 2026-11-22T17:00:05.123456Z", "2026-11-22T17:00:05.123456Z ",
		"2026-11-22T17:00:05.-12345Z",	"",
	};
	static const int64_t good[] = {
		0,
		1,
		999999,
		WHEN_SECOND,
		951782399999999,
		951782400000000,
		T0 + 123456,
		4107542400000000,
		WHEN_MAX - 1,
		WHEN_MAX,
	};
	char buf[WHEN_TEXT_SIZE];
	int64_t when;

	set_zone("America/New_York");
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(when_parse_exact(bad[i], &when, &error) == SB_EINVAL, "'%s'", bad[i]);
	for (size_t i = 0; i < COUNT(good); i++) {
		when = -1;
		OK(when_parse_exact(when_format_exact(buf, good[i]), &when, &error));
		ck_assert_int_eq(when, good[i]);
		ck_assert_uint_eq(strlen(buf), 27);
	}
	ck_assert_str_eq(when_format_exact(buf, T0 + 123456), "2026-11-22T17:00:00.123456Z");
	ck_assert_str_eq(when_format_exact(buf, WHEN_MAX), "9999-12-31T23:59:59.999999Z");
}
END_TEST

START_TEST(times_and_ages_are_formatted_for_people)
{
	static const struct {
		int64_t age;
		const char *text;
	} ages[] = {
		{INT64_MIN, "0s"},
		{-1, "0s"},
		{0, "0s"},
		{999999, "0s"},
		{59999999, "59s"},
		{60 * WHEN_SECOND, "1m"},
		{HOUR - 1, "59m"},
		{HOUR, "1h"},
		{WHEN_DAY - 1, "23h"},
		{WHEN_DAY, "1d"},
		{400 * WHEN_DAY, "400d"},
		{INT64_MAX, "106751991d"},
	};
	char buf[WHEN_TEXT_SIZE];

	for (size_t i = 0; i < COUNT(ages); i++)
		ck_assert_str_eq(when_format_age(buf, ages[i].age), ages[i].text);
	set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	ck_assert_str_eq(when_format_local(buf, T0 + 999999), "2026-11-22T18:00:00");
	ck_assert_str_eq(when_format_offset(buf, T0), "2026-11-22T18:00:00+01:00");
	ck_assert_uint_lt(strlen(when_format_offset(buf, WHEN_NEVER)), sizeof(buf));
	ck_assert_str_eq(when_format_short(buf, T0 + WHEN_SECOND), "2026-11-22T18:00:01");
	ck_assert_str_eq(when_format_short(buf, T0), "2026-11-22T18:00");
	ck_assert_str_eq(when_format_short(buf, T0 + 60 * WHEN_SECOND), "2026-11-22T18:01");
	ck_assert_str_eq(when_format_short(buf, T0 + 6 * 3600 * WHEN_SECOND), "2026-11-23");
	set_zone("XST3:30");
	ck_assert_str_eq(when_format_offset(buf, T0), "2026-11-22T13:30:00-03:30");
	/* "no end" must not run past the buffer */
	ck_assert_uint_lt(strlen(when_format_local(buf, WHEN_NEVER)), sizeof(buf));
	ck_assert_uint_lt(strlen(when_format_exact(buf, WHEN_NEVER)), sizeof(buf));
}
END_TEST

START_TEST(bytes_that_are_no_utf8_are_refused)
{
	static const char *const bad[] = {
		"\x80",
		"\xbf",
		"a\x80",
		"\xc0\x80",
		"\xc0\xaf",
		"\xc1\xbf",
		"\xc3",
		"\xc3(",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xe2\x82",
		"\xe2(\xa1",
		"\xe2\x82(",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xed\xa0\xbd\xed\xb8\x80",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf0\x9f\x98",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xf8\x88\x80\x80\x80",
		"\xfe",
		"\xff",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert_msg(!text_ok(bad[i]), "case %zu", i);
		if (bad[i][0] != 'a')
			ck_assert_msg(text_char(bad[i]) == 0 ||
					      !text_ok(bad[i] + text_char(bad[i])),
				      "case %zu", i);
	}
	ck_assert_uint_eq(text_char(""), 0);
}
END_TEST

START_TEST(characters_that_change_a_terminal_or_a_line_are_refused)
{
	static const char *const bad[] = {
		"\n",
		"\r",
		"\t",
		"\b",
		"\x1b[31m",
		"\x7f",
		"a\x01",
		"\xc2\x80",
		"\xc2\x85",
		"\xc2\x9b",
		"\xc2\x9f",
		"\xe2\x80\xa8",
		"\xe2\x80\xa9",
		"\xe2\x80\xaa",
		"\xe2\x80\xae",
		"\xe2\x81\xa6",
		"\xe2\x81\xa9",
		"\xef\xbb\xbf",
		"\xef\xbf\xbe",
		"\xef\xbf\xbf",
		"\xf0\x9f\xbf\xbe",
		"\xf4\x8f\xbf\xbf",
	};

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!text_ok(bad[i]), "case %zu", i);
}
END_TEST

START_TEST(characters_of_every_length_are_accepted)
{
	static const struct {
		const char *text;
		size_t len;
	} good[] = {
		{" ", 1},
		{"~", 1},
		{"\xc2\xa0", 2},
		{"\xdf\xbf", 2},
		{"\xe0\xa0\x80", 3},
		{"\xe2\x82\xac", 3},
		{"\xed\x9f\xbf", 3},
		{"\xee\x80\x80", 3},
		{"\xef\xbf\xbd", 3},
		{"\xf0\x90\x80\x80", 4},
		{"\xf0\x9f\x98\x80", 4},
		{"\xf4\x8f\xbf\xbd", 4},
	};

	ck_assert(text_ok(""));
	ck_assert(text_ok("S\xc3\xbc\xc3\x9f \xe2\x82\xac 5 \xf0\x9f\x98\x80 \"#': \\"));
	for (size_t i = 0; i < COUNT(good); i++) {
		ck_assert_msg(text_ok(good[i].text), "case %zu", i);
		ck_assert_uint_eq(text_char(good[i].text), good[i].len);
	}
}
END_TEST

/* Every byte at every place, before and after others that would end the text too. */
START_TEST(plain_text_is_measured_to_its_first_other_byte)
{
	for (size_t size = 0; size <= 26; size++) {
		/* Of its own size, so that a sanitizer sees one byte too many. */
		char *text = malloc(size ? size : 1);

		ck_assert_ptr_nonnull(text);
		memset(text, '~', size);
		ck_assert_uint_eq(text_plain(text, size), size);
		for (size_t at = 0; at < size; at++) {
			for (int byte = 0; byte < 256; byte++) {
				bool plain = byte >= ' ' && byte <= '~';

				memset(text, ' ' + (int)(size % 95), size);
				text[at] = (char)byte;
				if (at + 1 < size)
					text[at + 1] = '\x7f';
				ck_assert_msg(text_plain(text, size) == at + plain,
					      "byte %d at %zu of %zu", byte, at, size);
			}
		}
		free(text);
	}
}
END_TEST

START_TEST(escaped_text_is_safe_and_fits_every_buffer)
{
	static const struct {
		const char *from;
		const char *to;
	} cases[] = {
		{"", ""},
		{"plain", "plain"},
		{"a\nb", "a\\x0ab"},
		{"\x1b[31m", "\\x1b[31m"},
		{"\xc3\xa9", "\xc3\xa9"},
		{"\xc3", "\\xc3"},
		{"\xff\xfe", "\\xff\\xfe"},
		{"a\\b", "a\\b"},
		{"\xe2\x80\xae"
		 "x",
		 "\\xe2\\x80\\xaex"},
		{"\xf0\x9f\x98\x80\x01", "\xf0\x9f\x98\x80\\x01"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t full = strlen(cases[i].to);

		for (size_t size = 1; size <= full + 3; size++) {
			/* Of its own size, so that a sanitizer sees one byte too many. */
			char *to = malloc(size);

			ck_assert_ptr_nonnull(to);
			ck_assert_ptr_eq(text_escape(to, size, cases[i].from), to);
			ck_assert_uint_lt(strlen(to), size);
			ck_assert_msg(text_ok(to), "case %zu cut a character at %zu", i, size);
			ck_assert_int_eq(strncmp(cases[i].to, to, strlen(to)), 0);
			if (size > full)
				ck_assert_str_eq(to, cases[i].to);
			free(to);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("amount");
	TCase *amounts = tcase_create("amounts"), *names = tcase_create("names");
	TCase *times = tcase_create("times"), *texts = tcase_create("texts");

	tcase_set_timeout(amounts, TEST_TIMEOUT);
	tcase_set_timeout(names, TEST_TIMEOUT);
	tcase_set_timeout(times, TEST_TIMEOUT);
	tcase_set_timeout(texts, TEST_TIMEOUT);
	tcase_add_test(amounts, malformed_amounts_are_refused);
	tcase_add_test(amounts, zero_is_read_in_every_spelling);
	tcase_add_test(amounts, fractions_of_a_billing_second_are_refused);
	tcase_add_test(amounts, amounts_past_int64_are_refused);
	tcase_add_test(amounts, amounts_are_read_exactly);
	tcase_add_test(amounts, amounts_are_truncated);
	tcase_add_test(amounts, decimals_for_programs_tell_seconds_apart);
	tcase_add_test(amounts, percent_is_truncated_and_clamped);
	tcase_add_test(amounts, sums_past_int64_are_detected);
	tcase_add_test(names, names_with_a_meaning_elsewhere_are_refused);
	tcase_add_test(names, names_have_at_most_255_bytes);
	tcase_add_test(names, predecessor_31_upper_case_is_folded);
	tcase_add_test(times, malformed_times_are_refused);
	tcase_add_test(times, times_are_read_in_utc_and_with_offsets);
	tcase_add_test(times, times_are_read_relative_to_now);
	tcase_add_test(times, local_times_follow_daylight_saving);
	tcase_add_test(times, an_hour_that_daylight_saving_skips_is_refused);
	tcase_add_test(times, a_day_that_does_not_exist_is_named);
	tcase_add_test(times, the_end_of_a_window_is_named_by_its_last_day);
	tcase_add_test(times, the_format_of_files_is_exact);
	tcase_add_test(times, times_and_ages_are_formatted_for_people);
	tcase_add_test(texts, bytes_that_are_no_utf8_are_refused);
	tcase_add_test(texts, characters_that_change_a_terminal_or_a_line_are_refused);
	tcase_add_test(texts, characters_of_every_length_are_accepted);
	tcase_add_test(texts, plain_text_is_measured_to_its_first_other_byte);
	tcase_add_test(texts, escaped_text_is_safe_and_fits_every_buffer);
	suite_add_tcase(suite, amounts);
	suite_add_tcase(suite, names);
	suite_add_tcase(suite, times);
	suite_add_tcase(suite, texts);
	return util_run(suite);
}
