/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file for the check at submission. tests/job_submit reads such files in Lua, and
 * tests/slurm/submit.test.bash in slurmctld. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/drive.h"

static char folder[128], file[160];

static void set_submission(const char *mode, const char *more)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		       "clusters: [dev]\nlock_seconds: 1\nthresholds: [60, 90]\nnotice_days: 0\n"
		       "submission: %s\nsubmit_file: %s\n%s",
		       mode, file, more);
	set_settings(text);
}

/* Returns the contents, which are in the file twice. The caller frees them. */
static char *published(void)
{
	size_t len;
	char *text = util_read_file(file, &len);

	ck_assert_uint_eq(len % 2, 0);
	ck_assert_int_eq(memcmp(text, text + len / 2, len / 2), 0);
	text[len / 2] = '\0';
	return text;
}

/* Expects the lines behind the first one. */
static void expect_lines(const char *expected)
{
	char *text = published(), *body = strchr(text, '\n');

	ck_assert_ptr_nonnull(body);
	ck_assert_str_eq(body + 1, expected);
	free(text);
}

/* Returns the first line, which the caller frees. */
static char *first_line(void)
{
	char *text = published();

	text[strcspn(text, "\n")] = '\0';
	return text;
}

static void setup(void)
{
	drive_setup();
	(void)snprintf(folder, sizeof(folder), "%s/pub", test_folder);
	(void)snprintf(file, sizeof(file), "%s/submit", folder);
	ck_assert_int_eq(mkdir(folder, 0755), 0);
	set_submission("refuse", "");
	fake_cluster("dev")->slurm_user = (int)geteuid();
	fake_qos = "normal|||||1.000000\nlow|||||0.250000\nodd name|||||0.000000\n";
	fake_account("dev", "faculty")->usage = 3600;
	(void)snprintf(fake_account("dev", "bio")->parent, 16, "faculty");
	(void)snprintf(fake_account("dev", "cells")->parent, 16, "bio");
	(void)snprintf(fake_account("dev", "new\nline")->parent, 16, "bio");
	(void)snprintf(fake_account("dev", "odd name")->parent, 16, "bio");
	DONE("", "open", "faculty", "100");
	DONE("", "open", "bio", "10");
	RUN("check", "--quiet");
}

START_TEST(it_says_what_is_left_and_what_jobs_cost)
{
	struct stat st;

	expect_lines("mode refuse\nrule sum\nqos normal 1000000 1000000\nqos low 250000 250000\n"
		     "account bio 36000 open refuse limited rawusage faculty\nusers bio\n"
		     "account faculty 360000 open refuse limited rawusage\nusers faculty\n"
		     "inside cells bio\nend\n");
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(the_first_line_changes_with_everything)
{
	char *before = first_line(), *after, expected[64];
	const int64_t checked = clock_now / 1000000;

	/* The time is that of the check, the number that of the newest entry. */
	(void)snprintf(expected, sizeof(expected), "subank 2 %" PRId64 " %" PRIu64 " ", checked,
		       entries());
	ck_assert_msg(strncmp(before, expected, strlen(expected)) == 0, "%s, not %s", before,
		      expected);
	clock_now += 60 * INT64_C(1000000);
	DONE("", "deposit", "bio", "1");
	after = first_line();
	(void)snprintf(expected, sizeof(expected), "subank 2 %" PRId64 " %" PRIu64 " ", checked,
		       entries());
	ck_assert_msg(strncmp(after, expected, strlen(expected)) == 0, "%s, not %s", after,
		      expected);
	free(before);
	before = after;
	/* No entry, but other contents. */
	set_submission("warn", "");
	DONE("", "terms", "bio", "--thresholds", "95");
	after = first_line();
	ck_assert_str_ne(before, after);
	free(before);
	free(after);
	RUN("check", "--quiet");
	after = first_line();
	(void)snprintf(expected, sizeof(expected), "subank 2 %" PRId64 " ", checked);
	ck_assert_msg(strncmp(after, expected, strlen(expected)) != 0, "%s", after);
	free(after);
}
END_TEST

/* Expects the rest of the line that begins with this. */
static void expect_line(const char *kind, const char *name, const char *expected)
{
	char *text = published(), start[64], *at;

	(void)snprintf(start, sizeof(start), "\n%s %s", kind, name);
	at = strstr(text, start);
	ck_assert_msg(at, "no line of %s in %s", name, text);
	at[1 + strcspn(at + 1, "\n")] = '\0';
	ck_assert_str_eq(at + strlen(start), expected);
	free(text);
}

static void expect_account(const char *name, const char *expected)
{
	char rest[160];

	(void)snprintf(rest, sizeof(rest), " %s", expected);
	expect_line("account", name, rest);
}

static void expect_users(const char *account, const char *expected)
{
	expect_line("users", account, expected);
}

START_TEST(only_accounts_that_can_be_held_are_refused)
{
	DONE("", "terms", "bio", "--enforce", "warn");
	expect_account("bio", "36000 open warn limited rawusage faculty");
	DONE("", "terms", "bio", "--enforce", "off");
	expect_account("bio", "36000 open off limited rawusage faculty");
	DONE("", "terms", "bio", "--enforce", "limit", "--unlimited");
	expect_account("bio", "36000 open refuse unlimited rawusage faculty");
	DONE("", "terms", "bio", "--enforce", "hold", "--limited");
	fake_account("dev", "bio")->usage += 32400;
	RUN("check", "--quiet");
	expect_account("bio", "3600 low refuse limited rawusage faculty");
	DONE("", "hold", "bio");
	expect_account("bio", "3600 held refuse limited rawusage faculty");
	DONE("", "release", "bio");
	DONE("", "hold", "faculty");
	expect_account("bio", "3600 blocked refuse limited rawusage faculty");
	DONE("", "release", "faculty");
	fake_account("dev", "bio")->usage += 7200;
	RUN("check", "--quiet");
	expect_account("bio", "-3600 held refuse limited rawusage faculty");
	GIVES(0, "", "", "release", "bio", "--until", "2099-01-01");
	expect_account("bio", "-3600 grace warn limited rawusage faculty");
	DONE("", "close", "bio");
	expect_account("bio", "-3600 closed refuse limited rawusage faculty");
	/* A site that only warns refuses nobody. */
	set_submission("warn", "");
	DONE("", "hold", "faculty");
	expect_account("faculty", "360000 held warn limited rawusage");
}
END_TEST

START_TEST(a_spent_account_may_have_a_scavenger_qos)
{
	set_submission("refuse", "enforcement: scavenge\nscavenger_qos: low\n");
	fake_account("dev", "bio")->usage += 36000;
	RUN("check", "--quiet");
	expect_lines("mode refuse\nrule sum\nscavenger low\nqos normal 1000000 1000000\n"
		     "qos low 250000 250000\n"
		     "account bio 0 scavenge refuse limited rawusage faculty\nusers bio\n"
		     "account faculty 360000 open refuse limited rawusage\nusers faculty\n"
		     "inside cells bio\nend\n");
	DONE("", "hold", "bio");
	expect_account("bio", "0 held refuse limited rawusage faculty");
}
END_TEST

START_TEST(an_account_without_money_is_refused_unless_it_may_run)
{
	(void)fake_account("dev", "poor");
	DONE("", "open", "poor");
	expect_account("poor", "0 open refuse limited rawusage");
	set_submission("refuse", "without_money: warn\n");
	DONE("", "terms", "bio", "--thresholds", "95");
	expect_account("poor", "0 open warn limited rawusage");
}
END_TEST

START_TEST(the_tariff_of_a_site_is_in_it)
{
	set_submission("refuse", "meter: jobs\nmin_charge: 0.1\nround_seconds: 60\n"
				 "factors: {qos: {low: 0.5, high: 3}, partition: {gpu: 1.5}, "
				 "reservation: {course: 0}}\n");
	fake_cluster("dev")->flags = "MAX_TRES_GRES";
	RUN("check", "--quiet");
	expect_lines("mode refuse\nrule max_gres\nqos normal 1000000 1000000\n"
		     "qos low 250000 125000\nqos high 1000000 3000000\npartition gpu 1500000\n"
		     "reservation course 0\nround 60\nmin 360\n"
		     "account bio 36000 open refuse limited jobs faculty\nusers bio\n"
		     "account faculty 360000 open refuse limited jobs\nusers faculty\n"
		     "inside cells bio\nend\n");
}
END_TEST

/* A job of an hour and two billing units has run for 1000 seconds. */
START_TEST(what_running_jobs_may_use_is_not_free)
{
	set_submission("refuse", "meter: jobs\n");
	RUN("check", "--quiet");
	clock_now += 3600 * INT64_C(1000000);
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .runs = true,
					      .start = clock_now / 1000000 - 1000,
					      .ran = 1000,
					      .limit = 3600,
					      .tres = "billing=2"});
	RUN("check", "--quiet");
	GIVES(0, "34000|2000|7200\n", "", "balance", "bio", "-nP", "--seconds", "-o",
	      "Available,InFlight,Committed");
	expect_account("bio", "28800 open refuse limited jobs faculty");
	set_submission("refuse", "meter: jobs\nhold_on: committed\n");
	RUN("check", "--quiet");
	GIVES(0, "28800\n", "", "balance", "bio", "-nP", "--seconds", "-o", "Available");
	expect_account("bio", "28800 open refuse limited jobs faculty");
}
END_TEST

START_TEST(budgets_and_shares_are_in_it)
{
	(void)snprintf(fake_account("dev", "bio")->tres_raw, 256, "cpu=0,gres/gpu=0");
	(void)snprintf(fake_account("dev", "faculty")->tres_raw, 256, "cpu=60,gres/gpu=0");
	DONE("", "open", "bio", "5", "--resource", "gres/gpu");
	GIVES(0, "", "", "share", "bio", "alice", "2", "--later");
	expect_lines("mode refuse\nrule sum\nqos normal 1000000 1000000\nqos low 250000 250000\n"
		     "account bio 36000 open refuse limited rawusage faculty\nusers bio\n"
		     "share bio 1001 billing 7200 open refuse limited rawusage 3600 SU\n"
		     "budget bio gres/gpu 18000 open refuse limited rawusage 3600 GPU-hours\n"
		     "account faculty 360000 open refuse limited rawusage\nusers faculty\n"
		     "inside cells bio\nend\n");
}
END_TEST

static void users(const char *account, const char *names)
{
	(void)snprintf(fake_account("dev", account)->users, 256, "%s", names);
}

/* Somebody else would learn by a job how much there is. */
START_TEST(the_users_of_each_account_are_in_it)
{
	/* The bank does not have cells, for which bio pays; nobody here is carl. */
	users("faculty", "bob");
	users("bio", "carl,carol");
	users("cells", "alice,carol");
	RUN("check", "--quiet");
	expect_users("bio", "");
	clock_now += 3600 * INT64_C(1000000);
	RUN("check", "--quiet");
	expect_users("bio", " 1001 1003");
	expect_users("faculty", " 1002");
	/* Another account pays now. */
	DONE("", "open", "cells", "5");
	expect_users("cells", " 1001 1003");
	expect_users("bio", " 1003");
	/* Users of before stay while slurmdbd is silent. */
	users("bio", "bob");
	clock_now += 3600 * INT64_C(1000000);
	fake_show_mode = FAKE_FAILS;
	GIVES(3, "", "the check at submission keeps the users of accounts that it has: ", "check");
	fake_show_mode = FAKE_OK;
	expect_users("bio", " 1003");
	RUN("check", "--quiet");
	expect_users("bio", " 1002");
}
END_TEST

START_TEST(one_answer_is_enough)
{
	char more[256];

	(void)snprintf(more, sizeof(more), "publish: own\npublish_file: %s/balances.json\n",
		       folder);
	set_submission("refuse", more);
	users("bio", "alice");
	/* That of the other one is an hour younger. */
	RUN("check", "--quiet");
	expect_users("bio", " 1001");
}
END_TEST

START_TEST(it_is_switched_off_where_it_was_on)
{
	set_submission("off", "");
	DONE("", "deposit", "bio", "1");
	expect_lines("mode off\nend\n");
	ck_assert_int_eq(unlink(file), 0);
	DONE("", "deposit", "bio", "1");
	ck_assert_int_ne(access(file, F_OK), 0);
}
END_TEST

START_TEST(another_bank_leaves_it_alone)
{
	char elsewhere[160], *before = published(), *after;

	(void)snprintf(elsewhere, sizeof(elsewhere), "%s/second", test_folder);
	ck_assert_int_eq(setenv("SUBANK_BANK", elsewhere, 1), 0);
	set_submission("off", "");
	RUN("init", "--quiet");
	DONE("", "open", "bio", "1");
	after = published();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

START_TEST(a_cluster_that_is_silent_does_not_make_it_younger)
{
	char *before = first_line(), *after;

	clock_now += 60 * INT64_C(1000000);
	fake_cluster("dev")->silent = true;
	RUN("check", "--quiet");
	after = first_line();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

START_TEST(without_slurmdbd_the_factors_stay)
{
	fake_show_mode = FAKE_FAILS;
	GIVES(3, "", "the check at submission keeps the factors of QOS that it has", "check");
	fake_show_mode = FAKE_OK;
	expect_lines("mode refuse\nrule sum\nqos normal 1000000 1000000\nqos low 250000 250000\n"
		     "account bio 36000 open refuse limited rawusage faculty\nusers bio\n"
		     "account faculty 360000 open refuse limited rawusage\nusers faculty\n"
		     "inside cells bio\nend\n");
}
END_TEST

/* slurmctld opens it for writing, too: so it must belong to SlurmUser. */
START_TEST(it_belongs_to_slurm_user)
{
	char *before = published(), *after;
	struct stat st;

	fake_cluster("dev")->slurm_user = 64031;
	RUN("check", "--quiet");
	ck_assert_int_eq(stat(file, &st), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(st.st_uid, 64031);
	} else {
		ck_assert_ptr_nonnull(strstr(err, "cannot give submit to user 64031"));
		after = published();
		ck_assert_str_eq(before, after);
		free(after);
	}
	/* root can open any file. */
	fake_cluster("dev")->slurm_user = 0;
	RUN("check", "--quiet");
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_uid, geteuid());
	free(before);
}
END_TEST

START_TEST(a_folder_of_others_is_refused)
{
	ck_assert_int_eq(chmod(folder, 0777), 0);
	GIVES(0, "deposited",
	      "the file for the check at submission is not written: others can write the folder",
	      "deposit", "bio", "1");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs_submit");
	TCase *tcase = tcase_create("submit");

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_test(tcase, it_says_what_is_left_and_what_jobs_cost);
	tcase_add_test(tcase, the_first_line_changes_with_everything);
	tcase_add_test(tcase, only_accounts_that_can_be_held_are_refused);
	tcase_add_test(tcase, a_spent_account_may_have_a_scavenger_qos);
	tcase_add_test(tcase, an_account_without_money_is_refused_unless_it_may_run);
	tcase_add_test(tcase, the_tariff_of_a_site_is_in_it);
	tcase_add_test(tcase, what_running_jobs_may_use_is_not_free);
	tcase_add_test(tcase, budgets_and_shares_are_in_it);
	tcase_add_test(tcase, the_users_of_each_account_are_in_it);
	tcase_add_test(tcase, one_answer_is_enough);
	tcase_add_test(tcase, it_is_switched_off_where_it_was_on);
	tcase_add_test(tcase, another_bank_leaves_it_alone);
	tcase_add_test(tcase, a_cluster_that_is_silent_does_not_make_it_younger);
	tcase_add_test(tcase, without_slurmdbd_the_factors_stay);
	tcase_add_test(tcase, it_belongs_to_slurm_user);
	tcase_add_test(tcase, a_folder_of_others_is_refused);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
