/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text from outside: what may be stored, and how it is printed. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Returns the length in bytes of the UTF-8 character at [text]; 0 at the NUL, and if the bytes are
 * not valid. Surrogates, overlong forms and values above U+10FFFF are not valid. */
size_t text_char(const char *text);

/* Returns how many of the [most] bytes at [text] precede the first that is not printable ASCII.
 * text_ok() accepts printable ASCII, and nearly all stored text is of that kind. Checks eight bytes
 * at a time: the highest bit of each byte of [ends] shows whether that byte ends the run. The sums
 * do not carry into the next byte, since they add bytes below 0x80. */
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

/* Returns whether [text] is UTF-8 without control characters (C0, DEL, C1), line separators,
 * bidirectional controls, byte order marks and noncharacters (U+xxFFFE, U+xxFFFF). */
bool text_ok(const char *text);

/* Copies [text] to [to], at most [size] bytes with the NUL. Writes \xNN for what text_ok() refuses;
 * a backslash stays as it is. Returns [to]. */
char *text_escape(char *to, size_t size, const char *text);
