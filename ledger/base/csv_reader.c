/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/base/csv_reader.h"

#include <stdlib.h>
#include <string.h>

static const char separators[] = ",;\t";
static const char blanks[] = " \t\r\n";

struct csv_reader {
	FILE *file;
	const char *name;
	int separator; /* 0: none was found yet */
	bool known; /* a row that is not blank was read: no other separator counts */
	size_t row;
	size_t len; /* of the texts of the row */
	size_t starts[CSV_CELLS_MAX]; /* of the cells in [text] */
	const char *cells[CSV_CELLS_MAX];
	size_t count; /* of the cells that were begun */
	const char *fault;
	size_t fault_cell;
	char text[CSV_ROW_MAX];
};

int csv_reader_new(FILE *file, const char *name, struct csv_reader **ret, struct sb_error *err)
{
	struct csv_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return sb_error_nomem(err);
	reader->file = file;
	reader->name = name;
	*ret = reader;
	return SB_OK;
}

void csv_reader_free(struct csv_reader *reader)
{
	free(reader);
}

const char *csv_letters(char to[CSV_PLACE_SIZE], size_t column)
{
	char letters[CSV_PLACE_SIZE];
	size_t count = 0;

	for (column++; column > 0 && count < CSV_PLACE_SIZE - 1; column = (column - 1) / 26)
		letters[count++] = (char)('A' + (column - 1) % 26);
	for (size_t i = 0; i < count; i++)
		to[i] = letters[count - 1 - i];
	to[count] = '\0';
	return to;
}

static void set_fault(struct csv_reader *reader, const char *fault)
{
	if (reader->fault)
		return;
	reader->fault = fault;
	reader->fault_cell = reader->count - 1;
}

static int row_error(const struct csv_reader *reader, struct sb_error *err, const char *text)
{
	return sb_error_set(err, SB_EFORMAT, "%s: row %zu: %s", reader->name, reader->row, text);
}

/* Adds a byte to the cell. */
static int put(struct csv_reader *reader, char byte, struct sb_error *err)
{
	if (reader->len == CSV_ROW_MAX)
		return row_error(reader, err,
				 "the row is longer than 64 KiB: is there a quotation mark "
				 "without its counterpart?");
	reader->text[reader->len++] = byte;
	return SB_OK;
}

static int begin_cell(struct csv_reader *reader, struct sb_error *err)
{
	if (reader->count == CSV_CELLS_MAX)
		return row_error(reader, err, "the row has more than 1024 columns");
	reader->starts[reader->count++] = reader->len;
	return SB_OK;
}

/* Ends the cell, without the blanks at its end. */
static int end_cell(struct csv_reader *reader, struct sb_error *err)
{
	size_t start = reader->starts[reader->count - 1];

	while (reader->len > start && strchr(blanks, reader->text[reader->len - 1]))
		reader->len--;
	return put(reader, '\0', err);
}

/* Whether the byte separates cells. The first row decides which one does: two of them would be a
 * guess. */
static int is_separator(struct csv_reader *reader, int byte, bool *ret, struct sb_error *err)
{
	*ret = byte != '\0' && byte != EOF &&
	       (reader->known ? byte == reader->separator : strchr(separators, byte) != NULL);
	if (!*ret || reader->known || reader->separator == byte)
		return SB_OK;
	if (reader->separator)
		return row_error(
			reader, err,
			"the header row has two kinds of separators: use only commas, only "
			"semicolons or only tabs");
	reader->separator = byte;
	return SB_OK;
}

/* Reads the cell up to its separator or the end of the row. *ret is the byte that ended it: a
 * separator, LF or EOF. */
static int read_cell(struct csv_reader *reader, int *ret, struct sb_error *err)
{
	enum { START, PLAIN, QUOTED, CLOSED } state = START;
	bool separates;
	int byte;

	TRY(begin_cell(reader, err));
	for (;;) {
		byte = getc(reader->file);
		if (byte == '\0')
			set_fault(reader, "it has a NUL byte");
		if (state == QUOTED && byte == EOF)
			return row_error(reader, err,
					 "a quotation mark has no counterpart before the end of "
					 "the file");
		if (state == QUOTED && byte == '"') {
			/* Two are one. */
			byte = getc(reader->file);
			if (byte != '"')
				state = CLOSED;
		}
		if (state == QUOTED) {
			TRY(put(reader, (char)byte, err));
			continue;
		}
		if (byte == '\r') {
			byte = getc(reader->file);
			if (byte != '\n')
				(void)ungetc(byte, reader->file);
			byte = '\n';
		}
		TRY(is_separator(reader, byte, &separates, err));
		if (separates || byte == '\n' || byte == EOF)
			break;
		if (state == START && byte == '"') {
			state = QUOTED;
			continue;
		}
		if (byte == '"' || (state == CLOSED && !strchr(blanks, byte)))
			set_fault(reader, "a text with quotation marks in it must be in quotation "
					  "marks, and those in it be doubled");
		if (state == START && !strchr(blanks, byte))
			state = PLAIN;
		TRY(put(reader, (char)byte, err));
	}
	*ret = byte;
	return end_cell(reader, err);
}

/* Skips the mark of UTF-8 at the start of the file, and recognises that of UTF-16. */
static int skip_mark(struct csv_reader *reader, struct sb_error *err)
{
	int first = getc(reader->file);

	if (first == 0xff || first == 0xfe)
		return sb_error_set(err, SB_EFORMAT,
				    "%s is not UTF-8: save it as CSV in UTF-8 (Excel: `CSV "
				    "UTF-8`)",
				    reader->name);
	if (first != 0xef) {
		(void)ungetc(first, reader->file);
		return SB_OK;
	}
	/* No other character may begin with these: the first cell would be refused as a name. */
	if (getc(reader->file) == 0xbb && getc(reader->file) == 0xbf)
		return SB_OK;
	return sb_error_set(err, SB_EFORMAT,
			    "%s begins with an unknown character: expected is the "
			    "name of a column",
			    reader->name);
}

int csv_read(struct csv_reader *reader, struct csv_cells *ret, struct sb_error *err)
{
	int byte = '\0';

	if (reader->row == 0)
		TRY(skip_mark(reader, err));
	reader->row++;
	reader->len = reader->count = 0;
	reader->fault = NULL;
	do {
		TRY(read_cell(reader, &byte, err));
	} while (byte != '\n' && byte != EOF);
	if (ferror(reader->file))
		return sb_error_path(err, "read", reader->name);
	for (size_t i = 0; i < reader->count; i++) {
		const char *text = reader->text + reader->starts[i];

		reader->cells[i] = text + strspn(text, blanks);
		reader->known = reader->known || *reader->cells[i];
	}
	/* After the last row's line break comes no other row. */
	if (byte == EOF && reader->count == 1 && !*reader->cells[0] && !reader->fault)
		reader->count = 0;
	*ret = (struct csv_cells){.row = reader->row,
				  .count = reader->count,
				  .separator = reader->separator,
				  .cells = reader->cells,
				  .fault = reader->fault,
				  .fault_cell = reader->fault_cell};
	return SB_OK;
}
