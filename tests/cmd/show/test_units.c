/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How verbs show accounts that have budgets of other resources than SU. */
#include <jansson.h>

#include "tests/drive.h"

/* What must be printed, as a whole. */
#define IS(expected, ...)                                                                          \
	do {                                                                                       \
		RUN(__VA_ARGS__);                                                                  \
		ck_assert_str_eq(out, expected);                                                   \
		ck_assert_msg(status == 0, "status %d: %s", status, err);                          \
	} while (0)

static void use(const char *name, int64_t seconds, int gpu_minutes)
{
	struct fake_account *account = fake_account("dev", name);

	account->usage = seconds;
	(void)snprintf(account->tres_raw, sizeof(account->tres_raw),
		       "cpu=%d,mem=%d,billing=%d,gres/gpu=%d", (int)(seconds / 60),
		       (int)(seconds / 60) * 1024, (int)(seconds / 60), gpu_minutes);
}

/* "physics" with "physics-x" below it, both with budgets of GPU-hours, and "bio" with one of
 * memory. After an hour the GPU-hours of physics are spent. "storage" is not known to Slurm. */
static void setup(void)
{
	drive_setup();
	use("physics", 0, 0);
	use("physics-x", 0, 0);
	use("bio", 0, 0);
	(void)snprintf(fake_account("dev", "physics-x")->parent, NAME_SIZE, "physics");
	DONE("", "open", "physics", "1000");
	DONE("", "open", "physics-x", "20");
	DONE("", "open", "bio", "30");
	DONE("50.00 GPU-hours", "open", "physics", "50", "--resource", "gres/gpu");
	DONE("", "open", "physics-x", "5", "--resource", "gres/gpu");
	DONE("", "open", "bio", "500", "--resource", "mem");
	DONE("", "open", "physics", "700", "--resource", "storage");
	clock_now = T0 + 60 * WHEN_SECOND;
	DONE("", "check");
	use("physics", 360000, 50 * 60);
	use("physics-x", 36000, 2 * 60);
	use("bio", 36000, 0);
	clock_now = T0 + 3600 * WHEN_SECOND;
	DONE("physics:gres/gpu: held, available 0.00 GPU-hours\n", "check");
	DONE("charged 70.00 storage-hours; physics:storage has 630.00 storage-hours", "charge",
	     "physics", "70", "--resource", "storage");
	DONE("charged 1.00 SU", "charge", "physics", "1");
	clock_now = T0 + HOUR + 9 * WHEN_MINUTE + 30 * WHEN_SECOND;
}

/* Prints like a terminal of 80 columns. */
static void at_80_columns(void)
{
	out_width = 80;
	ck_assert_int_eq(setenv("NO_COLOR", "1", 1), 0);
}

START_TEST(a_balance_has_a_row_for_each_resource)
{
	at_80_columns();
	IS("Account            State   Unit      Allocated   Used Available   Percent   Read\n"
	   "bio                open    SU            30.00  10.00     20.00 #...  33% 9m ago\n"
	   "bio:mem            open    GiB-h        500.00  10.00    490.00 ....   2% 9m ago\n"
	   "physics            open    SU         1,000.00 101.00    899.00 ....  10% 9m ago\n"
	   "physics:gres/gpu   held    GPU-h         50.00  50.00      0.00 #### 100% 9m ago\n"
	   "physics:storage    open    storage-h    700.00  70.00    630.00 ....  10% \n"
	   "physics-x          open    SU            20.00  10.00     10.00 ##..  50% 9m ago\n"
	   "physics-x:gres/gpu blocked GPU-h          5.00   2.00      3.00 #...  40% 9m ago\n",
	   "balance");
	IS("Account          State Unit          Allocated   Used Available   Percent   Read\n"
	   "physics          open  SU             1,000.00 101.00    899.00 ....  10% 9m ago\n"
	   "physics:gres/gpu held  GPU-hours         50.00  50.00      0.00 #### 100% 9m ago\n"
	   "physics:storage  open  storage-hours    700.00  70.00    630.00 ....  10% \n",
	   "balance", "physics");
	IS("Account          State Unit      Allocated  Used Available        Percent   Read\n"
	   "physics:gres/gpu held  GPU-hours     50.00 50.00      0.00 ######### 100% 9m ago\n",
	   "balance", "physics:gres/gpu", "Physics:GRES/GPU");
	IS("Account          State   Unit       Allocated     Used  Available Percent   Read\n"
	   "bio              open    billing-s     108000    36000      72000     33% 9m ago\n"
	   "bio:mem          open    MiB-s     1843200000 36864000 1806336000      2% 9m ago\n"
	   "physics          open    billing-s    3600000   363600    3236400     10% 9m ago\n"
	   "physics:gres/gpu held    GPU-s         180000   180000          0    100% 9m ago\n"
	   "physics:storage  open    storage-s    2520000   252000    2268000     10% \n"
	   "physics-x        open    billing-s      72000    36000      36000     50% 9m ago\n"
	   "physics-~res/gpu blocked GPU-s          18000     7200      10800     40% 9m ago\n",
	   "balance", "--seconds");
	/* Rows that are all of SU are shown as in any bank. */
	IS("Account State Allocated   Used Available        Percent   Read\n"
	   "bio     open      30.00  10.00     20.00 ###....... 33% 9m ago\n"
	   "physics open   1,000.00 101.00    899.00 #......... 10% 9m ago\n"
	   "Amounts are in SU.\n",
	   "balance", "bio", "physics", "--resource", "billing");
}
END_TEST

START_TEST(resources_are_not_added_to_each_other)
{
	IS("bio|20.00\nphysics|899.00\nphysics-x|10.00\n(total)|919.00\n", "balance", "-nPo",
	   "Account,Available", "--total", "--resource", "billing");
	/* physics-x is a part of physics. */
	IS("physics:gres/gpu|50.00|GPU-hours|gres/gpu\nphysics-x:gres/gpu|5.00|GPU-hours|gres/gpu\n"
	   "(total)|50.00|GPU-hours|gres/gpu\n",
	   "balance", "-nPo", "Account,Allocated,Unit,Resource", "--total", "--resource",
	   "GRES/GPU");
	RUN("balance", "-nPo", "Account,Allocated,Unit", "--total");
	ck_assert_ptr_nonnull(strstr(out, "\n(total)|1030.00|SU\n"));
	/* Without its account a purse is below that of the account above. */
	IS("Account              Allocated\n"
	   "physics:gres/gpu         50.00\n"
	   "`-physics-x:gres/gpu      5.00\n",
	   "balance", "--tree", "--resource", "gres/gpu", "-o", "Account,Allocated");
	IS("Account                State\n"
	   "bio                    open\n"
	   "`-bio:mem              open\n"
	   "physics                open\n"
	   "|-physics:gres/gpu     held\n"
	   "|-physics:storage      open\n"
	   "`-physics-x            open\n"
	   "  `-physics-x:gres/gpu blocked\n",
	   "balance", "--tree", "-o", "Account,State");
}
END_TEST

START_TEST(forms_for_programs_have_units_when_there_are_some)
{
	json_t *list;

	IS("bio|open|30.00|10.00|20.00|33|2026-11-22T18:00:01\n", "balance", "-nP", "bio",
	   "--resource", "billing");
	RUN("balance", "bio", "--csv");
	ck_assert_ptr_nonnull(strstr(out, "\"account\",\"state\",\"unit\",\"allocated_seconds\""));
	ck_assert_ptr_nonnull(strstr(out, "\"bio:mem\",\"open\",\"GiB-hours\",1843200000,"));
	ck_assert_ptr_nonnull(strstr(out, ",\"mem\"\r\n"));
	RUN("balance", "physics", "--json");
	list = json_loads(out, 0, NULL);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 0), "resource")),
			 "billing");
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 1), "resource")),
			 "gres/gpu");
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 1), "unit")),
			 "GPU-hours");
	ck_assert_int_eq(
		json_integer_value(json_object_get(json_array_get(list, 1), "used_seconds")),
		180000);
	json_decref(list);
	/* Without another resource there is no sign of them. */
	RUN("balance", "physics-x", "--json", "--resource", "billing");
	ck_assert_ptr_null(strstr(out, "\"unit\""));
	RUN("balance", "--csv", "--resource", "billing");
	ck_assert_ptr_null(strstr(out, "unit"));
	RUN("usage", "--json");
	ck_assert_ptr_null(strstr(out, "\"unit\""));
	RUN("usage", "physics:gres/gpu", "--json");
	ck_assert_ptr_nonnull(strstr(out, "\"unit\": \"GPU-hours\""));
	RUN("journal", "physics-x", "--json");
	ck_assert_ptr_nonnull(strstr(out, "\"account\":\"physics-x:gres/gpu\",\"resource\":"
					  "\"gres/gpu\",\"unit\":\"GPU-hours\""));
	ck_assert_ptr_null(strstr(out, "\"unit\":\"SU\""));
}
END_TEST

START_TEST(programs_can_ask_for_su)
{
	REFUSED(2, "--unit takes no 'gpu'", "balance", "--csv", "--unit", "gpu");
	REFUSED(2, "--unit goes with --json or --csv", "balance", "--unit", "su");
	REFUSED(2, "--unit goes with --json or --csv", "balance", "-P", "--unit", "seconds");
	REFUSED(2, "exclude each other", "balance", "--csv", "--unit", "su", "--seconds");
	REFUSED(2, "--json prints entries as the books have them", "journal", "--json", "--unit",
		"su");
	/* Of several units: each row names its own. */
	IS("\"account\",\"unit\",\"used\",\"available\"\r\n"
	   "\"bio\",\"SU\",10.0000,20.0000\r\n"
	   "\"bio:mem\",\"GiB-hours\",10.0000,490.0000\r\n",
	   "balance", "bio", "--csv", "--unit", "su", "-o", "Account,Unit,Used,Available");
	RUN("balance", "physics", "--json", "--unit", "su");
	ck_assert_ptr_nonnull(strstr(out, "\"available\": \"0.0000\""));
	ck_assert_ptr_nonnull(strstr(out, "\"unit\": \"GPU-hours\""));
	ck_assert_ptr_null(strstr(out, "_seconds"));
	ck_assert_ptr_null(strstr(out, "_su\""));
	/* Of SU alone. */
	IS("\"account\",\"available_su\"\r\n\"bio\",20.0000\r\n", "balance", "bio", "--resource",
	   "billing", "--csv", "--unit", "su", "-o", "Account,Available");
	DONE("", "terms", "bio", "--credit", "1s");
	DONE("", "withdraw", "bio", "all");
	DONE("", "charge", "bio", "2s");
	IS("\"available_su\"\r\n-0.0002\r\n", "balance", "bio", "--resource", "billing", "--csv",
	   "--unit", "su", "-o", "Available");
	DONE("", "terms", "bio", "--unlimited");
	IS("[\n  {\n    \"available_su\": null,\n    \"debt_su\": \"0.0005\"\n  }\n]\n", "balance",
	   "bio", "--resource", "billing", "--json", "--unit", "su", "-o", "Available,Debt");
	/* Nothing changes without the option, or with its default. */
	IS("\"debt_seconds\"\r\n2\r\n", "balance", "bio", "--resource", "billing", "--csv", "-o",
	   "Debt");
	IS("\"debt_seconds\"\r\n2\r\n", "balance", "bio", "--resource", "billing", "--csv", "-o",
	   "Debt", "--unit", "seconds");
	RUN("journal", "bio", "--kind", "fee", "--csv", "-o", "Kind,Amount,Unit", "--unit", "su");
	ck_assert_str_eq(out, "\"kind\",\"amount\",\"unit\"\r\n\"fee\",-0.0005,\"SU\"\r\n");
}
END_TEST

START_TEST(other_lists_of_balances_have_them)
{
	IS("Account         Entry Start               End  Amount   Rest Unit          State\n"
	   "physics:storage    20 2026-11-22T17:00:08 none 700.00 630.00 storage-hours active\n",
	   "balance", "--lots", "physics:storage");
	IS("physics|899.00|101.00\nphysics:gres/gpu|0.00|50.00\nphysics:storage|630.00|70.00\n",
	   "balance", "--forecast", "-nPo", "Account,Available,PerDay7", "physics");
	IS("physics:gres/gpu|100\nphysics-x|50\nphysics-x:gres/gpu|40\n", "balance", "-nPo",
	   "Account,Percent", "--min-percent", "40");
	/* By the numbers shown: 490 GiB-hours are more seconds than 899 SU. */
	IS("physics\nphysics:storage\nbio:mem\nbio\nphysics-x\nphysics-x:gres/gpu\n"
	   "physics:gres/gpu\n",
	   "balance", "-nPo", "Account", "--sort", "-Available");
	/* Entry 12 is the deposit of GPU-hours. */
	IS("bio\nphysics\nphysics:gres/gpu\nphysics-x\n", "balance", "-nPo", "Account", "--as-of",
	   "12");
	IS("physics|1000.00\nphysics:gres/gpu|50.00\n", "balance", "-nPo", "Account,Available",
	   "--as-of", "12", "physics");
	GIVES(0, "", "account 'bio' had no budget of mem yet", "balance", "-nP", "bio:mem",
	      "--as-of", "12");
	RUN("balance", "-o", "Account,Available", "physics");
	ck_assert_ptr_null(strstr(out, "Amounts"));
	out_width = 80;
	DONE("Amounts are in several units: add Unit to --format.\n", "balance", "-o",
	     "Account,Available", "physics");
}
END_TEST

START_TEST(what_an_account_lacks_is_refused)
{
	REFUSED(1,
		"account 'bio' has no budget of gres/gpu: `subank open bio --resource gres/gpu` "
		"starts",
		"balance", "bio", "--resource", "gres/gpu");
	REFUSED(1, "account 'bio' has no budget of gres/gpu", "balance", "bio:gres/gpu");
	REFUSED(1, "account 'nope' is not in the bank", "balance", "nope:gres/gpu");
	REFUSED(1, "no account has a budget of cpu: `subank open ACCOUNT --resource cpu`",
		"balance", "--resource", "cpu");
	REFUSED(2, "'c*u' is not a resource", "balance", "--resource", "c*u");
	REFUSED(2, "'bio:mem' names its resource itself: leave out --resource cpu", "balance",
		"bio:mem", "--resource", "cpu");
	GIVES(1, "physics:gres/gpu|", "account 'bio' has no budget of gres/gpu", "balance", "-nP",
	      "bio", "physics", "--resource", "gres/gpu");
	REFUSED(1, "account 'bio' has no budget of cpu", "journal", "bio", "--resource", "cpu");
	REFUSED(1, "no account has a budget of cpu", "journal", "--resource", "cpu");
	REFUSED(1, "account 'bio' has no budget of cpu", "statement", "bio", "--resource", "cpu");
	REFUSED(1, "account 'bio' has no budget of cpu", "usage", "bio", "--resource", "cpu");
	REFUSED(1, "no account has a budget of cpu", "usage", "--resource", "cpu");
	REFUSED(1, "account 'bio' has no budget of cpu", "why", "bio", "--resource", "cpu");
	REFUSED(2, "names its resource itself", "why", "bio:mem", "--resource", "cpu");
	REFUSED(1, "account 'bio' has no budget of cpu", "terms", "bio", "--resource", "cpu");
	/* Verbs about accounts of Slurm take no resource. */
	REFUSED(2, "account name 'bio:mem' holds a character that is not allowed", "check",
		"bio:mem");
}
END_TEST

START_TEST(the_journal_names_units)
{
	at_80_columns();
	IS("Entry Time                Kind     Account          Amount Detail\n"
	   "   10 2026-11-22T17:00:05 open     physics:gres/gpu        \n"
	   "   11 2026-11-22T17:00:05 baseline physics:gres/gpu        dev starts at 0.00\n"
	   "                                                           GPU-hours: opened\n"
	   "   12 2026-11-22T17:00:05 deposit  physics:gres/gpu  50.00 GPU-hours\n"
	   "   24 2026-11-22T18:00:01 charge   physics:gres/gpu -50.00 dev 0.00 to 50.00\n"
	   "                                                           GPU-hours\n"
	   "   25 2026-11-22T18:00:01 hold     physics:gres/gpu        funds\n"
	   "Amounts are in GPU-hours.\n",
	   "journal", "physics", "--resource", "gres/gpu");
	DONE("Amounts are in SU, or in the unit that Detail names.\n", "journal", "physics");
	IS("Entry Time                Kind Account Amount Detail\n"
	   "   31 2026-11-22T18:00:03 fee  physics  -1.00 2026-11-22T18:00:02 to\n"
	   "                                              2026-11-22T18:00:03\n"
	   "Amounts are in SU.\n",
	   "journal", "--kind", "fee", "--resource", "billing");
	out_width = 0;
	IS("10\n11\n12\n13\n14\n15\n24\n25\n28\n", "journal", "-nPo", "Entry", "--resource",
	   "gres/gpu");
	IS("31|physics|-1.00|SU\n30|physics:storage|-70.00|storage-hours\n", "journal", "-nPo",
	   "Entry,Account,Amount,Unit", "physics", "--reverse", "--kind", "fee");
	IS("28\n", "journal", "-nPo", "Entry", "physics-x", "--last", "1");
}
END_TEST

START_TEST(a_statement_is_of_one_resource)
{
	at_80_columns();
	DONE("Statement of physics:gres/gpu, in GPU-hours\n", "statement", "physics", "--resource",
	     "gres/gpu");
	ck_assert_ptr_nonnull(strstr(out, "Item              Cluster Entries Amount\n"
					  "opening available                   0.00\n"
					  "opening balance                     0.00\n"
					  "deposits                        1  50.00\n"
					  "charges           dev           1 -50.00\n"
					  "closing balance                     0.00\n"
					  "closing available                   0.00\n"
					  "Amounts are in GPU-hours.\n"
					  "Use per day: 50.00 GPU-hours (30 days)"));
	DONE("fees                            1    -1.00\n", "statement", "physics");
	ck_assert_ptr_nonnull(strstr(out, "Statement of physics\n"));
	DONE("Statement of physics:storage, in storage-seconds\n", "statement", "physics:storage",
	     "--seconds");
	out_width = 0;
	DONE("opening available|storage-hours\n", "statement", "physics:storage", "-nPo",
	     "Item,Unit");
	DONE("\"resource\": \"storage\"", "statement", "physics:storage", "--json");
}
END_TEST

START_TEST(use_is_of_one_resource)
{
	at_80_columns();
	IS("From 2026-11-01T00:00:00+00:00 to 2026-12-01T00:00:00+00:00\n"
	   "Account            User       Jobs  Used Unit                Share\n"
	   "physics:gres/gpu   (RawUsage)    0 50.00 GPU-hours ########## 100%\n"
	   "physics-x:gres/gpu (RawUsage)    0  2.00 GPU-hours ########## 100%\n",
	   "usage", "--resource", "gres/gpu");
	out_width = 0;
	IS("bio|(RawUsage)|10.00\nphysics|(RawUsage)|100.00\nphysics|(fees)|1.00\n"
	   "physics-x|(RawUsage)|10.00\n",
	   "usage", "-nPo", "Account,User,Used");
	IS("(fees)|70.00|storage-hours\n", "usage", "physics:storage", "-nPo", "User,Used,Unit");
	IS("2026-11|10.00|GiB-hours\n", "usage", "bio:mem", "-nPo", "Month,Used,Unit", "--by",
	   "month");
}
END_TEST

START_TEST(why_explains_the_hold_of_a_resource)
{
	IS("physics is fine: available 899.00 SU; nothing of it ends\n"
	   "  its budget of gres/gpu is held (funds): see `subank why physics:gres/gpu`\n",
	   "why", "physics");
	DONE("physics:gres/gpu is held (funds): available 0.00 GPU-hours\n"
	     "  by GrpTRESMins=gres/gpu=0 jobs that use gres/gpu wait, with the reason "
	     "AssocGrpGRESMinutes; others start\n"
	     "  entry 25 of 2026-11-22T18:00:01: hold: funds\n"
	     "  entry 24 of 2026-11-22T18:00:01: charge of 50.00 GPU-hours: dev 0.00 to 50.00 "
	     "GPU-hours\n"
	     "  entry 12 of 2026-11-22T17:00:05: deposit of 50.00 GPU-hours\n",
	     "why", "physics", "--resource", "gres/gpu");
	IS("physics:storage is fine: available 630.00 storage-hours; nothing of it ends\n", "why",
	   "physics:storage");
	DONE("physics-x:gres/gpu is blocked by physics:gres/gpu, which is held: available 3.00 "
	     "GPU-hours\n",
	     "why", "physics-x:gres/gpu");
	ck_assert_ptr_nonnull(strstr(out, "physics:gres/gpu above it is held, and until that ends "
					  "no job that uses gres/gpu starts"));
	DONE("", "hold", "physics");
	DONE("until physics is no longer held, no job of it starts", "why", "physics:gres/gpu");
	DONE("", "deposit", "physics", "5", "--resource", "gres/gpu");
	DONE("physics:gres/gpu is blocked by physics, which is held: available 5.00 GPU-hours\n",
	     "why", "physics:gres/gpu");
	IS("physics|held|hand|set\nphysics:gres/gpu|blocked||\nphysics:storage|open||\n", "balance",
	   "physics", "-nPo", "Account,State,Causes,Lever");
	/* Nothing holds what Slurm does not know. */
	DONE("", "charge", "physics", "700", "--resource", "storage");
	DONE("physics:storage has nothing left: available -70.00 storage-hours\n", "why",
	     "physics:storage");
	ck_assert_ptr_nonnull(
		strstr(out, "Slurm has no limit that holds storage: it is not held\n"));
}
END_TEST

/* A grace of the account lets jobs of all its resources run. */
START_TEST(a_grace_is_for_all_resources)
{
	RUN("charge", "physics", "899");
	RUN("check");
	DONE("physics|held\nphysics:gres/gpu|held\n", "balance", "-nPo", "Account,State",
	     "physics");
	DONE("", "release", "physics", "--until", "2026-11-23");
	DONE("physics|grace\nphysics:gres/gpu|grace\n", "balance", "-nPo", "Account,State",
	     "physics");
	DONE("physics-x:gres/gpu|open\n", "balance", "-nPo", "Account,State", "physics-x");
	ck_assert_str_eq(fake_account("dev", "physics")->limits, "");
	DONE("physics:gres/gpu may run for a time although there is a cause to hold it (funds)",
	     "why", "physics:gres/gpu");
	ck_assert_ptr_nonnull(strstr(out, "the time it may run ends at 2026-11-23T00:00:00"));
	DONE("", "why", "physics");
	ck_assert_ptr_null(strstr(out, "its budget of gres/gpu is held"));
}
END_TEST

START_TEST(the_hold_of_a_resource_is_a_lever_of_its_account)
{
	IS("physics|set\nphysics:gres/gpu|set\nphysics:storage|\n", "balance", "physics", "-nPo",
	   "Account,Lever");
	fake_mode[FAKE_SACCTMGR] = FAKE_FAILS;
	RUN("deposit", "physics", "5", "--resource", "gres/gpu");
	RUN("balance", "physics", "-nPo", "Account,Lever");
	ck_assert_str_eq(out, "physics|failed\nphysics:gres/gpu|failed\nphysics:storage|\n");
	DONE("Slurm on dev is to get GrpTRESMins gres/gpu", "why", "physics:gres/gpu");
	DONE("", "why", "physics:storage");
	ck_assert_ptr_null(strstr(out, "Slurm on dev"));
}
END_TEST

START_TEST(terms_have_units)
{
	DONE("", "terms", "physics", "--resource", "gres/gpu", "--credit", "2");
	IS("physics|0.00|SU\nphysics:gres/gpu|2.00|GPU-hours\nphysics:storage|0.00|storage-hours\n",
	   "terms", "physics", "-nPo", "Account,Credit,Unit");
	DONE("Account            Allowance Credit Unit", "terms");
	DONE("credit       2.00 GPU-hours\n", "terms", "physics:gres/gpu");
}
END_TEST

/* An account of Slurm may be called like a purse: it has nothing to do with it. */
START_TEST(accounts_of_slurm_are_no_purses)
{
	struct fake_account *odd = fake_account("dev", "physics:gres/gpu");

	odd->usage = 7200;
	(void)snprintf(odd->parent, sizeof(odd->parent), "physics-x");
	(void)snprintf(fake_account("dev", "new")->parent, NAME_SIZE, "physics:gres/gpu");
	fake_account("dev", "new")->usage = 3600;
	(void)fake_account("dev", "mem");
	DONE("account 'physics:gres/gpu' on dev has a name that no bank can have", "check");
	IS("physics:gres/gpu|held|0.00\nphysics-x:gres/gpu|blocked|3.00\n", "balance", "--resource",
	   "gres/gpu", "-nPo", "Account,State,Available");
	fake_account("dev", "bio:mem")->usage = 60;
	DONE("no bank can have an account of such a name: bio:mem (", "check");
	/* "new" is inside of physics-x, not of a purse. */
	DONE("", "open", "new", "1");
	DONE("", "check");
	DONE("  `-new ", "balance", "--tree", "--resource", "billing");
}
END_TEST

START_TEST(shells_complete_resources)
{
	IS("bio\nphysics\nphysics-x\n", "complete", "--", "deposit", "");
	IS("gres/gpu\ncpu\nmem\nnode\nstorage\n", "complete", "--", "balance", "--resource", "");
	IS("--resource=storage\n", "complete", "--", "usage", "--resource=s");
}
END_TEST

/* What is given to the notify command. */
START_TEST(messages_have_the_unit)
{
	set_settings("clusters: [dev]\nlock_seconds: 1\nthresholds: [50]\nnotice_days: 0\n"
		     "notify: /notify\n");
	DONE("", "check");
	use("physics-x", 36000, 3 * 60);
	DONE("physics-x:gres/gpu: 50% of the allocation is used, 3.00 GPU-hours of 5.00 GPU-hours",
	     "check");
	ck_assert_ptr_nonnull(strstr(told, "\"account\":\"physics-x:gres/gpu\""));
	ck_assert_ptr_nonnull(strstr(told, "\"resource\":\"gres/gpu\","));
	ck_assert_ptr_nonnull(strstr(told, "\"unit\":\"GPU-hours\","));
	ck_assert_ptr_nonnull(strstr(told, "\"available_seconds\":7200"));
}
END_TEST

/* Restores an older backup, whose balances are shown before. */
START_TEST(a_restore_shows_units)
{
	char path[160], *before = exported();

	(void)snprintf(path, sizeof(path), "%s/books.yaml", test_folder);
	util_write_file(path, before, strlen(before));
	DONE("", "deposit", "bio", "10", "--resource", "mem");
	DONE("", "deposit", "bio", "1");
	free(before);
	before = exported();
	GIVES(0, "bio|21.00|20.00|SU\nbio:mem|500.00|490.00|GiB-hours\nphysics|",
	      "dry run: nothing was changed", "import", path, "--replace", "--dry-run", "-nPo",
	      "Account,Before,After,Unit");
	UNCHANGED(before);
}
END_TEST

START_TEST(books_with_resources_come_back_from_a_file)
{
	char path[160], folder[160], *before = exported(), *balances;

	RUN("balance", "--csv", "-o", "Account,Allocated,Used,Available,Unit");
	balances = strdup(out);
	ck_assert_ptr_nonnull(strstr(balances, "\"bio:mem\",1843200000,36864000,"));
	(void)snprintf(path, sizeof(path), "%s/books.yaml", test_folder);
	(void)snprintf(folder, sizeof(folder), "%s/again", test_folder);
	util_write_file(path, before, strlen(before));
	ck_assert_int_eq(setenv("SUBANK_BANK", folder, 1), 0);
	GIVES(0, "restored", "adopt", "import", path);
	UNCHANGED(before);
	IS(balances, "balance", "--csv", "-o", "Account,Allocated,Used,Available,Unit");
	DONE("", "verify");
	free(balances);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("units");
	TCase *tcase = tcase_create("units");

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_balance_has_a_row_for_each_resource);
	tcase_add_test(tcase, resources_are_not_added_to_each_other);
	tcase_add_test(tcase, forms_for_programs_have_units_when_there_are_some);
	tcase_add_test(tcase, programs_can_ask_for_su);
	tcase_add_test(tcase, other_lists_of_balances_have_them);
	tcase_add_test(tcase, what_an_account_lacks_is_refused);
	tcase_add_test(tcase, the_journal_names_units);
	tcase_add_test(tcase, a_statement_is_of_one_resource);
	tcase_add_test(tcase, use_is_of_one_resource);
	tcase_add_test(tcase, why_explains_the_hold_of_a_resource);
	tcase_add_test(tcase, the_hold_of_a_resource_is_a_lever_of_its_account);
	tcase_add_test(tcase, a_grace_is_for_all_resources);
	tcase_add_test(tcase, terms_have_units);
	tcase_add_test(tcase, accounts_of_slurm_are_no_purses);
	tcase_add_test(tcase, shells_complete_resources);
	tcase_add_test(tcase, messages_have_the_unit);
	tcase_add_test(tcase, a_restore_shows_units);
	tcase_add_test(tcase, books_with_resources_come_back_from_a_file);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
