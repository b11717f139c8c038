/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/rights.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "slurm/assoc.h"
#include "slurm/error.h"

int rights_level(const struct slurm *slurm, const struct caller *caller,
		 char level[RIGHTS_LEVEL_SIZE], struct sb_error *err)
{
	char where[sizeof("name=") + 255];
	const char *const argv[] = {slurm->sacctmgr,	 "-n", "-P", "show", "user", "where", where,
				    "format=AdminLevel", NULL};
	struct run_result answer = {0};
	size_t len;
	int code = SB_OK;

	level[0] = '\0';
	/* An empty name would mean all users. */
	if (!*caller->name)
		return SB_OK;
	TRY(slurm_check_user(caller->name, err));
	(void)snprintf(where, sizeof(where), "name=%s", caller->name);
	TRY(slurm_ask(slurm, argv, &answer, err));
	len = strcspn(answer.out, "|\r\n");
	if (len >= RIGHTS_LEVEL_SIZE || answer.out[len + (answer.out[len] != '\0')] != '\0')
		code = slurm_error(err, SB_EFORMAT,
				   "sacctmgr: \"%.100s\" is not the AdminLevel of user %s",
				   answer.out, caller->name);
	else
		(void)snprintf(level, RIGHTS_LEVEL_SIZE, "%.*s", (int)len, answer.out);
	run_result_release(&answer);
	return code;
}

bool rights_operator(const char *level)
{
	return strcasecmp(level, "Operator") == 0 || strcasecmp(level, "Administrator") == 0;
}

/* Completes [rights] by its PrivateData. */
static int find_hidden(const struct slurm *slurm, const struct caller *caller, uint32_t slurm_user,
		       struct rights *rights, struct sb_error *err)
{
	const char *list = rights->private_data;
	bool all = rights->unknown, jobs = all || list_has(list, "jobs");
	bool usage = all || list_has(list, "usage");
	bool accounts = all || list_has(list, "accounts") || list_has(list, "users");

	rights->above = caller->uid == 0 || caller->uid == slurm_user;
	if (rights->above || !(jobs || usage || accounts))
		return SB_OK;
	TRY(rights_level(slurm, caller, rights->level, err));
	if (!rights_operator(rights->level)) {
		rights->jobs = jobs;
		rights->usage = usage;
		rights->accounts = accounts;
	}
	return SB_OK;
}

/* Whether the PrivateData in slurmdbd's section is slurmdbd's own. */
static bool shows_private_data(const char *section)
{
	char version[64];

	return !config_value(section, "SLURMDBD_VERSION", version, sizeof(version)) ||
	       strncmp(version, "22.", 3) == 0 || strncmp(version, "23.", 3) == 0 ||
	       strncmp(version, "24.", 3) == 0;
}

static int read_private_data(const char *answer, struct rights *rights, uint32_t *slurm_user,
			     struct sb_error *err)
{
	/* Lines before the section are from slurm.conf. */
	const char *section = strstr(answer, "\nSlurmDBD configuration:");

	if (!section || !config_value(section, "PrivateData", rights->private_data,
				      sizeof(rights->private_data)))
		return slurm_error(err, SB_EFORMAT,
				   "sacctmgr: PrivateData of slurmdbd is missing in its answer: "
				   "run sacctmgr show config");
	(void)config_uid(section, "SlurmUser", slurm_user);
	rights->unknown = !shows_private_data(section);
	if (rights->unknown)
		rights->private_data[0] = '\0';
	return SB_OK;
}

int rights_of_slurmdbd(const struct slurm *slurm, const struct caller *caller, struct rights *ret,
		       struct sb_error *err)
{
	const char *const argv[] = {slurm->sacctmgr, "show", "config", NULL};
	struct rights rights = {.above = caller->uid == 0};
	struct run_result answer = {0};
	uint32_t slurm_user = UINT32_MAX;
	int code;

	if (!rights.above) {
		TRY(slurm_ask(slurm, argv, &answer, err));
		code = read_private_data(answer.out, &rights, &slurm_user, err);
		run_result_release(&answer);
		TRY(code);
		TRY(find_hidden(slurm, caller, slurm_user, &rights, err));
	}
	*ret = rights;
	return SB_OK;
}

int rights_of_slurmctld(const struct slurm *slurm, const struct slurm_config *config,
			const struct caller *caller, struct rights *ret, struct sb_error *err)
{
	struct rights rights = {0};

	memcpy(rights.private_data, config->private_data, sizeof(rights.private_data));
	TRY(find_hidden(slurm, caller, config->slurm_user, &rights, err));
	*ret = rights;
	return SB_OK;
}
