/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shares of users: share, balance --users, why --user and checks, run in this process. */
#include <inttypes.h>

#include "tests/drive.h"

static struct fake_member *member(const char *user)
{
	struct fake_account *account = fake_account("dev", "bio");

	for (size_t i = 0; i < account->member_count; i++) {
		if (strcmp(account->members[i].user, user) == 0)
			return &account->members[i];
	}
	ck_abort_msg("no member %s", user);
}

/* Lets the user run jobs of so many billing-seconds. */
static void use(const char *user, int64_t amount)
{
	fake_account("dev", "bio")->usage += amount;
	member(user)->usage += amount;
}

/* "bio" has 10 SU until 2028, and the users ann and bob, who have used 500 and 700 of it. */
static void setup(void)
{
	drive_setup();
	set_settings("clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"
		     "charge_minutes: 0\n");
	fake_member("dev", "bio", "ann");
	fake_member("dev", "bio", "bob");
	(void)fake_account("dev", "lab");
	DONE("opened bio", "open", "bio", "10", "--end", "2028-01-01");
	use("ann", 500);
	use("bob", 700);
	DONE("", "check");
}

#define LIMITS_ARE(user, expected) ck_assert_str_eq(member(user)->limits, expected)

START_TEST(what_is_malformed_is_refused)
{
	REFUSED(2, "ACCOUNT USER SU|PERCENT%|none", "share", "bio", "ann");
	REFUSED(2, "user", "share", "bio", "a,b", "5");
	REFUSED(2, "user", "share", "bio", "", "5");
	REFUSED(2, "user", "share", "bio", "--", "-x", "5");
	REFUSED(2, "", "share", "b:c", "ann", "5");
	REFUSED(2, "", "share", "bio", "ann", "-5");
	REFUSED(2, "", "share", "bio", "ann", "five");
	REFUSED(2, "'0%' is not a whole percentage", "share", "bio", "ann", "0%");
	REFUSED(2, "'101%' is not a whole percentage", "share", "bio", "ann", "101%");
	REFUSED(2, "'2.5%' is not a whole percentage", "share", "bio", "ann", "2.5%");
	REFUSED(2, "`none` has no window", "share", "bio", "ann", "none", "--end", "never");
	REFUSED(2, "cannot make a share", "share", "bio", "ann", "5", "--resource", "cpu~x");
	REFUSED(2, "not a resource", "share", "bio", "ann", "5", "--resource", "c pu");
	REFUSED(1, "there is no share 'bio:billing~ann'", "share", "bio", "ann", "none");
	REFUSED(1, "account 'nosuch' is not in the bank", "share", "nosuch", "ann", "5");
	REFUSED(1, "account 'nosuch' is not in the bank", "share", "nosuch", "ann", "50%");
	REFUSED(1, "has no budget of gres/gpu", "share", "bio", "ann", "50%", "--resource",
		"gres/gpu");
	REFUSED(1, "no cluster has user 'carl' in account 'bio': --later", "share", "bio", "carl",
		"5");
	REFUSED(2, "not after its start", "share", "bio", "ann", "5", "--end", "2020-01-01");
	REFUSED(1, "user 'ann' has no share of billing in account 'bio'", "why", "bio", "--user",
		"ann");
	REFUSED(2, "use `subank share ACCOUNT USER SU`", "open", "bio", "--resource",
		"billing~ann");
	REFUSED(2, "use `subank share ACCOUNT USER SU`", "open", "bio", "5", "--resource",
		"gres/gpu~ann", "--later");
	DONE("", "close", "bio");
	REFUSED(1, "account 'bio' is closed", "share", "bio", "ann", "5");
}
END_TEST

START_TEST(what_slurm_does_not_tell_is_refused_or_left_to_a_check)
{
	fake_cluster("dev")->silent = true;
	RUN("share", "bio", "ann", "5");
	ck_assert_int_eq(status, 1);
	ck_assert_ptr_nonnull(strstr(err, "could not be read"));
	fake_cluster("dev")->silent = false;
	(void)snprintf(member("ann")->raw_usage, 64, "nan");
	RUN("share", "bio", "ann", "5");
	ck_assert_int_eq(status, 1);
	ck_assert_ptr_nonnull(strstr(err, "could not be read"));
	/* Other users are not concerned. */
	DONE("opened bio:billing~bob", "share", "bio", "bob", "5");
	GIVES(3, "", "ann", "share", "bio", "ann", "5", "--later");
	member("ann")->raw_usage[0] = '\0';
	use("ann", 100);
	DONE("", "check");
	DONE("bio:billing~ann|18000\n", "balance", "bio:billing~ann", "-nP", "--seconds", "-o",
	     "Account,Available");
	GIVES(0, "opened bio:billing~carl", NULL, "share", "bio", "carl", "5", "--later");
	/* Slurm was asked about carl, who had used nothing. */
	(void)fake_member("dev", "bio", "carl");
	use("carl", 300);
	DONE("", "check");
	DONE("17700\n", "balance", "bio:billing~carl", "-nP", "--seconds", "-o", "Available");
}
END_TEST

START_TEST(a_share_counts_from_when_it_was_given)
{
	DONE("opened bio:billing~ann, set to 2.00 SU: deposited 2.00 SU, usable to 2027-12-31",
	     "share", "bio", "Ann", "2");
	ck_assert_ptr_nonnull(strstr(fake_line, " -a"));
	use("ann", 600);
	use("bob", 40);
	DONE("bio:billing~ann: charged", "check");
	DONE("bio||36000|1840|34160\nbio:billing~ann|ann|7200|600|6600\n", "balance", "bio",
	     "--users", "-nP", "--seconds", "-o", "Account,User,Allocated,Used,Available");
}
END_TEST

START_TEST(a_spent_share_holds_its_user_until_there_is_more)
{
	(void)snprintf(member("ann")->limits, 256, "cpu=5000,gres/gpu=7");
	DONE("", "share", "bio", "ann", "1000s");
	DONE("", "share", "bio", "bob", "1000s");
	use("ann", 1000);
	DONE("bio:billing~ann: held, available 0.00", "check");
	LIMITS_ARE("ann", "gres/gpu=7,cpu=0");
	LIMITS_ARE("bob", "");
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "");
	nothing_to_do();
	DONE("bio:billing~ann is held", "why", "bio", "--user", "ann");
	ck_assert_ptr_nonnull(strstr(out, "  by GrpTRESMins=cpu=0 of ann all jobs of this user in "
					  "the account wait, with the reason "
					  "AssocGrpCPUMinutesLimit\n"));
	DONE("the share of ann is held (funds): see `subank why bio:billing~ann`", "why", "bio");
	DONE("bio:billing~bob is fine", "why", "bio", "--user", "bob");
	DONE("open\n", "balance", "bio", "-nPo", "State");
	/* More, and the limits from before are back at once. */
	DONE("set to 0.55 SU: deposited 0.27 SU", "share", "bio", "ann", "2000s");
	LIMITS_ARE("ann", "gres/gpu=7,cpu=5000");
	DONE("set to 0.13 SU: took out", "share", "bio", "ann", "500s");
	LIMITS_ARE("ann", "gres/gpu=7,cpu=0");
	DONE("ended the share", "share", "bio", "ann", "none");
	LIMITS_ARE("ann", "gres/gpu=7,cpu=5000");
	REFUSED(1, "there is no share", "share", "bio", "ann", "none");
	/* Given again, it has counted on. */
	use("ann", 100);
	DONE("", "check");
	DONE("opened bio:billing~ann", "share", "bio", "ann", "1100s");
	LIMITS_ARE("ann", "gres/gpu=7,cpu=0");
	DONE("", "verify");
}
END_TEST

/* Takes ann out of the account just before Slurm is changed. */
static void lose_ann(enum fake_program program)
{
	if (program == FAKE_SACCTMGR && fake_modifies > 0) {
		(void)snprintf(member("ann")->user, 64, "gone");
		fake_hook = NULL;
	}
}

START_TEST(a_user_who_is_not_shown_after_a_restore_is_restored_later)
{
	DONE("", "share", "bio", "ann", "0");
	LIMITS_ARE("ann", "cpu=0");
	fake_modifies = 0;
	fake_hook = lose_ann;
	RUN("share", "bio", "ann", "none");
	ck_assert_int_eq(status, 3);
	ck_assert_ptr_nonnull(strstr(err, "could not be set"));
	(void)snprintf(member("gone")->user, 64, "ann");
	LIMITS_ARE("ann", "cpu=0");
	DONE("", "check");
	LIMITS_ARE("ann", "");
}
END_TEST

START_TEST(several_users_are_held_by_one_call)
{
	int calls;

	DONE("", "share", "bio", "ann", "0");
	LIMITS_ARE("ann", "cpu=0");
	DONE("", "share", "bio", "ann", "100s");
	DONE("", "share", "bio", "bob", "100s");
	use("ann", 100);
	use("bob", 100);
	calls = fake_modifies;
	DONE("", "check");
	ck_assert_int_eq(fake_modifies, calls + 1);
	LIMITS_ARE("ann", "cpu=0");
	LIMITS_ARE("bob", "cpu=0");
}
END_TEST

static void refuse_changes(enum fake_program program)
{
	if (program == FAKE_SACCTMGR)
		fake_mode[FAKE_SACCTMGR] = strstr(fake_line, "modify") ? FAKE_FAILS : FAKE_OK;
}

START_TEST(a_restore_is_done_once_all_partitions_have_it)
{
	struct fake_member *first = member("ann"), *second = fake_member("dev", "bio", "ann");

	DONE("", "share", "bio", "ann", "0");
	ck_assert_str_eq(first->limits, "cpu=0");
	second->limits[0] = '\0';
	fake_hook = refuse_changes;
	RUN("share", "bio", "ann", "none");
	ck_assert_int_eq(status, 3);
	ck_assert_str_eq(first->limits, "cpu=0");
	fake_hook = NULL;
	fake_mode[FAKE_SACCTMGR] = FAKE_OK;
	DONE("", "check");
	ck_assert_str_eq(first->limits, "");
}
END_TEST

START_TEST(partitions_are_one_user)
{
	struct fake_member *first = member("ann"), *second = fake_member("dev", "bio", "ann");
	int calls;

	(void)snprintf(first->limits, 256, "cpu=70");
	(void)snprintf(second->limits, 256, "cpu=90");
	DONE("", "share", "bio", "ann", "1000s");
	first->usage += 600;
	second->usage += 400;
	fake_account("dev", "bio")->usage += 1000;
	DONE("bio:billing~ann: held", "check");
	ck_assert_str_eq(first->limits, "cpu=0");
	ck_assert_str_eq(second->limits, "cpu=0");
	/* Other values are those of somebody else. */
	(void)snprintf(second->limits, 256, "cpu=7");
	GIVES(3, "", "GrpTRESMins=cpu of ann", "check");
	/* A new association gets the hold. */
	second->limits[0] = '\0';
	DONE("", "check");
	ck_assert_str_eq(second->limits, "cpu=0");
	calls = fake_modifies;
	DONE("", "check");
	ck_assert_int_eq(fake_modifies, calls);
	/* One that was added just before the release. */
	second->limits[0] = '\0';
	DONE("", "share", "bio", "ann", "none");
	ck_assert_str_eq(first->limits, "cpu=90");
	ck_assert_str_eq(second->limits, "cpu=90");
	DONE("", "verify");
}
END_TEST

START_TEST(adopt_leaves_a_limit_of_some_partitions_to_the_site)
{
	struct fake_member *first = member("ann");

	(void)fake_member("dev", "bio", "ann");
	DONE("", "share", "bio", "ann", "5");
	(void)snprintf(first->limits, 256, "cpu=0");
	machine = "id/copy";
	DONE("now commands Slurm", "adopt");
	ck_assert_str_eq(first->limits, "cpu=0");
}
END_TEST

START_TEST(a_percentage_is_of_the_present_allocation)
{
	DONE("set to 2.50 SU", "share", "bio", "ann", "25%");
	DONE("25% of 10.00 SU\n", "journal", "bio:billing~ann", "-k", "open", "-nPo", "Note");
	DONE("", "deposit", "bio", "10");
	DONE("9000\n", "balance", "bio:billing~ann", "-nPo", "Allocated", "--seconds");
	DONE("set to 5.00 SU", "share", "bio", "ann", "25%", "--note", "mine");
	DONE("mine\n", "journal", "bio:billing~ann", "-k", "deposit", "-nPo", "Note");
	DONE("allocated 5.00 SU already: nothing was recorded", "share", "bio", "ann", "25%");
}
END_TEST

START_TEST(a_request_with_a_ref_is_recorded_once)
{
	uint64_t before;

	DONE("opened", "share", "bio", "ann", "2", "--ref", "t1");
	before = entries();
	DONE("recorded before with this ref", "share", "bio", "ann", "2", "--ref", "t1");
	ck_assert_uint_eq(entries(), before);
	RUN("share", "bio", "ann", "3", "--ref", "t1");
	ck_assert_int_eq(status, 1);
	DONE("allocated 2.00 SU already", "share", "bio", "ann", "2");
	ck_assert_uint_eq(entries(), before);
}
END_TEST

/* Gives the share with a ref twice: both receipts are of the last entry. */
static void give_twice(const char *amount, const char *ref)
{
	char last[64];
	uint64_t seq;

	DONE("opened", "share", "bio", "ann", amount, "--ref", ref);
	ck_assert_int_eq(sscanf(out, "entry %" SCNu64 ": opened", &seq), 1);
	(void)snprintf(last, sizeof(last), "entry %" PRIu64 ": recorded before", seq);
	DONE(last, "share", "bio", "ann", amount, "--ref", ref);
}

START_TEST(the_receipt_of_a_share_is_that_of_its_last_entry)
{
	give_twice("2", "more");
	use("ann", 100);
	DONE("", "check");
	DONE("", "share", "bio", "ann", "none");
	give_twice("1", "less");
	DONE("", "share", "bio", "ann", "none");
	give_twice("50s", "less than was used");
}
END_TEST

START_TEST(lists_and_sums_leave_shares_out)
{
	DONE("", "share", "bio", "ann", "2");
	use("ann", 100);
	DONE("", "check");
	DONE("bio\n", "balance", "-nPo", "Account");
	ck_assert_str_eq(out, "bio\n");
	DONE("", "balance", "-nPo", "Account,Allocated", "--total", "--users", "--seconds");
	ck_assert_str_eq(out, "bio|36000\nbio:billing~ann|7200\n(total)|36000\n");
	DONE("", "balance", "bio", "-nPo", "Account", "--as-of", "now");
	ck_assert_str_eq(out, "bio\n");
	DONE("", "terms", "-nPo", "Account");
	ck_assert_str_eq(out, "bio\n");
	DONE("", "export", "--format", "ledger");
	ck_assert_ptr_null(strstr(out, "~ann"));
	DONE("", "doctor");
	ck_assert_ptr_null(strstr(out, "~ann"));
}
END_TEST

/* Checks whether the last output has a column for the unit. */
static void check_unit(bool expected)
{
	bool found = strstr(out, "\"unit\"");

	ck_assert_msg(found == expected, "%s", out);
}

START_TEST(only_other_resources_than_su_need_a_unit)
{
	DONE("", "share", "bio", "ann", "2");
	use("ann", 100);
	DONE("", "check");
	DONE("", "journal", "--csv");
	check_unit(false);
	DONE("", "balance", "bio", "bio:billing~ann", "--users", "-nPo", "Account");
	ck_assert_str_eq(out, "bio\nbio:billing~ann\n");
	DONE("", "balance", "--as-of", "now", "--csv", "--users");
	ck_assert_ptr_nonnull(strstr(out, "~ann"));
	check_unit(false);
	DONE("", "share", "bio", "ann", "2", "--resource", "cpu");
	DONE("", "journal", "--csv");
	check_unit(true);
	DONE("", "balance", "--as-of", "now", "--csv", "--users");
	check_unit(true);
}
END_TEST

START_TEST(the_shares_of_a_resource_are_also_those_of_the_past)
{
	DONE("", "open", "bio", "3", "--resource", "cpu");
	DONE("", "share", "bio", "ann", "2");
	DONE("", "share", "bio", "ann", "2", "--resource", "cpu");
	DONE("", "balance", "bio", "--resource", "cpu", "--users", "-nPo", "Account");
	ck_assert_str_eq(out, "bio:cpu\nbio:cpu~ann\n");
	DONE("", "balance", "bio", "--resource", "cpu", "--users", "-nPo", "Account", "--as-of",
	     "now");
	ck_assert_str_eq(out, "bio:cpu\nbio:cpu~ann\n");
	DONE("", "balance", "bio", "--resource", "billing", "--users", "-nPo", "Account", "--as-of",
	     "now");
	ck_assert_str_eq(out, "bio\nbio:billing~ann\n");
	DONE("", "balance", "bio", "bio:billing~ann", "--users", "-nPo", "Account");
	ck_assert_str_eq(out, "bio\nbio:billing~ann\nbio:cpu\nbio:cpu~ann\n");
}
END_TEST

START_TEST(under_jobs_a_share_has_the_jobs_of_its_user)
{
	set_settings("clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"
		     "charge_minutes: 0\nmeter: jobs\n");
	DONE("", "check");
	DONE("", "share", "bio", "ann", "100s");
	DONE("", "check");
	clock_now = T0 + 2 * HOUR;
	fake_add_job("dev",
		     (struct fake_job){
			     .id = 1, .user = "ann", .start = T0 / WHEN_SECOND + 3700, .ran = 60});
	fake_add_job("dev",
		     (struct fake_job){
			     .id = 2, .user = "bob", .start = T0 / WHEN_SECOND + 3700, .ran = 50});
	fake_add_job("dev", (struct fake_job){.id = 3,
					      .user = "ann",
					      .account = "lab",
					      .start = T0 / WHEN_SECOND + 3700,
					      .ran = 40});
	DONE("bio:billing~ann: charged", "check");
	DONE("40\n", "balance", "bio:billing~ann", "-nPo", "Available", "--seconds");
	fake_add_job("dev",
		     (struct fake_job){
			     .id = 4, .user = "ann", .start = T0 / WHEN_SECOND + 3900, .ran = 40});
	clock_now = T0 + 3 * HOUR;
	DONE("bio:billing~ann: held", "check");
	LIMITS_ARE("ann", "cpu=0");
	/* What was charged for a job is given back to the share too. */
	GIVES(0, "", "dry run", "refund", "--job", "dev/4", "all", "--note", "gift", "--dry-run",
	      "--csv");
	ck_assert_ptr_nonnull(strstr(out, "bio:billing~ann"));
	check_unit(false);
	DONE("released", "refund", "--job", "dev/4", "all", "--note", "gift", "--immediate");
	LIMITS_ARE("ann", "");
	DONE("", "verify");
}
END_TEST

START_TEST(a_malformed_default_share_is_refused)
{
	REFUSED(2, "", "terms", "bio", "--default-share", "-5");
	REFUSED(2, "", "terms", "bio", "--default-share", "five");
	REFUSED(2, "", "terms", "bio", "--default-share", "25%");
	REFUSED(2, "", "terms", "bio", "--default-share", "0");
	REFUSED(2, "one account at a time", "terms", "bio", "lab", "--default-share", "5");
	REFUSED(1, "has no budget of gres/gpu", "terms", "bio", "--default-share", "5",
		"--resource", "gres/gpu");
	REFUSED(1, "has these terms already", "terms", "bio", "--default-share", "none");
	DONE("", "share", "bio", "ann", "5");
	REFUSED(2, "is the share of one user", "terms", "bio", "--resource", "billing~ann",
		"--default-share", "5");
}
END_TEST

START_TEST(new_users_get_the_default_share_once)
{
	uint64_t before;

	DONE("", "check");
	ck_assert_ptr_null(strstr(fake_line, " -a"));
	GIVES(0, "share 2.00 SU for each new user", "left to the next check", "terms", "bio",
	      "--default-share", "2", "--ref", "t1", "--no-apply");
	GIVES(0, "recorded before with this ref", "left to", "terms", "bio", "--default-share", "2",
	      "--ref", "t1", "--no-apply");
	DONE("share        2.00 SU for each new user\n", "terms", "bio");
	DONE("bio|7200\n", "terms", "-nPo", "Account,Share", "--seconds");
	DONE("default share 2.00 SU", "journal", "bio", "-k", "terms");
	GIVES(0, "", "left to the next check", "terms", "bio", "--credit", "1", "--no-apply");
	fake_member("dev", "bio", "a,b");
	fake_member("dev", "bio", "Eve");
	fake_member("dev", "lab", "dan");
	before = entries();
	GIVES(0,
	      "bio: user ann gets a share of 2.00 SU\nbio: user bob gets a share of 2.00 SU\n"
	      "bio: user eve gets a share of 2.00 SU\n",
	      "dry run", "check", "--dry-run");
	ck_assert_uint_eq(entries(), before);
	DONE("bio: user ann gets a share of 2.00 SU\n", "check");
	/* Open, baseline and deposit of each; the fake Slurm has user someone everywhere. */
	ck_assert_uint_eq(entries(), before + 12);
	nothing_to_do();
	use("ann", 7200);
	DONE("bio:billing~ann: held", "check");
	LIMITS_ARE("ann", "cpu=0");
	DONE("7200|0\n7200|7200\n", "balance", "bio:billing~ann", "bio:billing~bob", "-nPo",
	     "Allocated,Available", "--seconds");
	DONE("2028-01-01T00:00:00", "balance", "bio:billing~bob", "--lots");
	/* One that was ended is not given again; a new user gets the new amount. */
	DONE("ended the share", "share", "bio", "ann", "none");
	LIMITS_ARE("ann", "");
	fake_member("dev", "bio", "carl");
	DONE("bio: user carl gets a share of 0.50 SU\n", "terms", "bio", "--default-share", "0.5");
	nothing_to_do();
	/* No more. */
	DONE("", "terms", "bio", "--default-share", "none");
	fake_member("dev", "bio", "dora");
	DONE("", "check");
	nothing_to_do();
	DONE("bio\nbio:billing~ann\nbio:billing~bob\nbio:billing~carl\nbio:billing~eve\nbio:"
	     "billing~someone\n",
	     "balance", "bio", "--users", "-nPo", "Account");
	DONE("", "verify");
}
END_TEST

START_TEST(a_round_sets_a_default_share)
{
	static const char round[] = "- {ref: r1, terms: bio, default-share: 3}\n";
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/round.yaml", test_folder);
	util_write_file(path, round, sizeof(round) - 1);
	DONE("recorded 1 of 1", "import", "--append", path);
	DONE("share        3.00 SU for each new user\n", "terms", "bio");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("share");
	TCase *tcase = tcase_create("share");

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_add_test(tcase, what_is_malformed_is_refused);
	tcase_add_test(tcase, what_slurm_does_not_tell_is_refused_or_left_to_a_check);
	tcase_add_test(tcase, a_share_counts_from_when_it_was_given);
	tcase_add_test(tcase, a_spent_share_holds_its_user_until_there_is_more);
	tcase_add_test(tcase, a_user_who_is_not_shown_after_a_restore_is_restored_later);
	tcase_add_test(tcase, several_users_are_held_by_one_call);
	tcase_add_test(tcase, a_restore_is_done_once_all_partitions_have_it);
	tcase_add_test(tcase, partitions_are_one_user);
	tcase_add_test(tcase, adopt_leaves_a_limit_of_some_partitions_to_the_site);
	tcase_add_test(tcase, a_percentage_is_of_the_present_allocation);
	tcase_add_test(tcase, a_request_with_a_ref_is_recorded_once);
	tcase_add_test(tcase, the_receipt_of_a_share_is_that_of_its_last_entry);
	tcase_add_test(tcase, lists_and_sums_leave_shares_out);
	tcase_add_test(tcase, only_other_resources_than_su_need_a_unit);
	tcase_add_test(tcase, the_shares_of_a_resource_are_also_those_of_the_past);
	tcase_add_test(tcase, under_jobs_a_share_has_the_jobs_of_its_user);
	tcase_add_test(tcase, a_malformed_default_share_is_refused);
	tcase_add_test(tcase, new_users_get_the_default_share_once);
	tcase_add_test(tcase, a_round_sets_a_default_share);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
