/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Slurm keeps from the user who runs its commands. PrivateData in slurmdbd.conf and slurm.conf
 * hides rows of others from users whose AdminLevel is below Operator, without a word and with exit
 * status 0 (measured on 22.05.8): an answer without them looks like no jobs, no use. root and
 * SlurmUser see everything. */
#ifndef SUBANK_SLURM_RIGHTS_H
#define SUBANK_SLURM_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "slurm/scontrol.h"

/* The user whose rights are meant; the name may be "" (nobody has the uid). */
struct caller {
	uint32_t uid;
	const char *name;
};

struct rights {
	bool jobs, usage, accounts; /* these rows of others are hidden from the caller */
	bool above; /* he is root or SlurmUser, to whom all is shown and allowed */
	char private_data[PRIVATE_DATA_SIZE]; /* PrivateData as printed: "jobs,usage"; "" when it
						 was not asked for, or is not known */
	bool unknown; /* this Slurm does not show it: rows count as hidden from all but operators */
	char level[32]; /* AdminLevel: "None", "Operator" …; "" when slurmdbd has no such user, or
			   it was not asked for */
};

/* The caller's AdminLevel: `sacctmgr -n -P show user where name=NAME format=AdminLevel`. Every user
 * may read his own. A name that must not reach a command line is SB_EINVAL. */
int rights_level(const struct slurm *slurm, const struct caller *caller,
		 char level[sizeof(((struct rights *)0)->level)], struct sb_error *err);

/* Whether that level sees what is private, and may change every account. */
bool rights_operator(const char *level);

/* What slurmdbd hides: from sacct and sacctmgr. Asks nothing for root; `sacctmgr show config` for
 * others, and for the AdminLevel only where something is private and the caller is not slurmdbd's
 * SlurmUser. Under the heading of slurmdbd 26.05.5 prints the PrivateData of slurm.conf, 22.05.8
 * and 24.11.5 that of slurmdbd (measured): of what is newer than 24.11 it is not known. */
int rights_of_slurmdbd(const struct slurm *slurm, const struct caller *caller, struct rights *ret,
		       struct sb_error *err);

/* What the slurmctld of [config] hides: from squeue, sshare and scontrol. Asks for the AdminLevel
 * only where something is private and the caller is neither root nor its SlurmUser. */
int rights_of_slurmctld(const struct slurm *slurm, const struct slurm_config *config,
			const struct caller *caller, struct rights *ret, struct sb_error *err);

#endif
