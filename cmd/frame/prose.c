/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/frame/prose.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "cmd/frame/locale.h"

/* The last column stays free: some terminals wrap a line that fills it. */
enum { WIDTH = 80, WIDTH_LEAST = 20 };

size_t prose_columns(const char *text, size_t len)
{
	size_t columns = 0;

	locale_need();
	for (const char *end = text + len; text < end;) {
		wchar_t wide;
		int bytes = mbtowc(&wide, text, (size_t)(end - text));
		int width = bytes > 0 ? wcwidth(wide) : -1;

		columns += width < 0 ? 1 : (size_t)width;
		text += bytes > 0 ? bytes : 1;
	}
	return columns;
}

/* Fills lines with the words of text[0...len). A word that is too long gets a line of its own. */
static void fill(FILE *to, int width, const char *first, const char *other, const char *text,
		 size_t len)
{
	const char *end = text + len;
	size_t column = 0, room = (size_t)(width < WIDTH_LEAST ? WIDTH_LEAST : width) - 1;

	while (text < end) {
		size_t word = strcspn(text, " \n"), columns;

		if (text + word > end)
			word = (size_t)(end - text);
		columns = prose_columns(text, word);
		if (column > 0 && column + 1 + columns > room) {
			fputc('\n', to);
			first = other;
			column = 0;
		}
		if (column > 0)
			fputc(' ', to);
		else
			fputs(first, to);
		column += column > 0 ? 1 + columns : strlen(first) + columns;
		fprintf(to, "%.*s", (int)word, text);
		text += word;
		while (text < end && *text == ' ')
			text++;
	}
	fputc('\n', to);
}

void prose_fill(FILE *to, int width, const char *first, const char *other, const char *text)
{
	fill(to, width > 0 ? width : WIDTH, first, other, text, strlen(text));
}

static bool is_item(const char *line)
{
	return strncmp(line, "- ", 2) == 0;
}

static bool is_kept(const char *line)
{
	return strncmp(line, "    ", 4) == 0;
}

void prose_print(FILE *to, const char *text)
{
	bool in_list = false, begun = false;

	while (*text) {
		size_t len = strcspn(text, "\n");
		bool listed = is_item(text) || is_kept(text);

		if (begun && !(in_list && listed))
			fputc('\n', to);
		if (is_kept(text))
			fprintf(to, "%.*s\n", (int)len, text);
		else if (is_item(text))
			fill(to, WIDTH, "  ", "      ", text + 2, len - 2);
		else
			fill(to, WIDTH, "", "", text, len);
		in_list = listed;
		begun = true;
		text += len;
		text += *text == '\n';
	}
}

/* Returns the length of the option that [text] begins with: `--end` or `-P`, but not `-` nor a
 * hyphen within a word. 0 for none. */
static size_t option_length(const char *text, const char *before)
{
	size_t len = 0;

	if (*text != '-' || (before && !strchr(" (`[", *before)))
		return 0;
	while (text[len] == '-')
		len++;
	if (!isalpha((unsigned char)text[len]))
		return 0;
	return len + strspn(text + len, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789-");
}

static void put_roff(FILE *to, char c, bool typed)
{
	static const struct {
		char c;
		const char *prose, *typed;
	} escapes[] = {
		{'\\', "\\e", "\\e"},	 {'-', "-", "\\-"},	  {'\'', "\\(cq", "\\(aq"},
		{'"', "\\(dq", "\\(dq"}, {'~', "\\(ti", "\\(ti"}, {'^', "\\(ha", "\\(ha"},
		{'`', "\\(ga", "\\(ga"},
	};

	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		if (escapes[i].c == c) {
			fputs(typed ? escapes[i].typed : escapes[i].prose, to);
			return;
		}
	}
	fputc(c, to);
}

/* Puts one option in bold. */
static void put_typed(FILE *to, const char *text, size_t len)
{
	fputs("\\fB", to);
	for (size_t i = 0; i < len; i++)
		put_roff(to, text[i], true);
	fputs("\\fR", to);
}

/* Puts a line. One that is [kept] as it is has no markup, and all of it is typed. */
static void put_text(FILE *to, const char *text, size_t len, bool kept)
{
	const char *before = NULL;
	bool typed = kept;

	/* roff takes a line that begins with a dot for a request. */
	if (len > 0 && *text == '.')
		fputs("\\&", to);
	for (size_t i = 0; i < len; i++) {
		size_t option = typed ? 0 : option_length(text + i, before);

		if (text[i] == '`' && !kept) {
			typed = !typed;
			fputs(typed ? "\\fB" : "\\fR", to);
		} else if (option > 0) {
			put_typed(to, text + i, option);
			i += option - 1;
		} else {
			put_roff(to, text[i], typed);
		}
		before = text + i;
	}
	fputc('\n', to);
}

void prose_roff_line(FILE *to, const char *text)
{
	put_text(to, text, strlen(text), false);
}

void prose_roff(FILE *to, const char *text)
{
	bool kept = false, begun = false;

	while (*text) {
		size_t len = strcspn(text, "\n");

		if (kept && !is_kept(text)) {
			fputs(".EE\n.RE\n", to);
			kept = false;
		}
		if (is_kept(text)) {
			if (!kept)
				fprintf(to, "%s.RS 4\n.EX\n", begun ? ".PP\n" : "");
			kept = true;
			put_text(to, text + 4, len - 4, true);
		} else if (is_item(text)) {
			const char *rest = strstr(text, ": ") + 2;

			fputs(".TP 4\n", to);
			put_typed(to, text + 2, (size_t)(rest - text) - 4);
			fputc('\n', to);
			put_text(to, rest, len - (size_t)(rest - text), false);
		} else {
			if (begun)
				fputs(".PP\n", to);
			put_text(to, text, len, false);
		}
		begun = true;
		text += len;
		text += *text == '\n';
	}
	if (kept)
		fputs(".EE\n.RE\n", to);
}
