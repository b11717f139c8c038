/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "cmd/command.h"
#include "cmd/output.h"
#include "cmd/selection.h"
#include "ledger/amount.h"

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
	COLUMN_COUNT,
};

static const struct column columns[COLUMN_COUNT] = {
	[COLUMN_ACCOUNT] = {"Account", false, true},	[COLUMN_STATE] = {"State", false, true},
	[COLUMN_ALLOCATED] = {"Allocated", true, true}, [COLUMN_USED] = {"Used", true, true},
	[COLUMN_AVAILABLE] = {"Available", true, true}, [COLUMN_PERCENT] = {"Percent", true, true},
	[COLUMN_READ] = {"Read", true, true},		[COLUMN_CAUSES] = {"Causes", false, false},
	[COLUMN_LEVER] = {"Lever", false, false},	[COLUMN_CHARGED] = {"Charged", true, false},
	[COLUMN_DEBT] = {"Debt", true, false},
};

struct listing {
	struct env *env;
	struct output *output;
	const struct selection *selection;
};

static const char *state_of(const struct account *account)
{
	if (!account->open)
		return "closed";
	if (account_held(account))
		return "held";
	return account->causes ? "grace" : "open";
}

/* "hand,funds" */
static const char *causes_of(const struct account *account, char buf[32])
{
	size_t len = 0;

	buf[0] = '\0';
	for (uint8_t cause = 0; event_fields[FIELD_AT_CAUSE].words[cause]; cause++) {
		if (account_has_cause(account, (enum cause)cause))
			len += (size_t)snprintf(buf + len, 32 - len, "%s%s", len ? "," : "",
						event_word(FIELD_AT_CAUSE, cause));
	}
	return buf;
}

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

static int add_row(struct books *books, struct output *output, const struct account *account,
		   struct sb_error *err)
{
	int64_t available, allocated, used, read;
	char causes[32];
	int rc = account_available(account, &available, err);

	if (!rc)
		rc = account_allocated(account, &allocated, err);
	if (!rc)
		rc = account_used(account, &used, err);
	if (!rc)
		rc = books_read_time(books, account, &read, err);
	if (rc)
		return rc;
	output_row(output);
	output_text(output, COLUMN_ACCOUNT, account->name);
	output_text(output, COLUMN_STATE, state_of(account));
	output_amount(output, COLUMN_ALLOCATED, allocated);
	output_amount(output, COLUMN_USED, used);
	output_amount(output, COLUMN_AVAILABLE, available);
	output_percent(output, COLUMN_PERCENT, amount_percent(used, allocated));
	output_age(output, COLUMN_READ, read, books_time(books));
	output_text(output, COLUMN_CAUSES, causes_of(account, causes));
	output_text(output, COLUMN_LEVER, lever_of(account));
	output_amount(output, COLUMN_CHARGED, account_sum(account->charged));
	output_amount(output, COLUMN_DEBT, account->debt);
	return SB_OK;
}

static int list(struct books *books, void *ctx, struct sb_error *err)
{
	struct listing *listing = ctx;
	const struct selection *selection = listing->selection;
	const struct account *account;
	size_t count;
	int rc = SB_OK;

	/* All of them first: a row that an error follows would look like an answer. */
	for (size_t i = 0; i < selection->count && !rc; i++)
		rc = books_account(books, selection->list[i], &account, err);
	if (!rc && selection->count == 0)
		rc = books_load_all(books, &count, err);
	if (rc)
		return rc;
	if (selection->count == 0 && count == 0)
		note(listing->env,
		     "the bank has no accounts yet: `subank open ACCOUNT SU` opens one");
	for (size_t i = 0; i < selection->count && !rc; i++) {
		rc = books_account(books, selection->list[i], &account, err);
		if (!rc)
			rc = add_row(books, listing->output, account, err);
	}
	for (size_t i = 0; selection->count == 0 && i < count && !rc; i++)
		rc = add_row(books, listing->output, books_at(books, i), err);
	return rc;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct listing listing = {.env = env};
	struct selection selection;
	int status = selection_read(env, argc, argv, &selection);

	if (status != EXIT_DONE)
		return status;
	listing.selection = &selection;
	status = output_from_bank(env, columns, COLUMN_COUNT, list, &listing, &listing.output);
	selection_release(&selection);
	return status;
}

const struct command cmd_balance = {
	.name = "balance",
	.arguments = "[ACCOUNT...]",
	.summary = "what accounts have, what they used and what is left",
	.details =
		"Asks no Slurm: Read says how long ago the use was read. Amounts are in SU.\n"
		"Columns: Account, State (open, held, grace: held but let run for a time, "
		"closed),\n"
		"Allocated, Used, Available, Percent, Read, and with --format also Causes (why it\n"
		"is held: hand, funds, closed), Lever (whether Slurm was changed: set, pending,\n"
		"failed), Charged (ever) and Debt.",
	.max_args = -1,
	.flags = CMD_READ | CMD_LIST,
	.run = run,
};
