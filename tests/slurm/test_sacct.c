/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests reading jobs from sacct and what they count for, with answers written here and with the
 * fake sacct in tests/fake. */
#include <check.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "slurm/tariff.h"
#include "tests/fake_slurm.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define HEADER                                                                                     \
	"Cluster|JobIDRaw|JobID|DBIndex|Account|User|Partition|QOS|State|Submit|Start|End|"        \
	"ElapsedRaw|Suspended|AllocTRES|TimelimitRaw\n"

static const struct sacct_window always = {.since = 0, .until = INT64_MAX};

static const char *answer;
static char asked[1024]; /* with "X" for the delimiter */
static char last_delimiter[16];

/* Replaces each bar by [delimiter], and each FAKE_BAR by a bar. */
static char *with_delimiter(const char *line, const char *delimiter)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(out);
	for (; *line; line++) {
		if (*line == '|')
			fputs(delimiter, out);
		else
			fputc(*line == *FAKE_BAR ? '|' : *line, out);
	}
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

static int run_canned(const char *const argv[], const char *const env[], int deadline_ms,
		      const struct line_sink *sink, struct run_result *ret, struct sb_error *err)
{
	char *copy = strdup(answer), *rest = copy, *line;
	size_t len = 0;
	int code = 0;

	ck_assert_int_eq(deadline_ms, 1234);
	ck_assert_str_eq(env[0], "SLURM_TIME_FORMAT=%s");
	ck_assert_str_eq(argv[6], "--delimiter");
	ck_assert_uint_eq(strlen(argv[7]), 9);
	ck_assert_str_ne(argv[7], last_delimiter);
	(void)snprintf(last_delimiter, sizeof(last_delimiter), "%s", argv[7]);
	for (int i = 0; argv[i] && len < sizeof(asked); i++)
		len += (size_t)snprintf(asked + len, sizeof(asked) - len, "%s%s", i ? " " : "",
					i == 7 ? "X" : argv[i]);
	while (code == 0 && (line = strsep(&rest, "\n")) && rest) {
		char *fields = with_delimiter(line, argv[7]);

		/* A line with a NUL in it is longer than it seems. */
		code = sink->each(fields, strlen(fields) + (strstr(fields, "NUL") ? 1 : 0),
				  sink->ctx, err);
		free(fields);
	}
	free(copy);
	*ret = (struct run_result){0};
	return code;
}

static const struct slurm canned = {.sacct = "sacct", .deadline_ms = 1234, .lines = run_canned};

static int print(const struct sacct_job *job, void *ctx, struct sb_error *err)
{
	(void)err;
	fprintf(ctx, "%s %s %s %" PRId64 " %" PRIu64 " %s %s %s %s %s", job->cluster, job->name,
		job->state, job->id, job->index, job->account, job->user, job->partition, job->qos,
		job->tres);
	fprintf(ctx, " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, job->submit,
		job->start, job->end, job->elapsed, job->billing);
	fprintf(ctx, " %" PRId64 " %" PRId64 "\n", job->suspended, job->limit);
	return SB_OK;
}

static int print_odd(const struct sacct_odd *odd, void *ctx, struct sb_error *err)
{
	(void)err;
	fprintf(ctx, "left out line %zu: %s=%s", odd->line, odd->field, odd->value);
	if (odd->job)
		fprintf(ctx, " of %" PRId64 " %" PRId64 " %s%s", odd->id, odd->submit,
			odd->account ? odd->account : "-", odd->ended ? "" : " running");
	fputc('\n', ctx);
	return SB_OK;
}

static int read_to(const struct slurm *slurm, const struct sacct_window *window, char **ret,
		   struct sb_error *err)
{
	size_t len;
	FILE *out = open_memstream(ret, &len);
	int code;

	ck_assert_ptr_nonnull(out);
	code = sacct_read(slurm, "dev", window, &(struct sacct_sink){print, print_odd, out}, err);
	ck_assert_int_eq(fclose(out), 0);
	return code;
}

/* Answers that cannot be trusted as a whole; the job before the fault is still read. */
#define GOOD "dev|9|9|9|a|u|p|q|COMPLETED|5|6|7|1|00:00:00|billing=2|1\n"

static const struct {
	const char *answer, *text;
} bad[] = {
	{"", "empty"},
	{"x|y\n", "line 1 of cluster dev has \"x"},
	{GOOD, "for its header"},
	{"Cluster|JobIDRaw|JobID\n", "for its header"},
	{HEADER GOOD "gpu|1|1|1|a|u|p|q|RUNNING|1|1|Unknown|1|00:00:00||1\n",
	 "line 3 of cluster dev has \"gpu\" for Cluster"},
	{HEADER GOOD "dev|1|1|1|a|u|p|q|RUNNING|1|1|Unknown|1\n", "\" for its last row"},
	{HEADER GOOD "dev|1|1|1|a\n", "\" for its last row"},
	{HEADER GOOD "x\n", "\"x\" for its last row"},
	{HEADER GOOD "dev|1|1|1|NUL|u|p|q|RUNNING|1|1|Unknown|1|00:00:00||1\n", "a NUL byte"},
};

START_TEST(an_answer_that_cannot_be_trusted_is_refused)
{
	struct sb_error err = {0};
	char *text;

	answer = bad[_i].answer;
	ck_assert_int_eq(read_to(&canned, &always, &text, &err), SB_EFORMAT);
	ck_assert_msg(strstr(err.text, bad[_i].text), "%s", err.text);
	ck_assert_str_eq(text, strstr(answer, HEADER GOOD)
				       ? "dev 9 COMPLETED 9 9 a u p q billing=2 5 6 7 1 2 0 60\n"
				       : "");
	free(text);
}
END_TEST

static const struct {
	const char *row, *text;
} unreadable[] = {
	{"dev||1|1|a|u|p|q|RUNNING|1|1|Unknown|1|00:00:00||1", "JobIDRaw= of -1 1 a running"},
	{"dev|1.batch|1|1|a|u|p|q|RUNNING|1|1|2|1|00:00:00||1", "JobIDRaw=1.batch of -1 1 a"},
	{"dev|9223372036854775808|1|1|a|u|p|q|RUNNING|1|1|2|1|00:00:00||1",
	 "JobIDRaw=9223372036854775808 of -1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|Unknown|1|2|1|00:00:00||1", "Submit=Unknown of 1 -1 a"},
	{"dev|1|1|1|a|u|p|q|X||1|2|1|00:00:00||1", "Submit= of 1 -1 a"},
	{"dev|1|1|1|a|u|p|q|X|2026-11-24T22:56:16|1|2|1|00:00:00||1",
	 "Submit=2026-11-24T22:56:16 of 1 -1 a"},
	{"dev|1|1|1|a|u|p|q|X|253402300800|1|2|1|00:00:00||1", "Submit=253402300800 of 1 -1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|now|2|1|00:00:00||1", "Start=now of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1||Unknown|1|00:00:00||1", "Start= of 1 1 a running"},
	{"dev|1|1|1|a|u|p|q|X|1|1||1|00:00:00||1", "End= of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|1|-1|1|00:00:00||1", "End=-1 of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|-1|00:00:00||1", "ElapsedRaw=-1 of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|00:00:01|00:00:00||1", "ElapsedRaw=00:00:01 of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|9223372036854775808|00:00:00||1",
	 "ElapsedRaw=9223372036854775808 of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|5|7|3|00:00:00||1", "ElapsedRaw=3 of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|7|5|3|00:00:00||1", "ElapsedRaw=3 of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|1|||1", "Suspended= of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|1|00:00:60||1", "Suspended=00:00:60 of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|1|-00:00:00||1", "Suspended=-00:00:00 of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|1|9999999-00:00:00||1", "Suspended=9999999-00:00:00 of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|1|00:00:00|cpu=1,billing|1",
	 "AllocTRES=cpu=1,billing of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|1|00:00:00|billing=|1", "AllocTRES=billing= of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|1|00:00:00|billing=-1|1", "AllocTRES=billing=-1 of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|1|00:00:00|billing=1.5|1", "AllocTRES=billing=1.5 of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|1|00:00:00|billing=1M|1", "AllocTRES=billing=1M of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|1|00:00:00|billing=9223372036854775808|1",
	 "AllocTRES=billing=9223372036854775808 of 1 1 a"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|1|00:00:00|billing=1,billing=1|1",
	 "AllocTRES=billing=1,billing=1 of 1 1 a"},
	/* A row cut off by the next one, and one that is too long. */
	{"dev|1|1|1|a|u", "a row="},
	{"", "a row="},
	{"Welcome to dev!", "a row=Welcome to dev!\n"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|1|00:00:00||1|1", "a row=dev"},
};

/* A bad row affects only its own job. */
START_TEST(a_row_that_cannot_be_read_is_left_out)
{
	static const char good[] = "dev 9 COMPLETED 9 9 a u p q billing=2 5 6 7 1 2 0 60\n";
	struct sb_error err = {0};
	char *text, *all, *expected;

	ck_assert_int_ge(asprintf(&all, HEADER GOOD "%s\n" GOOD, unreadable[_i].row), 0);
	ck_assert_int_ge(asprintf(&expected, "%sleft out line 3: %s", good, unreadable[_i].text),
			 0);
	answer = all;
	ck_assert_msg(read_to(&canned, &always, &text, &err) == 0, "%s", err.text);
	ck_assert_msg(strncmp(text, expected, strlen(expected)) == 0, "%s", text);
	ck_assert_str_eq(text + strlen(text) - strlen(good), good);
	free(text);
	free(expected);
	free(all);
}
END_TEST

static const struct {
	const char *row, *text;
} strange[] = {
	/* As 22.05.8 printed it after `scontrol update jobid=5 TimeLimit=0`. */
	{"dev|5|5|5|lab|u|main|normal|TIMEOUT|1795945791|1795945791|1795945794|3|00:00:00|"
	 "billing=1,cpu=1,node=1|",
	 "dev 5 TIMEOUT 5 5 lab u main normal billing=1,cpu=1,node=1 1795945791 1795945791 "
	 "1795945794 3 1 0 -1"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|1|00:00:00|billing=1|INVALID",
	 "dev 1 X 1 1 a u p q billing=1 1 1 2 1 1 0 -1"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|1|00:00:00|billing=1|4294967296",
	 "dev 1 X 1 1 a u p q billing=1 1 1 2 1 1 0 -1"},
	{"dev|1|1|-1|a|u|p|q|X|1|1|2|1|00:00:00|billing=1|1",
	 "dev 1 X 1 0 a u p q billing=1 1 1 2 1 1 0 60"},
	{"dev|1|1|18446744073709551616|a|u|p|q|X|1|1|2|1|00:00:00|billing=1|1",
	 "dev 1 X 1 0 a u p q billing=1 1 1 2 1 1 0 60"},
	{"dev|7||1|a|u|p|q|X|1|1|2|1|00:00:00|billing=1|1",
	 "dev 7 X 7 1 a u p q billing=1 1 1 2 1 1 0 60"},
	{"dev|1|1|1|a|u|p|q|EXPEDITED+|1|1|2|1|00:00:00|billing=1|1",
	 "dev 1 EXPEDITED+ 1 1 a u p q billing=1 1 1 2 1 1 0 60"},
	{"dev|1|1|1|a|u|p|q|left by itself|1|1|2|1|00:00:00|billing=1|1",
	 "dev 1 left 1 1 a u p q billing=1 1 1 2 1 1 0 60"},
	{"dev|1|1|1|a|u|p|q||1|1|2|1|00:00:00|billing=1|1",
	 "dev 1  1 1 a u p q billing=1 1 1 2 1 1 0 60"},
	{"dev|1|1|1|a|u|p|q|X|1|1|2|1|00:00:00|"
	 "energy=18446744073709551614,gres/gpu:a/b=1,gres/gpu:a/b=2,mem=1.5T,Billing=4,x,,=|1",
	 "dev 1 X 1 1 a u p q energy=18446744073709551614,gres/gpu:a/b=1,gres/gpu:a/b=2,mem=1.5T,"
	 "Billing=4,x,,= 1 1 2 1 4 0 60"},
	/* Names may have any bytes. */
	{"dev|1|1|1|htc" FAKE_BAR "free|u" FAKE_BAR "|" FAKE_BAR "|" FAKE_BAR FAKE_BAR
	 "|X|1|1|2|1|00:00:00|billing=1|1",
	 "dev 1 X 1 1 htc|free u| | || billing=1 1 1 2 1 1 0 60"},
	{"dev|1|1|1|bio\nx|u|p|q|X|1|1|2|1|00:00:00|billing=1|1",
	 "dev 1 X 1 1 bio\nx u p q billing=1 1 1 2 1 1 0 60"},
	{"dev|1|1|1|\n\n|u\n|p|q|X|1|1|2|1|00:00:00|billing=1|1",
	 "dev 1 X 1 1 \n\n u\n p q billing=1 1 1 2 1 1 0 60"},
	/* A name that imitates a row of an account that pays. */
	{"dev|1|1|1|x\ndev" FAKE_BAR "2" FAKE_BAR "2" FAKE_BAR "2" FAKE_BAR "rich" FAKE_BAR
	 "u|u|p|q|X|1|1|2|1|00:00:00|billing=1|1",
	 "dev 1 X 1 1 x\ndev|2|2|2|rich|u u p q billing=1 1 1 2 1 1 0 60"},
};

START_TEST(a_row_that_is_strange_is_read)
{
	static const char good[] = "dev 9 COMPLETED 9 9 a u p q billing=2 5 6 7 1 2 0 60\n";
	struct sb_error err = {0};
	char *text, *all, *expected;

	ck_assert_int_ge(asprintf(&all, HEADER "%s\n" GOOD, strange[_i].row), 0);
	ck_assert_int_ge(asprintf(&expected, "%s\n%s", strange[_i].text, good), 0);
	answer = all;
	ck_assert_msg(read_to(&canned, &always, &text, &err) == 0, "%s", err.text);
	ck_assert_str_eq(text, expected);
	free(text);
	free(expected);
	free(all);
}
END_TEST

static int print_reservation(const struct sacct_job *job, void *ctx, struct sb_error *err)
{
	(void)err;
	fprintf(ctx, "%s %s [%s] %s %" PRId64 "\n", job->name, job->tres,
		job->reservation ? job->reservation : "not known", job->reservation_id, job->limit);
	return SB_OK;
}

/* Reservations are asked for only where a price depends on them. One that is not known makes a
 * job's price unknown. */
START_TEST(the_reservation_is_read_when_asked_for)
{
	char course[] = "course", odd[] = "x|\ny\n";
	struct reservation list[] = {{.id = 7, .name = course}, {.id = 8, .name = odd}};
	const struct reservations reservations = {.list = list, .count = COUNT(list)};
	const struct sacct_window window = {.until = INT64_MAX, .reservations = &reservations};
	struct sb_error err = {0};
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(out);
	answer = "Cluster|JobIDRaw|JobID|DBIndex|Account|User|Partition|QOS|State|Submit|Start|End|"
		 "ElapsedRaw|Suspended|AllocTRES|ReservationId|TimelimitRaw\n"
		 "dev|1|1|1|a|u|p|q|X|1|1|2|1|00:00:00|billing=1|7|1\n"
		 "dev|2|2|2|a|u|p|q|X|1|1|2|1|00:00:00|billing=2||2\n"
		 "dev|3|3|3|a|u|p|q|X|1|1|2|1|00:00:00|billing=3|8|3\n"
		 "dev|4|4|4|a|u|p|q|X|1|1|2|1|00:00:00|billing=4|9|4\n"
		 "dev|5|5|5|a|u|p|q|X|1|1|2|1|00:00:00|billing=5|x|5\n"
		 /* It waits for one. */
		 "dev|6|6|6|a|u|p|q|PENDING|1|None|Unknown|0|00:00:00||9|6\n"
		 "dev|7|7|7|a|u|p|q|X|1|1|2|1|00:00:00|billing=7|0|7\n"
		 "dev|8|8|8|a|u|p|q|X|1|1|2|1|00:00:00|billing=8|7|8|8\n";
	ck_assert_int_eq(sacct_read(&canned, "dev", &window,
				    &(struct sacct_sink){print_reservation, print_odd, out}, &err),
			 SB_OK);
	ck_assert_ptr_nonnull(strstr(asked, ",AllocTRES,ReservationId,TimelimitRaw"));
	answer = HEADER "dev|9|9|9|a|u|p|q|X|1|1|2|1|00:00:00|billing=9|9\n";
	ck_assert_int_eq(sacct_read(&canned, "dev", &always,
				    &(struct sacct_sink){print_reservation, print_odd, out}, &err),
			 SB_OK);
	ck_assert_ptr_null(strstr(asked, "Reservation"));
	ck_assert_int_eq(fclose(out), 0);
	/* The row is shown with the delimiter, which is random. */
	for (char *at; (at = strchr(text, '@'));)
		memmove(at, at + 9, strlen(at + 9) + 1);
	ck_assert_str_eq(
		text,
		"1 billing=1 [course] 7 60\n2 billing=2 []  120\n3 billing=3 [x|\ny\n] 8 180\n"
		"4 billing=4 [not known] 9 240\n"
		"left out line 6: ReservationId=x of 5 1 a\n"
		"6  [] 9 360\n7 billing=7 [] 0 420\n"
		"left out line 9: a row=dev888aupqX112100:00:00billing=8788 of 8 -1 -\n"
		"9 billing=9 []  540\n");
	free(text);
}
END_TEST

static const char *reserved; /* the answer of sacctmgr, with '@' for a NUL */

static int run_reserved(const char *const argv[], const char *const env[], int deadline_ms,
			const struct line_sink *sink, struct run_result *ret, struct sb_error *err)
{
	char *copy = strdup(reserved), *rest = copy, *line;
	int code = 0;

	ck_assert_int_eq(deadline_ms, 1234);
	ck_assert_str_eq(env[0], "SLURM_TIME_FORMAT=%s");
	asked[0] = '\0';
	for (size_t i = 0; argv[i]; i++)
		(void)snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "%s ",
			       argv[i]);
	while (code == 0 && (line = strsep(&rest, "\n")) && rest) {
		size_t len = strlen(line);

		for (char *nul = line; (nul = strchr(nul, '@'));)
			*nul = '\0';
		code = sink->each(line, len, sink->ctx, err);
	}
	free(copy);
	*ret = (struct run_result){0};
	return code;
}

static const struct slurm reserving = {
	.sacctmgr = "sacctmgr", .deadline_ms = 1234, .lines = run_reserved};

START_TEST(reservations_have_the_name_of_their_time)
{
	static const struct {
		int64_t id, start;
		const char *name;
	} cases[] = {
		{1, 100, "first"},     {1, 199, "first"}, {1, 200, "second"},
		{1, 999, "second"},    {1, 99, "first"},  {2, 500, "a|b"},
		{3, 500, "x\ny\n\nz"}, {4, 500, ""},	  {5, 500, NULL},
	};
	struct reservations list;
	struct sb_error err = {0};

	reserved = "ID|TimeStart|Name\n1|200|second\n2|0|a|b\n1|100|first\n3|0|x\ny\n\nz\n4|0|\n";
	ck_assert_msg(reservations_read(&reserving, "dev", &list, &err) == SB_OK, "%s", err.text);
	ck_assert_str_eq(asked, "sacctmgr -P show reservation cluster=dev start=1970-02-01 "
				"format=ID,TimeStart,Name ");
	for (size_t i = 0; i < (size_t)COUNT(cases); i++) {
		const char *name = reservations_name(&list, cases[i].id, cases[i].start);

		ck_assert_pstr_eq(name, cases[i].name);
	}
	reservations_release(&list);
	reserved = "ID|TimeStart|Name\n";
	ck_assert_int_eq(reservations_read(&reserving, "dev", &list, &err), SB_OK);
	ck_assert_uint_eq(list.count, 0);
	reservations_release(&list);
}
END_TEST

static const char *const unreserved[] = {
	"",
	"1|0|a\n",
	"ID|Name\n1|a\n",
};

START_TEST(a_list_of_reservations_that_cannot_be_read_is_refused)
{
	struct reservations list = {0};
	struct sb_error err = {0};

	reserved = unreserved[_i];
	ck_assert_int_eq(reservations_read(&reserving, "dev", &list, &err), SB_EFORMAT);
	ck_assert_ptr_null(list.list);
	ck_assert_int_eq(reservations_read(&reserving, "a b", &list, &err), SB_EINVAL);
}
END_TEST

static const struct {
	const char *rows, *names; /* of the ids 1 to 9, at 500 */
	const char *odd; /* the first */
} partly_reserved[] = {
	{"x\n2|0|b\n", "-b-------", "line 2: a row is \"x\""},
	{"1|a\n2|0|b\n", "-b-------", "line 2: a row is \"1|a\""},
	{"1|0|a\n3|Unknown|c\n2|0|b\n", "ab-------", "line 3: a row is \"3|Unknown|c\""},
	{"1|0|a\n1|None|c\n", "a--------", "line 3: a row is \"1|None|c\""},
	{"1|0|a\n2|2026-11-29T17:55:47|b\n", "a--------",
	 "line 3: a row is \"2|2026-11-29T17:55:47|b\""},
	/* Further lines of its name are no part of another one. */
	{"1|0|a\n3|Unknown|c\nd\n\n2|0|b\n", "ab-------", "line 3: a row is \"3|Unknown|c\""},
	{"1|0|a\n3|0|c@d\nd\n2|0|b\n", "ab-------", "line 3: a row is \"a NUL byte\""},
	{"@\n1|0|a\n", "a--------", "line 2: a row is \"a NUL byte\""},
	/* A name that continues with what looks like a row. */
	{"1|0|x\n7|9\n2|0|b\n", "xb-------", "line 3: a row is \"7|9\""},
	{"7|100|g\n1|0|x\n7|100|c\n2|0|b\n", "xb-------",
	 "line 4: ID is \"7, with two names at once\""},
	{"1|0|x\n7|100|c\n2|0|b\n7|100|g\n7|200|g\n8|0|h\n", "xb-----h-",
	 "line 5: ID is \"7, with two names at once\""},
	/* One name twice is known. */
	{"7|100|g\n1|0|x\n7|100|g\n", "x-----g--", NULL},
};

START_TEST(a_row_of_a_reservation_that_cannot_be_read_is_left_out)
{
	struct reservations list;
	struct sb_error err = {0};
	char *all, names[10] = "", text[ODD_ROW_TEXT_SIZE];

	ck_assert_int_ge(asprintf(&all, "ID|TimeStart|Name\n%s", partly_reserved[_i].rows), 0);
	reserved = all;
	ck_assert_msg(reservations_read(&reserving, "dev", &list, &err) == SB_OK, "%s", err.text);
	for (int i = 0; i < 9; i++) {
		const char *name = reservations_name(&list, i + 1, 500);

		ck_assert(!name || strlen(name) == 1);
		names[i] = name ? *name : '-';
	}
	ck_assert_str_eq(names, partly_reserved[_i].names);
	ck_assert_uint_eq(list.odd.count, partly_reserved[_i].odd ? 1 : 0);
	if (partly_reserved[_i].odd)
		ck_assert_str_eq(odd_row_text(text, &list.odd.list[0]), partly_reserved[_i].odd);
	reservations_release(&list);
	free(all);
}
END_TEST

START_TEST(names_are_checked_first)
{
	const char *const accounts[] = {"a", "b,c"};
	struct sacct_window window = {.until = 1, .accounts = accounts, .account_count = 2};
	struct sb_error err = {0};

	asked[0] = '\0';
	ck_assert_int_eq(sacct_read(&canned, "a b", &always,
				    &(struct sacct_sink){print, print_odd, NULL}, &err),
			 SB_EINVAL);
	ck_assert_int_eq(sacct_read(&canned, NULL, &always,
				    &(struct sacct_sink){print, print_odd, NULL}, &err),
			 SB_EINVAL);
	ck_assert_int_eq(sacct_read(&canned, "dev", &window,
				    &(struct sacct_sink){print, print_odd, NULL}, &err),
			 SB_EINVAL);
	ck_assert_str_eq(asked, "");
}
END_TEST

static int refuse(const struct sacct_job *job, void *ctx, struct sb_error *err)
{
	++*(int *)ctx;
	return sb_error_set(err, SB_ESYSTEM, "enough of %s", job->name);
}

START_TEST(refusing_a_job_ends_the_reading)
{
	struct sb_error err = {0};
	int count = 0;

	answer = HEADER "dev|1|1|1|a|u|p|q|RUNNING|1|1|Unknown|1|00:00:00||1\n"
			"dev|2|2|2|a|u|p|q|RUNNING|1|1|Unknown|1|00:00:00||1\n";
	ck_assert_int_eq(sacct_read(&canned, "dev", &always,
				    &(struct sacct_sink){refuse, print_odd, &count}, &err),
			 SB_ESYSTEM);
	ck_assert_int_eq(count, 1);
	ck_assert_str_eq(err.text, "enough of 1");
}
END_TEST

/* Rows as 22.05.8 printed them, except for the user's name. */
START_TEST(jobs_of_all_kinds_are_read)
{
	const char *const accounts[] = {"a", "b"};
	const int64_t ids[] = {3, 12};
	struct sacct_window window = {.since = 0,
				      .until = 1795560999,
				      .accounts = accounts,
				      .account_count = 2,
				      .ids = ids,
				      .id_count = 2};
	struct sb_error err = {0};
	char *text;

	answer = HEADER
		"dev|1|1|1|a|u|main|normal|COMPLETED|1795560976|1795560976|1795560979|3|00:00:00|"
		"billing=1,cpu=1,node=1|1440\n"
		"dev|3|3+0|8|a|u|main|normal|CANCELLED by "
		"0|1795560976|None|1795560990|0|00:00:00||4294967295\n"
		"dev|8|8|13512637919694125056|a|u|main|normal|RUNNING|1795560976|1795560990|"
		"Unknown|9|1-02:03:04|cpu="
		"1,node=1|UNLIMITED\n"
		"dev|9|9|14|||x,y||REQUEUED|1795560976|1795560990|1795560995|5|00:00:03|"
		"billing=3,cpu=1,gres/gpu=2,mem=100M,node=1|1\n"
		"dev|2|2_3|5|a|u|main|normal|PENDING|1795560976|Unknown|Unknown|0|00:00:00||"
		"Partition_Limit\n";
	ck_assert_msg(read_to(&canned, &window, &text, &err) == 0, "%s", err.text);
	ck_assert_str_eq(text, "dev 1 COMPLETED 1 1 a u main normal billing=1,cpu=1,node=1 "
			       "1795560976 1795560976 1795560979 3 1 0 86400\n"
			       "dev 3+0 CANCELLED 3 8 a u main normal  "
			       "1795560976 -1 1795560990 0 0 0 257698037700\n"
			       "dev 8 RUNNING 8 13512637919694125056 a u main normal cpu=1,node=1 "
			       "1795560976 1795560990 -1 9 0 93784 -1\n"
			       "dev 9 REQUEUED 9 14   x,y  "
			       "billing=3,cpu=1,gres/gpu=2,mem=100M,node=1 "
			       "1795560976 1795560990 1795560995 5 3 3 60\n"
			       "dev 2_3 PENDING 2 5 a u main normal  1795560976 -1 -1 0 0 0 -1\n");
	free(text);
	ck_assert_str_eq(
		asked,
		"sacct -D -X -a -P --noconvert --delimiter X -M dev -S uts1000000 -E uts1795560999 "
		"-o "
		"Cluster,JobIDRaw,JobID,DBIndex,Account,User,Partition,QOS,State,"
		"Submit,Start,End,ElapsedRaw,Suspended,AllocTRES,TimelimitRaw -A a,b -j 3,12");
	answer = HEADER;
	ck_assert_int_eq(read_to(&canned, &always, &text, &err), 0);
	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

/* Rows as 22.05.8 printed them of a job that ran 12 seconds on four processors and then, made
 * smaller, 21 on three: sacct and RawUsage say 33. The other two could come of a clock put back. */
START_TEST(a_resized_job_is_counted_once)
{
	struct sb_error err = {0};
	char *text;

	answer = HEADER
		"dev|1|1|1|a|u|main|normal|RESIZING|1795574157|1795574157|1795574169|12|00:00:00|"
		"billing=4,cpu=4,node=2|10\n"
		"dev|1|1|3|a|u|main|normal|CANCELLED by 0|1795574169|1795574157|1795574190|33|"
		"00:00:00|billing=3,cpu=3,node=1|10\n"
		"dev|1|1|4|a|u|main|normal|RUNNING|1795574169|1795574157|Unknown|16|00:00:02|"
		"billing=3,cpu=3,node=1|UNLIMITED\n"
		"dev|2|2|5|a|u|main|normal|COMPLETED|1795574169|1795574157|1795574160|3|00:00:00|"
		"billing=3,cpu=3,node=1|1\n";
	ck_assert_msg(read_to(&canned, &always, &text, &err) == 0, "%s", err.text);
	ck_assert_str_eq(text, "dev 1 RESIZING 1 1 a u main normal billing=4,cpu=4,node=2 "
			       "1795574157 1795574157 1795574169 12 4 0 600\n"
			       "dev 1 CANCELLED 1 3 a u main normal billing=3,cpu=3,node=1 "
			       "1795574169 1795574169 1795574190 21 3 0 588\n"
			       "dev 1 RUNNING 1 4 a u main normal billing=3,cpu=3,node=1 "
			       "1795574169 1795574169 -1 4 3 2 -1\n"
			       "dev 2 COMPLETED 2 5 a u main normal billing=3,cpu=3,node=1 "
			       "1795574169 1795574160 1795574160 0 3 0 57\n");
	free(text);
}
END_TEST

static const struct {
	const char *list, *name;
	int64_t value; /* -2: malformed */
} tres[] = {
	{"", "cpu", -1},
	{"billing=3,cpu=1,gres/gpu=2,mem=100M,node=1", "billing", 3},
	{"billing=3,cpu=1,gres/gpu=2,mem=100M,node=1", "GRES/gpu", 2},
	{"billing=3,cpu=1,gres/gpu=2,mem=100M,node=1", "Mem", 100},
	{"billing=3,cpu=1,gres/gpu=2,mem=100M,node=1", "gres", -1},
	{"billing=3,mem=1G", "mem", 1024},
	{"billing=3,mem=62.50G", "mem", -2},
	{"billing=3,mem=2048K", "mem", 2},
	{"billing=3,mem=2T", "mem", 2 << 20},
	{"billing=3,mem=2P", "mem", INT64_C(2) << 30},
	{"billing=3,mem=7", "mem", 7},
	{"billing=3,mem=1K", "mem", -2},
	{"billing=3,mem=K", "mem", -2},
	{"billing=3,mem=", "mem", -2},
	{"billing=3,mem=1GG", "mem", -2},
	{"billing=3,mem=9223372036854775807G", "mem", -2},
	{"cpu=1K", "cpu", -2},
	{"billing=3,mem=M", "mem", -2},
	{"billing=9223372036854775808", "billing", -2},
	{"billing=1M", "billing", -2},
	{"billing=+1", "billing", -2},
	{"cpu=1,CPU=2", "cpu", -2},
	{"cpu", "cpu", -2},
	{"cpu=", "cpu", -2},
	/* Other TRES are not checked. */
	{"cpu=1,mem=1G", "cpu", 1},
	{"cpu=1,,mem=2", "cpu", 1},
	{"cpu=1,=2", "cpu", 1},
	{"cpu=1,mem=MM", "cpu", 1},
	{"cpu=1,mem", "cpu", 1},
	{"cpu=1,gres/gpu:a=1,gres/gpu:a=1", "cpu", 1},
};

START_TEST(tres_are_found_in_alloc_tres)
{
	int64_t value = -2;
	int code = sacct_tres(tres[_i].list, tres[_i].name, &value, NULL);

	ck_assert_int_eq(code, tres[_i].value == -2 ? SB_EFORMAT : SB_OK);
	ck_assert_int_eq(value, tres[_i].value);
}
END_TEST

/* Both fakes, with the same jobs. */

#define JOBS                                                                                       \
	"1|1|1|a|u|main|normal|COMPLETED|1000100|1000100|1000200|100|00:00:00|billing=2|60\n"      \
	"2|2|18446744073709551615|b|u|main|normal|COMPLETED|1000100|1000150|1000300|150|00:00:00|" \
	"billing=1|60\n"                                                                           \
	"3|3|3|c|u|main|normal|CANCELLED by 0|1000100|None|1000180|0|00:00:00||60\n"               \
	"4|4|4|a|u|main|normal|RUNNING|1000100|1000250|Unknown|60|00:00:00|billing=1|60\n"

static const struct {
	struct sacct_window window;
	const char *ids;
} windows[] = {
	{{.since = 0, .until = 1001000}, "1 2 3 4"},
	{{.since = 1000200, .until = 1000250}, "1 2 4"},
	{{.since = 1000201, .until = 1000251}, "2 4"},
	{{.since = 0, .until = 1000100}, ""},
	{{.since = 0, .until = 1000150}, "1 2 3 4"},
	{{.since = 0,
	  .until = 1001000,
	  .accounts = (const char *const[]){"a", "c"},
	  .account_count = 2},
	 "1 3 4"},
	{{.since = 0, .until = 1001000, .ids = (const int64_t[]){2, 4, 9}, .id_count = 3}, "2 4"},
};

static int list_id(const struct sacct_job *job, void *ctx, struct sb_error *err)
{
	char *list = ctx;

	(void)err;
	(void)snprintf(list + strlen(list), 64 - strlen(list), "%s%" PRId64, *list ? " " : "",
		       job->id);
	return 0;
}

static int no_odd(const struct sacct_odd *odd, void *ctx, struct sb_error *err)
{
	(void)ctx;
	(void)err;
	ck_abort_msg("left out: %s", odd->value);
	return 0;
}

START_TEST(fakes_show_jobs_of_a_window)
{
	char state[] = "/tmp/subank-test-sacct-XXXXXX", path[PATH_MAX], ids[64] = "";
	const char *folder = getenv("FAKE_SLURM");
	const char *const remove[] = {"rm", "-rf", "--", state, NULL};
	struct slurm slurm = {.sacct = path, .deadline_ms = 30000, .lines = run_lines};
	struct run_result result = {0};
	struct sb_error err = {0};
	FILE *file;

	fake_cluster("dev")->jobs = JOBS;
	ck_assert_ptr_nonnull(mkdtemp(state));
	ck_assert_int_eq(setenv("SLURM_CONF", state, 1), 0);
	(void)snprintf(path, sizeof(path), "%s/dev", state);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/dev.jobs", state);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(JOBS, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	(void)snprintf(path, sizeof(path), "%s/sacct", folder ? folder : "tests/fake");
	ck_assert_msg(sacct_read(&slurm, "dev", &windows[_i].window,
				 &(struct sacct_sink){list_id, no_odd, ids}, &err) == 0,
		      "%s", err.text);
	ck_assert_str_eq(ids, windows[_i].ids);
	ids[0] = '\0';
	slurm = (struct slurm){.sacct = "sacct", .deadline_ms = 1, .lines = fake_lines};
	ck_assert_int_eq(sacct_read(&slurm, "dev", &windows[_i].window,
				    &(struct sacct_sink){list_id, no_odd, ids}, &err),
			 0);
	ck_assert_str_eq(ids, windows[_i].ids);
	fake_mode[FAKE_SACCT] = FAKE_FAILS;
	ck_assert_int_eq(sacct_read(&slurm, "dev", &always,
				    &(struct sacct_sink){list_id, no_odd, ids}, &err),
			 SB_EFAILED);
	ck_assert_ptr_nonnull(strstr(err.text, "sacct: error: the fake fails"));
	fake_mode[FAKE_SACCT] = FAKE_EMPTY;
	ck_assert_int_eq(sacct_read(&slurm, "dev", &always,
				    &(struct sacct_sink){list_id, no_odd, ids}, &err),
			 SB_EFORMAT);
	ck_assert_int_eq(run_program(remove, 30000, &result, NULL), 0);
	run_result_release(&result);
}
END_TEST

static const struct {
	const char *text;
	int64_t value; /* -1: not a factor */
} decimals[] = {
	{"1.000000", 1000000},
	{"0.000000", 0},
	{"1.5", 1500000},
	{"0.000001", 1},
	{"2", 2000000},
	{"1.0000000", 1000000},
	{"1000000", 1000000000000},
	{"", -1},
	{".5", -1},
	{"1.", -1},
	{"-1.0", -1},
	{"1e3", -1},
	{"0.0000001", -1},
	{"1000001", -1},
	{"1.5x", -1},
	{"1.2.3", -1},
	{"inf", -1},
	{"nan", -1},
};

START_TEST(factors_are_read_exactly)
{
	int64_t value = -1;
	bool read = tariff_decimal(decimals[_i].text, strlen(decimals[_i].text), &value);

	ck_assert_int_eq(read, decimals[_i].value >= 0);
	ck_assert_int_eq(value, decimals[_i].value);
}
END_TEST

static const struct {
	const char *weights, *tres;
	int64_t billing, excess;
	enum billing_rule rule;
} weighed[] = {
	{"CPU=1.0", "billing=2,cpu=2", 2, 0, BILLING_SUM},
	{"CPU=1.0,Mem=0.25G", "billing=1,cpu=1,mem=100M", 1, 24414062500, BILLING_SUM},
	{"CPU=1.0,Mem=0.25", "billing=26,cpu=1,mem=100M", 26, 0, BILLING_SUM},
	{"CPU=0.5,GRES/gpu=2.25", "billing=3,cpu=1,gres/gpu=1,mem=100M", 3, 0, BILLING_SUM},
	{"CPU=0.5,GRES/gpu=2.25", "billing=2,cpu=1,gres/gpu=1,mem=100M", 2, 750000000000,
	 BILLING_SUM},
	/* As measured: with PriorityFlags=MAX_TRES jobs of 20 seconds came to 20 and 23. */
	{"CPU=1.0,Mem=1.5G", "billing=1,cpu=1,mem=100M,node=1", 1, 0, BILLING_MAX},
	{"CPU=1.0,Mem=1.5G", "billing=1,cpu=1,mem=800M,node=1", 1, 171875000000, BILLING_MAX},
	{"cpu=1,GRES/gpu=0.25,license/x=0.5", "billing=1,cpu=1,gres/gpu=5,license/x=1", 1,
	 750000000000, BILLING_MAX},
	{"cpu=1,GRES/gpu=0.25,license/x=0.5", "billing=1,cpu=1,gres/gpu=1,license/x=1", 1,
	 750000000000, BILLING_MAX_GRES},
	/* The weights were different then. */
	{"CPU=2.0", "billing=1,cpu=1", 1, 0, BILLING_SUM},
	{"CPU=1.0", "billing=2,cpu=1", 2, 0, BILLING_SUM},
	{"CPU=x", "billing=0,cpu=1", 0, 0, BILLING_SUM},
	{"CPU=", "billing=0,cpu=1", 0, 0, BILLING_SUM},
	{"CPU", "billing=0,cpu=1", 0, 0, BILLING_SUM},
	{"", "billing=0,cpu=1", 0, 0, BILLING_SUM},
	{"Mem=1.0T", "billing=0,mem=524288M", 0, 500000000000, BILLING_SUM},
};

START_TEST(what_billing_cuts_off_is_computed)
{
	struct partition rows[] = {
		{.name = "other", .billing_weights = "CPU=7", .qos = ""},
		{.name = "main", .billing_weights = weighed[_i].weights, .qos = ""}};
	const struct partitions partitions = {.rows = rows, .count = 2};
	const struct sacct_job job = {
		.partition = "main", .tres = weighed[_i].tres, .billing = weighed[_i].billing};

	ck_assert_int_eq(tariff_excess(&partitions, weighed[_i].rule, &job), weighed[_i].excess);
}
END_TEST

static const struct {
	const char *qos, *partition, *state;
	int64_t end, charged;
	const char *reservation;
} charged[] = {
	{"plain", "main", "COMPLETED", 9, 1000000, ""},
	{"third", "main", "COMPLETED", 9, 333333, ""},
	{"third", "gpu", "FAILED", 9, 499999, ""}, /* 0.4999995 */
	{"half", "gpu", "COMPLETED", 9, 250000, ""},
	{"half", "half", "COMPLETED", 9, 83333, ""}, /* cut once, not at each factor */
	{"free", "gpu", "COMPLETED", 9, 0, ""},
	{"plain", "debug", "COMPLETED", 9, 0, ""},
	{"gone", "gpu", "COMPLETED", 9, 1500000, ""},
	{"plain", "GPU", "COMPLETED", 9, 1000000, ""},
	{"most", "most", "COMPLETED", 9, INT64_C(1000000000000000000), ""},
	{"plain", "main", "NODE_FAIL", 9, 0, ""},
	/* It has not ended, whatever its state. */
	{"plain", "main", "NODE_FAIL", -1, 1000000, ""},
	{"plain", "main", "NODE_FAIL_", 9, 1000000, ""},
	{"plain", "main", "COMPLETED", 9, 0, "course"},
	{"plain", "main", "RUNNING", -1, 0, "course"},
	{"plain", "main", "COMPLETED", 9, 1000000, "Course"},
	{"third", "gpu", "COMPLETED", 9, 1499998, "thrice"}, /* 3 x 0.4999995 */
	{"half", "half", "COMPLETED", 9, 250000, "thrice"}, /* 0.25000025 */
	{"most", "most", "COMPLETED", 9, INT64_MAX, "most"},
	{"most", "most", "COMPLETED", 9, INT64_C(9000000000000000000), "nine"},
};

START_TEST(site_factors_multiply_and_are_cut_once)
{
	struct qos qos[] = {{.name = "plain", .usage_factor = "1.000000"},
			    {.name = "third", .usage_factor = "0.333333"},
			    {.name = "half", .usage_factor = "0.333333"},
			    {.name = "free", .usage_factor = "1.000000"},
			    {.name = "most", .usage_factor = "1000000.000000"}};
	char half[] = "half", unpaid[] = "free", most[] = "most", gpu[] = "gpu", debug[] = "debug";
	char node_fail[] = "NODE_FAIL", boot_fail[] = "BOOT_FAIL";
	char course[] = "course", thrice[] = "thrice", nine[] = "nine";
	struct site_factor by_reservation[] = {
		{course, 0}, {thrice, 3000000}, {most, 1000000000}, {nine, 9000000}};
	struct site_factor by_qos[] = {{half, 500001}, {unpaid, 0}, {most, 1000000000}};
	struct site_factor by_partition[] = {
		{gpu, 1500000}, {debug, 0}, {half, 500000}, {most, 1000000000}};
	char *states[] = {node_fail, boot_fail};
	const struct qos_list list = {.rows = qos, .count = COUNT(qos)};
	const struct tariff tariff = {.free_states = states,
				      .free_count = COUNT(states),
				      .qos = {by_qos, COUNT(by_qos)},
				      .partitions = {by_partition, COUNT(by_partition)},
				      .reservations = {by_reservation, COUNT(by_reservation)}};
	const struct tariff none = {0};
	const struct sacct_job job = {.qos = charged[_i].qos,
				      .partition = charged[_i].partition,
				      .state = charged[_i].state,
				      .reservation = charged[_i].reservation,
				      .end = charged[_i].end};
	int64_t plain = tariff_factor(&list, job.qos);

	ck_assert_int_eq(tariff_charged(&tariff, &list, &job), charged[_i].charged);
	ck_assert_int_eq(tariff_charged(&none, &list, &job), plain < 0 ? FACTOR_ONE : plain);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sacct");
	TCase *tcase = tcase_create("sacct");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, fake_reset, fake_release);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, an_answer_that_cannot_be_trusted_is_refused, 0, COUNT(bad));
	tcase_add_loop_test(tcase, a_row_that_cannot_be_read_is_left_out, 0, COUNT(unreadable));
	tcase_add_loop_test(tcase, a_row_that_is_strange_is_read, 0, COUNT(strange));
	tcase_add_test(tcase, the_reservation_is_read_when_asked_for);
	tcase_add_test(tcase, reservations_have_the_name_of_their_time);
	tcase_add_loop_test(tcase, a_row_of_a_reservation_that_cannot_be_read_is_left_out, 0,
			    COUNT(partly_reserved));
	tcase_add_loop_test(tcase, a_list_of_reservations_that_cannot_be_read_is_refused, 0,
			    COUNT(unreserved));
	tcase_add_test(tcase, names_are_checked_first);
	tcase_add_test(tcase, refusing_a_job_ends_the_reading);
	tcase_add_test(tcase, jobs_of_all_kinds_are_read);
	tcase_add_test(tcase, a_resized_job_is_counted_once);
	tcase_add_loop_test(tcase, tres_are_found_in_alloc_tres, 0, COUNT(tres));
	tcase_add_loop_test(tcase, factors_are_read_exactly, 0, COUNT(decimals));
	tcase_add_loop_test(tcase, what_billing_cuts_off_is_computed, 0, COUNT(weighed));
	tcase_add_loop_test(tcase, site_factors_multiply_and_are_cut_once, 0, COUNT(charged));
	tcase_add_loop_test(tcase, fakes_show_jobs_of_a_window, 0, COUNT(windows));
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
