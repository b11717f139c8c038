/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deferred charges. Two banks have the same history, and one of them records use at each check.
 * They may differ only in the number of charges. */
#include <inttypes.h>

#include "ledger/base/period.h"
#include "ledger/books/entries.h"
#include "ledger/check/check.h"
#include "tests/util.h"

#define MINUTE (60 * WHEN_SECOND)

static const char *const names[] = {"alice", "bob", "lab", "zoo"};
static const char *const cluster_names[] = {"c1", "c2"};
static const char *const lever_fields[][2] = {{"GrpTRESMins", "cpu"}, {"GrpTRESMins", "billing"}};

enum { ACCOUNTS = COUNT(names), CLUSTERS = COUNT(cluster_names), LEVERS = COUNT(lever_fields) };

/* A bank and the limits that it has set. */
struct side {
	struct bank *bank;
	struct rules rules;
	struct check check;
	int64_t limits[CLUSTERS][ACCOUNTS][LEVERS];
	uint64_t deposits[64];
	size_t deposit_count;
	uint64_t entries, charges;
};

/* Both banks; the first one records use at each check. */
static struct side sides[2];
static int64_t now;
static uint64_t seed;

/* What the clusters count. */
static int64_t usage[CLUSTERS][ACCOUNTS];
static int64_t running[CLUSTERS][ACCOUNTS];
static bool below_lab[ACCOUNTS]; /* false: below root */
static bool gone[CLUSTERS][ACCOUNTS];

static unsigned below(unsigned bound)
{
	return (unsigned)util_below(&seed, bound);
}

static void setup(void)
{
	char folder[64];

	util_setup_in_memory();
	now = T0;
	memcpy(folder, test_folder, sizeof(folder));
	for (size_t i = 0; i < 2; i++) {
		struct side *side = &sides[i];

		*side = (struct side){.rules = {.enforcement = ENFORCE_HOLD,
						.field = lever_fields[0][0],
						.tres = lever_fields[0][1],
						.thresholds = {{20, 60, 90}, 3},
						.notice = 2 * HOUR,
						.charge_every = i ? HOUR : 0}};
		side->check = (struct check){.rules = &side->rules, .all_clusters = true};
		(void)snprintf(bank_folder, sizeof(bank_folder), "%s/%zu", folder, i);
		side->bank = util_bank();
		memset(side->limits, -1, sizeof(side->limits));
	}
	memset(usage, 0, sizeof(usage));
	memset(running, 0, sizeof(running));
	memset(below_lab, 0, sizeof(below_lab));
	memset(gone, 0, sizeof(gone));
	below_lab[0] = below_lab[1] = true;
}

static void teardown(void)
{
	for (size_t i = 0; i < 2; i++) {
		check_release(&sides[i].check);
		bank_close(sides[i].bank);
	}
	util_teardown();
}

/* ---- changes to both banks ---- */

/* Appends to both banks. Both must accept the entry or refuse it. */
static bool append(const struct event *event)
{
	int rc = util_try(sides[0].bank, now, event);

	ck_assert_int_eq(util_try(sides[1].bank, now, event), rc);
	return rc == SB_OK;
}

static void deposit(const char *account, int64_t amount, int64_t start, int64_t end)
{
	if (!append(&(struct event){.kind = EVENT_DEPOSIT,
				    .account = account,
				    .resource = RESOURCE_BILLING,
				    .amount = amount,
				    .start = start,
				    .end = end}))
		return;
	for (size_t i = 0; i < 2; i++) {
		struct side *side = &sides[i];

		side->deposits[side->deposit_count++ % COUNT(side->deposits)] =
			util_head(side->bank).seq;
	}
}

/* Carries out the plan of the check, as Slurm would. */
static void carry_out(struct side *side)
{
	struct task_outcome outcomes[64];
	struct task_outcomes all = {.list = outcomes, .count = side->check.task_count};

	ck_assert_uint_le(all.count, COUNT(outcomes));
	for (size_t i = 0; i < all.count; i++) {
		const struct task *task = &side->check.tasks[i];

		outcomes[i] =
			(struct task_outcome){.task = task, .outcome = OUTCOME_DONE, .reason = ""};
		for (size_t c = 0; c < CLUSTERS; c++) {
			for (size_t a = 0; a < ACCOUNTS; a++) {
				for (size_t l = 0; l < LEVERS; l++) {
					if (strcmp(task->cluster, cluster_names[c]) == 0 &&
					    strcmp(task->account, names[a]) == 0 &&
					    strcmp(task->tres, lever_fields[l][1]) == 0)
						side->limits[c][a][l] = task->value;
				}
			}
		}
	}
	if (all.count > 0)
		OK(bank_write(side->bank, now, check_record_outcomes, &all, &error));
}

static void plan(struct side *side, const bool silent[CLUSTERS], const char *only)
{
	struct observed rows[CLUSTERS][ACCOUNTS];
	struct observation observations[CLUSTERS];
	struct limit limits[CLUSTERS][ACCOUNTS][LEVERS];

	for (size_t c = 0; c < CLUSTERS; c++) {
		size_t shown = 0;

		for (size_t a = 0; a < ACCOUNTS; a++) {
			size_t count = 0;

			for (size_t l = 0; l < LEVERS; l++) {
				if (side->limits[c][a][l] >= 0)
					limits[c][a][count++] = (struct limit){
						lever_fields[l][0], lever_fields[l][1],
						side->limits[c][a][l]};
			}
			if (gone[c][a])
				continue;
			rows[c][shown++] =
				(struct observed){.account = names[a],
						  .parent = below_lab[a] ? "lab" : "root",
						  .usage = usage[c][a],
						  .minutes = usage[c][a] / 60,
						  .running = running[c][a],
						  .limits = limits[c][a],
						  .limit_count = count};
		}
		observations[c] = (struct observation){.cluster = cluster_names[c],
						       .answered = !silent[c],
						       .time = now - (int64_t)c * 1000 - 1,
						       .share = 1,
						       .rows = rows[c],
						       .count = shown};
	}
	side->check.observations = observations;
	side->check.observation_count = CLUSTERS;
	side->check.only = &only;
	side->check.only_count = only != NULL;
	side->check.settling = only != NULL;
	OK(bank_write(side->bank, now, check_plan, &side->check, &error));
}

/* ---- comparing them ---- */

static void compare_findings(void)
{
	const struct check *a = &sides[0].check, *b = &sides[1].check;

	ck_assert_uint_eq(a->finding_count, b->finding_count);
	for (size_t i = 0; i < a->finding_count; i++) {
		const struct finding *one = &a->findings[i], *other = &b->findings[i];

		ck_assert_int_eq(one->kind, other->kind);
		ck_assert_str_eq(one->account, other->account);
		ck_assert_str_eq(one->cluster, other->cluster);
		ck_assert_str_eq(one->other, other->other);
		ck_assert_str_eq(one->lever, other->lever);
		ck_assert_int_eq(one->amount, other->amount);
		ck_assert_int_eq(one->before, other->before);
		ck_assert_int_eq(one->now, other->now);
	}
	ck_assert_uint_eq(a->task_count, b->task_count);
	for (size_t i = 0; i < a->task_count; i++) {
		ck_assert_str_eq(a->tasks[i].account, b->tasks[i].account);
		ck_assert_str_eq(a->tasks[i].cluster, b->tasks[i].cluster);
		ck_assert_str_eq(a->tasks[i].tres, b->tasks[i].tres);
		ck_assert_int_eq(a->tasks[i].value, b->tasks[i].value);
	}
	ck_assert_uint_eq(a->want_count, b->want_count);
	ck_assert_int_eq(a->again, b->again);
	ck_assert_int_eq(a->problems, b->problems);
}

static void compare_lots(const struct account *a, const struct account *b)
{
	ck_assert_uint_eq(a->lot_count, b->lot_count);
	for (size_t i = 0; i < a->lot_count; i++) {
		ck_assert_int_eq(a->lots[i].start, b->lots[i].start);
		ck_assert_int_eq(a->lots[i].end, b->lots[i].end);
		ck_assert_int_eq(a->lots[i].amount, b->lots[i].amount);
		ck_assert_int_eq(a->lots[i].rest, b->lots[i].rest);
		ck_assert_int_eq(a->lots[i].noticed, b->lots[i].noticed);
	}
}

/* Compares everything but the numbers of entries. */
static void compare_accounts(const char *name)
{
	struct account *a = util_account(sides[0].bank, now, name);
	struct account *b = util_account(sides[1].bank, now, name);

	compare_lots(a, b);
	ck_assert_int_eq(a->debt, b->debt);
	ck_assert(a->charged == b->charged && a->expired == b->expired);
	ck_assert(a->deposited == b->deposited && a->forgiven == b->forgiven);
	ck_assert_int_eq(a->quota.granted, b->quota.granted);
	ck_assert_uint_eq(a->meter_count, b->meter_count);
	for (size_t i = 0; i < a->meter_count; i++) {
		ck_assert_int_eq(a->meters[i].reading, b->meters[i].reading);
		/* A joined charge extends to the last reading. */
		ck_assert_int_le(a->meters[i].time, b->meters[i].time);
	}
	ck_assert_uint_eq(a->causes, b->causes);
	ck_assert_int_eq(a->hand_until, b->hand_until);
	ck_assert_int_eq(a->grace_until, b->grace_until);
	ck_assert_uint_eq(a->crossed_count, b->crossed_count);
	for (size_t i = 0; i < a->crossed_count; i++)
		ck_assert_int_eq(a->crossed[i], b->crossed[i]);
	ck_assert_uint_eq(a->lever_count, b->lever_count);
	for (size_t i = 0; i < a->lever_count; i++) {
		ck_assert_int_eq(a->levers[i].set, b->levers[i].set);
		ck_assert_int_eq(a->levers[i].original, b->levers[i].original);
		ck_assert_int_eq(a->levers[i].restoring, b->levers[i].restoring);
	}
	account_free(a);
	account_free(b);
}

/* Checks both banks until nothing is left to do, and compares them. */
static void check_both(const bool silent[CLUSTERS], const char *only)
{
	for (int round = 0; round < 4; round++) {
		for (size_t i = 0; i < 2; i++)
			plan(&sides[i], silent, only);
		compare_findings();
		for (size_t i = 0; i < 2; i++)
			carry_out(&sides[i]);
		for (size_t i = 0; i < ACCOUNTS; i++)
			compare_accounts(names[i]);
		if (!sides[0].check.again)
			break;
	}
}

static int count_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	struct side *side = ctx;

	(void)err;
	side->entries++;
	side->charges += entry->event->kind == EVENT_CHARGE;
	return SB_OK;
}

static int count_entries(struct books *books, void *ctx, struct sb_error *err)
{
	return entries_each(books, &(struct entry_range){0}, count_entry, ctx, NULL, err);
}

static void count_both(void)
{
	for (size_t i = 0; i < 2; i++) {
		ck_assert_msg(util_verify(sides[i].bank) == 0, "bank %zu: %s", i, util_problem);
		sides[i].entries = sides[i].charges = 0;
		OK(bank_read(sides[i].bank, now, count_entries, &sides[i], &error));
	}
}

/* ---- random histories ---- */

/* A moment within some hours of now. */
static int64_t around(unsigned hours_before, unsigned hours_after)
{
	return now - hours_before * HOUR +
	       (int64_t)below((hours_before + hours_after) * 3600) * WHEN_SECOND;
}

/* Records a random request, and checks its account as a verb does. */
static void some_entry(void)
{
	static const bool silent[CLUSTERS];
	const char *name = names[below(ACCOUNTS)], *other = names[below(ACCOUNTS)];
	const int64_t amount = 1 + below(20000);
	const bool quota = below(3) > 0;

	switch (below(10)) {
	case 0:
	case 1:
		deposit(name, 10 * amount, now - HOUR, around(0, 12));
		break;
	case 2:
		deposit(name, 5 * amount, around(0, 3), below(2) ? WHEN_NEVER : now + 20 * HOUR);
		break;
	case 3:
		append(&(struct event){.kind = EVENT_WITHDRAW,
				       .account = name,
				       .resource = RESOURCE_BILLING,
				       .amount = amount});
		break;
	case 4:
		if (name != other)
			append(&(struct event){.kind = EVENT_TRANSFER,
					       .account = name,
					       .to = other,
					       .resource = RESOURCE_BILLING,
					       .amount = amount});
		break;
	case 5:
		append(&(struct event){.kind = EVENT_TERMS,
				       .account = name,
				       .resource = RESOURCE_BILLING,
				       .allowance =
					       below(6) ? ALLOWANCE_LIMITED : ALLOWANCE_UNLIMITED,
				       .credit = below(2) ? 0 : amount,
				       .field = "",
				       .tres = "",
				       .thresholds = below(2) ? "50,51,52" : "",
				       .quota = quota ? 5 * amount : 0,
				       .every = quota ? EVERY_DAY : EVERY_NONE,
				       .start = quota ? around(30, 2) : 0,
				       .carry = quota ? below(2) : 0,
				       .forgive_below = quota && below(2) ? 2 * amount : 0,
				       .enforcement = (uint8_t)below(ENFORCE_LIMIT + 1)});
		break;
	case 6:
		append(&(struct event){.kind = EVENT_HOLD,
				       .account = name,
				       .cause = CAUSE_HAND,
				       .until = below(2) ? 0 : around(0, 2)});
		break;
	case 7:
		append(&(struct event){.kind = EVENT_RELEASE,
				       .account = name,
				       .cause = CAUSE_HAND,
				       .until = below(2) ? 0 : around(0, 2)});
		break;
	case 8:
		append(&(struct event){.kind = below(2) ? EVENT_CLOSE : EVENT_OPEN,
				       .account = name});
		break;
	default:
		deposit(name, amount, now, around(0, 2));
		break;
	}
	check_both(silent, name);
}

/* Changes the counters of the clusters; a few go back, as after a crash or a reset. */
static void use_some(void)
{
	for (size_t c = 0; c < CLUSTERS; c++) {
		for (size_t a = 0; a < ACCOUNTS; a++) {
			unsigned what = below(100);

			if (what < 50)
				usage[c][a] += below(4000);
			else if (what == 50)
				usage[c][a] -= usage[c][a] > 0 ? below(2000) % usage[c][a] : 0;
			else if (what == 51 && below(20) == 0)
				usage[c][a] = 0;
			else if (what == 52)
				gone[c][a] = below(4) == 0;
			running[c][a] = below(40);
		}
	}
	if (below(60) == 0)
		below_lab[below(2)] ^= true;
}

START_TEST(deferring_makes_no_difference)
{
	const uint64_t start = util_seed();
	bool silent[CLUSTERS] = {false};

	seed = start + (uint64_t)_i;
	for (size_t i = 0; i < ACCOUNTS; i++) {
		append(&(struct event){.kind = EVENT_OPEN, .account = names[i]});
		if (i != 3)
			deposit(names[i], 100000, now - HOUR, WHEN_NEVER);
	}
	for (int step = 0; step < 250; step++) {
		/* Mostly within charge_every. */
		now += below(12) ? 5 * MINUTE + below(1000000)
				 : (5 + below(below(4) ? 50 : 600)) * MINUTE;
		use_some();
		for (size_t c = 0; c < CLUSTERS; c++)
			silent[c] = silent[c] ? below(3) > 0 : below(20) == 0;
		check_both(silent, NULL);
		if (below(5) == 0)
			some_entry();
	}
	count_both();
	ck_assert_uint_eq(sides[0].entries - sides[0].charges, sides[1].entries - sides[1].charges);
	ck_assert_uint_lt(sides[1].charges, sides[0].charges);
}
END_TEST

/* Checks that come every five minutes. */
static void check_for(int64_t time, int64_t each)
{
	static const bool silent[CLUSTERS];

	for (int64_t end = now + time; now < end;) {
		now += 5 * MINUTE;
		usage[0][0] += each;
		check_both(silent, NULL);
	}
}

static void open_alice(int64_t amount)
{
	append(&(struct event){.kind = EVENT_OPEN, .account = "alice"});
	for (size_t i = 1; i < ACCOUNTS; i++)
		append(&(struct event){.kind = EVENT_OPEN, .account = names[i]});
	deposit("alice", amount, now, WHEN_NEVER);
	check_for(5 * MINUTE, 0);
}

START_TEST(a_busy_account_has_an_entry_an_hour)
{
	open_alice(1000000);
	check_for(24 * HOUR, 100);
	count_both();
	ck_assert_uint_eq(sides[0].charges, 24 * 12);
	ck_assert_uint_eq(sides[1].charges, 24);
}
END_TEST

START_TEST(use_is_deferred_an_hour_and_no_longer)
{
	open_alice(1000000);
	check_for(5 * MINUTE, 100);
	check_for(50 * MINUTE, 0);
	count_both();
	ck_assert_uint_eq(sides[1].charges, 0);
	check_for(5 * MINUTE, 0);
	count_both();
	ck_assert_uint_eq(sides[1].charges, 1);
}
END_TEST

START_TEST(use_on_a_cluster_that_fell_silent_is_recorded)
{
	static const bool silent[CLUSTERS] = {true, true};

	open_alice(1000000);
	check_for(5 * MINUTE, 100);
	now += HOUR;
	check_both(silent, NULL);
	count_both();
	ck_assert_uint_eq(sides[1].charges, 1);
}
END_TEST

START_TEST(deferred_use_cannot_be_spent_again)
{
	const struct event all = {.kind = EVENT_WITHDRAW,
				  .account = "alice",
				  .resource = RESOURCE_BILLING,
				  .amount = 1000};

	open_alice(1000);
	check_for(5 * MINUTE, 100);
	count_both();
	ck_assert_uint_eq(sides[1].charges, 0);
	ck_assert_int_eq(util_available(sides[1].bank, now, "alice"), 900);
	FAILS(SB_EREFUSED, "to take", util_try(sides[1].bank, now, &all));
	append(&(struct event){.kind = EVENT_WITHDRAW,
			       .account = "alice",
			       .resource = RESOURCE_BILLING,
			       .amount = 900});
	count_both();
	ck_assert_uint_eq(sides[1].charges, 1);
	ck_assert_int_eq(util_available(sides[1].bank, now, "alice"), 0);
}
END_TEST

START_TEST(decisions_are_recorded_after_the_use)
{
	open_alice(1000);
	check_for(5 * MINUTE, 150);
	count_both();
	ck_assert_uint_eq(sides[1].charges, 0);
	check_for(5 * MINUTE, 100); /* the first threshold */
	count_both();
	ck_assert_uint_eq(sides[1].charges, 1);
}
END_TEST

START_TEST(near_the_end_of_a_window_nothing_is_deferred)
{
	open_alice(1000000);
	deposit("alice", 1000, now, now + 90 * MINUTE);
	check_for(5 * MINUTE, 1);
	check_for(20 * MINUTE, 1);
	count_both();
	ck_assert_uint_eq(sides[1].charges, 0);
	check_for(65 * MINUTE, 1);
	count_both();
	ck_assert_uint_eq(sides[1].charges, 13);
}
END_TEST

static int lose_readings(struct books *books, void *ctx, struct sb_error *err)
{
	(void)ctx;
	return books_set_reading(books, "c1", "alice", &(struct reading){.running = -1}, err);
}

/* As if the last check had not run. */
START_TEST(without_its_reading_use_is_charged_later)
{
	static const bool silent[CLUSTERS];

	open_alice(1000);
	check_for(5 * MINUTE, 10);
	OK(bank_write(sides[1].bank, now, lose_readings, NULL, &error));
	ck_assert_int_eq(util_available(sides[1].bank, now, "alice"), 1000);
	now += 5 * MINUTE;
	usage[0][0] += 10;
	plan(&sides[1], silent, NULL);
	ck_assert_int_eq(util_available(sides[1].bank, now, "alice"), 980);
	ck_assert_int_eq(util_verify(sides[1].bank), 0);
}
END_TEST

static int look_at_sum(struct books *books, void *ctx, struct sb_error *err)
{
	const struct account *account;
	int64_t *sum = ctx;
	int rc = books_account(books, "alice", &account, err);

	if (!rc)
		books_deferred_sum(books, account, &sum[0], &sum[1]);
	return rc;
}

START_TEST(deferred_use_can_be_reported)
{
	int64_t sum[2];

	open_alice(1000);
	OK(bank_read(sides[1].bank, now, look_at_sum, sum, &error));
	ck_assert(sum[0] == 0 && sum[1] == 0);
	check_for(10 * MINUTE, 10);
	OK(bank_read(sides[1].bank, now, look_at_sum, sum, &error));
	ck_assert_int_eq(sum[0], 20);
	ck_assert_int_eq(sum[1], now - 10 * MINUTE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("deferred");
	TCase *tcase = tcase_create("seen");

	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, deferring_makes_no_difference, 0, 10);
	tcase_add_test(tcase, a_busy_account_has_an_entry_an_hour);
	tcase_add_test(tcase, use_is_deferred_an_hour_and_no_longer);
	tcase_add_test(tcase, use_on_a_cluster_that_fell_silent_is_recorded);
	tcase_add_test(tcase, deferred_use_cannot_be_spent_again);
	tcase_add_test(tcase, decisions_are_recorded_after_the_use);
	tcase_add_test(tcase, near_the_end_of_a_window_nothing_is_deferred);
	tcase_add_test(tcase, without_its_reading_use_is_charged_later);
	tcase_add_test(tcase, deferred_use_can_be_reported);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
