/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes rows of CSV, cell by cell. ledger/files/csv.h describes the format. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct csv_row {
	FILE *file;
	bool begun; /* it has a cell */
};

void csv_empty(struct csv_row *row);
void csv_text(struct csv_row *row, const char *text); /* "" writes an empty cell */
void csv_number(struct csv_row *row, int64_t number);
void csv_unsigned(struct csv_row *row, uint64_t number);
void csv_end(struct csv_row *row); /* ends the row */
