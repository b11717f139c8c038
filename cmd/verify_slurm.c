/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/verify_slurm.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "slurm/sacctmgr.h"
#include "slurm/sshare.h"

/* A limit that Slurm is to show. */
struct expected {
	char account[NAME_SIZE]; /* in the bank */
	struct lever lever;
};

/* All of them, by cluster; copied, since no transaction is open while Slurm is asked. */
struct expectations {
	struct expected *list;
	size_t count;
};

static int by_cluster(const void *a, const void *b)
{
	const struct expected *x = a, *y = b;
	int order = strcmp(x->lever.cluster, y->lever.cluster);

	return order ? order : strcmp(x->account, y->account);
}

static int add_account(const struct account *account, struct expectations *all,
		       struct sb_error *err)
{
	struct expected *grown;

	if (account->lever_count == 0)
		return SB_OK;
	grown = reallocarray(all->list, all->count + account->lever_count, sizeof(*grown));
	if (!grown)
		return sb_error_nomem(err);
	all->list = grown;
	for (size_t i = 0; i < account->lever_count; i++) {
		struct expected *expected = &grown[all->count++];

		memcpy(expected->account, account->name, NAME_SIZE);
		expected->lever = account->levers[i];
	}
	return SB_OK;
}

static int read_levers(struct books *books, void *ctx, struct sb_error *err)
{
	struct expectations *all = ctx;
	size_t count;
	int rc = books_load_all(books, &count, err);

	all->count = 0;
	for (size_t i = 0; i < count && !rc; i++)
		rc = add_account(books_at(books, i), all, err);
	if (!rc && all->count > 0)
		qsort(all->list, all->count, sizeof(*all->list), by_cluster);
	return rc;
}

/* What one cluster shows. */
struct shown {
	struct shares shares;
	struct limits limits; /* asked for only if a lever is of a field that sshare lacks */
};

static bool in_shares(const struct lever *lever)
{
	return strcmp(lever->field, "GrpTRESMins") == 0;
}

/* Asks the cluster of [count] levers. */
static int ask(struct env *env, const struct expected *list, size_t count, struct shown *shown,
	       struct slurm_error *err)
{
	const char *cluster = list->lever.cluster;
	const char **accounts = calloc(count, sizeof(*accounts));
	size_t others = 0;
	int rc;

	if (!accounts)
		return slurm_error_set(err, SLURM_ESYSTEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		bool named = in_shares(&list[i].lever);

		for (size_t j = 0; j < others && !named; j++)
			named = strcmp(accounts[j], list[i].lever.slurm_account) == 0;
		if (!named)
			accounts[others++] = list[i].lever.slurm_account;
	}
	rc = sshare_read(&env->slurm, cluster, &shown->shares, err);
	if (!rc)
		rc = sacctmgr_read_limits(&env->slurm, cluster, accounts, others, &shown->limits,
					  err);
	free(accounts);
	return rc;
}

/* The limit that Slurm shows, -1 for none; false when the account is not there. */
static bool find_limit(const struct shown *shown, const struct lever *lever, int64_t *ret,
		       struct slurm_error *err)
{
	const struct share *share = shares_find(&shown->shares, lever->slurm_account);
	const struct account_limits *limits;

	err->text[0] = '\0';
	if (in_shares(lever))
		return share && !tres_value(share->grp_tres_mins, lever->tres, ret, err);
	limits = limits_find(&shown->limits, lever->slurm_account);
	if (!limits)
		return false;
	if (strcmp(lever->field, "GrpJobs") == 0)
		*ret = limits->grp_jobs;
	else if (strcmp(lever->field, "GrpSubmitJobs") == 0)
		*ret = limits->grp_submit_jobs;
	else
		return !tres_value(limits->grp_tres_run_mins, lever->tres, ret, err);
	return true;
}

/* "0", or "no limit". */
static const char *value_text(int64_t value, char to[24])
{
	if (value < 0)
		(void)snprintf(to, 24, "no limit");
	else
		(void)snprintf(to, 24, "%" PRId64, value);
	return to;
}

/* Says so when Slurm shows something else than the books. */
static bool differs(struct env *env, const struct expected *expected, const struct shown *shown)
{
	const struct lever *lever = &expected->lever;
	const char *equals = *lever->tres ? "=" : "";
	char is[24], should[24];
	struct slurm_error err;
	int64_t value;

	if (!find_limit(shown, lever, &value, &err)) {
		warning(env, "%s: %s does not show the account, whose %s%s%s should be %s%s%s",
			expected->account, lever->cluster, lever->field, equals, lever->tres,
			value_text(lever->set, should), *err.text ? ": " : "", err.text);
		return true;
	}
	if (value == lever->set)
		return false;
	warning(env, "%s: %s%s%s on %s is %s, by the books %s%s", expected->account, lever->field,
		equals, lever->tres, lever->cluster, value_text(value, is),
		value_text(lever->set, should),
		lever->restoring ? " (to be put back)"
		: lever->tried	 ? ""
				 : " (not carried out yet)");
	return true;
}

static bool asked_for(const struct env *env, const char *cluster)
{
	if (!option(env, "clusters"))
		return true;
	for (size_t i = 0; i < env->settings.cluster_count; i++) {
		if (strcmp(env->settings.clusters[i], cluster) == 0)
			return true;
	}
	return false;
}

/* Compares the levers of one cluster. Returns how many lines were said. */
static size_t compare(struct env *env, const struct expected *list, size_t count)
{
	struct shown shown = {0};
	struct slurm_error err;
	size_t said = 0;

	if (ask(env, list, count, &shown, &err)) {
		warning(env, "cluster '%s' does not answer, its limits were not compared: %s",
			list->lever.cluster, err.text);
		said++;
	} else {
		for (size_t i = 0; i < count; i++)
			said += differs(env, &list[i], &shown);
	}
	limits_release(&shown.limits);
	shares_release(&shown.shares);
	return said;
}

int verify_slurm(struct env *env)
{
	struct expectations all = {0};
	size_t said = 0, compared = 0;
	struct sb_error err;

	if (bank_read(env->bank, env->now(), read_levers, &all, &err)) {
		free(all.list);
		return fail(env, &err);
	}
	for (size_t i = 0, end; i < all.count; i = end) {
		const char *cluster = all.list[i].lever.cluster;

		for (end = i + 1; end < all.count; end++) {
			if (strcmp(all.list[end].lever.cluster, cluster) != 0)
				break;
		}
		if (!asked_for(env, cluster))
			continue;
		compared += end - i;
		said += compare(env, &all.list[i], end - i);
	}
	free(all.list);
	if (said > 0)
		return EXIT_PART;
	say(env, "Slurm shows what the books say: limits %zu", compared);
	return EXIT_DONE;
}
