/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which limits of an account Slurm must get, and what became of them. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/amount.h"
#include "ledger/check/checking.h"
#include "ledger/check/jobs.h"

static int enter_lever(struct books *books, const struct account *account,
		       const struct lever *lever, const struct limit *aim, const char *cluster,
		       int64_t found, const char *note, struct sb_error *err)
{
	struct lever copy = {0};
	struct event event = {.kind = EVENT_LEVER,
			      .account = account->name,
			      .answers = account->decision,
			      .cluster = cluster,
			      .slurm_account = account->name,
			      .action = aim ? LEVER_HOLD : LEVER_RESTORE,
			      .found = found,
			      .note = note};

	if (lever) {
		/* Appending changes the lever that the texts come from. */
		copy = *lever;
		event.cluster = copy.cluster;
		event.slurm_account = copy.slurm_account;
	}
	event.field = aim ? aim->field : copy.field;
	event.tres = aim ? aim->tres : copy.tres;
	event.set = aim ? aim->value : copy.original;
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
	struct task *task = check_add((void **)&check->tasks, &check->task_count, &check->task_size,
				      sizeof(*task));

	if (!task)
		return sb_error_nomem(err);
	task->lever = lever->seq;
	check_set_name(task->account, account->name);
	check_set_name(task->cluster, lever->cluster);
	check_set_name(task->slurm_account, lever->slurm_account);
	(void)snprintf(task->field, sizeof(task->field), "%s", lever->field);
	(void)snprintf(task->tres, sizeof(task->tres), "%s", lever->tres);
	task->value = lever->set;
	return SB_OK;
}

static int add_lever_finding(struct check *check, struct finding finding,
			     const struct account *account, const struct lever *lever,
			     struct sb_error *err)
{
	lever_name(finding.lever, lever->field, lever->tres);
	return check_add_finding(check, finding, account->name, lever->cluster, err);
}

static int give_up(struct books *books, struct check *check, const struct account *account,
		   const struct lever *lever, int64_t current, struct sb_error *err)
{
	const struct lever copy = *lever;
	char reason[128];
	int rc;

	(void)snprintf(reason, sizeof(reason), "found %" PRId64 ", which is not the bank's",
		       current);
	rc = enter_outcome(books, account->name, copy.seq, OUTCOME_LEFT, reason, err);
	return rc ? rc
		  : add_lever_finding(check,
				      (struct finding){.kind = FOUND_LEFT,
						       .seq = books_head(books)->seq,
						       .now = current},
				      account, &copy, err);
}

/* Brings one limit of an account to where it should be: to [aim] or, without, to what the site had.
 */
static int settle_lever(struct books *books, struct check *check, const struct account *account,
			const struct lever *lever, const struct limit *aim, const char *cluster,
			int64_t current, struct sb_error *err)
{
	enum lever_plan plan = plan_lever(account, lever, current, aim, check->rules->put_right);
	struct finding drift = {.before = lever ? lever->set : 0, .now = current};
	int rc = SB_OK;

	if (lever && lever_in_force(lever) && current != lever->set && aim) {
		drift.kind = plan == LEVER_DRIFT ? FOUND_DRIFT : FOUND_PUT_RIGHT;
		if (plan == LEVER_DRIFT || check->rules->put_right)
			rc = add_lever_finding(check, drift, account, lever, err);
	}
	if (!rc && (plan == LEVER_RECORD_HOLD || plan == LEVER_RECORD_RESTORE)) {
		rc = enter_lever(books, account, lever, aim, cluster, current, "", err);
		if (rc)
			return rc;
		if (aim)
			lever = account_lever(account, cluster, aim->field, aim->tres);
		if (current == lever->set)
			plan = LEVER_CONFIRM;
		else if (!aim && !lever_is_ours(lever, current))
			plan = LEVER_GIVE_UP;
		else
			plan = LEVER_RETRY;
	}
	if (rc)
		return rc;
	switch (plan) {
	case LEVER_RETRY:
		return add_task(check, account, lever, err);
	case LEVER_CONFIRM:
		return enter_outcome(books, account->name, lever->seq, OUTCOME_DONE, "", err);
	case LEVER_GIVE_UP:
		return give_up(books, check, account, lever, current, err);
	default:
		return SB_OK;
	}
}

/* ---- what is aimed at ---- */

enum { AIMS_MAX = 2 };

struct aims {
	struct limit list[AIMS_MAX];
	size_t count;
};

static const struct limit *find_aim(const struct aims *aims, const struct lever *lever)
{
	for (size_t i = 0; i < aims->count; i++) {
		if (strcmp(aims->list[i].field, lever->field) == 0 &&
		    strcmp(aims->list[i].tres, lever->tres) == 0)
			return &aims->list[i];
	}
	return NULL;
}

static bool is_cap(const struct lever *lever)
{
	return strcmp(lever->field, CAP_FIELD) == 0 && strcmp(lever->tres, CAP_TRES) == 0;
}

/* Whether the lever is as it should be, as far as the books know. */
static bool at_rest(const struct lever *lever, const struct limit *aim)
{
	return lever && aim && lever_in_force(lever) && lever->set == aim->value;
}

/* The limit has to be asked for first; until then nothing is done about it. */
static int add_want(struct check *check, const char *account, const char *cluster,
		    struct sb_error *err)
{
	struct want *want;

	for (size_t i = check->want_count; i > 0; i--) {
		want = &check->wants[i - 1];
		if (strcmp(want->account, account) != 0)
			break; /* accounts come one after the other */
		if (strcmp(want->cluster, cluster) == 0)
			return SB_OK;
	}
	want = check_add((void **)&check->wants, &check->want_count, &check->want_size,
			 sizeof(*want));
	if (!want)
		return sb_error_nomem(err);
	check_set_name(want->account, account);
	check_set_name(want->cluster, cluster);
	return SB_OK;
}

/* Settles one limit on a cluster that shows the account. [lever] is NULL when it is not ours yet.
 */
static int settle_shown(struct books *books, struct check *check, const struct account *account,
			const struct lever *lever, const struct limit *aim,
			const struct observation *observation, const struct observed *row,
			struct sb_error *err)
{
	int64_t current;

	if (observed_limit(row, aim ? aim->field : lever->field, aim ? aim->tres : lever->tres,
			   &current))
		return settle_lever(books, check, account, lever, aim, observation->cluster,
				    current, err);
	if (at_rest(lever, aim) && !check->look)
		return SB_OK;
	return add_want(check, account->name, observation->cluster, err);
}

/* A cluster that does not answer, or limits that cannot be read: said, as [kind], if something had
 * to change there. */
static int settle_silent(struct check *check, const struct account *account,
			 const struct aims *aims, const struct observation *observation,
			 enum finding_kind kind, struct sb_error *err)
{
	bool rest = true;

	for (size_t i = 0; i < aims->count; i++) {
		const struct limit *aim = &aims->list[i];

		rest = rest &&
		       at_rest(account_lever(account, observation->cluster, aim->field, aim->tres),
			       aim);
	}
	for (size_t i = 0; i < account->lever_count; i++) {
		const struct lever *lever = &account->levers[i];

		if (strcmp(lever->cluster, observation->cluster) == 0)
			rest = rest && at_rest(lever, find_aim(aims, lever));
	}
	return rest ? SB_OK
		    : check_add_finding(check, (struct finding){.kind = kind}, account->name,
					observation->cluster, err);
}

/* Whether Slurm has what is aimed at, as it shows or as it did when it was set. */
static bool stands(const struct account *account, const char *cluster, const struct observed *row,
		   const struct limit *aim)
{
	int64_t current;

	return observed_limit(row, aim->field, aim->tres, &current)
		       ? current == aim->value
		       : at_rest(account_lever(account, cluster, aim->field, aim->tres), aim);
}

static int settle_cluster(struct books *books, struct check *check, const struct account *account,
			  const struct observation *observation, const struct cap *cap,
			  struct sb_error *err)
{
	const struct observed *row = NULL;
	struct aims aims = {0};
	bool kept;
	int rc = SB_OK;

	if (account_held(account))
		aims.list[aims.count++] = hold_limit(account, check->rules);
	/* Without the numbers that a cap is worked out from it stays as it is. */
	kept = cap && cap->silent && observation->answered;
	if (cap && cap->value >= 0 && !kept)
		aims.list[aims.count++] = (struct limit){CAP_FIELD, CAP_TRES, cap->value};
	if (!observation->answered)
		return settle_silent(check, account, &aims, observation, FOUND_UNSETTLED, err);
	row = observation_find(observation, account->name);
	if (!row)
		return SB_OK; /* no association, no jobs */
	if (row->odd_limits && row->all_limits)
		return settle_silent(check, account, &aims, observation, FOUND_ODD_LIMITS, err);
	/* From behind: one that is put back leaves the list. */
	for (size_t i = account->lever_count; i-- > 0 && !rc;) {
		const struct lever *lever = &account->levers[i];

		if (strcmp(lever->cluster, observation->cluster) != 0 || find_aim(&aims, lever) ||
		    (kept && is_cap(lever)))
			continue;
		/* What holds the account goes when what is to hold it instead is there. */
		if (account_held(account) && !is_cap(lever) &&
		    !stands(account, observation->cluster, row, &aims.list[0]))
			check->again = true;
		else
			rc = settle_shown(books, check, account, lever, NULL, observation, row,
					  err);
	}
	for (size_t i = 0; i < aims.count && !rc; i++)
		rc = settle_shown(books, check, account,
				  account_lever(account, observation->cluster, aims.list[i].field,
						aims.list[i].tres),
				  &aims.list[i], observation, row, err);
	return rc;
}

/* Levers on clusters that are not asked: nobody sees to them. */
static int look_for_unlisted(struct check *check, const struct account *account,
			     struct sb_error *err)
{
	for (size_t i = 0; i < account->lever_count; i++) {
		const struct lever *lever = &account->levers[i];
		bool wanted =
			is_cap(lever) ? wants_caps(account, check->rules) : account_held(account);
		int rc = SB_OK;

		/* Of a check of some clusters the others are not missed. */
		if (!check_is_listed(check, lever->cluster) &&
		    (check->all_clusters || !lever_in_force(lever) || !wanted))
			rc = add_lever_finding(check, (struct finding){.kind = FOUND_UNLISTED},
					       account, lever, err);
		if (rc)
			return rc;
	}
	return SB_OK;
}

/* ---- limits that follow the balance ---- */

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* What may still be in force on a cluster that does not answer; -1: nobody knows, or no limit. */
static int64_t cap_of_silent(const struct lever *lever)
{
	if (!lever || lever->restoring)
		return -1;
	if (lever_in_force(lever))
		return lever->set;
	return lever->found < 0 ? -1 : larger(lever->set, lever->found);
}

/* The use that the limit is compared with, as far as it was charged. Slurm compares whole minutes
 * of the billing TRES. With whole weights RawUsage tells the same to the second. */
static int64_t used_minutes(const struct observed *row, int64_t charged)
{
	int64_t used = row->usage, lag = larger(row->usage - charged, 0);

	if (row->minutes >= 0 && row->usage / 60 != row->minutes)
		used = row->minutes > INT64_MAX / 60 ? INT64_MAX : row->minutes * 60;
	return larger(used - lag, 0);
}

/* What running jobs may use yet, at most: Slurm cuts to whole minutes. */
static int64_t still_running(int64_t minutes)
{
	if (minutes < 0)
		return 0;
	return minutes > INT64_MAX / 60 - 1 ? INT64_MAX : minutes * 60 + 59;
}

/* A cluster that does not answer: what could run there when it was read last. */
static int silent_cap(struct books *books, const struct account *account,
		      const struct observation *observation, struct cap *cap, struct sb_error *err)
{
	const struct meter *meter = account_meter(account, observation->cluster);
	struct reading reading;
	int rc = books_reading(books, observation->cluster, account->name, &reading, err);

	if (rc && rc != SB_ENOTFOUND)
		return rc;
	cap->now = cap_of_silent(account_lever(account, observation->cluster, CAP_FIELD, CAP_TRES));
	cap->used = meter ? meter->reading : 0;
	cap->running = rc ? 0 : still_running(reading.running);
	return SB_OK;
}

static int cap_of(struct books *books, const struct check *check, const struct account *account,
		  const struct observation *observation, struct cap *ret, struct sb_error *err)
{
	const struct lever *lever =
		account_lever(account, observation->cluster, CAP_FIELD, CAP_TRES);
	const struct meter *meter = account_meter(account, observation->cluster);
	struct cap cap = {.silent = !observation->answered, .share = observation->share};
	const struct observed *row;

	*ret = cap;
	if (cap.silent)
		return silent_cap(books, account, observation, ret, err);
	row = observation_find(observation, account->name);
	if (!row || (!meter && !row->odd_usage)) {
		*ret = (struct cap){.absent = true};
		return SB_OK;
	}
	if (row->odd_usage || row->odd_limits || row->odd_room) {
		ret->silent = true;
		return silent_cap(books, account, observation, ret, err);
	}
	/* By jobs the reading stands still; what runs is in flight. */
	ret->used = used_minutes(row, meter->jobs ? row->usage : meter->reading);
	ret->running = still_running(row->running);
	(void)observed_limit(row, CAP_FIELD, CAP_TRES, &ret->now);
	ret->ceiling = lever ? lever->original : ret->now;
	ret->kept = lever ? lever->set : -1;
	ret->changed = lever && lever_in_force(lever) && ret->now != lever->set;
	ret->left =
		ret->changed && !check->rules->put_right && account->decision <= lever->decision;
	return SB_OK;
}

/* The limits that the balance allows, in the order of the observations; free() them. NULL when none
 * are to be kept. */
static int deal_caps(struct books *books, struct check *check, const struct account *account,
		     struct cap **ret, struct sb_error *err)
{
	size_t count = check->observation_count;
	struct in_flight flight;
	int64_t available;
	bool deferred;
	struct cap *caps;
	int rc;

	*ret = NULL;
	if (!wants_caps(account, check->rules))
		return SB_OK;
	rc = account_available(account, &available, err);
	if (!rc)
		rc = jobs_in_flight(books, account, &flight, err);
	if (rc)
		return rc;
	/* Slurm's counter has it already. */
	if (!amount_sub(available, flight.used, &available))
		available = -INT64_MAX;
	caps = calloc(count + account->lever_count + 1, sizeof(*caps));
	if (!caps)
		return sb_error_nomem(err);
	for (size_t i = 0; i < count && !rc; i++)
		rc = cap_of(books, check, account, &check->observations[i], &caps[i], err);
	/* A cluster that is not asked this time keeps its room like a silent one. */
	for (size_t i = 0; i < account->lever_count && !rc; i++) {
		const struct observation unasked = {.cluster = account->levers[i].cluster};

		if (is_cap(&account->levers[i]) && !check_is_listed(check, unasked.cluster))
			rc = cap_of(books, check, account, &unasked, &caps[count++], err);
	}
	if (rc) {
		free(caps);
		return rc;
	}
	plan_caps(caps, count, available, check->rules->pooled, &deferred);
	for (size_t i = 0; i < count && check->shut; i++) {
		if (!caps[i].silent && !caps[i].absent)
			caps[i].value = 0;
	}
	check->again = check->again || (deferred && !check->shut);
	*ret = caps;
	return SB_OK;
}

int check_settle(struct books *books, struct check *check, const struct account *account,
		 struct sb_error *err)
{
	struct cap *caps;
	int rc = deal_caps(books, check, account, &caps, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < check->observation_count && !rc; i++)
		rc = settle_cluster(books, check, account, &check->observations[i],
				    caps ? &caps[i] : NULL, err);
	free(caps);
	return rc ? rc : look_for_unlisted(check, account, err);
}

int check_record_outcomes(struct books *books, void *ctx, struct sb_error *err)
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

int check_adopt_lever(struct books *books, const char *name, const char *cluster,
		      const struct limit *aim, const char *note, struct sb_error *err)
{
	const struct account *account;
	const struct lever *lever;
	int rc = books_account(books, name, &account, err);

	if (rc)
		return rc;
	lever = account_lever(account, cluster, aim->field, aim->tres);
	rc = enter_lever(books, account, lever, aim, cluster, lever ? lever->original : -1, note,
			 err);
	return rc ? rc
		  : enter_outcome(books, name, books_head(books)->seq, OUTCOME_DONE, "adopted",
				  err);
}

int check_forget_levers(struct books *books, const char *cluster, size_t *ret_count,
			struct sb_error *err)
{
	size_t count;
	int rc = books_load_all(books, &count, err);

	*ret_count = 0;
	for (size_t i = 0; !rc && i < count; i++) {
		const struct account *account = books_at(books, i);

		for (size_t j = account->lever_count; j-- > 0 && !rc;) {
			const struct lever *lever = &account->levers[j];

			if (strcmp(lever->cluster, cluster) != 0)
				continue;
			if (!lever->restoring)
				rc = enter_lever(books, account, lever, NULL, cluster, lever->set,
						 "", err);
			if (!rc)
				rc = enter_outcome(books, account->name, account->levers[j].seq,
						   OUTCOME_LEFT, "the cluster was let go", err);
			(*ret_count)++;
		}
	}
	return rc;
}

int check_lose_lever(struct books *books, const char *name, const struct lever *lever,
		     struct sb_error *err)
{
	return enter_outcome(books, name, lever->seq, OUTCOME_FAILED,
			     "Slurm did not show it when the bank was adopted", err);
}
