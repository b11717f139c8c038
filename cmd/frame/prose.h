/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of help, manuals and example files, written once and laid out for a terminal or for roff.
 * Each line of a text is a paragraph, however long, or
 *
 *     - TERM: text     an item of a list
 *         text         (four spaces) a line that is kept as it is
 *
 * `Backquotes` enclose words to be typed. Texts are ASCII. */
#pragma once

#include <stdio.h>

/* Lays out [text] for a terminal of 80 columns. */
void prose_print(FILE *to, const char *text);

/* Returns the columns that text[0...len) takes in the current locale. */
size_t prose_columns(const char *text, size_t len);

/* Prints a paragraph for a terminal of [width] columns (0: 80). The first line begins with [first],
 * the others with [other]. */
void prose_fill(FILE *to, int width, const char *first, const char *other, const char *text);

/* Lays out [text] for roff with the macros of man(7). */
void prose_roff(FILE *to, const char *text);

/* Prints a line, or a part of one, for roff: escapes it, and sets backquoted words and options in
 * bold. */
void prose_roff_line(FILE *to, const char *text);
