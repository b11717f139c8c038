/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An entry as one line of JSON, from the same table as its other forms. */
#ifndef SUBANK_CMD_SHOW_ENTRY_JSON_H
#define SUBANK_CMD_SHOW_ENTRY_JSON_H

#include <stdio.h>

#include "cmd/frame/env.h"
#include "ledger/books/journal.h"
#include "ledger/check/funds.h"

/* Amounts are integers under names that end in _seconds, times RFC 3339. */
int entry_json(const struct env *env, FILE *out, const struct entry *entry, struct sb_error *err);
/* The same with what the account has now, as the object "balance". */
int entry_json_balance(const struct env *env, FILE *out, const struct entry *entry,
		       const struct account *account, const struct funds *funds,
		       struct sb_error *err);

#endif
