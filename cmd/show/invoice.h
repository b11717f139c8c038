/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The invoice at the end of a statement with --price. */
#pragma once

#include "cmd/frame/env.h"
#include "cmd/show/head_text.h"
#include "ledger/report/price.h"
#include "ledger/report/statement.h"

struct invoice {
	const char *purse; /* borrowed from the statement */
	struct price price; /* of a unit of the purse */
	struct billed billed;
	int64_t cents; /* what [billed] costs */
	bool so_far; /* the bank has no entry after the period yet: it is a preview */
	int64_t until; /* the end of the period */
	char number[INVOICE_NUMBER_SIZE]; /* "" for a preview */
	char head[HEAD_TEXT_SIZE]; /* the last entry that it rests on, for verify --head */
};

/* Makes the invoice of a statement that was made with [billed]. Fails with SB_EOVERFLOW, and with
 * SB_EREFUSED if the bank has no entry before the end of the period. */
int invoice_make(const struct statement *statement, const struct price *price, struct invoice *ret,
		 struct sb_error *err);

/* Prints it for people. */
void invoice_report(struct env *env, const struct invoice *invoice);

/* Whether it bills more than fees: an account above the invoice's counts such use, but no fees. */
bool invoice_has_use(const struct invoice *invoice);

/* Purses whose invoices have use, in the order of purse_order(). */
struct invoiced {
	char (*purses)[NAME_SIZE];
	size_t count;
};

/* Fails with SB_EREFUSED if some of these purses are of accounts inside others of them in Slurm:
 * the same use is then on several invoices. A books_fn; [ctx] is a struct invoiced. */
int invoice_check_nested(struct books *books, void *ctx, struct sb_error *err);
