/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes what people type: amounts, prices, times, names, thresholds, levers, old heads. A value
 * that is accepted is the same after it was printed and read again. */
#include <inttypes.h>

#include "cmd/frame/lever.h"
#include "ledger/account/account.h"
#include "ledger/account/thresholds.h"
#include "ledger/base/amount.h"
#include "ledger/base/name.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"
#include "ledger/books/verify.h"
#include "ledger/report/price.h"
#include "slurm/slurm.h"
#include "tests/fuzz/fuzz.h"

static const int64_t now = INT64_C(1795366800) * WHEN_SECOND;

static void amount(const char *text)
{
	char shown[AMOUNT_TEXT_SIZE], seconds[AMOUNT_TEXT_SIZE + 1];
	struct sb_error err;
	int64_t value, again;

	if (amount_parse(text, &value, &err))
		return;
	MUST(value > 0);
	amount_format(shown, value, false);
	amount_format(seconds, value, true);
	strcat(seconds, "s");
	MUST(amount_parse(seconds, &again, &err) == SB_OK && again == value);
	/* As shown it is cut to hundredths. */
	if (shown[0] != '<' && strcmp(shown, "0.00") != 0)
		MUST(amount_parse(shown, &again, &err) == SB_OK && again <= value &&
		     value - again < AMOUNT_PER_SU / 100);
}

static void price(const char *text)
{
	struct price price, again;
	char shown[PRICE_TEXT_SIZE], whole[PRICE_TEXT_SIZE + 4];
	struct sb_error err;
	int64_t cents;

	if (price_parse(text, &price, &err))
		return;
	MUST(price.millionths > 0 && strlen(price.currency) == 3);
	(void)snprintf(whole, sizeof(whole), "%s%s", price_format(shown, &price), price.currency);
	MUST(price_parse(whole, &again, &err) == SB_OK && again.millionths == price.millionths &&
	     strcmp(again.currency, price.currency) == 0);
	/* A hundred units cost a cent for each hundred millionths. */
	MUST(price_cost(&price, 100 * AMOUNT_PER_SU, AMOUNT_PER_SU, &cents) &&
	     cents == price.millionths / 100 + (price.millionths % 100 >= 50));
}

static void when(const char *text)
{
	char buf[WHEN_TEXT_SIZE];
	struct sb_error err;
	int64_t value, again;

	if (when_parse(text, now, &value, &err) == SB_OK) {
		MUST(value >= 0 && value <= WHEN_MAX);
		when_format_exact(buf, value);
		MUST(when_parse_exact(buf, &again, &err) == SB_OK && again == value);
		when_format_local(buf, value);
		MUST(*buf);
		when_format_age(buf, now - value);
		(void)when_format_last(buf, value);
		MUST(*buf);
		MUST(when_day(value) <= value && when_day(value) > value - 2 * WHEN_DAY);
		for (int days = -40000; days <= 4000000; days += 1010000) {
			if (when_add_days(value, days, &again))
				MUST(again >= 0 && again <= WHEN_MAX);
		}
	}
	if (when_parse_exact(text, &value, &err) == SB_OK)
		MUST(strcmp(when_format_exact(buf, value), text) == 0);
}

static void thresholds(const char *text)
{
	char buf[THRESHOLDS_TEXT_SIZE];
	struct thresholds value;
	struct sb_error err;

	if (thresholds_parse(text, &value, &err) == SB_OK)
		MUST(strcmp(thresholds_text(buf, &value), text) == 0);
}

static void lever(const char *text)
{
	struct lever_choice choice = {{0}, {0}}, again = {{0}, {0}};
	char name[LEVER_NAME_SIZE];
	struct sb_error err;

	if (lever_parse(text, &choice, &err))
		return;
	lever_name(name, choice.field, choice.tres);
	MUST(lever_parse(name, &again, &err) == SB_OK);
	MUST(strcmp(again.field, choice.field) == 0 && strcmp(again.tres, choice.tres) == 0);
	(void)lever_kills(choice.field);
}

static void name(const char *text)
{
	char folded[NAME_SIZE];
	struct sb_error err;

	if (name_fold("account", text, folded, &err) == SB_OK) {
		MUST(name_check("account", folded, &err) == SB_OK);
		MUST(slurm_name_ok(folded) && text_ok(folded));
	}
	MUST(!slurm_name_ok(text) || name_check("account", text, &err) == SB_OK);
}

static void old_head(const char *text)
{
	struct old_head head, again;
	char buf[HASH_TEXT_SIZE + 32];
	struct sb_error err;

	if (old_head_parse(text, &head, &err))
		return;
	(void)snprintf(buf, sizeof(buf), "%" PRIu64 ":%s", head.seq, head.hash);
	MUST(old_head_parse(buf, &again, &err) == SB_OK);
	MUST(again.seq == head.seq && strcmp(again.hash, head.hash) == 0);
}

/* Anything is printed within its buffer, and safely. */
static void escape(const char *text)
{
	static const size_t sizes[] = {1, 2, 4, 5, 16, 300};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *to = malloc(sizes[i]);

		MUST(to);
		MUST(text_escape(to, sizes[i], text) == to);
		MUST(strlen(to) < sizes[i] && text_ok(to));
		free(to);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	/* A clock with summer time that needs no time zone file. */
	(void)setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 0);
	amount(text);
	price(text);
	when(text);
	thresholds(text);
	lever(text);
	name(text);
	old_head(text);
	escape(text);
	free(text);
	return 0;
}
