/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tree of one cluster's accounts. Slurm counts an account's use in every account above it, so
 * an account that moves takes its use along. That changes the RawUsage of the accounts above it,
 * but nothing was used. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ledger/base/bytes.h"
#include "ledger/base/error.h"
#include "ledger/store/store.h"

struct kin {
	const char *account;
	const char *parent; /* "" for the root */
};

/* Zeroed, it is empty. tree_release() frees it. */
struct tree {
	struct kin *list; /* by account */
	size_t count;
	char *text; /* the names, if the tree owns them; else NULL */
};

/* Allocates room for [count] accounts, which the caller fills in, sorted by name. Names are
 * borrowed.
 */
int tree_new(size_t count, struct tree *ret, struct sb_error *err);

/* Reads what tree_encode() wrote. A malformed tree is empty, since stored trees may be lost. */
int tree_decode(struct slice from, struct tree *ret, struct sb_error *err);
void tree_encode(const struct tree *tree, struct bytes *to);
void tree_release(struct tree *tree);

/* Joins [now] and the accounts of [before] that are gone. Names are borrowed from both. */
int tree_join(const struct tree *now, const struct tree *before, struct tree *ret,
	      struct sb_error *err);

bool tree_same(const struct tree *a, const struct tree *b);

/* Returns the account above, "" for the root, NULL for an account that is not in the tree. */
const char *tree_parent(const struct tree *tree, const char *account);
/* Whether [upper] is anywhere above [account]. */
bool tree_above(const struct tree *tree, const char *upper, const char *account);
