/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `publish: own`: each user sees his own accounts, in detail. That the kernel keeps other users out
 * is tested with real users, in tests/test_cli.sh and tests/slurm/view.test.bash. */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/drive.h"

#define BEGIN (T0 / WHEN_SECOND)

static char folder[128], file[160];

static void publish_with(const char *who, const char *more)
{
	char text[640];

	(void)snprintf(text, sizeof(text),
		       "bank: %s/elsewhere\nlock_seconds: 1\nnotice_days: 0\npublish: %s\n"
		       "publish_file: %s\n%s",
		       test_folder, who, file, more);
	set_settings(text);
}

static void publish_as(const char *who, const char *more)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "clusters: [dev]\nthresholds: []\n%s", more);
	publish_with(who, text);
}

static void as_owner(void)
{
	acting = (struct acting){"slurm", 64030};
	ck_assert_int_eq(setenv("SUBANK_BANK", bank_folder, 1), 0);
}

/* Without access to the bank: its folder in the settings is closed or missing. */
static void as(const char *name, uint32_t uid)
{
	acting = (struct acting){name, uid};
	ck_assert_int_eq(unsetenv("SUBANK_BANK"), 0);
}

#define ALICE as("alice", 1001)
#define BOB as("bob", 1002)
#define CAROL as("carol", 1003)

static void users(const char *account, const char *names)
{
	(void)snprintf(fake_account("dev", account)->users, 256, "%s", names);
}

static void below(const char *account, const char *parent)
{
	(void)snprintf(fake_account("dev", account)->parent, 256, "%s", parent);
}

/* faculty > bio > cells, of which the bank does not have cells; and chem. */
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
	publish_as("own", "");
	users("faculty", "carol");
	below("bio", "faculty");
	below("cells", "bio");
	users("cells", "bob,ghost");
	users("chem", "alice,carol");
	DONE("", "open", "faculty", "100");
	DONE("", "open", "bio", "10");
	DONE("", "open", "chem", "20");
	DONE("", "check");
}

/* The path of a file in what is published; valid until the next call. */
static const char *published(const char *name)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s.d/%s", file, name);
	return path;
}

static bool is_there(const char *name)
{
	return access(published(name), F_OK) == 0;
}

static ino_t inode(const char *name)
{
	struct stat st;

	ck_assert_msg(stat(published(name), &st) == 0, "%s is missing", name);
	return st.st_ino;
}

/* Checks that no file that the user can read has the text. */
static void check_unnamed(uint32_t uid, const char *text)
{
	char name[64], path[1024];
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(name, sizeof(name), "users/%u", uid);
	dir = opendir(published(name));
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir))) {
		size_t len;
		char *bytes;

		if (*entry->d_name == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", published(name), entry->d_name);
		bytes = util_read_file(path, &len);
		ck_assert_msg(!strstr(bytes, text) && !strstr(entry->d_name, text),
			      "%s is in %s: %s", text, path, bytes);
		free(bytes);
	}
	closedir(dir);
}

START_TEST(a_user_sees_his_own_accounts_alone)
{
	int calls = fake_calls[FAKE_SACCTMGR];
	struct stat st;

	ALICE;
	GIVES(0, "chem|20.00\n", "as the bank published it", "balance", "-nPo",
	      "account,available");
	ck_assert_str_eq(out, "chem|20.00\n");
	GIVES(1, NULL,
	      "account 'bio' is not among those that the bank publishes for you: you are "
	      "not in it, or it does not exist",
	      "balance", "bio");
	GIVES(1, NULL, "account 'nosuch' is not among those", "why", "nosuch");
	GIVES(1, NULL,
	      "account 'chm' is not among those that the bank publishes for you: you are "
	      "not in it, or it does not exist; did you mean 'chem'?",
	      "why", "chm");
	GIVES(1, "chem|20.00\n", "account 'bio' is not among", "balance", "bio", "chem", "-nPo",
	      "account,available");
	GIVES(1, NULL, "account 'faculty' is not among", "usage", "faculty");
	check_unnamed(1001, "bio");
	check_unnamed(1001, "faculty");
	BOB;
	GIVES(0, "bio|10.00\n", "ago", "balance", "-nPo", "account,available");
	ck_assert_str_eq(out, "bio|10.00\n");
	check_unnamed(1002, "chem");
	CAROL;
	GIVES(0, "chem|20.00\nfaculty|100.00\n", "ago", "balance", "-nPo", "account,available");
	check_unnamed(1003, "bio");
	as("dave", 1004);
	GIVES(1, NULL, "the bank publishes no account for user dave", "balance");
	GIVES(1, NULL, "the bank publishes no account for user dave", "why", "chem");
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], calls);
	/* Nobody can list the names. */
	ck_assert_int_eq(stat(published("accounts"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(stat(published("users"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0711);
	ck_assert_int_eq(stat(published("users/1001"), &st), 0);
	/* The group's bits are the mask of the list. */
	ck_assert_uint_eq(st.st_mode & 07777, 0750);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert(!is_there("users/4294967295"));
}
END_TEST

START_TEST(an_account_above_is_named_where_it_blocks)
{
	DONE("", "hold", "faculty");
	BOB;
	GIVES(0, "bio|blocked\n", "bio: no job starts, since faculty above it is held", "balance",
	      "-nPo", "account,state");
	GIVES(0, "bio is blocked by faculty, which is held", "ago", "why", "bio");
	GIVES(1, NULL, "account 'faculty' is not among", "why", "faculty");
	ALICE;
	check_unnamed(1001, "faculty");
}
END_TEST

/* Quotes and warnings at a login take what the user's own files say is left. */
START_TEST(a_quote_reads_the_user_s_own_files)
{
	DONE("", "share", "chem", "alice", "1", "--later");
	DONE("", "share", "chem", "carol", "0.5", "--later");
	ALICE;
	GIVES(1, "Cost     at most 1.00 SU\n", "what is left is not known: account 'bio'", "quote",
	      "-A", "bio", "-N1", "-n2", "-t", "30");
	ck_assert_ptr_null(strstr(out, "nothing limits it"));
	GIVES(0,
	      "Left     chem: 20.00 SU\n         chem:billing~alice: 1.00 SU\n"
	      "Fits     yes\n",
	      "as the bank published it", "quote", "-A", "chem", "-N1", "-n2", "-t", "30");
	ck_assert_ptr_null(strstr(err, "is not counted"));
	GIVES(3, "Fits     no; it would with -t 0:30:00 or less\n", "ago", "quote", "-A", "chem",
	      "-N1", "-n2", "-t", "31");
	BOB;
	GIVES(0, "Left     bio: 10.00 SU\nFits     yes\n",
	      "what is left in the accounts above is not counted", "quote", "-A", "bio", "-N1",
	      "-n2", "-t", "30");
	GIVES(0, "\"no_above\"", "ago", "quote", "--json", "-A", "bio", "-N1", "-n2", "-t", "30");
	/* Settings that are not up to date: the common file has no accounts. */
	publish_as("all", "");
	GIVES(1, "Cost     at most 1.00 SU\n", "what is left is not known", "quote", "-A", "chem",
	      "-N1", "-n2", "-t", "30");
}
END_TEST

START_TEST(warnings_at_a_login_are_of_the_user_s_own_accounts)
{
	DONE("", "charge", "chem", "20");
	DONE("", "share", "chem", "alice", "1", "--later");
	DONE("", "share", "chem", "carol", "1", "--later");
	DONE("", "check");
	fake_calls[FAKE_SACCTMGR] = 0;
	ALICE;
	DONE("chem: nothing is left of 20.00 SU, no job starts\n", "balance", "--warn");
	DONE("chem: nothing is left", "balance", "--warn", "CHEM");
	/* Not the shares of others. */
	as_owner();
	DONE("", "hold", "chem");
	ALICE;
	DONE("", "balance", "--warn");
	ck_assert_str_eq(out, "chem: held (hand,funds), no job starts\n"
			      "chem:billing~alice: no job starts, since chem is held\n");
	DONE("", "balance", "--warn", "bio");
	ck_assert_str_eq(out, "");
	BOB;
	DONE("", "balance", "--warn");
	ck_assert_str_eq(out, "");
	as("dave", 1004);
	DONE("", "balance", "--warn");
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 0);
	ALICE;
	clock_now += 25 * HOUR;
	DONE("", "balance", "--warn");
	ck_assert_str_eq(out, "");
}
END_TEST

/* A total counts nested accounts once, also where one between them is not the user's. */
START_TEST(a_total_knows_accounts_that_are_not_shown)
{
	users("cells", "carol,bob");
	users("bio", "");
	fake_account("dev", "lab");
	below("lab", "cells");
	users("lab", "carol");
	users("cells", "bob");
	DONE("", "open", "lab", "5");
	clock_now += HOUR;
	DONE("", "check");
	CAROL;
	GIVES(0, "chem|20.00\nfaculty|100.00\nlab|5.00\n(total)|120.00\n", "ago", "balance", "-nPo",
	      "account,available", "--total");
	GIVES(0, "`-lab", "ago", "balance", "--tree");
}
END_TEST

/* Both must print the same, but for the age of what is published. */
static void same(const char *const args[])
{
	int64_t then = clock_now;
	char *expected;

	as_owner();
	drive(args);
	ck_assert_msg(status == 0, "%s", err);
	expected = strdup(out);
	clock_now = then;
	BOB;
	drive(args);
	ck_assert_msg(status == 0, "%s", err);
	ck_assert_str_eq(out, expected);
	free(expected);
}
#define SAME(...) same((const char *const[]){__VA_ARGS__, NULL})

static void job(int id, const char *user, const char *account, const char *partition, int64_t ran)
{
	fake_add_job("dev", (struct fake_job){.id = id,
					      .user = user,
					      .account = account,
					      .partition = partition,
					      .start = BEGIN + HOUR / WHEN_SECOND + 100 + id,
					      .ran = ran});
}

/* The number of the entry that charged a job. */
static const char *entry_of(const char *name)
{
	static char entry[32];
	char *at;

	DONE("", "journal", "bio", "-nP", "-k", "job", "-o", "Entry,Detail");
	at = strstr(out, name);
	ck_assert_ptr_nonnull(at);
	while (at > out && at[-1] != '\n')
		at--;
	(void)snprintf(entry, sizeof(entry), "%.*s", (int)strcspn(at, "|"), at);
	return entry;
}

/* Use of several days by RawUsage and jobs, with a fee, a refund and a reversal. */
static void use_bio(void)
{
	static char refunded[32], reversed[32];

	fake_account("dev", "bio")->usage = 100;
	DONE("", "check");
	publish_as("own", "meter: jobs\n");
	clock_now = T0 + HOUR;
	DONE("", "check");
	job(1, "bob", "bio", "cpu", 3600);
	job(2, "ann", "cells", "gpu", 400);
	job(3, "ann", "bio", "cpu", 500);
	clock_now = T0 + 3 * HOUR;
	DONE("charged", "check");
	(void)snprintf(refunded, sizeof(refunded), "%s", entry_of("dev/3 "));
	(void)snprintf(reversed, sizeof(reversed), "%s", entry_of("dev/2 "));
	clock_now = T0 + 30 * HOUR;
	DONE("", "refund", refunded, "0.02", "--note", "slow disks");
	DONE("", "refund", reversed, "all", "--note", "node down");
	DONE("", "charge", "bio", "0.5", "--since", "2026-11-22", "--until", "2026-11-23", "--note",
	     "disks");
	clock_now = T0 + 31 * HOUR;
	DONE("", "check");
}

/* Verbs check their own account alone. A whole check that finds nothing new must not leave, nor
 * bring, other words than the books have. */
static void whole_check(void)
{
	as_owner();
	clock_now += 60 * WHEN_SECOND;
	RUN("check");
	clock_now += 60 * WHEN_SECOND;
	RUN("check");
}

START_TEST(a_user_sees_what_the_administrator_sees)
{
	static const char *const by[] = {"user",  "account",	     "partition",    "qos",
					 "month", "month,partition", "account,user", "qos,month"};

	DONE("", "deposit", "bio", "3", "--end", "2026-12-10");
	DONE("", "deposit", "bio", "7", "--start", "2026-12-24", "--end", "2027-01-10");
	DONE("", "open", "bio", "5", "--resource", "gres/gpu");
	DONE("", "share", "bio", "bob", "2", "--later");
	DONE("", "share", "bio", "ann", "1", "--later");
	use_bio();
	SAME("balance", "bio", "--json");
	SAME("balance", "bio");
	SAME("balance", "bio", "--users", "--csv");
	SAME("balance", "bio:gres/gpu", "-nP");
	SAME("balance", "bio", "--resource", "gres/gpu", "--users", "-nP");
	SAME("balance", "bio", "--lots", "--users");
	SAME("balance", "bio", "--lots", "--json");
	/* The end is computed from the time of publication. */
	SAME("balance", "bio", "--forecast");
	SAME("balance", "bio", "--forecast", "--users", "-nPo", "account,perday7,perday30,unused");
	SAME("balance", "bio", "--min-percent", "1", "--total", "-nPo", "account,used");
	SAME("why", "bio");
	SAME("why", "bio", "--seconds");
	SAME("why", "bio", "--user", "bob");
	SAME("why", "bio", "--resource", "gres/gpu");
	for (size_t i = 0; i < COUNT(by); i++) {
		SAME("usage", "bio", "--by", by[i], "--csv", "--seconds");
		SAME("usage", "bio", "--by", by[i], "--hours");
		SAME("usage", "bio", "--by", by[i]);
		SAME("usage", "bio", "--by", by[i], "--since", "2026-11-23", "--until",
		     "2026-11-24", "-P");
		SAME("usage", "bio", "--by", by[i], "--until", "2026-11-23", "--json");
	}
	SAME("usage", "bio", "--resource", "gres/gpu", "--csv");
	/* The lines about a purse tell of its account's hold, and those of an account of purses. */
	as_owner();
	DONE("", "hold", "bio");
	SAME("why", "bio", "--resource", "gres/gpu");
	whole_check();
	SAME("why", "bio", "--resource", "gres/gpu");
	SAME("why", "bio", "--user", "bob");
	as_owner();
	DONE("", "release", "bio");
	DONE("", "withdraw", "bio", "5", "--resource", "gres/gpu");
	SAME("why", "bio");
	whole_check();
	SAME("why", "bio");
	SAME("why", "bio", "--resource", "gres/gpu");
	as_owner();
	DONE("", "deposit", "bio", "5", "--resource", "gres/gpu");
	whole_check();
	SAME("why", "bio", "--resource", "gres/gpu");
	/* More use, which the next run adds to what it has published. */
	as_owner();
	job(5, "bob", "bio", "cpu", 60);
	job(6, "zoe", "cells", "gpu", 90);
	clock_now = T0 + 32 * HOUR;
	DONE("charged", "check");
	for (size_t i = 0; i < COUNT(by); i++)
		SAME("usage", "bio", "--by", by[i], "--csv", "--seconds");
	/* Spent and held, with what led to it. */
	as_owner();
	DONE("", "withdraw", "bio", "11");
	job(7, "bob", "bio", "cpu", 9 * 3600);
	clock_now = T0 + 45 * HOUR;
	DONE("held", "check");
	SAME("why", "bio");
	SAME("balance", "bio", "--forecast", "-nPo", "account,available,lasts");
	as_owner();
	/* What was found is not searched again, and newer entries are found. */
	job(8, "bob", "bio", "cpu", 60);
	clock_now = T0 + 46 * HOUR;
	DONE("charged", "check");
	SAME("why", "bio");
	as_owner();
	DONE("", "hold", "bio", "--note", "ask us");
	SAME("why", "bio");
	whole_check();
	SAME("why", "bio");
}
END_TEST

/* Spends all that faculty has, so that it is held. */
static void spend_above(void)
{
	fake_account("dev", "faculty")->usage = 3600 * 200;
	RUN("check");
	RUN("check");
}

START_TEST(what_blocks_a_held_account_is_news)
{
	DONE("", "hold", "bio");
	DONE("", "check");
	SAME("why", "bio");
	as_owner();
	spend_above();
	SAME("why", "bio");
	ck_assert_ptr_nonnull(strstr(out, "faculty above it is held"));
	as_owner();
	RUN("deposit", "faculty", "500", "--no-apply");
	clock_now += HOUR / 2;
	RUN("check");
	RUN("check");
	SAME("why", "bio");
	ck_assert_ptr_null(strstr(out, "faculty"));
}
END_TEST

/* Two levels up. */
START_TEST(the_whole_chain_is_news)
{
	size_t len;
	char *bytes;

	fake_account("dev", "mid");
	below("mid", "faculty");
	below("bio", "mid");
	fake_account("dev", "uni");
	DONE("", "open", "uni", "5");
	DONE("", "open", "mid", "5");
	clock_now += HOUR;
	DONE("", "check");
	below("faculty", "uni");
	clock_now += HOUR;
	RUN("check");
	RUN("check");
	bytes = util_read_file(published("accounts/bio.json"), &len);
	ck_assert_ptr_nonnull(strstr(bytes, "[\"mid\",\"faculty\",\"uni\"]"));
	free(bytes);
}
END_TEST

/* After a restore the numbers of entries are used again. */
START_TEST(restored_books_are_news)
{
	char command[512];

	(void)snprintf(command, sizeof(command), "cp -r %s %s.saved", bank_folder, bank_folder);
	ck_assert_int_eq(system(command), 0);
	DONE("", "deposit", "bio", "5", "--end", "2026-12-10", "--note", "mistake");
	DONE("", "check");
	SAME("balance", "bio", "--lots", "-nP");
	as_owner();
	(void)snprintf(command, sizeof(command), "rm -r %s; mv %s.saved %s", bank_folder,
		       bank_folder, bank_folder);
	ck_assert_int_eq(system(command), 0);
	DONE("", "deposit", "bio", "5", "--end", "2027-01-10", "--note", "right");
	DONE("", "check");
	SAME("balance", "bio", "--lots", "-nP");
	ck_assert_ptr_nonnull(strstr(out, "2027-01-10"));
}
END_TEST

/* A user of an account above is not in the one below. */
START_TEST(use_of_accounts_below_is_one_row)
{
	static const char *const named[] = {"bob", "lab_partition", "cells"};

	DONE("", "open", "cells", "5", "--no-apply");
	fake_account("dev", "attic");
	below("attic", "faculty");
	publish_as("own", "meter: jobs\n");
	clock_now = T0 + HOUR;
	DONE("", "check");
	job(1, "bob", "cells", "lab_partition", 3600);
	job(2, "ann", "attic", "cpu", 360);
	job(3, "bob", "bio", "lab_partition", 36);
	clock_now = T0 + 3 * HOUR;
	DONE("charged", "check");
	CAROL;
	GIVES(0, "ann|360\n(accounts below)|3636\n", "ago", "usage", "faculty", "-nPo", "user,used",
	      "--seconds");
	GIVES(0, "attic|360\n(accounts below)|3636\n", "ago", "usage", "faculty", "--by", "account",
	      "-nPo", "slurmaccount,used", "--seconds");
	for (size_t i = 0; i < COUNT(named); i++)
		check_unnamed(1003, named[i]);
	/* Use of before an account got a budget of its own is no longer shown. */
	as_owner();
	DONE("", "open", "attic", "5", "--no-apply");
	CAROL;
	GIVES(0, "(accounts below)|3996\n", "ago", "usage", "faculty", "-nPo", "user,used",
	      "--seconds");
	check_unnamed(1003, "ann");
	/* Nor where it explains a hold. */
	as_owner();
	DONE("", "withdraw", "faculty", "98");
	job(4, "bob", "cells", "lab_partition", 7200);
	clock_now = T0 + 5 * HOUR;
	DONE("held", "check");
	CAROL;
	GIVES(0, "job of 2.00 SU: of an account below it\n", "ago", "why", "faculty");
	for (size_t i = 0; i < COUNT(named); i++)
		check_unnamed(1003, named[i]);
}
END_TEST

/* Each setting alone changes the lines of `why`. */
START_TEST(every_setting_is_news)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{"thresholds: []\n", "thresholds: [50]\n"},
		{"thresholds: [50]\n", "thresholds: [70]\n"},
		{"without_money: hold\n", "without_money: warn\n"},
	};
	char *before;

	DONE("", "open", "cells", "--no-apply");
	users("bio", "bob");
	fake_account("dev", "bio")->usage = 3600 * 6;
	clock_now += HOUR;
	DONE("", "check");
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool moneyless = strstr(cases[i].after, "without");
		const char *name = moneyless ? "cells" : "bio";
		char text[128];

		as_owner();
		(void)snprintf(text, sizeof(text), "clusters: [dev]\n%s", cases[i].before);
		publish_with("own", text);
		RUN("check");
		RUN("check");
		SAME("why", name);
		before = strdup(out);
		as_owner();
		(void)snprintf(text, sizeof(text), "clusters: [dev]\n%s", cases[i].after);
		publish_with("own", text);
		DONE("", "deposit", "chem", "1", "--no-apply");
		SAME("why", name);
		ck_assert_msg(strcmp(before, out) != 0, "%s: %s", cases[i].after, out);
		free(before);
	}
}
END_TEST

START_TEST(new_settings_are_news)
{
	publish_as("own", "enforcement: warn\n");
	DONE("", "withdraw", "bio", "10");
	SAME("why", "bio");
	as_owner();
	publish_as("own", "enforcement: hold\n");
	DONE("", "deposit", "chem", "1", "--no-apply");
	SAME("why", "bio");
	ck_assert_ptr_nonnull(strstr(out, "holds it"));
}
END_TEST

START_TEST(what_is_not_published_of_use_is_said)
{
	DONE("", "deposit", "bio", "1");
	BOB;
	GIVES(1, NULL, "jobs are not published: choose another --by than job", "usage", "bio",
	      "--by", "job");
	GIVES(1, NULL, "use is published by the day of its entry: leave out --month-of end",
	      "usage", "bio", "--by", "month", "--month-of", "end");
	GIVES(2, NULL, "use is published by day: give a day as --since, not 2026-11-22T01:00:00",
	      "usage", "bio", "--since", "2026-11-22T01:00");
	GIVES(1, NULL, "the period has not begun", "usage", "bio", "--since", "2027-01-01",
	      "--until", "2027-02-01");
	GIVES(2, NULL, "only present balances are published: leave out --as-of", "balance", "bio",
	      "--as-of", "2026-11-22");
	/* All there ever was. */
	GIVES(0, "From 2020", "nothing was charged", "usage", "bio", "--since", "2020-01-01",
	      "--until", "2020-02-01");
	as_owner();
	fake_account("dev", "bio")->usage = 60;
	DONE("", "check");
	clock_now += 100 * WHEN_DAY;
	DONE("", "check", "--clock-ok");
	BOB;
	GIVES(1, NULL,
	      "the use of 'bio' is published from 2026-11-30 on: give that day or a later one as "
	      "--since",
	      "usage", "bio", "--since", "2026-11-22");
	GIVES(0, "From 2026-12-01", "nothing was charged", "usage", "bio", "--since", "2026-12-01");
}
END_TEST

/* A file of before hours were counted: users get none from it, and the next run makes it anew. */
START_TEST(use_without_hours_is_counted_anew)
{
	char command[1024];

	use_bio();
	SAME("usage", "bio", "-nPo", "User,CPU-s,GPU-s", "--seconds");
	ck_assert_ptr_nonnull(strstr(out, "bob|3600|0\n"));
	as_owner();
	/* Users have links to the file: it stays the same one. */
	(void)snprintf(command, sizeof(command),
		       "cd $(dirname %s) && sed -E 's/(,-?[0-9]+){2}\\]/]/g' bio.use >../new && "
		       "cat ../new >bio.use && rm ../new",
		       published("accounts/bio.use"));
	ck_assert_int_eq(system(command), 0);
	BOB;
	GIVES(0, "bob||\n", "ago", "usage", "bio", "-nPo", "User,CPU-h,GPU-h");
	as_owner();
	DONE("", "deposit", "bio", "1");
	SAME("usage", "bio", "-nPo", "User,CPU-s,GPU-s", "--seconds");
	ck_assert_ptr_nonnull(strstr(out, "bob|3600|0\n"));
}
END_TEST

START_TEST(a_removed_user_loses_access_within_the_hour)
{
	users("cells", "");
	users("bio", "alice");
	DONE("", "deposit", "bio", "1", "--no-apply");
	DONE("", "check");
	BOB;
	GIVES(0, "bio|11.00\n", "ago", "balance", "-nPo", "account,available");
	as_owner();
	clock_now += HOUR;
	DONE("", "check");
	ck_assert(!is_there("users/1002"));
	BOB;
	GIVES(1, NULL, "the bank publishes no account for user bob", "balance");
	GIVES(1, NULL, "the bank publishes no account for user bob", "usage", "bio");
	ALICE;
	GIVES(0, "bio|11.00\nchem|20.00\n", "ago", "balance", "-nPo", "account,available");
	/* Verbs without a check keep to the users of the last one. */
	as_owner();
	users("bio", "");
	DONE("", "deposit", "bio", "1", "--no-apply");
	ALICE;
	GIVES(0, "bio|12.00\nchem|20.00\n", "ago", "balance", "-nPo", "account,available");
}
END_TEST

START_TEST(a_directory_that_does_not_answer_takes_nothing)
{
	clock_now += WHEN_DAY;
	no_directory = true;
	DONE("", "check");
	BOB;
	GIVES(0, "bio|10.00\n", "ago", "balance", "-nPo", "account,available");
	/* A number that others have now is not kept, and a deleted user keeps none. */
	as_owner();
	uid_of_bob = 0;
	clock_now += HOUR;
	DONE("", "check");
	ck_assert(!is_there("users/1002"));
	/* One who is back is found within the hour. */
	no_directory = false;
	uid_of_bob = 1002;
	clock_now += HOUR;
	DONE("", "check");
	BOB;
	GIVES(0, "bio|10.00\n", "ago", "balance", "-nPo", "account,available");
}
END_TEST

START_TEST(a_number_with_a_new_owner_shows_nothing_of_the_old)
{
	uid_of_bob = 0;
	clock_now += HOUR;
	DONE("", "check");
	ck_assert(!is_there("users/1002"));
	uid_of_bob = 1005;
	clock_now += HOUR;
	DONE("", "check");
	ck_assert(!is_there("users/1002"));
	ck_assert(is_there("users/1005/bio.json"));
}
END_TEST

/* As on a full disk. */
START_TEST(who_leaves_is_let_out_where_nothing_can_be_written)
{
	ck_assert_int_eq(mkdir(published("accounts/changing"), 0700), 0);
	users("cells", "");
	clock_now += HOUR;
	GIVES(3, "", "changing", "check");
	ck_assert(!is_there("users/1002"));
	ck_assert_int_eq(rmdir(published("accounts/changing")), 0);
	DONE("", "check");
	ck_assert(!is_there("users/1002"));
	ck_assert(is_there("users/1003/faculty.json"));
}
END_TEST

/* In slurmdbd another site may have an account of the same name. */
START_TEST(an_account_of_another_cluster_lets_nobody_in)
{
	(void)snprintf(fake_account("beta", "bio")->users, 256, "alice");
	clock_now += HOUR;
	publish_with("own", "thresholds: []\n");
	DONE("", "check");
	ck_assert(!is_there("users/1001/bio.json"));
	BOB;
	GIVES(0, "bio|10.00\n", "ago", "balance", "-nPo", "account,available");
	/* Nor when the settings no longer have it, even before Slurm is asked again. */
	as_owner();
	publish_with("own", "clusters: [dev, beta]\nthresholds: []\n");
	DONE("", "check");
	ck_assert(is_there("users/1001/bio.json"));
	publish_as("own", "");
	DONE("", "deposit", "chem", "1", "--no-apply");
	ck_assert(!is_there("users/1001/bio.json"));
	ck_assert(is_there("users/1002/bio.json"));
	/* Which cluster is local was not asked for a while. */
	publish_with("own", "thresholds: []\n");
	DONE("", "deposit", "chem", "1", "--no-apply");
	ck_assert(!is_there("users/1002/bio.json"));
	DONE("", "check");
	ck_assert(!is_there("users/1001/bio.json"));
	ck_assert(is_there("users/1002/bio.json"));
}
END_TEST

/* An account that gets a budget of its own is no longer one of the users of that above. */
START_TEST(a_new_account_of_the_bank_has_its_users_at_once)
{
	DONE("", "open", "cells", "3", "--no-apply");
	BOB;
	GIVES(0, "cells|3.00\n", "ago", "balance", "-nPo", "account,available");
	ck_assert_str_eq(out, "cells|3.00\n");
}
END_TEST

START_TEST(slurm_is_asked_once_an_hour)
{
	int calls = fake_shows;

	DONE("", "check");
	DONE("", "deposit", "bio", "1", "--no-apply");
	ck_assert_int_eq(fake_shows, calls);
	clock_now += HOUR;
	DONE("", "check");
	ck_assert_int_gt(fake_shows, calls);
}
END_TEST

START_TEST(without_an_answer_the_users_stay)
{
	users("cells", "");
	clock_now += HOUR;
	fake_show_mode = FAKE_FAILS;
	GIVES(3, "", "users' accounts are published for the users of before: ", "check");
	BOB;
	GIVES(0, "bio|10.00\n", "ago", "balance", "-nPo", "account,available");
	as_owner();
	fake_show_mode = FAKE_OK;
	/* Slurm hides the others: an answer with the owner's own would let nobody in. */
	fake_private = "users";
	fake_dbd_user = 1;
	fake_level = "None";
	GIVES(3, "", "PrivateData=users on slurmdbd hides associations of others", "check");
	BOB;
	GIVES(0, "bio|10.00\n", "ago", "balance", "-nPo", "account,available");
	as_owner();
	fake_level = "Operator";
	DONE("", "check");
	BOB;
	GIVES(1, NULL, "no account for user bob", "balance");
}
END_TEST

START_TEST(only_what_has_news_is_written)
{
	ino_t bio = inode("accounts/bio.json"), use = inode("accounts/bio.use");
	ino_t chem = inode("accounts/chem.json"), state = inode("accounts/state");

	clock_now += 60 * WHEN_SECOND;
	DONE("", "check");
	ck_assert_uint_eq(inode("accounts/bio.json"), bio);
	ck_assert_uint_eq(inode("accounts/state"), state);
	/* It is as old as the check all the same. */
	BOB;
	GIVES(0, "1s ago", "as the bank published it 1s ago", "balance", "-no", "read");
	as_owner();
	fake_account("dev", "bio")->usage = 60;
	DONE("", "check");
	ck_assert_uint_ne(inode("accounts/bio.json"), bio);
	ck_assert_uint_ne(inode("accounts/bio.use"), use);
	ck_assert_uint_eq(inode("users/1002/bio.json"), inode("accounts/bio.json"));
	ck_assert_uint_eq(inode("accounts/chem.json"), chem);
	/* The next day its forecast is another. */
	clock_now += WHEN_DAY;
	DONE("", "check");
	ck_assert_uint_ne(inode("accounts/chem.json"), chem);
}
END_TEST

START_TEST(what_somebody_has_damaged_is_put_right)
{
	char place[512];

	/* A link that somebody has made, in the middle of a run that was killed, and a lost file.
	 */
	(void)snprintf(place, sizeof(place), "%s", published("users/1001/bio.json"));
	ck_assert_int_eq(link(published("accounts/bio.json"), place), 0);
	util_write_file(published("users/1001/.x.json"), "x", 1);
	util_write_file(published("accounts/changing"), "", 0);
	ck_assert_int_eq(unlink(published("users/1003/chem.use")), 0);
	DONE("", "deposit", "faculty", "1", "--no-apply");
	ck_assert(!is_there("users/1001/bio.json"));
	ck_assert(!is_there("users/1001/.x.json"));
	ck_assert(!is_there("accounts/changing"));
	ck_assert(is_there("users/1003/chem.use"));
	/* The state is lost: users are asked for, and found. */
	ck_assert_int_eq(link(published("accounts/bio.json"), place), 0);
	util_write_file(published("accounts/state"), "{", 1);
	DONE("", "check");
	ck_assert(!is_there("users/1001/bio.json"));
	ck_assert(is_there("users/1002/bio.json"));
	ck_assert_uint_eq(inode("users/1001/chem.json"), inode("accounts/chem.json"));
	/* A damaged file is written anew when its account has news. */
	util_write_file(published("accounts/bio.use"), "[]", 2);
	fake_account("dev", "bio")->usage = 60;
	DONE("", "check");
	BOB;
	GIVES(0, "(RawUsage)|60\n", "ago", "usage", "bio", "-nPo", "user,used", "--seconds");
}
END_TEST

START_TEST(a_renamed_account_keeps_its_use_and_names_no_other)
{
	use_bio();
	as_owner();
	users("life", "bob");
	below("life", "faculty");
	DONE("renamed bio to life", "rename", "bio", "life");
	clock_now += HOUR;
	DONE("", "check");
	SAME("usage", "life", "--by", "user", "--csv", "--seconds");
	ck_assert_ptr_nonnull(strstr(out, "bob"));
	SAME("usage", "life", "--by", "account,user", "-P");
	SAME("balance", "life");
	as_owner();
	DONE("", "merge", "chem", "life");
	DONE("", "withdraw", "life", "all");
	DONE("", "check");
	BOB;
	GIVES(0, "merge: from another account: 20.00 SU", "ago", "why", "life");
	check_unnamed(1002, "chem");
	check_unnamed(1001, "life");
}
END_TEST

START_TEST(other_accounts_are_not_named)
{
	DONE("", "transfer", "chem", "bio", "5");
	DONE("", "withdraw", "bio", "15");
	BOB;
	GIVES(0, "transfer of 5.00 SU: from another account", "ago", "why", "bio");
	check_unnamed(1002, "chem");
	as_owner();
	DONE("from chem", "why", "bio");
	DONE("", "transfer", "chem", "faculty", "15");
	ALICE;
	GIVES(0, "transfer of 15.00 SU: to another account", "ago", "why", "chem");
	check_unnamed(1001, "faculty");
	check_unnamed(1001, "bio");
}
END_TEST

START_TEST(odd_names_get_files_of_their_own)
{
	char name[256];

	memset(name, '/', 240);
	name[0] = 'a';
	name[240] = '\0';
	users("a/b", "alice");
	users(".%2e@x", "alice");
	users(name, "alice");
	DONE("", "open", "a/b", "1", "--no-apply");
	DONE("", "open", ".%2e@x", "2", "--no-apply");
	DONE("", "open", name, "3", "--no-apply");
	clock_now += HOUR;
	DONE("", "check");
	ck_assert(is_there("users/1001/a%2fb.json"));
	ck_assert(is_there("users/1001/%2e%252e@x.json"));
	ALICE;
	GIVES(0, "|3.00\na/b|1.00\nchem", "ago", "balance", "-nPo", "account,available");
	GIVES(0, "is fine: available 3.00 SU", "ago", "why", name);
	GIVES(0, "", "nothing was charged", "usage", "a/b");
}
END_TEST

START_TEST(files_that_may_not_be_the_bank_s_are_refused)
{
	static const char *const bad[] = {
		"[]",
		"{",
		"{\"subank\": 1}",
		"{\"subank\": 1, \"account\": \"bio\"}",
		"{\"subank\": 1, \"account\": \"bio\", \"chain\": [], \"purses\": [{}]}",
		"{\"subank\": 1, \"account\": \"bio\", \"chain\": [\"a\\nb\"], \"purses\": []}",
	};
	const char *path = published("users/1002/bio.json");

	BOB;
	ck_assert_int_eq(chmod(path, 0666), 0);
	GIVES(1, NULL, "cannot be trusted: other users", "balance");
	ck_assert_int_eq(chmod(path, 0644), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 1002, (gid_t)-1), 0);
		GIVES(1, NULL, "are not from the bank", "balance");
		ck_assert_int_eq(chown(path, 0, (gid_t)-1), 0);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		util_write_file(path, bad[i], strlen(bad[i]));
		ck_assert_int_eq(chmod(path, 0644), 0);
		GIVES(1, NULL, "bio.json", "balance");
	}
}
END_TEST

START_TEST(a_copy_of_the_bank_publishes_nothing)
{
	ino_t bio = inode("accounts/bio.json");

	machine = "id/other";
	RUN("deposit", "bio", "5", "--no-apply");
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(inode("accounts/bio.json"), bio);
}
END_TEST

START_TEST(others_get_no_details)
{
	publish_as("all", "");
	DONE("", "check");
	BOB;
	GIVES(1, NULL, "/elsewhere", "why", "bio");
	GIVES(1, NULL, "/elsewhere", "usage", "bio");
	GIVES(2, NULL, "leave out --as-of, --forecast and --lots", "balance", "--lots", "bio");
	GIVES(2, NULL, "shares are not published", "balance", "--users", "bio");
}
END_TEST

START_TEST(doctor_tests_the_folders)
{
	DONE("test of publish|this machine|ok|a file was written and renamed there|", "doctor",
	     "-P", "--test");
	DONE("published ", "doctor");
	ck_assert(is_there("users/1001/chem.json"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs_own");
	TCase *tcase = tcase_create("own");

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_test(tcase, files_that_may_not_be_the_bank_s_are_refused);
	tcase_add_test(tcase, what_somebody_has_damaged_is_put_right);
	tcase_add_test(tcase, what_is_not_published_of_use_is_said);
	tcase_add_test(tcase, without_an_answer_the_users_stay);
	tcase_add_test(tcase, others_get_no_details);
	tcase_add_test(tcase, a_renamed_account_keeps_its_use_and_names_no_other);
	tcase_add_test(tcase, other_accounts_are_not_named);
	tcase_add_test(tcase, a_copy_of_the_bank_publishes_nothing);
	tcase_add_test(tcase, a_user_sees_his_own_accounts_alone);
	tcase_add_test(tcase, an_account_above_is_named_where_it_blocks);
	tcase_add_test(tcase, a_quote_reads_the_user_s_own_files);
	tcase_add_test(tcase, warnings_at_a_login_are_of_the_user_s_own_accounts);
	tcase_add_test(tcase, a_total_knows_accounts_that_are_not_shown);
	tcase_add_test(tcase, a_user_sees_what_the_administrator_sees);
	tcase_add_test(tcase, what_blocks_a_held_account_is_news);
	tcase_add_test(tcase, the_whole_chain_is_news);
	tcase_add_test(tcase, restored_books_are_news);
	tcase_add_test(tcase, use_of_accounts_below_is_one_row);
	tcase_add_test(tcase, every_setting_is_news);
	tcase_add_test(tcase, new_settings_are_news);
	tcase_add_test(tcase, use_without_hours_is_counted_anew);
	tcase_add_test(tcase, a_removed_user_loses_access_within_the_hour);
	tcase_add_test(tcase, who_leaves_is_let_out_where_nothing_can_be_written);
	tcase_add_test(tcase, a_directory_that_does_not_answer_takes_nothing);
	tcase_add_test(tcase, a_number_with_a_new_owner_shows_nothing_of_the_old);
	tcase_add_test(tcase, an_account_of_another_cluster_lets_nobody_in);
	tcase_add_test(tcase, a_new_account_of_the_bank_has_its_users_at_once);
	tcase_add_test(tcase, slurm_is_asked_once_an_hour);
	tcase_add_test(tcase, only_what_has_news_is_written);
	tcase_add_test(tcase, odd_names_get_files_of_their_own);
	tcase_add_test(tcase, doctor_tests_the_folders);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
