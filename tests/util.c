/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/util.h"

#include <ftw.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ledger/account/policy.h"
#include "ledger/books/verify.h"
#include "ledger/files/export.h"

struct sb_error error;
char test_folder[64];
char bank_folder[96];
char util_problem[1300];

static const struct author author = {
	.uid = 64030, .login = 1000, .user = "slurm", .host = "head.example.org"};

static void setup_in(const char *parent)
{
	/* Tests make paths from this in small buffers. */
	if (strlen(parent) > 40)
		parent = "/tmp";
	(void)snprintf(test_folder, sizeof(test_folder), "%.40s/subank-XXXXXX", parent);
	ck_assert_ptr_nonnull(mkdtemp(test_folder));
	(void)snprintf(bank_folder, sizeof(bank_folder), "%s/bank", test_folder);
	error = (struct sb_error){0};
}

void util_setup(void)
{
	const char *tmp = getenv("TMPDIR");

	setup_in(tmp ? tmp : "/tmp");
}

void util_setup_in_memory(void)
{
	if (access("/dev/shm", W_OK) == 0)
		setup_in("/dev/shm");
	else
		util_setup();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void util_teardown(void)
{
	(void)nftw(test_folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

struct store_options util_options(void)
{
	return (struct store_options){
		.folder = bank_folder, .doing = "test", .wait_ms = 60000, .map_size = TEST_MAP};
}

void util_create(void)
{
	struct store_options options = util_options();

	OK(bank_create(&options, "machine", &error));
}

struct bank *util_open(enum store_mode mode)
{
	struct store_options options = util_options();
	struct bank *bank = NULL;

	OK(bank_open(&options, mode, &author, &bank, &error));
	return bank;
}

struct bank *util_bank(void)
{
	util_create();
	return util_open(STORE_WRITE);
}

int util_plan(struct books *books, struct event *event, struct sb_error *err)
{
	const struct account *account, *to;
	int rc;

	if (event->part_count > 0 || event->kind == EVENT_OPEN)
		return SB_OK;
	rc = books_account(books, event->account, &account, err);
	if (rc)
		return rc;
	switch (event->kind) {
	case EVENT_DEPOSIT:
		if (event->start <= books_time(books) && books_time(books) < event->end)
			event->debt = plan_debt(account, event->amount);
		return SB_OK;
	case EVENT_WITHDRAW:
		return plan_take(account, event, err);
	case EVENT_TRANSFER:
		rc = plan_take(account, event, err);
		if (!rc)
			rc = books_account(books, event->to, &to, err);
		if (!rc)
			event->debt = plan_debt(to, event->amount);
		return rc;
	case EVENT_CHARGE:
	case EVENT_CHARGE_JOB:
	case EVENT_FEE:
		return plan_charge(account, event, err);
	case EVENT_RECONCILE:
		return event->use == USE_MORE ? plan_charge(account, event, err) : SB_OK;
	default:
		return SB_OK;
	}
}

struct appending {
	const struct event *event;
	uint64_t seq;
};

static int append(struct books *books, void *ctx, struct sb_error *err)
{
	struct appending *appending = ctx;
	struct event event = *appending->event;
	bool own = event.part_count == 0;
	int rc;

	if (own)
		event.parts = NULL, event.part_size = 0;
	rc = util_plan(books, &event, err);
	if (!rc)
		rc = books_append(books, &event, err);
	appending->seq = event.seq;
	if (own)
		free(event.parts);
	return rc;
}

int util_try(struct bank *bank, int64_t now, const struct event *event)
{
	struct appending appending = {.event = event};

	return bank_write(bank, now, append, &appending, &error);
}

uint64_t util_append(struct bank *bank, int64_t now, const struct event *event)
{
	struct appending appending = {.event = event};

	OK(bank_write(bank, now, append, &appending, &error));
	return appending.seq;
}

uint64_t util_open_account(struct bank *bank, int64_t now, const char *account)
{
	return util_append(bank, now, &(struct event){.kind = EVENT_OPEN, .account = account});
}

uint64_t util_deposit(struct bank *bank, int64_t now, const char *account, int64_t amount)
{
	return util_append(bank, now,
			   &(struct event){.kind = EVENT_DEPOSIT,
					   .account = account,
					   .resource = RESOURCE_BILLING,
					   .amount = amount,
					   .start = now,
					   .end = WHEN_NEVER});
}

static int get_head(struct books *books, void *ctx, struct sb_error *err)
{
	(void)err;
	*(struct head *)ctx = *books_head(books);
	return SB_OK;
}

struct head util_head(struct bank *bank)
{
	struct head head = {0};

	OK(bank_read(bank, T0, get_head, &head, &error));
	return head;
}

struct copying {
	const char *name;
	struct account *copy;
};

static int copy_account(struct books *books, void *ctx, struct sb_error *err)
{
	struct copying *copying = ctx;
	const struct account *account;
	int rc = books_account(books, copying->name, &account, err);

	if (!rc)
		copying->copy = account_copy(account);
	return rc;
}

struct account *util_account(struct bank *bank, int64_t now, const char *name)
{
	struct copying copying = {.name = name};

	OK(bank_read(bank, now, copy_account, &copying, &error));
	ck_assert_ptr_nonnull(copying.copy);
	return copying.copy;
}

static int store_richer(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	struct account *account = ctx;
	struct bytes state = {0};
	int rc;

	account->lots[0].rest++;
	account->lots[0].amount++;
	account->deposited++;
	OK(account_encode(account, &state, err));
	rc = store_set(txn, STORE_ACCOUNTS, (struct slice){account->name, strlen(account->name)},
		       (struct slice){state.data, state.len}, err);
	bytes_release(&state);
	return rc;
}

void util_enrich(struct bank *bank, int64_t now, const char *name)
{
	struct account *account = util_account(bank, now, name);

	OK(store_write(bank_store(bank), store_richer, account, &error));
	account_free(account);
}

int64_t util_available(struct bank *bank, int64_t now, const char *name)
{
	struct account *account = util_account(bank, now, name);
	int64_t available;

	OK(account_available(account, &available, &error));
	account_free(account);
	return available;
}

int64_t util_fill(struct bank *bank)
{
	int64_t t = T0;
	uint64_t hold, lever;

	util_open_account(bank, t, "alice");
	util_open_account(bank, t += HOUR, "bob");
	for (int i = 0; i < 2; i++)
		util_append(bank, t,
			    &(struct event){.kind = EVENT_BASELINE,
					    .account = i ? "bob" : "alice",
					    .cluster = "c1",
					    .resource = RESOURCE_BILLING,
					    .before = -1,
					    .now = 1000,
					    .reason = "opened"});
	util_append(bank, t += HOUR,
		    &(struct event){.kind = EVENT_DEPOSIT,
				    .account = "alice",
				    .resource = RESOURCE_BILLING,
				    .amount = 36000,
				    .start = T0,
				    .end = T0 + 100 * WHEN_DAY,
				    .ref = "2026/alice",
				    .request = "deposit alice 36000s",
				    .note = "round \"1\": 50 % # no"});
	util_deposit(bank, t, "alice", 7200);
	util_append(bank, t += HOUR,
		    &(struct event){.kind = EVENT_WITHDRAW,
				    .account = "alice",
				    .resource = RESOURCE_BILLING,
				    .amount = 100});
	util_append(bank, t,
		    &(struct event){.kind = EVENT_TRANSFER,
				    .account = "alice",
				    .to = "bob",
				    .resource = RESOURCE_BILLING,
				    .amount = 36000});
	t += HOUR;
	util_append(bank, t,
		    &(struct event){.kind = EVENT_CHARGE,
				    .account = "alice",
				    .cluster = "c1",
				    .resource = RESOURCE_BILLING,
				    .amount = 10000,
				    .before = 1000,
				    .now = 11000,
				    .since = t - HOUR,
				    .until = t});
	hold = util_append(
		bank, t,
		&(struct event){.kind = EVENT_HOLD, .account = "alice", .cause = CAUSE_FUNDS});
	lever = util_append(bank, t,
			    &(struct event){.kind = EVENT_LEVER,
					    .account = "alice",
					    .answers = hold,
					    .cluster = "c1",
					    .slurm_account = "alice",
					    .field = "GrpTRESMins",
					    .tres = "cpu",
					    .action = LEVER_HOLD,
					    .found = 5000,
					    .set = 0});
	util_append(bank, t,
		    &(struct event){.kind = EVENT_APPLIED,
				    .account = "alice",
				    .answers = lever,
				    .outcome = OUTCOME_FAILED,
				    .reason = "sacctmgr: no"});
	hold = util_append(
		bank, t += HOUR,
		&(struct event){.kind = EVENT_RELEASE, .account = "alice", .cause = CAUSE_FUNDS});
	lever = util_append(bank, t,
			    &(struct event){.kind = EVENT_LEVER,
					    .account = "alice",
					    .answers = hold,
					    .cluster = "c1",
					    .slurm_account = "alice",
					    .field = "GrpTRESMins",
					    .tres = "cpu",
					    .action = LEVER_RESTORE,
					    .found = -1,
					    .set = 5000});
	util_append(bank, t,
		    &(struct event){.kind = EVENT_APPLIED,
				    .account = "alice",
				    .answers = lever,
				    .outcome = OUTCOME_LEFT,
				    .reason = "found 77"});
	util_append(bank, t,
		    &(struct event){.kind = EVENT_HOLD,
				    .account = "bob",
				    .cause = CAUSE_HAND,
				    .until = t + WHEN_DAY});
	util_append(bank, t += HOUR, &(struct event){.kind = EVENT_CLOSE, .account = "bob"});
	return t;
}

void util_fill_more(struct bank *bank, int64_t t)
{
#define ADAM .account = "adam", .resource = RESOURCE_BILLING
	uint64_t lot, entry, refund;

	util_open_account(bank, t, "adam");
	util_append(bank, t,
		    &(struct event){.kind = EVENT_BASELINE, ADAM, .cluster = "c1", .before = -1});
	lot = util_append(bank, t,
			  &(struct event){.kind = EVENT_DEPOSIT,
					  ADAM,
					  .amount = 1000,
					  .start = t,
					  .end = t + 10 * HOUR});
	t += HOUR;
	entry = util_append(bank, t,
			    &(struct event){.kind = EVENT_CHARGE,
					    ADAM,
					    .cluster = "c1",
					    .amount = 900,
					    .now = 900,
					    .since = t - HOUR,
					    .until = t});
	util_append(bank, t,
		    &(struct event){.kind = EVENT_THRESHOLD,
				    ADAM,
				    .level = 90,
				    .used = 900,
				    .allocated = 1000});
	util_append(
		bank, t,
		&(struct event){.kind = EVENT_NOTICE, ADAM, .amount = 100, .end = t + 9 * HOUR});
	refund = util_append(bank, t,
			     &(struct event){.kind = EVENT_REFUND,
					     ADAM,
					     .answers = entry,
					     .amount = 300,
					     .end = WHEN_NEVER,
					     .parts = (struct part[]){{lot, 0, 300}},
					     .part_count = 1});
	util_append(bank, t,
		    &(struct event){.kind = EVENT_REVERSE,
				    ADAM,
				    .answers = refund,
				    .reverses = REVERSED_REFUND,
				    .amount = 300,
				    .end = WHEN_NEVER,
				    .parts = (struct part[]){{lot, 0, 300}},
				    .part_count = 1});
	util_append(bank, t,
		    &(struct event){.kind = EVENT_ADJUST,
				    ADAM,
				    .amount = 150,
				    .parts = (struct part[]){{lot, 0, 150}},
				    .part_count = 1,
				    .debt = 50,
				    .reason = "set to 850s"});
	util_append(bank, t,
		    &(struct event){.kind = EVENT_REFUND,
				    ADAM,
				    .answers = entry,
				    .amount = 110,
				    .end = WHEN_NEVER,
				    .parts = (struct part[]){{lot, 0, 60}},
				    .part_count = 1,
				    .debt = 50});
	entry = util_append(
		bank, t,
		&(struct event){.kind = EVENT_TRANSFER, ADAM, .to = "alice", .amount = 10});
	util_append(bank, t,
		    &(struct event){.kind = EVENT_REVERSE,
				    ADAM,
				    .to = "alice",
				    .answers = entry,
				    .reverses = REVERSED_TRANSFER,
				    .amount = 10,
				    .end = WHEN_NEVER,
				    .parts = (struct part[]){{lot, 0, 10}},
				    .part_count = 1,
				    .debt = 10});
	t += 9 * HOUR;
	entry = util_append(bank, t,
			    &(struct event){.kind = EVENT_EXPIRE,
					    ADAM,
					    .amount = 60,
					    .end = t,
					    .parts = (struct part[]){{lot, 0, 60}},
					    .part_count = 1});
	util_append(bank, t,
		    &(struct event){.kind = EVENT_REVERSE,
				    ADAM,
				    .answers = entry,
				    .reverses = REVERSED_EXPIRE,
				    .amount = 60,
				    .start = t,
				    .end = t + HOUR,
				    .parts = (struct part[]){{util_head(bank).seq + 1, 0, 60}},
				    .part_count = 1});
	util_append(bank, t,
		    &(struct event){.kind = EVENT_NOTIFIED,
				    .account = "adam",
				    .answers = entry,
				    .outcome = OUTCOME_FAILED,
				    .reason = "exit status 1"});
#undef ADAM
}

static void keep_problem(const char *text, void *ctx)
{
	(void)ctx;
	if (!util_problem[0])
		(void)snprintf(util_problem, sizeof(util_problem), "%s", text);
}

int util_verify(struct bank *bank)
{
	struct verify verify = {.found = keep_problem};

	util_problem[0] = '\0';
	OK(bank_read(bank, 0, verify_books, &verify, &error));
	return verify.problems;
}

char *util_read_file(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "re");
	struct stat st;
	char *data;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fstat(fileno(file), &st), 0);
	data = malloc((size_t)st.st_size + 1);
	ck_assert_ptr_nonnull(data);
	ck_assert_uint_eq(fread(data, 1, (size_t)st.st_size, file), (size_t)st.st_size);
	data[st.st_size] = '\0';
	*ret_len = (size_t)st.st_size;
	(void)fclose(file);
	return data;
}

void util_write_file(const char *path, const void *data, size_t len)
{
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

static int export_to(struct books *books, void *ctx, struct sb_error *err)
{
	return export_yaml(books, &(struct export_to){.file = ctx}, err);
}

char *util_export(struct bank *bank, size_t *ret_len)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, ret_len);

	ck_assert_ptr_nonnull(file);
	OK(bank_read(bank, 0, export_to, file, &error));
	ck_assert_int_eq(fclose(file), 0);
	return text;
}

uint64_t util_random(uint64_t *state)
{
	/* splitmix64 */
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

int64_t util_below(uint64_t *state, int64_t limit)
{
	return (int64_t)(util_random(state) % (uint64_t)limit);
}

uint64_t util_seed(void)
{
	const char *given = getenv("TEST_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : 1;

	printf("TEST_SEED=%" PRIu64 "\n", seed);
	(void)fflush(stdout);
	return seed;
}

bool util_in_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
}

int util_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
