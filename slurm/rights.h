/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Slurm hides from the user who runs its commands. PrivateData in slurmdbd.conf and slurm.conf
 * hides other users' rows from users with an AdminLevel below Operator, silently and with exit
 * status 0 (measured on 22.05.8): such an answer looks like no jobs and no use. root and SlurmUser
 * see everything. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "slurm/scontrol.h"

/* The user whose rights are checked. */
struct caller {
	uint32_t uid;
	const char *name; /* "": no user has the uid */
};

enum { RIGHTS_LEVEL_SIZE = 32 };

struct rights {
	bool jobs, usage, accounts; /* other users' rows of these kinds are hidden */
	bool above; /* the caller is root or SlurmUser, who may read and change everything */
	char private_data[PRIVATE_DATA_SIZE]; /* PrivateData as printed: "jobs,usage"; "" when it
						 was not read or is not known */
	bool unknown; /* this Slurm does not print it: rows count as hidden from all but operators
		       */
	char level[RIGHTS_LEVEL_SIZE]; /* AdminLevel: "None", "Operator" …; "" when slurmdbd has no
			   such user, or when it was not read */
};

/* Reads the caller's AdminLevel: `sacctmgr -n -P show user where name=NAME format=AdminLevel`. All
 * users may read their own. Returns SB_EINVAL for a name that must not reach a command line. */
int rights_level(const struct slurm *slurm, const struct caller *caller,
		 char level[RIGHTS_LEVEL_SIZE], struct sb_error *err);

/* Whether users of that level see private data and may change every account. */
bool rights_operator(const char *level);

/* Finds what slurmdbd hides from sacct and sacctmgr. Runs nothing for root, `sacctmgr show config`
 * for others, and rights_level() only where something is private and the caller is not slurmdbd's
 * SlurmUser. In slurmdbd's section 22.05.8 and 24.11.5 print slurmdbd's PrivateData, but 26.05.5
 * that of slurm.conf (measured): for versions after 24.11 it is unknown. */
int rights_of_slurmdbd(const struct slurm *slurm, const struct caller *caller, struct rights *ret,
		       struct sb_error *err);

/* Finds what the slurmctld of [config] hides from squeue, sshare and scontrol. Runs rights_level()
 * only where something is private and the caller is neither root nor its SlurmUser. */
int rights_of_slurmctld(const struct slurm *slurm, const struct slurm_config *config,
			const struct caller *caller, struct rights *ret, struct sb_error *err);
