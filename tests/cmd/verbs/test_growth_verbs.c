/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verbs on ten times as many accounts and jobs must take about ten times as many steps. A step is a
 * basic block of the program: the compiler has each of them call the counter below (Makefile.am).
 * What LMDB, libc and the make-believe Slurm do is not counted. */
#include "tests/drive.h"

enum {
	FEW = 100,
	MANY = 10 * FEW,
	/* Sorting and searching take a few more steps in a longer list; 100 would be quadratic. */
	MOST = 14,
};

#define BEGIN (T0 / WHEN_SECOND)
#define ARGS_MAX 10

static uint64_t blocks;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
	blocks++;
}

static char requests[128], pages[128], ledger[128];

static const struct step {
	const char *args[ARGS_MAX];
	const char *says; /* in the output, in which %d is the number of accounts; NULL: none */
	int64_t hours; /* later than the step before */
	bool jobs; /* before it, each account has a job whose node fails */
	bool moves; /* before it, half of the accounts move below others */
} steps[] = {
	{.args = {"import", "--append", requests}, .says = "recorded %d of %d"},
	{.args = {"check"}, .says = "is metered by jobs", .hours = 1},
	{.args = {"check"}, .says = "charged", .hours = 2, .jobs = true},
	{.args = {"check"}, .says = "", .hours = 1},
	{.args = {"balance", "-P"}, .says = "a00000|"},
	{.args = {"balance", "--tree"}, .says = "a00000"},
	{.args = {"balance", "--lots", "-P"}, .says = "a00000|"},
	{.args = {"balance", "--forecast", "-P"}, .says = "a00000|"},
	{.args = {"terms", "-P"}, .says = "a00000|"},
	{.args = {"statement", "a00000", "-P"}, .says = "jobs|dev"},
	{.args = {"journal", "-P"}, .says = "deposit|a00000|"},
	{.args = {"usage", "-P"}, .says = "a00000"},
	{.args = {"why", "a00000"}, .says = "a00000"},
	{.args = {"report", "-o", pages}, .says = ""},
	{.args = {"reconcile", "-P"}, .says = ""},
	{.args = {"refund", "--state", "NODE_FAIL", "--since", "now-1day", "-i", "--note", "n"},
	 .says = ""},
	{.args = {"verify"}, .says = ""},
	{.args = {"export", ledger}, .says = ""},
	{.args = {"verify", ledger}, .says = ""},
	{.args = {"check"}, .says = "", .hours = 1, .moves = true},
};

static void account_name(char to[16], size_t i)
{
	(void)snprintf(to, 16, "a%05zu", i);
}

static void set_up(size_t count)
{
	FILE *file;
	char name[16];

	drive_setup();
	set_settings("clusters: [dev]\nlock_seconds: 1\nthresholds: [50]\nnotice_days: 0\n"
		     "meter: jobs\n");
	(void)snprintf(requests, sizeof(requests), "%s/round.yaml", test_folder);
	(void)snprintf(pages, sizeof(pages), "%s/pages", test_folder);
	(void)snprintf(ledger, sizeof(ledger), "%s/ledger.yaml", test_folder);
	file = fopen(requests, "we");
	ck_assert_ptr_nonnull(file);
	for (size_t i = 0; i < count; i++) {
		account_name(name, i);
		(void)fake_account("dev", name);
		(void)fprintf(file, "- {ref: r%zu, open: %s, su: 1}\n", i, name);
	}
	ck_assert_int_eq(fclose(file), 0);
}

static void end_jobs(size_t count)
{
	char name[16];

	for (size_t i = 0; i < count; i++) {
		account_name(name, i);
		fake_add_job("dev", (struct fake_job){.id = (int)i + 1,
						      .account = name,
						      .start = BEGIN + 3700,
						      .ran = 2000,
						      .state = "NODE_FAIL"});
	}
}

static void move_half(size_t count)
{
	char name[16];

	for (size_t i = count / 2; i < count; i++) {
		struct fake_account *account;

		account_name(name, i);
		account = fake_account("dev", name);
		account_name(account->parent, i - count / 2);
	}
}

static void count_steps(size_t count, uint64_t to[COUNT(steps)])
{
	set_up(count);
	for (size_t i = 0; i < COUNT(steps); i++) {
		char says[64];

		clock_now += steps[i].hours * HOUR;
		if (steps[i].jobs)
			end_jobs(count);
		if (steps[i].moves)
			move_half(count);
		blocks = 0;
		drive(steps[i].args);
		to[i] = blocks;
		(void)snprintf(says, sizeof(says), "%.20s", steps[i].says);
		if (i == 0)
			(void)snprintf(says, sizeof(says), "recorded %zu of %zu", count, count);
		ck_assert_msg(status == 0 && strstr(out, says),
			      "step %zu, %s, ended with %d: %.500s%.500s", i, steps[i].args[0],
			      status, out, err);
	}
	drive_teardown();
}

START_TEST(ten_times_the_accounts_and_jobs_take_about_ten_times_the_steps)
{
	uint64_t few[COUNT(steps)], many[COUNT(steps)];

	count_steps(FEW, few);
	count_steps(MANY, many);
	for (size_t i = 0; i < COUNT(steps); i++) {
		/* Nothing counted: the blocks do not call the counter. */
		ck_assert_uint_gt(few[i], 0);
		ck_assert_msg(many[i] <= MOST * few[i],
			      "step %zu, %s %s: %llu basic blocks for %d accounts, %llu for %d: "
			      "more than %d times as many",
			      i, steps[i].args[0], steps[i].args[1] ? steps[i].args[1] : "",
			      (unsigned long long)few[i], FEW, (unsigned long long)many[i], MANY,
			      MOST);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("growth of verbs");
	TCase *test = tcase_create("growth of verbs");

	tcase_set_timeout(test, TEST_TIMEOUT);
	tcase_add_test(test, ten_times_the_accounts_and_jobs_take_about_ten_times_the_steps);
	suite_add_tcase(suite, test);
	return util_run(suite);
}
