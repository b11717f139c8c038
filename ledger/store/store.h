/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that is known of LMDB elsewhere: the tables of a bank, transactions and the locks around
 * them.
 *
 * A bank's folder holds `books/` (data.mdb and lock.mdb) and our own locks:
 *   open.lock   around opening and closing. Without it LMDB can lose acknowledged commits: when a
 *               process dies or fails inside mdb_env_open(), the next one believes the shared lock
 *               region, which holds transaction number 0 (seen with 0.9.24, 0.9.36 and 1.0.1). As
 *               a second guard, every transaction compares its number with the data file's.
 *   write.lock  one writer at a time, with a deadline and a name: LMDB's own mutex has neither.
 *   use.lock    shared while an environment is open, exclusive to put another in its place.
 *   build.lock  one at a time builds books to put in place.
 *   check.lock, settle.lock  one check at a time (cmd/check/checkup.c).
 *   publish.lock  what users see is written by who has read last (cmd/check/publish.c).
 *
 * Default durability only: two flushes a commit. LMDB's flags that save one lose acknowledged
 * commits (tests/faults/power_loss.c shows it).
 */
#ifndef SUBANK_LEDGER_STORE_STORE_H
#define SUBANK_LEDGER_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/error.h"
#include "ledger/base/leftover.h"

enum store_table {
	STORE_JOURNAL, /* u64 sequence number -> 32 bytes of hash, stored event; only grows */
	STORE_ACCOUNTS, /* name -> state; a cache */
	STORE_BY_ACCOUNT, /* name, NUL, u64 sequence number -> u64 those behind it; only grows */
	STORE_REFS, /* ref -> u64 sequence number; only grows */
	STORE_ANSWERS, /* u64 answered, u64 answering entry -> i64 amount; only grows */
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
	const char *doing; /* who holds a lock, for others to read: "subank deposit" */
	int wait_ms; /* how long to wait for a lock */
	size_t map_size; /* of a new store, in bytes; 0 is 1 GiB. It grows by itself. */
};

/* Opens the books in options->folder. Refuses a folder that others can write, a network file
 * system (LMDB's locks and maps do not work there), a data file cut short. SB_ENOTFOUND when there
 * is no bank. The texts of [options] must outlive the store. */
int store_open(const struct store_options *options, enum store_mode mode, struct store **ret,
	       struct sb_error *err);

/* Makes new empty books beside (`books.new`, a leftover is removed), in a folder that is made if
 * need be, mode 0750. Nothing of an existing bank changes until store_install(), and it can be used
 * until store_take_over(). Holds build.lock until store_close(). */
int store_build(const struct store_options *options, struct store **ret, struct sb_error *err);

/* Closes and syncs what store_build() made and waits until no other process is in the old books;
 * from then on none comes in. The store is for the next two and store_close() alone. */
int store_take_over(struct store *store, struct sb_error *err);

/* Opens the old books for reading, for who has come in. To be closed before store_install(). */
int store_open_old(struct store *store, struct store **ret, struct sb_error *err);

/* Renames the new books into place. The old ones, if any, are removed, or kept in the bank's folder
 * under the name [aside], if it is not NULL. Then closes the store, also on failure. */
int store_install(struct store *store, const char *aside, struct sb_error *err);

/* Copies what one transaction sees into a new folder, as a bank's: `books/` in it, written to the
 * disk. Writers go on. Modes 0750 and 0640; made by root, all of it belongs to the owner of the
 * bank. SB_EREFUSED when there is something of that name. After an error nothing is left; a signal
 * that ends the process removes the copy until leftover_done(). */
int store_copy(struct store *store, const char *folder, struct leftover *leftover,
	       struct sb_error *err);
/* Gives a copy that nobody has open its name, for good: what locks it has are removed, nothing is
 * replaced (SB_EREFUSED), the folder above is written to the disk. */
int store_copy_install(const char *folder, const char *name, struct sb_error *err);
/* Removes a copy, or another bank's folder that nobody has open. Safe in a signal handler. */
void store_copy_remove(const char *folder);

/* NULL is allowed. Books that were built and not installed are removed. */
void store_close(struct store *store);

/* Runs [fn] in a transaction. It may run more than once (the map grew, a wrong snapshot was
 * refused), so it must not do anything that cannot be done again. It returns 0 to commit,
 * STORE_ABORT to leave everything as it was and still be told SB_OK, or an error. Signals that
 * would end or stop the process wait until a write is over. SB_EUNKNOWN: the disk failed while
 * committing. */
typedef int store_fn(struct store_txn *txn, void *ctx, struct sb_error *err);
enum { STORE_ABORT = 1 };
int store_write(struct store *store, store_fn *fn, void *ctx, struct sb_error *err);
int store_read(struct store *store, store_fn *fn, void *ctx, struct sb_error *err);

/* What a get or a cursor gives is valid until the next write in the transaction or its end.
 * SB_ENOTFOUND without a text when there is no such key. */
int store_get(struct store_txn *txn, enum store_table table, struct slice key, struct slice *ret,
	      struct sb_error *err);

/* Adds a key that is not there yet. In the journal it must also be the largest. SB_ECORRUPT
 * otherwise: whoever numbers entries had wrong books before him. */
int store_add(struct store_txn *txn, enum store_table table, struct slice key, struct slice value,
	      struct sb_error *err);

/* Sets a key. Only for the tables that are caches or meta; the journal and its indexes have no
 * update. What nothing else would prove has a sum stored with it: a damaged value is SB_ECORRUPT
 * when it is read. */
int store_set(struct store_txn *txn, enum store_table table, struct slice key, struct slice value,
	      struct sb_error *err);

/* Empties a table that is a cache. */
int store_clear(struct store_txn *txn, enum store_table table, struct sb_error *err);

int store_count(struct store_txn *txn, enum store_table table, uint64_t *ret, struct sb_error *err);

/* Goes through a table from the first key >= [from] (empty: from the first; backward: from the last
 * key <= [from], empty: the last) and calls [each] until it returns other than 0: STORE_ABORT ends
 * the walk with SB_OK, an error ends it with that error. */
typedef int store_item(struct slice key, struct slice value, void *ctx, struct sb_error *err);
int store_each(struct store_txn *txn, enum store_table table, struct slice from, bool backward,
	       store_item *each, void *ctx, struct sb_error *err);

/* Looks at every page of the data file, for verify: each belongs to one table or is free, none to
 * two, each is where it says it is, and keys stand in their order. LMDB has no sums: a page number
 * that is wrong is found when it is followed, or never. Within store_read(). SB_ECORRUPT: it is not
 * so. */
int store_check_pages(struct store_txn *txn, struct sb_error *err);

/* The bank's folder, for its other locks; valid until store_close(). */
int store_folder(const struct store *store);

/* Called by LMDB's own assertions when the file is damaged; must not return. */
void store_on_damage(void (*handler)(const char *text));

/* Whether this process has begun to commit something: from then on nobody who falls can say that
 * nothing was changed. Safe in a signal handler. */
bool store_may_have_written(void);

/* The version of the LMDB library, as text. */
const char *store_library(void);

#endif
