/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/entry_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "cmd/show/entry_text.h"
#include "ledger/base/comma.h"
#include "ledger/base/when.h"

static json_t *parts_json(const struct event *event)
{
	json_t *list = json_array();

	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];

		if (json_array_append_new(list,
					  json_pack("{s:I,s:i,s:I}", "lot", (json_int_t)part->lot,
						    "index", (int)part->index, "amount_seconds",
						    (json_int_t)part->amount))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static int add_field(json_t *object, const struct event *event, enum event_field at)
{
	const struct field_spec *field = &event_fields[at];
	char name[64], text[WHEN_TEXT_SIZE];
	const char *suffix = "";
	json_t *value = NULL;

	if (event_field_is_default(event, at))
		return 0;
	switch (field->type) {
	case FIELD_NAME:
	case FIELD_PURSE:
	case FIELD_TEXT:
		value = json_string(event_text(event, field));
		break;
	case FIELD_TIME:
	case FIELD_UNTIL:
	case FIELD_END:
		value = json_string(when_format_exact(text, event_number(event, field)));
		break;
	case FIELD_WORD:
		value = json_string(event_word(at, (uint8_t)event_number(event, field)));
		break;
	case FIELD_PARTS:
		value = parts_json(event);
		break;
	case FIELD_AMOUNT:
	case FIELD_COUNT:
	case FIELD_READING:
		suffix = "_seconds";
		value = json_integer(event_number(event, field));
		break;
	case FIELD_LIMIT:
	case FIELD_PERCENT:
	case FIELD_NUMBER:
	case FIELD_ENTRY:
	case FIELD_UID:
		value = json_integer(event_number(event, field));
		break;
	case FIELD_UNSIGNED:
		/* Many readers of JSON keep numbers as doubles, which are exact only to 2^53. */
		(void)snprintf(text, sizeof(text), "%" PRIu64, event_unsigned(event, field));
		value = json_string(text);
		break;
	}
	(void)snprintf(name, sizeof(name), "%s%s", field->name, suffix);
	return json_object_set_new(object, name, value);
}

static int add_text(json_t *object, const char *name, const char *text)
{
	return json_object_set_new(object, name, json_string(text));
}

/* Adds the resource and its unit if the purse is of another resource than SU. */
static int add_unit(json_t *object, const char *purse)
{
	struct unit unit;

	if (purse_is_account(purse))
		return 0;
	unit = purse_unit(purse);
	TRY(add_text(object, "resource", purse_resource(purse)));
	return add_text(object, "unit", unit.name);
}

static int add_fields(json_t *object, const struct env *env, const struct entry *entry)
{
	const struct kind_spec *kind = &event_kinds[entry->event->kind];
	char hash[HASH_TEXT_SIZE], actor[ACTOR_SIZE];

	for (size_t i = 0; i < FIELD_ENVELOPE_COUNT; i++)
		TRY(add_field(object, entry->event, (enum event_field)i));
	for (size_t i = 0; i < kind->count; i++)
		TRY(add_field(object, entry->event, (enum event_field)kind->fields[i]));
	TRY(add_unit(object, entry->event->account));
	TRY(add_text(object, "actor", entry_actor(env, entry->event, actor)));
	return add_text(object, "hash", hex_format(hash, entry->hash, HASH_SIZE));
}

static json_t *make_object(const struct env *env, const struct entry *entry)
{
	json_t *object = json_pack("{s:I,s:s}", "entry", (json_int_t)entry->event->seq, "kind",
				   event_kinds[entry->event->kind].name);

	if (object && add_fields(object, env, entry) == 0)
		return object;
	json_decref(object);
	return NULL;
}

/* Prints and releases [object], which is NULL when memory ran out. */
static int print(FILE *out, json_t *object, struct sb_error *err)
{
	int rc = object ? json_dumpf(object, out, JSON_COMPACT) : -1;

	json_decref(object);
	if (rc)
		return sb_error_nomem(err);
	fputc('\n', out);
	return SB_OK;
}

int entry_json(const struct env *env, FILE *out, const struct entry *entry, struct sb_error *err)
{
	return print(out, make_object(env, entry), err);
}

static int add_item(void *ctx, const char *item, struct sb_error *err)
{
	return json_array_append_new(ctx, json_string(item)) ? sb_error_nomem(err) : SB_OK;
}

/* Returns the items of a list as an array, or NULL when memory ran out. */
static json_t *list_of(const char *list)
{
	json_t *array = json_array();

	if (array && *list && comma_each(list, add_item, array, NULL)) {
		json_decref(array);
		return NULL;
	}
	return array;
}

int entry_json_balance(const struct env *env, FILE *out, const struct entry *entry,
		       const struct balance_row *row, const char *scavenger,
		       const struct people *people, struct sb_error *err)
{
	json_t *object = make_object(env, entry);
	const struct sums *sums = &row->sums;
	json_t *available =
		sums->unlimited ? json_null() : json_integer((json_int_t)sums->available);
	const char *qos = strcmp(row->state, "scavenge") == 0 ? scavenger : NULL;
	json_t *balance = json_pack(
		"{s:I,s:I,s:o,s:b,s:I,s:s,s:s?}", "allocated_seconds", (json_int_t)sums->allocated,
		"used_seconds", (json_int_t)sums->used, "available_seconds", available, "unlimited",
		(int)sums->unlimited, "debt_seconds", (json_int_t)sums->debt, "state", row->state,
		"scavenger_qos", qos);

	/* jansson takes over [balance] even if it fails, but not without an object. */
	if (!object) {
		json_decref(balance);
	} else if (json_object_set_new(object, "balance", balance) ||
		   json_object_set_new(object, "contacts", list_of(people->contacts))) {
		json_decref(object);
		object = NULL;
	}
	return print(out, object, err);
}
