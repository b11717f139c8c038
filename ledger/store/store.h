/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of a bank in LMDB, transactions, and the locks around them. No other room knows LMDB.
 *
 * A bank's folder contains `books/` (data.mdb and lock.mdb) and our own locks:
 *   open.lock   around opening and closing. Without it LMDB can lose acknowledged commits: when a
 *               process dies or fails inside mdb_env_open(), the next one trusts the shared lock
 *               region, which contains transaction number 0 (seen with 0.9.24, 0.9.36 and 1.0.1).
 *               As a second guard, every transaction compares its number with the data file's.
 *   write.lock  one writer at a time, with a deadline and a name: LMDB's own mutex has neither.
 *   use.lock    shared while an environment is open, exclusive to replace it.
 *   build.lock  one process at a time builds new books.
 *   check.lock, settle.lock  one check at a time (cmd/check/checkup.c).
 *   publish.lock  serialises publishers, so the newest snapshot wins (cmd/check/publish.c).
 *   notify.lock  one process at a time runs the notify command (cmd/check/notify.c).
 *   mail.lock  one process at a time mails statements (cmd/mail/statements.c).
 *
 * A commit makes two flushes, LMDB's default. The flags that save one of them lose acknowledged
 * commits (tests/faults/power_loss.c shows it). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/error.h"
#include "ledger/base/leftover.h"

enum store_table {
	STORE_JOURNAL, /* u64 sequence number -> 32 bytes of hash, stored event; append-only */
	STORE_ACCOUNTS, /* name -> state; a cache */
	STORE_BY_ACCOUNT, /* name, NUL, u64 sequence number -> u64 entries after it; append-only */
	STORE_REFS, /* ref -> u64 sequence number; append-only */
	STORE_ANSWERS, /* u64 answered, u64 answering entry -> i64 amount; append-only */
	STORE_READINGS, /* cluster, NUL, account -> reading; may be lost */
	STORE_META, /* names -> format, bank id, head, machine */
	STORE_TABLE_COUNT,
};

enum store_mode { STORE_READ, STORE_WRITE };

struct slice {
	const void *data;
	size_t len;
};

struct store;
struct store_txn;

struct store_options {
	const char *folder; /* the bank's */
	const char *doing; /* the command, for the message to processes that wait */
	int wait_ms; /* the deadline for a lock */
	size_t map_size; /* of a new store, in bytes; 0 is 1 GiB. It grows by itself. */
};

/* Opens the books in options->folder. SB_EREFUSED for a folder that others can write and for a
 * network file system (LMDB's locks and maps do not work there); SB_ECORRUPT for a truncated data
 * file; SB_ENOTFOUND when there is no bank. The texts of [options] must outlive the store. */
int store_open(const struct store_options *options, enum store_mode mode, struct store **ret,
	       struct sb_error *err);

/* Creates empty books in `books.new`, which replaces what an earlier process left there. Creates
 * the bank's folder if it is missing, with mode 0750. An existing bank does not change before
 * store_install(), and stays usable until store_take_over(). Holds build.lock until store_close().
 */
int store_build(const struct store_options *options, struct store **ret, struct sb_error *err);

/* Closes and syncs the new books and waits until no other process uses the old ones; none can open
 * them from then on. Afterwards only store_open_old(), store_install() and store_close() may be
 * called. */
int store_take_over(struct store *store, struct sb_error *err);

/* Opens the old books for reading, for a caller holding use.lock since store_take_over(). The
 * caller closes them before store_install(). */
int store_open_old(struct store *store, struct store **ret, struct sb_error *err);

/* Renames the new books into place. The old ones are removed or, if [aside] is not NULL, renamed to
 * it within the bank's folder. Closes the store, also on failure. */
int store_install(struct store *store, const char *aside, struct sb_error *err);

/* Copies one snapshot to `books/` in a new folder and syncs it; writers continue. Modes are 0750
 * and 0640; a copy by root belongs to the owner of the bank. SB_EREFUSED if [folder] exists. After
 * an error nothing remains; a signal that ends the process removes the copy until leftover_done().
 */
int store_copy(struct store *store, const char *folder, struct leftover *leftover,
	       struct sb_error *err);
/* Removes the locks of a copy that no process has open, renames it to [name] and syncs that.
 * SB_EREFUSED if [name] exists. */
int store_copy_install(const char *folder, const char *name, struct sb_error *err);
/* Removes a copy or another bank's folder that no process has open. Safe in a signal handler. */
void store_copy_remove(const char *folder);

/* Closes the store, and removes new books that were not installed. NULL is allowed. */
void store_close(struct store *store);

/* Runs [fn] in a transaction. [fn] returns 0 to commit, STORE_ABORT to change nothing and still
 * succeed, or an error. It must be repeatable: a write runs it again after the map has grown.
 * Signals that would end or stop the process wait until a write is over. SB_EUNKNOWN: the disk
 * failed while committing. */
typedef int store_fn(struct store_txn *txn, void *ctx, struct sb_error *err);
enum { STORE_ABORT = 1 };
int store_write(struct store *store, store_fn *fn, void *ctx, struct sb_error *err);
int store_read(struct store *store, store_fn *fn, void *ctx, struct sb_error *err);

/* Gets a value. It is valid until the next write in the transaction, or its end. SB_ENOTFOUND
 * without a text when the key is missing. */
int store_get(struct store_txn *txn, enum store_table table, struct slice key, struct slice *ret,
	      struct sb_error *err);

/* Adds a new key; in the journal it must also be the largest. SB_ECORRUPT otherwise: the caller
 * numbered the entry from stale state. */
int store_add(struct store_txn *txn, enum store_table table, struct slice key, struct slice value,
	      struct sb_error *err);

/* Sets a key in a table that is a cache or STORE_META; the journal and its indexes are never
 * updated. Values that cannot be derived from others carry a checksum; reading a damaged one gives
 * SB_ECORRUPT. */
int store_set(struct store_txn *txn, enum store_table table, struct slice key, struct slice value,
	      struct sb_error *err);

/* Empties a table that is a cache. */
int store_clear(struct store_txn *txn, enum store_table table, struct sb_error *err);

int store_count(struct store_txn *txn, enum store_table table, uint64_t *ret, struct sb_error *err);

/* Calls [each] with every entry from the first key >= [from], or backward from the last key <=
 * [from]; an empty [from] is the first, or last, key. Key and value are valid as store_get() says.
 * Ends early when [each] returns other than 0: STORE_ABORT makes SB_OK, an error is returned. */
typedef int store_item(struct slice key, struct slice value, void *ctx, struct sb_error *err);
int store_each(struct store_txn *txn, enum store_table table, struct slice from, bool backward,
	       store_item *each, void *ctx, struct sb_error *err);

/* Checks every page of the data file: each is free or belongs to one table, none to two, each is
 * where its number says, and keys are in order. LMDB has no checksums; it finds a wrong page number
 * only when it follows that number, if at all. Call within store_read(). SB_ECORRUPT for damage. */
int store_check_pages(struct store_txn *txn, struct sb_error *err);

/* Returns the descriptor of the bank's folder, for its other locks; valid until store_close(). */
int store_folder(const struct store *store);

/* Sets the handler for damage that LMDB's assertions or the watchdog find; it must not return. */
void store_on_damage(void (*handler)(const char *text));

/* True once a commit has started; a crash handler can then no longer claim that nothing changed.
 * Safe in a signal handler. */
bool store_may_have_written(void);

/* Returns the version of the LMDB library, as text. */
const char *store_library(void);
