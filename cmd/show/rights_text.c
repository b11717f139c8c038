/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/rights_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "cmd/frame/this_machine.h"

struct caller caller_of(struct env *env)
{
	const struct author *author = &env->os.here()->author;

	return (struct caller){.uid = author->uid, .name = author->user};
}

const char *rights_advice(struct env *env, const char *level, char to[RIGHTS_TEXT_SIZE])
{
	const char *name = caller_of(env).name;

	/* A user that slurmdbd does not know has no level, and needs an association. */
	(void)snprintf(to, RIGHTS_TEXT_SIZE,
		       *level ? "sacctmgr modify user %s set AdminLevel=Operator"
			      : "sacctmgr add user %s account=root AdminLevel=Operator",
		       *name ? name : "NAME");
	return to;
}

const char *rights_text(struct env *env, const struct rights *rights, const char *where,
			const char *what, char to[RIGHTS_TEXT_SIZE])
{
	const struct caller caller = caller_of(env);
	const char *level = *rights->level ? rights->level : "None";
	char name[300], advice[RIGHTS_TEXT_SIZE];

	if (*caller.name)
		(void)snprintf(name, sizeof(name), "user %s", caller.name);
	else
		(void)snprintf(name, sizeof(name), "uid %" PRIu32, caller.uid);
	rights_advice(env, rights->level, advice);
	if (rights->unknown)
		(void)snprintf(
			to, RIGHTS_TEXT_SIZE,
			"this Slurm does not show the PrivateData of %s, which may hide %s of "
			"others from %.255s, whose AdminLevel is %s: %.512s",
			where, what, name, level, advice);
	else
		(void)snprintf(
			to, RIGHTS_TEXT_SIZE,
			"PrivateData=%s on %s hides %s of others from %.255s, whose AdminLevel is "
			"%s: %.512s",
			rights->private_data, where, what, name, level, advice);
	return to;
}

static int hidden(struct env *env, const struct rights *rights, const char *where, const char *what,
		  struct sb_error *err)
{
	char text[RIGHTS_TEXT_SIZE];

	return sb_error_set(err, SB_EFAILED, "%s", rights_text(env, rights, where, what, text));
}

int rights_check_sacct(struct env *env, struct sb_error *err)
{
	const struct caller caller = caller_of(env);
	struct rights rights;

	TRY(rights_of_slurmdbd(&env->slurm, &caller, &rights, err));
	return rights.jobs ? hidden(env, &rights, "slurmdbd", "jobs", err) : SB_OK;
}

int rights_check_assocs(struct env *env, struct sb_error *err)
{
	const struct caller caller = caller_of(env);
	struct rights rights;

	TRY(rights_of_slurmdbd(&env->slurm, &caller, &rights, err));
	return rights.accounts ? hidden(env, &rights, "slurmdbd", "associations", err) : SB_OK;
}

int rights_check_squeue(struct env *env, const struct slurm_config *config, struct sb_error *err)
{
	const struct caller caller = caller_of(env);
	struct rights rights;

	TRY(rights_of_slurmctld(&env->slurm, config, &caller, &rights, err));
	return rights.jobs ? hidden(env, &rights, config->cluster, "jobs", err) : SB_OK;
}

int rights_check_sshare(struct env *env, const struct slurm_config *config, struct sb_error *err)
{
	const struct caller caller = caller_of(env);
	struct rights rights;

	TRY(rights_of_slurmctld(&env->slurm, config, &caller, &rights, err));
	return rights.usage ? hidden(env, &rights, config->cluster, "use", err) : SB_OK;
}
