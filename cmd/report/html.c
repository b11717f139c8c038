/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/report/html.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/text.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

void html_put(struct html *html, const char *markup)
{
	bytes_put(&html->bytes, markup, strlen(markup));
}

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* Whether the character of [len] bytes may be shown. */
static bool is_shown(const char *text, size_t len)
{
	char one[8] = "";

	memcpy(one, text, len);
	return text_ok(one);
}

void html_text(struct html *html, const char *text)
{
	while (*text) {
		size_t len = text_char(text);
		const char *other = entity(*text);

		if (other)
			html_put(html, other);
		else if (len > 0 && is_shown(text, len))
			bytes_put(&html->bytes, text, len);
		else
			html_put(html, replacement);
		text += len ? len : 1;
	}
}

void html_numbers(struct html *html, const char *format, ...)
{
	char text[1024];
	va_list args;
	int len;

	/* A text would have to be escaped. */
	for (const char *at = format; (at = strchr(at, '%')); at++) {
		at += 1 + (at[1] == 'j');
		if (*at != 'd' && *at != '%')
			abort();
	}
	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(text))
		abort();
	html_put(html, text);
}

void html_wrap(struct html *html, const char *before, const char *text, const char *after)
{
	html_put(html, before);
	html_text(html, text);
	html_put(html, after);
}

const char *amount_grouped(char to[AMOUNT_GROUPED_SIZE], int64_t amount, const struct unit *unit)
{
	char text[AMOUNT_TEXT_SIZE];
	const char *at = amount_format_in(text, amount, unit->size);
	size_t len = 0, digits;

	while (*at && (*at < '0' || *at > '9'))
		to[len++] = *at++;
	digits = strspn(at, "0123456789");
	for (; *at; at++) {
		to[len++] = *at;
		if (digits > 0 && --digits > 0 && digits % 3 == 0)
			to[len++] = ',';
	}
	to[len] = '\0';
	return to;
}

void html_amount(struct html *html, int64_t amount, const struct unit *unit)
{
	char text[AMOUNT_GROUPED_SIZE];

	html_numbers(html, "<data value=\"%jd\">", (intmax_t)amount);
	html_wrap(html, "", amount_grouped(text, amount, unit), "</data>");
}

void html_append(struct html *html, const struct html *part)
{
	bytes_put(&html->bytes, part->bytes.data, part->bytes.len);
	html->bytes.failed = html->bytes.failed || part->bytes.failed;
}

void html_release(struct html *html)
{
	bytes_release(&html->bytes);
}
