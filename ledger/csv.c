/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/csv.h"

#include <inttypes.h>
#include <string.h>

#include "ledger/history.h"
#include "ledger/when.h"

/* A row that is written cell by cell. */
struct row {
	FILE *file;
	bool begun;
};

static void next_cell(struct row *row)
{
	if (row->begun)
		fputc(',', row->file);
	row->begun = true;
}

static void put_text(struct row *row, const char *text)
{
	next_cell(row);
	if (!*text)
		return;
	fputc('"', row->file);
	if (strchr("=+-@\t\r'", *text))
		fputc('\'', row->file);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', row->file);
		fputc(*text, row->file);
	}
	fputc('"', row->file);
}

static void put_number(struct row *row, int64_t number)
{
	next_cell(row);
	fprintf(row->file, "%" PRId64, number);
}

static void end_row(struct row *row)
{
	fputs("\r\n", row->file);
	row->begun = false;
}

/* ---- accounts ---- */

static const char *const account_columns[] = {
	"account",
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
	"last_entry",
};

enum { ACCOUNT_COLUMNS = sizeof(account_columns) / sizeof(account_columns[0]) };

static int put_account(struct row *row, const struct account *account, struct sb_error *err)
{
	const __int128 sums[] = {account->deposited, account->withdrawn, account->received,
				 account->sent,	     account->charged,	 account->refunded,
				 account->expired,   account->adjusted,	 account->given_back,
				 account->taken_back};
	int64_t allocated, used, available;
	int rc = account_allocated(account, &allocated, err);

	if (!rc)
		rc = account_used(account, &used, err);
	if (!rc)
		rc = account_available(account, &available, err);
	if (rc)
		return rc;
	put_text(row, account->name);
	put_text(row, !account->open ? "closed" : account_held(account) ? "held" : "open");
	put_text(row, account->unlimited ? "no" : "yes");
	put_number(row, allocated);
	put_number(row, used);
	put_number(row, available);
	put_number(row, account_net(account));
	put_number(row, account->debt);
	put_number(row, account->credit);
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		put_number(row, account_sum(sums[i]));
	put_number(row, (int64_t)account->seq);
	end_row(row);
	return SB_OK;
}

int csv_accounts(struct books *books, const struct export_to *to, struct sb_error *err)
{
	struct row row = {.file = to->file};
	size_t count = 0;
	int rc = books_load_all(books, &count, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < ACCOUNT_COLUMNS; i++)
		put_text(&row, account_columns[i]);
	end_row(&row);
	for (size_t i = 0; i < count && !rc; i++)
		rc = put_account(&row, books_at(books, i), err);
	return rc;
}

/* ---- entries ---- */

/* Some fields have two forms under one name, which is one column: that of the first. */
static bool has_column(int at)
{
	for (int i = 0; i < at; i++) {
		if (strcmp(event_fields[i].name, event_fields[at].name) == 0)
			return false;
	}
	return true;
}

/* The field of that name in this kind of entry; FIELD_COUNT_ALL if it has none. */
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

static void put_parts(struct row *row, const struct event *event)
{
	next_cell(row);
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

static void put_field(struct row *row, const struct event *event, enum event_field at)
{
	const struct field_spec *field = &event_fields[at];
	char text[WHEN_TEXT_SIZE];

	if (at == FIELD_COUNT_ALL || event_field_is_default(event, at)) {
		next_cell(row);
		return;
	}
	switch (field->type) {
	case FIELD_NAME:
	case FIELD_TEXT:
		put_text(row, event_text(event, field));
		break;
	case FIELD_TIME:
	case FIELD_UNTIL:
	case FIELD_END:
		put_text(row, when_format_exact(text, event_number(event, field)));
		break;
	case FIELD_WORD:
		put_text(row, event_word(at, (uint8_t)event_number(event, field)));
		break;
	case FIELD_PARTS:
		put_parts(row, event);
		break;
	case FIELD_AMOUNT:
	case FIELD_COUNT:
	case FIELD_READING:
	case FIELD_LIMIT:
	case FIELD_PERCENT:
	case FIELD_ENTRY:
	case FIELD_UID:
		put_number(row, event_number(event, field));
		break;
	}
}

static int put_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	const struct kind_spec *kind = &event_kinds[entry->event->kind];
	const struct export_to *to = ctx;
	struct row row = {.file = to->file};
	char hash[HASH_TEXT_SIZE];

	put_number(&row, (int64_t)entry->event->seq);
	put_text(&row, kind->name);
	for (int i = 0; i < FIELD_COUNT_ALL; i++) {
		if (has_column(i))
			put_field(&row, entry->event, field_of(kind, i));
	}
	put_text(&row, hex_format(hash, entry->hash, HASH_SIZE));
	end_row(&row);
	return export_step(to, entry->event->seq, err);
}

static bool is_amount(enum field_type type)
{
	return type == FIELD_AMOUNT || type == FIELD_COUNT || type == FIELD_READING;
}

int csv_journal(struct books *books, const struct export_to *to, struct sb_error *err)
{
	struct row row = {.file = to->file};
	struct export_to again = *to;
	char name[64];

	put_text(&row, "entry");
	put_text(&row, "kind");
	for (int i = 0; i < FIELD_COUNT_ALL; i++) {
		const struct field_spec *field = &event_fields[i];

		(void)snprintf(name, sizeof(name), "%s%s", field->name,
			       is_amount(field->type) ? "_seconds" : "");
		if (has_column(i))
			put_text(&row, name);
	}
	put_text(&row, "hash");
	end_row(&row);
	return journal_walk(books_txn(books), 0, false, put_entry, &again, err);
}
