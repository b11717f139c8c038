/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Budgets of other resources than SU that are metered by jobs, driven in this process. */
#include <inttypes.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/drive.h"

#define BEGIN (T0 / WHEN_SECOND)
#define SETTINGS "clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"
#define NONE "cpu=0,mem=0,node=0,billing=0,gres/gpu=0,gres/gpu:a100=0"

/* Adds a job of the account that started so many seconds after BEGIN. */
static void job(int id, const char *account, int64_t start, int64_t ran, const char *tres)
{
	fake_add_job("dev", (struct fake_job){.id = id,
					      .account = account,
					      .start = BEGIN + start,
					      .ran = ran,
					      .tres = tres});
}

static void set_raw(const char *account, const char *tres)
{
	struct fake_account *to = fake_account("dev", account);

	(void)snprintf(to->tres_raw, sizeof(to->tres_raw), "%s", tres);
}

/* bio has SU, GPU-hours and memory, and dna below it has nothing but SU. */
static void setup(void)
{
	drive_setup();
	set_settings(SETTINGS "meter: jobs\n");
	fake_account("dev", "bio");
	strcpy(fake_account("dev", "dna")->parent, "bio");
	set_raw("bio", NONE);
	set_raw("dna", NONE);
	DONE("", "open", "bio", "10");
	DONE("", "open", "bio", "5", "--resource", "gres/gpu");
	DONE("", "open", "bio", "5", "--resource", "mem");
	DONE("", "open", "dna", "10");
	clock_now = T0 + HOUR;
	DONE("bio:gres/gpu: is metered by jobs on dev from now on", "check");
	ck_assert_ptr_null(strstr(out, "charged"));
	clock_now = T0 + 2 * HOUR;
}

static void nothing_more(void)
{
	char *before = exported();

	DONE("", "check");
	ck_assert_str_eq(out, "");
	UNCHANGED(before);
}

#define CHARGED(rows)                                                                              \
	do {                                                                                       \
		DONE("", "journal", "-nP", "--seconds", "-k", "job", "-o",                         \
		     "Account,Cluster,Amount");                                                    \
		ck_assert_str_eq(out, rows);                                                       \
	} while (0)

static void is_reconciled(void)
{
	DONE("", "reconcile", "-nP");
	DONE("", "verify");
}

#define GPUS "billing=2,cpu=1,gres/gpu:a100=1,gres/gpu=3,mem=100M,node=1"

START_TEST(a_job_is_charged_to_every_purse_once)
{
	job(1, "dna", 3700, 60, GPUS);
	job(2, "bio", 3700, 30, "billing=2,cpu=1,mem=1G,node=1");
	DONE("bio:gres/gpu: charged 0.05 GPU-hours for 1 job on dev\n", "check");
	ck_assert_ptr_nonnull(strstr(out, "bio:mem: charged <0.01 GiB-hours for 2 jobs on dev\n"));
	CHARGED("dna|dev|-120\n"
		"bio|dev|-120\n"
		"bio:gres/gpu|dev|-180\n"
		"bio:mem|dev|-6000\n"
		"bio|dev|-60\n"
		"bio:mem|dev|-30720\n");
	nothing_more();
	/* What RawUsage says of them has no effect. */
	set_raw("bio", "cpu=9,mem=9,node=9,billing=9,gres/gpu=9,gres/gpu:a100=9");
	nothing_more();
	is_reconciled();
	DONE("", "reconcile", "bio", "-nP", "--seconds", "-o", "Account,Books,Slurm,Difference");
	ck_assert_str_eq(out, "bio|180|180|0\nbio:gres/gpu|180|180|0\nbio:mem|36720|36720|0\n");
}
END_TEST

START_TEST(a_job_without_billing_is_charged_too)
{
	job(1, "dna", 3700, 60, "cpu=1,gres/gpu=1,node=1");
	DONE("bio:gres/gpu: charged", "check");
	CHARGED("bio:gres/gpu|dev|-60\n");
	nothing_more();
	is_reconciled();
}
END_TEST

START_TEST(a_dry_run_records_nothing_and_reports_the_purse)
{
	char *before = exported();

	job(1, "dna", 3700, 60, GPUS);
	GIVES(0, "bio:gres/gpu: would be charged 0.05 GPU-hours for 1 job on dev", "dry run",
	      "check", "--dry-run");
	ck_assert_ptr_null(strstr(out, "would hold"));
	fake_add_job("dev", (struct fake_job){.id = 2,
					      .account = "dna",
					      .start = BEGIN + 3700,
					      .ran = 3500,
					      .runs = true,
					      .tres = "billing=1,gres/gpu=6,cpu=1"});
	GIVES(0, "accounts that a check would hold: 1: bio:gres/gpu\n", "dry run", "check",
	      "--dry-run");
	UNCHANGED(before);
}
END_TEST

START_TEST(running_jobs_hold_the_purse)
{
	fake_add_job("dev", (struct fake_job){.id = 2,
					      .account = "dna",
					      .start = BEGIN + 3700,
					      .ran = 3500,
					      .runs = true,
					      .tres = "billing=1,gres/gpu=6,cpu=1"});
	DONE("bio:gres/gpu: held, available -0.83 GPU-hours\n", "check");
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "gres/gpu=0");
}
END_TEST

START_TEST(a_number_that_cannot_be_read_costs_its_row)
{
	job(1, "dna", 3700, 60, "billing=2,cpu=1,gres/gpu=x,node=1");
	job(2, "dna", 3700, 60, GPUS);
	GIVES(3, "bio:gres/gpu: charged 0.05 GPU-hours for 1 job on dev\n",
	      "AllocTRES of job 1 of account dna is \"billing=2,cpu=1,gres/gpu=x,node=1\"",
	      "check");
	CHARGED("dna|dev|-120\nbio|dev|-120\nbio:gres/gpu|dev|-180\nbio:mem|dev|-6000\n");
	GIVES(3, "", "AllocTRES", "reconcile", "-nP");
	/* A number that no purse needs. */
	job(3, "dna", 3700, 60, "billing=2,cpu=x,gres/gpu:a100=,node=1");
	clock_now += HOUR;
	GIVES(3, "dna: charged 0.03 SU for 1 job on dev\n", "AllocTRES of job 1", "check");
	job(1, "dna", 3700, 60, GPUS);
	clock_now += HOUR;
	DONE("bio:gres/gpu: charged 0.05 GPU-hours for 1 job on dev\n", "check");
	nothing_more();
	is_reconciled();
}
END_TEST

static int at_work[2];
static pid_t other;
static const char *call; /* a part of the command line of sacct */

/* Lets the other process open a budget: LMDB must not be open twice in one. */
static void open_meanwhile(enum fake_program program)
{
	int ended;

	if (program != FAKE_SACCT || !strstr(fake_line, call))
		return;
	fake_hook = NULL;
	ck_assert_int_eq(write(at_work[1], "x", 1), 1);
	ck_assert_int_eq(waitpid(other, &ended, 0), other);
	ck_assert(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
}

/* During the next check a budget of the resource is opened, when sacct is called. */
static void will_open(const char *resource, const char *when)
{
	char byte;

	ck_assert_int_eq(pipe(at_work), 0);
	other = fork();
	ck_assert_int_ge(other, 0);
	if (other == 0) {
		if (read(at_work[0], &byte, 1) != 1)
			_exit(99);
		RUN("open", "bio", "5", "--resource", resource);
		_exit(status == 0 ? 0 : 1);
	}
	call = when;
	fake_hook = open_meanwhile;
}

/* A budget that is opened between two steps of a check does not cost a job its charge. */
START_TEST(a_job_waits_if_it_cannot_be_read_for_a_budget_opened_meanwhile)
{
	clock_now = T0 + 10 * WHEN_DAY;
	job(1, "dna", 3700, 60, "billing=2,cpu=x,node=x,gres/gpu=1");
	will_open("node", "");
	GIVES(3, "", "1 job waits on dev for the next check: a budget was opened meanwhile",
	      "check", "--clock-ok");
	CHARGED("");
	clock_now += HOUR;
	GIVES(3, NULL, "AllocTRES of job 1 of account dna", "check");
	/* Asked for by its number. */
	job(1, "dna", 3700, 60, "billing=2,cpu=x,node=1,gres/gpu=1");
	clock_now += 2 * HOUR;
	will_open("cpu", " -j 1");
	GIVES(3, NULL, "1 job waits on dev for the next check: a budget was opened meanwhile",
	      "check");
	CHARGED("");
	job(1, "dna", 3700, 60, "billing=2,cpu=1,node=1,gres/gpu=1");
	clock_now += 2 * HOUR;
	DONE("bio: charged 0.03 SU for 1 job on dev", "check");
	CHARGED("dna|dev|-120\nbio|dev|-120\nbio:gres/gpu|dev|-60\n");
	nothing_more();
}
END_TEST

START_TEST(a_job_is_refunded_to_every_purse)
{
	job(1, "dna", 3700, 60, GPUS);
	DONE("", "check");
	GIVES(0, "",
	      "dry run: 0.03 SU, 0.05 GPU-hours, <0.01 GiB-hours of 1 job (4 charges) would be "
	      "refunded",
	      "refund", "--job", "1", "--accounts", "bio,dna", "--note", "x", "-nP", "--dry-run");
	GIVES(0, "bio:gres/gpu", "(3 charges)", "refund", "--job", "1", "--accounts", "bio",
	      "--note", "x", "-nP", "--dry-run");
	GIVES(0, "bio:mem",
	      "refunded 0.03 SU, 0.05 GPU-hours, <0.01 GiB-hours of 1 job (4 charges); head",
	      "refund", "--job", "1", "--note", "x", "-nP", "-i");
	GIVES(0, NULL, "nothing is left to refund: 4 charges were given back before", "refund",
	      "--job", "1", "--note", "x", "-nP", "-i");
	RUN("journal", "-nP", "-k", "refund", "--seconds", "-o", "Account,Amount");
	ck_assert_str_eq(out, "dna|120\nbio|120\nbio:gres/gpu|180\nbio:mem|6000\n");
	nothing_more();
	is_reconciled();
}
END_TEST

#define COMPARED(rows)                                                                             \
	do {                                                                                       \
		RUN("reconcile", "bio", "-nP", "--seconds", "-o",                                  \
		    "Account,Books,Slurm,Suspended,Edge,Difference");                              \
		ck_assert_str_eq(out, rows);                                                       \
	} while (0)

/* Slurm cuts each TRES to whole minutes. */
START_TEST(a_switch_takes_the_purses_along)
{
	/* What RawUsage had before counts for nothing. */
	set_raw("bio", "cpu=0,mem=1000,node=0,billing=0,gres/gpu=50,gres/gpu:a100=0");
	GIVES(0, "", "", "terms", "bio", "--meter", "rawusage", "--no-apply");
	DONE("bio:gres/gpu: is metered by rawusage on dev from now on\n", "check");
	ck_assert_ptr_nonnull(strstr(out, "bio:mem: is metered by rawusage"));
	job(1, "dna", 7300, 200, GPUS);
	set_raw("bio", "cpu=3,mem=1333,node=3,billing=6,gres/gpu=60,gres/gpu:a100=3");
	fake_account("dev", "bio")->usage = fake_account("dev", "dna")->usage = 400;
	clock_now = T0 + 3 * HOUR;
	DONE("dna: charged", "check");
	COMPARED("bio|400|400|0|0|0\nbio:gres/gpu|600|600|0|60|0\nbio:mem|19980|20000|0|60|20\n");
	ck_assert_int_eq(status, 0);
	/* A job runs on across the switch, of which RawUsage has a part. */
	fake_add_job("dev", (struct fake_job){.id = 2,
					      .account = "dna",
					      .start = BEGIN + 7900,
					      .ran = 2950,
					      .runs = true,
					      .tres = GPUS});
	set_raw("bio", "cpu=45,mem=5000,node=45,billing=80,gres/gpu=190,gres/gpu:a100=45");
	fake_account("dev", "bio")->usage = 5000;
	GIVES(0, "", "", "terms", "bio", "--meter", "jobs", "--no-apply");
	DONE("bio:gres/gpu: is metered by jobs on dev from now on\n", "check");
	fake_add_job("dev", (struct fake_job){.id = 2,
					      .account = "dna",
					      .start = BEGIN + 7900,
					      .ran = 4000,
					      .tres = GPUS});
	clock_now = T0 + 4 * HOUR;
	DONE("bio:gres/gpu: charged", "check");
	RUN("reconcile", "bio", "-nP", "--seconds", "-o", "Account,Books,Slurm,Difference");
	ck_assert_str_eq(out, "bio|8400|8400|0\nbio:gres/gpu|12600|12600|0\n"
			      "bio:mem|420000|420000|0\n");
	nothing_more();
	is_reconciled();
}
END_TEST

/* By RawUsage: what a crash of slurmctld lost is recorded in the purse. */
START_TEST(a_difference_is_recorded_in_the_purse)
{
	GIVES(0, "", "", "terms", "bio", "--meter", "rawusage", "--no-apply");
	DONE("bio:gres/gpu: is metered by rawusage", "check");
	job(1, "dna", 7300, 1000, GPUS);
	set_raw("bio", "cpu=16,mem=1666,node=16,billing=33,gres/gpu=20,gres/gpu:a100=16");
	fake_account("dev", "bio")->usage = fake_account("dev", "dna")->usage = 2000;
	clock_now = T0 + 3 * HOUR;
	DONE("dna: charged", "check");
	RUN("reconcile", "bio", "-nP", "--seconds", "-o", "Account,Books,Slurm,Edge,Difference");
	ck_assert_int_eq(status, 3);
	ck_assert_str_eq(out, "bio|2000|2000|0|0\nbio:gres/gpu|1200|3000|60|1800\n"
			      "bio:mem|99960|100000|60|40\n");
	GIVES(0, "", "differences recorded: 1", "reconcile", "bio", "-nP", "--apply", "--no-apply",
	      "--note", "crash");
	RUN("journal", "-nP", "-k", "reconcile", "--seconds", "-o", "Account,Amount");
	ck_assert_str_eq(out, "bio:gres/gpu|-1740\n");
	DONE("sacct has 1740 GPU-seconds more than the books", "journal", "-nP", "-k", "reconcile");
	is_reconciled();
}
END_TEST

START_TEST(a_job_is_listed_for_each_resource_that_differs)
{
	GIVES(0, "", "", "terms", "bio", "--meter", "rawusage", "--no-apply");
	GIVES(0, "", "", "terms", "dna", "--meter", "rawusage", "--no-apply");
	DONE("bio:gres/gpu: is metered by rawusage", "check");
	job(1, "dna", 7300, 1000, GPUS);
	job(2, "dna", 7300, 100, "billing=2");
	set_raw("bio", "cpu=16,mem=1666,node=16,billing=20,gres/gpu=20,gres/gpu:a100=16");
	fake_account("dev", "bio")->usage = fake_account("dev", "dna")->usage = 1200;
	clock_now = T0 + 3 * HOUR;
	DONE("dna: charged", "check");
	RUN("reconcile", "-nP", "--seconds", "--jobs", "-o", "Job,Used,For,Resource");
	ck_assert_int_eq(status, 3);
	ck_assert_str_eq(out, "dev/1|2000|dna|billing\ndev/1|3000|bio:gres/gpu|gres/gpu\n"
			      "dev/2|200|dna|billing\n");
}
END_TEST

START_TEST(an_account_of_slurm_named_like_a_purse_has_none)
{
	strcpy(fake_account("dev", "bio:gres/gpu")->parent, "dna");
	job(1, "bio:gres/gpu", 3700, 60, GPUS);
	RUN("check");
	CHARGED("dna|dev|-120\nbio|dev|-120\nbio:gres/gpu|dev|-180\nbio:mem|dev|-6000\n");
	nothing_more();
	is_reconciled();
	/* A move below it is none of the purse either. */
	strcpy(fake_account("dev", "bio:gres/gpu")->parent, "root");
	fake_account("dev", "dna")->usage = 100;
	strcpy(fake_account("dev", "dna")->parent, "bio:gres/gpu");
	clock_now += HOUR;
	RUN("check");
	ck_assert_int_eq(status, 0);
	RUN("journal", "-nP", "-k", "move", "-o", "Account");
	ck_assert_str_eq(out, "dna\nbio\nbio\n");
	DONE("", "verify");
}
END_TEST

/* Settings that change what a job costs change it for every resource. */
START_TEST(factors_and_free_states_apply_to_purses)
{
	set_settings(SETTINGS "meter: jobs\nfree_states: [NODE_FAIL]\n"
			      "factors: {partition: {main: 0.5}}\n");
	job(1, "bio", 3700, 60, GPUS);
	fake_add_job("dev", (struct fake_job){.id = 2,
					      .account = "bio",
					      .start = BEGIN + 3700,
					      .ran = 60,
					      .state = "NODE_FAIL",
					      .tres = GPUS});
	DONE("bio:gres/gpu: charged", "check");
	CHARGED("bio|dev|-60\nbio:gres/gpu|dev|-90\nbio:mem|dev|-3000\n");
	nothing_more();
	is_reconciled();
}
END_TEST

/* A purse counts from when it was opened; the check that switches its meter settles that. */
START_TEST(a_purse_opened_while_a_job_runs_gets_what_is_left_of_it)
{
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .account = "dna",
					      .start = BEGIN + 3700,
					      .ran = 3600,
					      .runs = true,
					      .tres = "billing=2,cpu=4,node=1"});
	clock_now = T0 + 2 * HOUR + 100 * WHEN_SECOND;
	set_raw("bio", "cpu=240,mem=0,node=60,billing=0,gres/gpu=0,gres/gpu:a100=0");
	DONE("", "open", "bio", "50", "--resource", "cpu");
	clock_now = T0 + 3 * HOUR;
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .account = "dna",
					      .start = BEGIN + 3700,
					      .ran = 7200,
					      .runs = true,
					      .tres = "billing=2,cpu=4,node=1"});
	set_raw("bio", "cpu=470,mem=0,node=60,billing=0,gres/gpu=0,gres/gpu:a100=0");
	DONE("bio:cpu: is metered by jobs on dev from now on\n", "check");
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .account = "dna",
					      .start = BEGIN + 3700,
					      .ran = 8000,
					      .tres = "billing=2,cpu=4,node=1"});
	clock_now = T0 + 4 * HOUR;
	DONE("bio:cpu: charged", "check");
	RUN("reconcile", "bio", "-nP", "--seconds", "-o", "Account,Books,Slurm,Difference");
	ck_assert_str_eq(out, "bio|16000|16000|0\nbio:cpu|17596|17596|0\n"
			      "bio:gres/gpu|0|0|0\nbio:mem|0|0|0\n");
	nothing_more();
	is_reconciled();
}
END_TEST

/* The moves are the account's, and its purses follow them. */
START_TEST(a_job_counts_for_the_purses_above_it_when_it_ended)
{
	fake_account("dev", "geo");
	set_raw("geo", NONE);
	DONE("", "open", "geo", "10");
	DONE("", "open", "geo", "5", "--resource", "gres/gpu");
	GIVES(0, "geo:gres/gpu: is metered by jobs", "", "check");
	fake_account("dev", "dna")->usage = 100;
	strcpy(fake_account("dev", "dna")->parent, "geo");
	/* One ended before the check that notices the move, one after it. */
	job(1, "dna", 7220, 30, GPUS);
	clock_now = T0 + 3 * HOUR;
	RUN("check");
	CHARGED("dna|dev|-60\nbio|dev|-60\nbio:gres/gpu|dev|-90\nbio:mem|dev|-3000\n");
	job(2, "dna", 14000, 10, GPUS);
	clock_now = T0 + 4 * HOUR;
	RUN("check");
	CHARGED("dna|dev|-60\nbio|dev|-60\nbio:gres/gpu|dev|-90\nbio:mem|dev|-3000\n"
		"dna|dev|-20\ngeo|dev|-20\ngeo:gres/gpu|dev|-30\n");
	nothing_more();
	is_reconciled();
}
END_TEST

START_TEST(reconcile_and_refund_use_the_unit_of_the_purse)
{
	job(1, "bio", 3700, 3600, "billing=1,cpu=1,mem=2G,node=1");
	clock_now = T0 + 3 * HOUR;
	GIVES(0, "bio:mem: charged 2.00 GiB-hours for 1 job", "", "check");
	GIVES(0, "", "dry run: 1.00 SU, 2.00 GiB-hours of 1 job (2 charges) would be refunded",
	      "refund", "--job", "1", "--note", "x", "-nP", "--dry-run", "-o",
	      "Account,Refund,Unit,Resource");
	ck_assert_str_eq(out, "bio|1.00|SU|billing\nbio:mem|2.00|GiB-hours|mem\n");
	DONE("", "reconcile", "bio", "-nP", "-o", "Account,Slurm,Unit");
	ck_assert_str_eq(out, "bio|1.00|SU\nbio:gres/gpu|0.00|GPU-hours\n"
			      "bio:mem|2.00|GiB-hours\n");
	job(2, "bio", 9000, 3600, "billing=1,cpu=1,mem=2G,node=1");
	clock_now = T0 + 4 * HOUR;
	GIVES(0, "bio:mem: charged 2.00 GiB-hours for 1 job", "", "check", "bio");
	nothing_more();
	is_reconciled();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs_purse_jobs");
	TCase *tcase = tcase_create("verbs_purse_jobs");

	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_add_test(tcase, a_job_is_charged_to_every_purse_once);
	tcase_add_test(tcase, a_job_without_billing_is_charged_too);
	tcase_add_test(tcase, a_dry_run_records_nothing_and_reports_the_purse);
	tcase_add_test(tcase, running_jobs_hold_the_purse);
	tcase_add_test(tcase, a_number_that_cannot_be_read_costs_its_row);
	tcase_add_test(tcase, a_job_waits_if_it_cannot_be_read_for_a_budget_opened_meanwhile);
	tcase_add_test(tcase, a_job_is_refunded_to_every_purse);
	tcase_add_test(tcase, a_switch_takes_the_purses_along);
	tcase_add_test(tcase, a_difference_is_recorded_in_the_purse);
	tcase_add_test(tcase, a_job_is_listed_for_each_resource_that_differs);
	tcase_add_test(tcase, an_account_of_slurm_named_like_a_purse_has_none);
	tcase_add_test(tcase, factors_and_free_states_apply_to_purses);
	tcase_add_test(tcase, a_purse_opened_while_a_job_runs_gets_what_is_left_of_it);
	tcase_add_test(tcase, a_job_counts_for_the_purses_above_it_when_it_ended);
	tcase_add_test(tcase, reconcile_and_refund_use_the_unit_of_the_purse);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
