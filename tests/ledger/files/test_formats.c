/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests the exports for other programs: CSV, and transactions for ledger, hledger and beancount. */
#include <inttypes.h>
#include <malloc.h>
#include <unistd.h>

#include "ledger/account/policy.h"
#include "ledger/books/history.h"
#include "ledger/files/csv.h"
#include "ledger/files/transactions.h"
#include "tests/drive.h"

/* Texts that other programs might misread. */
static const char *const notes[] = {
	"; Assets:bio  5 BS",
	"a  ; b",
	"a |b",
	"|",
	"\\",
	"\\\"",
	"the \"quoted\" one",
	" blanks around ",
	"  ",
	" ",
	"[2026-99-99]",
	"x [2026/13/13]",
	"note:: 1/0",
	"date:2026-13-13",
	"=[2026-13-13]",
	"(x) ! * = 5 @ 3 {4} <5>",
	"= 5",
	"@SUM(A1)",
	"-1+2",
	"'quoted",
	"#tag ^link :tag:",
	"end comment",
	"include /etc/passwd",
	"\u00e9\u4e2d\U0001f4a9\u00a0\u200b",
};

/* Bytes that their account names cannot have. */
static const struct {
	const char *name, *beancount;
} names[] = {
	{"bio", "Bio"},	  {"no", "No"},	  {"010", "010"}, {"_.-", "XXUD-"}, {"xx_", "XxU"},
	{"x_y", "XUy"},	  {"x.y", "XDy"}, {"xuy", "Xuy"}, {".", "XXD"},	    {"_", "XXU"},
	{"0", "0"},	  {"a--", "A--"}, {"end", "End"}, {"x-", "X-"},	    {"..", "XXDD"},
	{"ud._", "UdDU"}, {"1e3", "1e3"}, {"xxd", "Xxd"}, {"h@f", "HAf"},   {"a%b%", "ACbC"},
	{"a/b", "ASb"},
};

struct job {
	export_books *write;
	struct export_to to;
};

static int work(struct books *books, void *ctx, struct sb_error *why)
{
	const struct job *job = ctx;

	return job->write(books, &job->to, why);
}

static void write_to(struct bank *bank, export_books *write, FILE *file)
{
	OK(bank_read(bank, T0 + 100 * WHEN_DAY, work, &(struct job){write, {.file = file}},
		     &error));
}

/* Exports the bank in that form. The caller frees the text. */
static char *text_of(struct bank *bank, export_books *write)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(file);
	write_to(bank, write, file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_uint_eq(strlen(text), len);
	return text;
}

/* ---- memory ---- */

#ifndef SANITIZED /* they have an allocator of their own */
struct peak {
	size_t base, most;
};

static void look_at_memory(uint64_t seq, void *ctx)
{
	struct peak *peak = ctx;
	size_t used = mallinfo2().uordblks;

	if (seq == 100)
		peak->base = used;
	if (seq > 100 && used > peak->most)
		peak->most = used;
}

struct filling {
	int count;
};

static int fill(struct books *books, void *ctx, struct sb_error *why)
{
	const struct filling *filling = ctx;
	int rc = SB_OK;

	for (int i = 0; i < filling->count && !rc; i++) {
		/* In debt, so that the account has no lots and does not grow. */
		struct event event = {.kind = EVENT_CHARGE,
				      .account = "bio",
				      .cluster = "dev",
				      .resource = RESOURCE_BILLING,
				      .amount = 7,
				      .before = INT64_C(7) * i,
				      .now = INT64_C(7) * (i + 1),
				      .since = T0 + i,
				      .until = T0 + i + 1,
				      .note = "again and again"};

		rc = util_plan(books, &event, why);
		if (!rc)
			rc = books_append(books, &event, why);
		free(event.parts);
	}
	return rc;
}

START_TEST(no_form_keeps_what_it_wrote)
{
	export_books *const all[] = {export_yaml, csv_journal, transactions_ledger,
				     transactions_beancount};
	struct bank *bank = util_bank();

	util_open_account(bank, T0, "bio");
	util_append(bank, T0,
		    &(struct event){.kind = EVENT_BASELINE,
				    .account = "bio",
				    .cluster = "dev",
				    .resource = RESOURCE_BILLING,
				    .before = -1});
	OK(bank_write(bank, T0 + HOUR, fill, &(struct filling){20000}, &error));
	for (size_t i = 0; i < COUNT(all); i++) {
		struct peak peak = {0};
		FILE *file = fopen("/dev/null", "we");

		ck_assert_ptr_nonnull(file);
		OK(bank_read(bank, T0, work, &(struct job){all[i], {file, look_at_memory, &peak}},
			     &error));
		ck_assert_int_eq(fclose(file), 0);
		ck_assert_uint_gt(peak.base, 0);
		/* Less than a byte for each entry. */
		ck_assert_msg(peak.most < peak.base + 10000, "form %zu: from %zu to %zu bytes", i,
			      peak.base, peak.most);
	}
	bank_close(bank);
}
END_TEST
#endif

START_TEST(a_full_disk_ends_the_export)
{
	export_books *const all[] = {export_yaml, csv_journal, transactions_ledger,
				     transactions_beancount};
	struct bank *bank = util_bank();

	(void)util_fill(bank);
	for (size_t i = 0; i < COUNT(all); i++) {
		FILE *file = fopen("/dev/full", "we");

		ck_assert_ptr_nonnull(file);
		setbuf(file, NULL);
		FAILS(SB_ESYSTEM, "is the disk full",
		      bank_read(bank, T0, work, &(struct job){all[i], {.file = file}}, &error));
		(void)fclose(file);
	}
	bank_close(bank);
}
END_TEST

/* ---- CSV ---- */

/* Reads a cell, as in RFC 4180, into [to] and moves on. Returns what ended it: ',', '\r' or 0. */
static char read_cell(const char **at, char *to, size_t size)
{
	const char *p = *at;
	size_t len = 0;

	if (*p == '"') {
		for (p++; *p != '"' || *++p == '"'; p++) {
			ck_assert(*p && len + 1 < size);
			to[len++] = *p;
		}
	} else {
		for (; *p != ',' && *p != '\r'; p++) {
			ck_assert_msg(strchr("-0123456789", *p) != NULL, "'%c' is bare", *p);
			to[len++] = *p;
		}
	}
	to[len] = '\0';
	ck_assert_msg(*p == ',' || (*p == '\r' && p[1] == '\n'), "a cell ends with '%.5s'", p);
	*at = p + (*p == ',' ? 1 : 2);
	return *p;
}

/* Finds the cell of a column in a row (0: the header). */
static void cell(const char *text, size_t row, const char *column, char *to, size_t size)
{
	size_t wanted = 0, at = 0;
	char end = ',';

	for (size_t i = 0; end == ','; i++) {
		end = read_cell(&text, to, size);
		if (strcmp(to, column) == 0) {
			ck_assert_msg(wanted == 0, "two columns '%s'", column);
			wanted = i + 1;
		}
		at = i + 1;
	}
	ck_assert_msg(wanted > 0, "there is no column '%s'", column);
	for (size_t i = 0; i < row; i++) {
		char rest[2048];
		size_t count = 0;

		ck_assert_msg(*text, "there are only %zu rows", i);
		for (end = ','; end == ','; count++)
			end = read_cell(&text, count + 1 == wanted && i + 1 == row ? to : rest,
					count + 1 == wanted && i + 1 == row ? size : sizeof(rest));
		ck_assert_uint_eq(count, at);
	}
}

#define CELL(row, column, value)                                                                   \
	do {                                                                                       \
		char cell_[2048];                                                                  \
		cell(text, row, column, cell_, sizeof(cell_));                                     \
		ck_assert_str_eq(cell_, value);                                                    \
	} while (0)

START_TEST(texts_that_a_spreadsheet_would_run_are_disarmed)
{
	struct bank *bank = util_bank();
	char *text;

	util_open_account(bank, T0, "bio");
	for (size_t i = 0; i < COUNT(notes); i++)
		util_append(bank, T0,
			    &(struct event){.kind = EVENT_DEPOSIT,
					    .account = "bio",
					    .resource = RESOURCE_BILLING,
					    .amount = 5,
					    .start = T0,
					    .end = WHEN_NEVER,
					    .note = notes[i]});
	text = text_of(bank, csv_journal);
	for (size_t i = 0; i < COUNT(notes); i++) {
		char note[2048];

		cell(text, i + 2, "note", note, sizeof(note));
		ck_assert_msg(!strchr("=+-@\t\r", *note), "'%s' can be run", note);
		ck_assert_str_eq(*note == '\'' ? note + 1 : note, notes[i]);
	}
	free(text);
	bank_close(bank);
}
END_TEST

START_TEST(every_entry_is_a_row)
{
	struct bank *bank = util_bank();
	char *text, number[24];
	uint64_t last;

	util_fill_more(bank, util_fill(bank));
	last = util_head(bank).seq;
	text = text_of(bank, csv_journal);
	CELL(1, "entry", "1");
	CELL(1, "kind", "open");
	CELL(1, "account", "alice");
	CELL(1, "time", "2026-11-22T17:00:00.000000Z");
	CELL(1, "amount_seconds", "");
	CELL(5, "kind", "deposit");
	CELL(5, "amount_seconds", "36000");
	CELL(5, "note", "round \"1\": 50 % # no");
	CELL(5, "end", "2027-03-02T17:00:00.000000Z");
	CELL(8, "kind", "transfer");
	CELL(8, "to", "bob");
	CELL(8, "parts", "5:35900 6:100");
	CELL(9, "until", "2026-11-22T21:00:00.000000Z");
	(void)snprintf(number, sizeof(number), "%" PRIu64, last);
	CELL(last, "entry", number);
	free(text);
	bank_close(bank);
}
END_TEST

START_TEST(every_account_is_a_row)
{
	struct bank *bank = util_bank();
	char *text;

	util_open_account(bank, T0, "bio");
	util_open_account(bank, T0, "chem");
	(void)util_deposit(bank, T0, "bio", 3600);
	text = text_of(bank, csv_accounts);
	CELL(1, "account", "bio");
	CELL(1, "state", "open");
	CELL(1, "available_seconds", "3600");
	CELL(1, "balance_seconds", "3600");
	CELL(1, "last_entry", "3");
	CELL(2, "account", "chem");
	CELL(2, "allocated_seconds", "0");
	free(text);
	bank_close(bank);
}
END_TEST

/* ---- transactions ---- */

/* Runs a program. Returns false when it is not installed. [ret] gets its output without blanks; the
 * caller frees it. */
static bool run_shell(const char *program, const char *line, char **ret)
{
	char command[1024];
	size_t len = 0, size = 1 << 20;
	FILE *pipe;
	int code;

	(void)snprintf(command, sizeof(command), "command -v %s >/dev/null", program);
	if (system(command) != 0) { /* NOLINT: a constant */
		printf("skipped: %s is not installed\n", program);
		return false;
	}
	(void)snprintf(command, sizeof(command), "cd %s && LC_ALL=C.UTF-8 HOME=%s %s 2>&1",
		       test_folder, test_folder, line);
	pipe = popen(command, "r"); /* NOLINT: a constant but for the folder */
	ck_assert_ptr_nonnull(pipe);
	*ret = calloc(1, size);
	ck_assert_ptr_nonnull(*ret);
	len = fread(*ret, 1, size - 1, pipe);
	code = pclose(pipe);
	ck_assert_msg(code == 0 && len < size - 1, "%s: status %d: %s", line, code, *ret);
	for (size_t i = len = 0; (*ret)[i]; i++) {
		if ((*ret)[i] != ' ')
			(*ret)[len++] = (*ret)[i];
	}
	(*ret)[len] = '\0';
	return true;
}

/* The number in the line of [account]; 0 when there is no such line, as of an account without
 * transactions. */
static int64_t number_of(const char *text, const char *before, const char *account,
			 const char *behind)
{
	char start[300];
	const char *at;
	size_t len;

	(void)snprintf(start, sizeof(start), "\n%sAssets:%s%s", before, account, behind);
	len = strlen(start);
	at = strncmp(text, start + 1, len - 1) == 0 ? text - 1 : strstr(text, start);
	return at ? strtoll(at + len, NULL, 10) : 0;
}

static const struct program {
	const char *name;
	export_books *write;
	const char *file;
	const char *balances; /* a line for each account: */
	const char *before, *behind; /* what stands around its name */
	bool beancount;
} programs[] = {
	{"ledger", transactions_ledger, "books.ledger",
	 "ledger --args-only -f books.ledger balance --flat --no-total --empty "
	 "--format '%(account)|%(quantity(display_total))\\n' '^Assets:'",
	 "", "|", false},
	{"hledger", transactions_ledger, "books.ledger",
	 "hledger -f books.ledger balance -N --flat -E -O csv '^Assets:'", "\"", "\",\"", false},
	{"bean-query", transactions_beancount, "books.beancount",
	 "bean-query -q -f csv books.beancount \"select account, sum(number) where account ~ "
	 "'^Assets:' group by account\"",
	 "", ",", true},
	{"bean-check", transactions_beancount, "books.beancount", "bean-check books.beancount", "",
	 ",", true},
};

static void write_file(struct bank *bank, const struct program *program)
{
	char path[256];
	char *text = text_of(bank, program->write);

	(void)snprintf(path, sizeof(path), "%s/%s", test_folder, program->file);
	util_write_file(path, text, strlen(text));
	free(text);
}

/* Every program must compute the same balances. */
static void compare(struct bank *bank, const char *const accounts[], const char *const others[],
		    size_t count)
{
	for (size_t i = 0; i < COUNT(programs); i++) {
		const struct program *program = &programs[i];
		char *answer;

		write_file(bank, program);
		if (!run_shell(program->name, program->balances, &answer))
			continue;
		if (strcmp(program->name, "bean-check") == 0) {
			ck_assert_str_eq(answer, "");
			count = 0;
		}
		for (size_t j = 0; j < count; j++) {
			struct account *account = util_account(bank, T0, accounts[j]);
			int64_t theirs = number_of(answer, program->before,
						   program->beancount ? others[j] : accounts[j],
						   program->behind);

			ck_assert_msg(theirs == account_net(account),
				      "%s: account %s has %" PRId64 ", not %" PRId64 ": %s",
				      program->name, accounts[j], theirs, account_net(account),
				      answer);
			account_free(account);
		}
		free(answer);
	}
}

START_TEST(other_programs_add_up_every_kind_of_entry)
{
	static const char *const accounts[] = {"adam", "alice", "bob"};
	static const char *const others[] = {"Adam", "Alice", "Bob"};
	struct bank *bank = util_bank();

	compare(bank, accounts, others, 0);
	util_fill_more(bank, util_fill(bank));
	compare(bank, accounts, others, COUNT(accounts));
	bank_close(bank);
}
END_TEST

START_TEST(other_programs_add_up_takeovers)
{
	static const char *const accounts[] = {"alice", "bob", "carol"};
	static const char *const others[] = {"Alice", "Bob", "Carol"};
	struct bank *bank = util_bank();
	int64_t t = util_fill(bank) + HOUR;
	struct account *alice = util_account(bank, t, "alice");
	struct event rename = {.kind = EVENT_RENAME,
			       .account = "alice",
			       .to = "carol",
			       .resource = RESOURCE_BILLING};
	struct event merge = {
		.kind = EVENT_MERGE, .account = "bob", .to = "carol", .resource = RESOURCE_BILLING};
	struct account *bob, *carol;

	plan_rename(alice, &rename);
	util_append(bank, t, &rename);
	bob = util_account(bank, t, "bob");
	OK(plan_merge(bob, &merge, &error));
	util_append(bank, t, &merge);
	carol = util_account(bank, t, "carol");
	ck_assert_int_eq(account_net(carol), account_net(alice) + account_net(bob));
	compare(bank, accounts, others, COUNT(accounts));
	event_release(&merge);
	account_free(alice);
	account_free(bob);
	account_free(carol);
	bank_close(bank);
}
END_TEST

START_TEST(other_programs_add_up_a_random_history)
{
	static const enum event_kind kinds[] = {EVENT_DEPOSIT,	EVENT_DEPOSIT, EVENT_WITHDRAW,
						EVENT_TRANSFER, EVENT_CHARGE,  EVENT_CHARGE};
	uint64_t random = util_seed(), done = 0;
	int64_t t = T0, usage[COUNT(names)] = {0};
	const char *accounts[COUNT(names)], *others[COUNT(names)];
	struct bank *bank = util_bank();

	for (size_t i = 0; i < COUNT(names); i++) {
		accounts[i] = names[i].name;
		others[i] = names[i].beancount;
		util_open_account(bank, t, accounts[i]);
		util_append(bank, t,
			    &(struct event){.kind = EVENT_BASELINE,
					    .account = accounts[i],
					    .cluster = "c_1",
					    .resource = RESOURCE_BILLING,
					    .before = -1,
					    .reason = "opened"});
	}
	for (int i = 0; i < 400; i++) {
		size_t who = (size_t)util_below(&random, COUNT(names));
		/* Amounts of every size. */
		int64_t amount = 1 + util_below(&random, INT64_C(1) << util_below(&random, 50));
		struct event event = {.kind = kinds[util_below(&random, COUNT(kinds))],
				      .account = accounts[who],
				      .resource = RESOURCE_BILLING,
				      .amount = amount,
				      .note = notes[util_below(&random, COUNT(notes))]};

		t += HOUR + util_below(&random, WHEN_DAY);
		if (event.kind == EVENT_DEPOSIT) {
			event.start = t + util_below(&random, 3) * WHEN_DAY;
			event.end = util_below(&random, 2) ? WHEN_NEVER : event.start + WHEN_DAY;
		} else if (event.kind == EVENT_TRANSFER) {
			event.to = accounts[(who + 1) % COUNT(names)];
		} else if (event.kind == EVENT_CHARGE) {
			event.cluster = "c_1";
			event.before = usage[who];
			event.now = usage[who] + amount;
			event.since = t - HOUR;
			event.until = t;
		}
		/* A withdrawal cannot exceed the balance. */
		if (util_try(bank, t, &event) != SB_OK) {
			ck_assert_msg(event.kind == EVENT_WITHDRAW || event.kind == EVENT_TRANSFER,
				      "%s", error.text);
			continue;
		}
		done++;
		if (event.kind == EVENT_CHARGE)
			usage[who] += amount;
	}
	ck_assert_uint_gt(done, 100);
	compare(bank, accounts, others, COUNT(names));
	bank_close(bank);
}
END_TEST

/* Each resource is a commodity of its own, whatever its name. */
START_TEST(other_programs_add_up_every_resource)
{
	/* Each below another account: ledger adds what is below one account. */
	static const char *const accounts[] = {
		"b.io",
		"c:gres/gpu",
		"d:gres/gpu:a100",
		"e:gres-gpu",
		"f:c++",
		"g:x",
		"h:bs",
		"i:a:",
		"j:1.5t",
		"k:license/a@b",
		"l:a_b",
		"m:abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01"};
	static const char *const others[] = {
		"BDio",
		"C:GresSgpu",
		"D:GresSgpuTa100",
		"E:Gres-gpu",
		"F:CPP",
		"G:X",
		"H:Bs",
		"I:AT",
		"J:1D5t",
		"K:LicenseSaAb",
		"L:AUb",
		"M:Abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01"};
	struct bank *bank = util_bank();
	char *text;

	for (size_t i = 0; i < COUNT(accounts); i++) {
		char owner[NAME_SIZE];

		if (!purse_is_account(accounts[i]))
			(void)util_open_account(bank, T0, purse_account(owner, accounts[i]));
		(void)util_open_account(bank, T0, accounts[i]);
		util_append(bank, T0,
			    &(struct event){.kind = EVENT_DEPOSIT,
					    .account = accounts[i],
					    .resource = purse_resource(accounts[i]),
					    .amount = 1000 + (int64_t)i,
					    .start = T0,
					    .end = WHEN_NEVER});
		util_append(bank, T0,
			    &(struct event){.kind = EVENT_FEE,
					    .account = accounts[i],
					    .resource = purse_resource(accounts[i]),
					    .amount = 1 + (int64_t)i,
					    .since = T0 - HOUR,
					    .until = T0});
	}
	compare(bank, accounts, others, COUNT(accounts));
	text = text_of(bank, transactions_ledger);
	ck_assert_ptr_nonnull(strstr(text, "\n; GRES-GPU: gres/gpu in GPU-seconds, 3600 to the "
					   "GPU-hour\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n    Assets:c:gres/gpu  1001 \"GRES-GPU\"\n"
					   "    Equity:Deposits  -1001 \"GRES-GPU\"\n"));
	ck_assert_ptr_nonnull(strstr(text, "    Expenses:Fees  2 \"GRES-GPU\"\n"));
	/* Another that would read the same, and one that is no commodity. */
	ck_assert_ptr_nonnull(strstr(text, "Assets:e:gres-gpu  1003 \"GRES-GPU-"));
	ck_assert_ptr_nonnull(strstr(text, "Assets:h:bs  1006 \"BS-"));
	ck_assert_ptr_nonnull(strstr(text, "Assets:b.io  1000 BS\n"));
	free(text);
	bank_close(bank);
}
END_TEST

START_TEST(a_row_of_a_resource_has_its_unit)
{
	struct bank *bank = util_bank();
	char *text;

	(void)util_open_account(bank, T0, "bio");
	text = text_of(bank, csv_accounts);
	ck_assert_ptr_null(strstr(text, "unit"));
	free(text);
	(void)util_open_account(bank, T0, "bio:mem");
	text = text_of(bank, csv_accounts);
	CELL(1, "resource", "billing");
	CELL(1, "unit", "SU");
	CELL(2, "account", "bio:mem");
	CELL(2, "resource", "mem");
	CELL(2, "unit", "GiB-hours");
	free(text);
	bank_close(bank);
}
END_TEST

START_TEST(texts_that_a_program_could_misread_are_escaped)
{
	struct bank *bank = util_bank();
	char *text;

	util_open_account(bank, T0, "x_.");
	util_append(bank, T0,
		    &(struct event){.kind = EVENT_DEPOSIT,
				    .account = "x_.",
				    .resource = RESOURCE_BILLING,
				    .amount = 36,
				    .start = T0,
				    .end = WHEN_NEVER,
				    .note = " a;b|c\\d \"e\" "});
	text = text_of(bank, transactions_ledger);
	ck_assert_ptr_nonnull(strstr(text, "\n2026-11-22 * (2) deposit: "
					   "\\x20a\\x3bb\\x7cc\\x5cd \"e\"\\x20\n"
					   "    Assets:x_.  36 BS\n"
					   "    Equity:Deposits  -36 BS\n"));
	free(text);
	text = text_of(bank, transactions_beancount);
	ck_assert_ptr_nonnull(strstr(text, "\n2026-11-22 * \"deposit:  a;b|c\\\\d \\\"e\\\" \"\n"
					   "  entry: 2\n"
					   "    Assets:XUD  36 BS\n"
					   "    Equity:Deposits  -36 BS\n"));
	free(text);
	bank_close(bank);
}
END_TEST

/* ---- the verb ---- */

START_TEST(an_unknown_form_is_refused)
{
	REFUSED(2, "there is no --format 'xml': there are yaml, csv, ledger, beancount", "export",
		"--format", "xml");
	REFUSED(2, "there is no --format ''", "export", "--format", "");
	REFUSED(2, "there is no table 'lots'", "export", "--format", "csv", "--table", "lots");
	REFUSED(2, "with --format csv", "export", "--table", "journal");
	REFUSED(2, "with --format csv", "export", "--format", "ledger", "--table", "accounts");
}
END_TEST

START_TEST(export_writes_each_form)
{
	char path[256];
	char *text;
	size_t len;

	(void)fake_account("dev", "bio");
	DONE("", "open", "bio", "100");
	DONE("subank: 1\n", "export", "--format", "yaml");
	DONE("\"entry\",\"kind\",\"time\"", "export", "--format", "csv");
	DONE("\r\n2,\"baseline\",", "export", "--format", "csv", "--table", "journal");
	DONE("\r\n\"bio\",\"open\",\"yes\",360000,0,360000,360000,0,", "export", "--format", "csv",
	     "--table", "accounts");
	DONE("    Assets:bio  360000 BS\n", "export", "--format", "ledger", "-");
	DONE("    Assets:Bio  360000 BS\n", "export", "--format", "beancount");
	(void)snprintf(path, sizeof(path), "%s/books.csv", test_folder);
	DONE("wrote 3 entries to", "export", "--format", "csv", "--table", "accounts", path);
	text = util_read_file(path, &len);
	check_has(__FILE__, __LINE__, "the file", text, "\r\n\"bio\",\"open\"");
	free(text);
}
END_TEST

START_TEST(progress_is_shown_on_a_terminal_when_it_takes_long)
{
	(void)fake_account("dev", "bio");
	DONE("", "open", "bio", "100");
	watched = true;
	clock_tick = 300000; /* a step takes 0.3 seconds: done within one */
	GIVES(0, "subank: 1", NULL, "export");
	DONE("", "deposit", "bio", "1", "--no-apply");
	clock_tick = 500000;
	GIVES(0, "subank: 1", "\r\033[Kexport: 2 of 4 (50%), 2/s, 1s left\r", "export");
	ck_assert_int_eq(strncmp(err + strlen(err) - 4, "\r\033[K", 4), 0);
	GIVES(0, "subank: 1", NULL, "export", "--quiet");
	watched = false;
	GIVES(0, "subank: 1", NULL, "export");
}
END_TEST

/* The line must have been shown, and removed before the message [next] and at the end. */
static void shown_and_gone(const char *line, const char *next)
{
	const char *gone = "\r\033[K", *at = strstr(err, line);

	ck_assert_msg(at != NULL, "'%s' is not in '%s'", line, err);
	at = strstr(at, gone);
	ck_assert_msg(at != NULL, "'%s' stays in '%s'", line, err);
	if (next)
		ck_assert_ptr_nonnull(strstr(at, next));
	else
		ck_assert_str_eq(err + strlen(err) - strlen(gone), gone);
}

START_TEST(long_work_shows_its_progress)
{
	char file[128], folder[128];

	(void)fake_account("dev", "bio");
	(void)fake_account("dev", "chem");
	DONE("", "open", "bio", "100");
	DONE("", "open", "chem", "0.5");
	(void)snprintf(file, sizeof(file), "%s/books.yaml", test_folder);
	(void)snprintf(folder, sizeof(folder), "%s/other", test_folder);
	DONE("", "export", file);
	watched = true;
	clock_tick = 500000;
	GIVES(0, "restored 6 entries", "", "import", file, "-b", folder);
	shown_and_gone("\r\033[Kimport: 3 of 6 (50%)", "subank: the bank does not command");
	GIVES(0, "all is well", "", "verify", file);
	shown_and_gone("\r\033[Kverify: 3 of 6 (50%)", NULL);
	GIVES(0, "all is well", "", "verify");
	shown_and_gone("\r\033[Kverify: 3 of 6 (50%)", NULL);
	GIVES(0, "wrote 6 entries", "", "backup", test_folder);
	shown_and_gone("\r\033[Kbackup: copies the books ...", NULL);
	shown_and_gone("\r\033[Kbackup: 3 of 6 (50%)", NULL);
	fake_account("dev", "chem")->usage = 1800;
	GIVES(0, "chem: held", "", "check");
	shown_and_gone("\r\033[Kcheck: asks dev what was used ...", NULL);
	shown_and_gone("\r\033[Kcheck: 2 of 2 (100%)", NULL);
	shown_and_gone("\r\033[Kcheck: sets GrpTRESMins on dev for 1 account ...", NULL);
	GIVES(0, "", NULL, "check", "-Q");
	watched = false;
	DONE("", "check");
}
END_TEST

/* Rows that may each take long, and requests that are recorded together. */
START_TEST(rows_and_requests_show_their_progress)
{
	static const char list[] = "- {ref: a, deposit: bio, su: 1}\n"
				   "- {ref: b, deposit: chem, su: 1}\n"
				   "- {ref: c, withdraw: chem, su: 1}\n";
	static const char dump[] =
		"{\"count\": 2, \"results\": [{\"id\": 1, \"account\": \"geo\", "
		"\"su_limit_hrs\": 10, \"date\": \"2026-01-01\"}, {\"id\": 2, \"account\": "
		"\"astro\", \"su_limit_hrs\": -1, \"date\": \"2026-01-01\"}], \"meta\": {}}";
	char file[128];

	for (size_t i = 0; i < 4; i++)
		(void)fake_account("dev", (const char *[]){"bio", "chem", "geo", "astro"}[i]);
	DONE("", "open", "bio", "100");
	DONE("", "open", "chem", "1");
	watched = true;
	clock_tick = 500000;
	GIVES(0, "chem", "", "balance", "--forecast");
	shown_and_gone("\r\033[Kbalance: 2 of 2 (100%)", NULL);
	GIVES(0, "chem", "", "balance", "chem", "bio", "--forecast", "--json");
	shown_and_gone("\r\033[Kbalance: 2 of 2 (100%)", NULL);
	out_width = 80;
	GIVES(0, "chem|", NULL, "balance", "--forecast", "-P");
	/* A line that the terminal wraps could not be removed. */
	out_width = 16;
	GIVES(0, "chem", "", "balance", "--forecast");
	shown_and_gone("\r\033[Kbalance: 2 of 2\r", NULL);
	out_width = 0;
	(void)snprintf(file, sizeof(file), "%s/list", test_folder);
	util_write_file(file, list, strlen(list));
	GIVES(0, "After", "", "import", "--append", "--dry-run", file);
	shown_and_gone("\r\033[Kimport: 3 of 3 (100%)", "subank: dry run");
	GIVES(0, "recorded 3 of 3", "", "import", "--append", file);
	shown_and_gone("\r\033[Kimport: 3 of 3 (100%)", NULL);
	util_write_file(file, dump, strlen(dump));
	GIVES(0, "took 2 of 2", "", "import", "--predecessor", file);
	shown_and_gone("\r\033[Kimport: 3 of 3 (100%)", "subank: the next check");
	watched = false;
	DONE("chem", "balance", "--forecast");
}
END_TEST

/* First the journal is replayed, then the rows are made. */
START_TEST(a_replay_shows_its_progress)
{
	(void)fake_account("dev", "bio");
	(void)fake_account("dev", "chem");
	DONE("", "open", "bio", "100");
	DONE("", "open", "chem", "1");
	DONE("", "deposit", "bio", "1", "--no-apply");
	watched = true;
	clock_tick = 500000;
	GIVES(0, "chem", "", "balance", "--as-of", "7");
	shown_and_gone("\r\033[Kbalance: 3 of 7 (42%)", NULL);
	GIVES(0, "bio", "", "balance", "--as-of", "7", "bio");
	shown_and_gone("\r\033[Kbalance: 3 of 7 (42%)", NULL);
	GIVES(0, "opening available", "", "statement", "bio");
	shown_and_gone("\r\033[Kstatement: 3 of 7 (42%)", NULL);
	GIVES(0, "opening available", "", "statement", "bio", "--entries");
	shown_and_gone("\r\033[Kstatement: 3 of 7 (42%)", NULL);
	GIVES(0, "chem", NULL, "balance", "--as-of", "7", "-Q");
	watched = false;
	DONE("chem", "balance", "--as-of", "7");
	DONE("opening available", "statement", "bio");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("formats");
	TCase *forms = tcase_create("forms"), *verb = tcase_create("export");

	tcase_set_timeout(forms, TEST_TIMEOUT);
	tcase_set_timeout(verb, TEST_TIMEOUT);
	tcase_add_checked_fixture(forms, util_setup_in_memory, util_teardown);
	tcase_add_checked_fixture(verb, drive_setup, drive_teardown);
	tcase_add_test(forms, a_full_disk_ends_the_export);
	tcase_add_test(forms, texts_that_a_spreadsheet_would_run_are_disarmed);
	tcase_add_test(forms, texts_that_a_program_could_misread_are_escaped);
#ifndef SANITIZED
	/* valgrind replaces malloc(), and mallinfo() shows nothing. */
	if (!util_in_valgrind())
		tcase_add_test(forms, no_form_keeps_what_it_wrote);
#endif
	tcase_add_test(forms, every_entry_is_a_row);
	tcase_add_test(forms, every_account_is_a_row);
	tcase_add_test(forms, other_programs_add_up_every_kind_of_entry);
	tcase_add_test(forms, other_programs_add_up_takeovers);
	tcase_add_test(forms, other_programs_add_up_a_random_history);
	tcase_add_test(forms, other_programs_add_up_every_resource);
	tcase_add_test(forms, a_row_of_a_resource_has_its_unit);
	tcase_add_test(verb, an_unknown_form_is_refused);
	tcase_add_test(verb, export_writes_each_form);
	tcase_add_test(verb, progress_is_shown_on_a_terminal_when_it_takes_long);
	tcase_add_test(verb, long_work_shows_its_progress);
	tcase_add_test(verb, rows_and_requests_show_their_progress);
	tcase_add_test(verb, a_replay_shows_its_progress);
	suite_add_tcase(suite, forms);
	suite_add_tcase(suite, verb);
	return util_run(suite);
}
