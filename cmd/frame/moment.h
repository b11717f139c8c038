/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options that are times or numbers of entries, and the moments that they mean. */
#ifndef SUBANK_CMD_FRAME_MOMENT_H
#define SUBANK_CMD_FRAME_MOMENT_H

#include "cmd/frame/env.h"

/* Reads the option [name]; leaves *ret when it was not given. SB_EINVAL. */
int moment_time(struct env *env, const char *name, int64_t *ret, struct sb_error *err);
/* Likewise a number from 1 on; [what] is for the message: "a number of entries". */
int moment_count(struct env *env, const char *name, const char *what, uint64_t *ret,
		 struct sb_error *err);

/* The books as they were behind an entry, at a time. */
struct moment {
	uint64_t seq;
	int64_t time;
};

/* What --as-of TIME|ENTRY means in these books. SB_EINVAL, also for a time to come; SB_ENOTFOUND:
 * there is no such entry yet. */
int moment_as_of(struct books *books, const char *text, struct moment *ret, struct sb_error *err);

#endif
