/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Older books that take command of Slurm, run in this process with a fake Slurm. */
#include "tests/drive.h"

enum { SU = 3600 };

static struct fake_account *dev(const char *name)
{
	return fake_account("dev", name);
}

#define LIMIT(account, expected) ck_assert_str_eq(dev(account)->limits, expected)

static void set_text(char to[256], const char *text)
{
	(void)snprintf(to, 256, "%s", text);
}

/* "bio" and "chem" have 10 SU each and were checked. */
static void setup(void)
{
	drive_setup();
	(void)dev("bio");
	(void)dev("chem");
	DONE("", "open", "bio", "10");
	DONE("", "open", "chem", "10");
	DONE("", "check");
	memset(fake_calls, 0, sizeof(fake_calls));
}

static void keep_copy(void)
{
	char *text = exported(), path[128];

	(void)snprintf(path, sizeof(path), "%s/copy", test_folder);
	util_write_file(path, text, strlen(text));
	free(text);
}

/* Puts the kept copy of the bank in place. */
static void restore_copy(void)
{
	char path[128], folder[128];

	(void)snprintf(path, sizeof(path), "%s/copy", test_folder);
	(void)snprintf(folder, sizeof(folder), "%s/restored", test_folder);
	ck_assert_int_eq(setenv("SUBANK_BANK", folder, 1), 0);
	GIVES(0, "restored", "adopt", "import", path);
	memset(fake_calls, 0, sizeof(fake_calls));
	fake_shows = fake_modifies = 0;
}

/* ---- refusals ---- */

START_TEST(command_of_some_clusters_is_refused)
{
	(void)fake_account("gpu", "bio");
	machine = "id/copy";
	REFUSED(2, "leave --clusters out", "adopt", "-M", "dev");
	REFUSED(2, "leave --clusters out", "adopt", "--clusters", "gpu", "--immediate");
	GIVES(3, "", "subank adopt", "check");
	DONE("now commands Slurm", "adopt");
}
END_TEST

START_TEST(limits_that_cannot_be_read_leave_the_bank_as_it_was)
{
	keep_copy();
	restore_copy();
	fake_show_mode = FAKE_FAILS;
	GIVES(1, NULL, "not adopted", "adopt", "--bank-holds");
	GIVES(3, "", "subank adopt", "check");
	fake_show_mode = FAKE_OK;
	fake_cluster("dev")->silent = true;
	GIVES(1, NULL, "not adopted", "adopt", "--bank-holds");
	fake_cluster("dev")->silent = false;
	fake_cluster("dev")->half_life = "7-00:00:00";
	GIVES(1, NULL, "not adopted", "adopt", "--bank-holds");
	fake_cluster("dev")->half_life = "0";
	GIVES(3, "", "subank adopt", "check");
	DONE("now commands Slurm", "adopt");
	nothing_to_do();
}
END_TEST

/* ---- limits by terms that are not in the older books ---- */

static void change_terms(void)
{
	keep_copy();
	set_text(dev("bio")->limits, "gres/gpu=7");
	DONE("", "terms", "bio", "--lever", "GrpJobs");
	DONE("", "hold", "bio");
	DONE("", "terms", "chem", "--enforce", "limit");
	ck_assert_int_eq(dev("bio")->grp_jobs, 0);
	LIMIT("chem", "billing=598");
	restore_copy();
}

START_TEST(levers_of_other_terms_are_asked_for)
{
	change_terms();
	GIVES(1, NULL,
	      "limits in Slurm that are not in the books: 2, the first is that of bio on dev",
	      "adopt");
	ck_assert_int_eq(fake_shows, 1);
	ck_assert_int_eq(fake_modifies, 0);
	at_terminal = true;
	answers = "b\n";
	GIVES(1, "bio on dev has GrpJobs=0", "nothing was changed", "adopt");
	ck_assert_ptr_nonnull(strstr(out, "chem on dev has GrpTRESMins=billing=598"));
	GIVES(3, "", "subank adopt", "check");
	answers = "s\nb\n";
	DONE("now commands Slurm", "adopt");
	DONE("", "check");
	ck_assert_int_eq(dev("bio")->grp_jobs, 0);
	LIMIT("bio", "gres/gpu=7");
	LIMIT("chem", "");
	nothing_to_do();
	DONE("all is well", "verify", "--slurm");
}
END_TEST

START_TEST(levers_of_other_terms_are_put_back_by_the_check)
{
	change_terms();
	DONE("bio on dev: its limit GrpJobs=0 is the bank's", "adopt", "--bank-holds");
	ck_assert_ptr_nonnull(
		strstr(out, "chem on dev: its limit GrpTRESMins=billing=598 is the bank's"));
	DONE("limits 2\n", "verify", "--slurm");
	DONE("", "check");
	ck_assert_int_eq(dev("bio")->grp_jobs, -1);
	LIMIT("bio", "gres/gpu=7");
	LIMIT("chem", "");
	nothing_to_do();
	DONE("limits 0\n", "verify", "--slurm");
}
END_TEST

/* A budget of memory may have had a limit that follows it; other limits of memory are the site's.
 */
START_TEST(the_limit_of_a_resource_is_asked_for)
{
	set_text(dev("bio")->tres_raw, "cpu=0,mem=0");
	DONE("", "open", "bio", "5", "--resource", "mem");
	set_text(dev("bio")->limits, "cpu=7,mem=9");
	set_text(dev("chem")->limits, "mem=9");
	keep_copy();
	restore_copy();
	GIVES(1, NULL, "not in the books: 1, the first is that of bio on dev", "adopt");
	/* Only accounts of Slurm are asked for. */
	ck_assert_ptr_null(strstr(fake_line, "bio:mem"));
	DONE("bio on dev: its limit GrpTRESMins=mem=9 is the bank's", "adopt", "--bank-holds");
	DONE("", "check");
	LIMIT("bio", "cpu=7");
	LIMIT("chem", "mem=9");
	nothing_to_do();
}
END_TEST

/* Finds every field that can hold, with every TRES, and no other. */
START_TEST(every_limit_that_can_hold_is_seen)
{
	set_text(dev("bio")->limits, "billing=500,cpu=0,gres/gpu=0,mem=9");
	set_text(dev("bio")->run_limits, "billing=500,cpu=7,node=0");
	dev("bio")->grp_jobs = 3;
	dev("bio")->grp_submit_jobs = 0;
	dev("chem")->grp_jobs = 0;
	set_text(dev("chem")->limits, "cpu=1");
	(void)dev("alien");
	dev("alien")->grp_jobs = 0;
	keep_copy();
	restore_copy();
	GIVES(1, NULL, "not in the books: 6, ", "adopt");
	DONE("bio on dev: its limit GrpTRESMins=billing=500 is the site's", "adopt", "-i");
	for (size_t i = 0; i < 5; i++) {
		static const char *const limits[] = {
			"bio on dev: its limit GrpTRESMins=cpu=0 ",
			"bio on dev: its limit GrpTRESMins=gres/gpu=0 ",
			"bio on dev: its limit GrpTRESRunMins=node=0 ",
			"bio on dev: its limit GrpSubmitJobs=0 ",
			"chem on dev: its limit GrpJobs=0 ",
		};

		ck_assert_ptr_nonnull(strstr(out, limits[i]));
	}
	nothing_to_do();
	ck_assert_int_eq(fake_modifies, 0);
}
END_TEST

START_TEST(all_clusters_are_seen_with_one_call_each)
{
	set_settings("clusters: [dev, gpu]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n");
	fake_account("gpu", "bio")->grp_submit_jobs = 0;
	DONE("", "check");
	keep_copy();
	restore_copy();
	DONE("bio on gpu: its limit GrpSubmitJobs=0 is the bank's", "adopt", "--bank-holds");
	ck_assert_int_eq(fake_shows, 2);
	DONE("", "check");
	ck_assert_int_eq(fake_account("gpu", "bio")->grp_submit_jobs, -1);
	nothing_to_do();
}
END_TEST

/* ---- a bank that commands already ---- */

START_TEST(drift_is_left_by_a_bank_that_commands_already)
{
	char *before;

	DONE("", "hold", "bio");
	LIMIT("bio", "cpu=0");
	set_text(dev("bio")->limits, "cpu=77");
	before = exported();
	DONE("commands Slurm from here already; head ", "adopt", "--bank-holds");
	ck_assert_ptr_null(strstr(out, "bio"));
	UNCHANGED(before);
	GIVES(3, "", "bio", "check");
	LIMIT("bio", "cpu=77");
	/* A bank that takes command sets it again. */
	machine = "id/copy";
	DONE("bio on dev: held in the books, not in Slurm", "adopt");
	DONE("", "check");
	LIMIT("bio", "cpu=0");
}
END_TEST

START_TEST(a_bank_that_commands_already_can_take_limits_over_later)
{
	dev("bio")->grp_jobs = 0;
	GIVES(1, NULL, "the first is that of bio on dev", "adopt");
	DONE("commands Slurm from here already", "adopt", "--immediate");
	nothing_to_do();
	DONE("commands Slurm from here already", "adopt", "--bank-holds");
	DONE("", "check");
	ck_assert_int_eq(dev("bio")->grp_jobs, -1);
}
END_TEST

/* ---- moves before the first check ---- */

/* Moves "lab", which is not in the bank, below [to] with 1 SU of use. */
static void move_lab(const char *from, const char *to)
{
	set_text(dev("lab")->parent, to);
	dev(from)->usage -= SU;
	dev(to)->usage += SU;
}

static void place_lab(void)
{
	set_text(dev("lab")->parent, "bio");
	dev("lab")->usage = SU;
	dev("bio")->usage += SU;
}

/* The check notices the move, and "chem" still has its 10 SU. */
static void nothing_was_charged(void)
{
	GIVES(3, "", "account lab has moved", "check");
	ck_assert_ptr_null(strstr(out, "charged"));
	DONE("chem|36000\n", "balance", "chem", "-nPo", "Account,Available", "--seconds");
	nothing_to_do();
}

START_TEST(a_move_before_the_first_check_of_a_new_bank_is_not_charged)
{
	char folder[128];

	(void)snprintf(folder, sizeof(folder), "%s/new", test_folder);
	ck_assert_int_eq(setenv("SUBANK_BANK", folder, 1), 0);
	GIVES(0, "", "next", "init");
	place_lab();
	/* A silent cluster has no tree. */
	fake_cluster("dev")->silent = true;
	GIVES(0, "opened", "does not answer", "open", "bio", "10", "--later");
	fake_cluster("dev")->silent = false;
	DONE("opened", "open", "chem", "10");
	move_lab("bio", "chem");
	/* The tree of the first one stays. */
	(void)dev("late");
	DONE("opened", "open", "late", "10");
	nothing_was_charged();
}
END_TEST

START_TEST(a_move_between_adoption_and_check_is_not_charged)
{
	place_lab();
	DONE("charged", "check");
	keep_copy();
	restore_copy();
	DONE("now commands Slurm", "adopt");
	move_lab("bio", "chem");
	nothing_was_charged();
}
END_TEST

START_TEST(adoption_keeps_the_tree_of_the_last_check)
{
	place_lab();
	DONE("charged", "check");
	move_lab("bio", "chem");
	DONE("commands Slurm from here already", "adopt");
	nothing_was_charged();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs: adopt");
	TCase *refused = tcase_create("refused"), *terms = tcase_create("terms");
	TCase *again = tcase_create("again"), *moves = tcase_create("moves");
	TCase *all[] = {refused, terms, again, moves};

	for (size_t i = 0; i < COUNT(all); i++) {
		tcase_set_timeout(all[i], TEST_TIMEOUT);
		tcase_add_checked_fixture(all[i], setup, drive_teardown);
		suite_add_tcase(suite, all[i]);
	}
	tcase_add_test(refused, the_limit_of_a_resource_is_asked_for);
	tcase_add_test(refused, command_of_some_clusters_is_refused);
	tcase_add_test(refused, limits_that_cannot_be_read_leave_the_bank_as_it_was);
	tcase_add_test(terms, levers_of_other_terms_are_asked_for);
	tcase_add_test(terms, levers_of_other_terms_are_put_back_by_the_check);
	tcase_add_test(terms, every_limit_that_can_hold_is_seen);
	tcase_add_test(terms, all_clusters_are_seen_with_one_call_each);
	tcase_add_test(again, drift_is_left_by_a_bank_that_commands_already);
	tcase_add_test(again, a_bank_that_commands_already_can_take_limits_over_later);
	tcase_add_test(moves, a_move_before_the_first_check_of_a_new_bank_is_not_charged);
	tcase_add_test(moves, a_move_between_adoption_and_check_is_not_charged);
	tcase_add_test(moves, adoption_keeps_the_tree_of_the_last_check);
	return util_run(suite);
}
