/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/publish_row.h"

#include "ledger/base/when.h"

json_t *publish_time(int64_t time)
{
	char text[WHEN_TEXT_SIZE];

	return time ? json_string(when_format_exact(text, time)) : json_null();
}

static json_t *row_json(const struct balance_row *row, const char *above)
{
	const struct sums *sums = &row->sums;

	return json_pack("{ss ss ss ss ss ss sI sI sI sI sI sI so sI sI sI sI so sI sb}", "account",
			 row->name, "state", row->state, "causes", row->causes, "lever", row->lever,
			 "blocked_by", row->blocker, "above", above, "allocated_seconds",
			 (json_int_t)sums->allocated, "used_seconds", (json_int_t)sums->used,
			 "available_seconds", (json_int_t)sums->available, "charged_seconds",
			 (json_int_t)sums->charged, "debt_seconds", (json_int_t)sums->debt,
			 "waiting_seconds", (json_int_t)sums->waiting, "read",
			 publish_time(row->read), "in_flight_seconds", (json_int_t)sums->in_flight,
			 "committed_seconds", (json_int_t)sums->committed, "settled_seconds",
			 (json_int_t)sums->settled, "no_limit", (json_int_t)row->endless, "seen",
			 publish_time(row->seen), "unentered_seconds", (json_int_t)row->unentered,
			 "unlimited", (int)sums->unlimited);
}

/* Adds the fields that only the row of a purse has, and returns [object]; for NULL returns NULL. */
static json_t *purse_json(json_t *object, const struct balance_row *row)
{
	const struct unit unit = purse_unit(row->name);

	if (!object ||
	    (json_object_set_new(object, "resource", json_string(purse_resource(row->name))) == 0 &&
	     json_object_set_new(object, "unit", json_string(unit.name)) == 0 &&
	     (!row->unread || json_object_set_new(object, "unmetered", json_true()) == 0)))
		return object;
	json_decref(object);
	return NULL;
}

json_t *publish_row(const struct balance_row *row, const char *above)
{
	json_t *object = row_json(row, above);

	return purse_is_account(row->name) ? object : purse_json(object, row);
}
