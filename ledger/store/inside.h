/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of the store, which its files share and nobody else sees. */
#ifndef SUBANK_LEDGER_STORE_INSIDE_H
#define SUBANK_LEDGER_STORE_INSIDE_H

#include <lmdb.h>
#include <signal.h>

#include "ledger/base/leftover.h"
#include "ledger/store/store.h"

#if MDB_VERSION_FULL >= MDB_VERINT(0, 9, 90)
#error "LMDB 1.0 writes another file: build with LMDB 0.9"
#endif

/* In a bank's folder. */
#define BOOKS "books"
#define BUILDING "books.new"

enum {
	MAX_READERS = 1024, /* LMDB's 126 are few for a site full of cron jobs */
	MAX_ATTEMPTS = 64,
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
	/* Where each table was written last, so that the next place need not be sought from the
	 * root. LMDB closes them with the transaction. */
	MDB_cursor *putting[STORE_TABLE_COUNT];
};

/* In STORE_META: the number of the newest transaction, which each sets to its own. A root that
 * points to what once was shows an older one. (In a copy that was compacted LMDB begins to count
 * anew.) */
#define STORE_NEWEST "txn"

/* How many bytes of sum stand behind a value, where values have one. */
enum { SUM_SIZE = 8 };

/* open.c */

struct store *store_new(const struct store_options *options, enum store_mode mode);
int store_open_folder(const struct store_options *options, int *ret, struct sb_error *err);
/* Opens the environment and its tables, under open.lock; see the top of store.h. After an error
 * store_close_env() is still to be called. */
int store_open_env(struct store *store, struct sb_error *err);
/* Nothing, when it is not open. */
void store_close_env(struct store *store);
/* lock_take() in the bank's folder. */
int store_lock(struct store *store, const char *name, bool exclusive, const char *what, int *ret,
	       struct sb_error *err);
/* Begins a transaction for who opens: whether it is on the newest state is not looked at yet. */
int store_begin(struct store *store, unsigned flags, MDB_txn **ret, struct sb_error *err);

/* health.c */

/* A file that is missing, empty or cut short must not reach LMDB: it makes an empty one a new
 * environment, and reading past the end is a SIGBUS. */
int store_check_data_file(const struct store *store, struct sb_error *err);
/* Of the environment that was opened: whether the file has all its pages, and two roots that follow
 * each other; for who writes also whether the list of free pages is whole. */
int store_check_opened(struct store *store, struct sb_error *err);

/* build.c */

/* Removes what was built. Safe in a signal handler. */
void store_remove_built(int folder);
/* fsync(); 0, or -1 and errno. */
int store_sync_at(int folder, const char *path);

/* txn.c */

/* Signals that would end or stop the process wait until sigprocmask() gets [ret_before] back. */
void store_hold_signals(sigset_t *ret_before);

/* table.c */

const char *store_table_name(enum store_table table);
/* mdb_cursor_get(), of which a damaged file makes no circle for ever. */
int store_step(MDB_cursor *cursor, MDB_val *key, MDB_val *value, MDB_cursor_op op);

/* lmdb_error.c: one place where LMDB's codes and errno become ours. */

int store_error(struct sb_error *err, int rc, const char *what);
/* errno, of something in the bank's folder. */
int store_cannot(const struct store *store, const char *what, const char *path,
		 struct sb_error *err);
/* Another LMDB than that of lmdb.h writes another file, and may come under the same name. */
int store_check_library(struct sb_error *err);

#endif
