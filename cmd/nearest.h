/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "Did you mean": the word of a list that a mistyped one was meant to be. */
#ifndef SUBANK_CMD_NEAREST_H
#define SUBANK_CMD_NEAREST_H

/* The word of [words] (NULL after the last) that is at most two letters off; NULL if none is. */
const char *nearest(const char *word, const char *const words[]);

#endif
