/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Helpers of the tests of ledger/: a new folder for each test, a bank in it, and short forms of
 * appending. Use checked fixtures: LMDB must not be open across the fork of a test. */
#pragma once

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/when.h"
#include "ledger/books/books.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The time at which tests begin: 2026-11-22T17:00:00Z. */
#define T0 (INT64_C(1795366800) * WHEN_SECOND)
#define HOUR (3600 * WHEN_SECOND)

enum {
	TEST_TIMEOUT = 600, /* seconds: valgrind on a slow machine */
	TEST_MAP = 64 << 10, /* bytes: so small that longer tests make the map grow */
};

/* The error of the last call that failed. */
extern struct sb_error error;

#define OK(call)                                                                                   \
	do {                                                                                       \
		int rc_ = (call);                                                                  \
		ck_assert_msg(rc_ == SB_OK, #call " gave %d: %s", rc_, error.text);                \
	} while (0)

/* The head of the bank must be *expected. */
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

/* A temporary folder, and a path in it that does not exist yet. */
extern char test_folder[64];
extern char bank_folder[96];
void util_setup(void);
/* The same in memory if possible, for tests that a disk only slows down. */
void util_setup_in_memory(void);
void util_teardown(void);

/* Returns options for bank_folder, with TEST_MAP and long waits. */
struct store_options util_options(void);
/* Create a bank there; open it; both. */
void util_create(void);
struct bank *util_open(enum store_mode mode);
struct bank *util_bank(void);

/* Appends a copy of [event] at [now], with parts and debt planned as the verbs do if it moves
 * money and names no parts. Fills [error]. */
int util_try(struct bank *bank, int64_t now, const struct event *event);
/* The same, and must succeed. Returns the number of the entry. */
uint64_t util_append(struct bank *bank, int64_t now, const struct event *event);
/* Works out parts and debt on the books, as util_try() does. */
int util_plan(struct books *books, struct event *event, struct sb_error *err);

/* Short forms of util_append(). */
uint64_t util_open_account(struct bank *bank, int64_t now, const char *account);
uint64_t util_deposit(struct bank *bank, int64_t now, const char *account, int64_t amount);
struct head util_head(struct bank *bank);
/* Returns a copy of the account at [now]; the caller calls account_free(). */
struct account *util_account(struct bank *bank, int64_t now, const char *name);
/* Damages the bank: adds one billing-second to the stored state of the account. */
void util_enrich(struct bank *bank, int64_t now, const char *name);
int64_t util_available(struct bank *bank, int64_t now, const char *name);

/* Appends entries of the common kinds, for accounts "alice" and "bob" on cluster "c1". Returns the
 * time of the last. */
int64_t util_fill(struct bank *bank);

/* Appends corrections and entries that time causes, for account "adam". Call it after util_fill().
 */
void util_fill_more(struct bank *bank, int64_t t);

/* Returns the number of problems that verify_books() finds; util_problem has the first. */
extern char util_problem[1300];
int util_verify(struct bank *bank);

/* Reads a whole file; the caller frees it. */
char *util_read_file(const char *path, size_t *ret_len);
void util_write_file(const char *path, const void *data, size_t len);
/* Returns the export of the bank; the caller frees it. */
char *util_export(struct bank *bank, size_t *ret_len);

/* Return pseudo-random numbers, the same for the same seed. */
uint64_t util_random(uint64_t *state);
int64_t util_below(uint64_t *state, int64_t limit); /* 0 to limit - 1 */
/* Returns the seed in $TEST_SEED, by default 1, so that a failure comes from a change and not from
 * chance. Prints it. */
uint64_t util_seed(void);

/* Whether this process runs in valgrind. */
bool util_in_valgrind(void);

/* Runs [suite]. Returns the exit status for main(). */
int util_run(Suite *suite);
