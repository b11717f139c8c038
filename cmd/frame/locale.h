/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loads the user's locale when it is first needed. Tables and paragraphs need it: it determines how
 * wide a character is, and whether characters beyond ASCII can be printed. Commands that print
 * neither save the 40 microseconds that loading takes (tests/bench/README.md). */
#pragma once

/* Makes locale_need() load the user's locale. Called by main(); tests set a locale of their own. */
void locale_follow_user(void);

/* Loads the user's locale if main() asked for it and it is not loaded yet. Called before characters
 * are measured. */
void locale_need(void);
