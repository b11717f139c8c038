/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plans of moves of queued jobs, on real books with made-up clusters and jobs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/check/queue.h"
#include "tests/util.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct bank *bank;
static struct rules rules;
static int64_t now;
static struct observed accounts[] = {
	{.account = "bio", .parent = "root"},
	{.account = "lab", .parent = "bio"},
	{.account = "root", .parent = ""},
	{.account = "x y", .parent = "bio"},
};
static struct observation observation;
static struct queue queue;
static struct queued_row *rows;
static size_t row_count;

static void hold(const char *account, uint8_t cause)
{
	util_append(bank, ++now,
		    &(struct event){.kind = EVENT_HOLD, .account = account, .cause = cause});
}

static void release(const char *account, uint8_t cause)
{
	util_append(bank, ++now,
		    &(struct event){.kind = EVENT_RELEASE, .account = account, .cause = cause});
}

static void setup(void)
{
	util_setup();
	bank = util_bank();
	now = T0;
	rules = (struct rules){.enforcement = ENFORCE_SCAVENGE,
			       .field = "GrpTRESMins",
			       .tres = "cpu",
			       .scavenger = "scav"};
	accounts[1].parent = "bio";
	observation = (struct observation){
		.cluster = "c1", .answered = true, .rows = accounts, .count = COUNT(accounts)};
	util_open_account(bank, now, "bio");
	rows = NULL;
	row_count = 0;
	OK(queue_new(&observation, 1, &queue, &error));
	queue.rules = &rules;
	queue.enabled = true;
}

static void teardown(void)
{
	for (size_t i = 0; i < queue.cluster_count; i++)
		queue.clusters[i].rows = NULL;
	queue_release(&queue);
	free(rows);
	bank_close(bank);
	util_teardown();
}

static void add(uint32_t number, const char *record, const char *qos, int64_t limit)
{
	struct queued_row *row = reallocarray(rows, row_count + 1, sizeof(*rows));

	ck_assert_ptr_nonnull(row);
	rows = row;
	rows[row_count++] = (struct queued_row){.id = {number, 0},
						.record = record,
						.pending = true,
						.limit = limit,
						.qos = qos,
						.account = "bio"};
}

/* Runs a function of the queue on the present rows. */
static void run(books_fn *fn)
{
	queue_sort_rows(rows, row_count);
	if (queue.cluster_count > 0) {
		queue.clusters[0].rows = rows;
		queue.clusters[0].row_count = row_count;
		queue.clusters[0].read = true;
	}
	OK(bank_write(bank, ++now, fn, &queue, &error));
}

/* Gives all rows of a job this QOS. */
static void set_qos(uint32_t number, const char *qos)
{
	for (size_t i = 0; i < row_count; i++) {
		if (rows[i].id.number == number)
			rows[i].qos = qos;
	}
}

static size_t away(void)
{
	struct account *account = util_account(bank, now, "bio");
	size_t count = account->queue_job_count;

	account_free(account);
	return count;
}

START_TEST(no_more_than_ten_thousand_jobs_move_and_the_rest_is_reported)
{
	hold("bio", CAUSE_FUNDS);
	for (uint32_t i = 1; i <= QUEUE_JOBS_MAX + 7; i++)
		add(i, "", "normal", 60);
	run(queue_plan);
	ck_assert_uint_eq(queue.task_count, QUEUE_JOBS_MAX);
	ck_assert_uint_lt(queue.move_count, 20);
	ck_assert_uint_eq(queue.finding_count, 1);
	ck_assert_int_eq(queue.findings[0].kind, QUEUE_FOUND_OVER);
	ck_assert_uint_eq(queue.findings[0].jobs, 7);
	ck_assert_str_eq(queue.findings[0].list, "10001,10002,10003,10004,10005,10006,10007");
	for (uint32_t i = 1; i <= QUEUE_JOBS_MAX; i++)
		set_qos(i, "scav");
	run(queue_record);
	ck_assert_uint_eq(queue.findings[0].jobs, QUEUE_JOBS_MAX);
	ck_assert_uint_eq(away(), QUEUE_JOBS_MAX);
	ck_assert_int_eq(util_verify(bank), 0);
	/* Half of them end, so that the others fit at once. */
	row_count /= 2;
	add(20000, "", "normal", 60);
	run(queue_plan);
	ck_assert_uint_eq(queue.task_count, 1);
	ck_assert_uint_eq(away(), 5004);
}
END_TEST

START_TEST(accounts_are_asked_for_only_if_they_may_matter)
{
	static const char *const only[] = {"lab"};

	run(queue_scope);
	ck_assert_uint_eq(queue.clusters[0].ask_count, 0);
	hold("bio", CAUSE_FUNDS);
	run(queue_scope);
	/* All, but not the one whose name may be anything. */
	ck_assert_uint_eq(queue.clusters[0].ask_count, 3);
	ck_assert_str_eq(queue.clusters[0].asks[0], "bio");
	ck_assert_str_eq(queue.clusters[0].asks[1], "lab");
	util_open_account(bank, ++now, "lab");
	queue.only = only;
	queue.only_count = 1;
	run(queue_scope);
	ck_assert_uint_eq(queue.clusters[0].ask_count, 3);
	queue.enabled = false;
	run(queue_scope);
	ck_assert_uint_eq(queue.clusters[0].ask_count, 0);
	/* A place that is not known is not guessed. */
	queue_release(&queue);
	accounts[1].parent = NULL;
	OK(queue_new(&observation, 1, &queue, &error));
	ck_assert_uint_eq(queue.cluster_count, 0);
	queue_release(&queue);
	observation.answered = false;
	OK(queue_new(&observation, 1, &queue, &error));
	ck_assert_uint_eq(queue.cluster_count, 0);
}
END_TEST

START_TEST(only_the_records_that_must_change_are_named)
{
	hold("bio", CAUSE_FUNDS);
	add(14, "14_[3-6]", "normal", 10);
	add(14, "15", "normal", 10);
	add(20, "", "normal", 10);
	add(20, "21", "normal", 10);
	run(queue_plan);
	/* Where one has no name, the number of the array stands for all. */
	ck_assert_uint_eq(queue.task_count, 3);
	ck_assert_str_eq(queue_task_name(&queue.tasks[0]), "14_[3-6]");
	ck_assert_str_eq(queue_task_name(&queue.tasks[1]), "15");
	ck_assert_str_eq(queue_task_name(&queue.tasks[2]), "20");
	set_qos(14, "scav");
	set_qos(20, "scav");
	OK(queue_drop_done(&queue, &error));
	ck_assert_uint_eq(queue.task_count, 0);
	run(queue_record);
	/* A task that its user moved stays; the rest of array 20 has no name. */
	release("bio", CAUSE_FUNDS);
	for (size_t i = 0; i < row_count; i++) {
		if (strcmp(rows[i].record, "15") == 0 || strcmp(rows[i].record, "21") == 0)
			rows[i].qos = "fast";
	}
	run(queue_plan);
	ck_assert_uint_eq(queue.task_count, 1);
	ck_assert_str_eq(queue_task_name(&queue.tasks[0]), "14_[3-6]");
	ck_assert_int_eq(queue.tasks[0].limit, 10);
	for (size_t i = 0; i < row_count; i++) {
		if (strcmp(rows[i].record, "14_[3-6]") == 0)
			rows[i].qos = "normal";
	}
	run(queue_record);
	ck_assert_uint_eq(queue.finding_count, 2);
	ck_assert_int_eq(queue.findings[0].kind, QUEUE_FOUND_BACK);
	ck_assert_int_eq(queue.findings[1].kind, QUEUE_FOUND_REFUSED);
	ck_assert_str_eq(queue.findings[1].list, "20");
	ck_assert_uint_eq(away(), 1);
}
END_TEST

START_TEST(a_time_limit_is_set_where_the_change_may_replace_it)
{
	hold("bio", CAUSE_FUNDS);
	add(1, "1", "normal", 60);
	add(2, "2", "normal", -1);
	add(3, "3", "normal", -1);
	run(queue_plan);
	ck_assert_uint_eq(queue.task_count, 3);
	ck_assert_int_eq(queue.tasks[0].limit, QUEUE_LIMIT_KEEP);
	ck_assert_int_eq(queue.tasks[2].limit, 60);
	for (uint32_t i = 1; i <= 3; i++)
		set_qos(i, "scav");
	run(queue_record);
	release("bio", CAUSE_FUNDS);
	rows[2].limit = 5;
	run(queue_plan);
	ck_assert_uint_eq(queue.task_count, 3);
	ck_assert_int_eq(queue.tasks[0].limit, QUEUE_LIMIT_KEEP);
	ck_assert_int_eq(queue.tasks[1].limit, QUEUE_LIMIT_NONE);
	ck_assert_int_eq(queue.tasks[2].limit, 60);
	/* A limit that did not come back is reported. */
	for (uint32_t i = 1; i <= 3; i++)
		set_qos(i, "normal");
	rows[0].limit = 30;
	OK(queue_drop_done(&queue, &error));
	ck_assert_uint_eq(queue.task_count, 1);
	run(queue_record);
	ck_assert_int_eq(queue.findings[1].kind, QUEUE_FOUND_REFUSED);
	ck_assert_str_eq(queue.findings[1].reason, "Slurm did not change its time limit");
}
END_TEST

START_TEST(tasks_that_differ_within_the_scavenger_qos_do_not_stop_others)
{
	hold("bio", CAUSE_FUNDS);
	add(5, "5_[2-3]", "scav", 60);
	add(5, "6", "scav", 30);
	add(9, "9", "normal", 30);
	run(queue_plan);
	ck_assert_uint_eq(queue.task_count, 1);
	ck_assert_str_eq(queue_task_name(&queue.tasks[0]), "9");
	ck_assert_uint_eq(queue.finding_count, 0);
	ck_assert_uint_eq(away(), 1);
}
END_TEST

START_TEST(a_job_that_the_books_refuse_does_not_stop_others)
{
	hold("bio", CAUSE_FUNDS);
	add(8, "8", "", 30);
	add(9, "9", "normal", 30);
	run(queue_plan);
	ck_assert_uint_eq(queue.task_count, 1);
	ck_assert_str_eq(queue_task_name(&queue.tasks[0]), "9");
	ck_assert_uint_eq(queue.finding_count, 1);
	ck_assert_int_eq(queue.findings[0].kind, QUEUE_FOUND_LEFT);
	ck_assert_str_eq(queue.findings[0].list, "8");
	ck_assert_uint_eq(away(), 1);
}
END_TEST

static int forget(struct books *books, void *ctx, struct sb_error *err)
{
	return queue_forget(books, "c1", ctx, err);
}

START_TEST(jobs_that_are_gone_leave_the_list_of_a_busy_account)
{
	hold("bio", CAUSE_FUNDS);
	for (uint32_t check = 0; check < 40; check++) {
		row_count = 0;
		for (uint32_t i = 1; i <= 50; i++)
			add(check * 25 + i, "", i <= 25 ? "scav" : "normal", 60);
		now += 300 * INT64_C(1000000);
		run(queue_plan);
		for (size_t i = 0; i < row_count; i++)
			rows[i].qos = "scav";
		run(queue_record);
	}
	/* Those that wait, and those of an hour. */
	ck_assert_uint_le(away(), 50 + 12 * 25);
	ck_assert_int_eq(util_verify(bank), 0);
}
END_TEST

START_TEST(many_time_limits_take_many_checks)
{
	hold("bio", CAUSE_FUNDS);
	for (uint32_t i = 1; i <= 1200; i++)
		add(i, "", "normal", i);
	for (size_t left = 1200, some = 500; left > 0; left -= some) {
		some = left < 500 ? left : 500;
		run(queue_plan);
		ck_assert_uint_eq(queue.move_count, some);
		ck_assert_uint_eq(queue.finding_count, left > some);
		if (left > some) {
			ck_assert_int_eq(queue.findings[0].kind, QUEUE_FOUND_LATER);
			ck_assert_uint_eq(queue.findings[0].jobs, left - some);
		}
		for (size_t i = 0; i < queue.task_count; i++)
			set_qos(queue.tasks[i].id.number, "scav");
		run(queue_record);
	}
	ck_assert_uint_eq(away(), 1200);
	ck_assert_int_eq(util_verify(bank), 0);
}
END_TEST

START_TEST(a_job_in_another_account_returns_when_that_one_is_not_held)
{
	static const char *const only[] = {"bio"};

	util_open_account(bank, now, "lab");
	accounts[1].parent = "root";
	queue_release(&queue);
	OK(queue_new(&observation, 1, &queue, &error));
	queue.rules = &rules;
	queue.enabled = true;
	hold("bio", CAUSE_FUNDS);
	add(1, "1", "normal", 60);
	add(2, "2_[3-4]", "normal", 60);
	run(queue_plan);
	set_qos(1, "scav");
	set_qos(2, "scav");
	run(queue_record);
	/* Slurm keeps the QOS. */
	for (size_t i = 0; i < row_count; i++) {
		if (rows[i].id.number == 1)
			rows[i].account = "lab";
	}
	queue.only = only;
	queue.only_count = 1;
	run(queue_plan);
	ck_assert_uint_eq(queue.task_count, 1);
	ck_assert_uint_eq(queue.tasks[0].id.number, 1);
	ck_assert_int_eq(queue.moves[0].batch.action, QUEUE_BACK);
	set_qos(1, "normal");
	run(queue_record);
	ck_assert_uint_eq(away(), 1);
	/* Accounts that the check is not of are left to another. */
	hold("lab", CAUSE_FUNDS);
	run(queue_plan);
	ck_assert_uint_eq(queue.task_count, 0);
}
END_TEST

START_TEST(tasks_of_another_account_are_not_moved)
{
	hold("bio", CAUSE_FUNDS);
	add(2, "2_[3-6]", "normal", 60);
	add(2, "7", "normal", 60);
	rows[1].account = "root";
	run(queue_plan);
	ck_assert_uint_eq(queue.task_count, 0);
	ck_assert_int_eq(queue.findings[0].kind, QUEUE_FOUND_LEFT);
	/* Its tasks differ: that is not tried again, nor reported. */
	now += 7200 * INT64_C(1000000);
	run(queue_plan);
	ck_assert_uint_eq(queue.move_count, 0);
	ck_assert_uint_eq(queue.finding_count, 0);
}
END_TEST

START_TEST(what_slurm_refuses_is_tried_again_an_hour_later_and_reported_once)
{
	const int64_t hour = 3600 * INT64_C(1000000);

	hold("bio", CAUSE_FUNDS);
	add(1, "1", "normal", 60);
	add(2, "2", "normal", 60);
	run(queue_plan);
	set_qos(2, "scav");
	run(queue_record);
	ck_assert_uint_eq(queue.finding_count, 2);
	for (int again = 0; again < 2; again++) {
		run(queue_plan);
		ck_assert_uint_eq(queue.task_count, 0);
		ck_assert_uint_eq(queue.finding_count, 0);
		now += hour;
		run(queue_plan);
		ck_assert_uint_eq(queue.task_count, 1);
		run(queue_record);
		ck_assert_uint_eq(queue.finding_count, 0);
	}
	/* Returns are given up as little. */
	now += hour;
	run(queue_plan);
	set_qos(1, "scav");
	run(queue_record);
	ck_assert_int_eq(queue.findings[0].kind, QUEUE_FOUND_AWAY);
	release("bio", CAUSE_FUNDS);
	for (int again = 0; again < 3; again++) {
		run(queue_plan);
		ck_assert_uint_eq(queue.task_count, again == 0 ? 2 : 1);
		set_qos(1, "normal");
		run(queue_record);
		ck_assert_uint_eq(queue.finding_count, again == 0 ? 2 : 0);
		run(queue_plan);
		ck_assert_uint_eq(queue.task_count, 0);
		now += hour;
	}
	run(queue_plan);
	set_qos(2, "normal");
	run(queue_record);
	ck_assert_int_eq(queue.findings[0].kind, QUEUE_FOUND_BACK);
	ck_assert_uint_eq(away(), 0);
	ck_assert_int_eq(util_verify(bank), 0);
}
END_TEST

START_TEST(a_job_that_runs_at_the_release_returns_when_it_is_queued_again)
{
	hold("bio", CAUSE_FUNDS);
	for (uint32_t i = 1; i <= 3; i++)
		add(i, "", "normal", 60);
	run(queue_plan);
	for (uint32_t i = 1; i <= 3; i++)
		set_qos(i, "scav");
	run(queue_record);
	release("bio", CAUSE_FUNDS);
	/* One runs before the plan, one starts before scontrol. */
	rows[0].pending = false;
	run(queue_plan);
	ck_assert_uint_eq(queue.task_count, 2);
	rows[1].pending = false;
	set_qos(3, "normal");
	run(queue_record);
	ck_assert_uint_eq(queue.finding_count, 1);
	ck_assert_uint_eq(away(), 2);
	run(queue_plan);
	ck_assert_uint_eq(queue.task_count, 0);
	now += 3600 * INT64_C(1000000);
	rows[0].pending = rows[1].pending = true;
	run(queue_plan);
	ck_assert_uint_eq(queue.task_count, 2);
	row_count = 0;
	run(queue_plan);
	ck_assert_uint_eq(away(), 0);
}
END_TEST

START_TEST(jobs_on_a_cluster_that_is_gone_are_forgotten)
{
	size_t count;

	hold("bio", CAUSE_FUNDS);
	add(1, "1", "normal", 60);
	add(2, "2", "fast", 60);
	run(queue_plan);
	ck_assert_uint_eq(away(), 2);
	OK(bank_write(bank, ++now, forget, &count, &error));
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(away(), 0);
	/* An account without a place on the cluster has no jobs there. */
	run(queue_plan);
	ck_assert_uint_eq(away(), 2);
	queue.clusters[0].tree.count = 0;
	row_count = 0;
	run(queue_plan);
	ck_assert_uint_eq(away(), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("queue");
	TCase *tcase = tcase_create("queue");

	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, no_more_than_ten_thousand_jobs_move_and_the_rest_is_reported);
	tcase_add_test(tcase, accounts_are_asked_for_only_if_they_may_matter);
	tcase_add_test(tcase, only_the_records_that_must_change_are_named);
	tcase_add_test(tcase, a_time_limit_is_set_where_the_change_may_replace_it);
	tcase_add_test(tcase, tasks_that_differ_within_the_scavenger_qos_do_not_stop_others);
	tcase_add_test(tcase, a_job_that_the_books_refuse_does_not_stop_others);
	tcase_add_test(tcase, jobs_that_are_gone_leave_the_list_of_a_busy_account);
	tcase_add_test(tcase, many_time_limits_take_many_checks);
	tcase_add_test(tcase, a_job_in_another_account_returns_when_that_one_is_not_held);
	tcase_add_test(tcase, tasks_of_another_account_are_not_moved);
	tcase_add_test(tcase, what_slurm_refuses_is_tried_again_an_hour_later_and_reported_once);
	tcase_add_test(tcase, a_job_that_runs_at_the_release_returns_when_it_is_queued_again);
	tcase_add_test(tcase, jobs_on_a_cluster_that_is_gone_are_forgotten);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
