/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows separated by '|', as Slurm's commands print them with -P. Columns are found by the name in
 * the header line. */
#ifndef SUBANK_SLURM_TABLE_H
#define SUBANK_SLURM_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "slurm/slurm.h"

struct table_row {
	size_t line; /* of the answer, from 1 */
	bool joined; /* its last cell has newlines */
};

struct table {
	char *text; /* the parsed copy of the answer; cells point into it */
	const char **cells; /* rows * columns, row by row */
	struct table_row *lines; /* by row */
	size_t rows;
	size_t columns;
};

/* Parses [text] of [len] bytes. The first line must name exactly the [ncolumns] of [columns], in
 * that order (Slurm prints the columns as they were asked for); case does not matter. "CLUSTER:
 * name" lines, which -M adds, and blank lines are passed over before the first row, blank ones at
 * the end too.
 *
 * Slurm does not escape what others may choose: the name of an account may hold bars and newlines.
 * So the column with such names is asked for last, and gets the rest of the line; a line that has
 * fewer fields, or does not begin with [key] (the cluster, say; NULL: with anything), belongs to
 * the last cell of the row before it, with a newline between. A NUL byte, no final newline, and
 * such a line where no row stands before it are SB_EFORMAT, with [what] (the command's name) and
 * the line number in the text. On success the caller calls table_release(). */
int table_parse(const char *what, const char *text, size_t len, const char *const columns[],
		size_t ncolumns, const char *key, struct table *ret, struct sb_error *err);

/* Runs [argv] with slurm_ask() and parses its answer; [what] is the command's name. On success the
 * caller calls table_release(). */
int table_ask(const struct slurm *slurm, const char *what, const char *const argv[],
	      const char *const columns[], size_t ncolumns, const char *key, struct table *ret,
	      struct sb_error *err);

/* The cell, never NULL; valid until table_release(). Leading blanks are kept: sshare indents by
 * depth. */
const char *table_cell(const struct table *table, size_t row, size_t column);

void table_release(struct table *table);

/* Splits [line] in place at each '|'. Returns how many fields it has; writes at most [max]. */
size_t table_split(char *line, char **fields, size_t max);

#endif
