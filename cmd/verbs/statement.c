/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/report/statement.h"
#include "cmd/check/checkup.h"
#include "cmd/enter/post.h"
#include "cmd/show/account_text.h"
#include "cmd/show/entry_text.h"
#include "cmd/show/head_text.h"
#include "cmd/show/output.h"
#include "cmd/show/period.h"
#include "cmd/show/selection.h"
#include "cmd/show/statements.h"
#include "cmd/show/use_rows.h"
#include "cmd/verbs/verb.h"
#include "ledger/base/when.h"
#include "ledger/report/forecast.h"

enum {
	COLUMN_ENTRY,
	COLUMN_TIME,
	COLUMN_ITEM,
	COLUMN_CLUSTER,
	COLUMN_USE,
	COLUMN_ENTRIES = COLUMN_USE + USE_COLUMNS,
	COLUMN_AMOUNT,
	COLUMN_UNIT,
	COLUMN_BALANCE,
	COLUMN_DETAIL,
	COLUMN_NOTE,
	COLUMN_ACCOUNT,
	COLUMN_SINCE,
	COLUMN_UNTIL,
	COLUMN_HEAD,
	COLUMN_BANK,
	COLUMN_UNLIMITED,
	COLUMN_RESOURCE,
	COLUMN_COUNT
};

static const struct column columns[COLUMN_COUNT] = {
	[COLUMN_ENTRY] = {"Entry", true, false, CELL_WHOLE},
	[COLUMN_TIME] = {"Time", false, false, CELL_WHOLE},
	[COLUMN_ITEM] = {"Item", false, true, CELL_WHOLE},
	[COLUMN_CLUSTER] = {"Cluster", false, true, CELL_NAME},
	USE_COLUMN_ROWS(COLUMN_USE),
	[COLUMN_ENTRIES] = {"Entries", true, true, CELL_WHOLE},
	[COLUMN_AMOUNT] = {"Amount", true, true, CELL_AMOUNT},
	[COLUMN_UNIT] = {"Unit", false, false, CELL_UNIT},
	[COLUMN_BALANCE] = {"Balance", true, false, CELL_AMOUNT},
	[COLUMN_DETAIL] = {"Detail", false, false, CELL_PROSE},
	[COLUMN_NOTE] = {"Note", false, false, CELL_PROSE},
	[COLUMN_ACCOUNT] = {"Account", false, false, CELL_NAME},
	[COLUMN_SINCE] = {"Since", false, false, CELL_WHOLE},
	[COLUMN_UNTIL] = {"Until", false, false, CELL_WHOLE},
	[COLUMN_HEAD] = {"Head", false, false, CELL_WHOLE},
	[COLUMN_BANK] = {"Bank", false, false, CELL_WHOLE},
	[COLUMN_UNLIMITED] = {"Unlimited", false, false, CELL_WHOLE},
	[COLUMN_RESOURCE] = {"Resource", false, false, CELL_RESOURCE},
};

/* With --entries. */
static const bool shown_with_entries[COLUMN_COUNT] = {
	[COLUMN_ENTRY] = true,	[COLUMN_TIME] = true,	 [COLUMN_ITEM] = true,
	[COLUMN_AMOUNT] = true, [COLUMN_BALANCE] = true, [COLUMN_DETAIL] = true,
};

struct printing {
	struct env *env;
	struct output *output;
	struct column columns[COLUMN_COUNT];
	struct statement statement;
	struct use use;
	bool entries; /* print each of them, not sums */
	char bank[BANK_ID_TEXT_SIZE];
	char head[HEAD_TEXT_SIZE]; /* as on a receipt; "" when the period is over */
};

/* Fills in the cells that are the same in each row. */
static void fill_row(struct printing *printing, const char *item)
{
	const struct statement *statement = &printing->statement;
	struct output *output = printing->output;

	output_text(output, COLUMN_ITEM, item);
	output_text(output, COLUMN_ACCOUNT, statement->account);
	output_unit(output, statement->account);
	output_time(output, COLUMN_SINCE, statement->since);
	output_time(output, COLUMN_UNTIL, statement->until);
	output_text(output, COLUMN_HEAD, printing->head);
	output_text(output, COLUMN_BANK, printing->bank);
	output_flag(output, COLUMN_UNLIMITED, statement->closing.unlimited);
}

static void begin_row(struct printing *printing, const char *item)
{
	output_row(printing->output);
	fill_row(printing, item);
}

static void add_balance(struct printing *printing, const char *item, int64_t amount)
{
	begin_row(printing, item);
	output_amount(printing->output, printing->entries ? COLUMN_BALANCE : COLUMN_AMOUNT, amount);
}

static void add_available(struct printing *printing, const char *item,
			  const struct balances *standing)
{
	if (!standing->unlimited) {
		add_balance(printing, item, standing->available);
		return;
	}
	begin_row(printing, item);
	output_no_amount(printing->output, printing->entries ? COLUMN_BALANCE : COLUMN_AMOUNT,
			 "unlimited");
}

/* Adds the steps between the balance and what is available, if they are not 0. */
static void add_steps(struct printing *printing, const char *const names[3],
		      const struct balances *standing, int sign)
{
	const int64_t steps[3] = {standing->waiting, standing->ended, -standing->credit};

	for (size_t i = 0; i < 3; i++) {
		if (steps[i])
			add_balance(printing, names[i], sign * steps[i]);
	}
}

static void add_opening(struct printing *printing)
{
	static const char *const names[3] = {"opening not started", "opening ended",
					     "opening credit"};
	const struct balances *standing = &printing->statement.opening;

	add_available(printing, "opening available", standing);
	add_steps(printing, names, standing, 1);
	add_balance(printing, "opening balance", standing->balance);
}

static void add_closing(struct printing *printing)
{
	static const char *const names[3] = {"closing not started", "closing ended",
					     "closing credit"};
	const struct balances *standing = &printing->statement.closing;

	add_balance(printing, "closing balance", standing->balance);
	add_steps(printing, names, standing, -1);
	add_available(printing, "closing available", standing);
}

static void add_lines(struct printing *printing)
{
	const struct statement *statement = &printing->statement;

	for (size_t i = 0; i < statement->count; i++) {
		const struct statement_line *line = &statement->lines[i];

		begin_row(printing, statement_sort(line->sort));
		output_text(printing->output, COLUMN_CLUSTER, line->cluster);
		output_number(printing->output, COLUMN_ENTRIES, (int64_t)line->entries);
		output_amount(printing->output, COLUMN_AMOUNT, line->amount);
	}
}

/* Adds a row of --by. */
static void add_use(struct output *output, const struct use_row *row, void *ctx)
{
	fill_row(ctx, "used");
	output_text(output, COLUMN_CLUSTER, row->cluster);
	output_number(output, COLUMN_ENTRIES, (int64_t)row->entries);
	output_amount(output, COLUMN_AMOUNT, -row->amount);
}

static int add_entry(const struct entry *entry, int64_t amount, int64_t balance, void *ctx,
		     struct sb_error *err)
{
	const struct event *event = entry->event;
	struct printing *printing = ctx;
	struct output *output = printing->output;
	char detail[1024];

	(void)err;
	begin_row(printing, event_kinds[event->kind].name);
	output_number(output, COLUMN_ENTRY, (int64_t)event->seq);
	output_time(output, COLUMN_TIME, event->time);
	output_text(output, COLUMN_CLUSTER, event->cluster ? event->cluster : "");
	output_amount(output, COLUMN_AMOUNT, amount);
	output_amount(output, COLUMN_BALANCE, balance);
	/* A charge shows its cluster; the journal has the readings. */
	if (event->cluster)
		(void)snprintf(detail, sizeof(detail), "%s", event->cluster);
	else
		entry_text(printing->env, event,
			   strcmp(event->account, printing->statement.account) != 0, detail,
			   sizeof(detail));
	output_text(output, COLUMN_DETAIL, detail);
	output_text(output, COLUMN_NOTE, event->note);
	return SB_OK;
}

static void print_header(const struct printing *printing)
{
	const struct statement *statement = &printing->statement;
	const struct unit unit = purse_unit(statement->account);
	char time[WHEN_TEXT_SIZE];

	if (purse_is_account(statement->account))
		report(printing->env, "Statement of %s", statement->account);
	else
		report(printing->env, "Statement of %s, in %s%s", statement->account,
		       printing->env->seconds ? unit.second : unit.name,
		       printing->env->seconds ? "s" : "");
	period_report(printing->env, statement->since, statement->until);
	report(printing->env, "Bank %s", printing->bank);
	if (statement->so_far)
		report(printing->env, "So far: the entries to %s, head %s",
		       when_format_offset(time, statement->head.time), printing->head);
}

static void print_forecast(struct env *env, const char *purse, const struct forecast *forecast,
			   int64_t now)
{
	char week[QUANTITY_SIZE], month[QUANTITY_SIZE], lasts[WHEN_TEXT_SIZE],
		unused[QUANTITY_SIZE];

	report(env, "Use per day: %s (30 days), %s (7 days)",
	       quantity(env, month, purse, forecast->month),
	       quantity(env, week, purse, forecast->week));
	if (forecast->lasts > now)
		report(env, "At the rate of 30 days it lasts until %s",
		       when_format_short(lasts, forecast_lasts(forecast, now)));
	if (forecast->unused)
		report(env, "At the rate of 30 days windows that end leave %s unused",
		       quantity(env, unused, purse, forecast->unused));
}

/* Prints, for a period that is not over, a forecast and what the account has used without an entry
 * yet. Both are present values, as in `balance`, not those of the entries alone. */
static int print_outlook(struct books *books, void *ctx, struct sb_error *err)
{
	const struct printing *printing = ctx;
	struct env *env = printing->env;
	const struct account *account;
	const struct rules rules = settings_rules(&env->settings);
	struct forecast forecast;
	struct funds funds;
	char text[QUANTITY_SIZE], when[WHEN_TEXT_SIZE];
	int64_t amount, since;

	TRY(books_account(books, printing->statement.account, &account, err));
	TRY(funds_of(books, account, &rules, &funds, err));
	TRY(forecast_make(books, account, books_head(books)->seq, funds.spent, &forecast, err));
	print_forecast(env, account->name, &forecast, account->time);
	books_deferred_sum(books, account, &amount, &since);
	if (amount > 0)
		report(env, "Not recorded yet: %s used since %s",
		       quantity(env, text, printing->statement.account, amount),
		       when_format_local(when, since));
	if (funds.spent > 0)
		report(env, "Running jobs count for %s",
		       quantity(env, text, printing->statement.account, funds.spent));
	if (funds.unlimited || funds.available != printing->statement.closing.available)
		report(env, "Available now: %s", funds_text(env, text, account->name, &funds));
	return SB_OK;
}

static int print(struct books *books, void *ctx, struct sb_error *err)
{
	struct printing *printing = ctx;
	struct statement *statement = &printing->statement;

	statement->each = NULL;
	TRY(statement_make_with_progress(printing->env, books, statement, err));
	(void)hex_format(printing->bank, books_id(books), BANK_ID_SIZE);
	if (statement->so_far)
		(void)head_text(printing->head, &statement->head);
	/* After the check of the statement: nothing wrong is printed. */
	TRY(output_new(printing->env, printing->columns, COLUMN_COUNT, &printing->output, err));
	if (!purse_is_account(statement->account) && !prints_for_people(printing->env))
		output_show_units(printing->output);
	if (output_has_frame(printing->env))
		print_header(printing);
	add_opening(printing);
	if (printing->entries) {
		statement->each = add_entry;
		statement->ctx = printing;
		TRY(statement_make(books, statement, err));
	} else {
		const struct use_table table = {printing->output, COLUMN_USE, add_use, printing};

		add_lines(printing);
		if (statement->use)
			TRY(use_rows(books, statement, &table, err));
	}
	add_closing(printing);
	return SB_OK;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct printing printing = {.env = env, .entries = option(env, "entries")};
	struct statement *statement = &printing.statement;
	struct selection selection;
	struct sb_error err = {0};
	int status, rc, finished;

	if (printing.entries && option(env, "by"))
		return usage(env, "--entries shows each entry, --by sums: leave one out");
	status = selection_read_purses(env, argc, argv, &selection);
	if (status != EXIT_DONE)
		return status;
	memcpy(printing.columns, columns, sizeof(columns));
	for (size_t i = 0; printing.entries && i < COLUMN_COUNT; i++)
		printing.columns[i].shown = shown_with_entries[i];
	rc = selection.count == 1
		     ? period_read(env, &statement->since, &statement->until, &err)
		     : sb_error_set(&err, SB_EINVAL, "a statement is about one account: name one");
	if (!rc)
		rc = use_by_read(env, &printing.use.by, &err);
	if (!rc && printing.use.by) {
		statement->use = &printing.use;
		use_columns_show(&printing.columns[COLUMN_USE], printing.use.by);
	}
	if (!rc) {
		statement->account = selection.list[0];
		rc = bank_read(env->bank, env->os.now(), print, &printing, &err);
	}
	if (rc && printing.output)
		output_fail(printing.output);
	finished = output_finish(printing.output, rc ? NULL : &err);
	if (!rc && !finished && statement->so_far && output_has_frame(env))
		rc = bank_read(env->bank, env->os.now(), print_outlook, &printing, &err);
	statement_release(statement);
	selection_release(&selection);
	return !rc && !finished ? EXIT_DONE : statement_failed(env, &err);
}

const struct command cmd_statement = {
	.name = "statement",
	.arguments = "ACCOUNT",
	.summary = "show what an account had, got and used in a period",
	.details =
		"Opening balance, income and use by kind, and closing balance. They add up exactly "
		"(--seconds shows that; SU are cut to two decimals), or the statement is refused. "
		"The balance is what the account's deposits hold, less debt. Available differs "
		"from it by money that has not started, money whose window has ended, and credit; "
		"for an unlimited account it is `unlimited`. All of it follows from the entries: "
		"what running jobs count for, and what is available with them, is printed below "
		"the table.\n"
		"--resource asks for the account's budget of that resource (`subank open "
		"--resource`), whose amounts are in its unit; the statement of the account itself "
		"is of SU alone.\n"
		"The default period is the current month. --until is the first moment after the "
		"period. A period is over once any account got an entry after it; its statement "
		"never changes from then on. One that is not over is marked \"So far\", with its "
		"head, and ends with a forecast as `subank balance --forecast` has it, use without "
		"an entry yet (`charge_minutes` in the settings), what running jobs count for and "
		"what is available now; these lines are printed for people alone, not with -P, -p, "
		"-n, --json or --csv.\n"
		"--by groups use, and the rows still add up: charges, less their refunds and "
		"reversals, which count with the job; by `month`, in the month of the entry. Use "
		"that RawUsage counted has a row of its own, (RawUsage), and so have the entries "
		"of `subank reconcile` or of a switch of the meter, (reconciled). Jobs are those "
		"charged under `meter: jobs`.\n"
		"Columns: Item, Cluster, Entries, Amount; with --by also Job, User, SlurmAccount, "
		"Partition, QOS or Month; with --entries Entry, Time, Item, Amount, Balance, "
		"Detail; with --format also Note, Account, Since, Until, Head, Bank, Unlimited (at "
		"the "
		"end of the period), Unit and Resource, which --json and --csv have for a budget "
		"of "
		"another resource.",
	.problems = "it does not add up, which must never happen: run `subank verify`",
	.examples = EXAMPLES(
		{"subank statement physics", "this month"},
		{"subank statement physics --since 2026-10-01 --until 2026-11-01", "October"},
		{"subank statement physics --entries", "entry by entry"},
		{"subank statement physics --resource gres/gpu", "of its GPU-hours"},
		{"subank statement physics --by user", "by the users of the jobs"}),
	.see_also = "usage balance journal",
	.max_args = -1,
	.flags = CMD_READ | CMD_LIST,
	.options = OPTIONS(PERIOD_OPTIONS, {"by", 0, "BY", "group use, instead of sums by kind"},
			   {"entries", 0, NULL, "list every entry that moves money, not sums"},
			   RESOURCE_OPTION),
	.run = run,
};
