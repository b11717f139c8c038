/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/amount.h"
#include "ledger/dates.h"
#include "ledger/when.h"

/* A clock that jumped ahead must not hold a whole site. */
#define CLOCK_TRUST (7 * WHEN_DAY)

const struct observed *observation_find(const struct observation *observation, const char *account)
{
	size_t low = 0, high = observation->count;

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

static void set_name(char to[NAME_SIZE], const char *from)
{
	(void)snprintf(to, NAME_SIZE, "%s", from ? from : "");
}

/* Adds a zeroed member of [size] bytes; NULL when memory ran out. */
static void *add(void **array, size_t *count, size_t *room, size_t size)
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

static int add_finding(struct check *check, struct finding finding, const char *account,
		       const char *cluster, struct sb_error *err)
{
	struct finding *to = add((void **)&check->findings, &check->finding_count,
				 &check->finding_size, sizeof(*to));

	if (!to)
		return sb_error_nomem(err);
	*to = finding;
	set_name(to->account, account);
	set_name(to->cluster, cluster);
	switch (finding.kind) {
	case FOUND_WENT_DOWN:
	case FOUND_VANISHED:
	case FOUND_DRIFT:
	case FOUND_UNSETTLED:
	case FOUND_UNLISTED:
	case FOUND_OVERFLOW:
		check->problems++;
		break;
	default:
		break;
	}
	return SB_OK;
}

int check_found(struct check *check, struct finding finding, const char *account,
		const char *cluster, struct sb_error *err)
{
	return add_finding(check, finding, account, cluster, err);
}

/* ---- use ---- */

static int enter_baseline(struct books *books, const char *account, const char *cluster,
			  int64_t before, int64_t now, const char *reason, struct sb_error *err)
{
	struct event event = {.kind = EVENT_BASELINE,
			      .account = account,
			      .cluster = cluster,
			      .resource = RESOURCE_BILLING,
			      .before = before,
			      .now = now,
			      .reason = reason};

	return books_append(books, &event, err);
}

/* Since when the use is that a reading now shows: the last time that it was seen as it was. */
static int use_since(struct books *books, const char *account, const struct meter *meter,
		     int64_t *ret, struct sb_error *err)
{
	struct reading reading;
	int rc = books_reading(books, meter->cluster, account, &reading, err);

	if (rc && rc != SB_ENOTFOUND)
		return rc;
	*ret = meter->time;
	if (!rc && reading.usage == meter->reading && reading.time > meter->time)
		*ret = reading.time;
	return SB_OK;
}

/* Whether the account can take the charge: one whose use is past int64 (a broken reading) must not
 * keep all others from being charged. Tried on a copy, since what fails half-way leaves no defined
 * state. */
static int fits(const struct books *books, const struct account *account, struct event *charge,
		bool *ret, struct sb_error *err)
{
	struct account *copy = account_copy(account);
	int rc;

	if (!copy)
		return sb_error_nomem(err);
	charge->seq = books_head(books)->seq + 1;
	charge->time = books_time(books);
	rc = account_apply(copy, NULL, charge, NULL);
	account_free(copy);
	*ret = rc != SB_EOVERFLOW;
	return SB_OK;
}

static int enter_charge(struct books *books, struct check *check, const struct account *account,
			const struct meter *meter, int64_t now, int64_t time, struct sb_error *err)
{
	struct event event = {.kind = EVENT_CHARGE,
			      .account = account->name,
			      .cluster = meter->cluster,
			      .resource = RESOURCE_BILLING,
			      .amount = now - meter->reading,
			      .before = meter->reading,
			      .now = now,
			      .until = time};
	char cluster[NAME_SIZE];
	bool fitting = true;
	int rc;

	/* The append moves the meter. */
	set_name(cluster, meter->cluster);
	event.cluster = cluster;
	rc = use_since(books, account->name, meter, &event.since, err);
	if (rc)
		return rc;
	/* Readings within one microsecond or with a clock that went back: the use is still due. */
	if (event.since >= books_time(books))
		event.since = books_time(books) - 1;
	if (event.since < meter->time)
		return SB_OK; /* at the next check */
	if (event.until <= event.since || event.until > books_time(books))
		event.until = books_time(books);
	rc = plan_charge(account, &event, err);
	if (!rc)
		rc = fits(books, account, &event, &fitting, err);
	if (!rc && !fitting) {
		rc = add_finding(check,
				 (struct finding){.kind = FOUND_OVERFLOW,
						  .before = event.before,
						  .now = event.now},
				 account->name, cluster, err);
		goto out;
	}
	if (!rc)
		rc = books_append(books, &event, err);
	if (!rc)
		rc = add_finding(check,
				 (struct finding){.kind = FOUND_CHARGE,
						  .seq = event.seq,
						  .amount = event.amount,
						  .before = event.before,
						  .now = event.now},
				 account->name, cluster, err);
out:
	event_release(&event);
	return rc;
}

static int note_reading(struct books *books, const char *cluster, const char *account,
			int64_t usage, int64_t time, bool vanished, const char *parent,
			struct sb_error *err)
{
	struct reading reading = {
		.usage = usage, .time = time, .vanished = vanished, .parent = parent};

	return books_set_reading(books, cluster, account, &reading, err);
}

/* The account is not among the rows of a cluster that answered: its reading stays. */
static int note_vanished(struct books *books, struct check *check, const struct account *account,
			 const struct observation *observation, const struct meter *meter,
			 struct sb_error *err)
{
	struct reading reading = {0};
	char parent[NAME_SIZE];
	int rc;

	if (!meter || meter->reading == 0)
		return SB_OK; /* it was never there */
	rc = books_reading(books, observation->cluster, account->name, &reading, err);
	if (rc && rc != SB_ENOTFOUND)
		return rc;
	if (!rc && reading.vanished)
		return SB_OK;
	set_name(parent, reading.parent);
	rc = add_finding(check, (struct finding){.kind = FOUND_VANISHED, .before = meter->reading},
			 account->name, observation->cluster, err);
	return rc ? rc
		  : note_reading(books, observation->cluster, account->name, meter->reading,
				 meter->time, true, parent, err);
}

/* Charges the use of one account on one cluster that answered. */
static int meter_account(struct books *books, struct check *check, const struct account *account,
			 const struct observation *observation, struct sb_error *err)
{
	const struct observed *row = observation_find(observation, account->name);
	const struct meter *meter = account_meter(account, observation->cluster);
	struct finding finding = {0};
	int rc = SB_OK;

	if (!row && meter)
		return note_vanished(books, check, account, observation, meter, err);
	if (!meter) {
		int64_t usage = row ? row->usage : 0;

		rc = enter_baseline(books, account->name, observation->cluster, -1, usage,
				    "the cluster is new to the account", err);
		finding = (struct finding){.kind = FOUND_BASELINE, .now = usage};
	} else if (observation->time < meter->time) {
		return SB_OK; /* older than what was charged: it would look like a reset */
	} else if (row->usage < meter->reading) {
		finding = (struct finding){
			.kind = FOUND_WENT_DOWN, .before = meter->reading, .now = row->usage};
		rc = enter_baseline(books, account->name, observation->cluster, meter->reading,
				    row->usage, "the reading went down", err);
	} else if (row->usage > meter->reading) {
		rc = enter_charge(books, check, account, meter, row->usage, observation->time, err);
		if (!rc && account_meter(account, observation->cluster)->reading != row->usage)
			return SB_OK;
	}
	if (!rc && finding.kind) {
		finding.seq = books_head(books)->seq;
		rc = add_finding(check, finding, account->name, observation->cluster, err);
	}
	if (rc || !row)
		return rc;
	return note_reading(books, observation->cluster, account->name, row->usage,
			    observation->time, false, row->parent, err);
}

/* ---- decisions ---- */

static int enter_decision(struct books *books, struct check *check, const struct account *account,
			  enum decision decision, struct sb_error *err)
{
	bool hold = decision == DECIDE_HOLD;
	struct event event = {.kind = hold ? EVENT_HOLD : EVENT_RELEASE,
			      .account = account->name,
			      .cause = CAUSE_FUNDS};
	struct finding finding = {.kind = hold ? FOUND_HOLD : FOUND_RELEASE};
	int rc = account_available(account, &finding.amount, err);

	if (!rc)
		rc = books_append(books, &event, err);
	finding.seq = event.seq;
	if (hold && !account_held(account))
		finding.kind = FOUND_GRACE;
	return rc ? rc : add_finding(check, finding, account->name, NULL, err);
}

static int decide(struct books *books, struct check *check, const struct account *account,
		  struct sb_error *err)
{
	struct finding finding = {0};
	enum decision decision;
	int rc = decide_funds(account, check->rules, &decision, err);

	if (rc)
		return rc;
	if (decision != DECIDE_NOTHING)
		return enter_decision(books, check, account, decision, err);
	if (!account->open || account->unlimited)
		return SB_OK;
	rc = account_available(account, &finding.amount, err);
	if (rc || finding.amount > 0)
		return rc;
	finding.now = account_sum(account->charged);
	if (!had_money(account) && account->charged > 0)
		finding.kind = FOUND_NO_MONEY;
	else if (had_money(account) && check->rules->enforcement == ENFORCE_WARN)
		finding.kind = FOUND_SPENT;
	else
		return SB_OK;
	return add_finding(check, finding, account->name, NULL, err);
}

/* ---- levers ---- */

static int enter_lever(struct books *books, const struct account *account,
		       const struct lever *lever, const struct rules *rules, const char *cluster,
		       enum lever_action action, int64_t found, struct sb_error *err)
{
	struct lever copy;
	struct event event = {.kind = EVENT_LEVER,
			      .account = account->name,
			      .answers = account->decision,
			      .cluster = cluster,
			      .slurm_account = account->name,
			      .field = rules->field,
			      .tres = rules->tres,
			      .action = (uint8_t)action,
			      .found = found,
			      .set = rules->hold_value};

	if (lever) {
		/* Appending changes the lever that the texts come from. */
		copy = *lever;
		event.slurm_account = copy.slurm_account;
		event.field = copy.field;
		event.tres = copy.tres;
		if (action == LEVER_RESTORE)
			event.set = copy.original;
	}
	return books_append(books, &event, err);
}

static int enter_outcome(struct books *books, const char *account, uint64_t lever,
			 enum outcome outcome, const char *reason, struct sb_error *err)
{
	struct event event = {.kind = EVENT_APPLIED,
			      .account = account,
			      .answers = lever,
			      .outcome = (uint8_t)outcome,
			      .reason = reason};

	return books_append(books, &event, err);
}

static int add_task(struct check *check, const struct account *account, const struct lever *lever,
		    struct sb_error *err)
{
	struct task *task =
		add((void **)&check->tasks, &check->task_count, &check->task_size, sizeof(*task));

	if (!task)
		return sb_error_nomem(err);
	task->lever = lever->seq;
	set_name(task->account, account->name);
	set_name(task->cluster, lever->cluster);
	set_name(task->slurm_account, lever->slurm_account);
	(void)snprintf(task->field, sizeof(task->field), "%s", lever->field);
	(void)snprintf(task->tres, sizeof(task->tres), "%s", lever->tres);
	task->value = lever->set;
	return SB_OK;
}

static int give_up(struct books *books, struct check *check, const struct account *account,
		   const struct lever *lever, int64_t current, struct sb_error *err)
{
	char reason[128], cluster[NAME_SIZE];
	int rc;

	set_name(cluster, lever->cluster);
	(void)snprintf(reason, sizeof(reason), "found %" PRId64 ", which is not the bank's",
		       current);
	rc = enter_outcome(books, account->name, lever->seq, OUTCOME_LEFT, reason, err);
	return rc ? rc
		  : add_finding(check,
				(struct finding){.kind = FOUND_LEFT,
						 .seq = books_head(books)->seq,
						 .now = current},
				account->name, cluster, err);
}

/* Brings one lever of an account to where it should be; [lever] is NULL when none is in force. */
static int settle_lever(struct books *books, struct check *check, const struct account *account,
			const struct lever *lever, const char *cluster, int64_t current,
			struct sb_error *err)
{
	const struct rules *rules = check->rules;
	const char *field = lever ? lever->field : rules->field;
	const char *tres = lever ? lever->tres : rules->tres;
	enum lever_plan plan = plan_lever(account, lever, current, rules);
	int rc;

	if (plan == LEVER_ENTER_HOLD || plan == LEVER_ENTER_RESTORE) {
		enum lever_action action = plan == LEVER_ENTER_HOLD ? LEVER_HOLD : LEVER_RESTORE;

		rc = enter_lever(books, account, lever, rules, cluster, action, current, err);
		if (rc)
			return rc;
		lever = account_lever(account, cluster, field, tres);
		if (current == lever->set)
			plan = LEVER_CONFIRM;
		else if (action == LEVER_RESTORE && current != lever->ours)
			plan = LEVER_GIVE_UP;
		else
			plan = LEVER_RETRY;
	}
	switch (plan) {
	case LEVER_RETRY:
		return add_task(check, account, lever, err);
	case LEVER_CONFIRM:
		return enter_outcome(books, account->name, lever->seq, OUTCOME_DONE, "", err);
	case LEVER_GIVE_UP:
		return give_up(books, check, account, lever, current, err);
	case LEVER_DRIFT:
		return add_finding(
			check,
			(struct finding){.kind = FOUND_DRIFT, .before = lever->set, .now = current},
			account->name, cluster, err);
	default:
		return SB_OK;
	}
}

static int settle_cluster(struct books *books, struct check *check, const struct account *account,
			  const struct observation *observation, struct sb_error *err)
{
	const struct observed *row;
	const struct lever *lever = NULL;

	for (size_t i = 0; i < account->lever_count && !lever; i++) {
		if (strcmp(account->levers[i].cluster, observation->cluster) == 0)
			lever = &account->levers[i];
	}
	if (!lever && !account_held(account))
		return SB_OK;
	if (!observation->answered)
		return lever && lever->tried && lever->outcome == OUTCOME_DONE &&
				       account_held(account)
			       ? SB_OK
			       : add_finding(check, (struct finding){.kind = FOUND_UNSETTLED},
					     account->name, observation->cluster, err);
	row = observation_find(observation, account->name);
	if (!row)
		return SB_OK; /* no association, no jobs */
	return settle_lever(books, check, account, lever, observation->cluster, row->limit, err);
}

/* Levers on clusters that the settings no longer name: nobody sees to them. */
static int look_for_unlisted(struct check *check, const struct account *account,
			     struct sb_error *err)
{
	for (size_t i = 0; i < account->lever_count; i++) {
		const struct lever *lever = &account->levers[i];
		bool in_force = !lever->restoring && lever->tried && lever->outcome == OUTCOME_DONE;
		bool listed = false;
		int rc = SB_OK;

		for (size_t j = 0; j < check->observation_count; j++)
			listed = listed ||
				 strcmp(check->observations[j].cluster, lever->cluster) == 0;
		if (!listed && !(in_force && account_held(account)))
			rc = add_finding(check, (struct finding){.kind = FOUND_UNLISTED},
					 account->name, lever->cluster, err);
		if (rc)
			return rc;
	}
	return SB_OK;
}

/* ---- the whole ---- */

static int check_account(struct books *books, struct check *check, const struct account *account,
			 struct sb_error *err)
{
	int rc = SB_OK;

	for (size_t i = 0; i < check->observation_count && !rc; i++) {
		if (check->observations[i].answered)
			rc = meter_account(books, check, account, &check->observations[i], err);
	}
	if (!rc)
		rc = check_dates(books, check, account, err);
	if (!rc)
		rc = decide(books, check, account, err);
	for (size_t i = 0; i < check->observation_count && !rc; i++)
		rc = settle_cluster(books, check, account, &check->observations[i], err);
	return rc ? rc : look_for_unlisted(check, account, err);
}

/* How long ago the last check of all accounts was, if that is too long to trust the clock; 0: it is
 * not. */
static int look_at_clock(struct books *books, const struct check *check, int64_t *ret_gap,
			 struct sb_error *err)
{
	int64_t last;
	int rc = books_last_check(books, &last, err);

	if (rc)
		return rc;
	*ret_gap = last && !check->clock_ok && books_time(books) - last > CLOCK_TRUST
			   ? books_time(books) - last
			   : 0;
	return SB_OK;
}

static int check_all(struct books *books, struct check *check, struct sb_error *err)
{
	size_t count;
	int rc = look_at_clock(books, check, &check->clock_gap, err);

	/* What was entered by a clock that jumped ahead would bar every entry when it is right
	 * again, so nothing is. */
	if (rc || check->clock_gap)
		return rc;
	rc = books_set_last_check(books, books_time(books), err);
	if (!rc)
		rc = books_load_all(books, &count, err);
	for (size_t i = 0; !rc && i < count; i++)
		rc = check_account(books, check, books_at(books, i), err);
	return rc;
}

int check_plan(struct books *books, void *ctx, struct sb_error *err)
{
	struct check *check = ctx;
	const struct account *account;
	int64_t gap = 0;
	int rc = SB_OK;

	check->finding_count = check->task_count = 0;
	check->problems = 0;
	check->clock_gap = 0;
	if (check->only_count == 0)
		rc = check_all(books, check, err);
	else
		rc = look_at_clock(books, check, &gap, err);
	check->dates_wait = gap > 0;
	for (size_t i = 0; !rc && i < check->only_count; i++) {
		rc = books_account(books, check->only[i], &account, err);
		if (!rc)
			rc = check_account(books, check, account, err);
	}
	check->head = *books_head(books);
	return rc;
}

int check_enter_outcomes(struct books *books, void *ctx, struct sb_error *err)
{
	struct task_outcomes *outcomes = ctx;
	int rc = SB_OK;

	for (size_t i = 0; i < outcomes->count && !rc; i++) {
		const struct task_outcome *outcome = &outcomes->list[i];
		const struct account *account;
		const struct lever *lever;

		rc = books_account(books, outcome->task->account, &account, err);
		if (rc)
			break;
		lever = account_lever(account, outcome->task->cluster, outcome->task->field,
				      outcome->task->tres);
		/* Decided anew meanwhile: that decision gets its own outcome. */
		if (!lever || lever->seq != outcome->task->lever)
			continue;
		if (lever->tried && lever->outcome == outcome->outcome &&
		    strcmp(lever->reason, outcome->reason) == 0)
			continue;
		rc = enter_outcome(books, account->name, lever->seq, outcome->outcome,
				   outcome->reason, err);
	}
	outcomes->head = *books_head(books);
	return rc;
}

int check_enter_baselines(struct books *books, const char *name,
			  const struct observation *observations, size_t count, bool from_zero,
			  struct sb_error *err)
{
	const struct account *account;
	int rc = books_account(books, name, &account, err);

	for (size_t i = 0; i < count && !rc; i++) {
		const struct observation *observation = &observations[i];
		const struct observed *row;

		/* Opened again: what ran meanwhile is still to be charged. */
		if (!observation->answered || account_meter(account, observation->cluster))
			continue;
		row = observation_find(observation, name);
		rc = enter_baseline(books, name, observation->cluster, -1,
				    row && !from_zero ? row->usage : 0,
				    from_zero ? "opened, use from before counts" : "opened", err);
	}
	return rc;
}

int check_adopt_lever(struct books *books, const char *name, const char *cluster,
		      const struct rules *rules, const char *note, struct sb_error *err)
{
	struct event event = {.kind = EVENT_LEVER,
			      .account = name,
			      .cluster = cluster,
			      .slurm_account = name,
			      .field = rules->field,
			      .tres = rules->tres,
			      .action = LEVER_HOLD,
			      .found = -1,
			      .set = rules->hold_value,
			      .note = note};
	const struct account *account;
	int rc = books_account(books, name, &account, err);

	if (rc)
		return rc;
	event.answers = account->decision;
	rc = books_append(books, &event, err);
	return rc ? rc : enter_outcome(books, name, event.seq, OUTCOME_DONE, "adopted", err);
}

int check_lose_lever(struct books *books, const char *name, const struct lever *lever,
		     struct sb_error *err)
{
	return enter_outcome(books, name, lever->seq, OUTCOME_FAILED,
			     "Slurm did not show it when the bank was adopted", err);
}

void check_release(struct check *check)
{
	free(check->findings);
	free(check->tasks);
	check->findings = NULL;
	check->tasks = NULL;
	check->finding_count = check->finding_size = 0;
	check->task_count = check->task_size = 0;
}
