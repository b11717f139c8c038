/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which accounts there are on which clusters, and which of them a user belongs to: as slurmdbd has
 * them. Anybody may ask for his own. */
#ifndef SUBANK_SLURM_ASSOC_H
#define SUBANK_SLURM_ASSOC_H

#include <stddef.h>

#include "slurm/slurm.h"

struct assoc {
	const char *cluster; /* lower case, as the next one is */
	const char *account; /* any bytes but NUL */
};

struct assocs {
	struct assoc *rows; /* by account and then cluster; a pair may stand there more than once:
			       a user has an association for each partition */
	size_t count;
	char *text; /* what the rows point into */
};

/* Asks for the accounts of [user] or, with "", for all of them: `sacctmgr -P show assoc where
 * user=USER format=Cluster,User,Account`, in one call. A user that Slurm does not know has none. A
 * name that must not reach a command line is SB_EINVAL, and an answer that begins with rows of
 * others SB_EFORMAT; such rows behind his own are passed over, for they are the rest of a name
 * with newlines. On success the caller calls assocs_release(). */
int assocs_read(const struct slurm *slurm, const char *user, struct assocs *ret,
		struct sb_error *err);

/* A zeroed one is allowed. */
void assocs_release(struct assocs *assocs);

#endif
