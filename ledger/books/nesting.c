/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/books/nesting.h"

#include <stdlib.h>
#include <string.h>

struct cluster_tree {
	char cluster[NAME_SIZE];
	struct tree tree;
};

static int find_tree(struct nesting *nesting, struct books *books, const char *cluster,
		     const struct tree **ret, struct sb_error *err)
{
	struct cluster_tree *grown;
	int rc;

	for (size_t i = 0; i < nesting->count; i++) {
		*ret = &nesting->clusters[i].tree;
		if (strcmp(nesting->clusters[i].cluster, cluster) == 0)
			return SB_OK;
	}
	grown = reallocarray(nesting->clusters, nesting->count + 1, sizeof(*grown));
	if (!grown)
		return sb_error_nomem(err);
	nesting->clusters = grown;
	grown += nesting->count;
	memset(grown, 0, sizeof(*grown));
	memcpy(grown->cluster, cluster, strlen(cluster));
	rc = books_tree(books, cluster, &grown->tree, err);
	if (rc)
		return rc;
	nesting->count++;
	*ret = &grown->tree;
	return SB_OK;
}

/* Looks up from [name] on one cluster. */
static int look_up(struct books *books, const struct tree *tree, const char *name, bool held,
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
	int rc = SB_OK;

	ret[0] = '\0';
	for (size_t i = 0; i < account->meter_count && !*ret && !rc; i++) {
		const struct tree *tree = NULL;

		rc = find_tree(nesting, books, account->meters[i].cluster, &tree, err);
		if (!rc)
			rc = look_up(books, tree, account->name, held, ret, err);
	}
	return rc;
}

int nesting_each_inside(struct nesting *nesting, struct books *books,
			int (*fn)(const char *account, const char *above, void *ctx,
				  struct sb_error *err),
			void *ctx, struct sb_error *err)
{
	const struct account *account;
	char above[NAME_SIZE];
	size_t count;
	int rc = books_load_all(books, &count, err);

	for (size_t i = 0; i < count && !rc; i++) {
		const struct tree *tree = NULL;

		account = books_at(books, i);
		for (size_t j = 0; j < account->meter_count && !rc; j++)
			rc = find_tree(nesting, books, account->meters[j].cluster, &tree, err);
	}
	for (size_t i = 0; i < nesting->count && !rc; i++) {
		const struct tree *tree = &nesting->clusters[i].tree;

		for (size_t j = 0; j < tree->count && !rc; j++) {
			const char *name = tree->list[j].account;

			if (books_find(books, name, &account, NULL) != SB_ENOTFOUND)
				continue;
			above[0] = '\0';
			rc = look_up(books, tree, name, false, above, err);
			if (!rc && *above)
				rc = fn(name, above, ctx, err);
		}
	}
	return rc;
}

void nesting_release(struct nesting *nesting)
{
	for (size_t i = 0; i < nesting->count; i++)
		tree_release(&nesting->clusters[i].tree);
	free(nesting->clusters);
	*nesting = (struct nesting){0};
}
