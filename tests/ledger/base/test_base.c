/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers, lists with commas, and arrays. */
#include "ledger/base/array.h"
#include "ledger/base/comma.h"
#include "ledger/base/error.h"
#include "ledger/base/number.h"
#include "tests/util.h"

/* ---- numbers ---- */

START_TEST(what_is_no_number_is_refused)
{
	static const char *const texts[] = {"",	   " ",	  "-",	 "+",	"+1",	   " 1",
					    "1 ",  "1\n", "0x1", "1e3", "1.0",	   "1,0",
					    "--1", "-",	  "a",	 "1a",	"\xd9\xa1"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		size_t len = strlen(texts[i]);
		uint64_t number = 7;
		int64_t value = 7;

		ck_assert_msg(!number_parse(texts[i], INT64_MIN, INT64_MAX, &value), "%s",
			      texts[i]);
		ck_assert_msg(!number_slice(texts[i], len, INT64_MIN, INT64_MAX, &value), "%s",
			      texts[i]);
		ck_assert_msg(!number_unsigned(texts[i], len, &number), "%s", texts[i]);
		ck_assert_int_eq(value, 7);
		ck_assert_uint_eq(number, 7);
	}
}
END_TEST

START_TEST(what_is_too_large_is_refused)
{
	static const char *const texts[] = {"9223372036854775808",  "18446744073709551615",
					    "18446744073709551616", "18446744073709551620",
					    "99999999999999999999", "-9223372036854775809",
					    "-18446744073709551616"};
	uint64_t number = 7;
	int64_t value = 7;

	for (size_t i = 0; i < COUNT(texts); i++)
		ck_assert_msg(!number_parse(texts[i], INT64_MIN, INT64_MAX, &value), "%s",
			      texts[i]);
	ck_assert_int_eq(value, 7);
	ck_assert(!number_unsigned("18446744073709551616", 20, &number));
	ck_assert(!number_unsigned("18446744073709551620", 20, &number));
	ck_assert(!number_unsigned("100000000000000000000", 21, &number));
	ck_assert_uint_eq(number, 7);
}
END_TEST

START_TEST(a_number_outside_the_range_is_refused)
{
	int64_t value = 7;

	ck_assert(!number_parse("-1", 0, 10, &value));
	ck_assert(!number_parse("-0", 0, 10, &value));
	ck_assert(!number_parse("11", 0, 10, &value));
	ck_assert(!number_parse("0", 1, 10, &value));
	ck_assert(!number_parse("-3", -2, 2, &value));
	ck_assert(!number_parse("3", -2, 2, &value));
	ck_assert(!number_parse("-1", -3, -2, &value));
	ck_assert_ptr_null(number_prefix("11%", 0, 10, &value));
	ck_assert_int_eq(value, 7);
}
END_TEST

START_TEST(a_number_within_the_range_is_read)
{
	static const struct {
		const char *text;
		int64_t min, max, value;
	} cases[] = {
		{"0", 0, 10, 0},
		{"10", 0, 10, 10},
		{"0000000000000000000000010", 0, 10, 10},
		{"-0", -2, 2, 0},
		{"-2", -2, 2, -2},
		{"2", -2, 2, 2},
		{"9223372036854775807", 0, INT64_MAX, INT64_MAX},
		{"-9223372036854775808", INT64_MIN, 0, INT64_MIN},
		{"-9223372036854775807", INT64_MIN, 0, -INT64_MAX},
	};
	uint64_t number;
	int64_t value;

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert(number_parse(cases[i].text, cases[i].min, cases[i].max, &value));
		ck_assert_int_eq(value, cases[i].value);
	}
	ck_assert(number_unsigned("18446744073709551615", 20, &number));
	ck_assert_uint_eq(number, UINT64_MAX);
	ck_assert(number_unsigned("0", 1, &number));
	ck_assert_uint_eq(number, 0);
}
END_TEST

START_TEST(a_number_is_printed_as_it_is_read)
{
	static const int64_t numbers[] = {0,	 7,	    10,	       -1,	-10,
					  12345, INT64_MAX, INT64_MIN, 1 << 30, -INT64_MAX};
	char text[NUMBER_TEXT_SIZE];
	int64_t value;

	for (size_t i = 0; i < COUNT(numbers); i++) {
		ck_assert_ptr_eq(number_print(text, numbers[i]), text + strlen(text));
		ck_assert(number_parse(text, INT64_MIN, INT64_MAX, &value));
		ck_assert_int_eq(value, numbers[i]);
	}
	ck_assert_str_eq((number_print(text, -120), text), "-120");
}
END_TEST

START_TEST(a_slice_ends_at_its_length)
{
	static const char unended[] = {'4', '2'};
	uint64_t number = 7;
	int64_t value = 7;

	ck_assert(!number_slice("12", 0, 0, 99, &value));
	ck_assert(!number_slice("-1", 1, -9, 9, &value));
	ck_assert(!number_slice("1\0002", 3, 0, 99, &value));
	ck_assert(!number_slice("12", 3, 0, 99, &value));
	ck_assert(!number_slice("1,2", 3, 0, 99, &value));
	ck_assert(!number_unsigned("12", 3, &number));
	ck_assert(!number_unsigned("12", 0, &number));
	ck_assert_int_eq(value, 7);
	ck_assert_uint_eq(number, 7);

	ck_assert(number_slice("12:34", 2, 0, 99, &value));
	ck_assert_int_eq(value, 12);
	ck_assert(number_slice(unended, sizeof(unended), 0, 99, &value));
	ck_assert_int_eq(value, 42);
	ck_assert(number_unsigned(unended, sizeof(unended), &number));
	ck_assert_uint_eq(number, 42);
}
END_TEST

START_TEST(a_prefix_ends_behind_its_digits)
{
	int64_t value = 7;

	ck_assert_ptr_null(number_prefix("", 0, 99, &value));
	ck_assert_ptr_null(number_prefix("%", 0, 99, &value));
	ck_assert_ptr_null(number_prefix("-5", 0, 99, &value));
	ck_assert_int_eq(value, 7);
	ck_assert_str_eq(number_prefix("50%", 0, 99, &value), "%");
	ck_assert_int_eq(value, 50);
	ck_assert_str_eq(number_prefix("-5-6", -9, 9, &value), "-6");
	ck_assert_int_eq(value, -5);
	ck_assert_str_eq(number_prefix("99", 0, 99, &value), "");
	ck_assert_int_eq(value, 99);
}
END_TEST

/* ---- lists with commas ---- */

struct heard {
	char text[64];
	const char *stop_at;
};

static int hear(void *ctx, const char *item, struct sb_error *err)
{
	struct heard *heard = ctx;
	size_t len = strlen(heard->text);

	if (heard->stop_at && strcmp(item, heard->stop_at) == 0)
		return sb_error_set(err, SB_EINVAL, "stopped at '%s'", item);
	(void)snprintf(heard->text + len, sizeof(heard->text) - len, "<%s>", item);
	return SB_OK;
}

START_TEST(the_first_refused_item_ends_a_list)
{
	struct heard heard = {.stop_at = "b"};

	FAILS(SB_EINVAL, "stopped at 'b'", comma_each("a,b,c", hear, &heard, &error));
	ck_assert_str_eq(heard.text, "<a>");
}
END_TEST

START_TEST(every_comma_separates_two_items)
{
	static const struct {
		const char *list, *items;
	} cases[] = {
		{"", "<>"},
		{",", "<><>"},
		{"a", "<a>"},
		{"a,", "<a><>"},
		{",a", "<><a>"},
		{"a,,b", "<a><><b>"},
		{"a,a", "<a><a>"},
		{" a, b ", "< a>< b >"},
		{"cpu=1,gres/gpu=2", "<cpu=1><gres/gpu=2>"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct heard heard = {0}, next = {0};
		const char *item;
		size_t len, at = 0;

		OK(comma_each(cases[i].list, hear, &heard, &error));
		ck_assert_str_eq(heard.text, cases[i].items);
		for (const char *rest = cases[i].list; comma_next(&rest, &item, &len);)
			at += (size_t)snprintf(next.text + at, sizeof(next.text) - at, "<%.*s>",
					       (int)len, item);
		ck_assert_str_eq(next.text, cases[i].items);
	}
}
END_TEST

/* ---- arrays ---- */

struct thing {
	int64_t key;
	char name[16];
};

static int by_key(const void *a, const void *b)
{
	const struct thing *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static int by_name(const void *key, const void *item)
{
	const struct thing *thing = item;

	return strcmp(key, thing->name);
}

START_TEST(an_array_past_all_memory_does_not_grow)
{
	static const size_t powers[] = {SIZE_MAX / 2 + 1, SIZE_MAX / 4 + 1, SIZE_MAX / 32 + 1,
					SIZE_MAX / 64 + 1, SIZE_MAX};
	struct thing *list = NULL;
	char *bytes = NULL;
	size_t count = SIZE_MAX / 2 + 1;

	ck_assert_ptr_null(array_add(bytes, count));
	for (size_t i = 0; i < COUNT(powers); i++) {
		count = powers[i];
		ck_assert_ptr_null(array_add(list, count));
		ck_assert_uint_eq(count, powers[i]);
		ck_assert_ptr_null(list);
	}
	ck_assert_uint_eq(array_room(SIZE_MAX), SIZE_MAX);
	ck_assert_uint_eq(array_room(SIZE_MAX / 2 + 2), SIZE_MAX);
}
END_TEST

START_TEST(room_is_a_power_of_two)
{
	ck_assert_uint_eq(array_room(0), 1);
	ck_assert_uint_eq(array_room(1), 1);
	ck_assert_uint_eq(array_room(2), 2);
	ck_assert_uint_eq(array_room(3), 4);
	ck_assert_uint_eq(array_room(4), 4);
	ck_assert_uint_eq(array_room(5), 8);
	ck_assert_uint_eq(array_room(SIZE_MAX / 2 + 1), SIZE_MAX / 2 + 1);
}
END_TEST

START_TEST(an_empty_array_has_nothing)
{
	struct thing *list = NULL, key = {.key = 1};
	size_t count = 0, at = 7;

	ck_assert(!array_search(list, count, &key, by_key, &at));
	ck_assert_uint_eq(at, 0);
	ck_assert_ptr_null(array_find(list, count, &key, by_key));
	array_sort(list, count, by_key);
	array_unique(list, count, by_key);
	ck_assert_uint_eq(count, 0);
}
END_TEST

/* Valgrind and the sanitizers watch the ends of the array. */
START_TEST(an_array_grows_by_zeroed_items)
{
	struct thing *list = NULL;
	size_t count = 0;

	for (int64_t i = 0; i < 1000; i++) {
		struct thing *thing = array_add(list, count);

		ck_assert_ptr_eq(thing, &list[i]);
		ck_assert_uint_eq(count, (size_t)i + 1);
		ck_assert_int_eq(thing->key, 0);
		ck_assert_str_eq(thing->name, "");
		*thing = (struct thing){.key = i, .name = "full"};
	}
	for (int64_t i = 0; i < 1000; i++)
		ck_assert_int_eq(list[i].key, i);
	free(list);
}
END_TEST

START_TEST(a_count_may_fall_at_any_time)
{
	struct thing *list = NULL;
	size_t count = 0;

	for (size_t most = 0; most < 70; most++) {
		for (size_t least = 0; least <= most; least++) {
			while (count < most)
				array_add(list, count)->key = 1;
			count = least;
			for (size_t i = 0; i < 3; i++) {
				struct thing *thing = array_add(list, count);

				ck_assert_int_eq(thing->key, 0);
				memset(thing, 0xff, sizeof(*thing));
			}
			count = 0;
		}
	}
	free(list);
}
END_TEST

START_TEST(an_array_of_room_from_elsewhere_grows)
{
	for (size_t had = 0; had < 20; had++) {
		struct thing *list = calloc(array_room(had), sizeof(*list));
		size_t count = had;

		for (size_t i = 0; i < 20; i++)
			ck_assert_ptr_nonnull(array_add(list, count));
		free(list);
	}
}
END_TEST

START_TEST(items_are_inserted_in_order)
{
	uint64_t seed = 1;
	struct thing *list = NULL;
	size_t count = 0;

	for (int i = 0; i < 500; i++) {
		struct thing key = {.key = util_below(&seed, 200)};
		size_t at, before = count;

		if (array_search(list, count, &key, by_key, &at)) {
			ck_assert_int_eq(list[at].key, key.key);
			ck_assert_ptr_eq(array_find(list, count, &key, by_key), &list[at]);
			continue;
		}
		ck_assert_ptr_null(array_find(list, count, &key, by_key));
		ck_assert(at == count || list[at].key > key.key);
		ck_assert(at == 0 || list[at - 1].key < key.key);
		ck_assert_ptr_eq(array_insert(list, count, at), &list[at]);
		ck_assert_int_eq(list[at].key, 0);
		ck_assert_uint_eq(count, before + 1);
		list[at].key = key.key;
	}
	for (size_t i = 1; i < count; i++)
		ck_assert_int_lt(list[i - 1].key, list[i].key);
	free(list);
}
END_TEST

START_TEST(a_key_need_not_be_an_item)
{
	const struct thing list[] = {{1, "a"}, {2, "b"}, {3, "b"}, {4, "b"}, {5, "d"}};
	size_t at;

	ck_assert(!array_search(list, COUNT(list), "", by_name, &at));
	ck_assert_uint_eq(at, 0);
	ck_assert(!array_search(list, COUNT(list), "c", by_name, &at));
	ck_assert_uint_eq(at, 4);
	ck_assert(!array_search(list, COUNT(list), "e", by_name, &at));
	ck_assert_uint_eq(at, 5);
	ck_assert(array_search(list, COUNT(list), "a", by_name, &at));
	ck_assert_uint_eq(at, 0);
	ck_assert(array_search(list, COUNT(list), "d", by_name, &at));
	ck_assert_uint_eq(at, 4);
	ck_assert(array_search(list, COUNT(list), "b", by_name, &at));
	ck_assert_str_eq(list[at].name, "b");
	ck_assert_ptr_null(array_find(list, COUNT(list), "c", by_name));
	ck_assert_str_eq(array_find(list, COUNT(list), "b", by_name)->name, "b");
}
END_TEST

START_TEST(one_of_each_is_kept)
{
	static const int64_t keys[][6] = {
		{1, 1, 1, 1, 1, 1},
		{1, 2, 3, 4, 5, 6},
		{6, 5, 4, 4, 5, 6},
		{2, 1, 2, 1, 2, 3},
	};
	static const size_t counts[] = {1, 6, 3, 3};
	struct thing list[6] = {{0}};

	for (size_t i = 0; i < COUNT(keys); i++) {
		size_t count = COUNT(list);

		for (size_t j = 0; j < COUNT(list); j++)
			list[j] = (struct thing){.key = keys[i][j]};
		array_unique(list, count, by_key);
		ck_assert_uint_eq(count, counts[i]);
		for (size_t j = 1; j < count; j++)
			ck_assert_int_lt(list[j - 1].key, list[j].key);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base");
	TCase *number = tcase_create("number"), *comma = tcase_create("comma"),
	      *array = tcase_create("array");

	tcase_add_test(number, what_is_no_number_is_refused);
	tcase_add_test(number, what_is_too_large_is_refused);
	tcase_add_test(number, a_number_outside_the_range_is_refused);
	tcase_add_test(number, a_number_within_the_range_is_read);
	tcase_add_test(number, a_number_is_printed_as_it_is_read);
	tcase_add_test(number, a_slice_ends_at_its_length);
	tcase_add_test(number, a_prefix_ends_behind_its_digits);
	suite_add_tcase(suite, number);
	tcase_add_test(comma, the_first_refused_item_ends_a_list);
	tcase_add_test(comma, every_comma_separates_two_items);
	suite_add_tcase(suite, comma);
	tcase_add_test(array, an_array_past_all_memory_does_not_grow);
	tcase_add_test(array, room_is_a_power_of_two);
	tcase_add_test(array, an_empty_array_has_nothing);
	tcase_add_test(array, an_array_grows_by_zeroed_items);
	tcase_add_test(array, a_count_may_fall_at_any_time);
	tcase_add_test(array, an_array_of_room_from_elsewhere_grows);
	tcase_add_test(array, items_are_inserted_in_order);
	tcase_add_test(array, a_key_need_not_be_an_item);
	tcase_add_test(array, one_of_each_is_kept);
	suite_add_tcase(suite, array);
	return util_run(suite);
}
