/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads lists with commas between the items, such as "physics,chemistry". Every comma separates two
 * items, which may be empty: "" has one item and "a," has two. Blanks belong to the items. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct sb_error;

/* Sets *ret and *ret_len to the next item of *rest, and moves *rest past it. Returns false when no
 * item is left, which is when *rest is NULL. Copies nothing:
 *
 *	for (const char *rest = list; comma_next(&rest, &item, &len);)
 */
bool comma_next(const char **rest, const char **ret, size_t *ret_len);

typedef int comma_item(void *ctx, const char *item, struct sb_error *err);

/* Calls [each] with every item until a call returns a value other than 0. An item is valid during
 * its call. Returns the value of the last call; SB_ESYSTEM when memory ran out. */
int comma_each(const char *list, comma_item *each, void *ctx, struct sb_error *err);
