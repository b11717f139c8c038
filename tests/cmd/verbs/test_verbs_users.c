/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Published balances, and `balance` for users who may not read the bank. tests/test_cli.sh does the
 * same as a real user. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/drive.h"

static char folder[128], file[160];

static void publish_as(const char *who)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "bank: %s/elsewhere\nclusters: [dev]\nlock_seconds: 1\nthresholds: []\n"
		       "notice_days: 0\ncharge_minutes: 60\npublish: %s\npublish_file: %s\n",
		       test_folder, who, file);
	set_settings(text);
}

/* Returns the file's content, with its time; the caller frees. */
static char *published(void)
{
	size_t len;

	return util_read_file(file, &len);
}

static void still(char *before)
{
	char *after = published();

	ck_assert_str_eq(after, before);
	free(before);
	free(after);
}

/* A user without access: the folder of the settings is closed or missing. */
static void as_user(void)
{
	ck_assert_int_eq(unsetenv("SUBANK_BANK"), 0);
}

static void as_owner(void)
{
	ck_assert_int_eq(setenv("SUBANK_BANK", bank_folder, 1), 0);
}

static void setup(void)
{
	char elsewhere[128];

	drive_setup();
	(void)snprintf(folder, sizeof(folder), "%s/pub", test_folder);
	(void)snprintf(file, sizeof(file), "%s/balances.json", folder);
	ck_assert_int_eq(mkdir(folder, 0755), 0);
	(void)snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", test_folder);
	/* root may open any folder. */
	if (geteuid() != 0)
		ck_assert_int_eq(mkdir(elsewhere, 0), 0);
	publish_as("all");
	fake_account("dev", "faculty")->usage = 3600;
	(void)snprintf(fake_account("dev", "bio")->parent, 16, "faculty");
	(void)snprintf(fake_account("dev", "cells")->parent, 16, "bio");
	(void)snprintf(fake_account("dev", "cells")->users, 16, "slurm");
	(void)snprintf(fake_account("dev", "chem")->users, 16, "alice,slurm");
	(void)fake_account("dev", "other");
	DONE("", "open", "faculty", "100");
	DONE("", "open", "bio", "10");
	DONE("", "open", "chem", "20");
	DONE("", "open", "other", "30");
	DONE("", "check");
}

START_TEST(a_user_sees_his_accounts_and_those_above)
{
	as_user();
	GIVES(0, "bio|10.00\nchem|20.00\nfaculty|100.00\n", "as the bank published it 1s ago",
	      "balance", "-nPo", "account,available");
	ck_assert_ptr_null(strstr(out, "other"));
	ck_assert_ptr_nonnull(strstr(fake_line, "where user=slurm format=Cluster,User,Account"));
	GIVES(0, "faculty|100.00\n", "ago", "balance", "-nPo", "account,available", "--tree");
	GIVES(0, "(total)|120.00\n", "ago", "balance", "-nPo", "account,available", "--total");
	GIVES(0, "\"available_seconds\": 36000,", "ago", "balance", "bio", "--json");
	GIVES(0, "other|30.00\n", "ago", "balance", "other", "-nPo", "account,available");
	GIVES(0, "`-bio   open", "ago", "balance", "--tree");
	ck_assert_int_eq(fake_modifies, 0);
}
END_TEST

START_TEST(budgets_of_other_resources_are_published)
{
	char *before = published(), *text, *at;

	/* Older programs read a file that has none of them. */
	ck_assert_ptr_null(strstr(before, "purses"));
	ck_assert_ptr_null(strstr(before, "unit"));
	free(before);
	as_owner();
	(void)snprintf(fake_account("dev", "bio")->tres_raw, 256, "cpu=0,gres/gpu=0");
	(void)snprintf(fake_account("dev", "faculty")->tres_raw, 256, "cpu=60,gres/gpu=0");
	DONE("", "open", "faculty", "50", "--resource", "gres/gpu");
	DONE("", "open", "bio", "5", "--resource", "gres/gpu");
	DONE("", "open", "bio", "7", "--resource", "storage");
	DONE("", "open", "other", "9", "--resource", "storage");
	DONE("", "hold", "faculty");
	text = published();
	at = strstr(text, "\"purses\"");
	ck_assert_ptr_nonnull(at);
	ck_assert_ptr_nonnull(strstr(at, "\"account\": \"bio:gres/gpu\""));
	*at = '\0';
	ck_assert_ptr_null(strstr(text, "bio:gres/gpu"));
	free(text);
	as_user();
	GIVES(0,
	      "bio|10.00|SU\nbio:gres/gpu|5.00|GPU-hours\nbio:storage|7.00|storage-hours\n"
	      "chem|20.00|SU\nfaculty|100.00|SU\nfaculty:gres/gpu|50.00|GPU-hours\n",
	      "as the bank published it", "balance", "-nPo", "account,available,unit");
	ck_assert_ptr_null(strstr(out, "other"));
	GIVES(0, "bio:gres/gpu|blocked\nfaculty:gres/gpu|blocked\n(total)|\n", "ago", "balance",
	      "-nPo", "account,state", "--resource", "GRES/GPU", "--total");
	/* bio is a part of faculty. */
	GIVES(0, "(total)|50.00\n", "ago", "balance", "-nPo", "account,available", "--resource",
	      "gres/gpu", "--total");
	GIVES(0, "(total)|120.00\n", "ago", "balance", "-nPo", "account,available", "--total");
	GIVES(0, "other:storage|9.00\n", "ago", "balance", "other:storage", "-nPo",
	      "account,available");
	GIVES(0, "bio:gres/gpu|5.00\n", "ago", "balance", "bio", "--resource", "gres/gpu", "-nPo",
	      "account,available");
	GIVES(0, "`-bio:storage ", "ago", "balance", "bio", "--tree");
	GIVES(1, NULL, "account 'chem' has no budget of gres/gpu", "balance", "chem:gres/gpu");
	GIVES(0, "", "none of the accounts of slurm in Slurm has a budget of cpu", "balance",
	      "--resource", "cpu");
	DONE("bio\nchem\nfaculty\nother\n", "complete", "--", "statement", "");
}
END_TEST

START_TEST(a_user_may_sort_and_choose_by_percent)
{
	as_owner();
	fake_account("dev", "faculty")->usage += 50 * 3600;
	DONE("", "check");
	as_user();
	GIVES(0, "faculty|50\nchem|0\nbio|0\n", "ago", "balance", "-nPo", "account,percent",
	      "--sort", "-Percent,-Account");
	GIVES(0, "", "ago", "balance", "-nPo", "account", "--min-percent", "50", "--total");
	ck_assert_str_eq(out, "faculty\n(total)\n");
	GIVES(0, "", "no account has used that much of its allocation", "balance", "--min-percent",
	      "51");
	ck_assert_str_eq(out, "");
	GIVES(2, NULL, "there is no column 'Percnt'", "balance", "--sort", "Percnt");
}
END_TEST

/* Accounts with names that no bank can have are inside of one, too. */
START_TEST(a_user_of_an_odd_account_sees_the_one_above)
{
	static const char *const odd[] = {"a|b", " c", "new\nline", "\xff\xfe", "\xc3\xbcnit"};
	static const char *const above[] = {"bio", "chem", "faculty", "other", "bio"};

	fake_account("dev", "cells")->users[0] = fake_account("dev", "chem")->users[0] = '\0';
	for (size_t i = 0; i < COUNT(odd); i++)
		strcpy(fake_account("dev", odd[i])->parent, above[i]);
	as_owner();
	DONE("account 'new\\x0aline' on dev has a name that no bank can have", "check");
	DONE("", "check");
	ck_assert_str_eq(out, "");
	for (size_t i = 0; i < COUNT(odd); i++) {
		strcpy(fake_account("dev", odd[i])->users, "slurm");
		as_user();
		GIVES(0, above[i], "as the bank published it", "balance", "-nPo", "Account");
		fake_account("dev", odd[i])->users[0] = '\0';
	}
}
END_TEST

/* Showing terms needs no right to write, and publishes nothing. */
START_TEST(only_a_change_of_terms_publishes)
{
	as_owner();
	ck_assert_int_eq(unlink(file), 0);
	DONE("bio     limited", "terms");
	DONE("allowance    limited", "terms", "bio");
	DONE("\"account\": \"bio\"", "terms", "bio", "--json");
	ck_assert_int_ne(access(file, F_OK), 0);
	DONE("", "terms", "bio", "--unlimited");
	ck_assert_int_eq(access(file, F_OK), 0);
}
END_TEST

START_TEST(who_is_unlimited_is_published)
{
	as_owner();
	DONE("", "terms", "bio", "--unlimited");
	as_user();
	GIVES(0, "\nbio|unlimited|yes\n", "ago", "balance", "bio", "-P", "-o",
	      "Account,Available,Unlimited");
	GIVES(0, "\"available_seconds\": null", "ago", "balance", "bio", "--json");
}
END_TEST

START_TEST(what_is_not_published_is_said)
{
	as_user();
	GIVES(1, NULL, "there is no account 'nope' among those that the bank publishes", "balance",
	      "nope");
	GIVES(1, NULL, "that the bank publishes: did you mean 'other'?", "balance", "ohter");
	GIVES(1, "other|", "there is no account 'nope'", "balance", "nope", "other", "-nP");
	GIVES(2, NULL, "leave out --as-of, --forecast and --lots", "balance", "--lots");
	GIVES(2, NULL, "leave out --as-of, --forecast and --lots", "balance", "--forecast");
	GIVES(2, NULL, "leave out --as-of, --forecast and --lots", "balance", "--as-of", "1");
	GIVES(1, NULL, "/elsewhere", "journal");
	/* A named bank is read itself. */
	GIVES(1, NULL, "/no/such/other", "balance", "-b", "/no/such/other");
	ck_assert_int_eq(unlink(file), 0);
	GIVES(1, NULL, "/elsewhere", "balance");
}
END_TEST

START_TEST(a_user_of_no_account_or_without_slurm)
{
	as_user();
	fake_account("dev", "chem")->users[0] = '\0';
	fake_account("dev", "cells")->users[0] = '\0';
	GIVES(0, "", "user slurm has no account in Slurm", "balance", "-n");
	ck_assert_str_eq(out, "");
	(void)snprintf(fake_account("dev", "fresh")->users, 16, "slurm");
	GIVES(0, "", "none of the accounts of slurm in Slurm is in the bank", "balance", "-n");
	ck_assert_str_eq(out, "");
	fake_mode[FAKE_SACCTMGR] = FAKE_FAILS;
	GIVES(0, "other", "Slurm did not report your accounts", "balance");
	ck_assert_ptr_nonnull(strstr(out, "bio"));
}
END_TEST

START_TEST(shells_complete_what_is_published_and_ask_no_slurm)
{
	int calls = fake_calls[FAKE_SACCTMGR];

	as_user();
	DONE("bio\nchem\nfaculty\nother\n", "complete", "--", "statement", "");
	DONE("bio\n", "complete", "--", "balance", "-A", "b");
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], calls);
}
END_TEST

START_TEST(everything_that_is_entered_is_published)
{
	struct stat st;
	char *before;

	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	DONE("", "deposit", "bio", "5", "--no-apply");
	as_user();
	GIVES(0, "bio|15.00\n", "1s ago", "balance", "bio", "-nPo", "account,available");
	as_owner();
	answers = "- {ref: r1, deposit: bio, su: 5}\n";
	DONE("recorded 1 of 1", "import", "--append", "-", "--no-apply");
	as_user();
	GIVES(0, "bio|20.00\n", "1s ago", "balance", "bio", "-nPo", "account,available");
	as_owner();
	DONE("", "check");
	fake_account("dev", "bio")->usage += 60;
	DONE("charged", "check");
	as_user();
	GIVES(0, "60|60\n", "1s ago", "balance", "bio", "-nPo", "used,unentered", "--seconds");
	as_owner();
	DONE("", "hold", "faculty");
	as_user();
	GIVES(0, "bio|blocked\n", "bio: no job starts, since faculty above it is held", "balance",
	      "bio", "-nPo", "account,state");
	before = published();
	/* A dry run and a refusal record nothing. */
	as_owner();
	DONE("", "check", "--dry-run", "-Q");
	RUN("withdraw", "bio", "1000");
	ck_assert_int_eq(status, 1);
	still(before);
}
END_TEST

START_TEST(a_copy_of_the_bank_does_not_publish)
{
	char *before = published();

	machine = "id/other";
	RUN("deposit", "bio", "5", "--no-apply");
	ck_assert_int_eq(status, 0);
	RUN("check");
	ck_assert_int_eq(status, 3);
	still(before);
	as_user();
	GIVES(0, "bio|10.00\n", "ago", "balance", "bio", "-nPo", "account,available");
}
END_TEST

START_TEST(none_publishes_nothing_and_group_less)
{
	struct stat st;

	ck_assert_int_eq(unlink(file), 0);
	publish_as("none");
	DONE("", "check");
	ck_assert_int_ne(access(file, F_OK), 0);
	publish_as("group");
	/* Root may give it any group, others one of theirs. */
	if (geteuid() == 0)
		ck_assert_int_eq(chown(folder, (uid_t)-1, 65534), 0);
	DONE("", "check");
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	if (geteuid() == 0)
		ck_assert_uint_eq(st.st_gid, 65534);
}
END_TEST

/* Reasons to reject the file. */
START_TEST(a_file_that_may_not_be_the_bank_s_is_refused)
{
	size_t len;
	char *text = util_read_file(file, &len), *newer;

	as_user();
	ck_assert_int_eq(chmod(file, 0664), 0);
	GIVES(1, NULL, "cannot be trusted: other users", "balance");
	ck_assert_int_eq(chmod(file, 0646), 0);
	GIVES(1, NULL, "cannot be trusted: other users", "balance");
	ck_assert_int_eq(chmod(file, 0644), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(file, 65534, (gid_t)-1), 0);
		GIVES(1, NULL, "are not from the bank: their owner is neither root nor slurm nor",
		      "balance");
		ck_assert_int_eq(chown(file, 0, (gid_t)-1), 0);
	}
	for (size_t cut = 0; cut + 2 < len; cut += 1 + len / 97) {
		util_write_file(file, text, cut);
		GIVES(1, NULL, "no valid JSON", "balance");
	}
	newer = strstr(text, "\"subank\": 1");
	ck_assert_ptr_nonnull(newer);
	newer[strlen("\"subank\": ")] = '2';
	util_write_file(file, text, len);
	GIVES(1, NULL, "are from a newer subank (form 2; this one reads 1)", "balance");
	newer[strlen("\"subank\": ")] = '1';
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(mkfifo(file, 0644), 0);
	GIVES(1, NULL, "are not a file", "balance");
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(symlink("/etc/passwd", file), 0);
	GIVES(1, NULL, "cannot read the published balances", "balance");
	free(text);
}
END_TEST

START_TEST(malformed_balances_are_refused)
{
	static const char *const bad[] = {
		"[]\n",
		"{}\n",
		"{\"subank\": \"1\"}\n",
		"{\"subank\": 1, \"subank\": 1}\n",
		"{\"subank\": 1, \"time\": \"now\", \"accounts\": [], \"inside\": {}}\n",
		"{\"subank\": 1, \"time\": \"2026-11-22T17:00:00.000000Z\", \"accounts\": {}, "
		"\"inside\": {}}\n",
		"{\"subank\": 1, \"time\": \"2026-11-22T17:00:00.000000Z\", \"accounts\": [1], "
		"\"inside\": {}}\n",
		"{\"subank\": 1, \"time\": \"2026-11-22T17:00:00.000000Z\", \"accounts\": [], "
		"\"inside\": {\"a;b\": \"c\"}}\n",
		"{\"subank\": 1, \"time\": \"2026-11-22T17:00:00.000000Z\", \"accounts\": [], "
		"\"inside\": {}, \"purses\": {}}\n",
		"{\"subank\": 1, \"time\": \"2026-11-22T17:00:00.000000Z\", \"accounts\": [], "
		"\"inside\": {}, \"purses\": [1]}\n",
		"{\"subank\": 1, \"time\": \"2026-11-22T17:00:00.000000Z\", \"accounts\": "
		"[{\"account\": \"\\u001b[2J\", \"state\": \"open\", \"causes\": \"\", \"lever\": "
		"\"\", \"blocked_by\": \"\", \"above\": \"\", \"allocated_seconds\": 1, "
		"\"used_seconds\": 1, \"available_seconds\": 1, \"charged_seconds\": 1, "
		"\"debt_seconds\": 1, \"waiting_seconds\": 1, \"read\": null}], \"inside\": {}}\n",
	};

	as_user();
	for (size_t i = 0; i < COUNT(bad); i++) {
		util_write_file(file, bad[i], strlen(bad[i]));
		ck_assert_int_eq(chmod(file, 0644), 0);
		GIVES(1, NULL, "the published balances", "balance", "bio");
	}
}
END_TEST

START_TEST(what_cannot_be_published_is_said_and_stops_nothing)
{
	ck_assert_int_eq(chmod(folder, 0757), 0);
	GIVES(0, "deposited 1.00 SU", "others can write the folder", "deposit", "bio", "1");
	GIVES(3, "", "others can write the folder", "check");
	ck_assert_int_eq(chmod(folder, 0775), 0);
	GIVES(3, "", "others can write the folder", "check");
	ck_assert_int_eq(chmod(folder, 0755), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(folder, 65534, (gid_t)-1), 0);
		GIVES(3, "", "belongs to user 65534, who can put another file there", "check");
		ck_assert_int_eq(chown(bank_folder, 65534, (gid_t)-1), 0);
		DONE("", "check");
		ck_assert_int_eq(chown(bank_folder, 0, (gid_t)-1), 0);
		ck_assert_int_eq(chown(folder, 0, (gid_t)-1), 0);
	}
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(rmdir(folder), 0);
	GIVES(0, "deposited 1.00 SU", "cannot open the folder", "deposit", "bio", "1");
	GIVES(3, "", "cannot open the folder", "check");
	GIVES(3, "balances for users|this machine|bad|cannot be written: ", NULL, "doctor", "-P");
	ck_assert_ptr_nonnull(strstr(out, "cannot open the folder"));
	ck_assert_int_eq(mkdir(folder, 0755), 0);
	DONE("balances for users|this machine|warn|not there yet: ", "doctor", "-P");
	/* A test leaves nothing behind. */
	DONE("test of publish|this machine|ok|a file was written and renamed there|", "doctor",
	     "-P", "--test");
	ck_assert_int_eq(chmod(folder, 0757), 0);
	GIVES(3, "test of publish|this machine|bad|it failed|", NULL, "doctor", "-P", "--test");
	ck_assert_ptr_nonnull(strstr(out, "others can write the folder"));
	/* It is empty. */
	ck_assert_int_eq(rmdir(folder), 0);
	ck_assert_int_eq(mkdir(folder, 0755), 0);
	DONE("", "check");
	DONE("published 1s ago", "doctor");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs_users");
	TCase *tcase = tcase_create("users");

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_test(tcase, budgets_of_other_resources_are_published);
	tcase_add_test(tcase, a_user_sees_his_accounts_and_those_above);
	tcase_add_test(tcase, only_a_change_of_terms_publishes);
	tcase_add_test(tcase, who_is_unlimited_is_published);
	tcase_add_test(tcase, a_user_may_sort_and_choose_by_percent);
	tcase_add_test(tcase, a_user_of_an_odd_account_sees_the_one_above);
	tcase_add_test(tcase, what_is_not_published_is_said);
	tcase_add_test(tcase, a_user_of_no_account_or_without_slurm);
	tcase_add_test(tcase, shells_complete_what_is_published_and_ask_no_slurm);
	tcase_add_test(tcase, everything_that_is_entered_is_published);
	tcase_add_test(tcase, a_copy_of_the_bank_does_not_publish);
	tcase_add_test(tcase, none_publishes_nothing_and_group_less);
	tcase_add_test(tcase, a_file_that_may_not_be_the_bank_s_is_refused);
	tcase_add_test(tcase, malformed_balances_are_refused);
	tcase_add_test(tcase, what_cannot_be_published_is_said_and_stops_nothing);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
