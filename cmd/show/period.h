/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options --since and --until of a period; without them it is the current month. */
#pragma once

#include "cmd/frame/env.h"

/* Two rows for a verb's table of options. */
#define PERIOD_OPTIONS                                                                             \
	{"since", 0, "TIME", "the start of the period (the start of its last month)"},             \
	{                                                                                          \
		"until", 0, "TIME", "the end of the period (the end of this month)"                \
	}

/* Reads both. Fails with SB_EINVAL, also when the period ends before it begins. */
int period_read(struct env *env, int64_t *ret_since, int64_t *ret_until, struct sb_error *err);

/* The same, but without --since the period is of so many months, up to that of --until. */
int period_read_months(struct env *env, int months, int64_t *ret_since, int64_t *ret_until,
		       struct sb_error *err);

/* Prints "From … to …". */
void period_report(struct env *env, int64_t since, int64_t until);
