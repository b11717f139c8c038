/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/in_slurm.h"
#include "cmd/enter/money.h"
#include "cmd/verbs/verb.h"
#include "ledger/base/amount.h"

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
	if (rc == SB_OK && *account->successor)
		return sb_error_set(
			err, SB_EREFUSED,
			"account '%s' was renamed or merged, and what its jobs still use "
			"is for '%s': choose another name for another project",
			posting->account, account->successor);
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

/* Asks Slurm, and refuses an account that it does not have or whose use cannot be read. */
static int check_slurm(const struct posting *posting, struct opening *opening,
		       struct clusters *clusters)
{
	const char *name = posting->account;
	char undone[NAME_SIZE + 32], does[NAME_SIZE + 16];
	const struct intent intent = {
		.undone = undone, .does = does, .from_zero = opening->from_zero};

	(void)snprintf(undone, sizeof(undone), "account '%s' was not opened", name);
	(void)snprintf(does, sizeof(does), "opens '%s'", name);
	return in_slurm(posting->env, name, &intent, clusters, &opening->clusters);
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
	status = account_admitted(env, purse_account(name, posting.account));
	if (status != EXIT_DONE)
		return status;
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
		"counts in both. If Slurm's tree changed above or below the account since the last "
		"check, run `subank check` first.\n"
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
