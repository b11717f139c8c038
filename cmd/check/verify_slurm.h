/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compares the limits in force by the books with those that Slurm shows. */
#pragma once

#include "cmd/frame/env.h"

/* Warns about each difference and each cluster that cannot be compared; only reads. [asked] names
 * the clusters to compare, or none for all. Returns EXIT_DONE, or EXIT_PART after a warning. */
int verify_slurm(struct env *env, const struct settings *asked);
