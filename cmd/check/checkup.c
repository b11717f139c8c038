/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/checkup.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/check/carry_out.h"
#include "cmd/check/clusters.h"
#include "cmd/check/job_meter.h"
#include "cmd/check/metrics.h"
#include "cmd/check/notify.h"
#include "cmd/check/publish.h"
#include "cmd/check/publish_submit.h"
#include "cmd/check/queue.h"
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

/* The most plans of one check. It plans again when another process has written, when it had to read
 * limits, and to raise caps once others are lowered. */
enum { ROUNDS_MAX = 8 };

/* ---- a pass ---- */

struct pass {
	struct check check;
	struct progress progress;
	bool dry;
	bool first; /* what is to be reported only once is reported now */
	uint64_t began; /* the newest entry before the plan */
	uint64_t seq; /* the newest entry after it; 0: there was no plan */
	bool made; /* entries were recorded, or Slurm was asked to change something */
	struct check_outcome outcome; /* only silent and odd */
	bool done; /* the accounts were checked */
};

static int plan(struct books *books, void *ctx, struct sb_error *err)
{
	struct pass *pass = ctx;

	pass->began = books_head(books)->seq;
	TRY(check_plan(books, &pass->check, err));
	return pass->dry ? STORE_ABORT : SB_OK;
}

static int read_head(struct books *books, void *ctx, struct sb_error *err)
{
	uint64_t *seq = ctx;

	(void)err;
	*seq = books_head(books)->seq;
	return SB_OK;
}

static void report_tasks(struct env *env, const struct check *check)
{
	char limit[LEVER_NAME_SIZE], value[LIMIT_TEXT_SIZE];

	for (size_t i = 0; i < check->task_count; i++) {
		const struct task *task = &check->tasks[i];

		report(env, "%s: the limit %s on %s would be set to %s", task->account,
		       lever_name(limit, task->field, task->tres), task->cluster,
		       limit_text(value, task->value));
	}
}

/* Plans and carries out until no other process has written meanwhile. */
static int rounds(struct env *env, struct pass *pass, struct clusters *clusters,
		  struct reported *reported)
{
	struct check *check = &pass->check;
	int status = EXIT_DONE, done, rc;
	bool blind = false; /* limits could not be read */
	uint64_t seq;
	struct sb_error err;

	for (int round = 0; round < ROUNDS_MAX; round++) {
		bool wants;

		check->observations = clusters->list;
		check->observation_count = clusters->count;
		progress_begin(&pass->progress, env, 0);
		rc = bank_write(env->bank, env->os.now(), plan, pass, &err);
		progress_end(&pass->progress);
		if (rc)
			return fail(env, &err);
		if (!pass->dry && (check->head.seq > pass->began || check->task_count > 0))
			pass->made = true;
		wants = check->want_count > 0 && !blind;
		/* A dry run that plans again finds the same again. */
		if (!pass->dry || !wants)
			report_findings(env, check, reported);
		if (check->problems || check->clock_gap)
			status = EXIT_PART;
		if (wants) {
			blind = clusters_read_limits(env, clusters, check->wants,
						     check->want_count) != EXIT_DONE;
			status = blind ? EXIT_PART : status;
			continue;
		}
		if (pass->dry) {
			report_tasks(env, check);
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
		if (bank_read(env->bank, env->os.now(), read_head, &seq, &err))
			return fail(env, &err);
		if (seq == check->head.seq)
			return status;
	}
	return status;
}

/* All accounts on all clusters of the settings. */
static bool is_whole(struct env *env, const struct checkup *checkup)
{
	return checkup->account_count == 0 && !option(env, "clusters");
}

/* Meters jobs, plans and carries out. */
static int pass_clusters(struct env *env, const struct checkup *checkup, struct clusters *clusters,
			 struct pass *pass)
{
	struct foreseen_uses foreseen = {0};
	struct reported reported = {0};
	bool incomplete = clusters->silent > 0 || clusters->odd > 0;
	/* Settling an entry does not wait for slurmdbd. */
	int metered = checkup->settling ? EXIT_DONE
					: job_meter_run(env, checkup, clusters,
							pass->dry ? &foreseen : NULL, &pass->made);
	int status;

	pass->check.foreseen = foreseen.list;
	pass->check.foreseen_count = foreseen.count;
	status = status_goes_on(metered) ? rounds(env, pass, clusters, &reported) : metered;
	if (status == EXIT_REFUSED && pass->made && !checkup->must) {
		note(env, "entries recorded so far remain; the next check continues from there");
		status = EXIT_PART;
	}
	if (status_goes_on(status) && !pass->check.clock_gap) {
		int moved;

		/* They were asked again since the plan. */
		pass->check.observations = clusters->list;
		pass->check.observation_count = clusters->count;
		moved = queue_run(env, &pass->check, pass->dry, &pass->made);
		status = status_goes_on(moved) ? status_join(status, moved) : moved;
	}
	free(reported.list);
	free(foreseen.list);
	if (pass->check.clock_gap && checkup->must)
		status = EXIT_REFUSED;
	if (pass->first && is_whole(env, checkup) && status_goes_on(status) &&
	    unbanked_report(env, clusters->list, clusters->count) != EXIT_DONE)
		status = EXIT_PART;
	if (pass->first && !pass->dry && is_whole(env, checkup) && status_goes_on(status) &&
	    submit_keep_facts(env, clusters) != EXIT_DONE)
		status = EXIT_PART;
	/* Limits that were read meanwhile may have added odd rows. */
	incomplete = incomplete || clusters->odd > 0 || metered != EXIT_DONE;
	return status_join(status, incomplete ? EXIT_PART : EXIT_DONE);
}

/* Checks once, under check.lock or dry. */
static int run_pass(struct env *env, const struct checkup *checkup, struct pass *pass)
{
	struct rules rules = settings_rules(&env->settings);
	const struct steps steps = {progress_at, &pass->progress};
	struct clusters clusters;
	enum observing observing = checkup->settling ? OBSERVE_SETTLING : OBSERVE_ALL;
	int status = clusters_observe(env, observing, &clusters);

	if (status != EXIT_DONE) {
		pass->outcome.silent =
			env->settings.cluster_count ? (int64_t)env->settings.cluster_count : 1;
		return status;
	}
	rules.put_right = rules.put_right || checkup->put_right;
	pass->check = (struct check){.rules = &rules,
				     .only = checkup->accounts,
				     .only_count = checkup->account_count,
				     .settling = checkup->settling,
				     .all_clusters = !option(env, "clusters"),
				     .clock_ok = checkup->clock_ok,
				     .inspect = checkup->put_right,
				     .shut = checkup->shut,
				     .project_days = env->settings.project_days,
				     .steps = &steps};
	status = pass_clusters(env, checkup, &clusters, pass);
	pass->seq = pass->check.head.seq;
	pass->outcome.silent = (int64_t)clusters.silent;
	pass->outcome.odd = (int64_t)clusters.odd;
	pass->done = status_goes_on(status) && pass->seq > 0 && !pass->check.clock_gap &&
		     clusters.silent < clusters.count;
	check_release(&pass->check);
	clusters_release(&clusters);
	return status;
}

/* ---- locks ---- */

/* Two locks, so that no change is left undone. Partial checks hold settle.lock throughout; a whole
 * check takes it only to acquire check.lock. So a busy check.lock means a whole check, which covers
 * all accounts. */
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

/* Checks under the locks, and drops them. A process that records an entry during a whole check
 * leaves Slurm to that check, so a whole check runs again if, with the locks dropped, the head has
 * moved. [ret] becomes the last pass, whose check is released. */
static int run_locked(struct env *env, const struct checkup *checkup, struct check_locks *locks,
		      struct pass *ret)
{
	bool whole = is_whole(env, checkup);
	int status = EXIT_DONE;
	struct sb_error err;

	for (int round = 0; round < ROUNDS_MAX; round++) {
		struct pass pass = {.first = round == 0};
		int passed = run_pass(env, checkup, &pass);
		uint64_t now;

		drop_locks(locks);
		*ret = pass;
		if (passed != EXIT_DONE)
			status = round > 0 && passed == EXIT_REFUSED ? EXIT_PART : passed;
		if (!whole || pass.seq == 0 || !status_goes_on(passed))
			break;
		if (bank_read(env->bank, env->os.now(), read_head, &now, &err)) {
			(void)fail(env, &err);
			return EXIT_PART;
		}
		if (now == pass.seq || take_locks(env, true, locks, &err))
			break;
	}
	drop_locks(locks);
	return status;
}

/* ---- the right to command Slurm ---- */

const char checkup_no_right[] = "this bank does not command Slurm from this machine and folder: it "
				"changes nothing in Slurm until `subank adopt` is run";

int checkup_may_command(struct env *env, struct books *books, bool *ret, struct sb_error *err)
{
	char here[PLACE_SIZE], place[PLACE_SIZE];

	TRY(books_machine(books, place, sizeof(place), err));
	*ret = strcmp(place, place_of(env->os.here()->machine, env->store.folder, here)) == 0;
	return SB_OK;
}

struct command_right {
	struct env *env;
	bool granted;
};

static int read_right(struct books *books, void *ctx, struct sb_error *err)
{
	struct command_right *right = ctx;

	return checkup_may_command(right->env, books, &right->granted, err);
}

/* Returns EXIT_DONE or the status of an error, which it prints. */
static int find_right(struct env *env, bool *ret_granted)
{
	struct command_right right = {.env = env};
	struct sb_error err;

	if (bank_read(env->bank, env->os.now(), read_right, &right, &err))
		return fail(env, &err);
	*ret_granted = right.granted;
	return EXIT_DONE;
}

void checkup_note_right(struct env *env)
{
	bool granted;

	if (find_right(env, &granted) == EXIT_DONE && !granted)
		note(env, "%s", checkup_no_right);
}

/* Same as find_right(). Without the right, warns that only a dry run is done. */
static int require_right(struct env *env, bool *ret_granted)
{
	int status = find_right(env, ret_granted);

	if (status == EXIT_DONE && !*ret_granted)
		warning(env, "this bank does not command Slurm from this machine and folder, so "
			     "nothing but a dry run is done: `subank adopt` lets it");
	return status;
}

/* ---- the whole ---- */

static int dry_run(struct env *env, const struct checkup *checkup)
{
	struct pass pass = {.dry = true, .first = true};
	int status = run_pass(env, checkup, &pass);

	note(env, "dry run: nothing was changed");
	return status;
}

int checkup_foresee(struct env *env, const struct clusters *clusters, size_t *ret_held)
{
	struct rules rules = settings_rules(&env->settings);
	/* Restored books are old: a gap since their last check is expected. */
	struct pass pass = {.check = {.rules = &rules,
				      .observations = clusters->list,
				      .observation_count = clusters->count,
				      .all_clusters = true,
				      .clock_ok = true},
			    .dry = true};
	struct foreseen_uses foreseen = {0};
	const bool quiet = env->quiet;
	struct sb_error err;
	int status;

	/* Of a first check only the holds matter here, not each charge. */
	env->quiet = true;
	status = job_meter_run(env, &(struct checkup){0}, clusters, &foreseen, &pass.made);
	env->quiet = quiet;
	pass.check.foreseen = foreseen.list;
	pass.check.foreseen_count = foreseen.count;
	if (status == EXIT_PART)
		status = EXIT_DONE; /* what is missing was reported */
	if (status == EXIT_DONE && bank_write(env->bank, env->os.now(), plan, &pass, &err))
		status = fail(env, &err);
	if (status == EXIT_DONE)
		*ret_held = report_would_hold(env, &pass.check);
	check_release(&pass.check);
	free(foreseen.list);
	return status;
}

int checkup_run(struct env *env, const struct checkup *checkup)
{
	struct sb_error err;
	struct check_locks locks;
	struct pass last = {0};
	bool granted;
	int status = require_right(env, &granted), after = EXIT_DONE;

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
	status = run_locked(env, checkup, &locks, &last);
	if (status_goes_on(status) && publish(env, is_whole(env, checkup)) != EXIT_DONE)
		status = EXIT_PART;
	/* The locks are free again, so the notify command may take its time. It cannot undo what
	 * the check did. */
	if (status_goes_on(status) && notify_run(env) != EXIT_DONE)
		status = EXIT_PART;
	if (status_goes_on(status) && is_whole(env, checkup) && checkup->last)
		status = status_join(status, checkup->last(env, checkup));
	/* A check that failed is shown, too. */
	if (is_whole(env, checkup))
		after = metrics_keep(env, &last.outcome, last.done, status);
	after = status_join(after, metrics_publish(env));
	return status_goes_on(status) ? status_join(status, after) : status;
}

/* Brings Slurm in line with the entries on the accounts. Sets *ret_left if it cannot take the
 * locks.
 */
static int settle(struct env *env, const char *const *accounts, size_t count, bool *ret_left)
{
	const struct checkup checkup = {
		.accounts = accounts, .account_count = count, .settling = true};
	struct check_locks locks;
	struct pass last;
	struct sb_error err;

	if (take_locks(env, false, &locks, &err) == SB_OK)
		return run_locked(env, &checkup, &locks, &last);
	*ret_left = true;
	if (locks.whole_runs)
		return EXIT_DONE;
	warning(env,
		"%s; the entry was recorded, do not run it again; the next check brings Slurm in "
		"line",
		err.text);
	return EXIT_PART;
}

int checkup_after(struct env *env, const char *const *accounts, size_t count, int status)
{
	char names[NAMES_TEXT_SIZE];
	bool granted, left = false;
	int after;

	output_names(names, accounts, count);
	if (option_if_known(env, "no-apply")) {
		note(env, "%s: Slurm is left to the next check (--no-apply)", names);
		return status;
	}
	after = require_right(env, &granted);
	if (after == EXIT_DONE && !granted)
		return EXIT_PART;
	if (after == EXIT_DONE)
		after = settle(env, accounts, count, &left);
	if (left && after == EXIT_DONE)
		note(env, "%s: a check is running; it or the next one brings Slurm in line", names);
	/* The message of the failure may have advised running the command again. */
	else if (!left && after != EXIT_DONE)
		note(env, "the entry was recorded, do not run it again; the next check brings "
			  "Slurm in line");
	/* The entry was recorded, whatever became of Slurm. */
	return after == EXIT_DONE ? status : EXIT_PART;
}

int checkup_pass(struct env *env, const struct checkup *checkup, bool *made)
{
	struct pass pass = {0};
	int status = run_pass(env, checkup, &pass);

	*made |= pass.made;
	return status;
}

int checkup_locked(struct env *env, int (*fn)(struct env *env, void *ctx), void *ctx)
{
	struct check_locks locks;
	struct sb_error err;
	bool granted;
	int status = require_right(env, &granted);

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
