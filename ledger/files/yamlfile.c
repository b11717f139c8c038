/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/files/yamlfile.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "ledger/base/number.h"

struct yaml_reader {
	yaml_parser_t parser;
	yaml_event_t event; /* holds the text of the last item */
	bool have_event;
	bool document; /* one has begun */
	int depth;
	const char *name;
	FILE *file;
	size_t lines; /* newlines in what libyaml was given so far */
	size_t unread; /* bytes that it was given since the last item */
	bool begun; /* it was given some */
	bool marked; /* the file begins with a byte order mark, which libyaml would take for
			indentation */
};

static size_t count_lines(const unsigned char *data, size_t len)
{
	const unsigned char *end = data + len;
	size_t count = 0;

	while (data < end && (data = memchr(data, '\n', (size_t)(end - data)))) {
		data++;
		count++;
	}
	return count;
}

static int read_file(void *ctx, unsigned char *buffer, size_t size, size_t *ret_len)
{
	struct yaml_reader *reader = ctx;

	/* libyaml keeps all of an item in memory. */
	if (reader->unread > YAML_ITEM_MAX)
		return 0;
	*ret_len = fread(buffer, 1, size, reader->file);
	reader->marked = !reader->begun && *ret_len >= 3 && memcmp(buffer, "\xef\xbb\xbf", 3) == 0;
	reader->begun = true;
	if (reader->marked)
		return 0;
	reader->lines += count_lines(buffer, *ret_len);
	reader->unread += *ret_len;
	return !ferror(reader->file);
}

int yaml_reader_new(FILE *file, const char *name, struct yaml_reader **ret, struct sb_error *err)
{
	struct yaml_reader *reader = calloc(1, sizeof(*reader));

	if (!reader || !yaml_parser_initialize(&reader->parser)) {
		free(reader);
		return sb_error_nomem(err);
	}
	reader->file = file;
	yaml_parser_set_input(&reader->parser, read_file, reader);
	/* Otherwise libyaml would guess. subank writes UTF-8. */
	yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
	reader->name = name;
	*ret = reader;
	return SB_OK;
}

static void drop_event(struct yaml_reader *reader)
{
	if (reader->have_event)
		yaml_event_delete(&reader->event);
	reader->have_event = false;
}

void yaml_reader_free(struct yaml_reader *reader)
{
	if (!reader)
		return;
	drop_event(reader);
	yaml_parser_delete(&reader->parser);
	free(reader);
}

int yaml_error(const struct yaml_reader *reader, const struct yaml_item *at, struct sb_error *err,
	       const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return sb_error_set(err, SB_EFORMAT, "%s:%zu:%zu: %s", reader->name, at->line, at->column,
			    text);
}

static struct yaml_item item_at(yaml_mark_t mark)
{
	return (struct yaml_item){.line = mark.line + 1, .column = mark.column + 1};
}

static int parser_error(struct yaml_reader *reader, struct sb_error *err)
{
	const yaml_parser_t *parser = &reader->parser;
	struct yaml_item at = item_at(parser->problem_mark);

	if (parser->error == YAML_MEMORY_ERROR)
		return sb_error_nomem(err);
	if (parser->error == YAML_READER_ERROR && ferror(reader->file))
		return sb_error_set(err, SB_ESYSTEM, "%s cannot be read", reader->name);
	if (parser->error == YAML_READER_ERROR && reader->marked)
		return sb_error_set(err, SB_EFORMAT,
				    "%s:1:1: the file begins with a byte order mark: save it as "
				    "UTF-8 without one",
				    reader->name);
	if (parser->error == YAML_READER_ERROR && reader->unread > YAML_ITEM_MAX)
		return sb_error_set(err, SB_EFORMAT,
				    "%s:%zu: more than %d bytes without a key or a value",
				    reader->name, 1 + reader->lines, YAML_ITEM_MAX);
	/* Bad UTF-8: libyaml knows only the offset, and has not decoded what follows it. */
	if (parser->error == YAML_READER_ERROR)
		return sb_error_set(err, SB_EFORMAT, "%s:%zu: byte %zu of the file: %s",
				    reader->name,
				    1 + reader->lines -
					    count_lines(parser->raw_buffer.pointer,
							(size_t)(parser->raw_buffer.last -
								 parser->raw_buffer.pointer)),
				    parser->problem_offset,
				    parser->problem ? parser->problem : "cannot be read");
	return yaml_error(reader, &at, err, "%s",
			  parser->problem ? parser->problem : "not valid YAML");
}

static int take_scalar(struct yaml_reader *reader, struct yaml_item *item, struct sb_error *err)
{
	const char *text = (const char *)reader->event.data.scalar.value;
	size_t len = reader->event.data.scalar.length;

	if (len > YAML_SCALAR_MAX)
		return yaml_error(reader, item, err, "a text of %zu bytes: at most %d are allowed",
				  len, YAML_SCALAR_MAX);
	if (memchr(text, '\0', len))
		return yaml_error(reader, item, err, "a NUL character is not allowed");
	item->text = text;
	item->plain = reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return SB_OK;
}

/* Refuses aliases, anchors and tags: the format does not need them, and they make loops, bombs and
 * unexpected types possible. */
static int refuse_extras(struct yaml_reader *reader, const struct yaml_item *item,
			 struct sb_error *err)
{
	const yaml_event_t *event = &reader->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (event->type == YAML_ALIAS_EVENT)
		return yaml_error(reader, item, err, "aliases (*name) are not allowed");
	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (anchor)
		return yaml_error(reader, item, err, "anchors (&name) are not allowed");
	if (tag)
		return yaml_error(reader, item, err, "tags (!name) are not allowed");
	return SB_OK;
}

/* Converts the event to an item. *ret_none becomes true if the event is not an item. */
static int take_event(struct yaml_reader *reader, struct yaml_item *item, bool *ret_none,
		      struct sb_error *err)
{
	*ret_none = false;
	switch (reader->event.type) {
	case YAML_DOCUMENT_START_EVENT:
		if (reader->document)
			return yaml_error(reader, item, err, "a second document is not allowed");
		reader->document = true;
		*ret_none = true;
		return SB_OK;
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		*ret_none = true;
		return SB_OK;
	case YAML_STREAM_END_EVENT:
		item->type = YAML_END;
		return SB_OK;
	case YAML_SCALAR_EVENT:
		item->type = YAML_SCALAR;
		return take_scalar(reader, item, err);
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		item->type = reader->event.type == YAML_MAPPING_START_EVENT ? YAML_MAP : YAML_LIST;
		if (++reader->depth > YAML_DEPTH_MAX)
			return yaml_error(reader, item, err, "nested deeper than %d levels",
					  YAML_DEPTH_MAX);
		return SB_OK;
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		item->type =
			reader->event.type == YAML_MAPPING_END_EVENT ? YAML_MAP_END : YAML_LIST_END;
		reader->depth--;
		return SB_OK;
	default:
		return yaml_error(reader, item, err, "not expected here");
	}
}

int yaml_next(struct yaml_reader *reader, struct yaml_item *ret, struct sb_error *err)
{
	struct yaml_item item;
	bool none;

	do {
		drop_event(reader);
		if (!yaml_parser_parse(&reader->parser, &reader->event))
			return parser_error(reader, err);
		reader->have_event = true;
		reader->unread = 0;
		item = item_at(reader->event.start_mark);
		TRY(refuse_extras(reader, &item, err));
		TRY(take_event(reader, &item, &none, err));
	} while (none);
	*ret = item;
	return SB_OK;
}

int yaml_expect(struct yaml_reader *reader, enum yaml_type type, const char *what,
		struct yaml_item *ret, struct sb_error *err)
{
	static const char *const found[] = {
		[YAML_MAP] = "a mapping",  [YAML_MAP_END] = "the end of a mapping",
		[YAML_LIST] = "a list",	   [YAML_LIST_END] = "the end of a list",
		[YAML_SCALAR] = "a value", [YAML_END] = "the end of the file",
	};
	struct yaml_item item;

	TRY(yaml_next(reader, &item, err));
	if (item.type != type)
		return yaml_error(reader, &item, err, "%s is expected here, not %s", what,
				  found[item.type]);
	*ret = item;
	return SB_OK;
}

int yaml_member(struct yaml_reader *reader, enum yaml_type type, const char *what,
		struct yaml_item *ret, struct sb_error *err)
{
	struct yaml_item item;

	TRY(yaml_next(reader, &item, err));
	if (item.type != type && item.type != YAML_MAP_END && item.type != YAML_LIST_END)
		return yaml_error(reader, &item, err, "%s is expected here", what);
	*ret = item;
	return SB_OK;
}

/* Returns whether a number has the form that subank writes: without leading zeros, and not -0. */
static bool is_as_written(const char *text)
{
	return text[*text == '-'] != '0' || strcmp(text, "0") == 0;
}

bool yaml_unsigned(const struct yaml_item *item, uint64_t *ret)
{
	return item->plain && is_as_written(item->text) &&
	       number_unsigned(item->text, strlen(item->text), ret);
}

bool yaml_number(const struct yaml_item *item, int64_t *ret)
{
	return item->plain && is_as_written(item->text) &&
	       number_parse(item->text, INT64_MIN, INT64_MAX, ret);
}

struct yaml_writer {
	yaml_emitter_t emitter;
	bool failed;
};

/* Writes [event], which libyaml takes over; [made] is what its initialiser returned. */
static void emit(struct yaml_writer *writer, yaml_event_t *event, int made)
{
	if (!made)
		writer->failed = true;
	else if (writer->failed)
		yaml_event_delete(event);
	else if (!yaml_emitter_emit(&writer->emitter, event))
		writer->failed = true;
}

int yaml_writer_new(FILE *file, struct yaml_writer **ret, struct sb_error *err)
{
	struct yaml_writer *writer = calloc(1, sizeof(*writer));
	yaml_event_t event;

	if (!writer || !yaml_emitter_initialize(&writer->emitter)) {
		free(writer);
		return sb_error_nomem(err);
	}
	yaml_emitter_set_output_file(&writer->emitter, file);
	yaml_emitter_set_width(&writer->emitter, -1);
	yaml_emitter_set_unicode(&writer->emitter, 1);
	emit(writer, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
	emit(writer, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
	*ret = writer;
	return SB_OK;
}

void yaml_put_begin(struct yaml_writer *writer, enum yaml_type type, bool flow)
{
	yaml_mapping_style_t map = flow ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE;
	yaml_sequence_style_t list = flow ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE;
	yaml_event_t event;

	emit(writer, &event,
	     type == YAML_MAP ? yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, map)
			      : yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, list));
}

void yaml_put_end(struct yaml_writer *writer, enum yaml_type type)
{
	yaml_event_t event;

	emit(writer, &event,
	     type == YAML_MAP ? yaml_mapping_end_event_initialize(&event)
			      : yaml_sequence_end_event_initialize(&event));
}

static void put_scalar(struct yaml_writer *writer, const char *text, bool quoted)
{
	yaml_scalar_style_t style =
		quoted ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE;
	yaml_event_t event;

	emit(writer, &event,
	     yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text,
					  (int)strlen(text), !quoted, quoted, style));
}

void yaml_put_text(struct yaml_writer *writer, const char *text)
{
	put_scalar(writer, text, true);
}

void yaml_put_word(struct yaml_writer *writer, const char *word)
{
	put_scalar(writer, word, false);
}

/* Exports write many numbers: this is faster than printf(). */
static void put_digits(struct yaml_writer *writer, uint64_t number, bool negative)
{
	char text[24], *at = text + sizeof(text) - 1;

	*at = '\0';
	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	if (negative)
		*--at = '-';
	put_scalar(writer, at, false);
}

void yaml_put_number(struct yaml_writer *writer, int64_t number)
{
	put_digits(writer, number < 0 ? -(uint64_t)number : (uint64_t)number, number < 0);
}

void yaml_put_unsigned(struct yaml_writer *writer, uint64_t number)
{
	put_digits(writer, number, false);
}

int yaml_writer_finish(struct yaml_writer *writer, struct sb_error *err)
{
	yaml_event_t event;
	bool failed;

	emit(writer, &event, yaml_document_end_event_initialize(&event, 1));
	emit(writer, &event, yaml_stream_end_event_initialize(&event));
	if (!writer->failed && !yaml_emitter_flush(&writer->emitter))
		writer->failed = true;
	failed = writer->failed;
	yaml_emitter_delete(&writer->emitter);
	free(writer);
	if (failed)
		return sb_error_set(err, SB_ESYSTEM,
				    "the file could not be written whole: is the disk full?");
	return SB_OK;
}
