/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The check's part for accounts that are metered by jobs: reads what slurmdbd has on record and has
 * it charged, and switches accounts whose terms now ask for another meter. */
#ifndef SUBANK_CMD_CHECK_JOB_METER_H
#define SUBANK_CMD_CHECK_JOB_METER_H

#include "cmd/check/checkup.h"
#include "cmd/check/clusters.h"

/* What a dry run found, for the plan; free its list. */
struct foreseen_uses {
	struct foreseen *list;
	size_t count;
};

/* Charges the jobs that have ended on each cluster that answered, one cluster after the other, and
 * then switches. Committed slice by slice: what is interrupted goes on from there. With [dry]
 * nothing is entered: charges that would be are said, and added to it. (What a switch would
 * enter the plan charges by RawUsage.) Returns EXIT_DONE, EXIT_PART when Slurm did not
 * answer, or that of an error; sets [made] when entries were made, also before an error. */
int job_meter_run(struct env *env, const struct checkup *checkup, const struct clusters *clusters,
		  struct foreseen_uses *dry, bool *made);

#endif
