/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets in Slurm what a check planned, reads it back and enters what became of it. */
#ifndef SUBANK_CMD_CHECK_CARRY_OUT_H
#define SUBANK_CMD_CHECK_CARRY_OUT_H

#include "cmd/check/clusters.h"
#include "cmd/frame/env.h"
#include "ledger/check/check.h"

/* Carries out the tasks, reads back into [clusters] and enters the outcomes. check->head stays that
 * of the plan when somebody else has written meanwhile. Returns the exit status: EXIT_PART when a
 * limit is not as it should be, which is said. */
int carry_out(struct env *env, struct check *check, struct clusters *clusters);

#endif
