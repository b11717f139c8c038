/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts that take over others: rename, merge, and the checks and reports after them, run in this
 * process. */
#include <inttypes.h>

#include "tests/drive.h"

enum { SU = 3600 };

static struct fake_account *dev(const char *name)
{
	return fake_account("dev", name);
}

/* "bio" has 10 SU until 2028 and 5 SU from 2027 on, and has used 2 SU; "zoo" has 3 SU and no use.
 * "life" is new in Slurm. */
static void setup(void)
{
	drive_setup();
	set_settings("clusters: [dev]\nlock_seconds: 1\nthresholds: [20]\nnotice_days: 0\n"
		     "charge_minutes: 0\n");
	(void)dev("bio");
	(void)dev("zoo");
	DONE("", "open", "bio", "10", "--end", "2028-01-01");
	DONE("", "deposit", "bio", "5", "--start", "2027-01-01");
	DONE("", "open", "zoo", "3");
	dev("bio")->usage += 2 * SU;
	DONE("bio: 20% of the allocation is used", "check");
	(void)dev("life");
}

/* Compares what balance shows of an account. */
#define BALANCE(account, expected)                                                                 \
	do {                                                                                       \
		RUN("balance", account, "-nPo", "State,Allocated,Used,Available,Waiting");         \
		ck_assert_str_eq(out, expected "\n");                                              \
	} while (0)

static void verified(void)
{
	DONE("entries", "verify");
}

START_TEST(what_is_malformed_is_refused)
{
	REFUSED(2, "ACCOUNT NEWNAME", "rename", "bio");
	REFUSED(2, "ACCOUNT INTO", "merge", "bio");
	REFUSED(2, "name two accounts", "rename", "bio", "BIO");
	REFUSED(2, "name two accounts", "merge", "bio", "bio");
	REFUSED(2, "", "rename", "bio", "li fe");
	REFUSED(2, "", "rename", "bio", "bio:gres/gpu");
	REFUSED(2, "exclude each other", "rename", "bio", "life", "--from-zero", "--later");
	REFUSED(1, "account 'nosuch' is not in the bank", "rename", "nosuch", "life");
	REFUSED(1, "account 'life' is not in the bank: `subank rename bio life`", "merge", "bio",
		"life");
	REFUSED(1, "no cluster has an account of that name: --later", "rename", "bio", "bioo");
	REFUSED(1, "`subank merge bio zoo`", "rename", "bio", "zoo");
	REFUSED(1, "root stands for the whole cluster", "rename", "bio", "root");
	REFUSED(1, "account 'bio' was not renamed to 'nope': no cluster has an account of that",
		"rename", "bio", "nope");
	DONE("", "close", "zoo");
	REFUSED(1, "was in the bank and is closed", "rename", "bio", "zoo");
	REFUSED(1, "account 'zoo' is closed", "merge", "bio", "zoo");
	verified();
}
END_TEST

START_TEST(a_renamed_account_keeps_all_that_it_had)
{
	DONE("", "terms", "bio", "--credit", "1", "--contact", "pi@example.org");
	DONE("renamed bio to life; life has 9.00 SU", "rename", "bio", "life");
	BALANCE("life", "open|10.00|2.00|9.00|5.00");
	BALANCE("bio", "closed|0.00|0.00|0.00|0.00");
	DONE("pi@example.org", "terms", "life");
	DONE("credit       0.00 SU", "terms", "bio");
	verified();
	/* A threshold that was crossed stays crossed, and another is not. */
	nothing_to_do();
	RUN("statement", "life", "-nPo", "Item,Amount", "--since", "2026-11-01");
	ck_assert_ptr_nonnull(strstr(out, "opening balance|0.00\ndeposits|15.00\ncharges|-2.00\n"
					  "renamed|0.00\nclosing balance|13.00\n"));
	RUN("statement", "bio", "-nPo", "Item,Amount", "--since", "2026-11-01");
	ck_assert_ptr_nonnull(strstr(out, "opening balance|0.00\ndeposits|15.00\ncharges|-2.00\n"
					  "renamed|-13.00\nclosing balance|0.00\n"));
	DONE("(RawUsage)|0|2.00|100", "usage", "life", "-nP", "--since", "2026-11-01");
}
END_TEST

/* Uses all that "bio" has. */
static void spend(void)
{
	dev("bio")->usage += 8 * SU;
	DONE("bio: held", "check");
	ck_assert_str_eq(dev("bio")->limits, "cpu=0");
}

START_TEST(a_hold_is_taken_over_and_ends_with_money)
{
	spend();
	DONE("renamed bio to life; life has 0.00 SU", "rename", "bio", "life");
	ck_assert_str_eq(dev("life")->limits, "cpu=0");
	ck_assert_str_eq(dev("bio")->limits, "cpu=0");
	DONE("", "deposit", "life", "1");
	ck_assert_str_eq(dev("life")->limits, "");
	ck_assert_str_eq(dev("bio")->limits, "cpu=0");
	REFUSED(1, "name 'life', which took it over", "deposit", "bio", "1");
	REFUSED(1, "name 'life', which took it over", "transfer", "zoo", "bio", "1");
	(void)dev("other");
	REFUSED(1, "name 'life', which took it over", "rename", "bio", "other");
}
END_TEST

START_TEST(later_use_of_the_former_name_is_taken_over)
{
	DONE("", "rename", "bio", "life");
	ck_assert_str_eq(dev("bio")->limits, "cpu=0");
	dev("bio")->usage += 3 * SU;
	DONE("bio: account 'life' takes over debt of 3.00 SU", "check");
	BALANCE("life", "open|10.00|5.00|5.00|5.00");
	BALANCE("bio", "closed|0.00|0.00|0.00|0.00");
	verified();
	nothing_to_do();
	/* The check that takes it over also holds. */
	dev("bio")->usage += 5 * SU;
	DONE("life: held, available 0.00 SU", "check");
	ck_assert_str_eq(dev("life")->limits, "cpu=0");
	/* Nobody misses an account that was deleted. */
	fake_remove_account("dev", "bio");
	DONE("", "check");
	ck_assert_ptr_null(strstr(out, "bio"));
}
END_TEST

START_TEST(use_of_the_new_name_counts_from_the_rename_on)
{
	dev("life")->usage = 7 * SU;
	DONE("", "rename", "bio", "life");
	BALANCE("life", "open|10.00|2.00|8.00|5.00");
	dev("life")->usage += 1 * SU;
	DONE("life: charged 1.00 SU", "check");
	BALANCE("life", "open|10.00|3.00|7.00|5.00");
}
END_TEST

START_TEST(use_of_the_new_name_counts_from_zero_on_demand)
{
	dev("life")->usage = 1 * SU;
	DONE("life: charged 1.00 SU", "rename", "bio", "life", "--from-zero");
	BALANCE("life", "open|10.00|3.00|7.00|5.00");
}
END_TEST

START_TEST(corrections_find_the_present_name)
{
	uint64_t deposit, charge;
	char number[24];

	set_settings("clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"
		     "charge_minutes: 0\n");
	DONE("", "deposit", "bio", "1");
	deposit = entries();
	dev("bio")->usage += SU / 2;
	DONE("bio: charged 0.50 SU", "check");
	charge = entries();
	DONE("", "rename", "bio", "life");
	(void)snprintf(number, sizeof(number), "%" PRIu64, charge);
	DONE("life has", "refund", number, "--note", "a broken node");
	(void)snprintf(number, sizeof(number), "%" PRIu64, charge + 1);
	REFUSED(1, "(rename) cannot be reversed: it stays", "reverse", number, "--note", "x");
	(void)snprintf(number, sizeof(number), "%" PRIu64, deposit);
	DONE("life has 8.00 SU", "reverse", number, "--note", "typed twice");
	BALANCE("life", "open|10.00|2.00|8.00|5.00");
	verified();
}
END_TEST

/* Refunds a charge, or a part of it. */
static void refund(uint64_t charge, const char *amount, const char *receipt)
{
	char number[24];

	(void)snprintf(number, sizeof(number), "%" PRIu64, charge);
	DONE(receipt, "refund", number, amount, "--note", "a broken node");
}

/* Returns the newest charge of an account. */
static uint64_t newest_charge(const char *account)
{
	RUN("journal", account, "--kind", "charge", "--last", "1", "-nPo", "Entry");
	return strtoull(out, NULL, 10);
}

/* Renames "bio", and charges its jobs 3 SU, which the new name takes over. Returns the charge. */
static uint64_t use_late(void)
{
	DONE("", "rename", "bio", "life");
	dev("bio")->usage += 3 * SU;
	DONE("bio: account 'life' takes over debt of 3.00 SU", "check");
	return newest_charge("bio");
}

START_TEST(late_use_is_refunded_to_the_present_account)
{
	uint64_t charge = use_late();
	char number[24];

	BALANCE("life", "open|10.00|5.00|5.00|5.00");
	refund(charge, "1", "refunded 1.00 SU of entry");
	BALANCE("life", "open|10.00|4.00|6.00|5.00");
	BALANCE("bio", "closed|0.00|0.00|0.00|0.00");
	(void)snprintf(number, sizeof(number), "%" PRIu64, charge);
	REFUSED(1, "only 2.00 SU of entry", "refund", number, "3", "--note", "x");
	REFUSED(1, "was refunded in part", "reverse", number, "--note", "x");
	DONE("; life has 8.00 SU", "refund", number, "--note", "x", "--ref", "r1");
	DONE("recorded before with this ref", "refund", number, "--note", "x", "--ref", "r1");
	REFUSED(1, "was taken back", "refund", number, "--note", "x");
	BALANCE("life", "open|10.00|2.00|8.00|5.00");
	verified();
	RUN("statement", "life", "-nPo", "Item,Amount", "--since", "2026-11-01");
	ck_assert_ptr_nonnull(strstr(out, "charges|-2.00\nrefunds|3.00\nrenamed|0.00\n"
					  "merged|-3.00\nclosing balance|13.00\n"));
	RUN("usage", "life", "-nPo", "User,Used", "--since", "2026-11-01");
	ck_assert_str_eq(out, "(RawUsage)|-1.00\n");
	/* A refund of the new name is reversed there. */
	(void)snprintf(number, sizeof(number), "%" PRIu64, entries());
	DONE("life has 6.00 SU", "reverse", number, "--note", "it was not broken");
	nothing_to_do();
	verified();
}
END_TEST

START_TEST(a_refund_of_late_use_pays_debt_first)
{
	uint64_t charge;
	char number[24];

	DONE("", "rename", "bio", "life");
	dev("life")->usage += 9 * SU;
	DONE("life: held, available -1.00 SU", "check");
	dev("bio")->usage += 3 * SU;
	DONE("bio: account 'life' takes over debt of 3.00 SU", "check");
	charge = newest_charge("bio");
	BALANCE("life", "held|10.00|14.00|-4.00|5.00");
	refund(charge, "2", "life has -2.00 SU");
	/* Of late use that was not taken over yet, the former name has the debt. */
	DONE("", "terms", "life", "--credit", "2562047788015198");
	dev("bio")->usage += 1 * SU;
	GIVES(3, "", "cannot take over", "check");
	charge = newest_charge("bio");
	(void)snprintf(number, sizeof(number), "%" PRIu64, charge);
	DONE("", "reverse", number, "--note", "x");
	BALANCE("bio", "closed|0.00|0.00|0.00|0.00");
	DONE("", "terms", "life", "--credit", "0");
	verified();
}
END_TEST

START_TEST(a_refund_after_a_merge_goes_where_the_money_was)
{
	uint64_t charge;
	char number[24];

	refund(newest_charge("bio"), "all", "bio has 10.00 SU");
	dev("bio")->usage += 12 * SU;
	DONE("bio: held, available -2.00 SU", "check");
	charge = newest_charge("bio");
	DONE("", "merge", "bio", "zoo");
	BALANCE("zoo", "open|3.00|2.00|1.00|5.00");
	(void)snprintf(number, sizeof(number), "%" PRIu64, charge);
	REFUSED(1, "2.00 SU of entry", "reverse", number, "--note", "x");
	ck_assert_ptr_nonnull(strstr(err, "became debt, which account 'zoo' took over: `subank "
					  "refund"));
	/* The lot gets back what it spent, and the rest is the debt of the receiver. */
	DONE("refunded 10.00 SU of entry", "refund", number, "--note", "x", "--ref", "r1");
	ck_assert_ptr_nonnull(strstr(out, ", and 2.00 SU of entry"));
	ck_assert_ptr_nonnull(strstr(out, " to zoo; bio has"));
	verified();
	DONE("", "check");
	BALANCE("zoo", "open|13.00|0.00|13.00|5.00");
	REFUSED(1, "was taken back", "refund", number, "--note", "x");
	DONE("recorded before with this ref", "refund", number, "--note", "x", "--ref", "r1");
	verified();
}
END_TEST

START_TEST(a_refund_needs_an_open_successor)
{
	uint64_t charge = use_late();
	char number[24];

	DONE("", "close", "life");
	(void)snprintf(number, sizeof(number), "%" PRIu64, charge);
	REFUSED(1, "became debt, which went to account 'life', and that one is closed", "refund",
		number, "--note", "x");
	DONE("", "open", "life");
	refund(charge, "all", "life has 8.00 SU");
	verified();
}
END_TEST

START_TEST(a_refund_of_late_use_may_need_a_window)
{
	uint64_t charge = use_late();
	char number[24];

	clock_now = INT64_C(1830297600) * WHEN_SECOND; /* 2028-01-01, when the lot ended */
	DONE("", "check", "--clock-ok");
	(void)snprintf(number, sizeof(number), "%" PRIu64, charge);
	REFUSED(1, "came from a window that has ended", "refund", number, "--note", "x");
	DONE("life has 8.00 SU", "refund", number, "--note", "x", "--end", "2029-01-01");
	verified();
}
END_TEST

START_TEST(a_request_with_a_ref_is_recorded_once)
{
	DONE("renamed bio to life", "rename", "bio", "life", "--ref", "r1");
	DONE("recorded before with this ref; life has", "rename", "bio", "life", "--ref", "r1");
	REFUSED(1, "ref 'r1' is taken", "rename", "zoo", "other", "--ref", "r1");
}
END_TEST

START_TEST(a_merge_moves_money_with_its_windows)
{
	DONE("merged bio into zoo; zoo has 11.00 SU", "merge", "bio", "zoo");
	BALANCE("zoo", "open|11.00|0.00|11.00|5.00");
	/* What was used stays with the account that used it. */
	BALANCE("bio", "closed|2.00|2.00|0.00|0.00");
	ck_assert_str_eq(dev("bio")->limits, "cpu=0");
	verified();
	dev("bio")->usage += 1 * SU;
	DONE("bio: account 'zoo' takes over debt of 1.00 SU", "check");
	BALANCE("zoo", "open|11.00|1.00|10.00|5.00");
	RUN("statement", "zoo", "-nPo", "Item,Amount", "--since", "2026-11-01");
	ck_assert_ptr_nonnull(strstr(out, "opening balance|0.00\ndeposits|3.00\nmerged|12.00\n"
					  "closing balance|15.00\n"));
	REFUSED(1, "name 'zoo', which took it over", "merge", "bio", "zoo");
	verified();
}
END_TEST

START_TEST(a_receiver_is_known_by_its_name_of_then)
{
	(void)dev("last");
	(void)dev("nil");
	DONE("", "open", "nil");
	DONE("", "merge", "nil", "zoo");
	DONE("", "transfer", "bio", "zoo", "1");
	DONE("", "rename", "zoo", "last");
	RUN("statement", "last", "--entries", "-nPo", "Item,Amount,Detail", "--since",
	    "2026-11-01");
	ck_assert_ptr_nonnull(strstr(out, "merge|0.00|from nil: 0.00 SU\ntransfer|1.00|from bio\n"
					  "rename|0.00|zoo to last\n"));
	RUN("statement", "zoo", "--entries", "-nPo", "Item,Amount,Detail", "--since", "2026-11-01");
	ck_assert_ptr_nonnull(strstr(out, "merge|0.00|from nil: 0.00 SU\ntransfer|1.00|from bio\n"
					  "rename|-4.00|zoo to last\n"));
	RUN("statement", "nil", "--entries", "-nPo", "Item,Amount,Detail", "--since", "2026-11-01");
	ck_assert_ptr_nonnull(strstr(out, "merge|0.00|into zoo: 0.00 SU\n"));
	DONE("merge: into zoo: 0.00 SU", "why", "nil");
}
END_TEST

START_TEST(a_merge_takes_over_debt)
{
	dev("bio")->usage += 10 * SU;
	DONE("bio: held, available -2.00 SU", "check");
	DONE("merged bio into zoo; zoo has 1.00 SU", "merge", "bio", "zoo");
	BALANCE("zoo", "open|3.00|2.00|1.00|5.00");
	BALANCE("bio", "closed|10.00|10.00|0.00|0.00");
	verified();
}
END_TEST

START_TEST(a_check_of_a_former_name_judges_its_successor)
{
	DONE("", "rename", "bio", "life");
	dev("bio")->usage += 8 * SU;
	DONE("life: held, available 0.00 SU", "check", "bio");
	ck_assert_str_eq(dev("life")->limits, "cpu=0");
	nothing_to_do();
	/* Once, and at a merge, which checks the account that it closes. */
	DONE("", "deposit", "life", "1");
	(void)dev("last");
	DONE("", "rename", "life", "last");
	dev("bio")->usage += 2 * SU;
	DONE("last: held, available -1.00 SU", "check", "bio", "life");
	ck_assert_ptr_null(strstr(strstr(out, "last: held") + 1, "last: held"));
	DONE("merged last into zoo; zoo has 2.00 SU", "merge", "last", "zoo");
	dev("bio")->usage += 2 * SU;
	dev("zoo")->usage += 1 * SU;
	DONE("zoo: held, available -1.00 SU", "check", "last", "bio");
	verified();
	nothing_to_do();
}
END_TEST

/* Gives "zoo" a quota of 1 SU a month, at whose start debt up to 5 SU is forgiven, and lets
 * December begin, when "bio" owes 2 SU. */
static void begin_a_month(void)
{
	DONE("", "terms", "zoo", "--quota", "1", "--every", "month", "--forgive-below", "5");
	clock_now = INT64_C(1796083200) * WHEN_SECOND - WHEN_DAY;
	DONE("", "check", "--clock-ok");
	dev("bio")->usage += 10 * SU;
	DONE("bio: held, available -2.00 SU", "check");
	clock_now += WHEN_DAY; /* 2026-12-01 */
}

START_TEST(a_merge_comes_after_quotas_that_are_due)
{
	begin_a_month();
	DONE("deposited the quota of 1.00 SU, merged bio into zoo", "merge", "bio", "zoo");
	BALANCE("zoo", "open|4.00|2.00|2.00|5.00");
	DONE("", "check");
	BALANCE("zoo", "open|4.00|2.00|2.00|5.00");
	verified();
}
END_TEST

START_TEST(late_debt_is_taken_over_after_quotas_that_are_due)
{
	begin_a_month();
	clock_now -= WHEN_DAY;
	/* All that "zoo" has goes away, so that it has to owe what it takes over. */
	DONE("", "withdraw", "zoo", "all");
	DONE("", "merge", "bio", "zoo");
	DONE("zoo|held|-2.00", "balance", "zoo", "-nPo", "Account,State,Available");
	clock_now += WHEN_DAY;
	dev("bio")->usage += 1 * SU;
	/* Of 3 SU the 2 SU of November are forgiven. */
	DONE("zoo: debt of 2.00 SU was forgiven", "check");
	BALANCE("zoo", "held|1.00|1.00|0.00|5.00");
	verified();
}
END_TEST

START_TEST(successors_of_successors_take_over)
{
	(void)dev("last");
	DONE("", "merge", "bio", "zoo");
	DONE("", "rename", "zoo", "last");
	dev("bio")->usage += 1 * SU;
	DONE("bio: account 'last' takes over debt of 1.00 SU", "check");
	/* Without one that is open the debt stays. */
	DONE("", "close", "last");
	dev("bio")->usage += 1 * SU;
	DONE("bio: charged 1.00 SU", "check");
	ck_assert_ptr_null(strstr(out, "takes over"));
	BALANCE("bio", "closed|2.00|3.00|-1.00|0.00");
	/* The verb settles it. */
	DONE("bio: account 'last' takes over debt of 1.00 SU", "open", "last");
	DONE("", "check");
	verified();
}
END_TEST

START_TEST(accounts_above_each_other_are_refused)
{
	(void)snprintf(dev("life")->parent, sizeof(dev("life")->parent), "bio");
	REFUSED(1, "account 'life' is below 'bio' in Slurm", "rename", "bio", "life");
	(void)snprintf(dev("life")->parent, sizeof(dev("life")->parent), "root");
	(void)snprintf(dev("bio")->parent, sizeof(dev("bio")->parent), "life");
	REFUSED(1, "account 'life' is above 'bio' in Slurm", "rename", "bio", "life");
}
END_TEST

/* It would not be clear whose its late jobs are. */
START_TEST(a_former_name_is_not_used_again)
{
	DONE("", "rename", "bio", "life");
	REFUSED(1, "what its jobs still use is for 'life': choose another name", "open", "bio",
		"4");
	REFUSED(1, "what its jobs still use is for 'life': choose another name", "rename", "zoo",
		"bio");
	REFUSED(1, "what its jobs still use is for 'life': choose another name", "rename", "life",
		"bio");
	REFUSED(1, "name 'life', which took it over", "merge", "zoo", "bio");
	REFUSED(1, "name 'life', which took it over", "open", "bio", "4", "--resource", "storage");
	DONE("", "merge", "life", "zoo");
	REFUSED(1, "what its jobs still use is for 'zoo': choose another name", "open", "life");
	verified();
}
END_TEST

START_TEST(the_past_has_the_names_of_then)
{
	char seq[24];

	(void)snprintf(seq, sizeof(seq), "%" PRIu64, entries());
	DONE("", "rename", "bio", "life");
	DONE("bio|open|8.00", "balance", "life", "--as-of", seq, "-nPo", "Account,State,Available");
}
END_TEST

START_TEST(why_names_the_account_that_has_all)
{
	DONE("", "open", "bio", "2", "--resource", "storage");
	DONE("", "rename", "bio", "life", "--note", "a new name");
	DONE("rename: bio to life, by slurm (login alice) (a new name)\n"
	     "  life took over all that it had: see `subank why life`\n",
	     "why", "bio");
	ck_assert_ptr_null(strstr(out, "storage"));
	DONE("life:storage took over all that it had: see `subank why life:storage`\n", "why",
	     "bio", "--resource", "storage");
	/* What was taken over later did not close it. */
	dev("bio")->usage += 1 * SU;
	DONE("bio: account 'life' takes over debt of 1.00 SU", "check");
	DONE("rename: bio to life, by slurm (login alice) (a new name)\n  life took", "why", "bio");
	DONE("", "merge", "life", "zoo", "--note", "both are one");
	dev("life")->usage += 1 * SU;
	DONE("life: account 'zoo' takes over debt of 1.00 SU", "check");
	DONE("merge: into zoo: 12.00 SU, by slurm (login alice) (both are one)\n  zoo took", "why",
	     "life");
	DONE("", "close", "zoo");
	DONE("  `subank open zoo` opens it again\n", "why", "zoo");
}
END_TEST

/* ---- budgets and shares ---- */

/* Sets what an account has used: GPU minutes, as Slurm shows them. */
static void gpus(const char *account, int64_t minutes)
{
	struct fake_account *to = dev(account);

	(void)snprintf(to->tres_raw, sizeof(to->tres_raw),
		       "cpu=0,billing=%" PRId64 ",gres/gpu=%" PRId64, to->usage / 60, minutes);
}

/* Gives "bio" 2 GPU-hours, of which 1 is used, ann a share of 1 SU and a default share of 3 SU, of
 * which bob has used half. */
static void add_budgets(void)
{
	gpus("root", 60);
	gpus("bio", 60);
	gpus("life", 0);
	gpus("zoo", 0);
	fake_member("dev", "bio", "ann");
	fake_member("dev", "bio", "bob");
	fake_member("dev", "life", "ann");
	fake_member("dev", "life", "bob");
	DONE("", "open", "bio", "2", "--resource", "gres/gpu");
	DONE("", "share", "bio", "ann", "1");
	DONE("", "terms", "bio", "--default-share", "3");
	DONE("", "check");
	gpus("bio", 120);
	dev("bio")->usage += SU / 2;
	fake_member("dev", "bio", "carl")->usage = 0;
	DONE("bio:gres/gpu: charged 1.00 GPU-hours", "check");
}

START_TEST(budgets_and_shares_come_along)
{
	add_budgets();
	DONE("renamed bio to life", "rename", "bio", "life");
	DONE("", "check");
	DONE("life|10.00|2.50|7.50\nlife:billing~ann|1.00|0.00|1.00\n"
	     "life:billing~bob|3.00|0.00|3.00\nlife:billing~carl|3.00|0.00|3.00\n"
	     "life:billing~someone|3.00|0.00|3.00\n"
	     "life:gres/gpu|2.00|1.00|1.00\n",
	     "balance", "life", "--users", "-nPo", "Account,Allocated,Used,Available");
	/* Use counts from the rename on, and holds. */
	gpus("life", 60);
	DONE("life:gres/gpu: held", "check");
	ck_assert_str_eq(dev("life")->limits, "gres/gpu=0");
	/* A new user gets the default share there, and no one in the former account. */
	fake_member("dev", "life", "dora");
	fake_member("dev", "bio", "emil");
	DONE("life: user dora gets a share of 3.00 SU", "check");
	ck_assert_ptr_null(strstr(out, "emil"));
	verified();
	/* Late use of the former name is given back, too. */
	gpus("bio", 150);
	DONE("bio:gres/gpu: account 'life:gres/gpu' takes over debt of 0.50 GPU-hours", "check");
	refund(newest_charge("bio:gres/gpu"), "all", "life:gres/gpu has 0.00 GPU-hours");
	verified();
	RUN("statement", "life", "--resource", "gres/gpu", "-nPo", "Item,Amount", "--since",
	    "2026-11-01");
	ck_assert_ptr_nonnull(strstr(
		out, "deposits|2.00\ncharges|-2.00\nrefunds|0.50\nrenamed|0.00\nmerged|-0.50\n"));
	(void)dev("other");
	DONE("", "rename", "life", "other");
	verified();
	DONE("other:gres/gpu|2.00|2.00|0.00", "balance", "other", "-nPo",
	     "Account,Allocated,Used,Available");
}
END_TEST

START_TEST(budgets_and_shares_are_merged)
{
	add_budgets();
	fake_member("dev", "zoo", "ann");
	DONE("", "open", "zoo", "5", "--resource", "gres/gpu");
	DONE("", "share", "zoo", "ann", "2");
	DONE("merged bio into zoo; zoo has 10.50 SU", "merge", "bio", "zoo");
	RUN("balance", "zoo", "--users", "-nPo", "Account,Allocated,Used,Available");
	ck_assert_str_eq(out, "zoo|10.50|0.00|10.50\nzoo:billing~ann|3.00|0.00|3.00\n"
			      "zoo:billing~bob|3.00|0.00|3.00\nzoo:billing~carl|3.00|0.00|3.00\n"
			      "zoo:billing~someone|3.00|0.00|3.00\nzoo:gres/gpu|6.00|0.00|6.00\n");
	/* Late use of the former name, of each budget. */
	gpus("bio", 150);
	DONE("bio:gres/gpu: account 'zoo:gres/gpu' takes over debt of 0.50 GPU-hours", "check");
	DONE("zoo:gres/gpu|6.00|0.50|5.50", "balance", "zoo", "-nPo",
	     "Account,Allocated,Used,Available");
	verified();
	nothing_to_do();
}
END_TEST

START_TEST(a_budget_whose_new_name_is_too_long_keeps_the_old)
{
	char name[250];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	(void)dev(name);
	add_budgets();
	REFUSED(2, "would be too long: choose a shorter", "rename", "bio", name);
}
END_TEST

/* ---- money ---- */

START_TEST(use_is_billed_once)
{
	static const char month[] = "2026-12-01";

	DONE("", "rename", "bio", "life");
	dev("bio")->usage += 3 * SU;
	dev("life")->usage += 1 * SU;
	DONE("", "check");
	RUN("statement", "--price", "1EUR", "--since", "2026-11-01", "--until", month, "-nPo",
	    "Account,Item,Billed,Cents");
	ck_assert_ptr_nonnull(strstr(out, "bio|invoice|3.00|300\n"));
	ck_assert_ptr_nonnull(strstr(out, "life|invoice|3.00|300\n"));
	ck_assert_ptr_nonnull(strstr(out, "sum of invoices||600"));
}
END_TEST

START_TEST(use_is_listed_once)
{
	static const char month[] = "2026-12-01";

	DONE("", "rename", "bio", "life");
	dev("bio")->usage += 3 * SU;
	dev("life")->usage += 1 * SU;
	DONE("", "check");
	RUN("usage", "-nPo", "Account,User,Used,Share", "--total", "--since", "2026-11-01");
	ck_assert_str_eq(out, "bio|(RawUsage)|3.00|100\nbio|(total)|3.00|100\n"
			      "life|(RawUsage)|3.00|100\nlife|(total)|3.00|100\n"
			      "zoo|(total)|0.00|-\n");
	RUN("usage", "bio", "zoo", "-nPo", "Account,Used", "--since", "2026-11-01");
	ck_assert_str_eq(out, "bio|3.00\n");
	/* Alone it has what its statement has. */
	RUN("usage", "bio", "-nPo", "User,Used", "--since", "2026-11-01");
	ck_assert_str_eq(out, "(RawUsage)|5.00\n");
	clock_now = INT64_C(1796083200) * WHEN_SECOND + 1; /* 2026-12-01 */
	(void)dev("last");
	DONE("", "rename", "life", "last");
	RUN("usage", "-nPo", "Account,Used", "--since", "2026-11-01", "--until", month);
	ck_assert_str_eq(out, "bio|3.00\nlife|3.00\n");
	RUN("usage", "-nPo", "Account,Used", "--since", "2026-11-01");
	ck_assert_str_eq(out, "bio|3.00\nlast|3.00\n");
}
END_TEST

START_TEST(an_invoice_of_before_stays_the_same)
{
	char *before;

	clock_now = INT64_C(1796083200) * WHEN_SECOND + 1; /* 2026-12-01 */
	DONE("", "deposit", "zoo", "1");
	RUN("statement", "--price", "1EUR", "--until", "2026-12-01", "-P");
	before = strdup(out);
	ck_assert_ptr_nonnull(strstr(before, "bio-2026-11"));
	DONE("", "rename", "bio", "life");
	RUN("statement", "bio", "zoo", "--price", "1EUR", "--until", "2026-12-01", "-P");
	ck_assert_int_eq(status, 0);
	RUN("statement", "--price", "1EUR", "--until", "2026-12-01", "-P");
	ck_assert_str_eq(out, before);
	free(before);
}
END_TEST

START_TEST(a_successor_past_int64_concerns_its_own_alone)
{
	DONE("", "merge", "bio", "zoo");
	DONE("", "terms", "zoo", "--credit", "2562047788015199");
	dev("bio")->usage += 3 * SU;
	GIVES(3, "", "bio: account 'zoo' cannot take over", "check");
	dev("zoo")->usage += 1 * SU;
	GIVES(3, "zoo: charged 1.00 SU", "bio: account 'zoo' cannot take over", "check");
	DONE("bio: account 'zoo' takes over debt of 3.00 SU", "terms", "zoo", "--credit", "0");
	verified();
}
END_TEST

static void job(int id)
{
	fake_add_job("dev", (struct fake_job){.id = id,
					      .user = "ann",
					      .account = "bio",
					      .partition = "cpu",
					      .start = clock_now / WHEN_SECOND - 2000,
					      .ran = 1800});
}

START_TEST(jobs_of_a_former_name_are_listed_and_refunded)
{
	set_settings("clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"
		     "charge_minutes: 0\nmeter: jobs\n");
	DONE("", "check");
	clock_now += HOUR;
	job(1);
	DONE("bio: charged 0.50 SU", "check");
	DONE("", "rename", "bio", "life");
	clock_now += HOUR;
	job(2);
	DONE("bio: account 'life' takes over debt of 0.50 SU", "check");
	BALANCE("life", "open|10.00|1.00|9.00|5.00");
	RUN("usage", "life", "--by", "job", "-nPo", "Job,Used");
	ck_assert_str_eq(out, "dev/1|0.50\n(RawUsage)|2.00\n(reconciled)|-2.00\n");
	DONE("refunded 0.50 SU of 1 job", "refund", "-i", "--job", "dev/1", "--accounts", "life",
	     "--note", "a node");
	BALANCE("life", "open|10.00|0.50|9.50|5.00");
	DONE("refunded 0.50 SU of 1 job", "refund", "-i", "--job", "dev/2", "--note", "a node");
	BALANCE("life", "open|10.00|0.00|10.00|5.00");
	verified();
	RUN("usage", "life", "--by", "job", "-nPo", "Job,Jobs,Used");
	ck_assert_str_eq(out, "dev/2|0|-0.50\ndev/1|1|0.00\n(RawUsage)|0|2.00\n"
			      "(reconciled)|0|-2.00\n");
	RUN("usage", "bio", "--by", "job", "-nPo", "Job,Jobs,Used", "--since", "2026-11-01");
	ck_assert_ptr_nonnull(strstr(out, "dev/2|1|0.50\n"));
	RUN("usage", "--by", "job", "-nPo", "Account,Job,Jobs,Used", "--since", "2026-11-01");
	ck_assert_str_eq(out, "bio|dev/2|1|0.50\nlife|dev/2|0|-0.50\nlife|dev/1|1|0.00\n"
			      "life|(RawUsage)|0|2.00\nlife|(reconciled)|0|-2.00\n");
}
END_TEST

/* A job of "bio", and the same of "zoo"; they run, or have ended after [ran] seconds. */
static void twins(int id, int64_t start, int64_t ran, bool runs)
{
	const char *const accounts[] = {"bio", "zoo"};

	for (int i = 0; i < 2; i++)
		fake_add_job("dev", (struct fake_job){.id = id + i,
						      .user = "ann",
						      .account = accounts[i],
						      .partition = "cpu",
						      .submit = start,
						      .start = start,
						      .ran = ran,
						      .runs = runs,
						      .limit = 4 * SU});
}

#define COLUMNS "Allocated,Used,Available,Waiting,Committed"

/* "life", which was "bio", has what "zoo" has, which has always been "zoo". */
static void same_as_twin(const char *expected)
{
	RUN("balance", "zoo", "-nPo", COLUMNS);
	ck_assert_str_eq(out, expected);
	RUN("balance", "life", "-nPo", COLUMNS);
	ck_assert_str_eq(out, expected);
	RUN("balance", "bio", "-nPo", COLUMNS);
	ck_assert_str_eq(out, "0.00|0.00|0.00|0.00|0.00\n");
}

/* Both have 5 SU that end in three hours, and 3 SU without an end; each has a job that began half
 * an hour ago. Returns when it began. */
static int64_t run_twins(void)
{
	int64_t start;

	set_settings("clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"
		     "charge_minutes: 0\nmeter: jobs\n");
	DONE("", "check");
	DONE("", "withdraw", "bio", "all");
	DONE("", "withdraw", "zoo", "all");
	DONE("", "deposit", "bio", "5", "--end", "now+3hours");
	DONE("", "deposit", "zoo", "5", "--end", "now+3hours");
	DONE("", "deposit", "bio", "3");
	DONE("", "deposit", "zoo", "3");
	DONE("", "deposit", "zoo", "5", "--start", "2027-01-01");
	clock_now += HOUR;
	start = clock_now / WHEN_SECOND - 1800;
	twins(1, start, 1800, true);
	DONE("", "check");
	return start;
}

START_TEST(running_jobs_of_a_former_name_are_in_flight)
{
	int64_t start = run_twins();

	DONE("", "rename", "bio", "life");
	same_as_twin("8.00|0.50|7.50|5.00|4.00\n");
	clock_now += HOUR / 2;
	twins(1, start, 3600, true);
	DONE("", "check");
	same_as_twin("8.00|1.00|7.00|5.00|4.00\n");
	RUN("why", "life");
	ck_assert_ptr_nonnull(strstr(out, "1.00 SU"));
	clock_now += HOUR / 2;
	twins(1, start, 5400, false);
	DONE("bio: account 'life' takes over debt of 1.50 SU", "check");
	same_as_twin("8.00|1.50|6.50|5.00|0.00\n");
	verified();
}
END_TEST

START_TEST(a_window_waits_for_jobs_of_a_former_name_and_pays_for_them)
{
	int64_t start = run_twins();

	DONE("", "rename", "bio", "life");
	/* Their windows end while the jobs run. */
	clock_now += 3 * HOUR;
	twins(1, start, 3 * 3600, true);
	DONE("", "check");
	ck_assert_ptr_null(strstr(out, "expired"));
	clock_now += HOUR / 2;
	twins(1, start, 3 * 3600, false);
	DONE("life: 2.00 SU expired", "check");
	ck_assert_ptr_nonnull(strstr(out, "zoo: 2.00 SU expired"));
	ck_assert_ptr_nonnull(strstr(out, "bio: account 'life' takes over debt of 3.00 SU"));
	same_as_twin("3.00|0.00|3.00|5.00|0.00\n");
	verified();
	RUN("journal", "life", "--json", "--kind", "merge");
	ck_assert_ptr_nonnull(strstr(out, "\"debt_seconds\":10800,\"since\":\"2026-11-22T17:30:"));
}
END_TEST

/* A check charged the former account, and was killed before its plan. */
START_TEST(a_check_of_the_new_name_first_takes_over_what_the_former_owes)
{
	int64_t start = run_twins();

	DONE("", "rename", "bio", "life");
	clock_now += 3 * HOUR;
	twins(1, start, 3 * 3600, true);
	DONE("", "check");
	clock_now += HOUR;
	twins(1, start, 3 * 3600, false);
	DONE("charged 3.00 SU", "check", "bio", "zoo");
	ck_assert_ptr_nonnull(strstr(out, "bio: account 'life' takes over debt of 3.00 SU"));
	ck_assert_ptr_null(strstr(out, "expired"));
	GIVES(0, "", "left to the next check", "charge", "bio", "1", "--since", "2026-11-22T18:00",
	      "--until", "2026-11-22T19:00", "--no-apply");
	clock_now += HOUR;
	DONE("bio: account 'life' takes over debt of 1.00 SU", "check", "life");
	DONE("life: 1.00 SU expired", "check");
	verified();
}
END_TEST

START_TEST(jobs_of_merged_accounts_are_in_flight_where_their_money_went)
{
	int64_t start = run_twins();

	DONE("", "merge", "bio", "zoo");
	RUN("balance", "-nPo", "Account," COLUMNS);
	ck_assert_ptr_nonnull(strstr(out, "zoo|16.00|1.00|15.00|10.00|8.00\n"));
	DONE("", "rename", "zoo", "life");
	RUN("balance", "-nPo", "Account," COLUMNS);
	ck_assert_ptr_nonnull(strstr(out, "life|16.00|1.00|15.00|10.00|8.00\n"));
	ck_assert_ptr_nonnull(strstr(out, "bio|0.00|0.00|0.00|0.00|0.00\n"));
	/* Windows wait for both. */
	clock_now += 3 * HOUR;
	twins(1, start, 3 * 3600, true);
	DONE("", "check");
	fake_add_job("dev", (struct fake_job){.id = 2,
					      .user = "ann",
					      .account = "zoo",
					      .partition = "cpu",
					      .submit = start,
					      .start = start,
					      .ran = 3 * SU});
	DONE("zoo: account 'life' takes over debt of 3.00 SU", "check");
	ck_assert_ptr_null(strstr(out, "expired"));
	/* It ended half an hour ago, and slurmdbd got that now: a check sees neither that it runs
	 * nor that it ended, until one looks back. */
	twins(1, start, 3 * 3600, false);
	DONE("", "check");
	ck_assert_ptr_null(strstr(out, "expired"));
	clock_now += HOUR;
	DONE("life: 4.00 SU expired", "check");
	ck_assert_ptr_nonnull(strstr(out, "bio: account 'life' takes over debt of 3.00 SU"));
	verified();
}
END_TEST

START_TEST(jobs_below_the_new_name_count_once)
{
	int64_t start = run_twins();

	DONE("", "rename", "bio", "life");
	(void)snprintf(dev("bio")->parent, sizeof(dev("bio")->parent), "life");
	DONE("", "check");
	clock_now += HOUR;
	twins(1, start, 5400, true);
	DONE("", "check");
	RUN("balance", "life", "-nPo", COLUMNS);
	/* From when it moved on, as for any account below. */
	ck_assert_str_eq(out, "8.00|0.99|7.00|5.00|3.49\n");
}
END_TEST

/* ---- the books elsewhere ---- */

START_TEST(renamed_books_are_restored_to_the_same_head)
{
	char path[256], *before;

	add_budgets();
	DONE("", "rename", "bio", "life");
	DONE("", "merge", "zoo", "life");
	dev("bio")->usage += 3 * SU;
	DONE("", "check");
	(void)dev("other");
	DONE("", "rename", "life", "other");
	(void)snprintf(path, sizeof(path), "%s/export.yaml", test_folder);
	before = exported();
	DONE("", "export", path);
	GIVES(0, "restored", "will be replaced", "import", "--replace", "-i", path);
	UNCHANGED(before);
	verified();
}
END_TEST

/* Returns whether a page of the report has the text. */
static bool page_has(const char *folder, const char *page, const char *part)
{
	char path[256], *text;
	size_t len;
	bool found;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, page);
	text = util_read_file(path, &len);
	found = strstr(text, part) != NULL;
	free(text);
	return found;
}

START_TEST(the_page_of_a_former_name_says_where_all_went)
{
	char flat[128], folders[128];

	DONE("", "rename", "bio", "life");
	(void)snprintf(flat, sizeof(flat), "%s/flat", test_folder);
	(void)snprintf(folders, sizeof(folders), "%s/folders", test_folder);
	DONE("wrote", "report", "-o", flat);
	ck_assert(page_has(flat, "bio.html", "bio is closed: available 0.00 SU<"));
	ck_assert(page_has(flat, "bio.html", "life took over all that it had"));
	ck_assert(!page_has(flat, "bio.html", "another account"));
	ck_assert(page_has(flat, "bio.html", "<dt>Lasts until</dt><dd>closed</dd>"));
	ck_assert(!page_has(flat, "bio.html", "nothing allocated"));
	ck_assert(page_has(flat, "bio.html", "<p>There is no window now.</p>"));
	ck_assert(page_has(flat, "life.html", "aria-label=\"Windows\""));
	/* Who reads one folder need not read another. */
	DONE("wrote", "report", "-o", folders, "--by-account");
	ck_assert(page_has(folders, "bio/index.html", "another account took over"));
	ck_assert(!page_has(folders, "bio/index.html", "life"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rename");
	TCase *tcase = tcase_create("rename");

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_add_test(tcase, the_page_of_a_former_name_says_where_all_went);
	tcase_add_test(tcase, what_is_malformed_is_refused);
	tcase_add_test(tcase, a_renamed_account_keeps_all_that_it_had);
	tcase_add_test(tcase, a_hold_is_taken_over_and_ends_with_money);
	tcase_add_test(tcase, later_use_of_the_former_name_is_taken_over);
	tcase_add_test(tcase, use_of_the_new_name_counts_from_the_rename_on);
	tcase_add_test(tcase, use_of_the_new_name_counts_from_zero_on_demand);
	tcase_add_test(tcase, corrections_find_the_present_name);
	tcase_add_test(tcase, late_use_is_refunded_to_the_present_account);
	tcase_add_test(tcase, a_refund_of_late_use_pays_debt_first);
	tcase_add_test(tcase, a_refund_after_a_merge_goes_where_the_money_was);
	tcase_add_test(tcase, a_refund_needs_an_open_successor);
	tcase_add_test(tcase, a_refund_of_late_use_may_need_a_window);
	tcase_add_test(tcase, a_request_with_a_ref_is_recorded_once);
	tcase_add_test(tcase, a_merge_moves_money_with_its_windows);
	tcase_add_test(tcase, a_receiver_is_known_by_its_name_of_then);
	tcase_add_test(tcase, a_merge_takes_over_debt);
	tcase_add_test(tcase, a_check_of_a_former_name_judges_its_successor);
	tcase_add_test(tcase, a_merge_comes_after_quotas_that_are_due);
	tcase_add_test(tcase, late_debt_is_taken_over_after_quotas_that_are_due);
	tcase_add_test(tcase, successors_of_successors_take_over);
	tcase_add_test(tcase, accounts_above_each_other_are_refused);
	tcase_add_test(tcase, a_former_name_is_not_used_again);
	tcase_add_test(tcase, the_past_has_the_names_of_then);
	tcase_add_test(tcase, why_names_the_account_that_has_all);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("budgets");
	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_add_test(tcase, budgets_and_shares_come_along);
	tcase_add_test(tcase, budgets_and_shares_are_merged);
	tcase_add_test(tcase, a_budget_whose_new_name_is_too_long_keeps_the_old);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("money");
	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_add_test(tcase, use_is_billed_once);
	tcase_add_test(tcase, use_is_listed_once);
	tcase_add_test(tcase, an_invoice_of_before_stays_the_same);
	tcase_add_test(tcase, a_successor_past_int64_concerns_its_own_alone);
	tcase_add_test(tcase, jobs_of_a_former_name_are_listed_and_refunded);
	tcase_add_test(tcase, running_jobs_of_a_former_name_are_in_flight);
	tcase_add_test(tcase, a_window_waits_for_jobs_of_a_former_name_and_pays_for_them);
	tcase_add_test(tcase, a_check_of_the_new_name_first_takes_over_what_the_former_owes);
	tcase_add_test(tcase, jobs_of_merged_accounts_are_in_flight_where_their_money_went);
	tcase_add_test(tcase, jobs_below_the_new_name_count_once);
	tcase_add_test(tcase, renamed_books_are_restored_to_the_same_head);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
