/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of doctor. They read only, except for the tests of --test. */
#pragma once

#include "cmd/check/in_use.h"
#include "cmd/doctor/diagnosis.h"
#include "cmd/doctor/scavenging.h"
#include "slurm/sacctmgr.h"
#include "slurm/scontrol.h"

/* Inspects the settings' file, the bank's folder and its books. env->bank is NULL when it could not
 * be opened; [why] then has the error. */
void doctor_bank(struct diagnosis *rows, const struct sb_error *why);

/* Inspects Slurm's commands, clusters, partitions and QOS, and the accounts of both sides. */
void doctor_slurm(struct diagnosis *rows);

/* Part of doctor_bank(): reports what keeps slurmctld from checking jobs at their submission, if
 * the settings ask for that. */
void doctor_submit(struct diagnosis *rows, int64_t now);
/* Tests whether its file can be written: writes one beside it, and removes it. */
int doctor_submit_test(struct diagnosis *rows, struct sb_error *err);

/* Part of doctor_bank(): reports what is wrong with slurmctld's script for it and the module that
 * the script loads, if they are on this machine: beside the slurm.conf of SLURM_CONF or in
 * /etc/slurm. */
void doctor_submit_script(struct diagnosis *rows);

/* The others are parts of doctor_slurm(). Reports runaway and left out jobs of a cluster. */
void doctor_jobs(struct diagnosis *rows, const char *cluster);

/* Reports what slurmdbd hides from this user, and whether the user may set limits. [by_jobs]: some
 * account is metered by jobs. Returns whether sacct shows the jobs of others. */
bool doctor_rights(struct diagnosis *rows, bool by_jobs);

/* Reports Slurm's coordinators: whose holds each can lift, and what closes that. */
void doctor_coordinators(struct diagnosis *rows);

/* Reports what the slurmctld of [config] hides from this user. Writes whether it shows the use
 * and the jobs of others. */
void doctor_cluster_rights(struct diagnosis *rows, const struct slurm_config *config,
			   bool *ret_usage, bool *ret_jobs);

/* Reports a slurmctld that does not run the script for the check at submission. */
void doctor_submit_plugin(struct diagnosis *rows, const struct slurm_config *config);

/* Reports QOS whose jobs start although a lever in use holds their account, and how to close the
 * hole. Such a QOS has the same limit itself, or has UsageFactorSafe and a UsageFactor below 1. A
 * limit that the scavenger QOS passes on purpose is no hole. */
void doctor_holes(struct diagnosis *rows, const struct in_use *in_use,
		  const struct scavenging *scavenging, const struct qos_list *list);

/* Reports partitions of a cluster whose QOS has such a limit. */
void doctor_partition_holes(struct diagnosis *rows, const struct in_use *in_use,
			    const struct qos_list *list, const struct partitions *partitions);

/* Finds a QOS by its name, or returns NULL. */
const struct qos *doctor_find_qos(const struct qos_list *list, const char *name);

/* A QOS's own value of a limit; -1: none. 0 for what cannot be read, which might be a limit. */
int64_t doctor_qos_limit(const struct qos *qos, const char *field, const char *tres);

/* Reports whether the settings' scavenger QOS lets jobs of spent accounts start and no others, and
 * the sacctmgr line that makes or mends it. Without such a QOS reports nothing. */
void doctor_scavenger(struct diagnosis *rows, const struct scavenging *scavenging,
		      const struct qos_list *list);

/* Reports accounts and users of a cluster that may not use the scavenger QOS; then partitions there
 * that refuse it or let its jobs past what stops them. */
void doctor_scavenger_cluster(struct diagnosis *rows, const struct scavenging *scavenging,
			      const struct qos_list *list, const struct slurm_config *config);
void doctor_scavenger_partitions(struct diagnosis *rows, const struct scavenging *scavenging,
				 const struct qos_list *list, const struct partitions *partitions);
