/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growing, sorted and searched arrays. An array is a pointer to its first item and a size_t count,
 * both zero at first; the owner calls free() on the pointer. The allocated size is not stored: the
 * array always has room for at least array_room(count) items. So the count may be reduced at any
 * time, and an array that was allocated elsewhere needs that much room before an item is added.
 *
 * The macros take the two variables themselves, [list] and [count], and change them. The functions
 * take the [size] of an item in bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* Adds a zeroed item at the end. Returns it, with its type. Returns NULL and changes nothing when
 * memory ran out. Items may move, so pointers to them become invalid. */
#define array_add(list, count) array_insert(list, count, count)

/* Inserts a zeroed item at index [at], at most [count]. Otherwise like array_add(). */
#define array_insert(list, count, at)                                                              \
	((__typeof__(list))array_insert_bytes(&(list), &(count), sizeof(*(list)), at))

/* Sorts by [compare], as qsort() does: equal items come in any order. */
#define array_sort(list, count, compare) array_sort_bytes(list, count, sizeof(*(list)), compare)

/* Sorts by [compare] and keeps one of each set of equal items. What the others
 * own is not freed. */
#define array_unique(list, count, compare)                                                         \
	((count) = array_unique_bytes(list, count, sizeof(*(list)), compare))

/* Searches an array that is sorted by [compare]. Returns whether it has an item equal to [key];
 * *ret_at becomes the index of one of these or, without any, the index at which it belongs. */
#define array_search(list, count, key, compare, ret_at)                                            \
	array_search_bytes(list, count, sizeof(*(list)), key, compare, ret_at)

/* Searches a sorted array. Returns an item equal to [key], with its type, or NULL. */
#define array_find(list, count, key, compare)                                                      \
	((__typeof__(&*(list)))array_find_bytes(list, count, sizeof(*(list)), key, compare))

/* Compares [key] with an item, as for bsearch(): negative when the key comes first. */
typedef int array_compare(const void *key, const void *item);

/* Returns the smallest power of two that is no less than [count]; 1 for 0. Returns SIZE_MAX, which
 * cannot be allocated, when size_t has no such power. */
size_t array_room(size_t count);

/* [list] is the address of a pointer to the items. */
void *array_insert_bytes(void *list, size_t *count, size_t size, size_t at);

/* Returns how many items are left. */
size_t array_unique_bytes(void *list, size_t count, size_t size, array_compare *compare);

/* An empty array may be NULL, which qsort() must not get. */
static inline void array_sort_bytes(void *list, size_t count, size_t size, array_compare *compare)
{
	if (count > 1)
		qsort(list, count, size, compare);
}

/* Inline so that the compiler can inline [compare]: replaying an entry searches the accounts. */
static inline bool array_search_bytes(const void *list, size_t count, size_t size, const void *key,
				      array_compare *compare, size_t *ret_at)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(key, (const char *)list + middle * size);

		if (order == 0) {
			*ret_at = middle;
			return true;
		}
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_at = low;
	return false;
}

static inline void *array_find_bytes(const void *list, size_t count, size_t size, const void *key,
				     array_compare *compare)
{
	return count > 0 ? bsearch(key, list, count, size, compare) : NULL;
}
