/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The books of a bank: the journal and what follows from it, in one transaction. Verbs plan on the
 * accounts that they find here and append; an entry, the states it changes and its indexes are
 * committed together or not at all. */
#ifndef SUBANK_LEDGER_BOOKS_BOOKS_H
#define SUBANK_LEDGER_BOOKS_BOOKS_H

#include "ledger/account/account.h"
#include "ledger/base/tally.h"
#include "ledger/books/journal.h"
#include "ledger/books/tree.h"
#include "ledger/store/store.h"

struct bank; /* an open bank */
struct books; /* its books within one transaction */

/* Who writes; texts are borrowed until the bank is closed. */
struct author {
	uint32_t uid;
	uint32_t login; /* LOGIN_NONE */
	const char *user;
	const char *host;
	const char *sudo; /* who ran sudo, as the environment says; NULL or "": nobody, or a login
			     says more */
};

/* Makes an empty bank with a random id in options->folder, commanding Slurm from [machine].
 * SB_EREFUSED when there is one already. */
int bank_create(const struct store_options *options, const char *machine, struct sb_error *err);

int bank_open(const struct store_options *options, enum store_mode mode,
	      const struct author *author, struct bank **ret, struct sb_error *err);
void bank_close(struct bank *bank);

/* The entries that this process has committed through an open bank. */
struct entered {
	uint64_t first, last; /* those of its first transaction that made any; 0: none were made */
	bool more; /* later transactions made others */
};
struct entered bank_entered(const struct bank *bank);
struct store *bank_store(struct bank *bank);

/* Run [fn] in a transaction on the books as of [now] (microseconds, UTC). [fn] may run again from
 * the start, as in store_write(). A write takes the time of the newest entry if [now] is up to a
 * minute before it, and fails with SB_EREFUSED if [now] is earlier still.
 *
 * The books keep the first error of a function that writes (append, defer, enter, set, replay,
 * index): every later one returns that error and changes nothing, so a chain of them needs no
 * checks in between. If [fn] then returns SB_OK, bank_write() commits nothing and returns that
 * first error. Two sorts of errors do not stop the later ones, since nothing was changed:
 * SB_EINVAL and SB_ENOTFOUND of books_append(), which still prevent the commit, and those of
 * books_defer(). */
typedef int books_fn(struct books *books, void *ctx, struct sb_error *err);
int bank_write(struct bank *bank, int64_t now, books_fn *fn, void *ctx, struct sb_error *err);
int bank_read(struct bank *bank, int64_t now, books_fn *fn, void *ctx, struct sb_error *err);

/* The time of this transaction: what is appended gets it. */
int64_t books_time(const struct books *books);
const struct head *books_head(const struct books *books);
const unsigned char *books_id(const struct books *books); /* BANK_ID_SIZE bytes */
struct store_txn *books_txn(struct books *books);

/* The account, settled to books_time() and with the use that was seen and not entered (seen.h);
 * valid until the transaction ends, changed by books_append(). SB_ENOTFOUND, with a text, when it
 * was never opened. */
int books_account(struct books *books, const char *name, const struct account **ret,
		  struct sb_error *err);

/* The same without a text for SB_ENOTFOUND: for who only wants to know. */
int books_find(struct books *books, const char *name, const struct account **ret,
	       struct sb_error *err);

/* Reads all accounts; books_at() then gives them by name, 0 to *ret_count - 1. */
int books_load_all(struct books *books, size_t *ret_count, struct sb_error *err);
const struct account *books_at(const struct books *books, size_t index);

/* Fills in the envelope (number, time, author) and appends; the accounts that it names change at
 * once. Malformed events are SB_EINVAL; an event that breaks a rule is SB_ECORRUPT. */
int books_append(struct books *books, struct event *event, struct sb_error *err);

/* Applies a charge to its account and leaves it without an entry until the account gets another one
 * in the transaction, which it then stands before: whoever decides has the use. (Where it got one
 * before, it is entered at once.) Without any the charge is forgotten when the transaction ends,
 * and taken up from the reading by the next one. Two that follow each other become one. Takes over
 * the parts. SB_EOVERFLOW and SB_ECORRUPT: nothing changed. */
int books_defer(struct books *books, struct event *charge, struct sb_error *err);
/* Those of the account by number, in the order they came in; NULL behind the last. Entered, one has
 * a seq. Valid until the next is deferred. */
const struct event *books_deferred(const struct books *books, const char *account, size_t index);
/* Enters them. An account that is not there has none. */
int books_enter_deferred(struct books *books, const char *account, struct sb_error *err);
/* From now on accounts are loaded as the entries alone make them: those that were loaded before
 * stay as they are, so it comes first. */
void books_as_entered(struct books *books);

/* The entry that has this ref. SB_ENOTFOUND (no text): none. SB_EREFUSED: it was another request.
 */
int books_find_ref(struct books *books, const char *ref, const char *request, uint64_t *ret_seq,
		   struct sb_error *err);

/* Calls [each] for the refunds and reversals that answer entry [seq], oldest first; those that were
 * reversed themselves are left out. STORE_ABORT ends the walk. */
typedef int books_each_answer(uint64_t answering, int64_t amount, void *ctx, struct sb_error *err);
int books_answers(struct books *books, uint64_t seq, books_each_answer *each, void *ctx,
		  struct sb_error *err);
/* How much of entry [seq] they gave or took back, and the first of them; 0 and 0: nothing. */
int books_answered(struct books *books, uint64_t seq, int64_t *ret_amount, uint64_t *ret_first,
		   struct sb_error *err);

/* What jobs that run stand for, of an account that is metered by jobs: no entries yet. */
struct in_flight {
	int64_t used; /* so far, billing-seconds */
	int64_t committed; /* if each runs to its time limit; never less than [used] */
	int64_t endless; /* how many have no limit: they are committed to what they have used */
	int64_t since; /* from when on the first of them counts, microseconds; 0: none runs */
	int64_t time; /* when that was so; 0: it was never seen */
};

/* What a check saw last: not books, and may be lost. */
struct reading {
	int64_t usage; /* billing-seconds */
	int64_t time; /* when it was read */
	int64_t since; /* of the use that no entry had then (seen.h): when it began */
	int64_t running; /* what jobs that ran then could still use, in whole minutes; -1: not known
			  */
	bool vanished; /* the cluster answered last without the account; that was said if it had
			  used something there */
	/* Of accounts that are metered by jobs: */
	struct in_flight flight;
	int64_t settled; /* jobs that ended before are charged, by what slurmdbd knew then; 0: none
			  */
};

/* SB_ENOTFOUND without a text. */
int books_reading(struct books *books, const char *cluster, const char *account,
		  struct reading *ret, struct sb_error *err);
int books_set_reading(struct books *books, const char *cluster, const char *account,
		      const struct reading *reading, struct sb_error *err);
/* The highest threshold (percent) that the account's use had reached at the last check because of
 * what running jobs count for, so that its state does not have it as crossed; 0: none. */
int books_reached(struct books *books, const char *account, int64_t *ret, struct sb_error *err);
int books_set_reached(struct books *books, const char *account, int64_t level,
		      struct sb_error *err);
/* How the accounts of a cluster hung together at the last check; empty if there was none. */
int books_tree(struct books *books, const char *cluster, struct tree *ret, struct sb_error *err);
int books_set_tree(struct books *books, const char *cluster, const struct tree *tree,
		   struct sb_error *err);
/* How old the use is: when the account was read, or its jobs were charged, last, on that of the
 * clusters which have it where that is longest ago, and which that is (the account's text; "" for
 * none); 0: never. Clusters that answered last without the account do not count, unless all did.
 * Of [clusters] alone, if any are given: one that is gone from the settings is not read any more.
 */
int books_read_time(struct books *books, const struct account *account, char *const *clusters,
		    size_t count, int64_t *ret, const char **ret_cluster, struct sb_error *err);

/* The machine that may change Slurm, "" if none was adopted; outside the chain. */
int books_machine(struct books *books, char *to, size_t size, struct sb_error *err);
int books_set_machine(struct books *books, const char *machine, struct sb_error *err);
/* The time of the last check that trusted the clock; 0: never. */
int books_last_check(struct books *books, int64_t *ret, struct sb_error *err);
int books_set_last_check(struct books *books, int64_t time, struct sb_error *err);

/* When a check last looked at the levers that take a call of their own; 0: never. */
int books_last_look(struct books *books, int64_t *ret, struct sb_error *err);
int books_set_last_look(struct books *books, int64_t time, struct sb_error *err);

/* The factors that QOS of Slurm had when they were seen last. */
struct factor_list {
	struct kept_factor {
		char *name;
		int64_t factor; /* millionths; -1: it was never seen, and is taken for 1 */
	} * list;
	size_t count;
};
/* A malformed one is empty: it may be lost. The caller calls factor_list_release(). */
int books_factors(struct books *books, struct factor_list *ret, struct sb_error *err);
int books_set_factors(struct books *books, const struct factor_list *factors, struct sb_error *err);
int factor_list_add(struct factor_list *factors, const char *name, int64_t factor,
		    struct sb_error *err);
void factor_list_release(struct factor_list *factors);

/* Entries of which the notify command is still to be told. */
struct pending {
	uint64_t seq;
	bool failed; /* it was tried and failed, and that was entered */
};
struct pending_list {
	bool started; /* false: nobody is told of anything */
	uint64_t cursor; /* entries up to this one were looked at */
	struct pending *list; /* free() */
	size_t count;
};
int books_pending(struct books *books, struct pending_list *ret, struct sb_error *err);
int books_set_pending(struct books *books, const struct pending_list *pending,
		      struct sb_error *err);

/* For import and verify: books that are replayed rather than planned. */

/* Whether the stored states are of this version: others are made again at the next write. */
bool books_states_current(const struct books *books);

/* Books in memory, with no journal of their own: books_follow() applies entries to accounts. */
struct books *books_new(const unsigned char bank[BANK_ID_SIZE]);
void books_free(struct books *books);
/* Gives the books in a transaction of a bank that is built anew the id from a file. */
int books_set_id(struct books *books, const unsigned char bank[BANK_ID_SIZE], struct sb_error *err);
/* Appends an entry that carries its own envelope. seq must be the next, time not before the last,
 * and [hash] what the chain gives: SB_ECORRUPT otherwise. */
int books_replay(struct books *books, const struct event *event, const unsigned char *hash,
		 struct sb_error *err);
/* Applies an entry, whose hash the caller has checked, to books in memory. */
int books_follow(struct books *books, const struct event *event, const unsigned char *hash,
		 struct sb_error *err);
/* Has books_follow() keep a tally of the entries of each account, and tells that of
 * books_at(index). */
void books_keep_tallies(struct books *books, uint64_t key);
const struct tally *books_tally(const struct books *books, size_t index);
/* Entries come into the index of their accounts at the end of the transaction, each account's
 * together. */
int books_index(struct books *books, struct sb_error *err);
/* The stored key of an account's entries from [seq] on. Returns its length. */
enum { INDEX_KEY_SIZE = NAME_SIZE + 8 };
size_t books_index_key(unsigned char to[INDEX_KEY_SIZE], const char *account, uint64_t seq);
void books_answer_key(unsigned char to[16], const struct event *event);

/* Where one account's part of the index was come to. Start with seq 0. */
struct index_place {
	const char *account;
	uint64_t seq; /* 0: no more */
	bool more; /* the next stands under the same key */
};
/* Moves to the first entry at [from] or behind it, or, [backward], before it. From a place forward
 * it goes to the next one only: [from] is place->seq + 1. */
int books_index_move(struct books *books, struct index_place *place, uint64_t from, bool backward,
		     struct sb_error *err);

/* How books take the place of others. */
struct replacing {
	/* The new books are built, the old ones are still in use: SB_OK to go on, STORE_ABORT to
	 * leave all as it is. */
	int (*agree)(struct bank *built, void *ctx, struct sb_error *err);
	/* Makes a copy of the old books, which nobody else is in, before they are removed. */
	int (*keep)(struct bank *old, void *ctx, struct sb_error *err);
	void *ctx;
	bool damaged; /* the old books are not looked at: they are moved aside; also set when they
			 turn out to be */
	const char *aside; /* the name in the bank's folder that damaged books get */
};

/* As bank_create(), but fn fills the bank, in transactions of its own (bank_write with now 0),
 * before it takes its place. Without [replacing] an existing bank is replaced only if it has no
 * entries: SB_EREFUSED. STORE_ABORT when it was not agreed to. */
int bank_build(const struct store_options *options,
	       int (*fill)(struct bank *, void *, struct sb_error *), void *ctx,
	       struct replacing *replacing, struct sb_error *err);

#endif
