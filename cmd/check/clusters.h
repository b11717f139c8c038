/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the clusters what their accounts used and turns the answers into observations. */
#pragma once

#include "cmd/check/user_rows.h"
#include "cmd/frame/env.h"
#include "ledger/check/check.h"
#include "slurm/scontrol.h"
#include "slurm/sshare.h"

struct limit_block;

/* One cluster's answers. */
struct cluster_answer {
	struct shares shares; /* the rows of the list point into it */
	struct observed *rows;
	struct limit_block *blocks; /* the limits that the rows point to */
	struct observed *purses;
	struct resources resources; /* the resources that the rows of accounts have: those of purses
				       or, with OBSERVE_EVERYTHING, all that Slurm counts there */
	struct user_resources of_users; /* the resources of shares and default shares */
	bool limits, safe; /* of AccountingStorageEnforce */
	enum billing_rule billing;
	uint32_t slurm_user; /* uid of SlurmUser; UINT32_MAX: unknown */
};

/* Zeroed, it is empty; clusters_release() frees it. */
struct clusters {
	struct observation *list;
	struct cluster_answer *answers; /* in the order of the list */
	char (*names)[NAME_SIZE];
	struct resources resources; /* the resources of the bank's purses, shares included */
	struct resources default_shares; /* not empty: all users are read */
	bool every_resource; /* rows of accounts have every resource that Slurm counts, not only
				[resources] */
	struct slurm_config local; /* of the local cluster, if the settings name none */
	size_t count;
	/* Each was reported: */
	size_t silent; /* clusters that did not answer or cannot be trusted */
	size_t refused; /* of those, the ones that cannot be trusted */
	size_t odd; /* rows of clusters that answered, left out in part or as a whole */
};

/* The next three functions are the steps of clusters_observe(). */

/* Fills in the names of the settings' clusters, or else of the local one, and their shares of
 * balances. Fails with ret->silent 1 when the local one does not answer. The caller releases [ret],
 * also after a failure. */
int clusters_name(struct env *env, struct clusters *ret, struct sb_error *err);
/* Reads the configuration of cluster [at] and keeps what checks need of it. */
int clusters_read_config(struct env *env, struct clusters *clusters, size_t at,
			 struct slurm_config *ret, struct sb_error *err);
/* Reads what the accounts of cluster [at] used, and marks the cluster as answered. */
int clusters_read_use(struct env *env, struct clusters *clusters, size_t at, struct sb_error *err);

enum observing {
	OBSERVE_USE = 0, /* for use alone: whether the lever works there does not matter */
	OBSERVE_ALL = 1, /* for checks */
	OBSERVE_AGAIN = 2, /* same, without repeating warnings or counting odd rows again */
	/* Same as OBSERVE_ALL, for a few accounts: neither reports nor counts odd rows of sshare,
	 * since most concern other accounts. */
	OBSERVE_SETTLING = 3,
	/* Same as OBSERVE_USE, but with every resource that Slurm counts, since the purse to be
	   opened may be the first of its resource. */
	OBSERVE_EVERYTHING = 4,
};

/* Asks every cluster of the settings, or else the local one. Warns about a cluster and leaves it as
 * not answered when it does not answer; when its usage cannot be trusted (it decays, is reset or is
 * not counted); or, except with OBSERVE_USE and OBSERVE_EVERYTHING, when the settings' lever would
 * have no effect there or kill running jobs. Returns EXIT_DONE; or, with nothing in [ret],
 * EXIT_REFUSED when no cluster can be trusted, EXIT_PART when the local cluster does not even give
 * its name. The caller calls clusters_release(). */
int clusters_observe(struct env *env, enum observing observing, struct clusters *ret);

/* The same with the rows of the user of a share (purse_resource(), such as "billing~alice") that
 * the bank may not have yet; NULL: of none. */
int clusters_observe_share(struct env *env, enum observing observing, const char *share,
			   struct clusters *ret);

/* Finds a cluster by its name, or returns NULL. */
const struct observation *clusters_find(const struct clusters *clusters, const char *name);

/* Returns whether what the account, or purse, has used so far cannot be read on a cluster. */
bool clusters_odd_usage(const struct clusters *clusters, const char *purse);

/* Returns why no limit of [field] may be set on the cluster, and what to change; NULL if it may. */
const char *clusters_refusal(const struct clusters *clusters, const char *name, const char *field);

/* Reads the limits that sshare does not show into the rows of the accounts in [wants], which may
 * name an account more than once. Warns about each cluster for which that fails. Returns EXIT_DONE
 * or EXIT_PART. */
int clusters_read_limits(struct env *env, struct clusters *clusters, const struct want *wants,
			 size_t count);

void clusters_release(struct clusters *clusters);
