/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verifies the books: replays the journal and compares everything that is derived from it. */
#pragma once

#include "ledger/base/steps.h"
#include "ledger/books/books.h"

/* An old head, from a receipt: that entry must still be in the chain. */
struct old_head {
	uint64_t seq;
	char hash[HASH_TEXT_SIZE]; /* its first HASH_SHORT or more hex digits */
};

/* Parses "SEQ:HASH". SB_EINVAL. */
int old_head_parse(const char *text, struct old_head *ret, struct sb_error *err);

enum { VERIFY_FOUND_MAX = 20 };

struct verify {
	/* in */
	const struct old_head *heads;
	size_t head_count;
	void (*found)(const char *text, void *ctx); /* called for the first VERIFY_FOUND_MAX */
	void *ctx;
	const struct steps *steps; /* progress, after each entry; may be NULL */
	/* out */
	uint64_t entries;
	size_t accounts;
	int problems;
	struct head head;
};

/* Checks that the pages of the data file are consistent, numbers have no gaps, each hash is the
 * chain's, each entry keeps the rules, the stored states equal a replay, and the indexes hold every
 * entry and nothing else. A books_fn; [ctx] is a struct verify. Returns SB_OK also when it found
 * problems; fails only if the books cannot be read. */
int verify_books(struct books *books, void *ctx, struct sb_error *err);
