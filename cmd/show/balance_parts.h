/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints what `subank balance --lots` and `--forecast` add, from the books or the published
 * files. */
#pragma once

#include "cmd/show/output.h"
#include "ledger/account/account.h"
#include "ledger/report/forecast.h"

/* The columns of --lots. */
enum {
	LOT_ACCOUNT,
	LOT_ENTRY,
	LOT_START,
	LOT_END,
	LOT_AMOUNT,
	LOT_REST,
	LOT_UNIT,
	LOT_STATE,
	LOT_RESOURCE,
	LOT_COLUMNS
};
extern const struct column lot_columns[LOT_COLUMNS];

/* Prints a row for each lot of the purse that has a rest. Their states are those of [now]. */
void balance_lots_print(struct output *output, const char *purse, const struct lot lots[],
			size_t count, int64_t now);

/* Fills in the cells of the forecast in the row of a balance. [now] is the time of the forecast. */
void balance_forecast_print(const struct env *env, struct output *output,
			    const struct forecast *forecast, int64_t now);
