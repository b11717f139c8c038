/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "Did you mean": the word of a list that a mistyped one was meant to be. */
#ifndef SUBANK_LEDGER_BASE_NEAREST_H
#define SUBANK_LEDGER_BASE_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger/base/error.h"

/* Whether [other] is nearer to [word] than *[distance], which it then sets. At first that is
 * NEAREST_NONE: words that are further off are not meant. The
 * first of those that begin with [word], three letters or more, counts as the furthest. */
enum { NEAREST_NONE = 3 };
bool nearer(const char *word, const char *other, size_t *distance);

/* The word of [words] (NULL after the last) that is at most two letters off or begins with
 * [word]; NULL if none does. */
const char *nearest(const char *word, const char *const words[]);

/* SB_EINVAL: "REFUSAL 'word'", and ": did you mean 'other'?" where one of [words] is near, else
 * which there are. */
int nearest_error(const char *refusal, const char *word, const char *const words[],
		  struct sb_error *err);

#endif
