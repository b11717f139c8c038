/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Money with windows, and corrections, run in this process. */
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

/* Sets the clock for the next verb. */
static void clock_at(const char *text)
{
	OK(when_parse(text, T0, &clock_now, &error));
	clock_now -= WHEN_SECOND;
}

/* Checks the balance of an account, in billing-seconds. */
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
	REFUSED(2, "there is no day 2027-02-29: that month has 28 days", "deposit", "bio", "1",
		"--end", "2027-02-29");
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
	DONE("deposited 2.00 SU, usable to 2026-12-31; bio has 3.00 SU", "deposit", "bio", "2",
	     "--end", "2027-01-01");
	DONE("deposited 4.00 SU, usable from 2027-01-01 to 2027-12-31; bio has 3.00", "deposit",
	     "bio", "4", "--start", "2027-01-01", "--end", "2028-01-01");
	DONE("deposited 8.00 SU, usable from 2026-11-01; bio has 11.00", "deposit", "bio", "8",
	     "--start", "2026-11-01");
	RUN("journal", "bio", "-nPo", "Detail", "--last", "4");
	ck_assert_str_eq(out, "\nuntil 2027-01-01\n"
			      "until 2028-01-01, from 2027-01-01\n"
			      "from 2026-11-01\n");
	fake_account("dev", "fresh");
	DONE("opened fresh with 5.00 SU, usable until 2027-06-01T12:30; fresh has 5.00", "open",
	     "fresh", "5", "--end", "2027-06-01T12:30");
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
	REFUSED(1,
		"'bio' has nothing to take yet: 0.02 SU start at 2026-12-01; `subank "
		"balance --lots bio` shows them",
		"withdraw", "bio", "1s");
	clock_at("2026-11-30T23:59:00");
	REFUSED(1, "has nothing to take yet", "withdraw", "bio", "all");
	REFUSED(1, "has nothing to take yet", "transfer", "bio", "chem", "all");
	clock_at("2026-12-01");
	MONEY("bio", "95|0|95");
	clock_at("2026-12-01T23:59:59");
	MONEY("bio", "95|0|95");
	clock_at("2026-12-02");
	MONEY("bio", "0|0|0");
	REFUSED(1, "0.00 SU to take", "withdraw", "bio", "1s");
}
END_TEST

START_TEST(lots_of_no_account_and_sums_of_lots_are_refused)
{
	REFUSED(1, "not in the bank", "balance", "--lots", "nosuch");
	REFUSED(2, "leave out --total", "balance", "--lots", "--total");
	REFUSED(2, "leave out --total", "balance", "--lots", "--forecast");
	REFUSED(2, "there is no column 'Debt'", "balance", "--lots", "-o", "Debt");
	REFUSED(2, "there is no column 'Rest'", "balance", "-o", "Rest");
}
END_TEST

START_TEST(lots_show_what_the_balance_is_made_of)
{
	DONE("", "balance", "--lots");
	ck_assert_str_eq(out, "");
	DONE("", "deposit", "bio", "95s", "--start", "2026-12-01", "--end", "2026-12-02");
	DONE("", "deposit", "bio", "40s", "--start", "2026-12-11");
	clock_at("2026-11-30");
	REFUSED(1, "0.03 SU start at 2026-12-01 or later", "withdraw", "bio", "1s");
	DONE("", "deposit", "chem", "20s");
	RUN("balance", "--lots", "-P", "--seconds", "bio");
	ck_assert_str_eq(out, "Account|Entry|Start|End|Amount|Rest|State\n"
			      "bio|5|2026-12-01T00:00:00|2026-12-02T00:00:00|95|95|to come\n"
			      "bio|6|2026-12-11T00:00:00|none|40|40|to come\n");
	RUN("balance", "-nPo", "Available,Waiting", "--seconds", "--total");
	ck_assert_str_eq(out, "0|135\n20|0\n20|135\n");
	clock_at("2026-12-01");
	fake_account("dev", "bio")->usage += 30;
	DONE("", "check");
	RUN("balance", "--lots", "-nPo", "Amount,Rest,State", "--seconds");
	ck_assert_str_eq(out, "95|65|active\n40|40|to come\n20|20|active\n");
	clock_at("2026-12-01T12:00");
	fake_account("dev", "bio")->usage += 10;
	DONE("", "check");
	RUN("balance", "--lots", "-nPo", "Amount,Rest,State", "--seconds", "bio");
	ck_assert_str_eq(out, "95|55|active\n40|40|to come\n");
	DONE("\"rest_seconds\": 55,\n    \"state\": \"active\"", "balance", "--lots", "--json");
	clock_at("2026-12-02");
	RUN("balance", "--lots", "-nPo", "State,Rest,End", "--seconds", "bio");
	ck_assert_str_eq(out, "ended|55|2026-12-02T00:00:00\nto come|40|none\n");
	RUN("balance", "--lots", "-nPo", "Account,State", "--as-of", "7");
	ck_assert_str_eq(out, "bio|to come\nbio|to come\nchem|active\n");
	/* Spent money is not included. */
	fake_account("dev", "chem")->usage += 20;
	DONE("", "check");
	RUN("balance", "--lots", "-nPo", "Account,Rest", "--seconds");
	ck_assert_str_eq(out, "bio|40\n");
	RUN("balance", "--lots", "-nPo", "Account,Rest", "--seconds", "chem", "--as-of", "7");
	ck_assert_str_eq(out, "chem|20\n");
}
END_TEST

START_TEST(a_project_length_gives_the_end)
{
	set_settings("clusters: [dev]\nproject_days: 365\n");
	clock_at("2026-11-22T18:00");
	DONE("usable until 2027-11-22T18:00", "deposit", "bio", "1");
	DONE("usable from 2027-01-01 to 2027-12-31", "deposit", "bio", "1", "--start",
	     "2027-01-01");
	/* 2028 has 29 February. */
	DONE("usable from 2028-01-01 to 2028-12-30", "deposit", "bio", "1", "--start",
	     "2028-01-01");
	DONE("deposited 1.00 SU; bio", "deposit", "bio", "1", "--end", "never");
	DONE("usable to 2026-12-23", "deposit", "bio", "1", "--end", "2026-12-24");
	set_settings("clusters: [dev]\nproject_days: 0\n");
	DONE("deposited 1.00 SU; bio", "deposit", "bio", "1");
}
END_TEST

/* A window's days are days of the calendar, also over a day of 23 or 25 hours. */
START_TEST(daylight_saving_moves_no_window)
{
	in_zone("Europe/Berlin");
	set_settings("clusters: [dev]\nproject_days: 180\n");
	DONE("usable from 2026-12-01 to 2027-05-29", "deposit", "bio", "1", "--start",
	     "2026-12-01");
	DONE("usable from 2027-06-01 to 2027-11-27", "deposit", "bio", "1", "--start",
	     "2027-06-01");
	/* Two o'clock does not exist on that day, and exists twice on the other. */
	REFUSED(2, "the clocks here skip '2027-03-28T02:30'", "deposit", "bio", "1", "--end",
		"2027-03-28T02:30");
	DONE("usable until 2027-03-28T03:00", "deposit", "bio", "1", "--end", "2027-03-28T03:00");
	set_settings("clusters: [dev]\nproject_days: 1\n");
	DONE("usable from 2027-03-27T02:30 until 2027-03-28T03:30", "deposit", "bio", "1",
	     "--start", "2027-03-27T02:30");
	DONE("usable from 2027-10-30T12:00 until 2027-10-31T12:00", "deposit", "bio", "1",
	     "--start", "2027-10-30T12:00");
}
END_TEST

START_TEST(a_window_belongs_to_the_request)
{
	DONE("deposited", "deposit", "bio", "1", "--end", "now+7days", "--ref", "r1");
	clock_now += HOUR;
	DONE("recorded before", "deposit", "bio", "1", "--end", "now+7days", "--ref", "r1");
	REFUSED(1, "another request", "deposit", "bio", "1", "--end", "now+8days", "--ref", "r1");
	REFUSED(1, "another request", "deposit", "bio", "1", "--ref", "r1");
	fake_account("dev", "fresh");
	DONE("opened", "open", "fresh", "1", "--end", "2027-01-01", "--ref", "r2");
	DONE("recorded before", "open", "fresh", "1", "--end", "2027-01-01", "--ref", "r2");
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
	DONE("bio has -0.01 SU", "deposit", "bio", "100s", "--start", "now+2days");
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

/* ---- dates ---- */

/* The predecessor left such an account open with one SU, and reset the usage of its parents. */
START_TEST(predecessor_21_a_window_that_ended_means_no_funds)
{
	fake_account("dev", "bio")->usage = SU;
	DONE("", "check");
	DONE("", "deposit", "bio", "10", "--end", "2026-12-01");
	clock_at("2026-12-01");
	DONE("bio: 9.00 SU expired: their window ended at 2026-12-01T00:00:00\n"
	     "bio: held, available 0.00 SU",
	     "check", "--clock-ok");
	RUN("journal", "bio", "-nPo", "Kind,Amount,Detail", "--last", "4");
	ck_assert_ptr_nonnull(strstr(out, "expire|-9.00|ended 2026-12-01\n"));
	MONEY("bio", "0|0|0");
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "cpu=0");
	/* A renewal releases at once and leaves RawUsage. */
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

/* A deposit changes no window. */
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
	DONE("usable to 2028-02-28", "deposit", "bio", "1", "--end", "2028-02-29");
	REFUSED(2, "no day 2027-02-29", "deposit", "bio", "1", "--end", "2027-02-29");
	set_settings("clusters: [dev]\nproject_days: 366\n");
	DONE("to 2028-02-29", "deposit", "bio", "1", "--start", "2027-03-01");
	DONE("to 2029-02-28", "deposit", "bio", "1", "--start", "2028-02-29");
}
END_TEST

START_TEST(thresholds_and_notices_are_said_once)
{
	set_settings("clusters: [dev]\n");
	DONE("", "deposit", "bio", "10", "--end", "2027-01-01");
	DONE("", "check");
	ck_assert_str_eq(out, "");
	clock_now += WHEN_DAY;
	DONE("bio: 10.00 SU can be used to 2026-12-31 only", "check");
	fake_account("dev", "bio")->usage = 19 * SU / 2;
	DONE("bio: charged 9.50 SU used on dev\n"
	     "bio: 60% of the allocation is used, 9.50 SU of 10.00 SU\n"
	     "bio: 90% of the allocation is used, 9.50 SU of 10.00 SU\n",
	     "check");
	DONE("", "check");
	ck_assert_str_eq(out, "");
	RUN("journal", "bio", "-nPo", "Kind,Amount,Detail", "--last", "4");
	ck_assert_str_eq(out, "notice||10.00 SU end 2027-01-01\n"
			      "charge|-9.50|dev 0.00 to 9.50 SU\n"
			      "threshold||60%: 9.50 SU of 10.00 SU\n"
			      "threshold||90%: 9.50 SU of 10.00 SU\n");
	RUN("journal", "bio", "--json", "--last", "1");
	ck_assert_ptr_nonnull(strstr(out, "\"level\":90,\"used_seconds\":34200,"
					  "\"allocated_seconds\":36000"));
	RUN("journal", "bio", "--seconds", "-nPo", "Detail", "--last", "1");
	ck_assert_str_eq(out, "90%: 34200s of 36000s\n");
	DONE("", "deposit", "bio", "1", "--end", "2027-01-02");
	clock_now += WHEN_DAY;
	GIVES(0, "bio: 1.00 SU can be used to 2027-01-01", "dry run", "check", "--dry-run");
	DONE("bio: 1.00 SU can be used to 2027-01-01", "check");
}
END_TEST

/* ---- corrections ---- */

/* The number of the newest entry of that kind; 0: none. */
static uint64_t last_of(const char *account, const char *kind)
{
	uint64_t entry, number = 0;
	char begins[64];
	int end = 0;

	RUN("journal", account, "--json");
	(void)snprintf(begins, sizeof(begins), "\"kind\":\"%s\"", kind);
	for (const char *at = out; (at = strstr(at, "{\"entry\":")); at++) {
		ck_assert_int_eq(sscanf(at, "{\"entry\":%" SCNu64 ",%n", &entry, &end), 1);
		if (strncmp(at + end, begins, strlen(begins)) == 0)
			number = entry;
	}
	return number;
}

/* Charges bio. Returns the number of the entry. */
static uint64_t charge(int64_t amount)
{
	fake_account("dev", "bio")->usage += amount;
	DONE("bio: charged", "check", "--clock-ok");
	return last_of("bio", "charge");
}

/* The number as an argument; valid until the next but three. */
static const char *arg(uint64_t number)
{
	static char texts[4][24];
	static size_t next;
	char *text = texts[next++ % 4];

	(void)snprintf(text, sizeof(texts[0]), "%" PRIu64, number);
	return text;
}

START_TEST(corrections_that_make_no_sense_are_refused)
{
	uint64_t number;

	DONE("", "deposit", "bio", "100s");
	number = charge(10);
	REFUSED(2, "needs --note", "refund", arg(number));
	REFUSED(2, "needs --note", "refund", arg(number), "--note", "");
	REFUSED(2, "needs --note", "reverse", arg(number));
	REFUSED(2, "not the number of an entry", "refund", "bio", "--note", "x");
	REFUSED(2, "not the number of an entry", "refund", "0", "--note", "x");
	REFUSED(2, "not the number of an entry", "reverse", "+5", "--note", "x");
	REFUSED(2, "not the number of an entry", "reverse", "99999999999999999999", "--note", "x");
	REFUSED(1, "entry 99", "refund", "99", "--note", "x");
	REFUSED(1, "entry 99", "reverse", "99", "--note", "x");
	REFUSED(2, "whole percentage", "refund", arg(number), "0%", "--note", "x");
	REFUSED(2, "whole percentage", "refund", arg(number), "101%", "--note", "x");
	REFUSED(2, "whole percentage", "refund", arg(number), "5.5%", "--note", "x");
	REFUSED(2, "whole percentage", "refund", arg(number), "%", "--note", "x");
	REFUSED(2, "amount", "refund", arg(number), "0", "--note", "x");
	REFUSED(1, "less than one billing-second", "refund", arg(number), "9%", "--note", "x");
	REFUSED(1, "<0.01 SU of entry 6 can still be refunded", "refund", arg(number), "11s",
		"--note", "x");
	/* Entries that charge nothing. */
	REFUSED(1, "entry 1 (open) moved no money", "refund", "1", "--note", "x");
	REFUSED(1, "moved no money", "reverse", "1", "--note", "x");
	REFUSED(1, "moved no money", "reverse", "2", "--note", "x");
	REFUSED(1, "`subank reverse 5`", "refund", "5", "--note", "x");
	REFUSED(2, "not after its start", "refund", arg(number), "--end", "now", "--note", "x");
}
END_TEST

START_TEST(never_more_is_refunded_than_was_charged)
{
	uint64_t number;

	DONE("", "deposit", "bio", "1");
	number = charge(1000);
	DONE("refunded 0.13 SU of entry 6; bio has 0.86 SU", "refund", arg(number), "50%", "--note",
	     "the node failed");
	MONEY("bio", "3600|500|3100");
	DONE("refunded <0.01 SU", "refund", arg(number), "1s", "--note", "x");
	REFUSED(1, "only 0.13 SU of entry 6 can still be refunded", "refund", arg(number), "500s",
		"--note", "x");
	DONE("refunded 0.13 SU", "refund", arg(number), "--note", "x");
	MONEY("bio", "3600|0|3600");
	REFUSED(1, "entry 6 was taken back by entry 7 already", "refund", arg(number), "--note",
		"x");
	REFUSED(1, "entry 6 was taken back by entry 7 already", "refund", arg(number), "1s",
		"--note", "x");
	REFUSED(1, "entry 6 was taken back by entry 7 already", "reverse", arg(number), "--note",
		"x");
	/* A reversed refund can be made again. */
	DONE("reversed entry 7 (refund of 0.13 SU)", "reverse", "7", "--note", "it had not");
	MONEY("bio", "3600|500|3100");
	REFUSED(1, "0.13 SU of entry 6 can still be refunded", "refund", arg(number), "501s",
		"--note", "x");
	DONE("", "refund", arg(number), "all", "--note", "x");
	MONEY("bio", "3600|0|3600");
	RUN("journal", "bio", "-nPo", "Kind,Amount,Detail", "--seconds", "--last", "2");
	ck_assert_str_eq(out, "reverse|-500|refund, entry 7\nrefund|500|entry 6\n");
	DONE("", "verify");
}
END_TEST

START_TEST(a_refund_has_a_ref)
{
	DONE("", "deposit", "bio", "1");
	ck_assert_uint_eq(charge(1000), 6);
	DONE("refunded", "refund", "6", "50%", "--note", "x", "--ref", "r");
	DONE("recorded before", "refund", "6", "50%", "--note", "x", "--ref", "r");
	REFUSED(1, "another request", "refund", "6", "--note", "x", "--ref", "r");
	DONE("reversed", "reverse", "5", "--note", "x", "--ref", "s");
	DONE("recorded before", "reverse", "5", "--note", "x", "--ref", "s");
	MONEY("bio", "0|500|-500");
}
END_TEST

/* Debt first, then the lots, the last drawn on first. */
START_TEST(a_refund_pays_debt_and_then_goes_back)
{
	uint64_t number;

	DONE("", "deposit", "bio", "100s", "--end", "now+10days");
	DONE("", "deposit", "bio", "100s", "--end", "now+20days");
	number = charge(250);
	MONEY("bio", "200|250|-50");
	DONE("bio has <0.01 SU", "refund", arg(number), "51s", "--note", "x");
	MONEY("bio", "200|199|1");
	DONE("", "refund", arg(number), "100s", "--note", "x");
	MONEY("bio", "200|99|101");
	clock_now += 11 * WHEN_DAY;
	MONEY("bio", "100|0|100");
	/* The window of the first lot has ended. */
	REFUSED(1, "0.02 SU of entry 7 came from a window that has ended", "refund", arg(number),
		"--note", "x");
	DONE("refunded 0.02 SU of entry 7, usable to 2027-05-31; bio has 0.05", "refund",
	     arg(number), "--note", "x", "--end", "2027-06-01");
	clock_now += 10 * WHEN_DAY;
	MONEY("bio", "99|0|99");
	DONE("", "verify");
}
END_TEST

/* Use that was debt goes back to the money that paid it. */
START_TEST(a_refund_of_debt_that_was_paid_goes_to_the_money_that_paid)
{
	uint64_t number = charge(40);

	DONE("", "deposit", "bio", "100s");
	MONEY("bio", "100|40|60");
	DONE("", "refund", arg(number), "25%", "--note", "x");
	MONEY("bio", "100|30|70");
	DONE("", "refund", arg(number), "--note", "x");
	MONEY("bio", "100|0|100");
}
END_TEST

START_TEST(a_refund_releases)
{
	uint64_t number;

	DONE("", "deposit", "bio", "100s");
	number = charge(100);
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "cpu=0");
	DONE("bio: released, available <0.01 SU", "refund", arg(number), "1s", "--note", "x");
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "");
}
END_TEST

START_TEST(a_deposit_is_reversed_once)
{
	DONE("", "deposit", "bio", "1000s");
	DONE("", "deposit", "bio", "50s");
	(void)charge(300);
	DONE("reversed entry 5 (deposit of 0.27 SU); bio has -0.06 SU", "reverse", "5", "--note",
	     "wrong account");
	/* 300 were spent of it; the other deposit pays 50 of that. */
	MONEY("bio", "50|300|-250");
	REFUSED(1, "entry 5 was taken back by entry 8 already", "reverse", "5", "--note", "x");
	REFUSED(1, "is a reversal itself", "reverse", "8", "--note", "x");
	DONE("bio: held", "check");
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "cpu=0");
	RUN("journal", "bio", "-nPo", "Kind,Amount,Detail,Note", "--seconds");
	ck_assert_ptr_nonnull(strstr(out, "reverse|-1000|deposit, entry 5|wrong account\n"));
	DONE("", "verify");
}
END_TEST

START_TEST(what_was_moved_on_is_reversed_first)
{
	DONE("", "deposit", "bio", "1000s");
	DONE("", "withdraw", "bio", "100s");
	DONE("", "transfer", "bio", "chem", "300s");
	REFUSED(1, "0.11 SU of entry 5 were taken out of account 'bio' since", "reverse", "5",
		"--note", "x");
	DONE("reversed entry 6 (withdraw of 0.02 SU); bio has 0.19", "reverse", "6", "--note", "x");
	DONE("reversed entry 7 (transfer of 0.08 SU)", "reverse", "7", "--note", "x");
	MONEY("bio", "1000|0|1000");
	MONEY("chem", "0|0|0");
	DONE("", "reverse", "5", "--note", "x");
	MONEY("bio", "0|0|0");
	DONE("", "verify");
}
END_TEST

START_TEST(a_reversed_transfer_touches_both_accounts)
{
	DONE("", "deposit", "bio", "100s", "--end", "2026-12-01");
	DONE("", "deposit", "bio", "100s", "--end", "2027-12-01");
	DONE("", "transfer", "bio", "chem", "150s");
	fake_account("dev", "chem")->usage = 120;
	DONE("", "check");
	MONEY("chem", "150|120|30");
	DONE("", "reverse", "7", "--note", "x");
	MONEY("bio", "200|0|200");
	MONEY("chem", "0|120|-120");
	DONE("chem: held", "check");
	ck_assert_str_eq(fake_account("dev", "chem")->limits, "cpu=0");
	RUN("journal", "bio", "-nPo", "Kind,Amount,Detail", "--seconds", "--last", "1");
	ck_assert_str_eq(out, "reverse|150|transfer from bio to chem, entry 7\n");
	RUN("journal", "chem", "-nPo", "Kind,Amount", "--seconds");
	ck_assert_ptr_nonnull(strstr(out, "reverse|-150\n"));
	clock_at("2026-12-01");
	MONEY("bio", "100|0|100");
	DONE("", "verify");
}
END_TEST

START_TEST(a_transfer_whose_window_ended_stays)
{
	DONE("", "deposit", "bio", "100s", "--end", "2026-12-01");
	DONE("", "transfer", "bio", "chem", "50s");
	clock_at("2026-12-01");
	REFUSED(1, "window of entry 6 has ended", "reverse", "6", "--note", "x");
	DONE("", "check", "--clock-ok");
	REFUSED(1, "window of entry 6 has ended", "reverse", "6", "--note", "x");
	REFUSED(1, "`subank withdraw` or `subank set` lower what the account has now", "reverse",
		"5", "--note", "x");
}
END_TEST

START_TEST(a_charge_is_reversed_whole)
{
	uint64_t number;

	DONE("", "deposit", "bio", "100s");
	number = charge(130);
	DONE("reversed entry 6 (charge of 0.03 SU); bio has 0.02", "reverse", arg(number), "--note",
	     "x");
	MONEY("bio", "100|0|100");
	REFUSED(1, "taken back by entry", "refund", arg(number), "--note", "x");
	number = charge(10);
	DONE("", "refund", arg(number), "1s", "--note", "x");
	REFUSED(1, "was refunded in part", "reverse", arg(number), "--note", "x");
}
END_TEST

START_TEST(what_expired_comes_back_in_a_new_window_alone)
{
	DONE("", "deposit", "bio", "100s", "--end", "2026-12-01");
	clock_at("2026-12-01");
	DONE("expired", "check", "--clock-ok");
	REFUSED(1, "window that has ended", "reverse", "6", "--note", "x");
	DONE("reversed entry 6 (expire of 0.02 SU), usable to 2026-12-31; bio has 0.02", "reverse",
	     "6", "--note", "x", "--end", "2027-01-01");
	MONEY("bio", "100|0|100");
	clock_at("2027-01-01");
	MONEY("bio", "0|0|0");
	DONE("", "verify");
}
END_TEST

START_TEST(what_was_withdrawn_comes_back_to_its_window)
{
	uint64_t number;

	DONE("", "deposit", "bio", "100s", "--end", "2026-12-01");
	DONE("", "deposit", "bio", "100s");
	DONE("", "withdraw", "bio", "150s");
	(void)charge(80);
	MONEY("bio", "50|80|-30");
	DONE("", "reverse", "7", "--note", "x");
	MONEY("bio", "200|80|120");
	DONE("", "withdraw", "bio", "all");
	clock_at("2026-12-01");
	number = last_of("bio", "withdraw");
	REFUSED(1, "came from a window", "reverse", arg(number), "--note", "x");
	DONE("usable to 2026-12-31", "reverse", arg(number), "--note", "x", "--end", "2027-01-01");
	MONEY("bio", "170|50|120");
	DONE("", "verify");
}
END_TEST

/* ---- set ---- */

START_TEST(set_enters_the_difference)
{
	DONE("entry 5: set to 10.00 SU: deposited 10.00 SU; bio has 10.00 SU", "set", "bio", "10");
	DONE("bio is allocated 10.00 SU already: nothing was recorded", "set", "bio", "10");
	ck_assert_uint_eq(entries(), 5);
	DONE("set to 12.50 SU: deposited 2.50 SU, usable to 2026-12-31", "set", "bio", "12.5",
	     "--end", "2027-01-01");
	(void)charge(SU);
	DONE("set to 4.00 SU: took out 8.50 SU; bio has 3.00", "set", "bio", "4");
	MONEY("bio", "14400|3600|10800");
	REFUSED(2, "no window", "set", "bio", "3", "--end", "2027-01-01");
	REFUSED(2, "4.00 SU already, and the windows of its money cannot be changed", "set", "bio",
		"4", "--end", "2027-01-01");
	REFUSED(2, "use `subank deposit bio`", "set", "bio", "4", "--start", "2026-11-01");
	REFUSED(2, "starts later", "set", "bio", "30", "--start", "now+1days");
	REFUSED(2, "amount", "set", "--", "bio", "-1");
	REFUSED(1, "not in the bank", "set", "nosuch", "1");
	DONE("", "close", "bio");
	REFUSED(1, "takes no deposits", "set", "bio", "100");
	DONE("", "set", "bio", "3.5");
	DONE("", "verify");
}
END_TEST

/* An allocation below the use leaves the difference as debt. */
START_TEST(set_may_go_below_what_was_used)
{
	DONE("", "deposit", "bio", "100s", "--end", "2027-01-01");
	DONE("", "deposit", "bio", "100s", "--end", "2027-02-01");
	(void)charge(150);
	DONE("set to 0.01 SU: took out 0.04 SU, 0.02 SU of it was used; bio has -0.02", "set",
	     "bio", "50s");
	MONEY("bio", "50|150|-100");
	DONE("bio: held", "check");
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "cpu=0");
	DONE("", "set", "bio", "0");
	MONEY("bio", "0|150|-150");
	RUN("journal", "bio", "-nPo", "Kind,Amount,Detail", "--seconds", "--last", "1");
	ck_assert_str_eq(out, "adjust|-50|set to 0s, 50s used\n");
	DONE("", "set", "bio", "150s");
	MONEY("bio", "150|150|0");
	DONE("", "set", "bio", "151s");
	MONEY("bio", "151|150|1");
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "");
	DONE("", "verify");
}
END_TEST

START_TEST(a_lowered_allocation_is_reversed)
{
	uint64_t number;

	DONE("", "deposit", "bio", "100s");
	(void)charge(60);
	DONE("", "set", "bio", "50s");
	MONEY("bio", "50|60|-10");
	number = last_of("bio", "adjust");
	DONE("(adjust of 0.01 SU)", "reverse", arg(number), "--note", "x");
	MONEY("bio", "100|60|40");
	DONE("", "verify");
}
END_TEST

/* It took -1 for unlimited, and added to it. */
START_TEST(predecessor_14_minus_one_is_no_amount)
{
	REFUSED(2, "amount", "deposit", "--", "bio", "-1");
	REFUSED(2, "amount", "set", "--", "bio", "-1");
	REFUSED(2, "amount", "deposit", "bio", "unlimited");
}
END_TEST

/* The predecessor refused a limit of zero. */
START_TEST(predecessor_15_an_allocation_may_be_nothing)
{
	DONE("", "deposit", "bio", "1");
	DONE("set to 0.00 SU: took out 1.00 SU", "set", "bio", "0");
	MONEY("bio", "0|0|0");
	DONE("is allocated 0.00 SU already", "set", "bio", "0s");
	DONE("is allocated 0.00 SU already", "set", "bio", "0.0");
	DONE("is allocated 0.00 SU already", "set", "bio", "00");
	/* Held at once, not after an hour of use. */
	DONE("", "check");
	RUN("balance", "bio", "-nPo", "State");
	ck_assert_str_eq(out, "held\n");
}
END_TEST

START_TEST(corrections_go_out_and_come_back)
{
	char *before, path[160];
	uint64_t number;

	DONE("", "deposit", "bio", "100s", "--end", "2026-12-01");
	DONE("", "deposit", "bio", "100s");
	number = charge(150);
	DONE("", "transfer", "bio", "chem", "20s");
	DONE("", "reverse", arg(number + 1), "--note", "x");
	DONE("", "refund", arg(number), "60s", "--note", "x");
	DONE("", "set", "bio", "20s");
	clock_at("2026-12-01");
	DONE("", "check", "--clock-ok");
	DONE("", "refund", arg(number), "--note", "x", "--start", "2026-12-02", "--end",
	     "2027-01-01");
	set_settings("clusters: [dev]\n");
	clock_at("2026-12-02");
	(void)charge(200);
	DONE("", "verify");
	/* Both sides of the reversed transfer add up, too. */
	DONE("reversals", "statement", "bio", "--since", "2026-11-01");
	DONE("reversals", "statement", "chem", "--since", "2026-11-01");
	before = exported();
	(void)snprintf(path, sizeof(path), "%s/a.yaml", test_folder);
	DONE("", "export", path);
	(void)snprintf(bank_folder, sizeof(bank_folder), "%s/again", test_folder);
	ck_assert_int_eq(setenv("SUBANK_BANK", bank_folder, 1), 0);
	GIVES(0, "", "adopt", "import", path);
	DONE("", "verify");
	UNCHANGED(before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs_money");
	TCase *corrections = tcase_create("corrections");
	TCase *dates = tcase_create("dates");
	TCase *windows = tcase_create("windows");

	tcase_set_timeout(windows, TEST_TIMEOUT);
	tcase_add_checked_fixture(windows, setup, teardown);
	tcase_add_test(windows, windows_that_make_no_sense_are_refused);
	tcase_add_test(windows, a_window_is_on_the_receipt_and_in_the_journal);
	tcase_add_test(windows, money_is_there_in_its_window_alone);
	tcase_add_test(windows, lots_of_no_account_and_sums_of_lots_are_refused);
	tcase_add_test(windows, lots_show_what_the_balance_is_made_of);
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

	tcase_set_timeout(corrections, TEST_TIMEOUT);
	tcase_add_checked_fixture(corrections, setup, teardown);
	tcase_add_test(corrections, corrections_that_make_no_sense_are_refused);
	tcase_add_test(corrections, never_more_is_refunded_than_was_charged);
	tcase_add_test(corrections, a_refund_has_a_ref);
	tcase_add_test(corrections, a_refund_pays_debt_and_then_goes_back);
	tcase_add_test(corrections, a_refund_of_debt_that_was_paid_goes_to_the_money_that_paid);
	tcase_add_test(corrections, a_refund_releases);
	tcase_add_test(corrections, a_deposit_is_reversed_once);
	tcase_add_test(corrections, what_was_moved_on_is_reversed_first);
	tcase_add_test(corrections, a_reversed_transfer_touches_both_accounts);
	tcase_add_test(corrections, a_transfer_whose_window_ended_stays);
	tcase_add_test(corrections, a_charge_is_reversed_whole);
	tcase_add_test(corrections, what_expired_comes_back_in_a_new_window_alone);
	tcase_add_test(corrections, what_was_withdrawn_comes_back_to_its_window);
	tcase_add_test(corrections, set_enters_the_difference);
	tcase_add_test(corrections, set_may_go_below_what_was_used);
	tcase_add_test(corrections, a_lowered_allocation_is_reversed);
	tcase_add_test(corrections, predecessor_14_minus_one_is_no_amount);
	tcase_add_test(corrections, predecessor_15_an_allocation_may_be_nothing);
	tcase_add_test(corrections, corrections_go_out_and_come_back);
	suite_add_tcase(suite, corrections);
	return util_run(suite);
}
