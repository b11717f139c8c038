/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charges by job on real books: to accounts, those above them, and their purses. */
#include <inttypes.h>

#include "ledger/account/purse.h"
#include "ledger/books/entries.h"
#include "ledger/check/jobs.h"
#include "tests/util.h"

#define BEGIN (T0 / WHEN_SECOND)

static struct bank *bank;
static int64_t now;
static struct job_charges charges;

/* In Slurm astro is below physics, and an account there has the name of a purse of it. */
static struct kin kin[] = {
	{"astro", "physics"}, {"physics", "root"}, {"physics:gres/gpu", "astro"}, {"root", ""}};
static const struct tree tree = {.list = kin, .count = COUNT(kin)};

/* Meters an account or purse by jobs on a cluster from now on. */
static void meter_purse(const char *purse, const char *cluster)
{
	util_append(bank, now,
		    &(struct event){.kind = EVENT_BASELINE,
				    .account = purse,
				    .cluster = cluster,
				    .resource = purse_resource(purse),
				    .before = -1,
				    .reason = "opened"});
	util_append(bank, now,
		    &(struct event){.kind = EVENT_METER,
				    .account = purse,
				    .cluster = cluster,
				    .resource = purse_resource(purse),
				    .meter = METER_JOBS,
				    .since = now});
}

/* Opens an account or purse that is metered by jobs from now on. */
static void open_purse(const char *purse)
{
	util_open_account(bank, now, purse);
	meter_purse(purse, "c1");
}

static void setup(void)
{
	util_setup();
	bank = util_bank();
	now = T0;
	charges = (struct job_charges){.cluster = "c1", .tree = &tree};
	open_purse("astro");
	open_purse("physics");
}

static void teardown(void)
{
	free(charges.sums);
	bank_close(bank);
	util_teardown();
}

/* A job of astro that ran for a minute, 10 seconds after the beginning. */
static struct finished_job job_with(const char *tres)
{
	return (struct finished_job){.name = "7",
				     .id = 7,
				     .slurm_account = "astro",
				     .user = "ann",
				     .partition = "main",
				     .qos = "normal",
				     .state = "COMPLETED",
				     .alloc_tres = tres,
				     .submit = BEGIN,
				     .start = BEGIN + 10,
				     .end = BEGIN + 70,
				     .elapsed = 60,
				     .billing = 11,
				     .factor = 1000000};
}

/* Charges one job. Returns how many entries that made. */
static uint64_t charge(struct finished_job job)
{
	uint64_t before = util_head(bank).seq;

	if (now < T0 + HOUR)
		now = T0 + HOUR;
	charges.list = &job;
	charges.count = 1;
	charges.settled = now;
	OK(bank_write(bank, now, jobs_charge, &charges, &error));
	ck_assert_int_eq(util_verify(bank), 0);
	return util_head(bank).seq - before;
}

/* Checks what the account or purse was charged. */
static void was_charged(const char *purse, int64_t amount)
{
	struct account *account = util_account(bank, now, purse);

	ck_assert_msg((int64_t)account->charged == amount, "%s: %" PRId64 ", not %" PRId64, purse,
		      (int64_t)account->charged, amount);
	account_free(account);
}

#define TRES "billing=11,cpu=4,gres/gpu:A100=2,gres/gpu=3,mem=1500M,node=1"

START_TEST(each_purse_is_charged_by_its_resource)
{
	static const struct {
		const char *purse;
		int64_t amount;
	} purses[] = {
		{"astro:cpu", 240},	  {"astro:gres/gpu", 180}, {"astro:gres/gpu:a100", 120},
		{"astro:mem", 90000},	  {"astro:node", 60},	   {"astro:gres/gpu:v100", 0},
		{"astro:storage", 0},	  {"physics:cpu", 240},	   {"physics:gres/gpu", 180},
		{"physics:license/x", 0},
	};

	for (size_t i = 0; i < COUNT(purses); i++)
		open_purse(purses[i].purse);
	/* Sorted between an account and its purses. */
	open_purse("astro-x");
	open_purse("astro-x:cpu");
	ck_assert_uint_eq(charge(job_with(TRES)), 9);
	for (size_t i = 0; i < COUNT(purses); i++)
		was_charged(purses[i].purse, purses[i].amount);
	was_charged("astro", 660);
	was_charged("physics", 660);
	was_charged("astro-x", 0);
	was_charged("astro-x:cpu", 0);
	ck_assert_uint_eq(charges.sum_count, 9);
	/* However often it is read. */
	ck_assert_uint_eq(charge(job_with(TRES)), 0);
	ck_assert_uint_eq(charges.sum_count, 0);
}
END_TEST

static int find_ref(struct books *books, void *ctx, struct sb_error *err)
{
	return entries_with_ref(books, "job:c1/7/1795366800/astro:gres/gpu", ctx, err);
}

START_TEST(an_entry_has_the_purse_in_its_ref)
{
	uint64_t seq = 0;

	open_purse("astro:gres/gpu");
	ck_assert_uint_eq(charge(job_with(TRES)), 3);
	OK(bank_read(bank, now, find_ref, &seq, &error));
	ck_assert_uint_ne(seq, 0);
}
END_TEST

/* Factors apply to every resource; what billing leaves out is billing. */
/* With the name of the cluster the refs of its jobs have no common beginning but a hash, and those
 * of short accounts do not have that. */
START_TEST(a_job_on_a_cluster_with_a_long_name_is_charged_once)
{
	char cluster[61];

	memset(cluster, 'c', 60);
	cluster[60] = '\0';
	meter_purse("astro", cluster);
	meter_purse("physics", cluster);
	charges.cluster = cluster;
	ck_assert_uint_eq(charge(job_with(TRES)), 2);
	ck_assert_uint_eq(charge(job_with(TRES)), 0);
	was_charged("astro", 660);
	was_charged("physics", 660);
}
END_TEST

START_TEST(the_factor_applies_and_the_excess_does_not)
{
	struct finished_job job = job_with(TRES);

	open_purse("astro:gres/gpu");
	job.factor = 1500000;
	job.excess = EVENT_EXCESS_ONE / 2;
	ck_assert_uint_eq(charge(job), 3);
	was_charged("astro", 1035);
	was_charged("astro:gres/gpu", 270);
}
END_TEST

/* A minimum is of SU; the time that a job is charged for is that of all. */
START_TEST(rounding_applies_and_the_minimum_does_not)
{
	struct finished_job job = job_with(TRES);

	open_purse("astro:gres/gpu");
	job.round_seconds = 100;
	job.min_charge = 5000;
	ck_assert_uint_eq(charge(job), 3);
	was_charged("astro", 5000);
	was_charged("astro:gres/gpu", 300);
}
END_TEST

START_TEST(a_job_without_billing_is_charged_to_the_purse)
{
	struct finished_job job = job_with("cpu=1,gres/gpu=2,node=1");

	open_purse("physics:gres/gpu");
	job.billing = 0;
	job.min_charge = 5000;
	ck_assert_uint_eq(charge(job), 1);
	was_charged("physics:gres/gpu", 120);
}
END_TEST

/* A purse counts from its own beginning. */
START_TEST(a_purse_opened_later_gets_the_rest_of_a_job)
{
	now = T0 + 50 * WHEN_SECOND;
	open_purse("astro:gres/gpu");
	ck_assert_uint_eq(charge(job_with(TRES)), 3);
	was_charged("astro", 660);
	was_charged("astro:gres/gpu", 60);
	/* Opened after the job was charged. */
	open_purse("physics:gres/gpu");
	now += HOUR;
	ck_assert_uint_eq(charge(job_with(TRES)), 0);
	was_charged("physics:gres/gpu", 0);
}
END_TEST

START_TEST(running_jobs_are_in_flight_in_each_purse)
{
	struct finished_job job = job_with(TRES);
	struct job_sum *gpu = NULL;

	open_purse("astro:gres/gpu");
	job.end = -1;
	job.limit = 600;
	charges.running = true;
	ck_assert_uint_eq(charge(job), 0);
	for (size_t i = 0; i < charges.sum_count; i++) {
		if (strcmp(charges.sums[i].account, "astro:gres/gpu") == 0)
			gpu = &charges.sums[i];
	}
	ck_assert_ptr_nonnull(gpu);
	ck_assert_int_eq(gpu->flight.used, 180);
	ck_assert_int_eq(gpu->flight.committed, 1800);
}
END_TEST

/* Whoever named it: the job is astro's, above which physics is. */
START_TEST(an_account_of_slurm_named_like_a_purse_is_none)
{
	struct finished_job job = job_with(TRES);

	open_purse("physics:gres/gpu");
	job.slurm_account = "physics:gres/gpu";
	ck_assert_uint_eq(charge(job), 3);
	was_charged("physics:gres/gpu", 180);
	was_charged("astro", 660);
	was_charged("physics", 660);
}
END_TEST

START_TEST(a_check_of_a_purse_charges_the_jobs_of_its_account)
{
	static const char *const only[] = {"astro:gres/gpu"};
	static const char *const other[] = {"physics-x:gres/gpu"};

	open_purse("astro:gres/gpu");
	charges.only_count = 1;
	charges.only = other;
	ck_assert_uint_eq(charge(job_with(TRES)), 0);
	charges.only = only;
	ck_assert_uint_eq(charge(job_with(TRES)), 3);
}
END_TEST

static const char *const unreadable[] = {
	"billing=11,gres/gpu=",
	"billing=11,gres/gpu=-1",
	"billing=11,gres/gpu=1,GRES/GPU=1",
	"billing=11,gres/gpu",
	"billing=11,gres/gpu=1G",
	"billing=11,gres/gpu=0x1",
	"billing=11,gres/gpu=9223372036854775808",
	"billing=11,gres/gpu=1,mem=62.50G",
	"billing=11,gres/gpu=1,mem=1025K",
	"billing=11,gres/gpu=1,mem=9007199254740992P",
};

struct account_since {
	const char *account;
	int64_t looked_back;
	int64_t since; /* in a look-back */
	int64_t recent;
};

static int read_since(struct books *books, void *ctx, struct sb_error *err)
{
	struct account_since *since = ctx;
	const struct account *account;

	struct jobs_to_read to_read;

	TRY(books_account(books, since->account, &account, err));
	TRY(jobs_to_read(books, account, "c1", since->looked_back, &to_read, err));
	since->since = to_read.back.since;
	since->recent = to_read.recent.since;
	return SB_OK;
}

static int64_t jobs_are_read_since(const char *account)
{
	struct account_since since = {.account = account, .looked_back = now};

	OK(bank_read(bank, now, read_since, &since, &error));
	return since.since;
}

/* No account gets a part of what may be wrong. */
START_TEST(a_job_whose_numbers_cannot_be_read_is_not_charged)
{
	open_purse("physics:gres/gpu");
	open_purse("physics:mem");
	now = T0 + 3 * WHEN_DAY;
	ck_assert_uint_eq(charge(job_with(unreadable[_i])), 0);
	ck_assert_uint_eq(charges.unread, 1);
	ck_assert_uint_eq(charges.refused, 0);
	/* The next check reads it again. */
	ck_assert_int_eq(jobs_are_read_since("physics"), T0);
	ck_assert_uint_eq(charge(job_with(TRES)), 4);
	ck_assert_uint_eq(charges.unread, 0);
	ck_assert_int_eq(jobs_are_read_since("physics"), T0 + WHEN_DAY);
}
END_TEST

/* One purse past int64 keeps no other. */
START_TEST(a_look_back_begins_before_the_last_one)
{
	struct account_since since = {.account = "astro"};
	const int64_t settled = T0 + 5 * WHEN_DAY;
	const int64_t cases[][2] = {{settled, settled},
				    {settled - HOUR / 2, settled - HOUR / 2},
				    {settled + HOUR, settled},
				    /* It is not known. */
				    {0, settled - HOUR}};

	now = settled;
	(void)charge(job_with(TRES));
	for (size_t i = 0; i < COUNT(cases); i++) {
		since.looked_back = cases[i][0];
		OK(bank_read(bank, now, read_since, &since, &error));
		ck_assert_int_eq(since.since, cases[i][1] - 2 * WHEN_DAY);
		ck_assert_int_eq(since.recent, settled - 10 * 60 * WHEN_SECOND);
	}
	/* An account has no jobs from before it is metered by them. */
	open_purse("biology");
	since.account = "biology";
	OK(bank_read(bank, now, read_since, &since, &error));
	ck_assert_int_eq(since.since, settled);
	ck_assert_int_eq(since.recent, settled);
}
END_TEST

START_TEST(an_amount_past_int64_is_refused_for_its_purse_alone)
{
	open_purse("astro:gres/gpu");
	open_purse("astro:mem");
	ck_assert_uint_eq(charge(job_with("billing=11,gres/gpu=1,mem=8000000000000000G")), 3);
	ck_assert_uint_eq(charges.refused, 1);
	was_charged("astro:gres/gpu", 60);
	was_charged("astro:mem", 0);
}
END_TEST

static int make_switch(struct books *books, void *ctx, struct sb_error *err)
{
	return jobs_switch(books, ctx, err);
}

START_TEST(a_switch_of_a_purse_is_of_its_resource)
{
	struct meter_switch to = {.account = "astro:mem",
				  .cluster = "c1",
				  .meter = METER_RAWUSAGE,
				  .since = T0 + 100 * WHEN_SECOND,
				  .now = 600};
	struct account *account;

	open_purse("astro:mem");
	now = T0 + HOUR;
	OK(bank_write(bank, now, make_switch, &to, &error));
	account = util_account(bank, now, "astro:mem");
	ck_assert(!account_meter(account, "c1")->jobs);
	ck_assert_int_eq(account_meter(account, "c1")->reading, 600);
	account_free(account);
	/* Late jobs from before it are charged all the same. */
	ck_assert_uint_eq(charge(job_with(TRES)), 3);
	was_charged("astro:mem", 90000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("jobs");
	TCase *tcase = tcase_create("jobs");

	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, each_purse_is_charged_by_its_resource);
	tcase_add_test(tcase, an_entry_has_the_purse_in_its_ref);
	tcase_add_test(tcase, a_job_on_a_cluster_with_a_long_name_is_charged_once);
	tcase_add_test(tcase, the_factor_applies_and_the_excess_does_not);
	tcase_add_test(tcase, rounding_applies_and_the_minimum_does_not);
	tcase_add_test(tcase, a_job_without_billing_is_charged_to_the_purse);
	tcase_add_test(tcase, a_purse_opened_later_gets_the_rest_of_a_job);
	tcase_add_test(tcase, running_jobs_are_in_flight_in_each_purse);
	tcase_add_test(tcase, an_account_of_slurm_named_like_a_purse_is_none);
	tcase_add_test(tcase, a_check_of_a_purse_charges_the_jobs_of_its_account);
	tcase_add_loop_test(tcase, a_job_whose_numbers_cannot_be_read_is_not_charged, 0,
			    COUNT(unreadable));
	tcase_add_test(tcase, a_look_back_begins_before_the_last_one);
	tcase_add_test(tcase, an_amount_past_int64_is_refused_for_its_purse_alone);
	tcase_add_test(tcase, a_switch_of_a_purse_is_of_its_resource);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
