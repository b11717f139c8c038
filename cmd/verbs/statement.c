/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/report/statement.h"
#include "cmd/check/checkup.h"
#include "cmd/enter/post.h"
#include "cmd/show/account_text.h"
#include "cmd/show/entry_text.h"
#include "cmd/show/head_text.h"
#include "cmd/show/invoice.h"
#include "cmd/show/output.h"
#include "cmd/show/period.h"
#include "cmd/show/selection.h"
#include "cmd/show/statements.h"
#include "cmd/show/use_rows.h"
#include "cmd/verbs/verb.h"
#include "ledger/base/amount.h"
#include "ledger/base/array.h"
#include "ledger/base/when.h"
#include "ledger/books/receiver.h"
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
	COLUMN_WITHOUT_PRICE, /* from here on: with --price alone */
	COLUMN_NUMBER = COLUMN_WITHOUT_PRICE,
	COLUMN_BILLED,
	COLUMN_PRICE,
	COLUMN_CURRENCY,
	COLUMN_CENTS,
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
	[COLUMN_NUMBER] = {"Number", false, false, CELL_NAME},
	[COLUMN_BILLED] = {"Billed", true, false, CELL_AMOUNT},
	[COLUMN_PRICE] = {"Price", true, false, CELL_WHOLE},
	[COLUMN_CURRENCY] = {"Currency", false, false, CELL_WHOLE},
	[COLUMN_CENTS] = {"Cents", true, false, CELL_WHOLE},
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
	/* With --price. */
	bool bills;
	struct price price;
	struct billed billed;
	struct selection *selection;
	char (*names)[NAME_SIZE]; /* what to bill, unless the selection is one purse */
	size_t name_count;
	bool skipped; /* the last one has nothing to bill and is not printed */
	struct invoice invoice; /* the last one */
	size_t invoices; /* made so far */
	int64_t cents; /* their sum */
	bool so_far; /* one of them is a preview */
	bool without_sum; /* they bill some use twice */
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
	bool receiver;

	TRY(books_is_receiver(printing->statement.books, event, printing->statement.account,
			      &receiver, err));
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
		entry_text(printing->env, event, receiver, detail, sizeof(detail));
	output_text(output, COLUMN_DETAIL, detail);
	output_text(output, COLUMN_NOTE, event->note);
	return SB_OK;
}

/* Makes the invoice and adds it to the sum. */
static int make_invoice(struct printing *printing, struct sb_error *err)
{
	struct invoice *invoice = &printing->invoice;

	TRY(invoice_make(&printing->statement, &printing->price, invoice, err));
	if (!amount_add(printing->cents, invoice->cents, &printing->cents))
		return sb_error_set(err, SB_EOVERFLOW,
				    "the sum of the invoices is past what int64 holds in cents: "
				    "name fewer accounts");
	printing->invoices++;
	printing->so_far = printing->so_far || invoice->so_far;
	return SB_OK;
}

static void fill_price(struct printing *printing, int64_t cents)
{
	struct output *output = printing->output;
	char price[PRICE_TEXT_SIZE];

	output_text(output, COLUMN_PRICE, price_format(price, &printing->price));
	output_text(output, COLUMN_CURRENCY, printing->price.currency);
	output_number(output, COLUMN_CENTS, cents);
}

/* Adds the row of an invoice, for programs. */
static void add_invoice(struct printing *printing)
{
	const struct invoice *invoice = &printing->invoice;
	struct output *output = printing->output;

	begin_row(printing, "invoice");
	output_number(output, COLUMN_ENTRIES, (int64_t)invoice->billed.entries);
	output_text(output, COLUMN_HEAD, invoice->head);
	output_text(output, COLUMN_NUMBER, invoice->number);
	output_amount(output, COLUMN_BILLED, invoice->billed.total);
	fill_price(printing, invoice->cents);
}

/* Whether --format has a column of the invoice. */
static bool shows_invoice(const struct output *output)
{
	for (size_t i = COLUMN_WITHOUT_PRICE; i < COLUMN_COUNT; i++) {
		if (output_shows(output, i))
			return true;
	}
	return false;
}

/* Creates the output unless there is one. */
static int make_output(struct printing *printing, struct sb_error *err)
{
	return printing->output ? SB_OK
				: output_new(printing->env, printing->columns,
					     printing->bills ? COLUMN_COUNT : COLUMN_WITHOUT_PRICE,
					     &printing->output, err);
}

/* Adds the sum of the invoices. [invoiced] are those with use. */
static int print_sum(struct printing *printing, struct invoiced *invoiced, struct sb_error *err)
{
	char cents[PRICE_TEXT_SIZE];
	int rc = bank_read(printing->env->bank, printing->env->os.now(), invoice_check_nested,
			   invoiced, err);

	printing->without_sum = rc == SB_EREFUSED;
	if (printing->without_sum) {
		(void)fail(printing->env, err);
		return SB_OK;
	}
	TRY(rc);
	if (prints_for_people(printing->env) && printing->invoices == 0) {
		note(printing->env, "nothing was charged in this time");
	} else if (prints_for_people(printing->env)) {
		report(printing->env, "%s", "");
		report(printing->env, "Sum of %zu %s%s: %s %s", printing->invoices,
		       printing->so_far ? "preview" : "invoice", printing->invoices == 1 ? "" : "s",
		       cents_format(cents, printing->cents), printing->price.currency);
	} else {
		TRY(make_output(printing, err));
		output_row(printing->output);
		output_text(printing->output, COLUMN_ITEM, "sum of invoices");
		fill_price(printing, printing->cents);
	}
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
		report(env, "At the rate of 30 days %s will not be used before its window ends",
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
	printing->head[0] = '\0';
	printing->skipped = false;
	TRY(statement_make_with_progress(printing->env, books, statement, err));
	(void)hex_format(printing->bank, books_id(books), BANK_ID_SIZE);
	if (statement->so_far)
		(void)head_text(printing->head, &statement->head);
	/* After the check of the statement: nothing wrong is printed. */
	if (printing->bills) {
		printing->skipped =
			printing->selection->count == 0 && printing->billed.entries == 0;
		if (printing->skipped)
			return SB_OK;
		TRY(make_invoice(printing, err));
		if (printing->invoices > 1 && prints_for_people(printing->env))
			report(printing->env, "%s", "");
	}
	TRY(make_output(printing, err));
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
		const struct use_table table = {printing->env, printing->output, COLUMN_USE,
						add_use, printing};

		add_lines(printing);
		if (statement->use)
			TRY(use_rows(books, statement, &table, err));
	}
	add_closing(printing);
	if (printing->bills &&
	    (!prints_for_people(printing->env) || shows_invoice(printing->output)))
		add_invoice(printing);
	return SB_OK;
}

/* Prints what follows the table of a statement, for people. */
static int finish_table(struct printing *printing, struct sb_error *err)
{
	struct env *env = printing->env;
	int rc = output_finish(printing->output, err);

	printing->output = NULL;
	if (!rc && printing->statement.so_far && output_has_frame(env))
		rc = bank_read(env->bank, env->os.now(), print_outlook, printing, err);
	if (!rc && printing->bills)
		invoice_report(env, &printing->invoice);
	return rc;
}

static int print_statement(struct printing *printing, const char *purse, struct sb_error *err)
{
	struct env *env = printing->env;

	printing->statement.account = purse;
	TRY(bank_read(env->bank, env->os.now(), print, printing, err));
	if (printing->skipped || !prints_for_people(env))
		return SB_OK;
	return finish_table(printing, err);
}

/* Finds what to bill, if it is not one purse. A books_fn. */
static int find_names(struct books *books, void *ctx, struct sb_error *err)
{
	struct printing *printing = ctx;
	struct purses purses;
	int rc = SB_OK;

	TRY(selection_find(printing->selection, printing->env, books, err));
	TRY(selection_purses(printing->selection, books, &purses, err));
	for (size_t i = 0; i < purses.count && !rc; i++) {
		char(*name)[NAME_SIZE] = array_add(printing->names, printing->name_count);

		if (!name)
			rc = sb_error_nomem(err);
		else
			(void)snprintf(*name, NAME_SIZE, "%s", purses.list[i]->name);
	}
	purses_release(&purses);
	return rc;
}

/* A price is that of one unit. */
static int check_units(const struct printing *printing, struct sb_error *err)
{
	for (size_t i = 1; i < printing->name_count; i++) {
		const struct unit one = purse_unit(printing->names[0]),
				  other = purse_unit(printing->names[i]);

		if (strcmp(one.name, other.name) != 0)
			return sb_error_set(err, SB_EINVAL,
					    "--price is that of one unit, but '%s' is in %s and "
					    "'%s' in %s: bill them one by one",
					    printing->names[0], one.name, printing->names[i],
					    other.name);
	}
	return SB_OK;
}

static int print_invoices(struct printing *printing, struct sb_error *err)
{
	struct env *env = printing->env;
	struct invoiced invoiced = {0};

	/* As in `usage`: other resources have to be asked for. */
	if (!*printing->selection->resource)
		(void)snprintf(printing->selection->resource, RESOURCE_SIZE, "%s",
			       RESOURCE_BILLING);
	TRY(bank_read(env->bank, env->os.now(), find_names, printing, err));
	TRY(check_units(printing, err));
	/* The names of those with use move to the front of the list. */
	invoiced.purses = printing->names;
	for (size_t i = 0; i < printing->name_count; i++) {
		TRY(print_statement(printing, printing->names[i], err));
		if (!printing->skipped && invoice_has_use(&printing->invoice))
			memmove(printing->names[invoiced.count++], printing->names[i], NAME_SIZE);
	}
	return print_sum(printing, &invoiced, err);
}

/* Fails for shares: the account's invoice bills their use. */
static int check_no_share(const struct selection *selection, struct sb_error *err)
{
	char account[NAME_SIZE];

	for (size_t i = 0; i < selection->count; i++) {
		if (purse_user(selection->list[i]))
			return sb_error_set(err, SB_EINVAL,
					    "'%s' is a share of '%s', whose invoice bills the same "
					    "use: leave it out of --price",
					    selection->list[i],
					    purse_account(account, selection->list[i]));
	}
	return SB_OK;
}

/* Reads the options about what is printed. */
static int read_options(struct env *env, struct printing *printing, struct sb_error *err)
{
	struct statement *statement = &printing->statement;
	const char *price = option(env, "price");

	TRY(period_read(env, &statement->since, &statement->until, err));
	TRY(use_by_read(env, &printing->use, err));
	printing->bills = price;
	if (!price)
		return SB_OK;
	TRY(check_no_share(printing->selection, err));
	return price_parse(price, &printing->price, err);
}

/* Makes the columns for the options. */
static void choose_columns(struct printing *printing)
{
	struct column *to = printing->columns;

	memcpy(to, columns, sizeof(columns));
	for (size_t i = 0; printing->entries && i < COLUMN_COUNT; i++)
		to[i].shown = shown_with_entries[i];
	if (printing->use.by) {
		printing->statement.use = &printing->use;
		use_columns_show(printing->env, &to[COLUMN_USE], &printing->use);
	}
	if (!printing->bills)
		return;
	printing->statement.billed = &printing->billed;
	to[COLUMN_ACCOUNT].shown =
		printing->selection->count != 1 && !prints_for_people(printing->env);
	for (size_t i = COLUMN_WITHOUT_PRICE; i < COLUMN_COUNT; i++)
		to[i].shown = !prints_for_people(printing->env);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct printing printing = {.env = env, .entries = option(env, "entries")};
	struct selection selection;
	struct sb_error err = {0};
	int status, rc, finished;

	if (printing.entries && option(env, "by"))
		return usage(env, "--entries shows each entry, --by sums: leave one out");
	status = selection_read_purses(env, argc, argv, &selection);
	if (status != EXIT_DONE)
		return status;
	printing.selection = &selection;
	rc = selection.count == 1 || option(env, "price")
		     ? read_options(env, &printing, &err)
		     : sb_error_set(
			       &err, SB_EINVAL,
			       "a statement is about one account: name one; with --price there can "
			       "be several");
	if (!rc) {
		choose_columns(&printing);
		rc = selection.count == 1 ? print_statement(&printing, selection.list[0], &err)
					  : print_invoices(&printing, &err);
	}
	if (rc && printing.output)
		output_fail(printing.output);
	finished = output_finish(printing.output, rc ? NULL : &err);
	statement_release(&printing.statement);
	free(printing.names);
	status = selection.missing > 0 || printing.without_sum ? EXIT_REFUSED : EXIT_DONE;
	selection_release(&selection);
	return !rc && !finished ? status : statement_failed(env, &err);
}

const struct command cmd_statement = {
	.name = "statement",
	.arguments = "[ACCOUNT...]",
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
		"With --price the statement ends in an invoice. It bills every entry about use in "
		"the period: RawUsage, jobs, fees of `subank charge`, and `subank reconcile`, less "
		"refunds and reversals. Money that was put in, moved or expired, and forgiven "
		"debt, do not count. A refund in a later month is a credit in that month, at the "
		"price of that month's invoice. Billed seconds times price is computed exactly and "
		"rounded once, to cents (hundredths of the currency), half a cent away from zero; "
		"an amount below 0 is a credit. The price is that of a unit: of an SU or, with "
		"--resource, of a GPU-hour and so on. Currencies without hundredths, such as JPY "
		"and KWD, are refused. The books hold no prices.\n"
		"The number of an invoice is ACCOUNT-PERIOD-ENTRY. PERIOD is a year, month or day, "
		"or START..END as --since and --until, followed by the offset of the local time "
		"from UTC unless that is 0: bio-2026-12+0100-11. A second offset is that of the "
		"period's end if it differs. ENTRY is the bank's last entry in the "
		"period: with the hash beside it, `subank verify --head` proves later that the "
		"entries up to it are the same. A period that is over always gives the same "
		"invoice at the same price in the same time zone; keep the price with what you "
		"send. One that is not over gives a preview without a number.\n"
		"With --price you may name several accounts, or none for all in which something "
		"was charged. Each gets its statement and invoice; the sum of the rounded amounts "
		"follows. An account's use counts in the accounts above it, too: name those that "
		"pay. If two invoices bill the same use, there is no sum, and the exit status is "
		"1. A user's share has no invoice: its account pays. Use of an account that was "
		"renamed is billed under the name that it had at the end of the period. What jobs "
		"of the former name use after the rename is billed under the former name. With -P, "
		"--json and --csv an "
		"invoice is a row `invoice`, with columns "
		"Number, Billed, Price, Currency and Cents (a whole number) and its Head; several "
		"are followed by a row `sum of invoices`.\n"
		"Columns: Item, Cluster, Entries, Amount; with --price Account (unless there is "
		"only one) and those of the invoice; with --by also Job, User, SlurmAccount, "
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
		{"subank statement physics --price 0.02EUR --until 2026-11-01",
		 "October, with an invoice"},
		{"subank statement physics --by user", "by the users of the jobs"}),
	.see_also = "usage balance journal",
	.max_args = -1,
	.flags = CMD_READ | CMD_LIST,
	.options = OPTIONS(PERIOD_OPTIONS, {"by", 0, "BY", "group use, instead of sums by kind"},
			   {"price", 0, "PRICE", "also an invoice, at this price of an SU"},
			   {"entries", 0, NULL, "list every entry that moves money, not sums"},
			   RESOURCE_OPTION),
	.run = run,
};
