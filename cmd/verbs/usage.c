/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/frame/command.h"
#include "cmd/show/output.h"
#include "cmd/show/period.h"
#include "cmd/show/selection.h"
#include "cmd/show/statements.h"
#include "cmd/show/use_rows.h"
#include "ledger/base/amount.h"
#include "ledger/books/seen.h"

enum {
	COLUMN_ACCOUNT,
	COLUMN_USE,
	COLUMN_CLUSTER = COLUMN_USE + USE_COLUMNS,
	COLUMN_JOBS,
	COLUMN_USED,
	COLUMN_SHARE,
	COLUMN_SINCE,
	COLUMN_UNTIL,
	COLUMN_COUNT,
};

static const struct column columns[COLUMN_COUNT] = {
	[COLUMN_ACCOUNT] = {"Account", false, false, CELL_NAME},
	USE_COLUMN_ROWS(COLUMN_USE),
	[COLUMN_CLUSTER] = {"Cluster", false, false, CELL_NAME},
	[COLUMN_JOBS] = {"Jobs", true, true, CELL_WHOLE},
	[COLUMN_USED] = {"Used", true, true, CELL_AMOUNT},
	[COLUMN_SHARE] = {"Share", true, true, CELL_PART},
	[COLUMN_SINCE] = {"Since", false, false, CELL_WHOLE},
	[COLUMN_UNTIL] = {"Until", false, false, CELL_WHOLE},
};

/* Of reading while others write. */
enum { TRIES_MAX = 100 };

/* Use of an account that has no entry yet. */
struct unentered {
	char account[NAME_SIZE];
	int64_t amount;
};

struct listing {
	struct env *env;
	struct output *output;
	struct selection *selection;
	struct unentered *unentered; /* by name, those that have some */
	size_t unentered_count;
	uint64_t head; /* when they were found */
	bool moved; /* something was entered since, maybe that */
	struct column columns[COLUMN_COUNT];
	struct use use;
	struct statement statement; /* of one account after the other */
};

static void add_cells(struct output *output, const struct use_row *row, void *ctx)
{
	const struct listing *listing = ctx;
	int64_t used = row->amount > 0 ? row->amount : 0;

	output_text(output, COLUMN_ACCOUNT, listing->statement.account);
	output_text(output, COLUMN_CLUSTER, row->cluster);
	output_number(output, COLUMN_JOBS, (int64_t)row->jobs);
	output_amount(output, COLUMN_USED, row->amount);
	output_percent(output, COLUMN_SHARE,
		       listing->use.amount > 0 ? amount_percent(used, listing->use.amount) : -1);
	output_time(output, COLUMN_SINCE, listing->statement.since);
	output_time(output, COLUMN_UNTIL, listing->statement.until);
}

/* The accounts come by name, or as they were asked for. */
static int64_t unentered_of(const struct listing *listing, const char *account)
{
	for (size_t i = 0; i < listing->unentered_count; i++) {
		if (strcmp(listing->unentered[i].account, account) == 0)
			return listing->unentered[i].amount;
	}
	return 0;
}

static int add_unentered(struct listing *listing, const struct account *account,
			 const struct books *books, struct sb_error *err)
{
	struct unentered *grown;
	int64_t amount, since;

	seen_sum(books, account, &amount, &since);
	if (amount == 0)
		return SB_OK;
	grown = reallocarray(listing->unentered, listing->unentered_count + 1, sizeof(*grown));
	if (!grown)
		return sb_error_nomem(err);
	listing->unentered = grown;
	grown += listing->unentered_count++;
	grown->amount = amount;
	(void)snprintf(grown->account, sizeof(grown->account), "%s", account->name);
	return SB_OK;
}

/* Finds what has no entry yet. It takes a transaction of its own: statements are made from accounts
 * without it. */
static int find_unentered(struct books *books, void *ctx, struct sb_error *err)
{
	struct listing *listing = ctx;
	struct selection *selection = listing->selection;
	const struct account *account;
	size_t count = 0;
	int rc = selection_find(selection, listing->env, books, err);

	listing->unentered_count = 0;
	listing->head = books_head(books)->seq;
	for (size_t i = 0; i < selection->count && !rc; i++) {
		rc = books_find(books, selection->list[i], &account, err);
		if (!rc)
			rc = add_unentered(listing, account, books, err);
		/* list() tells of those that are not there. */
		if (rc == SB_ENOTFOUND)
			rc = SB_OK;
	}
	if (!rc && selection->count == 0)
		rc = books_load_all(books, &count, err);
	for (size_t i = 0; i < count && !rc; i++)
		rc = add_unentered(listing, books_at(books, i), books, err);
	return rc;
}

/* A charge counts where it is entered, so what waits for its entry counts in a period that is not
 * over. Adds it to the account's use, of which the others are then shares. */
static int count_unentered(struct listing *listing, int64_t *ret, struct sb_error *err)
{
	const struct statement *statement = &listing->statement;
	struct use *use = &listing->use;

	*ret = statement->so_far ? unentered_of(listing, statement->account) : 0;
	if (amount_add(use->amount, *ret, &use->amount))
		return SB_OK;
	return sb_error_set(
		err, SB_EOVERFLOW,
		"what account '%s' has used is past what int64 holds: ask for a shorter "
		"period",
		statement->account);
}

static int list_account(struct listing *listing, struct books *books, const char *account,
			struct sb_error *err)
{
	struct statement *statement = &listing->statement;
	const struct use_table table = {listing->output, COLUMN_USE, add_cells, listing};
	struct use_row row = {.cluster = ""};
	int rc;

	statement->account = account;
	rc = statement_make_with_progress(listing->env, books, statement, err);
	if (!rc)
		rc = count_unentered(listing, &row.amount, err);
	if (!rc)
		rc = use_rows(books, statement, &table, err);
	if (!rc && row.amount > 0) {
		output_row(listing->output);
		output_text(listing->output, COLUMN_USE + listing->use.by - 1, "(not entered)");
		add_cells(listing->output, &row, listing);
	}
	statement_release(statement);
	return rc;
}

static int list(struct books *books, void *ctx, struct sb_error *err)
{
	struct listing *listing = ctx;
	struct selection *selection = listing->selection;
	size_t count = 0;
	int rc = SB_OK;

	listing->moved = books_head(books)->seq != listing->head;
	if (listing->moved)
		return SB_OK;
	books_as_entered(books); /* as the statements, which are compared with the states */
	if (selection->count == 0)
		rc = books_load_all(books, &count, err);
	for (size_t i = 0; i < selection->count && !rc; i++)
		rc = list_account(listing, books, selection->list[i], err);
	for (size_t i = 0; i < count && !rc; i++)
		rc = list_account(listing, books, books_at(books, i)->name, err);
	/* A table is printed behind this. */
	if (!rc && output_has_frame(listing->env))
		period_report(listing->env, listing->statement.since, listing->statement.until);
	return rc;
}

/* What is entered between the two readings would be counted twice, or not at all. */
static int read_use(struct listing *listing, struct sb_error *err)
{
	struct env *env = listing->env;
	int rc = SB_OK;

	listing->moved = true;
	for (int try = 0; try < TRIES_MAX && listing->moved && !rc; try++) {
		rc = bank_read(env->bank, env->os.now(), find_unentered, listing, err);
		if (!rc)
			rc = bank_read(env->bank, env->os.now(), list, listing, err);
	}
	if (!rc && listing->moved)
		rc = sb_error_set(err, SB_EBUSY,
				  "entries are made faster than they can be read: try again");
	return rc;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct listing listing = {.env = env, .use.by = USE_BY_USER};
	struct statement *statement = &listing.statement;
	struct selection selection;
	struct sb_error err;
	int status = selection_read(env, argc, argv, &selection), rc, finished;

	if (status != EXIT_DONE)
		return status;
	listing.selection = &selection;
	statement->use = &listing.use;
	memcpy(listing.columns, columns, sizeof(columns));
	listing.columns[COLUMN_ACCOUNT].shown = selection.count != 1;
	rc = period_read(env, &statement->since, &statement->until, &err);
	if (!rc)
		rc = use_by_read(env, &listing.use.by, &err);
	if (!rc) {
		use_columns_show(&listing.columns[COLUMN_USE], listing.use.by);
		rc = output_new(env, listing.columns, COLUMN_COUNT, &listing.output, &err);
	}
	if (!rc) {
		output_if_empty(listing.output, "nothing was charged in this time");
		rc = read_use(&listing, &err);
		if (rc)
			output_fail(listing.output);
	}
	finished = output_finish(listing.output, rc ? NULL : &err);
	free(listing.unentered);
	status = selection.missing > 0 ? EXIT_REFUSED : EXIT_DONE;
	selection_release(&selection);
	return !rc && !finished ? status : statement_failed(env, &err);
}

static const struct option_spec options[] = {
	{"by", 0, "BY", "what it is told apart by (user)"},
	PERIOD_OPTIONS,
	{NULL, 0, NULL, NULL},
};

static const struct example examples[] = {
	{"subank usage physics", "this month, by user"},
	{"subank usage physics --by month --since 2026-01-01", "month by month"},
	{"subank usage institute --by account", "what is below it in Slurm"},
	{"subank usage physics --by job -P", "job by job"},
	{NULL, NULL},
};

const struct command cmd_usage = {
	.name = "usage",
	.arguments = "[ACCOUNT...]",
	.summary = "who used an account, and how much of it",
	.details =
		"What was charged in a period, less what was refunded or reversed of that, as "
		"`subank statement --by` has it: without times the current month, without "
		"accounts all of the bank. What an account is used for by those below it "
		"counts in it, too, as in its balance: --by account tells them apart. Share is "
		"that of the account's use; a bar shows it where there is room.\n"
		"Who used it is known of jobs that `meter: jobs` charged. What RawUsage counted "
		"is in a row of its own, (RawUsage), and what `subank reconcile` or a switch of "
		"the meter entered in one called (reconciled); what has no entry yet "
		"(`charge_minutes` in the settings) is in a row (not entered), where the period is "
		"not over. --by month has both in their "
		"months. A refund counts with its job, in whatever period that was charged; with "
		"`month`, in the month in which it was entered.\n"
		"Columns: Account (unless it is one), Job, User, SlurmAccount, Partition, QOS or "
		"Month, Jobs, Used, Share; with --format also Cluster (of a job), Since and "
		"Until. With -P and --csv jobs are printed as they are read, in whatever number; "
		"tables and --json are kept whole in memory.\n"
		"It is for those who may look into the bank: only balances are published.",
	.problems = "the entries do not add up, which must not be: run `subank verify`",
	.examples = examples,
	.see_also = "statement balance journal",
	.max_args = -1,
	.flags = CMD_READ | CMD_LIST,
	.options = options,
	.run = run,
};
