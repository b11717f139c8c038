/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of the store, which store.c and store_pages.c share, and nobody else sees. */
#ifndef SUBANK_LEDGER_STORE_INSIDE_H
#define SUBANK_LEDGER_STORE_INSIDE_H

#include <lmdb.h>

#include "ledger/leftover.h"
#include "ledger/store.h"

#if MDB_VERSION_FULL >= MDB_VERINT(0, 9, 90)
#error "LMDB 1.0 writes another file: build with LMDB 0.9"
#endif

/* What is known here of LMDB's file beyond lmdb.h, from mdb.c of 0.9; numbers are as the machine
 * has them. MDB_page: its own number, 2 bytes, flags, then where the free room begins and ends, or
 * how many pages a large value has. Behind that head, in a branch, the places of the nodes; a node
 * begins with the number of the page below, in three pieces of 16 bits. MDB_db, the record of a
 * table: 4 bytes, flags, depth, five numbers, of which the last is the root. MDB_meta, in pages 0
 * and 1: 8 bytes, two numbers, the records of the free pages and of the tables, the last page, the
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
	NODE_IS_LARGE =
		1, /* its value has pages of its own, and their number stands in its place */
	NODE_IS_RECORD = 2, /* of a table */
	RECORD_FLAGS = 4,
	RECORD_DEPTH = 6,
	RECORD_ROOT = 8 + 4 * WORD,
	RECORD_SIZE = 8 + 5 * WORD,
	META_RECORDS = PAGE_HEAD + 8 + 2 * WORD,
	META_TXN = META_RECORDS + 2 * RECORD_SIZE + WORD,
};

struct store {
	struct store_options options;
	enum store_mode mode;
	bool building;
	int folder;
	int use_lock;
	int build_lock; /* only while building */
	struct leftover leftover; /* what is built */
	MDB_env *env;
	MDB_dbi dbis[STORE_TABLE_COUNT];
};

struct store_txn {
	struct store *store;
	MDB_txn *mdb;
};

/* In STORE_META: the number of the newest transaction, which each sets to its own. A root that
 * points to what once was shows an older one. (In a copy that was compacted LMDB begins to count
 * anew.) */
#define STORE_NEWEST "txn"

/* How many bytes of sum stand behind a value, where values have one. */
enum { SUM_SIZE = 8 };

const char *store_table_name(enum store_table table);

/* mdb_cursor_get(), of which a damaged file makes no circle for ever. */
int store_step(MDB_cursor *cursor, MDB_val *key, MDB_val *value, MDB_cursor_op op);

/* One place where LMDB's codes and errno become ours. */
int store_error(struct sb_error *err, int rc, const char *what);

#endif
