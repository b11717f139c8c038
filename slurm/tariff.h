/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Computes what a job is charged, exactly and in whole numbers: from the UsageFactor of its QOS and
 * the weights of its partition, both as they are now, and the site's own factors. */
#pragma once

#include <stdbool.h>

#include "slurm/sacct.h"
#include "slurm/sacctmgr.h"
#include "slurm/scontrol.h"

/* One in fixed point: factors have six decimals, weighted TRES are cut to twelve. */
#define FACTOR_ONE INT64_C(1000000)
#define EXCESS_ONE INT64_C(1000000000000)

/* The largest factor of a site. */
enum { SITE_FACTOR_MAX = 1000 };

/* The site's own rules for charging jobs, which RawUsage cannot follow; none when zeroed. */
struct tariff {
	char **free_states; /* jobs that ended in one of these are not charged */
	size_t free_count;
	struct site_factors {
		struct site_factor {
			char *name;
			int64_t factor; /* millionths, 0 to SITE_FACTOR_MAX ones */
		} * list;
		size_t count;
	} qos, partitions, reservations; /* names of QOS are in lower case, as in Slurm */
	int64_t min_charge; /* the least that a job costs, in billing-seconds; 0: no such limit */
	int round_seconds; /* run times are rounded up to a multiple of this; 0: they are not
			      rounded */
};
void tariff_release(struct tariff *tariff);

/* The states, as sacct names them, that jobs can end in without being charged; NULL after the last.
 * COMPLETED is not among them: a job that ended so is always charged. */
extern const char *const tariff_states[];
/* Returns the one of them that [text] spells, in any case, or NULL. */
const char *tariff_state(const char *text);

/* Reads a plain decimal such as "1.500000" in millionths. Returns false for anything else, for
 * digits other than 0 after the sixth decimal, and for more than a million. */
bool tariff_decimal(const char *text, size_t len, int64_t *ret);

/* Returns the UsageFactor of [qos] in millionths, or -1 when Slurm has no such QOS (any more). */
int64_t tariff_factor(const struct qos_list *list, const char *qos);

/* Returns what a job is charged by, in millionths: the UsageFactor (1 if its QOS is gone) times the
 * site's factors of its QOS, partition and reservation (1 if it is not known), cut once to six
 * decimals; 0 in a free state. If that is past int64, returns INT64_MAX. */
int64_t tariff_charged(const struct tariff *tariff, const struct qos_list *list,
		       const struct sacct_job *job);

/* RawUsage counts a job's TRES by unrounded weights, but its billing is cut to a whole number.
 * Returns what was cut off, in parts of EXCESS_ONE for each second: less than EXCESS_ONE. 0 when it
 * is unknown, since the partition or its weights have changed. */
int64_t tariff_excess(const struct partitions *partitions, enum billing_rule rule,
		      const struct sacct_job *job);

/* What a job with TRES [tres] (as in AllocTRES) is billed for each second by [weights]
 * (TRESBillingWeights; "": its CPUs): a whole number, cut, and what was cut off in parts of
 * EXCESS_ONE. Returns false if a weight cannot be read or the sum is past int64. */
bool tariff_weighted(const char *weights, enum billing_rule rule, const char *tres,
		     int64_t *ret_billing, int64_t *ret_excess);
