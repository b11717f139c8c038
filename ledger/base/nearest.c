/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/base/nearest.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 63, PREFIX_MIN = 3 };

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Returns the edit distance: letters inserted, deleted, replaced or swapped with their neighbour.
 */
static size_t distance_of(const char *a, const char *b)
{
	size_t rows[3][LONGEST + 1], a_len = strlen(a), b_len = strlen(b);
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	if (a_len > LONGEST || b_len > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *oldest = before;

		before = above;
		above = row;
		row = oldest;
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = least(above[j] + 1, row[j - 1] + 1,
				       above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
	}
	return row[b_len];
}

bool nearer(const char *word, const char *other, size_t *distance)
{
	size_t own = distance_of(word, other), len = strlen(word);

	if (len >= PREFIX_MIN && own >= NEAREST_NONE && *distance == NEAREST_NONE &&
	    strncmp(word, other, len) == 0) {
		*distance = NEAREST_NONE - 1;
		return true;
	}
	/* More than half of the letters must be right. */
	if (own >= *distance || 2 * own >= strlen(other))
		return false;
	*distance = own;
	return true;
}

const char *nearest(const char *word, const char *const words[])
{
	const char *best = NULL;
	size_t distance = NEAREST_NONE;

	for (; *words; words++) {
		if (nearer(word, *words, &distance))
			best = *words;
	}
	return best;
}

int nearest_error(const char *refusal, const char *word, const char *const words[],
		  struct sb_error *err)
{
	const char *close = nearest(word, words);
	char all[512] = "none";
	size_t len = 0;

	if (close)
		return sb_error_set(err, SB_EINVAL, "%s '%s': did you mean '%s'?", refusal, word,
				    close);
	for (size_t i = 0; words[i] && len < sizeof(all); i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s", i ? ", " : "",
					words[i]);
	return sb_error_set(err, SB_EINVAL, "%s '%s': there are %s", refusal, word, all);
}
