/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/report/collect.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/show/why_text.h"
#include "ledger/base/minmax.h"
#include "ledger/base/when.h"

static int follow_state(const struct account *account, void *ctx, struct sb_error *err)
{
	struct purse_data *data = ctx;

	return balance_days_follow(account, &data->days, err);
}

static int keep_movement(const struct entry *entry, int64_t amount, int64_t balance, void *ctx,
			 struct sb_error *err)
{
	const struct event *event = entry->event;
	struct purse_data *data = ctx;
	char *note;

	if (event_is_charge(event) || event->kind == EVENT_RECONCILE)
		return SB_OK;
	note = strdup(event->note);
	if (!note)
		return sb_error_nomem(err);
	if (data->movement_count == MOVEMENTS_MAX) {
		free(data->movements[0].note);
		memmove(data->movements, data->movements + 1,
			(MOVEMENTS_MAX - 1) * sizeof(data->movements[0]));
		data->movement_count--;
	}
	data->movements[data->movement_count++] =
		(struct movement){.time = event->time,
				  .seq = event->seq,
				  .kind = event_kinds[event->kind].name,
				  .amount = amount,
				  .balance = balance,
				  .note = note};
	return SB_OK;
}

static int read_statement(const struct report *report, struct books *books, struct purse_data *data,
			  struct sb_error *err)
{
	struct statement *statement = &data->statement;

	*statement = (struct statement){.account = data->purse->name,
					.since = report->since,
					.until = report->until,
					.each = keep_movement,
					.state = follow_state,
					.ctx = data};
	data->days.since = report->since;
	data->days.until = report->until;
	TRY(statement_make(books, statement, err));
	return balance_days_finish(&data->days, int64_min(report->until, report->now), err);
}

static int read_why(struct report *report, struct books *books, const char *name, char **ret,
		    struct sb_error *err)
{
	struct env env = *report->env;
	struct why_found found = {0};

	env.seconds = false;
	if (report->named)
		return why_lines_named(&env, books, &report->nesting, name, ret, err);
	return why_lines(&env, books, &report->nesting, name, &found, ret, err);
}

int purse_data_read(struct report *report, struct books *books, const struct account *purse,
		    struct purse_data *ret, struct sb_error *err)
{
	const struct rules rules = settings_rules(&report->env->settings);
	struct funds funds;

	*ret = (struct purse_data){.purse = purse, .unit = purse_unit(purse->name)};
	TRY(balance_row_make(report->env, books, purse, &report->nesting, &ret->row, err));
	TRY(funds_of(books, purse, &rules, &funds, err));
	TRY(forecast_make(books, purse, books_head(books)->seq, funds.spent, &ret->forecast, err));
	TRY(read_why(report, books, purse->name, &ret->why, err));
	TRY(use_days_follow(books, &report->nesting, purse, when_day(report->since), &ret->use,
			    err));
	return read_statement(report, books, ret, err);
}

void purse_data_release(struct purse_data *data)
{
	for (size_t i = 0; i < data->movement_count; i++)
		free(data->movements[i].note);
	free(data->why);
	statement_release(&data->statement);
	balance_days_release(&data->days);
	use_days_release(&data->use);
	*data = (struct purse_data){0};
}

int64_t days_left(const struct purse_data *data, int64_t now)
{
	if (data->row.sums.unlimited || data->forecast.lasts == 0)
		return -1;
	return int64_max(data->forecast.lasts - now, 0) / WHEN_DAY;
}
