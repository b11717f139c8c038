/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads requests from CSV, as a spreadsheet saves it: a header row with the names of columns, then
 * a row for each request. The columns are the keys of round_template, and `verb` and `account`. */
#pragma once

#include "cmd/enter/batch.h"

extern const char sheet_template[];

/* Reads [file] as round_read() does. */
int sheet_read(struct env *env, FILE *file, struct batch *batch, struct sb_error *err);
