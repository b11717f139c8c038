/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An event is one entry of the journal: an envelope (time, author, reason) and a kind with its
 * fields. Two tables, event_fields[] and event_kinds[], describe them once; stored bytes, YAML,
 * JSON and the output of `subank journal` follow from them.
 *
 * Stored bytes, version 1 (integers big-endian; a text is its bytes and a NUL):
 *
 *     u8  version, 1; 2 for an entry with a value in a later field of its kind; 3 for one with
 *                  the user who ran sudo; 4 for one with a value in one of the newest fields; 5
 *                  for one with a word that version 4 lacked (the form is that of version 4)
 *     u8  kind, the number of enum event_kind
 *     i64 time    u32 uid    text user    u32 login    text host
 *     text ref    text request    text note    and from version 3 on: text sudo
 *     then the fields of the kind in the order of event_kinds[], later ones only from version 2 on,
 *     the newest only in version 4:
 *       name, purse, text       its bytes and a NUL, at most event_fields[].max bytes
 *       amount, count, reading  i64 seconds of the resource (reading: -1 is none)
 *       limit                   i64 in Slurm's own unit, -1 is none
 *       time, until, end        i64 microseconds since 1970 UTC (until: 0 is none;
 *                               end: INT64_MAX is none)
 *       percent                 i64, 1 to 1000
 *       job's numbers           i64, 0 or more; seconds, or as described with the field
 *       unsigned                u64 (up to 2^63 - 1 the same bytes as a job's number)
 *       entry                   u64 sequence number
 *       word                    u8 index into event_fields[].words
 *       parts                   u16 count, then for each u64 lot, u16 index, i64 amount
 *
 * and nothing more. The sequence number is the key; the hash is stored in front (journal.h). An
 * unknown version or kind is refused, never skipped. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/account/purse.h"
#include "ledger/base/bytes.h"
#include "ledger/base/error.h"

/* The numbers are stored: they never change and are never reused. */
enum event_kind {
	EVENT_OPEN = 1,
	EVENT_CLOSE = 2,
	EVENT_TERMS = 3,
	EVENT_BASELINE = 4,
	EVENT_DEPOSIT = 5,
	EVENT_WITHDRAW = 6,
	EVENT_TRANSFER = 7,
	EVENT_CHARGE = 8, /* by reading; EVENT_CHARGE_JOB is by job */
	EVENT_REFUND = 9,
	EVENT_REVERSE = 10,
	EVENT_ADJUST = 11,
	EVENT_EXPIRE = 12,
	EVENT_THRESHOLD = 13,
	EVENT_NOTICE = 14,
	EVENT_HOLD = 15,
	EVENT_RELEASE = 16,
	EVENT_LEVER = 17,
	EVENT_APPLIED = 18,
	EVENT_NOTIFIED = 19,
	EVENT_CHARGE_JOB = 20,
	EVENT_RECONCILE = 21,
	EVENT_METER = 22,
	EVENT_MOVE = 23,
	EVENT_FEE = 24, /* a charge by `subank charge`, for what no meter measures */
	EVENT_FORGIVE = 25,
	EVENT_QUEUE = 26, /* queued jobs are about to be moved to another QOS */
	EVENT_QUEUED = 27, /* the outcome of such a move */
	EVENT_PEOPLE = 28, /* replaces the contacts and managers of an account */
	EVENT_RENAME = 29, /* another name takes over an account with all that is in the books */
	EVENT_MERGE = 30, /* an account takes over the money and the debt of another */
	EVENT_KIND_END = 31,
};

/* Why an account is held. An account can have several causes (bit 1 << cause in struct account). */
enum cause {
	CAUSE_HAND = 0,
	CAUSE_FUNDS = 1,
	CAUSE_CLOSED = 2,
	CAUSE_OVERRUN = 3, /* under ENFORCE_SCAVENGE: use has reached stop_at */
};

/* What happens when an allowance is spent. */
enum enforcement {
	ENFORCE_SITE = 0, /* terms: what the settings say */
	ENFORCE_OFF = 1, /* nothing happens; use is still recorded */
	ENFORCE_WARN = 2, /* it is reported */
	ENFORCE_HOLD = 3, /* it is reported, and the account is held in Slurm */
	ENFORCE_LIMIT = 4, /* as ENFORCE_HOLD, and before that Slurm starts only jobs that the
			      balance can pay for */
	ENFORCE_SCAVENGE = 5, /* as ENFORCE_HOLD, but jobs in the site's scavenger QOS still
				 start */
};

enum allowance { ALLOWANCE_LIMITED = 0, ALLOWANCE_UNLIMITED = 1 };

enum lever_action {
	LEVER_HOLD = 0, /* our value replaces the site's */
	LEVER_RESTORE = 1, /* the site's value comes back */
};

enum queue_action {
	QUEUE_AWAY = 0, /* to the scavenger QOS */
	QUEUE_BACK = 1, /* to the QOS that they had */
};

enum outcome {
	OUTCOME_DONE = 0, /* Slurm shows the value */
	OUTCOME_FAILED = 1, /* it does not; the next check tries again */
	OUTCOME_LEFT = 2, /* the site had changed the value, which was left as it is */
};

/* What a reversal takes back; event_reversed() gives the kind. */
enum reversed {
	REVERSED_DEPOSIT = 0,
	REVERSED_WITHDRAW = 1,
	REVERSED_TRANSFER = 2,
	REVERSED_CHARGE = 3,
	REVERSED_REFUND = 4,
	REVERSED_ADJUST = 5,
	REVERSED_EXPIRE = 6,
};

/* How use is charged. */
enum metering {
	METER_SITE = 0, /* terms: what the settings say */
	METER_RAWUSAGE = 1, /* by slurmctld's counter, read at each check */
	METER_JOBS = 2, /* by job, from slurmdbd, after its end */
};

/* How Slurm's record of use differs from the books. */
enum use_change {
	USE_MORE = 0, /* more use: charged */
	USE_LESS = 1, /* less use: given back like a refund */
};

/* How an account of Slurm moved relative to another. */
enum move_change {
	MOVE_CAME = 0, /* into its subtree: the use counts for it from then on */
	MOVE_WENT = 1, /* out of its subtree: the use counts for it up to then */
};

#define LOGIN_NONE UINT32_MAX /* no login session: cron, a service */

/* The unit of event.excess: so many make a billing of 1. */
#define EVENT_EXCESS_ONE INT64_C(1000000000000)

enum {
	EVENT_REF_MAX = 128, /* bytes */
	EVENT_NOTE_MAX = 1024, /* bytes */
	EVENT_PARTS_MAX = 10000,
	EVENT_PERCENT_MAX = 1000,
	EVENT_CARRY_MAX = 1000, /* periods */
};

/* How much a lot gave or took. A lot is identified by the entry that created it and its index among
 * the lots of that entry: a transfer creates several. A part of a refund or reversal may name its
 * own entry: it is a new lot, for money whose own window has ended. */
struct part {
	uint64_t lot;
	uint16_t index;
	int64_t amount; /* billing-seconds, more than 0 */
};

/* Texts are borrowed from the decoded bytes or from the caller that filled the event. [parts]
 * belongs to the event: event_release(). Start with a zeroed struct. */
struct event {
	uint64_t seq; /* 0 until it is appended */
	enum event_kind kind;

	int64_t time; /* microseconds, UTC */
	uint32_t uid; /* of the user who ran subank */
	uint32_t login; /* of the user who had logged in, also under sudo; LOGIN_NONE */
	const char *user; /* that user's name at the time */
	const char *host;
	const char *ref; /* "" is none; makes a retry harmless */
	const char *request; /* in a normal form, to recognise a retry; "" without a ref */
	const char *note;
	const char *sudo; /* the user who ran sudo, if there was no login; from the environment,
			     which anybody can set; "" is none */

	const char *account; /* an account or a purse: purse.h */
	const char *to; /* transfer: the receiver; the same in its reversal, "" in others */
	const char *cluster;
	const char *resource; /* purse_resource() of [account] */
	const char *slurm_account; /* lever: the account in Slurm; job: its account; move: the
				      account that moved */
	const char *field; /* lever: GrpTRESMins …; terms: "" is that of the settings */
	const char *tres; /* lever: cpu …, "" for a field without TRES */
	const char *reason;
	const char *job; /* job: its id as people write it, "12_3" */
	const char *job_user; /* the job's user, partition, QOS … */
	const char *partition;
	const char *qos;
	const char *state; /* at its end: COMPLETED … */
	const char *alloc_tres; /* "billing=1,cpu=1,mem=100M" */
	const char *thresholds; /* terms: "60,90", "none"; "" is those of the settings */
	const char *to_qos; /* queue: the QOS that the jobs are to get; [qos] is the one before */
	const char *jobs; /* queue: the jobs (job_ids.h) */
	const char *left; /* queued: the jobs of the move that did not move. [outcome] failed: Slurm
			     refused, and a later check tries again; left: they are left alone */
	const char *gone; /* queued: the jobs of the move that no longer wait, or no longer have to
			     move */
	const char *contacts; /* people: the addresses that get mail about the account (people.h) */
	const char *managers; /* people: the users who may ask for its money to be moved */
	int64_t amount; /* seconds of the resource, more than 0: the kind gives the sign */
	int64_t before; /* a cluster's reading before, billing-seconds; -1 in the first baseline */
	int64_t now; /* and its reading now */
	int64_t since; /* charge, fee, reconcile: the use was in [since, until); meter, move: when
			  the new meter or place begins to count */
	int64_t until; /* also hold and release: when it ends by itself, 0: never */
	int64_t start; /* the window of a lot, [start, end); end WHEN_NEVER is none; terms: of the
			  quota's first period */
	int64_t end;
	int64_t level; /* threshold: percent */
	int64_t used; /* threshold: the use that crossed it, billing-seconds */
	int64_t allocated;
	int64_t debt; /* how much of the amount became debt or paid debt; rename, merge: the debt
			 that is taken over */
	int64_t rest; /* rename, merge: the money that is taken over: what is left of the lots */
	int64_t found; /* lever: Slurm's value before; -1 is none */
	int64_t set; /* lever: the value to set; -1 clears */
	int64_t time_limit; /* queue: the time limit that each job has from its user, in minutes;
			       -1: none */
	int64_t credit; /* terms: how far below zero the balance may go */
	int64_t quota; /* terms: the deposit of each period; 0 is none */
	int64_t carry; /* terms: for how many more periods a quota can be spent */
	int64_t forgive_below; /* terms: debt up to this much is forgiven at a new period */
	int64_t share; /* terms: the share of a user who never had one; 0: none */
	int64_t period; /* deposit: a quota of the period that ends then; 0: not a quota */
	uint64_t answers; /* the entry that this one answers */
	uint8_t cause; /* enum cause */
	uint8_t action; /* enum lever_action; queue: enum queue_action */
	uint8_t outcome; /* enum outcome */
	uint8_t allowance; /* terms: enum allowance */
	uint8_t enforcement; /* terms: enum enforcement */
	uint8_t reverses; /* enum reversed: the kind of [answers] */
	uint8_t use; /* reconcile: enum use_change */
	uint8_t meter; /* terms, meter: enum metering */
	uint8_t move; /* move: enum move_change */
	uint8_t every; /* terms: enum every, the period of the quota */
	int64_t job_id; /* job: Slurm's number, which Slurm uses again */
	uint64_t db_index; /* of its row in slurmdbd, 64 bits; 0: unknown */
	int64_t submit; /* when it was submitted, microseconds */
	int64_t elapsed; /* seconds that it ran, without suspensions */
	int64_t factor; /* its price: its QOS's UsageFactor times the site's, in millionths */
	int64_t excess; /* what fractional weights add to its billing, in EVENT_EXCESS_ONE */
	const char *reservation; /* job: the reservation, whose factor is part of [factor]; "":
				    none, or unknown */
	int64_t round_seconds; /* job: run time was rounded up to a multiple of this; 0: it was not
				*/
	int64_t min_charge; /* job: min_charge of the settings then; 0: none */
	struct part *parts;
	size_t part_count;
	size_t part_size; /* allocated */
};

enum field_type {
	FIELD_NAME, /* the name of a cluster */
	FIELD_PURSE, /* the name of an account, or ACCOUNT:RESOURCE */
	FIELD_TEXT,
	FIELD_AMOUNT, /* more than 0 */
	FIELD_COUNT, /* 0 or more */
	FIELD_READING, /* 0 or more; -1 is none */
	FIELD_LIMIT, /* -1 or more, in Slurm's unit */
	FIELD_TIME,
	FIELD_UNTIL, /* 0 is none */
	FIELD_END, /* WHEN_NEVER is none */
	FIELD_PERCENT, /* 1 to EVENT_PERCENT_MAX */
	FIELD_NUMBER, /* 0 or more, in the field's unit */
	FIELD_UNSIGNED, /* all 64 bits: event_unsigned() */
	FIELD_ENTRY,
	FIELD_WORD,
	FIELD_UID,
	FIELD_PARTS,
};

struct field_spec {
	const char *name; /* in YAML and JSON */
	enum field_type type;
	size_t offset; /* in struct event */
	size_t max; /* texts: bytes; words: the index of the last one */
	const char *const *words; /* words: NULL after the last */
};

/* The envelope first, in its stored order. */
enum event_field {
	FIELD_AT_TIME,
	FIELD_AT_UID,
	FIELD_AT_USER,
	FIELD_AT_LOGIN,
	FIELD_AT_HOST,
	FIELD_AT_REF,
	FIELD_AT_REQUEST,
	FIELD_AT_NOTE,
	FIELD_AT_SUDO, /* from version 3 on */
	FIELD_ENVELOPE_COUNT,
	FIELD_AT_ACCOUNT = FIELD_ENVELOPE_COUNT,
	FIELD_AT_TO,
	FIELD_AT_ANY_TO,
	FIELD_AT_CLUSTER,
	FIELD_AT_RESOURCE,
	FIELD_AT_SLURM_ACCOUNT,
	FIELD_AT_FIELD,
	FIELD_AT_TRES,
	FIELD_AT_AMOUNT,
	FIELD_AT_BEFORE,
	FIELD_AT_NOW,
	FIELD_AT_SINCE,
	FIELD_AT_USED_UNTIL,
	FIELD_AT_UNTIL,
	FIELD_AT_LATE_SINCE,
	FIELD_AT_LATE_UNTIL,
	FIELD_AT_START,
	FIELD_AT_NEW_START,
	FIELD_AT_END,
	FIELD_AT_LEVEL,
	FIELD_AT_USED,
	FIELD_AT_ALLOCATED,
	FIELD_AT_DEBT,
	FIELD_AT_FOUND,
	FIELD_AT_SET,
	FIELD_AT_ANSWERS,
	FIELD_AT_CAUSE,
	FIELD_AT_ACTION,
	FIELD_AT_OUTCOME,
	FIELD_AT_REVERSES,
	FIELD_AT_PARTS,
	FIELD_AT_REASON,
	FIELD_AT_ALLOWANCE,
	FIELD_AT_CREDIT,
	FIELD_AT_ENFORCEMENT,
	FIELD_AT_THRESHOLDS,
	FIELD_AT_USE,
	FIELD_AT_METER,
	FIELD_AT_MOVE,
	FIELD_AT_JOB,
	FIELD_AT_JOB_ID,
	FIELD_AT_DB_INDEX,
	FIELD_AT_SUBMIT,
	FIELD_AT_ELAPSED,
	FIELD_AT_FACTOR,
	FIELD_AT_JOB_USER,
	FIELD_AT_PARTITION,
	FIELD_AT_QOS,
	FIELD_AT_STATE,
	FIELD_AT_ALLOC_TRES,
	FIELD_AT_EXCESS,
	FIELD_AT_QUOTA,
	FIELD_AT_EVERY,
	FIELD_AT_FIRST_START,
	FIELD_AT_CARRY,
	FIELD_AT_FORGIVE_BELOW,
	FIELD_AT_PERIOD,
	FIELD_AT_RESERVATION, /* from FIELD_AT_QUOTA to FIELD_AT_SHARE: version 4 */
	FIELD_AT_ROUND_SECONDS,
	FIELD_AT_MIN_CHARGE,
	FIELD_AT_SHARE,
	FIELD_AT_QUEUE_ACTION,
	FIELD_AT_TO_QOS,
	FIELD_AT_TIME_LIMIT,
	FIELD_AT_JOBS,
	FIELD_AT_LEFT,
	FIELD_AT_GONE,
	FIELD_AT_CONTACTS,
	FIELD_AT_MANAGERS,
	FIELD_AT_REST,
	FIELD_COUNT_ALL,
};

enum { KIND_FIELDS_MAX = 24 };

struct kind_spec {
	const char *name; /* NULL: there is no such kind */
	size_t count;
	uint8_t fields[KIND_FIELDS_MAX]; /* enum event_field, in their stored order */
};

extern const struct field_spec event_fields[FIELD_COUNT_ALL];
extern const struct kind_spec event_kinds[EVENT_KIND_END];

/* Returns the kind with that name, or 0. */
enum event_kind event_kind_by_name(const char *name);
const char *event_word(enum event_field field, uint8_t value);

/* Returns the second account that the entry changes, or NULL. */
const char *event_receiver(const struct event *event);
/* Returns the kind of the entry that a reversal takes back. */
enum event_kind event_reversed(const struct event *event);
/* Returns the kind as an enum reversed; -1 if entries of the kind cannot be reversed. */
int event_reversible(enum event_kind kind);

/* Whether the entry is a rename or a merge: the receiver succeeds the account, which ends. */
bool event_is_succession(const struct event *event);

/* Whether the entry charges use, by reading, by job or as a fee, which has no cluster. */
bool event_is_charge(const struct event *event);

/* Read a field. Texts are never NULL; numbers are 0 for a field of another type. */
const char *event_text(const struct event *event, const struct field_spec *field);
int64_t event_number(const struct event *event, const struct field_spec *field);
uint64_t event_unsigned(const struct event *event, const struct field_spec *field);
/* Whether the field has its default (empty text, no end, no parts …), which files omit. */
int event_field_is_default(const struct event *event, enum event_field field);
/* Sets the defaults of a zeroed event. */
void event_set_defaults(struct event *event);

/* Appends a part, unless [amount] is 0. */
int event_add_part(struct event *event, uint64_t lot, uint16_t index, int64_t amount,
		   struct sb_error *err);

/* Adds [amount] to the event's part of that lot, or appends a part. */
int event_raise_part(struct event *event, uint64_t lot, uint16_t index, int64_t amount,
		     struct sb_error *err);

/* Merges [next] into [charge], which it continues. The parts of both must fit in one event. */
int event_join_charge(struct event *charge, const struct event *next, struct sb_error *err);

/* Checks an event by itself: bounds, names, UTF-8, that amount is now - before, that parts and debt
 * add up. SB_EINVAL. */
int event_check(const struct event *event, struct sb_error *err);

/* Appends the stored form of a checked event to [to]. */
int event_encode(const struct event *event, struct bytes *to, struct sb_error *err);

/* Reads and checks the stored form; texts point into [data]. [ret] is an initialised event, whose
 * memory for parts is reused. SB_ECORRUPT. */
int event_decode(const void *data, size_t len, struct event *ret, struct sb_error *err);

/* Frees what the event owns and zeroes it. */
void event_release(struct event *event);
