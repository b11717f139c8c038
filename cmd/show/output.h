/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of results: as a table for people (grid.h), with '|' for programs, as CSV or JSON. */
#pragma once

#include <stdint.h>

#include "cmd/frame/env.h"
#include "cmd/show/grid.h"

struct output;

/* True if the options ask for a table with the lines above and below it. */
bool output_has_frame(const struct env *env);

/* Returns SB_EINVAL if the options ask for more than one of the forms for programs. */
int output_check_forms(const struct env *env, struct sb_error *err);

/* Creates an output in the form that the command's options ask for. Checks those options: returns
 * SB_EINVAL also if --format names an unknown column. output_finish() frees it. */
int output_new(struct env *env, const struct column *columns, size_t count, struct output **ret,
	       struct sb_error *err);

/* Sets the note that output_finish() prints for people if there was no row. Borrows [text]. */
void output_if_empty(struct output *output, const char *text);

/* If rows may be of purses of other resources than SU, call this before the first row. It shows the
 * columns of the kinds CELL_UNIT and, in JSON and CSV, CELL_RESOURCE even without --format, except
 * with -p and -P. With --unit su the names of amounts then do not end in "_su". */
void output_show_units(struct output *output);

/* Sets the line that explains units below a table on a terminal, printed if its amounts are in
 * several units and it has no column of units. Borrows [text]. */
void output_units_below(struct output *output, const char *text);

/* Begins a row. Its cells are then set in any order; those not set are empty. [column] is an index
 * into the columns of output_new(). Texts are escaped. */
void output_row(struct output *output);
void output_text(struct output *output, size_t column, const char *text);
void output_number(struct output *output, size_t column, int64_t number);
/* Sets the purse that the row's amounts are of; call it before any of them is set. Without it they
 * are in SU. */
void output_unit(struct output *output, const char *purse);
void output_amount(struct output *output, size_t column, int64_t amount);
/* Sets hours of a TRES, whatever unit the row's amounts have: "12.50", seconds in JSON and CSV and
 * with --seconds. -1: not known; empty, null in JSON. The column is of the kind CELL_HOURS. */
void output_hours(struct output *output, size_t column, int64_t seconds);
/* Sets a missing amount: [word] in a table and with -P, null in JSON, empty in CSV. */
void output_no_amount(struct output *output, size_t column, const char *word);
/* Writes "yes" or "no"; true or false in JSON. */
void output_flag(struct output *output, size_t column, bool flag);
void output_percent(struct output *output, size_t column, int64_t percent); /* -1: "-" */
/* Writes a time: local time in a table and with -P, on a terminal without seconds if they are 0;
 * RFC 3339 in JSON and CSV. 0 is "never". */
void output_time(struct output *output, size_t column, int64_t when);
/* Sets a missing time: [word] in a table and with -P, null in JSON, empty in CSV. */
void output_no_time(struct output *output, size_t column, const char *word);
/* Sets the number by which --sort sorts a cell whose text is a word. Without it a missing amount or
 * time has no value, and its row comes last. Call it after setting the cell. */
void output_sort_as(struct output *output, size_t column, int64_t number);
/* Makes the current row stay behind all others when rows are sorted. */
void output_last(struct output *output);
/* Puts the row below the one called [name] in the tree that a table shows: grid_below(). */
void output_below(struct output *output, const char *name);
/* Writes how long ago [when] was in a table, and the time itself in other forms. 0 is "never". */
void output_age(struct output *output, size_t column, int64_t when, int64_t now);

/* Creates an output, lets [list] fill *ret_output from the bank, and prints it. Returns the exit
 * status. */
int output_from_bank(struct env *env, const struct column *columns, size_t count, books_fn *list,
		     void *ctx, struct output **ret_output);

/* Prints the rows added so far. Verbs with CMD_SORT must not call it. Rows printed later have no
 * header. JSON is one list, so its rows wait for output_finish(). */
int output_flush(struct output *output, struct sb_error *err);

/* Stops the output: nothing more is printed, since half an answer or an empty one could be taken
 * for an answer. The caller reports the error; output_finish() returns none. */
void output_fail(struct output *output);
/* Whether the column is shown. */
bool output_shows(const struct output *output, size_t column);
/* True if no row was begun. */
bool output_is_empty(const struct output *output);

/* Sorts the names and keeps each once. Returns how many remain. */
size_t names_once(const char *names[], size_t count);
/* Writes "a, b, c", or the first ten "and N more", for a cell or a line. Returns [to]. */
enum { NAMES_TEXT_SIZE = 2048 };
const char *output_names(char to[NAMES_TEXT_SIZE], const char *const names[], size_t count);

/* Prints the rest and frees the output, which may be NULL. */
int output_finish(struct output *output, struct sb_error *err);
