/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The values of sbatch's options: times, memory, nodes and arrays. */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/base/comma.h"
#include "ledger/base/number.h"
#include "slurm/sbatch.h"

bool request_time(const char *text, int64_t *ret)
{
	/* Days, hours, minutes, seconds: by the number of fields without and with days. */
	static const int64_t plain[] = {60, 60, 3600}, unit[] = {3600, 60, 1};
	enum { FIELD_MAX = 100000000 };
	int64_t sum = 0, number[3] = {0};
	const char *dash = strchr(text, '-');
	size_t count = 0;

	if (strcasecmp(text, "INFINITE") == 0 || strcasecmp(text, "UNLIMITED") == 0 ||
	    strcmp(text, "-1") == 0) {
		*ret = REQUEST_NO_LIMIT;
		return true;
	}
	if (dash) {
		if (!number_slice(text, (size_t)(dash - text), 0, FIELD_MAX, &sum))
			return false;
		sum *= 86400;
		text = dash + 1;
	}
	/* Slurm takes "1-" for a day. */
	do {
		if (dash && count == 0 && !*text)
			break;
		if (count == 3 || !(text = number_prefix(text, 0, FIELD_MAX, &number[count++])) ||
		    (*text && *text != ':'))
			return false;
	} while (*text++);
	for (size_t i = 0; i < count; i++)
		sum += number[i] * (dash || count == 3 ? unit[i] : i == 0 ? plain[0] : 1);
	sum = (sum + 59) / 60 * 60;
	*ret = sum ? sum : REQUEST_NO_LIMIT;
	return true;
}

bool request_memory(const char *text, int64_t *ret)
{
	enum { MEMORY_MAX = INT32_MAX };
	static const char units[] = "KMGT";
	const char *unit, *end;
	int64_t number;

	end = number_prefix(text, 0, MEMORY_MAX, &number);
	if (!end)
		return false;
	unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
	if (unit && (end[1] == 'b' || end[1] == 'B'))
		end++;
	if (*end && (!unit || end[1]))
		return false;
	if (unit == units)
		number = (number + 1023) / 1024;
	for (; unit && unit > units + 1; unit--)
		number *= 1024;
	*ret = number;
	return true;
}

/* Reads a number of nodes with its suffix, and sets *text to what follows. */
static bool take_nodes(const char **text, int64_t *ret)
{
	const char *end = number_prefix(*text, 0, INT_MAX, ret);

	if (!end)
		return false;
	if (*end == 'k' || *end == 'K') {
		*ret *= 1024;
		end++;
	}
	if (*end == 'm' || *end == 'M') {
		*ret *= 1024 * 1024;
		end++;
	}
	*text = end;
	return *ret <= INT_MAX;
}

bool request_nodes(const char *text, int64_t *ret_min, int64_t *ret_max)
{
	int64_t least = INT64_MAX, most = 0, from, to, step;

	for (;;) {
		if (!take_nodes(&text, &from))
			return false;
		to = from;
		if (*text == '-') {
			text++;
			if (!take_nodes(&text, &to))
				return false;
		}
		if (*text == ':') {
			text = number_prefix(text + 1, 1, INT_MAX, &step);
			if (!text)
				return false;
		}
		if (from > to)
			return false;
		least = from < least ? from : least;
		most = to > most ? to : most;
		if (!*text)
			break;
		if (*text++ != ',')
			return false;
	}
	*ret_min = least;
	*ret_max = most;
	return true;
}

enum { ARRAY_MAX = 4000001 }; /* the largest MaxArraySize of Slurm */

/* What is known of an array while its items are read. */
struct marking {
	unsigned char *marks; /* the numbers, of which each counts once */
	int64_t count; /* of them */
	int64_t sum; /* of the sizes of the items */
};

/* Marks the numbers of one item such as "0-15:4". Items of more numbers than an array can have
 * would take long. */
static bool mark_item(const char *item, size_t len, struct marking *marking)
{
	const char *end = item + len;
	int64_t from, to, step = 1;

	item = number_prefix(item, 0, ARRAY_MAX, &from);
	if (!item)
		return false;
	to = from;
	if (*item == '-' && !(item = number_prefix(item + 1, from, ARRAY_MAX, &to)))
		return false;
	if (*item == ':' && !(item = number_prefix(item + 1, 1, ARRAY_MAX, &step)))
		return false;
	if (item != end)
		return false;
	marking->sum += (to - from) / step + 1;
	if (marking->sum > ARRAY_MAX)
		return false;
	for (; from <= to; from += step) {
		marking->count += !marking->marks[from];
		marking->marks[from] = 1;
	}
	return true;
}

bool request_array(const char *text, int64_t *ret)
{
	const char *item, *rest, *percent = strchr(text, '%');
	size_t len = percent ? (size_t)(percent - text) : strlen(text);
	struct marking marking = {0};
	int64_t at_once;
	char *copy;
	bool good = true;

	if (percent && !number_parse(percent + 1, 0, INT_MAX, &at_once))
		return false;
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	copy = strndup(text, len);
	marking.marks = calloc(1, ARRAY_MAX + 1);
	rest = copy;
	while (copy && marking.marks && good && comma_next(&rest, &item, &len))
		good = mark_item(item, len, &marking);
	good = good && copy && marking.marks;
	free(copy);
	free(marking.marks);
	if (good)
		*ret = marking.count;
	return good;
}
