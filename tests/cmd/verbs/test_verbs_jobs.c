/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts that are metered by jobs, driven in this process. */
#include <inttypes.h>
#include <stdarg.h>

#include "tests/drive.h"

#define BEGIN (T0 / WHEN_SECOND)
#define SETTINGS "clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"

/* Adds a job of the account that started so many seconds after BEGIN. */
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

/* Checks that a check prints and records nothing, and changes nothing in Slurm. */
static void nothing_more(void)
{
	char *before = exported();
	int modified = fake_modifies;

	DONE("", "check");
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(fake_modifies, modified);
	UNCHANGED(before);
}

/* Compares the job entries of the journal, in billing-seconds. */
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

/* Accounts with names that no bank can have: their jobs go to the accounts above. */
START_TEST(jobs_of_odd_accounts_are_charged_to_those_above)
{
	static const char *const odd[] = {"a|b", "new\nline", " c", "\xff"};
	static const char *const printed[] = {"a" FAKE_BAR "b", "new" FAKE_NEWLINE "line", " c",
					      "\xff"};

	for (size_t i = 0; i < COUNT(odd); i++)
		strcpy(fake_account("dev", odd[i])->parent, i < 3 ? "bio" : " c");
	DONE("account '\\xff' on dev has a name that no bank can have: its use counts", "check");
	for (size_t i = 0; i < COUNT(odd); i++)
		job((int)i + 1, printed[i], 7210 + (int64_t)i, 10 << i);
	clock_now = T0 + 3 * HOUR;
	DONE("bio: charged 0.04 SU for 4 jobs on dev\n", "check");
	USED("bio", "150");
	DONE("\"slurm_account\":\"new\\\\x0aline\"", "journal", "--json", "-k", "job");
	DONE("\"slurm_account\":\"a|b\"", "journal", "--json", "-k", "job");
	nothing_more();
	DONE("bio|dev|0.04|0.04|0.00|", "reconcile", "-nP");
	is_reconciled();
	/* The same once the account is gone. */
	job(9, printed[0], 10810, 5);
	fake_remove_account("dev", "a|b");
	clock_now = T0 + 4 * HOUR;
	DONE("bio: charged <0.01 SU for 1 job on dev\n", "check");
	USED("bio", "155");
	is_reconciled();
	GIVES(0, "", "", "terms", "bio", "--meter", "rawusage", "--no-apply");
	DONE("bio: is metered by rawusage", "check");
}
END_TEST

/* A coordinator's account whose second line looks like a row of sshare: its jobs are not free. */
START_TEST(jobs_of_an_account_that_sshare_cannot_show_are_left_out_and_named)
{
	static const char forged[] = "x\ndev|99|0|||||  y";

	strcpy(fake_account("dev", forged)->parent, "bio");
	job(1,
	    "x" FAKE_NEWLINE "dev" FAKE_BAR "99" FAKE_BAR
	    "0" FAKE_BAR FAKE_BAR FAKE_BAR FAKE_BAR FAKE_BAR "  y",
	    7210, 10);
	job(2, "bio", 7211, 20);
	clock_now = T0 + 3 * HOUR;
	GIVES(3, "bio: charged <0.01 SU for 1 job on dev\n",
	      "Account of job 1 of account x\\x0adev|99|0|||||  y is \"not in sshare's answer\"",
	      "check");
	USED("bio", "20");
	GIVES(3, "jobs left out|dev|bad|1 not charged yet: 1|", NULL, "doctor", "-nP");
	/* Other rows follow meanwhile. Once the whole name is shown, the job is charged once. */
	fake_remove_account("dev", forged);
	strcpy(fake_account("dev", "x\ndev|99")->parent, "bio");
	free(fake_cluster("dev")->more_jobs);
	fake_cluster("dev")->more_jobs = NULL;
	job(1, "x" FAKE_NEWLINE "dev" FAKE_BAR "99", 7210, 10);
	job(2, "bio", 7211, 20);
	clock_now += HOUR;
	DONE("bio: charged <0.01 SU for 1 job on dev\n", "check");
	USED("bio", "30");
	nothing_more();
	DONE("jobs left out|dev|ok|none|", "doctor", "-nP");
}
END_TEST

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
	/* RawUsage has no effect on it. */
	fake_account("dev", "bio")->usage = 99999;
	nothing_more();
	fake_account("dev", "bio")->usage = 5;
	nothing_more();
	/* The job ends, and an earlier run of it that was requeued appears. */
	fake_add_job("dev", (struct fake_job){.id = 3, .start = BEGIN + 3900, .ran = 400});
	fake_add_job("dev", (struct fake_job){.id = 3,
					      .submit = BEGIN + 3750,
					      .state = "REQUEUED",
					      .start = BEGIN + 3800,
					      .ran = 10});
	clock_now += HOUR;
	DONE("bio: charged 0.11 SU for 2 jobs on dev\n", "check");
	nothing_more();
	USED("bio", "650");
	DONE("jobs|dev|4|-650\n", "statement", "bio", "-nP", "--seconds");
	DONE("job:dev/1/", "journal", "bio", "-nPo", "Ref", "-k", "job");
	DONE("\"elapsed\":60", "journal", "--json", "-k", "job", "bio");
	is_reconciled();
}
END_TEST

/* An export from before DBIndex had 64 bits: two billing-seconds for each of three jobs. */
static const char old_books[] =
	"subank: 1\n"
	"bank: \"ef9da7a3a1ec9da5d2420716cb8d9fac\"\n"
	"unit: \"billing-seconds\"\n"
	"count: 5\n"
	"head: "
	"\"fcd6894b1ffe6db25f77aaeb2e2f2cbabad1a490d1490a786a14c56ab361066d\"\n"
	"journal:\n"
	"- {entry: 1, kind: open, time: \"2026-11-29T09:45:54.131680Z\", uid: 0, "
	"user: \"root\", host: \"vm\", account: \"bio\", hash: "
	"\"e2c8dc43fef663f162e633b8a56c735189bfe3f1db0f1b0e8101a454908abaa0\"}\n"
	"- {entry: 2, kind: baseline, time: \"2026-11-29T09:45:54.131680Z\", uid: "
	"0, user: \"root\", host: \"vm\", account: \"bio\", cluster: \"dev\", resource: "
	"\"billing\", now: 0, reason: \"opened\", hash: "
	"\"afaf556ea4491a4ab11fcc0f9562e3a746a0f619e0db134a27a199ade9afa6bd\"}\n"
	"- {entry: 3, kind: deposit, time: \"2026-11-29T09:45:54.131680Z\", uid: "
	"0, user: \"root\", host: \"vm\", account: \"bio\", resource: \"billing\", "
	"amount: 36000, start: \"2026-11-29T09:45:54.131680Z\", hash: "
	"\"ce21b518f7f5d58dbc3042048671d01e4802d6bd2971ffe6045f86445407af8e\"}\n"
	"- {entry: 4, kind: meter, time: \"2026-11-29T09:45:54.181787Z\", uid: 0, "
	"user: \"root\", host: \"vm\", account: \"bio\", cluster: \"dev\", resource: "
	"\"billing\", meter: jobs, since: \"2026-11-29T09:45:54.000000Z\", before: "
	"0, now: 0, hash: "
	"\"6bfd9512ace98f68c9b80c2381db82bdc15bb4ec4d99da4fea2d9f73a99db39a\"}\n"
	"- {entry: 5, kind: job, time: \"2026-11-29T09:45:58.221341Z\", uid: 0, "
	"user: \"root\", host: \"vm\", ref: \"job:dev/7/1795945554/bio\", request: "
	"\"job\", account: \"bio\", cluster: \"dev\", resource: \"billing\", amount: 6, "
	"since: \"2026-11-29T09:45:54.000000Z\", until: "
	"\"2026-11-29T09:45:57.000000Z\", parts: [{lot: 3, amount: 6}], job: "
	"\"12_3\", job_id: 7, db_index: 4611686018427387905, submit: "
	"\"2026-11-29T09:45:54.000000Z\", elapsed: 3, factor: 1000000, "
	"slurm_account: \"bio\", job_user: \"ann\", partition: \"main\", qos: "
	"\"normal\", state: \"COMPLETED\", alloc_tres: "
	"\"billing=2,cpu=2,mem=100M,node=1\", hash: "
	"\"fcd6894b1ffe6db25f77aaeb2e2f2cbabad1a490d1490a786a14c56ab361066d\"}\n";

/* The hashes cover the stored bytes, which did not change. */
START_TEST(books_from_before_have_their_hashes)
{
	char file[96], *again;
	FILE *to;

	(void)snprintf(file, sizeof(file), "%s/old.yaml", test_folder);
	to = fopen(file, "w");
	ck_assert_ptr_nonnull(to);
	ck_assert_int_ge(fputs(old_books, to), 0);
	ck_assert_int_eq(fclose(to), 0);
	clock_now = T0 + 30 * WHEN_DAY;
	DONE("", "verify", file);
	GIVES(0, "", "", "import", "--replace", "-i", file);
	DONE("", "verify");
	again = exported();
	ck_assert_str_eq(again, old_books);
	free(again);
	DONE("5:fcd6894b1ffe6db2", "verify");
	DONE("\"db_index\":\"4611686018427387905\"", "journal", "--json", "-k", "job");
	UNCHANGED(exported());
}
END_TEST

/* Since 24.11 the highest bits hold the cluster's id. */
START_TEST(an_index_has_all_64_bits)
{
	char file[96], *before, *after;

	fake_add_job("dev", (struct fake_job){.id = 1, .start = BEGIN + 3700, .ran = 60});
	fake_add_job("dev", (struct fake_job){.id = 2, .start = BEGIN + 3700, .ran = 60});
	fake_add_job(
		"dev",
		(struct fake_job){.id = 3, .index = UINT64_MAX, .start = BEGIN + 3700, .ran = 60});
	DONE("bio: charged 0.05 SU for 3 jobs on dev\n", "check");
	nothing_more();
	DONE("\"db_index\":\"1\"", "journal", "--json", "-k", "job");
	ck_assert_ptr_nonnull(strstr(out, "\"db_index\":\"13512637919694125058\""));
	ck_assert_ptr_nonnull(strstr(out, "\"db_index\":\"18446744073709551615\""));
	before = exported();
	ck_assert_ptr_nonnull(strstr(before, ", db_index: 1, "));
	ck_assert_ptr_nonnull(strstr(before, ", db_index: 13512637919694125058, "));
	ck_assert_ptr_nonnull(strstr(before, ", db_index: 18446744073709551615, "));
	DONE(",13512637919694125058,", "export", "--format", "csv", "-");
	ck_assert_ptr_nonnull(strstr(out, ",18446744073709551615,"));
	(void)snprintf(file, sizeof(file), "%s/books.yaml", test_folder);
	GIVES(0, "", "", "export", file);
	DONE("", "verify", file);
	GIVES(0, "", "", "import", "--replace", "-i", file);
	after = exported();
	ck_assert_str_eq(after, before);
	free(after);
	free(before);
	is_reconciled();
}
END_TEST

/* Jobs that began before the switch are charged only what they used after it. */
START_TEST(a_switch_charges_nothing_twice_and_loses_nothing)
{
	set_settings(SETTINGS);
	fake_account("dev", "chem");
	DONE("", "open", "chem", "10");
	clock_now = T0 + 3 * HOUR;
	job(1, "chem", 7300, 100);
	/* A job runs on: at the switch RawUsage has 1000 seconds of it and sacct 2900. */
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
	/* Exact to the second: the verbs since took 10 seconds. */
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
	/* Not switched back while a job runs: it is not known how much of it RawUsage has. */
	fake_add_job("dev", (struct fake_job){.id = 4,
					      .account = "chem",
					      .start = BEGIN + 14000,
					      .ran = 401,
					      .runs = true});
	DONE("", "terms", "chem", "--meter", "rawusage");
	fake_account("dev", "chem")->usage = 5000;
	DONE("chem: stays metered by jobs on dev until a check finds none of its jobs running\n",
	     "check", "chem");
	clock_now = T0 + 5 * HOUR;
	fake_add_job(
		"dev",
		(struct fake_job){.id = 4, .account = "chem", .start = BEGIN + 14000, .ran = 405});
	fake_account("dev", "chem")->usage = 5005;
	DONE("chem: is metered by rawusage on dev from now on", "check", "chem");
	USED("chem", "5005");
	is_reconciled();
}
END_TEST

START_TEST(a_switch_to_rawusage_waits_until_nothing_runs)
{
	fake_add_job(
		"dev",
		(struct fake_job){
			.id = 1, .start = BEGIN + 7000, .ran = 200, .suspended = 20, .runs = true});
	DONE("", "terms", "bio", "--meter", "rawusage");
	fake_account("dev", "bio")->usage = 150;
	char *before = exported();

	DONE("bio: stays metered by jobs on dev until a check finds none of its jobs running\n",
	     "check");
	UNCHANGED(before);
	GIVES(0, "still metered by jobs|the bank|info|1: bio|", NULL, "doctor", "-nP");
	/* It has ended, perhaps by one of two clocks only. */
	clock_now = T0 + 3 * HOUR;
	fake_add_job("dev", (struct fake_job){
				    .id = 1, .start = BEGIN + 7000, .ran = 3795, .suspended = 20});
	fake_account("dev", "bio")->usage = 3795;
	DONE("bio: stays metered by jobs", "check");
	USED("bio", "3775");
	clock_now += 60 * WHEN_SECOND;
	/* A job runs that slurmdbd does not have yet. */
	fake_account("dev", "bio")->running = 1;
	DONE("bio: stays metered by jobs", "check");
	fake_account("dev", "bio")->running = 0;
	fake_mode[FAKE_SQUEUE] = FAKE_FAILS;
	GIVES(3, "", "meters on cluster 'dev' are switched later: squeue failed", "check");
	fake_mode[FAKE_SQUEUE] = FAKE_OK;
	/* A job that slurmctld does not know never ends. */
	fake_add_job("dev",
		     (struct fake_job){.id = 2, .start = BEGIN + 7100, .limit = 60, .runs = true});
	fake_cluster("dev")->runaway = "2";
	DONE("bio: is metered by rawusage on dev from now on", "check");
	job(3, "bio", 11000, 100);
	fake_account("dev", "bio")->usage = 3895;
	clock_now = T0 + 4 * HOUR;
	DONE("bio: charged 0.02 SU", "check");
	USED("bio", "3875");
	GIVES(0, "bio|dev|100|100|0|0|0|0\n", "1, left out", "reconcile", "bio", "-nP",
	      "--seconds");
	DONE("", "verify");
}
END_TEST

/* slurmdbd had been down: it gets jobs after the meter is switched. */
START_TEST(a_job_of_before_a_switch_to_rawusage_is_charged_late)
{
	char file[96];
	int calls;

	(void)snprintf(file, sizeof(file), "%s/books.yaml", test_folder);
	DONE("", "terms", "bio", "--meter", "rawusage");
	fake_account("dev", "bio")->usage = 300;
	DONE("bio: is metered by rawusage on dev from now on", "check");
	/* One job began before jobs were counted (to the second), one ran after the switch. */
	job(1, "bio", 3500, 200);
	job(2, "bio", 7000, 150);
	job(3, "bio", 7300, 500);
	fake_account("dev", "bio")->usage = 800;
	clock_now = T0 + 3 * HOUR;
	DONE("bio: charged 0.06 SU for 2 jobs on dev", "check");
	CHARGED("bio|dev|-99|job dev/1 of ann, COMPLETED\n"
		"bio|dev|-150|job dev/2 of ann, COMPLETED\n");
	USED("bio", "749");
	is_reconciled();
	nothing_more();
	/* The same when metered by jobs again, */
	DONE("", "terms", "bio", "--meter", "jobs");
	DONE("bio: is metered by jobs on dev from now on", "check");
	USED("bio", "749");
	job(4, "bio", 6000, 10);
	DONE("bio: charged", "check");
	USED("bio", "759");
	is_reconciled();
	DONE("", "terms", "bio", "--meter", "rawusage");
	clock_now += 60 * WHEN_SECOND;
	DONE("bio: is metered by rawusage on dev from now on", "check");
	/* and with restored books, whose readings are lost. */
	GIVES(0, "", "", "export", file);
	GIVES(0, "", "", "import", "--replace", "-i", file);
	GIVES(0, "", "", "adopt", "-i");
	job(5, "bio", 10860, 10);
	DONE("bio: charged <0.01 SU for 1 job", "check");
	USED("bio", "769");
	nothing_more();
	/* Two days later jobs are no longer asked for. */
	clock_now += 3 * WHEN_DAY;
	nothing_more();
	calls = fake_calls[FAKE_SACCT];
	nothing_more();
	ck_assert_int_eq(fake_calls[FAKE_SACCT], calls);
	DONE("", "verify");
}
END_TEST

/* Hooks into squeue, which runs between two readings of sacct. */
static void add_late_job(enum fake_program program)
{
	if (program != FAKE_SQUEUE)
		return;
	fake_hook = NULL;
	job(1, "bio", 7000, 150);
}

/* The switch must not compare the books with jobs that are charged again later. */
START_TEST(a_job_that_is_heard_of_during_a_switch_is_charged_once)
{
	DONE("", "terms", "bio", "--meter", "rawusage");
	fake_account("dev", "bio")->usage = 150;
	fake_hook = add_late_job;
	GIVES(3, "bio: charged 0.04 SU for 1 job",
	      "bio: the meter on dev is not switched: account 'bio' changed meanwhile", "check");
	fake_hook = NULL;
	DONE("bio: is metered by rawusage on dev from now on", "check");
	clock_now += HOUR;
	nothing_more();
	CHARGED("bio|dev|-150|job dev/1 of ann, COMPLETED\n");
	USED("bio", "150");
	is_reconciled();
}
END_TEST

/* Counting began while a job ran: RawUsage had 40 seconds less of it than sacct. */
START_TEST(what_rawusage_had_late_when_counting_began_can_be_recorded)
{
	int64_t opened;

	set_settings(SETTINGS);
	fake_account("dev", "chem")->usage = 60;
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .account = "chem",
					      .start = BEGIN + 7100,
					      .ran = 100,
					      .runs = true});
	opened = clock_now / WHEN_SECOND - BEGIN;
	DONE("", "open", "chem", "10");
	fake_add_job("dev", (struct fake_job){
				    .id = 1, .account = "chem", .start = BEGIN + 7100, .ran = 400});
	fake_account("dev", "chem")->usage = 400;
	clock_now = T0 + 3 * HOUR;
	DONE("chem: charged", "check", "chem");
	USED("chem", "340");
	GIVES(3, "", NULL, "reconcile", "chem", "-nP", "--seconds", "-o", "Difference");
	ck_assert_int_le(atoi(out), 7500 - opened - 340);
	ck_assert_int_ge(atoi(out), 7500 - opened - 340 - 10);
	GIVES(0, "", "differences recorded: 1", "reconcile", "chem", "--apply");
	DONE("0\n", "reconcile", "chem", "-nP", "--seconds", "-o", "Difference");
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
	/* sacct has no job, and giving back needs a window. */
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
	GIVES(3, "", "jobs on dev ran in QOS 'gone', whose UsageFactor Slurm no longer has",
	      "check");
	USED("bio", "16");
	/* Reported once, and shown by doctor. */
	DONE("", "check");
	GIVES(0, "UsageFactor of a QOS|gone from Slurm|warn|1: gone|", NULL, "doctor", "-nP");
	GIVES(0, "", "1 jobs on dev ran in a QOS that no longer exists", "reconcile", "-nP");
	/* It is back. */
	fake_qos = "normal|||||1.000000\nhalf|||||0.333333\nfree|||||0.000000\n"
		   "gone|||||2.000000\n";
	fake_add_job("dev",
		     (struct fake_job){.id = 6, .qos = "gone", .start = BEGIN + 3700, .ran = 7});
	clock_now += HOUR;
	DONE("", "check");
	USED("bio", "30");
	RUN("doctor", "-nP");
	ck_assert_ptr_null(strstr(out, "gone from Slurm"));
}
END_TEST

/* A QOS that is deleted keeps the factor that it had. */
START_TEST(the_factor_of_a_deleted_qos_is_kept)
{
	char file[96];

	(void)snprintf(file, sizeof(file), "%s/books.yaml", test_folder);
	fake_qos = "normal|||||1.000000\ndear|||||1.500000\n";
	DONE("", "check");
	fake_qos = "normal|||||1.000000\n";
	fake_add_job("dev",
		     (struct fake_job){.id = 1, .qos = "dear", .start = BEGIN + 3700, .ran = 100});
	clock_now += HOUR;
	DONE("bio: charged", "check");
	USED("bio", "150");
	GIVES(0, "UsageFactor of a QOS|gone from Slurm|info|1: dear|", NULL, "doctor", "-nP");
	is_reconciled();
	/* The factor may be lost, which is reported. */
	GIVES(0, "", "", "export", file);
	GIVES(0, "", "", "import", "--replace", "-i", file);
	GIVES(0, "", "", "adopt", "-i");
	fake_add_job("dev",
		     (struct fake_job){.id = 2, .qos = "dear", .start = BEGIN + 3700, .ran = 100});
	GIVES(3, "bio: would be charged", "ran in QOS 'dear'", "check", "--dry-run");
	GIVES(3, "bio: charged", "ran in QOS 'dear'", "check");
	USED("bio", "250");
	nothing_more();
}
END_TEST

/* A billing of 1.5 is cut to 1, and 0.5 to none. */
START_TEST(what_weights_leave_out_of_the_billing_is_charged)
{
	fake_cluster("dev")->partitions = "PartitionName=main TRESBillingWeights=CPU=0.5\n";
	fake_qos = "normal|||||1.000000\nthird|||||0.333333\n";
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .start = BEGIN + 3700,
					      .ran = 101,
					      .tres = "billing=1,cpu=3,node=1"});
	fake_add_job("dev",
		     (struct fake_job){
			     .id = 2, .start = BEGIN + 3700, .ran = 101, .tres = "cpu=1,node=1"});
	/* 101 x 1.5 x 0.333333 */
	fake_add_job("dev", (struct fake_job){.id = 3,
					      .qos = "third",
					      .start = BEGIN + 3700,
					      .ran = 101,
					      .tres = "billing=1,cpu=3,node=1"});
	fake_add_job("dev", (struct fake_job){.id = 4,
					      .start = BEGIN + 3700,
					      .ran = 101,
					      .tres = "billing=2,cpu=4,node=1"});
	fake_add_job("dev", (struct fake_job){.id = 5,
					      .start = BEGIN + 3700,
					      .ran = 21,
					      .tres = "cpu=1,node=1",
					      .runs = true});
	DONE("bio: charged 0.12 SU for 4 jobs on dev\n", "check");
	CHARGED("bio|dev|-151|job dev/1 of ann, COMPLETED\n"
		"bio|dev|-50|job dev/2 of ann, COMPLETED\n"
		"bio|dev|-50|job dev/3 of ann, COMPLETED\n"
		"bio|dev|-202|job dev/4 of ann, COMPLETED\n");
	DONE("10\n", "balance", "bio", "-nP", "--seconds", "-o", "InFlight");
	DONE("\"excess\":500000000000", "journal", "--json", "-k", "job", "bio");
	nothing_more();
	is_reconciled();
}
END_TEST

#define TARIFF                                                                                     \
	"free_states: [NODE_FAIL]\n"                                                               \
	"factors: {qos: {scavenger: 0, half: 0.5}, partition: {debug: 0, gpu: 1.5}}\n"

/* Free jobs are neither charged nor missed by a reconciliation. */
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
	USED("bio", "152");
	DONE("136|16\n", "balance", "bio", "-nP", "--seconds", "-o", "Charged,InFlight");
	DONE("\"factor\":249999", "journal", "--json", "-k", "job", "bio");
	nothing_more();
	is_reconciled();
	/* Entries stay; a new setting applies to later entries. */
	set_settings(SETTINGS "meter: jobs\n" TARIFF "notify_seconds: 1\n");
	fake_add_job(
		"dev",
		(struct fake_job){.id = 8, .state = "NODE_FAIL", .start = BEGIN + 5000, .ran = 20});
	nothing_more();
	set_settings(SETTINGS "meter: jobs\n");
	clock_now += HOUR;
	DONE("bio: charged 0.83 SU for 4 jobs on dev\n", "check");
	USED("bio", "4167");
}
END_TEST

/* RawUsage counts every job. */
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
	/* After the switch, earlier jobs count as RawUsage had them. */
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

/* A job is charged to the budgets above its account when it ended. */
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
	clock_now += 60 * WHEN_SECOND;
	DONE("", "check");
	job(2, "lab", 10900, 70);
	clock_now = T0 + 4 * HOUR;
	DONE("chem: charged", "check");
	CHARGED("bio|dev|-60|job dev/1 of ann, COMPLETED\n"
		"chem|dev|-70|job dev/2 of ann, COMPLETED\n");
	nothing_more();
	/* The same when everything beside the books was lost. */
	GIVES(0, "", "", "export", file);
	GIVES(0, "", "", "import", "--replace", "-i", file);
	GIVES(0, "", "", "adopt", "-i");
	DONE("", "check");
	CHARGED("bio|dev|-60|job dev/1 of ann, COMPLETED\n"
		"chem|dev|-70|job dev/2 of ann, COMPLETED\n");
	/* A job that slurmdbd gets late goes to the accounts that were above it then. */
	job(3, "lab", 7330, 80);
	clock_now = T0 + 5 * HOUR;
	DONE("", "open", "lab", "1");
	DONE("bio: charged", "check");
	/* A check of one account charges none above it, nor for late jobs. */
	job(4, "lab", 18200, 90);
	clock_now = T0 + 6 * HOUR;
	DONE("lab: charged", "check", "lab");
	USED("chem", "160");
	clock_now = T0 + 7 * HOUR;
	DONE("", "check");
	job(5, "lab", 18400, 100);
	clock_now = T0 + 8 * HOUR;
	DONE("lab: charged", "check", "lab");
	DONE("", "check");
	USED("bio", "140");
	USED("chem", "260");
	USED("lab", "190");
	DONE("move|dev lab went: from bio to chem\n", "journal", "bio", "-nP", "-k", "move", "-o",
	     "Kind,Detail");
	is_reconciled();
}
END_TEST

/* No account of the bank was above it: its jobs were charged to none. */
START_TEST(jobs_from_before_a_move_are_not_charged_where_the_account_came)
{
	char file[96];

	(void)snprintf(file, sizeof(file), "%s/books.yaml", test_folder);
	fake_account("dev", "outside");
	fake_account("dev", "lab");
	strcpy(fake_account("dev", "lab")->parent, "outside");
	DONE("", "check");
	job(1, "lab", 7230, 60);
	clock_now = T0 + 3 * HOUR;
	DONE("", "check");
	fake_add_job("dev", (struct fake_job){.id = 2,
					      .account = "lab",
					      .start = BEGIN + 10900,
					      .ran = 3400,
					      .runs = true});
	strcpy(fake_account("dev", "lab")->parent, "bio");
	/* Ended where it was, as far as a check can know. */
	job(3, "lab", 10900, 40);
	clock_now = T0 + 4 * HOUR;
	DONE("", "check");
	/* The use of the running job is in flight. */
	DONE("0|3400\n", "balance", "bio", "-nP", "--seconds", "-o", "Charged,InFlight");
	/* A job that runs across the move goes as a whole to the accounts above it at its end. */
	fake_add_job(
		"dev",
		(struct fake_job){.id = 2, .account = "lab", .start = BEGIN + 10900, .ran = 5000});
	clock_now = T0 + 5 * HOUR;
	DONE("bio: charged", "check");
	USED("bio", "5000");
	is_reconciled();
	/* The account moves on below a new one, a check of one account charges it, and all readings
	 * are lost: three slices of sacct's record and more are read anew. */
	fake_account("dev", "chem");
	DONE("", "open", "chem", "10");
	DONE("", "check");
	strcpy(fake_account("dev", "lab")->parent, "chem");
	job(4, "lab", 18300, 70);
	clock_now = T0 + 6 * HOUR;
	DONE("bio: charged", "check", "chem");
	job(5, "lab", 21700, 80);
	clock_now = T0 + 7 * HOUR;
	DONE("chem: charged", "check");
	for (int day = 1; day < 9; day++) {
		job(10 + day, "lab", day * 86400, 100);
		clock_now = T0 + day * 24 * HOUR + HOUR;
		DONE("chem: charged", "check");
	}
	USED("chem", "880");
	GIVES(0, "", "", "export", file);
	GIVES(0, "", "", "import", "--replace", "-i", file);
	GIVES(0, "", "", "adopt", "-i");
	DONE("", "check");
	nothing_more();
	USED("bio", "5070");
	USED("chem", "880");
	is_reconciled();
}
END_TEST

/* An account below one that moved moves away from that; another was removed before. */
START_TEST(an_account_that_is_taken_along_leaves_its_jobs_and_may_move_on)
{
	fake_account("dev", "chem");
	fake_account("dev", "outside");
	strcpy(fake_account("dev", "dept")->parent, "bio");
	strcpy(fake_account("dev", "lab")->parent, "dept");
	strcpy(fake_account("dev", "old")->parent, "dept");
	DONE("", "open", "chem", "10");
	DONE("", "check");
	job(1, "lab", 7230, 60);
	job(2, "old", 7300, 20);
	clock_now = T0 + 3 * HOUR;
	DONE("bio: charged", "check");
	fake_remove_account("dev", "old");
	strcpy(fake_account("dev", "dept")->parent, "chem");
	clock_now += 60 * WHEN_SECOND;
	DONE("", "check");
	DONE("lab came: with dept, from bio to chem\n", "journal", "chem", "-nP", "-k", "move",
	     "-o", "Detail");
	job(3, "lab", 10900, 70);
	clock_now = T0 + 4 * HOUR;
	DONE("chem: charged", "check");
	is_reconciled();
	strcpy(fake_account("dev", "lab")->parent, "outside");
	clock_now += 60 * WHEN_SECOND;
	DONE("", "check");
	is_reconciled();
	job(4, "lab", 14500, 80);
	/* Two jobs that slurmdbd gets late. */
	job(5, "lab", 7330, 15);
	job(6, "lab", 11000, 9);
	clock_now = T0 + 5 * HOUR;
	DONE("charged", "check");
	nothing_more();
	USED("bio", "95");
	USED("chem", "79");
	is_reconciled();
}
END_TEST

/* Checks of a few accounts do not keep the tree: it may have changed since. */
START_TEST(an_account_that_was_back_before_a_whole_check_can_move_again)
{
	fake_account("dev", "chem");
	fake_account("dev", "lab");
	strcpy(fake_account("dev", "lab")->parent, "bio");
	DONE("", "open", "chem", "10");
	DONE("", "check");
	clock_now = T0 + 3 * HOUR;
	strcpy(fake_account("dev", "lab")->parent, "chem");
	for (int i = 0; i < 2; i++)
		DONE("", "check", "chem");
	DONE("lab came", "journal", "chem", "-nP", "-k", "move", "-o", "Detail");
	ck_assert_ptr_eq(strchr(out, '\n'), out + strlen(out) - 1);
	strcpy(fake_account("dev", "lab")->parent, "bio");
	clock_now = T0 + 4 * HOUR;
	DONE("", "check");
	job(1, "lab", 14500, 60);
	strcpy(fake_account("dev", "lab")->parent, "chem");
	clock_now = T0 + 5 * HOUR;
	DONE("bio: charged", "check");
	USED("bio", "60");
	USED("chem", "0");
	nothing_more();
	is_reconciled();
}
END_TEST

/* A journal from before moves were recorded: charges to the accounts above then stay there, in
 * every slice that is read anew. */
START_TEST(what_was_charged_above_one_is_not_charged_above_another)
{
	char file[96];

	(void)snprintf(file, sizeof(file), "%s/books.yaml", test_folder);
	fake_account("dev", "chem");
	fake_account("dev", "lab");
	strcpy(fake_account("dev", "lab")->parent, "bio");
	DONE("", "open", "chem", "10");
	DONE("", "check");
	for (int day = 1; day < 9; day++) {
		job(10 + day, "lab", day * 86400, 100);
		clock_now = T0 + day * 24 * HOUR + HOUR;
		DONE("bio: charged", "check");
	}
	GIVES(0, "", "", "export", file);
	GIVES(0, "", "", "import", "--replace", "-i", file);
	GIVES(0, "", "", "adopt", "-i");
	/* The tree is lost with the readings: the move is not noticed. */
	strcpy(fake_account("dev", "lab")->parent, "chem");
	DONE("", "check");
	nothing_more();
	USED("bio", "800");
	USED("chem", "0");
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
	clock_now += HOUR;
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
	/* slurmdbd gets it a day late. */
	job(2, "bio", 2 * 86400, 10);
	clock_now = T0 + 5 * 24 * HOUR + HOUR;
	job(3, "bio", 4 * 86400, 10);
	DONE("bio: charged <0.01 SU for 1 job on dev\n", "check");
	/* That was too late to charge it; Slurm's record has it. */
	GIVES(3, "|10\n", NULL, "reconcile", "-nP", "--seconds");
	GIVES(0, "", "differences recorded: 1", "reconcile", "--apply");
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

/* Use of running jobs counts as spent. */
START_TEST(running_jobs_are_in_flight)
{
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .start = BEGIN + 3700,
					      .ran = 3000,
					      .tres = "billing=10,cpu=10",
					      .runs = true});
	DONE("", "check");
	ck_assert_str_eq(out, "");
	DONE("30000|6000|30000|36000\n", "balance", "bio", "-nP", "--seconds", "-o",
	     "Used,Available,InFlight,Settled");
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
	DONE("running jobs have used 10.11 SU and may come to 10.11 SU", "why", "bio");
	DONE("holds depend on the former", "why", "bio");
	DONE("  a deposit of more than 0.11 SU ends it", "why", "bio");
	nothing_more();
	/* The jobs end, and all of their use is charged. */
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .start = BEGIN + 3700,
					      .ran = 3300,
					      .tres = "billing=10,cpu=10"});
	fake_add_job("dev",
		     (struct fake_job){
			     .id = 2, .start = BEGIN + 3000, .ran = 4000, .tres = "billing=1"});
	DONE("charged", "check");
	DONE("36399|-399|0|-399\n", "balance", "bio", "-nP", "--seconds", "-o",
	     "Used,Available,InFlight,Settled");
	DONE("", "deposit", "bio", "400s");
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "");
	DONE("", "verify");
}
END_TEST

/* Adds a running job of so many billing-seconds until now. */
static void runs(int id, int64_t used)
{
	fake_add_job("dev", (struct fake_job){.id = id,
					      .start = BEGIN + 3700,
					      .ran = used / 20,
					      .limit = 3600,
					      .tres = "billing=20,cpu=20",
					      .runs = true});
}

static void ended(int id, int64_t used)
{
	fake_add_job("dev", (struct fake_job){.id = id,
					      .start = BEGIN + 3700,
					      .ran = used / 20,
					      .limit = 3600,
					      .tres = "billing=20,cpu=20"});
}

/* A held account shows nothing available, in every verb. */
START_TEST(what_is_available_is_the_same_everywhere)
{
	runs(1, 30000);
	DONE("", "check");
	DONE("has 1.66 SU; head", "deposit", "bio", "1s");
	DONE("has 1.66 SU; head", "withdraw", "bio", "1s");
	DONE("bio|30000|6000|83\n", "balance", "bio", "-nP", "--seconds", "-o",
	     "Account,Used,Available,Percent");
	DONE("\"available_seconds\": 6000,", "balance", "bio", "--json");
	DONE("available 1.66 SU", "why", "bio");
	DONE("\nRunning jobs count for 8.33 SU\nAvailable now: 1.66 SU\n", "statement", "bio");
	DONE("never\n", "balance", "bio", "--forecast", "-nPo", "Lasts");
	runs(1, 36000);
	DONE("bio: held, available 0.00 SU", "check");
	DONE("held|36000|0|36000\n", "balance", "bio", "-nP", "--seconds", "-o",
	     "State,Used,Available,Settled");
	DONE("spent\n", "balance", "bio", "--forecast", "-nPo", "Lasts");
	/* What ran in the past is not known. */
	DONE("0|36000\n", "balance", "bio", "--as-of", "now", "-nP", "--seconds", "-o",
	     "Used,Available");
	ended(1, 36000);
	clock_now += HOUR;
	DONE("charged", "check");
	DONE("held|36000|0|0\n", "balance", "bio", "-nP", "--seconds", "-o",
	     "State,Used,Available,Settled");
}
END_TEST

/* Each is reported once, also when the job's use becomes a charge, and again after a fall below. */
START_TEST(thresholds_go_by_what_is_in_flight)
{
	set_settings("clusters: [dev]\nnotice_days: 0\nthresholds: [60, 90]\nmeter: jobs\n");
	runs(1, 21000);
	DONE("", "check");
	ck_assert_str_eq(out, "");
	runs(1, 22000);
	DONE("bio: 60% of the allocation is used, 6.11 SU of 10.00 SU\n", "check");
	nothing_more();
	runs(1, 33000);
	DONE("bio: 90% of the allocation is used, 9.16 SU of 10.00 SU\n", "check");
	ck_assert_ptr_null(strstr(out, "60%"));
	nothing_more();
	ended(1, 33000);
	clock_now += HOUR;
	DONE("charged", "check");
	ck_assert_ptr_null(strstr(out, "of the allocation"));
	nothing_more();
	DONE("", "verify");
	DONE("bio is low: 91% of 10.00 SU used, available 0.83 SU", "why", "bio");
	DONE("", "deposit", "bio", "10");
	nothing_more();
	runs(2, 10500);
	DONE("bio: 60% of the allocation is used, 12.08 SU of 20.00 SU\n", "check");
	/* It ends sooner than slurmdbd had recorded, and another begins. */
	ended(2, 9000);
	clock_now += HOUR;
	DONE("charged", "check");
	ck_assert_ptr_null(strstr(out, "of the allocation"));
	nothing_more();
	runs(3, 2000);
	DONE("bio: 60% of the allocation is used, 12.22 SU of 20.00 SU\n", "check");
	nothing_more();
	DONE("", "verify");
}
END_TEST

START_TEST(thresholds_may_go_by_what_is_committed)
{
	set_settings("clusters: [dev]\nnotice_days: 0\nthresholds: [60]\nmeter: jobs\n"
		     "hold_on: committed\n");
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .start = BEGIN + 3700,
					      .ran = 10,
					      .limit = 3600,
					      .tres = "billing=6",
					      .runs = true});
	DONE("bio: 60% of the allocation is used, 6.00 SU of 10.00 SU\n", "check");
	nothing_more();
}
END_TEST

START_TEST(windows_do_not_wait_for_the_switch_of_another_account)
{
	(void)fake_account("dev", "zoo");
	DONE("", "open", "zoo", "1", "--end", "now+1hour");
	DONE("", "check");
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .start = BEGIN + 3700,
					      .ran = 3000,
					      .limit = 864000,
					      .runs = true});
	set_settings(SETTINGS "meter: rawusage\n");
	DONE("", "terms", "zoo", "--meter", "jobs");
	clock_now = T0 + 3 * HOUR;
	DONE("zoo: 1.00 SU expired", "check");
	ck_assert_ptr_nonnull(strstr(out, "bio: stays metered by jobs"));
}
END_TEST

/* slurmdbd never got their end. */
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
	DONE("5|1201\n", "balance", "bio", "-nP", "--seconds", "-o", "Charged,InFlight");
	/* Not reported again under cron. */
	DONE("", "check", "--quiet");
	ck_assert_str_eq(out, "");
	fake_cluster("dev")->runaway = "1,2";
	DONE("2 jobs without an end on dev: slurmctld does not know them, and they are not in",
	     "check");
	DONE("600\n", "balance", "bio", "-nP", "--seconds", "-o", "InFlight");
	/* slurmctld is not asked about jobs that may run so long. */
	int calls = fake_calls[FAKE_SQUEUE];
	fake_add_job("dev", (struct fake_job){.id = 1, .start = BEGIN + 3700, .ran = 1});
	fake_add_job("dev", (struct fake_job){.id = 2, .start = BEGIN + 3700, .ran = 2});
	clock_now += HOUR;
	DONE("bio: charged 3s for 2 jobs on dev", "check", "--seconds");
	ck_assert_int_eq(fake_calls[FAKE_SQUEUE], calls);
	/* Without an answer the jobs count. */
	fake_add_job("dev",
		     (struct fake_job){.id = 5, .start = BEGIN + 3700, .ran = 40000, .runs = true});
	fake_mode[FAKE_SQUEUE] = FAKE_TIMES_OUT;
	GIVES(0, "bio: held", "jobs on cluster 'dev' that may have ended count as running: squeue",
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
	GIVES(0, "bio|open|2851|33149|2851|10101|", NULL, "balance", "bio", "-nP", "--seconds",
	      "-o", "Account,State,Used,Available,InFlight,Committed,Seen");
	DONE("1|36000\n", "balance", "bio", "-nP", "--seconds", "-o", "NoLimit,Settled");
	GIVES(0, "Account State Used Available   Read Settled InFlight Committed   Seen\n",
	      "bio: 1 running without a time limit", "balance", "--running");
	DONE("\"committed_seconds\": 10101", "balance", "--json");
	DONE("(total)||2851|33149|2851|10101||36000\n", "balance", "-nP", "--seconds", "--total",
	     "-o", "Account,State,Used,Available,InFlight,Committed,Seen,Settled");
	set_settings(SETTINGS "meter: jobs\nhold_on: committed\n");
	DONE("10101|25899\n", "balance", "bio", "-nP", "--seconds", "-o", "Used,Available");
	nothing_more();
	GIVES(2, NULL, "leave out --as-of", "balance", "--running", "--as-of", "now");
	/* The use in flight is older when slurmdbd has been silent since. */
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
	DONE("may come to 2.80 SU, to be charged when they end; holds depend on the latter", "why",
	     "bio");
	ck_assert_ptr_nonnull(strstr(out, "1 of them have no time limit"));
	ck_assert_ptr_nonnull(strstr(out, "a deposit of more than 0.02 SU ends it"));
	nothing_more();
	/* One that was to run for an hour ends at once. */
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .start = BEGIN + 3700,
					      .ran = 1010,
					      .limit = 3600,
					      .tres = "billing=2"});
	clock_now += HOUR;
	DONE("bio: released", "check");
	DONE("2020|4921|5079|2901|7980\n", "balance", "bio", "-nP", "--seconds", "-o",
	     "Charged,Used,Available,Committed,Settled");
}
END_TEST

/* slurmdbd never gets their end. */
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
	/* The account may come back. */
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

/* The rest of a window expires once no job can be charged to it any more. */
START_TEST(windows_wait_for_jobs_that_began_in_them)
{
	DONE("", "deposit", "bio", "1", "--end", "now+1hour");
	fake_add_job(
		"dev",
		(struct fake_job){
			.id = 1, .start = BEGIN + 7300, .ran = 3000, .limit = 86400, .runs = true});
	clock_now = T0 + 3 * HOUR + 60 * WHEN_SECOND;
	nothing_more();
	fake_add_job("dev", (struct fake_job){
				    .id = 1, .start = BEGIN + 7300, .ran = 3500, .limit = 86400});
	DONE("bio: charged 0.97 SU for 1 job on dev\n", "check");
	/* Another job may have ended longer ago. */
	ck_assert_ptr_null(strstr(out, "expired"));
	clock_now += HOUR;
	DONE("bio: 0.02 SU expired", "check");
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

START_TEST(a_dry_run_records_nothing)
{
	char *before = exported();

	job(1, "bio", 3700, 100);
	GIVES(0, "bio: would be charged 0.02 SU for 1 job on dev", "dry run", "check", "--dry-run");
	DONE("", "terms", "bio");
	UNCHANGED(before);
}
END_TEST

/* A dry run records no charge, but its plan includes them. */
START_TEST(a_dry_run_counts_a_job_once_however_long_it_ran)
{
	char *line;

	/* sacct is asked for three days at a time, and shows it in each of them. */
	DONE("", "deposit", "bio", "290");
	clock_now = T0 + 12 * WHEN_DAY;
	job(1, "bio", 7300, 10 * 86400);
	GIVES(0, "bio: would be charged 240.00 SU for 1 job on dev\n",
	      "dry run: nothing was changed", "check", "--dry-run", "--clock-ok");
	line = strstr(out, "would be charged");
	ck_assert_ptr_null(strstr(line + 1, "would be charged"));
	ck_assert_ptr_null(strstr(out, "would hold"));
}
END_TEST

START_TEST(a_dry_run_reports_whom_the_jobs_would_hold)
{
	clock_now = T0 + 24 * HOUR;
	job(1, "bio", 3700, 36000 - 100);
	GIVES(0, "bio: would be charged", "dry run", "check", "--dry-run");
	ck_assert_ptr_null(strstr(out, "would hold"));
	job(2, "bio", 3700, 100);
	GIVES(0, "accounts that a check would hold: 1: bio\n", "dry run", "check", "--dry-run");
	machine = "id/copy";
	GIVES(1, "accounts that a check would hold: 1: bio\n", "add --immediate", "adopt");
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
	fake_account("dev", "chem");
	(void)fake_account("dev", name);
	strcpy(fake_account("dev", name)->parent, "bio");
	DONE("", "open", name, "1");
	DONE("", "open", "chem", "1");
	DONE("", "check");
	clock_now = T0 + 3 * HOUR;
	account = fake_account("dev", name);
	job(1, account->name, 7300, 30);
	DONE("", "check");
	nothing_more();
	DONE("job:dev/1/", "journal", name, "-nPo", "Ref", "-k", "job");
	ck_assert_ptr_nonnull(strchr(out, '#'));
	is_reconciled();
	/* The prefix of the ref shows that the job was charged. */
	GIVES(0, "", "", "check");
	strcpy(fake_account("dev", name)->parent, "chem");
	DONE("", "check");
	USED("bio", "30");
	USED("chem", "0");
}
END_TEST

/* ---- rows that cannot be read ---- */

static char rows[1 << 19];

/* Raw rows of sacct, without the cluster. */
__attribute__((format(printf, 1, 2))) static void set_rows(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ck_assert_int_lt(vsnprintf(rows, sizeof(rows), fmt, ap), (int)sizeof(rows));
	va_end(ap);
	fake_cluster("dev")->jobs = rows;
}

/* A job of so many seconds whose start can be read, or not. */
#define ROW "%d|%d|13512637919694125%03d|%s|ann|main|normal|COMPLETED|%" PRId64 "|%s%" PRId64
#define ROW_REST "|%" PRId64 "|%d|00:00:00|billing=1|60\n"

static void set_row(int id, const char *account, const char *before, int64_t start, int ran)
{
	set_rows(ROW ROW_REST, id, id, id, account, BEGIN + start - 5, before, BEGIN + start,
		 BEGIN + start + ran, ran);
}

/* As sacct prints it after `scontrol update jobid=7 TimeLimit=0`, which every user may run. */
START_TEST(a_job_without_a_known_limit_is_charged)
{
	job(1, "bio", 3700, 60);
	set_rows("7|7|7|bio|ann|main|normal|COMPLETED|%" PRId64 "|%" PRId64 "|%" PRId64
		 "|30|00:00:00|billing=1,cpu=1,node=1|\n"
		 "9|9|9|bio|ann|main|normal|RUNNING|%" PRId64 "|%" PRId64
		 "|Unknown|3000|00:00:00|billing=1,cpu=1,node=1|\n",
		 BEGIN + 3700, BEGIN + 3700, BEGIN + 3730, BEGIN + 3700, BEGIN + 3700);
	DONE("bio: charged 90s for 2 jobs on dev\n", "check", "--seconds");
	DONE("90|3000|3000\n", "balance", "bio", "-nP", "--seconds", "-o",
	     "Used,InFlight,Committed");
	DONE("jobs left out|dev|ok|none|", "doctor", "-nP");
	nothing_more();
	is_reconciled();
}
END_TEST

#define LEFT_OUT                                                                                   \
	"sacct on cluster 'dev': 1 row cannot be read and is left out, each to be charged when "   \
	"it can be read: line 2: Start of job 7 of account lab is \"soon-"

/* "lab" is below "bio". */
static void open_lab(void)
{
	fake_account("dev", "lab");
	strcpy(fake_account("dev", "lab")->parent, "bio");
	DONE("", "open", "lab", "10");
	DONE("lab: is metered by jobs", "check");
	clock_now = T0 + 3 * HOUR;
}

START_TEST(a_row_that_cannot_be_read_costs_no_other_job)
{
	open_lab();
	job(1, "lab", 7300, 60);
	set_row(7, "lab", "soon-", 7400, 30);
	GIVES(3, "lab: charged 60s for 1 job on dev\n", LEFT_OUT, "check", "--seconds");
	USED("bio", "60");
	USED("lab", "60");
	GIVES(3,
	      "jobs left out|dev|bad|1 in a day: line 2: Start of job 7 of account lab is \"soon-",
	      NULL, "doctor", "-nP");
	ck_assert_ptr_nonnull(strstr(out, "jobs left out|dev|bad|1 not charged yet: 7|"));
	/* Reported again as long as a check reads it, and never recorded. */
	GIVES(3, "", LEFT_OUT, "check");
	GIVES(3, "", LEFT_OUT, "check", "--dry-run");
	GIVES(3, "", LEFT_OUT, "check", "lab");
	set_row(7, "lab", "", 7400, 30);
	DONE("lab: charged", "check");
	USED("bio", "90");
	USED("lab", "90");
	nothing_more();
	DONE("jobs left out|dev|ok|none|", "doctor", "-nP");
	is_reconciled();
}
END_TEST

/* Days pass, each with a check. */
static void days(int count)
{
	for (int i = 0; i < count; i++) {
		clock_now += WHEN_DAY;
		RUN("check");
		ck_assert_msg(status == 0 || status == 3, "%s", err);
	}
}

START_TEST(a_row_that_can_be_read_after_ten_days_is_charged_once)
{
	int calls;

	open_lab();
	set_row(7, "lab", "soon-", 7400, 30);
	/* Another run of it is free now; later decisions do not change that. */
	set_settings(SETTINGS "meter: jobs\nfactors: {qos: {free: 0}}\n");
	fake_qos = "normal|||||1.000000\nfree|||||1.000000\n";
	fake_add_job("dev", (struct fake_job){.id = 7,
					      .account = "lab",
					      .qos = "free",
					      .submit = BEGIN + 7350,
					      .start = BEGIN + 7400,
					      .ran = 1000});
	GIVES(3, "", LEFT_OUT, "check");
	days(10);
	set_settings(SETTINGS "meter: jobs\n");
	job(1, "lab", 10 * 86400 + 7300, 60);
	/* Further back than a check reads, it is asked for by number once an hour. */
	clock_now += HOUR;
	GIVES(3, "lab: charged", LEFT_OUT, "check");
	ck_assert_ptr_nonnull(strstr(fake_line, " -j 7"));
	clock_now += HOUR / 2;
	calls = fake_calls[FAKE_SACCT];
	nothing_more();
	ck_assert_int_eq(fake_calls[FAKE_SACCT], calls + 1);
	GIVES(3, "jobs left out|dev|bad|1 not charged yet: 7|", NULL, "doctor", "-nP");
	clock_now += HOUR;
	GIVES(3, "", LEFT_OUT, "check");
	set_row(7, "lab", "", 7400, 30);
	clock_now += HOUR / 2;
	nothing_more();
	/* A check of some accounts leaves it to a whole check. */
	clock_now += HOUR;
	DONE("", "check", "lab");
	USED("lab", "60");
	DONE("lab: charged <0.01 SU for 1 job on dev\n", "check");
	ck_assert_ptr_nonnull(strstr(out, "bio: charged <0.01 SU for 1 job on dev\n"));
	USED("lab", "90");
	USED("bio", "90");
	clock_now += 2 * HOUR;
	nothing_more();
	DONE("jobs left out|dev|ok|none|", "doctor", "-nP");
	DONE("", "verify");
}
END_TEST

/* Everything beside the books was lost: all jobs are read again. */
START_TEST(a_row_left_out_is_charged_by_restored_books)
{
	char file[96];

	(void)snprintf(file, sizeof(file), "%s/books.yaml", test_folder);
	open_lab();
	job(1, "lab", 7300, 60);
	set_row(7, "lab", "soon-", 7400, 30);
	GIVES(3, "", LEFT_OUT, "check");
	days(4);
	GIVES(0, "", "", "export", file);
	GIVES(0, "", "", "import", "--replace", "-i", file);
	GIVES(0, "", "", "adopt", "-i");
	set_row(7, "lab", "", 7400, 30);
	DONE("lab: charged", "check");
	USED("lab", "90");
	USED("bio", "90");
	nothing_more();
}
END_TEST

/* No job counts from before the switch, so sacct is not asked about the decades before it. */
START_TEST(restored_books_read_the_jobs_since_the_switch)
{
	char file[96];

	(void)snprintf(file, sizeof(file), "%s/books.yaml", test_folder);
	job(1, "bio", 3700, 60);
	DONE("bio: charged", "check");
	GIVES(0, "", "", "export", file);
	GIVES(0, "", "", "import", "--replace", "-i", file);
	GIVES(0, "", "", "adopt", "-i");
	memset(fake_calls, 0, sizeof(fake_calls));
	nothing_more();
	/* One for the rights of the caller, one for the jobs. */
	ck_assert_int_le(fake_calls[FAKE_SACCT], 2);
	ck_assert_int_ge(fake_calls[FAKE_SACCT], 1);
}
END_TEST

START_TEST(a_job_left_out_that_is_gone_is_forgotten)
{
	open_lab();
	set_row(7, "lab", "soon-", 7400, 30);
	GIVES(3, "", LEFT_OUT, "check");
	days(4);
	fake_cluster("dev")->jobs = "";
	/* An answer of sacct without any row may be one that hides rows. */
	clock_now += 2 * HOUR;
	DONE("", "check");
	GIVES(3, "|1 not charged yet: 7|", NULL, "doctor", "-nP");
	job(1, "lab", 4 * 86400 + 7300, 60);
	clock_now += 2 * HOUR;
	GIVES(0, "lab: charged",
	      "job 7 of account lab, whose row on cluster 'dev' could not be read, is no longer on "
	      "Slurm's record: it was not charged",
	      "check");
	DONE("jobs left out|dev|ok|none|", "doctor", "-nP");
	clock_now += 2 * HOUR;
	nothing_more();
}
END_TEST

/* Without its number it cannot be asked for: all jobs are read again from there on. */
START_TEST(a_row_without_a_number_is_charged_later_too)
{
	open_lab();
	job(1, "lab", 7300, 60);
	set_rows("7x|7|7|lab|ann|main|normal|COMPLETED|%" PRId64 "|%" PRId64 "|%" PRId64
		 "|30|00:00:00|billing=1|60\n",
		 BEGIN + 7400, BEGIN + 7400, BEGIN + 7430);
	GIVES(3, "lab: charged",
	      "left out, each to be charged when it can be read: line 2: JobIDRaw of account "
	      "lab is \"7x\"",
	      "check");
	days(10);
	job(3, "lab", 10 * 86400 + 7300, 60);
	GIVES(3, "lab: charged", "JobIDRaw of account lab is \"7x\"", "check");
	set_row(7, "lab", "", 7400, 30);
	DONE("lab: charged", "check");
	USED("lab", "150");
	USED("bio", "150");
	nothing_more();
	is_reconciled();
}
END_TEST

/* It does not block the slices after its own either. */
START_TEST(a_job_past_what_money_holds_keeps_no_other)
{
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .start = BEGIN + 3700,
					      .ran = 1000,
					      .tres = "billing=9223372036854775807"});
	job(2, "bio", 4 * 86400, 60);
	clock_now = T0 + 5 * WHEN_DAY;
	GIVES(3, "bio: charged 60s for 1 job on dev\n", "cost more than an amount can hold",
	      "check", "--seconds");
}
END_TEST

/* There are more rows than are remembered one by one. */
START_TEST(very_many_rows_that_cannot_be_read_are_charged_later)
{
	size_t len = 0;

	open_lab();
	job(1, "lab", 7300, 60);
	for (int i = 0; i < 1200; i++)
		len += (size_t)snprintf(rows + len, sizeof(rows) - len, ROW ROW_REST, 1000 + i,
					1000 + i, i % 1000, "lab", BEGIN + 7395, "s", BEGIN + 7400,
					BEGIN + 7402, 2);
	ck_assert_uint_lt(len, sizeof(rows));
	fake_cluster("dev")->jobs = rows;
	GIVES(3, "lab: charged 60s for 1 job", "1200 rows cannot be read", "check", "--seconds");
	ck_assert_ptr_nonnull(strstr(err, "; and 1197 more"));
	days(4);
	for (char *at = rows; (at = strstr(at, "|s1")); at++)
		memmove(at + 1, at + 2, strlen(at + 2) + 1);
	clock_now += 2 * HOUR;
	DONE("lab: charged 2400s for 1200 jobs", "check", "--seconds");
	USED("lab", "2460");
	USED("bio", "2460");
	nothing_more();
	DONE("jobs left out|dev|ok|none|", "doctor", "-nP");
}
END_TEST

/* Names hold any bytes, and none makes a row of another account. */
START_TEST(names_forge_no_rows)
{
	open_lab();
	job(1, "lab", 7300, 60);
	set_rows("7|7|7|lab" FAKE_NEWLINE "|ann" FAKE_BAR "x|main|normal|COMPLETED|%" PRId64
		 "|%" PRId64 "|%" PRId64 "|30|00:00:00|billing=1|60\n"
		 "9|9|9|x" FAKE_NEWLINE "dev" FAKE_BAR "1" FAKE_BAR "1" FAKE_BAR "1" FAKE_BAR
		 "lab|ann|main|normal|COMPLETED|%" PRId64 "|%" PRId64 "|%" PRId64
		 "|30|00:00:00|billing=1|60\n",
		 BEGIN + 7400, BEGIN + 7400, BEGIN + 7430, BEGIN + 7400, BEGIN + 7400,
		 BEGIN + 7430);
	RUN("check");
	USED("lab", "60");
	USED("bio", "60");
}
END_TEST

START_TEST(a_switch_waits_for_rows_that_cannot_be_read)
{
	set_settings(SETTINGS);
	fake_account("dev", "chem");
	fake_account("dev", "lab");
	strcpy(fake_account("dev", "lab")->parent, "chem");
	fake_account("dev", "phys");
	DONE("", "open", "chem", "10");
	DONE("", "open", "phys", "10");
	set_row(7, "lab", "soon-", 7400, 30);
	fake_account("dev", "chem")->usage = 30;
	clock_now = T0 + 3 * HOUR;
	GIVES(3, "chem: charged", "", "check");
	set_settings(SETTINGS "meter: jobs\n");
	GIVES(3, "phys: is metered by jobs",
	      "chem: the meter on dev is not switched: 1 of its jobs cannot be read", "check");
	USED("chem", "30");
	set_row(7, "lab", "", 7400, 30);
	DONE("chem: is metered by jobs", "check");
	USED("chem", "30");
	/* The same for the switch away from jobs. */
	job(1, "chem", 11000, 60);
	job(7, "lab", 7400, 30);
	set_row(9, "lab", "soon-", 11000, 30);
	clock_now = T0 + 4 * HOUR;
	GIVES(3, "chem: charged", "job 9 of account lab", "check");
	days(4);
	GIVES(0, "meter rawusage", "", "terms", "chem", "--meter", "rawusage", "--no-apply");
	GIVES(3, "", "chem: the meter on dev is not switched: 1 of its jobs cannot be read",
	      "check");
	/* Not switched either before a check has charged it. */
	set_row(9, "lab", "", 11000, 30);
	GIVES(3, "", "chem: the meter on dev is not switched: 1 of its jobs cannot be read",
	      "check");
	clock_now += 2 * HOUR;
	fake_account("dev", "chem")->usage = 120;
	DONE("chem: is metered by rawusage", "check");
	USED("chem", "120");
	DONE("", "verify");
}
END_TEST

/* Each check reads the row again, so it is not remembered; but a switch waits for it. */
START_TEST(a_row_of_a_job_that_runs_is_left_out_meanwhile)
{
	set_settings(SETTINGS);
	fake_account("dev", "chem");
	DONE("", "open", "chem", "10");
	fake_account("dev", "chem")->usage = 30;
	clock_now = T0 + 3 * HOUR;
	set_rows("7|7|7|chem|ann|main|normal|RUNNING|%" PRId64 "|%" PRId64
		 "|Unknown|30|unknown|billing=1|60\n",
		 BEGIN + 7400, BEGIN + 7400);
	GIVES(3, "chem: charged", "Suspended of job 7 of account chem is \"unknown\"", "check");
	GIVES(3, "jobs left out|dev|bad|1 in a day: line 2: Suspended of job 7", NULL, "doctor",
	      "-nP");
	ck_assert_ptr_null(strstr(out, "not charged yet"));
	set_settings(SETTINGS "meter: jobs\n");
	GIVES(3, "", "chem: the meter on dev is not switched: 1 of its jobs cannot be read",
	      "check");
	USED("chem", "30");
	set_rows("7|7|7|chem|ann|main|normal|RUNNING|%" PRId64 "|%" PRId64
		 "|Unknown|30|00:00:00|billing=1|60\n",
		 BEGIN + 7400, BEGIN + 7400);
	DONE("chem: is metered by jobs", "check");
	USED("chem", "30");
	DONE("", "verify");
}
END_TEST

/* The next check charges what a reconciliation would have recorded. */
START_TEST(a_job_that_waits_is_not_reconciled)
{
	char *before;

	open_lab();
	set_row(7, "lab", "soon-", 7400, 30);
	GIVES(3, "", LEFT_OUT, "check");
	days(4);
	set_row(7, "lab", "", 7400, 30);
	before = exported();
	GIVES(3, "lab|dev|0|30|0|0|0|30\n",
	      "lab on dev: the difference is not recorded: 1 of its jobs are left out; a check "
	      "charges them when it can read them",
	      "reconcile", "-nP", "--seconds", "--apply");
	UNCHANGED(before);
	/* A period before that job is not affected. */
	GIVES(0, "lab|dev|0|0|0|0|0|0\n", NULL, "reconcile", "lab", "-nP", "--seconds", "--until",
	      "2026-11-22T19:02:00Z");
	clock_now += 2 * HOUR;
	DONE("lab: charged", "check");
	is_reconciled();
}
END_TEST

/* The unreadable line may be that of the job which has run for so long. */
START_TEST(a_line_of_squeue_that_cannot_be_read_makes_no_job_runaway)
{
	fake_add_job("dev",
		     (struct fake_job){.id = 1, .start = BEGIN + 3700, .ran = 2000, .runs = true});
	fake_cluster("dev")->runaway = "1";
	fake_cluster("dev")->queue = "N/A\n12\n";
	GIVES(3, NULL,
	      "squeue on cluster 'dev': 1 line cannot be read, so that no job there is taken for "
	      "runaway: line 3: JOBID is \"N/A\"",
	      "check");
	DONE("2000\n", "balance", "bio", "-nP", "--seconds", "-o", "InFlight");
	GIVES(3, "runaway jobs|dev|bad|1 lines: line 3: JOBID", NULL, "doctor", "-nP");
	GIVES(3, "bio|", "squeue on cluster 'dev': 1 line cannot be read", "reconcile", "-nP");
	fake_cluster("dev")->queue = NULL;
	DONE("1 job without an end on dev", "check");
	DONE("0\n", "balance", "bio", "-nP", "--seconds", "-o", "InFlight");
}
END_TEST

/* ---- which jobs a check reads ---- */

/* Looks back at T0 + 2 hours, checks again in five minutes, and comes to ten. */
static void between_look_backs(void)
{
	DONE("", "check");
	clock_now += 5 * 60 * WHEN_SECOND;
	DONE("", "check");
	clock_now += 5 * 60 * WHEN_SECOND;
}

static char sacct_line[sizeof(fake_line)]; /* its last call */

static void note_sacct(enum fake_program program)
{
	if (program == FAKE_SACCT)
		memcpy(sacct_line, fake_line, sizeof(sacct_line));
}

/* The clock of the tests goes on with each call. */
static void is_read_since(int64_t seconds)
{
	const char *since = strstr(sacct_line, " -S uts");
	int64_t first = since ? strtoll(since + strlen(" -S uts"), NULL, 10) - BEGIN : -1;

	ck_assert_msg(first >= seconds && first < seconds + 30, "%" PRId64, first);
}

/* The newest jobs are charged by every check, and those that slurmdbd gets late by the next
 * look-back. */
START_TEST(jobs_that_come_late_are_charged_within_an_hour)
{
	fake_hook = note_sacct;
	between_look_backs();
	runs(9, 100);
	job(1, "bio", 7100, 50);
	job(2, "bio", 5000, 30);
	/* From ten minutes before the last check, at 7500. */
	DONE("bio: charged 0.01 SU for 1 job on dev\n", "check");
	is_read_since(6900);
	CHARGED("bio|dev|-50|job dev/1 of ann, COMPLETED\n");
	DONE("100\n", "balance", "bio", "-nP", "--seconds", "-o", "InFlight");
	nothing_more();
	/* Just before the hour is over, and after. */
	clock_now = T0 + 3 * HOUR - 30 * WHEN_SECOND;
	nothing_more();
	clock_now += 60 * WHEN_SECOND;
	DONE("bio: charged <0.01 SU for 1 job on dev\n", "check");
	USED("bio", "180");
	is_reconciled();
	/* A job that ended two days before it reached slurmdbd, right after that look-back: two
	 * days and nearly an hour before the next. */
	clock_now += 2 * WHEN_DAY;
	DONE("", "check");
	clock_now += 60 * WHEN_SECOND;
	job(3, "bio", 10850, 5);
	DONE("", "check");
	USED("bio", "180");
	clock_now += HOUR;
	DONE("bio: charged <0.01 SU for 1 job on dev\n", "check");
	USED("bio", "185");
}
END_TEST

START_TEST(a_check_of_some_accounts_looks_back_for_no_other)
{
	fake_account("dev", "chem");
	DONE("", "open", "chem", "10");
	DONE("", "check");
	clock_now += HOUR;
	DONE("", "check", "chem");
	job(1, "bio", 5000, 30);
	DONE("bio: charged", "check");
}
END_TEST

/* What makes the next check look back. */
static void clock_goes_back(void)
{
	DONE("", "check");
	clock_now -= 30 * WHEN_SECOND;
}

static void meter_is_switched(void)
{
	fake_account("dev", "chem");
	DONE("", "open", "chem", "10");
	DONE("chem: is metered by jobs on dev from now on", "check");
}

static void sacct_fails(void)
{
	fake_mode[FAKE_SACCT] = FAKE_FAILS;
	GIVES(3, NULL, "the jobs on cluster 'dev' are charged later", "check");
	fake_mode[FAKE_SACCT] = FAKE_OK;
}

static void sacctmgr_fails(void)
{
	fake_mode[FAKE_SACCTMGR] = FAKE_FAILS;
	GIVES(3, NULL, "the jobs on cluster 'dev' are charged later", "check");
	fake_mode[FAKE_SACCTMGR] = FAKE_OK;
}

static void slurmctld_is_down(void)
{
	fake_mode[FAKE_SSHARE] = FAKE_FAILS;
	GIVES(3, NULL, "dev", "check");
	fake_mode[FAKE_SSHARE] = FAKE_OK;
}

static void books_are_restored(void)
{
	char file[96];

	(void)snprintf(file, sizeof(file), "%s/books.yaml", test_folder);
	GIVES(0, "", "", "export", file);
	GIVES(0, "", "", "import", "--replace", "-i", file);
	GIVES(0, "", "", "adopt", "-i");
}

static void a_row_is_left_out(void)
{
	set_row(7, "bio", "x", 7000, 100);
	GIVES(3, NULL, "left out", "check");
	fake_cluster("dev")->jobs = "";
}

static void (*const incidents[])(void) = {clock_goes_back,  meter_is_switched, sacct_fails,
					  sacctmgr_fails,   slurmctld_is_down, books_are_restored,
					  a_row_is_left_out};

START_TEST(what_makes_the_newest_jobs_too_few_makes_a_check_look_back)
{
	between_look_backs();
	incidents[_i]();
	job(1, "bio", 5000, 30);
	RUN("check");
	USED("bio", "30");
}
END_TEST

/* It would be charged twice: by reconcile, and by the next look-back. */
START_TEST(a_difference_that_may_be_charged_is_not_recorded)
{
	between_look_backs();
	DONE("", "check");
	job(1, "bio", 5000, 30);
	GIVES(3, "bio",
	      "bio on dev: the difference is not recorded: the last check read only the newest "
	      "jobs",
	      "reconcile", "--apply");
	DONE("bio: charged", "check");
	USED("bio", "30");
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
	tcase_add_test(tcase, jobs_of_odd_accounts_are_charged_to_those_above);
	tcase_add_test(tcase, jobs_of_an_account_that_sshare_cannot_show_are_left_out_and_named);
	tcase_add_test(tcase, books_from_before_have_their_hashes);
	tcase_add_test(tcase, an_index_has_all_64_bits);
	tcase_add_test(tcase, a_switch_charges_nothing_twice_and_loses_nothing);
	tcase_add_test(tcase, a_switch_to_rawusage_waits_until_nothing_runs);
	tcase_add_test(tcase, a_job_of_before_a_switch_to_rawusage_is_charged_late);
	tcase_add_test(tcase, a_job_that_is_heard_of_during_a_switch_is_charged_once);
	tcase_add_test(tcase, what_rawusage_had_late_when_counting_began_can_be_recorded);
	tcase_add_test(tcase, a_meter_that_cannot_be_switched_keeps_no_other);
	tcase_add_test(tcase, what_was_charged_in_the_second_of_a_switch_counts);
	tcase_add_test(tcase, factors_are_exact_and_cut_once_a_job);
	tcase_add_test(tcase, the_factor_of_a_deleted_qos_is_kept);
	tcase_add_test(tcase, what_weights_leave_out_of_the_billing_is_charged);
	tcase_add_test(tcase, what_is_free_is_no_difference);
	tcase_add_test(tcase, what_is_free_is_charged_under_rawusage);
	tcase_add_test(tcase, a_budget_has_what_those_below_it_use);
	tcase_add_test(tcase, an_account_that_moves_takes_no_jobs_along);
	tcase_add_test(tcase, jobs_from_before_a_move_are_not_charged_where_the_account_came);
	tcase_add_test(tcase, an_account_that_is_taken_along_leaves_its_jobs_and_may_move_on);
	tcase_add_test(tcase, an_account_that_was_back_before_a_whole_check_can_move_again);
	tcase_add_test(tcase, what_was_charged_above_one_is_not_charged_above_another);
	tcase_add_test(tcase, an_account_that_is_removed_leaves_its_jobs_to_those_above);
	tcase_add_test(tcase, ids_that_recur_are_other_jobs);
	tcase_add_test(tcase, a_silent_slurmdbd_delays_and_loses_nothing);
	tcase_add_test(tcase, decay_is_nothing_to_jobs);
	tcase_add_test(tcase, a_hold_follows_the_jobs);
	tcase_add_test(tcase, running_jobs_are_in_flight);
	tcase_add_test(tcase, what_is_available_is_the_same_everywhere);
	tcase_add_test(tcase, thresholds_go_by_what_is_in_flight);
	tcase_add_test(tcase, thresholds_may_go_by_what_is_committed);
	tcase_add_test(tcase, windows_do_not_wait_for_the_switch_of_another_account);
	tcase_add_test(tcase, runaway_jobs_are_not_in_flight);
	tcase_add_test(tcase, running_jobs_are_committed_to_their_limits);
	tcase_add_test(tcase, holds_may_go_by_what_is_committed);
	tcase_add_test(tcase, jobs_on_a_cluster_that_is_no_more_hold_nobody);
	tcase_add_test(tcase, limits_follow_the_jobs);
	tcase_add_test(tcase, windows_wait_for_jobs_that_began_in_them);
	tcase_add_test(tcase, a_job_is_refunded_and_never_charged_again);
	tcase_add_test(tcase, a_dry_run_records_nothing);
	tcase_add_test(tcase, a_dry_run_counts_a_job_once_however_long_it_ran);
	tcase_add_test(tcase, a_dry_run_reports_whom_the_jobs_would_hold);
	tcase_add_test(tcase, a_job_of_an_account_without_money_holds_it_while_it_runs);
	tcase_add_test(tcase, a_wrong_name_beside_a_right_one_changes_nothing);
	tcase_add_test(tcase, long_names_have_refs_too);
	tcase_add_test(tcase, a_job_without_a_known_limit_is_charged);
	tcase_add_test(tcase, a_row_that_cannot_be_read_costs_no_other_job);
	tcase_add_test(tcase, a_row_that_can_be_read_after_ten_days_is_charged_once);
	tcase_add_test(tcase, a_row_left_out_is_charged_by_restored_books);
	tcase_add_test(tcase, restored_books_read_the_jobs_since_the_switch);
	tcase_add_test(tcase, a_job_left_out_that_is_gone_is_forgotten);
	tcase_add_test(tcase, a_row_without_a_number_is_charged_later_too);
	tcase_add_test(tcase, very_many_rows_that_cannot_be_read_are_charged_later);
	tcase_add_test(tcase, a_job_past_what_money_holds_keeps_no_other);
	tcase_add_test(tcase, names_forge_no_rows);
	tcase_add_test(tcase, a_switch_waits_for_rows_that_cannot_be_read);
	tcase_add_test(tcase, a_row_of_a_job_that_runs_is_left_out_meanwhile);
	tcase_add_test(tcase, a_job_that_waits_is_not_reconciled);
	tcase_add_test(tcase, a_line_of_squeue_that_cannot_be_read_makes_no_job_runaway);
	tcase_add_test(tcase, jobs_that_come_late_are_charged_within_an_hour);
	tcase_add_test(tcase, a_check_of_some_accounts_looks_back_for_no_other);
	tcase_add_loop_test(tcase, what_makes_the_newest_jobs_too_few_makes_a_check_look_back, 0,
			    COUNT(incidents));
	tcase_add_test(tcase, a_difference_that_may_be_charged_is_not_recorded);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
