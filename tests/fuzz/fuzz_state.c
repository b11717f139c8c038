/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes stored states of accounts, which have no hash: one that decodes is usable and encodes to
 * the same bytes. The same for trees. */
#include "ledger/account/account.h"
#include "ledger/base/when.h"
#include "ledger/books/tree.h"
#include "tests/fuzz/fuzz.h"

static void work_with(const struct account *account)
{
	struct account *copy = account_copy(account);
	struct sb_error err;
	int64_t amount;

	MUST(copy);
	for (int step = 0; step < 3; step++) {
		int rc = account_available(copy, &amount, &err);

		MUST(rc == SB_OK || rc == SB_EOVERFLOW);
		rc = account_used(copy, &amount, &err);
		MUST(rc == SB_OK || rc == SB_EOVERFLOW);
		(void)account_held(copy);
		MUST(!account_settle(copy, step == 0 ? account->time + WHEN_DAY : WHEN_MAX, NULL));
	}
	account_free(copy);
}

static void tree(const uint8_t *data, size_t size)
{
	struct tree tree = {0};
	struct bytes again = {0};
	struct sb_error err;

	MUST(tree_decode((struct slice){data, size}, &tree, &err) == SB_OK);
	tree_encode(&tree, &again);
	MUST(tree.count == 0 || (again.len == size && memcmp(again.data, data, size) == 0));
	for (size_t i = 0; i < tree.count; i++) {
		MUST(tree_parent(&tree, tree.list[i].account) == tree.list[i].parent);
		(void)tree_above(&tree, tree.list[0].account, tree.list[i].account);
	}
	bytes_release(&again);
	tree_release(&tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct account *account = NULL;
	struct bytes again = {0};
	struct sb_error err;
	int rc = account_decode(data, size, &account, &err);

	MUST(rc == SB_OK || rc == SB_ECORRUPT);
	if (!rc) {
		MUST(account_encode(account, &again, &err) == SB_OK);
		MUST(again.len == size && memcmp(again.data, data, size) == 0);
		work_with(account);
	}
	bytes_release(&again);
	account_free(account);
	tree(data, size);
	return 0;
}
