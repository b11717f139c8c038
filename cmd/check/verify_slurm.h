/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compares the limits that the books say are set in Slurm with what Slurm shows. */
#ifndef SUBANK_CMD_CHECK_VERIFY_SLURM_H
#define SUBANK_CMD_CHECK_VERIFY_SLURM_H

#include "cmd/frame/env.h"

/* Says each difference and each cluster that cannot be compared; only reads. [asked] names the
 * clusters to compare, or none for all. Returns EXIT_DONE, or EXIT_PART when anything was said. */
int verify_slurm(struct env *env, const struct settings *asked);

#endif
