/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests rows that Slurm hides from the bank's owner (PrivateData), and the owner's AdminLevel. */
#include "slurm/rights.h"
#include "tests/drive.h"

#define BEGIN (T0 / WHEN_SECOND)
#define SETTINGS "clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"
#define BY_JOBS SETTINGS "meter: jobs\n"

/* Makes the owner, "slurm", an ordinary user of that AdminLevel. */
static void become(const char *level)
{
	fake_dbd_user = fake_cluster("dev")->slurm_user = 1;
	fake_level = level;
}

/* Sets whether slurmdbd hides other users' jobs. */
static void hide_jobs(bool hide)
{
	fake_private = hide ? "jobs,usage" : "none";
	fake_mode[FAKE_SACCT] = hide ? FAKE_NO_ROWS : FAKE_OK;
}

static void setup(void)
{
	drive_setup();
	set_settings(SETTINGS);
	fake_account("dev", "bio");
	DONE("", "open", "bio", "10");
	clock_now = T0 + HOUR;
	DONE("", "check");
	clock_now = T0 + 2 * HOUR;
	become("None");
}

#define USED(used)                                                                                 \
	do {                                                                                       \
		DONE("", "balance", "bio", "-nPo", "Used", "--seconds");                           \
		ck_assert_str_eq(out, used "\n");                                                  \
	} while (0)

static const char hidden_jobs[] =
	"PrivateData=jobs,usage on slurmdbd hides jobs of others from user slurm, whose AdminLevel "
	"is None: sacctmgr modify user slurm set AdminLevel=Operator";

static bool said(const char *text)
{
	char flat[8192];
	size_t len = 0;

	/* A message may have several lines. */
	for (const char *at = err; *at && len + 1 < sizeof(flat); at++) {
		if (*at == '\n' || (*at == ' ' && len > 0 && flat[len - 1] == ' '))
			flat[len++] = ' ';
		else
			flat[len++] = *at;
	}
	flat[len] = '\0';
	return strstr(flat, text);
}

START_TEST(a_meter_does_not_go_over_to_jobs_that_are_hidden)
{
	set_settings(BY_JOBS);
	hide_jobs(true);
	fake_account("dev", "bio")->usage = 100;
	fake_add_job("dev", (struct fake_job){.id = 1, .start = BEGIN + 3700, .ran = 100});
	GIVES(3, "", "meters on cluster 'dev' are switched later: ", "check");
	ck_assert_msg(said(hidden_jobs), "%s", err);
	/* RawUsage stays in use. */
	USED("100");
	fake_account("dev", "bio")->usage = 130;
	GIVES(3, "", "switched later", "check");
	USED("130");
	/* The owner has the level now. */
	hide_jobs(true);
	fake_mode[FAKE_SACCT] = FAKE_OK;
	become("Operator");
	DONE("bio: is metered by jobs on dev", "check");
	DONE("", "verify");
}
END_TEST

/* 26.05 shows the PrivateData of slurm.conf as slurmdbd's. */
START_TEST(jobs_may_be_hidden_on_a_newer_slurm)
{
	set_settings(BY_JOBS);
	fake_dbd_version = "26.05.5";
	GIVES(3, "", "meters on cluster 'dev' are switched later: ", "check");
	ck_assert_msg(said("this Slurm does not show the PrivateData of slurmdbd, which may hide "
			   "jobs of others from user slurm, whose AdminLevel is None: sacctmgr "
			   "modify user slurm set AdminLevel=Operator"),
		      "%s", err);
	GIVES(3, "PrivateData|slurmdbd|bad|not shown: may hide jobs|", NULL, "doctor", "-nP");
	become("Operator");
	DONE("bio: is metered by jobs on dev", "check");
	GIVES(0, "PrivateData|slurmdbd|ok|not shown by this Slurm|", NULL, "doctor", "-nP");
	become("None");
	fake_dbd_version = "24.11.5";
	DONE("", "check");
}
END_TEST

static void by_jobs_from_now_on(void)
{
	become("Administrator");
	set_settings(BY_JOBS);
	DONE("bio: is metered by jobs on dev", "check");
	become("None");
}

START_TEST(hidden_jobs_are_charged_once_when_they_are_shown)
{
	by_jobs_from_now_on();
	fake_add_job("dev", (struct fake_job){.id = 1, .start = BEGIN + 7300, .ran = 60});
	hide_jobs(true);
	/* Long before what a check reads again. */
	for (int day = 1; day <= 6; day++) {
		clock_now = T0 + day * WHEN_DAY;
		GIVES(3, NULL, "the jobs on cluster 'dev' are charged later: ", "check");
		ck_assert_msg(said(hidden_jobs), "%s", err);
		USED("0");
	}
	GIVES(3, "", "charged later", "check", "--dry-run");
	hide_jobs(false);
	DONE("bio: charged 0.01 SU for 1 job on dev\n", "check");
	USED("60");
	DONE("", "check");
	ck_assert_str_eq(out, "");
	DONE("", "verify");
}
END_TEST

/* Nothing is hidden from an operator, SlurmUser or root. */
START_TEST(a_caller_who_sees_all_charges_all)
{
	static const struct {
		int slurm_user;
		const char *level;
		bool all;
	} cases[] = {
		{1, "Operator", true}, {1, "Administrator", true},
		{1, "operator", true}, {1, "None", false},
		{1, "", false},	       {1, "Not Set", false},
		{64030, "None", true}, {64030, "", true},
	};
	struct caller root = {.uid = 0, .name = "root"};
	struct slurm slurm = {.sacctmgr = "sacctmgr", .deadline_ms = 1, .run = fake_run};
	struct rights rights;

	by_jobs_from_now_on();
	fake_private = "accounts,jobs";
	for (size_t i = 0; i < COUNT(cases); i++) {
		become(cases[i].level);
		fake_dbd_user = cases[i].slurm_user;
		RUN("check", "--dry-run");
		ck_assert_msg(status == (cases[i].all ? 0 : 3), "case %zu: %d %s", i, status, err);
	}
	/* A user that slurmdbd does not have is added. */
	become("");
	GIVES(3, "", "", "check", "--dry-run");
	ck_assert_msg(said("whose AdminLevel is None: sacctmgr add user slurm account=root "
			   "AdminLevel=Operator"),
		      "%s", err);
	fake_calls[FAKE_SACCTMGR] = 0;
	ck_assert_int_eq(rights_of_slurmdbd(&slurm, &root, &rights, NULL), 0);
	ck_assert(!rights.jobs && !rights.usage && !rights.accounts && rights.above);
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 0);
	/* Without an answer nothing is known. */
	fake_show_mode = FAKE_MALFORMED;
	GIVES(3, "", "charged later: sacctmgr: PrivateData of slurmdbd is missing", "check");
	fake_show_mode = FAKE_FAILS;
	GIVES(3, "", "charged later: ", "check");
}
END_TEST

/* The default meter needs no call about rights. */
START_TEST(rawusage_costs_no_call)
{
	hide_jobs(true);
	fake_account("dev", "bio")->usage = 50;
	fake_calls[FAKE_SACCTMGR] = 0;
	DONE("", "check");
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 0);
	USED("50");
}
END_TEST

START_TEST(a_cluster_that_hides_use_is_left_alone)
{
	fake_cluster("dev")->private_data = "accounts,usage";
	fake_account("dev", "bio")->usage = 50;
	GIVES(1, NULL, "cluster 'dev' is left alone: PrivateData=accounts,usage on dev hides use ",
	      "check");
	USED("0");
	become("Operator");
	DONE("", "check");
	USED("50");
	fake_account("dev", "bio")->usage = 80;
	become("None");
	fake_cluster("dev")->slurm_user = 64030;
	fake_calls[FAKE_SACCTMGR] = 0;
	DONE("", "check");
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 0);
	USED("80");
}
END_TEST

/* squeue does not show all jobs that slurmctld has. */
START_TEST(a_job_that_squeue_hides_has_not_run_away)
{
	by_jobs_from_now_on();
	fake_add_job(
		"dev",
		(struct fake_job){
			.id = 8, .start = BEGIN + 7300, .ran = 3500, .runs = true, .limit = 60});
	fake_cluster("dev")->runaway = "8";
	fake_cluster("dev")->private_data = "jobs";
	clock_now = T0 + 3 * HOUR;
	GIVES(0, "",
	      "jobs on cluster 'dev' that may have ended count as running: PrivateData=jobs on "
	      "dev ",
	      "check");
	ck_assert_ptr_null(strstr(out, "without an end"));
	DONE("", "balance", "bio", "-nPo", "InFlight", "--seconds");
	ck_assert_str_ne(out, "0\n");
	GIVES(3, "", "cluster 'dev' is left out: PrivateData=jobs on dev hides jobs", "reconcile",
	      "bio", "--apply", "--note", "x");
	DONE("", "journal", "-nPo", "Kind", "-k", "reconcile");
	ck_assert_str_eq(out, "");
	/* If squeue shows all jobs, it has. */
	become("Operator");
	DONE("1 job without an end on dev", "check");
	/* The same for sacct's rows in reconcile. */
	become("None");
	fake_cluster("dev")->private_data = "none";
	hide_jobs(true);
	GIVES(3, "", "cluster 'dev' is left out: PrivateData=jobs,usage on slurmdbd", "reconcile",
	      "bio", "--apply", "--note", "x");
}
END_TEST

#define ROW(text)                                                                                  \
	do {                                                                                       \
		RUN("doctor", "-P");                                                               \
		ck_assert_msg(strstr(out, "\n" text) != NULL, "no row '%s' in %s", text, out);     \
	} while (0)

START_TEST(doctor_reports_what_is_hidden)
{
	ROW("AdminLevel|slurmdbd|warn|slurm: None|sacctmgr lets it set limits only in accounts "
	    "that "
	    "it coordinates, so other accounts are not held: sacctmgr modify user slurm set "
	    "AdminLevel=Operator\n");
	ROW("PrivateData|slurmdbd|ok|none|");
	ROW("PrivateData|dev|ok|none|");
	fake_private = "accounts,jobs";
	ROW("PrivateData|slurmdbd|warn|accounts,jobs: hides jobs|PrivateData=accounts,jobs on "
	    "slurmdbd hides jobs of others from user slurm, whose AdminLevel is None: sacctmgr "
	    "modify user slurm set AdminLevel=Operator (no job is charged under `meter: jobs`");
	ROW("PrivateData|slurmdbd|warn|accounts,jobs: hides accounts|");
	ck_assert_ptr_null(strstr(out, "\nrunaway jobs|"));
	set_settings(BY_JOBS);
	ROW("PrivateData|slurmdbd|bad|accounts,jobs: hides jobs|");
	fake_private = "none";
	fake_cluster("dev")->private_data = "jobs";
	ROW("PrivateData|dev|warn|jobs: hides jobs|");
	ck_assert_ptr_null(strstr(out, "\nrunaway jobs|"));
	ROW("usage|dev|ok|");
	fake_cluster("dev")->private_data = "jobs,usage";
	ROW("PrivateData|dev|bad|jobs,usage: hides use|");
	ck_assert_ptr_null(strstr(out, "\nusage|dev|"));
	become("Operator");
	ROW("AdminLevel|slurmdbd|ok|slurm: Operator|");
	ROW("PrivateData|dev|ok|jobs,usage|");
	ROW("runaway jobs|dev|ok|");
	become("None");
	fake_dbd_user = 64030;
	ROW("AdminLevel|slurmdbd|ok|slurm needs none|");
	fake_dbd_user = 1;
	fake_cluster("dev")->private_data = "none";
	set_settings(SETTINGS "enforcement: warn\n");
	ROW("AdminLevel|slurmdbd|info|slurm: None|");
}
END_TEST

START_TEST(init_reports_what_is_hidden)
{
	char folder[128];

	(void)snprintf(folder, sizeof(folder), "%s/new", test_folder);
	fake_private = "jobs";
	fake_cluster("dev")->private_data = "usage";
	GIVES(0, "made an empty bank", "", "init", "-b", folder);
	ck_assert_msg(said("PrivateData=jobs on slurmdbd hides jobs of others from user slurm"),
		      "%s", err);
	ck_assert_msg(said("PrivateData=usage on dev hides use of others from user slurm"), "%s",
		      err);
}
END_TEST

/* The limits of a hidden account are unknown, not none. */
START_TEST(hidden_limits_are_not_none)
{
	set_settings(SETTINGS "lever: GrpJobs\n");
	fake_account("dev", "bio")->grp_jobs = 9;
	fake_show_mode = FAKE_NO_ROWS;
	GIVES(3, "", "sshare shows account 'bio' there, slurmdbd does not", "hold", "bio");
	ck_assert_int_eq(fake_account("dev", "bio")->grp_jobs, 9);
	fake_show_mode = FAKE_OK;
	DONE("", "check");
	ck_assert_int_eq(fake_account("dev", "bio")->grp_jobs, 0);
	DONE("", "release", "bio");
	ck_assert_int_eq(fake_account("dev", "bio")->grp_jobs, 9);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rights");
	TCase *tcase = tcase_create("rights");

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_test(tcase, a_meter_does_not_go_over_to_jobs_that_are_hidden);
	tcase_add_test(tcase, jobs_may_be_hidden_on_a_newer_slurm);
	tcase_add_test(tcase, hidden_jobs_are_charged_once_when_they_are_shown);
	tcase_add_test(tcase, a_caller_who_sees_all_charges_all);
	tcase_add_test(tcase, rawusage_costs_no_call);
	tcase_add_test(tcase, a_cluster_that_hides_use_is_left_alone);
	tcase_add_test(tcase, a_job_that_squeue_hides_has_not_run_away);
	tcase_add_test(tcase, doctor_reports_what_is_hidden);
	tcase_add_test(tcase, init_reports_what_is_hidden);
	tcase_add_test(tcase, hidden_limits_are_not_none);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
