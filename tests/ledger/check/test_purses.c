/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of accounts with budgets of several resources, on real books with made-up observations. */
#include <inttypes.h>

#include "ledger/base/when.h"
#include "ledger/check/check.h"
#include "ledger/check/funds.h"
#include "tests/util.h"

enum { UNSET = -1, TRES_COUNT = 4, MINUTE = 60 };

static const char *const tres[TRES_COUNT] = {"billing", "cpu", "gres/gpu", "gres/gpu:a100"};

/* One account as the cluster "c1" shows it. */
struct shown {
	const char *account, *parent;
	int64_t minutes[TRES_COUNT]; /* used, of each TRES; UNSET: the row cannot be read */
	int64_t limits[TRES_COUNT]; /* GrpTRESMins; UNSET: none */
};

static struct bank *bank;
static struct rules rules;
static struct check check;
static int64_t now;
static struct shown slurm[4];
static size_t slurm_count;

static void setup(void)
{
	util_setup();
	bank = util_bank();
	now = T0;
	rules = (struct rules){.enforcement = ENFORCE_HOLD, .field = "GrpTRESMins", .tres = "cpu"};
	check = (struct check){.rules = &rules, .all_clusters = true};
	slurm_count = 0;
}

static void teardown(void)
{
	check_release(&check);
	bank_close(bank);
	util_teardown();
}

static struct shown *add_shown(const char *account, const char *parent)
{
	struct shown *shown = &slurm[slurm_count++];

	*shown = (struct shown){.account = account, .parent = parent};
	for (size_t i = 0; i < TRES_COUNT; i++)
		shown->limits[i] = UNSET;
	return shown;
}

/* Makes the rows of an observation, in the order that it needs: [slurm] is by account. */
static void make_rows(struct observed rows[4], struct observed purses[4 * TRES_COUNT],
		      struct limit limits[4][TRES_COUNT])
{
	for (size_t i = 0; i < slurm_count; i++) {
		const struct shown *shown = &slurm[i];
		size_t count = 0;

		for (size_t j = 0; j < TRES_COUNT; j++) {
			if (shown->limits[j] >= 0)
				limits[i][count++] =
					(struct limit){"GrpTRESMins", tres[j], shown->limits[j]};
			if (j == 0)
				continue;
			purses[i * (TRES_COUNT - 1) + j - 1] = (struct observed){
				.account = shown->account,
				.resource = tres[j],
				.usage = shown->minutes[j] < 0 ? 0 : shown->minutes[j] * MINUTE,
				.odd_usage = shown->minutes[j] < 0,
				.minutes = shown->minutes[j]};
		}
		rows[i] = (struct observed){.account = shown->account,
					    .parent = shown->parent,
					    .usage = shown->minutes[0] * MINUTE,
					    .minutes = shown->minutes[0],
					    .limits = limits[i],
					    .limit_count = count};
	}
}

/* Lets "Slurm" have what the tasks of the check set, and records that it does. */
static void carry_out(void)
{
	struct task_outcome outcomes[8];
	struct task_outcomes all = {.list = outcomes, .count = check.task_count};

	for (size_t i = 0; i < check.task_count; i++) {
		const struct task *task = &check.tasks[i];

		outcomes[i] =
			(struct task_outcome){.task = task, .outcome = OUTCOME_DONE, .reason = ""};
		ck_assert_str_eq(task->field, "GrpTRESMins");
		for (size_t j = 0; j < slurm_count; j++) {
			for (size_t k = 0; k < TRES_COUNT; k++) {
				if (strcmp(slurm[j].account, task->slurm_account) == 0 &&
				    strcmp(tres[k], task->tres) == 0)
					slurm[j].limits[k] = task->value;
			}
		}
	}
	OK(bank_write(bank, now, check_record_outcomes, &all, &error));
	ck_assert_int_eq(util_verify(bank), 0);
}

/* A check an hour later, of [only] or of all accounts, whose tasks are carried out. */
static void observe_some(const char *const *only, size_t count)
{
	struct observed rows[4], purses[4 * TRES_COUNT + 1];
	struct limit limits[4][TRES_COUNT];
	struct observation observation = {.cluster = "c1",
					  .answered = true,
					  .time = now += HOUR,
					  .share = 1,
					  .rows = rows,
					  .count = slurm_count,
					  .purses = purses,
					  .purse_count = slurm_count * (TRES_COUNT - 1)};

	make_rows(rows, purses, limits);
	check.observations = &observation;
	check.observation_count = 1;
	check.only = only;
	check.only_count = count;
	OK(bank_write(bank, now, check_plan, &check, &error));
	ck_assert_int_eq(util_verify(bank), 0);
	carry_out();
}

static void observe(void)
{
	observe_some(NULL, 0);
}

static void open_purse(const char *purse, int64_t amount)
{
	const struct event event = {.kind = EVENT_DEPOSIT,
				    .account = purse,
				    .resource = purse_resource(purse),
				    .amount = amount,
				    .end = WHEN_NEVER};

	util_open_account(bank, now, purse);
	if (amount)
		util_append(bank, now, &event);
}

static void deposit(const char *purse, int64_t amount)
{
	const struct event event = {.kind = EVENT_DEPOSIT,
				    .account = purse,
				    .resource = purse_resource(purse),
				    .amount = amount,
				    .end = WHEN_NEVER};

	util_append(bank, now, &event);
}

static int64_t available(const char *purse)
{
	return util_available(bank, now, purse);
}

static bool held(const char *purse)
{
	struct account *account = util_account(bank, now, purse);
	bool result = account_held(account);

	account_free(account);
	return result;
}

static size_t count_found(enum finding_kind kind, const char *account)
{
	size_t count = 0;

	for (size_t i = 0; i < check.finding_count; i++)
		count += check.findings[i].kind == kind &&
			 strcmp(check.findings[i].account, account) == 0;
	return count;
}

enum { BILLING, CPU, GPU, A100 };

/* alice has 100 minutes of billing and 10 of GPUs, and was read. */
static struct shown *open_alice(void)
{
	struct shown *alice = add_shown("alice", "root");

	alice->minutes[BILLING] = 1000;
	alice->minutes[GPU] = 500;
	open_purse("alice", 100 * MINUTE);
	open_purse("alice:gres/gpu", 10 * MINUTE);
	observe();
	ck_assert_int_eq(check.problems, 0);
	ck_assert_uint_eq(count_found(FOUND_BASELINE, "alice"), 1);
	ck_assert_uint_eq(count_found(FOUND_BASELINE, "alice:gres/gpu"), 1);
	return alice;
}

START_TEST(each_purse_is_charged_its_own_use)
{
	struct shown *alice = open_alice();
	uint64_t head = util_head(bank).seq;

	alice->minutes[BILLING] += 30;
	alice->minutes[GPU] += 3;
	alice->minutes[CPU] += 7; /* of which there is no budget */
	observe();
	ck_assert_int_eq(available("alice"), 70 * MINUTE);
	ck_assert_int_eq(available("alice:gres/gpu"), 7 * MINUTE);
	ck_assert_uint_eq(util_head(bank).seq, head + 2);
	/* A second check with the same answer records nothing. */
	observe();
	ck_assert_uint_eq(util_head(bank).seq, head + 2);
	ck_assert_uint_eq(check.finding_count, 0);
	/* Down, as after kill -9: nothing is charged, once. */
	alice->minutes[GPU] -= 2;
	observe();
	ck_assert_uint_eq(count_found(FOUND_WENT_DOWN, "alice:gres/gpu"), 1);
	ck_assert_uint_eq(count_found(FOUND_WENT_DOWN, "alice"), 0);
	alice->minutes[GPU] += 1;
	observe();
	ck_assert_int_eq(available("alice:gres/gpu"), 6 * MINUTE);
	/* A row that cannot be read, then all since. */
	alice->minutes[GPU] = UNSET;
	observe();
	ck_assert_uint_eq(count_found(FOUND_ODD_USAGE, "alice:gres/gpu"), 1);
	alice->minutes[GPU] = 504;
	observe();
	ck_assert_int_eq(available("alice:gres/gpu"), 4 * MINUTE);
}
END_TEST

START_TEST(deferred_use_of_a_purse_is_charged_once)
{
	struct shown *alice = open_alice();
	uint64_t head = util_head(bank).seq;

	rules.charge_every = 10 * HOUR;
	for (int i = 0; i < 5; i++) {
		alice->minutes[BILLING]++;
		alice->minutes[GPU]++;
		observe();
	}
	ck_assert_uint_eq(util_head(bank).seq, head);
	ck_assert_int_eq(available("alice"), 95 * MINUTE);
	ck_assert_int_eq(available("alice:gres/gpu"), 5 * MINUTE);
	/* An entry of the purse records its use, and that alone. */
	deposit("alice:gres/gpu", 1);
	ck_assert_uint_eq(util_head(bank).seq, head + 2);
	now += 10 * HOUR;
	observe();
	ck_assert_uint_eq(util_head(bank).seq, head + 3);
	ck_assert_int_eq(available("alice"), 95 * MINUTE);
	ck_assert_int_eq(available("alice:gres/gpu"), 5 * MINUTE + 1);
}
END_TEST

START_TEST(a_spent_purse_holds_its_tres_alone)
{
	struct shown *alice = open_alice();

	alice->limits[GPU] = 7777;
	alice->limits[CPU] = 5000;
	alice->minutes[GPU] += 10;
	observe();
	ck_assert(held("alice:gres/gpu"));
	ck_assert(!held("alice"));
	ck_assert_uint_eq(count_found(FOUND_HOLD, "alice:gres/gpu"), 1);
	ck_assert_int_eq(alice->limits[GPU], 0);
	ck_assert_int_eq(alice->limits[CPU], 5000);
	observe();
	ck_assert_uint_eq(check.task_count, 0);
	ck_assert_uint_eq(check.finding_count, 0);
	/* The account is held too, and released: the GPUs stay held. */
	alice->minutes[BILLING] += 100;
	observe();
	ck_assert(held("alice"));
	ck_assert_int_eq(alice->limits[CPU], 0);
	ck_assert_int_eq(alice->limits[GPU], 0);
	deposit("alice", 1000 * MINUTE);
	observe();
	ck_assert_int_eq(alice->limits[CPU], 5000);
	ck_assert_int_eq(alice->limits[GPU], 0);
	deposit("alice:gres/gpu", 1);
	observe();
	ck_assert(!held("alice:gres/gpu"));
	ck_assert_int_eq(alice->limits[GPU], 7777);
}
END_TEST

START_TEST(a_check_of_a_purse_is_one_of_its_account)
{
	static const char *const only[] = {"alice:gres/gpu"};
	struct shown *alice = open_alice();

	alice->minutes[BILLING] += 100;
	alice->minutes[GPU] += 10;
	observe_some(only, 1);
	ck_assert_int_eq(alice->limits[GPU], 0);
	ck_assert_int_eq(alice->limits[CPU], 0);
}
END_TEST

START_TEST(a_limit_changed_by_hand_is_reported_or_set_again)
{
	struct shown *alice = open_alice();

	alice->minutes[GPU] += 10;
	observe();
	alice->limits[GPU] = 9;
	observe();
	ck_assert_uint_eq(count_found(FOUND_DRIFT, "alice"), 1);
	ck_assert_int_eq(alice->limits[GPU], 9);
	/* A new decision about the purse sets it again. */
	deposit("alice:gres/gpu", 1);
	observe();
	ck_assert_int_eq(alice->limits[GPU], 9); /* released: it is not the bank's */
	alice->minutes[GPU] += 1;
	observe();
	ck_assert_int_eq(alice->limits[GPU], 0);
	rules.put_right = true;
	alice->limits[GPU] = 9;
	observe();
	ck_assert_int_eq(alice->limits[GPU], 0);
}
END_TEST

START_TEST(of_two_purses_on_one_limit_the_lower_one_applies)
{
	struct shown *alice = open_alice();

	open_purse("alice:gres/gpu:a100", 5 * MINUTE);
	open_purse("alice:cpu", 5 * MINUTE);
	observe();
	alice->minutes[GPU] += 6;
	alice->minutes[A100] += 5;
	observe();
	ck_assert(held("alice:gres/gpu:a100"));
	ck_assert(!held("alice:gres/gpu"));
	ck_assert_int_eq(alice->limits[GPU], 0);
	ck_assert_int_eq(alice->limits[A100], UNSET);
	/* cpu is both the account's lever and a purse's limit. */
	alice->limits[CPU] = 5000;
	alice->minutes[CPU] += 5;
	observe();
	ck_assert_int_eq(alice->limits[CPU], 0);
	alice->minutes[BILLING] += 100;
	observe();
	ck_assert(held("alice") && held("alice:cpu"));
	deposit("alice", 1000 * MINUTE);
	observe();
	ck_assert_int_eq(alice->limits[CPU], 0);
	deposit("alice:cpu", 1000 * MINUTE);
	observe();
	ck_assert_int_eq(alice->limits[CPU], 5000);
	deposit("alice:gres/gpu:a100", 1);
	observe();
	ck_assert_int_eq(alice->limits[GPU], UNSET);
}
END_TEST

START_TEST(a_limit_follows_each_purse)
{
	struct shown *alice = open_alice();

	rules.enforcement = ENFORCE_LIMIT;
	open_purse("alice:gres/gpu:a100", 5 * MINUTE);
	observe();
	/* (6000 - 118) / 60 + 1000, (600 - 118) / 60 + 500; no limit for one type. */
	ck_assert_int_eq(alice->limits[BILLING], 1098);
	ck_assert_int_eq(alice->limits[GPU], 508);
	ck_assert_int_eq(alice->limits[A100], UNSET);
	deposit("alice:gres/gpu", 60 * MINUTE);
	observe();
	ck_assert_int_eq(alice->limits[BILLING], 1098);
	ck_assert_int_eq(alice->limits[GPU], 568);
	/* Spent: 0, whatever was used. */
	alice->minutes[GPU] += 70;
	observe();
	ck_assert(held("alice:gres/gpu"));
	ck_assert_int_eq(alice->limits[GPU], 0);
	rules.enforcement = ENFORCE_WARN;
	observe();
	for (size_t i = 0; i < TRES_COUNT; i++)
		ck_assert_int_eq(alice->limits[i], UNSET);
}
END_TEST

START_TEST(a_grace_of_the_account_is_one_of_its_purses)
{
	struct shown *alice = open_alice();

	alice->minutes[GPU] += 10;
	observe();
	ck_assert_int_eq(alice->limits[GPU], 0);
	util_append(bank, now,
		    &(struct event){.kind = EVENT_HOLD, .account = "alice", .cause = CAUSE_HAND});
	alice->minutes[BILLING] += 100;
	observe();
	util_append(bank, now,
		    &(struct event){.kind = EVENT_RELEASE,
				    .account = "alice",
				    .cause = CAUSE_HAND,
				    .until = now + 3 * HOUR});
	observe();
	ck_assert_int_eq(alice->limits[CPU], UNSET);
	ck_assert_int_eq(alice->limits[GPU], UNSET);
	now += 3 * HOUR;
	observe();
	ck_assert_int_eq(alice->limits[CPU], 0);
	ck_assert_int_eq(alice->limits[GPU], 0);
}
END_TEST

START_TEST(a_purse_follows_the_terms_of_its_account_unless_it_has_its_own)
{
	struct shown *alice = open_alice();

	util_append(bank, now,
		    &(struct event){.kind = EVENT_TERMS,
				    .field = "",
				    .tres = "",
				    .account = "alice",
				    .enforcement = ENFORCE_WARN,
				    .thresholds = "50"});
	alice->minutes[GPU] += 10;
	observe();
	ck_assert(!held("alice:gres/gpu"));
	ck_assert_uint_eq(count_found(FOUND_SPENT, "alice:gres/gpu"), 1);
	ck_assert_uint_eq(count_found(FOUND_THRESHOLD, "alice:gres/gpu"), 1);
	ck_assert_int_eq(alice->limits[GPU], UNSET);
	util_append(bank, now,
		    &(struct event){.kind = EVENT_TERMS,
				    .field = "",
				    .tres = "",
				    .account = "alice:gres/gpu",
				    .enforcement = ENFORCE_HOLD});
	observe();
	ck_assert(held("alice:gres/gpu"));
	ck_assert_int_eq(alice->limits[GPU], 0);
	util_append(bank, now,
		    &(struct event){.kind = EVENT_TERMS,
				    .field = "",
				    .tres = "",
				    .account = "alice:gres/gpu",
				    .allowance = ALLOWANCE_UNLIMITED});
	observe();
	ck_assert(!held("alice:gres/gpu"));
	ck_assert_int_eq(alice->limits[GPU], UNSET);
}
END_TEST

START_TEST(a_resource_that_slurm_does_not_measure_is_charged_by_hand_and_holds_nothing)
{
	const struct event fee = {.kind = EVENT_FEE,
				  .account = "alice:storage",
				  .resource = "storage",
				  .amount = 7200,
				  .since = T0,
				  .until = T0 + HOUR};
	struct shown *alice = open_alice();
	struct account *account;

	open_purse("alice:storage", 3600);
	util_append(bank, now, &fee);
	observe();
	ck_assert_int_eq(available("alice:storage"), -3600);
	ck_assert(!held("alice:storage"));
	ck_assert_uint_eq(count_found(FOUND_SPENT, "alice:storage"), 1);
	for (size_t i = 0; i < TRES_COUNT; i++)
		ck_assert_int_eq(alice->limits[i], UNSET);
	account = util_account(bank, now, "alice:storage");
	ck_assert_uint_eq(account->meter_count, 0);
	account_free(account);
}
END_TEST

START_TEST(a_closed_purse_holds_its_tres)
{
	struct shown *alice = open_alice();

	util_append(bank, now, &(struct event){.kind = EVENT_CLOSE, .account = "alice:gres/gpu"});
	observe();
	ck_assert_int_eq(alice->limits[GPU], 0);
	ck_assert_int_eq(alice->limits[CPU], UNSET);
	util_open_account(bank, now, "alice:gres/gpu");
	observe();
	ck_assert_int_eq(alice->limits[GPU], UNSET);
}
END_TEST

START_TEST(a_purse_is_of_an_account_of_the_bank)
{
	struct event event = {.kind = EVENT_OPEN, .account = "bob:cpu"};

	FAILS(SB_ENOTFOUND, "'bob' is not in the bank", util_try(bank, now, &event));
	ck_assert_uint_eq(util_head(bank).seq, 0);
}
END_TEST

START_TEST(a_decision_on_one_limit_leaves_another_as_somebody_changed_it)
{
	struct shown *alice = open_alice();

	alice->minutes[BILLING] += 100;
	observe();
	ck_assert_int_eq(alice->limits[CPU], 0);
	alice->limits[CPU] = 9;
	alice->minutes[GPU] += 10;
	observe();
	ck_assert_int_eq(alice->limits[GPU], 0);
	ck_assert_int_eq(alice->limits[CPU], 9);
	ck_assert_uint_eq(count_found(FOUND_DRIFT, "alice"), 1);
}
END_TEST

/* Slurm's coordinators can name an account so. */
START_TEST(an_account_of_slurm_with_a_purses_name_is_none)
{
	struct shown *alice = open_alice(), *forged = add_shown("alice:gres/gpu", "alice");

	forged->minutes[BILLING] = 100000;
	forged->minutes[GPU] = 100000;
	observe();
	ck_assert_int_eq(available("alice:gres/gpu"), 10 * MINUTE);
	ck_assert_uint_eq(count_found(FOUND_ODD_NAME, "alice:gres/gpu"), 1);
	alice->minutes[GPU] += 10;
	observe();
	ck_assert_int_eq(alice->limits[GPU], 0);
	ck_assert_int_eq(forged->limits[GPU], UNSET);
	ck_assert_int_eq(forged->limits[CPU], UNSET);
}
END_TEST

START_TEST(an_account_with_a_purses_name_that_others_leave_stops_no_check)
{
	struct shown *alice = open_alice(), *forged = add_shown("alice:gres/gpu", "alice"),
		     *lab = add_shown("lab", "alice:gres/gpu");

	add_shown("root", "");
	lab->minutes[BILLING] = forged->minutes[BILLING] = 10;
	alice->minutes[BILLING] += 10;
	observe();
	lab->parent = "root";
	forged->minutes[BILLING] -= 10;
	alice->minutes[BILLING] -= 10;
	observe();
	alice->minutes[GPU] += 1;
	observe();
	ck_assert_int_eq(available("alice:gres/gpu"), 9 * MINUTE);
}
END_TEST

START_TEST(an_account_that_moves_takes_its_use_of_every_resource_along)
{
	struct shown *alice = open_alice(), *lab = add_shown("lab", "root");

	add_shown("root", "");
	lab->minutes[BILLING] = 40;
	lab->minutes[GPU] = 20;
	observe();
	/* lab used 3 GPU minutes and 4 of billing more, and is below alice now, who used 2 and 1.
	 */
	lab->parent = "alice";
	lab->minutes[BILLING] += 4;
	lab->minutes[GPU] += 3;
	alice->minutes[BILLING] += 1 + lab->minutes[BILLING];
	alice->minutes[GPU] += 2 + lab->minutes[GPU];
	observe();
	ck_assert_uint_eq(count_found(FOUND_MOVED, "alice"), 1);
	ck_assert_uint_eq(count_found(FOUND_MOVED, "alice:gres/gpu"), 1);
	ck_assert_int_eq(available("alice"), 99 * MINUTE);
	ck_assert_int_eq(available("alice:gres/gpu"), 8 * MINUTE);
	/* From now on lab's use is alice's. */
	lab->minutes[GPU] += 1;
	alice->minutes[GPU] += 1;
	observe();
	ck_assert_int_eq(available("alice:gres/gpu"), 7 * MINUTE);
}
END_TEST

static int record_reset(struct books *books, void *ctx, struct sb_error *err)
{
	return check_record_reset(books, ctx, err);
}

/* A check has charged all use; then Slurm's usage of lab, below alice, is set to 0. */
START_TEST(a_reset_goes_on_with_every_resource)
{
	static const char *const names[] = {"alice"};
	struct observed rows[2][4], purses[2][4 * TRES_COUNT + 1];
	struct limit limits[2][4][TRES_COUNT];
	struct observation observations[2];
	struct check_reset reset = {.account = "lab",
				    .names = names,
				    .count = 1,
				    .before = &observations[0],
				    .after = &observations[1],
				    .reason = "reset of lab",
				    .note = ""};
	struct shown *alice = open_alice(), *lab = add_shown("lab", "alice");

	add_shown("root", "");
	lab->minutes[BILLING] = 40;
	lab->minutes[GPU] = 20;
	observe();
	alice->minutes[BILLING] += 3;
	alice->minutes[GPU] += 2;
	observe();
	for (size_t i = 0; i < 2; i++) {
		make_rows(rows[i], purses[i], limits[i]);
		observations[i] =
			(struct observation){.cluster = "c1",
					     .answered = true,
					     .time = now += HOUR,
					     .rows = rows[i],
					     .count = slurm_count,
					     .purses = purses[i],
					     .purse_count = slurm_count * (TRES_COUNT - 1)};
		alice->minutes[BILLING] -= 40;
		alice->minutes[GPU] -= 20;
		lab->minutes[BILLING] = lab->minutes[GPU] = 0;
	}
	alice->minutes[BILLING] += 40;
	alice->minutes[GPU] += 20;
	OK(bank_write(bank, now, record_reset, &reset, &error));
	alice->minutes[BILLING] += 1;
	alice->minutes[GPU] += 1;
	observe();
	ck_assert_int_eq(check.problems, 0);
	ck_assert_int_eq(available("alice"), 96 * MINUTE);
	ck_assert_int_eq(available("alice:gres/gpu"), 7 * MINUTE);
}
END_TEST

static int list_purses(struct books *books, void *ctx, struct sb_error *err)
{
	static const char *const accounts[] = {"al", "al-x", "all", "a"};
	static const char *const expected[] = {"al:cpu al:gres/gpu ", "al-x:cpu ", "all:storage ",
					       ""};
	struct resources resources;
	char names[256];
	size_t count;

	if (ctx)
		OK(books_load_all(books, &count, err));
	OK(books_resources(books, &resources, err));
	ck_assert_uint_eq(resources.count, 3);
	ck_assert_str_eq(resources.list[0], "cpu");
	ck_assert_str_eq(resources.list[1], "gres/gpu");
	ck_assert_str_eq(resources.list[2], "storage");
	resources_release(&resources);
	for (size_t i = 0; i < COUNT(accounts); i++) {
		struct purses purses;

		OK(books_purses(books, accounts[i], &purses, err));
		names[0] = '\0';
		for (size_t j = 0; j < purses.count; j++) {
			strcat(names, purses.list[j]->name);
			strcat(names, " ");
		}
		ck_assert_str_eq(names, expected[i]);
		purses_release(&purses);
	}
	return SB_OK;
}

static int lose_resources(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	(void)ctx;
	return store_set(txn, STORE_META, (struct slice){"resources", 9}, (struct slice){"mem", 4},
			 err);
}

static int get_resources(struct books *books, void *ctx, struct sb_error *err)
{
	return books_resources(books, ctx, err);
}

/* Checks find a purse only by this list. */
START_TEST(a_check_corrects_the_list_of_resources)
{
	struct resources resources;

	util_open_account(bank, now, "alice");
	util_open_account(bank, now, "alice:cpu");
	util_open_account(bank, now, "alice:gres/gpu");
	OK(store_write(bank_store(bank), lose_resources, NULL, &error));
	observe();
	OK(bank_read(bank, now, get_resources, &resources, &error));
	ck_assert_uint_eq(resources.count, 2);
	ck_assert_str_eq(resources.list[0], "cpu");
	ck_assert_str_eq(resources.list[1], "gres/gpu");
	resources_release(&resources);
}
END_TEST

START_TEST(purses_and_resources_are_listed)
{
	static const char *const names[] = {"al",	   "al-x",   "all",	"all:storage",
					    "al:gres/gpu", "al:cpu", "al-x:cpu"};
	bool all = true;

	for (size_t i = 0; i < COUNT(names); i++)
		util_open_account(bank, now, names[i]);
	OK(bank_read(bank, now, list_purses, NULL, &error));
	OK(bank_read(bank, now, list_purses, &all, &error));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("purses");
	TCase *tcase = tcase_create("purses");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, each_purse_is_charged_its_own_use);
	tcase_add_test(tcase, deferred_use_of_a_purse_is_charged_once);
	tcase_add_test(tcase, a_spent_purse_holds_its_tres_alone);
	tcase_add_test(tcase, a_check_of_a_purse_is_one_of_its_account);
	tcase_add_test(tcase, a_limit_changed_by_hand_is_reported_or_set_again);
	tcase_add_test(tcase, of_two_purses_on_one_limit_the_lower_one_applies);
	tcase_add_test(tcase, a_limit_follows_each_purse);
	tcase_add_test(tcase, a_grace_of_the_account_is_one_of_its_purses);
	tcase_add_test(tcase, a_purse_follows_the_terms_of_its_account_unless_it_has_its_own);
	tcase_add_test(tcase,
		       a_resource_that_slurm_does_not_measure_is_charged_by_hand_and_holds_nothing);
	tcase_add_test(tcase, a_closed_purse_holds_its_tres);
	tcase_add_test(tcase, a_purse_is_of_an_account_of_the_bank);
	tcase_add_test(tcase, a_decision_on_one_limit_leaves_another_as_somebody_changed_it);
	tcase_add_test(tcase, an_account_of_slurm_with_a_purses_name_is_none);
	tcase_add_test(tcase, an_account_with_a_purses_name_that_others_leave_stops_no_check);
	tcase_add_test(tcase, an_account_that_moves_takes_its_use_of_every_resource_along);
	tcase_add_test(tcase, a_reset_goes_on_with_every_resource);
	tcase_add_test(tcase, a_check_corrects_the_list_of_resources);
	tcase_add_test(tcase, purses_and_resources_are_listed);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
