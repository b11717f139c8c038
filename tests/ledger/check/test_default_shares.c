/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks that give new users the default share, on real books with made-up observations. */
#include "ledger/base/when.h"
#include "ledger/check/check.h"
#include "tests/util.h"

enum { ROWS = 8 };

/* What a cluster shows in account "physics": users' rows, in order. */
struct cluster {
	bool answers;
	struct observed purses[ROWS];
	size_t count;
};

static struct bank *bank;
static struct rules rules;
static struct check check;
static int64_t now;
static struct cluster c1, c2;

static void setup(void)
{
	util_setup();
	bank = util_bank();
	now = T0;
	rules = (struct rules){.enforcement = ENFORCE_HOLD, .field = "GrpTRESMins", .tres = "cpu"};
	check = (struct check){.rules = &rules, .all_clusters = true};
	c1 = c2 = (struct cluster){.answers = true};
}

static void teardown(void)
{
	check_release(&check);
	bank_close(bank);
	util_teardown();
}

static void shows(struct cluster *cluster, const char *resource, int64_t usage)
{
	cluster->purses[cluster->count++] =
		(struct observed){.account = "physics",
				  .resource = resource,
				  .usage = usage < 0 ? 0 : usage,
				  .odd_usage = usage < 0,
				  .minutes = usage < 0 ? -1 : usage / 60,
				  .running = -1};
}

/* Checks an hour later. */
static void observe_only(const char *const *only, size_t count)
{
	static const struct observed rows[] = {{.account = "biology", .parent = "root"},
					       {.account = "physics", .parent = "root"},
					       {.account = "root", .parent = ""},
					       {.account = "zoology", .parent = "root"}};
	struct cluster *const clusters[] = {&c1, &c2};
	static const char all_of[][RESOURCE_SIZE] = {"billing", "gres/gpu"};
	struct observation observations[] = {{.cluster = "c1", .share = 1},
					     {.cluster = "c2", .share = 1}};

	now += HOUR;
	for (size_t i = 0; i < COUNT(clusters); i++) {
		observations[i].time = now;
		observations[i].answered = clusters[i]->answers;
		if (!clusters[i]->answers)
			continue;
		observations[i].rows = rows;
		observations[i].count = COUNT(rows);
		observations[i].purses = clusters[i]->purses;
		observations[i].purse_count = clusters[i]->count;
		observations[i].all_of = all_of;
		observations[i].all_count = COUNT(all_of);
	}
	check.only = only;
	check.only_count = count;
	check.observations = observations;
	check.observation_count = COUNT(observations);
	OK(bank_write(bank, now, check_plan, &check, &error));
	ck_assert_int_eq(util_verify(bank), 0);
}

static void observe(void)
{
	observe_only(NULL, 0);
}

static void set_default(const char *purse, int64_t share)
{
	util_append(bank, now,
		    &(struct event){.kind = EVENT_TERMS,
				    .account = purse,
				    .field = "",
				    .tres = "",
				    .thresholds = "",
				    .share = share});
}

/* Whether the bank has or had the purse. */
static int find(struct books *books, void *ctx, struct sb_error *err)
{
	const struct account *account;

	return books_find(books, ctx, &account, err);
}

static bool exists(const char *purse)
{
	char name[NAME_SIZE];
	int rc;

	(void)snprintf(name, sizeof(name), "%s", purse);
	rc = bank_read(bank, now, find, name, &error);
	ck_assert(rc == SB_OK || rc == SB_ENOTFOUND);
	return rc == SB_OK;
}

static size_t count_found(enum finding_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < check.finding_count; i++)
		count += check.findings[i].kind == kind;
	return count;
}

static int64_t end_of(const char *purse)
{
	struct account *account = util_account(bank, now, purse);
	int64_t end;

	ck_assert_uint_eq(account->lot_count, 1);
	end = account->lots[0].end;
	account_free(account);
	return end;
}

static void open_physics(void)
{
	util_open_account(bank, now, "physics");
	util_deposit(bank, now, "physics", 100000);
	set_default("physics", 1000);
}

START_TEST(a_new_user_gets_one_share_once)
{
	uint64_t head;

	util_open_account(bank, now, "zoology");
	open_physics();
	shows(&c1, "billing~alice", 600);
	observe();
	ck_assert_uint_eq(count_found(FOUND_SHARE), 1);
	ck_assert_str_eq(check.findings[0].account, "physics");
	ck_assert_str_eq(check.findings[0].other, "physics:billing~alice");
	ck_assert_int_eq(check.findings[0].amount, 1000);
	/* Use from before is not in it. */
	ck_assert_int_eq(util_available(bank, now, "physics:billing~alice"), 1000);
	observe();
	head = util_head(bank).seq;
	c1.purses[0].usage += 300;
	shows(&c1, "billing~bob", 50);
	observe();
	ck_assert_int_eq(util_available(bank, now, "physics:billing~alice"), 700);
	ck_assert_int_eq(util_available(bank, now, "physics:billing~bob"), 1000);
	ck_assert_uint_eq(count_found(FOUND_SHARE), 1);
	ck_assert_uint_eq(check.finding_count, 2);
	/* Open, two clusters, deposit; and alice's charge. */
	ck_assert_uint_eq(util_head(bank).seq, head + 5);
	observe();
	ck_assert_uint_eq(util_head(bank).seq, head + 5);
	ck_assert_uint_eq(check.finding_count, 0);
	/* A new amount is for later users. */
	set_default("physics", 40);
	shows(&c1, "billing~carl", 0);
	observe();
	ck_assert_int_eq(util_available(bank, now, "physics:billing~bob"), 1000);
	ck_assert_int_eq(util_available(bank, now, "physics:billing~carl"), 40);
}
END_TEST

START_TEST(without_a_default_nobody_gets_one)
{
	uint64_t head;

	open_physics();
	set_default("physics", 0);
	shows(&c1, "billing~alice", 600);
	observe();
	ck_assert_uint_eq(count_found(FOUND_SHARE), 0);
	ck_assert(!exists("physics:billing~alice"));
	/* In a closed account neither. */
	set_default("physics", 5);
	util_append(bank, now, &(struct event){.kind = EVENT_CLOSE, .account = "physics"});
	observe();
	head = util_head(bank).seq;
	observe();
	ck_assert_uint_eq(util_head(bank).seq, head);
	ck_assert(!exists("physics:billing~alice"));
}
END_TEST

START_TEST(a_share_that_was_ended_or_given_stays)
{
	open_physics();
	util_open_account(bank, now, "physics:billing~alice");
	util_append(bank, now,
		    &(struct event){.kind = EVENT_CLOSE, .account = "physics:billing~alice"});
	util_open_account(bank, now, "physics:billing~bob");
	util_append(bank, now,
		    &(struct event){.kind = EVENT_DEPOSIT,
				    .account = "physics:billing~bob",
				    .resource = "billing~bob",
				    .amount = 7,
				    .end = WHEN_NEVER});
	shows(&c1, "billing~alice", 600);
	shows(&c1, "billing~bob", 600);
	observe();
	ck_assert_uint_eq(count_found(FOUND_SHARE), 0);
	ck_assert_int_eq(util_available(bank, now, "physics:billing~alice"), 0);
	ck_assert_int_eq(util_available(bank, now, "physics:billing~bob"), 7);
}
END_TEST

START_TEST(it_counts_on_every_cluster_that_answers)
{
	open_physics();
	shows(&c1, "billing~alice", 600);
	shows(&c2, "billing~alice", 50);
	shows(&c2, "billing~bob", 70);
	observe();
	ck_assert_uint_eq(count_found(FOUND_SHARE), 2);
	c1.purses[0].usage += 1;
	c2.purses[0].usage += 2;
	/* Bob comes to c1: all use there is new. */
	shows(&c1, "billing~bob", 4);
	observe();
	ck_assert_int_eq(util_available(bank, now, "physics:billing~alice"), 997);
	ck_assert_int_eq(util_available(bank, now, "physics:billing~bob"), 996);
	/* On a silent cluster counting starts at the first reading. */
	c2.answers = false;
	shows(&c1, "billing~carl", 0);
	observe();
	c2.answers = true;
	shows(&c2, "billing~carl", 90);
	observe();
	ck_assert_int_eq(util_available(bank, now, "physics:billing~carl"), 1000);
}
END_TEST

START_TEST(it_ends_with_the_money_that_ends_last)
{
	const int64_t end = now + 100 * WHEN_DAY;

	util_open_account(bank, now, "physics");
	set_default("physics", 1000);
	check.project_days = 30;
	shows(&c1, "billing~alice", 0);
	observe();
	ck_assert_int_gt(end_of("physics:billing~alice"), now + 29 * WHEN_DAY);
	ck_assert_int_lt(end_of("physics:billing~alice"), now + 32 * WHEN_DAY);
	util_append(bank, now,
		    &(struct event){.kind = EVENT_DEPOSIT,
				    .account = "physics",
				    .resource = RESOURCE_BILLING,
				    .amount = 5,
				    .start = now,
				    .end = end});
	shows(&c1, "billing~bob", 0);
	observe();
	ck_assert_int_eq(end_of("physics:billing~bob"), end);
	util_deposit(bank, now, "physics", 5);
	shows(&c1, "billing~carl", 0);
	observe();
	ck_assert_int_eq(end_of("physics:billing~carl"), WHEN_NEVER);
}
END_TEST

START_TEST(other_resources_have_defaults_of_their_own)
{
	open_physics();
	util_open_account(bank, now, "physics:gres/gpu");
	set_default("physics:gres/gpu", 3600);
	shows(&c1, "billing~alice", 5);
	shows(&c1, "cpu~alice", 0);
	shows(&c1, "gres/gpu", 120);
	shows(&c1, "gres/gpu:a100~bob", 60);
	shows(&c1, "gres/gpu~alice", 60);
	shows(&c1, "gres/gpu~bob", 60);
	observe();
	ck_assert_uint_eq(count_found(FOUND_SHARE), 3);
	ck_assert_int_eq(util_available(bank, now, "physics:billing~alice"), 1000);
	ck_assert_int_eq(util_available(bank, now, "physics:gres/gpu~alice"), 3600);
	ck_assert_int_eq(util_available(bank, now, "physics:gres/gpu~bob"), 3600);
	ck_assert(!exists("physics:cpu~alice"));
	ck_assert(!exists("physics:gres/gpu:a100~bob"));
}
END_TEST

START_TEST(what_cannot_be_read_or_named_concerns_one_user)
{
	open_physics();
	shows(&c1, "billing~", 1);
	shows(&c1, "billing~a b", 1);
	shows(&c1, "billing~alice", -1);
	shows(&c1, "billing~bob", 1);
	observe();
	ck_assert_uint_eq(count_found(FOUND_SHARE), 1);
	ck_assert(exists("physics:billing~bob"));
	ck_assert(!exists("physics:billing~alice"));
	c1.purses[2].odd_usage = false;
	c1.purses[2].usage = 500;
	observe();
	ck_assert_uint_eq(count_found(FOUND_SHARE), 1);
	ck_assert_int_eq(util_available(bank, now, "physics:billing~alice"), 1000);
}
END_TEST

START_TEST(a_share_of_too_long_a_name_is_left_out)
{
	char account[NAME_SIZE] = "";

	memset(account, 'p', 245);
	util_open_account(bank, now, account);
	set_default(account, 9);
	shows(&c1, "billing~al", 1);
	shows(&c1, "billing~b", 1);
	c1.purses[0].account = c1.purses[1].account = account;
	observe();
	/* 245 + 1 + 9 is 255. */
	ck_assert_uint_eq(count_found(FOUND_SHARE), 1);
	ck_assert_str_eq(strchr(check.findings[0].other, ':'), ":billing~b");
}
END_TEST

/* The plan goes through all accounts although it adds some. */
START_TEST(accounts_after_it_are_checked_too)
{
	open_physics();
	util_open_account(bank, now, "zoology");
	set_default("zoology", 5);
	shows(&c1, "billing~alice", 1);
	shows(&c1, "billing~bob", 1);
	shows(&c1, "billing~carl", 1);
	shows(&c1, "billing~dora", 1);
	c1.purses[3].account = "zoology";
	observe();
	ck_assert_uint_eq(count_found(FOUND_SHARE), 4);
	ck_assert(exists("zoology:billing~dora"));
}
END_TEST

START_TEST(a_check_of_the_account_opens_them_too)
{
	static const char *const only[] = {"physics"}, *const other[] = {"biology"};

	util_open_account(bank, now, "biology");
	open_physics();
	shows(&c1, "billing~alice", 1);
	observe_only(other, 1);
	ck_assert(!exists("physics:billing~alice"));
	observe_only(only, 1);
	ck_assert(exists("physics:billing~alice"));
}
END_TEST

static int get_defaults(struct books *books, void *ctx, struct sb_error *err)
{
	return books_default_shares(books, ctx, err);
}

/* The list that decides whether a check asks for all users. */
static void listed(size_t count, const char *first)
{
	struct resources resources;

	OK(bank_read(bank, now, get_defaults, &resources, &error));
	ck_assert_uint_eq(resources.count, count);
	if (count > 0)
		ck_assert_str_eq(resources.list[0], first);
	resources_release(&resources);
}

static int set_list(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	return store_set(txn, STORE_META, (struct slice){"default_shares", 14},
			 (struct slice){ctx, strlen(ctx)}, err);
}

START_TEST(the_list_of_defaults_follows_the_terms)
{
	char none[] = "";

	listed(0, NULL);
	util_open_account(bank, now, "physics");
	set_default("physics", 0);
	listed(0, NULL);
	set_default("physics", 5);
	listed(1, "billing");
	util_open_account(bank, now, "physics:cpu");
	set_default("physics:cpu", 5);
	listed(2, "billing");
	/* One that was ended stays until a whole check. */
	set_default("physics", 0);
	listed(2, "billing");
	observe();
	listed(1, "cpu");
	OK(store_write(bank_store(bank), set_list, none, &error));
	ck_assert_int_eq(util_verify(bank), 1);
	ck_assert_ptr_nonnull(strstr(util_problem, "default shares lacks 'cpu'"));
	observe();
	listed(1, "cpu");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("default_shares");
	TCase *tcase = tcase_create("default_shares");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_new_user_gets_one_share_once);
	tcase_add_test(tcase, without_a_default_nobody_gets_one);
	tcase_add_test(tcase, a_share_that_was_ended_or_given_stays);
	tcase_add_test(tcase, it_counts_on_every_cluster_that_answers);
	tcase_add_test(tcase, it_ends_with_the_money_that_ends_last);
	tcase_add_test(tcase, other_resources_have_defaults_of_their_own);
	tcase_add_test(tcase, what_cannot_be_read_or_named_concerns_one_user);
	tcase_add_test(tcase, a_share_of_too_long_a_name_is_left_out);
	tcase_add_test(tcase, accounts_after_it_are_checked_too);
	tcase_add_test(tcase, a_check_of_the_account_opens_them_too);
	tcase_add_test(tcase, the_list_of_defaults_follows_the_terms);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
