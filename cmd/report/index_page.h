/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page of all accounts, which can be sorted and filtered in the browser. */
#pragma once

#include "cmd/report/collect.h"
#include "cmd/report/html.h"

/* Writes the row of an account. [before] and [after]: constants around its page_name() in the
 * address of its page. */
void index_row(struct html *html, const struct report *report, const struct purse_data *data,
	       const char *before, const char *after);

/* Writes the page around the rows of [count] accounts. */
void index_page(struct html *html, const struct report *report, const struct html *rows,
		size_t count);
