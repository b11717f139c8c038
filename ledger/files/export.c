/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/files/export.h"

#include "ledger/base/when.h"
#include "ledger/books/ahead.h"
#include "ledger/files/yamlfile.h"

static void put_parts(struct yaml_writer *writer, const struct event *event)
{
	yaml_put_list(writer, true);
	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];

		yaml_put_map(writer, true);
		yaml_put_key(writer, "lot");
		yaml_put_number(writer, (int64_t)part->lot);
		if (part->index > 0) {
			yaml_put_key(writer, "index");
			yaml_put_number(writer, part->index);
		}
		yaml_put_key(writer, "amount");
		yaml_put_number(writer, part->amount);
		yaml_put_map_end(writer);
	}
	yaml_put_list_end(writer);
}

static void put_field(struct yaml_writer *writer, const struct event *event, enum event_field at)
{
	const struct field_spec *field = &event_fields[at];
	char text[WHEN_TEXT_SIZE];

	if (event_field_is_default(event, at))
		return;
	yaml_put_key(writer, field->name);
	switch (field->type) {
	case FIELD_NAME:
	case FIELD_TEXT:
		yaml_put_text(writer, event_text(event, field));
		break;
	case FIELD_TIME:
	case FIELD_UNTIL:
	case FIELD_END:
		yaml_put_text(writer, when_format_exact(text, event_number(event, field)));
		break;
	case FIELD_WORD:
		yaml_put_word(writer, event_word(at, (uint8_t)event_number(event, field)));
		break;
	case FIELD_PARTS:
		put_parts(writer, event);
		break;
	case FIELD_AMOUNT:
	case FIELD_COUNT:
	case FIELD_READING:
	case FIELD_LIMIT:
	case FIELD_PERCENT:
	case FIELD_NUMBER:
	case FIELD_ENTRY:
	case FIELD_UID:
		yaml_put_number(writer, event_number(event, field));
		break;
	case FIELD_UNSIGNED:
		yaml_put_unsigned(writer, event_unsigned(event, field));
		break;
	}
}

int export_step(const struct export_to *to, uint64_t seq, struct sb_error *err)
{
	if (ferror(to->file))
		return sb_error_set(err, SB_ESYSTEM,
				    "the file could not be written whole: is the disk full?");
	if (to->step)
		to->step(seq, to->ctx);
	return SB_OK;
}

struct exporting {
	struct yaml_writer *writer;
	const struct export_to *to;
};

static int put_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	const struct kind_spec *kind = &event_kinds[entry->event->kind];
	const struct exporting *exporting = ctx;
	struct yaml_writer *writer = exporting->writer;
	char hash[HASH_TEXT_SIZE];

	yaml_put_map(writer, true);
	yaml_put_key(writer, "entry");
	yaml_put_number(writer, (int64_t)entry->event->seq);
	yaml_put_key(writer, "kind");
	yaml_put_word(writer, kind->name);
	for (size_t i = 0; i < FIELD_ENVELOPE_COUNT; i++)
		put_field(writer, entry->event, (enum event_field)i);
	for (size_t i = 0; i < kind->count; i++)
		put_field(writer, entry->event, (enum event_field)kind->fields[i]);
	yaml_put_key(writer, "hash");
	yaml_put_text(writer, hex_format(hash, entry->hash, HASH_SIZE));
	yaml_put_map_end(writer);
	return export_step(exporting->to, entry->event->seq, err);
}

int export_yaml_to(struct books *books, const struct export_to *to, struct sb_error *err)
{
	const struct head *head = books_head(books);
	char id[BANK_ID_TEXT_SIZE], hash[HASH_TEXT_SIZE];
	struct exporting exporting = {.to = to};
	struct yaml_writer *writer;
	int rc = yaml_writer_new(to->file, &exporting.writer, err);
	int finished;

	if (rc)
		return rc;
	writer = exporting.writer;
	yaml_put_map(writer, false);
	yaml_put_key(writer, "subank");
	yaml_put_number(writer, 1);
	yaml_put_key(writer, "bank");
	yaml_put_text(writer, hex_format(id, books_id(books), BANK_ID_SIZE));
	yaml_put_key(writer, "unit");
	yaml_put_text(writer, "billing-seconds");
	yaml_put_key(writer, "count");
	yaml_put_number(writer, (int64_t)head->seq);
	yaml_put_key(writer, "head");
	yaml_put_text(writer, hex_format(hash, head->hash, HASH_SIZE));
	yaml_put_key(writer, "journal");
	yaml_put_list(writer, head->seq == 0);
	rc = ahead_prove(books_txn(books), books_id(books), books_head(books), put_entry,
			 &exporting, err);
	yaml_put_list_end(writer);
	yaml_put_map_end(writer);
	finished = yaml_writer_finish(writer, rc ? NULL : err);
	return rc ? rc : finished;
}

int export_yaml(struct books *books, FILE *file, struct sb_error *err)
{
	return export_yaml_to(books, &(struct export_to){.file = file}, err);
}
