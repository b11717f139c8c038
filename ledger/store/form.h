/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known here of LMDB's file beyond lmdb.h, from mdb.c of 0.9; numbers are as the machine
 * has them. Nothing here calls LMDB. */
#ifndef SUBANK_LEDGER_STORE_FORM_H
#define SUBANK_LEDGER_STORE_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* MDB_page: its own number, 2 bytes, flags, then where the free room begins and ends, or how many
 * pages a large value has. Behind that head the places of the nodes. MDB_node: in a leaf the length
 * of the value in two pieces, flags, the length of the key, the key, the value; in a branch the
 * number of the page below in three pieces of 16 bits, and the key. MDB_db, the record of a table:
 * 4 bytes, flags, depth, five numbers, of which the last is the root. MDB_meta, in pages 0 and 1: 8
 * bytes, two numbers, the records of the free pages and of the tables, the last page, the
 * transaction. */
enum {
	WORD = sizeof(size_t),
	PAGE_FLAGS = WORD + 2,
	PAGE_ROOM = WORD + 4,
	PAGE_HEAD = WORD + 8,
	PAGE_IS_BRANCH = 1,
	PAGE_IS_LEAF = 2,
	PAGE_IS_LARGE = 4,
	NODE_HEAD = 8,
	NODE_IS_LARGE = 1, /* its value has pages of its own; their number stands in its place */
	NODE_IS_RECORD = 2, /* of a table */
	RECORD_FLAGS = 4,
	RECORD_DEPTH = 6,
	RECORD_ROOT = 8 + 4 * WORD,
	RECORD_SIZE = 8 + 5 * WORD,
	META_RECORDS = PAGE_HEAD + 8 + 2 * WORD,
	META_LAST_PAGE = META_RECORDS + 2 * RECORD_SIZE,
	META_TXN = META_LAST_PAGE + WORD,
	META_SIZE = META_TXN + WORD,
};

/* Where bytes stand the other way round LMDB swaps pieces of its nodes, which was tried nowhere:
 * there the pages are not looked at. */
enum { FORM_IS_KNOWN = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ };

/* Where a table begins, by its record. */
struct root {
	bool known;
	size_t page;
	unsigned depth; /* 0: it is empty */
	unsigned flags;
};

static inline size_t form_number(const char *at)
{
	size_t number;

	memcpy(&number, at, WORD);
	return number;
}

static inline unsigned form_short(const char *at)
{
	uint16_t number;

	memcpy(&number, at, sizeof(number));
	return number;
}

struct root form_root(const char *record);

/* Whether the META_SIZE bytes of [meta] are what may stand in page [place] (0 or 1), when [other]
 * is the transaction of the other one. LMDB writes the root of a transaction to the page of its
 * last bit, so their numbers are neighbours, but for those it begins with. */
bool form_root_is_in_place(const char *meta, size_t place, size_t other);

/* The page below a node of a branch. */
size_t form_below(const char *node);

/* The length of the value of a node of a leaf, and where it stands, or, of a large one, the number
 * of its first page. */
size_t form_value_length(const char *node);
const char *form_value(const char *node);
bool form_is_large(const char *node);

/* What is wrong with the head of a page of [size] bytes, or with its nodes, which fill it from the
 * end of the free room on, or NULL. [kind] is PAGE_IS_BRANCH or PAGE_IS_LEAF, of whose nodes each
 * has [node_flags]. With NULL no node reaches out of the page. */
const char *form_fault(const char *page, size_t size, unsigned kind, unsigned node_flags);

#endif
