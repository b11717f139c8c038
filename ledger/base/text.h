/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text that came from outside: what may be stored, and how it is shown. */
#ifndef SUBANK_LEDGER_BASE_TEXT_H
#define SUBANK_LEDGER_BASE_TEXT_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The length in bytes of the valid UTF-8 character at [text], 0 when there is none (also at the
 * NUL). Surrogates, overlong forms and what lies past U+10FFFF are not valid. */
size_t text_char(const char *text);

/* How many of the first [most] bytes, which are there, are printable ASCII, as nearly all that is
 * stored is: text_ok() takes them. Eight at a time: the highest bit of each tells whether it ends
 * them, since no sum of two bytes below 0x80 reaches the next one. */
static inline size_t text_plain(const char *text, size_t most)
{
	const uint64_t each = 0x0101010101010101;
	size_t len = 0;

	for (; most - len >= 8; len += 8) {
		uint64_t eight, low, ends;

		memcpy(&eight, text + len, 8);
		eight = le64toh(eight);
		low = eight & 0x7f * each;
		ends = (~(low + 0x60 * each) | (low + each) | eight) & 0x80 * each;
		if (ends)
			return len + (size_t)__builtin_ctzll(ends) / 8;
	}
	while (len < most && text[len] >= 0x20 && text[len] < 0x7f)
		len++;
	return len;
}

/* Whether [text] is UTF-8 without control characters (C0, DEL, C1) and line separators. */
bool text_ok(const char *text);

/* Copies [text] to [to], at most [size] bytes with the NUL; what text_ok() refuses is written as
 * \xNN, a backslash as it is. Returns [to]. */
char *text_escape(char *to, size_t size, const char *text);

#endif
