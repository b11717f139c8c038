/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/enter/correction.h"
#include "cmd/enter/refund_jobs.h"
#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "ledger/base/amount.h"

/* Reads "50%"; false if it is not one from 1 to 100. */
static bool read_percent(const char *text, int *ret)
{
	size_t digits = strspn(text, "0123456789");
	int value = 0;

	if (digits == 0 || digits > 3 || strcmp(text + digits, "%") != 0)
		return false;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (text[i] - '0');
	if (value < 1 || value > 100)
		return false;
	*ret = value;
	return true;
}

/* With --job or --state no entry is named, only how much of each. */
static int run_jobs(struct env *env, int argc, const char *const argv[])
{
	int percent = 0;

	if (argc > 1 ||
	    (argc == 1 && strcmp(argv[0], "all") != 0 && !read_percent(argv[0], &percent)))
		return usage(env,
			     "with --job and --state the charges are found: name no entry, and no "
			     "amount but a percentage or `all`");
	return refund_jobs(env, percent);
}

static int run_entry(struct env *env, int argc, const char *const argv[])
{
	static const char *const for_jobs[] = {"run",	"all-runs", "since",
					       "until", "dry-run",  "accounts"};
	struct correction correction = {.refund = true};
	struct sb_error err;
	char how[32] = "all";

	for (size_t i = 0; i < sizeof(for_jobs) / sizeof(for_jobs[0]); i++) {
		if (option(env, for_jobs[i]))
			return usage(env, "--%s goes with --job or --state", for_jobs[i]);
	}
	if (argc == 0)
		return usage(env, "refund needs ENTRY, --job or --state");
	if (argc > 1 && strchr(argv[1], '%')) {
		if (!read_percent(argv[1], &correction.percent))
			return usage(env, "'%s' is not a whole percentage from 1%% to 100%%",
				     argv[1]);
		(void)snprintf(how, sizeof(how), "%d%%", correction.percent);
	} else if (argc > 1 && strcmp(argv[1], "all") != 0) {
		if (amount_parse(argv[1], &correction.amount, &err))
			return fail(env, &err);
		(void)snprintf(how, sizeof(how), "%" PRId64 "s", correction.amount);
	}
	return correction_post(env, &correction, argv[0], how);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	return refund_jobs_asked(env) ? run_jobs(env, argc, argv) : run_entry(env, argc, argv);
}

static const struct example examples[] = {
	{"subank journal physics --kind charge --last 10", "find the charge"},
	{"subank refund 4711 --note \"node c12 failed\"", "all of it"},
	{"subank refund 4711 50% --note \"half of it\"", "in part"},
	{"subank refund --job dev/12_3 --note \"disk full\"", "a job"},
	{"subank refund --state NODE_FAIL --since now-1day --note c12", "after a bad night"},
	{NULL, NULL},
};

const struct command cmd_refund = {
	.name = "refund",
	.arguments = "[ENTRY] [SU|PERCENT%|all]",
	.summary = "give back what an entry charged",
	.details = "ENTRY is a charge. Without an amount all of it is given back that was not "
		   "before; a percentage is of what was charged, cut to whole billing-seconds. "
		   "More than was charged is refused. --note says why and is needed.\n"
		   "Debt is paid first. The rest goes back to what the charge was taken from, "
		   "what ends last, first. If a window of that has ended, give --end (and "
		   "--start) for a new one; without, it is refused.\n"
		   "Under `meter: jobs` the charges of a job, to its account and to those above "
		   "it, are found by --job, and those of all jobs that ended in a state by "
		   "--state and --since. What would be refunded is shown first, each charge in a "
		   "row and in all as it was used: once where several accounts were charged for a "
		   "job; then you are "
		   "asked, or with --immediate not. All are entered together or none. Run again, "
		   "it leaves out what was given back before (with a percentage, also what was in "
		   "part). A job that was requeued has a charge for each run, and ids recur: "
		   "where there are several, choose by --run or take --all-runs. `free_states` in "
		   "the settings is for states that are never charged.\n"
		   "Under `meter: rawusage` no charge belongs to a job: refund a part of one.\n"
		   "Columns: Entry, Account, Job, User, State, Submit, Refund; with --format also "
		   "End, Charged.",
	.examples = examples,
	.see_also = "reverse journal",
	.min_args = 0,
	.max_args = 2,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM | CMD_ASK | CMD_LIST,
	.options = refund_jobs_options,
	.run = run,
};
