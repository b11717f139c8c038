/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The books of a bank: the journal and everything derived from it, within one transaction. A verb
 * plans on the accounts that it finds here and appends entries. An entry, the states that it
 * changes and its indexes are committed together or not at all. */
#pragma once

#include "ledger/account/account.h"
#include "ledger/base/tally.h"
#include "ledger/books/journal.h"
#include "ledger/books/tree.h"
#include "ledger/store/store.h"

struct bank; /* an open bank */
struct books; /* its books within one transaction */

/* The author of new entries. Texts are borrowed until the bank is closed. */
struct author {
	uint32_t uid;
	uint32_t login; /* LOGIN_NONE */
	const char *user;
	const char *host;
	const char *sudo; /* the user who ran sudo, from the environment; NULL or "" without sudo,
			     or if the login is known */
};

/* Creates an empty bank with a random id in options->folder that commands Slurm from [machine].
 * SB_EREFUSED if there is a bank already. */
int bank_create(const struct store_options *options, const char *machine, struct sb_error *err);

int bank_open(const struct store_options *options, enum store_mode mode,
	      const struct author *author, struct bank **ret, struct sb_error *err);
void bank_close(struct bank *bank);

/* Records later entries as those of another login, or of the one that bank_open() was given if
 * [login] is NULL. */
void bank_act_for(struct bank *bank, const uint32_t *login);

/* The entries that this process has committed through an open bank. */
struct new_entries {
	uint64_t first, last; /* of its first transaction that recorded any; 0 without one */
	bool more; /* later transactions recorded others */
};
struct new_entries bank_new_entries(const struct bank *bank);
struct store *bank_store(struct bank *bank);

/* Run [fn] in a transaction on the books as of [now] (microseconds, UTC). [fn] may run again from
 * the start, as in store_write(). A write takes the time of the newest entry if [now] is up to a
 * minute before it, and fails with SB_EREFUSED if [now] is earlier still.
 *
 * The books keep the first error of a function that writes (append, defer, record, set, replay,
 * index): every later one returns that error and changes nothing, so a chain of them needs no
 * checks in between. If [fn] then returns SB_OK, bank_write() commits nothing and returns that
 * first error. Two sorts of errors do not stop later functions, since they changed nothing:
 * SB_EINVAL and SB_ENOTFOUND of books_append(), which still prevent the commit, and what
 * books_defer() refuses. */
typedef int books_fn(struct books *books, void *ctx, struct sb_error *err);
int bank_write(struct bank *bank, int64_t now, books_fn *fn, void *ctx, struct sb_error *err);
int bank_read(struct bank *bank, int64_t now, books_fn *fn, void *ctx, struct sb_error *err);

/* The time of this transaction, which its entries get. */
int64_t books_time(const struct books *books);
const struct head *books_head(const struct books *books);
const unsigned char *books_id(const struct books *books); /* BANK_ID_SIZE bytes */
struct store_txn *books_txn(struct books *books);

/* Finds an account, settled to books_time() and with its deferred charges. It is valid until the
 * transaction ends; books_append() changes it. SB_ENOTFOUND if it was never opened. */
int books_account(struct books *books, const char *name, const struct account **ret,
		  struct sb_error *err);

/* The same, but sets no text for SB_ENOTFOUND. */
int books_find(struct books *books, const char *name, const struct account **ret,
	       struct sb_error *err);

/* Loads all accounts. books_at() then returns them by index, 0 to *ret_count - 1, sorted by name.
 */
int books_load_all(struct books *books, size_t *ret_count, struct sb_error *err);
const struct account *books_at(const struct books *books, size_t index);

/* The resources of which there are purses, sorted. Empty in most banks. The caller calls
 * resources_release(). */
struct resources {
	char (*list)[RESOURCE_SIZE];
	size_t count;
};
int books_resources(struct books *books, struct resources *ret, struct sb_error *err);
/* Computes the same list from the accounts, all of which it loads: slower, but independent of the
 * stored list. */
int books_used_resources(struct books *books, struct resources *ret, struct sb_error *err);
/* The resources of which a purse has a default share, in the same form: a check asks for all users
 * if there are any. The list may have one whose last default share was ended: a whole check removes
 * it. */
int books_default_shares(struct books *books, struct resources *ret, struct sb_error *err);
int books_used_default_shares(struct books *books, struct resources *ret, struct sb_error *err);
/* Corrects both stored lists. Checks do not find purses and default shares of a resource that they
 * lack. */
int books_mend_resources(struct books *books, struct sb_error *err);
/* Needs a sorted list. */
bool resources_have(const struct resources *resources, const char *name);
/* Sorts a stored list that may be damaged. */
void resources_sort(struct resources *resources);
bool resources_same(const struct resources *a, const struct resources *b);
void resources_release(struct resources *resources);

/* The purses of an account other than its own, loaded like books_account(). */
struct purses {
	const struct account **list; /* by name */
	size_t count;
};
int books_purses(struct books *books, const char *account, struct purses *ret,
		 struct sb_error *err);
void purses_release(struct purses *purses);

/* Fills in the envelope (number, time, author), appends the entry and applies it to its accounts at
 * once. SB_EINVAL for a malformed event, SB_ECORRUPT for one that breaks a rule. */
int books_append(struct books *books, struct event *event, struct sb_error *err);
/* Fills in the envelope, and returns SB_EINVAL where books_append() would. Changes nothing. */
int books_check_entry(const struct books *books, struct event *event, struct sb_error *err);

/* Deferred charges. A reading (below) can imply use that has no entry yet: loading the account
 * applies it in memory, so every decision sees it, and a busy account needs no entry at each check.
 * The charge is recorded just before the account's next entry; otherwise it is dropped at the end
 * of the transaction and rebuilt from the reading by the next one. */

/* Applies a charge to its account and defers its entry. If the account already has an entry in this
 * transaction, the charge is recorded at once. Merges consecutive charges. May take the parts out
 * of [charge]; the caller still releases it. On SB_EOVERFLOW and SB_ECORRUPT nothing was
 * changed. */
int books_defer(struct books *books, struct event *charge, struct sb_error *err);
/* Returns the account's charges deferred in this transaction, by index, oldest first; NULL after
 * the last. A recorded one has a seq. Valid until the next call of books_defer(). */
const struct event *books_deferred(const struct books *books, const char *account, size_t index);
/* Sums the deferred charges without an entry; *ret_since is when the first use of them began. 0 and
 * 0 without any. */
void books_deferred_sum(const struct books *books, const struct account *account,
			int64_t *ret_amount, int64_t *ret_since);
/* Records the account's deferred charges. SB_OK for an account that is not in the bank. */
int books_record_deferred(struct books *books, const char *account, struct sb_error *err);
/* Loads accounts without deferred charges from now on. Call it before any is loaded. */
void books_omit_deferred(struct books *books);

/* Finds the entry with this ref. SB_ENOTFOUND (without a text) if there is none, SB_EREFUSED if it
 * belongs to another request. */
int books_find_ref(struct books *books, const char *ref, const char *request, uint64_t *ret_seq,
		   struct sb_error *err);

/* Calls [each] for the refunds and reversals of entry [seq], oldest first, without those that were
 * reversed themselves. STORE_ABORT ends the iteration. */
typedef int books_each_answer(uint64_t answering, int64_t amount, void *ctx, struct sb_error *err);
int books_answers(struct books *books, uint64_t seq, books_each_answer *each, void *ctx,
		  struct sb_error *err);
/* Sums their amounts and finds the first one; 0 and 0 without any. */
int books_answered(struct books *books, uint64_t seq, int64_t *ret_amount, uint64_t *ret_first,
		   struct sb_error *err);

/* The running jobs of an account that is metered by jobs; they have no entries yet. */
struct in_flight {
	int64_t used; /* so far, billing-seconds */
	int64_t committed; /* if each runs to its time limit; never less than [used] */
	int64_t endless; /* jobs without a limit, which are committed to what they have used */
	int64_t since; /* from when on the first of them counts, microseconds; 0: none runs */
	int64_t time; /* when this was measured; 0: never */
};

/* The last check's view of an account on a cluster. It is not part of the books and may be lost. */
struct reading {
	int64_t usage; /* billing-seconds */
	int64_t time; /* when it was read */
	int64_t since; /* when the use that had no entry then began; 0: all had one */
	int64_t running; /* what jobs that ran then could still use, in whole minutes; -1: unknown
			  */
	bool vanished; /* the cluster's last answer did not have the account; that was reported if
			  it had use there */
	/* Of accounts that are metered by jobs: */
	struct in_flight flight;
	int64_t settled; /* jobs that ended before this, as slurmdbd knew them then, are charged; 0:
			    none */
};

/* SB_ENOTFOUND without a text. */
int books_reading(struct books *books, const char *cluster, const char *account,
		  struct reading *ret, struct sb_error *err);
int books_set_reading(struct books *books, const char *cluster, const char *account,
		      const struct reading *reading, struct sb_error *err);
/* When a check last read all jobs of the cluster that slurmdbd may have got late (check/jobs.h); 0:
 * that is unknown, or the next check is to do it. It may be lost, and is if the readings are. */
int books_looked_back(struct books *books, const char *cluster, int64_t *ret, struct sb_error *err);
int books_set_looked_back(struct books *books, const char *cluster, int64_t time,
			  struct sb_error *err);
/* The highest threshold (percent) that the account reached at the last check only because of its
 * running jobs; 0: none. It is not among the crossed ones of the state, which follows from entries
 * alone. */
int books_reached(struct books *books, const char *account, int64_t *ret, struct sb_error *err);
int books_set_reached(struct books *books, const char *account, int64_t level,
		      struct sb_error *err);
/* The tree of a cluster's accounts at the last check; empty before the first. */
int books_tree(struct books *books, const char *cluster, struct tree *ret, struct sb_error *err);
int books_set_tree(struct books *books, const char *cluster, const struct tree *tree,
		   struct sb_error *err);
/* A stored tree, read once in a transaction. */
struct kept_tree {
	char cluster[NAME_SIZE];
	struct tree tree;
	/* For a caller that compares it with what the cluster shows: what it was compared with,
	 * NULL at first, and the result, which the transaction releases. */
	const void *shown;
	struct tree changed;
};
/* The same tree as books_tree(), which belongs to the transaction. It is valid until
 * books_set_tree(). */
int books_kept_tree(struct books *books, const char *cluster, struct kept_tree **ret,
		    struct sb_error *err);
/* Finds the account's cluster whose use was read, or whose jobs were charged, longest ago, and that
 * time; "" and 0 if it has none. The name belongs to the account. A cluster that no longer shows
 * the account counts only if none does. With [count] > 0 only [clusters] count: one that was
 * removed from the settings is not read any more. */
int books_read_time(struct books *books, const struct account *account, char *const *clusters,
		    size_t count, int64_t *ret, const char **ret_cluster, struct sb_error *err);

/* The machine that may change Slurm, "" if none was adopted. It is not part of the chain. */
int books_machine(struct books *books, char *to, size_t size, struct sb_error *err);
int books_set_machine(struct books *books, const char *machine, struct sb_error *err);
/* The time of the last check that trusted the clock; 0: never. */
int books_last_check(struct books *books, int64_t *ret, struct sb_error *err);
int books_set_last_check(struct books *books, int64_t time, struct sb_error *err);
/* When a check last read the limits that take a call of their own; 0: never. */
int books_last_limits(struct books *books, int64_t *ret, struct sb_error *err);
int books_set_last_limits(struct books *books, int64_t time, struct sb_error *err);

/* The end of the newest period whose statement was mailed to the contacts of the account; 0: none.
 * It may be lost. */
int books_statement_sent(struct books *books, const char *account, int64_t *ret,
			 struct sb_error *err);
int books_set_statement_sent(struct books *books, const char *account, int64_t until,
			     struct sb_error *err);

/* What the last whole check saw of Slurm that the check at submission needs (publish_submit.h). */
struct submit_facts {
	uint8_t billing; /* a rule of billing, as the caller numbers them */
	int64_t slurm_user; /* the uid of SlurmUser; -1: unknown */
	int64_t time; /* when its use was read */
};
/* SB_ENOTFOUND without a text: no check has seen it. */
int books_submit_facts(struct books *books, struct submit_facts *ret, struct sb_error *err);
int books_set_submit_facts(struct books *books, const struct submit_facts *facts,
			   struct sb_error *err);
/* How the checks of all accounts went, for those who watch the bank (metrics.h). */
struct check_outcome {
	int64_t time; /* when the newest one ended; 0: none has */
	int64_t done; /* the newest one that did its work, at least in part; 0: none has */
	int64_t clean; /* the newest one without a failure; 0: none has */
	/* Of the newest one: */
	int64_t silent; /* clusters that did not answer or cannot be trusted */
	int64_t odd; /* rows of Slurm's answers that were left out */
	uint8_t status; /* its exit status */
};
/* Zeros if it is not known: it may be lost. */
int books_check_outcome(struct books *books, struct check_outcome *ret, struct sb_error *err);
int books_set_check_outcome(struct books *books, const struct check_outcome *outcome,
			    struct sb_error *err);
/* The users of accounts as Slurm last answered, in a form of the caller's. *ret is empty if Slurm
 * never answered, and valid in this transaction. */
int books_submit_users(struct books *books, struct slice *ret, struct sb_error *err);
int books_set_submit_users(struct books *books, const char *text, struct sb_error *err);

/* The UsageFactors of Slurm's QOS at the last reading. */
struct factor_list {
	struct kept_factor {
		char *name;
		int64_t factor; /* millionths; -1: never read, and taken for 1 */
	} * list;
	size_t count;
};
/* Reads the list; a malformed one is empty, since it may be lost. The caller calls
 * factor_list_release(). */
int books_factors(struct books *books, struct factor_list *ret, struct sb_error *err);
int books_set_factors(struct books *books, const struct factor_list *factors, struct sb_error *err);
int factor_list_add(struct factor_list *factors, const char *name, int64_t factor,
		    struct sb_error *err);
void factor_list_release(struct factor_list *factors);

/* Entries that the notify command has not received yet. */
struct pending {
	uint64_t seq;
	bool failed; /* the command failed for it, which an entry records */
};
struct pending_list {
	bool started; /* false: there is no notify command */
	uint64_t cursor; /* the last entry that was considered */
	struct pending *list; /* free() */
	size_t count;
};
int books_pending(struct books *books, struct pending_list *ret, struct sb_error *err);
int books_set_pending(struct books *books, const struct pending_list *pending,
		      struct sb_error *err);

/* ---- for import, verify and history: books that are replayed rather than planned ---- */

/* True if the stored states are of this version. Others are rebuilt at the next write. */
bool books_states_current(const struct books *books);

/* Creates empty books in memory, without a journal. Returns NULL when memory ran out. The caller
 * calls books_free(). */
struct books *books_new(const unsigned char bank[BANK_ID_SIZE]);
void books_free(struct books *books);
/* Sets the id of a bank that is being built, as read from a file. */
int books_set_id(struct books *books, const unsigned char bank[BANK_ID_SIZE], struct sb_error *err);
/* Appends an entry that has its own envelope. SB_ECORRUPT unless seq is the next one, time is not
 * before the last entry's and [hash] is the chain's. */
int books_replay(struct books *books, const struct event *event, const unsigned char *hash,
		 struct sb_error *err);
/* Applies an entry to books in memory. The caller has checked its hash. */
int books_follow(struct books *books, const struct event *event, const unsigned char *hash,
		 struct sb_error *err);
/* Makes books_follow() keep a tally of each account's entries, with [key]. books_tally() returns
 * the tally of books_at(index). */
void books_keep_tallies(struct books *books, uint64_t key);
const struct tally *books_tally(const struct books *books, size_t index);
/* Adds the new entries to the index of accounts now. Otherwise that is done at the end of the
 * transaction, for all entries of an account together. */
int books_index(struct books *books, struct sb_error *err);
/* Makes the key under which the account's entries from [seq] on are stored. Returns its length. */
enum { INDEX_KEY_SIZE = NAME_SIZE + 8 };
size_t books_index_key(unsigned char to[INDEX_KEY_SIZE], const char *account, uint64_t seq);
void books_answer_key(unsigned char to[16], const struct event *event);

/* A position in the index of one account's entries. Start with seq 0. */
struct index_place {
	const char *account;
	uint64_t seq; /* 0: no more */
	bool more; /* the account's next entry is stored under the same key */
};
/* Moves to the first entry at or after [from] or, [backward], to the last one at or before it.
 * Forward from a place it moves to the next entry only: [from] is place->seq + 1. */
int books_index_move(struct books *books, struct index_place *place, uint64_t from, bool backward,
		     struct sb_error *err);

/* How a bank that was built replaces another. */
struct replacing {
	/* Called when the new books are built and the old ones are still in use. Returns SB_OK to
	 * go on or STORE_ABORT to leave everything as it is. */
	int (*agree)(struct bank *built, void *ctx, struct sb_error *err);
	/* Copies the old books before they are removed. No other process uses them then. */
	int (*keep)(struct bank *old, void *ctx, struct sb_error *err);
	void *ctx;
	bool damaged; /* do not read the old books but move them aside; also set when they turn out
			 to be damaged */
	const char *aside; /* the new name of damaged books, in the bank's folder */
};

/* Creates a bank like bank_create(), lets [fill] write it in transactions of its own (bank_write()
 * with now 0) and puts it in place. Without [replacing] an existing bank is replaced only if it has
 * no entries: SB_EREFUSED. STORE_ABORT if agree() returned it. */
int bank_build(const struct store_options *options,
	       int (*fill)(struct bank *, void *, struct sb_error *), void *ctx,
	       struct replacing *replacing, struct sb_error *err);
