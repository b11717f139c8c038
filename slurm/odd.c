/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "slurm/odd.h"

#include <stdio.h>
#include <stdlib.h>

int odd_rows_add(struct odd_rows *rows, size_t line, const char *field, const char *value,
		 const char *of, struct sb_error *err)
{
	struct odd_row *grown = reallocarray(rows->list, rows->count + 1, sizeof(*grown));

	if (!grown)
		return sb_error_set(err, SB_ESYSTEM, "out of memory for odd rows");
	rows->list = grown;
	grown += rows->count++;
	*grown = (struct odd_row){.line = line, .field = field};
	(void)snprintf(grown->value, sizeof(grown->value), "%s", value);
	(void)snprintf(grown->of, sizeof(grown->of), "%s", of);
	return SB_OK;
}

const char *odd_row_text(char to[ODD_ROW_TEXT_SIZE], const struct odd_row *row)
{
	(void)snprintf(to, ODD_ROW_TEXT_SIZE, "line %zu: %s%s%s is \"%s\"", row->line, row->field,
		       row->of[0] ? " of " : "", row->of, row->value);
	return to;
}

void odd_rows_release(struct odd_rows *rows)
{
	free(rows->list);
	*rows = (struct odd_rows){0};
}
