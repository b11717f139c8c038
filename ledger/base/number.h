/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads whole decimal numbers: digits without blanks or separators. Zeros may precede the other
 * digits. A '-' is read only where [min] is negative, a '+' nowhere. A function that returns false
 * or NULL writes nothing; the caller words the error. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads [text], which must be a number from [min] to [max] and nothing else. */
bool number_parse(const char *text, int64_t min, int64_t max, int64_t *ret);

/* Reads the first [len] bytes of [text] in the same way. No NUL need follow them; a NUL among
 * them is refused like any other byte. */
bool number_slice(const char *text, size_t len, int64_t min, int64_t max, int64_t *ret);

/* Reads the number that [text] begins with. Returns the first byte after its digits; NULL when
 * there are no digits or the number is not from [min] to [max]. */
const char *number_prefix(const char *text, int64_t min, int64_t max, int64_t *ret);

/* number_slice() for an unsigned number up to UINT64_MAX. */
bool number_unsigned(const char *text, size_t len, uint64_t *ret);

/* Writes a number and a NUL, at most NUMBER_TEXT_SIZE bytes. Returns the place of the NUL. */
enum { NUMBER_TEXT_SIZE = 21 };
char *number_print(char *to, int64_t value);
