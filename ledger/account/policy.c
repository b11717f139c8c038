/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/account/policy.h"

#include <string.h>

#include "ledger/account/moments.h"
#include "ledger/base/amount.h"

int plan_charge(const struct account *account, struct event *charge, struct sb_error *err)
{
	int64_t left = charge->amount;

	for (size_t i = 0; i < account->lot_count && left > 0; i++) {
		const struct lot *lot = &account->lots[i];
		int64_t part = amount_min(lot->rest, left);

		if (lot->start >= charge->until || lot->end <= charge->since)
			continue;
		/* The rest becomes debt, which the other lots pay at once. */
		if (charge->part_count == EVENT_PARTS_MAX)
			break;
		TRY(event_add_part(charge, lot->seq, lot->index, part, err));
		left -= part;
	}
	charge->debt = left;
	return SB_OK;
}

/* True if a threshold would re-arm at that moment only without [amount]. Without an allocation all
 * do. */
static bool rearms_without(const struct moments *moments, int64_t amount)
{
	const struct account *account = moments->account;
	const __int128 used = moments_used(moments);

	for (size_t i = 0; i < account->crossed_count && moments->amount > 0; i++) {
		__int128 level = account->crossed[i] * moments->amount;

		if (used * 100 >= level && (used - amount) * 100 < level)
			return true;
	}
	return false;
}

/* Whether a threshold would re-arm at any moment after [time] only without [amount]. */
static int rearms_later(const struct account *account, int64_t amount, int64_t time, bool *ret,
			struct sb_error *err)
{
	struct moments moments;
	bool found = false;

	TRY(moments_begin(&moments, account, time, INT64_MAX, err));
	while (!found && moments_next(&moments))
		found = rearms_without(&moments, amount);
	moments_release(&moments);
	*ret = found;
	return SB_OK;
}

int charge_may_wait(const struct account *account, int64_t amount, int64_t since,
		    const struct rules *rules, bool *ret, struct sb_error *err)
{
	int64_t until = account->time + rules->charge_every;
	bool rearms = false;

	*ret = false;
	if (account->time - since >= rules->charge_every)
		return SB_OK;
	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];

		if ((lot->start > since && lot->start <= until) ||
		    (lot->end > since && lot->end <= until))
			return SB_OK;
		/* The lot would pay debt, whose size depends on this charge. */
		if (lot->start > until && account->debt > 0)
			return SB_OK;
	}
	if (account->crossed_count > 0)
		TRY(rearms_later(account, amount, until, &rearms, err));
	*ret = !rearms;
	return SB_OK;
}

int plan_take(const struct account *account, struct event *event, struct sb_error *err)
{
	char have[AMOUNT_TEXT_SIZE], want[AMOUNT_TEXT_SIZE];
	const struct unit unit = purse_unit(account->name);
	int64_t left = event->amount, all;

	TRY(account_rest(account, &all, err));
	if (all < event->amount)
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' has %s %s to take, less than %s %s: take that or "
				    "less, or `all`",
				    account->name, amount_format_in(have, all, unit.size),
				    unit.name, amount_format_in(want, event->amount, unit.size),
				    unit.name);
	for (size_t i = 0; i < account->lot_count && left > 0; i++) {
		const struct lot *lot = &account->lots[i];
		int64_t part = amount_min(lot->rest, left);

		if (!lot_active(lot, account->time))
			continue;
		TRY(event_add_part(event, lot->seq, lot->index, part, err));
		left -= part;
	}
	return SB_OK;
}

void plan_rename(const struct account *account, struct event *event)
{
	event->debt = account->debt;
	event->rest = 0;
	/* The sum fits: account_apply() checks that after each entry. */
	for (size_t i = 0; i < account->lot_count; i++)
		event->rest += account->lots[i].rest;
}

int plan_merge(const struct account *account, struct event *event, struct sb_error *err)
{
	event->debt = account->debt;
	event->rest = 0;
	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];

		if (lot->rest == 0 || lot->end <= account->time)
			continue;
		event->rest += lot->rest; /* it fits: account_apply() has summed them up */
		TRY(event_add_part(event, lot->seq, lot->index, lot->rest, err));
	}
	return SB_OK;
}

int64_t plan_debt(const struct account *receiver, int64_t amount)
{
	return amount_min(receiver->debt, amount);
}

bool had_money(const struct account *account)
{
	/* A share was given, even if its amount is 0. */
	return account->deposited > 0 || account->received > 0 || account->credit > 0 ||
	       purse_user(account->name);
}

static bool was_used(const struct account *account, int64_t flight)
{
	return account->charged > 0 || flight > 0;
}

/* True if the limit that holds the resource counts the same, so that it can follow a balance. */
static bool lever_counts(const char *resource)
{
	char tres[RESOURCE_SIZE];

	return resource_lever(resource, tres) && strcmp(tres, resource) == 0;
}

static bool may_scavenge(const struct account *account, const struct rules *rules)
{
	const struct limit hold = hold_limit(account, rules), stop = stop_limit(rules);

	return rules->scavenger &&
	       (strcmp(hold.field, stop.field) != 0 || strcmp(hold.tres, stop.tres) != 0);
}

enum enforcement enforcement_of(const struct account *account, const struct rules *rules)
{
	enum enforcement enforcement = account->enforcement == ENFORCE_SITE
					       ? rules->enforcement
					       : (enum enforcement)account->enforcement;
	char tres[RESOURCE_SIZE];

	if (enforcement > ENFORCE_WARN && !purse_lever(account, tres))
		return ENFORCE_WARN;
	if (enforcement == ENFORCE_SCAVENGE && !may_scavenge(account, rules))
		return ENFORCE_HOLD;
	/* Slurm's limit would count something else: the whole GRES for a type of it, cpu for a
	 * user's share of SU. So it must not follow the balance. */
	return enforcement == ENFORCE_LIMIT && !lever_counts(purse_resource(account->name))
		       ? ENFORCE_HOLD
		       : enforcement;
}

enum metering metering_of(const struct account *account, const struct rules *rules)
{
	return account->meter == METER_SITE ? rules->meter : (enum metering)account->meter;
}

struct rules purse_rules(const struct account *owner, const struct rules *rules)
{
	struct rules of = *rules;

	of.enforcement = enforcement_of(owner, rules);
	of.meter = metering_of(owner, rules);
	of.thresholds = *thresholds_of(owner, rules);
	return of;
}

bool purse_lever(const struct account *purse, char to[RESOURCE_SIZE])
{
	return resource_lever(purse_resource(purse->name), to);
}

bool purse_held(const struct account *purse, const struct account *owner)
{
	/* A closed account runs no jobs; a share that was ended lets its user run them again. */
	bool ended = purse_user(purse->name) && !purse->open;

	return account_held(purse) && !owner->grace_until && !ended;
}

struct limit hold_limit(const struct account *account, const struct rules *rules)
{
	return *account->field ? (struct limit){account->field, account->tres, 0}
			       : (struct limit){rules->field, rules->tres, 0};
}

bool is_scavenging(const struct account *account, const struct rules *rules)
{
	return account_held(account) && account->causes == 1u << CAUSE_FUNDS &&
	       enforcement_of(account, rules) == ENFORCE_SCAVENGE;
}

struct limit stop_limit(const struct rules *rules)
{
	static const struct limit jobs = {"GrpJobs", "", 0}, cpu = {CAP_FIELD, "cpu", 0};

	return strcmp(rules->field, jobs.field) == 0 ? cpu : jobs;
}

bool wants_stop(const struct account *account, const struct rules *rules)
{
	return rules->scavenger && account_held(account) && !is_scavenging(account, rules);
}

int decide_funds(const struct account *account, int64_t flight, const struct rules *rules,
		 enum decision *ret, struct sb_error *err)
{
	bool held = account_has_cause(account, CAUSE_FUNDS);
	int64_t available;

	TRY(account_available(account, &available, err));
	if (enforcement_of(account, rules) < ENFORCE_HOLD || account->unlimited ||
	    available > flight || (rules->spare_moneyless && !had_money(account)))
		*ret = held ? DECIDE_RELEASE : DECIDE_NOTHING;
	else
		*ret = !held && account->open && (had_money(account) || was_used(account, flight))
			       ? DECIDE_HOLD
			       : DECIDE_NOTHING;
	return SB_OK;
}

int64_t stop_use(const struct account *account, int64_t allocated, const struct rules *rules)
{
	__int128 use = ((__int128)allocated + account->credit) * rules->stop_at;

	use = (use + 99) / 100;
	return use < 1 ? 1 : use > INT64_MAX ? INT64_MAX : (int64_t)use;
}

static int is_overrun(const struct account *account, int64_t flight, const struct rules *rules,
		      bool *ret, struct sb_error *err)
{
	int64_t used, allocated;

	TRY(account_used(account, &used, err));
	TRY(account_allocated(account, &allocated, err));
	if (!amount_add(used, flight, &used))
		used = INT64_MAX;
	*ret = used >= stop_use(account, allocated, rules);
	return SB_OK;
}

int decide_overrun(const struct account *account, int64_t flight, const struct rules *rules,
		   enum decision *ret, struct sb_error *err)
{
	bool held = account_has_cause(account, CAUSE_OVERRUN), due = false;

	if (rules->stop_at && account_has_cause(account, CAUSE_FUNDS) &&
	    purse_is_account(account->name) && enforcement_of(account, rules) == ENFORCE_SCAVENGE)
		TRY(is_overrun(account, flight, rules, &due, err));
	*ret = due == held ? DECIDE_NOTHING : due ? DECIDE_HOLD : DECIDE_RELEASE;
	return SB_OK;
}

const struct thresholds *thresholds_of(const struct account *account, const struct rules *rules)
{
	return account->own_thresholds ? &account->thresholds : &rules->thresholds;
}

bool lever_is_lost(const struct lever *lever, int64_t current)
{
	return resource_user(lever->tres) && current == -1;
}

enum lever_plan plan_lever(uint64_t decision, const struct lever *lever, int64_t current,
			   const struct limit *limit, bool put_right)
{
	/* If the site set this value itself, no lever is needed, and our release must not remove
	 * the site's limit. */
	if (!lever)
		return limit && current != limit->value ? LEVER_RECORD_HOLD : LEVER_LEAVE;
	if (!limit) {
		if (!lever->restoring)
			return LEVER_RECORD_RESTORE;
		if (current == lever->set)
			return LEVER_CONFIRM;
		return lever_is_ours(lever, current) ? LEVER_RETRY : LEVER_GIVE_UP;
	}
	if (lever->restoring)
		return LEVER_RECORD_HOLD;
	/* Changed by hand. That stays until the next decision about the account. */
	if (lever_in_force(lever) && current != lever->set)
		return put_right || decision > lever->decision || lever_is_lost(lever, current)
			       ? LEVER_RECORD_HOLD
			       : LEVER_DRIFT;
	if (lever->set != limit->value)
		return LEVER_RECORD_HOLD;
	if (current == lever->set)
		return lever_in_force(lever) ? LEVER_LEAVE : LEVER_CONFIRM;
	/* Before our value was set, the site changed its own: the new one is to be restored. */
	return current == lever->found || lever_is_lost(lever, current) ? LEVER_RETRY
									: LEVER_RECORD_HOLD;
}

/* ---- caps: limits that follow the balance ---- */

bool wants_caps(const struct account *account, const struct rules *rules)
{
	bool grace = account->causes && account->grace_until;
	/* The use of running jobs has no entry, but has held the account for funds by now. */
	bool used = was_used(account, 0) || account_has_cause(account, CAUSE_FUNDS);

	return enforcement_of(account, rules) == ENFORCE_LIMIT && account->open &&
	       !account->unlimited && !grace &&
	       (had_money(account) || (used && !rules->spare_moneyless));
}

/* Slurm starts a job if minutes used, minutes that running jobs may still use and the job's own fit
 * under the limit. It cuts each of the first two to whole minutes (slurmctld's acct_policy.c), so
 * jobs can use up to twice 59 seconds more than the limit. But none starts once the minutes used
 * have reached it. */
enum { SLACK = 2 * 59 };

/* Returns what may still be used under a limit of [minutes]. */
static __int128 room(int64_t minutes, int64_t used)
{
	return used / 60 >= minutes ? 0 : (__int128)minutes * 60 + SLACK - used;
}

/* Returns the highest limit that leaves no more than [target] to use. */
static int64_t limit_for(const struct cap *cap, __int128 target)
{
	__int128 minutes = (cap->used + target - SLACK) / 60;

	if (cap->used + target < SLACK)
		minutes = 0;
	/* A balance in minutes fits int64. */
	if (cap->ceiling >= 0 && minutes > cap->ceiling)
		minutes = cap->ceiling;
	return (int64_t)minutes;
}

static bool answers(const struct cap *cap)
{
	return !cap->silent && !cap->absent && !cap->left;
}

/* Returns what may still be used on the cluster now: a lower limit does not stop running jobs. */
static __int128 bound(const struct cap *cap)
{
	__int128 left = room(cap->now, cap->used);

	return left > cap->running ? left : cap->running;
}

/* Whether the cluster keeps its present room. */
static bool is_reserved(const struct cap *cap)
{
	return (cap->silent || cap->left) && cap->now >= 0;
}

static int64_t share_of(int64_t rest, const struct cap *cap, int64_t shares)
{
	return shares > 0 ? (int64_t)((__int128)rest * cap->share / shares) : 0;
}

/* Sets the targets of the clusters that share [rest]. Where running jobs may use more than the
 * share, the other clusters get only what then remains. */
static void share_out(struct cap *caps, size_t count, int64_t rest)
{
	int64_t shares = 0;
	bool again = true;

	for (size_t i = 0; i < count; i++) {
		caps[i].full = caps[i].absent || is_reserved(&caps[i]);
		shares += caps[i].full ? 0 : caps[i].share;
	}
	while (again) {
		again = false;
		for (size_t i = 0; i < count; i++) {
			struct cap *cap = &caps[i];

			if (cap->full)
				continue;
			cap->target = share_of(rest, cap, shares);
			cap->full = cap->running > cap->target;
			if (!cap->full)
				continue;
			rest = rest > cap->running ? rest - cap->running : 0;
			shares -= cap->share;
			again = true;
		}
	}
}

/* Calculates new values. Returns true if they are worth setting: a difference of less than a minute
 * a cluster is not, unless a cluster has used most of its share. */
static bool deal(struct cap *caps, size_t count, int64_t available, bool pooled)
{
	__int128 left = available > 0 ? available : 0, rooms = 0;
	size_t asked = 0;
	bool due = false;

	for (size_t i = 0; i < count; i++) {
		const struct cap *cap = &caps[i];

		if (is_reserved(cap) && !pooled)
			left -= bound(cap);
		asked += !cap->absent && !is_reserved(cap);
		if (answers(cap) && cap->now >= 0)
			rooms += bound(cap);
	}
	if (left < 0)
		left = 0;
	share_out(caps, count, (int64_t)left);
	for (size_t i = 0; i < count; i++) {
		struct cap *cap = &caps[i];

		if (!answers(cap))
			continue;
		if (pooled)
			cap->target = (int64_t)left;
		cap->value = limit_for(cap, cap->target);
		if (cap->value == cap->now && !cap->changed)
			continue;
		if (pooled)
			rooms = room(cap->now, cap->used);
		due = due || cap->changed || cap->now < 0 ||
		      (rooms > left && cap->value < cap->now) ||
		      rooms <= left - 61 * (__int128)(pooled ? 1 : asked) ||
		      4 * room(cap->now, cap->used) < cap->target;
	}
	return due;
}

void plan_caps(struct cap *caps, size_t count, int64_t available, bool pooled, bool *ret_deferred)
{
	bool due, lowering = false;

	*ret_deferred = false;
	for (size_t i = 0; i < count; i++)
		caps[i].value = caps[i].left ? caps[i].kept : caps[i].silent ? caps[i].now : -1;
	due = deal(caps, count, available, pooled);
	for (size_t i = 0; i < count; i++) {
		if (!answers(&caps[i]))
			continue;
		if (!due)
			caps[i].value = caps[i].now;
		lowering = lowering || caps[i].now < 0 || caps[i].value < caps[i].now;
	}
	for (size_t i = 0; i < count && lowering && !pooled; i++) {
		if (!answers(&caps[i]) || caps[i].now < 0 || caps[i].value <= caps[i].now)
			continue;
		caps[i].value = caps[i].now;
		*ret_deferred = true;
	}
}
