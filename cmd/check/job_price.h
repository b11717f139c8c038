/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a job costs by: the one place that applies the site's tariff, for charges and
 * reconciliations alike. */
#pragma once

#include "ledger/check/jobs.h"
#include "slurm/tariff.h"

/* Returns the job with all that job_amount() needs and no texts but its reservation, which belongs
 * to [job]. [excess] is tariff_excess(). Of a resized job, which has a row for each size, only the
 * last one is rounded and has the minimum. */
struct finished_job job_priced(const struct tariff *tariff, const struct qos_list *qos,
			       int64_t excess, const struct sacct_job *job);
