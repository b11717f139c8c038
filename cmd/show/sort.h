/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of rows that --sort asks for. A cell has a number, a text or no value. A row without a
 * value in a column comes after those with one, in either direction. Rows that are equal in all
 * columns keep their order. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/show/grid.h"

struct sort_key {
	size_t column;
	bool down; /* the largest first */
};

struct sort_value {
	bool is_set;
	int64_t number; /* if there is no text */
	char *text;
};

/* A row, kept until all rows are known. */
struct sort_row {
	const struct sort *sort;
	struct sort_value *values; /* in the order of the keys */
	size_t place; /* the number of rows added before it */
	bool last; /* it comes after all others (a row of totals) */
	char *line; /* the row as it is printed, or NULL */
	json_t *object; /* the same in JSON, or NULL */
};

struct sort {
	struct sort_key keys[COLUMNS_MAX];
	size_t key_count; /* 0: rows are not sorted */
	struct sort_row *rows;
	size_t count;
};

/* Adds a row that has no values yet. Returns false when memory ran out. */
bool sort_add(struct sort *sort);

/* Set the value of the last row in a column, unless the column is no key. "" is no value. Texts are
 * compared by their bytes. sort_text() returns false when memory ran out. */
void sort_number(struct sort *sort, size_t column, int64_t number);
bool sort_text(struct sort *sort, size_t column, const char *text);

/* Compares two struct sort_row, as qsort() does; no two are equal. */
int sort_compare(const void *a, const void *b);

/* Frees the rows. */
void sort_release(struct sort *sort);
