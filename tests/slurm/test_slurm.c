/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests Slurm commands and parsing of their answers, with answers written here and with the fake
 * Slurm in tests/fake. */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "slurm/assoc.h"
#include "slurm/qos_use.h"
#include "slurm/sacctmgr.h"
#include "slurm/scontrol.h"
#include "slurm/squeue.h"
#include "slurm/sshare.h"
#include "slurm/table.h"
#include "tests/fake_slurm.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define TEXT(literal) (literal), sizeof(literal) - 1

static void assert_text(const struct sb_error *err, const char *part)
{
	ck_assert_msg(strstr(err->text, part), "\"%s\" is not in \"%s\"", part, err->text);
	ck_assert_msg(!strchr(err->text, '\n'), "\"%s\" is not one line", err->text);
}

/* A runner that starts nothing and returns the answer set here. */
static struct {
	const char *out;
	size_t out_len;
	int status;
	const char *err_line;
	const char *parents; /* to the question for ID and ParentID; NULL: it fails */
	const char *ids; /* to that for the ID of users' associations; NULL: it fails */
	char asked[4096]; /* the last such question */
	int code; /* when not 0 the program does not run */
	int calls;
	size_t longest; /* argument seen */
	char line[4096]; /* the last call, arguments joined by '|', cut if longer */
} canned;

static int run_canned(const char *const argv[], int deadline_ms, struct run_result *ret,
		      struct sb_error *err)
{
	size_t len = 0;

	ck_assert_int_eq(deadline_ms, 1234);
	canned.calls++;
	canned.line[0] = '\0';
	for (int i = 0; argv[i]; i++) {
		size_t arg_len = strlen(argv[i]);

		if (arg_len > canned.longest)
			canned.longest = arg_len;
		if (len < sizeof(canned.line)) {
			int n = snprintf(canned.line + len, sizeof(canned.line) - len, "%s%s",
					 i ? "|" : "", argv[i]);

			ck_assert_int_ge(n, 0);
			len += (size_t)n;
		}
	}
	if (canned.code != 0)
		return sb_error_set(err, (enum sb_err)canned.code, "it did not run");
	memset(ret, 0, sizeof(*ret));
	if (strstr(canned.line, "|format=ID,ParentID")) {
		ck_assert_str_eq(canned.line, "sacctmgr|-P|show|assoc|where|cluster=dev|user=|"
					      "format=ID,ParentID");
		ret->status = canned.parents ? 0 : 1;
		ret->out = strdup(canned.parents ? canned.parents : "");
		ck_assert_ptr_nonnull(ret->out);
		ret->out_len = strlen(ret->out);
		return SB_OK;
	}
	if (strstr(canned.line, "|format=ID,User,Account")) {
		(void)snprintf(canned.asked, sizeof(canned.asked), "%s", canned.line);
		ret->status = canned.ids ? 0 : 1;
		ret->out = strdup(canned.ids ? canned.ids : "");
		ck_assert_ptr_nonnull(ret->out);
		ret->out_len = strlen(ret->out);
		return SB_OK;
	}
	ret->out = malloc(canned.out_len + 1);
	ck_assert_ptr_nonnull(ret->out);
	if (canned.out_len > 0)
		memcpy(ret->out, canned.out, canned.out_len);
	ret->out[canned.out_len] = '\0';
	ret->out_len = canned.out_len;
	ret->status = canned.status;
	if (canned.err_line)
		(void)snprintf(ret->err_line, sizeof(ret->err_line), "%s", canned.err_line);
	return 0;
}

static const struct slurm slurm_canned = {
	.sshare = "sshare",
	.sacctmgr = "sacctmgr",
	.scontrol = "scontrol",
	.squeue = "squeue",
	.deadline_ms = 1234,
	.run = run_canned,
};

static void setup_canned(void)
{
	memset(&canned, 0, sizeof(canned));
}

/* Names. */

static char bytes_255[256], bytes_256[257];

static const char *const bad_names[] = {
	NULL,	"",    "-",    "-a",  "a;b",	 "a$b",	  "$(a)",  "a'b",
	"a\"b", "a,b", "a=b",  "a b", "a\nb",	 "a\n",	  "Test1", "\xc3\xa4",
	"a:b",	"a|b", "a\tb", "a*",  bytes_256, "a\x7f", "a\x01", "`a`",
	"@a",	"a+",  "%a",   "/a",  "a[1-2]",	 "a~b",	  "a#b",   "a ",
};
static const char *const good_names[] = {"a", "test1",	 "0",	     "a-b_c.d", "a-", ".",
					 "_", bytes_255, "htc@free", "a%b",	"a/b"};

static void fill_names(void)
{
	memset(bytes_255, 'a', 255);
	memset(bytes_256, 'a', 256);
}

START_TEST(names_that_must_not_reach_a_command_line)
{
	fill_names();
	ck_assert(!slurm_name_ok(bad_names[_i]));
}
END_TEST

START_TEST(names_that_may)
{
	fill_names();
	ck_assert(slurm_name_ok(good_names[_i]));
}
END_TEST

/* Nothing runs for a bad name in any place. */
START_TEST(predecessor_01_02_31_bad_names_run_nothing)
{
	const char *const accounts[] = {"good", bad_names[_i]};
	struct shares shares = {0};
	struct slurm_config config = {0};
	struct limits limits_read = {0};
	struct partitions partitions = {0};
	struct known_jobs known = {0};
	struct sb_error err = {0};

	fill_names();
	ck_assert_int_eq(sacctmgr_set_limit(&slurm_canned, "dev", accounts, 2,
					    &(struct tres_limit){"GrpTRESMins", "cpu", 0}, &err),
			 SB_EINVAL);
	ck_assert_int_eq(err.code, SB_EINVAL);
	ck_assert_int_eq(sacctmgr_set_limit(&slurm_canned, bad_names[_i], accounts, 1,
					    &(struct tres_limit){"GrpTRESMins", "cpu", 0}, &err),
			 SB_EINVAL);
	ck_assert_int_eq(
		sacctmgr_read_limits(&slurm_canned, "dev", accounts, 2, &limits_read, &err),
		SB_EINVAL);
	ck_assert_int_eq(
		sacctmgr_read_limits(&slurm_canned, bad_names[_i], accounts, 1, &limits_read, &err),
		SB_EINVAL);
	ck_assert_int_eq(sacctmgr_reset_usage(&slurm_canned, "dev", bad_names[_i], &err),
			 SB_EINVAL);
	ck_assert_int_eq(sacctmgr_reset_usage(&slurm_canned, bad_names[_i], "good", &err),
			 SB_EINVAL);
	ck_assert_int_eq(sshare_read(&slurm_canned, bad_names[_i], &shares, &err), SB_EINVAL);
	ck_assert_int_eq(squeue_read(&slurm_canned, bad_names[_i], &known, &err), SB_EINVAL);
	ck_assert_ptr_null(shares.rows);
	if (bad_names[_i]) {
		ck_assert_int_eq(scontrol_read_config(&slurm_canned, bad_names[_i], &config, &err),
				 SB_EINVAL);
		ck_assert_int_eq(
			scontrol_read_partitions(&slurm_canned, bad_names[_i], &partitions, &err),
			SB_EINVAL);
	}
	ck_assert_int_eq(canned.calls, 0);
}
END_TEST

/* The frame around every command. */

static const struct {
	int code, status;
	const char *out, *err_line;
	int want;
	const char *text;
} ask_cases[] = {
	{SB_ETIMEOUT, 0, "", "", SB_ETIMEOUT, "it did not run"},
	{SB_EMISSING, 0, "", "", SB_EMISSING, "it did not run"},
	{0, 1, "", "sshare: error: gone", SB_EFAILED,
	 "sshare failed with status 1: sshare: error: gone"},
	{0, 1, "\n Nothing modified\nmore\n", "", SB_EFAILED,
	 "status 1: Nothing modified (to see it again: sshare a b)"},
	{0, 1, "out", "err", SB_EFAILED, "status 1: err"},
	{0, 1, "", "", SB_EFAILED, "status 1: it gave no reason"},
	{0, 255, "", "", SB_EFAILED, "status 255"},
	{0, 137, "", "", SB_EFAILED, "ended by signal 9"},
	{0, 0, "answer", "a warning", SB_OK, ""},
};

START_TEST(predecessor_30_a_failure_has_its_reason)
{
	const char *const argv[] = {"sshare", "a", "b", NULL};
	struct run_result result = {.status = 77};
	struct sb_error err = {0};

	canned.code = ask_cases[_i].code;
	canned.status = ask_cases[_i].status;
	canned.out = ask_cases[_i].out;
	canned.out_len = strlen(canned.out);
	canned.err_line = ask_cases[_i].err_line;
	ck_assert_int_eq(slurm_ask(&slurm_canned, argv, &result, &err), ask_cases[_i].want);
	ck_assert_int_eq(err.code, ask_cases[_i].want);
	assert_text(&err, ask_cases[_i].text);
	if (ask_cases[_i].want == SB_OK) {
		ck_assert_str_eq(result.out, canned.out);
		run_result_release(&result);
	} else {
		ck_assert_int_eq(result.status, 77);
	}
}
END_TEST

START_TEST(a_long_command_is_cut_in_the_text)
{
	char *arg = malloc(100001);
	const char *const argv[] = {"sacctmgr", arg, NULL};
	struct run_result result = {0};
	struct sb_error err = {0};

	ck_assert_ptr_nonnull(arg);
	memset(arg, 'x', 100000);
	arg[100000] = '\0';
	canned.status = 1;
	canned.err_line = "two\nlines";
	ck_assert_int_eq(slurm_ask(&slurm_canned, argv, &result, &err), SB_EFAILED);
	assert_text(&err, "two (to see it again: sacctmgr xxx");
	assert_text(&err, "xxx...)");
	ck_assert_int_eq(slurm_ask(&slurm_canned, argv, &result, NULL), SB_EFAILED);
	free(arg);
}
END_TEST

/* Tables. */

static const struct {
	const char *text;
	size_t len;
	const char *reason;
} bad_tables[] = {
	{TEXT(""), "its answer is empty"},
	{TEXT("\n  \n\t\n"), "its answer is empty"},
	{TEXT("CLUSTER: dev\n"), "its answer is empty"},
	{TEXT("a|b\n"), "line 1 of its answer should name column Account but has \"a\""},
	{TEXT("dev|test1\n"), "should name column Account"},
	{TEXT("Account\n"), "should name column Usage but has \"nothing\""},
	{TEXT("Usage|Account\n"), "should name column Account"},
	{TEXT("Account|Usage|More\n"), "names 3 columns, not 2"},
	{TEXT("Account|Usage|\n"), "names 3 columns"},
	{TEXT(" Account|Usage\n"), "should name column Account"},
	{TEXT("Accounts|Usage\n"), "should name column Account"},
	{TEXT("Account|Usage\na\n"), "line 2 of its answer is \"a\", not a row of 2 fields"},
	{TEXT("Account|Usage\n\n\n<x>\na|1\n"), "line 4 of its answer is \"<x>\""},
	{TEXT("Account|Usage\na|1"), "line 2 of its answer is cut off"},
	{TEXT("Account|Usage"), "line 1 of its answer is cut off"},
	{TEXT("Account|Usage\na|1\nb|2\0\n"), "line 3 of its answer has a NUL byte"},
	{TEXT("\0"), "line 1 of its answer has a NUL byte"},
	{TEXT("<html>\n"), "check that this is Slurm's own command"},
};

static const char *const two_columns[] = {"Account", "Usage"};
static const struct table_form two = {"sshare", two_columns, 2, NULL};
static const struct table_form keyed = {"sshare", two_columns, 2, "root"};

START_TEST(table_refuses)
{
	struct table table = {.rows = 77};
	struct sb_error err = {0};

	ck_assert_int_eq(table_parse(&two, bad_tables[_i].text, bad_tables[_i].len, &table, &err),
			 SB_EFORMAT);
	ck_assert_int_eq(err.code, SB_EFORMAT);
	assert_text(&err, "sshare: ");
	assert_text(&err, bad_tables[_i].reason);
	ck_assert_uint_eq(table.rows, 77);
}
END_TEST

static const struct {
	const char *text;
	size_t len, rows;
	const char *cells; /* each cell, row by row, with a '/' after it */
} good_tables[] = {
	{TEXT("Account|Usage\n"), 0, ""},
	{TEXT("CLUSTER: dev\naccount|USAGE\n"), 0, ""},
	{TEXT("CLUSTER: dev\nAccount|Usage\n\nCLUSTER: dev\n|\n a| 1\n  b|\n\n"), 3,
	 "// a/ 1/  b//"},
	{TEXT("Account|Usage\nCLUSTER: x|1\n"), 1, "CLUSTER: x/1/"},
	/* The last cell has the names that users chose. */
	{TEXT("Account|Usage\na|1|2|\nb|3\n"), 2, "a/1|2|/b/3/"},
	{TEXT("Account|Usage\na|1\nmore\nb|3\n"), 2, "a/1\nmore/b/3/"},
	{TEXT("Account|Usage\na|1\n\nCLUSTER: x\nb|3\n\n \n"), 2, "a/1\n\nCLUSTER: x/b/3/"},
};

START_TEST(table_reads)
{
	struct table table = {0};
	struct sb_error err = {0};
	char cells[256] = "";

	ck_assert_msg(table_parse(&two, good_tables[_i].text, good_tables[_i].len, &table, &err) ==
			      0,
		      "%s", err.text);
	ck_assert_uint_eq(table.rows, good_tables[_i].rows);
	ck_assert_uint_eq(table.columns, 2);
	for (size_t row = 0; row < table.rows; row++) {
		for (size_t column = 0; column < 2; column++) {
			size_t len = strlen(cells);

			(void)snprintf(cells + len, sizeof(cells) - len, "%s/",
				       table_cell(&table, row, column));
		}
	}
	ck_assert_str_eq(cells, good_tables[_i].cells);
	table_release(&table);
	table_release(&table);
}
END_TEST

/* A good answer that is cut or has one byte changed gives an error or a table. */
START_TEST(table_survives_any_damage)
{
	static const char good[] = "CLUSTER: dev\nAccount|Usage\nroot|12\n a|7\n\n  b|5\n";
	static const char bytes[] = {'\0', '\n', '|', ' ', 'x'};
	char damaged[sizeof(good)];
	struct table table;

	for (size_t at = 0; at < sizeof(good) - 1; at++) {
		char *cut = malloc(at + 1); /* of its exact size, for the address sanitizer */

		ck_assert_ptr_nonnull(cut);
		memcpy(cut, good, at);
		if (table_parse(&two, cut, at, &table, NULL) == 0)
			table_release(&table);
		free(cut);
		for (size_t i = 0; i < sizeof(bytes); i++) {
			memcpy(damaged, good, sizeof(good));
			damaged[at] = bytes[i];
			if (table_parse(&keyed, damaged, sizeof(good) - 1, &table, NULL) == 0)
				table_release(&table);
		}
	}
}
END_TEST

/* sshare. */

#define HEADER "CLUSTER: dev\nCluster|ID|RawUsage|GrpTRESMins|GrpTRESRaw|TRESRunMins|User|Account\n"

static const struct {
	const char *out;
	size_t len;
	const char *reason;
} bad_answers[] = {
	{TEXT(""), "its answer is empty"},
	{TEXT("CLUSTER: dev\n"), "its answer is empty"},
	{TEXT(HEADER), "cluster dev is not in its answer"},
	{TEXT(HEADER "dev|1|12||||root| test1\n"), "cluster dev is not in its answer"},
	{TEXT("dev|test1||120||\n"), "should name column Cluster"},
	{TEXT("test1||120\n"), "should name column Cluster"},
	{TEXT("Cluster|ID|RawShares|GrpTRESMins|GrpTRESRaw|TRESRunMins|User|Account\n"),
	 "should name column RawUsage"},
	{TEXT(HEADER "dev|1|120||||test1\n"), "not a row of 8 fields that begins with dev"},
	{TEXT(HEADER "dev|1|120|"), "cut off"},
	{TEXT(HEADER "dev|1|120|||||te\0st1\n"), "NUL byte"},
	{TEXT(HEADER "gpu|1|120|||||test1\n"), "line 3 of its answer is \"gpu|1|"},
	{TEXT(HEADER "|1|120|||||test1\n"), "not a row of 8 fields that begins with dev"},
	{TEXT(HEADER "<html>\n"), "is \"<html>\""},
};

START_TEST(predecessor_05_sshare_refuses)
{
	struct shares shares = {.count = 77};
	struct sb_error err = {0};

	canned.out = bad_answers[_i].out;
	canned.out_len = bad_answers[_i].len;
	ck_assert_int_eq(sshare_read(&slurm_canned, "dev", &shares, &err), SB_EFORMAT);
	ck_assert_int_eq(err.code, SB_EFORMAT);
	assert_text(&err, "sshare: ");
	assert_text(&err, bad_answers[_i].reason);
	ck_assert_uint_eq(shares.count, 77);
	ck_assert_int_eq(canned.calls, 1);
}
END_TEST

/* The tree of a real 22.05.8: moved accounts, two levels of children, the caller's own rows. */
static const char real_answer[] =
	HEADER "dev|6|9223372036854775807|||||root\n"
	       "dev|7|0||||root| root\n"
	       "dev|8|0|cpu=5000,mem=123456789012,gres/gpu=7|||| mid\n"
	       "dev|9|120|cpu=0|cpu=2,mem=0,billing=2,gres/gpu=0|billing=7|| zeta\n"
	       "dev|10|5||cpu=9,mem=0,billing=9,gres/gpu=0||root|  zeta\n"
	       "dev|11|100|||||  late\n"
	       "dev|12|0||||root|   late\n"
	       "dev|13|90|||||   alpha\n"
	       "dev|14|80|||||    c1\n"
	       "dev|15|70|||||     c2\n"
	       "dev|16|0|||||    c3\n"
	       "dev|17|1||||| zz\n"
	       "dev|18|0|||||other\n";

static const struct {
	const char *answer, *text;
} bad_ids[] = {
	{"", "empty"},
	{"CLUSTER: dev\n", "empty"},
	{"JOBID\n1\n2", "cut off"},
	{"JOBID|STATE\n1|RUNNING\n", "squeue: line 1"},
	{"1\n2\n", "should name column JOBID but has \"1\""},
	{"CLUSTER: gpu\nJOBID\n1\n", "line 1 of cluster dev has \"CLUSTER: gpu\""},
};

START_TEST(squeue_refuses)
{
	struct known_jobs known = {0};
	struct sb_error err = {0};

	canned.out = bad_ids[_i].answer;
	canned.out_len = strlen(canned.out);
	ck_assert_int_eq(squeue_read(&slurm_canned, "dev", &known, &err), SB_EFORMAT);
	ck_assert_msg(strstr(err.text, bad_ids[_i].text), "%s", err.text);
	ck_assert_ptr_null(known.ids);
}
END_TEST

START_TEST(squeue_shows_which_jobs_are_known)
{
	struct known_jobs known = {0};
	struct sb_error err = {0};

	ck_assert(!known_jobs_have(&known, 1));
	canned.out = "CLUSTER: dev\nJOBID\n12\n7\n9223372036854775807\n8\n";
	canned.out_len = strlen(canned.out);
	ck_assert_msg(squeue_read(&slurm_canned, "dev", &known, &err) == 0, "%s", err.text);
	ck_assert_str_eq(canned.line, "squeue|-a|-t|all|-M|dev|-o|%A");
	for (int64_t id = 0; id < 20; id++)
		ck_assert(known_jobs_have(&known, id) == (id == 7 || id == 8 || id == 12));
	ck_assert(known_jobs_have(&known, INT64_MAX));
	known_jobs_release(&known);
	/* A cluster without jobs. */
	canned.out = "CLUSTER: dev\nJOBID\n";
	canned.out_len = strlen(canned.out);
	ck_assert_msg(squeue_read(&slurm_canned, "dev", &known, &err) == 0, "%s", err.text);
	ck_assert(!known_jobs_have(&known, 7));
	known_jobs_release(&known);
}
END_TEST

static const struct {
	const char *line, *odd;
} odd_ids[] = {
	{"2_3", "line 4: JOBID is \"2_3\""},
	{"-1", "line 4: JOBID is \"-1\""},
	{"9223372036854775808", "line 4: JOBID is \"9223372036854775808\""},
	{"1|RUNNING", "line 4: JOBID is \"1|RUNNING\""},
	{"N/A", "line 4: JOBID is \"N/A\""},
};

/* A bad line may be any job. */
START_TEST(squeue_leaves_out_bad_lines)
{
	struct known_jobs known = {0};
	struct sb_error err = {0};
	char *answer;

	ck_assert_int_ge(
		asprintf(&answer, "CLUSTER: dev\nJOBID\n7\n%s\n 12 \n\nx\n", odd_ids[_i].line), 0);
	canned.out = answer;
	canned.out_len = strlen(answer);
	ck_assert_msg(squeue_read(&slurm_canned, "dev", &known, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(known.count, 2);
	ck_assert_int_eq(known.ids[0], 7);
	ck_assert_int_eq(known.ids[1], 12);
	ck_assert_uint_eq(known.odd, 2);
	ck_assert_str_eq(known.first_odd, odd_ids[_i].odd);
	ck_assert(known_jobs_have(&known, 7));
	ck_assert(known_jobs_have(&known, 8));
	known_jobs_release(&known);
	free(answer);
}
END_TEST
struct wanted_share {
	const char *account, *parent;
	int64_t raw_usage;
	const char *grp_tres_mins;
	int64_t minutes, running;
};

static void check_shares(const struct shares *shares, const struct wanted_share *want, size_t count)
{
	ck_assert_uint_eq(shares->count, count);
	for (size_t i = 0; i < count; i++) {
		const struct share *share = &shares->rows[i];

		ck_assert_str_eq(share->account, want[i].account);
		ck_assert_str_eq(share->parent, want[i].parent);
		ck_assert_int_eq(share->raw_usage, want[i].raw_usage);
		ck_assert_str_eq(share->grp_tres_mins, want[i].grp_tres_mins);
		ck_assert_int_eq(share->minutes, want[i].minutes);
		ck_assert_int_eq(share->running, want[i].running);
		ck_assert(!share->odd_usage && !share->odd_limits && !share->odd_room);
		ck_assert_ptr_eq(shares_find(shares, want[i].account), share);
	}
	ck_assert_uint_eq(shares->odd.count, 0);
}

START_TEST(sshare_reads_a_tree)
{
	static const struct wanted_share want[] = {
		{"alpha", "late", 90, "", -1, -1},
		{"c1", "alpha", 80, "", -1, -1},
		{"c2", "c1", 70, "", -1, -1},
		{"c3", "alpha", 0, "", -1, -1},
		{"late", "zeta", 100, "", -1, -1},
		{"mid", "root", 0, "cpu=5000,mem=123456789012,gres/gpu=7", -1, -1},
		{"other", "", 0, "", -1, -1},
		{"root", "", INT64_MAX, "", -1, -1},
		{"zeta", "root", 120, "cpu=0", 2, 7},
		{"zz", "root", 1, "", -1, -1},
	};
	struct shares shares = {0};
	struct sb_error err = {0};

	ck_assert_ptr_null(shares_find(&shares, "a"));
	canned.out = real_answer;
	canned.out_len = sizeof(real_answer) - 1;
	ck_assert_msg(sshare_read(&slurm_canned, "dev", &shares, &err) == 0, "%s", err.text);
	ck_assert_str_eq(canned.line, "sshare|-P|-M|dev|-o|Cluster,ID,RawUsage,GrpTRESMins,"
				      "GrpTRESRaw,TRESRunMins,User,Account");
	ck_assert_int_eq(canned.calls, 1);
	check_shares(&shares, want, COUNT(want));
	ck_assert_ptr_null(shares_find(&shares, "nosuch"));
	ck_assert_ptr_null(shares_find(&shares, ""));
	ck_assert_ptr_null(shares_find(&shares, "mi"));
	shares_release(&shares);
	shares_release(&shares);
}
END_TEST

/* Reads the rows behind the header. */
static void read_shares(const char *rows, const char *parents, struct shares *ret)
{
	static char answer[4096];
	struct sb_error err = {0};

	(void)snprintf(answer, sizeof(answer), HEADER "%s", rows);
	canned.out = answer;
	canned.out_len = strlen(answer);
	canned.parents = parents;
	canned.calls = 0;
	ck_assert_msg(sshare_read(&slurm_canned, "dev", ret, &err) == 0, "%s", err.text);
}

/* [usage]: -1 is an odd one. */
static void check_share(const struct shares *shares, const char *account, const char *parent,
			int64_t usage)
{
	const struct share *share = shares_find(shares, account);

	ck_assert_msg(share != NULL, "no account \"%s\"", account);
	ck_assert_msg(share->odd_usage == (usage < 0), "%s", account);
	if (usage >= 0)
		ck_assert_int_eq(share->raw_usage, usage);
	ck_assert_msg(!share->parent == !parent, "%s", account);
	if (parent)
		ck_assert_str_eq(share->parent, parent);
}

static void check_odd(const struct shares *shares, size_t at, const char *text)
{
	char found[ODD_ROW_TEXT_SIZE];

	ck_assert_uint_lt(at, shares->odd.count);
	ck_assert_str_eq(odd_row_text(found, &shares->odd.list[at]), text);
}

/* Reads the rows behind the header, with those of alice and bob. */
static void read_users(const char *rows, const char *parents, const char *ids, struct shares *ret)
{
	static const char *const users[] = {"alice", "bob"};
	static char answer[4096];
	struct sb_error err = {0};

	(void)snprintf(answer, sizeof(answer), HEADER "%s", rows);
	canned.out = answer;
	canned.out_len = strlen(answer);
	canned.parents = parents;
	canned.ids = ids;
	canned.calls = 0;
	ck_assert_msg(sshare_read_users(&slurm_canned, "dev", users, 2, ret, &err) == 0, "%s",
		      err.text);
}

/* [usage]: -1 is an odd one. */
static void check_user(const struct shares *shares, size_t at, const char *account,
		       const char *user, int64_t id, int64_t usage)
{
	ck_assert_uint_lt(at, shares->user_count);
	ck_assert_str_eq(shares->users[at].account, account);
	ck_assert_str_eq(shares->users[at].user, user);
	ck_assert_int_eq(shares->users[at].id, id);
	ck_assert(shares->users[at].odd == (usage < 0));
	if (usage >= 0)
		ck_assert_int_eq(shares->users[at].raw_usage, usage);
}

#define ROOT "dev|1|9|||||root\n"

START_TEST(sshare_reads_the_rows_of_all_users)
{
	static const char answer[] = HEADER ROOT "dev|2|5||||| a\n"
						 "dev|3|4||||Zoe|  a\n"
						 "dev|4|1||||a,b|  a\n"
						 "dev|5|1||||x=y|  a\n"
						 "dev|6|1||||bob|  a\n"
						 "dev|7|3|||||  sub\n"
						 "dev|8|3||||zoe|   sub\n";
	struct sb_error err = {0};
	struct shares shares;

	canned.out = answer;
	canned.out_len = strlen(answer);
	canned.calls = 0;
	ck_assert_int_eq(sshare_read_all_users(&slurm_canned, "dev", &shares, &err), 0);
	ck_assert_int_eq(canned.calls, 1);
	ck_assert_str_eq(canned.line, "sshare|-P|-M|dev|-o|Cluster,ID,RawUsage,GrpTRESMins,"
				      "GrpTRESRaw,TRESRunMins,User,Account|-a");
	ck_assert_uint_eq(shares.user_count, 3);
	check_user(&shares, 0, "a", "bob", 6, 1);
	check_user(&shares, 1, "a", "zoe", 3, 4);
	check_user(&shares, 2, "sub", "zoe", 8, 3);
	shares_release(&shares);
}
END_TEST

START_TEST(sshare_reads_the_rows_of_users)
{
	struct shares shares;

	read_users(ROOT "dev|2|5|cpu=7|||| a\n"
			"dev|3|4|cpu=0,gres/gpu=7|cpu=1|cpu=2|alice|  a\n"
			"dev|4|1||||carl|  a\n"
			"dev|5|3|||||  sub\n"
			"dev|6|3||||BOB|   sub\n"
			"dev|7|nan||||bob|  a\n",
		   NULL, NULL, &shares);
	ck_assert_int_eq(canned.calls, 1);
	ck_assert_str_eq(canned.line, "sshare|-P|-M|dev|-o|Cluster,ID,RawUsage,GrpTRESMins,"
				      "GrpTRESRaw,TRESRunMins,User,Account|-a");
	ck_assert_uint_eq(shares.count, 3);
	ck_assert_uint_eq(shares.user_count, 3);
	check_user(&shares, 0, "a", "alice", 3, 4);
	ck_assert_str_eq(shares.users[0].grp_tres_mins, "cpu=0,gres/gpu=7");
	ck_assert_str_eq(shares.users[0].grp_tres_raw, "cpu=1");
	ck_assert_str_eq(shares.users[0].tres_run_mins, "cpu=2");
	check_user(&shares, 1, "a", "bob", 7, -1);
	check_user(&shares, 2, "sub", "bob", 6, 3);
	check_share(&shares, "a", "root", 5);
	ck_assert_uint_eq(shares.odd.count, 1);
	check_odd(&shares, 0, "line 9: RawUsage of a is \"nan\"");
	shares_release(&shares);
}
END_TEST

START_TEST(sshare_takes_the_rows_of_a_user_that_slurmdbd_knows)
{
	static const char rows[] = ROOT "dev|2|5||||| a\n"
					"dev|3|4||||alice|  a\n"
					"dev|4|1||||alice|  a\n"
					"dev|9|700||||alice|  a\n"
					"dev|5|6||||bob|  a\n";
	struct shares shares;

	/* Two partitions, and a row that the name of another account made up. */
	read_users(rows, NULL, "ID|User|Account\n4|alice|a\n3|alice|a\n", &shares);
	ck_assert_int_eq(canned.calls, 2);
	ck_assert_str_eq(canned.asked, "sacctmgr|-P|show|assoc|where|cluster=dev|account=a|"
				       "user=alice|format=ID,User,Account");
	ck_assert_uint_eq(shares.user_count, 3);
	check_user(&shares, 0, "a", "alice", shares.users[0].id, shares.users[0].id == 3 ? 4 : 1);
	check_user(&shares, 1, "a", "alice", 7 - shares.users[0].id,
		   shares.users[0].id == 3 ? 1 : 4);
	check_user(&shares, 2, "a", "bob", 5, 6);
	ck_assert_uint_eq(shares.odd.count, 0);
	shares_release(&shares);
	/* slurmdbd does not answer: alice's use is unknown, bob's is not. */
	read_users(rows, NULL, NULL, &shares);
	ck_assert_uint_eq(shares.user_count, 4);
	for (size_t i = 0; i < 3; i++)
		check_user(&shares, i, "a", "alice", shares.users[i].id, -1);
	check_user(&shares, 3, "a", "bob", 5, 6);
	ck_assert_uint_eq(shares.odd.count, 3);
	shares_release(&shares);
	/* It answers without any of alice's rows: they are not gone for that. */
	read_users(rows, NULL, "ID|User|Account\n5|bob|a\n", &shares);
	ck_assert_uint_eq(shares.user_count, 4);
	for (size_t i = 0; i < 3; i++)
		check_user(&shares, i, "a", "alice", shares.users[i].id, -1);
	check_user(&shares, 3, "a", "bob", 5, 6);
	ck_assert_uint_eq(shares.odd.count, 3);
	ck_assert_str_eq(shares.odd.list[0].value, "not in slurmdbd");
	shares_release(&shares);
	/* With PreserveCaseUser slurmdbd prints users as they were typed. */
	read_users(rows, NULL, "ID|User|Account\n4|Alice|a\n3|Alice|a\n", &shares);
	ck_assert_uint_eq(shares.user_count, 3);
	ck_assert_uint_eq(shares.odd.count, 0);
	shares_release(&shares);
}
END_TEST

START_TEST(sshare_trusts_no_row_whose_number_another_has)
{
	static const char ids[] = "ID|User|Account\n3|alice|a\n5|bob|a\n";
	struct shares shares;

	/* A made-up row of alice with the number of bob, whose own row is not touched by that. */
	read_users(ROOT "dev|2|5||||| a\n"
			"dev|3|4||||alice|  a\n"
			"dev|5|1||||alice|  a\n"
			"dev|5|6||||bob|  a\n",
		   NULL, ids, &shares);
	ck_assert_uint_eq(shares.user_count, 2);
	check_user(&shares, 0, "a", "alice", 3, 4);
	check_user(&shares, 1, "a", "bob", 5, 6);
	shares_release(&shares);
	/* One with her own number: it is not known which of the two is hers. */
	read_users(ROOT "dev|2|5||||| a\n"
			"dev|3|4||||alice|  a\n"
			"dev|3|1||||alice|  a\n"
			"dev|5|6||||bob|  a\n",
		   NULL, ids, &shares);
	ck_assert_uint_eq(shares.user_count, 3);
	check_user(&shares, 0, "a", "alice", 3, -1);
	check_user(&shares, 1, "a", "alice", 3, -1);
	check_user(&shares, 2, "a", "bob", 5, 6);
	ck_assert_uint_eq(shares.odd.count, 2);
	shares_release(&shares);
	/* In an account that no bank can have, whose name must not reach a command line. */
	read_users(ROOT "dev|2|5||||| a,b\n"
			"dev|3|4||||alice|  a,b\n"
			"dev|4|1||||alice|  a,b\n",
		   NULL, ids, &shares);
	ck_assert_int_eq(canned.calls, 1);
	ck_assert_uint_eq(shares.user_count, 0);
	shares_release(&shares);
}
END_TEST

START_TEST(sshare_reads_users_below_accounts_with_odd_names)
{
	struct shares shares;

	/* " a" is an account below root, with a user alice whose row looks like one of "a" below
	 * "x"; bob is in "a" itself. */
	read_users(ROOT "dev|2|5|||||  a\n"
			"dev|3|700||||alice|   a\n"
			"dev|4|8||||| x\n"
			"dev|6|7|||||  a\n"
			"dev|7|1||||alice|   a\n"
			"dev|8|2||||bob|   a\n"
			"dev|9|1||||bob|   line\n"
			"two\n",
		   "ID|ParentID\n1|0\n2|1\n4|1\n6|4\n", "ID|User|Account\n7|alice|a\n8|bob|a\n",
		   &shares);
	ck_assert_int_eq(canned.calls, 3);
	ck_assert_str_eq(canned.asked, "sacctmgr|-P|show|assoc|where|cluster=dev|account=a|"
				       "user=alice,bob|format=ID,User,Account");
	check_share(&shares, " a", "root", 5);
	check_share(&shares, "a", "x", 7);
	ck_assert_uint_eq(shares.user_count, 2);
	check_user(&shares, 0, "a", "alice", 7, 1);
	check_user(&shares, 1, "a", "bob", 8, 2);
	shares_release(&shares);
}
END_TEST

START_TEST(sacctmgr_sets_limits_of_users_in_one_account)
{
	static const char *const users[] = {"alice", "bob"}, *const bad[] = {"", "a,b", "-x", "A"};
	const struct tres_limit limit = {"GrpTRESMins", "cpu", 0};
	struct sb_error err = {0};

	for (size_t i = 0; i < COUNT(bad); i++) {
		const char *list[] = {"alice", bad[i]};

		ck_assert_int_eq(
			sacctmgr_set_user_limit(&slurm_canned, "dev", "a", list, 2, &limit, &err),
			SB_EINVAL);
		assert_text(&err, "is no user");
		ck_assert_int_eq(sacctmgr_set_user_limit(&slurm_canned, "dev", bad[i], users, 2,
							 &limit, &err),
				 SB_EINVAL);
	}
	ck_assert_int_eq(
		sacctmgr_set_user_limit(&slurm_canned, "dev", NULL, users, 2, &limit, &err),
		SB_EINVAL);
	ck_assert_int_eq(canned.calls, 0);
	ck_assert_int_eq(sacctmgr_set_user_limit(&slurm_canned, "dev", "a", users, 2, &limit, &err),
			 SB_OK);
	ck_assert_str_eq(canned.line, "sacctmgr|-i|modify|user|where|user=alice,bob|account=a|"
				      "cluster=dev|set|GrpTRESMins=cpu=0");
	ck_assert_int_eq(canned.calls, 1);
	/* Nobody is not everybody. */
	ck_assert_int_eq(sacctmgr_set_user_limit(&slurm_canned, "dev", "a", users, 0, &limit, &err),
			 SB_OK);
	ck_assert_int_eq(canned.calls, 1);
}
END_TEST

/* A RawUsage that is not a number of billing-seconds is odd. */
START_TEST(sshare_leaves_an_odd_usage_out)
{
	static const char *const odd[] = {
		"",
		"nan",
		"-5",
		"18446744073709551614",
		"9223372036854775808",
		"99999999999999999999999",
		"+1",
		"1.5",
		"1e3",
		" 1",
		"1 ",
		"0x10",
		"inf",
		"many",
	};
	char rows[512], text[256];

	for (size_t i = 0; i < COUNT(odd); i++) {
		struct shares shares;

		(void)snprintf(rows, sizeof(rows),
			       "dev|1|9|||||root\ndev|2|%s||||| a\ndev|3|7|||||  b\n"
			       "dev|4|2||||| c\n",
			       odd[i]);
		read_shares(rows, NULL, &shares);
		ck_assert_int_eq(canned.calls, 1);
		ck_assert_uint_eq(shares.count, 4);
		check_share(&shares, "root", "", 9);
		check_share(&shares, "a", "root", -1);
		check_share(&shares, "b", "a", 7);
		check_share(&shares, "c", "root", 2);
		ck_assert_uint_eq(shares.odd.count, 1);
		(void)snprintf(text, sizeof(text), "line 4: RawUsage of a is \"%s\"", odd[i]);
		check_odd(&shares, 0, text);
		shares_release(&shares);
	}
}
END_TEST

/* A bad list affects only what needs it. */
START_TEST(sshare_leaves_odd_lists_out)
{
	struct shares shares;
	const struct share *share;

	read_shares("dev|1|9|cpu|billing=3|billing=4||root\n"
		    "dev|2|8||billing|billing=4|| a\n"
		    "dev|3|7||billing=3|billing=4,|| b\n",
		    NULL, &shares);
	check_share(&shares, "root", "", 9);
	check_share(&shares, "a", "root", 8);
	check_share(&shares, "b", "root", 7);
	share = shares_find(&shares, "root");
	ck_assert(share->odd_limits && !share->odd_room);
	ck_assert_int_eq(share->minutes, 3);
	share = shares_find(&shares, "a");
	ck_assert(!share->odd_limits && share->odd_room);
	share = shares_find(&shares, "b");
	ck_assert(!share->odd_limits && share->odd_room);
	ck_assert_uint_eq(shares.odd.count, 3);
	check_odd(&shares, 0, "line 3: GrpTRESMins of root is \"cpu\"");
	check_odd(&shares, 1, "line 4: GrpTRESRaw of a is \"billing\"");
	check_odd(&shares, 2, "line 5: TRESRunMins of b is \"billing=4,\"");
	shares_release(&shares);
}
END_TEST

/* Where the indentation shows where names begin, there is no second call. */
START_TEST(sshare_reads_odd_names)
{
	struct shares shares;

	read_shares("dev|1|99|||||root\n"
		    "dev|2|90||||| inst\n"
		    "dev|3|0||||root|  inst\n"
		    "dev|4|4|||||  + /\n"
		    "dev|5|5|||||  htc free\n"
		    "dev|6|6|||||  htc|free\n"
		    "dev|7|7|||||   |below|\n"
		    "dev|8|8|||||  trail \n"
		    "dev|9|9|||||  \xc3\xbcnit\n"
		    "dev|10|10||||| other\n",
		    NULL, &shares);
	ck_assert_int_eq(canned.calls, 1);
	ck_assert_uint_eq(shares.count, 9);
	check_share(&shares, "inst", "root", 90);
	check_share(&shares, "+ /", "inst", 4);
	check_share(&shares, "htc free", "inst", 5);
	check_share(&shares, "htc|free", "inst", 6);
	check_share(&shares, "|below|", "htc|free", 7);
	check_share(&shares, "trail ", "inst", 8);
	check_share(&shares, "\xc3\xbcnit", "inst", 9);
	check_share(&shares, "other", "root", 10);
	ck_assert_uint_eq(shares.odd.count, 0);
	shares_release(&shares);
}
END_TEST

/* A leading blank resembles depth: slurmdbd has the parents. */
START_TEST(sshare_distinguishes_blanks_from_depth)
{
	static const char rows[] = "dev|1|99|||||root\n"
				   "dev|2|90||||| inst\n"
				   "dev|3|3|||||     two\n"
				   "dev|4|4|||||   below\n"
				   "dev|5|5|||||   one\n"
				   "dev|6|6|||||  plain\n"
				   "dev|7|7||||| other\n";
	struct shares shares;

	read_shares(rows, "ID|ParentID\n1|0\n2|1\n3|2\n4|3\n5|2\n6|2\n7|1\n", &shares);
	ck_assert_int_eq(canned.calls, 2);
	ck_assert_uint_eq(shares.odd.count, 0);
	ck_assert_uint_eq(shares.count, 7);
	check_share(&shares, "   two", "inst", 3);
	check_share(&shares, "below", "   two", 4);
	check_share(&shares, " one", "inst", 5);
	check_share(&shares, "plain", "inst", 6);
	check_share(&shares, "other", "root", 7);
	shares_release(&shares);
	/* slurmdbd does not answer: ambiguous names are left out. */
	read_shares(rows, NULL, &shares);
	ck_assert_int_eq(canned.calls, 2);
	ck_assert_uint_eq(shares.count, 7);
	check_share(&shares, "inst", "root", 90);
	check_share(&shares, "   two", NULL, -1);
	check_share(&shares, "below", NULL, -1);
	check_share(&shares, "one", NULL, -1);
	check_share(&shares, "plain", "inst", 6);
	check_share(&shares, "other", "root", 7);
	ck_assert_uint_eq(shares.odd.count, 3);
	check_odd(&shares, 0, "line 5: Account of    two is \"     two\"");
	shares_release(&shares);
	/* Its answer makes no sense, or shows only a few. */
	read_shares(rows, "ID|ParentID\n1|x\n", &shares);
	check_share(&shares, "   two", NULL, -1);
	shares_release(&shares);
	read_shares(rows, "ID|ParentID\n1|0\n2|1\n", &shares);
	check_share(&shares, "   two", NULL, -1);
	check_share(&shares, "other", "root", 7);
	shares_release(&shares);
}
END_TEST

/* A name with a newline. Its first line may also be a name of its own. */
START_TEST(sshare_reads_names_with_newlines)
{
	static const char parents[] = "ID|ParentID\n1|0\n2|1\n3|2\n4|3\n5|1\n";
	static const char rows[] = "dev|1|99|||||root\n"
				   "dev|2|90||||| inst\n"
				   "dev|3|3|||||  new\n"
				   "line|dev\n"
				   "\n"
				   "dev|4|4|||||   below\n"
				   "dev|5|5||||| other\n";
	static const char *const answers[] = {parents, NULL};
	struct shares shares;

	for (size_t i = 0; i < COUNT(answers); i++) {
		read_shares(rows, answers[i], &shares);
		ck_assert_int_eq(canned.calls, 2);
		ck_assert_uint_eq(shares.count, 6);
		ck_assert_uint_eq(shares.odd.count, 0);
		check_share(&shares, "new\nline|dev\n", "inst", 3);
		check_share(&shares, "new", NULL, -1);
		check_share(&shares, "below", "new\nline|dev\n", 4);
		check_share(&shares, "other", "root", 5);
		shares_release(&shares);
	}
	/* Another account has this name: that one is read. */
	read_shares("dev|1|99|||||root\ndev|2|90||||| new\ndev|3|3|||||  new\nline\n", parents,
		    &shares);
	ck_assert_uint_eq(shares.count, 3);
	check_share(&shares, "new", "root", 90);
	check_share(&shares, "new\nline", "new", 3);
	ck_assert_uint_eq(shares.odd.count, 0);
	shares_release(&shares);
}
END_TEST

/* A name with a newline that imitates a row of another account. */
START_TEST(sshare_charges_nobody_by_a_forged_row)
{
	static const char parents[] = "ID|ParentID\n1|0\n2|1\n3|2\n4|1\n";
	struct shares shares;

	/* An association that does not exist. */
	read_shares("dev|1|99|||||root\ndev|2|90||||| inst\ndev|3|3|||||  x\n"
		    "dev|77|9000||||| victim\ndev|4|5||||| victim\n",
		    parents, &shares);
	ck_assert_int_eq(canned.calls, 2);
	check_share(&shares, "victim", "root", 5);
	ck_assert_uint_eq(shares.odd.count, 1);
	check_odd(&shares, 0, "line 6: ID of victim is \"not in slurmdbd, or twice\"");
	shares_release(&shares);
	/* With the right number, or where slurmdbd does not answer: neither counts. */
	for (size_t i = 0; i < 2; i++) {
		read_shares("dev|1|99|||||root\ndev|2|90||||| inst\ndev|3|3|||||  x\n"
			    "dev|4|9000||||| victim\ndev|4|5||||| victim\n",
			    i ? NULL : parents, &shares);
		check_share(&shares, "inst", "root", 90);
		check_share(&shares, "victim", NULL, -1);
		ck_assert_uint_ge(shares.odd.count, 1);
		shares_release(&shares);
	}
}
END_TEST

START_TEST(predecessor_32_long_names_are_whole)
{
	static const char name[] =
		"a-name-of-exactly-255-bytes-would-do-too-but-60-is-more-than-30";
	char answer[512];
	struct shares shares = {0};

	(void)snprintf(answer, sizeof(answer), HEADER "dev|19|5|||||%s\n", name);
	canned.out = answer;
	canned.out_len = strlen(answer);
	ck_assert_int_eq(sshare_read(&slurm_canned, "dev", &shares, NULL), 0);
	ck_assert_str_eq(shares.rows[0].account, name);
	shares_release(&shares);
}
END_TEST

START_TEST(predecessor_34_many_accounts_take_one_call)
{
	enum { ACCOUNTS = 20000, LINE = 40 };
	size_t size = (size_t)ACCOUNTS * LINE + sizeof(HEADER) + LINE, len;
	char *answer = malloc(size);
	struct shares shares = {0};
	char name[32];

	ck_assert_ptr_nonnull(answer);
	len = (size_t)snprintf(answer, size, HEADER "dev|20|0|||||root\n");
	/* Backwards, so that the order comes from sorting. */
	for (int i = ACCOUNTS - 1; i >= 0; i--)
		len += (size_t)snprintf(answer + len, size - len, "dev|21|%d||||| a%06d\n", i, i);
	canned.out = answer;
	canned.out_len = len;
	ck_assert_int_eq(sshare_read(&slurm_canned, "dev", &shares, NULL), 0);
	ck_assert_int_eq(canned.calls, 1);
	ck_assert_uint_eq(shares.count, ACCOUNTS + 1);
	for (int i = 0; i < ACCOUNTS; i++) {
		const struct share *share;

		(void)snprintf(name, sizeof(name), "a%06d", i);
		share = shares_find(&shares, name);
		ck_assert_ptr_nonnull(share);
		ck_assert_int_eq(share->raw_usage, i);
		ck_assert_str_eq(share->parent, "root");
	}
	shares_release(&shares);
	free(answer);
}
END_TEST

#define BYTES_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define BYTES_65 BYTES_64 "g"

static const struct {
	const char *list, *tres;
	int code;
	int64_t value;
} tres_cases[] = {
	{"cpu", "cpu", SB_EFORMAT, 0},
	{"cpu=", "cpu", SB_EFORMAT, 0},
	{"=5", "cpu", SB_EFORMAT, 0},
	{"cpu=-1", "cpu", SB_EFORMAT, 0},
	{"cpu=1.5", "cpu", SB_EFORMAT, 0},
	{"cpu=5K", "cpu", SB_EFORMAT, 0},
	{"cpu=5 ", "cpu", SB_EFORMAT, 0},
	{"cpu=1,", "cpu", SB_EFORMAT, 0},
	{",cpu=1", "cpu", SB_EFORMAT, 0},
	{"cpu=1,,mem=1", "cpu", SB_EFORMAT, 0},
	{",", "cpu", SB_EFORMAT, 0},
	{"cpu=1=2", "cpu", SB_EFORMAT, 0},
	{"cpu=1,mem=x", "cpu", SB_EFORMAT, 0},
	{"cpu=1,mem", "cpu", SB_EFORMAT, 0},
	{"cpu=1,cpu=1", "cpu", SB_EFORMAT, 0},
	{"cpu=1," BYTES_65 "=1", "cpu", SB_EFORMAT, 0},
	{"cpu=9223372036854775808", "cpu", SB_OK, -1},
	{"cpu=18446744073709551614", "cpu", SB_OK, -1},
	/* Another TRES may have a number over INT64_MAX. */
	{"cpu=7,mem=18446744073709551614", "cpu", SB_OK, 7},
	{"", "cpu", SB_OK, -1},
	{"mem=5", "cpu", SB_OK, -1},
	{"cpus=5", "cpu", SB_OK, -1},
	{"cp=5", "cpu", SB_OK, -1},
	{"cpu=0", "cpu", SB_OK, 0},
	{"cpu=9223372036854775807", "cpu", SB_OK, INT64_MAX},
	{"cpu=2,mem=0,gres/gpu=7", "cpu", SB_OK, 2},
	{"cpu=2,mem=0,gres/gpu=7", "mem", SB_OK, 0},
	{"cpu=2,mem=0,gres/gpu=7", "gres/gpu", SB_OK, 7},
	{"gres/gpu:a100=4,gres/gpu=7", "gres/gpu", SB_OK, 7},
};

START_TEST(predecessor_08_values_are_per_tres)
{
	int64_t value = -77;
	struct sb_error err = {0};

	ck_assert_int_eq(tres_value(tres_cases[_i].list, tres_cases[_i].tres, &value, &err),
			 tres_cases[_i].code);
	ck_assert_int_eq(err.code, tres_cases[_i].code);
	ck_assert_int_eq(value, tres_cases[_i].code == SB_OK ? tres_cases[_i].value : -77);
	if (tres_cases[_i].code != SB_OK)
		assert_text(&err, tres_cases[_i].list);
}
END_TEST

/* Lists as in GrpTRESRaw and GrpTRESMins; an error is reported at its place. */
static const struct {
	const char *list, *items; /* each with a blank behind it */
	int code;
} iterations[] = {
	{"cpu=1,", "cpu:1 ", SB_EFORMAT},
	{",cpu=1", "", SB_EFORMAT},
	{"cpu=1,,mem=2", "cpu:1 ", SB_EFORMAT},
	{"cpu=1,mem=0x", "cpu:1 ", SB_EFORMAT},
	{"cpu=1,mem=-1", "cpu:1 ", SB_EFORMAT},
	{BYTES_65 "=1", "", SB_EFORMAT},
	{"", "", SB_OK},
	{"cpu=0,gres/gpu=7", "cpu:0 gres/gpu:7 ", SB_OK},
	{"cpu=18446744073709551609,mem=9223372036854775807", "cpu:-1 mem:9223372036854775807 ",
	 SB_OK},
	{"cpu=1,cpu=2", "cpu:1 cpu:2 ", SB_OK},
	{BYTES_64 "=1", BYTES_64 ":1 ", SB_OK},
	{"cpu=3,mem=0,energy=0,node=0,billing=3,fs/disk=0,vmem=0,pages=0,gres/gpu=0",
	 "cpu:3 mem:0 energy:0 node:0 billing:3 fs/disk:0 vmem:0 pages:0 gres/gpu:0 ", SB_OK},
};

START_TEST(a_list_of_tres_is_iterated)
{
	char items[256] = "";
	struct sb_error err = {0};
	struct tres tres;
	size_t at = 0;
	int code;

	while ((code = tres_next(iterations[_i].list, &at, &tres, &err)) > 0) {
		size_t len = strlen(items);

		(void)snprintf(items + len, sizeof(items) - len, "%s:%" PRId64 " ", tres.name,
			       tres.value);
	}
	ck_assert_int_eq(code, iterations[_i].code);
	ck_assert_str_eq(items, iterations[_i].items);
	if (code != SB_OK)
		assert_text(&err, iterations[_i].list);
}
END_TEST

/* sacctmgr. */

static const struct {
	const char *field, *tres;
	int64_t value;
} bad_limits[] = {
	{NULL, "cpu", 0},
	{"", "cpu", 0},
	{"GrpTRESMins=cpu", "cpu", 0},
	{"Grp TRES", "cpu", 0},
	{"-i", "cpu", 0},
	{"Grp1", "cpu", 0},
	{"GrpTRESMins", NULL, 0},
	{"GrpTRESMins", "", 0},
	{"GrpTRESRunMins", "", 0},
	{"MaxJobs", "", 0},
	{"GrpJobs", NULL, 0},
	{"GrpJobs", "cpu", 0},
	{"GrpSubmitJobs", "billing", 0},
	{"GrpJobs", "", -2},
	{"GrpJobs", "", INT64_C(2147483648)},
	{"GrpTRESMins", "CPU", 0},
	{"GrpTRESMins", "cpu=1,mem", 0},
	{"GrpTRESMins", "cpu mem", 0},
	{"GrpTRESMins", "cpu\n", 0},
	{"GrpTRESMins", "cpu", -2},
	{"GrpTRESMins", "cpu", INT64_MIN},
};

START_TEST(bad_limits_run_nothing)
{
	const char *const accounts[] = {"test1"};
	struct sb_error err = {0};

	ck_assert_int_eq(
		sacctmgr_set_limit(&slurm_canned, "dev", accounts, 1,
				   &(struct tres_limit){bad_limits[_i].field, bad_limits[_i].tres,
							bad_limits[_i].value},
				   &err),
		SB_EINVAL);
	assert_text(&err, "");
	ck_assert_int_eq(canned.calls, 0);
}
END_TEST

START_TEST(predecessor_03_04_a_failing_sacctmgr_is_a_failure)
{
	const char *const accounts[] = {"test1"};
	struct sb_error err = {0};

	canned.out = " Nothing modified\n";
	canned.out_len = strlen(canned.out);
	canned.status = 1;
	ck_assert_int_eq(sacctmgr_set_limit(&slurm_canned, "dev", accounts, 1,
					    &(struct tres_limit){"GrpTRESMins", "cpu", 0}, &err),
			 SB_EFAILED);
	assert_text(&err, "Nothing modified");
	assert_text(&err, "account=test1 cluster=dev set GrpTRESMins=cpu=0");
	canned.code = SB_ETIMEOUT;
	ck_assert_int_eq(sacctmgr_set_limit(&slurm_canned, "dev", accounts, 1,
					    &(struct tres_limit){"GrpTRESMins", "cpu", 0}, &err),
			 SB_ETIMEOUT);
}
END_TEST

static const struct {
	const char *field, *tres;
	int64_t value;
	const char *line;
} limits[] = {
	{"GrpTRESMins", "cpu", 0,
	 "sacctmgr|-i|modify|account|where|account=a,b.c|cluster=dev|set|GrpTRESMins=cpu=0"},
	{"GrpTRESMins", "cpu", -1,
	 "sacctmgr|-i|modify|account|where|account=a,b.c|cluster=dev|set|GrpTRESMins=cpu=-1"},
	{"GrpTRESRunMins", "gres/gpu:a_100-x.y", INT64_MAX,
	 "sacctmgr|-i|modify|account|where|account=a,b.c|cluster=dev|set|GrpTRESRunMins=gres/"
	 "gpu:a_100-x.y=9223372036854775807"},
	{"GrpJobs", "", 0,
	 "sacctmgr|-i|modify|account|where|account=a,b.c|cluster=dev|set|GrpJobs=0"},
	{"GrpSubmitJobs", "", -1,
	 "sacctmgr|-i|modify|account|where|account=a,b.c|cluster=dev|set|GrpSubmitJobs=-1"},
	{"GrpJobs", "", INT32_MAX,
	 "sacctmgr|-i|modify|account|where|account=a,b.c|cluster=dev|set|GrpJobs=2147483647"},
};

START_TEST(sacctmgr_is_asked_once)
{
	const char *const accounts[] = {"a", "b.c"};
	struct sb_error err = {0};

	ck_assert_int_eq(sacctmgr_set_limit(&slurm_canned, "dev", accounts, 2,
					    &(struct tres_limit){limits[_i].field, limits[_i].tres,
								 limits[_i].value},
					    &err),
			 SB_OK);
	ck_assert_str_eq(canned.line, limits[_i].line);
	ck_assert_int_eq(canned.calls, 1);
}
END_TEST

START_TEST(no_account_runs_nothing)
{
	const char *const accounts[] = {"a"};
	struct limits none = {.count = 77};

	ck_assert_int_eq(sacctmgr_set_limit(&slurm_canned, "dev", accounts, 0,
					    &(struct tres_limit){"GrpTRESMins", "cpu", 0}, NULL),
			 SB_OK);
	ck_assert_int_eq(sacctmgr_read_limits(&slurm_canned, "dev", accounts, 0, &none, NULL),
			 SB_OK);
	ck_assert_uint_eq(none.count, 0);
	ck_assert_ptr_null(limits_find(&none, "a"));
	limits_release(&none);
	ck_assert_int_eq(canned.calls, 0);
}
END_TEST

#define ASSOC "Cluster|GrpTRESMins|GrpTRESRunMins|GrpJobs|GrpSubmit|User|Account\n"

static const struct {
	const char *out;
	size_t len;
	const char *reason;
} bad_assocs[] = {
	{TEXT(""), "its answer is empty"},
	{TEXT("dev||||||phys\n"), "should name column Cluster"},
	{TEXT("Cluster|GrpTRESMins|GrpTRESRunMins|GrpJobs|GrpWall|User|Account\n"),
	 "should name column GrpSubmit"},
	{TEXT(ASSOC "dev|||||phys\n"), "not a row of 7 fields that begins with dev"},
	{TEXT(ASSOC "dev||||||phys"), "cut off"},
	{TEXT(ASSOC "gpu||||||phys\n"), "line 2 of its answer is \"gpu|"},
	{TEXT(ASSOC "||||||phys\n"), "not a row of 7 fields that begins with dev"},
};

START_TEST(sacctmgr_refuses_associations)
{
	const char *const accounts[] = {"phys", "chem"};
	struct limits read = {.count = 77};
	struct sb_error err = {0};

	canned.out = bad_assocs[_i].out;
	canned.out_len = bad_assocs[_i].len;
	ck_assert_int_eq(sacctmgr_read_limits(&slurm_canned, "dev", accounts, 2, &read, &err),
			 SB_EFORMAT);
	assert_text(&err, "sacctmgr: ");
	assert_text(&err, bad_assocs[_i].reason);
	ck_assert_uint_eq(read.count, 77);
	ck_assert_int_eq(canned.calls, 1);
}
END_TEST

/* A row that cannot be read affects only its account. */
START_TEST(sacctmgr_leaves_odd_associations_out)
{
	static const struct {
		const char *rows, *text;
	} odd[] = {
		{"dev|||x|||phys\n", "line 3: GrpJobs of phys is \"x\""},
		{"dev|||-1|||phys\n", "line 3: GrpJobs of phys is \"-1\""},
		{"dev||||5.0||phys\n", "line 3: GrpSubmit of phys is \"5.0\""},
		{"dev||||||phys\ndev|||1|||phys\n", "line 4: Account of phys is \"there twice\""},
		{"dev||||||phys\ngpu||||||phys\n", "line 3: Account is \"phys\ngpu||||||phys\""},
	};
	const char *const accounts[] = {"phys", "chem", "bio"};
	char answer[512], text[ODD_ROW_TEXT_SIZE];

	for (size_t i = 0; i < COUNT(odd); i++) {
		struct limits read = {0};
		const struct account_limits *row;

		(void)snprintf(answer, sizeof(answer), ASSOC "dev|||7|||chem\n%sdev|||8|||bio\n",
			       odd[i].rows);
		canned.out = answer;
		canned.out_len = strlen(answer);
		ck_assert_int_eq(
			sacctmgr_read_limits(&slurm_canned, "dev", accounts, 3, &read, NULL), 0);
		ck_assert_uint_eq(read.count, 3);
		row = limits_find(&read, "phys");
		ck_assert_ptr_nonnull(row);
		ck_assert(row->odd);
		ck_assert(!limits_find(&read, "chem")->odd && !limits_find(&read, "bio")->odd);
		ck_assert_int_eq(limits_find(&read, "chem")->grp_jobs, 7);
		ck_assert_int_eq(limits_find(&read, "bio")->grp_jobs, 8);
		ck_assert_uint_eq(read.odd.count, 1);
		ck_assert_str_eq(odd_row_text(text, &read.odd.list[0]), odd[i].text);
		limits_release(&read);
	}
}
END_TEST

/* As a real 22.05.8 prints them: set, set in part, cleared, and a negative number. */
START_TEST(sacctmgr_reads_associations)
{
	static const struct account_limits want[] = {
		{"chem", "", "", -1, -1, false, 6},
		{"lone", "cpu=18446744073709551609", "cpu=9223372036854775807", -1, -1, false, 7},
		{"opt", "cpu=0,gres/gpu=7", "cpu=0", 0, 5, false, 4},
		{"phys", "gres/gpu=7", "", -1, 0, false, 2},
	};
	const char *const accounts[] = {"phys", "opt", "nosuch", "chem", "lone"};
	struct limits read = {0};
	struct sb_error err = {0};

	canned.out = ASSOC "dev|gres/gpu=7|||0||phys\n"
			   "dev|||||root|phys\n"
			   "dev|cpu=0,gres/gpu=7|cpu=0|0|5||opt\n"
			   "dev|cpu=9||x||user1|opt\n"
			   "dev||||||chem\n"
			   "dev|cpu=18446744073709551609|cpu=9223372036854775807||||lone\n";
	canned.out_len = strlen(canned.out);
	ck_assert_msg(sacctmgr_read_limits(&slurm_canned, "dev", accounts, 5, &read, &err) == 0,
		      "%s", err.text);
	ck_assert_str_eq(
		canned.line,
		"sacctmgr|-P|show|assoc|where|cluster=dev|account=phys,opt,nosuch,chem,"
		"lone|format=Cluster,GrpTRESMins,GrpTRESRunMins,GrpJobs,GrpSubmitJobs,User,"
		"Account");
	ck_assert_uint_eq(read.count, COUNT(want));
	for (size_t i = 0; i < read.count; i++) {
		ck_assert_str_eq(read.rows[i].account, want[i].account);
		ck_assert_str_eq(read.rows[i].grp_tres_mins, want[i].grp_tres_mins);
		ck_assert_str_eq(read.rows[i].grp_tres_run_mins, want[i].grp_tres_run_mins);
		ck_assert_int_eq(read.rows[i].grp_jobs, want[i].grp_jobs);
		ck_assert_int_eq(read.rows[i].grp_submit_jobs, want[i].grp_submit_jobs);
		ck_assert(!read.rows[i].odd);
		ck_assert_uint_eq(read.rows[i].line, want[i].line);
		ck_assert_ptr_eq(limits_find(&read, want[i].account), &read.rows[i]);
	}
	ck_assert_ptr_null(limits_find(&read, "nosuch"));
	limits_release(&read);
	limits_release(&read);
}
END_TEST

START_TEST(sacctmgr_resets_usage)
{
	struct sb_error err = {0};

	canned.status = 1;
	canned.err_line = "sacctmgr: error: Failed to find cluster dev account phys association in "
			  "database";
	ck_assert_int_eq(sacctmgr_reset_usage(&slurm_canned, "dev", "phys", &err), SB_EFAILED);
	assert_text(&err, "Failed to find cluster dev account phys");
	canned.status = 0;
	ck_assert_int_eq(sacctmgr_reset_usage(&slurm_canned, "dev", "phys", &err), SB_OK);
	ck_assert_str_eq(
		canned.line,
		"sacctmgr|-i|modify|account|where|account=phys|cluster=dev|set|RawUsage=0");
	ck_assert_int_eq(canned.calls, 2);
}
END_TEST

#define OWN "Cluster|User|Account\n"

START_TEST(assocs_are_those_of_the_user)
{
	static const struct {
		const char *user, *out, *reason;
	} bad[] = {
		{"alice", "", "its answer is empty"},
		{"alice", "dev|alice|bio\n", "should name column Cluster"},
		{"alice", OWN "dev||bio\ndev|alice|bio\n", ", got \"\""},
		{"alice", OWN "dev|bob|bio\n", ", got \"bob\""},
		{"", OWN "dev|bob|bio\ndev||bio\n", ", got \"bob\""},
	};
	static const char *const names[] = {"a,b", "a b", "a\n", "a=b", "a|b", "a'b"};
	struct assocs read = {.count = 77};
	struct sb_error err = {0};

	for (size_t i = 0; i < COUNT(bad); i++) {
		canned.out = bad[i].out;
		canned.out_len = strlen(canned.out);
		ck_assert_int_eq(assocs_read(&slurm_canned, bad[i].user, &read, &err), SB_EFORMAT);
		assert_text(&err, bad[i].reason);
	}
	canned.calls = 0;
	for (size_t i = 0; i < COUNT(names); i++) {
		ck_assert_int_eq(assocs_read(&slurm_canned, names[i], &read, &err), SB_EINVAL);
		assert_text(&err, "cannot be a user's name");
	}
	ck_assert_int_eq(canned.calls, 0);
	ck_assert_uint_eq(read.count, 77);
	canned.out = OWN "dev|DOM\\al-ice|chem\nalpha|DOM\\al-ice|bio\ndev|DOM\\al-ice|bio\n";
	canned.out_len = strlen(canned.out);
	ck_assert_int_eq(assocs_read(&slurm_canned, "DOM\\al-ice", &read, &err), 0);
	ck_assert_str_eq(canned.line, "sacctmgr|-P|show|assoc|where|user=DOM\\al-ice|"
				      "format=Cluster,User,Account");
	ck_assert_uint_eq(read.count, 3);
	ck_assert_str_eq(read.rows[0].cluster, "alpha");
	ck_assert_str_eq(read.rows[1].account, "bio");
	ck_assert_str_eq(read.rows[2].account, "chem");
	assocs_release(&read);
	/* Any bytes; rows of others are parts of a name. */
	canned.out = OWN "dev|alice|a|b\nc\ndev|bob|x\ndev|alice| d\n";
	canned.out_len = strlen(canned.out);
	ck_assert_int_eq(assocs_read(&slurm_canned, "alice", &read, &err), 0);
	ck_assert_uint_eq(read.count, 2);
	ck_assert_str_eq(read.rows[0].account, " d");
	ck_assert_str_eq(read.rows[1].account, "a|b\nc");
	assocs_release(&read);
	canned.out = OWN;
	canned.out_len = strlen(canned.out);
	ck_assert_int_eq(assocs_read(&slurm_canned, "", &read, &err), 0);
	ck_assert_uint_eq(read.count, 0);
	assocs_release(&read);
}
END_TEST

#define QOS "GrpTRESMins|GrpTRESRunMins|GrpJobs|GrpSubmit|UsageFactor|Flags|Name\n"

static const struct {
	const char *out;
	size_t len;
	const char *reason;
} bad_qos[] = {
	{TEXT(""), "its answer is empty"},
	{TEXT("||||1.000000|normal\n"), "should name column GrpTRESMins"},
	{TEXT(QOS "||||normal\n"), "not a row of 7 fields"},
};

START_TEST(sacctmgr_refuses_qos)
{
	struct qos_list read = {.count = 77};
	struct sb_error err = {0};

	canned.out = bad_qos[_i].out;
	canned.out_len = bad_qos[_i].len;
	ck_assert_int_eq(sacctmgr_read_qos(&slurm_canned, &read, &err), SB_EFORMAT);
	assert_text(&err, bad_qos[_i].reason);
	ck_assert_uint_eq(read.count, 77);
}
END_TEST

START_TEST(sacctmgr_leaves_an_odd_limit_of_a_qos_out)
{
	struct qos_list read = {0};
	char text[ODD_ROW_TEXT_SIZE];

	canned.out = QOS "||||1.000000||normal\n||-1|7|2.000000||q1\n|||no|1.000000||q 2\n";
	canned.out_len = strlen(canned.out);
	ck_assert_int_eq(sacctmgr_read_qos(&slurm_canned, &read, NULL), 0);
	ck_assert_uint_eq(read.count, 3);
	ck_assert_str_eq(read.rows[1].name, "q1");
	ck_assert_str_eq(read.rows[1].usage_factor, "2.000000");
	ck_assert_int_eq(read.rows[1].grp_jobs, -1);
	ck_assert_int_eq(read.rows[1].grp_submit_jobs, 7);
	ck_assert_uint_eq(read.odd.count, 2);
	ck_assert_str_eq(odd_row_text(text, &read.odd.list[0]), "line 3: GrpJobs of q1 is \"-1\"");
	ck_assert_str_eq(odd_row_text(text, &read.odd.list[1]),
			 "line 4: GrpSubmit of q 2 is \"no\"");
	qos_list_release(&read);
}
END_TEST

START_TEST(sacctmgr_reads_qos)
{
	static const struct qos want[] = {
		{"normal", "", "", -1, -1, "1.000000", ""},
		{"q1", "cpu=0,gres/gpu=5", "cpu=3", 4, 0, "0.250000", "NoDecay,UsageFactorSafe"},
		{"q | 2", "", "", -1, -1, "0.000000", ""},
	};
	struct qos_list read = {0};
	struct sb_error err = {0};

	canned.out = QOS "||||1.000000||normal\n"
			 "cpu=0,gres/gpu=5|cpu=3|4|0|0.250000|NoDecay,UsageFactorSafe|q1\n"
			 "||||0.000000||q | 2\n";
	canned.out_len = strlen(canned.out);
	ck_assert_msg(sacctmgr_read_qos(&slurm_canned, &read, &err) == 0, "%s", err.text);
	ck_assert_str_eq(canned.line,
			 "sacctmgr|-P|show|qos|format=GrpTRESMins,GrpTRESRunMins,GrpJobs,"
			 "GrpSubmitJobs,UsageFactor,Flags,Name");
	ck_assert_uint_eq(read.count, COUNT(want));
	for (size_t i = 0; i < read.count; i++) {
		ck_assert_str_eq(read.rows[i].name, want[i].name);
		ck_assert_str_eq(read.rows[i].grp_tres_mins, want[i].grp_tres_mins);
		ck_assert_str_eq(read.rows[i].grp_tres_run_mins, want[i].grp_tres_run_mins);
		ck_assert_int_eq(read.rows[i].grp_jobs, want[i].grp_jobs);
		ck_assert_int_eq(read.rows[i].grp_submit_jobs, want[i].grp_submit_jobs);
		ck_assert_str_eq(read.rows[i].usage_factor, want[i].usage_factor);
		ck_assert_str_eq(read.rows[i].flags, want[i].flags);
	}
	qos_list_release(&read);
	qos_list_release(&read);
}
END_TEST

START_TEST(sacctmgr_reads_what_bounds_a_qos)
{
#define BOUNDS "MaxWall|MaxTRES|MaxTRESMins|MaxTRESPU|MaxJobsPU|MaxSubmitPU|GrpTRES|GrpWall|Name\n"
	char bounds[QOS_BOUNDS_SIZE] = "kept";
	struct sb_error err = {0};

	ck_assert_int_eq(qos_read_bounds(&slurm_canned, "a b", bounds, &err), SB_EINVAL);
	ck_assert_int_eq(canned.calls, 0);
	canned.out = BOUNDS "||||||||scaven|ger\n";
	canned.out_len = strlen(canned.out);
	ck_assert_int_eq(qos_read_bounds(&slurm_canned, "scav", bounds, &err), SB_ENOTFOUND);
	ck_assert_str_eq(bounds, "kept");
	canned.out = BOUNDS "||||||||normal\n||||||||scav\n";
	canned.out_len = strlen(canned.out);
	ck_assert_int_eq(qos_read_bounds(&slurm_canned, "scav", bounds, &err), 0);
	ck_assert_str_eq(bounds, "");
	ck_assert_str_eq(canned.line, "sacctmgr|-P|show|qos|where|name=scav|format=MaxWall,MaxTRES,"
				      "MaxTRESMins,MaxTRESPU,MaxJobsPU,MaxSubmitPU,GrpTRES,GrpWall,"
				      "Name");
	canned.out = BOUNDS "1-00:00:00||||4||cpu=8,mem=9G||scav\n";
	canned.out_len = strlen(canned.out);
	ck_assert_int_eq(qos_read_bounds(&slurm_canned, "scav", bounds, &err), 0);
	ck_assert_str_eq(bounds, "MaxWall=1-00:00:00, MaxJobsPU=4, GrpTRES=cpu=8,mem=9G");
}
END_TEST

START_TEST(sacctmgr_reads_associations_that_lack_a_qos)
{
	static const char *const accounts[] = {"root", "bio", "art"};
	static const char *const bad[] = {"bio", "a,b"};
	struct lackings read = {.count = 77};
	struct sb_error err = {0};

	ck_assert_int_eq(qos_read_lacking(&slurm_canned, "dev", "scav", bad, 2, &read, &err),
			 SB_EINVAL);
	ck_assert_int_eq(qos_read_lacking(&slurm_canned, "dev", "a=b", accounts, 3, &read, &err),
			 SB_EINVAL);
	ck_assert_int_eq(canned.calls, 0);
	ck_assert_uint_eq(read.count, 77);
	/* Whose name holds a newline and a row forges one; that of an account not asked for counts
	 * for nothing. */
	canned.out = "Cluster|QOS|User|Account\n"
		     "dev|normal,scav||root\n"
		     "dev|normal,scavenger||bio\n"
		     "dev|scav|ann|bio\n"
		     "dev|normal|ben|bio\n"
		     "dev|normal|ben|bio\n"
		     "dev|||art\n"
		     "dev|normal||bio|x\n"
		     "dev|normal||art\nmore\n"
		     "dev|normal||phys\n";
	canned.out_len = strlen(canned.out);
	ck_assert_int_eq(qos_read_lacking(&slurm_canned, "dev", "scav", accounts, 3, &read, &err),
			 0);
	ck_assert_str_eq(canned.line, "sacctmgr|-P|show|assoc|where|cluster=dev|"
				      "account=art,bio,root|format=Cluster,QOS,User,Account");
	ck_assert_uint_eq(read.accounts, 3);
	ck_assert_uint_eq(read.count, 3);
	ck_assert_str_eq(read.rows[0].account, "art");
	ck_assert_str_eq(read.rows[0].user, "");
	ck_assert_str_eq(read.rows[1].account, "bio");
	ck_assert_str_eq(read.rows[1].user, "");
	ck_assert_str_eq(read.rows[2].account, "bio");
	ck_assert_str_eq(read.rows[2].user, "ben");
	lackings_release(&read);
	lackings_release(&read);
}
END_TEST

/* Every account is in exactly one call, and no argument is longer than Linux allows. */
static size_t seen_accounts;
static int fail_at_call;

static int run_counting(const char *const argv[], int deadline_ms, struct run_result *ret,
			struct sb_error *err)
{
	char name[16];
	const char *at = argv[strcmp(argv[2], "show") == 0 ? 6 : 5];

	ck_assert_int_eq(strncmp(at, "account=", strlen("account=")), 0);
	at += strlen("account=");
	for (;; at++) {
		size_t len = strcspn(at, ",");

		(void)snprintf(name, sizeof(name), "acct%010zu", seen_accounts++);
		ck_assert_uint_eq(len, strlen(name));
		ck_assert_int_eq(strncmp(at, name, len), 0);
		at += len;
		if (*at == '\0')
			break;
	}
	canned.status = canned.calls + 1 == fail_at_call ? 1 : 0;
	return run_canned(argv, deadline_ms, ret, err);
}

START_TEST(many_accounts_take_few_calls)
{
	enum { ACCOUNTS = 20000 };
	const struct slurm slurm = {
		.sacctmgr = "sacctmgr", .deadline_ms = 1234, .run = run_counting};
	char(*names)[16] = calloc(ACCOUNTS, sizeof(*names));
	const char **accounts = calloc(ACCOUNTS, sizeof(*accounts));
	struct limits read = {.count = 77};
	struct sb_error err = {0};

	ck_assert_ptr_nonnull(names);
	ck_assert_ptr_nonnull(accounts);
	for (size_t i = 0; i < ACCOUNTS; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "acct%010zu", i);
		accounts[i] = names[i];
	}
	seen_accounts = 0;
	fail_at_call = 0;
	ck_assert_int_eq(sacctmgr_set_limit(&slurm, "dev", accounts, ACCOUNTS,
					    &(struct tres_limit){"GrpTRESMins", "cpu", 0}, &err),
			 SB_OK);
	ck_assert_uint_eq(seen_accounts, ACCOUNTS);
	ck_assert_int_eq(canned.calls, 3); /* 300,000 bytes */
	ck_assert_uint_lt(canned.longest, 128 << 10);
	ck_assert_uint_gt(canned.longest, 90 << 10);

	/* The first call that fails is the last. */
	canned.calls = 0;
	seen_accounts = 0;
	fail_at_call = 2;
	ck_assert_int_eq(sacctmgr_set_limit(&slurm, "dev", accounts, ACCOUNTS,
					    &(struct tres_limit){"GrpTRESMins", "cpu", 0}, &err),
			 SB_EFAILED);
	ck_assert_int_eq(canned.calls, 2);

	/* Reading takes as many calls and keeps each answer. */
	canned.calls = 0;
	seen_accounts = 0;
	fail_at_call = 3;
	canned.out = ASSOC;
	canned.out_len = strlen(canned.out);
	ck_assert_int_eq(sacctmgr_read_limits(&slurm, "dev", accounts, ACCOUNTS, &read, &err),
			 SB_EFAILED);
	ck_assert_uint_eq(read.count, 77);
	seen_accounts = 0;
	fail_at_call = 0;
	ck_assert_int_eq(sacctmgr_read_limits(&slurm, "dev", accounts, ACCOUNTS, &read, &err),
			 SB_OK);
	ck_assert_uint_eq(seen_accounts, ACCOUNTS);
	ck_assert_int_eq(canned.calls, 6);
	ck_assert_uint_eq(read.count, 0);
	ck_assert_uint_eq(read.text_count, 3);
	limits_release(&read);
	/* The same account in two answers. */
	canned.out = ASSOC "dev||||||a\n";
	canned.out_len = strlen(canned.out);
	seen_accounts = 0;
	ck_assert_int_eq(sacctmgr_read_limits(&slurm, "dev", accounts, ACCOUNTS, &read, &err),
			 SB_OK);
	ck_assert_uint_eq(read.count, 1);
	ck_assert(limits_find(&read, "a")->odd);
	ck_assert_uint_eq(read.odd.count, 2);
	limits_release(&read);
	free(names);
	free(accounts);
}
END_TEST

/* scontrol. */

#define BEFORE                                                                                     \
	"Configuration data as of 2026-11-22T19:41:45\n"                                           \
	"AccountingStorageBackupHost = (null)\n"
#define ENFORCE(value) "AccountingStorageEnforce = " value "\n"
#define NAMES                                                                                      \
	"BOOT_TIME               = 2026-11-22T17:00:00\n"                                          \
	"ClusterName             = dev\n"                                                          \
	"SLURM_VERSION           = 22.05.8\n"
#define MULTIFACTOR(half_life, reset)                                                              \
	"PriorityDecayHalfLife   = " half_life "\n"                                                \
	"PriorityCalcPeriod      = 00:01:00\n"                                                     \
	"PriorityFlags           = \n"                                                             \
	"PriorityUsageResetPeriod = " reset "\n"                                                   \
	"PriorityType            = priority/multifactor\n"
#define NO_DECAY MULTIFACTOR("00:00:00", "NONE")
#define AFTER                                                                                      \
	"SlurmctldHost[0]        = vm(127.0.0.1)\n"                                                \
	"\n"                                                                                       \
	"Slurmctld(primary) at vm is UP\n"

static char long_value[400];

static const struct {
	const char *out;
	size_t len;
	const char *reason;
} bad_configs[] = {
	{TEXT(""), "ClusterName is missing"},
	{TEXT("x|y\n<html>\n"), "ClusterName is missing"},
	{TEXT(BEFORE ENFORCE("safe") NO_DECAY), "ClusterName is missing"},
	{TEXT(BEFORE NAMES NO_DECAY), "AccountingStorageEnforce is missing"},
	{TEXT(BEFORE ENFORCE("safe") NAMES), "PriorityType is missing"},
	{TEXT(BEFORE ENFORCE("safe") NAMES "PriorityType = priority/multifactor\n"),
	 "PriorityDecayHalfLife is missing"},
	{TEXT(BEFORE ENFORCE("safe") NAMES
	      "PriorityType = priority/multifactor\nPriorityDecayHalfLife = 00:00:00\n"),
	 "PriorityUsageResetPeriod is missing"},
	{TEXT("ClusterName dev\n"), "ClusterName is missing"},
	{TEXT("ClusterNames = dev\n"), "ClusterName is missing"},
	{TEXT(" ClusterName = dev\n"), "ClusterName is missing"},
	{TEXT(BEFORE ENFORCE("safe") NO_DECAY "ClusterName = gpu\nSLURM_VERSION = 1\n"),
	 "asked for cluster dev, cluster \"gpu\" answered"},
	{TEXT(BEFORE ENFORCE("safe") NO_DECAY "ClusterName = \nSLURM_VERSION = 1\n"),
	 "cluster \"\" answered"},
	{TEXT(BEFORE ENFORCE("sa\0fe") NO_DECAY NAMES), "NUL byte"},
	{long_value, sizeof(long_value) - 1, "the value of ClusterName is"},
};

START_TEST(scontrol_refuses)
{
	struct slurm_config config = {.version_text = "as before"};
	struct sb_error err = {0};

	memset(long_value, 'x', sizeof(long_value) - 1);
	memcpy(long_value, "ClusterName = ", strlen("ClusterName = "));
	canned.out = bad_configs[_i].out;
	canned.out_len = bad_configs[_i].len;
	ck_assert_int_eq(scontrol_read_config(&slurm_canned, "dev", &config, &err), SB_EFORMAT);
	assert_text(&err, "scontrol: ");
	assert_text(&err, bad_configs[_i].reason);
	ck_assert_str_eq(config.version_text, "as before");
	ck_assert_int_eq(canned.calls, 1);
}
END_TEST

#define CONFIG(enforce, priority)                                                                  \
	BEFORE ENFORCE(enforce)                                                                    \
	NAMES priority AFTER

static const struct {
	const char *out;
	bool decays, limits, safe;
} configs[] = {
	{CONFIG("none", NO_DECAY), false, false, false},
	{CONFIG("", NO_DECAY), false, false, false},
	{CONFIG("associations,qos", NO_DECAY), false, false, false},
	{CONFIG("limitsx,unsafe", NO_DECAY), false, false, false},
	{CONFIG("associations,limits,qos", NO_DECAY), false, true, false},
	{CONFIG("associations,limits,qos,safe", NO_DECAY), false, true, true},
	{CONFIG("safe", NO_DECAY), false, true, true},
	{CONFIG("SAFE", NO_DECAY), false, true, true},
	{CONFIG("all", NO_DECAY), false, true, true},
	{CONFIG("safe", MULTIFACTOR("7-00:00:00", "NONE")), true, true, true},
	{CONFIG("safe", MULTIFACTOR("00:00:01", "NONE")), true, true, true},
	{CONFIG("safe", MULTIFACTOR("UNLIMITED", "NONE")), true, true, true},
	{CONFIG("safe", MULTIFACTOR("", "NONE")), true, true, true},
	{CONFIG("safe", MULTIFACTOR("0-00:00:00", "NONE")), false, true, true},
	{CONFIG("safe", MULTIFACTOR("00:00:00", "MONTHLY")), true, true, true},
	{CONFIG("safe", MULTIFACTOR("00:00:00", "")), true, true, true},
	/* 22.05.8 prints no line about decay. */
	{CONFIG("safe", "PriorityType            = priority/basic\n"), false, true, true},
};

START_TEST(predecessor_07_38_scontrol_reads)
{
	struct slurm_config config = {0};
	struct sb_error err = {0};

	canned.out = configs[_i].out;
	canned.out_len = strlen(canned.out);
	ck_assert_msg(scontrol_read_config(&slurm_canned, _i % 2 ? "dev" : NULL, &config, &err) ==
			      0,
		      "%s", err.text);
	ck_assert_str_eq(canned.line,
			 _i % 2 ? "scontrol|-M|dev|show|config" : "scontrol|show|config");
	ck_assert_str_eq(config.cluster, "dev");
	ck_assert_str_eq(config.version_text, "22.05.8");
	ck_assert_str_eq(config.boot_time, "2026-11-22T17:00:00");
	ck_assert_int_eq(config.decays, configs[_i].decays);
	ck_assert_int_eq(config.limits, configs[_i].limits);
	ck_assert_int_eq(config.safe, configs[_i].safe);
}
END_TEST

static const struct {
	const char *version, *period;
	int major, minor, seconds;
} numbers[] = {
	{"", "", 0, 0, 0},
	{"22", "05:00", 0, 0, 0},
	{"22.", "00:05", 0, 0, 0},
	{".05", ":00:05:00", 0, 0, 0},
	{"v22.05.8", "1:2:3:4", 0, 0, 0},
	{"22-05", "-00:05:00", 0, 0, 0},
	{"99999999999.05", "00:05:00 x", 0, 0, 0},
	{"(null)", "UNLIMITED", 0, 0, 0},
	{"22.05.8", "00:05:00", 22, 5, 300},
	{"23.11.1-1", "00:01:00", 23, 11, 60},
	{"24.05.0-0rc1", "1-00:00:01", 24, 5, 86401},
	{"25.11", "4-04:00:00", 25, 11, 360000},
	{"2.6", "999999-00:00:00", 2, 6, 0},
};

static const struct {
	const char *line, *tres;
	bool counts;
} counted[] = {
	{"AccountingStorageTRES = cpu,mem,gres/gpu\n", "gpu", false},
	{"AccountingStorageTRES = cpu,mem,gres/gpu\n", "gres/gpu:a100", false},
	{"AccountingStorageTRES = cpu,mem,gres/gpu\n", "me", false},
	{"AccountingStorageTRES = cpu,mem,gres/gpu\n", "gres/gpu", true},
	{"AccountingStorageTRES = CPU,Mem,GRES/gpu\n", "cpu", true},
	{"AccountingStorageTRES = \n", "gpu", true},
	{"", "gpu", true},
};

START_TEST(scontrol_shows_which_tres_are_counted)
{
	struct slurm_config config = {0};
	struct sb_error err = {0};
	char answer[1024];

	(void)snprintf(answer, sizeof(answer),
		       "%s" ENFORCE("safe") "ClusterName = dev\nSLURM_VERSION = 22.05.8\n" NO_DECAY,
		       counted[_i].line);
	canned.out = answer;
	canned.out_len = strlen(answer);
	ck_assert_msg(scontrol_read_config(&slurm_canned, NULL, &config, &err) == 0, "%s",
		      err.text);
	ck_assert_int_eq(config_counts_tres(&config, counted[_i].tres), counted[_i].counts);
	/* It is neither printed nor needed here. */
	ck_assert_str_eq(config.boot_time, "");
}
END_TEST

START_TEST(scontrol_reads_numbers)
{
	struct slurm_config config = {0};
	struct sb_error err = {0};
	char answer[1024];

	(void)snprintf(
		answer, sizeof(answer),
		ENFORCE("safe") "ClusterName = dev\n"
				"SLURM_VERSION = %s\n"
				"PriorityDecayHalfLife = 0\nPriorityUsageResetPeriod = NONE\n"
				"PriorityType = priority/multifactor\n"
				"PriorityCalcPeriod      = %s\n",
		numbers[_i].version, numbers[_i].period);
	canned.out = answer;
	canned.out_len = strlen(answer);
	ck_assert_msg(scontrol_read_config(&slurm_canned, NULL, &config, &err) == 0, "%s",
		      err.text);
	ck_assert_str_eq(config.version_text, numbers[_i].version);
	ck_assert_int_eq(config.version[0], numbers[_i].major);
	ck_assert_int_eq(config.version[1], numbers[_i].minor);
	ck_assert_int_eq(config.calc_period, numbers[_i].seconds);
}
END_TEST

static const struct {
	const char *flags;
	enum billing_rule billing;
} flags[] = {
	{"", BILLING_SUM},
	{"CALCULATE_RUNNING,NO_FAIR_TREE", BILLING_SUM},
	{"NO_FAIR_TREE,MAX_TRES", BILLING_MAX},
	{"MAX_TRES_GRES", BILLING_MAX_GRES},
};

START_TEST(scontrol_shows_how_weights_make_billing)
{
	struct slurm_config config = {0};
	char answer[1024];

	(void)snprintf(answer, sizeof(answer),
		       ENFORCE("safe") NAMES "PriorityDecayHalfLife = 0\n"
					     "PriorityFlags           = %s\n"
					     "PriorityUsageResetPeriod = NONE\n"
					     "PriorityType = priority/multifactor\n",
		       flags[_i].flags);
	canned.out = answer;
	canned.out_len = strlen(answer);
	ck_assert_int_eq(scontrol_read_config(&slurm_canned, NULL, &config, NULL), 0);
	ck_assert_int_eq(config.billing, flags[_i].billing);
}
END_TEST

/* A line of a real 22.05.8 up to its last word. */
#define PARTITION(name)                                                                            \
	"PartitionName=" name " AllowGroups=ALL AllowAccounts=ALL AllowQos=ALL AllocNodes=ALL "    \
	"Default=NO QoS=N/A DefaultTime=NONE State=UP TotalCPUs=16 TotalNodes=1 "                  \
	"SelectTypeParameters=NONE JobDefaults=(null) DefMemPerNode=UNLIMITED "                    \
	"MaxMemPerNode=UNLIMITED TRES=cpu=16,mem=1000M,node=1,billing=16"

static const struct {
	const char *out;
	size_t len;
	const char *reason;
} bad_partitions[] = {
	{TEXT(""), "names no partition, only \"\""},
	{TEXT("\n\n"), "names no partition, only \"\""},
	{TEXT("x|y\n<html>\n"), "names no partition, only \"x|y\""},
	{TEXT("No partitions in the system\n<html>\n"), "names no partition, only \"<html>\""},
	{TEXT(PARTITION("ma\0in") "\n"), "NUL byte"},
};

START_TEST(scontrol_refuses_partitions)
{
	struct partitions read = {.count = 77};
	struct sb_error err = {0};

	canned.out = bad_partitions[_i].out;
	canned.out_len = bad_partitions[_i].len;
	ck_assert_int_eq(scontrol_read_partitions(&slurm_canned, "dev", &read, &err), SB_EFORMAT);
	assert_text(&err, "scontrol: ");
	assert_text(&err, bad_partitions[_i].reason);
	ck_assert_uint_eq(read.count, 77);
}
END_TEST

START_TEST(scontrol_leaves_an_odd_partition_out)
{
	struct partitions read = {0};
	char text[ODD_ROW_TEXT_SIZE];

	canned.out = PARTITION("main") "\nPartitionName= State=UP\n\n<html>\n" PARTITION("b") "\n";
	canned.out_len = strlen(canned.out);
	ck_assert_int_eq(scontrol_read_partitions(&slurm_canned, "dev", &read, NULL), 0);
	ck_assert_uint_eq(read.count, 2);
	ck_assert_str_eq(read.rows[1].name, "b");
	ck_assert_uint_eq(read.odd.count, 2);
	ck_assert_str_eq(odd_row_text(text, &read.odd.list[0]),
			 "line 2: PartitionName is \"PartitionName= State=UP\"");
	ck_assert_str_eq(odd_row_text(text, &read.odd.list[1]),
			 "line 4: PartitionName is \"<html>\"");
	partitions_release(&read);
}
END_TEST

START_TEST(scontrol_reads_nodes)
{
	struct nodes nodes;
	struct sb_error err;

	canned.out = "NodeName=n1 CPUTot=64 RealMemory=64000 Sockets=2 ThreadsPerCore=2 "
		     "Partitions=main,gpu CfgTRES=cpu=64,mem=62.50G,gres/gpu=6 State=IDLE\n"
		     "NodeName=n2 CPUTot=x RealMemory=1 Sockets=1 ThreadsPerCore=1\n"
		     "No nodes in the system\n"
		     "NodeName=n3 CPUTot=8 RealMemory=100 Sockets=1 ThreadsPerCore=1\n";
	canned.out_len = strlen(canned.out);
	ck_assert_int_eq(scontrol_read_nodes(&slurm_canned, "dev", &nodes, &err), SB_OK);
	ck_assert_str_eq(canned.line, "scontrol|-M|dev|-o|show|node");
	ck_assert_uint_eq(nodes.count, 2);
	ck_assert_str_eq(nodes.rows[0].name, "n1");
	ck_assert_str_eq(nodes.rows[0].partitions, "main,gpu");
	ck_assert_str_eq(nodes.rows[0].tres, "cpu=64,mem=62.50G,gres/gpu=6");
	ck_assert_int_eq(nodes.rows[0].size.cpus, 64);
	ck_assert_int_eq(nodes.rows[0].size.memory, 64000);
	ck_assert_int_eq(nodes.rows[0].size.sockets, 2);
	ck_assert_int_eq(nodes.rows[0].size.threads, 2);
	ck_assert_str_eq(nodes.rows[1].partitions, "");
	nodes_release(&nodes);
	nodes_release(&nodes);
}
END_TEST

START_TEST(scontrol_reads_partitions)
{
	static const struct partition want[] = {
		{.name = "main",
		 .billing_weights = "CPU=1.0",
		 .qos = "N/A",
		 .allow_qos = "ALL",
		 .deny_qos = ""},
		{.name = "plain",
		 .billing_weights = "",
		 .qos = "N/A",
		 .allow_qos = "ALL",
		 .deny_qos = ""},
		{.name = "multi",
		 .billing_weights = "CPU=1.0,Mem=0.25G,GRES/gpu=2.0",
		 .qos = "N/A",
		 .allow_qos = "ALL",
		 .deny_qos = ""},
		{.name = "short",
		 .billing_weights = "CPU=2",
		 .qos = "q1",
		 .allow_qos = "ALL",
		 .deny_qos = ""},
		{.name = "shut",
		 .billing_weights = "CPU=2",
		 .qos = "q1",
		 .allow_qos = "",
		 .deny_qos = "q2,q3"},
	};
	struct partitions read = {0};
	struct sb_error err = {0};

	canned.out =
		PARTITION("main") " TRESBillingWeights=CPU=1.0\n" PARTITION("plain") "\n" PARTITION(
			"multi") " TRESBillingWeights=CPU=1.0,Mem=0.25G,GRES/gpu=2.0\n"
				 "PartitionName=short TRESBillingWeights=CPU=2 QoS=q1 "
				 "AllowQos=ALL\n"
				 "PartitionName=shut DenyQos=q2,q3 QoS=q1 "
				 "TRESBillingWeights=CPU=2\n\n";
	canned.out_len = strlen(canned.out);
	ck_assert_msg(scontrol_read_partitions(&slurm_canned, "dev", &read, &err) == 0, "%s",
		      err.text);
	ck_assert_str_eq(canned.line, "scontrol|-M|dev|-o|show|partition");
	ck_assert_uint_eq(read.count, COUNT(want));
	for (size_t i = 0; i < read.count; i++) {
		ck_assert_str_eq(read.rows[i].name, want[i].name);
		ck_assert_str_eq(read.rows[i].billing_weights, want[i].billing_weights);
		ck_assert_str_eq(read.rows[i].qos, want[i].qos);
		ck_assert_str_eq(read.rows[i].allow_qos, want[i].allow_qos);
		ck_assert_str_eq(read.rows[i].deny_qos, want[i].deny_qos);
	}
	ck_assert_ptr_eq(partition_find(&read, "short"), &read.rows[3]);
	ck_assert_ptr_null(partition_find(&read, "shor"));
	ck_assert_ptr_null(partition_default(&read));
	ck_assert_str_eq(read.rows[3].default_time, "");
	partitions_release(&read);
	partitions_release(&read);

	canned.out = "PartitionName=a Default=NO DefaultTime=NONE MaxTime=UNLIMITED\n"
		     "PartitionName=b Default=YES DefaultTime=02:00:00 MaxTime=1-00:00:00 "
		     "OverSubscribe=EXCLUSIVE TotalNodes=2 DefMemPerCPU=500 JobDefaults=(null)\n";
	canned.out_len = strlen(canned.out);
	ck_assert_int_eq(scontrol_read_partitions(&slurm_canned, NULL, &read, &err), SB_OK);
	ck_assert_ptr_eq(partition_default(&read), &read.rows[1]);
	ck_assert_str_eq(read.rows[1].default_time, "02:00:00");
	ck_assert_str_eq(read.rows[1].max_time, "1-00:00:00");
	ck_assert_str_eq(read.rows[1].oversubscribe, "EXCLUSIVE");
	ck_assert_str_eq(read.rows[1].total_nodes, "2");
	ck_assert_str_eq(read.rows[1].memory_per_cpu, "500");
	ck_assert_str_eq(read.rows[1].job_defaults, "(null)");
	partitions_release(&read);

	canned.out = "No partitions in the system\n";
	canned.out_len = strlen(canned.out);
	ck_assert_int_eq(scontrol_read_partitions(&slurm_canned, NULL, &read, &err), SB_OK);
	ck_assert_str_eq(canned.line, "scontrol|-o|show|partition");
	ck_assert_uint_eq(read.count, 0);
	partitions_release(&read);
}
END_TEST

/* The fake Slurm of tests/fake, run as programs. */

static char state[] = "/tmp/subank-test-slurm-XXXXXX";
enum { PROGRAMS = 5 };

static char programs[PROGRAMS][PATH_MAX];
static struct slurm fake;

static void write_state(const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", state, name);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

/* Reads the first bytes of a state file, "" if there is none; valid until the next call. */
static const char *read_state(const char *name)
{
	static char text[4096];
	char path[PATH_MAX];
	FILE *file;
	size_t len = 0;

	(void)snprintf(path, sizeof(path), "%s/%s", state, name);
	file = fopen(path, "re");
	if (file) {
		len = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
	}
	text[len] = '\0';
	return text;
}

static void setup_fake(void)
{
	static const char *const names[PROGRAMS] = {"sshare", "sacctmgr", "scontrol", "sacct",
						    "squeue"};
	const char *folder = getenv("FAKE_SLURM");
	char path[PATH_MAX];

	memcpy(state + sizeof(state) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(state));
	(void)snprintf(path, sizeof(path), "%s/dev", state);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/gpu", state);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(setenv("SLURM_CONF", state, 1), 0);
	for (int i = 0; i < PROGRAMS; i++)
		(void)snprintf(programs[i], sizeof(programs[i]), "%s/%s",
			       folder ? folder : "tests/fake", names[i]);
	fake = (struct slurm){
		.sshare = programs[0],
		.sacctmgr = programs[1],
		.scontrol = programs[2],
		.sacct = programs[3],
		.squeue = programs[4],
		.deadline_ms = 30000,
		.run = run_program,
		.lines = run_lines,
	};
	write_state("dev/test1", "RawUsage=120\n");
	write_state("dev/test2", "Parent=test1\nRawUsage=20\nGrpTRESMins=cpu=5000,gres/gpu=7\n");
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
}

static void teardown_fake(void)
{
	const char *const argv[] = {"rm", "-rf", "--", state, NULL};
	struct run_result result = {0};

	ck_assert_int_eq(run_program(argv, 30000, &result, NULL), 0);
	run_result_release(&result);
}

static void assert_nothing_survives(void)
{
	long pid = strtol(read_state("pids"), NULL, 10);
	struct timespec pause = {.tv_nsec = 10000000};

	ck_assert_int_gt(pid, 0);
	for (int i = 0; i < 800; i++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (kill((pid_t)-pid, 0) != 0 && errno == ESRCH)
			return;
		nanosleep(&pause, NULL);
	}
	ck_abort_msg("a process of group %ld survives", pid);
}

static const struct {
	const char *mode;
	int sshare, sacctmgr, scontrol;
	const char *text; /* in the message of sshare */
} modes[] = {
	{"empty", SB_EFORMAT, SB_OK, SB_EFORMAT, "its answer is empty"},
	{"malformed", SB_EFORMAT, SB_OK, SB_EFORMAT, "should name column Cluster"},
	{"huge", SB_EFORMAT, SB_OK, SB_EFORMAT, "should name column Cluster"},
	{"fail", SB_EFAILED, SB_EFAILED, SB_EFAILED, "sshare: error: the fake fails"},
	{"hang", SB_ETIMEOUT, SB_ETIMEOUT, SB_ETIMEOUT, "did not end within 500 ms"},
	{"killed", SB_EFAILED, SB_EFAILED, SB_EFAILED, "ended by signal 9"},
	{"down", SB_EFORMAT, SB_EFAILED, SB_EFAILED, "cluster dev is not in its answer"},
	{"slow", SB_OK, SB_OK, SB_OK, ""},
};

START_TEST(fakes_misbehave_on_request)
{
	const char *const accounts[] = {"test1"};
	struct shares shares = {0};
	struct slurm_config config = {0};
	struct sb_error err = {0};

	write_state("sshare.dev.mode", modes[_i].mode);
	write_state("sacctmgr.mode", modes[_i].mode);
	write_state("scontrol.mode", modes[_i].mode);
	if (modes[_i].sshare == SB_ETIMEOUT)
		fake.deadline_ms = 500;
	ck_assert_int_eq(sshare_read(&fake, "dev", &shares, &err), modes[_i].sshare);
	assert_text(&err, modes[_i].text);
	assert_nothing_survives();
	shares_release(&shares);
	ck_assert_int_eq(sacctmgr_set_limit(&fake, "dev", accounts, 1,
					    &(struct tres_limit){"GrpTRESMins", "cpu", 0}, &err),
			 modes[_i].sacctmgr);
	ck_assert_int_eq(scontrol_read_config(&fake, "dev", &config, &err), modes[_i].scontrol);
	/* Only a program that works, or dies after its work, changes something. */
	if (strcmp(modes[_i].mode, "killed") == 0 || strcmp(modes[_i].mode, "slow") == 0)
		ck_assert_str_eq(read_state("dev/test1"), "RawUsage=120\nGrpTRESMins=cpu=0\n");
	else
		ck_assert_str_eq(read_state("dev/test1"), "RawUsage=120\n");
	/* predecessor_06: another cluster is not affected. */
	fake.deadline_ms = 30000;
	ck_assert_int_eq(sshare_read(&fake, "gpu", &shares, &err), SB_OK);
	shares_release(&shares);
}
END_TEST

START_TEST(fakes_know_no_unknown_cluster_and_account)
{
	const char *const accounts[] = {"nosuch"};
	struct shares shares = {0};
	struct slurm_config config = {0};
	struct sb_error err = {0};

	ck_assert_int_eq(sshare_read(&fake, "nosuch", &shares, &err), SB_EFAILED);
	assert_text(&err, "No cluster 'nosuch' known by database.");
	ck_assert_int_eq(scontrol_read_config(&fake, "nosuch", &config, &err), SB_EFAILED);
	ck_assert_int_eq(sacctmgr_set_limit(&fake, "dev", accounts, 1,
					    &(struct tres_limit){"GrpTRESMins", "cpu", 0}, &err),
			 SB_EFAILED);
	assert_text(&err, "Nothing modified");
	ck_assert_str_eq(read_state("dev/nosuch"), "");
}
END_TEST

START_TEST(predecessor_08_fakes_keep_limits_per_tres)
{
	static const struct {
		const char *accounts[3];
		size_t count;
		const char *tres;
		int64_t value;
		const char *test1, *test2;
	} steps[] = {
		{{"test1", "nosuch", "test2"}, 3, "cpu", 0, "cpu=0", "cpu=0,gres/gpu=7"},
		{{"test2"}, 1, "cpu", 5000, "cpu=0", "cpu=5000,gres/gpu=7"},
		{{"test1"}, 1, "billing", 3, "cpu=0,billing=3", "cpu=5000,gres/gpu=7"},
		{{"test1", "test2"}, 2, "cpu", -1, "billing=3", "gres/gpu=7"},
		{{"test1", "test2"}, 2, "gres/gpu", -1, "billing=3", ""},
	};
	struct sb_error err = {0};

	for (int i = 0; i < COUNT(steps); i++) {
		struct shares shares = {0};

		ck_assert_msg(sacctmgr_set_limit(&fake, "dev", steps[i].accounts, steps[i].count,
						 &(struct tres_limit){"GrpTRESMins", steps[i].tres,
								      steps[i].value},
						 &err) == 0,
			      "%s", err.text);
		ck_assert_msg(sshare_read(&fake, "dev", &shares, &err) == 0, "%s", err.text);
		ck_assert_uint_eq(shares.count, 3);
		ck_assert_str_eq(shares.rows[0].account, "root");
		ck_assert_str_eq(shares.rows[1].account, "test1");
		ck_assert_str_eq(shares.rows[1].parent, "root");
		ck_assert_int_eq(shares.rows[1].raw_usage, 120);
		ck_assert_str_eq(shares.rows[1].grp_tres_mins, steps[i].test1);
		ck_assert_str_eq(shares.rows[2].parent, "test1");
		ck_assert_int_eq(shares.rows[2].raw_usage, 20);
		ck_assert_str_eq(shares.rows[2].grp_tres_mins, steps[i].test2);
		shares_release(&shares);
	}
	ck_assert_ptr_nonnull(
		strstr(read_state("log"),
		       "sacctmgr -i modify account where account=test1,nosuch,test2 "
		       "cluster=dev set GrpTRESMins=cpu=0\n"
		       "sshare -P -M dev -o "
		       "Cluster,ID,RawUsage,GrpTRESMins,GrpTRESRaw,TRESRunMins,User,Account\n"));
}
END_TEST

START_TEST(fakes_show_the_settings_of_slurm)
{
	struct slurm_config config = {0};
	struct sb_error err = {0};

	ck_assert_msg(scontrol_read_config(&fake, NULL, &config, &err) == 0, "%s", err.text);
	ck_assert_str_eq(config.cluster, "dev");
	ck_assert(config.safe && config.limits && !config.decays);
	write_state("gpu.config", "AccountingStorageEnforce=associations,limits\n"
				  "PriorityDecayHalfLife=7-00:00:00\n");
	ck_assert_msg(scontrol_read_config(&fake, "gpu", &config, &err) == 0, "%s", err.text);
	ck_assert_str_eq(config.cluster, "gpu");
	ck_assert(!config.safe && config.limits && config.decays);
	write_state("gpu.config", "PriorityType=absent\n");
	ck_assert_int_eq(scontrol_read_config(&fake, "gpu", &config, &err), SB_EFORMAT);
	assert_text(&err, "PriorityType is missing");
	ck_assert_str_eq(read_state("log"), "scontrol show config\nscontrol -M gpu show config\n"
					    "scontrol -M gpu show config\n");
}
END_TEST

START_TEST(fakes_keep_limits_that_sshare_does_not_show)
{
	const char *const accounts[] = {"test1", "test2", "nosuch"};
	static const struct {
		const char *field, *tres;
		int64_t value;
	} sets[] = {
		{"GrpTRESRunMins", "cpu", 0}, {"GrpTRESRunMins", "mem", 5},  {"GrpJobs", "", 0},
		{"GrpSubmitJobs", "", 9},     {"GrpTRESRunMins", "mem", -1}, {"GrpJobs", "", -1},
	};
	struct limits read = {0};
	struct sb_error err = {0};

	for (int i = 0; i < COUNT(sets); i++) {
		/* The two that clear affect only one account. */
		ck_assert_msg(sacctmgr_set_limit(&fake, "dev", accounts, i < 4 ? 2 : 1,
						 &(struct tres_limit){sets[i].field, sets[i].tres,
								      sets[i].value},
						 &err) == 0,
			      "%s", err.text);
	}
	ck_assert_msg(sacctmgr_read_limits(&fake, "dev", accounts, 3, &read, &err) == 0, "%s",
		      err.text);
	ck_assert_uint_eq(read.count, 2);
	ck_assert_str_eq(read.rows[0].account, "test1");
	ck_assert_str_eq(read.rows[0].grp_tres_mins, "");
	ck_assert_str_eq(read.rows[0].grp_tres_run_mins, "cpu=0");
	ck_assert_int_eq(read.rows[0].grp_jobs, -1);
	ck_assert_int_eq(read.rows[0].grp_submit_jobs, 9);
	ck_assert_str_eq(read.rows[1].grp_tres_mins, "cpu=5000,gres/gpu=7");
	ck_assert_str_eq(read.rows[1].grp_tres_run_mins, "cpu=0,mem=5");
	ck_assert_int_eq(read.rows[1].grp_jobs, 0);
	limits_release(&read);
	ck_assert_int_eq(sacctmgr_read_limits(&fake, "nosuch", accounts, 3, &read, &err), SB_OK);
	ck_assert_uint_eq(read.count, 0);
	limits_release(&read);
	write_state("sacctmgr.mode", "down");
	ck_assert_int_eq(sacctmgr_read_limits(&fake, "dev", accounts, 3, &read, &err), SB_EFAILED);
}
END_TEST

static void check_usage(const char *account, int64_t usage, int64_t minutes)
{
	struct shares shares = {0};
	struct sb_error err = {0};
	const struct share *share;

	ck_assert_msg(sshare_read(&fake, "dev", &shares, &err) == 0, "%s", err.text);
	share = shares_find(&shares, account);
	ck_assert_ptr_nonnull(share);
	ck_assert_int_eq(share->raw_usage, usage);
	ck_assert_int_eq(share->minutes, minutes);
	shares_release(&shares);
}

START_TEST(fakes_forget_usage)
{
	struct sb_error err = {0};

	write_state("dev/root", "RawUsage=1000\n");
	write_state("dev/test1", "RawUsage=600\nGrpJobs=3\n");
	write_state("dev/test2", "Parent=test1\nRawUsage=300\nGrpTRESRaw=cpu=9,billing=77\n");
	write_state("dev/test3", "Parent=test2\nRawUsage=120\n");
	check_usage("root", 1000, 16);
	check_usage("test2", 300, 77);
	ck_assert_int_eq(sacctmgr_reset_usage(&fake, "dev", "nosuch", &err), SB_EFAILED);
	assert_text(&err, "Failed to find cluster dev account nosuch");
	ck_assert_msg(sacctmgr_reset_usage(&fake, "dev", "test2", &err) == 0, "%s", err.text);
	check_usage("root", 700, 11);
	check_usage("test1", 300, 5);
	check_usage("test2", 0, 77);
	check_usage("test3", 0, 0);
	ck_assert_msg(sacctmgr_reset_usage(&fake, "dev", "root", &err) == 0, "%s", err.text);
	check_usage("test1", 0, 0);
	ck_assert_str_eq(read_state("dev/test1"), "GrpJobs=3\nRawUsage=0\n");
}
END_TEST

/* Both fakes. */
START_TEST(fakes_know_jobs_that_run)
{
	static const char jobs[] =
		"1|1|1|bio|ann|main|normal|RUNNING|5|10|Unknown|9|00:00:00|billing=1|1\n"
		"2|2|2|bio|ann|main|normal|COMPLETED|5|10|20|10|00:00:00|billing=1|1\n"
		"31|3_1|3|bio|ann|main|normal|RUNNING|5|10|Unknown|9|00:00:00|billing=1|1\n";
	const struct slurm memory = {.squeue = "squeue", .deadline_ms = 1, .run = fake_run};
	const struct slurm *const both[] = {&fake, &memory};
	struct sb_error err = {0};

	fake_reset();
	fake_cluster("dev")->jobs = jobs;
	fake_cluster("dev")->runaway = "31";
	write_state("dev.jobs", jobs);
	write_state("dev.runaway", "31\n");
	for (size_t i = 0; i < COUNT(both); i++) {
		struct known_jobs known = {0};

		ck_assert_msg(squeue_read(both[i], "dev", &known, &err) == 0, "%s", err.text);
		ck_assert_uint_eq(known.count, 1);
		ck_assert(known_jobs_have(&known, 1));
		known_jobs_release(&known);
		ck_assert_int_eq(squeue_read(both[i], "nosuch", &known, &err), SB_EFAILED);
	}
	fake_release();
}
END_TEST

START_TEST(fakes_show_qos_and_partitions)
{
	struct qos_list qos = {0};
	struct partitions partitions = {0};
	struct sb_error err = {0};

	ck_assert_msg(sacctmgr_read_qos(&fake, &qos, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(qos.count, 1);
	ck_assert_str_eq(qos.rows[0].name, "normal");
	qos_list_release(&qos);
	write_state("qos", "normal|||||1.000000\nfree||||5|0.000000\n");
	ck_assert_msg(sacctmgr_read_qos(&fake, &qos, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(qos.count, 2);
	ck_assert_int_eq(qos.rows[1].grp_submit_jobs, 5);
	qos_list_release(&qos);

	ck_assert_msg(scontrol_read_partitions(&fake, NULL, &partitions, &err) == 0, "%s",
		      err.text);
	ck_assert_uint_eq(partitions.count, 1);
	ck_assert_str_eq(partitions.rows[0].name, "main");
	ck_assert_str_eq(partitions.rows[0].billing_weights, "CPU=1.0");
	partitions_release(&partitions);
	write_state("gpu.partitions", "PartitionName=a State=UP\nPartitionName=b State=UP\n");
	ck_assert_msg(scontrol_read_partitions(&fake, "gpu", &partitions, &err) == 0, "%s",
		      err.text);
	ck_assert_uint_eq(partitions.count, 2);
	ck_assert_str_eq(partitions.rows[1].billing_weights, "");
	partitions_release(&partitions);
	write_state("scontrol.mode", "down");
	ck_assert_int_eq(scontrol_read_partitions(&fake, "gpu", &partitions, &err), SB_EFAILED);
}
END_TEST

/* The fake Slurm of fake_slurm.c, which tests of verbs use, gives the same answers. */

static const struct slurm in_memory = {
	.sshare = "sshare",
	.sacctmgr = "sacctmgr",
	.scontrol = "scontrol",
	.sacct = "sacct",
	.squeue = "squeue",
	.deadline_ms = 1234,
	.run = fake_run,
	.lines = fake_lines,
};

START_TEST(memory_shows_a_tree_and_forgets_usage)
{
	static const struct wanted_share want[] = {
		{"a", "b", 300, "", 77, 0},
		{"b", "root", 600, "", 10, 0},
		{"c", "a", 130, "cpu=0", 2, 0},
		{"root", "", 0, "", 0, 0},
	};
	struct shares shares = {0};
	struct sb_error err = {0};

	*fake_account("dev", "c") =
		(struct fake_account){.name = "c", .parent = "a", .usage = 130, .limits = "cpu=0"};
	*fake_account("dev", "a") = (struct fake_account){
		.name = "a", .parent = "b", .usage = 300, .tres_raw = "cpu=9,billing=77"};
	fake_account("dev", "b")->usage = 600;
	ck_assert_msg(sshare_read(&in_memory, "dev", &shares, &err) == 0, "%s", err.text);
	check_shares(&shares, want, COUNT(want));
	shares_release(&shares);
	ck_assert_int_eq(sacctmgr_reset_usage(&in_memory, "dev", "nosuch", &err), SB_EFAILED);
	fake_cluster("dev")->silent = true;
	ck_assert_int_eq(sacctmgr_reset_usage(&in_memory, "dev", "a", &err), SB_EFAILED);
	ck_assert_int_eq(fake_account("dev", "a")->usage, 300);
	fake_cluster("dev")->silent = false;
	ck_assert_msg(sacctmgr_reset_usage(&in_memory, "dev", "a", &err) == 0, "%s", err.text);
	ck_assert_int_eq(fake_account("dev", "a")->usage, 0);
	ck_assert_int_eq(fake_account("dev", "b")->usage, 300);
	ck_assert_int_eq(fake_account("dev", "c")->usage, 0);
	(void)fake_account("dev", "root");
	ck_assert_msg(sshare_read(&in_memory, "dev", &shares, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(shares.count, COUNT(want));
	shares_release(&shares);
}
END_TEST

START_TEST(memory_keeps_limits_and_counts)
{
	const char *const accounts[] = {"a", "b", "nosuch"};
	struct limits read = {0};
	struct sb_error err = {0};

	(void)fake_account("dev", "b");
	(void)fake_account("dev", "a");
	(void)fake_account("dev", "c");
	ck_assert_int_eq(sacctmgr_set_limit(&in_memory, "dev", accounts, 3,
					    &(struct tres_limit){"GrpTRESRunMins", "cpu", 0}, &err),
			 SB_OK);
	ck_assert_int_eq(sacctmgr_set_limit(&in_memory, "dev", accounts, 1,
					    &(struct tres_limit){"GrpJobs", "", 0}, &err),
			 SB_OK);
	ck_assert_int_eq(sacctmgr_set_limit(&in_memory, "dev", accounts, 1,
					    &(struct tres_limit){"GrpSubmitJobs", "", 4}, &err),
			 SB_OK);
	ck_assert_msg(sacctmgr_read_limits(&in_memory, "dev", accounts, 3, &read, &err) == 0, "%s",
		      err.text);
	ck_assert_uint_eq(read.count, 2);
	ck_assert_str_eq(read.rows[0].grp_tres_run_mins, "cpu=0");
	ck_assert_int_eq(read.rows[0].grp_jobs, 0);
	ck_assert_int_eq(read.rows[0].grp_submit_jobs, 4);
	ck_assert_str_eq(read.rows[1].grp_tres_run_mins, "cpu=0");
	ck_assert_int_eq(read.rows[1].grp_jobs, -1);
	limits_release(&read);
	ck_assert_ptr_nonnull(
		strstr(fake_line, "sacctmgr -P show assoc where cluster=dev account=a,b,nosuch"));
	ck_assert_int_eq(fake_shows, 1);
	ck_assert_int_eq(fake_modifies, 3);
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 4);
	/* `show` can misbehave alone, or with the rest of sacctmgr. */
	fake_show_mode = FAKE_NO_ROWS;
	ck_assert_int_eq(sacctmgr_read_limits(&in_memory, "dev", accounts, 3, &read, &err), 0);
	ck_assert_uint_eq(read.count, 0);
	limits_release(&read);
	fake_show_mode = FAKE_FAILS;
	ck_assert_int_eq(sacctmgr_read_limits(&in_memory, "dev", accounts, 3, &read, &err),
			 SB_EFAILED);
	ck_assert_int_eq(sacctmgr_set_limit(&in_memory, "dev", accounts, 1,
					    &(struct tres_limit){"GrpJobs", "", -1}, &err),
			 SB_OK);
	ck_assert_int_eq(fake_account("dev", "a")->grp_jobs, -1);
	fake_show_mode = FAKE_OK;
	fake_mode[FAKE_SACCTMGR] = FAKE_MALFORMED;
	ck_assert_int_eq(sacctmgr_read_limits(&in_memory, "dev", accounts, 3, &read, &err),
			 SB_EFORMAT);
}
END_TEST

START_TEST(memory_shows_settings)
{
	struct slurm_config config = {0};
	struct qos_list qos = {0};
	struct partitions partitions = {0};
	struct sb_error err = {0};

	fake_cluster("gpu")->version = "24.05.0-0rc1";
	fake_cluster("gpu")->calc_period = "00:01:30";
	fake_cluster("gpu")->partitions = "No partitions in the system\n";
	ck_assert_msg(scontrol_read_config(&in_memory, NULL, &config, &err) == 0, "%s", err.text);
	ck_assert_int_eq(config.version[0], 22);
	ck_assert_int_eq(config.calc_period, 300);
	ck_assert_msg(scontrol_read_config(&in_memory, "gpu", &config, &err) == 0, "%s", err.text);
	ck_assert_int_eq(config.version[0], 24);
	ck_assert_int_eq(config.calc_period, 90);
	ck_assert_int_eq(scontrol_read_partitions(&in_memory, NULL, &partitions, &err), 0);
	ck_assert_uint_eq(partitions.count, 1);
	ck_assert_str_eq(partitions.rows[0].billing_weights, "CPU=1.0");
	partitions_release(&partitions);
	ck_assert_int_eq(scontrol_read_partitions(&in_memory, "gpu", &partitions, &err), 0);
	ck_assert_uint_eq(partitions.count, 0);
	partitions_release(&partitions);
	fake_qos = "normal|||||1.000000\nq1||||3|0.500000\n";
	ck_assert_int_eq(sacctmgr_read_qos(&in_memory, &qos, &err), 0);
	ck_assert_uint_eq(qos.count, 2);
	ck_assert_int_eq(qos.rows[1].grp_submit_jobs, 3);
	qos_list_release(&qos);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slurm");
	TCase *bad = tcase_create("bad"), *good = tcase_create("good");
	TCase *fakes = tcase_create("fakes"), *memory = tcase_create("memory");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(bad, setup_canned, NULL);
	tcase_set_timeout(bad, 30);
	tcase_add_loop_test(bad, names_that_must_not_reach_a_command_line, 0, COUNT(bad_names));
	tcase_add_loop_test(bad, predecessor_01_02_31_bad_names_run_nothing, 0, COUNT(bad_names));
	tcase_add_loop_test(bad, table_refuses, 0, COUNT(bad_tables));
	tcase_add_test(bad, table_survives_any_damage);
	tcase_add_loop_test(bad, predecessor_05_sshare_refuses, 0, COUNT(bad_answers));
	tcase_add_loop_test(bad, squeue_refuses, 0, COUNT(bad_ids));
	tcase_add_loop_test(bad, squeue_leaves_out_bad_lines, 0, COUNT(odd_ids));
	tcase_add_loop_test(bad, bad_limits_run_nothing, 0, COUNT(bad_limits));
	tcase_add_test(bad, no_account_runs_nothing);
	tcase_add_test(bad, predecessor_03_04_a_failing_sacctmgr_is_a_failure);
	tcase_add_loop_test(bad, sacctmgr_refuses_associations, 0, COUNT(bad_assocs));
	tcase_add_loop_test(bad, sacctmgr_refuses_qos, 0, COUNT(bad_qos));
	tcase_add_loop_test(bad, scontrol_refuses, 0, COUNT(bad_configs));
	tcase_add_loop_test(bad, scontrol_refuses_partitions, 0, COUNT(bad_partitions));
	suite_add_tcase(suite, bad);

	tcase_add_checked_fixture(good, setup_canned, NULL);
	tcase_set_timeout(good, 30);
	tcase_add_loop_test(good, names_that_may, 0, COUNT(good_names));
	tcase_add_loop_test(good, predecessor_30_a_failure_has_its_reason, 0, COUNT(ask_cases));
	tcase_add_test(good, a_long_command_is_cut_in_the_text);
	tcase_add_loop_test(good, table_reads, 0, COUNT(good_tables));
	tcase_add_test(good, sshare_reads_a_tree);
	tcase_add_test(good, sshare_leaves_an_odd_usage_out);
	tcase_add_test(good, sshare_reads_the_rows_of_users);
	tcase_add_test(good, sshare_reads_the_rows_of_all_users);
	tcase_add_test(good, sshare_takes_the_rows_of_a_user_that_slurmdbd_knows);
	tcase_add_test(good, sshare_trusts_no_row_whose_number_another_has);
	tcase_add_test(good, sshare_reads_users_below_accounts_with_odd_names);
	tcase_add_test(good, sacctmgr_sets_limits_of_users_in_one_account);
	tcase_add_test(good, sshare_leaves_odd_lists_out);
	tcase_add_test(good, sshare_reads_odd_names);
	tcase_add_test(good, sshare_distinguishes_blanks_from_depth);
	tcase_add_test(good, sshare_reads_names_with_newlines);
	tcase_add_test(good, sshare_charges_nobody_by_a_forged_row);
	tcase_add_test(good, squeue_shows_which_jobs_are_known);
	tcase_add_test(good, predecessor_32_long_names_are_whole);
	tcase_add_test(good, predecessor_34_many_accounts_take_one_call);
	tcase_add_loop_test(good, predecessor_08_values_are_per_tres, 0, COUNT(tres_cases));
	tcase_add_loop_test(good, a_list_of_tres_is_iterated, 0, COUNT(iterations));
	tcase_add_test(good, sacctmgr_leaves_odd_associations_out);
	tcase_add_test(good, sacctmgr_reads_associations);
	tcase_add_test(good, sacctmgr_resets_usage);
	tcase_add_test(good, assocs_are_those_of_the_user);
	tcase_add_test(good, sacctmgr_leaves_an_odd_limit_of_a_qos_out);
	tcase_add_test(good, sacctmgr_reads_qos);
	tcase_add_test(good, sacctmgr_reads_what_bounds_a_qos);
	tcase_add_test(good, sacctmgr_reads_associations_that_lack_a_qos);
	tcase_add_loop_test(good, scontrol_shows_which_tres_are_counted, 0, COUNT(counted));
	tcase_add_loop_test(good, scontrol_reads_numbers, 0, COUNT(numbers));
	tcase_add_loop_test(good, scontrol_shows_how_weights_make_billing, 0, COUNT(flags));
	tcase_add_test(good, scontrol_leaves_an_odd_partition_out);
	tcase_add_test(good, scontrol_reads_nodes);
	tcase_add_test(good, scontrol_reads_partitions);
	tcase_add_loop_test(good, sacctmgr_is_asked_once, 0, COUNT(limits));
	tcase_add_test(good, many_accounts_take_few_calls);
	tcase_add_loop_test(good, predecessor_07_38_scontrol_reads, 0, COUNT(configs));
	suite_add_tcase(suite, good);

	tcase_add_checked_fixture(fakes, setup_fake, teardown_fake);
	tcase_set_timeout(fakes, 60);
	tcase_add_loop_test(fakes, fakes_misbehave_on_request, 0, COUNT(modes));
	tcase_add_test(fakes, fakes_know_no_unknown_cluster_and_account);
	tcase_add_test(fakes, predecessor_08_fakes_keep_limits_per_tres);
	tcase_add_test(fakes, fakes_show_the_settings_of_slurm);
	tcase_add_test(fakes, fakes_keep_limits_that_sshare_does_not_show);
	tcase_add_test(fakes, fakes_forget_usage);
	tcase_add_test(fakes, fakes_know_jobs_that_run);
	tcase_add_test(fakes, fakes_show_qos_and_partitions);
	suite_add_tcase(suite, fakes);

	tcase_add_checked_fixture(memory, fake_reset, fake_release);
	tcase_set_timeout(memory, 30);
	tcase_add_test(memory, memory_shows_a_tree_and_forgets_usage);
	tcase_add_test(memory, memory_keeps_limits_and_counts);
	tcase_add_test(memory, memory_shows_settings);
	suite_add_tcase(suite, memory);

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
