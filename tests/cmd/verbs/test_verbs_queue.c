/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queued jobs of spent accounts, which move to the scavenger QOS and back, run in this process. */
#include <stdio.h>
#include <string.h>

#include "tests/drive.h"

#define SETTINGS(queued)                                                                           \
	"clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\ncharge_minutes: 0\n"    \
	"enforcement: scavenge\nscavenger_qos: scav\n" queued

/* "bio" has used its 10 SU, "rich" has money, "lab" is an account inside bio that is not in the
 * bank, and "own" one that is. */
static void setup(void)
{
	drive_setup();
	set_settings(SETTINGS("queued_jobs: move\n"));
	(void)fake_account("dev", "bio");
	(void)fake_account("dev", "rich");
	(void)snprintf(fake_account("dev", "lab")->parent, 256, "bio");
	(void)snprintf(fake_account("dev", "own")->parent, 256, "bio");
	DONE("", "open", "bio", "10");
	DONE("", "open", "own", "10");
	DONE("", "open", "rich", "10");
	DONE("", "check");
}

static void spend(void)
{
	fake_account("dev", "bio")->usage += 40000;
}

static void add(const char *name, int record, const char *account, const char *limit)
{
	struct fake_queued job = {.name = name, .record = record, .account = account};

	if (strchr(name, '_'))
		(void)sscanf(name, "%d_", &job.array);
	(void)snprintf(job.limit, sizeof(job.limit), "%s", limit);
	(void)fake_add_queued("dev", job);
}

#define HAS(name, of_qos, of_limit)                                                                \
	do {                                                                                       \
		ck_assert_str_eq(fake_find_queued("dev", name)->qos, of_qos);                      \
		ck_assert_str_eq(fake_find_queued("dev", name)->limit, of_limit);                  \
	} while (0)

static void set_qos(const char *name, const char *qos)
{
	(void)snprintf(fake_find_queued("dev", name)->qos, 256, "%s", qos);
}

static void set_state(const char *name, const char *state)
{
	fake_find_queued("dev", name)->state = state;
}

/* What the journal has of one kind. */
#define JOURNAL(kind, expected)                                                                    \
	do {                                                                                       \
		RUN("journal", "bio", "--kind", kind, "-nP", "-o", "Detail");                      \
		ck_assert_int_eq(status, 0);                                                       \
		ck_assert_str_eq(out, expected);                                                   \
	} while (0)

/* ---- what goes wrong ---- */

START_TEST(without_the_setting_or_a_spent_account_slurm_is_not_asked)
{
	add("12", 12, "bio", "10:00");
	DONE("", "check");
	ck_assert_int_eq(fake_calls[FAKE_SQUEUE], 0);
	set_settings(SETTINGS(""));
	spend();
	DONE("spent", "check");
	HAS("12", "normal", "10:00");
	ck_assert_int_eq(fake_calls[FAKE_SQUEUE], 0);
	JOURNAL("queue", "");
}
END_TEST

START_TEST(a_squeue_that_fails_leaves_the_jobs_to_the_next_check)
{
	add("12", 12, "bio", "10:00");
	spend();
	fake_mode[FAKE_SQUEUE] = FAKE_FAILS;
	GIVES(3, "spent", "dev: queued jobs are left as they are", "check");
	JOURNAL("queue", "");
	fake_mode[FAKE_SQUEUE] = FAKE_MALFORMED;
	GIVES(3, NULL, "dev: queued jobs are left as they are", "check");
	fake_mode[FAKE_SQUEUE] = FAKE_OK;
	DONE("bio: 1 queued job on dev moved from QOS normal to scav", "check");
	HAS("12", "scav", "10:00");
	nothing_to_do();
}
END_TEST

START_TEST(a_row_that_cannot_be_used_costs_that_job_only)
{
	add("12", 12, "bio", "10:00");
	add("13", 13, "bio", "soon");
	fake_cluster("dev")->more_queued = "14|14|N/A|14|PD|10:00|normal|bio|x\n"
					   "15|15|N/A|15|PD|10:00|a b|bio\n"
					   "16|16|N/A|16|PD|10:00|normal|chem\n"
					   "17|17|N/A|17+|PD|10:00|normal|bio\nx\n";
	spend();
	GIVES(3, "1 queued job on dev moved",
	      "dev: 5 lines of squeue cannot be used, and such jobs are not moved", "check");
	HAS("12", "scav", "10:00");
	/* A job that is away and has no row may be one of those. */
	fake_end_queued("dev", "12");
	GIVES(3, NULL, "5 lines", "check");
	JOURNAL("queued", "entry 14 done\n");
	fake_cluster("dev")->more_queued = "";
	fake_end_queued("dev", "13");
	DONE("", "check");
	JOURNAL("queued", "entry 14 done\nentry 14: 1 not waiting\n");
}
END_TEST

START_TEST(a_job_that_slurm_does_not_move_is_tried_again_every_hour)
{
	add("12", 12, "bio", "10:00");
	add("13", 13, "bio", "10:00");
	fake_find_queued("dev", "12")->stuck = true;
	spend();
	GIVES(3, "bio: 1 queued job on dev moved from QOS normal to scav",
	      "bio: 1 queued job on dev could not be moved from QOS normal to scav, and checks try "
	      "again every hour (12): scontrol failed with status 1: Invalid qos specification",
	      "check");
	ck_assert_ptr_nonnull(strstr(err, "update JobId=12 QOS=scav TimeLimit=10"));
	HAS("12", "normal", "10:00");
	HAS("13", "scav", "10:00");
	nothing_to_do();
	DONE("1 of its jobs on dev are between two QOS: the next checks try again", "why", "bio");
	clock_now += 3600 * 1000000LL;
	/* It is reported once. */
	DONE("", "check");
	DONE("entry 14: 1 not moved yet: scontrol failed with status 1", "journal", "bio", "--kind",
	     "queued");
	fake_find_queued("dev", "12")->stuck = false;
	nothing_to_do();
	clock_now += 3600 * 1000000LL;
	DONE("bio: 1 queued job on dev moved from QOS normal to scav", "check");
	DONE("bio: 2 queued jobs on dev went back to QOS normal", "deposit", "bio", "100");
	HAS("12", "normal", "10:00");
	DONE("bio is fine", "why", "bio");
}
END_TEST

/* Lets scontrol time out before it changes a job, or, killed, after that. */
static enum fake_mode update_mode;

static void spoil_update(enum fake_program program)
{
	if (program == FAKE_SCONTROL)
		fake_mode[program] = strstr(fake_line, " update ") ? update_mode : FAKE_OK;
}

START_TEST(a_scontrol_that_times_out_leaves_the_move_to_the_next_check)
{
	add("12", 12, "bio", "10:00");
	add("13", 13, "bio", "UNLIMITED");
	spend();
	fake_hook = spoil_update;
	update_mode = FAKE_TIMES_OUT;
	GIVES(3, "spent", "dev: queued jobs could not be moved, the next check tries again",
	      "check");
	HAS("12", "normal", "10:00");
	JOURNAL("queued", "");
	DONE("2 of its jobs on dev are between two QOS: the next checks try again", "why", "bio");
	/* One was moved after all, the other started. */
	set_qos("12", "scav");
	set_state("13", "R");
	update_mode = FAKE_OK;
	DONE("bio: 1 queued job on dev moved from QOS normal to scav", "check");
	JOURNAL("queued", "entry 14: 1 not waiting\nentry 15 done\n");
	update_mode = FAKE_TIMES_OUT;
	GIVES(3, "", "could not be moved", "deposit", "bio", "100");
	HAS("12", "scav", "10:00");
	/* A return is completed even if the account is held again meanwhile. */
	update_mode = FAKE_OK;
	DONE("", "withdraw", "bio", "90", "--no-apply");
	fake_account("dev", "bio")->usage += 400000;
	DONE("1 queued job on dev went back to QOS normal", "check");
	DONE("1 queued job on dev moved from QOS normal to scav", "check");
	HAS("12", "scav", "10:00");
}
END_TEST

START_TEST(after_a_call_that_timed_out_the_cluster_is_asked_no_more)
{
	add("12", 12, "bio", "10:00");
	add("13", 13, "bio", "20:00");
	add("14", 14, "bio", "30:00");
	spend();
	fake_hook = spoil_update;
	update_mode = FAKE_TIMES_OUT;
	int calls = fake_calls[FAKE_SCONTROL];
	GIVES(3, "spent", "could not be moved, the next check tries again", "check");
	/* The configuration before and after the limits are set, and one list. */
	ck_assert_int_eq(fake_calls[FAKE_SCONTROL], calls + 3);
	update_mode = FAKE_OK;
	DONE("3 queued jobs on dev moved", "check");
}
END_TEST

START_TEST(a_move_without_an_outcome_is_dropped_when_nothing_is_held_any_more)
{
	add("12", 12, "bio", "10:00");
	add("13", 13, "bio", "20:00");
	spend();
	fake_hook = spoil_update;
	update_mode = FAKE_TIMES_OUT;
	GIVES(3, "spent", "could not be moved", "check");
	set_qos("13", "scav");
	update_mode = FAKE_OK;
	DONE("1 queued job on dev went back to QOS normal", "deposit", "bio", "100");
	HAS("12", "normal", "10:00");
	HAS("13", "normal", "20:00");
	DONE("bio is fine", "why", "bio");
}
END_TEST

/* ---- what goes well ---- */

START_TEST(jobs_move_and_come_back_with_qos_and_time_limit)
{
	add("12", 12, "bio", "10:00");
	add("13", 13, "bio", "UNLIMITED");
	add("14_[3-6%2]", 14, "bio", "2-01:00:00");
	add("14_1", 15, "bio", "2-01:00:00");
	set_state("14_1", "R");
	add("16+0", 16, "bio", "10:00");
	add("16+1", 17, "lab", "12:00");
	add("18", 18, "bio", "10:00");
	set_qos("18", "scav");
	add("19", 19, "rich", "10:00");
	add("20", 20, "bio", "10:00");
	set_qos("20", "fast");
	spend();
	GIVES(0, "bio: 5 queued jobs on dev would move from QOS normal to scav",
	      "nothing was changed", "check", "--dry-run");
	JOURNAL("queue", "");
	HAS("12", "normal", "10:00");
	DONE("bio: 1 queued job on dev moved from QOS fast to scav\n"
	     "bio: 5 queued jobs on dev moved from QOS normal to scav\n",
	     "check");
	HAS("12", "scav", "10:00");
	HAS("13", "scav", "UNLIMITED");
	HAS("14_[3-6%2]", "scav", "2940:00");
	HAS("14_1", "normal", "2-01:00:00");
	HAS("16+0", "scav", "10:00");
	HAS("16+1", "scav", "12:00");
	HAS("18", "scav", "10:00");
	HAS("19", "normal", "10:00");
	HAS("20", "scav", "10:00");
	DONE("dev 2 jobs from QOS normal to scav", "journal", "bio", "-nP", "-o", "Detail");
	nothing_to_do();
	DONE("6 of its jobs on dev were moved to QOS scav", "why", "bio");
	/* Since 25.05.6 Slurm may have replaced a time limit. */
	(void)snprintf(fake_find_queued("dev", "13")->limit, 32, "5:00");
	(void)snprintf(fake_find_queued("dev", "12")->limit, 32, "5:00");
	set_state("20", "R");
	DONE("bio: 5 queued jobs on dev went back to QOS normal", "deposit", "bio", "100");
	HAS("12", "normal", "10:00");
	HAS("13", "normal", "UNLIMITED");
	HAS("14_[3-6%2]", "normal", "2940:00");
	HAS("16+0", "normal", "10:00");
	HAS("16+1", "normal", "12:00");
	HAS("18", "scav", "10:00");
	HAS("20", "scav", "10:00");
	/* The one that runs may be queued again. */
	fake_end_queued("dev", "20");
	DONE("", "check");
	int calls = fake_calls[FAKE_SQUEUE];
	nothing_to_do();
	ck_assert_int_eq(fake_calls[FAKE_SQUEUE], calls);
}
END_TEST

START_TEST(few_calls_serve_many_jobs)
{
	for (int i = 0; i < 50; i++) {
		static char names[50][8];

		(void)snprintf(names[i], sizeof(names[i]), "%d", 100 + i);
		add(names[i], 100 + i, "bio", i % 2 ? "10:00" : "20:00");
	}
	spend();
	int calls = fake_calls[FAKE_SCONTROL];
	DONE("50 queued jobs on dev moved", "check");
	/* The configuration before and after the limits are set, and two lists of jobs. */
	ck_assert_int_eq(fake_calls[FAKE_SCONTROL], calls + 4);
	DONE("50 queued jobs on dev went back", "deposit", "bio", "100");
}
END_TEST

START_TEST(a_job_that_its_user_moved_is_left_alone)
{
	add("12", 12, "bio", "10:00");
	add("13", 13, "bio", "10:00");
	add("14", 14, "bio", "10:00");
	fake_find_queued("dev", "14")->flees = true;
	spend();
	DONE("bio: 1 queued job on dev got another QOS from the user, and is left alone (14)",
	     "check");
	set_qos("12", "normal");
	DONE("bio: 1 queued job on dev got another QOS from the user, and is left alone (12)",
	     "check");
	nothing_to_do();
	HAS("12", "normal", "10:00");
	HAS("14", "fast", "10:00");
	/* Even if it is in the scavenger QOS again: its user wants it there. */
	set_qos("12", "scav");
	DONE("bio: 1 queued job on dev went back to QOS normal", "deposit", "bio", "100");
	HAS("12", "scav", "10:00");
	HAS("13", "normal", "10:00");
	HAS("14", "fast", "10:00");
}
END_TEST

START_TEST(jobs_that_started_or_ended_leave_the_list_once_an_hour)
{
	add("12", 12, "bio", "10:00");
	add("13", 13, "bio", "10:00");
	add("14", 14, "bio", "10:00");
	spend();
	DONE("3 queued jobs on dev moved", "check");
	fake_end_queued("dev", "12");
	set_state("13", "R");
	nothing_to_do();
	clock_now += 3600 * 1000000LL;
	DONE("", "check");
	JOURNAL("queued", "entry 14 done\nentry 14: 1 not waiting\n");
	/* One that runs may be queued again, and then goes back. */
	set_state("13", "PD");
	DONE("2 queued jobs on dev went back", "deposit", "bio", "100");
	HAS("13", "normal", "10:00");
}
END_TEST

START_TEST(accounts_above_and_below_count)
{
	add("12", 12, "own", "10:00");
	add("13", 13, "lab", "10:00");
	spend();
	DONE("own: 1 queued job on dev moved", "check");
	HAS("12", "scav", "10:00");
	HAS("13", "scav", "10:00");
	/* A stop holds jobs in the scavenger QOS too: nothing moves, either way. */
	DONE("", "hold", "own");
	add("14", 14, "own", "10:00");
	nothing_to_do();
	HAS("14", "normal", "10:00");
	DONE("own: 1 queued job on dev moved", "release", "own");
	HAS("14", "scav", "10:00");
	DONE("own: 2 queued jobs on dev went back", "deposit", "bio", "100");
	HAS("12", "normal", "10:00");
	HAS("13", "normal", "10:00");
	HAS("14", "normal", "10:00");
	DONE("own is fine", "why", "own");
}
END_TEST

START_TEST(jobs_of_an_account_opened_inside_meanwhile_return)
{
	add("13", 13, "lab", "10:00");
	spend();
	DONE("bio: 1 queued job on dev moved", "check");
	DONE("", "open", "lab", "10");
	HAS("13", "scav", "10:00");
	nothing_to_do();
	DONE("bio: 1 queued job on dev went back", "deposit", "bio", "100");
	HAS("13", "normal", "10:00");
}
END_TEST

START_TEST(with_the_setting_turned_off_jobs_still_return)
{
	add("12", 12, "bio", "10:00");
	spend();
	DONE("1 queued job on dev moved", "check");
	set_settings(SETTINGS(""));
	add("13", 13, "bio", "10:00");
	nothing_to_do();
	HAS("13", "normal", "10:00");
	set_settings("clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"
		     "charge_minutes: 0\n");
	RUN("check");
	HAS("12", "scav", "10:00");
	DONE("1 queued job on dev went back to QOS normal", "deposit", "bio", "100");
	HAS("12", "normal", "10:00");
}
END_TEST

START_TEST(an_array_with_differing_tasks_is_left_alone_and_returns_record_by_record)
{
	add("14_[3-6%2]", 14, "bio", "10:00");
	add("14_2", 15, "bio", "20:00");
	add("16_[3-6]", 16, "bio", "10:00");
	add("16_2", 17, "bio", "10:00");
	spend();
	GIVES(3, "bio: 1 queued job on dev moved",
	      "left alone (14): its tasks have different QOS, time limits or accounts", "check");
	HAS("14_[3-6%2]", "normal", "10:00");
	HAS("14_2", "normal", "20:00");
	HAS("16_[3-6]", "scav", "10:00");
	HAS("16_2", "scav", "10:00");
	nothing_to_do();
	set_qos("16_2", "fast");
	nothing_to_do();
	DONE("bio: 1 queued job on dev went back", "deposit", "bio", "100");
	HAS("16_[3-6]", "normal", "10:00");
	HAS("16_2", "fast", "10:00");
}
END_TEST

START_TEST(entries_survive_export_import_and_verify)
{
	char *before, path[96], bank[96];

	add("12", 12, "bio", "10:00");
	add("13", 13, "bio", "UNLIMITED");
	add("16+1", 17, "lab", "12:00");
	fake_find_queued("dev", "13")->stuck = true;
	spend();
	GIVES(3, "2 queued jobs on dev moved", "could not be moved", "check");
	DONE("all is well", "verify");
	before = exported();
	ck_assert_ptr_nonnull(strstr(before, "kind: queue,"));
	ck_assert_ptr_nonnull(strstr(before, "action: away, qos: \"normal\", to_qos: \"scav\", "
					     "time_limit: 12, jobs: \"16+1\""));
	ck_assert_ptr_nonnull(strstr(before, "left: \"13\""));
	(void)snprintf(path, sizeof(path), "%s/file.yaml", test_folder);
	(void)snprintf(bank, sizeof(bank), "%s/other", test_folder);
	util_write_file(path, before, strlen(before));
	RUN("-b", bank, "import", path);
	ck_assert_int_eq(status, 0);
	DONE("all is well", "-b", bank, "verify");
	RUN("-b", bank, "export");
	ck_assert_str_eq(out, before);
	DONE("2 of its jobs on dev were moved to QOS scav", "-b", bank, "why", "bio");
	free(before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs_queue");
	TCase *tcase = tcase_create("queue");

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_add_test(tcase, without_the_setting_or_a_spent_account_slurm_is_not_asked);
	tcase_add_test(tcase, a_squeue_that_fails_leaves_the_jobs_to_the_next_check);
	tcase_add_test(tcase, a_row_that_cannot_be_used_costs_that_job_only);
	tcase_add_test(tcase, a_job_that_slurm_does_not_move_is_tried_again_every_hour);
	tcase_add_test(tcase, a_scontrol_that_times_out_leaves_the_move_to_the_next_check);
	tcase_add_test(tcase, after_a_call_that_timed_out_the_cluster_is_asked_no_more);
	tcase_add_test(tcase, a_move_without_an_outcome_is_dropped_when_nothing_is_held_any_more);
	tcase_add_test(tcase, jobs_move_and_come_back_with_qos_and_time_limit);
	tcase_add_test(tcase, few_calls_serve_many_jobs);
	tcase_add_test(tcase, a_job_that_its_user_moved_is_left_alone);
	tcase_add_test(tcase, jobs_that_started_or_ended_leave_the_list_once_an_hour);
	tcase_add_test(tcase, accounts_above_and_below_count);
	tcase_add_test(tcase, jobs_of_an_account_opened_inside_meanwhile_return);
	tcase_add_test(tcase, with_the_setting_turned_off_jobs_still_return);
	tcase_add_test(tcase,
		       an_array_with_differing_tasks_is_left_alone_and_returns_record_by_record);
	tcase_add_test(tcase, entries_survive_export_import_and_verify);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
