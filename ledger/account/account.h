/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of one account and the rules by which entries change it. Everything here is pure: no
 * clock, no store, no choice. The state is a cache: replaying the journal gives it again. */
#ifndef SUBANK_LEDGER_ACCOUNT_ACCOUNT_H
#define SUBANK_LEDGER_ACCOUNT_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/account/event.h"
#include "ledger/account/thresholds.h"
#include "ledger/base/bytes.h"
#include "ledger/base/error.h"
#include "ledger/base/name.h"

/* Money with a window [start, end): spent only by use inside it. */
struct lot {
	uint64_t seq; /* the entry that made it, and its place among those it made */
	uint16_t index;
	int64_t start; /* microseconds, UTC */
	int64_t end; /* WHEN_NEVER: no end */
	int64_t amount; /* billing-seconds put in, net of withdrawals and transfers */
	int64_t rest; /* of that, not yet spent */
	bool noticed; /* that its end is near was entered, for it or another with the same end */
};

/* How far the use on a cluster is charged. */
struct meter {
	char cluster[NAME_SIZE];
	int64_t reading; /* billing-seconds */
	int64_t time; /* when it was read */
	bool jobs; /* jobs are charged instead, and the reading stands still; */
	int64_t jobs_since; /* they count from this time on, microseconds */
	int64_t were_since, were_until; /* the last time before that jobs were charged: those that
					   ended by then still are, when slurmdbd hears of them
					   late; 0, 0: never */
};

/* Whether a job that ended at that time (microseconds; INT64_MAX: it runs) is charged by itself,
 * and from when on what it used is. */
bool meter_by_jobs(const struct meter *meter, int64_t end, int64_t *ret_since);

/* An account of Slurm that came below this one, or went from there, with all that is below it. */
struct moved {
	char cluster[NAME_SIZE];
	char mover[NAME_SIZE];
	int64_t since; /* jobs that ended up to then, microseconds, counted where it was before */
	bool came;
};

/* A limit in Slurm that the bank changed, or is about to change. */
struct lever {
	uint64_t seq; /* the newest lever entry */
	uint64_t decision; /* the entry that it carries out */
	char cluster[NAME_SIZE];
	char slurm_account[NAME_SIZE];
	char field[65];
	char tres[65];
	int64_t original; /* the site's value, the last that was not ours; -1 none */
	int64_t found; /* what Slurm showed when [seq] was entered; */
	bool found_ours; /* whether that was a value of ours */
	int64_t ours; /* what we set, or were about to set, */
	int64_t ours_before; /* and the value before that one */
	int64_t set; /* what Slurm is to show */
	bool restoring; /* the original is to come back; done, the lever is gone */
	bool tried; /* an outcome was entered for [seq] */
	uint8_t outcome; /* enum outcome, when tried */
	char reason[256]; /* of that outcome */
};

struct account {
	char name[NAME_SIZE];
	bool open;
	bool unlimited; /* never held for funds */
	int64_t credit; /* how far below zero the balance may go */
	uint8_t enforcement; /* enum enforcement; ENFORCE_SITE: as the settings say */
	char field[65]; /* the lever that holds it; "": that of the settings */
	char tres[65];
	uint8_t meter; /* enum metering; METER_SITE: as the settings say */
	bool own_thresholds; /* else those of the settings */
	struct thresholds thresholds;
	int64_t time; /* of the last entry; the state is settled to it */
	uint64_t seq; /* the last entry */

	struct lot *lots; /* in the order of spending: earliest end first */
	size_t lot_count;
	int64_t debt;

	/* Sums over all entries, each 0 or more, billing-seconds. Wider than money, so that one
	 * entry put in by mistake and taken back does not use up what a lifetime may hold. */
	__int128 deposited, withdrawn, received, sent, charged, expired, refunded, adjusted;
	__int128 given_back, taken_back; /* by reversals */

	struct meter *meters; /* by cluster */
	size_t meter_count;

	struct moved *moves; /* in the order of their entries */
	size_t move_count;

	unsigned causes; /* bit 1 << enum cause */
	int64_t hand_until; /* a hold by hand ends by itself; 0: it does not */
	int64_t grace_until; /* causes do not hold until then; 0: no grace */
	uint64_t decision; /* the last entry that changed any of these */

	int64_t *crossed; /* percent: thresholds that were crossed and are not below again */
	size_t crossed_count;

	struct lever *levers; /* in force, or to be put in force */
	size_t lever_count;
};

/* A zeroed account named [name]; account_free() it. NULL when memory ran out. */
struct account *account_new(const char *name);
struct account *account_copy(const struct account *account);
void account_free(struct account *account);

/* Moves the state on to [time] as it would be without further entries: lots that start pay debt,
 * earliest end first; thresholds that what is used is below at any time until then are armed again;
 * holds and graces end; ended lots without a rest are forgotten. The same comes out however often
 * it is settled in between. Never moves back. */
void account_settle(struct account *account, int64_t time);

/* Applies an entry to the account that it names and, for a transfer, to the receiver ([to], else
 * NULL). Settles to the entry's time before and after. Whatever the rules forbid is SB_ECORRUPT
 * (planning checks first, so an entry that breaks a rule was never planned), a sum past int64
 * SB_EOVERFLOW; the accounts are then in no defined state. */
int account_apply(struct account *account, struct account *to, const struct event *event,
		  struct sb_error *err);

/* The rest of the lots active at the account's time plus credit less debt. */
int account_available(const struct account *account, int64_t *ret, struct sb_error *err);
/* What the active lots hold: the most that can be taken out. */
int account_rest(const struct account *account, int64_t *ret, struct sb_error *err);
/* What was put into the lots active at the account's time. */
int account_allocated(const struct account *account, int64_t *ret, struct sb_error *err);
/* allocated less the rest of its lots plus debt. */
int account_used(const struct account *account, int64_t *ret, struct sb_error *err);

/* A lifetime's sum for display: as much of it as int64 holds. */
int64_t account_sum(__int128 sum);

/* Whether the threshold was crossed and what is used has not been below it since. */
bool account_crossed(const struct account *account, int64_t level);

/* The rest of the lots that end then, begun or not. */
__int128 account_ending(const struct account *account, int64_t end);

/* NULL when there is none. */
const struct lot *account_lot(const struct account *account, uint64_t seq, uint16_t index);

bool lot_active(const struct lot *lot, int64_t time);

/* Whether jobs are to be kept from starting: a cause stands and no grace. */
bool account_held(const struct account *account);
static inline bool account_has_cause(const struct account *account, enum cause cause)
{
	return account->causes & 1u << cause;
}

/* NULL when there is none. */
const struct meter *account_meter(const struct account *account, const char *cluster);
const struct lever *account_lever(const struct account *account, const char *cluster,
				  const char *field, const char *tres);

/* Whether Slurm shows that value because of us. */
bool lever_is_ours(const struct lever *lever, int64_t value);
/* Whether Slurm showed what the lever sets, and it is not to be put back. */
bool lever_in_force(const struct lever *lever);

/* "GrpTRESMins=cpu", "GrpJobs". Returns [to]. */
enum { LEVER_NAME_SIZE = 132 };
const char *lever_name(char to[LEVER_NAME_SIZE], const char *field, const char *tres);

/* The stored form of the state. The version rises whenever the form or the rules change; states of
 * another version are not read but made again from the journal (books.c). */
enum { ACCOUNT_STATE_VERSION = 5 };
int account_encode(const struct account *account, struct bytes *to, struct sb_error *err);
int account_decode(const void *data, size_t len, struct account **ret, struct sb_error *err);

#endif
