/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Use by user: usage, statement --by and journal --user, run in this process. */
#include <inttypes.h>
#include <jansson.h>
#include <locale.h>

#include "tests/drive.h"

#define BEGIN (T0 / WHEN_SECOND)
#define PERIOD "--since", "2026-11-01", "--until", "2027-01-01"

/* A job that ended at its start and so many seconds. */
static void job(int id, const char *user, const char *qos, int64_t start, int64_t ran)
{
	fake_add_job("dev", (struct fake_job){.id = id,
					      .user = user,
					      .qos = qos,
					      .account = id % 2 ? "bio" : "lab",
					      .start = BEGIN + start,
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

/* "bio", with "lab" below it in Slurm: 100 billing-seconds by RawUsage, then jobs: ann 60 and 300,
 * bob 40, and one of nobody's that is left, 10. */
static void setup(void)
{
	drive_setup();
	fake_qos = "normal|||||1.000000\nfast|||||1.000000\n";
	fake_account("dev", "bio");
	(void)snprintf(fake_account("dev", "lab")->parent, NAME_SIZE, "bio");
	DONE("", "open", "bio", "10");
	fake_account("dev", "bio")->usage = 100;
	clock_now = T0 + 600 * WHEN_SECOND;
	job(99, NULL, NULL, 100, 103);
	DONE("", "check");
	set_settings("clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"
		     "meter: jobs\n");
	clock_now = T0 + HOUR;
	DONE("bio: is metered by jobs on dev from now on", "check");
	clock_now = T0 + 2 * HOUR;
	job(1, "ann", NULL, 3700, 60);
	job(2, "bob", "fast", 3800, 40);
	job(3, "ann", "fast", 3900, 300);
	job(5, "", NULL, 4400, 10);
	DONE("charged", "check");
}

#define IS(expected, ...)                                                                          \
	do {                                                                                       \
		DONE("", __VA_ARGS__);                                                             \
		ck_assert_str_eq(out, expected);                                                   \
	} while (0)

START_TEST(what_is_malformed_is_refused)
{
	REFUSED(2, "--by takes no 'usr': did you mean 'user'?", "usage", "bio", "--by", "usr");
	REFUSED(2, "--by takes no ''", "statement", "bio", "--by", "");
	REFUSED(2, "leave one out", "statement", "bio", "--by", "user", "--entries");
	REFUSED(1, "account 'nosuch' is not in the bank", "usage", "nosuch");
	GIVES(1, "bio|ann|2|", "account 'nosuch' is not in the bank", "usage", "bio", "nosuch",
	      "-nPo", "Account,User,Jobs,Used");
	REFUSED(2, "ends before it begins", "usage", "bio", "--since", "2027-01-01");
	REFUSED(1, "has not begun", "usage", "bio", "--since", "2026-12-01", "--until",
		"2027-01-01");
	REFUSED(2, "there is no column", "usage", "bio", "-o", "Nosuch");
	GIVES(0, "From 2020", "nothing was charged in this time", "usage", "bio", "--since",
	      "2020-01-01", "--until", "2020-02-01");
}
END_TEST

/* Without jobs of other users. */
START_TEST(what_has_no_entry_yet_is_a_row)
{
	set_settings("clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"
		     "charge_minutes: 60\n");
	(void)fake_account("dev", "chem");
	DONE("", "open", "chem", "10");
	fake_account("dev", "chem")->usage = 300;
	DONE("chem: charged 0.08 SU", "check", "chem");
	IS("(not entered)|0|300|100\n", "usage", "chem", "-nP", "--seconds");
	clock_now += 2 * HOUR;
	fake_account("dev", "chem")->usage = 1200;
	DONE("", "check", "chem");
	clock_now += 60 * WHEN_SECOND;
	fake_account("dev", "chem")->usage = 1500;
	DONE("", "check", "chem");
	IS("(RawUsage)|0|1200|80\n(not entered)|0|300|20\n", "usage", "chem", "-nP", "--seconds");
	IS("2026-11|0|1200|80\n(not entered)|0|300|20\n", "usage", "chem", "-nP", "--seconds",
	   "--by", "month");
	DONE("chem||(not entered)|0|300|", "usage", "-nP", "--seconds", "--by", "job", "-o",
	     "Account,User,Job,Jobs,Used,Since");
	DONE("\"used_seconds\": 300", "usage", "chem", "--json");
	/* A past period has the entries made in it. */
	DONE("", "usage", "chem", "-nP", "--until", "2026-11-22T18:00");
	ck_assert_ptr_null(strstr(out, "not entered"));
	/* The sum is what `balance` shows as used. */
	DONE("1500|300\n", "balance", "chem", "-nP", "--seconds", "-o", "Used,Unentered");
	DONE("", "deposit", "chem", "1");
	IS("(RawUsage)|0|1500|100\n", "usage", "chem", "-nP", "--seconds");
}
END_TEST

START_TEST(use_is_sorted)
{
	IS("User|Used\n(reconciled)|3\n(unknown)|10\nbob|40\n(RawUsage)|100\nann|360\n", "usage",
	   "bio", "-P", "-o", "User,Used", "--seconds", "--sort", "Used");
	IS("dev/1\ndev/3\ndev/2\ndev/5\n(RawUsage)\n(reconciled)\n", "usage", "bio", "-nPo", "Job",
	   "--by", "job", "--sort", "User");
	REFUSED(2, "there is no column 'Usd'", "usage", "bio", "--sort", "Usd");
}
END_TEST

START_TEST(use_is_told_apart)
{
	IS("User|Jobs|Used|Share\nann|2|360|70\nbob|1|40|7\n(RawUsage)|0|100|19\n"
	   "(unknown)|1|10|1\n(reconciled)|0|3|0\n",
	   "usage", "bio", "-P", "--seconds");
	IS("bio|3\nlab|1\n(RawUsage)|0\n(reconciled)|0\n", "usage", "bio", "-nP", "-o",
	   "slurmaccount,jobs", "--by", "account");
	IS("fast|340\nnormal|70\n", "usage", "bio", "-nPo", "qos,used", "--seconds", "--by", "qos",
	   "--since", "2026-11-22T18:00:05");
	IS("main|410\n", "usage", "bio", "-nPo", "partition,used", "--seconds", "--by", "partition",
	   "--since", "2026-11-22T18:00:05");
	IS("2026-11|4|513\n", "usage", "bio", "-nPo", "month,jobs,used", "--seconds", "--by",
	   "month");
	IS("dev/1|ann|bio|main|normal|dev|60\ndev/2|bob|lab|main|fast|dev|40\n"
	   "dev/3|ann|bio|main|fast|dev|300\ndev/"
	   "5||bio|main|normal|dev|10\n(RawUsage)||||||100\n(reconciled)||||||3\n",
	   "usage", "bio", "-nPo", "job,user,slurmaccount,partition,qos,cluster,used", "--seconds",
	   "--by", "job");
}
END_TEST

/* For every grouping. */
START_TEST(a_statement_adds_up_by_whatever)
{
	static const char *const words[] = {"user", "job", "account", "partition", "qos", "month"};
	char deposit[32];

	DONE("", "refund", entry_of("job dev/3 "), "0.05", "--note", "x");
	DONE("", "refund", entry_of("job dev/2 "), "--note", "x");
	DONE("", "deposit", "bio", "1");
	DONE("", "journal", "bio", "-nPo", "Entry", "-k", "deposit", "--last", "1");
	(void)snprintf(deposit, sizeof(deposit), "%.*s", (int)strcspn(out, "\n"), out);
	DONE("", "reverse", deposit, "--note", "x");
	for (size_t i = 0; i < COUNT(words); i++) {
		json_t *list, *row;
		int64_t sum = 0, used = 0;
		size_t at;

		DONE("", "statement", "bio", "--json", "--by", words[i]);
		list = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
		json_array_foreach(list, at, row)
		{
			const char *item = json_string_value(json_object_get(row, "item"));
			int64_t amount = json_integer_value(json_object_get(row, "amount_seconds"));

			if (strcmp(item, "closing balance") == 0)
				ck_assert_int_eq(sum, amount);
			else if (!strstr(item, "available"))
				sum += amount;
			if (strcmp(item, "used") == 0)
				used -= amount;
			ck_assert_ptr_null(strstr(item, "refund"));
			ck_assert_str_ne(item, "jobs");
			ck_assert_str_ne(item, "charges");
		}
		json_decref(list);
		ck_assert_int_eq(used, 513 - 180 - 40);
	}
	IS("opening available||0\nopening balance||0\ndeposits||39600\nreversals||-3600\n"
	   "used|ann|-180\nused|bob|0\nused|(RawUsage)|-100\nused|(unknown)|-10\n"
	   "used|(reconciled)|-3\nclosing balance||35707\nclosing available||35707\n",
	   "statement", "bio", "-nPo", "item,user,amount", "--seconds", "--by", "user");
}
END_TEST

START_TEST(what_is_given_back_counts_with_its_job)
{
	char entry[32], refund[32];

	(void)snprintf(entry, sizeof(entry), "%s", entry_of("job dev/3 "));
	DONE("", "refund", entry, "100s", "--note", "x");
	DONE("", "journal", "bio", "-nPo", "Entry", "-k", "refund");
	(void)snprintf(refund, sizeof(refund), "%.*s", (int)strcspn(out, "\n"), out);
	DONE("", "refund", entry_of("job dev/2 "), "--note", "x");
	IS("dev/1|1|60\ndev/2|1|0\ndev/3|1|200\ndev/5|1|10\n", "usage", "bio", "-nPo",
	   "job,jobs,used", "--seconds", "--by", "job", "--since", "2026-11-22T18:00:05");
	IS("ann|2|260\nbob|1|0\n(unknown)|1|10\n", "usage", "bio", "-nPo", "user,jobs,used",
	   "--seconds", "--since", "2026-11-22T18:00:05");
	DONE("", "reverse", refund, "--note", "x");
	IS("ann|2|360\nbob|1|0\n(unknown)|1|10\n", "usage", "bio", "-nPo", "user,jobs,used",
	   "--seconds", "--since", "2026-11-22T18:00:05");
	/* In another month than the jobs: with the job all the same, but a month's rows are what
	 * was entered in it. */
	clock_now = T0 + 10 * WHEN_DAY;
	DONE("", "refund", entry, "50s", "--note", "x");
	clock_now = T0 + 12 * WHEN_DAY;
	DONE("", "reverse", entry_of("job dev/1 "), "--note", "x");
	IS("dev/1|0|-60\ndev/3|0|-50\n", "usage", "bio", "-nPo", "job,jobs,used", "--seconds",
	   "--by", "job", "--since", "2026-12-01");
	IS("ann|0|-110|-\n", "usage", "bio", "-nPo", "user,jobs,used,share", "--seconds", "--since",
	   "2026-12-01");
	IS("2026-11|4|473\n2026-12|0|-110\n", "usage", "bio", "-nPo", "month,jobs,used",
	   "--seconds", "--by", "month", PERIOD);
	IS("dev/1|1|0\ndev/2|1|0\ndev/3|1|250\ndev/5|1|10\n(RawUsage)|0|100\n(reconciled)|0|3\n",
	   "usage", "bio", "-nPo", "job,jobs,used", "--seconds", "--by", "job", PERIOD);
}
END_TEST

START_TEST(months_of_use_are_local_months)
{
	ck_assert_int_eq(setenv("TZ", "UTC-200", 1), 0);
	DONE("2026-11|4|", "usage", "bio", "--by", "month", "-nPo", "month,jobs,used");
	ck_assert_int_eq(setenv("TZ", "UTC-23", 1), 0);
	clock_now = T0 + 8 * WHEN_DAY - 2 * HOUR;
	job(7, "ann", NULL, 8 * 86400 - 4 * 3600, 60);
	DONE("charged", "check", "--clock-ok");
	IS("2026-11|4|513\n2026-12|1|60\n", "usage", "bio", "-nPo", "month,jobs,used", "--seconds",
	   "--by", "month", "--since", "2026-11-01", "--until", "2027-01-01");
}
END_TEST

START_TEST(tables_have_bars)
{
	fake_account("dev", "chem");
	DONE("", "open", "chem");
	out_width = 80;
	DONE("From 2026-11-01T00:00:00+00:00 to 2026-12-01T00:00:00+00:00\n"
	     "User         Jobs  Used          Share\n"
	     "ann             2  0.10 #######... 70%\n"
	     "bob             1  0.01 ..........  7%\n"
	     "(RawUsage)      0  0.02 #.........",
	     "usage", "bio");
	ck_assert_ptr_nonnull(strstr(out, "Amounts are in SU.\n"));
	DONE("", "usage");
	for (const char *line = out; *line; line += strcspn(line, "\n") + 1)
		ck_assert_uint_le(strcspn(line, "\n"), 80);
	ck_assert_ptr_nonnull(strstr(out, "Account User"));
	/* A share of 100% is not red. */
	DONE("", "usage", "bio", "--by", "month", "--color=always");
	ck_assert_ptr_nonnull(strstr(out, "########## 100%"));
	ck_assert_ptr_null(strstr(out, "\033[31m"));
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	DONE("███████░░░ 70%", "usage", "bio");
	(void)setlocale(LC_CTYPE, "C");
	out_width = 0;
}
END_TEST

START_TEST(what_does_not_add_up_is_no_answer)
{
	struct bank *bank = util_open(STORE_WRITE);

	util_enrich(bank, clock_now, "bio");
	bank_close(bank);
	GIVES(3, NULL, "the stored state of account 'bio' differs from its entries", "usage",
	      "bio");
	GIVES(3, NULL, "differs from its entries", "usage", "-nP", "--by", "job");
	GIVES(3, "", "differs from its entries", "statement", "bio");
	GIVES(3, "", "differs from its entries", "statement", "bio", "--by", "user");
}
END_TEST

START_TEST(the_journal_by_user)
{
	DONE("", "refund", entry_of("job dev/3 "), "100s", "--note", "x");
	IS("job|-60\njob|-300\nrefund|100\n", "journal", "--user", "ann", "-nPo", "kind,amount",
	   "--seconds");
	IS("job|-40\n", "journal", "bio", "--user", "bob", "-nPo", "kind,amount", "--seconds");
	IS("job|-10\nrefund|100\n", "journal", "--partition", "main", "-nPo", "kind,amount",
	   "--seconds", "--last", "2");
	IS("", "journal", "--user", "nobody", "-nP");
	IS("", "journal", "--partition", "gpu", "--user", "ann", "-nP");
	DONE("\"job_user\":\"bob\"", "journal", "--user", "bob", "--json");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("usage");
	TCase *tcase = tcase_create("usage");

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, what_is_malformed_is_refused);
	tcase_add_test(tcase, what_has_no_entry_yet_is_a_row);
	tcase_add_test(tcase, use_is_sorted);
	tcase_add_test(tcase, use_is_told_apart);
	tcase_add_test(tcase, a_statement_adds_up_by_whatever);
	tcase_add_test(tcase, what_is_given_back_counts_with_its_job);
	tcase_add_test(tcase, months_of_use_are_local_months);
	tcase_add_test(tcase, tables_have_bars);
	tcase_add_test(tcase, what_does_not_add_up_is_no_answer);
	tcase_add_test(tcase, the_journal_by_user);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
