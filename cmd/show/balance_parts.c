/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/balance_parts.h"

#include "cmd/frame/options.h"
#include "cmd/show/balance_row.h"
#include "ledger/base/when.h"

const struct column lot_columns[LOT_COLUMNS] = {
	[LOT_ACCOUNT] = {"Account", false, true, CELL_NAME},
	[LOT_ENTRY] = {"Entry", true, true, CELL_WHOLE},
	[LOT_START] = {"Start", false, true, CELL_WHOLE},
	[LOT_END] = {"End", false, true, CELL_WHOLE},
	[LOT_AMOUNT] = {"Amount", true, true, CELL_AMOUNT},
	[LOT_REST] = {"Rest", true, true, CELL_AMOUNT},
	[LOT_UNIT] = {"Unit", false, false, CELL_UNIT},
	[LOT_STATE] = {"State", false, true, CELL_STATE},
	[LOT_RESOURCE] = {"Resource", false, false, CELL_RESOURCE},
};

static const char *lot_state(const struct lot *lot, int64_t now)
{
	if (lot->start > now)
		return "to come";
	return lot_active(lot, now) ? "active" : "ended";
}

void balance_lots_print(struct output *output, const char *purse, const struct lot lots[],
			size_t count, int64_t now)
{
	for (size_t i = 0; i < count; i++) {
		const struct lot *lot = &lots[i];

		if (lot->rest == 0)
			continue;
		output_row(output);
		output_text(output, LOT_ACCOUNT, purse);
		output_unit(output, purse);
		output_number(output, LOT_ENTRY, (int64_t)lot->seq);
		output_time(output, LOT_START, lot->start);
		if (lot->end == WHEN_NEVER)
			output_no_time(output, LOT_END, "none");
		else
			output_time(output, LOT_END, lot->end);
		output_amount(output, LOT_AMOUNT, lot->amount);
		output_amount(output, LOT_REST, lot->rest);
		output_text(output, LOT_STATE, lot_state(lot, now));
	}
}

void balance_forecast_print(const struct env *env, struct output *output,
			    const struct forecast *forecast, int64_t now)
{
	output_amount(output, BALANCE_WEEK, forecast->week);
	output_amount(output, BALANCE_MONTH, forecast->month);
	if (forecast->lasts == now) {
		output_no_time(output, BALANCE_LASTS, "spent");
		output_sort_as(output, BALANCE_LASTS, forecast->lasts);
	} else {
		output_time(output, BALANCE_LASTS,
			    prints_for_people(env) ? forecast_lasts(forecast, now)
						   : forecast->lasts);
	}
	output_amount(output, BALANCE_UNUSED, forecast->unused);
}
