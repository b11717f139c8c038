/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/files/csv.h"

#include <inttypes.h>
#include <string.h>

#include "ledger/base/csv_row.h"
#include "ledger/books/ahead.h"
#include "ledger/books/history.h"

/* ---- accounts ---- */

static const char *const account_columns[] = {"account",
					      "state",
					      "limited",
					      "allocated_seconds",
					      "used_seconds",
					      "available_seconds",
					      "balance_seconds",
					      "debt_seconds",
					      "credit_seconds",
					      "deposited_seconds",
					      "withdrawn_seconds",
					      "received_seconds",
					      "sent_seconds",
					      "charged_seconds",
					      "refunded_seconds",
					      "expired_seconds",
					      "adjusted_seconds",
					      "given_back_seconds",
					      "taken_back_seconds",
					      "forgiven_seconds",
					      "last_entry"};

static int put_account(struct csv_row *row, const struct account *account, bool units,
		       struct sb_error *err)
{
	const struct unit unit = purse_unit(account->name);
	const __int128 sums[] = {account->deposited,  account->withdrawn, account->received,
				 account->sent,	      account->charged,	  account->refunded,
				 account->expired,    account->adjusted,  account->given_back,
				 account->taken_back, account->forgiven};
	int64_t allocated, used, available;

	TRY(account_allocated(account, &allocated, err));
	TRY(account_used(account, &used, err));
	TRY(account_available(account, &available, err));
	csv_text(row, account->name);
	csv_text(row, !account->open ? "closed" : account_held(account) ? "held" : "open");
	csv_text(row, account->unlimited ? "no" : "yes");
	csv_number(row, allocated);
	csv_number(row, used);
	csv_number(row, available);
	csv_number(row, account_net(account));
	csv_number(row, account->debt);
	csv_number(row, account->credit);
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		csv_number(row, account_sum(sums[i]));
	csv_number(row, (int64_t)account->seq);
	if (units) {
		csv_text(row, purse_resource(account->name));
		csv_text(row, unit.name);
	}
	csv_end(row);
	return SB_OK;
}

int csv_accounts(struct books *books, const struct export_to *to, struct sb_error *err)
{
	struct csv_row row = {.file = to->file};
	struct resources resources;
	size_t count = 0;
	bool units;

	books_omit_deferred(books); /* to agree with an export of the journal */
	TRY(books_load_all(books, &count, err));
	TRY(books_resources(books, &resources, err));
	units = resources.count > 0;
	resources_release(&resources);
	for (size_t i = 0; i < sizeof(account_columns) / sizeof(account_columns[0]); i++)
		csv_text(&row, account_columns[i]);
	if (units) {
		csv_text(&row, "resource");
		csv_text(&row, "unit");
	}
	csv_end(&row);
	for (size_t i = 0; i < count; i++)
		TRY(put_account(&row, books_at(books, i), units, err));
	return SB_OK;
}

/* ---- entries ---- */

/* Returns whether a field has a column of its own: fields of the same name share that of the first.
 */
static bool has_column(int at)
{
	for (int i = 0; i < at; i++) {
		if (strcmp(event_fields[i].name, event_fields[at].name) == 0)
			return false;
	}
	return true;
}

/* Returns the field of this kind of entry that belongs in [column]; FIELD_COUNT_ALL if there is
 * none. */
static enum event_field field_of(const struct kind_spec *kind, int column)
{
	if (column < FIELD_ENVELOPE_COUNT)
		return (enum event_field)column;
	for (size_t i = 0; i < kind->count; i++) {
		if (strcmp(event_fields[kind->fields[i]].name, event_fields[column].name) == 0)
			return (enum event_field)kind->fields[i];
	}
	return FIELD_COUNT_ALL;
}

static void put_parts(struct csv_row *row, const struct event *event)
{
	csv_empty(row);
	fputc('"', row->file);
	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];

		fprintf(row->file, "%s%" PRIu64, i ? " " : "", part->lot);
		if (part->index)
			fprintf(row->file, ".%u", part->index);
		fprintf(row->file, ":%" PRId64, part->amount);
	}
	fputc('"', row->file);
}

static void put_field(struct csv_row *row, const struct event *event, enum event_field at)
{
	const struct field_spec *field = &event_fields[at];
	char buf[WHEN_TEXT_SIZE];
	const char *text;

	if (at == FIELD_COUNT_ALL || event_field_is_default(event, at)) {
		csv_empty(row);
		return;
	}
	text = export_text(event, at, buf);
	if (text)
		csv_text(row, text);
	else if (field->type == FIELD_PARTS)
		put_parts(row, event);
	else if (field->type == FIELD_UNSIGNED)
		csv_unsigned(row, event_unsigned(event, field));
	else
		csv_number(row, event_number(event, field));
}

static int put_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	const struct kind_spec *kind = &event_kinds[entry->event->kind];
	const struct export_to *to = ctx;
	struct csv_row row = {.file = to->file};
	char hash[HASH_TEXT_SIZE];

	csv_number(&row, (int64_t)entry->event->seq);
	csv_text(&row, kind->name);
	for (int i = 0; i < FIELD_COUNT_ALL; i++) {
		if (has_column(i))
			put_field(&row, entry->event, field_of(kind, i));
	}
	csv_text(&row, hex_format(hash, entry->hash, HASH_SIZE));
	csv_end(&row);
	return export_step(to, entry->event->seq, err);
}

static bool is_amount(enum field_type type)
{
	return type == FIELD_AMOUNT || type == FIELD_COUNT || type == FIELD_READING;
}

int csv_journal(struct books *books, const struct export_to *to, struct sb_error *err)
{
	struct csv_row row = {.file = to->file};
	struct export_to again = *to;
	char name[64];

	csv_text(&row, "entry");
	csv_text(&row, "kind");
	for (int i = 0; i < FIELD_COUNT_ALL; i++) {
		const struct field_spec *field = &event_fields[i];

		(void)snprintf(name, sizeof(name), "%s%s", field->name,
			       is_amount(field->type) ? "_seconds" : "");
		if (has_column(i))
			csv_text(&row, name);
	}
	csv_text(&row, "hash");
	csv_end(&row);
	return ahead_prove(books_txn(books), books_id(books), books_head(books), put_entry, &again,
			   err);
}
