/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/base/array.h"

#include <stdint.h>
#include <string.h>

size_t array_room(size_t count)
{
	size_t room = 1;

	if (count > SIZE_MAX / 2 + 1)
		return SIZE_MAX;
	while (room < count)
		room *= 2;
	return room;
}

void *array_insert_bytes(void *list, size_t *count, size_t size, size_t at)
{
	char *items, *item;

	/* [list] is the address of a pointer of any type: only bytes may be copied from it. */
	memcpy(&items, list, sizeof(items));
	/* The array can be full only when its count is a power of two. If the count fell to 0,
	 * there is room. */
	if (!items || (*count > 0 && (*count & (*count - 1)) == 0)) {
		size_t room = *count < SIZE_MAX ? array_room(*count + 1) : SIZE_MAX;

		items = room <= PTRDIFF_MAX / size ? realloc(items, room * size) : NULL;
		if (!items)
			return NULL;
		memcpy(list, &items, sizeof(items));
	}
	item = items + at * size;
	memmove(item + size, item, (*count - at) * size);
	memset(item, 0, size);
	++*count;
	return item;
}

size_t array_unique_bytes(void *list, size_t count, size_t size, array_compare *compare)
{
	char *items = list;
	size_t kept = 0;

	array_sort_bytes(list, count, size, compare);
	for (size_t i = 0; i < count; i++) {
		char *item = items + i * size;

		if (kept > 0 && compare(items + (kept - 1) * size, item) == 0)
			continue;
		if (kept < i)
			memcpy(items + kept * size, item, size);
		kept++;
	}
	return kept;
}
