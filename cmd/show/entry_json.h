/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An entry as one line of JSON, from the table of fields that its other forms come from. */
#pragma once

#include <stdio.h>

#include "cmd/frame/env.h"
#include "cmd/show/balance_row.h"
#include "ledger/books/journal.h"
#include "ledger/books/people.h"

/* Prints an entry. Amounts are integers under names that end in _seconds, times are RFC 3339. Fails
 * with SB_ESYSTEM when memory ran out. */
int entry_json(const struct env *env, FILE *out, const struct entry *entry, struct sb_error *err);

/* Prints an entry with the present balance of its account, as the object "balance", and the list
 * "contacts". The state is that of `subank balance`: it also shows holds of accounts above. The
 * scavenger QOS is given where jobs in it still start; NULL: the site has none. */
int entry_json_balance(const struct env *env, FILE *out, const struct entry *entry,
		       const struct balance_row *row, const char *scavenger,
		       const struct people *people, struct sb_error *err);
