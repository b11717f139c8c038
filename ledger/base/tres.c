/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/base/tres.h"

#include <string.h>
#include <strings.h>

#include "ledger/base/comma.h"
#include "ledger/base/number.h"

/* Reads memory: a number with one of the units K M G T P, in MiB. */
static bool read_memory(const char *text, size_t len, int64_t *ret)
{
	static const char units[] = "MGTP";
	const char unit = len > 0 ? text[len - 1] : '\0', *at = unit ? strchr(units, unit) : NULL;
	int64_t value;

	if (!number_slice(text, len - (at || unit == 'K'), 0, INT64_MAX, &value))
		return false;
	if (unit == 'K' && value % 1024 != 0)
		return false;
	if (unit == 'K')
		value /= 1024;
	for (; at && at > units; at--) {
		if (__builtin_mul_overflow(value, 1024, &value))
			return false;
	}
	*ret = value;
	return true;
}

static bool read_number(const char *name, const char *text, size_t len, int64_t *ret)
{
	bool unit = len > 0 && text[len - 1] == 'M' && strcasecmp(name, "billing") != 0;

	if (strcasecmp(name, "mem") == 0)
		return read_memory(text, len, ret);
	/* Burst buffers are printed in megabytes, too. */
	return number_slice(text, len - unit, 0, INT64_MAX, ret);
}

/* The length of the name in "name=number"; [len] without an '='. */
static size_t name_of(const char *item, size_t len)
{
	const char *equals = memchr(item, '=', len);

	return equals ? (size_t)(equals - item) : len;
}

bool tres_count(const char *list, const char *name, int64_t *ret)
{
	size_t wanted_len = strlen(name), len;
	int64_t value = -1;
	const char *item;

	for (const char *rest = list; comma_next(&rest, &item, &len);) {
		size_t name_len = name_of(item, len);

		if (name_len == wanted_len && strncasecmp(item, name, name_len) == 0 &&
		    (value >= 0 || name_len == len ||
		     !read_number(name, item + name_len + 1, len - name_len - 1, &value)))
			return false;
	}
	*ret = value;
	return true;
}

/* Adds up the types of a GRES; -1 if there is none. */
static bool count_types(const char *list, const char *name, int64_t *ret)
{
	size_t wanted_len = strlen(name), len;
	int64_t sum = -1, value;
	const char *item;

	for (const char *rest = list; comma_next(&rest, &item, &len);) {
		size_t name_len = name_of(item, len);

		if (name_len <= wanted_len || item[wanted_len] != ':' ||
		    strncasecmp(item, name, wanted_len) != 0)
			continue;
		if (name_len == len ||
		    !read_number(name, item + name_len + 1, len - name_len - 1, &value) ||
		    __builtin_add_overflow(sum < 0 ? 0 : sum, value, &sum))
			return false;
	}
	*ret = sum;
	return true;
}

bool tres_count_gres(const char *list, const char *name, int64_t *ret)
{
	int64_t value;

	if (!tres_count(list, name, &value))
		return false;
	if (value < 0)
		return count_types(list, name, ret);
	*ret = value;
	return true;
}
