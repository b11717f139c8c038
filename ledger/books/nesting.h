/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts of the bank that hang below others of it in Slurm: each is a budget for itself and all
 * below it. What a check saw last is what counts. */
#ifndef SUBANK_LEDGER_BOOKS_NESTING_H
#define SUBANK_LEDGER_BOOKS_NESTING_H

#include "ledger/books/books.h"

/* The trees of the clusters, read when they are first asked for; within one transaction. Zeroed, it
 * is empty; nesting_release() frees it. */
struct nesting {
	struct cluster_tree *clusters;
	size_t count;
};

/* Finds an account of the bank above [account] on a cluster where it was read: one that is held or,
 * without [held], any. [ret] is "" when there is none. */
int nesting_above(struct nesting *nesting, struct books *books, const struct account *account,
		  bool held, char ret[NAME_SIZE], struct sb_error *err);

/* Calls [fn] for each account that is not in the bank and inside one that is, with that one. Of the
 * clusters on which accounts of the bank are metered; all of them must be loaded. */
int nesting_each_inside(struct nesting *nesting, struct books *books,
			int (*fn)(const char *account, const char *above, void *ctx,
				  struct sb_error *err),
			void *ctx, struct sb_error *err);

void nesting_release(struct nesting *nesting);

#endif
