/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compares the limits that the books say are set in Slurm with what Slurm shows. */
#ifndef SUBANK_CMD_VERIFY_SLURM_H
#define SUBANK_CMD_VERIFY_SLURM_H

#include "cmd/env.h"

/* Says each difference and each cluster that does not answer; only reads. With --clusters, of those
 * alone. Returns EXIT_DONE, or EXIT_PART when anything was said. */
int verify_slurm(struct env *env);

#endif
