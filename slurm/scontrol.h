/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slurmctld's configuration, as far as the books depend on it. */
#ifndef SUBANK_SLURM_SCONTROL_H
#define SUBANK_SLURM_SCONTROL_H

#include <stdbool.h>

#include "slurm/slurm.h"

struct slurm_config {
	char cluster[256]; /* ClusterName */
	char version[64]; /* SLURM_VERSION */
	char boot_time[64]; /* BOOT_TIME as printed */
	char priority_type[64]; /* "priority/multifactor" … */
	/* Slurm prints the next two only with priority/multifactor; with another type they are "".
	 */
	char decay_half_life[64]; /* PriorityDecayHalfLife as printed; "00:00:00" is none */
	char usage_reset[64]; /* PriorityUsageResetPeriod as printed; "NONE" is none */
	char enforce[256]; /* AccountingStorageEnforce as printed */
	bool decays; /* usage shrinks by itself: a half life or a reset period is on */
	bool limits; /* AccountingStorageEnforce holds "limits" (or what implies it: safe, all) */
	bool safe; /* … and "safe" (or all): running jobs are not killed by GrpTRESMins */
};

/* Asks `scontrol -M CLUSTER show config`, or the local slurmctld when [cluster] is NULL. A key that
 * is missing, or another ClusterName than [cluster], is SLURM_EFORM. */
int scontrol_read_config(const struct slurm *slurm, const char *cluster, struct slurm_config *ret,
			 struct slurm_error *err);

#endif
