/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Terms, all levers and limits that follow the balance, run in this process. */
#include <locale.h>

#include "tests/drive.h"

enum { SU = 3600 };

static struct fake_account *dev(const char *name)
{
	return fake_account("dev", name);
}

static void set_limits(const char *cluster, const char *name, const char *limits)
{
	struct fake_account *account = fake_account(cluster, name);

	(void)snprintf(account->limits, sizeof(account->limits), "%s", limits);
}

/* "bio" has 10 SU and used 1000 before it was opened. */
static void setup(void)
{
	drive_setup();
	dev("bio")->usage = 1000;
	DONE("", "open", "bio", "10");
	memset(fake_calls, 0, sizeof(fake_calls));
	fake_shows = fake_modifies = 0;
}

#define LIMIT_ON(cluster, account, expected)                                                       \
	ck_assert_str_eq(fake_account(cluster, account)->limits, expected)
#define LIMIT(account, expected) LIMIT_ON("dev", account, expected)

/* The calls of sacctmgr since the last time. */
#define CALLS(shows, modifies)                                                                     \
	do {                                                                                       \
		ck_assert_int_eq(fake_shows, shows);                                               \
		ck_assert_int_eq(fake_modifies, modifies);                                         \
		fake_shows = fake_modifies = 0;                                                    \
	} while (0)

/* ---- terms ---- */

START_TEST(people_are_terms_in_an_entry_of_their_own)
{
	REFUSED(1, "account 'bio' has these already: contacts none, managers none", "terms", "bio",
		"--contact", "none");
	DONE("contacts are pi@x.org,office@x.org, managers are none; bio has", "terms", "bio",
	     "--contact", "pi@x.org,office@x.org", "--ref", "r");
	DONE("", "terms", "bio", "--manager", "alice");
	/* The request was recorded before. */
	DONE("entry 4", "terms", "bio", "--contact", "pi@x.org,office@x.org", "--ref", "r");
	REFUSED(1, "contacts pi@x.org,office@x.org, managers alice", "terms", "bio", "--contact",
		"pi@x.org,office@x.org");
	/* Both entries, or the one that changes something. */
	DONE("credit 1.00 SU, enforcement hold, lever GrpTRESMins=cpu, meter rawusage, thresholds "
	     "none; contacts are pi@x.org, managers are alice",
	     "terms", "bio", "--credit", "1", "--contact", "pi@x.org");
	DONE("thresholds none; bio has", "terms", "bio", "--credit", "2", "--contact", "pi@x.org");
	DONE("contacts     pi@x.org\nmanagers     alice\n", "terms", "bio");
	DONE("bio|pi@x.org|alice\n", "terms", "-nPo", "Account,Contacts,Managers");
	DONE("contacts pi@x.org; managers alice\n", "journal", "bio", "-k", "people", "-nPo",
	     "Detail");
	/* The user may come later. */
	GIVES(0, "managers are alice,nosuch", "this machine knows no user 'nosuch'", "terms", "bio",
	      "--manager", "alice,nosuch");
	ck_assert_ptr_null(strstr(err, "'alice'"));
	DONE("", "terms", "bio", "--contact", "none", "--manager", "none");
	DONE("bio||\n", "terms", "-nPo", "Account,Contacts,Managers");
	DONE("", "verify");
}
END_TEST

START_TEST(terms_that_make_no_sense_are_refused)
{
	REFUSED(2, "one account at a time", "terms", "--unlimited");
	REFUSED(2, "one account at a time", "terms", "bio", "chem", "--credit", "1");
	REFUSED(2, "one account at a time", "terms", "-A", "bio", "--limited");
	REFUSED(2, "", "terms", "b;o");
	REFUSED(1, "mallory", "terms", "mallory");
	REFUSED(1, "mallory", "terms", "mallory", "--unlimited");
	REFUSED(2, "exclude each other", "terms", "bio", "--limited", "--unlimited");
	REFUSED(2, "there is no rule for --enforce 'maybe': there are site, off, warn, hold, limit",
		"terms", "bio", "--enforce", "maybe");
	REFUSED(2, "for --enforce ''", "terms", "bio", "--enforce", "");
	REFUSED(2, "'pi' is not a mail address: NAME@DOMAIN", "terms", "bio", "--contact", "pi");
	REFUSED(2, "--contact is empty: `none` ends the list", "terms", "bio", "--contact", "");
	REFUSED(2, "'-x' is not the name of a user", "terms", "bio", "--manager", "ann,-x");
	REFUSED(2, "'ann' is named twice", "terms", "bio", "--manager", "ann,bob,ann");
	REFUSED(2, "leave --resource out", "terms", "bio", "--contact", "a@x", "--resource",
		"gres/gpu");
	REFUSED(2, "", "terms", "bio", "--credit", "-1");
	REFUSED(2, "", "terms", "bio", "--credit", "much");
	REFUSED(2, "", "terms", "bio", "--credit", "0.0001");
	REFUSED(2, "", "terms", "bio", "--credit", "99999999999999999999");
	REFUSED(2, "not a lever", "terms", "bio", "--lever", "");
	REFUSED(2, "not a lever", "terms", "bio", "--lever", "MaxJobs");
	REFUSED(2, "not a lever", "terms", "bio", "--lever", "GrpTRESMins");
	REFUSED(2, "not a lever", "terms", "bio", "--lever", "GrpTRESMins=");
	REFUSED(2, "'GrpTRESMins=GRES/gpu' is not a lever: write its TRES in lower case", "terms",
		"bio", "--lever", "GrpTRESMins=GRES/gpu");
	REFUSED(2, "not a lever", "terms", "bio", "--lever", "GrpTRESMins=cpu=5");
	REFUSED(2, "not a lever", "terms", "bio", "--lever", "GrpTRESMins=cpu,node");
	REFUSED(2, "not a lever", "terms", "bio", "--lever", "GrpTRESMins=cpu account=chem");
	REFUSED(2, "not a lever", "terms", "bio", "--lever", "GrpJobs=cpu");
	REFUSED(2, "GrpTRESRunMins=cpu", "terms", "bio", "--lever", "GrpTRESRunMins=billing");
	REFUSED(2, "not thresholds", "terms", "bio", "--thresholds", "");
	REFUSED(2, "not thresholds", "terms", "bio", "--thresholds", "60,");
	REFUSED(2, "not thresholds", "terms", "bio", "--thresholds", "60, 90");
	REFUSED(2, "not thresholds", "terms", "bio", "--thresholds", "060");
	REFUSED(2, "not thresholds", "terms", "bio", "--thresholds", "60%");
	REFUSED(2, "from 1 to 1000", "terms", "bio", "--thresholds", "1001");
	REFUSED(2, "60 follows 90", "terms", "bio", "--thresholds", "90,60");
	REFUSED(1, "has these terms already", "terms", "bio", "--thresholds", "site");
	REFUSED(1, "has these terms already: allowance limited", "terms", "bio", "--limited");
	REFUSED(1, "has these terms already", "terms", "bio", "--credit", "0s", "--enforce", "site",
		"--lever", "site");
}
END_TEST

START_TEST(terms_are_shown_and_what_is_not_named_stays)
{
	DONE("allowance    limited\n"
	     "credit       0.00 SU\n"
	     "enforcement  hold (the settings')\n"
	     "lever        GrpTRESMins=cpu (the settings')\n"
	     "meter        rawusage (the settings')\n"
	     "thresholds   none (the settings')\n",
	     "terms", "bio");
	DONE("terms are allowance limited, credit 2.00 SU, enforcement hold, lever "
	     "GrpTRESMins=cpu",
	     "terms", "bio", "--credit", "2");
	DONE("terms are allowance limited, credit 2.00 SU, enforcement warn, lever GrpTRESMins=cpu",
	     "terms", "bio", "--enforce", "warn");
	DONE("terms are allowance limited, credit 2.00 SU, enforcement warn, lever "
	     "GrpTRESRunMins=gres/gpu",
	     "terms", "BIO", "--lever", "grptresrunmins=gres/gpu=0");
	DONE("terms are allowance unlimited, credit 2.00 SU, enforcement warn, lever "
	     "GrpTRESRunMins=gres/gpu",
	     "terms", "bio", "--unlimited");
	DONE("terms are allowance limited, credit 0.00 SU, enforcement warn, lever "
	     "GrpTRESRunMins=gres/gpu",
	     "terms", "bio", "--limited", "--credit", "0.0");
	DONE("terms are allowance limited, credit 0.00 SU, enforcement hold, lever "
	     "GrpTRESMins=cpu",
	     "terms", "bio", "--enforce", "site", "--lever", "site");
	DONE("enforcement by the settings", "journal", "bio", "--kind", "terms", "--last", "1");
	set_settings("clusters: [dev]\nenforcement: limit\nlever: GrpJobs\n");
	DONE("enforcement  limit (the settings')\nlever        GrpJobs (the settings')\n", "terms",
	     "bio");
	DONE("thresholds 50,120", "terms", "bio", "--thresholds", "50,120");
	DONE("thresholds   50,120\n", "terms", "bio");
	DONE("thresholds none", "terms", "bio", "--thresholds", "none");
	DONE("thresholds   none\n", "terms", "bio");
	DONE("", "terms", "bio", "--thresholds", "site");
	DONE("all is well", "verify");
}
END_TEST

START_TEST(terms_of_all_accounts_are_a_table)
{
	set_settings("clusters: [dev]\nthresholds: [60, 90]\nnotice_days: 0\n");
	(void)dev("chem");
	DONE("", "open", "chem");
	DONE("", "terms", "chem", "--unlimited", "--credit", "1500", "--enforce", "warn", "--lever",
	     "GrpTRESRunMins=cpu", "--thresholds", "none");
	DONE("Account Allowance  Credit Enforce Meter    Lever               Thresholds\n"
	     "bio     limited      0.00 hold    rawusage GrpTRESMins=cpu     60,90\n"
	     "chem    unlimited 1500.00 warn*   rawusage GrpTRESRunMins=cpu* none*\n",
	     "terms");
	ck_assert_ptr_null(strstr(out, "Terms with"));
	out_width = 80;
	DONE("chem    unlimited 1,500.00 warn*   rawusage GrpTRESRunMins=cpu* none*\n"
	     "bio     limited       0.00 hold    rawusage GrpTRESMins=cpu     60,90\n"
	     "Amounts are in SU.\n"
	     "Terms with * are the account's own, not the settings'.\n",
	     "terms", "--sort", "-Credit", "chem", "bio");
	DONE("", "terms", "-A", "bio", "-o", "Account,Lever");
	ck_assert_ptr_null(strstr(out, "Terms with"));
	out_width = 0;
	DONE("Account|Allowance|Credit|Enforce|Meter|Lever|Thresholds|Own\n"
	     "bio|limited|0.00|hold|rawusage|GrpTRESMins=cpu|60,90|\n"
	     "chem|unlimited|1500.00|warn|rawusage|GrpTRESRunMins=cpu|none|"
	     "enforce,lever,thresholds\n",
	     "terms", "-P");
	DONE("chem|1500.00\nbio|0.00\n", "terms", "-nPo", "account,credit", "--sort", "-credit");
	DONE("  {\n"
	     "    \"account\": \"bio\",\n"
	     "    \"allowance\": \"limited\",\n"
	     "    \"credit_seconds\": 0,\n"
	     "    \"enforce\": \"hold\",\n"
	     "    \"meter\": \"rawusage\",\n"
	     "    \"lever\": \"GrpTRESMins=cpu\",\n"
	     "    \"thresholds\": \"60,90\",\n"
	     "    \"own\": null,\n"
	     "    \"quota_seconds\": 0,\n"
	     "    \"every\": null,\n"
	     "    \"share_seconds\": 0,\n"
	     "    \"contacts\": null,\n"
	     "    \"managers\": null\n"
	     "  }\n",
	     "terms", "bio", "--json");
	DONE("Account Lever\nchem    GrpTRESRunMins=cpu*\n", "terms", "chem", "-o",
	     "account,lever");
	DONE("", "terms", "chem", "--meter", "jobs");
	DONE("|jobs|GrpTRESRunMins=cpu|none|enforce,meter,lever,thresholds\n", "terms", "-P");
	GIVES(1, "bio|", "account 'mallory' is not in the bank", "terms", "bio", "mallory", "-P");
}
END_TEST

START_TEST(the_table_of_terms_fits_a_terminal)
{
	(void)dev("project-2027-physics-01");
	DONE("", "open", "project-2027-physics-01");
	DONE("", "terms", "project-2027-physics-01", "--credit", "12345", "--enforce", "limit",
	     "--lever", "GrpTRESRunMins=gres/gpu", "--thresholds", "50,75,100");
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	out_width = 80;
	DONE("Account          Allowance   Credit Enforce Meter    Lever            Thresholds\n"
	     "bio              limited       0.00 hold    rawusage GrpTRESMins=cpu  none\n"
	     "project-…sics-01 limited   12345.00 limit*  rawusage GrpTRESR…es/gpu* 50,75,100*\n"
	     "Amounts are in SU.\n",
	     "terms");
}
END_TEST

/* An account's own thresholds override those of the settings. */
START_TEST(thresholds_of_an_account_are_crossed)
{
	set_settings("clusters: [dev]\nthresholds: [60]\nnotice_days: 0\n");
	DONE("", "terms", "bio", "--thresholds", "20,40");
	dev("bio")->usage += 5 * SU;
	DONE("bio: 20% of the allocation is used, 5.00 SU of 10.00 SU\n"
	     "bio: 40% of the allocation is used, 5.00 SU of 10.00 SU\n",
	     "check");
	nothing_to_do();
	DONE("", "terms", "bio", "--thresholds", "none");
	dev("bio")->usage += 4 * SU;
	DONE("bio: charged", "check");
	ck_assert_ptr_null(strstr(out, "%"));
	DONE("bio: 60% of the allocation is used", "terms", "bio", "--thresholds", "site");
	nothing_to_do();
	DONE("all is well", "verify");
}
END_TEST

START_TEST(the_same_terms_with_a_ref_are_entered_once)
{
	uint64_t count;

	DONE("terms are", "terms", "bio", "--credit", "2", "--ref", "r1");
	count = entries();
	DONE("recorded before with this ref", "terms", "bio", "--credit", "7200s", "--ref", "r1");
	ck_assert_uint_eq(entries(), count);
	REFUSED(1, "r1", "terms", "bio", "--credit", "3", "--ref", "r1");
	REFUSED(1, "r1", "terms", "bio", "--unlimited", "--ref", "r1");
	REFUSED(1, "r1", "terms", "bio", "--lever", "GrpJobs", "--ref", "r1");
}
END_TEST

/* The predecessor's -1 for unlimited was a number to it: adding to it ended the privilege, and it
 * could never be released. */
START_TEST(predecessor_13_and_14_unlimited_is_no_number)
{
	dev("bio")->usage += 11 * SU;
	DONE("bio: held", "check");
	LIMIT("bio", "cpu=0");
	DONE("bio: released", "terms", "bio", "--unlimited");
	LIMIT("bio", "");
	DONE("", "deposit", "bio", "2");
	dev("bio")->usage += 100 * SU;
	DONE("bio: charged 100.00 SU", "check");
	LIMIT("bio", "");
	DONE("bio: held, available -99.00 SU", "terms", "bio", "--limited");
	LIMIT("bio", "cpu=0");
	nothing_to_do();
}
END_TEST

START_TEST(an_unlimited_account_says_so_in_every_form)
{
	dev("bio")->usage += 11 * SU;
	DONE("bio: held", "check");
	DONE("bio: released, available unlimited", "terms", "bio", "--unlimited");
	ck_assert_ptr_nonnull(strstr(out, "; bio is unlimited; head "));
	DONE("bio     open      10.00 11.00 unlimited    110% ", "balance", "bio");
	DONE("bio|open|10.00|11.00|unlimited|110|", "balance", "bio", "-nP");
	DONE("\"available_seconds\": null,", "balance", "bio", "--json");
	ck_assert_ptr_nonnull(strstr(out, "\"settled_seconds\": null,"));
	ck_assert_ptr_nonnull(strstr(out, "\"unlimited\": true"));
	DONE("available_seconds\",\"unlimited\"\r\n,\"yes\"\r\n", "balance", "bio", "--csv", "-o",
	     "Available,Unlimited");
	DONE("unlimited|yes\n", "balance", "bio", "--total", "-nP", "-o", "Available,Unlimited");
	ck_assert_ptr_nonnull(strstr(out, "\nunlimited|yes\n"));
	DONE("bio is unlimited: it is never held for funds\n", "why", "bio");
	ck_assert_ptr_null(strstr(out, "available"));
	DONE("opening available|0.00\n", "statement", "bio", "-nP", "-o", "Item,Amount");
	ck_assert_ptr_nonnull(strstr(out, "\nclosing available|unlimited\n"));
	DONE("Available now: unlimited\n", "statement", "bio");
	DONE("\"item\": \"closing available\",\n    \"unlimited\": true,\n    "
	     "\"amount_seconds\": null",
	     "statement", "bio", "--json", "-o", "Item,Unlimited,Amount");
	DONE("has 10.00 SU", "terms", "bio", "--limited", "--credit", "11");
	DONE("no\n", "balance", "bio", "-nP", "-o", "Unlimited");
}
END_TEST

START_TEST(credit_and_enforcement_take_effect_at_once)
{
	dev("bio")->usage += 11 * SU;
	DONE("bio: held", "check");
	DONE("", "terms", "bio", "--credit", "1");
	LIMIT("bio", "cpu=0"); /* nothing left all the same */
	DONE("bio: released, available <0.01 SU", "terms", "bio", "--credit", "3601s");
	LIMIT("bio", "");
	DONE("bio: held", "terms", "bio", "--credit", "0");
	DONE("bio: released", "terms", "bio", "--enforce", "warn");
	LIMIT("bio", "");
	DONE("has spent its allowance", "check");
	DONE("bio: held", "terms", "bio", "--enforce", "hold");
	LIMIT("bio", "cpu=0");
	DONE("bio: released", "terms", "bio", "--enforce", "off");
	nothing_to_do();
	DONE("", "terms", "bio", "--enforce", "site");
	LIMIT("bio", "cpu=0");
	GIVES(0, "terms are", "left to the next check", "terms", "bio", "--unlimited",
	      "--no-apply");
	LIMIT("bio", "cpu=0");
	DONE("bio: released", "check");
	LIMIT("bio", "");
}
END_TEST

/* ---- levers ---- */

START_TEST(predecessor_08_every_lever_gives_the_sites_own_value_back)
{
	struct fake_account *bio = dev("bio");

	set_limits("dev", "bio", "cpu=5000,gres/gpu=7");
	(void)snprintf(bio->run_limits, sizeof(bio->run_limits), "cpu=4000,node=3000");
	bio->grp_jobs = 50;
	bio->grp_submit_jobs = 60;
	DONE("", "hold", "bio");
	CALLS(0, 1);
	ck_assert_str_eq(bio->limits, "gres/gpu=7,cpu=0");
	DONE("", "terms", "bio", "--lever", "GrpTRESMins=gres/gpu");
	ck_assert_str_eq(bio->limits, "gres/gpu=0,cpu=5000");
	DONE("", "terms", "bio", "--lever", "GrpTRESRunMins=node");
	ck_assert_str_eq(bio->limits, "cpu=5000,gres/gpu=7");
	ck_assert_str_eq(bio->run_limits, "cpu=4000,node=0");
	DONE("", "terms", "bio", "--lever", "GrpJobs");
	ck_assert_str_eq(bio->run_limits, "cpu=4000,node=3000");
	ck_assert_int_eq(bio->grp_jobs, 0);
	DONE("", "terms", "bio", "--lever", "GrpSubmitJobs");
	ck_assert_int_eq(bio->grp_jobs, 50);
	ck_assert_int_eq(bio->grp_submit_jobs, 0);
	DONE("", "check"); /* the hourly look */
	nothing_to_do();
	DONE("", "release", "bio");
	ck_assert_str_eq(bio->limits, "cpu=5000,gres/gpu=7");
	ck_assert_str_eq(bio->run_limits, "cpu=4000,node=3000");
	ck_assert_int_eq(bio->grp_jobs, 50);
	ck_assert_int_eq(bio->grp_submit_jobs, 60);
	nothing_to_do();
	DONE("all is well", "verify");
}
END_TEST

/* Levers that sshare does not show are read when a decision needs them, and hourly. */
START_TEST(a_lever_that_sshare_does_not_show_costs_few_calls)
{
	set_settings("clusters: [dev]\nlever: GrpJobs\n");
	dev("bio")->grp_jobs = 9;
	nothing_to_do();
	DONE("", "hold", "bio");
	CALLS(2, 1);
	ck_assert_int_eq(dev("bio")->grp_jobs, 0);
	clock_now += HOUR;
	DONE("", "check");
	CALLS(1, 0);
	for (int i = 0; i < 50; i++) {
		clock_now += 60 * WHEN_SECOND;
		nothing_to_do();
	}
	clock_now += 15 * 60 * WHEN_SECOND;
	DONE("", "check");
	CALLS(1, 0);
	/* Found by the hourly read, and on request. */
	dev("bio")->grp_jobs = 5;
	nothing_to_do();
	clock_now += HOUR;
	GIVES(3, "", "the limit GrpJobs on dev from the bank's 0 to 5; it is left so", "check");
	CALLS(1, 0);
	nothing_to_do();
	GIVES(0, "", "from the bank's 0 to 5; it is set again", "check", "--put-right", "bio");
	ck_assert_int_eq(dev("bio")->grp_jobs, 0);
	CALLS(2, 1);
	DONE("", "release", "bio");
	CALLS(2, 1);
	ck_assert_int_eq(dev("bio")->grp_jobs, 5);
	nothing_to_do();
}
END_TEST

/* Names of 100 accounts, "p00" and on. */
static const char *numbered(int i)
{
	static char name[8];

	(void)snprintf(name, sizeof(name), "p%02d", i);
	return name;
}

START_TEST(predecessor_34_a_hundred_accounts_are_held_by_one_call)
{
	set_settings("clusters: [dev]\nlever: GrpJobs\n");
	for (int i = 0; i < 100; i++) {
		(void)dev(numbered(i));
		DONE("", "open", numbered(i), "1");
	}
	for (int i = 0; i < 100; i++)
		dev(numbered(i))->usage = SU;
	memset(fake_calls, 0, sizeof(fake_calls));
	fake_shows = fake_modifies = 0;
	DONE("p99: held", "check");
	CALLS(2, 1); /* what the site had, hold, read back */
	ck_assert_int_eq(fake_calls[FAKE_SSHARE], 2);
	ck_assert_int_eq(fake_calls[FAKE_SCONTROL], 2);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(dev(numbered(i))->grp_jobs, 0);
	nothing_to_do();
	ck_assert_int_eq(fake_calls[FAKE_SSHARE], 3);
	ck_assert_int_eq(fake_calls[FAKE_SCONTROL], 3);
	/* Levers that sshare shows need no extra read. */
	set_settings("clusters: [dev]\n");
	DONE("", "check");
	CALLS(2, 2); /* one lever is put back, the other set */
	nothing_to_do();
}
END_TEST

START_TEST(a_lever_that_cannot_be_read_is_not_changed_blindly)
{
	static const enum fake_mode modes[] = {FAKE_FAILS, FAKE_TIMES_OUT, FAKE_MISSING,
					       FAKE_MALFORMED, FAKE_EMPTY};

	set_settings("clusters: [dev]\nlever: GrpJobs\n");
	dev("bio")->grp_jobs = 9;
	GIVES(0, "held by hand", "--no-apply", "hold", "bio", "--no-apply");
	for (size_t i = 0; i < COUNT(modes); i++) {
		fake_show_mode = modes[i];
		GIVES(3, "", "the limits on cluster 'dev' cannot be read", "check");
		ck_assert_int_eq(fake_modifies, 0);
		ck_assert_int_eq(dev("bio")->grp_jobs, 9);
	}
	fake_show_mode = FAKE_OK;
	DONE("", "check");
	ck_assert_int_eq(dev("bio")->grp_jobs, 0);
	DONE("", "release", "bio");
	ck_assert_int_eq(dev("bio")->grp_jobs, 9);
}
END_TEST

START_TEST(predecessor_04_a_hidden_lever_that_slurm_did_not_take_is_no_hold)
{
	set_settings("clusters: [dev]\nlever: GrpSubmitJobs\n");
	fake_cluster("dev")->deaf = true;
	GIVES(3, "held by hand", "does not show the new limit", "hold", "bio");
	RUN("balance", "bio", "-nPo", "State,Lever");
	ck_assert_str_eq(out, "held|failed\n");
	fake_cluster("dev")->deaf = false;
	DONE("", "check");
	ck_assert_int_eq(dev("bio")->grp_submit_jobs, 0);
	fake_mode[FAKE_SACCTMGR] = FAKE_FAILS;
	GIVES(3, "released", "the fake fails", "release", "bio");
	fake_mode[FAKE_SACCTMGR] = FAKE_OK;
	DONE("", "check");
	ck_assert_int_eq(dev("bio")->grp_submit_jobs, -1);
	nothing_to_do();
}
END_TEST

START_TEST(a_lever_that_does_not_kill_needs_no_safe)
{
	fake_cluster("dev")->enforce = "associations,limits";
	set_settings("clusters: [dev]\nlever: GrpJobs\n");
	DONE("", "hold", "bio");
	ck_assert_int_eq(dev("bio")->grp_jobs, 0);
	DONE("", "release", "bio");
	/* An account's own lever that kills jobs is not set; the others are. */
	(void)dev("chem");
	DONE("", "open", "chem", "1");
	DONE("", "terms", "chem", "--lever", "GrpTRESMins=cpu");
	GIVES(3, "held by hand", "chem: the limit GrpTRESMins=cpu on dev could not be set", "hold",
	      "chem");
	ck_assert_ptr_nonnull(strstr(err, "`safe`"));
	LIMIT("chem", "");
	dev("bio")->usage += 10 * SU;
	GIVES(3, "bio: held", "`safe`", "check");
	ck_assert_int_eq(dev("bio")->grp_jobs, 0);
}
END_TEST

/* ---- limits that follow the balance ---- */

START_TEST(a_cap_follows_every_movement_of_money)
{
	set_limits("dev", "bio", "cpu=700,billing=5000");
	set_settings("clusters: [dev]\nenforcement: limit\n");
	GIVES(0, "the limit GrpTRESMins=billing on dev would be set to 614", "dry run", "check",
	      "--dry-run");
	LIMIT("bio", "cpu=700,billing=5000");
	DONE("", "check");
	LIMIT("bio", "cpu=700,billing=614");
	nothing_to_do();
	for (int i = 0; i < 9; i++) {
		dev("bio")->usage += 1 + 977 * i;
		DONE("charged", "check");
		LIMIT("bio", "cpu=700,billing=614");
	}
	CALLS(0, 1);
	DONE("", "deposit", "bio", "1");
	LIMIT("bio", "cpu=700,billing=674");
	DONE("", "withdraw", "bio", "0.1");
	LIMIT("bio", "cpu=700,billing=668");
	(void)dev("chem");
	DONE("", "open", "chem");
	nothing_to_do();
	LIMIT("chem", "");
	DONE("", "transfer", "bio", "chem", "0.1");
	LIMIT("bio", "cpu=700,billing=662");
	LIMIT("chem", "billing=4");
	CALLS(0, 4);
	DONE("", "hold", "chem");
	LIMIT("chem", "billing=4,cpu=0");
	DONE("", "release", "chem");
	LIMIT("chem", "billing=4");
	DONE("", "terms", "bio", "--enforce", "hold");
	LIMIT("bio", "cpu=700,billing=5000");
	DONE("", "terms", "bio", "--enforce", "limit");
	LIMIT("bio", "cpu=700,billing=662");
	DONE("", "close", "bio");
	LIMIT("bio", "cpu=0,billing=5000");
	nothing_to_do();
	DONE("all is well", "verify");
}
END_TEST

START_TEST(a_cap_without_funds_holds_too_and_a_grace_lifts_both)
{
	set_limits("dev", "bio", "billing=5000");
	set_settings("clusters: [dev]\nenforcement: limit\n");
	DONE("", "check");
	dev("bio")->usage += 10 * SU;
	DONE("bio: held, available 0.00 SU", "check");
	LIMIT("bio", "billing=614,cpu=0");
	DONE("", "release", "bio", "--until", "2099-01-01");
	LIMIT("bio", "billing=5000");
	dev("bio")->usage += SU;
	DONE("charged", "check");
	LIMIT("bio", "billing=5000");
	DONE("", "hold", "bio");
	DONE("", "release", "bio", "--until", "2099-01-01");
	LIMIT("bio", "billing=5000");
	DONE("bio: released", "deposit", "bio", "2");
	LIMIT("bio", "billing=734");
	nothing_to_do();
}
END_TEST

START_TEST(caps_are_shared_by_clusters_lowered_first_and_raised_when_that_was_read_back)
{
	set_settings("clusters: [dev, gpu]\nlock_seconds: 1\nenforcement: limit\n");
	(void)fake_account("gpu", "bio");
	DONE("", "check");
	LIMIT("bio", "billing=314");
	LIMIT_ON("gpu", "bio", "billing=298");
	nothing_to_do();
	/* dev has used nearly all of its share. */
	dev("bio")->usage += 17000;
	DONE("", "check");
	LIMIT_ON("gpu", "bio", "billing=156");
	LIMIT("bio", "billing=456");
	nothing_to_do();
	/* The other cluster fails to lower its limit: then none is raised. */
	fake_cluster("gpu")->deaf = true;
	dev("bio")->usage += 8500;
	GIVES(3, "charged", "does not show the new limit", "check");
	LIMIT_ON("gpu", "bio", "billing=156");
	LIMIT("bio", "billing=456");
	fake_cluster("gpu")->deaf = false;
	DONE("", "check");
	LIMIT_ON("gpu", "bio", "billing=85");
	LIMIT("bio", "billing=527");
	/* A silent cluster keeps its share. */
	fake_cluster("gpu")->silent = true;
	GIVES(3, "", "cluster 'gpu' does not answer", "deposit", "bio", "10");
	LIMIT("bio", "billing=1127");
	LIMIT_ON("gpu", "bio", "billing=85");
	/* So does one that is not asked. */
	DONE("", "deposit", "bio", "10", "-M", "dev");
	LIMIT("bio", "billing=1727");
	DONE("", "check", "-M", "dev");
	LIMIT("bio", "billing=1727");
	fake_cluster("gpu")->silent = false;
	DONE("", "check");
	LIMIT_ON("gpu", "bio", "billing=685");
	LIMIT("bio", "billing=1127");
	nothing_to_do();
	set_settings("clusters: [dev]\nlock_seconds: 1\nenforcement: hold\n");
	GIVES(3, "", "the bank set the limit GrpTRESMins=billing on gpu", "check");
	LIMIT("bio", "");
	DONE("", "check", "-M", "gpu,dev");
	LIMIT_ON("gpu", "bio", "");
	nothing_to_do();
}
END_TEST

/* Credit without a deposit is also an allowance. */
START_TEST(credit_alone_holds_and_limits)
{
	(void)dev("new");
	DONE("", "open", "new");
	DONE("", "terms", "new", "--credit", "1", "--enforce", "limit");
	LIMIT("new", "billing=58");
	dev("new")->usage = 10 * SU;
	DONE("new: held, available -9.00 SU", "check");
	ck_assert_ptr_nonnull(strstr(dev("new")->limits, "cpu=0"));
	nothing_to_do();
}
END_TEST

START_TEST(what_running_jobs_may_use_yet_is_not_given_to_the_other_cluster)
{
	set_settings("clusters: [dev, gpu]\nlock_seconds: 1\nenforcement: limit\n");
	(void)fake_account("gpu", "bio");
	DONE("", "check");
	/* dev starves, and on gpu jobs were started for most of its share. */
	dev("bio")->usage += 17000;
	fake_account("gpu", "bio")->running = 200;
	DONE("charged", "check");
	LIMIT_ON("gpu", "bio", "billing=156");
	/* 36000 - 17000 is left, of which 200 minutes and 59 seconds may go there. */
	LIMIT("bio", "billing=413");
	ck_assert_int_eq((18000 + 36000 - 17000 - (200 * 60 + 59) - 118) / 60, 413);
	nothing_to_do();
	/* A silent cluster: its running jobs of the last reading may still use their share. */
	fake_cluster("gpu")->silent = true;
	GIVES(3, "", "cluster 'gpu' does not answer", "deposit", "bio", "1");
	LIMIT("bio", "billing=473");
	ck_assert_int_eq((18000 + 36000 + 3600 - 17000 - (200 * 60 + 59) - 118) / 60, 473);
	fake_cluster("gpu")->silent = false;
	DONE("", "withdraw", "bio", "1");
	LIMIT("bio", "billing=413");
	/* They end early, and have used ten minutes. */
	fake_account("gpu", "bio")->running = 0;
	fake_account("gpu", "bio")->usage = 600;
	DONE("charged", "check");
	LIMIT_ON("gpu", "bio", "billing=161");
	LIMIT("bio", "billing=451");
	nothing_to_do();
}
END_TEST

START_TEST(shares_may_be_weighted_or_pooled)
{
	(void)fake_account("gpu", "bio");
	set_settings("clusters: [dev, gpu]\nenforcement: limit\nshares: {dev: 3, gpu: 1}\n");
	DONE("", "check");
	LIMIT("bio", "billing=464");
	LIMIT_ON("gpu", "bio", "billing=148");
	set_settings("clusters: [dev, gpu]\nenforcement: limit\nshares: {gpu: 0}\n");
	DONE("", "deposit", "bio", "1");
	/* A job there may have less than a minute to run. */
	LIMIT("bio", "billing=673");
	LIMIT_ON("gpu", "bio", "billing=0");
	set_settings("clusters: [dev, gpu]\nenforcement: limit\nshares: pooled\n");
	DONE("", "check");
	LIMIT("bio", "billing=674");
	LIMIT_ON("gpu", "bio", "billing=658");
	nothing_to_do();
}
END_TEST

START_TEST(drift_of_a_cap_is_left_or_put_right)
{
	set_settings("clusters: [dev]\nenforcement: limit\n");
	DONE("", "check");
	set_limits("dev", "bio", "billing=9999");
	GIVES(3, "", "from the bank's 614 to 9999; it is left so", "check");
	LIMIT("bio", "billing=9999");
	set_settings("clusters: [dev]\nenforcement: limit\ndrift: restore\n");
	GIVES(0, "", "from the bank's 614 to 9999; it is set again", "check");
	LIMIT("bio", "billing=614");
	nothing_to_do();
	/* Removed by hand, and `limit` ends: the site's last value stays. */
	set_limits("dev", "bio", "");
	GIVES(0, "", "from the bank's 614 to none", "check");
	LIMIT("bio", "billing=614");
	DONE("", "terms", "bio", "--enforce", "off");
	LIMIT("bio", "");
}
END_TEST

START_TEST(without_safe_a_cap_is_refused)
{
	fake_cluster("dev")->enforce = "associations,limits";
	set_settings("clusters: [dev]\nenforcement: limit\nlever: GrpJobs\n");
	REFUSED(1, "`safe`", "check");
	set_settings("clusters: [dev]\nlever: GrpJobs\n");
	GIVES(3, "terms are", "`safe`", "terms", "bio", "--enforce", "limit");
	LIMIT("bio", "");
	fake_cluster("dev")->enforce = "associations,limits,safe";
	DONE("", "check");
	LIMIT("bio", "billing=614");
}
END_TEST

/* ---- restored books ---- */

/* Older books on the same machine: limits set by newer books are not the site's. */
START_TEST(levers_of_newer_books_are_not_taken_for_the_sites)
{
	char path[96], folder[96];
	char *older;

	(void)snprintf(path, sizeof(path), "%s/older", test_folder);
	(void)snprintf(folder, sizeof(folder), "%s/restored", test_folder);
	set_settings("clusters: [dev]\nenforcement: limit\nlever: GrpJobs\n");
	set_limits("dev", "bio", "billing=5000");
	DONE("", "check");
	LIMIT("bio", "billing=614");
	older = exported();
	util_write_file(path, older, strlen(older));
	free(older);
	/* Meanwhile: another cap, and a hold. */
	DONE("", "deposit", "bio", "10");
	DONE("", "hold", "bio");
	LIMIT("bio", "billing=1214");
	ck_assert_int_eq(dev("bio")->grp_jobs, 0);
	ck_assert_int_eq(setenv("SUBANK_BANK", folder, 1), 0);
	GIVES(0, "restored", "adopt", "import", path);
	/* Nothing happens before it is adopted. */
	GIVES(3, "", "subank adopt", "check");
	LIMIT("bio", "billing=1214");
	GIVES(1, "", "choose --bank-holds", "adopt");
	GIVES(3, "", "subank adopt", "check");
	DONE("bio on dev: its limit GrpJobs=0 is the bank's", "adopt", "--bank-holds");
	DONE("", "check");
	LIMIT("bio", "billing=614");
	ck_assert_int_eq(dev("bio")->grp_jobs, -1);
	DONE("", "terms", "bio", "--enforce", "hold");
	LIMIT("bio", "billing=5000");
	nothing_to_do();
	DONE("all is well", "verify");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs: terms");
	TCase *terms = tcase_create("terms"), *levers = tcase_create("levers");
	TCase *caps = tcase_create("caps");
	TCase *all[] = {terms, levers, caps};

	for (size_t i = 0; i < COUNT(all); i++) {
		tcase_set_timeout(all[i], TEST_TIMEOUT);
		tcase_add_checked_fixture(all[i], setup, drive_teardown);
		suite_add_tcase(suite, all[i]);
	}
	tcase_add_test(terms, terms_that_make_no_sense_are_refused);
	tcase_add_test(terms, people_are_terms_in_an_entry_of_their_own);
	tcase_add_test(terms, terms_are_shown_and_what_is_not_named_stays);
	tcase_add_test(terms, terms_of_all_accounts_are_a_table);
	tcase_add_test(terms, the_table_of_terms_fits_a_terminal);
	tcase_add_test(terms, thresholds_of_an_account_are_crossed);
	tcase_add_test(terms, the_same_terms_with_a_ref_are_entered_once);
	tcase_add_test(terms, an_unlimited_account_says_so_in_every_form);
	tcase_add_test(terms, predecessor_13_and_14_unlimited_is_no_number);
	tcase_add_test(terms, credit_and_enforcement_take_effect_at_once);
	tcase_add_test(levers, a_lever_that_cannot_be_read_is_not_changed_blindly);
	tcase_add_test(levers, predecessor_04_a_hidden_lever_that_slurm_did_not_take_is_no_hold);
	tcase_add_test(levers, a_lever_that_does_not_kill_needs_no_safe);
	tcase_add_test(levers, predecessor_08_every_lever_gives_the_sites_own_value_back);
	tcase_add_test(levers, a_lever_that_sshare_does_not_show_costs_few_calls);
	tcase_add_test(levers, predecessor_34_a_hundred_accounts_are_held_by_one_call);
	tcase_add_test(caps, without_safe_a_cap_is_refused);
	tcase_add_test(caps, a_cap_follows_every_movement_of_money);
	tcase_add_test(caps, a_cap_without_funds_holds_too_and_a_grace_lifts_both);
	tcase_add_test(
		caps, caps_are_shared_by_clusters_lowered_first_and_raised_when_that_was_read_back);
	tcase_add_test(caps, credit_alone_holds_and_limits);
	tcase_add_test(caps, what_running_jobs_may_use_yet_is_not_given_to_the_other_cluster);
	tcase_add_test(caps, shares_may_be_weighted_or_pooled);
	tcase_add_test(caps, drift_of_a_cap_is_left_or_put_right);
	tcase_add_test(caps, levers_of_newer_books_are_not_taken_for_the_sites);
	return util_run(suite);
}
