/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The levers: limits of an account in Slurm that keep its jobs from starting when they are 0. */
#ifndef SUBANK_CMD_FRAME_LEVER_H
#define SUBANK_CMD_FRAME_LEVER_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/error.h"

struct lever_choice {
	char field[65]; /* GrpTRESMins, GrpTRESRunMins, GrpJobs, GrpSubmitJobs */
	char tres[65]; /* cpu …; "" for the last two */
};

/* Reads "GrpTRESMins=cpu", with or without "=0" behind it. SB_EINVAL. */
int lever_parse(const char *text, struct lever_choice *ret, struct sb_error *err);

/* Whether slurmctld kills running jobs at that limit unless `safe` is in AccountingStorageEnforce
 * (slurmctld's acct_policy.c; tried on 22.05.8). */
bool lever_kills(const char *field);

/* A limit in Slurm as people see it: "none" for -1. Returns [to]. */
enum { LIMIT_TEXT_SIZE = 24 };
const char *limit_text(char to[LIMIT_TEXT_SIZE], int64_t value);

#endif
