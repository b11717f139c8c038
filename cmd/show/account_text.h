/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of an account in a few words, for people. */
#ifndef SUBANK_CMD_SHOW_ACCOUNT_TEXT_H
#define SUBANK_CMD_SHOW_ACCOUNT_TEXT_H

#include "cmd/frame/env.h"
#include "cmd/frame/messages.h"
#include "ledger/check/funds.h"

/* "open", "held", "grace" or "closed". */
const char *account_state(const struct account *account);

/* "hand, funds" with [separator] between them; "" for none. Returns [buf]. */
enum { CAUSES_SIZE = 32 };
const char *account_causes(const struct account *account, const char *separator,
			   char buf[CAUSES_SIZE]);

/* For a sentence about the account: "has 10.00 SU" or "is unlimited". Returns [buf]. */
enum { FUNDS_SIZE = QUANTITY_SIZE + 8 };
const char *funds_has(const struct env *env, char buf[FUNDS_SIZE], const struct funds *funds);
/* "10.00 SU" or "unlimited". Returns [buf]. */
const char *funds_text(const struct env *env, char buf[QUANTITY_SIZE], const struct funds *funds);

/* Money whose window has not started: how much (as much as int64 holds), and when the first does.
 */
struct waiting {
	int64_t amount;
	int64_t start; /* 0: there is none */
	bool several; /* starts */
};
struct waiting account_waiting(const struct account *account);

#endif
