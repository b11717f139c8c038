/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of an answer that cannot be read. The other rows are used all the same; these are kept to be
 * reported. */
#pragma once

#include <stddef.h>

#include "ledger/base/error.h"

struct odd_row {
	size_t line; /* of the answer, from 1 */
	const char *field; /* Slurm's name of the column; borrowed */
	char value[64]; /* its content, cut if it is longer */
	char of[256]; /* the account, QOS … of the row, cut if it is longer */
};

/* Empty when zeroed; odd_rows_release() frees it. */
struct odd_rows {
	struct odd_row *list;
	size_t count;
};

/* Adds a row. Returns SB_ESYSTEM when memory ran out. */
int odd_rows_add(struct odd_rows *rows, size_t line, const char *field, const char *value,
		 const char *of, struct sb_error *err);

/* Writes "line 17: RawUsage of htc is "nan"" and returns [to]. The bytes come from Slurm: escape
 * them before they reach a terminal. */
enum { ODD_ROW_TEXT_SIZE = 512 };
const char *odd_row_text(char to[ODD_ROW_TEXT_SIZE], const struct odd_row *row);

void odd_rows_release(struct odd_rows *rows);
