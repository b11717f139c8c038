/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads and writes YAML files strictly and item by item. The only user of libyaml. Memory does not
 * grow with the file. */
#pragma once

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
	const char *text; /* of a scalar: UTF-8 without a NUL inside; valid until the next item */
	bool plain; /* a scalar without quotes: may be a number */
	size_t line; /* from 1 */
	size_t column;
};

struct yaml_reader;

/* Creates a reader of [file], which the caller closes. [name] is for messages. Both must outlive
 * the reader, which yaml_reader_free() frees; NULL is allowed there. */
int yaml_reader_new(FILE *file, const char *name, struct yaml_reader **ret, struct sb_error *err);
void yaml_reader_free(struct yaml_reader *reader);

/* Reads the next item of the only document in the file. Returns SB_EFORMAT, with file, line and
 * column in the text, for anchors, aliases, tags, a second document, and beyond the limits above.
 */
int yaml_next(struct yaml_reader *reader, struct yaml_item *ret, struct sb_error *err);

/* Reads the next item, which must be of [type]; [what] names it in the message. */
int yaml_expect(struct yaml_reader *reader, enum yaml_type type, const char *what,
		struct yaml_item *ret, struct sb_error *err);

/* Reads the next member of a list, or key of a mapping, which must be of [type], or the end of the
 * list or mapping; [what] names it in the message. */
int yaml_member(struct yaml_reader *reader, enum yaml_type type, const char *what,
		struct yaml_item *ret, struct sb_error *err);

/* Sets "file:line:column: text" for the place of an item. Returns SB_EFORMAT. */
int yaml_error(const struct yaml_reader *reader, const struct yaml_item *at, struct sb_error *err,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Reads a plain decimal number, -?(0|[1-9][0-9]*) but not -0, within int64. Returns false for
 * anything else. */
bool yaml_number(const struct yaml_item *item, int64_t *ret);
/* Reads such a number without a sign, up to UINT64_MAX. */
bool yaml_unsigned(const struct yaml_item *item, uint64_t *ret);

struct yaml_writer;

/* Creates a writer to [file], which the caller closes. After an error the other functions do
 * nothing, and yaml_writer_finish() returns it. */
int yaml_writer_new(FILE *file, struct yaml_writer **ret, struct sb_error *err);
/* Begins and ends a YAML_MAP or YAML_LIST: with [flow] on one line, such as {a: 1}, else with one
 * member a line. */
void yaml_put_begin(struct yaml_writer *writer, enum yaml_type type, bool flow);
void yaml_put_end(struct yaml_writer *writer, enum yaml_type type);
void yaml_put_text(struct yaml_writer *writer, const char *text); /* in quotes */
void yaml_put_word(struct yaml_writer *writer, const char *word); /* plain: a key or a word */
void yaml_put_number(struct yaml_writer *writer, int64_t number);
void yaml_put_unsigned(struct yaml_writer *writer, uint64_t number);
/* Ends the document and frees the writer. Returns SB_ESYSTEM when anything was not written. */
int yaml_writer_finish(struct yaml_writer *writer, struct sb_error *err);
