/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of accounts with shares of users, on real books with made-up observations. */
#include "ledger/base/when.h"
#include "ledger/check/check.h"
#include "tests/util.h"

enum { NONE = -1, GONE = -3, MINUTE = 60 };

/* A user in account "physics" of cluster "c1", or the account itself with [user] NULL. */
struct shown {
	const char *user;
	int64_t billing; /* seconds; -1: the row cannot be read */
	int64_t gpu; /* minutes */
	int64_t cpu_limit, gpu_limit; /* GrpTRESMins; NONE; LIMIT_UNKNOWN; GONE: no association */
};

static struct bank *bank;
static struct rules rules;
static struct check check;
static int64_t now;
static struct shown physics, alice, bob;
static int64_t cap; /* of physics: GrpTRESMins=billing */
static int64_t lowest_of_alice; /* of cpu, where partitions differ */
static bool asks_users;
static bool answers, deaf; /* deaf: Slurm changes nothing */

#define SU_OF(user) "physics:billing~" user
#define GPU_OF(user) "physics:gres/gpu~" user

static void setup(void)
{
	util_setup();
	bank = util_bank();
	now = T0;
	rules = (struct rules){.enforcement = ENFORCE_HOLD, .field = "GrpTRESMins", .tres = "cpu"};
	check = (struct check){.rules = &rules, .all_clusters = true};
	physics = (struct shown){NULL, 10000, 0, NONE, NONE};
	alice = (struct shown){"alice", 6000, 100, NONE, NONE};
	bob = (struct shown){"bob", 3000, 50, NONE, NONE};
	cap = NONE;
	answers = true;
	deaf = false;
	asks_users = true;
	lowest_of_alice = NONE;
}

static void teardown(void)
{
	check_release(&check);
	bank_close(bank);
	util_teardown();
}

/* The tables of one observation. */
struct tables {
	struct observed rows[2], purses[4];
	size_t purse_count;
	struct limit limits[7];
	size_t limit_count;
};

static void add_limit(struct tables *tables, const char *tres, int64_t value)
{
	tables->limits[tables->limit_count++] = (struct limit){"GrpTRESMins", tres, value};
}

static void add_purse(struct tables *tables, const char *resource, int64_t usage)
{
	tables->purses[tables->purse_count++] =
		(struct observed){.account = "physics",
				  .resource = resource,
				  .usage = usage < 0 ? 0 : usage,
				  .odd_usage = usage < 0,
				  .minutes = usage < 0 ? -1 : usage / 60};
}

static void make_tables(struct tables *tables)
{
	const bool has_alice = alice.cpu_limit != GONE, has_bob = bob.cpu_limit != GONE;

	if (physics.cpu_limit != NONE)
		add_limit(tables, "cpu", physics.cpu_limit);
	if (cap != NONE)
		add_limit(tables, "billing", cap);
	if (has_alice) {
		add_limit(tables, "cpu~alice", alice.cpu_limit);
		if (lowest_of_alice != NONE)
			tables->limits[tables->limit_count++] =
				(struct limit){LIMIT_LOWEST, "cpu~alice", lowest_of_alice};
		add_limit(tables, "gres/gpu~alice", alice.gpu_limit);
		add_purse(tables, "billing~alice", alice.billing);
	}
	if (has_bob) {
		add_limit(tables, "cpu~bob", bob.cpu_limit);
		add_purse(tables, "billing~bob", bob.billing);
	}
	if (has_alice)
		add_purse(tables, "gres/gpu~alice", alice.gpu * MINUTE);
	tables->rows[0] =
		(struct observed){.account = "physics",
				  .parent = "root",
				  .usage = physics.billing < 0 ? 0 : physics.billing,
				  .odd_usage = physics.billing < 0,
				  .minutes = physics.billing < 0 ? -1 : physics.billing / 60,
				  .limits = tables->limits,
				  .limit_count = tables->limit_count};
	tables->rows[1] = (struct observed){.account = "root", .parent = ""};
}

static int64_t *limit_of(const char *tres)
{
	if (strcmp(tres, "cpu") == 0)
		return &physics.cpu_limit;
	if (strcmp(tres, "billing") == 0)
		return &cap;
	if (strcmp(tres, "cpu~alice") == 0)
		return &alice.cpu_limit;
	if (strcmp(tres, "gres/gpu~alice") == 0)
		return &alice.gpu_limit;
	ck_assert_str_eq(tres, "cpu~bob");
	return &bob.cpu_limit;
}

/* Lets "Slurm" have what the tasks of the check set, and records that it does. */
static void carry_out(void)
{
	struct task_outcome outcomes[8];
	struct task_outcomes all = {.list = outcomes, .count = check.task_count};

	for (size_t i = 0; i < check.task_count; i++) {
		const struct task *task = &check.tasks[i];

		outcomes[i] = (struct task_outcome){.task = task,
						    .outcome = deaf ? OUTCOME_FAILED : OUTCOME_DONE,
						    .reason = deaf ? "deaf" : ""};
		ck_assert_str_eq(task->field, "GrpTRESMins");
		ck_assert_str_eq(task->slurm_account, "physics");
		if (!deaf)
			*limit_of(task->tres) = task->value;
	}
	OK(bank_write(bank, now, check_record_outcomes, &all, &error));
	ck_assert_int_eq(util_verify(bank), 0);
}

/* A check an hour later, whose tasks are carried out. */
static void observe(void)
{
	static const char asked[][RESOURCE_SIZE] = {"billing~alice", "billing~bob",
						    "gres/gpu~alice"};
	struct tables tables = {0};
	struct observation observation = {
		.cluster = "c1", .answered = answers, .time = now += HOUR, .share = 1};

	make_tables(&tables);
	if (answers) {
		observation.rows = tables.rows;
		observation.count = 2;
		observation.purses = tables.purses;
		observation.purse_count = tables.purse_count;
		observation.asked = asked;
		observation.asked_count = asks_users ? sizeof(asked) / sizeof(asked[0]) : 0;
	}
	check.observations = &observation;
	check.observation_count = 1;
	OK(bank_write(bank, now, check_plan, &check, &error));
	ck_assert_int_eq(util_verify(bank), 0);
	carry_out();
}

static void append(enum event_kind kind, const char *purse, int64_t amount)
{
	const struct event event = {.kind = kind,
				    .account = purse,
				    .resource = amount ? purse_resource(purse) : NULL,
				    .amount = amount,
				    .end = amount ? WHEN_NEVER : 0};

	util_append(bank, now, &event);
}

static void give(const char *purse, int64_t amount)
{
	util_open_account(bank, now, purse);
	if (amount)
		append(EVENT_DEPOSIT, purse, amount);
}

static int64_t available(const char *purse)
{
	return util_available(bank, now, purse);
}

static bool held(const char *purse)
{
	struct account *account = util_account(bank, now, purse);
	bool result = account_has_cause(account, CAUSE_FUNDS);

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

static void use(struct shown *user, int64_t seconds)
{
	user->billing += seconds;
	physics.billing += seconds;
}

static int record_reset(struct books *books, void *ctx, struct sb_error *err)
{
	return check_record_reset(books, ctx, err);
}

/* physics has 100,000 billing-seconds; of those alice may use 1,000, bob 2,000. */
static void open_physics(void)
{
	give("physics", 100000);
	give(SU_OF("alice"), 1000);
	give(SU_OF("bob"), 2000);
	observe();
	ck_assert_int_eq(check.problems, 0);
	ck_assert_uint_eq(count_found(FOUND_BASELINE, SU_OF("alice")), 1);
	ck_assert_int_eq(available(SU_OF("alice")), 1000);
}

START_TEST(use_is_charged_to_the_account_and_to_the_share_of_its_user)
{
	uint64_t head;

	open_physics();
	head = util_head(bank).seq;
	use(&alice, 300);
	use(&bob, 50);
	use(&physics, 7); /* of a user without a share; counted twice here */
	observe();
	ck_assert_int_eq(available("physics"), 100000 - 300 - 50 - 14);
	ck_assert_int_eq(available(SU_OF("alice")), 700);
	ck_assert_int_eq(available(SU_OF("bob")), 1950);
	ck_assert_uint_eq(util_head(bank).seq, head + 3);
	observe();
	ck_assert_uint_eq(util_head(bank).seq, head + 3);
	ck_assert_uint_eq(check.finding_count, 0);
}
END_TEST

START_TEST(a_spent_share_holds_its_user_alone)
{
	alice.cpu_limit = 5000;
	open_physics();
	use(&alice, 1000);
	use(&bob, 1000);
	observe();
	ck_assert(held(SU_OF("alice")));
	ck_assert(!held(SU_OF("bob")) && !held("physics"));
	ck_assert_uint_eq(check.task_count, 1);
	ck_assert_int_eq(alice.cpu_limit, 0);
	ck_assert_int_eq(bob.cpu_limit, NONE);
	ck_assert_int_eq(physics.cpu_limit, NONE);
	observe();
	ck_assert_uint_eq(check.task_count, 0);
	ck_assert_uint_eq(check.finding_count, 0);
	/* The account is held too, and released. */
	append(EVENT_HOLD, "physics", 0);
	observe();
	ck_assert_int_eq(physics.cpu_limit, 0);
	ck_assert_int_eq(alice.cpu_limit, 0);
	append(EVENT_RELEASE, "physics", 0);
	observe();
	ck_assert_int_eq(physics.cpu_limit, NONE);
	ck_assert_int_eq(alice.cpu_limit, 0);
	/* More for alice: her earlier limit comes back. */
	append(EVENT_DEPOSIT, SU_OF("alice"), 10);
	observe();
	ck_assert(!held(SU_OF("alice")));
	ck_assert_int_eq(alice.cpu_limit, 5000);
	ck_assert_int_eq(bob.cpu_limit, NONE);
}
END_TEST

START_TEST(a_share_that_is_taken_back_holds_nobody)
{
	open_physics();
	use(&alice, 1500);
	observe();
	ck_assert_int_eq(alice.cpu_limit, 0);
	append(EVENT_CLOSE, SU_OF("alice"), 0);
	observe();
	ck_assert_int_eq(alice.cpu_limit, NONE);
	use(&alice, 200);
	observe();
	ck_assert_int_eq(alice.cpu_limit, NONE);
	/* Given again, it has counted on. */
	append(EVENT_OPEN, SU_OF("alice"), 0);
	ck_assert_int_eq(available(SU_OF("alice")), -700);
	observe();
	ck_assert_int_eq(alice.cpu_limit, 0);
}
END_TEST

START_TEST(a_share_of_nothing_holds_its_user_at_once)
{
	rules.spare_moneyless = true;
	give("physics", 100000);
	give(SU_OF("alice"), 0);
	observe();
	ck_assert(held(SU_OF("alice")));
	ck_assert_int_eq(alice.cpu_limit, 0);
}
END_TEST

START_TEST(shares_of_several_resources_hold_their_own_tres)
{
	open_physics();
	give(GPU_OF("alice"), 10 * MINUTE);
	alice.gpu_limit = 777;
	observe();
	alice.gpu += 10;
	observe();
	ck_assert(held(GPU_OF("alice")));
	ck_assert_int_eq(alice.gpu_limit, 0);
	ck_assert_int_eq(alice.cpu_limit, NONE);
	use(&alice, 1000);
	observe();
	ck_assert_int_eq(alice.cpu_limit, 0);
	ck_assert_int_eq(alice.gpu_limit, 0);
	append(EVENT_DEPOSIT, GPU_OF("alice"), 1);
	observe();
	ck_assert_int_eq(alice.cpu_limit, 0);
	ck_assert_int_eq(alice.gpu_limit, 777);
}
END_TEST

START_TEST(a_share_follows_its_account)
{
	rules.enforcement = ENFORCE_WARN;
	open_physics();
	use(&alice, 1000);
	observe();
	ck_assert(!held(SU_OF("alice")));
	ck_assert_uint_eq(count_found(FOUND_SPENT, SU_OF("alice")), 1);
	ck_assert_int_eq(alice.cpu_limit, NONE);
	/* A limit of cpu cannot follow a share of SU: it is held. */
	rules.enforcement = ENFORCE_LIMIT;
	observe();
	ck_assert(held(SU_OF("alice")));
	ck_assert_int_eq(alice.cpu_limit, 0);
	ck_assert_int_eq(bob.cpu_limit, NONE);
	ck_assert_int_eq(cap, (11000 + 99000 - 118) / MINUTE);
	/* One of the TRES itself can. */
	give(GPU_OF("alice"), 30 * MINUTE);
	observe();
	ck_assert_int_eq(alice.gpu_limit, (130 * MINUTE - 118) / MINUTE);
	alice.gpu += 10;
	append(EVENT_DEPOSIT, GPU_OF("alice"), 5 * MINUTE);
	observe();
	ck_assert_int_eq(alice.gpu_limit, (135 * MINUTE - 118) / MINUTE);
	/* What cannot be read stays as it is. */
	alice.gpu_limit = LIMIT_UNKNOWN;
	append(EVENT_DEPOSIT, GPU_OF("alice"), 50 * MINUTE);
	observe();
	ck_assert_int_eq(alice.gpu_limit, LIMIT_UNKNOWN);
	append(EVENT_CLOSE, GPU_OF("alice"), 0);
	alice.gpu_limit = (135 * MINUTE - 118) / MINUTE;
	observe();
	ck_assert_int_eq(alice.gpu_limit, NONE);
}
END_TEST

START_TEST(a_reset_zeroes_the_use_of_its_users)
{
	struct tables before = {0};
	static const char *const names[] = {"physics"};
	struct observation observation = {.cluster = "c1", .answered = true, .share = 1};
	struct check_reset reset = {.account = "physics",
				    .names = names,
				    .count = 1,
				    .before = &observation,
				    .after = &observation,
				    .reason = "reset"};

	open_physics();
	use(&alice, 400);
	observe();
	make_tables(&before);
	observation.rows = before.rows;
	observation.count = 2;
	observation.purses = before.purses;
	observation.purse_count = before.purse_count;
	observation.time = now;
	OK(bank_write(bank, now, record_reset, &reset, &error));
	physics.billing = alice.billing = bob.billing = 0;
	use(&alice, 50);
	observe();
	ck_assert_int_eq(available(SU_OF("alice")), 550);
	ck_assert_int_eq(available(SU_OF("bob")), 2000);
	ck_assert_int_eq(available("physics"), 99550);
	ck_assert_int_eq(check.problems, 0);
}
END_TEST

START_TEST(a_limit_of_a_user_that_was_changed_by_hand_is_reported_or_set_again)
{
	open_physics();
	use(&alice, 1000);
	observe();
	alice.cpu_limit = 70;
	observe();
	ck_assert_uint_eq(count_found(FOUND_DRIFT, "physics"), 1);
	ck_assert_int_eq(alice.cpu_limit, 70);
	rules.put_right = true;
	observe();
	ck_assert_uint_eq(count_found(FOUND_PUT_RIGHT, "physics"), 1);
	ck_assert_int_eq(alice.cpu_limit, 0);
}
END_TEST

/* As in a new association: of a user who was added again, or in a further partition. */
START_TEST(a_limit_of_a_user_that_is_gone_is_set_again)
{
	uint64_t head;

	alice.cpu_limit = 5000;
	open_physics();
	use(&alice, 1000);
	observe();
	ck_assert_int_eq(alice.cpu_limit, 0);
	alice.cpu_limit = NONE;
	deaf = true;
	observe();
	ck_assert_uint_eq(check.finding_count, 0);
	ck_assert_uint_eq(check.task_count, 1);
	/* That failed, and is tried again: no other decision is needed. */
	deaf = false;
	head = util_head(bank).seq;
	observe();
	ck_assert_uint_eq(util_head(bank).seq, head + 1);
	ck_assert_uint_eq(check.finding_count, 0);
	ck_assert_int_eq(alice.cpu_limit, 0);
	observe();
	ck_assert_uint_eq(check.task_count, 0);
	alice.cpu_limit = NONE;
	rules.put_right = true;
	observe();
	ck_assert_uint_eq(check.finding_count, 0);
	ck_assert_int_eq(alice.cpu_limit, 0);
	/* The site's value from before is not lost. */
	append(EVENT_DEPOSIT, SU_OF("alice"), 10);
	observe();
	ck_assert_int_eq(alice.cpu_limit, 5000);
}
END_TEST

START_TEST(a_hold_that_some_partitions_lack_is_removed_from_the_others)
{
	open_physics();
	use(&alice, 1000);
	observe();
	ck_assert_int_eq(alice.cpu_limit, 0);
	/* Another partition was added, and the share is ended before a check. */
	alice.cpu_limit = NONE;
	lowest_of_alice = 0;
	append(EVENT_CLOSE, SU_OF("alice"), 0);
	observe();
	ck_assert_uint_eq(check.task_count, 1);
	ck_assert_int_eq(check.tasks[0].value, NONE);
	lowest_of_alice = NONE;
	observe();
	ck_assert_uint_eq(check.task_count, 0);
}
END_TEST

START_TEST(what_cannot_be_read_of_a_user_concerns_that_user_alone)
{
	open_physics();
	use(&alice, 500);
	use(&bob, 500);
	alice.billing = -1;
	observe();
	ck_assert_uint_eq(count_found(FOUND_ODD_USAGE, SU_OF("alice")), 1);
	ck_assert_int_eq(check.problems, 1);
	ck_assert_int_eq(available(SU_OF("bob")), 1500);
	ck_assert_int_eq(available("physics"), 99000);
	/* Readable again: all use since. */
	alice.billing = 6000 + 1000;
	alice.cpu_limit = LIMIT_UNKNOWN;
	observe();
	ck_assert(held(SU_OF("alice")));
	ck_assert_uint_eq(check.task_count, 0);
	ck_assert_uint_eq(check.want_count, 0);
	ck_assert_uint_eq(count_found(FOUND_ODD_LIMITS, "physics"), 1);
	alice.cpu_limit = 3;
	observe();
	ck_assert_int_eq(alice.cpu_limit, 0);
	/* In force and then unreadable: nothing has to change. */
	alice.cpu_limit = LIMIT_UNKNOWN;
	observe();
	ck_assert_int_eq(check.problems, 0);
	append(EVENT_DEPOSIT, SU_OF("alice"), 10);
	observe();
	ck_assert_uint_eq(count_found(FOUND_ODD_LIMITS, "physics"), 1);
	alice.cpu_limit = 0;
	observe();
	ck_assert_int_eq(alice.cpu_limit, 3);
}
END_TEST

START_TEST(a_user_without_association_is_left_alone)
{
	alice.cpu_limit = GONE;
	give("physics", 100000);
	give(SU_OF("alice"), 0);
	observe();
	ck_assert(held(SU_OF("alice")));
	ck_assert_uint_eq(check.task_count, 0);
	ck_assert_int_eq(check.problems, 0);
	/* All use in the new association counts, and it is held. */
	alice.cpu_limit = NONE;
	alice.billing = 40;
	observe();
	ck_assert_int_eq(available(SU_OF("alice")), -40);
	ck_assert_int_eq(alice.cpu_limit, 0);
}
END_TEST

START_TEST(a_share_of_a_user_who_was_not_asked_for_waits)
{
	/* The share was opened after the cluster was asked. */
	const int64_t limit = alice.cpu_limit;

	alice.cpu_limit = GONE;
	asks_users = false;
	give("physics", 100000);
	give(SU_OF("alice"), 1000);
	observe();
	ck_assert_uint_eq(count_found(FOUND_BASELINE, SU_OF("alice")), 0);
	asks_users = true;
	alice.cpu_limit = limit;
	observe();
	ck_assert_uint_eq(count_found(FOUND_BASELINE, SU_OF("alice")), 1);
	ck_assert_int_eq(available(SU_OF("alice")), 1000);
	use(&alice, 40);
	observe();
	ck_assert_int_eq(available(SU_OF("alice")), 960);
}
END_TEST

/* Slurm's answer lacks the rows of users then. */
START_TEST(a_share_of_an_account_that_cannot_be_read_waits)
{
	open_physics();
	use(&bob, 10);
	physics.billing = -1;
	alice.cpu_limit = bob.cpu_limit = GONE;
	observe();
	ck_assert_uint_eq(count_found(FOUND_ODD_USAGE, "physics"), 1);
	ck_assert_int_eq(check.problems, 1);
	physics.billing = 10020;
	alice.cpu_limit = bob.cpu_limit = NONE;
	observe();
	ck_assert_int_eq(check.problems, 0);
	ck_assert_int_eq(available(SU_OF("bob")), 1990);
}
END_TEST

START_TEST(a_user_who_left_and_came_back_is_held_again)
{
	open_physics();
	use(&alice, 1000);
	observe();
	alice.cpu_limit = GONE;
	observe();
	ck_assert_uint_eq(check.task_count, 0);
	ck_assert_uint_eq(count_found(FOUND_VANISHED, SU_OF("alice")), 1);
	observe();
	ck_assert_int_eq(check.problems, 0);
	/* Added to the account again, a user has used nothing and has no limits. */
	alice.billing = 0;
	alice.cpu_limit = NONE;
	observe();
	ck_assert_uint_eq(count_found(FOUND_WENT_DOWN, SU_OF("alice")), 1);
	ck_assert_int_eq(alice.cpu_limit, 0);
	ck_assert_int_eq(available(SU_OF("alice")), 0);
}
END_TEST

START_TEST(a_silent_cluster_keeps_the_hold)
{
	open_physics();
	use(&alice, 1000);
	observe();
	answers = false;
	append(EVENT_DEPOSIT, SU_OF("alice"), 10);
	observe();
	ck_assert_uint_eq(check.task_count, 0);
	ck_assert_uint_eq(count_found(FOUND_UNSETTLED, "physics"), 1);
	answers = true;
	observe();
	ck_assert_int_eq(alice.cpu_limit, NONE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shares");
	TCase *tcase = tcase_create("shares");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, use_is_charged_to_the_account_and_to_the_share_of_its_user);
	tcase_add_test(tcase, a_spent_share_holds_its_user_alone);
	tcase_add_test(tcase, a_share_that_is_taken_back_holds_nobody);
	tcase_add_test(tcase, a_share_of_nothing_holds_its_user_at_once);
	tcase_add_test(tcase, shares_of_several_resources_hold_their_own_tres);
	tcase_add_test(tcase, a_share_follows_its_account);
	tcase_add_test(tcase, a_reset_zeroes_the_use_of_its_users);
	tcase_add_test(tcase, a_limit_of_a_user_that_was_changed_by_hand_is_reported_or_set_again);
	tcase_add_test(tcase, a_limit_of_a_user_that_is_gone_is_set_again);
	tcase_add_test(tcase, a_hold_that_some_partitions_lack_is_removed_from_the_others);
	tcase_add_test(tcase, what_cannot_be_read_of_a_user_concerns_that_user_alone);
	tcase_add_test(tcase, a_user_without_association_is_left_alone);
	tcase_add_test(tcase, a_share_of_a_user_who_was_not_asked_for_waits);
	tcase_add_test(tcase, a_share_of_an_account_that_cannot_be_read_waits);
	tcase_add_test(tcase, a_user_who_left_and_came_back_is_held_again);
	tcase_add_test(tcase, a_silent_cluster_keeps_the_hold);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
