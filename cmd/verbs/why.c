/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/checkup.h"
#include "cmd/enter/post.h"
#include "cmd/frame/prose.h"
#include "cmd/show/account_text.h"
#include "cmd/show/entry_text.h"
#include "cmd/show/selection.h"
#include "cmd/verbs/verb.h"
#include "ledger/account/policy.h"
#include "ledger/base/amount.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"
#include "ledger/books/entries.h"
#include "ledger/books/nesting.h"
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
	SLOT_GRACE = CAUSE_CLOSED + 1,
	SLOT_LEVEL,
	SLOT_EXPIRED,
	SLOT_TERMS,
	SLOT_TAKEN,
	SLOT_CHARGE,
	SLOT_MONEY,
	SLOT_COUNT,
};

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
	char above[NAME_SIZE]; /* an account above it that is held; "" for none */
	unsigned wanted; /* slots to be found: 1 << slot */
	char lines[SLOT_COUNT][1400]; /* "" when there is none */
};

/* Returns the slot of an entry; SLOT_COUNT if it explains nothing. */
static unsigned slot_of(const struct why *why, const struct event *event)
{
	if (event->kind == EVENT_HOLD)
		return event->cause;
	if (event->kind == EVENT_RELEASE)
		return event->cause == CAUSE_HAND && event->until ? SLOT_GRACE : SLOT_COUNT;
	if (event->kind == EVENT_RECONCILE)
		return event->use == USE_LESS ? SLOT_MONEY : SLOT_CHARGE;
	if (event->kind == EVENT_TRANSFER)
		return strcmp(event->to, why->name) == 0 ? SLOT_MONEY : SLOT_TAKEN;
	if (event->kind == EVENT_REVERSE)
		return event->reverses == REVERSED_DEPOSIT || event->reverses == REVERSED_REFUND ||
				       strcmp(event->account, why->name) != 0
			       ? SLOT_TAKEN
			       : SLOT_MONEY;
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		if (slots[i].kind == event->kind)
			return slots[i].slot;
	}
	return SLOT_COUNT;
}

/* Writes "entry 12 of 2026-11-22T17:00:05: deposit of 10.00 SU: until ... (the note)" */
static void describe(const struct why *why, const struct event *event, char *to, size_t size)
{
	char when[WHEN_TEXT_SIZE], amount[QUANTITY_SIZE], detail[512], actor[ACTOR_SIZE];
	bool by_hand = event->kind == EVENT_CLOSE ||
		       (event->kind == EVENT_HOLD && event->cause == CAUSE_HAND);

	entry_text(why->env, event, strcmp(event->account, why->name) != 0, detail, sizeof(detail));
	quantity(why->env, amount, why->name, event->amount);
	(void)snprintf(to, size, "entry %" PRIu64 " of %s: %s%s%s%s%s%s%s%s%s%s", event->seq,
		       when_format_local(when, event->time), event_kinds[event->kind].name,
		       event->amount ? " of " : "", event->amount ? amount : "",
		       *detail ? ": " : "", detail, by_hand ? ", by " : "",
		       by_hand ? entry_actor(why->env, event, actor) : "", *event->note ? " (" : "",
		       event->note, *event->note ? ")" : "");
}

static int keep_newest(const struct entry *entry, void *ctx, struct sb_error *err)
{
	struct why *why = ctx;
	unsigned slot = slot_of(why, entry->event);

	(void)err;
	/* The last money made up for whatever took something before. */
	if ((slot == SLOT_TERMS || slot == SLOT_TAKEN) && *why->lines[SLOT_MONEY])
		return SB_OK;
	if (slot < SLOT_COUNT && !*why->lines[slot]) {
		describe(why, entry->event, why->lines[slot], sizeof(why->lines[slot]));
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
		account_settle(copy, next);
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

/* Reports what would end the causes. */
static void report_ends(const struct why *why)
{
	const struct account *account = why->account;
	bool others = account->causes & ~(1u << CAUSE_HAND);
	char when[WHEN_TEXT_SIZE], needed[QUANTITY_SIZE], words[PURSE_WORDS_SIZE];
	struct env *env = why->env;

	report_flight(why);
	if (account_has_cause(account, CAUSE_CLOSED))
		report(env, "  `subank open %s` opens it again", purse_words(words, why->name));
	if (account_has_cause(account, CAUSE_HAND) && account->hand_until)
		report(env, "  the hold by hand ends by itself at %s, or with `subank release %s`",
		       when_format_local(when, account->hand_until), why->name);
	else if (account_has_cause(account, CAUSE_HAND))
		report(env, "  `subank release %s` ends the hold by hand%s", why->name,
		       others ? " alone; with --until TIME it may run until then" : "");
	if (account_has_cause(account, CAUSE_FUNDS))
		report_end_of_funds(why);
	if (account->causes && why->owner->grace_until)
		report(env, "  the time it may run ends at %s: then it is held again",
		       when_format_local(when, why->owner->grace_until));
	if (lacks_room(why))
		report(env, "  a deposit ends it: %s or more must be available",
		       quantity(env, needed, why->name, needed_room(why)));
	if (*why->above && strcmp(why->above, why->owner->name) == 0)
		report(env,
		       "  until %s is no longer held, no job of it starts: see `subank why %s`",
		       why->above, why->above);
	else if (*why->above && why->account != why->owner)
		report(env,
		       "  %s above it is held, and until that ends no job that uses %s starts: see "
		       "`subank why %s`",
		       why->above, why->tres, why->above);
	else if (*why->above)
		report(env,
		       "  %s above it is held, and until that ends no job of %s starts: see "
		       "`subank why %s`",
		       why->above, why->name, why->above);
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

		if (!purse_held(purse, why->owner))
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
		report(env, "%s is %s (%s): available %s", why->name, account_state(account),
		       account_causes(account, ", ", causes), available);
	else if (*why->above)
		report(env, "%s is blocked by %s, which is held: available %s", why->name,
		       why->above, available);
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
	bool poor = (why->funds.available <= 0 && !account->unlimited) ||
		    account_has_cause(account, CAUSE_FUNDS);
	char debt[QUANTITY_SIZE], words[PURSE_WORDS_SIZE];

	report_state(why);
	report_purse_hold(why);
	for (unsigned cause = 0; cause < SLOT_GRACE; cause++) {
		if (account_has_cause(account, (enum cause)cause))
			report_slot(why, cause);
	}
	if (account->grace_until)
		report_slot(why, SLOT_GRACE);
	if (poor || is_low(why)) {
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

static int explain(struct books *books, void *ctx, struct sb_error *err)
{
	struct why *why = ctx;
	struct entry_range range = {.accounts = &why->name, .account_count = 1, .backward = true};
	const struct rules site = settings_rules(&why->env->settings);
	struct nesting nesting = {0};
	char owner[NAME_SIZE];
	int rc;

	TRY(books_account(books, why->name, &why->account, err));
	TRY(books_account(books, purse_account(owner, why->name), &why->owner, err));
	TRY(rules_of_purse(books, why->account, &site, &why->rules, err));
	if (!purse_lever(why->account, why->tres))
		why->tres[0] = '\0';
	TRY(funds_of(books, why->account, &why->rules, &why->funds, err));
	TRY(books_read_time(books, why->account, why->env->settings.clusters,
			    why->env->settings.cluster_count, &why->read, &why->read_on, err));
	if (*why->tres) {
		rc = nesting_above(&nesting, books, why->account, true, why->above, err);
		nesting_release(&nesting);
		TRY(rc);
	}
	books_deferred_sum(books, why->account, &why->unrecorded, &why->unrecorded_since);
	why->now = books_time(books);
	why->wanted = slots_wanted(why->account);
	if (why->wanted)
		TRY(entries_each(books, &range, keep_newest, why, NULL, err));
	return report_all(why, books, err);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct why why = {.env = env};
	char name[NAME_SIZE];
	struct sb_error err;
	const char *user = option(env, "user");
	int status = purse_argument(env, argv[0], name);

	(void)argc;
	if (status != EXIT_DONE)
		return status;
	if (user) {
		char account[NAME_SIZE];

		if (share_name(purse_account(account, name), purse_resource(name), user, name,
			       &err))
			return fail(env, &err);
	}
	why.name = name;
	return bank_read(env->bank, env->os.now(), explain, &why, &err) ? fail(env, &err)
									: EXIT_DONE;
}

const struct command cmd_why = {
	.name = "why",
	.arguments = "ACCOUNT",
	.summary = "why an account is held, blocked, low or closed, and what ends that",
	.details =
		"Names the entries that led to the account's state, and what would end it. Changes "
		"nothing and needs no Slurm. It also names budgets of other resources and shares "
		"of users that are held; --resource and --user explain one of them.",
	.examples =
		EXAMPLES({"subank why physics", "why do my jobs not start?"},
			 {"subank why physics --resource gres/gpu", "only those with GPUs wait"},
			 {"subank why physics --user alice", "only those of alice wait"}),
	.see_also = "balance journal release",
	.min_args = 1,
	.max_args = 1,
	.flags = CMD_READ,
	.options = OPTIONS({"user", 0, "USER", "a user's share of the account"}, RESOURCE_OPTION),
	.run = run,
};
