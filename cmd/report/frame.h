/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all pages share: head, style, and the foot, which proves of which books a page is. */
#pragma once

#include "cmd/report/collect.h"
#include "cmd/report/html.h"

/* Follows the first line of each page. A file without it is not ours, and is never removed. */
#define PAGE_MARK "<!DOCTYPE html>\n<!-- subank report -->\n"

/* Begins a page, up to and with its heading [title]. [script]: a constant that runs in the page, or
 * NULL. The page forbids everything else to the browser: it loads nothing and sends nothing. */
void page_begin(struct html *html, const char *title, const char *script);
/* Ends it. */
void page_end(struct html *html, const struct report *report, const char *script);

/* A word for a state, in the colour that it has in the tables. */
void state_put(struct html *html, const char *state);

/* A bar that shows how much of an allocation is used. */
void bar_put(struct html *html, const struct sums *sums);
