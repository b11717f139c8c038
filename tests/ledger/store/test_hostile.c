/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Malicious files in each format that import reads. */
#include "ledger/files/yamlfile.h"
#include "tests/drive.h"

static char file[96];

static void setup(void)
{
	drive_setup();
	(void)snprintf(file, sizeof(file), "%s/file", test_folder);
	(void)fake_account("dev", "bio");
	DONE("", "open", "bio", "10");
}

/* The option for each format, and valid text before and after a value. */
static const struct {
	const char *option;
	const char *before, *behind;
} forms[] = {
	{"--replace", "subank: 1\nbank: ", "\n"},
	{"--append", "- {ref: a, deposit: bio, su: 1, note: ", "}\n"},
	{"--predecessor",
	 "{\"count\": 1, \"results\": [{\"id\": 1, \"account\": \"x\", \"su_limit_hrs\": ",
	 "}], \"meta\": {}}"},
};

/* Expects that each format refuses this value, or this whole file, with the file's name in the
 * message. */
static void refused_in_each_form(const char *value, size_t len, bool whole)
{
	size_t size = len + 256;
	char *text = malloc(size);

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < COUNT(forms); i++) {
		size_t before = whole ? 0 : strlen(forms[i].before),
		       behind = whole ? 0 : strlen(forms[i].behind);

		memcpy(text, forms[i].before, before);
		memcpy(text + before, value, len);
		memcpy(text + before + len, forms[i].behind, behind);
		util_write_file(file, text, before + len + behind);
		/* A malformed list has the exit status of a malformed command line. */
		REFUSED(strcmp(forms[i].option, "--append") == 0 ? 2 : 1, file, "import",
			forms[i].option, "-i", file);
	}
	free(text);
}

START_TEST(values_that_are_no_values_are_refused)
{
	static const struct {
		const char *text;
		size_t len;
	} values[] = {
		{"*a", 2}, /* an alias of nothing */
		{"&a [*a]", 7}, /* of itself */
		{"&a x", 4},
		{"!!int 5", 7},
		{"!<tag:yaml.org,2002:python/object/apply:os.system> x", 52},
		{"[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]", 49},
		{"{a: b}", 6},
		{"\"a\0b\"", 5},
		{"\"a\\0b\"", 6},
		{"\"\x01\"", 3},
		{"\"\x1b[2J\"", 6},
		{"\"\xff\"", 3},
		{"\"\xc0\xaf\"", 4}, /* overlong */
		{"\"\xed\xa0\x80\"", 5}, /* half of a pair */
		{"\"\xf4\x90\x80\x80\"", 6}, /* past the last character */
		{"\"\\ud800\"", 8},
		{"\"open", 5},
		{"\"a\\q\"", 5},
		{"1, \"account\": \"y\", \"account\": \"y\"", 33},
	};

	for (size_t i = 0; i < COUNT(values); i++)
		refused_in_each_form(values[i].text, values[i].len, false);
}
END_TEST

START_TEST(documents_that_are_no_files_of_ours_are_refused)
{
	static const char laughs[] =
		"a: &a [\"lol\",\"lol\",\"lol\",\"lol\",\"lol\",\"lol\",\"lol\",\"lol\",\"lol\"]\n"
		"b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
		"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
		"f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n"
		"h: &h [*g,*g,*g,*g,*g,*g,*g,*g,*g]\ni: &i [*h,*h,*h,*h,*h,*h,*h,*h,*h]\n";
	static const char *const documents[] = {
		laughs,
		"&a {b: *a}\n",
		"<<: {subank: 1}\n",
		"? [a]\n: b\n",
		"--- \n--- \n",
		"%YAML 3.0\n--- a\n",
		"\xef\xbb\xbf- {ref: a, deposit: bio, su: 1}\n---\n",
		"\xff\xfe[\0]\0",
		"\x1f\x8b\x08",
		"{\"results\": [], \"meta\": {}, \"results\": []}",
		"key: value\n",
		"5\n",
	};
	enum { LEVELS = 10000 };
	char *deep = malloc(2 * LEVELS);

	for (size_t i = 0; i < COUNT(documents); i++)
		refused_in_each_form(documents[i], strlen(documents[i]), true);
	ck_assert_ptr_nonnull(deep);
	memset(deep, '[', LEVELS);
	memset(deep + LEVELS, ']', LEVELS);
	refused_in_each_form(deep, 2 * LEVELS, true);
	refused_in_each_form(deep, 2 * LEVELS, false);
	for (size_t i = 0; i < LEVELS; i++)
		memcpy(deep + 2 * i, "- ", 2);
	refused_in_each_form(deep, 2 * LEVELS, true);
	free(deep);
}
END_TEST

/* A generated gibibyte: [head], then [fill] repeated. */
struct flood {
	const char *head;
	const char *fill;
	size_t given;
};

static ssize_t pour(void *cookie, char *to, size_t size)
{
	struct flood *flood = cookie;
	size_t head = strlen(flood->head), fill = strlen(flood->fill);

	for (size_t i = 0; i < size; i++) {
		size_t at = flood->given + i;

		to[i] = at < head ? flood->head[at] : flood->fill[(at - head) % fill];
	}
	if (flood->given >= (size_t)1 << 30)
		return 0;
	flood->given += size;
	return (ssize_t)size;
}

START_TEST(what_has_no_end_is_not_read_to_its_end)
{
	static const struct {
		const char *head, *fill;
	} floods[] = {
		{"a: \"", "x"},	     {"a: '", "x\n"},
		{"a: ", "x"},	     {"a: |\n", " x\n"},
		{"a: >\n", " x\n"},  {"", "x"},
		{"", "# comment\n"}, {"#", "x"},
		{"", "\n"},	     {"a:", " "},
		{"a: &", "x"},	     {"a: *", "x"},
		{"a: !", "x"},	     {"%YAML 1.1\n%", "x"},
		{"? ", "x"},	     {"{\"", "x"},
	};

	for (size_t i = 0; i < COUNT(floods); i++) {
		struct flood flood = {.head = floods[i].head, .fill = floods[i].fill};
		FILE *stream = fopencookie(&flood, "r", (cookie_io_functions_t){.read = pour});
		struct yaml_reader *reader;
		struct yaml_item item;
		int rc;

		ck_assert_ptr_nonnull(stream);
		OK(yaml_reader_new(stream, "flood", &reader, &error));
		do {
			rc = yaml_next(reader, &item, &error);
		} while (!rc && item.type != YAML_END);
		ck_assert_msg(rc == SB_EFORMAT, "flood %zu gave %d: %s", i, rc, error.text);
		ck_assert_msg(strncmp(error.text, "flood:", 6) == 0, "%s", error.text);
		ck_assert_msg(flood.given <= 2 * (size_t)YAML_ITEM_MAX,
			      "flood %zu: %zu bytes were read", i, flood.given);
		yaml_reader_free(reader);
		(void)fclose(stream);
	}
}
END_TEST

/* Large valid files are still imported. */
START_TEST(a_long_comment_is_no_harm)
{
	size_t size = 512 << 10, len;
	char *text = malloc(size + 64);

	ck_assert_ptr_nonnull(text);
	memset(text, '#', size);
	len = size + (size_t)snprintf(text + size, 64, "\n- {ref: a, deposit: bio, su: 1}\n");
	util_write_file(file, text, len);
	DONE("recorded 1 of 1", "import", "--append", file);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hostile");
	TCase *tcase = tcase_create("files");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_add_test(tcase, values_that_are_no_values_are_refused);
	tcase_add_test(tcase, documents_that_are_no_files_of_ours_are_refused);
	tcase_add_test(tcase, what_has_no_end_is_not_read_to_its_end);
	tcase_add_test(tcase, a_long_comment_is_no_harm);
	return util_run(suite);
}
