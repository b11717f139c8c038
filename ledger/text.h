/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text that came from outside: what may be stored, and how it is shown. */
#ifndef SUBANK_LEDGER_TEXT_H
#define SUBANK_LEDGER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The length in bytes of the valid UTF-8 character at [text], 0 when there is none (also at the
 * NUL). Surrogates, overlong forms and what lies past U+10FFFF are not valid. */
size_t text_char(const char *text);

/* Whether [text] is UTF-8 without control characters (C0, DEL, C1) and line separators. */
bool text_ok(const char *text);

/* Copies [text] to [to], at most [size] bytes with the NUL; what text_ok() refuses is written as
 * \xNN, a backslash as it is. Returns [to]. */
char *text_escape(char *to, size_t size, const char *text);

#endif
