/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/in_slurm.h"

#include <stdio.h>
#include <string.h>

#include "cmd/enter/batch.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "ledger/base/nearest.h"

/* Returns whether a cluster has the account, or may have it. */
static bool may_exist(const struct clusters *clusters, const char *name)
{
	char account[NAME_SIZE];

	for (size_t i = 0; i < clusters->count; i++) {
		if (observation_find(&clusters->list[i], purse_account(account, name)))
			return true;
	}
	return clusters->count == 0 || clusters->silent > 0;
}

/* Returns the clusters' account that is spelt most like [name], other than [other]; NULL when none
 * is. */
static const char *alike(const struct clusters *clusters, const char *name, const char *other)
{
	const char *best = NULL;
	size_t distance = NEAREST_NONE;

	for (size_t i = 0; i < clusters->count; i++) {
		const struct observation *cluster = &clusters->list[i];

		for (size_t j = 0; j < cluster->count; j++) {
			if (name_ok(cluster->rows[j].account) &&
			    (!other || strcmp(cluster->rows[j].account, other) != 0) &&
			    nearer(name, cluster->rows[j].account, &distance))
				best = cluster->rows[j].account;
		}
	}
	return best;
}

struct finding_open {
	const char *name;
	bool open; /* in the bank */
};

static int find_open(struct books *books, void *ctx, struct sb_error *err)
{
	struct finding_open *finding = ctx;
	const struct account *account;
	int rc = books_find(books, finding->name, &account, err);

	finding->open = !rc && account->open;
	return rc == SB_ENOTFOUND ? SB_OK : rc;
}

static int refuse_unknown(struct env *env, const struct clusters *clusters, const char *name,
			  const struct intent *intent)
{
	const char *meant = alike(clusters, name, intent->other);
	struct finding_open finding = {.name = meant};
	char hint[2 * NAME_SIZE + 64] = "";
	struct sb_error err;

	if (meant && !(env->batch && env->batch->books) &&
	    bank_read(env->bank, env->os.now(), find_open, &finding, &err))
		return fail(env, &err);
	if (meant && finding.open)
		(void)snprintf(hint, sizeof(hint), "did you mean '%s', which is open already? ",
			       meant);
	else if (meant && intent->takeover)
		(void)snprintf(hint, sizeof(hint), "did you mean '%s'? ", meant);
	else if (meant)
		(void)snprintf(hint, sizeof(hint), "did you mean '%s'? `subank open %s` opens it; ",
			       meant, meant);
	warning(env, "%s: no cluster has an account of that name: %s--later %s all the same",
		intent->undone, hint, intent->does);
	return EXIT_REFUSED;
}

/* Whether a cluster counts the resource of a purse. */
static bool is_counted(const struct clusters *clusters, const char *purse)
{
	for (size_t i = 0; i < clusters->count; i++) {
		const struct observation *cluster = &clusters->list[i];

		for (size_t j = 0; j < cluster->purse_count; j++) {
			if (strcmp(cluster->purses[j].resource, purse_resource(purse)) == 0)
				return true;
		}
	}
	return false;
}

/* Refuses a budget of a TRES that no cluster counts; of a resource that is none, only with
 * --from-zero. */
static int refuse_uncounted(struct env *env, const char *purse, const struct intent *intent)
{
	const char *resource = purse_resource(purse);
	char tres[RESOURCE_SIZE];

	if (!intent->from_zero && !resource_lever(resource, tres))
		return EXIT_DONE;
	warning(env,
		"%s: no cluster counts %s: name it in AccountingStorageTRES of slurm.conf%s%s%s",
		intent->undone, resource,
		intent->from_zero ? ", or leave --from-zero out" : "; --later ",
		intent->from_zero ? "" : intent->does, intent->from_zero ? "" : " all the same");
	return EXIT_REFUSED;
}

int in_slurm(struct env *env, const char *name, const struct intent *intent, struct clusters *own,
	     const struct clusters **ret)
{
	enum observing observing =
		intent->takeover || !purse_is_account(name) ? OBSERVE_EVERYTHING : OBSERVE_USE;
	int status = env->batch ? batch_observe(env) : clusters_observe(env, observing, own);
	const struct clusters *clusters = *ret = env->batch ? &env->batch->clusters : own;

	if (status == EXIT_REFUSED || option(env, "later"))
		return status == EXIT_REFUSED ? status : EXIT_DONE;
	if (status != EXIT_DONE || clusters->silent ||
	    (!intent->from_zero && clusters_odd_usage(clusters, name))) {
		warning(env,
			"%s: the present use of '%s' in Slurm, where counting starts, could not be "
			"read; try again, or use --later: then the next check records it",
			intent->undone, name);
		return EXIT_REFUSED;
	}
	if (!may_exist(clusters, name))
		return refuse_unknown(env, clusters, name, intent);
	return purse_is_account(name) || is_counted(clusters, name)
		       ? EXIT_DONE
		       : refuse_uncounted(env, name, intent);
}

int account_admitted(struct env *env, const char *account)
{
	if (settings_has_account(&env->settings, account))
		return EXIT_DONE;
	warning(env,
		"account '%s' does not belong to the bank: %s; correct `accounts:` in the settings "
		"if it should",
		account,
		env->settings.account_count ? "no pattern of `accounts:` in the settings matches it"
					    : "root stands for the whole cluster");
	return EXIT_REFUSED;
}
