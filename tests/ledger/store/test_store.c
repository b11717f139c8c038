/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors of the store when its library or the system fails. */
#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/util.h"

/* Replacements: the first two for LMDB, the third for the store. */
ssize_t pwrite(int fd, const void *data, size_t len, off_t at);
ssize_t writev(int fd, const struct iovec *parts, int count);
char *mdb_version(int *major, int *minor, int *patch);

enum { NEVER, PAGES, ROOT, ROOT_FOR_GOOD };

static int full; /* where the disk is full */
static int library = 9;

/* Recognises a root: LMDB writes only the part that changes, not the whole page. */
static bool is_root(off_t at)
{
	return at < 2 * sysconf(_SC_PAGESIZE) && at % sysconf(_SC_PAGESIZE) != 0;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
	static bool written;

	if (is_root(at) ? full == ROOT : full == PAGES && len == (size_t)sysconf(_SC_PAGESIZE)) {
		full = NEVER;
		errno = ENOSPC;
		return -1;
	}
	/* Writes the root, reports failure, and refuses to restore it. */
	if (is_root(at) && full == ROOT_FOR_GOOD) {
		if (!written)
			(void)syscall(SYS_pwrite64, fd, data, len, at);
		written = true;
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, data, len, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	if (full != PAGES)
		return syscall(SYS_writev, fd, parts, count);
	full = NEVER;
	errno = ENOSPC;
	return -1;
}

char *mdb_version(int *major, int *minor, int *patch)
{
	static char text[] = "LMDB of the test";

	if (major)
		*major = library >= 10;
	if (minor)
		*minor = library % 10;
	if (patch)
		*patch = 0;
	return text;
}

START_TEST(another_library_is_refused)
{
	struct store_options options = util_options();
	struct bank *bank = util_bank();

	bank_close(bank);
	for (library = 8; library <= 10; library += 2) {
		FAILS(SB_ESYSTEM, "needs the library of LMDB 0.9 and found LMDB of the test",
		      bank_open(&options, STORE_READ, NULL, &bank, &error));
		FAILS(SB_ESYSTEM, "needs the library", bank_create(&options, "m", &error));
	}
	library = 9;
	bank_close(util_open(STORE_WRITE));
}
END_TEST

static int append_open(struct books *books, void *ctx, struct sb_error *err)
{
	struct event event = {.kind = EVENT_OPEN, .account = "alice"};

	(void)ctx;
	return books_append(books, &event, err);
}

/* Commits with the disk full at [where]. Returns the count of entries afterwards. */
static uint64_t commit_on_a_full_disk(int where, int code, const char *part)
{
	struct bank *bank = util_bank();
	uint64_t entries;

	full = where;
	FAILS(code, part, bank_write(bank, T0, append_open, NULL, &error));
	ck_assert_int_eq(full, where == ROOT_FOR_GOOD ? where : NEVER);
	full = NEVER;
	bank_close(bank);
	bank = util_open(STORE_READ);
	entries = util_head(bank).seq;
	ck_assert_msg(util_verify(bank) == 0, "%s", util_problem);
	bank_close(bank);
	return entries;
}

START_TEST(a_full_disk_changes_nothing)
{
	ck_assert_uint_eq(commit_on_a_full_disk(PAGES, SB_ESYSTEM, "the disk is full; nothing was"),
			  0);
}
END_TEST

/* Overwriting needs room on some file systems. */
START_TEST(a_disk_full_at_the_root_leaves_the_outcome_unknown)
{
	ck_assert_uint_eq(commit_on_a_full_disk(ROOT, SB_EUNKNOWN, "is not known"), 0);
}
END_TEST

START_TEST(a_disk_full_at_the_root_may_have_taken_it)
{
	ck_assert_uint_eq(commit_on_a_full_disk(ROOT_FOR_GOOD, SB_EUNKNOWN, "is not known"), 1);
}
END_TEST

/* All resources must be acquired before the rename. */
START_TEST(new_books_are_not_put_in_place_without_descriptors)
{
	struct store_options options = util_options();
	struct rlimit limit, none;
	struct bank *bank = util_bank();
	struct store *store;
	struct head head;

	util_open_account(bank, T0, "alice");
	head = util_head(bank);
	bank_close(bank);
	OK(store_build(&options, &store, &error));
	OK(store_take_over(store, &error));
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){3, limit.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	FAILS(SB_ESYSTEM, "raise the limit of open files", store_install(store, NULL, &error));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	bank = util_open(STORE_READ);
	ck_head(bank, &head);
	bank_close(bank);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *tcase = tcase_create("store");

	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_checked_fixture(tcase, util_setup, util_teardown);
	tcase_add_test(tcase, another_library_is_refused);
	tcase_add_test(tcase, a_full_disk_changes_nothing);
	tcase_add_test(tcase, a_disk_full_at_the_root_leaves_the_outcome_unknown);
	tcase_add_test(tcase, a_disk_full_at_the_root_may_have_taken_it);
	tcase_add_test(tcase, new_books_are_not_put_in_place_without_descriptors);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
