/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/post.h"
#include "cmd/show/output.h"
#include "cmd/show/period.h"
#include "cmd/show/selection.h"
#include "cmd/show/statements.h"
#include "cmd/show/use_rows.h"
#include "cmd/verbs/verb.h"
#include "ledger/base/amount.h"
#include "ledger/base/array.h"

enum {
	COLUMN_ACCOUNT,
	COLUMN_USE,
	COLUMN_CLUSTER = COLUMN_USE + USE_COLUMNS,
	COLUMN_JOBS,
	COLUMN_USED,
	COLUMN_UNIT,
	COLUMN_SHARE,
	COLUMN_SINCE,
	COLUMN_UNTIL,
	COLUMN_RESOURCE,
	COLUMN_COUNT
};

static const struct column columns[COLUMN_COUNT] = {
	[COLUMN_ACCOUNT] = {"Account", false, false, CELL_NAME},
	USE_COLUMN_ROWS(COLUMN_USE),
	[COLUMN_CLUSTER] = {"Cluster", false, false, CELL_NAME},
	[COLUMN_JOBS] = {"Jobs", true, true, CELL_WHOLE},
	[COLUMN_USED] = {"Used", true, true, CELL_AMOUNT},
	[COLUMN_UNIT] = {"Unit", false, false, CELL_UNIT},
	[COLUMN_SHARE] = {"Share", true, true, CELL_PART},
	[COLUMN_SINCE] = {"Since", false, false, CELL_WHOLE},
	[COLUMN_UNTIL] = {"Until", false, false, CELL_WHOLE},
	[COLUMN_RESOURCE] = {"Resource", false, false, CELL_RESOURCE},
};

/* How often to read again while others write. */
enum { TRIES_MAX = 100 };

/* Use of an account that has no entry yet. */
struct unrecorded {
	char account[NAME_SIZE];
	int64_t amount;
};

struct listing {
	struct env *env;
	struct output *output;
	struct selection *selection;
	struct unrecorded *unrecorded; /* the accounts that have some */
	size_t unrecorded_count;
	uint64_t head; /* when they were found */
	bool moved; /* entries were made since, perhaps of that use */
	struct column columns[COLUMN_COUNT];
	struct use use;
	struct statement statement; /* of one account after the other */
};

static void add_cells(struct output *output, const struct use_row *row, void *ctx)
{
	const struct listing *listing = ctx;
	int64_t used = row->amount > 0 ? row->amount : 0;

	output_text(output, COLUMN_ACCOUNT, listing->statement.account);
	output_unit(output, listing->statement.account);
	output_text(output, COLUMN_CLUSTER, row->cluster);
	output_number(output, COLUMN_JOBS, (int64_t)row->jobs);
	output_amount(output, COLUMN_USED, row->amount);
	output_percent(output, COLUMN_SHARE,
		       listing->use.amount > 0 ? amount_percent(used, listing->use.amount) : -1);
	output_time(output, COLUMN_SINCE, listing->statement.since);
	output_time(output, COLUMN_UNTIL, listing->statement.until);
}

static int64_t unrecorded_of(const struct listing *listing, const char *account)
{
	for (size_t i = 0; i < listing->unrecorded_count; i++) {
		if (strcmp(listing->unrecorded[i].account, account) == 0)
			return listing->unrecorded[i].amount;
	}
	return 0;
}

static int add_unrecorded(struct listing *listing, const struct account *account,
			  const struct books *books, struct sb_error *err)
{
	struct unrecorded *unrecorded;
	int64_t amount, since;

	books_deferred_sum(books, account, &amount, &since);
	if (amount == 0)
		return SB_OK;
	unrecorded = array_add(listing->unrecorded, listing->unrecorded_count);
	if (!unrecorded)
		return sb_error_nomem(err);
	unrecorded->amount = amount;
	(void)snprintf(unrecorded->account, sizeof(unrecorded->account), "%s", account->name);
	return SB_OK;
}

/* Finds use that has no entry yet. It takes a transaction of its own: statements are made from
 * accounts without that use. */
static int find_unrecorded(struct books *books, void *ctx, struct sb_error *err)
{
	struct listing *listing = ctx;
	struct purses purses;
	int rc = SB_OK;

	TRY(selection_find(listing->selection, listing->env, books, err));
	listing->unrecorded_count = 0;
	listing->head = books_head(books)->seq;
	TRY(selection_purses(listing->selection, books, &purses, err));
	for (size_t i = 0; i < purses.count && !rc; i++)
		rc = add_unrecorded(listing, purses.list[i], books, err);
	purses_release(&purses);
	return rc;
}

/* Adds use without an entry to the account's use, of which the rows are then shares. A charge
 * counts when it is recorded, so this use counts in a period that is not over. */
static int count_unrecorded(struct listing *listing, int64_t *ret, struct sb_error *err)
{
	const struct statement *statement = &listing->statement;
	struct use *use = &listing->use;

	*ret = statement->so_far ? unrecorded_of(listing, statement->account) : 0;
	if (amount_add(use->amount, *ret, &use->amount))
		return SB_OK;
	return sb_error_set(err, SB_EOVERFLOW,
			    "the use of account '%s' exceeds int64: ask for a shorter period",
			    statement->account);
}

/* Prints the rows of the statement's account. */
static int print_account(struct listing *listing, struct books *books, struct sb_error *err)
{
	struct statement *statement = &listing->statement;
	struct output *output = listing->output;
	struct use_row row = {.cluster = ""};
	const struct use_table table = {output, COLUMN_USE, add_cells, listing};

	TRY(statement_make_with_progress(listing->env, books, statement, err));
	TRY(count_unrecorded(listing, &row.amount, err));
	TRY(use_rows(books, statement, &table, err));
	if (row.amount > 0) {
		output_row(output);
		output_text(output, COLUMN_USE + listing->use.by - 1, "(not entered)");
		add_cells(output, &row, listing);
	}
	return SB_OK;
}

static int list_account(struct listing *listing, struct books *books, const char *account,
			struct sb_error *err)
{
	int rc;

	listing->statement.account = account;
	rc = print_account(listing, books, err);
	statement_release(&listing->statement);
	return rc;
}

static int list(struct books *books, void *ctx, struct sb_error *err)
{
	struct listing *listing = ctx;
	struct purses purses;
	int rc = SB_OK;

	listing->moved = books_head(books)->seq != listing->head;
	if (listing->moved)
		return SB_OK;
	books_omit_deferred(books); /* like the statements, which are compared with the states */
	TRY(selection_purses(listing->selection, books, &purses, err));
	if (has_resources(&purses))
		output_show_units(listing->output);
	for (size_t i = 0; i < purses.count && !rc; i++)
		rc = list_account(listing, books, purses.list[i]->name, err);
	purses_release(&purses);
	TRY(rc);
	/* A table is printed after this. */
	if (output_has_frame(listing->env))
		period_report(listing->env, listing->statement.since, listing->statement.until);
	return SB_OK;
}

/* Reads recorded and unrecorded use, again and again until no entry is made in between: the use of
 * such an entry would count twice, or not at all. */
static int read_use(struct listing *listing, struct sb_error *err)
{
	struct env *env = listing->env;

	for (int try = 0; try < TRIES_MAX; try++) {
		TRY(bank_read(env->bank, env->os.now(), find_unrecorded, listing, err));
		TRY(bank_read(env->bank, env->os.now(), list, listing, err));
		if (!listing->moved)
			return SB_OK;
	}
	return sb_error_set(err, SB_EBUSY,
			    "entries are made faster than they can be read: try again");
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct listing listing = {.env = env, .use.by = USE_BY_USER};
	struct statement *statement = &listing.statement;
	struct selection selection;
	struct sb_error err;
	int status = selection_read_purses(env, argc, argv, &selection), rc, finished;

	if (status != EXIT_DONE)
		return status;
	/* A resource other than SU has to be asked for, by --resource or by the name of a purse. */
	if (!*selection.resource)
		(void)snprintf(selection.resource, RESOURCE_SIZE, "%s", RESOURCE_BILLING);
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
	free(listing.unrecorded);
	status = selection.missing > 0 ? EXIT_REFUSED : EXIT_DONE;
	selection_release(&selection);
	return !rc && !finished ? status : statement_failed(env, &err);
}

const struct command cmd_usage = {
	.name = "usage",
	.arguments = "[ACCOUNT...]",
	.summary = "who used an account, and how much of it",
	.details =
		"The charges of a period, less refunds and reversals of them, as in `subank "
		"statement --by`. The default period is the current month, the default accounts "
		"are all of the bank. Use by accounts below an account counts in it too, as in its "
		"balance: --by account separates them. Share is the part of the account's use; a "
		"bar shows it where there is room.\n"
		"The user is known for jobs charged under `meter: jobs`. Use that RawUsage counted "
		"has a row of its own, (RawUsage), and so have the entries of `subank reconcile` "
		"and of a switch of the meter, (reconciled); use without an entry yet "
		"(`charge_minutes` in the settings) is in a row (not entered), if the period is "
		"not over. --by month puts all of them into their months. A refund counts with its "
		"job, in the period in which the job was charged; by `month`, in the month of the "
		"refund.\n"
		"Only use in SU is shown, unless --resource names another resource (`subank open "
		"--resource`) or an argument names a budget of one (physics:gres/gpu). Different "
		"resources are never added up. What `subank charge` "
		"charged is in a row (fees).\n"
		"Columns: Account (unless there is only one), Job, User, SlurmAccount, Partition, "
		"QOS or Month, Jobs, Used, Unit (of another resource than SU), Share; with "
		"--format "
		"also Resource, Cluster (of a job), Since and "
		"Until. With -P and --csv jobs are printed as they are read, however many; tables, "
		"--json and what is sorted are kept in memory as a whole.\n"
		"Only users who may read the bank can use it: balances alone are published.",
	.problems = "the entries do not add up, which must never happen: run `subank verify`",
	.examples = EXAMPLES(
		{"subank usage physics", "this month, by user"},
		{"subank usage physics --by month --since 2026-01-01", "month by month"},
		{"subank usage institute --by account", "by the accounts below it in Slurm"},
		{"subank usage --sort -Used", "of all accounts, the largest use first"},
		{"subank usage physics --resource gres/gpu", "its GPU-hours"},
		{"subank usage physics --by job -P", "job by job"}),
	.see_also = "statement balance journal",
	.max_args = -1,
	.flags = CMD_READ | CMD_LIST | CMD_SORT,
	.options = OPTIONS({"by", 0, "BY", "how to group usage (default: user)"}, PERIOD_OPTIONS,
			   RESOURCE_OPTION),
	.run = run,
};
