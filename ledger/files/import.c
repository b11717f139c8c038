/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/files/import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/when.h"
#include "ledger/files/verify_file.h"
#include "ledger/files/yamlfile.h"

enum {
	BATCH = 10000, /* entries a transaction */
	TEXT_ROOM = 8 << 10, /* more than all texts of an entry at their longest */
};

/* A checked entry that waits for its transaction, which may have to run twice. */
struct waiting {
	size_t offset; /* in import.stored */
	size_t len;
	uint64_t seq;
	size_t line;
	unsigned char hash[HASH_SIZE];
};

struct import {
	struct yaml_reader *reader;
	const struct import_from *from;
	unsigned char bank[BANK_ID_SIZE];
	unsigned char head[HASH_SIZE];
	int64_t count;
	struct bytes stored;
	struct waiting waiting[BATCH];
	size_t waiting_count;
	size_t bad_line; /* of the entry that the books refused */
	struct event event; /* the entry that is read */
	char texts[TEXT_ROOM]; /* of this event */
	size_t texts_len;
	struct head result;
	uint64_t read; /* entries so far */
};

struct range {
	const char *what;
	int64_t least, most;
};

static int read_number(struct import *import, const struct yaml_item *item,
		       const struct range *range, int64_t *ret, struct sb_error *err)
{
	if (yaml_number(item, ret) && *ret >= range->least && *ret <= range->most)
		return SB_OK;
	return yaml_error(import->reader, item, err,
			  "%s must be a whole number without quotes, from %" PRId64 " to %" PRId64,
			  range->what, range->least, range->most);
}

/* Reads the next item, which must be a number. */
static int next_number(struct import *import, const struct range *range, int64_t *ret,
		       struct sb_error *err)
{
	struct yaml_item item;

	TRY(yaml_expect(import->reader, YAML_SCALAR, "a number", &item, err));
	return read_number(import, &item, range, ret, err);
}

static int next_hex(struct import *import, const char *what, unsigned char *to, size_t size,
		    struct sb_error *err)
{
	struct yaml_item item;

	TRY(yaml_expect(import->reader, YAML_SCALAR, "a value", &item, err));
	if (hex_parse(item.text, to, size))
		return SB_OK;
	return yaml_error(import->reader, &item, err, "%s must be %zu hex digits in quotes", what,
			  2 * size);
}

static int next_key(struct import *import, const char *key, const char *advice,
		    struct sb_error *err)
{
	struct yaml_item item;

	TRY(yaml_expect(import->reader, YAML_SCALAR, "a key", &item, err));
	if (strcmp(item.text, key) == 0)
		return SB_OK;
	return yaml_error(import->reader, &item, err, "the key '%s' is expected here, not '%s'%s",
			  key, item.text, advice);
}

/* Keeps a text until the next entry. */
static const char *keep(struct import *import, const char *text)
{
	size_t len = strlen(text) + 1;
	char *to = import->texts + import->texts_len;

	memcpy(to, text, len);
	import->texts_len += len;
	return to;
}

static int read_word(struct import *import, const struct yaml_item *item,
		     const struct field_spec *field, uint8_t *ret, struct sb_error *err)
{
	for (uint8_t i = 0; field->words[i]; i++) {
		if (strcmp(field->words[i], item->text) == 0) {
			*ret = i;
			return SB_OK;
		}
	}
	return yaml_error(import->reader, item, err, "'%s' is not a %s", item->text, field->name);
}

static int read_part(struct import *import, struct sb_error *err)
{
	static const struct range keys[] = {
		{"lot", 1, INT64_MAX}, {"index", 1, UINT16_MAX}, {"amount", 1, INT64_MAX}};
	int64_t values[] = {0, 0, 0};
	struct yaml_item item;

	for (;;) {
		size_t i = 0;

		TRY(yaml_member(import->reader, YAML_SCALAR, "a key", &item, err));
		if (item.type == YAML_MAP_END)
			break;
		while (i < 3 && strcmp(item.text, keys[i].what) != 0)
			i++;
		if (i == 3 || values[i] > 0)
			return yaml_error(import->reader, &item, err, "key '%s' is %s", item.text,
					  i == 3 ? "not known in a part" : "given twice");
		TRY(next_number(import, &keys[i], &values[i], err));
	}
	if (values[0] == 0 || values[2] == 0)
		return yaml_error(import->reader, &item, err, "a part needs lot and amount");
	return event_add_part(&import->event, (uint64_t)values[0], (uint16_t)values[1], values[2],
			      err);
}

static int read_parts(struct import *import, const struct yaml_item *first, struct sb_error *err)
{
	struct yaml_item item;

	if (first->type != YAML_LIST)
		return yaml_error(import->reader, first, err, "parts must be a list");
	for (;;) {
		TRY(yaml_member(import->reader, YAML_MAP, "a part", &item, err));
		if (item.type == YAML_LIST_END)
			break;
		TRY(read_part(import, err));
	}
	if (import->event.part_count == 0)
		return yaml_error(import->reader, first, err,
				  "an empty list of parts: leave the key out");
	return SB_OK;
}

/* Reads a field that is one value. */
static int read_scalar(struct import *import, const struct yaml_item *item,
		       const struct field_spec *field, struct sb_error *err)
{
	void *to = (char *)&import->event + field->offset;
	struct range range = {field->name, 0, INT64_MAX};
	struct sb_error why;
	int64_t number;

	switch (field->type) {
	case FIELD_NAME:
	case FIELD_PURSE:
	case FIELD_TEXT:
		if (strlen(item->text) > field->max)
			return yaml_error(import->reader, item, err, "%s has more than %zu bytes",
					  field->name, field->max);
		*(const char **)to = keep(import, item->text);
		return SB_OK;
	case FIELD_TIME:
	case FIELD_UNTIL:
	case FIELD_END:
		if (when_parse_exact(item->text, to, &why))
			return yaml_error(import->reader, item, err, "%s: %s", field->name,
					  why.text);
		return SB_OK;
	case FIELD_WORD:
		return read_word(import, item, field, to, err);
	case FIELD_UID:
		range.most = UINT32_MAX;
		TRY(read_number(import, item, &range, &number, err));
		*(uint32_t *)to = (uint32_t)number;
		return SB_OK;
	case FIELD_UNSIGNED:
		if (!yaml_unsigned(item, to))
			return yaml_error(import->reader, item, err,
					  "%s must be a whole number without quotes, from 0 to "
					  "%" PRIu64,
					  field->name, UINT64_MAX);
		return SB_OK;
	default:
		if (field->type == FIELD_READING || field->type == FIELD_LIMIT)
			range.least = -1;
		return read_number(import, item, &range, to, err);
	}
}

static int read_value(struct import *import, enum event_field at, struct sb_error *err)
{
	const struct field_spec *field = &event_fields[at];
	struct yaml_item item;

	TRY(yaml_next(import->reader, &item, err));
	if (field->type == FIELD_PARTS)
		return read_parts(import, &item, err);
	if (item.type != YAML_SCALAR)
		return yaml_error(import->reader, &item, err, "%s must be a single value",
				  field->name);
	TRY(read_scalar(import, &item, field, err));
	if (event_field_is_default(&import->event, at))
		return yaml_error(import->reader, &item, err,
				  "%s has its default value: leave the key out", field->name);
	return SB_OK;
}

/* The fields of an entry in the order in which they are written: those of the envelope, then those
 * of its kind. */
static size_t field_count(const struct kind_spec *kind)
{
	return FIELD_ENVELOPE_COUNT + kind->count;
}

static enum event_field field_at(const struct kind_spec *kind, size_t place)
{
	return place < FIELD_ENVELOPE_COUNT
		       ? (enum event_field)place
		       : (enum event_field)kind->fields[place - FIELD_ENVELOPE_COUNT];
}

/* Returns the field of that name, or FIELD_COUNT_ALL. The search begins at *place, which is most
 * likely right; *place becomes the field after the one found. */
static enum event_field field_by_name(const char *name, const struct kind_spec *kind, size_t *place)
{
	size_t count = field_count(kind);

	for (size_t i = 0; i < count; i++) {
		enum event_field field = field_at(kind, (*place + i) % count);

		if (strcmp(event_fields[field].name, name) == 0) {
			*place = (*place + i + 1) % count;
			return field;
		}
	}
	return FIELD_COUNT_ALL;
}

/* Reads `entry: N, kind: word`, with which every entry begins. */
static int read_number_and_kind(struct import *import, struct sb_error *err)
{
	static const struct range entry = {"entry", 1, INT64_MAX};
	struct yaml_item item;
	int64_t seq;

	TRY(next_key(import, "entry", "", err));
	TRY(next_number(import, &entry, &seq, err));
	TRY(next_key(import, "kind", "", err));
	TRY(yaml_expect(import->reader, YAML_SCALAR, "a kind", &item, err));
	import->event.seq = (uint64_t)seq;
	import->event.kind = event_kind_by_name(item.text);
	if (!import->event.kind)
		return yaml_error(import->reader, &item, err,
				  "'%s' is not a kind of entry that this subank knows", item.text);
	return SB_OK;
}

/* Refuses an entry that lacks a field without a default. */
static int check_given(struct import *import, const struct kind_spec *kind, const bool *given,
		       const struct yaml_item *start, struct sb_error *err)
{
	struct event empty = {0};

	event_set_defaults(&empty);
	for (size_t i = 0; i < field_count(kind); i++) {
		enum event_field field = field_at(kind, i);

		if (!given[field] && !event_field_is_default(&empty, field))
			return yaml_error(import->reader, start, err,
					  "the entry lacks the key '%s'", event_fields[field].name);
	}
	return SB_OK;
}

static int read_fields(struct import *import, const struct yaml_item *start,
		       unsigned char hash[HASH_SIZE], struct sb_error *err)
{
	const struct kind_spec *kind = &event_kinds[import->event.kind];
	bool given[FIELD_COUNT_ALL] = {false}, have_hash = false;
	struct yaml_item item;
	size_t place = 0;

	for (;;) {
		enum event_field field;
		bool is_hash;

		TRY(yaml_member(import->reader, YAML_SCALAR, "a key", &item, err));
		if (item.type == YAML_MAP_END)
			break;
		is_hash = strcmp(item.text, "hash") == 0;
		if (is_hash && !have_hash) {
			TRY(next_hex(import, "hash", hash, HASH_SIZE, err));
			have_hash = true;
			continue;
		}
		field = field_by_name(item.text, kind, &place);
		if (field == FIELD_COUNT_ALL || given[field])
			return yaml_error(import->reader, &item, err,
					  "key '%s' is %s in an entry of kind %s", item.text,
					  field == FIELD_COUNT_ALL && !is_hash ? "not known"
									       : "given twice",
					  kind->name);
		given[field] = true;
		TRY(read_value(import, field, err));
	}
	if (!have_hash)
		return yaml_error(import->reader, start, err, "the entry lacks the key 'hash'");
	return check_given(import, kind, given, start, err);
}

/* Reads an entry, whose mapping began at [start], into the batch. */
static int read_entry(struct import *import, const struct yaml_item *start, struct sb_error *err)
{
	struct waiting *waiting = &import->waiting[import->waiting_count];
	struct part *parts = import->event.parts;
	size_t part_size = import->event.part_size;
	struct sb_error why;

	import->event = (struct event){.parts = parts, .part_size = part_size};
	event_set_defaults(&import->event);
	import->texts_len = 0;
	TRY(read_number_and_kind(import, err));
	TRY(read_fields(import, start, waiting->hash, err));
	if (event_check(&import->event, &why))
		return yaml_error(import->reader, start, err, "entry %" PRIu64 ": %s",
				  import->event.seq, why.text);
	waiting->offset = import->stored.len;
	waiting->seq = import->event.seq;
	waiting->line = start->line;
	TRY(event_encode(&import->event, &import->stored, err));
	waiting->len = import->stored.len - waiting->offset;
	import->waiting_count++;
	return SB_OK;
}

static int replay_batch(struct books *books, void *ctx, struct sb_error *err)
{
	struct import *import = ctx;
	struct event event = {0};
	int rc = SB_OK;

	for (size_t i = 0; i < import->waiting_count && !rc; i++) {
		const struct waiting *waiting = &import->waiting[i];

		import->bad_line = waiting->line;
		rc = event_decode(import->stored.data + waiting->offset, waiting->len, &event, err);
		if (rc)
			break;
		event.seq = waiting->seq;
		rc = books_replay(books, &event, waiting->hash, err);
	}
	import->result = *books_head(books);
	event_release(&event);
	return rc;
}

static int flush_batch(struct import *import, struct bank *bank, struct sb_error *err)
{
	struct sb_error why = {0};
	int rc;

	if (import->waiting_count == 0)
		return SB_OK;
	rc = bank_write(bank, 0, replay_batch, import, &why);
	/* An account that was never opened and a sum beyond int64 are the file's fault, too. */
	if (rc == SB_ECORRUPT || rc == SB_ENOTFOUND || rc == SB_EOVERFLOW)
		rc = sb_error_set(err, SB_EFORMAT, "%s:%zu: %s", import->from->name,
				  import->bad_line, why.text);
	else if (rc)
		sb_error_set(err, why.code, "%s", why.text);
	import->waiting_count = 0;
	bytes_clear(&import->stored);
	return rc;
}

/* Reads up to the beginning of the list of entries. */
static int read_header(struct import *import, struct sb_error *err)
{
	static const char advice[] = ": is this a file that `subank export` wrote?";
	static const struct range count = {"count", 0, INT64_MAX};
	struct yaml_item item;
	int64_t version;

	TRY(yaml_expect(import->reader, YAML_MAP, "a bank's export", &item, err));
	TRY(next_key(import, "subank", advice, err));
	TRY(yaml_expect(import->reader, YAML_SCALAR, "a value", &item, err));
	if (!yaml_number(&item, &version) || version != 1)
		return yaml_error(import->reader, &item, err,
				  "form '%s' is not known to this subank, which reads 1",
				  item.text);
	TRY(next_key(import, "bank", advice, err));
	TRY(next_hex(import, "bank", import->bank, BANK_ID_SIZE, err));
	TRY(next_key(import, "unit", advice, err));
	TRY(yaml_expect(import->reader, YAML_SCALAR, "a value", &item, err));
	if (strcmp(item.text, "billing-seconds") != 0)
		return yaml_error(import->reader, &item, err,
				  "the unit must be \"billing-seconds\"");
	TRY(next_key(import, "count", advice, err));
	TRY(next_number(import, &count, &import->count, err));
	TRY(next_key(import, "head", advice, err));
	TRY(next_hex(import, "head", import->head, HASH_SIZE, err));
	TRY(next_key(import, "journal", advice, err));
	return yaml_expect(import->reader, YAML_LIST, "the list of entries", &item, err);
}

static int set_id(struct books *books, void *ctx, struct sb_error *err)
{
	const struct import *import = ctx;

	return books_set_id(books, import->bank, err);
}

static int check_end(struct import *import, struct sb_error *err)
{
	struct yaml_item item;

	TRY(yaml_expect(import->reader, YAML_MAP_END, "the end", &item, err));
	TRY(yaml_expect(import->reader, YAML_END, "the end of the file", &item, err));
	if (import->result.seq != (uint64_t)import->count)
		return sb_error_set(err, SB_EFORMAT,
				    "%s: the header counts %" PRId64 " entries, the file has "
				    "%" PRIu64,
				    import->from->name, import->count, import->result.seq);
	if (memcmp(import->result.hash, import->head, HASH_SIZE) != 0)
		return sb_error_set(err, SB_EFORMAT,
				    "%s: the head in the header is not the hash of the last entry",
				    import->from->name);
	return SB_OK;
}

/* Verifies the new bank as it is on the disk. */
static int verify_built(struct bank *bank, const struct steps *steps, struct sb_error *err)
{
	struct sb_error found = {0};
	struct verify verify = {.found = verify_keep_first, .ctx = &found, .steps = steps};

	TRY(bank_read(bank, 0, verify_books, &verify, err));
	if (verify.problems)
		return sb_error_set(err, SB_ECORRUPT, "what was imported does not verify: %s",
				    found.text);
	return SB_OK;
}

static int fill(struct bank *bank, void *ctx, struct sb_error *err)
{
	struct import *import = ctx;
	struct yaml_item item;

	TRY(read_header(import, err));
	TRY(bank_write(bank, 0, set_id, import, err));
	for (;;) {
		TRY(yaml_member(import->reader, YAML_MAP, "an entry", &item, err));
		if (item.type == YAML_LIST_END)
			break;
		TRY(read_entry(import, &item, err));
		steps_at(import->from->steps, ++import->read, (uint64_t)import->count);
		if (import->waiting_count == BATCH)
			TRY(flush_batch(import, bank, err));
	}
	TRY(flush_batch(import, bank, err));
	TRY(check_end(import, err));
	return verify_built(bank, import->from->steps, err);
}

int import_yaml(const struct store_options *options, const struct import_from *from,
		struct replacing *replacing, struct head *ret_head, struct sb_error *err)
{
	struct import *import = calloc(1, sizeof(*import));
	int rc;

	if (!import)
		return sb_error_nomem(err);
	import->from = from;
	rc = yaml_reader_new(from->file, from->name, &import->reader, err);
	if (!rc)
		rc = bank_build(options, fill, import, replacing, err);
	if (!rc)
		*ret_head = import->result;
	yaml_reader_free(import->reader);
	event_release(&import->event);
	bytes_release(&import->stored);
	free(import);
	return rc;
}
