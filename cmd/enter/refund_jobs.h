/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Refunds of the charges of jobs: of one, or of all that ended in a state. */
#pragma once

#include "cmd/enter/correction.h"

extern const struct option_spec refund_jobs_options[];

/* Returns whether --job or --state asks for it. */
bool refund_jobs_asked(const struct env *env);

/* Shows the refunds, asks, and records one for each charge, all of them or none. [percent]: of what
 * was charged; 0: what is left of it. Leaves out charges that were given back before, with
 * [percent] also those given back in part, so that it can be run again. Returns the exit status. */
int refund_jobs(struct env *env, int percent);
