/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Internals that the files of the store share. */
#pragma once

#include <lmdb.h>
#include <signal.h>

#include "ledger/base/leftover.h"
#include "ledger/store/store.h"

#if MDB_VERSION_FULL >= MDB_VERINT(0, 9, 90)
#error "LMDB 1.0 has another file format: build with LMDB 0.9"
#endif

/* In a bank's folder. */
#define BOOKS "books"
#define BUILDING "books.new"

enum {
	MAX_READERS = 1024, /* LMDB's default of 126 is too few for a site with many cron jobs */
	MAX_ATTEMPTS = 64,
};

struct store {
	struct store_options options;
	enum store_mode mode;
	bool building;
	int folder;
	int use_lock;
	int build_lock; /* only while building */
	struct leftover leftover; /* the new books */
	MDB_env *env;
	MDB_dbi dbis[STORE_TABLE_COUNT];
};

struct store_txn {
	struct store *store;
	MDB_txn *mdb;
	/* One for each table, at its last write: the next write need not search from the root. LMDB
	 * closes them with the transaction. */
	MDB_cursor *cursors[STORE_TABLE_COUNT];
};

/* The key in STORE_META under which each transaction stores its own number. So a root that leads to
 * an old state of the books leads to an old number. (LMDB restarts from 1 in a compacted copy.) */
#define STORE_NEWEST "txn"

/* The end of messages about damage. */
#define RESTORE "; restore an export or a backup"

enum { SUM_SIZE = 8 }; /* bytes of the checksum after a value */

/* open.c */

typedef int store_opener(struct store *store, struct sb_error *err);
/* Creates a store and opens it with [opener]; closes it again on failure. */
int store_start(const struct store_options *options, enum store_mode mode, store_opener *opener,
		struct store **ret, struct sb_error *err);
int store_open_folder(const struct store_options *options, int *ret, struct sb_error *err);
/* Opens the environment and its tables, under open.lock; store.h says why. The caller calls
 * store_close_env(), also after an error. */
int store_open_env(struct store *store, struct sb_error *err);
/* Does nothing when the environment is not open. */
void store_close_env(struct store *store);
/* Takes a lock in the bank's folder, for the deadline in the options. */
int store_lock(struct store *store, const char *name, bool exclusive, const char *what, int *ret,
	       struct sb_error *err);
/* Begins a transaction during open; does not check that the snapshot is the newest. */
int store_begin(struct store *store, unsigned flags, MDB_txn **ret, struct sb_error *err);

/* health.c */

/* Refuses a data file that is missing, empty or too short. Call before LMDB opens it: LMDB would
 * make a new environment of an empty file, and get SIGBUS past the end of a short one. */
int store_check_data_file(const struct store *store, struct sb_error *err);
/* Checks an opened environment: the file has all its pages and its two roots are consecutive; for a
 * writer also that the list of free pages is sound. */
int store_check_opened(struct store *store, struct sb_error *err);

/* build.c */

/* Removes the new books. Safe in a signal handler. */
void store_remove_built(int folder);
/* Calls fsync(). Returns 0, or -1 and sets errno. */
int store_sync_at(int folder, const char *path);
/* Sets the mode of [path] in [folder] and, if the process is root's, the owner of the bank's
 * folder: the umask may have cleared bits. Returns 0, or -1 and sets errno. */
int store_own_at(const struct store *store, int folder, const char *path, mode_t mode);

/* txn.c */

/* Blocks the signals that would end or stop the process. The caller restores *ret_before with
 * sigprocmask(). */
void store_hold_signals(sigset_t *ret_before);

/* watch.c: a watchdog. In a damaged file LMDB may loop forever or fail an assertion. */

/* Deadlines in ticks of TICK_SECONDS of processor time. A step of LMDB takes far less; a commit
 * sorts and writes everything that changed. */
enum { TICK_SECONDS = 2, STEP_TICKS = 3, COMMIT_TICKS = 31 };

/* Starts the watchdog, if store_on_damage() set a handler. */
void store_watch(void);

/* Makes a call of LMDB that follows the contents of the file, under the watchdog. Returns its
 * value. */
#define WATCHED(ticks, call) (store_step_begins(ticks), store_step_ended(call))
void store_step_begins(int ticks);
int store_step_ended(int rc);

/* Calls the registered damage handler. */
void store_damaged(const char *text);

/* table.c */

const char *store_table_name(enum store_table table);
/* Calls mdb_cursor_get() under the watchdog. */
int store_step(MDB_cursor *cursor, MDB_val *key, MDB_val *value, MDB_cursor_op op);

/* lmdb_error.c: translates LMDB's codes and errno. */

/* Returns SB_OK when [rc] is 0; otherwise sets [err] to "cannot [what]: …" and returns its code.
 * MDB_NOTFOUND becomes SB_ENOTFOUND without a text. */
int store_result(struct sb_error *err, int rc, const char *what);
/* Reports errno for a path in the bank's folder. */
int store_cannot(const struct store *store, const char *what, const char *path,
		 struct sb_error *err);
int store_no_bank(const struct store_options *options, struct sb_error *err);
/* Refuses an LMDB library of another version than lmdb.h: it may have the same file name but has
 * another file format. */
int store_check_library(struct sb_error *err);
