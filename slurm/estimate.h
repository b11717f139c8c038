/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a job will be allocated and billed, before it is submitted. Slurm decides only when the job
 * starts: over how many nodes it spreads tasks, which GPUs it takes. So there are two answers, the
 * least that is likely and the most that is possible. Pure; the rules were measured on 22.05.8 with
 * select/cons_tres. */
#pragma once

#include "slurm/sbatch.h"
#include "slurm/scontrol.h"

/* The assumptions behind the most that is possible. */
enum estimate_note {
	ESTIMATE_WHOLE_NODES = 1 << 0, /* the job gets whole nodes */
	ESTIMATE_ALL_MEMORY = 1 << 1, /* it asks for no memory, and gets all memory of its nodes */
	ESTIMATE_SPREAD = 1 << 2, /* its tasks or GPUs may be spread over more nodes */
	ESTIMATE_NO_NODES = 1 << 3, /* Slurm shows no nodes of the partition: CPUs are not rounded
				       to cores, and whole nodes are unknown: no upper bound */
	ESTIMATE_ANY_TYPE = 1 << 4, /* GPUs of any type: the dearest counts */
	ESTIMATE_NODE_FILE = 1 << 5, /* the nodes are in a file: no upper bound */
	ESTIMATE_NO_LIMIT = 1 << 6, /* it has no time limit */
	ESTIMATE_DEFAULT_LIMIT = 1 << 7, /* the time limit is the partition's default */
	ESTIMATE_PAST_LIMIT = 1 << 8, /* Slurm may let it run past its limit for as long as it
					 likes: no upper bound */
	ESTIMATE_TOO_LARGE = 1 << 10, /* it asks for more nodes than the partition has */
	ESTIMATE_OVER_MAX =
		1 << 9, /* its time limit is above the partition's: it would not start */
};

enum { ESTIMATE_TRES_SIZE = 4096 };

struct allocation {
	int64_t nodes, cpus;
	int64_t memory; /* MiB; 0 where Slurm does not allocate memory */
	char tres[ESTIMATE_TRES_SIZE]; /* as in AllocTRES, without billing */
	int64_t billing, excess; /* tariff_weighted() */
};

struct estimate {
	struct allocation least, most;
	int64_t seconds; /* the time limit; REQUEST_NO_LIMIT */
	int64_t over_seconds; /* how long Slurm lets it run past its limit (OverTimeLimit) */
	unsigned notes;
};

/* Estimates one job of the request, in one partition. SB_EFORMAT: the partition's weights cannot be
 * read. SB_EOVERFLOW: a number is too large. */
int estimate_make(const struct job_request *request, const struct partition *partition,
		  const struct slurm_config *config, const struct nodes *nodes,
		  struct estimate *ret, struct sb_error *err);

/* How many of [resource], a TRES, the allocation has; of a type such as "gres/gpu:a100" also those
 * without a type, which might be of it. */
int64_t allocation_count(const struct allocation *allocation, const char *resource);

/* Whether the most that is possible is an upper bound. */
static inline bool estimate_bounded(const struct estimate *estimate)
{
	return !(estimate->notes & (ESTIMATE_NO_NODES | ESTIMATE_NODE_FILE | ESTIMATE_NO_LIMIT |
				    ESTIMATE_PAST_LIMIT));
}
