/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Imports: lists written by hand, another bank's books, and dumps of the predecessor. */
#include <dirent.h>
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

/* Checks the balance of an account, in billing-seconds. */
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
		{"- {ref: a, deposit: bio, su: 1, start: tomorrow}\n", "1:40", "not a time"},
		{"- {ref: a, deposit: bio, su: 1, end: 2026-01-01}\n", "1:3",
		 "not after its start"},
		{"- {ref: \"job:1\", deposit: bio, su: 1}\n", "1:3", "keeps for itself"},
		{"- {ref: \"import:1\", deposit: bio, su: 1}\n", "1:3", "keeps for itself"},
		{GOOD "- {ref: a, deposit: bio, su: 1}\n", "2:3", "line 1 already"},
		{GOOD "- {ref: a, deposit: bio, su: 2}\n", "2:3", "line 1 already"},
		{GOOD "- {ref: b, withdraw: bio, su: 1.5}\n", "2:3", ": account 'bio' has "},
		{GOOD "- {ref: b, depost: bio, su: 1}\n", "2:12", "did you mean 'deposit'?"},
		{GOOD "- {ref: b, deposit: none, su: 1}\n", "2:3", "'none' is not in the bank"},
		{GOOD "- {ref: b, open: bio, su: 1}\n", "2:3", "open already"},
		{GOOD "- {ref: b, &x deposit: bio, su: 1}\n", "2:12", "anchors"},
		{GOOD "---\n" GOOD, "2:1", "second document"},
		{GOOD "- {ref: b, deposit: bio, su: 1", "3:", ""},
	};
	/* Well-formed, but refused by the settings or the books. */
	static const char *const refused[] = {"root stands", ": account 'bio' has ",
					      "'none' is not in the bank", "open already"};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char place[128];
		int code = 2;

		for (size_t j = 0; j < COUNT(refused); j++)
			code = strcmp(cases[i].says, refused[j]) == 0 ? 1 : code;

		write_file(cases[i].text);
		(void)snprintf(place, sizeof(place), "%s:%s", file, cases[i].place);
		REFUSED(code, place, "import", "--append", file);
		ck_assert_msg(strstr(err, cases[i].says), "case %zu: %s", i, err);
	}
	REFUSED(1, "cannot read", "import", "--append", "/nonexistent");
	REFUSED(2, "needs FILE", "import", "--append");
	REFUSED(2, "--dry-run goes with", "import", "--dry-run", file);
	REFUSED(2, "leave --accounts out", "import", "--append", "-A", "bio", file);
}
END_TEST

/* Counts the part in the text. */
static size_t times(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)); text++)
		count++;
	return count;
}

START_TEST(all_that_is_wrong_with_a_list_is_said_at_once)
{
	static const char *const says[] = {
		":1:40: 'x' is not a time",
		":2:3: start and end are for the first deposit: give its SU",
		":3:30: 'one' is not an amount",
		":4:3: the entry lacks the key 'ref'",
		":5:33: key 'sum' is not known with deposit",
		":6:25: su must be a single value",
		":7:3: the ref 'e' is on line 5 already",
		":8:3: account 'none' is not in the bank",
		":9:3: account 'bio' has 0.00 SU to take",
		":10:3: there is no rule for enforce 'warm'",
		":14:35: from-zero must be yes",
		":16:3: the window would end at",
	};

	write_file("- {ref: a, deposit: bio, su: 1, start: x}\n"
		   "- {ref: b, open: geo, start: 2027-01-01}\n"
		   "- {ref: c, deposit: bio, su: one}\n"
		   "- {deposit: bio, su: 1}\n"
		   "- {ref: e, deposit: bio, su: 1, sum: 1}\n"
		   "- {ref: f, open: x, su: [1, {b: 2}]}\n"
		   "- {ref: e, deposit: bio, su: 1}\n"
		   "- {ref: h, deposit: none, su: 1}\n"
		   "- {ref: i, withdraw: bio, su: 1}\n"
		   "- {ref: j, terms: bio, enforce: warm}\n"
		   "- {ref: k, deposit: chem, su: 1}\n"
		   /* A consequence of another mistake is not reported. */
		   "- {ref: l, deposit: geo, su: 1}\n"
		   "- {ref: m, transfer: bio, to: geo, su: 1}\n"
		   "- {ref: n, open: math, from-zero: no}\n"
		   "- {ref: o, deposit: MATH, su: 1}\n"
		   "- {ref: p, deposit: chem, su: 1, end: 2020-01-01}\n");
	REFUSED(2, "nothing was recorded: 12 of 16 entries of ", "import", "--append", file);
	for (size_t i = 0; i < COUNT(says); i++)
		ck_assert_msg(strstr(err, says[i]), "'%s' is not in: %s", says[i], err);
	ck_assert_uint_eq(times(err, "\n"), COUNT(says) + 1);
	ck_assert_ptr_null(strstr(err, "--"));
	GIVES(2, NULL, "12 of 16 entries of ", "import", "--append", "--dry-run", file);
	/* Refused, but well-formed. */
	write_file("- {ref: a, deposit: none, su: 1}\n- {ref: b, withdraw: bio, su: 1}\n"
		   "- {ref: c, deposit: bio, su: 1}\n- {ref: d, withdraw: chem, su: 1}\n");
	REFUSED(1, "3 of 4 entries", "import", "--append", file);
	ck_assert_uint_eq(times(err, "\n"), 4);
	/* A file whose rest cannot be read. */
	write_file("- {ref: a, deposit: bio, su: x}\n- {ref: b, deposit: [bio, su: 1}\n");
	REFUSED(2, ":1:30: 'x' is not an amount", "import", "--append", file);
	ck_assert_ptr_nonnull(strstr(err, ":2:"));
}
END_TEST

START_TEST(not_all_of_a_wrong_list_is_said)
{
	char text[32 * 64] = "", *to = text;

	for (int i = 0; i < 32; i++)
		to += sprintf(to, "- {ref: r%d, deposit: bio, su: %s}\n", i, i % 2 ? "x" : "1");
	to += sprintf(to, "- {ref: z1, deposit: none, su: 1}\n");
	write_file(text);
	REFUSED(2, "17 of 33 entries", "import", "--append", file);
	to = text;
	for (int i = 0; i < 32; i++)
		to += sprintf(to, "- {ref: r%d, deposit: bio, su: x}\n", i);
	write_file(text);
	REFUSED(2, "nothing was recorded: 20 entries or more of ", "import", "--append", file);
	ck_assert_uint_eq(times(err, "\n"), 21);
	to = text;
	for (int i = 0; i < 32; i++)
		to += sprintf(to, "- {ref: r%d, deposit: none, su: 1}\n", i);
	write_file(text);
	REFUSED(1, "20 or more of 32 entries", "import", "--append", file);
	ck_assert_uint_eq(times(err, "\n"), 21);
}
END_TEST

/* ---- tables ---- */

static char sheet[96];

static void write_sheet(const char *text)
{
	(void)snprintf(sheet, sizeof(sheet), "%s/round.CSV", test_folder);
	util_write_file(sheet, text, strlen(text));
}

#define HEAD "verb,account,ref,su,to,start,end,note,from-zero\n"

START_TEST(a_table_that_makes_no_sense_is_refused)
{
	static const struct {
		const char *text, *says;
		int code;
	} cases[] = {
		{"", "row 1: a header row is expected, as in `ref,verb", 2},
		{"\n , ,\n", "row 3: a header row is expected", 2},
		{HEAD, "row 2: a row with a request is expected", 2},
		{"verb,account;ref,su\n", "row 1: the header row has two kinds", 2},
		{"\xff\xfev\0", "is not UTF-8: save it as CSV", 2},
		{"\xef\xbb verb,account,ref\n", "begins with an unknown character", 2},
		{"verb,account,reff\n",
		 "row 1, column C: there is no column 'reff': did you "
		 "mean 'ref'?",
		 2},
		{"verb,account,ref,PI\n", "row 1, column D: there is no column 'pi'", 2},
		{"verb,account,ref,su,SU\n", "row 1, column E: column D has the name 'su'", 2},
		{"verb,account,\"ref\"x\n", "row 1, column C: a text with quotation marks", 2},
		{"verb,ref,su\n", "row 1: there is no column 'account'", 2},
		{"verb,account,su\n", "row 1: there is no column 'ref'", 2},
		{"account,ref,su\n", "row 1: there is no column 'verb'", 2},
		{HEAD "deposit,bio,a,\"1\n", "row 2: a quotation mark has no counterpart", 2},
		{HEAD ",bio,a,1\n", "row 2, column verb: the cell is empty", 2},
		{HEAD "depost,bio,a,1\n",
		 "row 2, column verb: there is no verb 'depost': did "
		 "you mean 'deposit'?",
		 2},
		{HEAD "deposit,,a,1\n", "row 2, column account: the cell is empty", 2},
		{HEAD "deposit,bio,,1\n", "row 2: the entry lacks the column 'ref'", 2},
		{HEAD "deposit,bio,a\n", "row 2: the entry lacks the column 'su'", 2},
		{HEAD "transfer,bio,a,1\n", "row 2: the entry lacks the column 'to'", 2},
		{HEAD "deposit,bio,a,1,chem\n",
		 "row 2, column to: column 'to' is not known with "
		 "deposit; the columns are: ref,",
		 2},
		{HEAD "deposit,\"bio,chem\",a,1\n", "row 2, column account:", 2},
		{HEAD "deposit,bio,a,\"10,5\"\n",
		 "row 2, column su: '10,5' is not an amount: give "
		 "SU as a plain number without separators",
		 2},
		{HEAD "deposit,bio,a,10.000\n",
		 "row 2, column su: '10.000' could be 10 or 10000: "
		 "write one of these",
		 2},
		{HEAD "deposit,bio,a,1e3\n", "row 2, column su: '1e3'", 2},
		{HEAD "deposit,bio,a,=1+1\n", "row 2, column su: '=1+1'", 2},
		{HEAD "deposit,bio,a,1,,01.02.2027\n", "row 2, column start: '01.02.2027'", 2},
		{HEAD "deposit,bio,a,1,,,2020-01-01\n", "row 2: the window would end", 2},
		{HEAD "open,geo,a,1,,,,,TRUE\n", "row 2, column from-zero: from-zero must be yes",
		 2},
		{HEAD "deposit,bio,a,1,,,,\"one\ntwo\"\n", "row 2, column note: the text is not",
		 2},
		{HEAD "deposit,bio,a,1,,,,\xe4\n", "row 2, column note: the text is not UTF-8", 2},
		{HEAD "deposit,bio,a,1,,,,,,x\n",
		 "row 2, column J: the row has 10 cells, and the "
		 "header row 9",
		 2},
		{HEAD "deposit,bio,a,1,000,,,,,\n", "row 2, column J: the row has 10 cells", 2},
		{"ref,verb,account,su,\na,deposit,bio,1,x\n",
		 "row 2, column E: the column has no name", 2},
		{"ref,verb,account,su,note\na,deposit,bio,10,50\n",
		 "row 2, column note: '50' may be the rest of an amount", 2},
		{"ref,verb,account,su,note\na,deposit,bio,1,000 000\n",
		 "row 2, column note: '000 000' may be", 2},
		{"ref,verb,account,su,note\na,deposit,bio,1,000.50\n", "'000.50' may be", 2},
		{"ref,verb,account,su,note\na,deposit,bio,1,000,\n", "the row has 6 cells", 2},
		{"ref,verb,account,su,# x\na,deposit,bio,10,50\n", "'50' may be", 2},
		{"ref,verb,account,credit,note\na,terms,bio,10,50\n", "away from column credit", 2},
		{HEAD "deposit,bio,a,1,,,,5\" disk\n", "row 2, column note: a text with quotation",
		 2},
		{HEAD "deposit,bio,a,1,,,,\"a\"b\n", "row 2, column note: a text with quotation",
		 2},
		{"ref,verb,account,su,#REF!\n",
		 "row 1, column E: '#REF!' is an error of the spreadsheet", 2},
		{"ref,verb,account,su,#N/A\n", "'#N/A' is an error", 2},
		{"ref,verb,account,su,#NAME?\n", "'#NAME?' is an error", 2},
		{"ref,verb,account,su,#remark\n", "row 1, column E: there is no column '#remark'",
		 2},
		{HEAD "deposit,bio,a,1,,,,#VALUE!\n", "row 2, column note: '#VALUE!' is an error",
		 2},
		{HEAD "deposit,bio,a,#DIV/0!\n", "row 2, column su: '#DIV/0!' is an error", 2},
		{HEAD "deposit,bio,#NUM!,1\n", "row 2, column ref: '#NUM!' is an error", 2},
		{HEAD "deposit,bio,#NULL!,1\n", "row 2, column ref: '#NULL!' is an error", 2},
		{HEAD "deposit,bio,Err:502,1\n", "row 2, column ref: 'Err:502' is an error", 2},
		{HEAD "deposit,none,a,1\n", "row 2, column account: account 'none' is not", 1},
		{HEAD "transfer,bio,a,1,none\n", "row 2, column to: account 'none' is not", 1},
		{HEAD "withdraw,bio,a,99\n", "row 2, column su: account 'bio' has ", 1},
		{HEAD "share,bio,a,1\n",
		 "row 2, column verb: 'share' cannot be in a list, which has only open, deposit,",
		 2},
		{HEAD "deposit,bio,a,1\n\n,,,\ndeposit,bio,a,1\n",
		 "row 5, column ref: the ref 'a' is in row 2 already", 2},
		/* The rows of a text count once. */
		{HEAD "deposit,bio,\"a\n\n\",1\ndeposit,bio,b,x\n", "row 3, column su: 'x'", 2},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		write_sheet(cases[i].text);
		REFUSED(cases[i].code, cases[i].says, "import", "--append", sheet);
		ck_assert_ptr_nonnull(strstr(err, "round.CSV"));
	}
	write_sheet("account,ref,su\nbio,a,1\n");
	REFUSED(2, "--verb takes no 'depost'", "import", "--append", "--verb", "depost", sheet);
	REFUSED(2, "'share' cannot be in a list, which has only open, ", "import", "--append",
		"--verb", "share", sheet);
	REFUSED(2, "go with --append", "import", "--predecessor", "--from-csv", sheet);
	write_file("account,ref,su\nbio,a,1\n");
	REFUSED(2, "--verb is for CSV", "import", "--append", "--verb", "deposit", file);
	write_sheet(HEAD "deposit,bio,a,1\n");
	REFUSED(2, "leave --verb out", "import", "--append", "--verb", "deposit", sheet);
}
END_TEST

START_TEST(refs_that_spreadsheets_change_are_refused)
{
	static const char *const bad[] = {
		"7",	    "007", "2.027E+15", "1e5",	  "3-2027", "03-04",	     "2027-03-01",
		"3/4",	    "1.3", "10:30",	"Mar-27", "3-MAR",  "3. March 2027", "May2027",
		"2027-sep", "-5",  "1,5",	"4.5e-3",
	};
	static const char *const good[] = {
		"2027-physics", "r-2027-3", "march-bio", "mar", "3e",	 "5e2x",   "2027-mar-bio",
		"3-m",		"e5",	    "-",	 "r7",	"ma-27", "3-marx",
	};
	char text[128];

	for (size_t i = 0; i < COUNT(bad); i++) {
		(void)snprintf(text, sizeof(text), HEAD "deposit,bio,\"%s\",1\n", bad[i]);
		write_sheet(text);
		REFUSED(2, "is a number or a date to spreadsheets", "import", "--append", sheet);
		ck_assert_ptr_nonnull(strstr(err, "row 2, column ref: "));
	}
	for (size_t i = 0; i < COUNT(good); i++) {
		(void)snprintf(text, sizeof(text), HEAD "deposit,bio,\"%s\",1\n", good[i]);
		write_sheet(text);
		DONE("recorded 1 of 1", "import", "--append", sheet);
	}
	/* A list keeps them. */
	write_file("- {ref: 3-2027, deposit: bio, su: 1}\n");
	DONE("recorded 1 of 1", "import", "--append", file);
}
END_TEST

START_TEST(all_that_is_wrong_with_a_table_is_said_at_once)
{
	/* In the order of the rows, whatever finds them. */
	static const char *const says[] = {
		": row 2, column su: 'one' is not an amount",
		": row 2, column start: 'y' is not a time",
		": row 2, column end: 'x' is not a time",
		": row 3, column verb: there is no verb",
		": row 5, column su: account 'bio' has 1.00 SU to take",
		": row 6, column note: a text with",
		": row 7, column ref: '007' is a number",
		": row 7, column su: '10.000' could be",
		": row 8: the entry lacks the column 'ref'",
		": row 8, column account: ",
		": row 8, column su: '1e3' is not an amount",
	};
	char text[64 * 32] = HEAD, *to = text + strlen(text);
	const char *at;

	write_sheet(HEAD "deposit,bio,a,one,,y,x\nfoo,bio,c,1\ndeposit,bio,d,1\n"
			 "withdraw,bio,e,5\ndeposit,bio,f,1,,,,\"a\"b\ndeposit,bio,007,10.000\n"
			 "deposit,b io,,1e3\n");
	REFUSED(2, "6 of 7 rows of ", "import", "--append", "--dry-run", sheet);
	at = err;
	for (size_t i = 0; i < COUNT(says); i++) {
		at = strstr(at, says[i]);
		ck_assert_msg(at, "'%s' is not in: %s", says[i], err);
	}
	ck_assert_uint_eq(times(err, "\n"), COUNT(says) + 1);
	for (int i = 0; i < 40; i++)
		to += sprintf(to, "deposit,bio,r%d,x\n", i);
	write_sheet(text);
	REFUSED(2, "nothing was recorded: 20 rows or more of ", "import", "--append", sheet);
	ck_assert_uint_eq(times(err, "\n"), 21);
	write_file("- {ref: a, share: bio, su: 1}\n");
	REFUSED(2, ":1:12: 'share' cannot be in a list, which has only open, deposit", "import",
		"--append", file);
	write_sheet("verb,acount,ref,sum\n");
	REFUSED(2, "row 1, column B: there is no column 'acount': did you mean 'account'?",
		"import", "--append", sheet);
	ck_assert_ptr_nonnull(strstr(err, "row 1, column D: "));
}
END_TEST

START_TEST(a_table_is_entered_once)
{
	/* Separators, ends of lines, quotes, columns in any order, remarks, blank columns. */
	static const char *const tables[] = {
		"Ref,VERB,account,su,start,note\n"
		"a,open,geo,5,,\n"
		"b,deposit,bio,10.5,2026-11-01,\"say \"\"no\"\", =1+1\"\n"
		"c,withdraw,BIO,1800s\n",
		"\xef\xbb\xbf# who;;note;su;account;verb;ref;start\r\n"
		"Müller, Jörg;;;5;geo;open;a;\r\n;;;;;;;\r\n\r\n"
		"x;;\"say \"\"no\"\", =1+1\";\"10.5\";bio;\"deposit\" ; b ;2026-11-01\r\n"
		";;;1800s;Bio;withdraw;c;",
		"verb\taccount\tref\tsu\tnote\tstart\r"
		"open\tgeo\ta\t5\r"
		"deposit\tbio\tb\t10.5\t\"say \"\"no\"\", =1+1\"\t2026-11-01\r"
		"withdraw\tbio\tc\t1800s\r",
	};

	for (size_t i = 0; i < COUNT(tables); i++) {
		write_sheet(tables[i]);
		DONE(i ? "recorded 0 of 3 requests, 3 were" : "recorded 3 of 3", "import",
		     "--append", sheet);
		MONEY("geo", "18000|0|18000");
		MONEY("bio", "36000|0|36000");
		RUN("journal", "--ref", "b", "-nPo", "Note");
		ck_assert_str_eq(out, "say \"no\", =1+1\n");
	}
	/* The same requests as a list. */
	write_file("- {ref: a, open: geo, su: 5}\n- {ref: c, withdraw: bio, su: 1800s}\n");
	DONE("recorded 0 of 2 requests, 2 were", "import", "--append", file);
	/* By its form, and with one verb for all. */
	write_file("account;ref;su\nbio;d;1\nchem;e;2\n");
	DONE("recorded 2 of 2", "import", "--append", "--from-csv", "--verb", "deposit", file);
	MONEY("chem", "7200|0|7200");
	/* Digits are a note where they cannot be half an amount. */
	write_sheet("ref,verb,account,su,note\nf,deposit,bio,1,50 nodes\n,,,,,,,\n");
	DONE("recorded 1 of 1", "import", "--append", sheet);
	/* Errors in remarks are remarks, and not all that begins with # is an error. */
	write_sheet("#,ref,verb,account,su,note,# x\n"
		    "#REF!,i,deposit,bio,1,#4711!,#N/A\n#4,#j,deposit,bio,1,#n/a?\n");
	DONE("recorded 2 of 2", "import", "--append", sheet);
	write_sheet("ref,verb,account,note,su\ng,deposit,bio,50,1\n");
	DONE("recorded 1 of 1", "import", "--append", sheet);
	write_sheet("ref;verb;account;su;note\nh;deposit;bio;1;50\n");
	DONE("recorded 1 of 1", "import", "--append", sheet);
	DONE("", "verify");
}
END_TEST

START_TEST(a_list_can_set_hold_release_and_close)
{
	uint64_t count;

	DONE("", "deposit", "chem", "4");
	write_sheet("verb,account,ref,su,until,note\n"
		    "set,bio,a,10,,\n"
		    "deposit,bio,b,5,,\n"
		    "set,bio,c,12,,\n"
		    "set,chem,d,0,,\n"
		    "open,geo,e,3,,\n"
		    "set,geo,f,7,,\n"
		    "hold,bio,g,,now+2days,asked them\n"
		    "close,chem,h\n");
	GIVES(0, "bio|0|43200|0\nchem|14400|0|0\ngeo||25200|0\n", "8 of 8 requests would be",
	      "import", "--append", "--dry-run", "-nP", "--seconds", sheet);
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "");
	DONE("recorded 8 of 8", "import", "--append", sheet);
	MONEY("bio", "43200|0|43200");
	MONEY("chem", "0|0|0");
	MONEY("geo", "25200|0|25200");
	/* Slurm follows at once. */
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "cpu=0");
	ck_assert_str_eq(fake_account("dev", "chem")->limits, "cpu=0");
	count = entries();
	/* Money that came later stays. */
	DONE("", "deposit", "geo", "1");
	DONE("recorded 0 of 8 requests, 8 were", "import", "--append", sheet);
	MONEY("geo", "28800|0|28800");
	ck_assert_uint_eq(entries(), count + 1);
	write_file("- {ref: i, release: bio}\n");
	DONE("recorded 1 of 1", "import", "--append", file);
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "");
	DONE("", "verify");
}
END_TEST

START_TEST(a_list_sets_holds_and_closes_what_it_can)
{
	static const struct {
		const char *text, *says;
		int code;
	} cases[] = {
		/* An entry would have to remember the ref. */
		{"- {ref: a, set: bio, su: 0}\n", "1:3: account 'bio' is allocated 0.00 SU already",
		 1},
		{"- {ref: a, deposit: bio, su: 5}\n- {ref: b, set: bio, su: 5}\n",
		 "2:3: account 'bio' is allocated 5.00 SU already", 1},
		{"- {ref: a, set: bio}\n", "1:3: the entry lacks the key 'su'", 2},
		{"- {ref: a, set: bio, su: all}\n", "1:26: 'all'", 2},
		{"- {ref: a, set: none, su: 1}\n", "1:3: account 'none' is not in the bank", 1},
		{"- {ref: a, hold: bio, su: 1}\n", "1:23: key 'su' is not known with hold", 2},
		{"- {ref: a, hold: bio, until: x}\n", "1:30: 'x' is not a time", 2},
		{"- {ref: a, hold: bio, until: 2020-01-01}\n", "1:3: until 2020-01-01", 2},
		{"- {ref: a, hold: bio}\n- {ref: b, hold: bio}\n", "2:3: account 'bio' is held", 1},
		{"- {ref: a, release: bio}\n", "1:3: account 'bio' is not held", 1},
		{"- {ref: a, close: bio}\n- {ref: b, close: bio}\n",
		 "2:3: account 'bio' is closed already", 1},
		{"- {ref: a, close: bio}\n- {ref: b, set: bio, su: 1}\n", "2:3: account 'bio'", 1},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		write_file(cases[i].text);
		REFUSED(cases[i].code, cases[i].says, "import", "--append", file);
	}
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
	DONE("recorded 6 of 6 requests; head 12:", "import", "--append", file);
	MONEY("geo", "32400|0|32400");
	MONEY("bio", "21600|0|28800");
	MONEY("chem", "0|0|0");
	count = entries();
	ck_assert_uint_eq(count, 12);
	DONE("recorded 0 of 6 requests, 6 were in the books already; head 12:", "import",
	     "--append", file);
	ck_assert_uint_eq(entries(), count);
	/* The same request on the command line. */
	DONE("recorded before with this ref", "withdraw", "bio", "0.5", "--ref", "back");
	RUN("journal", "--ref", "call-bio", "-nPo", "Note");
	ck_assert_str_eq(out, "no\n");
	/* A new line is recorded, the others are skipped. */
	write_file(ROUND "- {ref: more, deposit: chem, su: 1}\n");
	DONE("recorded 1 of 7 requests, 6 were", "import", "--append", file);
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
	DONE("recorded 3 of 3", "import", "--append", file);
	ck_assert_int_eq(fake_calls[FAKE_SSHARE], 1);
	DONE("", "check");
	MONEY("geo", "28800|25200|3600");
	/* Without news Slurm is not asked. */
	fake_calls[FAKE_SSHARE] = 0;
	DONE("recorded 0 of 3", "import", "--append", file);
	ck_assert_int_eq(fake_calls[FAKE_SSHARE], 0);
}
END_TEST

START_TEST(a_known_ref_with_another_request_refuses_all)
{
	write_file(ROUND);
	DONE("recorded 6", "import", "--append", file);
	write_file("- {ref: new, deposit: chem, su: 1}\n"
		   "- {ref: back, withdraw: bio, su: 1801s}\n");
	REFUSED(1, "file:2:3: ref 'back' is taken", "import", "--append", file);
	write_file("- {ref: new, deposit: chem, su: 1}\n- {ref: call-geo, open: geo}\n");
	REFUSED(1, "file:2:3: ref 'call-geo' is taken", "import", "--append", file);
}
END_TEST

START_TEST(a_dry_run_of_a_list_shows_the_accounts)
{
	char *before = exported();

	write_file(ROUND);
	GIVES(0, "bio|0|28800|0\nchem|0|0|0\ngeo||32400|0\n", "6 of 6 requests would be", "import",
	      "--append", "--dry-run", "-nP", "--seconds", file);
	UNCHANGED(before);
	GIVES(0,
	      "\"account\": \"geo\",\n    \"after_seconds\": 32400,\n    \"waiting_seconds\": 0,\n"
	      "    \"unlimited\": false\n",
	      "nothing was recorded", "import", "--append", "--dry-run", "--json", "-A", "geo",
	      file);
}
END_TEST

/* Shows waiting money and unlimited accounts. */
START_TEST(a_dry_run_shows_what_waits)
{
	write_file("- {ref: a, deposit: bio, su: 2, start: 2030-01-01}\n"
		   "- {ref: b, terms: chem, unlimited: yes}\n");
	GIVES(0, "bio|0.00|0.00|2.00\nchem|0.00|unlimited|0.00\n", "2 of 2 requests would be",
	      "import", "--append", "--dry-run", "-nP", file);
	GIVES(0, "\"chem\",0,,0,\"yes\"\r\n", "", "import", "--append", "--dry-run", "--csv", "-A",
	      "chem", file);
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
	GIVES(0, "recorded 2 of 2", "", "import", "--append", file);
	ck_assert_str_eq(fake_account("dev", "bio")->limits, "");
	ck_assert_str_eq(fake_account("dev", "chem")->limits, "");
	/* Slurm is read, changed and read back once for all. */
	ck_assert_int_eq(fake_calls[FAKE_SSHARE], 2);
	ck_assert_int_eq(fake_modifies, before + 1);
}
END_TEST

START_TEST(slurm_is_left_alone_with_no_apply)
{
	hold_both();
	GIVES(0, "recorded 2 of 2", "bio, chem: Slurm is left to the next check", "import",
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
	GIVES(0, "recorded 2 of 2", "does not answer", "import", "--append", file);
}
END_TEST

START_TEST(the_template_can_be_run)
{
	DONE("- {ref: 2027-physics, deposit: physics", "import", "--template");
	for (const char *line = out; *line; line += strcspn(line, "\n") + 1)
		ck_assert_uint_lt(strcspn(line, "\n"), 80);
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
	check_has(__FILE__, __LINE__, "the output", out, "recorded 11 of 11");
	MONEY("biology", "360000|0|360000");
	DONE("2027-physics,deposit,physics,,10000,", "import", "--template", "--from-csv");
	write_file(out);
	DONE("recorded 3 of 8 requests, 5 were in the books already", "import", "--append",
	     "--from-csv", file);
}
END_TEST

/* ---- restoring over another bank ---- */

/* An export of "bio" with 10 SU; then "chem" gets 20 and "bio" 1 more. */
static void make_two(void)
{
	DONE("", "deposit", "bio", "10");
	DONE("wrote 5", "export", file);
	DONE("", "deposit", "chem", "20");
	DONE("", "deposit", "bio", "1");
}

/* The name of the only file in [folder] that begins with [prefix], "" if there is none. */
static void find_file(const char *folder, const char *prefix, char path[512])
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int count = 0;

	path[0] = '\0';
	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0) {
			(void)snprintf(path, 512, "%s/%s", folder, entry->d_name);
			count++;
		}
	}
	if (dir)
		(void)closedir(dir);
	ck_assert_int_le(count, 1);
}

static void in_bank(const char *name, char path[256])
{
	(void)snprintf(path, 256, "%s/%s", bank_folder, name);
}

START_TEST(predecessor_27_a_bad_file_replaces_nothing)
{
	char folder[256], copy[512], *text, *at;
	size_t len;

	make_two();
	text = util_read_file(file, &len);
	in_bank("backup", folder);
	for (size_t cut = 0; cut < len - 1; cut += 97) {
		util_write_file(file, text, cut);
		REFUSED(1, file, "import", "--replace", "-i", file);
	}
	at = strstr(text, "amount: 36000");
	ck_assert_ptr_nonnull(at);
	at[8] = '4';
	util_write_file(file, text, len);
	REFUSED(1, "file:", "import", "--replace", "-i", file);
	REFUSED(1, "cannot read", "import", "--replace", "-i", "/nonexistent");
	REFUSED(2, "exclude", "import", "--replace", "--append", file);
	REFUSED(2, "goes with", "import", "--dry-run", file);
	find_file(folder, "", copy);
	ck_assert_str_eq(copy, "");
	free(text);
}
END_TEST

START_TEST(a_bank_is_replaced_only_by_who_says_so)
{
	make_two();
	REFUSED(1, "not empty", "import", file);
	REFUSED(1, "add --immediate", "import", "--replace", file);
	at_terminal = true;
	for (size_t i = 0; i < 4; i++) {
		static const char *const no[] = {"", "n\n", "\n", "yy\n"};
		char *before = exported();

		answers = no[i];
		GIVES(1, "Put the new books in place? [y/N]", "7 entries", "import", "--replace",
		      file);
		UNCHANGED(before);
	}
	answers = "y\n";
	GIVES(0, "restored 5 entries", "7 entries", "import", "--replace", file);
	ck_assert_uint_eq(entries(), 5);
}
END_TEST

START_TEST(a_replaced_bank_is_kept_as_a_copy)
{
	char folder[256], copy[512], first[512], *before, *text;
	struct stat st;
	size_t len;

	make_two();
	before = exported();
	GIVES(0, "restored 5 entries", "a copy of the old books is in", "import", "--replace", "-i",
	      file);
	in_bank("backup", folder);
	find_file(folder, "subank-2026-11-22T1700", first);
	text = util_read_file(first, &len);
	ck_assert_str_eq(text, before);
	ck_assert_int_eq(stat(first, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0640);
	ck_assert_int_eq(stat(folder, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0750);
	MONEY("bio", "36000|0|36000");
	MONEY("chem", "0|0|0");
	/* It commands no Slurm until it is adopted. */
	GIVES(3, "", "does not command Slurm", "check");
	/* And back; the first copy does not change. */
	GIVES(0, "restored 7 entries", "", "import", "--replace", "-i", first);
	free(text);
	text = exported();
	ck_assert_str_eq(text, before);
	free(text);
	text = util_read_file(first, &len);
	ck_assert_str_eq(text, before);
	free(text);
	free(before);
	/* To the folder in the settings. */
	(void)snprintf(copy, sizeof(copy), "clusters: [dev]\nlock_seconds: 1\nbackup: %s/copies\n",
		       test_folder);
	set_settings(copy);
	GIVES(0, "restored 5 entries", "/copies/subank-2026-11-22T", "import", "--replace", "-i",
	      file);
	DONE("", "verify");
}
END_TEST

START_TEST(copies_of_one_second_have_names_of_their_own)
{
	char folder[256], path[512];

	make_two();
	for (int i = 0; i < 3; i++) {
		clock_now = T0 + HOUR;
		GIVES(0, "restored 5 entries", "", "import", "--replace", "-i", file);
	}
	in_bank("backup", folder);
	find_file(folder, "subank-2026-11-22T180001Z.yaml", path);
	ck_assert_str_ne(path, "");
	find_file(folder, "subank-2026-11-22T180001Z-2.yaml", path);
	ck_assert_str_ne(path, "");
	find_file(folder, "subank-2026-11-22T180001Z-3.yaml", path);
	ck_assert_str_ne(path, "");
	find_file(folder, ".subank", path);
	ck_assert_str_eq(path, "");
}
END_TEST

START_TEST(a_copy_that_cannot_be_written_replaces_nothing)
{
	make_two();
	set_settings("clusters: [dev]\nlock_seconds: 1\nbackup: /dev/null/copies\n");
	REFUSED(1, "cannot make the folder /dev/null/copies", "import", "--replace", "-i", file);
}
END_TEST

START_TEST(a_dry_run_of_a_restore_shows_both_balances)
{
	char *before;

	make_two();
	fake_account("dev", "geo")->usage = 0;
	DONE("", "open", "geo", "5");
	before = exported();
	GIVES(0, "bio|39600|36000|0\nchem|72000|0|0\ngeo|18000||\n", "nothing was changed",
	      "import", "--replace", "--dry-run", "-nP", "--seconds", file);
	UNCHANGED(before);
}
END_TEST

START_TEST(a_bank_in_use_is_not_replaced)
{
	struct bank *bank;
	char *before;

	make_two();
	before = exported();
	bank = util_open(STORE_READ);
	GIVES(1, NULL, "in use", "import", "--replace", "-i", file);
	bank_close(bank);
	UNCHANGED(before);
	GIVES(0, "restored 5 entries", "", "import", "--replace", "-i", file);
}
END_TEST

START_TEST(a_damaged_bank_is_moved_aside)
{
	char path[256], aside[512], data[600];
	struct stat st;

	make_two();
	in_bank("books/data.mdb", path);
	ck_assert_int_eq(truncate(path, 100), 0);
	GIVES(1, NULL, "add --immediate", "import", "--replace", file);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, 100);
	GIVES(0, "restored 5 entries", "because they are damaged", "import", "--replace", "-i",
	      file);
	find_file(bank_folder, "books.damaged-2026-11-22T", aside);
	(void)snprintf(data, sizeof(data), "%s/data.mdb", aside);
	ck_assert_int_eq(stat(data, &st), 0);
	ck_assert_int_eq(st.st_size, 100);
	ck_assert_uint_eq(entries(), 5);
	DONE("", "verify");
}
END_TEST

START_TEST(damaged_books_need_not_be_looked_at)
{
	char aside[512];

	make_two();
	clock_now = T0 + HOUR;
	GIVES(0, "restored 5 entries", "moved aside", "import", "--damaged", "-i", file);
	find_file(bank_folder, "books.damaged-2026-11-22T18", aside);
	ck_assert_str_ne(aside, "");
	ck_assert_uint_eq(entries(), 5);
}
END_TEST

START_TEST(where_no_bank_is_nothing_is_asked)
{
	make_two();
	(void)snprintf(bank_folder, sizeof(bank_folder), "%s/none", test_folder);
	ck_assert_int_eq(setenv("SUBANK_BANK", bank_folder, 1), 0);
	GIVES(0, "restored 5 entries", "adopt", "import", "--replace", file);
}
END_TEST

/* ---- from the predecessor ---- */

#define ROW(id, account, limit, date)                                                              \
	"{\"id\": " #id ", \"account\": \"" account "\", \"su_limit_hrs\": " #limit                \
	", \"date\": \"" date "\", \"upper_limit_informed\": false, "                              \
	"\"lower_limit_informed\": true, \"max_limit_informed\": false}"
#define DUMP(count, rows) "{\"count\": " #count ", \"results\": [" rows "], \"meta\": {}}"

static void in_slurm(void)
{
	fake_account("dev", "test1")->usage = 10 * SU;
	fake_account("dev", "test2")->usage = 50 * SU;
	fake_account("dev", "free")->usage = 70 * SU;
}

START_TEST(predecessor_27_a_dump_that_makes_no_sense_enters_nothing)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "file:1:1: "},
		{"[]", "file:1:1: "},
		{"{}", "lacks the key 'results'"},
		{"{\"count\": 0}", "lacks the key 'results'"},
		{"{\"results\": {}}", "file:1:13: "},
		{"{\"results\": [1]}", "a row is expected"},
		{"{\"results\": [], \"results\": []}", "given twice"},
		{"{\"rows\": []}", "'rows'"},
		{"{\"results\": [{\"account\": [\"a\"]}]}", "single value"},
		{"{\"results\": [{\"account\": \"a\", \"account\": \"b\"}]}", "given twice"},
		{"{\"count\": 1, \"results\": []}", "counts 1 rows but has 0"},
		{DUMP(3, ROW(1, "test1", 5, "2026-01-01")), "counts 3 rows but has 1"},
		{DUMP(1, ROW(1, "test1", 5, "2026-01-01")) "{}", "file:1:"},
	};
	static const struct {
		const char *text, *says;
	} rows[] = {
		{DUMP(1, ROW(1, "test1", -2, "2026-01-01")), "su_limit_hrs"},
		{DUMP(1, ROW(1, "test1", 1e3, "2026-01-01")), "su_limit_hrs"},
		{DUMP(1, ROW(1, "test1", 99999999999999999999, "2026-01-01")), "su_limit_hrs"},
		{DUMP(1, ROW(1, "test1", null, "2026-01-01")), "lacks su_limit_hrs"},
		{DUMP(1, ROW(x, "test1", 1, "2026-01-01")), "id 'x'"},
		{DUMP(1, ROW(1, "test1", 1, "2026-02-30")),
		 "there is no day 2026-02-30: that month has 28 days"},
		{DUMP(1, ROW(1, "test1", 1, "now")), "'now' is not a time"},
		{DUMP(1, ROW(1, "test1,test2", 1, "2026-01-01")), "not allowed"},
		{DUMP(1, ROW(1, "$(id)", 1, "2026-01-01")), "not allowed"},
		{"{\"results\": [{\"su_limit_hrs\": 5}]}", "names no account"},
		{DUMP(2, ROW(1, "test1", 1, "2026-01-01") "," ROW(1, "test2", 1, "2026-01-01")),
		 "same id"},
	};
	char *before;

	in_slurm();
	for (size_t i = 0; i < COUNT(cases); i++) {
		write_file(cases[i].text);
		REFUSED(1, cases[i].says, "import", "--predecessor", file);
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		write_file(rows[i].text);
		before = exported();
		GIVES(1, rows[i].says, "nothing was recorded", "import", "--predecessor", file);
		UNCHANGED(before);
	}
	/* Cut at any byte. */
	for (size_t len = 0; len < strlen(rows[0].text) - 1; len++) {
		util_write_file(file, rows[0].text, len);
		REFUSED(1, "file:", "import", "--predecessor", file);
	}
	REFUSED(2, "goes with", "import", "--project-days", "5", file);
	REFUSED(2, "leave --accounts out", "import", "--predecessor", "--dry-run", "-A", "bio",
		file);
	REFUSED(2, "from 1 to", "import", "--predecessor", "--project-days", "0", file);
	write_file(DUMP(1, ROW(1, "test1", 5, "2026-01-01")));
	fake_cluster("dev")->silent = true;
	REFUSED(1, "could not read Slurm", "import", "--predecessor", file);
}
END_TEST

START_TEST(predecessor_31_rows_for_one_account_refuse_the_dump)
{
	char *before = exported();

	in_slurm();
	write_file(DUMP(
		3, ROW(1, "Test1", 5, "2026-01-01") ",\n" ROW(
			   2, "test1", 7, "2026-01-01") ",\n" ROW(3, "free", 1, "2026-01-01")));
	GIVES(1, "|refused|", "2 of the 3 rows are refused", "import", "--predecessor", "-nPo",
	      "Account,Result,Reason", file);
	ck_assert_str_eq(out, "test1|refused|the row on line 2 is for the same account in Slurm\n"
			      "test1|refused|the row on line 1 is for the same account in Slurm\n"
			      "free|taken|\n");
	UNCHANGED(before);
	/* One row is folded. */
	write_file(DUMP(1, ROW(1, "TEST1", 5, "2026-01-01")));
	GIVES(0, "took 1 of 1 rows", "next check", "import", "--predecessor", file);
	MONEY("test1", "18000|0|18000");
}
END_TEST

START_TEST(predecessor_32_a_long_name_is_taken_whole)
{
	static const char name[] = "a-project-with-a-name-of-forty-characters";

	fake_account("dev", name);
	write_file("{\"results\": [{\"account\": \"a-project-with-a-name-of-forty-characters\", "
		   "\"su_limit_hrs\": 5}]}");
	GIVES(0, name, "next check", "import", "--predecessor", file);
	MONEY(name, "18000|0|18000");
	/* A name cut at 30 bytes names no account. */
	write_file("{\"results\": [{\"account\": \"a-project-with-a-name-of-forty+\", "
		   "\"su_limit_hrs\": 5}]}");
	GIVES(1, "not allowed", "nothing was recorded", "import", "--predecessor", file);
}
END_TEST

#define ALL                                                                                        \
	DUMP(5,                                                                                    \
	     ROW(1, "test1", 100, "2025-01-01") ",\n" ROW(2, "test2", 40, "2026-06-01") ",\n" ROW( \
		     3, "free", -1, "2026-06-01") ",\n" ROW(4, "gone", 5,                          \
							    "2026-06-01") ",\n" ROW(5, "bio", 5,   \
										    "2026-06-01"))

START_TEST(a_dump_is_taken_and_then_charged)
{
	uint64_t count;
	char *before = exported();

	in_slurm();
	write_file(ALL);
	GIVES(3, "", "3 rows would be taken, 2 left out", "import", "--predecessor", "--dry-run",
	      "-nPo", "Line,Account,Limit,Start,Used,Result,NextCheck,Reason", "--seconds", file);
	ck_assert_str_eq(
		out, "1|test1|360000|2025-01-01|36000|taken||\n"
		     "2|test2|144000|2026-06-01|180000|taken|holds it|\n"
		     "3|free|unlimited|2026-06-01|252000|taken||\n"
		     "4|gone|18000|2026-06-01|0|left out||no cluster of Slurm has this account\n"
		     "5|bio|18000|2026-06-01|0|left out||it is open in the bank already\n");
	UNCHANGED(before);
	GIVES(3, "took 3 of 5 rows, 0 were in the bank already, 2 are left out; head ", "",
	      "import", "--predecessor", "--no-apply", file);
	MONEY("test1", "360000|0|360000");
	/* The predecessor shows the same. */
	RUN("check");
	MONEY("test1", "360000|36000|324000");
	MONEY("test2", "144000|180000|-36000");
	ck_assert_str_eq(fake_account("dev", "test2")->limits, "cpu=0");
	ck_assert_str_eq(fake_account("dev", "free")->limits, "");
	/* A second time adds nothing. */
	count = entries();
	GIVES(3, "took 0 of 5 rows, 3 were in the bank already", "", "import", "--predecessor",
	      "--no-apply", file);
	ck_assert_uint_eq(entries(), count);
	DONE("", "verify");
}
END_TEST

START_TEST(ends_are_set_by_who_has_seen_them)
{
	in_slurm();
	write_file(
		DUMP(2, ROW(1, "test1", 100, "2025-01-01") "," ROW(2, "test2", 400, "2026-06-01")));
	GIVES(1, "test1|taken|holds it|its window has ended\n", "add --immediate", "import",
	      "--predecessor", "--project-days", "365", "-nPo", "Account,Result,NextCheck,Reason",
	      file);
	MONEY("bio", "0|0|0");
	GIVES(0, "took 2 of 2 rows", "", "import", "--predecessor", "--project-days", "365", "-i",
	      file);
	RUN("check");
	MONEY("test1", "0|36000|-36000");
	MONEY("test2", "1440000|180000|1260000");
	ck_assert_str_eq(fake_account("dev", "test1")->limits, "cpu=0");
	RUN("journal", "test2", "--kind", "deposit", "-nPo", "Detail");
	ck_assert_str_eq(out, "until 2027-06-01, from 2026-06-01\n");
	DONE("", "verify");
}
END_TEST

/* As it was in the predecessor. */
START_TEST(a_row_of_0_is_held_by_what_was_used)
{
	in_slurm();
	write_file(DUMP(2, ROW(1, "test1", 0, "2025-01-01") "," ROW(2, "free", -1, "2026-06-01")));
	GIVES(1, "test1|taken|holds it|it has no SU and has been used\n", "add --immediate",
	      "import", "--predecessor", "-nPo", "Account,Result,NextCheck,Reason", file);
	GIVES(0, "took 2 of 2 rows", "", "import", "--predecessor", "-i", file);
	RUN("check");
	MONEY("test1", "0|36000|-36000");
	ck_assert_str_eq(fake_account("dev", "test1")->limits, "cpu=0");
	ck_assert_str_eq(fake_account("dev", "free")->limits, "");
}
END_TEST

START_TEST(a_row_of_0_runs_where_the_settings_let_it)
{
	in_slurm();
	set_settings("clusters: [dev]\nwithout_money: warn\n");
	write_file(DUMP(1, ROW(1, "test1", 0, "2025-01-01")));
	GIVES(0, "test1|taken||\n", "", "import", "--predecessor", "-nPo",
	      "Account,Result,NextCheck,Reason", file);
	RUN("check");
	MONEY("test1", "0|36000|-36000");
	ck_assert_str_eq(fake_account("dev", "test1")->limits, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("import");
	TCase *lists = tcase_create("lists"), *restores = tcase_create("restores"),
	      *moves = tcase_create("moves");

	suite_add_tcase(suite, lists);
	tcase_set_timeout(lists, TEST_TIMEOUT);
	tcase_add_checked_fixture(lists, setup, drive_teardown);
	tcase_add_test(lists, a_list_that_makes_no_sense_is_refused);
	tcase_add_test(lists, all_that_is_wrong_with_a_list_is_said_at_once);
	tcase_add_test(lists, not_all_of_a_wrong_list_is_said);
	tcase_add_test(lists, a_table_that_makes_no_sense_is_refused);
	tcase_add_test(lists, all_that_is_wrong_with_a_table_is_said_at_once);
	tcase_add_test(lists, refs_that_spreadsheets_change_are_refused);
	tcase_add_test(lists, a_table_is_entered_once);
	tcase_add_test(lists, a_list_can_set_hold_release_and_close);
	tcase_add_test(lists, a_list_sets_holds_and_closes_what_it_can);
	tcase_add_test(lists, a_list_is_entered_once);
	tcase_add_test(lists, where_counting_starts_is_asked_once_for_all);
	tcase_add_test(lists, a_known_ref_with_another_request_refuses_all);
	tcase_add_test(lists, a_dry_run_of_a_list_shows_the_accounts);
	tcase_add_test(lists, a_dry_run_shows_what_waits);
	tcase_add_test(lists, accounts_of_a_list_are_settled_at_once);
	tcase_add_test(lists, slurm_is_left_alone_with_no_apply);
	tcase_add_test(lists, a_silent_cluster_opens_no_account);
	tcase_add_test(lists, the_template_can_be_run);
	suite_add_tcase(suite, restores);
	tcase_set_timeout(restores, TEST_TIMEOUT);
	tcase_add_checked_fixture(restores, setup, drive_teardown);
	tcase_add_test(restores, predecessor_27_a_bad_file_replaces_nothing);
	tcase_add_test(restores, a_bank_is_replaced_only_by_who_says_so);
	tcase_add_test(restores, a_replaced_bank_is_kept_as_a_copy);
	tcase_add_test(restores, copies_of_one_second_have_names_of_their_own);
	tcase_add_test(restores, a_copy_that_cannot_be_written_replaces_nothing);
	tcase_add_test(restores, a_dry_run_of_a_restore_shows_both_balances);
	tcase_add_test(restores, a_bank_in_use_is_not_replaced);
	tcase_add_test(restores, a_damaged_bank_is_moved_aside);
	tcase_add_test(restores, damaged_books_need_not_be_looked_at);
	tcase_add_test(restores, where_no_bank_is_nothing_is_asked);
	suite_add_tcase(suite, moves);
	tcase_set_timeout(moves, TEST_TIMEOUT);
	tcase_add_checked_fixture(moves, setup, drive_teardown);
	tcase_add_test(moves, predecessor_27_a_dump_that_makes_no_sense_enters_nothing);
	tcase_add_test(moves, predecessor_31_rows_for_one_account_refuse_the_dump);
	tcase_add_test(moves, predecessor_32_a_long_name_is_taken_whole);
	tcase_add_test(moves, a_dump_is_taken_and_then_charged);
	tcase_add_test(moves, ends_are_set_by_who_has_seen_them);
	tcase_add_test(moves, a_row_of_0_is_held_by_what_was_used);
	tcase_add_test(moves, a_row_of_0_runs_where_the_settings_let_it);
	return util_run(suite);
}
