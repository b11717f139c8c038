/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The associations in slurmdbd: which accounts exist on which clusters, and which of them a user
 * belongs to. Every user may ask for their own. */
#pragma once

#include <stddef.h>

#include "slurm/slurm.h"

struct assoc {
	const char *cluster; /* lower case */
	const char *account; /* lower case; any bytes but NUL */
};

struct assocs {
	struct assoc *rows; /* by account, then cluster; a pair may occur more than once, since a
			       user has an association for each partition */
	size_t count;
	char *text; /* the rows point into it */
};

/* Reads the accounts of [user], or all accounts for "": `sacctmgr -P show assoc where user=USER
 * format=Cluster,User,Account`, in one call. A user that Slurm does not know has none. Returns
 * SB_EINVAL for a name that must not reach a command line, and SB_EFORMAT when the answer begins
 * with rows of another user; skips such rows after the user's own, since they are the rest of a
 * name with newlines. On success the caller calls assocs_release(). */
int assocs_read(const struct slurm *slurm, const char *user, struct assocs *ret,
		struct sb_error *err);

/* A zeroed one is allowed. */
void assocs_release(struct assocs *assocs);
