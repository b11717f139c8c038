/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of use by user, job, month ... as `subank usage` and `subank statement --by` print them. */
#pragma once

#include "cmd/show/output.h"
#include "ledger/report/statement.h"

/* The columns that identify the job, user … whose use a row has. A table has them from [at] on, in
 * the order of enum use_by until use_columns_show(). */
enum { USE_COLUMNS = USE_BY_END - 1 };
#define USE_COLUMN_ROWS(at)                                                                        \
	[(at) + USE_BY_JOB -                                                                       \
		1] = {"Job", false, false, CELL_NAME},                                             \
		[(at) + USE_BY_USER - 1] = {"User", false, false, CELL_NAME},                      \
		[(at) + USE_BY_ACCOUNT - 1] = {"SlurmAccount", false, false, CELL_NAME},           \
		[(at) + USE_BY_PARTITION - 1] = {"Partition", false, false, CELL_NAME},            \
		[(at) + USE_BY_QOS - 1] = {"QOS", false, false, CELL_NAME},                        \
		[(at) + USE_BY_MONTH - 1] = {"Month", false, false, CELL_WHOLE}

/* Writes "CLUSTER/ID", the form that `refund --job` takes. Returns [to]. */
enum { JOB_NAME_SIZE = NAME_SIZE + 256 };
const char *job_name(char to[JOB_NAME_SIZE], const char *cluster, const char *id);

/* Reads --by into ret->by and ret->then. Without that option *ret does not change. Fails with
 * SB_EINVAL. */
int use_by_read(struct env *env, struct use *ret, struct sb_error *err);

/* Marks those of the USE_COLUMNS [columns] as shown that rows of [use] fill in. Those of a pair
 * trade places if need be, so that the first word of --by has the first column; not in CSV,
 * whose columns have one order. */
void use_columns_show(const struct env *env, struct column *columns, const struct use *use);

/* Sets the names of a row that is of no job, user ... : a text in brackets. [at] is the first of
 * the USE_COLUMNS. */
void use_row_name(struct output *output, size_t at, const struct use *use, const char *text);

struct use_row {
	const char *cluster; /* of a job; "" otherwise */
	uint64_t jobs, entries;
	int64_t amount; /* billing-seconds used, less what was given back */
	struct use_hours hours;
};

/* Fills in the remaining cells of a row whose USE_COLUMNS are set. */
typedef void use_add_row(struct output *output, const struct use_row *row, void *ctx);

struct use_table {
	const struct env *env;
	struct output *output;
	size_t at; /* the first of the USE_COLUMNS */
	use_add_row *add;
	void *ctx;
};

/* Adds a row to [table] for each job or group in the use of [statement], which must have been made
 * in this transaction. Reads jobs from the journal one by one. */
int use_rows(struct books *books, const struct statement *statement, const struct use_table *table,
	     struct sb_error *err);
