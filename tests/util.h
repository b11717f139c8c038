/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of ledger/ share: a fresh folder for each test, a bank in it, and short ways to
 * append. Fixtures are checked ones: LMDB must not be open across the fork of a test. */
#ifndef SUBANK_TESTS_UTIL_H
#define SUBANK_TESTS_UTIL_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/when.h"
#include "ledger/books/books.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Some moment to begin with: 2026-11-22T17:00:00Z. */
#define T0 (INT64_C(1795366800) * WHEN_SECOND)
#define HOUR (3600 * WHEN_SECOND)

enum {
	TEST_TIMEOUT = 600, /* seconds: valgrind on a slow machine */
	TEST_MAP = 64 << 10, /* bytes: so small that every longer test makes it grow */
};

/* Of the last call that failed. */
extern struct sb_error error;

#define OK(call)                                                                                   \
	do {                                                                                       \
		int rc_ = (call);                                                                  \
		ck_assert_msg(rc_ == SB_OK, #call " gave %d: %s", rc_, error.text);                \
	} while (0)

/* That the newest entry of bank is the one of which *expected is the head. */
#define ck_head(bank, expected)                                                                    \
	do {                                                                                       \
		struct head head_ = util_head(bank);                                               \
		ck_assert_mem_eq(head_.hash, (expected)->hash, HASH_SIZE);                         \
	} while (0)

/* [call] must give [code] and a text that holds [part]. */
#define FAILS(code, part, call)                                                                    \
	do {                                                                                       \
		int rc_ = (call);                                                                  \
		ck_assert_msg(rc_ == (code), #call " gave %d, not " #code ": %s", rc_,             \
			      error.text);                                                         \
		ck_assert_msg(strstr(error.text, part) != NULL, #call ": '%s' is not in '%s'",     \
			      part, error.text);                                                   \
	} while (0)

/* A temporary folder; bank_folder is a name in it where nothing is yet. */
extern char test_folder[64];
extern char bank_folder[96];
void util_setup(void);
/* The same in memory if that is possible: for tests that the disk would only make slow. */
void util_setup_in_memory(void);
void util_teardown(void);

/* Options for bank_folder: a map that must grow, and long waits. */
struct store_options util_options(void);
/* Makes a bank there, and opens it. */
void util_create(void);
struct bank *util_open(enum store_mode mode);
struct bank *util_bank(void);

/* Appends a copy of [event] at [now], with parts and debt planned as the verbs do if it moves
 * money and names no parts. Fills [error]. */
int util_try(struct bank *bank, int64_t now, const struct event *event);
/* The same; must succeed. Gives its number. */
uint64_t util_append(struct bank *bank, int64_t now, const struct event *event);
/* Works out parts and debt on the books, as util_try() does. */
int util_plan(struct books *books, struct event *event, struct sb_error *err);

/* Short forms of util_append(). */
uint64_t util_open_account(struct bank *bank, int64_t now, const char *account);
uint64_t util_deposit(struct bank *bank, int64_t now, const char *account, int64_t amount);
struct head util_head(struct bank *bank);
/* A copy of the account as it is at [now]; account_free() it. */
struct account *util_account(struct bank *bank, int64_t now, const char *name);
/* Damage: puts one billing-second more into its stored state. */
void util_enrich(struct bank *bank, int64_t now, const char *name);
int64_t util_available(struct bank *bank, int64_t now, const char *name);

/* One entry of every kind and more: accounts "alice" and "bob" on cluster "c1". Returns the time
 * of the last. */
int64_t util_fill(struct bank *bank);

/* And of those that correct and that time brings: account "adam". After util_fill(). */
void util_fill_more(struct bank *bank, int64_t t);

/* How many problems verify_books() finds; the first is kept in util_problem. */
extern char util_problem[1300];
int util_verify(struct bank *bank);

/* All of a file; free() it. */
char *util_read_file(const char *path, size_t *ret_len);
void util_write_file(const char *path, const void *data, size_t len);
/* The export of the bank as text; free() it. */
char *util_export(struct bank *bank, size_t *ret_len);

/* Numbers that look random and are the same for the same seed. */
uint64_t util_random(uint64_t *state);
int64_t util_below(uint64_t *state, int64_t limit); /* 0 to limit - 1 */
/* A seed from $TEST_SEED or the clock, printed. */
uint64_t util_seed(void);

/* Whether this process runs in valgrind. */
bool util_in_valgrind(void);

/* Runs [suite] and gives main()'s result. */
int util_run(Suite *suite);

#endif
