/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records what time and use bring to an account: expired windows, crossed thresholds, notices
 * before a window ends. */
#include <string.h>

#include "ledger/base/amount.h"
#include "ledger/base/minmax.h"
#include "ledger/base/when.h"
#include "ledger/books/renames.h"
#include "ledger/check/checking.h"
#include "ledger/check/funds.h"

/* Returns the time up to which use by jobs is charged. A job that is running may still be charged
 * to the window in which it began. A check that did not look back may not have seen one that ended.
 */
static int64_t jobs_charged_until(const struct meter *meter, const struct reading *reading,
				  int64_t looked_back)
{
	int64_t since = reading->flight.since;

	if (looked_back < reading->settled)
		return meter->jobs_since;
	if (since && since < reading->settled)
		return since;
	return int64_max(reading->settled, meter->jobs_since);
}

/* Gives the time up to which the use that the meter counts is charged. */
static int meter_charged_until(struct books *books, const struct account *account,
			       const struct meter *meter, int64_t *ret, struct sb_error *err)
{
	int64_t charged = meter->time, looked_back;
	struct reading reading;

	TRY(check_reading(books, account, meter->cluster, &reading, err));
	TRY(books_looked_back(books, meter->cluster, &looked_back, err));
	if (meter->jobs)
		charged = jobs_charged_until(meter, &reading, looked_back);
	else if (reading.usage == meter->reading)
		charged = int64_max(charged, reading.time);
	*ret = charged;
	return SB_OK;
}

/* Lowers *oldest to the time up to which the account's use is charged on all its clusters. */
static int lower_to_charged(struct books *books, const struct account *account,
			    const struct no_use *no_use, int64_t *oldest, struct sb_error *err)
{
	for (size_t i = 0; i < account->meter_count; i++) {
		const struct meter *meter = &account->meters[i];
		int64_t charged, idle = 0;

		TRY(meter_charged_until(books, account, meter, &charged, err));
		if (no_use)
			idle = no_use->until(no_use->ctx, account->name, meter->cluster);
		*oldest = int64_min(*oldest, int64_max(charged, idle));
	}
	return SB_OK;
}

int check_charged_until(struct books *books, const struct account *account,
			const struct no_use *no_use, int64_t *ret, struct sb_error *err)
{
	struct purses formers;
	int rc;

	*ret = books_time(books);
	TRY(lower_to_charged(books, account, no_use, ret, err));
	TRY(books_formers(books, account, &formers, err));
	rc = SB_OK;
	for (size_t i = 0; i < formers.count && !rc; i++)
		rc = lower_to_charged(books, formers.list[i], no_use, ret, err);
	purses_release(&formers);
	return rc;
}

/* Returns the time up to which no use of [account] on [cluster] is left to charge, because the
 * cluster answered this check without it, or is gone from the settings. 0: such use may exist. */
static int64_t nothing_since(const void *ctx, const char *account, const char *cluster)
{
	const struct plan *plan = ctx;
	const struct check *check = plan->check;

	for (size_t i = 0; i < check->observation_count; i++) {
		const struct observation *observation = &check->observations[i];

		if (strcmp(observation->cluster, cluster) == 0 && observation->answered &&
		    !observation_purse(observation, account))
			return observation->time;
	}
	return check->all_clusters && !check_is_listed(check, cluster) ? books_time(plan->books)
								       : 0;
}

/* Records the expiry of the lots that ended together with the first one. */
static int expire_first(const struct plan *plan)
{
	const struct account *account = plan->account;
	struct event event = {.kind = EVENT_EXPIRE,
			      .account = account->name,
			      .resource = purse_resource(account->name),
			      .end = account->lots[0].end};
	int rc = SB_OK;

	for (size_t i = 0; i < account->lot_count && !rc; i++) {
		const struct lot *lot = &account->lots[i];

		/* Lots that do not fit get an entry of their own. */
		if (lot->end != event.end || event.part_count == EVENT_PARTS_MAX)
			break;
		rc = event_add_part(&event, lot->seq, lot->index, lot->rest, plan->err);
		event.amount += lot->rest;
	}
	if (!rc)
		rc = books_append(plan->books, &event, plan->err);
	if (!rc)
		rc = check_found(plan, (struct finding){.kind = FOUND_EXPIRED,
							.seq = event.seq,
							.amount = event.amount,
							.before = event.end});
	event_release(&event);
	return rc;
}

static bool first_has_ended(const struct account *account)
{
	return account->lot_count > 0 && account->lots[0].end <= account->time;
}

static int expire(const struct plan *plan)
{
	const struct account *account = plan->account;
	const struct no_use no_use = {.until = nothing_since, .ctx = plan};
	int64_t until;

	if (!first_has_ended(account))
		return SB_OK;
	TRY(check_charged_until(plan->books, account, &no_use, &until, plan->err));
	/* An ended lot without a rest leaves the list, so the first lot is always the next one. */
	while (first_has_ended(account) && account->lots[0].end <= until)
		TRY(expire_first(plan));
	return SB_OK;
}

/* Use includes that of running jobs, as for holds. The state follows from entries alone, so a level
 * that is reached only with running jobs does not stay crossed in it. Such a level is kept beside
 * the books until a check finds the use below it. */
static int cross_thresholds(const struct plan *plan)
{
	const struct account *account = plan->account;
	struct event event = {.kind = EVENT_THRESHOLD,
			      .account = account->name,
			      .resource = purse_resource(account->name)};
	/* The append changes the account. */
	const struct thresholds levels = *thresholds_of(account, plan->rules);
	int64_t before, reached = 0;
	struct funds funds;

	TRY(funds_of(plan->books, account, plan->rules, &funds, plan->err));
	TRY(books_reached(plan->books, account->name, &before, plan->err));
	event.used = funds.used;
	event.allocated = funds.allocated;
	for (size_t i = 0; i < levels.count; i++) {
		event.level = levels.list[i];
		if (!amount_reaches(event.used, event.allocated, event.level))
			continue;
		if (event.level > before && !account_crossed(account, event.level)) {
			TRY(books_append(plan->books, &event, plan->err));
			TRY(check_found(plan, (struct finding){.kind = FOUND_THRESHOLD,
							       .seq = event.seq,
							       .amount = event.level,
							       .before = event.used,
							       .now = event.allocated}));
		}
		if (!account_crossed(account, event.level))
			reached = event.level;
	}
	return reached == before
		       ? SB_OK
		       : books_set_reached(plan->books, account->name, reached, plan->err);
}

/* Whether a lot needs no notice of its end yet: it was created less than a day ago, or it is a
 * quota with more than a quarter of its window left. Without the latter, short periods would bring
 * a notice right after each deposit. */
static bool is_known(const struct lot *lot, const struct event *created, int64_t now)
{
	return now - created->time < WHEN_DAY ||
	       (created->period && now < lot->end - (lot->end - lot->start) / 4);
}

/* Finds whether is_known() is true for all lots with this end that have something left. */
static int is_fresh(const struct plan *plan, int64_t end, bool *ret)
{
	const struct account *account = plan->account;
	bool fresh = true;

	for (size_t i = 0; i < account->lot_count && fresh; i++) {
		const struct lot *lot = &account->lots[i];
		struct event event = {0};

		if (lot->end != end || lot->rest == 0)
			continue;
		TRY(journal_get(books_txn(plan->books), lot->seq, &event, NULL, plan->err));
		fresh = is_known(lot, &event, books_time(plan->books));
		event_release(&event);
	}
	*ret = fresh;
	return SB_OK;
}

static int give_notice(const struct plan *plan)
{
	const struct account *account = plan->account;

	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];
		struct event event = {.kind = EVENT_NOTICE,
				      .account = account->name,
				      .resource = purse_resource(account->name),
				      .end = lot->end};
		bool fresh;

		if (lot->noticed || lot->rest == 0 || lot->end <= account->time ||
		    lot->end - account->time > plan->rules->notice)
			continue;
		TRY(is_fresh(plan, lot->end, &fresh));
		if (fresh)
			continue;
		event.amount = (int64_t)account_ending(account, lot->end);
		TRY(books_append(plan->books, &event, plan->err));
		TRY(check_found(plan, (struct finding){.kind = FOUND_NOTICE,
						       .seq = event.seq,
						       .amount = event.amount,
						       .before = event.end}));
	}
	return SB_OK;
}

int check_dates(const struct plan *plan)
{
	const struct account *account = plan->account;

	if (plan->check->doubtful)
		return SB_OK;
	TRY(expire(plan));
	/* A balance that limits nothing needs no warning. */
	if (!account->open || account->unlimited)
		return SB_OK;
	TRY(cross_thresholds(plan));
	return give_notice(plan);
}
