/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "cmd/check/checkup.h"
#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/show/selection.h"
#include "ledger/check/check.h"

struct letting_go {
	char cluster[NAME_SIZE];
	size_t count;
};

static int enter_let_go(struct books *books, void *ctx, struct sb_error *err)
{
	struct letting_go *letting = ctx;
	int rc = check_forget_levers(books, letting->cluster, &letting->count, err);

	if (rc || letting->count > 0)
		return rc;
	return sb_error_set(err, SB_EREFUSED, "the bank has set no limit on %s", letting->cluster);
}

/* The cluster is no more. */
static int let_go(struct env *env, const char *name)
{
	struct letting_go letting;
	struct sb_error err;

	if (name_fold("cluster", name, letting.cluster, &err))
		return fail(env, &err);
	for (size_t i = 0; i < env->settings.cluster_count; i++) {
		if (strcmp(env->settings.clusters[i], letting.cluster) == 0) {
			sb_error_set(&err, SB_EREFUSED,
				     "%s is in the settings: take it out there first",
				     letting.cluster);
			return fail(env, &err);
		}
	}
	if (bank_write(env->bank, env->os.now(), enter_let_go, &letting, &err))
		return fail(env, &err);
	report(env, "limits on %s that the bank had set: %zu, left as they are", letting.cluster,
	       letting.count);
	return EXIT_DONE;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct checkup checkup = {.dry_run = option(env, "dry-run"),
				  .clock_ok = option(env, "clock-ok"),
				  .put_right = option(env, "put-right")};
	struct selection selection;
	int status = selection_read(env, argc, argv, &selection);

	if (status != EXIT_DONE)
		return status;
	if (option(env, "let-go")) {
		status = selection.count > 0 || option(env, "clusters") || checkup.dry_run
				 ? usage(env, "--let-go stands alone")
				 : let_go(env, option(env, "let-go"));
		selection_release(&selection);
		return status;
	}
	checkup.accounts = selection.list;
	checkup.account_count = selection.count;
	status = checkup_run(env, &checkup);
	selection_release(&selection);
	return status;
}

static const struct option_spec options[] = {
	{"accounts", 'A', "ACCOUNTS", "these accounts, with commas between them"},
	{"dry-run", 0, NULL, "say what would be done and do nothing"},
	{"put-right", 0, NULL, "set limits again that somebody changed by hand"},
	{"let-go", 0, "CLUSTER", "forget the limits set on a cluster that is no more"},
	{"clock-ok", 0, NULL, "the clock is right, the last check was long ago"},
	{NULL, 0, NULL, NULL},
};

static const struct example examples[] = {
	{"subank check", "as the timer does"},
	{"subank check --dry-run", "what it would do, and whom it would hold"},
	{"subank check physics", "one account"},
	{"subank check --let-go beta", "cluster beta is no more"},
	{NULL, NULL},
};

const struct command cmd_check = {
	.name = "check",
	.arguments = "[ACCOUNT...]",
	.summary = "charge what was used, hold who has spent it, release who may run",
	.details =
		"The main job, for cron or a timer, as often as every minute. Reads from Slurm "
		"what each account used, charges the difference to the last reading, holds "
		"accounts that have nothing left, or use something without ever having had money "
		"(their jobs no longer start, those that run go on), and releases those that "
		"have. Lets what is left of an ended window "
		"expire, and says once what crossed a threshold or ends soon. Run again with "
		"nothing new, it does nothing.\n"
		"What is charged counts at once, and has its entry when something hangs on it, "
		"or an hour later at most (`charge_minutes` in the settings).\n"
		"At last it runs the settings' notify command, if there is one, once for each "
		"crossing (of several at once the highest), end, hold and release: without a "
		"shell, and with one JSON object on "
		"its standard input, which is the entry as `subank journal --json` prints it "
		"with what the account has now as `balance`. What fails (a status other than "
		"0, or too slow) is told again at the next check. It has the environment that the "
		"check was started with, but for LC_ALL, which is C. "
		"`subank doctor --test` runs it with a message of the kind `test`. Started by the "
		"timer it may "
		"write to " DEFAULT_BANK ", " DEFAULT_PUBLIC
		" (what users see) and below /var/spool, "
		"where mail waits, and nowhere else until `systemctl edit "
		"subank-check.service` says so.\n"
		"It also names accounts of Slurm that have used something and are not in the "
		"bank; those below one that is are inside its budget.\n"
		"A limit that somebody changed by hand while an account is held is left, and "
		"every check says so; --put-right sets it again, and `drift: restore` in the "
		"settings always does.\n"
		"When Slurm's usage goes down, nothing is charged and nothing credited: "
		"counting goes on from the new value, and both values are said. When an account "
		"moves below another parent, what it used before stays with the accounts that "
		"were above it.\n"
		"A row of Slurm's answer that cannot be read (a RawUsage of nan, say) costs its "
		"account alone: the row is named, nothing is charged to that account, and once it "
		"can be read all of it is.\n"
		"A cluster that is no more is taken out of the settings, and --let-go forgets "
		"the limits that were set there.\n"
		"If no check ran for more than a week, the next one does nothing until you "
		"have looked at the clock and run it with --clock-ok once: what is entered "
		"with a clock that is ahead bars every entry after it.",
	.problems = "a cluster did not answer, or something needs a look",
	.examples = examples,
	.see_also = "hold release reset doctor",
	.max_args = -1,
	.flags = CMD_PUBLISHES | CMD_WRITE | CMD_SLURM,
	.options = options,
	.run = run,
};
