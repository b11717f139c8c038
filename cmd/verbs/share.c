/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/clusters.h"
#include "cmd/enter/allocation.h"
#include "cmd/verbs/verb.h"
#include "ledger/base/amount.h"
#include "ledger/base/number.h"
#include "ledger/check/shares.h"

struct giving {
	char account[NAME_SIZE]; /* the account's purse of the resource */
	const char *amount_text;
	struct deposit to; /* for a percentage the plan fills in [amount] */
	int64_t percent; /* of what the account is allocated; 0: an amount */
	bool none; /* the share is to end */
	const struct clusters *clusters; /* with the user's present use */
	char note[2 * QUANTITY_SIZE];
	/* As the bank has it: */
	bool open, same;
};

/* Works out the amount and, without --end, the end: that of the account's money that ends last. */
static int measure(const struct env *env, struct books *books, struct giving *giving,
		   struct sb_error *err)
{
	const struct account *account;
	char text[QUANTITY_SIZE];
	int64_t allocated;
	int rc = books_find(books, giving->account, &account, err);

	/* The account need not have a budget of the share's resource. */
	if (rc == SB_ENOTFOUND && !giving->percent)
		return SB_OK;
	TRY(books_account(books, giving->account, &account, err));
	giving->to.window.default_end = shares_end(account, books_time(books));
	if (!giving->percent)
		return SB_OK;
	TRY(account_allocated(account, &allocated, err));
	if (allocated == 0)
		return sb_error_set(err, SB_EREFUSED,
				    "'%s' is allocated nothing now, of which a percentage could be "
				    "taken: give an amount",
				    giving->account);
	giving->to.amount = (int64_t)((__int128)allocated * giving->percent / 100);
	(void)snprintf(giving->note, sizeof(giving->note), "%" PRId64 "%% of %s", giving->percent,
		       quantity(env, text, giving->account, allocated));
	return SB_OK;
}

/* Ends the share. */
static int end_share(struct posting *posting, struct books *books, struct sb_error *err)
{
	struct event event = {.kind = EVENT_CLOSE, .account = posting->account};
	const struct account *account;
	int rc = books_find(books, posting->account, &account, err);

	if (rc == SB_ENOTFOUND || (rc == SB_OK && !account->open))
		return sb_error_set(err, SB_EREFUSED, "there is no share '%s'", posting->account);
	TRY(rc);
	done_add(posting, "ended the share %s", posting->account);
	return post_append(posting, books, &event, err);
}

static int open_share(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct giving *giving = posting->ctx;
	struct event event = {.kind = EVENT_OPEN, .account = posting->account};

	if (!giving->clusters)
		return sb_error_set(err, SB_EREFUSED,
				    "the share '%s' was ended meanwhile: try again",
				    posting->account);
	TRY(post_append(posting, books, &event, err));
	TRY(check_record_baselines(books, posting->account, giving->clusters->list,
				   giving->clusters->count, false, err));
	done_add(posting, "opened %s, ", posting->account);
	return SB_OK;
}

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	struct giving *giving = posting->ctx;
	const struct account *account;
	int64_t allocated;
	int rc;

	if (giving->none)
		return end_share(posting, books, err);
	TRY(check_owner(books, posting->account, err));
	TRY(measure(posting->env, books, giving, err));
	TRY(amount_check_requested(posting, giving->to.amount, err));
	posting->note = giving->percent ? giving->note : NULL;
	rc = books_find(books, posting->account, &account, err);
	if (rc && rc != SB_ENOTFOUND)
		return rc;
	if (rc == SB_OK && account->open)
		return append_allocation(posting, books, &giving->to, true, err);
	TRY(open_share(posting, books, err));
	TRY(books_account(books, posting->account, &account, err));
	TRY(account_allocated(account, &allocated, err));
	/* Opened again, with what it had, or with 0. */
	if (allocated == giving->to.amount) {
		char text[QUANTITY_SIZE];

		done_add(posting, "set to %s",
			 quantity(posting->env, text, posting->account, allocated));
		return SB_OK;
	}
	return append_allocation(posting, books, &giving->to, false, err);
}

struct finding_share {
	struct posting *posting;
	struct giving *giving;
};

/* Finds whether the bank has the share, and whether it has the same amount already. */
static int find(struct books *books, void *ctx, struct sb_error *err)
{
	const struct finding_share *finding = ctx;
	struct giving *giving = finding->giving;
	const struct account *account;
	int64_t allocated;
	int rc;

	giving->open = giving->same = false;
	TRY(check_owner(books, finding->posting->account, err));
	TRY(measure(finding->posting->env, books, giving, err));
	rc = books_find(books, finding->posting->account, &account, err);
	if (rc == SB_ENOTFOUND || (rc == SB_OK && !account->open))
		return SB_OK;
	TRY(rc);
	TRY(account_allocated(account, &allocated, err));
	giving->open = true;
	giving->same = allocated == giving->to.amount && !window_given(&giving->to.window);
	return SB_OK;
}

/* Whether a cluster has the user in the account. */
static bool has_user(const struct clusters *clusters, const char *purse)
{
	char account[NAME_SIZE];

	purse_account(account, purse);
	for (size_t i = 0; i < clusters->count; i++) {
		const struct shares *shares = &clusters->answers[i].shares;

		for (size_t at = 0; at < shares->user_count; at++) {
			if (strcmp(shares->users[at].account, account) == 0 &&
			    strcmp(shares->users[at].user, purse_user(purse)) == 0)
				return true;
		}
	}
	return false;
}

/* Asks Slurm where counting starts. Refuses a user who is not in the account there. */
static int check_slurm(struct env *env, const char *purse, struct clusters *clusters)
{
	const char *resource = purse_is_su(purse) ? NULL : purse_resource(purse);
	char account[NAME_SIZE], share[3 * NAME_SIZE];
	int status = clusters_observe_share(env, OBSERVE_USE, purse_resource(purse), clusters);

	if (status == EXIT_REFUSED || option(env, "later"))
		return status == EXIT_REFUSED ? status : EXIT_DONE;
	(void)snprintf(share, sizeof(share), "the share of %s in %s%s%s", purse_user(purse),
		       resource ? resource : "account ", resource ? " of account " : "",
		       purse_account(account, purse));
	if (status != EXIT_DONE || clusters->silent || clusters_odd_usage(clusters, purse)) {
		warning(env,
			"%s was not given: the present use of %s in Slurm, where counting starts, "
			"could not be read; try again%s",
			share, purse_user(purse),
			env->requested ? "" : ", or use --later: then the next check records it");
		return EXIT_REFUSED;
	}
	if (has_user(clusters, purse))
		return EXIT_DONE;
	warning(env, "%s was not given: no cluster has user '%s' in account '%s': %s", share,
		purse_user(purse), account,
		env->requested ? "a coordinator of the account or the administrators can add the "
				 "user in Slurm"
			       : "--later gives it all the same");
	return EXIT_REFUSED;
}

/* Reads "500", "25%" or "none". */
static int read_amount(struct posting *posting, struct giving *giving)
{
	const char *text = giving->amount_text;
	size_t len = strlen(text);
	struct sb_error err;

	giving->none = strcmp(text, "none") == 0;
	if (giving->none && window_given(&giving->to.window))
		return usage(posting->env, "`none` has no window: leave --start and --end out");
	if (len > 1 && text[len - 1] == '%') {
		if (!number_slice(text, len - 1, 1, 100, &giving->percent))
			return usage(posting->env,
				     "'%s' is not a whole percentage from 1%% to 100%%", text);
		request_add(posting, " %" PRId64 "%%", giving->percent);
	} else if (giving->none) {
		request_add(posting, " none");
	} else if (amount_read(posting, text, true, &giving->to.amount, &err)) {
		return fail(posting->env, &err);
	} else {
		request_add(posting, " %" PRId64 "s", giving->to.amount);
	}
	window_request(&giving->to.window, posting);
	return EXIT_DONE;
}

/* Fills in the purses and begins the request. */
static int name_share(struct posting *posting, struct giving *giving, const char *const argv[])
{
	struct env *env = posting->env;
	const char *resource = option(env, "resource");
	struct sb_error err;

	if (!resource)
		resource = RESOURCE_BILLING;
	if (share_name(argv[0], resource, argv[1], posting->account, &err) ||
	    purse_name(argv[0], resource, giving->account, &err))
		return fail(env, &err);
	request_add(posting, "%s %s", env->command->name, posting->account);
	return EXIT_DONE;
}

/* Compares with the share that the bank has, and asks Slurm about a new one. */
static int prepare(struct posting *posting, struct giving *giving, struct clusters *clusters)
{
	struct env *env = posting->env;
	struct finding_share finding = {posting, giving};
	struct sb_error err;

	if (giving->none || post_recorded(posting))
		return EXIT_DONE;
	if (bank_read(env->bank, env->os.now(), find, &finding, &err))
		return fail(env, &err);
	if (giving->open)
		return EXIT_DONE;
	giving->clusters = clusters;
	return check_slurm(env, posting->account, clusters);
}

static int give(struct posting *posting, struct giving *giving)
{
	struct env *env = posting->env;
	char text[QUANTITY_SIZE];

	if (!giving->same)
		return post(posting);
	report(env, "%s is allocated %s already: nothing was recorded", posting->account,
	       quantity(env, text, posting->account, giving->to.amount));
	return EXIT_DONE;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct giving giving = {.amount_text = argv[2]};
	struct posting posting = {.env = env, .plan = plan, .ctx = &giving};
	struct clusters clusters = {0};
	int status = window_read(env, &giving.to.window);

	(void)argc;
	if (status == EXIT_DONE)
		status = name_share(&posting, &giving, argv);
	if (status == EXIT_DONE)
		status = read_amount(&posting, &giving);
	if (status == EXIT_DONE && !giving.none && !giving.percent)
		status = amount_confirm(&posting, giving.amount_text, giving.to.amount);
	if (status == EXIT_DONE)
		status = prepare(&posting, &giving, &clusters);
	if (status == EXIT_DONE)
		status = give(&posting, &giving);
	clusters_release(&clusters);
	return status;
}

const struct command cmd_share = {
	.name = "share",
	.arguments = "ACCOUNT USER SU|PERCENT%|none",
	.summary = "limit how much of an account one user may use",
	.details =
		"A share is no extra money: the user's use is charged to the account as before, "
		"and counted in the share, too. When the share is spent, the check holds this "
		"user in this account alone, by GrpTRESMins of the user's associations there: of "
		"cpu for SU, else of the TRES. Other users' jobs start, and so do this user's in "
		"other accounts. More SU or `none` lets the user's jobs start again and restores "
		"the limits that Slurm had before; if they differed between partitions, all "
		"partitions get the highest.\n"
		"Counting starts with the user's first share: earlier use is not in it. The user "
		"must be in the account in Slurm, unless --later is given. Another `subank share` "
		"sets the share to another amount, as `subank set` does: what was used stays used. "
		"`none` ends the share, but counting goes on: if the share is given again, what "
		"was used meanwhile is included.\n"
		"A percentage is of what the account is allocated at this moment. It becomes an "
		"amount, which later changes of the account's allocation do not change. The share "
		"can be used from --start until --end; by default it ends with the account's money "
		"that ends last. Together, shares may be more than the account has.\n"
		"Jobs in accounts below ACCOUNT do not count in its shares. A share follows the "
		"account's terms: how use is charged, and what happens when nothing is left. Under "
		"`limit` a spent share of SU is held in the same way; for a share of another TRES "
		"the limit follows what is left. `subank balance ACCOUNT --users` shows shares, "
		"and "
		"`subank why ACCOUNT --user USER` why a user is held.\n"
		"`subank terms --default-share` gives each new user a share. Slurm is asked about "
		"users (`sshare -a`) only if there are such terms, or a share was ever given, and "
		"from then on also after it has ended. Users' names follow the rule for accounts' "
		"names and are read in lower case, as Slurm stores them.",
	.examples = EXAMPLES(
		{"subank share physics alice 500", "of its SU, until its money ends"},
		{"subank share physics alice 25%", "a quarter of what it is allocated now"},
		{"subank share physics alice 100 --resource gres/gpu", "GPU-hours"},
		{"subank share physics alice none", "alice may use all of the account again"}),
	.see_also = "balance why set terms",
	.min_args = 3,
	.max_args = 3,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM | CMD_ASK,
	.options = OPTIONS({"later", 0, NULL, "give it although Slurm lacks the user or is silent"},
			   WINDOW_OPTIONS, RESOURCE_OPTION),
	.run = run,
};
