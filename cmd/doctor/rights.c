/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/doctor/doctor.h"
#include "cmd/show/rights_text.h"

static const char private_data[] = "PrivateData";

/* Reports one kind of rows that is hidden, with the harm of that. */
static void report_hidden(struct diagnosis *rows, const struct rights *rights, enum verdict verdict,
			  const char *what, const char *harm)
{
	char text[RIGHTS_TEXT_SIZE], advice[RIGHTS_TEXT_SIZE + 256];

	(void)snprintf(advice, sizeof(advice), "%s (%s)",
		       rights_text(rows->env, rights, rows->where, what, text), harm);
	diagnose(rows, verdict, private_data, advice, "%s%s %s",
		 rights->unknown ? "not shown" : rights->private_data,
		 rights->unknown ? ": may hide" : ": hides", what);
}

static void report_shown(struct diagnosis *rows, const struct rights *rights)
{
	diagnose(rows, VERDICT_OK, private_data, NULL, "%s",
		 *rights->private_data ? rights->private_data
		 : rights->unknown     ? "not shown by this Slurm"
				       : "not checked: root sees everything");
}

/* Only operators, and coordinators in their accounts, may set limits. */
static void inspect_level(struct diagnosis *rows, const struct rights *rights)
{
	static const char check[] = "AdminLevel";
	struct env *env = rows->env;
	const struct caller caller = caller_of(env);
	char level[sizeof(rights->level)], advice[RIGHTS_TEXT_SIZE], text[RIGHTS_TEXT_SIZE + 128];
	struct sb_error err;

	if (rights->above) {
		diagnose(rows, VERDICT_OK, check, NULL, "%s needs none",
			 caller.uid == 0 ? "root" : caller.name);
		return;
	}
	if (rights_level(&env->slurm, &caller, level, &err)) {
		diagnose_unread(rows, check, &err);
		return;
	}
	(void)snprintf(text, sizeof(text),
		       "sacctmgr lets it set limits only in accounts that it coordinates, so other "
		       "accounts are not held: %s",
		       rights_advice(env, level, advice));
	diagnose(rows,
		 rights_operator(level)			     ? VERDICT_OK
		 : env->settings.enforcement >= ENFORCE_HOLD ? VERDICT_WARN
							     : VERDICT_INFO,
		 check, rights_operator(level) ? NULL : text, "%s: %s",
		 *caller.name ? caller.name : "a user without a name", *level ? level : "None");
}

bool doctor_rights(struct diagnosis *rows, bool by_jobs)
{
	const struct caller caller = caller_of(rows->env);
	struct rights rights;
	struct sb_error err;

	rows->where = "slurmdbd";
	if (rights_of_slurmdbd(&rows->env->slurm, &caller, &rights, &err)) {
		diagnose_unread(rows, private_data, &err);
		return true;
	}
	inspect_level(rows, &rights);
	if (rights.jobs)
		report_hidden(rows, &rights, by_jobs ? VERDICT_BAD : VERDICT_WARN, "jobs",
			      "no job is charged under `meter: jobs`, and `subank reconcile` "
			      "refuses");
	if (rights.accounts)
		report_hidden(rows, &rights, VERDICT_WARN, "accounts",
			      "their limits cannot be read, but for GrpTRESMins");
	if (!rights.jobs && !rights.accounts)
		report_shown(rows, &rights);
	return !rights.jobs;
}

void doctor_cluster_rights(struct diagnosis *rows, const struct slurm_config *config,
			   bool *ret_usage, bool *ret_jobs)
{
	const struct caller caller = caller_of(rows->env);
	struct rights rights;
	struct sb_error err;

	*ret_usage = *ret_jobs = true;
	rows->where = config->cluster;
	if (rights_of_slurmctld(&rows->env->slurm, config, &caller, &rights, &err)) {
		diagnose_unread(rows, private_data, &err);
		return;
	}
	if (rights.usage)
		report_hidden(rows, &rights, VERDICT_BAD, "use",
			      "a check leaves the cluster alone");
	if (rights.jobs)
		report_hidden(rows, &rights, VERDICT_WARN, "jobs",
			      "runaway jobs cannot be distinguished from running ones, and `subank "
			      "reconcile` refuses");
	if (!rights.usage && !rights.jobs)
		report_shown(rows, &rights);
	*ret_usage = !rights.usage;
	*ret_jobs = !rights.jobs;
}
