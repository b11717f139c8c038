/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The levers and meters that the settings and the terms of accounts and purses ask for. */
#pragma once

#include "cmd/frame/env.h"

struct in_use {
	struct lever_choice *levers; /* each once, that of the settings first */
	size_t count;
	size_t hold_count; /* the first [hold_count] levers hold whole accounts; the rest hold only
			      jobs that use the resource of a purse */
	bool rawusage; /* some account is charged by RawUsage, which must not shrink */
	bool jobs; /* some account is charged by job */
	bool capped; /* Slurm's own limits follow the balance of some account */
	bool kills; /* one of these levers kills running jobs unless `safe` is set */
};

/* Finds them; without a bank (env->bank NULL) those of the settings. in_use_release() frees. */
int in_use_find(struct env *env, struct in_use *ret, struct sb_error *err);
void in_use_release(struct in_use *in_use);
