/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/job_meter.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/check/known_qos.h"
#include "cmd/check/metered.h"
#include "cmd/frame/messages.h"
#include "cmd/show/rights_text.h"
#include "ledger/base/minmax.h"

static void release(struct metered *metered)
{
	metered_forget_jobs(metered);
	left_jobs_release(&metered->left);
	free(metered->jobs);
	free(metered->to);
	record_release(&metered->switching);
	for (size_t i = 0; i < metered->unknown_count; i++)
		free(metered->unknown[i]);
	free(metered->unknown);
	qos_list_release(&metered->qos);
	partitions_release(&metered->partitions);
	reservations_release(&metered->reservations);
	resources_release(&metered->resources);
	tree_release(&metered->tree);
	tree_release(&metered->kept);
	tree_release(&metered->shown);
}

/* Whether the account, or one of its purses, is to be checked. */
static bool is_chosen(const struct checkup *checkup, const char *account)
{
	for (size_t i = 0; i < checkup->account_count; i++) {
		if (purse_is_of(checkup->accounts[i], account))
			return true;
	}
	return checkup->account_count == 0;
}

static int add_switch(struct metered *metered, struct books *books, const struct account *account,
		      const struct account *owner, enum metering to, struct sb_error *err)
{
	struct record *record = &metered->switching;
	enum metering *tos = reallocarray(metered->to, record->count + 1, sizeof(*tos));
	struct booked *booked;

	if (tos)
		metered->to = tos;
	booked = tos ? record_add(record, account, owner) : NULL;
	if (!booked)
		return sb_error_nomem(err);
	tos[record->count - 1] = to;
	booked->to_end = true;
	(void)snprintf(booked->cluster, NAME_SIZE, "%s", metered->observation->cluster);
	booked->until = metered->observation->time - metered->observation->time % WHEN_SECOND;
	return booked_read(books, booked, err);
}

struct ranges {
	struct jobs_range back, recent; /* of all accounts */
};

static void widen(struct jobs_range *range, const struct jobs_range *by)
{
	if (by->since == INT64_MAX)
		return;
	range->since = int64_min(range->since, by->since);
	range->until = int64_max(range->until, by->until);
}

/* Widens the ranges to the jobs of the account or purse, and notes it if its meter is to be
 * switched. A purse's meter follows that of its account. */
static int read_account(struct metered *metered, struct books *books, const struct account *account,
			struct ranges *ranges, struct sb_error *err)
{
	const struct rules rules = settings_rules(&metered->env->settings);
	const char *cluster = metered->observation->cluster;
	const struct meter *meter = account_meter(account, cluster);
	const struct account *owner;
	char name[NAME_SIZE];
	enum metering to;
	struct jobs_to_read to_read;

	if (!meter || !is_chosen(metered->checkup, purse_account(name, account->name)))
		return SB_OK;
	TRY(books_account(books, name, &owner, err));
	to = metering_of(owner, &rules);
	TRY(jobs_to_read(books, account, cluster, metered->looked_back, &to_read, err));
	widen(&ranges->back, &to_read.back);
	widen(&ranges->recent, &to_read.recent);
	metered->ahead = metered->ahead || to_read.settled > metered->observation->time;
	return meter->jobs == (to == METER_JOBS)
		       ? SB_OK
		       : add_switch(metered, books, account, owner, to, err);
}

/* Whether the check has to look back: it is time to, or the newest jobs may not be all that are not
 * charged. */
static bool must_look_back(const struct metered *metered)
{
	int64_t now = metered->observation->time;

	return metered->looked_back == 0 || metered->looked_back > now ||
	       now - metered->looked_back >= JOBS_LOOK_EVERY || metered->ahead ||
	       metered->switching.count > 0 || metered->left.count > 0;
}

static int read_books(struct books *books, void *ctx, struct sb_error *err)
{
	struct metered *metered = ctx;
	struct ranges ranges = {.back = {INT64_MAX, 0}, .recent = {INT64_MAX, 0}};
	const struct checkup *checkup = metered->checkup;
	const char *cluster = metered->observation->cluster;
	const struct account *named;
	size_t count;

	metered->ahead = false;
	record_clear(&metered->switching);
	left_jobs_release(&metered->left);
	tree_release(&metered->tree);
	tree_release(&metered->kept);
	resources_release(&metered->resources);
	TRY(books_resources(books, &metered->resources, err));
	TRY(books_load_all(books, &count, err));
	/* An account that the bank lacks is refused before anything is recorded. */
	for (size_t i = 0; i < checkup->account_count; i++)
		TRY(books_account(books, checkup->accounts[i], &named, err));
	TRY(books_tree(books, cluster, &metered->kept, err));
	TRY(tree_join(&metered->shown, &metered->kept, &metered->tree, err));
	TRY(books_left_jobs(books, cluster, &metered->left, err));
	TRY(books_looked_back(books, cluster, &metered->looked_back, err));
	TRY(check_clock_gap(books, checkup->clock_ok, &metered->gap, err));
	/* The plan reports the gap. */
	for (size_t i = 0; i < count && !metered->gap; i++)
		TRY(read_account(metered, books, books_at(books, i), &ranges, err));
	metered->back = must_look_back(metered);
	metered->from = metered->back ? ranges.back.since : ranges.recent.since;
	metered->until = metered->back ? ranges.back.until : ranges.recent.until;
	return SB_OK;
}

/* Reads what jobs cost. */
static int read_tariff(struct metered *metered, struct sb_error *err)
{
	struct env *env = metered->env;
	const char *cluster = metered->observation->cluster;

	TRY(known_qos_read(env, &metered->qos, err));
	if (env->settings.tariff.reservations.count > 0)
		TRY(reservations_read(&env->slurm, cluster, &metered->reservations, err));
	return scontrol_read_partitions(&env->slurm, cluster, &metered->partitions, err);
}

/* Charges the slices, then what earlier checks left out. */
static int charge_jobs(struct metered *metered)
{
	int status = metered_charge_slices(metered, false), again = EXIT_DONE;

	if (!metered->silent && status_goes_on(status))
		again = metered_retry_left(metered);
	status = status_join(status, left_out_warn(metered->env, metered->observation->cluster,
						   &metered->unread,
						   "each to be charged when it can be read"));
	return again == EXIT_DONE ? status : again;
}

/* Charges and switches. Sets [silent] if Slurm did not answer. */
static int meter_cluster(struct metered *metered)
{
	struct env *env = metered->env;
	struct sb_error err;
	int status = EXIT_DONE, odd, kept, switched;

	if (observation_tree(metered->observation, &metered->shown, &err) ||
	    bank_read(env->bank, env->os.now(), read_books, metered, &err))
		return fail(env, &err);
	if (metered->from == INT64_MAX && metered->switching.count == 0)
		return metered_forget_left(metered);
	/* Jobs that slurmdbd hides look like none: then nothing is settled and nothing switched. */
	if (rights_check_sacct(env, &err) || read_tariff(metered, &err)) {
		warning(env,
			metered->from != INT64_MAX
				? "the jobs on cluster '%s' are charged later: %s"
				: "meters on cluster '%s' are switched later: %s",
			metered->observation->cluster, err.text);
		metered->silent = true;
		return EXIT_PART;
	}
	odd = reservations_warn(env, metered->observation->cluster, &metered->reservations);
	if (metered->from != INT64_MAX)
		status = charge_jobs(metered);
	if (metered->silent || !status_goes_on(status))
		return status;
	status = status_join(status, odd);
	kept = known_qos_keep(env, &metered->qos,
			      &(struct unknown_qos){.cluster = metered->observation->cluster,
						    .names = metered->unknown,
						    .count = metered->unknown_count},
			      metered->dry);
	if (!status_goes_on(kept))
		return kept;
	status = status_join(status, kept);
	if (metered->switching.count == 0)
		return status;
	/* Charging the jobs has changed the books. */
	if (bank_read(env->bank, env->os.now(), read_books, metered, &err))
		return fail(env, &err);
	switched = metered_switch(metered);
	return switched == EXIT_DONE ? status : switched;
}

int job_meter_run(struct env *env, const struct checkup *checkup, const struct clusters *clusters,
		  struct foreseen_uses *dry, bool *made)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < clusters->count; i++) {
		struct metered metered = {.env = env,
					  .checkup = checkup,
					  .observation = &clusters->list[i],
					  .billing = clusters->answers[i].billing,
					  .dry = dry};
		int one = EXIT_DONE, look = EXIT_DONE;

		metered.silent = !metered.observation->answered;
		if (!metered.silent)
			one = meter_cluster(&metered);
		/* What Slurm records meanwhile may reach slurmdbd late. */
		if (metered.silent)
			look = metered_look_again(&metered);
		one = status_goes_on(one) && look != EXIT_DONE ? look : one;
		*made |= metered.made;
		release(&metered);
		if (one == EXIT_REFUSED || one == EXIT_UNKNOWN)
			return one;
		if (one != EXIT_DONE)
			status = one;
	}
	return status;
}
