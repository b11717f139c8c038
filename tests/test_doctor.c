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

int main(void)
{
	Suite *suite = suite_create("doctor");
	TCase *unbanked = tcase_create("unbanked");

	tcase_add_checked_fixture(unbanked, setup, drive_teardown);
	tcase_set_timeout(unbanked, TEST_TIMEOUT);
	tcase_add_test(unbanked, an_account_that_does_not_belong_cannot_be_opened);
	tcase_add_test(unbanked, a_check_says_which_accounts_the_bank_lacks);
	tcase_add_test(unbanked, what_is_inside_a_budget_is_not_lacking);
	tcase_add_test(unbanked, at_most_ten_are_named);
	suite_add_tcase(suite, unbanked);
	return util_run(suite);
}
