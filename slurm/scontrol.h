/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slurmctld's configuration and partitions, as far as the books depend on them. */
#ifndef SUBANK_SLURM_SCONTROL_H
#define SUBANK_SLURM_SCONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slurm/odd.h"
#include "slurm/slurm.h"

/* How the weighted TRES of a job come to its billing (PriorityFlags): all added up; the largest of
 * those of a node, GRES among them (MAX_TRES), or GRES beside it (MAX_TRES_GRES), and the others.
 * Measured with 26.05: 3 cores at 1.25, 200 MB at 0.01 and 2 GPUs at 2.5 each had a billing of 5
 * under MAX_TRES, and of 8 (and 8.75 in RawUsage) under MAX_TRES_GRES. */
enum billing_rule { BILLING_SUM, BILLING_MAX, BILLING_MAX_GRES };

enum { PRIVATE_DATA_SIZE = 128 };

struct slurm_config {
	char cluster[256]; /* ClusterName */
	char version_text[64]; /* SLURM_VERSION as printed: "22.05.8", "23.11.1-1" … */
	int version[2]; /* its first two numbers: 22, 5; 0, 0 when it does not begin so */
	char boot_time[64]; /* BOOT_TIME as printed; "" when it is not; the same for the next one */
	char tres[4096]; /* AccountingStorageTRES: "cpu,mem,…,gres/gpu"; also "" when it is longer
			  */
	char priority_type[64]; /* "priority/multifactor" … */
	/* Slurm prints the next two only with priority/multifactor; with another type they are "".
	 */
	char decay_half_life[64]; /* PriorityDecayHalfLife as printed; "00:00:00" is none */
	char usage_reset[64]; /* PriorityUsageResetPeriod as printed; "NONE" is none */
	char enforce[256]; /* AccountingStorageEnforce as printed */
	int calc_period; /* PriorityCalcPeriod in seconds: how often usage is counted; 0 when it is
			    not printed (another priority_type) or not understood */
	enum billing_rule billing;
	bool decays; /* usage shrinks by itself: a half life or a reset period is on */
	bool limits; /* AccountingStorageEnforce holds "limits" (or what implies it: safe, all) */
	bool safe; /* … and "safe" (or all): running jobs are not killed by GrpTRESMins */
	char private_data[PRIVATE_DATA_SIZE]; /* PrivateData as printed: "jobs,usage"; "none" */
	uint32_t slurm_user; /* uid of SlurmUser; UINT32_MAX when it is not printed */
};

/* For answers of the form "Key   = value", a line each: copies the value of [key] to [to], cut
 * where it is longer than [size]; "" and false when there is none. */
bool config_value(const char *text, const char *key, char *to, size_t size);

/* Reads the uid of a value such as "slurm(64030)". False when there is none. */
bool config_uid(const char *text, const char *key, uint32_t *ret);

/* Whether the comma-separated [list] holds [word], in any case. */
bool list_has(const char *list, const char *word);

/* Asks `scontrol -M CLUSTER show config`, or the local slurmctld when [cluster] is NULL. A key that
 * is missing, or another ClusterName than [cluster], is SB_EFORMAT. */
int scontrol_read_config(const struct slurm *slurm, const char *cluster, struct slurm_config *ret,
			 struct sb_error *err);

/* Whether Slurm knows [tres] (cpu, gres/gpu …): there are no limits of others. True when it does
 * not say. */
bool config_counts_tres(const struct slurm_config *config, const char *tres);

struct partition {
	const char *name;
	const char *billing_weights; /* TRESBillingWeights as printed: "CPU=1.0,Mem=0.25G"; "" when
					none are set, and then a job's billing is its CPUs */
	const char *qos; /* the partition's own, cut at a blank; "N/A" or "" when it has none */
};

struct partitions {
	struct partition *rows; /* in the order of the answer; none when there are no partitions */
	size_t count;
	char *text; /* what the rows point into */
	struct odd_rows odd; /* lines that name no partition */
};

/* Asks `scontrol -M CLUSTER -o show partition`, or the local slurmctld when [cluster] is NULL. An
 * answer without any line that names a partition is SB_EFORMAT, unless it says that there are
 * none. On success the caller calls partitions_release(). */
int scontrol_read_partitions(const struct slurm *slurm, const char *cluster, struct partitions *ret,
			     struct sb_error *err);

/* NULL and a zeroed one are allowed. */
void partitions_release(struct partitions *partitions);

#endif
