/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only place that knows libyaml: reading a file item by item, strictly, and writing one. Both
 * stream; nothing grows with the file. */
#ifndef SUBANK_LEDGER_FILES_YAMLFILE_H
#define SUBANK_LEDGER_FILES_YAMLFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ledger/base/error.h"

enum {
	YAML_DEPTH_MAX = 16, /* nested lists and mappings */
	YAML_SCALAR_MAX = 64 << 10, /* bytes */
	YAML_ITEM_MAX = 1 << 20, /* bytes of an item with the blanks and comments before it */
};

enum yaml_type { YAML_MAP, YAML_MAP_END, YAML_LIST, YAML_LIST_END, YAML_SCALAR, YAML_END };

struct yaml_item {
	enum yaml_type type;
	const char *
		text; /* scalar: UTF-8 with a NUL behind it and none inside; valid until the next */
	bool plain; /* scalar without quotes: may be a number */
	size_t line; /* from 1 */
	size_t column;
};

struct yaml_reader;

/* Reads [file], which stays the caller's; [name] is for messages and must outlive the reader. */
int yaml_reader_new(FILE *file, const char *name, struct yaml_reader **ret, struct sb_error *err);
void yaml_reader_free(struct yaml_reader *reader);

/* The next item of the only document in the file. Refused, with file, line and column: anchors,
 * aliases, tags, a second document, anything past the bounds above. SB_EFORMAT. */
int yaml_next(struct yaml_reader *reader, struct yaml_item *ret, struct sb_error *err);

/* The same, and it must be of that type; [what] says what is wanted there, for the message. */
int yaml_expect(struct yaml_reader *reader, enum yaml_type type, const char *what,
		struct yaml_item *ret, struct sb_error *err);

/* SB_EFORMAT with "file:line:column: text" for a place that the reader gave. */
int yaml_error(const struct yaml_reader *reader, const struct yaml_item *at, struct sb_error *err,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* A plain decimal number without sign tricks: -?(0|[1-9][0-9]*), within int64. */
bool yaml_number(const struct yaml_item *item, int64_t *ret);
/* The same without a sign, up to UINT64_MAX. */
bool yaml_unsigned(const struct yaml_item *item, uint64_t *ret);

struct yaml_writer;

/* Writes to [file], which stays the caller's. After an error the others do nothing and
 * yaml_writer_finish() returns it. */
int yaml_writer_new(FILE *file, struct yaml_writer **ret, struct sb_error *err);
/* [flow]: on one line, {a: 1}; else one member a line. */
void yaml_put_map(struct yaml_writer *writer, bool flow);
void yaml_put_map_end(struct yaml_writer *writer);
void yaml_put_list(struct yaml_writer *writer, bool flow);
void yaml_put_list_end(struct yaml_writer *writer);
void yaml_put_key(struct yaml_writer *writer, const char *key);
void yaml_put_text(struct yaml_writer *writer, const char *text); /* always quoted */
void yaml_put_word(struct yaml_writer *writer, const char *word); /* plain: a word of the format */
void yaml_put_number(struct yaml_writer *writer, int64_t number);
void yaml_put_unsigned(struct yaml_writer *writer, uint64_t number);
/* Ends the document and frees the writer; SB_ESYSTEM when anything could not be written. */
int yaml_writer_finish(struct yaml_writer *writer, struct sb_error *err);

#endif
