/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plot of what is available day by day, beside even use, with the forecast; and its table. */
#pragma once

#include "cmd/report/collect.h"
#include "cmd/report/html.h"

void burndown_put(struct html *html, const struct report *report, const struct purse_data *data);
