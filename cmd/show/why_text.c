/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/why_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/frame/command.h"
#include "cmd/frame/lever.h"
#include "cmd/frame/messages.h"
#include "cmd/show/account_text.h"
#include "cmd/show/entry_text.h"
#include "ledger/account/policy.h"
#include "ledger/base/amount.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"
#include "ledger/books/entries.h"
#include "ledger/books/nesting.h"
#include "ledger/books/receiver.h"
#include "ledger/books/renames.h"
#include "ledger/check/quota.h"

enum {
	LOW_PERCENT = 90, /* used: reported if no thresholds are set */
	LOTS_SHOWN = 5,
};

/* The least that lets a job start under `limit`: Slurm compares whole minutes, twice, and the
 * shortest job has one (plan_caps()). */
enum { ROOM_MIN = 3 * 60 };

/* Cron runs the check at least that often. */
#define READING_STALE (3600 * WHEN_SECOND)

/* Sorts of entries of which the newest is reported: first the causes, by their numbers. */
enum slot {
	SLOT_GRACE = CAUSE_OVERRUN + 1,
	SLOT_LEVEL,
	SLOT_EXPIRED,
	SLOT_TERMS,
	SLOT_TAKEN,
	SLOT_CHARGE,
	SLOT_MONEY,
	SLOT_COUNT,
};

_Static_assert((int)SLOT_COUNT == (int)WHY_SLOTS, "struct why_found has an entry of each slot");

/* Kinds that always belong to one slot. */
static const struct {
	enum event_kind kind;
	unsigned slot;
} slots[] = {
	{EVENT_CLOSE, CAUSE_CLOSED}, {EVENT_THRESHOLD, SLOT_LEVEL},   {EVENT_EXPIRE, SLOT_EXPIRED},
	{EVENT_CHARGE, SLOT_CHARGE}, {EVENT_CHARGE_JOB, SLOT_CHARGE}, {EVENT_DEPOSIT, SLOT_MONEY},
	{EVENT_REFUND, SLOT_MONEY},  {EVENT_TERMS, SLOT_TERMS},	      {EVENT_WITHDRAW, SLOT_TAKEN},
	{EVENT_ADJUST, SLOT_TAKEN},  {EVENT_FEE, SLOT_CHARGE},	      {EVENT_FORGIVE, SLOT_MONEY},
};

/* The slots that explain why nothing, or little, is left, in the order of the report. */
static const enum slot of_funds[] = {SLOT_LEVEL, SLOT_EXPIRED, SLOT_TERMS,
				     SLOT_TAKEN, SLOT_CHARGE,  SLOT_MONEY};

struct why {
	struct env *env;
	const char *name;
	struct books *books;
	struct nesting *nesting;
	struct rules rules; /* of the site or, for a purse, of its account */
	const struct account *account; /* or a purse */
	const struct account *owner; /* the account that has the purse; the levers are its own */
	char tres[RESOURCE_SIZE]; /* the TRES whose limit holds jobs for the purse; "": Slurm has no
				     such limit */
	struct funds funds;
	int64_t read; /* when its use was read */
	const char *read_on; /* the cluster that was read longest ago */
	int64_t unrecorded, unrecorded_since; /* use that has no entry yet */
	int64_t now;
	struct blocker blocker; /* an account above it that is held */
	bool masked; /* names no account that is neither its own nor above it */
	struct why_found *found; /* NULL: nothing is known of an earlier search */
	unsigned wanted; /* slots to be found: 1 << slot */
	bool late; /* a merge was found: it closed the account, or took over what came later */
	uint64_t seqs[SLOT_COUNT]; /* of the entries that were found */
	char lines[SLOT_COUNT][1400]; /* "" when there is none */
};

/* Returns the slot of an entry, of which the account may be the receiver; SLOT_COUNT if it explains
 * nothing. */
static unsigned slot_of(const struct event *event, bool receiver)
{
	if (event->kind == EVENT_HOLD)
		return event->cause;
	if (event->kind == EVENT_RELEASE)
		return event->cause == CAUSE_HAND && event->until ? SLOT_GRACE : SLOT_COUNT;
	if (event->kind == EVENT_RECONCILE)
		return event->use == USE_LESS ? SLOT_MONEY : SLOT_CHARGE;
	if (event->kind == EVENT_TRANSFER)
		return receiver ? SLOT_MONEY : SLOT_TAKEN;
	if (event_is_succession(event) && !receiver)
		return CAUSE_CLOSED;
	if (event->kind == EVENT_MERGE)
		return event->debt > event->rest ? SLOT_TAKEN : SLOT_MONEY;
	if (event->kind == EVENT_REVERSE)
		return event->reverses == REVERSED_DEPOSIT || event->reverses == REVERSED_REFUND ||
				       receiver
			       ? SLOT_TAKEN
			       : SLOT_MONEY;
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		if (slots[i].kind == event->kind)
			return slots[i].slot;
	}
	return SLOT_COUNT;
}

/* Puts words in place of the names of other accounts than the own one. Its former names stay: units
 * follow from the name of a purse. */
static int mask(const struct why *why, struct event *event, bool receiver, struct sb_error *err)
{
	static const char another[] = "another account";
	char own[NAME_SIZE], now[NAME_SIZE];

	purse_account(own, why->name);
	if (receiver)
		event->to = why->name;
	else if (event->to && *event->to && !purse_is_of(event->to, own))
		event->to = another;
	/* A rename takes the name from its account. */
	TRY(books_renamed(why->books, event->account, event->seq - 1, now, err));
	if (!purse_is_of(now, own) && !purse_is_of(event->account, own))
		event->account = another;
	return SB_OK;
}

/* Writes "entry 12 of 2026-11-22T17:00:05: deposit of 10.00 SU: until ... (the note)" */
static int describe(const struct why *why, const struct event *event, bool receiver, char *to,
		    size_t size, struct sb_error *err)
{
	char when[WHEN_TEXT_SIZE], amount[QUANTITY_SIZE], detail[512], actor[ACTOR_SIZE];
	struct event shown = *event; /* borrows all texts */
	bool by_hand = event->kind == EVENT_CLOSE || event_is_succession(event) ||
		       (event->kind == EVENT_HOLD && event->cause == CAUSE_HAND);
	bool below = false;

	if (why->masked) {
		TRY(mask(why, &shown, receiver, err));
		TRY(nesting_is_below(why->nesting, why->books, event, &below, err));
	}
	entry_text(why->env, &shown, receiver, detail, sizeof(detail));
	if (below)
		(void)snprintf(detail, sizeof(detail), "of an account below it");
	quantity(why->env, amount, why->name, event->amount);
	(void)snprintf(to, size, "entry %" PRIu64 " of %s: %s%s%s%s%s%s%s%s%s%s", event->seq,
		       when_format_local(when, event->time), event_kinds[event->kind].name,
		       event->amount ? " of " : "", event->amount ? amount : "",
		       *detail ? ": " : "", detail, by_hand ? ", by " : "",
		       by_hand ? entry_actor(why->env, event, actor) : "", *event->note ? " (" : "",
		       event->note, *event->note ? ")" : "");
	return SB_OK;
}

static int keep_newest(const struct entry *entry, void *ctx, struct sb_error *err)
{
	struct why *why = ctx;
	const enum event_kind kind = entry->event->kind;
	bool receiver;
	unsigned slot;

	TRY(books_is_receiver(why->books, entry->event, why->name, &receiver, err));
	slot = slot_of(entry->event, receiver);
	/* What closed it came after it was opened. */
	if (kind == EVENT_OPEN && why->late) {
		why->wanted &= ~(1u << CAUSE_CLOSED);
		why->late = false;
	}
	/* The last money made up for everything that was taken before. */
	if ((slot == SLOT_TERMS || slot == SLOT_TAKEN) && *why->lines[SLOT_MONEY])
		return SB_OK;
	if (slot < SLOT_COUNT && (!*why->lines[slot] || (slot == CAUSE_CLOSED && why->late))) {
		TRY(describe(why, entry->event, receiver, why->lines[slot],
			     sizeof(why->lines[slot]), err));
		why->seqs[slot] = entry->event->seq;
		if (slot == CAUSE_CLOSED)
			why->late = kind == EVENT_MERGE;
		if (slot != CAUSE_CLOSED || !why->late)
			why->wanted &= ~(1u << slot);
	}
	return why->wanted ? SB_OK : STORE_ABORT;
}

static int64_t percent(const struct why *why)
{
	return amount_percent(why->funds.used, why->funds.allocated);
}

static bool is_low(const struct why *why)
{
	const struct thresholds *thresholds = thresholds_of(why->account, &why->rules);
	int64_t level = LOW_PERCENT;

	if (thresholds->count > 0)
		level = thresholds->list[thresholds->count - 1];
	return !why->account->unlimited && percent(why) >= level;
}

/* Whether the lever is the limit that holds the purse's resource or follows its balance. */
static bool is_of_purse(const struct why *why, const struct lever *lever)
{
	return lever_is_on(lever, CAP_FIELD, why->tres);
}

/* Returns how much must be available so that Slurm starts a job under `limit`; 0 if no limit is in
 * force. */
static int64_t needed_room(const struct why *why)
{
	int64_t clusters = 0;

	for (size_t i = 0; i < why->owner->lever_count; i++) {
		const struct lever *lever = &why->owner->levers[i];

		clusters += lever_in_force(lever) && is_of_purse(why, lever);
	}
	if (!wants_caps(why->account, &why->rules))
		return 0;
	return ROOM_MIN * (why->rules.pooled && clusters ? 1 : clusters);
}

/* Returns whether too little is left for Slurm to start a job, although no cause holds it. */
static bool lacks_room(const struct why *why)
{
	return !why->account->causes && why->funds.available > 0 &&
	       why->funds.available < needed_room(why);
}

static bool is_poor(const struct why *why)
{
	return (why->funds.available <= 0 && !why->account->unlimited) ||
	       account_has_cause(why->account, CAUSE_FUNDS);
}

static void report_slot(const struct why *why, unsigned slot)
{
	if (*why->lines[slot])
		report(why->env, "  %s", why->lines[slot]);
}

/* "12.00 SU of entry 3 start at 2026-12-01T00:00:00" */
static void report_lot(const struct why *why, const struct lot *lot, const char *what, int64_t when)
{
	char rest[QUANTITY_SIZE], time[WHEN_TEXT_SIZE];

	report(why->env, "  %s of entry %" PRIu64 " %s %s",
	       quantity(why->env, rest, why->name, lot->rest), lot->seq, what,
	       when_format_local(time, when));
}

static void report_lots(const struct why *why)
{
	const struct account *account = why->account;
	size_t shown = 0;

	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];
		bool waiting = lot->start > account->time, ended = lot->end <= account->time;

		if (lot->rest == 0 || (!waiting && !ended))
			continue;
		if (++shown > LOTS_SHOWN)
			continue;
		if (waiting)
			report_lot(why, lot, "start at", lot->start);
		else
			report_lot(why, lot, "cannot be used any more: the window ended at",
				   lot->end);
	}
	if (shown > LOTS_SHOWN)
		report(why->env, "  and %zu more that cannot be used now", shown - LOTS_SHOWN);
}

/* Finds when waiting money makes something available again. Returns false if none does. */
static bool next_money(const struct account *account, int64_t *ret)
{
	struct account *copy = account_copy(account);
	bool found = false;

	for (size_t tries = account->lot_count; copy && tries > 0 && !found; tries--) {
		int64_t next = WHEN_NEVER, available;

		for (size_t i = 0; i < copy->lot_count; i++) {
			if (copy->lots[i].start > copy->time && copy->lots[i].start < next)
				next = copy->lots[i].start;
		}
		if (next == WHEN_NEVER)
			break;
		if (account_settle(copy, next, NULL))
			break;
		found = !account_available(copy, &available, NULL) && available > 0;
		*ret = next;
	}
	account_free(copy);
	return found;
}

static void report_quota(const struct why *why)
{
	char amount[QUANTITY_SIZE], when[WHEN_TEXT_SIZE];
	struct next_quota next;

	if (!quota_next(why->account, &next))
		return;
	quantity(why->env, amount, why->name, why->account->quota.amount);
	if (next.start <= why->account->time)
		report(why->env, "  its quota of %s comes with the next check", amount);
	else
		report(why->env, "  its next quota, %s, comes with the first check after %s",
		       amount, when_format_local(when, next.start));
}

static void report_end_of_funds(const struct why *why)
{
	char missing[QUANTITY_SIZE], when[WHEN_TEXT_SIZE];
	struct env *env = why->env;
	/* Another cause may remain. */
	const char *hold = account_has_cause(why->account, CAUSE_HAND) ||
					   account_has_cause(why->account, CAUSE_CLOSED)
				   ? "the hold for funds"
				   : "it";
	int64_t next;

	if (why->funds.available > 0 || why->account->unlimited) {
		report(env, "  there is money again: the next check ends %s", hold);
		return;
	}
	if (why->funds.available == 0)
		report(env, "  any deposit ends %s", hold);
	else
		report(env, "  a deposit of more than %s ends %s",
		       quantity(env, missing, why->name, -why->funds.available), hold);
	report_quota(why);
	if (next_money(why->account, &next))
		report(env, "  %s ends by itself with the first check after %s, when money starts",
		       hold, when_format_local(when, next));
}

static void report_flight(const struct why *why)
{
	const struct in_flight *flight = &why->funds.flight;
	char used[QUANTITY_SIZE], committed[QUANTITY_SIZE];

	if (flight->used > 0 || flight->committed > 0)
		report(why->env,
		       "  running jobs have used %s and may come to %s, to be charged when they "
		       "end; holds depend on the %s",
		       quantity(why->env, used, why->name, flight->used),
		       quantity(why->env, committed, why->name, flight->committed),
		       why->env->settings.committed ? "latter" : "former");
	if (flight->endless > 0)
		report(why->env,
		       "  %" PRId64 " of them have no time limit and count for what they have used",
		       flight->endless);
}

/* Reports which jobs start all the same while it is held, and when not even those do. */
static void report_scavenging(const struct why *why)
{
	const struct rules *rules = &why->rules;
	char stop[QUANTITY_SIZE];

	if (!is_scavenging(why->account, rules) || why->account != why->owner ||
	    (*why->blocker.name && !why->blocker.scavenges))
		return;
	report(why->env, "  of its jobs only those in QOS %s start", rules->scavenger);
	if (rules->stop_at)
		report(why->env, "  once %s are used (stop_at: %" PRId64 "%%) not even those do",
		       quantity(why->env, stop, why->name,
				stop_use(why->account, why->funds.allocated, rules)),
		       rules->stop_at);
}

/* Counts the account's queued jobs on the batch's cluster in that state; of those that were moved,
 * the ones that went to the same QOS. */
static size_t count_queued(const struct account *account, const struct queue_batch *of,
			   enum queue_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < account->queue_job_count; i++) {
		const struct queue_job *job = &account->queue_jobs[i];
		const struct queue_batch *batch = account_queue_batch(account, job->batch);

		count += job->state == state && strcmp(batch->cluster, of->cluster) == 0 &&
			 (state != QUEUE_MOVED || strcmp(batch->to_qos, of->to_qos) == 0);
	}
	return count;
}

/* Whether an earlier batch is of the same cluster and, with [qos], of the same QOS. */
static bool was_counted(const struct account *account, size_t at, bool qos)
{
	const struct queue_batch *batches = account->queue_batches;

	for (size_t i = 0; i < at; i++) {
		if (strcmp(batches[i].cluster, batches[at].cluster) == 0 &&
		    (!qos || strcmp(batches[i].to_qos, batches[at].to_qos) == 0))
			return true;
	}
	return false;
}

/* Reports queued jobs that have another QOS now, and what brings them back. */
static void report_queue(const struct why *why)
{
	const struct account *account = why->account;
	char when[WHEN_TEXT_SIZE];

	for (size_t i = 0; i < account->queue_batch_count; i++) {
		const struct queue_batch *batch = &account->queue_batches[i];
		size_t moved = count_queued(account, batch, QUEUE_MOVED);
		size_t left = count_queued(account, batch, QUEUE_LEFT);
		size_t coming = count_queued(account, batch, QUEUE_UNDER_WAY);

		if (moved > 0 && !was_counted(account, i, true))
			report(why->env,
			       "  %zu of its jobs on %s were moved to QOS %s (as of %s): those "
			       "that wait when nothing holds them any more go back to the QOS and "
			       "time limit that they had",
			       moved, batch->cluster, batch->to_qos,
			       when_format_local(when, account->queue_time));
		if (was_counted(account, i, false))
			continue;
		if (left > 0)
			report(why->env,
			       "  %zu of its jobs on %s are left alone, since their user moved "
			       "them or their tasks differ: `subank journal %s` shows them",
			       left, batch->cluster, why->name);
		if (coming > 0)
			report(why->env,
			       "  %zu of its jobs on %s are between two QOS: the next checks try "
			       "again",
			       coming, batch->cluster);
	}
}

/* Returns how much more must be allocated, or less, so that what is used is below stop_at. */
static int64_t missing_to_scavenge(const struct why *why)
{
	__int128 have = (__int128)why->funds.allocated + why->account->credit;
	__int128 missing = (__int128)why->funds.used * 100 / why->rules.stop_at - have;

	return missing > INT64_MAX ? INT64_MAX : missing < 0 ? 0 : (int64_t)missing;
}

static void report_overrun(const struct why *why)
{
	const struct rules *rules = &why->rules;
	char used[QUANTITY_SIZE], missing[QUANTITY_SIZE];

	if (!account_has_cause(why->account, CAUSE_OVERRUN) || !account_held(why->account))
		return;
	if (enforcement_of(why->account, rules) != ENFORCE_SCAVENGE || !rules->stop_at ||
	    why->funds.used < stop_use(why->account, why->funds.allocated, rules))
		report(why->env, "  the next check ends the overrun");
	else
		report(why->env,
		       "  %s are used, so that not even jobs in QOS %s start (stop_at: %" PRId64
		       "%%); a deposit of more than %s ends that",
		       quantity(why->env, used, why->name, why->funds.used), rules->scavenger,
		       rules->stop_at,
		       quantity(why->env, missing, why->name, missing_to_scavenge(why)));
}

/* Reports what a hold of another account keeps from starting. */
static void report_blocker(const struct why *why)
{
	const char *name = why->blocker.name;
	const bool own = strcmp(name, why->owner->name) == 0;
	char starts[NAME_SIZE + 64];

	if (!*name)
		return;
	if (why->blocker.scavenges)
		(void)snprintf(starts, sizeof(starts), "only jobs in QOS %s start",
			       why->rules.scavenger);
	else if (own)
		(void)snprintf(starts, sizeof(starts), "no job of it starts");
	else if (why->account != why->owner)
		(void)snprintf(starts, sizeof(starts), "no job that uses %s starts", why->tres);
	else
		(void)snprintf(starts, sizeof(starts), "no job of %s starts", why->name);
	if (own)
		report(why->env, "  until %s is no longer held, %s: see `subank why %s`", name,
		       starts, name);
	else
		report(why->env,
		       "  %s above it is held, and until that ends %s: see `subank why %s`", name,
		       starts, name);
}

/* Reports how a closed account is opened, or which account took it over. */
static void report_opening(const struct why *why)
{
	const char *successor = why->account->successor;
	char words[PURSE_WORDS_SIZE];

	purse_words(words, why->name);
	if (!*successor) {
		report(why->env, "  `subank open %s` opens it again", words);
		return;
	}
	if (why->masked)
		report(why->env, "  another account took over all that it had");
	else
		report(why->env, "  %s took over all that it had: see `subank why %s`", successor,
		       successor);
}

/* Reports what would end the causes. */
static void report_ends(const struct why *why)
{
	const struct account *account = why->account;
	bool others = account->causes & ~(1u << CAUSE_HAND | 1u << CAUSE_OVERRUN);
	char when[WHEN_TEXT_SIZE], needed[QUANTITY_SIZE];
	struct env *env = why->env;

	report_flight(why);
	if (account_has_cause(account, CAUSE_CLOSED))
		report_opening(why);
	if (account_has_cause(account, CAUSE_HAND) && account->hand_until)
		report(env, "  the hold by hand ends by itself at %s, or with `subank release %s`",
		       when_format_local(when, account->hand_until), why->name);
	else if (account_has_cause(account, CAUSE_HAND))
		report(env, "  `subank release %s` ends the hold by hand%s", why->name,
		       others ? " alone; with --until TIME it may run until then" : "");
	if (account_has_cause(account, CAUSE_FUNDS))
		report_end_of_funds(why);
	report_overrun(why);
	if (account->causes && why->owner->grace_until)
		report(env, "  the time it may run ends at %s: then it is held again",
		       when_format_local(when, why->owner->grace_until));
	if (lacks_room(why))
		report(env, "  a deposit ends it: %s or more must be available",
		       quantity(env, needed, why->name, needed_room(why)));
	report_blocker(why);
}

/* Reports the levers that Slurm does not have yet. */
static int report_levers(const struct why *why, struct books *books, struct sb_error *err)
{
	struct event event = {0};
	int rc = SB_OK;

	for (size_t i = 0; i < why->owner->lever_count && !rc; i++) {
		const struct lever *lever = &why->owner->levers[i];
		const char *user = resource_user(lever->tres);
		char when[WHEN_TEXT_SIZE], value[24] = "no limit", tres[RESOURCE_SIZE];

		if (why->account != why->owner && !is_of_purse(why, lever))
			continue;
		if (lever->tried && lever->outcome == OUTCOME_DONE)
			continue;
		rc = journal_get(books_txn(books), lever->seq, &event, NULL, err);
		if (rc)
			break;
		if (lever->set >= 0)
			(void)snprintf(value, sizeof(value), "%" PRId64, lever->set);
		report(why->env,
		       "  entry %" PRIu64
		       " of %s: Slurm on %s is to get %s %s%s%s%s%s, %s%s; the next "
		       "check tries%s",
		       lever->seq, when_format_local(when, event.time), lever->cluster,
		       lever->field, resource_base(tres, lever->tres), *lever->tres ? " " : "",
		       value, user ? " for " : "", user ? user : "",
		       lever->tried ? "which failed: " : "not done yet", lever->reason,
		       lever->tried ? " again" : "");
	}
	event_release(&event);
	return rc;
}

/* Reports which jobs a hold of the purse keeps from starting. */
static void report_purse_hold(const struct why *why)
{
	static const struct {
		const char *tres, *reason;
	} reasons[] = {
		{"cpu", "AssocGrpCPUMinutesLimit"},	{"mem", "AssocGrpMemMinutes"},
		{"node", "AssocGrpNodeMinutes"},	{"gres/", "AssocGrpGRESMinutes"},
		{"license/", "AssocGrpLicenseMinutes"},
	};
	const char *reason = "", *user = purse_user(why->name);
	char tres[RESOURCE_SIZE], of[RESOURCE_SIZE + 8] = "";

	if (why->account == why->owner || !*why->tres || !purse_held(why->account, why->owner))
		return;
	if (user)
		(void)snprintf(of, sizeof(of), " of %s", user);
	resource_base(tres, why->tres);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (strncmp(tres, reasons[i].tres, strlen(reasons[i].tres)) == 0)
			reason = reasons[i].reason;
	}
	if (strcmp(tres, "cpu") == 0 || strcmp(tres, "node") == 0)
		report(why->env, "  by " CAP_FIELD "=%s=0%s all jobs%s wait, with the reason %s",
		       tres, of, user ? " of this user in the account" : "", reason);
	else
		report(why->env,
		       "  by " CAP_FIELD
		       "=%s=0%s jobs%s that use %s wait, with the reason %s; others start",
		       tres, of, user ? " of this user in the account" : "", tres, reason);
	/* That QOS passes the limit for every account that may use it, whatever its rule. */
	if (why->rules.scavenger && (!*why->blocker.name || why->blocker.scavenges))
		report(why->env, "  those in QOS %s start all the same", why->rules.scavenger);
}

/* Reports the purses of the account that are held. */
static int report_held_purses(const struct why *why, struct books *books, struct sb_error *err)
{
	struct purses purses;

	if (why->account != why->owner)
		return SB_OK;
	TRY(books_purses(books, why->name, &purses, err));
	for (size_t i = 0; i < purses.count; i++) {
		const struct account *purse = purses.list[i];
		char causes[CAUSES_SIZE];

		if (!purse_held(purse, why->owner) || *purse->successor)
			continue;
		if (purse_user(purse->name))
			report(why->env, "  the share of %s is held (%s): see `subank why %s`",
			       purse_user(purse->name), account_causes(purse, ", ", causes),
			       purse->name);
		else
			report(why->env, "  its budget of %s is held (%s): see `subank why %s`",
			       purse_resource(purse->name), account_causes(purse, ", ", causes),
			       purse->name);
	}
	purses_release(&purses);
	return SB_OK;
}

/* Whether Slurm may not measure the purse's resource at all: no use was ever read, and Slurm has no
 * limit on it. */
static bool is_unmetered(const struct why *why)
{
	return why->account != why->owner && !*why->tres && why->account->meter_count == 0;
}

static void report_reading(const struct why *why)
{
	char when[WHEN_TEXT_SIZE], age[WHEN_TEXT_SIZE], amount[QUANTITY_SIZE];

	if (why->unrecorded > 0)
		report(why->env, "  %s that was used since %s has no entry yet",
		       quantity(why->env, amount, why->name, why->unrecorded),
		       when_format_local(when, why->unrecorded_since));
	if (!why->read && why->account != why->owner && !is_unmetered(why))
		report(why->env,
		       "  its use was never read: does `subank check` run, and does Slurm count %s "
		       "(`subank doctor`)?",
		       purse_resource(why->name));
	else if (!why->read && !is_unmetered(why))
		report(why->env, "  its use was never read: does `subank check` run?");
	else if (why->read && why->now - why->read > READING_STALE)
		report(why->env,
		       "  its use on %s was read last at %s, %s ago: does `subank check` run, and "
		       "does %s answer?",
		       why->read_on, when_format_local(when, why->read),
		       when_format_age(age, why->now - why->read), why->read_on);
}

/* Reports why it is not held although nothing is left. */
static void report_not_held(const struct why *why)
{
	enum enforcement enforcement = enforcement_of(why->account, &why->rules);
	bool moneyless = !had_money(why->account);

	if (moneyless)
		report(why->env, "  it never had money");
	if (!*why->tres)
		report(why->env, "  Slurm has no limit that holds %s: it is not held",
		       purse_resource(why->name));
	else if (enforcement < ENFORCE_HOLD)
		report(why->env, "  enforcement is %s by %s: it is not held for that",
		       event_word(FIELD_AT_ENFORCEMENT, (uint8_t)enforcement),
		       why->account->enforcement != ENFORCE_SITE ||
				       why->owner->enforcement != ENFORCE_SITE
			       ? "its terms"
			       : "the settings");
	else if (moneyless && why->rules.spare_moneyless)
		report(why->env,
		       "  `without_money: warn` in the settings: it is not held for that");
	else if (moneyless && why->account->charged == 0 && why->funds.spent == 0)
		report(why->env, "  its first use holds it");
	else
		report(why->env, "  the next check holds it");
}

static void report_fine(const struct why *why)
{
	const struct account *account = why->account;
	char available[QUANTITY_SIZE], rest[QUANTITY_SIZE], when[WHEN_TEXT_SIZE];
	const struct lot *next = NULL;

	if (account->unlimited) {
		report(why->env, "%s is unlimited: it is never held for funds", why->name);
		return;
	}
	quantity(why->env, available, why->name, why->funds.available);
	for (size_t i = 0; i < account->lot_count && !next; i++) {
		const struct lot *lot = &account->lots[i];

		if (lot_active(lot, account->time) && lot->rest > 0 && lot->end != WHEN_NEVER)
			next = lot;
	}
	if (next)
		report(why->env,
		       "%s is fine: available %s; %s of entry %" PRIu64 " end first, at %s",
		       why->name, available, quantity(why->env, rest, why->name, next->rest),
		       next->seq, when_format_local(when, next->end));
	else
		report(why->env, "%s is fine: available %s; nothing of it ends", why->name,
		       available);
}

static void report_causes(const struct why *why, const char *available)
{
	const struct account *account = why->account;
	const char *state =
		is_scavenging(account, &why->rules) ? "spent" : account_state(account, &why->rules);
	char causes[CAUSES_SIZE];

	if (strcmp(account_causes(account, ", ", causes), state) == 0)
		report(why->env, "%s is %s: available %s", why->name, state, available);
	else
		report(why->env, "%s is %s (%s): available %s", why->name, state, causes,
		       available);
}

/* Reports its state, in the first line. */
static void report_state(const struct why *why)
{
	const struct account *account = why->account;
	char available[QUANTITY_SIZE], causes[CAUSES_SIZE], allocated[QUANTITY_SIZE];
	struct env *env = why->env;

	funds_text(env, available, why->name, &why->funds);
	if (account->causes && (account->grace_until || why->owner->grace_until))
		report(env,
		       "%s may run for a time although there is a cause to hold it (%s): "
		       "available %s",
		       why->name, account_causes(account, ", ", causes), available);
	else if (account->causes)
		report_causes(why, available);
	else if (*why->blocker.name)
		report(env, "%s is blocked by %s, which is held: available %s", why->name,
		       why->blocker.name, available);
	else if (lacks_room(why))
		report(env,
		       "%s has too little left for Slurm to start a job under `limit`: available "
		       "%s",
		       why->name, available);
	else if (why->funds.available <= 0 && !account->unlimited)
		report(env, "%s has nothing left: available %s", why->name, available);
	else if (is_low(why))
		report(env, "%s is low: %" PRId64 "%% of %s used, available %s", why->name,
		       percent(why), quantity(env, allocated, why->name, why->funds.allocated),
		       available);
	else
		report_fine(why);
}

static int report_all(const struct why *why, struct books *books, struct sb_error *err)
{
	const struct account *account = why->account;
	bool poor = is_poor(why);
	char debt[QUANTITY_SIZE], words[PURSE_WORDS_SIZE];

	report_state(why);
	report_purse_hold(why);
	report_scavenging(why);
	report_queue(why);
	for (unsigned cause = 0; cause < SLOT_GRACE; cause++) {
		if (account_has_cause(account, (enum cause)cause))
			report_slot(why, cause);
	}
	if (account->grace_until)
		report_slot(why, SLOT_GRACE);
	if ((poor || is_low(why)) && !*account->successor) {
		for (size_t i = 0; i < sizeof(of_funds) / sizeof(of_funds[0]); i++)
			report_slot(why, of_funds[i]);
		if (account_has_cause(account, CAUSE_FUNDS) && !had_money(account))
			report(why->env,
			       "  it never had money: put some in with `subank deposit %s %s`",
			       purse_words(words, why->name),
			       why->account == why->owner ? "SU" : "AMOUNT");
		report_lots(why);
	}
	if (account->debt > 0)
		report(why->env, "  %s is debt, which the next money pays first",
		       quantity(why->env, debt, why->name, account->debt));
	TRY(report_levers(why, books, err));
	if (poor && !account->causes)
		report_not_held(why);
	report_reading(why);
	report_ends(why);
	return report_held_purses(why, books, err);
}

/* Returns the slots that must have an entry by the account's state. Others are reported if they are
 * found on the way. */
static unsigned slots_wanted(const struct account *account)
{
	unsigned wanted = account->causes;

	if (account->grace_until)
		wanted |= 1u << SLOT_GRACE;
	if (account->charged > 0)
		wanted |= 1u << SLOT_CHARGE;
	if (account->deposited > 0 || account->received > 0)
		wanted |= 1u << SLOT_MONEY;
	return wanted;
}

static int newest_first(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

/* Goes on with the entries that an earlier search found. */
static int find_again(struct why *why, struct books *books, struct sb_error *err)
{
	uint64_t seqs[SLOT_COUNT];
	struct event event = {0};
	int rc = SB_OK;

	memcpy(seqs, why->found->seqs, sizeof(seqs));
	qsort(seqs, SLOT_COUNT, sizeof(*seqs), newest_first);
	for (size_t i = 0; i < SLOT_COUNT && seqs[i] && !rc; i++) {
		rc = journal_get(books_txn(books), seqs[i], &event, NULL, err);
		if (!rc)
			rc = keep_newest(&(struct entry){.event = &event}, why, err);
	}
	event_release(&event);
	return rc == STORE_ABORT ? SB_OK : rc;
}

/* Searches the entries that explain the state, the newest first. */
static int find_entries(struct why *why, struct books *books, struct sb_error *err)
{
	struct why_found *found = why->found;
	const struct entry_range range = {.from = found ? found->to + 1 : 0, .backward = true};

	TRY(tenures_each(books, why->name, &range, keep_newest, why, NULL, err));
	if (found && found->to && why->wanted)
		TRY(find_again(why, books, err));
	if (found) {
		memcpy(found->seqs, why->seqs, sizeof(found->seqs));
		found->to = why->account->seq;
	}
	return SB_OK;
}

static int explain(struct why *why, struct books *books, struct sb_error *err)
{
	const struct rules site = settings_rules(&why->env->settings);
	char owner[NAME_SIZE];

	why->books = books;
	TRY(books_account(books, why->name, &why->account, err));
	TRY(books_account(books, purse_account(owner, why->name), &why->owner, err));
	TRY(rules_of_purse(books, why->account, &site, &why->rules, err));
	if (!purse_lever(why->account, why->tres))
		why->tres[0] = '\0';
	TRY(funds_of(books, why->account, &why->rules, &why->funds, err));
	TRY(books_read_time(books, why->account, why->env->settings.clusters,
			    why->env->settings.cluster_count, &why->read, &why->read_on, err));
	if (*why->tres)
		TRY(nesting_blocker(why->nesting, books, why->account, &site, &why->blocker, err));
	books_deferred_sum(books, why->account, &why->unrecorded, &why->unrecorded_since);
	why->now = books_time(books);
	/* Of an account that is fine, no entry is reported. */
	if (why->account->causes || why->account->grace_until || is_poor(why) || is_low(why))
		why->wanted = slots_wanted(why->account);
	if (why->wanted)
		TRY(find_entries(why, books, err));
	return report_all(why, books, err);
}

int why_report(struct env *env, struct books *books, const char *name, struct sb_error *err)
{
	struct nesting nesting = {0};
	struct why why = {.env = env, .name = name, .nesting = &nesting};
	int rc = explain(&why, books, err);

	nesting_release(&nesting);
	return rc;
}

/* Writes the lines; [why] has all but the environment. */
static int make_lines(const struct env *env, struct books *books, struct why *why, char **ret,
		      struct sb_error *err)
{
	static const struct command plain = {.name = "why", .arguments = ""};
	struct env aside = *env;
	char *lines = NULL;
	size_t size;
	int rc;

	why->env = &aside;
	aside.command = &plain;
	aside.values = NULL;
	aside.quiet = false;
	aside.where = NULL;
	aside.os.out_is_terminal = false;
	aside.os.out = open_memstream(&lines, &size);
	if (!aside.os.out)
		return sb_error_nomem(err);
	rc = explain(why, books, err);
	if (fclose(aside.os.out) != 0 && !rc)
		rc = sb_error_nomem(err);
	if (rc)
		free(lines);
	else
		*ret = lines;
	return rc;
}

int why_lines(const struct env *env, struct books *books, struct nesting *nesting, const char *name,
	      struct why_found *found, char **ret, struct sb_error *err)
{
	struct why why = {.name = name, .nesting = nesting, .masked = true, .found = found};

	return make_lines(env, books, &why, ret, err);
}

int why_lines_named(const struct env *env, struct books *books, struct nesting *nesting,
		    const char *name, char **ret, struct sb_error *err)
{
	struct why_found found = {0};
	struct why why = {.name = name, .nesting = nesting, .found = &found};

	return make_lines(env, books, &why, ret, err);
}
