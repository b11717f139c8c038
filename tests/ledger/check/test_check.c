/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The check on real books with made-up observations. */
#include <inttypes.h>
#include <nettle/sha2.h>

#include "ledger/books/journal.h"
#include "ledger/check/check.h"
#include "ledger/check/jobs.h"
#include "tests/util.h"

enum { NO_LIMIT = -1 };

static struct bank *bank;
static struct rules rules;
static struct check check;
static int64_t now;

static void setup(void)
{
	util_setup();
	bank = util_bank();
	now = T0;
	rules = (struct rules){.enforcement = ENFORCE_HOLD, .field = "GrpTRESMins", .tres = "cpu"};
	check = (struct check){.rules = &rules, .all_clusters = true};
}

static void teardown(void)
{
	check_release(&check);
	bank_close(bank);
	util_teardown();
}

/* Runs a check at [now]. Returns how many entries it made. */
static uint64_t run(const struct observation *observations, size_t count)
{
	uint64_t before = util_head(bank).seq;

	check.observations = observations;
	check.observation_count = count;
	OK(bank_write(bank, now, check_plan, &check, &error));
	ck_assert_uint_eq(check.head.seq, util_head(bank).seq);
	ck_assert_int_eq(util_verify(bank), 0);
	return check.head.seq - before;
}

/* A row with the lever at [limit]. */
static struct observed show(const char *account, int64_t usage, int64_t limit)
{
	static struct limit limits[8];
	static size_t next;
	struct limit *cpu = &limits[next++ % COUNT(limits)];

	*cpu = (struct limit){"GrpTRESMins", "cpu", limit};
	return (struct observed){.account = account,
				 .parent = "root",
				 .usage = usage,
				 .minutes = usage / 60,
				 .limits = cpu,
				 .limit_count = limit >= 0};
}

/* Checks with one cluster, "c1", that shows alice so; [usage] -1: without her. */
static uint64_t observe(int64_t usage, int64_t limit)
{
	struct observed row = show("alice", usage, limit);
	struct observation observation = {.cluster = "c1",
					  .answered = true,
					  .time = now += HOUR,
					  .rows = &row,
					  .count = usage >= 0};

	return run(&observation, 1);
}

static uint64_t observe_silence(void)
{
	struct observation observation = {.cluster = "c1", .time = now += HOUR};

	return run(&observation, 1);
}

static const struct finding *found(enum finding_kind kind)
{
	for (size_t i = 0; i < check.finding_count; i++) {
		if (check.findings[i].kind == kind)
			return &check.findings[i];
	}
	return NULL;
}

static size_t count_found(enum finding_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < check.finding_count; i++)
		count += check.findings[i].kind == kind;
	return count;
}

/* alice is open, with 100 billing-seconds, and was read at 1000. */
static void open_alice(void)
{
	util_open_account(bank, now, "alice");
	util_deposit(bank, now, "alice", 100);
	(void)observe(1000, NO_LIMIT);
	ck_assert_int_eq(check.problems, 0);
}

static void finish(enum outcome outcome, const char *reason)
{
	struct task_outcome outcomes[8];
	struct task_outcomes all = {.list = outcomes, .count = check.task_count};

	ck_assert_uint_le(check.task_count, COUNT(outcomes));
	for (size_t i = 0; i < check.task_count; i++)
		outcomes[i] = (struct task_outcome){
			.task = &check.tasks[i], .outcome = outcome, .reason = reason};
	OK(bank_write(bank, now, check_record_outcomes, &all, &error));
	ck_assert_uint_eq(all.head.seq, util_head(bank).seq);
	ck_assert_int_eq(util_verify(bank), 0);
}

static void append(enum event_kind kind, uint8_t cause, int64_t until)
{
	util_append(
		bank, now,
		&(struct event){.kind = kind, .account = "alice", .cause = cause, .until = until});
}

static bool held(void)
{
	struct account *account = util_account(bank, now, "alice");
	bool result = account_held(account);

	account_free(account);
	return result;
}

static int64_t available(void)
{
	return util_available(bank, now, "alice");
}

/* The value of the only task, which "Slurm" shows next. */
static int64_t the_task(void)
{
	ck_assert_uint_eq(check.task_count, 1);
	ck_assert_str_eq(check.tasks[0].account, "alice");
	ck_assert_str_eq(check.tasks[0].slurm_account, "alice");
	ck_assert_str_eq(check.tasks[0].cluster, "c1");
	ck_assert_str_eq(check.tasks[0].field, "GrpTRESMins");
	ck_assert_str_eq(check.tasks[0].tres, "cpu");
	return check.tasks[0].value;
}

START_TEST(a_reading_that_went_down_charges_nothing)
{
	open_alice();
	ck_assert_uint_eq(observe(1040, NO_LIMIT), 1);
	ck_assert_uint_eq(observe(500, NO_LIMIT), 1);
	ck_assert_ptr_null(found(FOUND_CHARGE));
	ck_assert_ptr_nonnull(found(FOUND_WENT_DOWN));
	ck_assert_int_eq(found(FOUND_WENT_DOWN)->before, 1040);
	ck_assert_int_eq(found(FOUND_WENT_DOWN)->now, 500);
	ck_assert_int_eq(check.problems, 1);
	ck_assert_int_eq(available(), 60);
	/* Once, and counting goes on from there. */
	ck_assert_uint_eq(observe(500, NO_LIMIT), 0);
	ck_assert_int_eq(check.problems, 0);
	ck_assert_uint_eq(observe(510, NO_LIMIT), 1);
	ck_assert_int_eq(available(), 50);
	ck_assert_uint_eq(observe(0, NO_LIMIT), 1);
	ck_assert_int_eq(available(), 50);
}
END_TEST

START_TEST(a_cluster_that_does_not_answer_is_not_zero_use)
{
	open_alice();
	ck_assert_uint_eq(observe(1040, NO_LIMIT), 1);
	ck_assert_uint_eq(observe_silence(), 0);
	ck_assert_uint_eq(observe_silence(), 0);
	ck_assert_uint_eq(check.finding_count, 0);
	ck_assert_int_eq(available(), 60);
	/* The gap is charged once. */
	ck_assert_uint_eq(observe(1070, NO_LIMIT), 1);
	ck_assert_int_eq(found(FOUND_CHARGE)->amount, 30);
	ck_assert_int_eq(available(), 30);
	ck_assert_uint_eq(observe(1070, NO_LIMIT), 0);
}
END_TEST

/* One unreachable cluster aborted the predecessor's whole run. */
START_TEST(predecessor_06_other_clusters_are_done)
{
	struct observed row = show("alice", 0, NO_LIMIT);
	struct observation both[] = {
		{.cluster = "c1", .answered = true, .rows = &row, .count = 1},
		{.cluster = "c2", .answered = true, .rows = &row, .count = 1},
	};

	util_open_account(bank, now, "alice");
	util_deposit(bank, now, "alice", 100);
	both[0].time = both[1].time = now += HOUR;
	ck_assert_uint_eq(run(both, 2), 2);
	row.usage = 100;
	both[0].answered = false;
	both[0].time = both[1].time = now += HOUR;
	/* The charge of c2, the hold and its lever there; c1 waits. */
	ck_assert_uint_eq(run(both, 2), 3);
	ck_assert(held());
	ck_assert_uint_eq(check.task_count, 1);
	ck_assert_str_eq(check.tasks[0].cluster, "c2");
	ck_assert_ptr_nonnull(found(FOUND_UNSETTLED));
	ck_assert_str_eq(found(FOUND_UNSETTLED)->cluster, "c1");
	ck_assert_int_eq(check.problems, 1);
	finish(OUTCOME_DONE, "");
	both[0].answered = true;
	both[0].time = both[1].time = now += HOUR;
	row = show("alice", row.usage, 0);
	row.usage = 100;
	ck_assert_uint_eq(run(both, 2), 1);
	ck_assert_int_eq(available(), -100);
}
END_TEST

START_TEST(an_account_that_vanished_is_reported_once)
{
	open_alice();
	ck_assert_uint_eq(observe(-1, NO_LIMIT), 0);
	ck_assert_uint_eq(count_found(FOUND_VANISHED), 1);
	ck_assert_int_eq(found(FOUND_VANISHED)->before, 1000);
	ck_assert_int_eq(check.problems, 1);
	ck_assert_uint_eq(observe(-1, NO_LIMIT), 0);
	ck_assert_uint_eq(check.finding_count, 0);
	/* It keeps its reading; back again, it may vanish again. */
	ck_assert_uint_eq(observe(1010, NO_LIMIT), 1);
	ck_assert_int_eq(available(), 90);
	ck_assert_uint_eq(observe(-1, NO_LIMIT), 0);
	ck_assert_uint_eq(count_found(FOUND_VANISHED), 1);
}
END_TEST

START_TEST(an_account_that_was_never_there_is_no_finding)
{
	util_open_account(bank, now, "alice");
	util_deposit(bank, now, "alice", 100);
	ck_assert_uint_eq(observe(-1, NO_LIMIT), 1);
	ck_assert_ptr_nonnull(found(FOUND_BASELINE));
	ck_assert_int_eq(found(FOUND_BASELINE)->now, 0);
	ck_assert_uint_eq(observe(-1, NO_LIMIT), 0);
	ck_assert_uint_eq(check.finding_count, 0);
	/* Made in Slurm later, all of its use counts. */
	ck_assert_uint_eq(observe(30, NO_LIMIT), 1);
	ck_assert_int_eq(available(), 70);
}
END_TEST

/* Use from before the account was opened is not charged. */
START_TEST(predecessor_18_a_new_cluster_gets_a_baseline)
{
	util_open_account(bank, now, "alice");
	util_deposit(bank, now, "alice", 100);
	ck_assert_uint_eq(observe(10000, NO_LIMIT), 1);
	ck_assert_ptr_nonnull(found(FOUND_BASELINE));
	ck_assert_ptr_null(found(FOUND_CHARGE));
	ck_assert_int_eq(available(), 100);
	ck_assert(!held());
}
END_TEST

START_TEST(use_is_charged_as_the_difference)
{
	open_alice();
	ck_assert_uint_eq(observe(1042, NO_LIMIT), 1);
	ck_assert_uint_eq(check.finding_count, 1);
	ck_assert_int_eq(found(FOUND_CHARGE)->amount, 42);
	ck_assert_int_eq(found(FOUND_CHARGE)->before, 1000);
	ck_assert_int_eq(found(FOUND_CHARGE)->now, 1042);
	ck_assert_int_eq(available(), 58);
}
END_TEST

/* int() lost up to an hour of every check. */
START_TEST(predecessor_16_use_below_an_hour_adds_up)
{
	util_open_account(bank, now, "alice");
	util_deposit(bank, now, "alice", 100000);
	(void)observe(0, NO_LIMIT);
	for (int64_t i = 1; i <= 25; i++)
		ck_assert_uint_eq(observe(i * 3599, NO_LIMIT), 1);
	ck_assert_int_eq(available(), 100000 - 25 * 3599);
}
END_TEST

/* The predecessor sent its hold again at every run. */
START_TEST(predecessor_09_a_second_run_appends_nothing)
{
	open_alice();
	ck_assert_uint_eq(observe(1100, NO_LIMIT), 3);
	finish(OUTCOME_DONE, "");
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_eq(observe(1100, 0), 0);
		ck_assert_uint_eq(check.task_count, 0);
		ck_assert_uint_eq(check.finding_count, 0);
	}
	ck_assert(held());
}
END_TEST

START_TEST(funds_hold_at_zero_exactly)
{
	open_alice();
	(void)observe(1099, NO_LIMIT);
	ck_assert_int_eq(available(), 1);
	ck_assert(!held());
	ck_assert_uint_eq(check.task_count, 0);
	/* The charge, the hold, the lever. */
	ck_assert_uint_eq(observe(1100, NO_LIMIT), 3);
	ck_assert_int_eq(available(), 0);
	ck_assert(held());
	ck_assert_ptr_nonnull(found(FOUND_HOLD));
	ck_assert_int_eq(the_task(), 0);
}
END_TEST

/* The predecessor did not release when funds came. */
START_TEST(predecessor_12_a_deposit_releases)
{
	open_alice();
	(void)observe(1150, 5000);
	ck_assert_int_eq(the_task(), 0);
	finish(OUTCOME_DONE, "");
	/* Not enough to pay the debt: it stays held. */
	util_deposit(bank, now, "alice", 50);
	ck_assert_uint_eq(observe(1150, 0), 0);
	ck_assert(held());
	util_deposit(bank, now, "alice", 1);
	ck_assert_uint_eq(observe(1150, 0), 2);
	ck_assert_ptr_nonnull(found(FOUND_RELEASE));
	ck_assert(!held());
	/* What the site had set comes back. */
	ck_assert_int_eq(the_task(), 5000);
	finish(OUTCOME_DONE, "");
	ck_assert_uint_eq(observe(1150, 5000), 0);
	ck_assert_uint_eq(check.task_count, 0);
}
END_TEST

START_TEST(a_lever_without_an_outcome_is_completed)
{
	open_alice();
	ck_assert_uint_eq(observe(1100, 5000), 3);
	/* Killed before Slurm was changed: the same task again, and no entry. */
	ck_assert_uint_eq(observe(1100, 5000), 0);
	ck_assert_int_eq(the_task(), 0);
	/* Died after: only the outcome is missing. */
	ck_assert_uint_eq(observe(1100, 0), 1);
	ck_assert_uint_eq(check.task_count, 0);
	ck_assert_uint_eq(observe(1100, 0), 0);
	/* The same when it is put back. */
	util_deposit(bank, now, "alice", 100);
	ck_assert_uint_eq(observe(1100, 0), 2);
	ck_assert_uint_eq(observe(1100, 0), 0);
	ck_assert_int_eq(the_task(), 5000);
	ck_assert_uint_eq(observe(1100, 5000), 1);
	ck_assert_uint_eq(check.task_count, 0);
	ck_assert_uint_eq(observe(1100, 5000), 0);
}
END_TEST

START_TEST(a_failure_is_entered_once_and_again_when_it_changes)
{
	uint64_t head;

	open_alice();
	(void)observe(1100, NO_LIMIT);
	finish(OUTCOME_FAILED, "slurmdbd is down");
	head = util_head(bank).seq;
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_eq(observe(1100, NO_LIMIT), 0);
		ck_assert_int_eq(the_task(), 0);
		finish(OUTCOME_FAILED, "slurmdbd is down");
		ck_assert_uint_eq(util_head(bank).seq, head);
	}
	finish(OUTCOME_FAILED, "no such account");
	ck_assert_uint_eq(util_head(bank).seq, head + 1);
	finish(OUTCOME_DONE, "");
	ck_assert_uint_eq(util_head(bank).seq, head + 2);
	finish(OUTCOME_DONE, "");
	ck_assert_uint_eq(util_head(bank).seq, head + 2);
}
END_TEST

START_TEST(an_outcome_of_a_lever_decided_anew_is_not_entered)
{
	struct task task;
	struct task_outcome late = {.task = &task, .outcome = OUTCOME_DONE, .reason = ""};
	struct task_outcomes all = {.list = &late, .count = 1};
	uint64_t head;

	open_alice();
	(void)observe(1100, 5000);
	task = check.tasks[0];
	util_deposit(bank, now, "alice", 100);
	ck_assert_uint_eq(observe(1100, 5000), 3); /* release, lever, already as it was */
	head = util_head(bank).seq;
	OK(bank_write(bank, now, check_record_outcomes, &all, &error));
	ck_assert_uint_eq(util_head(bank).seq, head);
}
END_TEST

START_TEST(a_lever_changed_by_hand_is_reported_and_left)
{
	open_alice();
	(void)observe(1100, 5000);
	finish(OUTCOME_DONE, "");
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(observe(1100, 77), 0);
		ck_assert_uint_eq(check.task_count, 0);
		ck_assert_ptr_nonnull(found(FOUND_DRIFT));
		ck_assert_int_eq(found(FOUND_DRIFT)->before, 0);
		ck_assert_int_eq(found(FOUND_DRIFT)->now, 77);
		ck_assert_int_eq(check.problems, 1);
	}
	/* Released: the value that somebody set stays. */
	util_deposit(bank, now, "alice", 100);
	ck_assert_uint_eq(observe(1100, 77), 3);
	ck_assert_uint_eq(check.task_count, 0);
	ck_assert_ptr_nonnull(found(FOUND_LEFT));
	ck_assert_int_eq(found(FOUND_LEFT)->now, 77);
	ck_assert_uint_eq(observe(1100, 77), 0);
	ck_assert_uint_eq(check.finding_count, 0);
	/* The next hold finds that value. */
	ck_assert_uint_eq(observe(1200, 77), 3);
	finish(OUTCOME_DONE, "");
	util_deposit(bank, now, "alice", 100);
	(void)observe(1200, 0);
	ck_assert_int_eq(the_task(), 77);
}
END_TEST

/* A limit of the site's own that is what ours would be: nothing to do, and nothing to undo. */
START_TEST(predecessor_08_a_sites_own_zero_is_not_lifted)
{
	open_alice();
	ck_assert_uint_eq(observe(1100, 0), 2);
	ck_assert(held());
	ck_assert_uint_eq(check.task_count, 0);
	util_deposit(bank, now, "alice", 100);
	ck_assert_uint_eq(observe(1100, 0), 1);
	ck_assert(!held());
	ck_assert_uint_eq(check.task_count, 0);
}
END_TEST

START_TEST(held_again_before_it_was_put_back_keeps_what_was_found)
{
	open_alice();
	(void)observe(1100, 5000);
	finish(OUTCOME_DONE, "");
	util_deposit(bank, now, "alice", 10);
	ck_assert_uint_eq(observe(1100, 0), 2);
	finish(OUTCOME_FAILED, "no");
	/* Spent again: our value is still there, so only the entries are made. */
	ck_assert_uint_eq(observe(1110, 0), 4);
	ck_assert_uint_eq(check.task_count, 0);
	util_deposit(bank, now, "alice", 10);
	(void)observe(1110, 0);
	ck_assert_int_eq(the_task(), 5000);
}
END_TEST

START_TEST(a_hold_by_hand_ends_by_itself)
{
	open_alice();
	append(EVENT_HOLD, CAUSE_HAND, now + 3 * HOUR);
	ck_assert_uint_eq(observe(1000, 5000), 1);
	ck_assert_int_eq(the_task(), 0);
	finish(OUTCOME_DONE, "");
	ck_assert_uint_eq(observe(1000, 0), 0);
	/* Its hour has come: the lever is put back without an entry of release. */
	ck_assert_uint_eq(observe(1000, 0), 1);
	ck_assert_int_eq(the_task(), 5000);
	finish(OUTCOME_DONE, "");
	ck_assert(!held());
	ck_assert_uint_eq(observe(1000, 5000), 0);
}
END_TEST

START_TEST(a_grace_lifts_the_lever_until_it_ends)
{
	open_alice();
	(void)observe(1100, 5000);
	finish(OUTCOME_DONE, "");
	append(EVENT_RELEASE, CAUSE_HAND, now + 3 * HOUR);
	ck_assert_uint_eq(observe(1110, 0), 2); /* still charged */
	ck_assert_int_eq(the_task(), 5000);
	finish(OUTCOME_DONE, "");
	ck_assert_uint_eq(observe(1110, 5000), 0);
	ck_assert_uint_eq(observe(1110, 5000), 1);
	ck_assert_int_eq(the_task(), 0);
	ck_assert(held());
}
END_TEST

START_TEST(a_closed_account_is_held_and_still_charged)
{
	open_alice();
	append(EVENT_CLOSE, 0, 0);
	ck_assert_uint_eq(observe(1010, 5000), 2);
	ck_assert_int_eq(the_task(), 0);
	ck_assert_int_eq(available(), 90);
	finish(OUTCOME_DONE, "");
	/* Spent as well: closed is cause enough. */
	ck_assert_uint_eq(observe(1200, 0), 1);
	ck_assert_int_eq(available(), -100);
	append(EVENT_OPEN, 0, 0);
	ck_assert_uint_eq(observe(1200, 0), 1); /* now for funds: our value stays */
	ck_assert_uint_eq(check.task_count, 0);
	ck_assert(held());
}
END_TEST

START_TEST(a_clock_far_ahead_does_nothing)
{
	open_alice();
	(void)observe(1000, NO_LIMIT);
	now += 7 * WHEN_DAY;
	/* Also no charge: its time would bar every entry when the clock is right again. */
	ck_assert_uint_eq(observe(1100, NO_LIMIT), 0);
	ck_assert(!held());
	ck_assert_int_gt(check.clock_gap, 7 * WHEN_DAY);
	ck_assert_uint_eq(check.task_count, 0);
	/* And so at the next check, until the clock is confirmed. */
	ck_assert_uint_eq(observe(1100, NO_LIMIT), 0);
	ck_assert_int_gt(check.clock_gap, 7 * WHEN_DAY);
	check.clock_ok = true;
	ck_assert_uint_eq(observe(1100, NO_LIMIT), 3); /* charge, hold, lever */
	ck_assert(held());
	ck_assert_int_eq(check.clock_gap, 0);
	check.clock_ok = false;
	ck_assert_uint_eq(observe(1100, NO_LIMIT), 0);
	ck_assert_int_eq(check.clock_gap, 0);
}
END_TEST

START_TEST(an_observation_from_before_the_last_charge_is_passed_over)
{
	struct observed row = show("alice", 1040, NO_LIMIT);
	struct observation observation = {
		.cluster = "c1", .answered = true, .rows = &row, .count = 1};

	open_alice();
	ck_assert_uint_eq(observe(1050, NO_LIMIT), 1);
	observation.time = now - 1;
	ck_assert_uint_eq(run(&observation, 1), 0);
	ck_assert_ptr_null(found(FOUND_WENT_DOWN));
	ck_assert_uint_eq(observe(1060, NO_LIMIT), 1);
	ck_assert_int_eq(found(FOUND_CHARGE)->amount, 10);
	/* The same a moment later is a reset. */
	observation.time = ++now;
	ck_assert_uint_eq(run(&observation, 1), 1);
	ck_assert_ptr_nonnull(found(FOUND_WENT_DOWN));
}
END_TEST

START_TEST(seven_days_to_the_microsecond_are_trusted)
{
	struct observed row = {.account = "alice", .parent = "root", .usage = 1100};
	struct observation observation = {
		.cluster = "c1", .answered = true, .rows = &row, .count = 1};

	open_alice();
	observation.time = now += 7 * WHEN_DAY;
	(void)run(&observation, 1);
	ck_assert_int_eq(check.clock_gap, 0);
	ck_assert(held());
}
END_TEST

START_TEST(an_account_that_never_had_money_is_held_at_its_first_use)
{
	util_open_account(bank, now, "alice");
	(void)observe(500, NO_LIMIT);
	ck_assert_uint_eq(observe(500, NO_LIMIT), 0);
	ck_assert(!held());
	ck_assert_uint_eq(check.task_count, 0);
	ck_assert_uint_eq(observe(501, NO_LIMIT), 3); /* charge, hold, lever */
	ck_assert_ptr_nonnull(found(FOUND_HOLD_MONEYLESS));
	ck_assert_ptr_null(found(FOUND_NO_MONEY));
	ck_assert(held());
	ck_assert_int_eq(the_task(), 0);
	finish(OUTCOME_DONE, "");
	ck_assert_uint_eq(observe(501, 0), 0);
	ck_assert_uint_eq(check.finding_count, 0);
	/* Spared from now on: released, and reported. */
	rules.spare_moneyless = true;
	ck_assert_uint_eq(observe(501, 0), 2); /* release, lever */
	ck_assert(!held());
	finish(OUTCOME_DONE, "");
	ck_assert_uint_eq(observe(501, NO_LIMIT), 0);
	ck_assert_ptr_nonnull(found(FOUND_NO_MONEY));
	ck_assert_int_eq(check.problems, 0);
}
END_TEST

START_TEST(an_account_that_never_had_money_follows_softer_rules)
{
	util_open_account(bank, now, "alice");
	(void)observe(500, NO_LIMIT);
	rules.enforcement = ENFORCE_WARN;
	ck_assert_uint_eq(observe(600, NO_LIMIT), 1);
	ck_assert_ptr_nonnull(found(FOUND_NO_MONEY));
	ck_assert(!held());
	/* Unlimited by its terms, it is not even reported. */
	rules.enforcement = ENFORCE_HOLD;
	util_append(bank, now,
		    &(struct event){.kind = EVENT_TERMS,
				    .account = "alice",
				    .allowance = ALLOWANCE_UNLIMITED,
				    .field = "",
				    .tres = ""});
	ck_assert_uint_eq(observe(600, NO_LIMIT), 0);
	ck_assert_ptr_null(found(FOUND_NO_MONEY));
	ck_assert(!held());
}
END_TEST

START_TEST(softer_rules_say_or_do_nothing)
{
	rules.enforcement = ENFORCE_WARN;
	open_alice();
	ck_assert_uint_eq(observe(1100, NO_LIMIT), 1);
	ck_assert_ptr_nonnull(found(FOUND_SPENT));
	ck_assert(!held());
	rules.enforcement = ENFORCE_OFF;
	ck_assert_uint_eq(observe(1110, NO_LIMIT), 1);
	ck_assert_ptr_null(found(FOUND_SPENT));
	/* From hold to softer: released. */
	rules.enforcement = ENFORCE_HOLD;
	(void)observe(1120, 5000);
	finish(OUTCOME_DONE, "");
	rules.enforcement = ENFORCE_WARN;
	(void)observe(1120, 0);
	ck_assert_int_eq(the_task(), 5000);
	/* A hold by hand works under all. */
	finish(OUTCOME_DONE, "");
	rules.enforcement = ENFORCE_OFF;
	append(EVENT_HOLD, CAUSE_HAND, 0);
	(void)observe(1120, 5000);
	ck_assert_int_eq(the_task(), 0);
}
END_TEST

static int set_flight(struct books *books, void *ctx, struct sb_error *err)
{
	const struct reading reading = {
		.usage = 1110, .time = now, .running = -1, .flight.used = INT64_MAX};

	(void)ctx;
	return books_set_reading(books, "c1", "alice", &reading, err);
}

/* Records of running jobs in slurmdbd may be absurd. */
START_TEST(less_is_not_available_than_money_can_say)
{
	rules.enforcement = ENFORCE_WARN;
	open_alice();
	(void)observe(1110, NO_LIMIT);
	util_append(bank, now,
		    &(struct event){.kind = EVENT_METER,
				    .account = "alice",
				    .cluster = "c1",
				    .resource = RESOURCE_BILLING,
				    .meter = METER_JOBS,
				    .since = now,
				    .before = 1110,
				    .now = 1110});
	OK(bank_write(bank, now, set_flight, NULL, &error));
	(void)observe(1110, NO_LIMIT);
	ck_assert_ptr_nonnull(found(FOUND_SPENT));
	ck_assert_int_eq(found(FOUND_SPENT)->amount, -INT64_MAX);
}
END_TEST

START_TEST(use_in_a_window_is_charged_to_it_although_it_is_read_late)
{
	struct account *account;

	util_open_account(bank, now, "alice");
	util_append(bank, now,
		    &(struct event){.kind = EVENT_DEPOSIT,
				    .account = "alice",
				    .resource = RESOURCE_BILLING,
				    .amount = 100,
				    .start = T0,
				    .end = T0 + 2 * HOUR});
	(void)observe(0, NO_LIMIT); /* T0 + 1h */
	now = T0 + 3 * HOUR;
	(void)observe(40, NO_LIMIT); /* T0 + 4h */
	account = util_account(bank, now, "alice");
	ck_assert_int_eq(account->debt, 0);
	ck_assert_uint_eq(account->lot_count, 0);
	ck_assert_int_eq(account_sum(account->expired), 60);
	account_free(account);
	/* What comes later is not in it. Its use began at the reading of 4h. */
	(void)observe(50, NO_LIMIT);
	account = util_account(bank, now, "alice");
	ck_assert_int_eq(account->debt, 10);
	account_free(account);
}
END_TEST

START_TEST(a_reading_seen_again_moves_the_beginning_of_the_next_use)
{
	struct account *account;

	util_open_account(bank, now, "alice");
	(void)observe(0, NO_LIMIT); /* 1h */
	(void)observe(0, NO_LIMIT); /* 2h: still nothing used */
	util_append(bank, now,
		    &(struct event){.kind = EVENT_DEPOSIT,
				    .account = "alice",
				    .resource = RESOURCE_BILLING,
				    .amount = 100,
				    .start = T0,
				    .end = T0 + 2 * HOUR,
				    .debt = 0});
	(void)observe(40, NO_LIMIT); /* 3h: used in [2h, 3h), past the window */
	account = util_account(bank, now, "alice");
	ck_assert_int_eq(account->debt, 40);
	account_free(account);
}
END_TEST

START_TEST(only_the_accounts_named_are_checked)
{
	static const char *const only[] = {"alice"}, *const nobody[] = {"mallory"};
	struct observed rows[] = {
		show("alice", 10, NO_LIMIT),
		show("bob", 10, NO_LIMIT),
	};
	struct observation observation = {
		.cluster = "c1", .answered = true, .time = now, .rows = rows, .count = 2};

	util_open_account(bank, now, "alice");
	util_open_account(bank, now, "bob");
	check.only = only;
	check.only_count = 1;
	ck_assert_uint_eq(run(&observation, 1), 1);
	ck_assert_str_eq(check.findings[0].account, "alice");
	check.only = nobody;
	FAILS(SB_ENOTFOUND, "mallory", bank_write(bank, now, check_plan, &check, &error));
	check.only_count = 0;
	ck_assert_uint_eq(run(&observation, 1), 1);
	ck_assert_str_eq(check.findings[0].account, "bob");
}
END_TEST

struct opening {
	const char *name;
	const struct observation *observations;
	size_t count;
	bool from_zero;
};

/* As `open` does it: in one transaction with the opening. */
static int open_account(struct books *books, void *ctx, struct sb_error *err)
{
	const struct opening *opening = ctx;
	struct event event = {.kind = EVENT_OPEN, .account = opening->name};
	int rc = books_append(books, &event, err);

	return rc ? rc
		  : check_record_baselines(books, opening->name, opening->observations,
					   opening->count, opening->from_zero, err);
}

START_TEST(opening_enters_baselines_of_clusters_that_answer)
{
	for (int from_zero = 0; from_zero <= 1; from_zero++) {
		const char *name = from_zero ? "bob" : "alice";
		struct observed row = show(name, 1000, NO_LIMIT);
		struct observation observations[] = {
			{.cluster = "c1", .answered = true, .rows = &row, .count = 1},
			{.cluster = "c2", .rows = &row, .count = 1},
			{.cluster = "c3", .answered = true},
		};
		struct opening opening = {name, observations, 3, from_zero};
		struct account *account;

		OK(bank_write(bank, now, open_account, &opening, &error));
		account = util_account(bank, now, name);
		ck_assert_uint_eq(account->meter_count, 2);
		ck_assert_int_eq(account_meter(account, "c1")->reading, from_zero ? 0 : 1000);
		ck_assert_int_eq(account_meter(account, "c3")->reading, 0);
		ck_assert_ptr_null(account_meter(account, "c2"));
		account_free(account);
		util_deposit(bank, now, name, 100);
		observations[0].time = now += HOUR;
		(void)run(observations, 1);
		ck_assert_int_eq(util_available(bank, now, name), from_zero ? -900 : 100);
	}
}
END_TEST

START_TEST(rows_are_found_by_name)
{
	static const struct observed rows[] = {
		{.account = "a"}, {.account = "ab"}, {.account = "b"}, {.account = "c"}};

	for (size_t count = 0; count <= COUNT(rows); count++) {
		struct observation observation = {.rows = rows, .count = count};

		for (size_t i = 0; i < COUNT(rows); i++)
			ck_assert_ptr_eq(observation_find(&observation, rows[i].account),
					 i < count ? &rows[i] : NULL);
		ck_assert_ptr_null(observation_find(&observation, "aa"));
		ck_assert_ptr_null(observation_find(&observation, ""));
		ck_assert_ptr_null(observation_find(&observation, "d"));
	}
}
END_TEST

/* ---- accounts that move ---- */

/* One cluster, "c1", with these rows, by name. */
static uint64_t observe_rows(const struct observed *rows, size_t count)
{
	struct observation observation = {.cluster = "c1",
					  .answered = true,
					  .time = now += HOUR,
					  .share = 1,
					  .rows = rows,
					  .count = count};

	return run(&observation, 1);
}

/* alice and bob are in the bank, lab is not; faculty is above both and in the bank too. */
enum { ALICE, BOB, FACULTY, LAB, ROOT, ROWS };

static void open_faculty(struct observed rows[ROWS])
{
	static const char *const names[] = {"alice", "bob", "faculty"};

	rows[ALICE] = (struct observed){.account = "alice", .parent = "faculty", .usage = 1000};
	rows[BOB] = (struct observed){.account = "bob", .parent = "faculty", .usage = 500};
	rows[FACULTY] = (struct observed){.account = "faculty", .parent = "root", .usage = 1500};
	rows[LAB] = (struct observed){.account = "lab", .parent = "alice", .usage = 400};
	rows[ROOT] = (struct observed){.account = "root", .parent = "", .usage = 1500};
	for (size_t i = 0; i < COUNT(names); i++) {
		util_open_account(bank, now, names[i]);
		util_deposit(bank, now, names[i], 5000);
	}
	(void)observe_rows(rows, ROWS);
	ck_assert_int_eq(check.problems, 0);
}

static int64_t rest(const char *name)
{
	return util_available(bank, now, name);
}

START_TEST(an_account_that_moves_takes_its_use_along_and_nobody_is_charged_for_it)
{
	struct observed rows[ROWS];

	open_faculty(rows);
	rows[LAB].parent = "bob";
	rows[ALICE].usage = 600;
	rows[BOB].usage = 900;
	rows[FACULTY].usage = rows[ROOT].usage = 1530; /* and 30 were used by somebody */
	/* Two moves and baselines; what is above both is charged as ever. */
	ck_assert_uint_eq(observe_rows(rows, ROWS), 5);
	ck_assert_uint_eq(count_found(FOUND_MOVED), 2);
	ck_assert_uint_eq(count_found(FOUND_WENT_DOWN), 0);
	ck_assert_uint_eq(count_found(FOUND_CHARGE), 1);
	ck_assert_int_eq(check.problems, 2);
	ck_assert_str_eq(found(FOUND_MOVED)->account, "alice");
	ck_assert_str_eq(found(FOUND_MOVED)->other, "lab");
	ck_assert_int_eq(found(FOUND_MOVED)->before, 1000);
	ck_assert_int_eq(found(FOUND_MOVED)->now, 600);
	ck_assert_str_eq(found(FOUND_CHARGE)->account, "faculty");
	ck_assert_int_eq(rest("alice"), 5000);
	ck_assert_int_eq(rest("bob"), 5000);
	ck_assert_int_eq(rest("faculty"), 4970);
	/* Reported once; counting goes on from there. */
	ck_assert_uint_eq(observe_rows(rows, ROWS), 0);
	ck_assert_uint_eq(check.finding_count, 0);
	rows[BOB].usage = 907;
	rows[LAB].usage = 407;
	ck_assert_uint_eq(observe_rows(rows, ROWS), 1);
	ck_assert_int_eq(rest("bob"), 4993);
	/* And back again. */
	rows[LAB].parent = "alice";
	rows[ALICE].usage = 1007;
	rows[BOB].usage = 500;
	ck_assert_uint_eq(observe_rows(rows, ROWS), 4);
	ck_assert_uint_eq(count_found(FOUND_MOVED), 2);
	ck_assert_int_eq(rest("alice"), 5000);
	ck_assert_int_eq(rest("bob"), 4993);
}
END_TEST

/* An account that is opened between a move and the check that sees it would be charged for what
 * the moved account used before. */
START_TEST(an_account_is_not_opened_between_a_move_and_the_check_that_records_it)
{
	static const char advice[] = "account 'lab' has moved in Slurm on c1, and what it used before";
	struct observed rows[ROWS + 1];
	struct observation observation = {
		.cluster = "c1", .answered = true, .rows = rows, .count = ROWS + 1};
	struct opening opening = {"zoo", &observation, 1, false};

	open_faculty(rows);
	rows[ROOT + 1] = (struct observed){.account = "zoo", .parent = "faculty", .usage = 400};
	rows[LAB].parent = "zoo";
	rows[ALICE].usage = 600;
	(void)observe_rows(rows, ROWS + 1);
	/* lab leaves zoo, which the bank does not have yet. */
	rows[LAB].parent = "root";
	rows[FACULTY].usage = 1100;
	rows[ROOT + 1].usage = 0;
	observation.time = now += HOUR;
	FAILS(SB_EREFUSED, advice, bank_write(bank, now, open_account, &opening, &error));
	opening.from_zero = true;
	FAILS(SB_EREFUSED, advice, bank_write(bank, now, open_account, &opening, &error));
	/* What lab used does not matter for itself, nor a move without use for others. */
	opening = (struct opening){"lab", &observation, 1, false};
	OK(bank_write(bank, now, open_account, &opening, &error));
	rows[LAB].usage = 0;
	opening = (struct opening){"zoo", &observation, 1, false};
	OK(bank_write(bank, now, open_account, &opening, &error));
}
END_TEST

START_TEST(after_the_check_that_records_a_move_an_account_is_opened_and_charged_from_then_on)
{
	struct observed rows[ROWS];
	struct observation observation = {
		.cluster = "c1", .answered = true, .rows = rows, .count = ROWS};
	struct opening opening = {"lab", &observation, 1, false};

	open_faculty(rows);
	rows[ALICE].parent = "lab";
	rows[LAB].parent = "faculty";
	rows[LAB].usage = 1000;
	rows[ALICE].usage = 600;
	observation.time = now += HOUR;
	FAILS(SB_EREFUSED, "account 'alice' has moved",
	      bank_write(bank, now, open_account, &opening, &error));
	(void)observe_rows(rows, ROWS);
	observation.time = now += HOUR;
	OK(bank_write(bank, now, open_account, &opening, &error));
	rows[LAB].usage = 1007;
	(void)observe_rows(rows, ROWS);
	ck_assert_int_eq(rest("lab"), -7);
}
END_TEST

START_TEST(an_account_of_the_bank_that_moves_is_charged_for_its_own_use)
{
	struct observed rows[ROWS];

	open_faculty(rows);
	/* alice, with lab below her, goes below bob. */
	rows[ALICE].parent = "bob";
	rows[ALICE].usage = 1010;
	rows[BOB].usage = 1510;
	rows[FACULTY].usage = 1510;
	/* Both came below bob: two moves, his baseline, and two charges. */
	ck_assert_uint_eq(observe_rows(rows, ROWS), 5);
	ck_assert_uint_eq(count_found(FOUND_MOVED), 1);
	ck_assert_str_eq(found(FOUND_MOVED)->account, "bob");
	ck_assert_str_eq(found(FOUND_MOVED)->other, "alice");
	ck_assert_int_eq(rest("alice"), 4990);
	ck_assert_int_eq(rest("bob"), 5000);
	ck_assert_int_eq(rest("faculty"), 4990);
	/* From one place to another that is not below the faculty at all. */
	rows[ALICE].parent = "root";
	rows[BOB].usage = 500;
	rows[FACULTY].usage = 500;
	ck_assert_uint_eq(observe_rows(rows, ROWS), 6);
	ck_assert_uint_eq(count_found(FOUND_MOVED), 2);
	ck_assert_int_eq(rest("faculty"), 4990);
}
END_TEST

/* What was used since the last check belongs to where it was used. */
START_TEST(use_up_to_a_move_is_charged_where_the_account_was)
{
	struct observed rows[ROWS];

	open_faculty(rows);
	rows[LAB].parent = "bob";
	rows[LAB].usage = 450;
	rows[ALICE].usage = 607;
	rows[BOB].usage = 961;
	rows[FACULTY].usage = rows[ROOT].usage = 1568;
	(void)observe_rows(rows, ROWS);
	ck_assert_uint_eq(count_found(FOUND_MOVED), 2);
	ck_assert_int_eq(rest("alice"), 5000 - 50 - 7);
	ck_assert_int_eq(rest("bob"), 5000 - 11);
	ck_assert_int_eq(rest("faculty"), 5000 - 68);
	/* Slurm cuts each to whole seconds: one less is no reading that went down. */
	rows[LAB].parent = "alice";
	rows[ALICE].usage = 1056;
	rows[BOB].usage = 511;
	(void)observe_rows(rows, ROWS);
	ck_assert_uint_eq(count_found(FOUND_MOVED), 2);
	ck_assert_uint_eq(count_found(FOUND_WENT_DOWN), 0);
	/* A reading that really went down is reported. */
	rows[LAB].parent = "bob";
	rows[ALICE].usage = 500;
	rows[BOB].usage = 961;
	(void)observe_rows(rows, ROWS);
	ck_assert_uint_eq(count_found(FOUND_MOVED), 1);
	ck_assert_str_eq(found(FOUND_WENT_DOWN)->account, "alice");
}
END_TEST

/* An account and one below it that go different ways at once. */
START_TEST(accounts_that_move_at_once_are_told_apart)
{
	struct observed rows[ROWS];

	open_faculty(rows);
	/* alice goes below bob, and lab, 5 more, from her to the faculty. */
	rows[ALICE].parent = "bob";
	rows[LAB].parent = "faculty";
	rows[LAB].usage = 405;
	rows[ALICE].usage = 603;
	rows[BOB].usage = 1103;
	rows[FACULTY].usage = 1508;
	(void)observe_rows(rows, ROWS);
	ck_assert_int_eq(rest("alice"), 5000 - 8);
	ck_assert_int_eq(rest("bob"), 5000);
	ck_assert_int_eq(rest("faculty"), 5000 - 8);
	ck_assert_uint_eq(count_found(FOUND_WENT_DOWN), 0);
}
END_TEST

/* All of it is of one moment, so that it waits until each usage that it needs can be read. */
START_TEST(a_move_waits_while_a_usage_cannot_be_read)
{
	struct observed rows[ROWS];

	open_faculty(rows);
	rows[LAB].parent = "bob";
	rows[ALICE].usage = 600;
	rows[BOB].usage = 0;
	rows[BOB].odd_usage = true;
	(void)observe_rows(rows, ROWS);
	ck_assert_uint_eq(count_found(FOUND_MOVED), 0);
	ck_assert_uint_eq(count_found(FOUND_WENT_DOWN), 0);
	ck_assert_int_eq(rest("alice"), 5000);
	/* Of these 3 are bob's own. */
	rows[BOB].usage = 903;
	rows[BOB].odd_usage = false;
	(void)observe_rows(rows, ROWS);
	ck_assert_uint_eq(count_found(FOUND_MOVED), 2);
	ck_assert_int_eq(rest("alice"), 5000);
	ck_assert_int_eq(rest("bob"), 4997);
	rows[BOB].usage = 913;
	(void)observe_rows(rows, ROWS);
	ck_assert_int_eq(rest("bob"), 4987);
	/* What a mover brought is unknown if its usage cannot be read. */
	rows[LAB].parent = "alice";
	rows[LAB].usage = 0;
	rows[LAB].odd_usage = true;
	rows[ALICE].usage = 1050;
	rows[BOB].usage = 513;
	(void)observe_rows(rows, ROWS);
	ck_assert_uint_eq(count_found(FOUND_MOVED), 0);
	ck_assert_uint_eq(count_found(FOUND_WENT_DOWN), 0);
	ck_assert_int_eq(rest("alice"), 5000);
	ck_assert_int_eq(rest("bob"), 4987);
	rows[LAB].usage = 400;
	rows[LAB].odd_usage = false;
	(void)observe_rows(rows, ROWS);
	ck_assert_uint_eq(count_found(FOUND_MOVED), 2);
	ck_assert_int_eq(rest("alice"), 4950);
	ck_assert_int_eq(rest("bob"), 4987);
}
END_TEST

START_TEST(a_move_without_use_is_not_worth_a_word)
{
	struct observed rows[ROWS];

	open_faculty(rows);
	rows[LAB].usage = 0;
	rows[LAB].parent = "bob";
	ck_assert_uint_eq(observe_rows(rows, ROWS), 0);
	ck_assert_uint_eq(check.finding_count, 0);
	/* A new account has used nothing before, and what it used since is charged above it. */
	rows[LAB].account = "laboratory";
	rows[BOB].usage = 520;
	ck_assert_uint_eq(observe_rows(rows, ROWS), 1);
	ck_assert_int_eq(rest("bob"), 4980);
}
END_TEST

START_TEST(a_check_of_a_few_accounts_leaves_a_move_to_the_whole_one)
{
	static const char *const only[] = {"alice", "bob", "faculty"};
	struct observed rows[ROWS];

	open_faculty(rows);
	rows[LAB].parent = "bob";
	rows[ALICE].usage = 600;
	rows[BOB].usage = 900;
	rows[FACULTY].usage = 1530;
	check.only = only;
	check.only_count = COUNT(only);
	for (int i = 0; i < 2; i++) {
		/* Only accounts that the move does not touch are charged. */
		ck_assert_uint_eq(observe_rows(rows, ROWS), i == 0);
		ck_assert_uint_eq(count_found(FOUND_MOVED), 0);
		ck_assert_int_eq(rest("alice"), 5000);
		ck_assert_int_eq(rest("bob"), 5000);
	}
	check.only_count = 0;
	ck_assert_uint_eq(observe_rows(rows, ROWS), 4);
	ck_assert_uint_eq(count_found(FOUND_MOVED), 2);
	check.only_count = COUNT(only);
	ck_assert_uint_eq(observe_rows(rows, ROWS), 0);
	ck_assert_uint_eq(check.finding_count, 0);
}
END_TEST

static int plan_and_die(struct books *books, void *ctx, struct sb_error *err)
{
	int rc = check_plan(books, ctx, err);

	return rc ? rc : STORE_ABORT;
}

START_TEST(a_move_that_was_not_entered_is_found_again)
{
	struct observed rows[ROWS];
	struct observation observation = {
		.cluster = "c1", .answered = true, .rows = rows, .count = ROWS};

	open_faculty(rows);
	rows[LAB].parent = "bob";
	rows[ALICE].usage = 600;
	rows[BOB].usage = 900;
	check.observations = &observation;
	check.observation_count = 1;
	for (int i = 0; i < 2; i++) {
		observation.time = now += HOUR;
		OK(bank_write(bank, now, plan_and_die, &check, &error));
		ck_assert_uint_eq(count_found(FOUND_MOVED), 2);
	}
	/* While the cluster is away, too. */
	ck_assert_uint_eq(observe_silence(), 0);
	ck_assert_uint_eq(observe_rows(rows, ROWS), 4);
	ck_assert_uint_eq(count_found(FOUND_MOVED), 2);
	ck_assert_int_eq(rest("bob"), 5000);
}
END_TEST

/* ---- refs of jobs ---- */

/* Before the prefix stood in every ref, that of a job with long names was a hash alone. */
START_TEST(a_job_with_a_ref_of_the_old_form_is_charged_once)
{
	static const char whole[] = "job:c1/7/100/";
	char name[201], text[sizeof(whole) + 200], ref[5 + HASH_TEXT_SIZE] = "job:";
	unsigned char digest[HASH_SIZE];
	struct sha256_ctx ctx;
	struct finished_job job = {.name = "7",
				   .id = 7,
				   .slurm_account = name,
				   .user = "ann",
				   .partition = "main",
				   .qos = "normal",
				   .state = "COMPLETED",
				   .alloc_tres = "billing=1",
				   .submit = 100,
				   .start = now / WHEN_SECOND + 10,
				   .end = now / WHEN_SECOND + 70,
				   .elapsed = 60,
				   .billing = 1,
				   .factor = 1000000};
	struct kin kin = {.account = name, .parent = ""};
	const struct tree tree = {.list = &kin, .count = 1};
	struct job_charges charges = {.cluster = "c1", .list = &job, .count = 1, .tree = &tree};
	struct event charge = {.kind = EVENT_CHARGE_JOB,
			       .ref = ref,
			       .request = "job",
			       .account = name,
			       .cluster = "c1",
			       .resource = RESOURCE_BILLING,
			       .amount = 60,
			       .debt = 60,
			       .since = (now / WHEN_SECOND + 10) * WHEN_SECOND,
			       .until = (now / WHEN_SECOND + 70) * WHEN_SECOND,
			       .job = "7",
			       .job_id = 7,
			       .submit = 100 * WHEN_SECOND,
			       .elapsed = 60,
			       .factor = 1000000,
			       .slurm_account = name,
			       .job_user = "ann",
			       .partition = "main",
			       .qos = "normal",
			       .state = "COMPLETED",
			       .alloc_tres = "billing=1"};
	uint64_t head;

	memset(name, 'x', 200);
	name[200] = '\0';
	util_open_account(bank, now, name);
	util_append(bank, now,
		    &(struct event){.kind = EVENT_BASELINE,
				    .account = name,
				    .cluster = "c1",
				    .resource = RESOURCE_BILLING,
				    .before = -1,
				    .reason = "opened"});
	util_append(bank, now,
		    &(struct event){.kind = EVENT_METER,
				    .account = name,
				    .cluster = "c1",
				    .resource = RESOURCE_BILLING,
				    .meter = METER_JOBS,
				    .since = now});
	(void)snprintf(text, sizeof(text), "%s%s", whole, name);
	sha256_init(&ctx);
	sha256_update(&ctx, strlen(text), (const uint8_t *)text);
	sha256_digest(&ctx, sizeof(digest), digest);
	(void)hex_format(ref + 4, digest, HASH_SIZE);
	now += HOUR;
	util_append(bank, now, &charge);
	charges.settled = now;
	head = util_head(bank).seq;
	OK(bank_write(bank, now, jobs_charge, &charges, &error));
	ck_assert_uint_eq(util_head(bank).seq, head);
	free(charges.sums);
	/* Another job of the account is charged. */
	job.id = 8;
	charges.sums = NULL;
	OK(bank_write(bank, now, jobs_charge, &charges, &error));
	ck_assert_uint_eq(util_head(bank).seq, head + 1);
	free(charges.sums);
}
END_TEST

/* ---- levers that sshare does not show ---- */

/* alice as a cluster shows her: GrpJobs at [jobs], if [all_limits] were requested. */
static uint64_t observe_jobs(int64_t jobs, bool all_limits, int64_t step)
{
	struct limit limit = {"GrpJobs", "", jobs};
	struct observed row = {.account = "alice",
			       .parent = "root",
			       .usage = 1000,
			       .limits = &limit,
			       .limit_count = all_limits && jobs >= 0,
			       .all_limits = all_limits};
	struct observation observation = {
		.cluster = "c1", .answered = true, .time = now += step, .rows = &row, .count = 1};

	return run(&observation, 1);
}

START_TEST(what_is_not_shown_is_asked_for_only_when_something_hangs_on_it)
{
	enum { MINUTE = 60000000 };

	rules.field = "GrpJobs";
	rules.tres = "";
	open_alice();
	ck_assert_uint_eq(observe_jobs(0, false, MINUTE), 0);
	ck_assert_uint_eq(check.want_count, 0);
	append(EVENT_HOLD, CAUSE_HAND, 0);
	/* Nothing is recorded before the site's own value is known. */
	ck_assert_uint_eq(observe_jobs(0, false, MINUTE), 0);
	ck_assert_uint_eq(check.want_count, 1);
	ck_assert_str_eq(check.wants[0].account, "alice");
	ck_assert_str_eq(check.wants[0].cluster, "c1");
	ck_assert_uint_eq(check.task_count, 0);
	ck_assert_uint_eq(observe_jobs(9, true, MINUTE), 1);
	ck_assert_uint_eq(check.want_count, 0);
	ck_assert_uint_eq(check.task_count, 1);
	ck_assert_str_eq(check.tasks[0].field, "GrpJobs");
	ck_assert_str_eq(check.tasks[0].tres, "");
	ck_assert_int_eq(check.tasks[0].value, 0);
	/* Died: it must be known again. */
	ck_assert_uint_eq(observe_jobs(0, false, MINUTE), 0);
	ck_assert_uint_eq(check.want_count, 1);
	ck_assert_uint_eq(observe_jobs(0, true, MINUTE), 1);
	ck_assert_uint_eq(check.task_count, 0);
	/* In force: inspected once an hour. */
	now += HOUR;
	(void)observe_jobs(0, false, MINUTE);
	ck_assert_uint_eq(check.want_count, 1);
	for (int i = 0; i < 58; i++) {
		ck_assert_uint_eq(observe_jobs(0, false, MINUTE), 0);
		ck_assert_uint_eq(check.want_count, 0);
	}
	(void)observe_jobs(0, false, 2 * MINUTE);
	ck_assert_uint_eq(check.want_count, 1);
	/* Or if somebody wants it. */
	(void)observe_jobs(0, false, MINUTE);
	ck_assert_uint_eq(check.want_count, 0);
	check.inspect = true;
	(void)observe_jobs(0, false, MINUTE);
	ck_assert_uint_eq(check.want_count, 1);
	(void)observe_jobs(5, true, MINUTE);
	ck_assert_ptr_nonnull(found(FOUND_DRIFT));
	check.inspect = false;
	/* Released: known first. What somebody set stays. */
	append(EVENT_RELEASE, CAUSE_HAND, 0);
	ck_assert_uint_eq(observe_jobs(0, false, MINUTE), 0);
	ck_assert_uint_eq(check.want_count, 1);
	ck_assert_uint_eq(observe_jobs(5, true, MINUTE), 2);
	ck_assert_ptr_nonnull(found(FOUND_LEFT));
	ck_assert_uint_eq(observe_jobs(5, false, MINUTE), 0);
	ck_assert_uint_eq(check.want_count, 0);
}
END_TEST

START_TEST(a_lever_changed_in_the_settings_is_exchanged)
{
	struct limit limits[] = {{"GrpTRESMins", "cpu", 0}, {"GrpJobs", "", 9}};
	struct observed row = {.account = "alice",
			       .parent = "root",
			       .usage = 1000,
			       .limits = limits,
			       .limit_count = 2,
			       .all_limits = true};
	struct account *account;

	open_alice();
	append(EVENT_HOLD, CAUSE_HAND, 0);
	(void)observe(1000, 5000);
	finish(OUTCOME_DONE, "");
	rules.field = "GrpJobs";
	rules.tres = "";
	/* The new one first: if Slurm does not take it, the old one still holds. */
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(observe_rows(&row, 1), i == 0);
		ck_assert_uint_eq(check.task_count, 1);
		ck_assert(check.again);
		ck_assert_str_eq(check.tasks[0].field, "GrpJobs");
		ck_assert_int_eq(check.tasks[0].value, 0);
		if (i == 0)
			finish(OUTCOME_FAILED, "no");
	}
	finish(OUTCOME_DONE, "");
	limits[1].value = 0;
	ck_assert_uint_eq(observe_rows(&row, 1), 1);
	ck_assert_uint_eq(check.task_count, 1);
	ck_assert_str_eq(check.tasks[0].field, "GrpTRESMins");
	ck_assert_int_eq(check.tasks[0].value, 5000);
	finish(OUTCOME_DONE, "");
	limits[0].value = 5000;
	ck_assert_uint_eq(observe_rows(&row, 1), 0);
	ck_assert_uint_eq(check.task_count, 0);
	account = util_account(bank, now, "alice");
	ck_assert_uint_eq(account->lever_count, 1);
	ck_assert_str_eq(account->levers[0].field, "GrpJobs");
	ck_assert_int_eq(account->levers[0].original, 9);
	account_free(account);
	/* The terms come before the settings. */
	util_append(bank, now,
		    &(struct event){.kind = EVENT_TERMS,
				    .account = "alice",
				    .allowance = ALLOWANCE_LIMITED,
				    .field = "GrpTRESMins",
				    .tres = "cpu"});
	ck_assert_uint_eq(observe_rows(&row, 1), 1);
	ck_assert_uint_eq(check.task_count, 1);
	ck_assert_str_eq(check.tasks[0].field, "GrpTRESMins");
	finish(OUTCOME_DONE, "");
	limits[0].value = 0;
	ck_assert_uint_eq(observe_rows(&row, 1), 1);
	ck_assert_uint_eq(check.task_count, 1);
	ck_assert_str_eq(check.tasks[0].field, "GrpJobs");
	ck_assert_int_eq(check.tasks[0].value, 9);
}
END_TEST

/* ---- limits that follow the balance ---- */

/* One cluster, or two, that show alice with a limit on billing minutes and one on CPU minutes. */
static uint64_t observe_caps(const int64_t *usage, const int64_t *billing, const int64_t *cpu,
			     size_t count)
{
	static const char *const clusters[] = {"c1", "c2"};
	struct limit limits[2][2];
	struct observed rows[2];
	struct observation observations[2];

	now += HOUR;
	for (size_t i = 0; i < count; i++) {
		size_t set = 0;

		if (billing[i] >= 0)
			limits[i][set++] = (struct limit){"GrpTRESMins", "billing", billing[i]};
		if (cpu[i] >= 0)
			limits[i][set++] = (struct limit){"GrpTRESMins", "cpu", cpu[i]};
		rows[i] = (struct observed){.account = "alice",
					    .parent = "root",
					    .usage = usage[i],
					    .minutes = usage[i] / 60,
					    .limits = limits[i],
					    .limit_count = set};
		observations[i] = (struct observation){.cluster = clusters[i],
						       .answered = usage[i] >= 0,
						       .time = now,
						       .share = 1,
						       .rows = &rows[i],
						       .count = 1};
	}
	return run(observations, count);
}

static uint64_t observe_cap(int64_t usage, int64_t billing, int64_t cpu)
{
	return observe_caps(&usage, &billing, &cpu, 1);
}

/* The task on billing (or else cpu) for a cluster; -2: none. */
static int64_t task_for(const char *cluster, const char *tres)
{
	for (size_t i = 0; i < check.task_count; i++) {
		if (strcmp(check.tasks[i].cluster, cluster) == 0 &&
		    strcmp(check.tasks[i].tres, tres) == 0)
			return check.tasks[i].value;
	}
	return -2;
}

/* alice has 36000 billing-seconds, was read at 1000 and has a cap of 614 minutes, where the site
 * had [sites]. */
static void open_capped(int64_t sites)
{
	rules.enforcement = ENFORCE_LIMIT;
	util_open_account(bank, now, "alice");
	(void)observe_cap(1000, sites, NO_LIMIT);
	ck_assert_uint_eq(check.task_count, 0); /* without money it is left alone */
	util_deposit(bank, now, "alice", 36000);
	ck_assert_uint_eq(observe_cap(1000, sites, NO_LIMIT), 1);
	ck_assert_uint_eq(check.task_count, 1);
	ck_assert_int_eq(task_for("c1", "billing"), 614);
	finish(OUTCOME_DONE, "");
}

static void terms(enum enforcement enforcement)
{
	util_append(bank, now,
		    &(struct event){.kind = EVENT_TERMS,
				    .account = "alice",
				    .allowance = ALLOWANCE_LIMITED,
				    .enforcement = (uint8_t)enforcement,
				    .field = "",
				    .tres = ""});
}

START_TEST(a_cap_follows_money_and_not_use)
{
	open_capped(NO_LIMIT);
	ck_assert_uint_eq(observe_cap(1000, 614, NO_LIMIT), 0);
	for (int64_t usage = 1100; usage < 30000; usage += 1777) {
		ck_assert_uint_eq(observe_cap(usage, 614, NO_LIMIT), 1);
		ck_assert_uint_eq(check.task_count, 0);
		ck_assert_uint_eq(check.finding_count, 1);
	}
	util_deposit(bank, now, "alice", 600);
	(void)observe_cap(30000, 614, NO_LIMIT);
	ck_assert_int_eq(task_for("c1", "billing"), 624);
	finish(OUTCOME_DONE, "");
	util_append(bank, now,
		    &(struct event){.kind = EVENT_WITHDRAW,
				    .account = "alice",
				    .resource = RESOURCE_BILLING,
				    .amount = 1200});
	ck_assert_uint_eq(observe_cap(30000, 624, NO_LIMIT), 1);
	ck_assert_int_eq(task_for("c1", "billing"), 604);
	/* Killed before Slurm was changed, and then after. */
	ck_assert_uint_eq(observe_cap(30000, 624, NO_LIMIT), 0);
	ck_assert_int_eq(task_for("c1", "billing"), 604);
	ck_assert_uint_eq(observe_cap(30000, 604, NO_LIMIT), 1);
	ck_assert_uint_eq(observe_cap(30000, 604, NO_LIMIT), 0);
	/* Reset behind our back: the counter is another, the balance is not. */
	ck_assert_uint_eq(observe_cap(0, 604, NO_LIMIT), 2);
	ck_assert_ptr_nonnull(found(FOUND_WENT_DOWN));
	ck_assert_int_eq(task_for("c1", "billing"), (6400 - 118) / 60);
}
END_TEST

START_TEST(use_with_fractional_weights_is_counted_by_slurms_minutes)
{
	struct limit limit = {"GrpTRESMins", "billing", 0};
	struct observed row = {.account = "alice",
			       .parent = "root",
			       .usage = 1000,
			       .minutes = 9,
			       .limits = &limit};

	rules.enforcement = ENFORCE_LIMIT;
	util_open_account(bank, now, "alice");
	util_deposit(bank, now, "alice", 36000);
	(void)observe_rows(&row, 1);
	ck_assert_int_eq(task_for("c1", "billing"), (9 * 60 + 36000 - 118) / 60);
	/* Not known: by what was used. */
	finish(OUTCOME_FAILED, "no");
	row.minutes = -1;
	(void)observe_rows(&row, 1);
	ck_assert_int_eq(task_for("c1", "billing"), 614);
}
END_TEST

/* From limit to hold to off and back, with a limit of the site's own. */
START_TEST(predecessor_08_terms_without_a_cap_give_the_sites_own_limit_back)
{
	open_capped(5000);
	terms(ENFORCE_HOLD);
	ck_assert_uint_eq(observe_cap(1000, 614, NO_LIMIT), 1);
	ck_assert_int_eq(task_for("c1", "billing"), 5000);
	finish(OUTCOME_DONE, "");
	ck_assert_uint_eq(observe_cap(1000, 5000, NO_LIMIT), 0);
	terms(ENFORCE_OFF);
	ck_assert_uint_eq(observe_cap(1000, 5000, NO_LIMIT), 0);
	terms(ENFORCE_LIMIT);
	ck_assert_uint_eq(observe_cap(1000, 5000, NO_LIMIT), 1);
	ck_assert_int_eq(task_for("c1", "billing"), 614);
	finish(OUTCOME_DONE, "");
	terms(ENFORCE_OFF);
	(void)observe_cap(1000, 614, NO_LIMIT);
	ck_assert_int_eq(task_for("c1", "billing"), 5000);
	finish(OUTCOME_FAILED, "no");
	/* Not put back yet, and wanted again: ours is not the site's. */
	terms(ENFORCE_LIMIT);
	util_deposit(bank, now, "alice", 6000);
	(void)observe_cap(1000, 614, NO_LIMIT);
	ck_assert_int_eq(task_for("c1", "billing"), 714);
	finish(OUTCOME_DONE, "");
	append(EVENT_CLOSE, 0, 0);
	(void)observe_cap(1000, 714, NO_LIMIT);
	ck_assert_int_eq(task_for("c1", "billing"), 5000);
	ck_assert_int_eq(task_for("c1", "cpu"), 0);
}
END_TEST

/* Whatever sets fail and whatever Slurm shows then of ours: the site's 5000 comes back. */
START_TEST(predecessor_08_caps_that_fail_do_not_lose_the_sites_own_limit)
{
	uint64_t state = util_seed();

	open_capped(5000);
	int64_t usage = 1000, shown = 614;
	for (int i = 0; i < 60; i++) {
		usage += util_below(&state, 500);
		if (util_below(&state, 3) == 0)
			util_deposit(bank, now, "alice", 1 + util_below(&state, 9000));
		if (util_below(&state, 6) == 0)
			terms(util_below(&state, 2) ? ENFORCE_LIMIT : ENFORCE_HOLD);
		(void)observe_cap(usage, shown, NO_LIMIT);
		if (task_for("c1", "billing") == -2)
			continue;
		switch (util_below(&state, 4)) {
		case 0: /* not done, and known */
			finish(OUTCOME_FAILED, "no");
			break;
		case 1: /* done, and not known */
			shown = task_for("c1", "billing");
			break;
		case 2: /* done, and taken for failed */
			shown = task_for("c1", "billing");
			finish(OUTCOME_FAILED, "no");
			break;
		default:
			shown = task_for("c1", "billing");
			finish(OUTCOME_DONE, "");
			break;
		}
	}
	terms(ENFORCE_LIMIT);
	terms(ENFORCE_OFF);
	(void)observe_cap(usage, shown, NO_LIMIT);
	ck_assert_ptr_null(found(FOUND_LEFT));
	ck_assert_int_eq(shown == 5000 ? 5000 : task_for("c1", "billing"), 5000);
}
END_TEST

START_TEST(a_grace_lifts_the_cap_too)
{
	open_capped(5000);
	(void)observe_cap(37000, 614, NO_LIMIT);
	ck_assert(held());
	ck_assert_int_eq(task_for("c1", "cpu"), 0);
	ck_assert_int_eq(task_for("c1", "billing"), -2); /* 614 minutes are used */
	finish(OUTCOME_DONE, "");
	append(EVENT_RELEASE, CAUSE_HAND, now + 3 * HOUR);
	(void)observe_cap(37000, 614, 0);
	ck_assert_int_eq(task_for("c1", "cpu"), NO_LIMIT);
	ck_assert_int_eq(task_for("c1", "billing"), 5000);
	finish(OUTCOME_DONE, "");
	ck_assert_uint_eq(observe_cap(37000, 5000, NO_LIMIT), 0);
	(void)observe_cap(37000, 5000, NO_LIMIT);
	ck_assert_int_eq(task_for("c1", "cpu"), 0);
	ck_assert_int_lt(task_for("c1", "billing"), 617);
	ck_assert_int_ge(task_for("c1", "billing"), 0);
}
END_TEST

START_TEST(a_cap_changed_by_hand_is_left_or_put_right)
{
	open_capped(5000);
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(observe_cap(1000, 9999, NO_LIMIT), 0);
		ck_assert_ptr_nonnull(found(FOUND_DRIFT));
		ck_assert_str_eq(found(FOUND_DRIFT)->lever, "GrpTRESMins=billing");
		ck_assert_int_eq(found(FOUND_DRIFT)->before, 614);
		ck_assert_int_eq(found(FOUND_DRIFT)->now, 9999);
	}
	rules.put_right = true;
	ck_assert_uint_eq(observe_cap(1000, 9999, NO_LIMIT), 1);
	ck_assert_int_eq(task_for("c1", "billing"), 614);
	ck_assert_ptr_nonnull(found(FOUND_PUT_RIGHT));
	finish(OUTCOME_DONE, "");
	ck_assert_uint_eq(observe_cap(1000, 614, NO_LIMIT), 0);
	/* What the site set last is what comes back. */
	terms(ENFORCE_HOLD);
	(void)observe_cap(1000, 614, NO_LIMIT);
	ck_assert_int_eq(task_for("c1", "billing"), 9999);
}
END_TEST

START_TEST(shares_are_lowered_before_others_are_raised)
{
	int64_t usage[] = {1000, 0}, caps[] = {NO_LIMIT, NO_LIMIT}, cpu[] = {NO_LIMIT, NO_LIMIT};

	rules.enforcement = ENFORCE_LIMIT;
	util_open_account(bank, now, "alice");
	util_deposit(bank, now, "alice", 36000);
	(void)observe_caps(usage, caps, cpu, 2);
	caps[0] = (1000 + 18000 - 118) / 60;
	caps[1] = (18000 - 118) / 60;
	ck_assert_int_eq(task_for("c1", "billing"), caps[0]);
	ck_assert_int_eq(task_for("c2", "billing"), caps[1]);
	ck_assert(!check.again);
	finish(OUTCOME_DONE, "");
	ck_assert_uint_eq(observe_caps(usage, caps, cpu, 2), 0);

	/* The first has used nearly all of its share. */
	usage[0] += 15600;
	ck_assert_uint_eq(observe_caps(usage, caps, cpu, 2), 2);
	ck_assert_int_eq(task_for("c1", "billing"), -2);
	ck_assert_int_eq(task_for("c2", "billing"), (10200 - 118) / 60);
	ck_assert(check.again);
	/* Not lowered: not raised either. */
	finish(OUTCOME_FAILED, "no");
	ck_assert_uint_eq(observe_caps(usage, caps, cpu, 2), 0);
	ck_assert_int_eq(task_for("c1", "billing"), -2);
	ck_assert(check.again);
	finish(OUTCOME_DONE, "");
	caps[1] = (10200 - 118) / 60;
	ck_assert_uint_eq(observe_caps(usage, caps, cpu, 2), 1);
	ck_assert_int_eq(task_for("c1", "billing"), (16600 + 10200 - 118) / 60);
	ck_assert(!check.again);
	finish(OUTCOME_DONE, "");
	caps[0] = (16600 + 10200 - 118) / 60;
	ck_assert_uint_eq(observe_caps(usage, caps, cpu, 2), 0);

	/* The second does not answer: its room stays its own. */
	usage[1] = -1;
	util_deposit(bank, now, "alice", 36000);
	(void)observe_caps(usage, caps, cpu, 2);
	ck_assert_int_eq(task_for("c1", "billing"),
			 (16600 + 56400 - (caps[1] * 60 + 118) - 118) / 60);
	ck_assert_ptr_null(found(FOUND_UNSETTLED)); /* what it has is as it should be */
	/* The same for a cluster that is not observed. */
	finish(OUTCOME_FAILED, "no");
	check.all_clusters = false;
	ck_assert_uint_eq(observe_caps(usage, caps, cpu, 1), 0);
	ck_assert_int_eq(task_for("c1", "billing"),
			 (16600 + 56400 - (caps[1] * 60 + 118) - 118) / 60);
	ck_assert_ptr_null(found(FOUND_UNLISTED));
	/* Gone for good: that is another thing. */
	check.all_clusters = true;
	(void)observe_caps(usage, caps, cpu, 1);
	ck_assert_ptr_nonnull(found(FOUND_UNLISTED));
	/* No cap is wanted any more, and the cluster is not observed. */
	terms(ENFORCE_HOLD);
	(void)observe_caps(usage, caps, cpu, 1);
	ck_assert_ptr_nonnull(found(FOUND_UNLISTED));
	ck_assert_str_eq(found(FOUND_UNLISTED)->lever, "GrpTRESMins=billing");
	(void)observe_caps(usage, caps, cpu, 2);
	ck_assert_ptr_null(found(FOUND_UNLISTED));
	ck_assert_ptr_nonnull(found(FOUND_UNSETTLED));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("check");
	TCase *use = tcase_create("use"), *holds = tcase_create("holds");
	TCase *moves = tcase_create("moves"), *limits = tcase_create("limits");

	tcase_set_timeout(use, TEST_TIMEOUT);
	tcase_set_timeout(holds, TEST_TIMEOUT);
	tcase_set_timeout(moves, TEST_TIMEOUT);
	tcase_set_timeout(limits, TEST_TIMEOUT);
	tcase_add_checked_fixture(use, setup, teardown);
	tcase_add_checked_fixture(holds, setup, teardown);
	tcase_add_checked_fixture(moves, setup, teardown);
	tcase_add_checked_fixture(limits, setup, teardown);
	tcase_add_test(use, a_reading_that_went_down_charges_nothing);
	tcase_add_test(use, a_cluster_that_does_not_answer_is_not_zero_use);
	tcase_add_test(use, predecessor_06_other_clusters_are_done);
	tcase_add_test(use, an_account_that_vanished_is_reported_once);
	tcase_add_test(use, an_account_that_was_never_there_is_no_finding);
	tcase_add_test(use, predecessor_18_a_new_cluster_gets_a_baseline);
	tcase_add_test(use, use_is_charged_as_the_difference);
	tcase_add_test(use, predecessor_16_use_below_an_hour_adds_up);
	tcase_add_test(use, use_in_a_window_is_charged_to_it_although_it_is_read_late);
	tcase_add_test(use, a_reading_seen_again_moves_the_beginning_of_the_next_use);
	tcase_add_test(use, only_the_accounts_named_are_checked);
	tcase_add_test(use, opening_enters_baselines_of_clusters_that_answer);
	tcase_add_test(use, rows_are_found_by_name);
	tcase_add_test(holds, predecessor_09_a_second_run_appends_nothing);
	tcase_add_test(holds, funds_hold_at_zero_exactly);
	tcase_add_test(holds, predecessor_12_a_deposit_releases);
	tcase_add_test(holds, a_lever_without_an_outcome_is_completed);
	tcase_add_test(holds, a_failure_is_entered_once_and_again_when_it_changes);
	tcase_add_test(holds, an_outcome_of_a_lever_decided_anew_is_not_entered);
	tcase_add_test(holds, a_lever_changed_by_hand_is_reported_and_left);
	tcase_add_test(holds, predecessor_08_a_sites_own_zero_is_not_lifted);
	tcase_add_test(holds, held_again_before_it_was_put_back_keeps_what_was_found);
	tcase_add_test(holds, a_hold_by_hand_ends_by_itself);
	tcase_add_test(holds, a_grace_lifts_the_lever_until_it_ends);
	tcase_add_test(holds, a_closed_account_is_held_and_still_charged);
	tcase_add_test(holds, a_clock_far_ahead_does_nothing);
	tcase_add_test(holds, an_observation_from_before_the_last_charge_is_passed_over);
	tcase_add_test(holds, seven_days_to_the_microsecond_are_trusted);
	tcase_add_test(holds, an_account_that_never_had_money_is_held_at_its_first_use);
	tcase_add_test(holds, an_account_that_never_had_money_follows_softer_rules);
	tcase_add_test(holds, softer_rules_say_or_do_nothing);
	tcase_add_test(holds, less_is_not_available_than_money_can_say);
	tcase_add_test(moves,
		       an_account_that_moves_takes_its_use_along_and_nobody_is_charged_for_it);
	tcase_add_test(moves,
		       an_account_is_not_opened_between_a_move_and_the_check_that_records_it);
	tcase_add_test(
		moves,
		after_the_check_that_records_a_move_an_account_is_opened_and_charged_from_then_on);
	tcase_add_test(moves, an_account_of_the_bank_that_moves_is_charged_for_its_own_use);
	tcase_add_test(moves, use_up_to_a_move_is_charged_where_the_account_was);
	tcase_add_test(moves, accounts_that_move_at_once_are_told_apart);
	tcase_add_test(moves, a_move_waits_while_a_usage_cannot_be_read);
	tcase_add_test(moves, a_job_with_a_ref_of_the_old_form_is_charged_once);
	tcase_add_test(moves, a_move_without_use_is_not_worth_a_word);
	tcase_add_test(moves, a_check_of_a_few_accounts_leaves_a_move_to_the_whole_one);
	tcase_add_test(moves, a_move_that_was_not_entered_is_found_again);
	tcase_add_test(limits, what_is_not_shown_is_asked_for_only_when_something_hangs_on_it);
	tcase_add_test(limits, a_lever_changed_in_the_settings_is_exchanged);
	tcase_add_test(limits, a_cap_follows_money_and_not_use);
	tcase_add_test(limits, use_with_fractional_weights_is_counted_by_slurms_minutes);
	tcase_add_test(limits, predecessor_08_terms_without_a_cap_give_the_sites_own_limit_back);
	tcase_add_test(limits, predecessor_08_caps_that_fail_do_not_lose_the_sites_own_limit);
	tcase_add_test(limits, a_grace_lifts_the_cap_too);
	tcase_add_test(limits, a_cap_changed_by_hand_is_left_or_put_right);
	tcase_add_test(limits, shares_are_lowered_before_others_are_raised);
	suite_add_tcase(suite, use);
	suite_add_tcase(suite, holds);
	suite_add_tcase(suite, moves);
	suite_add_tcase(suite, limits);
	return util_run(suite);
}
