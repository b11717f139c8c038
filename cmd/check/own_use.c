/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/own_use.h"

#include "cmd/check/own_marks.h"
#include "cmd/check/publish_own.h"
#include "ledger/base/when.h"
#include "ledger/report/use_days.h"

static json_t *use_json(const struct use_days *days)
{
	json_t *list = json_array();

	for (size_t i = 0; i < days->count; i++) {
		const struct use_day *day = &days->list[i];
		json_int_t cpu, gpu;

		published_hours(&day->hours, &cpu, &gpu);
		if (json_array_append_new(
			    list, json_pack("[i s s s s I I I I I]", day->day, day->names[0],
					    day->names[1], day->names[2], day->names[3],
					    (json_int_t)day->jobs, (json_int_t)day->entries,
					    (json_int_t)day->amount, cpu, gpu))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* Takes over what an older file has, as far as it can be carried on. */
static void take_use(struct books *books, const json_t *purse, struct use_days *days)
{
	uint64_t seq = (uint64_t)json_integer_value(json_object_get(purse, "seq"));

	if (seq == 0 || !own_same_journal(books, purse, seq))
		return;
	if (!published_use(purse, days) || days->without_hours) {
		use_days_release(days);
		return;
	}
	days->seq = seq;
}

static int add_use(struct own *own, struct books *books, const struct account *purse,
		   const json_t *before, json_t *purses, struct sb_error *err)
{
	int64_t since = when_day(own->now - (int64_t)USE_DAYS * WHEN_DAY);
	struct use_days days = {0};
	json_t *object = NULL;
	int rc;

	take_use(books, own_find_purse(before, purse->name, 0), &days);
	rc = use_days_follow(books, &own->nesting, purse, since, &days, err);
	if (!rc) {
		object = json_pack("{ss si so}", "account", purse->name, "from", days.from, "use",
				   use_json(&days));
		rc = object ? own_add_entry_hash(books, object, days.seq, err)
			    : sb_error_nomem(err);
	}
	use_days_release(&days);
	/* Takes over the reference, also on failure. */
	if (json_array_append_new(purses, object) && !rc)
		rc = sb_error_nomem(err);
	return rc;
}

int own_use_document(struct own *own, struct books *books, struct own_account *account,
		     struct sb_error *err)
{
	json_t *purses = json_array(), *before;
	char name[USER_FILE_SIZE], below[MARK_SIZE];
	int rc = SB_OK;

	own_write_mark(below, account->below);
	before = own_load(&own->folders, own_file_name(name, account->key, FILE_USE));
	if (!own_has_text(before, "bank", own->bank) || !own_has_text(before, "below", below)) {
		json_decref(before);
		before = NULL;
	}
	for (size_t i = account->first; i < account->end && !rc; i++) {
		if (!purse_user(own->rows[i].purse->name))
			rc = add_use(own, books, own->rows[i].purse, before, purses, err);
	}
	json_decref(before);
	account->documents[FILE_USE] =
		json_pack("{si ss ss ss so}", "subank", PUBLISHED_FORM, "account", account->name,
			  "bank", own->bank, "below", below, "purses", purses);
	return rc || account->documents[FILE_USE] ? rc : sb_error_nomem(err);
}
