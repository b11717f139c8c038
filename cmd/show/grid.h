/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows for people. libsmartcols prints them; here they are made to fit the terminal. Amounts and
 * whatever else is CELL_WHOLE are never shortened: thousands separators go first, then names are
 * cut in their middle, and what does not fit then is printed as a block of lines for each row. */
#ifndef SUBANK_CMD_SHOW_GRID_H
#define SUBANK_CMD_SHOW_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ledger/base/error.h"

enum { COLUMNS_MAX = 24 };

enum cell_kind {
	CELL_WHOLE, /* never shortened or broken; nor is the next one */
	CELL_AMOUNT,
	CELL_NAME, /* may be cut in its middle */
	CELL_PROSE, /* may be broken at blanks */
	CELL_STATE, /* has its word's colour */
	CELL_SHARE, /* a percentage, with a bar where there is room, and a colour when it is high */
	CELL_PART, /* the same, of a whole: none is too high */
};

struct column {
	const char *name; /* in the header and in --format; JSON and CSV have it in lower case,
			     amounts with "_seconds" behind */
	bool number; /* right-aligned */
	bool shown; /* without --format */
	enum cell_kind kind;
};

struct grid_style {
	int width; /* of the terminal; 0: there is none, and nothing is fitted, grouped or drawn */
	bool header;
	bool colour;
	bool tree; /* the first column of names shows what is below what */
};

struct grid;

/* A grid of the [count] columns that [shown] names among [columns], which are borrowed. NULL when
 * memory ran out. */
struct grid *grid_new(const struct column *columns, const size_t *shown, size_t count);

/* Begins a row, and sets its cells by place; false when memory ran out. */
bool grid_row(struct grid *grid);
bool grid_text(struct grid *grid, size_t at, const char *text);
/* [text] is [amount] as amount_format() writes it. */
bool grid_amount(struct grid *grid, size_t at, const char *text, int64_t amount);
bool grid_share(struct grid *grid, size_t at, const char *text, int64_t percent);
/* The row hangs below the one that is called [name], if there is one. Its own is what its first
 * column of names has. */
bool grid_below(struct grid *grid, const char *name);

bool grid_is_empty(const struct grid *grid);

/* Prints the rows that there are, and forgets them. */
int grid_print(struct grid *grid, const struct grid_style *style, FILE *out, struct sb_error *err);

/* NULL is allowed. */
void grid_free(struct grid *grid);

#endif
