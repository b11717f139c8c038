/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a job counts for, in exact whole numbers: the UsageFactor of its QOS and the weights of its
 * partition, as they are now. */
#ifndef SUBANK_SLURM_TARIFF_H
#define SUBANK_SLURM_TARIFF_H

#include <stdbool.h>

#include "slurm/sacct.h"
#include "slurm/sacctmgr.h"
#include "slurm/scontrol.h"

/* Parts of one: UsageFactors have six decimals, and weights are cut to twelve. */
#define FACTOR_ONE INT64_C(1000000)
#define EXCESS_ONE INT64_C(1000000000000)

/* Reads a plain decimal such as "1.500000" in millionths. False for anything else, for more than
 * six decimals that are not 0, and for more than a million. */
bool tariff_decimal(const char *text, size_t len, int64_t *ret);

/* The UsageFactor of [qos] in millionths; -1: there is no such QOS (any more). */
int64_t tariff_factor(const struct qos_list *list, const char *qos);

/* RawUsage counts a job's TRES by unrounded weights, while its billing is cut to a whole number.
 * Returns what was cut off, in parts of EXCESS_ONE for each second: less than EXCESS_ONE. 0 when it
 * cannot be told: the partition or its weights have changed, or weights are not simply added up. */
int64_t tariff_excess(const struct partitions *partitions, const struct sacct_job *job);

#endif
