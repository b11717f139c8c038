/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verbs under `enforcement: scavenge`, run in this process. */
#include "tests/drive.h"

#define SETTINGS                                                                                   \
	"clusters: [dev]\nthresholds: []\nnotice_days: 0\ncharge_minutes: 0\n"                     \
	"enforcement: scavenge\nscavenger_qos: low\n"

/* "bio" has 0.05 SU: 180 billing-seconds. */
static struct fake_account *bio;

static void setup(void)
{
	drive_setup();
	set_settings(SETTINGS);
	(void)fake_account("dev", "root");
	bio = fake_account("dev", "bio");
	bio->usage = 0;
	DONE("", "open", "bio", "0.05");
}

START_TEST(a_spent_account_is_held_and_its_scavenger_jobs_start)
{
	bio->usage = 179;
	DONE("bio: charged", "check");
	ck_assert_str_eq(bio->limits, "");
	bio->usage = 180;
	DONE("bio: spent, available 0.00 SU; of its jobs only those in QOS low start\n", "check");
	ck_assert_str_eq(bio->limits, "cpu=0");
	ck_assert_int_eq(bio->grp_jobs, -1);
	nothing_to_do();
	DONE("bio is spent (funds): available 0.00 SU\n"
	     "  of its jobs only those in QOS low start\n",
	     "why", "bio");
	DONE("bio|scavenge|funds\n", "balance", "bio", "-nPo", "Account,State,Causes");
	DONE("bio has 1.00 SU", "deposit", "bio", "1");
	ck_assert_str_eq(bio->limits, "");
	DONE("bio|open|\n", "balance", "bio", "-nPo", "Account,State,Causes");
	DONE("", "verify");
}
END_TEST

START_TEST(what_is_stopped_above_a_spent_account_counts_more)
{
	struct fake_account *lab = fake_account("dev", "lab"), *sub = fake_account("dev", "sub");

	(void)snprintf(sub->parent, sizeof(sub->parent), "lab");
	lab = fake_account("dev", "lab");
	(void)snprintf(lab->parent, sizeof(lab->parent), "bio");
	DONE("", "open", "lab", "0.05");
	DONE("", "open", "sub", "1");
	fake_account("dev", "lab")->usage = 180;
	RUN("check");
	GIVES(0, "lab|scavenge\nsub|scavenge\n",
	      "sub: only jobs in the scavenger QOS start, since lab above it is held", "balance",
	      "lab", "sub", "-nPo", "Account,State");
	DONE("", "hold", "bio", "--note", "an audit");
	GIVES(0, "lab|blocked\nsub|blocked\n", "sub: no job starts, since bio above it is held",
	      "balance", "lab", "sub", "-nPo", "Account,State");
	DONE("lab is spent (funds): available 0.00 SU\n  entry", "why", "lab");
	DONE("bio above it is held, and until that ends no job of lab starts", "why", "lab");
	DONE("bio above it is held, and until that ends no job of sub starts", "why", "sub");
}
END_TEST

/* A limit that somebody changed must not keep a second one in force that is no longer wanted. */
START_TEST(a_changed_lever_does_not_keep_the_stop)
{
	DONE("", "terms", "bio", "--enforce", "hold");
	bio->usage = 180;
	RUN("check");
	ck_assert_int_eq(bio->grp_jobs, 0);
	(void)snprintf(bio->limits, sizeof(bio->limits), "cpu=100");
	GIVES(3, NULL, "it is left so", "check");
	set_settings("clusters: [dev]\nthresholds: []\n");
	GIVES(3, NULL, "it is left so", "check");
	ck_assert_str_eq(bio->limits, "cpu=100");
	ck_assert_int_eq(bio->grp_jobs, -1);
}
END_TEST

START_TEST(an_account_held_by_the_stop_itself_cannot_scavenge)
{
	DONE("", "terms", "bio", "--lever", "GrpJobs");
	DONE("enforcement  hold", "terms", "bio");
	bio->usage = 180;
	DONE("bio: held, available 0.00 SU\n", "check");
	ck_assert_str_eq(bio->limits, "");
	ck_assert_int_eq(bio->grp_jobs, 0);
	DONE("bio is held (funds)", "why", "bio");
}
END_TEST

START_TEST(a_grace_lets_a_stopped_account_run)
{
	set_settings(SETTINGS "stop_at: 125%\n");
	bio->usage = 180;
	RUN("check");
	DONE("", "release", "bio", "--until", "now+1day", "--note", "a deadline");
	ck_assert_str_eq(bio->limits, "");
	bio->usage = 500;
	RUN("check");
	ck_assert_ptr_null(strstr(out, "stopped"));
	ck_assert_int_eq(bio->grp_jobs, -1);
	RUN("why", "bio");
	ck_assert_ptr_null(strstr(out, "not even"));
	clock_now += 2 * WHEN_DAY;
	RUN("check");
	ck_assert_str_eq(bio->limits, "cpu=0");
	ck_assert_int_eq(bio->grp_jobs, 0);
	DONE("  0.13 SU are used, so that not even jobs in QOS low start (stop_at: 125%); a "
	     "deposit "
	     "of more than 0.06 SU ends that\n",
	     "why", "bio");
	/* 400 allocated times 125% are 500. */
	DONE("", "deposit", "bio", "220s");
	ck_assert_int_eq(bio->grp_jobs, 0);
	DONE("", "deposit", "bio", "1s");
	ck_assert_int_eq(bio->grp_jobs, -1);
	ck_assert_str_eq(bio->limits, "cpu=0");
}
END_TEST

START_TEST(other_holds_and_rules_keep_the_report_of_an_ended_overrun_quiet)
{
	set_settings(SETTINGS "stop_at: 125%\n");
	bio->usage = 500;
	RUN("check");
	RUN("terms", "bio", "--enforce", "hold");
	ck_assert_ptr_null(strstr(out, "no longer stopped"));
	ck_assert_int_eq(bio->grp_jobs, 0);
	DONE("", "terms", "bio", "--enforce", "scavenge");
	ck_assert_int_eq(bio->grp_jobs, 0);
	set_settings(SETTINGS);
	DONE("the next check ends the overrun", "why", "bio");
	DONE("bio: no longer stopped: 0.13 SU of 0.05 SU are used\n", "check");
	ck_assert_int_eq(bio->grp_jobs, -1);
}
END_TEST

/* The administrator must learn of them before the bank is let loose. */
START_TEST(accounts_that_never_had_money_are_named_as_under_hold)
{
	DONE("", "withdraw", "bio", "all");
	(void)fake_account("dev", "chem");
	DONE("", "open", "chem");
	fake_account("dev", "chem")->usage = 1;
	GIVES(0, "of these, accounts that never had money: 1: chem", "dry run", "check",
	      "--dry-run");
	DONE("chem: held at its first use, because it never had money", "check");
	DONE("chem|scavenge\n", "balance", "chem", "-nPo", "Account,State");
}
END_TEST

START_TEST(an_account_inside_a_spent_one_starts_scavenger_jobs_alone)
{
	struct fake_account *lab = fake_account("dev", "lab");

	(void)snprintf(lab->parent, sizeof(lab->parent), "bio");
	DONE("", "open", "lab", "1");
	bio = fake_account("dev", "bio");
	bio->usage = 180;
	RUN("check");
	DONE("lab is blocked by bio, which is held: available 1.00 SU\n"
	     "  bio above it is held, and until that ends only jobs in QOS low start: see `subank "
	     "why bio`\n",
	     "why", "lab");
}
END_TEST

/* The scavenger QOS passes the lever, so what stops its jobs is a second limit. */
START_TEST(a_hold_by_hand_and_a_closed_account_stop_the_scavenger_jobs_too)
{
	bio->grp_jobs = 7; /* the site's own */
	DONE("", "hold", "bio", "--note", "an audit");
	ck_assert_str_eq(bio->limits, "cpu=0");
	ck_assert_int_eq(bio->grp_jobs, 0);
	RUN("check"); /* inspects GrpJobs, as once an hour */
	nothing_to_do();
	DONE("bio is held (hand)", "why", "bio");
	DONE("", "release", "bio");
	ck_assert_str_eq(bio->limits, "");
	ck_assert_int_eq(bio->grp_jobs, 7);
	DONE("", "close", "bio");
	ck_assert_str_eq(bio->limits, "cpu=0");
	ck_assert_int_eq(bio->grp_jobs, 0);
	DONE("", "open", "bio");
	ck_assert_int_eq(bio->grp_jobs, 7);
	/* One of the two holds ends: the other one stays. */
	bio->usage = 180;
	RUN("check");
	DONE("", "hold", "bio", "--note", "an audit");
	ck_assert_int_eq(bio->grp_jobs, 0);
	DONE("", "release", "bio");
	ck_assert_str_eq(bio->limits, "cpu=0");
	ck_assert_int_eq(bio->grp_jobs, 7);
	nothing_to_do();
}
END_TEST

START_TEST(an_account_under_another_rule_is_stopped)
{
	DONE("", "terms", "bio", "--enforce", "hold");
	bio->usage = 180;
	DONE("bio: held, available 0.00 SU\n", "check");
	ck_assert_str_eq(bio->limits, "cpu=0");
	ck_assert_int_eq(bio->grp_jobs, 0);
	/* Its rule changes while it is held. */
	DONE("", "terms", "bio", "--enforce", "scavenge");
	ck_assert_str_eq(bio->limits, "cpu=0");
	ck_assert_int_eq(bio->grp_jobs, -1);
	/* Its lever is the stop itself. */
	DONE("", "terms", "bio", "--lever", "GrpJobs", "--enforce", "hold");
	ck_assert_str_eq(bio->limits, "");
	ck_assert_int_eq(bio->grp_jobs, 0);
	DONE("", "deposit", "bio", "1");
	ck_assert_str_eq(bio->limits, "");
	ck_assert_int_eq(bio->grp_jobs, -1);
}
END_TEST

START_TEST(stop_at_stops_what_the_account_owes_too_much_for)
{
	set_settings(SETTINGS "stop_at: 125%\n");
	bio->usage = 224;
	DONE("bio: spent, available -0.01 SU; of its jobs only those in QOS low start\n", "check");
	DONE("  of its jobs only those in QOS low start\n"
	     "  once 0.06 SU are used (stop_at: 125%) not even those do\n",
	     "why", "bio");
	ck_assert_int_eq(bio->grp_jobs, -1);
	bio->usage = 225;
	DONE("bio: stopped: 0.06 SU of 0.05 SU are used (stop_at: 125%), and its jobs in QOS low "
	     "no "
	     "longer start\n",
	     "check");
	ck_assert_str_eq(bio->limits, "cpu=0");
	ck_assert_int_eq(bio->grp_jobs, 0);
	nothing_to_do();
	DONE("bio is held (funds, overrun)", "why", "bio");
	DONE("not even jobs in QOS low start", "why", "bio");
	/* Enough to owe less than a quarter, not enough to be released. */
	DONE("", "deposit", "bio", "2s");
	DONE("bio|scavenge|funds\n", "balance", "bio", "-nPo", "Account,State,Causes");
	ck_assert_str_eq(bio->limits, "cpu=0");
	ck_assert_int_eq(bio->grp_jobs, -1);
	DONE("hold|funds\nhold|overrun\nrelease|overrun\n", "journal", "bio", "--kind",
	     "hold,release", "-nPo", "Kind,Detail");
}
END_TEST

START_TEST(both_holds_end_with_one_deposit)
{
	set_settings(SETTINGS "stop_at: 125%\n");
	bio->usage = 500;
	DONE("bio: stopped", "check");
	ck_assert_int_eq(bio->grp_jobs, 0);
	DONE("bio: released, available 0.91 SU\n", "deposit", "bio", "1");
	ck_assert_ptr_null(strstr(out, "stays held"));
	DONE("bio|open|\n", "balance", "bio", "-nPo", "Account,State,Causes");
	ck_assert_str_eq(bio->limits, "");
	ck_assert_int_eq(bio->grp_jobs, -1);
	DONE("", "verify");
}
END_TEST

START_TEST(the_notify_command_learns_the_state_and_the_qos)
{
	set_settings(SETTINGS "stop_at: 125%\nnotify: /notify\n");
	RUN("check");
	bio->usage = 180;
	RUN("check");
	check_has(__FILE__, __LINE__, "the message", told,
		  "\"state\":\"scavenge\",\"scavenger_qos\":\"low\"");
	bio->usage = 300;
	RUN("check");
	check_has(__FILE__, __LINE__, "the message", told, "\"cause\":\"overrun\"");
	check_has(__FILE__, __LINE__, "the message", told,
		  "\"state\":\"held\",\"scavenger_qos\":null");
}
END_TEST

START_TEST(scavenge_without_a_qos_is_refused)
{
	set_settings("clusters: [dev]\n");
	REFUSED(1, "--enforce scavenge needs `scavenger_qos` in the settings", "terms", "bio",
		"--enforce", "scavenge");
	set_settings(SETTINGS);
	DONE("", "terms", "bio", "--enforce", "scavenge");
	/* The setting is gone: then it is a hold like any other. */
	set_settings("clusters: [dev]\nthresholds: []\n");
	bio->usage = 180;
	DONE("bio: held, available 0.00 SU\n", "check");
	ck_assert_str_eq(bio->limits, "cpu=0");
	ck_assert_int_eq(bio->grp_jobs, -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs_scavenge");
	TCase *tcase = tcase_create("scavenge");

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_add_test(tcase, a_spent_account_is_held_and_its_scavenger_jobs_start);
	tcase_add_test(tcase, what_is_stopped_above_a_spent_account_counts_more);
	tcase_add_test(tcase, a_changed_lever_does_not_keep_the_stop);
	tcase_add_test(tcase, an_account_held_by_the_stop_itself_cannot_scavenge);
	tcase_add_test(tcase, a_grace_lets_a_stopped_account_run);
	tcase_add_test(tcase, other_holds_and_rules_keep_the_report_of_an_ended_overrun_quiet);
	tcase_add_test(tcase, accounts_that_never_had_money_are_named_as_under_hold);
	tcase_add_test(tcase, an_account_inside_a_spent_one_starts_scavenger_jobs_alone);
	tcase_add_test(tcase, a_hold_by_hand_and_a_closed_account_stop_the_scavenger_jobs_too);
	tcase_add_test(tcase, an_account_under_another_rule_is_stopped);
	tcase_add_test(tcase, stop_at_stops_what_the_account_owes_too_much_for);
	tcase_add_test(tcase, both_holds_end_with_one_deposit);
	tcase_add_test(tcase, the_notify_command_learns_the_state_and_the_qos);
	tcase_add_test(tcase, scavenge_without_a_qos_is_refused);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
