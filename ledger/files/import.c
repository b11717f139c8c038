/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/files/import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/when.h"
#include "ledger/books/verify.h"
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
	const char *name;
	unsigned char bank[BANK_ID_SIZE];
	unsigned char head[HASH_SIZE];
	int64_t count;
	struct bytes stored;
	struct waiting waiting[BATCH];
	size_t waiting_count;
	size_t bad_line; /* the entry that the books refused */
	struct event event;
	char texts[TEXT_ROOM]; /* of the event that is read */
	size_t texts_len;
	struct head result;
	const struct steps *steps;
	uint64_t read; /* entries, so far */
};

static int read_hex(struct import *import, const struct yaml_item *item, const char *what,
		    unsigned char *to, size_t size, struct sb_error *err)
{
	if (hex_parse(item->text, to, size))
		return SB_OK;
	return yaml_error(import->reader, item, err, "%s must be %zu hex digits in quotes", what,
			  2 * size);
}

static int read_number(struct import *import, const struct yaml_item *item, const char *what,
		       int64_t least, int64_t most, int64_t *ret, struct sb_error *err)
{
	if (yaml_number(item, ret) && *ret >= least && *ret <= most)
		return SB_OK;
	return yaml_error(import->reader, item, err,
			  "%s must be a whole number without quotes, from %" PRId64 " to %" PRId64,
			  what, least, most);
}

/* Keeps a text for as long as the event is read. */
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

/* The value of [key] in a flat mapping of numbers, as parts are. */
static int read_part(struct import *import, struct sb_error *err)
{
	static const char *const keys[] = {"lot", "index", "amount"};
	int64_t values[] = {0, 0, 0};
	bool given[] = {false, false, false};
	struct yaml_item item, start;
	int rc;

	for (;;) {
		size_t i = 0;

		rc = yaml_next(import->reader, &item, err);
		if (rc)
			return rc;
		start = item;
		if (item.type == YAML_MAP_END)
			break;
		if (item.type != YAML_SCALAR)
			return yaml_error(import->reader, &item, err, "a key is expected here");
		while (i < 3 && strcmp(item.text, keys[i]) != 0)
			i++;
		if (i == 3 || given[i])
			return yaml_error(import->reader, &item, err, "key '%s' is %s", item.text,
					  i == 3 ? "not known in a part" : "given twice");
		given[i] = true;
		rc = yaml_expect(import->reader, YAML_SCALAR, "a number", &item, err);
		if (!rc)
			rc = read_number(import, &item, keys[i], 1, i == 1 ? UINT16_MAX : INT64_MAX,
					 &values[i], err);
		if (rc)
			return rc;
	}
	if (!given[0] || !given[2])
		return yaml_error(import->reader, &start, err, "a part needs lot and amount");
	return event_add_part(&import->event, (uint64_t)values[0], (uint16_t)values[1], values[2],
			      err);
}

static int read_parts(struct import *import, const struct yaml_item *first, struct sb_error *err)
{
	struct yaml_item item;

	if (first->type != YAML_LIST)
		return yaml_error(import->reader, first, err, "parts must be a list");
	for (;;) {
		int rc = yaml_next(import->reader, &item, err);

		if (rc)
			return rc;
		if (item.type == YAML_LIST_END)
			break;
		if (item.type != YAML_MAP)
			return yaml_error(import->reader, &item, err, "a part must be a mapping");
		rc = read_part(import, err);
		if (rc)
			return rc;
	}
	if (import->event.part_count == 0)
		return yaml_error(import->reader, first, err,
				  "an empty list of parts: leave the key out");
	return SB_OK;
}

static int read_value(struct import *import, enum event_field at, struct sb_error *err)
{
	const struct field_spec *field = &event_fields[at];
	void *to = (char *)&import->event + field->offset;
	struct sb_error why;
	struct yaml_item item;
	int64_t number;
	int rc = yaml_next(import->reader, &item, err);

	if (rc)
		return rc;
	if (field->type == FIELD_PARTS)
		return read_parts(import, &item, err);
	if (item.type != YAML_SCALAR)
		return yaml_error(import->reader, &item, err, "%s must be a single value",
				  field->name);
	switch (field->type) {
	case FIELD_NAME:
	case FIELD_TEXT:
		if (strlen(item.text) > field->max)
			return yaml_error(import->reader, &item, err, "%s has more than %zu bytes",
					  field->name, field->max);
		*(const char **)to = keep(import, item.text);
		break;
	case FIELD_TIME:
	case FIELD_UNTIL:
	case FIELD_END:
		if (when_parse_exact(item.text, to, &why))
			rc = yaml_error(import->reader, &item, err, "%s: %s", field->name,
					why.text);
		break;
	case FIELD_WORD:
		rc = read_word(import, &item, field, to, err);
		break;
	case FIELD_UID:
		rc = read_number(import, &item, field->name, 0, UINT32_MAX, &number, err);
		if (!rc)
			*(uint32_t *)to = (uint32_t)number;
		break;
	case FIELD_UNSIGNED:
		if (!yaml_unsigned(&item, to))
			rc = yaml_error(import->reader, &item, err,
					"%s must be a whole number without quotes, from 0 to "
					"%" PRIu64,
					field->name, UINT64_MAX);
		break;
	case FIELD_READING:
	case FIELD_LIMIT:
		rc = read_number(import, &item, field->name, -1, INT64_MAX, to, err);
		break;
	case FIELD_AMOUNT:
	case FIELD_COUNT:
	case FIELD_PERCENT:
	case FIELD_NUMBER:
	case FIELD_ENTRY:
	case FIELD_PARTS:
		rc = read_number(import, &item, field->name, 0, INT64_MAX, to, err);
		break;
	}
	if (!rc && event_field_is_default(&import->event, at))
		return yaml_error(import->reader, &item, err,
				  "%s says nothing here: leave the key out", field->name);
	return rc;
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

/* The field of that name; FIELD_COUNT_ALL if there is none. It is looked for from [*place] on,
 * behind which the next one most likely stands. */
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

/* Reads `entry: N, kind: word`, which begin every entry. */
static int read_number_and_kind(struct import *import, struct sb_error *err)
{
	struct yaml_item item;
	int64_t seq;
	int rc = yaml_expect(import->reader, YAML_SCALAR, "the key 'entry'", &item, err);

	if (!rc && strcmp(item.text, "entry") != 0)
		rc = yaml_error(import->reader, &item, err,
				"the key 'entry' is expected here, not '%s'", item.text);
	if (!rc)
		rc = yaml_expect(import->reader, YAML_SCALAR, "a number", &item, err);
	if (!rc)
		rc = read_number(import, &item, "entry", 1, INT64_MAX, &seq, err);
	if (!rc)
		rc = yaml_expect(import->reader, YAML_SCALAR, "the key 'kind'", &item, err);
	if (!rc && strcmp(item.text, "kind") != 0)
		rc = yaml_error(import->reader, &item, err,
				"the key 'kind' is expected here, not '%s'", item.text);
	if (!rc)
		rc = yaml_expect(import->reader, YAML_SCALAR, "a kind", &item, err);
	if (rc)
		return rc;
	import->event.seq = (uint64_t)seq;
	import->event.kind = event_kind_by_name(item.text);
	if (!import->event.kind)
		return yaml_error(import->reader, &item, err,
				  "'%s' is not a kind of entry that this subank knows", item.text);
	return SB_OK;
}

/* Whether every field without a default was given. */
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
		int rc = yaml_next(import->reader, &item, err);

		if (rc)
			return rc;
		if (item.type == YAML_MAP_END)
			break;
		if (item.type != YAML_SCALAR)
			return yaml_error(import->reader, &item, err, "a key is expected here");
		if (!have_hash && strcmp(item.text, "hash") == 0) {
			have_hash = true;
			rc = yaml_expect(import->reader, YAML_SCALAR, "a hash", &item, err);
			if (!rc)
				rc = read_hex(import, &item, "hash", hash, HASH_SIZE, err);
			if (rc)
				return rc;
			continue;
		}
		field = field_by_name(item.text, kind, &place);
		if (field == FIELD_COUNT_ALL || given[field])
			return yaml_error(import->reader, &item, err, "key '%s' is %s%s", item.text,
					  field == FIELD_COUNT_ALL && strcmp(item.text, "hash") != 0
						  ? "not known in an entry of kind "
						  : "given twice in an entry of kind ",
					  kind->name);
		given[field] = true;
		rc = read_value(import, field, err);
		if (rc)
			return rc;
	}
	if (!have_hash)
		return yaml_error(import->reader, start, err, "the entry lacks the key 'hash'");
	return check_given(import, kind, given, start, err);
}

/* Reads an entry, whose mapping has begun at [start], into the batch. */
static int read_entry(struct import *import, const struct yaml_item *start, struct sb_error *err)
{
	struct waiting *waiting = &import->waiting[import->waiting_count];
	struct part *parts = import->event.parts;
	size_t part_size = import->event.part_size;
	struct sb_error why;
	int rc;

	import->event = (struct event){.parts = parts, .part_size = part_size};
	event_set_defaults(&import->event);
	import->texts_len = 0;
	rc = read_number_and_kind(import, err);
	if (!rc)
		rc = read_fields(import, start, waiting->hash, err);
	if (rc)
		return rc;
	if (event_check(&import->event, &why))
		return yaml_error(import->reader, start, err, "entry %" PRIu64 ": %s",
				  import->event.seq, why.text);
	waiting->offset = import->stored.len;
	waiting->seq = import->event.seq;
	waiting->line = start->line;
	rc = event_encode(&import->event, &import->stored, err);
	if (rc)
		return rc;
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
	/* An account that was never opened or a sum past int64 is the file's fault as well. */
	if (rc == SB_ECORRUPT || rc == SB_ENOTFOUND || rc == SB_EOVERFLOW)
		rc = sb_error_set(err, SB_EFORMAT, "%s:%zu: %s", import->name, import->bad_line,
				  why.text);
	else if (rc)
		sb_error_set(err, why.code, "%s", why.text);
	import->waiting_count = 0;
	bytes_clear(&import->stored);
	return rc;
}

static int read_header_value(struct import *import, int key, struct sb_error *err)
{
	struct yaml_item item;
	int64_t version;
	int rc = yaml_expect(import->reader, YAML_SCALAR, "a value", &item, err);

	if (rc)
		return rc;
	switch (key) {
	case 0:
		if (!yaml_number(&item, &version) || version != 1)
			return yaml_error(import->reader, &item, err,
					  "form '%s' is not known to this subank, which reads 1",
					  item.text);
		return SB_OK;
	case 1:
		return read_hex(import, &item, "bank", import->bank, BANK_ID_SIZE, err);
	case 2:
		if (strcmp(item.text, "billing-seconds") != 0)
			return yaml_error(import->reader, &item, err,
					  "the unit must be \"billing-seconds\"");
		return SB_OK;
	case 3:
		return read_number(import, &item, "count", 0, INT64_MAX, &import->count, err);
	default:
		return read_hex(import, &item, "head", import->head, HASH_SIZE, err);
	}
}

/* Reads up to the beginning of the list of entries. */
static int read_header(struct import *import, struct sb_error *err)
{
	static const char *const keys[] = {"subank", "bank", "unit", "count", "head", "journal"};
	struct yaml_item item;
	int rc = yaml_expect(import->reader, YAML_MAP, "a bank's export", &item, err);

	for (int i = 0; i < 6 && !rc; i++) {
		rc = yaml_expect(import->reader, YAML_SCALAR, "a key", &item, err);
		if (!rc && strcmp(item.text, keys[i]) != 0)
			rc = yaml_error(import->reader, &item, err,
					"the key '%s' is expected here, not '%s': is this a file "
					"that `subank export` wrote?",
					keys[i], item.text);
		if (!rc && i < 5)
			rc = read_header_value(import, i, err);
	}
	return rc ? rc : yaml_expect(import->reader, YAML_LIST, "the list of entries", &item, err);
}

static int set_id(struct books *books, void *ctx, struct sb_error *err)
{
	const struct import *import = ctx;

	return books_set_id(books, import->bank, err);
}

static int check_end(struct import *import, struct sb_error *err)
{
	struct yaml_item item;
	int rc = yaml_expect(import->reader, YAML_MAP_END, "the end", &item, err);

	if (!rc)
		rc = yaml_expect(import->reader, YAML_END, "the end of the file", &item, err);
	if (rc)
		return rc;
	if (import->result.seq != (uint64_t)import->count)
		return sb_error_set(err, SB_EFORMAT,
				    "%s: the header counts %" PRId64 " entries, the file has "
				    "%" PRIu64,
				    import->name, import->count, import->result.seq);
	if (memcmp(import->result.hash, import->head, HASH_SIZE) != 0)
		return sb_error_set(err, SB_EFORMAT,
				    "%s: the head in the header is not the hash of the last entry",
				    import->name);
	return SB_OK;
}

static void first_problem(const char *text, void *ctx)
{
	struct sb_error *err = ctx;

	if (!err->code)
		sb_error_set(err, SB_ECORRUPT, "%s", text);
}

/* What was built is proved once more as it lies on the disk. */
static int verify_built(struct bank *bank, const struct steps *steps, struct sb_error *err)
{
	struct sb_error found = {0};
	struct verify verify = {.found = first_problem, .ctx = &found, .steps = steps};
	int rc = bank_read(bank, 0, verify_books, &verify, err);

	if (!rc && verify.problems)
		rc = sb_error_set(err, SB_ECORRUPT, "what was imported does not verify: %s",
				  found.text);
	return rc;
}

static int fill(struct bank *bank, void *ctx, struct sb_error *err)
{
	struct import *import = ctx;
	struct yaml_item item;
	int rc = read_header(import, err);

	if (!rc)
		rc = bank_write(bank, 0, set_id, import, err);
	while (!rc) {
		rc = yaml_next(import->reader, &item, err);
		if (rc || item.type == YAML_LIST_END)
			break;
		if (item.type != YAML_MAP)
			return yaml_error(import->reader, &item, err, "an entry must be a mapping");
		rc = read_entry(import, &item, err);
		steps_at(import->steps, ++import->read, (uint64_t)import->count);
		if (!rc && import->waiting_count == BATCH)
			rc = flush_batch(import, bank, err);
	}
	if (!rc)
		rc = flush_batch(import, bank, err);
	if (!rc)
		rc = check_end(import, err);
	return rc ? rc : verify_built(bank, import->steps, err);
}

int import_yaml(const struct store_options *options, FILE *file, const char *name,
		struct replacing *replacing, const struct steps *steps, struct head *ret_head,
		struct sb_error *err)
{
	struct import *import = calloc(1, sizeof(*import));
	int rc;

	if (!import)
		return sb_error_nomem(err);
	import->name = name;
	import->steps = steps;
	rc = yaml_reader_new(file, name, &import->reader, err);
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
