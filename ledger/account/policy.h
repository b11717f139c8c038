/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decides from states, readings and rules which entries to record. Pure: no clock, store or I/O. */
#pragma once

#include "ledger/account/account.h"

/* The site's rules, from the settings. */
struct rules {
	/* For accounts whose terms do not say otherwise: */
	enum metering meter;
	enum enforcement enforcement;
	const char *field; /* the lever: GrpTRESMins */
	const char *tres; /* cpu; "" for a field without TRES */
	struct thresholds thresholds;
	/* For all accounts: */
	bool committed; /* holds count what running jobs are committed to, instead of what they have
			   used */
	bool put_right; /* a lever that was changed by hand is set again */
	bool spare_moneyless; /* an account that never had money is not held at its first use */
	bool pooled; /* under `limit` each cluster gets room for the whole balance */
	int64_t notice; /* how long before a window ends to warn about its unspent balance;
			   microseconds, 0: never */
	const char *scavenger; /* the QOS whose jobs still start under ENFORCE_SCAVENGE; NULL: none,
				  and that is ENFORCE_HOLD */
	int64_t stop_at; /* the percentage of allocation and credit from which not even those jobs
			    start; 0: none */
	int64_t charge_every; /* how long a charge may be deferred; microseconds, 0: not at all */
};

const struct thresholds *thresholds_of(const struct account *account, const struct rules *rules);
/* For a purse, at most what Slurm can enforce: `warn` if Slurm has no limit on the resource, `hold`
 * instead of `limit` for a type of a GRES and for a share of SU. */
enum enforcement enforcement_of(const struct account *account, const struct rules *rules);
enum metering metering_of(const struct account *account, const struct rules *rules);

/* Returns the rules for the purses of [owner]: its enforcement, meter and thresholds apply where a
 * purse has none of its own. */
struct rules purse_rules(const struct account *owner, const struct rules *rules);

/* A limit of an account in Slurm, or of a user in it. */
struct limit {
	const char *field; /* GrpTRESMins */
	const char *tres; /* cpu; "" for a field without TRES; cpu~alice: a limit of that user */
	int64_t value; /* 0 or more; as a cluster shows those of users also -1: none, and
			  LIMIT_UNKNOWN: it cannot be read */
};
enum { LIMIT_UNKNOWN = -2 };

/* The lever that holds the account. */
struct limit hold_limit(const struct account *account, const struct rules *rules);

/* Whether the account or purse is held in such a way that jobs in the scavenger QOS still start:
 * under ENFORCE_SCAVENGE, for nothing but its funds. */
bool is_scavenging(const struct account *account, const struct rules *rules);

/* The stop, a limit that holds those jobs too: GrpJobs or, if that is the site's lever,
 * GrpTRESMins=cpu. The scavenger QOS must not set it. That QOS passes the lever for every account
 * that may use it, so any other hold of an account needs the stop as well. An account whose own
 * lever is the stop cannot scavenge: its enforcement_of() is ENFORCE_HOLD. */
struct limit stop_limit(const struct rules *rules);
/* Whether the account needs the stop: it is held and not scavenging, and there is a scavenger
 * QOS. */
bool wants_stop(const struct account *account, const struct rules *rules);

/* Gives the TRES whose limit (field CAP_FIELD, in whole minutes) holds jobs that use the purse's
 * resource. For an account's own purse it is the TRES that `limit` sets: billing. Returns false if
 * Slurm has no such limit. */
#define CAP_FIELD "GrpTRESMins"
#define CAP_TRES RESOURCE_BILLING
bool purse_lever(const struct account *purse, char to[RESOURCE_SIZE]);

/* Whether a purse of [owner] is held for a cause of its own. A grace of the purse or of the account
 * suspends that; an ended share holds nobody. */
bool purse_held(const struct account *purse, const struct account *owner);

/* One cluster's part of what an account may still use under `limit`. Slurm starts a job only if the
 * minutes used on the cluster plus the job's own fit under the limit. [value] is so low that the
 * jobs that then run use no more than the cluster's part, to the second. */
struct cap {
	/* in */
	bool silent; /* the cluster did not answer; what can be used there stays reserved */
	bool absent; /* the account is not on the cluster */
	int64_t used; /* the use, in seconds, of the counter that Slurm compares the limit with */
	int64_t running; /* what running jobs may still use, whatever the limit; seconds */
	int64_t share; /* its weight among the clusters */
	int64_t now; /* the limit in force; -1: none */
	int64_t ceiling; /* the site's own limit; -1: none */
	bool changed; /* the limit was changed by hand */
	bool left; /* that change stays, and so does what it allows to use */
	int64_t kept; /* the value in the books; -1: none */
	/* out */
	int64_t value; /* the limit to set; -1: none */
	/* private to plan_caps() */
	int64_t target; /* what it may use under [value] */
	bool full; /* its running jobs may use more than that */
};

/* Divides [available] among the clusters or, if [pooled], gives each cluster all of it. What
 * running jobs may still use stays with their cluster. If no change is worth making, every limit
 * stays; otherwise all are calculated anew. Unless [pooled], a plan that lowers a limit raises
 * none: *ret_deferred is true if limits are to be raised once Slurm shows the lower one. */
void plan_caps(struct cap *caps, size_t count, int64_t available, bool pooled, bool *ret_deferred);

/* True if `limit` applies to the account now. */
bool wants_caps(const struct account *account, const struct rules *rules);

/* Plans which lots a charge (amount, since and until are set) draws on: those whose window overlaps
 * the use, earliest end first. The rest becomes debt. Sets parts and debt. */
int plan_charge(const struct account *account, struct event *charge, struct sb_error *err);

/* Whether a deferred charge of [amount] since [since] can stay unrecorded: it is younger than
 * charge_every, and no window edge or threshold before its deadline would change the outcome, even
 * if the checks stop. */
int charge_may_wait(const struct account *account, int64_t amount, int64_t since,
		    const struct rules *rules, bool *ret, struct sb_error *err);

/* Plans which lots a withdrawal or transfer takes from: active ones, earliest end first, never
 * credit. Sets parts. SB_EREFUSED if they hold less. */
int plan_take(const struct account *account, struct event *event, struct sb_error *err);

/* Plans a rename: all that is left of the lots, and the debt. */
void plan_rename(const struct account *account, struct event *event);

/* Plans a merge: what is left of each lot whose window has not ended, and the debt. */
int plan_merge(const struct account *account, struct event *event, struct sb_error *err);

/* Returns how much of the receiver's debt is paid at once by [amount] that can be spent now. */
int64_t plan_debt(const struct account *receiver, int64_t amount);

enum decision { DECIDE_NOTHING, DECIDE_HOLD, DECIDE_RELEASE };
/* Decides whether to hold or release the account for funds. [flight] is use that has no entry yet.
 */
int decide_funds(const struct account *account, int64_t flight, const struct rules *rules,
		 enum decision *ret, struct sb_error *err);

/* Returns the use from which stop_at stops an account, at least 1: without an allocation and credit
 * any use does. */
int64_t stop_use(const struct account *account, int64_t allocated, const struct rules *rules);
/* Decides whether to hold or release the account for overrun, once its funds are decided on. */
int decide_overrun(const struct account *account, int64_t flight, const struct rules *rules,
		   enum decision *ret, struct sb_error *err);

/* True if the account ever received money, or has credit, or is a share. Without either it is held
 * at its first use, or never if rules->spare_moneyless. */
bool had_money(const struct account *account);

/* What to do about one limit in Slurm. */
enum lever_plan {
	LEVER_LEAVE, /* nothing */
	LEVER_RECORD_HOLD, /* record a lever and set the wanted value */
	LEVER_RECORD_RESTORE, /* record a lever and set the site's value */
	LEVER_RETRY, /* the recorded value is not in force: set it (again) */
	LEVER_CONFIRM, /* it is done: Slurm shows its value */
	LEVER_GIVE_UP, /* do not restore: somebody else changed the value */
	LEVER_DRIFT, /* in force, but somebody else changed the value */
};
/* Whether a limit of a user is gone although nobody changed it: an association has no limits when a
 * user is added to the account again, or in a further partition. */
bool lever_is_lost(const struct lever *lever, int64_t current);

/* Decides what to do about a limit. [decision]: the last entry that decided on the account or one
 * of its purses. [lever]: the bank's lever on the limit, or NULL. [current]: the value that Slurm
 * shows; -1: none. [limit]: the value to have; NULL: the site's. */
enum lever_plan plan_lever(uint64_t decision, const struct lever *lever, int64_t current,
			   const struct limit *limit, bool put_right);

static inline int64_t amount_min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}
