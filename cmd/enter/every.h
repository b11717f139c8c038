/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --every and numbers of periods: options that slices and quotas share. */
#pragma once

#include "cmd/frame/env.h"
#include "ledger/base/period.h"

/* Reads --every: an enum every, EVERY_NONE if it is not given. SB_EINVAL. */
int every_option(const struct env *env, uint8_t *ret, struct sb_error *err);

/* Reads a whole number from [least] to [most] of the option [name]; leaves *ret alone if it is not
 * given. SB_EINVAL. */
int count_option(const struct env *env, const char *name, int64_t least, int64_t most, int64_t *ret,
		 struct sb_error *err);
