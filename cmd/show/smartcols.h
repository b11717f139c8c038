/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libsmartcols, loaded when the first table is printed: looking up its symbols at each start takes
 * a quarter of the instructions of a deposit, which prints none (tests/bench/README.md). */
#ifndef SUBANK_CMD_SHOW_SMARTCOLS_H
#define SUBANK_CMD_SHOW_SMARTCOLS_H

#include <libsmartcols.h>

#include "ledger/base/error.h"

/* What is used of it. */
#define SMARTCOLS_FUNCTIONS(USE)                                                                   \
	USE(scols_cell_set_color)                                                                  \
	USE(scols_column_set_safechars)                                                            \
	USE(scols_column_set_wrapfunc)                                                             \
	USE(scols_line_add_child)                                                                  \
	USE(scols_line_get_cell)                                                                   \
	USE(scols_line_refer_data)                                                                 \
	USE(scols_new_table)                                                                       \
	USE(scols_print_table)                                                                     \
	USE(scols_table_enable_colors)                                                             \
	USE(scols_table_enable_noheadings)                                                         \
	USE(scols_table_new_column)                                                                \
	USE(scols_table_new_line)                                                                  \
	USE(scols_table_set_stream)                                                                \
	USE(scols_table_set_termforce)                                                             \
	USE(scols_unref_table)                                                                     \
	USE(scols_wrapnl_chunksize)                                                                \
	USE(scols_wrapnl_nextchunk)

#define SMARTCOLS_MEMBER(name) __typeof__(&name) name;
struct smartcols {
	SMARTCOLS_FUNCTIONS(SMARTCOLS_MEMBER)
};

/* Gives it, loaded until the process ends. SB_ESYSTEM: it is not there. */
int smartcols_load(const struct smartcols **ret, struct sb_error *err);

#endif
