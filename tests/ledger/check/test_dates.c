/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What time and use bring: windows that end, thresholds, notices. On real books with made-up
 * observations. */
#include <inttypes.h>

#include "ledger/check/check.h"
#include "tests/util.h"

static struct bank *bank;
static struct rules rules;
static struct check check;
static int64_t now;

static void setup(void)
{
	util_setup();
	bank = util_bank();
	now = T0;
	rules = (struct rules){.enforcement = ENFORCE_HOLD,
			       .field = "GrpTRESMins",
			       .tres = "cpu",
			       .thresholds = {{60, 90}, 2},
			       .notice = 90 * WHEN_DAY};
	check = (struct check){.rules = &rules, .clock_ok = true};
	util_open_account(bank, now, "alice");
}

static void teardown(void)
{
	check_release(&check);
	bank_close(bank);
	util_teardown();
}

/* A check at [now], of clusters "c1" and "c2" that show alice so; -1: it does not answer, -2: it
 * answers without her. Gives how many entries it made. */
static uint64_t observe_both(int64_t usage1, int64_t usage2)
{
	int64_t usages[] = {usage1, usage2};
	struct observed rows[2];
	struct observation observations[2];
	uint64_t before = util_head(bank).seq;

	for (size_t i = 0; i < 2; i++) {
		rows[i] =
			(struct observed){.account = "alice", .parent = "root", .usage = usages[i]};
		observations[i] = (struct observation){.cluster = i ? "c2" : "c1",
						       .answered = usages[i] != -1,
						       .time = now,
						       .rows = &rows[i],
						       .count = usages[i] >= 0};
	}
	check.observations = observations;
	check.observation_count = 2;
	OK(bank_write(bank, now, check_plan, &check, &error));
	ck_assert_int_eq(util_verify(bank), 0);
	return util_head(bank).seq - before;
}

static uint64_t observe(int64_t usage)
{
	return observe_both(usage, 0);
}

static size_t found(enum finding_kind kind, int64_t amount)
{
	size_t count = 0;

	for (size_t i = 0; i < check.finding_count; i++)
		count += check.findings[i].kind == kind && check.findings[i].amount == amount;
	return count;
}

static uint64_t deposit(int64_t amount, int64_t start, int64_t end)
{
	return util_append(bank, now,
			   &(struct event){.kind = EVENT_DEPOSIT,
					   .account = "alice",
					   .resource = RESOURCE_BILLING,
					   .amount = amount,
					   .start = start,
					   .end = end});
}

static int64_t available(void)
{
	return util_available(bank, now, "alice");
}

static __int128 expired(void)
{
	struct account *account = util_account(bank, now, "alice");
	__int128 sum = account->expired;

	account_free(account);
	return sum;
}

/* ---- expiry ---- */

/* Gone from the end on, to the microsecond, before any check; the check records it. */
START_TEST(a_window_ends_at_its_end)
{
	int64_t end = T0 + 10 * HOUR;

	rules.notice = 0;
	(void)observe(0);
	deposit(100, T0, end);
	now = end - 1;
	ck_assert_uint_eq(observe(0), 0);
	ck_assert_int_eq(available(), 100);
	now = end;
	ck_assert_int_eq(available(), 0);
	/* And the hold: nothing is left. */
	ck_assert_uint_eq(observe(0), 4);
	ck_assert_uint_eq(found(FOUND_EXPIRED, 100), 1);
	ck_assert_int_eq((int64_t)expired(), 100);
	now++;
	ck_assert_uint_eq(observe(0), 0);
}
END_TEST

START_TEST(use_before_the_end_is_charged_to_it_first)
{
	(void)observe(0);
	deposit(100, T0, T0 + 10 * HOUR);
	deposit(100, T0, WHEN_NEVER);
	now = T0 + 9 * HOUR;
	(void)observe(10);
	now = T0 + 20 * HOUR;
	(void)observe(60);
	ck_assert_uint_eq(found(FOUND_EXPIRED, 40), 1);
	ck_assert_int_eq(available(), 100);
}
END_TEST

START_TEST(a_silent_cluster_delays_it_without_a_word)
{
	rules.notice = 0;
	(void)observe_both(0, 0);
	deposit(100, T0, T0 + HOUR);
	deposit(100, T0, WHEN_NEVER);
	for (int i = 0; i < 3; i++) {
		now = T0 + HOUR + i;
		ck_assert_uint_eq(observe_both(0, -1), 0);
		ck_assert_uint_eq(check.finding_count, 0);
		ck_assert_int_eq(available(), 100);
	}
	/* It had used some before the end. */
	now += HOUR;
	(void)observe_both(0, 30);
	ck_assert_uint_eq(found(FOUND_EXPIRED, 70), 1);
	ck_assert_int_eq(available(), 100);
}
END_TEST

/* Read at the end itself is enough, a moment before it is not. */
START_TEST(a_reading_at_the_end_is_late_enough)
{
	int64_t end = T0 + HOUR;

	rules.notice = 0;
	(void)observe_both(0, 0);
	deposit(100, T0, end);
	deposit(100, T0, WHEN_NEVER);
	now = end - 1;
	(void)observe_both(0, 0);
	now = end + HOUR;
	ck_assert_uint_eq(observe_both(-1, 0), 0);
	now = end - 1 + 2 * HOUR;
	ck_assert_uint_eq(observe_both(0, -1), 1);
	ck_assert_uint_eq(found(FOUND_EXPIRED, 100), 1);
}
END_TEST

START_TEST(a_cluster_without_the_account_delays_nothing)
{
	rules.notice = 0;
	(void)observe_both(50, 70);
	deposit(100, T0, T0 + HOUR);
	deposit(100, T0, WHEN_NEVER);
	now = T0 + 2 * HOUR;
	ck_assert_uint_eq(observe_both(50, -2), 1);
	ck_assert_uint_eq(found(FOUND_EXPIRED, 100), 1);
}
END_TEST

/* A cluster that is gone is not waited for; one that is not observed this time is. */
START_TEST(a_cluster_gone_from_the_settings_delays_nothing)
{
	struct observed row = {.account = "alice", .parent = "root"};
	struct observation observation = {
		.cluster = "c1", .answered = true, .rows = &row, .count = 1};

	rules.notice = 0;
	(void)observe_both(0, 0);
	deposit(100, T0, T0 + HOUR);
	deposit(100, T0, WHEN_NEVER);
	observation.time = now = T0 + 2 * HOUR;
	check.observations = &observation;
	check.observation_count = 1;
	OK(bank_write(bank, now, check_plan, &check, &error));
	ck_assert_uint_eq(check.finding_count, 0);
	check.all_clusters = true;
	OK(bank_write(bank, now, check_plan, &check, &error));
	ck_assert_uint_eq(found(FOUND_EXPIRED, 100), 1);
	ck_assert_int_eq(util_verify(bank), 0);
}
END_TEST

START_TEST(lots_with_one_end_expire_in_one_entry)
{
	rules.notice = 0;
	(void)observe(0);
	deposit(10, T0, T0 + HOUR);
	deposit(20, T0, T0 + HOUR);
	deposit(40, T0, T0 + 2 * HOUR);
	deposit(80, T0, WHEN_NEVER);
	now = T0 + 3 * HOUR;
	ck_assert_uint_eq(observe(0), 2);
	ck_assert_uint_eq(found(FOUND_EXPIRED, 30), 1);
	ck_assert_uint_eq(found(FOUND_EXPIRED, 40), 1);
	ck_assert_int_eq(available(), 80);
}
END_TEST

/* A closed account's money ends too; a lot that never began as well. */
START_TEST(whatever_the_account_is_windows_end)
{
	rules.notice = 0;
	(void)observe(0);
	deposit(10, T0 + HOUR, T0 + 2 * HOUR);
	util_append(bank, now, &(struct event){.kind = EVENT_CLOSE, .account = "alice"});
	now = T0 + 3 * HOUR;
	(void)observe(0);
	ck_assert_uint_eq(found(FOUND_EXPIRED, 10), 1);
}
END_TEST

/* A clock that jumped ahead must not take anybody's money: neither with all accounts nor with
 * one. */
START_TEST(a_clock_that_jumped_ahead_lets_nothing_expire)
{
	const char *only[] = {"alice"};

	rules.notice = 0;
	(void)observe(0);
	deposit(10, T0, T0 + WHEN_DAY);
	now = T0 + 7 * WHEN_DAY + 1;
	check.clock_ok = false;
	ck_assert_uint_eq(observe(0), 0);
	check.only = only;
	check.only_count = 1;
	(void)observe(0);
	ck_assert_uint_eq(found(FOUND_EXPIRED, 10), 0);
	ck_assert_int_eq((int64_t)expired(), 0);
	check.clock_ok = true;
	(void)observe(0);
	ck_assert_int_eq((int64_t)expired(), 10);
}
END_TEST

/* Back by a minute it takes the newest entry's time, and nothing is recorded twice. */
START_TEST(a_clock_that_goes_back_changes_nothing)
{
	(void)observe(0);
	deposit(100, T0, T0 + HOUR);
	deposit(100, T0, WHEN_NEVER);
	now = T0 + HOUR;
	(void)observe(60);
	ck_assert_int_eq((int64_t)expired(), 40);
	now -= 30 * WHEN_SECOND;
	ck_assert_uint_eq(observe(60), 0);
	ck_assert_int_eq(available(), 100);
	now -= 60 * WHEN_SECOND;
	FAILS(SB_EREFUSED, "clock", bank_write(bank, now, check_plan, &check, &error));
}
END_TEST

/* ---- thresholds ---- */

START_TEST(a_threshold_is_crossed_when_reached)
{
	(void)observe(0);
	deposit(1000, T0, WHEN_NEVER);
	now += HOUR;
	ck_assert_uint_eq(observe(599), 1);
	now += HOUR;
	ck_assert_uint_eq(observe(600), 2);
	ck_assert_uint_eq(found(FOUND_THRESHOLD, 60), 1);
	now += HOUR;
	ck_assert_uint_eq(observe(600), 0);
	now += HOUR;
	ck_assert_uint_eq(observe(899), 1);
	now += HOUR;
	ck_assert_uint_eq(observe(901), 2);
	ck_assert_uint_eq(found(FOUND_THRESHOLD, 90), 1);
}
END_TEST

/* The predecessor's elif chain kept the higher one alone. */
START_TEST(predecessor_25_every_threshold_of_a_step_is_entered)
{
	(void)observe(0);
	deposit(1000, T0, WHEN_NEVER);
	now += HOUR;
	ck_assert_uint_eq(observe(950), 3);
	ck_assert_uint_eq(found(FOUND_THRESHOLD, 60), 1);
	ck_assert_uint_eq(found(FOUND_THRESHOLD, 90), 1);
	ck_assert_int_eq(check.findings[1].amount, 60);
	ck_assert_int_eq(check.findings[1].before, 950);
	ck_assert_int_eq(check.findings[1].now, 1000);
	ck_assert_uint_lt(check.findings[1].seq, check.findings[2].seq);
}
END_TEST

/* Its flags stayed when the use fell. */
START_TEST(predecessor_25_below_a_threshold_it_counts_again)
{
	(void)observe(0);
	deposit(1000, T0, WHEN_NEVER);
	now += HOUR;
	(void)observe(900);
	/* 45 %, then 60 % again; then 899 of 1500 is not 60 %. */
	deposit(1000, now, WHEN_NEVER);
	now += HOUR;
	ck_assert_uint_eq(observe(900), 0);
	now += HOUR;
	ck_assert_uint_eq(observe(1200), 2);
	ck_assert_uint_eq(found(FOUND_THRESHOLD, 60), 1);
	/* At the very threshold it is not below. */
	now += HOUR;
	ck_assert_uint_eq(observe(1200), 0);
	deposit(1, now, WHEN_NEVER);
	util_append(bank, now,
		    &(struct event){.kind = EVENT_WITHDRAW,
				    .account = "alice",
				    .resource = RESOURCE_BILLING,
				    .amount = 1});
	now += HOUR;
	ck_assert_uint_eq(observe(1200), 1);
	ck_assert_uint_eq(found(FOUND_THRESHOLD, 60), 1);
}
END_TEST

START_TEST(nothing_allocated_crosses_nothing)
{
	(void)observe(0);
	now += HOUR;
	ck_assert_uint_eq(observe(50), 4); /* charge, hold, a lever on each cluster */
	ck_assert_uint_eq(found(FOUND_THRESHOLD, 60), 0);
	/* Renewed: the old window's crossings do not count in the new one. */
	deposit(100, now, now + HOUR);
	now += HOUR - 1;
	(void)observe(50);
	now += 1;
	(void)observe(95);
	deposit(100, now, WHEN_NEVER);
	now += HOUR;
	(void)observe(155);
	ck_assert_uint_eq(found(FOUND_THRESHOLD, 60), 1);
}
END_TEST

START_TEST(use_past_the_allocation_reaches_higher_thresholds)
{
	rules.thresholds = (struct thresholds){{1, 100, 1000}, 3};
	(void)observe(0);
	deposit(10, T0, WHEN_NEVER);
	now += HOUR;
	(void)observe(99);
	ck_assert_uint_eq(found(FOUND_THRESHOLD, 100), 1);
	ck_assert_uint_eq(found(FOUND_THRESHOLD, 1000), 0);
	now += HOUR;
	(void)observe(100);
	ck_assert_uint_eq(found(FOUND_THRESHOLD, 1000), 1);
	ck_assert_uint_eq(found(FOUND_THRESHOLD, 100), 0);
}
END_TEST

/* Amounts whose hundredfold leaves int64. */
START_TEST(percentages_do_not_overflow)
{
	const int64_t much = INT64_MAX / 4;

	(void)observe(0);
	deposit(much, T0, WHEN_NEVER);
	now += HOUR;
	(void)observe(much / 5 * 3 - 3);
	ck_assert_uint_eq(found(FOUND_THRESHOLD, 60), 0);
	now += HOUR;
	(void)observe(much / 5 * 3 + 3);
	ck_assert_uint_eq(found(FOUND_THRESHOLD, 60), 1);
}
END_TEST

/* ---- notices ---- */

START_TEST(a_notice_comes_once_when_the_end_is_near)
{
	int64_t end = T0 + 365 * WHEN_DAY;

	(void)observe(0);
	deposit(100, T0, end);
	now = end - 90 * WHEN_DAY - 1;
	ck_assert_uint_eq(observe(0), 0);
	now++;
	ck_assert_uint_eq(observe(0), 1);
	ck_assert_uint_eq(found(FOUND_NOTICE, 100), 1);
	for (int i = 0; i < 3; i++) {
		now += 30 * WHEN_DAY - 1;
		ck_assert_uint_eq(observe(0), 0);
	}
}
END_TEST

/* Its check had to run on the very day. */
START_TEST(predecessor_24_a_late_check_still_warns_once)
{
	int64_t end = T0 + 365 * WHEN_DAY;

	(void)observe(0);
	deposit(100, T0, end);
	deposit(100, T0, WHEN_NEVER);
	now = end - 1;
	ck_assert_uint_eq(observe(30), 2);
	ck_assert_uint_eq(found(FOUND_NOTICE, 70), 1);
	/* Too late it is no notice. */
	deposit(100, T0, end + HOUR);
	now = end + HOUR;
	ck_assert_uint_eq(observe(30), 2);
	ck_assert_uint_eq(found(FOUND_NOTICE, 100), 0);
}
END_TEST

START_TEST(one_notice_tells_of_all_that_ends_then)
{
	int64_t end = T0 + 30 * WHEN_DAY;

	(void)observe(0);
	deposit(100, T0, end);
	deposit(10, T0, end);
	deposit(1, T0 + 5 * WHEN_DAY, end);
	deposit(1000, T0, end + 1);
	now += WHEN_DAY;
	ck_assert_uint_eq(observe(0), 2);
	ck_assert_uint_eq(found(FOUND_NOTICE, 111), 1);
	ck_assert_uint_eq(found(FOUND_NOTICE, 1000), 1);
	/* A notice was given for the same end. */
	deposit(100, T0, end);
	now += HOUR;
	ck_assert_uint_eq(observe(0), 0);
	/* There was none for another end. */
	deposit(100, T0, end + 2);
	now += WHEN_DAY;
	ck_assert_uint_eq(observe(0), 1);
}
END_TEST

/* A deposit a moment ago needs no notice of its end. */
START_TEST(a_deposit_gives_no_notice_on_its_day)
{
	(void)observe(0);
	now = T0 + HOUR;
	deposit(100, now, T0 + 30 * WHEN_DAY);
	now += WHEN_DAY - 1;
	ck_assert_uint_eq(observe(0), 0);
	/* Beside what is older it does not count as new. */
	deposit(10, now, T0 + 30 * WHEN_DAY);
	now += 1;
	ck_assert_uint_eq(observe(0), 1);
	ck_assert_uint_eq(found(FOUND_NOTICE, 110), 1);
	/* What ends on the same day ends without. */
	deposit(5, now, now + HOUR);
	now += 2 * HOUR;
	ck_assert_uint_eq(observe(0), 1);
	ck_assert_uint_eq(found(FOUND_EXPIRED, 5), 1);
}
END_TEST

START_TEST(nothing_left_and_nothing_asked_give_no_notice)
{
	(void)observe(0);
	deposit(100, T0, T0 + 30 * WHEN_DAY);
	deposit(100, T0, WHEN_NEVER);
	rules.notice = 0;
	rules.thresholds.count = 0;
	now += HOUR;
	ck_assert_uint_eq(observe(0), 0);
	now += HOUR;
	ck_assert_uint_eq(observe(100), 1);
	rules.notice = 90 * WHEN_DAY;
	now += HOUR;
	ck_assert_uint_eq(observe(100), 0);
}
END_TEST

/* A dry run is the same transaction, aborted. */
static int plan_dry(struct books *books, void *ctx, struct sb_error *err)
{
	int rc = check_plan(books, ctx, err);

	return rc ? rc : STORE_ABORT;
}

START_TEST(a_dry_run_says_it_and_enters_nothing)
{
	uint64_t head;

	(void)observe(0);
	deposit(100, T0, T0 + HOUR);
	deposit(100, T0, T0 + 2 * WHEN_DAY);
	now = T0 + WHEN_DAY;
	head = util_head(bank).seq;
	check.observation_count = 0;
	/* No cluster was read since: nothing expires. */
	OK(bank_write(bank, now, plan_dry, &check, &error));
	ck_assert_uint_eq(found(FOUND_EXPIRED, 100), 0);
	ck_assert_uint_eq(found(FOUND_NOTICE, 100), 1);
	ck_assert_uint_eq(util_head(bank).seq, head);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dates");
	TCase *tcase = tcase_create("dates");

	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_window_ends_at_its_end);
	tcase_add_test(tcase, use_before_the_end_is_charged_to_it_first);
	tcase_add_test(tcase, a_silent_cluster_delays_it_without_a_word);
	tcase_add_test(tcase, a_reading_at_the_end_is_late_enough);
	tcase_add_test(tcase, a_cluster_without_the_account_delays_nothing);
	tcase_add_test(tcase, a_cluster_gone_from_the_settings_delays_nothing);
	tcase_add_test(tcase, lots_with_one_end_expire_in_one_entry);
	tcase_add_test(tcase, whatever_the_account_is_windows_end);
	tcase_add_test(tcase, a_clock_that_jumped_ahead_lets_nothing_expire);
	tcase_add_test(tcase, a_clock_that_goes_back_changes_nothing);
	tcase_add_test(tcase, a_threshold_is_crossed_when_reached);
	tcase_add_test(tcase, predecessor_25_every_threshold_of_a_step_is_entered);
	tcase_add_test(tcase, predecessor_25_below_a_threshold_it_counts_again);
	tcase_add_test(tcase, nothing_allocated_crosses_nothing);
	tcase_add_test(tcase, use_past_the_allocation_reaches_higher_thresholds);
	tcase_add_test(tcase, percentages_do_not_overflow);
	tcase_add_test(tcase, a_notice_comes_once_when_the_end_is_near);
	tcase_add_test(tcase, predecessor_24_a_late_check_still_warns_once);
	tcase_add_test(tcase, one_notice_tells_of_all_that_ends_then);
	tcase_add_test(tcase, a_deposit_gives_no_notice_on_its_day);
	tcase_add_test(tcase, nothing_left_and_nothing_asked_give_no_notice);
	tcase_add_test(tcase, a_dry_run_says_it_and_enters_nothing);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
