/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes a bank in FOLDER with jobs of some months up to 2026-11-22, always the same, for tests and
 * the picture of `subank report`.
 *
 *     fill FOLDER          the accounts of the picture
 *     fill FOLDER hostile  these, and names and notes that are HTML
 *     fill FOLDER N        N accounts
 *     fill FOLDER N DAYS   N accounts with jobs of so many days
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/account/policy.h"
#include "ledger/base/when.h"
#include "ledger/books/books.h"

#define HOSTILE_IMAGE "<img src=x onerror=\"document.title='broken'\">"
#define HOSTILE_SCRIPT "\"></table><script>document.title='broken'</script>"
#define NOW (INT64_C(1795338000) * WHEN_SECOND) /* 2026-11-22T09:00Z */
#define YEAR_START (INT64_C(1767225600) * WHEN_SECOND)
#define YEAR_END (INT64_C(1798761600) * WHEN_SECOND)

enum { DAYS = 174, DAYS_OF_MANY = 60, USERS = 9 };

struct plan {
	char name[NAME_SIZE];
	int64_t su;
	int percent; /* of that is used up to NOW */
	int trend; /* -1 falls, 1 rises */
};

static const struct plan picture[] = {
	{"astro", 60000, 52, 1},     {"biology", 120000, 27, 0},     {"chemistry", 15000, 94, 0},
	{"climate", 240000, 55, 0},  {"engineering", 40000, 12, -1}, {"geology", 8000, 64, 1},
	{"linguistics", 2000, 4, 0}, {"medicine", 90000, 71, 1},     {"observatory", 1000, 80, 0},
	{"physics", 100000, 48, 0},  {"theory", 12000, 104, -1},
};

struct filling {
	struct plan *plans;
	size_t count;
	const char *users[USERS];
	const char *partitions[3];
	const char *note;
	bool named; /* the accounts of the picture */
	int days, jobs; /* a day at most */
	int day; /* -1: to open the accounts, [days]: the last entries */
	uint64_t chance;
	int64_t job;
};

/* Returns 0 to limit - 1. */
static int64_t below(struct filling *filling, int64_t limit)
{
	filling->chance = filling->chance * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)((filling->chance >> 33) % (uint64_t)limit);
}

static int append(struct books *books, struct event event, struct sb_error *err)
{
	const struct account *account;
	int rc = SB_OK;

	event.resource = event.kind == EVENT_OPEN ? NULL : purse_resource(event.account);
	event.login = LOGIN_NONE;
	event.end = event.end ? event.end : WHEN_NEVER;
	event.found = event.set = event.time_limit = -1;
	if (event.kind == EVENT_CHARGE_JOB || event.kind == EVENT_FEE ||
	    event.kind == EVENT_WITHDRAW) {
		rc = books_account(books, event.account, &account, err);
		if (!rc)
			rc = event.kind == EVENT_WITHDRAW ? plan_take(account, &event, err)
							  : plan_charge(account, &event, err);
	}
	if (!rc)
		rc = books_append(books, &event, err);
	event_release(&event);
	return rc;
}

static int open_all(struct books *books, const struct filling *filling, struct sb_error *err)
{
	for (size_t i = 0; i < filling->count; i++) {
		const struct plan *plan = &filling->plans[i];

		TRY(append(books, (struct event){.kind = EVENT_OPEN, .account = plan->name}, err));
		TRY(append(books,
			   (struct event){.kind = EVENT_BASELINE,
					  .account = plan->name,
					  .cluster = "dev",
					  .before = -1,
					  .reason = "opened"},
			   err));
		TRY(append(books,
			   (struct event){.kind = EVENT_METER,
					  .account = plan->name,
					  .cluster = "dev",
					  .meter = METER_JOBS,
					  .since = books_time(books)},
			   err));
		TRY(append(books,
			   (struct event){.kind = EVENT_DEPOSIT,
					  .account = plan->name,
					  .amount = plan->su * AMOUNT_PER_SU,
					  .start = YEAR_START,
					  .end = YEAR_END,
					  .note = filling->note},
			   err));
	}
	return SB_OK;
}

static int charge_job(struct books *books, struct filling *filling, const struct plan *plan,
		      int64_t amount, const char *user, struct sb_error *err)
{
	char job[32];
	int64_t end = books_time(books) - below(filling, 7200) * WHEN_SECOND;

	(void)snprintf(job, sizeof(job), "%" PRId64, ++filling->job);
	return append(books,
		      (struct event){.kind = EVENT_CHARGE_JOB,
				     .account = plan->name,
				     .cluster = "dev",
				     .amount = amount,
				     .since = end - 7200 * WHEN_SECOND,
				     .until = end,
				     .job = job,
				     .job_id = filling->job,
				     .slurm_account = plan->name,
				     .job_user = user,
				     .partition = filling->partitions[below(filling, 5) % 3],
				     .qos = "normal",
				     .state = "COMPLETED",
				     .submit = end - 8000 * WHEN_SECOND,
				     .elapsed = 7200,
				     .factor = 1000000},
		      err);
}

/* Returns the weight of a day, of which 100 is the average. */
static int64_t weight(const struct filling *filling, const struct plan *plan)
{
	return 100 + plan->trend * (filling->day * 140 / filling->days - 70);
}

static int charge_all(struct books *books, struct filling *filling, struct sb_error *err)
{
	bool weekend = (filling->day + 2) % 7 >= 5;

	for (size_t i = 0; i < filling->count; i++) {
		const struct plan *plan = &filling->plans[i];
		int64_t day = plan->su * AMOUNT_PER_SU / 100 * plan->percent / filling->days *
			      weight(filling, plan) / 100;

		if (plan->percent == 0 || below(filling, 100) < (weekend ? 55 : 8))
			continue;
		day = day * (60 + below(filling, 130)) / 100;
		for (int job = 0; job < filling->jobs; job++) {
			int64_t user = below(filling, 6);

			if (below(filling, 6) < user)
				user = below(filling, 3);
			TRY(charge_job(books, filling, plan,
				       day * (50 + below(filling, 100)) / 100 / filling->jobs + 1,
				       filling->users[(user + (int64_t)i) % USERS], err));
		}
	}
	return SB_OK;
}

static int add_budget(struct books *books, const char *purse, int64_t amount, int64_t used,
		      struct sb_error *err)
{
	TRY(append(books, (struct event){.kind = EVENT_OPEN, .account = purse}, err));
	TRY(append(books,
		   (struct event){.kind = EVENT_DEPOSIT,
				  .account = purse,
				  .amount = amount * 3600,
				  .start = YEAR_START,
				  .end = YEAR_END},
		   err));
	return append(books,
		      (struct event){.kind = EVENT_FEE,
				     .account = purse,
				     .amount = used * 3600,
				     .since = books_time(books) - WHEN_DAY,
				     .until = books_time(books),
				     .note = "October"},
		      err);
}

static int set_readings(struct books *books, const struct filling *filling, struct sb_error *err)
{
	const struct reading reading = {.time = books_time(books), .settled = books_time(books)};

	for (size_t i = 0; i < filling->count; i++)
		TRY(books_set_reading(books, "dev", filling->plans[i].name, &reading, err));
	return SB_OK;
}

static int finish(struct books *books, const struct filling *filling, struct sb_error *err)
{
	TRY(append(books,
		   (struct event){.kind = EVENT_HOLD, .account = "theory", .cause = CAUSE_FUNDS},
		   err));
	TRY(append(books,
		   (struct event){.kind = EVENT_HOLD,
				  .account = "engineering",
				  .cause = CAUSE_HAND,
				  .note = filling->note},
		   err));
	TRY(append(books,
		   (struct event){.kind = EVENT_TERMS,
				  .account = "observatory",
				  .allowance = ALLOWANCE_UNLIMITED,
				  .field = "",
				  .tres = "",
				  .thresholds = ""},
		   err));
	TRY(add_budget(books, "physics:gres/gpu", 20000, 19100, err));
	return add_budget(books, "physics:storage", 8760, 5150, err);
}

/* In the middle of the time. */
static int move_money(struct books *books, const struct filling *filling, struct sb_error *err)
{
	TRY(append(books,
		   (struct event){.kind = EVENT_DEPOSIT,
				  .account = "physics",
				  .amount = 25000 * AMOUNT_PER_SU,
				  .start = books_time(books),
				  .end = YEAR_END,
				  .note = filling->note},
		   err));
	return append(books,
		      (struct event){.kind = EVENT_WITHDRAW,
				     .account = "biology",
				     .amount = 30000 * AMOUNT_PER_SU,
				     .note = "kept for the next call"},
		      err);
}

static int fill(struct books *books, void *ctx, struct sb_error *err)
{
	struct filling *filling = ctx;
	const bool named = filling->named;

	if (filling->day < 0)
		return open_all(books, filling, err);
	if (filling->day == filling->days)
		TRY(set_readings(books, filling, err));
	if (filling->day == filling->days)
		return named ? finish(books, filling, err) : SB_OK;
	if (named && filling->day == DAYS * 2 / 3)
		TRY(move_money(books, filling, err));
	return charge_all(books, filling, err);
}

static void add_plan(struct filling *filling, const char *name, int64_t su, int percent, int trend)
{
	struct plan *plan = &filling->plans[filling->count++];

	(void)snprintf(plan->name, sizeof(plan->name), "%.255s", name);
	plan->su = su;
	plan->percent = percent;
	plan->trend = trend;
}

static void plan_picture(struct filling *filling, bool hostile)
{
	static const char *const odd[] = {"index", "..", "x/../../%3cb%3e", ".htaccess"};
	char longest[NAME_SIZE];

	for (size_t i = 0; i < sizeof(picture) / sizeof(picture[0]); i++)
		add_plan(filling, picture[i].name, picture[i].su, picture[i].percent,
			 picture[i].trend);
	if (!hostile)
		return;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		add_plan(filling, odd[i], 10, 0, 0);
	memset(longest, '%', sizeof(longest) - 1);
	longest[0] = 'z';
	longest[sizeof(longest) - 1] = '\0';
	add_plan(filling, longest, 10, 0, 0);
	filling->users[0] = filling->users[5] = HOSTILE_IMAGE;
	filling->users[1] = HOSTILE_SCRIPT;
	filling->partitions[1] = HOSTILE_SCRIPT;
	filling->note = HOSTILE_IMAGE HOSTILE_SCRIPT;
}

static void plan_many(struct filling *filling, size_t count)
{
	char name[32];

	for (size_t i = 0; i < count; i++) {
		(void)snprintf(name, sizeof(name), "project%05zu", i);
		add_plan(filling, name, 10000, 20 + (int)(i % 85), (int)(i % 3) - 1);
	}
	filling->named = false;
	filling->days = DAYS_OF_MANY;
	filling->jobs = 1;
}

int main(int argc, char *argv[])
{
	static const struct author author = {
		.uid = 64030, .login = LOGIN_NONE, .user = "slurm", .host = "head"};
	struct store_options options = {.doing = "fill", .wait_ms = 60000};
	const char *how = argc > 2 ? argv[2] : "";
	struct filling filling = {.users = {"alice", "bob", "carol", "dan", "erin", "frank",
					    "grace", "heidi", "ivan"},
				  .partitions = {"cpu", "gpu", "bigmem"},
				  .note = "call 2026-1",
				  .named = true,
				  .days = DAYS,
				  .jobs = 3,
				  .chance = 20261122};
	size_t many = (size_t)strtoul(how, NULL, 10);
	struct sb_error err = {0};
	struct bank *bank = NULL;
	int rc;

	if (argc < 2)
		return 2;
	options.folder = argv[1];
	filling.plans = calloc(many + 32, sizeof(*filling.plans));
	if (!filling.plans)
		return 1;
	if (many)
		plan_many(&filling, many);
	if (many && argc > 3)
		filling.days = (int)strtol(argv[3], NULL, 10);
	else
		plan_picture(&filling, strcmp(how, "hostile") == 0);
	rc = bank_create(&options, "", &err);
	if (!rc)
		rc = bank_open(&options, STORE_WRITE, &author, &bank, &err);
	for (filling.day = -1; filling.day <= filling.days && !rc; filling.day++)
		rc = bank_write(bank, NOW - (filling.days - filling.day) * WHEN_DAY, fill, &filling,
				&err);
	if (rc)
		fprintf(stderr, "fill: %s\n", err.text);
	bank_close(bank);
	free(filling.plans);
	return rc ? 1 : 0;
}
