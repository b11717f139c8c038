/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/odd.h"

#include <stdio.h>
#include <stdlib.h>

#include "ledger/base/array.h"
#include "slurm/error.h"

int odd_rows_add(struct odd_rows *rows, size_t line, const char *field, const char *value,
		 const char *of, struct sb_error *err)
{
	struct odd_row *row = array_add(rows->list, rows->count);

	if (!row)
		return slurm_error_nomem(err);
	row->line = line;
	row->field = field;
	(void)snprintf(row->value, sizeof(row->value), "%s", value);
	(void)snprintf(row->of, sizeof(row->of), "%s", of);
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
