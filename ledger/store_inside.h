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
	/* Where each table was written last, so that the next place need not be sought from the root.
	 * LMDB closes them with the transaction. */
	MDB_cursor *putting[STORE_TABLE_COUNT];
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
