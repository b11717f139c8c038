/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads a list of requests written by hand, such as an allocation round; round_template shows the
 * form. */
#pragma once

#include "cmd/enter/batch.h"

extern const char round_template[];

/* Reads [file], named batch->name in messages: YAML or, with batch->is_table, CSV. Reports
 * malformed entries with file and place, and counts them in batch->wrong; SB_EFORMAT when the rest
 * of the file cannot be read. */
int round_read(struct env *env, FILE *file, struct batch *batch, struct sb_error *err);
