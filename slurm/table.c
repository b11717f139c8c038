/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "slurm/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* A line that is not a row: blank, or "CLUSTER: name", which -M puts above each cluster's rows. */
static bool passed_over(const char *line)
{
	return is_blank(line) ||
	       (strncmp(line, "CLUSTER: ", strlen("CLUSTER: ")) == 0 && !strchr(line, '|'));
}

/* Whether [line] can be a row: it has all fields, and the first one is [key]. */
static bool is_row(const char *line, size_t ncolumns, const char *key)
{
	size_t len = key ? strlen(key) : 0;

	if (key && (strncmp(line, key, len) != 0 || line[len] != (ncolumns > 1 ? '|' : '\0')))
		return false;
	return count_char(line, strlen(line), '|') + 1 >= ncolumns;
}

/* Splits a row into its fields; the last gets all that is left. */
static void split_row(char *line, char **fields, size_t ncolumns)
{
	for (size_t i = 0; i + 1 < ncolumns; i++) {
		fields[i] = line;
		line += strcspn(line, "|");
		*line++ = '\0';
	}
	fields[ncolumns - 1] = line;
}

size_t table_split(char *line, char **fields, size_t max)
{
	size_t n = 0;

	for (;;) {
		char *bar = strchr(line, '|');

		if (n < max)
			fields[n] = line;
		n++;
		if (!bar)
			return n;
		*bar = '\0';
		line = bar + 1;
	}
}

static int check_header(const char *what, size_t line_number, char *const fields[], size_t nfields,
			const char *const columns[], size_t ncolumns, struct sb_error *err)
{
	for (size_t i = 0; i < ncolumns; i++) {
		const char *found = i < nfields ? fields[i] : "nothing";

		if (i >= nfields || strcasecmp(found, columns[i]) != 0)
			return sb_error_set(err, SB_EFORMAT,
					    "%s: line %zu of its answer should name column %s "
					    "but has \"%.100s\": see whether this is Slurm's "
					    "own command",
					    what, line_number, columns[i], found);
	}
	if (nfields != ncolumns)
		return sb_error_set(err, SB_EFORMAT,
				    "%s: line %zu of its answer names %zu columns, %zu were "
				    "asked for: see whether this is Slurm's own command",
				    what, line_number, nfields, ncolumns);
	return 0;
}

int table_parse(const char *what, const char *text, size_t len, const char *const columns[],
		size_t ncolumns, const char *key, struct table *ret, struct sb_error *err)
{
	struct table table = {.columns = ncolumns};
	char **fields = NULL;
	const char *nul;
	size_t lines, line_number = 0;
	bool header_seen = false;
	int code;

	assert(ncolumns > 0);
	nul = len > 0 ? memchr(text, '\0', len) : NULL;
	if (nul)
		return sb_error_set(err, SB_EFORMAT,
				    "%s: line %zu of its answer has a NUL byte: see whether "
				    "this is Slurm's own command",
				    what, count_char(text, (size_t)(nul - text), '\n') + 1);
	lines = len > 0 ? count_char(text, len, '\n') : 0;
	if (len > 0 && text[len - 1] != '\n')
		return sb_error_set(err, SB_EFORMAT,
				    "%s: line %zu of its answer is cut off: run it again", what,
				    lines + 1);

	table.text = malloc(len + 1);
	/* Lines passed over get no cells; a row has at least one byte a cell, so an answer with
	 * many short lines cannot ask for more than this. */
	size_t max_cells = lines <= SIZE_MAX / ncolumns ? lines * ncolumns : len;
	if (max_cells > len)
		max_cells = len;
	table.cells = calloc(max_cells + 1, sizeof(*table.cells));
	table.lines = calloc(max_cells / ncolumns + 1, sizeof(*table.lines));
	fields = calloc(ncolumns, sizeof(*fields));
	if (!table.text || !table.cells || !table.lines || !fields) {
		code = sb_error_set(err, SB_ESYSTEM, "%s: out of memory for its answer", what);
		goto failed;
	}
	if (len > 0)
		memcpy(table.text, text, len);
	table.text[len] = '\0';

	char *next = table.text;
	while (*next) {
		char *line = next;
		char *end = strchr(line, '\n'); /* never NULL: the last line has one too */
		size_t nfields;

		*end = '\0';
		next = end + 1;
		line_number++;
		if ((table.rows == 0 || ncolumns == 1) && passed_over(line))
			continue;
		if (!header_seen) {
			nfields = table_split(line, fields, ncolumns);
			code = check_header(what, line_number, fields, nfields, columns, ncolumns,
					    err);
			if (code != 0)
				goto failed;
			header_seen = true;
			continue;
		}
		if (is_row(line, ncolumns, key)) {
			split_row(line, fields, ncolumns);
			memcpy(&table.cells[table.rows * ncolumns], fields,
			       ncolumns * sizeof(*fields));
			table.lines[table.rows++].line = line_number;
		} else if (table.rows > 0) {
			if (is_blank(line) && next[strspn(next, " \t\r\n")] == '\0')
				break;
			line[-1] = '\n';
			table.lines[table.rows - 1].joined = true;
		} else {
			code = sb_error_set(err, SB_EFORMAT,
					    "%s: line %zu of its answer is \"%.100s\", not a row "
					    "of %zu fields%s%.255s: see whether this is Slurm's "
					    "own command",
					    what, line_number, line, ncolumns,
					    key ? " that begins with " : "", key ? key : "");
			goto failed;
		}
	}
	if (!header_seen) {
		code = sb_error_set(err, SB_EFORMAT,
				    "%s: its answer is empty, not even column names: see "
				    "whether Slurm answers",
				    what);
		goto failed;
	}
	free(fields);
	*ret = table;
	return 0;

failed:
	free(fields);
	table_release(&table);
	return code;
}

int table_ask(const struct slurm *slurm, const char *what, const char *const argv[],
	      const char *const columns[], size_t ncolumns, const char *key, struct table *ret,
	      struct sb_error *err)
{
	struct run_result answer = {0};
	int code;

	code = slurm_ask(slurm, argv, &answer, err);
	if (code == SB_OK)
		code = table_parse(what, answer.out, answer.out_len, columns, ncolumns, key, ret,
				   err);
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
	if (!table)
		return;
	free(table->text);
	free(table->cells);
	free(table->lines);
	memset(table, 0, sizeof(*table));
}
