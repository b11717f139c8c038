/* SPDX-License-Identifier: GPL-3.0-or-later */
/* squeue's answers about jobs that have not ended, and calls of `scontrol update`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slurm/scontrol.h"
#include "slurm/squeue.h"
#include "tests/util.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *answer; /* of the next calls */
static int fails; /* so many of the next calls fail with status 1 */
static const char *refused; /* the option that calls fail for; NULL: none */
static int no_run; /* the call with this number does not run; 0: all do */
static int calls;
static char line[4096]; /* the last call */
static size_t longest; /* argument */

static int run_canned(const char *const argv[], int deadline_ms, struct run_result *ret,
		      struct sb_error *err)
{
	size_t len = 0;

	(void)deadline_ms;
	calls++;
	for (size_t i = 0; argv[i]; i++) {
		if (strlen(argv[i]) > longest)
			longest = strlen(argv[i]);
		if (len < sizeof(line))
			len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s",
						i ? "|" : "", argv[i]);
	}
	for (size_t i = 0; refused && argv[i]; i++) {
		if (strcmp(argv[i], refused) != 0)
			continue;
		*ret = (struct run_result){.out = strdup(""), .status = 1};
		(void)snprintf(ret->err_line, sizeof(ret->err_line),
			       "squeue: unrecognized option '%s'", refused);
		return SB_OK;
	}
	if (calls == no_run)
		return sb_error_set(err, SB_ETIMEOUT, "too late");
	*ret = (struct run_result){.out = strdup(answer), .out_len = strlen(answer)};
	ck_assert_ptr_nonnull(ret->out);
	if (fails > 0) {
		fails--;
		ret->status = 1;
		(void)snprintf(ret->err_line, sizeof(ret->err_line), "no, %d", calls);
	}
	return SB_OK;
}

static const struct slurm slurm = {
	.scontrol = "scontrol", .squeue = "squeue", .deadline_ms = 1, .run = run_canned};

static void setup(void)
{
	answer = "";
	refused = NULL;
	fails = no_run = calls = 0;
	longest = 0;
}

#define LONG_LIST                                                                                  \
	"1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31,33,35,37,39,41,43,45,47,49,51,53,55,57,59,61"
#define HEADER "CLUSTER: dev\nJOBID|ARRAY_JOB_ID|ARRAY_TASK_ID|JOBID|ST|TIME_LIMIT|QOS|ACCOUNT\n"

static const char *const accounts[] = {"bio", "lab", "phys"};

static struct queued_jobs read_queued(const char *rows)
{
	struct queued_jobs queued = {0};
	char *text;

	ck_assert_int_ge(asprintf(&text, HEADER "%s", rows), 0);
	answer = text;
	OK(squeue_read_queued(&slurm, "dev", accounts, COUNT(accounts), &queued, &error));
	free(text);
	return queued;
}

static const struct {
	const char *row, *odd;
} odd_rows[] = {
	{"x|1|N/A|1|PD|10:00|normal|bio", "JOBID of x is \"x\""},
	{"0|1|N/A|1|PD|10:00|normal|bio", "JOBID of 0 is \"0\""},
	{"4294967296|1|N/A|1|PD|10:00|normal|bio", "JOBID"},
	{"1||N/A|1|PD|10:00|normal|bio", "ARRAY_JOB_ID of 1 is \"\""},
	{"1|1|N/A|1+|PD|10:00|normal|bio", "JOBID of 1 is \"1+\""},
	{"1|1|N/A|1+65535|PD|10:00|normal|bio", "JOBID of 1 is"},
	{"1|1|N/A|1;2|PD|10:00|normal|bio", "JOBID of 1 is \"1;2\""},
	{"1|1|N/A|1|PD|soon|normal|bio", "TIME_LIMIT of 1 is \"soon\""},
	{"1|1|N/A|1|PD|10:30|normal|bio", "TIME_LIMIT of 1 is \"10:30\""},
	{"1|1|N/A|1|PD|1:60:00|normal|bio", "TIME_LIMIT"},
	{"1|1|N/A|1|PD|1-10:00|normal|bio", "TIME_LIMIT"},
	{"1|1|N/A|1|PD|-5:00|normal|bio", "TIME_LIMIT"},
	{"1|1|N/A|1|PD|10:00|a b|bio", "QOS of 1 is \"a b\""},
	{"1|1|N/A|1|PD|10:00|(null)|bio", "QOS of 1 is \"(null)\""},
	{"1|1|N/A|1|PD|10:00|a,|bio", "QOS of 1 is \"a,\""},
	{"1|1|N/A|1|PD|10:00||bio", "QOS of 1 is \"\""},
	{"1|1|N/A|1|PD|10:00|normal|chem", "ACCOUNT of 1 is \"chem\""},
	{"1|1|N/A|1|PD|10:00|normal|x|bio", "ACCOUNT of 1 is \"x|bio\""},
	{"1|1|N/A|1|PD|10:00|normal|bio\nx", "ACCOUNT of 1 is"},
};

START_TEST(a_row_that_cannot_be_used_costs_that_row_only)
{
	char rows[512], text[ODD_ROW_TEXT_SIZE];
	struct queued_jobs queued;

	(void)snprintf(rows, sizeof(rows),
		       "7|7|N/A|7|PD|10:00|normal|bio\n%s\n8|8|N/A|8|R|10:00|normal|lab\n",
		       odd_rows[_i].row);
	queued = read_queued(rows);
	ck_assert_uint_eq(queued.count, 2);
	ck_assert_int_eq(queued.list[0].number, 7);
	ck_assert_int_eq(queued.list[1].number, 8);
	ck_assert_uint_eq(queued.odd.count, 1);
	ck_assert_ptr_nonnull(strstr(odd_row_text(text, &queued.odd.list[0]), odd_rows[_i].odd));
	queued_jobs_release(&queued);
}
END_TEST

START_TEST(answers_of_another_form_and_bad_names_are_refused)
{
	static const char *const answers[] = {
		"", "JOBID\n1\n", "CLUSTER: gpu\nJOBID|ARRAY_JOB_ID\n",
		"JOBID|ARRAY_JOB_ID|ARRAY_TASK_ID|JOBID|ST|TIME_LIMIT|QOS|ACCOUNT\n1|1"};
	static const char *const bad[] = {"bio", "a,b"};
	struct queued_jobs queued = {0};

	for (size_t i = 0; i < COUNT(answers); i++) {
		answer = answers[i];
		ck_assert_int_eq(squeue_read_queued(&slurm, "dev", accounts, 1, &queued, &error),
				 SB_EFORMAT);
	}
	calls = 0;
	ck_assert_int_eq(squeue_read_queued(&slurm, "dev", bad, 2, &queued, &error), SB_EINVAL);
	ck_assert_int_eq(squeue_read_queued(&slurm, "d,v", accounts, 1, &queued, &error),
			 SB_EINVAL);
	ck_assert_int_eq(calls, 0);
	ck_assert_ptr_null(queued.list);
}
END_TEST

START_TEST(jobs_of_every_form_are_read)
{
	static const struct queued_job expected[] = {
		{.number = 12, .part = -1, .pending = true, .limit = 10, .qos = "normal"},
		{.number = 13, .part = -1, .limit = -1, .qos = "fast,long"},
		{.number = 14,
		 .array = 14,
		 .rest = true,
		 .tasks = "14_[3-6,9]",
		 .part = -1,
		 .pending = true,
		 .limit = 2940,
		 .qos = "normal"},
		{.number = 15, .array = 14, .part = -1, .limit = 90, .qos = "normal"},
		{.number = 16,
		 .array = 16,
		 .rest = true,
		 .tasks = "",
		 .part = -1,
		 .pending = true,
		 .limit = 1,
		 .qos = "normal"},
		{.number = 17, .part = 0, .first = 17, .pending = true, .limit = 5, .qos = "scav"},
		{.number = 18, .part = 1, .first = 17, .pending = true, .limit = 0, .qos = "scav"},
		{.number = 19, .part = -1, .pending = true, .limit = -1, .qos = "normal"},
		{.number = 20, .part = -1, .pending = true, .limit = 1, .qos = "normal"},
		/* The last task of an array has the array's number. */
		{.number = 22,
		 .array = 22,
		 .rest = true,
		 .tasks = "22_3",
		 .part = -1,
		 .pending = true,
		 .limit = 1,
		 .qos = "normal"},
		{.number = 21,
		 .array = 21,
		 .rest = true,
		 .tasks = "21_[" LONG_LIST "]",
		 .part = -1,
		 .pending = true,
		 .limit = 1,
		 .qos = "normal"},
	};
	struct queued_jobs queued =
		read_queued("12|12|N/A|12|PD|10:00|normal|bio\n"
			    "13|13|N/A|13|R|UNLIMITED|fast,long|lab\n"
			    "14|14|3-6,9%2|14_[3-6,9%2]|PD|2-01:00:00|normal|bio\n"
			    "15|14|1|14_1|R|1:30:00|normal|bio\n"
			    "16|16|1,3,5...|16_[1,3,5...]|PD|1:00|normal|bio\n"
			    "17|17|N/A|17+0|RH|5:00|scav|bio\n"
			    "18|18|N/A|17+1|SE|0:00|scav|phys\n"
			    "19|19|N/A|19|PD|NOT_SET|normal|bio\n"
			    "20|20|N/A|20|RD|1:00|normal|bio\n"
			    "22|22|3|22_3|PD|1:00|normal|bio\n"
			    "21|21|" LONG_LIST "%3|21_[" LONG_LIST "%3]|PD|1:00|normal|bio\n");

	ck_assert_str_eq(line, "squeue|-a|--array-unique|-M|dev|-A|bio,lab,phys|-o|"
			       "%A|%F|%K|%i|%t|%l|%q|%a");
	ck_assert_uint_eq(queued.count, COUNT(expected));
	for (size_t i = 0; i < queued.count; i++) {
		const struct queued_job *job = &queued.list[i], *as = &expected[i];

		ck_assert_int_eq(job->number, as->number);
		ck_assert_int_eq(job->array, as->array);
		ck_assert_int_eq(job->rest, as->rest);
		ck_assert_str_eq(job->tasks, as->tasks ? as->tasks : "");
		ck_assert_int_eq(job->part, as->part);
		if (as->part >= 0)
			ck_assert_int_eq(job->first, as->first);
		ck_assert_int_eq(job->pending, as->pending);
		ck_assert_int_eq(job->limit, as->limit);
		ck_assert_str_eq(job->qos, as->qos);
	}
	ck_assert_str_eq(queued.list[6].account, "phys");
	queued_jobs_release(&queued);
}
END_TEST

/* As Slurm 26.05 shows them: rows of single tasks, with the number of their record. */
START_TEST(tasks_of_one_record_are_joined_where_slurm_shows_each)
{
	struct queued_jobs queued;

	refused = "--array-unique";
	queued = read_queued("6|1|8|1_8|PD|5:00|normal|bio\n"
			     "1|1|9|1_9|PD|20:00|normal|bio\n"
			     "1|1|3|1_3|PD|20:00|normal|bio\n"
			     "1|1|4|1_4|PD|20:00|normal|bio\n"
			     "1|1|11|1_11|PD|20:00|normal|bio\n"
			     "1|1|10|1_10|PD|20:00|normal|bio\n"
			     "2|1|1|1_1|R|20:00|normal|bio\n"
			     "7|7|2|7_2|PD|20:00|scav|lab\n"
			     "8|8|1|8_1|R|20:00|scav|lab\n"
			     "5|5|N/A|5|PD|20:00|normal|phys\n");
	ck_assert_int_eq(calls, 2);
	ck_assert_str_eq(line, "squeue|-a|-r|-M|dev|-A|bio,lab,phys|-o|%A|%F|%K|%i|%t|%l|%q|%a");
	ck_assert_uint_eq(queued.count, 6);
	ck_assert_int_eq(queued.list[0].number, 1);
	ck_assert(queued.list[0].rest);
	ck_assert(queued.list[0].pending);
	ck_assert_str_eq(queued.list[0].tasks, "1_[3-4,9-11]");
	ck_assert_int_eq(queued.list[1].number, 2);
	ck_assert(!queued.list[1].rest);
	ck_assert_int_eq(queued.list[2].number, 5);
	ck_assert_str_eq(queued.list[2].tasks, "");
	ck_assert_int_eq(queued.list[3].number, 6);
	ck_assert(!queued.list[3].rest);
	ck_assert_str_eq(queued.list[4].tasks, "7_2");
	ck_assert(!queued.list[5].pending);
	queued_jobs_release(&queued);
}
END_TEST

START_TEST(no_account_is_no_call_and_many_are_several)
{
	struct queued_jobs queued = {0};
	static char names[1000][256];
	const char *list[1000];

	OK(squeue_read_queued(&slurm, "dev", NULL, 0, &queued, &error));
	ck_assert_int_eq(calls, 0);
	queued_jobs_release(&queued);
	answer = HEADER;
	for (int i = 0; i < 1000; i++) {
		memset(names[i], 'a', 255);
		(void)snprintf(names[i], 256, "a%03d", i);
		names[i][4] = 'a';
		list[i] = names[i];
	}
	OK(squeue_read_queued(&slurm, "dev", list, 1000, &queued, &error));
	ck_assert_int_eq(calls, 3);
	ck_assert_uint_lt(longest, 128 << 10);
	queued_jobs_release(&queued);
}
END_TEST

START_TEST(jobs_move_in_few_calls)
{
	static const char *const jobs[] = {"12", "15+0", "14_[3-6,9]"};
	static char numbers[2500][16];
	const char *many[2500];

	OK(scontrol_move_jobs(&slurm, "dev", jobs, 3, "scav", 60, &error));
	ck_assert_str_eq(line,
			 "scontrol|-M|dev|update|JobId=12,15+0,14_[3-6,9]|QOS=scav|TimeLimit=60");
	OK(scontrol_move_jobs(&slurm, "dev", jobs, 1, "normal", JOB_LIMIT_KEEP, &error));
	ck_assert_str_eq(line, "scontrol|-M|dev|update|JobId=12|QOS=normal");
	OK(scontrol_move_jobs(&slurm, "dev", jobs, 1, "normal", JOB_LIMIT_NONE, &error));
	ck_assert_str_eq(line, "scontrol|-M|dev|update|JobId=12|QOS=normal|TimeLimit=UNLIMITED");
	OK(scontrol_move_jobs(&slurm, "dev", jobs, 1, "normal", 0, &error));
	ck_assert_str_eq(line, "scontrol|-M|dev|update|JobId=12|QOS=normal|TimeLimit=0");
	for (int i = 0; i < 2500; i++) {
		(void)snprintf(numbers[i], sizeof(numbers[i]), "%d", 1000000 + i);
		many[i] = numbers[i];
	}
	calls = 0;
	OK(scontrol_move_jobs(&slurm, "dev", many, 2500, "scav", 60, &error));
	ck_assert_int_eq(calls, 3);
	OK(scontrol_move_jobs(&slurm, "dev", many, 0, "scav", 60, &error));
	ck_assert_int_eq(calls, 3);
	/* A call that fails for some of its jobs does not stop the others. */
	calls = 0;
	fails = 2;
	FAILS(SB_EFAILED, "no, 1",
	      scontrol_move_jobs(&slurm, "dev", many, 2500, "scav", 60, &error));
	ck_assert_int_eq(calls, 3);
	/* One that does not run does. */
	calls = 0;
	no_run = 2;
	FAILS(SB_ETIMEOUT, "too late",
	      scontrol_move_jobs(&slurm, "dev", many, 2500, "scav", 60, &error));
	ck_assert_int_eq(calls, 2);
}
END_TEST

START_TEST(what_is_no_job_or_qos_never_reaches_scontrol)
{
	static const char *const bad[] = {"", "a", "-1", "12 QOS=x", "12;13", "+1", "12\n"};
	static const char *const good[] = {"12"};

	for (size_t i = 0; i < COUNT(bad); i++)
		FAILS(SB_EINVAL, "is no number of a job",
		      scontrol_move_jobs(&slurm, "dev", &bad[i], 1, "scav", 60, &error));
	FAILS(SB_EINVAL, "as a QOS", scontrol_move_jobs(&slurm, "dev", good, 1, "a b", 60, &error));
	FAILS(SB_EINVAL, "as a QOS", scontrol_move_jobs(&slurm, "dev", good, 1, "", 60, &error));
	FAILS(SB_EINVAL, "as a QOS",
	      scontrol_move_jobs(&slurm, "dev", good, 1, "a,,b", 60, &error));
	FAILS(SB_EINVAL, "as a QOS",
	      scontrol_move_jobs(&slurm, "dev", good, 1, "scav", -3, &error));
	FAILS(SB_EINVAL, "cluster", scontrol_move_jobs(&slurm, "d v", good, 1, "scav", 6, &error));
	ck_assert_int_eq(calls, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("queued");
	TCase *bad = tcase_create("bad"), *good = tcase_create("good");

	tcase_add_checked_fixture(bad, setup, NULL);
	tcase_add_checked_fixture(good, setup, NULL);
	tcase_add_loop_test(bad, a_row_that_cannot_be_used_costs_that_row_only, 0, COUNT(odd_rows));
	tcase_add_test(bad, answers_of_another_form_and_bad_names_are_refused);
	tcase_add_test(bad, what_is_no_job_or_qos_never_reaches_scontrol);
	tcase_add_test(good, jobs_of_every_form_are_read);
	tcase_add_test(good, tasks_of_one_record_are_joined_where_slurm_shows_each);
	tcase_add_test(good, no_account_is_no_call_and_many_are_several);
	tcase_add_test(good, jobs_move_in_few_calls);
	suite_add_tcase(suite, bad);
	suite_add_tcase(suite, good);
	return util_run(suite);
}
