/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/changes.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/frame/messages.h"
#include "cmd/show/output.h"
#include "cmd/show/selection.h"
#include "ledger/base/array.h"

enum {
	COLUMN_ACCOUNT,
	COLUMN_BEFORE,
	COLUMN_AFTER,
	COLUMN_WAITING,
	COLUMN_UNIT,
	COLUMN_UNLIMITED,
	COLUMN_RESOURCE,
	COLUMNS
};

static const struct column columns[] = {
	[COLUMN_ACCOUNT] = {"Account", false, true, CELL_NAME},
	[COLUMN_BEFORE] = {"Before", true, true, CELL_AMOUNT},
	[COLUMN_AFTER] = {"After", true, true, CELL_AMOUNT},
	[COLUMN_WAITING] = {"Waiting", true, true, CELL_AMOUNT},
	[COLUMN_UNIT] = {"Unit", false, false, CELL_UNIT},
	[COLUMN_UNLIMITED] = {"Unlimited", false, false, CELL_WHOLE},
	[COLUMN_RESOURCE] = {"Resource", false, false, CELL_RESOURCE},
};

static int compare_name(const void *key, const void *item)
{
	const struct change *const *change = item;

	return purse_order(key, (*change)->name);
}

struct change *changes_find(const struct changes *changes, const char *name)
{
	struct change **found = array_find(changes->list, changes->count, name, compare_name);

	return found ? *found : NULL;
}

struct change *changes_add(struct changes *changes, const char *name)
{
	struct change *change, **place;
	size_t at;

	if (array_search(changes->list, changes->count, name, compare_name, &at))
		return changes->list[at];
	change = calloc(1, sizeof(*change));
	place = change ? array_insert(changes->list, changes->count, at) : NULL;
	if (!place) {
		free(change);
		return NULL;
	}
	(void)snprintf(change->name, sizeof(change->name), "%s", name);
	*place = change;
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
		if (!purse_is_su(changes->list[i]->name))
			output_show_units(output);
	}
	for (size_t i = 0; !rc && i < changes->count; i++) {
		const struct change *change = changes->list[i];

		if (selection.count && !selection_has(&selection, change->name))
			continue;
		output_row(output);
		output_text(output, COLUMN_ACCOUNT, change->name);
		output_unit(output, change->name);
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
