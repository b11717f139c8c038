/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/sort.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"

bool sort_add(struct sort *sort)
{
	struct sort_value *values = calloc(sort->key_count, sizeof(*values));
	struct sort_row *row = values ? array_add(sort->rows, sort->count) : NULL;

	if (!row) {
		free(values);
		return false;
	}
	row->sort = sort;
	row->values = values;
	row->place = sort->count - 1;
	return true;
}

/* Returns the value of the last row in that column; NULL if the column is no key. */
static struct sort_value *value_of(struct sort *sort, size_t column)
{
	for (size_t i = 0; i < sort->key_count && sort->count > 0; i++) {
		if (sort->keys[i].column == column)
			return &sort->rows[sort->count - 1].values[i];
	}
	return NULL;
}

void sort_number(struct sort *sort, size_t column, int64_t number)
{
	struct sort_value *value = value_of(sort, column);

	if (value) {
		free(value->text);
		*value = (struct sort_value){.is_set = true, .number = number};
	}
}

bool sort_text(struct sort *sort, size_t column, const char *text)
{
	struct sort_value *value = value_of(sort, column);
	char *copy = value && *text ? strdup(text) : NULL;

	if (!value)
		return true;
	free(value->text);
	*value = (struct sort_value){.is_set = copy, .text = copy};
	return copy || !*text;
}

static int compare_values(const struct sort_value *a, const struct sort_value *b, bool down)
{
	int order;

	if (!a->is_set || !b->is_set)
		return a->is_set ? -1 : b->is_set;
	if (a->text && b->text)
		order = strcmp(a->text, b->text);
	else
		order = (a->number > b->number) - (a->number < b->number);
	return down ? -order : order;
}

int sort_compare(const void *a, const void *b)
{
	const struct sort_row *left = a, *right = b;
	const struct sort *sort = left->sort;

	if (left->last != right->last)
		return left->last ? 1 : -1;
	for (size_t i = 0; i < sort->key_count; i++) {
		int order = compare_values(&left->values[i], &right->values[i], sort->keys[i].down);

		if (order)
			return order;
	}
	return left->place < right->place ? -1 : left->place > right->place;
}

void sort_release(struct sort *sort)
{
	for (size_t i = 0; i < sort->count; i++) {
		struct sort_row *row = &sort->rows[i];

		for (size_t key = 0; key < sort->key_count; key++)
			free(row->values[key].text);
		free(row->values);
		free(row->line);
		json_decref(row->object);
	}
	free(sort->rows);
	sort->rows = NULL;
	sort->count = 0;
}
