/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The layout of LMDB's data file, as mdb.c of 0.9 defines it beyond lmdb.h. Numbers have the byte
 * order of the machine. No function here calls LMDB. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ledger/base/error.h"

/* MDB_page: its own number, 2 bytes, flags; then the start and the end of the free room or, for a
 * large value, its count of pages. The offsets of the nodes follow this head.
 * MDB_node in a leaf: the length of the value in two pieces, flags, the length of the key, the key,
 * the value. In a branch: the number of the child page in three pieces of 16 bits, and the key.
 * MDB_db, the record of a table: 4 bytes, flags, depth, five numbers; the last is the root.
 * MDB_meta, in pages 0 and 1: 8 bytes, two numbers, the records of the free list and of the tables,
 * the last page, the transaction. */
enum {
	WORD = sizeof(size_t),
	PAGE_FLAGS = WORD + 2,
	PAGE_ROOM = WORD + 4,
	PAGE_HEAD = WORD + 8,
	PAGE_IS_BRANCH = 1,
	PAGE_IS_LEAF = 2,
	PAGE_IS_LARGE = 4,
	NODE_HEAD = 8,
	NODE_IS_LARGE = 1, /* holds the number of the pages that hold its value */
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

/* On big-endian machines LMDB swaps pieces of its nodes. That was never tested, so pages are not
 * checked there. */
enum { FORM_IS_KNOWN = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ };

/* The root of a table, from its record. */
struct root {
	bool known;
	size_t page;
	unsigned depth; /* 0: the table is empty */
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

/* The number of nodes of a page whose head is sound, and its node [i]. */
static inline unsigned form_count(const char *page)
{
	return (form_short(page + PAGE_ROOM) - PAGE_HEAD) / 2;
}

static inline const char *form_node(const char *page, unsigned i)
{
	return page + form_short(page + PAGE_HEAD + 2 * i);
}

struct root form_root(const char *record);

/* Returns whether [meta], of META_SIZE bytes, can be page [place] (0 or 1) while the other meta
 * page has transaction number [other]. LMDB writes transaction N to page N modulo 2, so the numbers
 * differ by one, except for the first transactions. */
bool form_root_is_in_place(const char *meta, size_t place, size_t other);

/* Returns the child page of a node in a branch. */
size_t form_child(const char *node);

/* The value of a node in a leaf: its length, and its first byte or, if it is large, the number of
 * its first page. */
size_t form_value_length(const char *node);
const char *form_value(const char *node);
bool form_is_large(const char *node);

/* Describes the first fault in the head or the nodes of a page of [size] bytes, such as "has a
 * damaged head". Returns NULL if there is none: every node is inside the page, and the nodes fill
 * it from the end of the free room on. [kind] is PAGE_IS_BRANCH or PAGE_IS_LEAF; the nodes of a
 * leaf must have [node_flags]. */
const char *form_fault(const char *page, size_t size, unsigned kind, unsigned node_flags);

/* free_list.c: the list of free pages. LMDB trusts this list and overwrites the pages on it. */

enum free_list {
	FREE_SOUND, /* no cycle, records in order, every page in the file and listed once */
	FREE_DAMAGED,
	FREE_GONE, /* a later transaction overwrote its root, or is doing so */
};

/* Checks the list in the file [fd] after transaction [id], which the caller reads. Does not find a
 * page that is free and also in use: that needs store_check_pages().
 *
 * The file may have fewer pages than LMDB counts: a transaction never writes the pages that it
 * allocates and frees again, and these may be the last ones. Every missing page must be free. This
 * function reads the file itself, since LMDB would read past its end. */
int store_check_free_list(int fd, size_t page_size, size_t id, enum free_list *ret,
			  struct sb_error *err);
