/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/correction.h"
#include "cmd/enter/refund_jobs.h"
#include "cmd/verbs/verb.h"
#include "ledger/base/amount.h"
#include "ledger/base/number.h"

/* Reads "50%". Returns false if it is not a percentage from 1 to 100. */
static bool read_percent(const char *text, int *ret)
{
	int64_t value;
	const char *end = number_prefix(text, 1, 100, &value);

	if (!end || strcmp(end, "%") != 0 || strlen(text) > 4)
		return false;
	*ret = (int)value;
	return true;
}

/* With --job or --state the arguments name no entry, only how much of each charge. */
static int run_jobs(struct env *env, int argc, const char *const argv[])
{
	int percent = 0;

	if (argc > 1 ||
	    (argc == 1 && strcmp(argv[0], "all") != 0 && !read_percent(argv[0], &percent)))
		return usage(
			env,
			"--job and --state find the charges: name no entry, and no amount but a "
			"percentage or `all`");
	return refund_jobs(env, percent);
}

static int run_entry(struct env *env, int argc, const char *const argv[])
{
	static const char *const for_jobs[] = {"run",	"all-runs", "since",
					       "until", "dry-run",  "accounts"};
	struct correction correction = {.refund = true};
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
		correction.text = argv[1];
	}
	return correction_post(env, &correction, argv[0], how);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	return refund_jobs_asked(env) ? run_jobs(env, argc, argv) : run_entry(env, argc, argv);
}

const struct command cmd_refund = {
	.name = "refund",
	.arguments = "[ENTRY] [SU|PERCENT%|all]",
	.summary = "give back what an entry charged",
	.details =
		"ENTRY is a charge. Without an amount everything is given back that was not "
		"before; a percentage is of the charge, cut to whole billing-seconds. More than "
		"was charged is refused. --note with the reason is required.\n"
		"Debt is paid first. The rest goes back to the money that the charge was taken "
		"from; money that ends last gets it first. If a window of that money has ended, "
		"give --end (and --start) for a new one; otherwise the refund is refused.\n"
		"Debt that another account took over since (`subank rename`, `subank merge`) is "
		"given back to that account.\n"
		"Under `meter: jobs`, --job finds the charges of a job, to its account and to "
		"those above it, of SU and of other resources, and --state with --since finds "
		"those of all jobs that ended in a state. The refunds are shown first, each charge "
		"in a row and a sum for each resource in which a job counts once although several "
		"accounts were charged for it; then subank asks, "
		"unless --immediate is given. All are recorded together or none. A second run "
		"leaves out charges that were given back before (with a percentage, also those "
		"given back in part). A requeued job has a charge for each run, and job ids recur: "
		"choose by --run or take --all-runs if there are several. `free_states` in the "
		"settings is for states that are never charged.\n"
		"Under `meter: rawusage` no charge belongs to a job: refund a part of a charge.\n"
		"Columns: Entry, Account, Job, User, State, Submit, Refund; with --format also "
		"End, Charged, Unit, Resource.",
	.examples = EXAMPLES(
		{"subank journal physics --kind charge --last 10", "find the charge"},
		{"subank refund 4711 --note \"node c12 failed\"", "all of it"},
		{"subank refund 4711 50% --note \"half of it\"", "half of it"},
		{"subank refund --job dev/12_3 --note \"disk full\"", "the charges of a job"},
		{"subank refund --state NODE_FAIL --since now-1day --note c12",
		 "after a bad night"}),
	.see_also = "reverse journal",
	.max_args = 2,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM | CMD_ASK | CMD_LIST,
	.options = refund_jobs_options,
	.run = run,
};
