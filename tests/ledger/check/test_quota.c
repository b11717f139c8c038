/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quotas: what an account gets at the start of each period. On real books with made-up
 * observations. */
#include <time.h>

#include "ledger/base/period.h"
#include "ledger/check/check.h"
#include "tests/util.h"

static struct bank *bank;
static struct rules rules;
static struct check check;
static int64_t now;

static void in_zone(const char *zone)
{
	ck_assert_int_eq(setenv("TZ", zone, 1), 0);
	tzset();
}

static int64_t at(const char *text)
{
	int64_t when;

	OK(when_parse(text, T0, &when, &error));
	return when;
}

static void setup(void)
{
	util_setup();
	in_zone("UTC");
	bank = util_bank();
	now = T0; /* 22 November 2026 */
	rules = (struct rules){.enforcement = ENFORCE_HOLD, .field = "GrpTRESMins", .tres = "cpu"};
	check = (struct check){.rules = &rules, .clock_ok = true};
	util_open_account(bank, now, "alice");
}

static void teardown(void)
{
	check_release(&check);
	bank_close(bank);
	util_teardown();
}

/* A check at that time, of the cluster "c1" with that usage; -1: it does not answer. Gives how many
 * entries it made. */
static uint64_t observe_when(int64_t time, int64_t usage)
{
	const struct observed row = {.account = "alice", .parent = "root", .usage = usage};
	const struct observation observation = {
		.cluster = "c1", .answered = usage >= 0, .time = time, .rows = &row, .count = 1};
	uint64_t before = util_head(bank).seq;

	now = time;
	check.observations = &observation;
	check.observation_count = 1;
	OK(bank_write(bank, now, check_plan, &check, &error));
	ck_assert_msg(util_verify(bank) == 0, "%s", util_problem);
	return util_head(bank).seq - before;
}

static uint64_t observe(int64_t usage)
{
	return observe_when(now + WHEN_SECOND, usage);
}

static uint64_t observe_at(const char *time, int64_t usage)
{
	return observe_when(at(time), usage);
}

/* Sums the amounts of the findings of that kind. */
static int64_t found(enum finding_kind kind)
{
	int64_t sum = 0;

	for (size_t i = 0; i < check.finding_count; i++)
		sum += check.findings[i].kind == kind ? check.findings[i].amount : 0;
	return sum;
}

static void set_terms(int64_t amount, enum every every, const char *start, int64_t carry,
		      int64_t forgive_below)
{
	util_append(bank, now,
		    &(struct event){.kind = EVENT_TERMS,
				    .account = "alice",
				    .field = "",
				    .tres = "",
				    .quota = amount,
				    .every = (uint8_t)every,
				    .start = start ? at(start) : 0,
				    .carry = carry,
				    .forgive_below = forgive_below});
}

static void monthly(int64_t amount)
{
	set_terms(amount, EVERY_MONTH, "2026-11-01", 0, 0);
}

/* The account has that many lots, and the last of them has this window and rest. */
static void last_lot(int line, size_t count, const char *start, const char *end, int64_t rest)
{
	struct account *account = util_account(bank, now, "alice");
	const struct lot *lot = &account->lots[account->lot_count - 1];
	char text[WHEN_TEXT_SIZE];

	ck_assert_msg(account->lot_count == count, "line %d: %zu lots", line, account->lot_count);
	ck_assert_msg(lot->start == at(start), "line %d: it starts at %s", line,
		      when_format_exact(text, lot->start));
	ck_assert_msg(lot->end == at(end), "line %d: it ends at %s", line,
		      when_format_exact(text, lot->end));
	ck_assert_int_eq(lot->rest, rest);
	account_free(account);
}

#define LAST_LOT(...) last_lot(__LINE__, __VA_ARGS__)

/* What can be spent, without the credit. */
#define AVAILABLE(expected) ck_assert_int_eq(util_available(bank, now, "alice"), expected)

static int64_t expired(void)
{
	struct account *account = util_account(bank, now, "alice");
	int64_t sum = account_sum(account->expired);

	account_free(account);
	return sum;
}

/* ---- once for each period ---- */

START_TEST(a_clock_that_jumped_ahead_brings_no_quota)
{
	const char *only[] = {"alice"};

	(void)observe(0);
	monthly(1000);
	(void)observe(0);
	now += 9 * WHEN_DAY;
	check.clock_ok = false;
	ck_assert_uint_eq(observe(0), 0);
	check.only = only;
	check.only_count = 1;
	check.settling = true;
	(void)observe(0);
	ck_assert_int_eq(found(FOUND_QUOTA), 0);
	check.clock_ok = true;
	(void)observe(0);
	ck_assert_int_eq(found(FOUND_QUOTA), 1000);
}
END_TEST

START_TEST(it_comes_once_at_the_start_of_its_period)
{
	(void)observe(0);
	monthly(1000);
	ck_assert_uint_eq(observe(0), 1);
	ck_assert_int_eq(found(FOUND_QUOTA), 1000);
	LAST_LOT(1, "2026-11-01", "2026-12-01", 1000);
	ck_assert_uint_eq(observe(0), 0);
	ck_assert_uint_eq(observe_at("2026-11-30T23:59:59", 0), 0);
	/* The new quota, and the rest of the old one expires. */
	ck_assert_uint_eq(observe_at("2026-12-01", 0), 2);
	ck_assert_int_eq(found(FOUND_EXPIRED), 1000);
	LAST_LOT(1, "2026-12-01", "2027-01-01", 1000);
	ck_assert_uint_eq(observe(0), 0);
	AVAILABLE(1000);
}
END_TEST

/* Not on the second day of each period, although that is near its end. */
START_TEST(a_notice_comes_in_the_last_quarter)
{
	rules.notice = 90 * WHEN_DAY;
	(void)observe_at("2026-12-01", 0);
	set_terms(1000, EVERY_MONTH, "2026-12-01", 0, 0);
	(void)observe_at("2026-12-02", 0);
	(void)observe_at("2026-12-24T05:59:59", 0);
	ck_assert_int_eq(found(FOUND_NOTICE), 0);
	(void)observe_at("2026-12-24T06:00", 0);
	ck_assert_int_eq(found(FOUND_NOTICE), 1000);
	(void)observe_at("2026-12-25", 0);
	ck_assert_int_eq(found(FOUND_NOTICE), 0);
	/* With money of another sort that ends then it comes at once. */
	(void)observe_at("2027-01-01", 0);
	util_append(bank, now,
		    &(struct event){.kind = EVENT_DEPOSIT,
				    .account = "alice",
				    .resource = RESOURCE_BILLING,
				    .amount = 5,
				    .start = now,
				    .end = at("2027-02-01")});
	(void)observe_at("2027-01-02T12:00", 0);
	ck_assert_int_eq(found(FOUND_NOTICE), 1005);
}
END_TEST

START_TEST(before_the_first_period_nothing_comes)
{
	(void)observe(0);
	set_terms(1000, EVERY_MONTH, "2027-01-31", 0, 0);
	ck_assert_uint_eq(observe_at("2027-01-30T23:59", 0), 0);
	(void)observe_at("2027-01-31", 0);
	LAST_LOT(1, "2027-01-31", "2027-02-28", 1000);
	(void)observe_at("2027-03-30", 0);
	LAST_LOT(1, "2027-02-28", "2027-03-31", 1000);
	(void)observe_at("2027-03-31", 0);
	LAST_LOT(1, "2027-03-31", "2027-04-30", 1000);
}
END_TEST

START_TEST(windows_follow_the_local_calendar)
{
	in_zone("Europe/Berlin");
	(void)observe(0);
	set_terms(1000, EVERY_MONTH, "2026-11-01", 0, 0);
	(void)observe_at("2027-03-31T23:59:59+02:00", 0);
	LAST_LOT(1, "2027-03-01T00:00:00+01:00", "2027-04-01T00:00:00+02:00", 1000);
	(void)observe_at("2027-04-01T00:00:00+02:00", 0);
	LAST_LOT(1, "2027-04-01T00:00:00+02:00", "2027-05-01T00:00:00+02:00", 1000);
}
END_TEST

/* Somebody runs a check by hand in another time zone: no period is lost, and none comes twice. */
START_TEST(a_check_in_another_zone_does_no_harm)
{
	(void)observe(0);
	in_zone("Europe/Berlin");
	set_terms(1000, EVERY_MONTH, "2026-11-01", 0, 0);
	(void)observe(0);
	for (int month = 0; month < 12; month++) {
		static const char *const zones[] = {"America/Los_Angeles", "Europe/Berlin",
						    "Asia/Tokyo", "UTC"};

		/* From 22 December on, in the middle of each period. */
		now += 30 * WHEN_DAY + 10 * HOUR;
		in_zone(zones[month % 4]);
		(void)observe(0);
		ck_assert_msg(found(FOUND_QUOTA) == 1000, "month %d", month);
		ck_assert_uint_eq(observe(0), 0);
		AVAILABLE(1000);
	}
}
END_TEST

START_TEST(a_day_that_the_calendar_lacks_brings_nothing)
{
	in_zone("Pacific/Apia");
	bank_close(bank);
	util_teardown();
	util_setup();
	bank = util_bank();
	now = at("2011-12-28T17:00");
	util_open_account(bank, now, "alice");
	set_terms(1000, EVERY_DAY, "2011-12-28", 1, 0);
	(void)observe(0);
	LAST_LOT(1, "2011-12-28", "2011-12-31", 1000);
	(void)observe_at("2011-12-31", 0);
	ck_assert_int_eq(found(FOUND_QUOTA), 2000);
}
END_TEST

/* ---- late ---- */

/* Use of two periods that had no check, then of the present one, by a reading in each. */
START_TEST(a_late_check_comes_to_the_same)
{
	static const char *const times[] = {"2026-12-20", "2027-01-20", "2027-02-20"};
	static const int64_t usages[] = {1500, 2800, 3500};
	int64_t left;

	(void)observe(0);
	monthly(1000);
	(void)observe(0);
	for (size_t i = 0; i < COUNT(times); i++)
		(void)observe_at(times[i], usages[i]);
	left = util_available(bank, now, "alice");
	ck_assert_int_eq(left, 500);
	ck_assert_int_eq(expired(), 0);
	teardown();
	setup();
	(void)observe(0);
	monthly(1000);
	(void)observe(0);
	/* One reading for all of it: each period pays its part. */
	(void)observe_at("2027-02-20", 3500);
	ck_assert_int_eq(found(FOUND_QUOTA), 3000);
	AVAILABLE(left);
	ck_assert_int_eq(expired(), 0);
}
END_TEST

/* The cluster is silent for longer: use of the period before may still be charged to it. */
START_TEST(use_of_a_period_is_charged_to_it_although_it_is_over)
{
	(void)observe(0);
	monthly(1000);
	(void)observe(0);
	(void)observe_at("2026-12-01", -1);
	ck_assert_int_eq(found(FOUND_QUOTA), 1000);
	ck_assert_int_eq(found(FOUND_EXPIRED), 0);
	(void)observe_at("2026-12-02", 1300);
	/* November's 1000 end first. */
	AVAILABLE(700);
	ck_assert_int_eq(expired(), 0);
}
END_TEST

START_TEST(an_account_opened_again_gets_the_present_period_alone)
{
	(void)observe(0);
	monthly(1000);
	(void)observe(0);
	(void)observe_at("2026-12-31", 0);
	util_append(bank, now, &(struct event){.kind = EVENT_CLOSE, .account = "alice"});
	(void)observe_at("2027-04-10", 0);
	util_append(bank, now, &(struct event){.kind = EVENT_OPEN, .account = "alice"});
	ck_assert_int_eq(found(FOUND_QUOTA), 0);
	(void)observe_at("2027-04-11", 0);
	ck_assert_int_eq(found(FOUND_QUOTA), 1000);
	LAST_LOT(1, "2027-04-01", "2027-05-01", 1000);
}
END_TEST

/* No use of the months before can still be charged. */
START_TEST(without_use_only_the_present_period_comes)
{
	monthly(1000);
	(void)observe_at("2027-02-10", -1);
	ck_assert_int_eq(found(FOUND_QUOTA), 1000);
	LAST_LOT(1, "2027-02-01", "2027-03-01", 1000);
}
END_TEST

START_TEST(a_closed_account_gets_nothing_for_that_time)
{
	(void)observe(0);
	monthly(1000);
	(void)observe(3000);
	AVAILABLE(-2000);
	util_append(bank, now, &(struct event){.kind = EVENT_CLOSE, .account = "alice"});
	ck_assert_int_eq((int64_t)observe_at("2026-12-10", 3000), 0);
	now = at("2027-03-10");
	util_append(bank, now, &(struct event){.kind = EVENT_OPEN, .account = "alice"});
	(void)observe(3000);
	ck_assert_int_eq(found(FOUND_QUOTA), 1000);
	AVAILABLE(-1000);
}
END_TEST

static void append_to(enum event_kind kind, const char *account)
{
	util_append(bank, now, &(struct event){.kind = kind, .account = account});
}

START_TEST(a_purse_of_a_closed_account_gets_nothing_for_that_time)
{
	const char *purse = "alice:gres/gpu";

	(void)observe(0);
	append_to(EVENT_OPEN, purse);
	util_append(bank, now,
		    &(struct event){.kind = EVENT_TERMS,
				    .account = purse,
				    .field = "",
				    .tres = "",
				    .quota = 1000,
				    .every = EVERY_MONTH,
				    .start = at("2026-11-01")});
	(void)observe(0);
	util_append(bank, now,
		    &(struct event){.kind = EVENT_FEE,
				    .account = purse,
				    .resource = "gres/gpu",
				    .amount = 6000,
				    .since = now - WHEN_SECOND,
				    .until = now});
	append_to(EVENT_CLOSE, "alice");
	(void)observe_at("2026-12-10", 0);
	ck_assert_int_eq(found(FOUND_QUOTA), 0);
	now = at("2027-03-10");
	append_to(EVENT_OPEN, "alice");
	(void)observe(0);
	ck_assert_int_eq(found(FOUND_QUOTA), 1000);
}
END_TEST

START_TEST(years_of_days_are_not_all_recorded)
{
	(void)observe(0);
	set_terms(10, EVERY_DAY, "2026-11-22", 0, 0);
	(void)observe(0);
	(void)observe_at("2036-11-22", 1);
	ck_assert_int_eq(found(FOUND_QUOTA), 3660);
	LAST_LOT(1, "2036-11-22", "2036-11-23", 10);
}
END_TEST

/* ---- carry, debt ---- */

START_TEST(what_is_left_is_carried_so_far)
{
	(void)observe(0);
	set_terms(1000, EVERY_MONTH, "2026-11-01", 1, 0);
	(void)observe(0);
	LAST_LOT(1, "2026-11-01", "2027-01-01", 1000);
	(void)observe_at("2026-12-01", 300);
	AVAILABLE(1700);
	(void)observe_at("2027-01-01", 300);
	ck_assert_int_eq(found(FOUND_EXPIRED), 700);
	AVAILABLE(2000);
}
END_TEST

START_TEST(use_of_the_old_period_is_charged_to_its_lot_first)
{
	(void)observe(0);
	monthly(1000);
	(void)observe(0);
	(void)observe_at("2026-11-30T23:00", 100);
	/* Of the 200, nobody knows which part was before midnight. */
	(void)observe_at("2026-12-01T01:00", 300);
	ck_assert_int_eq(found(FOUND_EXPIRED), 700);
	AVAILABLE(1000);
	(void)observe_at("2026-12-01T02:00", 400);
	AVAILABLE(900);
}
END_TEST

START_TEST(it_pays_debt_and_ends_a_hold)
{
	(void)observe(0);
	monthly(1000);
	(void)observe(1400);
	ck_assert_int_eq(found(FOUND_HOLD), -400);
	(void)observe_at("2026-12-01", 1400);
	ck_assert_int_eq(found(FOUND_RELEASE), 600);
	AVAILABLE(600);
}
END_TEST

/* A check in December would have paid 1000 of the 1400 then. */
START_TEST(a_period_that_is_over_still_pays_debt)
{
	(void)observe(0);
	monthly(1000);
	(void)observe(2400);
	AVAILABLE(-1400);
	(void)observe_at("2027-01-15", 2400);
	ck_assert_int_eq(found(FOUND_QUOTA), 2000);
	AVAILABLE(600);
	ck_assert_int_eq(expired(), 0);
}
END_TEST

/* An entry was settled while the clock was not trusted: the use was charged, without a quota. */
START_TEST(a_period_whose_use_is_all_charged_still_pays_debt)
{
	const char *only[] = {"alice"};

	(void)observe(0);
	monthly(1000);
	(void)observe(0);
	check.only = only;
	check.only_count = 1;
	check.settling = true;
	check.clock_ok = false;
	(void)observe_at("2027-01-15", 2400);
	AVAILABLE(-1400);
	check.clock_ok = true;
	(void)observe(2400);
	ck_assert_int_eq(found(FOUND_QUOTA), 2000);
	AVAILABLE(600);
}
END_TEST

START_TEST(small_debt_is_forgiven_and_larger_debt_is_not)
{
	struct account *account;

	(void)observe(0);
	set_terms(1000, EVERY_MONTH, "2026-11-01", 0, 50);
	(void)observe(1050);
	AVAILABLE(-50);
	(void)observe_at("2026-12-01", 1050);
	ck_assert_int_eq(found(FOUND_FORGIVEN), 50);
	AVAILABLE(1000);
	account = util_account(bank, now, "alice");
	ck_assert_int_eq(account_sum(account->forgiven), 50);
	account_free(account);
	(void)observe_at("2026-12-02", 1050 + 1051);
	(void)observe_at("2027-01-01", 1050 + 1051);
	ck_assert_int_eq(found(FOUND_FORGIVEN), 0);
	AVAILABLE(949);
}
END_TEST

/* Debt of the new period is not that of the old one. */
START_TEST(use_of_the_new_period_is_never_forgiven)
{
	(void)observe(0);
	set_terms(1000, EVERY_MONTH, "2026-11-01", 0, 50);
	(void)observe(1000);
	(void)observe_at("2026-12-01", 1000);
	(void)observe_at("2026-12-02", 1030);
	(void)observe_at("2027-01-01T01:00", 1030);
	ck_assert_int_eq(found(FOUND_FORGIVEN), 0);
	AVAILABLE(1000);
}
END_TEST

/* ---- other terms ---- */

START_TEST(a_new_amount_counts_from_the_next_period_on)
{
	(void)observe(0);
	monthly(1000);
	(void)observe(0);
	monthly(3000);
	ck_assert_uint_eq(observe(0), 0);
	(void)observe_at("2026-12-01", 0);
	AVAILABLE(3000);
	/* Off and on again. */
	set_terms(0, EVERY_NONE, NULL, 0, 0);
	monthly(5000);
	(void)observe(0);
	AVAILABLE(3000);
	set_terms(0, EVERY_NONE, NULL, 0, 0);
	(void)observe_at("2027-01-01", 0);
	ck_assert_int_eq(found(FOUND_QUOTA), 0);
	AVAILABLE(0);
}
END_TEST

START_TEST(another_period_gives_no_time_a_second_quota)
{
	(void)observe(0);
	monthly(1000);
	(void)observe(0);
	/* Most of the week from 30 November is after the month. */
	set_terms(70, EVERY_WEEK, "2026-11-16", 0, 0);
	ck_assert_uint_eq(observe_at("2026-11-30", 0), 0);
	(void)observe_at("2026-12-01", 0);
	LAST_LOT(1, "2026-12-01", "2026-12-07", 70);
	(void)observe_at("2026-12-21", 0);
	LAST_LOT(1, "2026-12-21", "2026-12-28", 70);
	/* Most of December had one. */
	monthly(1000);
	ck_assert_uint_eq(observe_at("2026-12-27", 0), 0);
	(void)observe_at("2026-12-31", 0);
	ck_assert_int_eq(found(FOUND_QUOTA), 0);
	(void)observe_at("2027-01-01", 0);
	LAST_LOT(1, "2027-01-01", "2027-02-01", 1000);
}
END_TEST

/* The whole quota of the present period, and nothing for those before. */
START_TEST(a_start_in_the_past_brings_the_present_period_alone)
{
	(void)observe(0);
	set_terms(1000, EVERY_MONTH, "2020-01-15", 0, 0);
	(void)observe(0);
	ck_assert_int_eq(found(FOUND_QUOTA), 1000);
	LAST_LOT(1, "2026-11-15", "2026-12-15", 1000);
}
END_TEST

START_TEST(a_quota_past_int64_keeps_nobody_else_waiting)
{
	(void)observe(0);
	util_deposit(bank, now, "alice", INT64_MAX / 2);
	monthly(INT64_MAX / 2 + 2);
	(void)observe(60);
	ck_assert_int_eq(found(FOUND_NO_QUOTA), INT64_MAX / 2 + 2);
	ck_assert_int_eq(check.problems, 1);
	ck_assert_int_eq(found(FOUND_CHARGE), 60);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("quota");
	TCase *tcase = tcase_create("quota");

	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_clock_that_jumped_ahead_brings_no_quota);
	tcase_add_test(tcase, it_comes_once_at_the_start_of_its_period);
	tcase_add_test(tcase, a_notice_comes_in_the_last_quarter);
	tcase_add_test(tcase, before_the_first_period_nothing_comes);
	tcase_add_test(tcase, windows_follow_the_local_calendar);
	tcase_add_test(tcase, a_check_in_another_zone_does_no_harm);
	tcase_add_test(tcase, a_day_that_the_calendar_lacks_brings_nothing);
	tcase_add_test(tcase, a_late_check_comes_to_the_same);
	tcase_add_test(tcase, use_of_a_period_is_charged_to_it_although_it_is_over);
	tcase_add_test(tcase, an_account_opened_again_gets_the_present_period_alone);
	tcase_add_test(tcase, without_use_only_the_present_period_comes);
	tcase_add_test(tcase, a_closed_account_gets_nothing_for_that_time);
	tcase_add_test(tcase, a_purse_of_a_closed_account_gets_nothing_for_that_time);
	tcase_add_test(tcase, years_of_days_are_not_all_recorded);
	tcase_add_test(tcase, what_is_left_is_carried_so_far);
	tcase_add_test(tcase, use_of_the_old_period_is_charged_to_its_lot_first);
	tcase_add_test(tcase, it_pays_debt_and_ends_a_hold);
	tcase_add_test(tcase, a_period_that_is_over_still_pays_debt);
	tcase_add_test(tcase, a_period_whose_use_is_all_charged_still_pays_debt);
	tcase_add_test(tcase, small_debt_is_forgiven_and_larger_debt_is_not);
	tcase_add_test(tcase, use_of_the_new_period_is_never_forgiven);
	tcase_add_test(tcase, a_new_amount_counts_from_the_next_period_on);
	tcase_add_test(tcase, another_period_gives_no_time_a_second_quota);
	tcase_add_test(tcase, a_start_in_the_past_brings_the_present_period_alone);
	tcase_add_test(tcase, a_quota_past_int64_keeps_nobody_else_waiting);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
