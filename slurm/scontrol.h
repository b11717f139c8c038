/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of slurmctld's configuration and partitions that the books depend on; and changes of
 * queued jobs. */
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
	char preempt_type[64]; /* PreemptType: "preempt/qos" …; "" when it is not printed */
	bool qos; /* AccountingStorageEnforce has "qos" or "all": lists of QOS are enforced */
	char private_data[PRIVATE_DATA_SIZE]; /* PrivateData: "jobs,usage"; "none" */
	char job_submit[256]; /* JobSubmitPlugins: "lua,throttle"; "(null)" or "" for none */
	uint32_t slurm_user; /* uid of SlurmUser; UINT32_MAX when it is not printed */
	/* What a job gets that does not ask for it; "" when it is not printed. */
	char select_type[64]; /* SelectType: "select/cons_tres" */
	char select_parameters[256]; /* SelectTypeParameters: "CR_CORE_MEMORY" */
	char over_time[32]; /* OverTimeLimit: "0 min", "UNLIMITED" */
	struct default_memory {
		char per_cpu[24], per_node[24], max_per_cpu[24]; /* MiB as printed; "UNLIMITED" or
								    "": not set */
	} memory;
	char job_defaults[256]; /* JobDefaults: "DefCpuPerGPU=4,DefMemPerGPU=100" */
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
	const char *allow_qos; /* AllowQos: "normal,high"; "ALL", or "" if it is not printed */
	const char *deny_qos; /* DenyQos, which Slurm prints instead if it is set; or "" */
	/* As printed; "" when it is not: */
	const char *is_default; /* Default: "YES" */
	const char *default_time, *max_time; /* "02:00:00", "NONE", "UNLIMITED" */
	const char *over_time; /* OverTimeLimit: "NONE", "5", "UNLIMITED" */
	const char *total_nodes, *max_nodes; /* "2", "UNLIMITED" */
	const char *oversubscribe; /* "EXCLUSIVE", "NO", "FORCE:4" */
	const char *exclusive; /* Exclusive: "NODE", "TOPO" (of 26.05) */
	const char *select_parameters; /* SelectTypeParameters: "NONE", "CR_SOCKET" */
	const char *memory_per_cpu, *memory_per_node; /* DefMemPerCPU, DefMemPerNode: "500" */
	const char *max_memory_per_cpu; /* MaxMemPerCPU */
	const char *job_defaults; /* JobDefaults: "DefCpuPerGPU=4" */
};

struct partitions {
	struct partition *rows; /* in the order of the answer; there may be none */
	size_t count;
	char *text; /* the rows point into it */
	struct odd_rows odd; /* lines that name no partition */
};

/* Returns the partition, or NULL. */
const struct partition *partition_find(const struct partitions *partitions, const char *name);
/* Returns the partition of jobs that name none, or NULL. */
const struct partition *partition_default(const struct partitions *partitions);

/* Reads `scontrol -M CLUSTER -o show partition`, of the local slurmctld when [cluster] is NULL.
 * Returns SB_EFORMAT for an answer that names no partition and does not state that there are none.
 * On success the caller calls partitions_release(). */
int scontrol_read_partitions(const struct slurm *slurm, const char *cluster, struct partitions *ret,
			     struct sb_error *err);

struct node_size {
	int64_t cpus, threads, sockets, memory; /* threads of a core; MiB */
};
struct nodes {
	struct node_row {
		const char *name;
		const char *partitions; /* "main,gpu" */
		const char *tres; /* CfgTRES: "cpu=64,mem=62.50G,gres/gpu=6" */
		struct node_size size;
	} * rows; /* in the order of the answer; there may be none */
	size_t count;
	char *text; /* the rows point into it */
};

/* Reads `scontrol -M CLUSTER -o show node`, of the local slurmctld when [cluster] is NULL. Rows
 * that cannot be read are left out, and so are nodes that Slurm hides from the caller
 * (PrivateData). On success the caller calls nodes_release(). */
int scontrol_read_nodes(const struct slurm *slurm, const char *cluster, struct nodes *ret,
			struct sb_error *err);

/* A zeroed one is allowed. */
void nodes_release(struct nodes *nodes);

/* A zeroed one is allowed. */
void partitions_release(struct partitions *partitions);

/* The time limits for scontrol_move_jobs() that are no number of minutes. */
enum { JOB_LIMIT_KEEP = -1, JOB_LIMIT_NONE = -2 };

/* Gives queued jobs another QOS and, unless it is JOB_LIMIT_KEEP, time limit: `scontrol -M CLUSTER
 * update JobId=12,15+0 QOS=normal TimeLimit=60`. The numbers are as scontrol takes them: "12", the
 * number of an array for all its tasks that wait, "15+0", "12_[3-5]". Makes as few calls as lists
 * of a thousand jobs and the length of a command line allow. Checks all numbers and the QOS first
 * (SB_EINVAL).
 *
 * SB_EFAILED if a call failed for some of its jobs, such as one that runs: the others have changed.
 * The text has the first failure. After SB_ETIMEOUT and the like the rest was not tried. In either
 * case, read the jobs again. */
int scontrol_move_jobs(const struct slurm *slurm, const char *cluster, const char *const jobs[],
		       size_t count, const char *qos, int64_t limit, struct sb_error *err);
