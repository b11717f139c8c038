/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads lists with commas between the items, such as "physics,chemistry". Every comma separates two
 * items, which may be empty: "" has one item and "a," has two. Blanks belong to the items. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct sb_error;

/* Gives the next item of *rest as [*ret_len] bytes at [*ret], and moves *rest past it. Returns
 * false once all items were given; *rest is NULL then. Copies nothing:
 *
 *	for (const char *rest = list; comma_next(&rest, &item, &len);)
 */
bool comma_next(const char **rest, const char **ret, size_t *ret_len);

typedef int comma_item(void *ctx, const char *item, struct sb_error *err);

/* Calls [each] with every item, until one call returns another value than 0. An item is valid
 * during its call. Returns what the last call returned; SB_ESYSTEM when memory ran out. */
int comma_each(const char *list, comma_item *each, void *ctx, struct sb_error *err);
