/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The check at submission: whether slurmctld can load its script and module, if it runs on this
 * machine. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/doctor/doctor.h"

static const char check[] = "job_submit.lua";
static const char module_check[] = "subank.lua";

/* What a script has of subank. */
struct mention {
	bool any;
	char module[PATH_MAX]; /* the first path of a module, or "" */
};

/* Writes the path of the script, which is beside slurm.conf. */
static bool script_path(char to[PATH_MAX])
{
	const char *conf = getenv("SLURM_CONF");
	int size;

	if (!conf || *conf != '/')
		conf = "/etc/slurm/slurm.conf";
	size = (int)(strrchr(conf, '/') - conf);
	return snprintf(to, PATH_MAX, "%.*s/job_submit.lua", size, conf) < PATH_MAX;
}

/* Reports a file that slurmctld waits for or that others can change. Returns whether it did. */
static bool report_wrong(struct diagnosis *rows, const char *what, const char *path,
			 const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		diagnose(rows, VERDICT_BAD, what,
			 "slurmctld may wait for it forever or not start: put a regular file there",
			 "not a file: %s", path);
	else if (st->st_mode & S_IWOTH)
		diagnose(rows, VERDICT_BAD, what, "what is in it runs inside slurmctld: chmod o-w",
			 "everybody can change %s", path);
	else
		return false;
	return true;
}

static void not_here(struct diagnosis *rows, const char *what, const char *path)
{
	diagnose(rows, VERDICT_OK, what, NULL, "not checked here: %s: %s", path, sb_errno(errno));
}

/* Takes the path out of a line such as: pcall(dofile, "/usr/share/subank/job_submit/subank.lua") */
static void take_module(char *line, char to[PATH_MAX])
{
	char *end = strstr(line, "/subank.lua"), *start;

	if (!end)
		return;
	end += strlen("/subank.lua");
	start = end;
	while (start > line && start[-1] != '"' && start[-1] != '\'')
		start--;
	if (*start == '/' && start > line && *end == start[-1])
		(void)snprintf(to, PATH_MAX, "%.*s", (int)(end - start), start);
}

/* Searches all lines but comments. */
static void search(FILE *from, struct mention *ret)
{
	char *line = NULL;
	size_t size = 0;

	*ret = (struct mention){0};
	while (getline(&line, &size, from) > 0) {
		const char *text = line + strspn(line, " \t");

		if (strncmp(text, "--", 2) == 0 || !strstr(text, "subank"))
			continue;
		ret->any = true;
		if (!*ret->module)
			take_module(line, ret->module);
	}
	free(line);
}

/* Opens a file without waiting, should it have become a pipe. Returns NULL on failure, with
 * errno. */
static FILE *open_script(const char *path)
{
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (fd >= 0 && !file)
		close(fd);
	return file;
}

static void inspect_module(struct diagnosis *rows, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0) {
		if (!report_wrong(rows, module_check, path, &st))
			diagnose(rows, VERDICT_OK, module_check, NULL, "%s", path);
	} else if (errno == ENOENT || errno == ENOTDIR) {
		diagnose(rows, VERDICT_BAD, module_check,
			 "no job is checked at its submission: correct its path in job_submit.lua",
			 "not there: %s", path);
	} else {
		not_here(rows, module_check, path);
	}
}

void doctor_submit_script(struct diagnosis *rows)
{
	struct mention mention;
	char path[PATH_MAX];
	struct stat st;
	FILE *script;

	if (rows->env->settings.submission == SUBMISSION_OFF || !script_path(path))
		return;
	if (stat(path, &st) != 0) {
		not_here(rows, check, path);
		return;
	}
	if (report_wrong(rows, check, path, &st))
		return;
	script = open_script(path);
	if (!script) {
		not_here(rows, check, path);
		return;
	}
	search(script, &mention);
	(void)fclose(script);
	diagnose(rows, VERDICT_BAD, check,
		 mention.any ? NULL
			     : "no job is checked at its submission: add the lines that "
			       "subank-submit(7) has for it",
		 mention.any ? "%s" : "subank is not in %s", path);
	if (*mention.module)
		inspect_module(rows, mention.module);
}
