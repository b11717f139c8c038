/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/check/clusters.h"
#include "cmd/check/in_use.h"
#include "cmd/check/known_qos.h"
#include "cmd/check/unbanked.h"
#include "cmd/doctor/doctor.h"
#include "cmd/frame/status_line.h"
#include "slurm/sshare.h"

enum { CALC_PERIOD_MAX = 3600 }; /* seconds; above it holds come late */

struct inspection {
	struct env *env;
	struct diagnosis *diagnosis;
	struct in_use in_use;
	struct clusters clusters;
	bool *partitions; /* by the site's factors: some cluster has it */
	bool jobs_shown; /* by sacct */
	struct qos_list qos; /* none, when they could not be read */
};

/* ---- commands ---- */

/* Reports whether a command can be run, and returns that. */
static bool inspect_command(struct diagnosis *diagnosis, const char *setting, const char *program)
{
	const char *const argv[] = {program, "-V", NULL};
	struct run_result answer = {0};
	struct sb_error err;

	if (slurm_ask(&diagnosis->env->slurm, argv, &answer, &err)) {
		diagnose(diagnosis, VERDICT_BAD, setting, err.text, "cannot be run");
		return false;
	}
	diagnose(diagnosis, VERDICT_OK, setting, NULL, "%.*s (%s)",
		 (int)strcspn(answer.out, "\r\n"), answer.out, program);
	run_result_release(&answer);
	return true;
}

/* Reports rows that are left out of an answer. */
static void report_odd_rows(struct diagnosis *diagnosis, const char *program,
			    const struct odd_rows *rows)
{
	char text[ODD_ROW_TEXT_SIZE], advice[ODD_ROW_TEXT_SIZE + 160];

	if (rows->count == 0)
		return;
	(void)snprintf(advice, sizeof(advice),
		       "%s; what it stands for is charged or checked once the row can be read: "
		       "find it with %s, and correct it in Slurm",
		       odd_row_text(text, &rows->list[0]), program);
	diagnose(diagnosis, VERDICT_BAD, "rows left out", advice, "%zu of %s", rows->count,
		 program);
}

/* ---- partitions ---- */

/* Whether jobs under such weights ("CPU=1.0,Mem=0.25G") can cost parts of a billing unit. A weight
 * for each gigabyte is one: memory is counted in megabytes. */
static bool has_fractions(const char *weights)
{
	for (const char *at = strchr(weights, '='); at; at = strchr(at + 1, '=')) {
		const char *rest = at + 1 + strspn(at + 1, "0123456789");

		if (*rest == '.')
			rest += 1 + strspn(rest + 1, "0");
		if (*rest && *rest != ',')
			return true;
	}
	return false;
}

static void mark_known(const struct site_factors *factors, const char *name, bool *known)
{
	for (size_t i = 0; i < factors->count; i++)
		known[i] = known[i] || strcmp(factors->list[i].name, name) == 0;
}

static void inspect_partitions(struct inspection *inspection, const char *cluster)
{
	struct env *env = inspection->env;
	struct diagnosis *diagnosis = inspection->diagnosis;
	/* Where Slurm's own limits follow balances, what it counts must be whole. */
	enum verdict verdict = inspection->in_use.capped ? VERDICT_WARN : VERDICT_INFO;
	struct names none = {0}, fractional = {0};
	struct partitions partitions;
	struct sb_error err;

	if (scontrol_read_partitions(&env->slurm, cluster, &partitions, &err)) {
		diagnose_unread(diagnosis, "partitions", &err);
		return;
	}
	for (size_t i = 0; i < partitions.count; i++) {
		const struct partition *partition = &partitions.rows[i];

		if (!*partition->billing_weights)
			names_add(diagnosis, &none, partition->name);
		else if (has_fractions(partition->billing_weights))
			names_add(diagnosis, &fractional, partition->name);
		mark_known(&env->settings.tariff.partitions, partition->name,
			   inspection->partitions);
	}
	report_odd_rows(diagnosis, "scontrol", &partitions.odd);
	doctor_partition_holes(diagnosis, &inspection->in_use, &inspection->qos, &partitions);
	if (none.count + fractional.count == 0)
		diagnose(diagnosis, VERDICT_OK, "TRESBillingWeights", NULL,
			 "whole in all partitions: %zu", partitions.count);
	diagnose_names(diagnosis, verdict, "no TRESBillingWeights",
		       "jobs there cost one SU for an hour of a core, whatever else they take: "
		       "set TRESBillingWeights if they should not",
		       &none);
	diagnose_names(diagnosis, verdict, "fractional weights",
		       "a job's billing is cut to a whole number, so Slurm's own limit lets a "
		       "little more run than the balance: whole TRESBillingWeights, none for each "
		       "G of memory, keep it exact",
		       &fractional);
	partitions_release(&partitions);
}

/* ---- what the site charges otherwise ---- */

/* Reports factors whose QOS or partition is not [known]: mistyped, most likely. */
static void report_unknown(struct diagnosis *diagnosis, const struct site_factors *factors,
			   const bool *known, const char *check)
{
	struct names unknown = {0};

	for (size_t i = 0; i < factors->count; i++) {
		if (!known[i])
			names_add(diagnosis, &unknown, factors->list[i].name);
	}
	diagnosis->where = "the settings";
	diagnose_names(diagnosis, VERDICT_WARN, check,
		       "nothing in Slurm that answered has that name, so the factor does nothing: "
		       "is it spelt as there?",
		       &unknown);
}

static void inspect_tariff(struct diagnosis *diagnosis, const struct in_use *in_use)
{
	const struct settings *settings = &diagnosis->env->settings;
	const struct tariff *tariff = &settings->tariff;
	size_t factors = tariff->qos.count + tariff->partitions.count;
	const char *advice = NULL;

	diagnosis->where = "the settings";
	if (in_use->rawusage)
		advice = "accounts metered by rawusage are charged all the same, for RawUsage "
			 "counts each job whatever became of it: set `meter: jobs`, or give a QOS "
			 "a UsageFactor in Slurm";
	else if (in_use->capped && factors > 0)
		advice = "Slurm's own limit knows nothing of these factors: it may let more or "
			 "less run than the balance";
	if (tariff->free_count + factors > 0)
		diagnose(diagnosis, VERDICT_WARN, "free_states, factors", advice,
			 "%zu states, %zu factors", tariff->free_count, factors);
	if (settings->committed && in_use->rawusage)
		diagnose(diagnosis, VERDICT_WARN, "hold_on",
			 "what jobs are committed to is known under `meter: jobs` alone: accounts "
			 "metered by rawusage are held by what was used",
			 "committed");
}

/* ---- QOS ---- */

/* "1.000000" and the like. */
static bool is_one(const char *factor)
{
	return factor[0] == '1' && (factor[1] == '\0' || factor[1] == '.') &&
	       factor[1 + strspn(factor + 1, ".0")] == '\0';
}

/* Reports QOS that are gone from Slurm while their jobs may still be charged. */
static void report_gone_qos(const struct inspection *inspection)
{
	struct diagnosis *diagnosis = inspection->diagnosis;
	struct factor_list kept = {0};
	struct names assumed = {0}, remembered = {0};
	struct sb_error err;

	if (known_qos_kept(inspection->env, &kept, &err)) {
		diagnosis->where = "the bank";
		diagnose_unread(diagnosis, "UsageFactor", &err);
		return;
	}
	for (size_t i = 0; i < kept.count; i++) {
		const struct kept_factor *factor = &kept.list[i];

		if (doctor_find_qos(&inspection->qos, factor->name))
			continue;
		if (factor->factor < 0)
			names_add(diagnosis, &assumed, factor->name);
		else if (factor->factor != FACTOR_ONE)
			names_add(diagnosis, &remembered, factor->name);
	}
	diagnosis->where = "gone from Slurm";
	diagnose_names(diagnosis, VERDICT_WARN, "UsageFactor of a QOS",
		       "their jobs are charged with factor 1, because the bank never read another "
		       "one: if there was one, set it under `factors` in the settings, and correct "
		       "what was charged wrongly",
		       &assumed);
	diagnose_names(diagnosis, VERDICT_INFO, "UsageFactor of a QOS",
		       "their jobs are charged with the factor that the bank read last",
		       &remembered);
	factor_list_release(&kept);
}

static void inspect_qos(const struct inspection *inspection)
{
	const struct site_factors *factors = &inspection->env->settings.tariff.qos;
	const struct qos_list *list = &inspection->qos;
	struct diagnosis *diagnosis = inspection->diagnosis;
	bool *known = calloc(factors->count + 1, sizeof(*known));

	if (!known) {
		diagnosis->failed = true;
		return;
	}
	doctor_holes(diagnosis, &inspection->in_use, list);
	for (size_t i = 0; i < list->count; i++) {
		const struct qos *qos = &list->rows[i];

		diagnosis->where = qos->name;
		if (!is_one(qos->usage_factor))
			diagnose(diagnosis, inspection->in_use.capped ? VERDICT_WARN : VERDICT_INFO,
				 "UsageFactor",
				 "its jobs are charged by this factor, while Slurm's own limit "
				 "plans for 1: it may let more run than the balance",
				 "%s", qos->usage_factor);
		mark_known(factors, qos->name, known);
	}
	report_unknown(diagnosis, factors, known, "factor of a QOS");
	report_gone_qos(inspection);
	diagnosis->where = "QOS";
	report_odd_rows(diagnosis, "sacctmgr", &list->odd);
	free(known);
}

/* ---- clusters ---- */

/* Reports levers of a TRES that Slurm does not know: such a limit cannot be set. */
static void inspect_tres(struct diagnosis *diagnosis, const struct in_use *in_use,
			 const struct slurm_config *config)
{
	for (size_t i = 0; i < in_use->count; i++) {
		const struct lever_choice *lever = &in_use->levers[i];
		char name[LEVER_NAME_SIZE], advice[sizeof(config->tres) + 256];

		if (!*lever->tres || config_counts_tres(config, lever->tres))
			continue;
		(void)snprintf(advice, sizeof(advice),
			       "nobody can be held by it: Slurm counts %s (AccountingStorageTRES). "
			       "Name one of these as `lever` in the settings or with `subank terms "
			       "ACCOUNT --lever`; GPUs are gres/gpu",
			       config->tres);
		diagnose(diagnosis, VERDICT_BAD, "lever's TRES", advice, "%s: no such TRES",
			 lever_name(name, lever->field, lever->tres));
	}
}

static void inspect_config(struct diagnosis *diagnosis, const struct in_use *in_use,
			   const struct slurm_config *config)
{
	bool rare = config->calc_period > CALC_PERIOD_MAX;
	struct fitness list[FITNESS_COUNT];

	diagnosis->where = config->cluster;
	fitness_judge(config, in_use->kills, in_use->rawusage, list);
	for (size_t i = 0; i < FITNESS_COUNT; i++)
		diagnose(diagnosis, list[i].verdict, list[i].what, list[i].advice, "%s",
			 list[i].found);
	inspect_tres(diagnosis, in_use, config);
	if (config->calc_period > 0)
		diagnose(diagnosis, rare ? VERDICT_WARN : VERDICT_INFO, "PriorityCalcPeriod",
			 rare ? "usage is counted so rarely that holds come late: make it shorter"
			      : NULL,
			 "%d seconds", config->calc_period);
}

static void inspect_cluster(struct inspection *inspection, size_t at)
{
	struct env *env = inspection->env;
	struct diagnosis *diagnosis = inspection->diagnosis;
	struct clusters *clusters = &inspection->clusters;
	const char *cluster = clusters->names[at];
	struct slurm_config config;
	struct sb_error err;
	bool usage_shown, jobs_shown;

	stage(env, "asks %s", cluster);
	diagnosis->where = cluster;
	if (clusters_read_config(env, clusters, at, &config, &err)) {
		diagnose(diagnosis, VERDICT_BAD, "cluster", err.text, "does not answer");
		return;
	}
	inspect_config(diagnosis, &inspection->in_use, &config);
	diagnosis->where = cluster;
	inspect_partitions(inspection, cluster);
	doctor_cluster_rights(diagnosis, &config, &usage_shown, &jobs_shown);
	if (!usage_shown)
		return;
	diagnosis->where = cluster;
	if (clusters_read_use(env, clusters, at, &err)) {
		diagnose_unread(diagnosis, "usage", &err);
		return;
	}
	diagnose(diagnosis, VERDICT_OK, "usage", NULL, "of %zu accounts", clusters->list[at].count);
	report_odd_rows(diagnosis, "sshare", &clusters->answers[at].shares.odd);
	/* Hidden jobs would count as runaway. */
	if (jobs_shown && inspection->jobs_shown)
		doctor_jobs(diagnosis, cluster);
}

/* ---- accounts ---- */

/* What the books have of accounts; copied, since no transaction is open while rows are added. */
struct banked {
	const struct inspection *inspection;
	struct unbanked unbanked;
	struct names open;
	struct names *shut; /* by cluster: open accounts with a limit of 0 that is not the bank's */
};

static void release_banked(struct banked *banked)
{
	unbanked_release(&banked->unbanked);
	names_release(&banked->open);
	for (size_t i = 0; i < banked->inspection->clusters.count; i++)
		names_release(&banked->shut[i]);
}

/* Whether Slurm has a limit of 0 on the account that the books do not know, such as one that held
 * it before there was a bank. Inspects only what sshare shows. */
static bool is_shut(const struct observation *cluster, const struct account *account)
{
	const struct observed *row = observation_find(cluster, account->name);

	for (size_t i = 0; row && i < row->limit_count; i++) {
		if (row->limits[i].value == 0 &&
		    !account_lever(account, cluster->cluster, LIMIT_SHOWN, row->limits[i].tres))
			return true;
	}
	return false;
}

static int read_banked(struct books *books, void *ctx, struct sb_error *err)
{
	struct banked *banked = ctx;
	const struct inspection *inspection = banked->inspection;
	const struct clusters *clusters = &inspection->clusters;
	size_t count;

	release_banked(banked);
	TRY(unbanked_find(books, &inspection->env->settings, clusters->list, clusters->count,
			  &banked->unbanked, err));
	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < count; i++) {
		const struct account *account = books_at(books, i);

		if (!account->open)
			continue;
		names_add(inspection->diagnosis, &banked->open, account->name);
		for (size_t at = 0; at < clusters->count; at++) {
			if (is_shut(&clusters->list[at], account))
				names_add(inspection->diagnosis, &banked->shut[at], account->name);
		}
	}
	return SB_OK;
}

/* Whether a cluster shows the account, or might: it did not answer. */
static bool shown_somewhere(const struct clusters *clusters, const char *account)
{
	for (size_t i = 0; i < clusters->count; i++) {
		if (!clusters->list[i].answered || observation_find(&clusters->list[i], account))
			return true;
	}
	return false;
}

/* Collects the open accounts that [cluster] does not show although another does; with NULL, those
 * that no cluster shows. */
static struct names find_absent(const struct banked *banked, const struct observation *cluster)
{
	const struct inspection *inspection = banked->inspection;
	struct names absent = {0};

	for (size_t i = 0; i < banked->open.count; i++) {
		const char *name = banked->open.list[i];
		bool somewhere = shown_somewhere(&inspection->clusters, name);

		if (cluster ? somewhere && !observation_find(cluster, name) : !somewhere)
			names_add(inspection->diagnosis, &absent, name);
	}
	return absent;
}

/* Reports names that no bank can have. */
static void report_odd_names(struct diagnosis *diagnosis, const struct observation *cluster)
{
	struct names odd = {0};

	for (size_t i = 0; i < cluster->count; i++) {
		/* Without a parent it is a part of another name. */
		if (cluster->rows[i].parent && !name_ok(cluster->rows[i].account))
			names_add(diagnosis, &odd, cluster->rows[i].account);
	}
	diagnose_names(diagnosis, VERDICT_INFO, "names no bank can have",
		       "their use counts for the accounts above them", &odd);
}

static void report_accounts(struct banked *banked)
{
	const struct clusters *clusters = &banked->inspection->clusters;
	struct diagnosis *diagnosis = banked->inspection->diagnosis;
	struct names absent, unbanked = {0}, odd = {0};

	for (size_t i = 0; i < banked->unbanked.count; i++)
		names_add(diagnosis, &unbanked, banked->unbanked.names[i]);
	for (size_t i = 0; i < banked->unbanked.odd_count; i++)
		names_add(diagnosis, &odd, banked->unbanked.odd[i]);
	diagnosis->where = "Slurm";
	diagnose_names(diagnosis, VERDICT_INFO, "used, not in the bank",
		       "subank open, or leave them out with `accounts:` in the settings",
		       &unbanked);
	diagnose_names(diagnosis, VERDICT_INFO, "used, no bank can have it",
		       "names in the bank are made of a-z, 0-9 and _ . - @ % /: nothing is "
		       "charged for these unless the bank has an account above them",
		       &odd);
	for (size_t i = 0; i < clusters->count; i++) {
		if (!clusters->list[i].answered)
			continue;
		diagnosis->where = clusters->names[i];
		report_odd_names(diagnosis, &clusters->list[i]);
		absent = find_absent(banked, &clusters->list[i]);
		diagnose_names(diagnosis, VERDICT_INFO, "not on this cluster", NULL, &absent);
		diagnose_names(diagnosis, VERDICT_WARN, "held, not by the bank",
			       "a limit of 0 keeps their jobs from starting whatever they have: "
			       "`subank adopt --bank-holds` lets the bank release them, or clear "
			       "it with sacctmgr",
			       &banked->shut[i]);
	}
	diagnosis->where = "the bank";
	absent = find_absent(banked, NULL);
	diagnose_names(diagnosis, VERDICT_WARN, "on no cluster",
		       "nothing is charged to them: are the names right? `subank close` ends one",
		       &absent);
}

static void inspect_accounts(const struct inspection *inspection)
{
	struct env *env = inspection->env;
	struct banked banked = {.inspection = inspection,
				.shut = calloc(inspection->clusters.count, sizeof(*banked.shut))};
	struct sb_error err;

	if (!banked.shut) {
		inspection->diagnosis->failed = true;
		return;
	}
	if (bank_read(env->bank, env->os.now(), read_banked, &banked, &err)) {
		inspection->diagnosis->where = "the bank";
		diagnose(inspection->diagnosis, VERDICT_BAD, "accounts", err.text, "not compared");
	} else {
		report_accounts(&banked);
	}
	release_banked(&banked);
	free(banked.shut);
}

/* ---- the whole ---- */

static void inspect_clusters(struct inspection *inspection, bool sacctmgr)
{
	const struct site_factors *partitions = &inspection->env->settings.tariff.partitions;
	struct diagnosis *diagnosis = inspection->diagnosis;
	struct clusters *clusters = &inspection->clusters;
	struct sb_error err;

	if (clusters_name(inspection->env, clusters, &err)) {
		diagnosis->where = "the local one";
		diagnose(diagnosis, VERDICT_BAD, "cluster", err.text,
			 clusters->silent ? "does not answer" : "cannot be named");
		return;
	}
	inspection->jobs_shown = !sacctmgr || doctor_rights(diagnosis, inspection->in_use.jobs);
	for (size_t i = 0; i < clusters->count; i++)
		inspect_cluster(inspection, i);
	report_unknown(diagnosis, partitions, inspection->partitions, "factor of a partition");
	if (inspection->env->bank && !diagnosis->failed)
		inspect_accounts(inspection);
}

void doctor_slurm(struct diagnosis *diagnosis)
{
	struct env *env = diagnosis->env;
	const struct slurm *slurm = &env->slurm;
	size_t factors = env->settings.tariff.partitions.count;
	struct inspection inspection = {
		.env = env,
		.diagnosis = diagnosis,
		.partitions = calloc(factors + 1, sizeof(*inspection.partitions))};
	struct sb_error qos_err, err;
	bool sshare, sacctmgr, scontrol, qos;

	diagnosis->where = "this machine";
	sshare = inspect_command(diagnosis, "sshare", slurm->sshare);
	sacctmgr = inspect_command(diagnosis, "sacctmgr", slurm->sacctmgr);
	scontrol = inspect_command(diagnosis, "scontrol", slurm->scontrol);
	(void)inspect_command(diagnosis, "sacct", slurm->sacct);
	(void)inspect_command(diagnosis, "squeue", slurm->squeue);
	qos = sacctmgr && sacctmgr_read_qos(slurm, &inspection.qos, &qos_err) == SB_OK;
	if (!inspection.partitions) {
		diagnosis->failed = true;
	} else if (in_use_find(env, &inspection.in_use, &err)) {
		diagnosis->where = "the bank";
		diagnose_unread(diagnosis, "accounts", &err);
	} else if (!scontrol || !sshare) {
		diagnosis->where = "Slurm";
		diagnose(diagnosis, VERDICT_BAD, "clusters",
			 "get Slurm's commands to work, then run doctor again", "not looked at");
	} else {
		inspect_clusters(&inspection, sacctmgr);
	}
	inspect_tariff(diagnosis, &inspection.in_use);
	if (qos && inspection.in_use.count > 0) {
		inspect_qos(&inspection);
	} else if (sacctmgr && !qos) {
		diagnosis->where = "slurmdbd";
		diagnose_unread(diagnosis, "QOS", &qos_err);
	}
	qos_list_release(&inspection.qos);
	in_use_release(&inspection.in_use);
	clusters_release(&inspection.clusters);
	free(inspection.partitions);
}
