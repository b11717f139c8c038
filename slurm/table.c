/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "slurm/error.h"

static size_t count_char(const char *text, size_t len, char c)
{
	size_t count = 0;

	for (const char *at = text; (at = memchr(at, c, len - (size_t)(at - text))); at++)
		count++;
	return count;
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r")] == '\0';
}

/* Whether the line is blank or "CLUSTER: name", which -M adds above each cluster's rows. */
static bool is_skipped(const char *line)
{
	return is_blank(line) ||
	       (strncmp(line, "CLUSTER: ", strlen("CLUSTER: ")) == 0 && !strchr(line, '|'));
}

/* Whether the line has all fields and begins with the key. */
static bool is_row(const char *line, const struct table_form *form)
{
	size_t len = form->key ? strlen(form->key) : 0;

	if (form->key &&
	    (strncmp(line, form->key, len) != 0 || line[len] != (form->count > 1 ? '|' : '\0')))
		return false;
	return count_char(line, strlen(line), '|') + 1 >= form->count;
}

/* Splits a row into its fields; the last one gets the rest. */
static void split_row(char *line, const char **fields, size_t count)
{
	for (size_t i = 0; i + 1 < count; i++) {
		fields[i] = line;
		line += strcspn(line, "|");
		*line++ = '\0';
	}
	fields[count - 1] = line;
}

static int check_header(const struct table_form *form, size_t line_number, char *line,
			struct sb_error *err)
{
	size_t count = count_char(line, strlen(line), '|') + 1;

	for (size_t i = 0; i < form->count; i++) {
		const char *found = i < count ? strsep(&line, "|") : "nothing";

		if (i >= count || strcasecmp(found, form->columns[i]) != 0)
			return slurm_error(err, SB_EFORMAT,
					   "%s: line %zu of its answer should name column %s but "
					   "has \"%.100s\"" SLURM_OWN,
					   form->command, line_number, form->columns[i], found);
	}
	if (count != form->count)
		return slurm_error(
			err, SB_EFORMAT,
			"%s: line %zu of its answer names %zu columns, not %zu" SLURM_OWN,
			form->command, line_number, count, form->count);
	return SB_OK;
}

/* Reads the lines of [table->text], whose arrays have room for all. */
static int read_lines(const struct table_form *form, struct table *table, struct sb_error *err)
{
	size_t line_number = 0;
	bool header_seen = false;

	for (char *line = table->text, *next; *line; line = next) {
		char *end = strchr(line, '\n'); /* never NULL: the last line has one too */

		*end = '\0';
		next = end + 1;
		line_number++;
		if ((table->rows == 0 || form->count == 1) && is_skipped(line))
			continue;
		if (!header_seen) {
			TRY(check_header(form, line_number, line, err));
			header_seen = true;
		} else if (is_row(line, form)) {
			split_row(line, &table->cells[table->rows * form->count], form->count);
			table->lines[table->rows++].line = line_number;
		} else if (table->rows == 0) {
			return slurm_error(err, SB_EFORMAT,
					   "%s: line %zu of its answer is \"%.100s\", not a row of "
					   "%zu fields%s%.255s" SLURM_OWN,
					   form->command, line_number, line, form->count,
					   form->key ? " that begins with " : "",
					   form->key ? form->key : "");
		} else {
			if (is_blank(line) && next[strspn(next, " \t\r\n")] == '\0')
				break;
			line[-1] = '\n';
			table->lines[table->rows - 1].joined = true;
		}
	}
	if (!header_seen)
		return slurm_error(err, SB_EFORMAT,
				   "%s: its answer is empty, not even column names" SLURM_OWN,
				   form->command);
	return SB_OK;
}

int table_parse(const struct table_form *form, const char *text, size_t len, struct table *ret,
		struct sb_error *err)
{
	struct table table = {.columns = form->count};
	const char *nul = len > 0 ? memchr(text, '\0', len) : NULL;
	size_t lines = len > 0 ? count_char(text, len, '\n') : 0, max_cells;
	int code;

	assert(form->count > 0);
	if (nul)
		return slurm_error(err, SB_EFORMAT,
				   "%s: line %zu of its answer has a NUL byte" SLURM_OWN,
				   form->command, count_char(text, (size_t)(nul - text), '\n') + 1);
	if (len > 0 && text[len - 1] != '\n')
		return slurm_error(err, SB_EFORMAT,
				   "%s: line %zu of its answer is cut off: run it again",
				   form->command, lines + 1);

	/* A row has at least one byte a cell. Without this limit, an answer of many short lines,
	 * which are skipped, would take far more memory than it needs. */
	max_cells = lines <= SIZE_MAX / form->count ? lines * form->count : len;
	if (max_cells > len)
		max_cells = len;
	table.text = malloc(len + 1);
	table.cells = calloc(max_cells + 1, sizeof(*table.cells));
	table.lines = calloc(max_cells / form->count + 1, sizeof(*table.lines));
	if (table.text && table.cells && table.lines) {
		if (len > 0)
			memcpy(table.text, text, len);
		table.text[len] = '\0';
		code = read_lines(form, &table, err);
	} else {
		code = slurm_error_nomem(err);
	}
	if (code == SB_OK)
		*ret = table;
	else
		table_release(&table);
	return code;
}

int table_ask(const struct slurm *slurm, const struct table_form *form, const char *const argv[],
	      struct table *ret, struct sb_error *err)
{
	struct run_result answer = {0};
	int code;

	TRY(slurm_ask(slurm, argv, &answer, err));
	code = table_parse(form, answer.out, answer.out_len, ret, err);
	run_result_release(&answer);
	return code;
}

const char *table_cell(const struct table *table, size_t row, size_t column)
{
	assert(row < table->rows && column < table->columns);
	return table->cells[row * table->columns + column];
}

void table_release(struct table *table)
{
	free(table->text);
	free(table->cells);
	free(table->lines);
	memset(table, 0, sizeof(*table));
}
