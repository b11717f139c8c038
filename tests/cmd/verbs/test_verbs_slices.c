/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Money for periods: deposit --slices and terms --quota, run in this process. */
#include <inttypes.h>
#include <time.h>

#include "tests/drive.h"

enum { SU = 3600 };

static void in_zone(const char *zone)
{
	ck_assert_int_eq(setenv("TZ", zone, 1), 0);
	tzset();
}

/* "bio" is open, without money. */
static void setup(void)
{
	drive_setup();
	in_zone("UTC");
	(void)fake_account("dev", "bio");
	DONE("", "open", "bio");
}

static void teardown(void)
{
	drive_teardown();
	tzset();
}

/* Sets the clock for the next verb. */
static void clock_at(const char *text)
{
	OK(when_parse(text, T0, &clock_now, &error));
	clock_now -= WHEN_SECOND;
}

/* Runs the verb and compares its whole output. */
#define PRINTS(expected, ...)                                                                      \
	do {                                                                                       \
		RUN(__VA_ARGS__);                                                                  \
		ck_assert_msg(status == 0, "status %d: %s", status, err);                          \
		ck_assert_str_eq(out, expected);                                                   \
	} while (0)

#define DETAILS(last, expected)                                                                    \
	PRINTS(expected, "journal", "-nPo", "Kind,Amount,Detail", "--last", last)

/* ---- slices ---- */

START_TEST(slices_that_make_no_sense_are_refused)
{
#define SLICES "deposit", "bio", "12", "--slices"
	REFUSED(2, "--every, --carry and --borrow need --slices", "deposit", "bio", "12", "--every",
		"month");
	REFUSED(2, "need --slices", "deposit", "bio", "12", "--carry", "1");
	REFUSED(2, "need --slices", "deposit", "bio", "12", "--borrow", "1");
	REFUSED(2, "--slices needs --every: day, week, month", SLICES, "12");
	REFUSED(2, "--slices needs a whole number from 2 to 400, not '1'", SLICES, "1", "--every",
		"month");
	REFUSED(2, "not '401'", SLICES, "401", "--every", "month");
	REFUSED(2, "not '2.5'", SLICES, "2.5", "--every", "month");
	REFUSED(2, "--carry needs a whole number from 0 to 1000, not '-1'", SLICES, "2", "--every",
		"month", "--carry", "-1");
	REFUSED(2, "--borrow needs a whole number", SLICES, "2", "--every", "month", "--borrow",
		"x");
	REFUSED(2, "no period for --every 'months': did you mean 'month'?", SLICES, "2", "--every",
		"months");
	REFUSED(2, "there is no period for --every 'none'", SLICES, "2", "--every", "none");
	REFUSED(2, "leave out --end", SLICES, "2", "--every", "month", "--end", "2027-01-01");
	REFUSED(2, "cannot be cut into 3 slices", "deposit", "bio", "2s", "--slices", "3",
		"--every", "day");
	REFUSED(2, "slice 1 would be over: it ends at 2026-11-22T00:00:00", SLICES, "2", "--every",
		"day", "--start", "2026-11-21");
	REFUSED(2, "slice 2 would end past the year 9999", SLICES, "2", "--every", "year",
		"--start", "9998-01-01");
	REFUSED(2, "not a time", SLICES, "2", "--every", "year", "--start", "soon");
	RUN("close", "bio");
	REFUSED(1, "is closed and takes no deposits", SLICES, "2", "--every", "year");
}
END_TEST

START_TEST(a_deposit_is_cut_into_months)
{
	DONE("entry 6: deposited 12.00 SU in 4 slices, one a month, usable from 2026-11-01 to "
	     "2027-02-28; bio has 3.00 SU; head 6:",
	     SLICES, "4", "--every", "month");
}
END_TEST

START_TEST(the_first_slices_get_the_seconds_left_over)
{
	DONE("deposited <0.01 SU in 4 slices", "deposit", "bio", "11s", "--slices", "4", "--every",
	     "week", "--start", "2027-01-01");
	PRINTS("3|until 2027-01-08, from 2027-01-01\n"
	       "3|until 2027-01-15, from 2027-01-08\n"
	       "3|until 2027-01-22, from 2027-01-15\n"
	       "2|until 2027-01-29, from 2027-01-22\n",
	       "journal", "-nPo", "Amount,Detail", "--last", "4", "--seconds");
}
END_TEST

START_TEST(slices_are_carried_and_borrowed)
{
	DONE("usable from 2027-01-31 to 2027-06-29", SLICES, "4", "--every", "month", "--start",
	     "2027-01-31", "--carry", "1", "--borrow", "2");
	DETAILS("4", "deposit|3.00|until 2027-03-31, from 2027-01-31\n"
		     "deposit|3.00|until 2027-04-30, from 2027-01-31\n"
		     "deposit|3.00|until 2027-05-31, from 2027-01-31\n"
		     "deposit|3.00|until 2027-06-30, from 2027-02-28\n");
}
END_TEST

START_TEST(slices_follow_the_local_calendar)
{
	in_zone("Europe/Berlin");
	DONE("", SLICES, "2", "--every", "quarter", "--start", "2027-01-01");
	RUN("journal", "--json", "--last", "2");
	check_has(__FILE__, __LINE__, "the output", out,
		  "\"start\":\"2026-12-31T23:00:00.000000Z\","
		  "\"end\":\"2027-03-31T22:00:00.000000Z\"");
	check_has(__FILE__, __LINE__, "the output", out, "\"end\":\"2027-06-30T22:00:00.000000Z\"");
}
END_TEST

START_TEST(a_slice_of_a_day_that_the_calendar_lacks_is_refused)
{
	drive_teardown();
	drive_setup();
	in_zone("Pacific/Apia");
	clock_at("2011-12-28");
	(void)fake_account("dev", "bio");
	DONE("", "open", "bio");
	REFUSED(2, "slice 3 would have no time", SLICES, "3", "--every", "day");
	DONE("", SLICES, "3", "--every", "day", "--carry", "1");
	DETAILS("2", "deposit|4.00|until 2011-12-31, from 2011-12-29\n"
		     "deposit|4.00|until 2012-01-01, from 2011-12-31\n");
}
END_TEST

START_TEST(slices_pay_debt_only_as_they_start)
{
	fake_account("dev", "bio")->usage = 4 * SU;
	RUN("check");
	DONE("bio has -1.00 SU", SLICES, "4", "--every", "month");
	DETAILS("4", "deposit|3.00|until 2026-12-01, from 2026-11-01, paid debt of 3.00 SU\n"
		     "deposit|3.00|until 2027-01-01, from 2026-12-01\n"
		     "deposit|3.00|until 2027-02-01, from 2027-01-01\n"
		     "deposit|3.00|until 2027-03-01, from 2027-02-01\n");
	clock_at("2026-12-01T01:00");
	PRINTS("2.00\n", "balance", "bio", "-nPo", "Available");
}
END_TEST

START_TEST(a_ref_makes_all_slices_once)
{
	char receipt[512];
	char *before;

	DONE("entry 5", SLICES, "3", "--every", "month", "--ref", "t-1", "--note", "call 7");
	(void)snprintf(receipt, sizeof(receipt), "%s", strstr(out, "bio has"));
	PRINTS("t-1|call 7\nt-1#2|call 7\nt-1#3|call 7\n", "journal", "-nPo", "Ref,Note", "--last",
	       "3");
	before = exported();
	clock_at("2026-12-24");
	DONE("entry 5: recorded before with this ref; bio has", SLICES, "3", "--every", "month",
	     "--ref", "t-1", "--note", "call 7");
	/* The same head. */
	ck_assert_str_eq(strstr(out, "head"), strstr(receipt, "head"));
	UNCHANGED(before);
	REFUSED(1,
		"was another request: 'deposit bio 43200s slices 3 every month carry 0 borrow 0'",
		SLICES, "4", "--every", "month", "--ref", "t-1");
	REFUSED(1, "was another request", SLICES, "3", "--every", "month", "--carry", "1", "--ref",
		"t-1");
	REFUSED(1, "was another request", "deposit", "bio", "12", "--ref", "t-1");
}
END_TEST

START_TEST(a_ref_that_is_taken_or_too_long_records_no_slice)
{
	char ref[EVENT_REF_MAX + 1];

	DONE("", "deposit", "bio", "1", "--ref", "t-2#3");
	REFUSED(1, "ref 't-2#3' is taken by entry 3", SLICES, "3", "--every", "month", "--ref",
		"t-2");
	memset(ref, 'r', EVENT_REF_MAX);
	ref[EVENT_REF_MAX] = '\0';
	REFUSED(2, "too long for a request of several entries", SLICES, "3", "--every", "month",
		"--ref", ref);
	/* An ordinary deposit, and another with the ref that a slice would have. */
	DONE("entry 4", "deposit", "bio", "1", "--ref", "u");
	DONE("entry 5", "deposit", "bio", "2", "--ref", "u#2");
	DONE("entry 4: recorded before", "deposit", "bio", "1", "--ref", "u");
	/* The same, for as much. */
	DONE("entry 6", "deposit", "bio", "1", "--ref", "v");
	DONE("entry 7", "deposit", "bio", "1", "--ref", "v#2");
	DONE("entry 6: recorded before", "deposit", "bio", "1", "--ref", "v");
}
END_TEST

START_TEST(all_of_a_sliced_deposit_needs_confirmation)
{
	set_settings("clusters: [dev]\nconfirm_above: 10\nproject_days: 30\n");
	REFUSED(1, "12.00 SU is more than 10.00 SU", SLICES, "12", "--every", "month");
	/* Slices have ends of their own, not that of project_days. */
	DONE("to 2027-10-31", SLICES, "12", "--every", "month", "--immediate");
}
END_TEST

START_TEST(slices_come_in_a_round_file)
{
	answers = "- {ref: a, deposit: bio, su: 12, slices: 3, every: month, carry: 1}\n"
		  "- {ref: b, deposit: bio, su: 1}\n";
	DONE("", "import", "--append", "-", "--immediate");
	PRINTS("a|4.00\na#2|4.00\na#3|4.00\nb|1.00\n", "journal", "-nPo", "Ref,Amount", "--last",
	       "4");
	answers = "- {ref: c, deposit: bio, su: 1}\n"
		  "- {ref: d, deposit: bio, su: 12, slices: 0, every: month}\n";
	REFUSED(2, "slices needs a whole number", "import", "--append", "-", "--immediate");
}
END_TEST

/* ---- quotas ---- */

START_TEST(quotas_that_make_no_sense_are_refused)
{
#define TERMS "terms", "bio"
	REFUSED(1, "account 'bio' has no quota: give --quota SU and --every PERIOD", TERMS,
		"--every", "month");
	REFUSED(1, "has no quota: give --quota", TERMS, "--carry", "1");
	REFUSED(1, "has no quota: give --quota", TERMS, "--forgive-below", "1");
	REFUSED(1, "has no quota so far: give --every too", TERMS, "--quota", "10");
	REFUSED(2, "--quota none ends the quota: leave out", TERMS, "--quota", "none", "--every",
		"month");
	REFUSED(2, "leave out", TERMS, "--quota", "none", "--carry", "0");
	REFUSED(1, "has these terms already", TERMS, "--quota", "none");
	REFUSED(2, "amount '0' is zero", TERMS, "--quota", "0", "--every", "month");
	REFUSED(2, "", TERMS, "--quota", "-1", "--every", "month");
	REFUSED(2, "there is no period for --every 'fortnight'", TERMS, "--quota", "1", "--every",
		"fortnight");
	REFUSED(2, "--carry needs a whole number from 0 to 1000, not '1001'", TERMS, "--quota", "1",
		"--every", "month", "--carry", "1001");
	REFUSED(2, "not a time", TERMS, "--quota", "1", "--every", "month", "--start", "never");
	set_settings("clusters: [dev]\nconfirm_above: 10\n");
	REFUSED(1, "11.00 SU is more than 10.00 SU", TERMS, "--quota", "11", "--every", "month");
}
END_TEST

START_TEST(terms_show_the_quota_and_a_check_brings_it)
{
	DONE("terms are allowance limited, credit 0.00 SU, enforcement hold, lever "
	     "GrpTRESMins=cpu, meter rawusage, thresholds none, quota 10.00 SU every month from "
	     "2026-11-01, carried 1 month, debt up to 0.50 SU forgiven",
	     TERMS, "--quota", "10", "--every", "month", "--carry", "1", "--forgive-below", "0.5");
	/* The check that follows the entry brings the present one. */
	check_has(__FILE__, __LINE__, "the output", out,
		  "bio: the quota of a new period, 10.00 SU, can be used to 2026-12-31");
	DETAILS("2", "terms||limited, credit 0.00 SU, enforcement by the settings, quota 10.00 SU "
		     "every month\n"
		     "deposit|10.00|quota until 2027-01-01, from 2026-11-01\n");
	DONE("\nquota        10.00 SU every month from 2026-11-01, carried 1 month, debt up to "
	     "0.50 "
	     "SU forgiven\n",
	     TERMS);
	nothing_to_do();
	PRINTS("bio|10.00|month\n", TERMS, "-nPo", "Account,Quota,Every");
	/* Each part by itself; the others stay, and so does the start. */
	clock_at("2026-12-10");
	DONE("bio: the quota of a new period, 10.00 SU, can be used to 2027-01-31", "check",
	     "--clock-ok");
	DONE("quota 20.00 SU every month from 2026-11-01, carried 1 month, debt", TERMS, "--quota",
	     "20");
	DONE("quota 20.00 SU every month from 2026-11-01, debt", TERMS, "--carry", "0");
	DONE("quota 20.00 SU every month from 2026-11-01; bio", TERMS, "--forgive-below", "0");
	DONE("quota 20.00 SU every week from 2026-12-07", TERMS, "--every", "week");
	DONE("quota 20.00 SU every week from 2026-12-09", TERMS, "--start", "2026-12-09");
	REFUSED(1, "has these terms already", TERMS, "--every", "week");
	/* Other terms leave it. */
	DONE("credit 1.00 SU, enforcement hold, lever GrpTRESMins=cpu, meter rawusage, thresholds "
	     "none, quota 20.00 SU every week from 2026-12-09",
	     TERMS, "--credit", "1");
	DONE("thresholds none; bio has", TERMS, "--quota", "none");
	nothing_to_do();
	clock_at("2027-03-01");
	RUN("check", "--clock-ok");
	DETAILS("1", "expire|-10.00|ended 2027-02-01\n");
}
END_TEST

START_TEST(the_request_names_all_of_the_quota)
{
	DONE("", TERMS, "--quota", "10", "--every", "month", "--start", "2027-01-01", "--carry",
	     "2", "--forgive-below", "1s", "--ref", "q");
	RUN("journal", "--json", "--ref", "q");
	check_has(__FILE__, __LINE__, "the output", out,
		  "\"request\":\"terms bio quota 36000s every month start 2027-01-01 carry 2 "
		  "forgive-below 1s\"");
	check_has(__FILE__, __LINE__, "the output", out,
		  "\"quota_seconds\":36000,\"every\":\"month\",\"start\":\"2027-01-01T00:00:00."
		  "000000Z"
		  "\",\"carry\":2,\"forgive_below_seconds\":1");
	DONE("recorded before", TERMS, "--quota", "10", "--every", "month", "--start", "2027-01-01",
	     "--carry", "2", "--forgive-below", "1s", "--ref", "q");
	REFUSED(1, "another request", TERMS, "--quota", "10", "--every", "month", "--start",
		"2027-01-01", "--carry", "1", "--forgive-below", "1s", "--ref", "q");
}
END_TEST

START_TEST(why_names_the_next_quota)
{
	DONE("", TERMS, "--quota", "10", "--every", "month");
	RUN("check");
	fake_account("dev", "bio")->usage = 12 * SU;
	RUN("check");
	DONE("  a deposit of more than 2.00 SU ends it\n  its next quota, 10.00 SU, comes with the "
	     "first check after 2026-12-01T00:00:00\n",
	     "why", "bio");
	clock_at("2026-12-01");
	DONE("  its quota of 10.00 SU comes with the next check\n", "why", "bio");
	RUN("check", "--clock-ok");
	fake_account("dev", "bio")->usage = 30 * SU;
	RUN("check");
	DONE("", TERMS, "--every", "week", "--start", "2026-12-30");
	DONE("  its next quota, 10.00 SU, comes with the first check after 2027-01-01T00:00:00\n",
	     "why", "bio");
	DONE("", TERMS, "--quota", "none");
	RUN("why", "bio");
	ck_assert_ptr_null(strstr(out, "quota comes"));
	ck_assert_ptr_null(strstr(out, "its next quota"));
}
END_TEST

/* 5 SU are used a day. */
START_TEST(forecasts_spend_the_quotas_to_come)
{
#define FORECAST "balance", "bio", "--forecast", "-nPo", "Lasts,Unused"
	DONE("", TERMS, "--quota", "10", "--every", "month");
	fake_account("dev", "bio")->usage = 5 * SU;
	RUN("check");
	PRINTS("2026-11-23T17:00:05|0.00\n", FORECAST);
	DONE("", TERMS, "--quota", "100");
	DONE("", "deposit", "bio", "50", "--end", "2026-12-05");
	/* 155 SU are 31 days. */
	PRINTS("2026-12-23T17:00:09|0.00\n", FORECAST);
	DONE("", TERMS, "--quota", "200");
	PRINTS("never|0.00\n", FORECAST);
	/* Nothing but quotas: those of 40 SU do not last until the next. */
	DONE("", TERMS, "--quota", "40");
	PRINTS("2026-12-11T17:00:14|0.00\n", FORECAST);
}
END_TEST

/* Jobs that ended in the new period are charged before the plan of the check: its quota comes
 * before them, so they make no debt that could be forgiven. */
START_TEST(a_job_of_the_new_period_is_charged_to_its_quota)
{
	const int64_t december = INT64_C(1796083200); /* 2026-12-01 */

	set_settings("clusters: [dev]\nmeter: jobs\n");
	DONE("", TERMS, "--quota", "10", "--every", "month", "--forgive-below", "5");
	RUN("check");
	clock_at("2026-12-01T02:00");
	fake_add_job("dev", (struct fake_job){.id = 7,
					      .account = "bio",
					      .state = "COMPLETED",
					      .tres = "billing=1",
					      .submit = december,
					      .start = december + 60,
					      .ran = SU});
	GIVES(0, "bio: the quota of a new period, 10.00 SU", NULL, "check", "--clock-ok");
	RUN("journal", "-nPo", "Kind,Amount", "--last", "3");
	ck_assert_str_eq(out, "deposit|10.00\njob|-1.00\nexpire|-10.00\n");
	PRINTS("9.00\n", "balance", "bio", "-nPo", "Available");
}
END_TEST

/* A budget of another resource has slices and a quota of its own. */
START_TEST(purses_have_slices_and_quotas)
{
	DONE("", "open", "bio", "--resource", "gres/gpu");
	DONE("deposited 12.00 GPU-hours in 3 slices, one a month, usable from 2026-11-01 to "
	     "2027-01-31; bio:gres/gpu has 4.00 GPU-hours",
	     SLICES, "3", "--every", "month", "--resource", "gres/gpu");
	DONE("quota 10.00 GPU-hours every month from 2026-11-01", TERMS, "--resource", "gres/gpu",
	     "--quota", "10", "--every", "month");
	check_has(__FILE__, __LINE__, "the output", out,
		  "bio:gres/gpu: the quota of a new period, 10.00 GPU-hours, can be used to "
		  "2026-11-30");
	nothing_to_do();
	RUN(TERMS);
	ck_assert_ptr_null(strstr(out, "quota"));
	DONE("", "close", "bio");
	clock_at("2026-12-01");
	RUN("check", "--clock-ok");
	ck_assert_ptr_null(strstr(out, "the quota"));
	DONE("", "verify");
}
END_TEST

/* A check on 29 November is the last before December. */
static void no_check_since_november(void)
{
	clock_at("2026-11-29");
	RUN("check", "--clock-ok");
	ck_assert_msg(status == 0, "status %d: %s", status, err);
	clock_at("2026-12-01T02:00");
}

START_TEST(what_is_due_comes_before_other_terms)
{
	DONE("", TERMS, "--quota", "10", "--every", "month");
	RUN("check");
	no_check_since_november();
	DONE("deposited the quota of 10.00 SU, terms are allowance limited", TERMS, "--quota", "20",
	     "--ref", "more");
	PRINTS("deposit|10.00\nterms|\nexpire|-10.00\n", "journal", "-nPo", "Kind,Amount", "--last",
	       "3");
	DONE("recorded before with this ref", TERMS, "--quota", "20", "--ref", "more");
	nothing_to_do();
	PRINTS("10.00\n", "balance", "bio", "-nPo", "Available");
	clock_at("2026-12-30");
	RUN("check", "--clock-ok");
	clock_at("2027-01-02");
	/* Nothing is deposited if the terms are refused. */
	REFUSED(1, "has these terms already", TERMS, "--quota", "20");
	DONE("deposited the quota of 20.00 SU, terms are", TERMS, "--quota", "none");
	PRINTS("20.00\n", "balance", "bio", "-nPo", "Available");
	DONE("", "verify");
}
END_TEST

/* The clock may have jumped ahead: then only a check with --clock-ok brings quotas. */
START_TEST(terms_after_a_long_time_bring_nothing)
{
	DONE("", TERMS, "--quota", "10", "--every", "month");
	RUN("check");
	clock_at("2027-06-01");
	RUN(TERMS, "--credit", "1");
	ck_assert_ptr_null(strstr(out, "deposited"));
	PRINTS("terms|\n", "journal", "-nPo", "Kind,Amount", "--last", "1");
}
END_TEST

START_TEST(what_is_due_comes_before_an_account_is_closed_and_nothing_after_it)
{
	DONE("", "open", "bio", "--resource", "gres/gpu");
	DONE("", TERMS, "--quota", "10", "--every", "month");
	DONE("", TERMS, "--quota", "5", "--every", "month", "--resource", "gres/gpu");
	RUN("check");
	no_check_since_november();
	DONE("deposited the quota of 10.00 SU, deposited the quota of 5.00 GPU-hours, closed bio",
	     "close", "bio");
	RUN("check");
	PRINTS("10.00\n5.00\n", "balance", "bio", "-nPo", "Available");
	/* Both have debt, which the quotas of the time until March would pay. */
	DONE("charged 100.00 SU", "charge", "bio", "100");
	DONE("charged 100.00 GPU-hours", "charge", "bio", "100", "--resource", "gres/gpu");
	clock_at("2027-03-01");
	RUN("check", "--clock-ok");
	PRINTS("-90.00\n-95.00\n", "balance", "bio", "-nPo", "Available");
	DONE("", "open", "bio");
	RUN("check");
	PRINTS("-80.00\n-90.00\n", "balance", "bio", "-nPo", "Available");
	DONE("", "verify");
}
END_TEST

/* Closing the budget leaves the account's quota to the check. */
START_TEST(what_is_due_comes_before_a_budget_is_closed)
{
	DONE("", "open", "bio", "--resource", "gres/gpu");
	DONE("", TERMS, "--quota", "10", "--every", "month");
	DONE("", TERMS, "--quota", "5", "--every", "month", "--resource", "gres/gpu");
	RUN("check");
	no_check_since_november();
	DONE(": deposited the quota of 5.00 GPU-hours, closed bio:gres/gpu", "close", "bio",
	     "--resource", "gres/gpu");
	PRINTS("5.00\n", "balance", "bio", "-nPo", "Available", "--resource", "gres/gpu");
}
END_TEST

START_TEST(a_job_of_a_closed_account_brings_its_budgets_nothing)
{
	const int64_t december = INT64_C(1796083200); /* 2026-12-01 */

	set_settings("clusters: [dev]\nmeter: jobs\n");
	strcpy(fake_account("dev", "bio")->tres_raw, "cpu=0,billing=0,gres/gpu=0");
	DONE("", "open", "bio", "--resource", "gres/gpu");
	DONE("", TERMS, "--quota", "5", "--every", "month", "--resource", "gres/gpu");
	RUN("check");
	DONE("", "close", "bio");
	no_check_since_november();
	fake_add_job("dev", (struct fake_job){.id = 7,
					      .account = "bio",
					      .state = "COMPLETED",
					      .tres = "billing=1,gres/gpu=1",
					      .submit = december,
					      .start = december + 60,
					      .ran = SU});
	DONE("bio:gres/gpu: charged 1.00 GPU-hours for 1 job", "check");
	ck_assert_ptr_null(strstr(out, "the quota"));
	PRINTS("bio:gres/gpu|-1.00\n", "journal", "-nPo", "Account,Amount", "-k", "job",
	       "--resource", "gres/gpu");
	PRINTS("-1.00\n", "balance", "bio", "-nPo", "Available", "--resource", "gres/gpu");
}
END_TEST

START_TEST(a_fee_of_the_new_period_is_charged_to_its_quota)
{
	DONE("", TERMS, "--quota", "10", "--every", "month", "--forgive-below", "5");
	RUN("check");
	DONE("", "charge", "bio", "12");
	no_check_since_november();
	DONE("forgave debt of 2.00 SU, deposited the quota of 10.00 SU, charged 3.00 SU; bio has "
	     "7.00 "
	     "SU",
	     "charge", "bio", "3");
	PRINTS("forgive|2.00\ndeposit|10.00\nfee|-3.00\n", "journal", "-nPo", "Kind,Amount", "-k",
	       "forgive,deposit,fee", "--last", "3");
}
END_TEST

/* An hour of 28 November is missing in the books, as after a crash of slurmctld. */
static void lose_an_hour(void)
{
	const int64_t begin = INT64_C(1795824000); /* 2026-11-28 */

	fake_add_job("dev", (struct fake_job){.id = 7,
					      .account = "bio",
					      .state = "COMPLETED",
					      .tres = "billing=1",
					      .submit = begin,
					      .start = begin + 60,
					      .ran = SU});
}

START_TEST(a_difference_is_recorded_after_the_quota)
{
	DONE("", TERMS, "--quota", "10", "--every", "month");
	RUN("check");
	lose_an_hour();
	no_check_since_november();
	GIVES(0, "", "quotas deposited before: 1", "reconcile", "--apply", "--no-apply", "--note",
	      "crash");
	PRINTS("deposit|10.00\nreconcile|-1.00\n", "journal", "-nPo", "Kind,Amount", "--last", "2");
}
END_TEST

START_TEST(a_meter_is_switched_after_the_quota)
{
	DONE("", TERMS, "--quota", "10", "--every", "month");
	RUN("check");
	lose_an_hour();
	no_check_since_november();
	set_settings("clusters: [dev]\nmeter: jobs\n");
	DONE("bio: the quota of a new period, 10.00 SU, was deposited\nbio: is metered by jobs on "
	     "dev from now on",
	     "check");
	RUN("journal", "-nPo", "Kind,Amount", "--last", "4");
	ck_assert_str_eq(out, "deposit|10.00\nreconcile|-1.00\nmeter|\nexpire|-9.00\n");
}
END_TEST

START_TEST(a_quota_that_cannot_be_counted_has_no_unit_in_its_reason)
{
	DONE("", "open", "bio", "2000000000000000", "--resource", "gres/gpu");
	GIVES(3, "",
	      "bio:gres/gpu: its quota of 1000000000000000.00 GPU-hours is due, and the "
	      "account would hold more than can be counted: nothing was deposited",
	      TERMS, "--quota", "1000000000000000", "--every", "month", "--resource", "gres/gpu");
}
END_TEST

/* History, statement, exports and a new bank made from the export agree. */
START_TEST(all_reports_know_quotas)
{
	char *before, path[128];

	fake_account("dev", "bio")->usage = 0;
	DONE("", TERMS, "--quota", "10", "--every", "month", "--forgive-below", "5");
	RUN("check");
	fake_account("dev", "bio")->usage = 12 * SU;
	RUN("check");
	clock_at("2026-12-01");
	DONE("bio: debt of 2.00 SU was forgiven\nbio: the quota of a new period, 10.00 SU, can be "
	     "used to 2026-12-31\n",
	     "check", "--clock-ok");
	RUN("journal", "-nPo", "Kind,Amount,Detail", "-k", "forgive,deposit,expire");
	ck_assert_str_eq(out, "deposit|10.00|quota until 2026-12-01, from 2026-11-01\n"
			      "forgive|2.00|\n"
			      "deposit|10.00|quota until 2027-01-01, from 2026-12-01\n");
	PRINTS("-2.00\n", "balance", "bio", "-nPo", "Available", "--as-of", "2026-11-30");
	RUN("statement", "bio", "--since", "2026-11-01", "--until", "2027-01-01");
	ck_assert_msg(strstr(out, "debt forgiven") && strstr(out, "deposits"), "%s", out);
	RUN("export", "--format", "ledger");
	check_has(__FILE__, __LINE__, "the output", out, "Expenses:Forgiven  -7200 BS");
	RUN("export", "--format", "csv", "--table", "accounts");
	check_has(__FILE__, __LINE__, "the output", out,
		  "\"taken_back_seconds\",\"forgiven_seconds\",");
	check_has(__FILE__, __LINE__, "the output", out, ",0,0,7200,");
	RUN("why", "bio");
	DONE("", "verify");
	before = exported();
	check_has(__FILE__, __LINE__, "the export", before,
		  "quota: 36000, every: month, start: \"2026-11-01T00:00:00.000000Z\", "
		  "forgive_below: 18000");
	check_has(__FILE__, __LINE__, "the export", before,
		  "period: \"2027-01-01T00:00:00.000000Z\"");
	(void)snprintf(path, sizeof(path), "%s/export.yaml", test_folder);
	util_write_file(path, before, strlen(before));
	DONE("", "verify", path);
	GIVES(0, "", "will be replaced by 13", "import", path, "--replace", "--immediate");
	UNCHANGED(before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs: slices");
	TCase *slices = tcase_create("slices"), *quotas = tcase_create("quotas");

	tcase_set_timeout(slices, TEST_TIMEOUT);
	tcase_set_timeout(quotas, TEST_TIMEOUT);
	tcase_add_checked_fixture(slices, setup, teardown);
	tcase_add_checked_fixture(quotas, setup, teardown);
	tcase_add_test(slices, slices_that_make_no_sense_are_refused);
	tcase_add_test(slices, a_deposit_is_cut_into_months);
	tcase_add_test(slices, the_first_slices_get_the_seconds_left_over);
	tcase_add_test(slices, slices_are_carried_and_borrowed);
	tcase_add_test(slices, slices_follow_the_local_calendar);
	tcase_add_test(slices, a_slice_of_a_day_that_the_calendar_lacks_is_refused);
	tcase_add_test(slices, slices_pay_debt_only_as_they_start);
	tcase_add_test(slices, a_ref_makes_all_slices_once);
	tcase_add_test(slices, a_ref_that_is_taken_or_too_long_records_no_slice);
	tcase_add_test(slices, all_of_a_sliced_deposit_needs_confirmation);
	tcase_add_test(slices, slices_come_in_a_round_file);
	tcase_add_test(quotas, quotas_that_make_no_sense_are_refused);
	tcase_add_test(quotas, terms_show_the_quota_and_a_check_brings_it);
	tcase_add_test(quotas, the_request_names_all_of_the_quota);
	tcase_add_test(quotas, why_names_the_next_quota);
	tcase_add_test(quotas, forecasts_spend_the_quotas_to_come);
	tcase_add_test(quotas, a_job_of_the_new_period_is_charged_to_its_quota);
	tcase_add_test(quotas, purses_have_slices_and_quotas);
	tcase_add_test(quotas, what_is_due_comes_before_other_terms);
	tcase_add_test(quotas, terms_after_a_long_time_bring_nothing);
	tcase_add_test(quotas, what_is_due_comes_before_an_account_is_closed_and_nothing_after_it);
	tcase_add_test(quotas, what_is_due_comes_before_a_budget_is_closed);
	tcase_add_test(quotas, a_job_of_a_closed_account_brings_its_budgets_nothing);
	tcase_add_test(quotas, a_fee_of_the_new_period_is_charged_to_its_quota);
	tcase_add_test(quotas, a_difference_is_recorded_after_the_quota);
	tcase_add_test(quotas, a_meter_is_switched_after_the_quota);
	tcase_add_test(quotas, a_quota_that_cannot_be_counted_has_no_unit_in_its_reason);
	tcase_add_test(quotas, all_reports_know_quotas);
	suite_add_tcase(suite, slices);
	suite_add_tcase(suite, quotas);
	return util_run(suite);
}
