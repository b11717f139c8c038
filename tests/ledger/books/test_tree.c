/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tree of a cluster's accounts, stored and searched. */
#include "ledger/books/tree.h"
#include "tests/util.h"

/* Encodes pairs as tree_encode() does. The caller calls bytes_release(). */
static struct bytes encoded(const char *const *texts, size_t count)
{
	struct bytes bytes = {0};

	for (size_t i = 0; i < count; i++)
		bytes_put_text(&bytes, texts[i]);
	ck_assert(!bytes.failed);
	return bytes;
}

static struct tree decoded(const void *data, size_t len)
{
	struct tree tree = {0};

	OK(tree_decode((struct slice){data, len}, &tree, &error));
	return tree;
}

/* Stored trees may be lost, so a malformed one is empty. */
START_TEST(what_is_malformed_is_empty)
{
	static const char *const unsorted[] = {"b", "root", "a", "root"},
				 *const twice[] = {"a", "root", "a", "b"},
				 *const odd[] = {"a", "root", "b"};
	static const struct {
		const char *const *texts;
		size_t count;
	} cases[] = {{unsorted, 4}, {twice, 4}, {odd, 3}};
	static const char cut[] = {'a', '\0', 'r', 'o'};
	char longest[2 * NAME_SIZE];
	struct tree tree;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bytes bytes = encoded(cases[i].texts, cases[i].count);

		tree = decoded(bytes.data, bytes.len);
		ck_assert_msg(tree.count == 0, "case %zu", i);
		ck_assert_ptr_null(tree_parent(&tree, "a"));
		tree_release(&tree);
		bytes_release(&bytes);
	}
	tree = decoded(cut, sizeof(cut));
	ck_assert_uint_eq(tree.count, 0);
	tree_release(&tree);
	memset(longest, 'a', sizeof(longest));
	longest[NAME_SIZE] = longest[NAME_SIZE + 2] = '\0';
	tree = decoded(longest, NAME_SIZE + 3);
	ck_assert_uint_eq(tree.count, 0);
	tree_release(&tree);
	tree = decoded("", 0);
	ck_assert_uint_eq(tree.count, 0);
	tree_release(&tree);
	tree_release(&tree);
}
END_TEST

START_TEST(what_was_written_is_read_again)
{
	static const char *const texts[] = {"a", "root", "b", "a", "root", ""};
	struct bytes bytes = encoded(texts, COUNT(texts)), again = {0};
	struct tree tree = decoded(bytes.data, bytes.len), empty = {0}, other;

	ck_assert_uint_eq(tree.count, 3);
	ck_assert_str_eq(tree_parent(&tree, "a"), "root");
	ck_assert_str_eq(tree_parent(&tree, "b"), "a");
	ck_assert_str_eq(tree_parent(&tree, "root"), "");
	ck_assert_ptr_null(tree_parent(&tree, "aa"));
	ck_assert_ptr_null(tree_parent(&tree, ""));
	ck_assert_ptr_null(tree_parent(&tree, "z"));
	ck_assert_ptr_null(tree_parent(&empty, "a"));
	tree_encode(&tree, &again);
	ck_assert_uint_eq(again.len, bytes.len);
	ck_assert_int_eq(memcmp(again.data, bytes.data, bytes.len), 0);

	other = decoded(again.data, again.len);
	ck_assert(tree_same(&tree, &other));
	ck_assert(!tree_same(&tree, &empty));
	other.list[1].parent = "root";
	ck_assert(!tree_same(&tree, &other));
	other.list[1] = (struct kin){"c", "a"};
	ck_assert(!tree_same(&tree, &other));
	other.count = 1;
	ck_assert(!tree_same(&tree, &other));
	ck_assert(tree_same(&empty, &empty));
	tree_release(&tree);
	tree_release(&other);
	bytes_release(&bytes);
	bytes_release(&again);
}
END_TEST

START_TEST(accounts_above_others_are_found)
{
	static const char *const texts[] = {"a", "root", "b",	 "a",	 "c",
					    "b", "d",	 "root", "root", ""};
	struct bytes bytes = encoded(texts, COUNT(texts));
	struct tree tree = decoded(bytes.data, bytes.len);

	ck_assert(tree_above(&tree, "b", "c"));
	ck_assert(tree_above(&tree, "a", "c"));
	ck_assert(tree_above(&tree, "root", "c"));
	ck_assert(!tree_above(&tree, "c", "c"));
	ck_assert(!tree_above(&tree, "c", "a"));
	ck_assert(!tree_above(&tree, "d", "c"));
	ck_assert(!tree_above(&tree, "a", "root"));
	ck_assert(!tree_above(&tree, "", "c"));
	ck_assert(!tree_above(&tree, "a", "nobody"));
	ck_assert(!tree_above(&tree, "nobody", "a"));
	tree_release(&tree);
	bytes_release(&bytes);
}
END_TEST

START_TEST(a_circle_and_a_parent_that_is_not_there_end)
{
	static const char *const texts[] = {"a", "b", "b", "c", "c", "a", "d", "gone"};
	struct bytes bytes = encoded(texts, COUNT(texts));
	struct tree tree = decoded(bytes.data, bytes.len);

	ck_assert(!tree_above(&tree, "root", "a"));
	ck_assert(tree_above(&tree, "a", "a"));
	ck_assert(tree_above(&tree, "gone", "d"));
	ck_assert(!tree_above(&tree, "root", "d"));
	tree_release(&tree);
	bytes_release(&bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tree");
	TCase *tcase = tcase_create("tree");

	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_test(tcase, what_is_malformed_is_empty);
	tcase_add_test(tcase, a_circle_and_a_parent_that_is_not_there_end);
	tcase_add_test(tcase, what_was_written_is_read_again);
	tcase_add_test(tcase, accounts_above_others_are_found);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
