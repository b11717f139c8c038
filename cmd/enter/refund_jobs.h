/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Refunds of what was charged for jobs: for one, or for all that ended in a state. */
#ifndef SUBANK_CMD_ENTER_REFUND_JOBS_H
#define SUBANK_CMD_ENTER_REFUND_JOBS_H

#include "cmd/enter/correction.h"

extern const struct option_spec refund_jobs_options[];

/* Whether --job or --state asks for it. */
bool refund_jobs_asked(const struct env *env);

/* Shows what would be refunded, asks, and enters a refund of each charge, all of them or none.
 * [percent] of what was charged; 0: what is left of it. What was given back before is left out,
 * with [percent] also what was in part, so that it can be run again. Returns the exit status. */
int refund_jobs(struct env *env, int percent);

#endif
