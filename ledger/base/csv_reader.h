/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads CSV row by row, as spreadsheets write it: RFC 4180 with commas, semicolons or tabs,
 * whichever the first row has; rows end with LF, CRLF or CR. Memory does not grow with the file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "ledger/base/error.h"

enum {
	CSV_CELLS_MAX = 1024, /* of a row */
	CSV_ROW_MAX = 64 << 10, /* bytes */
	CSV_PLACE_SIZE = 8, /* bytes of a column's letters with the NUL */
};

struct csv_reader;

/* Creates a reader of [file], which the caller closes. [name] is for messages. Both must outlive
 * the reader, which csv_reader_free() frees; NULL is allowed there. */
int csv_reader_new(FILE *file, const char *name, struct csv_reader **ret, struct sb_error *err);
void csv_reader_free(struct csv_reader *reader);

struct csv_cells {
	size_t row; /* from 1, as a spreadsheet counts: blank rows count, lines within a cell do not
		     */
	size_t count; /* 0 at the end of the file; a blank row has one cell */
	int separator; /* of the file; 0 if no row had one yet */
	/* Without blanks around them, even in quotes. Any bytes but NUL. Valid until the next row.
	 */
	const char *const *cells;
	/* Why the row cannot be used, and the index of that cell; NULL: it can. */
	const char *fault;
	size_t fault_cell;
};

/* Reads the next row. Returns SB_EFORMAT, with the name in the text, if the rest of the file cannot
 * be read: quotes that do not end, a row beyond the limits above, UTF-16, two separators in the
 * first row. SB_ESYSTEM if reading fails. */
int csv_read(struct csv_reader *reader, struct csv_cells *ret, struct sb_error *err);

/* Writes a column as spreadsheets do: "A" for 0, "AB" for 27. Returns [to]. */
const char *csv_letters(char to[CSV_PLACE_SIZE], size_t column);
