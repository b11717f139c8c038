/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The site's prices of jobs: reservations, the least that a job costs, and rounded run times. */
#include "tests/drive.h"

#define BEGIN (T0 / WHEN_SECOND)
#define SETTINGS "clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\nmeter: jobs\n"
#define RESERVATIONS "factors: {reservation: {course: 0, Half: 0.5}}\n"
#define PRICES "round_seconds: 30\nmin_charge: 60s\n"

/* Jobs of bio count from BEGIN + 3601 on: a command takes a second. */
static void setup(void)
{
	drive_setup();
	set_settings(SETTINGS);
	fake_account("dev", "bio");
	DONE("", "open", "bio", "10");
	clock_now = T0 + HOUR;
	DONE("bio: is metered by jobs on dev from now on", "check");
	clock_now = T0 + 2 * HOUR;
}

static bool asked; /* for reservations */

static void note_call(enum fake_program program)
{
	asked = asked || (program == FAKE_SACCT && strstr(fake_line, "Reservation"));
}

/* Compares the job entries of the journal, in billing-seconds. */
#define CHARGED(rows)                                                                              \
	do {                                                                                       \
		DONE("", "journal", "-nP", "--seconds", "-k", "job", "-o",                         \
		     "Account,Amount,Detail");                                                     \
		ck_assert_str_eq(out, rows);                                                       \
	} while (0)

/* Checks that the books match sacct, and that another check charges nothing. */
static void is_reconciled(void)
{
	char *before = exported();

	DONE("", "check");
	ck_assert_str_eq(out, "");
	UNCHANGED(before);
	DONE("", "reconcile", "-nP");
	DONE("", "verify");
}

START_TEST(jobs_in_a_reservation_have_its_factor)
{
	fake_reservations = "1|0|course\n2|0|Half\n3|0|half\n4|0|a|b\ndev\n";
	set_settings(SETTINGS RESERVATIONS);
	fake_add_job("dev", (struct fake_job){
				    .id = 1, .reservation = 1, .start = BEGIN + 3700, .ran = 1000});
	fake_add_job("dev", (struct fake_job){.id = 2, .start = BEGIN + 3700, .ran = 100});
	fake_add_job("dev", (struct fake_job){
				    .id = 3, .reservation = 2, .start = BEGIN + 3700, .ran = 101});
	/* Slurm tells large letters from small ones. */
	fake_add_job("dev",
		     (struct fake_job){.id = 4, .reservation = 3, .start = BEGIN + 3700, .ran = 7});
	fake_add_job("dev",
		     (struct fake_job){.id = 5, .reservation = 4, .start = BEGIN + 3700, .ran = 5});
	fake_add_job("dev", (struct fake_job){.id = 6,
					      .reservation = 1,
					      .start = BEGIN + 3700,
					      .ran = 1000,
					      .limit = 3600,
					      .runs = true});
	fake_add_job("dev", (struct fake_job){.id = 7,
					      .reservation = 2,
					      .start = BEGIN + 3700,
					      .ran = 11,
					      .limit = 120,
					      .runs = true});
	DONE("bio: charged 0.04 SU for 4 jobs on dev\n", "check");
	CHARGED("bio|-100|job dev/2 of ann, COMPLETED\nbio|-50|job dev/3 of ann, "
		"COMPLETED\nbio|-7|job dev/4 of ann, COMPLETED\nbio|-5|job dev/5 of ann, "
		"COMPLETED\n");
	DONE("5|60\n", "balance", "bio", "-nP", "--seconds", "-o", "InFlight,Committed");
	DONE("\"factor\":500000", "journal", "--json", "-k", "job", "bio");
	ck_assert_ptr_nonnull(strstr(out, "\"reservation\":\"Half\""));
	ck_assert_ptr_nonnull(strstr(out, "\"reservation\":\"?\""));
	is_reconciled();
	DONE("bio", "refund", "--job", "3", "--note", "x", "-i");
	DONE("117\n", "balance", "bio", "-nP", "--seconds", "-o", "Used");
	/* One that is not known is not charged before it is. */
	fake_add_job("dev", (struct fake_job){
				    .id = 9, .reservation = 5, .start = BEGIN + 3700, .ran = 10});
	clock_now += HOUR;
	GIVES(3, "", "ReservationId", "check");
	GIVES(3, "", "ReservationId", "reconcile", "-nP");
	fake_reservations = "1|0|course\n2|0|Half\n3|0|half\n4|0|a|b\ndev\n5|now|Half\n";
	fake_add_job("dev", (struct fake_job){
				    .id = 10, .reservation = 1, .start = BEGIN + 3700, .ran = 10});
	fake_add_job("dev", (struct fake_job){.id = 11, .start = BEGIN + 3700, .ran = 10});
	GIVES(3, "bio: charged <0.01 SU for 1 job on dev\n",
	      "sacctmgr on cluster 'dev': 1 row of reservations cannot be read; jobs of these "
	      "reservations are left out: line 7: a row is \"5|now|Half\"",
	      "check");
	GIVES(3, "", "line 7: a row is \"5|now|Half\"", "reconcile", "-nP");
	fake_reservations = "1|0|course\n2|0|Half\n3|0|half\n4|0|a|b\ndev\n5|0|Half\n";
	DONE("bio: charged", "check");
	/* A row whose number cannot be read is left out, and charged later at its own price. */
	fake_cluster("dev")->jobs =
		"8|8|8|bio|ann|main|normal|COMPLETED|1795370505|1795370510|1795370520|x|00:00:00|"
		"billing=1|1\0032\n";
	clock_now += HOUR;
	GIVES(3, "", "ElapsedRaw", "check");
	clock_now += 72 * HOUR;
	GIVES(3, "", "ElapsedRaw", "check");
	fake_cluster("dev")->jobs =
		"8|8|8|bio|ann|main|normal|COMPLETED|1795370505|1795370510|1795370520|10|00:00:00|"
		"billing=1|1\0032\n";
	clock_now += 2 * HOUR;
	DONE("bio: charged", "check");
	DONE("bio|-5|job dev/8 of ann, COMPLETED\n", "journal", "-nP", "--seconds", "-k", "job",
	     "--last", "1", "-o", "Account,Amount,Detail");
}
END_TEST

/* Without factors of reservations sacct is asked for what it was always asked for. */
START_TEST(reservations_are_asked_for_only_with_a_factor)
{
	fake_hook = note_call;
	asked = false;
	fake_add_job("dev", (struct fake_job){
				    .id = 1, .reservation = 1, .start = BEGIN + 3700, .ran = 10});
	set_settings(SETTINGS "factors: {qos: {low: 0}}\n" PRICES);
	DONE("bio: charged", "check");
	DONE("", "reconcile", "-nP");
	ck_assert(!asked);
	DONE("\"min_charge_seconds\":60", "journal", "--json", "-k", "job", "bio");
	ck_assert_ptr_null(strstr(out, "reservation"));
	set_settings(SETTINGS RESERVATIONS);
	fake_reservations = "1|0|course\n";
	DONE("", "check");
	ck_assert(asked);
	asked = false;
	GIVES(3, "", "", "reconcile", "-nP");
	ck_assert(asked);
	fake_hook = NULL;
}
END_TEST

/* slurmdbd forgets old reservations: PurgeResvAfter. RawUsage has no factor of them. */
START_TEST(a_purged_reservation_matters_only_to_jobs_that_have_its_price)
{
	const int64_t begin = BEGIN + 3 * 86400;

	set_settings("clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"
		     "meter: rawusage\n" RESERVATIONS);
	DONE("bio: is metered by rawusage on dev from now on", "check");
	/* The last jobs before the switch are read until two days later. */
	clock_now = T0 + 3 * WHEN_DAY;
	DONE("", "check");
	fake_add_job("dev", (struct fake_job){
				    .id = 1, .reservation = 9, .start = begin + 100, .ran = 100});
	fake_account("dev", "bio")->usage += 100;
	clock_now = T0 + 3 * WHEN_DAY + HOUR;
	DONE("bio: charged", "check");
	DONE("", "reconcile", "-nP");
	set_settings(SETTINGS RESERVATIONS);
	DONE("bio: is metered by jobs on dev from now on", "check");
	DONE("", "reconcile", "-nP");
	/* One that ends afterwards. */
	fake_add_job("dev", (struct fake_job){
				    .id = 2, .reservation = 9, .start = begin + 3700, .ran = 100});
	clock_now = T0 + 3 * WHEN_DAY + 2 * HOUR;
	GIVES(3, "", "1 row cannot be read and is left out", "check");
	GIVES(3, "",
	      "1 row cannot be read and is left out, and nothing is given back for them: "
	      "ReservationId of job 2 of account bio is \"9\"",
	      "reconcile", "-nP");
	/* Without a factor its price is known. */
	set_settings(SETTINGS);
	DONE("bio: charged 0.02 SU for 1 job on dev\n", "check");
	DONE("", "reconcile", "-nP");
}
END_TEST

START_TEST(jobs_cost_their_rounded_run_time_and_at_least_the_minimum)
{
	char file[96];
	char *before;

	set_settings(SETTINGS PRICES "factors: {qos: {free: 0}}\nfree_states: [NODE_FAIL]\n");
	fake_qos = "normal|||||1.000000\nfree|||||1.000000\n";
	(void)snprintf(fake_account("dev", "lab")->parent, 256, "bio");
	fake_add_job("dev", (struct fake_job){.id = 2, .start = BEGIN + 3700, .ran = 1});
	fake_add_job("dev", (struct fake_job){.id = 3, .start = BEGIN + 3700, .ran = 61});
	fake_add_job("dev", (struct fake_job){.id = 4, .start = BEGIN + 3700, .ran = 90});
	fake_add_job(
		"dev",
		(struct fake_job){.id = 5, .tres = "billing=4", .start = BEGIN + 3700, .ran = 31});
	/* Free. */
	fake_add_job("dev",
		     (struct fake_job){.id = 6, .qos = "free", .start = BEGIN + 3700, .ran = 31});
	fake_add_job(
		"dev",
		(struct fake_job){.id = 7, .state = "NODE_FAIL", .start = BEGIN + 3700, .ran = 31});
	fake_add_job("dev", (struct fake_job){.id = 8, .start = BEGIN + 3700, .ran = 0});
	fake_add_job(
		"dev",
		(struct fake_job){.id = 9, .tres = "billing=0", .start = BEGIN + 3700, .ran = 31});
	/* Each element of an array is a job, and each run of a requeued one. */
	fake_add_job("dev",
		     (struct fake_job){.id = 10, .name = "9_1", .start = BEGIN + 3700, .ran = 1});
	fake_add_job("dev",
		     (struct fake_job){.id = 11, .name = "9_2", .start = BEGIN + 3700, .ran = 1});
	fake_add_job("dev", (struct fake_job){.id = 12,
					      .state = "REQUEUED",
					      .submit = BEGIN + 3690,
					      .start = BEGIN + 3700,
					      .ran = 70});
	fake_add_job("dev",
		     (struct fake_job){
			     .id = 12, .submit = BEGIN + 3770, .start = BEGIN + 3800, .ran = 3});
	/* Of a resized job only the last size is rounded; sacct counts from the first start. */
	fake_add_job("dev", (struct fake_job){.id = 13,
					      .state = "RESIZING",
					      .tres = "billing=2",
					      .start = BEGIN + 3700,
					      .ran = 41});
	fake_add_job("dev",
		     (struct fake_job){
			     .id = 13, .submit = BEGIN + 3741, .start = BEGIN + 3700, .ran = 112});
	/* A job below is charged the same to each account. */
	fake_add_job("dev", (struct fake_job){
				    .id = 14, .account = "lab", .start = BEGIN + 3700, .ran = 100});
	DONE("bio: charged 0.28 SU for 11 jobs on dev\n", "check");
	CHARGED("bio|-60|job dev/2 of ann, "
		"COMPLETED\nbio|-90|job dev/3 of ann, COMPLETED\nbio|-90|job dev/4 of ann, "
		"COMPLETED\nbio|-240|job dev/5 of ann, COMPLETED\nbio|-60|job dev/9_1 of ann, "
		"COMPLETED\nbio|-60|job dev/9_2 of ann, COMPLETED\n"
		"bio|-90|job dev/12 of ann, REQUEUED\nbio|-60|job dev/12 of ann, "
		"COMPLETED\nbio|-82|job dev/13 of ann, RESIZING\nbio|-90|job dev/13 of ann, "
		"COMPLETED\nbio|-120|job dev/14 of ann, COMPLETED\n");
	DONE("\"round_seconds\":30,\"min_charge_seconds\":60", "journal", "--json", "-k", "job",
	     "bio");
	is_reconciled();
	/* Exported and imported entries are the same. */
	before = exported();
	(void)snprintf(file, sizeof(file), "%s/books.yaml", test_folder);
	DONE("", "export", file);
	GIVES(0, "", "will be replaced by 15", "import", "--replace", "-i", file);
	UNCHANGED(before);
	/* Earlier entries stay; the rest of a refund is what was charged. */
	GIVES(0, "", "", "adopt", "-i");
	set_settings(SETTINGS);
	DONE("0.01 SU of 1 job", "refund", "--job", "2", "--note", "x", "-i");
}
END_TEST

/* Its earlier part was charged as RawUsage counted it: together the parts are the price. */
START_TEST(a_job_that_runs_across_a_switch_costs_the_same)
{
	static const struct {
		const char *prices, *used;
		int64_t ran;
	} cases[] = {
		{PRICES, "60\n", 25}, {PRICES, "150\n", 121}, {"min_charge: 60s\n", "61\n", 61}};

	char settings[256];

	set_settings("clusters: [dev]\nthresholds: []\nnotice_days: 0\n");
	fake_account("dev", "chem")->usage = 20;
	DONE("", "open", "chem", "10", "--from-zero");
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .account = "chem",
					      .start = BEGIN + 7200 - 20,
					      .ran = 30,
					      .limit = 600,
					      .runs = true});
	DONE("chem: charged", "check", "chem");
	(void)snprintf(settings, sizeof(settings), "%s%s", SETTINGS, cases[_i].prices);
	set_settings(settings);
	DONE("chem: is metered by jobs", "check", "chem");
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .account = "chem",
					      .start = BEGIN + 7200 - 20,
					      .ran = cases[_i].ran});
	clock_now += HOUR;
	DONE("chem: charged", "check");
	DONE(cases[_i].used, "balance", "chem", "-nP", "--seconds", "-o", "Used");
	is_reconciled();
}
END_TEST

/* What a job has in flight is what it would be charged if it ended now. */
START_TEST(a_balance_does_not_jump_when_a_job_ends)
{
	static const struct {
		int ran, flight, committed;
	} steps[] = {{0, 0, 120}, {1, 60, 120}, {30, 60, 120}, {60, 60, 120}, {61, 90, 120}};
	char flight[64], held[64];

	set_settings(SETTINGS PRICES);
	for (size_t i = 0; i < COUNT(steps); i++) {
		fake_add_job("dev", (struct fake_job){.id = 1,
						      .start = BEGIN + 7200,
						      .ran = steps[i].ran,
						      .limit = 120,
						      .runs = true});
		(void)snprintf(flight, sizeof(flight), "0|%d|%d\n", steps[i].flight,
			       steps[i].committed);
		DONE("", "check");
		DONE(flight, "balance", "bio", "-nP", "--seconds", "-o",
		     "Charged,InFlight,Committed");
		clock_now += HOUR / 60;
	}
	DONE("", "balance", "bio", "-nP", "--seconds", "-o", "Available");
	(void)snprintf(held, sizeof(held), "%.60s", out);
	fake_add_job("dev", (struct fake_job){.id = 1, .start = BEGIN + 7200, .ran = 61});
	DONE("bio: charged", "check");
	DONE(held, "balance", "bio", "-nP", "--seconds", "-o", "Available");
	DONE("90|0|0\n", "balance", "bio", "-nP", "--seconds", "-o", "Charged,InFlight,Committed");
	/* A limit below the minimum. */
	fake_add_job("dev", (struct fake_job){.id = 2,
					      .start = BEGIN + 7400,
					      .ran = 0,
					      .tres = "billing=1",
					      .limit = 60,
					      .runs = true});
	set_settings(SETTINGS "min_charge: 0.1\n");
	DONE("", "check");
	DONE("0|360\n", "balance", "bio", "-nP", "--seconds", "-o", "InFlight,Committed");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs: prices");
	TCase *tcase = tcase_create("prices");

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, jobs_in_a_reservation_have_its_factor);
	tcase_add_test(tcase, reservations_are_asked_for_only_with_a_factor);
	tcase_add_test(tcase, a_purged_reservation_matters_only_to_jobs_that_have_its_price);
	tcase_add_test(tcase, jobs_cost_their_rounded_run_time_and_at_least_the_minimum);
	tcase_add_loop_test(tcase, a_job_that_runs_across_a_switch_costs_the_same, 0, 3);
	tcase_add_test(tcase, a_balance_does_not_jump_when_a_job_ends);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
