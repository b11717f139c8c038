/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A statement as the verbs make it: those that print one, and those that print what it was used
 * for. */
#ifndef SUBANK_CMD_SHOW_STATEMENTS_H
#define SUBANK_CMD_SHOW_STATEMENTS_H

#include "cmd/frame/env.h"
#include "ledger/report/statement.h"

/* statement_make() that shows how far it is. */
int statement_make_with_progress(struct env *env, struct books *books, struct statement *statement,
				 struct sb_error *err);

/* Says the error and gives the exit status: books that do not add up were looked at, and are a
 * problem found. */
int statement_failed(struct env *env, const struct sb_error *err);

#endif
