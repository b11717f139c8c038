/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The percents of an allocation at which somebody is told. */
#ifndef SUBANK_LEDGER_ACCOUNT_THRESHOLDS_H
#define SUBANK_LEDGER_ACCOUNT_THRESHOLDS_H

#include <stddef.h>

#include "ledger/base/error.h"

enum {
	THRESHOLDS_MAX = 16,
	THRESHOLDS_TEXT_SIZE = 65, /* bytes that THRESHOLDS_MAX of them fit in as text */
};

struct thresholds {
	int list[THRESHOLDS_MAX]; /* percent, rising */
	size_t count; /* 0: none */
};

/* Reads "60,90", or "none". SB_EINVAL. */
int thresholds_parse(const char *text, struct thresholds *ret, struct sb_error *err);

/* The other way. Returns [to]. */
const char *thresholds_text(char to[THRESHOLDS_TEXT_SIZE], const struct thresholds *thresholds);

/* Adds one behind the others. SB_EINVAL: it does not rise, is out of its range, or is one too many.
 */
int thresholds_add(struct thresholds *thresholds, long long percent, struct sb_error *err);

#endif
