/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Turns sshare's rows of users into observations of their shares. */
#pragma once

#include "ledger/check/check.h"
#include "slurm/sshare.h"

/* The rows of one user in one account, one for each partition with an association. */
struct user_rows {
	const struct user_share *list;
	size_t count;
};

/* Finds the rows that begin at [at]. */
struct user_rows user_rows_at(const struct shares *shares, size_t at);

/* Gives the limit that holds a share, "cpu~alice", and its values as in struct limit: the highest
 * and the lowest of the rows. Returns false if the resource is not that of a share of this user, or
 * Slurm has no limit on it. */
bool user_rows_limit(const struct user_rows *rows, const char *resource, char lever[RESOURCE_SIZE],
		     int64_t *highest, int64_t *lowest);

/* Returns how many rows user_purses_make() makes at most. [resources] may be of any purses. */
size_t user_purses_most(const struct shares *shares, const struct resources *resources);

/* For each user and each resource of the user's shares, makes a row in every account that shows the
 * user. Leaves out resources that the cluster does not count. Returns the number of rows. */
size_t user_purses_make(const struct shares *shares, const struct resources *resources,
			struct observed *to);
