/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/doctor/doctor.h"
#include "cmd/show/rights_text.h"

static const char private_data[] = "PrivateData";

/* Says what is hidden of one kind of rows. */
static void tell_hidden(struct env *env, const struct rights *rights, const char *where,
			enum verdict verdict, const char *what, const char *harm,
			struct diagnosis *diagnosis)
{
	char text[RIGHTS_TEXT_SIZE], advice[RIGHTS_TEXT_SIZE + 256];

	(void)snprintf(advice, sizeof(advice), "%s (%s)",
		       rights_text(env, rights, where, what, text), harm);
	if (rights->unknown)
		diagnose(diagnosis, verdict, private_data, where, advice, "not shown: may hide %s",
			 what);
	else
		diagnose(diagnosis, verdict, private_data, where, advice, "%s: hides %s",
			 rights->private_data, what);
}

static void tell_shown(const struct rights *rights, const char *where, struct diagnosis *diagnosis)
{
	diagnose(diagnosis, VERDICT_OK, private_data, where, NULL, "%s",
		 *rights->private_data ? rights->private_data
		 : rights->unknown     ? "not shown by this Slurm"
				       : "not checked: root sees everything");
}

/* Only operators, and coordinators in their accounts, may set limits. */
static void look_at_level(struct env *env, const struct rights *rights, struct diagnosis *diagnosis)
{
	static const char check[] = "AdminLevel";
	const struct caller caller = caller_of(env);
	char level[sizeof(rights->level)], advice[RIGHTS_TEXT_SIZE], text[RIGHTS_TEXT_SIZE + 128];
	struct sb_error err;

	if (rights->above) {
		diagnose(diagnosis, VERDICT_OK, check, "slurmdbd", NULL, "%s needs none",
			 caller.uid == 0 ? "root" : caller.name);
		return;
	}
	if (rights_level(&env->slurm, &caller, level, &err)) {
		diagnose(diagnosis, VERDICT_BAD, check, "slurmdbd", err.text, "not read");
		return;
	}
	(void)snprintf(text, sizeof(text),
		       "sacctmgr lets it set limits only in accounts that it coordinates, so other "
		       "accounts are not held: %s",
		       rights_advice(env, level, advice));
	diagnose(diagnosis,
		 rights_operator(level)			     ? VERDICT_OK
		 : env->settings.enforcement >= ENFORCE_HOLD ? VERDICT_WARN
							     : VERDICT_INFO,
		 check, "slurmdbd", rights_operator(level) ? NULL : text, "%s: %s",
		 *caller.name ? caller.name : "a user without a name", *level ? level : "None");
}

bool doctor_rights(struct env *env, bool by_jobs, struct diagnosis *diagnosis)
{
	const struct caller caller = caller_of(env);
	struct rights rights;
	struct sb_error err;

	if (rights_of_slurmdbd(&env->slurm, &caller, &rights, &err)) {
		diagnose(diagnosis, VERDICT_BAD, private_data, "slurmdbd", err.text, "not read");
		return true;
	}
	look_at_level(env, &rights, diagnosis);
	if (rights.jobs)
		tell_hidden(env, &rights, "slurmdbd", by_jobs ? VERDICT_BAD : VERDICT_WARN, "jobs",
			    "no job is charged under `meter: jobs`, and `subank reconcile` refuses",
			    diagnosis);
	if (rights.accounts)
		tell_hidden(env, &rights, "slurmdbd", VERDICT_WARN, "accounts",
			    "their limits cannot be read, but for GrpTRESMins", diagnosis);
	if (!rights.jobs && !rights.accounts)
		tell_shown(&rights, "slurmdbd", diagnosis);
	return !rights.jobs;
}

void doctor_cluster_rights(struct env *env, const struct slurm_config *config, bool *ret_usage,
			   bool *ret_jobs, struct diagnosis *diagnosis)
{
	const struct caller caller = caller_of(env);
	struct rights rights;
	struct sb_error err;

	*ret_usage = *ret_jobs = true;
	if (rights_of_slurmctld(&env->slurm, config, &caller, &rights, &err)) {
		diagnose(diagnosis, VERDICT_BAD, private_data, config->cluster, err.text,
			 "not read");
		return;
	}
	if (rights.usage)
		tell_hidden(env, &rights, config->cluster, VERDICT_BAD, "use",
			    "a check leaves the cluster alone", diagnosis);
	if (rights.jobs)
		tell_hidden(env, &rights, config->cluster, VERDICT_WARN, "jobs",
			    "runaway jobs cannot be told from running ones, and `subank reconcile` "
			    "refuses",
			    diagnosis);
	if (!rights.usage && !rights.jobs)
		tell_shown(&rights, config->cluster, diagnosis);
	*ret_usage = !rights.usage;
	*ret_jobs = !rights.jobs;
}
