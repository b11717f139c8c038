/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The check at submission: whether its file can be written, and slurmctld can use it. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cmd/check/publish_submit.h"
#include "cmd/doctor/doctor.h"
#include "ledger/base/network.h"
#include "ledger/base/when.h"

static const char check[] = "check at submission";

static int read_facts(struct books *books, void *ctx, struct sb_error *err)
{
	int rc = books_submit_facts(books, ctx, err);

	return rc == SB_ENOTFOUND ? SB_OK : rc;
}

/* Returns the folder of a file, which the caller frees, or NULL without memory. */
static char *folder_of(const char *path)
{
	return strndup(path, (size_t)(strrchr(path, '/') - path + 1));
}

/* Reports a file that slurmctld may have to wait for. */
static void inspect_file_system(struct diagnosis *rows)
{
	const char *path = rows->env->settings.submit_file, *network;
	char *folder = folder_of(path);
	struct statfs fs;

	network = folder && statfs(folder, &fs) == 0 ? network_file_system((long)fs.f_type) : NULL;
	free(folder);
	if (network)
		diagnose(rows, VERDICT_WARN, "file system of submit_file",
			 "slurmctld stops scheduling while it waits for the file: put submit_file "
			 "on a local disk of slurmctld's machine",
			 "%s: %s", network, path);
}

/* Whether a user with this uid, without groups of his, can search the folder of the file. */
static bool can_search(const char *path, uid_t uid)
{
	char *folder = folder_of(path);
	struct stat st;
	bool can = folder && stat(folder, &st) == 0 &&
		   ((st.st_uid == uid && (st.st_mode & S_IXUSR)) || (st.st_mode & S_IXOTH));

	free(folder);
	return can;
}

/* Whether SlurmUser can open the file for reading and writing. */
static bool can_open(const char *path, const struct stat *st, int64_t slurm_user)
{
	const uid_t uid = (uid_t)slurm_user;

	return slurm_user <= 0 || (st->st_uid == uid && (st->st_mode & S_IRUSR) &&
				   (st->st_mode & S_IWUSR) && can_search(path, uid));
}

static void inspect_file(struct diagnosis *rows, const struct submit_facts *facts, int64_t now)
{
	const char *path = rows->env->settings.submit_file;
	const bool old = now - facts->time > SUBMIT_AGE_MAX * WHEN_SECOND;
	char age[WHEN_TEXT_SIZE];
	struct stat st;

	if (facts->time == 0 || stat(path, &st) != 0)
		diagnose(rows, VERDICT_WARN, check, "the next check writes it: run `subank check`",
			 "not there yet: %s", path);
	else if (!S_ISREG(st.st_mode))
		diagnose(rows, VERDICT_BAD, check, "slurmctld ignores it: remove it",
			 "not a file: %s", path);
	else if (!can_open(path, &st, facts->slurm_user))
		diagnose(rows, VERDICT_BAD, check,
			 "SlurmUser must own it with mode 0600 and be able to search its folder: "
			 "run subank as root or as SlurmUser, and give the folder mode 0755",
			 "slurmctld cannot open %s", path);
	else
		diagnose(rows, VERDICT_BAD, check,
			 old ? "slurmctld ignores a file that is older than an hour: run checks "
			       "more often"
			     : NULL,
			 "use was read %s ago", when_format_age(age, now - facts->time));
}

static bool read_for(struct diagnosis *rows, struct submit_facts *ret)
{
	struct env *env = rows->env;
	struct sb_error err;

	*ret = (struct submit_facts){.slurm_user = -1};
	if (bank_read(env->bank, env->os.now(), read_facts, ret, &err) == SB_OK)
		return true;
	diagnose_unread(rows, check, &err);
	return false;
}

void doctor_submit(struct diagnosis *rows, int64_t now)
{
	struct env *env = rows->env;
	struct submit_facts facts;
	struct sb_error err;

	if (env->settings.submission == SUBMISSION_OFF)
		return;
	inspect_file_system(rows);
	if (!read_for(rows, &facts))
		return;
	if (submit_try(env, facts.slurm_user, false, &err))
		diagnose(rows, VERDICT_BAD, check, err.text, "cannot be written: %s",
			 env->settings.submit_file);
	else
		inspect_file(rows, &facts, now);
}

int doctor_submit_test(struct diagnosis *rows, struct sb_error *err)
{
	struct submit_facts facts;

	if (!read_for(rows, &facts))
		return sb_error_set(err, SB_ESYSTEM, "the books cannot be read");
	return submit_try(rows->env, facts.slurm_user, true, err);
}

void doctor_submit_plugin(struct diagnosis *rows, const struct slurm_config *config)
{
	if (rows->env->settings.submission != SUBMISSION_OFF)
		diagnose(rows, VERDICT_BAD, "JobSubmitPlugins",
			 list_has(config->job_submit, "lua")
				 ? NULL
				 : "no job is checked at its submission: install job_submit.lua "
				   "and set JobSubmitPlugins=lua, as subank-submit(7) says",
			 "%s", *config->job_submit ? config->job_submit : "none");
}
