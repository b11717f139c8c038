/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of jobs left out, in memory and stored. */
#include "ledger/books/left_jobs.h"
#include "tests/util.h"

static int add(struct left_jobs *left, int64_t id, int64_t submit, const char *account)
{
	struct left_job job = {.id = id, .submit = submit, .since = id < INT64_MAX ? 100 * id : id};

	(void)snprintf(job.account, sizeof(job.account), "%s", account);
	return left_jobs_add(left, &job, &error);
}

START_TEST(a_full_list_takes_no_more)
{
	struct left_jobs left = {0};

	for (int64_t i = 0; i < LEFT_JOBS_MAX; i++) {
		int64_t id = i * 7919 % LEFT_JOBS_MAX;

		OK(add(&left, id, 5, ""));
	}
	FAILS(SB_EREFUSED, "more than 1000", add(&left, LEFT_JOBS_MAX, 5, ""));
	ck_assert_uint_eq(left.count, LEFT_JOBS_MAX);
	for (size_t i = 0; i < LEFT_JOBS_MAX; i++)
		ck_assert_int_eq(left.list[i].id, (int64_t)i);
	left_jobs_release(&left);
	ck_assert_uint_eq(left.count, 0);
}
END_TEST

/* A number recurs with another submit time; without a submit time any run matches. */
START_TEST(a_job_is_found_by_its_number_and_submit_time)
{
	struct left_jobs left = {0};

	OK(add(&left, 7, 30, ""));
	OK(add(&left, 9, -1, ""));
	OK(add(&left, 7, 20, ""));
	OK(add(&left, 8, 20, ""));
	ck_assert_ptr_null(left_jobs_find(&left, 7, 25));
	ck_assert_ptr_null(left_jobs_find(&left, 7, -1));
	ck_assert_ptr_null(left_jobs_find(&left, 6, 20));
	ck_assert_ptr_null(left_jobs_find(&left, 10, 20));
	ck_assert_int_eq(left_jobs_find(&left, 7, 20)->submit, 20);
	ck_assert_int_eq(left_jobs_find(&left, 7, 30)->submit, 30);
	ck_assert_int_eq(left_jobs_find(&left, 9, 12345)->id, 9);
	ck_assert_int_eq(left_jobs_find(&left, 9, -1)->id, 9);
	left_jobs_remove(&left, left_jobs_find(&left, 7, 30));
	ck_assert_ptr_null(left_jobs_find(&left, 7, 30));
	ck_assert_uint_eq(left.count, 3);
	while (left.count > 0)
		left_jobs_remove(&left, &left.list[0]);
	ck_assert_ptr_null(left_jobs_find(&left, 8, 20));
	left_jobs_release(&left);
}
END_TEST

START_TEST(jobs_count_for_all_accounts_above)
{
	struct kin kin[] = {{"bio", ""}, {"chem", ""}, {"lab", "bio"}, {"room", "lab"}};
	const struct tree tree = {.list = kin, .count = 4};
	struct left_jobs left = {0};

	OK(add(&left, 1, 5, "room"));
	OK(add(&left, 2, 5, "bio"));
	ck_assert_uint_eq(left_jobs_of(&left, &tree, "room", INT64_MAX), 1);
	ck_assert_uint_eq(left_jobs_of(&left, &tree, "lab", INT64_MAX), 1);
	ck_assert_uint_eq(left_jobs_of(&left, &tree, "bio", INT64_MAX), 2);
	ck_assert_uint_eq(left_jobs_of(&left, &tree, "chem", INT64_MAX), 0);
	/* The second one had not ended by then. */
	ck_assert_uint_eq(left_jobs_of(&left, &tree, "bio", 200), 1);
	/* Their account is unknown. */
	OK(add(&left, 4, 5, ""));
	ck_assert_uint_eq(left_jobs_of(&left, &tree, "chem", INT64_MAX), 1);
	OK(add(&left, 3, 5, "bi"));
	ck_assert_uint_eq(left_jobs_of(&left, &tree, "chem", INT64_MAX), 2);
	/* No check has read a tree yet. */
	ck_assert_uint_eq(left_jobs_of(&left, &(struct tree){0}, "room", INT64_MAX), 4);
	left_jobs_release(&left);
}
END_TEST

static int keep(struct books *books, void *ctx, struct sb_error *err)
{
	return books_set_left_jobs(books, "dev", ctx, err);
}

static int read_dev(struct books *books, void *ctx, struct sb_error *err)
{
	return books_left_jobs(books, "dev", ctx, err);
}

static int read_gpu(struct books *books, void *ctx, struct sb_error *err)
{
	return books_left_jobs(books, "gpu", ctx, err);
}

static int spoil(struct books *books, void *ctx, struct sb_error *err)
{
	return store_set(books_txn(books), STORE_META, (struct slice){"left_jobs/dev", 13},
			 *(struct slice *)ctx, err);
}

START_TEST(the_list_is_kept_beside_the_books)
{
	struct left_jobs left = {.tried = INT64_MAX}, again = {0};
	struct slice cut = {"12345678123", 11};
	struct bank *bank;

	util_create();
	bank = util_open(STORE_WRITE);
	OK(bank_read(bank, 0, read_dev, &again, &error));
	ck_assert_uint_eq(again.count, 0);
	ck_assert_int_eq(again.tried, 0);
	OK(add(&left, INT64_MAX, -1, ""));
	OK(add(&left, 0, INT64_MAX, "a|b\nc \377"));
	OK(bank_write(bank, 0, keep, &left, &error));
	OK(bank_read(bank, 0, read_gpu, &again, &error));
	ck_assert_uint_eq(again.count, 0);
	OK(bank_read(bank, 0, read_dev, &again, &error));
	ck_assert_int_eq(again.tried, INT64_MAX);
	ck_assert_uint_eq(again.count, 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(again.list[i].id, left.list[i].id);
		ck_assert_int_eq(again.list[i].submit, left.list[i].submit);
		ck_assert_int_eq(again.list[i].since, left.list[i].since);
		ck_assert_str_eq(again.list[i].account, left.list[i].account);
	}
	left_jobs_release(&again);
	/* A malformed list is an error: no job is lost silently. */
	OK(bank_write(bank, 0, spoil, &cut, &error));
	FAILS(SB_ECORRUPT, "malformed", bank_read(bank, 0, read_dev, &again, &error));
	left_jobs_release(&left);
	bank_close(bank);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("left_jobs");
	TCase *tcase = tcase_create("left_jobs");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, util_setup, util_teardown);
	tcase_add_test(tcase, a_full_list_takes_no_more);
	tcase_add_test(tcase, a_job_is_found_by_its_number_and_submit_time);
	tcase_add_test(tcase, jobs_count_for_all_accounts_above);
	tcase_add_test(tcase, the_list_is_kept_beside_the_books);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
