/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/check/checkup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/check/carry_out.h"
#include "cmd/check/clusters.h"
#include "cmd/check/job_meter.h"
#include "cmd/check/notify.h"
#include "cmd/check/publish.h"
#include "cmd/check/unbanked.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/frame/this_machine.h"
#include "cmd/show/findings.h"
#include "cmd/show/output.h"
#include "cmd/show/progress.h"
#include "ledger/base/lock.h"
#include "ledger/base/when.h"
#include "ledger/check/check.h"

/* Plans while others write, limits are asked for and shares are lowered before others are raised.
 */
enum { ROUNDS_MAX = 8 };

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

/* ---- the whole ---- */

struct planning {
	struct check *check;
	struct progress progress;
	bool dry;
	uint64_t began; /* the newest entry before the plan */
	bool made; /* entries stand, or Slurm was asked to change something */
};

static int plan(struct books *books, void *ctx, struct sb_error *err)
{
	struct planning *planning = ctx;
	int rc;

	planning->began = books_head(books)->seq;
	rc = check_plan(books, planning->check, err);
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

static void say_tasks(struct env *env, const struct check *check)
{
	char limit[LEVER_NAME_SIZE], value[LIMIT_TEXT_SIZE];

	for (size_t i = 0; i < check->task_count; i++) {
		const struct task *task = &check->tasks[i];

		report(env, "%s: the limit %s on %s would be set to %s", task->account,
		       lever_name(limit, task->field, task->tres), task->cluster,
		       limit_text(value, task->value));
	}
}

/* Plans and carries out until nobody else has written meanwhile. */
static int rounds(struct env *env, struct planning *planning, struct clusters *clusters,
		  struct reported *said)
{
	struct check *check = planning->check;
	int status = EXIT_DONE, done, rc;
	bool blind = false; /* limits could not be asked for */
	struct head_now now;
	struct sb_error err;

	for (int round = 0; round < ROUNDS_MAX; round++) {
		bool look;

		check->observations = clusters->list;
		check->observation_count = clusters->count;
		progress_begin(&planning->progress, env, 0);
		rc = bank_write(env->bank, env->os.now(), plan, planning, &err);
		progress_end(&planning->progress);
		if (rc)
			return fail(env, &err);
		planning->made |= !planning->dry &&
				  (check->head.seq > planning->began || check->task_count > 0);
		look = check->want_count > 0 && !blind;
		/* A dry run that plans again finds the same again. */
		if (!planning->dry || !look)
			report_findings(env, check, said);
		if (check->problems || check->clock_gap)
			status = EXIT_PART;
		if (look) {
			if (clusters_look(env, clusters, check->wants, check->want_count) !=
			    EXIT_DONE) {
				status = EXIT_PART;
				blind = true;
			}
			continue;
		}
		if (planning->dry) {
			say_tasks(env, check);
			(void)report_would_hold(env, check);
			return status;
		}
		if (check->task_count > 0) {
			done = carry_out(env, check, clusters);
			if (done != EXIT_DONE)
				return done;
			if (check->again)
				continue;
		}
		if (bank_read(env->bank, env->os.now(), read_head, &now, &err))
			return fail(env, &err);
		if (now.seq == check->head.seq)
			return status;
	}
	return status;
}

/* All accounts on all clusters of the settings. */
static bool is_whole(struct env *env, const struct checkup *checkup)
{
	return checkup->account_count == 0 && !option(env, "clusters");
}

/* One pass, under check.lock or dry. What only has to be said once is said at the [first]. Sets
 * [made] when entries stand or Slurm was asked to change something, also before an error. */
static int pass(struct env *env, const struct checkup *checkup, bool dry, bool first,
		struct head *ret_head, bool *made)
{
	struct rules rules = settings_rules(&env->settings);
	struct check check = {.rules = &rules,
			      .only = checkup->accounts,
			      .only_count = checkup->account_count,
			      .settling = checkup->settling,
			      .all_clusters = !option(env, "clusters"),
			      .clock_ok = checkup->clock_ok,
			      .inspect = checkup->put_right,
			      .shut = checkup->shut};
	struct planning planning = {.check = &check, .dry = dry};
	const struct steps steps = {progress_at, &planning.progress};
	struct clusters clusters;
	struct foreseen_uses foreseen = {0};
	struct reported said = {0};
	int status = clusters_observe(env, checkup->settling ? OBSERVE_SETTLING : OBSERVE_ALL,
				      &clusters);
	int metered;
	bool incomplete;

	check.steps = &steps;
	rules.put_right = rules.put_right || checkup->put_right;
	if (status != EXIT_DONE)
		return status;
	incomplete = clusters.silent > 0 || clusters.odd > 0;
	/* Whoever settles an entry does not wait for slurmdbd. */
	metered = checkup->settling ? EXIT_DONE
				    : job_meter_run(env, checkup, &clusters, dry ? &foreseen : NULL,
						    &planning.made);
	check.foreseen = foreseen.list;
	check.foreseen_count = foreseen.count;
	status = metered == EXIT_DONE || metered == EXIT_PART
			 ? rounds(env, &planning, &clusters, &said)
			 : metered;
	/* Who must have all of it does not go on after a part. */
	if (status == EXIT_REFUSED && planning.made && !checkup->must) {
		note(env, "what was entered before stands; the next check goes on from there");
		status = EXIT_PART;
	}
	free(said.list);
	free(foreseen.list);
	*made |= planning.made;
	*ret_head = check.head;
	if (check.clock_gap && checkup->must)
		status = EXIT_REFUSED;
	check_release(&check);
	if (first && is_whole(env, checkup) && (status == EXIT_DONE || status == EXIT_PART) &&
	    unbanked_say(env, clusters.list, clusters.count) != EXIT_DONE)
		status = EXIT_PART;
	/* Limits that were asked for meanwhile. */
	incomplete = incomplete || clusters.odd > 0;
	clusters_release(&clusters);
	return status == EXIT_DONE && (incomplete || metered != EXIT_DONE) ? EXIT_PART : status;
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

static int take_locks(struct env *env, bool whole, struct check_locks *locks, struct sb_error *err)
{
	struct lock_request request = {.folder = store_folder(bank_store(env->bank)),
				       .name = "settle.lock",
				       .wait_ms = env->store.wait_ms,
				       .doing = env->doing,
				       .what = "the check"};
	int rc;

	*locks = (struct check_locks){.settle = -1, .check = -1};
	rc = lock_take(&request, &locks->settle, err);
	if (!rc) {
		request.name = "check.lock";
		request.wait_ms = 0;
		rc = lock_take(&request, &locks->check, err);
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
		bool made = false;
		int passed = pass(env, checkup, false, round == 0, &head, &made);

		drop_locks(locks);
		if (passed != EXIT_DONE)
			status = round > 0 && passed == EXIT_REFUSED ? EXIT_PART : passed;
		if (!whole || head.seq == 0 || (passed != EXIT_DONE && passed != EXIT_PART))
			break;
		if (bank_read(env->bank, env->os.now(), read_head, &now, &err)) {
			(void)fail(env, &err);
			return EXIT_PART;
		}
		if (now.seq == head.seq || take_locks(env, true, locks, &err))
			break;
	}
	drop_locks(locks);
	return status;
}

const char checkup_no_right[] = "this bank does not command Slurm from this machine and folder: it "
				"changes nothing in Slurm until `subank adopt` is run";

void checkup_say_right(struct env *env)
{
	char place[PLACE_SIZE];
	struct command_right right = {
		.place = place_of(env->os.here()->machine, env->store.folder, place)};
	struct sb_error err;

	if (bank_read(env->bank, env->os.now(), look_up_right, &right, &err))
		(void)fail(env, &err);
	else if (!right.granted)
		note(env, "%s", checkup_no_right);
}

/* Says so when this machine may only look on. Returns EXIT_DONE or that of an error. */
static int look_up(struct env *env, bool *ret_granted)
{
	char place[PLACE_SIZE];
	struct command_right right = {
		.place = place_of(env->os.here()->machine, env->store.folder, place)};
	struct sb_error err;

	if (bank_read(env->bank, env->os.now(), look_up_right, &right, &err))
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
	bool made = false;
	int status = pass(env, checkup, true, true, &head, &made);

	note(env, "dry run: nothing was changed");
	return status;
}

int checkup_foresee(struct env *env, const struct clusters *clusters, size_t *ret_held)
{
	struct rules rules = settings_rules(&env->settings);
	/* Books that come back are old, and whoever adopts them knows it. */
	struct check check = {.rules = &rules,
			      .observations = clusters->list,
			      .observation_count = clusters->count,
			      .all_clusters = true,
			      .clock_ok = true};
	struct planning planning = {.check = &check, .dry = true};
	const struct checkup all = {.dry_run = true};
	struct foreseen_uses foreseen = {0};
	const bool quiet = env->quiet;
	struct sb_error err;
	bool made = false;
	int status;

	/* Of a first check only the holds matter here, not each charge. */
	env->quiet = true;
	status = job_meter_run(env, &all, clusters, &foreseen, &made);
	env->quiet = quiet;
	check.foreseen = foreseen.list;
	check.foreseen_count = foreseen.count;
	if (status == EXIT_PART)
		status = EXIT_DONE; /* said; the rest is seen */
	if (status == EXIT_DONE && bank_write(env->bank, env->os.now(), plan, &planning, &err))
		status = fail(env, &err);
	if (status == EXIT_DONE)
		*ret_held = report_would_hold(env, &check);
	check_release(&check);
	free(foreseen.list);
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
	if ((status == EXIT_DONE || status == EXIT_PART) && publish(env) != EXIT_DONE)
		status = EXIT_PART;
	/* The locks are free again: whoever is told may take his time. What the check did stands,
	 * whatever becomes of that. */
	if ((status == EXIT_DONE || status == EXIT_PART) && notify_run(env) != EXIT_DONE)
		status = EXIT_PART;
	return status;
}

int checkup_after(struct env *env, const char *const *accounts, size_t count, int status)
{
	struct checkup checkup = {.accounts = accounts, .account_count = count, .settling = true};
	char names[NAMES_TEXT_SIZE];
	struct sb_error err;
	bool granted;
	struct check_locks locks;
	int after;

	output_names(names, accounts, count);
	if (option(env, "no-apply")) {
		note(env, "%s: Slurm is left to the next check (--no-apply)", names);
		return status;
	}
	after = look_up(env, &granted);
	if (after == EXIT_DONE && !granted)
		return EXIT_PART;
	if (after == EXIT_DONE) {
		if (take_locks(env, false, &locks, &err)) {
			if (locks.whole_runs) {
				note(env,
				     "%s: a check is running; it or the next one brings Slurm in "
				     "line",
				     names);
				return status;
			}
			warning(env,
				"%s; the entry was recorded, do not run it again; the next check "
				"brings Slurm in line",
				err.text);
			return EXIT_PART;
		}
		after = run_locked(env, &checkup, &locks);
	}
	/* What failed may have advised to run it again. */
	if (after != EXIT_DONE)
		note(env, "the entry was recorded, do not run it again; the next check brings "
			  "Slurm in line");
	/* The entry was made, whatever became of Slurm. */
	return after == EXIT_DONE ? status : EXIT_PART;
}

int checkup_pass(struct env *env, const struct checkup *checkup, bool *made)
{
	struct head head;

	return pass(env, checkup, false, false, &head, made);
}

int checkup_locked(struct env *env, int (*fn)(struct env *env, void *ctx), void *ctx)
{
	struct check_locks locks;
	struct sb_error err;
	bool granted;
	int status = look_up(env, &granted);

	if (status != EXIT_DONE)
		return status;
	if (!granted)
		return EXIT_REFUSED;
	if (take_locks(env, false, &locks, &err))
		return fail(env, &err);
	status = fn(env, ctx);
	drop_locks(&locks);
	return status;
}
