/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/books/tree.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/base/name.h"

int tree_new(size_t count, struct tree *ret, struct sb_error *err)
{
	struct kin *list = calloc(count + 1, sizeof(*list));

	if (!list)
		return sb_error_nomem(err);
	*ret = (struct tree){.list = list, .count = count};
	return SB_OK;
}

void tree_release(struct tree *tree)
{
	free(tree->list);
	free(tree->text);
	*tree = (struct tree){0};
}

void tree_encode(const struct tree *tree, struct bytes *to)
{
	for (size_t i = 0; i < tree->count; i++) {
		bytes_put_text(to, tree->list[i].account);
		bytes_put_text(to, tree->list[i].parent);
	}
}

int tree_decode(struct slice from, struct tree *ret, struct sb_error *err)
{
	struct tree tree = {0};
	struct reader reader;
	size_t texts = 0;
	char *text;
	int rc;

	text = calloc(1, from.len + 1);
	if (!text)
		return sb_error_nomem(err);
	if (from.len > 0)
		memcpy(text, from.data, from.len);
	for (size_t i = 0; i < from.len; i++)
		texts += text[i] == '\0';
	rc = tree_new(texts / 2, &tree, err);
	if (rc) {
		free(text);
		return rc;
	}
	tree.text = text;
	reader = reader_on(text, from.len);
	for (size_t i = 0; i < tree.count; i++) {
		tree.list[i].account = read_text(&reader, NAME_SIZE - 1);
		tree.list[i].parent = read_text(&reader, NAME_SIZE - 1);
		if (i > 0 && strcmp(tree.list[i - 1].account, tree.list[i].account) >= 0)
			reader.failed = true;
	}
	if (!reader_done(&reader))
		tree.count = 0;
	*ret = tree;
	return SB_OK;
}

int tree_join(const struct tree *now, const struct tree *before, struct tree *ret,
	      struct sb_error *err)
{
	struct tree tree;
	size_t i = 0, j = 0;

	TRY(tree_new(now->count + before->count, &tree, err));
	tree.count = 0;
	while (i < now->count || j < before->count) {
		int order = i == now->count ? 1
			    : j == before->count
				    ? -1
				    : strcmp(now->list[i].account, before->list[j].account);

		tree.list[tree.count++] = order <= 0 ? now->list[i] : before->list[j];
		i += order <= 0;
		j += order >= 0;
	}
	*ret = tree;
	return SB_OK;
}

bool tree_same(const struct tree *a, const struct tree *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = strcmp(a->list[i].account, b->list[i].account) == 0 &&
		       strcmp(a->list[i].parent, b->list[i].parent) == 0;
	return same;
}

static int compare_kin(const void *key, const void *item)
{
	const struct kin *kin = item;

	return strcmp(key, kin->account);
}

const char *tree_parent(const struct tree *tree, const char *account)
{
	const struct kin *found = array_find(tree->list, tree->count, account, compare_kin);

	return found ? found->parent : NULL;
}

bool tree_above(const struct tree *tree, const char *upper, const char *account)
{
	const char *at = tree_parent(tree, account);

	/* A tree has no more levels than accounts. The limit ends the loop in a cycle, which no
	 * cluster shows. */
	for (size_t i = 0; at && *at && i < tree->count; i++) {
		if (strcmp(at, upper) == 0)
			return true;
		at = tree_parent(tree, at);
	}
	return false;
}
