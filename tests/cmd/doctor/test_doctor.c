/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What check, doctor and verify report about the bank and Slurm, driven in this process. */
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cmd/subank.h"
#include "tests/drive.h"

static void setup(void)
{
	drive_setup();
	(void)fake_account("dev", "bio");
	(void)fake_account("dev", "chem");
	DONE("", "open", "bio", "10");
}

/* ---- accounts that the bank lacks ---- */

static struct fake_account *below(const char *parent, const char *name, int64_t usage)
{
	struct fake_account *account = fake_account("dev", name);

	(void)snprintf(account->parent, sizeof(account->parent), "%s", parent);
	account->usage = usage;
	return account;
}

START_TEST(an_account_that_does_not_belong_cannot_be_opened)
{
	REFUSED(1, "root stands for the whole cluster", "open", "root", "1");
	REFUSED(1, "`accounts:`", "open", "ROOT");
	set_settings("clusters: [dev]\naccounts: [proj*, chem]\n");
	REFUSED(1, "no pattern of `accounts:` in the settings matches it", "open", "phys", "1");
	REFUSED(1, "`accounts:`", "open", "phys", "--later");
	(void)fake_account("dev", "project");
	DONE("opened project", "open", "project", "1");
	DONE("opened chem", "open", "Chem", "1");
	/* An account in the bank stays there. */
	DONE("", "deposit", "bio", "1");
	DONE("", "check");
}
END_TEST

START_TEST(a_check_reports_accounts_that_the_bank_lacks)
{
	DONE("", "check");
	ck_assert_str_eq(out, "");
	fake_account("dev", "chem")->usage = 1;
	DONE("1 account has used something and is not in the bank: chem (subank open)\n", "check");
	(void)below("", "art", 7);
	DONE("2 accounts have used something and are not in the bank: art, chem (subank open)\n",
	     "check");
	GIVES(0, "art, chem", "dry run", "check", "--dry-run");
	DONE("", "check", "--quiet");
	ck_assert_str_eq(out, "");
	/* Only a check of everything finds accounts that are missing. */
	DONE("", "check", "bio");
	ck_assert_str_eq(out, "");
	DONE("", "check", "-M", "dev");
	ck_assert_str_eq(out, "");
	DONE("", "open", "chem", "1");
	DONE("1 account has used something and is not in the bank: art (subank open)\n", "check");
	set_settings("clusters: [dev]\naccounts: [chem, bio]\n");
	DONE("", "check");
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(what_is_inside_a_budget_is_not_lacking)
{
	/* bio is in the bank; faculty only groups others. */
	(void)below("bio", "genes", 50);
	(void)below("genes", "mice", 50);
	(void)below("", "faculty", 90);
	(void)below("faculty", "maths", 90);
	DONE("1 account has used something and is not in the bank: maths (", "check");
	fake_account("dev", "faculty")->usage = 100;
	DONE("2 accounts have used something and are not in the bank: faculty, maths (", "check");
	/* In the bank, but not on that cluster. */
	set_settings("clusters: [dev, gpu]\n");
	fake_account("gpu", "mice")->usage = 1;
	fake_account("gpu", "maths")->usage = 1;
	fake_account("gpu", "bio")->usage = 1;
	DONE("3 accounts have used something and are not in the bank: faculty, maths, mice (",
	     "check");
	fake_cluster("gpu")->silent = true;
	GIVES(3, "faculty, maths (", "cluster 'gpu' does not answer", "check");
}
END_TEST

/* Nothing is charged for these accounts: no account of the bank is above them. */
START_TEST(a_check_reports_accounts_that_no_bank_can_have)
{
	(void)below("", "a b", 5);
	(void)below("", "idle|", 0);
	(void)below("bio", "c|d", 7);
	DONE("1 account has used something, and no bank can have an account of such a name: a b "
	     "(see "
	     "subank(7))\n",
	     "check");
	GIVES(0, "used, no bank can have it|Slurm|info|1: a b|", NULL, "doctor", "-P");
	ck_assert_ptr_nonnull(strstr(out, "\nnames no bank can have|dev|info|3: a b, c/d, idle/|"));
	DONE("and no bank can have an account of such a name: a b (", "check");
	ck_assert_ptr_null(strstr(out, "its use counts"));
}
END_TEST

START_TEST(at_most_ten_are_named)
{
	for (int i = 10; i < 23; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "a%d", i);
		(void)below("", name, 1);
	}
	DONE("13 accounts have used something and are not in the bank: a10, a11, a12, a13, a14, "
	     "a15, a16, a17, a18, a19 and 3 more (subank open)\n",
	     "check");
}
END_TEST

/* ---- doctor ---- */

/* Returns doctor's row of a check about [where], as -P prints it. */
static void row(const char *file, int line, const char *text)
{
	char whole[512];

	(void)snprintf(whole, sizeof(whole), "\n%s", text);
	RUN("doctor", "-P");
	ck_assert_msg(strstr(out, whole) != NULL, "%s:%d: no row '%s' in %s%s", file, line, text,
		      out, err);
}
#define ROW(text) row(__FILE__, __LINE__, text)
#define NO_ROW(text)                                                                               \
	do {                                                                                       \
		RUN("doctor", "-P");                                                               \
		ck_assert_msg(strstr(out, text) == NULL, "'%s' is in %s", text, out);              \
	} while (0)

/* Everything is as it should be. */
static void setup_healthy(void)
{
	char path[128];

	setup();
	/* Independent of the umask. */
	(void)snprintf(path, sizeof(path), "%s/settings", test_folder);
	ck_assert_int_eq(chmod(path, 0640), 0);
	DONE("", "check");
}

/* No line of the output is longer than the terminal's. */
static void fits(void)
{
	for (const char *line = out, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		ck_assert_ptr_nonnull(end);
		/* The test's folder has a longer name than a bank's. */
		ck_assert_msg(end - line <= 80 || memmem(line, (size_t)(end - line), test_folder,
							 strlen(test_folder)),
			      "%s", line);
	}
}

START_TEST(all_is_well)
{
	char *before = exported();
	int modified = fake_modifies;

	DONE("\nLeft to do: nothing, all is well\n", "doctor");
	ck_assert_ptr_null(strstr(out, " bad "));
	ck_assert_ptr_null(strstr(out, " warn "));
	fits();
	UNCHANGED(before);
	ck_assert_int_eq(fake_modifies, modified);
	ROW("PriorityType|dev|ok|priority/multifactor|");
	ROW("AccountingStorageEnforce|dev|ok|associations,limits,qos,safe|");
	ROW("PriorityCalcPeriod|dev|info|300 seconds|");
	ROW("TRESBillingWeights|dev|ok|whole in all partitions: 1|");
	ROW("sshare|this machine|ok|slurm-wlm 22.05.8 (sshare)|");
	ROW("sacctmgr|this machine|ok|slurm-wlm 22.05.8 (sacctmgr)|");
	ROW("scontrol|this machine|ok|slurm-wlm 22.05.8 (scontrol)|");
	ROW("sacct|this machine|ok|slurm-wlm 22.05.8 (sacct)|");
	ROW("squeue|this machine|ok|slurm-wlm 22.05.8 (squeue)|");
	ROW("runaway jobs|dev|ok|none|");
	ROW("QOS's own limit|slurmdbd|ok|none on GrpTRESMins=cpu among 1|");
	ROW("who commands Slurm|the bank|ok|this machine and folder|");
	ROW("limits set in Slurm|the bank|ok|0 in force, 0 pending, 0 failed|");
	DONE("\"verdict\": \"ok\"", "doctor", "--json");
	ck_assert_ptr_null(strstr(out, "Left to do"));
	DONE("Verdict\nok\n", "doctor", "-P", "-o", "Verdict");
	GIVES(2, NULL, "leave --accounts out", "doctor", "-A", "bio");
}
END_TEST

START_TEST(without_a_bank_it_advises_what_to_do_first)
{
	GIVES(3, "none in /nonexistent/bank\n", NULL, "doctor", "-b", "/nonexistent/bank");
	ck_assert_ptr_nonnull(strstr(out, "22.05.8"));
	ck_assert_ptr_nonnull(strstr(out, "\nLeft to do:\n 1. bank, this machine: "));
	ck_assert_ptr_null(strstr(out, "\n 2. "));
	/* The folder does not exist either. */
	GIVES(3, "cannot open /dev/null", NULL, "doctor", "-P", "-b", "/dev/null");
}
END_TEST

START_TEST(without_slurm_it_reports_that)
{
	for (int i = 0; i < FAKE_PROGRAMS; i++)
		fake_mode[i] = FAKE_MISSING;
	ROW("sshare|this machine|bad|cannot be run|sshare: No such file or directory (`sshare: "
	    "PATH`)");
	ROW("sacctmgr|this machine|bad|cannot be run|");
	ROW("scontrol|this machine|bad|cannot be run|");
	ROW("sacct|this machine|bad|cannot be run|sacct: No such file or directory (`sacct: "
	    "PATH`)");
	ROW("squeue|this machine|bad|cannot be run|squeue: No such file or directory (`squeue: "
	    "PATH`)");
	ROW("clusters|Slurm|bad|not inspected|");
	ck_assert_int_eq(status, 3);
	GIVES(3, " 6. clusters, Slurm: ", NULL, "doctor");
	fake_reset();
	fake_cluster("dev")->silent = true;
	ROW("cluster|dev|bad|does not answer|scontrol failed");
	set_settings("lock_seconds: 1\n");
	ROW("cluster|the local one|bad|does not answer|");
	fake_cluster("dev")->silent = false;
	ROW("usage|dev|ok|of 1 accounts|");
	fake_mode[FAKE_SACCTMGR] = FAKE_FAILS;
	ROW("sacctmgr|this machine|bad|cannot be run|");
	NO_ROW("QOS's");
}
END_TEST

static void begin_job(enum fake_program program)
{
	if (program == FAKE_SACCT)
		fake_add_job("dev", (struct fake_job){.id = 11,
						      .start = clock_now / WHEN_SECOND,
						      .runs = true});
}

/* Jobs that wait, have ended or are known are not runaway; nor is one that began after squeue
 * answered. */
START_TEST(runaway_jobs_are_named)
{
	const int64_t now = clock_now / WHEN_SECOND;

	fake_add_job("dev", (struct fake_job){.id = 6, .submit = now - 90});
	fake_add_job("dev", (struct fake_job){.id = 7, .start = now - 90, .ran = 60});
	fake_add_job("dev", (struct fake_job){.id = 8, .start = now - 90, .runs = true});
	fake_add_job("dev",
		     (struct fake_job){.id = 9, .name = "4_2", .start = now - 90, .runs = true});
	fake_add_job("dev", (struct fake_job){.id = 10, .start = now - 90, .runs = true});
	ROW("runaway jobs|dev|ok|none|");
	fake_cluster("dev")->runaway = "6,7,10,9,11";
	fake_hook = begin_job;
	ROW("runaway jobs|dev|warn|2: dev/4_2, dev/10|");
	fake_hook = NULL;
	GIVES(0, "sacctmgr show runawayjobs", NULL, "doctor");
	fake_mode[FAKE_SQUEUE] = FAKE_FAILS;
	ROW("runaway jobs|dev|bad|not read|squeue failed");
	fake_mode[FAKE_SQUEUE] = FAKE_OK;
	fake_mode[FAKE_SACCT] = FAKE_MALFORMED;
	ROW("runaway jobs|dev|bad|not read|sacct");
}
END_TEST

START_TEST(rows_that_are_left_out_are_shown)
{
	struct fake_account *bio = fake_account("dev", "bio");

	NO_ROW("rows left out");
	(void)snprintf(bio->raw_usage, sizeof(bio->raw_usage), "nan");
	(void)snprintf(bio->limits, sizeof(bio->limits), "cpu");
	ROW("rows left out|dev|bad|2 of sshare|line 5: RawUsage of bio is \"nan\"; what ");
	ck_assert_int_eq(status, 3);
	bio->raw_usage[0] = bio->limits[0] = '\0';
	fake_cluster("dev")->partitions = "PartitionName=main State=UP TRESBillingWeights=CPU=1.0\n"
					  "<html>\n";
	ROW("rows left out|dev|bad|1 of scontrol|line 2: PartitionName is \"<html>\"; ");
	fake_qos = "normal|||||1.000000\nq1|||x||1.000000\n";
	ROW("rows left out|QOS|bad|1 of sacctmgr|line 3: GrpJobs of q1 is \"x\"; ");
}
END_TEST

START_TEST(what_a_check_refuses_is_shown)
{
	struct fake_cluster *cluster = fake_cluster("dev");
	static const char *const rows[] = {
		"Slurm's version|dev|bad|21.08.8|subank needs Slurm 22.05 or newer",
		"PriorityType|dev|bad|priority/basic|usage is counted only with",
		"decay of usage|dev|bad|half life 7-00:00:00, reset NONE|usage shrinks by itself",
		"decay of usage|dev|bad|half life 00:00:00, reset DAILY|usage shrinks by itself",
		"AccountingStorageEnforce|dev|bad|associations|limits are not enforced",
		"AccountingStorageEnforce|dev|bad|limits,qos|a hold would kill running jobs",
	};

	switch (_i) {
	case 0:
		cluster->version = "21.08.8";
		break;
	case 1:
		cluster->priority_type = "priority/basic";
		break;
	case 2:
		cluster->half_life = "7-00:00:00";
		break;
	case 3:
		cluster->reset = "DAILY";
		break;
	case 4:
		cluster->enforce = "associations";
		break;
	default:
		cluster->enforce = "limits,qos";
	}
	ROW(rows[_i]);
	ck_assert_int_eq(status, 3);
	/* The check warns in the same words. */
	REFUSED(1, strrchr(rows[_i], '|') + 1, "check");
}
END_TEST

START_TEST(predecessor_10_a_qos_that_lets_jobs_past_a_hold_is_reported)
{
	fake_qos = "normal|||||1.000000\n"
		   "fast|cpu=1000||||1.000000\n"
		   "other|gres/gpu=7,billing=3|cpu=9|1|2|1.000000\n"
		   "zero|mem=1,cpu=0||||1.000000\n";
	ROW("QOS's own limit|fast|bad|GrpTRESMins=cpu=1000|its jobs follow its own limit and so "
	    "get past the bank's: sacctmgr modify qos 'fast' set GrpTRESMins=cpu=-1\n");
	ck_assert_int_eq(status, 3);
	ROW("QOS's own limit|zero|bad|GrpTRESMins=cpu=0|");
	NO_ROW("|other|");
	NO_ROW("|normal|");
	GIVES(3, "QOS's own limit, fast: ", NULL, "doctor");
}
END_TEST

/* Measured on a real Slurm: tests/slurm/doctor.test.bash. */
START_TEST(factors_that_pass_a_hold_are_named)
{
	fake_qos = "normal|||||1.000000|UsageFactorSafe\n"
		   "free|||||0.000000|DenyOnLimit,UsageFactorSafe\n"
		   "cheap|||||0.500000|UsageFactorSafe\n"
		   "dear|||||2.000000|UsageFactorSafe\n"
		   "gratis|||||0.000000|DenyOnLimit\n";
	ROW("UsageFactorSafe|free|bad|UsageFactor 0.000000|its jobs start while GrpTRESMins=cpu "
	    "holds their account: sacctmgr modify qos 'free' set Flags-=UsageFactorSafe, or let "
	    "GrpJobs hold (`lever: GrpJobs`)\n");
	ck_assert_int_eq(status, 3);
	ROW("UsageFactorSafe|cheap|warn|UsageFactor 0.500000|its jobs whose minutes x factor are "
	    "below 1 start while GrpTRESMins=cpu holds their account: ");
	NO_ROW("UsageFactorSafe|dear");
	NO_ROW("UsageFactorSafe|normal");
	NO_ROW("UsageFactorSafe|gratis");
	DONE("", "terms", "bio", "--lever", "GrpTRESRunMins=node");
	ROW("UsageFactorSafe|free|bad|UsageFactor 0.000000|its jobs start while GrpTRESMins=cpu, "
	    "GrpTRESRunMins=node holds their account: ");
	/* These levers hold such jobs. */
	DONE("", "terms", "bio", "--lever", "site");
	set_settings("clusters: [dev]\nlever: GrpJobs\n");
	NO_ROW("UsageFactorSafe|");
	ck_assert_int_eq(status, 0);
	DONE("", "terms", "bio", "--enforce", "limit");
	ROW("UsageFactorSafe|free|bad|UsageFactor 0.000000|its jobs start while "
	    "GrpTRESMins=billing holds");
}
END_TEST

START_TEST(a_partition_whose_qos_passes_a_hold_is_named)
{
	fake_qos = "normal|||||1.000000|\n"
		   "day|cpu=900||||1.000000|\n"
		   "night||node=7|||1.000000|\n"
		   "few|||9||1.000000|\n"
		   "free|||||0.000000|UsageFactorSafe\n";
	fake_cluster("dev")->partitions =
		"PartitionName=a QoS=day State=UP TRESBillingWeights=CPU=1.0\n"
		"PartitionName=b QoS=night State=UP TRESBillingWeights=CPU=1.0\n"
		"PartitionName=c QoS=few State=UP TRESBillingWeights=CPU=1.0\n"
		"PartitionName=d QoS=free State=UP TRESBillingWeights=CPU=1.0\n"
		"PartitionName=e QoS=N/A State=UP TRESBillingWeights=CPU=1.0\n"
		"PartitionName=f QoS=gone State=UP TRESBillingWeights=CPU=1.0\n";
	ROW("partition's QOS|dev|bad|a, day: GrpTRESMins=cpu=900|all jobs there follow the limit "
	    "of "
	    "the partition's QOS 'day' and so get past the bank's, whatever their own QOS is: "
	    "sacctmgr modify qos 'day' set GrpTRESMins=cpu=-1\n");
	ck_assert_int_eq(status, 3);
	NO_ROW("bad|b, ");
	NO_ROW("bad|c, ");
	NO_ROW("bad|d, ");
	DONE("", "terms", "bio", "--lever", "GrpTRESRunMins=node");
	ROW("partition's QOS|dev|bad|b, night: GrpTRESRunMins=node=7|");
	DONE("", "terms", "bio", "--lever", "site");
	set_settings("clusters: [dev]\nlever: GrpJobs\n");
	ROW("partition's QOS|dev|bad|c, few: GrpJobs=9|");
	NO_ROW("bad|a, ");
}
END_TEST

START_TEST(a_budget_of_what_slurm_does_not_count_is_found)
{
	(void)snprintf(fake_account("dev", "bio")->tres_raw, 256, "cpu=0,gres/gpu=0");
	DONE("", "open", "bio", "1", "--resource", "gres/gpu");
	DONE("", "open", "bio", "1", "--resource", "storage");
	NO_ROW("budget's TRES");
	/* Slurm has no such accounts, and needs none. */
	NO_ROW("on no cluster");
	NO_ROW("not on this cluster");
	ROW("books|the bank|ok|entries ");
	ck_assert_ptr_nonnull(strstr(out, ", accounts 1|"));
	ROW("QOS's own limit|slurmdbd|ok|none on GrpTRESMins=cpu, GrpTRESMins=gres/gpu among 1|");
	DONE("", "open", "bio", "1", "--resource", "gres/gpu:a100", "--later");
	ROW("budget's TRES|Slurm|bad|gres/gpu:a100|its use is not charged, and it holds no job: "
	    "add gres/gpu:a100 to AccountingStorageTRES in slurm.conf");
	ck_assert_int_eq(status, 3);
	/* A cluster that does not answer may count it. */
	set_settings("clusters: [dev, far]\n");
	fake_cluster("far")->silent = true;
	NO_ROW("budget's TRES");
}
END_TEST

START_TEST(a_lever_on_a_tres_that_slurm_does_not_know_is_found)
{
	DONE("", "terms", "bio", "--lever", "GrpTRESMins=gpu");
	ROW("lever's TRES|dev|bad|GrpTRESMins=gpu: no such TRES|no account can be held by it: "
	    "Slurm "
	    "counts cpu,mem,");
	ck_assert_int_eq(status, 3);
	set_settings("clusters: [dev]\nlever: GrpTRESRunMins=gres/gpu:a100\n");
	ROW("lever's TRES|dev|bad|GrpTRESRunMins=gres/gpu:a100: no such TRES|");
	DONE("", "terms", "bio", "--lever", "GrpTRESMins=gres/gpu");
	ROW("lever's TRES|dev|bad|GrpTRESRunMins=gres/gpu:a100: no such TRES|");
	NO_ROW("GrpTRESMins=gres/gpu:");
	set_settings("clusters: [dev]\nlever: GrpJobs\n");
	NO_ROW("lever's TRES");
	ck_assert_int_eq(status, 0);
}
END_TEST

/* The terms of one account count like the settings. */
START_TEST(levers_and_limits_of_terms_are_inspected)
{
	fake_qos = "normal|||||1.000000\n"
		   "other|gres/gpu=7,billing=3|cpu=9|1|2|2.000000\n";
	NO_ROW("QOS's own limit|other|");
	DONE("", "terms", "bio", "--lever", "GrpJobs");
	ROW("QOS's own limit|other|bad|GrpJobs=1|");
	NO_ROW("GrpTRESMins=billing");
	ROW("UsageFactor|other|info|");
	DONE("", "terms", "bio", "--enforce", "limit");
	ROW("QOS's own limit|other|bad|GrpTRESMins=billing=3|");
	ROW("UsageFactor|other|warn|");
	fake_cluster("dev")->partitions = "PartitionName=b TRESBillingWeights=CPU=1.5\n";
	ROW("fractional weights|dev|warn|1: b|");
	fake_qos = "normal|||||1.000000\n";
	ROW("QOS's own limit|slurmdbd|ok|none on GrpTRESMins=billing, GrpTRESMins=cpu, GrpJobs "
	    "among 1|");
	DONE("", "terms", "bio", "--enforce", "site", "--lever", "site");
	ROW("QOS's own limit|slurmdbd|ok|none on GrpTRESMins=cpu among 1|");
	ROW("fractional weights|dev|info|1: b|");
}
END_TEST

START_TEST(factors_and_weights_are_reported)
{
	fake_qos = "normal|||||1.000000\nfree|||||0.000000\ndouble|||||2.000000\n"
		   "eleven|||||11.000000\n";
	ROW("UsageFactor|free|info|0.000000|");
	ck_assert_int_eq(status, 0);
	ROW("UsageFactor|double|info|2.000000|");
	ROW("UsageFactor|eleven|info|");
	NO_ROW("UsageFactor|normal");
	NO_ROW("free_states");
	set_settings("clusters: [dev]\nmeter: jobs\nthresholds: []\nnotice_days: 0\n"
		     "factors: {qos: {free: 0, fre: 0}, partition: {main: 2}}\n");
	ROW("free_states, factors|the settings|ok|0 states, 3 factors|");
	NO_ROW("min_charge");
	ROW("factor of a QOS|the settings|warn|1: fre|");
	NO_ROW("factor of a partition");
	set_settings("clusters: [dev]\nmeter: jobs\nthresholds: []\nnotice_days: 0\n"
		     "enforcement: limit\nfactors: {partition: {main: 2}}\n");
	NO_ROW("hold_on");
	ROW("free_states, factors|the settings|warn|0 states, 1 factors|Slurm's own limit");
	set_settings("clusters: [dev]\nmeter: jobs\nthresholds: []\nnotice_days: 0\n"
		     "factors: {reservation: {course: 0}}\nmin_charge: 0.1\n");
	ROW("free_states, factors|the settings|ok|0 states, 1 factors|");
	ROW("min_charge, round_seconds|the settings|ok|0.10 SU, 0 seconds|");
	set_settings("clusters: [dev]\nmeter: jobs\nthresholds: []\nnotice_days: 0\n"
		     "enforcement: limit\nround_seconds: 60\n");
	ROW("min_charge, round_seconds|the settings|warn|0.00 SU, 60 seconds|Slurm's own limit");
	set_settings("clusters: [dev]\nthresholds: []\nnotice_days: 0\nround_seconds: 60\n");
	ROW("min_charge, round_seconds|the settings|warn|0.00 SU, 60 seconds|accounts metered by");
	set_settings("clusters: [dev]\nthresholds: []\nnotice_days: 0\nhold_on: committed\n");
	ROW("hold_on|the settings|warn|committed|what jobs are committed to is known");
	set_settings("clusters: [dev]\nthresholds: []\nnotice_days: 0\n");
	fake_cluster("dev")->partitions = "PartitionName=a TRESBillingWeights=CPU=1.0,GRES/gpu=10\n"
					  "PartitionName=b TRESBillingWeights=CPU=1.5\n"
					  "PartitionName=c TRESBillingWeights=CPU=1,Mem=1G\n"
					  "PartitionName=d State=UP\n"
					  "PartitionName=e TRESBillingWeights=CPU=1.00,Mem=.5\n";
	ROW("no TRESBillingWeights|dev|info|1: d|");
	ROW("fractional weights|dev|info|3: b, c, e|");
	ck_assert_int_eq(status, 0);
	fake_cluster("dev")->calc_period = "06:00:00";
	ROW("PriorityCalcPeriod|dev|warn|21600 seconds|");
	DONE("\nLeft to do:\n 1. PriorityCalcPeriod, dev: ", "doctor");
}
END_TEST

START_TEST(limits_of_0_that_are_not_the_banks_are_reported)
{
	struct fake_account *bio = fake_account("dev", "bio");

	NO_ROW("held, not by the bank");
	(void)snprintf(bio->limits, sizeof(bio->limits), "gres/gpu=7,cpu=0");
	ROW("held, not by the bank|dev|warn|1: bio|a limit of 0 keeps");
	DONE("", "adopt", "--bank-holds", "-i");
	NO_ROW("held, not by the bank");
}
END_TEST

START_TEST(accounts_of_one_side_are_reported)
{
	set_settings("clusters: [dev, gpu]\n");
	fake_account("dev", "chem")->usage = 5;
	(void)fake_account("gpu", "chem");
	ROW("used, not in the bank|Slurm|info|1: chem|");
	ROW("not on this cluster|gpu|info|1: bio|");
	ck_assert_int_eq(status, 0);
	fake_remove_account("dev", "bio");
	ROW("on no cluster|the bank|warn|1: bio|");
	NO_ROW("not on this cluster");
	fake_cluster("gpu")->silent = true;
	NO_ROW("on no cluster");
	/* With one cluster named, only that one is reported. */
	RUN("doctor", "-M", "dev");
	ck_assert_ptr_null(strstr(out, "gpu"));
}
END_TEST

START_TEST(the_bank_and_its_folder_are_inspected)
{
	ROW("bank's folder|this machine|ok|");
	ROW("file system|this machine|ok|");
	ROW("free disk|this machine|");
	ck_assert_int_eq(chmod(bank_folder, 0755), 0);
	RUN("doctor", "-P", "-o", "Check,Verdict,Found");
	ck_assert_ptr_nonnull(strstr(out, "bank's folder|warn|"));
	ck_assert_ptr_nonnull(strstr(out, ", mode 0755\n"));
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(chmod(bank_folder, 0750), 0);
	RUN("doctor", "-P", "-o", "Check,Verdict,Found");
	ck_assert_ptr_nonnull(strstr(out, "bank's folder|ok|"));
	machine = "id/elsewhere";
	ROW("who commands Slurm|the bank|bad|id/head:");
	ck_assert_int_eq(status, 3);
	GIVES(3, "`subank adopt`", NULL, "doctor");
}
END_TEST

START_TEST(the_settings_file_is_inspected)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/settings", test_folder);
	ck_assert_int_eq(chmod(path, 0664), 0);
	RUN("doctor", "-P", "-o", "Check,Verdict,Found,Advice");
	ck_assert_ptr_nonnull(strstr(out, "settings|warn|"));
	ck_assert_ptr_nonnull(strstr(out, "chmod g-w\n"));
	ck_assert_int_eq(chmod(path, 0640), 0);
	RUN("doctor", "-P", "-o", "Check,Verdict,Found,Advice");
	ck_assert_ptr_nonnull(strstr(out, "settings|ok|"));
	ck_assert_ptr_nonnull(strstr(out, ", mode 0640|\n"));
}
END_TEST

START_TEST(a_check_that_is_not_run_is_found)
{
	ROW("last check|the bank|ok|");
	clock_now += 2 * HOUR + 60 * WHEN_SECOND;
	ROW("last check|the bank|bad|2h ago|start the timer");
	ck_assert_int_eq(status, 3);
	ROW("clock|this machine|ok|2h after the newest entry|");
	DONE("", "check");
	ROW("last check|the bank|ok|");
	clock_now += 8 * WHEN_DAY;
	ROW("clock|this machine|bad|8d after the newest entry|the next check will not trust it");
	clock_now -= 9 * WHEN_DAY;
	ROW("clock|this machine|bad|21h before the newest entry|nothing can be recorded before");
	ck_assert_int_eq(status, 3);
}
END_TEST

START_TEST(a_bank_without_checks_or_accounts)
{
	ROW("last check|the bank|bad|never|");
	drive_teardown();
	drive_setup();
	ROW("last check|the bank|info|no accounts yet: subank open|");
	ck_assert_int_eq(status, 0);
}
END_TEST

/* Reported before they are held. */
START_TEST(accounts_without_money_are_named)
{
	RUN("doctor");
	ck_assert_ptr_null(strstr(out, "without money"));
	DONE("", "open", "chem");
	GIVES(0, "held at first use|the bank|1 without money: chem\n", "", "doctor", "-nPo",
	      "Check,Where,Found");
	set_settings("clusters: [dev]\nwithout_money: warn\n");
	RUN("doctor");
	ck_assert_ptr_null(strstr(out, "without money"));
}
END_TEST

START_TEST(limits_that_failed_are_named)
{
	fake_account("dev", "bio")->usage = 20 * 3600;
	fake_mode[FAKE_SACCTMGR] = FAKE_FAILS;
	GIVES(3, "held", "could not be set", "check");
	fake_mode[FAKE_SACCTMGR] = FAKE_OK;
	ROW("limits set in Slurm|the bank|warn|0 in force, 0 pending, 1 failed|some could not be "
	    "set: fix the reasons");
	ROW("limit not set|bio on dev|bad|GrpTRESMins=cpu|sacctmgr failed");
	ck_assert_int_eq(status, 3);
	GIVES(3, "limit not set, bio on dev: sacctmgr failed", NULL, "doctor");
	fits();
	DONE("", "check");
	ROW("limits set in Slurm|the bank|ok|1 in force, 0 pending, 0 failed|");
	ck_assert_int_eq(status, 0);
	GIVES(0, "", "left to the next check", "deposit", "bio", "100", "--no-apply");
	ROW("limits set in Slurm|the bank|ok|1 in force, 0 pending, 0 failed|");
}
END_TEST

/* ---- verify --slurm ---- */

START_TEST(verify_compares_the_limits_with_slurm)
{
	struct fake_account *bio = fake_account("dev", "bio");

	DONE("limits 0\n", "verify", "--slurm");
	ck_assert_int_eq(fake_shows, 0);
	(void)strcpy(bio->limits, "cpu=5000,gres/gpu=7");
	bio->usage = 20 * 3600;
	DONE("held", "check");
	DONE("Slurm matches the books: limits 1\n", "verify", "--slurm");
	(void)strcpy(bio->limits, "cpu=1,gres/gpu=7");
	GIVES(3, "all is well", "bio: GrpTRESMins=cpu on dev is 1, by the books 0\n", "verify",
	      "--slurm");
	(void)strcpy(bio->limits, "gres/gpu=7");
	GIVES(3, "all is well", "bio: GrpTRESMins=cpu on dev is none, by the books 0\n", "verify",
	      "--slurm");
	/* Without --slurm, Slurm is not asked. */
	DONE("all is well", "verify");
	fake_cluster("dev")->silent = true;
	GIVES(3, "all is well", "the limits on cluster 'dev' were not compared\n", "verify",
	      "--slurm");
	ck_assert_ptr_nonnull(strstr(err, "cluster 'dev' does not answer"));
	fake_cluster("dev")->half_life = "7-00:00:00";
	fake_cluster("dev")->silent = false;
	GIVES(3, "all is well", "the limits on cluster 'dev' were not compared\n", "verify",
	      "--slurm");
	fake_cluster("dev")->half_life = "0";
	fake_cluster("dev")->silent = false;
	fake_remove_account("dev", "bio");
	GIVES(3, "all is well",
	      "bio: dev does not show the account, whose GrpTRESMins=cpu should be 0\n", "verify",
	      "--slurm");
}
END_TEST

START_TEST(verify_of_a_cluster_that_nobody_knows_is_refused)
{
	struct fake_account *bio = fake_account("dev", "bio");

	REFUSED(2, "neither the settings nor the books know a cluster 'nosuch'", "verify",
		"--slurm", "-M", "dev,nosuch");
	REFUSED(2, "know a cluster 'dew': did you mean 'dev'?", "verify", "--slurm", "-M", "dew");
	bio->usage = 20 * 3600;
	DONE("held", "check");
	set_settings("clusters: [gpu]\nlock_seconds: 1\n");
	DONE("limits 0\n", "verify", "--slurm", "-M", "gpu");
	DONE("limits 1\n", "verify", "--slurm", "-M", "DEV");
	DONE("limits 1\n", "verify", "--slurm");
	bio->limits[0] = '\0';
	GIVES(3, "all is well", "bio: GrpTRESMins=cpu on dev is none", "verify", "--slurm", "-M",
	      "gpu,dev");
}
END_TEST

START_TEST(verify_reports_why_a_limit_could_not_be_set)
{
	fake_account("dev", "bio")->usage = 20 * 3600;
	fake_cluster("dev")->deaf = true;
	GIVES(3, "held", "could not be set", "check");
	GIVES(3, "all is well",
	      "bio: GrpTRESMins=cpu on dev is none, by the books 0 (could not be set: the cluster "
	      "does not show the new limit)\n",
	      "verify", "--slurm");
	fake_remove_account("dev", "bio");
	GIVES(3, "all is well", "GrpTRESMins=cpu should be 0 (could not be set: ", "verify",
	      "--slurm");
}
END_TEST

START_TEST(verify_knows_what_is_to_be_put_back)
{
	struct fake_account *bio = fake_account("dev", "bio");

	(void)strcpy(bio->limits, "cpu=5000");
	bio->usage = 20 * 3600;
	DONE("held", "check");
	fake_mode[FAKE_SACCTMGR] = FAKE_FAILS;
	GIVES(3, "", "could not be set", "deposit", "bio", "100");
	fake_mode[FAKE_SACCTMGR] = FAKE_OK;
	GIVES(3, "all is well",
	      "bio: GrpTRESMins=cpu on dev is 0, by the books 5000 (to be put back; could not be "
	      "set: ",
	      "verify", "--slurm");
	DONE("", "check");
	DONE("limits 0\n", "verify", "--slurm");
}
END_TEST

static void add_lever(struct bank *bank, uint64_t hold, const char *field, const char *tres,
		      int64_t set)
{
	(void)util_append(bank, clock_now,
			  &(struct event){.kind = EVENT_LEVER,
					  .account = "bio",
					  .answers = hold,
					  .cluster = "dev",
					  .slurm_account = "bio",
					  .field = field,
					  .tres = tres,
					  .action = LEVER_HOLD,
					  .found = -1,
					  .set = set});
}

START_TEST(verify_compares_limits_that_sshare_lacks)
{
	struct fake_account *bio = fake_account("dev", "bio");
	struct bank *bank = util_open(STORE_WRITE);
	uint64_t hold = util_append(
		bank, clock_now,
		&(struct event){.kind = EVENT_HOLD, .account = "bio", .cause = CAUSE_HAND});

	add_lever(bank, hold, "GrpJobs", "", 0);
	add_lever(bank, hold, "GrpSubmitJobs", "", 3);
	add_lever(bank, hold, "GrpTRESRunMins", "gres/gpu", 7);
	bank_close(bank);
	GIVES(3, "all is well", "bio: GrpJobs on dev is none, by the books 0 (not carried out",
	      "verify", "--slurm");
	ck_assert_int_eq(fake_shows, 1);
	check_has(__FILE__, __LINE__, "the messages", err, "bio: GrpSubmitJobs on dev is none");
	check_has(__FILE__, __LINE__, "the messages", err,
		  "bio: GrpTRESRunMins=gres/gpu on dev is none, by the books 7");
	bio->grp_jobs = 0;
	bio->grp_submit_jobs = 4;
	(void)strcpy(bio->run_limits, "cpu=7");
	GIVES(3, "all is well", "GrpSubmitJobs on dev is 4, by the books 3", "verify", "--slurm");
	ck_assert_ptr_null(strstr(err, "GrpJobs"));
	bio->grp_submit_jobs = 3;
	(void)strcpy(bio->run_limits, "cpu=8,gres/gpu=7");
	DONE("Slurm matches the books: limits 3\n", "verify", "--slurm");
	fake_show_mode = FAKE_FAILS;
	GIVES(3, "all is well", "the limits on cluster 'dev' cannot be read", "verify", "--slurm");
}
END_TEST

/* ---- what goes to syslog ---- */

#define LOGGED(text) ck_assert_str_eq(logged, text)

START_TEST(messages_of_verbs_that_write_are_logged)
{
	DONE("", "deposit", "bio", "1");
	LOGGED("");
	GIVES(1, NULL, "nosuch", "deposit", "nosuch", "1");
	ck_assert_int_eq(strncmp(logged, "3 account 'nosuch' ", 19), 0);
	GIVES(2, NULL, "", "deposit", "bio", "1", "--not\033[2Jsuch");
	ck_assert_ptr_nonnull(strstr(logged, "3 there is no option '--not\\x1b[2Jsuch'"));
	GIVES(2, NULL, "usage: ", "deposit", "bio");
	LOGGED("3 deposit needs ACCOUNT SU\n");
	GIVES(1, NULL, "", "balance", "nosuch");
	LOGGED("");
	GIVES(1, NULL, "", "journal", "nosuch");
	LOGGED("");
}
END_TEST

START_TEST(what_a_check_does_is_logged)
{
	fake_account("dev", "bio")->usage = 20 * 3600;
	GIVES(0, "bio: held", "dry run", "check", "--dry-run");
	LOGGED("");
	DONE("bio: held", "check");
	LOGGED("6 bio: charged 20.00 SU used on dev\n6 bio: held, available -10.00 SU\n");
	fake_account("dev", "bio")->usage += 3600;
	DONE("", "check", "--quiet");
	LOGGED("");
	fake_account("dev", "bio")->usage = 0;
	fake_account("dev", "bio")->limits[0] = '\0';
	RUN("check", "--quiet", "-v");
	ck_assert_int_eq(status, 3);
	ck_assert_int_eq(strncmp(logged, "4 bio: ", 7), 0);
	ck_assert_ptr_nonnull(strstr(logged, "went down"));
	/* What -v prints is not logged. */
	ck_assert_ptr_nonnull(strstr(err, "runs: "));
	ck_assert_ptr_null(strstr(logged, "runs: "));
	fake_cluster("dev")->silent = true;
	RUN("check");
	ck_assert_int_eq(strncmp(logged, "4 cluster 'dev' does not answer", 31), 0);
}
END_TEST

static long file_system; /* f_type of every one */

/* Instead of the C library's, since tests have no network file system. */
int statfs(const char *path, struct statfs *ret)
{
	(void)path;
	*ret = (struct statfs){.f_type = file_system};
	return 0;
}

START_TEST(a_file_for_submissions_on_the_network_is_found)
{
	char text[512];

	file_system = 0x6969;
	NO_ROW("file system of submit_file");
	(void)snprintf(text, sizeof(text), "clusters: [dev]\nsubmission: warn\nsubmit_file: %s/f\n",
		       test_folder);
	set_settings(text);
	ROW("file system of submit_file|this machine|warn|NFS: /");
	file_system = 0xEF53;
	NO_ROW("file system of submit_file");
}
END_TEST

START_TEST(what_keeps_slurmctld_from_checking_submissions_is_found)
{
	char text[512], folder[160], path[192];

	NO_ROW("check at submission");
	NO_ROW("JobSubmitPlugins");
	(void)snprintf(folder, sizeof(folder), "%s/pub", test_folder);
	(void)snprintf(path, sizeof(path), "%s/submit", folder);
	(void)snprintf(text, sizeof(text), "clusters: [dev]\nsubmission: warn\nsubmit_file: %s\n",
		       path);
	set_settings(text);
	ROW("JobSubmitPlugins|dev|bad|(null)|no job is checked at its submission");
	fake_cluster("dev")->job_submit = "throttle,lua";
	ROW("JobSubmitPlugins|dev|ok|throttle,lua|");
	ROW("check at submission|this machine|bad|cannot be written: ");
	ck_assert_int_eq(mkdir(folder, 0755), 0);
	ROW("check at submission|this machine|warn|not there yet: ");
	fake_cluster("dev")->slurm_user = (int)geteuid();
	DONE("", "check");
	ROW("check at submission|this machine|ok|use was read ");
	if (geteuid() != 0) {
		ck_assert_int_eq(chmod(path, 0400), 0);
		ROW("check at submission|this machine|bad|slurmctld cannot open ");
		ck_assert_int_eq(chmod(path, 0600), 0);
	}
	RUN("doctor", "-P", "--test");
	clock_now += 3600 * INT64_C(1000000);
	ROW("check at submission|this machine|bad|use was read 1h ago|slurmctld ignores");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ROW("check at submission|this machine|bad|not a file: ");
}
END_TEST

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(the_script_of_slurmctld_is_inspected)
{
	char text[512], script[160], module[160], conf[160];

	(void)snprintf(conf, sizeof(conf), "%s/slurm.conf", test_folder);
	(void)snprintf(script, sizeof(script), "%s/job_submit.lua", test_folder);
	(void)snprintf(module, sizeof(module), "%s/subank.lua", test_folder);
	ck_assert_int_eq(setenv("SLURM_CONF", conf, 1), 0);
	write_file(script, "");
	NO_ROW("job_submit.lua");
	(void)snprintf(text, sizeof(text), "clusters: [dev]\nsubmission: warn\nsubmit_file: %s/f\n",
		       test_folder);
	set_settings(text);
	ROW("job_submit.lua|this machine|bad|subank is not in /");
	write_file(script, "  -- dofile(\"/no/subank.lua\")\nreturn slurm.SUCCESS\n");
	ROW("job_submit.lua|this machine|bad|subank is not in /");
	NO_ROW("subank.lua");
	(void)snprintf(text, sizeof(text),
		       "-- subank: \"/no/subank.lua\"\nlocal _, subank = pcall(dofile, '%s')\n",
		       module);
	write_file(script, text);
	ROW("job_submit.lua|this machine|ok|/");
	ROW("subank.lua|this machine|bad|not there: /");
	ck_assert_int_eq(mkfifo(module, 0644), 0);
	ROW("subank.lua|this machine|bad|not a file: /");
	ck_assert_int_eq(unlink(module), 0);
	write_file(module, "");
	ROW("subank.lua|this machine|ok|/");
	ck_assert_int_eq(chmod(module, 0646), 0);
	ROW("subank.lua|this machine|bad|everybody can change /");
	ck_assert_int_eq(chmod(script, 0606), 0);
	ROW("job_submit.lua|this machine|bad|everybody can change /");
	if (geteuid() != 0) {
		ck_assert_int_eq(chmod(script, 0), 0);
		ROW("job_submit.lua|this machine|ok|not checked here: /");
	}
	ck_assert_int_eq(unlink(script), 0);
	ROW("job_submit.lua|this machine|ok|not checked here: /");
	ck_assert_int_eq(mkfifo(script, 0644), 0);
	ROW("job_submit.lua|this machine|bad|not a file: /");
	ck_assert_int_eq(unsetenv("SLURM_CONF"), 0);
}
END_TEST

START_TEST(coordinators_who_can_lift_holds_are_named)
{
	char rows[2048] = "";
	int len = 0;

	(void)fake_account("dev", "top");
	(void)fake_account("dev", "sub");
	strcpy(fake_account("dev", "sub")->parent, "top");
	DONE("opened", "open", "sub", "10");
	RUN("check");
	fake_coordinators = "|root\nann|top\n";
	GIVES(0, "ann: can lift holds of sub", NULL, "doctor", "-P");
	ck_assert_ptr_nonnull(strstr(out, "DisableCoordDBD=yes"));
	fake_coordinators = "bob,ann|sub\nann|nosuch\n";
	GIVES(0, "ann: can lift no hold", NULL, "doctor", "-P");
	ck_assert_ptr_nonnull(strstr(out, "bob: can lift no hold"));
	fake_coordinators = "ann|top\n";
	fake_disabled = "DisableCoordDBD        = no\n";
	GIVES(0, "ann: can lift holds of sub", NULL, "doctor", "-P");
	fake_disabled = "DisableCoordDBD        = yes\n";
	GIVES(0, "ann: can lift no hold (DisableCoordDBD)", NULL, "doctor", "-P");
	fake_disabled = "";
	for (int i = 0; i < 30; i++)
		len += snprintf(rows + len, sizeof(rows) - (size_t)len, "u%02d|top\n", i);
	fake_coordinators = rows;
	GIVES(0, "and 20 more", NULL, "doctor", "-P");
	ck_assert_ptr_null(strstr(out, "u10"));
	/* A name with a newline, and an answer that is none. */
	fake_coordinators = "ann|top\nx y\n";
	GIVES(0, "ann: can lift holds of sub", NULL, "doctor", "-P");
}
END_TEST

START_TEST(the_folder_of_requests_is_inspected)
{
	char folder[96], text[256];

	(void)snprintf(folder, sizeof(folder), "%s/requests", test_folder);
	(void)snprintf(text, sizeof(text),
		       "clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"
		       "requests: %s\n",
		       folder);
	set_settings(text);
	GIVES(3, "requests of managers", NULL, "doctor", "-P");
	ck_assert_ptr_nonnull(strstr(out, "not taken"));
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	GIVES(3, "chmod 711", NULL, "doctor", "-P");
	ck_assert_int_eq(chmod(folder, 01777), 0);
	GIVES(3, "chmod go-w", NULL, "doctor", "-P");
	ck_assert_int_eq(chmod(folder, 0711), 0);
	GIVES(0, "|taken: ", NULL, "doctor", "-P");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("doctor");
	TCase *unbanked = tcase_create("unbanked"), *logging = tcase_create("syslog");
	TCase *doctor = tcase_create("doctor"), *fresh = tcase_create("fresh");
	TCase *verify = tcase_create("verify");

	tcase_add_checked_fixture(unbanked, setup, drive_teardown);
	tcase_set_timeout(unbanked, TEST_TIMEOUT);
	tcase_add_test(unbanked, an_account_that_does_not_belong_cannot_be_opened);
	tcase_add_test(unbanked, a_check_reports_accounts_that_the_bank_lacks);
	tcase_add_test(unbanked, what_is_inside_a_budget_is_not_lacking);
	tcase_add_test(unbanked, at_most_ten_are_named);
	tcase_add_test(unbanked, a_check_reports_accounts_that_no_bank_can_have);
	suite_add_tcase(suite, unbanked);
	tcase_add_checked_fixture(doctor, setup_healthy, drive_teardown);
	tcase_set_timeout(doctor, TEST_TIMEOUT);
	tcase_add_test(doctor, all_is_well);
	tcase_add_test(doctor, without_a_bank_it_advises_what_to_do_first);
	tcase_add_test(doctor, without_slurm_it_reports_that);
	tcase_add_test(doctor, rows_that_are_left_out_are_shown);
	tcase_add_loop_test(doctor, what_a_check_refuses_is_shown, 0, 6);
	tcase_add_test(doctor, predecessor_10_a_qos_that_lets_jobs_past_a_hold_is_reported);
	tcase_add_test(doctor, factors_that_pass_a_hold_are_named);
	tcase_add_test(doctor, a_partition_whose_qos_passes_a_hold_is_named);
	tcase_add_test(doctor, a_lever_on_a_tres_that_slurm_does_not_know_is_found);
	tcase_add_test(doctor, a_budget_of_what_slurm_does_not_count_is_found);
	tcase_add_test(doctor, levers_and_limits_of_terms_are_inspected);
	tcase_add_test(doctor, factors_and_weights_are_reported);
	tcase_add_test(doctor, limits_of_0_that_are_not_the_banks_are_reported);
	tcase_add_test(doctor, accounts_of_one_side_are_reported);
	tcase_add_test(doctor, the_bank_and_its_folder_are_inspected);
	tcase_add_test(doctor, the_settings_file_is_inspected);
	tcase_add_test(doctor, a_check_that_is_not_run_is_found);
	tcase_add_test(doctor, a_file_for_submissions_on_the_network_is_found);
	tcase_add_test(doctor, what_keeps_slurmctld_from_checking_submissions_is_found);
	tcase_add_test(doctor, the_script_of_slurmctld_is_inspected);
	tcase_add_test(doctor, accounts_without_money_are_named);
	tcase_add_test(doctor, limits_that_failed_are_named);
	tcase_add_test(doctor, runaway_jobs_are_named);
	tcase_add_test(doctor, coordinators_who_can_lift_holds_are_named);
	tcase_add_test(doctor, the_folder_of_requests_is_inspected);
	suite_add_tcase(suite, doctor);
	tcase_add_checked_fixture(verify, setup_healthy, drive_teardown);
	tcase_set_timeout(verify, TEST_TIMEOUT);
	tcase_add_test(verify, verify_of_a_cluster_that_nobody_knows_is_refused);
	tcase_add_test(verify, verify_reports_why_a_limit_could_not_be_set);
	tcase_add_test(verify, verify_compares_the_limits_with_slurm);
	tcase_add_test(verify, verify_compares_limits_that_sshare_lacks);
	tcase_add_test(verify, verify_knows_what_is_to_be_put_back);
	suite_add_tcase(suite, verify);
	tcase_add_checked_fixture(fresh, setup, drive_teardown);
	tcase_set_timeout(fresh, TEST_TIMEOUT);
	tcase_add_test(fresh, a_bank_without_checks_or_accounts);
	suite_add_tcase(suite, fresh);
	tcase_add_checked_fixture(logging, setup, drive_teardown);
	tcase_set_timeout(logging, TEST_TIMEOUT);
	tcase_add_test(logging, messages_of_verbs_that_write_are_logged);
	tcase_add_test(logging, what_a_check_does_is_logged);
	suite_add_tcase(suite, logging);
	return util_run(suite);
}
