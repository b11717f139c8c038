/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/clusters.h"
#include "cmd/enter/batch.h"
#include "cmd/enter/money.h"
#include "cmd/verbs/verb.h"
#include "ledger/base/amount.h"
#include "ledger/base/nearest.h"

struct opening {
	struct deposit deposit; /* of amount 0: none */
	const struct clusters *clusters;
	bool from_zero;
};

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct opening *opening = posting->ctx;
	struct event event = {.kind = EVENT_OPEN, .account = posting->account};
	const struct account *account;
	int rc = books_account(books, posting->account, &account, NULL);

	if (!purse_is_account(posting->account))
		TRY(check_owner(books, posting->account, err));
	if (rc == SB_OK && account->open)
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' is open already: `subank deposit` puts money in",
				    posting->account);
	if (rc == SB_OK && opening->from_zero)
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' was in the bank before, and its use since then "
				    "is charged: leave --from-zero out",
				    posting->account);
	TRY(post_append(posting, books, &event, err));
	TRY(check_record_baselines(books, posting->account, opening->clusters->list,
				   opening->clusters->count, opening->from_zero, err));
	done_add(posting, "opened %s", posting->account);
	if (opening->deposit.amount == 0)
		return SB_OK;
	done_add(posting, " with ");
	return append_deposit(posting, books, &opening->deposit, false, err);
}

/* Returns whether a cluster has the account, or may have it. */
static bool may_exist(const struct clusters *clusters, const char *name)
{
	char account[NAME_SIZE];

	for (size_t i = 0; i < clusters->count; i++) {
		if (observation_find(&clusters->list[i], purse_account(account, name)))
			return true;
	}
	return clusters->count == 0 || clusters->silent > 0;
}

/* Returns whether what the account has used so far cannot be read on a cluster. */
static bool odd_usage(const struct clusters *clusters, const char *name)
{
	for (size_t i = 0; i < clusters->count; i++) {
		const struct observed *row = observation_purse(&clusters->list[i], name);

		if (row && row->odd_usage)
			return true;
	}
	return false;
}

/* Returns the clusters' account that is spelt most like [name]; NULL when none is. */
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

/* Whether a cluster counts the resource of a purse. */
static bool is_counted(const struct clusters *clusters, const char *purse)
{
	for (size_t i = 0; i < clusters->count; i++) {
		const struct observation *cluster = &clusters->list[i];

		for (size_t j = 0; j < cluster->purse_count; j++) {
			if (strcmp(cluster->purses[j].resource, purse_resource(purse)) == 0)
				return true;
		}
	}
	return false;
}

/* Refuses a budget of a TRES that no cluster counts; of a resource that is none, only with
 * --from-zero. */
static int refuse_uncounted(const struct opening *opening, struct env *env, const char *purse)
{
	const char *resource = purse_resource(purse);
	char tres[RESOURCE_SIZE];

	if (!opening->from_zero && !resource_lever(resource, tres))
		return EXIT_DONE;
	warning(env,
		"%s was not opened: no cluster counts %s: name it in AccountingStorageTRES of "
		"slurm.conf%s",
		purse, resource,
		opening->from_zero ? ", or leave --from-zero out"
				   : "; --later opens it all the same");
	return EXIT_REFUSED;
}

/* Asks Slurm, and refuses an account that it does not have or whose use cannot be read. */
static int check_slurm(const struct posting *posting, struct opening *opening,
		       struct clusters *clusters)
{
	struct env *env = posting->env;
	const char *name = posting->account;
	enum observing observing = purse_is_account(name) ? OBSERVE_USE : OBSERVE_EVERYTHING;
	int status = env->batch ? batch_observe(env) : clusters_observe(env, observing, clusters);

	opening->clusters = env->batch ? &env->batch->clusters : clusters;
	if (status == EXIT_REFUSED || option(env, "later"))
		return status == EXIT_REFUSED ? status : EXIT_DONE;
	if (status != EXIT_DONE || opening->clusters->silent ||
	    (!opening->from_zero && odd_usage(opening->clusters, name))) {
		warning(env,
			"account '%s' was not opened: its present use in Slurm, where counting "
			"starts, could not be read; try again, or use --later: then the next check "
			"records it",
			name);
		return EXIT_REFUSED;
	}
	if (!may_exist(opening->clusters, name))
		return refuse_unknown(env, opening->clusters, name);
	return purse_is_account(name) || is_counted(opening->clusters, name)
		       ? EXIT_DONE
		       : refuse_uncounted(opening, env, name);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct opening opening = {.from_zero = option(env, "from-zero")};
	struct posting posting = {.env = env, .plan = plan, .ctx = &opening};
	struct clusters clusters = {0};
	struct sb_error err;
	char name[NAME_SIZE];
	int status = posting_begin(&posting, argv[0]);

	if (status == EXIT_DONE && purse_user(posting.account))
		return usage(env, "`open` does not make a user's share: use `subank share ACCOUNT "
				  "USER SU`, with --resource for a resource other than SU");
	if (status == EXIT_DONE)
		status = window_read(env, &opening.deposit.window);
	if (status != EXIT_DONE)
		return status;
	if (window_given(&opening.deposit.window) && argc == 1)
		return usage(env, "--start and --end are for the first deposit: give its SU");
	if (opening.from_zero && option(env, "later"))
		return usage(env, "--from-zero and --later exclude each other: --from-zero needs "
				  "the present use");
	if (!settings_has_account(&env->settings, purse_account(name, posting.account))) {
		warning(env,
			"account '%s' does not belong to the bank: %s; correct `accounts:` in the "
			"settings if it should",
			posting.account,
			env->settings.account_count
				? "no pattern of `accounts:` in the settings matches it"
				: "root stands for the whole cluster");
		return EXIT_REFUSED;
	}
	if (argc > 1 && amount_read(&posting, argv[1], false, &opening.deposit.amount, &err))
		return fail(env, &err);
	request_add(&posting, " %" PRId64 "s%s", opening.deposit.amount,
		    opening.from_zero ? " from-zero" : "");
	window_request(&opening.deposit.window, &posting);
	if (post_recorded(&posting))
		return post(&posting);
	if (argc > 1)
		status = amount_confirm(&posting, argv[1], opening.deposit.amount);
	if (status == EXIT_DONE)
		status = check_slurm(&posting, &opening, &clusters);
	if (status == EXIT_DONE)
		status = post(&posting);
	clusters_release(&clusters);
	return status;
}

const struct command cmd_open = {
	.name = "open",
	.arguments = "ACCOUNT [SU]",
	.summary = "start to keep books for an account of Slurm",
	.details =
		"The account must exist in Slurm (`sacctmgr show account`), unless --later is "
		"given. Counting starts now: earlier use is not charged, unless --from-zero is "
		"given. SU is a first deposit, made in the same step, with --start and --end as "
		"for `subank deposit`. A closed account is opened again. Without SU, its first use "
		"holds it (`without_money` in the settings).\n"
		"An account inside another one of the bank is a budget of its own, and its use "
		"counts in both.\n"
		"With --resource it opens a budget of that resource for an account that is open in "
		"the bank; SU is then an amount in the unit of the resource, such as GPU-hours. A "
		"name that is no TRES of Slurm, such as `storage`, stands for something that only "
		"`subank charge` charges.",
	.examples = EXAMPLES(
		{"subank open physics 10000", "an allowance without an end"},
		{"subank open chemistry 2500 --end 2028-01-01", "until the end of 2027"},
		{"subank open biology --from-zero", "without money yet; earlier use counts"}),
	.see_also = "deposit close terms",
	.min_args = 1,
	.max_args = 2,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM | CMD_ASK,
	.options = OPTIONS({"from-zero", 0, NULL, "also charge what was used before"},
			   {"later", 0, NULL, "open it although Slurm lacks it or does not answer"},
			   WINDOW_OPTIONS, RESOURCE_OPTION),
	.run = run,
};
