/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cmd/check/checkup.h"
#include "cmd/check/notify.h"
#include "cmd/check/publish.h"
#include "cmd/doctor/doctor.h"
#include "cmd/frame/options.h"
#include "cmd/frame/this_machine.h"
#include "cmd/show/output.h"
#include "cmd/show/published.h"
#include "ledger/base/when.h"

enum {
	CHECK_HOURS_MAX = 2, /* without a check: no timer is that slow */
	GAP_DAYS = 7, /* the check does not trust a clock that jumped further */
	BEHIND_SECONDS = 60, /* nothing is written with a clock further behind */
	FREE_MIB_MIN = 64,
	FREE_MIB_LOW = 256,
	FAILED_MAX = 10,
};

/* Where things are. */
static const char here[] = "this machine", the_bank[] = "the bank";

static const char notify[] = "notify";

static const char *user_name(uid_t uid, char to[64])
{
	const struct passwd *passwd = getpwuid(uid);

	if (passwd)
		(void)snprintf(to, 64, "%s", passwd->pw_name);
	else
		(void)snprintf(to, 64, "uid %" PRIuMAX, (uintmax_t)uid);
	return to;
}

static void look_at_settings(struct env *env, struct diagnosis *diagnosis)
{
	const char *path = option(env, "config"), *advice = NULL;
	struct stat st;
	char owner[64];

	if (!path)
		path = DEFAULT_SETTINGS;
	/* The frame has read it, if it is there. */
	if (stat(path, &st) != 0) {
		diagnose(diagnosis, VERDICT_OK, "settings", here, NULL, "none in %s: defaults",
			 path);
		return;
	}
	if (st.st_mode & S_IWGRP)
		advice = "its group can make subank run any program as you: chmod g-w";
	diagnose(diagnosis, advice ? VERDICT_WARN : VERDICT_OK, "settings", here, advice,
		 "%s, %s, mode %04o", path, user_name(st.st_uid, owner),
		 (unsigned)st.st_mode & 07777);
}

static void look_at_folder(struct env *env, struct diagnosis *diagnosis)
{
	const char *folder = env->store.folder, *advice = NULL;
	int fd = store_folder(bank_store(env->bank));
	enum verdict verdict = VERDICT_OK;
	struct statvfs fs;
	struct stat st;
	char owner[64], text[256];
	uint64_t free_mib;

	if (fstat(fd, &st) != 0 || fstatvfs(fd, &fs) != 0) {
		diagnose(diagnosis, VERDICT_BAD, "bank's folder", here,
			 "look at it: ls -ld and df must work", "%s: %s", folder, sb_errno(errno));
		return;
	}
	(void)user_name(st.st_uid, owner);
	if (st.st_mode & S_IRWXO) {
		advice = "everybody can look into the books: chmod o-rwx";
	} else if (st.st_uid != geteuid() && geteuid() != 0) {
		(void)snprintf(text, sizeof(text), "you are another user: sudo -u %s subank …",
			       owner);
		advice = text;
	}
	diagnose(diagnosis, advice ? VERDICT_WARN : VERDICT_OK, "bank's folder", here, advice,
		 "%s, %s, mode %04o", folder, owner, (unsigned)st.st_mode & 07777);
	diagnose(diagnosis, VERDICT_OK, "file system", here, NULL, "not one of the network");

	free_mib = (uint64_t)fs.f_bavail * (fs.f_frsize >> 9) >> 11;
	advice = NULL;
	if (free_mib < FREE_MIB_LOW) {
		verdict = free_mib < FREE_MIB_MIN ? VERDICT_BAD : VERDICT_WARN;
		advice = "with a full disk nothing can be entered: make room";
	}
	diagnose(diagnosis, verdict, "free disk", here, advice, "%" PRIu64 " MiB", free_mib);
}

struct books_seen {
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
	size_t moneyless; /* open accounts that never had money, and that their first use holds */
	char moneyless_names[FAILED_MAX][NAME_SIZE];
	size_t switching; /* accounts whose terms ask for rawusage, and that jobs are charged to */
	char switching_names[FAILED_MAX][NAME_SIZE];
};

static void look_for_money(const struct rules *rules, const struct account *account,
			   struct books_seen *seen)
{
	if (!account->open || account->unlimited || account->causes || had_money(account) ||
	    rules->spare_moneyless || enforcement_of(account, rules) < ENFORCE_HOLD)
		return;
	if (seen->moneyless < FAILED_MAX)
		memcpy(seen->moneyless_names[seen->moneyless], account->name, NAME_SIZE);
	seen->moneyless++;
}

static void look_for_switch(const struct rules *rules, const struct account *account,
			    struct books_seen *seen)
{
	bool jobs = false;

	for (size_t i = 0; i < account->meter_count; i++)
		jobs = jobs || account->meters[i].jobs;
	if (!jobs || metering_of(account, rules) == METER_JOBS)
		return;
	if (seen->switching < FAILED_MAX)
		memcpy(seen->switching_names[seen->switching], account->name, NAME_SIZE);
	seen->switching++;
}

static void count_levers(const struct account *account, struct books_seen *seen)
{
	for (size_t i = 0; i < account->lever_count; i++) {
		const struct lever *lever = &account->levers[i];

		if (!lever->tried) {
			seen->pending++;
		} else if (lever->outcome != OUTCOME_FAILED) {
			seen->in_force++;
		} else if (seen->failed++ < FAILED_MAX) {
			size_t at = seen->failed - 1;

			memcpy(seen->failures[at].account, account->name, NAME_SIZE);
			memcpy(seen->failures[at].cluster, lever->cluster, NAME_SIZE);
			(void)lever_name(seen->failures[at].limit, lever->field, lever->tres);
			memcpy(seen->failures[at].reason, lever->reason, sizeof(lever->reason));
		}
	}
}

struct seeing {
	struct rules rules;
	struct books_seen *seen;
};

static int see_books(struct books *books, void *ctx, struct sb_error *err)
{
	struct seeing *seeing = ctx;
	struct books_seen *seen = seeing->seen;
	const struct head *head = books_head(books);
	int rc;

	*seen = (struct books_seen){.entries = head->seq,
				    .head_time = head->time,
				    .current = books_states_current(books)};
	rc = books_machine(books, seen->place, sizeof(seen->place), err);
	if (!rc)
		rc = books_last_check(books, &seen->last_check, err);
	if (!rc)
		rc = books_load_all(books, &seen->accounts, err);
	for (size_t i = 0; i < seen->accounts && !rc; i++) {
		count_levers(books_at(books, i), seen);
		look_for_money(&seeing->rules, books_at(books, i), seen);
		look_for_switch(&seeing->rules, books_at(books, i), seen);
	}
	return rc;
}

static void look_at_moneyless(const struct books_seen *seen, struct diagnosis *diagnosis)
{
	const char *names[FAILED_MAX];
	char text[NAMES_TEXT_SIZE];

	for (size_t i = 0; i < FAILED_MAX; i++)
		names[i] = seen->moneyless_names[i];
	if (seen->moneyless > 0)
		diagnose(diagnosis, VERDICT_INFO, "held at first use", the_bank, NULL,
			 "%zu without money: %s", seen->moneyless,
			 output_names(text, names, seen->moneyless));
}

static void look_at_switching(const struct books_seen *seen, struct diagnosis *diagnosis)
{
	const char *names[FAILED_MAX];
	char text[NAMES_TEXT_SIZE];

	for (size_t i = 0; i < FAILED_MAX; i++)
		names[i] = seen->switching_names[i];
	if (seen->switching > 0)
		diagnose(diagnosis, VERDICT_INFO, "still metered by jobs", the_bank,
			 "a check that finds none of an account's jobs running switches its meter "
			 "to rawusage; where something always runs, `subank hold` makes room",
			 "%zu: %s", seen->switching, output_names(text, names, seen->switching));
}

static void look_at_clock(const struct books_seen *seen, int64_t now, struct diagnosis *diagnosis)
{
	char age[WHEN_TEXT_SIZE];
	const char *advice = NULL;

	if (seen->head_time - now > BEHIND_SECONDS * WHEN_SECOND)
		advice = "nothing can be entered before the newest entry's time: set the clock "
			 "right";
	else if (seen->last_check && now - seen->last_check > GAP_DAYS * WHEN_DAY)
		advice = "the next check will not trust it: look at the clock, and if it is right "
			 "run `subank check --clock-ok` once";
	if (seen->head_time > now)
		diagnose(diagnosis, advice ? VERDICT_BAD : VERDICT_OK, "clock", here, advice,
			 "%s before the newest entry", when_format_age(age, seen->head_time - now));
	else if (seen->head_time)
		diagnose(diagnosis, advice ? VERDICT_BAD : VERDICT_OK, "clock", here, advice,
			 "%s after the newest entry", when_format_age(age, now - seen->head_time));
}

static void look_at_checks(const struct books_seen *seen, int64_t now, struct diagnosis *diagnosis)
{
	static const char advice[] = "start the timer or the line for cron: systemctl enable "
				     "--now subank-check.timer";
	char age[WHEN_TEXT_SIZE];
	bool late = now - seen->last_check > CHECK_HOURS_MAX * 3600 * WHEN_SECOND;

	if (seen->accounts == 0)
		diagnose(diagnosis, VERDICT_INFO, "last check", the_bank, NULL,
			 "no accounts yet: subank open");
	else if (seen->last_check == 0)
		diagnose(diagnosis, VERDICT_BAD, "last check", the_bank, advice, "never");
	else
		diagnose(diagnosis, late ? VERDICT_BAD : VERDICT_OK, "last check", the_bank,
			 late ? advice : NULL, "%s ago",
			 when_format_age(age, now - seen->last_check));
}

static void look_at_levers(const struct books_seen *seen, struct diagnosis *diagnosis)
{
	const char *advice = NULL;

	if (seen->failed)
		advice = "some could not be set: see to the reasons (`limit not set`), then run "
			 "`subank check`";
	else if (seen->pending)
		advice = "some were entered and not carried out: run `subank check`";
	diagnose(diagnosis, advice ? VERDICT_WARN : VERDICT_OK, "limits set in Slurm", the_bank,
		 advice, "%zu in force, %zu pending, %zu failed", seen->in_force, seen->pending,
		 seen->failed);
	for (size_t i = 0; i < seen->failed && i < FAILED_MAX; i++) {
		char where[2 * NAME_SIZE], why[512];

		(void)snprintf(where, sizeof(where), "%s on %s", seen->failures[i].account,
			       seen->failures[i].cluster);
		(void)snprintf(why, sizeof(why), "%s: see to that; the next check tries again",
			       seen->failures[i].reason);
		diagnose(diagnosis, VERDICT_BAD, "limit not set", where, why, "%s",
			 seen->failures[i].limit);
	}
}

static void look_at_published(struct env *env, int64_t now, struct diagnosis *diagnosis)
{
	static const char check[] = "balances for users";
	const char *path = env->settings.publish_file;
	struct published published;
	char age[WHEN_TEXT_SIZE];
	struct sb_error err;

	if (env->settings.publish == PUBLISH_NONE) {
		diagnose(diagnosis, VERDICT_INFO, check, here, NULL, "publish: none");
		return;
	}
	if (publish_try(env, false, &err)) {
		diagnose(diagnosis, VERDICT_BAD, check, here, err.text, "cannot be written: %s",
			 path);
		return;
	}
	if (published_read(path, env->store.folder, &published, &err)) {
		diagnose(diagnosis, VERDICT_WARN, check, here, err.text,
			 err.code == SB_ENOTFOUND ? "not there yet: %s" : "not readable: %s", path);
		return;
	}
	diagnose(diagnosis, VERDICT_OK, check, here, NULL, "published %s ago",
		 when_format_age(age, now - published.time));
	published_release(&published);
}

/* ---- notify ---- */

/* Whether a check can start the program. */
static bool look_at_notify(struct env *env, struct diagnosis *diagnosis)
{
	const char *path = env->settings.notify, *advice = NULL;
	enum verdict verdict = VERDICT_BAD;
	struct stat st, bank;
	char owner[64];

	if (stat(path, &st) != 0 || fstat(store_folder(bank_store(env->bank)), &bank) != 0) {
		diagnose(diagnosis, VERDICT_BAD, notify, here,
			 "put the program there, or correct `notify` in the settings", "%s: %s",
			 path, strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode) || faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0) {
		advice = "the user who runs subank cannot run it: check its permissions and those "
			 "of the folders above it";
	} else if ((st.st_mode & (S_IWGRP | S_IWOTH)) ||
		   (st.st_uid != 0 && st.st_uid != bank.st_uid)) {
		verdict = VERDICT_WARN;
		advice = "others can change what a check runs: chown root, chmod go-w";
	}
	diagnose(diagnosis, advice ? verdict : VERDICT_OK, notify, here, advice,
		 "%s, %s, mode %04o", path, user_name(st.st_uid, owner),
		 (unsigned)st.st_mode & 07777);
	return !advice || verdict == VERDICT_WARN;
}

/* ---- tests that do something ---- */

static void test_notify(struct env *env, struct diagnosis *diagnosis)
{
	struct sb_error err;

	if (notify_test(env, &err))
		diagnose(diagnosis, VERDICT_BAD, "test of notify", here, err.text, "it failed");
	else
		diagnose(diagnosis, VERDICT_OK, "test of notify", here, NULL,
			 "it accepted a test message");
}

static void test_publish(struct env *env, struct diagnosis *diagnosis)
{
	struct sb_error err;

	if (publish_try(env, true, &err))
		diagnose(diagnosis, VERDICT_BAD, "test of publish", here, err.text, "it failed");
	else
		diagnose(diagnosis, VERDICT_OK, "test of publish", here, NULL,
			 "a file was written and renamed there");
}

/* By the user whose checks do it, or what they make would belong to another. */
static void run_tests(struct env *env, bool notify_runs, struct diagnosis *diagnosis)
{
	struct stat st;
	char owner[64], advice[128];

	if (fstat(store_folder(bank_store(env->bank)), &st) != 0 || st.st_uid != geteuid()) {
		(void)snprintf(advice, sizeof(advice),
			       "run it as the owner of the bank: sudo -u %s subank doctor --test",
			       user_name(st.st_uid, owner));
		diagnose(diagnosis, VERDICT_WARN, "tests", here, advice, "not run");
		return;
	}
	if (notify_runs)
		test_notify(env, diagnosis);
	if (env->settings.publish != PUBLISH_NONE)
		test_publish(env, diagnosis);
	if (!env->settings.notify && env->settings.publish == PUBLISH_NONE)
		diagnose(diagnosis, VERDICT_INFO, "tests", here, NULL,
			 "the settings have neither notify nor publish");
}

void doctor_bank(struct env *env, const struct sb_error *why, struct diagnosis *diagnosis)
{
	const char *folder = env->store.folder;
	struct books_seen seen;
	struct seeing seeing = {.rules = settings_rules(&env->settings), .seen = &seen};
	char place[PLACE_SIZE];
	int64_t now = env->os.now();
	struct sb_error err;
	bool granted, notify_runs;

	look_at_settings(env, diagnosis);
	if (!env->bank) {
		diagnose(diagnosis, VERDICT_BAD, "bank", here,
			 why->code == SB_ENOTFOUND
				 ? "make one with `subank init`, as the user who is to own the "
				   "books (usually slurm), or name another folder with --bank"
				 : why->text,
			 why->code == SB_ENOTFOUND ? "none in %s" : "cannot open %s", folder);
		return;
	}
	look_at_folder(env, diagnosis);
	if (bank_read(env->bank, now, see_books, &seeing, &err)) {
		diagnose(diagnosis, VERDICT_BAD, "books", the_bank, err.text, "cannot be read");
		return;
	}
	diagnose(diagnosis, VERDICT_OK, "books", the_bank, NULL,
		 "entries %" PRIu64 ", accounts %zu", seen.entries, seen.accounts);
	diagnose(diagnosis, seen.current ? VERDICT_OK : VERDICT_INFO, "states", the_bank, NULL,
		 seen.current ? "version %d" : "older than %d: made again at the next entry",
		 ACCOUNT_STATE_VERSION);
	granted = strcmp(seen.place, place_of(env->os.here()->machine, folder, place)) == 0;
	diagnose(
		diagnosis, granted ? VERDICT_OK : VERDICT_BAD, "who commands Slurm", the_bank,
		granted ? NULL
			: "checks here are dry: if this bank is the right one, `subank adopt` here",
		"%s",
		granted	      ? "this machine and folder"
		: *seen.place ? seen.place
			      : "nobody");
	look_at_clock(&seen, now, diagnosis);
	look_at_checks(&seen, now, diagnosis);
	look_at_levers(&seen, diagnosis);
	look_at_moneyless(&seen, diagnosis);
	look_at_switching(&seen, diagnosis);
	look_at_published(env, now, diagnosis);
	notify_runs = env->settings.notify && look_at_notify(env, diagnosis);
	if (option(env, "test"))
		run_tests(env, notify_runs, diagnosis);
}
