/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/checkup.h"
#include "cmd/frame/moment.h"
#include "cmd/show/balance_parts.h"
#include "cmd/show/balance_published.h"
#include "cmd/show/balance_row.h"
#include "cmd/show/balance_warn.h"
#include "cmd/show/output.h"
#include "cmd/show/progress.h"
#include "cmd/show/published_own.h"
#include "cmd/show/selection.h"
#include "cmd/verbs/verb.h"
#include "ledger/base/amount.h"
#include "ledger/base/array.h"
#include "ledger/base/number.h"
#include "ledger/base/when.h"
#include "ledger/books/history.h"
#include "ledger/books/nesting.h"
#include "ledger/report/forecast.h"

/* Columns that --forecast and --running hide and show. */
static const size_t no_forecast[] = {BALANCE_ALLOCATED, BALANCE_USED, BALANCE_PERCENT,
				     BALANCE_READ};
static const size_t not_running[] = {BALANCE_ALLOCATED, BALANCE_PERCENT};
static const size_t running[] = {BALANCE_SETTLED, BALANCE_FLIGHT, BALANCE_COMMITTED, BALANCE_SEEN};

struct listing;
typedef int add_account(struct listing *listing, struct books *books, const struct account *account,
			struct sb_error *err);

struct listing {
	struct env *env;
	struct output *output;
	struct selection *selection;
	const char *as_of; /* NULL: now */
	add_account *add; /* adds the rows of an account */
	bool lots, forecast, running, tree, total, users;
	int64_t min_percent; /* show accounts that have used as much or more; -1: all, also those
				without an allocation */
	struct sums sums; /* of accounts that are below no other account in the list */
	struct nesting nesting;
	struct moment moment; /* to show */
};

static int add_forecast(const struct listing *listing, struct books *books,
			const struct account *account, struct sb_error *err)
{
	const struct rules rules = settings_rules(&listing->env->settings);
	struct forecast forecast;
	struct funds funds;

	TRY(funds_of(books, account, listing->as_of ? NULL : &rules, &funds, err));
	TRY(forecast_make(books, account, listing->moment.seq, funds.spent, &forecast, err));
	balance_forecast_print(listing->env, listing->output, &forecast, account->time);
	return SB_OK;
}

/* Finds whether the account is in the list. */
static int is_listed(const struct listing *listing, struct books *books, const char *name,
		     bool *ret, struct sb_error *err)
{
	const struct rules rules = settings_rules(&listing->env->settings);
	const struct account *account;
	struct funds funds;

	*ret = selection_has(listing->selection, name);
	if (!*ret || listing->min_percent < 0)
		return SB_OK;
	TRY(books_account(books, name, &account, err));
	TRY(funds_of(books, account, &rules, &funds, err));
	*ret = balance_reaches(funds.used, funds.allocated, listing->min_percent);
	return SB_OK;
}

/* Finds whether there is such a purse and it is in the list. A nesting_takes. */
static int takes_listed(struct books *books, const char *name, void *ctx, bool *ret,
			struct sb_error *err)
{
	const struct account *purse;
	int rc = books_find(books, name, &purse, err);

	*ret = false;
	if (rc)
		return rc == SB_ENOTFOUND ? SB_OK : rc;
	return is_listed(ctx, books, name, ret, err);
}

/* Finds the nearest account in the list above this one; "" for none. For a purse only accounts that
 * have a purse of its resource count. */
static int find_parent(struct listing *listing, struct books *books, const struct account *account,
		       char ret[NAME_SIZE], struct sb_error *err)
{
	return nesting_purse_above(&listing->nesting, books, account, takes_listed, listing, ret,
				   err);
}

/* Finds where a row is in the tree: below an account [above] it, or a purse below its account. */
static int find_place(const struct listing *listing, struct books *books, const char *purse,
		      const char *above, char ret[NAME_SIZE], struct sb_error *err)
{
	bool listed = false;

	if (!purse_is_account(purse))
		TRY(is_listed(listing, books, purse_account(ret, purse), &listed, err));
	if (!listed)
		(void)snprintf(ret, NAME_SIZE, "%s", above);
	return SB_OK;
}

static int add_row(struct listing *listing, struct books *books, const struct account *account,
		   struct sb_error *err)
{
	struct balance_row row;
	char above[NAME_SIZE] = "", parent[NAME_SIZE] = "";

	TRY(balance_row_make(listing->env, books, account,
			     listing->as_of ? NULL : &listing->nesting, &row, err));
	if (!balance_reaches(row.sums.used, row.sums.allocated, listing->min_percent)) {
		output_if_empty(listing->output, BALANCE_NONE_REACHES);
		return SB_OK;
	}
	if (listing->tree || listing->total)
		TRY(find_parent(listing, books, account, above, err));
	/* The sums of an account's parent include the account. */
	if (listing->total && !*above &&
	    balance_total_has(account->name, listing->selection->resource))
		TRY(sums_add(&listing->sums, &row.sums, err));
	if (listing->tree)
		TRY(find_place(listing, books, account->name, above, parent, err));
	balance_row_print(listing->env, listing->output, &row, parent,
			  listing->as_of ? BALANCE_NOT_READ : books_time(books));
	return listing->forecast ? add_forecast(listing, books, account, err) : SB_OK;
}

static int add_lots(struct listing *listing, struct books *books, const struct account *account,
		    struct sb_error *err)
{
	(void)books;
	(void)err;
	balance_lots_print(listing->output, account->name, account->lots, account->lot_count,
			   account->time);
	return SB_OK;
}

static int list_now(struct listing *listing, struct books *books, const struct purses *purses,
		    struct sb_error *err)
{
	struct progress progress = {0};
	int rc = SB_OK;

	if (purses->count == 0)
		note(listing->env,
		     "the bank has no accounts yet: `subank open ACCOUNT SU` opens one");
	/* Rows that are printed as they come show the progress themselves. */
	if (prints_for_people(listing->env) || !listing->env->os.out_is_terminal)
		progress_begin(&progress, listing->env, purses->count);
	for (size_t i = 0; i < purses->count && !rc; i++) {
		rc = listing->add(listing, books, purses->list[i], err);
		progress_step(&progress, i + 1);
	}
	progress_end(&progress);
	return rc;
}

/* An account or purse as it was at a past time. */
struct past {
	const char *name;
	size_t at;
};

static int by_purse(const void *a, const void *b)
{
	const struct past *one = a, *other = b;

	return purse_order(one->name, other->name);
}

/* Adds the rows of the selected accounts and purses, in the order of purse_order(). [all]: the
 * history has no others, though an account may have had another name. [past] has room for all. */
static int add_in_order(struct listing *listing, struct books *books, struct history *history,
			bool all, struct past past[], struct sb_error *err)
{
	struct account *account;
	size_t count, taken = 0;
	int rc = SB_OK;

	TRY(history_count(history, &count, err));
	for (size_t i = 0; i < count; i++) {
		const char *name = history_name(history, i);

		if (all || selection_has(listing->selection, name))
			past[taken++] = (struct past){name, i};
	}
	array_sort(past, taken, by_purse);
	for (size_t i = 0; i < taken && !rc; i++) {
		TRY(history_account(history, past[i].at, listing->moment.time, &account, err));
		rc = listing->add(listing, books, account, err);
		account_free(account);
	}
	return rc;
}

/* Whether the user named this purse itself, and not its account. */
static bool is_named(const struct selection *selection, const char *purse)
{
	for (size_t i = 0; i < selection->count; i++) {
		if (strcmp(selection->list[i], purse) == 0)
			return true;
	}
	return false;
}

/* Adds the rows of the accounts of a history. [name] is that of its only account, or NULL. */
static int add_past(struct listing *listing, struct books *books, struct history *history,
		    const char *name, struct sb_error *err)
{
	char account[NAME_SIZE];
	struct past *past;
	size_t count = 0;
	int rc;

	TRY(history_count(history, &count, err));
	if (count == 0 && name && purse_is_account(name))
		note(listing->env, "account '%s' was not opened yet", name);
	else if (count == 0 && name && is_named(listing->selection, name))
		note(listing->env, "account '%s' had no budget of %s yet",
		     purse_account(account, name), purse_resource(name));
	else if (count == 0 && !name)
		note(listing->env, "the bank had no accounts yet");
	past = calloc(count + 1, sizeof(*past));
	if (!past)
		return sb_error_nomem(err);
	rc = add_in_order(listing, books, history, name, past, err);
	free(past);
	return rc;
}

/* Adds the past rows of one account or, with NULL, of all. */
static int list_past(struct listing *listing, struct books *books, const char *name,
		     struct sb_error *err)
{
	uint64_t seq = listing->moment.seq;
	struct history *history = NULL;
	struct progress progress;
	const struct steps steps = {progress_at, &progress};
	int rc;

	progress_begin(&progress, listing->env, 0);
	rc = history_new(books, name, seq, &steps, &history, err);
	if (!rc)
		rc = history_advance(history, seq, NULL, NULL, err);
	progress_end(&progress);
	if (!rc)
		rc = add_past(listing, books, history, name, err);
	history_free(history);
	return rc;
}

/* Adds the past rows of all accounts. It does not load present accounts, since there may be many.
 */
static int list_all_past(struct listing *listing, struct books *books, struct sb_error *err)
{
	bool resources;

	TRY(books_have_resources(books, &resources, err));
	if (resources)
		output_show_units(listing->output);
	return list_past(listing, books, NULL, err);
}

static int list_purses(struct listing *listing, struct books *books, const struct purses *purses,
		       struct sb_error *err)
{
	if (has_resources(purses))
		output_show_units(listing->output);
	if (!listing->as_of)
		return list_now(listing, books, purses, err);
	for (size_t i = 0; i < purses->count; i++)
		TRY(list_past(listing, books, purses->list[i]->name, err));
	return SB_OK;
}

static int list(struct books *books, void *ctx, struct sb_error *err)
{
	struct listing *listing = ctx;
	struct purses purses;
	int rc;

	listing->moment = (struct moment){.seq = books_head(books)->seq, .time = books_time(books)};
	if (listing->as_of) {
		books_omit_deferred(books);
		TRY(moment_as_of(books, listing->as_of, &listing->moment, err));
	}
	/* Before the first row: a row that an error follows would look like an answer. */
	TRY(selection_find(listing->selection, listing->env, books, err));
	if (listing->as_of && listing->selection->count == 0) {
		rc = list_all_past(listing, books, err);
	} else {
		TRY(selection_purses(listing->selection, books, &purses, err));
		rc = list_purses(listing, books, &purses, err);
		purses_release(&purses);
	}
	if (!rc && listing->total)
		balance_total_print(listing->output, &listing->sums, listing->selection->resource,
				    !listing->as_of);
	return rc;
}

static void show(struct column columns[BALANCE_COLUMNS_ALL], const size_t list[], size_t count,
		 bool shown)
{
	for (size_t i = 0; i < count; i++)
		columns[list[i]].shown = shown;
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void choose_columns(const struct listing *listing,
			   struct column columns[BALANCE_COLUMNS_ALL])
{
	memcpy(columns, balance_columns, sizeof(balance_columns));
	columns[BALANCE_USER].shown = listing->users;
	if (listing->forecast)
		show(columns, no_forecast, COUNT(no_forecast), false);
	if (listing->running) {
		show(columns, not_running, COUNT(not_running), false);
		show(columns, running, COUNT(running), true);
	}
}

/* Refuses options that exclude each other. Returns EXIT_DONE, or EXIT_USAGE with a message. */
static int check_options(struct env *env, const struct listing *listing)
{
	if (listing->lots && (listing->forecast || listing->total))
		return usage(env, "--lots shows no sums: leave out --total and --forecast");
	if (listing->running && (listing->as_of || listing->forecast || listing->lots))
		return usage(env, "--running is about jobs that run now: leave out --as-of, "
				  "--forecast and --lots");
	if (listing->tree && (listing->as_of || listing->lots))
		return usage(env, "--tree shows the present tree of accounts: leave out --as-of "
				  "and --lots");
	if (listing->min_percent >= 0 && listing->lots)
		return usage(env, "--min-percent is about all money of an account: leave out "
				  "--lots");
	if (listing->min_percent >= 0 && listing->total && listing->as_of)
		return usage(env, "--min-percent and --total need the present tree of accounts: "
				  "leave out --as-of");
	if (!env->bank && published_is_own(env))
		return !listing->as_of ? EXIT_DONE
				       : usage(env, "only present balances are published: leave "
						    "out --as-of");
	if (!env->bank && listing->users)
		return usage(env, "shares are not published: leave out --users");
	if (!env->bank && (listing->as_of || listing->forecast || listing->lots))
		return usage(env, "only present balances are published: leave out --as-of, "
				  "--forecast and --lots");
	return EXIT_DONE;
}

static int read_min_percent(struct env *env, int64_t *ret)
{
	const char *text = option(env, "min-percent");

	if (text && !number_parse(text, 0, INT64_MAX, ret))
		return usage(env, "--min-percent needs a whole number of percent, not '%s'", text);
	return EXIT_DONE;
}

static bool only_warns(const struct env *env)
{
	return option(env, "warn");
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct listing listing = {.env = env,
				  .as_of = option(env, "as-of"),
				  .lots = option(env, "lots"),
				  .forecast = option(env, "forecast"),
				  .running = option(env, "running"),
				  .tree = option(env, "tree"),
				  .total = option(env, "total"),
				  .users = option(env, "users"),
				  .min_percent = -1};
	struct column shown[BALANCE_COLUMNS_ALL];
	struct selection selection;
	int status = read_min_percent(env, &listing.min_percent);

	if (only_warns(env))
		return balance_warn(env, argc, argv);
	if (status == EXIT_DONE)
		status = check_options(env, &listing);
	if (status == EXIT_DONE)
		status = selection_read_purses(env, argc, argv, &selection);
	if (status != EXIT_DONE)
		return status;
	listing.add = listing.lots ? add_lots : add_row;
	listing.selection = &selection;
	selection.users = listing.users;
	choose_columns(&listing, shown);
	if (!env->bank)
		status = balance_published(
			env, &selection, shown,
			&(struct balance_options){.lots = listing.lots,
						  .forecast = listing.forecast,
						  .tree = listing.tree,
						  .total = listing.total,
						  .min_percent = listing.min_percent});
	else if (listing.lots)
		status = output_from_bank(env, lot_columns, LOT_COLUMNS, list, &listing,
					  &listing.output);
	else
		status = output_from_bank(env, shown,
					  listing.forecast ? BALANCE_COLUMNS_ALL : BALANCE_COLUMNS,
					  list, &listing, &listing.output);
	if (env->bank && status == EXIT_DONE && selection.missing > 0)
		status = EXIT_REFUSED;
	nesting_release(&listing.nesting);
	selection_release(&selection);
	return status;
}

const struct command cmd_balance = {
	.name = "balance",
	.arguments = "[ACCOUNT...]",
	.summary = "show what accounts have, what they used and what is left",
	.details =
		"Needs no Slurm. Amounts are in SU. An account that has budgets of other resources "
		"(`subank open --resource`) has a row for each, called ACCOUNT:RESOURCE, with "
		"amounts in its Unit; --resource shows one of them. Columns, those after Read with "
		"--format only:\n"
		"- Account: its name\n"
		"- State: open, held, closed; scavenge: spent, and only its jobs in the scavenger "
		"QOS start; grace: held but let run for a time; blocked: an "
		"account above it is held or, for a budget, the account itself\n"
		"- Unit: of the amounts of the row; shown when there are budgets of other "
		"resources\n"
		"- Allocated: what may be used now, spent or not\n"
		"- Used: the spent part of that, including running jobs: InFlight or, with "
		"`hold_on: committed` in the settings, Committed\n"
		"- Available: what is left, with credit; `unlimited` for an account that is never "
		"held for funds. Holds, thresholds and limits depend on it, and receipts, `subank "
		"why` and the published balances show the same\n"
		"- Percent: Used in percent of Allocated\n"
		"- Read: how long ago the use was read, on the account's cluster that was read "
		"longest ago\n"
		"- Causes: why it is held: hand, funds, closed, overrun (use reached `stop_at`)\n"
		"- Lever: whether Slurm was changed: set, pending, failed\n"
		"- Charged: all that was ever charged\n"
		"- Debt: use that no money covered; the next money pays it first\n"
		"- Waiting: money that starts later\n"
		"- Settled: what would be available if no job ran\n"
		"- InFlight: what running jobs have used, to be charged when they end; only under "
		"`meter: jobs`, like Committed\n"
		"- Committed: what running jobs come to if each runs to its time limit, in all; "
		"never less than InFlight. A job past its limit, or without one, counts for what "
		"it has used\n"
		"- Seen: how old these two are\n"
		"- NoLimit: how many running jobs have no time limit\n"
		"- Unentered: charged use that has no entry in the journal yet (`charge_minutes` "
		"in the settings)\n"
		"- Unlimited: yes or no; of a total, whether one of its accounts is\n"
		"- Resource: of the row, billing for SU; JSON and CSV have it and Unit if there "
		"are such budgets\n"
		"- User: whose share it is\n"
		"--running shows these, and of charges Used and Read, the age of the last time "
		"that all ended jobs were charged.\n"
		"--lots shows where the money comes from, a row for each deposit (or transfer or "
		"refund) and window that has a rest: Account, Entry (that made it), Start, End "
		"(none: it has none), Amount, Rest (not spent) and State (to come, active, "
		"ended).\n"
		"An account inside another one of the bank is a budget of its own, and its use "
		"counts in both; --total counts it once, and --tree shows the nesting (in tables; "
		"other forms have the same rows as always). --sort then sorts the accounts below "
		"each account; the row of --total stays last. The total is of SU or of --resource: "
		"different resources are never added up.\n"
		"--min-percent leaves out accounts whose Percent is less than N, and accounts "
		"without an allocation, which have no Percent. Unlimited accounts are not treated "
		"differently. The row of --total sums up the accounts shown.\n"
		"--as-of shows the entries until then; Read is empty. Name accounts: for all of "
		"them the whole journal is replayed, which takes long when it is large.\n"
		"--forecast adds PerDay7 and PerDay30, the use per day over the last 7 and 30 days "
		"(of a younger account, over its days); Lasts, when nothing is left at the rate of "
		"PerDay30 (spent: nothing is left now; in tables to the minute, and to the day "
		"beyond a month); and Unused, what windows that end leave unused at that rate. "
		"Refunds are not subtracted. Lasts includes quotas to come; it is `never` if they "
		"suffice for a hundred periods.\n"
		"--users adds the shares of users (`subank share`) and shows whose they are. "
		"--total leaves them out, since their use is part of the account's.\n"
		"--warn is for login shells. It prints only a line for each account or budget "
		"that is held or has reached a threshold of the settings. It looks at the "
		"accounts that are named or, without names, under `publish: own` at all of the "
		"caller's accounts, and under `all` and `group` only at those named like one of "
		"the caller's groups. It reads only "
		"the published balances, ignores the other options, and ends with status 0 "
		"unless the command line or the settings are wrong. If nothing was published in "
		"the last day it prints nothing.\n"
		"If some of several names are no accounts, the others are shown and the exit "
		"status is 1.\n"
		"Users who may not read the bank see what it publishes (`publish` in the "
		"settings): the accounts that they have in Slurm and those above them, or the "
		"accounts that they name. Under `publish: own` they see only their own accounts, "
		"also with --lots, --forecast and --users.",
	.examples = EXAMPLES(
		{"subank balance", "all accounts"}, {"subank balance --lots physics", "by window"},
		{"subank balance --resource gres/gpu", "budgets of GPU-hours alone"},
		{"subank balance --running", "with the charges of running jobs"},
		{"subank balance --min-percent 80 --sort -Percent", "the fullest first"},
		{"subank balance physics --users", "with what each user may use"},
		{"subank balance --as-of 2026-11-01 physics", "past balances"},
		{"subank balance -nP -o Account,Available", "for a script"},
		{"subank balance --warn", "in /etc/profile.d"}),
	.see_also = "statement why journal",
	.max_args = -1,
	.flags = CMD_READ | CMD_LIST | CMD_SORT | CMD_PUBLISHED,
	.without_bank = only_warns,
	.options = OPTIONS(
		{"as-of", 0, "TIME|ENTRY", "the balances of that time, or after that entry"},
		{"lots", 0, NULL, "the money by window: start, end, what is left"},
		{"tree", 0, NULL, "show accounts inside others below them"},
		{"users", 0, NULL, "with the shares of users"},
		{"total", 0, NULL, "add a last row with sums; nested accounts count once"},
		{"min-percent", 0, "N", "only accounts that have used N percent or more"},
		{"running", 0, NULL, "use and commitments of running jobs, and what is free"},
		{"forecast", 0, NULL, "add use per day, and how long the balance lasts"},
		{"warn", 0, NULL, "for login shells: print accounts that are low or held"},
		SHOWN_RESOURCE_OPTION),
	.run = run,
};
