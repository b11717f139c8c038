/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Decodes a character. Returns its length, or 0 if it is not valid UTF-8. */
static size_t decode(const char *text, uint32_t *ret)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)text;
	uint32_t value;
	size_t len;

	if (p[0] < 0x80) {
		*ret = p[0];
		return p[0] ? 1 : 0;
	}
	if (p[0] >= 0xc2 && p[0] < 0xe0)
		len = 2;
	else if (p[0] >= 0xe0 && p[0] < 0xf0)
		len = 3;
	else if (p[0] >= 0xf0 && p[0] < 0xf5)
		len = 4;
	else
		return 0;
	value = p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (p[i] & 0x3f);
	}
	if (value < smallest[len] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	*ret = value;
	return len;
}

size_t text_char(const char *text)
{
	uint32_t value;

	return decode(text, &value);
}

/* Returns the length of the character at [text], or 0 if it is not printable. */
static size_t printable(const char *text)
{
	uint32_t value;
	size_t len = decode(text, &value);

	/* Bidirectional overrides in a note would reorder the line around it. */
	if (len == 0 || value < 0x20 || (value >= 0x7f && value < 0xa0) || value == 0xfeff ||
	    value == 0x2028 || value == 0x2029 || (value >= 0x202a && value <= 0x202e) ||
	    (value >= 0x2066 && value <= 0x2069) || (value & 0xfffe) == 0xfffe)
		return 0;
	return len;
}

bool text_ok(const char *text)
{
	for (;;) {
		size_t len;

		/* Nearly all stored text is ASCII. */
		while (*text >= 0x20 && *text < 0x7f)
			text++;
		if (!*text)
			return true;
		len = printable(text);
		if (len == 0)
			return false;
		text += len;
	}
}

char *text_escape(char *to, size_t size, const char *text)
{
	size_t at = 0, whole = strlen(text);

	if (whole < size && text_plain(text, whole) == whole)
		return memcpy(to, text, whole + 1);
	while (*text) {
		size_t len = printable(text);
		size_t need = len ? len : 4;

		if (at + need >= size)
			break;
		if (len)
			memcpy(to + at, text, len);
		else
			(void)snprintf(to + at, size - at, "\\x%02x", (unsigned char)*text);
		at += need;
		text += len ? len : 1;
	}
	to[at] = '\0';
	return to;
}
