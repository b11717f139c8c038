/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "Did you mean": finds the word of a list that a mistyped one resembles. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ledger/base/error.h"

/* Returns whether [other] resembles [word] more than *distance says, and updates *distance, which
 * starts as NEAREST_NONE. Words of a greater distance never match. The first word that begins with
 * [word], of three letters or more, matches with the greatest distance. */
enum { NEAREST_NONE = 3 };
bool nearer(const char *word, const char *other, size_t *distance);

/* Returns the nearest of [words], which ends with NULL; NULL if none is within two letters or
 * begins with [word]. */
const char *nearest(const char *word, const char *const words[]);

/* Sets "REFUSAL 'word'" with ": did you mean 'other'?" or, if no word is near, the list of [words].
 * Returns SB_EINVAL. */
int nearest_error(const char *refusal, const char *word, const char *const words[],
		  struct sb_error *err);
