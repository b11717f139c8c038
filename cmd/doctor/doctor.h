/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What doctor looks at. All only read. */
#ifndef SUBANK_CMD_DOCTOR_DOCTOR_H
#define SUBANK_CMD_DOCTOR_DOCTOR_H

#include "cmd/check/in_use.h"
#include "cmd/doctor/diagnosis.h"
#include "slurm/sacctmgr.h"
#include "slurm/scontrol.h"

/* The settings' file, the bank's folder and its books. env->bank is NULL when [why] says that it
 * could not be opened. */
void doctor_bank(struct env *env, const struct sb_error *why, struct diagnosis *diagnosis);

/* Jobs of a cluster that run for ever in slurmdbd's record. */
void doctor_jobs(struct env *env, const char *cluster, struct diagnosis *diagnosis);

/* What slurmdbd hides from this user, and whether it lets him set limits. [by_jobs]: some account
 * is metered by jobs. Returns whether sacct shows the jobs of others. */
bool doctor_rights(struct env *env, bool by_jobs, struct diagnosis *diagnosis);

/* What the slurmctld of [config] hides from this user. Writes whether it shows him use and jobs of
 * others. */
void doctor_cluster_rights(struct env *env, const struct slurm_config *config, bool *ret_usage,
			   bool *ret_jobs, struct diagnosis *diagnosis);

/* QOS whose jobs start although a lever in use holds their account, and how to close that: those
 * with the same limit of their own, and those with UsageFactorSafe and a UsageFactor below 1. */
void doctor_holes(const struct in_use *in_use, const struct qos_list *list,
		  struct diagnosis *diagnosis);

/* Partitions whose QOS has such a limit. */
void doctor_partition_holes(const struct in_use *in_use, const struct qos_list *list,
			    const char *cluster, const struct partitions *partitions,
			    struct diagnosis *diagnosis);

/* Slurm's commands, the clusters, their partitions, the QOS, and the accounts of both sides. */
void doctor_slurm(struct env *env, struct diagnosis *diagnosis);

#endif
