/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walks through the moments at which lots of an account start or end, and sums up the lots that are
 * active at each. It takes n log n steps for n lots. */
#pragma once

#include "ledger/account/account.h"

struct lot_start {
	int64_t time; /* microseconds */
	size_t lot; /* its index in the account */
};

struct moments {
	int64_t time; /* where the walk is */
	/* Of the lots that are active then: what was put in, and what is left. The caller keeps
	 * [rest] right when it changes such a lot. */
	__int128 amount, rest;
	struct lot_start *starts; /* by time, then in the order of spending */
	size_t first, next; /* those from [first] to before [next] start at this moment */
	/* For moments.c: */
	const struct account *account;
	int64_t until;
	size_t start_count;
	size_t end; /* the next lot that ends */
};

/* Begins at [after], for the moments after it and up to [until]. The account is borrowed, and none
 * of its lots may be added or removed. The caller calls moments_release(). */
int moments_begin(struct moments *ret, const struct account *account, int64_t after, int64_t until,
		  struct sb_error *err);
/* Moves to the next moment. Returns false when there is none. */
bool moments_next(struct moments *moments);
void moments_release(struct moments *moments);

/* The use of the lots that are active, with debt. */
__int128 moments_used(const struct moments *moments);
