/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "slurm/rights.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "slurm/assoc.h"

int rights_level(const struct slurm *slurm, const struct caller *caller,
		 char level[sizeof(((struct rights *)0)->level)], struct sb_error *err)
{
	const size_t size = sizeof(((struct rights *)0)->level);
	char where[sizeof("name=") + 255];
	const char *const argv[] = {slurm->sacctmgr,	 "-n", "-P", "show", "user", "where", where,
				    "format=AdminLevel", NULL};
	struct run_result answer = {0};
	size_t len;
	int code;

	level[0] = '\0';
	/* Without a name all users would be meant. */
	if (!*caller->name)
		return SB_OK;
	code = slurm_check_user(caller->name, err);
	if (code != SB_OK)
		return code;
	(void)snprintf(where, sizeof(where), "name=%s", caller->name);
	code = slurm_ask(slurm, argv, &answer, err);
	if (code != SB_OK)
		return code;
	len = strcspn(answer.out, "|\r\n");
	if (len >= size || answer.out[len + (answer.out[len] != '\0')] != '\0')
		code = sb_error_set(err, SB_EFORMAT,
				    "sacctmgr: \"%.100s\" is no AdminLevel: see sacctmgr show user "
				    "%s",
				    answer.out, caller->name);
	else
		(void)snprintf(level, size, "%.*s", (int)len, answer.out);
	run_result_release(&answer);
	return code;
}

bool rights_operator(const char *level)
{
	return strcasecmp(level, "Operator") == 0 || strcasecmp(level, "Administrator") == 0;
}

/* Fills in what is hidden from the caller, by PrivateData as it was read. */
static int judge(const struct slurm *slurm, const struct caller *caller, uint32_t slurm_user,
		 struct rights *rights, struct sb_error *err)
{
	const char *list = rights->private_data;
	bool all = rights->unknown;
	struct rights hidden = {.jobs = all || list_has(list, "jobs"),
				.usage = all || list_has(list, "usage"),
				.accounts = all || list_has(list, "accounts") ||
					    list_has(list, "users")};
	int code;

	rights->above = caller->uid == 0 || caller->uid == slurm_user;
	if (rights->above || !(hidden.jobs || hidden.usage || hidden.accounts))
		return SB_OK;
	code = rights_level(slurm, caller, rights->level, err);
	if (code == SB_OK && !rights_operator(rights->level)) {
		rights->jobs = hidden.jobs;
		rights->usage = hidden.usage;
		rights->accounts = hidden.accounts;
	}
	return code;
}

/* Whether the PrivateData that stands in slurmdbd's section is its own. */
static bool tells_private_data(const char *section)
{
	char version[64];

	return !config_value(section, "SLURMDBD_VERSION", version, sizeof(version)) ||
	       strncmp(version, "22.", 3) == 0 || strncmp(version, "23.", 3) == 0 ||
	       strncmp(version, "24.", 3) == 0;
}

int rights_of_slurmdbd(const struct slurm *slurm, const struct caller *caller, struct rights *ret,
		       struct sb_error *err)
{
	const char *const argv[] = {slurm->sacctmgr, "show", "config", NULL};
	static const char section[] = "\nSlurmDBD configuration:";
	struct rights rights = {.above = caller->uid == 0};
	struct run_result answer = {0};
	uint32_t user = UINT32_MAX;
	const char *own;
	int code;

	if (rights.above) {
		*ret = rights;
		return SB_OK;
	}
	code = slurm_ask(slurm, argv, &answer, err);
	if (code != SB_OK)
		return code;
	/* What stands before is of slurm.conf. */
	own = strstr(answer.out, section);
	if (!own ||
	    !config_value(own, "PrivateData", rights.private_data, sizeof(rights.private_data)))
		code = sb_error_set(
			err, SB_EFORMAT,
			"sacctmgr: PrivateData of slurmdbd is missing in its answer: see "
			"sacctmgr show config");
	else
		(void)config_uid(own, "SlurmUser", &user);
	if (code == SB_OK && !tells_private_data(own)) {
		rights.private_data[0] = '\0';
		rights.unknown = true;
	}
	run_result_release(&answer);
	if (code == SB_OK)
		code = judge(slurm, caller, user, &rights, err);
	if (code == SB_OK)
		*ret = rights;
	return code;
}

int rights_of_slurmctld(const struct slurm *slurm, const struct slurm_config *config,
			const struct caller *caller, struct rights *ret, struct sb_error *err)
{
	struct rights rights = {0};
	int code;

	memcpy(rights.private_data, config->private_data, sizeof(rights.private_data));
	code = judge(slurm, caller, config->slurm_user, &rights, err);
	if (code == SB_OK)
		*ret = rights;
	return code;
}
