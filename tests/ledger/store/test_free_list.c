/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LMDB overwrites the pages on its list of free pages. A list that is damaged or contains a cycle
 * must make a write fail, and leave the books readable. */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/store/form.h"
#include "tests/util.h"

/* A time after all entries. */
#define LATER ((int64_t)4000000000 * WHEN_SECOND)

enum { ACCOUNTS = 400, WRITES = 120 };

/* The exit status of a child that found damage; after a failed assertion Check exits with 1. */
enum { FOUND = 3 };

/* The sound data file, and the place of its list of free pages. */
static char *data;
static size_t size, page_size, newest, list, leaves;
static int data_fd;

/* The contents of the books. */
static uint64_t entries;
static int64_t available;

static int set_readings(struct books *books, void *ctx, struct sb_error *err)
{
	const struct reading reading = {.usage = 1, .time = WHEN_SECOND, .running = -1};
	const int *step = ctx;
	int rc = SB_OK;

	for (int i = 0; i < ACCOUNTS && !rc; i += *step) {
		char account[16];

		(void)snprintf(account, sizeof(account), "a%d", i);
		rc = books_set_reading(books, "dev", account, &reading, err);
	}
	return rc;
}

static int write_once(struct bank *bank, int step)
{
	return bank_write(bank, LATER, set_readings, &step, &error);
}

/* While a reader is active, no page becomes reusable, and each write makes the list longer. */
static int write_often(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	int rc = SB_OK;

	(void)txn;
	(void)err;
	for (int i = 0; i < WRITES && !rc; i++)
		rc = write_once(ctx, 40);
	return rc;
}

static const char *data_path(void)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/books/data.mdb", bank_folder);
	return path;
}

/* Returns the node [at] of a page; negative: from the end. */
static char *node(size_t page, int at)
{
	char *base = data + page * page_size;
	int count = ((int)form_short(base + PAGE_ROOM) - PAGE_HEAD) / 2;

	ck_assert_int_lt(at < 0 ? -at - 1 : at, count);
	return base + form_short(base + PAGE_HEAD + 2 * (at < 0 ? count + at : at));
}

/* Creates a bank whose list of free pages has a branch and some leaves. */
static void setup(void)
{
	struct bank *bank;
	struct root root;

	util_setup_in_memory();
	bank = util_bank();
	(void)util_fill(bank);
	OK(write_once(bank, 1));
	OK(store_read(bank_store(bank), write_often, bank, &error));
	ck_assert_msg(util_verify(bank) == 0, "%s", util_problem);
	entries = util_head(bank).seq;
	available = util_available(bank, LATER, "alice");
	bank_close(bank);
	page_size = (size_t)sysconf(_SC_PAGESIZE);
	data = util_read_file(data_path(), &size);
	newest = form_number(data + META_TXN) < form_number(data + page_size + META_TXN);
	root = form_root(data + newest * page_size + META_RECORDS);
	ck_assert_uint_eq(root.depth, 2);
	list = root.page;
	leaves = (form_short(data + list * page_size + PAGE_ROOM) - PAGE_HEAD) / 2;
	ck_assert_uint_gt(leaves, 2);
	data_fd = open(data_path(), O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(data_fd, 0);
}

static void teardown(void)
{
	(void)close(data_fd);
	free(data);
	util_teardown();
}

/* Writes [len] bytes to the file at the offset of [at] in [data]. */
static void put(const char *at, const void *bytes, size_t len)
{
	ck_assert_int_eq(pwrite(data_fd, bytes, len, at - data), (ssize_t)len);
}

static void restore(const char *at, size_t len)
{
	put(at, at, len);
}

/* Changes a child of the branch, in the first of the three pieces of its number. */
static void set_child(int child, size_t page)
{
	uint16_t low = (uint16_t)page;

	ck_assert_uint_lt(size / page_size, UINT16_MAX);
	put(node(list, child), &low, sizeof(low));
}

static void restore_child(int child)
{
	restore(node(list, child), sizeof(uint16_t));
}

static void on_damage(const char *text)
{
	(void)text;
	_exit(FOUND);
}

/* Runs [child] in a process of its own, which a failed assertion of LMDB ends. Returns its exit
 * status. */
static int in_child(int (*child)(int, int), int from, int to)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		store_on_damage(on_damage);
		(void)alarm(TEST_TIMEOUT / 2);
		_exit(child(from, to));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static int verify(int from, int to)
{
	struct bank *bank = util_open(STORE_READ);

	(void)from;
	(void)to;
	return util_verify(bank) > 0 ? FOUND : 0;
}

/* Opening for writing must fail, reading must give everything, and verify must find the damage. */
static void expect_refused(const char *what, size_t number)
{
	struct store_options options = util_options();
	struct bank *bank = NULL;

	ck_assert_msg(bank_open(&options, STORE_WRITE, NULL, &bank, &error) == SB_ECORRUPT,
		      "%s %zu", what, number);
	ck_assert_msg(strstr(error.text, "list of free pages") != NULL, "%s %zu: %s", what, number,
		      error.text);
	bank = util_open(STORE_READ);
	ck_assert_uint_eq(util_head(bank).seq, entries);
	ck_assert_int_eq(util_available(bank, LATER, "alice"), available);
	bank_close(bank);
	ck_assert_msg(in_child(verify, 0, 0) == FOUND, "%s %zu: verify finds no damage", what,
		      number);
}

/* Once the file is sound again, everything must work. */
static void expect_sound(void)
{
	struct bank *bank = util_open(STORE_WRITE);

	ck_assert_msg(util_verify(bank) == 0, "%s", util_problem);
	OK(write_once(bank, 1));
	ck_assert_msg(util_verify(bank) == 0, "%s", util_problem);
	bank_close(bank);
}

/* To itself, another leaf, a root, and a page beyond the file. */
START_TEST(a_branch_that_leads_elsewhere_is_refused)
{
	const size_t first = form_child(node(list, 0)), last = form_child(node(list, -1));
	const size_t elsewhere[] = {list, first, last, 0, 1, 2, size / page_size};

	for (size_t i = 0; i < COUNT(elsewhere); i++) {
		for (int child = 0; child < (int)leaves; child++) {
			if (elsewhere[i] == form_child(node(list, child)))
				continue;
			set_child(child, elsewhere[i]);
			expect_refused("child to", elsewhere[i]);
			restore_child(child);
		}
	}
	expect_sound();
}
END_TEST

/* The first and the last record of each leaf: their count, first page and transaction. */
START_TEST(an_impossible_record_is_refused)
{
	const size_t pages[] = {0,
				1,
				form_number(form_value(node(form_child(node(list, 0)), 0)) + 8),
				size / page_size,
				(size_t)1 << 40,
				SIZE_MAX};
	const size_t counts[] = {1000, (size_t)1 << 20, (size_t)1 << 40, SIZE_MAX};
	const size_t times[] = {0, 1, (size_t)1 << 40, SIZE_MAX};

	for (int i = 0; i < 2 * (int)leaves; i++) {
		const char *record = node(form_child(node(list, i / 2)), i % 2 ? -1 : 0);
		const char *key = record + NODE_HEAD, *count = form_value(record);
		const char *page = count + WORD;

		for (size_t j = 0; j < COUNT(pages); j++) {
			if (pages[j] == form_number(page))
				continue;
			put(page, &pages[j], WORD);
			expect_refused("free page", pages[j]);
			restore(page, WORD);
		}
		for (size_t j = 0; j < COUNT(counts); j++) {
			put(count, &counts[j], WORD);
			expect_refused("count", counts[j]);
			restore(count, WORD);
		}
		for (size_t j = 0; j < COUNT(times); j++) {
			/* An earlier transaction is possible for the first record. */
			if (i == 0 && times[j] == 1)
				continue;
			put(key, &times[j], WORD);
			expect_refused("key", times[j]);
			restore(key, WORD);
		}
	}
	expect_sound();
}
END_TEST

/* Damages the list after the bank was opened; the write may not need the damaged part. */
static int write_with_cycle(int from, int to)
{
	struct bank *bank = util_open(STORE_WRITE);
	int rc;

	for (int child = from; child < to; child++)
		set_child(child, list);
	rc = write_once(bank, 1);
	if (rc)
		ck_assert_msg(rc == SB_ECORRUPT && strstr(error.text, "is damaged"), "%d: %s", rc,
			      error.text);
	return rc ? FOUND : 0;
}

static int status_of_write(int from, int to)
{
	int status = in_child(write_with_cycle, from, to);

	restore(data, size);
	ck_assert_int_eq(ftruncate(data_fd, (off_t)size), 0);
	return status;
}

START_TEST(a_cycle_ends_a_write)
{
	const int count = (int)leaves;

	/* A write reads the list from its beginning as far as it needs pages, and appends its own
	 * record; it may not read the part between. */
	for (int child = 0; child < count; child++) {
		int status = status_of_write(child, child + 1);

		ck_assert_msg(status == FOUND || (status == 0 && child > 0 && child < count - 1),
			      "child %d: %d", child, status);
		expect_sound();
		restore(data, size);
	}
	ck_assert_int_eq(status_of_write(0, count), FOUND);
	expect_sound();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("free list");
	TCase *tcase = tcase_create("free list");

	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_branch_that_leads_elsewhere_is_refused);
	tcase_add_test(tcase, an_impossible_record_is_refused);
	tcase_add_test(tcase, a_cycle_ends_a_write);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
