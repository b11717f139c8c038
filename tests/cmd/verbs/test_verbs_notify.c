/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which entries the notify command gets, driven in this process. */
#include <inttypes.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/drive.h"

enum { SU = 3600 };

#define WITH "clusters: [dev]\nlock_seconds: 1\nnotify: /notify\n"
#define WITHOUT "clusters: [dev]\nlock_seconds: 1\n"

/* "bio" has 10 SU and was checked once with a notify command in the settings. */
static void setup(void)
{
	drive_setup();
	set_settings(WITH);
	(void)fake_account("dev", "bio");
	DONE("", "open", "bio", "10");
	DONE("", "check");
}

static void use(int64_t amount)
{
	fake_account("dev", "bio")->usage += amount;
}

static size_t lines(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)); text++)
		count++;
	return count;
}

static size_t journaled(const char *outcome)
{
	RUN("journal", "-nPo", "Kind,Detail");
	ck_assert_int_eq(status, 0);
	return lines(out, outcome);
}

START_TEST(without_a_command_nothing_waits)
{
	set_settings(WITHOUT);
	use(7 * SU);
	DONE("60%", "check");
	/* Only later entries are delivered. */
	set_settings(WITH);
	DONE("", "check");
	ck_assert_int_eq(notify_calls, 0);
	use(3 * SU);
	DONE("held", "check");
	ck_assert_int_eq(notify_calls, 2);
	ck_assert_uint_eq(lines(told, "\"level\":90"), 1);
	ck_assert_uint_eq(lines(told, "\"level\":60"), 0);
}
END_TEST

START_TEST(a_failing_command_is_run_again)
{
	notify_mode = FAKE_FAILS;
	use(7 * SU);
	GIVES(3, "60%", "the notify command failed for entry", "check");
	ck_assert_int_eq(notify_calls, 1);
	ck_assert_uint_eq(journaled("failed: exit status 7"), 1);
	/* Recorded once, printed each time. */
	GIVES(3, NULL, "exit status 7", "check");
	ck_assert_int_eq(notify_calls, 2);
	ck_assert_uint_eq(journaled("notified"), 1);
	notify_mode = FAKE_MISSING;
	GIVES(3, NULL, "no such program", "check");
	ck_assert_uint_eq(journaled("notified"), 1);
	notify_mode = FAKE_OK;
	DONE("", "check");
	ck_assert_uint_eq(lines(told, "\"kind\":\"threshold\""), 1);
	ck_assert_uint_eq(journaled("notified"), 2);
	ck_assert_uint_eq(journaled(" done"), 1);
	DONE("", "check");
	ck_assert_int_eq(notify_calls, 4);
	ck_assert_uint_eq(journaled("notified"), 2);
	DONE("", "verify");
}
END_TEST

/* A command that hangs costs one deadline a check, however many entries wait. */
START_TEST(a_hanging_command_makes_the_rest_wait)
{
	notify_mode = FAKE_TIMES_OUT;
	use(10 * SU);
	GIVES(3, "bio: held", "did not end within 10 seconds", "check");
	ck_assert_int_eq(notify_calls, 1);
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "cpu=0");
	/* The next check tries another entry. */
	GIVES(3, NULL, "did not end", "check");
	ck_assert_int_eq(notify_calls, 2);
	ck_assert_uint_eq(journaled("failed"), 2);
	notify_mode = FAKE_OK;
	DONE("", "check");
	ck_assert_int_eq(notify_calls, 4);
	ck_assert_uint_eq(lines(told, "\n"), 2);
}
END_TEST

START_TEST(a_slow_or_failing_command_makes_the_rest_wait)
{
	/* Five in all, of 9.9 seconds: the fourth run passes 30 seconds. */
	notify_takes = 99 * WHEN_SECOND / 10;
	use(10 * SU);
	DONE("bio: held", "hold", "bio");
	DONE("", "release", "bio", "--until", "now+1hour");
	DONE("", "release", "bio", "--until", "now+2hours");
	DONE("", "check");
	ck_assert_int_eq(notify_calls, 4);
	notify_takes = 0;
	DONE("", "check");
	ck_assert_int_eq(notify_calls, 5);
	ck_assert_uint_eq(lines(told, "\n"), 5);
	/* New entries are tried, and one of those that failed before. */
	notify_mode = FAKE_FAILS;
	DONE("", "hold", "bio");
	DONE("", "release", "bio", "--until", "now+1hour");
	GIVES(3, NULL, "failed", "check");
	ck_assert_int_eq(notify_calls, 7);
	GIVES(3, NULL, "failed", "check");
	ck_assert_int_eq(notify_calls, 8);
}
END_TEST

START_TEST(each_crossing_hold_release_and_notice_is_delivered_once)
{
	json_t *entry, *balance;

	DONE("", "deposit", "bio", "1s", "--end", "now+5days", "--note", "not told");
	DONE("", "check");
	ck_assert_int_eq(notify_calls, 0);
	clock_now += WHEN_DAY;
	DONE("", "check");
	use(10 * SU + 1);
	DONE("held", "check");
	DONE("released", "deposit", "bio", "5");
	ck_assert_int_eq(notify_calls, 3);
	DONE("", "check");
	DONE("", "hold", "bio");
	DONE("", "check");
	DONE("", "check");
	ck_assert_uint_eq(lines(told, "\n"), 5);
	ck_assert_uint_eq(lines(told, "\"kind\":\"notice\""), 1);
	ck_assert_uint_eq(lines(told, "\"kind\":\"threshold\""), 1);
	ck_assert_uint_eq(lines(told, "\"kind\":\"hold\""), 2);
	ck_assert_uint_eq(lines(told, "\"kind\":\"release\""), 1);
	entry = json_loads(told, JSON_DISABLE_EOF_CHECK, NULL);
	ck_assert_ptr_nonnull(entry);
	ck_assert_str_eq(json_string_value(json_object_get(entry, "account")), "bio");
	ck_assert_int_eq(json_integer_value(json_object_get(entry, "amount_seconds")), 1);
	balance = json_object_get(entry, "balance");
	ck_assert_int_eq(json_integer_value(json_object_get(balance, "available_seconds")),
			 10 * SU + 1);
	ck_assert_int_eq(json_integer_value(json_object_get(balance, "allocated_seconds")),
			 10 * SU + 1);
	ck_assert_int_eq(json_integer_value(json_object_get(balance, "used_seconds")), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(balance, "debt_seconds")), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(entry, "contacts")), 0);
	json_decref(entry);
	DONE("", "terms", "bio", "--contact", "pi@x.org,office@x.org");
	told[0] = '\0';
	DONE("", "release", "bio");
	DONE("", "check");
	ck_assert_ptr_nonnull(strstr(told, "\"contacts\":[\"pi@x.org\",\"office@x.org\"]"));
	DONE("", "verify");
}
END_TEST

START_TEST(of_what_is_closed_only_accounts_are_delivered)
{
	(void)fake_account("dev", "chem");
	(void)fake_account("dev", "geo");
	DONE("", "open", "chem", "10");
	DONE("", "open", "bio", "5", "--resource", "gres/gpu");
	DONE("", "share", "bio", "ann", "1", "--later");
	DONE("", "check");
	DONE("", "close", "bio", "--resource", "gres/gpu");
	DONE("", "share", "bio", "ann", "none");
	DONE("", "rename", "chem", "geo");
	DONE("", "check");
	ck_assert_str_eq(told, "");
	DONE("", "close", "bio", "--note", "project ended");
	DONE("", "check");
	ck_assert_uint_eq(lines(told, "\n"), 1);
	ck_assert_uint_eq(lines(told, "\"kind\":\"close\""), 1);
	ck_assert_uint_eq(lines(told, "\"state\":\"closed\""), 1);
	DONE("", "check");
	ck_assert_int_eq(notify_calls, 1);
	DONE("", "verify");
}
END_TEST

/* Checks the state and the scavenger QOS in the newest message about [account]. */
static void expect_state(const char *account, const char *state)
{
	char name[64], expected[96];
	const char *at = NULL, *found;

	(void)snprintf(name, sizeof(name), "\"account\":\"%s\"", account);
	(void)snprintf(expected, sizeof(expected), "\"state\":%s}", state);
	for (const char *next = told; (next = strstr(next, name)); next++)
		at = next;
	found = at ? strstr(at, expected) : NULL;
	ck_assert_msg(found && !memchr(at, '\n', (size_t)(found - at)), "%s: %s", account, told);
}

START_TEST(the_state_shows_holds_of_accounts_above)
{
	(void)fake_account("dev", "lab");
	strcpy(fake_account("dev", "lab")->parent, "bio");
	DONE("", "open", "lab", "5");
	DONE("", "check");
	told[0] = '\0';
	DONE("", "hold", "lab");
	DONE("", "check");
	expect_state("lab", "\"held\",\"scavenger_qos\":null");
	DONE("", "hold", "bio");
	DONE("", "release", "lab");
	DONE("", "check");
	expect_state("bio", "\"held\",\"scavenger_qos\":null");
	expect_state("lab", "\"blocked\",\"scavenger_qos\":null");

	/* A budget stays blocked by the hold of its account. */
	DONE("", "open", "bio", "5", "--resource", "gres/gpu");
	DONE("held", "withdraw", "bio", "5", "--resource", "gres/gpu");
	DONE("released", "deposit", "bio", "5", "--resource", "gres/gpu");
	DONE("", "check");
	expect_state("bio:gres/gpu", "\"blocked\",\"scavenger_qos\":null");
	DONE("", "release", "bio");
	DONE("", "check");
	expect_state("bio", "\"open\",\"scavenger_qos\":null");

	/* Under scavenge, jobs below the account start in the QOS, too. */
	set_settings(WITH "scavenger_qos: scav\nenforcement: scavenge\n");
	DONE("", "hold", "lab");
	use(11 * SU);
	DONE("", "check");
	expect_state("bio", "\"scavenge\",\"scavenger_qos\":\"scav\"");
	DONE("", "release", "lab");
	DONE("", "check");
	expect_state("lab", "\"scavenge\",\"scavenger_qos\":\"scav\"");
}
END_TEST

/* A second deposit starts and ends; nothing is recorded while it lowers the percent. */
START_TEST(thresholds_are_armed_by_time_alone)
{
	int64_t begin = clock_now;

	set_settings("clusters: [dev]\nlock_seconds: 1\nnotify: /notify\nnotice_days: 0\n");
	DONE("", "deposit", "bio", "100", "--start", "now+10days", "--end", "now+20days");
	use(19 * SU / 2);
	DONE("90%", "check");
	ck_assert_uint_eq(lines(told, "threshold"), 1);
	for (int day = 6; day <= 16; day += 5) {
		clock_now = begin + day * WHEN_DAY;
		DONE("", "check");
		ck_assert_uint_eq(lines(told, "threshold"), 1);
	}
	RUN("balance", "bio", "-nPo", "Percent");
	ck_assert_str_eq(out, "8\n");
	clock_now = begin + 21 * WHEN_DAY;
	DONE("90%", "check");
	ck_assert_uint_eq(lines(told, "threshold"), 2);
	DONE("", "verify");
}
END_TEST

/* The journal has all of the thresholds. */
START_TEST(of_thresholds_crossed_at_once_the_highest_is_delivered)
{
	(void)fake_account("dev", "chem");
	DONE("", "open", "chem", "10");
	DONE("", "check");
	use(7 * SU);
	fake_account("dev", "chem")->usage += 19 * SU / 2;
	DONE("chem: 60% of", "check");
	ck_assert_uint_eq(lines(told, "\"kind\":\"threshold\""), 2);
	ck_assert_ptr_nonnull(strstr(told, "\"account\":\"bio\""));
	ck_assert_uint_eq(lines(told, "\"level\":60"), 1);
	ck_assert_uint_eq(lines(told, "\"level\":90"), 1);
	DONE("", "journal", "-nPo", "Kind", "--kind", "threshold");
	ck_assert_str_eq(out, "threshold\nthreshold\nthreshold\n");
	/* One by one, each is delivered. */
	use(2 * SU);
	DONE("bio: 90% of", "check");
	ck_assert_uint_eq(lines(told, "\"level\":90"), 2);
	DONE("", "check");
	ck_assert_int_eq(notify_calls, 3);
}
END_TEST

START_TEST(a_dry_run_delivers_nothing)
{
	use(7 * SU);
	GIVES(0, "60%", "dry run", "check", "--dry-run");
	ck_assert_int_eq(notify_calls, 0);
	/* A machine without the right to command Slurm delivers nothing either. */
	machine = "other/head";
	GIVES(3, "60%", "adopt", "check");
	ck_assert_int_eq(notify_calls, 0);
	machine = "id/head";
	DONE("60%", "check");
	ck_assert_int_eq(notify_calls, 1);
}
END_TEST

START_TEST(a_copy_starts_with_nothing_to_deliver)
{
	char path[160];

	notify_mode = FAKE_FAILS;
	use(7 * SU);
	GIVES(3, "60%", "failed", "check");
	(void)snprintf(path, sizeof(path), "%s/a.yaml", test_folder);
	DONE("", "export", path);
	(void)snprintf(bank_folder, sizeof(bank_folder), "%s/again", test_folder);
	ck_assert_int_eq(setenv("SUBANK_BANK", bank_folder, 1), 0);
	GIVES(0, "", "adopt", "import", path);
	GIVES(0, "", NULL, "adopt", "-i");
	notify_mode = FAKE_OK;
	notify_calls = 0;
	DONE("", "check");
	ck_assert_int_eq(notify_calls, 0);
	use(2 * SU);
	DONE("90%", "check");
	ck_assert_int_eq(notify_calls, 1);
}
END_TEST

static void write_program(const char *path, mode_t mode)
{
	util_write_file(path, "#!/bin/sh\n", 10);
	ck_assert_int_eq(chmod(path, mode), 0);
}

START_TEST(doctor_inspects_the_command_and_runs_it_with_test)
{
	char path[128], text[512], *before;
	json_t *message;

	(void)snprintf(path, sizeof(path), "%s/notify", test_folder);
	GIVES(3, "notify|this machine|bad|/notify: No such file or directory|", NULL, "doctor",
	      "-P");
	(void)snprintf(text, sizeof(text), "clusters: [dev]\nlock_seconds: 1\nnotify: %s\n", path);
	set_settings(text);
	write_program(path, 0644);
	GIVES(3, "the user who runs subank cannot run it", NULL, "doctor", "-P");
	write_program(path, 0775);
	DONE("notify|this machine|warn|", "doctor", "-P");
	ck_assert_ptr_nonnull(strstr(out, "others can change what a check runs"));
	write_program(path, 0755);
	DONE("notify|this machine|ok|", "doctor", "-P");
	ck_assert_ptr_null(strstr(out, "test of notify"));
	ck_assert_int_eq(notify_calls, 0);

	/* Waiting entries still wait, and nothing is recorded. */
	use(7 * SU);
	notify_mode = FAKE_FAILS;
	GIVES(3, "60%", "notify command failed", "check");
	before = exported();
	notify_calls = 0;
	GIVES(3, "test of notify|this machine|bad|it failed|exit status 7", NULL, "doctor", "-P",
	      "--test");
	notify_mode = FAKE_TIMES_OUT;
	GIVES(3, "test of notify|this machine|bad|it failed|it did not end within 10 seconds", NULL,
	      "doctor", "-P", "--test");
	notify_mode = FAKE_OK;
	DONE("test of notify|this machine|ok|it accepted a test message|", "doctor", "-P",
	     "--test");
	ck_assert_int_eq(notify_calls, 3);
	UNCHANGED(before);
	message = json_loads(told, 0, NULL);
	ck_assert_ptr_nonnull(message);
	ck_assert_str_eq(json_string_value(json_object_get(message, "kind")), "test");
	ck_assert_int_eq(json_integer_value(json_object_get(message, "entry")), 0);
	ck_assert_ptr_nonnull(json_object_get(message, "time"));
	ck_assert_ptr_nonnull(json_object_get(message, "note"));
	ck_assert_ptr_null(json_object_get(message, "account"));
	json_decref(message);
	DONE("", "check");
	ck_assert_int_eq(notify_calls, 4);
	ck_assert_uint_eq(lines(told, "\"level\":60"), 1);

	/* Without a command there is nothing to run. */
	set_settings(WITHOUT);
	DONE("tests|this machine|info|", "doctor", "-P", "--test");
	/* Another user does not run the tests: files would belong to him. */
	set_settings(text);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(bank_folder, 65534, (gid_t)-1), 0);
		DONE("tests|this machine|warn|not run|run it as the owner of the bank: sudo -u ",
		     "doctor", "-P", "--test");
		ck_assert_int_eq(notify_calls, 4);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs_notify");
	TCase *tcase = tcase_create("notify");

	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_add_test(tcase, without_a_command_nothing_waits);
	tcase_add_test(tcase, a_failing_command_is_run_again);
	tcase_add_test(tcase, a_hanging_command_makes_the_rest_wait);
	tcase_add_test(tcase, a_slow_or_failing_command_makes_the_rest_wait);
	tcase_add_test(tcase, each_crossing_hold_release_and_notice_is_delivered_once);
	tcase_add_test(tcase, of_what_is_closed_only_accounts_are_delivered);
	tcase_add_test(tcase, the_state_shows_holds_of_accounts_above);
	tcase_add_test(tcase, thresholds_are_armed_by_time_alone);
	tcase_add_test(tcase, of_thresholds_crossed_at_once_the_highest_is_delivered);
	tcase_add_test(tcase, a_dry_run_delivers_nothing);
	tcase_add_test(tcase, a_copy_starts_with_nothing_to_deliver);
	tcase_add_test(tcase, doctor_inspects_the_command_and_runs_it_with_test);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
