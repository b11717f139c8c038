/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of accounts over time, and the accounts that others took over. Entries keep the names
 * that accounts had when they were made. */
#pragma once

#include "ledger/books/books.h"

/* The entries [from, to] in which an account, or a purse of one, has that name. */
struct tenure {
	char name[NAME_SIZE];
	uint64_t from, to; /* UINT64_MAX: the name is the newest one */
};

struct tenures {
	struct tenure *list; /* oldest first, without gaps; at least one */
	size_t count;
};

/* Finds the names that the account, or purse, has had. A rename is the first entry of the new name.
 * One that is not in the bank has its own name alone. The caller calls tenures_release(). */
int books_tenures(struct books *books, const char *account, struct tenures *ret,
		  struct sb_error *err);
void tenures_release(struct tenures *tenures);

/* Gives the present name of the account that entry [seq] calls [account]; for the former name in a
 * rename, that former name. */
int books_renamed(struct books *books, const char *account, uint64_t seq, char ret[NAME_SIZE],
		  struct sb_error *err);

/* Gives the name that it had after entry [last]. */
int books_renamed_by(struct books *books, const char *account, uint64_t seq, uint64_t last,
		     char ret[NAME_SIZE], struct sb_error *err);

/* Gives the open account that took over [account], which was renamed or merged, directly or through
 * others; "" if there is none, or if the last of them was closed since. */
int books_successor(struct books *books, const struct account *account, char ret[NAME_SIZE],
		    struct sb_error *err);

/* Finds the accounts that [account] took over by renames and merges, directly or through others; it
 * pays for what they still use. None if it was taken over itself. The caller calls
 * purses_release(). */
int books_formers(struct books *books, const struct account *account, struct purses *ret,
		  struct sb_error *err);

/* Calls [each] for the account's entries in the range as entries_each() does, under all its names.
 * range->accounts is not used. */
struct entry_range;
int tenures_each(struct books *books, const char *account, const struct entry_range *range,
		 journal_item *each, void *ctx, uint64_t *ret_read, struct sb_error *err);
