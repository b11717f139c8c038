/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options that are times or numbers of entries. */
#pragma once

#include "cmd/frame/env.h"

/* Reads option [name] as a time. Without the option *ret does not change. Fails with SB_EINVAL. */
int moment_time(struct env *env, const char *name, int64_t *ret, struct sb_error *err);

/* Reads option [name] as a number from 1 on; [what] names it in the error: "a number of entries".
 * Without the option *ret does not change. Fails with SB_EINVAL. */
int moment_count(struct env *env, const char *name, const char *what, uint64_t *ret,
		 struct sb_error *err);

/* A state of the books in the past: after entry [seq], at [time]. */
struct moment {
	uint64_t seq;
	int64_t time;
};

/* Finds the moment that --as-of TIME|ENTRY means. Fails with SB_EINVAL, also for a time in the
 * future; with SB_ENOTFOUND when there is no such entry yet. */
int moment_as_of(struct books *books, const char *text, struct moment *ret, struct sb_error *err);
