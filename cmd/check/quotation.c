/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/quotation.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/check/job_price.h"
#include "cmd/frame/messages.h"
#include "ledger/base/array.h"
#include "ledger/base/comma.h"
#include "ledger/base/minmax.h"

/* ---- Slurm ---- */

static int read_cluster(struct quotation *quotation, const char *name, struct sb_error *err)
{
	const struct slurm *slurm = &quotation->env->slurm;
	struct quoted_cluster *cluster = array_add(quotation->clusters, quotation->cluster_count);

	if (!cluster)
		return sb_error_nomem(err);
	cluster->name = name ? strdup(name) : NULL;
	if (name && !cluster->name)
		return sb_error_nomem(err);
	TRY(scontrol_read_config(slurm, name, &cluster->config, err));
	TRY(scontrol_read_partitions(slurm, name, &cluster->partitions, err));
	return scontrol_read_nodes(slurm, name, &cluster->nodes, err);
}

static int read_named(void *ctx, const char *name, struct sb_error *err)
{
	struct quotation *quotation = ctx;
	const struct settings *settings = &quotation->env->settings;

	if (strcmp(name, "all") != 0)
		return read_cluster(quotation, name, err);
	for (size_t i = 0; i < settings->cluster_count; i++)
		TRY(read_cluster(quotation, settings->clusters[i], err));
	return SB_OK;
}

/* Reads the clusters that the job names; without any, the local one. */
static int read_clusters(struct quotation *quotation, struct sb_error *err)
{
	const char *names = quotation->submission->parts[0].clusters;

	if (names && *names)
		TRY(comma_each(names, read_named, quotation, err));
	return quotation->cluster_count ? SB_OK : read_cluster(quotation, NULL, err);
}

/* ---- offers ---- */

/* What add_offers() adds to. */
struct adding {
	struct quotation *quotation;
	const struct quoted_cluster *cluster;
	size_t part;
};

static int add_offer(const struct adding *adding, const struct partition *partition,
		     struct sb_error *err)
{
	struct quotation *quotation = adding->quotation;
	const struct quoted_cluster *cluster = adding->cluster;
	struct offer *offer = array_add(quotation->offers, quotation->offer_count);

	if (!offer)
		return sb_error_nomem(err);
	offer->part = adding->part;
	offer->cluster = cluster;
	offer->partition = partition;
	TRY(estimate_make(&quotation->submission->parts[adding->part], partition, &cluster->config,
			  &cluster->nodes, &offer->estimate, err));
	quotation->notes |= offer->estimate.notes;
	return SB_OK;
}

static int add_named(void *ctx, const char *name, struct sb_error *err)
{
	const struct adding *adding = ctx;
	const struct partition *partition = partition_find(&adding->cluster->partitions, name);

	if (!partition)
		return sb_error_set(err, SB_ENOTFOUND, "cluster %s has no partition '%.200s'",
				    adding->cluster->config.cluster, name);
	return add_offer(adding, partition, err);
}

static int add_offers(struct quotation *quotation, size_t part, struct sb_error *err)
{
	const char *names = quotation->submission->parts[part].partition;

	for (size_t i = 0; i < quotation->cluster_count; i++) {
		struct adding adding = {quotation, &quotation->clusters[i], part};
		const struct partition *partition =
			partition_default(&quotation->clusters[i].partitions);

		if (names && *names)
			TRY(comma_each(names, add_named, &adding, err));
		else if (partition)
			TRY(add_offer(&adding, partition, err));
		else
			return sb_error_set(err, SB_ENOTFOUND,
					    "cluster %s has no default partition: name one with -p",
					    quotation->clusters[i].config.cluster);
	}
	return SB_OK;
}

static int make(struct quotation *quotation, struct sb_error *err)
{
	TRY(read_clusters(quotation, err));
	TRY(sacctmgr_read_qos(&quotation->env->slurm, &quotation->qos, err));
	for (size_t i = 0; i < quotation->submission->count; i++)
		TRY(add_offers(quotation, i, err));
	return SB_OK;
}

int quotation_make(struct env *env, const struct submission *submission, struct quotation *ret,
		   struct sb_error *err)
{
	struct quotation quotation = {.env = env, .submission = submission};
	int rc = make(&quotation, err);

	if (rc)
		quotation_release(&quotation);
	else
		*ret = quotation;
	return rc;
}

void quotation_release(struct quotation *quotation)
{
	for (size_t i = 0; i < quotation->cluster_count; i++) {
		free(quotation->clusters[i].name);
		partitions_release(&quotation->clusters[i].partitions);
		nodes_release(&quotation->clusters[i].nodes);
	}
	free(quotation->clusters);
	free(quotation->offers);
	qos_list_release(&quotation->qos);
	*quotation = (struct quotation){0};
}

/* ---- costs ---- */

static int64_t sum_of(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* The site's own rules, which `meter: jobs` alone has. */
static const struct tariff *tariff_of(const struct quotation *quotation)
{
	static const struct tariff none = {0};
	const struct settings *settings = &quotation->env->settings;

	return settings->meter == METER_JOBS ? &settings->tariff : &none;
}

/* The cost of one job of an offer. */
static int64_t cost_of(const struct quotation *quotation, const struct offer *offer,
		       const struct quote_terms *terms)
{
	const struct tariff *tariff = tariff_of(quotation);
	const struct job_request *request = &quotation->submission->parts[offer->part];
	const struct allocation *allocation =
		terms->least ? &offer->estimate.least : &offer->estimate.most;
	const bool is_su = strcmp(terms->resource, RESOURCE_BILLING) == 0;
	struct sacct_job job = {
		.partition = offer->partition->name,
		.qos = terms->any_qos || !request->qos ? terms->qos : request->qos,
		.state = "COMPLETED",
		.tres = allocation->tres,
		.reservation = request->reservation ? request->reservation : "",
		.billing = allocation->billing,
		.limit = offer->estimate.seconds,
	};
	struct finished_job priced;
	int64_t cost;

	if (offer->estimate.seconds == REQUEST_NO_LIMIT && terms->limit == REQUEST_NO_LIMIT)
		job.elapsed = REQUEST_NO_LIMIT;
	else
		job.elapsed = sum_of(int64_min(offer->estimate.seconds, terms->limit),
				     terms->least ? 0 : offer->estimate.over_seconds);
	job.end = job.elapsed;
	priced = job_priced(tariff, &quotation->qos, allocation->excess, &job);
	if (!is_su)
		priced = job_for_purse(&priced, allocation_count(allocation, terms->resource));
	return job_amount(&priced, 0, &cost) ? cost : INT64_MAX;
}

int64_t quotation_cost(const struct quotation *quotation, const struct quote_terms *terms)
{
	int64_t sum = 0;

	for (size_t part = 0; part < quotation->submission->count; part++) {
		int64_t dearest = 0, all;

		for (size_t i = 0; i < quotation->offer_count; i++) {
			if (quotation->offers[i].part == part)
				dearest = int64_max(
					dearest, cost_of(quotation, &quotation->offers[i], terms));
		}
		if (__builtin_mul_overflow(dearest, quotation->submission->parts[part].array, &all))
			all = INT64_MAX;
		sum = sum_of(sum, all);
	}
	return sum;
}

bool quotation_bounded(const struct quotation *quotation)
{
	for (size_t i = 0; i < quotation->offer_count; i++) {
		if (!estimate_bounded(&quotation->offers[i].estimate))
			return false;
	}
	return true;
}

int64_t quotation_limit(const struct quotation *quotation)
{
	int64_t longest = 0;

	for (size_t i = 0; i < quotation->offer_count; i++)
		longest = int64_max(longest, quotation->offers[i].estimate.seconds);
	return longest;
}

const struct offer *quotation_dearest(const struct quotation *quotation, size_t part,
				      const struct quote_terms *terms)
{
	const struct offer *dearest = NULL;
	int64_t highest = 0;

	for (size_t i = 0; i < quotation->offer_count; i++) {
		const struct offer *offer = &quotation->offers[i];
		int64_t cost;

		if (offer->part != part)
			continue;
		cost = cost_of(quotation, offer, terms);
		if (!dearest || cost > highest ||
		    (cost == highest &&
		     offer->estimate.most.billing > dearest->estimate.most.billing)) {
			dearest = offer;
			highest = cost;
		}
	}
	return dearest;
}

/* ---- QOS ---- */

/* What finds the dearest QOS of a list. */
struct qos_choice {
	const struct quotation *quotation;
	const char *name; /* NULL: none yet */
	int64_t charged;
};

static int no_qos(const char *name, struct sb_error *err)
{
	return sb_error_set(err, SB_ENOTFOUND, "Slurm has no QOS '%.200s'", name);
}

static int weigh_qos(void *ctx, const char *name, struct sb_error *err)
{
	struct qos_choice *choice = ctx;
	const struct qos_list *list = &choice->quotation->qos;
	const struct tariff *tariff = tariff_of(choice->quotation);

	for (size_t i = 0; i < list->count; i++) {
		struct sacct_job job = {
			.qos = list->rows[i].name, .partition = "", .state = "COMPLETED"};
		int64_t charged;

		if (strcasecmp(job.qos, name) != 0)
			continue;
		charged = tariff_charged(tariff, list, &job);
		if (!choice->name || charged > choice->charged) {
			choice->name = job.qos;
			choice->charged = charged;
		}
		return SB_OK;
	}
	return no_qos(name, err);
}

int quotation_qos(const struct quotation *quotation, const char *names, const char **ret,
		  struct sb_error *err)
{
	struct qos_choice choice = {.quotation = quotation};

	TRY(comma_each(names, weigh_qos, &choice, err));
	*ret = choice.name;
	return choice.name ? SB_OK : no_qos(names, err);
}
