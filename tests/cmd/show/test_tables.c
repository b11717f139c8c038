/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The output of verbs that list, in all forms: for people at a terminal or not, and for programs.
 */
#include <inttypes.h>
#include <jansson.h>
#include <locale.h>

#include "cmd/frame/command.h"
#include "tests/drive.h"

#define NAME_40 "a123456789b123456789c123456789d123456789"
#define ESC "\033["

static void setup(void)
{
	drive_setup();
	(void)unsetenv("NO_COLOR");
	ck_assert_int_eq(setenv("TERM", "xterm", 1), 0);
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	(void)fake_account("dev", "bio");
	fake_account("dev", "faculty")->usage = 100 * 3600;
	fake_account("dev", "physics")->usage = 60 * 3600;
	(void)snprintf(fake_account("dev", "physics")->parent, 8, "faculty");
	fake_account("dev", "theory")->usage = 3600;
	(void)snprintf(fake_account("dev", "theory")->parent, 8, "physics");
	(void)fake_account("dev", NAME_40);
}

/* Opens four accounts, three of them nested; theory has nothing left. */
static void open_all(void)
{
	DONE("", "open", "bio", "1000");
	DONE("", "open", "faculty", "12345", "--from-zero");
	DONE("", "open", "physics", "100", "--from-zero");
	DONE("", "open", "theory", "1", "--from-zero");
	DONE("", "check");
}

/* Returns the columns that a line takes on a terminal, and moves *line behind it. */
static size_t line_width(const char **line)
{
	size_t width = 0;

	for (; **line && **line != '\n'; (*line)++) {
		if (strncmp(*line, ESC, 2) == 0)
			*line += strcspn(*line, "m");
		else if ((**line & 0xc0) != 0x80)
			width++;
	}
	*line += **line == '\n';
	return width;
}

static void fits(int width)
{
	for (const char *line = out; *line;) {
		const char *begin = line;

		if (line_width(&line) > (size_t)width)
			ck_abort_msg("wider than %d: %.*s\n%s", width, (int)(line - begin), begin,
				     out);
	}
}

/* ---- for people ---- */

START_TEST(a_table_for_people)
{
	open_all();
	DONE("Account State Allocated   Used Available Percent   Read\n"
	     "bio     open    1000.00   0.00   1000.00      0% 1s ago\n"
	     "faculty open   12345.00 100.00  12245.00      0% 1s ago\n"
	     "physics open     100.00  60.00     40.00     60% 1s ago\n"
	     "theory  held       1.00   1.00      0.00    100% 1s ago\n",
	     "balance");
	ck_assert_ptr_null(strstr(out, ESC));
	out_width = 80;
	GIVES(0,
	      "Account State Allocated   Used Available         Percent   Read\n"
	      "bio     open   1,000.00   0.00  1,000.00 ░░░░░░░░░░   0% 2s ago\n"
	      "faculty open  12,345.00 100.00 12,245.00 ░░░░░░░░░░   0% 2s ago\n"
	      "physics open     100.00  60.00     40.00 ██████░░░░  60% 2s ago\n"
	      "theory  held       1.00   1.00      0.00 ██████████ 100% 2s ago\n"
	      "Amounts are in SU.\n",
	      NULL, "balance", "--color=never");
	DONE("\nAmounts are in billing-seconds.\n", "balance", "--seconds");
	DONE(" spent ", "balance", "--forecast", "theory");
	DONE("\"lasts\": null", "balance", "--forecast", "--json", "theory");
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C"));
	GIVES(0, "physics open     100.00  60.00     40.00 ######....  60% 6s ago\n", NULL,
	      "balance", "--color=never");
}
END_TEST

START_TEST(a_bar_fills_the_free_width)
{
	open_all();
	out_width = 59;
	GIVES(0, "60.00     40.00 ███░░░  60% 1s ago\n", NULL, "balance", "--color=never");
	fits(59);
	out_width = 56;
	GIVES(0, "60.00     40.00     60% 2s ago\n", NULL, "balance", "--color=never");
	fits(56);
}
END_TEST

/* Separators go first, then names are cut, then a row takes several lines. */
START_TEST(amounts_are_whole_at_every_width)
{
	static const int widths[] = {40, 45, 57, 58, 66, 72, 79, 80, 81, 96, 120, 200};
	static const struct {
		const char *amount, *whole, *grouped;
	} amounts[] = {
		{"7", "7.00", "7.00"},
		{"123456.5", "123456.50", "123,456.50"},
		{"1234567890123.25", "1234567890123.25", "1,234,567,890,123.25"},
		{"999999999999999", "999999999999999.00", "999,999,999,999,999.00"},
	};
	static const char *const args[][6] = {
		{"balance"},
		{"balance", "--forecast"},
		{"balance", "--lots"},
		{"balance", "--tree", "--total"},
		{"journal"},
		{"journal", "-o", "account,actor,ref,note,amount,hash"},
		{"statement", NAME_40},
		{"statement", NAME_40, "--entries"},
		{"balance", "--sort", "-Percent"},
	};

	for (size_t i = 0; i < COUNT(amounts); i++) {
		drive_teardown();
		setup();
		DONE("", "open", "bio", "1");
		DONE("", "open", NAME_40, amounts[i].amount, "--note",
		     "as the council of the third of March has decided, for the whole year");
		for (size_t w = 0; w < COUNT(widths); w++) {
			for (size_t a = 0; a < COUNT(args); a++) {
				out_width = widths[w];
				RUN(args[a][0], args[a][1], args[a][2], args[a][3]);
				ck_assert_msg(status == 0, "%s", err);
				/* Nor is a hash broken, or the head of a statement. */
				if (widths[w] >= 80 || strcmp(args[a][0], "statement") != 0)
					fits(widths[w] >= 72 || a != 5 ? widths[w] : 72);
				ck_assert_msg(strstr(out, amounts[i].whole) ||
						      strstr(out, amounts[i].grouped),
					      "%s at %d: %s", amounts[i].whole, widths[w], out);
			}
		}
		out_width = 0;
	}
}
END_TEST

START_TEST(a_long_name_is_cut_in_its_middle_and_only_on_a_terminal)
{
	DONE("", "open", NAME_40, "1234567");
	DONE(NAME_40 " open  1234567.00 0.00 1234567.00      0% 1s ago\n", "balance");
	out_width = 80;
	GIVES(0, NAME_40 " open  1,234,567.00 0.00 1,234,567.00\n", NULL, "balance",
	      "--color=never", "-o", "account,state,allocated,used,available");
	out_width = 70;
	GIVES(0, "\na12345678…23456789 open  1,234,567.00 0.00 1,234,567.00 ░░░░ 0% 3s ago\n", NULL,
	      "balance", "--color=never");
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C"));
	GIVES(0, "\na12345678~23456789 ", NULL, "balance", "--color=never");
	GIVES(0, "\n" NAME_40 "|open|", NULL, "balance", "-P");
}
END_TEST

START_TEST(a_row_that_does_not_fit_becomes_a_block)
{
	DONE("", "open", "bio", "1");
	DONE("", "open", NAME_40, "999999999999999");
	out_width = 60;
	GIVES(0,
	      "Account   " NAME_40 "\n"
	      "State     open\n"
	      "Allocated 999,999,999,999,999.00\n"
	      "Used      0.00\n"
	      "Available 999,999,999,999,999.00\n"
	      "Percent   0%\n"
	      "Read      1s ago\n"
	      "\n"
	      "Account   bio\n",
	      NULL, "balance", "--color=never");
}
END_TEST

START_TEST(prose_is_broken_at_blanks)
{
	DONE("", "open", "bio");
	DONE("", "deposit", "bio", "1", "--note",
	     "two words andonewordthatislongerthanthecolumn end");
	out_width = 40;
	GIVES(0,
	      "    3 bio     two words\n"
	      "              andonewordthatislongerthan\n"
	      "              thecolumn end\n",
	      NULL, "journal", "-l", "1", "-o", "entry,account,note");
}
END_TEST

START_TEST(accounts_are_shown_below_their_parent)
{
	open_all();
	DONE("\nbio        open    1000.00   0.00   1000.00      0% 1s ago\n"
	     "faculty    open   12345.00 100.00  12245.00      0% 1s ago\n"
	     "└─physics  open     100.00  60.00     40.00     60% 1s ago\n"
	     "  └─theory held       1.00   1.00      0.00    100% 1s ago\n",
	     "balance", "--tree");
	DONE("\nfaculty  open   12345.00 100.00  12245.00      0% 2s ago\n"
	     "└─theory held       1.00   1.00      0.00    100% 2s ago\n",
	     "balance", "--tree", "theory", "faculty");
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C"));
	DONE("\n`-physics  open     100.00  60.00     40.00     60% 3s ago\n"
	     "  `-theory held",
	     "balance", "--tree");
	REFUSED(2, "leave out --as-of and --lots", "balance", "--tree", "--as-of", "now-1hours");
	REFUSED(2, "leave out --as-of and --lots", "balance", "--tree", "--lots");
}
END_TEST

/* ---- the order ---- */

#define ACCOUNTS(expected, ...)                                                                    \
	do {                                                                                       \
		DONE("", "balance", "-nPo", "Account", __VA_ARGS__);                               \
		ck_assert_str_eq(out, expected);                                                   \
	} while (0)

START_TEST(rows_are_sorted_by_value)
{
	open_all();
	DONE("", "open", NAME_40);
	ACCOUNTS("bio\nfaculty\nphysics\ntheory\n" NAME_40 "\n", "--sort", "Percent");
	ACCOUNTS("theory\nphysics\nbio\nfaculty\n" NAME_40 "\n", "--sort=-percent");
	ACCOUNTS(NAME_40 "\nbio\ntheory\nphysics\nfaculty\n", "--sort", "used");
	ACCOUNTS("theory\nphysics\nfaculty\nbio\n" NAME_40 "\n", "--sort", "-Account");
	ACCOUNTS("theory\nfaculty\nbio\nphysics\n" NAME_40 "\n", "--sort", "State,-Available");
	ACCOUNTS(NAME_40 "\nphysics\nbio\nfaculty\ntheory\n", "--sort", "-State,Available");
	ACCOUNTS("theory\n(total)\n", "--sort", "Account", "--total", "theory");
	ACCOUNTS("theory\nphysics\n(total)\n", "--sort", "-Account", "--total", "theory",
		 "physics");
	ACCOUNTS("bio\nphysics\n(total)\n", "--sort", "Account", "--total", "bio", "physics");
	/* What is spent lasts shortest; what nobody uses has no end. */
	ACCOUNTS("theory\nphysics\nbio\n", "--forecast", "--sort", "Lasts", "bio", "physics",
		 "theory");
	DONE("", "terms", "bio", "--unlimited");
	ACCOUNTS("faculty\nphysics\nbio\n", "--sort", "-Available", "bio", "faculty", "physics");
	ACCOUNTS("physics\nfaculty\nbio\n", "--sort", "Available", "bio", "faculty", "physics");
	ACCOUNTS("faculty\nphysics\nbio\n", "--sort", "Unlimited", "bio", "faculty", "physics");
}
END_TEST

START_TEST(times_are_sorted_by_value)
{
	DONE("", "open", "bio", "1");
	DONE("", "deposit", "bio", "2", "--end", "2027-02-01");
	DONE("", "deposit", "bio", "3", "--end", "2026-12-01");
	DONE("", "balance", "bio", "--lots", "--sort", "End", "-nPo", "Amount");
	ck_assert_str_eq(out, "3.00\n2.00\n1.00\n");
	DONE("", "balance", "bio", "--lots", "--sort", "-End", "-nPo", "Amount");
	ck_assert_str_eq(out, "2.00\n3.00\n1.00\n");
	DONE("", "balance", "bio", "--lots", "--sort", "-Entry", "-nPo", "Amount");
	ck_assert_str_eq(out, "3.00\n2.00\n1.00\n");
}
END_TEST

START_TEST(every_form_has_the_same_order)
{
	open_all();
	DONE("theory  held       1.00   1.00      0.00    100% 1s ago\n"
	     "physics open     100.00  60.00     40.00     60% 1s ago\n"
	     "bio     open    1000.00   0.00   1000.00      0% 1s ago\n"
	     "faculty open   12345.00 100.00  12245.00      0% 1s ago\n",
	     "balance", "--sort", "-Percent");
	DONE("physics\ntheory\n", "balance", "-nPo", "Account", "--sort", "Percent", "theory",
	     "physics");
	DONE("Account|Percent|\ntheory|100|\nphysics|60|\n", "balance", "-po", "account,percent",
	     "--sort", "-Percent", "theory", "physics");
	DONE("\"account\",\"percent\"\r\n\"theory\",100\r\n\"physics\",60\r\n", "balance", "--csv",
	     "-o", "account,percent", "--sort", "-Percent", "theory", "physics");
	DONE("[\n  {\n    \"account\": \"theory\"\n  },\n  {\n    \"account\": \"physics\"\n  "
	     "}\n]\n",
	     "balance", "--json", "-o", "account", "--sort", "-Percent", "theory", "physics");
	GIVES(1, NULL, "'nosuch'", "balance", "--sort", "-Percent", "-P", "nosuch");
}
END_TEST

START_TEST(a_tree_is_sorted_among_siblings)
{
	(void)snprintf(fake_account("dev", "bio")->parent, 8, "faculty");
	(void)fake_account("dev", "alone");
	open_all();
	DONE("", "open", "alone", "1");
	DONE("\nfaculty    open   12345.00 100.00  12245.00      0% 2s ago\n"
	     "├─physics  open     100.00  60.00     40.00     60% 2s ago\n"
	     "│ └─theory held       1.00   1.00      0.00    100% 2s ago\n"
	     "└─bio      open    1000.00   0.00   1000.00      0% 2s ago\n"
	     "alone      open       1.00   0.00      1.00      0% 1s ago\n"
	     "(total)           12346.00 100.00  12246.00      0% \n",
	     "balance", "--tree", "--total", "--sort", "-Used");
}
END_TEST

START_TEST(what_cannot_be_sorted_by_is_refused)
{
	DONE("", "open", "bio", "1");
	REFUSED(2, "there is no column 'Percnt': did you mean 'Percent'?", "balance", "--sort",
		"Percnt");
	REFUSED(2, "there is no column 'Percnt': did you mean", "balance", "--sort", "-Percnt");
	REFUSED(2, "there is no column ''", "balance", "--sort", "");
	REFUSED(2, "there is no column ''", "balance", "--sort", "State,");
	REFUSED(2, "there is no column '-State'", "balance", "--sort", "--State");
	REFUSED(2, "column 'state' is named twice in --sort", "balance", "--sort", "State,-state");
	REFUSED(2, "there is no column 'Lasts'", "balance", "--sort", "Lasts");
	REFUSED(2, "there is no column 'Percent'", "balance", "--sort", "Percent", "--lots");
	REFUSED(2, "there is no option '--sort'", "journal", "--sort", "Entry");
}
END_TEST

START_TEST(accounts_with_less_use_are_left_out)
{
	open_all();
	DONE("", "open", NAME_40);
	ACCOUNTS("physics\ntheory\n", "--min-percent", "60");
	ACCOUNTS("theory\n", "--min-percent", "61");
	ACCOUNTS("bio\nfaculty\nphysics\ntheory\n", "--min-percent", "0");
	ACCOUNTS("theory\nphysics\n", "--min-percent=1", "--sort", "-Percent", "--running");
	ACCOUNTS("theory\n", "--min-percent", "100", "--forecast");
	ACCOUNTS("theory\n", "--min-percent", "100", "--as-of", "now-1seconds");
	DONE("", "terms", "theory", "--unlimited");
	ACCOUNTS("theory\n", "--min-percent", "100");
	GIVES(0, "", "no account has used that much of its allocation", "balance", "--min-percent",
	      "101");
	ck_assert_str_eq(out, "");
	ACCOUNTS("", "--min-percent", "101");
	DONE("[]\n", "balance", "--min-percent", "101", "--json");
	GIVES(1, "theory\n", "account 'nosuch' is not in the bank", "balance", "--min-percent", "1",
	      "theory", "nosuch", "-nPo", "Account");
	REFUSED(2, "--min-percent needs a whole number of percent, not '-1'", "balance",
		"--min-percent", "-1");
	REFUSED(2, "not '60%'", "balance", "--min-percent", "60%");
	REFUSED(2, "not ''", "balance", "--min-percent=");
	REFUSED(2, "leave out --lots", "balance", "--min-percent", "1", "--lots");
	REFUSED(2, "leave out --as-of", "balance", "--min-percent", "1", "--total", "--as-of", "1");
}
END_TEST

/* An account whose parent is left out is below the next one above, and its sum counts there. */
START_TEST(accounts_left_out_of_a_tree_leave_no_gap)
{
	DONE("", "open", "faculty", "100", "--from-zero");
	DONE("", "open", "physics", "1000", "--from-zero");
	DONE("", "open", "theory", "1", "--from-zero");
	DONE("", "open", "bio", "10");
	DONE("", "check");
	DONE("Account  State Allocated   Used Available Percent   Read\n"
	     "faculty  held     100.00 100.00      0.00    100% 1s ago\n"
	     "└─theory held       1.00   1.00      0.00    100% 1s ago\n"
	     "(total)           100.00 100.00      0.00    100% \n",
	     "balance", "--tree", "--total", "--min-percent", "90");
	ACCOUNTS("faculty\n(total)\n", "--total", "--min-percent", "90", "faculty", "bio");
}
END_TEST

/* Clusters may disagree on which account is above which. */
START_TEST(a_circle_is_not_drawn)
{
	set_settings("clusters: [dev, other]\nthresholds: []\nnotice_days: 0\n");
	(void)snprintf(fake_account("dev", "one")->parent, 8, "two");
	(void)fake_account("dev", "two");
	(void)fake_account("other", "one");
	(void)snprintf(fake_account("other", "two")->parent, 8, "one");
	DONE("", "open", "one", "1");
	DONE("", "open", "two", "1");
	DONE("", "check");
	DONE("two     open", "balance", "--tree");
	ck_assert_ptr_nonnull(strstr(out, "└─one   open"));
}
END_TEST

START_TEST(colours_are_for_terminals_that_want_them)
{
	const char *held = "\ntheory  " ESC "31mheld " ESC "0m ";

	open_all();
	DONE("\ntheory  held ", "balance");
	DONE(held, "balance", "--color", "always");
	ck_assert_int_eq(setenv("NO_COLOR", "1", 1), 0);
	DONE(held, "balance", "--color=always");
	out_width = 80;
	DONE("\ntheory  held ", "balance");
	ck_assert_int_eq(setenv("NO_COLOR", "", 1), 0);
	DONE(held, "balance");
	DONE(held, "balance", "--color=auto");
	DONE("\ntheory  held ", "balance", "--color=never");
	ck_assert_int_eq(setenv("TERM", "dumb", 1), 0);
	DONE("\ntheory  held ", "balance");
	ck_assert_int_eq(unsetenv("TERM"), 0);
	DONE("\ntheory  held ", "balance");
	REFUSED(2, "--json and --csv exclude each other", "balance", "--csv", "--json");
	REFUSED(2, "--csv and --parsable2 exclude each other", "balance", "--csv", "-P");
	REFUSED(2, "--json and --csv exclude each other", "journal", "--csv", "--json");
	REFUSED(2, "--color takes no 'alway': did you mean 'always'?", "balance", "--color",
		"alway");
}
END_TEST

START_TEST(states_have_their_colours)
{
	open_all();
	DONE("", "deposit", "bio", "1", "--start", "now+1days");
	DONE("", "hold", "faculty");
	DONE("", "close", "bio");
	GIVES(0, "bio     " ESC "2mclosed ", "faculty above it is held", "balance",
	      "--color=always");
	ck_assert_ptr_nonnull(strstr(out, "\nphysics " ESC "33mblocked" ESC "0m"));
	ck_assert_ptr_nonnull(strstr(out, "\nfaculty " ESC "31mheld   " ESC "0m"));
	DONE(ESC "36mto come", "balance", "--lots", "--color=always");
	ck_assert_ptr_nonnull(strstr(out, ESC "32mactive"));
	DONE("", "withdraw", "faculty", "100");
	DONE(ESC "31m-100.00" ESC "0m", "journal", "-l", "2", "--color=always");
	DONE(ESC "32mok", "doctor", "--color=always");
}
END_TEST

/* ---- for programs ---- */

/* A call of every verb that lists, each with rows. */
static const char *const lists[][4] = {
	{"balance"},
	{"balance", "--lots"},
	{"balance", "--forecast"},
	{"balance", "--tree", "--total"},
	{"journal"},
	{"statement", "physics"},
	{"statement", "physics", "--entries"},
	{"doctor"},
	{"balance", "--sort", "-Percent,Account"},
	{"terms"},
};

START_TEST(every_verb_that_lists_has_every_form)
{
	static const char *const options[] = {"noheader", "parsable2", "parsable", "format",
					      "json",	  "csv",       "color"};
	size_t found = 0;

	for (size_t i = 0; commands[i]; i++) {
		if (!(commands[i]->flags & CMD_LIST))
			continue;
		found++;
		RUN(commands[i]->name, "--help");
		for (size_t j = 0; j < COUNT(options); j++) {
			char text[32];

			(void)snprintf(text, sizeof(text), " --%s ", options[j]);
			check_has(__FILE__, __LINE__, commands[i]->name, out, text);
		}
	}
	ck_assert_uint_ge(found, 5);
}
END_TEST

/* Cells of CSV by RFC 4180, each ended by NUL; counts those of a row. */
static size_t read_csv_row(const char **text, char *cells)
{
	size_t count = 0;

	do {
		bool quoted = **text == '"';

		*text += quoted;
		while (**text && (quoted || (**text != ',' && **text != '\r'))) {
			if (quoted && **text == '"' && *++*text != '"')
				break;
			*cells++ = *(*text)++;
		}
		*cells++ = '\0';
		count++;
	} while (*(*text)++ == ',');
	ck_assert_msg((*text)[-1] == '\r' && **text == '\n', "no CRLF: %s", *text - 1);
	(*text)++;
	return count;
}

/* The free space on the disk changes between calls. */
static bool moves(const char *cell)
{
	size_t len = strlen(cell);

	return len > 4 && strcmp(cell + len - 4, " MiB") == 0;
}

/* CSV and JSON have the same values under the same names, except "" for null and escaped formulas.
 */
static void same_as_json(const char *const args[4])
{
	int64_t then = clock_now;
	char *csv, *cells = NULL, *names = NULL;
	const char *at;
	size_t count, rows;
	json_t *list;

	RUN(args[0], "--csv", args[1], args[2]);
	ck_assert_msg(status == 0, "%s", err);
	csv = strdup(out);
	clock_now = then;
	RUN(args[0], "--json", args[1], args[2]);
	list = json_loads(out, 0, NULL);
	ck_assert_msg(list != NULL, "%s", out);
	names = malloc(strlen(csv) + 1);
	cells = malloc(strlen(csv) + 1);
	ck_assert(names && cells);
	at = csv;
	count = read_csv_row(&at, names);
	for (rows = 0; *at; rows++) {
		const json_t *object = json_array_get(list, rows);
		const char *name = names, *cell = cells;

		ck_assert_uint_eq(read_csv_row(&at, cells), count);
		for (size_t i = 0; i < count; i++) {
			const json_t *value = json_object_get(object, name);
			char number[32];

			(void)snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
				       json_integer_value(value));
			if (json_is_integer(value))
				ck_assert_str_eq(cell, number);
			else if (json_is_string(value) && moves(cell))
				ck_assert(moves(json_string_value(value)));
			else if (json_is_string(value))
				ck_assert_str_eq(cell, json_string_value(value));
			else if (json_is_boolean(value))
				ck_assert_str_eq(cell, json_is_true(value) ? "yes" : "no");
			else
				ck_assert_msg(!*cell, "%s of %s", cell, name);
			name += strlen(name) + 1;
			cell += strlen(cell) + 1;
		}
	}
	ck_assert_uint_eq(rows, json_array_size(list));
	json_decref(list);
	free(csv);
	free(names);
	free(cells);
}

START_TEST(csv_has_what_json_has)
{
	open_all();
	for (size_t i = 0; i < COUNT(lists); i++) {
		/* Its JSON has the fields of entries. */
		if (strcmp(lists[i][0], "journal") != 0)
			same_as_json(lists[i]);
	}
	DONE("\"account\",\"percent\"\r\n\"physics\",60\r\n", "balance", "physics", "--csv", "-o",
	     "Account,Percent");
	DONE("\"physics\",60\r\n", "balance", "physics", "--csv", "-n", "-o", "Account,Percent");
	DONE("", "deposit", "bio", "1", "--note", "=1+1, \"quoted\"");
	DONE("\"entry\",\"note\"\r\n", "journal", "-l", "1", "--csv", "-o", "entry,note");
	ck_assert_ptr_nonnull(strstr(out, ",\"'=1+1, \"\"quoted\"\"\"\r\n"));
}
END_TEST

/* Replaces the free space on the disk in [text] by "# MiB", which has fewer bytes. */
static char *still(char *text)
{
	char *to = text, *room;

	for (const char *from = text; (*to = *from); to++, from++) {
		size_t digits = strspn(from, "0123456789");

		if (digits > 0 && strncmp(from + digits, " MiB", 4) == 0) {
			*to = '#';
			from += digits - 1;
		}
	}
	room = strstr(text, " MiB");
	ck_assert(!room || room[-1] == '#');
	return text;
}

START_TEST(a_terminal_changes_nothing_for_programs)
{
	static const char *const forms[] = {"-P", "-p", "--json", "--csv"};

	open_all();
	for (size_t i = 0; i < COUNT(lists); i++) {
		for (size_t j = 0; j < COUNT(forms); j++) {
			int64_t then = clock_now;
			char *plain;

			out_width = 0;
			RUN(lists[i][0], forms[j], lists[i][1], lists[i][2]);
			ck_assert_msg(status == 0, "%s", err);
			plain = still(strdup(out));
			out_width = 40;
			clock_now = then;
			RUN(lists[i][0], forms[j], "--color=always", lists[i][1], lists[i][2]);
			ck_assert_str_eq(still(out), plain);
			free(plain);
		}
	}
	out_width = 0;
	for (size_t j = 0; j < COUNT(forms); j++) {
		int64_t then = clock_now;
		char *plain;

		RUN("balance", forms[j]);
		plain = strdup(out);
		clock_now = then;
		DONE(plain, "balance", forms[j], "--tree");
		ck_assert_str_eq(out, plain);
		free(plain);
	}
}
END_TEST

/* Appends bytes that are no entry. */
static int damage(struct store_txn *txn, void *ctx, struct sb_error *store_err)
{
	unsigned char key[8];

	u64_store(key, *(const uint64_t *)ctx + 1);
	return store_add(txn, STORE_JOURNAL, (struct slice){key, sizeof(key)},
			 (struct slice){"x", 1}, store_err);
}

/* Rows before a failure are no answer, nor are an empty list or a header alone. */
START_TEST(a_verb_that_fails_prints_no_part_of_an_answer)
{
	static const char *const forms[] = {"-n", "--json", "--csv", "-P", "-p"};
	struct bank *bank;
	uint64_t head;

	open_all();
	for (size_t i = 0; i < COUNT(forms); i++) {
		GIVES(1, NULL, "account 'nosuch' is not in the bank", "balance", "nosuch",
		      forms[i]);
		GIVES(1, NULL, "account 'nosuch' is not in the bank", "usage", "nosuch", forms[i]);
		GIVES(1, NULL, "account 'nosuch' is not in the bank", "terms", "nosuch", "bio2",
		      forms[i]);
		GIVES(1, NULL, "account 'nosuch' is not in the bank", "statement", "nosuch",
		      forms[i]);
		GIVES(1, NULL, "account 'nosuch' is not in the bank", "journal", "nosuch",
		      forms[i]);
		GIVES(1, NULL, "nothing was charged for job 7", "refund", "--job", "7", "--note",
		      "x", forms[i]);
	}
	bank = util_open(STORE_WRITE);
	head = util_head(bank).seq;
	OK(store_write(bank_store(bank), damage, &head, &error));
	bank_close(bank);
	GIVES(1, NULL, "has only 1 bytes", "journal");
	GIVES(1, NULL, "has only 1 bytes", "journal", "-n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tables");
	TCase *people = tcase_create("people"), *programs = tcase_create("programs");

	tcase_set_timeout(people, TEST_TIMEOUT);
	tcase_add_checked_fixture(people, setup, drive_teardown);
	tcase_add_test(people, a_table_for_people);
	tcase_add_test(people, a_bar_fills_the_free_width);
	tcase_add_test(people, amounts_are_whole_at_every_width);
	tcase_add_test(people, a_long_name_is_cut_in_its_middle_and_only_on_a_terminal);
	tcase_add_test(people, a_row_that_does_not_fit_becomes_a_block);
	tcase_add_test(people, prose_is_broken_at_blanks);
	tcase_add_test(people, accounts_are_shown_below_their_parent);
	tcase_add_test(people, rows_are_sorted_by_value);
	tcase_add_test(people, times_are_sorted_by_value);
	tcase_add_test(people, every_form_has_the_same_order);
	tcase_add_test(people, a_tree_is_sorted_among_siblings);
	tcase_add_test(people, what_cannot_be_sorted_by_is_refused);
	tcase_add_test(people, accounts_with_less_use_are_left_out);
	tcase_add_test(people, accounts_left_out_of_a_tree_leave_no_gap);
	tcase_add_test(people, a_circle_is_not_drawn);
	tcase_add_test(people, colours_are_for_terminals_that_want_them);
	tcase_add_test(people, states_have_their_colours);
	suite_add_tcase(suite, people);
	tcase_set_timeout(programs, TEST_TIMEOUT);
	tcase_add_checked_fixture(programs, setup, drive_teardown);
	tcase_add_test(programs, every_verb_that_lists_has_every_form);
	tcase_add_test(programs, csv_has_what_json_has);
	tcase_add_test(programs, a_verb_that_fails_prints_no_part_of_an_answer);
	tcase_add_test(programs, a_terminal_changes_nothing_for_programs);
	suite_add_tcase(suite, programs);
	return util_run(suite);
}
