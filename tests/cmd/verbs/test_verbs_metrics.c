/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files for Prometheus and Open OnDemand. tests/test_metrics.sh loads the first in Prometheus;
 * tests/slurm/view.test.bash has the users of the second from a real Slurm. */
#include <inttypes.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/drive.h"

static char folder[128], metrics[160], ondemand[160];

static void set_files(const char *more)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		       "clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"
		       "metrics_file: %s\nondemand_file: %s\n%s",
		       metrics, ondemand, more);
	set_settings(text);
}

/* Returns a file without its comments; the caller frees it. */
static char *samples(void)
{
	size_t len;
	char *text = util_read_file(metrics, &len), *to = text;

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		size_t length = strlen(line);

		if (*line == '#')
			continue;
		memmove(to, line, length);
		to[length] = '\n';
		to += length + 1;
	}
	*to = '\0';
	return text;
}

/* Expects a sample, such as "subank_check_status 0". */
static void expect_sample(const char *file, int line, const char *expected)
{
	char *text = samples(), whole[256];

	(void)snprintf(whole, sizeof(whole), "%s\n", expected);
	if (strncmp(text, whole, strlen(whole)) != 0) {
		(void)snprintf(whole, sizeof(whole), "\n%s\n", expected);
		ck_assert_msg(strstr(text, whole), "%s:%d: no %s in\n%s", file, line, expected,
			      text);
	}
	free(text);
}
#define SAMPLE(expected) expect_sample(__FILE__, __LINE__, expected)

/* Expects no sample that begins so. */
static void expect_none(const char *start)
{
	char *text = samples();

	ck_assert_msg(!strstr(text, start), "%s in\n%s", start, text);
	free(text);
}

/* Expects the rows of the other file, each as "USER PROJECT VALUE\n". */
static void expect_users(const char *expected)
{
	json_t *document = json_load_file(ondemand, JSON_REJECT_DUPLICATES, NULL), *row;
	char text[1024] = "";
	size_t i, len = 0;

	ck_assert_ptr_nonnull(document);
	json_array_foreach(json_object_get(document, "balances"), i, row)
	{
		const json_t *value = json_object_get(row, "value");

		ck_assert(json_is_integer(value));
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %s %" PRId64 "\n",
					json_string_value(json_object_get(row, "user")),
					json_string_value(json_object_get(row, "project")),
					(int64_t)json_integer_value(value));
	}
	ck_assert_str_eq(text, expected);
	json_decref(document);
}

static void users(const char *account, const char *names)
{
	(void)snprintf(fake_account("dev", account)->users, 256, "%s", names);
}

static void hours_pass(int hours)
{
	clock_now += hours * INT64_C(3600000000);
}

static void setup(void)
{
	drive_setup();
	(void)snprintf(folder, sizeof(folder), "%s/pub", test_folder);
	(void)snprintf(metrics, sizeof(metrics), "%s/subank.prom", folder);
	(void)snprintf(ondemand, sizeof(ondemand), "%s/ondemand.json", folder);
	ck_assert_int_eq(mkdir(folder, 0755), 0);
	set_files("");
	fake_account("dev", "faculty")->usage = 0;
	(void)snprintf(fake_account("dev", "bio")->parent, 16, "faculty");
	(void)snprintf(fake_account("dev", "cells")->parent, 16, "bio");
	DONE("", "open", "faculty", "100");
	DONE("", "open", "bio", "10", "--end", "2027-01-01");
	DONE("", "open", "bio", "2", "--resource", "gres/gpu");
	DONE("", "share", "bio", "alice", "1", "--later");
}

/* ---- Prometheus ---- */

START_TEST(without_the_settings_there_are_no_files)
{
	set_settings("clusters: [dev]\n");
	ck_assert_int_eq(unlink(metrics), 0);
	ck_assert_int_eq(unlink(ondemand), 0);
	RUN("check", "--quiet");
	DONE("", "deposit", "bio", "1");
	ck_assert_int_ne(access(metrics, F_OK), 0);
	ck_assert_int_ne(access(ondemand, F_OK), 0);
}
END_TEST

START_TEST(another_bank_leaves_them_alone)
{
	char elsewhere[160];

	ck_assert_int_eq(unlink(metrics), 0);
	ck_assert_int_eq(unlink(ondemand), 0);
	(void)snprintf(elsewhere, sizeof(elsewhere), "%s/second", test_folder);
	ck_assert_int_eq(setenv("SUBANK_BANK", elsewhere, 1), 0);
	machine = "other";
	RUN("init", "--quiet");
	machine = "here";
	RUN("open", "bio", "1", "--no-apply");
	ck_assert_int_eq(status, 0);
	ck_assert_int_ne(access(metrics, F_OK), 0);
	ck_assert_int_ne(access(ondemand, F_OK), 0);
}
END_TEST

/* What cannot be written stops nothing. */
START_TEST(a_folder_that_others_can_write_is_refused)
{
	static const char both[] = "for Prometheus are not written: others can write the folder";

	ck_assert_int_eq(chmod(folder, 0777), 0);
	GIVES(0, "deposited 1.00 SU", both, "deposit", "bio", "1");
	ck_assert_ptr_nonnull(strstr(err, "for Open OnDemand are not written: others can write"));
	GIVES(3, "", both, "check");
	ck_assert_ptr_nonnull(strstr(err, "name another file as metrics_file"));
	ck_assert_ptr_nonnull(strstr(err, "name another file as ondemand_file"));
	ck_assert_int_eq(chmod(folder, 0755), 0);
	DONE("", "check");
	ck_assert_int_eq(unlink(metrics), 0);
	ck_assert_int_eq(unlink(ondemand), 0);
	ck_assert_int_eq(rmdir(folder), 0);
	GIVES(0, "deposited 1.00 SU", "cannot open the folder", "deposit", "bio", "1");
	GIVES(3, "", "cannot open the folder", "check");
}
END_TEST

START_TEST(a_link_in_its_place_is_replaced)
{
	char other[160];
	struct stat st;

	(void)snprintf(other, sizeof(other), "%s/other", test_folder);
	util_write_file(other, "mine", 4);
	ck_assert_int_eq(unlink(metrics), 0);
	ck_assert_int_eq(symlink(other, metrics), 0);
	DONE("", "deposit", "bio", "1");
	ck_assert_int_eq(lstat(metrics, &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	ck_assert_int_eq(st.st_mode & 07777, 0644);
	ck_assert_int_eq(lstat(ondemand, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0644);
	ck_assert_int_eq(lstat(other, &st), 0);
	ck_assert_int_eq(st.st_size, 4);
}
END_TEST

START_TEST(the_metrics_are_these)
{
	char expected[8192], *text;
	int64_t checked;

	fake_account("dev", "bio")->usage = 12 * 3600;
	fake_account("dev", "faculty")->usage = 20 * 3600;
	RUN("check", "--quiet");
	checked = clock_now / 1000000;
	text = samples();
	(void)snprintf(
		expected, sizeof(expected),
		"subank_build_info{version=\"%s\"} 1\n"
		"subank_last_check_timestamp_seconds %" PRId64 "\n"
		"subank_last_clean_check_timestamp_seconds %" PRId64 "\n"
		"subank_check_status 0\n"
		"subank_check_failures{part=\"clusters\"} 0\n"
		"subank_check_failures{part=\"limits\"} 0\n"
		"subank_check_failures{part=\"notices\"} 0\n"
		"subank_check_failures{part=\"other\"} 0\n"
		"subank_check_failures{part=\"rows\"} 0\n"
		"subank_journal_entries_total %" PRIu64 "\n"
		"subank_account_allocated_seconds{account=\"bio\",resource=\"billing\"} 36000\n"
		"subank_account_allocated_seconds{account=\"bio\",resource=\"gres/gpu\"} 7200\n"
		"subank_account_allocated_seconds{account=\"faculty\",resource=\"billing\"} "
		"360000\n"
		"subank_account_used_seconds{account=\"bio\",resource=\"billing\"} 43200\n"
		"subank_account_used_seconds{account=\"bio\",resource=\"gres/gpu\"} 0\n"
		"subank_account_used_seconds{account=\"faculty\",resource=\"billing\"} 72000\n"
		"subank_account_available_seconds{account=\"bio\",resource=\"billing\"} -7200\n"
		"subank_account_available_seconds{account=\"bio\",resource=\"gres/gpu\"} 7200\n"
		"subank_account_available_seconds{account=\"faculty\",resource=\"billing\"} "
		"288000\n"
		"subank_account_unlimited{account=\"bio\",resource=\"billing\"} 0\n"
		"subank_account_unlimited{account=\"bio\",resource=\"gres/gpu\"} 0\n"
		"subank_account_unlimited{account=\"faculty\",resource=\"billing\"} 0\n"
		"subank_account_debt_seconds{account=\"bio\",resource=\"billing\"} 7200\n"
		"subank_account_debt_seconds{account=\"bio\",resource=\"gres/gpu\"} 0\n"
		"subank_account_debt_seconds{account=\"faculty\",resource=\"billing\"} 0\n"
		"subank_account_charged_seconds_total{account=\"bio\",resource=\"billing\"} 43200\n"
		"subank_account_charged_seconds_total{account=\"bio\",resource=\"gres/gpu\"} 0\n"
		"subank_account_charged_seconds_total{account=\"faculty\",resource=\"billing\"} "
		"72000\n"
		"subank_account_refunded_seconds_total{account=\"bio\",resource=\"billing\"} 0\n"
		"subank_account_refunded_seconds_total{account=\"bio\",resource=\"gres/gpu\"} 0\n"
		"subank_account_refunded_seconds_total{account=\"faculty\",resource=\"billing\"} "
		"0\n"
		"subank_account_open{account=\"bio\",resource=\"billing\"} 1\n"
		"subank_account_open{account=\"bio\",resource=\"gres/gpu\"} 1\n"
		"subank_account_open{account=\"faculty\",resource=\"billing\"} 1\n"
		"subank_account_held{account=\"bio\",resource=\"billing\"} 1\n"
		"subank_account_held{account=\"bio\",resource=\"gres/gpu\"} 1\n"
		"subank_account_held{account=\"faculty\",resource=\"billing\"} 0\n"
		"subank_account_hold_cause{account=\"bio\",resource=\"billing\",cause=\"funds\"} "
		"1\n"
		"subank_account_read_timestamp_seconds{account=\"bio\",resource=\"billing\"} "
		"%" PRId64 "\n"
		"subank_account_read_timestamp_seconds{account=\"bio\",resource=\"gres/gpu\"} "
		"%" PRId64 "\n"
		"subank_account_read_timestamp_seconds{account=\"faculty\",resource=\"billing\"} "
		"%" PRId64 "\n",
		PACKAGE_VERSION, checked, checked, entries(), checked, checked, checked);
	ck_assert_str_eq(text, expected);
	free(text);
}
END_TEST

START_TEST(windows_that_end_are_shown_while_they_have_money)
{
	SAMPLE("subank_account_window_end_timestamp_seconds{account=\"bio\",resource=\"billing\"} "
	       "1798761600");
	DONE("", "deposit", "bio", "1", "--end", "2026-12-01");
	SAMPLE("subank_account_window_end_timestamp_seconds{account=\"bio\",resource=\"billing\"} "
	       "1796083200");
	expect_none("subank_account_window_end_timestamp_seconds{account=\"faculty\"");
	/* Its end has passed, and no check has removed the money yet. */
	hours_pass(10 * 24);
	DONE("", "deposit", "faculty", "1");
	SAMPLE("subank_account_window_end_timestamp_seconds{account=\"bio\",resource=\"billing\"} "
	       "1798761600");
}
END_TEST

START_TEST(refunds_do_not_lower_what_was_charged)
{
	char entry[32];

	fake_account("dev", "bio")->usage = 3600;
	RUN("check", "--quiet");
	DONE("", "deposit", "bio", "1");
	SAMPLE("subank_account_used_seconds{account=\"bio\",resource=\"billing\"} 3600");
	RUN("journal", "bio", "--kind", "charge", "-P", "-n", "-o", "Entry");
	(void)snprintf(entry, sizeof(entry), "%d", atoi(out));
	DONE("", "refund", entry, "1", "--note", "a failed node");
	SAMPLE("subank_account_used_seconds{account=\"bio\",resource=\"billing\"} 0");
	SAMPLE("subank_account_charged_seconds_total{account=\"bio\",resource=\"billing\"} 3600");
	SAMPLE("subank_account_refunded_seconds_total{account=\"bio\",resource=\"billing\"} 3600");
}
END_TEST

START_TEST(checks_that_fail_are_shown)
{
	char line[128];
	int64_t checked;

	SAMPLE("subank_last_check_timestamp_seconds 0");
	SAMPLE("subank_check_status 0");
	RUN("check", "--quiet");
	checked = clock_now / 1000000;
	fake_cluster("dev")->silent = true;
	GIVES(3, "", "does not answer", "check");
	SAMPLE("subank_check_status 3");
	SAMPLE("subank_check_failures{part=\"clusters\"} 1");
	SAMPLE("subank_check_failures{part=\"other\"} 0");
	(void)snprintf(line, sizeof(line), "subank_last_check_timestamp_seconds %" PRId64, checked);
	SAMPLE(line);
	fake_cluster("dev")->silent = false;
	/* Neither an entry nor a check of one account counts as a check. */
	DONE("", "deposit", "bio", "1");
	RUN("check", "bio", "--quiet");
	SAMPLE(line);
	SAMPLE("subank_check_failures{part=\"clusters\"} 1");
	/* The check does its work, and cannot set a limit. */
	fake_account("dev", "bio")->usage = 12 * 3600;
	fake_mode[FAKE_SACCTMGR] = FAKE_FAILS;
	fake_show_mode = FAKE_OK;
	RUN("check", "--quiet");
	ck_assert_int_eq(status, 3);
	SAMPLE("subank_check_failures{part=\"clusters\"} 0");
	(void)snprintf(line, sizeof(line), "subank_last_check_timestamp_seconds %" PRId64,
		       clock_now / 1000000);
	SAMPLE(line);
	(void)snprintf(line, sizeof(line), "subank_last_clean_check_timestamp_seconds %" PRId64,
		       checked);
	SAMPLE(line);
	fake_mode[FAKE_SACCTMGR] = FAKE_OK;
	RUN("check", "--quiet");
	ck_assert_int_eq(status, 0);
	SAMPLE("subank_check_status 0");
	SAMPLE("subank_check_failures{part=\"limits\"} 0");
}
END_TEST

/* They are taken after all else, and still belong to the check. */
START_TEST(requests_that_fail_are_shown)
{
	char line[128];

	RUN("check", "--quiet");
	ck_assert_int_eq(status, 0);
	(void)snprintf(line, sizeof(line), "subank_last_clean_check_timestamp_seconds %" PRId64,
		       clock_now / 1000000);
	set_files("requests: /nonexistent/requests\n");
	hours_pass(1);
	GIVES(3, NULL, "/nonexistent/requests", "check");
	SAMPLE("subank_check_status 3");
	SAMPLE("subank_check_failures{part=\"other\"} 1");
	SAMPLE(line);
	set_files("");
	RUN("check", "--quiet");
	SAMPLE("subank_check_status 0");
}
END_TEST

START_TEST(closed_and_unlimited_accounts_are_marked)
{
	DONE("", "terms", "faculty", "--unlimited");
	SAMPLE("subank_account_unlimited{account=\"faculty\",resource=\"billing\"} 1");
	RUN("close", "bio", "--note", "over");
	ck_assert_msg(status == 0, "%s", err);
	SAMPLE("subank_account_open{account=\"bio\",resource=\"billing\"} 0");
	SAMPLE("subank_account_held{account=\"bio\",resource=\"billing\"} 0");
	SAMPLE("subank_account_hold_cause{account=\"bio\",resource=\"billing\",cause=\"closed\"} "
	       "1");
}
END_TEST

/* ---- Open OnDemand ---- */

START_TEST(users_have_a_row_for_each_account_that_pays)
{
	char expected[512], *text;
	size_t len;

	/* The bank does not have cells, for which bio pays. */
	users("faculty", "bob");
	users("bio", "carl,carol");
	users("cells", "alice,carol");
	RUN("check", "--quiet");
	text = util_read_file(ondemand, &len);
	(void)snprintf(expected, sizeof(expected),
		       "{\n \"version\": 1,\n \"timestamp\": %" PRId64 ",\n \"config\": {\n"
		       "  \"unit\": \"SU\",\n  \"project_type\": \"account\"\n },\n"
		       " \"balances\": [\n"
		       "  {\n   \"user\": \"alice\",\n   \"project\": \"bio\",\n   \"value\": 10\n"
		       "  },\n",
		       clock_now / 1000000);
	ck_assert_msg(strncmp(text, expected, strlen(expected)) == 0, "%s", text);
	free(text);
	expect_users("alice bio 10\ncarl bio 10\ncarol bio 10\nbob faculty 100\n");
	/* Slurm is asked once an hour. */
	users("faculty", "");
	RUN("check", "--quiet");
	expect_users("alice bio 10\ncarl bio 10\ncarol bio 10\nbob faculty 100\n");
	hours_pass(1);
	RUN("check", "--quiet");
	expect_users("alice bio 10\ncarl bio 10\ncarol bio 10\n");
}
END_TEST

START_TEST(values_are_rounded_down_and_unlimited_accounts_left_out)
{
	users("faculty", "bob");
	users("bio", "alice");
	fake_account("dev", "bio")->usage = 1800;
	RUN("check", "--quiet");
	expect_users("alice bio 9\nbob faculty 100\n");
	fake_account("dev", "bio")->usage = 10 * 3600 + 1;
	RUN("check", "--quiet");
	expect_users("alice bio -1\nbob faculty 100\n");
	DONE("", "terms", "bio", "--unlimited");
	expect_users("bob faculty 100\n");
	RUN("close", "faculty", "--note", "over");
	ck_assert_msg(status == 0, "%s", err);
	expect_users("");
}
END_TEST

START_TEST(hostile_names_of_users_spoil_nothing)
{
	users("bio", "alice,\xff\xfe,b\"},{,c\\d,<script>");
	RUN("check", "--quiet");
	expect_users("<script> bio 10\nalice bio 10\nb\"} bio 10\nc\\d bio 10\n{ bio 10\n");
}
END_TEST

START_TEST(it_can_show_days_instead)
{
	set_files("ondemand: days\n");
	users("faculty", "bob");
	users("bio", "alice");
	RUN("check", "--quiet");
	/* Nothing is used: it lasts for ever, or until the window ends. */
	expect_users("alice bio 39\n");
	hours_pass(24);
	fake_account("dev", "bio")->usage = 3600;
	RUN("check", "--quiet");
	expect_users("alice bio 9\n");
	fake_account("dev", "bio")->usage = 11 * 3600;
	RUN("check", "--quiet");
	expect_users("alice bio 0\n");
}
END_TEST

START_TEST(without_slurmdbd_the_users_of_before_stay)
{
	users("bio", "alice");
	RUN("check", "--quiet");
	hours_pass(1);
	fake_show_mode = FAKE_FAILS;
	GIVES(3, "",
	      "the file for Open OnDemand keeps the users of accounts that it has: ", "check");
	expect_users("alice bio 10\n");
}
END_TEST

START_TEST(doctor_tests_both)
{
	RUN("check", "--quiet");
	DONE("metrics_file|this machine|ok|", "doctor", "-P");
	DONE("test of metrics_file|this machine|ok|a file was written and renamed there|", "doctor",
	     "-P", "--test");
	DONE("test of ondemand_file|this machine|ok|a file was written and renamed there|",
	     "doctor", "-P", "--test");
	ck_assert_int_eq(unlink(metrics), 0);
	DONE("metrics_file|this machine|warn|not there yet: ", "doctor", "-P");
	ck_assert_int_eq(chmod(folder, 0777), 0);
	GIVES(3, "metrics_file|this machine|bad|cannot be written: ", NULL, "doctor", "-P");
	ck_assert_ptr_nonnull(strstr(out, "ondemand_file|this machine|bad|cannot be written: "));
	GIVES(3, "test of metrics_file|this machine|bad|it failed|", NULL, "doctor", "-P",
	      "--test");
	ck_assert_ptr_nonnull(strstr(out, "test of ondemand_file|this machine|bad|it failed|"));
	/* A test leaves nothing behind. */
	ck_assert_int_eq(unlink(ondemand), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs_metrics");
	TCase *tcase = tcase_create("metrics");

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_test(tcase, without_the_settings_there_are_no_files);
	tcase_add_test(tcase, another_bank_leaves_them_alone);
	tcase_add_test(tcase, a_folder_that_others_can_write_is_refused);
	tcase_add_test(tcase, a_link_in_its_place_is_replaced);
	tcase_add_test(tcase, the_metrics_are_these);
	tcase_add_test(tcase, windows_that_end_are_shown_while_they_have_money);
	tcase_add_test(tcase, refunds_do_not_lower_what_was_charged);
	tcase_add_test(tcase, checks_that_fail_are_shown);
	tcase_add_test(tcase, requests_that_fail_are_shown);
	tcase_add_test(tcase, closed_and_unlimited_accounts_are_marked);
	tcase_add_test(tcase, users_have_a_row_for_each_account_that_pays);
	tcase_add_test(tcase, values_are_rounded_down_and_unlimited_accounts_left_out);
	tcase_add_test(tcase, hostile_names_of_users_spoil_nothing);
	tcase_add_test(tcase, it_can_show_days_instead);
	tcase_add_test(tcase, without_slurmdbd_the_users_of_before_stay);
	tcase_add_test(tcase, doctor_tests_both);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
