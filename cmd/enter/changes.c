/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/enter/changes.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/frame/messages.h"
#include "cmd/show/output.h"
#include "cmd/show/selection.h"

enum {
	COLUMN_ACCOUNT,
	COLUMN_BEFORE,
	COLUMN_AFTER,
	COLUMN_WAITING,
	COLUMN_UNLIMITED,
	COLUMNS,
};

static const struct column columns[] = {
	[COLUMN_ACCOUNT] = {"Account", false, true, CELL_NAME},
	[COLUMN_BEFORE] = {"Before", true, true, CELL_AMOUNT},
	[COLUMN_AFTER] = {"After", true, true, CELL_AMOUNT},
	[COLUMN_WAITING] = {"Waiting", true, true, CELL_AMOUNT},
	[COLUMN_UNLIMITED] = {"Unlimited", false, false, CELL_WHOLE},
};

/* The place of [name], or where it belongs. */
static size_t place(const struct changes *changes, const char *name, bool *ret_found)
{
	size_t low = 0, high = changes->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(changes->list[middle]->name, name);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = false;
	return low;
}

struct change *changes_find(const struct changes *changes, const char *name)
{
	bool found;
	size_t at = place(changes, name, &found);

	return found ? changes->list[at] : NULL;
}

struct change *changes_add(struct changes *changes, const char *name)
{
	struct change *change;
	bool found;
	size_t at = place(changes, name, &found);

	if (found)
		return changes->list[at];
	if (changes->count == changes->size) {
		size_t size = changes->size ? 2 * changes->size : 16;
		struct change **grown = reallocarray(changes->list, size, sizeof(*changes->list));

		if (!grown)
			return NULL;
		changes->list = grown;
		changes->size = size;
	}
	change = calloc(1, sizeof(*change));
	if (!change)
		return NULL;
	(void)snprintf(change->name, sizeof(change->name), "%s", name);
	memmove(&changes->list[at + 1], &changes->list[at],
		(changes->count - at) * sizeof(*changes->list));
	changes->list[at] = change;
	changes->count++;
	return change;
}

void changes_clear(struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		free(changes->list[i]);
	changes->count = 0;
}

void changes_release(struct changes *changes)
{
	changes_clear(changes);
	free(changes->list);
	*changes = (struct changes){0};
}

static void put_funds(struct output *output, size_t column, const struct funds *funds)
{
	if (funds->unlimited)
		output_no_amount(output, column, "unlimited");
	else
		output_amount(output, column, funds->available);
}

int changes_print(struct env *env, const struct changes *changes)
{
	struct output *output = NULL;
	struct selection selection;
	struct sb_error err;
	int status = selection_read(env, 0, NULL, &selection);
	int rc;

	if (status != EXIT_DONE)
		return status;
	rc = output_new(env, columns, COLUMNS, &output, &err);
	for (size_t i = 0; !rc && i < changes->count; i++) {
		const struct change *change = changes->list[i];

		if (selection.count && !selection_has(&selection, change->name))
			continue;
		output_row(output);
		output_text(output, COLUMN_ACCOUNT, change->name);
		if (change->was)
			put_funds(output, COLUMN_BEFORE, &change->before);
		if (!change->is)
			continue;
		put_funds(output, COLUMN_AFTER, &change->after);
		output_amount(output, COLUMN_WAITING, change->waiting);
		output_flag(output, COLUMN_UNLIMITED, change->after.unlimited);
	}
	if (!rc)
		rc = output_finish(output, &err);
	selection_release(&selection);
	return rc ? fail(env, &err) : EXIT_DONE;
}
