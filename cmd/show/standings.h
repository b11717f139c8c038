/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is left for jobs of one account of Slurm: in its purses and in those of the accounts above
 * it. Read from the bank if the caller may read it, else from the published balances. */
#pragma once

#include "cmd/show/balance_row.h"

struct standing {
	struct balance_row row; /* of an account or purse; sums.available is what is left */
};

struct standings {
	struct standing *list; /* the account and its purses, then those above, up to the top */
	size_t count; /* 0: no account of the bank pays for these jobs */
	int64_t published; /* when the bank published them; 0: they are from the bank itself */
	bool no_shares; /* shares of users are not among them: they are not published */
	bool no_above; /* accounts above are not all among them: they are not published for this
			  user */
};

/* Reads them for the account [name] of Slurm, which the bank may not have: then those above it
 * count. Also takes the shares of [user], but `publish: all` does not publish them. SB_ENOTFOUND:
 * nothing is published or, under `publish: own`, not this account. The caller calls
 * standings_release(). */
int standings_read(struct env *env, const char *name, const char *user, struct standings *ret,
		   struct sb_error *err);

void standings_release(struct standings *standings);
