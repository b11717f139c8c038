/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is to be done: from states, readings and rules to entries. Pure: no clock, store or I/O. */
#ifndef SUBANK_LEDGER_ACCOUNT_POLICY_H
#define SUBANK_LEDGER_ACCOUNT_POLICY_H

#include "ledger/account/account.h"

/* The site's rules, from the settings. */
struct rules {
	enum metering meter; /* for accounts whose terms name none; the same for the next */
	enum enforcement enforcement; /* for accounts whose terms name none */
	const char *field; /* likewise the lever: GrpTRESMins */
	const char *tres; /* cpu; "" for a field without TRES */
	bool committed; /* holds go by what jobs that run are committed to, not by what they used */
	bool put_right; /* a lever changed by hand is set again, not left */
	bool spare_moneyless; /* an account that never had money is not held at its first use */
	bool pooled; /* under `limit` each cluster gets room for the whole balance */
	struct thresholds thresholds; /* for accounts whose terms name none */
	int64_t notice; /* how long before its end what is left of a window is told; microseconds,
			   0: never */
	int64_t charge_every; /* how long use may wait for its entry; microseconds, 0: it does not
			       */
};

const struct thresholds *thresholds_of(const struct account *account, const struct rules *rules);
enum enforcement enforcement_of(const struct account *account, const struct rules *rules);
enum metering metering_of(const struct account *account, const struct rules *rules);

/* A limit of an account in Slurm. */
struct limit {
	const char *field; /* GrpTRESMins */
	const char *tres; /* cpu; "" for a field without TRES */
	int64_t value; /* 0 or more */
};

/* The lever that holds the account. */
struct limit hold_limit(const struct account *account, const struct rules *rules);

/* The limit that `limit` keeps in step: Slurm's field for use since it counts, in whole minutes. */
#define CAP_FIELD "GrpTRESMins"
#define CAP_TRES "billing"

/* One cluster's part in what an account may still use under `limit`. Slurm starts a job there only
 * if its minutes used and the job's fit under the limit; [value] is worked out so that what then
 * runs uses no more than the cluster's room, to the second. */
struct cap {
	/* in */
	bool silent; /* it did not answer: what it may use stays reserved */
	bool absent; /* the account is not there */
	int64_t used; /* billing-seconds by the counter that the limit is compared with; no more */
	int64_t running; /* what running jobs may use yet, whatever the limit; billing-seconds */
	int64_t share; /* its weight among the clusters */
	int64_t now; /* the limit in force; -1: none */
	int64_t ceiling; /* the site's own limit; -1: none */
	bool changed; /* by hand, */
	bool left; /* and not to be put right: its room is taken as it is */
	int64_t kept; /* the value that the books have for it; -1: none */
	/* out */
	int64_t value; /* the limit to have; -1: nothing to say */
	/* its own */
	int64_t target; /* what it may use under [value] */
	bool full; /* its running jobs may use more than that */
};

/* Deals [available] to the clusters; what jobs that run may use yet stays where they run. What is
 * in step stays as it is; otherwise every share is dealt anew, and while any has to be lowered none
 * is raised: *ret_deferred tells that there is more to do once the lowering was read back. */
void plan_caps(struct cap *caps, size_t count, int64_t available, bool pooled, bool *ret_deferred);

/* Whether `limit` is to be kept for the account now. */
bool wants_caps(const struct account *account, const struct rules *rules);

/* Works out which lots a charge draws on (amount, since and until are set): those whose window
 * overlaps the use, earliest end first; what none covers is debt. Fills parts and debt. */
int plan_charge(const struct account *account, struct event *charge, struct sb_error *err);

/* Whether use that the account's state has, [amount] since [since] and later, may go without an
 * entry for now: when nothing else is to be entered, it would not wait longer than the rules let
 * it, and no window starts or ends from then until the checks would enter it. Should they stop,
 * nothing that starts or ends later would come out otherwise either. So it makes no difference that
 * it waits. */
bool charge_may_wait(const struct account *account, int64_t amount, int64_t since,
		     const struct rules *rules);

/* Works out which lots a withdrawal or transfer takes from: active ones, earliest end first, never
 * credit. SB_EREFUSED when they hold less; fills parts. */
int plan_take(const struct account *account, struct event *event, struct sb_error *err);

/* How much debt of the receiver money active now pays at once. */
int64_t plan_debt(const struct account *receiver, int64_t amount);

/* The decision on funds that the state asks for. */
enum decision { DECIDE_NOTHING, DECIDE_HOLD, DECIDE_RELEASE };
/* [flight]: what is spent although no entry has it yet. */
int decide_funds(const struct account *account, int64_t flight, const struct rules *rules,
		 enum decision *ret, struct sb_error *err);

/* Whether money was ever put in, or credit given. An account without is held at its first use, not
 * before, unless the rules spare it. */
bool had_money(const struct account *account);

/* What is to be done about one limit in Slurm that shows [current] (-1: none). */
enum lever_plan {
	LEVER_LEAVE, /* nothing */
	LEVER_ENTER_HOLD, /* enter a lever and set what is aimed at */
	LEVER_ENTER_RESTORE, /* enter a lever and set what was found before */
	LEVER_RETRY, /* a lever entered before is not done: set its value (again) */
	LEVER_CONFIRM, /* it is done: Slurm shows its value */
	LEVER_GIVE_UP, /* to restore, but somebody else changed the value: leave it */
	LEVER_DRIFT, /* in force, but somebody else changed the value */
};
/* [lever]: ours on that limit, or NULL; [aim]: what it is to be, NULL to have it as the site had.
 */
enum lever_plan plan_lever(const struct account *account, const struct lever *lever,
			   int64_t current, const struct limit *aim, bool put_right);

#endif
