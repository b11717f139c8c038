/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes HTML. Markup is a constant of the program; every text from outside goes through
 * html_text(), and numbers through functions that take numbers. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/amount.h"
#include "ledger/base/bytes.h"

/* A document in memory. Zeroed, it is empty; html_release() frees it. */
struct html {
	struct bytes bytes; /* without a NUL; [failed] when memory ran out */
};

/* Appends markup, which must be a constant of the program. */
void html_put(struct html *html, const char *markup);

/* Appends a text from outside, for an element or a quoted attribute. Writes & < > " ' as entities,
 * and U+FFFD for each byte that is not valid UTF-8 and each character that text_ok() refuses, such
 * as controls and bidirectional overrides. */
void html_text(struct html *html, const char *text);

/* Appends a constant format with numbers in it: only %d, %jd and %% may occur. */
void html_numbers(struct html *html, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends a text between two constants. */
void html_wrap(struct html *html, const char *before, const char *text, const char *after);

/* Appends an amount in [unit], cut to two decimals and with thousands separators, in an element
 * whose value is the exact number of seconds. */
void html_amount(struct html *html, int64_t amount, const struct unit *unit);

/* Writes the same text without markup. Returns [to]. */
enum { AMOUNT_GROUPED_SIZE = 2 * AMOUNT_TEXT_SIZE };
const char *amount_grouped(char to[AMOUNT_GROUPED_SIZE], int64_t amount, const struct unit *unit);

void html_append(struct html *html, const struct html *part);
void html_release(struct html *html);
