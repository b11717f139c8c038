/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cmd/check/metrics.h"
#include "cmd/check/notify.h"
#include "cmd/check/ondemand.h"
#include "cmd/check/publish.h"
#include "cmd/check/request_boxes.h"
#include "cmd/doctor/doctor.h"
#include "cmd/frame/options.h"
#include "cmd/show/output.h"
#include "cmd/show/published.h"
#include "ledger/base/comma.h"
#include "ledger/base/when.h"
#include "ledger/books/people.h"
#include "ledger/check/funds.h"

enum {
	CHECK_HOURS_MAX = 2, /* without a check: no timer is that slow */
	GAP_DAYS = 7, /* the check does not trust a clock that jumped further */
	BEHIND_SECONDS = 60, /* nothing is recorded with a clock further behind */
	FREE_MIB_MIN = 64,
	FREE_MIB_LOW = 256,
	FAILED_MAX = 10,
};

static const char here[] = "this machine", the_bank[] = "the bank";

static const char *user_name(uid_t uid, char to[64])
{
	const struct passwd *passwd = getpwuid(uid);

	if (passwd)
		(void)snprintf(to, 64, "%s", passwd->pw_name);
	else
		(void)snprintf(to, 64, "uid %" PRIuMAX, (uintmax_t)uid);
	return to;
}

/* Adds a row about a file or folder: its owner and mode. */
static void diagnose_file(struct diagnosis *rows, enum verdict verdict, const char *check,
			  const char *advice, const char *path, const struct stat *st)
{
	char owner[64];

	diagnose(rows, verdict, check, advice, "%s, %s, mode %04o", path,
		 user_name(st->st_uid, owner), (unsigned)st->st_mode & 07777);
}

static void inspect_settings(struct diagnosis *rows)
{
	const char *path = option(rows->env, "config"), *advice = NULL;
	struct stat st;

	if (!path)
		path = DEFAULT_SETTINGS;
	/* The frame has read it, if it exists. */
	if (stat(path, &st) != 0) {
		diagnose(rows, VERDICT_OK, "settings", NULL, "none in %s: defaults", path);
		return;
	}
	if (st.st_mode & S_IWGRP)
		advice = "its group can make subank run any program as you: chmod g-w";
	diagnose_file(rows, VERDICT_WARN, "settings", advice, path, &st);
}

static void inspect_folder(struct diagnosis *rows)
{
	struct env *env = rows->env;
	const char *folder = env->store.folder, *advice = NULL;
	int fd = store_folder(bank_store(env->bank));
	struct statvfs fs;
	struct stat st;
	char owner[64], text[256];
	uint64_t free_mib;

	if (fstat(fd, &st) != 0 || fstatvfs(fd, &fs) != 0) {
		diagnose(rows, VERDICT_BAD, "bank's folder", "inspect it: ls -ld and df must work",
			 "%s: %s", folder, sb_errno(errno));
		return;
	}
	if (st.st_mode & S_IRWXO) {
		advice = "everybody can read the books: chmod o-rwx";
	} else if (st.st_uid != geteuid() && geteuid() != 0) {
		(void)snprintf(text, sizeof(text), "you are another user: sudo -u %s subank …",
			       user_name(st.st_uid, owner));
		advice = text;
	}
	diagnose_file(rows, VERDICT_WARN, "bank's folder", advice, folder, &st);
	diagnose(rows, VERDICT_OK, "file system", NULL, "not one of the network");

	free_mib = (uint64_t)fs.f_bavail * (fs.f_frsize >> 9) >> 11;
	advice = free_mib < FREE_MIB_LOW ? "with a full disk nothing can be recorded: make room"
					 : NULL;
	diagnose(rows, free_mib < FREE_MIB_MIN ? VERDICT_BAD : VERDICT_WARN, "free disk", advice,
		 "%" PRIu64 " MiB", free_mib);
}

struct books_read {
	struct diagnosis *rows;
	struct rules rules;
	uint64_t entries;
	size_t accounts;
	int64_t head_time; /* 0: no entries */
	int64_t last_check;
	char place[PLACE_SIZE];
	bool current;
	size_t in_force, pending, failed;
	struct {
		char account[NAME_SIZE], cluster[NAME_SIZE], limit[LEVER_NAME_SIZE], reason[256];
	} failures[FAILED_MAX];
	struct names moneyless; /* open accounts that never had money: their first use holds them */
	struct names switching; /* accounts charged by jobs whose terms ask for rawusage */
};

/* Whether the first use of the account holds it, since it never had money. */
static bool is_moneyless(const struct rules *rules, const struct account *account)
{
	return account->open && !account->unlimited && !account->causes && !had_money(account) &&
	       !rules->spare_moneyless && enforcement_of(account, rules) >= ENFORCE_HOLD;
}

static bool is_switching(const struct rules *rules, const struct account *account)
{
	bool jobs = false;

	for (size_t i = 0; i < account->meter_count; i++)
		jobs = jobs || account->meters[i].jobs;
	return jobs && metering_of(account, rules) != METER_JOBS;
}

static void count_levers(const struct account *account, struct books_read *read)
{
	for (size_t i = 0; i < account->lever_count; i++) {
		const struct lever *lever = &account->levers[i];

		if (!lever->tried) {
			read->pending++;
		} else if (lever->outcome != OUTCOME_FAILED) {
			read->in_force++;
		} else if (read->failed++ < FAILED_MAX) {
			size_t at = read->failed - 1;

			memcpy(read->failures[at].account, account->name, NAME_SIZE);
			memcpy(read->failures[at].cluster, lever->cluster, NAME_SIZE);
			(void)lever_name(read->failures[at].limit, lever->field, lever->tres);
			memcpy(read->failures[at].reason, lever->reason, sizeof(lever->reason));
		}
	}
}

static int read_books(struct books *books, void *ctx, struct sb_error *err)
{
	struct books_read *read = ctx;
	const struct head *head = books_head(books);
	size_t count;

	names_release(&read->moneyless);
	names_release(&read->switching);
	*read = (struct books_read){.rows = read->rows,
				    .rules = read->rules,
				    .entries = head->seq,
				    .head_time = head->time,
				    .current = books_states_current(books)};
	TRY(books_machine(books, read->place, sizeof(read->place), err));
	TRY(books_last_check(books, &read->last_check, err));
	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < count; i++) {
		const struct account *account = books_at(books, i);
		struct rules rules;

		read->accounts += purse_is_account(account->name);
		TRY(rules_of_purse(books, account, &read->rules, &rules, err));
		count_levers(account, read);
		if (is_moneyless(&rules, account))
			names_add(read->rows, &read->moneyless, account->name);
		if (is_switching(&rules, account))
			names_add(read->rows, &read->switching, account->name);
	}
	return SB_OK;
}

static void report_clock(struct diagnosis *rows, const struct books_read *read, int64_t now)
{
	int64_t after = now - read->head_time;
	char age[WHEN_TEXT_SIZE];
	const char *advice = NULL;

	if (-after > BEHIND_SECONDS * WHEN_SECOND)
		advice = "nothing can be recorded before the newest entry's time: set the clock "
			 "right";
	else if (read->last_check && now - read->last_check > GAP_DAYS * WHEN_DAY)
		advice = "the next check will not trust it: check the clock, and if it is right "
			 "run `subank check --clock-ok` once";
	rows->where = here;
	if (read->head_time)
		diagnose(rows, VERDICT_BAD, "clock", advice, "%s %s the newest entry",
			 when_format_age(age, after < 0 ? -after : after),
			 after < 0 ? "before" : "after");
}

static void report_checks(struct diagnosis *rows, const struct books_read *read, int64_t now)
{
	static const char advice[] = "start the timer or the line for cron: systemctl enable "
				     "--now subank-check.timer";
	char age[WHEN_TEXT_SIZE];
	bool late = now - read->last_check > CHECK_HOURS_MAX * 3600 * WHEN_SECOND;

	if (read->accounts == 0)
		diagnose(rows, VERDICT_INFO, "last check", NULL, "no accounts yet: subank open");
	else if (read->last_check == 0)
		diagnose(rows, VERDICT_BAD, "last check", advice, "never");
	else
		diagnose(rows, VERDICT_BAD, "last check", late ? advice : NULL, "%s ago",
			 when_format_age(age, now - read->last_check));
}

static void report_levers(struct diagnosis *rows, const struct books_read *read)
{
	const char *advice = NULL;

	if (read->failed)
		advice = "some could not be set: fix the reasons (`limit not set`), then run "
			 "`subank check`";
	else if (read->pending)
		advice = "some were recorded but not carried out: run `subank check`";
	diagnose(rows, VERDICT_WARN, "limits set in Slurm", advice,
		 "%zu in force, %zu pending, %zu failed", read->in_force, read->pending,
		 read->failed);
	for (size_t i = 0; i < read->failed && i < FAILED_MAX; i++) {
		char where[2 * NAME_SIZE], why[512];

		(void)snprintf(where, sizeof(where), "%s on %s", read->failures[i].account,
			       read->failures[i].cluster);
		(void)snprintf(why, sizeof(why), "%s: fix that; the next check tries again",
			       read->failures[i].reason);
		rows->where = where;
		diagnose(rows, VERDICT_BAD, "limit not set", why, "%s", read->failures[i].limit);
	}
	rows->where = the_bank;
}

static void report_books(struct diagnosis *rows, struct books_read *read, int64_t now)
{
	struct env *env = rows->env;
	const struct names *moneyless = &read->moneyless;
	char place[PLACE_SIZE], text[NAMES_TEXT_SIZE];
	bool granted = strcmp(read->place,
			      place_of(env->os.here()->machine, env->store.folder, place)) == 0;

	diagnose(rows, VERDICT_OK, "books", NULL, "entries %" PRIu64 ", accounts %zu",
		 read->entries, read->accounts);
	diagnose(rows, read->current ? VERDICT_OK : VERDICT_INFO, "states", NULL,
		 read->current ? "version %d" : "older than %d: made again at the next entry",
		 ACCOUNT_STATE_VERSION);
	diagnose(
		rows, VERDICT_BAD, "who commands Slurm",
		granted ? NULL
			: "checks here are dry: if this bank is the right one, `subank adopt` here",
		"%s",
		granted	       ? "this machine and folder"
		: *read->place ? read->place
			       : "nobody");
	report_clock(rows, read, now);
	rows->where = the_bank;
	report_checks(rows, read, now);
	report_levers(rows, read);
	if (moneyless->count > 0)
		diagnose(
			rows, VERDICT_INFO, "held at first use", NULL, "%zu without money: %s",
			moneyless->count,
			output_names(text, (const char *const *)moneyless->list, moneyless->count));
	diagnose_names(rows, VERDICT_INFO, "still metered by jobs",
		       "a check that finds none of an account's jobs running switches its meter "
		       "to rawusage; where something always runs, `subank hold` makes room",
		       &read->switching);
}

static void inspect_published(struct diagnosis *rows, int64_t now)
{
	static const char check[] = "balances for users";
	struct env *env = rows->env;
	const char *path = env->settings.publish_file;
	struct published published;
	char age[WHEN_TEXT_SIZE];
	struct sb_error err;

	if (env->settings.publish == PUBLISH_NONE) {
		diagnose(rows, VERDICT_INFO, check, NULL, "publish: none");
	} else if (publish_try(env, false, &err)) {
		diagnose(rows, VERDICT_BAD, check, err.text, "cannot be written: %s", path);
	} else if (published_read(path, env->store.folder, &published, &err)) {
		diagnose(rows, VERDICT_WARN, check, err.text,
			 err.code == SB_ENOTFOUND ? "not there yet: %s" : "not readable: %s", path);
	} else {
		diagnose(rows, VERDICT_OK, check, NULL, "published %s ago",
			 when_format_age(age, now - published.time));
		published_release(&published);
	}
}

typedef int try_fn(struct env *env, bool write, struct sb_error *err);

/* A file for another program: its name in the settings, and a test whether it can be written. */
struct outlet {
	const char *check;
	const char *path; /* NULL: it is not wanted */
	try_fn *try;
};

enum { OUTLETS = 2 };

static void list_outlets(const struct env *env, struct outlet ret[OUTLETS])
{
	ret[0] = (struct outlet){"metrics_file", env->settings.metrics_file, metrics_try};
	ret[1] = (struct outlet){"ondemand_file", env->settings.ondemand_file, ondemand_try};
}

static void inspect_outlets(struct diagnosis *rows)
{
	struct outlet outlets[OUTLETS];
	struct sb_error err;

	list_outlets(rows->env, outlets);
	for (size_t i = 0; i < OUTLETS; i++) {
		const struct outlet *outlet = &outlets[i];

		if (!outlet->path)
			continue;
		if (outlet->try(rows->env, false, &err))
			diagnose(rows, VERDICT_BAD, outlet->check, err.text,
				 "cannot be written: %s", outlet->path);
		else if (access(outlet->path, F_OK) != 0)
			diagnose(rows, VERDICT_WARN, outlet->check,
				 "the next check writes it: run `subank check`",
				 "not there yet: %s", outlet->path);
		else
			diagnose(rows, VERDICT_OK, outlet->check, NULL, "%s", outlet->path);
	}
}

struct manager_search {
	struct diagnosis *rows;
	const char *account; /* whose managers are searched */
	struct names unknown;
};

/* A comma_item. */
static int add_unknown(void *ctx, const char *user, struct sb_error *err)
{
	struct manager_search *search = ctx;
	const struct os *os = &search->rows->env->os;
	char text[2 * NAME_SIZE];
	uint32_t uid;

	(void)err;
	if (!*user || !os->user_id || os->user_id(user, &uid) != UID_ABSENT)
		return SB_OK;
	(void)snprintf(text, sizeof(text), "%.255s (%s)", user, search->account);
	names_add(search->rows, &search->unknown, text);
	return SB_OK;
}

/* Finds managers whom this machine does not know. A books_fn. */
static int find_unknown(struct books *books, void *ctx, struct sb_error *err)
{
	struct manager_search *search = ctx;
	size_t count;

	names_release(&search->unknown);
	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < count; i++) {
		const struct account *account = books_at(books, i);
		struct people people;

		if (!account->open || !account->people || !purse_is_account(account->name))
			continue;
		search->account = account->name;
		TRY(books_people(books, account, &people, err));
		TRY(comma_each(people.managers, add_unknown, search, err));
	}
	return SB_OK;
}

static void inspect_managers(struct diagnosis *rows)
{
	struct manager_search search = {.rows = rows};
	const struct env *env = rows->env;
	struct sb_error err;

	if (bank_read(env->bank, env->os.now(), find_unknown, &search, &err))
		diagnose_unread(rows, "managers", &err);
	diagnose_names(rows, VERDICT_WARN, "unknown managers",
		       "this machine does not know these users, so they can send no requests: if a "
		       "name is wrong, correct it with `subank terms ACCOUNT --manager USERS`",
		       &search.unknown);
}

static void inspect_requests(struct diagnosis *rows)
{
	const char *folder = rows->env->settings.requests;
	struct sb_error err;
	int rc;

	if (!folder)
		return;
	rc = request_boxes_try(rows->env, &err);
	diagnose(rows, VERDICT_BAD, "requests of managers", rc ? err.text : NULL, "%s: %s",
		 rc ? "not taken" : "taken", folder);
	inspect_managers(rows);
}

/* Inspects the notify command. Returns whether a check can start it. */
static bool inspect_notify(struct diagnosis *rows)
{
	const char *path = rows->env->settings.notify, *advice = NULL;
	enum verdict verdict = VERDICT_WARN;
	struct stat st, bank;

	if (stat(path, &st) != 0 || fstat(store_folder(bank_store(rows->env->bank)), &bank) != 0) {
		diagnose(rows, VERDICT_BAD, "notify",
			 "put the program there, or correct `notify` in the settings", "%s: %s",
			 path, strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode) || faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0) {
		verdict = VERDICT_BAD;
		advice = "the user who runs subank cannot run it: check its permissions and those "
			 "of the folders above it";
	} else if ((st.st_mode & (S_IWGRP | S_IWOTH)) ||
		   (st.st_uid != 0 && st.st_uid != bank.st_uid)) {
		advice = "others can change what a check runs: chown root, chmod go-w";
	}
	diagnose_file(rows, verdict, "notify", advice, path, &st);
	return verdict == VERDICT_WARN;
}

/* Adds a row with the result of a test. */
static void report_test(struct diagnosis *rows, const char *check, int rc,
			const struct sb_error *err, const char *passed)
{
	diagnose(rows, VERDICT_BAD, check, rc ? err->text : NULL, "%s", rc ? "it failed" : passed);
}

/* Runs the tests only as the owner of the bank, who runs the checks: files made by another user
 * would not belong to that owner. */
static void run_tests(struct diagnosis *rows, bool notify_runs)
{
	struct env *env = rows->env;
	struct stat st;
	char owner[64], advice[128], check[64];
	struct outlet outlets[OUTLETS];
	bool any = false;
	struct sb_error err;

	if (fstat(store_folder(bank_store(env->bank)), &st) != 0 || st.st_uid != geteuid()) {
		(void)snprintf(advice, sizeof(advice),
			       "run it as the owner of the bank: sudo -u %s subank doctor --test",
			       user_name(st.st_uid, owner));
		diagnose(rows, VERDICT_WARN, "tests", advice, "not run");
		return;
	}
	if (notify_runs)
		report_test(rows, "test of notify", notify_test(env, &err), &err,
			    "it accepted a test message");
	if (env->settings.publish != PUBLISH_NONE)
		report_test(rows, "test of publish", publish_try(env, true, &err), &err,
			    "a file was written and renamed there");
	if (env->settings.submission != SUBMISSION_OFF)
		report_test(rows, "test of submission", doctor_submit_test(rows, &err), &err,
			    "a file was written and renamed there");
	list_outlets(env, outlets);
	for (size_t i = 0; i < OUTLETS; i++) {
		if (!outlets[i].path)
			continue;
		(void)snprintf(check, sizeof(check), "test of %s", outlets[i].check);
		report_test(rows, check, outlets[i].try(env, true, &err), &err,
			    "a file was written and renamed there");
		any = true;
	}
	if (!any && !env->settings.notify && env->settings.publish == PUBLISH_NONE &&
	    env->settings.submission == SUBMISSION_OFF)
		diagnose(rows, VERDICT_INFO, "tests", NULL,
			 "the settings have neither notify nor publish");
}

void doctor_bank(struct diagnosis *rows, const struct sb_error *why)
{
	struct env *env = rows->env;
	struct books_read read = {.rows = rows, .rules = settings_rules(&env->settings)};
	int64_t now = env->os.now();
	struct sb_error err;
	bool notify_runs;

	rows->where = here;
	inspect_settings(rows);
	if (!env->bank) {
		bool none = why->code == SB_ENOTFOUND;

		diagnose(rows, VERDICT_BAD, "bank",
			 none ? "make one with `subank init`, as the user who is to own the books "
				"(usually slurm), or name another folder with --bank"
			      : why->text,
			 none ? "none in %s" : "cannot open %s", env->store.folder);
		return;
	}
	inspect_folder(rows);
	rows->where = the_bank;
	if (bank_read(env->bank, now, read_books, &read, &err)) {
		diagnose(rows, VERDICT_BAD, "books", err.text, "cannot be read");
	} else {
		report_books(rows, &read, now);
		rows->where = here;
		inspect_published(rows, now);
		inspect_outlets(rows);
		inspect_requests(rows);
		doctor_submit(rows, now);
		doctor_submit_script(rows);
		notify_runs = env->settings.notify && inspect_notify(rows);
		if (option(env, "test"))
			run_tests(rows, notify_runs);
	}
	names_release(&read.moneyless);
	names_release(&read.switching);
}
