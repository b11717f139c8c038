/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Works out the limits that follow a balance, under `limit`. */
#include "ledger/base/minmax.h"
#include "ledger/check/checking.h"
#include "ledger/check/jobs.h"

/* Returns the limit that may still be in force on a cluster that does not answer; -1: unknown, or
 * none. */
static int64_t cap_of_silent(const struct lever *lever)
{
	if (!lever || lever->restoring)
		return -1;
	if (lever_in_force(lever))
		return lever->set;
	return lever->found < 0 ? -1 : int64_max(lever->set, lever->found);
}

/* Returns the usage that Slurm compares the limit with, less what was not charged yet, in seconds
 * of the resource. Slurm compares whole minutes of the TRES. If the weights are whole numbers,
 * RawUsage shows the usage of billing to the second. */
static int64_t compared_use(const struct observed *row, int64_t charged)
{
	int64_t used = row->usage, lag = int64_max(row->usage - charged, 0);

	if (row->minutes >= 0 && row->usage / 60 != row->minutes)
		used = row->minutes > INT64_MAX / 60 ? INT64_MAX : row->minutes * 60;
	return int64_max(used - lag, 0);
}

/* Returns the most that running jobs may still use, in seconds of the resource: Slurm cuts the
 * number to whole minutes. */
static int64_t still_running(int64_t minutes)
{
	if (minutes < 0)
		return 0;
	return minutes > INT64_MAX / 60 - 1 ? INT64_MAX : minutes * 60 + 59;
}

/* Fills in the cap of a cluster that does not answer, from the last reading. */
static int silent_cap(const struct plan *plan, const struct lever *lever, struct cap *cap)
{
	const struct meter *meter = check_meter_of(plan);
	struct reading reading;

	TRY(check_reading(plan->books, plan->account, plan->cluster, &reading, plan->err));
	cap->now = cap_of_silent(lever);
	cap->used = meter ? meter->reading : 0;
	cap->running = still_running(reading.running);
	return SB_OK;
}

static int cap_of(const struct plan *plan, const char *tres, struct cap *ret)
{
	const struct lever *lever = account_lever(plan->owner, plan->cluster, CAP_FIELD, tres);
	const struct meter *meter = check_meter_of(plan);
	const struct observed *row = plan->row;
	const struct observed *limits = observation_find(plan->observation, plan->owner->name);

	*ret = (struct cap){.silent = !plan->observation->answered,
			    .share = plan->observation->share};
	/* Where the purse never had a meter or a lever, the cluster does not have its resource, and
	 * gets no share of the balance. */
	if (ret->silent && !meter && !lever && plan->account != plan->owner) {
		*ret = (struct cap){.absent = true};
		return SB_OK;
	}
	if (ret->silent)
		return silent_cap(plan, lever, ret);
	if (!row || !limits || (!meter && !row->odd_usage)) {
		*ret = (struct cap){.absent = true};
		return SB_OK;
	}
	if (row->odd_usage || limits->odd_limits || row->odd_room ||
	    !observed_limit(limits, CAP_FIELD, tres, &ret->now)) {
		ret->silent = true;
		return silent_cap(plan, lever, ret);
	}
	/* An account metered by jobs keeps an old reading, and the use of its running jobs is in
	 * flight. */
	ret->used = compared_use(row, meter->jobs ? row->usage : meter->reading);
	ret->running = still_running(row->running);
	ret->ceiling = lever ? lever->original : ret->now;
	ret->kept = lever ? lever->set : -1;
	ret->changed = lever && lever_in_force(lever) && ret->now != lever->set;
	ret->left =
		ret->changed && !plan->check->rules->put_right && plan->decision <= lever->decision;
	return SB_OK;
}

int check_deal_caps(const struct plan *plan, const char *tres, struct cap *caps)
{
	const struct account *owner = plan->owner;
	struct check *check = plan->check;
	size_t count = check->observation_count;
	struct in_flight flight;
	int64_t available;
	bool deferred;

	TRY(jobs_in_flight(plan->books, plan->account, &flight, plan->err));
	/* Slurm's counter already includes the use of running jobs. */
	TRY(check_available(plan, flight.used, &available));
	for (size_t i = 0; i < count; i++) {
		const struct plan on = check_on(plan, &check->observations[i]);

		TRY(cap_of(&on, tres, &caps[i]));
	}
	/* A cluster that was not asked in this check keeps its share, like one that does not
	 * answer. */
	for (size_t i = 0; i < owner->lever_count; i++) {
		const struct lever *lever = &owner->levers[i];
		const struct observation other = {.cluster = lever->cluster};
		const struct plan on = check_on(plan, &other);

		if (lever_is_on(lever, CAP_FIELD, tres) && !check_is_listed(check, other.cluster))
			TRY(cap_of(&on, tres, &caps[count++]));
	}
	plan_caps(caps, count, available, check->rules->pooled, &deferred);
	for (size_t i = 0; i < count && check->shut; i++) {
		if (!caps[i].silent && !caps[i].absent)
			caps[i].value = 0;
	}
	check->again = check->again || (deferred && !check->shut);
	return SB_OK;
}
