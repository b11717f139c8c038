/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies of books that are about to be replaced. */
#pragma once

#include "cmd/frame/env.h"

enum { COPY_PATH_SIZE = 4096, STAMP_SIZE = 24 };

/* "2026-11-22T170005Z", for names of files. Returns [to]. */
const char *time_stamp(char to[STAMP_SIZE], int64_t when);

/* Writes an export of [bank] into the backup folder, which it makes if needed, under a name with
 * the time that no file has yet, and syncs it. */
int keep_copy(struct env *env, struct bank *bank, char ret_path[COPY_PATH_SIZE],
	      struct sb_error *err);
