/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The user's locale says how wide characters are and whether there are more than those of ASCII:
 * tables and paragraphs need it. Loading it takes some 40 microseconds, so that who prints neither
 * goes without (tests/bench/README.md). */
#ifndef SUBANK_CMD_FRAME_LOCALE_H
#define SUBANK_CMD_FRAME_LOCALE_H

/* Says that the user's locale counts: for a program's main(). Without it the one that is set stays,
 * whichever it is. */
void locale_follow_user(void);

/* Loads it where it counts and is not loaded yet: before characters are measured. */
void locale_need(void);

#endif
