/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The users of accounts, which decide who may see them: no name can add a row. */
#include "slurm/members.h"
#include "tests/util.h"

static const char *ids[2], *rows;
static int calls;

static int answer(const char *const argv[], int deadline_ms, struct run_result *ret,
		  struct sb_error *err)
{
	const char *text = strcmp(argv[6], "format=ID") == 0 ? ids[calls % 3 > 0] : rows;

	(void)deadline_ms;
	(void)err;
	ck_assert_str_eq(argv[0], "sacctmgr");
	ck_assert_str_eq(argv[1], "-P");
	ck_assert_str_eq(argv[3], "assoc");
	ck_assert_str_eq(argv[5], "cluster=dev,gpu");
	calls++;
	*ret = (struct run_result){.out = strdup(text), .out_len = strlen(text)};
	return SB_OK;
}

/* Checks the rows, "cluster account user\n" each, and the number of odd ones. */
static void check(const char *expected, size_t odd)
{
	const struct slurm slurm = {.sacctmgr = "sacctmgr", .run = answer};
	char *const clusters[] = {(char[]){"dev"}, (char[]){"gpu"}};
	struct members members;
	char text[1024] = "";

	calls = 0;
	OK(members_read(&slurm, clusters, 2, &members, &error));
	ck_assert_int_eq(calls, odd > 0 && ids[0] != ids[1] ? 9 : 3);
	for (size_t i = 0; i < members.count; i++) {
		size_t len = strlen(text);

		(void)snprintf(text + len, sizeof(text) - len, "%s %s %s\n",
			       members.rows[i].cluster, members.rows[i].account,
			       members.rows[i].user);
	}
	ck_assert_str_eq(text, expected);
	ck_assert_uint_eq(members.odd.count, odd);
	members_release(&members);
}

#define HEAD "ID|Cluster|Account|User\n"

START_TEST(names_forge_no_rows)
{
	static const struct {
		const char *ids, *after, *rows, *expected;
		size_t odd;
	} cases[] = {
		/* The name of an account with a newline, and a row for mallory in it. */
		{"ID\n1\n2\n3\n", NULL,
		 HEAD
		 "1|dev|physics|ann\n2|dev|x\n9|dev|physics|mallory\n|eve\n3|dev|physics|alice\n",
		 "dev physics alice\ndev physics ann\n", 1},
		/* With the number of a true row: that does not count, either. */
		{"ID\n1\n2\n3\n4\n", NULL,
		 HEAD "1|dev|physics|\n2|dev|x\n3|dev|physics|mallory\n|eve\n3|dev|physics|alice\n"
		      "4|dev|chem|bob\n",
		 "dev chem bob\n", 1},
		/* An account named "physics|mallory\n3|dev|z": its first line looks complete. */
		{"ID\n2\n3\n4\n", NULL,
		 HEAD "2|dev|physics|mallory\n3|dev|z|eve\n3|dev|physics|alice\n4|dev|chem|bob\n",
		 "dev chem bob\n", 1},
		{"ID\n2\n4\n", NULL, HEAD "2|dev|physics|mallory\nz|eve\n4|dev|chem|bob\n",
		 "dev chem bob\n", 1},
		{"ID\n2\n4\n", NULL, HEAD "4|dev|chem|bob\n2|dev|physics|mallory\nz|eve\n",
		 "dev chem bob\n", 1},
		/* With one that is added or removed while Slurm is asked. */
		{"ID\n1\n2\n", "ID\n1\n2\n9\n",
		 HEAD "2|dev|x|eve\n1|dev|physics|alice\n9|dev|physics|mallory\n", "dev x eve\n",
		 1},
		{"ID\n1\n2\n9\n", "ID\n1\n2\n",
		 HEAD "2|dev|x|eve\n1|dev|physics|alice\n9|dev|physics|mallory\n", "dev x eve\n",
		 1},
		/* Bars; a user's name with a newline. */
		{"ID\n1\n2\n3\n4\n", NULL,
		 HEAD "1|dev|physics|alice\n2|dev|a|b|eve\n4|dev|physics|mallory|\n3|dev|c|e\nve\n",
		 "dev physics alice\n", 1},
		/* Of a cluster that was not asked for. */
		{"ID\n1\n2\n", NULL, HEAD "1|dev|physics|alice\n2|other|physics|eve\n",
		 "dev physics alice\n", 1},
		{"ID\n", NULL, HEAD, "", 0},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		ids[0] = cases[i].ids;
		ids[1] = cases[i].after ? cases[i].after : cases[i].ids;
		rows = cases[i].rows;
		check(cases[i].expected, cases[i].odd);
	}
}
END_TEST

START_TEST(each_user_is_read_once)
{
	ids[0] = ids[1] = "ID\n1\n2\n3\n4\n5\n";
	rows = HEAD "1|dev|physics|\n2|dev|physics|bob\n3|dev|physics|alice\n4|dev|physics|bob\n"
		    "5|gpu|physics|bob\n";
	check("dev physics alice\ndev physics bob\ngpu physics bob\n", 0);
}
END_TEST

START_TEST(what_is_no_table_is_refused)
{
	static const char *const bad[] = {"", "\n", "sacctmgr: what?\n", "Account|User\n"};
	const struct slurm slurm = {.sacctmgr = "sacctmgr", .run = answer};
	char *const clusters[] = {(char[]){"dev"}, (char[]){"gpu"}};
	struct members members;

	for (size_t i = 0; i < COUNT(bad); i++) {
		calls = 0;
		ids[0] = ids[1] = "ID\n";
		rows = bad[i];
		FAILS(SB_EFORMAT, "associations",
		      members_read(&slurm, clusters, 2, &members, &error));
		calls = 0;
		ids[1] = bad[i];
		rows = HEAD;
		FAILS(SB_EFORMAT, "associations",
		      members_read(&slurm, clusters, 2, &members, &error));
	}
}
END_TEST

START_TEST(names_of_clusters_are_checked)
{
	const struct slurm slurm = {.sacctmgr = "sacctmgr", .run = answer};
	char *const clusters[] = {(char[]){"a,b"}};
	struct members members;

	FAILS(SB_EINVAL, "a,b", members_read(&slurm, clusters, 1, &members, &error));
	/* Without a cluster, Slurm would be asked about all. */
	FAILS(SB_EINVAL, "no cluster", members_read(&slurm, clusters, 0, &members, &error));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("members");
	TCase *tcase = tcase_create("members");

	tcase_add_checked_fixture(tcase, util_setup, util_teardown);
	tcase_add_test(tcase, names_forge_no_rows);
	tcase_add_test(tcase, what_is_no_table_is_refused);
	tcase_add_test(tcase, each_user_is_read_once);
	tcase_add_test(tcase, names_of_clusters_are_checked);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
