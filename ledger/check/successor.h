/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts that take over others: by a rename all that the books know of the other, by a merge its
 * money and its debt. What the other, which is closed, is charged or given back afterwards (by jobs
 * that still ran, late records, refunds) is taken over by checks. */
#pragma once

#include "ledger/check/check.h"

struct takeover {
	uint64_t seq; /* the entry; 0: nothing was taken over */
	bool refused; /* the successor cannot take it over: its sums would be past int64, or there
			 are more lots than an entry can have */
	int64_t rest, debt; /* seconds of the resource */
	char successor[NAME_SIZE];
};

/* Moves what a closed account with a successor has, and its debt, to the open account at the end of
 * its successors. Does nothing if that account is closed, or above it in Slurm: the use then counts
 * there already. */
int successor_take_over(struct books *books, const struct account *account, struct takeover *ret,
			struct sb_error *err);

/* Refuses a takeover by an account above or below the other in Slurm: the use of both would count
 * twice, or the hold of the closed one would hold both. Trees are those of the observations and, on
 * other clusters, those of the last check. SB_EREFUSED. */
int successor_check_place(struct books *books, const struct account *from, const char *to,
			  const struct observation *observations, size_t count,
			  struct sb_error *err);
