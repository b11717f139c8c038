/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reset of usage in Slurm, and nested accounts, driven in this process. */
#include "tests/drive.h"

enum { SU = 3600 };

static struct fake_account *dev(const char *name)
{
	return fake_account("dev", name);
}

static void place(const char *name, const char *parent, int64_t usage)
{
	struct fake_account *account = dev(name);

	(void)snprintf(account->parent, sizeof(account->parent), "%s", parent);
	account->usage = usage;
}

/* "faculty" with "bio" and "chem" below it, and "lab", which the bank does not have, below "bio".
 * Each has 10 SU in the bank and used some before. */
static void setup(void)
{
	drive_setup();
	place("faculty", "", 1500);
	place("bio", "faculty", 1000);
	place("chem", "faculty", 500);
	place("lab", "bio", 400);
	DONE("", "open", "faculty", "10");
	DONE("", "open", "bio", "10");
	DONE("", "open", "chem", "10");
	DONE("", "check");
	memset(fake_calls, 0, sizeof(fake_calls));
}

/* Uses so much in lab. */
static void use(int64_t seconds)
{
	dev("lab")->usage += seconds;
	dev("bio")->usage += seconds;
	dev("faculty")->usage += seconds;
}

#define HAS(account, expected)                                                                     \
	do {                                                                                       \
		RUN("balance", account, "-nPo", "Available", "--seconds");                         \
		ck_assert_str_eq(out, expected "\n");                                              \
	} while (0)

/* ---- what happens meanwhile ---- */

/* Each runs once, before a call is answered: the [nth] from here with [part] in its line. */
struct meanwhile {
	const char *part;
	int nth;
	void (*what)(void);
};
static struct meanwhile *meanwhiles;

static void on_call(enum fake_program program)
{
	(void)program;
	for (struct meanwhile *it = meanwhiles; it->part; it++) {
		if (strstr(fake_line, it->part) && it->nth > 0 && --it->nth == 0)
			it->what();
	}
}

/* The next verb runs with these. */
#define MEANWHILE(...)                                                                             \
	do {                                                                                       \
		static struct meanwhile list_[8];                                                  \
		const struct meanwhile given_[] = {__VA_ARGS__};                                   \
		memset(list_, 0, sizeof(list_));                                                   \
		memcpy(list_, given_, sizeof(given_));                                             \
		meanwhiles = list_;                                                                \
		fake_hook = on_call;                                                               \
	} while (0)

/* Checks that everything has happened. */
static void it_happened(void)
{
	for (const struct meanwhile *it = meanwhiles; it->part; it++)
		ck_assert_msg(it->nth == 0, "no call had '%s' in it", it->part);
	fake_hook = NULL;
}

/* The calls of sshare: before anything is asked, by the pass that charges, and to make sure. */
enum { CALL_CHARGE = 2, CALL_MAKE_SURE = 3 };

static void fall_silent(void)
{
	fake_cluster("dev")->silent = true;
}

static void speak_again(void)
{
	fake_cluster("dev")->silent = false;
}

static void use_some(void)
{
	use(640);
}

static void set_limits_follow(void)
{
	set_settings("clusters: [dev]\nlock_seconds: 1\nenforcement: limit\n");
}

static void sacctmgr_fails(void)
{
	fake_mode[FAKE_SACCTMGR] = FAKE_FAILS;
}

static void sacctmgr_works(void)
{
	fake_mode[FAKE_SACCTMGR] = FAKE_OK;
}

static void sacctmgr_is_killed(void)
{
	fake_mode[FAKE_SACCTMGR] = FAKE_KILLED;
}

static void is_shut(void)
{
	ck_assert_str_eq(dev("bio")->limits, "billing=0");
	ck_assert_str_eq(dev("faculty")->limits, "billing=0");
	ck_assert_str_ne(dev("chem")->limits, "billing=0");
}

static void take_one_above(void)
{
	dev("faculty")->usage--;
}

/* ---- reset ---- */

START_TEST(a_reset_that_makes_no_sense_is_refused)
{
	REFUSED(2, "ACCOUNT", "reset");
	REFUSED(2, "", "reset", "bio;x", "--immediate");
	REFUSED(1, "mallory", "reset", "mallory", "--immediate");
	/* The bank does not have this account. */
	REFUSED(1, "lab", "reset", "lab", "--immediate");
	ck_assert_int_eq(dev("lab")->usage, 400);
}
END_TEST

START_TEST(a_reset_that_nobody_confirms_is_not_done)
{
	static const char *const refusals[] = {"n\n", "\n", "", "nein\n"};
	char *before = exported();

	use(100);
	GIVES(1, "bio on dev: 0.30 SU in Slurm will be set to 0", "add --immediate", "reset",
	      "bio");
	at_terminal = true;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		answers = refusals[i];
		GIVES(1, "Reset? [y/N]", "nothing was changed", "reset", "bio");
	}
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 0);
	ck_assert_int_eq(dev("bio")->usage, 1100);
	UNCHANGED(before);
	answers = "y\n";
	DONE("bio: the usage on dev was reset", "reset", "bio");
	ck_assert_int_eq(dev("bio")->usage, 0);
}
END_TEST

START_TEST(what_cannot_be_read_is_not_reset)
{
	set_settings("clusters: [dev, gpu]\nlock_seconds: 1\n");
	(void)fake_account("gpu", "bio");
	DONE("", "check");
	fake_cluster("gpu")->silent = true;
	use(100);
	REFUSED(1, "bio was not reset", "reset", "bio", "--immediate");
	ck_assert_ptr_nonnull(strstr(err, "cluster 'gpu' does not answer"));
	ck_assert_int_eq(dev("bio")->usage, 1100);
	/* Only on the named cluster. */
	fake_cluster("gpu")->silent = false;
	fake_account("gpu", "bio")->usage = 50;
	DONE("bio: the usage on dev was reset", "reset", "bio", "-i", "-M", "dev");
	ck_assert_int_eq(dev("bio")->usage, 0);
	ck_assert_int_eq(fake_account("gpu", "bio")->usage, 50);
}
END_TEST

START_TEST(a_copied_bank_resets_nothing)
{
	machine = "id/other";
	REFUSED(1, "subank adopt", "reset", "faculty", "--immediate", "--quiet");
	ck_assert_int_eq(dev("faculty")->usage, 1500);
}
END_TEST

/* The predecessor renewed a project by a reset, which also reset the usage of accounts above. */
START_TEST(predecessor_19_a_reset_charges_first_and_changes_no_balance)
{
	uint64_t count;

	use(100);
	DONE("bio: charged 0.02 SU used on dev", "reset", "bio", "--immediate", "--note",
	     "fair share");
	ck_assert_ptr_nonnull(strstr(out, "faculty: charged 0.02 SU"));
	ck_assert_ptr_null(strstr(out, "chem"));
	ck_assert_int_eq(dev("bio")->usage, 0);
	ck_assert_int_eq(dev("lab")->usage, 0);
	ck_assert_int_eq(dev("faculty")->usage, 500);
	HAS("bio", "35900");
	HAS("faculty", "35900");
	HAS("chem", "36000");
	nothing_to_do();
	use(7);
	dev("chem")->usage += 5;
	dev("faculty")->usage += 5;
	DONE("bio: charged <0.01 SU", "check");
	HAS("bio", "35893");
	HAS("faculty", "35888");
	HAS("chem", "35995");
	count = entries();
	RUN("journal", "-nPo", "Kind,Account,Note");
	ck_assert_ptr_nonnull(strstr(out, "baseline|bio|fair share"));
	ck_assert_ptr_nonnull(strstr(out, "baseline|faculty|fair share"));
	/* A reset includes all accounts below. */
	DONE("faculty: the usage on dev was reset", "reset", "faculty", "--immediate");
	ck_assert_uint_eq(entries(), count + 3);
	ck_assert_int_eq(dev("chem")->usage, 0);
	nothing_to_do();
	HAS("chem", "35995");
	DONE("all is well", "verify");
}
END_TEST

START_TEST(a_reset_without_usage_has_nothing_to_do)
{
	DONE("was reset", "reset", "bio", "--immediate");
	char *before = exported();

	GIVES(0, NULL, "bio: Slurm shows no usage, there is nothing to reset", "reset", "bio");
	UNCHANGED(before);
}
END_TEST

START_TEST(predecessor_04_a_reset_that_slurm_did_not_do_is_not_reported_as_done)
{
	static const struct {
		enum fake_mode mode;
		const char *part;
	} cases[] = {
		{FAKE_FAILS, "the fake fails"},
		{FAKE_MISSING, "No such file"},
		{FAKE_TIMES_OUT, "deadline"},
		{FAKE_LIES, "dev does not show that the usage was reset"},
	};

	use(100);
	fake_mode[FAKE_SACCTMGR] = cases[_i].mode;
	/* The use is charged nevertheless. */
	GIVES(3, "bio: charged 0.02 SU", cases[_i].part, "reset", "bio", "--immediate");
	ck_assert_ptr_null(strstr(out, "was reset"));
	ck_assert_int_eq(dev("bio")->usage, 1100);
	HAS("bio", "35900");
	nothing_to_do();
	fake_mode[FAKE_SACCTMGR] = FAKE_OK;
	DONE("bio: the usage on dev was reset", "reset", "bio", "--immediate");
	nothing_to_do();
	HAS("bio", "35900");
}
END_TEST
enum { RESET_CASES = 4 };

/* Slurm's counter does not matter to an account that is charged by job. */
START_TEST(an_account_metered_by_jobs_can_be_reset)
{
	DONE("", "terms", "bio", "--meter", "jobs");
	DONE("bio: is metered by jobs", "check");
	use(100);
	DONE("bio: the usage on dev was reset", "reset", "bio", "-i");
	ck_assert_int_eq(dev("bio")->usage, 0);
	HAS("bio", "36000");
	HAS("faculty", "35900");
	DONE("", "journal", "bio", "-nPo", "Kind", "--last", "1");
	ck_assert_str_eq(out, "meter\n");
	use(50);
	DONE("faculty: charged", "check");
	HAS("bio", "36000");
	HAS("faculty", "35850");
	DONE("", "verify");
}
END_TEST

START_TEST(what_was_not_charged_is_not_reset)
{
	use(100);
	MEANWHILE({"sshare", CALL_CHARGE, fall_silent}, {"scontrol -M dev", 3, speak_again});
	GIVES(3, "", "the usage of bio on dev is not charged yet: run `subank check`", "reset",
	      "bio", "--immediate");
	it_happened();
	ck_assert_int_eq(dev("bio")->usage, 1100);
	DONE("was reset", "reset", "bio", "--immediate");
	HAS("bio", "35900");
}
END_TEST

START_TEST(a_cluster_that_stops_to_answer_is_not_reset)
{
	use(100);
	MEANWHILE({"sshare", CALL_MAKE_SURE, fall_silent});
	GIVES(3, "bio: charged", "bio was not reset", "reset", "bio", "--immediate");
	it_happened();
	ck_assert_int_eq(dev("bio")->usage, 1100);
	ck_assert_int_eq(fake_modifies, 0);
}
END_TEST

START_TEST(what_is_used_after_the_charge_is_not_reset)
{
	MEANWHILE({"sshare", CALL_MAKE_SURE, use_some});
	GIVES(3, "bio: charged", "the usage of bio on dev is not charged yet", "reset", "bio",
	      "--immediate");
	it_happened();
	ck_assert_int_eq(dev("bio")->usage, 1640);
	HAS("bio", "35360");
	HAS("faculty", "35360");
	DONE("was reset", "reset", "bio", "--immediate");
	HAS("bio", "35360");
}
END_TEST

/* A pass of named accounts leaves a move to a whole check. */
START_TEST(what_a_move_leaves_open_is_not_reset)
{
	place("lab", "chem", 400);
	dev("bio")->usage -= 400;
	dev("chem")->usage += 400;
	GIVES(1, "", "the usage of chem on dev is not charged yet", "reset", "chem", "--immediate");
	GIVES(1, "", "the usage of bio on dev is not settled yet", "reset", "bio", "--immediate");
	ck_assert_int_eq(fake_modifies, 0);
	GIVES(3, "", "account lab has moved", "check");
	DONE("was reset", "reset", "chem", "--immediate");
	nothing_to_do();
	HAS("chem", "36000");
	HAS("faculty", "36000");
}
END_TEST

START_TEST(a_problem_of_the_first_pass_is_in_the_status)
{
	dev("bio")->usage -= 300;
	dev("faculty")->usage -= 300;
	GIVES(3, "was reset", "bio: the usage on dev went down", "reset", "bio", "--immediate");
	nothing_to_do();
}
END_TEST

START_TEST(a_limit_that_cannot_be_set_lets_nothing_be_reset)
{
	set_limits_follow();
	use(100);
	DONE("", "check");
	for (int i = 0; i < 2; i++) {
		use(60);
		MEANWHILE({"GrpTRESMins=billing=0", 1, sacctmgr_fails});
		GIVES(3, "bio: charged", "the fake fails", "reset", i ? "faculty" : "bio",
		      "--immediate");
		it_happened();
		sacctmgr_works();
		ck_assert_ptr_nonnull(strstr(err, "must be 0 while it is, and could not be set"));
		ck_assert_int_eq(dev("bio")->usage, 1160 + 60 * i);
		ck_assert_int_eq(dev("faculty")->usage, 1660 + 60 * i);
	}
	DONE("", "check");
	ck_assert_str_eq(dev("bio")->limits, "billing=614");
	ck_assert_str_eq(dev("faculty")->limits, "billing=623");
	nothing_to_do();
}
END_TEST

START_TEST(a_limit_changed_by_hand_lets_nothing_be_reset)
{
	set_limits_follow();
	DONE("", "check");
	(void)snprintf(dev("faculty")->limits, sizeof(dev("faculty")->limits), "billing=9999");
	GIVES(3, "", "GrpTRESMins=billing of faculty on dev must be 0", "reset", "bio",
	      "--immediate");
	ck_assert_int_eq(dev("bio")->usage, 1000);
	ck_assert_str_eq(dev("faculty")->limits, "billing=9999");
	ck_assert_str_ne(dev("bio")->limits, "billing=0");
	RUN("check", "--put-right");
	DONE("was reset", "reset", "bio", "--immediate");
	nothing_to_do();
}
END_TEST

START_TEST(nothing_starts_while_usage_is_reset)
{
	set_limits_follow();
	use(100);
	DONE("", "check");
	ck_assert_str_eq(dev("bio")->limits, "billing=614");
	MEANWHILE({"RawUsage=0", 1, is_shut});
	DONE("was reset", "reset", "bio", "--immediate");
	it_happened();
	ck_assert_str_eq(dev("bio")->limits, "billing=596");
	ck_assert_str_eq(dev("faculty")->limits, "billing=604");
	nothing_to_do();
}
END_TEST

START_TEST(limits_come_back_whatever_came_of_the_reset)
{
	set_limits_follow();
	use(100);
	DONE("", "check");
	MEANWHILE({"RawUsage=0", 1, sacctmgr_fails}, {"sshare", 5, sacctmgr_works});
	GIVES(3, "", "the usage on dev could not be reset", "reset", "bio", "--immediate");
	ck_assert_ptr_null(strstr(err, "does not show"));
	fake_hook = NULL;
	ck_assert_int_eq(dev("bio")->usage, 1100);
	ck_assert_str_eq(dev("bio")->limits, "billing=614");
	nothing_to_do();
	/* It reset the usage and then failed. */
	MEANWHILE({"RawUsage=0", 1, sacctmgr_is_killed}, {"sshare", 5, sacctmgr_works});
	GIVES(3, "bio: the usage on dev was reset", "could not be reset", "reset", "bio",
	      "--immediate");
	ck_assert_ptr_null(strstr(err, "went down"));
	fake_hook = NULL;
	ck_assert_int_eq(dev("bio")->usage, 0);
	ck_assert_str_eq(dev("bio")->limits, "billing=596");
	nothing_to_do();
	HAS("bio", "35900");
}
END_TEST

static void fall_back(void)
{
	sacctmgr_fails();
	dev("bio")->usage -= 300;
	dev("faculty")->usage -= 300;
}

/* The use that it shows then was charged before. */
START_TEST(a_slurmctld_that_crashes_and_goes_back_is_not_taken_for_reset)
{
	use(100);
	MEANWHILE({"RawUsage=0", 1, fall_back});
	GIVES(3, "bio: charged", "bio: the usage on dev went down", "reset", "bio", "--immediate");
	it_happened();
	ck_assert_ptr_null(strstr(out, "was reset"));
	sacctmgr_works();
	nothing_to_do();
	HAS("bio", "35900");
	HAS("faculty", "35900");
}
END_TEST

static void use_after_the_reset(void)
{
	dev("chem")->usage += 5;
	dev("faculty")->usage += 5;
	use(640);
}

static void when_it_is_read_again(void)
{
	MEANWHILE({"sshare", 1, use_after_the_reset});
}

START_TEST(what_is_used_right_after_the_reset_is_charged)
{
	static const char *const names[] = {"bio", "faculty"};

	use(100);
	MEANWHILE({"RawUsage=0", 1, when_it_is_read_again});
	DONE("was reset", "reset", names[_i], "--immediate");
	it_happened();
	ck_assert_int_eq(dev("bio")->usage, 640);
	DONE("", "check"); /* charges the sister */
	HAS("bio", "35260");
	HAS("faculty", "35255");
	HAS("chem", "35995");
	nothing_to_do();
	DONE("all is well", "verify");
}
END_TEST

static void when_it_is_read_again_one_less(void)
{
	MEANWHILE({"sshare", 1, take_one_above});
}

/* RawUsage is cut to whole seconds, of each account by itself. */
START_TEST(a_second_less_above_is_no_problem)
{
	MEANWHILE({"RawUsage=0", 1, when_it_is_read_again_one_less});
	DONE("was reset", "reset", "bio", "--immediate");
	it_happened();
	nothing_to_do();
	dev("faculty")->usage = 0;
	GIVES(3, "", "faculty: the usage on dev went down", "check");
}
END_TEST

START_TEST(a_reset_of_a_held_account_leaves_it_held_and_a_cap_follows)
{
	use(10 * SU);
	DONE("bio: held", "check");
	DONE("was reset", "reset", "bio", "--immediate");
	ck_assert_str_eq(dev("bio")->limits, "cpu=0");
	nothing_to_do();
	DONE("bio: released", "deposit", "bio", "10");
	set_settings("clusters: [dev]\nlock_seconds: 1\nenforcement: limit\n");
	use(100);
	DONE("", "check", "bio");
	ck_assert_str_eq(dev("bio")->limits, "billing=598");
	DONE("was reset", "reset", "bio", "--immediate");
	ck_assert_str_eq(dev("bio")->limits, "billing=596");
}
END_TEST

/* ---- above and below ---- */

START_TEST(an_account_that_moves_is_reported_and_nobody_is_charged)
{
	use(100);
	DONE("", "check");
	place("lab", "chem", 500);
	dev("bio")->usage -= 500;
	dev("chem")->usage += 500;
	/* A check of a few accounts leaves that to a whole check. */
	DONE("", "check", "chem");
	ck_assert_str_eq(out, "");
	GIVES(3, "",
	      "bio: the usage on dev went from 0.30 SU to 0.16 SU, and account lab has moved to or "
	      "from below it",
	      "check");
	ck_assert_ptr_nonnull(strstr(
		err, "chem: the usage on dev went from 0.13 SU to 0.27 SU, and account lab"));
	ck_assert_ptr_null(strstr(err, "faculty"));
	nothing_to_do();
	HAS("bio", "35900");
	HAS("chem", "36000");
	HAS("faculty", "35900");
	dev("lab")->usage += 9;
	dev("chem")->usage += 9;
	dev("faculty")->usage += 9;
	DONE("charged", "check");
	HAS("bio", "35900");
	HAS("chem", "35991");
	HAS("faculty", "35891");
	RUN("journal", "bio", "-nPo", "Kind,Reason");
	DONE("all is well", "verify");
}
END_TEST

START_TEST(an_account_that_was_gone_may_be_made_anew_elsewhere)
{
	fake_remove_account("dev", "lab");
	DONE("", "check");
	place("lab", "chem", 0);
	dev("chem")->usage += 70;
	dev("bio")->usage += 50;
	dev("faculty")->usage += 120;
	DONE("charged", "check");
	HAS("bio", "35950");
	HAS("chem", "35930");
	HAS("faculty", "35880");
}
END_TEST

START_TEST(a_dry_run_reports_a_move_and_does_not_forget_it)
{
	char *before = exported();

	place("lab", "chem", 400);
	dev("bio")->usage -= 400;
	dev("chem")->usage += 400;
	for (int i = 0; i < 2; i++)
		GIVES(3, "", "account lab has moved", "check", "--dry-run");
	UNCHANGED(before);
	GIVES(3, "", "account lab has moved", "check");
	nothing_to_do();
}
END_TEST

START_TEST(each_account_is_a_budget_for_all_below_it)
{
	/* The child has spent its budget, the parent has more. */
	DONE("", "deposit", "faculty", "10");
	use(10 * SU);
	DONE("bio: held", "check");
	ck_assert_str_eq(dev("bio")->limits, "cpu=0");
	ck_assert_str_eq(dev("faculty")->limits, "");
	ck_assert_str_eq(dev("chem")->limits, "");
	/* The parent has spent its budget, the other child has not: the parent's limit stops both.
	 */
	use(10 * SU);
	DONE("faculty: held", "check");
	ck_assert_str_eq(dev("faculty")->limits, "cpu=0");
	ck_assert_str_eq(dev("chem")->limits, "");
	HAS("chem", "36000");
	DONE("faculty: released", "deposit", "faculty", "1");
	ck_assert_str_eq(dev("bio")->limits, "cpu=0");
	nothing_to_do();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs: reset");
	TCase *reset = tcase_create("reset"), *nested = tcase_create("nested");
	TCase *all[] = {reset, nested};

	for (size_t i = 0; i < COUNT(all); i++) {
		tcase_set_timeout(all[i], TEST_TIMEOUT);
		tcase_add_checked_fixture(all[i], setup, drive_teardown);
		suite_add_tcase(suite, all[i]);
	}
	tcase_add_test(reset, a_reset_that_makes_no_sense_is_refused);
	tcase_add_test(reset, a_reset_that_nobody_confirms_is_not_done);
	tcase_add_test(reset, what_cannot_be_read_is_not_reset);
	tcase_add_test(reset, a_copied_bank_resets_nothing);
	tcase_add_loop_test(reset,
			    predecessor_04_a_reset_that_slurm_did_not_do_is_not_reported_as_done, 0,
			    RESET_CASES);
	tcase_add_test(reset, a_reset_without_usage_has_nothing_to_do);
	tcase_add_test(reset, predecessor_19_a_reset_charges_first_and_changes_no_balance);
	tcase_add_test(reset, an_account_metered_by_jobs_can_be_reset);
	tcase_add_test(reset, what_was_not_charged_is_not_reset);
	tcase_add_test(reset, a_cluster_that_stops_to_answer_is_not_reset);
	tcase_add_test(reset, what_is_used_after_the_charge_is_not_reset);
	tcase_add_test(reset, what_a_move_leaves_open_is_not_reset);
	tcase_add_test(reset, a_problem_of_the_first_pass_is_in_the_status);
	tcase_add_test(reset, a_limit_that_cannot_be_set_lets_nothing_be_reset);
	tcase_add_test(reset, a_limit_changed_by_hand_lets_nothing_be_reset);
	tcase_add_test(reset, nothing_starts_while_usage_is_reset);
	tcase_add_test(reset, limits_come_back_whatever_came_of_the_reset);
	tcase_add_test(reset, a_slurmctld_that_crashes_and_goes_back_is_not_taken_for_reset);
	tcase_add_loop_test(reset, what_is_used_right_after_the_reset_is_charged, 0, 2);
	tcase_add_test(reset, a_second_less_above_is_no_problem);
	tcase_add_test(reset, a_reset_of_a_held_account_leaves_it_held_and_a_cap_follows);
	tcase_add_test(nested, an_account_that_moves_is_reported_and_nobody_is_charged);
	tcase_add_test(nested, an_account_that_was_gone_may_be_made_anew_elsewhere);
	tcase_add_test(nested, a_dry_run_reports_a_move_and_does_not_forget_it);
	tcase_add_test(nested, each_account_is_a_budget_for_all_below_it);
	return util_run(suite);
}
