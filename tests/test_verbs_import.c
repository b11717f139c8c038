/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes into the books from files: lists written by hand, another bank's books, and those of
 * the predecessor. */
#include "config.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/drive.h"

enum { SU = 3600 };

static char file[96];

/* "bio" and "chem" are open, without money; "geo" is an account of Slurm alone. */
static void setup(void)
{
	drive_setup();
	(void)snprintf(file, sizeof(file), "%s/file", test_folder);
	(void)fake_account("dev", "bio");
	(void)fake_account("dev", "chem");
	fake_account("dev", "geo")->usage = 7 * SU;
	DONE("", "open", "bio");
	DONE("", "open", "chem");
}

static void write_file(const char *text)
{
	util_write_file(file, text, strlen(text));
}

/* What balance says of an account, in billing-seconds. */
#define MONEY(account, expected)                                                                   \
	do {                                                                                       \
		RUN("balance", account, "-nPo", "Allocated,Used,Available", "--seconds");          \
		ck_assert_str_eq(out, expected "\n");                                              \
	} while (0)

/* ---- lists ---- */

#define GOOD "- {ref: a, deposit: bio, su: 1}\n"

START_TEST(a_list_that_makes_no_sense_is_refused)
{
	static const struct {
		const char *text, *place, *says;
	} cases[] = {
		{"", "1:1", "a list of entries is expected"},
		{"# nothing\n", "2:1", "a list of entries is expected"},
		{"ref: a\n", "1:1", "a list of entries is expected"},
		{"[]\n", "1:2", "no entries"},
		{"- a\n", "1:3", "an entry is expected here"},
		{"- []\n", "1:3", "an entry is expected here"},
		{"- {}\n", "1:3", "asks for nothing"},
		{GOOD "- {ref: b, su: 1}\n", "2:3", "asks for nothing"},
		{"- {ref: a, deposit: bio, withdraw: bio, su: 1}\n", "1:26", "one thing"},
		{"- {deposit: bio, su: 1}\n", "1:3", "lacks the key 'ref'"},
		{"- {ref: a, deposit: bio}\n", "1:3", "lacks the key 'su'"},
		{"- {ref: a, transfer: bio, su: 1}\n", "1:3", "lacks the key 'to'"},
		{"- {ref: a, deposit: bio, su: 1, su: 1}\n", "1:33", "given twice"},
		{"- {ref: a, deposit: bio, su: 1, sum: 1}\n", "1:33", "'sum' is not known"},
		{"- {ref: a, deposit: bio, su: 1, to: chem}\n", "1:33", "'to' is not known"},
		{"- {ref: a, deposit: bio, su: 1, no-apply: yes}\n", "1:33", "not known"},
		{"- {ref: a, terms: bio, su: 1}\n", "1:24", "'su' is not known"},
		{"- {ref: a, deposit: bio, su: -1}\n", "1:30", "'-1'"},
		{"- {ref: a, deposit: bio, su: 1e3}\n", "1:30", "'1e3'"},
		{"- {ref: a, deposit: bio, su: 0}\n", "1:30", "zero"},
		{"- {ref: a, deposit: bio, su: all}\n", "1:30", "'all'"},
		{"- {ref: a, deposit: bio, su: 9223372036854775808s}\n", "1:30", ""},
		{"- {ref: a, deposit: bio, su: [1]}\n", "1:30", "single value"},
		{"- {ref: a, deposit: bio, su: }\n", "1:30", "single value"},
		{"- {ref: a, deposit: \"bio,chem\", su: 1}\n", "1:21", "not allowed"},
		{"- {ref: a, transfer: bio, to: -x, su: 1}\n", "1:31", ""},
		{"- {ref: a, transfer: bio, to: BIO, su: 1}\n", "1:3", "itself"},
		{"- {ref: a, open: geo, from-zero: no}\n", "1:34", "must be yes"},
		{"- {ref: a, open: geo, start: 2027-01-01}\n", "1:3", "first deposit"},
		{"- {ref: a, open: root}\n", "1:3", "root stands"},
		{"- {ref: a, terms: bio}\n", "1:3", "changes no terms"},
		{"- {ref: a, terms: bio, note: x}\n", "1:3", "changes no terms"},
		{"- {ref: a, terms: bio, limited: yes, unlimited: yes}\n", "1:3", "exclude"},
		{"- {ref: a, deposit: bio, su: 1, start: tomorrow}\n", "1:3", "not a time"},
		{"- {ref: a, deposit: bio, su: 1, end: 2026-01-01}\n", "1:3",
		 "not after its start"},
		{"- {ref: \"job:1\", deposit: bio, su: 1}\n", "1:3", "keeps for itself"},
		{"- {ref: \"import:1\", deposit: bio, su: 1}\n", "1:3", "keeps for itself"},
		{GOOD "- {ref: a, deposit: bio, su: 1}\n", "2:3", "line 1 already"},
		{GOOD "- {ref: a, deposit: bio, su: 2}\n", "2:3", "line 1 already"},
		{GOOD "- {ref: b, withdraw: bio, su: 1.5}\n", "2:3", "ref 'b': "},
		{GOOD "- {ref: b, deposit: none, su: 1}\n", "2:3", "'none' is not in the bank"},
		{GOOD "- {ref: b, open: bio, su: 1}\n", "2:3", "open already"},
		{GOOD "- {ref: b, &x deposit: bio, su: 1}\n", "2:12", "anchors"},
		{GOOD "---\n" GOOD, "2:1", "second document"},
		{GOOD "- {ref: b, deposit: bio, su: 1", "3:", ""},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char place[128];

		write_file(cases[i].text);
		(void)snprintf(place, sizeof(place), "%s:%s", file, cases[i].place);
		REFUSED(1, place, "import", "--append", file);
		ck_assert_msg(strstr(err, cases[i].says), "case %zu: %s", i, err);
	}
	/* All mistakes of the lines themselves are told at once. */
	write_file("- {ref: a, deposit: bio, su: 1, start: x}\n"
		   "- {ref: b, open: geo, start: 2027-01-01}\n"
		   "- {ref: c, deposit: bio, su: 1}\n");
	REFUSED(1, "2 of the 3 entries", "import", "--append", file);
	ck_assert_ptr_nonnull(strstr(err, "file:1:3: "));
	ck_assert_ptr_nonnull(strstr(err, "file:2:3: "));
	REFUSED(1, "cannot read", "import", "--append", "/nonexistent");
	REFUSED(2, "needs FILE", "import", "--append");
	REFUSED(2, "--dry-run goes with", "import", "--dry-run", file);
}
END_TEST

#define ROUND                                                                                      \
	"- ref: call-geo\n  open: Geo\n  su: 5\n"                                                  \
	"- {ref: call-bio, deposit: bio, su: 10.5, start: 2026-11-01, end: 2028-01-01,\n"          \
	"   note: \"no\"}\n"                                                                       \
	"- {ref: back, withdraw: bio, su: 1800s}\n"                                                \
	"- {ref: move, transfer: bio, to: chem, su: 4}\n"                                          \
	"- {ref: rest, transfer: chem, to: geo, su: all}\n"                                        \
	"- {ref: terms, terms: bio, credit: 2, enforce: warn, thresholds: \"50,80\"}\n"

START_TEST(a_list_is_entered_once)
{
	uint64_t count;

	write_file(ROUND);
	DONE("entered 6 of 6 requests, 0 were in the books already; head 12:", "import", "--append",
	     file);
	MONEY("geo", "32400|0|32400");
	MONEY("bio", "21600|0|28800");
	MONEY("chem", "0|0|0");
	count = entries();
	ck_assert_uint_eq(count, 12);
	DONE("entered 0 of 6 requests, 6 were in the books already; head 12:", "import", "--append",
	     file);
	ck_assert_uint_eq(entries(), count);
	/* The same request as a verb's own. */
	DONE("entered before with this ref", "withdraw", "bio", "0.5", "--ref", "back");
	RUN("journal", "--ref", "call-bio", "-nPo", "Note");
	ck_assert_str_eq(out, "no\n");
	/* A line more, and the others are left alone. */
	write_file(ROUND "- {ref: more, deposit: chem, su: 1}\n");
	DONE("entered 1 of 7 requests, 6 were", "import", "--append", file);
	MONEY("chem", "3600|0|3600");
	DONE("", "verify");
}
END_TEST

START_TEST(where_counting_starts_is_asked_once_for_all)
{
	fake_account("dev", "math");
	write_file("- {ref: g, open: geo, from-zero: yes}\n- {ref: m, open: math, su: 1}\n"
		   "- {ref: d, deposit: geo, su: 8}\n");
	fake_calls[FAKE_SSHARE] = 0;
	DONE("entered 3 of 3", "import", "--append", file);
	ck_assert_int_eq(fake_calls[FAKE_SSHARE], 1);
	DONE("", "check");
	MONEY("geo", "28800|25200|3600");
	/* Nothing new: Slurm is not asked. */
	fake_calls[FAKE_SSHARE] = 0;
	DONE("entered 0 of 3", "import", "--append", file);
	ck_assert_int_eq(fake_calls[FAKE_SSHARE], 0);
}
END_TEST

START_TEST(a_known_ref_with_another_request_refuses_all)
{
	write_file(ROUND);
	DONE("entered 6", "import", "--append", file);
	write_file("- {ref: new, deposit: chem, su: 1}\n"
		   "- {ref: back, withdraw: bio, su: 1801s}\n");
	REFUSED(1, "file:2:3: ref 'back': ", "import", "--append", file);
	write_file("- {ref: new, deposit: chem, su: 1}\n- {ref: call-geo, open: geo}\n");
	REFUSED(1, "file:2:3: ref 'call-geo': ", "import", "--append", file);
}
END_TEST

START_TEST(a_dry_run_of_a_list_shows_the_accounts)
{
	char *before = exported();

	write_file(ROUND);
	GIVES(0, "bio|0|28800\nchem|0|0\ngeo||32400\n", "6 of 6 requests would be", "import",
	      "--append", "--dry-run", "-nP", "--seconds", file);
	UNCHANGED(before);
	GIVES(0, "\"account\": \"geo\",\n    \"after_seconds\": 32400\n", "nothing was entered",
	      "import", "--append", "--dry-run", "--json", "-A", "geo", file);
}
END_TEST

/* Spends all that "bio" and "chem" have, so that both are held. */
static void hold_both(void)
{
	DONE("", "deposit", "bio", "1");
	DONE("", "deposit", "chem", "1");
	fake_account("dev", "bio")->usage = 2 * SU;
	fake_account("dev", "chem")->usage = 2 * SU;
	RUN("check");
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "cpu=0");
	ck_assert_str_eq(fake_account("dev", "chem")->limits, "cpu=0");
	write_file("- {ref: b, deposit: bio, su: 5}\n- {ref: c, deposit: chem, su: 5}\n");
	fake_calls[FAKE_SSHARE] = 0;
}

START_TEST(accounts_of_a_list_are_settled_at_once)
{
	int before;

	hold_both();
	before = fake_modifies;
	GIVES(0, "entered 2 of 2", "", "import", "--append", file);
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "");
	ck_assert_str_eq(fake_account("dev", "chem")->limits, "");
	/* Asked, changed, read back: together. */
	ck_assert_int_eq(fake_calls[FAKE_SSHARE], 2);
	ck_assert_int_eq(fake_modifies, before + 1);
}
END_TEST

START_TEST(slurm_is_left_alone_with_no_apply)
{
	hold_both();
	GIVES(0, "entered 2 of 2", "bio, chem: Slurm is left to the next check", "import",
	      "--append", "--no-apply", file);
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "cpu=0");
	ck_assert_int_eq(fake_calls[FAKE_SSHARE], 0);
}
END_TEST

START_TEST(a_silent_cluster_opens_no_account)
{
	fake_cluster("dev")->silent = true;
	write_file("- {ref: d, deposit: bio, su: 1}\n- {ref: o, open: geo}\n");
	REFUSED(1, "file:2:3: account 'geo' was not opened", "import", "--append", file);
	write_file("- {ref: d, deposit: bio, su: 1}\n- {ref: o, open: geo, later: yes}\n");
	GIVES(0, "entered 2 of 2", "does not answer", "import", "--append", file);
}
END_TEST

START_TEST(the_template_can_be_run)
{
	DONE("- {ref: 2027-physics, deposit: physics", "import", "--template");
	write_file(out);
	fake_account("dev", "physics");
	fake_account("dev", "chemistry");
	fake_account("dev", "biology");
	fake_account("dev", "geology");
	DONE("", "open", "physics");
	DONE("", "open", "biology");
	DONE("", "open", "chemistry", "300");
	RUN("import", "--append", file);
	ck_assert_msg(status == 0, "%s", err);
	check_has(__FILE__, __LINE__, "the output", out, "entered 5 of 5");
	MONEY("biology", "360000|0|360000");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("import");
	TCase *lists = tcase_create("lists");

	suite_add_tcase(suite, lists);
	tcase_set_timeout(lists, TEST_TIMEOUT);
	tcase_add_checked_fixture(lists, setup, drive_teardown);
	tcase_add_test(lists, a_list_that_makes_no_sense_is_refused);
	tcase_add_test(lists, a_list_is_entered_once);
	tcase_add_test(lists, where_counting_starts_is_asked_once_for_all);
	tcase_add_test(lists, a_known_ref_with_another_request_refuses_all);
	tcase_add_test(lists, a_dry_run_of_a_list_shows_the_accounts);
	tcase_add_test(lists, accounts_of_a_list_are_settled_at_once);
	tcase_add_test(lists, slurm_is_left_alone_with_no_apply);
	tcase_add_test(lists, a_silent_cluster_opens_no_account);
	tcase_add_test(lists, the_template_can_be_run);
	return util_run(suite);
}
