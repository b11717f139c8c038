/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/check/in_use.h"
#include "cmd/check/unbanked.h"
#include "cmd/doctor/doctor.h"
#include "cmd/frame/status_line.h"
#include "cmd/show/output.h"
#include "cmd/show/progress.h"
#include "slurm/sacctmgr.h"
#include "slurm/scontrol.h"
#include "slurm/sshare.h"

enum { CALC_PERIOD_MAX = 3600 }; /* seconds; holds come later than that */

/* Names on the way into one row. */
struct names {
	const char **list;
	size_t count;
};

/* ---- commands ---- */

/* Whether it can be run. */
static bool look_at_command(struct env *env, const char *setting, const char *program,
			    struct diagnosis *diagnosis)
{
	const char *const argv[] = {program, "-V", NULL};
	struct run_result answer = {0};
	struct sb_error err;

	if (slurm_ask(&env->slurm, argv, &answer, &err)) {
		diagnose(diagnosis, VERDICT_BAD, setting, "this machine", err.text,
			 "cannot be run");
		return false;
	}
	diagnose(diagnosis, VERDICT_OK, setting, "this machine", NULL, "%.*s (%s)",
		 (int)strcspn(answer.out, "\r\n"), answer.out, program);
	run_result_release(&answer);
	return true;
}

/* Rows that are left out of an answer, as one row of doctor's. */
static void look_for_odd(struct diagnosis *diagnosis, const char *program, const char *where,
			 const struct odd_rows *rows)
{
	char text[ODD_ROW_TEXT_SIZE], advice[ODD_ROW_TEXT_SIZE + 160];

	if (rows->count == 0)
		return;
	(void)snprintf(advice, sizeof(advice),
		       "%s; what it stands for is charged or checked once the row can be read: "
		       "find it with %s, and correct it in Slurm",
		       odd_row_text(text, &rows->list[0]), program);
	diagnose(diagnosis, VERDICT_BAD, "rows left out", where, advice, "%zu of %s", rows->count,
		 program);
}

/* ---- partitions ---- */

enum weights { WEIGHTS_NONE, WEIGHTS_WHOLE, WEIGHTS_FRACTIONAL };

/* Whether jobs under such weights ("CPU=1.0,Mem=0.25G") can cost parts of a billing unit. A weight
 * for each gigabyte is one: memory is counted in megabytes. */
static enum weights read_weights(const char *text)
{
	if (!*text)
		return WEIGHTS_NONE;
	for (const char *at = strchr(text, '='); at; at = strchr(at + 1, '=')) {
		size_t whole = strspn(at + 1, "0123456789");
		const char *rest = at + 1 + whole;

		if (*rest == '.')
			rest += 1 + strspn(rest + 1, "0");
		if (*rest && *rest != ',')
			return WEIGHTS_FRACTIONAL;
	}
	return WEIGHTS_WHOLE;
}

/* [known]: set for each of the site's factors whose partition the cluster has. */
static void look_at_partitions(struct env *env, const struct in_use *in_use,
			       const struct qos_list *qos, const char *cluster, bool *known,
			       struct diagnosis *diagnosis)
{
	const struct site_factors *factors = &env->settings.tariff.partitions;
	/* Where Slurm's own limits follow balances, what it counts must be whole. */
	enum verdict verdict = in_use->capped ? VERDICT_WARN : VERDICT_INFO;
	struct names none = {0}, fractional = {0};
	struct partitions partitions;
	struct sb_error err;

	if (scontrol_read_partitions(&env->slurm, cluster, &partitions, &err)) {
		diagnose(diagnosis, VERDICT_BAD, "partitions", cluster, err.text, "not read");
		return;
	}
	none.list = calloc(partitions.count + 1, sizeof(*none.list));
	fractional.list = calloc(partitions.count + 1, sizeof(*fractional.list));
	if (!none.list || !fractional.list)
		diagnosis->failed = true;
	for (size_t i = 0; i < partitions.count && !diagnosis->failed; i++) {
		const struct partition *partition = &partitions.rows[i];
		enum weights weights = read_weights(partition->billing_weights);

		if (weights == WEIGHTS_NONE)
			none.list[none.count++] = partition->name;
		else if (weights == WEIGHTS_FRACTIONAL)
			fractional.list[fractional.count++] = partition->name;
		for (size_t j = 0; j < factors->count; j++)
			known[j] = known[j] || strcmp(factors->list[j].name, partition->name) == 0;
	}
	look_for_odd(diagnosis, "scontrol", cluster, &partitions.odd);
	doctor_partition_holes(in_use, qos, cluster, &partitions, diagnosis);
	diagnose_names(diagnosis, verdict, "no TRESBillingWeights", cluster,
		       "jobs there cost one SU for an hour of a core, whatever else they take: "
		       "set TRESBillingWeights if they should not",
		       none.list, none.count);
	diagnose_names(diagnosis, verdict, "fractional weights", cluster,
		       "a job's billing is cut to a whole number, so Slurm's own limit lets a "
		       "little more run than the balance: whole TRESBillingWeights, none for each "
		       "G of memory, keep it exact",
		       fractional.list, fractional.count);
	if (!diagnosis->failed && none.count + fractional.count == 0)
		diagnose(diagnosis, VERDICT_OK, "TRESBillingWeights", cluster, NULL,
			 "whole in all partitions: %zu", partitions.count);
	free(none.list);
	free(fractional.list);
	partitions_release(&partitions);
}

/* ---- QOS ---- */

/* "1.000000" and the like. */
static bool is_one(const char *factor)
{
	return factor[0] == '1' && (factor[1] == '\0' || factor[1] == '.') &&
	       factor[1 + strspn(factor + 1, ".0")] == '\0';
}

/* ---- what the site charges otherwise ---- */

/* Factors whose QOS or partition is not [known]: mistyped, most likely. */
static void look_for_unknown(const struct site_factors *factors, const bool *known,
			     const char *check, struct diagnosis *diagnosis)
{
	struct names unknown = {.list = calloc(factors->count + 1, sizeof(*unknown.list))};

	if (!unknown.list)
		diagnosis->failed = true;
	for (size_t i = 0; i < factors->count && unknown.list; i++) {
		if (!known[i])
			unknown.list[unknown.count++] = factors->list[i].name;
	}
	diagnose_names(
		diagnosis, VERDICT_WARN, check, "the settings",
		"nothing in Slurm that answered has that name, so the factor does nothing: is "
		"it spelt as there?",
		unknown.list, unknown.count);
	free(unknown.list);
}

static void look_at_tariff(const struct tariff *tariff, const struct in_use *in_use,
			   struct diagnosis *diagnosis)
{
	const char *advice = NULL;
	size_t factors = tariff->qos.count + tariff->partitions.count;

	if (tariff->free_count + factors == 0)
		return;
	if (in_use->rawusage)
		advice = "accounts metered by rawusage are charged all the same, for RawUsage "
			 "counts each job whatever became of it: set `meter: jobs`, or give a QOS "
			 "a UsageFactor in Slurm";
	else if (in_use->capped && factors > 0)
		advice = "Slurm's own limit knows nothing of these factors: it may let more or "
			 "less run than the balance";
	diagnose(diagnosis, advice ? VERDICT_WARN : VERDICT_OK, "free_states, factors",
		 "the settings", advice, "%zu states, %zu factors", tariff->free_count, factors);
}

static int read_factors(struct books *books, void *ctx, struct sb_error *err)
{
	return books_factors(books, ctx, err);
}

static bool qos_is_listed(const struct qos_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->rows[i].name, name) == 0)
			return true;
	}
	return false;
}

/* QOS that are gone from Slurm while their jobs may still be charged. */
static void look_at_gone_qos(struct env *env, const struct qos_list *list,
			     struct diagnosis *diagnosis)
{
	struct factor_list kept = {0};
	struct names assumed = {0}, remembered = {0};
	struct sb_error err;

	if (!env->bank)
		return;
	if (bank_read(env->bank, env->os.now(), read_factors, &kept, &err)) {
		diagnose(diagnosis, VERDICT_BAD, "UsageFactor", "the bank", err.text, "not read");
		return;
	}
	assumed.list = calloc(kept.count + 1, sizeof(*assumed.list));
	remembered.list = calloc(kept.count + 1, sizeof(*remembered.list));
	if (!assumed.list || !remembered.list)
		diagnosis->failed = true;
	for (size_t i = 0; i < kept.count && !diagnosis->failed; i++) {
		const struct kept_factor *factor = &kept.list[i];

		if (qos_is_listed(list, factor->name))
			continue;
		if (factor->factor < 0)
			assumed.list[assumed.count++] = factor->name;
		else if (factor->factor != FACTOR_ONE)
			remembered.list[remembered.count++] = factor->name;
	}
	diagnose_names(diagnosis, VERDICT_WARN, "UsageFactor of a QOS", "gone from Slurm",
		       "their jobs are charged with factor 1, because the bank never read another "
		       "one: if there was one, set it under `factors` in the settings, and correct "
		       "what was charged wrongly",
		       assumed.list, assumed.count);
	diagnose_names(diagnosis, VERDICT_INFO, "UsageFactor of a QOS", "gone from Slurm",
		       "their jobs are charged with the factor that the bank read last",
		       remembered.list, remembered.count);
	free(assumed.list);
	free(remembered.list);
	factor_list_release(&kept);
}

static void look_at_qos(struct env *env, const struct in_use *in_use, const struct qos_list *list,
			struct diagnosis *diagnosis)
{
	const struct site_factors *factors = &env->settings.tariff.qos;
	bool *known = calloc(factors->count + 1, sizeof(*known));

	if (!known) {
		diagnosis->failed = true;
		return;
	}
	doctor_holes(in_use, list, diagnosis);
	for (size_t i = 0; i < list->count; i++) {
		const struct qos *qos = &list->rows[i];

		if (!is_one(qos->usage_factor))
			diagnose(diagnosis, in_use->capped ? VERDICT_WARN : VERDICT_INFO,
				 "UsageFactor", qos->name,
				 "its jobs are charged by this factor, while Slurm's own limit "
				 "plans for 1: it may let more run than the balance",
				 "%s", qos->usage_factor);
		for (size_t j = 0; j < factors->count; j++)
			known[j] = known[j] || strcmp(factors->list[j].name, qos->name) == 0;
	}
	look_for_unknown(factors, known, "factor of a QOS", diagnosis);
	look_at_gone_qos(env, list, diagnosis);
	look_for_odd(diagnosis, "sacctmgr", "QOS", &list->odd);
	free(known);
}

/* ---- clusters and accounts ---- */

struct look {
	struct env *env;
	const struct in_use *in_use;
	struct diagnosis *diagnosis;
	struct observation *list;
	struct shares *shares;
	struct observed **rows;
	size_t count;
	bool *partitions; /* by the site's factors: some cluster has it */
	bool jobs_shown; /* by sacct */
	struct qos_list qos; /* none, when they could not be read */
};

/* A limit of a TRES that Slurm does not know cannot be set. */
static void look_at_tres(const struct in_use *in_use, const struct slurm_config *config,
			 struct diagnosis *diagnosis)
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
		diagnose(diagnosis, VERDICT_BAD, "lever's TRES", config->cluster, advice,
			 "%s: no such TRES", lever_name(name, lever->field, lever->tres));
	}
}

static void look_at_config(const struct in_use *in_use, const struct slurm_config *config,
			   struct diagnosis *diagnosis)
{
	bool rare = config->calc_period > CALC_PERIOD_MAX;
	struct fitness list[FITNESS_COUNT];

	fitness_judge(config, in_use->kills, in_use->rawusage, list);
	for (size_t i = 0; i < FITNESS_COUNT; i++)
		diagnose(diagnosis, list[i].verdict, list[i].what, config->cluster, list[i].advice,
			 "%s", list[i].found);
	look_at_tres(in_use, config, diagnosis);
	if (config->calc_period > 0)
		diagnose(diagnosis, rare ? VERDICT_WARN : VERDICT_INFO, "PriorityCalcPeriod",
			 config->cluster,
			 rare ? "usage is counted so rarely that holds come late: make it shorter"
			      : NULL,
			 "%d seconds", config->calc_period);
}

/* Only what unbanked_find() asks for is observed; there are no limits in it. */
static bool observe(struct look *look, size_t at)
{
	const struct shares *shares = &look->shares[at];
	struct observed *rows = calloc(shares->count + 1, sizeof(*rows));

	look->rows[at] = rows;
	if (!rows)
		return false;
	for (size_t i = 0; i < shares->count; i++)
		rows[i] = (struct observed){
			.account = shares->rows[i].account,
			.parent = shares->rows[i].parent,
			.usage = shares->rows[i].odd_usage ? 0 : shares->rows[i].raw_usage,
			.odd_usage = shares->rows[i].odd_usage};
	look->list[at].rows = rows;
	look->list[at].count = shares->count;
	look->list[at].answered = true;
	return true;
}

static void look_at_cluster(struct look *look, size_t at)
{
	struct env *env = look->env;
	const char *cluster = look->list[at].cluster;
	struct slurm_config config;
	struct sb_error err;
	bool usage_shown, jobs_shown;

	stage(env, "asks %s", cluster);
	if (scontrol_read_config(&env->slurm, cluster, &config, &err)) {
		diagnose(look->diagnosis, VERDICT_BAD, "cluster", cluster, err.text,
			 "does not answer");
		return;
	}
	look_at_config(look->in_use, &config, look->diagnosis);
	look_at_partitions(env, look->in_use, &look->qos, cluster, look->partitions,
			   look->diagnosis);
	doctor_cluster_rights(env, &config, &usage_shown, &jobs_shown, look->diagnosis);
	if (!usage_shown)
		return;
	if (sshare_read(&env->slurm, cluster, &look->shares[at], &err)) {
		diagnose(look->diagnosis, VERDICT_BAD, "usage", cluster, err.text, "not read");
		return;
	}
	diagnose(look->diagnosis, VERDICT_OK, "usage", cluster, NULL, "of %zu accounts",
		 look->shares[at].count);
	look_for_odd(look->diagnosis, "sshare", cluster, &look->shares[at].odd);
	/* Those that are hidden would count as runaway. */
	if (jobs_shown && look->jobs_shown)
		doctor_jobs(env, cluster, look->diagnosis);
	if (!observe(look, at))
		look->diagnosis->failed = true;
}

/* What the books say of accounts; copied, since no transaction is open while rows are made. */
struct booked {
	const struct look *look;
	struct unbanked unbanked;
	char (*open)[NAME_SIZE];
	size_t open_count;
	struct shut {
		char account[NAME_SIZE];
		size_t at; /* the cluster */
	} * shut; /* open accounts with a limit of 0 that is not the bank's */
	size_t shut_count;
};

static void release_booked(struct booked *booked)
{
	unbanked_release(&booked->unbanked);
	free(booked->open);
	free(booked->shut);
	booked->open = NULL;
	booked->shut = NULL;
	booked->open_count = booked->shut_count = 0;
}

/* Whether Slurm has a limit of 0 on the account that the books do not know, as one that held it
 * before there was a bank. Only what sshare shows is looked at. */
static bool is_shut(const struct look *look, size_t at, const struct account *account)
{
	const struct share *share = shares_find(&look->shares[at], account->name);
	size_t place = 0;
	struct tres tres;
	struct sb_error err;

	while (share && tres_next(share->grp_tres_mins, &place, &tres, &err) > 0) {
		if (tres.value == 0 &&
		    !account_lever(account, look->list[at].cluster, LIMIT_SHOWN, tres.name))
			return true;
	}
	return false;
}

static int read_booked(struct books *books, void *ctx, struct sb_error *err)
{
	struct booked *booked = ctx;
	const struct look *look = booked->look;
	size_t count;
	int rc;

	release_booked(booked);
	rc = unbanked_find(books, &look->env->settings, look->list, look->count, &booked->unbanked,
			   err);
	if (!rc)
		rc = books_load_all(books, &count, err);
	if (rc)
		return rc;
	booked->open = calloc(count + 1, sizeof(*booked->open));
	booked->shut = calloc(count * look->count + 1, sizeof(*booked->shut));
	if (!booked->open || !booked->shut)
		return sb_error_nomem(err);
	for (size_t i = 0; i < count; i++) {
		const struct account *account = books_at(books, i);

		if (!account->open)
			continue;
		memcpy(booked->open[booked->open_count++], account->name, NAME_SIZE);
		for (size_t at = 0; at < look->count; at++) {
			struct shut *shut = &booked->shut[booked->shut_count];

			if (!look->list[at].answered || !is_shut(look, at, account))
				continue;
			memcpy(shut->account, account->name, NAME_SIZE);
			shut->at = at;
			booked->shut_count++;
		}
	}
	return SB_OK;
}

/* Whether a cluster shows the account, or might: it did not answer. */
static bool shown_somewhere(const struct look *look, const char *account)
{
	for (size_t i = 0; i < look->count; i++) {
		if (!look->list[i].answered || observation_find(&look->list[i], account))
			return true;
	}
	return false;
}

/* Open accounts that [cluster] does not show although another does; with NULL, that none does. */
static void look_for_absent(const struct look *look, const struct booked *booked,
			    const struct observation *cluster)
{
	struct names absent = {.list = calloc(booked->open_count + 1, sizeof(*absent.list))};

	if (!absent.list)
		look->diagnosis->failed = true;
	for (size_t i = 0; i < booked->open_count && absent.list; i++) {
		const char *name = booked->open[i];
		bool somewhere = shown_somewhere(look, name);

		if (cluster ? somewhere && !observation_find(cluster, name) : !somewhere)
			absent.list[absent.count++] = name;
	}
	if (cluster)
		diagnose_names(look->diagnosis, VERDICT_INFO, "not on this cluster",
			       cluster->cluster, NULL, absent.list, absent.count);
	else
		diagnose_names(look->diagnosis, VERDICT_WARN, "on no cluster", "the bank",
			       "nothing is charged to them: are the names right? `subank close` "
			       "ends one",
			       absent.list, absent.count);
	free(absent.list);
}

static void look_for_shut(const struct look *look, const struct booked *booked, size_t at)
{
	struct names shut = {.list = calloc(booked->shut_count + 1, sizeof(*shut.list))};

	if (!shut.list)
		look->diagnosis->failed = true;
	for (size_t i = 0; i < booked->shut_count && shut.list; i++) {
		if (booked->shut[i].at == at)
			shut.list[shut.count++] = booked->shut[i].account;
	}
	diagnose_names(look->diagnosis, VERDICT_WARN, "held, not by the bank",
		       look->list[at].cluster,
		       "a limit of 0 keeps their jobs from starting whatever they have: `subank "
		       "adopt --bank-holds` lets the bank release them, or clear it with sacctmgr",
		       shut.list, shut.count);
	free(shut.list);
}

/* Names that no bank can have. */
static void look_for_odd_names(const struct look *look, const struct observation *cluster)
{
	struct names odd = {.list = calloc(cluster->count + 1, sizeof(*odd.list))};

	if (!odd.list)
		look->diagnosis->failed = true;
	for (size_t i = 0; i < cluster->count && odd.list; i++) {
		/* Without a parent it is a part of another name. */
		if (cluster->rows[i].parent && !name_ok(cluster->rows[i].account))
			odd.list[odd.count++] = cluster->rows[i].account;
	}
	diagnose_names(look->diagnosis, VERDICT_INFO, "names no bank can have", cluster->cluster,
		       "their use counts for the accounts above them", odd.list, odd.count);
	free(odd.list);
}

static void look_at_accounts(const struct look *look)
{
	struct booked booked = {.look = look};
	struct sb_error err;

	if (bank_read(look->env->bank, look->env->os.now(), read_booked, &booked, &err)) {
		diagnose(look->diagnosis, VERDICT_BAD, "accounts", "the bank", err.text,
			 "not compared");
		release_booked(&booked);
		return;
	}
	diagnose_names(look->diagnosis, VERDICT_INFO, "used, not in the bank", "Slurm",
		       "subank open, or leave them out with `accounts:` in the settings",
		       booked.unbanked.names, booked.unbanked.count);
	diagnose_names(look->diagnosis, VERDICT_INFO, "used, no bank can have it", "Slurm",
		       "names in the bank are made of a-z, 0-9 and _ . - @ % /: nothing is "
		       "charged for these unless the bank has an account above them",
		       booked.unbanked.odd, booked.unbanked.odd_count);
	for (size_t i = 0; i < look->count; i++) {
		if (!look->list[i].answered)
			continue;
		look_for_odd_names(look, &look->list[i]);
		look_for_absent(look, &booked, &look->list[i]);
		look_for_shut(look, &booked, i);
	}
	look_for_absent(look, &booked, NULL);
	release_booked(&booked);
}

/* The clusters of the settings, or the local one; false when not even that has a name. */
static bool name_clusters(struct look *look, char local[NAME_SIZE])
{
	const struct settings *settings = &look->env->settings;
	struct slurm_config config;
	struct sb_error err;
	struct sb_error name_err;

	for (size_t i = 0; i < settings->cluster_count; i++)
		look->list[i].cluster = settings->clusters[i];
	if (settings->cluster_count > 0)
		return true;
	if (scontrol_read_config(&look->env->slurm, NULL, &config, &err)) {
		diagnose(look->diagnosis, VERDICT_BAD, "cluster", "the local one", err.text,
			 "does not answer");
		return false;
	}
	if (name_fold("cluster", config.cluster, local, &name_err)) {
		diagnose(look->diagnosis, VERDICT_BAD, "cluster", "the local one", name_err.text,
			 "cannot be named");
		return false;
	}
	look->list[0].cluster = local;
	return true;
}

void doctor_slurm(struct env *env, struct diagnosis *diagnosis)
{
	size_t count = env->settings.cluster_count ? env->settings.cluster_count : 1;
	const struct tariff *tariff = &env->settings.tariff;
	struct in_use in_use = {0};
	struct look look = {.env = env,
			    .in_use = &in_use,
			    .diagnosis = diagnosis,
			    .count = count,
			    .list = calloc(count, sizeof(*look.list)),
			    .shares = calloc(count, sizeof(*look.shares)),
			    .rows = calloc(count, sizeof(*look.rows)),
			    .partitions =
				    calloc(tariff->partitions.count + 1, sizeof(*look.partitions))};
	bool sshare = look_at_command(env, "sshare", env->slurm.sshare, diagnosis);
	bool sacctmgr = look_at_command(env, "sacctmgr", env->slurm.sacctmgr, diagnosis);
	bool scontrol = look_at_command(env, "scontrol", env->slurm.scontrol, diagnosis);
	char local[NAME_SIZE];
	struct sb_error slurm_err;
	struct sb_error err;
	bool qos;

	(void)look_at_command(env, "sacct", env->slurm.sacct, diagnosis);
	(void)look_at_command(env, "squeue", env->slurm.squeue, diagnosis);
	qos = sacctmgr && sacctmgr_read_qos(&env->slurm, &look.qos, &slurm_err) == SB_OK;
	if (!look.list || !look.shares || !look.rows || !look.partitions)
		diagnosis->failed = true;
	else if (in_use_find(env, &in_use, &err))
		diagnose(diagnosis, VERDICT_BAD, "accounts", "the bank", err.text, "not read");
	else if (!scontrol || !sshare)
		diagnose(diagnosis, VERDICT_BAD, "clusters", "Slurm",
			 "get Slurm's commands to work, then run doctor again", "not looked at");
	else if (name_clusters(&look, local)) {
		look.jobs_shown = !sacctmgr || doctor_rights(env, in_use.jobs, diagnosis);
		for (size_t i = 0; i < count; i++)
			look_at_cluster(&look, i);
		look_for_unknown(&tariff->partitions, look.partitions, "factor of a partition",
				 diagnosis);
		if (env->bank && !diagnosis->failed)
			look_at_accounts(&look);
	}
	look_at_tariff(tariff, &in_use, diagnosis);
	if (env->settings.committed && in_use.rawusage)
		diagnose(diagnosis, VERDICT_WARN, "hold_on", "the settings",
			 "what jobs are committed to is known under `meter: jobs` alone: accounts "
			 "metered by rawusage are held by what was used",
			 "committed");
	if (qos && in_use.count > 0)
		look_at_qos(env, &in_use, &look.qos, diagnosis);
	else if (sacctmgr && !qos)
		diagnose(diagnosis, VERDICT_BAD, "QOS", "slurmdbd", slurm_err.text, "not read");
	qos_list_release(&look.qos);
	in_use_release(&in_use);
	for (size_t i = 0; i < count; i++) {
		if (look.shares)
			shares_release(&look.shares[i]);
		if (look.rows)
			free(look.rows[i]);
	}
	free(look.partitions);
	free(look.rows);
	free(look.shares);
	free(look.list);
}
