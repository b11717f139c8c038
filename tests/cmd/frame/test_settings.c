/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The settings are read strictly: an unknown key or a malformed value is refused with its place in
 * the file. */
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/frame/settings.h"
#include "cmd/frame/settings_example.h"
#include "tests/util.h"

static char path[96];

static void setup(void)
{
	util_setup();
	(void)snprintf(path, sizeof(path), "%s/subank.yaml", test_folder);
}

static int parse_text(const char *text, struct settings *ret)
{
	util_write_file(path, text, strlen(text));
	return settings_read(path, true, ret, &error);
}

#define LONG_NAME_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LONG_NAME_256 LONG_NAME_64 LONG_NAME_64 LONG_NAME_64 LONG_NAME_64

static const struct {
	const char *text;
	const char *place; /* behind the path: line and column */
	const char *part;
} bad[] = {
	{"banc: /x\n", ":1:1: ", "no setting 'banc': did you mean 'bank'?"},
	{"Bank: /x\n", ":1:1: ", "'Bank'"},
	{"colour: red\n", ":1:1: ", "no setting 'colour': there are bank, backup"},
	{"# first\nbank: /x\nthreshold: 90\n", ":3:1: ", "'threshold'"},
	{"bank: /x\nbank: /y\n", ":2:1: ", "twice"},
	{"clusters: [a]\nbank: /x\nclusters: [b]\n", ":3:1: ", "twice"},
	{"{bank: /x, bank: /y}\n", ":1:12: ", "twice"},

	{"bank: var/lib\n", ":1:7: ", "begins with /"},
	{"bank: \"\"\n", ":1:7: ", "begins with /"},
	{"bank:\n", ":1:6: ", "begins with /"},
	{"bank: ~\n", ":1:7: ", "begins with /"},
	{"bank: \"/a\\e[2J\"\n", ":1:7: ", "path"},
	{"bank: [/x]\n", ":1:7: ", "single value"},
	{"bank: {a: b}\n", ":1:7: ", "single value"},
	{"sshare: bin/sshare\n", ":1:9: ", "begins with /"},
	{"sshare: ./sshare\n", ":1:9: ", "begins with /"},
	{"sacctmgr: \"\"\n", ":1:11: ", "program"},
	{"scontrol: [scontrol]\n", ":1:11: ", "single value"},
	{"sacct: bin/sacct\n", ":1:8: ", "begins with /"},
	{"squeue: bin/squeue\n", ":1:9: ", "begins with /"},

	{"clusters: []\n", ":1:11: ", "empty"},
	{"clusters: alpha\n", ":1:11: ", "list"},
	{"clusters:\n", ":1:10: ", "list"},
	{"clusters: {alpha: 1}\n", ":1:11: ", "list"},
	{"clusters: [alpha, beta, alpha]\n", ":1:25: ", "twice"},
	{"clusters:\n- alpha\n- ALPHA\n", ":3:3: ", "twice"},
	{"clusters: [a, [b]]\n", ":1:15: ", "name is expected"},
	{"clusters: [\"a,b\"]\n", ":1:12: ", "not allowed"},
	{"clusters: [\"a b\"]\n", ":1:12: ", "not allowed"},
	{"clusters: [\"\"]\n", ":1:12: ", "empty"},
	{"clusters: [-a]\n", ":1:12: ", "'-'"},
	{"clusters: [" LONG_NAME_256 "]\n", ":1:12: ", "256 bytes"},

	{"accounts: []\n", ":1:11: ", "all but root"},
	{"accounts: proj*\n", ":1:11: ", "list"},
	{"accounts:\n", ":1:10: ", "list"},
	{"accounts: [a, [b]]\n", ":1:15: ", "pattern of accounts is expected"},
	{"accounts: [\"\"]\n", ":1:12: ", "1 to 255 bytes"},
	{"accounts: [" LONG_NAME_256 "]\n", ":1:12: ", "1 to 255 bytes"},
	{"accounts: [a, \"b c\"]\n", ":1:15: ", "'b c'"},
	{"accounts: [\"a,b\"]\n", ":1:12: ", "'a,b'"},
	{"accounts: [\"a\\\\*\"]\n", ":1:12: ", "is not a pattern"},
	{"accounts: [a]\naccounts: [b]\n", ":2:1: ", "twice"},

	{"free_states: NODE_FAIL\n", ":1:14: ", "list"},
	{"free_states: [NODEFAIL]\n", ":1:15: ", "did you mean 'NODE_FAIL'"},
	{"free_states: [node_fial]\n", ":1:15: ", "did you mean 'NODE_FAIL'"},
	{"free_states: [nothing]\n", ":1:15: ", "there are BOOT_FAIL, CANCELLED"},
	{"free_states: [COMPLETED]\n", ":1:15: ", "free_states cannot have 'COMPLETED'"},
	{"free_states: [RUNNING]\n", ":1:15: ", "cannot have 'RUNNING'"},
	{"free_states: [\"CANCELLED by 0\"]\n", ":1:15: ", "cannot have"},
	{"free_states: [TIMEOUT, timeout]\n", ":1:24: ", "twice"},
	{"confirm_above: none\n", ":1:16: ", "confirm_above: 'none' is not an amount"},
	{"confirm_above: 0\n", ":1:16: ", "is zero"},
	{"free_states: [[TIMEOUT]]\n", ":1:15: ", "state of jobs is expected"},
	{"factors: 2\n", ":1:10: ", "given as {qos:"},
	{"factors: [2]\n", ":1:10: ", "given as {qos:"},
	{"factors: {account: {a: 1}}\n", ":1:11: ", "by `qos`, `partition` or `reservation`"},
	{"factors: {qos: {a: 1}, qos: {b: 1}}\n", ":1:24: ", "twice"},
	{"factors: {qos: 2}\n", ":1:16: ", "by name"},
	{"factors: {qos: {a: 1, A: 2}}\n", ":1:23: ", "'a' is named twice"},
	{"factors: {partition: {a: 1, a: 2}}\n", ":1:29: ", "'a' is named twice"},
	{"factors: {partition: {\"\": 1}}\n", ":1:23: ", "name of a partition"},
	{"factors: {reservation: {\"\": 1}}\n", ":1:25: ", "name of a reservation"},
	{"factors: {reservation: {a: 1, a: 2}}\n", ":1:31: ", "'a' is named twice"},
	{"factors: {reservation: {a: 1}, reservation: {b: 1}}\n", ":1:32: ", "twice"},
	{"factors: {reservation: {a: x}}\n", ":1:28: ", "decimal number"},
	{"min_charge: x\n", ":1:13: ", "min_charge"},
	{"min_charge: -1\n", ":1:13: ", "min_charge"},
	{"min_charge: [1]\n", ":1:13: ", "single value"},
	{"round_seconds: 0\n", ":1:16: ", "whole number of seconds from 1 to 86400"},
	{"round_seconds: 86401\n", ":1:16: ", "from 1 to 86400"},
	{"round_seconds: 1.5\n", ":1:16: ", "from 1 to 86400"},
	{"factors: {qos: {[a]: 1}}\n", ":1:17: ", "name of a QOS"},
	{"factors: {qos: {a: -1}}\n", ":1:20: ", "from 0 to 1000"},
	{"factors: {qos: {a: 1e3}}\n", ":1:20: ", "from 0 to 1000"},
	{"factors: {qos: {a: 1000.000001}}\n", ":1:20: ", "from 0 to 1000"},
	{"factors: {qos: {a: 0.0000001}}\n", ":1:20: ", "six places"},
	{"factors: {qos: {a: \"1\"}}\n", ":1:20: ", "decimal number"},
	{"factors: {qos: {a: free}}\n", ":1:20: ", "decimal number"},
	{"factors: {qos: {a: [1]}}\n", ":1:20: ", "decimal number"},

	{"enforcement: scavenge\n", "", "needs scavenger_qos"},
	{"scavenger_qos: a b\n", ":1:16: ", "not allowed"},
	{"scavenger_qos: \"a,b\"\n", ":1:16: ", "not allowed"},
	{"scavenger_qos: \"\"\n", ":1:16: ", "empty"},
	{"scavenger_qos: [a]\n", ":1:16: ", "single value"},
	{"stop_at: 100\n", ":1:10: ", "a percentage from 101 to 1000"},
	{"stop_at: 1001%\n", ":1:10: ", "a percentage from 101 to 1000"},
	{"stop_at: 125%x\n", ":1:10: ", "a percentage from 101 to 1000"},
	{"stop_at: 125.5\n", ":1:10: ", "a percentage from 101 to 1000"},
	{"queued_jobs: go\n", ":1:14: ", "there are leave, move"},
	{"hold_on: charges\n", ":1:10: ", "there are in_flight, committed"},
	{"hold_on: [committed]\n", ":1:10: ", "single value"},
	{"enforcement: on\n", ":1:14: ", "'on'"},
	{"enforcement: Hold\n", ":1:14: ", "'Hold'"},
	{"enforcement: site\n", ":1:14: ", "'site'"},
	{"lever: GrpTRESMins\n", ":1:8: ", "not a lever"},
	{"lever: GrpTRESMins=\n", ":1:8: ", "not a lever"},
	{"lever: GrpTRESMins=0\n", ":1:8: ", "not a lever"},
	{"lever: GrpTRESMins=cpu=5\n", ":1:8: ", "not a lever"},
	{"lever: GrpTRESMins=cpu,mem\n", ":1:8: ", "not a lever"},
	{"lever: GrpTRESMins=CPU\n", ":1:8: ", "in lower case"},
	{"lever: GrpTRESMins=gres/GPU=0\n", ":1:8: ", "in lower case"},
	{"lever: GrpTRESMins=Cpu,Mem\n", ":1:8: ", "not a lever: use"},
	{"lever: GrpTRESMins=billing\n", ":1:8: ", "without billing"},
	{"lever: GrpTRESRunMins=billing=0\n", ":1:8: ", "without billing"},
	{"lever: GrpJobs=cpu\n", ":1:8: ", "not a lever"},
	{"lever: MaxJobs\n", ":1:8: ", "not a lever"},
	{"lever: \n", ":1:", "not a lever"},
	{"drift: keep\n", ":1:8: ", "there are leave, restore"},
	{"without_money: run\n", ":1:16: ", "there are hold, warn"},
	{"publish: some\n", ":1:10: ", "publish cannot be 'some': there are none, own, group, all"},
	{"publish: [all]\n", ":1:10: ", "single value"},
	{"submission: on\n", ":1:13: ", "submission cannot be 'on': there are off, warn, refuse"},
	{"submit_file: submit\n", ":1:14: ", "begins with /"},
	{"publish_file: balances.json\n", ":1:15: ", "begins with /"},
	{"metrics_file: subank.prom\n", ":1:15: ", "begins with /"},
	{"metrics_file: \"\"\n", ":1:15: ", "begins with /"},
	{"ondemand_file: [/x]\n", ":1:16: ", "single value"},
	{"ondemand: hours\n", ":1:11: ", "ondemand cannot be 'hours': there are balance, days"},
	{"shares: even\n", ":1:9: ", "pooled"},
	{"shares: [a]\n", ":1:9: ", "pooled"},
	{"shares: {a: 1, A: 2}\n", ":1:16: ", "twice"},
	{"shares: {a: -1}\n", ":1:13: ", "whole number"},
	{"shares: {a: 0.5}\n", ":1:13: ", "whole number"},
	{"shares: {a: 1000001}\n", ":1:13: ", "whole number"},
	{"shares: {a: [1]}\n", ":1:13: ", "whole number"},
	{"shares: {\"a b\": 1}\n", ":1:10: ", ""},
	{"enforcement: [hold]\n", ":1:14: ", "single value"},

	{"slurm_seconds: 0\n", ":1:16: ", "from 1 to 3600"},
	{"slurm_seconds: -1\n", ":1:16: ", "from 1 to 3600"},
	{"slurm_seconds: 3601\n", ":1:16: ", "from 1 to 3600"},
	{"slurm_seconds: 1.5\n", ":1:16: ", "from 1 to 3600"},
	{"slurm_seconds: 1e3\n", ":1:16: ", "from 1 to 3600"},
	{"slurm_seconds: 10s\n", ":1:16: ", "from 1 to 3600"},
	{"slurm_seconds: 0x10\n", ":1:16: ", "from 1 to 3600"},
	{"slurm_seconds: \"10\"\n", ":1:16: ", "from 1 to 3600"},
	{"slurm_seconds: 99999999999999999999\n", ":1:16: ", "from 1 to 3600"},
	{"slurm_seconds:\n", ":1:15: ", "from 1 to 3600"},
	{"lock_seconds: ten\n", ":1:15: ", "from 1 to 3600"},
	{"lock_seconds: 0\n", ":1:15: ", "from 1 to 3600"},
	{"thresholds: 90\n", ":1:13: ", "list"},
	{"thresholds:\n", ":1:12: ", "list"},
	{"thresholds: {a: 1}\n", ":1:13: ", "list"},
	{"thresholds: [0]\n", ":1:14: ", "from 1 to 1000"},
	{"thresholds: [1001]\n", ":1:14: ", "from 1 to 1000"},
	{"thresholds: [90%]\n", ":1:14: ", "from 1 to 1000"},
	{"thresholds: [60.5]\n", ":1:14: ", "from 1 to 1000"},
	{"thresholds: [\"60\"]\n", ":1:14: ", "from 1 to 1000"},
	{"thresholds: [[60]]\n", ":1:14: ", "from 1 to 1000"},
	{"thresholds: [60, 60]\n", ":1:18: ", "60 follows 60"},
	{"thresholds: [90, 60]\n", ":1:18: ", "60 follows 90"},
	{"thresholds: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]\n",
	 ":1:69: ", "more than 16"},
	{"notice_days: -1\n", ":1:14: ", "days from 0 to 36500"},
	{"charge_minutes: -1\n", ":1:17: ", "minutes from 0 to 1440"},
	{"charge_minutes: 1441\n", ":1:17: ", "minutes from 0 to 1440"},
	{"notice_days: 36501\n", ":1:14: ", "days from 0 to 36500"},
	{"notice_days: 90d\n", ":1:14: ", "days from 0 to 36500"},
	{"backup: copies\n", ":1:9: ", "begins with /"},
	{"notify: mail.sh\n", ":1:9: ", "begins with /"},
	{"notify: [/bin/mail]\n", ":1:9: ", "single value"},
	{"notify:\n", ":1:8: ", "begins with /"},
	{"sendmail: bin/sendmail\n", ":1:11: ", "begins with /"},
	{"mail_from: hpc\n", ":1:12: ", "mail_from: 'hpc' is not a mail address"},
	{"mail_from: a@x,b@x\n", ":1:12: ", "is not a mail address"},
	{"mail_from: -f@x\n", ":1:12: ", "is not a mail address"},
	{"mail_from: \"a@x\\nBcc: b@x\"\n", ":1:12: ", "is not a mail address"},
	{"mail_reply_to: [a@x]\n", ":1:16: ", "single value"},
	{"mail_to: a@x\n", ":1:10: ", "must be a list"},
	{"mail_to: [a@x, b]\n", ":1:16: ", "mail_to: 'b' is not a mail address"},
	{"mail_to: [\"a@x,b@x\"]\n", ":1:11: ", "is not a mail address"},
	{"mail_to: [a@x, a@x]\n", ":1:16: ", "'a@x' is named twice"},
	{"mail_site: \"\"\n", ":1:12: ", "a text of 1 to 200 bytes"},
	{"mail_site: \"a\\nb\"\n", ":1:12: ", "a text of 1 to 200 bytes"},
	{"mail_templates: mail\n", ":1:17: ", "begins with /"},
	{"notify_seconds: 0\n", ":1:17: ", "from 1 to 3600"},
	{"project_days: -1\n", ":1:15: ", "days from 0 to 36500"},
	{"project_days: 36501\n", ":1:15: ", "days from 0 to 36500"},
	{"project_days: never\n", ":1:15: ", "days from 0 to 36500"},
	{"project_days: [365]\n", ":1:15: ", "single value"},

	{"bank: &a /x\n", ":1:7: ", "anchor"},
	{"bank: *a\n", ":1:7: ", "alias"},
	{"clusters: &a [*a]\n", ":1:11: ", "anchor"},
	{"bank: !!str /x\n", ":1:7: ", "tag"},
	{"clusters: !x [a]\n", ":1:11: ", "tag"},
	{"bank: /x\n---\nbank: /y\n", ":2:1: ", "second document"},
	{"just a text\n", ":1:1: ", "settings are expected"},
	{"- bank\n", ":1:1: ", "settings are expected"},
	{"[a]: b\n", ":1:1: ", "name of a setting"},
	{"bank: /x\n\tclusters: [a]\n", ":2:", ""},
	{"bank: \"/x\n", ":2:1: ", ""},
	{"bank: /x\nclusters: [a\n", ":3:1: ", ""},
	{"bank: \"/x\\0y\"\n", ":1:7: ", "NUL"},
	{"bank: /\xff\n", ":1: byte ", ""},
};

START_TEST(malformed_settings_are_refused_with_their_place)
{
	struct settings untouched = {.slurm_seconds = 4711}, settings = untouched;
	char place[160];

	ck_assert_msg(parse_text(bad[_i].text, &settings) == SB_EFORMAT, "'%s' was taken: %d %s",
		      bad[_i].text, error.code, error.text);
	(void)snprintf(place, sizeof(place), "%s%s", path, bad[_i].place);
	ck_assert_msg(strncmp(error.text, place, strlen(place)) == 0,
		      "'%s': '%s' does not begin with '%s'", bad[_i].text, error.text, place);
	ck_assert_msg(strstr(error.text, bad[_i].part) != NULL, "'%s': '%s' is not in '%s'",
		      bad[_i].text, bad[_i].part, error.text);
	ck_assert_mem_eq(&settings, &untouched, sizeof(settings));
}
END_TEST

static void is_default(const struct settings *settings)
{
	ck_assert_str_eq(settings->bank, DEFAULT_BANK);
	ck_assert_uint_eq(settings->cluster_count, 0);
	ck_assert_uint_eq(settings->account_count, 0);
	ck_assert_int_eq(settings->enforcement, ENFORCE_HOLD);
	ck_assert_str_eq(settings->sshare, "sshare");
	ck_assert_str_eq(settings->sacctmgr, "sacctmgr");
	ck_assert_str_eq(settings->scontrol, "scontrol");
	ck_assert_str_eq(settings->sacct, "sacct");
	ck_assert_str_eq(settings->squeue, "squeue");
	ck_assert_int_eq(settings->slurm_seconds, 60);
	ck_assert_int_eq(settings->lock_seconds, 10);
	ck_assert_uint_eq(settings->thresholds.count, 2);
	ck_assert_int_eq(settings->thresholds.list[0], 60);
	ck_assert_int_eq(settings->thresholds.list[1], 90);
	ck_assert_int_eq(settings->notice_days, 90);
	ck_assert_int_eq(settings->charge_minutes, 60);
	ck_assert_ptr_null(settings->notify);
	ck_assert_int_eq(settings->notify_seconds, 10);
	ck_assert_str_eq(settings->sendmail, "/usr/sbin/sendmail");
	ck_assert_ptr_null(settings->mail_from);
	ck_assert_ptr_null(settings->mail_to);
	ck_assert_int_eq(settings->confirm_above, 0);
	ck_assert_int_eq(settings->project_days, 0);
	ck_assert_int_eq(settings->publish, PUBLISH_NONE);
	ck_assert_str_eq(settings->publish_file, DEFAULT_PUBLIC "/balances.json");
	ck_assert_ptr_null(settings->metrics_file);
	ck_assert_ptr_null(settings->ondemand_file);
	ck_assert(!settings->ondemand_days);
	ck_assert_int_eq(settings->submission, SUBMISSION_OFF);
	ck_assert_str_eq(settings->submit_file, DEFAULT_PUBLIC "/submit");
}

START_TEST(a_missing_file_is_an_error_only_if_it_was_named)
{
	char in_no_folder[160];
	struct settings settings;

	FAILS(SB_ENOTFOUND, path, settings_read(path, true, &settings, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "No such file"));
	OK(settings_read(path, false, &settings, &error));
	is_default(&settings);
	settings_release(&settings);

	util_write_file(path, "", 0);
	(void)snprintf(in_no_folder, sizeof(in_no_folder), "%s/below", path);
	OK(settings_read(in_no_folder, false, &settings, &error));
	settings_release(&settings);
	FAILS(SB_ENOTFOUND, "below", settings_read(in_no_folder, true, &settings, &error));
}
END_TEST

START_TEST(a_folder_is_refused)
{
	struct settings settings;

	FAILS(SB_EFORMAT, "not a file", settings_read(test_folder, true, &settings, &error));
	FAILS(SB_EFORMAT, "not a file", settings_read(test_folder, false, &settings, &error));
}
END_TEST

START_TEST(a_file_that_everybody_can_write_is_refused)
{
	struct settings settings;

	util_write_file(path, "bank: /x\n", 9);
	ck_assert_int_eq(chmod(path, 0646), 0);
	FAILS(SB_EREFUSED, "chmod o-w", settings_read(path, true, &settings, &error));
	/* Only root and the user who runs subank may own the file. */
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 1, 1), 0);
		FAILS(SB_EREFUSED, "chown root", settings_read(path, true, &settings, &error));
		ck_assert_int_eq(chown(path, 0, 0), 0);
	}
	FAILS(SB_EREFUSED, path, settings_read(path, false, &settings, &error));
	ck_assert_int_eq(chmod(path, 0640), 0);
	OK(settings_read(path, true, &settings, &error));
	settings_release(&settings);
}
END_TEST

START_TEST(a_file_without_settings_gives_the_defaults)
{
	static const char *const texts[] = {"", "\n\n", "# bank: /x\n", "{}\n"};
	struct settings settings;

	for (size_t i = 0; i < COUNT(texts); i++) {
		OK(parse_text(texts[i], &settings));
		is_default(&settings);
		settings_release(&settings);
	}
}
END_TEST

/* Writes the example and reads it. */
static void read_example(const struct setting_value *given, size_t count, struct settings *ret)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	settings_example(file, given, count);
	ck_assert_int_eq(fclose(file), 0);
	OK(settings_read(path, true, ret, &error));
}

START_TEST(the_example_sets_only_the_given_keys)
{
	const struct setting_value given[] = {{"clusters", "[gamma]"}, {"bank", "/srv/b"}};
	struct settings settings;

	read_example(NULL, 0, &settings);
	is_default(&settings);
	settings_release(&settings);
	read_example(given, COUNT(given), &settings);
	ck_assert_str_eq(settings.bank, "/srv/b");
	ck_assert_uint_eq(settings.cluster_count, 1);
	ck_assert_str_eq(settings.clusters[0], "gamma");
	ck_assert_ptr_null(settings.backup);
	settings_release(&settings);
}
END_TEST

START_TEST(every_example_of_a_setting_is_valid_and_fits_a_line)
{
	const struct settings_key *key;
	struct settings settings;
	size_t i;

	for (i = 0; (key = settings_key(i)); i++) {
		const struct setting_value given = {key->name, key->example};

		ck_assert_msg(strlen(key->about) <= 78, "%s: %s", key->name, key->about);
		read_example(&given, 1, &settings);
		settings_release(&settings);
	}
	ck_assert_uint_ge(i, 18);
}
END_TEST

START_TEST(every_key_is_read)
{
	struct settings settings;

	OK(parse_text("# all of them\n"
		      "bank: /srv/bank\n"
		      "clusters: [alpha, Beta]\n"
		      "accounts: [proj*, \"Chem-[!a]?\"]\n"
		      "hold_on: committed\n"
		      "scavenger_qos: Low\n"
		      "stop_at: 1000\n"
		      "queued_jobs: move\n"
		      "free_states: [TIMEOUT, node_fail]\n"
		      "factors: {partition: {Debug: 0, gpu: 1000}, qos: {Scavenger: 0.25}, "
		      "reservation: {A b: 2}}\n"
		      "min_charge: 0.1\n"
		      "round_seconds: 86400\n"
		      "enforcement: warn\n"
		      "lever: grptresrunmins=gres/gpu=0\n"
		      "drift: restore\n"
		      "without_money: warn\n"
		      "shares: {alpha: 3, Beta: 0}\n"
		      "sshare: /opt/slurm/bin/sshare\n"
		      "sacctmgr: sacctmgr-22\n"
		      "scontrol: \"/opt/slurm/bin/scontrol\"\n"
		      "sacct: /opt/slurm/bin/sacct\n"
		      "squeue: squeue-22\n"
		      "slurm_seconds: 1\n"
		      "lock_seconds: 3600\n"
		      "thresholds: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 1000]\n"
		      "notice_days: 0\n"
		      "charge_minutes: 1440\n"
		      "notify: /usr/local/sbin/tell\n"
		      "notify_seconds: 3\n"
		      "mail_from: hpc@x\n"
		      "mail_reply_to: help@x\n"
		      "mail_to: [a@x, b@x]\n"
		      "mail_site: the cluster Elbe\n"
		      "mail_templates: /srv/mail\n"
		      "sendmail: msmtp\n"
		      "confirm_above: 0.5\n"
		      "project_days: 36500\n",
		      &settings));
	ck_assert_str_eq(settings.bank, "/srv/bank");
	ck_assert_uint_eq(settings.cluster_count, 2);
	ck_assert_str_eq(settings.clusters[0], "alpha");
	ck_assert_str_eq(settings.clusters[1], "beta");
	ck_assert_uint_eq(settings.account_count, 2);
	ck_assert_str_eq(settings.accounts[0], "proj*");
	ck_assert_str_eq(settings.accounts[1], "chem-[!a]?");
	ck_assert(settings.committed);
	ck_assert_uint_eq(settings.tariff.free_count, 2);
	ck_assert_str_eq(settings.tariff.free_states[1], "NODE_FAIL");
	ck_assert_uint_eq(settings.tariff.partitions.count, 2);
	ck_assert_str_eq(settings.tariff.partitions.list[0].name, "Debug");
	ck_assert_int_eq(settings.tariff.partitions.list[0].factor, 0);
	ck_assert_int_eq(settings.tariff.partitions.list[1].factor, 1000000000);
	ck_assert_uint_eq(settings.tariff.reservations.count, 1);
	ck_assert_str_eq(settings.tariff.reservations.list[0].name, "A b");
	ck_assert_int_eq(settings.tariff.reservations.list[0].factor, 2000000);
	ck_assert_int_eq(settings.tariff.min_charge, 360);
	ck_assert_int_eq(settings.tariff.round_seconds, 86400);
	ck_assert_str_eq(settings.scavenger_qos, "low");
	ck_assert_int_eq(settings.stop_at, 1000);
	ck_assert(settings.move_queued);
	ck_assert_uint_eq(settings.tariff.qos.count, 1);
	ck_assert_str_eq(settings.tariff.qos.list[0].name, "scavenger");
	ck_assert_int_eq(settings.tariff.qos.list[0].factor, 250000);
	ck_assert_int_eq(settings.enforcement, ENFORCE_WARN);
	ck_assert_str_eq(settings.lever.field, "GrpTRESRunMins");
	ck_assert_str_eq(settings.lever.tres, "gres/gpu");
	ck_assert(settings.put_right);
	ck_assert(settings.spare_moneyless);
	ck_assert(!settings.pooled);
	ck_assert_int_eq(settings_share(&settings, "alpha"), 3);
	ck_assert_int_eq(settings_share(&settings, "beta"), 0);
	ck_assert_int_eq(settings_share(&settings, "gamma"), 1);
	ck_assert_str_eq(settings.sshare, "/opt/slurm/bin/sshare");
	ck_assert_str_eq(settings.sacctmgr, "sacctmgr-22");
	ck_assert_str_eq(settings.scontrol, "/opt/slurm/bin/scontrol");
	ck_assert_str_eq(settings.sacct, "/opt/slurm/bin/sacct");
	ck_assert_str_eq(settings.squeue, "squeue-22");
	ck_assert_int_eq(settings.slurm_seconds, 1);
	ck_assert_int_eq(settings.lock_seconds, 3600);
	ck_assert_uint_eq(settings.thresholds.count, 16);
	ck_assert_int_eq(settings.thresholds.list[0], 1);
	ck_assert_int_eq(settings.thresholds.list[15], 1000);
	ck_assert_int_eq(settings.notice_days, 0);
	ck_assert_int_eq(settings.charge_minutes, 1440);
	ck_assert_str_eq(settings.notify, "/usr/local/sbin/tell");
	ck_assert_int_eq(settings.notify_seconds, 3);
	ck_assert_str_eq(settings.mail_from, "hpc@x");
	ck_assert_str_eq(settings.mail_reply_to, "help@x");
	ck_assert_str_eq(settings.mail_to, "a@x,b@x");
	ck_assert_str_eq(settings.mail_site, "the cluster Elbe");
	ck_assert_str_eq(settings.mail_templates, "/srv/mail");
	ck_assert_str_eq(settings.sendmail, "msmtp");
	ck_assert_int_eq(settings.confirm_above, 1800);
	ck_assert_int_eq(settings.project_days, 36500);
	settings_release(&settings);
}
END_TEST

START_TEST(all_forms_of_yaml_are_read)
{
	static const struct {
		const char *text;
		enum enforcement enforcement;
	} words[] = {
		{"enforcement: off\n", ENFORCE_OFF},
		{"enforcement: limit\n", ENFORCE_LIMIT},
		{"{enforcement: warn}\n", ENFORCE_WARN},
		{"---\nenforcement: 'hold'\n...\n", ENFORCE_HOLD},
	};
	struct settings settings;

	for (size_t i = 0; i < COUNT(words); i++) {
		OK(parse_text(words[i].text, &settings));
		ck_assert_int_eq(settings.enforcement, words[i].enforcement);
		settings_release(&settings);
	}
	OK(parse_text("shares: pooled\nlever: GrpJobs\ndrift: leave\n", &settings));
	ck_assert(settings.pooled);
	ck_assert_str_eq(settings.lever.field, "GrpJobs");
	ck_assert_str_eq(settings.lever.tres, "");
	ck_assert(!settings.put_right);
	settings_release(&settings);
	OK(parse_text("clusters:\n  - no\n  - 010\n", &settings));
	ck_assert_str_eq(settings.clusters[0], "no");
	ck_assert_str_eq(settings.clusters[1], "010");
	settings_release(&settings);
}
END_TEST

START_TEST(a_list_of_clusters_replaces_another)
{
	static const char *const wrong[] = {"", "a,", "a,,b", ",a", "a,A", "a;b", "a b", "-a"};
	struct settings settings;

	OK(parse_text("clusters: [x, y]\n", &settings));
	OK(settings_set_clusters(&settings, "b,A", &error));
	ck_assert_uint_eq(settings.cluster_count, 2);
	ck_assert_str_eq(settings.clusters[0], "b");
	ck_assert_str_eq(settings.clusters[1], "a");
	for (size_t i = 0; i < COUNT(wrong); i++)
		FAILS(SB_EINVAL, "cluster", settings_set_clusters(&settings, wrong[i], &error));
	settings_release(&settings);
}
END_TEST

START_TEST(too_many_clusters_are_refused)
{
	char text[2048] = "clusters: [";
	size_t len = strlen(text);
	struct settings settings;

	for (int i = 0; i < 65; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%sc%d", i ? ", " : "", i);
	(void)snprintf(text + len, sizeof(text) - len, "]\n");
	ck_assert_int_eq(parse_text(text, &settings), SB_EFORMAT);
	ck_assert_ptr_nonnull(strstr(error.text, "64"));
}
END_TEST

START_TEST(accounts_belong_to_the_bank_by_patterns)
{
	static const struct {
		const char *text, *account;
		bool belongs;
	} cases[] = {
		{"", "root", false},
		{"", "physics", true},
		{"accounts: ['*']\n", "root", false},
		{"accounts: [ro?t, '[r]oot']\n", "root", false},
		{"accounts: [physics, Root]\n", "root", true},
		{"accounts: [proj*]\n", "project", true},
		{"accounts: [proj*]\n", "proj", true},
		{"accounts: [proj*]\n", "pro", false},
		{"accounts: [proj*]\n", "aproj", false},
		{"accounts: [PROJ*]\n", "proj1", true},
		{"accounts: [a, 'chem-*']\n", "chem-x", true},
		{"accounts: [a, 'chem-*']\n", "a", true},
		{"accounts: [a, 'chem-*']\n", "ab", false},
		{"accounts: ['p[0-9]']\n", "p7", true},
		{"accounts: ['p[0-9]']\n", "px", false},
		{"accounts: ['p[!0-9]?']\n", "pxy", true},
		{"accounts: ['*']\n", ".hidden", true},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct settings settings;

		OK(parse_text(cases[i].text, &settings));
		ck_assert_msg(settings_has_account(&settings, cases[i].account) == cases[i].belongs,
			      "%s%s", cases[i].text, cases[i].account);
		settings_release(&settings);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings");
	TCase *tcase = tcase_create("settings");

	tcase_add_checked_fixture(tcase, setup, util_teardown);
	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_loop_test(tcase, malformed_settings_are_refused_with_their_place, 0,
			    (int)COUNT(bad));
	tcase_add_test(tcase, a_missing_file_is_an_error_only_if_it_was_named);
	tcase_add_test(tcase, a_folder_is_refused);
	tcase_add_test(tcase, a_file_that_everybody_can_write_is_refused);
	tcase_add_test(tcase, a_file_without_settings_gives_the_defaults);
	tcase_add_test(tcase, the_example_sets_only_the_given_keys);
	tcase_add_test(tcase, every_example_of_a_setting_is_valid_and_fits_a_line);
	tcase_add_test(tcase, every_key_is_read);
	tcase_add_test(tcase, all_forms_of_yaml_are_read);
	tcase_add_test(tcase, a_list_of_clusters_replaces_another);
	tcase_add_test(tcase, too_many_clusters_are_refused);
	tcase_add_test(tcase, accounts_belong_to_the_bank_by_patterns);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
