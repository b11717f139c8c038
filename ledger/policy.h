/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is to be done: from states, readings and rules to entries. Pure: no clock, store or I/O. */
#ifndef SUBANK_LEDGER_POLICY_H
#define SUBANK_LEDGER_POLICY_H

#include "ledger/account.h"

enum enforcement {
	ENFORCE_OFF, /* keep the books, hold nobody for funds */
	ENFORCE_WARN, /* and say who has spent the allowance */
	ENFORCE_HOLD, /* and hold him in Slurm */
};

/* The site's rules, from the settings. */
struct rules {
	enum enforcement enforcement;
	const char *field; /* the lever: GrpTRESMins */
	const char *tres; /* cpu */
	int64_t hold_value; /* what it is set to: 0 */
	const int *thresholds; /* percent, rising */
	size_t threshold_count;
	int64_t notice; /* how long before its end what is left of a window is told; microseconds,
			   0: never */
};

/* The thresholds of an account, percent, rising. */
const int *thresholds_of(const struct account *account, const struct rules *rules,
			 size_t *ret_count);

/* Works out which lots a charge draws on (amount, since and until are set): those whose window
 * overlaps the use, earliest end first; what none covers is debt. Fills parts and debt. */
int plan_charge(const struct account *account, struct event *charge, struct sb_error *err);

/* Works out which lots a withdrawal or transfer takes from: active ones, earliest end first, never
 * credit. SB_EREFUSED when they hold less; fills parts. */
int plan_take(const struct account *account, struct event *event, struct sb_error *err);

/* How much debt of the receiver money active now pays at once. */
int64_t plan_debt(const struct account *receiver, int64_t amount);

/* The decision on funds that the state asks for. */
enum decision { DECIDE_NOTHING, DECIDE_HOLD, DECIDE_RELEASE };
int decide_funds(const struct account *account, const struct rules *rules, enum decision *ret,
		 struct sb_error *err);

/* Whether money was ever put in: an account without is reported, not held. */
bool had_money(const struct account *account);

/* What is to be done about one limit in Slurm that shows [current] (-1: none). */
enum lever_plan {
	LEVER_LEAVE, /* nothing */
	LEVER_ENTER_HOLD, /* enter a lever and set the hold value */
	LEVER_ENTER_RESTORE, /* enter a lever and set what was found before */
	LEVER_RETRY, /* a lever entered before is not done: set its value (again) */
	LEVER_CONFIRM, /* it is done: Slurm shows its value */
	LEVER_GIVE_UP, /* to restore, but somebody else changed the value: leave it */
	LEVER_DRIFT, /* in force, but somebody else changed the value */
};
enum lever_plan plan_lever(const struct account *account, const struct lever *lever,
			   int64_t current, const struct rules *rules);

#endif
