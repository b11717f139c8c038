/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Refunds of jobs by id and by state, run in this process. */
#include "tests/drive.h"

#define BEGIN (T0 / WHEN_SECOND)
#define SETTINGS "clusters: [dev, gpu]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"
#define NOTE "--note", "node c12 failed"

static void job(const char *cluster, int id, const char *name, const char *account, int64_t start,
		const char *state)
{
	fake_add_job(cluster, (struct fake_job){.id = id,
						.name = name,
						.account = account,
						.start = BEGIN + start,
						.ran = 100,
						.state = state});
}

/* lab is inside bio. Jobs 1 to 4 and the array 12, of which 3 has the number 21, on dev; a job 1 on
 * gpu; job 2 was requeued when its node failed. */
static void setup(void)
{
	drive_setup();
	set_settings(SETTINGS "meter: jobs\n");
	fake_cluster("gpu");
	for (int i = 0; i < 2; i++) {
		const char *cluster = i ? "gpu" : "dev";

		fake_account(cluster, "bio");
		(void)snprintf(fake_account(cluster, "lab")->parent, 256, "bio");
		fake_account(cluster, "chem");
	}
	DONE("", "open", "bio", "1000s");
	DONE("", "open", "lab", "900s");
	DONE("", "open", "chem", "1000s");
	clock_now = T0 + HOUR;
	DONE("is metered by jobs", "check");
	clock_now = T0 + 3 * HOUR;
	job("dev", 1, NULL, "bio", 3700, "FAILED");
	job("dev", 2, NULL, "lab", 4000, "NODE_FAIL");
	job("dev", 2, NULL, "lab", 4500, "COMPLETED");
	job("dev", 3, NULL, "chem", 5000, "NODE_FAIL");
	job("dev", 22, "12_2", "chem", 5000, "COMPLETED");
	job("dev", 21, "12_3", "chem", 5000, "COMPLETED");
	job("dev", 12, "12_4", "chem", 5000, "COMPLETED");
	job("dev", 120, NULL, "chem", 5000, "COMPLETED");
	job("dev", 31, "30+1", "chem", 6000, "NODE_FAIL");
	job("gpu", 1, NULL, "bio", 3700, "COMPLETED");
	DONE("charged", "check");
}

#define USED(bio, lab, chem)                                                                       \
	do {                                                                                       \
		DONE("bio|" bio "\nchem|" chem "\nlab|" lab "\n", "balance", "-nP", "--seconds",   \
		     "-o", "Account,Used");                                                        \
	} while (0)

/* Check and reconcile find nothing to do after refunds. */
static void is_settled(void)
{
	char *before = exported();

	DONE("", "check");
	ck_assert_str_eq(out, "");
	UNCHANGED(before);
	DONE("", "reconcile", "-nP");
	DONE("", "verify");
}

static const struct {
	const char *text;
	const char *args[8];
} bad[] = {
	{"is not a job: write CLUSTER/ID", {"--job", ""}},
	{"is not a job", {"--job", "dev/"}},
	{"is not a job", {"--job", "dev/x"}},
	{"is not a job", {"--job", "dev/12_"}},
	{"is not a job", {"--job", "dev/12_[3-4]"}},
	{"is not a job", {"--job", "dev/12_3+1"}},
	{"is not a job", {"--job", "dev/12.batch"}},
	{"is not a job", {"--job", "dev/-1"}},
	{"is not a job", {"--job", "dev/9999999999999999999"}},
	{"not allowed", {"--job", "de v/12"}},
	{"empty", {"--job", "/12"}},
	{"no job ends in 'NODEFAIL': did you mean 'NODE_FAIL'?",
	 {"--state", "NODEFAIL", "--since", "2026-11-01"}},
	{"no job ends in 'RUNNING'", {"--state", "RUNNING", "--since", "2026-11-01"}},
	{"--state needs --since", {"--state", "NODE_FAIL"}},
	{"exclude each other", {"--state", "NODE_FAIL", "--job", "1"}},
	{"--run and --all-runs go with --job",
	 {"--state", "NODE_FAIL", "--since", "2026-11-01", "--all-runs"}},
	{"ends before it begins", {"--job", "1", "--since", "now", "--until", "now-1hour"}},
	{"--ref is for one entry", {"--job", "dev/1", "--ref", "x"}},
	{"name no entry", {"--job", "dev/1", "4711", "all"}},
	{"name no entry", {"--job", "dev/1", "4711"}},
	{"name no entry", {"--job", "dev/1", "0%"}},
	{"--all-runs goes with --job", {"4711", "--all-runs"}},
	{"--since goes with --job", {"4711", "--since", "2026-11-01"}},
	{"--dry-run goes with --job", {"4711", "--dry-run"}},
	{"needs ENTRY, --job or --state", {NULL}},
};

START_TEST(what_makes_no_sense_is_refused)
{
	const char *args[12] = {"refund", "--note", "x"};

	for (size_t i = 0; i < 8; i++)
		args[3 + i] = bad[_i].args[i];
	char *before = exported();

	drive(args);
	ck_assert_msg(status == 2, "%d: %s%s", status, out, err);
	check_has(__FILE__, __LINE__, "the messages", err, bad[_i].text);
	UNCHANGED(before);
}
END_TEST

START_TEST(it_needs_a_reason)
{
	REFUSED(2, "refund needs --note", "refund", "--job", "dev/1", "-i");
}
END_TEST

START_TEST(a_job_is_refunded_to_all_budgets_it_fell_into)
{
	USED("400", "200", "600");
	GIVES(0, "|bio|dev/2|ann|COMPLETED|", "refunded 0.02 SU of 1 job (2 charges); head ",
	      "refund", "--job", "dev/2", NOTE, "-inP", "--run", "2026-11-22T18:14:55Z");
	USED("300", "100", "600");
	DONE("refund|lab|100|node c12 failed\nrefund|bio|100|node c12 failed\n", "journal", "-nP",
	     "--seconds", "-k", "refund", "-o", "Kind,Account,Amount,Note");
	is_settled();
}
END_TEST

START_TEST(of_several_runs_one_is_chosen)
{
	GIVES(1, "", "job 2 ran more than once: choose by --run TIME", "refund", "--job", "dev/2",
	      NOTE, "-iQ");
	USED("400", "200", "600");
	GIVES(0, "", "refunded 0.05 SU of 2 jobs (4 charges)", "refund", "--job", "dev/2", NOTE,
	      "-inP", "--all-runs");
	USED("200", "0", "600");
	/* Once. */
	char *before = exported();

	GIVES(0, "", "nothing is left to refund: 4 charges were given back before", "refund",
	      "--job", "dev/2", NOTE, "-inP", "--all-runs");
	UNCHANGED(before);
	is_settled();
}
END_TEST

START_TEST(of_several_clusters_one_is_named)
{
	GIVES(1, "gpu/1|", "several clusters have a job 1: name one, as in --job dev/1", "refund",
	      "--job", "1", NOTE, "-inP");
	GIVES(0, "bio|gpu/1|", "refunded 0.02 SU of 1 job (1 charge);", "refund", "--job", "GPU/1",
	      NOTE, "-inP", "-o", "Account,Job,State");
	USED("300", "200", "600");
}
END_TEST

START_TEST(an_id_is_what_people_write)
{
	GIVES(0, "chem|dev/12_3|100\n", "", "refund", "--job", "dev/12_3", NOTE, "-inP",
	      "--seconds", "-o", "Account,Job,Refund");
	USED("400", "200", "500");
	/* Its number in Slurm. */
	GIVES(0, "", "given back before", "refund", "--job", "dev/21", NOTE, "-inP");
	/* The rest of the array, also the one that has its number; not job 120. */
	GIVES(0, "dev/12_2\ndev/12_4\n", "", "refund", "--job", "12", NOTE, "-inP", "-o", "Job");
	USED("400", "200", "300");
	GIVES(0, "dev/30+1\n", "", "refund", "--job", "dev/30", NOTE, "-inP", "-o", "Job");
	GIVES(1, "", "nothing was charged for job dev/13", "refund", "--job", "dev/13", NOTE,
	      "-inP");
	ck_assert_ptr_null(strstr(err, "rawusage"));
	is_settled();
}
END_TEST

START_TEST(all_that_ended_so_are_refunded_once)
{
	char *before = exported();

	GIVES(0, "", "dry run: 0.08 SU of 3 jobs (4 charges) would be refunded", "refund",
	      "--state", "node_Fail", "--since", "2026-11-22", NOTE, "--dry-run", "-nP", "-o",
	      "Job");
	ck_assert_str_eq(out, "dev/2\ndev/2\ndev/3\ndev/30+1\n");
	/* No terminal; and the answer no. */
	GIVES(1, "", "add --immediate", "refund", "--state", "NODE_FAIL", "--since", "2026-11-22",
	      NOTE, "-nP");
	at_terminal = true;
	answers = "n\n";
	GIVES(1, "Refund 0.08 SU of 3 jobs (4 charges)? [y/N]", "nothing was changed", "refund",
	      "--state", "NODE_FAIL", "--since", "2026-11-22", NOTE);
	UNCHANGED(before);
	out_full = true;
	before = exported();
	GIVES(1, "", "cannot write the output", "refund", "--state", "NODE_FAIL", "--since",
	      "2026-11-22", NOTE, "--dry-run");
	UNCHANGED(before);
	out_full = false;
	answers = "y\n";
	GIVES(0, "refunded 0.08 SU of 3 jobs (4 charges); head ", "", "refund", "--state",
	      "NODE_FAIL", "--since", "2026-11-22", NOTE);
	at_terminal = false;
	USED("300", "100", "400");
	before = exported();
	GIVES(0, "", "nothing is left to refund: 4 charges", "refund", "--state", "NODE_FAIL",
	      "--since", "2026-11-22", NOTE, "-inP");
	GIVES(0, "", "nothing was charged for jobs that ended in TIMEOUT then", "refund", "--state",
	      "TIMEOUT", "--since", "2026-11-22", NOTE, "-inP");
	UNCHANGED(before);
	is_settled();
}
END_TEST

START_TEST(the_period_is_that_of_the_ends)
{
	/* Job 3 ends at 5100. */
	GIVES(0, "", "", "refund", "--state", "NODE_FAIL", "--since", "2026-11-22T18:25:01Z",
	      "--until", "2026-11-22T18:41:40Z", NOTE, "-inP", "-o", "Job");
	ck_assert_str_eq(out, "");
	GIVES(0, "", "", "refund", "--state", "NODE_FAIL", "--since", "2026-11-22T18:25:00Z",
	      "--until", "2026-11-22T18:41:40Z", NOTE, "-inP", "-o", "Job");
	ck_assert_str_eq(out, "dev/3\n");
	GIVES(0, "", "", "refund", "--state", "NODE_FAIL", "--since", "2026-11-22", "-A", "lab",
	      NOTE, "-inP", "-o", "Account,Job");
	ck_assert_str_eq(out, "lab|dev/2\n");
	REFUSED(1, "account 'lap' is not in the bank", "refund", "--state", "NODE_FAIL", "--since",
		"2026-11-22", "-A", "lap", NOTE, "-inP");
}
END_TEST

START_TEST(a_part_of_each_is_refunded_once)
{
	DONE("", "journal", "chem", "-nPo", "Entry", "-k", "job");
	out[strcspn(out, "\n")] = '\0';
	char *entry = strdup(out);

	ck_assert_ptr_nonnull(entry);
	DONE("", "refund", entry, "30s", NOTE);
	/* The first one was refunded in part. */
	GIVES(0, "", "refunded 0.02 SU of 2 jobs (3 charges)", "refund", "50%", "--state",
	      "NODE_FAIL", "--since", "2026-11-22", NOTE, "-inP");
	USED("350", "150", "520");
	GIVES(0, "", "nothing is left to refund", "refund", "50%", "--state", "NODE_FAIL",
	      "--since", "2026-11-22", NOTE, "-inP");
	/* The rest of each. */
	GIVES(0, "", "refunded 0.04 SU of 3 jobs (4 charges)", "refund", "--state", "NODE_FAIL",
	      "--since", "2026-11-22", NOTE, "-inP");
	USED("300", "100", "400");
	is_settled();
	free(entry);
}
END_TEST

START_TEST(all_or_none_are_entered)
{
	char *before;

	DONE("", "deposit", "chem", "200s", "--end", "now+2hours");
	clock_now = T0 + 4 * HOUR;
	job("dev", 40, NULL, "chem", 4 * 3600 - 200, "NODE_FAIL");
	DONE("chem: charged", "check");
	clock_now = T0 + 6 * HOUR;
	DONE("expired", "check");
	before = exported();
	GIVES(1, "", "came from a window that has ended", "refund", "--state", "NODE_FAIL",
	      "--since", "2026-11-22", NOTE, "-iQ");
	UNCHANGED(before);
	GIVES(0, "", "refunded 0.11 SU of 4 jobs (5 charges)", "refund", "--state", "NODE_FAIL",
	      "--since", "2026-11-22", NOTE, "-inP", "--end", "now+1day");
	DONE("", "verify");
}
END_TEST

START_TEST(a_refund_releases)
{
	DONE("", "withdraw", "chem", "400s", "--no-apply");
	DONE("chem: held", "check");
	ck_assert_str_eq(fake_account("dev", "chem")->limits, "cpu=0");
	/* Also when the output is lost. */
	out_full = true;
	GIVES(5, "", "entries from 37 on were recorded; only the output could not be written",
	      "refund", "--job", "dev/3", NOTE, "-i");
	out_full = false;
	DONE("100\n", "journal", "chem", "-nPo", "Amount", "--kind", "refund", "--seconds");
	ck_assert_str_eq(fake_account("dev", "chem")->limits, "");
}
END_TEST

START_TEST(under_rawusage_it_says_what_to_do)
{
	DONE("meter rawusage", "terms", "chem", "--meter", "rawusage");
	DONE("chem: is metered by rawusage", "check");
	GIVES(1, NULL, "charged by reading, not by job: `subank journal --kind charge`", "refund",
	      "--job", "dev/99", NOTE, "-i");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs_refund");
	TCase *tcase = tcase_create("jobs");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, what_makes_no_sense_is_refused, 0,
			    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tcase, it_needs_a_reason);
	tcase_add_test(tcase, a_job_is_refunded_to_all_budgets_it_fell_into);
	tcase_add_test(tcase, of_several_runs_one_is_chosen);
	tcase_add_test(tcase, of_several_clusters_one_is_named);
	tcase_add_test(tcase, an_id_is_what_people_write);
	tcase_add_test(tcase, all_that_ended_so_are_refunded_once);
	tcase_add_test(tcase, the_period_is_that_of_the_ends);
	tcase_add_test(tcase, a_part_of_each_is_refunded_once);
	tcase_add_test(tcase, all_or_none_are_entered);
	tcase_add_test(tcase, a_refund_releases);
	tcase_add_test(tcase, under_rawusage_it_says_what_to_do);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
