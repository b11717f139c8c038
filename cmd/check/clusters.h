/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the clusters what their accounts used and turns the answers into observations. */
#ifndef SUBANK_CMD_CHECK_CLUSTERS_H
#define SUBANK_CMD_CHECK_CLUSTERS_H

#include "cmd/frame/env.h"
#include "ledger/check/check.h"
#include "slurm/scontrol.h"
#include "slurm/sshare.h"

struct limit_block;

/* What is kept of one cluster's answers. */
struct cluster_answer {
	struct shares shares; /* what the rows of the list point into */
	struct observed *rows;
	struct limit_block *blocks; /* the limits that the rows point to */
	bool limits, safe; /* of AccountingStorageEnforce */
	enum billing_rule billing;
};

struct clusters {
	struct observation *list;
	struct cluster_answer *answers; /* in the order of the list */
	char (*names)[NAME_SIZE];
	struct slurm_config local; /* of the local cluster, if the settings name none */
	size_t count;
	size_t silent; /* that did not answer or cannot be trusted; each was said */
	size_t refused; /* of those, how many cannot be trusted */
	size_t odd; /* rows of clusters that did answer, left out in part or as a whole; each was
		       said */
};

/* Asks every cluster of the settings, or the local one. A cluster that does not answer is reported
 * on env->os.err and left as not answered; so is one that is set up so that its usage cannot be
 * trusted (it decays, is reset, or is not counted) or, except with OBSERVE_USE, so that the
 * settings' lever would do nothing or kill running jobs. Returns EXIT_DONE; or, with nothing in
 * [ret], EXIT_REFUSED when all that answered are set up like that, or EXIT_PART when not even the
 * name of the local cluster can be had. */
enum observing {
	OBSERVE_USE = 0, /* whatever the lever is */
	OBSERVE_ALL = 1, /* as above */
	OBSERVE_AGAIN = 2, /* the same as OBSERVE_ALL, without repeating warnings or counting
				       odd rows of sshare again */
	OBSERVE_SETTLING = 3, /* the same as OBSERVE_ALL, for a few accounts: odd rows of sshare
				 are neither reported nor counted, for most concern others */
};
int clusters_observe(struct env *env, enum observing observing, struct clusters *ret);

/* Why a limit of that field must not be set on the cluster, with what to change; NULL when it may.
 */
const char *clusters_refusal(const struct clusters *clusters, const char *cluster,
			     const char *field);

/* Asks for the limits that sshare does not show, of the accounts that [wants] names, some perhaps
 * more than once: their rows then have them. A cluster for which that fails is said. Returns
 * EXIT_DONE, or EXIT_PART. */
int clusters_read_limits(struct env *env, struct clusters *clusters, const struct want *wants,
			 size_t count);

void clusters_release(struct clusters *clusters);

#endif
