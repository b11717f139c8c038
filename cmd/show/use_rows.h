/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --by, and what rows of use have in common: `subank usage` and `subank statement --by`. */
#ifndef SUBANK_CMD_SHOW_USE_ROWS_H
#define SUBANK_CMD_SHOW_USE_ROWS_H

#include "cmd/show/output.h"
#include "ledger/report/statement.h"

/* Columns that say whose use a row is, in a table of columns from [at] on: at + enum use_by - 1. */
enum { USE_COLUMNS = USE_BY_END - 1 };
#define USE_COLUMN_ROWS(at)                                                                        \
	[(at) + USE_BY_JOB -                                                                       \
		1] = {"Job", false, false, CELL_NAME},                                             \
		[(at) + USE_BY_USER - 1] = {"User", false, false, CELL_NAME},                      \
		[(at) + USE_BY_ACCOUNT - 1] = {"SlurmAccount", false, false, CELL_NAME},           \
		[(at) + USE_BY_PARTITION - 1] = {"Partition", false, false, CELL_NAME},            \
		[(at) + USE_BY_QOS - 1] = {"QOS", false, false, CELL_NAME},                        \
		[(at) + USE_BY_MONTH - 1] = {"Month", false, false, CELL_WHOLE}

/* "CLUSTER/ID", as `refund --job` takes it. Returns [to]. */
enum { JOB_NAME_SIZE = NAME_SIZE + 256 };
const char *job_name(char to[JOB_NAME_SIZE], const char *cluster, const char *id);

/* Reads --by; leaves *ret when it was not given. SB_EINVAL. */
int use_by_read(struct env *env, enum use_by *ret, struct sb_error *err);

/* Shows the columns of those at [columns] that rows by [by] have. */
void use_columns_show(struct column *columns, enum use_by by);

/* Called for each row, whose first cells (USE_COLUMNS from [at] on) are set: the rest are the
 * caller's. */
struct use_row {
	const char *cluster; /* "" unless it is a job */
	uint64_t jobs, entries;
	int64_t amount; /* billing-seconds used: what was given back is taken off */
};
typedef void use_add_row(struct output *output, const struct use_row *row, void *ctx);

/* Adds the rows of the use of a statement that was made in this transaction. Jobs are read from the
 * journal row by row. */
int use_rows(struct books *books, const struct statement *statement, struct output *output,
	     size_t at, use_add_row *add, void *ctx, struct sb_error *err);

#endif
