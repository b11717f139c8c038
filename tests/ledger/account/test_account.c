/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How entries and time change an account. */
#include <inttypes.h>

#include "ledger/account/account.h"
#include "ledger/account/policy.h"
#include "ledger/base/amount.h"
#include "ledger/base/array.h"
#include "ledger/base/period.h"
#include "tests/util.h"

enum { CASES = 3000, JOURNALS = 150, ENTRIES = 40 };

static struct account *new_account(const char *name)
{
	struct account *account = account_new(name);

	ck_assert_ptr_nonnull(account);
	return account;
}

static struct account *copy(const struct account *account)
{
	struct account *made = account_copy(account);

	ck_assert_ptr_nonnull(made);
	return made;
}

/* Checks the event, as the books do, and applies it. */
static int apply(struct account *account, struct account *to, struct event event)
{
	event.account = account->name;
	if (event.kind == EVENT_TRANSFER || event_is_succession(&event))
		event.to = to->name;
	OK(event_check(&event, &error));
	return account_apply(account, to, &event, &error);
}

static struct event deposit(uint64_t seq, int64_t time, int64_t amount, int64_t start, int64_t end,
			    int64_t debt)
{
	return (struct event){.kind = EVENT_DEPOSIT,
			      .seq = seq,
			      .time = time,
			      .resource = RESOURCE_BILLING,
			      .amount = amount,
			      .start = start,
			      .end = end,
			      .debt = debt};
}

static struct event charge(uint64_t seq, int64_t since, int64_t until, int64_t before,
			   int64_t amount)
{
	return (struct event){.kind = EVENT_CHARGE,
			      .seq = seq,
			      .time = until,
			      .cluster = "c1",
			      .resource = RESOURCE_BILLING,
			      .amount = amount,
			      .before = before,
			      .now = before + amount,
			      .since = since,
			      .until = until};
}

static struct event succession_at(enum event_kind kind, uint64_t seq, int64_t time, int64_t rest,
				  int64_t debt)
{
	return (struct event){.kind = kind,
			      .seq = seq,
			      .time = time,
			      .resource = RESOURCE_BILLING,
			      .rest = rest,
			      .debt = debt};
}

static struct event succession(enum event_kind kind, uint64_t seq, int64_t rest, int64_t debt)
{
	return succession_at(kind, seq, T0, rest, debt);
}

/* Plans on the state at the event's time and applies the event. */
static void plan_and_apply(struct account *account, struct event event)
{
	OK(account_settle(account, event.time, &error));
	OK(plan_charge(account, &event, &error));
	OK(apply(account, NULL, event));
	event_release(&event);
}

/* Open, with cluster c1 read at 1000 and one lot, entry 3, of 100 in [T0, T0 + 1 day). */
static struct account *base(void)
{
	struct account *account = new_account("a");

	OK(apply(account, NULL, (struct event){.kind = EVENT_OPEN, .seq = 1, .time = T0}));
	OK(apply(account, NULL,
		 (struct event){.kind = EVENT_BASELINE,
				.seq = 2,
				.time = T0,
				.cluster = "c1",
				.resource = RESOURCE_BILLING,
				.before = -1,
				.now = 1000}));
	OK(apply(account, NULL, deposit(3, T0, 100, T0, T0 + WHEN_DAY, 0)));
	return account;
}

static int64_t available(const struct account *account)
{
	int64_t amount;

	OK(account_available(account, &amount, &error));
	return amount;
}

static struct bytes encode(const struct account *account)
{
	struct bytes bytes = {0};

	OK(account_encode(account, &bytes, &error));
	return bytes;
}

static void ck_same(const struct account *a, const struct account *b, const char *what)
{
	struct bytes left = encode(a), right = encode(b);

	ck_assert_msg(left.len == right.len && memcmp(left.data, right.data, left.len) == 0,
		      "the states differ: %s", what);
	bytes_release(&left);
	bytes_release(&right);
}

START_TEST(entries_that_break_a_rule_are_refused)
{
	static struct part lot3[] = {{3, 0, 100}}, more[] = {{3, 0, 101}},
			   unknown[] = {{9, 0, 100}}, index1[] = {{3, 1, 100}};
#define BILLING .resource = RESOURCE_BILLING
#define PARTS(name) .parts = name, .part_count = 1
	static const struct {
		struct event event;
		const char *text;
	} cases[] = {
		{{.kind = EVENT_OPEN, .time = T0}, "open already"},
		{{.kind = EVENT_BASELINE, .cluster = "c1", BILLING, .before = -1, .now = 5},
		 "not the last one"},
		{{.kind = EVENT_BASELINE, .cluster = "c1", BILLING, .before = 999, .now = 5},
		 "not the last one"},
		{{.kind = EVENT_BASELINE, .cluster = "c2", BILLING, .before = 0, .now = 5},
		 "not the last one"},
		{{.kind = EVENT_DEPOSIT, BILLING, .amount = 5, .end = WHEN_NEVER, .debt = 1},
		 "another debt"},
		{{.kind = EVENT_WITHDRAW, BILLING, .amount = 101, PARTS(more)},
		 "more than a lot holds"},
		{{.kind = EVENT_WITHDRAW, BILLING, .amount = 100, PARTS(unknown)}, "not active"},
		{{.kind = EVENT_WITHDRAW, BILLING, .amount = 100, PARTS(index1)}, "not active"},
		{{.kind = EVENT_WITHDRAW,
		  BILLING,
		  .time = T0 + WHEN_DAY,
		  .amount = 100,
		  PARTS(lot3)},
		 "not active"},
		{{.kind = EVENT_TRANSFER, BILLING, .amount = 101, PARTS(more)},
		 "more than a lot holds"},
		{{.kind = EVENT_TRANSFER, BILLING, .amount = 100, PARTS(unknown)}, "not active"},
		{{.kind = EVENT_TRANSFER,
		  BILLING,
		  .time = T0 + WHEN_DAY,
		  .amount = 100,
		  PARTS(lot3)},
		 "not active"},
		{{.kind = EVENT_TRANSFER, BILLING, .amount = 100, PARTS(lot3), .debt = 1},
		 "another debt"},
		{{.kind = EVENT_CHARGE,
		  .cluster = "c1",
		  BILLING,
		  .amount = 100,
		  .before = 999,
		  .now = 1099,
		  .since = T0,
		  .until = T0 + 1,
		  PARTS(lot3)},
		 "not the last one"},
		{{.kind = EVENT_CHARGE,
		  .cluster = "c2",
		  BILLING,
		  .amount = 100,
		  .before = 1000,
		  .now = 1100,
		  .since = T0,
		  .until = T0 + 1,
		  PARTS(lot3)},
		 "not the last one"},
		{{.kind = EVENT_CHARGE,
		  .cluster = "c1",
		  BILLING,
		  .amount = 100,
		  .before = 1000,
		  .now = 1100,
		  .since = T0 - 1,
		  .until = T0 + 1,
		  PARTS(lot3)},
		 "charged before"},
		{{.kind = EVENT_CHARGE,
		  .cluster = "c1",
		  BILLING,
		  .amount = 100,
		  .before = 1000,
		  .now = 1100,
		  .since = T0,
		  .until = T0 + HOUR + 1,
		  PARTS(lot3)},
		 "time to come"},
		{{.kind = EVENT_CHARGE,
		  .cluster = "c1",
		  BILLING,
		  .amount = 101,
		  .before = 1000,
		  .now = 1101,
		  .since = T0,
		  .until = T0 + 1,
		  PARTS(more)},
		 "more than a lot holds"},
		{{.kind = EVENT_CHARGE,
		  .cluster = "c1",
		  BILLING,
		  .amount = 100,
		  .before = 1000,
		  .now = 1100,
		  .since = T0,
		  .until = T0 + 1,
		  PARTS(unknown)},
		 "outside its window"},
		{{.kind = EVENT_CHARGE,
		  .cluster = "c1",
		  BILLING,
		  .amount = 100,
		  .before = 1000,
		  .now = 1100,
		  .time = T0 + 2 * WHEN_DAY,
		  .since = T0 + WHEN_DAY,
		  .until = T0 + 2 * WHEN_DAY,
		  PARTS(lot3)},
		 "outside its window"},
		{{.kind = EVENT_HOLD, .cause = CAUSE_CLOSED}, "only close"},
		{{.kind = EVENT_HOLD, .cause = CAUSE_HAND, .until = T0 + HOUR}, "ends before"},
		{{.kind = EVENT_RELEASE, .cause = CAUSE_CLOSED}, "only open"},
		{{.kind = EVENT_RELEASE, .cause = CAUSE_HAND, .until = T0 + HOUR}, "ends before"},
		{{.kind = EVENT_LEVER,
		  .answers = 1,
		  .cluster = "c1",
		  .slurm_account = "a",
		  .field = "GrpTRESMins",
		  .tres = "cpu",
		  .action = LEVER_RESTORE,
		  .set = -1},
		 "not in force"},
		{{.kind = EVENT_APPLIED, .answers = 77}, "no lever in force"},
		{{.kind = EVENT_DEPOSIT, BILLING, .amount = 5, .end = 9, .period = 9},
		 "it has no quota"},
		{{.kind = EVENT_QUEUE,
		  .action = QUEUE_BACK,
		  .cluster = "c1",
		  .qos = "scav",
		  .to_qos = "normal",
		  .jobs = "12"},
		 "not away"},
		{{.kind = EVENT_QUEUED, .answers = 3}, "answers no entry"},
		{{.kind = EVENT_FORGIVE, BILLING, .amount = 1}, "more debt than there is"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct account *account = base(), *to = new_account("b");
		struct event event = cases[i].event;

		OK(apply(to, NULL, (struct event){.kind = EVENT_OPEN, .seq = 4, .time = T0}));
		event.seq = 5;
		if (!event.time)
			event.time = T0 + HOUR;
		ck_assert_int_eq(apply(account, event.kind == EVENT_TRANSFER ? to : NULL, event),
				 SB_ECORRUPT);
		ck_assert_msg(strstr(error.text, cases[i].text) != NULL, "case %zu: '%s'", i,
			      error.text);
		account_free(account);
		account_free(to);
	}
}
END_TEST

START_TEST(closed_and_unopened_accounts_take_no_money)
{
	static struct part lot3[] = {{3, 0, 100}};
	struct account *account = base(), *to = new_account("b");
	struct event transfer = {.kind = EVENT_TRANSFER,
				 .seq = 6,
				 .time = T0,
				 .resource = RESOURCE_BILLING,
				 .amount = 100,
				 .parts = lot3,
				 .part_count = 1};
	struct event event = deposit(1, T0, 5, T0, WHEN_NEVER, 0);

	FAILS(SB_ECORRUPT, "never opened", apply(to, NULL, event));
	FAILS(SB_ECORRUPT, "not open", apply(account, to, transfer));
	account_free(account);
	account = base();
	event.kind = EVENT_CLOSE;
	event.seq = 4;
	OK(apply(account, NULL, event));
	ck_assert(!account->open);
	ck_assert(account_held(account));
	FAILS(SB_ECORRUPT, "closed already", apply(account, NULL, event));
	event.kind = EVENT_DEPOSIT;
	FAILS(SB_ECORRUPT, "it is closed", apply(account, NULL, event));
	account_free(account);
	/* It is still charged and can be opened again. */
	account = base();
	event.kind = EVENT_CLOSE;
	OK(apply(account, NULL, event));
	plan_and_apply(account, charge(5, T0, T0 + 1, 1000, 30));
	ck_assert_int_eq(available(account), 70);
	OK(apply(account, NULL, (struct event){.kind = EVENT_OPEN, .seq = 6, .time = T0 + 1}));
	ck_assert(account->open);
	ck_assert(!account_held(account));
	ck_assert_int_eq(available(account), 70);
	account_free(account);
	account_free(to);
}
END_TEST

START_TEST(sums_past_int64_are_refused)
{
	static struct part all[] = {{3, 0, INT64_MAX}};
	struct account *account = base(), *to = base();
	struct event transfer = {.kind = EVENT_TRANSFER,
				 .seq = 5,
				 .time = T0,
				 .resource = RESOURCE_BILLING,
				 .amount = INT64_MAX,
				 .parts = all,
				 .part_count = 1};
	struct event event;

	FAILS(SB_EOVERFLOW, "can be counted",
	      apply(account, NULL, deposit(4, T0, INT64_MAX - 99, T0, WHEN_NEVER, 0)));
	account_free(account);
	account = base();
	OK(apply(account, NULL, deposit(4, T0, INT64_MAX - 100, T0, WHEN_NEVER, 0)));
	ck_assert_int_eq(available(account), INT64_MAX);
	account_free(account);
	/* A deposit made by mistake and reversed can be made again; a sum is shown as far as it
	 * fits. */
	account = new_account("x");
	OK(apply(account, NULL, (struct event){.kind = EVENT_OPEN, .seq = 1, .time = T0}));
	for (uint64_t seq = 2; seq < 8; seq += 2) {
		struct part part = {seq, 0, INT64_MAX};

		OK(apply(account, NULL, deposit(seq, T0, INT64_MAX, T0, WHEN_NEVER, 0)));
		ck_assert_int_eq(available(account), INT64_MAX);
		OK(apply(account, NULL,
			 (struct event){.kind = EVENT_WITHDRAW,
					.seq = seq + 1,
					.time = T0,
					.resource = RESOURCE_BILLING,
					.amount = INT64_MAX,
					.parts = &part,
					.part_count = 1}));
		ck_assert_int_eq(available(account), 0);
	}
	ck_assert(account->deposited == (__int128)3 * INT64_MAX);
	ck_assert_int_eq(account_sum(account->deposited), INT64_MAX);
	account_free(account);
	/* Each sum fits, but the receiver's balance would not: it must stay readable. */
	account = new_account("x");
	OK(apply(account, NULL, (struct event){.kind = EVENT_OPEN, .seq = 1, .time = T0}));
	OK(apply(account, NULL, deposit(3, T0, INT64_MAX, T0, WHEN_NEVER, 0)));
	FAILS(SB_EOVERFLOW, "can be counted", apply(account, to, transfer));
	account_free(account);
	account_free(to);
	/* The largest debt, and one more. */
	account = new_account("x");
	OK(apply(account, NULL, (struct event){.kind = EVENT_OPEN, .seq = 1, .time = T0}));
	event = (struct event){.kind = EVENT_BASELINE,
			       .seq = 2,
			       .time = T0,
			       .cluster = "c1",
			       .resource = RESOURCE_BILLING,
			       .before = -1};
	OK(apply(account, NULL, event));
	plan_and_apply(account, charge(3, T0, T0 + 1, 0, INT64_MAX));
	ck_assert_int_eq(available(account), -INT64_MAX);
	ck_assert_int_eq(account->debt, INT64_MAX);
	event.seq = 4;
	event.time = T0 + 1;
	event.before = INT64_MAX;
	OK(apply(account, NULL, event));
	event = charge(5, T0 + 1, T0 + 2, 0, 1);
	event.debt = 1;
	FAILS(SB_EOVERFLOW, "can be counted", apply(account, NULL, event));
	account_free(account);
}
END_TEST

START_TEST(a_mistake_taken_back_leaves_room)
{
	struct account *account = base();
	struct event event;

	/* A typing error as large as the range, again and again. */
	event = (struct event){.kind = EVENT_WITHDRAW,
			       .seq = 4,
			       .time = T0,
			       .resource = RESOURCE_BILLING,
			       .amount = 100};
	OK(plan_take(account, &event, NULL));
	OK(apply(account, NULL, event));
	event_release(&event);
	for (uint64_t seq = 5; seq < 15; seq += 2) {
		OK(apply(account, NULL, deposit(seq, T0, INT64_MAX, T0, WHEN_NEVER, 0)));
		event = (struct event){.kind = EVENT_WITHDRAW,
				       .seq = seq + 1,
				       .time = T0,
				       .resource = RESOURCE_BILLING,
				       .amount = INT64_MAX};
		OK(plan_take(account, &event, NULL));
		OK(apply(account, NULL, event));
		event_release(&event);
	}
	ck_assert_int_eq(available(account), 0);
	ck_assert_int_eq(account_sum(account->deposited), INT64_MAX);
	account_free(account);
}
END_TEST

START_TEST(lots_are_spent_earliest_end_first)
{
	struct account *account = base();

	OK(apply(account, NULL, deposit(4, T0, 50, T0, WHEN_NEVER, 0)));
	OK(apply(account, NULL, deposit(5, T0, 30, T0, T0 + HOUR, 0)));
	OK(apply(account, NULL, deposit(6, T0, 20, T0, T0 + WHEN_DAY, 0)));
	ck_assert_int_eq(available(account), 200);
	plan_and_apply(account, charge(7, T0, T0 + 1, 1000, 10));
	/* 5 ends first; 3 and 6 end together, 3 came first; 4 does not end. */
	ck_assert_uint_eq(account->lot_count, 4);
	ck_assert_uint_eq(account->lots[0].seq, 5);
	ck_assert_uint_eq(account->lots[1].seq, 3);
	ck_assert_uint_eq(account->lots[2].seq, 6);
	ck_assert_uint_eq(account->lots[3].seq, 4);
	ck_assert_int_eq(account->lots[0].rest, 20);
	plan_and_apply(account, charge(8, T0 + 1, T0 + 2, 1010, 125));
	ck_assert_int_eq(account->lots[0].rest, 0);
	ck_assert_int_eq(account->lots[1].rest, 0);
	ck_assert_int_eq(account->lots[2].rest, 15);
	ck_assert_int_eq(account->lots[3].rest, 50);
	plan_and_apply(account, charge(9, T0 + 2, T0 + 3, 1135, 70));
	ck_assert_int_eq(available(account), -5);
	ck_assert_int_eq(account->debt, 5);
	account_free(account);
}
END_TEST

START_TEST(a_lot_is_available_from_its_start_until_before_its_end)
{
	static const struct {
		int64_t time;
		int64_t available;
	} cases[] = {
		{T0 + HOUR - 1, 100},	  {T0 + HOUR, 130},
		{T0 + HOUR + 1, 130},	  {T0 + 2 * HOUR - 1, 130},
		{T0 + 2 * HOUR, 100},	  {T0 + 2 * HOUR + 1, 100},
		{T0 + WHEN_DAY - 1, 100}, {T0 + WHEN_DAY, 0},
		{T0 + WHEN_DAY + 1, 0},	  {WHEN_MAX, 0},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct account *account = base();
		int64_t allocated, used;

		OK(apply(account, NULL, deposit(4, T0, 30, T0 + HOUR, T0 + 2 * HOUR, 0)));
		ck_assert_int_eq(available(account), 100);
		OK(account_settle(account, cases[i].time, &error));
		ck_assert_msg(available(account) == cases[i].available, "case %zu: %" PRId64, i,
			      available(account));
		OK(account_allocated(account, &allocated, &error));
		ck_assert_int_eq(allocated, cases[i].available);
		OK(account_used(account, &used, &error));
		ck_assert_int_eq(used, 0);
		account_free(account);
	}
}
END_TEST

START_TEST(a_charge_draws_on_lots_whose_window_overlaps_the_use)
{
	/* The lot is [T0 + 1h, T0 + 2h); the use [since, until). */
	static const struct {
		int64_t since, until;
		bool draws;
	} cases[] = {
		{T0, T0 + HOUR - 1, false},
		{T0, T0 + HOUR, false},
		{T0, T0 + HOUR + 1, true},
		{T0, T0 + 3 * HOUR, true},
		{T0 + 2 * HOUR - 1, T0 + 2 * HOUR, true},
		{T0 + 2 * HOUR, T0 + 2 * HOUR + 1, false},
		{T0 + 2 * HOUR + 1, T0 + 3 * HOUR, false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct account *account = new_account("a");
		struct event event = charge(5, cases[i].since, cases[i].until, 0, 10);

		OK(apply(account, NULL, (struct event){.kind = EVENT_OPEN, .seq = 1, .time = T0}));
		OK(apply(account, NULL,
			 (struct event){.kind = EVENT_BASELINE,
					.seq = 2,
					.time = T0,
					.cluster = "c1",
					.resource = RESOURCE_BILLING,
					.before = -1}));
		OK(apply(account, NULL, deposit(3, T0, 100, T0 + HOUR, T0 + 2 * HOUR, 0)));
		/* Read late: the lot may have ended, but the use was inside. */
		event.time = T0 + 4 * HOUR;
		plan_and_apply(account, event);
		ck_assert_int_eq(account->lots[0].rest, cases[i].draws ? 90 : 100);
		ck_assert_int_eq(account->debt, cases[i].draws ? 0 : 10);
		ck_assert_int_eq(available(account), cases[i].draws ? 0 : -10);
		account_free(account);
	}
}
END_TEST

START_TEST(a_future_lot_pays_debt_when_it_starts)
{
	struct account *account = base();

	plan_and_apply(account, charge(4, T0, T0 + 1, 1000, 150));
	ck_assert_int_eq(available(account), -50);
	OK(apply(account, NULL, deposit(5, T0 + 1, 80, T0 + HOUR, T0 + 2 * HOUR, 0)));
	ck_assert_int_eq(available(account), -50);
	OK(account_settle(account, T0 + HOUR - 1, &error));
	ck_assert_int_eq(available(account), -50);
	OK(account_settle(account, T0 + HOUR, &error));
	ck_assert_int_eq(account->debt, 0);
	ck_assert_int_eq(available(account), 30);
	account_free(account);
	/* Also when it was not settled before the end. */
	account = base();
	plan_and_apply(account, charge(4, T0, T0 + 1, 1000, 150));
	OK(apply(account, NULL, deposit(5, T0 + 1, 80, T0 + HOUR, T0 + 2 * HOUR, 0)));
	OK(account_settle(account, T0 + 5 * HOUR, &error));
	ck_assert_int_eq(account->debt, 0);
	ck_assert_int_eq(available(account), 0);
	ck_assert_int_eq(account->lots[0].rest, 30);
	account_free(account);
}
END_TEST

START_TEST(money_pays_debt_first)
{
	struct account *account = base();

	plan_and_apply(account, charge(4, T0, T0 + 1, 1000, 150));
	FAILS(SB_ECORRUPT, "another debt",
	      apply(account, NULL, deposit(5, T0 + 1, 80, T0, WHEN_NEVER, 0)));
	account_free(account);
	account = base();
	plan_and_apply(account, charge(4, T0, T0 + 1, 1000, 150));
	OK(apply(account, NULL, deposit(5, T0 + 1, 30, T0, WHEN_NEVER, 30)));
	ck_assert_int_eq(available(account), -20);
	OK(apply(account, NULL, deposit(6, T0 + 1, 20, T0, WHEN_NEVER, 20)));
	ck_assert_int_eq(available(account), 0);
	OK(apply(account, NULL, deposit(7, T0 + 1, 1, T0, WHEN_NEVER, 0)));
	ck_assert_int_eq(available(account), 1);
	account_free(account);
}
END_TEST

START_TEST(transfers_keep_the_windows)
{
	static struct part parts[] = {{4, 0, 30}, {3, 0, 60}};
	struct account *from = base(), *to = new_account("b");
	struct event event = {.kind = EVENT_TRANSFER,
			      .seq = 6,
			      .time = T0,
			      .resource = RESOURCE_BILLING,
			      .amount = 90,
			      .parts = parts,
			      .part_count = 2};

	OK(apply(from, NULL, deposit(4, T0, 30, T0 - HOUR, T0 + HOUR, 0)));
	OK(apply(to, NULL, (struct event){.kind = EVENT_OPEN, .seq = 5, .time = T0}));
	OK(apply(from, to, event));
	ck_assert_int_eq(available(from), 40);
	ck_assert_int_eq(available(to), 90);
	ck_assert_uint_eq(to->lot_count, 2);
	ck_assert_uint_eq(to->lots[0].seq, 6);
	ck_assert_uint_eq(to->lots[0].index, 0);
	ck_assert_int_eq(to->lots[0].start, T0 - HOUR);
	ck_assert_int_eq(to->lots[0].end, T0 + HOUR);
	ck_assert_uint_eq(to->lots[1].index, 1);
	ck_assert_int_eq(to->lots[1].end, T0 + WHEN_DAY);
	ck_assert_int_eq(account_sum(to->received), 90);
	ck_assert_int_eq(account_sum(from->sent), 90);
	OK(account_settle(to, T0 + HOUR, &error));
	ck_assert_int_eq(available(to), 60);
	OK(account_settle(to, T0 + WHEN_DAY, &error));
	ck_assert_int_eq(available(to), 0);
	account_free(from);
	account_free(to);
}
END_TEST

/* An account "b" that was renamed to another name before. */
static struct account *given_up(void)
{
	struct account *account = new_account("b"), *other = new_account("c");

	OK(apply(account, NULL, (struct event){.kind = EVENT_OPEN, .seq = 1, .time = T0}));
	OK(apply(account, other, succession(EVENT_RENAME, 2, 0, 0)));
	account_free(other);
	return account;
}

START_TEST(successions_that_break_a_rule_are_refused)
{
	static struct part lot3[] = {{3, 0, 100}}, less[] = {{3, 0, 99}},
			   twice[] = {{3, 0, 100}, {3, 0, 100}}, unknown[] = {{9, 0, 100}};
	static const struct {
		enum event_kind kind;
		int to; /* 0: unknown to the bank, 1: open, 2: closed, 3: its name was given up */
		int64_t time, rest, debt;
		struct part *parts;
		size_t count;
		const char *text;
	} cases[] = {
		{EVENT_RENAME, 1, T0, 100, 0, NULL, 0, "the new name is taken"},
		{EVENT_RENAME, 2, T0, 100, 0, NULL, 0, "the new name is taken"},
		{EVENT_RENAME, 0, T0, 99, 0, NULL, 0, "the balance is another"},
		{EVENT_RENAME, 3, T0, 100, 0, NULL, 0, "the new name is taken"},
		{EVENT_RENAME, 0, T0, 100, 1, NULL, 0, "the balance is another"},
		{EVENT_MERGE, 0, T0, 100, 0, lot3, 1, "the receiver is not open"},
		{EVENT_MERGE, 2, T0, 100, 0, lot3, 1, "the receiver is not open"},
		{EVENT_MERGE, 3, T0, 100, 0, lot3, 1, "the receiver is not open"},
		{EVENT_MERGE, 1, T0, 100, 1, lot3, 1, "another debt than there is"},
		{EVENT_MERGE, 1, T0, 0, 0, NULL, 0, "it leaves money behind"},
		{EVENT_MERGE, 1, T0, 99, 0, less, 1, "not what is left of a lot"},
		{EVENT_MERGE, 1, T0, 200, 0, twice, 2, "not what is left of a lot"},
		{EVENT_MERGE, 1, T0, 100, 0, unknown, 1, "a lot that has ended"},
		{EVENT_MERGE, 1, T0 + WHEN_DAY, 100, 0, lot3, 1, "a lot that has ended"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct account *from = base(),
			       *to = cases[i].to == 3 ? given_up() : new_account("b");
		struct event event = succession(cases[i].kind, 6, cases[i].rest, cases[i].debt);

		if (cases[i].to == 1 || cases[i].to == 2)
			OK(apply(to, NULL,
				 (struct event){.kind = EVENT_OPEN, .seq = 4, .time = T0}));
		if (cases[i].to == 2)
			OK(apply(to, NULL,
				 (struct event){.kind = EVENT_CLOSE, .seq = 5, .time = T0}));
		event.time = cases[i].time;
		event.parts = cases[i].parts;
		event.part_count = cases[i].count;
		ck_assert_msg(apply(from, to, event) == SB_ECORRUPT &&
				      strstr(error.text, cases[i].text),
			      "case %zu: %s", i, error.text);
		account_free(from);
		account_free(to);
	}
}
END_TEST

START_TEST(an_account_is_taken_over_once_and_by_another_of_its_kind)
{
	struct account *from = base(), *to = new_account("b"), *third = new_account("c");
	struct event event = succession(EVENT_RENAME, 6, 0, 0);
	static const char *const wrong[][2] = {
		{"a", "a"},
		{"a", "b:gres/gpu"},
		{"a:gres/gpu", "b"},
		{"a:cpu", "b:gres/gpu"},
		{"a:cpu~ann", "b:cpu~bob"},
		{"a:cpu", "b:cpu~ann"},
	};

	for (size_t i = 0; i < COUNT(wrong); i++) {
		event.resource = purse_resource(wrong[i][0]);
		event.account = wrong[i][0];
		event.to = wrong[i][1];
		ck_assert_int_eq(event_check(&event, &error), SB_EINVAL);
		event.kind = EVENT_MERGE;
		ck_assert_int_eq(event_check(&event, &error), SB_EINVAL);
		event.kind = EVENT_RENAME;
	}
	OK(apply(from, to, succession(EVENT_RENAME, 4, 100, 0)));
	ck_assert_str_eq(from->successor, "b");
	FAILS(SB_ECORRUPT, "another account took it over",
	      apply(from, third, succession(EVENT_RENAME, 5, 0, 0)));
	account_free(from);
	account_free(to);
	account_free(third);
}
END_TEST

START_TEST(a_rename_gives_everything_but_what_concerns_slurm)
{
	struct account *from = base(), *to = new_account("b");
	const struct event terms = {.kind = EVENT_TERMS,
				    .seq = 5,
				    .time = T0,
				    .allowance = ALLOWANCE_LIMITED,
				    .credit = 7,
				    .field = "",
				    .tres = "",
				    .thresholds = "50",
				    .quota = 9,
				    .every = EVERY_MONTH,
				    .start = T0,
				    .share = 3};

	OK(apply(from, NULL, deposit(4, T0, 30, T0 + HOUR, WHEN_NEVER, 0)));
	OK(apply(from, NULL, terms));
	OK(apply(from, NULL,
		 (struct event){.kind = EVENT_PEOPLE,
				.seq = 6,
				.time = T0,
				.contacts = "a@b.c",
				.managers = ""}));
	plan_and_apply(from, charge(7, T0, T0 + 1, 1000, 60));
	OK(apply(from, NULL,
		 (struct event){.kind = EVENT_THRESHOLD,
				.seq = 8,
				.time = T0 + 1,
				.level = 50,
				.used = 60,
				.allocated = 100}));
	OK(apply(from, NULL,
		 (struct event){.kind = EVENT_HOLD,
				.seq = 9,
				.time = T0 + 1,
				.cause = CAUSE_HAND,
				.until = T0 + 5 * HOUR}));
	OK(apply(from, to, succession(EVENT_RENAME, 10, 70, 0)));
	ck_assert(to->open && !from->open);
	ck_assert_str_eq(to->successor, "");
	ck_assert_str_eq(from->successor, "b");
	ck_assert_int_eq(available(to), 47);
	ck_assert_int_eq(available(from), 0);
	ck_assert_uint_eq(from->lot_count, 0);
	ck_assert_int_eq(account_sum(to->deposited), 130);
	ck_assert_int_eq(account_sum(to->charged), 60);
	ck_assert_int_eq(account_sum(from->charged), 0);
	ck_assert_int_eq(to->quota.amount, 9);
	ck_assert_int_eq(from->quota.amount, 0);
	ck_assert_int_eq(to->share, 3);
	ck_assert_int_eq(from->share, 0);
	ck_assert_uint_eq(to->people, 6);
	ck_assert_uint_eq(from->people, 0);
	ck_assert_int_eq(from->credit, 0);
	ck_assert(to->own_thresholds && !from->own_thresholds);
	ck_assert(account_crossed(to, 50) && !account_crossed(from, 50));
	ck_assert_uint_eq(to->causes, 1u << CAUSE_HAND);
	ck_assert_int_eq(to->hand_until, T0 + 5 * HOUR);
	ck_assert_uint_eq(from->causes, 1u << CAUSE_CLOSED);
	/* Its meter stays, and goes on. */
	ck_assert_ptr_nonnull(account_meter(from, "c1"));
	ck_assert_ptr_null(account_meter(to, "c1"));
	plan_and_apply(from, charge(11, T0 + 1, T0 + 2, 1060, 5));
	ck_assert_int_eq(from->debt, 5);
	/* The charge's lots are found under the new name: a merge brings the debt. */
	OK(apply(from, to, succession_at(EVENT_MERGE, 12, T0 + 2, 0, 5)));
	ck_assert_int_eq(available(to), 42);
	ck_assert_int_eq(from->debt, 0);
	account_free(from);
	account_free(to);
}
END_TEST

START_TEST(a_merge_gives_what_can_still_be_spent)
{
	static struct part parts[] = {{4, 0, 10}, {3, 0, 40}, {5, 0, 30}};
	struct account *from = base(), *to = new_account("b");
	struct event event = succession_at(EVENT_MERGE, 9, T0 + 3 * HOUR, 70, 0);

	OK(apply(to, NULL, (struct event){.kind = EVENT_OPEN, .seq = 2, .time = T0}));
	OK(apply(from, NULL, deposit(4, T0, 10, T0, T0 + HOUR, 0)));
	OK(apply(from, NULL, deposit(5, T0, 30, T0 + 9 * HOUR, WHEN_NEVER, 0)));
	plan_and_apply(from, charge(6, T0 + 2 * HOUR, T0 + 3 * HOUR, 1000, 60));
	event.parts = parts + 1;
	event.part_count = 2;
	OK(apply(from, to, event));
	/* What had ended stays, until it expires. */
	ck_assert_int_eq(from->lots[0].seq == 4 ? from->lots[0].rest : -1, 10);
	ck_assert_int_eq(available(from), 0);
	ck_assert_int_eq(available(to), 40);
	ck_assert_uint_eq(to->lot_count, 2);
	ck_assert_uint_eq(to->lots[0].seq, 9);
	ck_assert_int_eq(to->lots[0].end, T0 + WHEN_DAY);
	ck_assert_int_eq(to->lots[1].start, T0 + 9 * HOUR);
	ck_assert_int_eq(account_sum(from->sent), 70);
	ck_assert_int_eq(account_sum(to->received), 70);
	ck_assert_int_eq(account_sum(from->charged), 60);
	ck_assert(to->open && !from->open);
	account_free(from);
	account_free(to);
}
END_TEST

/* Debt of late use, which the receiver pays from the windows of then. */
static struct event late_use(uint64_t seq, int64_t since, int64_t until, int64_t debt)
{
	struct event event = succession_at(EVENT_MERGE, seq, T0 + 5 * HOUR, 0, debt);

	event.since = since;
	event.until = until;
	return event;
}

START_TEST(late_use_is_paid_from_the_windows_of_then)
{
	static struct part all[] = {{3, 0, 100}};
	struct account *from = base(), *to = new_account("b");
	struct event event = succession_at(EVENT_MERGE, 7, T0 + 1, 100, 0);

	event.parts = all;
	event.part_count = 1;
	OK(apply(to, NULL, (struct event){.kind = EVENT_OPEN, .seq = 4, .time = T0}));
	OK(apply(to, NULL, deposit(5, T0, 10, T0, T0 + HOUR, 0)));
	OK(apply(to, NULL, deposit(6, T0, 20, T0 + HOUR, T0 + 2 * HOUR, 0)));
	OK(apply(from, to, event));
	plan_and_apply(from, charge(8, T0 + HOUR, T0 + 5 * HOUR, 1000, 60));
	FAILS(SB_ECORRUPT, "more debt than there is",
	      apply(from, to, late_use(9, T0 + HOUR, T0 + 2 * HOUR, 61)));
	FAILS(SB_ECORRUPT, "the late use has no time",
	      apply(from, to, late_use(9, T0 + HOUR, T0 + HOUR, 25)));
	FAILS(SB_ECORRUPT, "the late use has no time",
	      apply(from, to, late_use(9, T0 + HOUR, T0 + 5 * HOUR + 1, 25)));
	event = late_use(9, T0 + HOUR, T0 + 2 * HOUR, 25);
	event.rest = 100;
	event.parts = all;
	event.part_count = 1;
	FAILS(SB_ECORRUPT, "late use brings no money", apply(from, to, event));
	/* A window that ended as the use began pays nothing, neither does one that began as it
	 * ended: 20 of the second lot, 5 of the third. */
	OK(apply(from, to, late_use(9, T0 + HOUR, T0 + 2 * HOUR, 25)));
	ck_assert_int_eq(from->debt, 35);
	ck_assert_int_eq(to->debt, 0);
	ck_assert_uint_eq(to->lot_count, 2);
	ck_assert_uint_eq(to->lots[0].seq, 5);
	ck_assert_int_eq(to->lots[0].rest, 10);
	ck_assert_int_eq(available(to), 95);
	/* One microsecond of the first window. What that lacks the others pay. */
	OK(apply(from, to, late_use(10, T0 + HOUR - 1, T0 + HOUR, 35)));
	ck_assert_int_eq(from->debt, 0);
	ck_assert_uint_eq(to->lot_count, 1);
	ck_assert_int_eq(available(to), 70);
	ck_assert_int_eq(account_sum(to->sent), 60);
	ck_assert_int_eq(account_sum(from->received), 60);
	account_free(from);
	account_free(to);
}
END_TEST

START_TEST(late_use_needs_an_account_that_was_taken_over)
{
	struct account *from = base(), *to = new_account("b");

	OK(apply(to, NULL, (struct event){.kind = EVENT_OPEN, .seq = 4, .time = T0}));
	plan_and_apply(from, charge(5, T0, T0 + HOUR, 1000, 160));
	ck_assert_int_eq(from->debt, 60);
	FAILS(SB_ECORRUPT, "has not been taken over",
	      apply(from, to, late_use(6, T0, T0 + HOUR, 60)));
	account_free(from);
	account_free(to);
}
END_TEST

START_TEST(a_takeover_past_int64_is_refused)
{
	static struct part all[] = {{3, 0, 100}};
	struct account *from = base(), *to = new_account("b");
	struct event event = succession(EVENT_MERGE, 6, 100, 0);

	OK(apply(to, NULL, (struct event){.kind = EVENT_OPEN, .seq = 4, .time = T0}));
	OK(apply(to, NULL, deposit(5, T0, INT64_MAX - 99, T0, WHEN_NEVER, 0)));
	event.parts = all;
	event.part_count = 1;
	FAILS(SB_EOVERFLOW, "", apply(from, to, event));
	account_free(from);
	account_free(to);
}
END_TEST

START_TEST(used_counts_what_is_spent_and_owed)
{
	struct account *account = base();
	static struct part part[] = {{3, 0, 10}};
	int64_t amount;

	plan_and_apply(account, charge(4, T0, T0 + 1, 1000, 25));
	OK(account_used(account, &amount, &error));
	ck_assert_int_eq(amount, 25);
	OK(apply(account, NULL,
		 (struct event){.kind = EVENT_WITHDRAW,
				.seq = 5,
				.time = T0 + 1,
				.resource = RESOURCE_BILLING,
				.amount = 10,
				.parts = part,
				.part_count = 1}));
	OK(account_allocated(account, &amount, &error));
	ck_assert_int_eq(amount, 90);
	OK(account_used(account, &amount, &error));
	ck_assert_int_eq(amount, 25);
	plan_and_apply(account, charge(6, T0 + 1, T0 + 2, 1025, 100));
	OK(account_used(account, &amount, &error));
	ck_assert_int_eq(amount, 125);
	ck_assert_int_eq(available(account), -35);
	account_free(account);
}
END_TEST

static void decide(struct account *account, uint64_t seq, enum event_kind kind, uint8_t cause,
		   int64_t until)
{
	OK(apply(account, NULL,
		 (struct event){.kind = kind,
				.seq = seq,
				.time = account->time,
				.cause = cause,
				.until = until}));
	if (kind != EVENT_CLOSE)
		ck_assert_uint_eq(account->decision, seq);
}

START_TEST(an_account_can_have_several_causes_of_hold)
{
	struct account *account = base();

	decide(account, 4, EVENT_HOLD, CAUSE_HAND, 0);
	decide(account, 5, EVENT_HOLD, CAUSE_FUNDS, 0);
	ck_assert(account_held(account));
	decide(account, 6, EVENT_RELEASE, CAUSE_HAND, 0);
	ck_assert(account_held(account));
	ck_assert(!account_has_cause(account, CAUSE_HAND));
	decide(account, 7, EVENT_RELEASE, CAUSE_FUNDS, 0);
	ck_assert(!account_held(account));
	decide(account, 8, EVENT_HOLD, CAUSE_HAND, 0);
	decide(account, 9, EVENT_CLOSE, 0, 0);
	decide(account, 10, EVENT_RELEASE, CAUSE_HAND, 0);
	ck_assert(account_held(account));
	ck_assert(account_has_cause(account, CAUSE_CLOSED));
	decide(account, 11, EVENT_OPEN, 0, 0);
	ck_assert(!account_held(account));
	account_free(account);
}
END_TEST

START_TEST(holds_and_graces_end_exactly_at_their_time)
{
	for (int64_t off = -1; off <= 1; off++) {
		struct account *account = base();

		decide(account, 4, EVENT_HOLD, CAUSE_HAND, T0 + HOUR);
		ck_assert(account_held(account));
		OK(account_settle(account, T0 + HOUR + off, &error));
		ck_assert_int_eq(account_held(account), off < 0);
		account_free(account);
		account = base();
		decide(account, 4, EVENT_HOLD, CAUSE_FUNDS, 0);
		decide(account, 5, EVENT_RELEASE, CAUSE_HAND, T0 + HOUR);
		ck_assert(!account_held(account));
		ck_assert(account_has_cause(account, CAUSE_FUNDS));
		OK(account_settle(account, T0 + HOUR + off, &error));
		ck_assert_int_eq(account_held(account), off >= 0);
		account_free(account);
	}
}
END_TEST

START_TEST(a_later_hold_by_hand_replaces_the_one_before)
{
	struct account *account = base();

	decide(account, 4, EVENT_HOLD, CAUSE_HAND, T0 + HOUR);
	decide(account, 5, EVENT_HOLD, CAUSE_HAND, 0);
	OK(account_settle(account, T0 + WHEN_DAY, &error));
	ck_assert(account_held(account));
	/* A hold ends a grace, a hold for funds does not. */
	decide(account, 6, EVENT_HOLD, CAUSE_FUNDS, 0);
	decide(account, 7, EVENT_RELEASE, CAUSE_HAND, T0 + 3 * WHEN_DAY);
	ck_assert(!account_held(account));
	decide(account, 8, EVENT_HOLD, CAUSE_FUNDS, 0);
	ck_assert(!account_held(account));
	decide(account, 9, EVENT_HOLD, CAUSE_HAND, 0);
	ck_assert(account_held(account));
	account_free(account);
}
END_TEST

static struct event lever(uint64_t seq, uint8_t action, int64_t found, int64_t set)
{
	return (struct event){.kind = EVENT_LEVER,
			      .seq = seq,
			      .time = T0,
			      .answers = 1,
			      .cluster = "c1",
			      .slurm_account = "a",
			      .field = "GrpTRESMins",
			      .tres = "cpu",
			      .action = action,
			      .found = found,
			      .set = set};
}

static struct event applied(uint64_t seq, uint64_t answers, uint8_t outcome, const char *reason)
{
	return (struct event){.kind = EVENT_APPLIED,
			      .seq = seq,
			      .time = T0,
			      .answers = answers,
			      .outcome = outcome,
			      .reason = reason};
}

START_TEST(a_lever_keeps_what_was_found_first)
{
	struct account *account = base();
	const struct lever *state;

	OK(apply(account, NULL, lever(4, LEVER_HOLD, 5000, 0)));
	state = account_lever(account, "c1", "GrpTRESMins", "cpu");
	ck_assert_ptr_nonnull(state);
	ck_assert_int_eq(state->original, 5000);
	ck_assert(!state->tried);
	FAILS(SB_ECORRUPT, "no lever", apply(account, NULL, applied(5, 3, OUTCOME_DONE, "")));
	FAILS(SB_ECORRUPT, "only a value to restore",
	      apply(account, NULL, applied(5, 4, OUTCOME_LEFT, "")));
	OK(apply(account, NULL, applied(5, 4, OUTCOME_FAILED, "why")));
	ck_assert(state->tried);
	ck_assert_str_eq(state->reason, "why");
	OK(apply(account, NULL, applied(6, 4, OUTCOME_DONE, "")));
	ck_assert_str_eq(state->reason, "");
	/* Held again while our value is in force: the value found now is ours. */
	OK(apply(account, NULL, lever(7, LEVER_HOLD, 0, 0)));
	ck_assert_int_eq(state->original, 5000);
	ck_assert(!state->tried);
	FAILS(SB_ECORRUPT, "another value", apply(account, NULL, lever(8, LEVER_RESTORE, 0, -1)));
	FAILS(SB_ECORRUPT, "no lever", apply(account, NULL, applied(8, 4, OUTCOME_DONE, "")));
	OK(apply(account, NULL, lever(8, LEVER_RESTORE, 0, 5000)));
	OK(apply(account, NULL, applied(9, 8, OUTCOME_FAILED, "no")));
	ck_assert_uint_eq(account->lever_count, 1);
	OK(apply(account, NULL, applied(10, 8, OUTCOME_DONE, "")));
	ck_assert_uint_eq(account->lever_count, 0);
	ck_assert_ptr_null(account_lever(account, "c1", "GrpTRESMins", "cpu"));
	account_free(account);
}
END_TEST

static struct event terms(uint64_t seq, uint8_t allowance, int64_t credit, uint8_t enforcement,
			  const char *field, const char *tres)
{
	return (struct event){.kind = EVENT_TERMS,
			      .seq = seq,
			      .time = T0,
			      .allowance = allowance,
			      .credit = credit,
			      .enforcement = enforcement,
			      .field = field,
			      .tres = tres};
}

static struct account *through_store(struct account *account);

static struct event queue(uint64_t seq, uint8_t action, const char *cluster, const char *jobs)
{
	bool back = action == QUEUE_BACK;

	return (struct event){.kind = EVENT_QUEUE,
			      .seq = seq,
			      .time = T0 + (int64_t)seq,
			      .action = action,
			      .cluster = cluster,
			      .qos = back ? "scav" : "normal",
			      .to_qos = back ? "normal" : "scav",
			      .time_limit = 60,
			      .jobs = jobs};
}

static struct event queued(uint64_t seq, uint64_t answers, const char *left, const char *gone)
{
	return (struct event){.kind = EVENT_QUEUED,
			      .seq = seq,
			      .time = T0 + (int64_t)seq,
			      .answers = answers,
			      .left = left,
			      .gone = gone,
			      .reason = ""};
}

/* Returns the state of a job, or -1 if it is not in the list. */
static int queue_state(const struct account *account, const char *cluster, uint32_t number,
		       uint16_t part)
{
	const struct queue_job *job =
		account_queue_job(account, cluster, (struct job_id){number, part});

	return job ? job->state : -1;
}

START_TEST(lists_of_jobs_have_one_form)
{
	static const char *const bad[] = {"",	   "x",	  "12,",   ",12",    "12,12",
					  "13,12", "012", "12 ",   "12,15+", "15+65535",
					  "-1",	   "0",	  "15+01", "+1",     "4294967296"};
	char full[JOB_IDS_MAX + 1] = "", text[JOB_ID_SIZE];
	struct event event = queue(4, QUEUE_AWAY, "c1", "");
	uint32_t number = 1;

	event.account = "a";
	for (size_t i = 0; i < COUNT(bad); i++) {
		event.jobs = bad[i];
		ck_assert_msg(event_check(&event, &error) == SB_EINVAL, "'%s'", bad[i]);
	}
	event.jobs = "1,2+0,2+1,4294967295+65534";
	OK(event_check(&event, &error));
	event.to_qos = "normal";
	FAILS(SB_EINVAL, "from one QOS to another", event_check(&event, &error));
	event = queued(5, 4, "12", "13,12");
	event.account = "a";
	FAILS(SB_EINVAL, "a list of jobs", event_check(&event, &error));
	event.gone = "13";
	OK(event_check(&event, &error));
	event.account = "a:gres/gpu";
	FAILS(SB_EINVAL, "only the account", event_check(&event, &error));
	while (job_ids_add(full, (struct job_id){number, 0}))
		number++;
	ck_assert(job_ids_ok(full));
	ck_assert_uint_eq(job_ids_count(full), number - 1);
	ck_assert_uint_le(strlen(full), JOB_IDS_MAX);
	ck_assert(job_ids_have(full, (struct job_id){number - 1, 0}));
	ck_assert(!job_ids_have(full, (struct job_id){number, 0}));
	ck_assert_str_eq(job_id_text(text, (struct job_id){UINT32_MAX, UINT16_MAX}),
			 "4294967295+65534");
}
END_TEST

/* A copy of the account must refuse the event. */
#define BREAKS(account, text, ...)                                                                 \
	do {                                                                                       \
		struct account *copy_ = copy(account);                                             \
		FAILS(SB_ECORRUPT, text, apply(copy_, NULL, __VA_ARGS__));                         \
		account_free(copy_);                                                               \
	} while (0)

START_TEST(queued_jobs_go_away_and_return)
{
	struct account *account = base();

	OK(apply(account, NULL, queue(4, QUEUE_AWAY, "c1", "12,13,15+0,15+1")));
	ck_assert_int_eq(queue_state(account, "c1", 12, 0), QUEUE_UNDER_WAY);
	ck_assert_int_eq(queue_state(account, "c2", 12, 0), -1);
	ck_assert_int_eq(queue_state(account, "c1", 15, 0), -1);
	BREAKS(account, "moved before", queue(5, QUEUE_AWAY, "c1", "13"));
	BREAKS(account, "not away", queue(5, QUEUE_BACK, "c1", "12"));
	/* Another cluster has other jobs of these numbers. */
	OK(apply(account, NULL, queue(5, QUEUE_AWAY, "c2", "12")));
	BREAKS(account, "not of that entry", queued(6, 4, "14", ""));
	BREAKS(account, "in both lists", queued(6, 4, "12", "12"));
	OK(apply(account, NULL, queued(6, 4, "13", "15+1")));
	ck_assert_int_eq(queue_state(account, "c1", 12, 0), QUEUE_MOVED);
	ck_assert_int_eq(queue_state(account, "c1", 13, 0), QUEUE_LEFT);
	ck_assert_int_eq(queue_state(account, "c1", 15, 1), QUEUE_MOVED);
	ck_assert_int_eq(queue_state(account, "c1", 15, 2), -1);
	ck_assert_int_eq(queue_state(account, "c2", 12, 0), QUEUE_UNDER_WAY);
	account = through_store(account);
	BREAKS(account, "not away", queue(7, QUEUE_BACK, "c1", "13"));
	BREAKS(account, "not away", queue(7, QUEUE_BACK, "c2", "12"));
	struct event other = queue(7, QUEUE_BACK, "c1", "12");
	other.time_limit = 61;
	BREAKS(account, "another QOS or time limit", other);
	OK(apply(account, NULL, queue(7, QUEUE_BACK, "c1", "12,15+0")));
	ck_assert_int_eq(queue_state(account, "c1", 12, 0), QUEUE_UNDER_WAY);
	OK(apply(account, NULL, queued(8, 7, "15+0", "")));
	ck_assert_int_eq(queue_state(account, "c1", 12, 0), -1);
	ck_assert_int_eq(queue_state(account, "c1", 15, 1), QUEUE_LEFT);
	account = through_store(account);
	OK(apply(account, NULL, queued(9, 7, "", "15+0")));
	OK(apply(account, NULL, queued(10, 4, "", "13")));
	ck_assert_ptr_null(account_queue_batch(account, 4));
	OK(apply(account, NULL, queued(11, 5, "", "")));
	OK(apply(account, NULL, queued(12, 5, "", "12")));
	ck_assert_uint_eq(account->queue_job_count, 0);
	ck_assert_uint_eq(account->queue_batch_count, 0);
	ck_assert_int_eq(account->queue_time, T0 + 12);
	account_free(account);
}
END_TEST

START_TEST(jobs_that_slurm_refused_are_still_under_way)
{
	struct account *account = base();
	struct event failed = queued(5, 4, "12", "14");

	OK(apply(account, NULL, queue(4, QUEUE_AWAY, "c1", "12,13,14")));
	ck_assert_int_eq(account->queue_time, T0 + 4);
	failed.outcome = OUTCOME_FAILED;
	OK(apply(account, NULL, failed));
	account = through_store(account);
	ck_assert_int_eq(queue_state(account, "c1", 12, 0), QUEUE_UNDER_WAY);
	ck_assert_int_eq(queue_state(account, "c1", 13, 0), QUEUE_MOVED);
	ck_assert_int_eq(queue_state(account, "c1", 14, 0), -1);
	ck_assert_int_eq(account_queue_batch(account, 4)->refused, T0 + 5);
	ck_assert_int_eq(account->queue_time, T0 + 5);
	/* So are returns. */
	OK(apply(account, NULL, queue(6, QUEUE_BACK, "c1", "13")));
	failed = queued(7, 6, "13", "");
	failed.outcome = OUTCOME_FAILED;
	OK(apply(account, NULL, failed));
	ck_assert_int_eq(queue_state(account, "c1", 13, 0), QUEUE_UNDER_WAY);
	OK(apply(account, NULL, queued(8, 6, "", "")));
	ck_assert_int_eq(queue_state(account, "c1", 13, 0), -1);
	/* Only an entry with jobs that are gone moves the time of the list. */
	ck_assert_int_eq(account->queue_time, T0 + 5);
	account_free(account);
}
END_TEST

START_TEST(no_more_than_ten_thousand_jobs_are_away)
{
	struct account *account = base();
	uint64_t seq = 4;
	uint32_t number = 1;

	while (number <= QUEUE_JOBS_MAX) {
		char list[JOB_IDS_MAX + 1] = "";

		while (number <= QUEUE_JOBS_MAX && job_ids_add(list, (struct job_id){number, 0}))
			number++;
		OK(apply(account, NULL, queue(seq++, QUEUE_AWAY, "c1", list)));
	}
	ck_assert_uint_eq(account->queue_job_count, QUEUE_JOBS_MAX);
	account = through_store(account);
	FAILS(SB_ECORRUPT, "too many", apply(account, NULL, queue(seq, QUEUE_AWAY, "c2", "1")));
	account_free(account);
}
END_TEST

START_TEST(terms_replace_those_before_them)
{
	struct account *account = base();
	int64_t before = available(account);

	/* What could be used then exceeds int64. */
	FAILS(SB_EOVERFLOW, "can be counted",
	      apply(account, NULL, terms(4, ALLOWANCE_LIMITED, INT64_MAX, 0, "", "")));
	account_free(account);
	account = base();
	OK(apply(account, NULL,
		 terms(4, ALLOWANCE_UNLIMITED, 50, ENFORCE_LIMIT, "GrpTRESRunMins", "node")));
	ck_assert(account->unlimited);
	ck_assert_int_eq(available(account), before + 50);
	ck_assert_int_eq(account->enforcement, ENFORCE_LIMIT);
	ck_assert_str_eq(account->field, "GrpTRESRunMins");
	ck_assert_str_eq(account->tres, "node");
	ck_assert_uint_eq(account->decision, 4);
	/* The rest does not change: credit is not money that can be taken out. */
	ck_assert_uint_eq(account->lot_count, 1);
	OK(apply(account, NULL, terms(5, ALLOWANCE_LIMITED, 0, ENFORCE_SITE, "", "")));
	ck_assert(!account->unlimited);
	ck_assert_int_eq(available(account), before);
	ck_assert_str_eq(account->field, "");
	account_free(account);
}
END_TEST

static struct event quota_terms(uint64_t seq, int64_t time, int64_t amount)
{
	return (struct event){.kind = EVENT_TERMS,
			      .seq = seq,
			      .time = time,
			      .field = "",
			      .tres = "",
			      .quota = amount,
			      .every = amount ? EVERY_DAY : EVERY_NONE,
			      .start = amount ? T0 : 0};
}

static struct event quota(uint64_t seq, int64_t time, int64_t start, int64_t period, int64_t debt)
{
	struct event event = deposit(seq, time, 50, start, period, debt);

	event.period = period;
	return event;
}

START_TEST(no_time_gets_two_quotas)
{
	struct account *account = base();

	OK(apply(account, NULL, quota_terms(4, T0, 50)));
	ck_assert_int_eq(account->quota.since, T0);
	FAILS(SB_ECORRUPT, "has not begun", apply(account, NULL, quota(5, T0, T0 + 1, T0 + 10, 0)));
	account_free(account);
	account = base();
	OK(apply(account, NULL, quota_terms(4, T0, 50)));
	OK(apply(account, NULL, quota(5, T0, T0, T0 + 10, 0)));
	/* The end of the period stays when the quota is changed, and when the account is closed. */
	OK(apply(account, NULL, quota_terms(6, T0 + 1, 0)));
	OK(apply(account, NULL, quota_terms(7, T0 + 2, 60)));
	ck_assert_int_eq(account->quota.since, T0 + 2);
	OK(apply(account, NULL, (struct event){.kind = EVENT_CLOSE, .seq = 8, .time = T0 + 3}));
	OK(apply(account, NULL, (struct event){.kind = EVENT_OPEN, .seq = 9, .time = T0 + 4}));
	ck_assert_int_eq(account->opened, T0 + 4);
	ck_assert_int_eq(account->quota.granted, T0 + 10);
	FAILS(SB_ECORRUPT, "had a quota before",
	      apply(account, NULL, quota(10, T0 + 20, T0 + 9, T0 + 20, 0)));
	account_free(account);
}
END_TEST

/* Even one whose window is over; an ordinary deposit of that window pays nothing. */
START_TEST(a_quota_pays_debt_that_is_older)
{
	struct account *account = base();

	OK(apply(account, NULL, quota_terms(4, T0, 50)));
	plan_and_apply(account, charge(5, T0, T0 + 1, 1000, 170));
	ck_assert_int_eq(account->debt, 70);
	OK(apply(account, NULL, deposit(6, T0 + 30, 50, T0 + 10, T0 + 20, 0)));
	ck_assert_int_eq(account->debt, 70);
	OK(apply(account, NULL, quota(7, T0 + 30, T0 + 10, T0 + 20, 50)));
	ck_assert_int_eq(account->debt, 20);
	OK(apply(account, NULL,
		 (struct event){.kind = EVENT_FORGIVE,
				.seq = 8,
				.time = T0 + 30,
				.resource = RESOURCE_BILLING,
				.amount = 15}));
	ck_assert_int_eq(account->debt, 5);
	ck_assert_int_eq((int64_t)account->forgiven, 15);
	OK(apply(account, NULL, quota(9, T0 + 30, T0 + 20, T0 + 40, 5)));
	ck_assert_int_eq(available(account), 45);
	FAILS(SB_ECORRUPT, "another debt",
	      apply(account, NULL, quota(10, T0 + 40, T0 + 40, T0 + 50, 1)));
	account_free(account);
}
END_TEST

/* A limit whose value changes: which values Slurm may show are ours, and which the site's. */
START_TEST(predecessor_08_values_of_ours_differ_from_the_sites)
{
	struct account *account = base();
	const struct lever *state;

	OK(apply(account, NULL, lever(4, LEVER_HOLD, 5000, 10)));
	state = account_lever(account, "c1", "GrpTRESMins", "cpu");
	ck_assert(!state->found_ours);
	ck_assert(lever_is_ours(state, 10));
	ck_assert(!lever_is_ours(state, 5000));
	OK(apply(account, NULL, applied(5, 4, OUTCOME_DONE, "")));
	ck_assert(lever_in_force(state));
	OK(apply(account, NULL, lever(6, LEVER_HOLD, 10, 20)));
	ck_assert(!lever_in_force(state));
	ck_assert(state->found_ours);
	ck_assert_int_eq(state->ours_before, 10);
	OK(apply(account, NULL, applied(7, 6, OUTCOME_FAILED, "no")));
	ck_assert(!lever_in_force(state));
	/* The last one failed, so the one before it is still there and still known as ours. */
	OK(apply(account, NULL, lever(8, LEVER_HOLD, 10, 30)));
	ck_assert_int_eq(state->original, 5000);
	ck_assert(lever_is_ours(state, 10));
	ck_assert(lever_is_ours(state, 20));
	ck_assert(lever_is_ours(state, 30));
	ck_assert(!lever_is_ours(state, 5000));
	/* The site set another value, which is its own now. */
	OK(apply(account, NULL, lever(9, LEVER_HOLD, 77, 30)));
	ck_assert_int_eq(state->original, 77);
	ck_assert(!state->found_ours);
	ck_assert(!lever_is_ours(state, 77));
	FAILS(SB_ECORRUPT, "another value",
	      apply(account, NULL, lever(10, LEVER_RESTORE, 30, 5000)));
	account_free(account);
}
END_TEST

START_TEST(levers_differ_by_cluster_field_and_tres)
{
	static const char *const names[][3] = {
		{"c1", "GrpTRESMins", "cpu"}, {"c2", "GrpTRESMins", "cpu"},
		{"c1", "GrpTRES", "cpu"},     {"c1", "GrpTRESMins", "billing"},
		{"c1", "GrpTRESMins", ""},
	};
	struct account *account = base();

	for (uint64_t i = 0; i < COUNT(names); i++) {
		struct event event = lever(10 + i, LEVER_HOLD, (int64_t)i, 0);

		event.cluster = names[i][0];
		event.field = names[i][1];
		event.tres = names[i][2];
		OK(apply(account, NULL, event));
	}
	/* Remove from the middle, the front and the end, and add again. */
	for (uint64_t round = 0; round < 3; round++) {
		static const size_t order[] = {2, 0, 4, 1, 3};

		for (size_t j = 0; j < COUNT(order); j++) {
			size_t i = order[j];
			uint64_t seq = 100 * (round + 1) + 10 * i;
			struct event event = lever(seq, LEVER_RESTORE, 0, (int64_t)i);

			event.cluster = names[i][0];
			event.field = names[i][1];
			event.tres = names[i][2];
			OK(apply(account, NULL, event));
			OK(apply(account, NULL, applied(seq + 1, seq, OUTCOME_DONE, "")));
			ck_assert_uint_eq(account->lever_count, COUNT(names) - 1 - j);
		}
		for (size_t i = 0; i < COUNT(names); i++) {
			struct event event =
				lever(100 * (round + 1) + 50 + i, LEVER_HOLD, (int64_t)i, 0);

			event.cluster = names[i][0];
			event.field = names[i][1];
			event.tres = names[i][2];
			OK(apply(account, NULL, event));
			ck_assert_int_eq(
				account_lever(account, names[i][0], names[i][1], names[i][2])
					->original,
				(int64_t)i);
		}
	}
	account_free(account);
}
END_TEST

/* A state that perhaps no journal makes, but that settling must treat in the same way. */
static struct account *random_state(uint64_t *random)
{
	struct account *account = new_account("r");
	uint64_t lots = 1 + util_random(random) % 6;
	int64_t used, allocated;

	OK(apply(account, NULL, (struct event){.kind = EVENT_OPEN, .seq = 1, .time = T0}));
	for (uint64_t i = 0; i < lots; i++) {
		int64_t start = T0 - 5 + util_below(random, 20);
		int64_t end = start + 1 + util_below(random, 12);

		OK(apply(account, NULL,
			 deposit(2 + i, T0, 1 + util_below(random, 30), start,
				 util_below(random, 4) ? end : WHEN_NEVER, 0)));
	}
	/* Debt that no lot covers: spend what is active and owe the rest. */
	for (size_t i = 0; i < account->lot_count; i++) {
		struct lot *lot = &account->lots[i];

		if (lot_active(lot, T0)) {
			account->charged += lot->rest;
			lot->rest = 0;
		}
	}
	account->debt = util_below(random, 80);
	account->charged += account->debt;
	account->causes = (unsigned)util_below(random, 8);
	if (util_below(random, 2))
		account->hand_until = T0 + 1 + util_below(random, 20);
	if (util_below(random, 2))
		account->grace_until = T0 + 1 + util_below(random, 20);
	/* All that were reached; use drops below some when lots start and end. */
	account->crossed = calloc(4, sizeof(*account->crossed));
	ck_assert_ptr_nonnull(account->crossed);
	OK(account_used(account, &used, &error));
	OK(account_allocated(account, &allocated, &error));
	for (int64_t level = 1; level <= 1000; level *= 10) {
		if (amount_reaches(used, allocated, level))
			account->crossed[account->crossed_count++] = level;
	}
	return account;
}

START_TEST(settling_in_one_step_equals_settling_in_many)
{
	uint64_t random = util_seed();

	for (int i = 0; i < CASES; i++) {
		struct account *once = random_state(&random), *often = copy(once);
		int64_t time = T0;
		int64_t end = T0 + util_below(&random, 40);

		while (time < end) {
			int64_t step = time + util_below(&random, 6);

			time = step < end ? step : end;
			OK(account_settle(often, time, &error));
			/* Never backward. */
			OK(account_settle(often, time - 3, &error));
		}
		OK(account_settle(once, end, &error));
		ck_assert_int_eq(once->time, end);
		ck_same(once, often, "settled in steps");
		/* Debt must not exist beside money, which would pay it. */
		if (once->debt > 0)
			ck_assert_int_eq(available(once), -once->debt);
		account_free(once);
		account_free(often);
	}
}
END_TEST

/* A random journal of two accounts that keeps the rules. */
struct journal {
	struct event events[ENTRIES];
	int whose[ENTRIES]; /* index of the account */
	int count;
};

static const char *const clusters[] = {"c1", "c2", "c3"};

static void random_event(uint64_t *random, struct account *accounts[2], int64_t time, int who,
			 struct event *event)
{
	struct account *account = accounts[who], *other = accounts[1 - who];
	const struct meter *meter;
	const char *cluster = clusters[util_below(random, 3)];
	int64_t all;

	OK(account_rest(account, &all, &error));
	event->time = time;
	event->account = account->name;
	event->resource = RESOURCE_BILLING;
	event->amount = 1 + util_below(random, 50);
	switch (util_below(random, 10)) {
	case 0:
		event->kind =
			account->open && util_below(random, 3) == 0 ? EVENT_CLOSE : EVENT_OPEN;
		if (event->kind == EVENT_OPEN && (account->open || *account->successor))
			event->kind = EVENT_HOLD;
		return;
	case 1:
	case 2:
		if (!account->open)
			break;
		event->kind = EVENT_DEPOSIT;
		event->start = time - 20 + util_below(random, 40);
		event->end = util_below(random, 3) ? event->start + 1 + util_below(random, 40)
						   : WHEN_NEVER;
		if (event->start <= time && time < event->end)
			event->debt = plan_debt(account, event->amount);
		return;
	case 3:
		if (all == 0)
			break;
		event->kind = EVENT_WITHDRAW;
		event->amount = 1 + util_below(random, all);
		OK(plan_take(account, event, &error));
		return;
	case 4:
		if (all == 0 || !other->open)
			break;
		event->kind = EVENT_TRANSFER;
		event->to = other->name;
		event->amount = 1 + util_below(random, all);
		OK(plan_take(account, event, &error));
		event->debt = plan_debt(other, event->amount);
		return;
	case 5:
	case 6:
		event->cluster = cluster;
		meter = account_meter(account, cluster);
		if (!meter || meter->time >= time) {
			event->kind = EVENT_BASELINE;
			event->before = meter ? meter->reading : -1;
			event->now = util_below(random, 1000);
			return;
		}
		event->kind = EVENT_CHARGE;
		event->before = meter->reading;
		event->now = meter->reading + event->amount;
		event->since = meter->time + util_below(random, time - meter->time);
		event->until = event->since + 1 + util_below(random, time - event->since);
		OK(plan_charge(account, event, &error));
		return;
	case 7:
		event->cluster = cluster;
		event->slurm_account = account->name;
		event->field = "GrpTRESMins";
		event->tres = "cpu";
		event->answers = 1;
		event->found = util_below(random, 100) - 1;
		event->kind = EVENT_LEVER;
		if (account_lever(account, cluster, "GrpTRESMins", "cpu") &&
		    util_below(random, 2)) {
			event->action = LEVER_RESTORE;
			event->set =
				account_lever(account, cluster, "GrpTRESMins", "cpu")->original;
		}
		return;
	case 8:
		event->to = other->name;
		/* Seldom at first: it ends the account. */
		if (!other->open || (account->open && util_below(random, 8)))
			break;
		event->kind = EVENT_MERGE;
		OK(plan_merge(account, event, &error));
		return;
	default:
		if (account->lever_count == 0)
			break;
		event->kind = EVENT_APPLIED;
		event->answers =
			account->levers[util_below(random, (int64_t)account->lever_count)].seq;
		event->outcome = (uint8_t)util_below(random, 2);
		event->reason = event->outcome ? "no" : "";
		return;
	}
	event->kind = util_below(random, 2) ? EVENT_HOLD : EVENT_RELEASE;
	event->cause = (uint8_t)util_below(random, 2);
	event->until = util_below(random, 2) ? time + 1 + util_below(random, 30) : 0;
}

static void make_journal(uint64_t *random, struct journal *journal, struct account *accounts[2])
{
	int64_t time = T0;

	*journal = (struct journal){0};
	for (int i = 0; i < ENTRIES; i++) {
		struct event *event = &journal->events[i];
		int who = i < 2 ? i : (int)util_below(random, 2);

		time += util_below(random, 12);
		OK(account_settle(accounts[0], time, &error));
		OK(account_settle(accounts[1], time, &error));
		if (i < 2)
			*event = (struct event){
				.kind = EVENT_OPEN, .time = time, .account = accounts[who]->name};
		else
			random_event(random, accounts, time, who, event);
		event->seq = (uint64_t)i + 1;
		journal->whose[i] = who;
		journal->count++;
		OK(event_check(event, &error));
		ck_assert_msg(account_apply(accounts[who],
					    event_receiver(event) ? accounts[1 - who] : NULL, event,
					    &error) == SB_OK,
			      "entry %d: %s", i, error.text);
	}
}

static struct account *through_store(struct account *account)
{
	struct bytes bytes = encode(account);
	struct account *decoded = NULL;

	OK(account_decode(bytes.data, bytes.len, &decoded, &error));
	ck_same(account, decoded, "decoded");
	account_free(account);
	bytes_release(&bytes);
	return decoded;
}

START_TEST(a_journal_split_at_any_point_gives_the_same_states)
{
	uint64_t random = util_seed();
	static struct journal journal;

	for (int n = 0; n < JOURNALS; n++) {
		struct account *whole[] = {new_account("a"), new_account("b")};

		make_journal(&random, &journal, whole);
		for (int split = 0; split <= journal.count; split++) {
			struct account *again[] = {new_account("a"), new_account("b")};

			for (int i = 0; i < journal.count; i++) {
				const struct event *event = &journal.events[i];
				int who = journal.whose[i];

				if (i == split) {
					/* As between two processes, the second of which reads
					 * later. */
					again[0] = through_store(again[0]);
					again[1] = through_store(again[1]);
					OK(account_settle(again[util_below(&random, 2)],
							  event->time, &error));
				}
				OK(account_apply(again[who],
						 event_receiver(event) ? again[1 - who] : NULL,
						 event, &error));
			}
			for (int who = 0; who < 2; who++) {
				OK(account_settle(again[who], whole[who]->time, &error));
				ck_same(whole[who], again[who], "split");
				account_free(again[who]);
			}
		}
		for (int i = 0; i < journal.count; i++)
			event_release(&journal.events[i]);
		account_free(whole[0]);
		account_free(whole[1]);
	}
}
END_TEST

/* Every number at a bound, every text at its longest. */
static struct account *large_state(void)
{
	struct account *account = base();
	char name[NAME_SIZE];

	memset(name, 'z', NAME_SIZE - 1);
	name[NAME_SIZE - 1] = '\0';
	memcpy(account->name, name, NAME_SIZE);
	account->open = account->unlimited = true;
	account->credit = account->debt = INT64_MAX / 4;
	account->deposited = account->charged = (__int128)INT64_MAX * (INT64_MAX / 16);
	account->withdrawn = account->received = account->sent = (__int128)INT64_MAX << 59;
	account->seq = account->decision = UINT64_MAX;
	account->causes = 7;
	account->hand_until = account->grace_until = WHEN_MAX;
	account->quota = (struct quota){.amount = INT64_MAX,
					.every = EVERY_YEAR,
					.start = WHEN_MAX,
					.carry = EVENT_CARRY_MAX,
					.forgive_below = INT64_MAX,
					.since = WHEN_MAX,
					.granted = WHEN_MAX};
	account->forgiven = (__int128)INT64_MAX << 59;
	account->lots[0] = (struct lot){.seq = UINT64_MAX,
					.index = UINT16_MAX,
					.start = INT64_MIN,
					.end = WHEN_NEVER,
					.amount = INT64_MAX / 4,
					.rest = INT64_MAX / 4};
	memcpy(account->meters[0].cluster, name, NAME_SIZE);
	account->levers = calloc(4, sizeof(*account->levers));
	ck_assert_ptr_nonnull(account->levers);
	account->lever_count = 3;
	for (size_t i = 0; i < account->lever_count; i++) {
		struct lever *lever = &account->levers[i];

		*lever = (struct lever){.seq = UINT64_MAX,
					.decision = UINT64_MAX,
					.original = INT64_MAX,
					.set = -1,
					.restoring = true,
					.tried = true,
					.outcome = OUTCOME_FAILED};
		memcpy(lever->cluster, name, NAME_SIZE);
		memcpy(lever->slurm_account, name, NAME_SIZE);
		memcpy(lever->field, name + NAME_SIZE - 65, 65);
		memcpy(lever->tres, name + NAME_SIZE - 65, 65);
		memcpy(lever->reason, name, NAME_SIZE);
	}
	memcpy(account->successor, name, NAME_SIZE);
	account->merges = calloc(2, sizeof(*account->merges));
	ck_assert_ptr_nonnull(account->merges);
	account->merges[0] = UINT64_MAX - 1;
	account->merges[1] = UINT64_MAX;
	account->merge_count = 2;
	account->renamed_from = UINT64_MAX - 3;
	account->renamed_to = UINT64_MAX - 2;
	account->queue_time = WHEN_MAX;
	account->queue_batches = calloc(2, sizeof(*account->queue_batches));
	account->queue_jobs = calloc(2, sizeof(*account->queue_jobs));
	ck_assert(account->queue_batches && account->queue_jobs);
	account->queue_batch_count = account->queue_job_count = 1;
	account->queue_batches[0] = (struct queue_batch){
		.seq = UINT64_MAX, .time_limit = INT64_MAX, .action = QUEUE_BACK};
	memcpy(account->queue_batches[0].cluster, name, NAME_SIZE);
	memcpy(account->queue_batches[0].qos, name, NAME_SIZE);
	memcpy(account->queue_batches[0].to_qos, name, NAME_SIZE);
	account->queue_jobs[0] = (struct queue_job){
		.id = {UINT32_MAX, UINT16_MAX}, .state = QUEUE_LEFT, .batch = UINT64_MAX};
	return account;
}

START_TEST(states_cut_short_or_longer_are_refused)
{
	struct account *states[] = {new_account("a"), base(), large_state()};

	for (size_t i = 0; i < COUNT(states); i++) {
		struct bytes bytes = encode(states[i]);
		struct account *decoded = NULL;

		for (size_t len = 0; len < bytes.len; len++) {
			unsigned char *cut = malloc(len ? len : 1);

			ck_assert_ptr_nonnull(cut);
			memcpy(cut, bytes.data, len);
			ck_assert_int_eq(account_decode(cut, len, &decoded, &error), SB_ECORRUPT);
			ck_assert_ptr_null(decoded);
			free(cut);
		}
		bytes_put_u8(&bytes, 0);
		ck_assert_int_eq(account_decode(bytes.data, bytes.len, &decoded, &error),
				 SB_ECORRUPT);
		bytes_release(&bytes);
		account_free(states[i]);
	}
}
END_TEST

/* Adds a lot with the end of the last one. */
static void add_later_lot(struct account *account)
{
	struct lot lot = account->lots[account->lot_count - 1];

	lot.seq++;
	lot.amount = lot.rest = 0;
	OK(account_add_lot(account, lot, &error));
}

/* The store has no checksums, so states with a flipped bit must be refused. */
START_TEST(states_that_no_entry_makes_are_refused)
{
	for (int i = 0; i < 22; i++) {
		struct account *account = base(), *decoded = NULL;
		struct meter *meter;
		struct bytes bytes;

		switch (i) {
		case 0:
			account->lots[0].rest = account->lots[0].amount + 1;
			break;
		case 1:
			account->lots[0].rest = -1;
			break;
		case 2:
			account->lots[0].amount = INT64_MIN;
			break;
		case 3:
			account->debt = -1;
			break;
		case 4:
			account->credit = -1;
			break;
		case 5:
			account->debt = account->credit = INT64_MAX / 2 + 1;
			break;
		case 6:
			account->causes = 16;
			break;
		case 7:
			account->enforcement = ENFORCE_SCAVENGE + 1;
			break;
		case 8:
			account->meters[0].reading = INT64_MIN;
			break;
		case 9:
			account->meters[0].time = -1;
			break;
		case 10: /* not in order */
			meter = array_insert(account->meters, account->meter_count, 0);
			ck_assert_ptr_nonnull(meter);
			(void)snprintf(meter->cluster, sizeof(meter->cluster), "c2");
			break;
		case 11: /* there twice */
			meter = array_insert(account->meters, account->meter_count, 0);
			ck_assert_ptr_nonnull(meter);
			(void)snprintf(meter->cluster, sizeof(meter->cluster), "c1");
			break;
		case 12:
			account->quota.amount = 1;
			break;
		case 13:
			account->quota.every = EVERY_COUNT;
			break;
		case 14:
			account->quota.start = WHEN_MAX + 1;
			break;
		case 15:
			account->quota.carry = EVENT_CARRY_MAX + 1;
			break;
		case 16:
			OK(apply(account, NULL, queue(4, QUEUE_AWAY, "c1", "12")));
			account->queue_batches[0].time_limit = -2;
			break;
		case 17: /* not in order */
			OK(apply(account, NULL, queue(4, QUEUE_AWAY, "c1", "12,13")));
			account->queue_jobs[0].id.number = 14;
			break;
		case 18: /* not in order */
			account->merges = calloc(2, sizeof(*account->merges));
			ck_assert_ptr_nonnull(account->merges);
			account->merges[0] = account->merges[1] = 2;
			account->merge_count = 2;
			break;
		case 19: /* not in the order of spending */
			add_later_lot(account);
			account->lots[account->lot_count - 1].end = account->lots[0].start;
			break;
		case 20: /* noticed, unlike another lot with that end */
			add_later_lot(account);
			account->lots[account->lot_count - 1].noticed = true;
			break;
		default:
			account->charged = (__int128)INT64_MAX << 63;
			break;
		}
		bytes = encode(account);
		FAILS(SB_ECORRUPT, "malformed",
		      account_decode(bytes.data, bytes.len, &decoded, &error));
		ck_assert_ptr_null(decoded);
		bytes_release(&bytes);
		account_free(account);
	}
}
END_TEST

START_TEST(a_changed_state_never_crashes)
{
	struct account *state = large_state();
	struct bytes bytes = encode(state);

	for (size_t i = 0; i < bytes.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct account *decoded = NULL;

			bytes.data[i] ^= (unsigned char)(1u << bit);
			if (account_decode(bytes.data, bytes.len, &decoded, &error) == SB_OK)
				account_free(decoded);
			bytes.data[i] ^= (unsigned char)(1u << bit);
		}
	}
	bytes_release(&bytes);
	account_free(state);
}
END_TEST

START_TEST(states_survive_storing)
{
	struct account *states[] = {new_account("a"), base(), large_state()};

	for (size_t i = 0; i < COUNT(states); i++) {
		states[i] = through_store(states[i]);
		account_free(states[i]);
	}
	account_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("account");
	TCase *rules = tcase_create("rules"), *time = tcase_create("time");
	TCase *states = tcase_create("states");

	tcase_set_timeout(rules, TEST_TIMEOUT);
	tcase_set_timeout(time, TEST_TIMEOUT);
	tcase_set_timeout(states, TEST_TIMEOUT);
	tcase_add_test(rules, entries_that_break_a_rule_are_refused);
	tcase_add_test(rules, closed_and_unopened_accounts_take_no_money);
	tcase_add_test(rules, sums_past_int64_are_refused);
	tcase_add_test(rules, a_mistake_taken_back_leaves_room);
	tcase_add_test(rules, money_pays_debt_first);
	tcase_add_test(rules, lots_are_spent_earliest_end_first);
	tcase_add_test(rules, a_charge_draws_on_lots_whose_window_overlaps_the_use);
	tcase_add_test(rules, transfers_keep_the_windows);
	tcase_add_test(rules, successions_that_break_a_rule_are_refused);
	tcase_add_test(rules, an_account_is_taken_over_once_and_by_another_of_its_kind);
	tcase_add_test(rules, a_rename_gives_everything_but_what_concerns_slurm);
	tcase_add_test(rules, a_merge_gives_what_can_still_be_spent);
	tcase_add_test(rules, late_use_is_paid_from_the_windows_of_then);
	tcase_add_test(rules, late_use_needs_an_account_that_was_taken_over);
	tcase_add_test(rules, a_takeover_past_int64_is_refused);
	tcase_add_test(rules, used_counts_what_is_spent_and_owed);
	tcase_add_test(rules, an_account_can_have_several_causes_of_hold);
	tcase_add_test(rules, a_later_hold_by_hand_replaces_the_one_before);
	tcase_add_test(rules, a_lever_keeps_what_was_found_first);
	tcase_add_test(rules, lists_of_jobs_have_one_form);
	tcase_add_test(rules, queued_jobs_go_away_and_return);
	tcase_add_test(rules, jobs_that_slurm_refused_are_still_under_way);
	tcase_add_test(rules, no_more_than_ten_thousand_jobs_are_away);
	tcase_add_test(rules, terms_replace_those_before_them);
	tcase_add_test(rules, no_time_gets_two_quotas);
	tcase_add_test(rules, a_quota_pays_debt_that_is_older);
	tcase_add_test(rules, predecessor_08_values_of_ours_differ_from_the_sites);
	tcase_add_test(rules, levers_differ_by_cluster_field_and_tres);
	tcase_add_test(time, a_lot_is_available_from_its_start_until_before_its_end);
	tcase_add_test(time, a_future_lot_pays_debt_when_it_starts);
	tcase_add_test(time, holds_and_graces_end_exactly_at_their_time);
	tcase_add_test(time, settling_in_one_step_equals_settling_in_many);
	tcase_add_test(states, states_cut_short_or_longer_are_refused);
	tcase_add_test(states, states_that_no_entry_makes_are_refused);
	tcase_add_test(states, a_changed_state_never_crashes);
	tcase_add_test(states, a_journal_split_at_any_point_gives_the_same_states);
	tcase_add_test(states, states_survive_storing);
	suite_add_tcase(suite, rules);
	suite_add_tcase(suite, time);
	suite_add_tcase(suite, states);
	return util_run(suite);
}
