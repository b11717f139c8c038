/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "cmd/account_text.h"
#include "cmd/command.h"
#include "cmd/moment.h"
#include "cmd/output.h"
#include "cmd/selection.h"
#include "ledger/amount.h"
#include "ledger/forecast.h"
#include "ledger/history.h"
#include "ledger/nesting.h"
#include "ledger/when.h"

enum { LEVELS_MAX = 64 }; /* of accounts inside accounts */

enum {
	COLUMN_ACCOUNT,
	COLUMN_STATE,
	COLUMN_ALLOCATED,
	COLUMN_USED,
	COLUMN_AVAILABLE,
	COLUMN_PERCENT,
	COLUMN_READ,
	COLUMN_CAUSES,
	COLUMN_LEVER,
	COLUMN_CHARGED,
	COLUMN_DEBT,
	COLUMN_WAITING,
	COLUMN_COUNT, /* without --forecast */
	COLUMN_WEEK = COLUMN_COUNT,
	COLUMN_MONTH,
	COLUMN_LASTS,
	COLUMN_UNUSED,
	COLUMN_COUNT_ALL,
};

static const struct column columns[COLUMN_COUNT_ALL] = {
	[COLUMN_ACCOUNT] = {"Account", false, true, LOOK_NAME},
	[COLUMN_STATE] = {"State", false, true, LOOK_STATE},
	[COLUMN_ALLOCATED] = {"Allocated", true, true, LOOK_AMOUNT},
	[COLUMN_USED] = {"Used", true, true, LOOK_AMOUNT},
	[COLUMN_AVAILABLE] = {"Available", true, true, LOOK_AMOUNT},
	[COLUMN_PERCENT] = {"Percent", true, true, LOOK_SHARE},
	[COLUMN_READ] = {"Read", true, true, LOOK_WHOLE},
	[COLUMN_CAUSES] = {"Causes", false, false, LOOK_WHOLE},
	[COLUMN_LEVER] = {"Lever", false, false, LOOK_WHOLE},
	[COLUMN_CHARGED] = {"Charged", true, false, LOOK_AMOUNT},
	[COLUMN_DEBT] = {"Debt", true, false, LOOK_AMOUNT},
	[COLUMN_WAITING] = {"Waiting", true, false, LOOK_AMOUNT},
	[COLUMN_WEEK] = {"PerDay7", true, true, LOOK_AMOUNT},
	[COLUMN_MONTH] = {"PerDay30", true, true, LOOK_AMOUNT},
	[COLUMN_LASTS] = {"Lasts", false, true, LOOK_WHOLE},
	[COLUMN_UNUSED] = {"Unused", true, true, LOOK_AMOUNT},
};

/* With --forecast these give their room to the forecast. */
static const size_t given_up[] = {COLUMN_ALLOCATED, COLUMN_USED, COLUMN_PERCENT, COLUMN_READ};

/* With --lots. */
enum {
	LOT_ACCOUNT,
	LOT_ENTRY,
	LOT_START,
	LOT_END,
	LOT_AMOUNT,
	LOT_REST,
	LOT_STATE,
	LOT_COLUMN_COUNT,
};

static const struct column lot_columns[LOT_COLUMN_COUNT] = {
	[LOT_ACCOUNT] = {"Account", false, true, LOOK_NAME},
	[LOT_ENTRY] = {"Entry", true, true, LOOK_WHOLE},
	[LOT_START] = {"Start", false, true, LOOK_WHOLE},
	[LOT_END] = {"End", false, true, LOOK_WHOLE},
	[LOT_AMOUNT] = {"Amount", true, true, LOOK_AMOUNT},
	[LOT_REST] = {"Rest", true, true, LOOK_AMOUNT},
	[LOT_STATE] = {"State", false, true, LOOK_STATE},
};

struct listing;
typedef int add_account(struct listing *listing, struct books *books, const struct account *account,
			struct sb_error *err);

struct listing {
	struct env *env;
	struct output *output;
	const struct selection *selection;
	const char *as_of; /* NULL: now */
	add_account *add; /* its rows */
	bool forecast;
	bool tree;
	bool total;
	struct sums {
		int64_t allocated, used, available, charged, debt, waiting;
	} sums; /* of accounts that are below no other one in the list */
	struct nesting nesting;
	struct moment moment; /* what is shown */
};

/* What Slurm was asked and whether it was done. */
static const char *lever_of(const struct account *account)
{
	bool waiting = false, failed = false;

	for (size_t i = 0; i < account->lever_count; i++) {
		waiting = waiting || !account->levers[i].tried;
		failed = failed ||
			 (account->levers[i].tried && account->levers[i].outcome == OUTCOME_FAILED);
	}
	if (failed)
		return "failed";
	if (waiting)
		return "pending";
	return account->lever_count ? "set" : "";
}

static int add_forecast(const struct listing *listing, struct books *books,
			const struct account *account, struct sb_error *err)
{
	struct output *output = listing->output;
	struct forecast forecast;
	int rc = forecast_make(books, account, listing->moment.seq, &forecast, err);

	if (rc)
		return rc;
	output_amount(output, COLUMN_WEEK, forecast.week);
	output_amount(output, COLUMN_MONTH, forecast.month);
	output_time(output, COLUMN_LASTS, forecast.lasts);
	output_amount(output, COLUMN_UNUSED, forecast.unused);
	return SB_OK;
}

/* Adds the account to the totals, unless what it has and used is in another one's. */
static int add_up(struct listing *listing, struct books *books, const struct account *account,
		  const struct sums *more, struct sb_error *err)
{
	struct sums *sums = &listing->sums;
	char above[NAME_SIZE];
	int rc = nesting_above(&listing->nesting, books, account, false, above, err);

	if (rc || (*above && selection_has(listing->selection, above)))
		return rc;
	if (amount_add(sums->allocated, more->allocated, &sums->allocated) &&
	    amount_add(sums->used, more->used, &sums->used) &&
	    amount_add(sums->available, more->available, &sums->available) &&
	    amount_add(sums->charged, more->charged, &sums->charged) &&
	    amount_add(sums->debt, more->debt, &sums->debt) &&
	    amount_add(sums->waiting, more->waiting, &sums->waiting))
		return SB_OK;
	return sb_error_set(err, SB_EOVERFLOW,
			    "the total is more than can be counted: leave out --total");
}

static void add_sums(struct output *output, const char *name, const char *state,
		     const struct sums *sums)
{
	output_row(output);
	output_text(output, COLUMN_ACCOUNT, name);
	output_text(output, COLUMN_STATE, state);
	output_amount(output, COLUMN_ALLOCATED, sums->allocated);
	output_amount(output, COLUMN_USED, sums->used);
	output_amount(output, COLUMN_AVAILABLE, sums->available);
	output_percent(output, COLUMN_PERCENT, amount_percent(sums->used, sums->allocated));
	output_amount(output, COLUMN_CHARGED, sums->charged);
	output_amount(output, COLUMN_DEBT, sums->debt);
	output_amount(output, COLUMN_WAITING, sums->waiting);
}

/* The account in the list that the row hangs below: the nearest one above; "" for none. */
static int find_parent(struct listing *listing, struct books *books, const struct account *account,
		       char ret[NAME_SIZE], struct sb_error *err)
{
	int rc = nesting_above(&listing->nesting, books, account, false, ret, err);

	/* Clusters may disagree, and so make a circle. */
	for (size_t step = 0; !rc && *ret && step < LEVELS_MAX; step++) {
		if (listing->selection->count == 0 || selection_has(listing->selection, ret))
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
	struct sums sums = {.charged = account_sum(account->charged),
			    .debt = account->debt,
			    .waiting = account_waiting(account).amount};
	const char *state = account_state(account);
	char causes[CAUSES_SIZE], above[NAME_SIZE] = "", parent[NAME_SIZE] = "";
	const char *read_on;
	int64_t read;
	int rc = account_available(account, &sums.available, err);

	if (!rc)
		rc = account_allocated(account, &sums.allocated, err);
	if (!rc)
		rc = account_used(account, &sums.used, err);
	if (!rc)
		rc = books_read_time(books, account, listing->env->settings.clusters,
				     listing->env->settings.cluster_count, &read, &read_on, err);
	if (!rc && listing->total)
		rc = add_up(listing, books, account, &sums, err);
	/* Slurm asks the accounts above, too, before it starts a job. */
	if (!rc && !listing->as_of && !account_held(account))
		rc = nesting_above(&listing->nesting, books, account, true, above, err);
	if (!rc && listing->tree)
		rc = find_parent(listing, books, account, parent, err);
	if (rc)
		return rc;
	if (*above) {
		state = "blocked";
		note(listing->env, "%s: no job starts, since %s above it is held", account->name,
		     above);
	}
	add_sums(output, account->name, state, &sums);
	if (*parent)
		output_below(output, parent);
	/* Readings are not books: what was read then is not known. */
	if (listing->as_of)
		output_text(output, COLUMN_READ, "");
	else
		output_age(output, COLUMN_READ, read, books_time(books));
	output_text(output, COLUMN_CAUSES, account_causes(account, causes));
	output_text(output, COLUMN_LEVER, lever_of(account));
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

		output_row(output);
		output_text(output, LOT_ACCOUNT, account->name);
		output_number(output, LOT_ENTRY, (int64_t)lot->seq);
		output_time(output, LOT_START, lot->start);
		output_time(output, LOT_END, lot->end == WHEN_NEVER ? 0 : lot->end);
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
	const struct account *account;
	size_t count;
	int rc = SB_OK;

	if (selection->count == 0)
		rc = books_load_all(books, &count, err);
	if (rc)
		return rc;
	if (selection->count == 0 && count == 0)
		note(listing->env,
		     "the bank has no accounts yet: `subank open ACCOUNT SU` opens one");
	for (size_t i = 0; i < selection->count && !rc; i++) {
		rc = books_account(books, selection->list[i], &account, err);
		if (!rc)
			rc = listing->add(listing, books, account, err);
	}
	for (size_t i = 0; selection->count == 0 && i < count && !rc; i++)
		rc = listing->add(listing, books, books_at(books, i), err);
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
	int rc = history_new(books, name, moment->seq, &history, err);

	if (!rc)
		rc = history_advance(history, moment->seq, NULL, NULL, err);
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
	const struct selection *selection = listing->selection;
	const struct account *account;
	int rc = SB_OK;

	listing->moment = (struct moment){.seq = books_head(books)->seq, .time = books_time(books)};
	if (listing->as_of)
		rc = moment_as_of(books, listing->as_of, &listing->moment, err);
	/* All of them first: a row that an error follows would look like an answer. */
	for (size_t i = 0; i < selection->count && !rc; i++)
		rc = books_account(books, selection->list[i], &account, err);
	if (!rc)
		rc = list_all(listing, books, err);
	/* No account can have that name. */
	if (!rc && listing->total)
		add_sums(listing->output, "(total)", "", &listing->sums);
	return rc;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct listing listing = {.env = env,
				  .as_of = option(env, "as-of"),
				  .add = option(env, "lots") ? add_lots : add_row,
				  .forecast = option(env, "forecast"),
				  .tree = option(env, "tree"),
				  .total = option(env, "total")};
	struct column shown[COLUMN_COUNT_ALL];
	struct selection selection;
	int status;

	if (option(env, "lots") && (listing.forecast || listing.total))
		return usage(env, "--lots shows no sums: leave out --total and --forecast");
	if (listing.tree && (listing.as_of || option(env, "lots")))
		return usage(env, "--tree shows accounts as they hang together now: leave out "
				  "--as-of and --lots");
	status = selection_read(env, argc, argv, &selection);
	if (status != EXIT_DONE)
		return status;
	listing.selection = &selection;
	memcpy(shown, columns, sizeof(shown));
	for (size_t i = 0; listing.forecast && i < sizeof(given_up) / sizeof(given_up[0]); i++)
		shown[given_up[i]].shown = false;
	status = listing.add == add_lots
			 ? output_from_bank(env, lot_columns, LOT_COLUMN_COUNT, list, &listing,
					    &listing.output)
			 : output_from_bank(env, shown,
					    listing.forecast ? COLUMN_COUNT_ALL : COLUMN_COUNT,
					    list, &listing, &listing.output);
	nesting_release(&listing.nesting);
	selection_release(&selection);
	return status;
}

static const struct option_spec options[] = {
	{"as-of", 0, "TIME|ENTRY", "as it was at a time, or behind an entry"},
	{"lots", 0, NULL, "the money by window: start, end, what is left"},
	{"tree", 0, NULL, "accounts inside others below them"},
	{"total", 0, NULL, "a last row that adds up, accounts inside others once"},
	{"forecast", 0, NULL, "use per day, and how long the balance lasts"},
	{NULL, 0, NULL, NULL},
};

static const struct example examples[] = {
	{"subank balance", "all accounts"},
	{"subank balance --lots physics", "by window"},
	{"subank balance --as-of 2026-11-01 physics", "then"},
	{"subank balance -nP -o Account,Available", "for a script"},
	{NULL, NULL},
};

const struct command cmd_balance = {
	.name = "balance",
	.arguments = "[ACCOUNT...]",
	.summary = "what accounts have, what they used and what is left",
	.details = "Asks no Slurm. Amounts are in SU. Columns, those after Read with --format "
		   "only:\n"
		   "- Account: its name\n"
		   "- State: open, held, closed; grace: held but let run for a time; blocked: an "
		   "account above it is held\n"
		   "- Allocated: what may be used now, spent or not\n"
		   "- Used: how much of that is spent\n"
		   "- Available: what is left, with credit\n"
		   "- Percent: used of what is allocated\n"
		   "- Read: how long ago the use was read\n"
		   "- Causes: why it is held: hand, funds, closed\n"
		   "- Lever: whether Slurm was changed: set, pending, failed\n"
		   "- Charged: all that was ever charged\n"
		   "- Debt: what was used beyond what there was; the next money pays it first\n"
		   "- Waiting: what has not started\n"
		   "--lots shows what that is made of, a row for each deposit (or what was "
		   "moved or given back) and window: Account, Entry (that made it), Start, End, "
		   "Amount, Rest (not spent) and State (to come, active, ended).\n"
		   "An account inside another one of the bank is a budget of its own, and what it "
		   "uses counts in both; --total counts it once, and --tree shows what is inside "
		   "what (in tables; other forms have the same rows as ever).\n"
		   "--as-of shows what was entered until then; Read is empty. Name accounts: "
		   "all of them are worked out from the whole journal, which takes long when it "
		   "is large.\n"
		   "--forecast adds PerDay7 and PerDay30, the use per day over the last 7 and "
		   "30 days (of a younger account, over its days); Lasts, when nothing is left at "
		   "the rate of PerDay30; and Unused, what windows that end leave over at it. "
		   "What was given back is not subtracted.",
	.examples = examples,
	.see_also = "statement why journal",
	.max_args = -1,
	.flags = CMD_READ | CMD_LIST,
	.options = options,
	.run = run,
};
