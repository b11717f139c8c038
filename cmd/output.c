/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/output.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/nearest.h"
#include "ledger/amount.h"
#include "ledger/text.h"
#include "ledger/when.h"

enum { COLUMNS_MAX = 24, NAMED_MAX = 10 };

enum form { FORM_TABLE, FORM_PARSABLE, FORM_JSON };

struct output {
	struct env *env;
	const struct column *columns;
	size_t count;
	size_t shown[COLUMNS_MAX]; /* indexes into columns, in their order */
	size_t shown_count;
	enum form form;
	bool header;
	bool last_bar; /* -p: one more at the end */
	bool in_row;
	bool failed;
	char *cells[COLUMNS_MAX]; /* of the row, for parsable */
	struct libscols_table *table;
	struct libscols_line *line;
	json_t *list;
	json_t *object;
};

/* Reads --format into shown[]. */
static int choose_columns(struct output *output, const char *format, struct sb_error *err)
{
	const char *names[COLUMNS_MAX + 1], *close;
	char *copy = strdup(format), *rest = copy, *name;
	int rc = copy ? SB_OK : sb_error_nomem(err);

	while (!rc && (name = strsep(&rest, ","))) {
		size_t i = 0;

		while (i < output->count && strcasecmp(output->columns[i].name, name) != 0)
			i++;
		for (size_t j = 0; i < output->count && j < output->shown_count && !rc; j++) {
			if (output->shown[j] == i)
				rc = sb_error_set(err, SB_EINVAL,
						  "column '%s' is named twice in --format", name);
		}
		if (rc)
			break;
		if (i < output->count) {
			output->shown[output->shown_count++] = i;
			continue;
		}
		for (i = 0; i < output->count; i++)
			names[i] = output->columns[i].name;
		names[i] = NULL;
		close = nearest(name, names);
		rc = sb_error_set(err, SB_EINVAL,
				  "there is no column '%s' for --format%s%s%s; --help lists them",
				  name, close ? ": did you mean '" : "", close ? close : "",
				  close ? "'?" : "");
	}
	free(copy);
	return rc;
}

static int make_table(struct output *output, struct sb_error *err)
{
	output->table = scols_new_table();
	if (!output->table)
		return sb_error_nomem(err);
	scols_table_set_stream(output->table, output->env->out);
	scols_table_enable_noheadings(output->table, !output->header);
	/* Only a terminal has a width that lines must fit in. */
	scols_table_set_termforce(output->table, output->env->out_is_terminal
							 ? SCOLS_TERMFORCE_AUTO
							 : SCOLS_TERMFORCE_NEVER);
	for (size_t i = 0; i < output->shown_count; i++) {
		const struct column *column = &output->columns[output->shown[i]];
		bool last = i + 1 == output->shown_count;
		int flags = column->number ? SCOLS_FL_RIGHT : last ? SCOLS_FL_WRAP : 0;

		if (!scols_table_new_column(output->table, column->name, 0, flags))
			return sb_error_nomem(err);
	}
	return SB_OK;
}

static void print_parsable_header(const struct output *output)
{
	for (size_t i = 0; i < output->shown_count; i++)
		fprintf(output->env->out, "%s%s", i ? "|" : "",
			output->columns[output->shown[i]].name);
	fputs(output->last_bar ? "|\n" : "\n", output->env->out);
}

int output_new(struct env *env, const struct column *columns, size_t count, struct output **ret,
	       struct sb_error *err)
{
	struct output *output = calloc(1, sizeof(*output));
	const char *format = option(env, "format");
	int rc = SB_OK;

	if (!output)
		return sb_error_nomem(err);
	output->env = env;
	output->columns = columns;
	output->count = count;
	output->header = !option(env, "noheader");
	output->last_bar = option(env, "parsable");
	if (option(env, "json"))
		output->form = FORM_JSON;
	else if (output->last_bar || option(env, "parsable2"))
		output->form = FORM_PARSABLE;
	if (format)
		rc = choose_columns(output, format, err);
	/* JSON is for programs: everything, unless they chose. */
	for (size_t i = 0; !format && i < count; i++) {
		if (columns[i].shown || output->form == FORM_JSON)
			output->shown[output->shown_count++] = i;
	}
	if (!rc && output->form == FORM_TABLE)
		rc = make_table(output, err);
	if (!rc && output->form == FORM_JSON) {
		output->list = json_array();
		rc = output->list ? SB_OK : sb_error_nomem(err);
	}
	if (rc) {
		scols_unref_table(output->table);
		free(output);
		return rc;
	}
	if (output->form == FORM_PARSABLE && output->header)
		print_parsable_header(output);
	*ret = output;
	return SB_OK;
}

/* Ends the row that was begun. */
static void end_row(struct output *output)
{
	if (!output->in_row)
		return;
	output->in_row = false;
	if (output->form == FORM_JSON) {
		if (json_array_append_new(output->list, output->object))
			output->failed = true;
		output->object = NULL;
	}
	if (output->form != FORM_PARSABLE)
		return;
	for (size_t i = 0; i < output->shown_count; i++) {
		char *cell = output->cells[output->shown[i]];

		fprintf(output->env->out, "%s%s", i ? "|" : "", cell ? cell : "");
	}
	fputs(output->last_bar ? "|\n" : "\n", output->env->out);
	for (size_t i = 0; i < output->count; i++) {
		free(output->cells[i]);
		output->cells[i] = NULL;
	}
}

void output_row(struct output *output)
{
	end_row(output);
	output->in_row = true;
	if (output->form == FORM_TABLE) {
		output->line = scols_table_new_line(output->table, NULL);
		output->failed = output->failed || !output->line;
	} else if (output->form == FORM_JSON) {
		output->object = json_object();
		output->failed = output->failed || !output->object;
	}
}

/* Where the column stands among the shown; false if it is not shown. */
static bool place(const struct output *output, size_t column, size_t *ret)
{
	for (size_t i = 0; i < output->shown_count; i++) {
		if (output->shown[i] == column) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* Sets a cell of a table or a parsable row. */
static void set_cell(struct output *output, size_t column, const char *text)
{
	size_t size = 4 * strlen(text) + 1, at;
	char *escaped;

	if (output->failed || !place(output, column, &at))
		return;
	escaped = malloc(size);
	if (!escaped) {
		output->failed = true;
		return;
	}
	text_escape(escaped, size, text);
	if (output->form == FORM_PARSABLE) {
		/* A bar in a text would look like a column's end. */
		for (char *bar = escaped; (bar = strchr(bar, '|')); bar++)
			*bar = '/';
		free(output->cells[column]);
		output->cells[column] = escaped;
		return;
	}
	if (scols_line_set_data(output->line, at, escaped))
		output->failed = true;
	free(escaped);
}

/* Sets a member of a JSON object; takes over [value]. */
static void set_member(struct output *output, size_t column, const char *suffix, json_t *value)
{
	char name[64];
	size_t at;

	if (!place(output, column, &at)) {
		json_decref(value);
		return;
	}
	(void)snprintf(name, sizeof(name), "%s%s", output->columns[column].name, suffix);
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (!value || json_object_set_new(output->object, name, value))
		output->failed = true;
}

void output_text(struct output *output, size_t column, const char *text)
{
	if (output->form == FORM_JSON)
		set_member(output, column, "", *text ? json_string(text) : json_null());
	else
		set_cell(output, column, text);
}

void output_number(struct output *output, size_t column, int64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, number);
	if (output->form == FORM_JSON)
		set_member(output, column, "", json_integer(number));
	else
		set_cell(output, column, text);
}

void output_amount(struct output *output, size_t column, int64_t amount)
{
	char text[AMOUNT_TEXT_SIZE];

	if (output->form == FORM_JSON)
		set_member(output, column, "_seconds", json_integer(amount));
	else
		set_cell(output, column, amount_format(text, amount, output->env->seconds));
}

void output_percent(struct output *output, size_t column, int64_t percent)
{
	char text[24] = "-";

	if (output->form == FORM_JSON) {
		set_member(output, column, "", percent < 0 ? json_null() : json_integer(percent));
		return;
	}
	if (percent >= 0)
		(void)snprintf(text, sizeof(text), "%" PRId64 "%s", percent,
			       output->form == FORM_TABLE ? "%" : "");
	set_cell(output, column, text);
}

void output_time(struct output *output, size_t column, int64_t when)
{
	char text[WHEN_TEXT_SIZE];

	if (output->form == FORM_JSON)
		set_member(output, column, "",
			   when ? json_string(when_format_exact(text, when)) : json_null());
	else
		set_cell(output, column, when ? when_format_local(text, when) : "never");
}

void output_age(struct output *output, size_t column, int64_t when, int64_t now)
{
	char age[WHEN_TEXT_SIZE], text[WHEN_TEXT_SIZE + 8];

	if (output->form != FORM_TABLE || !when) {
		output_time(output, column, when);
		return;
	}
	(void)snprintf(text, sizeof(text), "%s ago", when_format_age(age, now - when));
	set_cell(output, column, text);
}

int output_flush(struct output *output, struct sb_error *err)
{
	if (!output)
		return SB_OK;
	end_row(output);
	if (output->form == FORM_TABLE && !scols_table_is_empty(output->table)) {
		if (scols_print_table(output->table))
			output->failed = true;
		scols_table_remove_lines(output->table);
		scols_table_enable_noheadings(output->table, 1);
	}
	return output->failed ? sb_error_nomem(err) : SB_OK;
}

const char *output_names(char to[NAMES_TEXT_SIZE], const char *const names[], size_t count)
{
	size_t at = 0;

	to[0] = '\0';
	for (size_t i = 0; i < count && i < NAMED_MAX && at < NAMES_TEXT_SIZE; i++)
		at += (size_t)snprintf(to + at, NAMES_TEXT_SIZE - at, "%s%s", i ? ", " : "",
				       names[i]);
	if (count > NAMED_MAX && at < NAMES_TEXT_SIZE)
		(void)snprintf(to + at, NAMES_TEXT_SIZE - at, " and %zu more", count - NAMED_MAX);
	return to;
}

int output_finish(struct output *output, struct sb_error *err)
{
	bool failed;

	if (!output)
		return SB_OK;
	end_row(output);
	if (!output->failed && output->form == FORM_TABLE && !scols_table_is_empty(output->table) &&
	    scols_print_table(output->table))
		output->failed = true;
	if (!output->failed && output->form == FORM_JSON) {
		if (json_dumpf(output->list, output->env->out, JSON_INDENT(2)))
			output->failed = true;
		fputc('\n', output->env->out);
	}
	failed = output->failed;
	json_decref(output->list);
	scols_unref_table(output->table);
	free(output);
	return failed ? sb_error_nomem(err) : SB_OK;
}

int output_from_bank(struct env *env, const struct column *columns, size_t count, books_fn *list,
		     void *ctx, struct output **ret_output)
{
	struct sb_error err;
	int rc, finished;

	if (output_new(env, columns, count, ret_output, &err))
		return fail(env, &err);
	rc = bank_read(env->bank, env->now(), list, ctx, &err);
	/* Not half of an answer, nor an empty one. */
	if (rc)
		(*ret_output)->failed = true;
	finished = output_finish(*ret_output, rc ? NULL : &err);
	return rc || finished ? fail(env, &err) : EXIT_DONE;
}
