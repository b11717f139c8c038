/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page of one account, with its budgets of other resources. */
#pragma once

#include "cmd/report/collect.h"
#include "cmd/report/html.h"

/* Writes the page of an account: [list] has its own purse, of SU, and then the others. [back]: a
 * constant, the address of the index, or NULL. */
int account_page(struct html *html, const struct report *report, const struct purse_data *list,
		 size_t count, const char *back, struct sb_error *err);

/* Writes "2027-01-31, 62 days", "never" or "spent": until when the money lasts. */
void lasts_put(struct html *html, const struct report *report, const struct purse_data *data);
