/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mail: what sendmail gets for each entry, and what no text from outside can do. */
#include <sys/stat.h>
#include <unistd.h>

#include "tests/drive.h"

enum { SU = 3600 };

static char settings_text[2048];
static char templates[96]; /* the site's folder */

/* Sets the settings, with [more] lines. */
static void set_more(const char *more)
{
	(void)snprintf(settings_text, sizeof(settings_text),
		       "clusters: [dev]\nlock_seconds: 1\nnotify: /notify\nsendmail: /sendmail\n"
		       "mail_templates: %s\n%s",
		       templates, more);
	set_settings(settings_text);
}

/* Copies a template of the program to the site's folder. */
static void copy_template(const char *name)
{
	char from[256], to[160], *text;
	size_t len;

	(void)snprintf(from, sizeof(from), "%s/init/mail/%s", getenv("srcdir"), name);
	text = util_read_file(from, &len);
	(void)snprintf(to, sizeof(to), "%s/%s", templates, name);
	util_write_file(to, text, len);
	free(text);
}

static void write_template(const char *name, const char *text)
{
	char to[160];

	(void)snprintf(to, sizeof(to), "%s/%s", templates, name);
	util_write_file(to, text, strlen(text));
}

#define FROM "mail_from: hpc@example.org\nmail_site: Elbe\n"

/* "bio" has 10 SU and two contacts. */
static void setup(void)
{
	static const char *const names[] = {"below.txt",    "spent.txt",  "held.txt",
					    "released.txt", "window.txt", "statement.txt",
					    "test.txt"};

	drive_setup();
	(void)snprintf(templates, sizeof(templates), "%s/mail", test_folder);
	ck_assert_int_eq(mkdir(templates, 0755), 0);
	for (size_t i = 0; i < COUNT(names); i++)
		copy_template(names[i]);
	set_more(FROM);
	(void)fake_account("dev", "bio");
	DONE("", "open", "bio", "10");
	DONE("", "terms", "bio", "--contact", "pi@x.org,office@x.org");
	DONE("", "check");
}

static void clear(void)
{
	mailed[0] = mail_args[0] = '\0';
}

/* Gives all that the notify command got to `subank mail`, entry by entry. */
static void mail_told(void)
{
	char *all = strdup(told), *rest = all, *line;

	told[0] = '\0';
	clear();
	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		answers = line;
		RUN("mail");
		ck_assert_msg(status == 0 && !*out && !*err, "%d: %s%s", status, out, err);
	}
	answers = "";
	free(all);
}

#define TO "To: pi@x.org,\n office@x.org\n"
#define MIME                                                                                       \
	"Auto-Submitted: auto-generated\n"                                                         \
	"MIME-Version: 1.0\n"                                                                      \
	"Content-Type: text/plain; charset=utf-8\n"                                                \
	"Content-Transfer-Encoding: 8bit\n\n"
#define ASK "\nIf you have a question, please write to hpc@example.org.\n"

/* Checks the mail, which is one, without Date, Message-ID and the id of the bank. */
static void check_mailed(int line, const char *expected)
{
	char *date = strstr(mailed, "\nDate: "), *id, *end;

	ck_assert_ptr_nonnull(date);
	id = strstr(date, "\nMessage-ID: <");
	ck_assert_ptr_nonnull(id);
	end = strchr(id + 1, '\n');
	memmove(date, end, strlen(end) + 1);
	id = strstr(mailed, "\nBank ");
	if (id)
		memmove(id + 6, id + 38, strlen(id + 38) + 1);
	ck_assert_msg(strcmp(mailed, expected) == 0, "line %d: %s", line, mailed);
	clear();
}
#define MAILED(expected) check_mailed(__LINE__, expected)

START_TEST(each_kind_of_entry_has_its_mail)
{
	set_more(FROM "thresholds: [60, 90]\nnotice_days: 60\n");
	fake_account("dev", "bio")->usage += 7 * SU;
	RUN("check");
	mail_told();
	ck_assert_str_eq(mail_args, "-i -f hpc@example.org -- pi@x.org office@x.org\n");
	/* Before the check gives it up. */
	ck_assert_int_eq(mail_deadline_ms, 9000);
	MAILED("From: \"Elbe\" <hpc@example.org>\n" TO "Subject: bio: 60 % used\n" MIME
	       "The account bio on Elbe has used 60 % or more of its allocation.\n\n"
	       "    Allocated: 10.00 SU\n"
	       "    Used:      7.00 SU\n"
	       "    Available: 3.00 SU\n\n"
	       "Nothing changes for now. Once all of it is used, new jobs may have to\n"
	       "wait until the allocation is extended. Running jobs are not stopped.\n\n"
	       "If you need more, please write to hpc@example.org.\n");

	/* The threshold and the hold are one thing. */
	fake_account("dev", "bio")->usage += 9 * SU;
	RUN("check");
	ck_assert_int_eq(notify_calls, 3);
	answers = told;
	GIVES(1, NULL, "no entry of subank", "mail");
	*strchr(told, '\n') = '\0';
	GIVES(0, NULL, "bio is held: nothing was sent about the threshold", "mail");
	memmove(told, told + strlen(told) + 1, strlen(told + strlen(told) + 1) + 1);
	mail_told();
	MAILED("From: \"Elbe\" <hpc@example.org>\n" TO "Subject: bio: allocation spent\n" MIME
	       "The allocation of the account bio on Elbe is spent.\n\n"
	       "    Allocated: 10.00 SU\n"
	       "    Used:      16.00 SU\n"
	       "    Available: -6.00 SU\n"
	       "    Unpaid:    6.00 SU\n\n"
	       "Running jobs go on. New jobs can be submitted, but they wait. Waiting\n"
	       "jobs start by themselves once the allocation is extended; they need not\n"
	       "be resubmitted.\n\n"
	       "For an extension, please write to hpc@example.org.\n");

	RUN("hold", "bio", "--until", "now+2days", "--note", "k\303\244lter");
	RUN("check");
	mail_told();
	MAILED("From: \"Elbe\" <hpc@example.org>\n" TO "Subject: bio: new jobs wait\n" MIME
	       "The account bio on Elbe has been on hold since 2026-11-22 17:00. An\n"
	       "administrator has set this hold.\n\n"
	       "    Note:  k\303\244lter\n"
	       "    Until: 2026-11-24 17:00\n\n"
	       "Running jobs go on. New jobs can be submitted, but they wait.\n" ASK);

	RUN("release", "bio", "--until", "now+3days");
	RUN("check");
	mail_told();
	MAILED("From: \"Elbe\" <hpc@example.org>\n" TO "Subject: bio: released\n" MIME
	       "A hold on the account bio on Elbe has ended.\n\n"
	       "    Available: -6.00 SU\n\n"
	       "Waiting and new jobs can start until 2026-11-25 17:00.\n" ASK);

	RUN("release", "bio");
	RUN("deposit", "bio", "100", "--end", "2027-01-01");
	RUN("check");
	mail_told();
	ck_assert_ptr_nonnull(strstr(mailed, "\nWaiting and new jobs start again.\n"));
	clock_now += WHEN_DAY;
	RUN("check");
	mail_told();
	MAILED("From: \"Elbe\" <hpc@example.org>\n" TO
	       "Subject: bio: 94.00 SU can be used until 2026-12-31\n" MIME
	       "Part of the allocation of the account bio on Elbe expires after\n"
	       "2026-12-31.\n\n"
	       "    Expiring:  94.00 SU\n"
	       "    Available: 94.00 SU\n\n"
	       "It is spent first. If you need more time for it, please write to\n"
	       "hpc@example.org.\n");
	DONE("", "verify");
}
END_TEST

START_TEST(closing_an_account_is_mailed)
{
	RUN("close", "bio", "--note", "project ended");
	RUN("check");
	mail_told();
	MAILED("From: \"Elbe\" <hpc@example.org>\n" TO "Subject: bio: new jobs wait\n" MIME
	       "The account bio on Elbe has been on hold since 2026-11-22 17:00. The\n"
	       "account was closed.\n\n"
	       "    Note:  project ended\n\n"
	       "Running jobs go on. New jobs can be submitted, but they wait.\n" ASK);
}
END_TEST

/* Gives the message to `mail`, which must end with [code] and [message]. */
#define READS(code, message, json)                                                                 \
	do {                                                                                       \
		answers = json;                                                                    \
		GIVES(code, NULL, message, "mail");                                                \
	} while (0)

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define BALANCE                                                                                    \
	"\"balance\":{\"allocated_seconds\":3600,\"used_seconds\":3600,\"available_seconds\":0,"   \
	"\"unlimited\":false,\"debt_seconds\":0,\"state\":\"held\",\"scavenger_qos\":null}"
#define AT "\"time\":\"2026-11-22T17:00:00.000000Z\",\"hash\":\"" HASH "\""
#define HOLD(account, contacts)                                                                    \
	"{\"entry\":7,\"kind\":\"hold\",\"cause\":\"funds\",\"account\":\"" account "\"," AT       \
	"," BALANCE ",\"contacts\":[" contacts "]}"

START_TEST(messages_that_are_no_entry_are_refused)
{
	static const char *const bad[] = {
		"{",
		"[]",
		"{}",
		"\"hold\"",
		"{\"entry\":7}",
		"{\"entry\":\"7\",\"kind\":\"test\"," AT "}",
		"{\"entry\":7,\"kind\":\"deposit\"," AT "}",
		"{\"entry\":7,\"kind\":\"hold\",\"kind\":\"release\"," AT "}",
		"{\"entry\":0,\"kind\":\"test\",\"time\":\"now\"}",
		"{\"entry\":7,\"kind\":\"hold\",\"account\":\"bio\"," AT "}",
		"{\"entry\":7,\"kind\":\"hold\",\"time\":\"2026-11-22T17:00:00.000000Z\",\"hash\":"
		"\"0\\nX: y\",\"account\":\"bio\"," BALANCE "}",
		"{\"entry\":7,\"kind\":\"threshold\",\"level\":0,\"account\":\"bio\"," AT
		"," BALANCE "}",
		"{\"entry\":7,\"kind\":\"hold\",\"account\":\"bio\",\"contacts\":\"a@x\"," AT
		"," BALANCE "}",
		HOLD("bio\\nBcc: evil@x", "\"a@x\""),
		HOLD("", "\"a@x\""),
		HOLD("bio", "\"a@x\\nBcc: evil@x\""),
		HOLD("bio", "\"a@x\",7"),
		HOLD("bio", "\"a@x,b@y\",\"b@y\""),
		HOLD("bio", "\"-oQ/tmp@x\""),
		HOLD("bio", "\"a b@x\""),
		HOLD("bio", "\"<a@x>\""),
		HOLD("bio", "\"a@x;b\""),
		HOLD("bio", "\"a@@x\""),
		HOLD("bio", "\"\303\244@x\""),
		HOLD("bio", "\"\""),
	};
	char *before = exported();

	for (size_t i = 0; i < COUNT(bad); i++)
		READS(1, "the message on the standard input is no entry of subank", bad[i]);
	READS(1, "the standard input is empty: mail reads an entry from it", "");
	ck_assert_str_eq(mail_args, "");
	READS(0, NULL, HOLD("bio", "\"a@x\""));
	ck_assert_str_eq(mail_args, "-i -f hpc@example.org -- a@x\n");
	ck_assert_ptr_nonnull(
		strstr(mailed, "Message-ID: <7.0123456789abcdef.subank@example.org>\n"));
	at_terminal = true;
	GIVES(2, NULL, "mail reads an entry from the standard input", "mail");
	GIVES(2, NULL, "belong to --statements", "mail", "--again");
	GIVES(2, NULL, "belong to --statements", "mail", "bio");
	UNCHANGED(before);
}
END_TEST

START_TEST(no_text_makes_a_header_or_a_layout)
{
	READS(0, NULL,
	      "{\"entry\":7,\"kind\":\"hold\",\"cause\":\"hand\",\"account\":\"bio\",\"contacts\":["
	      "\"a@x\"],\"note\":\"{account}\\r\\nBcc: evil@x\\n.\\n\\u202e- x\"," AT "," BALANCE
	      "}");
	ck_assert_ptr_nonnull(strstr(
		mailed,
		"\n    Note:  {account}\\x0d\\x0aBcc: evil@x\\x0a.\\x0a\\xe2\\x80\\xae- x\n"));
	ck_assert_ptr_null(strstr(mailed, "\nBcc"));
}
END_TEST

START_TEST(without_contacts_the_administrators_get_it_or_nobody)
{
	READS(0, "bio has no contacts, and the settings have no mail_to: nothing was sent",
	      HOLD("bio", ""));
	ck_assert_str_eq(mail_args, "");
	/* Nobody is named in the settings: the mail system knows the sender. */
	set_more("mail_to: [root@x, ops@x]\n");
	READS(0, NULL, HOLD("bio", ""));
	ck_assert_str_eq(mail_args, "-i -- root@x ops@x\n");
	ck_assert_int_eq(strncmp(mailed, "To: root@x,\n ops@x\nSubject: ", 28), 0);
	ck_assert_ptr_nonnull(strstr(mailed, ".subank@head>\n"));
	ck_assert_ptr_nonnull(strstr(mailed, "account bio on the cluster is spent"));
	ck_assert_ptr_nonnull(strstr(mailed, "please write to the administrators."));
	clear();
	set_more("mail_to: [root@x]\nmail_from: h@x\nmail_reply_to: help@x\n");
	READS(0, NULL, HOLD("bio", "\"a@x\""));
	ck_assert_str_eq(mail_args, "-i -f h@x -- a@x\n");
	ck_assert_int_eq(strncmp(mailed, "From: h@x\nReply-To: help@x\nTo: a@x\n", 35), 0);
	ck_assert_ptr_nonnull(strstr(mailed, "please write to help@x."));
}
END_TEST

START_TEST(a_sendmail_that_fails_makes_mail_fail)
{
	mail_mode = FAKE_FAILS;
	READS(1, "/sendmail failed with exit status 7", HOLD("bio", "\"a@x\""));
	mail_mode = FAKE_TIMES_OUT;
	READS(1, "/sendmail did not end within 9 seconds", HOLD("bio", "\"a@x\""));
	mail_mode = FAKE_MISSING;
	READS(1, "/sendmail: no such program", HOLD("bio", "\"a@x\""));
	ck_assert_str_eq(mailed, "");
	/* A dry run does not need it. */
	answers = HOLD("bio", "\"a@x\"");
	GIVES(0, "Subject: bio: allocation spent", NULL, "mail", "--dry-run");
}
END_TEST

START_TEST(jobs_that_wait_are_named)
{
	static const struct {
		const char *purse, *budget, *effect;
	} cases[] = {
		{"bio:gres/gpu", "The allocation of the budget gres/gpu of account bio on Elbe",
		 "New jobs that ask for gres/gpu can be submitted, but\nthey wait."},
		{"bio:billing~ann", "The allocation of the share of ann in account bio on Elbe",
		 "New jobs of ann can be submitted, but they wait."},
		{"bio:gres/gpu~ann",
		 "The allocation of the share of ann in budget gres/gpu of account bio on",
		 "New jobs of ann that ask for gres/gpu can be\nsubmitted, but they wait."},
		{"bio:storage", "The allocation of the budget storage of account bio on Elbe",
		 "This holds no jobs."},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char json[2048];

		(void)snprintf(json, sizeof(json), HOLD("%s", "\"a@x\""), cases[i].purse);
		READS(0, NULL, json);
		ck_assert_msg(strstr(mailed, cases[i].budget) && strstr(mailed, cases[i].effect),
			      "%s", mailed);
		ck_assert_ptr_nonnull(strstr(mailed, "Subject: bio: "));
		ck_assert_int_eq(!strstr(mailed, "start by themselves"),
				 strcmp(cases[i].purse, "bio:storage") == 0);
		clear();
	}
#define STATE(kind, state, qos)                                                                    \
	"{\"entry\":7,\"kind\":\"" kind "\",\"cause\":\"funds\",\"account\":\"bio\"," AT           \
	",\"contacts\":[\"a@x\"],\"balance\":{\"allocated_seconds\":0,\"used_seconds\":0,"         \
	"\"available_seconds\":null,\"unlimited\":true,\"debt_seconds\":0,\"state\":\"" state      \
	"\",\"scavenger_qos\":" qos "}}"
	READS(0, NULL, STATE("hold", "scavenge", "\"scav\""));
	ck_assert_ptr_nonnull(strstr(mailed, "but they wait, except\nthose in the QOS scav."));
	clear();
	READS(0, NULL, STATE("hold", "open", "null"));
	ck_assert_ptr_nonnull(strstr(mailed, "The hold has ended in the meantime: waiting and new "
					     "jobs start again.\n\n"));
	ck_assert_ptr_null(strstr(mailed, "extended"));
	ck_assert_ptr_nonnull(strstr(mailed, "Available: unlimited\n"));
	clear();
	READS(0, NULL, STATE("release", "held", "null"));
	ck_assert_ptr_nonnull(strstr(mailed, "Another hold is still in force: new jobs wait."));
	clear();
	READS(0, NULL,
	      "{\"entry\":7,\"kind\":\"hold\",\"cause\":\"overrun\",\"account\":\"bio\"," AT
	      "," BALANCE ",\"contacts\":[\"a@x\"]}");
	ck_assert_msg(strstr(mailed, "that even jobs in the scavenger QOS\nwait.\n") &&
			      strstr(mailed, "Waiting\njobs start by themselves once the "
					     "allocation is extended;"),
		      "%s", mailed);
	clear();
	/* An account above it is held: its own allocation does not end that. */
	READS(0, NULL, STATE("hold", "blocked", "null"));
	ck_assert_ptr_nonnull(strstr(mailed, "but they wait.\n\n"));
	clear();
	READS(0, NULL, STATE("release", "blocked", "null"));
	ck_assert_ptr_nonnull(strstr(mailed, "Another hold is still in force: new jobs wait."));
}
END_TEST

START_TEST(times_have_one_form)
{
	READS(0, NULL,
	      "{\"entry\":7,\"kind\":\"notice\",\"account\":\"bio\",\"amount_seconds\":3600,"
	      "\"end\":\"2026-12-31T23:00:00.000000Z\",\"contacts\":[\"a@x\"]," AT "," BALANCE "}");
	ck_assert_ptr_nonnull(
		strstr(mailed, "Subject: bio: 1.00 SU can be used until 2026-12-31 23:00\n"));
	ck_assert_ptr_nonnull(strstr(mailed, "expires after\n2026-12-31 23:00.\n"));
}
END_TEST

/* ---- templates ---- */

START_TEST(a_wrong_template_is_reported_with_its_line)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{"", "/spent.txt:1: a template begins with a line \"Subject: ...\""},
		{"Hello\n\nx\n", "/spent.txt:1: a template begins with"},
		{"Subject: \n\nx\n", "/spent.txt:1: a template begins with"},
		{"Subject: x\nBcc: evil@x\n\nx\n",
		 "/spent.txt:2: a blank line is expected after the subject"},
		{"Subject: x\n", "the template has no text"},
		{"Subject: x\n\n", "the template has no text"},
		{"Subject: x\n\nfine\n{acount}\n",
		 "/spent.txt:4: this mail has no value called 'acount': did you mean 'account'?"},
		{"Subject: {ends}\n\nx\n", "/spent.txt:1: this mail has no value called 'ends'"},
		{"Subject: {note}\n\nx\n",
		 "/spent.txt:1: {note} may be empty: a subject cannot have it"},
		{"Subject: x\n\n{account\n", "/spent.txt:3: '{' without '}'; '{{' is a brace"},
		{"Subject: x\n\n{}\n", "/spent.txt:3: this mail has no value called ''"},
		{"Subject: x\n\na\tb\n", "/spent.txt:3: there is a tab"},
		{"Subject: x\r\n\r\nx\r\n", "/spent.txt:1: there is a tab, another control"},
		{"Subject: x\n\n\xff\n", "/spent.txt:3: there is a tab, another control"},
	};
	char path[160];

	for (size_t i = 0; i < COUNT(bad); i++) {
		write_template("spent.txt", bad[i].text);
		READS(1, bad[i].message, HOLD("bio", "\"a@x\""));
	}
	write_template("statement.txt", "Subject: x\n\nThis: {statement}\n");
	set_more("mail_to: [root@x]\n");
	copy_template("spent.txt");
	READS(1, "/statement.txt:3: {statement} must be alone on its line",
	      "{\"entry\":0,\"kind\":\"test\"," AT "}");
	copy_template("statement.txt");
	(void)snprintf(path, sizeof(path), "%s/spent.txt", templates);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	READS(1, "cannot read the template", HOLD("bio", "\"a@x\""));
	ck_assert_str_eq(mail_args, "");
}
END_TEST

START_TEST(templates_are_filled_and_laid_out)
{
	char long_word[1200], text[4096];

	memset(long_word, 'w', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	set_more("mail_site: \"\303\234ber \\\"See\\\"\"\nmail_from: h@x\n");
	(void)snprintf(
		text, sizeof(text),
		"Subject: {account} {{x} f\303\274r Nutzerinnen und Nutzer, denen ihr Konto "
		"l\303\244ngst leer ist\n\n\n\n"
		"One\ntwo   three.\n{note}\nDebt {debt}\n\n\n"
		"- first {account}\n- second item, which is so long that it takes another line "
		"below all of it\n"
		"  kept   {{as}  it is\n-- \n"
		"    kept, but so long that it has to be cut somewhere, which is at seventy-eight\n"
		"%s\n",
		long_word);
	write_template("spent.txt", text);
	READS(0, NULL, HOLD("bio", "\"a@x\""));
	(void)snprintf(
		text, sizeof(text),
		"From: =?UTF-8?B?w5xiZXIgIlNlZSI=?=\n <h@x>\nTo: a@x\n"
		"Subject: =?UTF-8?B?YmlvIHt4fSBmw7xyIE51dHplcmlubmVuIHVuZCBOdXR6ZXIsIGRlbmVu?=\n"
		" =?UTF-8?B?IGlociBLb250byBsw6RuZ3N0IGxlZXIgaXN0?=\n" MIME "One two three.\n\n"
		"- first bio\n- second item, which is so long that it takes another line below all "
		"of\n"
		"  it\n"
		"  kept   {as}  it is\n-- \n"
		"    kept, but so long that it has to be cut somewhere, which is at\n    "
		"seventy-eight\n"
		"%.900s\n%s\n",
		long_word, long_word + 900);
	MAILED(text);
}
END_TEST

START_TEST(a_long_subject_is_folded)
{
	write_template("spent.txt", "Subject: word word word word word word word word word word "
				    "word word word word word word word =?x\n\nx\n");
	READS(0, NULL, HOLD("bio", "\"a@x\""));
	ck_assert_ptr_nonnull(strstr(mailed, "Subject: =?UTF-8?B?"));
	clear();
	write_template("spent.txt", "Subject: word word word word word word word word word word "
				    "word word word word word word word\n\nx\n");
	READS(0, NULL, HOLD("bio", "\"a@x\""));
	ck_assert_ptr_nonnull(strstr(mailed,
				     "Subject: word word word word word word word word word "
				     "word word word word\n word word word word\nDate"));
}
END_TEST

START_TEST(doctor_sends_a_test)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/notify", test_folder);
	util_write_file(path, "#!/bin/sh\n", 10);
	ck_assert_int_eq(chmod(path, 0755), 0);
	(void)snprintf(settings_text, sizeof(settings_text), "clusters: [dev]\nnotify: %s\n", path);
	set_settings(settings_text);
	DONE("test of notify|this machine|ok|", "doctor", "-P", "--test");
	set_more("");
	answers = told;
	GIVES(1, NULL, "there is no address for a test: name one with mail_to", "mail");
	set_more(FROM "mail_to: [root@x]\n");
	GIVES(0, NULL, NULL, "mail");
	ck_assert_ptr_nonnull(strstr(mailed, "Message-ID: <test."));
	MAILED("From: \"Elbe\" <hpc@example.org>\nTo: root@x\nSubject: a test of mail about "
	       "Elbe\n" MIME "This mail is a test: its sender can reach you.\n\n"
	       "    Time: 2026-11-22 17:00\n"
	       "    Note: a test by `subank doctor --test`: nothing has happened\n\n"
	       "You need not do anything. Questions can be sent to hpc@example.org.\n");
}
END_TEST

/* ---- statements ---- */

static void use_for_statements(void)
{
	(void)fake_account("dev", "chem");
	(void)fake_account("dev", "idle");
	(void)fake_account("dev", "lost");
	(void)fake_account("dev", "new");
	DONE("", "open", "chem", "5");
	DONE("", "terms", "chem", "--meter", "jobs", "--contact", "c@x");
	DONE("", "open", "chem", "5", "--resource", "storage");
	DONE("", "open", "idle");
	DONE("", "terms", "idle", "--contact", "i@x");
	DONE("", "open", "lost", "5");
	DONE("", "charge", "chem", "2");
	DONE("", "share", "chem", "ann", "1", "--later");
	fake_account("dev", "bio")->usage += 7 * SU;
	DONE("", "check");
	clock_now += 13 * WHEN_DAY;
	DONE("", "open", "new", "5");
	DONE("", "terms", "new", "--contact", "n@x");
	DONE("", "charge", "chem", "1");
	clear();
}

START_TEST(statements_are_mailed_once)
{
	char *before;

	use_for_statements();
	before = exported();
	/* A dry run marks nothing. */
	GIVES(0, "Subject: bio: statement 2026-11-01 to 2026-11-30\n", NULL, "mail", "--statements",
	      "--dry-run");
	ck_assert_ptr_nonnull(strstr(out, "\n\nFrom: \"Elbe\" <hpc@example.org>\nTo: c@x\n"));
	ck_assert_str_eq(mail_args, "");

	mail_mode = FAKE_FAILS;
	GIVES(3, "mailed 0 statements", "bio: the statement was not mailed, the next `subank mail",
	      "mail", "--statements");
	ck_assert_ptr_nonnull(strstr(err, "chem: the statement was not mailed"));
	/* One that hangs would hang for each. */
	mail_mode = FAKE_TIMES_OUT;
	GIVES(3, "mailed 0 statements", "/sendmail did not end within 10 seconds", "mail",
	      "--statements");
	ck_assert_ptr_null(strstr(err, "chem"));
	clear();

	mail_mode = FAKE_OK;
	DONE("mailed 1 statement of the month from 2026-11-01; 0 mailed before; 0 accounts without "
	     "contacts",
	     "mail", "--statements", "bio");
	ck_assert_str_eq(mail_args, "-i -f hpc@example.org -- pi@x.org office@x.org\n");
	MAILED("From: \"Elbe\" <hpc@example.org>\n" TO
	       "Subject: bio: statement 2026-11-01 to 2026-11-30\n" MIME
	       "This is the statement of account bio on Elbe from 2026-11-01 to\n"
	       "2026-11-30.\n\n"
	       "Statement of bio\n"
	       "From 2026-11-01T00:00:00+00:00 to 2026-12-01T00:00:00+00:00\n"
	       "Bank \n"
	       "Item              Cluster Entries Amount\n"
	       "opening available                   0.00\n"
	       "opening balance                     0.00\n"
	       "deposits                        1  10.00\n"
	       "charges           dev           1  -7.00\n"
	       "closing balance                     3.00\n"
	       "closing available                   3.00\n"
	       "Amounts are in SU.\n" ASK);
	DONE("mailed 1 statement of the month from 2026-11-01; 1 mailed before; 1 account without",
	     "mail", "--statements");
	ck_assert_str_eq(mail_args, "-i -f hpc@example.org -- c@x\n");
	ck_assert_ptr_nonnull(strstr(mailed, "\nStatement of chem:storage, in "));
	ck_assert_ptr_nonnull(strstr(mailed, "(fees)"));
	ck_assert_ptr_null(strstr(mailed, "ann"));
	clear();
	GIVES(0, NULL,
	      "no statement of the month from 2026-11-01 would be mailed; 2 mailed before; 1 "
	      "account without contacts",
	      "mail", "--statements", "--dry-run");
	DONE("mailed 0 statements of the month from 2026-11-01; 2 mailed before", "mail",
	     "--statements");
	DONE("mailed 1 statement ", "mail", "--statements", "--again", "chem");
	GIVES(3, "mailed 0", "account 'none' is not in the bank", "mail", "--statements", "none",
	      "bio");
	/* The next month. */
	clear();
	clock_now += 31 * WHEN_DAY;
	DONE("mailed 3 statements of the month from 2026-12-01", "mail", "--statements");
	UNCHANGED(before);
	DONE("", "verify");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs_mail");
	TCase *tcase = tcase_create("mail");

	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_add_test(tcase, each_kind_of_entry_has_its_mail);
	tcase_add_test(tcase, closing_an_account_is_mailed);
	tcase_add_test(tcase, messages_that_are_no_entry_are_refused);
	tcase_add_test(tcase, no_text_makes_a_header_or_a_layout);
	tcase_add_test(tcase, without_contacts_the_administrators_get_it_or_nobody);
	tcase_add_test(tcase, a_sendmail_that_fails_makes_mail_fail);
	tcase_add_test(tcase, jobs_that_wait_are_named);
	tcase_add_test(tcase, times_have_one_form);
	tcase_add_test(tcase, a_wrong_template_is_reported_with_its_line);
	tcase_add_test(tcase, templates_are_filled_and_laid_out);
	tcase_add_test(tcase, a_long_subject_is_folded);
	tcase_add_test(tcase, doctor_sends_a_test);
	tcase_add_test(tcase, statements_are_mailed_once);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
