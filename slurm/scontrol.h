/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of slurmctld's configuration and partitions that the books depend on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slurm/odd.h"
#include "slurm/slurm.h"

/* How the weighted TRES of a job make its billing (PriorityFlags): the sum of all; or the largest
 * of a node's TRES, with GRES (MAX_TRES) or without (MAX_TRES_GRES), plus the others. Measured with
 * 26.05: 3 cores at 1.25, 200 MB at 0.01 and 2 GPUs at 2.5 each had a billing of 5 under MAX_TRES,
 * and of 8 (and 8.75 in RawUsage) under MAX_TRES_GRES. */
enum billing_rule { BILLING_SUM, BILLING_MAX, BILLING_MAX_GRES };

enum { PRIVATE_DATA_SIZE = 128 };

/* Texts are as Slurm prints them. */
struct slurm_config {
	char cluster[256]; /* ClusterName */
	char version_text[64]; /* SLURM_VERSION: "22.05.8", "23.11.1-1" … */
	int version[2]; /* its first two numbers: 22, 5; 0, 0 when it begins with something else */
	char boot_time[64]; /* BOOT_TIME; "" when it is not printed */
	char tres[4096]; /* AccountingStorageTRES: "cpu,mem,…"; "" when not printed, or longer */
	char priority_type[64]; /* "priority/multifactor" … */
	/* Slurm prints these two only with priority/multifactor; otherwise they are "". */
	char decay_half_life[64]; /* PriorityDecayHalfLife; "00:00:00" is none */
	char usage_reset[64]; /* PriorityUsageResetPeriod; "NONE" is none */
	char enforce[256]; /* AccountingStorageEnforce */
	int calc_period; /* PriorityCalcPeriod in seconds: how often usage is counted; 0 when it is
			    not printed (another priority_type) or not a period */
	enum billing_rule billing;
	bool decays; /* usage shrinks by itself: a half life or a reset period is set */
	bool limits; /* AccountingStorageEnforce has "limits", or "safe" or "all", which imply it */
	bool safe; /* it has "safe" or "all": GrpTRESMins does not kill running jobs */
	char private_data[PRIVATE_DATA_SIZE]; /* PrivateData: "jobs,usage"; "none" */
	uint32_t slurm_user; /* uid of SlurmUser; UINT32_MAX when it is not printed */
};

/* Finds the line "Key   = value" of [key] in [text] and copies its value to [to], cut to [size].
 * Returns false, with "", when there is none. */
bool config_value(const char *text, const char *key, char *to, size_t size);

/* Reads the uid in a value such as "slurm(64030)". Returns false when there is none. */
bool config_uid(const char *text, const char *key, uint32_t *ret);

/* Whether the comma-separated [list] has [word], in any case. */
bool list_has(const char *list, const char *word);

/* Reads `scontrol -M CLUSTER show config`, of the local slurmctld when [cluster] is NULL. Returns
 * SB_EFORMAT when a key is missing or ClusterName is not [cluster]. */
int scontrol_read_config(const struct slurm *slurm, const char *cluster, struct slurm_config *ret,
			 struct sb_error *err);

/* Whether Slurm counts [tres] (cpu …) and so can limit it. True when [config->tres] is "". */
bool config_counts_tres(const struct slurm_config *config, const char *tres);

struct partition {
	const char *name;
	const char *billing_weights; /* TRESBillingWeights as printed: "CPU=1.0,Mem=0.25G"; "": not
					set, and a job's billing is its CPUs */
	const char *qos; /* the partition's own, cut at a blank; "N/A" or "" when it has none */
};

struct partitions {
	struct partition *rows; /* in the order of the answer; there may be none */
	size_t count;
	char *text; /* the rows point into it */
	struct odd_rows odd; /* lines that name no partition */
};

/* Reads `scontrol -M CLUSTER -o show partition`, of the local slurmctld when [cluster] is NULL.
 * Returns SB_EFORMAT for an answer that names no partition and does not state that there are none.
 * On success the caller calls partitions_release(). */
int scontrol_read_partitions(const struct slurm *slurm, const char *cluster, struct partitions *ret,
			     struct sb_error *err);

/* A zeroed one is allowed. */
void partitions_release(struct partitions *partitions);
