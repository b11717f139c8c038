/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/doctor/doctor.h"
#include "cmd/enter/confirm.h"
#include "cmd/frame/settings_example.h"
#include "cmd/frame/this_machine.h"
#include "cmd/show/output.h"
#include "cmd/show/rights_text.h"
#include "cmd/verbs/verb.h"
#include "ledger/base/name.h"
#include "slurm/assoc.h"

/* Clusters and accounts of Slurm that may belong to the bank; each once. */
struct found {
	struct assocs assocs;
	const char **clusters;
	size_t cluster_count;
	const char **accounts;
	size_t account_count;
};

static bool listed(const char *const list[], size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i], name) == 0)
			return true;
	}
	return false;
}

static void release(struct found *found)
{
	free(found->clusters);
	free(found->accounts);
	assocs_release(&found->assocs);
}

/* Warns about what Slurm hides from the owner of the bank. */
static void warn_hidden(struct env *env)
{
	const struct caller caller = caller_of(env);
	const struct slurm *slurm = &env->slurm;
	struct rights rights;
	struct slurm_config config;
	struct sb_error err;
	char text[RIGHTS_TEXT_SIZE];

	if (rights_of_slurmdbd(slurm, &caller, &rights, &err) == SB_OK &&
	    (rights.jobs || rights.accounts))
		warning(env, "%s",
			rights_text(env, &rights, "slurmdbd", rights.jobs ? "jobs" : "accounts",
				    text));
	if (scontrol_read_config(slurm, NULL, &config, &err) == SB_OK &&
	    rights_of_slurmctld(slurm, &config, &caller, &rights, &err) == SB_OK &&
	    (rights.usage || rights.jobs))
		warning(env, "%s",
			rights_text(env, &rights, config.cluster, rights.usage ? "use" : "jobs",
				    text));
}

/* Reads Slurm's clusters and accounts. A bank can be made without an answer. */
static void read_slurm(struct env *env, struct found *ret)
{
	struct sb_error err;
	struct found found = {0};
	size_t count;

	if (assocs_read(&env->slurm, "", &found.assocs, &err)) {
		note(env, "could not read Slurm's clusters and accounts: %s", err.text);
		return;
	}
	count = found.assocs.count;
	found.clusters = calloc(count + 1, sizeof(*found.clusters));
	found.accounts = calloc(count + 1, sizeof(*found.accounts));
	for (size_t i = 0; found.clusters && found.accounts && i < count; i++) {
		const struct assoc *assoc = &found.assocs.rows[i];

		if (name_check("cluster", assoc->cluster, NULL) ||
		    name_check("account", assoc->account, NULL))
			continue;
		if (!listed(found.clusters, found.cluster_count, assoc->cluster))
			found.clusters[found.cluster_count++] = assoc->cluster;
		if (settings_has_account(&env->settings, assoc->account) &&
		    !listed(found.accounts, found.account_count, assoc->account))
			found.accounts[found.account_count++] = assoc->account;
	}
	*ret = found;
}

static void report_found(struct env *env, const struct found *found)
{
	char names[NAMES_TEXT_SIZE];

	if (found->cluster_count == 0)
		return;
	report(env, "clusters in Slurm: %s",
	       output_names(names, found->clusters, found->cluster_count));
	if (found->account_count > 0)
		report(env, "accounts in Slurm: %s",
		       output_names(names, found->accounts, found->account_count));
	else
		report(env,
		       "accounts in Slurm: none but root: `sacctmgr add account NAME` makes one");
}

static int write_example(struct env *env, const struct found *found, FILE *file)
{
	struct setting_value given[2];
	char *clusters = NULL;
	size_t count = 0, size;
	FILE *list = open_memstream(&clusters, &size);

	if (!list)
		return -1;
	for (size_t i = 0; i < found->cluster_count; i++)
		fprintf(list, "%s%s", i ? ", " : "[", found->clusters[i]);
	fputc(']', list);
	if (fclose(list) != 0) {
		free(clusters);
		return -1;
	}
	given[count++] = (struct setting_value){"bank", env->store.folder};
	if (found->cluster_count > 0)
		given[count++] = (struct setting_value){"clusters", clusters};
	settings_example(file, given, count);
	free(clusters);
	return fflush(file) != 0 || ferror(file) || fsync(fileno(file)) != 0 ? -1 : 0;
}

/* Makes the file, whole or not at all. Fails with EEXIST if it exists. */
static int make_file(struct env *env, const struct found *found, const char *path)
{
	char *beside;
	int fd, rc = -1, kept;
	FILE *file;

	if (asprintf(&beside, "%s.XXXXXX", path) < 0)
		return -1;
	fd = mkostemp(beside, O_CLOEXEC);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	/* All users of the bank, and of what it publishes, read the settings. */
	if (file && fchmod(fd, 0644) == 0 && write_example(env, found, file) == 0)
		rc = link(beside, path);
	kept = errno;
	if (file)
		fclose(file);
	if (fd >= 0)
		(void)unlink(beside);
	free(beside);
	errno = kept;
	return rc;
}

/* Makes the missing folders above the settings, readable for all whatever the umask. An error shows
 * when the file is made. */
static void make_folders(const char *path)
{
	char *copy = strdup(path);

	for (char *at = copy; at && (at = strchr(at + 1, '/'));) {
		*at = '\0';
		if (mkdir(copy, 0755) == 0)
			(void)chmod(copy, 0755);
		*at = '/';
	}
	free(copy);
}

static int write_settings(struct env *env, const struct found *found, const char *path)
{
	struct sb_error err;

	make_folders(path);
	if (make_file(env, found, path) == 0) {
		env->result.done =
			env->result.done ? env->result.done : "the settings were written";
		report(env, "wrote settings to %s: review them%s", path,
		       found->cluster_count > 1
			       ? ", and remove clusters that do not belong to the bank"
			       : "");
		return EXIT_DONE;
	}
	if (errno == EEXIST)
		sb_error_set(&err, SB_EREFUSED,
			     "the settings %s exist already, and were not changed", path);
	else
		sb_error_path(&err, "write the settings", path);
	return fail(env, &err);
}

/* Asks root on a terminal whether to write settings, if there are none. All users, root included,
 * would refuse the settings of anybody else. */
static int offer_settings(struct env *env, const struct found *found, const char *path)
{
	char question[512];

	if (geteuid() != 0 || !env->os.in_is_terminal || access(path, F_OK) == 0)
		return EXIT_DONE;
	(void)snprintf(question, sizeof(question), "Write commented settings to %s?", path);
	if (!ask(env, question))
		return EXIT_DONE;
	/* The bank was made all the same. */
	return write_settings(env, found, path) == EXIT_DONE ? EXIT_DONE : EXIT_PART;
}

static void note_next(struct env *env, const char *config, const char *path)
{
	char settings[512] = "";

	if (access(path, F_OK) != 0)
		(void)snprintf(settings, sizeof(settings),
			       "`sudo subank init --settings%s%s` writes commented settings; ",
			       config ? " --config " : "", config ? config : "");
	note(env,
	     "next: `subank open ACCOUNT SU` for each account, then `subank check` every few "
	     "minutes; %s`subank doctor` says what is left to do",
	     settings);
}

/* The name in the example of the settings. */
#define EXAMPLE_QOS "scavenger"

/* Prints the sacctmgr line that makes or mends the QOS of `enforcement: scavenge`. */
static void report_line(struct env *env, const char *qos, const char *line, bool exists)
{
	if (!env->settings.scavenger_qos)
		report(env, "for `enforcement: scavenge` (subank(7)): %s", line);
	else if (exists)
		warning(env,
			"jobs in QOS %s (scavenger_qos in the settings) would not start, or not "
			"stop: %s",
			qos, line);
	else
		warning(env, "there is no QOS %s (scavenger_qos in the settings): %s", qos, line);
}

/* Checks the scavenger QOS, as far as that is possible without accounts. [hint]: also if the
 * setting is missing, under the example's name. */
static void check_scavenger(struct env *env, bool hint)
{
	const char *name = env->settings.scavenger_qos;
	struct diagnosis rows = {.env = env};
	struct scavenging scavenging = {0};
	struct qos_list list = {0};
	char line[SCAVENGER_LINE_SIZE];
	const struct qos *qos;
	struct sb_error err;

	if (!name && !hint)
		return;
	name = name ? name : EXAMPLE_QOS;
	if (sacctmgr_read_qos(&env->slurm, &list, &err) == SB_OK &&
	    scavenging_find(&rows, &scavenging, &err) == SB_OK) {
		qos = doctor_find_qos(&list, name);
		if (scavenger_line(&scavenging, name, qos, line))
			report_line(env, name, line, qos);
	}
	scavenging_release(&scavenging);
	qos_list_release(&list);
}

static int make_bank(struct env *env)
{
	char place[PLACE_SIZE];
	struct sb_error err;

	/* place_of() needs a folder that exists. */
	if (mkdir(env->store.folder, 0750) == 0)
		(void)chmod(env->store.folder, 0750);
	if (bank_create(&env->store, place_of(env->os.here()->machine, env->store.folder, place),
			&err))
		return fail(env, &err);
	env->result.done = "the bank was made";
	report(env, "made an empty bank in %s", env->store.folder);
	return EXIT_DONE;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	const char *config = option(env, "config"), *path = config ? config : DEFAULT_SETTINGS;
	struct found found = {0};
	int status;

	(void)argc;
	(void)argv;
	if (option(env, "settings")) {
		read_slurm(env, &found);
		status = write_settings(env, &found, path);
		check_scavenger(env, status == EXIT_DONE);
	} else {
		status = make_bank(env);
		if (status == EXIT_DONE) {
			read_slurm(env, &found);
			report_found(env, &found);
			if (found.assocs.text)
				warn_hidden(env);
			check_scavenger(env, false);
			status = offer_settings(env, &found, path);
			note_next(env, config, path);
		}
	}
	release(&found);
	return status;
}

const struct command cmd_init = {
	.name = "init",
	.arguments = "",
	.summary = "make a bank",
	.details =
		"Makes an empty bank in the folder that --bank, $SUBANK_BANK or the settings name. "
		"Run it, and everything else, as the user who shall own the books: usually slurm. "
		"The bank commands Slurm from this machine. init asks Slurm which clusters and "
		"accounts exist, and works without an answer.\n"
		"On a terminal it offers root to write commented settings, if there are none. "
		"--settings writes them without a question, to the file of --config, and makes no "
		"bank. It makes the file's folder if necessary, and names Slurm's clusters in the "
		"file. Existing settings are kept. Run it as root: all other users refuse the "
		"settings of anybody else.\n"
		"init also checks the QOS of `enforcement: scavenge` (`scavenger_qos`), and prints "
		"the sacctmgr line that makes or mends it.",
	.examples = EXAMPLES(
		{"subank init", "a bank in " DEFAULT_BANK},
		{"subank --bank /srv/bank init", "somewhere else"},
		{"subank init --settings", "commented settings, with the clusters that Slurm has"}),
	.see_also = "open doctor adopt",
	.flags = CMD_MAKES_SETTINGS | CMD_CHANGES,
	.options = OPTIONS({"settings", 0, NULL, "write commented settings instead of a bank"}),
	.run = run,
};
