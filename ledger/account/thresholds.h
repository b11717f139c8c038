/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Percentages of an allocation at which its use is reported. */
#pragma once

#include <stddef.h>

#include "ledger/base/error.h"

enum {
	THRESHOLDS_MAX = 16,
	THRESHOLDS_TEXT_SIZE = 65, /* bytes for the text of THRESHOLDS_MAX of them */
};

struct thresholds {
	int list[THRESHOLDS_MAX]; /* percent, rising */
	size_t count; /* 0: none */
};

/* Parses "60,90" or "none". SB_EINVAL. */
int thresholds_parse(const char *text, struct thresholds *ret, struct sb_error *err);

/* Writes the text that thresholds_parse() reads. Returns [to]. */
const char *thresholds_text(char to[THRESHOLDS_TEXT_SIZE], const struct thresholds *thresholds);

/* Appends a threshold. SB_EINVAL if it does not rise, is out of range or is one too many. */
int thresholds_add(struct thresholds *thresholds, long long percent, struct sb_error *err);
