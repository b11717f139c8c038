/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Short texts about an account, for people. */
#pragma once

#include "cmd/frame/env.h"
#include "cmd/frame/messages.h"
#include "ledger/check/funds.h"

/* Returns "open", "held", "scavenge" (held, and only jobs in the scavenger QOS start), "grace" or
 * "closed". The rules are those for the account or purse. */
const char *account_state(const struct account *account, const struct rules *rules);

/* Writes the causes of its hold, "hand, funds", with [separator] between them; "" for none. Returns
 * [buf]. */
enum { CAUSES_SIZE = 32 };
const char *account_causes(const struct account *account, const char *separator,
			   char buf[CAUSES_SIZE]);

/* Writes a predicate: "has 10.00 SU" or "is unlimited". Returns [buf]. */
enum { FUNDS_SIZE = QUANTITY_SIZE + 8 };
const char *funds_has(const struct env *env, char buf[FUNDS_SIZE], const char *purse,
		      const struct funds *funds);

/* Writes how a command line names the purse: "physics" or "physics --resource gres/gpu". Returns
 * [buf]. */
enum { PURSE_WORDS_SIZE = NAME_SIZE + 16 };
const char *purse_words(char buf[PURSE_WORDS_SIZE], const char *purse);

/* Writes "10.00 SU" or "unlimited". Returns [buf]. */
const char *funds_text(const struct env *env, char buf[QUANTITY_SIZE], const char *purse,
		       const struct funds *funds);

/* Money whose window has not started yet. */
struct waiting {
	int64_t amount; /* at most INT64_MAX */
	int64_t start; /* of the first such window; 0: there is none */
	bool several; /* windows start at different times */
};
struct waiting account_waiting(const struct account *account);
