/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts as they were: replayed from the journal. For one account its own entries are read, and
 * those of the accounts it received money from, whose windows came with it; for all accounts the
 * journal is read once. */
#ifndef SUBANK_LEDGER_BOOKS_HISTORY_H
#define SUBANK_LEDGER_BOOKS_HISTORY_H

#include "ledger/base/steps.h"
#include "ledger/books/books.h"

struct history; /* lives within a transaction */

/* Begins before the first entry. It will not be moved past entry [last]. [account]: NULL is all of
 * them. [steps]: NULL, or who is told which entry of those to [last] is read; they outlive the
 * history. history_free() it. */
int history_new(struct books *books, const char *account, uint64_t last, const struct steps *steps,
		struct history **ret, struct sb_error *err);
void history_free(struct history *history);

/* One step of the account: what it had before the entry, and how it is after it. */
typedef int history_each(const struct entry *entry, int64_t net_before,
			 const struct account *account, void *ctx, struct sb_error *err);

/* Moves on to the state behind entry [seq]; never back. Of one account, [each], if it is not NULL,
 * is called for every entry on the way; STORE_ABORT is not for it. SB_ECORRUPT: the entries break
 * a rule. */
int history_advance(struct history *history, uint64_t seq, history_each *each, void *ctx,
		    struct sb_error *err);

/* How many accounts were opened so far, and a copy of one of them, settled to [time]: by name, or
 * the one. account_free() it. */
int history_count(struct history *history, size_t *ret, struct sb_error *err);
int history_account(const struct history *history, size_t index, int64_t time, struct account **ret,
		    struct sb_error *err);

/* What the lots hold less the debt: a sum that entries alone change. */
int64_t account_net(const struct account *account);

#endif
