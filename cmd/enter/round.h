/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of requests that somebody wrote by hand, such as an allocation round: round_template says
 * what it looks like. */
#ifndef SUBANK_CMD_ENTER_ROUND_H
#define SUBANK_CMD_ENTER_ROUND_H

#include "cmd/enter/batch.h"

extern const char round_template[];

/* Reads [file], named batch->name in messages. Entries that are malformed are said, with file, line
 * and column, and counted in batch->wrong; SB_EFORMAT where the file cannot be read on. */
int round_read(struct env *env, FILE *file, struct batch *batch, struct sb_error *err);

#endif
