/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Corrections: what the rules refuse, and long random histories of them. */
#include <inttypes.h>

#include "ledger/account/policy.h"
#include "ledger/books/correct.h"
#include "tests/util.h"

enum { ROUNDS = 12, STEPS = 120 };

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

#define ANN .account = "ann", .resource = RESOURCE_BILLING, .end = WHEN_NEVER

/* "ann" has lot 3, of 100 in [T0, T0 + 10 h), of which entry 4 charged 60, and lot 6, of 50 without
 * an end; entry 7 moved 20 of lot 3 to "bob". */
static void begin(void)
{
	util_open_account(bank, T0, "ann");
	util_append(bank, T0,
		    &(struct event){.kind = EVENT_BASELINE, ANN, .cluster = "c1", .before = -1});
	util_append(bank, T0,
		    &(struct event){.kind = EVENT_DEPOSIT,
				    .account = "ann",
				    .resource = RESOURCE_BILLING,
				    .amount = 100,
				    .start = T0,
				    .end = T0 + 10 * HOUR});
	util_append(bank, T0 + HOUR,
		    &(struct event){.kind = EVENT_CHARGE,
				    ANN,
				    .cluster = "c1",
				    .amount = 60,
				    .now = 60,
				    .since = T0,
				    .until = T0 + HOUR});
	util_open_account(bank, T0 + HOUR, "bob");
	util_deposit(bank, T0 + HOUR, "ann", 50);
	util_append(bank, T0 + HOUR,
		    &(struct event){.kind = EVENT_TRANSFER, ANN, .to = "bob", .amount = 20});
	ck_assert_uint_eq(util_head(bank).seq, 7);
}

/* Use of the first hour. */
#define USED ANN, .since = T0, .until = T0 + HOUR

#define PART(lot, index, amount) .parts = (struct part[]){{lot, index, amount}}, .part_count = 1

START_TEST(answers_that_break_a_rule_are_refused)
{
	const struct {
		struct event event;
		int code;
		const char *text;
	} cases[] = {
		/* Refunds. */
		{{.kind = EVENT_REFUND, ANN, .answers = 4, .amount = 61, PART(6, 0, 61)},
		 SB_ECORRUPT,
		 "more than was spent"},
		{{.kind = EVENT_REFUND, ANN, .answers = 4, .amount = 1, PART(6, 0, 1)},
		 SB_ECORRUPT,
		 "more than was spent"},
		{{.kind = EVENT_REFUND, ANN, .answers = 4, .amount = 1, .debt = 1},
		 SB_ECORRUPT,
		 "more debt than there is"},
		{{.kind = EVENT_REFUND, ANN, .answers = 4, .amount = 2, PART(3, 0, 1)},
		 SB_EINVAL,
		 "add up to"},
		{{.kind = EVENT_REFUND, ANN, .answers = 4, .amount = 1, PART(9, 0, 1)},
		 SB_ECORRUPT,
		 "not active"},
		{{.kind = EVENT_REFUND,
		  ANN,
		  .answers = 4,
		  .amount = 61,
		  .start = T0,
		  PART(8, 0, 61)},
		 SB_ECORRUPT,
		 "does not fit entry 4"},
		{{.kind = EVENT_REFUND, ANN, .answers = 3, .amount = 1, PART(3, 0, 1)},
		 SB_ECORRUPT,
		 "does not fit entry 3"},
		{{.kind = EVENT_REFUND, ANN, .answers = 8, .amount = 1, PART(3, 0, 1)},
		 SB_ECORRUPT,
		 "fit entry 8"},
		{{.kind = EVENT_REFUND, ANN, .answers = 99, .amount = 1, PART(3, 0, 1)},
		 SB_ECORRUPT,
		 "entry 99"},
		{{.kind = EVENT_REFUND,
		  .account = "bob",
		  .resource = RESOURCE_BILLING,
		  .end = WHEN_NEVER,
		  .answers = 4,
		  .amount = 1,
		  PART(8, 0, 1)},
		 SB_ECORRUPT,
		 "does not fit entry 4"},
		{{.kind = EVENT_REFUND,
		  .account = "ann",
		  .resource = RESOURCE_BILLING,
		  .end = T0 + HOUR,
		  .answers = 4,
		  .amount = 1,
		  PART(8, 0, 1)},
		 SB_ECORRUPT,
		 "new window is over"},
		{{.kind = EVENT_REFUND,
		  .account = "ann",
		  .resource = RESOURCE_BILLING,
		  .start = T0 + HOUR,
		  .end = T0 + HOUR,
		  .answers = 4,
		  .amount = 1,
		  PART(8, 0, 1)},
		 SB_EINVAL,
		 "before it starts"},
		/* Reversals. */
		{{.kind = EVENT_REVERSE,
		  ANN,
		  .answers = 6,
		  .reverses = REVERSED_DEPOSIT,
		  .amount = 49,
		  PART(6, 0, 49)},
		 SB_ECORRUPT,
		 "taken out since"},
		{{.kind = EVENT_REVERSE,
		  ANN,
		  .answers = 6,
		  .reverses = REVERSED_DEPOSIT,
		  .amount = 50,
		  PART(6, 0, 49),
		  .debt = 1},
		 SB_ECORRUPT,
		 "something else"},
		{{.kind = EVENT_REVERSE,
		  ANN,
		  .answers = 6,
		  .reverses = REVERSED_DEPOSIT,
		  .amount = 50,
		  PART(3, 0, 50)},
		 SB_ECORRUPT,
		 "something else"},
		{{.kind = EVENT_REVERSE,
		  ANN,
		  .answers = 3,
		  .reverses = REVERSED_DEPOSIT,
		  .amount = 100,
		  PART(3, 0, 20),
		  .debt = 80},
		 SB_ECORRUPT,
		 "taken out since"},
		{{.kind = EVENT_REVERSE,
		  ANN,
		  .answers = 6,
		  .reverses = REVERSED_WITHDRAW,
		  .amount = 50,
		  PART(6, 0, 50)},
		 SB_ECORRUPT,
		 "does not fit entry 6"},
		{{.kind = EVENT_REVERSE,
		  ANN,
		  .answers = 4,
		  .reverses = REVERSED_CHARGE,
		  .amount = 59,
		  PART(3, 0, 59)},
		 SB_ECORRUPT,
		 "does not fit entry 4"},
		{{.kind = EVENT_REVERSE,
		  ANN,
		  .to = "bob",
		  .answers = 7,
		  .reverses = REVERSED_TRANSFER,
		  .amount = 19,
		  PART(3, 0, 19)},
		 SB_ECORRUPT,
		 "taken out since"},
		{{.kind = EVENT_REVERSE,
		  ANN,
		  .to = "bob",
		  .answers = 7,
		  .reverses = REVERSED_TRANSFER,
		  .amount = 20,
		  PART(3, 0, 20),
		  .debt = 1},
		 SB_ECORRUPT,
		 "another debt"},
		{{.kind = EVENT_REVERSE,
		  ANN,
		  .answers = 7,
		  .reverses = REVERSED_TRANSFER,
		  .amount = 20,
		  PART(3, 0, 20)},
		 SB_EINVAL,
		 "to"},
		{{.kind = EVENT_REVERSE,
		  ANN,
		  .to = "ann",
		  .answers = 7,
		  .reverses = REVERSED_TRANSFER,
		  .amount = 20,
		  PART(3, 0, 20)},
		 SB_EINVAL,
		 "the same"},
		{{.kind = EVENT_REVERSE,
		  ANN,
		  .to = "bob",
		  .answers = 6,
		  .reverses = REVERSED_DEPOSIT,
		  .amount = 50,
		  PART(6, 0, 50)},
		 SB_EINVAL,
		 "only a transfer"},
		/* Adjustments. */
		{{.kind = EVENT_ADJUST, ANN, .amount = 51, PART(6, 0, 51)},
		 SB_ECORRUPT,
		 "more than a lot was given"},
		{{.kind = EVENT_ADJUST, ANN, .amount = 50, PART(6, 0, 50), .debt = 1},
		 SB_ECORRUPT,
		 "another debt"},
		{{.kind = EVENT_ADJUST, ANN, .amount = 80, PART(3, 0, 80), .debt = 59},
		 SB_ECORRUPT,
		 "another debt"},
		/* Reconciliations. */
		{{.kind = EVENT_RECONCILE, USED, .cluster = "c2", .amount = 20, PART(3, 0, 20)},
		 SB_ECORRUPT,
		 "nothing is counted"},
		{{.kind = EVENT_RECONCILE, USED, .cluster = "c1", .amount = 21, PART(3, 0, 21)},
		 SB_ECORRUPT,
		 "more than a lot holds"},
		{{.kind = EVENT_RECONCILE,
		  .account = "ann",
		  .resource = RESOURCE_BILLING,
		  .end = WHEN_NEVER,
		  .cluster = "c1",
		  .since = T0 - HOUR,
		  .until = T0,
		  .amount = 20,
		  PART(3, 0, 20)},
		 SB_ECORRUPT,
		 "outside its window"},
		{{.kind = EVENT_RECONCILE,
		  .account = "ann",
		  .resource = RESOURCE_BILLING,
		  .end = WHEN_NEVER,
		  .cluster = "c1",
		  .since = T0,
		  .until = T0 + HOUR + 1,
		  .amount = 20,
		  .debt = 20},
		 SB_ECORRUPT,
		 "a time to come"},
		{{.kind = EVENT_RECONCILE,
		  USED,
		  .cluster = "c1",
		  .use = USE_LESS,
		  .amount = 61,
		  PART(3, 0, 61)},
		 SB_ECORRUPT,
		 "more than was spent"},
		{{.kind = EVENT_RECONCILE,
		  USED,
		  .cluster = "c1",
		  .use = USE_LESS,
		  .amount = 2,
		  .debt = 1,
		  PART(3, 0, 1)},
		 SB_ECORRUPT,
		 "more debt than there is"},
		{{.kind = EVENT_RECONCILE,
		  USED,
		  .cluster = "c1",
		  .use = USE_LESS,
		  .amount = 2,
		  .debt = 1},
		 SB_EINVAL,
		 "add up to"},
		{{.kind = EVENT_RECONCILE, ANN, .cluster = "c1", .amount = 1, .debt = 1},
		 SB_EINVAL,
		 "ends before it starts"},
		/* Jobs, and what is charged by. */
		{{.kind = EVENT_CHARGE_JOB,
		  USED,
		  .cluster = "c1",
		  .slurm_account = "ann",
		  .amount = 1},
		 SB_ECORRUPT,
		 "not metered by jobs"},
		{{.kind = EVENT_METER, ANN, .cluster = "c1", .meter = METER_SITE, .before = 60},
		 SB_EINVAL,
		 "rawusage or jobs"},
		{{.kind = EVENT_METER, ANN, .cluster = "c1", .meter = METER_RAWUSAGE, .before = 60},
		 SB_ECORRUPT,
		 "so already"},
		{{.kind = EVENT_METER, ANN, .cluster = "c1", .meter = METER_JOBS, .before = 59},
		 SB_ECORRUPT,
		 "not the last one"},
		{{.kind = EVENT_METER, ANN, .cluster = "c2", .meter = METER_JOBS, .before = 60},
		 SB_ECORRUPT,
		 "not the last one"},
		{{.kind = EVENT_METER,
		  ANN,
		  .cluster = "c1",
		  .meter = METER_JOBS,
		  .before = 60,
		  .since = T0 + HOUR + 1},
		 SB_ECORRUPT,
		 "a time to come"},
		/* What time brings. */
		{{.kind = EVENT_EXPIRE,
		  .account = "ann",
		  .resource = RESOURCE_BILLING,
		  .end = T0 + 10 * HOUR,
		  .amount = 20,
		  PART(3, 0, 20)},
		 SB_ECORRUPT,
		 "has not ended"},
		{{.kind = EVENT_EXPIRE, ANN, .amount = 50, PART(6, 0, 50)}, SB_EINVAL, "no end"},
		{{.kind = EVENT_EXPIRE,
		  .account = "ann",
		  .resource = RESOURCE_BILLING,
		  .end = T0 + HOUR,
		  .amount = 20,
		  PART(3, 0, 20)},
		 SB_ECORRUPT,
		 "another end"},
		{{.kind = EVENT_THRESHOLD, ANN, .level = 60, .used = 60, .allocated = 100},
		 SB_ECORRUPT,
		 "balance is another"},
		{{.kind = EVENT_THRESHOLD, ANN, .level = 60, .used = 59, .allocated = 100},
		 SB_EINVAL,
		 "below"},
		{{.kind = EVENT_NOTICE, ANN, .amount = 50}, SB_EINVAL, "no end"},
		{{.kind = EVENT_NOTICE,
		  .account = "ann",
		  .resource = RESOURCE_BILLING,
		  .end = T0 + HOUR,
		  .amount = 20},
		 SB_ECORRUPT,
		 "has ended"},
		{{.kind = EVENT_NOTICE,
		  .account = "ann",
		  .resource = RESOURCE_BILLING,
		  .end = T0 + 10 * HOUR,
		  .amount = 21},
		 SB_ECORRUPT,
		 "what is left"},
		{{.kind = EVENT_NOTIFIED, ANN, .answers = 4, .outcome = OUTCOME_LEFT},
		 SB_EINVAL,
		 "has failed"},
	};

	begin();
	for (size_t i = 0; i < COUNT(cases); i++) {
		int rc = util_try(bank, T0 + HOUR, &cases[i].event);

		ck_assert_msg(rc == cases[i].code && strstr(error.text, cases[i].text),
			      "case %zu gave %d: '%s', not %d: '%s'", i, rc, error.text,
			      cases[i].code, cases[i].text);
		ck_assert_uint_eq(util_head(bank).seq, 7);
	}
	ck_assert_int_eq(util_verify(bank), 0);
}
END_TEST

/* Behind a switch to jobs readings charge nothing, and jobs nothing from before. */
START_TEST(a_meter_counts_one_way_at_a_time)
{
	struct event reading = {
		.kind = EVENT_CHARGE, USED, .cluster = "c1", .amount = 5, .before = 60, .now = 65};
	struct event job = {.kind = EVENT_CHARGE_JOB,
			    USED,
			    .cluster = "c1",
			    .amount = 5,
			    .slurm_account = "ann",
			    .job = "1"};

	begin();
	util_append(bank, T0 + 2 * HOUR,
		    &(struct event){.kind = EVENT_METER,
				    ANN,
				    .cluster = "c1",
				    .meter = METER_JOBS,
				    .before = 60,
				    .now = 60,
				    .since = T0 + HOUR / 2});
	reading.since = T0 + 2 * HOUR;
	reading.until = T0 + 3 * HOUR;
	FAILS(SB_ECORRUPT, "metered by jobs", util_try(bank, T0 + 3 * HOUR, &reading));
	FAILS(SB_ECORRUPT, "before jobs were counted", util_try(bank, T0 + 3 * HOUR, &job));
	job.since = T0 + HOUR / 2;
	util_append(bank, T0 + 3 * HOUR, &job);
	util_append(bank, T0 + 3 * HOUR,
		    &(struct event){.kind = EVENT_METER,
				    ANN,
				    .cluster = "c1",
				    .meter = METER_RAWUSAGE,
				    .before = 60,
				    .now = 900,
				    .since = T0 + 3 * HOUR});
	/* One that ended before may be heard of late. */
	util_append(bank, T0 + 3 * HOUR, &job);
	job.since = T0 + 3 * HOUR;
	job.until = T0 + 3 * HOUR + 1;
	FAILS(SB_ECORRUPT, "not metered by jobs", util_try(bank, T0 + 4 * HOUR, &job));
	reading.before = 900;
	reading.now = 905;
	reading.since = T0 + 3 * HOUR;
	reading.until = T0 + 4 * HOUR;
	util_append(bank, T0 + 4 * HOUR, &reading);
	ck_assert_int_eq(util_verify(bank), 0);
}
END_TEST

START_TEST(what_was_answered_is_not_answered_again)
{
	struct event whole = {
		.kind = EVENT_REFUND, ANN, .answers = 4, .amount = 60, PART(3, 0, 60)};
	struct event one = {.kind = EVENT_REFUND, ANN, .answers = 4, .amount = 1, PART(3, 0, 1)};

	begin();
	util_append(bank, T0 + HOUR, &one);
	FAILS(SB_ECORRUPT, "more than was spent", util_try(bank, T0 + HOUR, &whole));
	whole.amount = whole.parts[0].amount = 59;
	util_append(bank, T0 + HOUR, &whole);
	FAILS(SB_ECORRUPT, "more than was spent", util_try(bank, T0 + HOUR, &one));
	/* Also where the lot could take it. */
	util_append(bank, T0 + 2 * HOUR,
		    &(struct event){.kind = EVENT_CHARGE,
				    ANN,
				    .cluster = "c1",
				    .amount = 5,
				    .before = 60,
				    .now = 65,
				    .since = T0 + HOUR,
				    .until = T0 + 2 * HOUR});
	FAILS(SB_ECORRUPT, "does not fit", util_try(bank, T0 + 2 * HOUR, &one));
	ck_assert_int_eq(util_verify(bank), 0);
}
END_TEST

struct step {
	uint64_t answers; /* the entry to correct; 0: lower the allocation */
	bool refund;
	bool bare; /* without a new window */
	int64_t amount;
	bool done;
};

static int correct(struct books *books, void *ctx, struct sb_error *err)
{
	struct step *step = ctx;
	struct new_window window = {.given = !step->bare,
				    .start = books_time(books),
				    .end = books_time(books) + 20 * HOUR};
	struct event answered = {0}, event = {.kind = step->refund ? EVENT_REFUND : EVENT_REVERSE,
					      .answers = step->answers,
					      .resource = RESOURCE_BILLING,
					      .end = WHEN_NEVER};
	char account[NAME_SIZE], to[NAME_SIZE];
	int64_t left;
	int rc = correct_read(books, step->answers, step->refund, &answered, err);

	step->done = false;
	if (!rc) {
		const char *receiver = event_receiver(&answered);

		(void)snprintf(account, sizeof(account), "%s", answered.account);
		(void)snprintf(to, sizeof(to), "%s", receiver ? receiver : "");
		event.account = account;
		event.to = to;
	}
	if (!rc && step->refund) {
		rc = correct_left(books, &answered, &left, err);
		event.amount = step->amount < left ? step->amount : left;
		if (!rc)
			rc = plan_refund(books, &answered, &window, &event, NULL, err);
	} else if (!rc) {
		rc = plan_reverse(books, &answered, &window, &event, err);
	}
	if (!rc) {
		step->done = true;
		rc = books_append(books, &event, err);
	}
	event_release(&event);
	event_release(&answered);
	return rc;
}

static int lower(struct books *books, void *ctx, struct sb_error *err)
{
	struct step *step = ctx;
	struct event event = {.kind = EVENT_ADJUST, .account = "ann", .resource = RESOURCE_BILLING};
	const struct account *account;
	int64_t rest = 0;
	int rc = books_account(books, "ann", &account, err);

	step->done = false;
	if (!rc)
		rc = account_rest(account, &rest, err);
	event.amount = rest + step->amount;
	if (!rc)
		rc = plan_adjust(account, &event, err);
	if (!rc) {
		step->done = true;
		rc = books_append(books, &event, err);
	}
	event_release(&event);
	return rc;
}

static int64_t used_and_available(int64_t now, int64_t *ret_available)
{
	struct account *account = util_account(bank, now, "ann");
	int64_t used;

	OK(account_used(account, &used, &error));
	OK(account_available(account, ret_available, &error));
	account_free(account);
	return used;
}

static int back(int64_t now, uint64_t answers, bool refund, int64_t amount)
{
	struct step step = {.answers = answers, .refund = refund, .bare = true, .amount = amount};

	return bank_write(bank, now, correct, &step, &error);
}

static uint64_t use(int64_t now, int64_t before, int64_t amount)
{
	return util_append(bank, now,
			   &(struct event){.kind = EVENT_CHARGE,
					   ANN,
					   .cluster = "c1",
					   .amount = amount,
					   .before = before,
					   .now = before + amount,
					   .since = now - HOUR,
					   .until = now});
}

/* "ann", entries 1 and 2. */
static void begin_empty(void)
{
	util_open_account(bank, T0, "ann");
	util_append(bank, T0,
		    &(struct event){.kind = EVENT_BASELINE, ANN, .cluster = "c1", .before = -1});
}

START_TEST(a_lower_allocation_is_refused_in_the_unit_of_the_purse)
{
	struct event event = {.kind = EVENT_ADJUST, .amount = 7200};
	struct account *account;

	util_open_account(bank, T0, "ann");
	util_open_account(bank, T0, "ann:gres/gpu");
	account = util_account(bank, T0, "ann:gres/gpu");
	FAILS(SB_EREFUSED, "is 0.00 GPU-hours and cannot be lowered by 2.00 GPU-hours",
	      plan_adjust(account, &event, &error));
	account_free(account);
}
END_TEST

START_TEST(a_refund_pays_the_lots_that_paid_its_debt_and_no_more)
{
	uint64_t charge;
	int64_t available;

	begin_empty();
	util_append(bank, T0,
		    &(struct event){.kind = EVENT_DEPOSIT,
				    .account = "ann",
				    .resource = RESOURCE_BILLING,
				    .amount = 5,
				    .start = T0,
				    .end = T0 + 2 * HOUR});
	charge = use(T0 + HOUR, 0, 10);
	util_deposit(bank, T0 + HOUR, "ann", 20);
	(void)use(T0 + 3 * HOUR, 10, 5);
	OK(back(T0 + 3 * HOUR, charge, true, 5));
	(void)used_and_available(T0 + 3 * HOUR, &available);
	ck_assert_int_eq(available, 15);
	/* What is left came from the lot that ended, and not from what paid the later charge. */
	FAILS(SB_EREFUSED, "a window that has ended", back(T0 + 3 * HOUR, charge, true, 5));
	ck_assert_int_eq(util_verify(bank), 0);
}
END_TEST

START_TEST(use_of_a_lot_that_was_reversed_comes_back_to_the_lot_that_paid_it)
{
	uint64_t deposit, charge;
	int64_t available;

	begin_empty();
	deposit = util_deposit(bank, T0, "ann", 10);
	charge = use(T0 + HOUR, 0, 5);
	OK(back(T0 + HOUR, deposit, false, 0));
	util_deposit(bank, T0 + HOUR, "ann", 10);
	OK(back(T0 + HOUR, charge, true, 2));
	OK(back(T0 + HOUR, charge, true, 3));
	ck_assert_int_eq(used_and_available(T0 + HOUR, &available), 0);
	ck_assert_int_eq(available, 10);
	ck_assert_int_eq(util_verify(bank), 0);
}
END_TEST

START_TEST(a_refund_that_was_spent_again_is_debt_when_it_is_reversed)
{
	uint64_t charge, refund;
	int64_t available;

	begin_empty();
	util_deposit(bank, T0, "ann", 10);
	charge = use(T0 + HOUR, 0, 10);
	OK(back(T0 + HOUR, charge, true, 6));
	refund = util_head(bank).seq;
	(void)use(T0 + 2 * HOUR, 10, 4);
	OK(back(T0 + 2 * HOUR, refund, false, 0));
	ck_assert_int_eq(used_and_available(T0 + 2 * HOUR, &available), 14);
	ck_assert_int_eq(available, -4);
	ck_assert_int_eq(util_verify(bank), 0);
}
END_TEST

START_TEST(nothing_is_given_back_to_a_lot_at_its_end)
{
	struct event reverse = {.kind = EVENT_REVERSE,
				ANN,
				.to = "bob",
				.answers = 7,
				.reverses = REVERSED_TRANSFER,
				.amount = 20,
				PART(3, 0, 20)};

	begin();
	FAILS(SB_ECORRUPT, "a lot that has ended", util_try(bank, T0 + 10 * HOUR, &reverse));
	util_append(bank, T0 + 10 * HOUR - 1, &reverse);
	ck_assert_int_eq(util_verify(bank), 0);
}
END_TEST

/* Whatever is corrected in whatever order: what was planned is never against the rules, a refund of
 * the whole raises what is available by just so much, and the books replay. */
START_TEST(planned_corrections_keep_the_rules)
{
	uint64_t random = util_seed() + (uint64_t)_i;
	int64_t now = T0, reading = 0;
	int corrected = 0;

	util_open_account(bank, now, "ann");
	util_open_account(bank, now, "bob");
	util_append(bank, now,
		    &(struct event){.kind = EVENT_BASELINE, ANN, .cluster = "c1", .before = -1});
	for (int i = 0; i < STEPS; i++) {
		int64_t amount = 1 + util_below(&random, 200), before, after, used, used_after;
		struct step step = {.amount = amount};
		uint64_t head = util_head(bank).seq;
		int rc = SB_OK;

		now += HOUR;
		switch (util_below(&random, 8)) {
		case 0:
			util_append(
				bank, now,
				&(struct event){.kind = EVENT_DEPOSIT,
						.account = "ann",
						.resource = RESOURCE_BILLING,
						.amount = amount,
						.start = now,
						.end = now + (1 + util_below(&random, 9)) * HOUR});
			break;
		case 1:
			util_deposit(bank, now, "ann", amount);
			break;
		case 2:
		case 3:
			util_append(bank, now,
				    &(struct event){.kind = EVENT_CHARGE,
						    ANN,
						    .cluster = "c1",
						    .amount = amount,
						    .before = reading,
						    .now = reading + amount,
						    .since = now - HOUR,
						    .until = now});
			reading += amount;
			break;
		case 4:
			rc = util_try(bank, now,
				      &(struct event){.kind = EVENT_TRANSFER,
						      ANN,
						      .to = "bob",
						      .amount = amount / 4 + 1});
			ck_assert(rc == SB_OK || rc == SB_EREFUSED);
			break;
		case 5:
			rc = bank_write(bank, now, lower, &step, &error);
			ck_assert_msg(!step.done || rc == SB_OK, "%s", error.text);
			break;
		default:
			step.answers = 1 + (uint64_t)util_below(&random, (int64_t)head);
			step.refund = util_below(&random, 2);
			used = used_and_available(now, &before);
			rc = bank_write(bank, now, correct, &step, &error);
			ck_assert_msg(!step.done || rc == SB_OK, "entry %" PRIu64 ": %s",
				      step.answers, error.text);
			ck_assert(rc == SB_OK || rc == SB_EREFUSED);
			if (rc)
				break;
			corrected++;
			used_after = used_and_available(now, &after);
			ck_assert_int_ge(used, 0);
			ck_assert_int_ge(used_after, 0);
			if (step.refund)
				ck_assert_int_gt(after, before);
		}
	}
	ck_assert_msg(util_verify(bank) == 0, "%s", util_problem);
	ck_assert_int_gt(corrected, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("corrections");
	TCase *tcase = tcase_create("corrections");

	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, answers_that_break_a_rule_are_refused);
	tcase_add_test(tcase, a_meter_counts_one_way_at_a_time);
	tcase_add_test(tcase, what_was_answered_is_not_answered_again);
	tcase_add_test(tcase, a_lower_allocation_is_refused_in_the_unit_of_the_purse);
	tcase_add_test(tcase, a_refund_pays_the_lots_that_paid_its_debt_and_no_more);
	tcase_add_test(tcase, use_of_a_lot_that_was_reversed_comes_back_to_the_lot_that_paid_it);
	tcase_add_test(tcase, a_refund_that_was_spent_again_is_debt_when_it_is_reversed);
	tcase_add_test(tcase, nothing_is_given_back_to_a_lot_at_its_end);
	tcase_add_loop_test(tcase, planned_corrections_keep_the_rules, 0, ROUNDS);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
