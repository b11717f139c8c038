/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LMDB's list of free pages, which every commit reads and writes, with pages in it that lead back
 * to others: a write must come to an end of its own, and nothing may be lost in silence. */
#include "config.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/store_form.h"
#include "ledger/store_watch.h"
#include "tests/util.h"

enum {
	ACCOUNTS = 1500, /* readings of so many spread over enough pages */
	COMMITS = 400, /* that free some of them while a reader needs them: two levels */
	DEADLINE = 60, /* seconds for what takes milliseconds */
	FOUND = 1, /* exit statuses, as those of the program */
	UNKNOWN = 4,
};

#define LATER (INT64_C(4000000000) * WHEN_SECOND)

static char *file, *whole;
static size_t file_len, page_size;
static char path[128];

struct writing {
	struct bank *bank;
	int from, count;
};

static int set_readings(struct books *books, void *ctx, struct sb_error *err)
{
	const struct writing *writing = ctx;
	struct reading reading = {.usage = 1, .time = WHEN_SECOND, .running = -1};
	int rc = SB_OK;

	for (int i = 0; i < writing->count && !rc; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "acc%d", (writing->from * 7919 + i) % ACCOUNTS);
		rc = books_set_reading(books, "dev", name, &reading, err);
	}
	return rc;
}

static int commit_often(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	struct writing *writing = ctx;
	int rc = SB_OK;

	(void)txn;
	for (writing->from = 0; writing->from < COMMITS && !rc; writing->from++)
		rc = bank_write(writing->bank, LATER, set_readings, writing, err);
	return rc;
}

static char *page(size_t number)
{
	ck_assert_uint_lt(number, file_len / page_size);
	return file + number * page_size;
}

static void setup(void)
{
	struct writing writing = {.count = ACCOUNTS};

	util_setup_in_memory();
	page_size = (size_t)sysconf(_SC_PAGESIZE);
	writing.bank = util_bank();
	(void)util_fill(writing.bank);
	OK(bank_write(writing.bank, LATER, set_readings, &writing, &error));
	writing.count = 3;
	OK(store_read(bank_store(writing.bank), commit_often, &writing, &error));
	bank_close(writing.bank);
	(void)snprintf(path, sizeof(path), "%s/books/data.mdb", bank_folder);
	file = util_read_file(path, &file_len);
	whole = util_read_file(path, &file_len);
}

static void teardown(void)
{
	free(file);
	free(whole);
	util_teardown();
}

static void on_damage(const char *text)
{
	(void)text;
	_exit(store_may_have_written() ? UNKNOWN : FOUND);
}

static void on_signal(int number)
{
	(void)number;
	on_damage(NULL);
}

static int write_thrice(struct bank *bank)
{
	struct writing writing = {.count = 3};
	int rc = SB_OK;

	for (; writing.from < 3 && !rc; writing.from++)
		rc = bank_write(bank, LATER, set_readings, &writing, &error);
	return rc == SB_EUNKNOWN ? UNKNOWN : rc ? FOUND : 0;
}

static int verify(struct bank *bank)
{
	return util_verify(bank) ? FOUND : 0;
}

/* In a process of its own, as the program sees to damage. Returns its exit status. */
static int in_child(enum store_mode mode, int (*fn)(struct bank *))
{
	static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct store_options options = util_options();
		struct bank *bank = NULL;

		for (size_t i = 0; i < COUNT(crashes); i++)
			(void)signal(crashes[i], on_signal);
		store_on_damage(on_damage);
		(void)alarm(DEADLINE);
		if (bank_open(&options, mode, NULL, &bank, &error))
			_exit(FOUND);
		_exit(fn(bank));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* The list's topmost page. */
static char *find_top(void)
{
	const char *first = page(0) + META_TXN, *second = page(1) + META_TXN;
	const char *meta = page(form_number(first) > form_number(second) ? 0 : 1);
	struct root root = form_root(meta + META_RECORDS);

	ck_assert_uint_ge(root.depth, 2);
	return page(root.page);
}

static char *node_of(char *top, unsigned number)
{
	return top + form_short(top + PAGE_HEAD + 2 * number);
}

START_TEST(pages_that_lead_back_end_a_write)
{
	char *top = find_top();
	unsigned count = (form_short(top + PAGE_ROOM) - PAGE_HEAD) / 2;
	size_t first = form_below(node_of(top, 0)), last = form_below(node_of(top, count - 1));
	const size_t back[] = {form_number(top), first, last, 0};
	int refused = 0;

	ck_assert_uint_ge(count, 3);
	util_write_file(path, file, file_len);
	ck_assert_int_eq(in_child(STORE_WRITE, write_thrice), 0);
	ck_assert_int_eq(in_child(STORE_READ, verify), 0);
	for (size_t i = 0; i < count * COUNT(back); i++) {
		unsigned number = (unsigned)(i / COUNT(back));
		char *node = node_of(top, number);
		uint16_t to = (uint16_t)back[i % COUNT(back)];
		int wrote;

		if (form_below(node) == to)
			continue;
		memcpy(node, &to, sizeof(to));
		util_write_file(path, file, file_len);
		wrote = in_child(STORE_WRITE, write_thrice);
		ck_assert_msg(wrote == 0 || wrote == FOUND || wrote == UNKNOWN, "status %d", wrote);
		refused += wrote != 0;
		ck_assert_msg(in_child(STORE_READ, verify) != 0, "page %u of %u is %u", number,
			      count, to);
		memcpy(file, whole, file_len);
	}
	/* LMDB begins with the first. */
	ck_assert_int_ge(refused, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("free list");
	TCase *damage = tcase_create("damage");

	tcase_add_checked_fixture(damage, setup, teardown);
	tcase_set_timeout(damage, TEST_TIMEOUT);
	suite_add_tcase(suite, damage);
	tcase_add_test(damage, pages_that_lead_back_end_a_write);
	return util_run(suite);
}
