/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests the YAML form: export, import and export again, and files that are not exports. */
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/files/export.h"
#include "ledger/files/import.h"
#include "ledger/files/yamlfile.h"
#include "tests/util.h"

/* Imports [text] as "some.yaml" into bank_folder. */
static int import(const char *text, size_t len)
{
	struct store_options options = util_options();
	struct head head;
	FILE *file = tmpfile();
	int rc;

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, len, file), len);
	rewind(file);
	error = (struct sb_error){0};
	rc = import_yaml(&options, &(struct import_from){file, "some.yaml", NULL}, NULL, &head,
			 &error);
	(void)fclose(file);
	return rc;
}

static bool bank_exists(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/books", bank_folder);
	return access(path, F_OK) == 0;
}

/* Makes an empty place for the next bank. */
static void elsewhere(void)
{
	static int number;

	(void)snprintf(bank_folder, sizeof(bank_folder), "%s/bank%d", test_folder, ++number);
}

/* Exports a bank with one account and one deposit, to be damaged. The caller frees it. */
static char *small_export(size_t *ret_len)
{
	struct bank *bank = util_bank();
	char *text;

	util_open_account(bank, T0, "alice");
	util_deposit(bank, T0, "alice", 3600);
	text = util_export(bank, ret_len);
	bank_close(bank);
	elsewhere();
	return text;
}

/* Replaces the first [from] of [text]. The caller frees the result. */
static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	size_t size = strlen(text) + strlen(to) + 1;
	char *made = malloc(size);

	ck_assert_msg(at != NULL, "'%s' is not in the export", from);
	ck_assert_ptr_nonnull(made);
	(void)snprintf(made, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	return made;
}

START_TEST(bad_content_is_refused)
{
	static const struct {
		const char *from, *to;
		int line;
		const char *text;
	} cases[] = {
		{"subank: 1", "subank: 2", 1, "form '2'"},
		{"subank: 1", "subank: \"1\"", 1, "form"},
		{"subank: 1", "subank: 1.0", 1, "form"},
		{"subank: 1", "bank: 1", 1, "'subank' is expected"},
		{"subank: 1\n", "", 1, "'subank' is expected"},
		{"subank: 1", "subank: 1\nsubank: 1", 2, "'bank' is expected"},
		{"bank: \"", "bank: \"x", 2, "32 hex digits"},
		{"unit: \"billing-seconds\"", "unit: \"SU\"", 3, "unit"},
		{"count: 2", "count: -2", 4, "count"},
		{"count: 2", "count: 9223372036854775808", 4, "count"},
		{"count: 2", "count: [2]", 4, "a number is expected"},
		{"count: 2", "count: 3", 0, "counts 3 entries, the file has 2"},
		{"count: 2", "count: 1", 0, "counts 1 entries, the file has 2"},
		{"head: \"", "head: \"0", 5, "64 hex digits"},
		{"journal:", "Journal:", 6, "'journal' is expected"},
		{"journal:\n", "journal: x\n", 0, ""},
		{"entry: 1", "entry: 2", 7, "entry 2 is where entry 1 belongs"},
		{"entry: 2", "entry: 3", 8, "entry 3 is where entry 2 belongs"},
		{"entry: 2", "entry: 0", 8, "entry"},
		{"entry: 2", "entry: 02", 8, "entry"},
		{"entry: 2", "entry: 2.0", 8, "entry"},
		{"entry: 2", "entry: 0x2", 8, "entry"},
		{"entry: 2", "entry: 0o2", 8, "entry"},
		{"entry: 2", "entry: +2", 8, "entry"},
		{"entry: 2", "entry: \"2\"", 8, "without quotes"},
		{"entry: 2, kind", "kind", 8, "'entry' is expected"},
		{"kind: deposit", "kind: Deposit", 8, "not a kind"},
		{"kind: deposit", "kind: bribe", 8, "not a kind"},
		{"kind: deposit", "kind: ~", 8, "not a kind"},
		{"kind: deposit", "kind: withdraw", 8, "not known in an entry of kind withdraw"},
		{"kind: deposit, ", "", 8, "'kind' is expected"},
		{"amount: 3600", "amount: \"3600\"", 8, "without quotes"},
		{"amount: 3600", "amount: 3600.0", 8, "whole number"},
		{"amount: 3600", "amount: 3.6e3", 8, "whole number"},
		{"amount: 3600", "amount: 3_600", 8, "whole number"},
		{"amount: 3600", "amount: -3600", 8, "amount"},
		{"amount: 3600", "amount: -0", 8, "amount"},
		{"amount: 3600", "amount: 0", 8, "amount"},
		{"amount: 3600", "amount: 9223372036854775808", 8, "amount"},
		{"amount: 3600", "amount: 18446744073709555216", 8, "amount"},
		{"amount: 3600", "amount: 99999999999999999999999999", 8, "amount"},
		{"amount: 3600", "amount: .inf", 8, "amount"},
		{"amount: 3600", "amount: ", 8, "amount"},
		{"amount: 3600", "amount: [3600]", 8, "single value"},
		{"amount: 3600", "amount: {a: 1}", 8, "single value"},
		{"amount: 3600", "amount: 3601", 8, "changed"},
		{"amount: 3600", "amount: 3600, amount: 3600", 8, "'amount' is given twice"},
		{"amount: 3600", "amount: 3600, sum: 1", 8, "'sum' is not known"},
		{"amount: 3600", "amount: 3600, <<: 1", 8, "'<<' is not known"},
		{"amount: 3600", "amount: 3600, to: \"bob\"", 8, "'to' is not known"},
		{"amount: 3600", "amount: 3600, debt: 0", 8, "debt has its default value"},
		{"amount: 3600", "amount: 3600, note: \"\"", 8, "note has its default value"},
		{"amount: 3600", "amount: 3600, note: \"a\\nb\"", 8, "control characters"},
		{"amount: 3600", "amount: 3600, note: \"a\\0b\"", 8, "NUL"},
		{"amount: 3600", "amount: 3600, ref: \"a\"", 8, "together"},
		{"amount: 3600", "amount: 3600, [a]: 1", 8, "key is expected"},
		{", amount: 3600", "", 8, "lacks the key 'amount'"},
		{", account: \"alice\", resource", ", resource", 8, "lacks the key 'account'"},
		{"account: \"alice\", resource", "account: \"Alice\", resource", 8, "lower case"},
		{"account: \"alice\", resource", "account: \"al ice\", resource", 8, "not allowed"},
		{"account: \"alice\", resource", "account: \"carol\", resource", 8,
		 "not in the bank"},
		{"account: \"alice\", resource", "account: &a \"alice\", resource", 8, "anchors"},
		{"account: \"alice\", resource", "account: *a, resource", 8, "aliases"},
		{"account: \"alice\", resource", "account: !!str \"alice\", resource", 8, "tags"},
		{"account: \"alice\", resource", "account: ! \"alice\", resource", 8, "tags"},
		{"journal:\n- {", "journal:\n- &e {", 7, "anchors"},
		{"journal:\n- {", "journal:\n- !e {", 7, "tags"},
		{"journal:\n", "journal:\n- 5\n", 7, "an entry is expected"},
		{"journal:\n", "journal:\n- []\n", 7, "an entry is expected"},
		{"start: \"2026", "start: \"1926", 8, "start"},
		{"start: \"2026-11-22", "start: \"2026-02-30", 8, "start"},
		{"start: \"2026-11-22T17:00:00.000000Z", "start: \"2026-11-22", 8, "start"},
		{"time: \"2026-11-22T17", "time: \"2027-11-22T17", 7, "changed"},
		{"uid: 64030", "uid: -1", 7, "uid"},
		{"uid: 64030", "uid: 4294967296", 7, "uid"},
		{"hash: \"", "hash: \"0", 7, "64 hex digits"},
		{", hash: ", ", hush: ", 7, "'hush' is not known"},
	};
	size_t len;
	char *text = small_export(&len);

	for (size_t i = 0; i < COUNT(cases); i++) {
		char *bad = replaced(text, cases[i].from, cases[i].to), place[32];
		int rc = import(bad, strlen(bad));

		ck_assert_msg(rc == SB_EFORMAT, "'%s' for '%s' gave %d: %s", cases[i].to,
			      cases[i].from, rc, error.text);
		(void)snprintf(place, sizeof(place), "some.yaml:%d:", cases[i].line);
		ck_assert_msg(strncmp(error.text, place, cases[i].line ? strlen(place) : 10) == 0,
			      "'%s' for '%s' is not at %s %s", cases[i].to, cases[i].from, place,
			      error.text);
		ck_assert_msg(strstr(error.text, cases[i].text) != NULL,
			      "'%s' for '%s' does not say '%s': %s", cases[i].to, cases[i].from,
			      cases[i].text, error.text);
		ck_assert(!bank_exists());
		free(bad);
	}
	free(text);
}
END_TEST

/* Each hash digit of the last entry, of the one before, and of the head. */
START_TEST(wrong_hashes_are_refused)
{
	size_t len;
	char *text = small_export(&len);

	for (char *at = text; (at = strstr(at, "hash: \"")) != NULL;) {
		at += 7;
		for (int i = 0; i < 64; i++) {
			char right = at[i];

			at[i] = right == 'a' ? 'b' : 'a';
			FAILS(SB_EFORMAT, "some.yaml:", import(text, len));
			at[i] = right;
		}
	}
	{
		char *at = strstr(text, "head: \"") + 7, right = *at;

		*at = right == 'a' ? 'b' : 'a';
		FAILS(SB_EFORMAT, "head", import(text, len));
		*at = right;
	}
	ck_assert(!bank_exists());
	OK(import(text, len));
	free(text);
}
END_TEST

START_TEST(bytes_that_are_no_yaml_are_refused)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
		{"", 0},
		{"\0", 1},
		{"\n", 1},
		{"---\n", 4},
		{"...\n", 4},
		{"5", 1},
		{"\"", 1},
		{"{", 1},
		{"[", 1},
		{"- a\n", 4},
		{"%YAML 9.9\n---\na", 15},
		{"%TAG ! x\n---\na", 14},
		{"\xff\xfe"
		 "s\0u\0",
		 6},
		{"\xfe\xff\0s\0u", 6},
		{"subank: 1\0\n", 11},
		{"subank: \xff\n", 10},
		{"subank: \xed\xa0\x80\n", 12},
		{"subank: \xc0\xaf\n", 11},
		{"subank: 1\n\tbank: 2\n", 19},
		{"subank: 1\n bank: 2\n", 19},
		{"subank: 1\rbank: \x07\n", 18},
		{"a: &a [*a]\n", 11},
		{"{\"predecessor\": 1, \"results\": []}", 33},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int rc = import(cases[i].text, cases[i].len);

		ck_assert_msg(rc == SB_EFORMAT, "case %zu gave %d: %s", i, rc, error.text);
		ck_assert_msg(strncmp(error.text, "some.yaml:", 10) == 0 && error.text[10] >= '1' &&
				      error.text[10] <= '9',
			      "case %zu has no line: %s", i, error.text);
		ck_assert(!bank_exists());
	}
}
END_TEST

START_TEST(bad_bytes_are_reported_with_their_line)
{
	static const char *const bad[] = {"\xff", "\xc3(", "\xed\xa0\x80", "\x01", "\x7f"};
	size_t len;
	char *text = small_export(&len);

	for (size_t i = 0; i <= COUNT(bad); i++) {
		/* The second entry, on line 8; the last case is a NUL. */
		char *at = strstr(text, "kind: deposit"), kept[8];
		size_t n = i < COUNT(bad) ? strlen(bad[i]) : 1;

		memcpy(kept, at, sizeof(kept));
		memcpy(at, i < COUNT(bad) ? bad[i] : "", n);
		FAILS(SB_EFORMAT, "some.yaml:8:", import(text, len));
		memcpy(at, kept, sizeof(kept));
	}
	free(text);
}
END_TEST

START_TEST(a_byte_order_mark_is_refused)
{
	size_t len;
	char *text = small_export(&len), *marked = malloc(len + 4);

	ck_assert_ptr_nonnull(marked);
	(void)snprintf(marked, len + 4, "\xef\xbb\xbf%s", text);
	FAILS(SB_EFORMAT,
	      "some.yaml:1:1: the file begins with a byte order mark: save it as UTF-8 "
	      "without one",
	      import(marked, len + 3));
	ck_assert(!bank_exists());
	free(marked);
	free(text);
}
END_TEST

START_TEST(a_second_document_is_refused)
{
	static const char *const tails[] = {
		"---\n", "---\nsubank: 1\n", "--- {}\n", "...\n---\na\n",
		"- 5\n", "a: 1\n",	     "}\n",	 "]\n",
		"*x\n"};
	size_t len;
	char *text = small_export(&len);

	for (size_t i = 0; i < COUNT(tails); i++) {
		char *longer = malloc(len + 32);

		ck_assert_ptr_nonnull(longer);
		(void)snprintf(longer, len + 32, "%s%s", text, tails[i]);
		FAILS(SB_EFORMAT, "some.yaml:", import(longer, strlen(longer)));
		ck_assert(!bank_exists());
		free(longer);
	}
	free(text);
}
END_TEST

START_TEST(depth_and_size_are_bounded)
{
	size_t len, size = 200 << 10;
	char *text = small_export(&len), *large = malloc(size), *bad;

	ck_assert_ptr_nonnull(large);
	/* 20 levels. */
	(void)snprintf(large, size, "journal:\n- %s", "[[[[[[[[[[[[[[[[[[[[");
	bad = replaced(text, "journal:\n- ", large);
	FAILS(SB_EFORMAT, "some.yaml:7:", import(bad, strlen(bad)));
	free(bad);
	/* More than a stack may hold. */
	memset(large, '[', size - 1);
	large[size - 1] = '\0';
	FAILS(SB_EFORMAT, "some.yaml:1:", import(large, size - 1));
	/* A text of 100 KiB. */
	(void)snprintf(large, size, "amount: 3600, note: \"%0102400d\"", 0);
	bad = replaced(text, "amount: 3600", large);
	FAILS(SB_EFORMAT, "some.yaml:8:", import(bad, strlen(bad)));
	free(bad);
	/* One byte more than a note may have. */
	(void)snprintf(large, size, "amount: 3600, note: \"%01025d\"", 0);
	bad = replaced(text, "amount: 3600", large);
	FAILS(SB_EFORMAT, "more than 1024 bytes", import(bad, strlen(bad)));
	free(bad);
	ck_assert(!bank_exists());
	free(large);
	free(text);
}
END_TEST

START_TEST(the_reader_limits_depth_and_size)
{
	static const struct {
		const char *open;
		const char *close;
		const char *text;
	} cases[] = {{"[", "]", "deeper than 16"}, {"{a: ", "}", "deeper than 16"}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		for (int depth = YAML_DEPTH_MAX; depth <= YAML_DEPTH_MAX + 4; depth++) {
			FILE *file = tmpfile();
			struct yaml_reader *reader;
			struct yaml_item item = {0};
			int rc;

			ck_assert_ptr_nonnull(file);
			for (int j = 0; j < depth; j++)
				(void)fputs(cases[i].open, file);
			(void)fputs("x", file);
			for (int j = 0; j < depth; j++)
				(void)fputs(cases[i].close, file);
			rewind(file);
			OK(yaml_reader_new(file, "f", &reader, &error));
			do
				rc = yaml_next(reader, &item, &error);
			while (!rc && item.type != YAML_END);
			ck_assert_int_eq(rc, depth > YAML_DEPTH_MAX ? SB_EFORMAT : SB_OK);
			if (rc)
				ck_assert_ptr_nonnull(strstr(error.text, cases[i].text));
			yaml_reader_free(reader);
			(void)fclose(file);
		}
	}
	for (size_t len = YAML_SCALAR_MAX - 1; len <= YAML_SCALAR_MAX + 1; len++) {
		FILE *file = tmpfile();
		struct yaml_reader *reader;
		struct yaml_item item;

		ck_assert_ptr_nonnull(file);
		(void)fprintf(file, "\"%0*d\"", (int)len, 0);
		rewind(file);
		OK(yaml_reader_new(file, "f", &reader, &error));
		if (len > YAML_SCALAR_MAX) {
			FAILS(SB_EFORMAT, "at most", yaml_next(reader, &item, &error));
		} else {
			OK(yaml_next(reader, &item, &error));
			ck_assert_uint_eq(strlen(item.text), len);
		}
		yaml_reader_free(reader);
		(void)fclose(file);
	}
	yaml_reader_free(NULL);
}
END_TEST

START_TEST(numbers_are_plain_decimals)
{
	static const struct {
		const char *text;
		bool plain, good;
		int64_t number;
	} cases[] = {
		{"5", false, false, 0},
		{"", true, false, 0},
		{"-", true, false, 0},
		{"-0", true, false, 0},
		{"00", true, false, 0},
		{"01", true, false, 0},
		{"-01", true, false, 0},
		{"+1", true, false, 0},
		{"1 ", true, false, 0},
		{"1.", true, false, 0},
		{"1e3", true, false, 0},
		{"0x1", true, false, 0},
		{"1_0", true, false, 0},
		{"1:30", true, false, 0},
		{"--1", true, false, 0},
		{"9223372036854775808", true, false, 0},
		{"-9223372036854775809", true, false, 0},
		{"99999999999999999999", true, false, 0},
		{"0", true, true, 0},
		{"-1", true, true, -1},
		{"10", true, true, 10},
		{"9223372036854775807", true, true, INT64_MAX},
		{"-9223372036854775808", true, true, INT64_MIN},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct yaml_item item = {
			.type = YAML_SCALAR, .text = cases[i].text, .plain = cases[i].plain};
		int64_t number = 0;

		ck_assert_msg(yaml_number(&item, &number) == cases[i].good, "'%s'", cases[i].text);
		ck_assert_int_eq(number, cases[i].number);
	}
}
END_TEST

START_TEST(unsigned_numbers_have_no_sign)
{
	static const struct {
		const char *text;
		bool plain, good;
		uint64_t number;
	} cases[] = {
		{"5", false, false, 0},
		{"", true, false, 0},
		{"-0", true, false, 0},
		{"-1", true, false, 0},
		{"+1", true, false, 0},
		{"01", true, false, 0},
		{"1x", true, false, 0},
		{"18446744073709551616", true, false, 0},
		{"184467440737095516150", true, false, 0},
		{"0", true, true, 0},
		{"10", true, true, 10},
		{"9223372036854775808", true, true, (uint64_t)INT64_MAX + 1},
		{"18446744073709551615", true, true, UINT64_MAX},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct yaml_item item = {
			.type = YAML_SCALAR, .text = cases[i].text, .plain = cases[i].plain};
		uint64_t number = 0;

		ck_assert_msg(yaml_unsigned(&item, &number) == cases[i].good, "'%s'",
			      cases[i].text);
		ck_assert_uint_eq(number, cases[i].number);
	}
}
END_TEST

START_TEST(cut_short_at_every_byte_makes_no_bank)
{
	size_t len;
	char *text = small_export(&len);

	for (size_t cut = 0; cut < len; cut++) {
		int rc = import(text, cut);

		/* Without its last newline it is the same file. */
		if (cut == len - 1 && rc == SB_OK)
			break;
		ck_assert_msg(rc == SB_EFORMAT, "%zu of %zu bytes gave %d: %s", cut, len, rc,
			      error.text);
		ck_assert(!bank_exists());
	}
	free(text);
}
END_TEST

static int get_id(struct books *books, void *ctx, struct sb_error *err)
{
	(void)err;
	memcpy(ctx, books_id(books), BANK_ID_SIZE);
	return SB_OK;
}

static int get_machine(struct books *books, void *ctx, struct sb_error *err)
{
	return books_machine(books, ctx, 64, err);
}

START_TEST(a_bad_file_leaves_an_empty_bank_as_it_was)
{
	unsigned char before[BANK_ID_SIZE], after[BANK_ID_SIZE];
	char machine[64];
	size_t len;
	char *text = small_export(&len);
	struct bank *bank;

	util_create();
	bank = util_open(STORE_READ);
	OK(bank_read(bank, T0, get_id, before, &error));
	bank_close(bank);
	for (size_t cut = 0; cut < len - 1; cut += 37) {
		FAILS(SB_EFORMAT, "some.yaml:", import(text, cut));
		bank = util_open(STORE_READ);
		OK(bank_read(bank, T0, get_id, after, &error));
		ck_assert_mem_eq(before, after, BANK_ID_SIZE);
		OK(bank_read(bank, T0, get_machine, machine, &error));
		ck_assert_str_eq(machine, "machine");
		ck_assert_uint_eq(util_head(bank).seq, 0);
		bank_close(bank);
	}
	OK(import(text, len));
	bank = util_open(STORE_READ);
	ck_assert_uint_eq(util_head(bank).seq, 2);
	bank_close(bank);
	free(text);
}
END_TEST

START_TEST(a_bank_with_entries_is_not_imported_over)
{
	size_t len, after_len;
	char *text = small_export(&len), *before, *after;
	struct bank *bank = util_bank();

	util_open_account(bank, T0, "bob");
	before = util_export(bank, &after_len);
	bank_close(bank);
	FAILS(SB_EREFUSED, "not empty", import(text, len));
	bank = util_open(STORE_WRITE);
	after = util_export(bank, &after_len);
	ck_assert_str_eq(before, after);
	util_open_account(bank, T0, "carol");
	bank_close(bank);
	free(before);
	free(after);
	free(text);
}
END_TEST

/* A file that is read slowly: meanwhile another process adds an entry to the bank. */
struct slow {
	const char *text;
	size_t len, at;
	bool entered;
};

static ssize_t read_slowly(void *cookie, char *to, size_t size)
{
	struct slow *slow = cookie;
	size_t len = slow->len - slow->at < size ? slow->len - slow->at : size;

	if (!slow->entered) {
		struct bank *bank = util_open(STORE_WRITE);

		util_open_account(bank, T0 + HOUR, "late");
		bank_close(bank);
	}
	slow->entered = true;
	memcpy(to, slow->text + slow->at, len);
	slow->at += len;
	return (ssize_t)len;
}

static int import_slowly(const char *text, size_t len, struct replacing *replacing)
{
	struct store_options options = util_options();
	struct slow slow = {.text = text, .len = len};
	FILE *file = fopencookie(&slow, "r", (cookie_io_functions_t){.read = read_slowly});
	struct head head;
	int rc;

	ck_assert_ptr_nonnull(file);
	error = (struct sb_error){0};
	rc = import_yaml(&options, &(struct import_from){file, "some.yaml", NULL}, replacing, &head,
			 &error);
	(void)fclose(file);
	ck_assert(slow.entered);
	return rc;
}

static int agree(struct bank *built, void *ctx, struct sb_error *err)
{
	(void)built;
	(void)ctx;
	(void)err;
	return SB_OK;
}

static int count_entries(struct books *books, void *ctx, struct sb_error *err)
{
	(void)err;
	*(uint64_t *)ctx = books_head(books)->seq;
	return SB_OK;
}

static int keep_count(struct bank *old, void *ctx, struct sb_error *err)
{
	return bank_read(old, T0, count_entries, ctx, err);
}

START_TEST(the_bank_can_be_used_while_a_file_is_read)
{
	uint64_t count = 0;
	struct replacing replacing = {.agree = agree, .keep = keep_count, .ctx = &count};
	struct bank *bank;
	size_t len;
	char *text = small_export(&len);

	/* It was empty when the import began. */
	bank_close(util_bank());
	FAILS(SB_EREFUSED, "not empty, it has 1 entries", import_slowly(text, len, NULL));
	bank = util_open(STORE_READ);
	ck_assert_uint_eq(util_head(bank).seq, 1);
	bank_close(bank);
	/* The entry made meanwhile is in the copy. */
	elsewhere();
	bank = util_bank();
	util_open_account(bank, T0, "early");
	bank_close(bank);
	OK(import_slowly(text, len, &replacing));
	ck_assert_uint_eq(count, 2);
	ck_assert(!replacing.damaged);
	bank = util_open(STORE_READ);
	ck_assert_uint_eq(util_head(bank).seq, 2);
	bank_close(bank);
	free(text);
}
END_TEST

START_TEST(an_imported_bank_commands_no_machine)
{
	size_t len;
	char *text = small_export(&len), machine[64] = "x";
	struct bank *bank;

	OK(import(text, len));
	bank = util_open(STORE_READ);
	OK(bank_read(bank, T0, get_machine, machine, &error));
	ck_assert_str_eq(machine, "");
	bank_close(bank);
	free(text);
}
END_TEST

/* Sums that do not fit are reported as faults of the file, with its line. */
START_TEST(entries_whose_sums_do_not_fit_are_refused)
{
	struct bank *bank = util_bank();
	size_t len;
	char *text, *bad;

	util_open_account(bank, T0, "alice");
	util_deposit(bank, T0, "alice", 1000000000000000000);
	util_deposit(bank, T0, "alice", 1000000000000000001);
	text = util_export(bank, &len);
	bank_close(bank);
	elsewhere();
	bad = replaced(text, "1000000000000000000", "9223372036854775807");
	FAILS(SB_EFORMAT, "some.yaml:8:", import(bad, strlen(bad)));
	free(bad);
	bad = replaced(text, "1000000000000000001", "9223372036854775807");
	FAILS(SB_EFORMAT, "some.yaml:9:", import(bad, strlen(bad)));
	ck_assert(!bank_exists());
	free(bad);
	free(text);
}
END_TEST

static void ck_round_trip(struct bank *bank)
{
	size_t len, again_len;
	char *text = util_export(bank, &len), *again;
	struct head head = util_head(bank), after;

	bank_close(bank);
	elsewhere();
	OK(import(text, len));
	bank = util_open(STORE_WRITE);
	ck_assert_msg(util_verify(bank) == 0, "%s", util_problem);
	again = util_export(bank, &again_len);
	ck_assert_uint_eq(len, again_len);
	ck_assert_mem_eq(text, again, len);
	after = util_head(bank);
	ck_assert_uint_eq(head.seq, after.seq);
	ck_assert_int_eq(head.time, after.time);
	ck_assert_mem_eq(head.hash, after.hash, HASH_SIZE);
	/* New entries follow. */
	util_open_account(bank, after.time + HOUR, "one-more");
	ck_assert_int_eq(util_verify(bank), 0);
	bank_close(bank);
	free(text);
	free(again);
}

START_TEST(an_empty_bank_comes_back)
{
	ck_round_trip(util_bank());
}
END_TEST

START_TEST(a_bank_of_all_kinds_comes_back_to_the_byte)
{
	struct bank *bank = util_bank();

	util_fill_more(bank, util_fill(bank));
	ck_round_trip(bank);
}
END_TEST

/* Texts that YAML could take for other types. */
START_TEST(texts_that_resemble_other_types_come_back)
{
	static const char *const accounts[] = {"no", "1e3", "010", "null", "true", "0x1f", "1.5",
					       "y",  "_",   ".",   "..",   ".inf", "12",   "a-"};
	static const char *const notes[] = {
		"no",
		"~",
		"null",
		"010",
		"1e3",
		"0x1f",
		"12:30",
		"12:30:00",
		"2026-11-22",
		"\"",
		"\\",
		"\\n",
		"\\x00",
		"'",
		"''",
		"#",
		" # x",
		"a: b",
		": ",
		"- a",
		"? a",
		"&a",
		"*a",
		"!a",
		"%a",
		"@a",
		"`a`",
		"{a: 1}",
		"[a]",
		",",
		"|",
		">",
		"---",
		"...",
		"=",
		"<<",
		" ",
		"  lead and trail  ",
		"S\xc3\xbc\xc3\x9f",
		"\xe2\x82\xac",
		"\xf0\x9f\x98\x80",
		"\xc2\xa0",
		"\xef\xbf\xbd",
		"\xe3\x80\x80",
		"<script>",
		"$(id)",
		"%s%n",
		"\xe2\x80\x8b",
		"\xf4\x8f\xbf\xbd",
		"\xcc\x81",
	};
	static const char *const fillers[] = {"x",  "\"", "\\", " ", "\xc3\xa9", "\xf0\x9f\x98\x80",
					      ": ", "# "};
	struct bank *bank = util_bank();
	char note[EVENT_NOTE_MAX + 1];

	for (size_t i = 0; i < COUNT(accounts); i++)
		util_open_account(bank, T0, accounts[i]);
	for (size_t i = 0; i < COUNT(notes) + COUNT(fillers); i++) {
		const char *text = note;
		char ref[32];

		if (i < COUNT(notes)) {
			text = notes[i];
		} else {
			const char *filler = fillers[i - COUNT(notes)];

			note[0] = '\0';
			for (size_t n = 0; n + strlen(filler) <= EVENT_NOTE_MAX;
			     n += strlen(filler))
				memcpy(note + n, filler, strlen(filler) + 1);
		}
		(void)snprintf(ref, sizeof(ref), "ref:%zu", i);
		util_append(bank, T0,
			    &(struct event){.kind = EVENT_DEPOSIT,
					    .account = "no",
					    .resource = RESOURCE_BILLING,
					    .amount = 1,
					    .start = 0,
					    .end = i % 2 ? WHEN_NEVER : WHEN_MAX,
					    .ref = ref,
					    .request = text,
					    .note = text});
	}
	ck_round_trip(bank);
}
END_TEST

enum { MANY = 10500 };

static int append_many(struct books *books, void *ctx, struct sb_error *err)
{
	struct event open = {.kind = EVENT_OPEN, .account = "alice"};
	int rc = books_append(books, &open, err);

	(void)ctx;
	for (int i = 0; i < MANY && !rc; i++) {
		struct event event = {.kind = i % 2 ? EVENT_RELEASE : EVENT_HOLD,
				      .account = "alice",
				      .cause = CAUSE_HAND};

		rc = books_append(books, &event, err);
	}
	return rc;
}

/* More than one transaction of the import holds, and much more than the map at first. */
START_TEST(a_bank_of_many_entries_comes_back)
{
	struct bank *bank = util_bank();

	OK(bank_write(bank, T0, append_many, NULL, &error));
	ck_assert_uint_eq(util_head(bank).seq, MANY + 1);
	ck_round_trip(bank);
}
END_TEST

/* A changed byte must not change the books. If the file is still accepted, the byte was a blank, a
 * quote or part of a comment. */
START_TEST(a_changed_byte_is_refused_or_changes_nothing)
{
	size_t len, taken = 0, refused = 0;
	char *text = small_export(&len);

	for (size_t i = 0; i < len; i++) {
		static const unsigned char masks[] = {0x01, 0x02, 0x04, 0x08, 0x20, 0x80, 0x2a};

		for (size_t j = 0; j < COUNT(masks); j++) {
			char right = text[i], *again;
			struct bank *bank;
			size_t again_len;

			text[i] = (char)(text[i] ^ masks[j]);
			if (import(text, len) != SB_OK) {
				ck_assert_msg(error.code == SB_EFORMAT, "byte %zu: %s", i,
					      error.text);
				text[i] = right;
				refused++;
				continue;
			}
			taken++;
			text[i] = right;
			bank = util_open(STORE_READ);
			again = util_export(bank, &again_len);
			bank_close(bank);
			ck_assert_msg(again_len == len && memcmp(again, text, len) == 0,
				      "byte %zu, '%c', changed by 0x%02x", i, right, masks[j]);
			free(again);
			elsewhere();
		}
	}
	printf("%zu changed files were refused, %zu were the same to the books\n", refused, taken);
	ck_assert_uint_gt(refused, 20 * taken);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("yaml");
	TCase *bad = tcase_create("bad files"), *good = tcase_create("round trips");

	tcase_set_timeout(bad, TEST_TIMEOUT);
	tcase_set_timeout(good, TEST_TIMEOUT);
	tcase_add_checked_fixture(bad, util_setup_in_memory, util_teardown);
	tcase_add_checked_fixture(good, util_setup, util_teardown);
	tcase_add_test(bad, bytes_that_are_no_yaml_are_refused);
	tcase_add_test(bad, bad_bytes_are_reported_with_their_line);
	tcase_add_test(bad, a_byte_order_mark_is_refused);
	tcase_add_test(bad, a_second_document_is_refused);
	tcase_add_test(bad, depth_and_size_are_bounded);
	tcase_add_test(bad, the_reader_limits_depth_and_size);
	tcase_add_test(bad, numbers_are_plain_decimals);
	tcase_add_test(bad, unsigned_numbers_have_no_sign);
	tcase_add_test(bad, bad_content_is_refused);
	tcase_add_test(bad, wrong_hashes_are_refused);
	tcase_add_test(bad, entries_whose_sums_do_not_fit_are_refused);
	tcase_add_test(bad, cut_short_at_every_byte_makes_no_bank);
	tcase_add_test(bad, a_changed_byte_is_refused_or_changes_nothing);
	tcase_add_test(bad, a_bad_file_leaves_an_empty_bank_as_it_was);
	tcase_add_test(bad, a_bank_with_entries_is_not_imported_over);
	tcase_add_test(good, the_bank_can_be_used_while_a_file_is_read);
	tcase_add_test(good, an_imported_bank_commands_no_machine);
	tcase_add_test(good, an_empty_bank_comes_back);
	tcase_add_test(good, a_bank_of_all_kinds_comes_back_to_the_byte);
	tcase_add_test(good, texts_that_resemble_other_types_come_back);
	tcase_add_test(good, a_bank_of_many_entries_comes_back);
	suite_add_tcase(suite, bad);
	suite_add_tcase(suite, good);
	return util_run(suite);
}
