/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/books/nesting.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/account/policy.h"
#include "ledger/base/array.h"

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

/* Copies the name if that account is in the books and, with [held], is held. With [held] and
 * [resource], an account that is not held but whose purse is gives the purse's name. */
static int take(struct books *books, const char *name, const char *resource, bool held,
		char ret[NAME_SIZE], struct sb_error *err)
{
	const struct account *account, *purse;
	int rc = find_account(books, name, &account, err);
	char purse_of[NAME_SIZE];

	if (rc)
		return rc == SB_ENOTFOUND ? SB_OK : rc;
	if (!held || account_held(account)) {
		memcpy(ret, account->name, NAME_SIZE);
		return SB_OK;
	}
	if (!resource || purse_name(account->name, resource, purse_of, NULL))
		return SB_OK;
	rc = books_find(books, purse_of, &purse, err);
	if (!rc && purse_held(purse, account))
		memcpy(ret, purse->name, NAME_SIZE);
	return rc == SB_ENOTFOUND ? SB_OK : rc;
}

/* Searches upwards from account [name] on one cluster. With [held] and a [resource] that is not
 * NULL, also finds a held purse. */
static int find_above(struct books *books, const struct tree *tree, const char *name,
		      const char *resource, bool held, char ret[NAME_SIZE], struct sb_error *err)
{
	const char *at = tree_parent(tree, name);

	for (size_t i = 0; at && *at && i < tree->count; i++) {
		TRY(take(books, at, resource, held, ret, err));
		if (*ret)
			break;
		at = tree_parent(tree, at);
	}
	return SB_OK;
}

int nesting_above(struct nesting *nesting, struct books *books, const struct account *account,
		  bool held, char ret[NAME_SIZE], struct sb_error *err)
{
	const bool is_purse = !purse_is_account(account->name);
	/* Of a user, Slurm checks no limits in the accounts above. */
	const char *resource =
		is_purse && !purse_user(account->name) ? purse_resource(account->name) : NULL;
	const struct tree *tree;
	char name[NAME_SIZE];

	ret[0] = '\0';
	purse_account(name, account->name);
	/* A purse is also held by a hold of its own account. */
	if (held && is_purse)
		TRY(take(books, name, NULL, held, ret, err));
	for (size_t i = 0; i < account->meter_count && !*ret; i++) {
		TRY(find_tree(nesting, books, account->meters[i].cluster, &tree, err));
		TRY(find_above(books, tree, name, resource, held, ret, err));
	}
	return SB_OK;
}

int nesting_each_inside(struct nesting *nesting, struct books *books,
			int (*fn)(const char *account, const char *above, void *ctx,
				  struct sb_error *err),
			void *ctx, struct sb_error *err)
{
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
			TRY(find_above(books, tree, name, NULL, false, above, err));
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
