/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads what a job was allocated: a list of TRES as Slurm prints it (AllocTRES), such as
 * "billing=11,cpu=1,gres/gpu:a100=1,gres/gpu=1,mem=100M,node=1". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Finds TRES [name], in any case, and gives its number; -1 when it is not there. Memory is in MiB:
 * Slurm prints an M after the number even with --noconvert, and K, G, T or P if it converts.
 * Returns false when [name] is there twice or has no whole number (rounded memory such as 62.50G
 * has none); *ret is then unchanged. Does not check other TRES. */
bool tres_count(const char *list, const char *name, int64_t *ret);

/* The same for a GRES, such as "gres/gpu". If the list has only types of it ("gres/gpu:a100=1"),
 * gives their sum: a site can make Slurm count types without the GRES. */
bool tres_count_gres(const char *list, const char *name, int64_t *ret);
