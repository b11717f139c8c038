/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window of an entry's money, and of a lot that the entry made, in words. */
#pragma once

#include "ledger/account/event.h"
#include "ledger/base/when.h"

/* Writes " until …, from …"; "" for a window that starts at [now] and has no end. Returns [buf]. */
enum { WINDOW_PHRASE_SIZE = 2 * WHEN_TEXT_SIZE + 32 };
const char *window_phrase(char buf[WINDOW_PHRASE_SIZE], const struct event *event, int64_t now);

/* Writes the window for a receipt, with its last day: ", usable from 2027-01-01 to 2027-12-31".
 * Returns [buf]. */
const char *window_receipt(char buf[WINDOW_PHRASE_SIZE], const struct event *event, int64_t now);

/* Write the same of the new lot that a refund or reversal made; "" when it made none. */
const char *new_window_phrase(char buf[WINDOW_PHRASE_SIZE], const struct event *event);
const char *new_window_receipt(char buf[WINDOW_PHRASE_SIZE], const struct event *event);
