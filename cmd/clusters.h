/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the clusters what their accounts used and turns the answers into observations. */
#ifndef SUBANK_CMD_CLUSTERS_H
#define SUBANK_CMD_CLUSTERS_H

#include "cmd/env.h"
#include "ledger/check.h"
#include "slurm/scontrol.h"
#include "slurm/sshare.h"

/* The lever: jobs of an account whose limit is 0 do not start, and with `safe` in
 * AccountingStorageEnforce those that run go on (slurmctld's acct_policy.c; tried on 22.05.8). */
#define LEVER_FIELD "GrpTRESMins"
#define LEVER_TRES "cpu"
enum { LEVER_HOLD_VALUE = 0 };

struct clusters {
	struct observation *list;
	struct shares *shares; /* what the rows of the list point into */
	struct observed **rows;
	char (*names)[NAME_SIZE];
	const char **no_levers; /* why no limit may be set on it, or NULL */
	struct slurm_config local; /* of the local cluster, if the settings name none */
	size_t count;
	size_t silent; /* that did not answer or cannot be trusted; each was said */
	size_t refused; /* of those, how many cannot be trusted */
};

/* Asks every cluster of the settings, or the local one. A cluster that does not answer is said on
 * env->err and left as not answered; so is one that is set up so that its usage cannot be trusted
 * (it decays, is reset, or is not counted) or, with [levers], so that a hold would do nothing or
 * kill running jobs (without, that is left in no_levers). Returns EXIT_DONE; or, with nothing in
 * [ret], EXIT_REFUSED when all that answered are set up like that, or EXIT_PART when not even the
 * name of the local cluster can be had. */
int clusters_observe(struct env *env, bool levers, struct clusters *ret);

void clusters_release(struct clusters *clusters);

#endif
