/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of one account, or of a purse of one, and the rules by which entries change it.
 * Everything here is pure: no clock, no store, no choice. The state is a cache that can be rebuilt
 * from the journal. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/account/event.h"
#include "ledger/account/job_ids.h"
#include "ledger/account/thresholds.h"
#include "ledger/base/bytes.h"
#include "ledger/base/error.h"
#include "ledger/base/name.h"

/* Money with a window [start, end): spent only by use inside it. */
struct lot {
	uint64_t seq; /* the entry that created it */
	uint16_t index; /* among the lots of that entry */
	int64_t start; /* microseconds, UTC */
	int64_t end; /* WHEN_NEVER: no end */
	int64_t amount; /* billing-seconds put in, net of withdrawals and transfers */
	int64_t rest; /* of that, not yet spent */
	bool noticed; /* a notice was recorded for a lot with this end */
};

/* How far the use on a cluster has been charged. */
struct meter {
	char cluster[NAME_SIZE];
	int64_t reading; /* billing-seconds */
	int64_t time; /* when it was read */
	bool jobs; /* use is charged by job, and [reading] does not change */
	int64_t jobs_since; /* with [jobs]: use from this time on is charged by job; microseconds */
	/* The previous period of charging by job; 0, 0: none. A job that ended in it is still
	 * charged if slurmdbd learns of it late. */
	int64_t were_since, were_until;
};

/* True if a job that ended at [end] (microseconds; INT64_MAX: it is running) is charged by an entry
 * of its own. Its use then counts from *ret_since on. */
bool meter_by_jobs(const struct meter *meter, int64_t end, int64_t *ret_since);

/* An account of Slurm that moved into or out of this account's subtree. When a whole subtree moves,
 * each of its accounts has a move of its own. */
struct moved {
	char cluster[NAME_SIZE];
	char mover[NAME_SIZE];
	int64_t since; /* a job that ended up to then counts for the former place; microseconds */
	bool came; /* into the subtree; false: out of it */
};

/* Money that an account gets anew at the start of each period. */
struct quota {
	int64_t amount; /* billing-seconds; 0: the account has no quota */
	uint8_t every; /* enum every */
	int64_t start; /* of the first period, from which the edges of all are computed */
	int64_t carry; /* for how many periods after its own the money can still be spent */
	int64_t forgive_below; /* debt up to this much is forgiven at a new period; 0: none */
	int64_t since; /* when the quota was set: a period that had ended by then gets nothing */
	int64_t granted; /* the end of the last period that got its quota; 0: none did. A change of
			    the quota keeps it, so that no time gets two quotas. */
};

/* A limit in Slurm that the bank changed or is about to change. */
struct lever {
	uint64_t seq; /* the newest lever entry */
	uint64_t decision; /* the entry that it carries out */
	char cluster[NAME_SIZE];
	char slurm_account[NAME_SIZE];
	char field[65];
	char tres[65];
	int64_t original; /* the site's value: the last one found that was not ours; -1: none */
	int64_t found; /* what Slurm showed when [seq] was recorded */
	bool found_ours; /* [found] was a value of ours */
	int64_t ours; /* what we set or were about to set */
	int64_t ours_before; /* the value before [ours] */
	int64_t set; /* what Slurm must show */
	bool restoring; /* [original] is being restored; then the lever is removed */
	bool tried; /* an outcome was recorded for [seq] */
	uint8_t outcome; /* enum outcome, when tried */
	char reason[256]; /* of that outcome */
};

/* Queued jobs that got another QOS, or are about to: one `queue` entry. */
struct queue_batch {
	uint64_t seq; /* the entry */
	char cluster[NAME_SIZE];
	char qos[NAME_SIZE]; /* that the jobs had before it */
	char to_qos[NAME_SIZE];
	int64_t time_limit; /* minutes; -1: none */
	uint8_t action; /* enum queue_action */
	int64_t refused; /* when Slurm last refused to move some of its jobs; 0: never */
	size_t jobs; /* of the list that are of it; only within an entry */
};

enum queue_state {
	QUEUE_UNDER_WAY = 0, /* there is no outcome yet, or Slurm refused so far */
	QUEUE_MOVED = 1, /* away from its QOS. Jobs that are back leave the list */
	QUEUE_LEFT = 2, /* its user moved it, or its tasks differ: it is left alone */
};

struct queue_job {
	struct job_id id;
	uint8_t state; /* enum queue_state */
	uint64_t batch; /* the newest `queue` entry that has the job */
};

/* The most jobs that an account can have moved at a time. */
enum { QUEUE_JOBS_MAX = 10000 };

/* The state of an account, which includes its purse of SU, or of a purse of another resource
 * (purse.h). Only an account has limits in Slurm and moves. */
struct account {
	char name[NAME_SIZE];
	bool open;
	int64_t opened; /* the last time; a period that had ended by then gets no quota */
	bool unlimited; /* never held for funds */
	int64_t credit; /* how far below zero the balance may go */
	uint8_t enforcement; /* enum enforcement; ENFORCE_SITE: that of the settings */
	char field[65]; /* the lever that holds it; "": that of the settings */
	char tres[65];
	uint8_t meter; /* enum metering; METER_SITE: that of the settings */
	bool own_thresholds; /* false: those of the settings */
	struct thresholds thresholds;
	struct quota quota;
	uint64_t people; /* the newest `people` entry; 0: none */
	char successor[NAME_SIZE]; /* of an account that was renamed or merged, which is closed: the
				      one that took it over, and takes over what it is still charged
				      or given back; "": none */
	uint64_t renamed_from, renamed_to; /* the entry by which a rename gave the account its name,
					      and that by which it gave it another; 0: none */
	uint64_t *merges; /* the entries that merged other accounts into it; ascending */
	size_t merge_count;
	int64_t share; /* what a user gets who never had a share of this purse; 0: none */
	int64_t time; /* of the last entry; the state is settled to it */
	uint64_t seq; /* the last entry */

	struct lot *lots; /* in the order of spending: earliest end first */
	size_t lot_count;
	int64_t debt;

	/* Sums over all entries, each 0 or more, billing-seconds. They are wider than int64, so
	 * that large entries made by mistake and then reversed do not overflow them. */
	__int128 deposited, withdrawn, received, sent, charged, expired, refunded, adjusted;
	__int128 given_back, taken_back; /* by reversals */
	__int128 forgiven;

	struct meter *meters; /* by cluster */
	size_t meter_count;

	struct moved *moves; /* in the order of their entries */
	size_t move_count;

	unsigned causes; /* bit 1 << enum cause */
	int64_t hand_until; /* when a hold by hand ends by itself; 0: never */
	int64_t grace_until; /* until then no cause holds the account; 0: no grace */
	uint64_t decision; /* the last entry that changed any of these */

	int64_t *crossed; /* percent: thresholds that use has crossed and not dropped below */
	size_t crossed_count;

	struct lever *levers; /* in force or planned */
	size_t lever_count;

	struct queue_batch *queue_batches; /* by entry; each has at least one job */
	size_t queue_batch_count;
	struct queue_job *queue_jobs; /* by id, then by batch */
	size_t queue_job_count;
	int64_t queue_time; /* when the list last lost the jobs that are gone, or began; 0: never */
};

/* Creates a zeroed account. Returns NULL when memory ran out. The caller calls account_free(). */
struct account *account_new(const char *name);
struct account *account_copy(const struct account *account);
void account_free(struct account *account);

/* Advances the state to [time] without entries: lots that start pay debt, earliest end first; each
 * threshold that usage drops below at any moment up to [time] is re-armed; holds and graces end;
 * ended lots without a rest are removed. The result does not depend on calls in between. Does
 * nothing for an earlier time. Fails only when memory runs out; then the state is undefined. */
int account_settle(struct account *account, int64_t time, struct sb_error *err);

/* Adds a lot at its place in the order of spending, without an entry. */
int account_add_lot(struct account *account, struct lot lot, struct sb_error *err);

/* Applies an entry to its account and to its receiver ([to], NULL without one). Settles both to the
 * entry's time, before and after. SB_ECORRUPT if the entry breaks a rule, which a planned entry
 * never does; SB_EOVERFLOW if a sum is past int64. After an error the states are undefined. */
int account_apply(struct account *account, struct account *to, const struct event *event,
		  struct sb_error *err);

/* The following functions sum up the lots that are active at the account's time. SB_EOVERFLOW. */
/* What is left of them plus credit minus debt. */
int account_available(const struct account *account, int64_t *ret, struct sb_error *err);
/* What is left of them: the most that can be taken out. */
int account_rest(const struct account *account, int64_t *ret, struct sb_error *err);
/* The amount that was put in. */
int account_allocated(const struct account *account, int64_t *ret, struct sb_error *err);
/* What was spent of them plus debt. */
int account_used(const struct account *account, int64_t *ret, struct sb_error *err);

/* Returns a lifetime's sum for display, at most INT64_MAX. */
int64_t account_sum(__int128 sum);

/* Whether use has crossed the threshold and not dropped below it since. */
bool account_crossed(const struct account *account, int64_t level);

/* Returns what is left of the lots that end at [end], whether or not they have started. */
__int128 account_ending(const struct account *account, int64_t end);

bool lot_active(const struct lot *lot, int64_t time);

/* True if no job may start: a cause exists and no grace. */
bool account_held(const struct account *account);
static inline bool account_has_cause(const struct account *account, enum cause cause)
{
	return account->causes & 1u << cause;
}

/* Return NULL when there is none. */
const struct lot *account_lot(const struct account *account, uint64_t seq, uint16_t index);
/* The lot of a part. For many parts in turn it takes few steps: [*at], first 0, is where the last
 * one was. */
const struct lot *account_part(const struct account *account, const struct part *part, size_t *at);
const struct meter *account_meter(const struct account *account, const char *cluster);
const struct lever *account_lever(const struct account *account, const char *cluster,
				  const char *field, const char *tres);

/* Returns the batch of that entry, or NULL. */
const struct queue_batch *account_queue_batch(const struct account *account, uint64_t seq);
/* Returns the job on that cluster, or NULL if the account has not moved it. */
const struct queue_job *account_queue_job(const struct account *account, const char *cluster,
					  struct job_id id);

bool lever_is_on(const struct lever *lever, const char *field, const char *tres);
/* Whether [value] in Slurm is one that we set. */
bool lever_is_ours(const struct lever *lever, int64_t value);
/* Whether Slurm showed the lever's value and it is not being restored. */
bool lever_in_force(const struct lever *lever);

/* Writes "GrpTRESMins=cpu", "GrpJobs" or, for a share's, "GrpTRESMins=cpu of alice". Returns [to].
 */
enum { LEVER_NAME_SIZE = 136 };
const char *lever_name(char to[LEVER_NAME_SIZE], const char *field, const char *tres);

/* The stored form of the state. The version rises whenever the form or the rules change; states of
 * another version are not read but rebuilt from the journal (ledger/books/books.c). */
enum { ACCOUNT_STATE_VERSION = 13 };
int account_encode(const struct account *account, struct bytes *to, struct sb_error *err);
int account_decode(const void *data, size_t len, struct account **ret, struct sb_error *err);
