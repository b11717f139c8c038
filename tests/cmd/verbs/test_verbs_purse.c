/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verbs on budgets of other resources than SU, run in this process. */
#include <inttypes.h>

#include "tests/drive.h"

/* "bio" has 10 SU, and has used 100 GPU minutes and 50 of memory in Slurm. */
static struct fake_account *bio, *root;

static void use(int64_t gpus, int64_t mem)
{
	(void)snprintf(bio->tres_raw, sizeof(bio->tres_raw),
		       "cpu=0,mem=%" PRId64 ",billing=%" PRId64 ",gres/gpu=%" PRId64
		       ",gres/gpu:A100=0",
		       mem, bio->usage / 60, gpus);
	memcpy(root->tres_raw, bio->tres_raw, sizeof(root->tres_raw));
}

static void setup(void)
{
	drive_setup();
	(void)fake_account("dev", "bio");
	(void)fake_account("dev", "chem");
	root = fake_account("dev", "root");
	bio = fake_account("dev", "bio");
	use(100, 50);
	DONE("", "open", "bio", "10");
	DONE("", "open", "chem", "10");
}

START_TEST(a_budget_is_opened_filled_and_emptied)
{
	DONE("entry 9: opened bio:gres/gpu with 2.00 GPU-hours; bio:gres/gpu has 2.00 GPU-hours",
	     "open", "bio", "2", "--resource", "gres/gpu");
	DONE("deposited 0.50 GPU-hours; bio:gres/gpu has 2.50 GPU-hours", "deposit", "BIO", "0.5",
	     "--resource", "gres/GPU");
	DONE("withdrew 1.00 GPU-hours; bio:gres/gpu has 1.50 GPU-hours", "withdraw", "bio", "1",
	     "--resource", "gres/gpu");
	REFUSED(1, "account 'bio:gres/gpu' has 1.50 GPU-hours to take, less than 9.00 GPU-hours",
		"withdraw", "bio", "9", "--resource", "gres/gpu");
	DONE("set to 4.00 GPU-hours: deposited 2.50 GPU-hours; bio:gres/gpu has 4.00", "set", "bio",
	     "4", "--resource", "gres/gpu");
	DONE("opened bio:mem with 1.00 GiB-hours", "open", "bio", "1", "--resource", "mem");
}
END_TEST

START_TEST(amounts_of_memory_are_gib_hours_of_mib_seconds)
{
	DONE("opened bio:mem with 1.50 GiB-hours", "open", "bio", "1.5", "--resource", "mem");
	DONE("deposited <0.01 GiB-hours", "deposit", "bio", "1s", "--resource", "mem");
	REFUSED(2, "is not a whole number of MiB-seconds (3686400 are 1 GiB-hours)", "deposit",
		"bio", "0.00000001", "--resource", "mem");
	use(100, 53);
	DONE("bio:mem: charged <0.01 GiB-hours used on dev", "check");
	RUN("journal", "bio:mem", "--seconds", "-nPo", "Kind,Amount");
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
	REFUSED(2, "'gres/gpu,cpu' is not a resource", "open", "bio", "1", "--resource",
		"gres/gpu,cpu");
	REFUSED(2, "'' is not a resource", "deposit", "bio", "1", "--resource", "");
	REFUSED(2, "holds a character that is not allowed", "deposit", "bio:gres/gpu", "1");
	REFUSED(1,
		"account 'bio' has no budget of gres/gpu: `subank open bio --resource gres/gpu` "
		"starts one",
		"deposit", "bio", "1", "--resource", "gres/gpu");
	REFUSED(1, "account 'nosuch' is not in the bank", "deposit", "nosuch", "1", "--resource",
		"gres/gpu");
	REFUSED(1, "account 'nosuch' is not in the bank", "open", "nosuch", "1", "--resource",
		"gres/gpu", "--later");
	DONE("", "open", "bio", "--resource", "gres/gpu");
	REFUSED(1, "account 'bio:gres/gpu' is open already", "open", "bio", "--resource",
		"gres/gpu");
	REFUSED(2, "--lever and --meter are terms of the account", "terms", "bio", "--resource",
		"gres/gpu", "--lever", "GrpJobs");
	REFUSED(2, "--lever and --meter are terms of the account", "terms", "bio", "--resource",
		"gres/gpu", "--meter", "jobs");
	REFUSED(1, "no cluster counts gres/gpus: name it in AccountingStorageTRES", "open", "bio",
		"--resource", "gres/gpus");
	REFUSED(1, "or leave --from-zero out", "open", "bio", "--resource", "storage",
		"--from-zero");
	DONE("", "open", "bio", "--resource", "gres/later", "--later");
	DONE("", "open", "chem", "--resource", "gres/gpu");
	DONE("", "close", "bio");
	REFUSED(1, "account 'bio' is closed", "transfer", "chem", "bio", "1", "--resource",
		"gres/gpu");
	REFUSED(1, "account 'bio' is closed", "deposit", "bio", "1", "--resource", "gres/gpu");
	REFUSED(1, "account 'bio' is closed", "open", "bio", "--resource", "cpu");
}
END_TEST

START_TEST(money_moves_between_budgets_of_one_resource)
{
	DONE("", "open", "bio", "3", "--resource", "gres/gpu");
	REFUSED(1, "account 'chem' has no budget of gres/gpu", "transfer", "bio", "chem", "1",
		"--resource", "gres/gpu");
	DONE("", "open", "chem", "--resource", "gres/gpu");
	DONE("transferred 1.00 GPU-hours to chem:gres/gpu; bio:gres/gpu has 2.00 GPU-hours",
	     "transfer", "bio", "chem", "1", "--resource", "gres/gpu");
	DONE("reversed entry", "reverse", "12", "--note", "a slip");
	DONE("withdrew 3.00 GPU-hours; bio:gres/gpu has 0.00", "withdraw", "bio", "all",
	     "--resource", "gres/gpu");
}
END_TEST

START_TEST(a_closed_account_gets_no_money_in_its_budgets)
{
	DONE("", "open", "bio", "2", "--resource", "cpu");
	DONE("", "open", "chem", "2", "--resource", "cpu");
	DONE("", "close", "chem");
	REFUSED(1, "account 'chem' is closed", "deposit", "chem", "1", "--resource", "cpu");
	REFUSED(1, "account 'chem' is closed", "set", "chem", "3", "--resource", "cpu");
	REFUSED(1, "account 'chem' is closed", "transfer", "bio", "chem", "1", "--resource", "cpu");
	DONE("transferred 1.00 CPU-hours to bio:cpu", "transfer", "chem", "bio", "1", "--resource",
	     "cpu");
}
END_TEST

START_TEST(use_by_resource_is_charged_and_holds)
{
	DONE("", "open", "bio", "0.05", "--resource", "gres/gpu");
	use(102, 50);
	DONE("bio:gres/gpu: charged 0.03 GPU-hours used on dev", "check");
	use(103, 50);
	RUN("check");
	ck_assert_int_eq(status, 0);
	check_has(__FILE__, __LINE__, "the output", out,
		  "bio:gres/gpu: held, available 0.00 GPU-hours");
	ck_assert_str_eq(bio->limits, "gres/gpu=0");
	nothing_to_do();
	DONE("", "deposit", "bio", "1", "--resource", "gres/gpu");
	ck_assert_str_eq(bio->limits, "");
	/* Half of a charge goes back, in its own unit. */
	DONE("refunded 0.01 GPU-hours of entry 10", "refund", "10", "0.01", "--note", "a slip");
	DONE("", "verify");
}
END_TEST

START_TEST(refusals_of_corrections_have_the_unit_of_the_budget)
{
	DONE("", "open", "bio", "2", "--resource", "gres/gpu", "--end", "now+10days");
	use(101, 50);
	DONE("bio:gres/gpu: charged 0.01 GPU-hours", "check");
	DONE("", "withdraw", "bio", "1", "--resource", "gres/gpu");
	REFUSED(1, "1.00 GPU-hours of entry 9 were taken out of account 'bio:gres/gpu' since",
		"reverse", "9", "--note", "a slip");
	REFUSED(1, "1% of entry 10 is less than one GPU-second", "refund", "10", "1%", "--note",
		"a slip");
	clock_now += 11 * WHEN_DAY;
	REFUSED(1, "0.01 GPU-hours of entry 10 came from a window that has ended", "refund", "10",
		"--note", "a slip");
}
END_TEST

START_TEST(what_slurm_does_not_measure_is_charged_once)
{
	REFUSED(1, "account 'bio' has no budget of storage", "charge", "bio", "5", "--resource",
		"storage");
	DONE("", "open", "bio", "10", "--resource", "storage");
	DONE("charged 4.00 storage-hours; bio:storage has 6.00 storage-hours", "charge", "bio", "4",
	     "--resource", "storage", "--ref", "january");
	DONE("recorded before with this ref", "charge", "bio", "4", "--resource", "storage",
	     "--ref", "january");
	REFUSED(1, "ref 'january' is taken", "charge", "bio", "5", "--resource", "storage", "--ref",
		"january");
	DONE("charged 8.00 storage-hours, 8.00 storage-hours of it in debt; bio:storage has -2.00",
	     "charge", "bio", "8", "--resource", "storage", "--since", "2026-11-01", "--until",
	     "2026-11-20");
	REFUSED(2, "a time to come", "charge", "bio", "8", "--until", "2099-01-01");
	REFUSED(2, "ends before it begins", "charge", "bio", "8", "--since", "2026-11-02",
		"--until", "2026-11-01");
	/* SU too, and then the account is held as for its jobs. */
	DONE("charged 10.00 SU; bio has 0.00 SU", "charge", "bio", "10", "--note", "resv-7");
	RUN("check");
	ck_assert_str_eq(bio->limits, "cpu=0");
	DONE("", "reverse", "11", "--note", "not theirs");
	DONE("", "verify");
}
END_TEST

START_TEST(a_file_of_requests_has_resources)
{
	static const char round[] =
		"- {ref: a, open: bio, su: 5, resource: gres/gpu}\n"
		"- {ref: b, deposit: bio, su: 1.5, resource: gres/gpu}\n"
		"- {ref: c, open: bio, resource: storage}\n"
		"- {ref: d, charge: bio, su: 2, resource: storage, since: 2026-11-01}\n";
	static const char wrong[] = "- {ref: a, deposit: bio, su: 1, resource: 'a b'}\n";

	char right[96], bad[96];

	(void)snprintf(right, sizeof(right), "%s/round.yaml", test_folder);
	(void)snprintf(bad, sizeof(bad), "%s/wrong.yaml", test_folder);
	util_write_file(right, round, sizeof(round) - 1);
	util_write_file(bad, wrong, sizeof(wrong) - 1);
	REFUSED(2, "wrong.yaml:1:43: 'a b' is not a resource", "import", "--append", bad);
	DONE("", "import", "--append", right);
	DONE("bio:gres/gpu has 7.50 GPU-hours", "deposit", "bio", "1", "--resource", "gres/gpu");
	DONE("bio:storage has -1.00 storage-hours", "deposit", "bio", "1", "--resource", "storage");
	DONE("", "import", "--append", right);
	DONE("bio:gres/gpu has 8.50 GPU-hours", "deposit", "bio", "1", "--resource", "gres/gpu");
}
END_TEST

START_TEST(terms_of_a_budget_are_its_own_or_its_accounts)
{
	DONE("", "open", "bio", "1", "--resource", "gres/gpu:a100");
	DONE("lever        GrpTRESMins=gres/gpu\n", "terms", "bio", "--resource", "gres/gpu:a100");
	DONE("enforcement  hold (the account's)\n", "terms", "bio", "--resource", "gres/gpu:a100");
	DONE("terms are allowance limited, credit 2.00 a100-hours, enforcement warn", "terms",
	     "bio", "--resource", "gres/gpu:a100", "--credit", "2", "--enforce", "warn");
	DONE("", "terms", "bio", "--enforce", "limit");
	DONE("", "open", "bio", "1", "--resource", "storage");
	DONE("lever        none\n", "terms", "bio", "--resource", "storage");
	DONE("enforcement  warn (the account's)\n", "terms", "bio", "--resource", "storage");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs_purse");
	TCase *tcase = tcase_create("purses");

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_add_test(tcase, a_budget_is_opened_filled_and_emptied);
	tcase_add_test(tcase, amounts_of_memory_are_gib_hours_of_mib_seconds);
	tcase_add_test(tcase, what_makes_no_sense_is_refused);
	tcase_add_test(tcase, money_moves_between_budgets_of_one_resource);
	tcase_add_test(tcase, a_closed_account_gets_no_money_in_its_budgets);
	tcase_add_test(tcase, use_by_resource_is_charged_and_holds);
	tcase_add_test(tcase, refusals_of_corrections_have_the_unit_of_the_budget);
	tcase_add_test(tcase, what_slurm_does_not_measure_is_charged_once);
	tcase_add_test(tcase, a_file_of_requests_has_resources);
	tcase_add_test(tcase, terms_of_a_budget_are_its_own_or_its_accounts);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
