/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/check/checking.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/amount.h"
#include "ledger/base/array.h"
#include "ledger/base/minmax.h"
#include "ledger/base/when.h"
#include "ledger/books/renames.h"
#include "ledger/check/jobs.h"
#include "ledger/check/quota.h"
#include "ledger/check/shares.h"
#include "ledger/check/successor.h"

/* How often limits that sshare does not show are inspected. */
#define INSPECT_PERIOD (3600 * WHEN_SECOND)

/* A clock is trusted until this long after the last check. One that jumped ahead must not hold a
 * whole site. */
#define CLOCK_TRUST (7 * WHEN_DAY)

static const struct limit *find_limit(const struct observed *row, const char *field,
				      const char *tres)
{
	for (size_t i = 0; i < row->limit_count; i++) {
		if (strcmp(row->limits[i].field, field) == 0 &&
		    strcmp(row->limits[i].tres, tres) == 0)
			return &row->limits[i];
	}
	return NULL;
}

bool observed_limit(const struct observed *row, const char *field, const char *tres, int64_t *ret)
{
	const struct limit *limit;

	if (row->odd_limits || (!row->all_limits && strcmp(field, LIMIT_SHOWN) != 0))
		return false;
	limit = find_limit(row, field, tres);
	if (limit && limit->value == LIMIT_UNKNOWN)
		return false;
	*ret = limit ? limit->value : -1;
	return true;
}

bool observed_lowest(const struct observed *row, const char *field, const char *tres, int64_t *ret)
{
	const struct limit *limit;

	if (!observed_limit(row, field, tres, ret))
		return false;
	limit = resource_user(tres) ? find_limit(row, LIMIT_LOWEST, tres) : NULL;
	if (limit)
		*ret = limit->value;
	return true;
}

bool observed_has(const struct observed *row, const char *tres)
{
	return !resource_user(tres) || find_limit(row, LIMIT_SHOWN, tres);
}

static int by_account(const void *key, const void *item)
{
	const struct observed *row = item;

	return strcmp(key, row->account);
}

const struct observed *observation_find(const struct observation *observation, const char *account)
{
	size_t count = account ? observation->count : 0;

	return array_find(observation->rows, count, account, by_account);
}

static int by_purse(const void *key, const void *item)
{
	const struct observed *of = key, *row = item;
	int order = strcmp(of->account, row->account);

	return order ? order : strcmp(of->resource, row->resource);
}

const struct observed *observation_use(const struct observation *observation, const char *account,
				       const char *resource)
{
	const struct observed key = {.account = account, .resource = resource};

	if (strcmp(resource, RESOURCE_BILLING) == 0)
		return observation_find(observation, account);
	return array_find(observation->purses, observation->purse_count, &key, by_purse);
}

const struct observed *observation_users(const struct observation *observation, const char *purse,
					 size_t *ret_count)
{
	char account[NAME_SIZE], first[RESOURCE_SIZE + 1];
	const struct observed key = {.account = purse_account(account, purse), .resource = first};
	size_t at, end, len;

	/* Sorts before all users, whose names are not empty. */
	len = (size_t)snprintf(first, sizeof(first), "%s~", purse_resource(purse));
	(void)array_search(observation->purses, observation->purse_count, &key, by_purse, &at);
	for (end = at; end < observation->purse_count; end++) {
		const struct observed *row = &observation->purses[end];

		if (strcmp(row->account, account) != 0 || strncmp(row->resource, first, len) != 0)
			break;
	}
	*ret_count = end - at;
	return end > at ? observation->purses + at : NULL;
}

const struct observed *observation_purse(const struct observation *observation, const char *purse)
{
	char account[NAME_SIZE];

	if (!purse || purse_is_account(purse))
		return observation_find(observation, purse);
	return observation_use(observation, purse_account(account, purse), purse_resource(purse));
}

struct plan check_on(const struct plan *plan, const struct observation *observation)
{
	struct plan on = *plan;

	on.cluster = observation->cluster;
	on.observation = observation;
	on.row = observation_purse(observation, plan->account ? plan->account->name : NULL);
	return on;
}

void check_set_name(char to[NAME_SIZE], const char *from)
{
	(void)snprintf(to, NAME_SIZE, "%s", from);
}

bool check_is_listed(const struct check *check, const char *cluster)
{
	for (size_t i = 0; i < check->observation_count; i++) {
		if (strcmp(check->observations[i].cluster, cluster) == 0)
			return true;
	}
	return false;
}

int check_found(const struct plan *plan, struct finding finding)
{
	static const bool is_problem[] = {
		[FOUND_WENT_DOWN] = true, [FOUND_MOVED] = true,		 [FOUND_VANISHED] = true,
		[FOUND_DRIFT] = true,	  [FOUND_UNSETTLED] = true,	 [FOUND_UNLISTED] = true,
		[FOUND_ODD_USAGE] = true, [FOUND_ODD_LIMITS] = true,	 [FOUND_OVERFLOW] = true,
		[FOUND_NO_QUOTA] = true,  [FOUND_NOT_TAKEN_OVER] = true,
	};
	struct check *check = plan->check;
	struct finding *to = array_add(check->findings, check->finding_count);

	if (!to)
		return sb_error_nomem(plan->err);
	*to = finding;
	if (plan->account)
		check_set_name(to->account, plan->account->name);
	if (plan->cluster)
		check_set_name(to->cluster, plan->cluster);
	check->problems += is_problem[finding.kind];
	return SB_OK;
}

int check_available(const struct plan *plan, int64_t spent, int64_t *ret)
{
	TRY(account_available(plan->account, ret, plan->err));
	if (!amount_sub(*ret, spent, ret))
		*ret = -INT64_MAX;
	return SB_OK;
}

int check_reading(struct books *books, const struct account *account, const char *cluster,
		  struct reading *ret, struct sb_error *err)
{
	const struct meter *meter = account_meter(account, cluster);
	int rc = books_reading(books, cluster, account->name, ret, err);

	if (rc != SB_ENOTFOUND)
		return rc;
	*ret = (struct reading){.running = -1};
	if (meter) {
		ret->usage = meter->reading;
		ret->time = meter->time;
	}
	return SB_OK;
}

/* ---- decisions ---- */

static int record_decision(const struct plan *plan, enum decision decision, int64_t flight)
{
	const struct account *account = plan->account;
	bool hold = decision == DECIDE_HOLD;
	struct event event = {.kind = hold ? EVENT_HOLD : EVENT_RELEASE,
			      .account = account->name,
			      .cause = CAUSE_FUNDS};
	struct finding finding = {.unlimited = account->unlimited};

	TRY(check_available(plan, flight, &finding.amount));
	TRY(books_append(plan->books, &event, plan->err));
	finding.seq = event.seq;
	if (!hold)
		finding.kind = account_held(account) ? FOUND_STAYS_HELD : FOUND_RELEASE;
	else if (!account_held(account))
		finding.kind = FOUND_GRACE;
	else if (!had_money(account))
		finding.kind = FOUND_HOLD_MONEYLESS;
	else
		finding.kind = is_scavenging(account, plan->rules) ? FOUND_SCAVENGE : FOUND_HOLD;
	return check_found(plan, finding);
}

/* Returns what is spent without an entry, including jobs that a dry run found but did not
 * record. */
static int64_t foreseen_use(const struct plan *plan, int64_t flight)
{
	const struct check *check = plan->check;
	int64_t sum = 0;

	for (size_t i = 0; i < check->foreseen_count; i++) {
		const struct foreseen *foreseen = &check->foreseen[i];

		if (strcmp(foreseen->account, plan->account->name) == 0 &&
		    !amount_add(sum, foreseen->amount, &sum))
			return INT64_MAX;
	}
	return int64_max(sum, flight);
}

static int record_overrun(const struct plan *plan, enum decision decision)
{
	struct event event = {.kind = decision == DECIDE_HOLD ? EVENT_HOLD : EVENT_RELEASE,
			      .account = plan->account->name,
			      .cause = CAUSE_OVERRUN};

	return books_append(plan->books, &event, plan->err);
}

static int decide_on_overrun(const struct plan *plan, int64_t flight)
{
	const struct account *account = plan->account;
	struct finding finding = {0};
	enum decision decision;
	bool shown;

	TRY(decide_overrun(account, flight, plan->rules, &decision, plan->err));
	if (decision == DECIDE_NOTHING || (decision == DECIDE_HOLD && plan->check->doubtful))
		return SB_OK;
	TRY(account_used(account, &finding.before, plan->err));
	TRY(account_allocated(account, &finding.now, plan->err));
	if (!amount_add(finding.before, flight, &finding.before))
		finding.before = INT64_MAX;
	TRY(record_overrun(plan, decision));
	finding.kind = decision == DECIDE_HOLD ? FOUND_OVERRUN : FOUND_OVERRUN_ENDED;
	finding.seq = books_head(plan->books)->seq;
	/* A grace lets the account run, another hold keeps it stopped. */
	shown = decision == DECIDE_HOLD ? account_held(account)
					: is_scavenging(account, plan->rules);
	return shown ? check_found(plan, finding) : SB_OK;
}

static int decide_on_funds(const struct plan *plan, int64_t flight)
{
	const struct account *account = plan->account;
	const struct rules *rules = plan->rules;
	enum enforcement enforcement = enforcement_of(account, rules);
	struct finding finding = {0};
	enum decision decision;

	TRY(decide_funds(account, flight, rules, &decision, plan->err));
	if (decision == DECIDE_HOLD && plan->check->doubtful)
		return SB_OK;
	/* With the funds the reason to stop it is gone, too. */
	if (decision == DECIDE_RELEASE && account_has_cause(account, CAUSE_OVERRUN))
		TRY(record_overrun(plan, decision));
	if (decision != DECIDE_NOTHING)
		return record_decision(plan, decision, flight);
	if (!account->open || account->unlimited)
		return SB_OK;
	TRY(check_available(plan, flight, &finding.amount));
	if (finding.amount > 0)
		return SB_OK;
	finding.now = account_sum(account->charged);
	if (!had_money(account) && account->charged > 0 &&
	    (enforcement < ENFORCE_HOLD || rules->spare_moneyless))
		finding.kind = FOUND_NO_MONEY;
	else if (had_money(account) && enforcement == ENFORCE_WARN)
		finding.kind = FOUND_SPENT;
	else
		return SB_OK;
	return check_found(plan, finding);
}

static int decide(const struct plan *plan)
{
	struct in_flight jobs;
	int64_t flight;

	TRY(jobs_in_flight(plan->books, plan->account, &jobs, plan->err));
	flight = foreseen_use(plan, jobs_spent(&jobs, plan->rules));
	TRY(decide_on_funds(plan, flight));
	return decide_on_overrun(plan, flight);
}

/* ---- the whole ---- */

/* Clears what is in flight on clusters that the site no longer has: it would stay in flight for
 * ever. */
static int forget_flights(const struct plan *plan)
{
	const struct account *account = plan->account;

	for (size_t i = 0; i < account->meter_count && plan->check->all_clusters; i++) {
		const struct meter *meter = &account->meters[i];
		struct reading reading;

		if (!meter->jobs || check_is_listed(plan->check, meter->cluster))
			continue;
		TRY(check_reading(plan->books, account, meter->cluster, &reading, plan->err));
		if (!reading.flight.since)
			continue;
		reading.flight = (struct in_flight){.time = reading.flight.time};
		TRY(books_set_reading(plan->books, meter->cluster, account->name, &reading,
				      plan->err));
	}
	return SB_OK;
}

/* Deposits a due quota, before use of the new period is charged. */
static int renew(const struct plan *plan)
{
	struct renewal renewal;

	if (plan->check->doubtful)
		return SB_OK;
	TRY(quota_renew(plan->books, plan->account, &renewal, plan->err));
	if (renewal.forgiven)
		TRY(check_found(plan, (struct finding){.kind = FOUND_FORGIVEN,
						       .amount = renewal.forgiven}));
	if (renewal.seq)
		TRY(check_found(plan, (struct finding){.kind = FOUND_QUOTA,
						       .seq = renewal.seq,
						       .amount = renewal.amount,
						       .before = renewal.end}));
	return renewal.refused
		       ? check_found(plan, (struct finding){.kind = FOUND_NO_QUOTA,
							    .amount = plan->account->quota.amount})
		       : SB_OK;
}

/* Deposits a quota that the successor is due, which must not forgive debt that it takes over now.
 */
static int renew_successor(const struct plan *plan)
{
	struct plan of = *plan;
	char name[NAME_SIZE];

	TRY(books_successor(plan->books, plan->account, name, plan->err));
	if (!*name)
		return SB_OK;
	TRY(books_account(plan->books, name, &of.account, plan->err));
	/* Otherwise its own plan says that it cannot be deposited. */
	return quota_fits(of.account) ? renew(&of) : SB_OK;
}

/* Has the successor of a closed account take over what that was charged or given back since. */
static int give_to_successor(const struct plan *plan)
{
	struct finding finding = {.kind = FOUND_TAKEN_OVER};
	struct takeover taken;

	if (!*plan->account->successor)
		return SB_OK;
	if (plan->account->debt > 0)
		TRY(renew_successor(plan));
	TRY(successor_take_over(plan->books, plan->account, &taken, plan->err));
	if (!taken.seq && !taken.refused)
		return SB_OK;
	if (taken.refused)
		finding.kind = FOUND_NOT_TAKEN_OVER;
	finding.seq = taken.seq;
	finding.amount = taken.rest;
	finding.before = taken.debt;
	check_set_name(finding.other, taken.successor);
	return check_found(plan, finding);
}

/* Plans one purse: charges its use and decides on holds. */
static int plan_purse(const struct plan *plan)
{
	TRY(forget_flights(plan));
	TRY(renew(plan));
	for (size_t i = 0; i < plan->check->observation_count; i++) {
		const struct plan on = check_on(plan, &plan->check->observations[i]);

		if (on.observation->answered)
			TRY(check_meter(&on));
	}
	TRY(check_record_use(plan));
	TRY(check_dates(plan));
	TRY(give_to_successor(plan));
	return decide(plan);
}

static int plan_purses(struct plan *plan, const struct purses *purses)
{
	TRY(plan_purse(plan));
	for (size_t i = 0; i < purses->count; i++) {
		const struct rules rules = purse_rules(plan->owner, plan->rules);
		struct plan of = *plan;

		of.account = purses->list[i];
		of.rules = &rules;
		TRY(plan_purse(&of));
	}
	return check_settle(plan, purses);
}

/* Opens the default shares that users of the account lack, and adds them to its purses. */
static int open_shares(const struct plan *plan, struct purses *purses)
{
	const size_t before = plan->check->opened;

	TRY(shares_open(plan));
	for (size_t i = 0; i < purses->count; i++) {
		struct plan of = *plan;

		of.account = purses->list[i];
		TRY(shares_open(&of));
	}
	if (plan->check->opened == before)
		return SB_OK;
	purses_release(purses);
	return books_purses(plan->books, plan->owner->name, purses, plan->err);
}

static int plan_account(const struct plan *whole, const struct account *account)
{
	struct plan plan = *whole;
	struct purses purses;
	int rc;

	plan.account = plan.owner = account;
	TRY(books_purses(plan.books, account->name, &purses, plan.err));
	rc = open_shares(&plan, &purses);
	if (!rc)
		rc = plan_purses(&plan, &purses);
	purses_release(&purses);
	whole->check->queues = whole->check->queues || account->queue_job_count > 0 ||
			       is_scavenging(account, plan.rules);
	return rc;
}

int check_clock_gap(struct books *books, bool clock_ok, int64_t *ret_gap, struct sb_error *err)
{
	int64_t last, gap;

	TRY(books_last_check(books, &last, err));
	gap = books_time(books) - last;
	*ret_gap = last && !clock_ok && gap > CLOCK_TRUST ? gap : 0;
	return SB_OK;
}

/* Decides whether this check inspects limits in force that sshare does not show. */
static int schedule_inspection(const struct plan *plan)
{
	struct check *check = plan->check;
	int64_t last, now = books_time(plan->books);

	TRY(books_last_limits(plan->books, &last, plan->err));
	check->inspects = check->inspect || now - last >= INSPECT_PERIOD;
	/* A check of some clusters inspects those alone. */
	return check->inspects && check->all_clusters
		       ? books_set_last_limits(plan->books, now, plan->err)
		       : SB_OK;
}

static bool has_successor(const struct account *account)
{
	return *account->successor && purse_is_account(account->name);
}

static int plan_all(const struct plan *plan)
{
	struct books *books = plan->books;
	size_t count;
	int64_t last;

	TRY(books_last_check(books, &last, plan->err));
	plan->check->first = last == 0;
	/* Find moves before this check becomes the last one: they are those since the last whole
	 * check. */
	TRY(check_find_moves(plan));
	TRY(books_set_last_check(books, books_time(books), plan->err));
	TRY(schedule_inspection(plan));
	TRY(books_load_all(books, &count, plan->err));
	/* First, so that a successor is judged by all that it takes over. */
	for (size_t i = 0; i < count; i++) {
		if (has_successor(books_at(books, i)))
			TRY(plan_account(plan, books_at(books, i)));
	}
	for (size_t i = 0; i < count; i++) {
		const size_t before = plan->check->opened;

		if (purse_is_account(books_at(books, i)->name) &&
		    !has_successor(books_at(books, i)))
			TRY(plan_account(plan, books_at(books, i)));
		/* Shares come after their account. */
		count += plan->check->opened - before;
		steps_at(plan->check->steps, i + 1, count);
	}
	/* This check cannot use the corrected list, since it has asked the clusters by the old one;
	 * the next one does. */
	return books_mend_resources(books, plan->err);
}

/* An account to plan in a check of some accounts. */
struct named {
	const struct account *account;
	size_t at; /* its place among them */
};

struct named_list {
	struct named *list;
	size_t count;
};

static int by_name(const void *a, const void *b)
{
	const struct named *one = a, *other = b;
	int order = strcmp(one->account->name, other->account->name);

	return order ? order : (one->at > other->at) - (one->at < other->at);
}

static int by_place(const void *a, const void *b)
{
	const struct named *one = a, *other = b;

	return (one->at > other->at) - (one->at < other->at);
}

/* Adds the account of a purse. */
static int add_named(const struct plan *plan, const char *purse, struct named_list *to)
{
	const struct account *account;
	struct named *added;
	char name[NAME_SIZE];

	TRY(books_account(plan->books, purse_account(name, purse), &account, plan->err));
	added = array_add(to->list, to->count);
	if (!added)
		return sb_error_nomem(plan->err);
	*added = (struct named){account, to->count - 1};
	return SB_OK;
}

/* Adds the account that took over this one, and those that this one took over: it has to pay for
 * them now, before windows expire, and not at its own next check. */
static int add_related(const struct plan *plan, const struct account *account,
		       struct named_list *to)
{
	char successor[NAME_SIZE] = "";
	struct purses formers;
	int rc = SB_OK;

	if (has_successor(account))
		TRY(books_successor(plan->books, account, successor, plan->err));
	if (*successor)
		TRY(add_named(plan, successor, to));
	TRY(books_formers(plan->books, account, &formers, plan->err));
	for (size_t i = 0; i < formers.count && !rc; i++)
		rc = add_named(plan, formers.list[i]->name, to);
	purses_release(&formers);
	return rc;
}

/* Lists the accounts to check, and those that pay for them or for which they pay. */
static int list_named(const struct plan *plan, struct named_list *to)
{
	const struct check *check = plan->check;

	for (size_t i = 0; i < check->only_count; i++)
		TRY(add_named(plan, check->only[i], to));
	for (size_t i = 0; i < check->only_count; i++)
		TRY(add_related(plan, to->list[i].account, to));
	return SB_OK;
}

/* Leaves each account once, in the order in which they were named. */
static void name_once(struct named_list *named)
{
	size_t kept = 0;

	array_sort(named->list, named->count, by_name);
	for (size_t i = 0; i < named->count; i++) {
		if (kept == 0 || named->list[kept - 1].account != named->list[i].account)
			named->list[kept++] = named->list[i];
	}
	named->count = kept;
	array_sort(named->list, named->count, by_place);
}

/* Plans the accounts that have a successor, or those that have none. */
static int plan_those(const struct plan *plan, const struct named_list *named, bool successor)
{
	for (size_t i = 0; i < named->count; i++) {
		if (has_successor(named->list[i].account) == successor)
			TRY(plan_account(plan, named->list[i].account));
	}
	return SB_OK;
}

static int plan_named(const struct plan *plan)
{
	struct named_list named = {0};
	int rc = list_named(plan, &named);

	name_once(&named);
	if (!rc)
		rc = plan_those(plan, &named, true);
	if (!rc)
		rc = plan_those(plan, &named, false);
	free(named.list);
	return rc;
}

static int plan_accounts(const struct plan *plan)
{
	struct check *check = plan->check;
	const struct account *account;
	int64_t gap;

	for (size_t i = 0; i < check->only_count; i++)
		TRY(books_account(plan->books, check->only[i], &account, plan->err));
	TRY(check_clock_gap(plan->books, check->clock_ok, &gap, plan->err));
	check->doubtful = gap > 0;
	check->clock_gap = check->settling ? 0 : gap;
	/* Record nothing: after entries made by a clock that jumped ahead, the right time would be
	 * too early for any other entry. */
	if (check->clock_gap)
		return SB_OK;
	if (check->only_count == 0)
		return plan_all(plan);
	TRY(check_find_moves(plan));
	return plan_named(plan);
}

int check_plan(struct books *books, void *ctx, struct sb_error *err)
{
	struct check *check = ctx;
	const struct plan plan = {
		.books = books, .check = check, .rules = check->rules, .err = err};
	int rc;

	check->finding_count = check->task_count = check->want_count = check->move_count = 0;
	check->again = check->doubtful = check->queues = false;
	check->inspects = check->inspect;
	check->clock_gap = check->problems = 0;
	check->opened = 0;
	rc = plan_accounts(&plan);
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
