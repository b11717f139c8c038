/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/checkup.h"
#include "cmd/enter/requests.h"
#include "cmd/show/selection.h"
#include "cmd/verbs/verb.h"
#include "ledger/check/queue.h"

struct letting_go {
	char cluster[NAME_SIZE];
	size_t count;
	size_t jobs; /* queued ones that are away */
};

static int record_let_go(struct books *books, void *ctx, struct sb_error *err)
{
	struct letting_go *letting = ctx;

	TRY(queue_forget(books, letting->cluster, &letting->jobs, err));
	TRY(check_forget_levers(books, letting->cluster, &letting->count, err));
	if (letting->count + letting->jobs > 0)
		return SB_OK;
	return sb_error_set(err, SB_EREFUSED, "the bank has set no limit on %s", letting->cluster);
}

/* Forgets the limits on a cluster that no longer exists. */
static int let_go(struct env *env, const char *name)
{
	struct letting_go letting;
	struct sb_error err;

	if (name_fold("cluster", name, letting.cluster, &err))
		return fail(env, &err);
	for (size_t i = 0; i < env->settings.cluster_count; i++) {
		if (strcmp(env->settings.clusters[i], letting.cluster) == 0) {
			sb_error_set(&err, SB_EREFUSED,
				     "%s is in the settings: remove it there first",
				     letting.cluster);
			return fail(env, &err);
		}
	}
	if (bank_write(env->bank, env->os.now(), record_let_go, &letting, &err))
		return fail(env, &err);
	report(env, "limits on %s that the bank had set: %zu, left as they are", letting.cluster,
	       letting.count);
	if (letting.jobs > 0)
		report(env, "queued jobs there that were in another QOS: %zu, forgotten",
		       letting.jobs);
	return EXIT_DONE;
}

/* Takes requests at the end: by then the money that was used is charged, and the tree of accounts
 * is Slurm's. */
static int take_requests(struct env *env, const struct checkup *checkup)
{
	return requests_take(env, checkup->began, checkup->clock_ok);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct checkup checkup = {.dry_run = option(env, "dry-run"),
				  .clock_ok = option(env, "clock-ok"),
				  .put_right = option(env, "put-right"),
				  .last = take_requests,
				  .began = env->os.now()};
	struct selection selection;
	int status = selection_read(env, argc, argv, &selection);

	if (status != EXIT_DONE)
		return status;
	checkup.accounts = selection.list;
	checkup.account_count = selection.count;
	if (!option(env, "let-go"))
		status = checkup_run(env, &checkup);
	else if (selection.count > 0 || option(env, "clusters") || checkup.dry_run)
		status = usage(env, "--let-go goes without accounts, --clusters and --dry-run");
	else
		status = let_go(env, option(env, "let-go"));
	selection_release(&selection);
	return status;
}

const struct command cmd_check = {
	.name = "check",
	.arguments = "[ACCOUNT...]",
	.summary = "charge use, hold accounts without funds, release funded ones",
	.details =
		"The main job, for cron or a timer, as often as every minute. It reads from Slurm "
		"what each account used and charges the difference to the last reading. It holds "
		"accounts that have nothing left, or that use something without ever having had "
		"money (new jobs no longer start, running ones go on), and releases those that "
		"have funds again. It expires what is left of ended windows, and reports once each "
		"threshold that is crossed and each window that ends soon. Without news a second "
		"check does nothing.\n"
		"A charge counts at once. Its entry is recorded when another decision depends on "
		"it, and after an hour at the latest (`charge_minutes` in the settings).\n"
		"At the end the check runs the settings' notify command, if there is one, once for "
		"each crossed threshold (of several at once the highest), end, hold, release and "
		"closing of an account: "
		"without a shell, and with one JSON object on its standard input. The object is "
		"the entry as `subank journal --json` prints it, with the account's present funds "
		"as `balance`, which also has the account's `state` (as in `subank balance`) and, "
		"as `scavenger_qos`, the QOS whose jobs start while it is spent under `scavenge`. "
		"A notice that fails (a status other than 0, or a timeout) is sent "
		"again at the next check. The command has the environment of the check, except "
		"that LC_ALL is C. `subank doctor --test` runs it with a message of the kind "
		"`test`. Under the timer it may write to " DEFAULT_BANK ", " DEFAULT_PUBLIC " "
		"(what users see) and below /var/spool, where mail waits; for other places use "
		"`systemctl edit subank-check.service`.\n"
		"With `submission: warn` or `refuse` in the settings, it also reads the factors of "
		"QOS and writes the file that slurmctld reads when jobs are submitted: "
		"subank-submit(7).\n"
		"It also names accounts of Slurm that have used something and are not in the bank; "
		"those below an account of the bank are inside its budget.\n"
		"An account that was renamed or merged is checked together with the one that took "
		"it over.\n"
		"If somebody changed a limit by hand while an account is held, the check leaves it "
		"and reports it each time; --put-right sets it again, and `drift: restore` in the "
		"settings always does.\n"
		"When Slurm's usage goes down, the check charges and credits nothing, reports both "
		"values, and counts on from the new one. When an account moves below another "
		"parent, its earlier use stays with the accounts that were above it.\n"
		"A row of Slurm's answer that cannot be read (a RawUsage of nan, say) affects only "
		"its account: the check names the row and charges nothing to that account; once "
		"the row can be read, it charges everything.\n"
		"With `queued_jobs: move` in the settings it then moves queued jobs of spent "
		"accounts under `scavenge` to the scavenger QOS, and moves jobs back when "
		"their accounts have funds again: subank(7) explains which.\n"
		"Remove a cluster that no longer exists from the settings, and make the bank "
		"forget the limits set and the queued jobs moved there, with --let-go.\n"
		"If no check ran for more than a week, the next one does nothing until you have "
		"checked the clock and run it with --clock-ok once: an entry that is made with a "
		"clock ahead of time blocks every entry after it.",
	.problems = "a cluster did not answer, or something needs attention",
	.examples = EXAMPLES({"subank check", "what the timer runs"},
			     {"subank check --dry-run",
			      "show what it would do, and which accounts it would hold"},
			     {"subank check physics", "one account"},
			     {"subank check --let-go beta", "cluster beta no longer exists"}),
	.see_also = "hold release reset doctor",
	.max_args = -1,
	.flags = CMD_PUBLISHES | CMD_WRITE | CMD_SLURM,
	.options =
		OPTIONS({"accounts", 'A', "ACCOUNTS", "only these accounts, separated by commas"},
			{"dry-run", 0, NULL, "show what would be done, and do nothing"},
			{"put-right", 0, NULL, "set limits again that were changed by hand"},
			{"let-go", 0, "CLUSTER", "forget limits and queued jobs of a lost cluster"},
			{"clock-ok", 0, NULL, "the clock is right, the last check was long ago"}),
	.run = run,
};
