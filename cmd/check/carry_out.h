/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets the limits that a check planned in Slurm, reads them back and records the outcomes. */
#pragma once

#include "cmd/check/clusters.h"
#include "cmd/frame/env.h"
#include "ledger/check/check.h"

/* Carries out check->tasks, whose order it changes, reads [clusters] again and records the
 * outcomes. Moves check->head to the new head, unless another process has written since the plan.
 * Returns EXIT_DONE; EXIT_PART after a warning for each limit that is not set; or the status of an
 * error, which it prints. */
int carry_out(struct env *env, struct check *check, struct clusters *clusters);
