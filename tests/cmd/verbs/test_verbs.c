/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verbs that record, show, export and restore, run in this process. */
#include <inttypes.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/frame/command.h"
#include "slurm/slurm.h"
#include "tests/drive.h"

#define NAME_40 "a123456789b123456789c123456789d123456789"
#define NAME_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NAME_128 NAME_64 NAME_64
#define NAME_255                                                                                   \
	NAME_64 NAME_64 NAME_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
#define NOTE_1024 NAME_128 NAME_128 NAME_128 NAME_128 NAME_128 NAME_128 NAME_128 NAME_128

/* Two open accounts, "bio" with 100 SU and "chem" with nothing. */
static void setup(void)
{
	drive_setup();
	fake_account("dev", "bio")->usage = 1000;
	(void)fake_account("dev", "chem");
	(void)fake_account("dev", "fresh");
	(void)fake_account("dev", "empty");
	DONE("", "open", "bio", "100");
	DONE("", "open", "chem");
}

static int64_t number_of(const char *account, const char *key)
{
	json_t *list;
	int64_t number;

	RUN("balance", account, "--json");
	ck_assert_msg(status == 0, "%s", err);
	list = json_loads(out, 0, NULL);
	ck_assert_uint_eq(json_array_size(list), 1);
	ck_assert(json_is_integer(json_object_get(json_array_get(list, 0), key)));
	number = json_integer_value(json_object_get(json_array_get(list, 0), key));
	json_decref(list);
	return number;
}

static int64_t available(const char *account)
{
	return number_of(account, "available_seconds");
}

/* ---- the frame ---- */

/* The verb must make [count] entries, exit with 5, report that they were recorded, and [what]. */
static void check_untold(uint64_t count, const char *what, const char *const args[])
{
	uint64_t first = entries() + 1;
	char text[160];

	out_full = true;
	drive(args);
	out_full = false;
	ck_assert_msg(status == 5, "%s: status %d: %s", args[0], status, err);
	ck_assert_uint_eq(entries(), first + count - 1);
	check_has(__FILE__, __LINE__, args[0], err, what);
	check_has(__FILE__, __LINE__, args[0], err,
		  " could not be written: No space left on device: make room; do not run it again");
	ck_assert_msg(!strstr(err, "room and run it"), "%s", err);
	if (count != 1)
		return;
	(void)snprintf(text, sizeof(text), "entry %" PRIu64 " was recorded", first);
	check_has(__FILE__, __LINE__, args[0], err, text);
	(void)snprintf(text, sizeof(text), "`subank journal --from %" PRIu64 " --to %" PRIu64 "`",
		       first, first);
	check_has(__FILE__, __LINE__, args[0], err, text);
}
#define UNTOLD(count, what, ...) check_untold(count, what, (const char *const[]){__VA_ARGS__, NULL})

START_TEST(what_was_recorded_is_said_to_be_when_its_receipt_is_lost)
{
	static const char round[] =
		"- {ref: a, deposit: bio, su: 1}\n- {ref: b, deposit: bio, su: 1}\n";
	char path[256];

	UNTOLD(2, "(fresh: opened fresh); only the receipt", "open", "fresh");
	UNTOLD(1, " was recorded (bio: deposited 1.00 SU); only the receipt", "deposit", "bio",
	       "1");
	UNTOLD(1, " was recorded (bio: withdrew 1.00 SU)", "withdraw", "bio", "1");
	UNTOLD(1, " was recorded (bio: transferred 1.00 SU to chem)", "transfer", "bio", "chem",
	       "1");
	UNTOLD(1, " was recorded (bio: ", "set", "bio", "50");
	UNTOLD(1, " was recorded (bio: ", "terms", "bio", "--credit", "1");
	UNTOLD(1, " was recorded (bio: held by hand)", "hold", "bio", "--no-apply");
	UNTOLD(1, " was recorded (bio: ", "release", "bio", "--no-apply");
	fake_account("dev", "bio")->usage += 3600;
	UNTOLD(1, " was recorded; only the output", "check");
	UNTOLD(1, " was recorded (bio: ", "refund", "15", "--note", "x");
	UNTOLD(1, " was recorded (bio: ", "reverse", "16", "--note", "x");
	UNTOLD(1, "(fresh: closed", "close", "fresh", "--no-apply");
	(void)snprintf(path, sizeof(path), "%s/round.yaml", test_folder);
	util_write_file(path, round, sizeof(round) - 1);
	UNTOLD(2, " to 20 were recorded; only the output", "import", "--append", path);
	/* Results outside the chain. */
	machine = "id/another";
	UNTOLD(0, "the bank was adopted; only the output", "adopt");
}
END_TEST

START_TEST(what_stands_already_is_said_to_be_when_its_receipt_is_lost)
{
	DONE("", "deposit", "bio", "1", "--ref", "r");
	UNTOLD(0, "entry 6 was recorded before (bio: it has this ref)", "deposit", "bio", "1",
	       "--ref", "r");
}
END_TEST

START_TEST(what_was_not_recorded_is_not_said_to_be)
{
	static const char *const questions[][4] = {
		{"balance"}, {"terms", "bio"}, {"check", "--dry-run"}, {"journal", "--json"}};

	(void)fake_account("dev", "bio");
	fake_account("dev", "bio")->usage += 3600;
	for (size_t i = 0; i < 4; i++) {
		char *before = exported();

		out_full = true;
		GIVES(1, "", "cannot write the output: No space left on device", questions[i][0],
		      questions[i][1], questions[i][2]);
		out_full = false;
		ck_assert_ptr_null(strstr(err, "recorded"));
		UNCHANGED(before);
	}
}
END_TEST

START_TEST(other_things_done_are_said_when_the_receipt_is_lost)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/export.yaml", test_folder);
	out_full = true;
	GIVES(5, "", "the file was written; only the output could not be written", "export", path);
	(void)snprintf(path, sizeof(path), "%s/copies", test_folder);
	ck_assert_int_eq(mkdir(path, 0750), 0);
	GIVES(5, "", "the backup was made; only the output", "backup", path);
	(void)snprintf(path, sizeof(path), "%s/export.yaml", test_folder);
	GIVES(5, "", "the ledger was restored; only the output", "import", "--replace", "-i", path);
	(void)snprintf(path, sizeof(path), "%s/other", test_folder);
	ck_assert_int_eq(setenv("SUBANK_BANK", path, 1), 0);
	GIVES(5, "", "the bank was made; only the output", "init");
}
END_TEST

/* An error may advise a second run: the last message must forbid it. */
START_TEST(after_an_entry_nothing_advises_to_repeat_it)
{
	fake_account("dev", "bio")->usage += 400000;
	DONE("held", "check");
	fake_mode[FAKE_SACCTMGR] = FAKE_FAILS;
	GIVES(3, "deposited 1000.00 SU",
	      "the entry was recorded, do not run it again; the next check brings Slurm in line",
	      "deposit", "bio", "1000");
	out_full = true;
	GIVES(3, "", "was recorded (bio: deposited 1000.00 SU); only the receipt", "deposit", "bio",
	      "1000");
	out_full = false;
	fake_mode[FAKE_SACCTMGR] = FAKE_OK;
	/* The receipt is lost, but Slurm is changed. */
	out_full = true;
	GIVES(5, "", "only the receipt", "deposit", "bio", "1");
	out_full = false;
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "");
}
END_TEST

START_TEST(malformed_command_lines_are_refused)
{
	static const struct {
		const char *args[6];
		const char *part;
	} bad[] = {
		{{"blance"}, "did you mean 'balance'?"},
		{{"deposits", "bio", "1"}, "did you mean 'deposit'?"},
		{{"zzzzzzzz"}, "`subank help` lists them"},
		{{"help", "blance"}, "did you mean 'balance'?"},
		{{""}, "there is no verb ''"},
		{{"--blank", "x", "balance"}, "did you mean '--bank'?"},
		{{"balance", "--jsn"}, "did you mean '--json'?"},
		{{"balance", "--js"}, "there is no option '--js'"},
		{{"balance", "--form", "Account"}, "did you mean '--format'?"},
		{{"balance", "--form=Account"}, "there is no option '--form'"},
		{{"--quie", "balance"}, "there is no option '--quie'"},
		{{"deposit", "bio", "1", "--no"}, "there is no option '--no'"},
		{{"balance", "--quiet", "-zP"}, "there is no option '-z'"},
		{{"balance", "--json=yes"}, "option '--json' takes no value"},
		{{"deposit", "bio", "1", "--ref"}, "option '--ref' needs a value"},
		{{"balance", "-A"}, "option '-A' needs a value"},
		{{"balance", "-PA"}, "option '-A' needs a value"},
		{{"balance", "-\033"}, "'-\\x1b'"},
		{{"deposit", "bio"}, "deposit needs ACCOUNT SU"},
		{{"deposit"}, "usage: subank deposit ACCOUNT SU"},
		{{"deposit", "bio", "-5"}, "positive, and `subank withdraw` takes"},
		{{"help", "nonsense"}, "'nonsense'; `subank help` lists them"},
		{{"deposit", "bio", "1", "2"}, "too many arguments: '2'"},
		{{"open"}, "open needs ACCOUNT"},
		{{"close"}, "close needs ACCOUNT"},
		{{"close", "bio", "chem"}, "too many arguments: 'chem'"},
		{{"withdraw", "bio"}, "withdraw needs ACCOUNT SU|all"},
		{{"transfer", "bio", "chem"}, "transfer needs FROM TO SU|all"},
		{{"hold"}, "hold needs ACCOUNT"},
		{{"release"}, "release needs ACCOUNT"},
		{{"import"}, "import needs FILE"},
		{{"export", "a", "b"}, "too many arguments: 'b'"},
		{{"init", "x"}, "too many arguments: 'x'"},
		{{"adopt", "x"}, "too many arguments: 'x'"},
		{{"verify", "x", "y"}, "too many arguments: 'y'"},
		{{"verify", "x", "--slurm"}, "are for the bank, not for a file"},
		{{"verify", "x", "-M", "dev"}, "are for the bank, not for a file"},
		{{"check", "--clusters", "a,,b"}, "the cluster name is empty"},
		{{"check", "-M", "a;b"}, "cluster name 'a;b'"},
		{{"-b", "", "balance"}, "the name of the bank's folder is empty"},
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		char *before = exported();

		drive(bad[i].args);
		ck_assert_msg(status == 2, "%s %s: %d %s", bad[i].args[0], bad[i].args[1], status,
			      err);
		check_has(__FILE__, __LINE__, "the messages", err, bad[i].part);
		check_has(__FILE__, __LINE__, "the output", out, NULL);
		UNCHANGED(before);
	}
}
END_TEST

/* Every verb reports a wrong argument and changes neither the books nor Slurm. */
START_TEST(a_wrong_command_changes_nothing)
{
	static const char *const wrong[][5] = {
		{"--no-such-option"},
		{"--bank"},
		{"-\x01"},
		{"a;b", "1"},
		{"nosuch", "1"},
		{"bio", "-1"},
		{"bio", "1e3"},
		{"bio", "1,000"},
		{"bio", "chem", "nothing"},
		{"nosuch", "chem", "1"},
		{"bio", "nosuch", "1"},
		{"1", "2", "3", "4", "5"},
		{"bio", "1", "--start", "yesterday"},
		{"bio", "1", "--end", "2001-01-01"},
		{"bio", "1", "--ref", ""},
		{"bio", "--until", "soon"},
		{"bio", "--until", "2001-01-01"},
		{"bio", "--credit", "much"},
		{"bio", "--enforce", "holt"},
		{"bio", "--lever", "MaxJobs"},
		{"bio", "--thresholds", "90,60"},
		{"9999", "--note", "why"},
		{"2", "101%", "--note", "why"},
		{"--format", "nosuch"},
		{"--color", "blue"},
		{"--kind", "despoit"},
		{"--as-of", "tomorrow"},
		{"--since", "tomorrow", "--until", "yesterday"},
		{"-M", "a,,b"},
		{"-A", "nosuch"},
		{"--let-go", "dev"},
		{"--head", "1:xyz"},
		{"/no/such/file", "--append"},
		{"/no/such/file"},
		{"/dev/null"},
	};
	size_t tried = 0;

	for (size_t i = 0; commands[i]; i++) {
		for (size_t j = 0; j < COUNT(wrong); j++) {
			const char *args[7] = {commands[i]->name};
			char *before = exported();
			int modified = fake_modifies;

			/* It takes names of no account. */
			if (strcmp(args[0], "open") == 0 && (strcmp(wrong[j][0], "nosuch") == 0 ||
							     strcmp(wrong[j][0], "9999") == 0)) {
				free(before);
				continue;
			}
			memcpy(&args[1], wrong[j], sizeof(wrong[j]));
			drive(args);
			/* Some verbs accept it. */
			if (status == 0) {
				unchanged(__FILE__, __LINE__, before);
				continue;
			}
			ck_assert_msg(status != 0, "%s %s: %s", args[0], args[1], out);
			ck_assert_msg(*err || status == 3, "%s %s: no message", args[0], args[1]);
			unchanged(__FILE__, __LINE__, before);
			ck_assert_int_eq(fake_modifies, modified);
			tried++;
		}
	}
	ck_assert_uint_gt(tried, 500);
}
END_TEST

START_TEST(what_is_known_is_shown_beside_what_is_not)
{
	static const char rows[] = "bio|100.00\nchem|0.00\n";

	GIVES(1, rows, "account 'nosuch' is not in the bank", "balance", "bio", "nosuch", "chem",
	      "-nPo", "Account,Available");
	ck_assert_str_eq(out, rows);
	GIVES(1, rows, "account 'nosuch' is not in the bank", "balance", "nosuch", "-A", "chem,bio",
	      "-nPo", "Account,Available", "--as-of", "now");
	ck_assert_str_eq(out, rows);
	GIVES(1, "bio|", "account 'aa' is not in the bank", "balance", "--lots", "bio", "aa", "zz",
	      "-nP");
	ck_assert_ptr_nonnull(strstr(err, "account 'zz' is not in the bank"));
	GIVES(1, "\n]\n", "'nosuch'", "balance", "bio", "nosuch", "--json");
	REFUSED(1, "account 'aa' is not in the bank", "balance", "aa", "zz");
	ck_assert_ptr_nonnull(strstr(err, "account 'zz' is not in the bank"));
}
END_TEST

/* Until the bank is adopted, whether Slurm has to change or not. */
START_TEST(a_bank_that_may_not_command_slurm_says_so_at_every_entry)
{
	static const char says[] = "does not command Slurm from this machine and folder",
			  list[] = "- {ref: r1, deposit: chem, su: 1}\n";
	char path[160];

	machine = "id/copy";
	GIVES(0, "deposited 1.00 SU", says, "deposit", "bio", "1");
	GIVES(0, "withdrew 1.00 SU", says, "withdraw", "bio", "1");
	GIVES(0, "transferred 1.00 SU", says, "transfer", "bio", "chem", "1");
	GIVES(3, "terms are", says, "terms", "bio", "--credit", "1");
	GIVES(3, "held by hand", says, "hold", "bio");
	ck_assert_ptr_null(strstr(strstr(err, says) + 1, says));
	GIVES(0, "deposited 1.00 SU", says, "deposit", "bio", "1", "--no-apply");
	DONE("", "deposit", "chem", "1", "--quiet");
	(void)snprintf(path, sizeof(path), "%s/list", test_folder);
	util_write_file(path, list, strlen(list));
	GIVES(0, "recorded 1 of 1", says, "import", "--append", path);
	DONE("", "balance", "bio");
	GIVES(0, "now commands", NULL, "adopt", "-i");
	DONE("deposited 1.00 SU", "deposit", "chem", "1");
}
END_TEST

START_TEST(large_amounts_are_asked_for)
{
	static const char list[] = "- {ref: r1, deposit: bio, su: 1001}\n"
				   "- {ref: r2, deposit: chem, su: 5}\n"
				   "- {ref: r3, deposit: chem, su: 2000}\n";
	char path[160];

	set_settings("clusters: [dev]\nlock_seconds: 1\nconfirm_above: 1000\n");
	DONE("deposited 1000.00 SU", "deposit", "bio", "1000");
	REFUSED(1, "1000.00 SU is more than 1000.00 SU (confirm_above in the settings)", "deposit",
		"bio", "3600001s");
	ck_assert_ptr_nonnull(strstr(err, "add --immediate"));
	REFUSED(1, "confirm_above", "open", "fresh", "1001");
	REFUSED(1, "confirm_above", "withdraw", "bio", "1001");
	REFUSED(1, "confirm_above", "transfer", "bio", "chem", "1001");
	REFUSED(1, "confirm_above", "set", "bio", "1001");
	REFUSED(1, "confirm_above", "terms", "bio", "--credit", "1001");
	DONE("credit 1000.00 SU", "terms", "bio", "--credit", "1000");
	/* On a terminal. */
	at_terminal = true;
	answers = "n\n";
	GIVES(1, "Is that amount right? [y/N] ", "2000.00 SU is more than", "deposit", "bio",
	      "2000");
	answers = "y\n";
	GIVES(0, "deposited 2000.00 SU", "confirm_above", "deposit", "bio", "2000");
	at_terminal = false;
	/* --immediate answers, and a repeated request asks nothing. */
	DONE("deposited 2000.00 SU", "deposit", "bio", "2000", "-i", "--ref", "big");
	DONE("recorded before with this ref", "deposit", "bio", "2000", "--ref", "big");
	DONE("withdrew", "withdraw", "bio", "all");
	(void)snprintf(path, sizeof(path), "%s/list", test_folder);
	util_write_file(path, list, strlen(list));
	REFUSED(1, "amounts above 1000.00 SU (confirm_above in the settings): 2", "import",
		"--append", path);
	GIVES(0, "", "3 of 3 requests would be", "import", "--append", "--dry-run", path);
	DONE("recorded 3 of 3", "import", "--append", "-i", path);
}
END_TEST

/* In half of Europe that is ten thousand. */
START_TEST(amounts_that_look_like_thousands_are_asked_for)
{
	/* Without a terminal it is taken literally. */
	DONE("deposited 10.00 SU", "deposit", "bio", "10.000");
	at_terminal = true;
	answers = "\n";
	GIVES(1, "Is that amount right? [y/N] ",
	      "'10.000' is 10.00 SU: a point is no separator of thousands", "deposit", "bio",
	      "10.000");
	GIVES(1, "[y/N] ", "'1.500'", "withdraw", "bio", "1.500");
	answers = "y\n";
	GIVES(0, "deposited 10.00 SU", "no separator", "deposit", "bio", "10.000");
	answers = "";
	DONE("deposited 10.00 SU", "deposit", "bio", "10.000", "-i");
	DONE("deposited 0.50 SU", "deposit", "bio", "0.500");
	DONE("deposited 1000.50 SU", "deposit", "bio", "1000.500");
	DONE("deposited 10.00 SU", "deposit", "bio", "10.00");
}
END_TEST

START_TEST(what_was_meant_is_asked)
{
	DONE("", "open", "fresh", "1");
	/* Slurm may have an account of that very name. */
	REFUSED(1, "did you mean 'fresh'? `subank open fesh` opens it if Slurm has it", "deposit",
		"fesh", "1");
	REFUSED(1, "account 'fesh' is not in the bank: did you mean 'fresh'?", "deposit", "fesh",
		"1");
	REFUSED(1, "did you mean 'chem'?", "transfer", "bio", "chme", "1");
	REFUSED(1, "did you mean 'bio'?", "balance", "bioo");
	REFUSED(1, "did you mean 'fresh'?", "why", "frehs");
	REFUSED(1, "account 'xyzzy' is not in the bank: `subank open xyzzy` opens it", "hold",
		"xyzzy");
	REFUSED(2, "there is no kind of entry 'depost': did you mean 'deposit'?", "journal",
		"--kind", "depost");
	REFUSED(2, "there is no rule for --enforce 'warm': did you mean 'warn'?", "terms", "bio",
		"--enforce", "warm");
	REFUSED(2, "there is no --format 'yml': did you mean 'yaml'?", "export", "--format", "yml");
	REFUSED(2, "there is no option '--zzzzzz'; --help lists them", "balance", "--zzzzzz");
	set_settings("clusters: [dev]\nenforcement: hodl\n");
	GIVES(1, NULL, "enforcement cannot be 'hodl': did you mean 'hold'?", "balance");
	set_settings("clusters: [dev]\ntresholds: [1]\n");
	GIVES(1, NULL, "there is no setting 'tresholds': did you mean 'thresholds'?", "balance");
}
END_TEST

START_TEST(no_verb_gives_the_help_and_status_2)
{
	static const char *const nothing[] = {NULL};

	drive(nothing);
	ck_assert_int_eq(status, 2);
	ck_assert_str_eq(out, "");
	ck_assert_ptr_nonnull(strstr(err, "Verbs:"));
}
END_TEST

static void check_lines(const char *verb)
{
	for (const char *line = out, *end; (end = strchr(line, '\n')); line = end + 1) {
		/* Two lines name files that configure sets, whose prefix may be long. */
		const char *config = strstr(line, "--config FILE");
		const char *notify = strstr(line, "    notify: /");

		if ((!config || config > end) && (!notify || notify > end))
			ck_assert_msg(end - line <= 80, "help %s: %.*s", verb, (int)(end - line),
				      line);
	}
}

START_TEST(no_line_of_help_is_wider_than_a_terminal)
{
	char name[32];
	size_t count = 0;
	char *list, *rest, *line;

	DONE("Verbs:\n", "help");
	check_lines("");
	list = strdup(out);
	rest = strstr(list, "Verbs:\n");
	(void)strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) && sscanf(line, "%31s", name) == 1) {
		DONE("usage:", "help", name);
		check_lines(name);
		count++;
	}
	ck_assert_uint_ge(count, 20);
	free(list);
}
END_TEST

START_TEST(help_names_every_verb_and_needs_no_bank)
{
	static const char *const verbs[] = {
		"init",	    "adopt",   "open",	  "close", "deposit",	"withdraw",
		"transfer", "balance", "journal", "check", "hold",	"release",
		"export",   "import",  "verify",  "help",  "statement", "why",
	};

	ck_assert_int_eq(setenv("SUBANK_BANK", "/nowhere", 1), 0);
	DONE("Verbs:", "help");
	DONE("Verbs:", "--help");
	DONE("Verbs:", "-h");
	for (size_t i = 0; i < COUNT(verbs); i++) {
		char line[64];

		(void)snprintf(line, sizeof(line), "\n  %s ", verbs[i]);
		DONE(line, "help");
		(void)snprintf(line, sizeof(line), "usage: subank %s ", verbs[i]);
		DONE(line, verbs[i], "--help");
		DONE(line, verbs[i], "-h");
		DONE(line, "help", verbs[i]);
		DONE(line, "--help", verbs[i]);
		DONE("--bank DIR", verbs[i], "--help");
	}
	DONE("--ref REF", "deposit", "--help");
	DONE("--until TIME", "hold", "--help");
	DONE("--head SEQ:HASH", "verify", "--help");
	DONE("--format COLUMNS", "balance", "--help");
}
END_TEST

START_TEST(the_version_is_printed_before_and_behind_a_verb)
{
	char *before = exported();

	DONE("subank " PACKAGE_VERSION, "--version");
	DONE("LMDB", "-V");
	DONE("subank " PACKAGE_VERSION, "deposit", "bio", "1", "--version");
	UNCHANGED(before);
}
END_TEST

START_TEST(options_may_stand_before_the_verb)
{
	DONE("Account", "-b", bank_folder, "balance");
	DONE("360000", "--seconds", "balance", "bio", "-n");
	GIVES(0, NULL, NULL, "-Q", "deposit", "bio", "1");
	ck_assert_int_eq(setenv("SUBANK_BANK", "/nowhere", 1), 0);
	DONE("bio", "--bank", bank_folder, "balance");
	GIVES(1, NULL, "/nowhere", "balance");
}
END_TEST

START_TEST(broken_settings_stop_every_verb_with_their_place)
{
	set_settings("banc: /x\n");
	GIVES(1, NULL, "settings:1:1: there is no setting 'banc'", "balance");
	GIVES(1, NULL, "settings:1:1: ", "deposit", "bio", "1");
}
END_TEST

/* ---- recording ---- */

/* The books and slurm/ each have their own code for this rule. */
START_TEST(what_the_bank_can_have_is_what_may_reach_a_command_line)
{
	static const char *const before[] = {"", "", "a", "a"}, *const behind[] = {"", "a", "",
										   "b"};
	char name[512];

	for (size_t i = 0; i < COUNT(before); i++) {
		for (int c = 1; c < 256; c++) {
			(void)snprintf(name, sizeof(name), "%s%c%s", before[i], c, behind[i]);
			ck_assert_msg(slurm_name_ok(name) == name_ok(name), "'%s'", name);
			ck_assert_msg(name_ok(name) == !name_check("account", name, NULL), "'%s'",
				      name);
			ck_assert_msg(!slurm_check_cluster(name, NULL) ==
					      !name_check("cluster", name, NULL),
				      "'%s'", name);
		}
	}
	for (size_t len = 0; len < sizeof(name); len++) {
		memset(name, 'a', len);
		name[len] = '\0';
		ck_assert(slurm_name_ok(name) == (len > 0 && len < 256));
		ck_assert(name_ok(name) == (len > 0 && len < 256));
	}
}
END_TEST

START_TEST(malformed_names_and_amounts_are_refused_by_every_verb)
{
	static const char *const names[] = {
		"",	"a;b",	"a$b",	"a'b", "a\"b",	    "a,b",     "a=b",	     "a b",
		"a\nb", "a`b`", "a[b]", "a*",  "a\xc3\xa4", "\033[2J", NAME_255 "x",
	};
	static const char *const amounts[] = {
		"0",
		"0.0",
		"0s",
		"-1",
		"+1",
		"1e3",
		"0.0001",
		"1.",
		".5",
		"1,5",
		"1 ",
		" 1",
		"1x",
		"1ss",
		"0x10",
		"1SU",
		"",
		"nan",
		"inf",
		"9223372036854775808s",
		"2562047788015216",
		"99999999999999999999",
		"1\n",
		"\xd9\xa1",
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		REFUSED(2, "account name", "open", names[i]);
		REFUSED(2, "account name", "open", names[i], "10");
		REFUSED(2, "account name", "close", names[i]);
		REFUSED(2, "account name", "deposit", names[i], "1");
		REFUSED(2, "account name", "withdraw", names[i], "1");
		REFUSED(2, "account name", "transfer", names[i], "chem", "1");
		REFUSED(2, "account name", "transfer", "bio", names[i], "1");
		REFUSED(2, "account name", "hold", names[i]);
		REFUSED(2, "account name", "release", names[i]);
		REFUSED(2, "account name", "balance", names[i]);
		REFUSED(2, "account name", "journal", names[i]);
		REFUSED(2, "account name", "check", names[i]);
		ck_assert_ptr_null(strchr(err, '\033'));
	}
	REFUSED(2, "begins with '-'", "deposit", "--", "-bio", "1");
	REFUSED(2, "there is no option '-e'", "deposit", "-epi", "1");
	for (size_t i = 0; i < COUNT(amounts); i++) {
		REFUSED(2, "amount", "deposit", "--", "bio", amounts[i]);
		REFUSED(2, "amount", "withdraw", "--", "bio", amounts[i]);
		REFUSED(2, "amount", "transfer", "--", "bio", "chem", amounts[i]);
		REFUSED(2, "amount", "open", "--", "fresh", amounts[i]);
	}
	REFUSED(2, "amount", "deposit", "bio", "all");
	REFUSED(2, "amount", "open", "fresh", "all");
	REFUSED(2, "amount", "withdraw", "bio", "ALL");
}
END_TEST

START_TEST(names_are_folded_and_kept_whole)
{
	(void)fake_account("dev", "phys_1.x-y");
	DONE("opened phys_1.x-y with 5.00 SU", "open", "Phys_1.x-Y", "5");
	DONE("phys_1.x-y has 6.00 SU", "deposit", "PHYS_1.X-Y", "1");
	REFUSED(1, "open already", "open", "BIO");
	REFUSED(2, "to itself", "transfer", "bio", "Bio", "1");
	DONE("chem|", "balance", "-nP", "CHEM");
	DONE("2.00 SU to phys_1.x-y", "transfer", "bIO", "Phys_1.x-y", "2");
}
END_TEST

START_TEST(long_names_are_kept_whole)
{
	(void)fake_account("dev", NAME_40);
	(void)fake_account("dev", NAME_255);
	DONE(NAME_40, "open", NAME_40, "5");
	DONE(NAME_40 "|open|5.00|", "balance", "-nP", NAME_40);
	DONE(NAME_255, "open", NAME_255, "7");
	DONE(NAME_255 "|open|7.00|", "balance", "-nP", NAME_255);
	DONE(NAME_255, "transfer", NAME_255, NAME_40, "all");
	DONE("all is well", "verify");
}
END_TEST

START_TEST(predecessor_35_unknown_accounts_are_named)
{
	REFUSED(1, "account 'nosuch' is not in the bank", "close", "nosuch");
	REFUSED(1, "account 'nosuch' is not in the bank", "deposit", "nosuch", "1");
	REFUSED(1, "account 'nosuch' is not in the bank", "withdraw", "nosuch", "1");
	REFUSED(1, "account 'nosuch' is not in the bank", "transfer", "nosuch", "chem", "1");
	REFUSED(1, "account 'nosuch' is not in the bank", "transfer", "bio", "nosuch", "1");
	REFUSED(1, "account 'nosuch' is not in the bank", "hold", "nosuch");
	REFUSED(1, "account 'nosuch' is not in the bank", "release", "nosuch");
	REFUSED(1, "account 'nosuch' is not in the bank", "balance", "nosuch");
	REFUSED(1, "account 'nosuch' is not in the bank", "journal", "-A", "nosuch");
	REFUSED(1, "account 'nosuch' is not in the bank", "check", "nosuch");
}
END_TEST

/* "entry N: WHAT; ACCOUNT has AMOUNT; head N:HASH" and nothing else; the hash is the newest one. */
static void is_receipt(uint64_t seq, const char *what, const char *account, const char *amount)
{
	char expected[1024], *text = exported(), *hash = NULL;

	for (char *at = text; (at = strstr(at, "hash: \"")); at++)
		hash = at + 7;
	ck_assert_ptr_nonnull(hash);
	(void)snprintf(expected, sizeof(expected),
		       "entry %" PRIu64 ": %s; %s has %s; head %" PRIu64 ":%.16s\n", seq, what,
		       account, amount, seq, hash);
	ck_assert_str_eq(out, expected);
	ck_assert_str_eq(err, "");
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(entries(), seq);
	free(text);
}

START_TEST(each_entry_has_a_receipt)
{
	uint64_t n = entries();

	ck_assert_uint_eq(n, 5); /* open, baseline, deposit, open, baseline */
	RUN("deposit", "bio", "0.5");
	is_receipt(++n, "deposited 0.50 SU", "bio", "100.50 SU");
	RUN("deposit", "bio", "95s", "--seconds");
	is_receipt(++n, "deposited 95s", "bio", "361895s");
	RUN("withdraw", "bio", "35s");
	is_receipt(++n, "withdrew <0.01 SU", "bio", "100.51 SU");
	RUN("transfer", "bio", "chem", "40");
	is_receipt(++n, "transferred 40.00 SU to chem", "bio", "60.51 SU");
	ck_assert_int_eq(available("chem"), 40 * 3600);
	RUN("withdraw", "chem", "all");
	is_receipt(++n, "withdrew 40.00 SU", "chem", "0.00 SU");
	RUN("open", "fresh", "1");
	is_receipt(n += 3, "opened fresh with 1.00 SU", "fresh", "1.00 SU");
	RUN("open", "empty");
	is_receipt(n += 2, "opened empty", "empty", "0.00 SU");
	RUN("hold", "empty", "--no-apply");
	ck_assert_int_eq(status, 0);
	ck_assert_ptr_nonnull(strstr(out, "held by hand; empty has 0.00 SU; head "));
	DONE("all is well", "verify");
}
END_TEST

START_TEST(more_than_there_is_cannot_be_taken)
{
	REFUSED(1, "less than 101.00 SU", "withdraw", "bio", "101");
	REFUSED(1, "less than", "withdraw", "bio", "360001s");
	REFUSED(1, "less than", "transfer", "bio", "chem", "360001s");
	REFUSED(1, "has nothing to take", "withdraw", "chem", "all");
	REFUSED(1, "has nothing to take", "transfer", "chem", "bio", "all");
	REFUSED(1, "less than", "withdraw", "chem", "1s");
	DONE("withdrew 100.00 SU", "withdraw", "bio", "360000s");
	REFUSED(1, "has nothing to take", "withdraw", "bio", "all");
}
END_TEST

START_TEST(sums_that_leave_int64_are_refused)
{
	(void)fake_account("dev", "rich");
	DONE("", "open", "rich", "9223372036854775807s");
	REFUSED(1, "", "deposit", "rich", "1s");
	REFUSED(1, "", "transfer", "bio", "rich", "1s");
	ck_assert_int_eq(available("rich"), INT64_MAX);
	DONE("withdrew", "withdraw", "rich", "all");
	DONE("all is well", "verify");
}
END_TEST

enum { REF_CASES = 12 };

START_TEST(a_repeated_ref_is_answered_with_the_first_receipt)
{
	static const struct {
		const char *first[8];
		const char *other[8]; /* another request with that ref */
	} verbs[] = {
		{{"deposit", "bio", "10", "--ref", "r"}, {"deposit", "bio", "11", "--ref", "r"}},
		{{"deposit", "bio", "10", "--ref", "r"}, {"deposit", "chem", "10", "--ref", "r"}},
		{{"deposit", "bio", "10", "--ref", "r"}, {"withdraw", "bio", "10", "--ref", "r"}},
		{{"withdraw", "bio", "10", "--ref", "r"}, {"withdraw", "bio", "all", "--ref", "r"}},
		{{"withdraw", "bio", "all", "--ref", "r"}, {"withdraw", "bio", "1", "--ref", "r"}},
		{{"transfer", "bio", "chem", "1", "--ref", "r"},
		 {"transfer", "bio", "chem", "2", "--ref", "r"}},
		{{"transfer", "bio", "chem", "all", "--ref", "r"},
		 {"transfer", "bio", "chem", "1", "--ref", "r"}},
		{{"open", "fresh", "1", "--ref", "r"}, {"open", "fresh", "--ref", "r"}},
		{{"open", "fresh", "--ref", "r"}, {"open", "fresh", "--from-zero", "--ref", "r"}},
		{{"close", "bio", "--ref", "r"}, {"close", "chem", "--ref", "r"}},
		{{"hold", "bio", "--ref", "r"},
		 {"hold", "bio", "--until", "now+1day", "--ref", "r"}},
		{{"hold", "bio", "--until", "now+7days", "--ref", "r"},
		 {"hold", "bio", "--until", "now+8days", "--ref", "r"}},
	};

	const char *const *first = verbs[_i].first, *const *other = verbs[_i].other;
	uint64_t seq, again;
	char *before;

	ck_assert_uint_eq(COUNT(verbs), REF_CASES);
	drive(first);
	ck_assert_msg(status == 0, "%s", err);
	ck_assert_int_eq(sscanf(out, "entry %" SCNu64, &seq), 1);
	/* The balance changes meanwhile; the request is the same. */
	if (strcmp(first[0], "close") != 0)
		DONE("", "deposit", "bio", "5");
	before = exported();
	drive(first);
	ck_assert_msg(status == 0, "%s: %s", first[0], err);
	ck_assert_int_eq(sscanf(out, "entry %" SCNu64, &again), 1);
	/* open records more entries after the one with the ref. */
	if (strcmp(first[0], "open") == 0)
		ck_assert_uint_le(again, seq);
	else
		ck_assert_uint_eq(again, seq);
	ck_assert_ptr_nonnull(strstr(out, "recorded before with this ref"));
	UNCHANGED(before);
	REFUSED(1, "ref 'r' is taken", other[0], other[1], other[2], other[3], other[4], other[5],
		other[6], other[7]);
}
END_TEST

START_TEST(an_amount_is_the_same_request_in_any_form)
{
	DONE("", "deposit", "bio", "1", "--ref", "r");
	DONE("recorded before", "deposit", "BIO", "3600s", "--ref", "r", "--note", "again");
	DONE("recorded before", "deposit", "bio", "1.00", "--ref=r", "--seconds");
}
END_TEST

START_TEST(a_release_is_entered_once_with_a_ref)
{
	char *before;

	DONE("", "hold", "bio");
	DONE("released", "release", "bio", "--ref", "r");
	before = exported();
	DONE("recorded before", "release", "bio", "--ref", "r");
	UNCHANGED(before);
	REFUSED(1, "is not held: `subank why bio`", "release", "bio");
	REFUSED(1, "ref 'r' is taken", "release", "chem", "--ref", "r");
}
END_TEST

START_TEST(refs_and_notes_have_bounds)
{
	REFUSED(2, "ref", "deposit", "bio", "1", "--ref", "");
	REFUSED(2, "ref", "deposit", "bio", "1", "--ref", NAME_128 "x");
	REFUSED(2, "ref", "deposit", "bio", "1", "--ref", "a\nb");
	REFUSED(2, "ref", "deposit", "bio", "1", "--ref", "\033[2J");
	REFUSED(2, "job:", "deposit", "bio", "1", "--ref", "job:1");
	REFUSED(2, "import:", "deposit", "bio", "1", "--ref", "import:1");
	REFUSED(2, "ref", "hold", "bio", "--ref", "job:1");
	REFUSED(2, "note", "deposit", "bio", "1", "--note", NOTE_1024 "x");
	REFUSED(2, "note", "deposit", "bio", "1", "--note", "a\nb");
	REFUSED(2, "note", "deposit", "bio", "1", "--note", "\033]0;x\a");
	REFUSED(2, "note", "deposit", "bio", "1", "--note", "\xff");
	REFUSED(2, "note", "close", "bio", "--note", "\x7f");
	DONE("", "deposit", "bio", "1", "--ref", NAME_128, "--note", NOTE_1024);
	DONE("", "deposit", "bio", "1", "--note", "");
	DONE("", "deposit", "bio", "1", "--note", "a | \"b\" \xc3\xa4 \\");
	DONE(NOTE_1024, "journal", "-o", "note");
	DONE(NAME_128, "journal", "-nPo", "ref");
	DONE("a / \"b\" \xc3\xa4 ", "journal", "-nPo", "note");
	DONE("all is well", "verify");
}
END_TEST

START_TEST(closed_accounts_take_nothing_and_give_what_is_left)
{
	DONE("closed bio; bio has 100.00 SU", "close", "bio");
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "cpu=0");
	REFUSED(1, "closed already", "close", "bio");
	REFUSED(1, "takes no deposits", "deposit", "bio", "1");
	DONE("", "deposit", "chem", "1");
	REFUSED(1, "takes no deposits", "transfer", "chem", "bio", "1");
	REFUSED(1, "it is closed", "release", "bio");
	DONE("|closed|", "balance", "-nP", "bio");
	DONE("transferred 40.00 SU to chem", "transfer", "bio", "chem", "40");
	/* The hold failed: use meanwhile is charged. */
	fake_account("dev", "bio")->usage += 3600;
	DONE("bio: charged 1.00 SU", "check");
	DONE("opened bio", "open", "bio");
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "");
	ck_assert_int_eq(available("bio"), 59 * 3600);
	DONE("", "check");
	ck_assert_int_eq(available("bio"), 59 * 3600);
	DONE("all is well", "verify");
}
END_TEST

/* ---- showing ---- */

START_TEST(balance_prints_a_table)
{
	DONE("Account State Allocated Used Available Percent", "balance");
	DONE("chem    open ", "balance");
	ck_assert_ptr_nonnull(strstr(out, "100.00"));
	ck_assert_ptr_nonnull(strstr(out, "s ago"));
	DONE("bio ", "balance", "-n");
	ck_assert_ptr_null(strstr(out, "Account"));
	DONE("Account|State|Allocated|Used|Available|Percent|Read\nbio|open|100.00|0.00|100.00|0|",
	     "balance", "-P");
	DONE("Account|State|Allocated|Used|Available|Percent|Read|\n", "balance", "-p");
	DONE("bio|360000|\nchem|0|\n", "balance", "-npo", "account,AVAILABLE", "--seconds");
	DONE("bio|\nchem|\n", "balance", "-pn", "--format=Account");
	DONE("bio\n", "balance", "-nPoAccount", "-A", "Bio,bio", "bio");
	ck_assert_str_eq(out, "bio\n");
	DONE("bio\nchem\n", "balance", "-nPoAccount", "--accounts", "chem", "bio");
	REFUSED(2, "did you mean 'Available'?", "balance", "-o", "Availble");
	REFUSED(2, "there is no column 'xyzzy'", "balance", "-o", "Account,xyzzy");
	REFUSED(2, "there is no column ''", "balance", "-o", "");
	REFUSED(2, "account name is empty", "balance", "-A", "bio,");
}
END_TEST

START_TEST(balance_json_has_integers_for_amounts)
{
	json_error_t problem;
	const char *name;
	json_t *list, *row, *value;

	DONE("", "balance", "--json");
	list = json_loads(out, JSON_REJECT_DUPLICATES, &problem);
	ck_assert_msg(list != NULL, "%s in %s", problem.text, out);
	ck_assert(json_is_array(list));
	ck_assert_uint_eq(json_array_size(list), 2);
	row = json_array_get(list, 0);
	json_object_foreach(row, name, value)
	{
		size_t len = strlen(name);

		if (len > 8 && strcmp(name + len - 8, "_seconds") == 0)
			ck_assert_msg(json_is_integer(value), "%s", name);
	}
	ck_assert_str_eq(json_string_value(json_object_get(row, "account")), "bio");
	ck_assert_str_eq(json_string_value(json_object_get(row, "state")), "open");
	ck_assert_int_eq(json_integer_value(json_object_get(row, "allocated_seconds")), 360000);
	ck_assert_int_eq(json_integer_value(json_object_get(row, "available_seconds")), 360000);
	ck_assert_int_eq(json_integer_value(json_object_get(row, "percent")), 0);
	ck_assert_int_eq(
		strncmp(json_string_value(json_object_get(row, "read")), "2026-11-22T17:", 14), 0);
	ck_assert(json_is_null(json_object_get(json_array_get(list, 1), "percent")));
	json_decref(list);
	DONE("\"account\": \"bio\"", "balance", "--json", "-o", "Account");
	ck_assert_ptr_null(strstr(out, "state"));
}
END_TEST

START_TEST(predecessor_29_balance_needs_no_slurm_and_says_how_old_it_is)
{
	DONE("", "check");
	memset(fake_calls, 0, sizeof(fake_calls));
	for (int i = 0; i < FAKE_PROGRAMS; i++)
		fake_mode[i] = FAKE_MISSING;
	clock_now += 3 * HOUR;
	DONE("3h ago", "balance", "bio");
	clock_now += 20 * WHEN_DAY;
	DONE("20d ago", "balance", "bio");
	DONE("2026-11-22T17:00:", "balance", "-P", "bio");
	DONE("", "journal");
	DONE("", "verify");
	ck_assert_int_eq(
		fake_calls[FAKE_SSHARE] + fake_calls[FAKE_SCONTROL] + fake_calls[FAKE_SACCTMGR], 0);
	/* Never read. */
	GIVES(0, "opened late", "does not answer", "open", "late", "--later");
	DONE("late|open|0.00|0.00|0.00|-|never", "balance", "-nP", "late");
}
END_TEST

/* Under sudo every user is slurm: the login names the person, or else sudo, which is only a hint.
 */
START_TEST(who_did_it_is_shown_and_found)
{
	DONE("", "deposit", "bio", "1", "--note", "by alice");
	login = 4242;
	DONE("", "deposit", "bio", "2");
	login = LOGIN_NONE;
	DONE("", "deposit", "bio", "3");
	sudo_user = "bob";
	DONE("", "deposit", "bio", "4");
	sudo_user = "";
	login = 64030; /* the user himself */
	GIVES(0, "", "--no-apply", "hold", "bio", "--no-apply");
	DONE("6|slurm (login alice)\n7|slurm (login 4242)\n8|slurm\n9|slurm (sudo bob)\n10|slurm\n",
	     "journal", "bio", "--from", "6", "-nPo", "Entry,Actor");
	DONE("6\n", "journal", "bio", "--from", "6", "-nPo", "Entry", "--actor", "alice");
	ck_assert_str_eq(out, "6\n");
	DONE("6\n", "journal", "bio", "--from", "6", "-nPo", "Entry", "--actor", "1000");
	ck_assert_str_eq(out, "6\n");
	DONE("7\n", "journal", "bio", "--from", "6", "-nPo", "Entry", "--actor", "4242");
	DONE("9\n", "journal", "bio", "--from", "6", "-nPo", "Entry", "--actor", "bob");
	ck_assert_str_eq(out, "9\n");
	/* All entries are the user's. */
	DONE("6\n7\n8\n9\n10\n", "journal", "bio", "--from", "6", "-nPo", "Entry", "--actor",
	     "slurm");
	DONE("\"user\":\"slurm\",\"host\":\"head\",\"sudo\":\"bob\"", "journal", "bio", "--json",
	     "--from", "9");
	ck_assert_ptr_nonnull(strstr(out, "\"uid\":64030"));
	ck_assert_ptr_nonnull(strstr(out, "\"actor\":\"slurm (sudo bob)\""));
	DONE("hold: hand, by slurm", "why", "bio");
	/* Export and import. */
	char *before = exported();
	char path[256];

	ck_assert_ptr_nonnull(strstr(before, "sudo: \"bob\""));
	(void)snprintf(path, sizeof(path), "%s/export.yaml", test_folder);
	util_write_file(path, before, strlen(before));
	DONE("", "verify", path);
	DONE("\"bob\"", "export", "--format", "csv");
	free(before);
}
END_TEST

START_TEST(journal_prints_what_was_entered)
{
	json_t *entry;
	char *line, *rest;
	int count = 0;

	DONE("", "deposit", "bio", "0.5", "--ref", "round/1", "--note", "why \"so\"");
	DONE("", "transfer", "bio", "chem", "2");
	DONE("Entry Time", "journal");
	ck_assert_ptr_nonnull(strstr(out, "dev starts at 0.27 SU: opened"));
	ck_assert_ptr_nonnull(strstr(out, "to chem"));
	DONE("6|deposit|bio|0.50|round/1|why \"so\"|slurm (login "
	     "alice)\n7|transfer|bio|-2.00|||slurm (login alice)\n",
	     "journal", "-nPo", "Entry,Kind,Account,Amount,Ref,Note,Actor");
	DONE("7|transfer\n", "journal", "-nPo", "Entry,Kind", "--last", "1");
	ck_assert_str_eq(out, "7|transfer\n");
	DONE("6|\n7|\n", "journal", "-npo", "Entry", "-l", "2");
	DONE("2\n5\n", "journal", "-nPo", "Entry", "-M", "DEV");
	REFUSED(2, "neither the settings nor the books know a cluster 'beta'", "journal", "-nPo",
		"Entry", "-M", "beta,gamma");
	REFUSED(2, "cluster name", "journal", "-M", "a b");
	DONE("4|open\n5|baseline\n7|transfer\n", "journal", "-nPo", "Entry,Kind", "-A", "chem");
	DONE("5|baseline\n7|transfer\n", "journal", "chem", "-nPoEntry,Kind", "-l2");
	DONE("1\n", "journal", "-nPoEntry", "-l", "99");
	REFUSED(2, "--last", "journal", "-l", "0");
	REFUSED(2, "--last", "journal", "-l", "-1");
	REFUSED(2, "--last", "journal", "-l", "1x");
	REFUSED(2, "--last", "journal", "-l", "99999999999999999999");
	REFUSED(2, "did you mean 'Entry'?", "journal", "-o", "Entri");

	DONE("", "journal", "--json");
	rest = out;
	while ((line = strsep(&rest, "\n")) && *line) {
		entry = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		ck_assert_msg(json_is_object(entry), "%s", line);
		ck_assert_int_eq(json_integer_value(json_object_get(entry, "entry")), ++count);
		ck_assert_uint_eq(strlen(json_string_value(json_object_get(entry, "hash"))), 64);
		if (count == 6) {
			ck_assert_str_eq(json_string_value(json_object_get(entry, "kind")),
					 "deposit");
			ck_assert_str_eq(json_string_value(json_object_get(entry, "note")),
					 "why \"so\"");
			ck_assert_int_eq(
				json_integer_value(json_object_get(entry, "amount_seconds")), 1800);
			ck_assert_int_eq(json_integer_value(json_object_get(entry, "uid")), 64030);
			ck_assert_int_eq(json_integer_value(json_object_get(entry, "login")), 1000);
		}
		json_decref(entry);
	}
	ck_assert_int_eq(count, 7);
}
END_TEST

START_TEST(seconds_are_told_for_seconds)
{
	DONE("deposited 3600s; bio has 363600s;", "deposit", "bio", "1", "--seconds");
	DONE("bio|363600|0|363600\n", "balance", "bio", "-nPo", "Account,Allocated,Used,Available",
	     "--seconds");
	fake_account("dev", "bio")->usage += 7;
	DONE("bio: charged 7s used on dev", "--seconds", "check");
	DONE("dev 1000 to 1007", "journal", "--seconds");
}
END_TEST

/* ---- init, export, import, verify ---- */

START_TEST(init_makes_one_bank)
{
	struct stat st;
	char folder[128];

	REFUSED(1, "already", "init");
	(void)snprintf(folder, sizeof(folder), "%s/other", test_folder);
	GIVES(0, "made an empty bank", "next:", "init", "-b", folder);
	ck_assert_int_eq(stat(folder, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0750);
	GIVES(0, NULL, "no accounts yet", "balance", "-b", folder);
	DONE("all is well: entries 0, accounts 0", "verify", "-b", folder);
	GIVES(0, NULL, "subank: no entries to show\n", "journal", "-b", folder);
	GIVES(0, NULL, NULL, "journal", "-b", folder, "-nP");
	(void)snprintf(folder, sizeof(folder), "%s/nowhere", test_folder);
	GIVES(1, NULL, folder, "balance", "-b", folder);
	GIVES(1, NULL, folder, "deposit", "bio", "1", "-b", folder);
	ck_assert_int_ne(access(folder, F_OK), 0);
}
END_TEST

START_TEST(export_and_import_give_the_same_bytes)
{
	char file[128], folder[128], *first, *second;
	struct stat st;
	size_t len;

	DONE("", "deposit", "bio", "3", "--ref", "r", "--note", "x: \"y\" # z");
	DONE("", "transfer", "bio", "chem", "7s");
	DONE("", "hold", "chem", "--until", "now+1day");
	(void)snprintf(file, sizeof(file), "%s/ledger.yaml", test_folder);
	(void)snprintf(folder, sizeof(folder), "%s/restored", test_folder);
	DONE("wrote 10 entries to ", "export", file);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	first = util_read_file(file, &len);
	second = exported();
	ck_assert_str_eq(first, second);
	free(second);
	DONE(first, "export", "-");
	GIVES(0, "restored 10 entries in ", "adopt", "import", "-b", folder, file);
	DONE(first, "export", "-b", folder);
	ck_assert_str_eq(out, first);
	DONE("all is well: entries 10, accounts 2", "verify", "-b", folder);
	/* Over an empty bank, and from the standard input. */
	(void)snprintf(folder, sizeof(folder), "%s/another", test_folder);
	RUN("init", "-b", folder);
	ck_assert_int_eq(status, 0);
	answers = first;
	GIVES(0, "restored 10 entries", "adopt", "import", "-", "-b", folder);
	DONE(first, "export", "-b", folder);
	GIVES(1, NULL, "not empty", "import", file, "-b", folder);
	GIVES(1, NULL, "not empty", "import", file);
	DONE(first, "export");
	free(first);
}
END_TEST

START_TEST(a_damaged_file_leaves_no_bank)
{
	static const struct {
		const char *find, *replace;
	} damage[] = {
		{"deposit", "withdraw"},      {"amount: 360000", "amount: 360001"},
		{"kind: open", "kind: oben"}, {"\ncount: 5", "\ncount: 6"},
		{"\ncount: 5", "\ncount: 4"}, {"entry: 2", "entry: 3"},
		{"unit: ", "unit: &a "},      {"subank: 1", "subank: 2"},
		{"uid: 64030", "uid: 64031"}, {"\njournal:", "\njournal: &a"},
	};
	char *text = exported(), file[128], folder[128], *broken, *at;

	(void)snprintf(file, sizeof(file), "%s/damaged.yaml", test_folder);
	(void)snprintf(folder, sizeof(folder), "%s/restored", test_folder);
	for (size_t i = 0; i <= COUNT(damage); i++) {
		ck_assert_int_gt(asprintf(&broken, "%s", text), 0);
		if (i < COUNT(damage)) {
			free(broken);
			at = strstr(text, damage[i].find);
			ck_assert_msg(at != NULL, "%s", damage[i].find);
			ck_assert_int_gt(asprintf(&broken, "%.*s%s%s", (int)(at - text), text,
						  damage[i].replace, at + strlen(damage[i].find)),
					 0);
		} else {
			broken[strlen(text) / 2] = '\0'; /* cut off */
		}
		util_write_file(file, broken, strlen(broken));
		free(broken);
		GIVES(1, NULL, file, "import", file, "-b", folder);
		GIVES(1, NULL, folder, "balance", "-b", folder);
	}
	free(text);
	GIVES(1, NULL, "/nowhere/x", "import", "/nowhere/x", "-b", folder);
	GIVES(1, NULL, test_folder, "import", test_folder, "-b", folder);
	GIVES(1, NULL, "standard input", "import", "-", "-b", folder);
}
END_TEST

START_TEST(export_to_a_file_is_whole_or_not_at_all)
{
	char file[128], below[160];

	(void)snprintf(file, sizeof(file), "%s/x", test_folder);
	(void)snprintf(below, sizeof(below), "%s/x/y", test_folder);
	GIVES(1, NULL, below, "export", below);
	GIVES(1, NULL, test_folder, "export", test_folder);
	util_write_file(file, "old", 3);
	DONE("wrote 5 entries", "export", file);
	GIVES(1, NULL, below, "export", below);
}
END_TEST

START_TEST(verify_holds_old_heads_against_the_journal)
{
	char *text = exported(), *hash, head[128];

	hash = strstr(text, "hash: \"");
	ck_assert_ptr_nonnull(hash);
	hash += 7;
	(void)snprintf(head, sizeof(head), "1:%.16s", hash);
	DONE("all is well: entries 5, accounts 2, head 5:", "verify", "--head", head);
	(void)snprintf(head, sizeof(head), "1:%.64s", hash);
	DONE("all is well", "verify", "--head", head);
	(void)snprintf(head, sizeof(head), "2:%.16s", hash);
	GIVES(3, NULL, "problem", "verify", "--head", head);
	(void)snprintf(head, sizeof(head), "6:%.16s", hash);
	GIVES(3, NULL, "problem", "verify", "--head", head);
	(void)snprintf(head, sizeof(head), "1:%.15s", hash);
	REFUSED(2, head, "verify", "--head", head);
	REFUSED(2, "", "verify", "--head", "1");
	REFUSED(2, "", "verify", "--head", "x:0123456789abcdef");
	REFUSED(2, "", "verify", "--head", "1:0123456789abcdeg");
	REFUSED(2, "", "verify", "--head", "");
	free(text);
}
END_TEST

START_TEST(a_clock_that_went_back_is_refused)
{
	char *before = exported();

	clock_now -= 30 * WHEN_SECOND;
	DONE("", "deposit", "bio", "1");
	free(before);
	clock_now -= 2 * HOUR;
	REFUSED(1, "clock", "deposit", "bio", "1");
	REFUSED(1, "clock", "check");
	DONE("101.00", "balance", "bio");
}
END_TEST

static void add_verbs(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_set_timeout(tcase, TEST_TIMEOUT);
}

int main(void)
{
	Suite *suite = suite_create("verbs");
	TCase *frame = tcase_create("frame"), *entering = tcase_create("entering"),
	      *showing = tcase_create("showing"), *files = tcase_create("files");

	add_verbs(frame);
	tcase_add_test(frame, what_the_bank_can_have_is_what_may_reach_a_command_line);
	tcase_add_test(frame, what_was_recorded_is_said_to_be_when_its_receipt_is_lost);
	tcase_add_test(frame, what_stands_already_is_said_to_be_when_its_receipt_is_lost);
	tcase_add_test(frame, what_was_not_recorded_is_not_said_to_be);
	tcase_add_test(frame, other_things_done_are_said_when_the_receipt_is_lost);
	tcase_add_test(frame, after_an_entry_nothing_advises_to_repeat_it);
	tcase_add_test(frame, malformed_command_lines_are_refused);
	tcase_add_test(frame, a_wrong_command_changes_nothing);
	tcase_add_test(frame, what_was_meant_is_asked);
	tcase_add_test(frame, what_is_known_is_shown_beside_what_is_not);
	tcase_add_test(frame, a_bank_that_may_not_command_slurm_says_so_at_every_entry);
	tcase_add_test(frame, large_amounts_are_asked_for);
	tcase_add_test(frame, amounts_that_look_like_thousands_are_asked_for);
	tcase_add_test(frame, no_verb_gives_the_help_and_status_2);
	tcase_add_test(frame, no_line_of_help_is_wider_than_a_terminal);
	tcase_add_test(frame, help_names_every_verb_and_needs_no_bank);
	tcase_add_test(frame, the_version_is_printed_before_and_behind_a_verb);
	tcase_add_test(frame, options_may_stand_before_the_verb);
	tcase_add_test(frame, broken_settings_stop_every_verb_with_their_place);
	suite_add_tcase(suite, frame);

	add_verbs(entering);
	tcase_add_test(entering, malformed_names_and_amounts_are_refused_by_every_verb);
	tcase_add_test(entering, names_are_folded_and_kept_whole);
	tcase_add_test(entering, long_names_are_kept_whole);
	tcase_add_test(entering, predecessor_35_unknown_accounts_are_named);
	tcase_add_test(entering, each_entry_has_a_receipt);
	tcase_add_test(entering, more_than_there_is_cannot_be_taken);
	tcase_add_test(entering, sums_that_leave_int64_are_refused);
	tcase_add_loop_test(entering, a_repeated_ref_is_answered_with_the_first_receipt, 0,
			    REF_CASES);
	tcase_add_test(entering, an_amount_is_the_same_request_in_any_form);
	tcase_add_test(entering, a_release_is_entered_once_with_a_ref);
	tcase_add_test(entering, refs_and_notes_have_bounds);
	tcase_add_test(entering, closed_accounts_take_nothing_and_give_what_is_left);
	suite_add_tcase(suite, entering);

	add_verbs(showing);
	tcase_add_test(showing, balance_prints_a_table);
	tcase_add_test(showing, balance_json_has_integers_for_amounts);
	tcase_add_test(showing, predecessor_29_balance_needs_no_slurm_and_says_how_old_it_is);
	tcase_add_test(showing, who_did_it_is_shown_and_found);
	tcase_add_test(showing, journal_prints_what_was_entered);
	tcase_add_test(showing, seconds_are_told_for_seconds);
	suite_add_tcase(suite, showing);

	add_verbs(files);
	tcase_add_test(files, init_makes_one_bank);
	tcase_add_test(files, export_and_import_give_the_same_bytes);
	tcase_add_test(files, a_damaged_file_leaves_no_bank);
	tcase_add_test(files, export_to_a_file_is_whole_or_not_at_all);
	tcase_add_test(files, verify_holds_old_heads_against_the_journal);
	tcase_add_test(files, a_clock_that_went_back_is_refused);
	suite_add_tcase(suite, files);
	return util_run(suite);
}
