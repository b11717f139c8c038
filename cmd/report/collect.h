/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads what a report shows of a purse, with the functions of the verbs. */
#pragma once

#include "cmd/show/balance_row.h"
#include "cmd/show/head_text.h"
#include "ledger/report/balance_days.h"
#include "ledger/report/forecast.h"
#include "ledger/report/statement.h"
#include "ledger/report/use_days.h"

/* One report: all of its pages are of one transaction. */
struct report {
	struct env *env;
	int64_t since, until; /* the period of statements and use */
	int64_t now;
	bool named; /* who reads a page reads all: it may name other accounts */
	struct nesting nesting;
	char head[HEAD_TEXT_SIZE];
	char bank[BANK_ID_TEXT_SIZE];
	bool empty; /* the bank has no entries */
};

/* An entry that moved money, other than use. */
struct movement {
	int64_t time;
	uint64_t seq;
	const char *kind;
	int64_t amount, balance; /* signed, seconds; after it */
	char *note;
};

enum { MOVEMENTS_MAX = 12 };

struct purse_data {
	const struct account *purse;
	struct unit unit;
	struct balance_row row;
	struct forecast forecast;
	struct statement statement;
	struct balance_days days;
	struct use_days use;
	struct movement movements[MOVEMENTS_MAX]; /* the newest of the period, oldest first */
	size_t movement_count;
	char *why; /* the lines of `subank why` */
};

/* Reads all of it, from a purse that was loaded with its deferred charges. The caller calls
 * purse_data_release(), also on failure. */
int purse_data_read(struct report *report, struct books *books, const struct account *purse,
		    struct purse_data *ret, struct sb_error *err);
void purse_data_release(struct purse_data *data);

/* Returns how many whole days the money lasts: 0 when it is spent, -1 when it has no end. */
int64_t days_left(const struct purse_data *data, int64_t now);
