/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What verbs that make a statement share. */
#pragma once

#include "cmd/frame/env.h"
#include "ledger/report/statement.h"

/* Calls statement_make() and shows its progress. */
int statement_make_with_progress(struct env *env, struct books *books, struct statement *statement,
				 struct sb_error *err);

/* Prints the error. Returns the exit status, which is EXIT_PART for books that do not add up: they
 * were read, and a problem was found. */
int statement_failed(struct env *env, const struct sb_error *err);
