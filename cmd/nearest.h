/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "Did you mean": the word of a list that a mistyped one was meant to be. */
#ifndef SUBANK_CMD_NEAREST_H
#define SUBANK_CMD_NEAREST_H

#include "ledger/error.h"

/* The word of [words] (NULL after the last) that is at most two letters off; NULL if none is. */
const char *nearest(const char *word, const char *const words[]);

/* SB_EINVAL: "REFUSAL 'word'", and ": did you mean 'other'?" where one of [words] is near. */
int nearest_error(const char *refusal, const char *word, const char *const words[],
		  struct sb_error *err);

#endif
