/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts as they were, replayed from the journal. For one account, only its entries and those of
 * the accounts that gave it money are read: the windows of money come from the giver. For all
 * accounts the whole journal is read once. */
#pragma once

#include "ledger/base/steps.h"
#include "ledger/books/books.h"

struct history; /* lives within a transaction */

/* Creates a history before the first entry, which can move up to entry [last]. [account]: NULL for
 * all. An account that was renamed is followed under each of its names; history_name() returns the
 * one of the moment. [steps]: NULL or a progress callback, which must outlive the history. The
 * caller calls history_free(). */
int history_new(struct books *books, const char *account, uint64_t last, const struct steps *steps,
		struct history **ret, struct sb_error *err);
void history_free(struct history *history);

/* One entry of the account: its balance before, and its state afterwards. */
typedef int history_each(const struct entry *entry, int64_t net_before,
			 const struct account *account, void *ctx, struct sb_error *err);

/* Moves forward to the state after entry [seq]. In a history of one account, calls [each] (unless
 * it is NULL) for its entries on the way; it must not return STORE_ABORT. SB_ECORRUPT if the
 * entries break a rule. */
int history_advance(struct history *history, uint64_t seq, history_each *each, void *ctx,
		    struct sb_error *err);

/* Counts the accounts opened so far. */
int history_count(struct history *history, size_t *ret, struct sb_error *err);
/* Returns the name of an account of the history; it is valid as long as the history. */
const char *history_name(const struct history *history, size_t index);
/* Copies an account, by index in the order of names, and settles the copy to [time]. The caller
 * calls account_free(). */
int history_account(const struct history *history, size_t index, int64_t time, struct account **ret,
		    struct sb_error *err);

/* The rest of all lots less the debt. Only entries change it. */
int64_t account_net(const struct account *account);
