/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The check and what changes Slurm, driven in this process beside a make-believe Slurm. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/drive.h"

enum { SU = 3600 };

static struct fake_account *dev(const char *name)
{
	return fake_account("dev", name);
}

/* "bio" has 10 SU and used 1000 before it was opened; "chem" 10 SU and nothing. */
static void setup(void)
{
	drive_setup();
	dev("bio")->usage = 1000;
	(void)dev("chem");
	DONE("", "open", "bio", "10");
	DONE("", "open", "chem", "10");
	memset(fake_calls, 0, sizeof(fake_calls));
}

#define LIMIT(account, expected) ck_assert_str_eq(dev(account)->limits, expected)

/* Compares what balance shows of an account: state, causes, lever and what is available. */
#define STATE(account, expected)                                                                   \
	do {                                                                                       \
		RUN("balance", account, "-nPo", "State,Causes,Lever,Available", "--seconds");      \
		ck_assert_str_eq(out, expected "\n");                                              \
	} while (0)

/* Spends all of an account, so that the check holds it. */
static void spend(const char *account)
{
	dev(account)->usage += 10 * SU;
	DONE("held, available 0.00 SU", "check");
	LIMIT(account, "cpu=0");
}

/* ---- charges ---- */

START_TEST(use_from_before_is_not_charged)
{
	nothing_to_do();
	STATE("bio", "open|||36000");
	dev("bio")->usage += 1;
	DONE("bio: charged <0.01 SU used on dev", "check");
	STATE("bio", "open|||35999");
	nothing_to_do();
}
END_TEST

START_TEST(use_from_before_is_charged_with_from_zero)
{
	dev("old")->usage = 4000;
	DONE("", "open", "old", "1", "--from-zero");
	GIVES(0, "old: charged 1.11 SU", NULL, "check");
	ck_assert_ptr_nonnull(strstr(out, "old: held, available -0.11 SU"));
	STATE("old", "held|funds|set|-400");
}
END_TEST

START_TEST(short_jobs_add_up_exactly)
{
	for (int i = 0; i < 30; i++) {
		dev("chem")->usage += 59;
		DONE("chem: charged", "check", "chem");
	}
	STATE("chem", "open|||34230");
}
END_TEST

/* Use waits for its entry; balances include it. */
static void let_use_wait(void)
{
	set_settings("clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"
		     "charge_minutes: 60\n");
}

/* Opened for both clusters, but only on one of them. */
START_TEST(use_is_as_old_as_where_the_account_is)
{
	set_settings("clusters: [dev, gpu]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n");
	fake_cluster("gpu");
	(void)fake_account("gpu", "chem");
	DONE("", "check");
	clock_now += 5 * HOUR;
	DONE("", "check");
	DONE("bio     1s ago", "balance", "bio", "-o", "Account,Read");
	DONE("bio is fine: ", "why", "bio");
	ck_assert_ptr_null(strstr(out, "gpu"));
	/* A silent cluster that has the account counts. */
	fake_cluster("gpu")->silent = true;
	clock_now += 5 * HOUR;
	GIVES(3, "", "gpu", "check");
	DONE("bio     1s ago\nchem    5h ago\n", "balance", "-o", "Account,Read");
	DONE("its use on gpu was read last at ", "why", "chem");
	/* The other account appears there too. */
	fake_cluster("gpu")->silent = false;
	(void)fake_account("gpu", "bio");
	DONE("", "check");
	fake_cluster("gpu")->silent = true;
	clock_now += 5 * HOUR;
	GIVES(3, "", "gpu", "check");
	DONE("its use on gpu was read last at ", "why", "bio");
	/* An account vanishes from the first cluster. */
	fake_remove_account("dev", "chem");
	fake_cluster("gpu")->silent = false;
	DONE("", "check");
	clock_now += 5 * HOUR;
	DONE("", "check", "-M", "gpu");
	DONE("chem    1s ago", "balance", "chem", "-o", "Account,Read");
}
END_TEST

START_TEST(use_waits_from_its_reading_on_when_the_clock_is_put_back)
{
	int64_t opened = clock_now;
	char *before;

	let_use_wait();
	spend("bio");
	clock_now = opened + 24 * HOUR;
	DONE("", "charge", "bio", "1");
	before = exported();
	clock_now -= 3 * WHEN_SECOND;
	dev("bio")->usage += 40;
	DONE("bio: charged 0.01 SU used on dev", "check");
	/* If the check lost the reading, the use would be as old as the hold, and be recorded. */
	UNCHANGED(before);
	RUN("balance", "bio", "-nPo", "Unentered", "--seconds");
	ck_assert_str_eq(out, "40\n");
}
END_TEST

START_TEST(use_waits_for_its_entry_and_is_reported)
{
	let_use_wait();
	dev("bio")->usage += 3600;
	DONE("bio: charged 1.00 SU used on dev", "check");
	STATE("bio", "open|||32400");
	RUN("balance", "-nPo", "Account,Charged,Used,Unentered,Available", "--seconds");
	ck_assert_str_eq(out, "bio|3600|3600|3600|32400\nchem|0|0|0|36000\n");
	DONE("  1.00 SU that was used since 2026-11-22T17:00:02 has no entry yet", "why", "bio");
	DONE("Use per day: 1.00 SU (30 days), 1.00 SU (7 days)\n", "statement", "bio");
	ck_assert_ptr_nonnull(strstr(out, "\nNot recorded yet: 1.00 SU used since "
					  "2026-11-22T17:00:02\n"));
	DONE("bio|1.00|1.00\n", "balance", "bio", "--forecast", "-nPo", "Account,PerDay7,PerDay30");
	RUN("statement", "bio", "-nP", "-o", "Item,Amount", "--seconds");
	ck_assert_ptr_nonnull(strstr(out, "closing balance|36000\n"));
	DONE("bio|(not entered)|0|3600|100\n", "usage", "-nP", "--seconds");
	DONE("(not entered)|0|3600|100\n", "usage", "bio", "-nP", "--seconds");
	RUN("journal", "bio", "-nP", "-o", "Kind");
	ck_assert_ptr_null(strstr(out, "charge"));
	/* These show entries alone. */
	RUN("balance", "bio", "--as-of", "now", "-nPo", "Available", "--seconds");
	ck_assert_str_eq(out, "36000\n");
	DONE("\"bio\",\"open\",\"yes\",36000,0,36000,36000,", "export", "--format", "csv",
	     "--table", "accounts");
	DONE("", "verify");
	nothing_to_do();
	clock_now += HOUR;
	DONE("", "check");
	RUN("balance", "bio", "-nPo", "Available,Unentered", "--seconds");
	ck_assert_str_eq(out, "32400|0\n");
	DONE("charge", "journal", "bio", "-nP", "-o", "Kind");
	DONE("", "verify");
}
END_TEST

START_TEST(an_entry_by_hand_follows_the_use)
{
	let_use_wait();
	dev("bio")->usage += 3600;
	DONE("", "check");
	REFUSED(1, "has 9.00 SU to take", "withdraw", "bio", "10");
	DONE("bio has 0.00 SU", "withdraw", "bio", "9");
	DONE("charge\nwithdraw\n", "journal", "bio", "-nP", "-o", "Kind");
	DONE("bio: held, available 0.00 SU", "check");
	DONE("", "verify");
}
END_TEST

START_TEST(use_that_waits_is_held_for)
{
	let_use_wait();
	dev("bio")->usage += 9 * SU;
	DONE("", "check");
	dev("bio")->usage += SU;
	DONE("bio: held, available 0.00 SU", "check");
	LIMIT("bio", "cpu=0");
	DONE("charge\nhold\n", "journal", "bio", "-nP", "-o", "Kind");
	DONE("", "verify");
}
END_TEST

START_TEST(use_that_waits_is_not_lost_when_the_reading_goes_down)
{
	let_use_wait();
	dev("bio")->usage = 1095;
	DONE("charged", "check");
	dev("bio")->usage = 1050;
	GIVES(3, "", "went down from 0.30 SU to 0.29 SU", "check");
	RUN("balance", "bio", "-nPo", "Available,Unentered", "--seconds");
	ck_assert_str_eq(out, "35905|0\n");
	DONE("", "verify");
}
END_TEST

START_TEST(use_that_waits_can_be_given_back_with_a_new_window)
{
	let_use_wait();
	(void)dev("soon");
	DONE("", "open", "soon");
	DONE("", "deposit", "soon", "1", "--end", "now+2hours");
	DONE("", "check");
	dev("soon")->usage += SU / 2;
	clock_now += HOUR;
	DONE("", "check");
	clock_now += 2 * HOUR;
	DONE("expired", "check");
	dev("soon")->usage += 60;
	DONE("charged", "check");
	RUN("journal", "soon", "--kind", "charge", "-nP", "-o", "Entry");
	out[strcspn(out, "\n")] = '\0';
	{
		char entry[32];

		(void)snprintf(entry, sizeof(entry), "%.20s", out);
		DONE("", "refund", entry, "all", "--end", "now+1day", "--note", "x");
	}
	DONE("", "verify");
}
END_TEST

START_TEST(a_reading_below_the_last_one_charges_nothing)
{
	dev("bio")->usage = 1095;
	DONE("charged", "check");
	dev("bio")->usage = 11;
	GIVES(3, "", "went down from 0.30 SU to <0.01 SU", "check");
	STATE("bio", "open|||35905");
	nothing_to_do();
	dev("bio")->usage = 165;
	DONE("charged 0.04 SU", "check");
	STATE("bio", "open|||35751");
}
END_TEST

START_TEST(an_account_that_vanished_is_reported_once)
{
	dev("bio")->usage += 100;
	DONE("", "check");
	fake_remove_account("dev", "bio");
	GIVES(3, "", "dev no longer has this account", "check");
	nothing_to_do();
	dev("bio")->usage = 1150;
	DONE("charged 0.01 SU", "check");
	STATE("bio", "open|||35850");
}
END_TEST

START_TEST(an_answer_without_the_cluster_is_not_zero_use)
{
	static const struct {
		enum fake_program program;
		enum fake_mode mode;
		const char *part;
	} cases[] = {
		{FAKE_SSHARE, FAKE_NO_ROWS, "dev is not in its answer"},
		{FAKE_SSHARE, FAKE_EMPTY, "empty"},
		{FAKE_SSHARE, FAKE_MALFORMED, "column Cluster"},
		{FAKE_SSHARE, FAKE_FAILS, "the fake fails"},
		{FAKE_SSHARE, FAKE_TIMES_OUT, "deadline"},
		{FAKE_SSHARE, FAKE_MISSING, "No such file"},
		{FAKE_SSHARE, FAKE_KILLED, "signal 9"},
		{FAKE_SCONTROL, FAKE_EMPTY, "missing"},
		{FAKE_SCONTROL, FAKE_MALFORMED, "missing"},
		{FAKE_SCONTROL, FAKE_FAILS, "the fake fails"},
		{FAKE_SCONTROL, FAKE_TIMES_OUT, "deadline"},
	};

	dev("bio")->usage += 20 * SU;
	fake_mode[cases[_i].program] = cases[_i].mode;
	REFUSED(3, cases[_i].part, "check");
	ck_assert_ptr_nonnull(strstr(err, "cluster 'dev' does not answer"));
	STATE("bio", "open|||36000");
	REFUSED(1, "not opened", "open", "fresh", "1");
	fake_mode[cases[_i].program] = FAKE_OK;
	DONE("bio: held", "check");
}
END_TEST
enum { SILENT_CASES = 11 };

START_TEST(one_cluster_that_is_down_does_not_stop_the_other)
{
	set_settings("clusters: [dev, gpu]\nlock_seconds: 1\n");
	fake_account("gpu", "bio")->usage = 5000;
	DONE("bio: counting on gpu starts at 1.38 SU", "check");
	nothing_to_do();
	fake_cluster("gpu")->silent = true;
	fake_account("gpu", "bio")->usage += 1;
	dev("bio")->usage += 10 * SU;
	GIVES(3, "bio: charged 10.00 SU used on dev", "cluster 'gpu' does not answer", "check");
	LIMIT("bio", "cpu=0");
	ck_assert_str_eq(fake_account("gpu", "bio")->limits, "");
	ck_assert_ptr_nonnull(strstr(err, "gpu must change but does not answer"));
	fake_cluster("gpu")->silent = false;
	DONE("bio: charged <0.01 SU used on gpu", "check");
	ck_assert_str_eq(fake_account("gpu", "bio")->limits, "cpu=0");
	nothing_to_do();
	DONE("", "deposit", "bio", "1");
	ck_assert_str_eq(fake_account("gpu", "bio")->limits, "");
	LIMIT("bio", "");
}
END_TEST

START_TEST(the_local_cluster_is_asked_when_none_is_named)
{
	set_settings("");
	dev("bio")->usage += SU;
	DONE("bio: charged 1.00 SU used on dev", "check");
	fake_mode[FAKE_SCONTROL] = FAKE_FAILS;
	REFUSED(3, "the local cluster does not answer", "check");
}
END_TEST

START_TEST(a_cluster_that_cannot_be_followed_is_refused)
{
	struct fake_cluster *cluster = fake_cluster("dev");
	static const struct {
		const char *type, *half_life, *reset, *enforce, *part;
		bool open; /* also refused when an account is opened */
	} cases[] = {
		{"priority/multifactor", "7-00:00:00", "NONE", "safe", "PriorityDecayHalfLife=0",
		 true},
		{"priority/multifactor", "00:00:01", "NONE", "safe", "PriorityDecayHalfLife=0",
		 true},
		{"priority/multifactor", "00:00:00", "MONTHLY", "safe",
		 "PriorityUsageResetPeriod=NONE", true},
		{"priority/multifactor", "00:00:00", "NOW", "safe", "PriorityUsageResetPeriod=NONE",
		 true},
		{"priority/basic", "", "", "safe", "PriorityType=priority/multifactor", true},
		{"priority/multifactor", "00:00:00", "NONE", "associations", "`limits`", false},
		{"priority/multifactor", "00:00:00", "NONE", "none", "`limits`", false},
		{"priority/multifactor", "00:00:00", "NONE", "associations,limits,qos", "`safe`",
		 false},
	};

	dev("bio")->usage += 20 * SU;
	cluster->priority_type = cases[_i].type;
	cluster->half_life = cases[_i].half_life;
	cluster->reset = cases[_i].reset;
	cluster->enforce = cases[_i].enforce;
	REFUSED(1, cases[_i].part, "check");
	LIMIT("bio", "");
	if (cases[_i].open) {
		REFUSED(1, cases[_i].part, "open", "fresh", "1");
		REFUSED(1, cases[_i].part, "open", "fresh", "1", "--later");
	} else {
		/* A hold by hand would kill running jobs too. */
		GIVES(3, "held by hand", cases[_i].part, "hold", "chem");
		LIMIT("chem", "");
		ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 0);
		set_settings("clusters: [dev]\nenforcement: off\n");
		GIVES(3, "", cases[_i].part, "check");
		LIMIT("chem", "");
		ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 0);
	}
}
END_TEST
enum { DISTRUST_CASES = 8 };

START_TEST(a_slurm_that_is_too_old_is_refused)
{
	static const char *const old[] = {"20.11.9", "21.08.8-2", "22.04.9", "2.6", "", "new"};

	for (size_t i = 0; i < COUNT(old); i++) {
		fake_cluster("dev")->version = old[i];
		dev("bio")->usage += 20 * SU;
		REFUSED(1, "subank needs Slurm 22.05 or newer", "check");
		ck_assert_msg(strstr(err, old[i]) != NULL, "%s", err);
		REFUSED(1, "22.05", "open", "fresh", "1", "--later");
	}
	fake_cluster("dev")->version = "22.05.0-0rc1";
	DONE("bio: held", "check");
	fake_cluster("dev")->version = "25.11.0";
	DONE("", "check");
}
END_TEST

START_TEST(a_missing_command_is_named_with_its_setting)
{
	fake_mode[FAKE_SSHARE] = FAKE_MISSING;
	REFUSED(3, "(`sshare: PATH`)", "check");
	fake_mode[FAKE_SCONTROL] = FAKE_MISSING;
	REFUSED(3, "(`scontrol: PATH`)", "check");
	fake_mode[FAKE_SSHARE] = fake_mode[FAKE_SCONTROL] = FAKE_OK;
	fake_mode[FAKE_SACCTMGR] = FAKE_MISSING;
	dev("bio")->usage += 20 * SU;
	GIVES(3, "bio: held", "(`sacctmgr: PATH`)", "check");
}
END_TEST

/* ---- holds ---- */

START_TEST(held_at_nothing_and_not_before)
{
	dev("bio")->usage += 10 * SU - 1;
	DONE("charged", "check");
	STATE("bio", "open|||1");
	LIMIT("bio", "");
	dev("bio")->usage += 1;
	DONE("bio: held, available 0.00 SU", "check");
	STATE("bio", "held|funds|set|0");
	LIMIT("bio", "cpu=0");
	nothing_to_do();
	dev("bio")->usage += 1;
	DONE("charged", "check");
	STATE("bio", "held|funds|set|-1");
	/* A second of debt and a second of money: nothing is left. */
	DONE("", "deposit", "bio", "1s");
	LIMIT("bio", "cpu=0");
	DONE("bio: released, available <0.01 SU", "deposit", "bio", "1s");
	STATE("bio", "open|||1");
	LIMIT("bio", "");
	nothing_to_do();
	DONE("all is well", "verify");
}
END_TEST

START_TEST(a_second_check_does_nothing)
{
	spend("bio");
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 1);
	nothing_to_do();
	clock_now += HOUR;
	nothing_to_do();
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 1);
}
END_TEST

START_TEST(the_limit_of_the_site_is_restored)
{
	(void)snprintf(dev("bio")->limits, sizeof(dev("bio")->limits), "cpu=5000,gres/gpu=7");
	dev("bio")->usage += 11 * SU;
	DONE("bio: held", "check");
	LIMIT("bio", "gres/gpu=7,cpu=0");
	nothing_to_do();
	DONE("bio: released", "deposit", "bio", "2");
	LIMIT("bio", "gres/gpu=7,cpu=5000");
	nothing_to_do();
}
END_TEST

START_TEST(other_verbs_that_bring_money_release_and_those_that_take_it_hold)
{
	spend("bio");
	DONE("bio: released", "transfer", "chem", "bio", "1");
	LIMIT("bio", "");
	DONE("withdrew 1.00 SU", "withdraw", "bio", "all");
	DONE("bio: held", "check");
	LIMIT("bio", "cpu=0");
	GIVES(0, "", "left to the next check", "deposit", "bio", "1", "--no-apply");
	LIMIT("bio", "cpu=0");
	DONE("bio: released", "check");
	LIMIT("bio", "");
}
END_TEST

START_TEST(an_account_without_money_is_held_at_its_first_use)
{
	char *before;

	(void)dev("empty");
	DONE("", "open", "empty");
	DONE("", "check");
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 0);
	DONE("  its first use holds it\n", "why", "empty");
	dev("empty")->usage = 5;
	before = exported();
	GIVES(0, "accounts that a check would hold: 1: empty\n", "dry run", "check", "--dry-run");
	ck_assert_ptr_nonnull(strstr(out, "never had money: 1: empty; `without_money: warn`"));
	UNCHANGED(before);
	set_settings("clusters: [dev]\nwithout_money: warn\n");
	DONE("empty: used <0.01 SU and never had money; it is not held", "check");
	LIMIT("empty", "");
	DONE("  `without_money: warn` in the settings: it is not held for that\n", "why", "empty");
	GIVES(0, "empty: used <0.01 SU", "dry run", "check", "--dry-run");
	ck_assert_ptr_null(strstr(out, "would hold"));
	set_settings("clusters: [dev]\n");
	DONE("  the next check holds it\n", "why", "empty");
	DONE("empty: held at its first use, because it never had money; available ", "check");
	LIMIT("empty", "cpu=0");
	DONE("  it never had money: put some in with `subank deposit empty SU`\n", "why", "empty");
	nothing_to_do();
	DONE("empty: released", "deposit", "empty", "1");
	LIMIT("empty", "");
}
END_TEST

START_TEST(enforcement_can_warn_or_be_off)
{
	set_settings("clusters: [dev]\nenforcement: warn\n");
	dev("bio")->usage += 10 * SU;
	DONE("has spent its allowance", "check");
	LIMIT("bio", "");
	set_settings("clusters: [dev]\nenforcement: off\n");
	nothing_to_do();
	set_settings("clusters: [dev]\n");
	DONE("bio: held", "check");
	LIMIT("bio", "cpu=0");
	set_settings("clusters: [dev]\nenforcement: warn\n");
	DONE("bio: released", "check");
	LIMIT("bio", "");
	DONE("", "hold", "bio");
	LIMIT("bio", "cpu=0");
}
END_TEST

START_TEST(a_site_that_held_the_account_itself_keeps_its_hold)
{
	(void)snprintf(dev("bio")->limits, sizeof(dev("bio")->limits), "cpu=0");
	dev("bio")->usage += 10 * SU;
	DONE("bio: held", "check");
	nothing_to_do();
	DONE("bio: released", "deposit", "bio", "1");
	LIMIT("bio", "cpu=0");
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 0);
}
END_TEST

START_TEST(a_limit_changed_by_hand_is_left_and_reported)
{
	spend("bio");
	(void)snprintf(dev("bio")->limits, sizeof(dev("bio")->limits), "cpu=60");
	REFUSED(3, "somebody changed the limit GrpTRESMins=cpu on dev from the bank's 0 to 60",
		"check");
	GIVES(0, "released", "somebody changed the limit GrpTRESMins=cpu on dev to 60", "deposit",
	      "bio", "1");
	LIMIT("bio", "cpu=60");
	nothing_to_do();
}
END_TEST

static void set_limits_by_hand(const char *account, const char *limits)
{
	(void)snprintf(dev(account)->limits, sizeof(dev(account)->limits), "%s", limits);
}

START_TEST(predecessor_08_the_newest_limit_of_the_site_comes_back)
{
	/* The limit changes between a hold that failed and the one that is set. */
	set_limits_by_hand("bio", "cpu=1000");
	dev("bio")->usage += 10 * SU;
	fake_mode[FAKE_SACCTMGR] = FAKE_FAILS;
	GIVES(3, "bio: held", "could not be set", "check");
	set_limits_by_hand("bio", "cpu=2000");
	fake_mode[FAKE_SACCTMGR] = FAKE_OK;
	DONE("", "check");
	LIMIT("bio", "cpu=0");
	DONE("bio: released", "deposit", "bio", "1");
	LIMIT("bio", "cpu=2000");
	/* The limit changes between a restore that failed and the next hold. */
	DONE("held by hand", "hold", "bio");
	LIMIT("bio", "cpu=0");
	fake_mode[FAKE_SACCTMGR] = FAKE_FAILS;
	GIVES(3, "released", "could not be set", "release", "bio");
	set_limits_by_hand("bio", "cpu=2500");
	fake_mode[FAKE_SACCTMGR] = FAKE_OK;
	DONE("held by hand", "hold", "bio");
	LIMIT("bio", "cpu=0");
	DONE("released", "release", "bio");
	LIMIT("bio", "cpu=2500");
	nothing_to_do();
	DONE("all is well", "verify");
}
END_TEST

START_TEST(a_hold_undone_by_hand_can_be_made_again)
{
	spend("bio");
	set_limits_by_hand("bio", "cpu=60");
	GIVES(3, "", "`subank check --put-right bio` sets it again", "check");
	DONE("held by hand", "hold", "bio");
	LIMIT("bio", "cpu=0");
	nothing_to_do();
	DONE("deposited", "deposit", "bio", "1");
	LIMIT("bio", "cpu=0");
	DONE("released", "release", "bio");
	LIMIT("bio", "cpu=60");
}
END_TEST

START_TEST(a_grace_is_for_the_causes_it_was_given_for)
{
	spend("bio");
	DONE("released", "release", "bio", "--until", "now+7days");
	STATE("bio", "grace|funds||0");
	LIMIT("bio", "");
	/* Use during the grace is reported and holds nobody. */
	dev("bio")->usage += 1;
	DONE("bio: charged", "check");
	LIMIT("bio", "");
	DONE("bio: released", "deposit", "bio", "10");
	STATE("bio", "open|||35999");
	dev("bio")->usage += 10 * SU;
	DONE("bio: held, available", "check");
	STATE("bio", "held|funds|set|-1");
	LIMIT("bio", "cpu=0");
}
END_TEST

START_TEST(a_lever_on_a_cluster_that_is_not_asked_is_reported)
{
	set_settings("clusters: [dev, gpu]\nlock_seconds: 1\n");
	(void)fake_account("gpu", "bio");
	DONE("", "check");
	spend("bio");
	set_settings("clusters: [dev]\nlock_seconds: 1\n");
	/* Reported whether the limit is to change or not. */
	GIVES(3, "", "the bank set the limit GrpTRESMins=cpu on gpu", "check");
	GIVES(3, "bio: released", "the bank set the limit GrpTRESMins=cpu on gpu", "deposit", "bio",
	      "1");
	ck_assert_str_eq(fake_account("gpu", "bio")->limits, "cpu=0");
	GIVES(3, "", "subank check --let-go gpu", "check");
	set_settings("clusters: [dev, gpu]\nlock_seconds: 1\n");
	DONE("", "check");
	ck_assert_str_eq(fake_account("gpu", "bio")->limits, "");
	nothing_to_do();
}
END_TEST

/* A cluster is gone: the bank forgets the limits that it set there. */
START_TEST(a_cluster_can_be_let_go)
{
	set_settings("clusters: [dev, gpu]\nlock_seconds: 1\n");
	(void)fake_account("gpu", "bio");
	DONE("", "check");
	spend("bio");
	REFUSED(1, "gpu is in the settings", "check", "--let-go", "gpu");
	set_settings("clusters: [dev]\nlock_seconds: 1\n");
	REFUSED(2, "", "check", "--let-go", "g;pu");
	REFUSED(2, "--let-go", "check", "bio", "--let-go", "gpu");
	DONE("limits on gpu that the bank had set: 1, left as they are", "check", "--let-go",
	     "gpu");
	DONE("", "check");
	nothing_to_do();
	REFUSED(1, "the bank has set no limit on gpu", "check", "--let-go", "gpu");
	LIMIT("bio", "cpu=0");
	DONE("bio: released", "deposit", "bio", "1");
	LIMIT("bio", "");
	DONE("all is well", "verify");
	/* When it is back, its limits are the site's. */
	set_settings("clusters: [dev, gpu]\nlock_seconds: 1\n");
	DONE("", "check");
	ck_assert_str_eq(fake_account("gpu", "bio")->limits, "cpu=0");
}
END_TEST

START_TEST(one_account_that_cannot_be_charged_does_not_stop_the_others)
{
	dev("bio")->usage = INT64_MAX;
	DONE("bio: charged", "check");
	dev("bio")->usage = 0;
	GIVES(3, "", "went down", "check");
	dev("bio")->usage = INT64_MAX;
	dev("chem")->usage += 60;
	GIVES(3, "chem: charged 0.01 SU", "more than can be charged", "check");
	STATE("chem", "open|||35940");
	DONE("all is well", "verify");
}
END_TEST

static void set_raw(const char *account, const char *text)
{
	(void)snprintf(dev(account)->raw_usage, sizeof(dev(account)->raw_usage), "%s", text);
}

/* One RawUsage is no number: the other accounts are charged, and this one later. */
START_TEST(one_usage_that_cannot_be_read_is_left_out_and_charged_later)
{
	static const char *const odd[] = {"nan", "-5", "18446744073709551614", "many"};
	char text[256];

	for (size_t i = 0; i < COUNT(odd); i++) {
		dev("bio")->usage += 100;
		dev("chem")->usage += 7;
		set_raw("bio", odd[i]);
		GIVES(3, "chem: charged",
		      "bio: its usage on dev cannot be read: nothing is charged", "check");
		(void)snprintf(
			text, sizeof(text),
			"cluster 'dev': sshare, line 5: RawUsage of bio is \"%s\": it is left "
			"out",
			odd[i]);
		ck_assert_msg(strstr(err, text) != NULL, "%s", err);
		ck_assert_ptr_null(strstr(out, "bio"));
		ck_assert_ptr_null(strstr(err, "no longer has"));
		ck_assert_ptr_null(strstr(err, "went down"));
	}
	STATE("bio", "open|||36000");
	STATE("chem", "open|||35972");
	set_raw("bio", "");
	DONE("bio: charged 0.11 SU used on dev", "check");
	STATE("bio", "open|||35600");
	nothing_to_do();
	DONE("", "verify");
}
END_TEST

/* A held account stays held, and one whose use cannot be read can still be held by the books. */
START_TEST(levers_go_on_beside_a_usage_that_cannot_be_read)
{
	spend("chem");
	set_raw("chem", "nan");
	set_raw("bio", "-5");
	GIVES(3, NULL, "chem: its usage on dev cannot be read", "check");
	LIMIT("chem", "cpu=0");
	STATE("chem", "held|funds|set|0");
	GIVES(0, "bio has 0.00 SU", "", "withdraw", "bio", "all", "--no-apply");
	GIVES(3, "bio: held, available 0.00 SU", "bio: its usage on dev", "check");
	LIMIT("bio", "cpu=0");
	GIVES(0, "chem has 1.00 SU", "", "deposit", "chem", "1", "--no-apply");
	GIVES(3, "chem: released, available 1.00 SU", "chem: its usage", "check");
	LIMIT("chem", "");
}
END_TEST

/* A malformed list of limits is left alone, and so is the lever in the books. */
START_TEST(limits_that_cannot_be_read_are_left_alone)
{
	spend("chem");
	(void)snprintf(dev("chem")->limits, sizeof(dev("chem")->limits), "cpu=");
	GIVES(3, NULL, "line 7: GrpTRESMins of chem is \"cpu=\"", "check");
	STATE("chem", "held|funds|set|0");
	LIMIT("chem", "cpu=");
	dev("bio")->usage += 5;
	GIVES(0, "chem has 1.00 SU", "", "deposit", "chem", "1", "--no-apply");
	GIVES(3, "bio: charged", "chem: its limits on dev must change but cannot be read", "check");
	LIMIT("chem", "cpu=");
	(void)snprintf(dev("chem")->limits, sizeof(dev("chem")->limits), "cpu=0");
	DONE("", "check");
	LIMIT("chem", "");
	STATE("chem", "open|||3600");
}
END_TEST

/* After an entry only rows of its account are reported: an odd row of another account does not make
 * a script's deposit partial. */
START_TEST(an_entry_is_settled_beside_an_odd_row_of_another_account)
{
	spend("chem");
	set_raw("bio", "nan");
	GIVES(0, "chem has 1.00 SU", "", "deposit", "chem", "1");
	LIMIT("chem", "");
	GIVES(3, "bio has 10.00 SU", "bio: its usage on dev cannot be read", "hold", "bio");
	LIMIT("bio", "cpu=0");
	GIVES(3, NULL, "RawUsage of bio is \"nan\"", "check");
}
END_TEST

/* A name with a newline, made by a coordinator of bio: its second line is a row of chem with the
 * right number and a limit. slurmdbd is asked for chem's limits alone, which no name can forge. */
START_TEST(a_forged_row_neither_holds_an_account_nor_keeps_it_from_being_held)
{
	strcpy(fake_account("dev", "x\ndev|4|0|cpu=0|||| chem")->parent, "bio");
	GIVES(3, NULL, "ID of chem is \"not in slurmdbd, or twice\"", "check");
	GIVES(3, "chem has 10.00 SU", "chem: its usage on dev cannot be read", "hold", "chem");
	LIMIT("chem", "cpu=0");
	STATE("chem", "held|hand|set|36000");
	GIVES(3, "chem has 10.00 SU", "chem: its usage on dev cannot be read", "release", "chem");
	LIMIT("chem", "");
	STATE("chem", "open|||36000");
}
END_TEST

/* An unreadable value that only caps need leaves only the cap unchanged. */
START_TEST(a_cap_without_its_numbers_stays_as_it_is)
{
	DONE("", "terms", "bio", "--enforce", "limit");
	DONE("", "check");
	LIMIT("bio", "billing=614");
	(void)snprintf(dev("bio")->tres_raw, sizeof(dev("bio")->tres_raw), "billing");
	dev("bio")->usage += SU;
	GIVES(3, "bio: charged 1.00 SU", "GrpTRESRaw of bio is \"billing\"", "check");
	LIMIT("bio", "billing=614");
	STATE("bio", "open||set|32400");
	dev("bio")->tres_raw[0] = '\0';
	dev("bio")->usage += SU;
	DONE("bio: charged 1.00 SU", "check");
	LIMIT("bio", "billing=614");
	/* It is not removed while the use cannot be read. */
	set_raw("bio", "nan");
	GIVES(3, NULL, "bio: its usage on dev cannot be read", "check");
	LIMIT("bio", "billing=614");
}
END_TEST

START_TEST(nothing_starts_from_a_usage_that_cannot_be_read)
{
	dev("art")->usage = 500;
	set_raw("art", "nan");
	GIVES(1, NULL, "account 'art' was not opened: the present use of 'art' in Slurm", "open",
	      "art");
	GIVES(0, "opened art", "RawUsage of art is \"nan\"", "open", "art", "1", "--later");
	GIVES(3, NULL, "art: its usage on dev cannot be read", "check");
	RUN("journal", "art", "-nPo", "Kind");
	ck_assert_str_eq(out, "open\ndeposit\n");
	set_raw("art", "");
	DONE("art: counting on dev starts at 0.13 SU", "check");
	STATE("art", "open|||3600");
	set_raw("art", "-1");
	GIVES(1, NULL, "the usage of art on dev cannot be read", "reset", "art", "--immediate");
	ck_assert_int_eq(fake_modifies, 0);
}
END_TEST

/* The account's name has bytes that an entry's text must not have. */
START_TEST(an_account_with_an_odd_name_moves)
{
	char name[256];

	memset(name, 'x', 255);
	name[255] = '\0';
	memcpy(name + 79, "\xc3\xbc\n|\xff", 5);
	dev(name)->usage = 60;
	strcpy(dev(name)->parent, "bio");
	DONE("has a name that no bank can have", "check");
	dev("bio")->usage -= 60;
	dev("chem")->usage += 60;
	strcpy(dev(name)->parent, "chem");
	GIVES(3, "", "has moved to or from below it", "check");
	STATE("chem", "open|||36000");
	STATE("bio", "open|||36000");
	DONE("", "check");
	ck_assert_str_eq(out, "");
	DONE("", "verify");
}
END_TEST

/* A move needs all usages of one moment: it waits for one that cannot be read. */
START_TEST(a_move_waits_for_a_usage_that_cannot_be_read)
{
	dev("lab")->usage = 60;
	strcpy(dev("lab")->parent, "bio");
	DONE("", "check");
	dev("bio")->usage += 7 - 60;
	dev("chem")->usage += 60;
	strcpy(dev("lab")->parent, "chem");
	set_raw("chem", "nan");
	GIVES(3, NULL, "chem: its usage on dev cannot be read", "check");
	ck_assert_ptr_nonnull(strstr(err, "bio: its usage on dev cannot be read"));
	dev("chem")->usage += 5;
	set_raw("chem", "");
	GIVES(3, "bio: charged", "has moved to or from below it", "check");
	STATE("bio", "open|||35993");
	STATE("chem", "open|||35995");
	nothing_to_do();
	DONE("", "verify");
}
END_TEST

START_TEST(one_cluster_that_cannot_be_trusted_does_not_stop_the_others)
{
	set_settings("clusters: [dev, gpu]\nlock_seconds: 1\n");
	(void)fake_account("gpu", "bio");
	DONE("", "check");
	fake_cluster("gpu")->half_life = "7-00:00:00";
	dev("bio")->usage += 10 * SU;
	GIVES(3, "bio: held", "cluster 'gpu' is left alone: usage shrinks", "check");
	LIMIT("bio", "cpu=0");
	fake_cluster("dev")->half_life = "7-00:00:00";
	REFUSED(1, "usage shrinks", "check");
}
END_TEST

START_TEST(an_adopted_bank_sets_the_holds_that_slurm_lost)
{
	spend("bio");
	set_limits_by_hand("bio", "");
	machine = "another";
	DONE("bio on dev: held in the books, not in Slurm", "adopt");
	DONE("", "check");
	LIMIT("bio", "cpu=0");
	STATE("bio", "held|funds|set|0");
	nothing_to_do();
}
END_TEST

START_TEST(a_copy_in_another_folder_is_dry)
{
	char copy[512], command[1200];

	(void)snprintf(copy, sizeof(copy), "%s/copy.yaml", test_folder);
	DONE("wrote", "export", copy);
	(void)snprintf(command, sizeof(command), "%s/copy", test_folder);
	GIVES(0, "restored", "does not command Slurm", "import", copy, "-b", command);
	dev("bio")->usage += 10 * SU;
	GIVES(3, "would be set", "dry run", "check", "-b", command);
	LIMIT("bio", "");
}
END_TEST

START_TEST(predecessor_11_a_hold_stands_until_slurm_was_asked_to_end_it)
{
	spend("bio");
	dev("bio")->usage += SU;
	DONE("charged 1.00 SU", "check");
	DONE("deposited", "deposit", "bio", "0.5");
	STATE("bio", "held|funds|set|-1800");
	LIMIT("bio", "cpu=0");
	GIVES(0, "deposited", "left to the next check", "deposit", "bio", "2", "--no-apply");
	STATE("bio", "held|funds|set|5400");
	DONE("released", "check");
	STATE("bio", "open|||5400");
	LIMIT("bio", "");
}
END_TEST

START_TEST(predecessor_36_balance_says_what_was_used_and_what_is_left)
{
	dev("bio")->usage += 2 * SU + SU / 2;
	DONE("charged 2.50 SU", "check");
	DONE("bio|10.00|2.50|7.50\nchem|10.00|0.00|10.00\n", "balance", "-nPo",
	     "Account,Allocated,Used,Available");
	DONE("deposited 1.00 SU; bio has 8.50 SU", "deposit", "bio", "1");
}
END_TEST

START_TEST(a_hold_by_hand_outlasts_deposits)
{
	DONE("bio has 10.00 SU", "hold", "bio");
	LIMIT("bio", "cpu=0");
	REFUSED(1, "held by hand already", "hold", "bio");
	DONE("", "deposit", "bio", "5");
	STATE("bio", "held|hand|set|54000");
	LIMIT("bio", "cpu=0");
	REFUSED(1, "release it without --until", "release", "bio", "--until", "now+1day");
	DONE("released", "release", "bio");
	STATE("bio", "open|||54000");
	LIMIT("bio", "");
	REFUSED(1, "is not held", "release", "bio");
}
END_TEST

/* A hold by hand may come before or after one by the check. Lifting one keeps the other. */
START_TEST(a_hold_by_hand_ends_on_an_account_that_stays_held)
{
	DONE("held by hand", "hold", "bio");
	DONE("closed bio", "close", "bio");
	STATE("bio", "closed|hand,closed|set|36000");
	DONE("ended the hold by hand, but it is still held (closed); bio has 10.00 SU", "release",
	     "bio");
	STATE("bio", "closed|closed|set|36000");
	LIMIT("bio", "cpu=0");
	REFUSED(1, "account 'bio' is held because it is closed", "release", "bio");
	DONE("", "open", "bio");
	STATE("bio", "open|||36000");
	LIMIT("bio", "");
	spend("bio");
	DONE("held by hand", "hold", "bio");
	DONE("ended the hold by hand, but it is still held (funds)", "release", "bio");
	LIMIT("bio", "cpu=0");
	REFUSED(1, "its allowance is spent", "release", "bio");
	DONE("bio: released", "deposit", "bio", "5");
	LIMIT("bio", "");
	DONE("all is well", "verify");
}
END_TEST

START_TEST(a_hold_by_hand_outlasts_one_for_funds)
{
	spend("bio");
	DONE("held by hand", "hold", "bio");
	DONE("bio: no longer held for funds, available 5.00 SU; it stays held: `subank why bio`",
	     "deposit", "bio", "5");
	STATE("bio", "held|hand|set|18000");
	LIMIT("bio", "cpu=0");
	DONE("released", "release", "bio");
	LIMIT("bio", "");
}
END_TEST

START_TEST(a_hold_by_hand_can_end_by_itself)
{
	DONE("held by hand until 2026-11-22T19:00:", "hold", "bio", "--until", "now+2hours");
	LIMIT("bio", "cpu=0");
	clock_now += HOUR;
	nothing_to_do();
	clock_now += HOUR;
	STATE("bio", "open||set|36000");
	DONE("", "check");
	LIMIT("bio", "");
	nothing_to_do();
	REFUSED(2, "has passed", "hold", "bio", "--until", "now-1hour");
	REFUSED(2, "--until 2026-11-22T00:00:00 has passed, it is 2026-", "hold", "bio", "--until",
		"2026-11-22");
	REFUSED(2, "not a time", "hold", "bio", "--until", "tomorrow");
	REFUSED(2, "not a time", "hold", "bio", "--until", "");
}
END_TEST

START_TEST(a_release_for_a_time_ends_by_itself)
{
	spend("bio");
	REFUSED(1, "its allowance is spent", "release", "bio");
	DONE("released until 2026-11-22T18:00:", "release", "bio", "--until", "now+1hour");
	STATE("bio", "grace|funds||0");
	LIMIT("bio", "");
	dev("bio")->usage += 60;
	DONE("charged", "check");
	LIMIT("bio", "");
	nothing_to_do();
	clock_now += HOUR;
	STATE("bio", "held|funds||-60");
	DONE("", "check");
	LIMIT("bio", "cpu=0");
	DONE("released", "deposit", "bio", "1");
	LIMIT("bio", "");
}
END_TEST

START_TEST(a_hundred_holds_are_one_call)
{
	char name[32];

	for (int i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "many%02d", i);
		dev(name)->usage = 60;
		DONE("", "open", name, "1s", "--from-zero");
	}
	memset(fake_calls, 0, sizeof(fake_calls));
	DONE("many99: held", "check");
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 1);
	LIMIT("many00", "cpu=0");
	LIMIT("many99", "cpu=0");
	nothing_to_do();
}
END_TEST

/* ---- failures ---- */

START_TEST(a_hold_that_fails_is_recorded_once_and_tried_again)
{
	static const struct {
		enum fake_mode mode;
		const char *part;
	} cases[] = {
		{FAKE_FAILS, "the fake fails"},
		{FAKE_TIMES_OUT, "deadline"},
		{FAKE_MISSING, "No such file"},
		{FAKE_LIES, "does not show the new limit"},
	};
	uint64_t before = entries(), failed;

	dev("bio")->usage += 10 * SU;
	fake_mode[FAKE_SACCTMGR] = cases[_i].mode;
	GIVES(3, "bio: held", cases[_i].part, "check");
	/* charge, hold, lever, applied */
	failed = entries();
	ck_assert_uint_eq(failed, before + 4);
	STATE("bio", "held|funds|failed|0");
	LIMIT("bio", "");
	DONE("failed: ", "journal", "-l", "1");
	GIVES(3, "", cases[_i].part, "check");
	ck_assert_uint_eq(entries(), failed);
	fake_mode[FAKE_SACCTMGR] = FAKE_OK;
	DONE("", "check");
	ck_assert_uint_eq(entries(), failed + 1);
	STATE("bio", "held|funds|set|0");
	LIMIT("bio", "cpu=0");
	nothing_to_do();
	DONE("all is well", "verify");
}
END_TEST
enum { FAILING_CASES = 4 };

START_TEST(a_change_that_was_made_all_the_same_counts)
{
	dev("bio")->usage += 10 * SU;
	fake_mode[FAKE_SACCTMGR] = FAKE_KILLED;
	RUN("check");
	ck_assert_int_eq(status, 0);
	STATE("bio", "held|funds|set|0");
	LIMIT("bio", "cpu=0");
	fake_mode[FAKE_SACCTMGR] = FAKE_OK;
	nothing_to_do();
}
END_TEST

START_TEST(a_release_that_fails_is_reported_and_tried_again)
{
	spend("bio");
	fake_mode[FAKE_SACCTMGR] = FAKE_FAILS;
	GIVES(3, "deposited 1.00 SU", "the entry was recorded", "deposit", "bio", "1");
	STATE("bio", "open||failed|3600");
	LIMIT("bio", "cpu=0");
	GIVES(3, "", "could not be set", "check");
	fake_mode[FAKE_SACCTMGR] = FAKE_OK;
	DONE("", "check");
	LIMIT("bio", "");
	STATE("bio", "open|||3600");
	nothing_to_do();
}
END_TEST

START_TEST(one_failure_does_not_spoil_the_outcome_of_another)
{
	set_settings("clusters: [dev, gpu]\nlock_seconds: 1\n");
	(void)fake_account("gpu", "bio");
	DONE("", "check");
	/* "dev" fails in the first of the two calls. */
	fake_cluster("dev")->deaf = true;
	dev("bio")->usage += 10 * SU;
	GIVES(3, "bio: held", "the limit GrpTRESMins=cpu on dev could not be set", "check");
	ck_assert_ptr_null(strstr(err, "on gpu"));
	ck_assert_str_eq(fake_account("gpu", "bio")->limits, "cpu=0");
	DONE("done\n", "journal", "-l", "2");
	fake_cluster("dev")->deaf = false;
	DONE("", "check");
	STATE("bio", "held|funds|set|0");
	nothing_to_do();
}
END_TEST

/* slurmctld stops answering once sacctmgr was called. */
static void down_after_change(enum fake_program program)
{
	if (program == FAKE_SACCTMGR)
		fake_cluster("dev")->silent = true;
}

START_TEST(a_change_that_cannot_be_read_back_is_not_done)
{
	dev("bio")->usage += 10 * SU;
	fake_hook = down_after_change;
	GIVES(3, "bio: held", "does not answer", "check");
	STATE("bio", "held|funds|failed|0");
	fake_hook = NULL;
	fake_cluster("dev")->silent = false;
	DONE("", "check");
	STATE("bio", "held|funds|set|0");
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 1);
	nothing_to_do();
}
END_TEST

static int at_work[2];
static pid_t other;

/* Deposits in another process: LMDB must not be open twice in one. */
static void deposit_meanwhile(enum fake_program program)
{
	int ended;

	if (program != FAKE_SACCTMGR)
		return;
	fake_hook = NULL;
	ck_assert_int_eq(write(at_work[1], "x", 1), 1);
	ck_assert_int_eq(waitpid(other, &ended, 0), other);
	ck_assert(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
}

START_TEST(a_deposit_during_the_check_releases_before_it_ends)
{
	char byte;

	ck_assert_int_eq(pipe(at_work), 0);
	other = fork();
	ck_assert_int_ge(other, 0);
	if (other == 0) {
		if (read(at_work[0], &byte, 1) != 1)
			_exit(99);
		clock_now += HOUR;
		RUN("deposit", "bio", "5");
		_exit(status == 0 && strstr(err, "brings Slurm in line") ? 0 : 1);
	}
	dev("bio")->usage += 10 * SU;
	fake_hook = deposit_meanwhile;
	clock_now += HOUR;
	DONE("bio: held", "check");
	ck_assert_ptr_nonnull(strstr(out, "bio: released, available 5.00 SU"));
	LIMIT("bio", "");
	STATE("bio", "open|||18000");
	nothing_to_do();
}
END_TEST

static void hang(enum fake_program program)
{
	(void)program;
	(void)!write(at_work[1], "x", 1);
	for (;;)
		pause();
}

START_TEST(predecessor_33_of_two_checks_the_second_says_who_runs)
{
	char pid[64], byte;
	pid_t child;
	int ended;

	ck_assert_int_eq(pipe(at_work), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		fake_hook = hang;
		RUN("check");
		_exit(99);
	}
	ck_assert_int_eq(read(at_work[0], &byte, 1), 1);
	(void)snprintf(pid, sizeof(pid), "process %d (subank check, since ", (int)child);
	REFUSED(1, pid, "check");
	/* Entries and queries do not wait for the check. */
	DONE("deposited", "deposit", "bio", "1");
	GIVES(0, "", "dry run", "check", "--dry-run");
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, &ended, 0), child);
	ck_assert(WIFSIGNALED(ended));
	nothing_to_do();
}
END_TEST

/* ---- selection, dry runs, clocks ---- */

START_TEST(a_check_of_some_accounts_leaves_the_others)
{
	dev("bio")->usage += 10 * SU;
	dev("chem")->usage += 10 * SU;
	DONE("chem: held", "check", "CHEM");
	ck_assert_ptr_null(strstr(out, "bio"));
	LIMIT("bio", "");
	LIMIT("chem", "cpu=0");
	REFUSED(1, "not in the bank", "check", "bio", "nosuch");
	REFUSED(2, "account name", "check", "-A", "bio,;");
	DONE("bio: held", "check", "-A", "bio,chem");
}
END_TEST

START_TEST(a_dry_run_reports_all_and_does_nothing)
{
	char *before = exported();

	dev("bio")->usage += 10 * SU;
	GIVES(0, "bio: charged 10.00 SU", "dry run: nothing was changed", "check", "--dry-run");
	ck_assert_ptr_nonnull(strstr(out, "bio: held"));
	ck_assert_ptr_nonnull(strstr(out, "the limit GrpTRESMins=cpu on dev would be set to 0"));
	LIMIT("bio", "");
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 0);
	UNCHANGED(before);
	STATE("bio", "open|||36000");
	DONE("bio: held", "check");
}
END_TEST

/* An account below another one of the bank: its use counts in both budgets. */
START_TEST(a_held_parent_is_reported_for_its_child)
{
	(void)fake_account("dev", "bio1");
	(void)snprintf(dev("bio1")->parent, sizeof(dev("bio1")->parent), "bio");
	DONE("", "open", "bio1", "100");
	DONE("", "check");
	dev("bio1")->usage = 10 * SU;
	dev("bio")->usage += 10 * SU;
	DONE("bio: held, available 0.00 SU", "check");
	GIVES(0, "bio1|blocked|3600", "bio1: no job starts, since bio above it is held", "balance",
	      "bio1", "-n", "-P", "-o", "account,state,used", "--seconds");
	GIVES(0, "(total)||72000|36000|36000\n", "bio1: no job starts", "balance", "-n", "-P", "-o",
	      "account,state,allocated,used,available", "--seconds", "--total");
	GIVES(0, "(total)||360000|36000|324000\n", "bio1: no job starts", "balance", "bio1", "-n",
	      "-P", "-o", "account,state,allocated,used,available", "--seconds", "--total");
	DONE("released", "deposit", "bio", "10");
	DONE("bio1|open\n", "balance", "bio1", "-n", "-P", "-o", "account,state");
}
END_TEST

START_TEST(nothing_is_done_when_the_last_check_was_long_ago)
{
	DONE("", "check");
	clock_now += 8 * WHEN_DAY;
	dev("bio")->usage += 10 * SU;
	GIVES(3, "", "the last check was 8d ago", "check");
	ck_assert_ptr_null(strstr(out, "charged"));
	LIMIT("bio", "");
	GIVES(3, "", "--clock-ok", "check");
	DONE("bio: held", "check", "--clock-ok");
	LIMIT("bio", "cpu=0");
	nothing_to_do();
}
END_TEST

START_TEST(an_account_opened_later_gets_its_baseline_at_a_check)
{
	dev("late")->usage = 7777;
	fake_cluster("dev")->silent = true;
	REFUSED(1, "use --later", "open", "late", "1");
	GIVES(0, "opened late with 1.00 SU", "does not answer", "open", "late", "1", "--later");
	fake_cluster("dev")->silent = false;
	DONE("late: counting on dev starts at 2.16 SU", "check");
	STATE("late", "open|||3600");
	nothing_to_do();
}
END_TEST

START_TEST(an_account_that_slurm_lacks_is_opened_with_later_alone)
{
	dev("geology")->usage = 0;
	REFUSED(1,
		"of that name: did you mean 'geology'? `subank open geology` opens it; --later "
		"opens 'geolgy' all the same",
		"open", "geolgy", "9");
	REFUSED(1, "of that name: --later opens 'nothing-like-it'", "open", "nothing-like-it");
	DONE("opened geolgy with 9.00 SU", "open", "geolgy", "9", "--later");
}
END_TEST

START_TEST(verbose_prints_the_commands_and_quiet_the_errors)
{
	dev("bio")->usage += 10 * SU;
	GIVES(0, "bio: held",
	      "sacctmgr -i modify account where account=bio cluster=dev set GrpTRESMins=cpu=0",
	      "check", "-v");
	GIVES(0, NULL, NULL, "-Q", "deposit", "bio", "1");
	fake_mode[FAKE_SSHARE] = FAKE_FAILS;
	GIVES(3, NULL, "does not answer", "-Q", "check");
}
END_TEST

START_TEST(clusters_can_be_named_on_the_command_line)
{
	fake_account("gpu", "bio")->usage = 5;
	DONE("counting on gpu starts", "check", "-M", "GPU");
	REFUSED(3, "cluster 'nosuch' does not answer", "check", "-M", "nosuch");
}
END_TEST

/* ---- machines ---- */

START_TEST(a_bank_of_another_machine_changes_nothing_in_slurm)
{
	char *before;

	machine = "id/copy";
	dev("bio")->usage += 10 * SU;
	before = exported();
	GIVES(3, "bio: held", "subank adopt", "check");
	UNCHANGED(before);
	LIMIT("bio", "");
	GIVES(3, "held by hand", "subank adopt", "hold", "chem");
	LIMIT("chem", "");
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 0);
	GIVES(1, "accounts that a check would hold: 1: bio\n", "add --immediate", "adopt");
	GIVES(3, "", "subank adopt", "check");
	at_terminal = true;
	answers = "n\n";
	GIVES(1, "Let the next check hold them? [y/N] ", "nothing was changed", "adopt");
	answers = "y\n";
	DONE("now commands Slurm from here; head ", "adopt");
	at_terminal = false;
	DONE("bio: held", "check");
	LIMIT("bio", "cpu=0");
	LIMIT("chem", "cpu=0");
	machine = "id/head";
	GIVES(3, "", "subank adopt", "check");
}
END_TEST

START_TEST(holds_that_the_books_do_not_know_are_asked_for)
{
	(void)snprintf(dev("bio")->limits, sizeof(dev("bio")->limits), "cpu=0");
	(void)snprintf(dev("alien")->limits, sizeof(dev("alien")->limits), "cpu=0");
	machine = "id/copy";
	GIVES(1, NULL, "bio on dev", "adopt");
	ck_assert_ptr_nonnull(strstr(err, "--bank-holds"));
	answers = "b\n";
	GIVES(1, NULL, "bio on dev", "adopt"); /* not a terminal */
	at_terminal = true;
	answers = "what?\n";
	GIVES(1, "bio on dev has GrpTRESMins=cpu=0", "nothing was changed", "adopt");
	GIVES(3, "", "subank adopt", "check");
	answers = "\nx\ns\n";
	DONE("now commands Slurm", "adopt");
	nothing_to_do();
	LIMIT("bio", "cpu=0");
}
END_TEST

START_TEST(an_adopted_hold_is_released_when_there_are_funds)
{
	(void)snprintf(dev("bio")->limits, sizeof(dev("bio")->limits), "cpu=0");
	if (_i == 0) {
		DONE("the bank's", "adopt", "--bank-holds", "--note", "after the fire");
		DONE("lever|after the fire\n", "journal", "-nPo", "Kind,Note", "-M", "dev", "-l",
		     "1");
	} else {
		at_terminal = true;
		answers = "b\n";
		DONE("commands Slurm from here", "adopt");
	}
	DONE("", "check");
	LIMIT("bio", "");
	nothing_to_do();
	DONE("all is well", "verify");
}
END_TEST

START_TEST(a_hold_of_the_site_is_left_alone)
{
	(void)snprintf(dev("bio")->limits, sizeof(dev("bio")->limits), "cpu=0");
	DONE("the site's", "adopt", "--immediate");
	nothing_to_do();
	LIMIT("bio", "cpu=0");
	fake_mode[FAKE_SSHARE] = FAKE_FAILS;
	GIVES(1, NULL, "not adopted", "adopt", "-i");
}
END_TEST

/* ---- size ---- */

static int open_many(struct books *books, void *ctx, struct sb_error *why)
{
	int rc = SB_OK;

	(void)ctx;
	for (int i = 0; i < 1000 && !rc; i++) {
		char name[32];
		struct event event = {.kind = EVENT_OPEN, .account = name};

		(void)snprintf(name, sizeof(name), "p%04d", i);
		rc = books_append(books, &event, why);
		event = (struct event){.kind = EVENT_DEPOSIT,
				       .account = name,
				       .resource = RESOURCE_BILLING,
				       .amount = SU,
				       .start = books_time(books),
				       .end = WHEN_NEVER};
		if (!rc)
			rc = books_append(books, &event, why);
	}
	return rc;
}

START_TEST(a_thousand_accounts_are_two_calls)
{
	struct bank *bank = util_open(STORE_WRITE);
	char name[32];

	OK(bank_write(bank, clock_now, open_many, NULL, &error));
	bank_close(bank);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "p%04d", i);
		(void)dev(name);
	}
	memset(fake_calls, 0, sizeof(fake_calls));
	DONE("p0999: counting on dev starts", "check");
	ck_assert_int_eq(fake_calls[FAKE_SSHARE], 1);
	ck_assert_int_eq(fake_calls[FAKE_SCONTROL], 1);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "p%04d", i);
		dev(name)->usage = SU;
	}
	memset(fake_calls, 0, sizeof(fake_calls));
	DONE("p0999: held", "check");
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], 1);
	ck_assert_int_le(fake_calls[FAKE_SSHARE], 2);
	ck_assert_int_le(fake_calls[FAKE_SCONTROL], 2);
	LIMIT("p0000", "cpu=0");
	LIMIT("p0999", "cpu=0");
	nothing_to_do();
	DONE("all is well", "verify");
}
END_TEST

static TCase *add_tcase(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_set_timeout(tcase, TEST_TIMEOUT);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("verbs_check");
	TCase *charges = add_tcase(suite, "charges"), *holds = add_tcase(suite, "holds"),
	      *failures = add_tcase(suite, "failures"), *selection = add_tcase(suite, "selection"),
	      *machines = add_tcase(suite, "machines"), *size = add_tcase(suite, "size");

	tcase_add_loop_test(charges, an_answer_without_the_cluster_is_not_zero_use, 0,
			    SILENT_CASES);
	tcase_add_loop_test(charges, a_cluster_that_cannot_be_followed_is_refused, 0,
			    DISTRUST_CASES);
	tcase_add_test(charges, a_slurm_that_is_too_old_is_refused);
	tcase_add_test(charges, a_missing_command_is_named_with_its_setting);
	tcase_add_test(charges, one_cluster_that_is_down_does_not_stop_the_other);
	tcase_add_test(charges, the_local_cluster_is_asked_when_none_is_named);
	tcase_add_test(charges, use_is_as_old_as_where_the_account_is);
	tcase_add_test(charges, use_waits_for_its_entry_and_is_reported);
	tcase_add_test(charges, use_waits_from_its_reading_on_when_the_clock_is_put_back);
	tcase_add_test(charges, an_entry_by_hand_follows_the_use);
	tcase_add_test(charges, use_that_waits_is_held_for);
	tcase_add_test(charges, use_that_waits_is_not_lost_when_the_reading_goes_down);
	tcase_add_test(charges, use_that_waits_can_be_given_back_with_a_new_window);
	tcase_add_test(charges, a_reading_below_the_last_one_charges_nothing);
	tcase_add_test(charges, an_account_that_vanished_is_reported_once);
	tcase_add_test(charges, use_from_before_is_not_charged);
	tcase_add_test(charges, use_from_before_is_charged_with_from_zero);
	tcase_add_test(charges, short_jobs_add_up_exactly);

	tcase_add_test(holds, held_at_nothing_and_not_before);
	tcase_add_test(holds, a_second_check_does_nothing);
	tcase_add_test(holds, the_limit_of_the_site_is_restored);
	tcase_add_test(holds, other_verbs_that_bring_money_release_and_those_that_take_it_hold);
	tcase_add_test(holds, an_account_without_money_is_held_at_its_first_use);
	tcase_add_test(holds, enforcement_can_warn_or_be_off);
	tcase_add_test(holds, a_site_that_held_the_account_itself_keeps_its_hold);
	tcase_add_test(holds, a_limit_changed_by_hand_is_left_and_reported);
	tcase_add_test(holds, predecessor_08_the_newest_limit_of_the_site_comes_back);
	tcase_add_test(holds, a_hold_undone_by_hand_can_be_made_again);
	tcase_add_test(holds, a_grace_is_for_the_causes_it_was_given_for);
	tcase_add_test(holds, a_lever_on_a_cluster_that_is_not_asked_is_reported);
	tcase_add_test(holds, a_cluster_can_be_let_go);
	tcase_add_test(holds, one_account_that_cannot_be_charged_does_not_stop_the_others);
	tcase_add_test(holds, one_usage_that_cannot_be_read_is_left_out_and_charged_later);
	tcase_add_test(holds, levers_go_on_beside_a_usage_that_cannot_be_read);
	tcase_add_test(holds, limits_that_cannot_be_read_are_left_alone);
	tcase_add_test(holds, an_entry_is_settled_beside_an_odd_row_of_another_account);
	tcase_add_test(holds, a_forged_row_neither_holds_an_account_nor_keeps_it_from_being_held);
	tcase_add_test(holds, a_cap_without_its_numbers_stays_as_it_is);
	tcase_add_test(holds, nothing_starts_from_a_usage_that_cannot_be_read);
	tcase_add_test(holds, an_account_with_an_odd_name_moves);
	tcase_add_test(holds, a_move_waits_for_a_usage_that_cannot_be_read);
	tcase_add_test(holds, one_cluster_that_cannot_be_trusted_does_not_stop_the_others);
	tcase_add_test(holds, an_adopted_bank_sets_the_holds_that_slurm_lost);
	tcase_add_test(holds, a_copy_in_another_folder_is_dry);
	tcase_add_test(holds, predecessor_11_a_hold_stands_until_slurm_was_asked_to_end_it);
	tcase_add_test(holds, predecessor_36_balance_says_what_was_used_and_what_is_left);
	tcase_add_test(holds, a_hold_by_hand_outlasts_deposits);
	tcase_add_test(holds, a_hold_by_hand_ends_on_an_account_that_stays_held);
	tcase_add_test(holds, a_hold_by_hand_outlasts_one_for_funds);
	tcase_add_test(holds, a_hold_by_hand_can_end_by_itself);
	tcase_add_test(holds, a_release_for_a_time_ends_by_itself);
	tcase_add_test(holds, a_hundred_holds_are_one_call);

	tcase_add_loop_test(failures, a_hold_that_fails_is_recorded_once_and_tried_again, 0,
			    FAILING_CASES);
	tcase_add_test(failures, a_change_that_was_made_all_the_same_counts);
	tcase_add_test(failures, a_release_that_fails_is_reported_and_tried_again);
	tcase_add_test(failures, one_failure_does_not_spoil_the_outcome_of_another);
	tcase_add_test(failures, a_change_that_cannot_be_read_back_is_not_done);
	tcase_add_test(failures, a_deposit_during_the_check_releases_before_it_ends);
	tcase_add_test(failures, predecessor_33_of_two_checks_the_second_says_who_runs);

	tcase_add_test(selection, a_check_of_some_accounts_leaves_the_others);
	tcase_add_test(selection, a_dry_run_reports_all_and_does_nothing);
	tcase_add_test(selection, a_held_parent_is_reported_for_its_child);
	tcase_add_test(selection, nothing_is_done_when_the_last_check_was_long_ago);
	tcase_add_test(selection, an_account_opened_later_gets_its_baseline_at_a_check);
	tcase_add_test(selection, an_account_that_slurm_lacks_is_opened_with_later_alone);
	tcase_add_test(selection, verbose_prints_the_commands_and_quiet_the_errors);
	tcase_add_test(selection, clusters_can_be_named_on_the_command_line);

	tcase_add_test(machines, a_bank_of_another_machine_changes_nothing_in_slurm);
	tcase_add_test(machines, holds_that_the_books_do_not_know_are_asked_for);
	tcase_add_loop_test(machines, an_adopted_hold_is_released_when_there_are_funds, 0, 2);
	tcase_add_test(machines, a_hold_of_the_site_is_left_alone);

	tcase_add_test(size, a_thousand_accounts_are_two_calls);
	return util_run(suite);
}
