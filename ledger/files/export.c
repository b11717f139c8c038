/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/files/export.h"

#include "ledger/books/ahead.h"
#include "ledger/files/yamlfile.h"

static void put_number(struct yaml_writer *writer, const char *key, int64_t number)
{
	yaml_put_word(writer, key);
	yaml_put_number(writer, number);
}

static void put_text(struct yaml_writer *writer, const char *key, const char *text)
{
	yaml_put_word(writer, key);
	yaml_put_text(writer, text);
}

static void put_parts(struct yaml_writer *writer, const struct event *event)
{
	yaml_put_begin(writer, YAML_LIST, true);
	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];

		yaml_put_begin(writer, YAML_MAP, true);
		put_number(writer, "lot", (int64_t)part->lot);
		if (part->index > 0)
			put_number(writer, "index", part->index);
		put_number(writer, "amount", part->amount);
		yaml_put_end(writer, YAML_MAP);
	}
	yaml_put_end(writer, YAML_LIST);
}

const char *export_text(const struct event *event, enum event_field at, char buf[WHEN_TEXT_SIZE])
{
	const struct field_spec *field = &event_fields[at];

	switch (field->type) {
	case FIELD_NAME:
	case FIELD_PURSE:
	case FIELD_TEXT:
		return event_text(event, field);
	case FIELD_TIME:
	case FIELD_UNTIL:
	case FIELD_END:
		return when_format_exact(buf, event_number(event, field));
	case FIELD_WORD:
		return event_word(at, (uint8_t)event_number(event, field));
	default:
		return NULL;
	}
}

static void put_field(struct yaml_writer *writer, const struct event *event, enum event_field at)
{
	const struct field_spec *field = &event_fields[at];
	char buf[WHEN_TEXT_SIZE];
	const char *text;

	if (event_field_is_default(event, at))
		return;
	yaml_put_word(writer, field->name);
	text = export_text(event, at, buf);
	if (text && field->type == FIELD_WORD)
		yaml_put_word(writer, text);
	else if (text)
		yaml_put_text(writer, text);
	else if (field->type == FIELD_PARTS)
		put_parts(writer, event);
	else if (field->type == FIELD_UNSIGNED)
		yaml_put_unsigned(writer, event_unsigned(event, field));
	else
		yaml_put_number(writer, event_number(event, field));
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

	yaml_put_begin(writer, YAML_MAP, true);
	put_number(writer, "entry", (int64_t)entry->event->seq);
	yaml_put_word(writer, "kind");
	yaml_put_word(writer, kind->name);
	for (size_t i = 0; i < FIELD_ENVELOPE_COUNT; i++)
		put_field(writer, entry->event, (enum event_field)i);
	for (size_t i = 0; i < kind->count; i++)
		put_field(writer, entry->event, (enum event_field)kind->fields[i]);
	put_text(writer, "hash", hex_format(hash, entry->hash, HASH_SIZE));
	yaml_put_end(writer, YAML_MAP);
	return export_step(exporting->to, entry->event->seq, err);
}

int export_yaml(struct books *books, const struct export_to *to, struct sb_error *err)
{
	const struct head *head = books_head(books);
	char id[BANK_ID_TEXT_SIZE], hash[HASH_TEXT_SIZE];
	struct exporting exporting = {.to = to};
	struct yaml_writer *writer;
	int rc, finished;

	TRY(yaml_writer_new(to->file, &writer, err));
	exporting.writer = writer;
	yaml_put_begin(writer, YAML_MAP, false);
	put_number(writer, "subank", 1);
	put_text(writer, "bank", hex_format(id, books_id(books), BANK_ID_SIZE));
	put_text(writer, "unit", "billing-seconds");
	put_number(writer, "count", (int64_t)head->seq);
	put_text(writer, "head", hex_format(hash, head->hash, HASH_SIZE));
	yaml_put_word(writer, "journal");
	yaml_put_begin(writer, YAML_LIST, head->seq == 0);
	rc = ahead_prove(books_txn(books), books_id(books), head, put_entry, &exporting, err);
	yaml_put_end(writer, YAML_LIST);
	yaml_put_end(writer, YAML_MAP);
	finished = yaml_writer_finish(writer, rc ? NULL : err);
	return rc ? rc : finished;
}
