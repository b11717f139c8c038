/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/base/comma.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base/error.h"

bool comma_next(const char **rest, const char **ret, size_t *ret_len)
{
	const char *item = *rest;
	size_t len;

	if (!item)
		return false;
	len = strcspn(item, ",");
	*rest = item[len] ? item + len + 1 : NULL;
	*ret = item;
	*ret_len = len;
	return true;
}

int comma_each(const char *list, comma_item *each, void *ctx, struct sb_error *err)
{
	char *copy = strdup(list), *rest = copy, *item;
	int rc = copy ? SB_OK : sb_error_nomem(err);

	while (!rc && (item = strsep(&rest, ",")))
		rc = each(ctx, item, err);
	free(copy);
	return rc;
}
