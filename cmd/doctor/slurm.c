/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "cmd/check/clusters.h"
#include "cmd/check/in_use.h"
#include "cmd/check/known_qos.h"
#include "cmd/check/unbanked.h"
#include "cmd/doctor/doctor.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/status_line.h"
#include "slurm/sshare.h"

enum { CALC_PERIOD_MAX = 3600 }; /* seconds; above it holds come late */

struct scan {
	struct env *env;
	struct diagnosis *rows;
	struct in_use in_use;
	struct scavenging scavenging;
	struct clusters clusters;
	bool *partitions; /* by the site's factors: some cluster has it */
	bool *counted; /* one for each resource of purses: whether any cluster counts it */
	size_t answered; /* clusters */
	bool jobs_shown; /* by sacct */
	struct qos_list qos; /* none, when they could not be read */
};

/* ---- commands ---- */

/* Reports whether a command can be run, and returns that. */
static bool inspect_command(struct diagnosis *rows, const char *setting, const char *program)
{
	const char *const argv[] = {program, "-V", NULL};
	struct run_result answer = {0};
	struct sb_error err;

	if (slurm_ask(&rows->env->slurm, argv, &answer, &err)) {
		diagnose(rows, VERDICT_BAD, setting, err.text, "cannot be run");
		return false;
	}
	diagnose(rows, VERDICT_OK, setting, NULL, "%.*s (%s)", (int)strcspn(answer.out, "\r\n"),
		 answer.out, program);
	run_result_release(&answer);
	return true;
}

/* Reports rows that are left out of an answer. */
static void report_odd_rows(struct diagnosis *rows, const char *program, const struct odd_rows *odd)
{
	char text[ODD_ROW_TEXT_SIZE], advice[ODD_ROW_TEXT_SIZE + 160];

	if (odd->count == 0)
		return;
	(void)snprintf(advice, sizeof(advice),
		       "%s; what it is about is charged or checked once the row can be read: "
		       "find it with %s, and correct it in Slurm",
		       odd_row_text(text, &odd->list[0]), program);
	diagnose(rows, VERDICT_BAD, "rows left out", advice, "%zu of %s", odd->count, program);
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

static void inspect_partitions(struct scan *scan, const char *cluster)
{
	struct env *env = scan->env;
	struct diagnosis *rows = scan->rows;
	/* Where Slurm's own limits follow balances, what it counts must be whole. */
	enum verdict verdict = scan->in_use.capped ? VERDICT_WARN : VERDICT_INFO;
	struct names none = {0}, fractional = {0};
	struct partitions partitions;
	struct sb_error err;

	if (scontrol_read_partitions(&env->slurm, cluster, &partitions, &err)) {
		diagnose_unread(rows, "partitions", &err);
		return;
	}
	for (size_t i = 0; i < partitions.count; i++) {
		const struct partition *partition = &partitions.rows[i];

		if (!*partition->billing_weights)
			names_add(rows, &none, partition->name);
		else if (has_fractions(partition->billing_weights))
			names_add(rows, &fractional, partition->name);
		mark_known(&env->settings.tariff.partitions, partition->name, scan->partitions);
	}
	report_odd_rows(rows, "scontrol", &partitions.odd);
	doctor_partition_holes(rows, &scan->in_use, &scan->qos, &partitions);
	doctor_scavenger_partitions(rows, &scan->scavenging, &scan->qos, &partitions);
	if (none.count + fractional.count == 0)
		diagnose(rows, VERDICT_OK, "TRESBillingWeights", NULL,
			 "whole in all partitions: %zu", partitions.count);
	diagnose_names(rows, verdict, "no TRESBillingWeights",
		       "jobs there cost one SU for an hour of a core, whatever else they take: "
		       "set TRESBillingWeights if they should not",
		       &none);
	diagnose_names(rows, verdict, "fractional weights",
		       "a job's billing is cut to a whole number, so Slurm's own limit lets a "
		       "little more run than the balance: whole TRESBillingWeights, none for each "
		       "G of memory, keep it exact",
		       &fractional);
	partitions_release(&partitions);
}

/* ---- what the site charges otherwise ---- */

/* Reports factors whose QOS or partition is not [known]: mistyped, most likely. */
static void report_unknown(struct diagnosis *rows, const struct site_factors *factors,
			   const bool *known, const char *check)
{
	struct names unknown = {0};

	for (size_t i = 0; i < factors->count; i++) {
		if (!known[i])
			names_add(rows, &unknown, factors->list[i].name);
	}
	rows->where = "the settings";
	diagnose_names(rows, VERDICT_WARN, check,
		       "nothing in Slurm that answered has that name, so the factor does nothing: "
		       "is it spelt as there?",
		       &unknown);
}

static void inspect_tariff(struct diagnosis *rows, const struct in_use *in_use)
{
	const struct settings *settings = &rows->env->settings;
	const struct tariff *tariff = &settings->tariff;
	size_t factors = tariff->qos.count + tariff->partitions.count + tariff->reservations.count;
	const char *advice = NULL;
	char least[QUANTITY_SIZE];

	rows->where = "the settings";
	if (in_use->rawusage)
		advice = "accounts metered by rawusage are charged all the same, for RawUsage "
			 "counts each job whatever became of it: set `meter: jobs`, or give a QOS "
			 "a UsageFactor in Slurm";
	else if (in_use->capped && factors > 0)
		advice = "Slurm's own limit knows nothing of these factors: it may let more or "
			 "less run than the balance";
	if (tariff->free_count + factors > 0)
		diagnose(rows, VERDICT_WARN, "free_states, factors", advice,
			 "%zu states, %zu factors", tariff->free_count, factors);
	if (tariff->min_charge > 0 || tariff->round_seconds > 0)
		diagnose(rows, VERDICT_WARN, "min_charge, round_seconds",
			 in_use->rawusage ? "accounts metered by rawusage are charged what "
					    "RawUsage counts: set `meter: jobs`"
			 : in_use->capped
				 ? "Slurm's own limit knows nothing of them: it may let more "
				   "jobs run than the balance pays for"
				 : NULL,
			 "%s, %d seconds", quantity(rows->env, least, NULL, tariff->min_charge),
			 tariff->round_seconds);
	if (settings->committed && in_use->rawusage)
		diagnose(rows, VERDICT_WARN, "hold_on",
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
static void report_gone_qos(const struct scan *scan)
{
	struct diagnosis *rows = scan->rows;
	struct factor_list kept = {0};
	struct names assumed = {0}, remembered = {0};
	struct sb_error err;

	if (known_qos_kept(scan->env, &kept, &err)) {
		rows->where = "the bank";
		diagnose_unread(rows, "UsageFactor", &err);
		return;
	}
	for (size_t i = 0; i < kept.count; i++) {
		const struct kept_factor *factor = &kept.list[i];

		if (doctor_find_qos(&scan->qos, factor->name))
			continue;
		if (factor->factor < 0)
			names_add(rows, &assumed, factor->name);
		else if (factor->factor != FACTOR_ONE)
			names_add(rows, &remembered, factor->name);
	}
	rows->where = "gone from Slurm";
	diagnose_names(rows, VERDICT_WARN, "UsageFactor of a QOS",
		       "their jobs are charged with factor 1, because the bank never read another "
		       "one: if there was one, set it under `factors` in the settings, and correct "
		       "what was charged wrongly",
		       &assumed);
	diagnose_names(rows, VERDICT_INFO, "UsageFactor of a QOS",
		       "their jobs are charged with the factor that the bank read last",
		       &remembered);
	factor_list_release(&kept);
}

static void inspect_qos(const struct scan *scan)
{
	const struct site_factors *factors = &scan->env->settings.tariff.qos;
	const struct qos_list *list = &scan->qos;
	struct diagnosis *rows = scan->rows;
	const char *name = scan->env->settings.scavenger_qos;
	const struct qos *scavenger = name ? doctor_find_qos(list, name) : NULL;
	bool *known = calloc(factors->count + 1, sizeof(*known));

	if (!known) {
		rows->failed = true;
		return;
	}
	doctor_holes(rows, &scan->in_use, &scan->scavenging, list);
	for (size_t i = 0; i < list->count; i++) {
		const struct qos *qos = &list->rows[i];

		rows->where = qos->name;
		if (!is_one(qos->usage_factor) && qos != scavenger)
			diagnose(rows, scan->in_use.capped ? VERDICT_WARN : VERDICT_INFO,
				 "UsageFactor",
				 "its jobs are charged by this factor, while Slurm's own limit "
				 "plans for 1: it may let more run than the balance",
				 "%s", qos->usage_factor);
		mark_known(factors, qos->name, known);
	}
	doctor_scavenger(rows, &scan->scavenging, list);
	report_unknown(rows, factors, known, "factor of a QOS");
	report_gone_qos(scan);
	rows->where = "QOS";
	report_odd_rows(rows, "sacctmgr", &list->odd);
	free(known);
}

/* ---- clusters ---- */

/* Reports levers of a TRES that Slurm does not know: such a limit cannot be set. */
static void inspect_tres(struct diagnosis *rows, const struct in_use *in_use,
			 const struct slurm_config *config)
{
	for (size_t i = 0; i < in_use->hold_count; i++) {
		const struct lever_choice *lever = &in_use->levers[i];
		char name[LEVER_NAME_SIZE], advice[sizeof(config->tres) + 256];

		if (!*lever->tres || config_counts_tres(config, lever->tres))
			continue;
		(void)snprintf(
			advice, sizeof(advice),
			"no account can be held by it: Slurm counts %s (AccountingStorageTRES). "
			"Name one of these as `lever` in the settings or with `subank terms "
			"ACCOUNT --lever`; GPUs are gres/gpu",
			config->tres);
		diagnose(rows, VERDICT_BAD, "lever's TRES", advice, "%s: no such TRES",
			 lever_name(name, lever->field, lever->tres));
	}
}

static void inspect_config(struct diagnosis *rows, const struct in_use *in_use,
			   const struct slurm_config *config)
{
	bool rare = config->calc_period > CALC_PERIOD_MAX;
	struct fitness list[FITNESS_COUNT];

	rows->where = config->cluster;
	fitness_judge(config, in_use->kills, in_use->rawusage, list);
	for (size_t i = 0; i < FITNESS_COUNT; i++)
		diagnose(rows, list[i].verdict, list[i].what, list[i].advice, "%s", list[i].found);
	inspect_tres(rows, in_use, config);
	doctor_submit_plugin(rows, config);
	if (config->calc_period > 0)
		diagnose(rows, rare ? VERDICT_WARN : VERDICT_INFO, "PriorityCalcPeriod",
			 rare ? "usage is counted so rarely that holds come late: make it shorter"
			      : NULL,
			 "%d seconds", config->calc_period);
}

/* Reports resources of purses that Slurm could count, but counts on no cluster. */
static void report_uncounted(const struct scan *scan)
{
	const struct resources *resources = &scan->clusters.resources;
	char tres[RESOURCE_SIZE], advice[3 * RESOURCE_SIZE + 200];

	if (scan->answered < scan->clusters.count)
		return;
	scan->rows->where = "Slurm";
	for (size_t i = 0; i < resources->count; i++) {
		const char *resource = resources->list[i];

		if (scan->counted[i] || resource_user(resource) || !resource_lever(resource, tres))
			continue;
		(void)snprintf(
			advice, sizeof(advice),
			"its use is not charged, and it holds no job: add %s to "
			"AccountingStorageTRES in slurm.conf and restart slurmctld, or charge "
			"it with `subank charge`",
			resource);
		diagnose(scan->rows, VERDICT_BAD, "budget's TRES", advice, "%s", resource);
	}
}

static void inspect_cluster(struct scan *scan, size_t at)
{
	struct env *env = scan->env;
	struct diagnosis *rows = scan->rows;
	struct clusters *clusters = &scan->clusters;
	const char *cluster = clusters->names[at];
	struct slurm_config config;
	struct sb_error err;
	bool usage_shown, jobs_shown;

	stage(env, "asks %s", cluster);
	rows->where = cluster;
	if (clusters_read_config(env, clusters, at, &config, &err)) {
		diagnose(rows, VERDICT_BAD, "cluster", err.text, "does not answer");
		return;
	}
	inspect_config(rows, &scan->in_use, &config);
	for (size_t i = 0; i < clusters->resources.count; i++)
		scan->counted[i] = scan->counted[i] ||
				   config_counts_tres(&config, clusters->resources.list[i]);
	scan->answered++;
	rows->where = cluster;
	inspect_partitions(scan, cluster);
	doctor_scavenger_cluster(rows, &scan->scavenging, &scan->qos, &config);
	doctor_cluster_rights(rows, &config, &usage_shown, &jobs_shown);
	if (!usage_shown)
		return;
	rows->where = cluster;
	if (clusters_read_use(env, clusters, at, &err)) {
		diagnose_unread(rows, "usage", &err);
		return;
	}
	diagnose(rows, VERDICT_OK, "usage", NULL, "of %zu accounts", clusters->list[at].count);
	report_odd_rows(rows, "sshare", &clusters->answers[at].shares.odd);
	/* Hidden jobs would count as runaway. */
	if (jobs_shown && scan->jobs_shown)
		doctor_jobs(rows, cluster);
}

/* ---- accounts ---- */

/* What the books have of accounts; copied, since no transaction is open while rows are added. */
struct banked {
	const struct scan *scan;
	struct unbanked unbanked;
	struct names open;
	struct names *shut; /* by cluster: open accounts with a limit of 0 that is not the bank's */
};

static void release_banked(struct banked *banked)
{
	unbanked_release(&banked->unbanked);
	names_release(&banked->open);
	for (size_t i = 0; i < banked->scan->clusters.count; i++)
		names_release(&banked->shut[i]);
}

/* Whether Slurm has a limit of 0 on the account that the books do not know, such as one that held
 * it before there was a bank. Inspects only what sshare shows. */
static bool is_shut(const struct observation *cluster, const struct account *account)
{
	const struct observed *row = observation_find(cluster, account->name);

	for (size_t i = 0; row && i < row->limit_count; i++) {
		if (row->limits[i].value == 0 && !resource_user(row->limits[i].tres) &&
		    !account_lever(account, cluster->cluster, LIMIT_SHOWN, row->limits[i].tres))
			return true;
	}
	return false;
}

static int read_banked(struct books *books, void *ctx, struct sb_error *err)
{
	struct banked *banked = ctx;
	const struct scan *scan = banked->scan;
	const struct clusters *clusters = &scan->clusters;
	size_t count;

	release_banked(banked);
	TRY(unbanked_find(books, &banked->unbanked, err));
	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < count; i++) {
		const struct account *account = books_at(books, i);

		/* Slurm has no purses, but may have an account with the name of one. */
		if (!account->open || !purse_is_account(account->name))
			continue;
		names_add(scan->rows, &banked->open, account->name);
		for (size_t at = 0; at < clusters->count; at++) {
			if (is_shut(&clusters->list[at], account))
				names_add(scan->rows, &banked->shut[at], account->name);
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
	const struct scan *scan = banked->scan;
	struct names absent = {0};

	for (size_t i = 0; i < banked->open.count; i++) {
		const char *name = banked->open.list[i];
		bool somewhere = shown_somewhere(&scan->clusters, name);

		if (cluster ? somewhere && !observation_find(cluster, name) : !somewhere)
			names_add(scan->rows, &absent, name);
	}
	return absent;
}

/* Reports names that no bank can have. */
static void report_odd_names(struct diagnosis *rows, const struct observation *cluster)
{
	struct names odd = {0};

	for (size_t i = 0; i < cluster->count; i++) {
		/* Without a parent it is a part of another name. */
		if (cluster->rows[i].parent && !name_ok(cluster->rows[i].account))
			names_add(rows, &odd, cluster->rows[i].account);
	}
	diagnose_names(rows, VERDICT_INFO, "names no bank can have",
		       "their use counts for the accounts above them", &odd);
}

static void report_accounts(struct banked *banked)
{
	const struct clusters *clusters = &banked->scan->clusters;
	struct diagnosis *rows = banked->scan->rows;
	const struct unbanked *unbanked = &banked->unbanked;
	struct names absent;

	rows->where = "Slurm";
	diagnose_list(rows, VERDICT_INFO, "used, not in the bank",
		      "subank open, or leave them out with `accounts:` in the settings",
		      unbanked->names, unbanked->count);
	diagnose_list(rows, VERDICT_INFO, "used, no bank can have it",
		      "names in the bank are made of a-z, 0-9 and _ . - @ % /: nothing is charged "
		      "for these unless the bank has an account above them",
		      unbanked->odd, unbanked->odd_count);
	for (size_t i = 0; i < clusters->count; i++) {
		if (!clusters->list[i].answered)
			continue;
		rows->where = clusters->names[i];
		report_odd_names(rows, &clusters->list[i]);
		absent = find_absent(banked, &clusters->list[i]);
		diagnose_names(rows, VERDICT_INFO, "not on this cluster", NULL, &absent);
		diagnose_names(rows, VERDICT_WARN, "held, not by the bank",
			       "a limit of 0 keeps their jobs from starting whatever they have: "
			       "`subank adopt --bank-holds` lets the bank release them, or clear "
			       "it with sacctmgr",
			       &banked->shut[i]);
	}
	rows->where = "the bank";
	absent = find_absent(banked, NULL);
	diagnose_names(rows, VERDICT_WARN, "on no cluster",
		       "nothing is charged to them: are the names right? `subank close` ends one",
		       &absent);
}

static void inspect_accounts(const struct scan *scan)
{
	struct env *env = scan->env;
	struct banked banked = {.scan = scan,
				.unbanked = {.settings = &env->settings,
					     .list = scan->clusters.list,
					     .list_count = scan->clusters.count},
				.shut = calloc(scan->clusters.count, sizeof(*banked.shut))};
	struct sb_error err;

	if (!banked.shut) {
		scan->rows->failed = true;
		return;
	}
	if (bank_read(env->bank, env->os.now(), read_banked, &banked, &err)) {
		scan->rows->where = "the bank";
		diagnose(scan->rows, VERDICT_BAD, "accounts", err.text, "not compared");
	} else {
		report_accounts(&banked);
	}
	release_banked(&banked);
	free(banked.shut);
}

/* ---- the whole ---- */

static void inspect_clusters(struct scan *scan, bool sacctmgr)
{
	const struct site_factors *partitions = &scan->env->settings.tariff.partitions;
	struct diagnosis *rows = scan->rows;
	struct clusters *clusters = &scan->clusters;
	struct sb_error err;

	if (clusters_name(scan->env, clusters, &err)) {
		rows->where = "the local one";
		diagnose(rows, VERDICT_BAD, "cluster", err.text,
			 clusters->silent ? "does not answer" : "cannot be named");
		return;
	}
	scan->jobs_shown = !sacctmgr || doctor_rights(rows, scan->in_use.jobs);
	scan->counted = calloc(clusters->resources.count + 1, sizeof(*scan->counted));
	if (!scan->counted) {
		rows->failed = true;
		return;
	}
	for (size_t i = 0; i < clusters->count; i++)
		inspect_cluster(scan, i);
	report_uncounted(scan);
	report_unknown(rows, partitions, scan->partitions, "factor of a partition");
	if (scan->env->bank && !rows->failed)
		inspect_accounts(scan);
	if (scan->env->bank && sacctmgr)
		doctor_coordinators(rows);
}

void doctor_slurm(struct diagnosis *rows)
{
	struct env *env = rows->env;
	const struct slurm *slurm = &env->slurm;
	size_t factors = env->settings.tariff.partitions.count;
	struct scan scan = {.env = env,
			    .rows = rows,
			    .partitions = calloc(factors + 1, sizeof(*scan.partitions))};
	struct sb_error qos_err, err;
	bool sshare, sacctmgr, scontrol, qos;

	rows->where = "this machine";
	sshare = inspect_command(rows, "sshare", slurm->sshare);
	sacctmgr = inspect_command(rows, "sacctmgr", slurm->sacctmgr);
	scontrol = inspect_command(rows, "scontrol", slurm->scontrol);
	(void)inspect_command(rows, "sacct", slurm->sacct);
	(void)inspect_command(rows, "squeue", slurm->squeue);
	qos = sacctmgr && sacctmgr_read_qos(slurm, &scan.qos, &qos_err) == SB_OK;
	if (!scan.partitions) {
		rows->failed = true;
	} else if (in_use_find(env, &scan.in_use, &err) ||
		   scavenging_find(rows, &scan.scavenging, &err)) {
		rows->where = "the bank";
		diagnose_unread(rows, "accounts", &err);
	} else if (!scontrol || !sshare) {
		rows->where = "Slurm";
		diagnose(rows, VERDICT_BAD, "clusters",
			 "get Slurm's commands to work, then run doctor again", "not inspected");
	} else {
		inspect_clusters(&scan, sacctmgr);
	}
	inspect_tariff(rows, &scan.in_use);
	if (qos && scan.in_use.count > 0) {
		inspect_qos(&scan);
	} else if (sacctmgr && !qos) {
		rows->where = "slurmdbd";
		diagnose_unread(rows, "QOS", &qos_err);
	}
	qos_list_release(&scan.qos);
	in_use_release(&scan.in_use);
	scavenging_release(&scan.scavenging);
	clusters_release(&scan.clusters);
	free(scan.partitions);
	free(scan.counted);
}
