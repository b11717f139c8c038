/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts of the bank that are below other accounts of the bank in Slurm. Each is a budget for its
 * own use and for everything below it. The trees are those that the last check read. */
#pragma once

#include "ledger/books/books.h"

/* The trees of the clusters, each read when it is first needed. Valid within one transaction.
 * Zeroed, it is empty; nesting_release() frees it. */
struct nesting {
	struct cluster_tree *clusters;
	size_t count;
};

/* Finds an account of the bank above [account], on any cluster where it is metered; with [held]
 * only one that is held. [account] may be a purse: with [held], its own account and purses of its
 * resource above it count, too. [ret] becomes "" if there is none. */
int nesting_above(struct nesting *nesting, struct books *books, const struct account *account,
		  bool held, char ret[NAME_SIZE], struct sb_error *err);

/* Calls [fn] for each account of Slurm that is not in the bank but below an account that is
 * ([above]), on the clusters where accounts of the bank are metered. */
int nesting_each_inside(struct nesting *nesting, struct books *books,
			int (*fn)(const char *account, const char *above, void *ctx,
				  struct sb_error *err),
			void *ctx, struct sb_error *err);

void nesting_release(struct nesting *nesting);
