/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/base/csv_row.h"

#include <inttypes.h>
#include <string.h>

void csv_empty(struct csv_row *row)
{
	if (row->begun)
		fputc(',', row->file);
	row->begun = true;
}

void csv_text(struct csv_row *row, const char *text)
{
	csv_empty(row);
	if (!*text)
		return;
	fputc('"', row->file);
	if (strchr("=+-@\t\r'", *text))
		fputc('\'', row->file);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', row->file);
		fputc(*text, row->file);
	}
	fputc('"', row->file);
}

void csv_number(struct csv_row *row, int64_t number)
{
	csv_empty(row);
	fprintf(row->file, "%" PRId64, number);
}

void csv_unsigned(struct csv_row *row, uint64_t number)
{
	csv_empty(row);
	fprintf(row->file, "%" PRIu64, number);
}

void csv_end(struct csv_row *row)
{
	fputs("\r\n", row->file);
	row->begun = false;
}
