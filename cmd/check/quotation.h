/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a job will cost, by the weights of its partition, the UsageFactor of its QOS and the site's
 * tariff. */
#pragma once

#include "cmd/frame/env.h"
#include "slurm/estimate.h"
#include "slurm/sacctmgr.h"

struct quoted_cluster {
	char *name; /* NULL: the local one */
	struct slurm_config config;
	struct partitions partitions;
	struct nodes nodes;
};

/* A place where a component of the job may run. */
struct offer {
	size_t part; /* of the submission */
	const struct quoted_cluster *cluster;
	const struct partition *partition;
	struct estimate estimate;
};

struct quotation {
	struct env *env;
	const struct submission *submission;
	struct quoted_cluster *clusters; /* those that the job may run on */
	size_t cluster_count;
	struct offer *offers; /* by part */
	size_t offer_count;
	struct qos_list qos; /* all of Slurm */
	unsigned notes; /* of all estimates: enum estimate_note */
};

/* Asks Slurm, and estimates the submission in each partition of each cluster that it names.
 * [submission] must stay valid. SB_ENOTFOUND: there is no such partition. The caller calls
 * quotation_release(). */
int quotation_make(struct env *env, const struct submission *submission, struct quotation *ret,
		   struct sb_error *err);

/* What to compute the cost of. */
struct quote_terms {
	const char *resource; /* "billing": in billing-seconds; another: in seconds of it */
	const char *qos; /* of jobs that name none, or of all with [any_qos] */
	bool any_qos;
	int64_t limit; /* seconds; longer time limits are cut to it */
	bool least; /* the least that is likely instead of the most that is possible */
};

/* Returns the cost of the whole submission, with all jobs of an array; where it may run in several
 * partitions, in the dearest. INT64_MAX: there is no bound, or it is past int64. */
int64_t quotation_cost(const struct quotation *quotation, const struct quote_terms *terms);

/* Whether the most that is possible is an upper bound. */
bool quotation_bounded(const struct quotation *quotation);

/* Returns the longest time limit of the submission's components; REQUEST_NO_LIMIT. */
int64_t quotation_limit(const struct quotation *quotation);

/* Returns the offer that costs most on these terms; of several, the one whose [most] (struct
 * estimate) has the highest billing. */
const struct offer *quotation_dearest(const struct quotation *quotation, size_t part,
				      const struct quote_terms *terms);

/* Returns the name of the dearest QOS of [names], which may be a list, as Slurm spells it.
 * SB_ENOTFOUND: Slurm has no such QOS; it has none with the name "" (measured: sbatch is refused).
 */
int quotation_qos(const struct quotation *quotation, const char *names, const char **ret,
		  struct sb_error *err);

void quotation_release(struct quotation *quotation);
