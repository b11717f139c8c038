/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables and paragraphs need the user's locale: how wide a character is, and whether there are
 * others than ASCII. Loading it takes about 40 microseconds, so commands that print neither do not
 * load it (tests/bench/README.md). */
#pragma once

/* Makes locale_need() load the user's locale. Called by main(); tests set a locale of their own. */
void locale_follow_user(void);

/* Loads the user's locale if main() asked for it and it is not loaded yet. Called before characters
 * are measured. */
void locale_need(void);
