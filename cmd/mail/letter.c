/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/mail/letter.h"

#include <nettle/base64.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/base/comma.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"

enum {
	LINE_MAX_COLUMNS = 76,
	WORD_BYTES = 42, /* so that an encoded word has at most 75 characters */
};

static bool is_ascii(const char *text)
{
	size_t len = strlen(text);

	return text_plain(text, len) == len;
}

/* Writes [text] as encoded words of RFC 2047, which are cut between characters. */
static void put_encoded(FILE *to, const char *text)
{
	char encoded[BASE64_ENCODE_RAW_LENGTH(WORD_BYTES) + 1] = "";
	const char *space = "";

	while (*text) {
		size_t len = 0, next;

		while ((next = text_char(text + len)) > 0 && len + next <= WORD_BYTES)
			len += next;
		base64_encode_raw(encoded, len, (const uint8_t *)text);
		fprintf(to, "%s=?UTF-8?B?%.*s?=", space, (int)BASE64_ENCODE_RAW_LENGTH(len),
			encoded);
		space = "\n ";
		text += len;
	}
}

/* Writes ASCII, and begins a new line at a blank where the line gets too long. [column] is where it
 * begins. A line never consists of blanks alone. */
static void put_folded(FILE *to, const char *text, size_t column)
{
	while (*text) {
		size_t blanks = strspn(text, " "), len = blanks + strcspn(text + blanks, " ");

		if (blanks > 0 && text[blanks] && column + len > LINE_MAX_COLUMNS) {
			fputc('\n', to);
			column = 0;
		}
		(void)fwrite(text, 1, len, to);
		column += len;
		text += len;
	}
}

static void put_subject(FILE *to, const char *subject)
{
	static const char name[] = "Subject: ";

	fputs(name, to);
	/* A reader would decode what looks like an encoded word. */
	if (is_ascii(subject) && !strstr(subject, "=?"))
		put_folded(to, subject, sizeof(name) - 1);
	else
		put_encoded(to, subject);
	fputc('\n', to);
}

static void put_from(FILE *to, const struct letter *letter)
{
	fputs("From: ", to);
	if (letter->from_name && is_ascii(letter->from_name)) {
		fputc('"', to);
		for (const char *c = letter->from_name; *c; c++) {
			if (*c == '"' || *c == '\\')
				fputc('\\', to);
			fputc(*c, to);
		}
		fputs("\" ", to);
	} else if (letter->from_name) {
		put_encoded(to, letter->from_name);
		fputs("\n ", to);
	}
	fprintf(to, letter->from_name ? "<%s>\n" : "%s\n", letter->from);
}

static void put_to(FILE *to, const char *list)
{
	const char *item, *before = "To: ";
	size_t len;

	for (const char *rest = list; comma_next(&rest, &item, &len);) {
		fprintf(to, "%s%.*s", before, (int)len, item);
		before = ",\n ";
	}
	fputc('\n', to);
}

static void put_headers(FILE *to, const struct letter *letter)
{
	const char *at = letter->from ? strchr(letter->from, '@') : NULL;
	time_t seconds = (time_t)(letter->time / WHEN_SECOND);
	char date[64];
	struct tm tm;

	/* The names of days and months are English: the program sets no other locale than LC_CTYPE.
	 */
	(void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S %z", localtime_r(&seconds, &tm));
	if (letter->from)
		put_from(to, letter);
	if (letter->reply_to)
		fprintf(to, "Reply-To: %s\n", letter->reply_to);
	put_to(to, letter->to);
	put_subject(to, letter->subject);
	fprintf(to,
		"Date: %s\n"
		"Message-ID: <%s.subank@%s>\n"
		"Auto-Submitted: auto-generated\n"
		"MIME-Version: 1.0\n"
		"Content-Type: text/plain; charset=utf-8\n"
		"Content-Transfer-Encoding: 8bit\n",
		date, letter->id,
		at		? at + 1
		: *letter->host ? letter->host
				: "localhost");
}

int letter_write(const struct letter *letter, char **ret, size_t *ret_len, struct sb_error *err)
{
	const char *const texts[] = {letter->from, letter->from_name, letter->reply_to,
				     letter->to,   letter->subject,   letter->id,
				     letter->host};
	char *text = NULL;
	size_t len;
	FILE *to;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i] && !text_ok(texts[i]))
			return sb_error_set(err, SB_EINVAL,
					    "a header of the mail has a control character, or no "
					    "UTF-8: %s",
					    texts[i]);
	}
	to = open_memstream(&text, &len);
	if (!to)
		return sb_error_nomem(err);
	put_headers(to, letter);
	fprintf(to, "\n%s", letter->body);
	if (fclose(to) != 0) {
		free(text);
		return sb_error_nomem(err);
	}
	*ret = text;
	*ret_len = len;
	return SB_OK;
}
