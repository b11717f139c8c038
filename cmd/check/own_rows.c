/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/own_rows.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/show/why_text.h"
#include "ledger/base/when.h"
#include "ledger/report/forecast.h"

/* How long the rates of a forecast are kept: they come from the entries of a month. */
#define RATES_KEPT (3600 * WHEN_SECOND)

static json_t *lots_json(const struct account *purse)
{
	json_t *list = json_array();

	for (size_t i = 0; i < purse->lot_count; i++) {
		const struct lot *lot = &purse->lots[i];

		if (lot->rest > 0)
			(void)json_array_append_new(
				list, json_pack("[I I I I I]", (json_int_t)lot->seq,
						(json_int_t)lot->start, (json_int_t)lot->end,
						(json_int_t)lot->amount, (json_int_t)lot->rest));
	}
	return list;
}

/* Makes the forecast. The rates of an older one are used again for a while. */
static int make_forecast(const struct own *own, struct books *books, const struct account *purse,
			 const json_t *before, json_t **ret, struct sb_error *err)
{
	const struct rules rules = settings_rules(&own->env->settings);
	int64_t rates = (int64_t)json_integer_value(json_object_get(before, "rates"));
	uint64_t seq = (uint64_t)json_integer_value(json_object_get(before, "seq"));
	struct forecast forecast = {0};
	struct funds funds;

	TRY(funds_of(books, purse, &rules, &funds, err));
	if (rates > 0 && own->now >= rates && own->now - rates < RATES_KEPT &&
	    own_same_journal(books, before, seq)) {
		forecast = (struct forecast){
			.week = (int64_t)json_integer_value(json_object_get(before, "week")),
			.month = (int64_t)json_integer_value(json_object_get(before, "month")),
			.spent = funds.spent};
		TRY(forecast_spend(purse, &forecast, err));
	} else {
		rates = own->now;
		TRY(forecast_make(books, purse, books_head(books)->seq, funds.spent, &forecast,
				  err));
	}
	*ret = json_pack("{sI sI sI sI sI sb}", "rates", (json_int_t)rates, "week",
			 (json_int_t)forecast.week, "month", (json_int_t)forecast.month, "lasts",
			 (json_int_t)forecast.lasts, "unused", (json_int_t)forecast.unused, "spent",
			 forecast.lasts == purse->time);
	return *ret ? own_add_entry_hash(books, *ret, purse->seq, err) : sb_error_nomem(err);
}

/* Reads from an older file which entries explained the state. */
static void take_found(struct books *books, const json_t *before, struct why_found *ret)
{
	uint64_t seq = (uint64_t)json_integer_value(json_object_get(before, "seq"));
	const json_t *entries = json_object_get(before, "entries");

	if (json_array_size(entries) != WHY_SLOTS || !own_same_journal(books, before, seq))
		return;
	ret->to = seq;
	for (size_t i = 0; i < WHY_SLOTS; i++)
		ret->seqs[i] = (uint64_t)json_integer_value(json_array_get(entries, i));
}

static int keep_found(struct books *books, const struct why_found *found, json_t *why,
		      struct sb_error *err)
{
	json_t *entries = json_array();

	for (size_t i = 0; i < WHY_SLOTS; i++)
		(void)json_array_append_new(entries, json_integer((json_int_t)found->seqs[i]));
	if (json_object_set_new(why, "entries", entries))
		return sb_error_nomem(err);
	return own_add_entry_hash(books, why, found->to, err);
}

static int make_why(struct own *own, struct books *books, const char *name, const json_t *before,
		    json_t **ret, struct sb_error *err)
{
	struct env env = *own->env;
	struct why_found found = {0};
	char *lines[2] = {NULL, NULL};
	int rc = SB_OK;

	take_found(books, before, &found);
	for (int i = 0; i < 2 && !rc; i++) {
		env.seconds = i == 1;
		rc = why_lines(&env, books, &own->nesting, name, &found, &lines[i], err);
	}
	if (!rc) {
		*ret = json_pack("{ss ss}", "lines", lines[0], "lines_seconds", lines[1]);
		rc = *ret ? SB_OK : sb_error_nomem(err);
	}
	if (!rc && found.to)
		rc = keep_found(books, &found, *ret, err);
	free(lines[0]);
	free(lines[1]);
	return rc;
}

/* Completes the JSON of a row. */
static int complete_row(struct own *own, struct books *books, struct purse_row *row,
			const json_t *before, struct sb_error *err)
{
	const char *name = row->purse->name;
	json_t *forecast = NULL, *why = NULL;
	int rc;

	rc = make_forecast(own, books, row->purse, json_object_get(before, "forecast"), &forecast,
			   err);
	if (!rc)
		rc = make_why(own, books, name, json_object_get(before, "why"), &why, err);
	/* Takes over the references, also on failure. */
	if (json_object_set_new(row->json, "forecast", forecast) + !forecast +
	    json_object_set_new(row->json, "why", why) + !why +
	    json_object_set_new(row->json, "lots", lots_json(row->purse)) +
	    json_object_set_new(row->json, "mark", json_string(row->mark)))
		return rc ? rc : sb_error_nomem(err);
	return rc;
}

static int add_purses(struct own *own, struct books *books, const struct own_account *account,
		      const json_t *before, json_t *purses, struct sb_error *err)
{
	for (size_t i = account->first; i < account->end; i++) {
		struct purse_row *row = &own->rows[i];
		json_t *old = own_find_purse(before, row->purse->name, i - account->first);
		const char *mark = json_string_value(json_object_get(old, "mark"));
		bool same = mark && strcmp(mark, row->mark) == 0;

		if (!same)
			TRY(complete_row(own, books, row, old, err));
		if (json_array_append(purses, same ? old : row->json))
			return sb_error_nomem(err);
	}
	return SB_OK;
}

int own_rows_document(struct own *own, struct books *books, struct own_account *account,
		      struct sb_error *err)
{
	json_t *purses = json_array(), *before;
	char name[USER_FILE_SIZE];
	int rc;

	before = own_load(&own->folders, own_file_name(name, account->key, FILE_ROWS));
	rc = add_purses(own, books, account, before, purses, err);
	json_decref(before);
	account->documents[FILE_ROWS] =
		json_pack("{si ss sO so}", "subank", PUBLISHED_FORM, "account", account->name,
			  "chain", account->chain, "purses", purses);
	return rc || account->documents[FILE_ROWS] ? rc : sb_error_nomem(err);
}
