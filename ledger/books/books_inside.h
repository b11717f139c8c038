/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of ledger/books share and hide from the others. */
#pragma once

#include <string.h>

#include "ledger/books/books.h"

struct bank {
	struct store *store;
	struct author author; /* of new entries */
	struct author opener; /* as bank_open() was given it */
	bool building;
	struct new_entries new_entries;
};

/* A deferred charge. It has a seq once it is recorded. */
struct deferred {
	struct deferred *next;
	struct event charge;
	char cluster[NAME_SIZE];
};

/* An account that the transaction has loaded. */
struct loaded {
	struct account *account;
	struct deferred *deferred; /* the oldest first */
	bool restored; /* the charges that the readings imply were deferred */
	bool dirty;
	uint64_t *unindexed; /* entries of this transaction that are not in its index yet */
	size_t unindexed_count;
	struct tally tally;
};

struct books {
	struct store_txn *txn; /* NULL: in memory */
	const struct author *author;
	bool replay; /* entries bring their own times */
	bool complete; /* every account is loaded: ignore the stored states */
	bool loaded_all; /* the state of every account is loaded */
	/* Both false: not known yet. Asked for every account, so the list is read once. */
	bool no_purses; /* all purses are accounts' own */
	bool has_purses; /* some may not be */
	bool omit_deferred;
	unsigned char bank[BANK_ID_SIZE];
	struct head head;
	int64_t time;
	struct loaded *accounts; /* by name */
	size_t count;
	size_t found; /* where the last search ended */
	bool unindexed; /* some accounts have entries that are not in the index yet */
	uint64_t tally_key; /* 0: no tallies are kept */
	/* Resources that the stored lists may lack until the next books_store_resources(): */
	struct resources new_resources, new_default_shares;
	struct kept_tree **trees; /* those of books_kept_tree() */
	size_t tree_count;
	struct bytes stored; /* the entry that is being written; kept for the next one */
	struct sb_error failed; /* the first failure of a writing function; code 0: none */
	bool blocked; /* [failed] stops all later writing functions */
};

static inline struct slice text_slice(const char *text)
{
	return (struct slice){text, strlen(text)};
}

/* books.c */

/* Writes what an empty bank has: a store_write() function. */
int books_init(struct store_txn *txn, void *ctx, struct sb_error *err);
/* Copies the first failure to [err] and returns its code; SB_OK without any. */
int books_failed(const struct books *books, struct sb_error *err);
/* The same for a function that is about to write: SB_OK unless the failure blocks it. */
static inline int books_may_write(const struct books *books, struct sb_error *err)
{
	return books->blocked ? books_failed(books, err) : SB_OK;
}
/* Ends a writing function that returns [rc], with its text in [why]: keeps the first failure,
 * copies [why] to [err] and returns [rc]. [blocks]: later writes must fail. */
int books_wrote(struct books *books, int rc, bool blocks, const struct sb_error *why,
		struct sb_error *err);
/* store_set() as a writing function of the books. */
int books_set(struct books *books, enum store_table table, struct slice key, struct slice value,
	      struct sb_error *err);
/* The same for bytes, which are always released. */
int books_set_bytes(struct books *books, enum store_table table, struct slice key,
		    struct bytes *value, struct sb_error *err);

/* accounts.c */

/* Returns the index of a loaded account, or the one at which it belongs. */
size_t books_search(const struct books *books, const char *name, bool *ret_found);
/* Finds the account among the loaded ones or loads it. On SB_ENOTFOUND, which has no text, *ret_at
 * is where it belongs. The index is valid until another account is loaded. */
int books_load(struct books *books, const char *name, size_t *ret_at, struct sb_error *err);
/* Takes over [account], also on failure. */
int books_insert(struct books *books, size_t at, struct account *account, struct sb_error *err);
/* Returns SB_ENOTFOUND with a text that suggests what to do. */
int books_unknown_account(struct books *books, const char *name, struct sb_error *err);
/* Frees everything but [books] itself. */
void books_release(struct books *books);

/* notes.c */

/* Adds the resource to the list of books_resources(); does nothing if the list has it. The list is
 * stored when it is read, or at the end of the transaction: with users' shares it gets a resource
 * for each of thousands of users. */
int books_add_resource(struct books *books, const char *resource, struct sb_error *err);
/* Adds a resource to the list of books_default_shares(). */
int books_add_default_share(struct books *books, const char *resource, struct sb_error *err);
int books_store_resources(struct books *books, struct sb_error *err);
/* Frees the trees of books_kept_tree(). */
void books_drop_trees(struct books *books);

/* append.c */

/* Fills in number, time and author of the next entry. */
void books_stamp(const struct books *books, struct event *event);
/* Writes the entry and its indexes. The states of its accounts ([to]: NULL for one) already have
 * it. */
int books_store_entry(struct books *books, struct loaded *from, struct loaded *to,
		      const struct event *event, struct sb_error *err);

/* index.c */

/* Has the next books_index() add the entry. */
int books_index_later(struct books *books, struct loaded *loaded, uint64_t seq,
		      struct sb_error *err);

/* defer.c */

/* books_record_deferred() of a loaded account. */
int books_record_waiting(struct books *books, struct loaded *loaded, struct sb_error *err);
/* Defers the charges that the readings of a newly loaded account imply. */
int books_restore_deferred(struct books *books, const struct account *account,
			   struct sb_error *err);
