/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work on ten times as many accounts must take about ten times as many steps. Steps are counted,
 * not timed: basic blocks of the program, comparisons of names and texts, and bytes of values that
 * the store reads and writes. The compiler and the linker have them call the counters below
 * (Makefile.am). */
#include "ledger/account/policy.h"
#include "ledger/base/array.h"
#include "ledger/books/entries.h"
#include "ledger/books/history.h"
#include "ledger/check/check.h"
#include "tests/util.h"

enum {
	FEW = 200,
	MANY = 10 * FEW,
	/* A search in a sorted list takes a few more steps in a longer one; 100 would be quadratic.
	 */
	MOST = 14,
};

static uint64_t blocks, comparisons, bytes;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
	blocks++;
}

int __real_strcmp(const char *a, const char *b);
int __wrap_strcmp(const char *a, const char *b);
int __wrap_strcmp(const char *a, const char *b)
{
	comparisons++;
	return __real_strcmp(a, b);
}

int __real_store_get(struct store_txn *txn, enum store_table table, struct slice key,
		     struct slice *ret, struct sb_error *err);
int __wrap_store_get(struct store_txn *txn, enum store_table table, struct slice key,
		     struct slice *ret, struct sb_error *err);
int __wrap_store_get(struct store_txn *txn, enum store_table table, struct slice key,
		     struct slice *ret, struct sb_error *err)
{
	int rc = __real_store_get(txn, table, key, ret, err);

	bytes += rc ? 0 : ret->len;
	return rc;
}

int __real_store_set(struct store_txn *txn, enum store_table table, struct slice key,
		     struct slice value, struct sb_error *err);
int __wrap_store_set(struct store_txn *txn, enum store_table table, struct slice key,
		     struct slice value, struct sb_error *err);
int __wrap_store_set(struct store_txn *txn, enum store_table table, struct slice key,
		     struct slice value, struct sb_error *err)
{
	bytes += value.len;
	return __real_store_set(txn, table, key, value, err);
}

/* A bank and a cluster with [count] accounts below root. The first of them has [count] users. */
struct site {
	struct bank *bank;
	size_t count;
	int64_t now;
	char (*names)[16], (*users)[16];
	const char **list; /* the names */
	struct observed *rows, *users_rows;
	struct observation observation;
	struct rules rules;
};

static void site_open(struct site *site, size_t count)
{
	static const struct author author = {.login = LOGIN_NONE, .user = "admin", .host = "here"};
	struct store_options options;
	static const char all_of[][RESOURCE_SIZE] = {"billing"};

	util_setup_in_memory();
	*site = (struct site){.count = count, .now = T0};
	options = util_options();
	options.map_size = 256 << 20; /* a map that grows would repeat a transaction */
	OK(bank_create(&options, "machine", &error));
	OK(bank_open(&options, STORE_WRITE, &author, &site->bank, &error));
	site->rules =
		(struct rules){.enforcement = ENFORCE_HOLD, .field = "GrpTRESMins", .tres = "cpu"};
	site->names = calloc(count, sizeof(*site->names));
	site->users = calloc(count, sizeof(*site->users));
	site->list = calloc(count, sizeof(*site->list));
	site->rows = calloc(count + 1, sizeof(*site->rows));
	site->users_rows = calloc(count, sizeof(*site->users_rows));
	ck_assert(site->names && site->users && site->list && site->rows && site->users_rows);
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(site->names[i], sizeof(site->names[i]), "a%05zu", i);
		(void)snprintf(site->users[i], sizeof(site->users[i]), "billing~u%05zu", i);
		site->list[i] = site->names[i];
		site->rows[i] = (struct observed){
			.account = site->names[i], .parent = "root", .running = -1};
		site->users_rows[i] = (struct observed){
			.account = site->names[0], .resource = site->users[i], .running = -1};
	}
	site->rows[count] = (struct observed){.account = "root", .parent = "", .running = -1};
	site->observation = (struct observation){.cluster = "c1",
						 .answered = true,
						 .time = T0,
						 .share = 1,
						 .rows = site->rows,
						 .count = count + 1,
						 .purses = site->users_rows,
						 .purse_count = count,
						 .all_of = all_of,
						 .all_count = COUNT(all_of)};
}

static void site_close(struct site *site)
{
	bank_close(site->bank);
	free(site->names);
	free(site->users);
	free(site->list);
	free(site->rows);
	free(site->users_rows);
	util_teardown();
}

/* ---- what is counted ---- */

static int open_all(struct books *books, void *ctx, struct sb_error *err)
{
	struct site *site = ctx;

	for (size_t i = 0; i < site->count; i++) {
		struct event open = {.kind = EVENT_OPEN, .account = site->names[i]};
		struct event deposit = {.kind = EVENT_DEPOSIT,
					.account = site->names[i],
					.amount = 3600000,
					.start = T0,
					.end = WHEN_NEVER};

		TRY(books_append(books, &open, err));
		TRY(check_record_baselines(books, site->names[i], &site->observation, 1, false,
					   err));
		TRY(books_append(books, &deposit, err));
	}
	return SB_OK;
}

static void opens(struct site *site)
{
	OK(bank_write(site->bank, site->now, open_all, site, &error));
}

static void checks(struct site *site)
{
	struct check check = {.rules = &site->rules,
			      .all_clusters = true,
			      .observations = &site->observation,
			      .observation_count = 1};

	site->observation.time = site->now += HOUR;
	OK(bank_write(site->bank, site->now, check_plan, &check, &error));
	check_release(&check);
}

static void checks_use(struct site *site)
{
	for (size_t i = 0; i < site->count; i++)
		site->rows[i].usage += 7200;
	checks(site);
}

static int set_default_share(struct books *books, void *ctx, struct sb_error *err)
{
	const struct site *site = ctx;

	return books_append(books,
			    &(struct event){.kind = EVENT_TERMS,
					    .account = site->names[0],
					    .field = "",
					    .tres = "",
					    .thresholds = "",
					    .share = 3600},
			    err);
}

static void default_shares(struct site *site)
{
	OK(bank_write(site->bank, site->now, set_default_share, site, &error));
	checks(site);
}

static int count_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	(void)entry;
	(void)err;
	++*(uint64_t *)ctx;
	return SB_OK;
}

static int read_named(struct books *books, void *ctx, struct sb_error *err)
{
	const struct site *site = ctx;
	uint64_t entries = 0;

	for (int backward = 0; backward <= 1; backward++) {
		struct entry_range range = {
			.accounts = site->list, .account_count = site->count, .backward = backward};

		TRY(entries_each(books, &range, count_entry, &entries, NULL, err));
	}
	ck_assert_uint_ge(entries, 4 * site->count);
	return SB_OK;
}

static void journal(struct site *site)
{
	OK(bank_read(site->bank, site->now, read_named, site, &error));
}

static int follow(struct books *books, void *ctx, struct sb_error *err)
{
	struct history *history;
	int rc;

	(void)ctx;
	TRY(history_new(books, NULL, books_head(books)->seq, NULL, &history, err));
	rc = history_advance(history, books_head(books)->seq, NULL, NULL, err);
	history_free(history);
	return rc;
}

static void statements(struct site *site)
{
	OK(bank_read(site->bank, site->now, follow, site, &error));
}

static int give_all(struct books *books, void *ctx, struct sb_error *err)
{
	const struct site *site = ctx;

	for (size_t i = 1; i < site->count; i++) {
		struct event event = {.kind = EVENT_TRANSFER,
				      .account = site->names[i],
				      .to = site->names[0],
				      .amount = 60};

		TRY(util_plan(books, &event, err));
		TRY(books_append(books, &event, err));
		event_release(&event);
	}
	return SB_OK;
}

static int follow_receiver(struct books *books, void *ctx, struct sb_error *err)
{
	const struct site *site = ctx;
	struct history *history;
	int rc;

	TRY(history_new(books, site->names[0], books_head(books)->seq, NULL, &history, err));
	rc = history_advance(history, books_head(books)->seq, NULL, NULL, err);
	history_free(history);
	return rc;
}

static void statement_of_receiver(struct site *site)
{
	OK(bank_read(site->bank, site->now, follow_receiver, site, &error));
}

static void gives(struct site *site)
{
	OK(bank_write(site->bank, site->now, give_all, site, &error));
}

/* Each account of the second half moves below another one of the first half. */
static void moves_below_many(struct site *site)
{
	const size_t half = site->count / 2;

	for (size_t i = 0; i < half; i++)
		site->rows[half + i].parent = site->names[i];
	checks(site);
	for (size_t i = 0; i < half; i++)
		site->rows[half + i].parent = site->names[(i + 1) % half];
	checks(site);
}

/* All move below one account, away, and back again. */
static void moves_below_one(struct site *site)
{
	for (int i = 0; i < 3; i++) {
		for (size_t j = 1; j < site->count; j++)
			site->rows[j].parent = i == 1 ? "root" : site->names[0];
		checks(site);
	}
}

static void verifies(struct site *site)
{
	ck_assert_int_eq(util_verify(site->bank), 0);
}

static const struct step {
	const char *name;
	void (*run)(struct site *site);
	/* It makes many lots in one account. After each entry all of them are summed up, to check
	 * that no money was made or lost, which is quadratic. */
	bool many_lots;
} steps[] = {
	{"opens", opens, false},
	{"first check", checks, false},
	{"idle check", checks, false},
	{"check with use in all", checks_use, false},
	{"journal of all by name", journal, false},
	{"statements of all", statements, false},
	{"default shares of many users", default_shares, false},
	{"idle check with shares", checks, false},
	{"verify with shares", verifies, false},
	{"moves below many accounts", moves_below_many, false},
	{"moves below one account", moves_below_one, false},
	{"verify with moves", verifies, false},
	{"transfers to one", gives, true},
	{"statement of one with many givers", statement_of_receiver, true},
};

/* A lot for each hour; the last one to be added starts first. */
static struct account *account_with_lots(size_t count)
{
	struct account *account = account_new("a");

	ck_assert_ptr_nonnull(account);
	account->time = T0;
	for (size_t i = 0; i < count; i++)
		OK(account_add_lot(account,
				   (struct lot){.seq = i + 1,
						.start = T0 + (int64_t)(count - i) * HOUR,
						.end = T0 + (int64_t)(2 * count + i) * HOUR,
						.amount = 60,
						.rest = 60},
				   &error));
	return account;
}

static void cross(struct account *account)
{
	int64_t *crossed = array_add(account->crossed, account->crossed_count);

	ck_assert_ptr_nonnull(crossed);
	*crossed = 1;
}

/* Every lot pays debt when it starts. */
static uint64_t settle_debt(size_t count)
{
	struct account *account = account_with_lots(count);

	account->debt = 60 * (int64_t)count;
	cross(account);
	blocks = 0;
	OK(account_settle(account, T0 + (int64_t)(4 * count) * HOUR, &error));
	ck_assert_int_eq(account->debt, 0);
	ck_assert_uint_eq(account->crossed_count, 0);
	ck_assert_uint_eq(account->lot_count, 0);
	account_free(account);
	return blocks;
}

/* Any lot to come may re-arm the threshold. */
static uint64_t look_ahead(size_t count)
{
	struct account *account = account_with_lots(count);
	const struct rules rules = {.charge_every = 60 * WHEN_SECOND};
	bool waits;

	cross(account);
	blocks = 0;
	OK(charge_may_wait(account, 1, T0, &rules, &waits, &error));
	ck_assert(waits);
	account_free(account);
	return blocks;
}

/* A charge draws on every lot. */
static uint64_t charge_all(size_t count)
{
	struct account *account = account_with_lots(count);
	struct event fee = {.kind = EVENT_FEE,
			    .account = "a",
			    .resource = "billing",
			    .seq = count + 1,
			    .time = T0 + (int64_t)(2 * count - 1) * HOUR,
			    .since = T0,
			    .until = T0 + (int64_t)(2 * count - 1) * HOUR,
			    .amount = 60 * (int64_t)count};

	account->seq = count;
	account->deposited = fee.amount;
	OK(plan_charge(account, &fee, &error));
	ck_assert_uint_eq(fee.part_count, count);
	blocks = 0;
	OK(account_apply(account, NULL, &fee, &error));
	event_release(&fee);
	account_free(account);
	return blocks;
}

struct counted {
	uint64_t blocks, comparisons, bytes;
};

static void count_steps(size_t accounts, struct counted to[COUNT(steps)])
{
	struct site site;

	site_open(&site, accounts);
	for (size_t i = 0; i < COUNT(steps); i++) {
		blocks = comparisons = bytes = 0;
		steps[i].run(&site);
		to[i] = (struct counted){blocks, comparisons, bytes};
	}
	site_close(&site);
}

static void expect(const char *step, const char *what, uint64_t few, uint64_t many)
{
	/* Nothing counted: the calls do not go to the counters. */
	ck_assert_msg(few > 0, "%s: no %s were counted", step, what);
	ck_assert_msg(many <= MOST * few + 1000,
		      "%s: %llu %s for %d accounts, %llu for %d: more than %d times as many", step,
		      (unsigned long long)few, what, FEW, (unsigned long long)many, MANY, MOST);
}

START_TEST(ten_times_the_accounts_take_about_ten_times_the_steps)
{
	struct counted few[COUNT(steps)], many[COUNT(steps)];

	count_steps(FEW, few);
	count_steps(MANY, many);
	for (size_t i = 0; i < COUNT(steps); i++) {
		if (!steps[i].many_lots)
			expect(steps[i].name, "basic blocks", few[i].blocks, many[i].blocks);
		expect(steps[i].name, "comparisons", few[i].comparisons, many[i].comparisons);
		expect(steps[i].name, "bytes", few[i].bytes, many[i].bytes);
	}
}
END_TEST

static const struct lots_step {
	const char *name;
	uint64_t (*run)(size_t count);
} lots_steps[] = {
	{"lots that pay debt", settle_debt},
	{"lots that may re-arm a threshold", look_ahead},
	{"lots that a charge draws on", charge_all},
};

START_TEST(ten_times_the_lots_take_about_ten_times_the_steps)
{
	const struct lots_step *step = &lots_steps[_i];

	expect(step->name, "basic blocks", step->run(FEW), step->run(MANY));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("growth");
	TCase *test = tcase_create("growth");

	tcase_set_timeout(test, TEST_TIMEOUT);
	tcase_add_test(test, ten_times_the_accounts_take_about_ten_times_the_steps);
	tcase_add_loop_test(test, ten_times_the_lots_take_about_ten_times_the_steps, 0,
			    COUNT(lots_steps));
	suite_add_tcase(suite, test);
	return util_run(suite);
}
