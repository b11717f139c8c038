/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Applies the site's tariff to a job. Charges and reconciliations both do it here, so that they
 * agree. */
#pragma once

#include "ledger/check/jobs.h"
#include "slurm/tariff.h"

/* Returns the job with everything that job_amount() needs. Of its texts only the reservation is
 * set; it belongs to [job]. [excess] is tariff_excess(). A resized job has a row for each size;
 * rounding and the minimum apply to the last one only. */
struct finished_job job_priced(const struct tariff *tariff, const struct qos_list *qos,
			       int64_t excess, const struct sacct_job *job);
