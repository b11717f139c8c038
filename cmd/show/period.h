/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --since and --until of a period: without them, the current month. */
#ifndef SUBANK_CMD_SHOW_PERIOD_H
#define SUBANK_CMD_SHOW_PERIOD_H

#include "cmd/frame/env.h"

/* Two rows of a verb's table of options. */
#define PERIOD_OPTIONS                                                                             \
	{"since", 0, "TIME", "the period's first moment (the start of that month)"},               \
	{                                                                                          \
		"until", 0, "TIME", "the first moment behind it (the end of this month)"           \
	}

/* Reads both. SB_EINVAL, also when it ends before it begins. */
int period_read(struct env *env, int64_t *ret_since, int64_t *ret_until, struct sb_error *err);

/* "From … to …", for people. */
void period_report(struct env *env, int64_t since, int64_t until);

#endif
