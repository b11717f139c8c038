/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of the journal, accounts as they were, forecasts, and the sums of statements. */
#include <inttypes.h>

#include "ledger/base/period.h"
#include "ledger/books/entries.h"
#include "ledger/books/history.h"
#include "ledger/report/forecast.h"
#include "ledger/report/statement.h"
#include "tests/util.h"

enum { SU = 3600 };

static struct bank *bank;

static void setup(void)
{
	util_setup_in_memory();
	bank = util_bank();
}

static void teardown(void)
{
	bank_close(bank);
	util_teardown();
}

/* ---- entries ---- */

struct found {
	struct entry_range range;
	uint64_t seqs[512];
	size_t count;
	size_t stop; /* after this many; 0: never */
	uint64_t read;
};

static int keep_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	struct found *found = ctx;

	(void)err;
	ck_assert_uint_lt(found->count, COUNT(found->seqs));
	found->seqs[found->count++] = entry->event->seq;
	return found->count == found->stop ? STORE_ABORT : SB_OK;
}

static int iterate(struct books *books, void *ctx, struct sb_error *err)
{
	struct found *found = ctx;

	found->count = 0;
	return entries_each(books, &found->range, keep_entry, found, &found->read, err);
}

/* Whether an entry is in the range, the slow way. */
static bool in_range(const struct entry_range *range, const struct event *event)
{
	const char *second = event_receiver(event);
	bool named = range->account_count == 0;

	for (size_t i = 0; i < range->account_count; i++) {
		if (strcmp(range->accounts[i], event->account) == 0 ||
		    (second && strcmp(range->accounts[i], second) == 0))
			named = true;
	}
	return named && event->seq >= range->from && (!range->to || event->seq <= range->to) &&
	       (!range->since || event->time >= range->since) &&
	       (!range->until || event->time < range->until);
}

struct expected {
	const struct entry_range *range;
	uint64_t seqs[512];
	size_t count;
};

static int expect_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	struct expected *expected = ctx;

	(void)err;
	if (in_range(expected->range, entry->event))
		expected->seqs[expected->count++] = entry->event->seq;
	return SB_OK;
}

static int expect(struct books *books, void *ctx, struct sb_error *err)
{
	struct expected *expected = ctx;

	return journal_each(books_txn(books), 0, expected->range->backward, expect_entry, expected,
			    err);
}

START_TEST(one_account_among_many_is_read_alone)
{
	static const char *const alice[] = {"alice"}, *const alic[] = {"alic"};
	struct found found = {.range = {.accounts = alice, .account_count = 1, .backward = true},
			      .stop = 20};

	util_open_account(bank, T0, "alice");
	util_open_account(bank, T0, "bob");
	for (int i = 0; i < 25; i++)
		util_deposit(bank, T0 + i * HOUR, "alice", SU);
	for (int i = 0; i < 300; i++)
		util_deposit(bank, T0 + (25 + i) * HOUR, "bob", SU);
	OK(bank_read(bank, T0, iterate, &found, &error));
	ck_assert_uint_eq(found.count, 20);
	ck_assert_uint_eq(found.seqs[0], 27);
	ck_assert_uint_eq(found.seqs[19], 8);
	ck_assert_uint_eq(found.read, 20);
	/* Times are found by a binary search. */
	found.range.backward = false;
	found.range.since = T0 + 24 * HOUR;
	found.range.until = T0 + 300 * HOUR;
	OK(bank_read(bank, T0, iterate, &found, &error));
	ck_assert_uint_eq(found.count, 1);
	ck_assert_uint_eq(found.seqs[0], 27);
	ck_assert_uint_le(found.read, 1 + 2 * 10);
	/* Names with the same beginning. */
	found.range = (struct entry_range){.accounts = alic, .account_count = 1};
	OK(bank_read(bank, T0, iterate, &found, &error));
	ck_assert_uint_eq(found.count, 0);
	ck_assert_uint_eq(found.read, 0);
}
END_TEST

START_TEST(an_empty_journal_has_no_entries)
{
	static const char *const alice[] = {"alice"};
	struct found found = {.range = {.since = 1, .until = T0}};

	OK(bank_read(bank, T0, iterate, &found, &error));
	ck_assert_uint_eq(found.count, 0);
	found.range = (struct entry_range){.accounts = alice, .account_count = 1, .backward = true};
	OK(bank_read(bank, T0, iterate, &found, &error));
	ck_assert_uint_eq(found.count, 0);
}
END_TEST

struct giving {
	const char *const *names;
	uint64_t *state;
	int count; /* entries */
};

/* Entries of one transaction are together in the index. */
static int give(struct books *books, void *ctx, struct sb_error *err)
{
	const struct giving *giving = ctx;
	int rc = SB_OK;

	for (int i = 0; i < giving->count && !rc; i++) {
		struct event event = {.kind = EVENT_DEPOSIT,
				      .account = giving->names[util_below(giving->state, 3)],
				      .resource = RESOURCE_BILLING,
				      .amount = SU,
				      .start = T0};

		event_set_defaults(&event);
		rc = books_append(books, &event, err);
	}
	return rc;
}

START_TEST(ranges_agree_with_reading_every_entry)
{
	static const char *const names[] = {"alice", "bob", "carol"};
	static const char *const only[] = {"carol", "carol", "carol"};
	uint64_t state = util_seed();
	struct giving some = {.names = names, .state = &state, .count = 5};
	struct giving many = {.names = only, .state = &state, .count = 150};
	int64_t t = T0, last;

	for (size_t i = 0; i < 3; i++)
		util_open_account(bank, t, names[i]);
	for (int i = 0; i < 60; i++) {
		const char *name = names[util_below(&state, 3)];

		/* Several can have the same time. */
		t += util_below(&state, 3) * WHEN_SECOND;
		util_deposit(bank, t, name, SU);
		if (util_below(&state, 4) == 0)
			OK(bank_write(bank, t, give, &some, &error));
		if (util_below(&state, 4) == 0)
			util_append(bank, t,
				    &(struct event){.kind = EVENT_TRANSFER,
						    .account = name,
						    .to = strcmp(name, "bob") ? "bob" : "carol",
						    .resource = RESOURCE_BILLING,
						    .amount = SU});
	}
	OK(bank_write(bank, t, give, &many, &error));
	last = (int64_t)util_head(bank).seq;
	for (int i = 0; i < 500; i++) {
		struct found found = {.range = {.accounts = names + util_below(&state, 3)}};
		struct entry_range *range = &found.range;
		struct expected expected = {.range = range};

		range->account_count = (size_t)util_below(&state, names + 3 - range->accounts + 1);
		range->from = (uint64_t)util_below(&state, last + 5);
		range->to = (uint64_t)util_below(&state, last + 5);
		if (util_below(&state, 2))
			range->since = T0 + util_below(&state, 70) * WHEN_SECOND;
		if (util_below(&state, 2))
			range->until = T0 + util_below(&state, 70) * WHEN_SECOND;
		range->backward = util_below(&state, 2);
		OK(bank_read(bank, T0, iterate, &found, &error));
		OK(bank_read(bank, T0, expect, &expected, &error));
		ck_assert_uint_eq(found.count, expected.count);
		ck_assert_mem_eq(found.seqs, expected.seqs, found.count * sizeof(found.seqs[0]));
	}
	ck_assert_msg(util_verify(bank) == 0, "%s", util_problem);
}
END_TEST

/* ---- history ---- */

struct asking {
	const char *name; /* NULL: the one of that name among all */
	const char *among;
	uint64_t seq;
	int64_t time;
	struct account *account; /* NULL: not opened yet */
};

static int ask(struct books *books, void *ctx, struct sb_error *err)
{
	struct asking *asking = ctx;
	struct history *history;
	struct account *account;
	size_t count;

	OK(history_new(books, asking->name, asking->seq, NULL, &history, err));
	/* In two steps, or in one. */
	OK(history_advance(history, asking->seq / 2, NULL, NULL, err));
	OK(history_advance(history, asking->seq, NULL, NULL, err));
	OK(history_count(history, &count, err));
	asking->account = NULL;
	for (size_t i = 0; i < count; i++) {
		OK(history_account(history, i, asking->time, &account, err));
		if (asking->name || strcmp(account->name, asking->among) == 0)
			asking->account = account;
		else
			account_free(account);
	}
	history_free(history);
	return SB_OK;
}

static void check_same(const struct account *a, const struct account *b)
{
	struct bytes one = {0}, other = {0};

	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_nonnull(b);
	OK(account_encode(a, &one, &error));
	OK(account_encode(b, &other, &error));
	ck_assert_uint_eq(one.len, other.len);
	ck_assert_mem_eq(one.data, other.data, one.len);
	bytes_release(&one);
	bytes_release(&other);
}

/* The state of an account at some time. */
struct memory {
	uint64_t seq;
	int64_t time;
	struct account *account;
};

START_TEST(states_are_as_they_were)
{
	static const char *const names[] = {"alice", "bob", "carol"};
	uint64_t state = util_seed();
	struct memory memories[3 * 60];
	int64_t readings[3] = {0}, t = T0;
	size_t count = 0;

	for (size_t i = 0; i < 3; i++) {
		util_open_account(bank, t, names[i]);
		util_append(bank, t,
			    &(struct event){.kind = EVENT_BASELINE,
					    .account = names[i],
					    .cluster = "c1",
					    .resource = RESOURCE_BILLING,
					    .before = -1,
					    .now = 0,
					    .reason = "opened"});
		util_deposit(bank, t, names[i], SU);
	}
	for (int i = 0; i < 60; i++) {
		size_t who = (size_t)util_below(&state, 3);
		struct event event = {.account = names[who], .resource = RESOURCE_BILLING};

		t += 1 + util_below(&state, 5 * HOUR);
		event.amount = 1 + util_below(&state, 2 * SU);
		switch (util_below(&state, 4)) {
		case 0:
			event.kind = EVENT_DEPOSIT;
			event.start = t + util_below(&state, 3) * HOUR;
			event.end = event.start + 1 + util_below(&state, 50 * HOUR);
			break;
		case 1:
			event.kind = EVENT_TRANSFER;
			event.to = names[(who + 1) % 3];
			break;
		case 2:
			event.kind = EVENT_WITHDRAW;
			break;
		default:
			event.kind = EVENT_CHARGE;
			event.cluster = "c1";
			event.before = readings[who];
			event.now = event.before + event.amount;
			event.since = t - 1;
			event.until = t;
			readings[who] = event.now;
			break;
		}
		/* Some attempts are refused. */
		if (util_try(bank, t, &event) != SB_OK && event.kind == EVENT_CHARGE)
			ck_abort_msg("%s", error.text);
		for (size_t j = 0; j < 3; j++)
			memories[count++] =
				(struct memory){.seq = util_head(bank).seq,
						.time = t,
						.account = util_account(bank, t, names[j])};
	}
	for (size_t i = 0; i < count; i++) {
		const struct memory *memory = &memories[i];
		struct asking asking = {
			.name = names[i % 3], .seq = memory->seq, .time = memory->time};

		OK(bank_read(bank, t, ask, &asking, &error));
		check_same(asking.account, memory->account);
		account_free(asking.account);
		asking.name = NULL;
		asking.among = names[i % 3];
		OK(bank_read(bank, t, ask, &asking, &error));
		check_same(asking.account, memory->account);
		account_free(asking.account);
		account_free(memory->account);
	}
}
END_TEST

START_TEST(every_kind_is_replayed)
{
	int64_t end = util_fill(bank);
	static const char *const names[] = {"alice", "bob"};

	for (size_t i = 0; i < 2; i++) {
		struct asking asking = {
			.name = names[i], .seq = util_head(bank).seq, .time = end + HOUR};
		struct account *now = util_account(bank, end + HOUR, names[i]);

		OK(bank_read(bank, end, ask, &asking, &error));
		check_same(asking.account, now);
		account_free(asking.account);
		account_free(now);
	}
}
END_TEST

START_TEST(before_it_was_opened_there_is_no_account)
{
	struct asking asking = {.name = "bob", .seq = 1, .time = T0};

	util_open_account(bank, T0, "alice");
	util_open_account(bank, T0, "bob");
	OK(bank_read(bank, T0, ask, &asking, &error));
	ck_assert_ptr_null(asking.account);
	asking.seq = 0;
	OK(bank_read(bank, T0, ask, &asking, &error));
	ck_assert_ptr_null(asking.account);
	asking.name = NULL;
	asking.among = "bob";
	OK(bank_read(bank, T0, ask, &asking, &error));
	ck_assert_ptr_null(asking.account);
}
END_TEST

/* ---- forecasts ---- */

static struct account *with_lots(const struct lot *lots, size_t count, int64_t debt)
{
	struct account *account = account_new("alice");

	ck_assert_ptr_nonnull(account);
	account->time = T0;
	account->open = true;
	account->debt = debt;
	account->lots = calloc(8, sizeof(*lots));
	ck_assert_ptr_nonnull(account->lots);
	if (count > 0)
		memcpy(account->lots, lots, count * sizeof(*lots));
	account->lot_count = count;
	return account;
}

#define DAYS(n) (T0 + (n)*WHEN_DAY)

START_TEST(a_forecast_spends_window_by_window)
{
	static const struct {
		struct lot lots[3];
		int64_t debt, rate, lasts, unused;
	} cases[] = {
		/* Nothing there; nothing used; both. */
		{{{0}}, 0, 10, T0, 0},
		{{{0}}, 5, 0, T0, 0},
		{{{.seq = 1, .end = WHEN_NEVER, .amount = 100, .rest = 100}}, 0, 0, 0, 0},
		/* One lot, with and without an end. */
		{{{.seq = 1, .end = WHEN_NEVER, .amount = 100, .rest = 100}}, 0, 10, DAYS(10), 0},
		{{{.seq = 1, .end = DAYS(4), .amount = 100, .rest = 100}}, 0, 10, DAYS(4), 60},
		{{{.seq = 1, .end = DAYS(10), .amount = 100, .rest = 100}}, 0, 10, DAYS(10), 0},
		{{{.seq = 1, .end = DAYS(10), .amount = 101, .rest = 101}}, 0, 10, DAYS(10), 1},
		{{{.seq = 1, .end = DAYS(9), .amount = 90, .rest = 80}}, 0, 0, DAYS(9), 80},
		/* The earlier end is spent first; then the other. */
		{{{.seq = 1, .end = DAYS(4), .amount = 30, .rest = 30},
		  {.seq = 2, .end = WHEN_NEVER, .amount = 70, .rest = 70}},
		 0,
		 10,
		 DAYS(10),
		 0},
		{{{.seq = 1, .end = DAYS(4), .amount = 60, .rest = 60},
		  {.seq = 2, .end = WHEN_NEVER, .amount = 70, .rest = 70}},
		 0,
		 10,
		 DAYS(11),
		 20},
		/* A lot to come: in time, and too late. */
		{{{.seq = 1, .end = DAYS(4), .amount = 60, .rest = 60},
		  {.seq = 2, .start = DAYS(3), .end = DAYS(8), .amount = 90, .rest = 90}},
		 0,
		 10,
		 DAYS(8),
		 70},
		{{{.seq = 1, .end = DAYS(4), .amount = 30, .rest = 30},
		  {.seq = 2, .start = DAYS(5), .end = DAYS(8), .amount = 90, .rest = 90}},
		 0,
		 10,
		 DAYS(3),
		 60},
		/* Debt is paid before. */
		{{{.seq = 2, .start = DAYS(1), .end = DAYS(2), .amount = 90, .rest = 90}},
		 50,
		 10,
		 T0,
		 30},
		/* A lot that has ended is neither spent nor left over again. */
		{{{.seq = 1, .end = T0, .amount = 60, .rest = 60}}, 0, 10, T0, 0},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t count = 0;
		struct account *account;
		struct forecast forecast = {.month = cases[i].rate};

		while (count < 3 && cases[i].lots[count].seq)
			count++;
		account = with_lots(cases[i].lots, count, cases[i].debt);
		OK(forecast_spend(account, &forecast, &error));
		ck_assert_msg(forecast.lasts == cases[i].lasts, "case %zu lasts %" PRId64, i,
			      forecast.lasts);
		ck_assert_msg(forecast.unused == cases[i].unused, "case %zu leaves %" PRId64, i,
			      forecast.unused);
		account_free(account);
	}
}
END_TEST

START_TEST(a_forecast_knows_credit_and_no_limit)
{
	static const struct lot lot = {.seq = 1, .end = DAYS(5), .amount = 20, .rest = 20};
	struct account *account = with_lots(&lot, 1, 0);
	struct forecast forecast = {.month = 10};

	account->credit = 10;
	OK(forecast_spend(account, &forecast, &error));
	ck_assert_int_eq(forecast.lasts, DAYS(3));
	account->unlimited = true;
	OK(forecast_spend(account, &forecast, &error));
	ck_assert_int_eq(forecast.lasts, 0);
	account_free(account);
}
END_TEST

START_TEST(a_far_forecast_is_exact_to_the_day)
{
	struct forecast forecast = {.lasts = T0 + 31 * WHEN_DAY + 61 * WHEN_SECOND};

	ck_assert_int_eq(forecast_lasts(&forecast, T0 + 61 * WHEN_SECOND),
			 T0 + 31 * WHEN_DAY + 60 * WHEN_SECOND);
	ck_assert_int_eq(forecast_lasts(&forecast, T0 + 60 * WHEN_SECOND),
			 when_day(forecast.lasts));
	ck_assert_int_lt(when_day(forecast.lasts), forecast.lasts);
	forecast.lasts = 0;
	ck_assert_int_eq(forecast_lasts(&forecast, T0), 0);
	forecast.lasts = WHEN_MAX;
	ck_assert_int_gt(forecast_lasts(&forecast, T0), WHEN_MAX - 2 * WHEN_DAY);
}
END_TEST

START_TEST(a_forecast_of_the_largest_amounts_fits)
{
	static const struct lot lot = {
		.seq = 1, .end = WHEN_MAX, .amount = INT64_MAX, .rest = INT64_MAX};
	struct account *account = with_lots(&lot, 1, 0);
	struct forecast forecast = {.month = 1};

	OK(forecast_spend(account, &forecast, &error));
	ck_assert_int_eq(forecast.lasts, WHEN_MAX);
	ck_assert_int_gt(forecast.unused, 0);
	forecast.month = INT64_MAX;
	OK(forecast_spend(account, &forecast, &error));
	ck_assert_int_eq(forecast.lasts, DAYS(1));
	ck_assert_int_eq(forecast.unused, 0);
	account->lots[0].end = WHEN_NEVER;
	forecast.month = 1;
	OK(forecast_spend(account, &forecast, &error));
	ck_assert_int_eq(forecast.lasts, 0);
	account_free(account);
}
END_TEST

/* Makes the forecast of an account with a quota of so much a day. */
static struct forecast with_quota(int64_t quota, const struct lot *lot, int64_t rate)
{
	struct account *account = with_lots(lot, 1, 0);
	struct forecast forecast = {.month = rate};

	account->quota = (struct quota){.amount = quota, .every = EVERY_DAY, .start = T0};
	OK(forecast_spend(account, &forecast, &error));
	account_free(account);
	return forecast;
}

START_TEST(a_forecast_goes_on_after_many_quotas)
{
	struct lot lot = {.seq = 1, .end = WHEN_NEVER, .amount = 1000, .rest = 1000};
	struct forecast forecast;

	/* One second a day is missing. */
	ck_assert_int_eq(with_quota(10, &lot, 11).lasts, DAYS(1000));
	ck_assert_int_eq(with_quota(10, &lot, 10).lasts, 0);
	/* A window that ends after many quotas. */
	lot = (struct lot){.seq = 1, .end = DAYS(500), .amount = 10000, .rest = 10000};
	forecast = with_quota(10, &lot, 11);
	ck_assert_int_eq(forecast.unused, 9500);
	ck_assert_int_gt(forecast.lasts, DAYS(500));
	ck_assert_int_lt(forecast.lasts, DAYS(501));
	/* One that begins after them. */
	lot.start = DAYS(490);
	forecast = with_quota(10, &lot, 9);
	ck_assert_int_eq(forecast.unused, 10000);
	ck_assert_int_eq(forecast.lasts, 0);
	/* Centuries of days. */
	lot = (struct lot){.seq = 1, .end = DAYS(100000), .amount = 100000 + 7, .rest = 100000 + 7};
	forecast = with_quota(10, &lot, 11);
	ck_assert_int_eq(forecast.unused, 7);
}
END_TEST

START_TEST(a_forecast_of_the_largest_quotas_fits)
{
	struct account *account = with_lots(NULL, 0, 0);
	struct forecast forecast = {.month = 10};

	account->quota = (struct quota){
		.amount = INT64_MAX / 4, .every = EVERY_YEAR, .start = T0, .carry = 100};
	OK(forecast_spend(account, &forecast, &error));
	ck_assert_int_eq(forecast.lasts, 0);
	ck_assert_int_eq(forecast.unused, 0);
	account_free(account);
}
END_TEST

struct forecasting {
	int64_t time;
	uint64_t last;
	struct forecast forecast;
};

static int forecast(struct books *books, void *ctx, struct sb_error *err)
{
	struct forecasting *forecasting = ctx;
	const struct account *account;

	OK(books_account(books, "alice", &account, err));
	ck_assert_int_eq(account->time, forecasting->time);
	return forecast_make(books, account, forecasting->last, 0, &forecasting->forecast, err);
}

static void charge(int64_t now, int64_t since, int64_t before, int64_t amount)
{
	util_append(bank, now,
		    &(struct event){.kind = EVENT_CHARGE,
				    .account = "alice",
				    .cluster = "c1",
				    .resource = RESOURCE_BILLING,
				    .amount = amount,
				    .before = before,
				    .now = before + amount,
				    .since = since,
				    .until = now});
}

static void check_rates(int64_t time, uint64_t last, int64_t week, int64_t month)
{
	struct forecasting forecasting = {.time = time, .last = last};

	OK(bank_read(bank, time, forecast, &forecasting, &error));
	ck_assert_int_eq(forecasting.forecast.week, week);
	ck_assert_int_eq(forecasting.forecast.month, month);
}

START_TEST(use_per_day_is_spread_over_the_time_of_the_use)
{
	uint64_t first;

	util_open_account(bank, T0, "alice");
	util_append(bank, T0,
		    &(struct event){.kind = EVENT_BASELINE,
				    .account = "alice",
				    .cluster = "c1",
				    .resource = RESOURCE_BILLING,
				    .before = -1,
				    .reason = "opened"});
	check_rates(T0, 2, 0, 0);
	/* An account of an hour: as if it had been a day. */
	charge(T0 + HOUR, T0, 0, 240);
	check_rates(T0 + HOUR, 3, 240, 240);
	/* Of two days: over two. */
	check_rates(DAYS(2), 3, 120, 120);
	check_rates(DAYS(2), 2, 0, 0);
	charge(DAYS(40), DAYS(20), 240, 2000);
	/* 100 a day for 20 days. */
	check_rates(DAYS(40), 4, 100, 66);
	/* The same three days later: 4 of 7 days, 17 of 30. */
	check_rates(DAYS(43), 4, 57, 66);
	check_rates(DAYS(50), 4, 0, 33 + 33);
	check_rates(DAYS(60), 4, 0, 33);
	check_rates(DAYS(70), 4, 0, 0);
	first = util_head(bank).seq;
	charge(DAYS(71), DAYS(70), 2240, 700);
	check_rates(DAYS(71), first, 0, 0);
	check_rates(DAYS(71), first + 1, 100, 23);
}
END_TEST

/* ---- statements ---- */

START_TEST(what_does_not_add_up_is_reported)
{
	struct statement_line lines[] = {{.amount = 10}, {.amount = -3}};
	struct statement statement = {.account = "alice",
				      .opening = {.balance = 5},
				      .closing = {.balance = 12},
				      .lines = lines,
				      .count = 2};

	OK(statement_check(&statement, &error));
	statement.closing.balance = 11;
	FAILS(SB_ECORRUPT, "do not lead from its opening balance, 5s, to its closing balance, 11s",
	      statement_check(&statement, &error));
	struct use use = {.amount = 4};
	statement.use = &use;
	statement.closing.balance = 12 - 4;
	OK(statement_check(&statement, &error));
	use.amount = 5;
	FAILS(SB_ECORRUPT, "the books are damaged", statement_check(&statement, &error));
	statement.use = NULL;
	statement.closing.balance = 12;
	statement.opening.balance = INT64_MAX;
	FAILS(SB_ECORRUPT, "the books are damaged", statement_check(&statement, &error));
}
END_TEST

static int lose_index(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	(void)ctx;
	/* A damaged index that names another account's entry. */
	unsigned char key[INDEX_KEY_SIZE];
	size_t len = books_index_key(key, "alice", 2);

	return store_add(txn, STORE_BY_ACCOUNT, (struct slice){key, len}, (struct slice){0}, err);
}

START_TEST(a_damaged_index_is_found)
{
	struct statement statement = {.account = "alice", .since = T0, .until = T0 + 10 * HOUR};

	util_open_account(bank, T0, "alice");
	util_open_account(bank, T0, "bob");
	OK(bank_read(bank, T0, statement_make, &statement, &error));
	statement_release(&statement);
	OK(store_write(bank_store(bank), lose_index, NULL, &error));
	FAILS(SB_ECORRUPT, "names an entry of others",
	      bank_read(bank, T0, statement_make, &statement, &error));
}
END_TEST

START_TEST(a_state_that_differs_from_the_entries_is_found)
{
	struct statement statement = {.account = "alice", .since = T0, .until = T0 + 10 * HOUR};

	util_open_account(bank, T0, "alice");
	util_deposit(bank, T0 + HOUR, "alice", SU);
	OK(bank_read(bank, T0 + HOUR, statement_make, &statement, &error));
	ck_assert_int_eq(statement.closing.balance, SU);
	statement_release(&statement);
	util_enrich(bank, T0 + HOUR, "alice");
	FAILS(SB_ECORRUPT, "differs from its entries",
	      bank_read(bank, T0 + HOUR, statement_make, &statement, &error));
	/* Also when the period is over and reaches the newest entry. */
	FAILS(SB_ECORRUPT, "differs from its entries",
	      bank_read(bank, T0 + 20 * HOUR, statement_make, &statement, &error));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("history");
	TCase *reading = tcase_create("reading"), *history = tcase_create("history"),
	      *forecasts = tcase_create("forecasts"), *statements = tcase_create("statements");
	TCase *all[] = {reading, history, forecasts, statements};

	for (size_t i = 0; i < COUNT(all); i++) {
		tcase_add_checked_fixture(all[i], setup, teardown);
		tcase_set_timeout(all[i], TEST_TIMEOUT);
		suite_add_tcase(suite, all[i]);
	}
	tcase_add_test(reading, one_account_among_many_is_read_alone);
	tcase_add_test(reading, an_empty_journal_has_no_entries);
	tcase_add_test(reading, ranges_agree_with_reading_every_entry);
	tcase_add_test(history, states_are_as_they_were);
	tcase_add_test(history, every_kind_is_replayed);
	tcase_add_test(history, before_it_was_opened_there_is_no_account);
	tcase_add_test(forecasts, a_forecast_spends_window_by_window);
	tcase_add_test(forecasts, a_forecast_knows_credit_and_no_limit);
	tcase_add_test(forecasts, a_far_forecast_is_exact_to_the_day);
	tcase_add_test(forecasts, a_forecast_of_the_largest_amounts_fits);
	tcase_add_test(forecasts, a_forecast_goes_on_after_many_quotas);
	tcase_add_test(forecasts, a_forecast_of_the_largest_quotas_fits);
	tcase_add_test(forecasts, use_per_day_is_spread_over_the_time_of_the_use);
	tcase_add_test(statements, what_does_not_add_up_is_reported);
	tcase_add_test(statements, a_damaged_index_is_found);
	tcase_add_test(statements, a_state_that_differs_from_the_entries_is_found);
	return util_run(suite);
}
