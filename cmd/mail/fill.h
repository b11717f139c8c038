/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lays out the body of a mail: fills paragraphs to 72 columns, whatever the locale, and keeps lines
 * within the 998 bytes that SMTP allows (RFC 5321). */
#pragma once

#include <stdbool.h>
#include <stdio.h>

enum { FILL_COLUMNS = 72, FILL_COLUMNS_MAX = 78, FILL_BYTES = 900 };

/* Zeroed but for [to]. */
struct fill {
	FILE *to;
	size_t column; /* of the line begun; 0: none */
	const char *indent; /* of the paragraph's later lines */
	bool text; /* there was a line before */
	bool gap; /* a blank line is due before the next one */
};

/* Adds a line. [form], its template, decides: blank ends a paragraph, "- " begins an item, a blank
 * or "--" at its start keeps the line as it is, and other lines belong to a paragraph. Blank lines
 * in a row become one. */
void fill_line(struct fill *fill, const char *form, const char *text);

/* Adds lines that are kept as they are, each with its newline. */
void fill_lines(struct fill *fill, const char *lines);

/* Ends the last paragraph. */
void fill_end(struct fill *fill);
