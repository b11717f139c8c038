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

/* ---- what time brings ---- */

/* The predecessor left such an account open with one SU, and reset the usage of its parents. */
START_TEST(predecessor_21_a_window_that_ended_means_no_funds)
{
	fake_account("dev", "bio")->usage = SU;
	DONE("", "check");
	DONE("", "deposit", "bio", "10", "--end", "2026-12-01");
	clock_at("2026-12-01");
	DONE("bio: 9.00 SU expired, their window ended at 2026-12-01T00:00:00\n"
	     "bio: held, available 0.00 SU",
	     "check", "--clock-ok");
	RUN("journal", "bio", "-nPo", "Kind,Amount,Detail", "--last", "4");
	ck_assert_ptr_nonnull(strstr(out, "expire|-9.00|ended 2026-12-01T00:00:00\n"));
	MONEY("bio", "0|0|0");
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "cpu=0");
	/* Renewed: released at once, and RawUsage is as it was. */
	DONE("bio: released, available 5.00 SU", "deposit", "bio", "5", "--end", "2027-12-01");
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "");
	ck_assert_int_eq(fake_account("dev", "bio")->usage, SU);
	MONEY("bio", "18000|0|18000");
}
END_TEST

/* Renewal moved RawUsage, and with it the fair share of others: no call but the lever's. */
START_TEST(predecessor_19_a_renewal_resets_nothing_in_slurm)
{
	DONE("", "deposit", "bio", "10", "--end", "2026-12-01");
	fake_account("dev", "bio")->usage = 5 * SU;
	DONE("", "check");
	clock_at("2026-11-30");
	DONE("", "deposit", "bio", "10", "--start", "2026-12-01", "--end", "2027-12-01");
	memset(fake_calls, 0, sizeof(fake_calls));
	clock_at("2026-12-01");
	DONE("bio: 5.00 SU expired", "check", "--clock-ok");
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 0);
	MONEY("bio", "36000|0|36000");
	ck_assert_int_eq(fake_account("dev", "bio")->usage, 5 * SU);
}
END_TEST

/* More money moves no date. */
START_TEST(predecessor_22_an_amount_moves_no_window)
{
	DONE("", "deposit", "bio", "10", "--end", "2026-12-01");
	DONE("", "withdraw", "bio", "5");
	DONE("", "deposit", "bio", "1", "--end", "2027-12-01");
	clock_at("2026-12-01");
	MONEY("bio", "3600|0|3600");
}
END_TEST

/* 365 days here and a date there: an end is what was written, also over 29 February. */
START_TEST(predecessor_23_an_end_is_a_date)
{
	DONE("until 2028-02-29T00:00:00", "deposit", "bio", "1", "--end", "2028-02-29");
	REFUSED(2, "not a time", "deposit", "bio", "1", "--end", "2027-02-29");
	set_settings("clusters: [dev]\nproject_days: 366\n");
	DONE("until 2028-03-01T00:00:00", "deposit", "bio", "1", "--start", "2027-03-01");
	DONE("until 2029-03-01T00:00:00", "deposit", "bio", "1", "--start", "2028-02-29");
}
END_TEST

START_TEST(thresholds_and_notices_are_said_once)
{
	set_settings("clusters: [dev]\n");
	DONE("", "deposit", "bio", "10", "--end", "2027-01-01");
	DONE("bio: 10.00 SU can be used until 2027-01-01T00:00:00 only", "check");
	fake_account("dev", "bio")->usage = 19 * SU / 2;
	DONE("bio: charged 9.50 SU used on dev\n"
	     "bio: 60% of the allocation is used, 9.50 SU of 10.00 SU\n"
	     "bio: 90% of the allocation is used, 9.50 SU of 10.00 SU\n",
	     "check");
	DONE("", "check");
	ck_assert_str_eq(out, "");
	RUN("journal", "bio", "-nPo", "Kind,Amount,Detail", "--last", "4");
	ck_assert_str_eq(out, "notice||10.00 SU end 2027-01-01T00:00:00\n"
			      "charge|-9.50|dev 0.00 to 9.50\n"
			      "threshold||60%: 9.50 SU of 10.00 SU\n"
			      "threshold||90%: 9.50 SU of 10.00 SU\n");
	RUN("journal", "bio", "--json", "--last", "1");
	ck_assert_ptr_nonnull(strstr(out, "\"level\":90,\"used_seconds\":34200,"
					  "\"allocated_seconds\":36000"));
	RUN("journal", "bio", "--seconds", "-nPo", "Detail", "--last", "1");
	ck_assert_str_eq(out, "90%: 34200s of 36000s\n");
	DONE("", "deposit", "bio", "1", "--end", "2027-01-02");
	GIVES(0, "bio: 1.00 SU can be used until 2027-01-02", "dry run", "check", "--dry-run");
	DONE("bio: 1.00 SU can be used until 2027-01-02", "check");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs_money");
	TCase *dates = tcase_create("dates");
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

	tcase_set_timeout(dates, TEST_TIMEOUT);
	tcase_add_checked_fixture(dates, setup, teardown);
	tcase_add_test(dates, predecessor_21_a_window_that_ended_means_no_funds);
	tcase_add_test(dates, predecessor_19_a_renewal_resets_nothing_in_slurm);
	tcase_add_test(dates, predecessor_22_an_amount_moves_no_window);
	tcase_add_test(dates, predecessor_23_an_end_is_a_date);
	tcase_add_test(dates, thresholds_and_notices_are_said_once);
	suite_add_tcase(suite, dates);
	return util_run(suite);
}
