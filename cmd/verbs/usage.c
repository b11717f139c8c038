/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/post.h"
#include "cmd/show/output.h"
#include "cmd/show/period.h"
#include "cmd/show/published_own.h"
#include "cmd/show/selection.h"
#include "cmd/show/statements.h"
#include "cmd/show/use_rows.h"
#include "cmd/verbs/verb.h"
#include "ledger/base/amount.h"
#include "ledger/base/array.h"
#include "ledger/base/nearest.h"
#include "ledger/base/when.h"

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
	COLUMN_CPU,
	COLUMN_GPU,
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
	[COLUMN_CPU] = {"CPU-h", true, false, CELL_HOURS},
	[COLUMN_GPU] = {"GPU-h", true, false, CELL_HOURS},
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
	struct use_row total; /* of its rows so far; its amount is that of [use] */
};

static void add_cells(struct output *output, const struct use_row *row, void *ctx)
{
	struct listing *listing = ctx;
	int64_t used = row->amount > 0 ? row->amount : 0;
	bool known = row->hours.state == HOURS_KNOWN;

	output_text(output, COLUMN_ACCOUNT, listing->statement.account);
	output_unit(output, listing->statement.account);
	output_text(output, COLUMN_CLUSTER, row->cluster);
	output_number(output, COLUMN_JOBS, (int64_t)row->jobs);
	output_amount(output, COLUMN_USED, row->amount);
	output_percent(output, COLUMN_SHARE,
		       listing->use.amount > 0 ? amount_percent(used, listing->use.amount) : -1);
	output_time(output, COLUMN_SINCE, listing->statement.since);
	output_time(output, COLUMN_UNTIL, listing->statement.until);
	output_hours(output, COLUMN_CPU, known ? row->hours.cpu : -1);
	output_hours(output, COLUMN_GPU, known ? row->hours.gpu : -1);
	listing->total.jobs += row->jobs;
	use_add_hours(&listing->total.hours, &row->hours);
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

/* Prints the rows of the statement's account. Use without an entry is added to the account's use,
 * of which the rows are then shares. */
static int print_rows(struct listing *listing, struct books *books, int64_t unrecorded,
		      struct sb_error *err)
{
	const struct statement *statement = &listing->statement;
	struct output *output = listing->output;
	struct use *use = &listing->use;
	const struct use_row row = {.cluster = "", .amount = unrecorded};
	const struct use_table table = {listing->env, output, COLUMN_USE, add_cells, listing};
	struct use_row total;

	listing->total = (struct use_row){.cluster = ""};
	if (!amount_add(use->amount, unrecorded, &use->amount))
		return sb_error_set(
			err, SB_EOVERFLOW,
			"the use of account '%s' exceeds int64: ask for a shorter period",
			statement->account);
	TRY(use_rows(books, statement, &table, err));
	if (row.amount > 0) {
		output_row(output);
		use_row_name(output, COLUMN_USE, use, "(not entered)");
		add_cells(output, &row, listing);
	}
	if (option(listing->env, "total")) {
		total = listing->total;
		total.amount = use->amount;
		output_row(output);
		use_row_name(output, COLUMN_USE, use, "(total)");
		add_cells(output, &total, listing);
		output_last(output);
	}
	return SB_OK;
}

/* A charge counts when it is recorded, so use without an entry counts in a period that is not over.
 */
static int print_account(struct listing *listing, struct books *books, struct sb_error *err)
{
	const struct statement *statement = &listing->statement;

	TRY(statement_make_with_progress(listing->env, books, &listing->statement, err));
	return print_rows(listing, books,
			  statement->so_far ? unrecorded_of(listing, statement->account) : 0, err);
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

/* ---- from what the bank publishes ---- */

/* Finds the day at which a moment is. Published use is by day. */
static int whole_day(int64_t when, const char *option, int *ret, struct sb_error *err)
{
	char text[WHEN_TEXT_SIZE];

	*ret = use_day_of(when);
	if (when_day(when) == when)
		return SB_OK;
	return sb_error_set(err, SB_EINVAL, "use is published by day: give a day as --%s, not %s",
			    option, when_format_local(text, when));
}

static int check_period(const struct statement *statement, const struct use_days *days,
			int64_t published, struct sb_error *err)
{
	int since = use_day_of(statement->since);

	if (statement->since > published)
		return sb_error_set(err, SB_EREFUSED, "the period has not begun");
	if (since >= days->from)
		return SB_OK;
	return sb_error_set(
		err, SB_EREFUSED,
		"the use of '%s' is published from %04d-%02d-%02d on: give that day or a "
		"later one as --since, or ask the administrators for more",
		statement->account, days->from / 10000, days->from / 100 % 100, days->from % 100);
}

/* Prints the rows of an account as it was published. */
static int print_published(struct listing *listing, const struct published *published,
			   const struct balance_row *balance, struct sb_error *err)
{
	struct statement *statement = &listing->statement;
	struct use_days days;
	int since, until, rc;

	statement->account = balance->name;
	statement->so_far = statement->until > published->time;
	TRY(whole_day(statement->since, "since", &since, err));
	TRY(whole_day(statement->until, "until", &until, err));
	TRY(published_own_use(listing->env, balance->name, &days, err));
	rc = check_period(statement, &days, published->time, err);
	if (!rc)
		rc = use_days_sum(&days, since, until, &listing->use, err);
	if (!rc)
		rc = print_rows(listing, NULL, statement->so_far ? balance->unentered : 0, err);
	use_release(&listing->use);
	use_days_release(&days);
	return rc;
}

/* Lists the purses of all of the user's accounts. */
static int list_all_published(struct listing *listing, const struct published *published,
			      struct sb_error *err)
{
	char resource[RESOURCE_SIZE];

	for (size_t i = 0; i < published->count; i++) {
		const struct balance_row *row = &published->list[i].row;

		if (purse_user(row->name) ||
		    strcmp(resource_base(resource, purse_resource(row->name)),
			   listing->selection->resource) != 0)
			continue;
		if (!purse_is_su(row->name))
			output_show_units(listing->output);
		TRY(print_published(listing, published, row, err));
	}
	return SB_OK;
}

/* Lists the purses that were named. Reports names of none; fails when all are. */
static int list_named_published(struct listing *listing, const struct published *published,
				struct sb_error *err)
{
	struct selection *selection = listing->selection;
	const struct published_account *found;

	for (size_t i = 0; i < selection->count; i++) {
		int rc = published_own_find(published, selection->list[i], &found, err);

		if (rc && ++selection->missing == selection->count)
			return rc;
		if (rc) {
			(void)fail(listing->env, err);
			continue;
		}
		if (!purse_is_su(found->row.name))
			output_show_units(listing->output);
		TRY(print_published(listing, published, &found->row, err));
	}
	return SB_OK;
}

static int list_published(struct listing *listing, struct sb_error *err)
{
	struct env *env = listing->env;
	struct published published;
	char age[WHEN_TEXT_SIZE];
	int rc;

	if (listing->use.by == USE_BY_JOB)
		return sb_error_set(err, SB_EREFUSED,
				    "jobs are not published: choose another --by than job");
	if (listing->use.by_end)
		return sb_error_set(err, SB_EREFUSED,
				    "use is published by the day of its entry: leave out "
				    "--month-of end");
	TRY(published_own_read(env, &published, err));
	if (listing->selection->count > 0)
		rc = list_named_published(listing, &published, err);
	else
		rc = list_all_published(listing, &published, err);
	if (!rc)
		note(env, "as the bank published it %s ago",
		     when_format_age(age, env->os.now() - published.time));
	published_release(&published);
	TRY(rc);
	if (output_has_frame(env))
		period_report(env, listing->statement.since, listing->statement.until);
	return SB_OK;
}

/* Reads --by and --month-of. */
static int read_grouping(struct env *env, struct use *use, struct sb_error *err)
{
	static const char *const words[] = {"entry", "end", NULL};
	const char *month_of = option(env, "month-of");

	TRY(use_by_read(env, use, err));
	if (!month_of)
		return SB_OK;
	use->by_end = strcmp(month_of, "end") == 0;
	if (!use->by_end && strcmp(month_of, "entry") != 0)
		return nearest_error("--month-of takes no", month_of, words, err);
	if (use->by == USE_BY_MONTH || use->then == USE_BY_MONTH)
		return SB_OK;
	return sb_error_set(err, SB_EINVAL, "--month-of is about months: add --by month");
}

/* Makes the columns for the options and the accounts. */
static void choose_columns(const struct env *env, struct listing *listing)
{
	struct column *to = listing->columns;

	memcpy(to, columns, sizeof(columns));
	to[COLUMN_ACCOUNT].shown = listing->selection->count != 1;
	to[COLUMN_CPU].shown = to[COLUMN_GPU].shown = option(env, "hours");
	/* A header must not say hours of what are seconds. */
	if (env->seconds) {
		to[COLUMN_CPU].name = "CPU-s";
		to[COLUMN_GPU].name = "GPU-s";
	}
	use_columns_show(env, &to[COLUMN_USE], &listing->use);
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
	listing.use.once = selection.count != 1;
	statement->use = &listing.use;
	rc = period_read(env, &statement->since, &statement->until, &err);
	if (!rc)
		rc = read_grouping(env, &listing.use, &err);
	if (!rc) {
		choose_columns(env, &listing);
		rc = output_new(env, listing.columns, COLUMN_COUNT, &listing.output, &err);
	}
	if (!rc) {
		output_if_empty(listing.output, "nothing was charged in this time");
		rc = env->bank ? read_use(&listing, &err) : list_published(&listing, &err);
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
		"are all of the bank. Of several accounts, one that was renamed has use from "
		"before that only under the name that it had at the end of the period. Use by "
		"accounts below an account counts in it too, as in its balance: --by account "
		"separates them. Share is the part of the account's use; a "
		"bar shows it where there is room.\n"
		"The user is known for jobs charged under `meter: jobs`. Use that RawUsage counted "
		"has a row of its own, (RawUsage), and so have the entries of `subank reconcile` "
		"and of a switch of the meter, (reconciled); use without an entry yet "
		"(`charge_minutes` in the settings) is in a row (not entered), if the period is "
		"not over. --by month puts all of them into their months. A refund counts with its "
		"job, in the period in which the job was charged; by `month`, in the month of the "
		"refund.\n"
		"Two words, as in --by month,partition, group by both: a row for each pair, sorted "
		"by the first. Without the row (not entered), the rows of an account add up to the "
		"use in its statement of the same period, whatever the grouping. --total prints "
		"the sum of all rows, with (not entered). There is none of several accounts: those "
		"above others count the same use.\n"
		"With --month-of end, jobs and their refunds are in the month in which the job "
		"ended, also when it was charged in a later one. The period still selects entries: "
		"the sum of all rows equals the statement, the row of a month does not. So the "
		"first and the last month are incomplete: of the first, jobs that were charged "
		"before the period are missing, of the last, those charged after it. Choose a "
		"wider period than the months that you need, as in the examples. Other use stays "
		"in the month of its entry.\n"
		"--hours adds columns CPU-h and GPU-h: the CPUs (TRES cpu) and GPUs (gres/gpu) "
		"that the jobs of a row were allocated, times the hours that they ran. They are "
		"counted once, with the job's charge, for the whole run: no refund, factor or "
		"price changes them. Jobs that cost nothing have no entry and do not count. The "
		"cell is empty where no job was charged under `meter: jobs`, and where it is not "
		"known what a job was allocated. GPUs that Slurm does not track "
		"(AccountingStorageTRES) read 0. With --seconds the columns are CPU-s and GPU-s, "
		"in seconds. --json "
		"and --csv have cpu_seconds and gpu_seconds.\n"
		"Only use in SU is shown, unless --resource names another resource (`subank open "
		"--resource`) or an argument names a budget of one (physics:gres/gpu). Different "
		"resources are never added up. What `subank charge` "
		"charged is in a row (fees).\n"
		"Columns: Account (unless there is only one), Job, User, SlurmAccount, Partition, "
		"QOS or Month, Jobs, Used, Unit (of another resource than SU), Share; with "
		"--hours CPU-h and GPU-h; with --format also Resource, Cluster (of a job), Since "
		"and Until. With -P and --csv jobs are printed as they are read, however many; "
		"tables, "
		"--json and what is sorted are kept in memory as a whole.\n"
		"Under `publish: own` in the settings, users who may not read the bank see the use "
		"of their own accounts: that of the last 92 days, by whole days, and not by "
		"job or the end of jobs.",
	.problems = "the entries do not add up, which must never happen: run `subank verify`",
	.examples = EXAMPLES(
		{"subank usage physics", "this month, by user"},
		{"subank usage physics --by month --since 2026-01-01", "month by month"},
		{"subank usage physics --by month,partition --hours --since 2026-01-01",
		 "month by month, in each partition"},
		{"subank usage physics --by month --month-of end --since 2025-12-01",
		 "by the end of jobs: complete from January 2026 to last month"},
		{"subank usage institute --by account", "by the accounts below it in Slurm"},
		{"subank usage --sort -Used", "of all accounts, the largest use first"},
		{"subank usage physics --resource gres/gpu", "its GPU-hours"},
		{"subank usage physics --by job -P", "job by job"}),
	.see_also = "statement balance journal",
	.max_args = -1,
	.flags = CMD_READ | CMD_LIST | CMD_SORT | CMD_PUBLISHED_OWN,
	.options = OPTIONS(
		{"by", 0, "BY", "how to group usage, one word or two (default: user)"},
		{"hours", 0, NULL, "also show CPU-hours and GPU-hours of the jobs"},
		{"month-of", 0, "MOMENT", "by month: that of the `entry`, or of a job's `end`"},
		{"total", 0, NULL, "also a row (total) for each account"}, PERIOD_OPTIONS,
		RESOURCE_OPTION),
	.run = run,
};
