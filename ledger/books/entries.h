/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the journal by account, number and time, in either direction. For accounts only their own
 * entries are read, through the index by account. */
#pragma once

#include "ledger/books/books.h"

struct entry_range {
	const char *const *accounts; /* entries that name one of these; */
	size_t account_count; /* 0: every entry */
	uint64_t from, to; /* the first and last number; 0: no bound */
	int64_t since, until; /* made in [since, until), microseconds; 0: no bound */
	bool backward; /* newest first */
};

/* Calls [each] once for every entry of the range, as store_each() does. Unless it is NULL,
 * *ret_read becomes the number of entries that were read from the journal, on failure too. */
int entries_each(struct books *books, const struct entry_range *range, journal_item *each,
		 void *ctx, uint64_t *ret_read, struct sb_error *err);

/* Finds the newest entry made before [time]; 0: none. */
int entries_before(struct books *books, int64_t time, uint64_t *ret, struct sb_error *err);

/* Finds the entry with this ref; 0: none. */
int entries_with_ref(struct books *books, const char *ref, uint64_t *ret, struct sb_error *err);
