/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The check's part for accounts that are metered by jobs: charges the jobs that slurmdbd has on
 * record, and switches accounts whose terms now ask for another meter. */
#pragma once

#include "cmd/check/checkup.h"
#include "cmd/check/clusters.h"

/* The charges that a dry run found, for the plan; the caller frees the list. */
struct foreseen_uses {
	struct foreseen *list;
	size_t count;
};

/* Charges the jobs that have ended on each cluster that answered, one cluster after the other, and
 * then switches. Commits slice by slice, so that an interrupted check continues there. With [dry]
 * it records nothing, reports the charges that would be made and adds them to [dry]. (A dry
 * run switches no meter: its plan charges by RawUsage the use that a switch would record.) Sets
 * [made] when entries were recorded, also before an error. Returns EXIT_DONE, EXIT_PART when Slurm
 * did not answer, or the status of an error. */
int job_meter_run(struct env *env, const struct checkup *checkup, const struct clusters *clusters,
		  struct foreseen_uses *dry, bool *made);
