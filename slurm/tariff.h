/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a job counts for, in exact whole numbers: the UsageFactor of its QOS and the weights of its
 * partition, as they are now, and what the site says beside Slurm. */
#ifndef SUBANK_SLURM_TARIFF_H
#define SUBANK_SLURM_TARIFF_H

#include <stdbool.h>

#include "slurm/sacct.h"
#include "slurm/sacctmgr.h"
#include "slurm/scontrol.h"

/* Parts of one: UsageFactors have six decimals, and weights are cut to twelve. */
#define FACTOR_ONE INT64_C(1000000)
#define EXCESS_ONE INT64_C(1000000000000)

/* The most that a factor of the site may be. */
enum { SITE_FACTOR_MAX = 1000 };

/* What the site charges jobs by beside Slurm, which RawUsage cannot follow; zeroed, nothing. */
struct tariff {
	char **free_states; /* jobs that ended in one of them are not charged */
	size_t free_count;
	struct site_factors {
		struct site_factor {
			char *name;
			int64_t factor; /* millionths, 0 to SITE_FACTOR_MAX ones */
		} * list;
		size_t count;
	} qos, partitions; /* names of QOS are in lower case, as Slurm has them */
};
void tariff_release(struct tariff *tariff);

/* Whether jobs can end in that state, as sacct names it. COMPLETED is none of them: that is what is
 * paid for. tariff_states[] has them; NULL after the last. */
extern const char *const tariff_states[];
/* That one of them in which [text], in upper or lower case, is spelt; NULL: none. */
const char *tariff_state(const char *text);

/* Reads a plain decimal such as "1.500000" in millionths. False for anything else, for more than
 * six decimals that are not 0, and for more than a million. */
bool tariff_decimal(const char *text, size_t len, int64_t *ret);

/* The UsageFactor of [qos] in millionths; -1: there is no such QOS (any more). */
int64_t tariff_factor(const struct qos_list *list, const char *qos);

/* What a job is charged by, in millionths: the UsageFactor (1 if that QOS is gone) times the site's
 * factors of its QOS and partition, cut to six decimals once; 0 in a free state. At most 10^18. */
int64_t tariff_charged(const struct tariff *tariff, const struct qos_list *list,
		       const struct sacct_job *job);

/* RawUsage counts a job's TRES by unrounded weights, while its billing is cut to a whole number.
 * Returns what was cut off, in parts of EXCESS_ONE for each second: less than EXCESS_ONE. 0 when it
 * cannot be told: the partition or its weights have changed. */
int64_t tariff_excess(const struct partitions *partitions, enum billing_rule rule,
		      const struct sacct_job *job);

#endif
