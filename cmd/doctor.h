/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What doctor looks at. All only read. */
#ifndef SUBANK_CMD_DOCTOR_H
#define SUBANK_CMD_DOCTOR_H

#include "cmd/diagnosis.h"

/* The settings' file, the bank's folder and its books. env->bank is NULL when [why] says that it
 * could not be opened. */
void doctor_bank(struct env *env, const struct sb_error *why, struct diagnosis *diagnosis);

/* Jobs of a cluster that run for ever in slurmdbd's record. */
void doctor_jobs(struct env *env, const char *cluster, struct diagnosis *diagnosis);

/* Slurm's commands, the clusters, their partitions, the QOS, and the accounts of both sides. */
void doctor_slurm(struct env *env, struct diagnosis *diagnosis);

#endif
