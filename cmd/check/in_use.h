/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which levers the settings and the terms of accounts ask for: what Slurm must be fit for. */
#ifndef SUBANK_CMD_CHECK_IN_USE_H
#define SUBANK_CMD_CHECK_IN_USE_H

#include "cmd/frame/env.h"

struct in_use {
	struct lever_choice *levers; /* each once, that of the settings first */
	size_t count;
	bool rawusage; /* use of some accounts is charged by RawUsage, which must not shrink */
	bool jobs; /* … of some job by job, as slurmdbd has them on record */
	bool capped; /* Slurm's own limits are kept in step with balances, for all or some accounts
		      */
	bool kills; /* one of all these ends running jobs where `safe` is not set */
};

/* Without a bank (env->bank NULL) what the settings say. in_use_release() it. */
int in_use_find(struct env *env, struct in_use *ret, struct sb_error *err);
void in_use_release(struct in_use *in_use);

#endif
