/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/check/checking.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/amount.h"
#include "ledger/base/when.h"
#include "ledger/check/dates.h"
#include "ledger/check/jobs.h"

/* How often levers are looked at that sshare does not show. */
#define LOOK_PERIOD (3600 * WHEN_SECOND)

/* A clock that jumped ahead must not hold a whole site. */
#define CLOCK_TRUST (7 * WHEN_DAY)

bool observed_limit(const struct observed *row, const char *field, const char *tres, int64_t *ret)
{
	if (row->odd_limits || (!row->all_limits && strcmp(field, LIMIT_SHOWN) != 0))
		return false;
	*ret = -1;
	for (size_t i = 0; i < row->limit_count; i++) {
		if (strcmp(row->limits[i].field, field) == 0 &&
		    strcmp(row->limits[i].tres, tres) == 0)
			*ret = row->limits[i].value;
	}
	return true;
}

const struct observed *observation_find(const struct observation *observation, const char *account)
{
	size_t low = 0, high = account ? observation->count : 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(observation->rows[middle].account, account);

		if (order == 0)
			return &observation->rows[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void check_set_name(char to[NAME_SIZE], const char *from)
{
	(void)snprintf(to, NAME_SIZE, "%s", from ? from : "");
}

bool check_is_listed(const struct check *check, const char *cluster)
{
	for (size_t i = 0; i < check->observation_count; i++) {
		if (strcmp(check->observations[i].cluster, cluster) == 0)
			return true;
	}
	return false;
}

void *check_add(void **array, size_t *count, size_t *room, size_t size)
{
	if (*count == *room) {
		size_t grown_room = *room ? 2 * *room : 16;
		void *grown = reallocarray(*array, grown_room, size);

		if (!grown)
			return NULL;
		*array = grown;
		*room = grown_room;
	}
	memset((char *)*array + *count * size, 0, size);
	return (char *)*array + (*count)++ * size;
}

int check_add_finding(struct check *check, struct finding finding, const char *account,
		      const char *cluster, struct sb_error *err)
{
	struct finding *to = check_add((void **)&check->findings, &check->finding_count,
				       &check->finding_size, sizeof(*to));

	if (!to)
		return sb_error_nomem(err);
	*to = finding;
	check_set_name(to->account, account);
	check_set_name(to->cluster, cluster);
	switch (finding.kind) {
	case FOUND_WENT_DOWN:
	case FOUND_MOVED:
	case FOUND_VANISHED:
	case FOUND_DRIFT:
	case FOUND_UNSETTLED:
	case FOUND_UNLISTED:
	case FOUND_ODD_USAGE:
	case FOUND_ODD_LIMITS:
	case FOUND_OVERFLOW:
		check->problems++;
		break;
	default:
		break;
	}
	return SB_OK;
}

/* ---- decisions ---- */

static int enter_decision(struct books *books, struct check *check, const struct account *account,
			  enum decision decision, int64_t flight, struct sb_error *err)
{
	bool hold = decision == DECIDE_HOLD;
	struct event event = {.kind = hold ? EVENT_HOLD : EVENT_RELEASE,
			      .account = account->name,
			      .cause = CAUSE_FUNDS};
	struct finding finding = {.kind = !hold		       ? FOUND_RELEASE
					  : had_money(account) ? FOUND_HOLD
							       : FOUND_HOLD_MONEYLESS,
				  .unlimited = account->unlimited};
	int rc = account_available(account, &finding.amount, err);

	if (!rc && !amount_sub(finding.amount, flight, &finding.amount))
		finding.amount = -INT64_MAX;
	if (!rc)
		rc = books_append(books, &event, err);
	finding.seq = event.seq;
	if (hold && !account_held(account))
		finding.kind = FOUND_GRACE;
	if (!hold && account_held(account))
		finding.kind = FOUND_STAYS_HELD;
	return rc ? rc : check_add_finding(check, finding, account->name, NULL, err);
}

/* What would be spent by now, had a dry run entered the jobs that it found. */
static int64_t foreseen_use(const struct check *check, const struct account *account,
			    int64_t flight)
{
	int64_t sum = 0;

	for (size_t i = 0; i < check->foreseen_count; i++) {
		const struct foreseen *foreseen = &check->foreseen[i];

		if (strcmp(foreseen->account, account->name) == 0 &&
		    !amount_add(sum, foreseen->amount, &sum))
			return INT64_MAX;
	}
	return sum > flight ? sum : flight;
}

static int decide(struct books *books, struct check *check, const struct account *account,
		  struct sb_error *err)
{
	struct finding finding = {0};
	struct in_flight jobs;
	enum enforcement enforcement;
	enum decision decision;
	int64_t flight = 0;
	int rc = jobs_in_flight(books, account, &jobs, err);

	if (!rc)
		flight = foreseen_use(check, account, jobs_spent(&jobs, check->rules));
	if (!rc)
		rc = decide_funds(account, flight, check->rules, &decision, err);
	if (rc)
		return rc;
	if (decision == DECIDE_HOLD && check->doubtful)
		return SB_OK;
	if (decision != DECIDE_NOTHING)
		return enter_decision(books, check, account, decision, flight, err);
	if (!account->open || account->unlimited)
		return SB_OK;
	rc = account_available(account, &finding.amount, err);
	if (rc || finding.amount > flight)
		return rc;
	if (!amount_sub(finding.amount, flight, &finding.amount))
		finding.amount = -INT64_MAX;
	finding.now = account_sum(account->charged);
	enforcement = enforcement_of(account, check->rules);
	if (!had_money(account) && account->charged > 0 &&
	    (enforcement < ENFORCE_HOLD || check->rules->spare_moneyless))
		finding.kind = FOUND_NO_MONEY;
	else if (had_money(account) && enforcement == ENFORCE_WARN)
		finding.kind = FOUND_SPENT;
	else
		return SB_OK;
	return check_add_finding(check, finding, account->name, NULL, err);
}

/* ---- the whole ---- */

/* What ran on a cluster that the site no longer has would be in flight for ever. */
static int forget_flights(struct books *books, const struct check *check,
			  const struct account *account, struct sb_error *err)
{
	int rc = SB_OK;

	for (size_t i = 0; i < account->meter_count && check->all_clusters && !rc; i++) {
		const struct meter *meter = &account->meters[i];

		if (meter->jobs && !check_is_listed(check, meter->cluster))
			rc = jobs_forget_flight(books, meter->cluster, account->name, err);
	}
	return rc;
}

static int check_account(struct books *books, struct check *check, const struct account *account,
			 struct sb_error *err)
{
	int rc = forget_flights(books, check, account, err);

	for (size_t i = 0; i < check->observation_count && !rc; i++) {
		if (check->observations[i].answered)
			rc = check_meter(books, check, account, &check->observations[i], err);
	}
	if (!rc)
		rc = check_record_use(books, check, account, err);
	if (!rc)
		rc = check_dates(books, check, account, err);
	if (!rc)
		rc = decide(books, check, account, err);
	return rc ? rc : check_settle(books, check, account, err);
}

int check_clock_gap(struct books *books, bool clock_ok, int64_t *ret_gap, struct sb_error *err)
{
	int64_t last;
	int rc = books_last_check(books, &last, err);

	if (rc)
		return rc;
	*ret_gap = last && !clock_ok && books_time(books) - last > CLOCK_TRUST
			   ? books_time(books) - last
			   : 0;
	return SB_OK;
}

/* Whether it is time to look at the levers that take a call of their own. */
static int look_at_levers(struct books *books, struct check *check, struct sb_error *err)
{
	int64_t last;
	int rc = books_last_limits(books, &last, err);

	if (rc)
		return rc;
	check->look = check->look || books_time(books) - last >= LOOK_PERIOD;
	/* A check of some clusters does not look at the others. */
	return check->look && check->all_clusters
		       ? books_set_last_limits(books, books_time(books), err)
		       : SB_OK;
}

static int check_all(struct books *books, struct check *check, struct sb_error *err)
{
	size_t count;
	int64_t last;
	int rc = books_last_check(books, &last, err);

	check->first = !rc && last == 0;
	/* What moved since the last whole check, before this one takes its place. */
	if (!rc)
		rc = check_find_moves(books, check, err);
	if (!rc)
		rc = books_set_last_check(books, books_time(books), err);
	if (!rc)
		rc = look_at_levers(books, check, err);
	if (!rc)
		rc = books_load_all(books, &count, err);
	for (size_t i = 0; !rc && i < count; i++) {
		rc = check_account(books, check, books_at(books, i), err);
		steps_at(check->steps, i + 1, count);
	}
	return rc;
}

int check_plan(struct books *books, void *ctx, struct sb_error *err)
{
	struct check *check = ctx;
	const struct account *account;
	int64_t gap = 0;
	int rc = SB_OK;

	check->finding_count = check->task_count = check->want_count = check->move_count = 0;
	check->again = false;
	check->look = check->inspect;
	check->problems = 0;
	for (size_t i = 0; !rc && i < check->only_count; i++)
		rc = books_account(books, check->only[i], &account, err);
	if (!rc)
		rc = check_clock_gap(books, check->clock_ok, &gap, err);
	check->doubtful = gap > 0;
	check->clock_gap = check->settling ? 0 : gap;
	/* What was entered by a clock that jumped ahead would bar every entry when it is right
	 * again, so nothing is. */
	if (rc || check->clock_gap) {
		check->head = *books_head(books);
		return rc;
	}
	rc = check->only_count == 0 ? check_all(books, check, err)
				    : check_find_moves(books, check, err);
	for (size_t i = 0; !rc && i < check->only_count; i++) {
		rc = books_account(books, check->only[i], &account, err);
		if (!rc)
			rc = check_account(books, check, account, err);
	}
	check->head = *books_head(books);
	return rc;
}

void check_release(struct check *check)
{
	free(check->findings);
	free(check->tasks);
	free(check->wants);
	free(check->moves);
	*check = (struct check){0};
}
