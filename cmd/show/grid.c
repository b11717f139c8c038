/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/show/grid.h"

#include <langinfo.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "cmd/frame/locale.h"

enum {
	BAR_LEAST = 4,
	BAR_MOST = 10,
	INDENT = 2, /* what a level of the tree takes: libsmartcols' symbols */
	LEVELS_MAX = 64,
};

struct cell {
	char *text; /* NULL: empty */
	bool amount;
	bool negative;
	bool shared;
	int64_t percent; /* if it is shared */
};

struct row {
	struct cell *cells;
	char *below; /* the name of the row above it; NULL: none */
	struct row *parent; /* that row, once the tree is made */
	struct libscols_line *line;
	size_t level;
};

struct grid {
	const struct column *columns;
	const size_t *shown;
	size_t count;
	struct row **rows;
	size_t row_count, row_size;
};

/* How the columns are to be printed. */
struct layout {
	const struct grid_style *style;
	bool grouped;
	size_t bar; /* how wide a bar is; 0: none */
	size_t digits; /* and the percentage beside it */
	size_t tree; /* the column that shows it */
	size_t widths[COLUMNS_MAX];
};

/* ---- rows ---- */

struct grid *grid_new(const struct column *columns, const size_t *shown, size_t count)
{
	struct grid *grid = calloc(1, sizeof(*grid));

	if (grid) {
		grid->columns = columns;
		grid->shown = shown;
		grid->count = count;
	}
	return grid;
}

static void row_free(const struct grid *grid, struct row *row)
{
	for (size_t i = 0; row->cells && i < grid->count; i++)
		free(row->cells[i].text);
	free(row->cells);
	free(row->below);
	free(row);
}

static void forget_rows(struct grid *grid)
{
	for (size_t i = 0; i < grid->row_count; i++)
		row_free(grid, grid->rows[i]);
	grid->row_count = 0;
}

void grid_free(struct grid *grid)
{
	if (!grid)
		return;
	forget_rows(grid);
	free(grid->rows);
	free(grid);
}

bool grid_row(struct grid *grid)
{
	struct row *row = calloc(1, sizeof(*row));

	if (row)
		row->cells = calloc(grid->count + 1, sizeof(*row->cells));
	if (row && row->cells && grid->row_count == grid->row_size) {
		size_t size = grid->row_size ? 2 * grid->row_size : 64;
		struct row **grown = reallocarray(grid->rows, size, sizeof(*grown));

		if (grown) {
			grid->rows = grown;
			grid->row_size = size;
		}
	}
	if (!row || !row->cells || grid->row_count == grid->row_size) {
		if (row)
			row_free(grid, row);
		return false;
	}
	grid->rows[grid->row_count++] = row;
	return true;
}

bool grid_is_empty(const struct grid *grid)
{
	return grid->row_count == 0;
}

static struct cell *set_cell(struct grid *grid, size_t at, const char *text)
{
	struct cell *cell = &grid->rows[grid->row_count - 1]->cells[at];

	free(cell->text);
	*cell = (struct cell){.text = strdup(text)};
	return cell->text ? cell : NULL;
}

bool grid_text(struct grid *grid, size_t at, const char *text)
{
	return set_cell(grid, at, text);
}

bool grid_amount(struct grid *grid, size_t at, const char *text, int64_t amount)
{
	struct cell *cell = set_cell(grid, at, text);

	if (cell) {
		cell->amount = true;
		cell->negative = amount < 0;
	}
	return cell;
}

bool grid_share(struct grid *grid, size_t at, const char *text, int64_t percent)
{
	struct cell *cell = set_cell(grid, at, text);

	if (cell) {
		cell->shared = true;
		cell->percent = percent;
	}
	return cell;
}

bool grid_below(struct grid *grid, const char *name)
{
	struct row *row = grid->rows[grid->row_count - 1];

	free(row->below);
	row->below = strdup(name);
	return row->below;
}

static const struct column *column_of(const struct grid *grid, size_t at)
{
	return &grid->columns[grid->shown[at]];
}

/* ---- texts ---- */

static bool utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Moves past a character and returns the columns that it takes: libsmartcols writes what this
 * locale cannot print as \xNN, and so it does a backslash that would look like one. */
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

static size_t width_of(const char *text)
{
	size_t width = 0;

	while (*text)
		width += step(&text);
	return width;
}

/* "1234567.89" as "1,234,567.89". */
static char *group(const char *text)
{
	size_t len = strlen(text), digits, at = 0;
	char *to = malloc(2 * len + 1);
	const char *from = text + strcspn(text, "0123456789");

	if (!to)
		return NULL;
	digits = strspn(from, "0123456789");
	memcpy(to, text, at = (size_t)(from - text));
	for (; digits > 0; digits--) {
		to[at++] = *from++;
		if (digits > 1 && (digits - 1) % 3 == 0)
			to[at++] = ',';
	}
	memcpy(to + at, from, strlen(from) + 1);
	return to;
}

/* The text cut in its middle to [width] columns. */
static char *cut(const char *text, size_t width)
{
	const char *mark = utf8() ? "…" : "~", *head = text, *tail = text, *next;
	size_t left = (width - 1) - (width - 1) / 2, right = width_of(text), taken;
	char *to;

	if (right <= width)
		return strdup(text);
	for (next = head; (taken = step(&next)) <= left; head = next)
		left -= taken;
	while (right > (width - 1) / 2)
		right -= step(&tail);
	return asprintf(&to, "%.*s%s%s", (int)(head - text), text, mark, tail) < 0 ? NULL : to;
}

/* The text broken at blanks into lines of [width] columns; words that are longer, too. */
static char *broken(const char *text, size_t width)
{
	char *to = malloc(2 * strlen(text) + 1), *at = to, *blank = NULL;
	size_t column = 0, behind = 0; /* columns of this line, and of those behind the blank */

	while (to && *text) {
		const char *next = text;
		size_t taken = step(&next);

		if (column + taken > width && blank && *text != ' ') {
			*blank = '\n';
			blank = NULL;
			column = behind;
		} else if (column + taken > width) {
			*at++ = '\n';
			blank = NULL;
			column = 0;
			if (*text == ' ') {
				text = next;
				continue;
			}
		}
		if (*text == ' ' && column > 0) {
			blank = at;
			behind = 0;
		} else {
			behind += taken;
		}
		memcpy(at, text, (size_t)(next - text));
		at += next - text;
		column += taken;
		text = next;
	}
	if (to)
		*at = '\0';
	return to;
}

/* "███░░░░░░░  31%" */
static char *with_bar(const struct cell *cell, size_t width, size_t digits)
{
	const char *full = utf8() ? "█" : "#", *rest = utf8() ? "░" : ".";
	size_t filled = cell->percent <= 0     ? 0
			: cell->percent >= 100 ? width
					       : (size_t)cell->percent * width / 100;
	char bar[BAR_MOST * sizeof("█")] = "", *to;
	size_t len = 0;

	for (size_t i = 0; i < width && len < sizeof(bar); i++)
		len += (size_t)snprintf(bar + len, sizeof(bar) - len, "%s",
					i < filled ? full : rest);
	return asprintf(&to, "%s %*s", bar, (int)digits, cell->text) < 0 ? NULL : to;
}

/* What a cell reads in a column of [width]. */
static char *cell_text(const struct grid *grid, const struct layout *layout, const struct row *row,
		       size_t at)
{
	const struct cell *cell = &row->cells[at];
	const enum cell_kind kind = column_of(grid, at)->kind;
	size_t width = layout->widths[at];

	if (!cell->text)
		return strdup("");
	if (cell->amount && layout->grouped)
		return group(cell->text);
	if (layout->style->width == 0)
		return strdup(cell->text);
	if (cell->shared && layout->bar && cell->percent >= 0)
		return with_bar(cell, layout->bar, layout->digits);
	if (kind == CELL_NAME) {
		size_t indent = at == layout->tree ? INDENT * row->level : 0;

		return cut(cell->text, width > indent + BAR_LEAST ? width - indent : BAR_LEAST);
	}
	return kind == CELL_PROSE ? broken(cell->text, width) : strdup(cell->text);
}

/* What a state's word is shown in; NULL: as it is. */
static const char *colour_of_word(const char *word)
{
	static const struct {
		const char *word, *colour;
	} words[] = {
		{"open", "green"},  {"active", "green"},      {"ok", "green"},
		{"taken", "green"}, {"held", "red"},	      {"bad", "red"},
		{"refused", "red"}, {"blocked", "brown"},     {"grace", "brown"},
		{"warn", "brown"},  {"left out", "brown"},    {"to come", "cyan"},
		{"info", "cyan"},   {"closed", "halfbright"}, {"ended", "halfbright"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, word) == 0)
			return words[i].colour;
	}
	return NULL;
}

static const char *colour_of(const struct grid *grid, const struct cell *cell, size_t at)
{
	if (cell->shared && cell->percent >= 0 && column_of(grid, at)->kind == CELL_SHARE)
		return cell->percent >= 100 ? "red" : cell->percent >= 90 ? "brown" : "green";
	if (cell->amount)
		return cell->negative ? "red" : NULL;
	return cell->text && column_of(grid, at)->kind == CELL_STATE ? colour_of_word(cell->text)
								     : NULL;
}

/* ---- layout ---- */

/* The first column of names; [count] if none is shown. */
static size_t tree_column(const struct grid *grid)
{
	size_t at = 0;

	while (at < grid->count && column_of(grid, at)->kind != CELL_NAME)
		at++;
	return at;
}

struct named {
	const char *name; /* what the column that shows the tree has; NULL: nothing */
	struct row *row;
};

static int by_name(const void *a, const void *b)
{
	const struct named *left = a, *right = b;

	return strcmp(left->name ? left->name : "", right->name ? right->name : "");
}

/* Hangs the row below its parent, unless that is below it: two clusters may disagree. */
static void hang(const struct named *index, size_t count, struct row *row)
{
	const struct named wanted = {.name = row->below};
	const struct named *found =
		row->below ? bsearch(&wanted, index, count, sizeof(*index), by_name) : NULL;
	struct row *parent = found ? found->row : NULL;
	size_t level = 0;

	for (const struct row *at = parent; at; at = at->parent, level++) {
		if (at == row || level == LEVELS_MAX)
			return;
	}
	row->parent = parent;
}

/* False when memory ran out. */
static bool hang_all(struct grid *grid, size_t tree)
{
	struct named *index = calloc(grid->row_count, sizeof(*index));

	if (!index)
		return false;
	for (size_t i = 0; i < grid->row_count; i++)
		index[i] = (struct named){grid->rows[i]->cells[tree].text, grid->rows[i]};
	qsort(index, grid->row_count, sizeof(*index), by_name);
	for (size_t i = 0; i < grid->row_count; i++)
		hang(index, grid->row_count, grid->rows[i]);
	free(index);
	for (size_t i = 0; i < grid->row_count; i++) {
		for (const struct row *at = grid->rows[i]->parent; at; at = at->parent)
			grid->rows[i]->level++;
	}
	return true;
}

static size_t cell_width(const struct cell *cell, bool grouped)
{
	char *text = cell->amount && grouped ? group(cell->text) : NULL;
	size_t width = width_of(text ? text : cell->text ? cell->text : "");

	free(text);
	return width;
}

/* How wide the columns would be if there were room. */
static void measure(const struct grid *grid, struct layout *layout)
{
	for (size_t at = 0; at < grid->count; at++) {
		size_t *width = &layout->widths[at];

		*width = layout->style->header ? width_of(column_of(grid, at)->name) : 0;
		for (size_t i = 0; i < grid->row_count; i++) {
			const struct row *row = grid->rows[i];
			size_t own = cell_width(&row->cells[at], layout->grouped);

			if (at == layout->tree)
				own += INDENT * row->level;
			if (own > *width)
				*width = own;
		}
	}
}

/* Makes columns of [kind] narrower, the widest first, down to [least], until they fit. */
static void shrink(const struct grid *grid, struct layout *layout, enum cell_kind kind,
		   size_t least, size_t *over)
{
	while (*over > 0) {
		size_t widest = grid->count;

		for (size_t at = 0; at < grid->count; at++) {
			if (column_of(grid, at)->kind == kind && layout->widths[at] > least &&
			    (widest == grid->count || layout->widths[at] > layout->widths[widest]))
				widest = at;
		}
		if (widest == grid->count)
			return;
		layout->widths[widest]--;
		(*over)--;
	}
}

/* Puts a bar into the column of shares, as wide as there is room. */
static void add_bar(const struct grid *grid, struct layout *layout, size_t spare)
{
	for (size_t at = 0; at < grid->count; at++) {
		size_t *width = &layout->widths[at], room = *width + spare;

		if (column_of(grid, at)->kind != CELL_SHARE &&
		    column_of(grid, at)->kind != CELL_PART)
			continue;
		layout->digits = 0;
		for (size_t i = 0; i < grid->row_count; i++) {
			size_t own = cell_width(&grid->rows[i]->cells[at], false);

			if (own > layout->digits)
				layout->digits = own;
		}
		if (room < BAR_LEAST + 1 + layout->digits)
			return;
		room -= 1 + layout->digits;
		layout->bar = room < BAR_MOST ? room : BAR_MOST;
		if (layout->bar + 1 + layout->digits > *width)
			*width = layout->bar + 1 + layout->digits;
		return;
	}
}

/* Whether the columns fit, if prose and names are made as narrow as that. */
static bool fit(const struct grid *grid, struct layout *layout, bool grouped, size_t prose,
		size_t names)
{
	size_t sum = grid->count - 1, over, room = (size_t)layout->style->width;

	layout->grouped = grouped;
	layout->bar = 0;
	measure(grid, layout);
	for (size_t at = 0; at < grid->count; at++)
		sum += layout->widths[at];
	over = sum > room ? sum - room : 0;
	shrink(grid, layout, CELL_PROSE, prose, &over);
	shrink(grid, layout, CELL_NAME, names, &over);
	add_bar(grid, layout, sum < room ? room - sum : 0);
	return over == 0;
}

/* False when not even that fits. */
static bool lay_out(const struct grid *grid, struct layout *layout)
{
	enum { EASY = 24, NARROW = 16, WHOLE = 1024 };

	if (layout->style->width == 0) {
		measure(grid, layout);
		return true;
	}
	return fit(grid, layout, true, EASY, WHOLE) || fit(grid, layout, false, EASY, WHOLE) ||
	       fit(grid, layout, true, NARROW, NARROW) || fit(grid, layout, false, NARROW, NARROW);
}

/* ---- printing ---- */

static struct libscols_table *new_table(const struct grid_style *style, FILE *out)
{
	struct libscols_table *table = scols_new_table();

	if (!table)
		return NULL;
	scols_table_set_stream(table, out);
	scols_table_enable_colors(table, style->colour);
	scols_table_enable_noheadings(table, !style->header);
	/* What is to fit was made to. */
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	return table;
}

static bool add_column(struct libscols_table *table, const char *name, int flags)
{
	struct libscols_column *column = scols_table_new_column(table, name, 0, flags);

	return column && (!(flags & SCOLS_FL_WRAP) ||
			  (scols_column_set_wrapfunc(column, scols_wrapnl_chunksize,
						     scols_wrapnl_nextchunk, NULL) == 0 &&
			   scols_column_set_safechars(column, "\n") == 0));
}

/* Takes over [text]. */
static bool put(struct libscols_line *line, size_t at, char *text, const char *colour)
{
	struct libscols_cell *cell = scols_line_get_cell(line, at);

	if (!text || !cell || scols_line_refer_data(line, at, text)) {
		free(text);
		return false;
	}
	return !colour || scols_cell_set_color(cell, colour) == 0;
}

static bool add_row(const struct grid *grid, const struct layout *layout,
		    struct libscols_table *table, struct row *row)
{
	row->line = scols_table_new_line(table, NULL);
	for (size_t at = 0; row->line && at < grid->count; at++) {
		if (!put(row->line, at, cell_text(grid, layout, row, at),
			 colour_of(grid, &row->cells[at], at)))
			return false;
	}
	return row->line;
}

static bool print_table(const struct grid *grid, const struct layout *layout, FILE *out)
{
	struct libscols_table *table = new_table(layout->style, out);
	bool done = table;

	for (size_t at = 0; at < grid->count && done; at++) {
		const struct column *column = column_of(grid, at);

		done = add_column(table, column->name,
				  (column->number ? SCOLS_FL_RIGHT : 0) |
					  (column->kind == CELL_PROSE ? SCOLS_FL_WRAP : 0) |
					  (at == layout->tree ? SCOLS_FL_TREE : 0));
	}
	for (size_t i = 0; i < grid->row_count && done; i++)
		done = add_row(grid, layout, table, grid->rows[i]);
	for (size_t i = 0; i < grid->row_count && done; i++) {
		if (grid->rows[i]->parent)
			done = scols_line_add_child(grid->rows[i]->parent->line,
						    grid->rows[i]->line) == 0;
	}
	done = done && scols_print_table(table) == 0;
	scols_unref_table(table);
	return done;
}

/* One row: a line for each cell that is not empty. */
static bool print_block(const struct grid *grid, const struct layout *layout, const struct row *row,
			FILE *out)
{
	const struct grid_style style = {.colour = layout->style->colour};
	struct libscols_table *table = new_table(&style, out);
	bool done =
		table && add_column(table, "name", 0) && add_column(table, "value", SCOLS_FL_WRAP);
	size_t widest = 0;

	for (size_t at = 0; at < grid->count; at++) {
		size_t width = width_of(column_of(grid, at)->name);

		widest = width > widest ? width : widest;
	}
	for (size_t at = 0; at < grid->count && done; at++) {
		const struct cell *cell = &row->cells[at];
		struct libscols_line *line;
		size_t room = (size_t)layout->style->width;

		if (!cell->text || !*cell->text)
			continue;
		room = room > widest + BAR_LEAST ? room - widest - 1 : BAR_LEAST;
		line = scols_table_new_line(table, NULL);
		done = line && put(line, 0, strdup(column_of(grid, at)->name), NULL) &&
		       put(line, 1, cell->amount ? group(cell->text) : broken(cell->text, room),
			   colour_of(grid, cell, at));
	}
	done = done && scols_print_table(table) == 0;
	scols_unref_table(table);
	return done;
}

int grid_print(struct grid *grid, const struct grid_style *style, FILE *out, struct sb_error *err)
{
	struct layout layout = {.style = style, .tree = grid->count};
	bool done = true;

	if (grid->row_count == 0)
		return SB_OK;
	locale_need();
	if (style->tree) {
		layout.tree = tree_column(grid);
		done = layout.tree == grid->count || hang_all(grid, layout.tree);
	}
	if (!done) {
		forget_rows(grid);
		return sb_error_nomem(err);
	}
	if (lay_out(grid, &layout)) {
		done = print_table(grid, &layout, out);
	} else {
		for (size_t i = 0; i < grid->row_count && done; i++) {
			if (i > 0)
				fputc('\n', out);
			done = print_block(grid, &layout, grid->rows[i], out);
		}
	}
	forget_rows(grid);
	return done ? SB_OK : sb_error_nomem(err);
}
