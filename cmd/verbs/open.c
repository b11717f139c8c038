/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>

#include "cmd/check/clusters.h"
#include "cmd/enter/batch.h"
#include "cmd/enter/money.h"
#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "ledger/base/amount.h"
#include "ledger/base/nearest.h"

struct opening {
	int64_t amount; /* 0: no deposit */
	const struct clusters *clusters;
	bool from_zero;
	struct window window;
};

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct opening *opening = posting->ctx;
	struct event event = {.kind = EVENT_OPEN, .account = posting->account};
	const struct account *account;
	int rc = books_account(books, posting->account, &account, NULL);

	if (rc == SB_OK && account->open)
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' is open already: `subank deposit` puts money in",
				    posting->account);
	if (rc == SB_OK && opening->from_zero)
		return sb_error_set(
			err, SB_EREFUSED,
			"account '%s' was in the bank before, and what it used since is "
			"charged: leave --from-zero out",
			posting->account);
	stamp(posting, &event);
	rc = books_append(books, &event, err);
	if (!rc)
		rc = check_record_baselines(books, posting->account, opening->clusters->list,
					    opening->clusters->count, opening->from_zero, err);
	(void)snprintf(posting->done, sizeof(posting->done), "opened %s%s", posting->account,
		       opening->amount ? " with " : "");
	if (!rc && opening->amount > 0)
		rc = append_deposit(posting, books, opening->amount, &opening->window, false, err);
	return rc;
}

static bool known(const struct clusters *clusters, const char *name)
{
	for (size_t i = 0; i < clusters->count; i++) {
		if (observation_find(&clusters->list[i], name))
			return true;
	}
	return clusters->count == 0 || clusters->silent > 0;
}

/* Whether what the account used so far cannot be read on a cluster. */
static bool odd_usage(const struct clusters *clusters, const char *name)
{
	for (size_t i = 0; i < clusters->count; i++) {
		const struct observed *row = observation_find(&clusters->list[i], name);

		if (row && row->odd_usage)
			return true;
	}
	return false;
}

/* The clusters' account that is nearest to [name]; NULL when none is near. */
static const char *alike(const struct clusters *clusters, const char *name)
{
	const char *best = NULL;
	size_t distance = NEAREST_NONE;

	for (size_t i = 0; i < clusters->count; i++) {
		const struct observation *cluster = &clusters->list[i];

		for (size_t j = 0; j < cluster->count; j++) {
			if (name_ok(cluster->rows[j].account) &&
			    nearer(name, cluster->rows[j].account, &distance))
				best = cluster->rows[j].account;
		}
	}
	return best;
}

struct finding_open {
	const char *name;
	bool open; /* in the bank */
};

static int find_open(struct books *books, void *ctx, struct sb_error *err)
{
	struct finding_open *finding = ctx;
	const struct account *account;
	int rc = books_find(books, finding->name, &account, err);

	finding->open = !rc && account->open;
	return rc == SB_ENOTFOUND ? SB_OK : rc;
}

static int refuse_unknown(struct env *env, const struct clusters *clusters, const char *name)
{
	const char *meant = alike(clusters, name);
	struct finding_open finding = {.name = meant};
	char hint[2 * NAME_SIZE + 64] = "";
	struct sb_error err;

	if (meant && !(env->batch && env->batch->books) &&
	    bank_read(env->bank, env->os.now(), find_open, &finding, &err))
		return fail(env, &err);
	if (meant && finding.open)
		(void)snprintf(hint, sizeof(hint), "did you mean '%s', which is open already? ",
			       meant);
	else if (meant)
		(void)snprintf(hint, sizeof(hint), "did you mean '%s'? `subank open %s` opens it; ",
			       meant, meant);
	warning(env,
		"account '%s' was not opened: no cluster has an account of that name: %s--later "
		"opens '%s' all the same",
		name, hint, name);
	return EXIT_REFUSED;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct posting posting = {.env = env, .plan = plan};
	struct opening opening = {.from_zero = option(env, "from-zero")};
	struct clusters clusters = {0};
	char name[NAME_SIZE];
	struct sb_error err;
	int status = read_account(env, argv[0], name);

	if (status == EXIT_DONE)
		status = window_read(env, &opening.window);
	if (status != EXIT_DONE)
		return status;
	if (window_given(&opening.window) && argc == 1)
		return usage(env, "--start and --end are for the first deposit: give its SU");
	if (opening.from_zero && option(env, "later"))
		return usage(env,
			     "--from-zero and --later exclude each other: what was used is asked "
			     "now");
	if (!settings_has_account(&env->settings, name)) {
		warning(env,
			"account '%s' does not belong to the bank: %s; correct `accounts:` in the "
			"settings if it should",
			name,
			env->settings.account_count
				? "no pattern of `accounts:` in the settings matches it"
				: "root stands for the whole cluster");
		return EXIT_REFUSED;
	}
	if (argc > 1 && amount_parse(argv[1], &opening.amount, &err))
		return fail(env, &err);
	posting.account = name;
	posting.ctx = &opening;
	(void)snprintf(posting.request, sizeof(posting.request), "open %s %" PRId64 "s%s", name,
		       opening.amount, opening.from_zero ? " from-zero" : "");
	window_request(&opening.window, posting.request);
	if (post_entered(&posting))
		return post(&posting);
	if (argc > 1)
		status = amount_confirm(&posting, argv[1], opening.amount);
	if (status != EXIT_DONE)
		return status;
	opening.clusters = env->batch ? &env->batch->clusters : &clusters;
	status = env->batch ? batch_observe(env) : clusters_observe(env, OBSERVE_USE, &clusters);
	if (status == EXIT_REFUSED)
		return status;
	if ((status != EXIT_DONE || opening.clusters->silent ||
	     (!opening.from_zero && odd_usage(opening.clusters, name))) &&
	    !option(env, "later")) {
		warning(env,
			"account '%s' was not opened: where counting starts is not known; try "
			"again, or use --later and the next check enters it",
			name);
		status = EXIT_REFUSED;
	} else if (!known(opening.clusters, name) && !option(env, "later")) {
		status = refuse_unknown(env, opening.clusters, name);
	} else {
		status = post(&posting);
	}
	clusters_release(&clusters);
	return status;
}

static const struct option_spec options[] = {
	{"from-zero", 0, NULL, "charge the use from before, too"},
	{"later", 0, NULL, "open also what Slurm lacks yet, or while it is silent"},
	WINDOW_OPTIONS,
	{NULL, 0, NULL, NULL},
};

static const struct example examples[] = {
	{"subank open physics 10000", "an allowance without an end"},
	{"subank open chemistry 2500 --end 2028-01-01", "until the end of 2027"},
	{"subank open biology --from-zero", "without money yet; use from before counts"},
	{NULL, NULL},
};

const struct command cmd_open = {
	.name = "open",
	.arguments = "ACCOUNT [SU]",
	.summary = "begin to keep books for an account of Slurm",
	.details = "The account must exist in Slurm (`sacctmgr show account`), unless --later is "
		   "given. Counting starts now: what it used before is not charged, unless "
		   "--from-zero is given. SU is "
		   "a first deposit, made in the same step, with --start and --end as for "
		   "`subank deposit`. An account that was closed is opened again. "
		   "Without SU, its first use holds it (`without_money` in the settings).\n"
		   "An account inside another one of the bank is a budget of its own, and what it "
		   "uses counts in both.",
	.examples = examples,
	.see_also = "deposit close terms",
	.min_args = 1,
	.max_args = 2,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM | CMD_ASK,
	.options = options,
	.run = run,
};
