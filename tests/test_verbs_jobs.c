/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts that are metered by jobs, driven in this process. */
#include "config.h"

#include <inttypes.h>

#include "tests/drive.h"

#define BEGIN (T0 / WHEN_SECOND)
#define SETTINGS "clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"

/* A job of the account that started so many seconds after BEGIN. */
static void job(int id, const char *account, int64_t start, int64_t ran)
{
	fake_add_job("dev",
		     (struct fake_job){
			     .id = id, .account = account, .start = BEGIN + start, .ran = ran});
}

static void setup(void)
{
	drive_setup();
	set_settings(SETTINGS "meter: jobs\n");
	fake_account("dev", "bio");
	DONE("", "open", "bio", "10");
	clock_now = T0 + HOUR;
	DONE("bio: is metered by jobs on dev from now on", "check");
	ck_assert_ptr_null(strstr(out, "charged"));
	clock_now = T0 + 2 * HOUR;
}

/* A check finds nothing: it prints and enters nothing, and changes nothing in Slurm. */
static void nothing_more(void)
{
	char *before = exported();
	int modified = fake_modifies;

	DONE("", "check");
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(fake_modifies, modified);
	UNCHANGED(before);
}

/* What the journal has of jobs, in billing-seconds. */
#define CHARGED(rows)                                                                              \
	do {                                                                                       \
		DONE("", "journal", "-nP", "--seconds", "-k", "job", "-o",                         \
		     "Account,Cluster,Amount,Detail");                                             \
		ck_assert_str_eq(out, rows);                                                       \
	} while (0)

#define USED(account, used)                                                                        \
	do {                                                                                       \
		DONE("", "balance", account, "-nPo", "Used", "--seconds");                         \
		ck_assert_str_eq(out, used "\n");                                                  \
	} while (0)

static void is_reconciled(void)
{
	DONE("", "reconcile", "-nP");
	DONE("", "verify");
}

START_TEST(each_finished_job_is_charged_once)
{
	job(1, "bio", 3700, 60);
	fake_add_job("dev", (struct fake_job){.id = 2,
					      .name = "12_3",
					      .user = "bob",
					      .start = BEGIN + 3800,
					      .ran = 100,
					      .suspended = 40,
					      .state = "TIMEOUT",
					      .tres = "billing=3,cpu=1,mem=100M,node=1"});
	fake_add_job("dev", (struct fake_job){.id = 3, .start = BEGIN + 3900, .runs = true});
	fake_add_job("dev",
		     (struct fake_job){.id = 4, .submit = BEGIN + 3950, .state = "CANCELLED by 0"});
	DONE("bio: charged 0.06 SU for 2 jobs on dev\n", "check");
	CHARGED("bio|dev|-60|job dev/1 of ann, COMPLETED\n"
		"bio|dev|-180|job dev/12_3 of bob, TIMEOUT\n");
	USED("bio", "240");
	/* What RawUsage says is nothing to it. */
	fake_account("dev", "bio")->usage = 99999;
	nothing_more();
	fake_account("dev", "bio")->usage = 5;
	nothing_more();
	/* It ends; and an earlier run of it that was requeued comes to light. */
	fake_add_job("dev", (struct fake_job){.id = 3, .start = BEGIN + 3900, .ran = 400});
	fake_add_job("dev", (struct fake_job){.id = 3,
					      .submit = BEGIN + 3750,
					      .state = "REQUEUED",
					      .start = BEGIN + 3800,
					      .ran = 10});
	DONE("bio: charged 0.11 SU for 2 jobs on dev\n", "check");
	nothing_more();
	USED("bio", "650");
	DONE("jobs|dev|4|-650\n", "statement", "bio", "-nP", "--seconds");
	DONE("job:dev/1/", "journal", "bio", "-nPo", "Ref", "-k", "job");
	DONE("\"elapsed\":60", "journal", "--json", "-k", "job", "bio");
	is_reconciled();
}
END_TEST

/* Jobs that began before the switch have only what they used behind it. */
START_TEST(a_switch_charges_nothing_twice_and_loses_nothing)
{
	set_settings(SETTINGS);
	fake_account("dev", "chem");
	DONE("", "open", "chem", "10");
	clock_now = T0 + 3 * HOUR;
	job(1, "chem", 7300, 100);
	/* It runs on; RawUsage has 1000 seconds of it and sacct 2900 at the switch. */
	fake_add_job("dev", (struct fake_job){.id = 2,
					      .account = "chem",
					      .start = BEGIN + 7900,
					      .ran = 2950,
					      .runs = true});
	fake_account("dev", "chem")->usage = 1100;
	DONE("chem: charged", "check", "chem");
	USED("chem", "1100");
	DONE("", "terms", "chem", "--meter", "jobs");
	fake_account("dev", "chem")->usage = 1200;
	DONE("chem: is metered by jobs on dev from now on", "check", "chem");
	/* Up to the very second: 10 seconds for the verbs since. */
	DONE("", "reconcile", "chem", "-nP", "--seconds", "-o", "Difference");
	ck_assert_str_eq(out, "0\n");
	clock_now = T0 + 4 * HOUR;
	fake_add_job(
		"dev",
		(struct fake_job){.id = 2, .account = "chem", .start = BEGIN + 7900, .ran = 4000});
	job(3, "chem", 12000, 500);
	DONE("chem: charged", "check", "chem");
	USED("chem", "4600");
	is_reconciled();
	/* And back again, while one runs. */
	fake_add_job("dev", (struct fake_job){.id = 4,
					      .account = "chem",
					      .start = BEGIN + 14000,
					      .ran = 401,
					      .runs = true});
	DONE("", "terms", "chem", "--meter", "rawusage");
	fake_account("dev", "chem")->usage = 5000;
	DONE("chem: is metered by rawusage on dev from now on", "check", "chem");
	DONE("reconcile|-4", "journal", "chem", "-nP", "--seconds", "-o", "Kind,Amount", "-k",
	     "reconcile");
	fake_account("dev", "chem")->usage = 5100;
	DONE("chem: charged 0.02 SU", "check", "chem");
	DONE("", "verify");
}
END_TEST

START_TEST(a_meter_that_cannot_be_switched_keeps_no_other)
{
	set_settings(SETTINGS);
	fake_account("dev", "chem");
	fake_account("dev", "phys");
	DONE("", "open", "chem", "10", "--end", "2026-11-22T20:00:00Z");
	DONE("", "open", "phys", "10");
	fake_account("dev", "chem")->usage = 100;
	DONE("chem: charged", "check");
	clock_now = T0 + 4 * HOUR;
	DONE("chem: ", "check");
	/* sacct knows of no job, and what would be given back needs a window. */
	set_settings(SETTINGS "meter: jobs\n");
	GIVES(3, "phys: is metered by jobs on dev", "chem: the meter on dev is not switched",
	      "check");
}
END_TEST

/* Jobs count from a whole second on. */
START_TEST(what_was_charged_in_the_second_of_a_switch_counts)
{
	int64_t second = T0 + 3 * HOUR;

	set_settings(SETTINGS);
	fake_account("dev", "chem");
	DONE("", "open", "chem", "10");
	job(1, "chem", 7300, 100);
	fake_account("dev", "chem")->usage = 100;
	clock_now = second + WHEN_SECOND / 2;
	DONE("chem: charged", "check", "chem");
	clock_now = second + WHEN_SECOND * 6 / 10;
	GIVES(0, "meter jobs", "left to the next check", "terms", "chem", "--meter", "jobs",
	      "--no-apply");
	clock_now = second + WHEN_SECOND * 7 / 10;
	DONE("chem: is metered by jobs", "check", "chem");
	USED("chem", "100");
	is_reconciled();
}
END_TEST

START_TEST(factors_are_exact_and_cut_once_a_job)
{
	fake_qos = "normal|||||1.000000\nhalf|||||0.333333\nfree|||||0.000000\n";
	for (int i = 1; i <= 3; i++)
		fake_add_job("dev",
			     (struct fake_job){
				     .id = i, .qos = "half", .start = BEGIN + 3700, .ran = 10});
	fake_add_job("dev",
		     (struct fake_job){.id = 4, .qos = "free", .start = BEGIN + 3700, .ran = 1000});
	fake_add_job("dev",
		     (struct fake_job){.id = 5, .qos = "gone", .start = BEGIN + 3700, .ran = 7});
	DONE("", "check");
	USED("bio", "16");
	GIVES(0, "", "1 jobs on dev ran in a QOS that is gone", "reconcile", "-nP");
}
END_TEST

#define TARIFF                                                                                     \
	"free_states: [NODE_FAIL]\n"                                                               \
	"factors: {qos: {scavenger: 0, half: 0.5}, partition: {debug: 0, gpu: 1.5}}\n"

/* Neither charged nor missed by a reconciliation. */
START_TEST(what_is_free_is_no_difference)
{
	set_settings(SETTINGS "meter: jobs\n" TARIFF);
	fake_qos = "normal|||||1.000000\nhalf|||||0.333333\nscavenger|||||1.000000\n";
	fake_add_job("dev", (struct fake_job){.id = 1, .start = BEGIN + 3700, .ran = 101});
	/* The node failed under its first run, and the second one ended well. */
	fake_add_job("dev", (struct fake_job){.id = 2,
					      .state = "NODE_FAIL",
					      .submit = BEGIN + 3600,
					      .start = BEGIN + 3700,
					      .ran = 1000});
	fake_add_job("dev", (struct fake_job){.id = 2, .start = BEGIN + 4800, .ran = 10});
	fake_add_job(
		"dev",
		(struct fake_job){.id = 3, .qos = "scavenger", .start = BEGIN + 3700, .ran = 1000});
	fake_add_job("dev",
		     (struct fake_job){
			     .id = 4, .partition = "debug", .start = BEGIN + 3700, .ran = 1000});
	/* 101 x 0.333333 x 0.5 x 1.5: the factor is cut to 0.249999, the amount to 25. */
	fake_add_job("dev", (struct fake_job){.id = 5,
					      .qos = "half",
					      .partition = "gpu",
					      .start = BEGIN + 3700,
					      .ran = 101});
	fake_add_job("dev", (struct fake_job){.id = 6,
					      .partition = "gpu",
					      .start = BEGIN + 3700,
					      .ran = 11,
					      .runs = true});
	fake_add_job("dev", (struct fake_job){.id = 7,
					      .partition = "debug",
					      .start = BEGIN + 3700,
					      .ran = 1000,
					      .runs = true});
	DONE("bio: charged 0.03 SU for 3 jobs on dev\n", "check");
	USED("bio", "136");
	DONE("16\n", "balance", "bio", "-nP", "--seconds", "-o", "InFlight");
	DONE("\"factor\":249999", "journal", "--json", "-k", "job", "bio");
	nothing_more();
	is_reconciled();
	/* What was entered stays; a new setting holds for what is entered from then on. */
	set_settings(SETTINGS "meter: jobs\n" TARIFF "notify_seconds: 1\n");
	fake_add_job(
		"dev",
		(struct fake_job){.id = 8, .state = "NODE_FAIL", .start = BEGIN + 5000, .ran = 20});
	nothing_more();
	set_settings(SETTINGS "meter: jobs\n");
	DONE("bio: charged 0.83 SU for 4 jobs on dev\n", "check");
	USED("bio", "3156");
}
END_TEST

/* RawUsage counts whatever ran. */
START_TEST(what_is_free_is_charged_under_rawusage)
{
	set_settings(SETTINGS TARIFF);
	fake_account("dev", "chem");
	DONE("", "open", "chem", "10");
	clock_now = T0 + 3 * HOUR;
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .account = "chem",
					      .state = "NODE_FAIL",
					      .partition = "gpu",
					      .start = BEGIN + 7300,
					      .ran = 100});
	fake_account("dev", "chem")->usage = 100;
	DONE("chem: charged", "check", "chem");
	DONE("|100|100|0|0|0|0\n", "reconcile", "chem", "-nP", "--seconds");
	GIVES(3,
	      "free_states, factors|the settings|warn|1 states, 4 factors|accounts metered by "
	      "rawusage are charged all the same",
	      NULL, "doctor", "-nP");
	ck_assert_ptr_nonnull(strstr(out, "factor of a QOS|the settings|warn|2: scavenger, half|"));
	ck_assert_ptr_nonnull(
		strstr(out, "factor of a partition|the settings|warn|2: debug, gpu|"));
	/* Switched, what ran before counts as RawUsage had it. */
	DONE("", "terms", "chem", "--meter", "jobs");
	DONE("chem: is metered by jobs", "check", "chem");
	USED("chem", "100");
	is_reconciled();
}
END_TEST

START_TEST(a_budget_has_what_those_below_it_use)
{
	(void)fake_account("dev", "lab");
	(void)snprintf(fake_account("dev", "lab")->parent, 256, "bio");
	job(1, "lab", 3700, 100);
	job(2, "nobody", 3700, 100);
	DONE("bio: charged 0.02 SU for 1 job on dev\n", "check");
	DONE("", "open", "lab", "1");
	DONE("lab: is metered by jobs", "check");
	clock_now = T0 + 3 * HOUR;
	job(3, "lab", 7300, 30);
	DONE("", "check");
	ck_assert_ptr_nonnull(strstr(out, "bio: charged <0.01 SU for 1 job on dev\n"));
	ck_assert_ptr_nonnull(strstr(out, "lab: charged <0.01 SU for 1 job on dev\n"));
	USED("bio", "130");
	USED("lab", "30");
	is_reconciled();
}
END_TEST

/* The budget that a job was charged to is that of the time when it ended. */
START_TEST(an_account_that_moves_takes_no_jobs_along)
{
	char file[96];

	(void)snprintf(file, sizeof(file), "%s/books.yaml", test_folder);
	fake_account("dev", "chem");
	fake_account("dev", "lab");
	strcpy(fake_account("dev", "lab")->parent, "bio");
	DONE("", "open", "chem", "10");
	DONE("", "check");
	job(1, "lab", 7230, 60);
	clock_now = T0 + 3 * HOUR;
	DONE("bio: charged", "check");
	strcpy(fake_account("dev", "lab")->parent, "chem");
	job(2, "lab", 10830, 70);
	clock_now = T0 + 4 * HOUR;
	DONE("chem: charged", "check");
	CHARGED("bio|dev|-60|job dev/1 of ann, COMPLETED\n"
		"chem|dev|-70|job dev/2 of ann, COMPLETED\n");
	nothing_more();
	/* Also when all that is not books was lost. */
	GIVES(0, "", "", "export", file);
	GIVES(0, "", "", "import", "--replace", "-i", file);
	GIVES(0, "", "", "adopt", "-i");
	DONE("", "check");
	CHARGED("bio|dev|-60|job dev/1 of ann, COMPLETED\n"
		"chem|dev|-70|job dev/2 of ann, COMPLETED\n");
	/* One that slurmdbd tells late goes to those above it now. */
	job(3, "lab", 7330, 80);
	clock_now = T0 + 5 * HOUR;
	DONE("", "open", "lab", "1");
	DONE("chem: charged", "check");
	/* A check of one account takes nothing from those above it, also of what was told late. */
	job(4, "lab", 18200, 90);
	clock_now = T0 + 6 * HOUR;
	DONE("lab: charged", "check", "lab");
	USED("chem", "240");
	clock_now = T0 + 7 * HOUR;
	DONE("", "check");
	job(5, "lab", 18400, 100);
	clock_now = T0 + 8 * HOUR;
	DONE("lab: charged", "check", "lab");
	DONE("", "check");
	USED("bio", "60");
	USED("chem", "340");
	USED("lab", "190");
	DONE("", "verify");
}
END_TEST

START_TEST(an_account_that_is_removed_leaves_its_jobs_to_those_above)
{
	fake_account("dev", "lab");
	strcpy(fake_account("dev", "lab")->parent, "bio");
	DONE("", "check");
	job(1, "lab", 7230, 60);
	fake_remove_account("dev", "lab");
	clock_now = T0 + 3 * HOUR;
	DONE("bio: charged", "check");
	nothing_more();
	USED("bio", "60");
}
END_TEST

START_TEST(ids_that_recur_are_other_jobs)
{
	job(1, "bio", 3700, 100);
	DONE("", "check");
	job(1, "bio", 5000, 50);
	DONE("", "check");
	USED("bio", "150");
	is_reconciled();
}
END_TEST

START_TEST(a_silent_slurmdbd_delays_and_loses_nothing)
{
	job(1, "bio", 3700, 100);
	fake_mode[FAKE_SACCT] = FAKE_FAILS;
	GIVES(3, NULL, "the jobs on cluster 'dev' are charged later: sacct failed", "check");
	fake_mode[FAKE_SACCT] = FAKE_OK;
	fake_mode[FAKE_SACCTMGR] = FAKE_FAILS;
	GIVES(3, NULL, "the jobs on cluster 'dev' are charged later: sacctmgr failed", "check");
	fake_mode[FAKE_SACCTMGR] = FAKE_OK;
	clock_now = T0 + 5 * 24 * HOUR;
	DONE("bio: charged 0.02 SU for 1 job on dev\n", "check");
	/* Told a day late. */
	job(2, "bio", 2 * 86400, 10);
	clock_now = T0 + 5 * 24 * HOUR + HOUR;
	job(3, "bio", 4 * 86400, 10);
	DONE("bio: charged <0.01 SU for 1 job on dev\n", "check");
	/* That was too late; the record has it. */
	GIVES(3, "|10\n", NULL, "reconcile", "-nP", "--seconds");
	GIVES(0, "", "differences entered: 1", "reconcile", "--apply");
	USED("bio", "120");
}
END_TEST

START_TEST(decay_is_nothing_to_jobs)
{
	fake_cluster("dev")->half_life = "7-00:00:00";
	job(1, "bio", 3700, 100);
	DONE("bio: charged 0.02 SU for 1 job on dev\n", "check");
	nothing_more();
	GIVES(0,
	      "decay of usage|dev|info|half life 7-00:00:00, reset NONE|this works: all accounts "
	      "are metered by jobs",
	      NULL, "doctor", "-nP");
	fake_account("dev", "chem");
	DONE("", "open", "chem", "1");
	DONE("chem: is metered by jobs", "check");
	GIVES(3, "meter rawusage", "cluster 'dev' is left alone: usage shrinks", "terms", "chem",
	      "--meter", "rawusage");
	GIVES(1, NULL, "or `meter: jobs` in the settings", "check");
	GIVES(0, "meter jobs", "left to the next check", "terms", "chem", "--meter", "site",
	      "--no-apply");
	nothing_more();
}
END_TEST

START_TEST(a_hold_follows_the_jobs)
{
	job(1, "bio", 3700, 3400);
	fake_add_job("dev", (struct fake_job){.id = 2,
					      .start = BEGIN + 3700,
					      .ran = 3400,
					      .tres = "billing=10,cpu=10"});
	DONE("bio: held", "check");
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "cpu=0");
	DONE("", "deposit", "bio", "10");
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "");
	ck_assert_int_eq(fake_mode[FAKE_SACCT], FAKE_OK);
}
END_TEST

/* What jobs that run have used is as good as spent. */
START_TEST(running_jobs_are_in_flight)
{
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .start = BEGIN + 3700,
					      .ran = 3000,
					      .tres = "billing=10,cpu=10",
					      .runs = true});
	DONE("", "check");
	ck_assert_str_eq(out, "");
	DONE("0|36000|30000|6000\n", "balance", "bio", "-nP", "--seconds", "-o",
	     "Used,Available,InFlight,Free");
	/* Before the switch RawUsage had it. */
	fake_add_job("dev", (struct fake_job){.id = 2,
					      .start = BEGIN + 3000,
					      .ran = 4000,
					      .tres = "billing=1",
					      .runs = true});
	DONE("", "check");
	DONE("33399\n", "balance", "bio", "-nP", "--seconds", "-o", "InFlight");
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .start = BEGIN + 3700,
					      .ran = 3300,
					      .tres = "billing=10,cpu=10",
					      .runs = true});
	DONE("bio: held", "check");
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "cpu=0");
	DONE("jobs that run have used 10.11 SU and may come to 10.11 SU", "why", "bio");
	DONE("holds go by the former", "why", "bio");
	DONE("  a deposit of more than 0.11 SU ends it", "why", "bio");
	nothing_more();
	/* They end, and all of it is charged. */
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .start = BEGIN + 3700,
					      .ran = 3300,
					      .tres = "billing=10,cpu=10"});
	fake_add_job("dev",
		     (struct fake_job){
			     .id = 2, .start = BEGIN + 3000, .ran = 4000, .tres = "billing=1"});
	DONE("charged", "check");
	DONE("36399|-399|0|-399\n", "balance", "bio", "-nP", "--seconds", "-o",
	     "Used,Available,InFlight,Free");
	DONE("", "deposit", "bio", "400s");
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "");
	DONE("", "verify");
}
END_TEST

/* slurmdbd was never told of their end. */
START_TEST(runaway_jobs_are_not_in_flight)
{
	fake_add_job("dev",
		     (struct fake_job){.id = 1, .start = BEGIN + 3700, .ran = 40000, .runs = true});
	fake_add_job(
		"dev",
		(struct fake_job){
			.id = 2, .start = BEGIN + 3700, .ran = 601, .limit = 600, .runs = true});
	fake_add_job(
		"dev",
		(struct fake_job){
			.id = 3, .start = BEGIN + 3700, .ran = 600, .limit = 600, .runs = true});
	fake_add_job("dev", (struct fake_job){.id = 4, .start = BEGIN + 3700, .ran = 5});
	fake_cluster("dev")->runaway = "1";
	DONE("1 job without an end on dev: slurmctld does not know it, and it is not in flight",
	     "check");
	ck_assert_ptr_null(strstr(out, "held"));
	DONE("5|1201\n", "balance", "bio", "-nP", "--seconds", "-o", "Used,InFlight");
	/* The same is not said to cron. */
	DONE("", "check", "--quiet");
	ck_assert_str_eq(out, "");
	fake_cluster("dev")->runaway = "1,2";
	DONE("2 jobs without an end on dev: slurmctld does not know them, and they are not in",
	     "check");
	DONE("600\n", "balance", "bio", "-nP", "--seconds", "-o", "InFlight");
	/* Who may run so long is not asked for. */
	int calls = fake_calls[FAKE_SQUEUE];
	fake_add_job("dev", (struct fake_job){.id = 1, .start = BEGIN + 3700, .ran = 1});
	fake_add_job("dev", (struct fake_job){.id = 2, .start = BEGIN + 3700, .ran = 2});
	DONE("bio: charged 3s for 2 jobs on dev", "check", "--seconds");
	ck_assert_int_eq(fake_calls[FAKE_SQUEUE], calls);
	/* What nobody knows counts. */
	fake_add_job("dev",
		     (struct fake_job){.id = 5, .start = BEGIN + 3700, .ran = 40000, .runs = true});
	fake_mode[FAKE_SQUEUE] = FAKE_TIMES_OUT;
	GIVES(0, "bio: held", "jobs on cluster 'dev' count as running that may not: squeue",
	      "check");
	DONE("", "verify");
}
END_TEST

/* Jobs of an hour at 2, one that is past its limit, one without a limit, a new one, and one that
 * began before the switch and was suspended for a while. */
static void add_running(void)
{
	const struct fake_job jobs[] = {
		{.id = 1, .start = BEGIN + 3700, .ran = 1000, .limit = 3600, .tres = "billing=2"},
		{.id = 2, .start = BEGIN + 3700, .ran = 100, .limit = 60},
		{.id = 3, .start = BEGIN + 3700, .ran = 500},
		{.id = 4, .start = BEGIN + 7190, .limit = 600},
		{.id = 5, .start = BEGIN + 3502, .ran = 400, .suspended = 50, .limit = 1800},
	};

	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		struct fake_job job = jobs[i];

		job.runs = true;
		fake_add_job("dev", job);
	}
}

START_TEST(running_jobs_are_committed_to_their_limits)
{
	add_running();
	DONE("", "check");
	ck_assert_str_eq(out, "");
	/* 2000 + 100 + 500 + 0 + 251; 7200 + 100 + 500 + 600 + 1701: the switch was 99 seconds
	 * behind the start of the last one. */
	GIVES(0, "bio|open|0|36000|2851|10101|", NULL, "balance", "bio", "-nP", "--seconds", "-o",
	      "Account,State,Used,Available,InFlight,Committed,Seen");
	DONE("1|33149\n", "balance", "bio", "-nP", "--seconds", "-o", "NoLimit,Free");
	GIVES(0, "Account State Used Available   Read InFlight Committed   Seen Free\n",
	      "bio: 1 running without a time limit", "balance", "--running");
	DONE("\"committed_seconds\": 10101", "balance", "--json");
	DONE("(total)||0|36000|2851|10101||33149\n", "balance", "-nP", "--seconds", "--total", "-o",
	     "Account,State,Used,Available,InFlight,Committed,Seen,Free");
	set_settings(SETTINGS "meter: jobs\nhold_on: committed\n");
	DONE("25899\n", "balance", "bio", "-nP", "--seconds", "-o", "Free");
	nothing_more();
	GIVES(2, NULL, "leave out --as-of", "balance", "--running", "--as-of", "now");
	/* What they used is older when slurmdbd has been silent since. */
	fake_mode[FAKE_SACCT] = FAKE_FAILS;
	clock_now += HOUR;
	GIVES(3, NULL, "charged later", "check");
	GIVES(0, "1h ago", "", "balance", "--running");
	fake_mode[FAKE_SACCT] = FAKE_OK;
}
END_TEST

START_TEST(holds_may_go_by_what_is_committed)
{
	add_running();
	DONE("", "withdraw", "bio", "26000s");
	nothing_more();
	set_settings(SETTINGS "meter: jobs\nhold_on: committed\n");
	DONE("bio: held", "check");
	DONE("may come to 2.80 SU, which is charged when they end; holds go by the latter", "why",
	     "bio");
	ck_assert_ptr_nonnull(strstr(out, "1 of them without a time limit"));
	ck_assert_ptr_nonnull(strstr(out, "a deposit of more than 0.02 SU ends it"));
	nothing_more();
	/* One that was to run for an hour ends at once. */
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .start = BEGIN + 3700,
					      .ran = 1010,
					      .limit = 3600,
					      .tres = "billing=2"});
	DONE("bio: released", "check");
	DONE("2020|7980|2901|5079\n", "balance", "bio", "-nP", "--seconds", "-o",
	     "Used,Available,Committed,Free");
}
END_TEST

/* Under `limit` Slurm's counter has what is in flight, and what was charged since the switch. */
/* Nobody hears of their end. */
START_TEST(jobs_on_a_cluster_that_is_no_more_hold_nobody)
{
	fake_cluster("old");
	fake_account("old", "bio");
	set_settings("clusters: [dev, old]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"
		     "meter: jobs\n");
	DONE("", "check");
	DONE("is metered by jobs on old", "check");
	fake_add_job("old", (struct fake_job){.id = 1,
					      .start = clock_now / WHEN_SECOND,
					      .ran = 3700,
					      .tres = "billing=10",
					      .runs = true});
	clock_now += 2 * HOUR;
	DONE("bio: held", "check");
	/* It may yet come back. */
	fake_cluster("old")->silent = true;
	GIVES(3, "", "'old' does not answer", "check");
	set_settings(SETTINGS "meter: jobs\n");
	DONE("", "check", "-M", "dev");
	DONE("held|37000\n", "balance", "bio", "-nP", "--seconds", "-o", "State,InFlight");
	DONE("", "check", "--let-go", "old");
	DONE("bio: released", "check");
	DONE("open|0\n", "balance", "bio", "-nP", "--seconds", "-o", "State,InFlight");
	nothing_more();
}
END_TEST

START_TEST(limits_follow_the_jobs)
{
	set_settings(SETTINGS "meter: jobs\nenforcement: limit\n");
	fake_account("dev", "bio")->usage = 6000;
	job(1, "bio", 3700, 3000);
	fake_add_job(
		"dev",
		(struct fake_job){
			.id = 2, .start = BEGIN + 3700, .ran = 3000, .limit = 3600, .runs = true});
	DONE("", "check");
	/* 36000 - 3000 - 3000, and 100 minutes are used already. */
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "billing=598");
	nothing_more();
}
END_TEST

/* What is left of a window expires when no job can be charged to it any more. */
START_TEST(windows_wait_for_jobs_that_began_in_them)
{
	DONE("", "deposit", "bio", "1", "--end", "now+1hour");
	fake_add_job(
		"dev",
		(struct fake_job){
			.id = 1, .start = BEGIN + 7300, .ran = 3000, .limit = 86400, .runs = true});
	clock_now = T0 + 4 * HOUR;
	nothing_more();
	fake_add_job("dev", (struct fake_job){
				    .id = 1, .start = BEGIN + 7300, .ran = 3500, .limit = 86400});
	DONE("bio: charged 0.97 SU for 1 job on dev\n", "check");
	ck_assert_ptr_nonnull(strstr(out, "bio: 0.02 SU expired"));
	DONE("expire|-100\n", "journal", "bio", "-nP", "--seconds", "-o", "Kind,Amount", "-k",
	     "expire");
	nothing_more();
	is_reconciled();
}
END_TEST

START_TEST(a_job_is_refunded_and_never_charged_again)
{
	job(1, "bio", 3700, 100);
	DONE("", "check");
	DONE("", "journal", "bio", "-nPo", "Entry", "-k", "job");
	out[strcspn(out, "\n")] = '\0';
	char *entry = strdup(out);
	DONE("refunded 0.02 SU of entry ", "refund", entry, "--note", "node failed");
	USED("bio", "0");
	nothing_more();
	is_reconciled();
	REFUSED(1, "was taken back", "reverse", entry, "--note", "x");
	free(entry);
}
END_TEST

START_TEST(a_dry_run_enters_nothing)
{
	char *before = exported();

	job(1, "bio", 3700, 100);
	GIVES(0, "bio: would be charged 0.02 SU for 1 job on dev", "dry run", "check", "--dry-run");
	DONE("", "terms", "bio");
	UNCHANGED(before);
}
END_TEST

/* Nothing of it is entered, and yet the plan that follows has it. */
START_TEST(a_dry_run_tells_whom_the_jobs_would_hold)
{
	clock_now = T0 + 24 * HOUR;
	job(1, "bio", 3700, 36000 - 100);
	GIVES(0, "bio: would be charged", "dry run", "check", "--dry-run");
	ck_assert_ptr_null(strstr(out, "would hold"));
	job(2, "bio", 3700, 100);
	GIVES(0, "accounts that a check would hold: 1: bio\n", "dry run", "check", "--dry-run");
	machine = "id/copy";
	GIVES(1, "accounts that a check would hold: 1: bio\n", "say --immediate", "adopt");
	ck_assert_ptr_null(strstr(out, "charged"));
	DONE("now commands", "adopt", "-i");
	DONE("bio: held", "check");
}
END_TEST

START_TEST(a_job_of_an_account_without_money_holds_it_while_it_runs)
{
	fake_account("dev", "empty");
	DONE("", "open", "empty");
	DONE("empty: is metered by jobs", "check");
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .account = "empty",
					      .start = BEGIN + 7300,
					      .ran = 100,
					      .runs = true});
	clock_now = T0 + 3 * HOUR;
	DONE("empty: held at its first use", "check");
	ck_assert_str_eq(fake_account("dev", "empty")->limits, "cpu=0");
}
END_TEST

START_TEST(a_wrong_name_beside_a_right_one_changes_nothing)
{
	job(1, "bio", 3700, 100);
	REFUSED(1, "account 'boi' is not in the bank", "check", "bio", "boi");
}
END_TEST

START_TEST(long_names_have_refs_too)
{
	char name[201];
	const struct fake_account *account;

	memset(name, 'x', 200);
	name[200] = '\0';
	account = fake_account("dev", name);
	DONE("", "open", name, "1");
	DONE("", "check");
	clock_now = T0 + 3 * HOUR;
	job(1, account->name, 7300, 30);
	DONE("", "check");
	nothing_more();
	DONE("job:", "journal", name, "-nPo", "Ref", "-k", "job");
	ck_assert_uint_eq(strlen(out), 4 + 64 + 1);
	is_reconciled();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs_jobs");
	TCase *tcase = tcase_create("jobs");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, each_finished_job_is_charged_once);
	tcase_add_test(tcase, a_switch_charges_nothing_twice_and_loses_nothing);
	tcase_add_test(tcase, a_meter_that_cannot_be_switched_keeps_no_other);
	tcase_add_test(tcase, what_was_charged_in_the_second_of_a_switch_counts);
	tcase_add_test(tcase, factors_are_exact_and_cut_once_a_job);
	tcase_add_test(tcase, what_is_free_is_no_difference);
	tcase_add_test(tcase, what_is_free_is_charged_under_rawusage);
	tcase_add_test(tcase, a_budget_has_what_those_below_it_use);
	tcase_add_test(tcase, an_account_that_moves_takes_no_jobs_along);
	tcase_add_test(tcase, an_account_that_is_removed_leaves_its_jobs_to_those_above);
	tcase_add_test(tcase, ids_that_recur_are_other_jobs);
	tcase_add_test(tcase, a_silent_slurmdbd_delays_and_loses_nothing);
	tcase_add_test(tcase, decay_is_nothing_to_jobs);
	tcase_add_test(tcase, a_hold_follows_the_jobs);
	tcase_add_test(tcase, running_jobs_are_in_flight);
	tcase_add_test(tcase, runaway_jobs_are_not_in_flight);
	tcase_add_test(tcase, running_jobs_are_committed_to_their_limits);
	tcase_add_test(tcase, holds_may_go_by_what_is_committed);
	tcase_add_test(tcase, jobs_on_a_cluster_that_is_no_more_hold_nobody);
	tcase_add_test(tcase, limits_follow_the_jobs);
	tcase_add_test(tcase, windows_wait_for_jobs_that_began_in_them);
	tcase_add_test(tcase, a_job_is_refunded_and_never_charged_again);
	tcase_add_test(tcase, a_dry_run_enters_nothing);
	tcase_add_test(tcase, a_dry_run_tells_whom_the_jobs_would_hold);
	tcase_add_test(tcase, a_job_of_an_account_without_money_holds_it_while_it_runs);
	tcase_add_test(tcase, a_wrong_name_beside_a_right_one_changes_nothing);
	tcase_add_test(tcase, long_names_have_refs_too);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
