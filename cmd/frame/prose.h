/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of help, manuals and example files. They are written once and laid out for a terminal or
 * for roff. A line of a text is a paragraph, however long, and may be
 *
 *     - TERM: text     an item of a list
 *         text         (four spaces) kept as it is, in a line of its own
 *
 * `Backquotes` stand around what is typed as it stands. Texts are ASCII. */
#ifndef SUBANK_CMD_FRAME_PROSE_H
#define SUBANK_CMD_FRAME_PROSE_H

#include <stdio.h>

/* Lays out [text] for a terminal of 80 columns. */
void prose_print(FILE *to, const char *text);

/* The columns that text[0...len) takes in this locale. */
size_t prose_columns(const char *text, size_t len);

/* A paragraph for a terminal of [width] columns (0: of 80), with [first] before the first line and
 * [other] before the others, as in comments. */
void prose_fill(FILE *to, int width, const char *first, const char *other, const char *text);

/* Lays out [text] for roff with the macros of man(7). */
void prose_roff(FILE *to, const char *text);

/* One line or a part of one: what roff takes for its own is escaped, backquotes and options are
 * set in bold. */
void prose_roff_line(FILE *to, const char *text);

#endif
