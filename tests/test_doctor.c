/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said of how the bank and Slurm are set up, driven in the test's own process. */
#include "config.h"

#include "tests/drive.h"

static void setup(void)
{
	drive_setup();
	(void)fake_account("dev", "bio");
	(void)fake_account("dev", "chem");
	DONE("", "open", "bio", "10");
}

/* ---- accounts that the bank lacks ---- */

static struct fake_account *below(const char *parent, const char *name, int64_t usage)
{
	struct fake_account *account = fake_account("dev", name);

	(void)snprintf(account->parent, sizeof(account->parent), "%s", parent);
	account->usage = usage;
	return account;
}

START_TEST(an_account_that_does_not_belong_cannot_be_opened)
{
	REFUSED(1, "root stands for the whole cluster", "open", "root", "1");
	REFUSED(1, "`accounts:`", "open", "ROOT");
	set_settings("clusters: [dev]\naccounts: [proj*, chem]\n");
	REFUSED(1, "no pattern of `accounts:` in the settings matches it", "open", "phys", "1");
	REFUSED(1, "`accounts:`", "open", "phys", "--later");
	(void)fake_account("dev", "project");
	DONE("opened project", "open", "project", "1");
	DONE("opened chem", "open", "Chem", "1");
	/* What is in the bank stays there. */
	DONE("", "deposit", "bio", "1");
	DONE("", "check");
}
END_TEST

START_TEST(a_check_says_which_accounts_the_bank_lacks)
{
	DONE("", "check");
	ck_assert_str_eq(out, "");
	fake_account("dev", "chem")->usage = 1;
	DONE("1 account has used something and is not in the bank: chem (subank open)\n", "check");
	(void)below("", "art", 7);
	DONE("2 accounts have used something and are not in the bank: art, chem (subank open)\n",
	     "check");
	GIVES(0, "art, chem", "dry run", "check", "--dry-run");
	DONE("", "check", "--quiet");
	ck_assert_str_eq(out, "");
	/* Only a check of everything looks for what is not there. */
	DONE("", "check", "bio");
	ck_assert_str_eq(out, "");
	DONE("", "check", "-M", "dev");
	ck_assert_str_eq(out, "");
	DONE("", "open", "chem", "1");
	DONE("1 account has used something and is not in the bank: art (subank open)\n", "check");
	set_settings("clusters: [dev]\naccounts: [chem, bio]\n");
	DONE("", "check");
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(what_is_inside_a_budget_is_not_lacking)
{
	/* bio is in the bank; faculty only holds others together. */
	(void)below("bio", "genes", 50);
	(void)below("genes", "mice", 50);
	(void)below("", "faculty", 90);
	(void)below("faculty", "maths", 90);
	DONE("1 account has used something and is not in the bank: maths (", "check");
	fake_account("dev", "faculty")->usage = 100;
	DONE("2 accounts have used something and are not in the bank: faculty, maths (", "check");
	/* In the bank here, not there. */
	set_settings("clusters: [dev, gpu]\n");
	fake_account("gpu", "mice")->usage = 1;
	fake_account("gpu", "maths")->usage = 1;
	fake_account("gpu", "bio")->usage = 1;
	DONE("3 accounts have used something and are not in the bank: faculty, maths, mice (",
	     "check");
	fake_cluster("gpu")->silent = true;
	GIVES(3, "faculty, maths (", "cluster 'gpu' does not answer", "check");
}
END_TEST

START_TEST(at_most_ten_are_named)
{
	for (int i = 10; i < 23; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "a%d", i);
		(void)below("", name, 1);
	}
	DONE("13 accounts have used something and are not in the bank: a10, a11, a12, a13, a14, "
	     "a15, a16, a17, a18, a19 and 3 more (subank open)\n",
	     "check");
}
END_TEST

/* ---- what goes to syslog ---- */

#define LOGGED(text) ck_assert_str_eq(logged, text)

START_TEST(messages_of_verbs_that_write_are_logged)
{
	DONE("", "deposit", "bio", "1");
	LOGGED("");
	GIVES(1, NULL, "nosuch", "deposit", "nosuch", "1");
	ck_assert_int_eq(strncmp(logged, "3 account 'nosuch' ", 19), 0);
	GIVES(2, NULL, "", "deposit", "bio", "1", "--not\033[2Jsuch");
	ck_assert_ptr_nonnull(strstr(logged, "3 there is no option '--not\\x1b[2Jsuch'\n"));
	GIVES(2, NULL, "usage: ", "deposit", "bio");
	LOGGED("3 deposit needs ACCOUNT SU\n");
	GIVES(1, NULL, "", "balance", "nosuch");
	LOGGED("");
	GIVES(1, NULL, "", "journal", "nosuch");
	LOGGED("");
}
END_TEST

START_TEST(what_a_check_does_is_logged)
{
	fake_account("dev", "bio")->usage = 20 * 3600;
	GIVES(0, "bio: held", "dry run", "check", "--dry-run");
	LOGGED("");
	DONE("bio: held", "check");
	LOGGED("6 bio: charged 20.00 SU used on dev\n6 bio: held, available -10.00 SU\n");
	fake_account("dev", "bio")->usage += 3600;
	DONE("", "check", "--quiet");
	LOGGED("");
	fake_account("dev", "bio")->usage = 0;
	fake_account("dev", "bio")->limits[0] = '\0';
	RUN("check", "--quiet", "-v");
	ck_assert_int_eq(status, 3);
	ck_assert_int_eq(strncmp(logged, "4 bio: ", 7), 0);
	ck_assert_ptr_nonnull(strstr(logged, "went down"));
	/* What -v prints is for who asked for it. */
	ck_assert_ptr_nonnull(strstr(err, "runs: "));
	ck_assert_ptr_null(strstr(logged, "runs: "));
	fake_cluster("dev")->silent = true;
	RUN("check");
	ck_assert_int_eq(strncmp(logged, "4 cluster 'dev' does not answer", 31), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("doctor");
	TCase *unbanked = tcase_create("unbanked"), *logging = tcase_create("syslog");

	tcase_add_checked_fixture(unbanked, setup, drive_teardown);
	tcase_set_timeout(unbanked, TEST_TIMEOUT);
	tcase_add_test(unbanked, an_account_that_does_not_belong_cannot_be_opened);
	tcase_add_test(unbanked, a_check_says_which_accounts_the_bank_lacks);
	tcase_add_test(unbanked, what_is_inside_a_budget_is_not_lacking);
	tcase_add_test(unbanked, at_most_ten_are_named);
	suite_add_tcase(suite, unbanked);
	tcase_add_checked_fixture(logging, setup, drive_teardown);
	tcase_set_timeout(logging, TEST_TIMEOUT);
	tcase_add_test(logging, messages_of_verbs_that_write_are_logged);
	tcase_add_test(logging, what_a_check_does_is_logged);
	suite_add_tcase(suite, logging);
	return util_run(suite);
}
