/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first hour: what init finds in Slurm, and the settings that it writes. */
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/frame/settings.h"
#include "tests/drive.h"

static char folder[128], file[128];

static void setup(void)
{
	drive_setup();
	(void)snprintf(folder, sizeof(folder), "%s/new", test_folder);
	(void)snprintf(file, sizeof(file), "%s/etc/subank.yaml", test_folder);
	(void)fake_account("dev", "root");
	(void)fake_account("dev", "chem");
	(void)fake_account("dev", "bio");
	(void)snprintf(fake_account("dev", "bio")->users, 16, "alice,bob");
	(void)fake_account("alpha", "bio");
}

/* The written file must be readable, with these values. */
static void says(const char *bank, size_t clusters)
{
	struct settings settings;

	OK(settings_read(file, true, &settings, &error));
	ck_assert_str_eq(settings.bank, bank);
	ck_assert_uint_eq(settings.cluster_count, clusters);
	if (clusters > 0)
		ck_assert_str_eq(settings.clusters[0], "alpha");
	settings_release(&settings);
}

START_TEST(init_says_what_slurm_has_and_what_is_next)
{
	GIVES(0,
	      "clusters in Slurm: alpha, dev\n"
	      "accounts in Slurm: bio, chem\n",
	      "next: `subank open ACCOUNT SU`", "init", "-b", folder);
	ck_assert_ptr_null(strstr(out, "settings"));
	/* Associations, and what slurmdbd hides. */
	ck_assert_int_eq(fake_shows, 2);
	ck_assert_int_eq(fake_modifies, 0);
}
END_TEST

START_TEST(accounts_that_do_not_belong_to_the_bank_are_not_named)
{
	set_settings("accounts: [che*]\n");
	GIVES(0, "accounts in Slurm: chem\n", "next", "init", "-b", folder);
}
END_TEST

START_TEST(init_works_without_slurm)
{
	static const enum fake_mode modes[] = {FAKE_FAILS, FAKE_TIMES_OUT, FAKE_MISSING, FAKE_EMPTY,
					       FAKE_MALFORMED};

	for (size_t i = 0; i < COUNT(modes); i++) {
		(void)snprintf(folder, sizeof(folder), "%s/new%zu", test_folder, i);
		fake_mode[FAKE_SACCTMGR] = modes[i];
		GIVES(0, "made an empty bank in ",
		      "could not read Slurm's clusters and accounts: ", "init", "-b", folder);
		ck_assert_ptr_nonnull(strstr(err, "next: "));
	}
	fake_mode[FAKE_SACCTMGR] = FAKE_NO_ROWS;
	(void)snprintf(folder, sizeof(folder), "%s/newer", test_folder);
	GIVES(0, "made an empty bank in ", "next: ", "init", "-b", folder);
}
END_TEST

START_TEST(settings_are_written_and_are_valid)
{
	struct stat st;

	DONE("and remove clusters that do not belong to the bank\n", "init", "--settings", "-b",
	     folder, "-c", file);
	says(folder, 2);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	/* Nothing else was made. */
	ck_assert_int_ne(access(folder, F_OK), 0);
	ck_assert_int_eq(unlink(file), 0);
	fake_mode[FAKE_SACCTMGR] = FAKE_FAILS;
	GIVES(0, "wrote settings to ", "could not read Slurm's", "init", "--settings", "-b", folder,
	      "-c", file);
	says(folder, 0);
}
END_TEST

START_TEST(settings_that_are_there_are_kept)
{
	DONE("wrote settings", "init", "--settings", "-b", folder, "-c", file);
	util_write_file(file, "# mine\n", 7);
	GIVES(1, NULL, "exist already, and were not changed", "init", "--settings", "-c", file);
	at_terminal = true;
	answers = "y\n";
	GIVES(0, "made an empty bank", "next", "init", "-b", folder, "-c", file);
	ck_assert_ptr_null(strstr(out, "[y/N]"));
	says(DEFAULT_BANK, 0);
}
END_TEST

/* All users of the bank read the settings, so the folders are open whatever the umask. */
START_TEST(folders_of_settings_are_made)
{
	char path[192];
	struct stat st;
	mode_t before = umask(077);

	(void)snprintf(file, sizeof(file), "%s/no/such/subank.yaml", test_folder);
	DONE("wrote settings to ", "init", "--settings", "-b", folder, "-c", file);
	(void)umask(before);
	says(folder, 2);
	for (const char *const *part = (const char *const[]){"no", "no/such", NULL}; *part;
	     part++) {
		(void)snprintf(path, sizeof(path), "%s/%s", test_folder, *part);
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0755);
	}
	/* An existing folder is not changed. */
	ck_assert_int_eq(chmod(path, 0750), 0);
	ck_assert_int_eq(unlink(file), 0);
	DONE("wrote settings to ", "init", "--settings", "-b", folder, "-c", file);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0750);
	/* A folder that cannot be made is reported. */
	(void)snprintf(path, sizeof(path), "%s/below/subank.yaml", file);
	GIVES(1, NULL, "cannot write the settings", "init", "--settings", "-c", path);
}
END_TEST

START_TEST(on_a_terminal_root_is_offered_settings)
{
	char question[256];

	if (geteuid() != 0)
		return;
	at_terminal = true;
	answers = "\n";
	(void)snprintf(question, sizeof(question), "Write commented settings to %s? [y/N] ", file);
	GIVES(0, question, "next: ", "init", "-b", folder, "-c", file);
	ck_assert_int_ne(access(file, F_OK), 0);
	(void)snprintf(folder, sizeof(folder), "%s/new2", test_folder);
	ck_assert_ptr_nonnull(strstr(err, "`sudo subank init --settings --config /"));
	answers = "y\n";
	GIVES(0, "wrote settings to ", "next: ", "init", "-b", folder, "-c", file);
	ck_assert_ptr_null(strstr(err, "--settings"));
	says(folder, 2);
}
END_TEST

/* All other users would refuse these settings. */
START_TEST(who_is_not_root_is_told_and_not_asked)
{
	at_terminal = true;
	answers = "y\n";
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(test_folder, 65534, (gid_t)-1), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	}
	GIVES(0, "made an empty bank", "`sudo subank init --settings --config /", "init", "-b",
	      folder, "-c", file);
	ck_assert_ptr_null(strstr(out, "[y/N]"));
	ck_assert_int_ne(access(file, F_OK), 0);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

#define ROOM "1000000000000000"

/* doctor says the rest: tests/cmd/doctor/test_scavenger.c. */
START_TEST(the_scavenger_qos_is_made_or_mended_by_one_line)
{
	GIVES(0, "made an empty bank in ", "next", "init", "-b", folder);
	ck_assert_ptr_null(strstr(out, "sacctmgr -i"));
	(void)snprintf(folder, sizeof(folder), "%s/new2", test_folder);
	DONE("for `enforcement: scavenge` (subank(7)): sacctmgr -i add qos scavenger set "
	     "UsageFactor=0 GrpTRESMins=cpu=" ROOM "\n",
	     "init", "--settings", "-b", folder, "-c", file);
	ck_assert_int_eq(unlink(file), 0);
	fake_qos = "scavenger|cpu=" ROOM "||||0.000000|\n";
	DONE("wrote settings to ", "init", "--settings", "-b", folder, "-c", file);
	ck_assert_ptr_null(strstr(out, "sacctmgr -i"));
	/* As the settings have it. */
	set_settings("enforcement: scavenge\nscavenger_qos: Low\nlever: GrpTRESMins=node\n");
	GIVES(0, "made an empty bank in ",
	      "there is no QOS low (scavenger_qos in the settings): sacctmgr -i add qos low set "
	      "UsageFactor=0 GrpTRESMins=node=" ROOM "\n",
	      "init", "-b", folder);
	fake_qos = "low|node=999999999999999||7||0.000000|\n";
	(void)snprintf(folder, sizeof(folder), "%s/new3", test_folder);
	GIVES(0, "made an empty bank in ",
	      "jobs in QOS low (scavenger_qos in the settings) would not start, or not stop: "
	      "sacctmgr -i modify qos low set GrpTRESMins=node=" ROOM " GrpJobs=-1\n",
	      "init", "-b", folder);
	fake_qos = "low|node=" ROOM "||||0.000000|\n";
	(void)snprintf(folder, sizeof(folder), "%s/new4", test_folder);
	GIVES(0, "made an empty bank in ", "next", "init", "-b", folder);
	ck_assert_ptr_null(strstr(err, "sacctmgr -i"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verbs_init");
	TCase *tcase = tcase_create("init");

	tcase_add_checked_fixture(tcase, setup, drive_teardown);
	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_test(tcase, init_says_what_slurm_has_and_what_is_next);
	tcase_add_test(tcase, accounts_that_do_not_belong_to_the_bank_are_not_named);
	tcase_add_test(tcase, init_works_without_slurm);
	tcase_add_test(tcase, settings_are_written_and_are_valid);
	tcase_add_test(tcase, settings_that_are_there_are_kept);
	tcase_add_test(tcase, folders_of_settings_are_made);
	tcase_add_test(tcase, on_a_terminal_root_is_offered_settings);
	tcase_add_test(tcase, who_is_not_root_is_told_and_not_asked);
	tcase_add_test(tcase, the_scavenger_qos_is_made_or_mended_by_one_line);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
