/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/job_price.h"

#include <string.h>

struct finished_job job_priced(const struct tariff *tariff, const struct qos_list *qos,
			       int64_t excess, const struct sacct_job *job)
{
	const bool goes_on = strcmp(job->state, "RESIZING") == 0;

	return (struct finished_job){.start = job->start,
				     .end = job->end,
				     .elapsed = job->elapsed,
				     .billing = job->billing,
				     .excess = excess,
				     .factor = tariff_charged(tariff, qos, job),
				     .limit = job->limit,
				     .reservation = job->reservation,
				     .round_seconds = goes_on ? 0 : tariff->round_seconds,
				     .min_charge = goes_on ? 0 : tariff->min_charge};
}
