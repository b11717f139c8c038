/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "Did you mean": finds the word of a list that a mistyped one resembles. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ledger/base/error.h"

/* Compares the next candidate of a search. Returns whether [other] is nearer to [word] than
 * *distance edits, and then sets *distance to its own. *distance starts as NEAREST_NONE, so words
 * that are three or more edits away do not match; but the first word that begins with [word], if
 * that has three letters or more, counts as two edits away. */
enum { NEAREST_NONE = 3 };
bool nearer(const char *word, const char *other, size_t *distance);

/* Returns the nearest of [words], which ends with NULL; NULL if none is within two edits or begins
 * with [word]. */
const char *nearest(const char *word, const char *const words[]);

/* Sets "REFUSAL 'word'" with ": did you mean 'other'?" or, if no word is near, the list of [words].
 * Returns SB_EINVAL. */
int nearest_error(const char *refusal, const char *word, const char *const words[],
		  struct sb_error *err);
