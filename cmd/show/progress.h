/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far a long piece of work has come, on one line of a terminal that is written again and again:
 *
 *     export: 1200000 of 10000000 (12%), 380000/s, 23s left
 *
 * Nothing is printed where the standard error is no terminal, with --quiet, and of work that is
 * done within a second. The line goes when a message, a line of report() or a table is printed. */
#ifndef SUBANK_CMD_SHOW_PROGRESS_H
#define SUBANK_CMD_SHOW_PROGRESS_H

#include "cmd/frame/env.h"
#include "ledger/base/steps.h"

struct progress {
	struct env *env;
	uint64_t total;
	int64_t begun; /* microseconds, UTC; 0: no line is to be printed */
	int64_t shown; /* when the line was written last; 0: not yet */
};

/* [total]: how many steps there will be; 0: not known. The verb names the line. */
void progress_begin(struct progress *progress, struct env *env, uint64_t total);
/* [done] steps are behind us. Cheap: call it for each. */
void progress_step(struct progress *progress, uint64_t done);
/* The same for struct steps: [ctx] is the progress. */
void progress_at(uint64_t done, uint64_t total, void *ctx);
/* Takes the line away. */
void progress_end(struct progress *progress);

#endif
