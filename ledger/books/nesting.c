/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/books/nesting.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/account/policy.h"
#include "ledger/base/array.h"

enum { LEVELS_MAX = 64 }; /* of accounts inside accounts */

struct cluster_tree {
	char cluster[NAME_SIZE];
	struct tree tree;
};

static int find_tree(struct nesting *nesting, struct books *books, const char *cluster,
		     const struct tree **ret, struct sb_error *err)
{
	struct cluster_tree *added;
	struct tree tree;

	for (size_t i = 0; i < nesting->count; i++) {
		*ret = &nesting->clusters[i].tree;
		if (strcmp(nesting->clusters[i].cluster, cluster) == 0)
			return SB_OK;
	}
	TRY(books_tree(books, cluster, &tree, err));
	added = array_add(nesting->clusters, nesting->count);
	if (!added) {
		tree_release(&tree);
		return sb_error_nomem(err);
	}
	memcpy(added->cluster, cluster, strlen(cluster));
	added->tree = tree;
	*ret = &added->tree;
	return SB_OK;
}

/* Finds an account by its name in Slurm, where an account may have the name of a purse. */
static int find_account(struct books *books, const char *name, const struct account **ret,
			struct sb_error *err)
{
	return purse_is_account(name) ? books_find(books, name, ret, err) : SB_ENOTFOUND;
}

/* Which accounts above another one are searched for. */
struct wanted {
	bool held; /* only held ones */
	const struct rules *site; /* only those of which not even jobs in the scavenger QOS start,
				     by these rules; NULL: all that are held */
	const char *resource; /* with [held]: also purses of this resource; NULL: none */
};

static bool is_wanted(const struct account *account, const struct rules *rules,
		      const struct wanted *wanted)
{
	return !wanted->site || !is_scavenging(account, rules);
}

static bool is_wanted_purse(const struct account *purse, const struct account *owner,
			    const struct wanted *wanted)
{
	const struct rules rules =
		wanted->site ? purse_rules(owner, wanted->site) : (struct rules){0};

	return purse_held(purse, owner) && is_wanted(purse, &rules, wanted);
}

/* Copies the name if that account is in the books and is wanted, or the name of its purse if that
 * is. */
static int take(struct books *books, const char *name, const struct wanted *wanted,
		char ret[NAME_SIZE], struct sb_error *err)
{
	const struct account *account, *purse;
	int rc = find_account(books, name, &account, err);
	char purse_of[NAME_SIZE];

	if (rc)
		return rc == SB_ENOTFOUND ? SB_OK : rc;
	if (!wanted->held || (account_held(account) && is_wanted(account, wanted->site, wanted))) {
		memcpy(ret, account->name, NAME_SIZE);
		return SB_OK;
	}
	if (!wanted->resource || purse_name(account->name, wanted->resource, purse_of, NULL))
		return SB_OK;
	rc = books_find(books, purse_of, &purse, err);
	if (!rc && is_wanted_purse(purse, account, wanted))
		memcpy(ret, purse->name, NAME_SIZE);
	return rc == SB_ENOTFOUND ? SB_OK : rc;
}

/* Searches upwards from account [name] on one cluster. */
static int find_above(struct books *books, const struct tree *tree, const char *name,
		      const struct wanted *wanted, char ret[NAME_SIZE], struct sb_error *err)
{
	const char *at = tree_parent(tree, name);

	for (size_t i = 0; at && *at && i < tree->count; i++) {
		TRY(take(books, at, wanted, ret, err));
		if (*ret)
			break;
		at = tree_parent(tree, at);
	}
	return SB_OK;
}

static int find_wanted(struct nesting *nesting, struct books *books, const struct account *account,
		       struct wanted wanted, char ret[NAME_SIZE], struct sb_error *err)
{
	const bool is_purse = !purse_is_account(account->name);
	const struct tree *tree;
	char name[NAME_SIZE];

	ret[0] = '\0';
	purse_account(name, account->name);
	/* A purse is also held by a hold of its own account. */
	if (wanted.held && is_purse)
		TRY(take(books, name, &wanted, ret, err));
	/* Of a user, Slurm checks no limits in the accounts above. */
	if (is_purse && !purse_user(account->name))
		wanted.resource = purse_resource(account->name);
	for (size_t i = 0; i < account->meter_count && !*ret; i++) {
		TRY(find_tree(nesting, books, account->meters[i].cluster, &tree, err));
		TRY(find_above(books, tree, name, &wanted, ret, err));
	}
	return SB_OK;
}

int nesting_above(struct nesting *nesting, struct books *books, const struct account *account,
		  char ret[NAME_SIZE], struct sb_error *err)
{
	return find_wanted(nesting, books, account, (struct wanted){0}, ret, err);
}

int nesting_purse_above(struct nesting *nesting, struct books *books, const struct account *purse,
			nesting_takes *takes, void *ctx, char ret[NAME_SIZE], struct sb_error *err)
{
	const char *resource = purse_resource(purse->name);
	char above[NAME_SIZE], name[NAME_SIZE];

	TRY(nesting_above(nesting, books, purse, above, err));
	/* Clusters may disagree, and so make a circle. */
	for (size_t level = 0; *above && level < LEVELS_MAX; level++) {
		const struct account *account;
		bool taken = false;

		/* If the name would be too long, there is no such purse. */
		if (purse_name(above, resource, name, NULL) == SB_OK)
			TRY(takes(books, name, ctx, &taken, err));
		if (taken) {
			memcpy(ret, name, NAME_SIZE);
			return SB_OK;
		}
		TRY(books_account(books, above, &account, err));
		TRY(nesting_above(nesting, books, account, above, err));
	}
	ret[0] = '\0';
	return SB_OK;
}

int nesting_is_under(struct nesting *nesting, struct books *books, const char *account,
		     const char *above, bool everywhere, bool *ret, struct sb_error *err)
{
	const struct account *found;
	const struct tree *tree;
	size_t below = 0, elsewhere = 0;
	int rc = books_find(books, account, &found, err);

	*ret = false;
	if (rc)
		return rc == SB_ENOTFOUND ? SB_OK : rc;
	if (strcmp(account, above) == 0) {
		*ret = true;
		return SB_OK;
	}
	for (size_t i = 0; i < found->meter_count; i++) {
		TRY(find_tree(nesting, books, found->meters[i].cluster, &tree, err));
		if (!tree_parent(tree, account))
			continue;
		if (tree_above(tree, above, account))
			below++;
		else
			elsewhere++;
	}
	*ret = below > 0 && !(everywhere && elsewhere > 0);
	return SB_OK;
}

int nesting_blocker(struct nesting *nesting, struct books *books, const struct account *account,
		    const struct rules *site, struct blocker *ret, struct sb_error *err)
{
	ret->scavenges = false;
	TRY(find_wanted(nesting, books, account, (struct wanted){.held = true, .site = site},
			ret->name, err));
	if (*ret->name)
		return SB_OK;
	TRY(find_wanted(nesting, books, account, (struct wanted){.held = true}, ret->name, err));
	ret->scavenges = *ret->name;
	return SB_OK;
}

int nesting_payer(struct nesting *nesting, struct books *books, const char *cluster,
		  const char *account, char ret[NAME_SIZE], struct sb_error *err)
{
	const struct wanted any = {0};
	const struct tree *tree;

	ret[0] = '\0';
	if (!cluster_name_ok(cluster))
		return SB_OK;
	if (name_ok(account))
		TRY(take(books, account, &any, ret, err));
	if (*ret)
		return SB_OK;
	TRY(find_tree(nesting, books, cluster, &tree, err));
	return find_above(books, tree, account, &any, ret, err);
}

int nesting_is_below(struct nesting *nesting, struct books *books, const struct event *charge,
		     bool *ret, struct sb_error *err)
{
	char payer[NAME_SIZE], own[NAME_SIZE];

	*ret = false;
	if (charge->kind != EVENT_CHARGE_JOB || !charge->slurm_account || !*charge->slurm_account)
		return SB_OK;
	TRY(nesting_payer(nesting, books, charge->cluster, charge->slurm_account, payer, err));
	/* The purse may have another name by now. */
	*ret = strcmp(payer, purse_account(own, charge->account)) != 0;
	return SB_OK;
}

int nesting_each_inside(struct nesting *nesting, struct books *books,
			int (*fn)(const char *account, const char *above, void *ctx,
				  struct sb_error *err),
			void *ctx, struct sb_error *err)
{
	const struct wanted any = {0};
	const struct account *account;
	const struct tree *tree;
	char above[NAME_SIZE];
	size_t count;

	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < count; i++) {
		account = books_at(books, i);
		for (size_t j = 0; j < account->meter_count; j++)
			TRY(find_tree(nesting, books, account->meters[j].cluster, &tree, err));
	}
	for (size_t i = 0; i < nesting->count; i++) {
		tree = &nesting->clusters[i].tree;
		for (size_t j = 0; j < tree->count; j++) {
			const char *name = tree->list[j].account;

			if (find_account(books, name, &account, NULL) != SB_ENOTFOUND)
				continue;
			above[0] = '\0';
			TRY(find_above(books, tree, name, &any, above, err));
			if (*above)
				TRY(fn(name, above, ctx, err));
		}
	}
	return SB_OK;
}

void nesting_release(struct nesting *nesting)
{
	for (size_t i = 0; i < nesting->count; i++)
		tree_release(&nesting->clusters[i].tree);
	free(nesting->clusters);
	*nesting = (struct nesting){0};
}
