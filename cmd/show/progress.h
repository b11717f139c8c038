/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The progress of a long piece of work, on one line of the terminal:
 *
 *     export: 1200000 of 10000000 (12%), 380000/s, 23s left
 *
 * Nothing is printed if the standard error is no terminal, with --quiet, or during the first
 * second. A message, a line of report() or a table removes the line. */
#pragma once

#include "cmd/frame/env.h"
#include "ledger/base/steps.h"

struct progress {
	struct env *env;
	uint64_t total;
	int64_t begun; /* microseconds, UTC; 0: print nothing */
	int64_t shown; /* when the line was last printed; 0: not yet */
};

/* [total] is the number of steps to come; 0: unknown. The line begins with the verb. */
void progress_begin(struct progress *progress, struct env *env, uint64_t total);

/* Records that [done] steps are complete. Cheap: call it after each step. */
void progress_step(struct progress *progress, uint64_t done);

/* The same as a callback of struct steps: [ctx] is the progress. */
void progress_at(uint64_t done, uint64_t total, void *ctx);

/* Removes the line. */
void progress_end(struct progress *progress);
