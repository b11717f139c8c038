/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/output.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/frame/status_line.h"
#include "cmd/show/progress.h"
#include "cmd/show/sort.h"
#include "ledger/account/purse.h"
#include "ledger/base/amount.h"
#include "ledger/base/array.h"
#include "ledger/base/comma.h"
#include "ledger/base/csv_row.h"
#include "ledger/base/nearest.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"

enum { NAMED_MAX = 10 };

enum form { FORM_TABLE, FORM_PARSABLE, FORM_CSV, FORM_JSON };

struct output {
	struct env *env;
	const struct column *columns;
	size_t count;
	size_t shown[COLUMNS_MAX]; /* indexes into columns, in the order of printing */
	size_t shown_count;
	enum form form;
	bool decimals; /* --unit su: amounts for programs are decimals in the row's unit */
	bool last_bar; /* -p: a line ends with a bar */
	bool in_row;
	bool failed; /* nothing more is printed; [err] says why */
	bool given_up; /* the same, but the caller reports why */
	bool has_header; /* of -p, -P and CSV: it was printed */
	struct sb_error err;
	char *cells[COLUMNS_MAX]; /* of the row, for parsable and CSV */
	bool texts[COLUMNS_MAX]; /* the cells that CSV has in quotes */
	struct grid *grid;
	struct grid_style style;
	struct sort sort; /* with --sort: keeps all rows until they can be printed in order */
	struct unit unit; /* of the row's amounts */
	struct unit common; /* the unit of all rows' amounts, unless [mixed] */
	bool named_unit, common_is_su, mixed;
	bool uses_units; /* a column of units or resources is shown or is a key of --sort */
	bool has_units; /* output_show_units() was called */
	const char *units_below; /* the line to print below a table with several units; NULL: the
				    usual one */
	bool had_row;
	const char *if_empty; /* the note if there is no row; NULL: none */
	json_t *list;
	json_t *object;
};

/* Whether that is the name of the column, in any case. A column of hours has two: "CPU-h" and
 * "CPU-s", whichever its header has. */
static bool is_named(const struct column *column, const char *name)
{
	const size_t len = strlen(column->name);

	if (strcasecmp(column->name, name) == 0)
		return true;
	return column->kind == CELL_HOURS && strlen(name) == len &&
	       strncasecmp(column->name, name, len - 1) == 0 && strchr("hHsS", name[len - 1]);
}

static int find_column(const struct output *output, const char *name, size_t *ret,
		       struct sb_error *err)
{
	const char *names[COLUMNS_MAX + 1] = {NULL};
	size_t column = 0;

	for (size_t i = 0; i < output->count; i++)
		names[i] = output->columns[i].name;
	while (names[column] && !is_named(&output->columns[column], name))
		column++;
	if (!names[column])
		return nearest_error("there is no column", name, names, err);
	*ret = column;
	return SB_OK;
}

bool output_shows(const struct output *output, size_t column)
{
	for (size_t i = 0; i < output->shown_count; i++) {
		if (output->shown[i] == column)
			return true;
	}
	return false;
}

/* Adds a column of --format to shown[]. */
static int show_column(void *ctx, const char *name, struct sb_error *err)
{
	struct output *output = ctx;
	size_t column;

	TRY(find_column(output, name, &column, err));
	if (output_shows(output, column))
		return sb_error_set(err, SB_EINVAL, "column '%s' is named twice in --format", name);
	output->shown[output->shown_count++] = column;
	return SB_OK;
}

/* Whether output_show_units() adds the column. */
static bool is_of_units(const struct output *output, size_t column)
{
	enum cell_kind kind = output->columns[column].kind;

	return kind == CELL_UNIT || kind == CELL_RESOURCE;
}

/* Adds a column of --sort to the keys. */
static int sort_column(void *ctx, const char *name, struct sb_error *err)
{
	struct output *output = ctx;
	struct sort *sort = &output->sort;
	bool down = *name == '-';
	size_t column;

	TRY(find_column(output, name + down, &column, err));
	for (size_t i = 0; i < sort->key_count; i++) {
		if (sort->keys[i].column == column)
			return sb_error_set(err, SB_EINVAL, "column '%s' is named twice in --sort",
					    name + down);
	}
	sort->keys[sort->key_count++] = (struct sort_key){column, down};
	output->uses_units = output->uses_units || is_of_units(output, column);
	return SB_OK;
}

bool output_has_frame(const struct env *env)
{
	return prints_for_people(env) && !option(env, "noheader");
}

int output_check_forms(const struct env *env, struct sb_error *err)
{
	static const char *const forms[] = {"json", "csv", "parsable", "parsable2"};
	const char *found = NULL;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (!option(env, forms[i]))
			continue;
		if (found)
			return sb_error_set(err, SB_EINVAL, "--%s and --%s exclude each other",
					    found, forms[i]);
		found = forms[i];
	}
	return SB_OK;
}

/* Reads --unit. */
static int choose_unit(const struct env *env, bool *ret_decimals, struct sb_error *err)
{
	static const char *const words[] = {"seconds", "su", NULL};
	const char *word = option(env, "unit");
	size_t i = 0;

	while (word && words[i] && strcmp(words[i], word) != 0)
		i++;
	if (!words[i])
		return nearest_error("--unit takes no", word, words, err);
	if (word && !option(env, "json") && !option(env, "csv"))
		return sb_error_set(err, SB_EINVAL,
				    "--unit goes with --json or --csv: a table is in SU, or with "
				    "--seconds in billing-seconds");
	if (i == 1 && env->seconds)
		return sb_error_set(err, SB_EINVAL, "--unit su and --seconds exclude each other");
	*ret_decimals = i == 1;
	return SB_OK;
}

/* Reads --color. With "auto", NO_COLOR (no-color.org) and a terminal without colours count too. */
static int choose_colour(const struct env *env, bool *ret, struct sb_error *err)
{
	static const char *const words[] = {"auto", "always", "never", NULL};
	const char *word = option(env, "color"), *none = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	size_t i = 0;

	while (word && words[i] && strcmp(words[i], word) != 0)
		i++;
	if (!words[i])
		return nearest_error("--color takes no", word, words, err);
	*ret = i == 1 || (i == 0 && env->os.out_is_terminal && !(none && *none) && terminal &&
			  strcmp(terminal, "dumb") != 0);
	return SB_OK;
}

/* Writes the name that a column has in CSV and JSON. Returns [to]. */
static const char *program_name(char to[64], const struct column *column, const char *suffix)
{
	size_t len = strlen(column->name);

	/* "CPU-h" */
	if (column->kind == CELL_HOURS)
		len -= 2;
	(void)snprintf(to, 64, "%.*s%s", (int)len, column->name, suffix);
	for (char *c = to; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return to;
}

/* Returns what follows the name of a column of amounts in CSV and JSON. */
static const char *amount_suffix(const struct output *output)
{
	/* In a table of several units a column of them names each row's. */
	return !output->decimals ? "_seconds" : output->has_units ? "" : "_su";
}

/* Records that memory ran out, unless the output has failed before. */
static void no_memory(struct output *output)
{
	if (!output->failed)
		sb_error_nomem(&output->err);
	output->failed = true;
}

/* Returns what follows the name of a column in CSV and JSON. */
static const char *name_suffix(const struct output *output, const struct column *column)
{
	return column->kind == CELL_AMOUNT  ? amount_suffix(output)
	       : column->kind == CELL_HOURS ? "_seconds"
					    : "";
}

/* Called only after the first step that can fail: a header alone could be taken for an answer. */
static void print_header(struct output *output)
{
	struct csv_row row = {.file = output->env->os.out};
	char name[64];

	if (output->has_header || !output->style.header ||
	    (output->form != FORM_PARSABLE && output->form != FORM_CSV))
		return;
	output->has_header = true;
	for (size_t i = 0; i < output->shown_count; i++) {
		const struct column *column = &output->columns[output->shown[i]];

		if (output->form == FORM_CSV)
			csv_text(&row, program_name(name, column, name_suffix(output, column)));
		else
			fprintf(output->env->os.out, "%s%s", i ? "|" : "", column->name);
	}
	if (output->form == FORM_CSV)
		csv_end(&row);
	else
		fputs(output->last_bar ? "|\n" : "\n", output->env->os.out);
}

/* Whether a column is shown without --format. JSON and CSV have all, but
 * the users of shares only with them. */
static bool is_shown(const struct output *output, size_t column)
{
	if (is_of_units(output, column))
		return output->has_units &&
		       (output->columns[column].kind == CELL_UNIT || output->form != FORM_TABLE) &&
		       output->form != FORM_PARSABLE;
	return output->columns[column].shown ||
	       (output->columns[column].kind != CELL_USER &&
		(output->form == FORM_JSON || output->form == FORM_CSV));
}

/* Chooses the columns to show and creates the grid for them. */
static int lay_columns(struct output *output, struct sb_error *err)
{
	bool chosen = option(output->env, "format");

	if (!chosen)
		output->shown_count = 0;
	for (size_t i = 0; !chosen && i < output->count; i++) {
		if (is_shown(output, i))
			output->shown[output->shown_count++] = i;
	}
	for (size_t i = 0; i < output->shown_count; i++)
		output->uses_units = output->uses_units || is_of_units(output, output->shown[i]);
	if (output->form != FORM_TABLE)
		return SB_OK;
	grid_free(output->grid);
	output->grid = grid_new(output->columns, output->shown, output->shown_count);
	return output->grid ? SB_OK : sb_error_nomem(err);
}

/* Reads the options and creates what the form needs, as the last step. */
static int set_up(struct output *output, struct sb_error *err)
{
	const struct env *env = output->env;
	const char *format = option(env, "format");
	const char *sort = env->command->flags & CMD_SORT ? option(env, "sort") : NULL;

	output->style.header = !option(env, "noheader");
	output->style.width = env->os.out_is_terminal ? env->os.out_width : 0;
	output->last_bar = option(env, "parsable");
	if (option(env, "json"))
		output->form = FORM_JSON;
	else if (option(env, "csv"))
		output->form = FORM_CSV;
	else if (output->last_bar || option(env, "parsable2"))
		output->form = FORM_PARSABLE;
	TRY(output_check_forms(env, err));
	TRY(choose_unit(env, &output->decimals, err));
	TRY(choose_colour(env, &output->style.colour, err));
	if (format)
		TRY(comma_each(format, show_column, output, err));
	if (sort)
		TRY(comma_each(sort, sort_column, output, err));
	TRY(lay_columns(output, err));
	if (output->form == FORM_JSON)
		output->list = json_array();
	return output->form == FORM_JSON && !output->list ? sb_error_nomem(err) : SB_OK;
}

int output_new(struct env *env, const struct column *columns, size_t count, struct output **ret,
	       struct sb_error *err)
{
	struct output *output = calloc(1, sizeof(*output));
	int rc;

	if (!output)
		return sb_error_nomem(err);
	output->env = env;
	output->columns = columns;
	output->count = count;
	output->unit = output->common = unit_su;
	output->common_is_su = true;
	rc = set_up(output, err);
	if (rc)
		free(output);
	else
		*ret = output;
	return rc;
}

static void print_csv(const struct output *output, FILE *file)
{
	struct csv_row row = {.file = file};

	for (size_t i = 0; i < output->shown_count; i++) {
		const char *cell = output->cells[output->shown[i]];

		if (cell && output->texts[output->shown[i]]) {
			csv_text(&row, cell);
		} else {
			csv_empty(&row);
			fputs(cell ? cell : "", row.file);
		}
	}
	csv_end(&row);
}

static void print_parsable(const struct output *output, FILE *file)
{
	for (size_t i = 0; i < output->shown_count; i++) {
		const char *cell = output->cells[output->shown[i]];

		fprintf(file, "%s%s", i ? "|" : "", cell ? cell : "");
	}
	fputs(output->last_bar ? "|\n" : "\n", file);
}

/* Prints a row for -P, -p or --csv. */
static void print_line(const struct output *output, FILE *file)
{
	if (output->form == FORM_CSV)
		print_csv(output, file);
	else
		print_parsable(output, file);
}

/* For a table the grid already has the row. */
static void print_row(struct output *output)
{
	if (output->form == FORM_JSON) {
		if (json_array_append(output->list, output->object))
			no_memory(output);
	} else if (output->form != FORM_TABLE) {
		print_line(output, output->env->os.out);
	}
}

/* Keeps the row until all rows are there and can be sorted. */
static void keep_row(struct output *output)
{
	struct sort_row *row = &output->sort.rows[output->sort.count - 1];
	size_t size;
	FILE *file;

	if (output->form == FORM_JSON) {
		row->object = json_incref(output->object);
	} else if (output->form != FORM_TABLE) {
		file = open_memstream(&row->line, &size);
		if (file)
			print_line(output, file);
		if (!file || fclose(file))
			no_memory(output);
	}
}

/* Sorts the rows that were kept and prints them. */
static void print_kept(struct output *output)
{
	struct sort *sort = &output->sort;

	if (output->form == FORM_TABLE) {
		if (!grid_sort(output->grid, sort->rows, sizeof(*sort->rows), sort_compare))
			no_memory(output);
		return;
	}
	array_sort(sort->rows, sort->count, sort_compare);
	for (size_t i = 0; i < sort->count && !output->failed; i++) {
		if (output->form == FORM_CSV || output->form == FORM_PARSABLE)
			fputs(sort->rows[i].line, output->env->os.out);
		else if (json_array_append(output->list, sort->rows[i].object))
			no_memory(output);
	}
}

/* Ends the row that was begun. If it failed some cells are missing, and it is not printed. */
static void end_row(struct output *output)
{
	if (!output->in_row)
		return;
	output->in_row = false;
	if (!output->failed && output->sort.key_count > 0) {
		keep_row(output);
	} else if (!output->failed) {
		print_header(output);
		print_row(output);
	}
	json_decref(output->object);
	output->object = NULL;
	for (size_t i = 0; i < output->count; i++) {
		free(output->cells[i]);
		output->cells[i] = NULL;
	}
}

void output_if_empty(struct output *output, const char *text)
{
	output->if_empty = text;
}

void output_show_units(struct output *output)
{
	if (output->has_units || output->failed)
		return;
	output->has_units = true;
	if (lay_columns(output, &output->err))
		output->failed = true;
}

void output_units_below(struct output *output, const char *text)
{
	output->units_below = text;
}

/* Sets the unit of the row's amounts, and the cells that name it. */
static void set_unit(struct output *output, const struct unit *unit, const char *resource)
{
	char second[sizeof(unit->second) + 1];

	output->unit = *unit;
	(void)snprintf(second, sizeof(second), "%ss", unit->second);
	for (size_t i = 0; i < output->count; i++) {
		if (output->columns[i].kind == CELL_RESOURCE)
			output_text(output, i, resource);
		else if (output->columns[i].kind == CELL_UNIT)
			output_text(output, i, output->env->seconds ? second : unit->name);
	}
}

void output_unit(struct output *output, const char *purse)
{
	const bool is_su = purse_is_account(purse);
	char resource[RESOURCE_SIZE];
	struct unit unit;

	if (is_su && !output->uses_units && !output->mixed && output->common_is_su) {
		/* All rows so far are of SU, and no column shows a unit: nothing changes. */
		output->named_unit = true;
		return;
	}
	unit = purse_unit(purse);
	if (!output->named_unit)
		output->common = unit;
	else if (strcmp(unit.name, output->common.name) != 0)
		output->mixed = true;
	output->common_is_su = output->named_unit ? output->common_is_su && is_su : is_su;
	output->named_unit = true;
	set_unit(output, &unit, resource_base(resource, purse_resource(purse)));
}

void output_row(struct output *output)
{
	end_row(output);
	output->had_row = true;
	output->in_row = true;
	output->unit = unit_su;
	if (output->sort.key_count > 0 && !output->failed && !sort_add(&output->sort))
		no_memory(output);
	if (output->form == FORM_TABLE) {
		if (!output->failed && !grid_row(output->grid))
			no_memory(output);
	} else if (output->form == FORM_JSON) {
		output->object = json_object();
		if (!output->object)
			no_memory(output);
	}
}

/* Finds the place of a column among those shown. Returns false if it is not shown. */
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

/* Returns the text escaped; NULL when memory ran out. The caller frees it. */
static char *escaped(const char *text)
{
	size_t size = 4 * strlen(text) + 1;
	char *to = malloc(size);

	return to ? text_escape(to, size, text) : NULL;
}

/* Sets a cell of a parsable row or one of CSV, there in quotes if it [is_text]. */
static void keep_cell(struct output *output, size_t column, const char *text, bool is_text)
{
	char *cell = escaped(text);

	/* A bar in a text would end the column. */
	for (char *bar = cell; output->form == FORM_PARSABLE && bar && (bar = strchr(bar, '|'));
	     bar++)
		*bar = '/';
	if (!cell)
		no_memory(output);
	free(output->cells[column]);
	output->cells[column] = cell;
	output->texts[column] = is_text;
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
	program_name(name, &output->columns[column], suffix);
	if (!value || json_object_set_new(output->object, name, value))
		no_memory(output);
}

/* JSON strings are UTF-8. In a text from outside, bytes that are not are escaped as in tables. */
static json_t *json_text(const char *text)
{
	json_t *value = json_string(text);
	char *clean = value ? NULL : escaped(text);

	if (clean)
		value = json_string(clean);
	free(clean);
	return value;
}

/* Sets a cell, but no value to sort by. */
static void put_text(struct output *output, size_t column, const char *text)
{
	char *cell;
	size_t at;

	if (output->form == FORM_JSON) {
		set_member(output, column, "", *text ? json_text(text) : json_null());
	} else if (output->form != FORM_TABLE) {
		keep_cell(output, column, text, true);
	} else if (!output->failed && place(output, column, &at)) {
		cell = escaped(text);
		if (!cell || !grid_text(output->grid, at, cell))
			no_memory(output);
		free(cell);
	}
}

void output_text(struct output *output, size_t column, const char *text)
{
	put_text(output, column, text);
	if (!output->failed && !sort_text(&output->sort, column, text))
		no_memory(output);
}

void output_sort_as(struct output *output, size_t column, int64_t number)
{
	if (!output->failed)
		sort_number(&output->sort, column, number);
}

void output_number(struct output *output, size_t column, int64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, number);
	if (output->form == FORM_JSON)
		set_member(output, column, "", json_integer(number));
	else if (output->form == FORM_CSV)
		keep_cell(output, column, text, false);
	else
		put_text(output, column, text);
	output_sort_as(output, column, number);
}

void output_amount(struct output *output, size_t column, int64_t amount)
{
	bool seconds = output->env->seconds || output->form == FORM_CSV;
	char text[AMOUNT_TEXT_SIZE];
	size_t at;

	if (output->decimals)
		amount_format_decimal(text, amount, output->unit.size);
	else if (seconds)
		amount_format(text, amount, true);
	else
		amount_format_in(text, amount, output->unit.size);
	if (output->form == FORM_JSON)
		/* A string, since programs may read other numbers as floating point. */
		set_member(output, column, amount_suffix(output),
			   output->decimals ? json_string(text) : json_integer(amount));
	else if (output->form != FORM_TABLE)
		keep_cell(output, column, text, false);
	else if (!output->failed && place(output, column, &at) &&
		 !grid_amount(output->grid, at, text, amount))
		no_memory(output);
	/* Amounts in different units are sorted by the numbers that are shown. */
	output_sort_as(output, column, amount / (output->unit.size / unit_su.size));
}

void output_hours(struct output *output, size_t column, int64_t seconds)
{
	bool known = seconds >= 0;
	char text[AMOUNT_TEXT_SIZE] = "";
	size_t at;

	if (known)
		amount_format(text, seconds, output->env->seconds || output->form == FORM_CSV);
	if (output->form == FORM_JSON)
		set_member(output, column, "_seconds", known ? json_integer(seconds) : json_null());
	else if (output->form != FORM_TABLE)
		keep_cell(output, column, text, false);
	else if (!output->failed && place(output, column, &at) &&
		 !grid_amount(output->grid, at, text, 0))
		no_memory(output);
	if (known)
		output_sort_as(output, column, seconds);
}

void output_no_amount(struct output *output, size_t column, const char *word)
{
	if (output->form == FORM_JSON)
		set_member(output, column, amount_suffix(output), json_null());
	else
		put_text(output, column, output->form == FORM_CSV ? "" : word);
}

void output_flag(struct output *output, size_t column, bool flag)
{
	if (output->form == FORM_JSON)
		set_member(output, column, "", json_boolean(flag));
	else
		put_text(output, column, flag ? "yes" : "no");
	output_sort_as(output, column, flag);
}

void output_percent(struct output *output, size_t column, int64_t percent)
{
	char text[24] = "-";
	size_t at;

	if (percent >= 0)
		(void)snprintf(text, sizeof(text), "%" PRId64 "%s", percent,
			       output->form == FORM_TABLE ? "%" : "");
	if (output->form == FORM_JSON)
		set_member(output, column, "", percent < 0 ? json_null() : json_integer(percent));
	else if (output->form == FORM_CSV)
		keep_cell(output, column, percent < 0 ? "" : text, false);
	else if (output->form == FORM_PARSABLE)
		keep_cell(output, column, text, false);
	else if (!output->failed && place(output, column, &at) &&
		 !grid_share(output->grid, at, text, percent))
		no_memory(output);
	if (percent >= 0)
		output_sort_as(output, column, percent);
}

void output_no_time(struct output *output, size_t column, const char *word)
{
	bool for_programs = output->form == FORM_JSON || output->form == FORM_CSV;

	put_text(output, column, for_programs ? "" : word);
}

void output_time(struct output *output, size_t column, int64_t when)
{
	char text[WHEN_TEXT_SIZE];

	if (!when)
		output_no_time(output, column, "never");
	else if (output->form == FORM_JSON || output->form == FORM_CSV)
		put_text(output, column, when_format_exact(text, when));
	else
		put_text(output, column,
			 output->style.width > 0 ? when_format_short(text, when)
						 : when_format_local(text, when));
	if (when)
		output_sort_as(output, column, when);
}

void output_age(struct output *output, size_t column, int64_t when, int64_t now)
{
	char age[WHEN_TEXT_SIZE], text[WHEN_TEXT_SIZE + 8];

	if (output->form != FORM_TABLE || !when) {
		output_time(output, column, when);
		return;
	}
	(void)snprintf(text, sizeof(text), "%s ago", when_format_age(age, now - when));
	put_text(output, column, text);
	output_sort_as(output, column, when);
}

void output_last(struct output *output)
{
	if (output->sort.count > 0)
		output->sort.rows[output->sort.count - 1].last = true;
}

void output_below(struct output *output, const char *name)
{
	if (output->form != FORM_TABLE || output->failed)
		return;
	if (!grid_below(output->grid, name))
		no_memory(output);
}

static void print_grid(struct output *output)
{
	if (grid_print(output->grid, &output->style, output->env->os.out, &output->err))
		output->failed = true;
}

/* Copies the error that stopped the output, unless the caller reports one. Returns its code. */
static int why_failed(const struct output *output, struct sb_error *err)
{
	if (!output->failed || output->given_up)
		return SB_OK;
	if (err)
		*err = output->err;
	return output->err.code;
}

int output_flush(struct output *output, struct sb_error *err)
{
	if (!output)
		return SB_OK;
	end_row(output);
	if (!output->failed)
		print_header(output);
	if (output->form == FORM_TABLE && !output->failed && !grid_is_empty(output->grid)) {
		print_grid(output);
		output->style.header = false;
	}
	return why_failed(output, err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t names_once(const char *names[], size_t count)
{
	return array_unique(names, count, by_name);
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

void output_fail(struct output *output)
{
	output->failed = output->given_up = true;
}

bool output_is_empty(const struct output *output)
{
	return !output->had_row;
}

/* True if the table has amounts, a header and no column of units, and is on a terminal: the unit is
 * printed below it. */
static bool names_unit(const struct output *output)
{
	bool amounts = false;

	if (output->form != FORM_TABLE || !output->style.width || !output->style.header ||
	    grid_is_empty(output->grid))
		return false;
	for (size_t i = 0; i < output->shown_count; i++) {
		if (output->columns[output->shown[i]].kind == CELL_UNIT)
			return false;
		amounts = amounts || output->columns[output->shown[i]].kind == CELL_AMOUNT;
	}
	return amounts;
}

static void print_unit(const struct output *output)
{
	const struct unit *unit = &output->common;
	FILE *out = output->env->os.out;

	if (output->mixed)
		fprintf(out, "%s\n",
			output->units_below
				? output->units_below
				: "Amounts are in several units: add Unit to --format.");
	else if (output->env->seconds)
		fprintf(out, "Amounts are in %ss.\n", unit->second);
	else
		fprintf(out, "Amounts are in %s.\n", unit->name);
}

static void print_rest(struct output *output)
{
	FILE *out = output->env->os.out;
	bool named = names_unit(output);

	if (output->sort.key_count > 0)
		print_kept(output);
	if (output->form == FORM_TABLE && !output->failed)
		print_grid(output);
	if (named && !output->failed)
		print_unit(output);
	if (output->form == FORM_JSON && !output->failed) {
		if (json_dumpf(output->list, out, JSON_INDENT(2)) && !ferror(out))
			no_memory(output);
		fputc('\n', out);
	}
}

int output_finish(struct output *output, struct sb_error *err)
{
	int rc;

	if (!output)
		return SB_OK;
	end_row(output);
	stage_end(output->env);
	if (!output->failed) {
		print_header(output);
		if (output->if_empty && !output->had_row && output->form == FORM_TABLE)
			note(output->env, "%s", output->if_empty);
		print_rest(output);
	}
	rc = why_failed(output, err);
	json_decref(output->list);
	grid_free(output->grid);
	sort_release(&output->sort);
	free(output);
	return rc;
}

int output_from_bank(struct env *env, const struct column *columns, size_t count, books_fn *list,
		     void *ctx, struct output **ret_output)
{
	struct sb_error err;
	int rc, finished;

	if (output_new(env, columns, count, ret_output, &err))
		return fail(env, &err);
	rc = bank_read(env->bank, env->os.now(), list, ctx, &err);
	if (rc)
		output_fail(*ret_output);
	finished = output_finish(*ret_output, rc ? NULL : &err);
	return rc || finished ? fail(env, &err) : EXIT_DONE;
}
