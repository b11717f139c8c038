/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decisions at their boundaries. */
#include <inttypes.h>

#include "ledger/account/policy.h"
#include "tests/util.h"

static const struct rules hold_rules = {
	.enforcement = ENFORCE_HOLD, .field = "GrpTRESMins", .tres = "cpu"};

static const struct limit hold = {"GrpTRESMins", "cpu", 0};

/* Creates an open account with one lot that does not end. */
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
		OK(decide_funds(account, 0, &hold_rules, &decision, &error));
		ck_assert_msg(decision == cases[i].decision, "case %zu: %d", i, (int)decision);
		/* Without a limit it is never held for funds, and released if it was. */
		account->unlimited = true;
		OK(decide_funds(account, 0, &hold_rules, &decision, &error));
		ck_assert_int_eq((int)decision, cases[i].held ? DECIDE_RELEASE : DECIDE_NOTHING);
		account_free(account);
	}
}
END_TEST

START_TEST(softer_rules_never_hold_and_release)
{
	static const enum enforcement soft[] = {ENFORCE_OFF, ENFORCE_WARN};

	for (size_t i = 0; i < COUNT(soft); i++) {
		struct rules rules = hold_rules;
		struct lot lot;
		struct account *account = make(&lot, 0, 5);
		enum decision decision;

		rules.enforcement = soft[i];
		OK(decide_funds(account, 0, &rules, &decision, &error));
		ck_assert_int_eq((int)decision, DECIDE_NOTHING);
		account->causes = 1u << CAUSE_FUNDS | 1u << CAUSE_HAND;
		OK(decide_funds(account, 0, &rules, &decision, &error));
		ck_assert_int_eq((int)decision, DECIDE_RELEASE);
		account->causes = 1u << CAUSE_HAND;
		OK(decide_funds(account, 0, &rules, &decision, &error));
		ck_assert_int_eq((int)decision, DECIDE_NOTHING);
		account_free(account);
	}
}
END_TEST

static const struct rules scavenge_rules = {.enforcement = ENFORCE_SCAVENGE,
					    .field = "GrpTRESMins",
					    .tres = "cpu",
					    .scavenger = "low",
					    .stop_at = 125};

/* Scavenging is a hold: it begins and ends where a hold does. */
START_TEST(scavenging_begins_and_ends_as_a_hold_does)
{
	struct lot lot;
	struct account *account = make(&lot, 1, 0);
	struct rules without = scavenge_rules;
	enum decision decision;

	OK(decide_funds(account, 0, &scavenge_rules, &decision, &error));
	ck_assert_int_eq((int)decision, DECIDE_NOTHING);
	account->lots[0].rest = 0;
	OK(decide_funds(account, 0, &scavenge_rules, &decision, &error));
	ck_assert_int_eq((int)decision, DECIDE_HOLD);
	ck_assert(!is_scavenging(account, &scavenge_rules));
	ck_assert(!wants_stop(account, &scavenge_rules));
	account->causes = 1u << CAUSE_FUNDS;
	ck_assert(is_scavenging(account, &scavenge_rules));
	ck_assert(!wants_stop(account, &scavenge_rules));
	/* Without a QOS it is a hold like any other, and no limit beside the lever is needed. */
	without.scavenger = NULL;
	ck_assert_int_eq((int)enforcement_of(account, &without), ENFORCE_HOLD);
	ck_assert(!is_scavenging(account, &without));
	ck_assert(!wants_stop(account, &without));
	account_free(account);
}
END_TEST

/* The QOS passes the lever of every account that may use it. So whatever else holds an account
 * needs a limit that the QOS does not pass. */
START_TEST(all_other_holds_stop_the_scavenger_qos_too)
{
	static const struct {
		unsigned causes;
		enum enforcement enforcement;
		const char *field, *tres; /* the account's own lever */
	} cases[] = {
		{1u << CAUSE_FUNDS, ENFORCE_HOLD, "", ""},
		{1u << CAUSE_FUNDS, ENFORCE_LIMIT, "", ""},
		{1u << CAUSE_HAND, ENFORCE_SITE, "", ""},
		{1u << CAUSE_CLOSED, ENFORCE_SITE, "", ""},
		{1u << CAUSE_FUNDS | 1u << CAUSE_HAND, ENFORCE_SITE, "", ""},
		{1u << CAUSE_FUNDS | 1u << CAUSE_OVERRUN, ENFORCE_SITE, "", ""},
		{1u << CAUSE_HAND, ENFORCE_SITE, "GrpSubmitJobs", ""},
		/* The QOS does not pass GrpJobs, so this account cannot scavenge. */
		{1u << CAUSE_FUNDS, ENFORCE_SITE, "GrpJobs", ""},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct lot lot;
		struct account *account = make(&lot, 0, 0);

		(void)snprintf(account->field, sizeof(account->field), "%s", cases[i].field);
		ck_assert(!wants_stop(account, &scavenge_rules));
		account->causes = cases[i].causes;
		account->enforcement = (uint8_t)cases[i].enforcement;
		ck_assert(!is_scavenging(account, &scavenge_rules));
		ck_assert_msg(wants_stop(account, &scavenge_rules), "case %zu", i);
		account->grace_until = account->time + 1;
		ck_assert(!wants_stop(account, &scavenge_rules));
		account_free(account);
	}
}
END_TEST

/* It is not the site's lever, which the QOS passes. */
START_TEST(the_stop_is_a_limit_that_the_scavenger_qos_does_not_pass)
{
	struct rules rules = scavenge_rules;
	struct lot lot;
	struct account *account = make(&lot, 0, 0);
	struct limit stop = stop_limit(&rules);

	ck_assert_str_eq(stop.field, "GrpJobs");
	ck_assert_str_eq(stop.tres, "");
	ck_assert_int_eq(stop.value, 0);
	rules.field = "GrpJobs";
	rules.tres = "";
	stop = stop_limit(&rules);
	ck_assert_str_eq(stop.field, "GrpTRESMins");
	ck_assert_str_eq(stop.tres, "cpu");
	ck_assert_int_eq(stop.value, 0);
	ck_assert_int_eq((int)enforcement_of(account, &rules), ENFORCE_SCAVENGE);
	(void)snprintf(account->field, sizeof(account->field), "GrpTRESMins");
	(void)snprintf(account->tres, sizeof(account->tres), "node");
	ck_assert_int_eq((int)enforcement_of(account, &rules), ENFORCE_SCAVENGE);
	(void)snprintf(account->tres, sizeof(account->tres), "cpu");
	ck_assert_int_eq((int)enforcement_of(account, &rules), ENFORCE_HOLD);
	account_free(account);
}
END_TEST

START_TEST(stop_at_decides_at_its_percentage_exactly)
{
	static const struct {
		int64_t debt, flight;
		bool funds, held;
		enum decision decision;
	} cases[] = {
		/* Of the lot, 100 are used. */
		{24, 0, true, false, DECIDE_NOTHING}, {25, 0, true, false, DECIDE_HOLD},
		{24, 1, true, false, DECIDE_HOLD},    {24, 0, true, true, DECIDE_RELEASE},
		{25, 0, true, true, DECIDE_NOTHING},  {25, 0, false, false, DECIDE_NOTHING},
		{25, 0, false, true, DECIDE_RELEASE}, {25, INT64_MAX, true, false, DECIDE_HOLD},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct lot lot;
		struct account *account = make(&lot, 0, cases[i].debt);
		struct rules rules = scavenge_rules;
		enum decision decision;

		account->causes = (cases[i].funds ? 1u << CAUSE_FUNDS : 0) |
				  (cases[i].held ? 1u << CAUSE_OVERRUN : 0);
		OK(decide_overrun(account, cases[i].flight, &rules, &decision, &error));
		ck_assert_msg(decision == cases[i].decision, "case %zu: %d", i, (int)decision);
		/* What may be overdrawn counts as if it were allocated. */
		account->credit = 100;
		OK(decide_overrun(account, cases[i].flight > 1 ? 0 : cases[i].flight, &rules,
				  &decision, &error));
		ck_assert_int_eq((int)decision, cases[i].held ? DECIDE_RELEASE : DECIDE_NOTHING);
		account->credit = 0;
		/* Without stop_at, and under other rules, nothing is stopped. */
		rules.stop_at = 0;
		OK(decide_overrun(account, cases[i].flight, &rules, &decision, &error));
		ck_assert_int_eq((int)decision, cases[i].held ? DECIDE_RELEASE : DECIDE_NOTHING);
		rules = scavenge_rules;
		account->enforcement = ENFORCE_HOLD;
		OK(decide_overrun(account, cases[i].flight, &rules, &decision, &error));
		ck_assert_int_eq((int)decision, cases[i].held ? DECIDE_RELEASE : DECIDE_NOTHING);
		account_free(account);
	}
}
END_TEST

/* An allocation that ended: what a free QOS runs costs nothing and goes on, debt stops it. */
START_TEST(without_an_allocation_any_use_reaches_stop_at)
{
	struct lot lot;
	struct account *account = make(&lot, 0, 0);
	enum decision decision;

	account->causes = 1u << CAUSE_FUNDS;
	account->lot_count = 0;
	OK(decide_overrun(account, 0, &scavenge_rules, &decision, &error));
	ck_assert_int_eq((int)decision, DECIDE_NOTHING);
	account->debt = 1;
	OK(decide_overrun(account, 0, &scavenge_rules, &decision, &error));
	ck_assert_int_eq((int)decision, DECIDE_HOLD);
	/* A budget is held by the limit on its own TRES alone. */
	(void)snprintf(account->name, sizeof(account->name), "a:gres/gpu");
	OK(decide_overrun(account, 0, &scavenge_rules, &decision, &error));
	ck_assert_int_eq((int)decision, DECIDE_NOTHING);
	account_free(account);
}
END_TEST

/* Opening hundreds of accounts without money must not set hundreds of limits. */
START_TEST(accounts_without_money_ever_are_held_at_their_first_use)
{
	struct rules spare = hold_rules;
	struct lot lot;
	struct account *account = make(&lot, 0, 50);
	enum decision decision;

	account->deposited = 0;
	account->debt = 0;
	ck_assert(!had_money(account));
	OK(decide_funds(account, 0, &hold_rules, &decision, &error));
	ck_assert_int_eq((int)decision, DECIDE_NOTHING);
	/* A running job is use too. */
	OK(decide_funds(account, 1, &hold_rules, &decision, &error));
	ck_assert_int_eq((int)decision, DECIDE_HOLD);
	account->charged = 1;
	OK(decide_funds(account, 0, &hold_rules, &decision, &error));
	ck_assert_int_eq((int)decision, DECIDE_HOLD);
	/* Unless the settings let it run. */
	spare.spare_moneyless = true;
	OK(decide_funds(account, 1, &spare, &decision, &error));
	ck_assert_int_eq((int)decision, DECIDE_NOTHING);
	account->causes = 1u << CAUSE_FUNDS;
	OK(decide_funds(account, 1, &spare, &decision, &error));
	ck_assert_int_eq((int)decision, DECIDE_RELEASE);
	account->causes = 0;
	account->charged = 0;
	account->received = 1;
	ck_assert(had_money(account));
	OK(decide_funds(account, 0, &spare, &decision, &error));
	ck_assert_int_eq((int)decision, DECIDE_HOLD);
	/* A closed account is held for that, not for funds as well. */
	account->open = false;
	OK(decide_funds(account, 0, &hold_rules, &decision, &error));
	ck_assert_int_eq((int)decision, DECIDE_NOTHING);
	account_free(account);
}
END_TEST

START_TEST(a_limit_is_kept_for_accounts_that_had_money_or_use)
{
	struct rules rules = hold_rules, spare;
	struct lot lot;
	struct account *account = make(&lot, 0, 0);

	rules.enforcement = ENFORCE_LIMIT;
	spare = rules;
	spare.spare_moneyless = true;
	ck_assert(wants_caps(account, &spare));
	account->deposited = 0;
	ck_assert(!wants_caps(account, &rules));
	account->charged = 1;
	ck_assert(wants_caps(account, &rules));
	ck_assert(!wants_caps(account, &spare));
	/* Held for use in flight. */
	account->charged = 0;
	account->causes = 1u << CAUSE_FUNDS;
	ck_assert(wants_caps(account, &rules));
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

/* Every state of a lever with every kind of value in Slurm. Ours is 0, the site had 5000. */
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
		 /* The site's own 0 already holds. */
		 {LEVER_RECORD_HOLD, LEVER_LEAVE, LEVER_RECORD_HOLD, LEVER_RECORD_HOLD}},
		{FRESH,
		 true,
		 /* The site's newest value must come back. */
		 {LEVER_RECORD_HOLD, LEVER_CONFIRM, LEVER_RETRY, LEVER_RECORD_HOLD}},
		{DONE, true, {LEVER_DRIFT, LEVER_LEAVE, LEVER_DRIFT, LEVER_DRIFT}},
		{FAILED,
		 true,
		 /* The site's newest value must come back. */
		 {LEVER_RECORD_HOLD, LEVER_CONFIRM, LEVER_RETRY, LEVER_RECORD_HOLD}},
		{RESTORE_FRESH,
		 true,
		 {LEVER_RECORD_HOLD, LEVER_RECORD_HOLD, LEVER_RECORD_HOLD, LEVER_RECORD_HOLD}},
		{RESTORE_FAILED,
		 true,
		 {LEVER_RECORD_HOLD, LEVER_RECORD_HOLD, LEVER_RECORD_HOLD, LEVER_RECORD_HOLD}},
		{FRESH,
		 false,
		 {LEVER_RECORD_RESTORE, LEVER_RECORD_RESTORE, LEVER_RECORD_RESTORE,
		  LEVER_RECORD_RESTORE}},
		{DONE,
		 false,
		 {LEVER_RECORD_RESTORE, LEVER_RECORD_RESTORE, LEVER_RECORD_RESTORE,
		  LEVER_RECORD_RESTORE}},
		{FAILED,
		 false,
		 {LEVER_RECORD_RESTORE, LEVER_RECORD_RESTORE, LEVER_RECORD_RESTORE,
		  LEVER_RECORD_RESTORE}},
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
				plan_lever(account.decision, state == NONE ? NULL : &lever,
					   current[j], cases[i].held ? &hold : NULL, false);

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

	ck_assert_int_eq((int)plan_lever(account.decision, NULL, 0, &hold, false), LEVER_LEAVE);
	ck_assert_int_eq((int)plan_lever(account.decision, NULL, 0, NULL, false), LEVER_LEAVE);
	/* The site's value is restored unless the limit was changed meanwhile. */
	ck_assert_int_eq((int)plan_lever(account.decision, &lever, 0, NULL, false), LEVER_RETRY);
	ck_assert_int_eq((int)plan_lever(account.decision, &lever, 5000, NULL, false),
			 LEVER_CONFIRM);
	ck_assert_int_eq((int)plan_lever(account.decision, &lever, 6000, NULL, false),
			 LEVER_GIVE_UP);
	ck_assert_int_eq((int)plan_lever(account.decision, &lever, -1, NULL, false), LEVER_GIVE_UP);
}
END_TEST

START_TEST(a_new_decision_holds_again_what_was_changed_by_hand)
{
	struct account account = {.decision = 7};
	struct lever lever = {.original = 5000, .tried = true, .decision = 7};

	ck_assert_int_eq((int)plan_lever(account.decision, &lever, 77, &hold, false), LEVER_DRIFT);
	account.decision = 9;
	ck_assert_int_eq((int)plan_lever(account.decision, &lever, 77, &hold, false),
			 LEVER_RECORD_HOLD);
	ck_assert_int_eq((int)plan_lever(account.decision, &lever, 0, &hold, false), LEVER_LEAVE);
}
END_TEST

/* ---- levers whose value changes ---- */

/* Creates the lever that these entries make. */
static struct account *with_lever(const struct event *events, size_t count)
{
	struct account *account = account_new("a");

	ck_assert_ptr_nonnull(account);
	account->open = true;
	account->seq = 1;
	account->time = T0;
	for (size_t i = 0; i < count; i++)
		OK(account_apply(account, NULL, &events[i], &error));
	return account;
}

#define CAP(number, found_, set_)                                                                  \
	{                                                                                          \
		.kind = EVENT_LEVER, .seq = (number), .time = T0, .account = "a", .cluster = "c1", \
		.slurm_account = "a", .field = "GrpTRESMins", .tres = "billing",                   \
		.found = (found_), .set = (set_)                                                   \
	}
#define OUTCOME(number, answers_, outcome_)                                                        \
	{                                                                                          \
		.kind = EVENT_APPLIED, .seq = (number), .time = T0, .account = "a",                \
		.answers = (answers_), .outcome = (outcome_), .reason = ""                         \
	}

/* A cap that failed to follow, and every value that Slurm may then show: the site's own 5000 is
 * what comes back, whatever of ours is found. */
START_TEST(predecessor_08_a_cap_that_failed_does_not_become_the_sites_value)
{
	static const struct event events[] = {
		CAP(2, 5000, 10),
		OUTCOME(3, 2, OUTCOME_DONE),
		CAP(4, 10, 20),
		OUTCOME(5, 4, OUTCOME_FAILED),
	};
	static const int64_t shown[] = {10, 20};

	for (size_t i = 0; i < COUNT(shown); i++) {
		struct account *account = with_lever(events, COUNT(events));
		const struct lever *lever = account_lever(account, "c1", "GrpTRESMins", "billing");
		struct limit aim = {"GrpTRESMins", "billing", 30};
		struct event next = CAP(6, shown[i], 30);
		struct event restore = CAP(7, shown[i], 5000);

		ck_assert_int_eq((int)plan_lever(account->decision, lever, shown[i], &aim, false),
				 LEVER_RECORD_HOLD);
		OK(account_apply(account, NULL, &next, &error));
		ck_assert_int_eq(lever->original, 5000);
		ck_assert(lever->found_ours);
		/* The third one fails too: each of the last values is known as ours. */
		for (int64_t value = 10; value <= 30; value += 10)
			ck_assert_int_eq(lever_is_ours(lever, value),
					 value != 10 || shown[i] == 10);
		restore.action = LEVER_RESTORE;
		OK(account_apply(account, NULL, &restore, &error));
		ck_assert_int_eq(lever->set, 5000);
		ck_assert_int_eq((int)plan_lever(account->decision, lever, shown[i], NULL, false),
				 LEVER_RETRY);
		ck_assert_int_eq((int)plan_lever(account->decision, lever, 5000, NULL, false),
				 LEVER_CONFIRM);
		ck_assert_int_eq((int)plan_lever(account->decision, lever, 77, NULL, false),
				 LEVER_GIVE_UP);
		account_free(account);
	}
}
END_TEST

START_TEST(what_the_site_set_meanwhile_is_what_comes_back)
{
	static const struct event events[] = {
		CAP(2, 5000, 10), OUTCOME(3, 2, OUTCOME_DONE), CAP(4, 77, 20), /* somebody set 77 */
	};
	struct account *account = with_lever(events, COUNT(events));

	ck_assert_int_eq(account->levers[0].original, 77);
	ck_assert(!account->levers[0].found_ours);
	account_free(account);
}
END_TEST

START_TEST(drift_is_left_or_put_right)
{
	static const struct event events[] = {CAP(2, 5000, 10), OUTCOME(3, 2, OUTCOME_DONE)};
	struct account *account = with_lever(events, COUNT(events));
	const struct lever *lever = &account->levers[0];
	const struct limit same = {"GrpTRESMins", "billing", 10},
			   other = {"GrpTRESMins", "billing", 20};

	ck_assert_int_eq((int)plan_lever(account->decision, lever, 77, &same, false), LEVER_DRIFT);
	ck_assert_int_eq((int)plan_lever(account->decision, lever, 77, &same, true),
			 LEVER_RECORD_HOLD);
	ck_assert_int_eq((int)plan_lever(account->decision, lever, 10, &same, true), LEVER_LEAVE);
	/* A cap does not replace a value that was set by hand. */
	ck_assert_int_eq((int)plan_lever(account->decision, lever, 77, &other, false), LEVER_DRIFT);
	ck_assert_int_eq((int)plan_lever(account->decision, lever, 77, &other, true),
			 LEVER_RECORD_HOLD);
	ck_assert_int_eq((int)plan_lever(account->decision, lever, 10, &other, false),
			 LEVER_RECORD_HOLD);
	account_free(account);
}
END_TEST

/* ---- limits that follow the balance ---- */

/* What Slurm lets start under a cap is at most this much, to the second: it compares whole minutes
 * of what was used and, apart, of what running jobs may still use. */
static int64_t usable(int64_t minutes, int64_t used)
{
	return used / 60 >= minutes ? 0 : minutes * 60 + 118 - used;
}

static int64_t one_cap(struct cap cap, int64_t available)
{
	bool deferred = true;

	plan_caps(&cap, 1, available, false, &deferred);
	ck_assert(!deferred);
	return cap.value;
}

START_TEST(a_cap_at_its_edges)
{
	static const struct {
		int64_t used, available, minutes;
	} cases[] = {
		{0, INT64_MIN, 0},
		{0, -1, 0},
		{0, 0, 0},
		{0, 1, 0},
		{0, 59, 0},
		{0, 60, 0},
		{0, 119, 0},
		{0, 177, 0},
		{0, 178, 1},
		{1, 177, 1},
		{0, 237, 1},
		{0, 238, 2},
		{59, 119, 1},
		{60, 117, 0},
		{60, 118, 1},
		{1000, 0, 14}, /* below the 16 used: nothing starts */
		{1000, 78, 16},
		{1000, 137, 16},
		{1000, 138, 17},
		/* Debt is more than what was used since Slurm counts, as after a reset. */
		{100, INT64_MIN, 0},
		{0, INT64_MAX, (INT64_MAX - 118) / 60},
		{INT64_MAX, 0, (INT64_MAX - 118) / 60},
		{INT64_MAX, INT64_MAX, INT64_C(307445734561825858)},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cap cap = {.used = cases[i].used, .share = 1, .now = -1, .ceiling = -1};
		int64_t minutes = one_cap(cap, cases[i].available);

		ck_assert_msg(minutes == cases[i].minutes, "case %zu: %" PRId64, i, minutes);
	}
}
END_TEST

/* Never more than there is, and of that at most a minute less, to the second; below three minutes
 * it may be that nothing more starts. */
START_TEST(one_cap_is_exact_for_every_second)
{
	for (int64_t used = 0; used < 180; used++) {
		for (int64_t available = -200; available < 1000; available++) {
			struct cap cap = {.used = used, .share = 1, .now = -1, .ceiling = -1};
			int64_t room = usable(one_cap(cap, available), used);

			ck_assert_int_le(room, available > 0 ? available : 0);
			if (room > 0)
				ck_assert_int_gt(room, available - 60);
			else
				ck_assert_int_lt(available, 178);
		}
	}
}
END_TEST

START_TEST(the_sites_own_limit_is_never_passed)
{
	struct cap cap = {.used = 600, .share = 1, .now = 50, .ceiling = 50};

	ck_assert_int_eq(one_cap(cap, 36000), 50);
	ck_assert_int_lt(one_cap(cap, 600), 50);
	cap.ceiling = 0;
	ck_assert_int_eq(one_cap(cap, 36000), 0);
	ck_assert_int_eq(one_cap(cap, -5), 0);
}
END_TEST

START_TEST(a_cap_in_step_is_left_alone)
{
	struct cap cap = {.used = 1000, .share = 1, .now = -1, .ceiling = -1};

	/* As time goes by the use and the balance move by the same. */
	cap.now = one_cap(cap, 36000);
	for (int64_t used = 1000; used <= 37000; used += 7) {
		cap.used = used;
		ck_assert_int_eq(one_cap(cap, 37000 - used), cap.now);
	}
	/* Less than a minute is not worth a change, unless it is too much. */
	cap.used = 1000;
	ck_assert_int_eq(one_cap(cap, 36001), cap.now);
	ck_assert_int_gt(one_cap(cap, 36061), cap.now);
	ck_assert_int_lt(one_cap(cap, 35939), cap.now);
	/* It was changed by hand: the plan has the right value. */
	cap.now = 5;
	cap.changed = true;
	ck_assert_int_eq(one_cap(cap, 36000), (1000 + 36000 - 118) / 60);
}
END_TEST

/* Caps that are taken over, as from a check to the next. */
static void apply(struct cap *caps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!caps[i].silent && !caps[i].absent)
			caps[i].now = caps[i].value;
		caps[i].changed = false;
	}
}

/* A lower limit does not stop running jobs. */
static int64_t bound_of(const struct cap *cap)
{
	int64_t room = cap->now < 0 ? INT64_C(1) << 40 : usable(cap->now, cap->used);

	return room > cap->running ? room : cap->running;
}

/* Without a limit there is no bound; for a silent one nothing can be done about that. */
static int64_t all_usable(const struct cap *caps, size_t count)
{
	int64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		if (!caps[i].absent && !(caps[i].silent && caps[i].now < 0))
			sum += bound_of(&caps[i]);
	}
	return sum;
}

START_TEST(shares_are_even_or_weighted)
{
	static const struct {
		int64_t share[3];
		size_t count;
		int64_t minutes[3];
	} cases[] = {
		{{1, 1}, 2, {298, 298}},
		{{3, 1}, 2, {448, 148}},
		{{1, 0}, 2, {598, 0}},
		{{0, 0}, 2, {0, 0}},
		{{1, 1, 1}, 3, {198, 198, 198}},
		{{1, 2, 3}, 3, {98, 198, 298}},
		{{1000000, 1000000, 0}, 3, {298, 298, 0}},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cap caps[3] = {{0}};
		bool deferred;

		for (size_t j = 0; j < cases[i].count; j++)
			caps[j] =
				(struct cap){.share = cases[i].share[j], .now = -1, .ceiling = -1};
		plan_caps(caps, cases[i].count, 36000, false, &deferred);
		ck_assert(!deferred);
		for (size_t j = 0; j < cases[i].count; j++)
			ck_assert_msg(caps[j].value == cases[i].minutes[j],
				      "case %zu, cluster %zu: %" PRId64, i, j, caps[j].value);
		apply(caps, cases[i].count);
		ck_assert_int_le(all_usable(caps, cases[i].count), 36000);
	}
}
END_TEST

START_TEST(pooled_gives_each_the_whole)
{
	struct cap caps[] = {
		{.share = 1, .now = -1, .ceiling = -1},
		{.used = 6000, .share = 9, .now = -1, .ceiling = -1},
		{.silent = true, .now = 40},
	};
	bool deferred;

	plan_caps(caps, 3, 36000, true, &deferred);
	ck_assert(!deferred);
	ck_assert_int_eq(caps[0].value, 598);
	ck_assert_int_eq(caps[1].value, 698);
	/* No lowering waits for a raise: they do not share. */
	apply(caps, 3);
	caps[0].now = 700;
	caps[1].now = 200;
	plan_caps(caps, 3, 36000, true, &deferred);
	ck_assert(!deferred);
	ck_assert_int_eq(caps[0].value, 598);
	ck_assert_int_eq(caps[1].value, 698);
}
END_TEST

/* Somebody raised the first one's by hand, and it is left so: the other one still gets its share of
 * what is then left. */
START_TEST(a_cap_left_as_it_was_changed_keeps_its_room)
{
	struct cap caps[2] = {{.share = 1,
			       .now = 5000,
			       .ceiling = -1,
			       .changed = true,
			       .left = true,
			       .kept = 298},
			      {.share = 1, .now = 298, .ceiling = -1}};
	bool deferred;

	plan_caps(caps, 2, 396000, false, &deferred);
	ck_assert_int_eq(caps[0].value, 298);
	ck_assert_int_eq(caps[1].value, (396000 - (5000 * 60 + 118) - 118) / 60);
	ck_assert(!deferred);
	/* The limit was removed: the share remains reserved. */
	caps[0].now = -1;
	plan_caps(caps, 2, 396000, false, &deferred);
	ck_assert_int_eq(caps[0].value, 298);
	ck_assert_int_eq(caps[1].value, (396000 / 2 - 118) / 60);
	ck_assert(!deferred);
}
END_TEST

START_TEST(a_silent_cluster_keeps_its_room)
{
	struct cap caps[] = {
		{.share = 1, .now = 298, .ceiling = -1},
		{.silent = true, .share = 1, .used = 0, .now = 298},
	};
	bool deferred;

	/* The first has used nearly all of its share: it gets no more than is not reserved. */
	caps[0].used = 17000;
	plan_caps(caps, 2, 19000, false, &deferred);
	apply(caps, 2);
	ck_assert_int_le(all_usable(caps, 2), 19000);
	ck_assert_int_eq(caps[1].now, 298);
	/* No limit in force there: its share is kept for it all the same. */
	caps[0] = (struct cap){.share = 1, .now = -1, .ceiling = -1};
	caps[1].now = -1;
	plan_caps(caps, 2, 36000, false, &deferred);
	ck_assert_int_eq(caps[0].value, 298);
	/* It answers again: dealt again. */
	caps[0].now = 298;
	caps[0].used = 17900;
	caps[1] = (struct cap){.share = 1, .now = -1, .ceiling = -1};
	plan_caps(caps, 2, 18100, false, &deferred);
	ck_assert(deferred);
	ck_assert_int_eq(caps[0].value, 298);
	ck_assert_int_eq(caps[1].value, (9050 - 118) / 60);
	apply(caps, 2);
	plan_caps(caps, 2, 18100, false, &deferred);
	ck_assert_int_eq(caps[0].value, (17900 + 9050 - 118) / 60);
	apply(caps, 2);
	ck_assert_int_le(all_usable(caps, 2), 18100);
	/* Where the account is not, nothing is kept. */
	caps[1] = (struct cap){.absent = true};
	plan_caps(caps, 2, 18100, false, &deferred);
	ck_assert_int_eq(caps[0].value, (17900 + 18100 - 118) / 60);
	ck_assert_int_eq(caps[1].value, -1);
}
END_TEST

START_TEST(shares_are_dealt_anew_when_one_starves)
{
	struct cap caps[] = {
		{.share = 1, .now = -1, .ceiling = -1},
		{.share = 1, .now = -1, .ceiling = -1},
	};
	bool deferred;

	plan_caps(caps, 2, 36000, false, &deferred);
	apply(caps, 2);
	/* Half used: as it is. */
	caps[0].used = 9000;
	plan_caps(caps, 2, 27000, false, &deferred);
	ck_assert_int_eq(caps[0].value, 298);
	ck_assert_int_eq(caps[1].value, 298);
	/* Less than a quarter of a new share is left: the other is lowered first. */
	caps[0].used = 15600;
	plan_caps(caps, 2, 20400, false, &deferred);
	ck_assert(deferred);
	ck_assert_int_eq(caps[0].value, 298);
	ck_assert_int_eq(caps[1].value, (10200 - 118) / 60);
	apply(caps, 2);
	plan_caps(caps, 2, 20400, false, &deferred);
	ck_assert(!deferred);
	ck_assert_int_eq(caps[0].value, (15600 + 10200 - 118) / 60);
	ck_assert_int_eq(caps[1].value, caps[1].now);
	apply(caps, 2);
	plan_caps(caps, 2, 20400, false, &deferred);
	ck_assert_int_eq(caps[0].value, caps[0].now);
	ck_assert_int_eq(caps[1].value, caps[1].now);
}
END_TEST

/* The room of a cluster whose jobs run is not given away, though its limit is lowered. */
START_TEST(what_running_jobs_may_use_yet_is_not_given_to_others)
{
	struct cap caps[] = {
		{.used = 17800, .share = 1, .now = 298, .ceiling = -1},
		{.used = 0, .running = 15000, .share = 1, .now = 298, .ceiling = -1},
	};
	bool deferred = true;

	/* The first starves, and the second has started jobs for most of what it had. */
	for (int step = 0; deferred; step++) {
		ck_assert_int_lt(step, 3);
		plan_caps(caps, 2, 18200, false, &deferred);
		apply(caps, 2);
		ck_assert(deferred || all_usable(caps, 2) <= 18200);
	}
	ck_assert_int_eq(caps[1].now, (9100 - 118) / 60);
	ck_assert_int_eq(caps[0].now, (17800 + 3200 - 118) / 60);
	/* They end early: what they did not use is there for both. */
	caps[1].running = 0;
	caps[1].used = 400;
	for (deferred = true; deferred;) {
		plan_caps(caps, 2, 17800, false, &deferred);
		apply(caps, 2);
		ck_assert(deferred || all_usable(caps, 2) <= 17800);
	}
	ck_assert_int_eq(caps[0].now, (17800 + 8900 - 118) / 60);
	/* Jobs that ran when money was taken away: the limit does not move with them. */
	caps[0] =
		(struct cap){.used = 15600, .running = 6000, .share = 1, .now = 200, .ceiling = -1};
	for (int64_t used = 15600; used <= 21600; used += 60) {
		caps[0].used = used;
		caps[0].running = 21600 - used;
		plan_caps(caps, 1, 15000 - used, false, &deferred);
		ck_assert_int_eq(caps[0].value, 200);
	}
}
END_TEST

/* Whatever was in force, whoever is silent and whichever of the changes fail: together they may use
 * no more than there is, or than they could before; and steps come to an end. */
START_TEST(no_step_gives_more_than_there_is)
{
	uint64_t state = util_seed();

	for (int round = 0; round < 20000; round++) {
		struct cap caps[4] = {{0}};
		size_t count = (size_t)(1 + util_below(&state, 4));
		int64_t available = util_below(&state, 20000) - 2000;
		bool deferred = true;
		int steps = 0;

		for (size_t i = 0; i < count; i++)
			caps[i] = (struct cap){
				.silent = util_below(&state, 5) == 0,
				.absent = util_below(&state, 9) == 0,
				.used = util_below(&state, 10000),
				.running = util_below(&state, 3) ? 0 : util_below(&state, 9000),
				.share = util_below(&state, 4),
				.now = util_below(&state, 3) ? util_below(&state, 300) : -1,
				.ceiling = util_below(&state, 4) ? -1 : util_below(&state, 300),
			};
		for (size_t i = 0; i < count; i++) {
			if (caps[i].silent)
				caps[i].running = 0; /* it does not say */
		}
		for (; deferred && steps < 4; steps++) {
			int64_t before = all_usable(caps, count), after;

			plan_caps(caps, count, available, false, &deferred);
			for (size_t i = 0; i < count; i++) {
				if (caps[i].silent)
					ck_assert_int_eq(caps[i].value, caps[i].now);
				else if (caps[i].absent)
					ck_assert_int_eq(caps[i].value, -1);
				else
					ck_assert_int_ge(caps[i].value, 0);
				if (!caps[i].silent && !caps[i].absent && caps[i].ceiling >= 0 &&
				    caps[i].value != caps[i].now)
					ck_assert_int_le(caps[i].value, caps[i].ceiling);
			}
			/* Each of the changes of a step alone keeps the bound too: the others may
			 * fail. */
			for (size_t i = 0; i <= count; i++) {
				struct cap some[4];

				memcpy(some, caps, sizeof(some));
				apply(i < count ? &some[i] : some, i < count ? 1 : count);
				after = all_usable(some, count);
				ck_assert_msg(after <= available || after <= before,
					      "round %d: %" PRId64 " of %" PRId64, round, after,
					      available);
			}
			apply(caps, count);
		}
		ck_assert_msg(!deferred, "round %d does not end", round);
		/* At rest: the next says the same. */
		plan_caps(caps, count, available, false, &deferred);
		for (size_t i = 0; i < count; i++) {
			if (!caps[i].absent)
				ck_assert_int_eq(caps[i].value, caps[i].now);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tcase = tcase_create("policy");

	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_test(tcase, money_that_is_not_there_is_not_taken);
	tcase_add_test(tcase, scavenging_begins_and_ends_as_a_hold_does);
	tcase_add_test(tcase, all_other_holds_stop_the_scavenger_qos_too);
	tcase_add_test(tcase, the_stop_is_a_limit_that_the_scavenger_qos_does_not_pass);
	tcase_add_test(tcase, stop_at_decides_at_its_percentage_exactly);
	tcase_add_test(tcase, without_an_allocation_any_use_reaches_stop_at);
	tcase_add_test(tcase, accounts_without_money_ever_are_held_at_their_first_use);
	tcase_add_test(tcase, a_limit_is_kept_for_accounts_that_had_money_or_use);
	tcase_add_test(tcase, softer_rules_never_hold_and_release);
	tcase_add_test(tcase, predecessor_13_funds_decide_at_zero_exactly);
	tcase_add_test(tcase, charges_take_what_there_is_and_owe_the_rest);
	tcase_add_test(tcase, money_pays_no_more_debt_than_there_is);
	tcase_add_test(tcase, levers_follow_the_whole_table);
	tcase_add_test(tcase, predecessor_08_what_the_site_had_set_stays);
	tcase_add_test(tcase, a_new_decision_holds_again_what_was_changed_by_hand);
	tcase_add_test(tcase, predecessor_08_a_cap_that_failed_does_not_become_the_sites_value);
	tcase_add_test(tcase, what_the_site_set_meanwhile_is_what_comes_back);
	tcase_add_test(tcase, drift_is_left_or_put_right);
	tcase_add_test(tcase, a_cap_at_its_edges);
	tcase_add_test(tcase, one_cap_is_exact_for_every_second);
	tcase_add_test(tcase, the_sites_own_limit_is_never_passed);
	tcase_add_test(tcase, a_cap_in_step_is_left_alone);
	tcase_add_test(tcase, shares_are_even_or_weighted);
	tcase_add_test(tcase, pooled_gives_each_the_whole);
	tcase_add_test(tcase, a_cap_left_as_it_was_changed_keeps_its_room);
	tcase_add_test(tcase, a_silent_cluster_keeps_its_room);
	tcase_add_test(tcase, shares_are_dealt_anew_when_one_starves);
	tcase_add_test(tcase, what_running_jobs_may_use_yet_is_not_given_to_others);
	tcase_add_test(tcase, no_step_gives_more_than_there_is);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
