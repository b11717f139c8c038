/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/books/nesting.h"

#include <stdlib.h>
#include <string.h>

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

/* Searches upwards from [name] on one cluster. */
static int find_above(struct books *books, const struct tree *tree, const char *name, bool held,
		      char ret[NAME_SIZE], struct sb_error *err)
{
	const char *at = tree_parent(tree, name);

	for (size_t i = 0; at && *at && i < tree->count; i++) {
		const struct account *account;
		int rc = books_find(books, at, &account, err);

		if (rc && rc != SB_ENOTFOUND)
			return rc;
		if (!rc && (!held || account_held(account))) {
			memcpy(ret, account->name, NAME_SIZE);
			break;
		}
		at = tree_parent(tree, at);
	}
	return SB_OK;
}

int nesting_above(struct nesting *nesting, struct books *books, const struct account *account,
		  bool held, char ret[NAME_SIZE], struct sb_error *err)
{
	const struct tree *tree;

	ret[0] = '\0';
	for (size_t i = 0; i < account->meter_count && !*ret; i++) {
		TRY(find_tree(nesting, books, account->meters[i].cluster, &tree, err));
		TRY(find_above(books, tree, account->name, held, ret, err));
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

			if (books_find(books, name, &account, NULL) != SB_ENOTFOUND)
				continue;
			above[0] = '\0';
			TRY(find_above(books, tree, name, false, above, err));
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
