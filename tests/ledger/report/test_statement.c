/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verbs that only read: statement, why, balance as it was, forecasts, journal in part. */
#include <inttypes.h>
#include <jansson.h>

#include "tests/drive.h"

enum { SU = 3600 };

static struct fake_account *dev(const char *name)
{
	return fake_account("dev", name);
}

/* "bio" has 10 SU and used 1000 before it was opened; "chem" 10 SU and nothing. */
static void setup(void)
{
	drive_setup();
	dev("bio")->usage = 1000;
	(void)dev("chem");
	DONE("", "open", "bio", "10");
	DONE("", "open", "chem", "10");
}

/* Appends an entry that no verb makes, at the test's time. */
static void record(const struct event *event)
{
	struct bank *bank = util_open(STORE_WRITE);

	(void)util_append(bank, clock_now, event);
	bank_close(bank);
}

static void deposit_window(const char *account, int64_t amount, int64_t start, int64_t end)
{
	record(&(struct event){.kind = EVENT_DEPOSIT,
			       .account = account,
			       .resource = RESOURCE_BILLING,
			       .amount = amount,
			       .start = start,
			       .end = end});
}

#define IS(expected, ...)                                                                          \
	do {                                                                                       \
		RUN(__VA_ARGS__);                                                                  \
		ck_assert_msg(status == 0, "%s", err);                                             \
		ck_assert_str_eq(out, expected);                                                   \
	} while (0)

static void check_width(void)
{
	for (const char *line = out; *line; line += strcspn(line, "\n") + 1)
		ck_assert_msg(strcspn(line, "\n") < 80, "too wide: %s", line);
}

/* ---- statement ---- */

START_TEST(a_malformed_statement_is_refused)
{
	REFUSED(2, "name one", "statement");
	REFUSED(2, "name one; with --price there can be several", "statement", "bio", "chem");
	REFUSED(2, "account name", "statement", "a b");
	REFUSED(1, "account 'nosuch' is not in the bank", "statement", "nosuch");
	REFUSED(2, "--since: 'x' is not a time", "statement", "bio", "--since", "x");
	REFUSED(2, "--until: '' is not a time", "statement", "bio", "--until", "");
	REFUSED(2, "ends before it begins: without --until it ends with this month", "statement",
		"bio", "--since", "2027-01-01");
	REFUSED(2, "ends before it begins", "statement", "bio", "--since", "2026-11-02", "--until",
		"2026-11-02");
	REFUSED(2, "ends before it begins", "statement", "bio", "--since", "2027-01-01");
	REFUSED(1, "has not begun", "statement", "bio", "--since", "2026-12-01", "--until",
		"2027-01-01");
	REFUSED(2, "did you mean 'Balance'?", "statement", "bio", "-o", "Balanc");
}
END_TEST

START_TEST(a_statement_adds_up_by_kind)
{
	DONE("", "transfer", "chem", "bio", "2");
	DONE("", "transfer", "bio", "chem", "0.5");
	DONE("", "withdraw", "bio", "1");
	dev("bio")->usage += 5 * SU;
	DONE("", "check");
	dev("bio")->usage += 6 * SU;
	DONE("", "check");
	IS("Item|Cluster|Entries|Amount\n"
	   "opening available|||0\nopening balance|||0\n"
	   "deposits||1|36000\ntransfers in||1|7200\ntransfers out||1|-1800\n"
	   "withdrawals||1|-3600\ncharges|dev|2|-39600\n"
	   "closing balance|||-1800\nclosing available|||-1800\n",
	   "statement", "bio", "-P", "--seconds");
	DONE("Statement of bio\nFrom 2026-11-01T00:00:00+00:00 to 2026-12-01T00:00:00+00:00\nBank ",
	     "statement", "-A", "BIO");
	ck_assert_ptr_nonnull(strstr(out, "\nSo far: the entries to 2026-11-22T17:00:"));
	ck_assert_ptr_nonnull(
		strstr(out, "\nUse per day: 11.00 SU (30 days), 11.00 SU (7 days)\n"));
	check_width();
	IS("opening available||0\nopening balance||0\n"
	   "deposit|36000|36000\ntransfer|7200|43200\ntransfer|-1800|41400\n"
	   "withdraw|-3600|37800\ncharge|-18000|19800\ncharge|-21600|-1800\n"
	   "closing balance||-1800\nclosing available||-1800\n",
	   "statement", "bio", "-nP", "--seconds", "--entries", "-o", "Item,Amount,Balance");
	DONE("from chem", "statement", "bio", "--entries");
	ck_assert_ptr_nonnull(strstr(out, "to chem"));
	check_width();
}
END_TEST

START_TEST(statements_follow_each_other)
{
	DONE("", "deposit", "chem", "1");
	clock_now = T0 + 10 * WHEN_DAY;
	DONE("", "deposit", "chem", "2");
	/* An entry at the very end belongs to the next period. */
	clock_now = T0 + 20 * WHEN_DAY - WHEN_SECOND;
	DONE("", "deposit", "chem", "4");
	clock_now = T0 + 30 * WHEN_DAY;
	IS("0\n0\n39600\n39600\n39600\n", "statement", "chem", "-nPo", "amount", "--seconds",
	   "--since", "2026-11-01", "--until", "2026-12-02T17:00");
	IS("39600\n39600\n7200\n46800\n46800\n", "statement", "chem", "-nPo", "amount", "--seconds",
	   "--since", "2026-12-02T17:00", "--until", "2026-12-12T17:00:00Z");
	IS("46800\n46800\n14400\n61200\n61200\n", "statement", "chem", "-nPo", "amount",
	   "--seconds", "--since", "2026-12-12T17:00", "--until", "2026-12-22");
	/* --since alone: until the end of this month; --until alone: from the start of its month.
	 */
	DONE("2026-12-05T00:00:00|2027-01-01T00:00:00\n", "statement", "chem", "-nPo",
	     "since,until", "--since", "2026-12-05");
	DONE("2026-10-01T00:00:00|2026-11-01T00:00:00\n", "statement", "chem", "-nPo",
	     "since,until", "--until", "2026-11-01");
	DONE("2026-12-01T00:00:00|2027-01-01T00:00:00\n", "statement", "chem", "-nPo",
	     "since,until");
}
END_TEST

START_TEST(months_are_local_months)
{
	ck_assert_int_eq(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
	DONE("\"since\": \"2026-10-31T23:00:00.000000Z\"", "statement", "bio", "--json");
	/* Summer time ends within October. */
	DONE("\"since\": \"2026-09-30T22:00:00.000000Z\"", "statement", "bio", "--json", "--until",
	     "2026-11-01");
	clock_now = T0 + 39 * WHEN_DAY;
	DONE("\"until\": \"2026-12-31T23:00:00.000000Z\"", "statement", "bio", "--json");
}
END_TEST

#define NOVEMBER(form)                                                                             \
	DONE("", "statement", "bio", "--since", "2026-11-01T00:00:00Z", "--until",                 \
	     "2026-12-01T00:00:00Z", form)

START_TEST(the_same_period_gives_the_same_bytes)
{
	static const char *const forms[] = {"-P", "--json", "--entries", "-n", "--seconds"};
	char *kept[COUNT(forms)];

	dev("bio")->usage += 5 * SU;
	DONE("", "check"); /* entry 7 */
	DONE("", "deposit", "bio", "2"); /* entry 8 */
	clock_now = T0 + 40 * WHEN_DAY;
	/* The clock has passed it, but clocks go back: only an entry behind it ends it. */
	NOVEMBER("--entries");
	ck_assert_ptr_nonnull(strstr(out, "So far"));
	DONE("", "deposit", "chem", "1");
	for (size_t i = 0; i < COUNT(forms); i++) {
		NOVEMBER(forms[i]);
		ck_assert_ptr_null(strstr(out, "So far"));
		ck_assert_ptr_null(strstr(out, "Use per day"));
		kept[i] = strdup(out);
	}
	/* Nor is it changed by what corrects its entries, */
	DONE("", "refund", "7", "1", "--note", "x");
	DONE("", "reverse", "8", "--note", "x");
	DONE("", "set", "bio", "4");
	DONE("", "deposit", "bio", "3");
	dev("bio")->usage += 2 * SU;
	DONE("", "check", "--clock-ok");
	clock_now = T0 + 400 * WHEN_DAY;
	DONE("", "close", "bio");
	for (size_t i = 0; i < COUNT(forms); i++) {
		NOVEMBER(forms[i]);
		ck_assert_str_eq(out, kept[i]);
	}
	/* nor, where it shows none, by the zone. */
	ck_assert_int_eq(setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1), 0);
	NOVEMBER("--json");
	ck_assert_str_eq(out, kept[1]);
	for (size_t i = 0; i < COUNT(forms); i++)
		free(kept[i]);
}
END_TEST

START_TEST(a_clock_put_back_changes_no_period_that_is_over)
{
	char *kept;

	/* An hour ahead: it would be over by the reader's clock. */
	clock_now = T0 + 50 * WHEN_SECOND;
	DONE("", "deposit", "chem", "1");
	clock_now = T0 + HOUR;
	DONE("So far", "statement", "bio", "--since", "2026-11-01", "--until",
	     "2026-11-22T17:05:00Z");
	/* At the newest entry's time, to the second, it is. */
	clock_now = T0 + 60 * WHEN_SECOND - WHEN_SECOND;
	clock_tick = 0;
	DONE("", "deposit", "chem", "1");
	DONE("", "statement", "bio", "--since", "2026-11-01", "--until", "2026-11-22T17:01:00Z");
	ck_assert_ptr_null(strstr(out, "So far"));
	kept = strdup(out);
	clock_now = T0 + 10 * WHEN_SECOND;
	DONE("", "deposit", "bio", "3");
	DONE("", "statement", "bio", "--since", "2026-11-01", "--until", "2026-11-22T17:01:00Z");
	ck_assert_str_eq(out, kept);
	free(kept);
	DONE("So far", "statement", "bio", "--since", "2026-11-01", "--until",
	     "2026-11-22T17:01:01Z");
}
END_TEST

START_TEST(a_period_not_over_depends_on_the_head_alone)
{
	char *kept;

	DONE("So far: the entries to 2026-11-22T17:00:", "statement", "bio", "--until",
	     "2027-01-01", "--since", "2026-01-01");
	kept = strdup(out);
	clock_now += 3 * WHEN_DAY;
	DONE("", "statement", "bio", "--until", "2027-01-01", "--since", "2026-01-01");
	ck_assert_str_eq(out, kept);
	DONE("", "deposit", "chem", "1");
	DONE("So far: the entries to 2026-11-25T17:00:", "statement", "bio", "--until",
	     "2027-01-01", "--since", "2026-01-01");
	free(kept);
}
END_TEST

START_TEST(money_that_cannot_be_spent_is_named)
{
	deposit_window("bio", 5 * SU, T0 + 10 * WHEN_DAY, T0 + 50 * WHEN_DAY);
	deposit_window("bio", 7 * SU, T0, T0 + 5 * WHEN_DAY);
	clock_now = T0 + 60 * WHEN_DAY;
	DONE("", "deposit", "chem", "1"); /* behind both periods */
	IS("opening available|0\nopening balance|0\ndeposits|79200\nclosing balance|79200\n"
	   "closing not started|-18000\nclosing ended|-25200\nclosing available|36000\n",
	   "statement", "bio", "-nPo", "item,amount", "--seconds", "--since", "2026-11-01",
	   "--until", "2026-12-01");
	IS("opening available|36000\nopening not started|18000\nopening ended|25200\n"
	   "opening balance|79200\nclosing balance|79200\nclosing ended|-25200\n"
	   "closing available|54000\n",
	   "statement", "bio", "-nPo", "item,amount", "--seconds", "--since", "2026-12-01",
	   "--until", "2027-01-01");
}
END_TEST

START_TEST(statement_json_has_integers)
{
	json_t *list, *row;
	int64_t sum = 0;
	size_t i;

	dev("bio")->usage += 5 * SU;
	DONE("", "check");
	DONE("", "statement", "bio", "--json");
	list = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(list);
	json_array_foreach(list, i, row)
	{
		const char *item = json_string_value(json_object_get(row, "item"));
		json_t *amount = json_object_get(row, "amount_seconds");

		ck_assert(json_is_integer(amount));
		ck_assert_str_eq(json_string_value(json_object_get(row, "account")), "bio");
		ck_assert_uint_eq(strlen(json_string_value(json_object_get(row, "bank"))), 32);
		ck_assert_str_eq(json_string_value(json_object_get(row, "until")),
				 "2026-12-01T00:00:00.000000Z");
		if (strcmp(item, "opening balance") == 0 || strncmp(item, "closing", 7) != 0)
			sum += json_integer_value(amount);
		if (strcmp(item, "closing balance") == 0)
			ck_assert_int_eq(sum, json_integer_value(amount));
	}
	json_decref(list);
}
END_TEST

static int tamper(struct store_txn *txn, void *ctx, struct sb_error *why)
{
	unsigned char key[INDEX_KEY_SIZE];
	size_t len = books_index_key(key, ctx, 2);

	return store_add(txn, STORE_BY_ACCOUNT, (struct slice){key, len}, (struct slice){0}, why);
}

START_TEST(damaged_books_give_no_statement)
{
	static char chem[] = "chem";
	struct bank *bank = util_open(STORE_WRITE);

	OK(store_write(bank_store(bank), tamper, chem, &error));
	bank_close(bank);
	DONE("", "statement", "bio");
	GIVES(3, NULL, "run `subank verify`", "statement", "chem");
	GIVES(3, NULL, "run `subank verify`", "statement", "chem", "--json");
}
END_TEST

/* ---- balance as it was ---- */

START_TEST(malformed_moments_are_refused)
{
	REFUSED(2, "--as-of needs a time", "balance", "--as-of", "x");
	REFUSED(2, "--as-of needs a time", "balance", "--as-of", "");
	REFUSED(2, "--as-of needs a time", "balance", "--as-of", "0");
	REFUSED(2, "is in the future", "balance", "--as-of", "now+1hour");
	REFUSED(1, "there is no entry 7 yet: the newest is entry 6", "balance", "--as-of", "7");
	REFUSED(2, "--as-of needs a time", "balance", "--as-of", "99999999999999999999");
	REFUSED(1, "account 'nosuch' is not in the bank", "balance", "nosuch", "--as-of", "1");
	GIVES(0, "", "account 'chem' was not opened yet", "balance", "chem", "--as-of", "3");
	GIVES(0, "", "the bank had no accounts yet", "balance", "--as-of", "2026-01-01");
}
END_TEST

START_TEST(balances_are_what_balance_said_then)
{
	static const char columns[] = "Account,State,Allocated,Used,Available,Percent,Causes,Lever,"
				      "Charged,Debt";
	enum { STEPS = 40 };
	uint64_t state = util_seed();
	char *all[STEPS], *one[STEPS], time[STEPS][WHEN_TEXT_SIZE], entry[STEPS][24], amount[24],
		exact[WHEN_TEXT_SIZE];

	deposit_window("bio", 5 * SU, T0 + 2 * HOUR, T0 + 4 * HOUR);
	for (int i = 0; i < STEPS; i++) {
		clock_now += 1 + util_below(&state, HOUR / 4);
		(void)snprintf(amount, sizeof(amount), "%" PRId64 "s",
			       1 + util_below(&state, 2 * SU));
		switch (util_below(&state, 6)) {
		case 0:
			RUN("deposit", "bio", amount);
			break;
		case 1:
			RUN("withdraw", "bio", amount);
			break;
		case 2:
			RUN("transfer", "chem", "bio", amount);
			break;
		case 3:
			RUN("transfer", "bio", "chem", amount);
			break;
		case 4:
			RUN("hold", "bio", "--until", "now+1hour");
			break;
		default:
			dev("bio")->usage += util_below(&state, 8 * SU);
			RUN("check");
			break;
		}
		(void)snprintf(entry[i], sizeof(entry[i]), "%" PRIu64, entries());
		/* Times are given to the second, so balance --as-of gets a whole one. */
		clock_now = (clock_now / WHEN_SECOND + 1) * WHEN_SECOND;
		(void)snprintf(time[i], sizeof(time[i]), "%.19sZ",
			       when_format_exact(exact, clock_now + WHEN_SECOND));
		DONE("", "balance", "-Po", columns, "--seconds");
		all[i] = strdup(out);
		DONE("", "balance", "bio", "-Po", columns, "--seconds", "--as-of", entry[i]);
		one[i] = strdup(out);
	}
	for (int i = 0; i < STEPS; i++) {
		IS(one[i], "balance", "bio", "-Po", columns, "--seconds", "--as-of", entry[i]);
		IS(all[i], "balance", "-Po", columns, "--seconds", "--as-of", time[i]);
		/* One by one it is the same as in one pass. */
		IS(all[i], "balance", "bio", "chem", "-Po", columns, "--seconds", "--as-of",
		   time[i]);
		free(one[i]);
		free(all[i]);
	}
}
END_TEST

START_TEST(what_was_read_then_is_not_known)
{
	DONE("", "check");
	IS("Read\n\n", "balance", "bio", "-Po", "Read", "--as-of", "now");
	DONE("\"read\": null", "balance", "bio", "--json", "--as-of", "now");
}
END_TEST

/* ---- forecasts ---- */

START_TEST(balance_forecasts)
{
	char *at;

	deposit_window("chem", 20 * SU, T0, T0 + 30 * WHEN_DAY);
	clock_now = T0 + 10 * WHEN_DAY - WHEN_SECOND;
	dev("bio")->usage += 5 * SU;
	dev("chem")->usage += 1 * SU;
	DONE("", "check");
	/* 5 SU of 10 in 10 days; 1 SU of 30, of which 20 end 20 days from now. */
	DONE("Account|State|Available|PerDay7|PerDay30|Lasts|Unused\n"
	     "bio|open|5.00|0.5",
	     "balance", "--forecast", "-P");
	IS("1799|1799|0\n", "balance", "bio", "--forecast", "-nPo", "PerDay7,PerDay30,Unused",
	   "--seconds");
	DONE("2026-12-12T17:", "balance", "bio", "--forecast", "-nPo", "Lasts");
	DONE("|61", "balance", "chem", "--forecast", "-nPo", "PerDay30,Unused", "--seconds");
	DONE("2027-", "balance", "chem", "--forecast", "-nPo", "Lasts");
	/* For people not to the second, and beyond a month not to the minute. */
	DONE("", "balance", "chem", "--forecast", "-nPo", "Lasts");
	at = strndup(out, 10);
	ck_assert_ptr_nonnull(at);
	DONE(at, "balance", "chem", "--forecast", "-no", "Lasts");
	ck_assert_str_eq(out + 10, "T00:00:00\n");
	DONE(at, "statement", "chem");
	ck_assert_ptr_nonnull(strstr(out, " SU will not be used before its window ends\n"));
	ck_assert_ptr_nonnull(strstr(strstr(out, "it lasts until "), at));
	ck_assert_int_eq(strstr(strstr(out, "it lasts until "), at)[10], '\n');
	free(at);
	DONE("2026-12-12T17:", "balance", "bio", "--forecast", "-no", "Lasts");
	DONE("Account State Available PerDay7", "balance", "--forecast");
	check_width();
	/* As it would have been forecast before the use. */
	IS("0|0|never|0\n", "balance", "bio", "--forecast", "-nPo", "PerDay7,PerDay30,Lasts,Unused",
	   "--seconds", "--as-of", "6");
	REFUSED(2, "there is no column 'PerDay7'", "balance", "-o", "PerDay7");
	DONE("\"perday30_seconds\": 1799", "balance", "bio", "--forecast", "--json");
}
END_TEST

/* ---- why ---- */

START_TEST(why_wants_one_known_account)
{
	REFUSED(2, "why needs ACCOUNT", "why");
	REFUSED(2, "too many arguments: 'chem'", "why", "bio", "chem");
	REFUSED(2, "account name", "why", "a b");
	REFUSED(1, "account 'nosuch' is not in the bank", "why", "nosuch");
}
END_TEST

START_TEST(why_of_an_account_that_is_fine_is_one_line)
{
	char *before;

	IS("bio is fine: available 10.00 SU; nothing of it ends\n", "why", "bio");
	deposit_window("bio", 5 * SU, T0, T0 + 9 * WHEN_DAY);
	before = exported();
	IS("bio is fine: available 15.00 SU; 5.00 SU of entry 7 end first, at "
	   "2026-12-01T17:00:00\n",
	   "why", "BIO");
	UNCHANGED(before);
	clock_now += 3 * HOUR;
	DONE("its use on dev was read last at ", "why", "bio");
	DONE("3h ago: does `subank check` run, and does dev answer?\n", "why", "bio");
}
END_TEST

START_TEST(why_names_the_entries_of_a_hold_for_funds)
{
	dev("bio")->usage += 12 * SU + 1800;
	RUN("check");
	DONE("bio is held (funds): available -2.50 SU\n"
	     "  entry 8 of 2026-11-22T17:00:",
	     "why", "bio");
	ck_assert_ptr_nonnull(strstr(out, ": hold: funds\n"));
	ck_assert_ptr_nonnull(strstr(out, "  entry 7 of 2026-11-22T17:00:"));
	ck_assert_ptr_nonnull(
		strstr(out, ": charge of 12.50 SU: dev 0.27 to 12.77 SU, 2.50 SU of it in debt\n"));
	ck_assert_ptr_nonnull(strstr(out, "  entry 3 of 2026-11-22T17:00:"));
	ck_assert_ptr_nonnull(strstr(out, "  2.50 SU is debt, which the next money pays first\n"));
	ck_assert_ptr_nonnull(strstr(out, "  a deposit of more than 2.50 SU ends it\n"));
	ck_assert_ptr_null(strstr(out, "by itself"));
	out_width = 80;
	DONE(": charge of 12.50 SU: dev 0.27 to 12.77 SU,\n    2.50 SU of it in debt\n", "why",
	     "bio");
	out_width = 0;
	/* One that is too small, and one that starts later and is enough. */
	deposit_window("bio", 2 * SU, T0 + WHEN_DAY, WHEN_NEVER);
	deposit_window("bio", 1 * SU, T0 + 2 * WHEN_DAY, WHEN_NEVER);
	DONE("  2.00 SU of entry 11 start at 2026-11-23T17:00:00\n"
	     "  1.00 SU of entry 12 start at 2026-11-24T17:00:00\n",
	     "why", "bio");
	ck_assert_ptr_nonnull(
		strstr(out, "ends by itself with the first check after 2026-11-24T17:00:00"));
	/* The message is right: exactly the debt is not enough, one more is. */
	GIVES(0, "", "left to the next check", "deposit", "bio", "2.5", "--no-apply");
	DONE("  any deposit ends it\n", "why", "bio");
	GIVES(0, "", "left to the next check", "deposit", "bio", "1s", "--no-apply");
	DONE("  there is money again: the next check ends it\n", "why", "bio");
	DONE("", "check");
	DONE("bio is low: 99% of 12.50 SU used, available <0.01 SU\n", "why", "bio");
}
END_TEST

START_TEST(why_tells_that_an_account_above_is_held)
{
	(void)snprintf(dev("chem")->parent, sizeof(dev("chem")->parent), "bio");
	DONE("", "check");
	DONE("chem is fine", "why", "chem");
	DONE("", "hold", "bio");
	IS("chem is blocked by bio, which is held: available 10.00 SU\n"
	   "  bio above it is held, and until that ends no job of chem starts: see `subank why "
	   "bio`\n",
	   "why", "chem");
	/* Its own cause comes first, the other one stays. */
	DONE("", "hold", "chem");
	DONE("chem is held (hand): available 10.00 SU\n", "why", "chem");
	ck_assert_ptr_nonnull(strstr(out, "  `subank release chem` ends the hold by hand\n"
					  "  bio above it is held, and until that ends no job of "
					  "chem starts: see `subank why bio`\n"));
	DONE("", "release", "chem");
	DONE("", "terms", "chem", "--unlimited");
	DONE("chem is blocked by bio, which is held", "why", "chem");
	DONE("", "release", "bio");
	DONE("chem is unlimited", "why", "chem");
	ck_assert_ptr_null(strstr(out, "above"));
}
END_TEST

START_TEST(why_tells_that_slurm_starts_nothing_with_so_little)
{
	DONE("", "withdraw", "bio", "all");
	DONE("", "deposit", "bio", "179s");
	IS("bio is fine: available 0.04 SU; nothing of it ends\n", "why", "bio");
	set_settings("clusters: [dev]\nenforcement: limit\n");
	DONE("", "check");
	IS("bio has too little left for Slurm to start a job under `limit`: available 0.04 SU\n"
	   "  a deposit ends it: 0.05 SU or more must be available\n",
	   "why", "bio");
	DONE("", "deposit", "bio", "1s");
	IS("bio is fine: available 0.05 SU; nothing of it ends\n", "why", "bio");
	/* A hold, and an allowance that does not count, have other reasons. */
	DONE("", "withdraw", "bio", "1s");
	DONE("", "hold", "bio");
	DONE("bio is held (hand)", "why", "bio");
	ck_assert_ptr_null(strstr(out, "must be available"));
	DONE("", "release", "bio");
	DONE("", "terms", "bio", "--unlimited");
	DONE("bio is unlimited", "why", "bio");
	DONE("", "terms", "bio", "--limited");
	/* Each of two clusters has its share; pooled, each has all. */
	(void)fake_account("gpu", "bio");
	set_settings("clusters: [dev, gpu]\nenforcement: limit\n");
	RUN("check");
	DONE("", "deposit", "bio", "180s");
	DONE("  a deposit ends it: 0.10 SU or more must be available\n", "why", "bio");
	set_settings("clusters: [dev, gpu]\nenforcement: limit\nshares: pooled\n");
	DONE("bio is fine", "why", "bio");
}
END_TEST

START_TEST(why_tells_holds_by_hand_and_their_ends)
{
	DONE("", "hold", "bio", "--note", "a \"note\"", "--until", "2026-12-01T17:00");
	DONE("bio is held (hand): available 10.00 SU\n", "why", "bio");
	ck_assert_ptr_nonnull(strstr(
		out, ": hold: hand until 2026-12-01T17:00, by slurm (login alice) (a \"note\")\n"));
	ck_assert_ptr_nonnull(strstr(out, "the hold by hand ends by itself at 2026-12-01T17:00:00, "
					  "or with `subank release bio`\n"));
	DONE("", "hold", "chem");
	DONE("  `subank release chem` ends the hold by hand\n", "why", "chem");
	DONE("", "release", "chem");
	DONE("chem is fine", "why", "chem");
	/* What it advises is what release takes. */
	dev("bio")->usage += 12 * SU;
	RUN("check");
	DONE("or with `subank release bio`\n", "why", "bio");
	DONE("ended the hold by hand, but it is still held (funds)", "release", "bio");
	REFUSED(1, "held because its allowance is spent (a deposit ends that)", "release", "bio");
	DONE("", "close", "chem");
	DONE("", "hold", "chem");
	DONE("  `subank release chem` ends the hold by hand alone; with --until TIME it may run "
	     "until then\n",
	     "why", "chem");
	DONE("", "release", "chem", "--until", "2026-11-25T12:00");
	DONE("chem may run for a time although there is a cause to hold it (closed)", "why",
	     "chem");
}
END_TEST

START_TEST(why_tells_a_grace)
{
	dev("bio")->usage += 12 * SU;
	RUN("check");
	DONE("", "release", "bio", "--until", "2026-11-25T12:00");
	DONE("bio may run for a time although there is a cause to hold it (funds)", "why", "bio");
	ck_assert_ptr_nonnull(strstr(out, "release: hand, lets it run until 2026-11-25T12:00"));
	ck_assert_ptr_nonnull(strstr(out, "the time it may run ends at 2026-11-25T12:00:00"));
}
END_TEST

START_TEST(why_tells_a_closed_account)
{
	DONE("", "close", "bio", "--note", "ended");
	DONE("bio is closed: available 10.00 SU\n", "why", "bio");
	ck_assert_ptr_nonnull(strstr(out, ": close, by slurm (login alice) (ended)\n"));
	ck_assert_ptr_nonnull(strstr(out, "  `subank open bio` opens it again\n"));
}
END_TEST

/* Each kind of entry that took the money is reported. */
START_TEST(why_names_what_was_taken)
{
	static const char *const takings[][6] = {
		{"withdraw", "bio", "all", NULL},
		{"transfer", "bio", "chem", "all", NULL},
		{"set", "bio", "0", NULL},
		{"reverse", "6", "--note", "wrong account", NULL},
		{"terms", "bio", "--credit", "0", NULL},
	};
	static const char *const said[] = {": withdraw of 10.00 SU", ": transfer of 10.00 SU",
					   ": withdraw of 10.00 SU", "(wrong account)",
					   ": terms: limited, credit 0.00 SU"};

	for (size_t i = 0; i < COUNT(takings); i++) {
		drive_teardown();
		drive_setup();
		(void)fake_account("dev", "bio");
		(void)fake_account("dev", "chem");
		DONE("", "open", "chem", "1");
		if (i == 4) {
			DONE("", "open", "bio", "1");
			DONE("", "terms", "bio", "--credit", "10");
			fake_account("dev", "bio")->usage = 5 * SU;
			DONE("", "check");
		} else {
			DONE("", "open", "bio");
			DONE("", "deposit", "bio", "10");
		}
		drive(takings[i]);
		ck_assert_msg(status == 0, "%s: %s", takings[i][0], err);
		RUN("check");
		RUN("why", "bio");
		ck_assert_msg(strstr(out, said[i]), "%s: %s", takings[i][0], out);
		/* Made up for. */
		DONE("", "deposit", "bio", "5");
		RUN("withdraw", "bio", "5");
		DONE("", "deposit", "bio", "1");
		fake_account("dev", "bio")->usage += SU;
		RUN("check");
		RUN("why", "bio");
		ck_assert_msg(!strstr(out, ": withdraw of 5.00"), "%s: %s", takings[i][0], out);
	}
}
END_TEST

START_TEST(why_tells_low_ended_and_never_funded)
{
	dev("bio")->usage += 9 * SU;
	DONE("", "check");
	DONE("bio is low: 90% of 10.00 SU used, available 1.00 SU\n", "why", "bio");
	ck_assert_ptr_nonnull(strstr(out, ": charge of 9.00 SU"));
	(void)dev("poor");
	DONE("", "open", "poor");
	DONE("poor has nothing left: available 0.00 SU\n"
	     "  it never had money\n  its first use holds it\n",
	     "why", "poor");
	deposit_window("poor", 5 * SU, T0, T0 + HOUR);
	clock_now = T0 + HOUR;
	DONE("poor has nothing left: available 0.00 SU\n", "why", "poor");
	ck_assert_ptr_nonnull(strstr(out, "5.00 SU of entry 10 cannot be used any more: the window "
					  "ended at 2026-11-22T18:00:00\n"));
	ck_assert_ptr_nonnull(strstr(out, "  the next check holds it\n"));
	set_settings("clusters: [dev]\nenforcement: warn\n");
	DONE("  enforcement is warn by the settings: it is not held for that\n", "why", "poor");
	set_settings("clusters: [dev]\nenforcement: limit\n");
	DONE("  the next check holds it\n", "why", "poor");
	DONE("", "terms", "poor", "--enforce", "off");
	DONE("  enforcement is off by its terms: it is not held for that\n", "why", "poor");
}
END_TEST

START_TEST(why_tells_what_slurm_has_not_done)
{
	GIVES(0, "", "left to the next check", "hold", "bio", "--no-apply");
	DONE("bio is held (hand)", "why", "bio");
	fake_mode[FAKE_SACCTMGR] = FAKE_FAILS;
	RUN("check");
	DONE("Slurm on dev is to get GrpTRESMins cpu 0, which failed: ", "why", "bio");
	ck_assert_ptr_nonnull(strstr(out, "; the next check tries again\n"));
	fake_mode[FAKE_SACCTMGR] = FAKE_OK;
	DONE("", "check");
	DONE("bio is held (hand)", "why", "bio");
	ck_assert_ptr_null(strstr(out, "Slurm on"));
}
END_TEST

/* ---- journal in part ---- */

START_TEST(journal_filters_are_checked)
{
	REFUSED(2, "there is no kind of entry 'chrge': did you mean 'charge'?", "journal", "--kind",
		"open,chrge");
	REFUSED(2, "there is no kind of entry '': there are open, close, terms,", "journal", "-k",
		"");
	REFUSED(2,
		", notified, job, reconcile, meter, move, fee, forgive, queue, queued, people, "
		"rename, merge\n",
		"journal", "-k", "xyzzyx");
	REFUSED(2, "know a cluster 'xyzzyx': there are dev\n", "journal", "-M", "xyzzyx");
	REFUSED(2, "know a cluster 'dew': did you mean 'dev'?", "journal", "-M", "dew");
	REFUSED(2, "--from needs the number of an entry, not '0'", "journal", "--from", "0");
	REFUSED(2, "--to needs the number of an entry, not 'x'", "journal", "--to", "x");
	REFUSED(2, "--since: 'x' is not a time", "journal", "--since", "x");
	REFUSED(2, "--until: 'x' is not a time", "journal", "--until", "x");
	REFUSED(2, "leave out --reverse", "journal", "--follow", "--reverse");
	REFUSED(2, "leave out --reverse", "journal", "-f", "--to", "3");
	REFUSED(1, "account 'nosuch' is not in the bank", "journal", "nosuch", "--ref", "x");
}
END_TEST

START_TEST(journal_prints_what_is_asked_for)
{
	DONE("", "deposit", "bio", "1", "--ref", "r1");
	clock_now = T0 + WHEN_DAY;
	DONE("", "transfer", "bio", "chem", "1");
	dev("bio")->usage += SU;
	DONE("", "check");
	/* 1 open 2 baseline 3 deposit (bio), 4 open 5 baseline 6 deposit (chem), 7, 8, 9 */
	IS("3\n6\n7\n9\n", "journal", "-nPoEntry", "--kind", "deposit,charge");
	IS("9\n7\n6\n3\n", "journal", "-nPoEntry", "--kind", "deposit,charge", "--reverse");
	IS("6\n7\n", "journal", "-nPoEntry", "-k", "deposit", "-l", "2");
	IS("7\n6\n", "journal", "-nPoEntry", "-k", "deposit", "-l", "2", "-r");
	IS("2\n5\n9\n", "journal", "-nPoEntry", "-M", "dev");
	IS("2\n9\n", "journal", "-nPoEntry", "-M", "dev", "bio");
	IS("3\n4\n5\n", "journal", "-nPoEntry", "--from", "3", "--to", "5");
	IS("4\n5\n", "journal", "chem", "-nPoEntry", "--from", "3", "--to", "5");
	IS("8\n9\n", "journal", "-nPoEntry", "--since", "2026-11-23T17:00");
	IS("4\n5\n6\n", "journal", "chem", "-nPoEntry", "--until", "2026-11-23T17:00");
	IS("", "journal", "-nPoEntry", "--since", "2026-11-23T17:01");
	IS("7\n", "journal", "-nPoEntry", "--ref", "r1");
	IS("7\n", "journal", "bio", "-nPoEntry", "--ref", "r1", "--from", "7", "--to", "7");
	IS("", "journal", "chem", "-nPoEntry", "--ref", "r1");
	IS("", "journal", "-nPoEntry", "--ref", "r1", "--to", "6");
	IS("", "journal", "-nPoEntry", "--ref", "r1", "--from", "8");
	IS("", "journal", "-nPoEntry", "--ref", "r2");
	IS("", "journal", "-nPoEntry", "--ref", "");
	IS("9\n", "journal", "-nPoEntry", "--actor", "slurm", "-l1");
	IS("9\n", "journal", "-nPoEntry", "--actor", "64030", "-l1");
	IS("", "journal", "-nPoEntry", "--actor", "6403");
	IS("to chem\n", "journal", "bio", "-nPoDetail", "-k", "transfer");
	IS("from bio\n", "journal", "chem", "-nPoDetail", "-k", "transfer");
	GIVES(0, "", "there is no entry 99 yet: the newest is entry 9", "journal", "--from", "99");
	GIVES(0, "", "no entry from 5 to 2: --to is before --from", "journal", "--from", "5",
	      "--to", "2");
	GIVES(0, "", "there is no entry with the ref 'r2'", "journal", "--ref", "r2");
	ck_assert_str_eq(out, "");
	GIVES(0, "", NULL, "journal", "--ref", "r1", "--to", "6");
	DONE("{\"entry\":9,\"kind\":\"charge\"", "journal", "--json", "-rl1");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("statement");
	TCase *statements = tcase_create("statement"), *then = tcase_create("as-of"),
	      *forecasts = tcase_create("forecast"), *why = tcase_create("why"),
	      *journal = tcase_create("journal");
	TCase *all[] = {statements, then, forecasts, why, journal};

	for (size_t i = 0; i < COUNT(all); i++) {
		tcase_add_checked_fixture(all[i], setup, drive_teardown);
		tcase_set_timeout(all[i], TEST_TIMEOUT);
		suite_add_tcase(suite, all[i]);
	}
	tcase_add_test(statements, a_malformed_statement_is_refused);
	tcase_add_test(statements, damaged_books_give_no_statement);
	tcase_add_test(statements, a_statement_adds_up_by_kind);
	tcase_add_test(statements, statements_follow_each_other);
	tcase_add_test(statements, months_are_local_months);
	tcase_add_test(statements, the_same_period_gives_the_same_bytes);
	tcase_add_test(statements, a_clock_put_back_changes_no_period_that_is_over);
	tcase_add_test(statements, a_period_not_over_depends_on_the_head_alone);
	tcase_add_test(statements, money_that_cannot_be_spent_is_named);
	tcase_add_test(statements, statement_json_has_integers);
	tcase_add_test(then, malformed_moments_are_refused);
	tcase_add_test(then, balances_are_what_balance_said_then);
	tcase_add_test(then, what_was_read_then_is_not_known);
	tcase_add_test(forecasts, balance_forecasts);
	tcase_add_test(why, why_wants_one_known_account);
	tcase_add_test(why, why_of_an_account_that_is_fine_is_one_line);
	tcase_add_test(why, why_names_the_entries_of_a_hold_for_funds);
	tcase_add_test(why, why_tells_that_an_account_above_is_held);
	tcase_add_test(why, why_tells_that_slurm_starts_nothing_with_so_little);
	tcase_add_test(why, why_tells_holds_by_hand_and_their_ends);
	tcase_add_test(why, why_tells_a_grace);
	tcase_add_test(why, why_tells_a_closed_account);
	tcase_add_test(why, why_names_what_was_taken);
	tcase_add_test(why, why_tells_low_ended_and_never_funded);
	tcase_add_test(why, why_tells_what_slurm_has_not_done);
	tcase_add_test(journal, journal_filters_are_checked);
	tcase_add_test(journal, journal_prints_what_is_asked_for);
	return util_run(suite);
}
