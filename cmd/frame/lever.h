/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Levers: limits of an account in Slurm. At 0, they keep its jobs from starting. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/error.h"

struct lever_choice {
	char field[65]; /* GrpTRESMins, GrpTRESRunMins, GrpJobs, GrpSubmitJobs */
	char tres[65]; /* cpu …; "" for the last two */
};

/* Reads "GrpTRESMins=cpu" or "GrpTRESMins=cpu=0". Fails with SB_EINVAL. */
int lever_parse(const char *text, struct lever_choice *ret, struct sb_error *err);

/* Whether slurmctld kills running jobs at that limit unless AccountingStorageEnforce has `safe`
 * (slurmctld's acct_policy.c; tested with 22.05.8). */
bool lever_kills(const char *field);

/* Formats a limit for people: "none" for -1. Returns [to]. */
enum { LIMIT_TEXT_SIZE = 24 };
const char *limit_text(char to[LIMIT_TEXT_SIZE], int64_t value);
