/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/mail/fill.h"

#include <string.h>

#include "ledger/base/text.h"

/* Returns the number of characters; [len] becomes that of the bytes of as many as fit in
 * FILL_BYTES. */
static size_t measure(const char *text, size_t *len)
{
	size_t columns = 0, at = 0;

	while (at < *len) {
		size_t bytes = text_char(text + at);

		if (bytes == 0)
			bytes = 1;
		if (at + bytes > FILL_BYTES)
			break;
		at += bytes;
		columns++;
	}
	*len = at;
	return columns;
}

static void begin_line(struct fill *fill, const char *indent)
{
	if (fill->gap && fill->text)
		fputc('\n', fill->to);
	fill->gap = false;
	fill->text = true;
	fputs(indent, fill->to);
	fill->column = strlen(indent);
}

static void end_line(struct fill *fill)
{
	if (fill->column > 0)
		fputc('\n', fill->to);
	fill->column = 0;
}

/* Adds the words of [text] to the paragraph. A word that is too long gets a line of its own. */
static void put_words(struct fill *fill, const char *text, size_t room)
{
	while (*(text += strspn(text, " "))) {
		size_t len = strcspn(text, " "), columns = measure(text, &len);
		bool begun = fill->column > strlen(fill->indent);

		if (begun && fill->column + 1 + columns > room) {
			end_line(fill);
			begin_line(fill, fill->indent);
		} else if (begun) {
			fputc(' ', fill->to);
			fill->column++;
		} else if (fill->column == 0) {
			begin_line(fill, fill->indent);
		}
		(void)fwrite(text, 1, len, fill->to);
		fill->column += columns;
		text += len;
	}
}

/* Writes a line as it is or, if it is too long, filled with its own indentation. */
static void put_kept(struct fill *fill, const char *text)
{
	size_t len = strlen(text), blanks = strspn(text, " ");
	char indent[32] = "";

	if (measure(text, &len) <= FILL_COLUMNS_MAX && !text[len]) {
		begin_line(fill, "");
		fputs(text, fill->to);
		fputc('\n', fill->to);
		fill->column = 0;
		return;
	}
	if (blanks >= sizeof(indent))
		blanks = sizeof(indent) - 1;
	memset(indent, ' ', blanks);
	fill->indent = indent;
	put_words(fill, text, FILL_COLUMNS_MAX);
	end_line(fill);
	fill->indent = "";
}

void fill_line(struct fill *fill, const char *form, const char *text)
{
	if (!fill->indent)
		fill->indent = "";
	if (*form == '\0' || *form == '\n') {
		end_line(fill);
		fill->indent = "";
		fill->gap = true;
	} else if (*form == ' ' || strncmp(form, "--", 2) == 0) {
		end_line(fill);
		put_kept(fill, text);
	} else {
		if (strncmp(form, "- ", 2) == 0) {
			end_line(fill);
			begin_line(fill, "- ");
			fill->indent = "  ";
			text += 2;
		}
		put_words(fill, text, FILL_COLUMNS);
	}
}

void fill_lines(struct fill *fill, const char *lines)
{
	end_line(fill);
	begin_line(fill, "");
	fputs(lines, fill->to);
}

void fill_end(struct fill *fill)
{
	end_line(fill);
}
