/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables with '|' between the cells, as Slurm's commands print them with -P. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "slurm/slurm.h"

/* What an answer must look like. */
struct table_form {
	const char *command; /* its name, for messages */
	const char *const *columns; /* in the order of the header; case does not matter */
	size_t count;
	const char *key; /* the first cell of each row, such as the cluster; NULL: any */
};

struct table_row {
	size_t line; /* of the answer, from 1 */
	bool joined; /* its last cell has newlines */
};

struct table {
	char *text; /* a copy of the answer; cells point into it */
	const char **cells; /* rows * columns, row by row */
	struct table_row *lines; /* by row */
	size_t rows;
	size_t columns;
};

/* Parses [text] of [len] bytes. The first line must name exactly the columns of [form]. Skips
 * "CLUSTER: name" lines, which -M adds, and blank lines before the first row, and blank lines at
 * the end.
 *
 * Slurm escapes nothing, and names that users choose may hold bars and newlines. So the column with
 * such names is the last, and gets the rest of the line. A line with fewer fields, or without
 * [form->key], continues the last cell of the row before it, after a newline.
 *
 * Returns SB_EFORMAT, with the line number in the text, for a NUL byte, for no newline at the end,
 * and for such a line before the first row. On success the caller calls table_release(). */
int table_parse(const struct table_form *form, const char *text, size_t len, struct table *ret,
		struct sb_error *err);

/* Runs [argv] with slurm_ask() and parses its answer. On success the caller calls
 * table_release(). */
int table_ask(const struct slurm *slurm, const struct table_form *form, const char *const argv[],
	      struct table *ret, struct sb_error *err);

/* Returns the cell, never NULL, with its leading blanks (sshare indents by depth). Valid until
 * table_release(). */
const char *table_cell(const struct table *table, size_t row, size_t column);

/* A zeroed one is allowed. */
void table_release(struct table *table);
