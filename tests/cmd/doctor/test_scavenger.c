/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What doctor says about the scavenger QOS of `enforcement: scavenge`. That Slurm does as it says
 * is proven in tests/slurm/scavenge.test.bash. */
#include "cmd/subank.h"
#include "tests/drive.h"

#define SETTINGS "clusters: [dev]\nscavenger_qos: scav\n"
#define SCAVENGE SETTINGS "enforcement: scavenge\n"
#define NORMAL "normal|||||1.000000|\n"
#define ROOM "cpu=1000000000000000"

static void setup(void)
{
	drive_setup();
	(void)fake_account("dev", "bio");
	(void)fake_account("dev", "chem");
	set_settings(SCAVENGE);
	fake_qos = NORMAL "scav|" ROOM "||||0.000000|\n";
	DONE("", "open", "bio", "10");
	DONE("", "open", "chem", "10");
	DONE("", "check");
}

/* Checks that doctor has a row that begins so, as -P prints it. */
static void row(int line, const char *text)
{
	char whole[1024];

	(void)snprintf(whole, sizeof(whole), "\n%s", text);
	RUN("doctor", "-P");
	ck_assert_msg(strstr(out, whole) != NULL, "line %d: no row '%s' in %s%s", line, text, out,
		      err);
}
#define ROW(text) row(__LINE__, text)
#define NO_ROW(text)                                                                               \
	do {                                                                                       \
		RUN("doctor", "-P");                                                               \
		ck_assert_msg(strstr(out, text) == NULL, "'%s' is in %s", text, out);              \
	} while (0)

START_TEST(without_the_setting_nothing_is_said)
{
	set_settings("clusters: [dev]\n");
	NO_ROW("scavenge");
	NO_ROW("lack the QOS");
	NO_ROW("NoReserve");
	/* Its QOS is a hole like any other. */
	ROW("QOS's own limit|scav|bad|GrpTRESMins=" ROOM "|");
}
END_TEST

START_TEST(a_qos_that_does_what_it_must_is_fine)
{
	char *before = exported();

	ROW("scavenger QOS|scav|ok|passes GrpTRESMins=cpu|\n");
	ck_assert_int_eq(status, 0);
	ROW("scavenger's UsageFactor|scav|info|0.000000|its jobs cost nothing\n");
	ROW("accounts lack the QOS|dev|ok|none of 2|\n");
	ROW("QOS's own limit|slurmdbd|ok|none on GrpTRESMins=cpu among 2|\n");
	NO_ROW("not under scavenge");
	NO_ROW("partitions refuse it");
	NO_ROW("scavenger's limits");
	UNCHANGED(before);
	/* Others are holes. */
	fake_qos = NORMAL "scav|" ROOM "||||0.000000|\nmore|" ROOM "||||0.000000|\n";
	ROW("QOS's own limit|more|bad|GrpTRESMins=" ROOM "|");
	NO_ROW("QOS's own limit|scav|");
}
END_TEST

START_TEST(a_missing_qos_is_made_by_one_line)
{
	fake_qos = NORMAL;
	ROW("scavenger QOS|scav|bad|not in Slurm|no job can use it yet: sacctmgr -i add qos scav "
	    "set "
	    "UsageFactor=0 GrpTRESMins=" ROOM "\n");
	ck_assert_int_eq(status, 3);
	NO_ROW("lack the QOS");
	/* All that holds use: levers of accounts, budgets, and shares of users (cpu). */
	DONE("", "terms", "bio", "--lever", "GrpTRESRunMins=node");
	DONE("", "terms", "chem", "--lever", "GrpSubmitJobs");
	DONE("", "open", "bio", "1", "--resource", "gres/gpu:a100", "--later");
	ROW("scavenger QOS|scav|bad|not in Slurm|no job can use it yet: sacctmgr -i add qos scav "
	    "set "
	    "UsageFactor=0 GrpTRESMins=" ROOM ",gres/gpu=1000000000000000 "
	    "GrpTRESRunMins=node=1000000000000000 GrpSubmitJobs=1000000\n");
	/* Storage holds no job; an account under another rule needs nothing. */
	DONE("", "open", "bio", "1", "--resource", "storage");
	DONE("", "terms", "chem", "--enforce", "hold");
	ROW("scavenger QOS|scav|bad|not in Slurm|no job can use it yet: sacctmgr -i add qos scav "
	    "set "
	    "UsageFactor=0 GrpTRESMins=" ROOM ",gres/gpu=1000000000000000 "
	    "GrpTRESRunMins=node=1000000000000000\n");
	/* An account under scavenge alone, with a lever of its own: not the site's. */
	set_settings(SETTINGS);
	DONE("", "terms", "bio", "--enforce", "scavenge");
	ROW("scavenger QOS|scav|bad|not in Slurm|no job can use it yet: sacctmgr -i add qos scav "
	    "set "
	    "UsageFactor=0 GrpTRESRunMins=node=1000000000000000 "
	    "GrpTRESMins=gres/gpu=1000000000000000\n");
	DONE("", "open", "chem", "1", "--resource", "gres/gpu");
	ROW("passed by scavengers|the bank|warn|1: chem:gres/gpu|");
}
END_TEST

START_TEST(a_share_of_a_user_needs_cpu)
{
	DONE("", "terms", "bio", "--lever", "GrpTRESMins=node");
	DONE("", "terms", "chem", "--lever", "GrpTRESMins=node");
	set_settings(SCAVENGE "lever: GrpTRESMins=node\n");
	fake_qos = NORMAL "scav|node=1000000000000000||||0.000000|\n";
	ROW("scavenger QOS|scav|ok|passes GrpTRESMins=node|\n");
	(void)fake_member("dev", "bio", "ann");
	RUN("share", "bio", "ann", "1");
	ROW("scavenger QOS|scav|bad|GrpTRESMins=cpu: none|");
	check_has(__FILE__, __LINE__, "the output", out,
		  ": sacctmgr -i modify qos scav set GrpTRESMins=" ROOM "\n");
}
END_TEST

/* sacctmgr prints MB-minutes with units. */
START_TEST(mem_needs_more_room)
{
	static const char *const enough[] = {"976562500000000G", "1000000000000000000M",
					     "953674316407T", "931322575P", "9000000000000000000P"},
				 *const less[] = {"976562499999999G",
						  "999999999999999999M",
						  "953674316406T",
						  "931322574P",
						  "x",
						  "1K",
						  "1000000000000000"};
	char rows[256];

	set_settings(SCAVENGE "lever: GrpTRESMins=mem\n");
	for (size_t i = 0; i < COUNT(enough); i++) {
		(void)snprintf(rows, sizeof(rows), "%sscav|cpu=5,mem=%s,node=5||||0.0|\n", NORMAL,
			       enough[i]);
		fake_qos = rows;
		ROW("scavenger QOS|scav|ok|passes GrpTRESMins=mem|\n");
	}
	for (size_t i = 0; i < COUNT(less); i++) {
		(void)snprintf(rows, sizeof(rows), "%sscav|cpu=5,mem=%s||||0.0|\n", NORMAL,
			       less[i]);
		fake_qos = rows;
		ROW("scavenger QOS|scav|bad|GrpTRESMins=mem=");
		check_has(__FILE__, __LINE__, "the output", out,
			  ": sacctmgr -i modify qos scav set "
			  "GrpTRESMins=mem=1000000000000000000\n");
	}
	/* Another TRES beside it is read all the same. */
	set_settings(SCAVENGE);
	fake_qos = NORMAL "scav|mem=5000M," ROOM "||||0.000000|\n";
	ROW("scavenger QOS|scav|ok|passes GrpTRESMins=cpu|\n");
}
END_TEST

/* Rows of the QOS, and what is wrong with it: NULL is nothing. The minutes must be 10^15. */
static const struct {
	const char *qos, *found, *line;
} flawed[] = {
	{"scav|" ROOM "||||0.000000|\n", NULL, NULL},
	{"scav|cpu=1000000000000001||||1.000000|\n", NULL, NULL},
	{"scav|cpu=999999999999999||||0.000000|\n", "GrpTRESMins=cpu=999999999999999",
	 "GrpTRESMins=" ROOM},
	{"scav|||||0.000000|\n", "GrpTRESMins=cpu: none", "GrpTRESMins=" ROOM},
	{"scav|gres/gpu=7||||0.000000|\n", "GrpTRESMins=cpu: none", "GrpTRESMins=" ROOM},
	{"scav|" ROOM "||0||0.000000|\n", "GrpJobs=0", "GrpJobs=-1"},
	{"scav|" ROOM "||500||0.000000|\n", "GrpJobs=500", "GrpJobs=-1"},
	{"scav|cpu=7||500||0.000000|\n", "GrpTRESMins=cpu=7, GrpJobs=500",
	 "GrpTRESMins=" ROOM " GrpJobs=-1"},
	/* Neither holds nor stops. */
	{"scav|" ROOM ",mem=5|cpu=9||3|0.000000|\n", NULL, NULL},
};

START_TEST(a_flawed_qos_is_mended_by_one_line)
{
	char rows[256], text[512];

	(void)snprintf(rows, sizeof(rows), "%s%s", NORMAL, flawed[_i].qos);
	fake_qos = rows;
	if (!flawed[_i].found) {
		ROW("scavenger QOS|scav|ok|passes GrpTRESMins=cpu|\n");
		ck_assert_int_eq(status, 0);
		return;
	}
	(void)snprintf(text, sizeof(text), "scavenger QOS|scav|bad|%s|", flawed[_i].found);
	ROW(text);
	ck_assert_int_eq(status, 3);
	(void)snprintf(text, sizeof(text), "(GrpJobs): sacctmgr -i modify qos scav set %s\n",
		       flawed[_i].line);
	check_has(__FILE__, __LINE__, "the output", out, text);
}
END_TEST

START_TEST(under_grpjobs_the_stop_is_another_limit)
{
	set_settings(SCAVENGE "lever: GrpJobs\n");
	fake_qos = NORMAL "scav|||1||0.000000|\n";
	ROW("scavenger QOS|scav|ok|passes GrpJobs|\n");
	fake_qos = NORMAL "scav|||0||0.000000|\n";
	ROW("scavenger QOS|scav|bad|GrpJobs=0|");
	fake_qos = NORMAL "scav|" ROOM ",mem=4||||0.000000|\n";
	ROW("scavenger QOS|scav|bad|GrpJobs: none, GrpTRESMins=" ROOM "|");
	check_has(__FILE__, __LINE__, "the output", out,
		  "(GrpTRESMins=cpu): sacctmgr -i modify qos scav set GrpJobs=1000000 "
		  "GrpTRESMins=cpu=-1\n");
	NO_ROW("what stops scavenging");
	/* An account with that as its own lever is held instead. */
	DONE("", "terms", "bio", "--lever", "GrpTRESMins=cpu");
	ROW("cannot scavenge|the bank|warn|1: bio|");
	ROW("not under scavenge|the bank|info|1: bio|when such an account is held, "
	    "GrpTRESMins=cpu=0 "
	    "is set too");
	ROW("scavenger QOS|scav|bad|GrpJobs: none, GrpTRESMins=" ROOM "|");
	DONE("", "terms", "bio", "--lever", "site");
	NO_ROW("cannot scavenge");
	/* What stops accounts is passed for a budget. */
	DONE("", "open", "chem", "1", "--resource", "cpu", "--later");
	fake_qos = NORMAL "scav|" ROOM "||9||0.000000|\n";
	ROW("what stops scavenging|scav|bad|GrpTRESMins=cpu|");
	ROW("scavenger QOS|scav|ok|passes GrpJobs, GrpTRESMins=cpu|\n");
	set_settings(SCAVENGE);
	DONE("", "terms", "bio", "--lever", "GrpJobs");
	ROW("cannot scavenge|the bank|warn|1: bio|");
}
END_TEST

START_TEST(what_its_jobs_cost_and_may_ask_for_is_said)
{
	set_settings(SCAVENGE "stop_at: 125%\n");
	ROW("scavenger's UsageFactor|scav|info|0.000000|its jobs cost nothing, so they do not move "
	    "their account towards `stop_at`\n");
	fake_qos = NORMAL "scav|" ROOM "||||0.500000|UsageFactorSafe\n";
	ROW("scavenger's UsageFactor|scav|info|0.500000|its jobs are charged by this factor: debt "
	    "grows until `stop_at` stops them\n");
	ROW("UsageFactorSafe|scav|info|UsageFactor 0.500000|jobs whose minutes x factor are below "
	    "1 "
	    "pass ");
	set_settings(SCAVENGE);
	fake_qos = NORMAL "scav|" ROOM "||||1.000000|UsageFactorSafe\n";
	ROW("scavenger's UsageFactor|scav|info|1.000000|its jobs are charged by this factor, and "
	    "debt grows without end: ");
	NO_ROW("UsageFactorSafe|");
	fake_qos = NORMAL "scav|" ROOM "||||0.000000|UsageFactorSafe,DenyOnLimit\n";
	ROW("UsageFactorSafe|scav|info|UsageFactor 0.000000|its jobs pass all limits in minutes");
	ck_assert_int_eq(status, 0);
	fake_bounds = "01:00:00||||||cpu=8|";
	ROW("scavenger's limits|scav|info|MaxWall=01:00:00, GrpTRES=cpu=8|jobs that ask for more "
	    "are "
	    "refused (DenyOnLimit)\n");
	fake_qos = NORMAL "scav|" ROOM "||||0.000000|\n";
	ROW("scavenger's limits|scav|info|MaxWall=01:00:00, GrpTRES=cpu=8|jobs that ask for more "
	    "wait for ever");
}
END_TEST

START_TEST(noreserve_needs_preemption)
{
	ROW("NoReserve|dev|info|not set on scav|");
	fake_qos = NORMAL "scav|" ROOM "||||0.000000|NoReserve\n";
	ROW("NoReserve|dev|warn|set on scav, PreemptType is preempt/none|its jobs start on nodes "
	    "that "
	    "larger jobs wait for");
	fake_cluster("dev")->preempt_type = "preempt/qos";
	ROW("NoReserve|dev|ok|set on scav, and it can be preempted|\n");
}
END_TEST

START_TEST(associations_that_lack_it_get_it_by_one_line)
{
	fake_account("dev", "bio")->qos = "normal,scavenger";
	ROW("accounts lack the QOS|dev|warn|1: bio|their QOS list, or that of an account above "
	    "them, lacks it: sacctmgr -i "
	    "modify account where account=bio cluster=dev set qos+=scav\n");
	ck_assert_int_eq(status, 0);
	/* Users of an account that lacks it are not named too. */
	NO_ROW("users lack the QOS");
	fake_account("dev", "chem")->user_qos = "";
	ROW("users lack the QOS|dev|warn|1: someone in chem|their QOS list, or that of an account "
	    "above them, lacks it: "
	    "sacctmgr -i modify user where user=someone account=chem cluster=dev set qos+=scav\n");
	ROW("accounts lack the QOS|dev|warn|1: bio|");
	/* Accounts that are not under scavenge do not matter. */
	DONE("", "terms", "bio", "--enforce", "warn");
	DONE("", "terms", "chem", "--enforce", "hold");
	ROW("accounts lack the QOS|dev|ok|none of 0|\n");
	ROW("not under scavenge|the bank|info|2: bio, chem|when such an account is held, GrpJobs=0 "
	    "is set too: otherwise its jobs in QOS scav would start\n");
	fake_cluster("dev")->root_qos = "normal";
	ROW("accounts lack the QOS|dev|bad|root, and all that have its list|no account inherits "
	    "it: "
	    "sacctmgr -i modify account root cluster=dev set qos+=scav; then scontrol "
	    "reconfigure, ");
	ck_assert_int_eq(status, 3);
	/* Slurm then lets every user use every QOS (measured). */
	fake_cluster("dev")->enforce = "limits,safe";
	ROW("accounts lack the QOS|dev|info|lists not enforced|");
	fake_cluster("dev")->enforce = "associations,limits,qos,safe";
	fake_show_mode = FAKE_FAILS;
	NO_ROW("accounts lack the QOS|dev|ok|");
}
END_TEST

START_TEST(many_accounts_make_one_line_of_twenty)
{
	char name[8];

	for (int i = 10; i < 33; i++) {
		(void)snprintf(name, sizeof(name), "a%d", i);
		fake_account("dev", name)->qos = "normal";
		DONE("", "open", name, "1");
	}
	ROW("accounts lack the QOS|dev|warn|23: a10, a11, a12, a13, a14, a15, a16, a17, a18, a19 "
	    "and "
	    "13 more|their QOS list, or that of an account above them, lacks it: sacctmgr -i "
	    "modify account where "
	    "account=a10,a11,a12,a13,a14,a15,a16,a17,a18,a19,a20,a21,a22,a23,a24,a25,a26,a27,a28,"
	    "a29 cluster=dev set qos+=scav; then run doctor again for the others\n");
}
END_TEST

START_TEST(partitions_that_refuse_or_free_its_jobs_are_named)
{
	fake_qos = NORMAL "scav|" ROOM "||||0.000000|\nfew|||9||1.000000|\nlong|||||1.000000|\n";
	fake_cluster("dev")->partitions =
		"PartitionName=a AllowQos=ALL QoS=N/A TRESBillingWeights=CPU=1.0\n"
		"PartitionName=b AllowQos=normal,scav QoS=long TRESBillingWeights=CPU=1.0\n"
		"PartitionName=c AllowQos=normal,scavenger QoS=few TRESBillingWeights=CPU=1.0\n"
		"PartitionName=d DenyQos=scav QoS=few TRESBillingWeights=CPU=1.0\n"
		"PartitionName=e DenyQos=long QoS=few TRESBillingWeights=CPU=1.0\n";
	ROW("partitions refuse it|dev|info|2: c, d|");
	ROW("what stops scavenging|dev|bad|e, few: GrpJobs=9|the partition's QOS 'few' sets "
	    "GrpJobs, "
	    "so there nothing stops jobs in QOS scav, not even a hold by hand: ");
	NO_ROW("bad|b, ");
	NO_ROW("bad|c, ");
	NO_ROW("bad|d, ");
	fake_cluster("dev")->partitions =
		"PartitionName=d DenyQos=scav QoS=few TRESBillingWeights=CPU=1.0\n";
	ROW("partitions refuse it|dev|warn|1: d|");
}
END_TEST

START_TEST(a_setting_that_nothing_uses_is_found)
{
	set_settings(SETTINGS);
	ROW("scavenger_qos|the settings|warn|scav|nothing uses it: set `enforcement: scavenge`");
	NO_ROW("not under scavenge");
	/* The QOS can be made before. */
	ROW("scavenger QOS|scav|ok|passes GrpTRESMins=cpu|\n");
	DONE("", "terms", "bio", "--enforce", "scavenge");
	NO_ROW("scavenger_qos|the settings|warn|");
	ROW("not under scavenge|the bank|info|1: chem|");
	DONE("", "terms", "bio", "--enforce", "site");
	set_settings(SCAVENGE);
	NO_ROW("scavenger_qos|the settings|warn|");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scavenger");
	TCase *tcase = tcase_create("scavenger");

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_test(tcase, without_the_setting_nothing_is_said);
	tcase_add_loop_test(tcase, a_flawed_qos_is_mended_by_one_line, 0, COUNT(flawed));
	tcase_add_test(tcase, a_missing_qos_is_made_by_one_line);
	tcase_add_test(tcase, mem_needs_more_room);
	tcase_add_test(tcase, a_share_of_a_user_needs_cpu);
	tcase_add_test(tcase, under_grpjobs_the_stop_is_another_limit);
	tcase_add_test(tcase, what_its_jobs_cost_and_may_ask_for_is_said);
	tcase_add_test(tcase, noreserve_needs_preemption);
	tcase_add_test(tcase, associations_that_lack_it_get_it_by_one_line);
	tcase_add_test(tcase, many_accounts_make_one_line_of_twenty);
	tcase_add_test(tcase, partitions_that_refuse_or_free_its_jobs_are_named);
	tcase_add_test(tcase, a_setting_that_nothing_uses_is_found);
	tcase_add_test(tcase, a_qos_that_does_what_it_must_is_fine);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
