/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Money with dates, and what corrects it, driven in this process. */
#include "config.h"

#include <inttypes.h>
#include <time.h>

#include "tests/drive.h"

enum { SU = 3600 };

/* "bio" and "chem" are open, without money. */
static void setup(void)
{
	drive_setup();
	(void)fake_account("dev", "bio");
	(void)fake_account("dev", "chem");
	DONE("", "open", "bio");
	DONE("", "open", "chem");
}

static void teardown(void)
{
	drive_teardown();
	tzset();
}

static void in_zone(const char *zone)
{
	ck_assert_int_eq(setenv("TZ", zone, 1), 0);
	tzset();
}

/* The clock stands there for the next verb. */
static void clock_at(const char *text)
{
	OK(when_parse(text, T0, &clock_now, &error));
	clock_now -= WHEN_SECOND;
}

/* What balance says of an account, in billing-seconds. */
#define MONEY(account, expected)                                                                   \
	do {                                                                                       \
		RUN("balance", account, "-nPo", "Allocated,Used,Available", "--seconds");          \
		ck_assert_str_eq(out, expected "\n");                                              \
	} while (0)

/* ---- windows ---- */

START_TEST(windows_that_make_no_sense_are_refused)
{
	REFUSED(2, "not a time", "deposit", "bio", "1", "--end", "tomorrow");
	REFUSED(2, "not a time", "deposit", "bio", "1", "--start", "never");
	REFUSED(2, "not a time", "deposit", "bio", "1", "--end", "2027-02-29");
	REFUSED(2, "not after its start", "deposit", "bio", "1", "--start", "2027-02-01", "--end",
		"2027-02-01");
	REFUSED(2, "not after its start", "deposit", "bio", "1", "--start", "2027-02-02", "--end",
		"2027-02-01");
	REFUSED(2, "not after its start", "deposit", "bio", "1", "--end", "2026-11-01");
	REFUSED(2, "would be over", "deposit", "bio", "1", "--start", "2026-10-01", "--end",
		"2026-11-22");
	fake_account("dev", "fresh");
	REFUSED(2, "first deposit", "open", "fresh", "--end", "2027-01-01");
	REFUSED(2, "would be over", "open", "fresh", "5", "--start", "2026-10-01", "--end", "now");
	set_settings("clusters: [dev]\nproject_days: 30\n");
	REFUSED(2, "project_days after its start", "deposit", "bio", "1", "--start", "2026-10-01");
	REFUSED(2, "year 9999", "deposit", "bio", "1", "--start", "9999-12-20");
}
END_TEST

START_TEST(a_window_is_on_the_receipt_and_in_the_journal)
{
	DONE("deposited 1.00 SU; bio", "deposit", "bio", "1");
	DONE("deposited 2.00 SU until 2027-01-01T00:00:00; bio has 3.00 SU", "deposit", "bio", "2",
	     "--end", "2027-01-01");
	DONE("deposited 4.00 SU from 2027-01-01T00:00:00 until 2028-01-01T00:00:00; bio has 3.00",
	     "deposit", "bio", "4", "--start", "2027-01-01", "--end", "2028-01-01");
	DONE("deposited 8.00 SU from 2026-11-01T00:00:00; bio has 11.00", "deposit", "bio", "8",
	     "--start", "2026-11-01");
	RUN("journal", "bio", "-nPo", "Detail", "--last", "4");
	ck_assert_str_eq(out, "\nuntil 2027-01-01T00:00:00\n"
			      "from 2027-01-01T00:00:00 until 2028-01-01T00:00:00\n"
			      "from 2026-11-01T00:00:00\n");
	fake_account("dev", "fresh");
	DONE("opened fresh with 5.00 SU until 2027-06-01T12:30:00; fresh has 5.00", "open", "fresh",
	     "5", "--end", "2027-06-01T12:30");
	MONEY("fresh", "18000|0|18000");
}
END_TEST

/* Usable from the first moment of its window to the last one before its end. */
START_TEST(money_is_there_in_its_window_alone)
{
	DONE("", "deposit", "bio", "95s", "--start", "2026-12-01", "--end", "2026-12-02");
	clock_at("2026-11-30T23:59:59");
	MONEY("bio", "0|0|0");
	clock_at("2026-11-30T23:59:59");
	REFUSED(1, "0.00 SU to take", "withdraw", "bio", "1s");
	clock_at("2026-12-01");
	MONEY("bio", "95|0|95");
	clock_at("2026-12-01T23:59:59");
	MONEY("bio", "95|0|95");
	clock_at("2026-12-02");
	MONEY("bio", "0|0|0");
	REFUSED(1, "0.00 SU to take", "withdraw", "bio", "1s");
}
END_TEST

START_TEST(a_project_length_gives_the_end)
{
	set_settings("clusters: [dev]\nproject_days: 365\n");
	clock_at("2026-11-22T18:00");
	DONE("until 2027-11-22T18:00:00", "deposit", "bio", "1");
	DONE("from 2027-01-01T00:00:00 until 2028-01-01T00:00:00", "deposit", "bio", "1", "--start",
	     "2027-01-01");
	/* 2028 has 29 February. */
	DONE("from 2028-01-01T00:00:00 until 2028-12-31T00:00:00", "deposit", "bio", "1", "--start",
	     "2028-01-01");
	DONE("deposited 1.00 SU; bio", "deposit", "bio", "1", "--end", "never");
	DONE("until 2026-12-24T00:00:00", "deposit", "bio", "1", "--end", "2026-12-24");
	set_settings("clusters: [dev]\nproject_days: 0\n");
	DONE("deposited 1.00 SU; bio", "deposit", "bio", "1");
}
END_TEST

/* A window's days are days of the calendar, also over a day of 23 or 25 hours. */
START_TEST(daylight_saving_moves_no_window)
{
	in_zone("Europe/Berlin");
	set_settings("clusters: [dev]\nproject_days: 180\n");
	DONE("from 2026-12-01T00:00:00 until 2027-05-30T00:00:00", "deposit", "bio", "1", "--start",
	     "2026-12-01");
	DONE("from 2027-06-01T00:00:00 until 2027-11-28T00:00:00", "deposit", "bio", "1", "--start",
	     "2027-06-01");
	/* Two o'clock does not exist on that day, and exists twice on the other. */
	REFUSED(2, "not a time", "deposit", "bio", "1", "--end", "2027-03-28T02:30");
	DONE("until 2027-03-28T03:00:00", "deposit", "bio", "1", "--end", "2027-03-28T03:00");
	set_settings("clusters: [dev]\nproject_days: 1\n");
	DONE("from 2027-03-27T02:30:00 until 2027-03-28T03:30:00", "deposit", "bio", "1", "--start",
	     "2027-03-27T02:30");
	DONE("from 2027-10-30T12:00:00 until 2027-10-31T12:00:00", "deposit", "bio", "1", "--start",
	     "2027-10-30T12:00");
}
END_TEST

START_TEST(a_window_belongs_to_the_request)
{
	DONE("deposited", "deposit", "bio", "1", "--end", "now+7days", "--ref", "r1");
	clock_now += HOUR;
	DONE("entered before", "deposit", "bio", "1", "--end", "now+7days", "--ref", "r1");
	REFUSED(1, "another request", "deposit", "bio", "1", "--end", "now+8days", "--ref", "r1");
	REFUSED(1, "another request", "deposit", "bio", "1", "--ref", "r1");
	fake_account("dev", "fresh");
	DONE("opened", "open", "fresh", "1", "--end", "2027-01-01", "--ref", "r2");
	DONE("entered before", "open", "fresh", "1", "--end", "2027-01-01", "--ref", "r2");
	REFUSED(1, "another request", "open", "fresh", "1", "--ref", "r2");
	ck_assert_uint_eq(entries(), 8);
}
END_TEST

START_TEST(what_ends_first_is_spent_first)
{
	DONE("", "deposit", "bio", "100s");
	DONE("", "deposit", "bio", "100s", "--end", "now+9days");
	DONE("", "deposit", "bio", "100s", "--end", "now+3days");
	DONE("", "deposit", "bio", "100s", "--start", "now+1days", "--end", "now+2days");
	fake_account("dev", "bio")->usage = 150;
	DONE("charged", "check");
	clock_now += 4 * WHEN_DAY;
	/* Of the second lot 50 are gone; the third is spent, the fourth was never touched. */
	MONEY("bio", "200|50|150");
	clock_now += 6 * WHEN_DAY;
	MONEY("bio", "100|0|100");
}
END_TEST

/* Debt waits for money that starts later, and no longer. */
START_TEST(money_to_come_pays_debt_when_it_starts)
{
	fake_account("dev", "bio")->usage = 30;
	DONE("", "check");
	MONEY("bio", "0|30|-30");
	DONE("bio has -<0.01 SU", "deposit", "bio", "100s", "--start", "now+2days");
	MONEY("bio", "0|30|-30");
	clock_now += 2 * WHEN_DAY;
	MONEY("bio", "100|30|70");
}
END_TEST

START_TEST(transfers_keep_the_windows)
{
	DONE("", "deposit", "bio", "60s", "--end", "2026-12-01");
	DONE("", "deposit", "bio", "60s", "--end", "2026-12-03");
	DONE("", "transfer", "bio", "chem", "100s");
	clock_at("2026-11-30T23:59:59");
	MONEY("chem", "100|0|100");
	MONEY("bio", "20|0|20");
	clock_at("2026-12-01");
	MONEY("chem", "40|0|40");
	MONEY("bio", "20|0|20");
	clock_at("2026-12-03");
	MONEY("chem", "0|0|0");
	MONEY("bio", "0|0|0");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs_money");
	TCase *windows = tcase_create("windows");

	tcase_set_timeout(windows, TEST_TIMEOUT);
	tcase_add_checked_fixture(windows, setup, teardown);
	tcase_add_test(windows, windows_that_make_no_sense_are_refused);
	tcase_add_test(windows, a_window_is_on_the_receipt_and_in_the_journal);
	tcase_add_test(windows, money_is_there_in_its_window_alone);
	tcase_add_test(windows, a_project_length_gives_the_end);
	tcase_add_test(windows, daylight_saving_moves_no_window);
	tcase_add_test(windows, a_window_belongs_to_the_request);
	tcase_add_test(windows, what_ends_first_is_spent_first);
	tcase_add_test(windows, money_to_come_pays_debt_when_it_starts);
	tcase_add_test(windows, transfers_keep_the_windows);
	suite_add_tcase(suite, windows);
	return util_run(suite);
}
