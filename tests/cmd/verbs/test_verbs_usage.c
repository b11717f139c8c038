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
	REFUSED(2, "--by takes no ''", "usage", "bio", "--by", "month,");
	REFUSED(2, "--by takes no 'partitoin': did you mean 'partition'?", "usage", "bio", "--by",
		"month,partitoin");
	REFUSED(2, "--by has 'user' twice", "usage", "bio", "--by", "user,user");
	REFUSED(2, "one or two words: leave out 'qos'", "usage", "bio", "--by", "user,month,qos");
	REFUSED(2, "leave the other word out", "usage", "bio", "--by", "job,user");
	REFUSED(2, "leave the other word out", "statement", "bio", "--by", "month,job");
	REFUSED(2, "--month-of takes no 'ende': did you mean 'end'?", "usage", "bio", "--by",
		"month", "--month-of", "ende");
	REFUSED(2, "add --by month", "usage", "bio", "--month-of", "end");
	REFUSED(2, "add --by month", "usage", "bio", "--by", "user,qos", "--month-of", "entry");
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

START_TEST(use_by_two_is_sorted_by_the_first)
{
	IS("User|QOS|Jobs|Used|Share\nann|fast|1|300|58\nann|normal|1|60|11\nbob|fast|1|40|7\n"
	   "(RawUsage)|(RawUsage)|0|100|19\n(unknown)|normal|1|10|1\n"
	   "(reconciled)|(reconciled)|0|3|0\n",
	   "usage", "bio", "-P", "--seconds", "--by", "user,qos");
	IS("QOS|User|Jobs|Used|Share\nfast|ann|1|300|58\nfast|bob|1|40|7\nnormal|ann|1|60|11\n"
	   "normal|(unknown)|1|10|1\n(RawUsage)|(RawUsage)|0|100|19\n"
	   "(reconciled)|(reconciled)|0|3|0\n",
	   "usage", "bio", "-P", "--seconds", "--by", "qos,user");
	IS("Month|Partition|Jobs|Used|Share\n2026-11|main|4|410|79\n2026-11|(RawUsage)|0|100|19\n"
	   "2026-11|(reconciled)|0|3|0\n",
	   "usage", "bio", "-P", "--seconds", "--by", "month,partition");
	IS("opening available|||0\nopening balance|||0\ndeposits|||36000\n"
	   "used|ann|2026-11|-360\nused|bob|2026-11|-40\nused|(RawUsage)|2026-11|-100\n"
	   "used|(unknown)|2026-11|-10\nused|(reconciled)|2026-11|-3\n"
	   "closing balance|||35487\nclosing available|||35487\n",
	   "statement", "bio", "-nPo", "item,user,month,amount", "--seconds", "--by", "user,month",
	   "--since", "2026-11-01");
	DONE("bob|fast|40|7\n(total)|(total)|513|100\n", "usage", "bio", "-nPo",
	     "User,QOS,Used,Share", "--seconds", "--by", "user,qos", "--total", "--sort", "User");
	/* The first word has the first column, wherever it has a place otherwise. */
	DONE("Month   User", "usage", "bio", "--by", "month,user");
	DONE("SlurmAccount User", "usage", "bio", "--by", "account,user");
	/* CSV has one order of columns. */
	DONE("\"account\",\"job\",\"user\",\"slurmaccount\",\"partition\"", "usage", "bio", "--by",
	     "account,user", "--csv");
	DONE(",,\"ann\",\"bio\",,", "usage", "bio", "--by", "account,user", "--csv");
	DONE("\"slurmaccount\": \"lab\",\n    \"user\": \"bob\"", "usage", "bio", "--by",
	     "account,user", "--json");
	IS("2026-11|(unknown)\n2026-11|ann\n2026-11|bob\n", "usage", "bio", "-nPo", "month,user",
	   "--by", "month,user", "--since", "2026-11-22T18:30", "--sort", "User");
}
END_TEST

/* The sum of a member over the objects of the list in [out] that have the [value], NULL: any. */
static int64_t sum_of(const char *member, const char *key, const char *value)
{
	json_t *list = json_loads(out, JSON_REJECT_DUPLICATES, NULL), *row;
	int64_t sum = 0;
	size_t at;

	ck_assert_ptr_nonnull(list);
	json_array_foreach(list, at, row)
	{
		const char *found = key ? json_string_value(json_object_get(row, key)) : NULL;

		if (!value || (found && strcmp(found, value) == 0))
			sum += json_integer_value(json_object_get(row, member));
	}
	json_decref(list);
	return sum;
}

/* What the statement says was used, from its lines by kind. No history here has reversals of other
 * entries than those about use. */
static int64_t used_by_kind(const char *purse, const char *since, const char *until)
{
	static const char *const kinds[] = {"charges", "jobs",	     "fees",
					    "refunds", "reconciled", "reversals"};
	int64_t sum = 0;

	DONE("", "statement", purse, "--json", "--since", since, "--until", until);
	for (size_t i = 0; i < COUNT(kinds); i++)
		sum -= sum_of("amount_seconds", "item", kinds[i]);
	return sum;
}

/* Refunds or reverses one of the newest entries, if that is possible. */
static void correct(uint64_t *state)
{
	static const char *const kinds[] = {"job", "refund", "fee"};
	const char *kind = kinds[util_below(state, COUNT(kinds))];
	char entry[32];

	RUN("journal", "bio", "lab", "-nPo", "Entry", "-k", kind, "--last",
	    util_below(state, 2) ? "1" : "2");
	(void)snprintf(entry, sizeof(entry), "%.*s", (int)strcspn(out, "\n"), out);
	if (!*entry)
		return;
	if (strcmp(kind, "job") == 0 && util_below(state, 2))
		RUN("refund", entry, "3s", "--note", "x");
	else
		RUN("reverse", entry, "--note", "x");
}

static void random_history(uint64_t *state)
{
	static const char *const users[] = {"ann", "bob", "cid", ""};
	static const char *const partitions[] = {"main", "gpu"};
	static const char *const tres[] = {"billing=1,cpu=1,node=1",
					   "billing=3,cpu=2,gres/gpu=1,node=1"};

	for (int i = 0; i < 60; i++) {
		int64_t at = (clock_now - T0) / WHEN_SECOND;

		clock_now += (3600 + util_below(state, 86400)) * WHEN_SECOND;
		switch (util_below(state, 4)) {
		case 0:
			correct(state);
			break;
		case 1:
			RUN("charge", util_below(state, 2) ? "bio" : "lab", "7s", "--note", "x");
			break;
		default:
			fake_add_job(
				"dev",
				(struct fake_job){
					.id = 1000 + i,
					.user = users[util_below(state, COUNT(users))],
					.partition =
						partitions[util_below(state, COUNT(partitions))],
					.qos = util_below(state, 2) ? "fast" : "normal",
					.tres = tres[util_below(state, COUNT(tres))],
					.account = util_below(state, 2) ? "bio" : "lab",
					.start = BEGIN + at,
					.ran = 1 + util_below(state, 3600)});
		}
		RUN("check", "--clock-ok");
	}
}

/* By every pair of words, the groups add up to the statement's use of the same account and period,
 * and to the groups by the first word alone. */
START_TEST(pairs_add_up_to_the_statement)
{
	static const char *const words[] = {"user", "account", "partition", "qos", "month"};
	static const char *const keys[] = {"user", "slurmaccount", "partition", "qos", "month"};
	static const char *const values[] = {"ann", "lab", "gpu", "fast", "2026-12"};
	static const char *const purses[] = {"bio", "lab", "bio:gres/gpu"};
	static const char *const periods[][2] = {{"2026-11-01", "2027-06-01"},
						 {"2026-12-01", "2027-01-01"}};
	uint64_t state = util_seed();

	DONE("", "open", "lab", "10");
	DONE("", "open", "bio", "10", "--resource", "gres/gpu");
	random_history(&state);
	for (size_t i = 0; i < COUNT(purses) * COUNT(periods); i++) {
		const char *purse = purses[i / COUNT(periods)];
		const char *const *period = periods[i % COUNT(periods)];
		int64_t used = used_by_kind(purse, period[0], period[1]), gpus = 0;

		/* An invoice bills the same. */
		DONE("", "statement", purse, "--json", "--price", "1EUR", "--since", period[0],
		     "--until", period[1]);
		ck_assert_int_eq(sum_of("billed_seconds", NULL, NULL), used);
		if (i % COUNT(periods) == 0)
			ck_assert_int_ne(used, 0);
		for (size_t j = 0; j < COUNT(words) * COUNT(words); j++) {
			const size_t by = j / COUNT(words), then = j % COUNT(words);
			char pair[64];
			int64_t some, cpus;

			if (by == then)
				continue;
			(void)snprintf(pair, sizeof(pair), "%s,%s", words[by], words[then]);
			DONE("", "usage", purse, "--json", "--by", pair, "--since", period[0],
			     "--until", period[1]);
			ck_assert_msg(sum_of("used_seconds", NULL, NULL) == used, "%s by %s: %s",
				      purse, pair, out);
			/* Hours are the same however they are grouped. */
			ck_assert(j == 1 || sum_of("gpu_seconds", NULL, NULL) == gpus);
			gpus = sum_of("gpu_seconds", NULL, NULL);
			some = sum_of("used_seconds", keys[by], values[by]);
			cpus = sum_of("cpu_seconds", keys[by], values[by]);
			DONE("", "usage", purse, "--json", "--by", words[by], "--since", period[0],
			     "--until", period[1], "--total");
			ck_assert_int_eq(sum_of("used_seconds", keys[by], "(total)"), used);
			ck_assert_int_eq(sum_of("gpu_seconds", keys[by], "(total)"), gpus);
			ck_assert_int_eq(sum_of("used_seconds", keys[by], values[by]), some);
			ck_assert_int_eq(sum_of("cpu_seconds", keys[by], values[by]), cpus);
			if (strcmp(words[by], "month") != 0 && strcmp(words[then], "month") != 0)
				continue;
			DONE("", "usage", purse, "--json", "--by", pair, "--month-of", "end",
			     "--since", period[0], "--until", period[1]);
			ck_assert_int_eq(sum_of("used_seconds", NULL, NULL), used);
		}
	}
}
END_TEST

START_TEST(hours_are_those_of_the_jobs)
{
	struct fake_job odd = {.id = 21,
			       .user = "dan",
			       .account = "bio",
			       .start = BEGIN + 7300,
			       .ran = 20,
			       .tres = "billing=1,cpu=9223372036854775807,node=1"};

	clock_now = T0 + 3 * HOUR;
	fake_add_job("dev", (struct fake_job){.id = 20,
					      .user = "cid",
					      .account = "bio",
					      .start = BEGIN + 7300,
					      .ran = 1800,
					      .tres = "billing=9,cpu=4,gres/gpu=2,node=1"});
	fake_add_job("dev", odd);
	odd.id = 22;
	odd.tres = "billing=1,node=1";
	fake_add_job("dev", odd);
	DONE("charged", "check");
	IS("User|Jobs|Used|Share|CPU-s|GPU-s\ncid|1|16200|96|7200|3600\nann|2|360|2|360|0\n"
	   "bob|1|40|0|40|0\ndan|2|40|0||\n(RawUsage)|0|100|0||\n(unknown)|1|10|0|10|0\n"
	   "(reconciled)|0|3|0||\n",
	   "usage", "bio", "-P", "--seconds", "--hours");
	DONE("(RawUsage)|0|100|\n(reconciled)|0|3|\n(total)|7|16753|\n", "usage", "bio", "-nPo",
	     "Job,Jobs,Used,CPU-s", "--by", "job", "--seconds", "--total");
	/* No column without the option, as before; with --format without it. */
	DONE("User|Jobs|Used|Share\n", "usage", "bio", "-P");
	IS("cid|2.00|1.00\ndan||\n", "usage", "bio", "-nPo", "User,CPU-h,GPU-h", "--since",
	   "2026-11-22T19:30", "--sort", "-GPU-h", "--by", "user,partition");
	IS("cid|2.00|1.00\ndan||\n", "usage", "bio", "-nPo", "User,cpu-s,GPU-s", "--since",
	   "2026-11-22T19:30");
	/* A group with a job whose hours are not known has none; a refund changes none. */
	DONE("", "refund", entry_of("job dev/20 "), "--note", "x");
	IS("2026-11|7|553||\n", "usage", "bio", "-nPo", "Month,Jobs,Used,CPU-h,GPU-h", "--seconds",
	   "--by", "month");
	IS("ann|360|0\nbob|40|0\n(unknown)|10|0\n", "usage", "bio", "-nPo", "User,CPU-h,GPU-h",
	   "--seconds", "--since", "2026-11-22T18:30", "--until", "2026-11-22T19:30");
	IS("dev/20|1|0|7200|3600\ndev/21|1|20||\ndev/22|1|20||\n", "usage", "bio", "-nPo",
	   "Job,Jobs,Used,CPU-s,GPU-s", "--by", "job", "--seconds", "--since", "2026-11-22T19:30",
	   "--sort", "-CPU-s");
	DONE("\"cpu_seconds\": 7200,\n    \"gpu_seconds\": 3600", "usage", "bio", "--json");
	DONE("\"cpu_seconds\": null,\n    \"gpu_seconds\": null", "usage", "bio", "--json");
	DONE(",\"cpu_seconds\",\"gpu_seconds\"", "usage", "bio", "--csv", "--resource", "billing");
	out_width = 80;
	DONE("CPU-h", "usage", "bio", "--hours", "--by", "month,partition");
	for (const char *line = out; *line; line += strcspn(line, "\n") + 1)
		ck_assert_uint_le(strcspn(line, "\n"), 80);
	out_width = 0;
}
END_TEST

/* A site may make Slurm count types of GPUs alone. */
START_TEST(types_of_gpus_are_added_up)
{
	static const struct {
		const char *tres, *hours;
	} jobs[] = {
		{"billing=9,cpu=2,gres/gpu:a100=4,gres/gpu:v100=1", "20|50\n"},
		{"billing=9,cpu=2,gres/gpu:a100=4,gres/gpu=5,gres/gpu:v100=1", "20|50\n"},
		{"billing=9,cpu=2,gres/gpu:a100=4,gres/gpu=0", "20|0\n"},
		{"billing=9,cpu=2,gres/gpumem:a100=4,gres/gpux=4,gres/gp:a=1", "20|0\n"},
		{"billing=9,cpu=2,gres/gpu:a100=x", "|\n"},
		{"billing=9,cpu=2,gres/gpu:a100", "|\n"},
		{"billing=9,cpu=2,gres/gpu:a=9223372036854775807,gres/gpu:b=1", "|\n"},
		{"billing=9,cpu=2,gres/gpu:a=9223372036854775807", "|\n"},
		{"billing=9,gres/gpu:a100=4", "|\n"},
	};

	/* The fake Slurm borrows names. */
	char users[COUNT(jobs)][16];

	for (size_t i = 0; i < COUNT(jobs); i++) {
		char *user = users[i];

		clock_now += HOUR;
		(void)snprintf(user, sizeof(users[i]), "user%zu", i);
		fake_add_job("dev", (struct fake_job){.id = 100 + (int)i,
						      .user = user,
						      .account = "bio",
						      .start = clock_now / WHEN_SECOND - 100,
						      .ran = 10,
						      .tres = jobs[i].tres});
		DONE("", "check");
		DONE("", "usage", "bio", "-nPo", "User,CPU-s,GPU-s", "--seconds", "--sort",
		     "-User");
		ck_assert_msg(strncmp(out + strcspn(out, "|") + 1, jobs[i].hours,
				      strlen(jobs[i].hours)) == 0 &&
				      strncmp(out, user, strlen(user)) == 0,
			      "%s: %s", jobs[i].tres, out);
	}
}
END_TEST

START_TEST(months_may_be_those_of_the_end)
{
	/* Ends in November, a minute before the end of the month, and is charged in December. */
	clock_now = T0 + 8 * WHEN_DAY + 6 * HOUR;
	DONE("", "check", "--clock-ok");
	clock_now = T0 + 8 * WHEN_DAY + 8 * HOUR;
	job(7, "ann", NULL, 8 * 86400 + 7 * 3600 - 120, 60);
	DONE("charged", "check", "--clock-ok");
	DONE("", "charge", "bio", "5s", "--note", "x");
	DONE("", "refund", entry_of("job dev/7 "), "20s", "--note", "x");
	IS("2026-12|1|45\n", "usage", "bio", "-nPo", "Month,Jobs,Used", "--seconds", "--by",
	   "month", "--since", "2026-12-01");
	IS("2026-12|1|45\n", "usage", "bio", "-nPo", "Month,Jobs,Used", "--seconds", "--by",
	   "month", "--since", "2026-12-01", "--month-of", "entry");
	IS("2026-11|1|40\n2026-12|0|5\n", "usage", "bio", "-nPo", "Month,Jobs,Used", "--seconds",
	   "--by", "month", "--since", "2026-12-01", "--month-of", "end");
	IS("2026-11|ann|40\n2026-12|(fees)|5\n", "usage", "bio", "-nPo", "Month,User,Used",
	   "--seconds", "--by", "month,user", "--since", "2026-12-01", "--month-of", "end");
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
	tcase_add_test(tcase, use_by_two_is_sorted_by_the_first);
	tcase_add_test(tcase, pairs_add_up_to_the_statement);
	tcase_add_test(tcase, hours_are_those_of_the_jobs);
	tcase_add_test(tcase, types_of_gpus_are_added_up);
	tcase_add_test(tcase, months_may_be_those_of_the_end);
	tcase_add_test(tcase, months_of_use_are_local_months);
	tcase_add_test(tcase, tables_have_bars);
	tcase_add_test(tcase, what_does_not_add_up_is_no_answer);
	tcase_add_test(tcase, the_journal_by_user);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
