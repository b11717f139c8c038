/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compares the books with Slurm's record of jobs, run in this process. */
#include <inttypes.h>

#include "tests/drive.h"

/* bio is opened at BEGIN with 10 SU; jobs come later. */
#define BEGIN (T0 / WHEN_SECOND)

/* A job of so many seconds, counted from BEGIN. */
static void job(int id, const char *account, int64_t start, int64_t ran, const char *tres)
{
	fake_add_job("dev", (struct fake_job){.id = id,
					      .account = account,
					      .start = BEGIN + start,
					      .ran = ran,
					      .tres = tres});
}

static void setup(void)
{
	drive_setup();
	fake_account("dev", "bio");
	DONE("", "open", "bio", "10");
	clock_now = T0 + HOUR;
}

static void read_usage(const char *account, int64_t usage, int expected)
{
	fake_account("dev", account)->usage = usage;
	GIVES(expected, "", "", "check");
}

/* What reconcile prints without --format, in billing-seconds. */
#define SHOWS(code, rows, ...)                                                                     \
	do {                                                                                       \
		RUN("reconcile", "-nP", "--seconds", __VA_ARGS__);                                 \
		ck_assert_msg(status == (code), "status %d: %s%s", status, out, err);              \
		ck_assert_str_eq(out, rows);                                                       \
	} while (0)

START_TEST(use_without_an_entry_yet_is_in_the_books)
{
	set_settings("clusters: [dev]\nthresholds: []\nnotice_days: 0\ncharge_minutes: 60\n");
	read_usage("bio", 0, 0);
	clock_now += 120 * WHEN_SECOND;
	job(1, "bio", 3620, 60, "billing=1,cpu=1,node=1");
	read_usage("bio", 60, 0);
	RUN("balance", "bio", "-nPo", "Unentered", "--seconds");
	ck_assert_str_eq(out, "60\n");
	SHOWS(0, "bio|dev|60|60|0|0|0|0\n", "bio");
}
END_TEST

START_TEST(books_that_equal_slurm_are_said_to)
{
	job(1, "bio", 100, 60, "billing=2,cpu=2,mem=100M,node=1");
	job(2, "bio", 200, 80, "billing=1,cpu=1,node=1");
	/* Of another account, before it was opened, and one that never ran. */
	job(3, "chem", 200, 80, "billing=1,cpu=1");
	fake_add_job("dev", (struct fake_job){.id = 4, .submit = BEGIN + 300});
	read_usage("bio", 200, 0);
	SHOWS(0, "bio|dev|200|200|0|0|0|0\n", "bio");
	SHOWS(0, "bio|dev|200|200|0|0|0|0\n", "--clusters", "dev");
	SHOWS(0, "2\n", "-o", "Jobs");
	SHOWS(0, "", "--jobs");
	ck_assert_ptr_nonnull(strstr(fake_line, "sacct -D -X -a -P --noconvert --delimiter @"));
	ck_assert_ptr_null(strstr(fake_line, " -A "));
	SHOWS(0, "", "bio", "--jobs");
	ck_assert_ptr_nonnull(strstr(fake_line, " -A bio"));
	GIVES(0, "Difference", NULL, "reconcile");
	GIVES(0, "\"difference_seconds\": 0", NULL, "reconcile", "--json");
	UNCHANGED(exported());
}
END_TEST

START_TEST(use_that_the_books_lost_is_found_and_entered)
{
	job(1, "bio", 100, 60, "billing=2");
	read_usage("bio", 120, 0);
	job(2, "bio", 3700, 500, "billing=1");
	clock_now = T0 + 3 * HOUR;
	/* slurmctld crashed and lost the use since its last save. */
	read_usage("bio", 30, 3);
	job(3, "bio", 11000, 70, "billing=1");
	clock_now = T0 + 4 * HOUR;
	read_usage("bio", 100, 0);
	GIVES(3, "bio|dev|190|690|0|0|0|500\n", "bio on dev: counting restarted between ",
	      "reconcile", "-nP", "--seconds");
	SHOWS(3, "bio|dev|190|690|500|1|3\n", "-o",
	      "Account,Cluster,Books,Slurm,Difference,Restarts,Jobs");
	SHOWS(3, "dev|dev/2|ann|COMPLETED|500|500|bio|bio\n", "--jobs", "-o",
	      "Cluster,Job,User,State,Elapsed,Used,Account,For");
	SHOWS(3, "dev/2|13512637919694125058\n", "--jobs", "-o", "Job,Index");
	GIVES(3, "\"index\": \"13512637919694125058\"", "", "reconcile", "--jobs", "--json");
	/* Before and after it nothing is missing. */
	SHOWS(0, "bio|dev|120|120|0|0|0|0\n", "--until", "2026-11-22T18:00:30Z");
	SHOWS(0, "bio|dev|70|70|0|0|0|0\n", "--since", "2026-11-22T20:01:00Z");

	out_full = true;
	GIVES(5, "", "entry 7 was recorded; only the output could not be written", "reconcile",
	      "--apply", "--note", "a crash");
	out_full = false;
	ck_assert_ptr_nonnull(strstr(err, "differences recorded: 1"));
	DONE("reconcile|-500|dev ", "journal", "-nP", "--seconds", "-o", "Kind,Amount,Detail", "-k",
	     "reconcile");
	ck_assert_ptr_nonnull(strstr(out, "sacct has 500s more than the books"));
	DONE("35310\n", "balance", "bio", "-nPo", "Available", "--seconds");
	SHOWS(0, "bio|dev|690|690|0|0|0|0\n", "bio");
	SHOWS(0, "", "--jobs");
	DONE("reconciled|dev|1|-500\n", "statement", "bio", "-nP", "--seconds", "--since",
	     "2026-11-22", "--until", "2026-11-23");
	DONE("", "verify");
	REFUSED(1, "follows Slurm's record", "reverse", "7", "--note", "x");
}
END_TEST

START_TEST(use_that_the_books_have_too_much_of_is_given_back)
{
	job(1, "bio", 100, 60, "billing=2");
	read_usage("bio", 300, 0);
	SHOWS(3, "bio|dev|300|120|0|0|0|-180\n", "bio");
	DONE("", "deposit", "bio", "1s", "--end", "2026-11-23");
	GIVES(0, "", "differences recorded: 1", "reconcile", "--apply");
	DONE("reconcile|180|bio\n", "journal", "-nP", "--seconds", "-o", "Kind,Amount,Account",
	     "-k", "reconcile");
	DONE("120|35881\n", "balance", "bio", "-nPo", "Used,Available", "--seconds");
	SHOWS(0, "bio|dev|120|120|0|0|0|0\n", "bio");
	DONE("", "verify");
}
END_TEST

START_TEST(what_came_from_an_ended_window_needs_a_new_one)
{
	char *before;

	fake_account("dev", "chem");
	DONE("", "open", "chem", "1", "--end", "2026-11-22T19:00:00Z");
	fake_account("dev", "chem")->usage = 600;
	DONE("", "check");
	clock_now = T0 + 3 * HOUR;
	DONE("", "check");
	before = exported();
	GIVES(1, "chem|dev|600|0|", "--end", "reconcile", "chem", "-nP", "--seconds", "--apply");
	UNCHANGED(before);
	GIVES(0, "", "differences recorded: 1", "reconcile", "chem", "--apply", "--end",
	      "2026-11-24");
	DONE("600\n", "balance", "chem", "-nPo", "Available", "--seconds");
	SHOWS(0, "chem|dev|0|0|0|0|0|0\n", "chem");
	DONE("", "verify");
}
END_TEST

START_TEST(what_rawusage_counts_beside_stands_apart)
{
	fake_cluster("dev")->partitions = "PartitionName=other TRESBillingWeights=CPU=9\n"
					  "PartitionName=main TRESBillingWeights="
					  "CPU=1.0,Mem=0.25G,GRES/gpu=2.5\n";
	fake_qos = "normal|||||1.000000\nurgent|||||1.500000\nfree|||||0.000000\n";
	/* 1 + 512 / 1024 / 4 = 1.125, cut to 1. */
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .qos = "urgent",
					      .start = BEGIN + 100,
					      .ran = 1000,
					      .suspended = 100,
					      .tres = "billing=1,cpu=1,mem=512M,node=1"});
	fake_add_job("dev", (struct fake_job){.id = 2,
					      .qos = "free",
					      .start = BEGIN + 100,
					      .ran = 1000,
					      .suspended = 0,
					      .tres = "billing=1,cpu=1,mem=512M,node=1"});
	/* The weights differed then: they are not reported. */
	job(3, "bio", 200, 10, "billing=4,cpu=1,gres/gpu=2,node=1");
	/* 1687.5 + 40 */
	read_usage("bio", 1727, 0);
	SHOWS(0, "bio|dev|1727|1390|150|187|1|0\n", "bio");
	fake_qos = "normal|||||1.000000\n";
	GIVES(3, "", "2 jobs on dev ran in a QOS that no longer exists", "reconcile");
}
END_TEST

/* Of a job's weights only the largest counts, as on a real 22.05.8. */
START_TEST(with_max_tres_nothing_is_left_out_that_does_not_count)
{
	fake_cluster("dev")->partitions =
		"PartitionName=main TRESBillingWeights=CPU=1.0,Mem=1.5G\n";
	fake_cluster("dev")->flags = "MAX_TRES";
	job(1, "bio", 100, 2000, "billing=1,cpu=1,mem=100M,node=1");
	job(2, "bio", 100, 2000, "billing=1,cpu=1,mem=800M,node=1");
	read_usage("bio", 4343, 0);
	SHOWS(0, "bio|dev|4343|4000|0|343|1|0\n", "bio");
}
END_TEST

START_TEST(jobs_at_an_edge_may_stand_on_either_side)
{
	/* It ran for 2000 seconds when it was read, and Slurm had counted 1800. */
	clock_now = T0 + 3000 * WHEN_SECOND;
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .start = BEGIN + 1001,
					      .ran = 2500,
					      .runs = true,
					      .tres = "billing=2"});
	read_usage("bio", 3600, 0);
	SHOWS(0, "bio|dev|3600|4000|0|0|602|400\n", "bio");
	/* More than that is missing. */
	job(2, "bio", 100, 500, "billing=1");
	SHOWS(3, "bio|dev|3600|4500|0|0|602|900\n", "bio");
	SHOWS(3, "dev/1|4000\ndev/2|500\n", "--jobs", "-o", "Job,Used");
	/* Only the certain part is recorded. */
	GIVES(0, "", "differences recorded: 1", "reconcile", "--apply", "--no-apply");
	SHOWS(0, "bio|dev|3898|4500|0|0|602|602\n", "bio");
}
END_TEST

/* Jobs are read twice for --jobs, partitions are not, also when there are none. */
START_TEST(partitions_are_asked_for_once)
{
	clock_now = T0 + 3000 * WHEN_SECOND;
	job(2, "bio", 100, 500, "billing=1");
	read_usage("bio", 0, 0);
	fake_cluster("dev")->partitions = "No partitions in the system\n";
	fake_calls[FAKE_SCONTROL] = 0;
	SHOWS(3, "dev/2|500\n", "--jobs", "-o", "Job,Used");
	/* And the configuration each time. */
	ck_assert_int_eq(fake_calls[FAKE_SCONTROL], 3);
}
END_TEST

/* Of a job with more weight than its billing tells as much more is late. */
START_TEST(an_edge_has_what_weights_leave_out)
{
	fake_cluster("dev")->partitions = "PartitionName=main TRESBillingWeights=CPU=1,"
					  "GRES/gpu=0.9\n";
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .start = BEGIN + 2601,
					      .ran = 1000,
					      .runs = true,
					      .tres = "billing=1,cpu=1,gres/gpu=1"});
	/* Slurm counted the first 700 seconds. */
	read_usage("bio", 1330, 0);
	SHOWS(0, "bio|dev|1330|1000|0|900|573|570\n", "bio");
}
END_TEST

/* Read a minute before the edge and a minute behind it; what the jobs used meanwhile was charged on
 * the other side. */
START_TEST(jobs_that_ended_before_an_edge_may_stand_behind_it)
{
	fake_cluster("dev")->calc_period = "00:00:01";
	clock_now = T0 + 3540 * WHEN_SECOND;
	job(1, "bio", 3510, 20, "billing=1");
	read_usage("bio", 20, 0);
	job(2, "bio", 3550, 30, "billing=2");
	clock_now = T0 + 3660 * WHEN_SECOND;
	read_usage("bio", 80, 0);
	SHOWS(0, "bio|dev|80|80|0|0|0|0\n", "bio");
	SHOWS(0, "bio|dev|20|80|0|0|60|60\n", "--until", "2026-11-22T18:00:00Z");
	SHOWS(0, "bio|dev|60|0|0|0|60|-60\n", "--since", "2026-11-22T18:00:00Z");
}
END_TEST

START_TEST(use_below_an_account_is_its_own)
{
	const struct fake_account lab = {.name = "lab",
					 .parent = "bio",
					 .usage = 300,
					 .grp_jobs = -1,
					 .grp_submit_jobs = -1};

	*fake_account("dev", "lab") = lab;
	job(1, "lab", 100, 300, "billing=1");
	job(2, "bio", 100, 50, "billing=1");
	job(3, "nobody", 100, 50, "billing=1");
	job(4, "", 100, 50, "billing=1");
	read_usage("bio", 350, 0);
	SHOWS(0, "bio|dev|350|350|0|0|0|0\n", "bio");
	ck_assert_ptr_nonnull(strstr(fake_line, " -A bio,lab"));
	SHOWS(0, "bio|dev|350|350|0|0|0|0\n", "-A", "bio");
	DONE("", "open", "lab", "1");
	/* From here on it has a budget of its own, and bio's still has its use in it. */
	fake_account("dev", "lab")->usage = 400;
	clock_now = T0 + 2 * HOUR;
	job(5, "lab", 4000, 130, "billing=1");
	read_usage("bio", 450, 0);
	SHOWS(3, "bio|dev|450|480|0|0|0|30\nlab|dev|100|130|0|0|0|30\n", "--seconds");
	SHOWS(3, "dev/1|lab|bio\ndev/2|bio|bio\ndev/5|lab|bio\n", "bio", "--jobs", "-o",
	      "Job,Account,For");
}
END_TEST

/* RawUsage takes along what it has of a job that runs, 50 seconds late here. */
START_TEST(a_job_that_runs_across_a_move_counts_on_both_sides_as_rawusage_had_it)
{
	fake_account("dev", "chem");
	fake_account("dev", "lab");
	strcpy(fake_account("dev", "lab")->parent, "bio");
	DONE("", "open", "chem", "10");
	clock_now = T0 + 2 * HOUR;
	job(1, "lab", 3700, 100, "billing=1");
	fake_account("dev", "lab")->usage = 100;
	read_usage("bio", 100, 0);
	/* It began 1000 seconds before the move is seen. */
	strcpy(fake_account("dev", "lab")->parent, "chem");
	clock_now = T0 + 3 * HOUR;
	job(2, "lab", 10800 - 1000, 1700, "billing=2");
	fake_account("dev", "lab")->usage = 100 + 2 * 950;
	fake_account("dev", "chem")->usage = 100 + 2 * 950;
	read_usage("bio", 0, 3);
	clock_now = T0 + 4 * HOUR;
	fake_account("dev", "lab")->usage = 100 + 2 * 1700;
	read_usage("chem", 100 + 2 * 1700, 0);
	SHOWS(0, "bio|dev|2000|2000|0|0|0|0\nchem|dev|1500|1500|0|0|0|0\n", "--seconds");
	/* More than that is lost; the check that saw the move read a second behind its start. */
	job(3, "lab", 5000, 700, "billing=1");
	GIVES(3, "bio|dev|2000|2802|0|0|0|802\nchem|dev|1500|1500|0|0|0|0\n", "", "reconcile",
	      "-nP", "--seconds");
	GIVES(0, "", "differences recorded: 1", "reconcile", "--apply");
	GIVES(0, "0\n0\n", NULL, "reconcile", "-nP", "--seconds", "-o", "Difference");
	DONE("", "verify");
}
END_TEST

/* RawUsage of those above keeps what it used (22.05.8), and so does sacct. */
START_TEST(an_account_that_is_gone_leaves_what_it_used)
{
	const struct fake_account lab = {.name = "lab",
					 .parent = "bio",
					 .usage = 300,
					 .grp_jobs = -1,
					 .grp_submit_jobs = -1};

	*fake_account("dev", "lab") = lab;
	job(1, "lab", 100, 300, "billing=1");
	read_usage("bio", 300, 0);
	fake_remove_account("dev", "lab");
	clock_now = T0 + 2 * HOUR;
	read_usage("bio", 300, 0);
	clock_now = T0 + 3 * HOUR;
	read_usage("bio", 300, 0);
	SHOWS(0, "bio|dev|300|300|0|0|0|0\n", "bio");
	/* Across a switch of the meter nothing is compared. */
	set_settings("clusters: [dev]\nthresholds: []\nnotice_days: 0\nmeter: jobs\n");
	DONE("bio: is metered by jobs", "check");
	DONE("35700\n", "balance", "bio", "-nPo", "Available", "--seconds");
}
END_TEST

START_TEST(where_counting_began_later_it_is_compared_from_there)
{
	fake_account("dev", "chem")->usage = 777;
	job(1, "chem", 100, 777, "billing=1");
	DONE("", "open", "chem", "10");
	job(2, "chem", 3700, 50, "billing=1");
	clock_now = T0 + 2 * HOUR;
	read_usage("chem", 827, 0);
	SHOWS(0, "chem|dev|50|50|0|0|0|0\n", "chem");
	SHOWS(0, "chem|dev|50|50|0|0|0|0\n", "chem", "--since", "2020-01-01");
	fake_account("dev", "phys")->usage = 90;
	job(3, "phys", 100, 90, "billing=1");
	DONE("", "open", "phys", "10", "--from-zero");
	DONE("", "check");
	SHOWS(0, "phys|dev|90|90|0|0|0|0\n", "phys");
	/* Nothing was read yet. */
	SHOWS(0, "", "chem", "--until", "2026-11-22T17:00:00Z");
}
END_TEST

/* The clock went back before the meter was switched. */
START_TEST(what_ended_before_counting_began_is_no_difference)
{
	fake_account("dev", "chem");
	clock_now = T0 + HOUR;
	DONE("", "open", "chem", "10"); /* a second later */
	clock_now = T0 + HOUR - 2 * WHEN_SECOND;
	set_settings("clusters: [dev]\nthresholds: []\nnotice_days: 0\nmeter: jobs\n");
	DONE("chem: is metered by jobs", "check");
	job(1, "chem", 3501, 100, "billing=1");
	clock_now = T0 + 2 * HOUR;
	DONE("chem: charged", "check");
	SHOWS(0, "chem|dev|0|0|0|0|0|0\n", "chem", "--apply");
}
END_TEST

START_TEST(rows_for_programs_have_no_words_behind_them)
{
	job(1, "bio", 100, 500, "billing=100");
	read_usage("bio", 0, 0);
	GIVES(0, "", "bio: held", "reconcile", "--apply", "--json");
	ck_assert_str_eq(strrchr(out, ']'), "]\n");
}
END_TEST

/* Without a first day, decades are asked for in a few calls; jobs count once and are told in order,
 * whatever slice they are in. */
START_TEST(what_is_counted_from_zero_is_read_in_few_slices)
{
	const int64_t day = 86400;
	int calls;

	fake_account("dev", "phys")->usage = 90 + 40 * 86400 + 30 + 20;
	job(1, "phys", -12 * 365 * day, 20, "billing=1");
	job(2, "phys", -400 * day, 30, "billing=1");
	/* It runs through several slices. */
	job(3, "phys", -50 * day, 40 * day, "billing=1");
	job(4, "phys", 100, 90, "billing=1");
	DONE("", "open", "phys", "2000", "--from-zero");
	DONE("", "check");
	calls = fake_calls[FAKE_SACCT];
	SHOWS(0, "phys|dev|3456140|3456140|0|0|0|0\n", "phys");
	calls = fake_calls[FAKE_SACCT] - calls;
	ck_assert_int_le(calls, 13);
	job(5, "phys", -500 * day, 7, "billing=1");
	calls = fake_calls[FAKE_SACCT];
	SHOWS(3, "dev/1|20\ndev/5|7\ndev/2|30\ndev/3|3456000\ndev/4|90\n", "phys", "--jobs", "-o",
	      "Job,Used");
	/* The second time only where jobs were. */
	calls = fake_calls[FAKE_SACCT] - calls;
	ck_assert_int_le(calls, 21);
}
END_TEST

/* sacct shows a job in every part of the period that it waited or ran in. */
START_TEST(a_job_that_waited_counts_once)
{
	const int64_t day = 86400;

	fake_add_job("dev", (struct fake_job){.id = 1,
					      .submit = BEGIN + 2 * day,
					      .start = BEGIN + 19 * day,
					      .ran = 500,
					      .tres = "billing=1"});
	clock_now = T0 + 20 * WHEN_DAY;
	fake_account("dev", "bio")->usage = 500;
	GIVES(0, "", "", "check", "--clock-ok");
	SHOWS(0, "bio|dev|500|500|0|0|0|0\n", "bio");
	SHOWS(0, "1\n", "bio", "-o", "Jobs");
	/* And where the meter is switched. */
	set_settings("clusters: [dev]\nthresholds: []\nnotice_days: 0\nmeter: jobs\n");
	clock_now += 60 * WHEN_SECOND;
	DONE("bio: is metered by jobs", "check");
	DONE("35500\n", "balance", "bio", "-nPo", "Available", "--seconds");
}
END_TEST

/* Its end is unknown: the books have what RawUsage counted. */
START_TEST(runaway_jobs_are_left_out)
{
	job(1, "bio", 100, 60, "billing=1");
	fake_add_job("dev",
		     (struct fake_job){.id = 2, .start = BEGIN + 100, .ran = 3000, .runs = true});
	read_usage("bio", 60, 0);
	fake_cluster("dev")->runaway = "1,2";
	GIVES(0, "",
	      "jobs on dev without an end on record that slurmctld does not know: 1, left out",
	      "reconcile", "bio");
	SHOWS(0, "bio|dev|60|60|0|0|0|0\n", "bio");
	fake_cluster("dev")->runaway = "";
	RUN("reconcile", "bio");
	ck_assert_int_eq(status, 3);
	ck_assert_ptr_null(strstr(err, "no end on record"));
	fake_mode[FAKE_SQUEUE] = FAKE_MALFORMED;
	GIVES(3, "", "cluster 'dev' is left out: squeue: line 1", "reconcile", "bio");
}
END_TEST

/* RawUsage had the job whose row is left out: its use is not given back. */
START_TEST(what_a_row_left_out_may_explain_is_not_given_back)
{
	char rows[512];

	fake_account("dev", "lab");
	strcpy(fake_account("dev", "lab")->parent, "bio");
	fake_account("dev", "chem");
	DONE("", "open", "chem", "10");
	job(1, "bio", 100, 60, "billing=2");
	(void)snprintf(rows, sizeof(rows),
		       "2|2|13512637919694125058|lab|ann|main|normal|COMPLETED|%" PRId64 "|%" PRId64
		       "|%" PRId64 "|-50|00:00:00|billing=1|60\n",
		       BEGIN + 200, BEGIN + 200, BEGIN + 250);
	fake_cluster("dev")->jobs = rows;
	fake_account("dev", "chem")->usage = 70;
	clock_now = T0 + 2 * HOUR;
	read_usage("bio", 170, 0);
	GIVES(3, "bio|dev|170|120|0|0|0|-50\n",
	      "sacct on cluster 'dev': 1 row cannot be read and is left out, and nothing is given "
	      "back for them: line 2: ElapsedRaw of job 2 of account lab is \"-50\"",
	      "reconcile", "bio", "-nP", "--seconds");
	char *before = exported();
	GIVES(3, "bio|dev|170|120|0|0|0|-50\n",
	      "bio on dev: nothing is given back: 1 of its jobs cannot be read", "reconcile", "bio",
	      "-nP", "--seconds", "--apply");
	UNCHANGED(before);
	/* A job of an unknown account may be any account's. */
	memcpy(strstr(rows, "|lab|"), "|bal|", 5);
	GIVES(3, "", "chem on dev: nothing is given back: 1 of its jobs cannot be read",
	      "reconcile", "--apply");
	memcpy(strstr(rows, "|bal|"), "|lab|", 5);
	/* Other accounts are not affected, and what the books lack is certain. */
	GIVES(3, "", "differences recorded: 1", "reconcile", "--apply");
	DONE("0\n", "balance", "chem", "-nPo", "Used", "--seconds");
	job(3, "bio", 300, 500, "billing=1");
	GIVES(3, "bio|dev|170|620|0|0|0|450\n", "differences recorded: 1", "reconcile", "bio",
	      "-nP", "--seconds", "--apply");
	DONE("620\n", "balance", "bio", "-nPo", "Used", "--seconds");
	DONE("", "verify");
}
END_TEST

START_TEST(a_cluster_that_does_not_answer_is_left_out)
{
	fake_cluster("gpu");
	set_settings("clusters: [dev, gpu]\nlock_seconds: 1\n");
	fake_account("gpu", "bio");
	job(1, "bio", 100, 60, "billing=1");
	read_usage("bio", 60, 0);
	/* The other one has a beginning now, and a reading here. */
	read_usage("bio", 60, 0);
	SHOWS(0, "bio|dev|60|60|0|0|0|0\nbio|gpu|0|0|0|0|0|0\n", "bio");
	SHOWS(0, "bio|gpu|0|0|0|0|0|0\n", "-M", "gpu");
	fake_cluster("gpu")->silent = true;
	GIVES(3, "bio|dev|60|", "cluster 'gpu' is left out: ", "reconcile", "-nP", "--seconds");
	ck_assert_ptr_null(strstr(out, "gpu"));
	fake_mode[FAKE_SACCT] = FAKE_FAILS;
	GIVES(3, NULL, "cluster 'dev' is left out: sacct failed", "reconcile", "-nP", "-M", "dev");
	fake_mode[FAKE_SACCT] = FAKE_EMPTY;
	GIVES(3, NULL, "not even column names", "reconcile", "-nP", "-M", "dev");
	/* An empty list would claim that nothing differs. */
	GIVES(3, NULL, "not even column names", "reconcile", "--json", "-M", "dev");
	GIVES(3, NULL, "not even column names", "reconcile", "--csv", "-M", "dev");
	GIVES(3, NULL, "not even column names", "reconcile", "--json", "-M", "dev", "--jobs");
	fake_mode[FAKE_SACCTMGR] = FAKE_FAILS;
	GIVES(1, NULL, "sacctmgr failed", "reconcile", "-nP");
	GIVES(1, NULL, "sacctmgr failed", "reconcile", "--json");
	GIVES(1, NULL, "sacctmgr failed", "reconcile", "-P");
	GIVES(1, NULL, "sacctmgr failed", "reconcile");
}
END_TEST

/* The error is not that of memory. */
START_TEST(bytes_that_are_no_text_are_escaped)
{
	job(1, "bio", 100, 60, "billing=1");
	read_usage("bio", 60, 0);
	fake_add_job("dev", (struct fake_job){.id = 2,
					      .account = "bio",
					      .partition = "m\xff",
					      .start = BEGIN + 3000,
					      .ran = 500});
	GIVES(3, "\"partition\": \"m\\\\xff\"", NULL, "reconcile", "bio", "--jobs", "--json");
	GIVES(3, "\\xff", NULL, "reconcile", "bio", "--jobs", "-nP", "-o", "Partition");
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
	REFUSED(1, "not in the bank", "reconcile", "nosuch");
	REFUSED(2, "ends before it begins", "reconcile", "--since", "2026-11-23", "--until",
		"2026-11-22");
	REFUSED(2, "go with --apply", "reconcile", "--note", "x");
	REFUSED(2, "go with --apply", "reconcile", "--end", "2026-12-01");
	REFUSED(2, "no column", "reconcile", "-o", "Job");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs_reconcile");
	TCase *tcase = tcase_create("reconcile");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, use_without_an_entry_yet_is_in_the_books);
	tcase_add_test(tcase, books_that_equal_slurm_are_said_to);
	tcase_add_test(tcase, use_that_the_books_lost_is_found_and_entered);
	tcase_add_test(tcase, use_that_the_books_have_too_much_of_is_given_back);
	tcase_add_test(tcase, what_came_from_an_ended_window_needs_a_new_one);
	tcase_add_test(tcase, what_rawusage_counts_beside_stands_apart);
	tcase_add_test(tcase, with_max_tres_nothing_is_left_out_that_does_not_count);
	tcase_add_test(tcase, jobs_at_an_edge_may_stand_on_either_side);
	tcase_add_test(tcase, partitions_are_asked_for_once);
	tcase_add_test(tcase, an_edge_has_what_weights_leave_out);
	tcase_add_test(tcase, jobs_that_ended_before_an_edge_may_stand_behind_it);
	tcase_add_test(tcase, use_below_an_account_is_its_own);
	tcase_add_test(tcase,
		       a_job_that_runs_across_a_move_counts_on_both_sides_as_rawusage_had_it);
	tcase_add_test(tcase, an_account_that_is_gone_leaves_what_it_used);
	tcase_add_test(tcase, where_counting_began_later_it_is_compared_from_there);
	tcase_add_test(tcase, what_ended_before_counting_began_is_no_difference);
	tcase_add_test(tcase, rows_for_programs_have_no_words_behind_them);
	tcase_add_test(tcase, what_is_counted_from_zero_is_read_in_few_slices);
	tcase_add_test(tcase, a_job_that_waited_counts_once);
	tcase_add_test(tcase, runaway_jobs_are_left_out);
	tcase_add_test(tcase, what_a_row_left_out_may_explain_is_not_given_back);
	tcase_add_test(tcase, a_cluster_that_does_not_answer_is_left_out);
	tcase_add_test(tcase, bytes_that_are_no_text_are_escaped);
	tcase_add_test(tcase, what_makes_no_sense_is_refused);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
