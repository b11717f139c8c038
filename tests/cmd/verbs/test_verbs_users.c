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

/* The settings of publish_as() with thresholds. */
static void set_thresholds(void)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "bank: %s/elsewhere\nclusters: [dev]\nthresholds: [50, 90]\nnotice_days: 0\n"
		       "publish: all\npublish_file: %s\n",
		       test_folder, file);
	set_settings(text);
}

static int group_calls;

static size_t two_groups(char names[][NAME_SIZE], size_t max)
{
	ck_assert_uint_ge(max, 2);
	(void)snprintf(names[0], NAME_SIZE, "users");
	(void)snprintf(names[1], NAME_SIZE, "bio");
	group_calls++;
	return 2;
}

START_TEST(warnings_at_a_login)
{
	set_thresholds();
	/* faculty has used 1 of 100 SU; nobody is low. */
	as_user();
	DONE("", "balance", "--warn", "faculty", "bio");
	as_owner();
	DONE("", "charge", "bio", "4.99");
	as_user();
	DONE("", "balance", "--warn", "bio");
	as_owner();
	DONE("", "charge", "bio", "0.01");
	as_user();
	DONE("bio: 5.00 SU are left of 10.00 SU (50% or more are used)\n", "balance", "--warn",
	     "BIO", "chem");
	ck_assert_ptr_null(strstr(out, "chem"));
	as_owner();
	DONE("", "charge", "bio", "4");
	DONE("", "open", "bio", "3", "--resource", "gres/gpu");
	DONE("", "charge", "bio", "3", "--resource", "gres/gpu");
	as_user();
	DONE("bio: 1.00 SU are left of 10.00 SU (90% or more are used)\n"
	     "bio:gres/gpu: nothing is left of 3.00 GPU-hours, no job starts\n",
	     "balance", "--warn", "bio");
	as_owner();
	DONE("", "hold", "faculty");
	as_user();
	fake_calls[FAKE_SACCTMGR] = 0;
	DONE("faculty: held (hand), no job starts\n", "balance", "--warn", "faculty");
	DONE("bio: no job starts, since faculty is held\n", "balance", "--warn", "bio");
	/* No name, no group; an account that nobody has. */
	DONE("", "balance", "--warn");
	DONE("", "balance", "--warn", "nope", "not/a name");
	/* The accounts that are named like a group. */
	groups_here = two_groups;
	group_calls = 0;
	DONE("bio: no job starts, since faculty is held\n", "balance", "--warn");
	ck_assert_int_eq(group_calls, 1);
	/* One pass for all names, in the order of the file. */
	DONE("bio: no job starts, since faculty is held\n"
	     "bio:gres/gpu: nothing is left of 3.00 GPU-hours, no job starts\n"
	     "faculty: held (hand), no job starts\n",
	     "balance", "--warn", "faculty", "nope", "bio", "chem");
	/* What is a day old says little. */
	clock_now += 25 * HOUR;
	DONE("", "balance", "--warn", "bio");
	ck_assert_str_eq(out, "");
	clock_now -= 25 * HOUR;
	/* A login never fails. */
	util_write_file(file, "{\"subank\": 2, \"account\": \"bio\"}", 27);
	DONE("", "balance", "--warn", "bio");
	util_write_file(file, "{\"subank\": 1, {\"account\": \"bio\"", 30);
	DONE("", "balance", "--warn", "bio");
	ck_assert_int_eq(unlink(file), 0);
	DONE("", "balance", "--warn", "bio");
	/* Groups may come over a network: they are not asked for if nothing is published. */
	DONE("", "balance", "--warn");
	ck_assert_int_eq(group_calls, 1);
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 0);
}
END_TEST

START_TEST(a_quote_for_a_user)
{
	int64_t then;

	fake_qos = "normal|||||1.000000\nfree|||||0.000000";
	fake_default_account = "cells";
	as_user();
	/* bio, above cells, has 10 SU: two CPUs for five hours. */
	GIVES(0,
	      "Cost     at most 10.00 SU\nLeft     bio: 10.00 SU\n         faculty: 100.00 SU\n"
	      "Fits     yes\n",
	      "as the bank published it 1s ago", "quote", "-N1", "-n2", "-t", "5:00:00");
	ck_assert_ptr_nonnull(strstr(out, "free        0  0.00 SU yes\n"));
	GIVES(3, "Fits     no; it would with -t 5:00:00 or less\n", "ago", "quote", "-N1", "-n2",
	      "-t", "5:01:00");
	GIVES(0, "Cost     at most 0.00 SU", "ago", "quote", "-N1", "-n2", "-t", "5:01:00",
	      "-qfree");
	GIVES(3, "100.00 SU", "ago", "quote", "-N1", "-n2", "-t", "60", "-a", "0-5");
	GIVES(0, "5 jobs of cpu=2, node=1", "ago", "quote", "-N1", "-n2", "-t", "60", "-a", "0-4");
	GIVES(0, "\"cost_seconds\": 36000,", "ago", "quote", "--json", "-N1", "-n2", "-t",
	      "5:00:00");
	ck_assert_ptr_nonnull(strstr(out, "\"no_shares\""));
	ck_assert_ptr_null(strstr(out, "\"stale\""));
	ck_assert_ptr_nonnull(strstr(out, "\"published\": \"2026-11-22T17:00:"));
	GIVES(0, "Cost     at most 36000s", "ago", "quote", "--seconds", "-N1", "-n2", "-t", "300");
	GIVES(0, "nothing limits it", "is not in account elsewhere", "quote", "-A", "elsewhere",
	      "-t", "1");
	GIVES(3, "no bound", "no time limit", "quote", "-n2");
	GIVES(2, NULL, "has no option '--no-such'", "quote", "--no-such");
	GIVES(2, NULL, "'--json' is an option of subank", "quote", "-n2", "--json");
	GIVES(1, NULL, "has no partition 'nope'", "quote", "-p", "nope", "-t", "1");
	GIVES(1, NULL, "cannot read the script", "quote", "/nonexistent/job.sh");
	GIVES(0, "usage: subank quote", NULL, "quote", "--help");
	/* A share may limit the user, and is not published. */
	GIVES(0, "", "a share of yours, if you have one, is not counted", "quote", "-N1", "-n2",
	      "-t", "1");
	/* No check has published for long. */
	then = clock_now;
	clock_now += 61 * WHEN_DAY;
	GIVES(0, "Fits     yes, as of 61d ago\n", "61d ago", "quote", "-N1", "-n2", "-t", "1");
	GIVES(0, "\"stale\"", "61d ago", "quote", "--json", "-N1", "-n2", "-t", "1");
	clock_now = then;
	/* Nothing is published: the cost is all that is known. */
	ck_assert_int_eq(unlink(file), 0);
	GIVES(1, "Cost     at most 10.00 SU\n", "what is left is not known", "quote", "-N1", "-n2",
	      "-t", "5:00:00");
	/* With the bank itself. */
	as_owner();
	GIVES(0, "Left     bio: 10.00 SU\n         faculty: 100.00 SU\nFits     yes\n", NULL,
	      "quote", "-N1", "-n2", "-t", "5:00:00");
	GIVES(0, "\"published\": null", NULL, "quote", "--json", "-N1", "-n2", "-t", "1");
}
END_TEST

START_TEST(a_quote_in_a_qos)
{
	fake_qos = "normal|||||1.000000\nfree|||||0.000000\nhigh|||||10.000000\n"
		   "secret|||||0.000000";
	fake_default_account = "cells";
	as_user();
	GIVES(1, NULL, "Slurm has no QOS 'nosuch'", "quote", "-N1", "-n2", "-t", "60", "-q",
	      "nosuch");
	GIVES(1, NULL, "Slurm has no QOS 'nosuch'", "quote", "-N1", "-n2", "-t", "60", "-q",
	      "free,nosuch");
	GIVES(1, NULL, "Slurm has no QOS '\\xff'", "quote", "--json", "-N1", "-n2", "-t", "60",
	      "-q", "\xff");
	GIVES(3, "QOS high\n", "not among those that user slurm may use", "quote", "-N1", "-n2",
	      "-t", "60", "-q", "HIGH");
	ck_assert_ptr_nonnull(strstr(out, "Cost     at most 20.00 SU"));
	/* Slurm takes one of a list: the dearest counts. */
	GIVES(3, "Cost     at most 20.00 SU", "ago", "quote", "-N1", "-n2", "-t", "60", "-q",
	      "free,High,normal");
	GIVES(0, "Cost     at most 0.00 SU", "QOS secret is not among", "quote", "-N1", "-n2", "-t",
	      "60", "-q", "secret");
	GIVES(0, "\"no_qos\"", "ago", "quote", "--json", "-N1", "-n2", "-t", "60", "-q", "secret");
	GIVES(1, NULL, "Slurm has no QOS ''", "quote", "-N1", "-n2", "-t", "60", "-q", "");
	GIVES(0, "Account  cells, QOS normal\n", "ago", "quote", "-N1", "-n2", "-t", "60");
	ck_assert_ptr_null(strstr(err, "is not among"));
}
END_TEST

START_TEST(a_quote_of_bytes_that_are_no_text)
{
	fake_default_account = "cells";
	as_user();
	GIVES(0, "\"account\": \"\\\\xff\"", "is not in account", "quote", "--json", "-A", "\xff",
	      "-t", "1");
	GIVES(0, "gres/\\\\xff=1", "ago", "quote", "--json", "--gres=\xff", "-N1", "-t", "1");
}
END_TEST

/* The partition whose job is described is the one that costs most: its time limit is longer. */
START_TEST(a_quote_describes_what_costs_most)
{
	fake_default_account = "cells";
	as_user();
	fake_cluster("dev")->partitions =
		"PartitionName=gpu QoS=N/A State=UP TRESBillingWeights=CPU=2.0 MaxTime=00:10:00\n"
		"PartitionName=main QoS=N/A State=UP TRESBillingWeights=CPU=1.0 MaxTime=02:00:00\n";
	GIVES(0, "for 2:00:00 in partition main\nCost     at most 4.00 SU\n", "ago", "quote", "-N1",
	      "-n2", "-p", "gpu,main");
	GIVES(0, "\"partition\": \"main\"", "ago", "quote", "--json", "-N1", "-n2", "-p",
	      "main,gpu");
}
END_TEST

START_TEST(a_quote_in_a_spent_account)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "bank: %s/elsewhere\nclusters: [dev]\nthresholds: []\nnotice_days: 0\n"
		       "enforcement: scavenge\nscavenger_qos: free\npublish: all\n"
		       "publish_file: %s\n",
		       test_folder, file);
	set_settings(text);
	fake_qos = "normal|||||1.000000\n"
		   "free|cpu=1000000000000000||||0.500000";
	RUN("charge", "bio", "11");
	RUN("check");
	as_user();
	GIVES(3, "Fits     no: bio is spent\n", "ago", "quote", "-N1", "-n2", "-t", "1", "-A",
	      "cells");
	ck_assert_ptr_nonnull(strstr(out, "free      0.5 0.01 SU yes\n"));
	GIVES(0, "Fits     yes\n", "ago", "quote", "-N1", "-n2", "-t", "60", "-A", "cells", "-q",
	      "free");
	DONE("bio: nothing is left, only jobs in QOS free start\n", "balance", "--warn", "bio");
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
	tcase_add_test(tcase, warnings_at_a_login);
	tcase_add_test(tcase, a_quote_for_a_user);
	tcase_add_test(tcase, a_quote_in_a_qos);
	tcase_add_test(tcase, a_quote_of_bytes_that_are_no_text);
	tcase_add_test(tcase, a_quote_describes_what_costs_most);
	tcase_add_test(tcase, a_quote_in_a_spent_account);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
