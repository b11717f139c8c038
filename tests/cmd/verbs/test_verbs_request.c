/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests of managers: request and check, run in this process. The manager is "me", this process's
 * user: only root could make files of others. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cmd/show/request.h"
#include "tests/drive.h"

#define ID "0123456789abcdef0123456789abcdef"
#define ID2 "00000000000000000000000000000002"

#define SETTINGS                                                                                   \
	"clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\nrequests: "             \
	"%s/requests\n"

static char box[128];

static void settings_with(const char *more)
{
	char text[512];
	int len = snprintf(text, sizeof(text), SETTINGS, test_folder);

	(void)snprintf(text + len, sizeof(text) - (size_t)len, "%s", more);
	set_settings(text);
}

/* "bio" has 100 SU, and the accounts "lab" and "bench" below it, of which "lab" has 10; "chem" has
 * 100 and is elsewhere. I manage "bio" and "empty". */
static void setup(void)
{
	char folder[96];

	drive_setup();
	(void)snprintf(folder, sizeof(folder), "%s/requests", test_folder);
	ck_assert_int_eq(mkdir(folder, 0711), 0);
	(void)snprintf(box, sizeof(box), "%s/%u", folder, geteuid());
	settings_with("");
	(void)fake_account("dev", "bio");
	(void)fake_account("dev", "chem");
	strcpy(fake_account("dev", "lab")->parent, "bio");
	strcpy(fake_account("dev", "bench")->parent, "lab");
	(void)fake_account("dev", "empty");
	fake_member("dev", "lab", "ann");
	fake_member("dev", "chem", "ann");
	DONE("", "open", "bio", "100");
	DONE("", "open", "chem", "100");
	DONE("", "open", "lab", "10");
	DONE("", "open", "bench");
	DONE("", "open", "empty", "10");
	DONE("", "terms", "bio", "--manager", "alice,me");
	DONE("", "terms", "empty", "--manager", "me");
	DONE("", "check");
}

static char *path_of(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", box, name);
	return path;
}

/* Gives a file the time of the test's clock. */
static void set_time(const char *name, int64_t seconds_ahead)
{
	const struct timespec time = {.tv_sec = clock_now / WHEN_SECOND + seconds_ahead};

	ck_assert_int_eq(utimensat(AT_FDCWD, path_of(name), (struct timespec[]){time, time}, 0), 0);
}

static void put(const char *id, const char *text)
{
	util_write_file(path_of(id), text, strlen(text));
	set_time(id, 0);
}

static void put_folder(const char *name)
{
	ck_assert_int_eq(mkdir(path_of(name), 0755), 0);
	set_time(name, 0);
}

static void put_words(const char *id, const char *verb, const char *from, const char *to,
		      const char *amount)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "{\"subank\": 1, \"request\": [\"%s\", \"%s\", \"%s\", \"%s\"]}", verb, from,
		       to, amount);
	put(id, text);
}

static bool exists(const char *name)
{
	struct stat st;

	return lstat(path_of(name), &st) == 0;
}

/* The text of an answer; valid until the next one. */
static const char *answer(const char *id)
{
	static char text[4096];
	char name[64];
	FILE *file;
	size_t len;

	(void)snprintf(name, sizeof(name), "%s.answer", id);
	file = fopen(path_of(name), "re");
	ck_assert_msg(file != NULL, "no %s: %s%s", name, out, err);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	ck_assert_int_eq(fclose(file), 0);
	return text;
}

static size_t files(void)
{
	DIR *dir = opendir(box);
	size_t count = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

/* A check must refuse the request, with [part] in its answer, and record nothing. */
static void refused(const char *id, const char *part)
{
	char *before = exported();
	const char *text;

	GIVES(0, "refused: ", NULL, "check");
	text = answer(id);
	ck_assert_msg(strstr(text, "\"refused\"") && strstr(text, part), "'%s' is not in %s", part,
		      text);
	ck_assert(!exists(id));
	unchanged(__FILE__, __LINE__, before);
	ck_assert_int_eq(unlink(path_of(ID ".answer")), 0);
}

START_TEST(what_is_malformed_is_refused_at_once)
{
	REFUSED(2, "usage: subank request [transfer FROM TO SU | share ACCOUNT USER SU]\n",
		"request", "transfer");
	REFUSED(2, "usage: subank report [ACCOUNT...] -o DIR\n", "report");
	acting = (struct acting){"me", (uint32_t)geteuid()};
	REFUSED(2, "a request is `transfer", "request", "transfer", "bio", "lab");
	REFUSED(2, "'deposit' cannot be requested", "request", "deposit", "bio", "lab", "5");
	REFUSED(2, "", "request", "transfer", "b io", "lab", "5");
	REFUSED(2, "", "request", "transfer", "bio", "lab:x", "5");
	REFUSED(2, "", "request", "transfer", "bio", "lab", "0");
	REFUSED(2, "", "request", "transfer", "bio", "lab", "5%");
	REFUSED(2, "", "request", "share", "bio", "ann", "all");
	REFUSED(2, "", "request", "share", "bio", "ann", "101%");
	REFUSED(2, "the note of a request", "request", "transfer", "bio", "lab", "5", "--note",
		"a\nb");
	ck_assert_uint_eq(files(), 0);
	acting = (struct acting){"bob", 1002};
	REFUSED(1, "user bob has no folder", "request", "transfer", "bio", "lab", "5");
	REFUSED(1, "user bob has no folder", "request");
	set_settings("clusters: [dev]\n");
	REFUSED(1, "this bank takes no requests", "request", "transfer", "bio", "lab", "5");
}
END_TEST

START_TEST(money_never_leaves_the_tree_of_a_managed_account)
{
	static const char *const words[][4] = {
		{"transfer", "chem", "bio", "5"},   {"transfer", "bio", "chem", "5"},
		{"transfer", "lab", "chem", "5"},   {"transfer", "bio", "empty", "5"},
		{"transfer", "bio", "nosuch", "5"}, {"transfer", "root", "bio", "5"},
	};

	for (size_t i = 0; i < COUNT(words); i++) {
		put_words(ID, words[i][0], words[i][1], words[i][2], words[i][3]);
		refused(ID, "you manage no account that");
	}
	put_words(ID, "share", "chem", "ann", "5");
	refused(ID, "you manage neither 'chem' nor");
	/* Managers of other accounts, and former ones. */
	DONE("", "terms", "bio", "--manager", "alice");
	put_words(ID, "transfer", "bio", "lab", "5");
	refused(ID, "you manage no account that");
}
END_TEST

START_TEST(an_account_on_two_clusters_is_below_on_both)
{
	(void)fake_cluster("two");
	settings_with("");
	set_settings("clusters: [dev, two]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n");
	(void)fake_account("two", "bio");
	(void)fake_account("two", "lab");
	strcpy(fake_account("two", "chem")->parent, "bio");
	RUN("check");
	settings_with("");
	put_words(ID, "transfer", "chem", "bio", "5");
	refused(ID, "you manage no account that");
	put_words(ID, "transfer", "bio", "lab", "5");
	refused(ID, "you manage no account that");
}
END_TEST

START_TEST(files_that_are_no_requests_are_refused)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"\377\376",
		"{\"subank\": 2, \"request\": [\"transfer\", \"bio\", \"lab\", \"5\"]}",
		"{\"subank\": 1, \"request\": [\"transfer\", \"bio\", \"lab\"]}",
		"{\"subank\": 1, \"request\": [\"transfer\", \"bio\", \"lab\", \"5\", \"6\"]}",
		"{\"subank\": 1, \"request\": [\"transfer\", \"bio\", \"lab\", 5]}",
		"{\"subank\": 1, \"request\": [\"transfer\", \"bio\", \"lab\", \"5\"], "
		"\"immediate\": \"\"}",
		"{\"subank\": 1, \"request\": [\"transfer\", \"bio\", \"lab\", \"5\"], "
		"\"note\": \"a\", \"note\": \"b\"}",
	};
	char big[REQUEST_FILE_MAX + 2];

	for (size_t i = 0; i < COUNT(texts); i++) {
		put(ID, texts[i]);
		refused(ID, "the file is not a request");
	}
	put_words(ID, "deposit", "bio", "lab", "5");
	refused(ID, "cannot be requested");
	put_words(ID,
		  "\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9"
		  "\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9"
		  "\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9x",
		  "bio", "lab", "5");
	refused(ID, "cannot be requested");
	put_words(ID, "transfer", "bio", "lab", "-5");
	refused(ID, "-5");
	put_words(ID, "transfer", "--help", "lab", "5");
	refused(ID, "account");
	memset(big, ' ', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	put(ID, big);
	refused(ID, "more than 4096 bytes");
	ck_assert_int_eq(mkfifo(path_of(ID), 0644), 0);
	refused(ID, "it is not a file");
	ck_assert_int_eq(symlink("/etc/passwd", path_of(ID)), 0);
	refused(ID, "it is not a file");
	put_words("another", "transfer", "bio", "lab", "5");
	{
		char *from = strdup(path_of("another"));

		ck_assert_int_eq(link(from, path_of(ID)), 0);
		free(from);
	}
	refused(ID, "another name");
	put_words(ID, "transfer", "bio", "lab", "5");
	{
		int fd = open(path_of(ID), O_WRONLY | O_CLOEXEC);

		ck_assert_int_eq(fcntl(fd, F_SETLEASE, F_WRLCK), 0);
		(void)signal(SIGIO, SIG_IGN);
		refused(ID, "the file cannot be read");
		ck_assert_int_eq(close(fd), 0);
	}
	if (geteuid() == 0) {
		put_words(ID, "transfer", "bio", "lab", "5");
		ck_assert_int_eq(chown(path_of(ID), 1001, (gid_t)-1), 0);
		refused(ID, "belongs to user 1001");
	}
	/* Nothing looks at these. */
	put_folder(ID);
	put("x\ny", "");
	put(ID "0", "");
	DONE("", "check");
	ck_assert(exists(ID) && exists("x\ny"));
}
END_TEST

START_TEST(a_request_is_recorded_answered_and_removed)
{
	uint64_t before = entries();

	acting = (struct acting){"me", (uint32_t)geteuid()};
	DONE("the next check takes it in", "request", "transfer", "bio", "Lab", "5", "--note",
	     "for the course");
	ck_assert_uint_eq(files(), 1);
	DONE("transfer bio Lab 5", "request", "--json");
	DONE("waiting", "request", "-nP");
	acting = (struct acting){"slurm", 64030};
	DONE("entry ", "check");
	ck_assert_uint_eq(entries(), before + 1);
	ck_assert_uint_eq(files(), 1);
	DONE("\"note\":\"request of me (", "journal", "bio", "--last", "1", "--json");
	DONE("): for the course\"", "journal", "bio", "--last", "1", "--json");
	acting = (struct acting){"me", (uint32_t)geteuid()};
	DONE("transferred 5.00 SU to lab", "request", "-nP");
	DONE("|recorded|", "request", "-nP");
	DONE("\"state\": \"recorded\"", "request", "--json");
	acting = (struct acting){"slurm", 64030};
	DONE("", "check");
	ck_assert_uint_eq(entries(), before + 1);
	/* To the child's child, and upwards. */
	put_words(ID, "transfer", "lab", "bench", "all");
	DONE("", "check");
	ck_assert_ptr_nonnull(strstr(answer(ID), "15.00 SU"));
	put_words(ID2, "transfer", "bench", "bio", "2");
	DONE("", "check");
	ck_assert_ptr_nonnull(strstr(answer(ID2), "recorded"));
}
END_TEST

START_TEST(the_entry_names_the_manager)
{
	char actor[16], pattern[96];

	put_words(ID, "transfer", "bio", "lab", "5");
	login = UINT32_MAX;
	sudo_user = "carol";
	DONE("", "check");
	(void)snprintf(actor, sizeof(actor), "%u", geteuid());
	DONE("transfer", "journal", "--actor", actor, "--kind", "transfer");
	(void)snprintf(pattern, sizeof(pattern), "\"ref\":\"request:%s:" ID "\"", actor);
	DONE(pattern, "journal", "--json", "--kind", "transfer");
	RUN("journal", "--json", "--kind", "transfer");
	ck_assert_ptr_null(strstr(out, "carol"));
	DONE("", "deposit", "bio", "1");
	RUN("journal", "--json", "--last", "1");
	ck_assert_ptr_nonnull(strstr(out, "carol"));
}
END_TEST

START_TEST(an_answered_request_is_not_run_again)
{
	uint64_t before;

	put_words(ID, "transfer", "bio", "lab", "500");
	GIVES(0, "refused: ", NULL, "check");
	DONE("", "deposit", "bio", "1000");
	before = entries();
	/* A check was killed before it removed the request. */
	put_words(ID, "transfer", "bio", "lab", "500");
	DONE("", "check");
	ck_assert(!exists(ID));
	ck_assert_uint_eq(entries(), before);
	/* And before it answered. */
	put_words(ID2, "transfer", "bio", "lab", "5");
	DONE("", "check");
	before = entries();
	ck_assert_int_eq(unlink(path_of(ID2 ".answer")), 0);
	put_words(ID2, "transfer", "bio", "lab", "5");
	DONE("recorded before", "check");
	ck_assert_ptr_nonnull(strstr(answer(ID2), "\"recorded\""));
	ck_assert_uint_eq(entries(), before);
	/* Also if the user has lost the right meanwhile. */
	ck_assert_int_eq(unlink(path_of(ID2 ".answer")), 0);
	DONE("", "terms", "bio", "--manager", "alice");
	before = entries();
	put_words(ID2, "transfer", "bio", "lab", "5");
	DONE("recorded before", "check");
	ck_assert_ptr_nonnull(strstr(answer(ID2), "\"recorded\""));
	ck_assert_uint_eq(entries(), before);
	/* Another request has the id. */
	ck_assert_int_eq(unlink(path_of(ID2 ".answer")), 0);
	put_words(ID2, "transfer", "bio", "lab", "6");
	GIVES(0, "refused: ", NULL, "check");
	ck_assert_uint_eq(entries(), before);
}
END_TEST

START_TEST(nobody_confirms_large_amounts)
{
	settings_with("confirm_above: 50\n");
	at_terminal = true;
	answers = "y\n";
	put_words(ID, "transfer", "bio", "lab", "51");
	refused(ID, "51.00 SU is more than 50.00 SU (confirm_above in the settings); nobody");
	/* Nor do they of what only the plan knows. */
	put_words(ID, "transfer", "bio", "lab", "all");
	refused(ID, "100.00 SU is more than 50.00 SU (confirm_above in the settings); nobody");
	DONE("", "deposit", "lab", "100", "--immediate");
	put_words(ID, "share", "lab", "ann", "50%");
	refused(ID, "55.00 SU is more than 50.00 SU (confirm_above in the settings); nobody");
	put_words(ID, "transfer", "bio", "lab", "50");
	DONE("", "check");
	ck_assert_ptr_nonnull(strstr(answer(ID), "recorded"));
}
END_TEST

/* More would keep the check waiting for Slurm. */
START_TEST(a_check_gives_a_user_few_shares)
{
	char id[REQUEST_ID_SIZE];

	for (int i = 0; i < 7; i++) {
		(void)snprintf(id, sizeof(id), "%032x", i);
		put_words(id, "share", "lab", "nosuch", "1");
	}
	put_words(ID, "transfer", "bio", "lab", "1");
	DONE("", "check");
	ck_assert_ptr_nonnull(strstr(answer(ID), "recorded"));
	ck_assert(!exists("00000000000000000000000000000004"));
	ck_assert(exists("00000000000000000000000000000005"));
	DONE("", "check");
	ck_assert(!exists("00000000000000000000000000000006"));
}
END_TEST

START_TEST(shares_are_given_within_the_tree)
{
	put_words(ID, "share", "lab", "ann", "50%");
	put_words(ID2, "share", "lab", "carl", "1");
	DONE("", "check");
	ck_assert_ptr_nonnull(strstr(answer(ID), "opened lab:billing~ann"));
	ck_assert_msg(strstr(answer(ID2),
			     "the share of carl in account lab was not given: no cluster has user "
			     "'carl' in account 'lab': a coordinator of the account or"),
		      "%s", answer(ID2));
	put_words(ID2, "share", "lab", "ann", "50%");
	ck_assert_int_eq(unlink(path_of(ID2 ".answer")), 0);
	DONE("nothing was recorded", "check");
	ck_assert_ptr_nonnull(strstr(answer(ID2), "\"done\""));
}
END_TEST

START_TEST(a_missing_budget_is_for_the_administrators)
{
	put(ID, "{\"subank\": 1, \"request\": [\"transfer\", \"bio\", \"lab\", \"1\"], "
		"\"resource\": \"gres/gpu\"}");
	refused(ID, "account 'bio' has no budget of gres/gpu: ask the administrators to open one");
}
END_TEST

START_TEST(the_check_that_takes_a_request_brings_slurm_in_line)
{
	fake_account("dev", "bench")->usage = 3600;
	fake_account("dev", "lab")->usage = 3600;
	fake_account("dev", "bio")->usage = 3600;
	DONE("held at its first use", "check");
	ck_assert_str_eq(fake_account("dev", "bench")->limits, "cpu=0");
	put_words(ID, "transfer", "bio", "bench", "10");
	DONE("release", "check");
	ck_assert_str_ne(fake_account("dev", "bench")->limits, "cpu=0");
}
END_TEST

/* Money that was used since the last check is not there to be moved, nor is that which running jobs
 * count for. */
START_TEST(a_request_takes_at_most_what_is_available)
{
	fake_account("dev", "lab")->usage = 6 * 3600;
	fake_account("dev", "bio")->usage = 6 * 3600;
	put_words(ID, "transfer", "lab", "bench", "5");
	GIVES(0, "refused: account 'lab' has only 4.00 SU available: a request", NULL, "check");
	ck_assert_ptr_nonnull(strstr(answer(ID), "a request can take no more than that"));
	settings_with("meter: jobs\nhold_on: committed\n");
	/* The switch; slurmdbd has no job of that use. */
	RUN("check");
	clock_now += WHEN_DAY / 24;
	fake_add_job("dev", (struct fake_job){.id = 1,
					      .account = "lab",
					      .start = clock_now / WHEN_SECOND - 60,
					      .ran = 60,
					      .limit = 3 * 3600,
					      .runs = true});
	put_words(ID2, "transfer", "lab", "bench", "8");
	GIVES(0, "7.00 SU available (running jobs count for 3.00 SU)", NULL, "check");
	ck_assert_int_eq(unlink(path_of(ID ".answer")), 0);
	put_words(ID, "transfer", "lab", "bench", "all");
	DONE("transferred 7.00 SU to bench", "check");
}
END_TEST

START_TEST(a_request_waits_while_a_cluster_is_silent)
{
	uint64_t before;

	(void)fake_cluster("two");
	(void)fake_account("two", "bio");
	(void)fake_account("two", "lab");
	strcpy(fake_account("two", "lab")->parent, "bio");
	set_settings("clusters: [dev, two]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n");
	RUN("check");
	{
		char text[512];

		(void)snprintf(text, sizeof(text),
			       "clusters: [dev, two]\nlock_seconds: 1\nthresholds: []\n"
			       "notice_days: 0\nrequests: %s/requests\n",
			       test_folder);
		set_settings(text);
	}
	fake_cluster("two")->silent = true;
	clock_now += WHEN_DAY / 24;
	before = entries();
	put_words(ID, "transfer", "bio", "lab", "5");
	RUN("check");
	ck_assert_int_eq(status, 3);
	ck_assert(exists(ID));
	ck_assert_uint_eq(entries(), before);
	fake_cluster("two")->silent = false;
	RUN("check");
	ck_assert_ptr_nonnull(strstr(answer(ID), "recorded"));
}
END_TEST

START_TEST(closed_accounts_give_no_rights)
{
	DONE("", "withdraw", "bio", "all");
	DONE("", "close", "bio");
	put_words(ID, "transfer", "lab", "bench", "5");
	refused(ID, "you manage no account that");
}
END_TEST

START_TEST(only_whole_checks_of_this_bank_take_requests)
{
	put_words(ID, "transfer", "bio", "lab", "5");
	RUN("check", "bio");
	ck_assert(exists(ID));
	RUN("check", "--dry-run");
	ck_assert(exists(ID));
	RUN("check", "-M", "dev");
	ck_assert(exists(ID));
	machine = "id/other";
	RUN("check");
	ck_assert(exists(ID));
	machine = "id/head";
	/* A directory does not answer. */
	no_directory = true;
	DONE("", "check");
	ck_assert(exists(ID));
	no_directory = false;
	/* The clock may be wrong. */
	clock_now += 8 * WHEN_DAY;
	RUN("check");
	ck_assert_int_eq(status, 3);
	ck_assert(exists(ID));
	DONE("", "check", "--clock-ok");
	ck_assert(!exists(ID));
}
END_TEST

START_TEST(a_check_takes_a_hundred_of_a_user)
{
	uint64_t before = entries();
	char id[REQUEST_ID_SIZE];

	for (int i = 0; i < 130; i++) {
		(void)snprintf(id, sizeof(id), "%032x", i);
		put_words(id, "transfer", "bio", "lab", "1s");
	}
	DONE("", "check");
	ck_assert_uint_eq(entries(), before + 100);
	ck_assert_uint_eq(files(), 130);
	DONE("", "check");
	ck_assert_uint_eq(entries(), before + 130);
	/* The newest hundred answers are kept, for 30 days. */
	DONE("", "check");
	ck_assert_uint_eq(files(), 100);
	clock_now += 31 * WHEN_DAY;
	DONE("", "check", "--clock-ok");
	ck_assert_uint_eq(files(), 0);
}
END_TEST

START_TEST(a_user_cannot_obstruct_the_check)
{
	uint64_t before = entries();
	struct stat st;

	put_folder(ID ".answer");
	put_folder(ID ".answer/x");
	set_time(ID ".answer", 0);
	put_words(ID, "transfer", "bio", "lab", "5");
	put_folder("." ID2 ".answer.new");
	put_words(ID2, "transfer", "bio", "lab", "6");
	DONE("", "check");
	ck_assert(!exists(ID) && !exists(ID2));
	ck_assert_uint_eq(entries(), before + 2);
	/* The box of a former manager goes once it is empty. */
	ck_assert_int_eq(rmdir(path_of(ID ".answer/x")), 0);
	ck_assert_int_eq(rmdir(path_of(ID ".answer")), 0);
	ck_assert_int_eq(rmdir(path_of("." ID2 ".answer.new")), 0);
	DONE("", "terms", "bio", "--manager", "none");
	DONE("", "terms", "empty", "--manager", "none");
	DONE("", "check");
	ck_assert_int_ne(stat(box, &st), 0);
}
END_TEST

START_TEST(boxes_are_open_to_their_managers_alone)
{
	static const char list[] = "system.posix_acl_access";
	struct stat st;

	/* The bits of the group are no list. */
	ck_assert_int_eq(removexattr(box, list), 0);
	ck_assert_int_eq(chmod(box, 01770), 0);
	DONE("", "check");
	ck_assert_int_gt(getxattr(box, list, NULL, 0), 0);
	put("x", "");
	DONE("", "terms", "bio", "--manager", "none");
	DONE("", "terms", "empty", "--manager", "none");
	DONE("", "check");
	ck_assert_int_eq(stat(box, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 01700);
	DONE("", "terms", "bio", "--manager", "me");
	DONE("", "check");
	ck_assert_int_eq(stat(box, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 01770);
}
END_TEST

START_TEST(doctor_names_managers_whom_the_machine_does_not_know)
{
	RUN("doctor", "-P");
	ck_assert_ptr_nonnull(strstr(out, "requests of managers|"));
	ck_assert_ptr_null(strstr(out, "unknown managers"));
	RUN("terms", "bio", "--manager", "me,nosuch");
	RUN("doctor", "-P");
	ck_assert_msg(strstr(out, "unknown managers|this machine|warn|1: nosuch (bio)|"), "%s",
		      out);
	/* Nobody can tell without a directory. */
	no_directory = true;
	RUN("doctor", "-P");
	ck_assert_ptr_null(strstr(out, "unknown managers"));
}
END_TEST

START_TEST(a_full_box_gets_no_answers)
{
	char name[32];

	for (int i = 0; i < REQUESTS_SCANNED; i++) {
		(void)snprintf(name, sizeof(name), "x%d", i);
		put(name, "");
		set_time(name, 10L * 86400);
	}
	put_words(ID, "transfer", "bio", "lab", "5");
	DONE("", "check");
	ck_assert(exists(ID));
	/* Files from the future are old. */
	DONE("", "check");
	ck_assert_ptr_nonnull(strstr(answer(ID), "recorded"));
}
END_TEST

START_TEST(boxes_are_closed_to_others)
{
	char folder[96];
	struct stat st;

	ck_assert_int_eq(stat(box, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 01770); /* the group's bits are the mask */
	(void)snprintf(folder, sizeof(folder), "%s/requests/1001", test_folder);
	ck_assert_int_eq(stat(folder, &st), 0);
	/* Another user could change the folder. */
	(void)snprintf(folder, sizeof(folder), "%s/requests", test_folder);
	ck_assert_int_eq(chmod(folder, 01777), 0);
	put_words(ID, "transfer", "bio", "lab", "5");
	GIVES(3, NULL, "chmod go-w", "check");
	ck_assert(exists(ID));
	ck_assert_int_eq(chmod(folder, 0711), 0);
	DONE("", "check");
	ck_assert(!exists(ID));
	settings_with("");
	set_settings("clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n"
		     "requests: /nonexistent/requests\n");
	GIVES(3, NULL, "the requests of managers are not taken in: cannot open", "check");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("request");
	TCase *tcase = tcase_create("request");

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_add_test(tcase, what_is_malformed_is_refused_at_once);
	tcase_add_test(tcase, money_never_leaves_the_tree_of_a_managed_account);
	tcase_add_test(tcase, an_account_on_two_clusters_is_below_on_both);
	tcase_add_test(tcase, files_that_are_no_requests_are_refused);
	tcase_add_test(tcase, a_request_is_recorded_answered_and_removed);
	tcase_add_test(tcase, the_entry_names_the_manager);
	tcase_add_test(tcase, an_answered_request_is_not_run_again);
	tcase_add_test(tcase, nobody_confirms_large_amounts);
	tcase_add_test(tcase, shares_are_given_within_the_tree);
	tcase_add_test(tcase, a_missing_budget_is_for_the_administrators);
	tcase_add_test(tcase, the_check_that_takes_a_request_brings_slurm_in_line);
	tcase_add_test(tcase, a_check_gives_a_user_few_shares);
	tcase_add_test(tcase, a_request_takes_at_most_what_is_available);
	tcase_add_test(tcase, a_request_waits_while_a_cluster_is_silent);
	tcase_add_test(tcase, closed_accounts_give_no_rights);
	tcase_add_test(tcase, only_whole_checks_of_this_bank_take_requests);
	tcase_add_test(tcase, a_check_takes_a_hundred_of_a_user);
	tcase_add_test(tcase, a_user_cannot_obstruct_the_check);
	tcase_add_test(tcase, boxes_are_open_to_their_managers_alone);
	tcase_add_test(tcase, doctor_names_managers_whom_the_machine_does_not_know);
	tcase_add_test(tcase, a_full_box_gets_no_answers);
	tcase_add_test(tcase, boxes_are_closed_to_others);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
