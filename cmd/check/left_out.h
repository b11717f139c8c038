/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of sacct about one cluster that cannot be read: counted, and named for people. */
#ifndef SUBANK_CMD_CHECK_LEFT_OUT_H
#define SUBANK_CMD_CHECK_LEFT_OUT_H

#include "cmd/frame/env.h"
#include "slurm/sacct.h"

/* So many are named; the others are counted. */
enum { LEFT_OUT_NAMED = 3, LEFT_OUT_TEXT_SIZE = 640 };

/* Starts zeroed. Needs no release. */
struct left_out {
	size_t count;
	char first[LEFT_OUT_NAMED][LEFT_OUT_TEXT_SIZE / LEFT_OUT_NAMED];
};

void left_out_add(struct left_out *left, const struct sacct_odd *odd);

/* Writes 'line 3: Start of job 12 of account bio is "soon"; … and 4 more' to [to], with any bytes
 * that Slurm printed. Returns [to]. */
const char *left_out_text(char to[LEFT_OUT_TEXT_SIZE], const struct left_out *left);

/* Warns if there are any, with [what] becomes of them. Returns EXIT_PART then, else EXIT_DONE. */
int left_out_warn(struct env *env, const char *cluster, const struct left_out *left,
		  const char *what);

#endif
