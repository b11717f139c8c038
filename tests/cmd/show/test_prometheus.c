/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text format of Prometheus. tests/test_metrics.sh has its own programs read such a file. */
#include "cmd/show/prometheus.h"

#include "tests/util.h"

static char *text;
static size_t size;
static FILE *to;

static void setup(void)
{
	to = open_memstream(&text, &size);
	ck_assert_ptr_nonnull(to);
}

static void teardown(void)
{
	free(text);
}

static void expect(const char *expected)
{
	ck_assert_int_eq(fclose(to), 0);
	ck_assert_str_eq(text, expected);
}

START_TEST(any_bytes_make_a_valid_label)
{
	static const struct {
		const char *value, *expected;
	} cases[] = {
		{"a\"b", "a\\\"b"},
		{"a\\b", "a\\\\b"},
		{"a\\", "a\\\\"},
		{"a\nb} 1\n", "a\\nb} 1\\n"},
		{"\xff", "\xef\xbf\xbd"},
		/* A character that is cut off, overlong forms, a surrogate. */
		{"caf\xc3", "caf\xef\xbf\xbd"},
		{"\xc3\"", "\xef\xbf\xbd\\\""},
		{"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"caf\xc3\xa9", "caf\xc3\xa9"},
		{"", ""},
	};
	const struct label labels[] = {
		{"a", cases[_i].value}, {"b", cases[_i].value}, {NULL, NULL}};
	char expected[256];

	prometheus_sample(to, "x", labels, -1);
	(void)snprintf(expected, sizeof(expected), "x{a=\"%s\",b=\"%s\"} -1\n", cases[_i].expected,
		       cases[_i].expected);
	expect(expected);
}
END_TEST

START_TEST(a_sample_may_have_no_label)
{
	const struct label none[] = {{NULL, NULL}};

	prometheus_metric(to, "x_total", "counter", "What is counted.");
	prometheus_sample(to, "x_total", none, INT64_MAX);
	prometheus_sample(to, "x_total", none, INT64_MIN);
	expect("# HELP x_total What is counted.\n# TYPE x_total counter\n"
	       "x_total 9223372036854775807\nx_total -9223372036854775808\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("prometheus");
	TCase *tcase = tcase_create("prometheus");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_loop_test(tcase, any_bytes_make_a_valid_label, 0, 11);
	tcase_add_test(tcase, a_sample_may_have_no_label);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
