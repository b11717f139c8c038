/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes limits of accounts in Slurm's database. */
#ifndef SUBANK_SLURM_SACCTMGR_H
#define SUBANK_SLURM_SACCTMGR_H

#include <stddef.h>
#include <stdint.h>

#include "slurm/slurm.h"

/* Sets the limit [field] (GrpTRESMins …) of TRES [tres] (cpu …) to [value] for [count] accounts of
 * one cluster: `sacctmgr -i modify account where account=a,b cluster=C set GrpTRESMins=cpu=0`; -1
 * clears it (other negative numbers wrap to huge limits in Slurm and are refused here). Other TRES
 * of the same field stay as they are. In as few calls as the length of a command line allows.
 * Names, field, TRES and value are checked before anything runs (SLURM_ENAME), and with [count] 0
 * nothing runs. "Nothing modified" is a failure. What was done before a failure stays done: read
 * back. */
int sacctmgr_set_limit(const struct slurm *slurm, const char *cluster, const char *const accounts[],
		       size_t count, const char *field, const char *tres, int64_t value,
		       struct slurm_error *err);

#endif
