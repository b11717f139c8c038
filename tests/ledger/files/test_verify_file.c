/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests proving an export without a bank. */
#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/files/verify_file.h"
#include "tests/drive.h"

static char path[128], scratch[128];
static char *tmpdir; /* as it was; NULL: not set */

static void setup(void)
{
	drive_setup();
	(void)fake_account("dev", "bio");
	DONE("", "open", "bio", "100", "--note", "no: 12:30");
	(void)snprintf(path, sizeof(path), "%s/books.yaml", test_folder);
	(void)snprintf(scratch, sizeof(scratch), "%s/scratch", test_folder);
	ck_assert_int_eq(mkdir(scratch, 0700), 0);
	tmpdir = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;
	ck_assert_int_eq(setenv("TMPDIR", scratch, 1), 0);
	DONE("", "export", path);
}

static void teardown(void)
{
	ck_assert_int_eq(tmpdir ? setenv("TMPDIR", tmpdir, 1) : unsetenv("TMPDIR"), 0);
	free(tmpdir);
	drive_teardown();
}

static void no_bank(void)
{
	char away[128];

	(void)snprintf(away, sizeof(away), "%s/away", test_folder);
	ck_assert_int_eq(rename(bank_folder, away), 0);
	/* None of this is read. */
	set_settings("no such setting");
}

static void check_clean(void)
{
	ck_assert_int_eq(rmdir(scratch), 0);
	ck_assert_int_eq(mkdir(scratch, 0700), 0);
}

START_TEST(a_bad_file_is_reported)
{
	char *text, *at, nowhere[160];
	size_t len;

	no_bank();
	(void)snprintf(nowhere, sizeof(nowhere), "%s/nowhere", test_folder);
	GIVES(1, NULL, "cannot read", "verify", nowhere);
	GIVES(1, NULL, "cannot read", "verify", nowhere, "-Q");
	text = util_read_file(path, &len);
	at = strstr(text, "amount: 360000");
	ck_assert_ptr_nonnull(at);
	at[8] = '4';
	util_write_file(path, text, len);
	GIVES(3, NULL, "entry 3 was changed", "verify", path);
	check_has(__FILE__, __LINE__, "the messages", err, "books.yaml:9: ");
	check_has(__FILE__, __LINE__, "the messages", err, "is not what it should be");
	at[8] = '3';
	util_write_file(path, text, len - 20);
	GIVES(3, NULL, "books.yaml:9", "verify", path);
	util_write_file(path, "", 0);
	GIVES(3, NULL, "books.yaml", "verify", path);
	free(text);
	check_clean();
	ck_assert_int_eq(setenv("TMPDIR", nowhere, 1), 0);
	GIVES(1, NULL, "cannot make a folder in", "verify", path);
}
END_TEST

START_TEST(an_export_is_proved_without_a_bank)
{
	char head[160], *text;
	size_t len;

	RUN("verify");
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(sscanf(strstr(out, "head "), "head %99s", head), 1);
	no_bank();
	DONE("all is well: entries 3, accounts 1, head 3:", "verify", path);
	DONE(head, "verify", path, "--head", head);
	GIVES(3, NULL, "entry 2 had hash", "verify", path, "--head", "2:0123456789abcdef");
	GIVES(3, NULL, "entry 9 is gone", "verify", path, "--head", "9:0123456789abcdef");
	GIVES(2, NULL, "is not a head", "verify", path, "--head", "9");
	text = util_read_file(path, &len);
	answers = text;
	DONE("all is well: entries 3", "verify", "-");
	answers = "";
	free(text);
	check_clean();
	ck_assert_int_ne(access(bank_folder, F_OK), 0);
}
END_TEST

/* A signal comes while a pipe without further data is read. */
START_TEST(a_signal_leaves_nothing_behind)
{
	struct dirent **list;
	int ends[2], code, count;
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct verify verify = {0};

		(void)close(ends[1]);
		_exit(verify_file(fdopen(ends[0], "r"), "pipe", &verify, &error) != SB_OK);
	}
	do {
		(void)usleep(1000);
		count = scandir(scratch, &list, NULL, NULL);
		for (int i = 0; i < count; i++)
			free(list[i]);
		free(list);
	} while (count == 2);
	ck_assert_int_eq(kill(child, SIGTERM), 0);
	ck_assert_int_eq(waitpid(child, &code, 0), child);
	ck_assert(WIFSIGNALED(code) && WTERMSIG(code) == SIGTERM);
	(void)close(ends[0]);
	(void)close(ends[1]);
	check_clean();
}
END_TEST

START_TEST(progress_of_the_proof_is_shown)
{
	watched = true;
	clock_tick = 500000;
	GIVES(0, "all is well", "\r\033[Kverify: 2 of 3 (66%), 1/s, 0s left\r", "verify");
	watched = false;
	GIVES(0, "all is well", NULL, "verify");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verify_file");
	TCase *tcase = tcase_create("verify FILE");

	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_bad_file_is_reported);
	tcase_add_test(tcase, an_export_is_proved_without_a_bank);
	tcase_add_test(tcase, a_signal_leaves_nothing_behind);
	tcase_add_test(tcase, progress_of_the_proof_is_shown);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
