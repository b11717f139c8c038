/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The users of all accounts, as slurmdbd has them. */
#pragma once

#include <stddef.h>

#include "slurm/odd.h"
#include "slurm/slurm.h"

struct member {
	const char *cluster; /* lower case */
	const char *account; /* lower case; any bytes but NUL, bars and newlines */
	const char *user; /* the same */
};

struct members {
	struct member *rows; /* by cluster, account and user, each once */
	size_t count;
	struct odd_rows odd; /* rows that cannot be trusted */
	char *text; /* the rows point into it */
};

/* Reads the associations of users on [count] clusters, 1 or more. The answer decides who may see an
 * account, and a name with newlines could forge whole rows of it. So this asks three times:
 * `sacctmgr -P show assoc format=ID` prints numbers alone, which nobody can forge, before and after
 * `format=ID,Cluster,Account,User`. An ID that both of these print has a true row in the answer
 * between them; if only one line of that answer begins with the ID, the row begins there. A row
 * counts if both its line and the next one begin rows in this way: then it has one line. So a name
 * with a bar or a newline removes its own row, and the rows whose IDs it contains, but adds none.
 * If IDs changed in between and rows do not count, it asks again, twice at most.
 *
 * slurmdbd hides associations from users without the right to see them. SB_EINVAL for a name that
 * must not reach a command line, and for no cluster. On success the caller calls members_release().
 */
int members_read(const struct slurm *slurm, char *const clusters[], size_t count,
		 struct members *ret, struct sb_error *err);

/* A zeroed one is allowed. */
void members_release(struct members *members);
