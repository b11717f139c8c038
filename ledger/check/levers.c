/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decides which limits of an account Slurm must get, and records the outcomes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/base/minmax.h"
#include "ledger/check/checking.h"

/* Records that the limit is to be [aim] or, with NULL, what the site had. [lever] is NULL when the
 * bank has none on that limit yet. */
static int record_lever(const struct plan *plan, const struct lever *lever, const struct limit *aim,
			int64_t found, const char *note)
{
	/* Appending changes [lever], which the texts would come from. */
	const struct lever copy = lever ? *lever : (struct lever){0};
	const char *owner = plan->owner->name;
	struct event event = {.kind = EVENT_LEVER,
			      .account = owner,
			      .answers = plan->decision,
			      .cluster = plan->cluster,
			      .slurm_account = lever ? copy.slurm_account : owner,
			      .action = aim ? LEVER_HOLD : LEVER_RESTORE,
			      .field = aim ? aim->field : copy.field,
			      .tres = aim ? aim->tres : copy.tres,
			      .found = found,
			      .set = aim ? aim->value : copy.original,
			      .note = note};

	return books_append(plan->books, &event, plan->err);
}

static int record_outcome(const struct plan *plan, uint64_t lever, enum outcome outcome,
			  const char *reason)
{
	struct event event = {.kind = EVENT_APPLIED,
			      .account = plan->owner->name,
			      .answers = lever,
			      .outcome = (uint8_t)outcome,
			      .reason = reason};

	return books_append(plan->books, &event, plan->err);
}

static int add_task(const struct plan *plan, const struct lever *lever)
{
	struct check *check = plan->check;
	struct task *task = array_add(check->tasks, check->task_count);

	if (!task)
		return sb_error_nomem(plan->err);
	task->lever = lever->seq;
	check_set_name(task->account, plan->owner->name);
	check_set_name(task->cluster, lever->cluster);
	check_set_name(task->slurm_account, lever->slurm_account);
	(void)snprintf(task->field, sizeof(task->field), "%s", lever->field);
	(void)snprintf(task->tres, sizeof(task->tres), "%s", lever->tres);
	task->value = lever->set;
	return SB_OK;
}

static int add_lever_finding(const struct plan *plan, struct finding finding,
			     const struct lever *lever)
{
	lever_name(finding.lever, lever->field, lever->tres);
	check_set_name(finding.cluster, lever->cluster);
	return check_found(plan, finding);
}

static int give_up(const struct plan *plan, const struct lever *lever, int64_t current)
{
	struct finding left = {.kind = FOUND_LEFT, .now = current};
	const struct lever copy = *lever;
	char reason[128];

	(void)snprintf(reason, sizeof(reason), "found %" PRId64 ", which is not the bank's",
		       current);
	TRY(record_outcome(plan, copy.seq, OUTCOME_LEFT, reason));
	left.seq = books_head(plan->books)->seq;
	return add_lever_finding(plan, left, &copy);
}

static const struct lever *find_lever(const struct plan *plan, const char *field, const char *tres)
{
	return account_lever(plan->owner, plan->cluster, field, tres);
}

/* Brings a limit that Slurm shows as [current] to [aim] or, with NULL, to what the site had. */
static int settle_limit(const struct plan *plan, const struct lever *lever, const struct limit *aim,
			int64_t current)
{
	bool put_right = plan->check->rules->put_right;
	enum lever_plan step = plan_lever(plan->decision, lever, current, aim, put_right);
	bool lost = lever && aim && lever_is_lost(lever, current);

	if (lever && lever_in_force(lever) && current != lever->set && aim && !lost) {
		struct finding drift = {.before = lever->set, .now = current};

		drift.kind = step == LEVER_DRIFT ? FOUND_DRIFT : FOUND_PUT_RIGHT;
		if (step == LEVER_DRIFT || put_right)
			TRY(add_lever_finding(plan, drift, lever));
	}
	if (step == LEVER_RECORD_HOLD || step == LEVER_RECORD_RESTORE) {
		/* For a lost limit a value of ours is recorded as found: what was found before
		 * stays the site's. */
		TRY(record_lever(plan, lever, aim, lost ? lever->ours : current, ""));
		if (aim)
			lever = find_lever(plan, aim->field, aim->tres);
		if (current == lever->set)
			step = LEVER_CONFIRM;
		else if (!aim && !lever_is_ours(lever, current))
			step = LEVER_GIVE_UP;
		else
			step = LEVER_RETRY;
	}
	switch (step) {
	case LEVER_RETRY:
		return add_task(plan, lever);
	case LEVER_CONFIRM:
		return record_outcome(plan, lever->seq, OUTCOME_DONE, "");
	case LEVER_GIVE_UP:
		return give_up(plan, lever, current);
	default:
		return SB_OK;
	}
}

/* ---- limits to have ---- */

/* A purse of the account, with its limit in Slurm. */
struct budget {
	struct plan plan; /* the plan for the purse */
	struct rules rules; /* what plan.rules points to, unless the purse is the account's own */
	char tres[RESOURCE_SIZE]; /* the TRES whose limit holds it or follows its balance */
	bool held; /* by that limit; never set for the account's own purse, which is held by the
		      account's lever */
	struct cap *caps; /* limits that follow the balance, one for each observation, in their
			     order; NULL: `limit` does not apply */
};

/* The account's purses on whose resource Slurm has a limit, its own first. */
struct budgets {
	struct budget *list;
	size_t count;
};

/* A limit that the account is to have on a cluster. */
struct aim {
	struct limit limit;
	uint64_t decision; /* the last entry that decided on the limit */
};

struct aims {
	struct aim *list;
	size_t count;
};

static bool is_of(const struct lever *lever, const struct budget *budget)
{
	return lever_is_on(lever, CAP_FIELD, budget->tres);
}

static const struct limit *find_aim(const struct aims *aims, const struct lever *lever)
{
	for (size_t i = 0; i < aims->count; i++) {
		const struct limit *limit = &aims->list[i].limit;

		if (lever_is_on(lever, limit->field, limit->tres))
			return limit;
	}
	return NULL;
}

/* Adds a limit. If there is one on the same TRES already, the lower one is kept. [aims] has room.
 */
static void add_aim(struct aims *aims, struct limit limit, uint64_t decision)
{
	for (size_t i = 0; i < aims->count; i++) {
		struct aim *other = &aims->list[i];

		if (strcmp(other->limit.field, limit.field) != 0 ||
		    strcmp(other->limit.tres, limit.tres) != 0)
			continue;
		other->limit.value = int64_min(other->limit.value, limit.value);
		if (decision > other->decision)
			other->decision = decision;
		return;
	}
	aims->list[aims->count++] = (struct aim){limit, decision};
}

/* True if the lever is as it should be, as far as the books know. */
static bool at_rest(const struct lever *lever, const struct limit *aim)
{
	return lever && aim && lever_in_force(lever) && lever->set == aim->value;
}

/* Requests the limits of the account on the cluster, which stay as they are until then. */
static int add_want(const struct plan *plan)
{
	struct check *check = plan->check;
	struct want *want;

	/* The wants of one account are next to each other. */
	for (size_t i = check->want_count; i > 0; i--) {
		want = &check->wants[i - 1];
		if (strcmp(want->account, plan->owner->name) != 0)
			break;
		if (strcmp(want->cluster, plan->cluster) == 0)
			return SB_OK;
	}
	want = array_add(check->wants, check->want_count);
	if (!want)
		return sb_error_nomem(plan->err);
	check_set_name(want->account, plan->owner->name);
	check_set_name(want->cluster, plan->cluster);
	return SB_OK;
}

/* Settles one limit on a cluster that shows the account. [lever]: the bank's lever on the limit, or
 * NULL. [aim]: the limit to have; NULL: what the site had. One of them is given. */
static int settle_shown(const struct plan *plan, const struct lever *lever, const struct limit *aim)
{
	int64_t current;

	const char *tres = aim ? aim->tres : lever->tres;

	/* Without an association the user has no jobs there. */
	if (!observed_has(plan->row, tres))
		return SB_OK;
	/* A hold is there if all partitions have it, and gone once none has. */
	if (aim ? observed_limit(plan->row, aim->field, tres, &current)
		: observed_lowest(plan->row, lever->field, tres, &current))
		return settle_limit(plan, lever, aim, current);
	/* sacctmgr is asked for limits of accounts alone. */
	if (resource_user(tres) && !plan->row->odd_limits)
		return at_rest(lever, aim)
			       ? SB_OK
			       : check_found(plan, (struct finding){.kind = FOUND_ODD_LIMITS});
	return at_rest(lever, aim) && !plan->check->inspects ? SB_OK : add_want(plan);
}

/* Adds a finding of [kind] if a limit on the cluster, whose limits are not known, has to change. */
static int report_unknown(const struct plan *plan, const struct aims *aims, enum finding_kind kind)
{
	const struct account *account = plan->owner;
	bool rest = true;

	for (size_t i = 0; i < aims->count; i++) {
		const struct limit *aim = &aims->list[i].limit;

		rest = rest && at_rest(find_lever(plan, aim->field, aim->tres), aim);
	}
	for (size_t i = 0; i < account->lever_count; i++) {
		const struct lever *lever = &account->levers[i];

		if (strcmp(lever->cluster, plan->cluster) == 0)
			rest = rest && at_rest(lever, find_aim(aims, lever));
	}
	return rest ? SB_OK : check_found(plan, (struct finding){.kind = kind});
}

/* True if Slurm showed the limit when it was set. */
static bool was_set(const struct plan *plan, const struct limit *aim)
{
	return at_rest(find_lever(plan, aim->field, aim->tres), aim);
}

/* True if Slurm shows the limit. If that is unknown: if Slurm showed it when it was set. */
static bool is_in_force(const struct plan *plan, const struct limit *aim)
{
	int64_t current;

	return observed_limit(plan->row, aim->field, aim->tres, &current) ? current == aim->value
									  : was_set(plan, aim);
}

/* If the numbers that a cap follows from could not be read, the cap stays as it is. */
static bool is_kept(const struct budget *budget, size_t at)
{
	const struct cap *cap = budget->caps ? &budget->caps[at] : NULL;

	return cap && cap->silent && budget->plan.check->observations[at].answered;
}

static bool has_kept_cap(const struct budgets *budgets, size_t at, const struct lever *lever)
{
	for (size_t i = 0; i < budgets->count; i++) {
		if (is_kept(&budgets->list[i], at) && is_of(lever, &budgets->list[i]))
			return true;
	}
	return false;
}

/* Fills in the limits that the account is to have on the cluster of observation [at]; if it is
 * held, its lever comes first. */
static void add_aims(const struct plan *plan, const struct budgets *budgets, size_t at,
		     struct aims *aims)
{
	if (account_held(plan->owner))
		add_aim(aims, hold_limit(plan->owner, plan->rules), plan->owner->decision);
	if (wants_stop(plan->owner, plan->rules))
		add_aim(aims, stop_limit(plan->rules), plan->owner->decision);
	for (size_t i = 0; i < budgets->count; i++) {
		const struct budget *budget = &budgets->list[i];
		const struct cap *cap = budget->caps ? &budget->caps[at] : NULL;

		if (budget->held)
			add_aim(aims, (struct limit){CAP_FIELD, budget->tres, 0},
				budget->plan.decision);
		if (cap && cap->value >= 0 && !is_kept(budget, at))
			add_aim(aims, (struct limit){CAP_FIELD, budget->tres, cap->value},
				budget->plan.decision);
	}
}

/* Settles the limits on a cluster that shows the account. */
static int settle_levers(const struct plan *plan, const struct budgets *budgets, size_t at,
			 const struct aims *aims)
{
	const struct account *account = plan->owner;

	/* Backward, since a restored lever leaves the list. */
	for (size_t i = account->lever_count; i-- > 0;) {
		const struct lever *lever = &account->levers[i];

		if (strcmp(lever->cluster, plan->cluster) != 0 || find_aim(aims, lever) ||
		    has_kept_cap(budgets, at, lever))
			continue;
		/* Remove the old lever only once its replacement is in force, unless that was
		 * changed by hand since. */
		if (account_held(account) && !is_of(lever, &budgets->list[0]) &&
		    !was_set(plan, &aims->list[0].limit) &&
		    !is_in_force(plan, &aims->list[0].limit))
			plan->check->again = true;
		else
			TRY(settle_shown(plan, lever, NULL));
	}
	for (size_t i = 0; i < aims->count; i++) {
		const struct limit *aim = &aims->list[i].limit;
		struct plan of = *plan;

		of.decision = aims->list[i].decision;
		TRY(settle_shown(&of, find_lever(plan, aim->field, aim->tres), aim));
	}
	return SB_OK;
}

static int settle_cluster(const struct plan *plan, const struct budgets *budgets, size_t at)
{
	struct aims aims = {.list = calloc(2 * budgets->count + 2, sizeof(*aims.list))};
	int rc = SB_OK;

	if (!aims.list)
		return sb_error_nomem(plan->err);
	add_aims(plan, budgets, at, &aims);
	if (!plan->observation->answered)
		rc = report_unknown(plan, &aims, FOUND_UNSETTLED);
	else if (plan->row && plan->row->odd_limits && plan->row->all_limits)
		rc = report_unknown(plan, &aims, FOUND_ODD_LIMITS);
	else if (plan->row) /* without a row there is no association, and so no job to hold */
		rc = settle_levers(plan, budgets, at, &aims);
	free(aims.list);
	return rc;
}

static bool is_wanted(const struct plan *plan, const struct budgets *budgets,
		      const struct lever *lever)
{
	const struct limit hold = hold_limit(plan->owner, plan->rules);
	bool of_purse = false, wanted = false;

	for (size_t i = 0; i < budgets->count; i++) {
		const struct budget *budget = &budgets->list[i];

		of_purse = of_purse || is_of(lever, budget);
		wanted = wanted || (is_of(lever, budget) && (budget->caps || budget->held));
	}
	return of_purse && !lever_is_on(lever, hold.field, hold.tres)
		       ? wanted
		       : wanted || account_held(plan->owner);
}

/* Reports levers on clusters that are not observed: this check cannot bring them in line. */
static int report_unlisted(const struct plan *plan, const struct budgets *budgets)
{
	const struct account *account = plan->owner;

	for (size_t i = 0; i < account->lever_count; i++) {
		const struct lever *lever = &account->levers[i];

		/* A check of only some clusters reports the others only if a limit there has to
		 * change. */
		if (!check_is_listed(plan->check, lever->cluster) &&
		    (plan->check->all_clusters || !lever_in_force(lever) ||
		     !is_wanted(plan, budgets, lever)))
			TRY(add_lever_finding(plan, (struct finding){.kind = FOUND_UNLISTED},
					      lever));
	}
	return SB_OK;
}

/* ---- the whole ---- */

/* Adds the budget of a purse if Slurm has a limit on its resource. [budgets] has room. */
static int add_budget(const struct plan *plan, const struct account *purse, struct budgets *budgets)
{
	const struct account *owner = plan->owner;
	struct budget *budget = &budgets->list[budgets->count];

	if (!purse_lever(purse, budget->tres))
		return SB_OK;
	budgets->count++;
	budget->plan = *plan;
	budget->plan.account = purse;
	budget->plan.decision = purse->decision;
	if (purse != owner) {
		budget->rules = purse_rules(owner, plan->rules);
		budget->plan.rules = &budget->rules;
		budget->held = purse_held(purse, owner);
	}
	if (!wants_caps(purse, budget->plan.rules) || (purse != owner && owner->grace_until))
		return SB_OK;
	budget->caps = calloc(plan->check->observation_count + owner->lever_count + 1,
			      sizeof(*budget->caps));
	return budget->caps ? check_deal_caps(&budget->plan, budget->tres, budget->caps)
			    : sb_error_nomem(plan->err);
}

static int settle_budgets(const struct plan *plan, const struct purses *purses,
			  struct budgets *budgets)
{
	const struct check *check = plan->check;

	TRY(add_budget(plan, plan->owner, budgets));
	for (size_t i = 0; i < purses->count; i++)
		TRY(add_budget(plan, purses->list[i], budgets));
	for (size_t i = 0; i < check->observation_count; i++) {
		const struct plan on = check_on(plan, &check->observations[i]);

		TRY(settle_cluster(&on, budgets, i));
	}
	return report_unlisted(plan, budgets);
}

/* Returns the last entry that decided on the account or one of its purses. */
static uint64_t last_decision(const struct account *owner, const struct purses *purses)
{
	uint64_t last = owner->decision;

	for (size_t i = 0; i < purses->count; i++) {
		if (purses->list[i]->decision > last)
			last = purses->list[i]->decision;
	}
	return last;
}

int check_settle(const struct plan *plan, const struct purses *purses)
{
	struct plan of = *plan;
	struct budgets budgets = {.list = calloc(purses->count + 1, sizeof(*budgets.list))};
	int rc;

	of.decision = last_decision(plan->owner, purses);
	rc = budgets.list ? settle_budgets(&of, purses, &budgets) : sb_error_nomem(plan->err);
	for (size_t i = 0; i < budgets.count; i++)
		free(budgets.list[i].caps);
	free(budgets.list);
	return rc;
}

/* ---- outcomes, and levers that no check decides on ---- */

static int record_task_outcome(struct books *books, const struct task_outcome *outcome,
			       struct sb_error *err)
{
	const struct task *task = outcome->task;
	struct plan plan = {.books = books, .err = err, .cluster = task->cluster};
	const struct lever *lever;

	TRY(books_account(books, task->account, &plan.owner, err));
	lever = find_lever(&plan, task->field, task->tres);
	/* A newer decision gets its own outcome. */
	if (!lever || lever->seq != task->lever ||
	    (lever->tried && lever->outcome == outcome->outcome &&
	     strcmp(lever->reason, outcome->reason) == 0))
		return SB_OK;
	return record_outcome(&plan, lever->seq, outcome->outcome, outcome->reason);
}

int check_record_outcomes(struct books *books, void *ctx, struct sb_error *err)
{
	struct task_outcomes *outcomes = ctx;
	int rc = SB_OK;

	for (size_t i = 0; i < outcomes->count && !rc; i++)
		rc = record_task_outcome(books, &outcomes->list[i], err);
	outcomes->head = *books_head(books);
	return rc;
}

int check_adopt_lever(struct books *books, const char *name, const char *cluster,
		      const struct limit *limit, const char *note, struct sb_error *err)
{
	struct plan plan = {.books = books, .err = err, .cluster = cluster};
	const struct lever *lever;
	struct purses purses;

	TRY(books_account(books, name, &plan.owner, err));
	TRY(books_purses(books, name, &purses, err));
	plan.decision = last_decision(plan.owner, &purses);
	purses_release(&purses);
	lever = find_lever(&plan, limit->field, limit->tres);
	TRY(record_lever(&plan, lever, limit, lever ? lever->original : -1, note));
	return record_outcome(&plan, books_head(books)->seq, OUTCOME_DONE, "adopted");
}

int check_forget_levers(struct books *books, const char *cluster, size_t *ret_count,
			struct sb_error *err)
{
	struct plan plan = {.books = books, .err = err, .cluster = cluster};
	size_t count;

	*ret_count = 0;
	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < count; i++) {
		const struct account *account = plan.owner = books_at(books, i);

		plan.decision = account->decision;

		for (size_t j = account->lever_count; j-- > 0;) {
			const struct lever *lever = &account->levers[j];

			if (strcmp(lever->cluster, cluster) != 0)
				continue;
			if (!lever->restoring)
				TRY(record_lever(&plan, lever, NULL, lever->set, ""));
			TRY(record_outcome(&plan, account->levers[j].seq, OUTCOME_LEFT,
					   "the cluster was let go"));
			(*ret_count)++;
		}
	}
	return SB_OK;
}

int check_lose_lever(struct books *books, const char *name, const struct lever *lever,
		     struct sb_error *err)
{
	struct plan plan = {.books = books, .err = err};

	TRY(books_account(books, name, &plan.owner, err));
	return record_outcome(&plan, lever->seq, OUTCOME_FAILED,
			      "Slurm did not show it when the bank was adopted");
}
