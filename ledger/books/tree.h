/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the accounts of one cluster hang together. Slurm counts an account's use into every account
 * above it, so one that moves takes its use along: what the accounts above show then is no use. */
#ifndef SUBANK_LEDGER_BOOKS_TREE_H
#define SUBANK_LEDGER_BOOKS_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger/base/bytes.h"
#include "ledger/base/error.h"
#include "ledger/store/store.h"

struct kin {
	const char *account;
	const char *parent; /* "" for the uppermost */
};

/* Zeroed, it is empty. tree_release() frees it. */
struct tree {
	struct kin *list; /* by account */
	size_t count;
	char *text; /* what the names are in, if the tree owns them */
};

/* Makes room for [count] accounts, which the caller fills in by name; names are borrowed. */
int tree_new(size_t count, struct tree *ret, struct sb_error *err);

/* Reads what tree_encode() wrote; a malformed one is empty, for what is kept of trees may be lost.
 */
int tree_decode(struct slice from, struct tree *ret, struct sb_error *err);
void tree_encode(const struct tree *tree, struct bytes *to);
void tree_release(struct tree *tree);

/* All that [now] has, and what [before] has beside it: accounts that are gone. Names are borrowed
 * from both. */
int tree_join(const struct tree *now, const struct tree *before, struct tree *ret,
	      struct sb_error *err);

bool tree_same(const struct tree *a, const struct tree *b);

/* The account above, "" for the uppermost; NULL for one that is not there. */
const char *tree_parent(const struct tree *tree, const char *account);
/* Whether [upper] is somewhere above [account]. */
bool tree_above(const struct tree *tree, const char *upper, const char *account);

#endif
