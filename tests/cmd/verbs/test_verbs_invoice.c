/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Invoices: statement --price, run in this process. */
#include <jansson.h>

#include "tests/drive.h"

enum { SU = 3600 };

#define NOVEMBER "--until", "2026-12-01"
#define DECEMBER "--until", "2027-01-01"
#define PREVIEWS "--price", "0.10EUR", "--since", "2026-11-01", DECEMBER

/* "bio" uses 5 SU and 180 s and pays a fee of 1 SU; half an SU is refunded. "chem" uses nothing.
 * Then December begins. */
static void setup(void)
{
	drive_setup();
	(void)fake_account("dev", "bio");
	(void)fake_account("dev", "chem");
	DONE("", "open", "bio", "100");
	DONE("", "open", "chem", "10");
	fake_account("dev", "bio")->usage += 5 * SU + 180;
	DONE("", "check"); /* entry 7 */
	DONE("", "charge", "bio", "1", "--note", "disks");
	DONE("", "refund", "7", "0.5", "--note", "x");
	clock_now = T0 + 10 * WHEN_DAY;
}

static void december(void)
{
	DONE("", "deposit", "chem", "1");
}

/* The value of "head": in the JSON of [out]'s invoice. */
static const char *member(const char *key)
{
	static char value[512];
	json_t *list = json_loads(out, JSON_REJECT_DUPLICATES, NULL), *row;
	size_t at;

	*value = '\0';
	json_array_foreach(list, at, row)
	{
		const char *item = json_string_value(json_object_get(row, "item"));

		if (strcmp(item, "invoice") == 0)
			(void)snprintf(value, sizeof(value), "%s",
				       json_string_value(json_object_get(row, key)));
	}
	json_decref(list);
	return value;
}

#define IS(expected, ...)                                                                          \
	do {                                                                                       \
		DONE("", __VA_ARGS__);                                                             \
		ck_assert_str_eq(out, expected);                                                   \
	} while (0)

#define ROWS "-nPo", "Item,Account,Number,Billed,Price,Currency,Cents"

/* What is printed after the table. */
static void ends_with(const char *expected)
{
	size_t len = strlen(expected);

	ck_assert_msg(strlen(out) >= len && strcmp(out + strlen(out) - len, expected) == 0, "%s",
		      out);
}

START_TEST(malformed_prices_are_refused)
{
	static const char *const bad[] = {"0.02",
					  "0.02eur",
					  "-1EUR",
					  "1e3EUR",
					  "0.0000001EUR",
					  "0EUR",
					  "",
					  "0.02EUR\n",
					  "0.02\033[31mEUR",
					  "9999999999999999EUR",
					  "99999999999999999999999EUR"};

	for (size_t i = 0; i < COUNT(bad); i++)
		REFUSED(2, "price", "statement", "bio", "--price", bad[i]);
	REFUSED(2, "JPY is not divided into hundredths", "statement", "bio", "--price", "2JPY");
	REFUSED(2, "name one", "statement", "bio", "chem");
	REFUSED(1, "account 'nosuch' is not in the bank", "statement", "nosuch", "--price", "1EUR");
	REFUSED(1, "there is nothing to bill", "statement", "bio", "--price", "1EUR", "--until",
		"2026-11-01");
	REFUSED(1, "the period has not begun", "statement", "--price", "1EUR", "--since",
		"2027-01-01", "--until", "2027-02-01");
}
END_TEST

/* ---- one account ---- */

START_TEST(a_statement_without_a_price_has_no_invoice)
{
	december();
	REFUSED(2, "there is no column 'Cents'", "statement", "bio", "-o", "Item,Cents");
	DONE("", "statement", "bio", "--csv", NOVEMBER);
	ck_assert_ptr_null(strstr(out, "cents"));
	ck_assert_ptr_null(strstr(out, "billed"));
	DONE("", "statement", "bio", NOVEMBER);
	ck_assert_ptr_null(strstr(out, "nvoice"));
}
END_TEST

START_TEST(an_invoice_bills_use_and_fees_less_refunds)
{
	char kept[4096];

	december();
	DONE("Statement of bio\n", "statement", "bio", "--price", "0.02EUR", NOVEMBER);
	ck_assert_ptr_null(strstr(out, "So far"));
	(void)snprintf(kept, sizeof(kept), "%s", strstr(out, "Invoice "));
	ck_assert_ptr_nonnull(strstr(kept, "Invoice bio-2026-11-9\nUsed: 5.05 SU\nFees: 1.00 SU\n"
					   "Refunds and reversals: -0.50 SU\n"
					   "Billed: 5.55 SU (19980 billing-seconds)\n"
					   "At 0.02 EUR per SU: 0.11 EUR\n"
					   "Based on the entries up to this head; to check them:\n"
					   "  subank verify --head 9:"));
	for (const char *line = out; *line; line += strcspn(line, "\n") + 1)
		ck_assert_uint_le(strcspn(line, "\n"), 80);
	DONE("Billed: 19980s\nAt 0.02 EUR per SU: 0.11 EUR\n", "statement", "bio", "--price",
	     "0.02 EUR", "--seconds", NOVEMBER);
	/* Grouped or by entry, it is the same. */
	DONE("", "statement", "bio", "--price", "0.02EUR", NOVEMBER, "--by", "user,month");
	ends_with(kept);
	DONE("", "statement", "bio", "--price", "0.02EUR", NOVEMBER, "--entries");
	ends_with(kept);
	DONE("", "statement", "bio", "--price", "0.02EUR", NOVEMBER, "-n");
	ends_with(kept);
	/* What it rests on can be proven. */
	DONE("", "statement", "bio", "--price", "0.02EUR", NOVEMBER, "--json");
	(void)snprintf(kept, sizeof(kept), "%s", member("head"));
	DONE("", "verify", "--head", kept);
}
END_TEST

START_TEST(an_invoice_is_a_row_for_programs)
{
	december();
	IS("opening available|bio|||||\nopening balance|bio|||||\ndeposits|bio|||||\n"
	   "charges|bio|||||\nrefunds|bio|||||\nfees|bio|||||\nclosing balance|bio|||||\n"
	   "closing available|bio|||||\ninvoice|bio|bio-2026-11-9|19980|0.02|EUR|11\n",
	   "statement", "bio", "--price", "0.02EUR", NOVEMBER, "--seconds", "-nPo",
	   "Item,Account,Number,Billed,Price,Currency,Cents");
	DONE("Item|Cluster|Entries|Amount|Number|Billed|Price|Currency|Cents\n", "statement", "bio",
	     "--price", "0.02EUR", NOVEMBER, "-P");
	DONE("invoice||3||bio-2026-11-9|5.55|0.02|EUR|11\n", "statement", "bio", "--price",
	     "0.02EUR", NOVEMBER, "-P");
	DONE("\"number\": \"bio-2026-11-9\",\n    \"billed_seconds\": 19980,\n"
	     "    \"price\": \"0.02\",\n    \"currency\": \"EUR\",\n    \"cents\": 11\n",
	     "statement", "bio", "--price", "0.02EUR", NOVEMBER, "--json");
	DONE("\"number\",\"billed_seconds\",\"price\",\"currency\",\"cents\"", "statement", "bio",
	     "--price", "0.02EUR", NOVEMBER, "--csv");
	DONE(",\"bio-2026-11-9\",19980,\"0.02\",\"EUR\",11", "statement", "bio", "--price",
	     "0.02EUR", NOVEMBER, "--csv");
}
END_TEST

/* On both sides of half a cent: 19,980 s are 5.55 SU. */
START_TEST(an_invoice_is_rounded_once)
{
	december();
	DONE("|0.10|EUR|56\n", "statement", "bio", "--price", "0.1EUR", NOVEMBER, "-nPo",
	     "Number,Price,Currency,Cents");
	DONE("|0.099999|EUR|55\n", "statement", "bio", "--price", "0.099999EUR", NOVEMBER, "-nPo",
	     "Number,Price,Currency,Cents");
	/* 5.05, 1 and -0.5 SU alone would be 5, 1 and -1 cents. */
	DONE("|0.01|EUR|6\n", "statement", "bio", "--price", "0.01EUR", NOVEMBER, "-nPo",
	     "Number,Price,Currency,Cents");
}
END_TEST

START_TEST(a_period_that_is_over_has_one_invoice)
{
	static const char *const forms[] = {"-P", "--json", "--csv", "-n"};
	char *kept[COUNT(forms)];

	december();
	for (size_t i = 0; i < COUNT(forms); i++) {
		DONE("bio-2026-11-9", "statement", "bio", "--price", "0.02EUR", NOVEMBER, forms[i]);
		kept[i] = strdup(out);
	}
	DONE("", "refund", "7", "1", "--note", "late");
	DONE("", "deposit", "bio", "3");
	DONE("", "set", "bio", "4");
	for (size_t i = 0; i < COUNT(forms); i++) {
		DONE("", "statement", "bio", "--price", "0.02EUR", NOVEMBER, forms[i]);
		ck_assert_str_eq(out, kept[i]);
		free(kept[i]);
	}
	/* The late refund is in December: a credit. */
	clock_now = T0 + 45 * WHEN_DAY;
	december();
	DONE("|-1.00|0.02|EUR|-2\n", "statement", "bio", "--price", "0.02EUR", DECEMBER, "-nPo",
	     "Number,Billed,Price,Currency,Cents");
	DONE("Billed: -1.00 SU (-3600 billing-seconds)\nAt 0.02 EUR per SU: -0.02 EUR\n",
	     "statement", "bio", "--price", "0.02EUR", DECEMBER);
}
END_TEST

START_TEST(a_period_that_is_not_over_has_a_preview)
{
	DONE("So far", "statement", "bio", PREVIEWS);
	ck_assert_ptr_nonnull(strstr(out, "\nPreview of an invoice of bio\n"
					  "It has no number: the period is not over\n"
					  "Used: 5.05 SU\n"));
	ck_assert_ptr_null(strstr(out, "bio-2026"));
	/* The clock is past its end, but no entry is. */
	DONE("So far", "statement", "bio", "--price", "0.02EUR", NOVEMBER);
	ck_assert_ptr_nonnull(strstr(out, "\nIt has no number: the bank has no entry after the "
					  "period yet; any gives it one\n"));
	for (const char *line = out; *line; line += strcspn(line, "\n") + 1)
		ck_assert_uint_le(strcspn(line, "\n"), 80);
	ck_assert_ptr_null(strstr(out, "bio-2026"));
	DONE("\"number\": null", "statement", "bio", "--price", "0.02EUR", NOVEMBER, "--json");
	ck_assert_int_eq(strncmp(member("head"), "9:", 2), 0);
}
END_TEST

START_TEST(a_budget_is_billed_in_its_unit)
{
	DONE("", "open", "bio", "10", "--resource", "storage");
	DONE("", "charge", "bio", "3", "--resource", "storage", "--note", "x");
	DONE("\nAt 1.50 EUR per storage-hour: 4.50 EUR\n", "statement", "bio", "--resource",
	     "storage", "--price", "1.50EUR", DECEMBER);
	DONE("\ninvoice|bio:storage||3.00|1.50|EUR|450\n", "statement", "bio", "--resource",
	     "storage", "--price", "1.50EUR", DECEMBER, ROWS);
}
END_TEST

/* ---- several ---- */

#define INVOICES "--price", "0.10EUR", NOVEMBER, "-nPo", "Item,Account,Number,Billed,Cents,Head"

/* The rows of [out] that are invoices or their sum, with the head cut to its number. */
static const char *invoices(void)
{
	static char rows[4096];
	size_t len = 0;

	*rows = '\0';
	for (char *line = out, *end; (end = strchr(line, '\n')); line = end + 1) {
		char *head = memchr(line, ':', (size_t)(end - line));

		if (strncmp(line, "invoice|", 8) == 0 || strncmp(line, "sum of", 6) == 0)
			len += (size_t)snprintf(rows + len, sizeof(rows) - len, "%.*s\n",
						(int)((head ? head : end) - line), line);
	}
	return rows;
}

START_TEST(all_that_used_something_are_billed)
{
	(void)fake_account("dev", "geo");
	DONE("", "open", "geo", "10");
	DONE("", "charge", "geo", "2.005", "--note", "x");
	clock_now = T0 + 12 * WHEN_DAY;
	december();
	DONE("", "statement", "--price", "0.10EUR", NOVEMBER);
	ends_with("\n\nSum of 1 invoice: 0.56 EUR\n");
	DONE("", "statement", INVOICES);
	ck_assert_str_eq(invoices(),
			 "invoice|bio|bio-2026-11-9|5.55|56|9\nsum of invoices||||56|\n");
	/* Those that are named are billed in any case. */
	DONE("", "statement", "bio", "chem", INVOICES);
	ck_assert_str_eq(invoices(), "invoice|bio|bio-2026-11-9|5.55|56|9\n"
				     "invoice|chem|chem-2026-11-9|0.00|0|9\n"
				     "sum of invoices||||56|\n");
	DONE("Statement of bio\n", "statement", "bio", "chem", "--price", "0.10EUR", NOVEMBER);
	ck_assert_ptr_nonnull(strstr(out, "\n\nStatement of chem\n"));
	ends_with("\n\nSum of 2 invoices: 0.56 EUR\n");
	/* 2.005 SU are 20.05 cents. */
	DONE("Preview", "statement", "--price", "0.10EUR", "--since", "2026-11-01", DECEMBER);
	ends_with("\n\nSum of 2 previews: 0.76 EUR\n");
	ck_assert_ptr_nonnull(strstr(out, "\n\nStatement of geo\n"));
	ck_assert_ptr_null(strstr(out, "chem"));
	GIVES(1, "sum of invoices||||56|\n", "account 'nosuch' is not in the bank", "statement",
	      "bio", "nosuch", "geo", INVOICES);
	clock_now = T0 + 45 * WHEN_DAY;
	december();
	GIVES(0, NULL, "nothing was charged in this time", "statement", "--price", "0.02EUR",
	      "--since", "2026-12-20", DECEMBER);
	IS("sum of invoices|0.02|EUR|0\n", "statement", "--price", "0.02EUR", "--since",
	   "2026-12-20", DECEMBER, "-nPo", "Item,Price,Currency,Cents");
}
END_TEST

START_TEST(amounts_in_several_units_are_refused)
{
	DONE("", "open", "bio", "10", "--resource", "storage");
	REFUSED(2, "'bio' is in SU and 'bio:storage' in", "statement", "bio", "bio:storage",
		"--price", "1EUR");
	DONE("bio:storage|", "statement", "--resource", "storage", "bio:storage", "--price", "1EUR",
	     "-nPo", "Account,Cents");
}
END_TEST

/* "lab" is inside "mid", and that inside "bio" in Slurm: its use counts in all three. */
START_TEST(the_same_use_on_two_invoices_has_no_sum)
{
	(void)snprintf(fake_account("dev", "lab")->parent, NAME_SIZE, "mid");
	(void)snprintf(fake_account("dev", "mid")->parent, NAME_SIZE, "bio");
	DONE("", "open", "lab", "10");
	DONE("", "open", "mid", "10");
	DONE("", "check", "--clock-ok");
	/* Without use in them, and with fees alone, which no account above counts. */
	DONE("sum of invoices|56\n", "statement", "lab", "bio", "chem", PREVIEWS, "-nPo",
	     "Item,Cents");
	DONE("", "charge", "lab", "1", "--note", "x");
	DONE("sum of invoices|66\n", "statement", "lab", "bio", "chem", PREVIEWS, "-nPo",
	     "Item,Cents");
	clock_now += WHEN_DAY;
	fake_account("dev", "lab")->usage += SU;
	fake_account("dev", "mid")->usage += SU;
	fake_account("dev", "bio")->usage += SU;
	DONE("", "check", "--clock-ok");
	GIVES(1, "invoice|lab",
	      "these invoices have no sum: lab is inside bio, which counts the same use, so that "
	      "both bill it. Name the accounts to bill",
	      "statement", "lab", "bio", "chem", PREVIEWS, "-nPo", "Item,Account");
	ck_assert_ptr_null(strstr(out, "sum of"));
	GIVES(1, "At 0.10 EUR per SU: 0.20 EUR\n",
	      "lab is inside mid, which counts the same use, so that both bill it, and so do",
	      "statement", PREVIEWS);
	ck_assert_ptr_null(strstr(out, "Sum of"));
	GIVES(1, "\"cents\": 20\n", "these invoices have no sum", "statement", PREVIEWS, "--json");
	DONE("sum of", "statement", "lab", "chem", PREVIEWS, "-P");
	DONE("invoice", "statement", "lab", PREVIEWS, "-P");
}
END_TEST

START_TEST(shares_have_no_invoice)
{
	DONE("", "share", "bio", "ann", "5", "--later");
	DONE("", "statement", "bio:billing~ann");
	REFUSED(2, "'bio:billing~ann' is a share of 'bio', whose invoice bills the same use",
		"statement", "bio:billing~ann", "--price", "1EUR");
	REFUSED(2, "'bio:billing~ann' is a share of 'bio'", "statement", "bio", "bio:billing~ann",
		"--price", "1EUR");
}
END_TEST

/* A table has the invoice below it, and as a row if a column of it is asked for. */
START_TEST(columns_of_the_invoice_are_filled_in)
{
	december();
	DONE("\ninvoice           bio-2026-11-9    11\n", "statement", "bio", "--price", "0.02EUR",
	     NOVEMBER, "-o", "Item,Number,Cents");
	DONE("", "statement", "bio", "--price", "0.02EUR", NOVEMBER, "-o", "Item,Amount");
	ck_assert_ptr_null(strstr(out, "\ninvoice"));
}
END_TEST

START_TEST(sums_past_int64_are_refused)
{
	DONE("", "charge", "bio", "9990", "--note", "x");
	DONE("", "charge", "chem", "9990", "--note", "x");
	DONE("|9223372036854.775807|EUR|", "statement", "bio", "--price", "9223372036854.775807EUR",
	     DECEMBER, "-nPo", "Item,Price,Currency,Cents");
	GIVES(1, NULL, "the sum of the invoices is past what int64 holds in cents", "statement",
	      "--price", "9223372036854.775807EUR", DECEMBER, "--json");
	DONE("", "charge", "bio", "10", "--note", "x");
	REFUSED(1, "the invoice of 'bio' is past what int64 holds in cents", "statement", "bio",
		"--price", "9223372036854.775807EUR", DECEMBER, "--since", "2026-11-01");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("invoice");
	TCase *tcase = tcase_create("invoice");

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, malformed_prices_are_refused);
	tcase_add_test(tcase, a_statement_without_a_price_has_no_invoice);
	tcase_add_test(tcase, an_invoice_bills_use_and_fees_less_refunds);
	tcase_add_test(tcase, an_invoice_is_a_row_for_programs);
	tcase_add_test(tcase, an_invoice_is_rounded_once);
	tcase_add_test(tcase, a_period_that_is_over_has_one_invoice);
	tcase_add_test(tcase, a_period_that_is_not_over_has_a_preview);
	tcase_add_test(tcase, a_budget_is_billed_in_its_unit);
	tcase_add_test(tcase, all_that_used_something_are_billed);
	tcase_add_test(tcase, amounts_in_several_units_are_refused);
	tcase_add_test(tcase, the_same_use_on_two_invoices_has_no_sum);
	tcase_add_test(tcase, shares_have_no_invoice);
	tcase_add_test(tcase, columns_of_the_invoice_are_filled_in);
	tcase_add_test(tcase, sums_past_int64_are_refused);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
