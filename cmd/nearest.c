/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/nearest.h"

#include <stddef.h>
#include <string.h>

enum { LONGEST = 63 };

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* How many letters must be put in, left out or changed. */
static size_t distance(const char *a, const char *b)
{
	size_t row[LONGEST + 1], a_len = strlen(a), b_len = strlen(b);

	if (a_len > LONGEST || b_len > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1]));
			corner = above;
		}
	}
	return row[b_len];
}

const char *nearest(const char *word, const char *const words[])
{
	const char *best = NULL;
	size_t best_distance = 3;

	for (; *words; words++) {
		size_t d = distance(word, *words);

		/* Of a word of three letters, two wrong ones leave nothing. */
		if (d < best_distance && d < strlen(*words) - 1) {
			best = *words;
			best_distance = d;
		}
	}
	return best;
}

int nearest_error(const char *refusal, const char *word, const char *const words[],
		  struct sb_error *err)
{
	const char *close = nearest(word, words);

	return sb_error_set(err, SB_EINVAL, "%s '%s'%s%s%s", refusal, word,
			    close ? ": did you mean '" : "", close ? close : "", close ? "'?" : "");
}
