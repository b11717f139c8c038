/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "cmd/check/checkup.h"
#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/moment.h"
#include "cmd/frame/options.h"
#include "cmd/show/balance_published.h"
#include "cmd/show/balance_row.h"
#include "cmd/show/output.h"
#include "cmd/show/progress.h"
#include "cmd/show/selection.h"
#include "ledger/base/amount.h"
#include "ledger/base/when.h"
#include "ledger/books/history.h"
#include "ledger/books/nesting.h"
#include "ledger/report/forecast.h"

enum { LEVELS_MAX = 64 }; /* of accounts inside accounts */

/* With --forecast and --running some give their room to others. */
static const size_t no_forecast[] = {BALANCE_ALLOCATED, BALANCE_USED, BALANCE_PERCENT,
				     BALANCE_READ};
static const size_t not_running[] = {BALANCE_ALLOCATED, BALANCE_PERCENT};
static const size_t running[] = {BALANCE_SETTLED, BALANCE_FLIGHT, BALANCE_COMMITTED, BALANCE_SEEN};

/* With --lots. */
enum {
	LOT_ACCOUNT,
	LOT_ENTRY,
	LOT_START,
	LOT_END,
	LOT_AMOUNT,
	LOT_REST,
	LOT_STATE,
	LOT_COLUMNS,
};

static const struct column lot_columns[LOT_COLUMNS] = {
	[LOT_ACCOUNT] = {"Account", false, true, CELL_NAME},
	[LOT_ENTRY] = {"Entry", true, true, CELL_WHOLE},
	[LOT_START] = {"Start", false, true, CELL_WHOLE},
	[LOT_END] = {"End", false, true, CELL_WHOLE},
	[LOT_AMOUNT] = {"Amount", true, true, CELL_AMOUNT},
	[LOT_REST] = {"Rest", true, true, CELL_AMOUNT},
	[LOT_STATE] = {"State", false, true, CELL_STATE},
};

struct listing;
typedef int add_account(struct listing *listing, struct books *books, const struct account *account,
			struct sb_error *err);

struct listing {
	struct env *env;
	struct output *output;
	struct selection *selection;
	const char *as_of; /* NULL: now */
	add_account *add; /* its rows */
	bool forecast;
	bool running;
	bool tree;
	bool total;
	struct sums sums; /* of accounts that are below no other one in the list */
	struct nesting nesting;
	struct moment moment; /* what is shown */
};

static int add_forecast(const struct listing *listing, struct books *books,
			const struct account *account, struct sb_error *err)
{
	const struct rules rules = settings_rules(&listing->env->settings);
	struct output *output = listing->output;
	struct forecast forecast;
	struct funds funds;
	int rc = funds_of(books, account, listing->as_of ? NULL : &rules, &funds, err);

	if (!rc)
		rc = forecast_make(books, account, listing->moment.seq, funds.spent, &forecast,
				   err);
	if (rc)
		return rc;
	output_amount(output, BALANCE_WEEK, forecast.week);
	output_amount(output, BALANCE_MONTH, forecast.month);
	if (forecast.lasts == account->time)
		output_no_time(output, BALANCE_LASTS, "spent");
	else
		output_time(output, BALANCE_LASTS,
			    prints_for_people(listing->env)
				    ? forecast_lasts(&forecast, account->time)
				    : forecast.lasts);
	output_amount(output, BALANCE_UNUSED, forecast.unused);
	return SB_OK;
}

/* The account in the list that this one is inside of: the nearest one above; "" for none. */
static int find_parent(struct listing *listing, struct books *books, const struct account *account,
		       char ret[NAME_SIZE], struct sb_error *err)
{
	int rc = nesting_above(&listing->nesting, books, account, false, ret, err);

	/* Clusters may disagree, and so make a circle. */
	for (size_t step = 0; !rc && *ret && step < LEVELS_MAX; step++) {
		if (selection_has(listing->selection, ret))
			return SB_OK;
		rc = books_account(books, ret, &account, err);
		if (!rc)
			rc = nesting_above(&listing->nesting, books, account, false, ret, err);
	}
	return rc;
}

static int add_row(struct listing *listing, struct books *books, const struct account *account,
		   struct sb_error *err)
{
	struct output *output = listing->output;
	struct balance_row row;
	char parent[NAME_SIZE] = "";
	int rc = balance_row_make(listing->env, books, account,
				  listing->as_of ? NULL : &listing->nesting, &row, err);

	if (!rc && (listing->tree || listing->total))
		rc = find_parent(listing, books, account, parent, err);
	/* What it has and used is in the other one's. */
	if (!rc && listing->total && !*parent)
		rc = sums_add(&listing->sums, &row.sums, err);
	if (rc)
		return rc;
	balance_row_print(listing->env, output, &row, listing->tree ? parent : "",
			  listing->as_of ? BALANCE_NOT_READ : books_time(books));
	return listing->forecast ? add_forecast(listing, books, account, err) : SB_OK;
}

/* Settling has forgotten those that ended without a rest. */
static int add_lots(struct listing *listing, struct books *books, const struct account *account,
		    struct sb_error *err)
{
	struct output *output = listing->output;

	(void)books;
	(void)err;
	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];

		if (lot->rest == 0)
			continue;
		output_row(output);
		output_text(output, LOT_ACCOUNT, account->name);
		output_number(output, LOT_ENTRY, (int64_t)lot->seq);
		output_time(output, LOT_START, lot->start);
		if (lot->end == WHEN_NEVER)
			output_no_time(output, LOT_END, "none");
		else
			output_time(output, LOT_END, lot->end);
		output_amount(output, LOT_AMOUNT, lot->amount);
		output_amount(output, LOT_REST, lot->rest);
		output_text(output, LOT_STATE,
			    lot->start > account->time	     ? "to come"
			    : lot_active(lot, account->time) ? "active"
							     : "ended");
	}
	return SB_OK;
}

static int list_now(struct listing *listing, struct books *books, struct sb_error *err)
{
	const struct selection *selection = listing->selection;
	size_t count = selection->count;
	const struct account *account;
	struct progress progress = {0};
	int rc = SB_OK;

	if (selection->count == 0)
		rc = books_load_all(books, &count, err);
	if (rc)
		return rc;
	if (count == 0)
		note(listing->env,
		     "the bank has no accounts yet: `subank open ACCOUNT SU` opens one");
	/* Rows that are printed as they come show it themselves. */
	if (prints_for_people(listing->env) || !listing->env->os.out_is_terminal)
		progress_begin(&progress, listing->env, count);
	for (size_t i = 0; i < count && !rc; i++) {
		if (selection->count > 0)
			rc = books_account(books, selection->list[i], &account, err);
		else
			account = books_at(books, i);
		if (!rc)
			rc = listing->add(listing, books, account, err);
		progress_step(&progress, i + 1);
	}
	progress_end(&progress);
	return rc;
}

/* The rows of one account or, with NULL, of all, as they were. */
static int list_then(struct listing *listing, struct books *books, const char *name,
		     struct sb_error *err)
{
	const struct moment *moment = &listing->moment;
	struct history *history = NULL;
	struct account *account;
	size_t count = 0;
	struct progress progress;
	const struct steps steps = {progress_at, &progress};
	int rc;

	progress_begin(&progress, listing->env, 0);
	rc = history_new(books, name, moment->seq, &steps, &history, err);
	if (!rc)
		rc = history_advance(history, moment->seq, NULL, NULL, err);
	progress_end(&progress);
	if (!rc)
		rc = history_count(history, &count, err);
	if (!rc && count == 0 && name)
		note(listing->env, "account '%s' was not opened yet", name);
	else if (!rc && count == 0)
		note(listing->env, "the bank had no accounts yet");
	for (size_t i = 0; i < count && !rc; i++) {
		rc = history_account(history, i, moment->time, &account, err);
		if (rc)
			break;
		rc = listing->add(listing, books, account, err);
		account_free(account);
	}
	history_free(history);
	return rc;
}

static int list_all(struct listing *listing, struct books *books, struct sb_error *err)
{
	const struct selection *selection = listing->selection;
	int rc = SB_OK;

	if (!listing->as_of)
		return list_now(listing, books, err);
	for (size_t i = 0; i < selection->count && !rc; i++)
		rc = list_then(listing, books, selection->list[i], err);
	return rc || selection->count > 0 ? rc : list_then(listing, books, NULL, err);
}

static int list(struct books *books, void *ctx, struct sb_error *err)
{
	struct listing *listing = ctx;
	int rc = SB_OK;

	listing->moment = (struct moment){.seq = books_head(books)->seq, .time = books_time(books)};
	if (listing->as_of) {
		books_as_entered(books);
		rc = moment_as_of(books, listing->as_of, &listing->moment, err);
	}
	/* All of them first: a row that an error follows would look like an answer. */
	if (!rc)
		rc = selection_find(listing->selection, listing->env, books, err);
	if (!rc)
		rc = list_all(listing, books, err);
	/* No account can have that name. */
	if (!rc && listing->total)
		balance_total_print(listing->output, &listing->sums, !listing->as_of);
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
	if (listing->forecast)
		show(columns, no_forecast, COUNT(no_forecast), false);
	if (listing->running) {
		show(columns, not_running, COUNT(not_running), false);
		show(columns, running, COUNT(running), true);
	}
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct listing listing = {.env = env,
				  .as_of = option(env, "as-of"),
				  .add = option(env, "lots") ? add_lots : add_row,
				  .forecast = option(env, "forecast"),
				  .running = option(env, "running"),
				  .tree = option(env, "tree"),
				  .total = option(env, "total")};
	struct column shown[BALANCE_COLUMNS_ALL];
	struct selection selection;
	int status;

	if (option(env, "lots") && (listing.forecast || listing.total))
		return usage(env, "--lots shows no sums: leave out --total and --forecast");
	if (listing.running && (listing.as_of || listing.forecast || option(env, "lots")))
		return usage(env, "--running is about jobs that run now: leave out --as-of, "
				  "--forecast and --lots");
	if (listing.tree && (listing.as_of || option(env, "lots")))
		return usage(env, "--tree shows accounts as they hang together now: leave out "
				  "--as-of and --lots");
	status = selection_read(env, argc, argv, &selection);
	if (status != EXIT_DONE)
		return status;
	listing.selection = &selection;
	choose_columns(&listing, shown);
	if (!env->bank) {
		status = listing.as_of || listing.forecast || option(env, "lots")
				 ? usage(env, "only what accounts have now is published: leave out "
					      "--as-of, --forecast and --lots")
				 : balance_published(env, &selection, shown, listing.tree,
						     listing.total);
		selection_release(&selection);
		return status;
	}
	status = listing.add == add_lots ? output_from_bank(env, lot_columns, LOT_COLUMNS, list,
							    &listing, &listing.output)
					 : output_from_bank(env, shown,
							    listing.forecast ? BALANCE_COLUMNS_ALL
									     : BALANCE_COLUMNS,
							    list, &listing, &listing.output);
	if (status == EXIT_DONE && selection.missing > 0)
		status = EXIT_REFUSED;
	nesting_release(&listing.nesting);
	selection_release(&selection);
	return status;
}

static const struct option_spec options[] = {
	{"as-of", 0, "TIME|ENTRY", "the balances of that time, or behind that entry"},
	{"lots", 0, NULL, "the money by window: start, end, what is left"},
	{"tree", 0, NULL, "accounts inside others below them"},
	{"total", 0, NULL, "a last row that adds up, accounts inside others once"},
	{"running", 0, NULL, "what running jobs used, may yet use, and leave free"},
	{"forecast", 0, NULL, "use per day, and how long the balance lasts"},
	{NULL, 0, NULL, NULL},
};

static const struct example examples[] = {
	{"subank balance", "all accounts"},
	{"subank balance --lots physics", "by window"},
	{"subank balance --running", "what jobs that run will be charged"},
	{"subank balance --as-of 2026-11-01 physics", "then"},
	{"subank balance -nP -o Account,Available", "for a script"},
	{NULL, NULL},
};

const struct command cmd_balance = {
	.name = "balance",
	.arguments = "[ACCOUNT...]",
	.summary = "what accounts have, what they used and what is left",
	.details =
		"Asks no Slurm. Amounts are in SU. Columns, those after Read with --format "
		"only:\n"
		"- Account: its name\n"
		"- State: open, held, closed; grace: held but let run for a time; blocked: an "
		"account above it is held\n"
		"- Allocated: what may be used now, spent or not\n"
		"- Used: how much of that is spent, with what jobs that run count for: InFlight "
		"or, with `hold_on: committed` in the settings, Committed\n"
		"- Available: what is left, with credit; `unlimited` for an account that is "
		"never held for funds. Holds, thresholds and limits go by it, and receipts, "
		"`subank "
		"why` and what is published say the same\n"
		"- Percent: used of what is allocated\n"
		"- Read: how long ago the use was read, on that cluster of those that have the "
		"account "
		"where it is longest ago\n"
		"- Causes: why it is held: hand, funds, closed\n"
		"- Lever: whether Slurm was changed: set, pending, failed\n"
		"- Charged: all that was ever charged\n"
		"- Debt: what was used beyond what there was; the next money pays it first\n"
		"- Waiting: what has not started\n"
		"- Settled: what would be available if no job ran\n"
		"- InFlight: what jobs that run have used, which is charged when they end; only "
		"under `meter: jobs`, as Committed\n"
		"- Committed: what they come to if each runs to its time limit, all of it; never "
		"less than InFlight. A job past its limit, or without one, counts for what it "
		"has used\n"
		"- Seen: how long ago that was so\n"
		"- NoLimit: how many of them have no time limit\n"
		"- Unentered: of what is charged, what has no entry in the journal yet "
		"(`charge_minutes` in the settings)\n"
		"- Unlimited: yes or no; of a total, whether one of its accounts is\n"
		"--running shows these, and of charges Used and Read, how long ago all jobs that "
		"had ended were charged.\n"
		"--lots shows what that is made of, a row for each deposit (or what was "
		"moved or given back) and window of which something is left: Account, Entry (that "
		"made it), Start, End (none: it has none), "
		"Amount, Rest (not spent) and State (to come, active, ended).\n"
		"An account inside another one of the bank is a budget of its own, and what it "
		"uses counts in both; --total counts it once, and --tree shows what is inside "
		"what (in tables; other forms have the same rows as ever).\n"
		"--as-of shows what was entered until then; Read is empty. Name accounts: "
		"all of them are worked out from the whole journal, which takes long when it "
		"is large.\n"
		"--forecast adds PerDay7 and PerDay30, the use per day over the last 7 and "
		"30 days (of a younger account, over its days); Lasts, when nothing is left at "
		"the rate of PerDay30 (spent: nothing is left now; in tables to the minute, and to "
		"the day beyond a "
		"month); and Unused, what windows "
		"that end leave over at it. "
		"What was given back is not subtracted.\n"
		"Where some of several names are of no account, the others are shown and the exit "
		"status is 1.\n"
		"Who may not look into the bank sees what it publishes (`publish` in the "
		"settings): of the accounts that Slurm has him in and those above them, or of "
		"those that he names.",
	.examples = examples,
	.see_also = "statement why journal",
	.max_args = -1,
	.flags = CMD_READ | CMD_LIST | CMD_PUBLISHED,
	.options = options,
	.run = run,
};
