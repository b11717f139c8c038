/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors of Slurm's commands: struct sb_error, with texts that may quote their output. */
#pragma once

#include "ledger/base/error.h"

/* Sets [err], which may be NULL, like sb_error_set(), and turns newlines in the text into blanks:
 * it stays one line whatever a program printed. Returns [code]. */
int slurm_error(struct sb_error *err, enum sb_err code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Sets the error of memory that ran out. A command may have changed Slurm before, so it does not
 * claim that nothing was changed. Returns SB_ESYSTEM. */
int slurm_error_nomem(struct sb_error *err);
