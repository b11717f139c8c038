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

/* A resource that a share of a user is or may be of: "billing~alice". */
struct user_resource {
	const char *user, *resource;
};

/* Zeroed, it is empty. */
struct user_resources {
	struct user_resource *list; /* by user, then resource */
	size_t count;
	struct resources made; /* those of users who may get a share */
};

/* Finds the resources of shares among [used], to which [ret] points from then on, and for each user
 * of the cluster those that are made of [defaults]. Leaves out names that no share can have. The
 * caller calls user_resources_release(), also after a failure. */
int user_resources_find(const struct shares *shares, const struct resources *used,
			const struct resources *defaults, struct user_resources *ret,
			struct sb_error *err);
/* Returns those of one user. */
const struct user_resource *user_resources_of(const struct user_resources *resources,
					      const char *user, size_t *ret_count);
void user_resources_release(struct user_resources *resources);

/* Gives the limit that holds a share, "cpu~alice", and its values as in struct limit: the highest
 * and the lowest of the rows. Returns false if Slurm has no limit on the resource. */
bool user_rows_limit(const struct user_rows *rows, const char *resource, char lever[RESOURCE_SIZE],
		     int64_t *highest, int64_t *lowest);

/* Returns how many rows user_purses_make() makes at most. */
size_t user_purses_most(const struct shares *shares, const struct user_resources *resources);

/* For each user and each resource of the user, makes a row in every account that shows the user.
 * Leaves out resources that the cluster does not count. Returns the number of rows. */
size_t user_purses_make(const struct shares *shares, const struct user_resources *resources,
			struct observed *to);
