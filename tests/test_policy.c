/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decisions at their boundaries. */
#include "config.h"

#include <inttypes.h>

#include "ledger/policy.h"
#include "tests/util.h"

static const struct rules hold_rules = {
	.enforcement = ENFORCE_HOLD, .field = "GrpTRESMins", .tres = "cpu"};

static const struct aim hold = {"GrpTRESMins", "cpu", 0};

/* An open account with one lot that does not end. */
static struct account *make(struct lot *lot, int64_t rest, int64_t debt)
{
	struct account *account = account_new("a");

	ck_assert_ptr_nonnull(account);
	account->open = true;
	account->time = T0;
	account->debt = debt;
	account->deposited = 100;
	*lot = (struct lot){.seq = 1, .start = T0, .end = WHEN_NEVER, .amount = 100, .rest = rest};
	account->lots = malloc(sizeof(*lot));
	ck_assert_ptr_nonnull(account->lots);
	account->lots[0] = *lot;
	account->lot_count = 1;
	return account;
}

/* Held at or below nothing, released above it, whatever is in between: the predecessor could
 * neither hold nor release an account that had used exactly its limit. */
START_TEST(predecessor_13_funds_decide_at_zero_exactly)
{
	static const struct {
		int64_t rest, debt;
		bool held;
		enum decision decision;
	} cases[] = {
		{0, 1, false, DECIDE_HOLD},	    {0, 1, true, DECIDE_NOTHING},
		{0, 0, false, DECIDE_HOLD},	    {0, 0, true, DECIDE_NOTHING},
		{1, 0, false, DECIDE_NOTHING},	    {1, 0, true, DECIDE_RELEASE},
		{0, INT64_MAX, false, DECIDE_HOLD}, {INT64_MAX, 0, true, DECIDE_RELEASE},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct lot lot;
		struct account *account = make(&lot, cases[i].rest, cases[i].debt);
		enum decision decision;

		account->causes = cases[i].held ? 1u << CAUSE_FUNDS : 0;
		OK(decide_funds(account, &hold_rules, &decision, &error));
		ck_assert_msg(decision == cases[i].decision, "case %zu: %d", i, (int)decision);
		/* No allowance bounds it: never held for funds, and released if it was. */
		account->unlimited = true;
		OK(decide_funds(account, &hold_rules, &decision, &error));
		ck_assert_int_eq((int)decision, cases[i].held ? DECIDE_RELEASE : DECIDE_NOTHING);
		account_free(account);
	}
}
END_TEST

START_TEST(softer_rules_hold_nobody_and_release)
{
	static const enum enforcement soft[] = {ENFORCE_OFF, ENFORCE_WARN};

	for (size_t i = 0; i < COUNT(soft); i++) {
		struct rules rules = hold_rules;
		struct lot lot;
		struct account *account = make(&lot, 0, 5);
		enum decision decision;

		rules.enforcement = soft[i];
		OK(decide_funds(account, &rules, &decision, &error));
		ck_assert_int_eq((int)decision, DECIDE_NOTHING);
		account->causes = 1u << CAUSE_FUNDS | 1u << CAUSE_HAND;
		OK(decide_funds(account, &rules, &decision, &error));
		ck_assert_int_eq((int)decision, DECIDE_RELEASE);
		account->causes = 1u << CAUSE_HAND;
		OK(decide_funds(account, &rules, &decision, &error));
		ck_assert_int_eq((int)decision, DECIDE_NOTHING);
		account_free(account);
	}
}
END_TEST

START_TEST(accounts_without_money_ever_are_not_held)
{
	struct lot lot;
	struct account *account = make(&lot, 0, 50);
	enum decision decision;

	account->deposited = 0;
	ck_assert(!had_money(account));
	OK(decide_funds(account, &hold_rules, &decision, &error));
	ck_assert_int_eq((int)decision, DECIDE_NOTHING);
	account->received = 1;
	ck_assert(had_money(account));
	OK(decide_funds(account, &hold_rules, &decision, &error));
	ck_assert_int_eq((int)decision, DECIDE_HOLD);
	/* A closed account is held for that, not for funds as well. */
	account->open = false;
	OK(decide_funds(account, &hold_rules, &decision, &error));
	ck_assert_int_eq((int)decision, DECIDE_NOTHING);
	account_free(account);
}
END_TEST

START_TEST(money_that_is_not_there_is_not_taken)
{
	static const struct {
		int64_t rest, debt, credit, amount;
		int rc;
	} cases[] = {
		{0, 0, 0, 1, SB_EREFUSED},
		{9, 0, 0, 10, SB_EREFUSED},
		{0, 5, 0, 1, SB_EREFUSED},
		{9, 0, 100, 10, SB_EREFUSED},
		{10, 0, 0, 10, SB_OK},
		{10, 0, 0, 9, SB_OK},
		{INT64_MAX, 0, 0, INT64_MAX, SB_OK},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct event event = {.kind = EVENT_WITHDRAW, .amount = cases[i].amount};
		struct lot lot;
		struct account *account = make(&lot, cases[i].rest, cases[i].debt);
		int64_t all;
		int rc;

		account->credit = cases[i].credit;
		OK(account_rest(account, &all, &error));
		ck_assert_int_eq(all, cases[i].rest);
		rc = plan_take(account, &event, &error);
		ck_assert_msg(rc == cases[i].rc, "case %zu: %d", i, rc);
		if (rc) {
			ck_assert_ptr_nonnull(strstr(error.text, "account 'a'"));
			ck_assert_uint_eq(event.part_count, 0);
		} else {
			ck_assert_uint_eq(event.part_count, 1);
			ck_assert_int_eq(event.parts[0].amount, cases[i].amount);
		}
		event_release(&event);
		account_free(account);
	}
}
END_TEST

START_TEST(charges_take_what_there_is_and_owe_the_rest)
{
	static const struct {
		int64_t rest, amount, part, debt;
	} cases[] = {
		{0, 1, 0, 1},
		{1, 1, 1, 0},
		{1, 2, 1, 1},
		{5, 4, 4, 0},
		{1, INT64_MAX, 1, INT64_MAX - 1},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct event event = {.kind = EVENT_CHARGE,
				      .amount = cases[i].amount,
				      .since = T0,
				      .until = T0 + 1};
		struct lot lot;
		struct account *account = make(&lot, cases[i].rest, 0);

		OK(plan_charge(account, &event, &error));
		ck_assert_uint_eq(event.part_count, cases[i].part > 0);
		if (cases[i].part > 0)
			ck_assert_int_eq(event.parts[0].amount, cases[i].part);
		ck_assert_int_eq(event.debt, cases[i].debt);
		event_release(&event);
		account_free(account);
	}
}
END_TEST

START_TEST(money_pays_no_more_debt_than_there_is)
{
	struct lot lot;
	struct account *account = make(&lot, 0, 10);

	ck_assert_int_eq(plan_debt(account, 9), 9);
	ck_assert_int_eq(plan_debt(account, 10), 10);
	ck_assert_int_eq(plan_debt(account, 11), 10);
	account->debt = 0;
	ck_assert_int_eq(plan_debt(account, 11), 0);
	account_free(account);
}
END_TEST

enum lever_state { NONE, FRESH, DONE, FAILED, RESTORE_FRESH, RESTORE_FAILED };

/* Every state of a lever beside every kind of value in Slurm. Ours is 0, the site had 5000. */
START_TEST(levers_follow_the_whole_table)
{
	static const int64_t current[] = {-1, 0, 5000, 77};
	static const struct {
		enum lever_state state;
		bool held;
		enum lever_plan plan[COUNT(current)];
	} cases[] = {
		{NONE, false, {LEVER_LEAVE, LEVER_LEAVE, LEVER_LEAVE, LEVER_LEAVE}},
		{NONE,
		 true,
		 /* The site's own 0 holds already. */
		 {LEVER_ENTER_HOLD, LEVER_LEAVE, LEVER_ENTER_HOLD, LEVER_ENTER_HOLD}},
		{FRESH,
		 true,
		 /* What the site set meanwhile is what is to come back. */
		 {LEVER_ENTER_HOLD, LEVER_CONFIRM, LEVER_RETRY, LEVER_ENTER_HOLD}},
		{DONE, true, {LEVER_DRIFT, LEVER_LEAVE, LEVER_DRIFT, LEVER_DRIFT}},
		{FAILED,
		 true,
		 /* What the site set meanwhile is what is to come back. */
		 {LEVER_ENTER_HOLD, LEVER_CONFIRM, LEVER_RETRY, LEVER_ENTER_HOLD}},
		{RESTORE_FRESH,
		 true,
		 {LEVER_ENTER_HOLD, LEVER_ENTER_HOLD, LEVER_ENTER_HOLD, LEVER_ENTER_HOLD}},
		{RESTORE_FAILED,
		 true,
		 {LEVER_ENTER_HOLD, LEVER_ENTER_HOLD, LEVER_ENTER_HOLD, LEVER_ENTER_HOLD}},
		{FRESH,
		 false,
		 {LEVER_ENTER_RESTORE, LEVER_ENTER_RESTORE, LEVER_ENTER_RESTORE,
		  LEVER_ENTER_RESTORE}},
		{DONE,
		 false,
		 {LEVER_ENTER_RESTORE, LEVER_ENTER_RESTORE, LEVER_ENTER_RESTORE,
		  LEVER_ENTER_RESTORE}},
		{FAILED,
		 false,
		 {LEVER_ENTER_RESTORE, LEVER_ENTER_RESTORE, LEVER_ENTER_RESTORE,
		  LEVER_ENTER_RESTORE}},
		{RESTORE_FRESH, false, {LEVER_GIVE_UP, LEVER_RETRY, LEVER_CONFIRM, LEVER_GIVE_UP}},
		{RESTORE_FAILED, false, {LEVER_GIVE_UP, LEVER_RETRY, LEVER_CONFIRM, LEVER_GIVE_UP}},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		enum lever_state state = cases[i].state;
		bool restoring = state == RESTORE_FRESH || state == RESTORE_FAILED;
		struct lever lever = {.original = 5000,
				      .found = 5000,
				      .set = restoring ? 5000 : 0,
				      .restoring = restoring,
				      .tried = state == DONE || state == FAILED ||
					       state == RESTORE_FAILED,
				      .outcome = state == DONE ? OUTCOME_DONE : OUTCOME_FAILED};
		struct account account = {0};

		for (size_t j = 0; j < COUNT(current); j++) {
			enum lever_plan plan =
				plan_lever(&account, state == NONE ? NULL : &lever, current[j],
					   cases[i].held ? &hold : NULL, false);

			ck_assert_msg(plan == cases[i].plan[j], "case %zu, %" PRId64 ": %d", i,
				      current[j], (int)plan);
		}
	}
}
END_TEST

/* The predecessor replaced a site's own limit by 0 and cleared it afterwards. */
START_TEST(predecessor_08_what_the_site_had_set_stays)
{
	struct account account = {0};
	struct lever lever = {.original = 5000, .set = 5000, .restoring = true};

	ck_assert_int_eq((int)plan_lever(&account, NULL, 0, &hold, false), LEVER_LEAVE);
	ck_assert_int_eq((int)plan_lever(&account, NULL, 0, NULL, false), LEVER_LEAVE);
	/* Restored to what was found, unless somebody gave it another value meanwhile. */
	ck_assert_int_eq((int)plan_lever(&account, &lever, 0, NULL, false), LEVER_RETRY);
	ck_assert_int_eq((int)plan_lever(&account, &lever, 5000, NULL, false), LEVER_CONFIRM);
	ck_assert_int_eq((int)plan_lever(&account, &lever, 6000, NULL, false), LEVER_GIVE_UP);
	ck_assert_int_eq((int)plan_lever(&account, &lever, -1, NULL, false), LEVER_GIVE_UP);
}
END_TEST

START_TEST(a_new_decision_holds_again_what_was_changed_by_hand)
{
	struct account account = {.decision = 7};
	struct lever lever = {.original = 5000, .tried = true, .decision = 7};

	ck_assert_int_eq((int)plan_lever(&account, &lever, 77, &hold, false), LEVER_DRIFT);
	account.decision = 9;
	ck_assert_int_eq((int)plan_lever(&account, &lever, 77, &hold, false), LEVER_ENTER_HOLD);
	ck_assert_int_eq((int)plan_lever(&account, &lever, 0, &hold, false), LEVER_LEAVE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tcase = tcase_create("policy");

	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_test(tcase, money_that_is_not_there_is_not_taken);
	tcase_add_test(tcase, accounts_without_money_ever_are_not_held);
	tcase_add_test(tcase, softer_rules_hold_nobody_and_release);
	tcase_add_test(tcase, predecessor_13_funds_decide_at_zero_exactly);
	tcase_add_test(tcase, charges_take_what_there_is_and_owe_the_rest);
	tcase_add_test(tcase, money_pays_no_more_debt_than_there_is);
	tcase_add_test(tcase, levers_follow_the_whole_table);
	tcase_add_test(tcase, predecessor_08_what_the_site_had_set_stays);
	tcase_add_test(tcase, a_new_decision_holds_again_what_was_changed_by_hand);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
