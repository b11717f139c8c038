/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of the books, which their files share and nobody else sees. */
#ifndef SUBANK_LEDGER_BOOKS_BOOKS_INSIDE_H
#define SUBANK_LEDGER_BOOKS_BOOKS_INSIDE_H

#include <string.h>

#include "ledger/books/books.h"

struct bank {
	struct store *store;
	struct author author;
	bool building;
	struct entered entered;
};

/* A charge that the state has and the journal has not; once it is entered it has a number. */
struct deferred {
	struct deferred *next;
	struct event charge;
	char cluster[NAME_SIZE];
};

/* An account at hand. */
struct loaded {
	struct account *account;
	struct deferred *deferred; /* the oldest first */
	bool taken_up; /* what was seen is in the state */
	bool dirty;
	uint64_t *unindexed; /* entries of this transaction that are not in its index yet */
	size_t unindexed_count;
	size_t unindexed_size;
	struct tally tally;
};

struct books {
	struct store_txn *txn; /* NULL: in memory */
	const struct author *author;
	bool replay; /* entries bring their own times */
	bool complete; /* every account is loaded: the stored states are not to be looked at */
	bool as_entered; /* what was seen without an entry is left out */
	unsigned char bank[BANK_ID_SIZE];
	struct head head;
	int64_t time;
	struct loaded *accounts; /* by name */
	size_t count;
	size_t found; /* where one was found, or belonged, last */
	bool unindexed; /* some of them have entries that are not in the index yet */
	uint64_t tally_key; /* 0: no tallies are kept */
	struct bytes stored; /* the entry that is written: room for the next one, too */
	struct sb_error failed; /* the first failure of a writing function; code 0: none */
	bool blocked; /* after it every writing function returns it and changes nothing */
};

static inline struct slice text_slice(const char *text)
{
	return (struct slice){text, strlen(text)};
}

/* books.c */

/* What an empty bank has: a store_write() function. */
int books_init(struct store_txn *txn, void *ctx, struct sb_error *err);

/* Copies the first failure to [err] and returns its code; SB_OK without any. */
int books_failed(const struct books *books, struct sb_error *err);
/* The same for a function that is about to write: SB_OK as long as it may. */
static inline int books_may_write(const struct books *books, struct sb_error *err)
{
	return books->blocked ? books_failed(books, err) : SB_OK;
}
/* Ends a writing function that returns [rc], with its text in [why]: keeps the first failure,
 * copies [why] to [err] and returns [rc]. [blocks]: nothing is to be written after it. */
int books_wrote(struct books *books, int rc, bool blocks, const struct sb_error *why,
		struct sb_error *err);
/* store_set() as a writing function of the books. */
int books_set(struct books *books, enum store_table table, struct slice key, struct slice value,
	      struct sb_error *err);
/* The same for bytes, which are released in any case. */
int books_set_bytes(struct books *books, enum store_table table, struct slice key,
		    struct bytes *value, struct sb_error *err);

/* accounts.c */

/* The place of the account among those at hand, or where it belongs. */
size_t books_search(const struct books *books, const char *name, bool *ret_found);
/* Finds the account at hand or in the store. SB_ENOTFOUND without a text, and then *ret_at is where
 * it belongs. A place holds until the next account is loaded. */
int books_load(struct books *books, const char *name, size_t *ret_at, struct sb_error *err);
/* Takes over [account]. */
int books_insert(struct books *books, size_t at, struct account *account, struct sb_error *err);
/* SB_ENOTFOUND, and what to do. */
int books_unknown_account(struct books *books, const char *name, struct sb_error *err);
/* Lets all go. */
void books_release(struct books *books);

/* append.c */

/* Number, time and author of the next entry. */
void books_stamp(const struct books *books, struct event *event);
/* The entry and its indexes, those of the accounts that it changes ([to]: NULL when it is one);
 * their states have it already. */
int books_store_entry(struct books *books, struct loaded *from, struct loaded *to,
		      const struct event *event, struct sb_error *err);

/* index.c */

/* The entry comes into the index of the account with books_index(). */
int books_index_later(struct books *books, struct loaded *loaded, uint64_t seq,
		      struct sb_error *err);

/* defer.c */

/* books_enter_deferred() of an account at hand. */
int books_enter_waiting(struct books *books, struct loaded *loaded, struct sb_error *err);

#endif
