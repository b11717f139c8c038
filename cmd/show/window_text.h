/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window of money in words. */
#ifndef SUBANK_CMD_SHOW_WINDOW_TEXT_H
#define SUBANK_CMD_SHOW_WINDOW_TEXT_H

#include "ledger/account/event.h"
#include "ledger/base/when.h"

/* " until …, from …" of an event with a window, as it is written; "" when it is from now without
 * end. */
enum { WINDOW_PHRASE_SIZE = 2 * WHEN_TEXT_SIZE + 32 };
const char *window_phrase(char buf[WINDOW_PHRASE_SIZE], const struct event *event, int64_t now);
/* The same for the receipt, with the last day: ", usable from 2027-01-01 to 2027-12-31". */
const char *window_receipt(char buf[WINDOW_PHRASE_SIZE], const struct event *event, int64_t now);
/* Both of the new lot that a refund or reversal made; "" when it made none. */
const char *new_window_phrase(char buf[WINDOW_PHRASE_SIZE], const struct event *event);
const char *new_window_receipt(char buf[WINDOW_PHRASE_SIZE], const struct event *event);

#endif
