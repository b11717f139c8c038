/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A journal longer than the read-ahead, with one processor and with all. */
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <unistd.h>

#include "ledger/books/ahead.h"
#include "tests/util.h"

enum { ENTRIES = 4001, DAMAGED = 2749, OTHER_ERROR = 77 };

static struct bank *bank;

static int deposit_many(struct books *books, void *ctx, struct sb_error *err)
{
	int rc = SB_OK;

	(void)ctx;
	while (!rc && books_head(books)->seq < ENTRIES) {
		char note[32];
		struct event event = {.kind = EVENT_DEPOSIT,
				      .account = "alice",
				      .resource = RESOURCE_BILLING,
				      .amount = 3600,
				      .start = T0,
				      .note = note};

		(void)snprintf(note, sizeof(note), "<%" PRIu64 ">", books_head(books)->seq + 1);
		event_set_defaults(&event);
		rc = books_append(books, &event, err);
	}
	return rc;
}

static void setup(void)
{
	util_setup_in_memory();
	bank = util_bank();
	util_open_account(bank, T0, "alice");
	OK(bank_write(bank, T0, deposit_many, NULL, &error));
}

static void teardown(void)
{
	bank_close(bank);
	util_teardown();
}

/* Restricts the process to its first processor. */
static void keep_one_processor(void)
{
	cpu_set_t all, one;
	size_t number = 0;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(number, &all))
		number++;
	CPU_ZERO(&one);
	CPU_SET(number, &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
}

struct counting {
	uint64_t count;
	uint64_t stop; /* at this one, with [result] */
	int result;
};

static int read_one(const struct ahead *entry, void *ctx, struct sb_error *err)
{
	struct counting *counting = ctx;
	char note[32];

	(void)err;
	counting->count++;
	ck_assert(entry->whole && entry->fits && entry->rc == SB_OK);
	ck_assert_uint_eq(entry->event.seq, counting->count);
	(void)snprintf(note, sizeof(note), "<%" PRIu64 ">", counting->count);
	ck_assert_str_eq(entry->event.note, counting->count == 1 ? "" : note);
	return counting->count == counting->stop ? counting->result : SB_OK;
}

static int read_all(struct books *books, void *ctx, struct sb_error *err)
{
	return ahead_each(books_txn(books), books_id(books), read_one, ctx, err);
}

static int count_proven(const struct entry *entry, void *ctx, struct sb_error *err)
{
	(void)err;
	ck_assert_uint_eq(entry->event->seq, ++*(uint64_t *)ctx);
	return SB_OK;
}

static int prove(struct books *books, void *ctx, struct sb_error *err)
{
	return ahead_prove(books_txn(books), books_id(books), books_head(books), count_proven, ctx,
			   err);
}

START_TEST(every_entry_comes_once_and_in_its_order)
{
	struct counting counting = {0};
	uint64_t proven = 0;

	if (_i)
		keep_one_processor();
	OK(bank_read(bank, T0, read_all, &counting, &error));
	ck_assert_uint_eq(counting.count, ENTRIES);
	OK(bank_read(bank, T0, prove, &proven, &error));
	ck_assert_uint_eq(proven, ENTRIES);
	ck_assert_int_eq(util_verify(bank), 0);
}
END_TEST

START_TEST(a_callback_can_stop_the_iteration)
{
	static const uint64_t stops[] = {1, 63, 64, 65, 1023, 1024, 1025, 2000, ENTRIES};
	static const int results[] = {STORE_ABORT, OTHER_ERROR};

	if (_i)
		keep_one_processor();
	for (size_t i = 0; i < COUNT(stops) * COUNT(results); i++) {
		struct counting counting = {.stop = stops[i / 2], .result = results[i % 2]};
		int rc = bank_read(bank, T0, read_all, &counting, &error);

		ck_assert_int_eq(rc, i % 2 ? OTHER_ERROR : SB_OK);
		ck_assert_uint_eq(counting.count, stops[i / 2]);
	}
}
END_TEST

static void damage_one(void)
{
	char path[128], note[32], *file, *at;
	size_t len;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/books/data.mdb", bank_folder);
	(void)snprintf(note, sizeof(note), "<%d>", DAMAGED);
	file = util_read_file(path, &len);
	at = memmem(file, len, note, strlen(note));
	ck_assert_ptr_nonnull(at);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "(", 1, at - file), 1);
	ck_assert_int_eq(close(fd), 0);
	free(file);
}

START_TEST(a_damaged_entry_is_named)
{
	char text[64];
	uint64_t proven = 0;

	if (_i)
		keep_one_processor();
	bank_close(bank);
	damage_one();
	bank = util_open(STORE_READ);
	(void)snprintf(text, sizeof(text), "entry %d does not fit its hash", DAMAGED);
	ck_assert_int_eq(util_verify(bank), 1);
	ck_assert_msg(strstr(util_problem, text) != NULL, "%s", util_problem);
	(void)snprintf(text, sizeof(text), "entry %d is missing or does not fit", DAMAGED);
	FAILS(SB_ECORRUPT, text, bank_read(bank, T0, prove, &proven, &error));
	ck_assert_uint_eq(proven, DAMAGED - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ahead");
	TCase *ahead = tcase_create("ahead");

	tcase_add_checked_fixture(ahead, setup, teardown);
	tcase_set_timeout(ahead, TEST_TIMEOUT);
	suite_add_tcase(suite, ahead);
	tcase_add_loop_test(ahead, every_entry_comes_once_and_in_its_order, 0, 2);
	tcase_add_loop_test(ahead, a_callback_can_stop_the_iteration, 0, 2);
	tcase_add_loop_test(ahead, a_damaged_entry_is_named, 0, 2);
	return util_run(suite);
}
