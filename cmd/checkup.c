/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/checkup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/clusters.h"
#include "cmd/notify.h"
#include "cmd/this_machine.h"
#include "ledger/check.h"
#include "ledger/lock.h"
#include "ledger/text.h"
#include "ledger/when.h"
#include "slurm/sacctmgr.h"

enum {
	ROUNDS_MAX = 5, /* plans while others write */
	READ_BACK_TRIES = 15, /* slurmctld hears of a change from slurmdbd, a moment later */
	READ_BACK_PAUSE_MS = 200,
};

struct rules rules_of(const struct env *env)
{
	return (struct rules){.enforcement = env->settings.enforcement,
			      .field = LEVER_FIELD,
			      .tres = LEVER_TRES,
			      .hold_value = LEVER_HOLD_VALUE,
			      .thresholds = env->settings.thresholds,
			      .threshold_count = env->settings.threshold_count,
			      .notice = env->settings.notice_days * WHEN_DAY};
}

/* Whether this machine may change Slurm for this bank. */
struct command_right {
	const char *place;
	bool granted;
};

static int look_up_right(struct books *books, void *ctx, struct sb_error *err)
{
	struct command_right *right = ctx;
	char place[PLACE_SIZE];
	int rc = books_machine(books, place, sizeof(place), err);

	right->granted = !rc && strcmp(place, right->place) == 0;
	return rc;
}

static void say_finding(struct env *env, const struct finding *finding)
{
	char amount[QUANTITY_SIZE], before[QUANTITY_SIZE], now[QUANTITY_SIZE], when[WHEN_TEXT_SIZE];
	const char *account = finding->account, *cluster = finding->cluster;

	quantity(env, amount, finding->amount);
	quantity(env, before, finding->before);
	quantity(env, now, finding->now);
	switch (finding->kind) {
	case FOUND_CHARGE:
		say(env, "%s: charged %s used on %s", account, amount, cluster);
		break;
	case FOUND_BASELINE:
		say(env, "%s: counting on %s starts at %s", account, cluster, now);
		break;
	case FOUND_WENT_DOWN:
		warning(env,
			"%s: the usage on %s went down from %s to %s (slurmctld restarted, or "
			"somebody reset it): nothing is charged, counting goes on from there",
			account, cluster, before, now);
		break;
	case FOUND_VANISHED:
		warning(env, "%s: %s no longer has this account; its usage there stays at %s",
			account, cluster, before);
		break;
	case FOUND_HOLD:
		say(env, "%s: held, available %s", account, amount);
		break;
	case FOUND_GRACE:
		say(env, "%s: nothing is left, available %s; it may still run for the time given",
		    account, amount);
		break;
	case FOUND_RELEASE:
		say(env, "%s: released, available %s", account, amount);
		break;
	case FOUND_NO_MONEY:
		say(env, "%s: used %s and never had a deposit; it is not held", account, now);
		break;
	case FOUND_SPENT:
		say(env, "%s: has spent its allowance, available %s; not held (enforcement: warn)",
		    account, amount);
		break;
	case FOUND_DRIFT:
		warning(env,
			"%s: somebody changed the limit on %s from the bank's %" PRId64
			" to %" PRId64
			"; it is left so (-1 is no limit); `subank hold %s` sets it again",
			account, cluster, finding->before, finding->now, account);
		break;
	case FOUND_LEFT:
		warning(env,
			"%s: somebody changed the limit on %s to %" PRId64
			" meanwhile; it is left so, not put back to what it was before the hold",
			account, cluster, finding->now);
		break;
	case FOUND_UNLISTED:
		warning(env,
			"%s: the limit on %s is the bank's and must change, but that cluster is "
			"not "
			"asked: put it back into the settings, or name it with --clusters",
			account, cluster);
		break;
	case FOUND_EXPIRED:
		say(env, "%s: %s expired, their window ended at %s", account, amount,
		    when_format_local(when, finding->before));
		break;
	case FOUND_THRESHOLD:
		say(env, "%s: %" PRId64 "%% of the allocation is used, %s of %s", account,
		    finding->amount, before, now);
		break;
	case FOUND_NOTICE:
		say(env, "%s: %s can be used until %s only", account, amount,
		    when_format_local(when, finding->before));
		break;
	case FOUND_OVERFLOW:
		warning(env,
			"%s: the usage on %s went from %s to %s, which is more than can be "
			"charged: "
			"look at sshare; nothing is charged",
			account, cluster, before, now);
		break;
	case FOUND_UNSETTLED:
		warning(env, "%s: %s must change but does not answer; the next check tries again",
			account, cluster);
		break;
	}
}

static void say_findings(struct env *env, const struct check *check)
{
	char age[WHEN_TEXT_SIZE];

	for (size_t i = 0; i < check->finding_count; i++)
		say_finding(env, &check->findings[i]);
	if (check->clock_gap)
		warning(env,
			"the last check was %s ago, or the clock jumped ahead: nothing was done; "
			"look at the clock, and if it is right run `subank check --clock-ok` once",
			when_format_age(age, check->clock_gap));
	fflush(env->out);
}

/* ---- changing Slurm ---- */

static int by_call(const void *a, const void *b)
{
	const struct task *x = a, *y = b;
	int order = strcmp(x->cluster, y->cluster);

	if (!order)
		order = strcmp(x->field, y->field);
	if (!order)
		order = strcmp(x->tres, y->tres);
	if (!order)
		order = (x->value > y->value) - (x->value < y->value);
	return order ? order : strcmp(x->slurm_account, y->slurm_account);
}

static bool same_call(const struct task *a, const struct task *b)
{
	return a->value == b->value && strcmp(a->cluster, b->cluster) == 0 &&
	       strcmp(a->field, b->field) == 0 && strcmp(a->tres, b->tres) == 0;
}

/* Why no limit may be set on the cluster; NULL when one may. */
static const char *refusal(const struct clusters *clusters, const char *cluster)
{
	for (size_t i = 0; i < clusters->count; i++) {
		if (strcmp(clusters->names[i], cluster) == 0)
			return clusters->no_levers[i];
	}
	return NULL;
}

/* Sets the limits of [count] tasks that one call can do; what fails goes to [reason]. */
static void set_limits(struct env *env, const struct clusters *clusters, const struct task *tasks,
		       size_t count, char reason[256])
{
	const char *refused = refusal(clusters, tasks->cluster);
	struct slurm_error err;
	const char **accounts;

	reason[0] = '\0';
	if (refused) {
		(void)snprintf(reason, 256, "%s", refused);
		return;
	}
	accounts = calloc(count, sizeof(*accounts));
	if (!accounts) {
		(void)snprintf(reason, 256, "out of memory");
		return;
	}
	for (size_t i = 0; i < count; i++)
		accounts[i] = tasks[i].slurm_account;
	if (sacctmgr_set_limit(&env->slurm, tasks->cluster, accounts, count, tasks->field,
			       tasks->tres, tasks->value, &err))
		text_escape(reason, 256, err.text);
	free(accounts);
}

static const struct observed *shown(const struct clusters *clusters, const struct task *task)
{
	for (size_t i = 0; i < clusters->count; i++) {
		if (clusters->list[i].answered &&
		    strcmp(clusters->list[i].cluster, task->cluster) == 0)
			return observation_find(&clusters->list[i], task->slurm_account);
	}
	return NULL;
}

static bool all_shown(const struct clusters *clusters, const struct check *check)
{
	for (size_t i = 0; i < check->task_count; i++) {
		const struct observed *row = shown(clusters, &check->tasks[i]);

		if (!row || row->limit != check->tasks[i].value)
			return false;
	}
	return true;
}

/* Asks the clusters again, until they show what was set or a few seconds are over. */
static int read_back(struct env *env, const struct check *check, bool failed,
		     struct clusters *clusters)
{
	for (int try = 0;; try++) {
		struct timespec pause = {.tv_nsec = READ_BACK_PAUSE_MS * 1000000L};
		struct clusters again;
		int status = clusters_observe(env, false, &again);

		if (status != EXIT_DONE)
			return status;
		clusters_release(clusters);
		*clusters = again;
		if (failed || again.silent || all_shown(clusters, check) || try == READ_BACK_TRIES)
			return EXIT_DONE;
		nanosleep(&pause, NULL);
	}
}

struct entering {
	struct task_outcomes outcomes;
	uint64_t planned; /* the newest entry after the plan */
	bool moved; /* somebody else has written since */
};

static int enter_outcomes(struct books *books, void *ctx, struct sb_error *err)
{
	struct entering *entering = ctx;

	entering->moved = books_head(books)->seq != entering->planned;
	return check_enter_outcomes(books, &entering->outcomes, err);
}

/* Carries out the tasks, reads back into [clusters] and enters the outcomes. check->head stays that
 * of the plan when somebody else has written meanwhile. */
static int carry_out(struct env *env, struct check *check, struct clusters *clusters)
{
	struct task_outcome *outcomes = calloc(check->task_count, sizeof(*outcomes));
	char(*reasons)[256] = calloc(check->task_count, sizeof(*reasons));
	struct entering entering = {.outcomes = {.list = outcomes, .count = check->task_count},
				    .planned = check->head.seq};
	int status = EXIT_DONE;
	bool failed = false, seen;
	struct sb_error err;

	if (!outcomes || !reasons) {
		sb_error_nomem(&err);
		status = fail(env, &err);
		goto out;
	}
	qsort(check->tasks, check->task_count, sizeof(*check->tasks), by_call);
	for (size_t i = 0, end; i < check->task_count; i = end) {
		for (end = i + 1; end < check->task_count; end++) {
			if (!same_call(&check->tasks[i], &check->tasks[end]))
				break;
		}
		set_limits(env, clusters, &check->tasks[i], end - i, reasons[i]);
		failed = failed || *reasons[i];
		for (size_t j = i + 1; j < end; j++)
			memcpy(reasons[j], reasons[i], sizeof(reasons[j]));
	}
	status = read_back(env, check, failed, clusters);
	seen = status == EXIT_DONE;
	for (size_t i = 0; i < check->task_count; i++) {
		const struct task *task = &check->tasks[i];
		const struct observed *row = seen ? shown(clusters, task) : NULL;

		outcomes[i] = (struct task_outcome){.task = task, .reason = reasons[i]};
		if (row && row->limit == task->value) {
			outcomes[i].outcome = OUTCOME_DONE;
			outcomes[i].reason = "";
			continue;
		}
		outcomes[i].outcome = OUTCOME_FAILED;
		if (!*reasons[i])
			(void)snprintf(reasons[i], sizeof(reasons[i]),
				       row ? "the cluster does not show the new limit"
					   : "the cluster does not show the account");
		warning(env, "%s: the limit on %s could not be set, the next check tries again: %s",
			task->account, task->cluster, reasons[i]);
		status = EXIT_PART;
	}
	if (bank_write(env->bank, env->now(), enter_outcomes, &entering, &err))
		status = fail(env, &err);
	else if (!entering.moved)
		check->head = entering.outcomes.head;
out:
	free(outcomes);
	free(reasons);
	return status;
}

/* ---- the whole ---- */

struct planning {
	struct check *check;
	bool dry;
};

static int plan(struct books *books, void *ctx, struct sb_error *err)
{
	struct planning *planning = ctx;
	int rc = check_plan(books, planning->check, err);

	return !rc && planning->dry ? STORE_ABORT : rc;
}

struct head_now {
	uint64_t seq;
};

static int read_head(struct books *books, void *ctx, struct sb_error *err)
{
	struct head_now *now = ctx;

	(void)err;
	now->seq = books_head(books)->seq;
	return SB_OK;
}

/* Plans and carries out until nobody else has written meanwhile. */
static int rounds(struct env *env, struct planning *planning, struct clusters *clusters)
{
	struct check *check = planning->check;
	int status = EXIT_DONE;
	struct sb_error err;

	for (int round = 0; round < ROUNDS_MAX; round++) {
		struct head_now now;
		int done;

		check->observations = clusters->list;
		check->observation_count = clusters->count;
		if (bank_write(env->bank, env->now(), plan, planning, &err))
			return fail(env, &err);
		say_findings(env, check);
		if (check->problems || check->clock_gap)
			status = EXIT_PART;
		if (planning->dry) {
			for (size_t i = 0; i < check->task_count; i++)
				say(env, "%s: the limit on %s would be set to %" PRId64,
				    check->tasks[i].account, check->tasks[i].cluster,
				    check->tasks[i].value);
			return status;
		}
		if (check->task_count > 0) {
			done = carry_out(env, check, clusters);
			if (done != EXIT_DONE)
				return done;
		}
		if (bank_read(env->bank, env->now(), read_head, &now, &err))
			return fail(env, &err);
		if (now.seq == check->head.seq)
			return status;
	}
	return status;
}

/* One pass, under check.lock or dry. */
static int pass(struct env *env, const struct checkup *checkup, bool dry, struct head *ret_head)
{
	const struct rules rules = rules_of(env);
	struct check check = {.rules = &rules,
			      .only = checkup->accounts,
			      .only_count = checkup->account_count,
			      .clock_ok = checkup->clock_ok};
	struct planning planning = {.check = &check, .dry = dry};
	struct clusters clusters;
	int status = clusters_observe(env, rules.enforcement == ENFORCE_HOLD, &clusters);
	bool silent;

	if (status != EXIT_DONE)
		return status;
	silent = clusters.silent > 0;
	status = rounds(env, &planning, &clusters);
	*ret_head = check.head;
	check_release(&check);
	clusters_release(&clusters);
	return status == EXIT_DONE && silent ? EXIT_PART : status;
}

/* Two locks, so that nobody's change is left undone: who settles a few accounts waits for the
 * others that do (settle.lock) and so can tell that check.lock, if taken, is a whole check's, which
 * sees to all accounts. A whole check goes through the same door and leaves it open. */
struct check_locks {
	int settle;
	int check;
	bool whole_runs; /* taking them failed because of a whole check */
};

static void drop_locks(struct check_locks *locks)
{
	lock_drop(locks->check);
	lock_drop(locks->settle);
	locks->check = locks->settle = -1;
}

/* All accounts on all clusters of the settings. */
static bool is_whole(struct env *env, const struct checkup *checkup)
{
	return checkup->account_count == 0 && !option(env, "clusters");
}

static int take_locks(struct env *env, bool whole, struct check_locks *locks, struct sb_error *err)
{
	int folder = store_folder(bank_store(env->bank));
	int rc;

	*locks = (struct check_locks){.settle = -1, .check = -1};
	rc = lock_take(folder, "settle.lock", true, env->store.wait_ms, env->doing, "the check",
		       &locks->settle, err);
	if (!rc) {
		rc = lock_take(folder, "check.lock", true, 0, env->doing, "the check",
			       &locks->check, err);
		locks->whole_runs = rc == SB_EBUSY;
	}
	if (rc) {
		drop_locks(locks);
	} else if (whole) {
		lock_drop(locks->settle);
		locks->settle = -1;
	}
	return rc;
}

/* Passes under the locks, which are dropped. Whoever writes meanwhile and finds a whole check
 * leaves Slurm to it, so it passes once more when the head has moved after the lock was dropped. */
static int run_locked(struct env *env, const struct checkup *checkup, struct check_locks *locks)
{
	bool whole = is_whole(env, checkup);
	int status = EXIT_DONE;
	struct sb_error err;

	for (int round = 0; round < ROUNDS_MAX; round++) {
		struct head head = {0};
		struct head_now now;
		int passed = pass(env, checkup, false, &head);

		drop_locks(locks);
		if (passed != EXIT_DONE)
			status = passed;
		if (!whole || head.seq == 0 || (passed != EXIT_DONE && passed != EXIT_PART))
			break;
		if (bank_read(env->bank, env->now(), read_head, &now, &err))
			return fail(env, &err);
		if (now.seq == head.seq || take_locks(env, true, locks, &err))
			break;
	}
	drop_locks(locks);
	return status;
}

/* Says so when this machine may only look on. Returns EXIT_DONE or that of an error. */
static int look_up(struct env *env, bool *ret_granted)
{
	char place[PLACE_SIZE];
	struct command_right right = {.place = place_of(env->machine, env->store.folder, place)};
	struct sb_error err;

	if (bank_read(env->bank, env->now(), look_up_right, &right, &err))
		return fail(env, &err);
	*ret_granted = right.granted;
	if (!right.granted)
		warning(env, "this bank does not command Slurm from this machine and folder, so "
			     "nothing but a "
			     "dry run is done: `subank adopt` lets it");
	return EXIT_DONE;
}

static int dry_run(struct env *env, const struct checkup *checkup)
{
	struct head head;
	int status = pass(env, checkup, true, &head);

	note(env, "dry run: nothing was changed");
	return status;
}

int checkup_run(struct env *env, const struct checkup *checkup)
{
	struct sb_error err;
	struct check_locks locks;
	bool granted;
	int status = look_up(env, &granted);

	if (status != EXIT_DONE)
		return status;
	if (checkup->dry_run || !granted) {
		status = dry_run(env, checkup);
		return status == EXIT_DONE && !checkup->dry_run ? EXIT_PART : status;
	}
	status = notify_begin(env);
	if (status != EXIT_DONE)
		return status;
	if (take_locks(env, is_whole(env, checkup), &locks, &err))
		return fail(env, &err);
	status = run_locked(env, checkup, &locks);
	/* The locks are free again: whoever is told may take his time. */
	if (status == EXIT_DONE)
		return notify_run(env);
	if (status == EXIT_PART)
		(void)notify_run(env);
	return status;
}

int checkup_after(struct env *env, const char *account, int status)
{
	struct checkup checkup = {.accounts = &account, .account_count = 1};
	struct sb_error err;
	bool granted;
	struct check_locks locks;
	int after;

	if (option(env, "no-apply")) {
		note(env, "%s: Slurm is left to the next check (--no-apply)", account);
		return status;
	}
	after = look_up(env, &granted);
	if (after == EXIT_DONE && !granted)
		return EXIT_PART;
	if (after == EXIT_DONE) {
		if (take_locks(env, false, &locks, &err)) {
			if (locks.whole_runs) {
				note(env, "%s: a check is running, it brings Slurm in line",
				     account);
				return status;
			}
			warning(env, "%s; the entry stands, the next check brings Slurm in line",
				err.text);
			return EXIT_PART;
		}
		after = run_locked(env, &checkup, &locks);
	}
	if (after != EXIT_DONE)
		note(env, "the entry stands; the next check brings Slurm in line");
	/* The entry was made, whatever became of Slurm. */
	return after == EXIT_DONE ? status : EXIT_PART;
}
