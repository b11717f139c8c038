/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/grid.h"

#include <ctype.h>
#include <langinfo.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "cmd/frame/locale.h"
#include "ledger/base/array.h"

enum {
	WIDTH_LEAST = 4, /* of a bar, and of a text that is cut or wrapped */
	BAR_MOST = 10,
	INDENT = 2, /* columns that each level of the tree takes */
};

struct grid {
	const struct column *columns;
	const size_t *shown;
	size_t count;
	struct libscols_table *table; /* [count] columns, and a hidden one for grid_below() */
	struct libscols_line *row; /* the last one */
	struct libscols_iter *rows;
	size_t tree; /* the column that shows the tree; [count]: none */
	size_t digits; /* of the longest percentage */
};

/* How a table fits the terminal. */
struct layout {
	bool fits;
	bool grouped; /* amounts have thousands separators */
	bool brief; /* units are "GPU-h" instead of "GPU-hours" */
	size_t widths[COLUMNS_MAX];
};

static const struct column *column_of(const struct grid *grid, size_t at)
{
	return &grid->columns[grid->shown[at]];
}

static bool is_percentage(enum cell_kind kind)
{
	return kind == CELL_SHARE || kind == CELL_PART;
}

static const char *cell_text(struct libscols_line *row, size_t at)
{
	const char *text = scols_cell_get_data(scols_line_get_cell(row, at));

	return text ? text : "";
}

/* Returns the next row, or NULL after the last one; the call after that begins anew. */
static struct libscols_line *next_row(struct grid *grid)
{
	struct libscols_line *row;

	if (scols_table_next_line(grid->table, grid->rows, &row) == 0)
		return row;
	scols_reset_iter(grid->rows, SCOLS_ITER_FORWARD);
	return NULL;
}

/* ---- rows ---- */

static bool add_column(struct grid *grid, const char *name, int flags)
{
	struct libscols_column *column = scols_table_new_column(grid->table, name, 0, flags);

	/* With SCOLS_FL_WRAP the lines of a cell are those that wrap() made. */
	return column &&
	       scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk,
					 NULL) == 0 &&
	       scols_column_set_safechars(column, "\n") == 0;
}

struct grid *grid_new(const struct column *columns, const size_t *shown, size_t count)
{
	struct grid *grid = calloc(1, sizeof(*grid));
	bool done;

	if (!grid)
		return NULL;
	grid->columns = columns;
	grid->shown = shown;
	grid->count = grid->tree = count;
	grid->table = scols_new_table();
	grid->rows = scols_new_iter(SCOLS_ITER_FORWARD);
	done = grid->table && grid->rows &&
	       scols_table_set_termforce(grid->table, SCOLS_TERMFORCE_NEVER) == 0;
	for (size_t at = 0; at < count && done; at++) {
		const struct column *column = column_of(grid, at);

		done = add_column(grid, column->name,
				  (column->number ? SCOLS_FL_RIGHT : 0) |
					  (column->kind == CELL_PROSE ? SCOLS_FL_WRAP : 0));
	}
	if (done && add_column(grid, "", SCOLS_FL_HIDDEN))
		return grid;
	grid_free(grid);
	return NULL;
}

void grid_free(struct grid *grid)
{
	if (!grid)
		return;
	scols_free_iter(grid->rows);
	scols_unref_table(grid->table);
	free(grid);
}

bool grid_row(struct grid *grid)
{
	grid->row = scols_table_new_line(grid->table, NULL);
	return grid->row;
}

bool grid_is_empty(const struct grid *grid)
{
	return scols_table_get_nlines(grid->table) == 0;
}

static bool set_cell(struct grid *grid, size_t at, const char *text, const char *colour)
{
	struct libscols_cell *cell = scols_line_get_cell(grid->row, at);

	return scols_cell_set_data(cell, text) == 0 && scols_cell_set_color(cell, colour) == 0;
}

/* The colour of a state's word; NULL: none. */
static const char *colour_of_word(const char *word)
{
	static const struct {
		const char *word, *colour;
	} words[] = {
		{"open", "green"},	 {"active", "green"},  {"ok", "green"},
		{"taken", "green"},	 {"held", "red"},      {"bad", "red"},
		{"refused", "red"},	 {"blocked", "brown"}, {"grace", "brown"},
		{"scavenge", "brown"},	 {"warn", "brown"},    {"left out", "brown"},
		{"to come", "cyan"},	 {"info", "cyan"},     {"closed", "halfbright"},
		{"ended", "halfbright"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, word) == 0)
			return words[i].colour;
	}
	return NULL;
}

bool grid_text(struct grid *grid, size_t at, const char *text)
{
	bool is_state = column_of(grid, at)->kind == CELL_STATE;

	return set_cell(grid, at, text, is_state ? colour_of_word(text) : NULL);
}

bool grid_amount(struct grid *grid, size_t at, const char *text, int64_t amount)
{
	return set_cell(grid, at, text, amount < 0 ? "red" : NULL);
}

bool grid_share(struct grid *grid, size_t at, const char *text, int64_t percent)
{
	const char *colour = NULL;
	size_t len = strlen(text);

	if (len > grid->digits)
		grid->digits = len;
	if (column_of(grid, at)->kind == CELL_SHARE && percent >= 0)
		colour = percent >= 100 ? "red" : percent >= 90 ? "brown" : "green";
	return set_cell(grid, at, text, colour);
}

bool grid_below(struct grid *grid, const char *name)
{
	grid->tree = 0;
	while (grid->tree < grid->count && column_of(grid, grid->tree)->kind != CELL_NAME)
		grid->tree++;
	return scols_line_set_data(grid->row, grid->count, name) == 0;
}

/* ---- the order ---- */

struct order {
	int (*compare)(const void *, const void *);
};

static int by_key(struct libscols_cell *a, struct libscols_cell *b, void *order)
{
	return ((struct order *)order)
		->compare(scols_cell_get_userdata(a), scols_cell_get_userdata(b));
}

bool grid_sort(struct grid *grid, const void *keys, size_t size,
	       int (*compare)(const void *, const void *))
{
	struct libscols_column *column = scols_table_get_column(grid->table, grid->count);
	struct order order = {compare};
	struct libscols_line *row;
	const char *key = keys;

	scols_reset_iter(grid->rows, SCOLS_ITER_FORWARD);
	for (; (row = next_row(grid)); key += size)
		scols_cell_set_userdata(scols_line_get_cell(row, grid->count),
					(void *)(uintptr_t)key);
	return scols_column_set_cmpfunc(column, by_key, &order) == 0 &&
	       scols_sort_table(grid->table, column) == 0;
}

/* ---- the tree ---- */

struct named {
	const char *name; /* in the column that shows the tree */
	struct libscols_line *row;
};

static int by_name(const void *a, const void *b)
{
	const struct named *left = a, *right = b;

	return strcmp(left->name, right->name);
}

/* Makes each row a child of the one that grid_below() named, unless that is below it already: two
 * clusters may disagree. Returns false when memory ran out. */
static bool make_tree(struct grid *grid)
{
	size_t count = scols_table_get_nlines(grid->table);
	struct named *index = calloc(count, sizeof(*index));
	struct libscols_line *row;
	bool done = index;

	for (size_t i = 0; done && (row = next_row(grid)); i++)
		index[i] = (struct named){cell_text(row, grid->tree), row};
	if (done)
		array_sort(index, count, by_name);
	while (done && (row = next_row(grid))) {
		const struct named parent = {.name = cell_text(row, grid->count)}, *found = NULL;

		if (*parent.name)
			found = array_find(index, count, &parent, by_name);
		if (found && !scols_line_is_ancestor(row, found->row))
			done = scols_line_add_child(found->row, row) == 0;
	}
	free(index);
	return done && scols_column_set_flags(scols_table_get_column(grid->table, grid->tree),
					      SCOLS_FL_TREE) == 0;
}

static size_t indent_of(const struct libscols_line *row)
{
	size_t indent = 0;

	while ((row = scols_line_get_parent(row)))
		indent += INDENT;
	return indent;
}

/* ---- texts ---- */

static bool utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Moves past a character and returns the columns that it takes: libsmartcols writes what this
 * locale cannot print as \xNN, and also a backslash that could be mistaken for one. */
static size_t step(const char **text)
{
	wchar_t wide;
	int len = mbtowc(&wide, *text, MB_CUR_MAX);
	int width = len > 0 ? wcwidth(wide) : -1;

	if (width < 0 || strncmp(*text, "\\x", 2) == 0) {
		(*text)++;
		return 4;
	}
	*text += len;
	return (size_t)width;
}

/* Cuts the text in its middle to [width] columns. */
static char *cut(const char *text, size_t width)
{
	const char *mark = utf8() ? "…" : "~", *head = text, *tail = text, *next = text;
	size_t right = 0, left = width / 2, taken;
	char *to;

	while (*next)
		right += step(&next);
	if (right <= width)
		return strdup(text);
	for (next = head; (taken = step(&next)) <= left; head = next)
		left -= taken;
	while (right > (width - 1) / 2)
		right -= step(&tail);
	return asprintf(&to, "%.*s%s%s", (int)(head - text), text, mark, tail) < 0 ? NULL : to;
}

/* Breaks the text at blanks into lines of [width] columns, and words that are longer anywhere. */
static char *wrap(const char *text, size_t width)
{
	char *to = malloc(2 * strlen(text) + 1), *at = to;

	while (to && *text) {
		const char *end = text, *next = text, *blank = NULL;
		size_t left = width, taken;

		while (*end && (taken = step(&next)) <= left) {
			if (*end == ' ' && end > text)
				blank = end;
			left -= taken;
			end = next;
		}
		if (*end && *end != ' ' && blank)
			end = blank;
		at = mempcpy(at, text, (size_t)(end - text));
		text = end + (*end == ' ');
		if (*text)
			*at++ = '\n';
	}
	if (to)
		*at = '\0';
	return to;
}

/* Gives an amount thousands separators, "1,234,567.89", or takes them away. */
static char *group(const char *text, bool grouped)
{
	char *to = malloc(2 * strlen(text) + 1), *at = to;
	size_t whole = strcspn(text, "."), digits = 0;

	for (size_t i = 0; i < whole; i++)
		digits += isdigit((unsigned char)text[i]) != 0;
	for (; to && *text; text++) {
		if (*text == ',')
			continue;
		*at++ = *text;
		if (digits > 0 && isdigit((unsigned char)*text)) {
			digits--;
			if (grouped && digits > 0 && digits % 3 == 0)
				*at++ = ',';
		}
	}
	if (to)
		*at = '\0';
	return to;
}

/* Shortens the unit of a quantity in hours or seconds. */
static char *brief_unit(const char *text)
{
	static const char *const ends[] = {"-hours", "-seconds"};
	size_t len = strlen(text);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t end = strlen(ends[i]);

		if (len > end && strcmp(text + len - end, ends[i]) == 0)
			return strndup(text, len - end + strlen("-h"));
	}
	return strdup(text);
}

/* "███░░░░░░░  31%": draws a bar before the percentage if [width] columns have room for one beside
 * the [digits] of the longest percentage. */
static char *with_bar(const char *percentage, size_t width, size_t digits)
{
	const char *full = utf8() ? "█" : "#", *rest = utf8() ? "░" : ".";
	size_t percent = strtoul(percentage, NULL, 10);
	char bar[BAR_MOST * sizeof("█")] = "", *at = bar, *to;

	if (width < WIDTH_LEAST + 1 + digits || !isdigit((unsigned char)*percentage))
		return strdup(percentage);
	width -= 1 + digits;
	if (width > BAR_MOST)
		width = BAR_MOST;
	for (size_t i = 1; i <= width; i++)
		at = stpcpy(at, percent >= 100 || i * 100 <= percent * width ? full : rest);
	return asprintf(&to, "%s %*s", bar, (int)digits, percentage) < 0 ? NULL : to;
}

/* ---- the layout ---- */

/* Whether the cells of that kind have thousands separators. */
static bool is_grouped(enum cell_kind kind)
{
	return kind == CELL_AMOUNT || kind == CELL_HOURS;
}

/* What a cell reads in that layout. */
static char *fitted(const struct grid *grid, const struct layout *layout, struct libscols_line *row,
		    size_t at)
{
	const char *text = cell_text(row, at);
	size_t width = layout->widths[at], indent = at == grid->tree ? indent_of(row) : 0;
	enum cell_kind kind = column_of(grid, at)->kind;

	if (is_grouped(kind))
		return group(text, layout->grouped);
	if (kind == CELL_NAME)
		return cut(text, width > indent + WIDTH_LEAST ? width - indent : WIDTH_LEAST);
	if (kind == CELL_PROSE)
		return wrap(text, width);
	if (is_percentage(kind))
		return with_bar(text, width, grid->digits);
	return kind == CELL_UNIT && layout->brief ? brief_unit(text) : strdup(text);
}

static bool fit_cells(struct grid *grid, const struct layout *layout)
{
	struct libscols_line *row;

	while ((row = next_row(grid))) {
		for (size_t at = 0; at < grid->count; at++) {
			char *text = fitted(grid, layout, row, at);

			if (!text || scols_line_refer_data(row, at, text))
				return false;
		}
	}
	return true;
}

/* Asks libsmartcols how wide the columns are when nothing is cut, wrapped or added: it knows once
 * it has printed them. */
static bool measure(struct grid *grid, struct layout *layout)
{
	char *text = NULL;
	bool done;

	for (size_t at = 0; at < grid->count; at++)
		layout->widths[at] = is_percentage(column_of(grid, at)->kind) ? 0 : SIZE_MAX;
	done = fit_cells(grid, layout) && scols_print_table_to_string(grid->table, &text) == 0;
	for (size_t at = 0; at < grid->count; at++)
		layout->widths[at] =
			scols_column_get_width(scols_table_get_column(grid->table, at));
	free(text);
	return done;
}

/* Makes columns of [kind] narrower, the widest first, down to [least], until they fit. */
static void shrink(const struct grid *grid, size_t widths[], enum cell_kind kind, size_t least,
		   size_t *over)
{
	while (*over > 0) {
		size_t *widest = NULL;

		for (size_t at = 0; at < grid->count; at++) {
			if (column_of(grid, at)->kind == kind && widths[at] > least &&
			    (!widest || widths[at] > *widest))
				widest = &widths[at];
		}
		if (!widest)
			return;
		(*widest)--;
		(*over)--;
	}
}

static bool has_units(const struct grid *grid)
{
	for (size_t at = 0; at < grid->count; at++) {
		if (column_of(grid, at)->kind == CELL_UNIT)
			return true;
	}
	return false;
}

/* Returns false when memory ran out. */
static bool lay_out(struct grid *grid, size_t room, struct layout *layout)
{
	enum { EASY = 24, NARROW = 16, WHOLE = 1024 };
	static const struct {
		bool grouped, brief;
		size_t prose, names; /* how narrow they may become */
	} ways[] = {
		{true, false, EASY, WHOLE},    {true, true, EASY, WHOLE},
		{false, true, EASY, WHOLE},    {true, true, NARROW, NARROW},
		{false, true, NARROW, NARROW},
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]) && !layout->fits; i++) {
		size_t sum = grid->count - 1, over;

		/* Without units this way is the same as the one before. */
		if (i == 1 && !has_units(grid))
			continue;
		layout->grouped = ways[i].grouped;
		layout->brief = ways[i].brief;
		if (!measure(grid, layout))
			return false;
		for (size_t at = 0; at < grid->count; at++)
			sum += layout->widths[at];
		over = sum > room ? sum - room : 0;
		for (size_t at = 0; at < grid->count && sum < room; at++) {
			if (is_percentage(column_of(grid, at)->kind))
				layout->widths[at] += room - sum;
		}
		shrink(grid, layout->widths, CELL_PROSE, ways[i].prose, &over);
		shrink(grid, layout->widths, CELL_NAME, ways[i].names, &over);
		layout->fits = over == 0;
	}
	return !layout->fits || fit_cells(grid, layout);
}

/* ---- printing ---- */

static bool print_table(struct grid *grid, bool colour, FILE *out)
{
	scols_table_set_stream(grid->table, out);
	scols_table_enable_colors(grid->table, colour);
	return scols_print_table(grid->table) == 0;
}

/* Prints a row as a block: a line for each cell that is not empty, behind the column's name. */
static bool print_block(const struct grid *grid, struct libscols_line *row,
			const struct grid_style *style, FILE *out)
{
	static const struct column columns[] = {{"", .kind = CELL_WHOLE}, {"", .kind = CELL_PROSE}};
	static const size_t shown[] = {0, 1};
	struct grid *block = grid_new(columns, shown, 2);
	size_t names = 0, room = (size_t)style->width;
	bool done = block;

	for (size_t at = 0; at < grid->count; at++) {
		size_t len = strlen(column_of(grid, at)->name);

		names = len > names ? len : names;
	}
	room = room > names + WIDTH_LEAST ? room - names - 1 : WIDTH_LEAST;
	for (size_t at = 0; at < grid->count && done; at++) {
		const struct column *column = column_of(grid, at);
		const char *colour = scols_cell_get_color(scols_line_get_cell(row, at));
		const char *text = cell_text(row, at);
		char *value;

		if (!*text)
			continue;
		value = is_grouped(column->kind) ? group(text, true) : wrap(text, room);
		done = value && grid_row(block) && set_cell(block, 0, column->name, NULL) &&
		       set_cell(block, 1, value, colour);
		free(value);
	}
	done = done && scols_table_enable_noheadings(block->table, true) == 0 &&
	       print_table(block, style->colour, out);
	grid_free(block);
	return done;
}

static bool print(struct grid *grid, const struct grid_style *style, FILE *out)
{
	struct layout layout = {.fits = style->width == 0};
	struct libscols_line *row;
	bool done = grid->tree == grid->count || make_tree(grid);

	scols_table_enable_noheadings(grid->table, !style->header);
	if (done && !layout.fits)
		done = lay_out(grid, (size_t)style->width, &layout);
	if (layout.fits)
		return done && print_table(grid, style->colour, out);
	for (bool first = true; done && (row = next_row(grid)); first = false) {
		if (!first)
			fputc('\n', out);
		done = print_block(grid, row, style, out);
	}
	return done;
}

int grid_print(struct grid *grid, const struct grid_style *style, FILE *out, struct sb_error *err)
{
	bool done;

	if (grid_is_empty(grid))
		return SB_OK;
	locale_need();
	scols_reset_iter(grid->rows, SCOLS_ITER_FORWARD);
	done = print(grid, style, out);
	scols_table_remove_lines(grid->table);
	return done ? SB_OK : sb_error_nomem(err);
}
