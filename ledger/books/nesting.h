/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts of the bank that are below other accounts of the bank in Slurm. Each is a budget for its
 * own use and for everything below it. The trees are those that the last check read. */
#pragma once

#include "ledger/account/policy.h"
#include "ledger/books/books.h"

/* The trees of the clusters, each read when it is first needed. Valid within one transaction.
 * Zeroed, it is empty; nesting_release() frees it. */
struct nesting {
	struct cluster_tree *clusters;
	size_t count;
};

/* Finds the nearest account of the bank above [account], on any cluster where it is metered. [ret]
 * becomes "" if there is none. */
int nesting_above(struct nesting *nesting, struct books *books, const struct account *account,
		  char ret[NAME_SIZE], struct sb_error *err);

/* Finds the nearest account above that of [purse] whose purse of the same resource [takes] accepts.
 * It is asked for names, whether the books have such a purse or not. [ret] becomes "" if there is
 * none. */
typedef int nesting_takes(struct books *books, const char *purse, void *ctx, bool *ret,
			  struct sb_error *err);
int nesting_purse_above(struct nesting *nesting, struct books *books, const struct account *purse,
			nesting_takes *takes, void *ctx, char ret[NAME_SIZE], struct sb_error *err);

/* Finds whether [account] is [above] itself, or below it: [everywhere], on every cluster where it
 * is metered and that has it, or on one of these. [above] need not be in the bank. An account that
 * is metered nowhere is below none. */
int nesting_is_under(struct nesting *nesting, struct books *books, const char *account,
		     const char *above, bool everywhere, bool *ret, struct sb_error *err);

/* Another account, or a purse, whose hold also keeps jobs from starting. */
struct blocker {
	char name[NAME_SIZE]; /* "": there is none */
	bool scavenges; /* jobs in the scavenger QOS start all the same */
};

/* Finds a held account above [account], preferably one of which not even jobs in the scavenger QOS
 * start. Of a purse, its own account and purses of its resource above it count, too. */
int nesting_blocker(struct nesting *nesting, struct books *books, const struct account *account,
		    const struct rules *site, struct blocker *ret, struct sb_error *err);

/* Finds the account of the bank whose budget is the first to count a job of [account] on that
 * cluster: the account itself if the bank has it, otherwise the nearest one above it. [account] is
 * a name in Slurm. [ret] becomes "" if there is none. */
int nesting_payer(struct nesting *nesting, struct books *books, const char *cluster,
		  const char *account, char ret[NAME_SIZE], struct sb_error *err);

/* Whether a charge of a purse is of a job that another budget of the bank, further below, counts
 * first; also if none is known to, because neither Slurm nor the bank has the job's account. */
int nesting_is_below(struct nesting *nesting, struct books *books, const struct event *charge,
		     bool *ret, struct sb_error *err);

/* Calls [fn] for each account of Slurm that is not in the bank but below an account that is
 * ([above]), on the clusters where accounts of the bank are metered. */
int nesting_each_inside(struct nesting *nesting, struct books *books,
			int (*fn)(const char *account, const char *above, void *ctx,
				  struct sb_error *err),
			void *ctx, struct sb_error *err);

void nesting_release(struct nesting *nesting);
