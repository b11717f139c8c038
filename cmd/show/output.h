/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of results: as a table for people (grid.h), with '|' for programs, as CSV or JSON. */
#ifndef SUBANK_CMD_SHOW_OUTPUT_H
#define SUBANK_CMD_SHOW_OUTPUT_H

#include <stdint.h>

#include "cmd/frame/env.h"
#include "cmd/show/grid.h"

struct output;

bool prints_for_people(const struct env *env);
/* Whether the options ask for a table that people read, with the lines above and below it. */
bool output_has_frame(const struct env *env);

/* SB_EINVAL when the options ask for more than one of the forms for programs. */
int output_check_forms(const struct env *env, struct sb_error *err);

/* Makes an output as the options of the command ask, which it checks. SB_EINVAL also when --format
 * names a column that is not there. */
int output_new(struct env *env, const struct column *columns, size_t count, struct output **ret,
	       struct sb_error *err);

/* What output_finish() tells people if there was no row: an empty screen would leave them alone. */
void output_if_empty(struct output *output, const char *text);

/* Begins a row; then its cells in any order, by column; those not set are empty. Texts are escaped.
 */
void output_row(struct output *output);
void output_text(struct output *output, size_t column, const char *text);
void output_number(struct output *output, size_t column, int64_t number);
void output_amount(struct output *output, size_t column, int64_t amount);
/* What stands in the place of an amount: a word for people and with -P, null in JSON, empty in CSV.
 */
void output_no_amount(struct output *output, size_t column, const char *word);
/* "yes" or "no"; true or false in JSON. */
void output_flag(struct output *output, size_t column, bool flag);
void output_percent(struct output *output, size_t column, int64_t percent); /* -1: "-" */
/* A time: local for people, on a terminal without seconds that are 0; RFC 3339 in JSON and CSV; 0
 * is "never". */
void output_time(struct output *output, size_t column, int64_t when);
/* What stands in the place of a time: a word for people, null in JSON, empty in CSV. */
void output_no_time(struct output *output, size_t column, const char *word);
/* In a tree the row hangs below the one whose first name is [name]. */
void output_below(struct output *output, const char *name);
/* How long ago, for people; the time itself otherwise. 0 is "never". */
void output_age(struct output *output, size_t column, int64_t when, int64_t now);

/* Makes an output, lets [list] fill *ret_output from the bank, and prints. Returns the exit status.
 */
int output_from_bank(struct env *env, const struct column *columns, size_t count, books_fn *list,
		     void *ctx, struct output **ret_output);

/* Prints the rows there are; what comes later has no header. Not for JSON, which is one list. */
int output_flush(struct output *output, struct sb_error *err);

/* Nothing more is printed of it, and output_finish() has no error: the caller tells what went
 * wrong. Half of an answer, or an empty one, would look like an answer. */
void output_fail(struct output *output);
/* No row was begun. */
bool output_is_empty(const struct output *output);

/* Sorts the names and keeps each once. Returns how many are left. */
size_t names_once(const char *names[], size_t count);
/* "a, b, c", or the first ten "and N more", for a cell or a line. Returns [to]. */
enum { NAMES_TEXT_SIZE = 2048 };
const char *output_names(char to[NAMES_TEXT_SIZE], const char *const names[], size_t count);

/* Prints what is not printed yet and frees it. NULL is allowed. */
int output_finish(struct output *output, struct sb_error *err);

#endif
