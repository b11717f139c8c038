/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/check/dates.h"

#include <string.h>

#include "ledger/base/amount.h"
#include "ledger/base/when.h"
#include "ledger/check/checking.h"
#include "ledger/check/funds.h"

/* Since when the account has no use on [cluster] that could still be charged: it answered this
 * check without it, or is gone from the settings; 0: it may have. */
static int64_t nothing_since(const struct books *books, const struct check *check,
			     const char *account, const char *cluster)
{
	bool listed = false;

	for (size_t i = 0; i < check->observation_count; i++) {
		const struct observation *observation = &check->observations[i];

		if (strcmp(observation->cluster, cluster) != 0)
			continue;
		if (observation->answered && !observation_find(observation, account))
			return observation->time;
		listed = true;
	}
	return check->all_clusters && !listed ? books_time(books) : 0;
}

/* Likewise by jobs: one that runs may still be charged to what it began with. */
static int64_t jobs_charged_until(const struct meter *meter, const struct reading *reading)
{
	int64_t since = reading->flight.since;

	if (since && since < reading->settled)
		return since;
	return reading->settled > meter->jobs_since ? reading->settled : meter->jobs_since;
}

/* Until when the use is charged on every cluster. */
static int charged_until(struct books *books, const struct check *check,
			 const struct account *account, int64_t *ret, struct sb_error *err)
{
	int64_t oldest = books_time(books);

	for (size_t i = 0; i < account->meter_count; i++) {
		const struct meter *meter = &account->meters[i];
		int64_t time = nothing_since(books, check, account->name, meter->cluster);
		struct reading reading = {0};
		int rc = books_reading(books, meter->cluster, account->name, &reading, err);
		int64_t charged = meter->time;

		if (rc && rc != SB_ENOTFOUND)
			return rc;
		if (meter->jobs)
			charged = jobs_charged_until(meter, &reading);
		else if (!rc && reading.usage == meter->reading && reading.time > charged)
			charged = reading.time;
		if (charged > time)
			time = charged;
		if (time < oldest)
			oldest = time;
	}
	*ret = oldest;
	return SB_OK;
}

/* Enters that what is left of the lots that ended together with the first one is gone. */
static int expire_first(struct books *books, struct check *check, const struct account *account,
			struct sb_error *err)
{
	struct event event = {.kind = EVENT_EXPIRE,
			      .account = account->name,
			      .resource = RESOURCE_BILLING,
			      .end = account->lots[0].end};
	int rc = SB_OK;

	for (size_t i = 0; i < account->lot_count && !rc; i++) {
		const struct lot *lot = &account->lots[i];

		/* What does not fit gets an entry of its own. */
		if (lot->end != event.end || event.part_count == EVENT_PARTS_MAX)
			break;
		rc = event_add_part(&event, lot->seq, lot->index, lot->rest, err);
		event.amount += lot->rest;
	}
	if (!rc)
		rc = books_append(books, &event, err);
	if (!rc)
		rc = check_add_finding(check,
				       (struct finding){.kind = FOUND_EXPIRED,
							.seq = event.seq,
							.amount = event.amount,
							.before = event.end},
				       account->name, NULL, err);
	event_release(&event);
	return rc;
}

static bool first_has_ended(const struct account *account)
{
	return account->lot_count > 0 && account->lots[0].end <= account->time;
}

static int expire(struct books *books, struct check *check, const struct account *account,
		  struct sb_error *err)
{
	int64_t until;
	int rc;

	if (!first_has_ended(account))
		return SB_OK;
	rc = charged_until(books, check, account, &until, err);
	/* Those that end later were charged even less surely. An ended lot without a rest is no
	 * longer among them. */
	while (!rc && first_has_ended(account) && account->lots[0].end <= until)
		rc = expire_first(books, check, account, err);
	return rc;
}

/* Enters that the level was crossed, unless that was told. */
static int cross(struct books *books, struct check *check, const struct account *account,
		 struct event *event, int64_t before, struct sb_error *err)
{
	int rc;

	if (event->level <= before || account_crossed(account, event->level))
		return SB_OK;
	rc = books_append(books, event, err);
	return rc ? rc
		  : check_add_finding(check,
				      (struct finding){.kind = FOUND_THRESHOLD,
						       .seq = event->seq,
						       .amount = event->level,
						       .before = event->used,
						       .now = event->allocated},
				      account->name, NULL, err);
}

/* What is used has what holds go by: what running jobs count for, too. A level that is crossed with
 * that alone is not crossed for the state, which has entries only: it is kept beside the books
 * until a check finds the use below it. */
static int cross_thresholds(struct books *books, struct check *check, const struct account *account,
			    struct sb_error *err)
{
	struct event event = {
		.kind = EVENT_THRESHOLD, .account = account->name, .resource = RESOURCE_BILLING};
	/* The append changes the account. */
	const struct thresholds levels = *thresholds_of(account, check->rules);
	int64_t before = 0, reached = 0;
	struct funds funds;
	int rc = funds_of(books, account, check->rules, &funds, err);

	if (!rc)
		rc = books_reached(books, account->name, &before, err);
	if (rc)
		return rc;
	event.used = funds.used;
	event.allocated = funds.allocated;
	for (size_t i = 0; i < levels.count && !rc; i++) {
		event.level = levels.list[i];
		if (!amount_reaches(event.used, event.allocated, event.level))
			continue;
		rc = cross(books, check, account, &event, before, err);
		if (!account_crossed(account, event.level))
			reached = event.level;
	}
	return rc || reached == before ? rc : books_set_reached(books, account->name, reached, err);
}

/* Whether all that is left of the lots with this end was put in less than a day ago: whoever did so
 * knows the end. */
static int is_fresh(struct books *books, const struct account *account, int64_t end, bool *ret,
		    struct sb_error *err)
{
	bool fresh = true;

	for (size_t i = 0; i < account->lot_count && fresh; i++) {
		const struct lot *lot = &account->lots[i];
		struct event event = {0};
		int rc;

		if (lot->end != end || lot->rest == 0)
			continue;
		rc = journal_get(books_txn(books), lot->seq, &event, NULL, err);
		if (rc)
			return rc;
		fresh = books_time(books) - event.time < WHEN_DAY;
		event_release(&event);
	}
	*ret = fresh;
	return SB_OK;
}

static int give_notice(struct books *books, struct check *check, const struct account *account,
		       struct sb_error *err)
{
	int rc = SB_OK;

	for (size_t i = 0; i < account->lot_count && !rc; i++) {
		const struct lot *lot = &account->lots[i];
		struct event event = {.kind = EVENT_NOTICE,
				      .account = account->name,
				      .resource = RESOURCE_BILLING,
				      .end = lot->end};
		bool fresh;

		if (lot->end <= account->time || lot->end - account->time > check->rules->notice)
			continue;
		if (lot->noticed || lot->rest == 0)
			continue;
		rc = is_fresh(books, account, lot->end, &fresh, err);
		if (!rc && fresh)
			continue;
		event.amount = (int64_t)account_ending(account, lot->end);
		if (!rc)
			rc = books_append(books, &event, err);
		if (!rc)
			rc = check_add_finding(check,
					       (struct finding){.kind = FOUND_NOTICE,
								.seq = event.seq,
								.amount = event.amount,
								.before = event.end},
					       account->name, NULL, err);
	}
	return rc;
}

int check_dates(struct books *books, struct check *check, const struct account *account,
		struct sb_error *err)
{
	int rc;

	if (check->doubtful)
		return SB_OK;
	rc = expire(books, check, account, err);
	/* Nobody is told what bounds nobody. */
	if (rc || !account->open || account->unlimited)
		return rc;
	rc = cross_thresholds(books, check, account, err);
	return rc ? rc : give_notice(books, check, account, err);
}
