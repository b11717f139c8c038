/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables for people, printed by libsmartcols and made to fit the terminal. Prose is wrapped first,
 * then units are shortened, then thousands separators are dropped, then names are cut in their
 * middle. If the table still
 * does not fit, each row is printed as a block of lines. Amounts and CELL_WHOLE are never
 * shortened.
 *
 * libsmartcols does not do this: it cuts texts at their end, so that names that begin alike read
 * the same; it breaks lines within words; and it narrows all columns at once, with no order. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ledger/base/error.h"

enum { COLUMNS_MAX = 32 };

enum cell_kind {
	CELL_WHOLE, /* never shortened or broken into lines */
	CELL_AMOUNT, /* the same, but may lose its thousands separators */
	CELL_HOURS, /* hours of a TRES; may lose its thousands separators */
	CELL_NAME, /* may be cut in its middle */
	CELL_PROSE, /* may be broken into lines at blanks */
	CELL_STATE, /* coloured by its word */
	CELL_SHARE, /* a percentage, with a bar if there is room; coloured, red from 100 % */
	CELL_PART, /* a percentage, with a bar if there is room; not coloured */
	CELL_UNIT, /* the unit of the row's amounts (output_unit()); may be shortened to "GPU-h" */
	CELL_USER, /* the user whose share it is; JSON and CSV have it only if tables show it */
	CELL_RESOURCE, /* the resource of the row's amounts (output_unit()) */
};

struct column {
	const char *name; /* in the header and in --format; JSON and CSV have it in lower case,
			     amounts with "_seconds" appended, or with --unit su "_su"; hours with
			     "_seconds" in place of "-h" or "-s" */
	bool number; /* right-aligned */
	bool shown; /* without --format */
	enum cell_kind kind;
};

struct grid_style {
	int width; /* of the terminal; 0: no terminal, so cells stay as they are */
	bool header;
	bool colour;
};

struct grid;

/* Creates a grid with [count] columns; [shown] has their indexes in [columns]. Borrows both.
 * Returns NULL when memory ran out. */
struct grid *grid_new(const struct column *columns, const size_t *shown, size_t count);

/* Begins a row. This and the functions that fill the row return false when memory ran out. */
bool grid_row(struct grid *grid);

/* Set a cell of the row; [at] is an index into the columns shown. */
bool grid_text(struct grid *grid, size_t at, const char *text);
/* [text] is [amount] as amount_format() writes it. */
bool grid_amount(struct grid *grid, size_t at, const char *text, int64_t amount);
/* [text] is [percent] with "%", or "-" when that is negative. */
bool grid_share(struct grid *grid, size_t at, const char *text, int64_t percent);

/* Puts the row below the one called [name] in the tree that the first column of names shows; a
 * row's name is its text in that column. If no row has that name, the row stays at the top. */
bool grid_below(struct grid *grid, const char *name);

/* True if there are no rows. */
bool grid_is_empty(const struct grid *grid);

/* Sorts the rows. [keys] has a key of [size] bytes for each row; [compare] compares two keys as in
 * qsort(). Equal rows keep their order. Returns false when memory ran out. */
bool grid_sort(struct grid *grid, const void *keys, size_t size,
	       int (*compare)(const void *, const void *));

/* Prints the rows and removes them. Fails only when memory ran out. */
int grid_print(struct grid *grid, const struct grid_style *style, FILE *out, struct sb_error *err);

/* Frees the grid; it may be NULL. */
void grid_free(struct grid *grid);
