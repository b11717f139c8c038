/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests copies of a bank: complete, made while others write, and detached from Slurm. */
#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/drive.h"

static char dir[128];

static void setup(void)
{
	drive_setup();
	(void)fake_account("dev", "bio");
	DONE("", "open", "bio", "100");
	(void)snprintf(dir, sizeof(dir), "%s/copies", test_folder);
	ck_assert_int_eq(mkdir(dir, 0750), 0);
}

/* Counts the entries of [dir]; [ret] gets the path of the last by name. */
static int copies(char ret[256])
{
	struct dirent **list;
	int count = scandir(dir, &list, NULL, alphasort), kept = 0;

	ck_assert_int_ge(count, 0);
	for (int i = 0; i < count; i++) {
		if (list[i]->d_name[0] != '.') {
			kept++;
			(void)snprintf(ret, 256, "%s/%.100s", dir, list[i]->d_name);
		}
		free(list[i]);
	}
	free(list);
	return kept;
}

static mode_t mode_of(const char *folder, const char *name)
{
	char path[400];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_mode & 07777;
}

START_TEST(a_backup_needs_a_folder)
{
	char copy[256], nowhere[256];

	REFUSED(2, "name DIR, or set `backup: DIR`", "backup");
	REFUSED(2, "name DIR", "backup", "");
	REFUSED(2, "too many arguments: 'b'", "backup", "a", "b");
	(void)snprintf(nowhere, sizeof(nowhere), "%s/nowhere", test_folder);
	REFUSED(1, "No such file or directory", "backup", nowhere);
	ck_assert_int_eq(copies(copy), 0);
}
END_TEST

START_TEST(nothing_is_overwritten)
{
	char copy[256], beside[300];

	DONE("", "backup", dir);
	clock_now -= WHEN_SECOND;
	REFUSED(1, "is there already: it is left as it is", "backup", dir);
	ck_assert_int_eq(copies(copy), 1);
	(void)snprintf(beside, sizeof(beside), "%s.new", copy);
	ck_assert_int_eq(mkdir(beside, 0700), 0);
	clock_now -= WHEN_SECOND;
	REFUSED(1, "another backup is running, or was cut off", "backup", dir);
	ck_assert_int_eq(rmdir(beside), 0);
	DONE("entries 3", "-b", copy, "verify");
}
END_TEST

static int damage(struct books *books, void *ctx, struct sb_error *why)
{
	struct slice state;
	int rc = store_get(books_txn(books), STORE_ACCOUNTS, (struct slice){"bio", 3}, &state, why);
	struct bytes copy = {0};

	(void)ctx;
	if (!rc)
		bytes_put(&copy, state.data, state.len);
	if (!rc)
		rc = store_set(books_txn(books), STORE_ACCOUNTS, (struct slice){"ghost", 5},
			       (struct slice){copy.data, copy.len}, why);
	bytes_release(&copy);
	return rc;
}

START_TEST(damaged_books_are_no_backup)
{
	struct bank *bank = util_open(STORE_WRITE);
	char copy[256];

	OK(bank_write(bank, clock_now, damage, NULL, &error));
	bank_close(bank);
	GIVES(1, NULL, "the books are damaged and were not copied", "backup", dir);
	ck_assert_int_eq(copies(copy), 0);
}
END_TEST

START_TEST(a_backup_is_the_same_bank)
{
	char copy[256], path[300];
	char *before = exported();

	DONE("wrote 3 entries to", "backup", dir);
	ck_assert_int_eq(copies(copy), 1);
	ck_assert_ptr_nonnull(strstr(copy, "/subank-20"));
	ck_assert_int_eq(mode_of(copy, "."), 0750);
	ck_assert_int_eq(mode_of(copy, "books"), 0750);
	ck_assert_int_eq(mode_of(copy, "books/data.mdb"), 0640);
	(void)snprintf(path, sizeof(path), "%s/open.lock", copy);
	ck_assert_int_ne(access(path, F_OK), 0);
	DONE("all is well: entries 3", "-b", copy, "verify");
	RUN("-b", copy, "export");
	ck_assert_str_eq(out, before);
	free(before);
	/* Later entries do not change it. */
	DONE("", "deposit", "bio", "1", "--no-apply");
	DONE("all is well: entries 3", "-b", copy, "verify");
	GIVES(0, "entry 4", "does not command Slurm from this machine and folder", "-b", copy,
	      "deposit", "bio", "2", "--no-apply");
}
END_TEST

START_TEST(the_settings_name_the_folder)
{
	char text[256], copy[256];

	(void)snprintf(text, sizeof(text), "clusters: [dev]\nbackup: %s\n", dir);
	set_settings(text);
	DONE("wrote 3 entries to", "backup");
	ck_assert_int_eq(copies(copy), 1);
}
END_TEST

START_TEST(a_backup_commands_no_slurm)
{
	char copy[256], from[300], to[300];

	DONE("", "check");
	DONE("", "backup", dir);
	ck_assert_int_eq(copies(copy), 1);
	GIVES(3, "", "subank adopt", "-b", copy, "check");
	/* Not even in the place of the bank. */
	(void)snprintf(from, sizeof(from), "%s/books", bank_folder);
	(void)snprintf(to, sizeof(to), "%s/old", test_folder);
	ck_assert_int_eq(rename(from, to), 0);
	(void)snprintf(to, sizeof(to), "%s/books", copy);
	ck_assert_int_eq(rename(to, from), 0);
	GIVES(3, "", "subank adopt", "check");
	RUN("adopt");
	ck_assert_msg(status == 0, "%s", err);
	DONE("", "check");
}
END_TEST

/* Writes until it is killed. */
static pid_t start_writer(void)
{
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct bank *bank = util_open(STORE_WRITE);

		for (int64_t t = clock_now + HOUR;; t += WHEN_SECOND)
			(void)util_deposit(bank, t, "bio", 1);
	}
	return child;
}

START_TEST(writers_go_on_meanwhile)
{
	pid_t child = start_writer();
	uint64_t first = entries();
	char copy[256];

	while (entries() == first)
		(void)usleep(1000);
	for (int i = 0; i < 5; i++) {
		uint64_t before = entries();
		unsigned long count;

		RUN("backup", dir);
		ck_assert_msg(status == 0, "%s", err);
		ck_assert_int_eq(sscanf(out, "wrote %lu entries", &count), 1);
		ck_assert_uint_ge(count, before);
		ck_assert_int_eq(copies(copy), i + 1);
		DONE("all is well", "-b", copy, "verify");
	}
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	DONE("all is well", "verify");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("backup");
	TCase *tcase = tcase_create("backup");

	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_add_test(tcase, a_backup_needs_a_folder);
	tcase_add_test(tcase, nothing_is_overwritten);
	tcase_add_test(tcase, damaged_books_are_no_backup);
	tcase_add_test(tcase, a_backup_is_the_same_bank);
	tcase_add_test(tcase, the_settings_name_the_folder);
	tcase_add_test(tcase, a_backup_commands_no_slurm);
	tcase_add_test(tcase, writers_go_on_meanwhile);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
